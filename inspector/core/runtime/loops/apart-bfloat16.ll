; apart-bfloat16: made by tests/make_loops.py, not by hand
; source be1157db4a457f02e83276e75cbcebe10554e10007615e699175b85ecb7334c3
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.324 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.330 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi224.0.2.0" = select i1 %.324, i1 true, i1 %.330
  %0 = add nuw i64 %arg.size, 2047
  %.455 = lshr i64 %0, 11
  %.434.inv = icmp slt i64 %arg.size, 1
  %.4771091.not1118 = icmp eq i64 %.455, 0
  %.4771091.not = select i1 %.434.inv, i1 true, i1 %.4771091.not1118
  br i1 %.4771091.not, label %B2406, label %B272.if.preheader

B272.if.preheader:
  %broadcast.splatinsert = insertelement <16 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat = shufflevector <16 x double> %broadcast.splatinsert, <16 x double> poison, <16 x i32> zeroinitializer
  %broadcast.splatinsert44 = insertelement <16 x double> poison, double %arg.atol, i64 0
  %broadcast.splat45 = shufflevector <16 x double> %broadcast.splatinsert44, <16 x double> poison, <16 x i32> zeroinitializer
  %broadcast.splatinsert62 = insertelement <4 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat63 = shufflevector <4 x double> %broadcast.splatinsert62, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert64 = insertelement <4 x double> poison, double %arg.atol, i64 0
  %broadcast.splat65 = shufflevector <4 x double> %broadcast.splatinsert64, <4 x double> poison, <4 x i32> zeroinitializer
  br label %B272.if

B806:
  %.1150.lcssa = phi i16 [ %161, %vec.epilog.middle.block139 ], [ %136, %middle.block117 ], [ %.1150, %B400.if ]
  %.1254.lcssa = phi i16 [ %160, %vec.epilog.middle.block139 ], [ %135, %middle.block117 ], [ %.1254, %B400.if ]
  %.13.i1037.lcssa = phi i16 [ %159, %vec.epilog.middle.block139 ], [ %134, %middle.block117 ], [ %.13.i1037, %B400.if ]
  %1 = icmp ugt i16 %.13.i1037.lcssa, 32639
  br i1 %1, label %B886.if, label %B1612

B1048:
  %.1712 = zext i16 %.1546 to i32
  %.1713 = shl nuw i32 %.1712, 16
  %.1714 = bitcast i32 %.1713 to float
  %.1715 = fpext float %.1714 to double
  %.1747 = zext i16 %.1581 to i32
  %.1748 = shl nuw i32 %.1747, 16
  %.1749 = bitcast i32 %.1748 to float
  %.1750 = fpext float %.1749 to double
  %.1755 = fsub reassoc nnan nsz contract double %.1715, %.1750
  %.1756 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1755)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1756, %max_d.2.11076
  %.13.i = select i1 %.12.i, double %.1756, double %max_d.2.11076
  %.1797 = fmul reassoc nnan nsz contract double %.1755, %.1755
  %.1799 = fadd reassoc nnan nsz contract double %.1797, %d2.3.11077
  %.1805 = fmul reassoc nnan nsz contract double %.1715, %.1715
  %.1807 = fadd reassoc nnan nsz contract double %.1805, %a2.4.11078
  %.1815 = fmul reassoc nnan nsz contract double %.1750, %.1750
  %.1817 = fadd reassoc nnan nsz contract double %.1815, %b2.4.11079
  %.1824 = fmul reassoc nnan nsz contract double %.1750, %.1715
  %.1826 = fadd reassoc nnan nsz contract double %.1824, %product.4.11080
  br i1 %"$phi1022.2.2.2", label %B1268, label %B1392

B1268:
  br i1 %"$phi224.0.2.0", label %B1272, label %B1392

B1272:
  %.1849 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1750)
  %.1853 = fmul reassoc nnan nsz contract double %.1849, %arg.rtol
  %.1855 = fadd reassoc nnan nsz contract double %.1853, %arg.atol
  %.1857 = fcmp reassoc nnan nsz contract ugt double %.1756, %.1855
  br label %B1392

B1326:
  %.1922 = icmp ugt i16 %165, 32640
  %.1925 = icmp ugt i16 %167, 32640
  %or.cond1 = select i1 %.1922, i1 %.1925, i1 false
  br i1 %or.cond1, label %B1392, label %B1356

B1356:
  %.15.i = zext i1 %"$phi1022.2.2.2" to i64
  %.2019 = add nsw i64 %nonfinite.2.11075, %.15.i
  br label %B1392

B1392:
  %nonfinite.3.2 = phi i64 [ %.2019, %B1356 ], [ %nonfinite.2.11075, %B1048 ], [ %nonfinite.2.11075, %B1268 ], [ %nonfinite.2.11075, %B1272 ], [ %nonfinite.2.11075, %B1326 ]
  %max_d.3.2 = phi double [ %max_d.2.11076, %B1356 ], [ %.13.i, %B1048 ], [ %.13.i, %B1268 ], [ %.13.i, %B1272 ], [ %max_d.2.11076, %B1326 ]
  %d2.4.2 = phi double [ %d2.3.11077, %B1356 ], [ %.1799, %B1048 ], [ %.1799, %B1268 ], [ %.1799, %B1272 ], [ %d2.3.11077, %B1326 ]
  %a2.5.2 = phi double [ %a2.4.11078, %B1356 ], [ %.1807, %B1048 ], [ %.1807, %B1268 ], [ %.1807, %B1272 ], [ %a2.4.11078, %B1326 ]
  %b2.5.2 = phi double [ %b2.4.11079, %B1356 ], [ %.1817, %B1048 ], [ %.1817, %B1268 ], [ %.1817, %B1272 ], [ %b2.4.11079, %B1326 ]
  %product.5.2 = phi double [ %product.4.11080, %B1356 ], [ %.1826, %B1048 ], [ %.1826, %B1268 ], [ %.1826, %B1272 ], [ %product.4.11080, %B1326 ]
  %unequal.3.2 = phi i1 [ %"$phi1022.2.2.2", %B1356 ], [ false, %B1048 ], [ true, %B1268 ], [ %.1857, %B1272 ], [ false, %B1326 ]
  %.2032 = zext i1 %unequal.3.2 to i16
  %.2033 = add i16 %differ.7.11081, %.2032
  %.21061014 = xor i16 %.1581, %.1546
  %.2108 = icmp slt i16 %.21061014, 0
  br i1 %.2108, label %B1508, label %B1570

B1508:
  %2 = add nsw i16 %165, -32641
  %"$phi1570.7.6.3" = icmp ult i16 %2, -32640
  %.2182.not = icmp eq i16 %167, 0
  %or.cond1017 = select i1 %"$phi1570.7.6.3", i1 true, i1 %.2182.not
  br i1 %or.cond1017, label %B1570, label %B1556

B1556:
  %.2196 = icmp ult i16 %167, 32641
  %3 = zext i1 %.2196 to i16
  br label %B1570

B1570:
  %"$phi1570.7.5.2" = phi i16 [ %3, %B1556 ], [ 0, %B1392 ], [ 0, %B1508 ]
  %.2259 = add i16 %"$phi1570.7.5.2", %opposed.5.11082
  %exitcond1117.not = icmp eq i64 %.630, %.1488
  br i1 %exitcond1117.not, label %B2290, label %B886.if

B1612:
  %.2338 = icmp eq i16 %.1150.lcssa, 0
  %min.iters.check = icmp ult i64 %.630, 4
  br i1 %.2338, label %iter.check, label %B1780.if.preheader

B1780.if.preheader:
  br i1 %min.iters.check, label %B1780.if.preheader147, label %vector.ph77

vector.ph77:
  %n.vec79 = and i64 %.630, 9223372036854775804
  %broadcast.splatinsert80 = insertelement <4 x i64> poison, i64 %top.3.01102, i64 0
  %broadcast.splat81 = shufflevector <4 x i64> %broadcast.splatinsert80, <4 x i64> poison, <4 x i32> zeroinitializer
  br label %vector.body82

vector.body82:
  %index83 = phi i64 [ 0, %vector.ph77 ], [ %index.next91, %vector.body82 ]
  %vec.phi84 = phi <4 x double> [ zeroinitializer, %vector.ph77 ], [ %19, %vector.body82 ]
  %vec.phi85 = phi <4 x double> [ zeroinitializer, %vector.ph77 ], [ %21, %vector.body82 ]
  %vec.phi86 = phi <4 x double> [ zeroinitializer, %vector.ph77 ], [ %23, %vector.body82 ]
  %vec.phi87 = phi <4 x double> [ zeroinitializer, %vector.ph77 ], [ %25, %vector.body82 ]
  %vec.phi88 = phi <4 x i64> [ %broadcast.splat81, %vector.ph77 ], [ %17, %vector.body82 ]
  %4 = getelementptr i16, ptr %.655, i64 %index83
  %wide.load89 = load <4 x i16>, ptr %4, align 2
  %5 = zext <4 x i16> %wide.load89 to <4 x i32>
  %6 = shl nuw <4 x i32> %5, splat (i32 16)
  %7 = bitcast <4 x i32> %6 to <4 x float>
  %8 = fpext <4 x float> %7 to <4 x double>
  %9 = getelementptr i16, ptr %.827, i64 %index83
  %wide.load90 = load <4 x i16>, ptr %9, align 2
  %10 = zext <4 x i16> %wide.load90 to <4 x i32>
  %11 = shl nuw <4 x i32> %10, splat (i32 16)
  %12 = bitcast <4 x i32> %11 to <4 x float>
  %13 = fpext <4 x float> %12 to <4 x double>
  %14 = fsub reassoc nnan nsz contract <4 x double> %8, %13
  %15 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %14)
  %16 = bitcast <4 x double> %15 to <4 x i64>
  %17 = tail call <4 x i64> @llvm.smax.v4i64(<4 x i64> %16, <4 x i64> %vec.phi88)
  %18 = fmul reassoc nnan nsz contract <4 x double> %13, %8
  %19 = fadd reassoc nnan nsz contract <4 x double> %18, %vec.phi84
  %20 = fmul reassoc nnan nsz contract <4 x double> %13, %13
  %21 = fadd reassoc nnan nsz contract <4 x double> %20, %vec.phi85
  %22 = fmul reassoc nnan nsz contract <4 x double> %8, %8
  %23 = fadd reassoc nnan nsz contract <4 x double> %22, %vec.phi86
  %24 = fmul reassoc nnan nsz contract <4 x double> %14, %14
  %25 = fadd reassoc nnan nsz contract <4 x double> %24, %vec.phi87
  %index.next91 = add nuw i64 %index83, 4
  %26 = icmp eq i64 %index.next91, %n.vec79
  br i1 %26, label %middle.block92, label %vector.body82

middle.block92:
  %27 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %19)
  %28 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %21)
  %29 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %23)
  %30 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %25)
  %31 = tail call i64 @llvm.vector.reduce.smax.v4i64(<4 x i64> %17)
  %cmp.n93 = icmp eq i64 %.630, %n.vec79
  br i1 %cmp.n93, label %B2028, label %B1780.if.preheader147

B1780.if.preheader147:
  %product.6.21056.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %27, %middle.block92 ]
  %b2.6.21055.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %28, %middle.block92 ]
  %a2.7.21054.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %29, %middle.block92 ]
  %d2.5.21053.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %30, %middle.block92 ]
  %top.2.21052.ph = phi i64 [ %top.3.01102, %B1780.if.preheader ], [ %31, %middle.block92 ]
  %.2630.01050.ph = phi i64 [ 0, %B1780.if.preheader ], [ %n.vec79, %middle.block92 ]
  br label %B1780.if

iter.check:
  br i1 %min.iters.check, label %B1664.if.preheader, label %vector.main.loop.iter.check

vector.main.loop.iter.check:
  %min.iters.check19 = icmp ult i64 %.630, 16
  br i1 %min.iters.check19, label %vec.epilog.ph, label %vector.ph

vector.ph:
  %n.mod.vf = and i64 %.630, 12
  %n.vec = and i64 %.630, 9223372036854775792
  br label %vector.body

vector.body:
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %vec.phi = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %56, %vector.body ]
  %vec.phi20 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %57, %vector.body ]
  %vec.phi21 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %58, %vector.body ]
  %vec.phi22 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %59, %vector.body ]
  %32 = getelementptr i16, ptr %.655, i64 %index
  %33 = getelementptr i8, ptr %32, i64 8
  %34 = getelementptr i8, ptr %32, i64 16
  %35 = getelementptr i8, ptr %32, i64 24
  %wide.load = load <4 x i16>, ptr %32, align 2
  %wide.load23 = load <4 x i16>, ptr %33, align 2
  %wide.load24 = load <4 x i16>, ptr %34, align 2
  %wide.load25 = load <4 x i16>, ptr %35, align 2
  %36 = zext <4 x i16> %wide.load to <4 x i32>
  %37 = zext <4 x i16> %wide.load23 to <4 x i32>
  %38 = zext <4 x i16> %wide.load24 to <4 x i32>
  %39 = zext <4 x i16> %wide.load25 to <4 x i32>
  %40 = shl nuw <4 x i32> %36, splat (i32 16)
  %41 = shl nuw <4 x i32> %37, splat (i32 16)
  %42 = shl nuw <4 x i32> %38, splat (i32 16)
  %43 = shl nuw <4 x i32> %39, splat (i32 16)
  %44 = bitcast <4 x i32> %40 to <4 x float>
  %45 = bitcast <4 x i32> %41 to <4 x float>
  %46 = bitcast <4 x i32> %42 to <4 x float>
  %47 = bitcast <4 x i32> %43 to <4 x float>
  %48 = fpext <4 x float> %44 to <4 x double>
  %49 = fpext <4 x float> %45 to <4 x double>
  %50 = fpext <4 x float> %46 to <4 x double>
  %51 = fpext <4 x float> %47 to <4 x double>
  %52 = fmul reassoc nnan nsz contract <4 x double> %48, %48
  %53 = fmul reassoc nnan nsz contract <4 x double> %49, %49
  %54 = fmul reassoc nnan nsz contract <4 x double> %50, %50
  %55 = fmul reassoc nnan nsz contract <4 x double> %51, %51
  %56 = fadd reassoc nnan nsz contract <4 x double> %52, %vec.phi
  %57 = fadd reassoc nnan nsz contract <4 x double> %53, %vec.phi20
  %58 = fadd reassoc nnan nsz contract <4 x double> %54, %vec.phi21
  %59 = fadd reassoc nnan nsz contract <4 x double> %55, %vec.phi22
  %index.next = add nuw i64 %index, 16
  %60 = icmp eq i64 %index.next, %n.vec
  br i1 %60, label %middle.block, label %vector.body

middle.block:
  %bin.rdx = fadd reassoc nnan nsz contract <4 x double> %57, %56
  %bin.rdx26 = fadd reassoc nnan nsz contract <4 x double> %58, %bin.rdx
  %bin.rdx27 = fadd reassoc nnan nsz contract <4 x double> %59, %bin.rdx26
  %61 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %bin.rdx27)
  %cmp.n = icmp eq i64 %.630, %n.vec
  br i1 %cmp.n, label %B2290, label %vec.epilog.iter.check

vec.epilog.iter.check:
  %min.epilog.iters.check = icmp eq i64 %n.mod.vf, 0
  br i1 %min.epilog.iters.check, label %B1664.if.preheader, label %vec.epilog.ph

vec.epilog.ph:
  %vec.epilog.resume.val = phi i64 [ %n.vec, %vec.epilog.iter.check ], [ 0, %vector.main.loop.iter.check ]
  %bc.merge.rdx = phi double [ %61, %vec.epilog.iter.check ], [ 0.000000e+00, %vector.main.loop.iter.check ]
  %n.vec29 = and i64 %.630, 9223372036854775804
  %62 = insertelement <4 x double> <double poison, double 0.000000e+00, double 0.000000e+00, double 0.000000e+00>, double %bc.merge.rdx, i64 0
  br label %vec.epilog.vector.body

vec.epilog.vector.body:
  %index30 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next33, %vec.epilog.vector.body ]
  %vec.phi31 = phi <4 x double> [ %62, %vec.epilog.ph ], [ %69, %vec.epilog.vector.body ]
  %63 = getelementptr i16, ptr %.655, i64 %index30
  %wide.load32 = load <4 x i16>, ptr %63, align 2
  %64 = zext <4 x i16> %wide.load32 to <4 x i32>
  %65 = shl nuw <4 x i32> %64, splat (i32 16)
  %66 = bitcast <4 x i32> %65 to <4 x float>
  %67 = fpext <4 x float> %66 to <4 x double>
  %68 = fmul reassoc nnan nsz contract <4 x double> %67, %67
  %69 = fadd reassoc nnan nsz contract <4 x double> %68, %vec.phi31
  %index.next33 = add nuw i64 %index30, 4
  %70 = icmp eq i64 %index.next33, %n.vec29
  br i1 %70, label %vec.epilog.middle.block, label %vec.epilog.vector.body

vec.epilog.middle.block:
  %71 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %69)
  %cmp.n34 = icmp eq i64 %.630, %n.vec29
  br i1 %cmp.n34, label %B2290, label %B1664.if.preheader

B1664.if.preheader:
  %a2.6.21070.ph = phi double [ 0.000000e+00, %iter.check ], [ %61, %vec.epilog.iter.check ], [ %71, %vec.epilog.middle.block ]
  %.2385.01068.ph = phi i64 [ 0, %iter.check ], [ %n.vec, %vec.epilog.iter.check ], [ %n.vec29, %vec.epilog.middle.block ]
  br label %B1664.if

B2028:
  %.13.i1038.lcssa = phi i64 [ %31, %middle.block92 ], [ %.13.i1038, %B1780.if ]
  %.2810.lcssa = phi double [ %27, %middle.block92 ], [ %.2810, %B1780.if ]
  %.2805.lcssa = phi double [ %28, %middle.block92 ], [ %.2805, %B1780.if ]
  %.2800.lcssa = phi double [ %29, %middle.block92 ], [ %.2800, %B1780.if ]
  %.2795.lcssa = phi double [ %30, %middle.block92 ], [ %.2795, %B1780.if ]
  br i1 %"$phi224.0.2.0", label %iter.check38, label %B2290

iter.check38:
  %min.iters.check36 = icmp ult i64 %.630, 4
  br i1 %min.iters.check36, label %B2076.if.preheader, label %vector.main.loop.iter.check40

vector.main.loop.iter.check40:
  %min.iters.check39 = icmp ult i64 %.630, 16
  br i1 %min.iters.check39, label %vec.epilog.ph59, label %vector.ph41

vector.ph41:
  %n.mod.vf42 = and i64 %.630, 12
  %n.vec43 = and i64 %.630, 9223372036854775792
  br label %vector.body46

vector.body46:
  %index47 = phi i64 [ 0, %vector.ph41 ], [ %index.next51, %vector.body46 ]
  %vec.phi48 = phi <16 x i16> [ zeroinitializer, %vector.ph41 ], [ %89, %vector.body46 ]
  %72 = getelementptr i16, ptr %.655, i64 %index47
  %wide.load49 = load <16 x i16>, ptr %72, align 2
  %73 = zext <16 x i16> %wide.load49 to <16 x i32>
  %74 = shl nuw <16 x i32> %73, splat (i32 16)
  %75 = bitcast <16 x i32> %74 to <16 x float>
  %76 = fpext <16 x float> %75 to <16 x double>
  %77 = getelementptr i16, ptr %.827, i64 %index47
  %wide.load50 = load <16 x i16>, ptr %77, align 2
  %78 = zext <16 x i16> %wide.load50 to <16 x i32>
  %79 = shl nuw <16 x i32> %78, splat (i32 16)
  %80 = bitcast <16 x i32> %79 to <16 x float>
  %81 = fpext <16 x float> %80 to <16 x double>
  %82 = fsub reassoc nnan nsz contract <16 x double> %76, %81
  %83 = tail call reassoc nnan nsz contract <16 x double> @llvm.fabs.v16f64(<16 x double> %82)
  %84 = tail call reassoc nnan nsz contract <16 x double> @llvm.fabs.v16f64(<16 x double> %81)
  %85 = fmul reassoc nnan nsz contract <16 x double> %84, %broadcast.splat
  %86 = fadd reassoc nnan nsz contract <16 x double> %85, %broadcast.splat45
  %87 = fcmp reassoc nnan nsz contract ogt <16 x double> %83, %86
  %88 = zext <16 x i1> %87 to <16 x i16>
  %89 = add <16 x i16> %vec.phi48, %88
  %index.next51 = add nuw i64 %index47, 16
  %90 = icmp eq i64 %index.next51, %n.vec43
  br i1 %90, label %middle.block52, label %vector.body46

middle.block52:
  %91 = tail call i16 @llvm.vector.reduce.add.v16i16(<16 x i16> %89)
  %cmp.n53 = icmp eq i64 %.630, %n.vec43
  br i1 %cmp.n53, label %B2290, label %vec.epilog.iter.check57

vec.epilog.iter.check57:
  %min.epilog.iters.check58 = icmp eq i64 %n.mod.vf42, 0
  br i1 %min.epilog.iters.check58, label %B2076.if.preheader, label %vec.epilog.ph59

vec.epilog.ph59:
  %vec.epilog.resume.val54 = phi i64 [ %n.vec43, %vec.epilog.iter.check57 ], [ 0, %vector.main.loop.iter.check40 ]
  %bc.merge.rdx55 = phi i16 [ %91, %vec.epilog.iter.check57 ], [ 0, %vector.main.loop.iter.check40 ]
  %n.vec61 = and i64 %.630, 9223372036854775804
  %92 = insertelement <4 x i16> <i16 poison, i16 0, i16 0, i16 0>, i16 %bc.merge.rdx55, i64 0
  br label %vec.epilog.vector.body66

vec.epilog.vector.body66:
  %index67 = phi i64 [ %vec.epilog.resume.val54, %vec.epilog.ph59 ], [ %index.next71, %vec.epilog.vector.body66 ]
  %vec.phi68 = phi <4 x i16> [ %92, %vec.epilog.ph59 ], [ %110, %vec.epilog.vector.body66 ]
  %93 = getelementptr i16, ptr %.655, i64 %index67
  %wide.load69 = load <4 x i16>, ptr %93, align 2
  %94 = zext <4 x i16> %wide.load69 to <4 x i32>
  %95 = shl nuw <4 x i32> %94, splat (i32 16)
  %96 = bitcast <4 x i32> %95 to <4 x float>
  %97 = fpext <4 x float> %96 to <4 x double>
  %98 = getelementptr i16, ptr %.827, i64 %index67
  %wide.load70 = load <4 x i16>, ptr %98, align 2
  %99 = zext <4 x i16> %wide.load70 to <4 x i32>
  %100 = shl nuw <4 x i32> %99, splat (i32 16)
  %101 = bitcast <4 x i32> %100 to <4 x float>
  %102 = fpext <4 x float> %101 to <4 x double>
  %103 = fsub reassoc nnan nsz contract <4 x double> %97, %102
  %104 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %103)
  %105 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %102)
  %106 = fmul reassoc nnan nsz contract <4 x double> %105, %broadcast.splat63
  %107 = fadd reassoc nnan nsz contract <4 x double> %106, %broadcast.splat65
  %108 = fcmp reassoc nnan nsz contract ogt <4 x double> %104, %107
  %109 = zext <4 x i1> %108 to <4 x i16>
  %110 = add <4 x i16> %vec.phi68, %109
  %index.next71 = add nuw i64 %index67, 4
  %111 = icmp eq i64 %index.next71, %n.vec61
  br i1 %111, label %vec.epilog.middle.block72, label %vec.epilog.vector.body66

vec.epilog.middle.block72:
  %112 = tail call i16 @llvm.vector.reduce.add.v4i16(<4 x i16> %110)
  %cmp.n73 = icmp eq i64 %.630, %n.vec61
  br i1 %cmp.n73, label %B2290, label %B2076.if.preheader

B2076.if.preheader:
  %differ.8.21065.ph = phi i16 [ 0, %iter.check38 ], [ %91, %vec.epilog.iter.check57 ], [ %112, %vec.epilog.middle.block72 ]
  %.2933.01063.ph = phi i64 [ 0, %iter.check38 ], [ %n.vec43, %vec.epilog.iter.check57 ], [ %n.vec61, %vec.epilog.middle.block72 ]
  br label %B2076.if

B2290:
  %nonfinite.5.1 = phi i64 [ %nonfinite.4.01096, %B2028 ], [ %nonfinite.4.01096, %middle.block ], [ %nonfinite.4.01096, %B272.if ], [ %nonfinite.4.01096, %middle.block52 ], [ %nonfinite.4.01096, %B1664.if ], [ %nonfinite.4.01096, %vec.epilog.middle.block ], [ %nonfinite.3.2, %B1570 ], [ %nonfinite.4.01096, %vec.epilog.middle.block72 ], [ %nonfinite.4.01096, %B2076.if ]
  %max_d.5.1 = phi double [ %max_d.4.01101, %B2028 ], [ %max_d.4.01101, %middle.block ], [ %max_d.4.01101, %B272.if ], [ %max_d.4.01101, %middle.block52 ], [ %max_d.4.01101, %B1664.if ], [ %max_d.4.01101, %vec.epilog.middle.block ], [ %max_d.3.2, %B1570 ], [ %max_d.4.01101, %vec.epilog.middle.block72 ], [ %max_d.4.01101, %B2076.if ]
  %top.4.1 = phi i64 [ %.13.i1038.lcssa, %B2028 ], [ %top.3.01102, %middle.block ], [ %top.3.01102, %B272.if ], [ %.13.i1038.lcssa, %middle.block52 ], [ %top.3.01102, %B1664.if ], [ %top.3.01102, %vec.epilog.middle.block ], [ %top.3.01102, %B1570 ], [ %.13.i1038.lcssa, %vec.epilog.middle.block72 ], [ %.13.i1038.lcssa, %B2076.if ]
  %differ.9.1 = phi i16 [ %.1150.lcssa, %B2028 ], [ 0, %middle.block ], [ 0, %B272.if ], [ %91, %middle.block52 ], [ 0, %B1664.if ], [ 0, %vec.epilog.middle.block ], [ %.2033, %B1570 ], [ %112, %vec.epilog.middle.block72 ], [ %.3153, %B2076.if ]
  %opposed.6.1 = phi i16 [ %.1254.lcssa, %B2028 ], [ %.1254.lcssa, %middle.block ], [ 0, %B272.if ], [ %.1254.lcssa, %middle.block52 ], [ %.1254.lcssa, %B1664.if ], [ %.1254.lcssa, %vec.epilog.middle.block ], [ %.2259, %B1570 ], [ %.1254.lcssa, %vec.epilog.middle.block72 ], [ %.1254.lcssa, %B2076.if ]
  %d2.6.1 = phi double [ %.2795.lcssa, %B2028 ], [ 0.000000e+00, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2795.lcssa, %middle.block52 ], [ 0.000000e+00, %B1664.if ], [ 0.000000e+00, %vec.epilog.middle.block ], [ %d2.4.2, %B1570 ], [ %.2795.lcssa, %vec.epilog.middle.block72 ], [ %.2795.lcssa, %B2076.if ]
  %a2.8.1 = phi double [ %.2800.lcssa, %B2028 ], [ %61, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2800.lcssa, %middle.block52 ], [ %.2515, %B1664.if ], [ %71, %vec.epilog.middle.block ], [ %a2.5.2, %B1570 ], [ %.2800.lcssa, %vec.epilog.middle.block72 ], [ %.2800.lcssa, %B2076.if ]
  %b2.7.1 = phi double [ %.2805.lcssa, %B2028 ], [ %61, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2805.lcssa, %middle.block52 ], [ %.2515, %B1664.if ], [ %71, %vec.epilog.middle.block ], [ %b2.5.2, %B1570 ], [ %.2805.lcssa, %vec.epilog.middle.block72 ], [ %.2805.lcssa, %B2076.if ]
  %product.7.1 = phi double [ %.2810.lcssa, %B2028 ], [ %61, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2810.lcssa, %middle.block52 ], [ %.2515, %B1664.if ], [ %71, %vec.epilog.middle.block ], [ %product.5.2, %B1570 ], [ %.2810.lcssa, %vec.epilog.middle.block72 ], [ %.2810.lcssa, %B2076.if ]
  %.3203 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01097
  %.3210 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01098
  %.3217 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01099
  %.3224 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01100
  %.3257 = zext i16 %differ.9.1 to i64
  %.3258 = add nuw nsw i64 %different.2.01094, %.3257
  %.3289 = zext i16 %opposed.6.1 to i64
  %.3290 = add nuw nsw i64 %flips.2.01095, %.3289
  %.477 = icmp sgt i64 %.423.01092, 1
  br i1 %.477, label %B272.if, label %B2406.loopexit

B2406.loopexit:
  %113 = bitcast i64 %top.4.1 to double
  br label %B2406

B2406:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3258, %B2406.loopexit ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3290, %B2406.loopexit ]
  %nonfinite.4.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.5.1, %B2406.loopexit ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3203, %B2406.loopexit ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3210, %B2406.loopexit ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3217, %B2406.loopexit ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3224, %B2406.loopexit ]
  %max_d.4.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.5.1, %B2406.loopexit ]
  %top.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %113, %B2406.loopexit ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3376 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3376, align 8
  %.3409 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.4.0.lcssa, ptr %.3409, align 8
  %.12.i1033 = fcmp reassoc nnan nsz contract olt double %max_d.4.0.lcssa, %top.3.0.lcssa
  %.13.i1034 = select i1 %.12.i1033, double %top.3.0.lcssa, double %max_d.4.0.lcssa
  store double %.13.i1034, ptr %arg.sums_at, align 8
  %.3553 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3553, align 8
  %.3583 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3583, align 8
  %.3613 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3613, align 8
  %.3643 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3643, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B272.if:
  %top.3.01102 = phi i64 [ %top.4.1, %B2290 ], [ 0, %B272.if.preheader ]
  %max_d.4.01101 = phi double [ %max_d.5.1, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %ab.2.01100 = phi double [ %.3224, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %bb.2.01099 = phi double [ %.3217, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %aa.2.01098 = phi double [ %.3210, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %dd.2.01097 = phi double [ %.3203, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %nonfinite.4.01096 = phi i64 [ %nonfinite.5.1, %B2290 ], [ 0, %B272.if.preheader ]
  %flips.2.01095 = phi i64 [ %.3290, %B2290 ], [ 0, %B272.if.preheader ]
  %different.2.01094 = phi i64 [ %.3258, %B2290 ], [ 0, %B272.if.preheader ]
  %.420.01093 = phi i64 [ %.490, %B2290 ], [ 0, %B272.if.preheader ]
  %.423.01092 = phi i64 [ %.486, %B2290 ], [ %.455, %B272.if.preheader ]
  %.486 = add nsw i64 %.423.01092, -1
  %.490 = add nuw i64 %.420.01093, 2048
  %.552 = icmp slt i64 %.420.01093, 0
  %.553 = select i1 %.552, i64 %arg.size, i64 0
  %.554 = add i64 %.553, %.420.01093
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.554, i64 0)
  %.562.not = icmp slt i64 %.554, %arg.size
  %.542.sroa.0.3 = select i1 %.562.not, i64 %spec.select, i64 %arg.size
  %.569 = icmp slt i64 %.420.01093, -2048
  %.570 = select i1 %.569, i64 %arg.size, i64 0
  %.571 = add i64 %.570, %.490
  %.542.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.571, i64 0)
  %.579.not = icmp slt i64 %.571, %arg.size
  %.542.sroa.13.0 = select i1 %.579.not, i64 %.542.sroa.13.1, i64 %arg.size
  %.630 = sub nsw i64 %.542.sroa.13.0, %.542.sroa.0.3
  %.655 = getelementptr i16, ptr %arg.a_at, i64 %.542.sroa.0.3
  %.827 = getelementptr i16, ptr %arg.b_at, i64 %.542.sroa.0.3
  %.9721041.not = icmp slt i64 %.630, 1
  br i1 %.9721041.not, label %B2290, label %iter.check103

iter.check103:
  %min.iters.check101 = icmp ult i64 %.630, 4
  br i1 %min.iters.check101, label %B400.if.preheader, label %vector.main.loop.iter.check105

vector.main.loop.iter.check105:
  %min.iters.check104 = icmp ult i64 %.630, 16
  br i1 %min.iters.check104, label %vec.epilog.ph126, label %vector.ph106

vector.ph106:
  %n.mod.vf107 = and i64 %.630, 12
  %n.vec108 = and i64 %.630, 9223372036854775792
  br label %vector.body109

vector.body109:
  %index110 = phi i64 [ 0, %vector.ph106 ], [ %index.next116, %vector.body109 ]
  %vec.phi111 = phi <16 x i16> [ zeroinitializer, %vector.ph106 ], [ %132, %vector.body109 ]
  %vec.phi112 = phi <16 x i16> [ zeroinitializer, %vector.ph106 ], [ %130, %vector.body109 ]
  %vec.phi113 = phi <16 x i16> [ zeroinitializer, %vector.ph106 ], [ %123, %vector.body109 ]
  %114 = getelementptr i16, ptr %.655, i64 %index110
  %wide.load114 = load <16 x i16>, ptr %114, align 2
  %115 = and <16 x i16> %wide.load114, splat (i16 32767)
  %116 = getelementptr i16, ptr %.827, i64 %index110
  %wide.load115 = load <16 x i16>, ptr %116, align 2
  %117 = and <16 x i16> %wide.load115, splat (i16 32767)
  %118 = icmp ne <16 x i16> %wide.load114, %wide.load115
  %119 = or <16 x i16> %117, %115
  %120 = icmp ne <16 x i16> %119, zeroinitializer
  %121 = and <16 x i1> %118, %120
  %122 = zext <16 x i1> %121 to <16 x i16>
  %123 = add <16 x i16> %vec.phi113, %122
  %124 = tail call <16 x i16> @llvm.umin.v16i16(<16 x i16> %117, <16 x i16> %115)
  %125 = xor <16 x i16> %wide.load115, %wide.load114
  %126 = icmp slt <16 x i16> %125, zeroinitializer
  %127 = icmp ne <16 x i16> %124, zeroinitializer
  %128 = and <16 x i1> %126, %127
  %129 = zext <16 x i1> %128 to <16 x i16>
  %130 = add <16 x i16> %vec.phi112, %129
  %131 = tail call <16 x i16> @llvm.umax.v16i16(<16 x i16> %117, <16 x i16> %115)
  %132 = tail call <16 x i16> @llvm.umax.v16i16(<16 x i16> %131, <16 x i16> %vec.phi111)
  %index.next116 = add nuw i64 %index110, 16
  %133 = icmp eq i64 %index.next116, %n.vec108
  br i1 %133, label %middle.block117, label %vector.body109

middle.block117:
  %134 = tail call i16 @llvm.vector.reduce.umax.v16i16(<16 x i16> %132)
  %135 = tail call i16 @llvm.vector.reduce.add.v16i16(<16 x i16> %130)
  %136 = tail call i16 @llvm.vector.reduce.add.v16i16(<16 x i16> %123)
  %cmp.n118 = icmp eq i64 %.630, %n.vec108
  br i1 %cmp.n118, label %B806, label %vec.epilog.iter.check124

vec.epilog.iter.check124:
  %min.epilog.iters.check125 = icmp eq i64 %n.mod.vf107, 0
  br i1 %min.epilog.iters.check125, label %B400.if.preheader, label %vec.epilog.ph126

vec.epilog.ph126:
  %vec.epilog.resume.val119 = phi i64 [ %n.vec108, %vec.epilog.iter.check124 ], [ 0, %vector.main.loop.iter.check105 ]
  %bc.merge.rdx120 = phi i16 [ %134, %vec.epilog.iter.check124 ], [ 0, %vector.main.loop.iter.check105 ]
  %bc.merge.rdx121 = phi i16 [ %135, %vec.epilog.iter.check124 ], [ 0, %vector.main.loop.iter.check105 ]
  %bc.merge.rdx122 = phi i16 [ %136, %vec.epilog.iter.check124 ], [ 0, %vector.main.loop.iter.check105 ]
  %n.vec128 = and i64 %.630, 9223372036854775804
  %137 = insertelement <4 x i16> <i16 poison, i16 0, i16 0, i16 0>, i16 %bc.merge.rdx121, i64 0
  %138 = insertelement <4 x i16> <i16 poison, i16 0, i16 0, i16 0>, i16 %bc.merge.rdx122, i64 0
  %broadcast.splatinsert129 = insertelement <4 x i16> poison, i16 %bc.merge.rdx120, i64 0
  %broadcast.splat130 = shufflevector <4 x i16> %broadcast.splatinsert129, <4 x i16> poison, <4 x i32> zeroinitializer
  br label %vec.epilog.vector.body131

vec.epilog.vector.body131:
  %index132 = phi i64 [ %vec.epilog.resume.val119, %vec.epilog.ph126 ], [ %index.next138, %vec.epilog.vector.body131 ]
  %vec.phi133 = phi <4 x i16> [ %broadcast.splat130, %vec.epilog.ph126 ], [ %157, %vec.epilog.vector.body131 ]
  %vec.phi134 = phi <4 x i16> [ %137, %vec.epilog.ph126 ], [ %155, %vec.epilog.vector.body131 ]
  %vec.phi135 = phi <4 x i16> [ %138, %vec.epilog.ph126 ], [ %148, %vec.epilog.vector.body131 ]
  %139 = getelementptr i16, ptr %.655, i64 %index132
  %wide.load136 = load <4 x i16>, ptr %139, align 2
  %140 = and <4 x i16> %wide.load136, splat (i16 32767)
  %141 = getelementptr i16, ptr %.827, i64 %index132
  %wide.load137 = load <4 x i16>, ptr %141, align 2
  %142 = and <4 x i16> %wide.load137, splat (i16 32767)
  %143 = icmp ne <4 x i16> %wide.load136, %wide.load137
  %144 = or <4 x i16> %142, %140
  %145 = icmp ne <4 x i16> %144, zeroinitializer
  %146 = and <4 x i1> %143, %145
  %147 = zext <4 x i1> %146 to <4 x i16>
  %148 = add <4 x i16> %vec.phi135, %147
  %149 = tail call <4 x i16> @llvm.umin.v4i16(<4 x i16> %142, <4 x i16> %140)
  %150 = xor <4 x i16> %wide.load137, %wide.load136
  %151 = icmp slt <4 x i16> %150, zeroinitializer
  %152 = icmp ne <4 x i16> %149, zeroinitializer
  %153 = and <4 x i1> %151, %152
  %154 = zext <4 x i1> %153 to <4 x i16>
  %155 = add <4 x i16> %vec.phi134, %154
  %156 = tail call <4 x i16> @llvm.umax.v4i16(<4 x i16> %142, <4 x i16> %140)
  %157 = tail call <4 x i16> @llvm.umax.v4i16(<4 x i16> %156, <4 x i16> %vec.phi133)
  %index.next138 = add nuw i64 %index132, 4
  %158 = icmp eq i64 %index.next138, %n.vec128
  br i1 %158, label %vec.epilog.middle.block139, label %vec.epilog.vector.body131

vec.epilog.middle.block139:
  %159 = tail call i16 @llvm.vector.reduce.umax.v4i16(<4 x i16> %157)
  %160 = tail call i16 @llvm.vector.reduce.add.v4i16(<4 x i16> %155)
  %161 = tail call i16 @llvm.vector.reduce.add.v4i16(<4 x i16> %148)
  %cmp.n140 = icmp eq i64 %.630, %n.vec128
  br i1 %cmp.n140, label %B806, label %B400.if.preheader

B400.if.preheader:
  %high.2.11046.ph = phi i16 [ 0, %iter.check103 ], [ %134, %vec.epilog.iter.check124 ], [ %159, %vec.epilog.middle.block139 ]
  %opposed.4.11045.ph = phi i16 [ 0, %iter.check103 ], [ %135, %vec.epilog.iter.check124 ], [ %160, %vec.epilog.middle.block139 ]
  %differ.6.11044.ph = phi i16 [ 0, %iter.check103 ], [ %136, %vec.epilog.iter.check124 ], [ %161, %vec.epilog.middle.block139 ]
  %.916.01043.ph = phi i64 [ 0, %iter.check103 ], [ %n.vec108, %vec.epilog.iter.check124 ], [ %n.vec128, %vec.epilog.middle.block139 ]
  br label %B400.if

B400.if:
  %high.2.11046 = phi i16 [ %.13.i1037, %B400.if ], [ %high.2.11046.ph, %B400.if.preheader ]
  %opposed.4.11045 = phi i16 [ %.1254, %B400.if ], [ %opposed.4.11045.ph, %B400.if.preheader ]
  %differ.6.11044 = phi i16 [ %.1150, %B400.if ], [ %differ.6.11044.ph, %B400.if.preheader ]
  %.916.01043 = phi i64 [ %.985, %B400.if ], [ %.916.01043.ph, %B400.if.preheader ]
  %.985 = add nuw nsw i64 %.916.01043, 1
  %162 = getelementptr i16, ptr %.655, i64 %.916.01043
  %.1039 = load i16, ptr %162, align 2
  %.1042 = and i16 %.1039, 32767
  %163 = getelementptr i16, ptr %.827, i64 %.916.01043
  %.1073 = load i16, ptr %163, align 2
  %.1076 = and i16 %.1073, 32767
  %.1138 = icmp ne i16 %.1039, %.1073
  %.11411015 = or i16 %.1076, %.1042
  %.1143 = icmp ne i16 %.11411015, 0
  %.1144 = and i1 %.1138, %.1143
  %.1149 = zext i1 %.1144 to i16
  %.1150 = add i16 %differ.6.11044, %.1149
  %.13.i1035 = tail call i16 @llvm.umin.i16(i16 %.1076, i16 %.1042)
  %.12161016 = xor i16 %.1073, %.1039
  %.1218 = icmp slt i16 %.12161016, 0
  %.1247 = icmp ne i16 %.13.i1035, 0
  %.1248 = and i1 %.1218, %.1247
  %.1253 = zext i1 %.1248 to i16
  %.1254 = add i16 %opposed.4.11045, %.1253
  %.13.i1036 = tail call i16 @llvm.umax.i16(i16 %.1076, i16 %.1042)
  %.13.i1037 = tail call i16 @llvm.umax.i16(i16 %.13.i1036, i16 %high.2.11046)
  %exitcond.not = icmp eq i64 %.630, %.985
  br i1 %exitcond.not, label %B806, label %B400.if

B886.if:
  %opposed.5.11082 = phi i16 [ %.2259, %B1570 ], [ 0, %B806 ]
  %differ.7.11081 = phi i16 [ %.2033, %B1570 ], [ 0, %B806 ]
  %product.4.11080 = phi double [ %product.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %b2.4.11079 = phi double [ %b2.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %a2.4.11078 = phi double [ %a2.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %d2.3.11077 = phi double [ %d2.4.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %max_d.2.11076 = phi double [ %max_d.3.2, %B1570 ], [ %max_d.4.01101, %B806 ]
  %nonfinite.2.11075 = phi i64 [ %nonfinite.3.2, %B1570 ], [ %nonfinite.4.01096, %B806 ]
  %.1418.01073 = phi i64 [ %.1488, %B1570 ], [ 0, %B806 ]
  %.1488 = add nuw nsw i64 %.1418.01073, 1
  %164 = getelementptr i16, ptr %.655, i64 %.1418.01073
  %.1546 = load i16, ptr %164, align 2
  %165 = and i16 %.1546, 32767
  %166 = getelementptr i16, ptr %.827, i64 %.1418.01073
  %.1581 = load i16, ptr %166, align 2
  %167 = and i16 %.1581, 32767
  %.1654.not = icmp ne i16 %.1546, %.1581
  %.16631013 = or i16 %167, %165
  %.1665 = icmp ne i16 %.16631013, 0
  %"$phi1022.2.2.2" = select i1 %.1654.not, i1 %.1665, i1 false
  %.1676 = icmp ult i16 %165, 32640
  %.1679 = icmp ult i16 %167, 32640
  %or.cond = select i1 %.1676, i1 %.1679, i1 false
  br i1 %or.cond, label %B1048, label %B1326

B1664.if:
  %a2.6.21070 = phi double [ %.2515, %B1664.if ], [ %a2.6.21070.ph, %B1664.if.preheader ]
  %.2385.01068 = phi i64 [ %.2454, %B1664.if ], [ %.2385.01068.ph, %B1664.if.preheader ]
  %.2454 = add nuw nsw i64 %.2385.01068, 1
  %168 = getelementptr i16, ptr %.655, i64 %.2385.01068
  %.2508 = load i16, ptr %168, align 2
  %.2509 = zext i16 %.2508 to i32
  %.2510 = shl nuw i32 %.2509, 16
  %.2511 = bitcast i32 %.2510 to float
  %.2512 = fpext float %.2511 to double
  %.2513 = fmul reassoc nnan nsz contract double %.2512, %.2512
  %.2515 = fadd reassoc nnan nsz contract double %.2513, %a2.6.21070
  %exitcond1116.not = icmp eq i64 %.630, %.2454
  br i1 %exitcond1116.not, label %B2290, label %B1664.if

B1780.if:
  %product.6.21056 = phi double [ %.2810, %B1780.if ], [ %product.6.21056.ph, %B1780.if.preheader147 ]
  %b2.6.21055 = phi double [ %.2805, %B1780.if ], [ %b2.6.21055.ph, %B1780.if.preheader147 ]
  %a2.7.21054 = phi double [ %.2800, %B1780.if ], [ %a2.7.21054.ph, %B1780.if.preheader147 ]
  %d2.5.21053 = phi double [ %.2795, %B1780.if ], [ %d2.5.21053.ph, %B1780.if.preheader147 ]
  %top.2.21052 = phi i64 [ %.13.i1038, %B1780.if ], [ %top.2.21052.ph, %B1780.if.preheader147 ]
  %.2630.01050 = phi i64 [ %.2699, %B1780.if ], [ %.2630.01050.ph, %B1780.if.preheader147 ]
  %.2699 = add nuw nsw i64 %.2630.01050, 1
  %169 = getelementptr i16, ptr %.655, i64 %.2630.01050
  %.2753 = load i16, ptr %169, align 2
  %.2754 = zext i16 %.2753 to i32
  %.2755 = shl nuw i32 %.2754, 16
  %.2756 = bitcast i32 %.2755 to float
  %.2757 = fpext float %.2756 to double
  %170 = getelementptr i16, ptr %.827, i64 %.2630.01050
  %.2787 = load i16, ptr %170, align 2
  %.2788 = zext i16 %.2787 to i32
  %.2789 = shl nuw i32 %.2788, 16
  %.2790 = bitcast i32 %.2789 to float
  %.2791 = fpext float %.2790 to double
  %.2792 = fsub reassoc nnan nsz contract double %.2757, %.2791
  %.2813 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.2792)
  %.2814 = bitcast double %.2813 to i64
  %.13.i1038 = tail call i64 @llvm.smax.i64(i64 %.2814, i64 %top.2.21052)
  %.2808 = fmul reassoc nnan nsz contract double %.2791, %.2757
  %.2810 = fadd reassoc nnan nsz contract double %.2808, %product.6.21056
  %.2803 = fmul reassoc nnan nsz contract double %.2791, %.2791
  %.2805 = fadd reassoc nnan nsz contract double %.2803, %b2.6.21055
  %.2798 = fmul reassoc nnan nsz contract double %.2757, %.2757
  %.2800 = fadd reassoc nnan nsz contract double %.2798, %a2.7.21054
  %.2793 = fmul reassoc nnan nsz contract double %.2792, %.2792
  %.2795 = fadd reassoc nnan nsz contract double %.2793, %d2.5.21053
  %exitcond1114.not = icmp eq i64 %.630, %.2699
  br i1 %exitcond1114.not, label %B2028, label %B1780.if

B2076.if:
  %differ.8.21065 = phi i16 [ %.3153, %B2076.if ], [ %differ.8.21065.ph, %B2076.if.preheader ]
  %.2933.01063 = phi i64 [ %.3029, %B2076.if ], [ %.2933.01063.ph, %B2076.if.preheader ]
  %.3029 = add nuw nsw i64 %.2933.01063, 1
  %171 = getelementptr i16, ptr %.655, i64 %.2933.01063
  %.3101 = load i16, ptr %171, align 2
  %.3102 = zext i16 %.3101 to i32
  %.3103 = shl nuw i32 %.3102, 16
  %.3104 = bitcast i32 %.3103 to float
  %.3105 = fpext float %.3104 to double
  %172 = getelementptr i16, ptr %.827, i64 %.2933.01063
  %.3135 = load i16, ptr %172, align 2
  %.3136 = zext i16 %.3135 to i32
  %.3137 = shl nuw i32 %.3136, 16
  %.3138 = bitcast i32 %.3137 to float
  %.3139 = fpext float %.3138 to double
  %.3140 = fsub reassoc nnan nsz contract double %.3105, %.3139
  %.3141 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3140)
  %.3142 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3139)
  %.3144 = fmul reassoc nnan nsz contract double %.3142, %arg.rtol
  %.3146 = fadd reassoc nnan nsz contract double %.3144, %arg.atol
  %.3147 = fcmp reassoc nnan nsz contract ogt double %.3141, %.3146
  %.3152 = zext i1 %.3147 to i16
  %.3153 = add i16 %differ.8.21065, %.3152
  %exitcond1115.not = icmp eq i64 %.630, %.3029
  br i1 %exitcond1115.not, label %B2290, label %B2076.if
}

declare double @llvm.fabs.f64(double)

declare i64 @llvm.smax.i64(i64, i64)

declare i16 @llvm.umin.i16(i16, i16)

declare i16 @llvm.umax.i16(i16, i16)

declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)

declare <16 x double> @llvm.fabs.v16f64(<16 x double>)

declare i16 @llvm.vector.reduce.add.v16i16(<16 x i16>)

declare <4 x double> @llvm.fabs.v4f64(<4 x double>)

declare i16 @llvm.vector.reduce.add.v4i16(<4 x i16>)

declare <4 x i64> @llvm.smax.v4i64(<4 x i64>, <4 x i64>)

declare i64 @llvm.vector.reduce.smax.v4i64(<4 x i64>)

declare <16 x i16> @llvm.umin.v16i16(<16 x i16>, <16 x i16>)

declare <16 x i16> @llvm.umax.v16i16(<16 x i16>, <16 x i16>)

declare i16 @llvm.vector.reduce.umax.v16i16(<16 x i16>)

declare <4 x i16> @llvm.umin.v4i16(<4 x i16>, <4 x i16>)

declare <4 x i16> @llvm.umax.v4i16(<4 x i16>, <4 x i16>)

declare i16 @llvm.vector.reduce.umax.v4i16(<4 x i16>)
