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
  br i1 %.9671965.not, label %B864, label %B610.if.preheader

B610.if.preheader:
  %0 = tail call i64 @llvm.umin.i64(i64 %arg.size, i64 256)
  br label %B610.if

B644:
  %.1069 = icmp eq i64 %seen.2.01969, 0
  %1 = getelementptr double, ptr %arg.floats_at, i64 %.911.01967
  %.1103 = load double, ptr %1, align 8
  %.1103.near.5.01968 = select i1 %.1069, double %.1103, double %near.5.01968
  %.1120 = add nsw i64 %seen.2.01969, 1
  %.1159 = fsub reassoc contract double %.1103, %.1103.near.5.01968
  %.1161 = fadd reassoc contract double %total.6.01970, %.1159
  %.1166 = fmul reassoc contract double %.1159, %.1159
  %.1168 = fadd reassoc contract double %squares.6.01971, %.1166
  br label %B740

B740:
  %near.6.1 = phi double [ %.1103.near.5.01968, %B644 ], [ %near.5.01968, %B610.if ]
  %seen.3.1 = phi i64 [ %.1120, %B644 ], [ %seen.2.01969, %B610.if ]
  %total.7.1 = phi double [ %.1161, %B644 ], [ %total.6.01970, %B610.if ]
  %squares.7.1 = phi double [ %.1168, %B644 ], [ %squares.6.01971, %B610.if ]
  %.967 = icmp ugt i64 %.914.01966, 1
  br i1 %.967, label %B610.if, label %B742

B742:
  %.1206 = icmp sgt i64 %seen.3.1, 0
  br i1 %.1206, label %B754, label %B864

B754:
  %.1213 = uitofp i64 %seen.3.1 to double
  %.1217 = fdiv reassoc contract double %total.7.1, %.1213
  %.1219 = fadd reassoc contract double %near.6.1, %.1217
  %.1222 = fmul reassoc contract double %.1219, %.1219
  %.1225 = fmul reassoc contract double %.1222, %.1213
  %.1236 = fmul reassoc contract double %total.7.1, %.1217
  %.1238 = fsub reassoc contract double %squares.7.1, %.1236
  %.1239 = fcmp reassoc contract olt double %.1225, %.1238
  br i1 %.1239, label %B812, label %B864

B812:
  br label %B864

B864:
  %near.10.0 = phi double [ 0.000000e+00, %B812 ], [ %near.6.1, %B754 ], [ %near.6.1, %B742 ], [ %.834, %entry ]
  %.14052014 = icmp sgt i64 %.318.0, 0
  br i1 %.14052014, label %B898.lr.ph, label %B2728

B898.lr.ph:
  %.1351.12016 = add nsw i64 %.318.0, -1
  %.2083 = getelementptr i8, ptr %arg.tables, i64 131072
  %.2149 = getelementptr i8, ptr %arg.tables, i64 393216
  %.3277 = xor i64 %arg.magnitude, -1
  %.3644 = sub i64 0, %arg.infinite
  %.3605.not = icmp sle i64 %arg.infinite, %.3277
  %.3646 = icmp slt i64 %arg.magnitude, %.3644
  %or.cond = or i1 %.3605.not, %.3646
  %broadcast.splatinsert31 = insertelement <4 x i64> poison, i64 %arg.magnitude, i64 0
  %broadcast.splat32 = shufflevector <4 x i64> %broadcast.splatinsert31, <4 x i64> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert33 = insertelement <4 x i64> poison, i64 %.3277, i64 0
  %broadcast.splat34 = shufflevector <4 x i64> %broadcast.splatinsert33, <4 x i64> poison, <4 x i32> zeroinitializer
  br label %B898

B898:
  %indvar = phi i64 [ %indvar.next, %B2724 ], [ 0, %B898.lr.ph ]
  %.1395.sroa.0.02027 = phi i64 [ %.1348.12026, %B2724 ], [ 0, %B898.lr.ph ]
  %.1348.12026 = phi i64 [ %.1348.1, %B2724 ], [ 1, %B898.lr.ph ]
  %.1351.12025 = phi i64 [ %.1351.1, %B2724 ], [ %.1351.12016, %B898.lr.ph ]
  %near.9.02024 = phi double [ %near.11.2, %B2724 ], [ %near.10.0, %B898.lr.ph ]
  %least.2.02023 = phi i64 [ %least.3.1, %B2724 ], [ %arg.magnitude, %B898.lr.ph ]
  %greatest.2.02022 = phi i64 [ %greatest.3.1, %B2724 ], [ %.797, %B898.lr.ph ]
  %neginf.2.02021 = phi i64 [ %.4654, %B2724 ], [ 0, %B898.lr.ph ]
  %posinf.2.02020 = phi i64 [ %.4646, %B2724 ], [ 0, %B898.lr.ph ]
  %zeros.3.02019 = phi i64 [ %zeros.4.1, %B2724 ], [ 0, %B898.lr.ph ]
  %finite.2.02018 = phi i64 [ %finite.3.1, %B2724 ], [ 0, %B898.lr.ph ]
  %2 = shl nuw nsw i64 %indvar, 15
  %3 = add nuw i64 %2, 32768
  %smin50 = tail call i64 @llvm.smin.i64(i64 %arg.size, i64 %3)
  %smin51 = tail call i64 @llvm.smin.i64(i64 %arg.size, i64 %2)
  %4 = sub i64 %smin50, %smin51
  %5 = shl nuw nsw i64 %indvar, 15
  %6 = add nuw i64 %5, 32768
  %smin = tail call i64 @llvm.smin.i64(i64 %arg.size, i64 %6)
  %smin30 = tail call i64 @llvm.smin.i64(i64 %arg.size, i64 %5)
  %7 = sub i64 %smin, %smin30
  %.1447 = shl nsw i64 %.1395.sroa.0.02027, 15
  %.1452 = add nuw nsw i64 %.1447, 32768
  %.1480.sroa.0.3 = tail call i64 @llvm.smin.i64(i64 %.1447, i64 %arg.size)
  %.1480.sroa.13.0 = tail call i64 @llvm.smin.i64(i64 %.1452, i64 %arg.size)
  %.1568 = sub i64 %.1480.sroa.13.0, %.1480.sroa.0.3
  %.1577 = tail call i64 @llvm.smax.i64(i64 %.1568, i64 0)
  %.1593 = getelementptr i64, ptr %arg.keys_at, i64 %.1480.sroa.0.3
  %.1767 = getelementptr double, ptr %arg.floats_at, i64 %.1480.sroa.0.3
  %.1803 = ashr exact i64 %.1452, 1
  %.1800 = shl nsw i64 %.1395.sroa.0.02027, 14
  %.1835.sroa.0.3 = tail call i64 @llvm.smin.i64(i64 %.1800, i64 %.638)
  %.1835.sroa.13.0 = tail call i64 @llvm.smin.i64(i64 %.1803, i64 %.638)
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
  %8 = getelementptr i8, ptr %arg.halves_at, i64 %.idx
  %9 = getelementptr i8, ptr %8, i64 6
  %.2606 = load i16, ptr %9, align 2
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
  %or.cond2035 = and i1 %.29081978, %.2807.not
  br i1 %or.cond2035, label %iter.check, label %B1534

iter.check:
  %min.iters.check53 = icmp ult i64 %4, 4
  br i1 %min.iters.check53, label %B1472.if.preheader, label %vector.main.loop.iter.check

vector.main.loop.iter.check:
  %min.iters.check55 = icmp ult i64 %4, 16
  br i1 %min.iters.check55, label %vec.epilog.ph, label %vector.ph56

vector.ph56:
  %n.mod.vf57 = and i64 %4, 12
  %n.vec58 = and i64 %4, -16
  %10 = insertelement <4 x i64> <i64 poison, i64 0, i64 0, i64 0>, i64 %zeros.3.02019, i64 0
  br label %vector.body59

vector.body59:
  %index60 = phi i64 [ 0, %vector.ph56 ], [ %index.next69, %vector.body59 ]
  %vec.phi61 = phi <4 x i64> [ %10, %vector.ph56 ], [ %23, %vector.body59 ]
  %vec.phi62 = phi <4 x i64> [ zeroinitializer, %vector.ph56 ], [ %24, %vector.body59 ]
  %vec.phi63 = phi <4 x i64> [ zeroinitializer, %vector.ph56 ], [ %25, %vector.body59 ]
  %vec.phi64 = phi <4 x i64> [ zeroinitializer, %vector.ph56 ], [ %26, %vector.body59 ]
  %11 = getelementptr double, ptr %.1767, i64 %index60
  %12 = getelementptr i8, ptr %11, i64 32
  %13 = getelementptr i8, ptr %11, i64 64
  %14 = getelementptr i8, ptr %11, i64 96
  %wide.load65 = load <4 x double>, ptr %11, align 8
  %wide.load66 = load <4 x double>, ptr %12, align 8
  %wide.load67 = load <4 x double>, ptr %13, align 8
  %wide.load68 = load <4 x double>, ptr %14, align 8
  %15 = fcmp reassoc contract oeq <4 x double> %wide.load65, zeroinitializer
  %16 = fcmp reassoc contract oeq <4 x double> %wide.load66, zeroinitializer
  %17 = fcmp reassoc contract oeq <4 x double> %wide.load67, zeroinitializer
  %18 = fcmp reassoc contract oeq <4 x double> %wide.load68, zeroinitializer
  %19 = zext <4 x i1> %15 to <4 x i64>
  %20 = zext <4 x i1> %16 to <4 x i64>
  %21 = zext <4 x i1> %17 to <4 x i64>
  %22 = zext <4 x i1> %18 to <4 x i64>
  %23 = add <4 x i64> %vec.phi61, %19
  %24 = add <4 x i64> %vec.phi62, %20
  %25 = add <4 x i64> %vec.phi63, %21
  %26 = add <4 x i64> %vec.phi64, %22
  %index.next69 = add nuw i64 %index60, 16
  %27 = icmp eq i64 %index.next69, %n.vec58
  br i1 %27, label %middle.block70, label %vector.body59

middle.block70:
  %bin.rdx71 = add <4 x i64> %24, %23
  %bin.rdx72 = add <4 x i64> %25, %bin.rdx71
  %bin.rdx73 = add <4 x i64> %26, %bin.rdx72
  %28 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %bin.rdx73)
  %cmp.n74 = icmp eq i64 %4, %n.vec58
  br i1 %cmp.n74, label %B1534, label %vec.epilog.iter.check

vec.epilog.iter.check:
  %min.epilog.iters.check = icmp eq i64 %n.mod.vf57, 0
  br i1 %min.epilog.iters.check, label %B1472.if.preheader, label %vec.epilog.ph

vec.epilog.ph:
  %vec.epilog.resume.val = phi i64 [ %n.vec58, %vec.epilog.iter.check ], [ 0, %vector.main.loop.iter.check ]
  %bc.merge.rdx75 = phi i64 [ %28, %vec.epilog.iter.check ], [ %zeros.3.02019, %vector.main.loop.iter.check ]
  %n.vec77 = and i64 %4, -4
  %29 = insertelement <4 x i64> <i64 poison, i64 0, i64 0, i64 0>, i64 %bc.merge.rdx75, i64 0
  br label %vec.epilog.vector.body

vec.epilog.vector.body:
  %index78 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next81, %vec.epilog.vector.body ]
  %vec.phi79 = phi <4 x i64> [ %29, %vec.epilog.ph ], [ %33, %vec.epilog.vector.body ]
  %30 = getelementptr double, ptr %.1767, i64 %index78
  %wide.load80 = load <4 x double>, ptr %30, align 8
  %31 = fcmp reassoc contract oeq <4 x double> %wide.load80, zeroinitializer
  %32 = zext <4 x i1> %31 to <4 x i64>
  %33 = add <4 x i64> %vec.phi79, %32
  %index.next81 = add nuw i64 %index78, 4
  %34 = icmp eq i64 %index.next81, %n.vec77
  br i1 %34, label %vec.epilog.middle.block, label %vec.epilog.vector.body

vec.epilog.middle.block:
  %35 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %33)
  %cmp.n82 = icmp eq i64 %4, %n.vec77
  br i1 %cmp.n82, label %B1534, label %B1472.if.preheader

B1472.if.preheader:
  %zeros.2.21981.ph = phi i64 [ %zeros.3.02019, %iter.check ], [ %28, %vec.epilog.iter.check ], [ %35, %vec.epilog.middle.block ]
  %.2849.01980.ph = phi i64 [ 0, %iter.check ], [ %n.vec58, %vec.epilog.iter.check ], [ %n.vec77, %vec.epilog.middle.block ]
  br label %B1472.if

B1534:
  %zeros.4.1 = phi i64 [ %zeros.3.02019, %B1354 ], [ %35, %vec.epilog.middle.block ], [ %28, %middle.block70 ], [ %.3006, %B1472.if ]
  %.33701983.not = icmp slt i64 %.1568, 1
  %min.iters.check = icmp ult i64 %7, 8
  %n.vec = and i64 %7, -8
  %cmp.n = icmp eq i64 %7, %n.vec
  br label %B1566.if

B1858:
  br i1 %or.cond, label %B2562, label %B2312

B1858.thread:
  %.3441.lcssa = phi double [ %69, %middle.block ], [ %.3441, %B1680.if ]
  %.3449.lcssa = phi double [ %68, %middle.block ], [ %.3449, %B1680.if ]
  %.13.i1962.lcssa = phi i64 [ %66, %middle.block ], [ %.13.i1962, %B1680.if ]
  %.13.i1963.lcssa = phi i64 [ %67, %middle.block ], [ %.13.i1963, %B1680.if ]
  %.3605.not27 = icmp sge i64 %.13.i1963.lcssa, %arg.infinite
  %.364628 = icmp slt i64 %.13.i1962.lcssa, %.3644
  %or.cond29 = select i1 %.3605.not27, i1 true, i1 %.364628
  br i1 %or.cond29, label %B2010.if, label %B2312

B2048:
  %36 = getelementptr double, ptr %.1767, i64 %.3735.01995
  %.3939 = load double, ptr %36, align 8
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
  %total.11.3 = phi double [ 0.000000e+00, %B1858 ], [ %.3441.lcssa, %B1858.thread ], [ %total.10.4, %B2729 ]
  %squares.11.3 = phi double [ 0.000000e+00, %B1858 ], [ %.3449.lcssa, %B1858.thread ], [ %squares.10.4, %B2729 ]
  %high.8.3 = phi i64 [ %.3277, %B1858 ], [ %.13.i1963.lcssa, %B1858.thread ], [ %high.6.4, %B2729 ]
  %low.8.3 = phi i64 [ %arg.magnitude, %B1858 ], [ %.13.i1962.lcssa, %B1858.thread ], [ %low.6.4, %B2729 ]
  %good.5.3 = phi i64 [ %.1577, %B1858 ], [ %.1577, %B1858.thread ], [ %good.4.4, %B2729 ]
  %plus.6.3 = phi i64 [ 0, %B1858 ], [ 0, %B1858.thread ], [ %plus.3.4, %B2729 ]
  %minus.5.3 = phi i64 [ 0, %B1858 ], [ 0, %B1858.thread ], [ %minus.3.4, %B2729 ]
  %.4322 = icmp eq i64 %good.5.3, 0
  %brmerge = select i1 %.4322, i1 true, i1 %42
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
  %minus.5.321 = phi i64 [ %minus.5.3, %B2542 ], [ %minus.5.3, %B2466 ], [ %minus.5.3, %B2312 ], [ 0, %B1858 ]
  %plus.6.320 = phi i64 [ %plus.6.3, %B2542 ], [ %plus.6.3, %B2466 ], [ %plus.6.3, %B2312 ], [ 0, %B1858 ]
  %good.5.319 = phi i64 [ %good.5.3, %B2542 ], [ %good.5.3, %B2466 ], [ %good.5.3, %B2312 ], [ 0, %B1858 ]
  %low.8.318 = phi i64 [ %low.8.3, %B2542 ], [ %low.8.3, %B2466 ], [ %low.8.3, %B2312 ], [ %arg.magnitude, %B1858 ]
  %high.8.317 = phi i64 [ %high.8.3, %B2542 ], [ %high.8.3, %B2466 ], [ %high.8.3, %B2312 ], [ %.3277, %B1858 ]
  %squares.11.316 = phi double [ %squares.11.3, %B2542 ], [ %squares.11.3, %B2466 ], [ %squares.11.3, %B2312 ], [ 0.000000e+00, %B1858 ]
  %total.11.315 = phi double [ %total.11.3, %B2542 ], [ %total.11.3, %B2466 ], [ %total.11.3, %B2312 ], [ 0.000000e+00, %B1858 ]
  %near.11.2 = phi double [ %near.8.3, %B2542 ], [ %near.7.12013, %B2466 ], [ %near.7.12013, %B2312 ], [ %near.7.12013, %B1858 ]
  %.4646 = add nsw i64 %plus.6.320, %posinf.2.02020
  %.4654 = add nsw i64 %minus.5.321, %neginf.2.02021
  %.4714.idx = shl i64 %.1395.sroa.0.02027, 5
  %.4714 = getelementptr i8, ptr %arg.rows_at, i64 %.4714.idx
  %.4715 = sitofp i64 %good.5.319 to double
  store double %.4715, ptr %.4714, align 8
  %.4771 = getelementptr i8, ptr %.4714, i64 8
  store double %near.7.12013, ptr %.4771, align 8
  %.4827 = getelementptr i8, ptr %.4714, i64 16
  store double %total.11.315, ptr %.4827, align 8
  %.4885 = getelementptr i8, ptr %.4714, i64 24
  store double %squares.11.316, ptr %.4885, align 8
  %.4888 = icmp sgt i64 %good.5.319, 0
  br i1 %.4888, label %B2650, label %B2724

B2650:
  %.4892 = add nuw nsw i64 %good.5.319, %finite.2.02018
  %.13.i1960 = tail call i64 @llvm.smin.i64(i64 %low.8.318, i64 %least.2.02023)
  %.13.i1961 = tail call i64 @llvm.smax.i64(i64 %high.8.317, i64 %greatest.2.02022)
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
  %indvar.next = add i64 %indvar, 1
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
  %.914.01966 = phi i64 [ %.976, %B740 ], [ %0, %B610.if.preheader ]
  %.976 = add nsw i64 %.914.01966, -1
  %.980 = add nuw nsw i64 %.911.01967, 1
  %37 = getelementptr i64, ptr %arg.keys_at, i64 %.911.01967
  %.1054 = load i64, ptr %37, align 8
  %.1056 = and i64 %.1054, %arg.magnitude
  %.1058 = icmp slt i64 %.1056, %arg.infinite
  br i1 %.1058, label %B644, label %B740

B1162.if:
  %.2194.01977 = phi i64 [ %.2263, %B1162.if ], [ 0, %B898 ]
  %.2263 = add nuw nsw i64 %.2194.01977, 1
  %.idx1964 = shl i64 %.2194.01977, 4
  %38 = getelementptr i8, ptr %.1954, i64 %.idx1964
  %39 = getelementptr i8, ptr %38, i64 6
  %.2340 = load i16, ptr %39, align 2
  %.2344 = zext i16 %.2340 to i64
  %.2369 = getelementptr i32, ptr %arg.tables, i64 %.2344
  %.2370 = load i32, ptr %.2369, align 4
  %.2374 = add i32 %.2370, 1
  store i32 %.2374, ptr %.2369, align 4
  %40 = getelementptr i8, ptr %38, i64 14
  %.2456 = load i16, ptr %40, align 2
  %.2460 = zext i16 %.2456 to i64
  %.2485 = getelementptr i32, ptr %.510, i64 %.2460
  %.2486 = load i32, ptr %.2485, align 4
  %.2490 = add i32 %.2486, 1
  store i32 %.2490, ptr %.2485, align 4
  %exitcond.not = icmp eq i64 %.1923, %.2263
  br i1 %exitcond.not, label %B1264, label %B1162.if

B1472.if:
  %zeros.2.21981 = phi i64 [ %.3006, %B1472.if ], [ %zeros.2.21981.ph, %B1472.if.preheader ]
  %.2849.01980 = phi i64 [ %.2921, %B1472.if ], [ %.2849.01980.ph, %B1472.if.preheader ]
  %.2921 = add nuw nsw i64 %.2849.01980, 1
  %41 = getelementptr double, ptr %.1767, i64 %.2849.01980
  %.2977 = load double, ptr %41, align 8
  %.2979 = fcmp reassoc contract oeq double %.2977, 0.000000e+00
  %.15.i = zext i1 %.2979 to i64
  %.3006 = add nsw i64 %zeros.2.21981, %.15.i
  %exitcond2036.not = icmp eq i64 %.1568, %.2921
  br i1 %exitcond2036.not, label %B1534, label %B1472.if

B1566.if:
  %near.7.12013 = phi double [ %near.9.02024, %B1534 ], [ %near.8.3, %B2542 ]
  %.3095.02011 = phi i64 [ 0, %B1534 ], [ %.3217, %B2542 ]
  %.3217 = add nuw nsw i64 %.3095.02011, 1
  %42 = icmp eq i64 %.3095.02011, 2
  br i1 %.33701983.not, label %B1858, label %B1680.if.preheader

B1680.if.preheader:
  br i1 %min.iters.check, label %B1680.if.preheader85, label %vector.ph

vector.ph:
  %broadcast.splatinsert = insertelement <4 x double> poison, double %near.7.12013, i64 0
  %broadcast.splat = shufflevector <4 x double> %broadcast.splatinsert, <4 x double> poison, <4 x i32> zeroinitializer
  br label %vector.body

vector.body:
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %vec.phi = phi <4 x i64> [ %broadcast.splat32, %vector.ph ], [ %61, %vector.body ]
  %vec.phi35 = phi <4 x i64> [ %broadcast.splat32, %vector.ph ], [ %62, %vector.body ]
  %vec.phi36 = phi <4 x i64> [ %broadcast.splat34, %vector.ph ], [ %63, %vector.body ]
  %vec.phi37 = phi <4 x i64> [ %broadcast.splat34, %vector.ph ], [ %64, %vector.body ]
  %vec.phi38 = phi <4 x double> [ <double 0.000000e+00, double -0.000000e+00, double -0.000000e+00, double -0.000000e+00>, %vector.ph ], [ %51, %vector.body ]
  %vec.phi39 = phi <4 x double> [ splat (double -0.000000e+00), %vector.ph ], [ %52, %vector.body ]
  %vec.phi40 = phi <4 x double> [ <double 0.000000e+00, double -0.000000e+00, double -0.000000e+00, double -0.000000e+00>, %vector.ph ], [ %47, %vector.body ]
  %vec.phi41 = phi <4 x double> [ splat (double -0.000000e+00), %vector.ph ], [ %48, %vector.body ]
  %43 = getelementptr double, ptr %.1767, i64 %index
  %44 = getelementptr i8, ptr %43, i64 32
  %wide.load = load <4 x double>, ptr %43, align 8
  %wide.load42 = load <4 x double>, ptr %44, align 8
  %45 = fsub reassoc contract <4 x double> %wide.load, %broadcast.splat
  %46 = fsub reassoc contract <4 x double> %wide.load42, %broadcast.splat
  %47 = fadd reassoc contract <4 x double> %vec.phi40, %45
  %48 = fadd reassoc contract <4 x double> %vec.phi41, %46
  %49 = fmul reassoc contract <4 x double> %45, %45
  %50 = fmul reassoc contract <4 x double> %46, %46
  %51 = fadd reassoc contract <4 x double> %vec.phi38, %49
  %52 = fadd reassoc contract <4 x double> %vec.phi39, %50
  %53 = getelementptr i64, ptr %.1593, i64 %index
  %54 = getelementptr i8, ptr %53, i64 32
  %wide.load43 = load <4 x i64>, ptr %53, align 8
  %wide.load44 = load <4 x i64>, ptr %54, align 8
  %55 = icmp slt <4 x i64> %wide.load43, zeroinitializer
  %56 = icmp slt <4 x i64> %wide.load44, zeroinitializer
  %57 = select <4 x i1> %55, <4 x i64> %broadcast.splat32, <4 x i64> zeroinitializer
  %58 = select <4 x i1> %56, <4 x i64> %broadcast.splat32, <4 x i64> zeroinitializer
  %59 = xor <4 x i64> %57, %wide.load43
  %60 = xor <4 x i64> %58, %wide.load44
  %61 = tail call <4 x i64> @llvm.smin.v4i64(<4 x i64> %59, <4 x i64> %vec.phi)
  %62 = tail call <4 x i64> @llvm.smin.v4i64(<4 x i64> %60, <4 x i64> %vec.phi35)
  %63 = tail call <4 x i64> @llvm.smax.v4i64(<4 x i64> %59, <4 x i64> %vec.phi36)
  %64 = tail call <4 x i64> @llvm.smax.v4i64(<4 x i64> %60, <4 x i64> %vec.phi37)
  %index.next = add nuw i64 %index, 8
  %65 = icmp eq i64 %index.next, %n.vec
  br i1 %65, label %middle.block, label %vector.body

middle.block:
  %rdx.minmax = tail call <4 x i64> @llvm.smin.v4i64(<4 x i64> %61, <4 x i64> %62)
  %66 = tail call i64 @llvm.vector.reduce.smin.v4i64(<4 x i64> %rdx.minmax)
  %rdx.minmax45 = tail call <4 x i64> @llvm.smax.v4i64(<4 x i64> %63, <4 x i64> %64)
  %67 = tail call i64 @llvm.vector.reduce.smax.v4i64(<4 x i64> %rdx.minmax45)
  %bin.rdx = fadd reassoc contract <4 x double> %52, %51
  %68 = tail call reassoc contract double @llvm.vector.reduce.fadd.v4f64(double -0.000000e+00, <4 x double> %bin.rdx)
  %bin.rdx46 = fadd reassoc contract <4 x double> %48, %47
  %69 = tail call reassoc contract double @llvm.vector.reduce.fadd.v4f64(double -0.000000e+00, <4 x double> %bin.rdx46)
  br i1 %cmp.n, label %B1858.thread, label %B1680.if.preheader85

B1680.if.preheader85:
  %low.4.21989.ph = phi i64 [ %arg.magnitude, %B1680.if.preheader ], [ %66, %middle.block ]
  %high.4.21988.ph = phi i64 [ %.3277, %B1680.if.preheader ], [ %67, %middle.block ]
  %squares.8.21987.ph = phi double [ 0.000000e+00, %B1680.if.preheader ], [ %68, %middle.block ]
  %total.8.21986.ph = phi double [ 0.000000e+00, %B1680.if.preheader ], [ %69, %middle.block ]
  %.3314.01984.ph = phi i64 [ 0, %B1680.if.preheader ], [ %n.vec, %middle.block ]
  br label %B1680.if

B1680.if:
  %low.4.21989 = phi i64 [ %.13.i1962, %B1680.if ], [ %low.4.21989.ph, %B1680.if.preheader85 ]
  %high.4.21988 = phi i64 [ %.13.i1963, %B1680.if ], [ %high.4.21988.ph, %B1680.if.preheader85 ]
  %squares.8.21987 = phi double [ %.3449, %B1680.if ], [ %squares.8.21987.ph, %B1680.if.preheader85 ]
  %total.8.21986 = phi double [ %.3441, %B1680.if ], [ %total.8.21986.ph, %B1680.if.preheader85 ]
  %.3314.01984 = phi i64 [ %.3383, %B1680.if ], [ %.3314.01984.ph, %B1680.if.preheader85 ]
  %.3383 = add nuw nsw i64 %.3314.01984, 1
  %70 = getelementptr double, ptr %.1767, i64 %.3314.01984
  %.3437 = load double, ptr %70, align 8
  %.3439 = fsub reassoc contract double %.3437, %near.7.12013
  %.3441 = fadd reassoc contract double %total.8.21986, %.3439
  %.3447 = fmul reassoc contract double %.3439, %.3439
  %.3449 = fadd reassoc contract double %squares.8.21987, %.3447
  %71 = getelementptr i64, ptr %.1593, i64 %.3314.01984
  %.3484 = load i64, ptr %71, align 8
  %.3489 = icmp slt i64 %.3484, 0
  %.3493 = select i1 %.3489, i64 %arg.magnitude, i64 0
  %"$phi1790.3.2.3" = xor i64 %.3493, %.3484
  %.13.i1962 = tail call i64 @llvm.smin.i64(i64 %"$phi1790.3.2.3", i64 %low.4.21989)
  %.13.i1963 = tail call i64 @llvm.smax.i64(i64 %"$phi1790.3.2.3", i64 %high.4.21988)
  %exitcond2037.not = icmp eq i64 %.1568, %.3383
  br i1 %exitcond2037.not, label %B1858.thread, label %B1680.if

B2010.if:
  %low.5.32003 = phi i64 [ %low.6.4, %B2729 ], [ %arg.magnitude, %B1858.thread ]
  %high.5.32002 = phi i64 [ %high.6.4, %B2729 ], [ %.3277, %B1858.thread ]
  %good.3.32001 = phi i64 [ %good.4.4, %B2729 ], [ 0, %B1858.thread ]
  %squares.9.32000 = phi double [ %squares.10.4, %B2729 ], [ 0.000000e+00, %B1858.thread ]
  %total.9.31999 = phi double [ %total.10.4, %B2729 ], [ 0.000000e+00, %B1858.thread ]
  %minus.2.31998 = phi i64 [ %minus.3.4, %B2729 ], [ 0, %B1858.thread ]
  %plus.2.31997 = phi i64 [ %plus.3.4, %B2729 ], [ 0, %B1858.thread ]
  %.3735.01995 = phi i64 [ %.3825, %B2729 ], [ 0, %B1858.thread ]
  %.3825 = add nuw nsw i64 %.3735.01995, 1
  %72 = getelementptr i64, ptr %.1593, i64 %.3735.01995
  %.3897 = load i64, ptr %72, align 8
  %.3899 = and i64 %.3897, %arg.magnitude
  %.3905 = icmp slt i64 %.3899, %arg.infinite
  br i1 %.3905, label %B2048, label %B2252
}

declare i64 @llvm.smax.i64(i64, i64)

declare i64 @llvm.smin.i64(i64, i64)

declare i64 @llvm.umin.i64(i64, i64)

declare <4 x i64> @llvm.smin.v4i64(<4 x i64>, <4 x i64>)

declare <4 x i64> @llvm.smax.v4i64(<4 x i64>, <4 x i64>)

declare i64 @llvm.vector.reduce.smin.v4i64(<4 x i64>)

declare i64 @llvm.vector.reduce.smax.v4i64(<4 x i64>)

declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)

declare i64 @llvm.vector.reduce.add.v4i64(<4 x i64>)
