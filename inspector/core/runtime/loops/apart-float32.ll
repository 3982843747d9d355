; apart-float32: made by tests/make_loops.py, not by hand
; source 8516593f15f5f144e0712bb912a59587672319a8b34f0480f7faee57296208e8
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.324 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.330 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi224.0.2.0" = select i1 %.324, i1 true, i1 %.330
  %0 = add nuw i64 %arg.size, 2047
  %.455 = lshr i64 %0, 11
  %.434.inv = icmp slt i64 %arg.size, 1
  %.4771098.not1125 = icmp eq i64 %.455, 0
  %.4771098.not = select i1 %.434.inv, i1 true, i1 %.4771098.not1125
  br i1 %.4771098.not, label %B2406, label %B272.if.preheader

B272.if.preheader:
  %broadcast.splatinsert = insertelement <8 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat = shufflevector <8 x double> %broadcast.splatinsert, <8 x double> poison, <8 x i32> zeroinitializer
  %broadcast.splatinsert44 = insertelement <8 x double> poison, double %arg.atol, i64 0
  %broadcast.splat45 = shufflevector <8 x double> %broadcast.splatinsert44, <8 x double> poison, <8 x i32> zeroinitializer
  %broadcast.splatinsert66 = insertelement <4 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat67 = shufflevector <4 x double> %broadcast.splatinsert66, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert68 = insertelement <4 x double> poison, double %arg.atol, i64 0
  %broadcast.splat69 = shufflevector <4 x double> %broadcast.splatinsert68, <4 x double> poison, <4 x i32> zeroinitializer
  br label %B272.if

B806:
  %.1149.lcssa = phi i32 [ %117, %middle.block117 ], [ %.1149, %B400.if ]
  %.1252.lcssa = phi i32 [ %116, %middle.block117 ], [ %.1252, %B400.if ]
  %.13.i1044.lcssa = phi i32 [ %115, %middle.block117 ], [ %.13.i1044, %B400.if ]
  %1 = icmp ugt i32 %.13.i1044.lcssa, 2139095039
  br i1 %1, label %B886.if, label %B1612

B1048:
  %2 = bitcast i32 %.1579 to float
  %3 = bitcast i32 %.1544 to float
  %.1711 = fpext float %3 to double
  %.1744 = fpext float %2 to double
  %.1749 = fsub reassoc nnan nsz contract double %.1711, %.1744
  %.1750 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1749)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1750, %max_d.2.11083
  %.13.i = select i1 %.12.i, double %.1750, double %max_d.2.11083
  %.1791 = fmul reassoc nnan nsz contract double %.1749, %.1749
  %.1793 = fadd reassoc nnan nsz contract double %.1791, %d2.3.11084
  %.1799 = fmul reassoc nnan nsz contract double %.1711, %.1711
  %.1801 = fadd reassoc nnan nsz contract double %.1799, %a2.4.11085
  %.1809 = fmul reassoc nnan nsz contract double %.1744, %.1744
  %.1811 = fadd reassoc nnan nsz contract double %.1809, %b2.4.11086
  %.1818 = fmul reassoc nnan nsz contract double %.1744, %.1711
  %.1820 = fadd reassoc nnan nsz contract double %.1818, %product.4.11087
  br i1 %"$phi1022.2.2.2", label %B1268, label %B1392

B1268:
  br i1 %"$phi224.0.2.0", label %B1272, label %B1392

B1272:
  %.1843 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1744)
  %.1847 = fmul reassoc nnan nsz contract double %.1843, %arg.rtol
  %.1849 = fadd reassoc nnan nsz contract double %.1847, %arg.atol
  %.1851 = fcmp reassoc nnan nsz contract ugt double %.1750, %.1849
  br label %B1392

B1326:
  %.1916 = icmp ugt i32 %121, 2139095040
  %.1919 = icmp ugt i32 %123, 2139095040
  %or.cond1 = select i1 %.1916, i1 %.1919, i1 false
  br i1 %or.cond1, label %B1392, label %B1356

B1356:
  %.15.i = zext i1 %"$phi1022.2.2.2" to i64
  %.2013 = add nsw i64 %nonfinite.2.11082, %.15.i
  br label %B1392

B1392:
  %nonfinite.3.2 = phi i64 [ %.2013, %B1356 ], [ %nonfinite.2.11082, %B1048 ], [ %nonfinite.2.11082, %B1268 ], [ %nonfinite.2.11082, %B1272 ], [ %nonfinite.2.11082, %B1326 ]
  %max_d.3.2 = phi double [ %max_d.2.11083, %B1356 ], [ %.13.i, %B1048 ], [ %.13.i, %B1268 ], [ %.13.i, %B1272 ], [ %max_d.2.11083, %B1326 ]
  %d2.4.2 = phi double [ %d2.3.11084, %B1356 ], [ %.1793, %B1048 ], [ %.1793, %B1268 ], [ %.1793, %B1272 ], [ %d2.3.11084, %B1326 ]
  %a2.5.2 = phi double [ %a2.4.11085, %B1356 ], [ %.1801, %B1048 ], [ %.1801, %B1268 ], [ %.1801, %B1272 ], [ %a2.4.11085, %B1326 ]
  %b2.5.2 = phi double [ %b2.4.11086, %B1356 ], [ %.1811, %B1048 ], [ %.1811, %B1268 ], [ %.1811, %B1272 ], [ %b2.4.11086, %B1326 ]
  %product.5.2 = phi double [ %product.4.11087, %B1356 ], [ %.1820, %B1048 ], [ %.1820, %B1268 ], [ %.1820, %B1272 ], [ %product.4.11087, %B1326 ]
  %unequal.3.2 = phi i1 [ %"$phi1022.2.2.2", %B1356 ], [ false, %B1048 ], [ true, %B1268 ], [ %.1851, %B1272 ], [ false, %B1326 ]
  %.2025 = zext i1 %unequal.3.2 to i32
  %.2026 = add i32 %differ.7.11088, %.2025
  %.20991021 = xor i32 %.1579, %.1544
  %.2101 = icmp slt i32 %.20991021, 0
  br i1 %.2101, label %B1508, label %B1570

B1508:
  %4 = add nsw i32 %121, -2139095041
  %"$phi1570.7.6.3" = icmp ult i32 %4, -2139095040
  %.2175.not = icmp eq i32 %123, 0
  %or.cond1024 = select i1 %"$phi1570.7.6.3", i1 true, i1 %.2175.not
  br i1 %or.cond1024, label %B1570, label %B1556

B1556:
  %.2189 = icmp ult i32 %123, 2139095041
  %5 = zext i1 %.2189 to i32
  br label %B1570

B1570:
  %"$phi1570.7.5.2" = phi i32 [ %5, %B1556 ], [ 0, %B1392 ], [ 0, %B1508 ]
  %.2251 = add i32 %"$phi1570.7.5.2", %opposed.5.11089
  %exitcond1124.not = icmp eq i64 %.630, %.1486
  br i1 %exitcond1124.not, label %B2290, label %B886.if

B1612:
  %.2330 = icmp eq i32 %.1149.lcssa, 0
  %min.iters.check = icmp ult i64 %.630, 4
  br i1 %.2330, label %iter.check, label %B1780.if.preheader

B1780.if.preheader:
  br i1 %min.iters.check, label %B1780.if.preheader125, label %vector.ph81

vector.ph81:
  %n.vec83 = and i64 %.630, 9223372036854775804
  %broadcast.splatinsert84 = insertelement <4 x i64> poison, i64 %top.3.01109, i64 0
  %broadcast.splat85 = shufflevector <4 x i64> %broadcast.splatinsert84, <4 x i64> poison, <4 x i32> zeroinitializer
  br label %vector.body86

vector.body86:
  %index87 = phi i64 [ 0, %vector.ph81 ], [ %index.next95, %vector.body86 ]
  %vec.phi88 = phi <4 x double> [ zeroinitializer, %vector.ph81 ], [ %15, %vector.body86 ]
  %vec.phi89 = phi <4 x double> [ zeroinitializer, %vector.ph81 ], [ %17, %vector.body86 ]
  %vec.phi90 = phi <4 x double> [ zeroinitializer, %vector.ph81 ], [ %19, %vector.body86 ]
  %vec.phi91 = phi <4 x double> [ zeroinitializer, %vector.ph81 ], [ %21, %vector.body86 ]
  %vec.phi92 = phi <4 x i64> [ %broadcast.splat85, %vector.ph81 ], [ %13, %vector.body86 ]
  %6 = getelementptr i32, ptr %.655, i64 %index87
  %wide.load93 = load <4 x float>, ptr %6, align 4
  %7 = fpext <4 x float> %wide.load93 to <4 x double>
  %8 = getelementptr i32, ptr %.827, i64 %index87
  %wide.load94 = load <4 x float>, ptr %8, align 4
  %9 = fpext <4 x float> %wide.load94 to <4 x double>
  %10 = fsub reassoc nnan nsz contract <4 x double> %7, %9
  %11 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %10)
  %12 = bitcast <4 x double> %11 to <4 x i64>
  %13 = tail call <4 x i64> @llvm.smax.v4i64(<4 x i64> %12, <4 x i64> %vec.phi92)
  %14 = fmul reassoc nnan nsz contract <4 x double> %9, %7
  %15 = fadd reassoc nnan nsz contract <4 x double> %14, %vec.phi88
  %16 = fmul reassoc nnan nsz contract <4 x double> %9, %9
  %17 = fadd reassoc nnan nsz contract <4 x double> %16, %vec.phi89
  %18 = fmul reassoc nnan nsz contract <4 x double> %7, %7
  %19 = fadd reassoc nnan nsz contract <4 x double> %18, %vec.phi90
  %20 = fmul reassoc nnan nsz contract <4 x double> %10, %10
  %21 = fadd reassoc nnan nsz contract <4 x double> %20, %vec.phi91
  %index.next95 = add nuw i64 %index87, 4
  %22 = icmp eq i64 %index.next95, %n.vec83
  br i1 %22, label %middle.block96, label %vector.body86

middle.block96:
  %23 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %15)
  %24 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %17)
  %25 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %19)
  %26 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %21)
  %27 = tail call i64 @llvm.vector.reduce.smax.v4i64(<4 x i64> %13)
  %cmp.n97 = icmp eq i64 %.630, %n.vec83
  br i1 %cmp.n97, label %B2028, label %B1780.if.preheader125

B1780.if.preheader125:
  %product.6.21063.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %23, %middle.block96 ]
  %b2.6.21062.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %24, %middle.block96 ]
  %a2.7.21061.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %25, %middle.block96 ]
  %d2.5.21060.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %26, %middle.block96 ]
  %top.2.21059.ph = phi i64 [ %top.3.01109, %B1780.if.preheader ], [ %27, %middle.block96 ]
  %.2620.01057.ph = phi i64 [ 0, %B1780.if.preheader ], [ %n.vec83, %middle.block96 ]
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
  %vec.phi = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %40, %vector.body ]
  %vec.phi20 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %41, %vector.body ]
  %vec.phi21 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %42, %vector.body ]
  %vec.phi22 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %43, %vector.body ]
  %28 = getelementptr i32, ptr %.655, i64 %index
  %29 = getelementptr i8, ptr %28, i64 16
  %30 = getelementptr i8, ptr %28, i64 32
  %31 = getelementptr i8, ptr %28, i64 48
  %wide.load = load <4 x float>, ptr %28, align 4
  %wide.load23 = load <4 x float>, ptr %29, align 4
  %wide.load24 = load <4 x float>, ptr %30, align 4
  %wide.load25 = load <4 x float>, ptr %31, align 4
  %32 = fpext <4 x float> %wide.load to <4 x double>
  %33 = fpext <4 x float> %wide.load23 to <4 x double>
  %34 = fpext <4 x float> %wide.load24 to <4 x double>
  %35 = fpext <4 x float> %wide.load25 to <4 x double>
  %36 = fmul reassoc nnan nsz contract <4 x double> %32, %32
  %37 = fmul reassoc nnan nsz contract <4 x double> %33, %33
  %38 = fmul reassoc nnan nsz contract <4 x double> %34, %34
  %39 = fmul reassoc nnan nsz contract <4 x double> %35, %35
  %40 = fadd reassoc nnan nsz contract <4 x double> %36, %vec.phi
  %41 = fadd reassoc nnan nsz contract <4 x double> %37, %vec.phi20
  %42 = fadd reassoc nnan nsz contract <4 x double> %38, %vec.phi21
  %43 = fadd reassoc nnan nsz contract <4 x double> %39, %vec.phi22
  %index.next = add nuw i64 %index, 16
  %44 = icmp eq i64 %index.next, %n.vec
  br i1 %44, label %middle.block, label %vector.body

middle.block:
  %bin.rdx = fadd reassoc nnan nsz contract <4 x double> %41, %40
  %bin.rdx26 = fadd reassoc nnan nsz contract <4 x double> %42, %bin.rdx
  %bin.rdx27 = fadd reassoc nnan nsz contract <4 x double> %43, %bin.rdx26
  %45 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %bin.rdx27)
  %cmp.n = icmp eq i64 %.630, %n.vec
  br i1 %cmp.n, label %B2290, label %vec.epilog.iter.check

vec.epilog.iter.check:
  %min.epilog.iters.check = icmp eq i64 %n.mod.vf, 0
  br i1 %min.epilog.iters.check, label %B1664.if.preheader, label %vec.epilog.ph

vec.epilog.ph:
  %vec.epilog.resume.val = phi i64 [ %n.vec, %vec.epilog.iter.check ], [ 0, %vector.main.loop.iter.check ]
  %bc.merge.rdx = phi double [ %45, %vec.epilog.iter.check ], [ 0.000000e+00, %vector.main.loop.iter.check ]
  %n.vec29 = and i64 %.630, 9223372036854775804
  %46 = insertelement <4 x double> <double poison, double 0.000000e+00, double 0.000000e+00, double 0.000000e+00>, double %bc.merge.rdx, i64 0
  br label %vec.epilog.vector.body

vec.epilog.vector.body:
  %index30 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next33, %vec.epilog.vector.body ]
  %vec.phi31 = phi <4 x double> [ %46, %vec.epilog.ph ], [ %50, %vec.epilog.vector.body ]
  %47 = getelementptr i32, ptr %.655, i64 %index30
  %wide.load32 = load <4 x float>, ptr %47, align 4
  %48 = fpext <4 x float> %wide.load32 to <4 x double>
  %49 = fmul reassoc nnan nsz contract <4 x double> %48, %48
  %50 = fadd reassoc nnan nsz contract <4 x double> %49, %vec.phi31
  %index.next33 = add nuw i64 %index30, 4
  %51 = icmp eq i64 %index.next33, %n.vec29
  br i1 %51, label %vec.epilog.middle.block, label %vec.epilog.vector.body

vec.epilog.middle.block:
  %52 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %50)
  %cmp.n34 = icmp eq i64 %.630, %n.vec29
  br i1 %cmp.n34, label %B2290, label %B1664.if.preheader

B1664.if.preheader:
  %a2.6.21077.ph = phi double [ 0.000000e+00, %iter.check ], [ %45, %vec.epilog.iter.check ], [ %52, %vec.epilog.middle.block ]
  %.2377.01075.ph = phi i64 [ 0, %iter.check ], [ %n.vec, %vec.epilog.iter.check ], [ %n.vec29, %vec.epilog.middle.block ]
  br label %B1664.if

B2028:
  %.13.i1045.lcssa = phi i64 [ %27, %middle.block96 ], [ %.13.i1045, %B1780.if ]
  %.2796.lcssa = phi double [ %23, %middle.block96 ], [ %.2796, %B1780.if ]
  %.2791.lcssa = phi double [ %24, %middle.block96 ], [ %.2791, %B1780.if ]
  %.2786.lcssa = phi double [ %25, %middle.block96 ], [ %.2786, %B1780.if ]
  %.2781.lcssa = phi double [ %26, %middle.block96 ], [ %.2781, %B1780.if ]
  br i1 %"$phi224.0.2.0", label %iter.check38, label %B2290

iter.check38:
  %min.iters.check36 = icmp ult i64 %.630, 4
  br i1 %min.iters.check36, label %B2076.if.preheader, label %vector.main.loop.iter.check40

vector.main.loop.iter.check40:
  %min.iters.check39 = icmp ult i64 %.630, 16
  br i1 %min.iters.check39, label %vec.epilog.ph63, label %vector.ph41

vector.ph41:
  %n.mod.vf42 = and i64 %.630, 12
  %n.vec43 = and i64 %.630, 9223372036854775792
  br label %vector.body46

vector.body46:
  %index47 = phi i64 [ 0, %vector.ph41 ], [ %index.next54, %vector.body46 ]
  %vec.phi48 = phi <8 x i32> [ zeroinitializer, %vector.ph41 ], [ %75, %vector.body46 ]
  %vec.phi49 = phi <8 x i32> [ zeroinitializer, %vector.ph41 ], [ %76, %vector.body46 ]
  %53 = getelementptr i32, ptr %.655, i64 %index47
  %54 = getelementptr i8, ptr %53, i64 32
  %wide.load50 = load <8 x float>, ptr %53, align 4
  %wide.load51 = load <8 x float>, ptr %54, align 4
  %55 = fpext <8 x float> %wide.load50 to <8 x double>
  %56 = fpext <8 x float> %wide.load51 to <8 x double>
  %57 = getelementptr i32, ptr %.827, i64 %index47
  %58 = getelementptr i8, ptr %57, i64 32
  %wide.load52 = load <8 x float>, ptr %57, align 4
  %wide.load53 = load <8 x float>, ptr %58, align 4
  %59 = fpext <8 x float> %wide.load52 to <8 x double>
  %60 = fpext <8 x float> %wide.load53 to <8 x double>
  %61 = fsub reassoc nnan nsz contract <8 x double> %55, %59
  %62 = fsub reassoc nnan nsz contract <8 x double> %56, %60
  %63 = tail call reassoc nnan nsz contract <8 x double> @llvm.fabs.v8f64(<8 x double> %61)
  %64 = tail call reassoc nnan nsz contract <8 x double> @llvm.fabs.v8f64(<8 x double> %62)
  %65 = tail call reassoc nnan nsz contract <8 x double> @llvm.fabs.v8f64(<8 x double> %59)
  %66 = tail call reassoc nnan nsz contract <8 x double> @llvm.fabs.v8f64(<8 x double> %60)
  %67 = fmul reassoc nnan nsz contract <8 x double> %65, %broadcast.splat
  %68 = fmul reassoc nnan nsz contract <8 x double> %66, %broadcast.splat
  %69 = fadd reassoc nnan nsz contract <8 x double> %67, %broadcast.splat45
  %70 = fadd reassoc nnan nsz contract <8 x double> %68, %broadcast.splat45
  %71 = fcmp reassoc nnan nsz contract ogt <8 x double> %63, %69
  %72 = fcmp reassoc nnan nsz contract ogt <8 x double> %64, %70
  %73 = zext <8 x i1> %71 to <8 x i32>
  %74 = zext <8 x i1> %72 to <8 x i32>
  %75 = add <8 x i32> %vec.phi48, %73
  %76 = add <8 x i32> %vec.phi49, %74
  %index.next54 = add nuw i64 %index47, 16
  %77 = icmp eq i64 %index.next54, %n.vec43
  br i1 %77, label %middle.block55, label %vector.body46

middle.block55:
  %bin.rdx56 = add <8 x i32> %76, %75
  %78 = tail call i32 @llvm.vector.reduce.add.v8i32(<8 x i32> %bin.rdx56)
  %cmp.n57 = icmp eq i64 %.630, %n.vec43
  br i1 %cmp.n57, label %B2290, label %vec.epilog.iter.check61

vec.epilog.iter.check61:
  %min.epilog.iters.check62 = icmp eq i64 %n.mod.vf42, 0
  br i1 %min.epilog.iters.check62, label %B2076.if.preheader, label %vec.epilog.ph63

vec.epilog.ph63:
  %vec.epilog.resume.val58 = phi i64 [ %n.vec43, %vec.epilog.iter.check61 ], [ 0, %vector.main.loop.iter.check40 ]
  %bc.merge.rdx59 = phi i32 [ %78, %vec.epilog.iter.check61 ], [ 0, %vector.main.loop.iter.check40 ]
  %n.vec65 = and i64 %.630, 9223372036854775804
  %79 = insertelement <4 x i32> <i32 poison, i32 0, i32 0, i32 0>, i32 %bc.merge.rdx59, i64 0
  br label %vec.epilog.vector.body70

vec.epilog.vector.body70:
  %index71 = phi i64 [ %vec.epilog.resume.val58, %vec.epilog.ph63 ], [ %index.next75, %vec.epilog.vector.body70 ]
  %vec.phi72 = phi <4 x i32> [ %79, %vec.epilog.ph63 ], [ %91, %vec.epilog.vector.body70 ]
  %80 = getelementptr i32, ptr %.655, i64 %index71
  %wide.load73 = load <4 x float>, ptr %80, align 4
  %81 = fpext <4 x float> %wide.load73 to <4 x double>
  %82 = getelementptr i32, ptr %.827, i64 %index71
  %wide.load74 = load <4 x float>, ptr %82, align 4
  %83 = fpext <4 x float> %wide.load74 to <4 x double>
  %84 = fsub reassoc nnan nsz contract <4 x double> %81, %83
  %85 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %84)
  %86 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %83)
  %87 = fmul reassoc nnan nsz contract <4 x double> %86, %broadcast.splat67
  %88 = fadd reassoc nnan nsz contract <4 x double> %87, %broadcast.splat69
  %89 = fcmp reassoc nnan nsz contract ogt <4 x double> %85, %88
  %90 = zext <4 x i1> %89 to <4 x i32>
  %91 = add <4 x i32> %vec.phi72, %90
  %index.next75 = add nuw i64 %index71, 4
  %92 = icmp eq i64 %index.next75, %n.vec65
  br i1 %92, label %vec.epilog.middle.block76, label %vec.epilog.vector.body70

vec.epilog.middle.block76:
  %93 = tail call i32 @llvm.vector.reduce.add.v4i32(<4 x i32> %91)
  %cmp.n77 = icmp eq i64 %.630, %n.vec65
  br i1 %cmp.n77, label %B2290, label %B2076.if.preheader

B2076.if.preheader:
  %differ.8.21072.ph = phi i32 [ 0, %iter.check38 ], [ %78, %vec.epilog.iter.check61 ], [ %93, %vec.epilog.middle.block76 ]
  %.2919.01070.ph = phi i64 [ 0, %iter.check38 ], [ %n.vec43, %vec.epilog.iter.check61 ], [ %n.vec65, %vec.epilog.middle.block76 ]
  br label %B2076.if

B2290:
  %nonfinite.5.1 = phi i64 [ %nonfinite.4.01103, %B2028 ], [ %nonfinite.4.01103, %middle.block ], [ %nonfinite.4.01103, %B272.if ], [ %nonfinite.4.01103, %middle.block55 ], [ %nonfinite.4.01103, %B1664.if ], [ %nonfinite.4.01103, %vec.epilog.middle.block ], [ %nonfinite.3.2, %B1570 ], [ %nonfinite.4.01103, %vec.epilog.middle.block76 ], [ %nonfinite.4.01103, %B2076.if ]
  %max_d.5.1 = phi double [ %max_d.4.01108, %B2028 ], [ %max_d.4.01108, %middle.block ], [ %max_d.4.01108, %B272.if ], [ %max_d.4.01108, %middle.block55 ], [ %max_d.4.01108, %B1664.if ], [ %max_d.4.01108, %vec.epilog.middle.block ], [ %max_d.3.2, %B1570 ], [ %max_d.4.01108, %vec.epilog.middle.block76 ], [ %max_d.4.01108, %B2076.if ]
  %top.4.1 = phi i64 [ %.13.i1045.lcssa, %B2028 ], [ %top.3.01109, %middle.block ], [ %top.3.01109, %B272.if ], [ %.13.i1045.lcssa, %middle.block55 ], [ %top.3.01109, %B1664.if ], [ %top.3.01109, %vec.epilog.middle.block ], [ %top.3.01109, %B1570 ], [ %.13.i1045.lcssa, %vec.epilog.middle.block76 ], [ %.13.i1045.lcssa, %B2076.if ]
  %differ.9.1 = phi i32 [ %.1149.lcssa, %B2028 ], [ 0, %middle.block ], [ 0, %B272.if ], [ %78, %middle.block55 ], [ 0, %B1664.if ], [ 0, %vec.epilog.middle.block ], [ %.2026, %B1570 ], [ %93, %vec.epilog.middle.block76 ], [ %.3134, %B2076.if ]
  %opposed.6.1 = phi i32 [ %.1252.lcssa, %B2028 ], [ %.1252.lcssa, %middle.block ], [ 0, %B272.if ], [ %.1252.lcssa, %middle.block55 ], [ %.1252.lcssa, %B1664.if ], [ %.1252.lcssa, %vec.epilog.middle.block ], [ %.2251, %B1570 ], [ %.1252.lcssa, %vec.epilog.middle.block76 ], [ %.1252.lcssa, %B2076.if ]
  %d2.6.1 = phi double [ %.2781.lcssa, %B2028 ], [ 0.000000e+00, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2781.lcssa, %middle.block55 ], [ 0.000000e+00, %B1664.if ], [ 0.000000e+00, %vec.epilog.middle.block ], [ %d2.4.2, %B1570 ], [ %.2781.lcssa, %vec.epilog.middle.block76 ], [ %.2781.lcssa, %B2076.if ]
  %a2.8.1 = phi double [ %.2786.lcssa, %B2028 ], [ %45, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2786.lcssa, %middle.block55 ], [ %.2505, %B1664.if ], [ %52, %vec.epilog.middle.block ], [ %a2.5.2, %B1570 ], [ %.2786.lcssa, %vec.epilog.middle.block76 ], [ %.2786.lcssa, %B2076.if ]
  %b2.7.1 = phi double [ %.2791.lcssa, %B2028 ], [ %45, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2791.lcssa, %middle.block55 ], [ %.2505, %B1664.if ], [ %52, %vec.epilog.middle.block ], [ %b2.5.2, %B1570 ], [ %.2791.lcssa, %vec.epilog.middle.block76 ], [ %.2791.lcssa, %B2076.if ]
  %product.7.1 = phi double [ %.2796.lcssa, %B2028 ], [ %45, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2796.lcssa, %middle.block55 ], [ %.2505, %B1664.if ], [ %52, %vec.epilog.middle.block ], [ %product.5.2, %B1570 ], [ %.2796.lcssa, %vec.epilog.middle.block76 ], [ %.2796.lcssa, %B2076.if ]
  %.3184 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01104
  %.3191 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01105
  %.3198 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01106
  %.3205 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01107
  %.3238 = zext i32 %differ.9.1 to i64
  %.3239 = add nuw nsw i64 %different.2.01101, %.3238
  %.3270 = zext i32 %opposed.6.1 to i64
  %.3271 = add nuw nsw i64 %flips.2.01102, %.3270
  %.477 = icmp sgt i64 %.423.01099, 1
  br i1 %.477, label %B272.if, label %B2406.loopexit

B2406.loopexit:
  %94 = bitcast i64 %top.4.1 to double
  br label %B2406

B2406:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3239, %B2406.loopexit ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3271, %B2406.loopexit ]
  %nonfinite.4.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.5.1, %B2406.loopexit ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3184, %B2406.loopexit ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3191, %B2406.loopexit ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3198, %B2406.loopexit ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3205, %B2406.loopexit ]
  %max_d.4.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.5.1, %B2406.loopexit ]
  %top.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %94, %B2406.loopexit ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3357 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3357, align 8
  %.3390 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.4.0.lcssa, ptr %.3390, align 8
  %.12.i1040 = fcmp reassoc nnan nsz contract olt double %max_d.4.0.lcssa, %top.3.0.lcssa
  %.13.i1041 = select i1 %.12.i1040, double %top.3.0.lcssa, double %max_d.4.0.lcssa
  store double %.13.i1041, ptr %arg.sums_at, align 8
  %.3534 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3534, align 8
  %.3564 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3564, align 8
  %.3594 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3594, align 8
  %.3624 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3624, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B272.if:
  %top.3.01109 = phi i64 [ %top.4.1, %B2290 ], [ 0, %B272.if.preheader ]
  %max_d.4.01108 = phi double [ %max_d.5.1, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %ab.2.01107 = phi double [ %.3205, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %bb.2.01106 = phi double [ %.3198, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %aa.2.01105 = phi double [ %.3191, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %dd.2.01104 = phi double [ %.3184, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %nonfinite.4.01103 = phi i64 [ %nonfinite.5.1, %B2290 ], [ 0, %B272.if.preheader ]
  %flips.2.01102 = phi i64 [ %.3271, %B2290 ], [ 0, %B272.if.preheader ]
  %different.2.01101 = phi i64 [ %.3239, %B2290 ], [ 0, %B272.if.preheader ]
  %.420.01100 = phi i64 [ %.490, %B2290 ], [ 0, %B272.if.preheader ]
  %.423.01099 = phi i64 [ %.486, %B2290 ], [ %.455, %B272.if.preheader ]
  %.486 = add nsw i64 %.423.01099, -1
  %.490 = add nuw i64 %.420.01100, 2048
  %.552 = icmp slt i64 %.420.01100, 0
  %.553 = select i1 %.552, i64 %arg.size, i64 0
  %.554 = add i64 %.553, %.420.01100
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.554, i64 0)
  %.562.not = icmp slt i64 %.554, %arg.size
  %.542.sroa.0.3 = select i1 %.562.not, i64 %spec.select, i64 %arg.size
  %.569 = icmp slt i64 %.420.01100, -2048
  %.570 = select i1 %.569, i64 %arg.size, i64 0
  %.571 = add i64 %.570, %.490
  %.542.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.571, i64 0)
  %.579.not = icmp slt i64 %.571, %arg.size
  %.542.sroa.13.0 = select i1 %.579.not, i64 %.542.sroa.13.1, i64 %arg.size
  %.630 = sub nsw i64 %.542.sroa.13.0, %.542.sroa.0.3
  %.655 = getelementptr i32, ptr %arg.a_at, i64 %.542.sroa.0.3
  %.827 = getelementptr i32, ptr %arg.b_at, i64 %.542.sroa.0.3
  %.9721048.not = icmp slt i64 %.630, 1
  br i1 %.9721048.not, label %B2290, label %B400.if.preheader

B400.if.preheader:
  %min.iters.check105 = icmp ult i64 %.630, 8
  br i1 %min.iters.check105, label %B400.if.preheader126, label %vector.ph106

vector.ph106:
  %n.vec108 = and i64 %.630, 9223372036854775800
  br label %vector.body109

vector.body109:
  %index110 = phi i64 [ 0, %vector.ph106 ], [ %index.next116, %vector.body109 ]
  %vec.phi111 = phi <8 x i32> [ zeroinitializer, %vector.ph106 ], [ %113, %vector.body109 ]
  %vec.phi112 = phi <8 x i32> [ zeroinitializer, %vector.ph106 ], [ %111, %vector.body109 ]
  %vec.phi113 = phi <8 x i32> [ zeroinitializer, %vector.ph106 ], [ %104, %vector.body109 ]
  %95 = getelementptr i32, ptr %.655, i64 %index110
  %wide.load114 = load <8 x i32>, ptr %95, align 4
  %96 = and <8 x i32> %wide.load114, splat (i32 2147483647)
  %97 = getelementptr i32, ptr %.827, i64 %index110
  %wide.load115 = load <8 x i32>, ptr %97, align 4
  %98 = and <8 x i32> %wide.load115, splat (i32 2147483647)
  %99 = icmp ne <8 x i32> %wide.load114, %wide.load115
  %100 = or <8 x i32> %98, %96
  %101 = icmp ne <8 x i32> %100, zeroinitializer
  %102 = and <8 x i1> %99, %101
  %103 = zext <8 x i1> %102 to <8 x i32>
  %104 = add <8 x i32> %vec.phi113, %103
  %105 = tail call <8 x i32> @llvm.umin.v8i32(<8 x i32> %98, <8 x i32> %96)
  %106 = xor <8 x i32> %wide.load115, %wide.load114
  %107 = icmp slt <8 x i32> %106, zeroinitializer
  %108 = icmp ne <8 x i32> %105, zeroinitializer
  %109 = and <8 x i1> %107, %108
  %110 = zext <8 x i1> %109 to <8 x i32>
  %111 = add <8 x i32> %vec.phi112, %110
  %112 = tail call <8 x i32> @llvm.umax.v8i32(<8 x i32> %98, <8 x i32> %96)
  %113 = tail call <8 x i32> @llvm.umax.v8i32(<8 x i32> %112, <8 x i32> %vec.phi111)
  %index.next116 = add nuw i64 %index110, 8
  %114 = icmp eq i64 %index.next116, %n.vec108
  br i1 %114, label %middle.block117, label %vector.body109

middle.block117:
  %115 = tail call i32 @llvm.vector.reduce.umax.v8i32(<8 x i32> %113)
  %116 = tail call i32 @llvm.vector.reduce.add.v8i32(<8 x i32> %111)
  %117 = tail call i32 @llvm.vector.reduce.add.v8i32(<8 x i32> %104)
  %cmp.n118 = icmp eq i64 %.630, %n.vec108
  br i1 %cmp.n118, label %B806, label %B400.if.preheader126

B400.if.preheader126:
  %high.2.11053.ph = phi i32 [ 0, %B400.if.preheader ], [ %115, %middle.block117 ]
  %opposed.4.11052.ph = phi i32 [ 0, %B400.if.preheader ], [ %116, %middle.block117 ]
  %differ.6.11051.ph = phi i32 [ 0, %B400.if.preheader ], [ %117, %middle.block117 ]
  %.916.01050.ph = phi i64 [ 0, %B400.if.preheader ], [ %n.vec108, %middle.block117 ]
  br label %B400.if

B400.if:
  %high.2.11053 = phi i32 [ %.13.i1044, %B400.if ], [ %high.2.11053.ph, %B400.if.preheader126 ]
  %opposed.4.11052 = phi i32 [ %.1252, %B400.if ], [ %opposed.4.11052.ph, %B400.if.preheader126 ]
  %differ.6.11051 = phi i32 [ %.1149, %B400.if ], [ %differ.6.11051.ph, %B400.if.preheader126 ]
  %.916.01050 = phi i64 [ %.985, %B400.if ], [ %.916.01050.ph, %B400.if.preheader126 ]
  %.985 = add nuw nsw i64 %.916.01050, 1
  %118 = getelementptr i32, ptr %.655, i64 %.916.01050
  %.1039 = load i32, ptr %118, align 4
  %.1042 = and i32 %.1039, 2147483647
  %119 = getelementptr i32, ptr %.827, i64 %.916.01050
  %.1073 = load i32, ptr %119, align 4
  %.1076 = and i32 %.1073, 2147483647
  %.1138 = icmp ne i32 %.1039, %.1073
  %.11411022 = or i32 %.1076, %.1042
  %.1143 = icmp ne i32 %.11411022, 0
  %.1144 = and i1 %.1138, %.1143
  %.1148 = zext i1 %.1144 to i32
  %.1149 = add i32 %differ.6.11051, %.1148
  %.13.i1042 = tail call i32 @llvm.umin.i32(i32 %.1076, i32 %.1042)
  %.12151023 = xor i32 %.1073, %.1039
  %.1217 = icmp slt i32 %.12151023, 0
  %.1246 = icmp ne i32 %.13.i1042, 0
  %.1247 = and i1 %.1217, %.1246
  %.1251 = zext i1 %.1247 to i32
  %.1252 = add i32 %opposed.4.11052, %.1251
  %.13.i1043 = tail call i32 @llvm.umax.i32(i32 %.1076, i32 %.1042)
  %.13.i1044 = tail call i32 @llvm.umax.i32(i32 %.13.i1043, i32 %high.2.11053)
  %exitcond.not = icmp eq i64 %.630, %.985
  br i1 %exitcond.not, label %B806, label %B400.if

B886.if:
  %opposed.5.11089 = phi i32 [ %.2251, %B1570 ], [ 0, %B806 ]
  %differ.7.11088 = phi i32 [ %.2026, %B1570 ], [ 0, %B806 ]
  %product.4.11087 = phi double [ %product.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %b2.4.11086 = phi double [ %b2.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %a2.4.11085 = phi double [ %a2.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %d2.3.11084 = phi double [ %d2.4.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %max_d.2.11083 = phi double [ %max_d.3.2, %B1570 ], [ %max_d.4.01108, %B806 ]
  %nonfinite.2.11082 = phi i64 [ %nonfinite.3.2, %B1570 ], [ %nonfinite.4.01103, %B806 ]
  %.1416.01080 = phi i64 [ %.1486, %B1570 ], [ 0, %B806 ]
  %.1486 = add nuw nsw i64 %.1416.01080, 1
  %120 = getelementptr i32, ptr %.655, i64 %.1416.01080
  %.1544 = load i32, ptr %120, align 4
  %121 = and i32 %.1544, 2147483647
  %122 = getelementptr i32, ptr %.827, i64 %.1416.01080
  %.1579 = load i32, ptr %122, align 4
  %123 = and i32 %.1579, 2147483647
  %.1652.not = icmp ne i32 %.1544, %.1579
  %.16611018 = or i32 %123, %121
  %.1663 = icmp ne i32 %.16611018, 0
  %"$phi1022.2.2.2" = select i1 %.1652.not, i1 %.1663, i1 false
  %.1674 = icmp ult i32 %121, 2139095040
  %.1677 = icmp ult i32 %123, 2139095040
  %or.cond = select i1 %.1674, i1 %.1677, i1 false
  br i1 %or.cond, label %B1048, label %B1326

B1664.if:
  %a2.6.21077 = phi double [ %.2505, %B1664.if ], [ %a2.6.21077.ph, %B1664.if.preheader ]
  %.2377.01075 = phi i64 [ %.2446, %B1664.if ], [ %.2377.01075.ph, %B1664.if.preheader ]
  %.2446 = add nuw nsw i64 %.2377.01075, 1
  %124 = getelementptr i32, ptr %.655, i64 %.2377.01075
  %.25001016 = load float, ptr %124, align 4
  %.2502 = fpext float %.25001016 to double
  %.2503 = fmul reassoc nnan nsz contract double %.2502, %.2502
  %.2505 = fadd reassoc nnan nsz contract double %.2503, %a2.6.21077
  %exitcond1123.not = icmp eq i64 %.630, %.2446
  br i1 %exitcond1123.not, label %B2290, label %B1664.if

B1780.if:
  %product.6.21063 = phi double [ %.2796, %B1780.if ], [ %product.6.21063.ph, %B1780.if.preheader125 ]
  %b2.6.21062 = phi double [ %.2791, %B1780.if ], [ %b2.6.21062.ph, %B1780.if.preheader125 ]
  %a2.7.21061 = phi double [ %.2786, %B1780.if ], [ %a2.7.21061.ph, %B1780.if.preheader125 ]
  %d2.5.21060 = phi double [ %.2781, %B1780.if ], [ %d2.5.21060.ph, %B1780.if.preheader125 ]
  %top.2.21059 = phi i64 [ %.13.i1045, %B1780.if ], [ %top.2.21059.ph, %B1780.if.preheader125 ]
  %.2620.01057 = phi i64 [ %.2689, %B1780.if ], [ %.2620.01057.ph, %B1780.if.preheader125 ]
  %.2689 = add nuw nsw i64 %.2620.01057, 1
  %125 = getelementptr i32, ptr %.655, i64 %.2620.01057
  %.27431013 = load float, ptr %125, align 4
  %.2745 = fpext float %.27431013 to double
  %126 = getelementptr i32, ptr %.827, i64 %.2620.01057
  %.27751014 = load float, ptr %126, align 4
  %.2777 = fpext float %.27751014 to double
  %.2778 = fsub reassoc nnan nsz contract double %.2745, %.2777
  %.2799 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.2778)
  %.2800 = bitcast double %.2799 to i64
  %.13.i1045 = tail call i64 @llvm.smax.i64(i64 %.2800, i64 %top.2.21059)
  %.2794 = fmul reassoc nnan nsz contract double %.2777, %.2745
  %.2796 = fadd reassoc nnan nsz contract double %.2794, %product.6.21063
  %.2789 = fmul reassoc nnan nsz contract double %.2777, %.2777
  %.2791 = fadd reassoc nnan nsz contract double %.2789, %b2.6.21062
  %.2784 = fmul reassoc nnan nsz contract double %.2745, %.2745
  %.2786 = fadd reassoc nnan nsz contract double %.2784, %a2.7.21061
  %.2779 = fmul reassoc nnan nsz contract double %.2778, %.2778
  %.2781 = fadd reassoc nnan nsz contract double %.2779, %d2.5.21060
  %exitcond1121.not = icmp eq i64 %.630, %.2689
  br i1 %exitcond1121.not, label %B2028, label %B1780.if

B2076.if:
  %differ.8.21072 = phi i32 [ %.3134, %B2076.if ], [ %differ.8.21072.ph, %B2076.if.preheader ]
  %.2919.01070 = phi i64 [ %.3015, %B2076.if ], [ %.2919.01070.ph, %B2076.if.preheader ]
  %.3015 = add nuw nsw i64 %.2919.01070, 1
  %127 = getelementptr i32, ptr %.655, i64 %.2919.01070
  %.30871011 = load float, ptr %127, align 4
  %.3089 = fpext float %.30871011 to double
  %128 = getelementptr i32, ptr %.827, i64 %.2919.01070
  %.31191012 = load float, ptr %128, align 4
  %.3121 = fpext float %.31191012 to double
  %.3122 = fsub reassoc nnan nsz contract double %.3089, %.3121
  %.3123 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3122)
  %.3124 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3121)
  %.3126 = fmul reassoc nnan nsz contract double %.3124, %arg.rtol
  %.3128 = fadd reassoc nnan nsz contract double %.3126, %arg.atol
  %.3129 = fcmp reassoc nnan nsz contract ogt double %.3123, %.3128
  %.3133 = zext i1 %.3129 to i32
  %.3134 = add i32 %differ.8.21072, %.3133
  %exitcond1122.not = icmp eq i64 %.630, %.3015
  br i1 %exitcond1122.not, label %B2290, label %B2076.if
}

declare double @llvm.fabs.f64(double)

declare i64 @llvm.smax.i64(i64, i64)

declare i32 @llvm.umin.i32(i32, i32)

declare i32 @llvm.umax.i32(i32, i32)

declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)

declare <8 x double> @llvm.fabs.v8f64(<8 x double>)

declare i32 @llvm.vector.reduce.add.v8i32(<8 x i32>)

declare <4 x double> @llvm.fabs.v4f64(<4 x double>)

declare i32 @llvm.vector.reduce.add.v4i32(<4 x i32>)

declare <4 x i64> @llvm.smax.v4i64(<4 x i64>, <4 x i64>)

declare i64 @llvm.vector.reduce.smax.v4i64(<4 x i64>)

declare <8 x i32> @llvm.umin.v8i32(<8 x i32>, <8 x i32>)

declare <8 x i32> @llvm.umax.v8i32(<8 x i32>, <8 x i32>)

declare i32 @llvm.vector.reduce.umax.v8i32(<8 x i32>)
