; apart-bfloat16: made by tests/make_loops.py, not by hand
; source 672b1ba777bb11d63a4c646b8d0865eceaf15015f390af00a96d095064339156
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.320 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.326 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi194.0.2.0" = select i1 %.320, i1 true, i1 %.326
  %0 = add nuw i64 %arg.size, 2047
  %.445 = lshr i64 %0, 11
  %.424.inv = icmp slt i64 %arg.size, 1
  %.4671063.not1088 = icmp eq i64 %.445, 0
  %.4671063.not = select i1 %.424.inv, i1 true, i1 %.4671063.not1088
  br i1 %.4671063.not, label %B2350, label %B242.if.preheader

B242.if.preheader:
  %broadcast.splatinsert = insertelement <16 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat = shufflevector <16 x double> %broadcast.splatinsert, <16 x double> poison, <16 x i32> zeroinitializer
  %broadcast.splatinsert44 = insertelement <16 x double> poison, double %arg.atol, i64 0
  %broadcast.splat45 = shufflevector <16 x double> %broadcast.splatinsert44, <16 x double> poison, <16 x i32> zeroinitializer
  %broadcast.splatinsert62 = insertelement <4 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat63 = shufflevector <4 x double> %broadcast.splatinsert62, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert64 = insertelement <4 x double> poison, double %arg.atol, i64 0
  %broadcast.splat65 = shufflevector <4 x double> %broadcast.splatinsert64, <4 x double> poison, <4 x i32> zeroinitializer
  br label %B242.if

B776:
  %.1140.lcssa = phi i16 [ %159, %vec.epilog.middle.block139 ], [ %134, %middle.block117 ], [ %.1140, %B370.if ]
  %.1244.lcssa = phi i16 [ %158, %vec.epilog.middle.block139 ], [ %133, %middle.block117 ], [ %.1244, %B370.if ]
  %.13.i1010.lcssa = phi i16 [ %157, %vec.epilog.middle.block139 ], [ %132, %middle.block117 ], [ %.13.i1010, %B370.if ]
  %1 = icmp ugt i16 %.13.i1010.lcssa, 32639
  br i1 %1, label %B856.if, label %B1582

B1018:
  %.1702 = zext i16 %.1536 to i32
  %.1703 = shl nuw i32 %.1702, 16
  %.1704 = bitcast i32 %.1703 to float
  %.1705 = fpext float %.1704 to double
  %.1737 = zext i16 %.1571 to i32
  %.1738 = shl nuw i32 %.1737, 16
  %.1739 = bitcast i32 %.1738 to float
  %.1740 = fpext float %.1739 to double
  %.1745 = fsub reassoc nnan nsz contract double %.1705, %.1740
  %.1746 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1745)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1746, %max_d.3.11048
  %.13.i = select i1 %.12.i, double %.1746, double %max_d.3.11048
  %.1787 = fmul reassoc nnan nsz contract double %.1745, %.1745
  %.1789 = fadd reassoc nnan nsz contract double %.1787, %d2.3.11049
  %.1795 = fmul reassoc nnan nsz contract double %.1705, %.1705
  %.1797 = fadd reassoc nnan nsz contract double %.1795, %a2.4.11050
  %.1805 = fmul reassoc nnan nsz contract double %.1740, %.1740
  %.1807 = fadd reassoc nnan nsz contract double %.1805, %b2.4.11051
  %.1814 = fmul reassoc nnan nsz contract double %.1740, %.1705
  %.1816 = fadd reassoc nnan nsz contract double %.1814, %product.4.11052
  br i1 %"$phi992.2.2.2", label %B1238, label %B1362

B1238:
  br i1 %"$phi194.0.2.0", label %B1242, label %B1362

B1242:
  %.1839 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1740)
  %.1843 = fmul reassoc nnan nsz contract double %.1839, %arg.rtol
  %.1845 = fadd reassoc nnan nsz contract double %.1843, %arg.atol
  %.1847 = fcmp reassoc nnan nsz contract ugt double %.1746, %.1845
  br label %B1362

B1296:
  %.1912 = icmp ugt i16 %163, 32640
  %.1915 = icmp ugt i16 %165, 32640
  %or.cond1 = select i1 %.1912, i1 %.1915, i1 false
  br i1 %or.cond1, label %B1362, label %B1326

B1326:
  %.15.i = zext i1 %"$phi992.2.2.2" to i64
  %.2009 = add nsw i64 %nonfinite.2.11047, %.15.i
  br label %B1362

B1362:
  %nonfinite.3.2 = phi i64 [ %.2009, %B1326 ], [ %nonfinite.2.11047, %B1018 ], [ %nonfinite.2.11047, %B1238 ], [ %nonfinite.2.11047, %B1242 ], [ %nonfinite.2.11047, %B1296 ]
  %max_d.4.2 = phi double [ %max_d.3.11048, %B1326 ], [ %.13.i, %B1018 ], [ %.13.i, %B1238 ], [ %.13.i, %B1242 ], [ %max_d.3.11048, %B1296 ]
  %d2.4.2 = phi double [ %d2.3.11049, %B1326 ], [ %.1789, %B1018 ], [ %.1789, %B1238 ], [ %.1789, %B1242 ], [ %d2.3.11049, %B1296 ]
  %a2.5.2 = phi double [ %a2.4.11050, %B1326 ], [ %.1797, %B1018 ], [ %.1797, %B1238 ], [ %.1797, %B1242 ], [ %a2.4.11050, %B1296 ]
  %b2.5.2 = phi double [ %b2.4.11051, %B1326 ], [ %.1807, %B1018 ], [ %.1807, %B1238 ], [ %.1807, %B1242 ], [ %b2.4.11051, %B1296 ]
  %product.5.2 = phi double [ %product.4.11052, %B1326 ], [ %.1816, %B1018 ], [ %.1816, %B1238 ], [ %.1816, %B1242 ], [ %product.4.11052, %B1296 ]
  %unequal.3.2 = phi i1 [ %"$phi992.2.2.2", %B1326 ], [ false, %B1018 ], [ true, %B1238 ], [ %.1847, %B1242 ], [ false, %B1296 ]
  %.2022 = zext i1 %unequal.3.2 to i16
  %.2023 = add i16 %differ.7.11053, %.2022
  %.2096989 = xor i16 %.1571, %.1536
  %.2098 = icmp slt i16 %.2096989, 0
  br i1 %.2098, label %B1478, label %B1540

B1478:
  %2 = add nsw i16 %163, -32641
  %"$phi1540.7.6.3" = icmp ult i16 %2, -32640
  %.2172.not = icmp eq i16 %165, 0
  %or.cond992 = select i1 %"$phi1540.7.6.3", i1 true, i1 %.2172.not
  br i1 %or.cond992, label %B1540, label %B1526

B1526:
  %.2186 = icmp ult i16 %165, 32641
  %3 = zext i1 %.2186 to i16
  br label %B1540

B1540:
  %"$phi1540.7.5.2" = phi i16 [ %3, %B1526 ], [ 0, %B1362 ], [ 0, %B1478 ]
  %.2249 = add i16 %"$phi1540.7.5.2", %opposed.5.11054
  %exitcond1087.not = icmp eq i64 %.620, %.1478
  br i1 %exitcond1087.not, label %B2234, label %B856.if

B1582:
  %.2322 = icmp eq i16 %.1140.lcssa, 0
  %min.iters.check = icmp ult i64 %.620, 4
  br i1 %.2322, label %iter.check, label %B1750.if.preheader

B1750.if.preheader:
  br i1 %min.iters.check, label %B1750.if.preheader147, label %vector.ph77

vector.ph77:
  %n.vec79 = and i64 %.620, 9223372036854775804
  %broadcast.splatinsert80 = insertelement <4 x double> poison, double %max_d.5.01073, i64 0
  %broadcast.splat81 = shufflevector <4 x double> %broadcast.splatinsert80, <4 x double> poison, <4 x i32> zeroinitializer
  br label %vector.body82

vector.body82:
  %index83 = phi i64 [ 0, %vector.ph77 ], [ %index.next91, %vector.body82 ]
  %vec.phi84 = phi <4 x double> [ zeroinitializer, %vector.ph77 ], [ %22, %vector.body82 ]
  %vec.phi85 = phi <4 x double> [ zeroinitializer, %vector.ph77 ], [ %20, %vector.body82 ]
  %vec.phi86 = phi <4 x double> [ zeroinitializer, %vector.ph77 ], [ %18, %vector.body82 ]
  %vec.phi87 = phi <4 x double> [ zeroinitializer, %vector.ph77 ], [ %16, %vector.body82 ]
  %vec.phi88 = phi <4 x double> [ %broadcast.splat81, %vector.ph77 ], [ %24, %vector.body82 ]
  %4 = getelementptr i16, ptr %.645, i64 %index83
  %wide.load89 = load <4 x i16>, ptr %4, align 2
  %5 = zext <4 x i16> %wide.load89 to <4 x i32>
  %6 = shl nuw <4 x i32> %5, splat (i32 16)
  %7 = bitcast <4 x i32> %6 to <4 x float>
  %8 = fpext <4 x float> %7 to <4 x double>
  %9 = getelementptr i16, ptr %.817, i64 %index83
  %wide.load90 = load <4 x i16>, ptr %9, align 2
  %10 = zext <4 x i16> %wide.load90 to <4 x i32>
  %11 = shl nuw <4 x i32> %10, splat (i32 16)
  %12 = bitcast <4 x i32> %11 to <4 x float>
  %13 = fpext <4 x float> %12 to <4 x double>
  %14 = fsub reassoc nnan nsz contract <4 x double> %8, %13
  %15 = fmul reassoc nnan nsz contract <4 x double> %14, %14
  %16 = fadd reassoc nnan nsz contract <4 x double> %15, %vec.phi87
  %17 = fmul reassoc nnan nsz contract <4 x double> %8, %8
  %18 = fadd reassoc nnan nsz contract <4 x double> %17, %vec.phi86
  %19 = fmul reassoc nnan nsz contract <4 x double> %13, %13
  %20 = fadd reassoc nnan nsz contract <4 x double> %19, %vec.phi85
  %21 = fmul reassoc nnan nsz contract <4 x double> %13, %8
  %22 = fadd reassoc nnan nsz contract <4 x double> %21, %vec.phi84
  %23 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %14)
  %24 = tail call nnan nsz <4 x double> @llvm.maxnum.v4f64(<4 x double> %23, <4 x double> %vec.phi88)
  %index.next91 = add nuw i64 %index83, 4
  %25 = icmp eq i64 %index.next91, %n.vec79
  br i1 %25, label %middle.block92, label %vector.body82

middle.block92:
  %26 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %22)
  %27 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %20)
  %28 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %18)
  %29 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %16)
  %30 = tail call nnan nsz double @llvm.vector.reduce.fmax.v4f64(<4 x double> %24)
  %cmp.n93 = icmp eq i64 %.620, %n.vec79
  br i1 %cmp.n93, label %B1972, label %B1750.if.preheader147

B1750.if.preheader147:
  %product.6.21028.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %26, %middle.block92 ]
  %b2.6.21027.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %27, %middle.block92 ]
  %a2.7.21026.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %28, %middle.block92 ]
  %d2.5.21025.ph = phi double [ 0.000000e+00, %B1750.if.preheader ], [ %29, %middle.block92 ]
  %max_d.7.21024.ph = phi double [ %max_d.5.01073, %B1750.if.preheader ], [ %30, %middle.block92 ]
  %.2609.01022.ph = phi i64 [ 0, %B1750.if.preheader ], [ %n.vec79, %middle.block92 ]
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
  %vec.phi = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %55, %vector.body ]
  %vec.phi20 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %56, %vector.body ]
  %vec.phi21 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %57, %vector.body ]
  %vec.phi22 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %58, %vector.body ]
  %31 = getelementptr i16, ptr %.645, i64 %index
  %32 = getelementptr i8, ptr %31, i64 8
  %33 = getelementptr i8, ptr %31, i64 16
  %34 = getelementptr i8, ptr %31, i64 24
  %wide.load = load <4 x i16>, ptr %31, align 2
  %wide.load23 = load <4 x i16>, ptr %32, align 2
  %wide.load24 = load <4 x i16>, ptr %33, align 2
  %wide.load25 = load <4 x i16>, ptr %34, align 2
  %35 = zext <4 x i16> %wide.load to <4 x i32>
  %36 = zext <4 x i16> %wide.load23 to <4 x i32>
  %37 = zext <4 x i16> %wide.load24 to <4 x i32>
  %38 = zext <4 x i16> %wide.load25 to <4 x i32>
  %39 = shl nuw <4 x i32> %35, splat (i32 16)
  %40 = shl nuw <4 x i32> %36, splat (i32 16)
  %41 = shl nuw <4 x i32> %37, splat (i32 16)
  %42 = shl nuw <4 x i32> %38, splat (i32 16)
  %43 = bitcast <4 x i32> %39 to <4 x float>
  %44 = bitcast <4 x i32> %40 to <4 x float>
  %45 = bitcast <4 x i32> %41 to <4 x float>
  %46 = bitcast <4 x i32> %42 to <4 x float>
  %47 = fpext <4 x float> %43 to <4 x double>
  %48 = fpext <4 x float> %44 to <4 x double>
  %49 = fpext <4 x float> %45 to <4 x double>
  %50 = fpext <4 x float> %46 to <4 x double>
  %51 = fmul reassoc nnan nsz contract <4 x double> %47, %47
  %52 = fmul reassoc nnan nsz contract <4 x double> %48, %48
  %53 = fmul reassoc nnan nsz contract <4 x double> %49, %49
  %54 = fmul reassoc nnan nsz contract <4 x double> %50, %50
  %55 = fadd reassoc nnan nsz contract <4 x double> %51, %vec.phi
  %56 = fadd reassoc nnan nsz contract <4 x double> %52, %vec.phi20
  %57 = fadd reassoc nnan nsz contract <4 x double> %53, %vec.phi21
  %58 = fadd reassoc nnan nsz contract <4 x double> %54, %vec.phi22
  %index.next = add nuw i64 %index, 16
  %59 = icmp eq i64 %index.next, %n.vec
  br i1 %59, label %middle.block, label %vector.body

middle.block:
  %bin.rdx = fadd reassoc nnan nsz contract <4 x double> %56, %55
  %bin.rdx26 = fadd reassoc nnan nsz contract <4 x double> %57, %bin.rdx
  %bin.rdx27 = fadd reassoc nnan nsz contract <4 x double> %58, %bin.rdx26
  %60 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %bin.rdx27)
  %cmp.n = icmp eq i64 %.620, %n.vec
  br i1 %cmp.n, label %B2234, label %vec.epilog.iter.check

vec.epilog.iter.check:
  %min.epilog.iters.check = icmp eq i64 %n.mod.vf, 0
  br i1 %min.epilog.iters.check, label %B1634.if.preheader, label %vec.epilog.ph

vec.epilog.ph:
  %vec.epilog.resume.val = phi i64 [ %n.vec, %vec.epilog.iter.check ], [ 0, %vector.main.loop.iter.check ]
  %bc.merge.rdx = phi double [ %60, %vec.epilog.iter.check ], [ 0.000000e+00, %vector.main.loop.iter.check ]
  %n.vec29 = and i64 %.620, 9223372036854775804
  %61 = insertelement <4 x double> <double poison, double 0.000000e+00, double 0.000000e+00, double 0.000000e+00>, double %bc.merge.rdx, i64 0
  br label %vec.epilog.vector.body

vec.epilog.vector.body:
  %index30 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next33, %vec.epilog.vector.body ]
  %vec.phi31 = phi <4 x double> [ %61, %vec.epilog.ph ], [ %68, %vec.epilog.vector.body ]
  %62 = getelementptr i16, ptr %.645, i64 %index30
  %wide.load32 = load <4 x i16>, ptr %62, align 2
  %63 = zext <4 x i16> %wide.load32 to <4 x i32>
  %64 = shl nuw <4 x i32> %63, splat (i32 16)
  %65 = bitcast <4 x i32> %64 to <4 x float>
  %66 = fpext <4 x float> %65 to <4 x double>
  %67 = fmul reassoc nnan nsz contract <4 x double> %66, %66
  %68 = fadd reassoc nnan nsz contract <4 x double> %67, %vec.phi31
  %index.next33 = add nuw i64 %index30, 4
  %69 = icmp eq i64 %index.next33, %n.vec29
  br i1 %69, label %vec.epilog.middle.block, label %vec.epilog.vector.body

vec.epilog.middle.block:
  %70 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %68)
  %cmp.n34 = icmp eq i64 %.620, %n.vec29
  br i1 %cmp.n34, label %B2234, label %B1634.if.preheader

B1634.if.preheader:
  %a2.6.21042.ph = phi double [ 0.000000e+00, %iter.check ], [ %60, %vec.epilog.iter.check ], [ %70, %vec.epilog.middle.block ]
  %.2369.01040.ph = phi i64 [ 0, %iter.check ], [ %n.vec, %vec.epilog.iter.check ], [ %n.vec29, %vec.epilog.middle.block ]
  br label %B1634.if

B1972:
  %.2774.lcssa = phi double [ %29, %middle.block92 ], [ %.2774, %B1750.if ]
  %.2779.lcssa = phi double [ %28, %middle.block92 ], [ %.2779, %B1750.if ]
  %.2784.lcssa = phi double [ %27, %middle.block92 ], [ %.2784, %B1750.if ]
  %.2789.lcssa = phi double [ %26, %middle.block92 ], [ %.2789, %B1750.if ]
  %.2795.lcssa = phi double [ %30, %middle.block92 ], [ %.2795, %B1750.if ]
  br i1 %"$phi194.0.2.0", label %iter.check38, label %B2234

iter.check38:
  %min.iters.check36 = icmp ult i64 %.620, 4
  br i1 %min.iters.check36, label %B2020.if.preheader, label %vector.main.loop.iter.check40

vector.main.loop.iter.check40:
  %min.iters.check39 = icmp ult i64 %.620, 16
  br i1 %min.iters.check39, label %vec.epilog.ph59, label %vector.ph41

vector.ph41:
  %n.mod.vf42 = and i64 %.620, 12
  %n.vec43 = and i64 %.620, 9223372036854775792
  br label %vector.body46

vector.body46:
  %index47 = phi i64 [ 0, %vector.ph41 ], [ %index.next51, %vector.body46 ]
  %vec.phi48 = phi <16 x i16> [ zeroinitializer, %vector.ph41 ], [ %88, %vector.body46 ]
  %71 = getelementptr i16, ptr %.645, i64 %index47
  %wide.load49 = load <16 x i16>, ptr %71, align 2
  %72 = zext <16 x i16> %wide.load49 to <16 x i32>
  %73 = shl nuw <16 x i32> %72, splat (i32 16)
  %74 = bitcast <16 x i32> %73 to <16 x float>
  %75 = fpext <16 x float> %74 to <16 x double>
  %76 = getelementptr i16, ptr %.817, i64 %index47
  %wide.load50 = load <16 x i16>, ptr %76, align 2
  %77 = zext <16 x i16> %wide.load50 to <16 x i32>
  %78 = shl nuw <16 x i32> %77, splat (i32 16)
  %79 = bitcast <16 x i32> %78 to <16 x float>
  %80 = fpext <16 x float> %79 to <16 x double>
  %81 = fsub reassoc nnan nsz contract <16 x double> %75, %80
  %82 = tail call reassoc nnan nsz contract <16 x double> @llvm.fabs.v16f64(<16 x double> %81)
  %83 = tail call reassoc nnan nsz contract <16 x double> @llvm.fabs.v16f64(<16 x double> %80)
  %84 = fmul reassoc nnan nsz contract <16 x double> %83, %broadcast.splat
  %85 = fadd reassoc nnan nsz contract <16 x double> %84, %broadcast.splat45
  %86 = fcmp reassoc nnan nsz contract ogt <16 x double> %82, %85
  %87 = zext <16 x i1> %86 to <16 x i16>
  %88 = add <16 x i16> %vec.phi48, %87
  %index.next51 = add nuw i64 %index47, 16
  %89 = icmp eq i64 %index.next51, %n.vec43
  br i1 %89, label %middle.block52, label %vector.body46

middle.block52:
  %90 = tail call i16 @llvm.vector.reduce.add.v16i16(<16 x i16> %88)
  %cmp.n53 = icmp eq i64 %.620, %n.vec43
  br i1 %cmp.n53, label %B2234, label %vec.epilog.iter.check57

vec.epilog.iter.check57:
  %min.epilog.iters.check58 = icmp eq i64 %n.mod.vf42, 0
  br i1 %min.epilog.iters.check58, label %B2020.if.preheader, label %vec.epilog.ph59

vec.epilog.ph59:
  %vec.epilog.resume.val54 = phi i64 [ %n.vec43, %vec.epilog.iter.check57 ], [ 0, %vector.main.loop.iter.check40 ]
  %bc.merge.rdx55 = phi i16 [ %90, %vec.epilog.iter.check57 ], [ 0, %vector.main.loop.iter.check40 ]
  %n.vec61 = and i64 %.620, 9223372036854775804
  %91 = insertelement <4 x i16> <i16 poison, i16 0, i16 0, i16 0>, i16 %bc.merge.rdx55, i64 0
  br label %vec.epilog.vector.body66

vec.epilog.vector.body66:
  %index67 = phi i64 [ %vec.epilog.resume.val54, %vec.epilog.ph59 ], [ %index.next71, %vec.epilog.vector.body66 ]
  %vec.phi68 = phi <4 x i16> [ %91, %vec.epilog.ph59 ], [ %109, %vec.epilog.vector.body66 ]
  %92 = getelementptr i16, ptr %.645, i64 %index67
  %wide.load69 = load <4 x i16>, ptr %92, align 2
  %93 = zext <4 x i16> %wide.load69 to <4 x i32>
  %94 = shl nuw <4 x i32> %93, splat (i32 16)
  %95 = bitcast <4 x i32> %94 to <4 x float>
  %96 = fpext <4 x float> %95 to <4 x double>
  %97 = getelementptr i16, ptr %.817, i64 %index67
  %wide.load70 = load <4 x i16>, ptr %97, align 2
  %98 = zext <4 x i16> %wide.load70 to <4 x i32>
  %99 = shl nuw <4 x i32> %98, splat (i32 16)
  %100 = bitcast <4 x i32> %99 to <4 x float>
  %101 = fpext <4 x float> %100 to <4 x double>
  %102 = fsub reassoc nnan nsz contract <4 x double> %96, %101
  %103 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %102)
  %104 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %101)
  %105 = fmul reassoc nnan nsz contract <4 x double> %104, %broadcast.splat63
  %106 = fadd reassoc nnan nsz contract <4 x double> %105, %broadcast.splat65
  %107 = fcmp reassoc nnan nsz contract ogt <4 x double> %103, %106
  %108 = zext <4 x i1> %107 to <4 x i16>
  %109 = add <4 x i16> %vec.phi68, %108
  %index.next71 = add nuw i64 %index67, 4
  %110 = icmp eq i64 %index.next71, %n.vec61
  br i1 %110, label %vec.epilog.middle.block72, label %vec.epilog.vector.body66

vec.epilog.middle.block72:
  %111 = tail call i16 @llvm.vector.reduce.add.v4i16(<4 x i16> %109)
  %cmp.n73 = icmp eq i64 %.620, %n.vec61
  br i1 %cmp.n73, label %B2234, label %B2020.if.preheader

B2020.if.preheader:
  %differ.8.21037.ph = phi i16 [ 0, %iter.check38 ], [ %90, %vec.epilog.iter.check57 ], [ %111, %vec.epilog.middle.block72 ]
  %.2880.01035.ph = phi i64 [ 0, %iter.check38 ], [ %n.vec43, %vec.epilog.iter.check57 ], [ %n.vec61, %vec.epilog.middle.block72 ]
  br label %B2020.if

B2234:
  %nonfinite.5.1 = phi i64 [ %nonfinite.4.01068, %B1972 ], [ %nonfinite.4.01068, %middle.block ], [ %nonfinite.4.01068, %B242.if ], [ %nonfinite.4.01068, %middle.block52 ], [ %nonfinite.4.01068, %B1634.if ], [ %nonfinite.4.01068, %vec.epilog.middle.block ], [ %nonfinite.3.2, %B1540 ], [ %nonfinite.4.01068, %vec.epilog.middle.block72 ], [ %nonfinite.4.01068, %B2020.if ]
  %max_d.6.1 = phi double [ %.2795.lcssa, %B1972 ], [ %max_d.5.01073, %middle.block ], [ %max_d.5.01073, %B242.if ], [ %.2795.lcssa, %middle.block52 ], [ %max_d.5.01073, %B1634.if ], [ %max_d.5.01073, %vec.epilog.middle.block ], [ %max_d.4.2, %B1540 ], [ %.2795.lcssa, %vec.epilog.middle.block72 ], [ %.2795.lcssa, %B2020.if ]
  %differ.9.1 = phi i16 [ %.1140.lcssa, %B1972 ], [ 0, %middle.block ], [ 0, %B242.if ], [ %90, %middle.block52 ], [ 0, %B1634.if ], [ 0, %vec.epilog.middle.block ], [ %.2023, %B1540 ], [ %111, %vec.epilog.middle.block72 ], [ %.3095, %B2020.if ]
  %opposed.6.1 = phi i16 [ %.1244.lcssa, %B1972 ], [ %.1244.lcssa, %middle.block ], [ 0, %B242.if ], [ %.1244.lcssa, %middle.block52 ], [ %.1244.lcssa, %B1634.if ], [ %.1244.lcssa, %vec.epilog.middle.block ], [ %.2249, %B1540 ], [ %.1244.lcssa, %vec.epilog.middle.block72 ], [ %.1244.lcssa, %B2020.if ]
  %d2.6.1 = phi double [ %.2774.lcssa, %B1972 ], [ 0.000000e+00, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2774.lcssa, %middle.block52 ], [ 0.000000e+00, %B1634.if ], [ 0.000000e+00, %vec.epilog.middle.block ], [ %d2.4.2, %B1540 ], [ %.2774.lcssa, %vec.epilog.middle.block72 ], [ %.2774.lcssa, %B2020.if ]
  %a2.8.1 = phi double [ %.2779.lcssa, %B1972 ], [ %60, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2779.lcssa, %middle.block52 ], [ %.2499, %B1634.if ], [ %70, %vec.epilog.middle.block ], [ %a2.5.2, %B1540 ], [ %.2779.lcssa, %vec.epilog.middle.block72 ], [ %.2779.lcssa, %B2020.if ]
  %b2.7.1 = phi double [ %.2784.lcssa, %B1972 ], [ %60, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2784.lcssa, %middle.block52 ], [ %.2499, %B1634.if ], [ %70, %vec.epilog.middle.block ], [ %b2.5.2, %B1540 ], [ %.2784.lcssa, %vec.epilog.middle.block72 ], [ %.2784.lcssa, %B2020.if ]
  %product.7.1 = phi double [ %.2789.lcssa, %B1972 ], [ %60, %middle.block ], [ 0.000000e+00, %B242.if ], [ %.2789.lcssa, %middle.block52 ], [ %.2499, %B1634.if ], [ %70, %vec.epilog.middle.block ], [ %product.5.2, %B1540 ], [ %.2789.lcssa, %vec.epilog.middle.block72 ], [ %.2789.lcssa, %B2020.if ]
  %.3140 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01069
  %.3147 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01070
  %.3154 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01071
  %.3161 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01072
  %.3194 = zext i16 %differ.9.1 to i64
  %.3195 = add nuw nsw i64 %different.2.01066, %.3194
  %.3226 = zext i16 %opposed.6.1 to i64
  %.3227 = add nuw nsw i64 %flips.2.01067, %.3226
  %.467 = icmp sgt i64 %.413.01064, 1
  br i1 %.467, label %B242.if, label %B2350

B2350:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3195, %B2234 ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3227, %B2234 ]
  %nonfinite.4.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.5.1, %B2234 ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3140, %B2234 ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3147, %B2234 ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3154, %B2234 ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3161, %B2234 ]
  %max_d.5.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.6.1, %B2234 ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3313 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3313, align 8
  %.3346 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.4.0.lcssa, ptr %.3346, align 8
  store double %max_d.5.0.lcssa, ptr %arg.sums_at, align 8
  %.3458 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3458, align 8
  %.3488 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3488, align 8
  %.3518 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3518, align 8
  %.3548 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3548, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B242.if:
  %max_d.5.01073 = phi double [ %max_d.6.1, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %ab.2.01072 = phi double [ %.3161, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %bb.2.01071 = phi double [ %.3154, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %aa.2.01070 = phi double [ %.3147, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %dd.2.01069 = phi double [ %.3140, %B2234 ], [ 0.000000e+00, %B242.if.preheader ]
  %nonfinite.4.01068 = phi i64 [ %nonfinite.5.1, %B2234 ], [ 0, %B242.if.preheader ]
  %flips.2.01067 = phi i64 [ %.3227, %B2234 ], [ 0, %B242.if.preheader ]
  %different.2.01066 = phi i64 [ %.3195, %B2234 ], [ 0, %B242.if.preheader ]
  %.410.01065 = phi i64 [ %.480, %B2234 ], [ 0, %B242.if.preheader ]
  %.413.01064 = phi i64 [ %.476, %B2234 ], [ %.445, %B242.if.preheader ]
  %.476 = add nsw i64 %.413.01064, -1
  %.480 = add nuw i64 %.410.01065, 2048
  %.542 = icmp slt i64 %.410.01065, 0
  %.543 = select i1 %.542, i64 %arg.size, i64 0
  %.544 = add i64 %.543, %.410.01065
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.544, i64 0)
  %.552.not = icmp slt i64 %.544, %arg.size
  %.532.sroa.0.3 = select i1 %.552.not, i64 %spec.select, i64 %arg.size
  %.559 = icmp slt i64 %.410.01065, -2048
  %.560 = select i1 %.559, i64 %arg.size, i64 0
  %.561 = add i64 %.560, %.480
  %.532.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.561, i64 0)
  %.569.not = icmp slt i64 %.561, %arg.size
  %.532.sroa.13.0 = select i1 %.569.not, i64 %.532.sroa.13.1, i64 %arg.size
  %.620 = sub nsw i64 %.532.sroa.13.0, %.532.sroa.0.3
  %.645 = getelementptr i16, ptr %arg.a_at, i64 %.532.sroa.0.3
  %.817 = getelementptr i16, ptr %arg.b_at, i64 %.532.sroa.0.3
  %.9621013.not = icmp slt i64 %.620, 1
  br i1 %.9621013.not, label %B2234, label %iter.check103

iter.check103:
  %min.iters.check101 = icmp ult i64 %.620, 4
  br i1 %min.iters.check101, label %B370.if.preheader, label %vector.main.loop.iter.check105

vector.main.loop.iter.check105:
  %min.iters.check104 = icmp ult i64 %.620, 16
  br i1 %min.iters.check104, label %vec.epilog.ph126, label %vector.ph106

vector.ph106:
  %n.mod.vf107 = and i64 %.620, 12
  %n.vec108 = and i64 %.620, 9223372036854775792
  br label %vector.body109

vector.body109:
  %index110 = phi i64 [ 0, %vector.ph106 ], [ %index.next116, %vector.body109 ]
  %vec.phi111 = phi <16 x i16> [ zeroinitializer, %vector.ph106 ], [ %130, %vector.body109 ]
  %vec.phi112 = phi <16 x i16> [ zeroinitializer, %vector.ph106 ], [ %128, %vector.body109 ]
  %vec.phi113 = phi <16 x i16> [ zeroinitializer, %vector.ph106 ], [ %121, %vector.body109 ]
  %112 = getelementptr i16, ptr %.645, i64 %index110
  %wide.load114 = load <16 x i16>, ptr %112, align 2
  %113 = and <16 x i16> %wide.load114, splat (i16 32767)
  %114 = getelementptr i16, ptr %.817, i64 %index110
  %wide.load115 = load <16 x i16>, ptr %114, align 2
  %115 = and <16 x i16> %wide.load115, splat (i16 32767)
  %116 = icmp ne <16 x i16> %wide.load114, %wide.load115
  %117 = or <16 x i16> %115, %113
  %118 = icmp ne <16 x i16> %117, zeroinitializer
  %119 = and <16 x i1> %116, %118
  %120 = zext <16 x i1> %119 to <16 x i16>
  %121 = add <16 x i16> %vec.phi113, %120
  %122 = tail call <16 x i16> @llvm.umin.v16i16(<16 x i16> %115, <16 x i16> %113)
  %123 = xor <16 x i16> %wide.load115, %wide.load114
  %124 = icmp slt <16 x i16> %123, zeroinitializer
  %125 = icmp ne <16 x i16> %122, zeroinitializer
  %126 = and <16 x i1> %124, %125
  %127 = zext <16 x i1> %126 to <16 x i16>
  %128 = add <16 x i16> %vec.phi112, %127
  %129 = tail call <16 x i16> @llvm.umax.v16i16(<16 x i16> %115, <16 x i16> %113)
  %130 = tail call <16 x i16> @llvm.umax.v16i16(<16 x i16> %129, <16 x i16> %vec.phi111)
  %index.next116 = add nuw i64 %index110, 16
  %131 = icmp eq i64 %index.next116, %n.vec108
  br i1 %131, label %middle.block117, label %vector.body109

middle.block117:
  %132 = tail call i16 @llvm.vector.reduce.umax.v16i16(<16 x i16> %130)
  %133 = tail call i16 @llvm.vector.reduce.add.v16i16(<16 x i16> %128)
  %134 = tail call i16 @llvm.vector.reduce.add.v16i16(<16 x i16> %121)
  %cmp.n118 = icmp eq i64 %.620, %n.vec108
  br i1 %cmp.n118, label %B776, label %vec.epilog.iter.check124

vec.epilog.iter.check124:
  %min.epilog.iters.check125 = icmp eq i64 %n.mod.vf107, 0
  br i1 %min.epilog.iters.check125, label %B370.if.preheader, label %vec.epilog.ph126

vec.epilog.ph126:
  %vec.epilog.resume.val119 = phi i64 [ %n.vec108, %vec.epilog.iter.check124 ], [ 0, %vector.main.loop.iter.check105 ]
  %bc.merge.rdx120 = phi i16 [ %132, %vec.epilog.iter.check124 ], [ 0, %vector.main.loop.iter.check105 ]
  %bc.merge.rdx121 = phi i16 [ %133, %vec.epilog.iter.check124 ], [ 0, %vector.main.loop.iter.check105 ]
  %bc.merge.rdx122 = phi i16 [ %134, %vec.epilog.iter.check124 ], [ 0, %vector.main.loop.iter.check105 ]
  %n.vec128 = and i64 %.620, 9223372036854775804
  %135 = insertelement <4 x i16> <i16 poison, i16 0, i16 0, i16 0>, i16 %bc.merge.rdx121, i64 0
  %136 = insertelement <4 x i16> <i16 poison, i16 0, i16 0, i16 0>, i16 %bc.merge.rdx122, i64 0
  %broadcast.splatinsert129 = insertelement <4 x i16> poison, i16 %bc.merge.rdx120, i64 0
  %broadcast.splat130 = shufflevector <4 x i16> %broadcast.splatinsert129, <4 x i16> poison, <4 x i32> zeroinitializer
  br label %vec.epilog.vector.body131

vec.epilog.vector.body131:
  %index132 = phi i64 [ %vec.epilog.resume.val119, %vec.epilog.ph126 ], [ %index.next138, %vec.epilog.vector.body131 ]
  %vec.phi133 = phi <4 x i16> [ %broadcast.splat130, %vec.epilog.ph126 ], [ %155, %vec.epilog.vector.body131 ]
  %vec.phi134 = phi <4 x i16> [ %135, %vec.epilog.ph126 ], [ %153, %vec.epilog.vector.body131 ]
  %vec.phi135 = phi <4 x i16> [ %136, %vec.epilog.ph126 ], [ %146, %vec.epilog.vector.body131 ]
  %137 = getelementptr i16, ptr %.645, i64 %index132
  %wide.load136 = load <4 x i16>, ptr %137, align 2
  %138 = and <4 x i16> %wide.load136, splat (i16 32767)
  %139 = getelementptr i16, ptr %.817, i64 %index132
  %wide.load137 = load <4 x i16>, ptr %139, align 2
  %140 = and <4 x i16> %wide.load137, splat (i16 32767)
  %141 = icmp ne <4 x i16> %wide.load136, %wide.load137
  %142 = or <4 x i16> %140, %138
  %143 = icmp ne <4 x i16> %142, zeroinitializer
  %144 = and <4 x i1> %141, %143
  %145 = zext <4 x i1> %144 to <4 x i16>
  %146 = add <4 x i16> %vec.phi135, %145
  %147 = tail call <4 x i16> @llvm.umin.v4i16(<4 x i16> %140, <4 x i16> %138)
  %148 = xor <4 x i16> %wide.load137, %wide.load136
  %149 = icmp slt <4 x i16> %148, zeroinitializer
  %150 = icmp ne <4 x i16> %147, zeroinitializer
  %151 = and <4 x i1> %149, %150
  %152 = zext <4 x i1> %151 to <4 x i16>
  %153 = add <4 x i16> %vec.phi134, %152
  %154 = tail call <4 x i16> @llvm.umax.v4i16(<4 x i16> %140, <4 x i16> %138)
  %155 = tail call <4 x i16> @llvm.umax.v4i16(<4 x i16> %154, <4 x i16> %vec.phi133)
  %index.next138 = add nuw i64 %index132, 4
  %156 = icmp eq i64 %index.next138, %n.vec128
  br i1 %156, label %vec.epilog.middle.block139, label %vec.epilog.vector.body131

vec.epilog.middle.block139:
  %157 = tail call i16 @llvm.vector.reduce.umax.v4i16(<4 x i16> %155)
  %158 = tail call i16 @llvm.vector.reduce.add.v4i16(<4 x i16> %153)
  %159 = tail call i16 @llvm.vector.reduce.add.v4i16(<4 x i16> %146)
  %cmp.n140 = icmp eq i64 %.620, %n.vec128
  br i1 %cmp.n140, label %B776, label %B370.if.preheader

B370.if.preheader:
  %high.2.11018.ph = phi i16 [ 0, %iter.check103 ], [ %132, %vec.epilog.iter.check124 ], [ %157, %vec.epilog.middle.block139 ]
  %opposed.4.11017.ph = phi i16 [ 0, %iter.check103 ], [ %133, %vec.epilog.iter.check124 ], [ %158, %vec.epilog.middle.block139 ]
  %differ.6.11016.ph = phi i16 [ 0, %iter.check103 ], [ %134, %vec.epilog.iter.check124 ], [ %159, %vec.epilog.middle.block139 ]
  %.906.01015.ph = phi i64 [ 0, %iter.check103 ], [ %n.vec108, %vec.epilog.iter.check124 ], [ %n.vec128, %vec.epilog.middle.block139 ]
  br label %B370.if

B370.if:
  %high.2.11018 = phi i16 [ %.13.i1010, %B370.if ], [ %high.2.11018.ph, %B370.if.preheader ]
  %opposed.4.11017 = phi i16 [ %.1244, %B370.if ], [ %opposed.4.11017.ph, %B370.if.preheader ]
  %differ.6.11016 = phi i16 [ %.1140, %B370.if ], [ %differ.6.11016.ph, %B370.if.preheader ]
  %.906.01015 = phi i64 [ %.975, %B370.if ], [ %.906.01015.ph, %B370.if.preheader ]
  %.975 = add nuw nsw i64 %.906.01015, 1
  %160 = getelementptr i16, ptr %.645, i64 %.906.01015
  %.1029 = load i16, ptr %160, align 2
  %.1032 = and i16 %.1029, 32767
  %161 = getelementptr i16, ptr %.817, i64 %.906.01015
  %.1063 = load i16, ptr %161, align 2
  %.1066 = and i16 %.1063, 32767
  %.1128 = icmp ne i16 %.1029, %.1063
  %.1131990 = or i16 %.1066, %.1032
  %.1133 = icmp ne i16 %.1131990, 0
  %.1134 = and i1 %.1128, %.1133
  %.1139 = zext i1 %.1134 to i16
  %.1140 = add i16 %differ.6.11016, %.1139
  %.13.i1008 = tail call i16 @llvm.umin.i16(i16 %.1066, i16 %.1032)
  %.1206991 = xor i16 %.1063, %.1029
  %.1208 = icmp slt i16 %.1206991, 0
  %.1237 = icmp ne i16 %.13.i1008, 0
  %.1238 = and i1 %.1208, %.1237
  %.1243 = zext i1 %.1238 to i16
  %.1244 = add i16 %opposed.4.11017, %.1243
  %.13.i1009 = tail call i16 @llvm.umax.i16(i16 %.1066, i16 %.1032)
  %.13.i1010 = tail call i16 @llvm.umax.i16(i16 %.13.i1009, i16 %high.2.11018)
  %exitcond.not = icmp eq i64 %.620, %.975
  br i1 %exitcond.not, label %B776, label %B370.if

B856.if:
  %opposed.5.11054 = phi i16 [ %.2249, %B1540 ], [ 0, %B776 ]
  %differ.7.11053 = phi i16 [ %.2023, %B1540 ], [ 0, %B776 ]
  %product.4.11052 = phi double [ %product.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %b2.4.11051 = phi double [ %b2.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %a2.4.11050 = phi double [ %a2.5.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %d2.3.11049 = phi double [ %d2.4.2, %B1540 ], [ 0.000000e+00, %B776 ]
  %max_d.3.11048 = phi double [ %max_d.4.2, %B1540 ], [ %max_d.5.01073, %B776 ]
  %nonfinite.2.11047 = phi i64 [ %nonfinite.3.2, %B1540 ], [ %nonfinite.4.01068, %B776 ]
  %.1408.01045 = phi i64 [ %.1478, %B1540 ], [ 0, %B776 ]
  %.1478 = add nuw nsw i64 %.1408.01045, 1
  %162 = getelementptr i16, ptr %.645, i64 %.1408.01045
  %.1536 = load i16, ptr %162, align 2
  %163 = and i16 %.1536, 32767
  %164 = getelementptr i16, ptr %.817, i64 %.1408.01045
  %.1571 = load i16, ptr %164, align 2
  %165 = and i16 %.1571, 32767
  %.1644.not = icmp ne i16 %.1536, %.1571
  %.1653988 = or i16 %165, %163
  %.1655 = icmp ne i16 %.1653988, 0
  %"$phi992.2.2.2" = select i1 %.1644.not, i1 %.1655, i1 false
  %.1666 = icmp ult i16 %163, 32640
  %.1669 = icmp ult i16 %165, 32640
  %or.cond = select i1 %.1666, i1 %.1669, i1 false
  br i1 %or.cond, label %B1018, label %B1296

B1634.if:
  %a2.6.21042 = phi double [ %.2499, %B1634.if ], [ %a2.6.21042.ph, %B1634.if.preheader ]
  %.2369.01040 = phi i64 [ %.2438, %B1634.if ], [ %.2369.01040.ph, %B1634.if.preheader ]
  %.2438 = add nuw nsw i64 %.2369.01040, 1
  %166 = getelementptr i16, ptr %.645, i64 %.2369.01040
  %.2492 = load i16, ptr %166, align 2
  %.2493 = zext i16 %.2492 to i32
  %.2494 = shl nuw i32 %.2493, 16
  %.2495 = bitcast i32 %.2494 to float
  %.2496 = fpext float %.2495 to double
  %.2497 = fmul reassoc nnan nsz contract double %.2496, %.2496
  %.2499 = fadd reassoc nnan nsz contract double %.2497, %a2.6.21042
  %exitcond1086.not = icmp eq i64 %.620, %.2438
  br i1 %exitcond1086.not, label %B2234, label %B1634.if

B1750.if:
  %product.6.21028 = phi double [ %.2789, %B1750.if ], [ %product.6.21028.ph, %B1750.if.preheader147 ]
  %b2.6.21027 = phi double [ %.2784, %B1750.if ], [ %b2.6.21027.ph, %B1750.if.preheader147 ]
  %a2.7.21026 = phi double [ %.2779, %B1750.if ], [ %a2.7.21026.ph, %B1750.if.preheader147 ]
  %d2.5.21025 = phi double [ %.2774, %B1750.if ], [ %d2.5.21025.ph, %B1750.if.preheader147 ]
  %max_d.7.21024 = phi double [ %.2795, %B1750.if ], [ %max_d.7.21024.ph, %B1750.if.preheader147 ]
  %.2609.01022 = phi i64 [ %.2678, %B1750.if ], [ %.2609.01022.ph, %B1750.if.preheader147 ]
  %.2678 = add nuw nsw i64 %.2609.01022, 1
  %167 = getelementptr i16, ptr %.645, i64 %.2609.01022
  %.2732 = load i16, ptr %167, align 2
  %.2733 = zext i16 %.2732 to i32
  %.2734 = shl nuw i32 %.2733, 16
  %.2735 = bitcast i32 %.2734 to float
  %.2736 = fpext float %.2735 to double
  %168 = getelementptr i16, ptr %.817, i64 %.2609.01022
  %.2766 = load i16, ptr %168, align 2
  %.2767 = zext i16 %.2766 to i32
  %.2768 = shl nuw i32 %.2767, 16
  %.2769 = bitcast i32 %.2768 to float
  %.2770 = fpext float %.2769 to double
  %.2771 = fsub reassoc nnan nsz contract double %.2736, %.2770
  %.2772 = fmul reassoc nnan nsz contract double %.2771, %.2771
  %.2774 = fadd reassoc nnan nsz contract double %.2772, %d2.5.21025
  %.2777 = fmul reassoc nnan nsz contract double %.2736, %.2736
  %.2779 = fadd reassoc nnan nsz contract double %.2777, %a2.7.21026
  %.2782 = fmul reassoc nnan nsz contract double %.2770, %.2770
  %.2784 = fadd reassoc nnan nsz contract double %.2782, %b2.6.21027
  %.2787 = fmul reassoc nnan nsz contract double %.2770, %.2736
  %.2789 = fadd reassoc nnan nsz contract double %.2787, %product.6.21028
  %.2792 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.2771)
  %.2795 = tail call nnan nsz double @llvm.maxnum.f64(double %.2792, double %max_d.7.21024)
  %exitcond1084.not = icmp eq i64 %.620, %.2678
  br i1 %exitcond1084.not, label %B1972, label %B1750.if

B2020.if:
  %differ.8.21037 = phi i16 [ %.3095, %B2020.if ], [ %differ.8.21037.ph, %B2020.if.preheader ]
  %.2880.01035 = phi i64 [ %.2973, %B2020.if ], [ %.2880.01035.ph, %B2020.if.preheader ]
  %.2973 = add nuw nsw i64 %.2880.01035, 1
  %169 = getelementptr i16, ptr %.645, i64 %.2880.01035
  %.3043 = load i16, ptr %169, align 2
  %.3044 = zext i16 %.3043 to i32
  %.3045 = shl nuw i32 %.3044, 16
  %.3046 = bitcast i32 %.3045 to float
  %.3047 = fpext float %.3046 to double
  %170 = getelementptr i16, ptr %.817, i64 %.2880.01035
  %.3077 = load i16, ptr %170, align 2
  %.3078 = zext i16 %.3077 to i32
  %.3079 = shl nuw i32 %.3078, 16
  %.3080 = bitcast i32 %.3079 to float
  %.3081 = fpext float %.3080 to double
  %.3082 = fsub reassoc nnan nsz contract double %.3047, %.3081
  %.3083 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3082)
  %.3084 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3081)
  %.3086 = fmul reassoc nnan nsz contract double %.3084, %arg.rtol
  %.3088 = fadd reassoc nnan nsz contract double %.3086, %arg.atol
  %.3089 = fcmp reassoc nnan nsz contract ogt double %.3083, %.3088
  %.3094 = zext i1 %.3089 to i16
  %.3095 = add i16 %differ.8.21037, %.3094
  %exitcond1085.not = icmp eq i64 %.620, %.2973
  br i1 %exitcond1085.not, label %B2234, label %B2020.if
}

declare double @llvm.fabs.f64(double)

declare double @llvm.maxnum.f64(double, double)

declare i16 @llvm.umin.i16(i16, i16)

declare i16 @llvm.umax.i16(i16, i16)

declare i64 @llvm.smax.i64(i64, i64)

declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)

declare <16 x double> @llvm.fabs.v16f64(<16 x double>)

declare i16 @llvm.vector.reduce.add.v16i16(<16 x i16>)

declare <4 x double> @llvm.fabs.v4f64(<4 x double>)

declare i16 @llvm.vector.reduce.add.v4i16(<4 x i16>)

declare <4 x double> @llvm.maxnum.v4f64(<4 x double>, <4 x double>)

declare double @llvm.vector.reduce.fmax.v4f64(<4 x double>)

declare <16 x i16> @llvm.umin.v16i16(<16 x i16>, <16 x i16>)

declare <16 x i16> @llvm.umax.v16i16(<16 x i16>, <16 x i16>)

declare i16 @llvm.vector.reduce.umax.v16i16(<16 x i16>)

declare <4 x i16> @llvm.umin.v4i16(<4 x i16>, <4 x i16>)

declare <4 x i16> @llvm.umax.v4i16(<4 x i16>, <4 x i16>)

declare i16 @llvm.vector.reduce.umax.v4i16(<4 x i16>)
