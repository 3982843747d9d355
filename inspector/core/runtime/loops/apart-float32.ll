; apart-float32: made by tests/make_loops.py, not by hand
; source df04a9bf7dfcb4c210ad63baa9fee9685ca6bfe0ceb922d62d7c077a2e8e9e84
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.320 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.326 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi194.0.2.0" = select i1 %.320, i1 true, i1 %.326
  %0 = add nuw i64 %arg.size, 2047
  %.445 = lshr i64 %0, 11
  %.424.inv = icmp slt i64 %arg.size, 1
  %.4671070.not1095 = icmp eq i64 %.445, 0
  %.4671070.not = select i1 %.424.inv, i1 true, i1 %.4671070.not1095
  br i1 %.4671070.not, label %B2350, label %B242.if.preheader

B242.if.preheader:
  %broadcast.splatinsert = insertelement <8 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat = shufflevector <8 x double> %broadcast.splatinsert, <8 x double> poison, <8 x i32> zeroinitializer
  %broadcast.splatinsert44 = insertelement <8 x double> poison, double %arg.atol, i64 0
  %broadcast.splat45 = shufflevector <8 x double> %broadcast.splatinsert44, <8 x double> poison, <8 x i32> zeroinitializer
  %broadcast.splatinsert66 = insertelement <4 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat67 = shufflevector <4 x double> %broadcast.splatinsert66, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert68 = insertelement <4 x double> poison, double %arg.atol, i64 0
  %broadcast.splat69 = shufflevector <4 x double> %broadcast.splatinsert68, <4 x double> poison, <4 x i32> zeroinitializer
  br label %B242.if

B776:
  %.1139.lcssa = phi i32 [ %115, %middle.block117 ], [ %.1139, %B370.if ]
  %.1242.lcssa = phi i32 [ %114, %middle.block117 ], [ %.1242, %B370.if ]
  %.13.i1017.lcssa = phi i32 [ %113, %middle.block117 ], [ %.13.i1017, %B370.if ]
  %1 = icmp ugt i32 %.13.i1017.lcssa, 2139095039
  br i1 %1, label %B856.if, label %B1582

B1018:
  %2 = bitcast i32 %.1569 to float
  %3 = bitcast i32 %.1534 to float
  %.1701 = fpext float %3 to double
  %.1734 = fpext float %2 to double
  %.1739 = fsub reassoc nnan nsz contract double %.1701, %.1734
  %.1740 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1739)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1740, %max_d.3.11055
  %.13.i = select i1 %.12.i, double %.1740, double %max_d.3.11055
  %.1781 = fmul reassoc nnan nsz contract double %.1739, %.1739
  %.1783 = fadd reassoc nnan nsz contract double %.1781, %d2.3.11056
  %.1789 = fmul reassoc nnan nsz contract double %.1701, %.1701
  %.1791 = fadd reassoc nnan nsz contract double %.1789, %a2.4.11057
  %.1799 = fmul reassoc nnan nsz contract double %.1734, %.1734
  %.1801 = fadd reassoc nnan nsz contract double %.1799, %b2.4.11058
  %.1808 = fmul reassoc nnan nsz contract double %.1734, %.1701
  %.1810 = fadd reassoc nnan nsz contract double %.1808, %product.4.11059
  br i1 %"$phi992.2.2.2", label %B1238, label %B1362

B1238:
  br i1 %"$phi194.0.2.0", label %B1242, label %B1362

B1242:
  %.1833 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1734)
  %.1837 = fmul reassoc nnan nsz contract double %.1833, %arg.rtol
  %.1839 = fadd reassoc nnan nsz contract double %.1837, %arg.atol
  %.1841 = fcmp reassoc nnan nsz contract ugt double %.1740, %.1839
  br label %B1362

B1296:
  %.1906 = icmp ugt i32 %119, 2139095040
  %.1909 = icmp ugt i32 %121, 2139095040
  %or.cond1 = select i1 %.1906, i1 %.1909, i1 false
  br i1 %or.cond1, label %B1362, label %B1326

B1326:
  %.15.i = zext i1 %"$phi992.2.2.2" to i64
  %.2003 = add nsw i64 %nonfinite.2.11054, %.15.i
  br label %B1362

B1362:
  %nonfinite.3.2 = phi i64 [ %.2003, %B1326 ], [ %nonfinite.2.11054, %B1018 ], [ %nonfinite.2.11054, %B1238 ], [ %nonfinite.2.11054, %B1242 ], [ %nonfinite.2.11054, %B1296 ]
  %max_d.4.2 = phi double [ %max_d.3.11055, %B1326 ], [ %.13.i, %B1018 ], [ %.13.i, %B1238 ], [ %.13.i, %B1242 ], [ %max_d.3.11055, %B1296 ]
  %d2.4.2 = phi double [ %d2.3.11056, %B1326 ], [ %.1783, %B1018 ], [ %.1783, %B1238 ], [ %.1783, %B1242 ], [ %d2.3.11056, %B1296 ]
  %a2.5.2 = phi double [ %a2.4.11057, %B1326 ], [ %.1791, %B1018 ], [ %.1791, %B1238 ], [ %.1791, %B1242 ], [ %a2.4.11057, %B1296 ]
  %b2.5.2 = phi double [ %b2.4.11058, %B1326 ], [ %.1801, %B1018 ], [ %.1801, %B1238 ], [ %.1801, %B1242 ], [ %b2.4.11058, %B1296 ]
  %product.5.2 = phi double [ %product.4.11059, %B1326 ], [ %.1810, %B1018 ], [ %.1810, %B1238 ], [ %.1810, %B1242 ], [ %product.4.11059, %B1296 ]
  %unequal.3.2 = phi i1 [ %"$phi992.2.2.2", %B1326 ], [ false, %B1018 ], [ true, %B1238 ], [ %.1841, %B1242 ], [ false, %B1296 ]
  %.2015 = zext i1 %unequal.3.2 to i32
  %.2016 = add i32 %differ.7.11060, %.2015
  %.2089996 = xor i32 %.1569, %.1534
  %.2091 = icmp slt i32 %.2089996, 0
  br i1 %.2091, label %B1478, label %B1540

B1478:
  %4 = add nsw i32 %119, -2139095041
  %"$phi1540.7.6.3" = icmp ult i32 %4, -2139095040
  %.2165.not = icmp eq i32 %121, 0
  %or.cond999 = select i1 %"$phi1540.7.6.3", i1 true, i1 %.2165.not
  br i1 %or.cond999, label %B1540, label %B1526

B1526:
  %.2179 = icmp ult i32 %121, 2139095041
  %5 = zext i1 %.2179 to i32
  br label %B1540

B1540:
  %"$phi1540.7.5.2" = phi i32 [ %5, %B1526 ], [ 0, %B1362 ], [ 0, %B1478 ]
  %.2241 = add i32 %"$phi1540.7.5.2", %opposed.5.11061
  %exitcond1094.not = icmp eq i64 %.620, %.1476
  br i1 %exitcond1094.not, label %B2234, label %B856.if

B1582:
  %.2314 = icmp eq i32 %.1139.lcssa, 0
  %min.iters.check = icmp ult i64 %.620, 4
  br i1 %.2314, label %iter.check, label %B1750.if.preheader

B1750.if.preheader:
  br i1 %min.iters.check, label %B1750.if.preheader125, label %vector.ph81

vector.ph81:
  %n.vec83 = and i64 %.620, 9223372036854775804
  %broadcast.splatinsert84 = insertelement <4 x double> poison, double %max_d.5.01080, i64 0
  %broadcast.splat85 = shufflevector <4 x double> %broadcast.splatinsert84, <4 x double> poison, <4 x i32> zeroinitializer
  br label %vector.body86

vector.body86:
  %index87 = phi i64 [ 0, %vector.ph81 ], [ %index.next95, %vector.body86 ]
  %vec.phi88 = phi <4 x double> [ zeroinitializer, %vector.ph81 ], [ %18, %vector.body86 ]
  %vec.phi89 = phi <4 x double> [ zeroinitializer, %vector.ph81 ], [ %16, %vector.body86 ]
  %vec.phi90 = phi <4 x double> [ zeroinitializer, %vector.ph81 ], [ %14, %vector.body86 ]
  %vec.phi91 = phi <4 x double> [ zeroinitializer, %vector.ph81 ], [ %12, %vector.body86 ]
  %vec.phi92 = phi <4 x double> [ %broadcast.splat85, %vector.ph81 ], [ %20, %vector.body86 ]
  %6 = getelementptr i32, ptr %.645, i64 %index87
  %wide.load93 = load <4 x float>, ptr %6, align 4
  %7 = fpext <4 x float> %wide.load93 to <4 x double>
  %8 = getelementptr i32, ptr %.817, i64 %index87
  %wide.load94 = load <4 x float>, ptr %8, align 4
  %9 = fpext <4 x float> %wide.load94 to <4 x double>
  %10 = fsub reassoc nnan nsz contract <4 x double> %7, %9
  %11 = fmul reassoc nnan nsz contract <4 x double> %10, %10
  %12 = fadd reassoc nnan nsz contract <4 x double> %11, %vec.phi91
  %13 = fmul reassoc nnan nsz contract <4 x double> %7, %7
  %14 = fadd reassoc nnan nsz contract <4 x double> %13, %vec.phi90
  %15 = fmul reassoc nnan nsz contract <4 x double> %9, %9
  %16 = fadd reassoc nnan nsz contract <4 x double> %15, %vec.phi89
  %17 = fmul reassoc nnan nsz contract <4 x double> %9, %7
  %18 = fadd reassoc nnan nsz contract <4 x double> %17, %vec.phi88
  %19 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %10)
  %20 = tail call nnan nsz <4 x double> @llvm.maxnum.v4f64(<4 x double> %19, <4 x double> %vec.phi92)
  %index.next95 = add nuw i64 %index87, 4
  %21 = icmp eq i64 %index.next95, %n.vec83
  br i1 %21, label %middle.block96, label %vector.body86

middle.block96:
  %22 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %18)
  %23 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %16)
  %24 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %14)
  %25 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %12)
  %26 = tail call nnan nsz double @llvm.vector.reduce.fmax.v4f64(<4 x double> %20)
  %cmp.n97 = icmp eq i64 %.620, %n.vec83
  br i1 %cmp.n97, label %B1972, label %B1750.if.preheader125

B1750.if.preheader125:
  %product.6.21035.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %22, %middle.block96 ]
  %b2.6.21034.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %23, %middle.block96 ]
  %a2.7.21033.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %24, %middle.block96 ]
  %d2.5.21032.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %25, %middle.block96 ]
  %max_d.7.21031.ph = phi double [ %max_d.5.01080, %B1750.if.preheader ], [ %26, %middle.block96 ]
  %.2599.01029.ph = phi i64 [ 0, %B1750.if.preheader ], [ %n.vec83, %middle.block96 ]
  br label %B1750.if

iter.check:
  br i1 %min.iters.check, label %B1634.if.preheader, label %vector.main.loop.iter.check

vector.main.loop.iter.check:
  %min.iters.check19 = icmp ult i64 %.620, 16
  br i1 %min.iters.check19, label %vec.epilog.ph, label %vector.ph

vector.ph:
  %n.mod.vf = and i64 %.620, 12
  %n.vec = and i64 %.620, 9223372036854775792
  br label %vector.body

vector.body:
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %vec.phi = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %39, %vector.body ]
  %vec.phi20 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %40, %vector.body ]
  %vec.phi21 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %41, %vector.body ]
  %vec.phi22 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %42, %vector.body ]
  %27 = getelementptr i32, ptr %.645, i64 %index
  %28 = getelementptr i8, ptr %27, i64 16
  %29 = getelementptr i8, ptr %27, i64 32
  %30 = getelementptr i8, ptr %27, i64 48
  %wide.load = load <4 x float>, ptr %27, align 4
  %wide.load23 = load <4 x float>, ptr %28, align 4
  %wide.load24 = load <4 x float>, ptr %29, align 4
  %wide.load25 = load <4 x float>, ptr %30, align 4
  %31 = fpext <4 x float> %wide.load to <4 x double>
  %32 = fpext <4 x float> %wide.load23 to <4 x double>
  %33 = fpext <4 x float> %wide.load24 to <4 x double>
  %34 = fpext <4 x float> %wide.load25 to <4 x double>
  %35 = fmul reassoc nnan nsz contract <4 x double> %31, %31
  %36 = fmul reassoc nnan nsz contract <4 x double> %32, %32
  %37 = fmul reassoc nnan nsz contract <4 x double> %33, %33
  %38 = fmul reassoc nnan nsz contract <4 x double> %34, %34
  %39 = fadd reassoc nnan nsz contract <4 x double> %35, %vec.phi
  %40 = fadd reassoc nnan nsz contract <4 x double> %36, %vec.phi20
  %41 = fadd reassoc nnan nsz contract <4 x double> %37, %vec.phi21
  %42 = fadd reassoc nnan nsz contract <4 x double> %38, %vec.phi22
  %index.next = add nuw i64 %index, 16
  %43 = icmp eq i64 %index.next, %n.vec
  br i1 %43, label %middle.block, label %vector.body

middle.block:
  %bin.rdx = fadd reassoc nnan nsz contract <4 x double> %40, %39
  %bin.rdx26 = fadd reassoc nnan nsz contract <4 x double> %41, %bin.rdx
  %bin.rdx27 = fadd reassoc nnan nsz contract <4 x double> %42, %bin.rdx26
  %44 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %bin.rdx27)
  %cmp.n = icmp eq i64 %.620, %n.vec
  br i1 %cmp.n, label %B2234, label %vec.epilog.iter.check

vec.epilog.iter.check:
  %min.epilog.iters.check = icmp eq i64 %n.mod.vf, 0
  br i1 %min.epilog.iters.check, label %B1634.if.preheader, label %vec.epilog.ph

vec.epilog.ph:
  %vec.epilog.resume.val = phi i64 [ %n.vec, %vec.epilog.iter.check ], [ 0, %vector.main.loop.iter.check ]
  %bc.merge.rdx = phi double [ %44, %vec.epilog.iter.check ], [ 0.000000e+00, %vector.main.loop.iter.check ]
  %n.vec29 = and i64 %.620, 9223372036854775804
  %45 = insertelement <4 x double> <double poison, double 0.000000e+00, double 0.000000e+00, double 0.000000e+00>, double %bc.merge.rdx, i64 0
  br label %vec.epilog.vector.body

vec.epilog.vector.body:
  %index30 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next33, %vec.epilog.vector.body ]
  %vec.phi31 = phi <4 x double> [ %45, %vec.epilog.ph ], [ %49, %vec.epilog.vector.body ]
  %46 = getelementptr i32, ptr %.645, i64 %index30
  %wide.load32 = load <4 x float>, ptr %46, align 4
  %47 = fpext <4 x float> %wide.load32 to <4 x double>
  %48 = fmul reassoc nnan nsz contract <4 x double> %47, %47
  %49 = fadd reassoc nnan nsz contract <4 x double> %48, %vec.phi31
  %index.next33 = add nuw i64 %index30, 4
  %50 = icmp eq i64 %index.next33, %n.vec29
  br i1 %50, label %vec.epilog.middle.block, label %vec.epilog.vector.body

vec.epilog.middle.block:
  %51 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %49)
  %cmp.n34 = icmp eq i64 %.620, %n.vec29
  br i1 %cmp.n34, label %B2234, label %B1634.if.preheader

B1634.if.preheader:
  %a2.6.21049.ph = phi double [ 0.000000e+00, %iter.check ], [ %44, %vec.epilog.iter.check ], [ %51, %vec.epilog.middle.block ]
  %.2361.01047.ph = phi i64 [ 0, %iter.check ], [ %n.vec, %vec.epilog.iter.check ], [ %n.vec29, %vec.epilog.middle.block ]
  br label %B1634.if

B1972:
  %.2760.lcssa = phi double [ %25, %middle.block96 ], [ %.2760, %B1750.if ]
  %.2765.lcssa = phi double [ %24, %middle.block96 ], [ %.2765, %B1750.if ]
  %.2770.lcssa = phi double [ %23, %middle.block96 ], [ %.2770, %B1750.if ]
  %.2775.lcssa = phi double [ %22, %middle.block96 ], [ %.2775, %B1750.if ]
  %.2781.lcssa = phi double [ %26, %middle.block96 ], [ %.2781, %B1750.if ]
  br i1 %"$phi194.0.2.0", label %iter.check38, label %B2234

iter.check38:
  %min.iters.check36 = icmp ult i64 %.620, 4
  br i1 %min.iters.check36, label %B2020.if.preheader, label %vector.main.loop.iter.check40

vector.main.loop.iter.check40:
  %min.iters.check39 = icmp ult i64 %.620, 16
  br i1 %min.iters.check39, label %vec.epilog.ph63, label %vector.ph41

vector.ph41:
  %n.mod.vf42 = and i64 %.620, 12
  %n.vec43 = and i64 %.620, 9223372036854775792
  br label %vector.body46

vector.body46:
  %index47 = phi i64 [ 0, %vector.ph41 ], [ %index.next54, %vector.body46 ]
  %vec.phi48 = phi <8 x i32> [ zeroinitializer, %vector.ph41 ], [ %74, %vector.body46 ]
  %vec.phi49 = phi <8 x i32> [ zeroinitializer, %vector.ph41 ], [ %75, %vector.body46 ]
  %52 = getelementptr i32, ptr %.645, i64 %index47
  %53 = getelementptr i8, ptr %52, i64 32
  %wide.load50 = load <8 x float>, ptr %52, align 4
  %wide.load51 = load <8 x float>, ptr %53, align 4
  %54 = fpext <8 x float> %wide.load50 to <8 x double>
  %55 = fpext <8 x float> %wide.load51 to <8 x double>
  %56 = getelementptr i32, ptr %.817, i64 %index47
  %57 = getelementptr i8, ptr %56, i64 32
  %wide.load52 = load <8 x float>, ptr %56, align 4
  %wide.load53 = load <8 x float>, ptr %57, align 4
  %58 = fpext <8 x float> %wide.load52 to <8 x double>
  %59 = fpext <8 x float> %wide.load53 to <8 x double>
  %60 = fsub reassoc nnan nsz contract <8 x double> %54, %58
  %61 = fsub reassoc nnan nsz contract <8 x double> %55, %59
  %62 = tail call reassoc nnan nsz contract <8 x double> @llvm.fabs.v8f64(<8 x double> %60)
  %63 = tail call reassoc nnan nsz contract <8 x double> @llvm.fabs.v8f64(<8 x double> %61)
  %64 = tail call reassoc nnan nsz contract <8 x double> @llvm.fabs.v8f64(<8 x double> %58)
  %65 = tail call reassoc nnan nsz contract <8 x double> @llvm.fabs.v8f64(<8 x double> %59)
  %66 = fmul reassoc nnan nsz contract <8 x double> %64, %broadcast.splat
  %67 = fmul reassoc nnan nsz contract <8 x double> %65, %broadcast.splat
  %68 = fadd reassoc nnan nsz contract <8 x double> %66, %broadcast.splat45
  %69 = fadd reassoc nnan nsz contract <8 x double> %67, %broadcast.splat45
  %70 = fcmp reassoc nnan nsz contract ogt <8 x double> %62, %68
  %71 = fcmp reassoc nnan nsz contract ogt <8 x double> %63, %69
  %72 = zext <8 x i1> %70 to <8 x i32>
  %73 = zext <8 x i1> %71 to <8 x i32>
  %74 = add <8 x i32> %vec.phi48, %72
  %75 = add <8 x i32> %vec.phi49, %73
  %index.next54 = add nuw i64 %index47, 16
  %76 = icmp eq i64 %index.next54, %n.vec43
  br i1 %76, label %middle.block55, label %vector.body46

middle.block55:
  %bin.rdx56 = add <8 x i32> %75, %74
  %77 = tail call i32 @llvm.vector.reduce.add.v8i32(<8 x i32> %bin.rdx56)
  %cmp.n57 = icmp eq i64 %.620, %n.vec43
  br i1 %cmp.n57, label %B2234, label %vec.epilog.iter.check61

vec.epilog.iter.check61:
  %min.epilog.iters.check62 = icmp eq i64 %n.mod.vf42, 0
  br i1 %min.epilog.iters.check62, label %B2020.if.preheader, label %vec.epilog.ph63

vec.epilog.ph63:
  %vec.epilog.resume.val58 = phi i64 [ %n.vec43, %vec.epilog.iter.check61 ], [ 0, %vector.main.loop.iter.check40 ]
  %bc.merge.rdx59 = phi i32 [ %77, %vec.epilog.iter.check61 ], [ 0, %vector.main.loop.iter.check40 ]
  %n.vec65 = and i64 %.620, 9223372036854775804
  %78 = insertelement <4 x i32> <i32 poison, i32 0, i32 0, i32 0>, i32 %bc.merge.rdx59, i64 0
  br label %vec.epilog.vector.body70

vec.epilog.vector.body70:
  %index71 = phi i64 [ %vec.epilog.resume.val58, %vec.epilog.ph63 ], [ %index.next75, %vec.epilog.vector.body70 ]
  %vec.phi72 = phi <4 x i32> [ %78, %vec.epilog.ph63 ], [ %90, %vec.epilog.vector.body70 ]
  %79 = getelementptr i32, ptr %.645, i64 %index71
  %wide.load73 = load <4 x float>, ptr %79, align 4
  %80 = fpext <4 x float> %wide.load73 to <4 x double>
  %81 = getelementptr i32, ptr %.817, i64 %index71
  %wide.load74 = load <4 x float>, ptr %81, align 4
  %82 = fpext <4 x float> %wide.load74 to <4 x double>
  %83 = fsub reassoc nnan nsz contract <4 x double> %80, %82
  %84 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %83)
  %85 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %82)
  %86 = fmul reassoc nnan nsz contract <4 x double> %85, %broadcast.splat67
  %87 = fadd reassoc nnan nsz contract <4 x double> %86, %broadcast.splat69
  %88 = fcmp reassoc nnan nsz contract ogt <4 x double> %84, %87
  %89 = zext <4 x i1> %88 to <4 x i32>
  %90 = add <4 x i32> %vec.phi72, %89
  %index.next75 = add nuw i64 %index71, 4
  %91 = icmp eq i64 %index.next75, %n.vec65
  br i1 %91, label %vec.epilog.middle.block76, label %vec.epilog.vector.body70

vec.epilog.middle.block76:
  %92 = tail call i32 @llvm.vector.reduce.add.v4i32(<4 x i32> %90)
  %cmp.n77 = icmp eq i64 %.620, %n.vec65
  br i1 %cmp.n77, label %B2234, label %B2020.if.preheader

B2020.if.preheader:
  %differ.8.21044.ph = phi i32 [ 0, %iter.check38 ], [ %77, %vec.epilog.iter.check61 ], [ %92, %vec.epilog.middle.block76 ]
  %.2866.01042.ph = phi i64 [ 0, %iter.check38 ], [ %n.vec43, %vec.epilog.iter.check61 ], [ %n.vec65, %vec.epilog.middle.block76 ]
  br label %B2020.if

B2234:
  %nonfinite.5.1 = phi i64 [ %nonfinite.4.01075, %B1972 ], [ %nonfinite.4.01075, %middle.block ], [ %nonfinite.4.01075, %B242.if ], [ %nonfinite.4.01075, %middle.block55 ], [ %nonfinite.4.01075, %B1634.if ], [ %nonfinite.4.01075, %vec.epilog.middle.block ], [ %nonfinite.3.2, %B1540 ], [ %nonfinite.4.01075, %vec.epilog.middle.block76 ], [ %nonfinite.4.01075, %B2020.if ]
  %max_d.6.1 = phi double [ %.2781.lcssa, %B1972 ], [ %max_d.5.01080, %middle.block ], [ %max_d.5.01080, %B242.if ], [ %.2781.lcssa, %middle.block55 ], [ %max_d.5.01080, %B1634.if ], [ %max_d.5.01080, %vec.epilog.middle.block ], [ %max_d.4.2, %B1540 ], [ %.2781.lcssa, %vec.epilog.middle.block76 ], [ %.2781.lcssa, %B2020.if ]
  %differ.9.1 = phi i32 [ %.1139.lcssa, %B1972 ], [ 0, %middle.block ], [ 0, %B242.if ], [ %77, %middle.block55 ], [ 0, %B1634.if ], [ 0, %vec.epilog.middle.block ], [ %.2016, %B1540 ], [ %92, %vec.epilog.middle.block76 ], [ %.3076, %B2020.if ]
  %opposed.6.1 = phi i32 [ %.1242.lcssa, %B1972 ], [ %.1242.lcssa, %middle.block ], [ 0, %B242.if ], [ %.1242.lcssa, %middle.block55 ], [ %.1242.lcssa, %B1634.if ], [ %.1242.lcssa, %vec.epilog.middle.block ], [ %.2241, %B1540 ], [ %.1242.lcssa, %vec.epilog.middle.block76 ], [ %.1242.lcssa, %B2020.if ]
  %d2.6.1 = phi double [ %.2760.lcssa, %B1972 ], [ 0.000000e+00, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2760.lcssa, %middle.block55 ], [ 0.000000e+00, %B1634.if ], [ 0.000000e+00, %vec.epilog.middle.block ], [ %d2.4.2, %B1540 ], [ %.2760.lcssa, %vec.epilog.middle.block76 ], [ %.2760.lcssa, %B2020.if ]
  %a2.8.1 = phi double [ %.2765.lcssa, %B1972 ], [ %44, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2765.lcssa, %middle.block55 ], [ %.2489, %B1634.if ], [ %51, %vec.epilog.middle.block ], [ %a2.5.2, %B1540 ], [ %.2765.lcssa, %vec.epilog.middle.block76 ], [ %.2765.lcssa, %B2020.if ]
  %b2.7.1 = phi double [ %.2770.lcssa, %B1972 ], [ %44, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2770.lcssa, %middle.block55 ], [ %.2489, %B1634.if ], [ %51, %vec.epilog.middle.block ], [ %b2.5.2, %B1540 ], [ %.2770.lcssa, %vec.epilog.middle.block76 ], [ %.2770.lcssa, %B2020.if ]
  %product.7.1 = phi double [ %.2775.lcssa, %B1972 ], [ %44, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2775.lcssa, %middle.block55 ], [ %.2489, %B1634.if ], [ %51, %vec.epilog.middle.block ], [ %product.5.2, %B1540 ], [ %.2775.lcssa, %vec.epilog.middle.block76 ], [ %.2775.lcssa, %B2020.if ]
  %.3121 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01076
  %.3128 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01077
  %.3135 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01078
  %.3142 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01079
  %.3175 = zext i32 %differ.9.1 to i64
  %.3176 = add nuw nsw i64 %different.2.01073, %.3175
  %.3207 = zext i32 %opposed.6.1 to i64
  %.3208 = add nuw nsw i64 %flips.2.01074, %.3207
  %.467 = icmp sgt i64 %.413.01071, 1
  br i1 %.467, label %B242.if, label %B2350

B2350:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3176, %B2234 ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3208, %B2234 ]
  %nonfinite.4.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.5.1, %B2234 ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3121, %B2234 ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3128, %B2234 ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3135, %B2234 ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3142, %B2234 ]
  %max_d.5.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.6.1, %B2234 ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3294 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3294, align 8
  %.3327 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.4.0.lcssa, ptr %.3327, align 8
  store double %max_d.5.0.lcssa, ptr %arg.sums_at, align 8
  %.3439 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3439, align 8
  %.3469 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3469, align 8
  %.3499 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3499, align 8
  %.3529 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3529, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B242.if:
  %max_d.5.01080 = phi double [ %max_d.6.1, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %ab.2.01079 = phi double [ %.3142, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %bb.2.01078 = phi double [ %.3135, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %aa.2.01077 = phi double [ %.3128, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %dd.2.01076 = phi double [ %.3121, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %nonfinite.4.01075 = phi i64 [ %nonfinite.5.1, %B2234 ], [ 0, %B242.if.preheader ]
  %flips.2.01074 = phi i64 [ %.3208, %B2234 ], [ 0, %B242.if.preheader ]
  %different.2.01073 = phi i64 [ %.3176, %B2234 ], [ 0, %B242.if.preheader ]
  %.410.01072 = phi i64 [ %.480, %B2234 ], [ 0, %B242.if.preheader ]
  %.413.01071 = phi i64 [ %.476, %B2234 ], [ %.445, %B242.if.preheader ]
  %.476 = add nsw i64 %.413.01071, -1
  %.480 = add nuw i64 %.410.01072, 2048
  %.542 = icmp slt i64 %.410.01072, 0
  %.543 = select i1 %.542, i64 %arg.size, i64 0
  %.544 = add i64 %.543, %.410.01072
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.544, i64 0)
  %.552.not = icmp slt i64 %.544, %arg.size
  %.532.sroa.0.3 = select i1 %.552.not, i64 %spec.select, i64 %arg.size
  %.559 = icmp slt i64 %.410.01072, -2048
  %.560 = select i1 %.559, i64 %arg.size, i64 0
  %.561 = add i64 %.560, %.480
  %.532.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.561, i64 0)
  %.569.not = icmp slt i64 %.561, %arg.size
  %.532.sroa.13.0 = select i1 %.569.not, i64 %.532.sroa.13.1, i64 %arg.size
  %.620 = sub nsw i64 %.532.sroa.13.0, %.532.sroa.0.3
  %.645 = getelementptr i32, ptr %arg.a_at, i64 %.532.sroa.0.3
  %.817 = getelementptr i32, ptr %arg.b_at, i64 %.532.sroa.0.3
  %.9621020.not = icmp slt i64 %.620, 1
  br i1 %.9621020.not, label %B2234, label %B370.if.preheader

B370.if.preheader:
  %min.iters.check105 = icmp ult i64 %.620, 8
  br i1 %min.iters.check105, label %B370.if.preheader126, label %vector.ph106

vector.ph106:
  %n.vec108 = and i64 %.620, 9223372036854775800
  br label %vector.body109

vector.body109:
  %index110 = phi i64 [ 0, %vector.ph106 ], [ %index.next116, %vector.body109 ]
  %vec.phi111 = phi <8 x i32> [ zeroinitializer, %vector.ph106 ], [ %111, %vector.body109 ]
  %vec.phi112 = phi <8 x i32> [ zeroinitializer, %vector.ph106 ], [ %109, %vector.body109 ]
  %vec.phi113 = phi <8 x i32> [ zeroinitializer, %vector.ph106 ], [ %102, %vector.body109 ]
  %93 = getelementptr i32, ptr %.645, i64 %index110
  %wide.load114 = load <8 x i32>, ptr %93, align 4
  %94 = and <8 x i32> %wide.load114, splat (i32 2147483647)
  %95 = getelementptr i32, ptr %.817, i64 %index110
  %wide.load115 = load <8 x i32>, ptr %95, align 4
  %96 = and <8 x i32> %wide.load115, splat (i32 2147483647)
  %97 = icmp ne <8 x i32> %wide.load114, %wide.load115
  %98 = or <8 x i32> %96, %94
  %99 = icmp ne <8 x i32> %98, zeroinitializer
  %100 = and <8 x i1> %97, %99
  %101 = zext <8 x i1> %100 to <8 x i32>
  %102 = add <8 x i32> %vec.phi113, %101
  %103 = tail call <8 x i32> @llvm.umin.v8i32(<8 x i32> %96, <8 x i32> %94)
  %104 = xor <8 x i32> %wide.load115, %wide.load114
  %105 = icmp slt <8 x i32> %104, zeroinitializer
  %106 = icmp ne <8 x i32> %103, zeroinitializer
  %107 = and <8 x i1> %105, %106
  %108 = zext <8 x i1> %107 to <8 x i32>
  %109 = add <8 x i32> %vec.phi112, %108
  %110 = tail call <8 x i32> @llvm.umax.v8i32(<8 x i32> %96, <8 x i32> %94)
  %111 = tail call <8 x i32> @llvm.umax.v8i32(<8 x i32> %110, <8 x i32> %vec.phi111)
  %index.next116 = add nuw i64 %index110, 8
  %112 = icmp eq i64 %index.next116, %n.vec108
  br i1 %112, label %middle.block117, label %vector.body109

middle.block117:
  %113 = tail call i32 @llvm.vector.reduce.umax.v8i32(<8 x i32> %111)
  %114 = tail call i32 @llvm.vector.reduce.add.v8i32(<8 x i32> %109)
  %115 = tail call i32 @llvm.vector.reduce.add.v8i32(<8 x i32> %102)
  %cmp.n118 = icmp eq i64 %.620, %n.vec108
  br i1 %cmp.n118, label %B776, label %B370.if.preheader126

B370.if.preheader126:
  %high.2.11025.ph = phi i32 [ 0, %B370.if.preheader ], [ %113, %middle.block117 ]
  %opposed.4.11024.ph = phi i32 [ 0, %B370.if.preheader ], [ %114, %middle.block117 ]
  %differ.6.11023.ph = phi i32 [ 0, %B370.if.preheader ], [ %115, %middle.block117 ]
  %.906.01022.ph = phi i64 [ 0, %B370.if.preheader ], [ %n.vec108, %middle.block117 ]
  br label %B370.if

B370.if:
  %high.2.11025 = phi i32 [ %.13.i1017, %B370.if ], [ %high.2.11025.ph, %B370.if.preheader126 ]
  %opposed.4.11024 = phi i32 [ %.1242, %B370.if ], [ %opposed.4.11024.ph, %B370.if.preheader126 ]
  %differ.6.11023 = phi i32 [ %.1139, %B370.if ], [ %differ.6.11023.ph, %B370.if.preheader126 ]
  %.906.01022 = phi i64 [ %.975, %B370.if ], [ %.906.01022.ph, %B370.if.preheader126 ]
  %.975 = add nuw nsw i64 %.906.01022, 1
  %116 = getelementptr i32, ptr %.645, i64 %.906.01022
  %.1029 = load i32, ptr %116, align 4
  %.1032 = and i32 %.1029, 2147483647
  %117 = getelementptr i32, ptr %.817, i64 %.906.01022
  %.1063 = load i32, ptr %117, align 4
  %.1066 = and i32 %.1063, 2147483647
  %.1128 = icmp ne i32 %.1029, %.1063
  %.1131997 = or i32 %.1066, %.1032
  %.1133 = icmp ne i32 %.1131997, 0
  %.1134 = and i1 %.1128, %.1133
  %.1138 = zext i1 %.1134 to i32
  %.1139 = add i32 %differ.6.11023, %.1138
  %.13.i1015 = tail call i32 @llvm.umin.i32(i32 %.1066, i32 %.1032)
  %.1205998 = xor i32 %.1063, %.1029
  %.1207 = icmp slt i32 %.1205998, 0
  %.1236 = icmp ne i32 %.13.i1015, 0
  %.1237 = and i1 %.1207, %.1236
  %.1241 = zext i1 %.1237 to i32
  %.1242 = add i32 %opposed.4.11024, %.1241
  %.13.i1016 = tail call i32 @llvm.umax.i32(i32 %.1066, i32 %.1032)
  %.13.i1017 = tail call i32 @llvm.umax.i32(i32 %.13.i1016, i32 %high.2.11025)
  %exitcond.not = icmp eq i64 %.620, %.975
  br i1 %exitcond.not, label %B776, label %B370.if

B856.if:
  %opposed.5.11061 = phi i32 [ %.2241, %B1540 ], [ 0, %B776 ]
  %differ.7.11060 = phi i32 [ %.2016, %B1540 ], [ 0, %B776 ]
  %product.4.11059 = phi double [ %product.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %b2.4.11058 = phi double [ %b2.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %a2.4.11057 = phi double [ %a2.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %d2.3.11056 = phi double [ %d2.4.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %max_d.3.11055 = phi double [ %max_d.4.2, %B1540 ], [ %max_d.5.01080, %B776 ]
  %nonfinite.2.11054 = phi i64 [ %nonfinite.3.2, %B1540 ], [ %nonfinite.4.01075, %B776 ]
  %.1406.01052 = phi i64 [ %.1476, %B1540 ], [ 0, %B776 ]
  %.1476 = add nuw nsw i64 %.1406.01052, 1
  %118 = getelementptr i32, ptr %.645, i64 %.1406.01052
  %.1534 = load i32, ptr %118, align 4
  %119 = and i32 %.1534, 2147483647
  %120 = getelementptr i32, ptr %.817, i64 %.1406.01052
  %.1569 = load i32, ptr %120, align 4
  %121 = and i32 %.1569, 2147483647
  %.1642.not = icmp ne i32 %.1534, %.1569
  %.1651993 = or i32 %121, %119
  %.1653 = icmp ne i32 %.1651993, 0
  %"$phi992.2.2.2" = select i1 %.1642.not, i1 %.1653, i1 false
  %.1664 = icmp ult i32 %119, 2139095040
  %.1667 = icmp ult i32 %121, 2139095040
  %or.cond = select i1 %.1664, i1 %.1667, i1 false
  br i1 %or.cond, label %B1018, label %B1296

B1634.if:
  %a2.6.21049 = phi double [ %.2489, %B1634.if ], [ %a2.6.21049.ph, %B1634.if.preheader ]
  %.2361.01047 = phi i64 [ %.2430, %B1634.if ], [ %.2361.01047.ph, %B1634.if.preheader ]
  %.2430 = add nuw nsw i64 %.2361.01047, 1
  %122 = getelementptr i32, ptr %.645, i64 %.2361.01047
  %.2484991 = load float, ptr %122, align 4
  %.2486 = fpext float %.2484991 to double
  %.2487 = fmul reassoc nnan nsz contract double %.2486, %.2486
  %.2489 = fadd reassoc nnan nsz contract double %.2487, %a2.6.21049
  %exitcond1093.not = icmp eq i64 %.620, %.2430
  br i1 %exitcond1093.not, label %B2234, label %B1634.if

B1750.if:
  %product.6.21035 = phi double [ %.2775, %B1750.if ], [ %product.6.21035.ph, %B1750.if.preheader125 ]
  %b2.6.21034 = phi double [ %.2770, %B1750.if ], [ %b2.6.21034.ph, %B1750.if.preheader125 ]
  %a2.7.21033 = phi double [ %.2765, %B1750.if ], [ %a2.7.21033.ph, %B1750.if.preheader125 ]
  %d2.5.21032 = phi double [ %.2760, %B1750.if ], [ %d2.5.21032.ph, %B1750.if.preheader125 ]
  %max_d.7.21031 = phi double [ %.2781, %B1750.if ], [ %max_d.7.21031.ph, %B1750.if.preheader125 ]
  %.2599.01029 = phi i64 [ %.2668, %B1750.if ], [ %.2599.01029.ph, %B1750.if.preheader125 ]
  %.2668 = add nuw nsw i64 %.2599.01029, 1
  %123 = getelementptr i32, ptr %.645, i64 %.2599.01029
  %.2722988 = load float, ptr %123, align 4
  %.2724 = fpext float %.2722988 to double
  %124 = getelementptr i32, ptr %.817, i64 %.2599.01029
  %.2754989 = load float, ptr %124, align 4
  %.2756 = fpext float %.2754989 to double
  %.2757 = fsub reassoc nnan nsz contract double %.2724, %.2756
  %.2758 = fmul reassoc nnan nsz contract double %.2757, %.2757
  %.2760 = fadd reassoc nnan nsz contract double %.2758, %d2.5.21032
  %.2763 = fmul reassoc nnan nsz contract double %.2724, %.2724
  %.2765 = fadd reassoc nnan nsz contract double %.2763, %a2.7.21033
  %.2768 = fmul reassoc nnan nsz contract double %.2756, %.2756
  %.2770 = fadd reassoc nnan nsz contract double %.2768, %b2.6.21034
  %.2773 = fmul reassoc nnan nsz contract double %.2756, %.2724
  %.2775 = fadd reassoc nnan nsz contract double %.2773, %product.6.21035
  %.2778 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.2757)
  %.2781 = tail call nnan nsz double @llvm.maxnum.f64(double %.2778, double %max_d.7.21031)
  %exitcond1091.not = icmp eq i64 %.620, %.2668
  br i1 %exitcond1091.not, label %B1972, label %B1750.if

B2020.if:
  %differ.8.21044 = phi i32 [ %.3076, %B2020.if ], [ %differ.8.21044.ph, %B2020.if.preheader ]
  %.2866.01042 = phi i64 [ %.2959, %B2020.if ], [ %.2866.01042.ph, %B2020.if.preheader ]
  %.2959 = add nuw nsw i64 %.2866.01042, 1
  %125 = getelementptr i32, ptr %.645, i64 %.2866.01042
  %.3029986 = load float, ptr %125, align 4
  %.3031 = fpext float %.3029986 to double
  %126 = getelementptr i32, ptr %.817, i64 %.2866.01042
  %.3061987 = load float, ptr %126, align 4
  %.3063 = fpext float %.3061987 to double
  %.3064 = fsub reassoc nnan nsz contract double %.3031, %.3063
  %.3065 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3064)
  %.3066 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3063)
  %.3068 = fmul reassoc nnan nsz contract double %.3066, %arg.rtol
  %.3070 = fadd reassoc nnan nsz contract double %.3068, %arg.atol
  %.3071 = fcmp reassoc nnan nsz contract ogt double %.3065, %.3070
  %.3075 = zext i1 %.3071 to i32
  %.3076 = add i32 %differ.8.21044, %.3075
  %exitcond1092.not = icmp eq i64 %.620, %.2959
  br i1 %exitcond1092.not, label %B2234, label %B2020.if
}

declare double @llvm.fabs.f64(double)

declare double @llvm.maxnum.f64(double, double)

declare i32 @llvm.umin.i32(i32, i32)

declare i32 @llvm.umax.i32(i32, i32)

declare i64 @llvm.smax.i64(i64, i64)

declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)

declare <8 x double> @llvm.fabs.v8f64(<8 x double>)

declare i32 @llvm.vector.reduce.add.v8i32(<8 x i32>)

declare <4 x double> @llvm.fabs.v4f64(<4 x double>)

declare i32 @llvm.vector.reduce.add.v4i32(<4 x i32>)

declare <4 x double> @llvm.maxnum.v4f64(<4 x double>, <4 x double>)

declare double @llvm.vector.reduce.fmax.v4f64(<4 x double>)

declare <8 x i32> @llvm.umin.v8i32(<8 x i32>, <8 x i32>)

declare <8 x i32> @llvm.umax.v8i32(<8 x i32>, <8 x i32>)

declare i32 @llvm.vector.reduce.umax.v8i32(<8 x i32>)
