; keep_wantedfloat32: made by tests/make_loops.py, not by hand
; source 5986419370107080d8e0e49821ee148a4fc81a6fc7c62a894ea8aff78d009052
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.halves_at, ptr readonly %arg.floats_at, i64 %arg.size, ptr readonly %arg.wanted_at, ptr readonly %arg.slot_at, ptr readonly %arg.first_at, ptr readonly %arg.thresholds_at, ptr readonly %arg.keep_at, ptr %arg.below_at, ptr writeonly %arg.kept_at, i64 %arg.most, ptr writeonly %arg.found_at, ptr %arg.stage_at) {
entry:
  %.526 = ashr i64 %arg.size, 2
  %0 = add nuw i64 %arg.size, 2047
  %.670 = lshr i64 %0, 11
  %.649.inv = icmp slt i64 %arg.size, 1
  %.6921214.not1221 = icmp eq i64 %.670, 0
  %.6921214.not = select i1 %.649.inv, i1 true, i1 %.6921214.not1221
  br i1 %.6921214.not, label %B1594, label %B584.if

B582.loopexit:
  %place.2.1.lcssa = phi i64 [ %place.3.01217, %B1030 ], [ %.13.i, %B1548 ]
  %.692 = icmp sgt i64 %.638.01215, 1
  br i1 %.692, label %B584.if, label %B1594

B782.loopexit:
  %.1430 = add nuw nsw i64 %.1361.01201, 1
  %exitcond1219.not = icmp eq i64 %.1213, %.1430
  br i1 %exitcond1219.not, label %B894, label %B782.if

B894:
  %found.4.1.lcssa = phi i64 [ 0, %B584.if ], [ %.1687, %B782.loopexit ]
  %.1775 = and i64 %.1043, 3
  %.18181204.not = icmp eq i64 %.1775, 0
  br i1 %.18181204.not, label %B1030, label %B952.if.preheader

B952.if.preheader:
  %.1731 = and i64 %.1043, 9223372036854775804
  br label %B952.if

B1030:
  %found.5.1.lcssa = phi i64 [ %found.4.1.lcssa, %B894 ], [ %.1971, %B952.if ]
  %.20681209.not = icmp slt i64 %found.5.1.lcssa, 1
  br i1 %.20681209.not, label %B582.loopexit, label %B1062.if

B1366:
  %.2426 = icmp ult i64 %.2243, %.2275
  br i1 %.2426, label %B1388.preheader, label %B1548

B1388.preheader:
  %.2471 = fpext float %.2307 to double
  br label %B1388

B1388:
  %low.3.2 = phi i64 [ %low.4.4, %B1388 ], [ %.2243, %B1388.preheader ]
  %high.2.2 = phi i64 [ %high.3.4, %B1388 ], [ %.2275, %B1388.preheader ]
  %.2437 = add i64 %high.2.2, %low.3.2
  %.2438 = lshr i64 %.2437, 1
  %.2468 = getelementptr double, ptr %arg.thresholds_at, i64 %.2438
  %.2469 = load double, ptr %.2468, align 8
  %.2472 = fcmp ugt double %.2469, %.2471
  %.2483 = add nuw i64 %.2438, 1
  %high.3.4 = select i1 %.2472, i64 %.2438, i64 %high.2.2
  %low.4.4 = select i1 %.2472, i64 %low.3.2, i64 %.2483
  %.2514 = icmp ult i64 %low.4.4, %high.3.4
  br i1 %.2514, label %B1388, label %B1548

B1494:
  %.2564 = getelementptr double, ptr %arg.thresholds_at, i64 %.2243
  %.2565 = load double, ptr %.2564, align 8
  %.2567 = fpext float %.2307 to double
  %.2568 = fcmp ole double %.2565, %.2567
  %.2578 = select i1 %.2568, i64 %.2275, i64 %.2243
  br label %B1548

B1548:
  %low.5.2 = phi i64 [ %.2578, %B1494 ], [ %.2243, %B1366 ], [ %low.4.4, %B1388 ]
  %1 = getelementptr i64, ptr %arg.below_at, i64 %low.5.2
  %.2621 = getelementptr i64, ptr %1, i64 %.2212
  %.2622 = load i64, ptr %.2621, align 8
  %.2623 = add nsw i64 %.2622, 1
  store i64 %.2623, ptr %.2621, align 8
  %exitcond1220.not = icmp eq i64 %found.5.1.lcssa, %.2081
  br i1 %exitcond1220.not, label %B582.loopexit, label %B1062.if

B1594:
  %place.3.0.lcssa = phi i64 [ 0, %entry ], [ %place.2.1.lcssa, %B582.loopexit ]
  store i64 %place.3.0.lcssa, ptr %arg.found_at, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B584.if:
  %place.3.01217 = phi i64 [ %place.2.1.lcssa, %B582.loopexit ], [ 0, %entry ]
  %.635.01216 = phi i64 [ %.705, %B582.loopexit ], [ 0, %entry ]
  %.638.01215 = phi i64 [ %.701, %B582.loopexit ], [ %.670, %entry ]
  %.701 = add nsw i64 %.638.01215, -1
  %.705 = add nuw i64 %.635.01216, 2048
  %.772 = icmp slt i64 %.635.01216, 0
  %.773 = select i1 %.772, i64 %arg.size, i64 0
  %.774 = add i64 %.773, %.635.01216
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.774, i64 0)
  %.782.not = icmp slt i64 %.774, %arg.size
  %.762.sroa.0.3 = select i1 %.782.not, i64 %spec.select, i64 %arg.size
  %.789 = icmp slt i64 %.635.01216, -2048
  %.790 = select i1 %.789, i64 %arg.size, i64 0
  %.791 = add i64 %.790, %.705
  %.799.not = icmp slt i64 %.791, %arg.size
  %.881.idx = shl i64 %.762.sroa.0.3, 2
  %.881 = getelementptr i8, ptr %arg.halves_at, i64 %.881.idx
  %.946.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.791, i64 0)
  %.946.sroa.13.0 = select i1 %.799.not, i64 %.946.sroa.13.1, i64 %arg.size
  %.1034 = sub nsw i64 %.946.sroa.13.0, %.762.sroa.0.3
  %.1043 = tail call i64 @llvm.smax.i64(i64 %.1034, i64 0)
  %.1059 = getelementptr float, ptr %arg.floats_at, i64 %.762.sroa.0.3
  %.1093 = ashr exact i64 %.705, 2
  %.1091 = ashr exact i64 %.635.01216, 2
  %.1135 = icmp slt i64 %.1091, 0
  %.1136 = select i1 %.1135, i64 %.526, i64 0
  %.1137 = add nsw i64 %.1136, %.1091
  %.1125.sroa.0.1 = tail call i64 @llvm.smax.i64(i64 %.1137, i64 0)
  %.1145.not = icmp slt i64 %.1137, %.526
  %.1125.sroa.0.3 = select i1 %.1145.not, i64 %.1125.sroa.0.1, i64 %.526
  %.1152 = icmp slt i64 %.1093, 0
  %.1153 = select i1 %.1152, i64 %.526, i64 0
  %.1154 = add nsw i64 %.1153, %.1093
  %.1125.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.1154, i64 0)
  %.1162.not = icmp slt i64 %.1154, %.526
  %.1125.sroa.13.0 = select i1 %.1162.not, i64 %.1125.sroa.13.1, i64 %.526
  %.1213 = sub nsw i64 %.1125.sroa.13.0, %.1125.sroa.0.3
  %.1244.idx = shl i64 %.1125.sroa.0.3, 4
  %.1244 = getelementptr i8, ptr %arg.halves_at, i64 %.1244.idx
  %.14171200.not = icmp slt i64 %.1213, 1
  br i1 %.14171200.not, label %B894, label %B782.if

B782.if:
  %found.4.11203 = phi i64 [ %.1687, %B782.loopexit ], [ 0, %B584.if ]
  %.1361.01201 = phi i64 [ %.1430, %B782.loopexit ], [ 0, %B584.if ]
  %.1567 = shl nsw i64 %.1361.01201, 2
  %.idx1196 = shl i64 %.1361.01201, 4
  %2 = getelementptr i8, ptr %.1244, i64 %.idx1196
  br label %switch.end

switch.end:
  %found.3.21199 = phi i64 [ %found.4.11203, %B782.if ], [ %.1687, %switch.end ]
  %.1479.01198 = phi i64 [ 0, %B782.if ], [ %.1541, %switch.end ]
  %.1541 = add nuw nsw i64 %.1479.01198, 1
  %.1568 = add nuw nsw i64 %.1479.01198, %.1567
  %.1595 = getelementptr i16, ptr %arg.stage_at, i64 %found.3.21199
  %.1596 = trunc i64 %.1568 to i16
  store i16 %.1596, ptr %.1595, align 2
  %.idx1197 = shl nuw nsw i64 %.1479.01198, 2
  %3 = getelementptr i8, ptr %2, i64 %.idx1197
  %4 = getelementptr i8, ptr %3, i64 2
  %.1654 = load i16, ptr %4, align 2
  %.1658 = zext i16 %.1654 to i64
  %.1683 = getelementptr i8, ptr %arg.wanted_at, i64 %.1658
  %.1684 = load i8, ptr %.1683, align 1
  %.1685 = zext i8 %.1684 to i64
  %.1687 = add i64 %found.3.21199, %.1685
  %exitcond.not = icmp eq i64 %.1541, 4
  br i1 %exitcond.not, label %B782.loopexit, label %switch.end

B952.if:
  %found.5.11207 = phi i64 [ %.1971, %B952.if ], [ %found.4.1.lcssa, %B952.if.preheader ]
  %.1765.01206 = phi i64 [ %.1827, %B952.if ], [ %.1775, %B952.if.preheader ]
  %.1762.01205 = phi i64 [ %.1831, %B952.if ], [ %.1731, %B952.if.preheader ]
  %.1827 = add nsw i64 %.1765.01206, -1
  %.1831 = add nuw nsw i64 %.1762.01205, 1
  %.1882 = getelementptr i16, ptr %arg.stage_at, i64 %found.5.11207
  %.1883 = trunc i64 %.1762.01205 to i16
  store i16 %.1883, ptr %.1882, align 2
  %.idx1195 = shl i64 %.1762.01205, 2
  %5 = getelementptr i8, ptr %.881, i64 %.idx1195
  %6 = getelementptr i8, ptr %5, i64 2
  %.1938 = load i16, ptr %6, align 2
  %.1942 = zext i16 %.1938 to i64
  %.1967 = getelementptr i8, ptr %arg.wanted_at, i64 %.1942
  %.1968 = load i8, ptr %.1967, align 1
  %.1969 = zext i8 %.1968 to i64
  %.1971 = add i64 %found.5.11207, %.1969
  %.1818 = icmp ugt i64 %.1765.01206, 1
  br i1 %.1818, label %B952.if, label %B1030

B1062.if:
  %place.2.11212 = phi i64 [ %.13.i, %B1548 ], [ %place.3.01217, %B1030 ]
  %.2011.01210 = phi i64 [ %.2081, %B1548 ], [ 0, %B1030 ]
  %.2081 = add nuw nsw i64 %.2011.01210, 1
  %.2131 = getelementptr i16, ptr %arg.stage_at, i64 %.2011.01210
  %.2132 = load i16, ptr %.2131, align 2
  %.2133 = zext i16 %.2132 to i64
  %.idx = shl nuw nsw i64 %.2133, 2
  %7 = getelementptr i8, ptr %.881, i64 %.idx
  %.2180 = getelementptr i8, ptr %7, i64 2
  %.2181 = load i16, ptr %.2180, align 2
  %.2185 = zext i16 %.2181 to i64
  %.2210 = getelementptr i16, ptr %arg.slot_at, i64 %.2185
  %.2211 = load i16, ptr %.2210, align 2
  %.2212 = zext i16 %.2211 to i64
  %.2242 = getelementptr i64, ptr %arg.first_at, i64 %.2212
  %.2243 = load i64, ptr %.2242, align 8
  %.2274 = getelementptr i8, ptr %.2242, i64 8
  %.2275 = load i64, ptr %.2274, align 8
  %.2306 = getelementptr float, ptr %.1059, i64 %.2133
  %.2307 = load float, ptr %.2306, align 4
  %.2338 = getelementptr float, ptr %arg.kept_at, i64 %place.2.11212
  store float %.2307, ptr %.2338, align 4
  %.2366 = getelementptr i32, ptr %arg.keep_at, i64 %.2212
  %.2367 = load i32, ptr %.2366, align 4
  %8 = and i32 %.2367, 1
  %.2369 = zext i32 %8 to i64
  %.2371 = add i64 %place.2.11212, %.2369
  %.13.i = tail call i64 @llvm.umin.i64(i64 %arg.most, i64 %.2371)
  %.2277 = sub i64 %.2275, %.2243
  %.2407 = icmp ugt i64 %.2277, 1
  br i1 %.2407, label %B1366, label %B1494
}

declare i64 @llvm.smax.i64(i64, i64)

declare i64 @llvm.umin.i64(i64, i64)
