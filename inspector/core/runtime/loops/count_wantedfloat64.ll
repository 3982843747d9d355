; count_wantedfloat64: made by tests/make_loops.py, not by hand
; source d27b2117e0062428984cd884126c4cbb1e615eccf99a414046c9802b17bc1cfe
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.halves_at, ptr readonly %arg.floats_at, i64 %arg.size, ptr readonly %arg.wanted_at, ptr readonly %arg.slot_at, ptr readonly %arg.first_at, ptr readonly %arg.thresholds_at, ptr readonly %arg.fine_at, ptr readonly %arg.keep_at, ptr %arg.below_at, ptr %arg.table_at, ptr %arg.stage_at) {
entry:
  %0 = add nuw i64 %arg.size, 2047
  %.699 = lshr i64 %0, 11
  %.678.inv = icmp slt i64 %arg.size, 1
  %.721999.not1003 = icmp eq i64 %.699, 0
  %.721999.not = select i1 %.678.inv, i1 true, i1 %.721999.not1003
  br i1 %.721999.not, label %B1360, label %B558.if

B556.loopexit:
  %.721 = icmp sgt i64 %.667.01001, 1
  br i1 %.721, label %B558.if, label %B1360

B774:
  %.1477996.not = icmp slt i64 %.1386, 1
  br i1 %.1477996.not, label %B556.loopexit, label %B806.if

B1132:
  %.1944 = icmp ult i64 %.1856, %.1888
  br i1 %.1944, label %B1154, label %B1314

B1154:
  %low.3.2 = phi i64 [ %low.4.4, %B1154 ], [ %.1856, %B1132 ]
  %high.2.2 = phi i64 [ %high.3.4, %B1154 ], [ %.1888, %B1132 ]
  %.1955 = add i64 %high.2.2, %low.3.2
  %.1956 = lshr i64 %.1955, 1
  %.1986 = getelementptr double, ptr %arg.thresholds_at, i64 %.1956
  %.1987 = load double, ptr %.1986, align 8
  %.1989 = fcmp ugt double %.1987, %.1920
  %.2000 = add nuw i64 %.1956, 1
  %high.3.4 = select i1 %.1989, i64 %.1956, i64 %high.2.2
  %low.4.4 = select i1 %.1989, i64 %low.3.2, i64 %.2000
  %.2031 = icmp ult i64 %low.4.4, %high.3.4
  br i1 %.2031, label %B1154, label %B1314

B1260:
  %.2081 = getelementptr double, ptr %arg.thresholds_at, i64 %.1856
  %.2082 = load double, ptr %.2081, align 8
  %.2084 = fcmp ole double %.2082, %.1920
  %.2094 = select i1 %.2084, i64 %.1888, i64 %.1856
  br label %B1314

B1314:
  %low.5.2 = phi i64 [ %.2094, %B1260 ], [ %.1856, %B1132 ], [ %low.4.4, %B1154 ]
  %1 = getelementptr i64, ptr %arg.below_at, i64 %low.5.2
  %.2132 = getelementptr i64, ptr %1, i64 %.1621
  %.2133 = load i64, ptr %.2132, align 8
  %.2134 = add nsw i64 %.2133, 1
  store i64 %.2134, ptr %.2132, align 8
  %exitcond1002.not = icmp eq i64 %.1386, %.1490
  br i1 %exitcond1002.not, label %B556.loopexit, label %B806.if

B1360:
  store ptr null, ptr %retptr, align 8
  ret i32 0

B558.if:
  %.667.01001 = phi i64 [ %.730, %B556.loopexit ], [ %.699, %entry ]
  %.664.01000 = phi i64 [ %.734, %B556.loopexit ], [ 0, %entry ]
  %.730 = add nsw i64 %.667.01001, -1
  %.734 = add nuw i64 %.664.01000, 2048
  %.801 = icmp slt i64 %.664.01000, 0
  %.802 = select i1 %.801, i64 %arg.size, i64 0
  %.803 = add i64 %.802, %.664.01000
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.803, i64 0)
  %.811.not = icmp slt i64 %.803, %arg.size
  %.791.sroa.0.3 = select i1 %.811.not, i64 %spec.select, i64 %arg.size
  %.818 = icmp slt i64 %.664.01000, -2048
  %.819 = select i1 %.818, i64 %arg.size, i64 0
  %.820 = add i64 %.819, %.734
  %.828.not = icmp slt i64 %.820, %arg.size
  %.910.idx = shl i64 %.791.sroa.0.3, 3
  %.910 = getelementptr i8, ptr %arg.halves_at, i64 %.910.idx
  %.975.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.820, i64 0)
  %.975.sroa.13.0 = select i1 %.828.not, i64 %.975.sroa.13.1, i64 %arg.size
  %.1063 = sub nsw i64 %.975.sroa.13.0, %.791.sroa.0.3
  %.1088 = getelementptr double, ptr %arg.floats_at, i64 %.791.sroa.0.3
  %.1233992.not = icmp slt i64 %.1063, 1
  br i1 %.1233992.not, label %B556.loopexit, label %B696.if

B696.if:
  %found.2.1995 = phi i64 [ %.1386, %B696.if ], [ 0, %B558.if ]
  %.1177.0993 = phi i64 [ %.1246, %B696.if ], [ 0, %B558.if ]
  %.1246 = add nuw nsw i64 %.1177.0993, 1
  %.1297 = getelementptr i16, ptr %arg.stage_at, i64 %found.2.1995
  %.1298 = trunc i64 %.1177.0993 to i16
  store i16 %.1298, ptr %.1297, align 2
  %.idx991 = shl i64 %.1177.0993, 3
  %2 = getelementptr i8, ptr %.910, i64 %.idx991
  %3 = getelementptr i8, ptr %2, i64 6
  %.1353 = load i16, ptr %3, align 2
  %.1357 = zext i16 %.1353 to i64
  %.1382 = getelementptr i8, ptr %arg.wanted_at, i64 %.1357
  %.1383 = load i8, ptr %.1382, align 1
  %.1384 = zext i8 %.1383 to i64
  %.1386 = add i64 %found.2.1995, %.1384
  %exitcond.not = icmp eq i64 %.1063, %.1246
  br i1 %exitcond.not, label %B774, label %B696.if

B806.if:
  %.1420.0997 = phi i64 [ %.1490, %B1314 ], [ 0, %B774 ]
  %.1490 = add nuw nsw i64 %.1420.0997, 1
  %.1540 = getelementptr i16, ptr %arg.stage_at, i64 %.1420.0997
  %.1541 = load i16, ptr %.1540, align 2
  %.1542 = zext i16 %.1541 to i64
  %.idx = shl nuw nsw i64 %.1542, 3
  %4 = getelementptr i8, ptr %.910, i64 %.idx
  %.1589 = getelementptr i8, ptr %4, i64 6
  %.1590 = load i16, ptr %.1589, align 2
  %.1594 = zext i16 %.1590 to i64
  %.1619 = getelementptr i16, ptr %arg.slot_at, i64 %.1594
  %.1620 = load i16, ptr %.1619, align 2
  %.1621 = zext i16 %.1620 to i64
  %.1651 = getelementptr i64, ptr %arg.fine_at, i64 %.1621
  %.1652 = load i64, ptr %.1651, align 8
  %.1699 = getelementptr i8, ptr %4, i64 4
  %.1700 = load i16, ptr %.1699, align 2
  %.1729 = getelementptr i32, ptr %arg.keep_at, i64 %.1621
  %.1730 = load i32, ptr %.1729, align 4
  %5 = zext i16 %.1700 to i32
  %.1733938 = and i32 %.1730, %5
  %.1733 = zext i32 %.1733938 to i64
  %.idx990 = shl i64 %.1652, 18
  %6 = getelementptr i8, ptr %arg.table_at, i64 %.idx990
  %.1778 = getelementptr i32, ptr %6, i64 %.1733
  %.1779 = load i32, ptr %.1778, align 4
  %.1783 = add i32 %.1779, 1
  store i32 %.1783, ptr %.1778, align 4
  %.1855 = getelementptr i64, ptr %arg.first_at, i64 %.1621
  %.1856 = load i64, ptr %.1855, align 8
  %.1887 = getelementptr i8, ptr %.1855, i64 8
  %.1888 = load i64, ptr %.1887, align 8
  %.1890 = sub i64 %.1888, %.1856
  %.1919 = getelementptr double, ptr %.1088, i64 %.1542
  %.1920 = load double, ptr %.1919, align 8
  %.1925 = icmp ugt i64 %.1890, 1
  br i1 %.1925, label %B1132, label %B1260
}

declare i64 @llvm.smax.i64(i64, i64)
