; scanfloat64: made by tests/make_loops.py, not by hand
; source da7b4359cd6b010fe0b8bd5dbcdc19ac1090074f892cd63644376319946909b6
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.halves_at, ptr readonly %arg.keys_at, ptr readonly %arg.floats_at, i64 %arg.size, i64 %arg.magnitude, i64 %arg.infinite, ptr %arg.tables, ptr writeonly %arg.rows_at, ptr writeonly %arg.found_at) {
entry:
  %.310 = add nsw i64 %arg.size, 32767
  %.318.0 = ashr i64 %.310, 15
  %.510 = getelementptr i8, ptr %arg.tables, i64 262144
  %.638 = ashr i64 %arg.size, 1
  %.797 = sub i64 0, %arg.magnitude
  %.834 = load double, ptr %arg.floats_at, align 8
  %.9671965.not = icmp slt i64 %arg.size, 1
  br i1 %.9671965.not, label %B742, label %B610.if.preheader

B610.if.preheader:
  %storemerge = tail call i64 @llvm.smin.i64(i64 %arg.size, i64 256)
  br label %B610.if

B644:
  %.1069 = icmp eq i64 %seen.2.01969, 0
  br i1 %.1069, label %B656, label %B674

B656:
  %0 = getelementptr double, ptr %arg.floats_at, i64 %.911.01967
  %.1103 = load double, ptr %0, align 8
  br label %B674

B674:
  %"$phi674.1.2.2" = phi double [ %.1103, %B656 ], [ %near.5.01968, %B644 ]
  %.1120 = add nsw i64 %seen.2.01969, 1
  %1 = getelementptr double, ptr %arg.floats_at, i64 %.911.01967
  %.1155 = load double, ptr %1, align 8
  %.1159 = fsub reassoc contract double %.1155, %"$phi674.1.2.2"
  %.1161 = fadd reassoc contract double %total.6.01970, %.1159
  %.1166 = fmul reassoc contract double %.1159, %.1159
  %.1168 = fadd reassoc contract double %squares.6.01971, %.1166
  br label %B740

B740:
  %near.6.1 = phi double [ %"$phi674.1.2.2", %B674 ], [ %near.5.01968, %B610.if ]
  %seen.3.1 = phi i64 [ %.1120, %B674 ], [ %seen.2.01969, %B610.if ]
  %total.7.1 = phi double [ %.1161, %B674 ], [ %total.6.01970, %B610.if ]
  %squares.7.1 = phi double [ %.1168, %B674 ], [ %squares.6.01971, %B610.if ]
  %.967 = icmp sgt i64 %.914.01966, 1
  br i1 %.967, label %B610.if, label %B742

B742:
  %near.5.0.lcssa = phi double [ %.834, %entry ], [ %near.6.1, %B740 ]
  %seen.2.0.lcssa = phi i64 [ 0, %entry ], [ %seen.3.1, %B740 ]
  %total.6.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %total.7.1, %B740 ]
  %squares.6.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %squares.7.1, %B740 ]
  %.1206 = icmp sgt i64 %seen.2.0.lcssa, 0
  br i1 %.1206, label %B754, label %B864

B754:
  %.1213 = uitofp i64 %seen.2.0.lcssa to double
  %.1217 = fdiv reassoc contract double %total.6.0.lcssa, %.1213
  %.1219 = fadd reassoc contract double %near.5.0.lcssa, %.1217
  %.1222 = fmul reassoc contract double %.1219, %.1219
  %.1225 = fmul reassoc contract double %.1222, %.1213
  %.1236 = fmul reassoc contract double %total.6.0.lcssa, %.1217
  %.1238 = fsub reassoc contract double %squares.6.0.lcssa, %.1236
  %.1239 = fcmp reassoc contract olt double %.1225, %.1238
  br i1 %.1239, label %B812, label %B864

B812:
  br label %B864

B864:
  %near.10.0 = phi double [ 0.000000e+00, %B812 ], [ %near.5.0.lcssa, %B754 ], [ %near.5.0.lcssa, %B742 ]
  %.14052014 = icmp sgt i64 %.318.0, 0
  br i1 %.14052014, label %B898.lr.ph, label %B2728

B898.lr.ph:
  %.1351.12016 = add nsw i64 %.318.0, -1
  %.2083 = getelementptr i8, ptr %arg.tables, i64 131072
  %.2149 = getelementptr i8, ptr %arg.tables, i64 393216
  %.3277 = xor i64 %arg.magnitude, -1
  %.3644 = sub i64 0, %arg.infinite
  br label %B898

B898:
  %.1395.sroa.0.02027 = phi i64 [ 0, %B898.lr.ph ], [ %.1395.sroa.0.0, %B2724 ]
  %.1348.12026 = phi i64 [ 1, %B898.lr.ph ], [ %.1348.1, %B2724 ]
  %.1351.12025 = phi i64 [ %.1351.12016, %B898.lr.ph ], [ %.1351.1, %B2724 ]
  %near.9.02024 = phi double [ %near.10.0, %B898.lr.ph ], [ %near.11.2, %B2724 ]
  %least.2.02023 = phi i64 [ %arg.magnitude, %B898.lr.ph ], [ %least.3.1, %B2724 ]
  %greatest.2.02022 = phi i64 [ %.797, %B898.lr.ph ], [ %greatest.3.1, %B2724 ]
  %neginf.2.02021 = phi i64 [ 0, %B898.lr.ph ], [ %.4654, %B2724 ]
  %posinf.2.02020 = phi i64 [ 0, %B898.lr.ph ], [ %.4646, %B2724 ]
  %zeros.3.02019 = phi i64 [ 0, %B898.lr.ph ], [ %zeros.4.1, %B2724 ]
  %finite.2.02018 = phi i64 [ 0, %B898.lr.ph ], [ %finite.3.1, %B2724 ]
  %.1447 = shl nsw i64 %.1395.sroa.0.02027, 15
  %.1452 = add nsw i64 %.1447, 32768
  %.1490 = icmp slt i64 %.1395.sroa.0.02027, 0
  %.1491 = select i1 %.1490, i64 %arg.size, i64 0
  %.1492 = add i64 %.1491, %.1447
  %.1495 = icmp slt i64 %.1492, 0
  br i1 %.1495, label %B898.else.if, label %B898.else.endif

B1264:
  %.2539 = and i64 %.1577, 1
  %.2540.not = icmp eq i64 %.2539, 0
  br i1 %.2540.not, label %B1354, label %B1284

B1284:
  %.2550 = add nsw i64 %.1577, %.1447
  %.2553 = add i64 %.2550, 2305843009213693951
  %.2579.inv = icmp sgt i64 %.2550, 0
  %.2580 = select i1 %.2579.inv, i64 0, i64 %arg.size
  %.2581 = add i64 %.2553, %.2580
  %.idx = shl i64 %.2581, 3
  %2 = getelementptr i8, ptr %arg.halves_at, i64 %.idx
  %3 = getelementptr i8, ptr %2, i64 6
  %.2606 = load i16, ptr %3, align 2
  %.2610 = zext i16 %.2606 to i64
  %.2635 = getelementptr i32, ptr %arg.tables, i64 %.2610
  %.2636 = load i32, ptr %.2635, align 4
  %.2640 = add i32 %.2636, 1
  store i32 %.2640, ptr %.2635, align 4
  br label %B1354

B1354:
  %.2706 = load i32, ptr %arg.tables, align 4
  %.2737 = load i32, ptr %.2083, align 4
  %.2738 = zext i32 %.2706 to i64
  %.2739 = zext i32 %.2737 to i64
  %.2740 = add nuw nsw i64 %.2739, %.2738
  %.2770 = load i32, ptr %.510, align 4
  %.2771 = zext i32 %.2770 to i64
  %.2772 = add nuw nsw i64 %.2740, %.2771
  %.2803 = load i32, ptr %.2149, align 4
  %.2804 = zext i32 %.2803 to i64
  %.2805 = add nuw nsw i64 %.2772, %.2804
  %.2807.not = icmp ne i64 %.2805, %.2152
  %.29081978 = icmp sgt i64 %.1568, 0
  %or.cond2035 = and i1 %.2807.not, %.29081978
  br i1 %or.cond2035, label %B1472.if, label %B1534

B1534:
  %zeros.4.1 = phi i64 [ %zeros.3.02019, %B1354 ], [ %.3006, %B1472.if ]
  %.33701983.not = icmp slt i64 %.1568, 1
  %.38121994.not = icmp slt i64 %.1568, 1
  br label %B1566.if

B1858:
  %total.8.2.lcssa = phi double [ 0.000000e+00, %B1566.if ], [ %.3441, %B1680.if ]
  %squares.8.2.lcssa = phi double [ 0.000000e+00, %B1566.if ], [ %.3449, %B1680.if ]
  %high.4.2.lcssa = phi i64 [ %.3277, %B1566.if ], [ %.13.i1963, %B1680.if ]
  %low.4.2.lcssa = phi i64 [ %arg.magnitude, %B1566.if ], [ %.13.i1962, %B1680.if ]
  %.3605.not = icmp sge i64 %high.4.2.lcssa, %arg.infinite
  %.3646 = icmp slt i64 %low.4.2.lcssa, %.3644
  %or.cond = select i1 %.3605.not, i1 true, i1 %.3646
  br i1 %or.cond, label %B2010.preheader, label %B2312

B2010.preheader:
  br i1 %.38121994.not, label %B2312, label %B2010.if

B2048:
  %4 = getelementptr double, ptr %.1767, i64 %.3735.01995
  %.3939 = load double, ptr %4, align 8
  %.3941 = fsub reassoc contract double %.3939, %near.7.12013
  %.3943 = fadd reassoc contract double %total.9.31999, %.3941
  %.3949 = fmul reassoc contract double %.3941, %.3941
  %.3951 = fadd reassoc contract double %squares.9.32000, %.3949
  %.3988 = icmp slt i64 %.3897, 0
  %.4024 = select i1 %.3988, i64 %arg.magnitude, i64 0
  %"$phi2174.3.2.4" = xor i64 %.4024, %.3897
  %.13.i1958 = tail call i64 @llvm.smin.i64(i64 %"$phi2174.3.2.4", i64 %low.5.32003)
  %.13.i1959 = tail call i64 @llvm.smax.i64(i64 %"$phi2174.3.2.4", i64 %high.5.32002)
  %.4161 = add nsw i64 %good.3.32001, 1
  br label %B2729

B2252:
  %.4174 = icmp eq i64 %.3899, %arg.infinite
  br i1 %.4174, label %B2264, label %B2729

B2264:
  %.4213 = icmp slt i64 %.3897, 0
  br i1 %.4213, label %B2288, label %B2300

B2288:
  %.4246 = add nsw i64 %minus.2.31998, 1
  br label %B2729

B2300:
  %.4253 = add nsw i64 %plus.2.31997, 1
  br label %B2729

B2312:
  %total.11.3 = phi double [ %total.8.2.lcssa, %B1858 ], [ 0.000000e+00, %B2010.preheader ], [ %total.10.4, %B2729 ]
  %squares.11.3 = phi double [ %squares.8.2.lcssa, %B1858 ], [ 0.000000e+00, %B2010.preheader ], [ %squares.10.4, %B2729 ]
  %high.8.3 = phi i64 [ %high.4.2.lcssa, %B1858 ], [ %.3277, %B2010.preheader ], [ %high.6.4, %B2729 ]
  %low.8.3 = phi i64 [ %low.4.2.lcssa, %B1858 ], [ %arg.magnitude, %B2010.preheader ], [ %low.6.4, %B2729 ]
  %good.5.3 = phi i64 [ %.1577, %B1858 ], [ 0, %B2010.preheader ], [ %good.4.4, %B2729 ]
  %plus.6.3 = phi i64 [ 0, %B1858 ], [ 0, %B2010.preheader ], [ %plus.3.4, %B2729 ]
  %minus.5.3 = phi i64 [ 0, %B1858 ], [ 0, %B2010.preheader ], [ %minus.3.4, %B2729 ]
  %.4322 = icmp eq i64 %good.5.3, 0
  %brmerge = select i1 %.4322, i1 true, i1 %10
  br i1 %brmerge, label %B2562, label %B2340

B2340:
  %.4391 = sitofp i64 %good.5.3 to double
  %.4395 = fdiv reassoc contract double %total.11.3, %.4391
  %.4397 = fmul reassoc contract double %total.11.3, %.4395
  %.4399 = fsub reassoc contract double %squares.11.3, %.4397
  %.4404 = fadd reassoc contract double %near.7.12013, %.4395
  %.4409 = fcmp reassoc contract une double %near.7.12013, 0.000000e+00
  br i1 %.4409, label %B2388, label %B2466

B2388:
  %.4413 = fmul reassoc contract double %.4404, %.4404
  %.4416 = fmul reassoc contract double %.4413, %.4391
  %.4418 = fcmp reassoc contract olt double %.4416, %.4399
  br i1 %.4418, label %B2542, label %B2466

B2466:
  %.4433 = fmul reassoc contract double %.4399, 1.000000e+02
  %.4437 = fcmp reassoc contract ogt double %squares.11.3, %.4433
  br i1 %.4437, label %B2542, label %B2562

B2542:
  %near.8.3 = phi double [ 0.000000e+00, %B2388 ], [ %.4404, %B2466 ]
  %.4510 = fcmp reassoc contract une double %near.8.3, %near.7.12013
  br i1 %.4510, label %B1566.if, label %B2562

B2562:
  %near.11.2 = phi double [ %near.8.3, %B2542 ], [ %near.7.12013, %B2466 ], [ %near.7.12013, %B2312 ]
  %.4646 = add nsw i64 %plus.6.3, %posinf.2.02020
  %.4654 = add nsw i64 %minus.5.3, %neginf.2.02021
  %.4689 = select i1 %.1490, i64 %.318.0, i64 0
  %.4690 = add i64 %.4689, %.1395.sroa.0.02027
  %.4714.idx = shl i64 %.4690, 5
  %.4714 = getelementptr i8, ptr %arg.rows_at, i64 %.4714.idx
  %.4715 = sitofp i64 %good.5.3 to double
  store double %.4715, ptr %.4714, align 8
  %.4771 = getelementptr i8, ptr %.4714, i64 8
  store double %near.7.12013, ptr %.4771, align 8
  %.4827 = getelementptr i8, ptr %.4714, i64 16
  store double %total.11.3, ptr %.4827, align 8
  %.4885 = getelementptr i8, ptr %.4714, i64 24
  store double %squares.11.3, ptr %.4885, align 8
  %.4888 = icmp sgt i64 %good.5.3, 0
  br i1 %.4888, label %B2650, label %B2724

B2650:
  %.4892 = add nuw nsw i64 %good.5.3, %finite.2.02018
  %.13.i1960 = tail call i64 @llvm.smin.i64(i64 %low.8.3, i64 %least.2.02023)
  %.13.i1961 = tail call i64 @llvm.smax.i64(i64 %high.8.3, i64 %greatest.2.02022)
  br label %B2724

B2724:
  %finite.3.1 = phi i64 [ %.4892, %B2650 ], [ %finite.2.02018, %B2562 ]
  %greatest.3.1 = phi i64 [ %.13.i1961, %B2650 ], [ %greatest.2.02022, %B2562 ]
  %least.3.1 = phi i64 [ %.13.i1960, %B2650 ], [ %least.2.02023, %B2562 ]
  %.1405 = icmp sgt i64 %.1351.12025, 0
  %.1414 = sext i1 %.1405 to i64
  %.1351.1 = add nsw i64 %.1351.12025, %.1414
  %.1418 = zext i1 %.1405 to i64
  %.1348.1 = add i64 %.1348.12026, %.1418
  %.1395.sroa.0.0 = select i1 %.1405, i64 %.1348.12026, i64 0
  br i1 %.1405, label %B898, label %B2728

B2728:
  %finite.2.0.lcssa = phi i64 [ 0, %B864 ], [ %finite.3.1, %B2724 ]
  %zeros.3.0.lcssa = phi i64 [ 0, %B864 ], [ %zeros.4.1, %B2724 ]
  %posinf.2.0.lcssa = phi i64 [ 0, %B864 ], [ %.4646, %B2724 ]
  %neginf.2.0.lcssa = phi i64 [ 0, %B864 ], [ %.4654, %B2724 ]
  %greatest.2.0.lcssa = phi i64 [ %.797, %B864 ], [ %greatest.3.1, %B2724 ]
  %least.2.0.lcssa = phi i64 [ %arg.magnitude, %B864 ], [ %least.3.1, %B2724 ]
  store i64 %finite.2.0.lcssa, ptr %arg.found_at, align 8
  %.5181 = getelementptr i8, ptr %arg.found_at, i64 8
  store i64 %least.2.0.lcssa, ptr %.5181, align 8
  %.5214 = getelementptr i8, ptr %arg.found_at, i64 16
  store i64 %greatest.2.0.lcssa, ptr %.5214, align 8
  %.5247 = getelementptr i8, ptr %arg.found_at, i64 24
  store i64 %zeros.3.0.lcssa, ptr %.5247, align 8
  %.5280 = getelementptr i8, ptr %arg.found_at, i64 32
  store i64 %posinf.2.0.lcssa, ptr %.5280, align 8
  %.5313 = getelementptr i8, ptr %arg.found_at, i64 40
  store i64 %neginf.2.0.lcssa, ptr %.5313, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B2729:
  %total.10.4 = phi double [ %.3943, %B2048 ], [ %total.9.31999, %B2288 ], [ %total.9.31999, %B2300 ], [ %total.9.31999, %B2252 ]
  %squares.10.4 = phi double [ %.3951, %B2048 ], [ %squares.9.32000, %B2288 ], [ %squares.9.32000, %B2300 ], [ %squares.9.32000, %B2252 ]
  %plus.3.4 = phi i64 [ %plus.2.31997, %B2048 ], [ %plus.2.31997, %B2288 ], [ %.4253, %B2300 ], [ %plus.2.31997, %B2252 ]
  %minus.3.4 = phi i64 [ %minus.2.31998, %B2048 ], [ %.4246, %B2288 ], [ %minus.2.31998, %B2300 ], [ %minus.2.31998, %B2252 ]
  %low.6.4 = phi i64 [ %.13.i1958, %B2048 ], [ %low.5.32003, %B2288 ], [ %low.5.32003, %B2300 ], [ %low.5.32003, %B2252 ]
  %high.6.4 = phi i64 [ %.13.i1959, %B2048 ], [ %high.5.32002, %B2288 ], [ %high.5.32002, %B2300 ], [ %high.5.32002, %B2252 ]
  %good.4.4 = phi i64 [ %.4161, %B2048 ], [ %good.3.32001, %B2288 ], [ %good.3.32001, %B2300 ], [ %good.3.32001, %B2252 ]
  %exitcond2038.not = icmp eq i64 %.1568, %.3825
  br i1 %exitcond2038.not, label %B2312, label %B2010.if

B610.if:
  %squares.6.01971 = phi double [ %squares.7.1, %B740 ], [ 0.000000e+00, %B610.if.preheader ]
  %total.6.01970 = phi double [ %total.7.1, %B740 ], [ 0.000000e+00, %B610.if.preheader ]
  %seen.2.01969 = phi i64 [ %seen.3.1, %B740 ], [ 0, %B610.if.preheader ]
  %near.5.01968 = phi double [ %near.6.1, %B740 ], [ %.834, %B610.if.preheader ]
  %.911.01967 = phi i64 [ %.980, %B740 ], [ 0, %B610.if.preheader ]
  %.914.01966 = phi i64 [ %.976, %B740 ], [ %storemerge, %B610.if.preheader ]
  %.976 = add nsw i64 %.914.01966, -1
  %.980 = add nuw nsw i64 %.911.01967, 1
  %5 = getelementptr i64, ptr %arg.keys_at, i64 %.911.01967
  %.1054 = load i64, ptr %5, align 8
  %.1056 = and i64 %.1054, %arg.magnitude
  %.1058 = icmp slt i64 %.1056, %arg.infinite
  br i1 %.1058, label %B644, label %B740

B898.endif:
  %.1480.sroa.13.0 = phi i64 [ %arg.size, %B898.else.endif.endif.endif.if ], [ %.1480.sroa.13.1, %B898.else.endif.endif.endif ]
  %.1568 = sub i64 %.1480.sroa.13.0, %.1480.sroa.0.3
  %.1577 = tail call i64 @llvm.smax.i64(i64 %.1568, i64 0)
  %.1593 = getelementptr i64, ptr %arg.keys_at, i64 %.1480.sroa.0.3
  br i1 %.1495, label %B898.endif.else.if, label %B898.endif.else.endif

B898.else.if:
  br label %B898.else.endif

B898.else.endif:
  %.1480.sroa.0.1 = phi i64 [ 0, %B898.else.if ], [ %.1492, %B898 ]
  %.1500.not = icmp slt i64 %.1492, %arg.size
  br i1 %.1500.not, label %B898.else.endif.endif, label %B898.else.endif.if

B898.else.endif.if:
  br label %B898.else.endif.endif

B898.else.endif.endif:
  %.1480.sroa.0.3 = phi i64 [ %arg.size, %B898.else.endif.if ], [ %.1480.sroa.0.1, %B898.else.endif ]
  %.1507 = icmp slt i64 %.1395.sroa.0.02027, -1
  %.1508 = select i1 %.1507, i64 %arg.size, i64 0
  %.1509 = add i64 %.1452, %.1508
  %.1512 = icmp slt i64 %.1509, 0
  br i1 %.1512, label %B898.else.endif.endif.if, label %B898.else.endif.endif.endif

B898.else.endif.endif.if:
  br label %B898.else.endif.endif.endif

B898.else.endif.endif.endif:
  %.1480.sroa.13.1 = phi i64 [ 0, %B898.else.endif.endif.if ], [ %.1509, %B898.else.endif.endif ]
  %.1517.not = icmp slt i64 %.1509, %arg.size
  br i1 %.1517.not, label %B898.endif, label %B898.else.endif.endif.endif.if

B898.else.endif.endif.endif.if:
  br label %B898.endif

B898.endif.else.if:
  br label %B898.endif.else.endif

B898.endif.else.endif:
  %.1654.sroa.0.1 = phi i64 [ 0, %B898.endif.else.if ], [ %.1492, %B898.endif ]
  br i1 %.1500.not, label %B898.endif.else.endif.endif.endif, label %B898.endif.else.endif.if

B898.endif.else.endif.if:
  br label %B898.endif.else.endif.endif.endif

B898.endif.else.endif.endif.endif:
  %.1654.sroa.0.3 = phi i64 [ %arg.size, %B898.endif.else.endif.if ], [ %.1654.sroa.0.1, %B898.endif.else.endif ]
  %.1767 = getelementptr double, ptr %arg.floats_at, i64 %.1654.sroa.0.3
  %.1803 = ashr exact i64 %.1452, 1
  %.1800 = shl nsw i64 %.1395.sroa.0.02027, 14
  %.1846 = select i1 %.1490, i64 %.638, i64 0
  %.1847 = add i64 %.1846, %.1800
  %.1850 = icmp slt i64 %.1847, 0
  br i1 %.1850, label %B898.endif.endif.else.if, label %B898.endif.endif.else.endif

B898.endif.endif.endif:
  %.1835.sroa.13.0 = phi i64 [ %.638, %B898.endif.endif.else.endif.endif.endif.if ], [ %.1835.sroa.13.1, %B898.endif.endif.else.endif.endif.endif ]
  %.1923 = sub i64 %.1835.sroa.13.0, %.1835.sroa.0.3
  %.1954.idx = shl i64 %.1835.sroa.0.3, 4
  %.1954 = getelementptr i8, ptr %arg.halves_at, i64 %.1954.idx
  %.2053 = load i32, ptr %arg.tables, align 4
  %.2084 = load i32, ptr %.2083, align 4
  %.2085 = zext i32 %.2053 to i64
  %.2086 = zext i32 %.2084 to i64
  %.2087 = add nuw nsw i64 %.2086, %.2085
  %.2117 = load i32, ptr %.510, align 4
  %.2118 = zext i32 %.2117 to i64
  %.2119 = add nuw nsw i64 %.2087, %.2118
  %.2150 = load i32, ptr %.2149, align 4
  %.2151 = zext i32 %.2150 to i64
  %.2152 = add nuw nsw i64 %.2119, %.2151
  %.22501975.not = icmp slt i64 %.1923, 1
  br i1 %.22501975.not, label %B1264, label %B1162.if

B898.endif.endif.else.if:
  br label %B898.endif.endif.else.endif

B898.endif.endif.else.endif:
  %.1835.sroa.0.1 = phi i64 [ 0, %B898.endif.endif.else.if ], [ %.1847, %B898.endif.else.endif.endif.endif ]
  %.1855.not = icmp slt i64 %.1847, %.638
  br i1 %.1855.not, label %B898.endif.endif.else.endif.endif, label %B898.endif.endif.else.endif.if

B898.endif.endif.else.endif.if:
  br label %B898.endif.endif.else.endif.endif

B898.endif.endif.else.endif.endif:
  %.1835.sroa.0.3 = phi i64 [ %.638, %B898.endif.endif.else.endif.if ], [ %.1835.sroa.0.1, %B898.endif.endif.else.endif ]
  %.1862 = icmp slt i64 %.1803, 0
  %.1863 = select i1 %.1862, i64 %.638, i64 0
  %.1864 = add nsw i64 %.1863, %.1803
  %.1867 = icmp slt i64 %.1864, 0
  br i1 %.1867, label %B898.endif.endif.else.endif.endif.if, label %B898.endif.endif.else.endif.endif.endif

B898.endif.endif.else.endif.endif.if:
  br label %B898.endif.endif.else.endif.endif.endif

B898.endif.endif.else.endif.endif.endif:
  %.1835.sroa.13.1 = phi i64 [ 0, %B898.endif.endif.else.endif.endif.if ], [ %.1864, %B898.endif.endif.else.endif.endif ]
  %.1872.not = icmp slt i64 %.1864, %.638
  br i1 %.1872.not, label %B898.endif.endif.endif, label %B898.endif.endif.else.endif.endif.endif.if

B898.endif.endif.else.endif.endif.endif.if:
  br label %B898.endif.endif.endif

B1162.if:
  %.2194.01977 = phi i64 [ %.2263, %B1162.if ], [ 0, %B898.endif.endif.endif ]
  %.2263 = add nuw nsw i64 %.2194.01977, 1
  %.idx1964 = shl i64 %.2194.01977, 4
  %6 = getelementptr i8, ptr %.1954, i64 %.idx1964
  %7 = getelementptr i8, ptr %6, i64 6
  %.2340 = load i16, ptr %7, align 2
  %.2344 = zext i16 %.2340 to i64
  %.2369 = getelementptr i32, ptr %arg.tables, i64 %.2344
  %.2370 = load i32, ptr %.2369, align 4
  %.2374 = add i32 %.2370, 1
  store i32 %.2374, ptr %.2369, align 4
  %8 = getelementptr i8, ptr %6, i64 14
  %.2456 = load i16, ptr %8, align 2
  %.2460 = zext i16 %.2456 to i64
  %.2485 = getelementptr i32, ptr %.510, i64 %.2460
  %.2486 = load i32, ptr %.2485, align 4
  %.2490 = add i32 %.2486, 1
  store i32 %.2490, ptr %.2485, align 4
  %exitcond.not = icmp eq i64 %.1923, %.2263
  br i1 %exitcond.not, label %B1264, label %B1162.if

B1472.if:
  %zeros.2.21981 = phi i64 [ %.3006, %B1472.if ], [ %zeros.3.02019, %B1354 ]
  %.2849.01980 = phi i64 [ %.2921, %B1472.if ], [ 0, %B1354 ]
  %.2921 = add nuw nsw i64 %.2849.01980, 1
  %9 = getelementptr double, ptr %.1767, i64 %.2849.01980
  %.2977 = load double, ptr %9, align 8
  %.2979 = fcmp reassoc contract oeq double %.2977, 0.000000e+00
  %.15.i = zext i1 %.2979 to i64
  %.3006 = add nsw i64 %zeros.2.21981, %.15.i
  %exitcond2036.not = icmp eq i64 %.1568, %.2921
  br i1 %exitcond2036.not, label %B1534, label %B1472.if

B1566.if:
  %near.7.12013 = phi double [ %near.9.02024, %B1534 ], [ %near.8.3, %B2542 ]
  %.3095.02011 = phi i64 [ 0, %B1534 ], [ %.3217, %B2542 ]
  %.3217 = add nuw nsw i64 %.3095.02011, 1
  %10 = icmp eq i64 %.3095.02011, 2
  br i1 %.33701983.not, label %B1858, label %B1680.if

B1680.if:
  %low.4.21989 = phi i64 [ %.13.i1962, %B1680.if ], [ %arg.magnitude, %B1566.if ]
  %high.4.21988 = phi i64 [ %.13.i1963, %B1680.if ], [ %.3277, %B1566.if ]
  %squares.8.21987 = phi double [ %.3449, %B1680.if ], [ 0.000000e+00, %B1566.if ]
  %total.8.21986 = phi double [ %.3441, %B1680.if ], [ 0.000000e+00, %B1566.if ]
  %.3314.01984 = phi i64 [ %.3383, %B1680.if ], [ 0, %B1566.if ]
  %.3383 = add nuw nsw i64 %.3314.01984, 1
  %11 = getelementptr double, ptr %.1767, i64 %.3314.01984
  %.3437 = load double, ptr %11, align 8
  %.3439 = fsub reassoc contract double %.3437, %near.7.12013
  %.3441 = fadd reassoc contract double %total.8.21986, %.3439
  %.3447 = fmul reassoc contract double %.3439, %.3439
  %.3449 = fadd reassoc contract double %squares.8.21987, %.3447
  %12 = getelementptr i64, ptr %.1593, i64 %.3314.01984
  %.3484 = load i64, ptr %12, align 8
  %.3489 = icmp slt i64 %.3484, 0
  %.3493 = select i1 %.3489, i64 %arg.magnitude, i64 0
  %"$phi1790.3.2.3" = xor i64 %.3493, %.3484
  %.13.i1962 = tail call i64 @llvm.smin.i64(i64 %"$phi1790.3.2.3", i64 %low.4.21989)
  %.13.i1963 = tail call i64 @llvm.smax.i64(i64 %"$phi1790.3.2.3", i64 %high.4.21988)
  %exitcond2037.not = icmp eq i64 %.1568, %.3383
  br i1 %exitcond2037.not, label %B1858, label %B1680.if

B2010.if:
  %low.5.32003 = phi i64 [ %low.6.4, %B2729 ], [ %arg.magnitude, %B2010.preheader ]
  %high.5.32002 = phi i64 [ %high.6.4, %B2729 ], [ %.3277, %B2010.preheader ]
  %good.3.32001 = phi i64 [ %good.4.4, %B2729 ], [ 0, %B2010.preheader ]
  %squares.9.32000 = phi double [ %squares.10.4, %B2729 ], [ 0.000000e+00, %B2010.preheader ]
  %total.9.31999 = phi double [ %total.10.4, %B2729 ], [ 0.000000e+00, %B2010.preheader ]
  %minus.2.31998 = phi i64 [ %minus.3.4, %B2729 ], [ 0, %B2010.preheader ]
  %plus.2.31997 = phi i64 [ %plus.3.4, %B2729 ], [ 0, %B2010.preheader ]
  %.3735.01995 = phi i64 [ %.3825, %B2729 ], [ 0, %B2010.preheader ]
  %.3825 = add nuw nsw i64 %.3735.01995, 1
  %13 = getelementptr i64, ptr %.1593, i64 %.3735.01995
  %.3897 = load i64, ptr %13, align 8
  %.3899 = and i64 %.3897, %arg.magnitude
  %.3905 = icmp slt i64 %.3899, %arg.infinite
  br i1 %.3905, label %B2048, label %B2252
}

declare i64 @llvm.smax.i64(i64, i64)

declare i64 @llvm.smin.i64(i64, i64)
