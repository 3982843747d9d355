; keep_wantedfloat32: made by tests/make_loops.py, not by hand
; source 301d99931f7bd2ea644583aa84f1ed08f297d96b1ad379fd2595e1a18bafd154
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.halves_at, ptr readonly %arg.floats_at, i64 %arg.size, ptr readonly %arg.wanted_at, ptr readonly %arg.slot_at, ptr readonly %arg.first_at, ptr readonly %arg.thresholds_at, ptr readonly %arg.keep_at, ptr %arg.below_at, ptr writeonly %arg.kept_at, i64 %arg.most, ptr writeonly %arg.found_at, ptr %arg.stage_at) {
entry:
  %0 = add nuw i64 %arg.size, 2047
  %.602 = lshr i64 %0, 11
  %.581.inv = icmp slt i64 %arg.size, 1
  %.624950.not956 = icmp eq i64 %.602, 0
  %.624950.not = select i1 %.581.inv, i1 true, i1 %.624950.not956
  br i1 %.624950.not, label %B1316, label %B536.if

B534.loopexit:
  %place.2.1.lcssa = phi i64 [ %place.3.0953, %B752 ], [ %place.3.0953, %B536.if ], [ %.13.i, %B1270 ]
  %.624 = icmp sgt i64 %.570.0951, 1
  br i1 %.624, label %B536.if, label %B1316

B752:
  %.1386945.not = icmp slt i64 %.1289, 1
  br i1 %.1386945.not, label %B534.loopexit, label %B784.if

B1088:
  %.1744 = icmp ult i64 %.1561, %.1593
  br i1 %.1744, label %B1110.preheader, label %B1270

B1110.preheader:
  %.1789 = fpext float %.1625 to double
  br label %B1110

B1110:
  %low.3.2 = phi i64 [ %low.4.4, %B1110 ], [ %.1561, %B1110.preheader ]
  %high.2.2 = phi i64 [ %high.3.4, %B1110 ], [ %.1593, %B1110.preheader ]
  %.1755 = add i64 %high.2.2, %low.3.2
  %.1756 = lshr i64 %.1755, 1
  %.1786 = getelementptr double, ptr %arg.thresholds_at, i64 %.1756
  %.1787 = load double, ptr %.1786, align 8
  %.1790 = fcmp ugt double %.1787, %.1789
  %.1801 = add nuw i64 %.1756, 1
  %high.3.4 = select i1 %.1790, i64 %.1756, i64 %high.2.2
  %low.4.4 = select i1 %.1790, i64 %low.3.2, i64 %.1801
  %.1832 = icmp ult i64 %low.4.4, %high.3.4
  br i1 %.1832, label %B1110, label %B1270

B1216:
  %.1882 = getelementptr double, ptr %arg.thresholds_at, i64 %.1561
  %.1883 = load double, ptr %.1882, align 8
  %.1885 = fpext float %.1625 to double
  %.1886 = fcmp ole double %.1883, %.1885
  %.1896 = select i1 %.1886, i64 %.1593, i64 %.1561
  br label %B1270

B1270:
  %low.5.2 = phi i64 [ %.1896, %B1216 ], [ %.1561, %B1088 ], [ %low.4.4, %B1110 ]
  %1 = getelementptr i64, ptr %arg.below_at, i64 %low.5.2
  %.1939 = getelementptr i64, ptr %1, i64 %.1530
  %.1940 = load i64, ptr %.1939, align 8
  %.1941 = add nsw i64 %.1940, 1
  store i64 %.1941, ptr %.1939, align 8
  %exitcond955.not = icmp eq i64 %.1289, %.1399
  br i1 %exitcond955.not, label %B534.loopexit, label %B784.if

B1316:
  %place.3.0.lcssa = phi i64 [ 0, %entry ], [ %place.2.1.lcssa, %B534.loopexit ]
  store i64 %place.3.0.lcssa, ptr %arg.found_at, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B536.if:
  %place.3.0953 = phi i64 [ %place.2.1.lcssa, %B534.loopexit ], [ 0, %entry ]
  %.567.0952 = phi i64 [ %.637, %B534.loopexit ], [ 0, %entry ]
  %.570.0951 = phi i64 [ %.633, %B534.loopexit ], [ %.602, %entry ]
  %.633 = add nsw i64 %.570.0951, -1
  %.637 = add nuw i64 %.567.0952, 2048
  %.704 = icmp slt i64 %.567.0952, 0
  %.705 = select i1 %.704, i64 %arg.size, i64 0
  %.706 = add i64 %.705, %.567.0952
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.706, i64 0)
  %.714.not = icmp slt i64 %.706, %arg.size
  %.694.sroa.0.3 = select i1 %.714.not, i64 %spec.select, i64 %arg.size
  %.721 = icmp slt i64 %.567.0952, -2048
  %.722 = select i1 %.721, i64 %arg.size, i64 0
  %.723 = add i64 %.722, %.637
  %.731.not = icmp slt i64 %.723, %arg.size
  %.813.idx = shl i64 %.694.sroa.0.3, 2
  %.813 = getelementptr i8, ptr %arg.halves_at, i64 %.813.idx
  %.878.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.723, i64 0)
  %.878.sroa.13.0 = select i1 %.731.not, i64 %.878.sroa.13.1, i64 %arg.size
  %.966 = sub nsw i64 %.878.sroa.13.0, %.694.sroa.0.3
  %.991 = getelementptr float, ptr %arg.floats_at, i64 %.694.sroa.0.3
  %.1136941.not = icmp slt i64 %.966, 1
  br i1 %.1136941.not, label %B534.loopexit, label %B674.if

B674.if:
  %found.2.1944 = phi i64 [ %.1289, %B674.if ], [ 0, %B536.if ]
  %.1080.0942 = phi i64 [ %.1149, %B674.if ], [ 0, %B536.if ]
  %.1149 = add nuw nsw i64 %.1080.0942, 1
  %.1200 = getelementptr i16, ptr %arg.stage_at, i64 %found.2.1944
  %.1201 = trunc i64 %.1080.0942 to i16
  store i16 %.1201, ptr %.1200, align 2
  %.idx940 = shl i64 %.1080.0942, 2
  %2 = getelementptr i8, ptr %.813, i64 %.idx940
  %3 = getelementptr i8, ptr %2, i64 2
  %.1256 = load i16, ptr %3, align 2
  %.1260 = zext i16 %.1256 to i64
  %.1285 = getelementptr i8, ptr %arg.wanted_at, i64 %.1260
  %.1286 = load i8, ptr %.1285, align 1
  %.1287 = zext i8 %.1286 to i64
  %.1289 = add i64 %found.2.1944, %.1287
  %exitcond.not = icmp eq i64 %.966, %.1149
  br i1 %exitcond.not, label %B752, label %B674.if

B784.if:
  %place.2.1948 = phi i64 [ %.13.i, %B1270 ], [ %place.3.0953, %B752 ]
  %.1329.0946 = phi i64 [ %.1399, %B1270 ], [ 0, %B752 ]
  %.1399 = add nuw nsw i64 %.1329.0946, 1
  %.1449 = getelementptr i16, ptr %arg.stage_at, i64 %.1329.0946
  %.1450 = load i16, ptr %.1449, align 2
  %.1451 = zext i16 %.1450 to i64
  %.idx = shl nuw nsw i64 %.1451, 2
  %4 = getelementptr i8, ptr %.813, i64 %.idx
  %.1498 = getelementptr i8, ptr %4, i64 2
  %.1499 = load i16, ptr %.1498, align 2
  %.1503 = zext i16 %.1499 to i64
  %.1528 = getelementptr i16, ptr %arg.slot_at, i64 %.1503
  %.1529 = load i16, ptr %.1528, align 2
  %.1530 = zext i16 %.1529 to i64
  %.1560 = getelementptr i64, ptr %arg.first_at, i64 %.1530
  %.1561 = load i64, ptr %.1560, align 8
  %.1592 = getelementptr i8, ptr %.1560, i64 8
  %.1593 = load i64, ptr %.1592, align 8
  %.1624 = getelementptr float, ptr %.991, i64 %.1451
  %.1625 = load float, ptr %.1624, align 4
  %.1656 = getelementptr float, ptr %arg.kept_at, i64 %place.2.1948
  store float %.1625, ptr %.1656, align 4
  %.1684 = getelementptr i32, ptr %arg.keep_at, i64 %.1530
  %.1685 = load i32, ptr %.1684, align 4
  %5 = and i32 %.1685, 1
  %.1687 = zext i32 %5 to i64
  %.1689 = add i64 %place.2.1948, %.1687
  %.13.i = tail call i64 @llvm.umin.i64(i64 %arg.most, i64 %.1689)
  %.1595 = sub i64 %.1593, %.1561
  %.1725 = icmp ugt i64 %.1595, 1
  br i1 %.1725, label %B1088, label %B1216
}

declare i64 @llvm.umin.i64(i64, i64)

declare i64 @llvm.smax.i64(i64, i64)
