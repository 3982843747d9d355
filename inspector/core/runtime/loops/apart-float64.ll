; apart-float64: made by tests/make_loops.py, not by hand
; source c8911a121f64aa638470f67e0b6959e2eacf1b2a9c65cb4d4b02f39a6c6e009b
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.320 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.326 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi194.0.2.0" = select i1 %.320, i1 true, i1 %.326
  %0 = add nuw i64 %arg.size, 2047
  %.445 = lshr i64 %0, 11
  %.424.inv = icmp slt i64 %arg.size, 1
  %.4671066.not1091 = icmp eq i64 %.445, 0
  %.4671066.not = select i1 %.424.inv, i1 true, i1 %.4671066.not1091
  br i1 %.4671066.not, label %B2350, label %B242.if.preheader

B242.if.preheader:
  %broadcast.splatinsert = insertelement <4 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat = shufflevector <4 x double> %broadcast.splatinsert, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert44 = insertelement <4 x double> poison, double %arg.atol, i64 0
  %broadcast.splat45 = shufflevector <4 x double> %broadcast.splatinsert44, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert74 = insertelement <4 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat75 = shufflevector <4 x double> %broadcast.splatinsert74, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert76 = insertelement <4 x double> poison, double %arg.atol, i64 0
  %broadcast.splat77 = shufflevector <4 x double> %broadcast.splatinsert76, <4 x double> poison, <4 x i32> zeroinitializer
  br label %B242.if

B776:
  %.1129.lcssa = phi i64 [ %121, %middle.block125 ], [ %.1129, %B370.if ]
  %.1227.lcssa = phi i64 [ %120, %middle.block125 ], [ %.1227, %B370.if ]
  %.13.i1013.lcssa = phi i64 [ %119, %middle.block125 ], [ %.13.i1013, %B370.if ]
  %1 = icmp ugt i64 %.13.i1013.lcssa, 9218868437227405311
  br i1 %1, label %B856.if, label %B1582

B1018:
  %2 = bitcast i64 %.1518 to double
  %.1712 = fsub reassoc nnan nsz contract double %2, %126
  %.1713 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1712)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1713, %max_d.3.11051
  %.13.i = select i1 %.12.i, double %.1713, double %max_d.3.11051
  %.1754 = fmul reassoc nnan nsz contract double %.1712, %.1712
  %.1756 = fadd reassoc nnan nsz contract double %.1754, %d2.3.11052
  %.1762 = fmul reassoc nnan nsz contract double %2, %2
  %.1764 = fadd reassoc nnan nsz contract double %.1762, %a2.4.11053
  %.1772 = fmul reassoc nnan nsz contract double %126, %126
  %.1774 = fadd reassoc nnan nsz contract double %.1772, %b2.4.11054
  %.1781 = fmul reassoc nnan nsz contract double %126, %2
  %.1783 = fadd reassoc nnan nsz contract double %.1781, %product.4.11055
  br i1 %"$phi992.2.2.2", label %B1238, label %B1362

B1238:
  br i1 %"$phi194.0.2.0", label %B1242, label %B1362

B1242:
  %.1806 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %126)
  %.1810 = fmul reassoc nnan nsz contract double %.1806, %arg.rtol
  %.1812 = fadd reassoc nnan nsz contract double %.1810, %arg.atol
  %.1814 = fcmp reassoc nnan nsz contract ugt double %.1713, %.1812
  br label %B1362

B1296:
  %.1879 = icmp ugt i64 %.1519, 9218868437227405312
  %.1882 = icmp ugt i64 %.1551, 9218868437227405312
  %or.cond1 = select i1 %.1879, i1 %.1882, i1 false
  br i1 %or.cond1, label %B1362, label %B1326

B1326:
  %.15.i = zext i1 %"$phi992.2.2.2" to i64
  %.1976 = add nsw i64 %nonfinite.2.11050, %.15.i
  br label %B1362

B1362:
  %nonfinite.3.2 = phi i64 [ %.1976, %B1326 ], [ %nonfinite.2.11050, %B1018 ], [ %nonfinite.2.11050, %B1238 ], [ %nonfinite.2.11050, %B1242 ], [ %nonfinite.2.11050, %B1296 ]
  %max_d.4.2 = phi double [ %max_d.3.11051, %B1326 ], [ %.13.i, %B1018 ], [ %.13.i, %B1238 ], [ %.13.i, %B1242 ], [ %max_d.3.11051, %B1296 ]
  %d2.4.2 = phi double [ %d2.3.11052, %B1326 ], [ %.1756, %B1018 ], [ %.1756, %B1238 ], [ %.1756, %B1242 ], [ %d2.3.11052, %B1296 ]
  %a2.5.2 = phi double [ %a2.4.11053, %B1326 ], [ %.1764, %B1018 ], [ %.1764, %B1238 ], [ %.1764, %B1242 ], [ %a2.4.11053, %B1296 ]
  %b2.5.2 = phi double [ %b2.4.11054, %B1326 ], [ %.1774, %B1018 ], [ %.1774, %B1238 ], [ %.1774, %B1242 ], [ %b2.4.11054, %B1296 ]
  %product.5.2 = phi double [ %product.4.11055, %B1326 ], [ %.1783, %B1018 ], [ %.1783, %B1238 ], [ %.1783, %B1242 ], [ %product.4.11055, %B1296 ]
  %unequal.3.2 = phi i1 [ %"$phi992.2.2.2", %B1326 ], [ false, %B1018 ], [ true, %B1238 ], [ %.1814, %B1242 ], [ false, %B1296 ]
  %.1984 = zext i1 %unequal.3.2 to i64
  %.1988 = add i64 %differ.7.11056, %.1984
  %.2058 = xor i64 %.1550, %.1518
  %.2059 = icmp slt i64 %.2058, 0
  br i1 %.2059, label %B1478, label %B1540

B1478:
  %3 = add nsw i64 %.1519, -9218868437227405313
  %"$phi1540.7.6.3" = icmp ult i64 %3, -9218868437227405312
  %.2133.not = icmp eq i64 %.1551, 0
  %or.cond995 = select i1 %"$phi1540.7.6.3", i1 true, i1 %.2133.not
  br i1 %or.cond995, label %B1540, label %B1526

B1526:
  %.2147 = icmp ult i64 %.1551, 9218868437227405313
  %4 = zext i1 %.2147 to i64
  br label %B1540

B1540:
  %"$phi1540.7.5.2" = phi i64 [ %4, %B1526 ], [ 0, %B1362 ], [ 0, %B1478 ]
  %.2208 = add i64 %"$phi1540.7.5.2", %opposed.5.11057
  %exitcond1090.not = icmp eq i64 %.620, %.1460
  br i1 %exitcond1090.not, label %B2234, label %B856.if

B1582:
  %.2280 = icmp eq i64 %.1129.lcssa, 0
  %min.iters.check = icmp ult i64 %.620, 4
  br i1 %.2280, label %iter.check, label %B1750.if.preheader

B1750.if.preheader:
  br i1 %min.iters.check, label %B1750.if.preheader133, label %vector.ph89

vector.ph89:
  %n.vec91 = and i64 %.620, 9223372036854775804
  %broadcast.splatinsert92 = insertelement <4 x double> poison, double %max_d.5.01076, i64 0
  %broadcast.splat93 = shufflevector <4 x double> %broadcast.splatinsert92, <4 x double> poison, <4 x i32> zeroinitializer
  br label %vector.body94

vector.body94:
  %index95 = phi i64 [ 0, %vector.ph89 ], [ %index.next103, %vector.body94 ]
  %vec.phi96 = phi <4 x double> [ zeroinitializer, %vector.ph89 ], [ %15, %vector.body94 ]
  %vec.phi97 = phi <4 x double> [ zeroinitializer, %vector.ph89 ], [ %13, %vector.body94 ]
  %vec.phi98 = phi <4 x double> [ zeroinitializer, %vector.ph89 ], [ %11, %vector.body94 ]
  %vec.phi99 = phi <4 x double> [ zeroinitializer, %vector.ph89 ], [ %9, %vector.body94 ]
  %vec.phi100 = phi <4 x double> [ %broadcast.splat93, %vector.ph89 ], [ %17, %vector.body94 ]
  %5 = getelementptr i64, ptr %.645, i64 %index95
  %wide.load101 = load <4 x double>, ptr %5, align 8
  %6 = getelementptr i64, ptr %.817, i64 %index95
  %wide.load102 = load <4 x double>, ptr %6, align 8
  %7 = fsub reassoc nnan nsz contract <4 x double> %wide.load101, %wide.load102
  %8 = fmul reassoc nnan nsz contract <4 x double> %7, %7
  %9 = fadd reassoc nnan nsz contract <4 x double> %8, %vec.phi99
  %10 = fmul reassoc nnan nsz contract <4 x double> %wide.load101, %wide.load101
  %11 = fadd reassoc nnan nsz contract <4 x double> %10, %vec.phi98
  %12 = fmul reassoc nnan nsz contract <4 x double> %wide.load102, %wide.load102
  %13 = fadd reassoc nnan nsz contract <4 x double> %12, %vec.phi97
  %14 = fmul reassoc nnan nsz contract <4 x double> %wide.load102, %wide.load101
  %15 = fadd reassoc nnan nsz contract <4 x double> %14, %vec.phi96
  %16 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %7)
  %17 = tail call nnan nsz <4 x double> @llvm.maxnum.v4f64(<4 x double> %16, <4 x double> %vec.phi100)
  %index.next103 = add nuw i64 %index95, 4
  %18 = icmp eq i64 %index.next103, %n.vec91
  br i1 %18, label %middle.block104, label %vector.body94

middle.block104:
  %19 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %15)
  %20 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %13)
  %21 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %11)
  %22 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %9)
  %23 = tail call nnan nsz double @llvm.vector.reduce.fmax.v4f64(<4 x double> %17)
  %cmp.n105 = icmp eq i64 %.620, %n.vec91
  br i1 %cmp.n105, label %B1972, label %B1750.if.preheader133

B1750.if.preheader133:
  %product.6.21031.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %19, %middle.block104 ]
  %b2.6.21030.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %20, %middle.block104 ]
  %a2.7.21029.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %21, %middle.block104 ]
  %d2.5.21028.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %22, %middle.block104 ]
  %max_d.7.21027.ph = phi double [ %max_d.5.01076, %B1750.if.preheader ], [ %23, %middle.block104 ]
  %.2564.01025.ph = phi i64 [ 0, %B1750.if.preheader ], [ %n.vec91, %middle.block104 ]
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
  %vec.phi = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %32, %vector.body ]
  %vec.phi20 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %33, %vector.body ]
  %vec.phi21 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %34, %vector.body ]
  %vec.phi22 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %35, %vector.body ]
  %24 = getelementptr i64, ptr %.645, i64 %index
  %25 = getelementptr i8, ptr %24, i64 32
  %26 = getelementptr i8, ptr %24, i64 64
  %27 = getelementptr i8, ptr %24, i64 96
  %wide.load = load <4 x double>, ptr %24, align 8
  %wide.load23 = load <4 x double>, ptr %25, align 8
  %wide.load24 = load <4 x double>, ptr %26, align 8
  %wide.load25 = load <4 x double>, ptr %27, align 8
  %28 = fmul reassoc nnan nsz contract <4 x double> %wide.load, %wide.load
  %29 = fmul reassoc nnan nsz contract <4 x double> %wide.load23, %wide.load23
  %30 = fmul reassoc nnan nsz contract <4 x double> %wide.load24, %wide.load24
  %31 = fmul reassoc nnan nsz contract <4 x double> %wide.load25, %wide.load25
  %32 = fadd reassoc nnan nsz contract <4 x double> %28, %vec.phi
  %33 = fadd reassoc nnan nsz contract <4 x double> %29, %vec.phi20
  %34 = fadd reassoc nnan nsz contract <4 x double> %30, %vec.phi21
  %35 = fadd reassoc nnan nsz contract <4 x double> %31, %vec.phi22
  %index.next = add nuw i64 %index, 16
  %36 = icmp eq i64 %index.next, %n.vec
  br i1 %36, label %middle.block, label %vector.body

middle.block:
  %bin.rdx = fadd reassoc nnan nsz contract <4 x double> %33, %32
  %bin.rdx26 = fadd reassoc nnan nsz contract <4 x double> %34, %bin.rdx
  %bin.rdx27 = fadd reassoc nnan nsz contract <4 x double> %35, %bin.rdx26
  %37 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %bin.rdx27)
  %cmp.n = icmp eq i64 %.620, %n.vec
  br i1 %cmp.n, label %B2234, label %vec.epilog.iter.check

vec.epilog.iter.check:
  %min.epilog.iters.check = icmp eq i64 %n.mod.vf, 0
  br i1 %min.epilog.iters.check, label %B1634.if.preheader, label %vec.epilog.ph

vec.epilog.ph:
  %vec.epilog.resume.val = phi i64 [ %n.vec, %vec.epilog.iter.check ], [ 0, %vector.main.loop.iter.check ]
  %bc.merge.rdx = phi double [ %37, %vec.epilog.iter.check ], [ 0.000000e+00, %vector.main.loop.iter.check ]
  %n.vec29 = and i64 %.620, 9223372036854775804
  %38 = insertelement <4 x double> <double poison, double 0.000000e+00, double 0.000000e+00, double 0.000000e+00>, double %bc.merge.rdx, i64 0
  br label %vec.epilog.vector.body

vec.epilog.vector.body:
  %index30 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next33, %vec.epilog.vector.body ]
  %vec.phi31 = phi <4 x double> [ %38, %vec.epilog.ph ], [ %41, %vec.epilog.vector.body ]
  %39 = getelementptr i64, ptr %.645, i64 %index30
  %wide.load32 = load <4 x double>, ptr %39, align 8
  %40 = fmul reassoc nnan nsz contract <4 x double> %wide.load32, %wide.load32
  %41 = fadd reassoc nnan nsz contract <4 x double> %40, %vec.phi31
  %index.next33 = add nuw i64 %index30, 4
  %42 = icmp eq i64 %index.next33, %n.vec29
  br i1 %42, label %vec.epilog.middle.block, label %vec.epilog.vector.body

vec.epilog.middle.block:
  %43 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %41)
  %cmp.n34 = icmp eq i64 %.620, %n.vec29
  br i1 %cmp.n34, label %B2234, label %B1634.if.preheader

B1634.if.preheader:
  %a2.6.21045.ph = phi double [ 0.000000e+00, %iter.check ], [ %37, %vec.epilog.iter.check ], [ %43, %vec.epilog.middle.block ]
  %.2327.01043.ph = phi i64 [ 0, %iter.check ], [ %n.vec, %vec.epilog.iter.check ], [ %n.vec29, %vec.epilog.middle.block ]
  br label %B1634.if

B1972:
  %.2723.lcssa = phi double [ %22, %middle.block104 ], [ %.2723, %B1750.if ]
  %.2728.lcssa = phi double [ %21, %middle.block104 ], [ %.2728, %B1750.if ]
  %.2733.lcssa = phi double [ %20, %middle.block104 ], [ %.2733, %B1750.if ]
  %.2738.lcssa = phi double [ %19, %middle.block104 ], [ %.2738, %B1750.if ]
  %.2744.lcssa = phi double [ %23, %middle.block104 ], [ %.2744, %B1750.if ]
  br i1 %"$phi194.0.2.0", label %iter.check38, label %B2234

iter.check38:
  %min.iters.check36 = icmp ult i64 %.620, 4
  br i1 %min.iters.check36, label %B2020.if.preheader, label %vector.main.loop.iter.check40

vector.main.loop.iter.check40:
  %min.iters.check39 = icmp ult i64 %.620, 16
  br i1 %min.iters.check39, label %vec.epilog.ph71, label %vector.ph41

vector.ph41:
  %n.mod.vf42 = and i64 %.620, 12
  %n.vec43 = and i64 %.620, 9223372036854775792
  br label %vector.body46

vector.body46:
  %index47 = phi i64 [ 0, %vector.ph41 ], [ %index.next60, %vector.body46 ]
  %vec.phi48 = phi <4 x i64> [ zeroinitializer, %vector.ph41 ], [ %80, %vector.body46 ]
  %vec.phi49 = phi <4 x i64> [ zeroinitializer, %vector.ph41 ], [ %81, %vector.body46 ]
  %vec.phi50 = phi <4 x i64> [ zeroinitializer, %vector.ph41 ], [ %82, %vector.body46 ]
  %vec.phi51 = phi <4 x i64> [ zeroinitializer, %vector.ph41 ], [ %83, %vector.body46 ]
  %44 = getelementptr i64, ptr %.645, i64 %index47
  %45 = getelementptr i8, ptr %44, i64 32
  %46 = getelementptr i8, ptr %44, i64 64
  %47 = getelementptr i8, ptr %44, i64 96
  %wide.load52 = load <4 x double>, ptr %44, align 8
  %wide.load53 = load <4 x double>, ptr %45, align 8
  %wide.load54 = load <4 x double>, ptr %46, align 8
  %wide.load55 = load <4 x double>, ptr %47, align 8
  %48 = getelementptr i64, ptr %.817, i64 %index47
  %49 = getelementptr i8, ptr %48, i64 32
  %50 = getelementptr i8, ptr %48, i64 64
  %51 = getelementptr i8, ptr %48, i64 96
  %wide.load56 = load <4 x double>, ptr %48, align 8
  %wide.load57 = load <4 x double>, ptr %49, align 8
  %wide.load58 = load <4 x double>, ptr %50, align 8
  %wide.load59 = load <4 x double>, ptr %51, align 8
  %52 = fsub reassoc nnan nsz contract <4 x double> %wide.load52, %wide.load56
  %53 = fsub reassoc nnan nsz contract <4 x double> %wide.load53, %wide.load57
  %54 = fsub reassoc nnan nsz contract <4 x double> %wide.load54, %wide.load58
  %55 = fsub reassoc nnan nsz contract <4 x double> %wide.load55, %wide.load59
  %56 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %52)
  %57 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %53)
  %58 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %54)
  %59 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %55)
  %60 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load56)
  %61 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load57)
  %62 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load58)
  %63 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load59)
  %64 = fmul reassoc nnan nsz contract <4 x double> %60, %broadcast.splat
  %65 = fmul reassoc nnan nsz contract <4 x double> %61, %broadcast.splat
  %66 = fmul reassoc nnan nsz contract <4 x double> %62, %broadcast.splat
  %67 = fmul reassoc nnan nsz contract <4 x double> %63, %broadcast.splat
  %68 = fadd reassoc nnan nsz contract <4 x double> %64, %broadcast.splat45
  %69 = fadd reassoc nnan nsz contract <4 x double> %65, %broadcast.splat45
  %70 = fadd reassoc nnan nsz contract <4 x double> %66, %broadcast.splat45
  %71 = fadd reassoc nnan nsz contract <4 x double> %67, %broadcast.splat45
  %72 = fcmp reassoc nnan nsz contract ogt <4 x double> %56, %68
  %73 = fcmp reassoc nnan nsz contract ogt <4 x double> %57, %69
  %74 = fcmp reassoc nnan nsz contract ogt <4 x double> %58, %70
  %75 = fcmp reassoc nnan nsz contract ogt <4 x double> %59, %71
  %76 = zext <4 x i1> %72 to <4 x i64>
  %77 = zext <4 x i1> %73 to <4 x i64>
  %78 = zext <4 x i1> %74 to <4 x i64>
  %79 = zext <4 x i1> %75 to <4 x i64>
  %80 = add <4 x i64> %vec.phi48, %76
  %81 = add <4 x i64> %vec.phi49, %77
  %82 = add <4 x i64> %vec.phi50, %78
  %83 = add <4 x i64> %vec.phi51, %79
  %index.next60 = add nuw i64 %index47, 16
  %84 = icmp eq i64 %index.next60, %n.vec43
  br i1 %84, label %middle.block61, label %vector.body46

middle.block61:
  %bin.rdx62 = add <4 x i64> %81, %80
  %bin.rdx63 = add <4 x i64> %82, %bin.rdx62
  %bin.rdx64 = add <4 x i64> %83, %bin.rdx63
  %85 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %bin.rdx64)
  %cmp.n65 = icmp eq i64 %.620, %n.vec43
  br i1 %cmp.n65, label %B2234, label %vec.epilog.iter.check69

vec.epilog.iter.check69:
  %min.epilog.iters.check70 = icmp eq i64 %n.mod.vf42, 0
  br i1 %min.epilog.iters.check70, label %B2020.if.preheader, label %vec.epilog.ph71

vec.epilog.ph71:
  %vec.epilog.resume.val66 = phi i64 [ %n.vec43, %vec.epilog.iter.check69 ], [ 0, %vector.main.loop.iter.check40 ]
  %bc.merge.rdx67 = phi i64 [ %85, %vec.epilog.iter.check69 ], [ 0, %vector.main.loop.iter.check40 ]
  %n.vec73 = and i64 %.620, 9223372036854775804
  %86 = insertelement <4 x i64> <i64 poison, i64 0, i64 0, i64 0>, i64 %bc.merge.rdx67, i64 0
  br label %vec.epilog.vector.body78

vec.epilog.vector.body78:
  %index79 = phi i64 [ %vec.epilog.resume.val66, %vec.epilog.ph71 ], [ %index.next83, %vec.epilog.vector.body78 ]
  %vec.phi80 = phi <4 x i64> [ %86, %vec.epilog.ph71 ], [ %96, %vec.epilog.vector.body78 ]
  %87 = getelementptr i64, ptr %.645, i64 %index79
  %wide.load81 = load <4 x double>, ptr %87, align 8
  %88 = getelementptr i64, ptr %.817, i64 %index79
  %wide.load82 = load <4 x double>, ptr %88, align 8
  %89 = fsub reassoc nnan nsz contract <4 x double> %wide.load81, %wide.load82
  %90 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %89)
  %91 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load82)
  %92 = fmul reassoc nnan nsz contract <4 x double> %91, %broadcast.splat75
  %93 = fadd reassoc nnan nsz contract <4 x double> %92, %broadcast.splat77
  %94 = fcmp reassoc nnan nsz contract ogt <4 x double> %90, %93
  %95 = zext <4 x i1> %94 to <4 x i64>
  %96 = add <4 x i64> %vec.phi80, %95
  %index.next83 = add nuw i64 %index79, 4
  %97 = icmp eq i64 %index.next83, %n.vec73
  br i1 %97, label %vec.epilog.middle.block84, label %vec.epilog.vector.body78

vec.epilog.middle.block84:
  %98 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %96)
  %cmp.n85 = icmp eq i64 %.620, %n.vec73
  br i1 %cmp.n85, label %B2234, label %B2020.if.preheader

B2020.if.preheader:
  %differ.8.21040.ph = phi i64 [ 0, %iter.check38 ], [ %85, %vec.epilog.iter.check69 ], [ %98, %vec.epilog.middle.block84 ]
  %.2829.01038.ph = phi i64 [ 0, %iter.check38 ], [ %n.vec43, %vec.epilog.iter.check69 ], [ %n.vec73, %vec.epilog.middle.block84 ]
  br label %B2020.if

B2234:
  %nonfinite.5.1 = phi i64 [ %nonfinite.4.01071, %B1972 ], [ %nonfinite.4.01071, %middle.block ], [ %nonfinite.4.01071, %B242.if ], [ %nonfinite.4.01071, %middle.block61 ], [ %nonfinite.4.01071, %B1634.if ], [ %nonfinite.4.01071, %vec.epilog.middle.block ], [ %nonfinite.3.2, %B1540 ], [ %nonfinite.4.01071, %vec.epilog.middle.block84 ], [ %nonfinite.4.01071, %B2020.if ]
  %max_d.6.1 = phi double [ %.2744.lcssa, %B1972 ], [ %max_d.5.01076, %middle.block ], [ %max_d.5.01076, %B242.if ], [ %.2744.lcssa, %middle.block61 ], [ %max_d.5.01076, %B1634.if ], [ %max_d.5.01076, %vec.epilog.middle.block ], [ %max_d.4.2, %B1540 ], [ %.2744.lcssa, %vec.epilog.middle.block84 ], [ %.2744.lcssa, %B2020.if ]
  %differ.9.1 = phi i64 [ %.1129.lcssa, %B1972 ], [ 0, %middle.block ], [ 0, %B242.if ], [ %85, %middle.block61 ], [ 0, %B1634.if ], [ 0, %vec.epilog.middle.block ], [ %.1988, %B1540 ], [ %98, %vec.epilog.middle.block84 ], [ %.3036, %B2020.if ]
  %opposed.6.1 = phi i64 [ %.1227.lcssa, %B1972 ], [ %.1227.lcssa, %middle.block ], [ 0, %B242.if ], [ %.1227.lcssa, %middle.block61 ], [ %.1227.lcssa, %B1634.if ], [ %.1227.lcssa, %vec.epilog.middle.block ], [ %.2208, %B1540 ], [ %.1227.lcssa, %vec.epilog.middle.block84 ], [ %.1227.lcssa, %B2020.if ]
  %d2.6.1 = phi double [ %.2723.lcssa, %B1972 ], [ 0.000000e+00, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2723.lcssa, %middle.block61 ], [ 0.000000e+00, %B1634.if ], [ 0.000000e+00, %vec.epilog.middle.block ], [ %d2.4.2, %B1540 ], [ %.2723.lcssa, %vec.epilog.middle.block84 ], [ %.2723.lcssa, %B2020.if ]
  %a2.8.1 = phi double [ %.2728.lcssa, %B1972 ], [ %37, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2728.lcssa, %middle.block61 ], [ %.2454, %B1634.if ], [ %43, %vec.epilog.middle.block ], [ %a2.5.2, %B1540 ], [ %.2728.lcssa, %vec.epilog.middle.block84 ], [ %.2728.lcssa, %B2020.if ]
  %b2.7.1 = phi double [ %.2733.lcssa, %B1972 ], [ %37, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2733.lcssa, %middle.block61 ], [ %.2454, %B1634.if ], [ %43, %vec.epilog.middle.block ], [ %b2.5.2, %B1540 ], [ %.2733.lcssa, %vec.epilog.middle.block84 ], [ %.2733.lcssa, %B2020.if ]
  %product.7.1 = phi double [ %.2738.lcssa, %B1972 ], [ %37, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2738.lcssa, %middle.block61 ], [ %.2454, %B1634.if ], [ %43, %vec.epilog.middle.block ], [ %product.5.2, %B1540 ], [ %.2738.lcssa, %vec.epilog.middle.block84 ], [ %.2738.lcssa, %B2020.if ]
  %.3080 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01072
  %.3087 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01073
  %.3094 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01074
  %.3101 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01075
  %.3134 = add nsw i64 %differ.9.1, %different.2.01069
  %.3165 = add nsw i64 %opposed.6.1, %flips.2.01070
  %.467 = icmp sgt i64 %.413.01067, 1
  br i1 %.467, label %B242.if, label %B2350

B2350:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3134, %B2234 ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3165, %B2234 ]
  %nonfinite.4.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.5.1, %B2234 ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3080, %B2234 ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3087, %B2234 ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3094, %B2234 ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3101, %B2234 ]
  %max_d.5.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.6.1, %B2234 ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3251 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3251, align 8
  %.3284 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.4.0.lcssa, ptr %.3284, align 8
  store double %max_d.5.0.lcssa, ptr %arg.sums_at, align 8
  %.3396 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3396, align 8
  %.3426 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3426, align 8
  %.3456 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3456, align 8
  %.3486 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3486, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B242.if:
  %max_d.5.01076 = phi double [ %max_d.6.1, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %ab.2.01075 = phi double [ %.3101, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %bb.2.01074 = phi double [ %.3094, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %aa.2.01073 = phi double [ %.3087, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %dd.2.01072 = phi double [ %.3080, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %nonfinite.4.01071 = phi i64 [ %nonfinite.5.1, %B2234 ], [ 0, %B242.if.preheader ]
  %flips.2.01070 = phi i64 [ %.3165, %B2234 ], [ 0, %B242.if.preheader ]
  %different.2.01069 = phi i64 [ %.3134, %B2234 ], [ 0, %B242.if.preheader ]
  %.410.01068 = phi i64 [ %.480, %B2234 ], [ 0, %B242.if.preheader ]
  %.413.01067 = phi i64 [ %.476, %B2234 ], [ %.445, %B242.if.preheader ]
  %.476 = add nsw i64 %.413.01067, -1
  %.480 = add nuw i64 %.410.01068, 2048
  %.542 = icmp slt i64 %.410.01068, 0
  %.543 = select i1 %.542, i64 %arg.size, i64 0
  %.544 = add i64 %.543, %.410.01068
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.544, i64 0)
  %.552.not = icmp slt i64 %.544, %arg.size
  %.532.sroa.0.3 = select i1 %.552.not, i64 %spec.select, i64 %arg.size
  %.559 = icmp slt i64 %.410.01068, -2048
  %.560 = select i1 %.559, i64 %arg.size, i64 0
  %.561 = add i64 %.560, %.480
  %.532.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.561, i64 0)
  %.569.not = icmp slt i64 %.561, %arg.size
  %.532.sroa.13.0 = select i1 %.569.not, i64 %.532.sroa.13.1, i64 %arg.size
  %.620 = sub nsw i64 %.532.sroa.13.0, %.532.sroa.0.3
  %.645 = getelementptr i64, ptr %arg.a_at, i64 %.532.sroa.0.3
  %.817 = getelementptr i64, ptr %arg.b_at, i64 %.532.sroa.0.3
  %.9621016.not = icmp slt i64 %.620, 1
  br i1 %.9621016.not, label %B2234, label %B370.if.preheader

B370.if.preheader:
  %min.iters.check113 = icmp ult i64 %.620, 4
  br i1 %min.iters.check113, label %B370.if.preheader134, label %vector.ph114

vector.ph114:
  %n.vec116 = and i64 %.620, 9223372036854775804
  br label %vector.body117

vector.body117:
  %index118 = phi i64 [ 0, %vector.ph114 ], [ %index.next124, %vector.body117 ]
  %vec.phi119 = phi <4 x i64> [ zeroinitializer, %vector.ph114 ], [ %117, %vector.body117 ]
  %vec.phi120 = phi <4 x i64> [ zeroinitializer, %vector.ph114 ], [ %115, %vector.body117 ]
  %vec.phi121 = phi <4 x i64> [ zeroinitializer, %vector.ph114 ], [ %108, %vector.body117 ]
  %99 = getelementptr i64, ptr %.645, i64 %index118
  %wide.load122 = load <4 x i64>, ptr %99, align 8
  %100 = and <4 x i64> %wide.load122, splat (i64 9223372036854775807)
  %101 = getelementptr i64, ptr %.817, i64 %index118
  %wide.load123 = load <4 x i64>, ptr %101, align 8
  %102 = and <4 x i64> %wide.load123, splat (i64 9223372036854775807)
  %103 = icmp ne <4 x i64> %wide.load122, %wide.load123
  %104 = or <4 x i64> %102, %100
  %105 = icmp ne <4 x i64> %104, zeroinitializer
  %106 = and <4 x i1> %103, %105
  %107 = zext <4 x i1> %106 to <4 x i64>
  %108 = add <4 x i64> %vec.phi121, %107
  %109 = tail call <4 x i64> @llvm.umin.v4i64(<4 x i64> %102, <4 x i64> %100)
  %110 = xor <4 x i64> %wide.load123, %wide.load122
  %111 = icmp slt <4 x i64> %110, zeroinitializer
  %112 = icmp ne <4 x i64> %109, zeroinitializer
  %113 = and <4 x i1> %111, %112
  %114 = zext <4 x i1> %113 to <4 x i64>
  %115 = add <4 x i64> %vec.phi120, %114
  %116 = tail call <4 x i64> @llvm.umax.v4i64(<4 x i64> %102, <4 x i64> %100)
  %117 = tail call <4 x i64> @llvm.umax.v4i64(<4 x i64> %116, <4 x i64> %vec.phi119)
  %index.next124 = add nuw i64 %index118, 4
  %118 = icmp eq i64 %index.next124, %n.vec116
  br i1 %118, label %middle.block125, label %vector.body117

middle.block125:
  %119 = tail call i64 @llvm.vector.reduce.umax.v4i64(<4 x i64> %117)
  %120 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %115)
  %121 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %108)
  %cmp.n126 = icmp eq i64 %.620, %n.vec116
  br i1 %cmp.n126, label %B776, label %B370.if.preheader134

B370.if.preheader134:
  %high.2.11021.ph = phi i64 [ 0, %B370.if.preheader ], [ %119, %middle.block125 ]
  %opposed.4.11020.ph = phi i64 [ 0, %B370.if.preheader ], [ %120, %middle.block125 ]
  %differ.6.11019.ph = phi i64 [ 0, %B370.if.preheader ], [ %121, %middle.block125 ]
  %.906.01018.ph = phi i64 [ 0, %B370.if.preheader ], [ %n.vec116, %middle.block125 ]
  br label %B370.if

B370.if:
  %high.2.11021 = phi i64 [ %.13.i1013, %B370.if ], [ %high.2.11021.ph, %B370.if.preheader134 ]
  %opposed.4.11020 = phi i64 [ %.1227, %B370.if ], [ %opposed.4.11020.ph, %B370.if.preheader134 ]
  %differ.6.11019 = phi i64 [ %.1129, %B370.if ], [ %differ.6.11019.ph, %B370.if.preheader134 ]
  %.906.01018 = phi i64 [ %.975, %B370.if ], [ %.906.01018.ph, %B370.if.preheader134 ]
  %.975 = add nuw nsw i64 %.906.01018, 1
  %122 = getelementptr i64, ptr %.645, i64 %.906.01018
  %.1029 = load i64, ptr %122, align 8
  %.1030 = and i64 %.1029, 9223372036854775807
  %123 = getelementptr i64, ptr %.817, i64 %.906.01018
  %.1060 = load i64, ptr %123, align 8
  %.1061 = and i64 %.1060, 9223372036854775807
  %.1122 = icmp ne i64 %.1029, %.1060
  %.1123 = or i64 %.1061, %.1030
  %.1124 = icmp ne i64 %.1123, 0
  %.1125 = and i1 %.1122, %.1124
  %.1127 = zext i1 %.1125 to i64
  %.1129 = add i64 %differ.6.11019, %.1127
  %.13.i1011 = tail call i64 @llvm.umin.i64(i64 %.1061, i64 %.1030)
  %.1192 = xor i64 %.1060, %.1029
  %.1193 = icmp slt i64 %.1192, 0
  %.1222 = icmp ne i64 %.13.i1011, 0
  %.1223 = and i1 %.1193, %.1222
  %.1225 = zext i1 %.1223 to i64
  %.1227 = add i64 %opposed.4.11020, %.1225
  %.13.i1012 = tail call i64 @llvm.umax.i64(i64 %.1061, i64 %.1030)
  %.13.i1013 = tail call i64 @llvm.umax.i64(i64 %.13.i1012, i64 %high.2.11021)
  %exitcond.not = icmp eq i64 %.620, %.975
  br i1 %exitcond.not, label %B776, label %B370.if

B856.if:
  %opposed.5.11057 = phi i64 [ %.2208, %B1540 ], [ 0, %B776 ]
  %differ.7.11056 = phi i64 [ %.1988, %B1540 ], [ 0, %B776 ]
  %product.4.11055 = phi double [ %product.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %b2.4.11054 = phi double [ %b2.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %a2.4.11053 = phi double [ %a2.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %d2.3.11052 = phi double [ %d2.4.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %max_d.3.11051 = phi double [ %max_d.4.2, %B1540 ], [ %max_d.5.01076, %B776 ]
  %nonfinite.2.11050 = phi i64 [ %nonfinite.3.2, %B1540 ], [ %nonfinite.4.01071, %B776 ]
  %.1390.01048 = phi i64 [ %.1460, %B1540 ], [ 0, %B776 ]
  %.1460 = add nuw nsw i64 %.1390.01048, 1
  %124 = getelementptr i64, ptr %.645, i64 %.1390.01048
  %.1518 = load i64, ptr %124, align 8
  %.1519 = and i64 %.1518, 9223372036854775807
  %125 = getelementptr i64, ptr %.817, i64 %.1390.01048
  %.1550 = load i64, ptr %125, align 8
  %.1551 = and i64 %.1550, 9223372036854775807
  %.1620.not = icmp ne i64 %.1518, %.1550
  %.1627 = or i64 %.1551, %.1519
  %.1628 = icmp ne i64 %.1627, 0
  %"$phi992.2.2.2" = select i1 %.1620.not, i1 %.1628, i1 false
  %.1639 = icmp ult i64 %.1519, 9218868437227405312
  %.1642 = icmp ult i64 %.1551, 9218868437227405312
  %or.cond = select i1 %.1639, i1 %.1642, i1 false
  %126 = bitcast i64 %.1550 to double
  br i1 %or.cond, label %B1018, label %B1296

B1634.if:
  %a2.6.21045 = phi double [ %.2454, %B1634.if ], [ %a2.6.21045.ph, %B1634.if.preheader ]
  %.2327.01043 = phi i64 [ %.2396, %B1634.if ], [ %.2327.01043.ph, %B1634.if.preheader ]
  %.2396 = add nuw nsw i64 %.2327.01043, 1
  %127 = getelementptr i64, ptr %.645, i64 %.2327.01043
  %.2450991 = load double, ptr %127, align 8
  %.2452 = fmul reassoc nnan nsz contract double %.2450991, %.2450991
  %.2454 = fadd reassoc nnan nsz contract double %.2452, %a2.6.21045
  %exitcond1089.not = icmp eq i64 %.620, %.2396
  br i1 %exitcond1089.not, label %B2234, label %B1634.if

B1750.if:
  %product.6.21031 = phi double [ %.2738, %B1750.if ], [ %product.6.21031.ph, %B1750.if.preheader133 ]
  %b2.6.21030 = phi double [ %.2733, %B1750.if ], [ %b2.6.21030.ph, %B1750.if.preheader133 ]
  %a2.7.21029 = phi double [ %.2728, %B1750.if ], [ %a2.7.21029.ph, %B1750.if.preheader133 ]
  %d2.5.21028 = phi double [ %.2723, %B1750.if ], [ %d2.5.21028.ph, %B1750.if.preheader133 ]
  %max_d.7.21027 = phi double [ %.2744, %B1750.if ], [ %max_d.7.21027.ph, %B1750.if.preheader133 ]
  %.2564.01025 = phi i64 [ %.2633, %B1750.if ], [ %.2564.01025.ph, %B1750.if.preheader133 ]
  %.2633 = add nuw nsw i64 %.2564.01025, 1
  %128 = getelementptr i64, ptr %.645, i64 %.2564.01025
  %.2687988 = load double, ptr %128, align 8
  %129 = getelementptr i64, ptr %.817, i64 %.2564.01025
  %.2718989 = load double, ptr %129, align 8
  %.2720 = fsub reassoc nnan nsz contract double %.2687988, %.2718989
  %.2721 = fmul reassoc nnan nsz contract double %.2720, %.2720
  %.2723 = fadd reassoc nnan nsz contract double %.2721, %d2.5.21028
  %.2726 = fmul reassoc nnan nsz contract double %.2687988, %.2687988
  %.2728 = fadd reassoc nnan nsz contract double %.2726, %a2.7.21029
  %.2731 = fmul reassoc nnan nsz contract double %.2718989, %.2718989
  %.2733 = fadd reassoc nnan nsz contract double %.2731, %b2.6.21030
  %.2736 = fmul reassoc nnan nsz contract double %.2718989, %.2687988
  %.2738 = fadd reassoc nnan nsz contract double %.2736, %product.6.21031
  %.2741 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.2720)
  %.2744 = tail call nnan nsz double @llvm.maxnum.f64(double %.2741, double %max_d.7.21027)
  %exitcond1087.not = icmp eq i64 %.620, %.2633
  br i1 %exitcond1087.not, label %B1972, label %B1750.if

B2020.if:
  %differ.8.21040 = phi i64 [ %.3036, %B2020.if ], [ %differ.8.21040.ph, %B2020.if.preheader ]
  %.2829.01038 = phi i64 [ %.2922, %B2020.if ], [ %.2829.01038.ph, %B2020.if.preheader ]
  %.2922 = add nuw nsw i64 %.2829.01038, 1
  %130 = getelementptr i64, ptr %.645, i64 %.2829.01038
  %.2992986 = load double, ptr %130, align 8
  %131 = getelementptr i64, ptr %.817, i64 %.2829.01038
  %.3023987 = load double, ptr %131, align 8
  %.3025 = fsub reassoc nnan nsz contract double %.2992986, %.3023987
  %.3026 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3025)
  %.3027 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3023987)
  %.3029 = fmul reassoc nnan nsz contract double %.3027, %arg.rtol
  %.3031 = fadd reassoc nnan nsz contract double %.3029, %arg.atol
  %.3032 = fcmp reassoc nnan nsz contract ogt double %.3026, %.3031
  %.3034 = zext i1 %.3032 to i64
  %.3036 = add i64 %differ.8.21040, %.3034
  %exitcond1088.not = icmp eq i64 %.620, %.2922
  br i1 %exitcond1088.not, label %B2234, label %B2020.if
}

declare double @llvm.fabs.f64(double)

declare double @llvm.maxnum.f64(double, double)

declare i64 @llvm.umin.i64(i64, i64)

declare i64 @llvm.umax.i64(i64, i64)

declare i64 @llvm.smax.i64(i64, i64)

declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)

declare <4 x double> @llvm.fabs.v4f64(<4 x double>)

declare i64 @llvm.vector.reduce.add.v4i64(<4 x i64>)

declare <4 x double> @llvm.maxnum.v4f64(<4 x double>, <4 x double>)

declare double @llvm.vector.reduce.fmax.v4f64(<4 x double>)

declare <4 x i64> @llvm.umin.v4i64(<4 x i64>, <4 x i64>)

declare <4 x i64> @llvm.umax.v4i64(<4 x i64>, <4 x i64>)

declare i64 @llvm.vector.reduce.umax.v4i64(<4 x i64>)
