; apart-float32: made by tests/make_loops.py, not by hand
; source 64344c924ef049a2120ec17f0826888c976309930d24fa3af6684b1dc9def067
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.324 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.330 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi224.0.2.0" = select i1 %.324, i1 true, i1 %.330
  %0 = add nuw i64 %arg.size, 2047
  %.455 = lshr i64 %0, 11
  %.434.inv = icmp slt i64 %arg.size, 1
  %.4771205.not1233 = icmp eq i64 %.455, 0
  %.4771205.not = select i1 %.434.inv, i1 true, i1 %.4771205.not1233
  br i1 %.4771205.not, label %B2616, label %B272.if

B714.loopexit:
  %1 = icmp ugt i32 %.13.i1142, 2139095039
  %2 = icmp eq i32 %.13.i1140, 0
  br label %B714

B714:
  %differ.8.1.lcssa = phi i64 [ 0, %B274.endif.else.endif.endif.endif ], [ %.1087, %B714.loopexit ]
  %opposed.6.1.lcssa = phi i64 [ 0, %B274.endif.else.endif.endif.endif ], [ %.1098, %B714.loopexit ]
  %high.2.1.lcssa = phi i1 [ false, %B274.endif.else.endif.endif.endif ], [ %1, %B714.loopexit ]
  %low.2.1.lcssa = phi i1 [ false, %B274.endif.else.endif.endif.endif ], [ %2, %B714.loopexit ]
  br i1 %high.2.1.lcssa, label %B792.preheader, label %B1484

B792.preheader:
  %.13811186.not = icmp slt i64 %.630, 1
  br i1 %.13811186.not, label %B2500, label %B794.if

B956:
  %.16171117 = load float, ptr %8, align 4
  %.1619 = fpext float %.16171117 to double
  %.16501118 = load float, ptr %10, align 4
  %.1652 = fpext float %.16501118 to double
  %.1657 = fsub reassoc nnan nsz contract double %.1619, %.1652
  %.1658 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1657)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1658, %max_d.2.11190
  %.13.i = select i1 %.12.i, double %.1658, double %max_d.2.11190
  %.1699 = fmul reassoc nnan nsz contract double %.1657, %.1657
  %.1701 = fadd reassoc nnan nsz contract double %.1699, %d2.3.11191
  %.1707 = fmul reassoc nnan nsz contract double %.1619, %.1619
  %.1709 = fadd reassoc nnan nsz contract double %.1707, %a2.4.11192
  %.1717 = fmul reassoc nnan nsz contract double %.1652, %.1652
  %.1719 = fadd reassoc nnan nsz contract double %.1717, %b2.4.11193
  %.1726 = fmul reassoc nnan nsz contract double %.1652, %.1619
  %.1728 = fadd reassoc nnan nsz contract double %.1726, %product.4.11194
  br i1 %"$phi930.2.2.2", label %B1176, label %B1300

B1176:
  br i1 %"$phi224.0.2.0", label %B1180, label %B1300

B1180:
  %.1751 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1652)
  %.1755 = fmul reassoc nnan nsz contract double %.1751, %arg.rtol
  %.1757 = fadd reassoc nnan nsz contract double %.1755, %arg.atol
  %.1759 = fcmp reassoc nnan nsz contract ugt double %.1658, %.1757
  br label %B1300

B1234:
  %.1824 = icmp ugt i32 %9, 2139095040
  %.1827 = icmp ugt i32 %11, 2139095040
  %or.cond1 = select i1 %.1824, i1 %.1827, i1 false
  br i1 %or.cond1, label %B1300, label %B1264

B1264:
  %.15.i = zext i1 %"$phi930.2.2.2" to i64
  %.1921 = add nsw i64 %nonfinite.2.11189, %.15.i
  br label %B1300

B1300:
  %nonfinite.5.2 = phi i64 [ %.1921, %B1264 ], [ %nonfinite.2.11189, %B956 ], [ %nonfinite.2.11189, %B1176 ], [ %nonfinite.2.11189, %B1180 ], [ %nonfinite.2.11189, %B1234 ]
  %max_d.5.2 = phi double [ %max_d.2.11190, %B1264 ], [ %.13.i, %B956 ], [ %.13.i, %B1176 ], [ %.13.i, %B1180 ], [ %max_d.2.11190, %B1234 ]
  %d2.4.2 = phi double [ %d2.3.11191, %B1264 ], [ %.1701, %B956 ], [ %.1701, %B1176 ], [ %.1701, %B1180 ], [ %d2.3.11191, %B1234 ]
  %a2.5.2 = phi double [ %a2.4.11192, %B1264 ], [ %.1709, %B956 ], [ %.1709, %B1176 ], [ %.1709, %B1180 ], [ %a2.4.11192, %B1234 ]
  %b2.5.2 = phi double [ %b2.4.11193, %B1264 ], [ %.1719, %B956 ], [ %.1719, %B1176 ], [ %.1719, %B1180 ], [ %b2.4.11193, %B1234 ]
  %product.5.2 = phi double [ %product.4.11194, %B1264 ], [ %.1728, %B956 ], [ %.1728, %B1176 ], [ %.1728, %B1180 ], [ %product.4.11194, %B1234 ]
  %unequal.3.2 = phi i1 [ %"$phi930.2.2.2", %B1264 ], [ false, %B956 ], [ true, %B1176 ], [ %.1759, %B1180 ], [ false, %B1234 ]
  %.1932 = zext i1 %unequal.3.2 to i64
  %.1933 = add i64 %differ.9.11195, %.1932
  %.20051119 = xor i32 %.1487, %.1452
  %.2007 = icmp slt i32 %.20051119, 0
  br i1 %.2007, label %B1394, label %B1456

B1394:
  %3 = add nsw i32 %9, -2139095041
  %"$phi1424.5.2.3" = icmp ult i32 %3, -2139095040
  %.2078.not = icmp eq i32 %11, 0
  %or.cond1121 = select i1 %"$phi1424.5.2.3", i1 true, i1 %.2078.not
  br i1 %or.cond1121, label %B1456, label %B1442

B1442:
  %.2092 = icmp ult i32 %11, 2139095041
  %4 = zext i1 %.2092 to i64
  br label %B1456

B1456:
  %"$phi1456.5.5.2" = phi i64 [ %4, %B1442 ], [ 0, %B1300 ], [ 0, %B1394 ]
  %.2153 = add i64 %"$phi1456.5.5.2", %opposed.7.11196
  %exitcond1232.not = icmp eq i64 %.630, %.1394
  br i1 %exitcond1232.not, label %B2500, label %B794.if

B1484:
  br i1 %low.2.1.lcssa, label %B1544.preheader, label %B1840

B1544.preheader:
  %.23491156.not = icmp slt i64 %.630, 1
  br i1 %.23491156.not, label %B1840, label %B1544.if

B1840:
  %differ.11.2 = phi i64 [ %differ.8.1.lcssa, %B1484 ], [ 0, %B1544.preheader ], [ %.2529, %B1544.if ]
  %opposed.10.2 = phi i64 [ %opposed.6.1.lcssa, %B1484 ], [ 0, %B1544.preheader ], [ %.2604, %B1544.if ]
  %.2618 = icmp eq i64 %differ.11.2, 0
  %.27211181.not = icmp slt i64 %.630, 1
  br i1 %.2618, label %B1892.preheader, label %B2008.preheader

B2008.preheader:
  br i1 %.27211181.not, label %B2256, label %B2008.if

B1892.preheader:
  br i1 %.27211181.not, label %B2500, label %B1892.if

B2256:
  %top.2.2.lcssa = phi i64 [ %top.3.01216, %B2008.preheader ], [ %.13.i1143, %B2008.if ]
  %d2.5.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3069, %B2008.if ]
  %a2.7.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3074, %B2008.if ]
  %b2.6.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3079, %B2008.if ]
  %product.6.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3084, %B2008.if ]
  br i1 %"$phi224.0.2.0", label %B2304.preheader, label %B2500

B2304.preheader:
  %.32911176.not = icmp slt i64 %.630, 1
  br i1 %.32911176.not, label %B2500, label %B2304.if

B2500:
  %nonfinite.4.1 = phi i64 [ %nonfinite.3.01210, %B2256 ], [ %nonfinite.3.01210, %B1892.preheader ], [ %nonfinite.3.01210, %B2304.preheader ], [ %nonfinite.3.01210, %B792.preheader ], [ %nonfinite.3.01210, %B1892.if ], [ %nonfinite.5.2, %B1456 ], [ %nonfinite.3.01210, %B2304.if ]
  %max_d.4.1 = phi double [ %max_d.3.01215, %B2256 ], [ %max_d.3.01215, %B1892.preheader ], [ %max_d.3.01215, %B2304.preheader ], [ %max_d.3.01215, %B792.preheader ], [ %max_d.3.01215, %B1892.if ], [ %max_d.5.2, %B1456 ], [ %max_d.3.01215, %B2304.if ]
  %top.4.1 = phi i64 [ %top.2.2.lcssa, %B2256 ], [ %top.3.01216, %B1892.preheader ], [ %top.2.2.lcssa, %B2304.preheader ], [ %top.3.01216, %B792.preheader ], [ %top.3.01216, %B1892.if ], [ %top.3.01216, %B1456 ], [ %top.2.2.lcssa, %B2304.if ]
  %differ.13.1 = phi i64 [ %differ.11.2, %B2256 ], [ 0, %B1892.preheader ], [ 0, %B2304.preheader ], [ 0, %B792.preheader ], [ 0, %B1892.if ], [ %.1933, %B1456 ], [ %.3422, %B2304.if ]
  %opposed.9.1 = phi i64 [ %opposed.10.2, %B2256 ], [ %opposed.10.2, %B1892.preheader ], [ %opposed.10.2, %B2304.preheader ], [ 0, %B792.preheader ], [ %opposed.10.2, %B1892.if ], [ %.2153, %B1456 ], [ %opposed.10.2, %B2304.if ]
  %d2.6.1 = phi double [ %d2.5.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %d2.5.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ 0.000000e+00, %B1892.if ], [ %d2.4.2, %B1456 ], [ %d2.5.2.lcssa, %B2304.if ]
  %a2.8.1 = phi double [ %a2.7.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %a2.7.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2793, %B1892.if ], [ %a2.5.2, %B1456 ], [ %a2.7.2.lcssa, %B2304.if ]
  %b2.7.1 = phi double [ %b2.6.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %b2.6.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2793, %B1892.if ], [ %b2.5.2, %B1456 ], [ %b2.6.2.lcssa, %B2304.if ]
  %product.7.1 = phi double [ %product.6.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %product.6.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2793, %B1892.if ], [ %product.5.2, %B1456 ], [ %product.6.2.lcssa, %B2304.if ]
  %.3471 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01211
  %.3478 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01212
  %.3485 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01213
  %.3492 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01214
  %.3525 = add nsw i64 %differ.13.1, %different.2.01208
  %.3556 = add nsw i64 %opposed.9.1, %flips.2.01209
  %.477 = icmp sgt i64 %.423.01206, 1
  br i1 %.477, label %B272.if, label %B2616.loopexit

B2616.loopexit:
  %5 = bitcast i64 %top.4.1 to double
  br label %B2616

B2616:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3525, %B2616.loopexit ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3556, %B2616.loopexit ]
  %nonfinite.3.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.4.1, %B2616.loopexit ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3471, %B2616.loopexit ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3478, %B2616.loopexit ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3485, %B2616.loopexit ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3492, %B2616.loopexit ]
  %max_d.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.4.1, %B2616.loopexit ]
  %top.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %5, %B2616.loopexit ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3642 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3642, align 8
  %.3675 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.3.0.lcssa, ptr %.3675, align 8
  %.12.i1137 = fcmp reassoc nnan nsz contract olt double %max_d.3.0.lcssa, %top.3.0.lcssa
  %.13.i1138 = select i1 %.12.i1137, double %top.3.0.lcssa, double %max_d.3.0.lcssa
  store double %.13.i1138, ptr %arg.sums_at, align 8
  %.3819 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3819, align 8
  %.3849 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3849, align 8
  %.3879 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3879, align 8
  %.3909 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3909, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B272.if:
  %top.3.01216 = phi i64 [ %top.4.1, %B2500 ], [ 0, %entry ]
  %max_d.3.01215 = phi double [ %max_d.4.1, %B2500 ], [ 0.000000e+00, %entry ]
  %ab.2.01214 = phi double [ %.3492, %B2500 ], [ 0.000000e+00, %entry ]
  %bb.2.01213 = phi double [ %.3485, %B2500 ], [ 0.000000e+00, %entry ]
  %aa.2.01212 = phi double [ %.3478, %B2500 ], [ 0.000000e+00, %entry ]
  %dd.2.01211 = phi double [ %.3471, %B2500 ], [ 0.000000e+00, %entry ]
  %nonfinite.3.01210 = phi i64 [ %nonfinite.4.1, %B2500 ], [ 0, %entry ]
  %flips.2.01209 = phi i64 [ %.3556, %B2500 ], [ 0, %entry ]
  %different.2.01208 = phi i64 [ %.3525, %B2500 ], [ 0, %entry ]
  %.420.01207 = phi i64 [ %.490, %B2500 ], [ 0, %entry ]
  %.423.01206 = phi i64 [ %.486, %B2500 ], [ %.455, %entry ]
  %.486 = add nsw i64 %.423.01206, -1
  %.490 = add nuw i64 %.420.01207, 2048
  %.552 = icmp slt i64 %.420.01207, 0
  %.553 = select i1 %.552, i64 %arg.size, i64 0
  %.554 = add i64 %.553, %.420.01207
  %.557 = icmp slt i64 %.554, 0
  br i1 %.557, label %B274.else.if, label %B274.else.endif

B274.endif:
  %.542.sroa.13.0 = phi i64 [ %arg.size, %B274.else.endif.endif.endif.if ], [ %.542.sroa.13.1, %B274.else.endif.endif.endif ]
  %.630 = sub i64 %.542.sroa.13.0, %.542.sroa.0.3
  %.655 = getelementptr i32, ptr %arg.a_at, i64 %.542.sroa.0.3
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
  %.569 = icmp slt i64 %.420.01207, -2048
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
  %.827 = getelementptr i32, ptr %arg.b_at, i64 %.714.sroa.0.3
  %.9771146.not = icmp slt i64 %.630, 1
  br i1 %.9771146.not, label %B714, label %B404.if

B404.if:
  %low.2.11152 = phi i32 [ %.13.i1140, %B404.if ], [ 2147483647, %B274.endif.else.endif.endif.endif ]
  %high.2.11151 = phi i32 [ %.13.i1142, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %opposed.6.11150 = phi i64 [ %.1098, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %differ.8.11149 = phi i64 [ %.1087, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %.921.01148 = phi i64 [ %.990, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %.990 = add nuw nsw i64 %.921.01148, 1
  %6 = getelementptr i32, ptr %.655, i64 %.921.01148
  %.1044 = load i32, ptr %6, align 4
  %7 = getelementptr i32, ptr %.827, i64 %.921.01148
  %.1074 = load i32, ptr %7, align 4
  %.1077 = and i32 %.1044, 2147483647
  %.1081 = and i32 %.1074, 2147483647
  %.1083 = icmp ne i32 %.1044, %.1074
  %.1086 = zext i1 %.1083 to i64
  %.1087 = add i64 %differ.8.11149, %.1086
  %.10921120 = xor i32 %.1074, %.1044
  %.10921120.lobit = lshr i32 %.10921120, 31
  %.1097 = zext i32 %.10921120.lobit to i64
  %.1098 = add i64 %opposed.6.11150, %.1097
  %.13.i1139 = tail call i32 @llvm.umin.i32(i32 %.1081, i32 %.1077)
  %.13.i1140 = tail call i32 @llvm.umin.i32(i32 %.13.i1139, i32 %low.2.11152)
  %.13.i1141 = tail call i32 @llvm.umax.i32(i32 %.1081, i32 %.1077)
  %.13.i1142 = tail call i32 @llvm.umax.i32(i32 %.13.i1141, i32 %high.2.11151)
  %exitcond.not = icmp eq i64 %.630, %.990
  br i1 %exitcond.not, label %B714.loopexit, label %B404.if

B794.if:
  %opposed.7.11196 = phi i64 [ %.2153, %B1456 ], [ 0, %B792.preheader ]
  %differ.9.11195 = phi i64 [ %.1933, %B1456 ], [ 0, %B792.preheader ]
  %product.4.11194 = phi double [ %product.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %b2.4.11193 = phi double [ %b2.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %a2.4.11192 = phi double [ %a2.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %d2.3.11191 = phi double [ %d2.4.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %max_d.2.11190 = phi double [ %max_d.5.2, %B1456 ], [ %max_d.3.01215, %B792.preheader ]
  %nonfinite.2.11189 = phi i64 [ %nonfinite.5.2, %B1456 ], [ %nonfinite.3.01210, %B792.preheader ]
  %.1324.01187 = phi i64 [ %.1394, %B1456 ], [ 0, %B792.preheader ]
  %.1394 = add nuw nsw i64 %.1324.01187, 1
  %8 = getelementptr i32, ptr %.655, i64 %.1324.01187
  %.1452 = load i32, ptr %8, align 4
  %9 = and i32 %.1452, 2147483647
  %10 = getelementptr i32, ptr %.827, i64 %.1324.01187
  %.1487 = load i32, ptr %10, align 4
  %11 = and i32 %.1487, 2147483647
  %.1560.not = icmp ne i32 %.1452, %.1487
  %.15691116 = or i32 %11, %9
  %.1571 = icmp ne i32 %.15691116, 0
  %"$phi930.2.2.2" = select i1 %.1560.not, i1 %.1571, i1 false
  %.1582 = icmp ult i32 %9, 2139095040
  %.1585 = icmp ult i32 %11, 2139095040
  %or.cond = select i1 %.1582, i1 %.1585, i1 false
  br i1 %or.cond, label %B956, label %B1234

B1544.if:
  %opposed.8.31160 = phi i64 [ %.2604, %B1544.if ], [ 0, %B1544.preheader ]
  %differ.10.31159 = phi i64 [ %.2529, %B1544.if ], [ 0, %B1544.preheader ]
  %.2287.01157 = phi i64 [ %.2362, %B1544.if ], [ 0, %B1544.preheader ]
  %.2362 = add nuw nsw i64 %.2287.01157, 1
  %12 = getelementptr i32, ptr %.655, i64 %.2287.01157
  %.2420 = load i32, ptr %12, align 4
  %.2423 = and i32 %.2420, 2147483647
  %13 = getelementptr i32, ptr %.827, i64 %.2287.01157
  %.2454 = load i32, ptr %13, align 4
  %.2457 = and i32 %.2454, 2147483647
  %.2519 = icmp ne i32 %.2420, %.2454
  %.25221113 = or i32 %.2457, %.2423
  %.2524 = icmp ne i32 %.25221113, 0
  %.2525 = and i1 %.2519, %.2524
  %.2528 = zext i1 %.2525 to i64
  %.2529 = add i64 %differ.10.31159, %.2528
  %.25941114 = xor i32 %.2454, %.2420
  %.2596 = icmp slt i32 %.25941114, 0
  %.2597 = icmp ne i32 %.2423, 0
  %.2598 = and i1 %.2597, %.2596
  %.2599 = icmp ne i32 %.2457, 0
  %.2600 = and i1 %.2599, %.2598
  %.2603 = zext i1 %.2600 to i64
  %.2604 = add i64 %opposed.8.31160, %.2603
  %exitcond1228.not = icmp eq i64 %.630, %.2362
  br i1 %exitcond1228.not, label %B1840, label %B1544.if

B1892.if:
  %a2.6.21184 = phi double [ %.2793, %B1892.if ], [ 0.000000e+00, %B1892.preheader ]
  %.2665.01182 = phi i64 [ %.2734, %B1892.if ], [ 0, %B1892.preheader ]
  %.2734 = add nuw nsw i64 %.2665.01182, 1
  %14 = getelementptr i32, ptr %.655, i64 %.2665.01182
  %.27881112 = load float, ptr %14, align 4
  %.2790 = fpext float %.27881112 to double
  %.2791 = fmul reassoc nnan nsz contract double %.2790, %.2790
  %.2793 = fadd reassoc nnan nsz contract double %.2791, %a2.6.21184
  %exitcond1231.not = icmp eq i64 %.630, %.2734
  br i1 %exitcond1231.not, label %B2500, label %B1892.if

B2008.if:
  %product.6.21170 = phi double [ %.3084, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %b2.6.21169 = phi double [ %.3079, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %a2.7.21168 = phi double [ %.3074, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %d2.5.21167 = phi double [ %.3069, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %top.2.21166 = phi i64 [ %.13.i1143, %B2008.if ], [ %top.3.01216, %B2008.preheader ]
  %.2908.01164 = phi i64 [ %.2977, %B2008.if ], [ 0, %B2008.preheader ]
  %.2977 = add nuw nsw i64 %.2908.01164, 1
  %15 = getelementptr i32, ptr %.655, i64 %.2908.01164
  %.30311109 = load float, ptr %15, align 4
  %.3033 = fpext float %.30311109 to double
  %16 = getelementptr i32, ptr %.827, i64 %.2908.01164
  %.30631110 = load float, ptr %16, align 4
  %.3065 = fpext float %.30631110 to double
  %.3066 = fsub reassoc nnan nsz contract double %.3033, %.3065
  %.3087 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3066)
  %.3088 = bitcast double %.3087 to i64
  %.13.i1143 = tail call i64 @llvm.smax.i64(i64 %.3088, i64 %top.2.21166)
  %.3082 = fmul reassoc nnan nsz contract double %.3065, %.3033
  %.3084 = fadd reassoc nnan nsz contract double %.3082, %product.6.21170
  %.3077 = fmul reassoc nnan nsz contract double %.3065, %.3065
  %.3079 = fadd reassoc nnan nsz contract double %.3077, %b2.6.21169
  %.3072 = fmul reassoc nnan nsz contract double %.3033, %.3033
  %.3074 = fadd reassoc nnan nsz contract double %.3072, %a2.7.21168
  %.3067 = fmul reassoc nnan nsz contract double %.3066, %.3066
  %.3069 = fadd reassoc nnan nsz contract double %.3067, %d2.5.21167
  %exitcond1229.not = icmp eq i64 %.630, %.2977
  br i1 %exitcond1229.not, label %B2256, label %B2008.if

B2304.if:
  %differ.12.21179 = phi i64 [ %.3422, %B2304.if ], [ 0, %B2304.preheader ]
  %.3208.01177 = phi i64 [ %.3304, %B2304.if ], [ 0, %B2304.preheader ]
  %.3304 = add nuw nsw i64 %.3208.01177, 1
  %17 = getelementptr i32, ptr %.655, i64 %.3208.01177
  %.33761107 = load float, ptr %17, align 4
  %.3378 = fpext float %.33761107 to double
  %18 = getelementptr i32, ptr %.827, i64 %.3208.01177
  %.34081108 = load float, ptr %18, align 4
  %.3410 = fpext float %.34081108 to double
  %.3411 = fsub reassoc nnan nsz contract double %.3378, %.3410
  %.3412 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3411)
  %.3413 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3410)
  %.3415 = fmul reassoc nnan nsz contract double %.3413, %arg.rtol
  %.3417 = fadd reassoc nnan nsz contract double %.3415, %arg.atol
  %.3418 = fcmp reassoc nnan nsz contract ogt double %.3412, %.3417
  %.3421 = zext i1 %.3418 to i64
  %.3422 = add i64 %differ.12.21179, %.3421
  %exitcond1230.not = icmp eq i64 %.630, %.3304
  br i1 %exitcond1230.not, label %B2500, label %B2304.if
}

declare double @llvm.fabs.f64(double)

declare i64 @llvm.smax.i64(i64, i64)

declare i32 @llvm.umin.i32(i32, i32)

declare i32 @llvm.umax.i32(i32, i32)
