; scanfloat32: made by tests/make_loops.py, not by hand
; source 9dd4b50a47d116db8c81ae8d862f97966c60cbd490d103257932c6f747c8b1ef
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.halves_at, ptr readonly %arg.keys_at, ptr readonly %arg.floats_at, i64 %arg.size, i32 %arg.magnitude, i32 %arg.infinite, ptr %arg.tables, ptr writeonly %arg.rows_at, ptr writeonly %arg.found_at) {
entry:
  %.310 = add nsw i64 %arg.size, 32767
  %.318.0 = ashr i64 %.310, 15
  %.510 = getelementptr i8, ptr %arg.tables, i64 262144
  %.638 = ashr i64 %arg.size, 1
  %.797 = sub i32 0, %arg.magnitude
  %.798 = sext i32 %.797 to i64
  %.835 = load float, ptr %arg.floats_at, align 4
  %.9681967.not = icmp slt i64 %arg.size, 1
  br i1 %.9681967.not, label %B864, label %B610.if.preheader

B610.if.preheader:
  %0 = tail call i64 @llvm.umin.i64(i64 %arg.size, i64 256)
  br label %B610.if

B644:
  %.1073 = icmp eq i64 %seen.2.01971, 0
  %1 = getelementptr float, ptr %arg.floats_at, i64 %.912.01969
  %.1107 = load float, ptr %1, align 4
  %.1107.near.5.01970 = select i1 %.1073, float %.1107, float %near.5.01970
  %.1124 = add nsw i64 %seen.2.01971, 1
  %.1162 = fpext float %.1107 to double
  %.1164 = fpext float %.1107.near.5.01970 to double
  %.1165 = fsub reassoc contract double %.1162, %.1164
  %.1167 = fadd reassoc contract double %total.6.01972, %.1165
  %.1172 = fmul reassoc contract double %.1165, %.1165
  %.1174 = fadd reassoc contract double %squares.6.01973, %.1172
  br label %B740

B740:
  %near.6.1 = phi float [ %.1107.near.5.01970, %B644 ], [ %near.5.01970, %B610.if ]
  %seen.3.1 = phi i64 [ %.1124, %B644 ], [ %seen.2.01971, %B610.if ]
  %total.7.1 = phi double [ %.1167, %B644 ], [ %total.6.01972, %B610.if ]
  %squares.7.1 = phi double [ %.1174, %B644 ], [ %squares.6.01973, %B610.if ]
  %.968 = icmp ugt i64 %.915.01968, 1
  br i1 %.968, label %B610.if, label %B742

B742:
  %.1212 = icmp sgt i64 %seen.3.1, 0
  br i1 %.1212, label %B754, label %B864

B754:
  %.1219 = uitofp i64 %seen.3.1 to double
  %.1223 = fdiv reassoc contract double %total.7.1, %.1219
  %.1225 = fpext float %near.6.1 to double
  %.1226 = fadd reassoc contract double %.1223, %.1225
  %.1229 = fmul reassoc contract double %.1226, %.1226
  %.1232 = fmul reassoc contract double %.1229, %.1219
  %.1243 = fmul reassoc contract double %total.7.1, %.1223
  %.1245 = fsub reassoc contract double %squares.7.1, %.1243
  %.1246 = fcmp reassoc contract olt double %.1232, %.1245
  br i1 %.1246, label %B812, label %B864

B812:
  br label %B864

B864:
  %near.10.0 = phi float [ 0.000000e+00, %B812 ], [ %near.6.1, %B754 ], [ %near.6.1, %B742 ], [ %.835, %entry ]
  %.14122016 = icmp sgt i64 %.318.0, 0
  br i1 %.14122016, label %B898.lr.ph, label %B2728

B898.lr.ph:
  %.1358.12018 = add nsw i64 %.318.0, -1
  %.2090 = getelementptr i8, ptr %arg.tables, i64 131072
  %.2156 = getelementptr i8, ptr %arg.tables, i64 393216
  %.3287 = xor i32 %arg.magnitude, -1
  %.3660 = sub i32 0, %arg.infinite
  %.3621.not = icmp sle i32 %arg.infinite, %.3287
  %.3664 = icmp slt i32 %arg.magnitude, %.3660
  %or.cond = or i1 %.3621.not, %.3664
  %broadcast.splatinsert31 = insertelement <4 x i32> poison, i32 %arg.magnitude, i64 0
  %broadcast.splat32 = shufflevector <4 x i32> %broadcast.splatinsert31, <4 x i32> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert33 = insertelement <4 x i32> poison, i32 %.3287, i64 0
  %broadcast.splat34 = shufflevector <4 x i32> %broadcast.splatinsert33, <4 x i32> poison, <4 x i32> zeroinitializer
  br label %B898

B898:
  %indvar = phi i64 [ %indvar.next, %B2724 ], [ 0, %B898.lr.ph ]
  %.1402.sroa.0.02029 = phi i64 [ %.1355.12028, %B2724 ], [ 0, %B898.lr.ph ]
  %.1355.12028 = phi i64 [ %.1355.1, %B2724 ], [ 1, %B898.lr.ph ]
  %.1358.12027 = phi i64 [ %.1358.1, %B2724 ], [ %.1358.12018, %B898.lr.ph ]
  %near.9.02026 = phi float [ %near.11.2, %B2724 ], [ %near.10.0, %B898.lr.ph ]
  %least.2.02025 = phi i32 [ %least.3.1, %B2724 ], [ %arg.magnitude, %B898.lr.ph ]
  %greatest.2.02024 = phi i64 [ %greatest.3.1, %B2724 ], [ %.798, %B898.lr.ph ]
  %neginf.2.02023 = phi i64 [ %.4686, %B2724 ], [ 0, %B898.lr.ph ]
  %posinf.2.02022 = phi i64 [ %.4678, %B2724 ], [ 0, %B898.lr.ph ]
  %zeros.3.02021 = phi i64 [ %zeros.4.1, %B2724 ], [ 0, %B898.lr.ph ]
  %finite.2.02020 = phi i64 [ %finite.3.1, %B2724 ], [ 0, %B898.lr.ph ]
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
  %.1454 = shl nsw i64 %.1402.sroa.0.02029, 15
  %.1459 = add nuw nsw i64 %.1454, 32768
  %.1487.sroa.0.3 = tail call i64 @llvm.smin.i64(i64 %.1454, i64 %arg.size)
  %.1487.sroa.13.0 = tail call i64 @llvm.smin.i64(i64 %.1459, i64 %arg.size)
  %.1575 = sub i64 %.1487.sroa.13.0, %.1487.sroa.0.3
  %.1584 = tail call i64 @llvm.smax.i64(i64 %.1575, i64 0)
  %.1600 = getelementptr i32, ptr %arg.keys_at, i64 %.1487.sroa.0.3
  %.1774 = getelementptr float, ptr %arg.floats_at, i64 %.1487.sroa.0.3
  %.1810 = ashr exact i64 %.1459, 1
  %.1807 = shl nsw i64 %.1402.sroa.0.02029, 14
  %.1842.sroa.0.3 = tail call i64 @llvm.smin.i64(i64 %.1807, i64 %.638)
  %.1842.sroa.13.0 = tail call i64 @llvm.smin.i64(i64 %.1810, i64 %.638)
  %.1930 = sub i64 %.1842.sroa.13.0, %.1842.sroa.0.3
  %.1961.idx = shl i64 %.1842.sroa.0.3, 3
  %.1961 = getelementptr i8, ptr %arg.halves_at, i64 %.1961.idx
  %.2060 = load i32, ptr %arg.tables, align 4
  %.2091 = load i32, ptr %.2090, align 4
  %.2092 = zext i32 %.2060 to i64
  %.2093 = zext i32 %.2091 to i64
  %.2094 = add nuw nsw i64 %.2093, %.2092
  %.2124 = load i32, ptr %.510, align 4
  %.2125 = zext i32 %.2124 to i64
  %.2126 = add nuw nsw i64 %.2094, %.2125
  %.2157 = load i32, ptr %.2156, align 4
  %.2158 = zext i32 %.2157 to i64
  %.2159 = add nuw nsw i64 %.2126, %.2158
  %.22571977.not = icmp slt i64 %.1930, 1
  br i1 %.22571977.not, label %B1264, label %B1162.if

B1264:
  %.2546 = and i64 %.1584, 1
  %.2547.not = icmp eq i64 %.2546, 0
  br i1 %.2547.not, label %B1354, label %B1284

B1284:
  %.2557 = add nsw i64 %.1584, %.1454
  %.2560 = add i64 %.2557, 4611686018427387903
  %.2586.inv = icmp sgt i64 %.2557, 0
  %.2587 = select i1 %.2586.inv, i64 0, i64 %arg.size
  %.2588 = add i64 %.2560, %.2587
  %.idx = shl i64 %.2588, 2
  %8 = getelementptr i8, ptr %arg.halves_at, i64 %.idx
  %9 = getelementptr i8, ptr %8, i64 2
  %.2613 = load i16, ptr %9, align 2
  %.2617 = zext i16 %.2613 to i64
  %.2642 = getelementptr i32, ptr %arg.tables, i64 %.2617
  %.2643 = load i32, ptr %.2642, align 4
  %.2647 = add i32 %.2643, 1
  store i32 %.2647, ptr %.2642, align 4
  br label %B1354

B1354:
  %.2713 = load i32, ptr %arg.tables, align 4
  %.2744 = load i32, ptr %.2090, align 4
  %.2745 = zext i32 %.2713 to i64
  %.2746 = zext i32 %.2744 to i64
  %.2747 = add nuw nsw i64 %.2746, %.2745
  %.2777 = load i32, ptr %.510, align 4
  %.2778 = zext i32 %.2777 to i64
  %.2779 = add nuw nsw i64 %.2747, %.2778
  %.2810 = load i32, ptr %.2156, align 4
  %.2811 = zext i32 %.2810 to i64
  %.2812 = add nuw nsw i64 %.2779, %.2811
  %.2814.not = icmp ne i64 %.2812, %.2159
  %.29151980 = icmp sgt i64 %.1575, 0
  %or.cond2037 = and i1 %.29151980, %.2814.not
  br i1 %or.cond2037, label %iter.check, label %B1534

iter.check:
  %min.iters.check53 = icmp ult i64 %4, 4
  br i1 %min.iters.check53, label %B1472.if.preheader, label %vector.main.loop.iter.check

vector.main.loop.iter.check:
  %min.iters.check55 = icmp ult i64 %4, 16
  br i1 %min.iters.check55, label %vec.epilog.ph, label %vector.ph56

vector.ph56:
  %n.mod.vf57 = and i64 %4, 12
  %n.vec58 = and i64 %4, -16
  %10 = insertelement <4 x i64> <i64 poison, i64 0, i64 0, i64 0>, i64 %zeros.3.02021, i64 0
  br label %vector.body59

vector.body59:
  %index60 = phi i64 [ 0, %vector.ph56 ], [ %index.next69, %vector.body59 ]
  %vec.phi61 = phi <4 x i64> [ %10, %vector.ph56 ], [ %23, %vector.body59 ]
  %vec.phi62 = phi <4 x i64> [ zeroinitializer, %vector.ph56 ], [ %24, %vector.body59 ]
  %vec.phi63 = phi <4 x i64> [ zeroinitializer, %vector.ph56 ], [ %25, %vector.body59 ]
  %vec.phi64 = phi <4 x i64> [ zeroinitializer, %vector.ph56 ], [ %26, %vector.body59 ]
  %11 = getelementptr float, ptr %.1774, i64 %index60
  %12 = getelementptr i8, ptr %11, i64 16
  %13 = getelementptr i8, ptr %11, i64 32
  %14 = getelementptr i8, ptr %11, i64 48
  %wide.load65 = load <4 x float>, ptr %11, align 4
  %wide.load66 = load <4 x float>, ptr %12, align 4
  %wide.load67 = load <4 x float>, ptr %13, align 4
  %wide.load68 = load <4 x float>, ptr %14, align 4
  %15 = fcmp reassoc contract oeq <4 x float> %wide.load65, zeroinitializer
  %16 = fcmp reassoc contract oeq <4 x float> %wide.load66, zeroinitializer
  %17 = fcmp reassoc contract oeq <4 x float> %wide.load67, zeroinitializer
  %18 = fcmp reassoc contract oeq <4 x float> %wide.load68, zeroinitializer
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
  %bc.merge.rdx75 = phi i64 [ %28, %vec.epilog.iter.check ], [ %zeros.3.02021, %vector.main.loop.iter.check ]
  %n.vec77 = and i64 %4, -4
  %29 = insertelement <4 x i64> <i64 poison, i64 0, i64 0, i64 0>, i64 %bc.merge.rdx75, i64 0
  br label %vec.epilog.vector.body

vec.epilog.vector.body:
  %index78 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next81, %vec.epilog.vector.body ]
  %vec.phi79 = phi <4 x i64> [ %29, %vec.epilog.ph ], [ %33, %vec.epilog.vector.body ]
  %30 = getelementptr float, ptr %.1774, i64 %index78
  %wide.load80 = load <4 x float>, ptr %30, align 4
  %31 = fcmp reassoc contract oeq <4 x float> %wide.load80, zeroinitializer
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
  %zeros.2.21983.ph = phi i64 [ %zeros.3.02021, %iter.check ], [ %28, %vec.epilog.iter.check ], [ %35, %vec.epilog.middle.block ]
  %.2856.01982.ph = phi i64 [ 0, %iter.check ], [ %n.vec58, %vec.epilog.iter.check ], [ %n.vec77, %vec.epilog.middle.block ]
  br label %B1472.if

B1534:
  %zeros.4.1 = phi i64 [ %zeros.3.02021, %B1354 ], [ %35, %vec.epilog.middle.block ], [ %28, %middle.block70 ], [ %.3014, %B1472.if ]
  %.33811985.not = icmp slt i64 %.1575, 1
  %min.iters.check = icmp ult i64 %7, 8
  %n.vec = and i64 %7, -8
  %cmp.n = icmp eq i64 %7, %n.vec
  br label %B1566.if

B1858:
  br i1 %or.cond, label %B2562, label %B2312

B1858.thread:
  %.3453.lcssa = phi double [ %71, %middle.block ], [ %.3453, %B1680.if ]
  %.3461.lcssa = phi double [ %70, %middle.block ], [ %.3461, %B1680.if ]
  %.13.i1964.lcssa = phi i32 [ %68, %middle.block ], [ %.13.i1964, %B1680.if ]
  %.13.i1965.lcssa = phi i32 [ %69, %middle.block ], [ %.13.i1965, %B1680.if ]
  %.3621.not27 = icmp sge i32 %.13.i1965.lcssa, %arg.infinite
  %.366428 = icmp slt i32 %.13.i1964.lcssa, %.3660
  %or.cond29 = select i1 %.3621.not27, i1 true, i1 %.366428
  br i1 %or.cond29, label %B2010.if, label %B2312

B2048:
  %36 = getelementptr float, ptr %.1774, i64 %.3755.01997
  %.3962 = load float, ptr %36, align 4
  %.3964 = fpext float %.3962 to double
  %.3965 = fsub reassoc contract double %.3964, %.3278
  %.3967 = fadd reassoc contract double %total.9.32001, %.3965
  %.3973 = fmul reassoc contract double %.3965, %.3965
  %.3975 = fadd reassoc contract double %squares.9.32002, %.3973
  %.4013 = icmp slt i32 %.3917, 0
  %.4051 = select i1 %.4013, i32 %arg.magnitude, i32 0
  %"$phi2174.3.2.4" = xor i32 %.4051, %.3917
  %.13.i1961 = tail call i32 @llvm.smin.i32(i32 %"$phi2174.3.2.4", i32 %low.5.32005)
  %.13.i1962 = tail call i32 @llvm.smax.i32(i32 %"$phi2174.3.2.4", i32 %high.5.32004)
  %.4189 = add nsw i64 %good.3.32003, 1
  br label %B2729

B2252:
  %.4203 = icmp eq i32 %.39211921, %arg.infinite
  br i1 %.4203, label %B2264, label %B2729

B2264:
  %.4243 = icmp slt i32 %.3917, 0
  br i1 %.4243, label %B2288, label %B2300

B2288:
  %.4276 = add nsw i64 %minus.2.32000, 1
  br label %B2729

B2300:
  %.4283 = add nsw i64 %plus.2.31999, 1
  br label %B2729

B2312:
  %total.11.3 = phi double [ 0.000000e+00, %B1858 ], [ %.3453.lcssa, %B1858.thread ], [ %total.10.4, %B2729 ]
  %squares.11.3 = phi double [ 0.000000e+00, %B1858 ], [ %.3461.lcssa, %B1858.thread ], [ %squares.10.4, %B2729 ]
  %high.8.3 = phi i32 [ %.3287, %B1858 ], [ %.13.i1965.lcssa, %B1858.thread ], [ %high.6.4, %B2729 ]
  %low.8.3 = phi i32 [ %arg.magnitude, %B1858 ], [ %.13.i1964.lcssa, %B1858.thread ], [ %low.6.4, %B2729 ]
  %good.5.3 = phi i64 [ %.1584, %B1858 ], [ %.1584, %B1858.thread ], [ %good.4.4, %B2729 ]
  %plus.6.3 = phi i64 [ 0, %B1858 ], [ 0, %B1858.thread ], [ %plus.3.4, %B2729 ]
  %minus.5.3 = phi i64 [ 0, %B1858 ], [ 0, %B1858.thread ], [ %minus.3.4, %B2729 ]
  %.4352 = icmp eq i64 %good.5.3, 0
  %brmerge = select i1 %.4352, i1 true, i1 %42
  br i1 %brmerge, label %B2562, label %B2340

B2340:
  %.4421 = sitofp i64 %good.5.3 to double
  %.4425 = fdiv reassoc contract double %total.11.3, %.4421
  %.4427 = fmul reassoc contract double %total.11.3, %.4425
  %.4429 = fsub reassoc contract double %squares.11.3, %.4427
  %.4434 = fadd reassoc contract double %.4425, %.3278
  %.4439 = fcmp reassoc contract une float %near.7.12015, 0.000000e+00
  br i1 %.4439, label %B2388, label %B2466

B2388:
  %.4443 = fmul reassoc contract double %.4434, %.4434
  %.4446 = fmul reassoc contract double %.4443, %.4421
  %.4448 = fcmp reassoc contract olt double %.4446, %.4429
  br i1 %.4448, label %B2542, label %B2466

B2466:
  %.4463 = fmul reassoc contract double %.4429, 1.000000e+02
  %.4467 = fcmp reassoc contract ogt double %squares.11.3, %.4463
  br i1 %.4467, label %B2484, label %B2562

B2484:
  %.4473 = fptrunc double %.4434 to float
  br label %B2542

B2542:
  %near.8.3 = phi float [ %.4473, %B2484 ], [ 0.000000e+00, %B2388 ]
  %.4542 = fcmp reassoc contract une float %near.8.3, %near.7.12015
  br i1 %.4542, label %B1566.if, label %B2562

B2562:
  %minus.5.321 = phi i64 [ %minus.5.3, %B2542 ], [ %minus.5.3, %B2466 ], [ %minus.5.3, %B2312 ], [ 0, %B1858 ]
  %plus.6.320 = phi i64 [ %plus.6.3, %B2542 ], [ %plus.6.3, %B2466 ], [ %plus.6.3, %B2312 ], [ 0, %B1858 ]
  %good.5.319 = phi i64 [ %good.5.3, %B2542 ], [ %good.5.3, %B2466 ], [ %good.5.3, %B2312 ], [ 0, %B1858 ]
  %low.8.318 = phi i32 [ %low.8.3, %B2542 ], [ %low.8.3, %B2466 ], [ %low.8.3, %B2312 ], [ %arg.magnitude, %B1858 ]
  %high.8.317 = phi i32 [ %high.8.3, %B2542 ], [ %high.8.3, %B2466 ], [ %high.8.3, %B2312 ], [ %.3287, %B1858 ]
  %squares.11.316 = phi double [ %squares.11.3, %B2542 ], [ %squares.11.3, %B2466 ], [ %squares.11.3, %B2312 ], [ 0.000000e+00, %B1858 ]
  %total.11.315 = phi double [ %total.11.3, %B2542 ], [ %total.11.3, %B2466 ], [ %total.11.3, %B2312 ], [ 0.000000e+00, %B1858 ]
  %near.11.2 = phi float [ %near.8.3, %B2542 ], [ %near.7.12015, %B2466 ], [ %near.7.12015, %B2312 ], [ %near.7.12015, %B1858 ]
  %.4678 = add nsw i64 %plus.6.320, %posinf.2.02022
  %.4686 = add nsw i64 %minus.5.321, %neginf.2.02023
  %.4746.idx = shl i64 %.1402.sroa.0.02029, 5
  %.4746 = getelementptr i8, ptr %arg.rows_at, i64 %.4746.idx
  %.4747 = sitofp i64 %good.5.319 to double
  store double %.4747, ptr %.4746, align 8
  %.4803 = getelementptr i8, ptr %.4746, i64 8
  store double %.3278, ptr %.4803, align 8
  %.4859 = getelementptr i8, ptr %.4746, i64 16
  store double %total.11.315, ptr %.4859, align 8
  %.4917 = getelementptr i8, ptr %.4746, i64 24
  store double %squares.11.316, ptr %.4917, align 8
  %.4920 = icmp sgt i64 %good.5.319, 0
  br i1 %.4920, label %B2650, label %B2724

B2650:
  %.4924 = add nuw nsw i64 %good.5.319, %finite.2.02020
  %.13.i1963 = tail call i32 @llvm.smin.i32(i32 %low.8.318, i32 %least.2.02025)
  %.8.i = sext i32 %high.8.317 to i64
  %.10.i = tail call i64 @llvm.smax.i64(i64 %greatest.2.02024, i64 %.8.i)
  br label %B2724

B2724:
  %finite.3.1 = phi i64 [ %.4924, %B2650 ], [ %finite.2.02020, %B2562 ]
  %greatest.3.1 = phi i64 [ %.10.i, %B2650 ], [ %greatest.2.02024, %B2562 ]
  %least.3.1 = phi i32 [ %.13.i1963, %B2650 ], [ %least.2.02025, %B2562 ]
  %.1412 = icmp sgt i64 %.1358.12027, 0
  %.1421 = sext i1 %.1412 to i64
  %.1358.1 = add nsw i64 %.1358.12027, %.1421
  %.1425 = zext i1 %.1412 to i64
  %.1355.1 = add i64 %.1355.12028, %.1425
  %indvar.next = add i64 %indvar, 1
  br i1 %.1412, label %B898, label %B2728

B2728:
  %finite.2.0.lcssa = phi i64 [ 0, %B864 ], [ %finite.3.1, %B2724 ]
  %zeros.3.0.lcssa = phi i64 [ 0, %B864 ], [ %zeros.4.1, %B2724 ]
  %posinf.2.0.lcssa = phi i64 [ 0, %B864 ], [ %.4678, %B2724 ]
  %neginf.2.0.lcssa = phi i64 [ 0, %B864 ], [ %.4686, %B2724 ]
  %greatest.2.0.lcssa = phi i64 [ %.798, %B864 ], [ %greatest.3.1, %B2724 ]
  %least.2.0.lcssa = phi i32 [ %arg.magnitude, %B864 ], [ %least.3.1, %B2724 ]
  store i64 %finite.2.0.lcssa, ptr %arg.found_at, align 8
  %.5211 = getelementptr i8, ptr %arg.found_at, i64 8
  %.5212 = sext i32 %least.2.0.lcssa to i64
  store i64 %.5212, ptr %.5211, align 8
  %.5245 = getelementptr i8, ptr %arg.found_at, i64 16
  store i64 %greatest.2.0.lcssa, ptr %.5245, align 8
  %.5278 = getelementptr i8, ptr %arg.found_at, i64 24
  store i64 %zeros.3.0.lcssa, ptr %.5278, align 8
  %.5311 = getelementptr i8, ptr %arg.found_at, i64 32
  store i64 %posinf.2.0.lcssa, ptr %.5311, align 8
  %.5344 = getelementptr i8, ptr %arg.found_at, i64 40
  store i64 %neginf.2.0.lcssa, ptr %.5344, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B2729:
  %total.10.4 = phi double [ %.3967, %B2048 ], [ %total.9.32001, %B2288 ], [ %total.9.32001, %B2300 ], [ %total.9.32001, %B2252 ]
  %squares.10.4 = phi double [ %.3975, %B2048 ], [ %squares.9.32002, %B2288 ], [ %squares.9.32002, %B2300 ], [ %squares.9.32002, %B2252 ]
  %plus.3.4 = phi i64 [ %plus.2.31999, %B2048 ], [ %plus.2.31999, %B2288 ], [ %.4283, %B2300 ], [ %plus.2.31999, %B2252 ]
  %minus.3.4 = phi i64 [ %minus.2.32000, %B2048 ], [ %.4276, %B2288 ], [ %minus.2.32000, %B2300 ], [ %minus.2.32000, %B2252 ]
  %low.6.4 = phi i32 [ %.13.i1961, %B2048 ], [ %low.5.32005, %B2288 ], [ %low.5.32005, %B2300 ], [ %low.5.32005, %B2252 ]
  %high.6.4 = phi i32 [ %.13.i1962, %B2048 ], [ %high.5.32004, %B2288 ], [ %high.5.32004, %B2300 ], [ %high.5.32004, %B2252 ]
  %good.4.4 = phi i64 [ %.4189, %B2048 ], [ %good.3.32003, %B2288 ], [ %good.3.32003, %B2300 ], [ %good.3.32003, %B2252 ]
  %exitcond2040.not = icmp eq i64 %.1575, %.3845
  br i1 %exitcond2040.not, label %B2312, label %B2010.if

B610.if:
  %squares.6.01973 = phi double [ %squares.7.1, %B740 ], [ 0.000000e+00, %B610.if.preheader ]
  %total.6.01972 = phi double [ %total.7.1, %B740 ], [ 0.000000e+00, %B610.if.preheader ]
  %seen.2.01971 = phi i64 [ %seen.3.1, %B740 ], [ 0, %B610.if.preheader ]
  %near.5.01970 = phi float [ %near.6.1, %B740 ], [ %.835, %B610.if.preheader ]
  %.912.01969 = phi i64 [ %.981, %B740 ], [ 0, %B610.if.preheader ]
  %.915.01968 = phi i64 [ %.977, %B740 ], [ %0, %B610.if.preheader ]
  %.977 = add nsw i64 %.915.01968, -1
  %.981 = add nuw nsw i64 %.912.01969, 1
  %37 = getelementptr i32, ptr %arg.keys_at, i64 %.912.01969
  %.1055 = load i32, ptr %37, align 4
  %.10591923 = and i32 %.1055, %arg.magnitude
  %.1062 = icmp slt i32 %.10591923, %arg.infinite
  br i1 %.1062, label %B644, label %B740

B1162.if:
  %.2201.01979 = phi i64 [ %.2270, %B1162.if ], [ 0, %B898 ]
  %.2270 = add nuw nsw i64 %.2201.01979, 1
  %.idx1966 = shl i64 %.2201.01979, 3
  %38 = getelementptr i8, ptr %.1961, i64 %.idx1966
  %39 = getelementptr i8, ptr %38, i64 2
  %.2347 = load i16, ptr %39, align 2
  %.2351 = zext i16 %.2347 to i64
  %.2376 = getelementptr i32, ptr %arg.tables, i64 %.2351
  %.2377 = load i32, ptr %.2376, align 4
  %.2381 = add i32 %.2377, 1
  store i32 %.2381, ptr %.2376, align 4
  %40 = getelementptr i8, ptr %38, i64 6
  %.2463 = load i16, ptr %40, align 2
  %.2467 = zext i16 %.2463 to i64
  %.2492 = getelementptr i32, ptr %.510, i64 %.2467
  %.2493 = load i32, ptr %.2492, align 4
  %.2497 = add i32 %.2493, 1
  store i32 %.2497, ptr %.2492, align 4
  %exitcond.not = icmp eq i64 %.1930, %.2270
  br i1 %exitcond.not, label %B1264, label %B1162.if

B1472.if:
  %zeros.2.21983 = phi i64 [ %.3014, %B1472.if ], [ %zeros.2.21983.ph, %B1472.if.preheader ]
  %.2856.01982 = phi i64 [ %.2928, %B1472.if ], [ %.2856.01982.ph, %B1472.if.preheader ]
  %.2928 = add nuw nsw i64 %.2856.01982, 1
  %41 = getelementptr float, ptr %.1774, i64 %.2856.01982
  %.2984 = load float, ptr %41, align 4
  %.2987 = fcmp reassoc contract oeq float %.2984, 0.000000e+00
  %.15.i = zext i1 %.2987 to i64
  %.3014 = add nsw i64 %zeros.2.21983, %.15.i
  %exitcond2038.not = icmp eq i64 %.1575, %.2928
  br i1 %exitcond2038.not, label %B1534, label %B1472.if

B1566.if:
  %near.7.12015 = phi float [ %near.9.02026, %B1534 ], [ %near.8.3, %B2542 ]
  %.3103.02013 = phi i64 [ 0, %B1534 ], [ %.3225, %B2542 ]
  %.3225 = add nuw nsw i64 %.3103.02013, 1
  %42 = icmp eq i64 %.3103.02013, 2
  %.3278 = fpext float %near.7.12015 to double
  br i1 %.33811985.not, label %B1858, label %B1680.if.preheader

B1680.if.preheader:
  br i1 %min.iters.check, label %B1680.if.preheader85, label %vector.ph

vector.ph:
  %broadcast.splatinsert = insertelement <4 x double> poison, double %.3278, i64 0
  %broadcast.splat = shufflevector <4 x double> %broadcast.splatinsert, <4 x double> poison, <4 x i32> zeroinitializer
  br label %vector.body

vector.body:
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %vec.phi = phi <4 x i32> [ %broadcast.splat32, %vector.ph ], [ %63, %vector.body ]
  %vec.phi35 = phi <4 x i32> [ %broadcast.splat32, %vector.ph ], [ %64, %vector.body ]
  %vec.phi36 = phi <4 x i32> [ %broadcast.splat34, %vector.ph ], [ %65, %vector.body ]
  %vec.phi37 = phi <4 x i32> [ %broadcast.splat34, %vector.ph ], [ %66, %vector.body ]
  %vec.phi38 = phi <4 x double> [ <double 0.000000e+00, double -0.000000e+00, double -0.000000e+00, double -0.000000e+00>, %vector.ph ], [ %53, %vector.body ]
  %vec.phi39 = phi <4 x double> [ splat (double -0.000000e+00), %vector.ph ], [ %54, %vector.body ]
  %vec.phi40 = phi <4 x double> [ <double 0.000000e+00, double -0.000000e+00, double -0.000000e+00, double -0.000000e+00>, %vector.ph ], [ %49, %vector.body ]
  %vec.phi41 = phi <4 x double> [ splat (double -0.000000e+00), %vector.ph ], [ %50, %vector.body ]
  %43 = getelementptr float, ptr %.1774, i64 %index
  %44 = getelementptr i8, ptr %43, i64 16
  %wide.load = load <4 x float>, ptr %43, align 4
  %wide.load42 = load <4 x float>, ptr %44, align 4
  %45 = fpext <4 x float> %wide.load to <4 x double>
  %46 = fpext <4 x float> %wide.load42 to <4 x double>
  %47 = fsub reassoc contract <4 x double> %45, %broadcast.splat
  %48 = fsub reassoc contract <4 x double> %46, %broadcast.splat
  %49 = fadd reassoc contract <4 x double> %vec.phi40, %47
  %50 = fadd reassoc contract <4 x double> %vec.phi41, %48
  %51 = fmul reassoc contract <4 x double> %47, %47
  %52 = fmul reassoc contract <4 x double> %48, %48
  %53 = fadd reassoc contract <4 x double> %vec.phi38, %51
  %54 = fadd reassoc contract <4 x double> %vec.phi39, %52
  %55 = getelementptr i32, ptr %.1600, i64 %index
  %56 = getelementptr i8, ptr %55, i64 16
  %wide.load43 = load <4 x i32>, ptr %55, align 4
  %wide.load44 = load <4 x i32>, ptr %56, align 4
  %57 = icmp slt <4 x i32> %wide.load43, zeroinitializer
  %58 = icmp slt <4 x i32> %wide.load44, zeroinitializer
  %59 = select <4 x i1> %57, <4 x i32> %broadcast.splat32, <4 x i32> zeroinitializer
  %60 = select <4 x i1> %58, <4 x i32> %broadcast.splat32, <4 x i32> zeroinitializer
  %61 = xor <4 x i32> %59, %wide.load43
  %62 = xor <4 x i32> %60, %wide.load44
  %63 = tail call <4 x i32> @llvm.smin.v4i32(<4 x i32> %61, <4 x i32> %vec.phi)
  %64 = tail call <4 x i32> @llvm.smin.v4i32(<4 x i32> %62, <4 x i32> %vec.phi35)
  %65 = tail call <4 x i32> @llvm.smax.v4i32(<4 x i32> %61, <4 x i32> %vec.phi36)
  %66 = tail call <4 x i32> @llvm.smax.v4i32(<4 x i32> %62, <4 x i32> %vec.phi37)
  %index.next = add nuw i64 %index, 8
  %67 = icmp eq i64 %index.next, %n.vec
  br i1 %67, label %middle.block, label %vector.body

middle.block:
  %rdx.minmax = tail call <4 x i32> @llvm.smin.v4i32(<4 x i32> %63, <4 x i32> %64)
  %68 = tail call i32 @llvm.vector.reduce.smin.v4i32(<4 x i32> %rdx.minmax)
  %rdx.minmax45 = tail call <4 x i32> @llvm.smax.v4i32(<4 x i32> %65, <4 x i32> %66)
  %69 = tail call i32 @llvm.vector.reduce.smax.v4i32(<4 x i32> %rdx.minmax45)
  %bin.rdx = fadd reassoc contract <4 x double> %54, %53
  %70 = tail call reassoc contract double @llvm.vector.reduce.fadd.v4f64(double -0.000000e+00, <4 x double> %bin.rdx)
  %bin.rdx46 = fadd reassoc contract <4 x double> %50, %49
  %71 = tail call reassoc contract double @llvm.vector.reduce.fadd.v4f64(double -0.000000e+00, <4 x double> %bin.rdx46)
  br i1 %cmp.n, label %B1858.thread, label %B1680.if.preheader85

B1680.if.preheader85:
  %low.4.21991.ph = phi i32 [ %arg.magnitude, %B1680.if.preheader ], [ %68, %middle.block ]
  %high.4.21990.ph = phi i32 [ %.3287, %B1680.if.preheader ], [ %69, %middle.block ]
  %squares.8.21989.ph = phi double [ 0.000000e+00, %B1680.if.preheader ], [ %70, %middle.block ]
  %total.8.21988.ph = phi double [ 0.000000e+00, %B1680.if.preheader ], [ %71, %middle.block ]
  %.3325.01986.ph = phi i64 [ 0, %B1680.if.preheader ], [ %n.vec, %middle.block ]
  br label %B1680.if

B1680.if:
  %low.4.21991 = phi i32 [ %.13.i1964, %B1680.if ], [ %low.4.21991.ph, %B1680.if.preheader85 ]
  %high.4.21990 = phi i32 [ %.13.i1965, %B1680.if ], [ %high.4.21990.ph, %B1680.if.preheader85 ]
  %squares.8.21989 = phi double [ %.3461, %B1680.if ], [ %squares.8.21989.ph, %B1680.if.preheader85 ]
  %total.8.21988 = phi double [ %.3453, %B1680.if ], [ %total.8.21988.ph, %B1680.if.preheader85 ]
  %.3325.01986 = phi i64 [ %.3394, %B1680.if ], [ %.3325.01986.ph, %B1680.if.preheader85 ]
  %.3394 = add nuw nsw i64 %.3325.01986, 1
  %72 = getelementptr float, ptr %.1774, i64 %.3325.01986
  %.3448 = load float, ptr %72, align 4
  %.3450 = fpext float %.3448 to double
  %.3451 = fsub reassoc contract double %.3450, %.3278
  %.3453 = fadd reassoc contract double %total.8.21988, %.3451
  %.3459 = fmul reassoc contract double %.3451, %.3451
  %.3461 = fadd reassoc contract double %squares.8.21989, %.3459
  %73 = getelementptr i32, ptr %.1600, i64 %.3325.01986
  %.3496 = load i32, ptr %73, align 4
  %.3502 = icmp slt i32 %.3496, 0
  %.35081922 = select i1 %.3502, i32 %arg.magnitude, i32 0
  %"$phi1790.3.2.3" = xor i32 %.35081922, %.3496
  %.13.i1964 = tail call i32 @llvm.smin.i32(i32 %"$phi1790.3.2.3", i32 %low.4.21991)
  %.13.i1965 = tail call i32 @llvm.smax.i32(i32 %"$phi1790.3.2.3", i32 %high.4.21990)
  %exitcond2039.not = icmp eq i64 %.1575, %.3394
  br i1 %exitcond2039.not, label %B1858.thread, label %B1680.if

B2010.if:
  %low.5.32005 = phi i32 [ %low.6.4, %B2729 ], [ %arg.magnitude, %B1858.thread ]
  %high.5.32004 = phi i32 [ %high.6.4, %B2729 ], [ %.3287, %B1858.thread ]
  %good.3.32003 = phi i64 [ %good.4.4, %B2729 ], [ 0, %B1858.thread ]
  %squares.9.32002 = phi double [ %squares.10.4, %B2729 ], [ 0.000000e+00, %B1858.thread ]
  %total.9.32001 = phi double [ %total.10.4, %B2729 ], [ 0.000000e+00, %B1858.thread ]
  %minus.2.32000 = phi i64 [ %minus.3.4, %B2729 ], [ 0, %B1858.thread ]
  %plus.2.31999 = phi i64 [ %plus.3.4, %B2729 ], [ 0, %B1858.thread ]
  %.3755.01997 = phi i64 [ %.3845, %B2729 ], [ 0, %B1858.thread ]
  %.3845 = add nuw nsw i64 %.3755.01997, 1
  %74 = getelementptr i32, ptr %.1600, i64 %.3755.01997
  %.3917 = load i32, ptr %74, align 4
  %.39211921 = and i32 %.3917, %arg.magnitude
  %.3928 = icmp slt i32 %.39211921, %arg.infinite
  br i1 %.3928, label %B2048, label %B2252
}

declare i64 @llvm.smax.i64(i64, i64)

declare i64 @llvm.smin.i64(i64, i64)

declare i32 @llvm.smin.i32(i32, i32)

declare i32 @llvm.smax.i32(i32, i32)

declare i64 @llvm.umin.i64(i64, i64)

declare <4 x i32> @llvm.smin.v4i32(<4 x i32>, <4 x i32>)

declare <4 x i32> @llvm.smax.v4i32(<4 x i32>, <4 x i32>)

declare i32 @llvm.vector.reduce.smin.v4i32(<4 x i32>)

declare i32 @llvm.vector.reduce.smax.v4i32(<4 x i32>)

declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)

declare i64 @llvm.vector.reduce.add.v4i64(<4 x i64>)
