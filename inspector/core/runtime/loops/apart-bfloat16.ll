; apart-bfloat16: made by tests/make_loops.py, not by hand
; source 028de74345318d784328befeafd6cff8dec838754e5d6bb8a690d631c147952e
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.324 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.330 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi224.0.2.0" = select i1 %.324, i1 true, i1 %.330
  %0 = add nuw i64 %arg.size, 2047
  %.455 = lshr i64 %0, 11
  %.434.inv = icmp slt i64 %arg.size, 1
  %.4771198.not1226 = icmp eq i64 %.455, 0
  %.4771198.not = select i1 %.434.inv, i1 true, i1 %.4771198.not1226
  br i1 %.4771198.not, label %B2616, label %B272.if

B714.loopexit:
  %1 = icmp ugt i16 %.13.i1135, 32639
  %2 = icmp eq i16 %.13.i1133, 0
  br label %B714

B714:
  %differ.8.1.lcssa = phi i64 [ 0, %B274.endif.else.endif.endif.endif ], [ %.1088, %B714.loopexit ]
  %opposed.6.1.lcssa = phi i64 [ 0, %B274.endif.else.endif.endif.endif ], [ %.1100, %B714.loopexit ]
  %high.2.1.lcssa = phi i1 [ false, %B274.endif.else.endif.endif.endif ], [ %1, %B714.loopexit ]
  %low.2.1.lcssa = phi i1 [ false, %B274.endif.else.endif.endif.endif ], [ %2, %B714.loopexit ]
  br i1 %high.2.1.lcssa, label %B792.preheader, label %B1484

B792.preheader:
  %.13831179.not = icmp slt i64 %.630, 1
  br i1 %.13831179.not, label %B2500, label %B794.if

B956:
  %.1620 = zext i16 %.1454 to i32
  %.1621 = shl nuw i32 %.1620, 16
  %.1622 = bitcast i32 %.1621 to float
  %.1623 = fpext float %.1622 to double
  %.1655 = zext i16 %.1489 to i32
  %.1656 = shl nuw i32 %.1655, 16
  %.1657 = bitcast i32 %.1656 to float
  %.1658 = fpext float %.1657 to double
  %.1663 = fsub reassoc nnan nsz contract double %.1623, %.1658
  %.1664 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1663)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1664, %max_d.2.11183
  %.13.i = select i1 %.12.i, double %.1664, double %max_d.2.11183
  %.1705 = fmul reassoc nnan nsz contract double %.1663, %.1663
  %.1707 = fadd reassoc nnan nsz contract double %.1705, %d2.3.11184
  %.1713 = fmul reassoc nnan nsz contract double %.1623, %.1623
  %.1715 = fadd reassoc nnan nsz contract double %.1713, %a2.4.11185
  %.1723 = fmul reassoc nnan nsz contract double %.1658, %.1658
  %.1725 = fadd reassoc nnan nsz contract double %.1723, %b2.4.11186
  %.1732 = fmul reassoc nnan nsz contract double %.1658, %.1623
  %.1734 = fadd reassoc nnan nsz contract double %.1732, %product.4.11187
  br i1 %"$phi930.2.2.2", label %B1176, label %B1300

B1176:
  br i1 %"$phi224.0.2.0", label %B1180, label %B1300

B1180:
  %.1757 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1658)
  %.1761 = fmul reassoc nnan nsz contract double %.1757, %arg.rtol
  %.1763 = fadd reassoc nnan nsz contract double %.1761, %arg.atol
  %.1765 = fcmp reassoc nnan nsz contract ugt double %.1664, %.1763
  br label %B1300

B1234:
  %.1830 = icmp ugt i16 %9, 32640
  %.1833 = icmp ugt i16 %11, 32640
  %or.cond1 = select i1 %.1830, i1 %.1833, i1 false
  br i1 %or.cond1, label %B1300, label %B1264

B1264:
  %.15.i = zext i1 %"$phi930.2.2.2" to i64
  %.1927 = add nsw i64 %nonfinite.2.11182, %.15.i
  br label %B1300

B1300:
  %nonfinite.5.2 = phi i64 [ %.1927, %B1264 ], [ %nonfinite.2.11182, %B956 ], [ %nonfinite.2.11182, %B1176 ], [ %nonfinite.2.11182, %B1180 ], [ %nonfinite.2.11182, %B1234 ]
  %max_d.5.2 = phi double [ %max_d.2.11183, %B1264 ], [ %.13.i, %B956 ], [ %.13.i, %B1176 ], [ %.13.i, %B1180 ], [ %max_d.2.11183, %B1234 ]
  %d2.4.2 = phi double [ %d2.3.11184, %B1264 ], [ %.1707, %B956 ], [ %.1707, %B1176 ], [ %.1707, %B1180 ], [ %d2.3.11184, %B1234 ]
  %a2.5.2 = phi double [ %a2.4.11185, %B1264 ], [ %.1715, %B956 ], [ %.1715, %B1176 ], [ %.1715, %B1180 ], [ %a2.4.11185, %B1234 ]
  %b2.5.2 = phi double [ %b2.4.11186, %B1264 ], [ %.1725, %B956 ], [ %.1725, %B1176 ], [ %.1725, %B1180 ], [ %b2.4.11186, %B1234 ]
  %product.5.2 = phi double [ %product.4.11187, %B1264 ], [ %.1734, %B956 ], [ %.1734, %B1176 ], [ %.1734, %B1180 ], [ %product.4.11187, %B1234 ]
  %unequal.3.2 = phi i1 [ %"$phi930.2.2.2", %B1264 ], [ false, %B956 ], [ true, %B1176 ], [ %.1765, %B1180 ], [ false, %B1234 ]
  %.1939 = zext i1 %unequal.3.2 to i64
  %.1940 = add i64 %differ.9.11188, %.1939
  %.20121112 = xor i16 %.1489, %.1454
  %.2014 = icmp slt i16 %.20121112, 0
  br i1 %.2014, label %B1394, label %B1456

B1394:
  %3 = add nsw i16 %9, -32641
  %"$phi1424.5.2.3" = icmp ult i16 %3, -32640
  %.2085.not = icmp eq i16 %11, 0
  %or.cond1114 = select i1 %"$phi1424.5.2.3", i1 true, i1 %.2085.not
  br i1 %or.cond1114, label %B1456, label %B1442

B1442:
  %.2099 = icmp ult i16 %11, 32641
  %4 = zext i1 %.2099 to i64
  br label %B1456

B1456:
  %"$phi1456.5.5.2" = phi i64 [ %4, %B1442 ], [ 0, %B1300 ], [ 0, %B1394 ]
  %.2161 = add i64 %"$phi1456.5.5.2", %opposed.7.11189
  %exitcond1225.not = icmp eq i64 %.630, %.1396
  br i1 %exitcond1225.not, label %B2500, label %B794.if

B1484:
  br i1 %low.2.1.lcssa, label %B1544.preheader, label %B1840

B1544.preheader:
  %.23571149.not = icmp slt i64 %.630, 1
  br i1 %.23571149.not, label %B1840, label %B1544.if

B1840:
  %differ.11.2 = phi i64 [ %differ.8.1.lcssa, %B1484 ], [ 0, %B1544.preheader ], [ %.2538, %B1544.if ]
  %opposed.10.2 = phi i64 [ %opposed.6.1.lcssa, %B1484 ], [ 0, %B1544.preheader ], [ %.2614, %B1544.if ]
  %.2628 = icmp eq i64 %differ.11.2, 0
  %.27311174.not = icmp slt i64 %.630, 1
  br i1 %.2628, label %B1892.preheader, label %B2008.preheader

B2008.preheader:
  br i1 %.27311174.not, label %B2256, label %B2008.if

B1892.preheader:
  br i1 %.27311174.not, label %B2500, label %B1892.if

B2256:
  %top.2.2.lcssa = phi i64 [ %top.3.01209, %B2008.preheader ], [ %.13.i1136, %B2008.if ]
  %d2.5.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3085, %B2008.if ]
  %a2.7.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3090, %B2008.if ]
  %b2.6.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3095, %B2008.if ]
  %product.6.2.lcssa = phi double [ 0.000000e+00, %B2008.preheader ], [ %.3100, %B2008.if ]
  br i1 %"$phi224.0.2.0", label %B2304.preheader, label %B2500

B2304.preheader:
  %.33071169.not = icmp slt i64 %.630, 1
  br i1 %.33071169.not, label %B2500, label %B2304.if

B2500:
  %nonfinite.4.1 = phi i64 [ %nonfinite.3.01203, %B2256 ], [ %nonfinite.3.01203, %B1892.preheader ], [ %nonfinite.3.01203, %B2304.preheader ], [ %nonfinite.3.01203, %B792.preheader ], [ %nonfinite.3.01203, %B1892.if ], [ %nonfinite.5.2, %B1456 ], [ %nonfinite.3.01203, %B2304.if ]
  %max_d.4.1 = phi double [ %max_d.3.01208, %B2256 ], [ %max_d.3.01208, %B1892.preheader ], [ %max_d.3.01208, %B2304.preheader ], [ %max_d.3.01208, %B792.preheader ], [ %max_d.3.01208, %B1892.if ], [ %max_d.5.2, %B1456 ], [ %max_d.3.01208, %B2304.if ]
  %top.4.1 = phi i64 [ %top.2.2.lcssa, %B2256 ], [ %top.3.01209, %B1892.preheader ], [ %top.2.2.lcssa, %B2304.preheader ], [ %top.3.01209, %B792.preheader ], [ %top.3.01209, %B1892.if ], [ %top.3.01209, %B1456 ], [ %top.2.2.lcssa, %B2304.if ]
  %differ.13.1 = phi i64 [ %differ.11.2, %B2256 ], [ 0, %B1892.preheader ], [ 0, %B2304.preheader ], [ 0, %B792.preheader ], [ 0, %B1892.if ], [ %.1940, %B1456 ], [ %.3443, %B2304.if ]
  %opposed.9.1 = phi i64 [ %opposed.10.2, %B2256 ], [ %opposed.10.2, %B1892.preheader ], [ %opposed.10.2, %B2304.preheader ], [ 0, %B792.preheader ], [ %opposed.10.2, %B1892.if ], [ %.2161, %B1456 ], [ %opposed.10.2, %B2304.if ]
  %d2.6.1 = phi double [ %d2.5.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %d2.5.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ 0.000000e+00, %B1892.if ], [ %d2.4.2, %B1456 ], [ %d2.5.2.lcssa, %B2304.if ]
  %a2.8.1 = phi double [ %a2.7.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %a2.7.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2805, %B1892.if ], [ %a2.5.2, %B1456 ], [ %a2.7.2.lcssa, %B2304.if ]
  %b2.7.1 = phi double [ %b2.6.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %b2.6.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2805, %B1892.if ], [ %b2.5.2, %B1456 ], [ %b2.6.2.lcssa, %B2304.if ]
  %product.7.1 = phi double [ %product.6.2.lcssa, %B2256 ], [ 0.000000e+00, %B1892.preheader ], [ %product.6.2.lcssa, %B2304.preheader ], [ 0.000000e+00, %B792.preheader ], [ %.2805, %B1892.if ], [ %product.5.2, %B1456 ], [ %product.6.2.lcssa, %B2304.if ]
  %.3492 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01204
  %.3499 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01205
  %.3506 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01206
  %.3513 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01207
  %.3546 = add nsw i64 %differ.13.1, %different.2.01201
  %.3577 = add nsw i64 %opposed.9.1, %flips.2.01202
  %.477 = icmp sgt i64 %.423.01199, 1
  br i1 %.477, label %B272.if, label %B2616.loopexit

B2616.loopexit:
  %5 = bitcast i64 %top.4.1 to double
  br label %B2616

B2616:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3546, %B2616.loopexit ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3577, %B2616.loopexit ]
  %nonfinite.3.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.4.1, %B2616.loopexit ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3492, %B2616.loopexit ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3499, %B2616.loopexit ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3506, %B2616.loopexit ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3513, %B2616.loopexit ]
  %max_d.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.4.1, %B2616.loopexit ]
  %top.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %5, %B2616.loopexit ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3663 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3663, align 8
  %.3696 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.3.0.lcssa, ptr %.3696, align 8
  %.12.i1130 = fcmp reassoc nnan nsz contract olt double %max_d.3.0.lcssa, %top.3.0.lcssa
  %.13.i1131 = select i1 %.12.i1130, double %top.3.0.lcssa, double %max_d.3.0.lcssa
  store double %.13.i1131, ptr %arg.sums_at, align 8
  %.3840 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3840, align 8
  %.3870 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3870, align 8
  %.3900 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3900, align 8
  %.3930 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3930, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B272.if:
  %top.3.01209 = phi i64 [ %top.4.1, %B2500 ], [ 0, %entry ]
  %max_d.3.01208 = phi double [ %max_d.4.1, %B2500 ], [ 0.000000e+00, %entry ]
  %ab.2.01207 = phi double [ %.3513, %B2500 ], [ 0.000000e+00, %entry ]
  %bb.2.01206 = phi double [ %.3506, %B2500 ], [ 0.000000e+00, %entry ]
  %aa.2.01205 = phi double [ %.3499, %B2500 ], [ 0.000000e+00, %entry ]
  %dd.2.01204 = phi double [ %.3492, %B2500 ], [ 0.000000e+00, %entry ]
  %nonfinite.3.01203 = phi i64 [ %nonfinite.4.1, %B2500 ], [ 0, %entry ]
  %flips.2.01202 = phi i64 [ %.3577, %B2500 ], [ 0, %entry ]
  %different.2.01201 = phi i64 [ %.3546, %B2500 ], [ 0, %entry ]
  %.420.01200 = phi i64 [ %.490, %B2500 ], [ 0, %entry ]
  %.423.01199 = phi i64 [ %.486, %B2500 ], [ %.455, %entry ]
  %.486 = add nsw i64 %.423.01199, -1
  %.490 = add nuw i64 %.420.01200, 2048
  %.552 = icmp slt i64 %.420.01200, 0
  %.553 = select i1 %.552, i64 %arg.size, i64 0
  %.554 = add i64 %.553, %.420.01200
  %.557 = icmp slt i64 %.554, 0
  br i1 %.557, label %B274.else.if, label %B274.else.endif

B274.endif:
  %.542.sroa.13.0 = phi i64 [ %arg.size, %B274.else.endif.endif.endif.if ], [ %.542.sroa.13.1, %B274.else.endif.endif.endif ]
  %.630 = sub i64 %.542.sroa.13.0, %.542.sroa.0.3
  %.655 = getelementptr i16, ptr %arg.a_at, i64 %.542.sroa.0.3
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
  %.569 = icmp slt i64 %.420.01200, -2048
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
  %.827 = getelementptr i16, ptr %arg.b_at, i64 %.714.sroa.0.3
  %.9771139.not = icmp slt i64 %.630, 1
  br i1 %.9771139.not, label %B714, label %B404.if

B404.if:
  %low.2.11145 = phi i16 [ %.13.i1133, %B404.if ], [ 32767, %B274.endif.else.endif.endif.endif ]
  %high.2.11144 = phi i16 [ %.13.i1135, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %opposed.6.11143 = phi i64 [ %.1100, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %differ.8.11142 = phi i64 [ %.1088, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %.921.01141 = phi i64 [ %.990, %B404.if ], [ 0, %B274.endif.else.endif.endif.endif ]
  %.990 = add nuw nsw i64 %.921.01141, 1
  %6 = getelementptr i16, ptr %.655, i64 %.921.01141
  %.1044 = load i16, ptr %6, align 2
  %7 = getelementptr i16, ptr %.827, i64 %.921.01141
  %.1074 = load i16, ptr %7, align 2
  %.1077 = and i16 %.1044, 32767
  %.1081 = and i16 %.1074, 32767
  %.1083 = icmp ne i16 %.1044, %.1074
  %.1087 = zext i1 %.1083 to i64
  %.1088 = add i64 %differ.8.11142, %.1087
  %.10931113 = xor i16 %.1074, %.1044
  %.10931113.lobit = lshr i16 %.10931113, 15
  %.1099 = zext i16 %.10931113.lobit to i64
  %.1100 = add i64 %opposed.6.11143, %.1099
  %.13.i1132 = tail call i16 @llvm.umin.i16(i16 %.1081, i16 %.1077)
  %.13.i1133 = tail call i16 @llvm.umin.i16(i16 %.13.i1132, i16 %low.2.11145)
  %.13.i1134 = tail call i16 @llvm.umax.i16(i16 %.1081, i16 %.1077)
  %.13.i1135 = tail call i16 @llvm.umax.i16(i16 %.13.i1134, i16 %high.2.11144)
  %exitcond.not = icmp eq i64 %.630, %.990
  br i1 %exitcond.not, label %B714.loopexit, label %B404.if

B794.if:
  %opposed.7.11189 = phi i64 [ %.2161, %B1456 ], [ 0, %B792.preheader ]
  %differ.9.11188 = phi i64 [ %.1940, %B1456 ], [ 0, %B792.preheader ]
  %product.4.11187 = phi double [ %product.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %b2.4.11186 = phi double [ %b2.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %a2.4.11185 = phi double [ %a2.5.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %d2.3.11184 = phi double [ %d2.4.2, %B1456 ], [ 0.000000e+00, %B792.preheader ]
  %max_d.2.11183 = phi double [ %max_d.5.2, %B1456 ], [ %max_d.3.01208, %B792.preheader ]
  %nonfinite.2.11182 = phi i64 [ %nonfinite.5.2, %B1456 ], [ %nonfinite.3.01203, %B792.preheader ]
  %.1326.01180 = phi i64 [ %.1396, %B1456 ], [ 0, %B792.preheader ]
  %.1396 = add nuw nsw i64 %.1326.01180, 1
  %8 = getelementptr i16, ptr %.655, i64 %.1326.01180
  %.1454 = load i16, ptr %8, align 2
  %9 = and i16 %.1454, 32767
  %10 = getelementptr i16, ptr %.827, i64 %.1326.01180
  %.1489 = load i16, ptr %10, align 2
  %11 = and i16 %.1489, 32767
  %.1562.not = icmp ne i16 %.1454, %.1489
  %.15711111 = or i16 %11, %9
  %.1573 = icmp ne i16 %.15711111, 0
  %"$phi930.2.2.2" = select i1 %.1562.not, i1 %.1573, i1 false
  %.1584 = icmp ult i16 %9, 32640
  %.1587 = icmp ult i16 %11, 32640
  %or.cond = select i1 %.1584, i1 %.1587, i1 false
  br i1 %or.cond, label %B956, label %B1234

B1544.if:
  %opposed.8.31153 = phi i64 [ %.2614, %B1544.if ], [ 0, %B1544.preheader ]
  %differ.10.31152 = phi i64 [ %.2538, %B1544.if ], [ 0, %B1544.preheader ]
  %.2295.01150 = phi i64 [ %.2370, %B1544.if ], [ 0, %B1544.preheader ]
  %.2370 = add nuw nsw i64 %.2295.01150, 1
  %12 = getelementptr i16, ptr %.655, i64 %.2295.01150
  %.2428 = load i16, ptr %12, align 2
  %.2431 = and i16 %.2428, 32767
  %13 = getelementptr i16, ptr %.827, i64 %.2295.01150
  %.2462 = load i16, ptr %13, align 2
  %.2465 = and i16 %.2462, 32767
  %.2527 = icmp ne i16 %.2428, %.2462
  %.25301108 = or i16 %.2465, %.2431
  %.2532 = icmp ne i16 %.25301108, 0
  %.2533 = and i1 %.2527, %.2532
  %.2537 = zext i1 %.2533 to i64
  %.2538 = add i64 %differ.10.31152, %.2537
  %.26031109 = xor i16 %.2462, %.2428
  %.2605 = icmp slt i16 %.26031109, 0
  %.2606 = icmp ne i16 %.2431, 0
  %.2607 = and i1 %.2606, %.2605
  %.2608 = icmp ne i16 %.2465, 0
  %.2609 = and i1 %.2608, %.2607
  %.2613 = zext i1 %.2609 to i64
  %.2614 = add i64 %opposed.8.31153, %.2613
  %exitcond1221.not = icmp eq i64 %.630, %.2370
  br i1 %exitcond1221.not, label %B1840, label %B1544.if

B1892.if:
  %a2.6.21177 = phi double [ %.2805, %B1892.if ], [ 0.000000e+00, %B1892.preheader ]
  %.2675.01175 = phi i64 [ %.2744, %B1892.if ], [ 0, %B1892.preheader ]
  %.2744 = add nuw nsw i64 %.2675.01175, 1
  %14 = getelementptr i16, ptr %.655, i64 %.2675.01175
  %.2798 = load i16, ptr %14, align 2
  %.2799 = zext i16 %.2798 to i32
  %.2800 = shl nuw i32 %.2799, 16
  %.2801 = bitcast i32 %.2800 to float
  %.2802 = fpext float %.2801 to double
  %.2803 = fmul reassoc nnan nsz contract double %.2802, %.2802
  %.2805 = fadd reassoc nnan nsz contract double %.2803, %a2.6.21177
  %exitcond1224.not = icmp eq i64 %.630, %.2744
  br i1 %exitcond1224.not, label %B2500, label %B1892.if

B2008.if:
  %product.6.21163 = phi double [ %.3100, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %b2.6.21162 = phi double [ %.3095, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %a2.7.21161 = phi double [ %.3090, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %d2.5.21160 = phi double [ %.3085, %B2008.if ], [ 0.000000e+00, %B2008.preheader ]
  %top.2.21159 = phi i64 [ %.13.i1136, %B2008.if ], [ %top.3.01209, %B2008.preheader ]
  %.2920.01157 = phi i64 [ %.2989, %B2008.if ], [ 0, %B2008.preheader ]
  %.2989 = add nuw nsw i64 %.2920.01157, 1
  %15 = getelementptr i16, ptr %.655, i64 %.2920.01157
  %.3043 = load i16, ptr %15, align 2
  %.3044 = zext i16 %.3043 to i32
  %.3045 = shl nuw i32 %.3044, 16
  %.3046 = bitcast i32 %.3045 to float
  %.3047 = fpext float %.3046 to double
  %16 = getelementptr i16, ptr %.827, i64 %.2920.01157
  %.3077 = load i16, ptr %16, align 2
  %.3078 = zext i16 %.3077 to i32
  %.3079 = shl nuw i32 %.3078, 16
  %.3080 = bitcast i32 %.3079 to float
  %.3081 = fpext float %.3080 to double
  %.3082 = fsub reassoc nnan nsz contract double %.3047, %.3081
  %.3103 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3082)
  %.3104 = bitcast double %.3103 to i64
  %.13.i1136 = tail call i64 @llvm.smax.i64(i64 %.3104, i64 %top.2.21159)
  %.3098 = fmul reassoc nnan nsz contract double %.3081, %.3047
  %.3100 = fadd reassoc nnan nsz contract double %.3098, %product.6.21163
  %.3093 = fmul reassoc nnan nsz contract double %.3081, %.3081
  %.3095 = fadd reassoc nnan nsz contract double %.3093, %b2.6.21162
  %.3088 = fmul reassoc nnan nsz contract double %.3047, %.3047
  %.3090 = fadd reassoc nnan nsz contract double %.3088, %a2.7.21161
  %.3083 = fmul reassoc nnan nsz contract double %.3082, %.3082
  %.3085 = fadd reassoc nnan nsz contract double %.3083, %d2.5.21160
  %exitcond1222.not = icmp eq i64 %.630, %.2989
  br i1 %exitcond1222.not, label %B2256, label %B2008.if

B2304.if:
  %differ.12.21172 = phi i64 [ %.3443, %B2304.if ], [ 0, %B2304.preheader ]
  %.3224.01170 = phi i64 [ %.3320, %B2304.if ], [ 0, %B2304.preheader ]
  %.3320 = add nuw nsw i64 %.3224.01170, 1
  %17 = getelementptr i16, ptr %.655, i64 %.3224.01170
  %.3392 = load i16, ptr %17, align 2
  %.3393 = zext i16 %.3392 to i32
  %.3394 = shl nuw i32 %.3393, 16
  %.3395 = bitcast i32 %.3394 to float
  %.3396 = fpext float %.3395 to double
  %18 = getelementptr i16, ptr %.827, i64 %.3224.01170
  %.3426 = load i16, ptr %18, align 2
  %.3427 = zext i16 %.3426 to i32
  %.3428 = shl nuw i32 %.3427, 16
  %.3429 = bitcast i32 %.3428 to float
  %.3430 = fpext float %.3429 to double
  %.3431 = fsub reassoc nnan nsz contract double %.3396, %.3430
  %.3432 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3431)
  %.3433 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3430)
  %.3435 = fmul reassoc nnan nsz contract double %.3433, %arg.rtol
  %.3437 = fadd reassoc nnan nsz contract double %.3435, %arg.atol
  %.3438 = fcmp reassoc nnan nsz contract ogt double %.3432, %.3437
  %.3442 = zext i1 %.3438 to i64
  %.3443 = add i64 %differ.12.21172, %.3442
  %exitcond1223.not = icmp eq i64 %.630, %.3320
  br i1 %exitcond1223.not, label %B2500, label %B2304.if
}

declare double @llvm.fabs.f64(double)

declare i64 @llvm.smax.i64(i64, i64)

declare i16 @llvm.umin.i16(i16, i16)

declare i16 @llvm.umax.i16(i16, i16)
