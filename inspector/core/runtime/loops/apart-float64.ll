; apart-float64: made by tests/make_loops.py, not by hand
; source 9e4cd36feffc177a6c564d4b5e64ede593cf21028b4f0c2e5d69b5d04587f05a
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.324 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.330 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi224.0.2.0" = select i1 %.324, i1 true, i1 %.330
  %0 = add nuw i64 %arg.size, 2047
  %.455 = lshr i64 %0, 11
  %.434.inv = icmp slt i64 %arg.size, 1
  %.4771200.not1228 = icmp eq i64 %.455, 0
  %.4771200.not = select i1 %.434.inv, i1 true, i1 %.4771200.not1228
  br i1 %.4771200.not, label %B2616, label %B272.if

B714.loopexit:
  %1 = icmp ugt i64 %.13.i1137, 9218868437227405311
  %2 = icmp eq i64 %.13.i1135, 0
  br label %B714

B714:
  %differ.8.1.lcssa = phi i64 [ 0, %B274.endif.else.endif.endif.endif ], [ %.1079, %B714.loopexit ]
  %opposed.6.1.lcssa = phi i64 [ 0, %B274.endif.else.endif.endif.endif ], [ %.1087, %B714.loopexit ]
  %high.2.1.lcssa = phi i1 [ false, %B274.endif.else.endif.endif.endif ], [ %1, %B714.loopexit ]
  %low.2.1.lcssa = phi i1 [ false, %B274.endif.else.endif.endif.endif ], [ %2, %B714.loopexit ]
  br i1 %high.2.1.lcssa, label %B792.preheader, label %B1484

B792.preheader:
  %.13681181.not = icmp slt i64 %.630, 1
  br i1 %.13681181.not, label %B2500, label %B794.if

B956:
  %.15951114 = load double, ptr %8, align 8
  %.16271115 = load double, ptr %9, align 8
  %.1633 = fsub reassoc nnan nsz contract double %.15951114, %.16271115
  %.1634 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1633)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1634, %max_d.2.11185
  %.13.i = select i1 %.12.i, double %.1634, double %max_d.2.11185
  %.1675 = fmul reassoc nnan nsz contract double %.1633, %.1633
  %.1677 = fadd reassoc nnan nsz contract double %.1675, %d2.3.11186
  %.1683 = fmul reassoc nnan nsz contract double %.15951114, %.15951114
  %.1685 = fadd reassoc nnan nsz contract double %.1683, %a2.4.11187
  %.1693 = fmul reassoc nnan nsz contract double %.16271115, %.16271115
  %.1695 = fadd reassoc nnan nsz contract double %.1693, %b2.4.11188
  %.1702 = fmul reassoc nnan nsz contract double %.16271115, %.15951114
  %.1704 = fadd reassoc nnan nsz contract double %.1702, %product.4.11189
  br i1 %"$phi930.2.2.2", label %B1176, label %B1300

B1176:
  br i1 %"$phi224.0.2.0", label %B1180, label %B1300

B1180:
  %.1727 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.16271115)
  %.1731 = fmul reassoc nnan nsz contract double %.1727, %arg.rtol
  %.1733 = fadd reassoc nnan nsz contract double %.1731, %arg.atol
  %.1735 = fcmp reassoc nnan nsz contract ugt double %.1634, %.1733
  br label %B1300

B1234:
  %.1800 = icmp ugt i64 %.1440, 9218868437227405312
  %.1803 = icmp ugt i64 %.1472, 9218868437227405312
  %or.cond1 = select i1 %.1800, i1 %.1803, i1 false
  br i1 %or.cond1, label %B1300, label %B1264

B1264:
  %.15.i = zext i1 %"$phi930.2.2.2" to i64
  %.1897 = add nsw i64 %nonfinite.2.11184, %.15.i
  br label %B1300

B1300:
  %nonfinite.5.2 = phi i64 [ %.1897, %B1264 ], [ %nonfinite.2.11184, %B956 ], [ %nonfinite.2.11184, %B1176 ], [ %nonfinite.2.11184, %B1180 ], [ %nonfinite.2.11184, %B1234 ]
  %max_d.5.2 = phi double [ %max_d.2.11185, %B1264 ], [ %.13.i, %B956 ], [ %.13.i, %B1176 ], [ %.13.i, %B1180 ], [ %max_d.2.11185, %B1234 ]
  %d2.4.2 = phi double [ %d2.3.11186, %B1264 ], [ %.1677, %B956 ], [ %.1677, %B1176 ], [ %.1677, %B1180 ], [ %d2.3.11186, %B1234 ]
  %a2.5.2 = phi double [ %a2.4.11187, %B1264 ], [ %.1685, %B956 ], [ %.1685, %B1176 ], [ %.1685, %B1180 ], [ %a2.4.11187, %B1234 ]
  %b2.5.2 = phi double [ %b2.4.11188, %B1264 ], [ %.1695, %B956 ], [ %.1695, %B1176 ], [ %.1695, %B1180 ], [ %b2.4.11188, %B1234 ]
  %product.5.2 = phi double [ %product.4.11189, %B1264 ], [ %.1704, %B956 ], [ %.1704, %B1176 ], [ %.1704, %B1180 ], [ %product.4.11189, %B1234 ]
  %unequal.3.2 = phi i1 [ %"$phi930.2.2.2", %B1264 ], [ false, %B956 ], [ true, %B1176 ], [ %.1735, %B1180 ], [ false, %B1234 ]
  %.1905 = zext i1 %unequal.3.2 to i64
  %.1909 = add i64 %differ.9.11190, %.1905
  %.1979 = xor i64 %.1471, %.1439
  %.1980 = icmp slt i64 %.1979, 0
  br i1 %.1980, label %B1394, label %B1456

B1394:
  %3 = add nsw i64 %.1440, -9218868437227405313
  %"$phi1424.5.2.3" = icmp ult i64 %3, -9218868437227405312
  %.2051.not = icmp eq i64 %.1472, 0
  %or.cond1116 = select i1 %"$phi1424.5.2.3", i1 true, i1 %.2051.not
  br i1 %or.cond1116, label %B1456, label %B1442

B1442:
  %.2065 = icmp ult i64 %.1472, 9218868437227405313
  %4 = zext i1 %.2065 to i64
  br label %B1456

B1456:
  %"$phi1456.5.5.2" = phi i64 [ %4, %B1442 ], [ 0, %B1300 ], [ 0, %B1394 ]
  %.2126 = add i64 %"$phi1456.5.5.2", %opposed.7.11191
  %exitcond1227.not = icmp eq i64 %.630, %.1381
  br i1 %exitcond1227.not, label %B2500, label %B794.if

B1484:
  br i1 %low.2.1.lcssa, label %B1544.preheader, label %B1840

B1544.preheader:
  %.23201151.not = icmp slt i64 %.630, 1
  br i1 %.23201151.not, label %B1840, label %B1544.if

B1840:
  %differ.11.2 = phi i64 [ %differ.8.1.lcssa, %B1484 ], [ 0, %B1544.preheader ], [ %.2491, %B1544.if ]
  %opposed.10.2 = phi i64 [ %opposed.6.1.lcssa, %B1484 ], [ 0, %B1544.preheader ], [ %.2563, %B1544.if ]
  %.2576 = icmp eq i64 %differ.11.2, 0
  %.26791176.not = icmp slt i64 %.630, 1
  br i1 %.2576, label %B1892.preheader, label %B2008.preheader

B2008.preheader:
  br i1 %.26791176.not, label %B2256, label %B2008.if

B1892.preheader:
  br i1 %.26791176.not, label %B2500, label %B1892.if

B2256:
  %top.2.2.lcssa = phi i64 [ %top.3.01211, %B2008.preheader ], [ %.13.i1138, %B2008.if ]
  %d2.5.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3024, %B2008.if ]
  %a2.7.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3029, %B2008.if ]
  %b2.6.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3034, %B2008.if ]
  %product.6.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3039, %B2008.if ]
  br i1 %"$phi224.0.2.0", label %B2304.preheader, label %B2500

B2304.preheader:
  %.32451171.not = icmp slt i64 %.630, 1
  br i1 %.32451171.not, label %B2500, label %B2304.if

B2500:
  %nonfinite.4.1 = phi i64 [ %nonfinite.3.01205, %B2256 ], [ %nonfinite.3.01205, %B1892.preheader ], [ %nonfinite.3.01205, %B2304.preheader ], [ %nonfinite.3.01205, %B792.preheader ], [ %nonfinite.3.01205, %B1892.if ], [ %nonfinite.5.2, %B1456 ], [ %nonfinite.3.01205, %B2304.if ]
  %max_d.4.1 = phi double [ %max_d.3.01210, %B2256 ], [ %max_d.3.01210, %B1892.preheader ], [ %max_d.3.01210, %B2304.preheader ], [ %max_d.3.01210, %B792.preheader ], [ %max_d.3.01210, %B1892.if ], [ %max_d.5.2, %B1456 ], [ %max_d.3.01210, %B2304.if ]
  %top.4.1 = phi i64 [ %top.2.2.lcssa, %B2256 ], [ %top.3.01211, %B1892.preheader ], [ %top.2.2.lcssa, %B2304.preheader ], [ %top.3.01211, %B792.preheader ], [ %top.3.01211, %B1892.if ], [ %top.3.01211, %B1456 ], [ %top.2.2.lcssa, %B2304.if ]
  %differ.13.1 = phi i64 [ %differ.11.2, %B2256 ], [ 0, %B1892.preheader ], [ 0, %B2304.preheader ], [ 0, %B792.preheader ], [ 0, %B1892.if ], [ %.1909, %B1456 ], [ %.3374, %B2304.if ]
  %opposed.9.1 = phi i64 [ %opposed.10.2, %B2256 ], [ %opposed.10.2, %B1892.preheader ], [ %opposed.10.2, %B2304.preheader ], [ 0, %B792.preheader ], [ %opposed.10.2, %B1892.if ], [ %.2126, %B1456 ], [ %opposed.10.2, %B2304.if ]
  %d2.6.1 = phi double [ %d2.5.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %d2.5.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ 0.000000e+00, %B1892.if ], [ %d2.4.2, %B1456 ], [ %d2.5.2.lcssa, %B2304.if ]
  %a2.8.1 = phi double [ %a2.7.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %a2.7.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2750, %B1892.if ], [ %a2.5.2, %B1456 ], [ %a2.7.2.lcssa, %B2304.if ]
  %b2.7.1 = phi double [ %b2.6.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %b2.6.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2750, %B1892.if ], [ %b2.5.2, %B1456 ], [ %b2.6.2.lcssa, %B2304.if ]
  %product.7.1 = phi double [ %product.6.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %product.6.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2750, %B1892.if ], [ %product.5.2, %B1456 ], [ %product.6.2.lcssa, %B2304.if ]
  %.3423 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01206
  %.3430 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01207
  %.3437 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01208
  %.3444 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01209
  %.3477 = add nsw i64 %differ.13.1, %different.2.01203
  %.3508 = add nsw i64 %opposed.9.1, %flips.2.01204
  %.477 = icmp sgt i64 %.423.01201, 1
  br i1 %.477, label %B272.if, label %B2616.loopexit

B2616.loopexit:
  %5 = bitcast i64 %top.4.1 to double
  br label %B2616

B2616:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3477, %B2616.loopexit ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3508, %B2616.loopexit ]
  %nonfinite.3.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.4.1, %B2616.loopexit ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3423, %B2616.loopexit ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3430, %B2616.loopexit ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3437, %B2616.loopexit ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3444, %B2616.loopexit ]
  %max_d.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.4.1, %B2616.loopexit ]
  %top.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %5, %B2616.loopexit ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3594 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3594, align 8
  %.3627 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.3.0.lcssa, ptr %.3627, align 8
  %.12.i1132 = fcmp reassoc nnan nsz contract olt double %max_d.3.0.lcssa, %top.3.0.lcssa
  %.13.i1133 = select i1 %.12.i1132, double %top.3.0.lcssa, double %max_d.3.0.lcssa
  store double %.13.i1133, ptr %arg.sums_at, align 8
  %.3771 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3771, align 8
  %.3801 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3801, align 8
  %.3831 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3831, align 8
  %.3861 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3861, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B272.if:
  %top.3.01211 = phi i64 [ %top.4.1, %B2500 ], [ 0, %entry ]
  %max_d.3.01210 = phi double [ %max_d.4.1, %B2500 ], [ 0.000000e+00, %entry ]
  %ab.2.01209 = phi double [ %.3444, %B2500 ], [ 0.000000e+00, %entry ]
  %bb.2.01208 = phi double [ %.3437, %B2500 ], [ 0.000000e+00, %entry ]
  %aa.2.01207 = phi double [ %.3430, %B2500 ], [ 0.000000e+00, %entry ]
  %dd.2.01206 = phi double [ %.3423, %B2500 ], [ 0.000000e+00, %entry ]
  %nonfinite.3.01205 = phi i64 [ %nonfinite.4.1, %B2500 ], [ 0, %entry ]
  %flips.2.01204 = phi i64 [ %.3508, %B2500 ], [ 0, %entry ]
  %different.2.01203 = phi i64 [ %.3477, %B2500 ], [ 0, %entry ]
  %.420.01202 = phi i64 [ %.490, %B2500 ], [ 0, %entry ]
  %.423.01201 = phi i64 [ %.486, %B2500 ], [ %.455, %entry ]
  %.486 = add nsw i64 %.423.01201, -1
  %.490 = add nuw i64 %.420.01202, 2048
  %.552 = icmp slt i64 %.420.01202, 0
  %.553 = select i1 %.552, i64 %arg.size, i64 0
  %.554 = add i64 %.553, %.420.01202
  %.557 = icmp slt i64 %.554, 0
  br i1 %.557, label %B274.else.if, label %B274.else.endif

B274.endif:
  %.542.sroa.13.0 = phi i64 [ %arg.size, %B274.else.endif.endif.endif.if ], [ %.542.sroa.13.1, %B274.else.endif.endif.endif ]
  %.630 = sub i64 %.542.sroa.13.0, %.542.sroa.0.3
  %.655 = getelementptr i64, ptr %arg.a_at, i64 %.542.sroa.0.3
  br i1 %.557, label %B274.endif.else.if, label %B274.endif.else.endif

B274.else.if:
  br label %B274.else.endif

B274.else.endif:
  %.542.sroa.0.1 = phi i64 [ 0, %B274.else.if ], [ %.554, %B272.if ]
  %.562.not = icmp slt i64 %.554, %arg.size
  br i1 %.562.not, label %B274.else.endif.endif, label %B274.else.endif.if

B274.else.endif.if:
  br label %B274.else.endif.endif

B274.else.endif.endif:
  %.542.sroa.0.3 = phi i64 [ %arg.size, %B274.else.endif.if ], [ %.542.sroa.0.1, %B274.else.endif ]
  %.569 = icmp slt i64 %.420.01202, -2048
  %.570 = select i1 %.569, i64 %arg.size, i64 0
  %.571 = add i64 %.570, %.490
  %.574 = icmp slt i64 %.571, 0
  br i1 %.574, label %B274.else.endif.endif.if, label %B274.else.endif.endif.endif

B274.else.endif.endif.if:
  br label %B274.else.endif.endif.endif

B274.else.endif.endif.endif:
  %.542.sroa.13.1 = phi i64 [ 0, %B274.else.endif.endif.if ], [ %.571, %B274.else.endif.endif ]
  %.579.not = icmp slt i64 %.571, %arg.size
  br i1 %.579.not, label %B274.endif, label %B274.else.endif.endif.endif.if

B274.else.endif.endif.endif.if:
  br label %B274.endif

B274.endif.else.if:
  br label %B274.endif.else.endif

B274.endif.else.endif:
  %.714.sroa.0.1 = phi i64 [ 0, %B274.endif.else.if ], [ %.554, %B274.endif ]
  br i1 %.562.not, label %B274.endif.else.endif.endif.endif, label %B274.endif.else.endif.if

B274.endif.else.endif.if:
  br label %B274.endif.else.endif.endif.endif

B274.endif.else.endif.endif.endif:
  %.714.sroa.0.3 = phi i64 [ %arg.size, %B274.endif.else.endif.if ], [ %.714.sroa.0.1, %B274.endif.else.endif ]
  %.827 = getelementptr i64, ptr %arg.b_at, i64 %.714.sroa.0.3
  %.9751141.not = icmp slt i64 %.630, 1
  br i1 %.9751141.not, label %B714, label %B404.if

B404.if:
  %low.2.11147 = phi i64 [ %.13.i1135, %B404.if ], [ 9223372036854775807, %B274.endif.else.endif.endif.endif ]
  %high.2.11146 = phi i64 [ %.13.i1137, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %opposed.6.11145 = phi i64 [ %.1087, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %differ.8.11144 = phi i64 [ %.1079, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %.919.01143 = phi i64 [ %.988, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %.988 = add nuw nsw i64 %.919.01143, 1
  %6 = getelementptr i64, ptr %.655, i64 %.919.01143
  %.1042 = load i64, ptr %6, align 8
  %7 = getelementptr i64, ptr %.827, i64 %.919.01143
  %.1072 = load i64, ptr %7, align 8
  %.1073 = and i64 %.1042, 9223372036854775807
  %.1074 = and i64 %.1072, 9223372036854775807
  %.1075 = icmp ne i64 %.1042, %.1072
  %.1077 = zext i1 %.1075 to i64
  %.1079 = add i64 %differ.8.11144, %.1077
  %.1082 = xor i64 %.1072, %.1042
  %.1082.lobit = lshr i64 %.1082, 63
  %.1087 = add i64 %.1082.lobit, %opposed.6.11145
  %.13.i1134 = tail call i64 @llvm.umin.i64(i64 %.1074, i64 %.1073)
  %.13.i1135 = tail call i64 @llvm.umin.i64(i64 %.13.i1134, i64 %low.2.11147)
  %.13.i1136 = tail call i64 @llvm.umax.i64(i64 %.1074, i64 %.1073)
  %.13.i1137 = tail call i64 @llvm.umax.i64(i64 %.13.i1136, i64 %high.2.11146)
  %exitcond.not = icmp eq i64 %.630, %.988
  br i1 %exitcond.not, label %B714.loopexit, label %B404.if

B794.if:
  %opposed.7.11191 = phi i64 [ %.2126, %B1456 ], [ 0, %B792.preheader ]
  %differ.9.11190 = phi i64 [ %.1909, %B1456 ], [ 0, %B792.preheader ]
  %product.4.11189 = phi double [ %product.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %b2.4.11188 = phi double [ %b2.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %a2.4.11187 = phi double [ %a2.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %d2.3.11186 = phi double [ %d2.4.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %max_d.2.11185 = phi double [ %max_d.5.2, %B1456 ], [ %max_d.3.01210, %B792.preheader ]
  %nonfinite.2.11184 = phi i64 [ %nonfinite.5.2, %B1456 ], [ %nonfinite.3.01205, %B792.preheader ]
  %.1311.01182 = phi i64 [ %.1381, %B1456 ], [ 0, %B792.preheader ]
  %.1381 = add nuw nsw i64 %.1311.01182, 1
  %8 = getelementptr i64, ptr %.655, i64 %.1311.01182
  %.1439 = load i64, ptr %8, align 8
  %.1440 = and i64 %.1439, 9223372036854775807
  %9 = getelementptr i64, ptr %.827, i64 %.1311.01182
  %.1471 = load i64, ptr %9, align 8
  %.1472 = and i64 %.1471, 9223372036854775807
  %.1541.not = icmp ne i64 %.1439, %.1471
  %.1548 = or i64 %.1472, %.1440
  %.1549 = icmp ne i64 %.1548, 0
  %"$phi930.2.2.2" = select i1 %.1541.not, i1 %.1549, i1 false
  %.1560 = icmp ult i64 %.1440, 9218868437227405312
  %.1563 = icmp ult i64 %.1472, 9218868437227405312
  %or.cond = select i1 %.1560, i1 %.1563, i1 false
  br i1 %or.cond, label %B956, label %B1234

B1544.if:
  %opposed.8.31155 = phi i64 [ %.2563, %B1544.if ], [ 0, %B1544.preheader ]
  %differ.10.31154 = phi i64 [ %.2491, %B1544.if ], [ 0, %B1544.preheader ]
  %.2258.01152 = phi i64 [ %.2333, %B1544.if ], [ 0, %B1544.preheader ]
  %.2333 = add nuw nsw i64 %.2258.01152, 1
  %10 = getelementptr i64, ptr %.655, i64 %.2258.01152
  %.2391 = load i64, ptr %10, align 8
  %.2392 = and i64 %.2391, 9223372036854775807
  %11 = getelementptr i64, ptr %.827, i64 %.2258.01152
  %.2422 = load i64, ptr %11, align 8
  %.2423 = and i64 %.2422, 9223372036854775807
  %.2484 = icmp ne i64 %.2391, %.2422
  %.2485 = or i64 %.2423, %.2392
  %.2486 = icmp ne i64 %.2485, 0
  %.2487 = and i1 %.2484, %.2486
  %.2489 = zext i1 %.2487 to i64
  %.2491 = add i64 %differ.10.31154, %.2489
  %.2554 = xor i64 %.2422, %.2391
  %.2555 = icmp slt i64 %.2554, 0
  %.2556 = icmp ne i64 %.2392, 0
  %.2557 = and i1 %.2556, %.2555
  %.2558 = icmp ne i64 %.2423, 0
  %.2559 = and i1 %.2558, %.2557
  %.2561 = zext i1 %.2559 to i64
  %.2563 = add i64 %opposed.8.31155, %.2561
  %exitcond1223.not = icmp eq i64 %.630, %.2333
  br i1 %exitcond1223.not, label %B1840, label %B1544.if

B1892.if:
  %a2.6.21179 = phi double [ %.2750, %B1892.if ], [ 0.000000e+00, %B1892.preheader ]
  %.2623.01177 = phi i64 [ %.2692, %B1892.if ], [ 0, %B1892.preheader ]
  %.2692 = add nuw nsw i64 %.2623.01177, 1
  %12 = getelementptr i64, ptr %.655, i64 %.2623.01177
  %.27461112 = load double, ptr %12, align 8
  %.2748 = fmul reassoc nnan nsz contract double %.27461112, %.27461112
  %.2750 = fadd reassoc nnan nsz contract double %.2748, %a2.6.21179
  %exitcond1226.not = icmp eq i64 %.630, %.2692
  br i1 %exitcond1226.not, label %B2500, label %B1892.if

B2008.if:
  %product.6.21165 = phi double [ %.3039, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %b2.6.21164 = phi double [ %.3034, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %a2.7.21163 = phi double [ %.3029, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %d2.5.21162 = phi double [ %.3024, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %top.2.21161 = phi i64 [ %.13.i1138, %B2008.if ], [ %top.3.01211, %B2008.preheader ]
  %.2865.01159 = phi i64 [ %.2934, %B2008.if ], [ 0, %B2008.preheader ]
  %.2934 = add nuw nsw i64 %.2865.01159, 1
  %13 = getelementptr i64, ptr %.655, i64 %.2865.01159
  %.29881109 = load double, ptr %13, align 8
  %14 = getelementptr i64, ptr %.827, i64 %.2865.01159
  %.30191110 = load double, ptr %14, align 8
  %.3021 = fsub reassoc nnan nsz contract double %.29881109, %.30191110
  %.3042 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3021)
  %.3043 = bitcast double %.3042 to i64
  %.13.i1138 = tail call i64 @llvm.smax.i64(i64 %.3043, i64 %top.2.21161)
  %.3037 = fmul reassoc nnan nsz contract double %.30191110, %.29881109
  %.3039 = fadd reassoc nnan nsz contract double %.3037, %product.6.21165
  %.3032 = fmul reassoc nnan nsz contract double %.30191110, %.30191110
  %.3034 = fadd reassoc nnan nsz contract double %.3032, %b2.6.21164
  %.3027 = fmul reassoc nnan nsz contract double %.29881109, %.29881109
  %.3029 = fadd reassoc nnan nsz contract double %.3027, %a2.7.21163
  %.3022 = fmul reassoc nnan nsz contract double %.3021, %.3021
  %.3024 = fadd reassoc nnan nsz contract double %.3022, %d2.5.21162
  %exitcond1224.not = icmp eq i64 %.630, %.2934
  br i1 %exitcond1224.not, label %B2256, label %B2008.if

B2304.if:
  %differ.12.21174 = phi i64 [ %.3374, %B2304.if ], [ 0, %B2304.preheader ]
  %.3162.01172 = phi i64 [ %.3258, %B2304.if ], [ 0, %B2304.preheader ]
  %.3258 = add nuw nsw i64 %.3162.01172, 1
  %15 = getelementptr i64, ptr %.655, i64 %.3162.01172
  %.33301107 = load double, ptr %15, align 8
  %16 = getelementptr i64, ptr %.827, i64 %.3162.01172
  %.33611108 = load double, ptr %16, align 8
  %.3363 = fsub reassoc nnan nsz contract double %.33301107, %.33611108
  %.3364 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3363)
  %.3365 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.33611108)
  %.3367 = fmul reassoc nnan nsz contract double %.3365, %arg.rtol
  %.3369 = fadd reassoc nnan nsz contract double %.3367, %arg.atol
  %.3370 = fcmp reassoc nnan nsz contract ogt double %.3364, %.3369
  %.3372 = zext i1 %.3370 to i64
  %.3374 = add i64 %differ.12.21174, %.3372
  %exitcond1225.not = icmp eq i64 %.630, %.3258
  br i1 %exitcond1225.not, label %B2500, label %B2304.if
}

declare double @llvm.fabs.f64(double)

declare i64 @llvm.smax.i64(i64, i64)

declare i64 @llvm.umin.i64(i64, i64)

declare i64 @llvm.umax.i64(i64, i64)
