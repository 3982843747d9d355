; count_wantedfloat32: made by tests/make_loops.py, not by hand
; source 60bfc41060b669f4a286e37455933e54a000e1517ce430a5fc5844ec0ce4966b
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.halves_at, ptr readonly %arg.floats_at, i64 %arg.size, ptr readonly %arg.wanted_at, ptr readonly %arg.slot_at, ptr readonly %arg.first_at, ptr readonly %arg.thresholds_at, ptr readonly %arg.fine_at, ptr readonly %arg.keep_at, ptr %arg.below_at, ptr %arg.table_at, ptr %arg.stage_at) {
entry:
  %.624 = ashr i64 %arg.size, 2
  %0 = add nuw i64 %arg.size, 2047
  %.767 = lshr i64 %0, 11
  %.746.inv = icmp slt i64 %arg.size, 1
  %.7891263.not1268 = icmp eq i64 %.767, 0
  %.7891263.not = select i1 %.746.inv, i1 true, i1 %.7891263.not1268
  br i1 %.7891263.not, label %B1638, label %B606.if

B604.loopexit:
  %.789 = icmp sgt i64 %.735.01265, 1
  br i1 %.789, label %B606.if, label %B1638

B804.loopexit:
  %.1527 = add nuw nsw i64 %.1458.01252, 1
  %exitcond1266.not = icmp eq i64 %.1310, %.1527
  br i1 %exitcond1266.not, label %B916, label %B804.if

B916:
  %found.4.1.lcssa = phi i64 [ 0, %B606.if ], [ %.1784, %B804.loopexit ]
  %.1872 = and i64 %.1140, 3
  %.19151255.not = icmp eq i64 %.1872, 0
  br i1 %.19151255.not, label %B1052, label %B974.if.preheader

B974.if.preheader:
  %.1828 = and i64 %.1140, 9223372036854775804
  br label %B974.if

B1052:
  %found.5.1.lcssa = phi i64 [ %found.4.1.lcssa, %B916 ], [ %.2068, %B974.if ]
  %.21591260.not = icmp slt i64 %found.5.1.lcssa, 1
  br i1 %.21591260.not, label %B604.loopexit, label %B1084.if

B1410:
  %.2626 = icmp ult i64 %.2538, %.2570
  br i1 %.2626, label %B1432.preheader, label %B1592

B1432.preheader:
  %.2671 = fpext float %.2602 to double
  br label %B1432

B1432:
  %low.3.2 = phi i64 [ %low.4.4, %B1432 ], [ %.2538, %B1432.preheader ]
  %high.2.2 = phi i64 [ %high.3.4, %B1432 ], [ %.2570, %B1432.preheader ]
  %.2637 = add i64 %high.2.2, %low.3.2
  %.2638 = lshr i64 %.2637, 1
  %.2668 = getelementptr double, ptr %arg.thresholds_at, i64 %.2638
  %.2669 = load double, ptr %.2668, align 8
  %.2672 = fcmp ugt double %.2669, %.2671
  %.2683 = add nuw i64 %.2638, 1
  %high.3.4 = select i1 %.2672, i64 %.2638, i64 %high.2.2
  %low.4.4 = select i1 %.2672, i64 %low.3.2, i64 %.2683
  %.2714 = icmp ult i64 %low.4.4, %high.3.4
  br i1 %.2714, label %B1432, label %B1592

B1538:
  %.2764 = getelementptr double, ptr %arg.thresholds_at, i64 %.2538
  %.2765 = load double, ptr %.2764, align 8
  %.2767 = fpext float %.2602 to double
  %.2768 = fcmp ole double %.2765, %.2767
  %.2778 = select i1 %.2768, i64 %.2570, i64 %.2538
  br label %B1592

B1592:
  %low.5.2 = phi i64 [ %.2778, %B1538 ], [ %.2538, %B1410 ], [ %low.4.4, %B1432 ]
  %1 = getelementptr i64, ptr %arg.below_at, i64 %low.5.2
  %.2816 = getelementptr i64, ptr %1, i64 %.2303
  %.2817 = load i64, ptr %.2816, align 8
  %.2818 = add nsw i64 %.2817, 1
  store i64 %.2818, ptr %.2816, align 8
  %exitcond1267.not = icmp eq i64 %found.5.1.lcssa, %.2172
  br i1 %exitcond1267.not, label %B604.loopexit, label %B1084.if

B1638:
  store ptr null, ptr %retptr, align 8
  ret i32 0

B606.if:
  %.735.01265 = phi i64 [ %.798, %B604.loopexit ], [ %.767, %entry ]
  %.732.01264 = phi i64 [ %.802, %B604.loopexit ], [ 0, %entry ]
  %.798 = add nsw i64 %.735.01265, -1
  %.802 = add nuw i64 %.732.01264, 2048
  %.869 = icmp slt i64 %.732.01264, 0
  %.870 = select i1 %.869, i64 %arg.size, i64 0
  %.871 = add i64 %.870, %.732.01264
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.871, i64 0)
  %.879.not = icmp slt i64 %.871, %arg.size
  %.859.sroa.0.3 = select i1 %.879.not, i64 %spec.select, i64 %arg.size
  %.886 = icmp slt i64 %.732.01264, -2048
  %.887 = select i1 %.886, i64 %arg.size, i64 0
  %.888 = add i64 %.887, %.802
  %.896.not = icmp slt i64 %.888, %arg.size
  %.978.idx = shl i64 %.859.sroa.0.3, 2
  %.978 = getelementptr i8, ptr %arg.halves_at, i64 %.978.idx
  %.1043.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.888, i64 0)
  %.1043.sroa.13.0 = select i1 %.896.not, i64 %.1043.sroa.13.1, i64 %arg.size
  %.1131 = sub nsw i64 %.1043.sroa.13.0, %.859.sroa.0.3
  %.1140 = tail call i64 @llvm.smax.i64(i64 %.1131, i64 0)
  %.1156 = getelementptr float, ptr %arg.floats_at, i64 %.859.sroa.0.3
  %.1190 = ashr exact i64 %.802, 2
  %.1188 = ashr exact i64 %.732.01264, 2
  %.1232 = icmp slt i64 %.1188, 0
  %.1233 = select i1 %.1232, i64 %.624, i64 0
  %.1234 = add nsw i64 %.1233, %.1188
  %.1222.sroa.0.1 = tail call i64 @llvm.smax.i64(i64 %.1234, i64 0)
  %.1242.not = icmp slt i64 %.1234, %.624
  %.1222.sroa.0.3 = select i1 %.1242.not, i64 %.1222.sroa.0.1, i64 %.624
  %.1249 = icmp slt i64 %.1190, 0
  %.1250 = select i1 %.1249, i64 %.624, i64 0
  %.1251 = add nsw i64 %.1250, %.1190
  %.1222.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.1251, i64 0)
  %.1259.not = icmp slt i64 %.1251, %.624
  %.1222.sroa.13.0 = select i1 %.1259.not, i64 %.1222.sroa.13.1, i64 %.624
  %.1310 = sub nsw i64 %.1222.sroa.13.0, %.1222.sroa.0.3
  %.1341.idx = shl i64 %.1222.sroa.0.3, 4
  %.1341 = getelementptr i8, ptr %arg.halves_at, i64 %.1341.idx
  %.15141251.not = icmp slt i64 %.1310, 1
  br i1 %.15141251.not, label %B916, label %B804.if

B804.if:
  %found.4.11254 = phi i64 [ %.1784, %B804.loopexit ], [ 0, %B606.if ]
  %.1458.01252 = phi i64 [ %.1527, %B804.loopexit ], [ 0, %B606.if ]
  %.1664 = shl nsw i64 %.1458.01252, 2
  %.idx1247 = shl i64 %.1458.01252, 4
  %2 = getelementptr i8, ptr %.1341, i64 %.idx1247
  br label %switch.end

switch.end:
  %found.3.21250 = phi i64 [ %found.4.11254, %B804.if ], [ %.1784, %switch.end ]
  %.1576.01249 = phi i64 [ 0, %B804.if ], [ %.1638, %switch.end ]
  %.1638 = add nuw nsw i64 %.1576.01249, 1
  %.1665 = add nuw nsw i64 %.1576.01249, %.1664
  %.1692 = getelementptr i16, ptr %arg.stage_at, i64 %found.3.21250
  %.1693 = trunc i64 %.1665 to i16
  store i16 %.1693, ptr %.1692, align 2
  %.idx1248 = shl nuw nsw i64 %.1576.01249, 2
  %3 = getelementptr i8, ptr %2, i64 %.idx1248
  %4 = getelementptr i8, ptr %3, i64 2
  %.1751 = load i16, ptr %4, align 2
  %.1755 = zext i16 %.1751 to i64
  %.1780 = getelementptr i8, ptr %arg.wanted_at, i64 %.1755
  %.1781 = load i8, ptr %.1780, align 1
  %.1782 = zext i8 %.1781 to i64
  %.1784 = add i64 %found.3.21250, %.1782
  %exitcond.not = icmp eq i64 %.1638, 4
  br i1 %exitcond.not, label %B804.loopexit, label %switch.end

B974.if:
  %found.5.11258 = phi i64 [ %.2068, %B974.if ], [ %found.4.1.lcssa, %B974.if.preheader ]
  %.1862.01257 = phi i64 [ %.1924, %B974.if ], [ %.1872, %B974.if.preheader ]
  %.1859.01256 = phi i64 [ %.1928, %B974.if ], [ %.1828, %B974.if.preheader ]
  %.1924 = add nsw i64 %.1862.01257, -1
  %.1928 = add nuw nsw i64 %.1859.01256, 1
  %.1979 = getelementptr i16, ptr %arg.stage_at, i64 %found.5.11258
  %.1980 = trunc i64 %.1859.01256 to i16
  store i16 %.1980, ptr %.1979, align 2
  %.idx1246 = shl i64 %.1859.01256, 2
  %5 = getelementptr i8, ptr %.978, i64 %.idx1246
  %6 = getelementptr i8, ptr %5, i64 2
  %.2035 = load i16, ptr %6, align 2
  %.2039 = zext i16 %.2035 to i64
  %.2064 = getelementptr i8, ptr %arg.wanted_at, i64 %.2039
  %.2065 = load i8, ptr %.2064, align 1
  %.2066 = zext i8 %.2065 to i64
  %.2068 = add i64 %found.5.11258, %.2066
  %.1915 = icmp ugt i64 %.1862.01257, 1
  br i1 %.1915, label %B974.if, label %B1052

B1084.if:
  %.2102.01261 = phi i64 [ %.2172, %B1592 ], [ 0, %B1052 ]
  %.2172 = add nuw nsw i64 %.2102.01261, 1
  %.2222 = getelementptr i16, ptr %arg.stage_at, i64 %.2102.01261
  %.2223 = load i16, ptr %.2222, align 2
  %.2224 = zext i16 %.2223 to i64
  %.idx = shl nuw nsw i64 %.2224, 2
  %7 = getelementptr i8, ptr %.978, i64 %.idx
  %.2271 = getelementptr i8, ptr %7, i64 2
  %.2272 = load i16, ptr %.2271, align 2
  %.2276 = zext i16 %.2272 to i64
  %.2301 = getelementptr i16, ptr %arg.slot_at, i64 %.2276
  %.2302 = load i16, ptr %.2301, align 2
  %.2303 = zext i16 %.2302 to i64
  %.2333 = getelementptr i64, ptr %arg.fine_at, i64 %.2303
  %.2334 = load i64, ptr %.2333, align 8
  %.2382 = load i16, ptr %7, align 2
  %.2411 = getelementptr i32, ptr %arg.keep_at, i64 %.2303
  %.2412 = load i32, ptr %.2411, align 4
  %8 = zext i16 %.2382 to i32
  %.24151184 = and i32 %.2412, %8
  %.2415 = zext i32 %.24151184 to i64
  %.idx1245 = shl i64 %.2334, 18
  %9 = getelementptr i8, ptr %arg.table_at, i64 %.idx1245
  %.2460 = getelementptr i32, ptr %9, i64 %.2415
  %.2461 = load i32, ptr %.2460, align 4
  %.2465 = add i32 %.2461, 1
  store i32 %.2465, ptr %.2460, align 4
  %.2537 = getelementptr i64, ptr %arg.first_at, i64 %.2303
  %.2538 = load i64, ptr %.2537, align 8
  %.2569 = getelementptr i8, ptr %.2537, i64 8
  %.2570 = load i64, ptr %.2569, align 8
  %.2572 = sub i64 %.2570, %.2538
  %.2601 = getelementptr float, ptr %.1156, i64 %.2224
  %.2602 = load float, ptr %.2601, align 4
  %.2607 = icmp ugt i64 %.2572, 1
  br i1 %.2607, label %B1410, label %B1538
}

declare i64 @llvm.smax.i64(i64, i64)
