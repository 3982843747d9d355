; apart-float64: made by tests/make_loops.py, not by hand
; source 78c1af449e563b066b5fcf9834e8388e46991b76fab4828082c2eb72519e4a8d
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.a_at, ptr readonly %arg.b_at, i64 %arg.size, double %arg.rtol, double %arg.atol, ptr writeonly %arg.counts_at, ptr writeonly %arg.sums_at) {
entry:
  %.324 = fcmp reassoc nnan nsz contract une double %arg.rtol, 0.000000e+00
  %.330 = fcmp reassoc nnan nsz contract une double %arg.atol, 0.000000e+00
  %"$phi224.0.2.0" = select i1 %.324, i1 true, i1 %.330
  %0 = add nuw i64 %arg.size, 2047
  %.455 = lshr i64 %0, 11
  %.434.inv = icmp slt i64 %arg.size, 1
  %.4771094.not1121 = icmp eq i64 %.455, 0
  %.4771094.not = select i1 %.434.inv, i1 true, i1 %.4771094.not1121
  br i1 %.4771094.not, label %B2406, label %B272.if.preheader

B272.if.preheader:
  %broadcast.splatinsert = insertelement <4 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat = shufflevector <4 x double> %broadcast.splatinsert, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert44 = insertelement <4 x double> poison, double %arg.atol, i64 0
  %broadcast.splat45 = shufflevector <4 x double> %broadcast.splatinsert44, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert74 = insertelement <4 x double> poison, double %arg.rtol, i64 0
  %broadcast.splat75 = shufflevector <4 x double> %broadcast.splatinsert74, <4 x double> poison, <4 x i32> zeroinitializer
  %broadcast.splatinsert76 = insertelement <4 x double> poison, double %arg.atol, i64 0
  %broadcast.splat77 = shufflevector <4 x double> %broadcast.splatinsert76, <4 x double> poison, <4 x i32> zeroinitializer
  br label %B272.if

B806:
  %.1139.lcssa = phi i64 [ %123, %middle.block125 ], [ %.1139, %B400.if ]
  %.1237.lcssa = phi i64 [ %122, %middle.block125 ], [ %.1237, %B400.if ]
  %.13.i1040.lcssa = phi i64 [ %121, %middle.block125 ], [ %.13.i1040, %B400.if ]
  %1 = icmp ugt i64 %.13.i1040.lcssa, 9218868437227405311
  br i1 %1, label %B886.if, label %B1612

B1048:
  %2 = bitcast i64 %.1528 to double
  %.1722 = fsub reassoc nnan nsz contract double %2, %128
  %.1723 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.1722)
  %.12.i = fcmp reassoc nnan nsz contract ogt double %.1723, %max_d.2.11079
  %.13.i = select i1 %.12.i, double %.1723, double %max_d.2.11079
  %.1764 = fmul reassoc nnan nsz contract double %.1722, %.1722
  %.1766 = fadd reassoc nnan nsz contract double %.1764, %d2.3.11080
  %.1772 = fmul reassoc nnan nsz contract double %2, %2
  %.1774 = fadd reassoc nnan nsz contract double %.1772, %a2.4.11081
  %.1782 = fmul reassoc nnan nsz contract double %128, %128
  %.1784 = fadd reassoc nnan nsz contract double %.1782, %b2.4.11082
  %.1791 = fmul reassoc nnan nsz contract double %128, %2
  %.1793 = fadd reassoc nnan nsz contract double %.1791, %product.4.11083
  br i1 %"$phi1022.2.2.2", label %B1268, label %B1392

B1268:
  br i1 %"$phi224.0.2.0", label %B1272, label %B1392

B1272:
  %.1816 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %128)
  %.1820 = fmul reassoc nnan nsz contract double %.1816, %arg.rtol
  %.1822 = fadd reassoc nnan nsz contract double %.1820, %arg.atol
  %.1824 = fcmp reassoc nnan nsz contract ugt double %.1723, %.1822
  br label %B1392

B1326:
  %.1889 = icmp ugt i64 %.1529, 9218868437227405312
  %.1892 = icmp ugt i64 %.1561, 9218868437227405312
  %or.cond1 = select i1 %.1889, i1 %.1892, i1 false
  br i1 %or.cond1, label %B1392, label %B1356

B1356:
  %.15.i = zext i1 %"$phi1022.2.2.2" to i64
  %.1986 = add nsw i64 %nonfinite.2.11078, %.15.i
  br label %B1392

B1392:
  %nonfinite.3.2 = phi i64 [ %.1986, %B1356 ], [ %nonfinite.2.11078, %B1048 ], [ %nonfinite.2.11078, %B1268 ], [ %nonfinite.2.11078, %B1272 ], [ %nonfinite.2.11078, %B1326 ]
  %max_d.3.2 = phi double [ %max_d.2.11079, %B1356 ], [ %.13.i, %B1048 ], [ %.13.i, %B1268 ], [ %.13.i, %B1272 ], [ %max_d.2.11079, %B1326 ]
  %d2.4.2 = phi double [ %d2.3.11080, %B1356 ], [ %.1766, %B1048 ], [ %.1766, %B1268 ], [ %.1766, %B1272 ], [ %d2.3.11080, %B1326 ]
  %a2.5.2 = phi double [ %a2.4.11081, %B1356 ], [ %.1774, %B1048 ], [ %.1774, %B1268 ], [ %.1774, %B1272 ], [ %a2.4.11081, %B1326 ]
  %b2.5.2 = phi double [ %b2.4.11082, %B1356 ], [ %.1784, %B1048 ], [ %.1784, %B1268 ], [ %.1784, %B1272 ], [ %b2.4.11082, %B1326 ]
  %product.5.2 = phi double [ %product.4.11083, %B1356 ], [ %.1793, %B1048 ], [ %.1793, %B1268 ], [ %.1793, %B1272 ], [ %product.4.11083, %B1326 ]
  %unequal.3.2 = phi i1 [ %"$phi1022.2.2.2", %B1356 ], [ false, %B1048 ], [ true, %B1268 ], [ %.1824, %B1272 ], [ false, %B1326 ]
  %.1994 = zext i1 %unequal.3.2 to i64
  %.1998 = add i64 %differ.7.11084, %.1994
  %.2068 = xor i64 %.1560, %.1528
  %.2069 = icmp slt i64 %.2068, 0
  br i1 %.2069, label %B1508, label %B1570

B1508:
  %3 = add nsw i64 %.1529, -9218868437227405313
  %"$phi1570.7.6.3" = icmp ult i64 %3, -9218868437227405312
  %.2143.not = icmp eq i64 %.1561, 0
  %or.cond1020 = select i1 %"$phi1570.7.6.3", i1 true, i1 %.2143.not
  br i1 %or.cond1020, label %B1570, label %B1556

B1556:
  %.2157 = icmp ult i64 %.1561, 9218868437227405313
  %4 = zext i1 %.2157 to i64
  br label %B1570

B1570:
  %"$phi1570.7.5.2" = phi i64 [ %4, %B1556 ], [ 0, %B1392 ], [ 0, %B1508 ]
  %.2218 = add i64 %"$phi1570.7.5.2", %opposed.5.11085
  %exitcond1120.not = icmp eq i64 %.630, %.1470
  br i1 %exitcond1120.not, label %B2290, label %B886.if

B1612:
  %.2296 = icmp eq i64 %.1139.lcssa, 0
  %min.iters.check = icmp ult i64 %.630, 4
  br i1 %.2296, label %iter.check, label %B1780.if.preheader

B1780.if.preheader:
  br i1 %min.iters.check, label %B1780.if.preheader133, label %vector.ph89

vector.ph89:
  %n.vec91 = and i64 %.630, 9223372036854775804
  %broadcast.splatinsert92 = insertelement <4 x i64> poison, i64 %top.3.01105, i64 0
  %broadcast.splat93 = shufflevector <4 x i64> %broadcast.splatinsert92, <4 x i64> poison, <4 x i32> zeroinitializer
  br label %vector.body94

vector.body94:
  %index95 = phi i64 [ 0, %vector.ph89 ], [ %index.next103, %vector.body94 ]
  %vec.phi96 = phi <4 x double> [ zeroinitializer, %vector.ph89 ], [ %12, %vector.body94 ]
  %vec.phi97 = phi <4 x double> [ zeroinitializer, %vector.ph89 ], [ %14, %vector.body94 ]
  %vec.phi98 = phi <4 x double> [ zeroinitializer, %vector.ph89 ], [ %16, %vector.body94 ]
  %vec.phi99 = phi <4 x double> [ zeroinitializer, %vector.ph89 ], [ %18, %vector.body94 ]
  %vec.phi100 = phi <4 x i64> [ %broadcast.splat93, %vector.ph89 ], [ %10, %vector.body94 ]
  %5 = getelementptr i64, ptr %.655, i64 %index95
  %wide.load101 = load <4 x double>, ptr %5, align 8
  %6 = getelementptr i64, ptr %.827, i64 %index95
  %wide.load102 = load <4 x double>, ptr %6, align 8
  %7 = fsub reassoc nnan nsz contract <4 x double> %wide.load101, %wide.load102
  %8 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %7)
  %9 = bitcast <4 x double> %8 to <4 x i64>
  %10 = tail call <4 x i64> @llvm.smax.v4i64(<4 x i64> %9, <4 x i64> %vec.phi100)
  %11 = fmul reassoc nnan nsz contract <4 x double> %wide.load102, %wide.load101
  %12 = fadd reassoc nnan nsz contract <4 x double> %11, %vec.phi96
  %13 = fmul reassoc nnan nsz contract <4 x double> %wide.load102, %wide.load102
  %14 = fadd reassoc nnan nsz contract <4 x double> %13, %vec.phi97
  %15 = fmul reassoc nnan nsz contract <4 x double> %wide.load101, %wide.load101
  %16 = fadd reassoc nnan nsz contract <4 x double> %15, %vec.phi98
  %17 = fmul reassoc nnan nsz contract <4 x double> %7, %7
  %18 = fadd reassoc nnan nsz contract <4 x double> %17, %vec.phi99
  %index.next103 = add nuw i64 %index95, 4
  %19 = icmp eq i64 %index.next103, %n.vec91
  br i1 %19, label %middle.block104, label %vector.body94

middle.block104:
  %20 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %12)
  %21 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %14)
  %22 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %16)
  %23 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %18)
  %24 = tail call i64 @llvm.vector.reduce.smax.v4i64(<4 x i64> %10)
  %cmp.n105 = icmp eq i64 %.630, %n.vec91
  br i1 %cmp.n105, label %B2028, label %B1780.if.preheader133

B1780.if.preheader133:
  %product.6.21059.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %20, %middle.block104 ]
  %b2.6.21058.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %21, %middle.block104 ]
  %a2.7.21057.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %22, %middle.block104 ]
  %d2.5.21056.ph = phi double [ 0.000000e+00, %B1780.if.preheader ], [ %23, %middle.block104 ]
  %top.2.21055.ph = phi i64 [ %top.3.01105, %B1780.if.preheader ], [ %24, %middle.block104 ]
  %.2585.01053.ph = phi i64 [ 0, %B1780.if.preheader ], [ %n.vec91, %middle.block104 ]
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
  %vec.phi = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %33, %vector.body ]
  %vec.phi20 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %34, %vector.body ]
  %vec.phi21 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %35, %vector.body ]
  %vec.phi22 = phi <4 x double> [ zeroinitializer, %vector.ph ], [ %36, %vector.body ]
  %25 = getelementptr i64, ptr %.655, i64 %index
  %26 = getelementptr i8, ptr %25, i64 32
  %27 = getelementptr i8, ptr %25, i64 64
  %28 = getelementptr i8, ptr %25, i64 96
  %wide.load = load <4 x double>, ptr %25, align 8
  %wide.load23 = load <4 x double>, ptr %26, align 8
  %wide.load24 = load <4 x double>, ptr %27, align 8
  %wide.load25 = load <4 x double>, ptr %28, align 8
  %29 = fmul reassoc nnan nsz contract <4 x double> %wide.load, %wide.load
  %30 = fmul reassoc nnan nsz contract <4 x double> %wide.load23, %wide.load23
  %31 = fmul reassoc nnan nsz contract <4 x double> %wide.load24, %wide.load24
  %32 = fmul reassoc nnan nsz contract <4 x double> %wide.load25, %wide.load25
  %33 = fadd reassoc nnan nsz contract <4 x double> %29, %vec.phi
  %34 = fadd reassoc nnan nsz contract <4 x double> %30, %vec.phi20
  %35 = fadd reassoc nnan nsz contract <4 x double> %31, %vec.phi21
  %36 = fadd reassoc nnan nsz contract <4 x double> %32, %vec.phi22
  %index.next = add nuw i64 %index, 16
  %37 = icmp eq i64 %index.next, %n.vec
  br i1 %37, label %middle.block, label %vector.body

middle.block:
  %bin.rdx = fadd reassoc nnan nsz contract <4 x double> %34, %33
  %bin.rdx26 = fadd reassoc nnan nsz contract <4 x double> %35, %bin.rdx
  %bin.rdx27 = fadd reassoc nnan nsz contract <4 x double> %36, %bin.rdx26
  %38 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %bin.rdx27)
  %cmp.n = icmp eq i64 %.630, %n.vec
  br i1 %cmp.n, label %B2290, label %vec.epilog.iter.check

vec.epilog.iter.check:
  %min.epilog.iters.check = icmp eq i64 %n.mod.vf, 0
  br i1 %min.epilog.iters.check, label %B1664.if.preheader, label %vec.epilog.ph

vec.epilog.ph:
  %vec.epilog.resume.val = phi i64 [ %n.vec, %vec.epilog.iter.check ], [ 0, %vector.main.loop.iter.check ]
  %bc.merge.rdx = phi double [ %38, %vec.epilog.iter.check ], [ 0.000000e+00, %vector.main.loop.iter.check ]
  %n.vec29 = and i64 %.630, 9223372036854775804
  %39 = insertelement <4 x double> <double poison, double 0.000000e+00, double 0.000000e+00, double 0.000000e+00>, double %bc.merge.rdx, i64 0
  br label %vec.epilog.vector.body

vec.epilog.vector.body:
  %index30 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next33, %vec.epilog.vector.body ]
  %vec.phi31 = phi <4 x double> [ %39, %vec.epilog.ph ], [ %42, %vec.epilog.vector.body ]
  %40 = getelementptr i64, ptr %.655, i64 %index30
  %wide.load32 = load <4 x double>, ptr %40, align 8
  %41 = fmul reassoc nnan nsz contract <4 x double> %wide.load32, %wide.load32
  %42 = fadd reassoc nnan nsz contract <4 x double> %41, %vec.phi31
  %index.next33 = add nuw i64 %index30, 4
  %43 = icmp eq i64 %index.next33, %n.vec29
  br i1 %43, label %vec.epilog.middle.block, label %vec.epilog.vector.body

vec.epilog.middle.block:
  %44 = tail call reassoc nnan nsz contract double @llvm.vector.reduce.fadd.v4f64(double 0.000000e+00, <4 x double> %42)
  %cmp.n34 = icmp eq i64 %.630, %n.vec29
  br i1 %cmp.n34, label %B2290, label %B1664.if.preheader

B1664.if.preheader:
  %a2.6.21073.ph = phi double [ 0.000000e+00, %iter.check ], [ %38, %vec.epilog.iter.check ], [ %44, %vec.epilog.middle.block ]
  %.2343.01071.ph = phi i64 [ 0, %iter.check ], [ %n.vec, %vec.epilog.iter.check ], [ %n.vec29, %vec.epilog.middle.block ]
  br label %B1664.if

B2028:
  %.13.i1041.lcssa = phi i64 [ %24, %middle.block104 ], [ %.13.i1041, %B1780.if ]
  %.2759.lcssa = phi double [ %20, %middle.block104 ], [ %.2759, %B1780.if ]
  %.2754.lcssa = phi double [ %21, %middle.block104 ], [ %.2754, %B1780.if ]
  %.2749.lcssa = phi double [ %22, %middle.block104 ], [ %.2749, %B1780.if ]
  %.2744.lcssa = phi double [ %23, %middle.block104 ], [ %.2744, %B1780.if ]
  br i1 %"$phi224.0.2.0", label %iter.check38, label %B2290

iter.check38:
  %min.iters.check36 = icmp ult i64 %.630, 4
  br i1 %min.iters.check36, label %B2076.if.preheader, label %vector.main.loop.iter.check40

vector.main.loop.iter.check40:
  %min.iters.check39 = icmp ult i64 %.630, 16
  br i1 %min.iters.check39, label %vec.epilog.ph71, label %vector.ph41

vector.ph41:
  %n.mod.vf42 = and i64 %.630, 12
  %n.vec43 = and i64 %.630, 9223372036854775792
  br label %vector.body46

vector.body46:
  %index47 = phi i64 [ 0, %vector.ph41 ], [ %index.next60, %vector.body46 ]
  %vec.phi48 = phi <4 x i64> [ zeroinitializer, %vector.ph41 ], [ %81, %vector.body46 ]
  %vec.phi49 = phi <4 x i64> [ zeroinitializer, %vector.ph41 ], [ %82, %vector.body46 ]
  %vec.phi50 = phi <4 x i64> [ zeroinitializer, %vector.ph41 ], [ %83, %vector.body46 ]
  %vec.phi51 = phi <4 x i64> [ zeroinitializer, %vector.ph41 ], [ %84, %vector.body46 ]
  %45 = getelementptr i64, ptr %.655, i64 %index47
  %46 = getelementptr i8, ptr %45, i64 32
  %47 = getelementptr i8, ptr %45, i64 64
  %48 = getelementptr i8, ptr %45, i64 96
  %wide.load52 = load <4 x double>, ptr %45, align 8
  %wide.load53 = load <4 x double>, ptr %46, align 8
  %wide.load54 = load <4 x double>, ptr %47, align 8
  %wide.load55 = load <4 x double>, ptr %48, align 8
  %49 = getelementptr i64, ptr %.827, i64 %index47
  %50 = getelementptr i8, ptr %49, i64 32
  %51 = getelementptr i8, ptr %49, i64 64
  %52 = getelementptr i8, ptr %49, i64 96
  %wide.load56 = load <4 x double>, ptr %49, align 8
  %wide.load57 = load <4 x double>, ptr %50, align 8
  %wide.load58 = load <4 x double>, ptr %51, align 8
  %wide.load59 = load <4 x double>, ptr %52, align 8
  %53 = fsub reassoc nnan nsz contract <4 x double> %wide.load52, %wide.load56
  %54 = fsub reassoc nnan nsz contract <4 x double> %wide.load53, %wide.load57
  %55 = fsub reassoc nnan nsz contract <4 x double> %wide.load54, %wide.load58
  %56 = fsub reassoc nnan nsz contract <4 x double> %wide.load55, %wide.load59
  %57 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %53)
  %58 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %54)
  %59 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %55)
  %60 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %56)
  %61 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load56)
  %62 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load57)
  %63 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load58)
  %64 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load59)
  %65 = fmul reassoc nnan nsz contract <4 x double> %61, %broadcast.splat
  %66 = fmul reassoc nnan nsz contract <4 x double> %62, %broadcast.splat
  %67 = fmul reassoc nnan nsz contract <4 x double> %63, %broadcast.splat
  %68 = fmul reassoc nnan nsz contract <4 x double> %64, %broadcast.splat
  %69 = fadd reassoc nnan nsz contract <4 x double> %65, %broadcast.splat45
  %70 = fadd reassoc nnan nsz contract <4 x double> %66, %broadcast.splat45
  %71 = fadd reassoc nnan nsz contract <4 x double> %67, %broadcast.splat45
  %72 = fadd reassoc nnan nsz contract <4 x double> %68, %broadcast.splat45
  %73 = fcmp reassoc nnan nsz contract ogt <4 x double> %57, %69
  %74 = fcmp reassoc nnan nsz contract ogt <4 x double> %58, %70
  %75 = fcmp reassoc nnan nsz contract ogt <4 x double> %59, %71
  %76 = fcmp reassoc nnan nsz contract ogt <4 x double> %60, %72
  %77 = zext <4 x i1> %73 to <4 x i64>
  %78 = zext <4 x i1> %74 to <4 x i64>
  %79 = zext <4 x i1> %75 to <4 x i64>
  %80 = zext <4 x i1> %76 to <4 x i64>
  %81 = add <4 x i64> %vec.phi48, %77
  %82 = add <4 x i64> %vec.phi49, %78
  %83 = add <4 x i64> %vec.phi50, %79
  %84 = add <4 x i64> %vec.phi51, %80
  %index.next60 = add nuw i64 %index47, 16
  %85 = icmp eq i64 %index.next60, %n.vec43
  br i1 %85, label %middle.block61, label %vector.body46

middle.block61:
  %bin.rdx62 = add <4 x i64> %82, %81
  %bin.rdx63 = add <4 x i64> %83, %bin.rdx62
  %bin.rdx64 = add <4 x i64> %84, %bin.rdx63
  %86 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %bin.rdx64)
  %cmp.n65 = icmp eq i64 %.630, %n.vec43
  br i1 %cmp.n65, label %B2290, label %vec.epilog.iter.check69

vec.epilog.iter.check69:
  %min.epilog.iters.check70 = icmp eq i64 %n.mod.vf42, 0
  br i1 %min.epilog.iters.check70, label %B2076.if.preheader, label %vec.epilog.ph71

vec.epilog.ph71:
  %vec.epilog.resume.val66 = phi i64 [ %n.vec43, %vec.epilog.iter.check69 ], [ 0, %vector.main.loop.iter.check40 ]
  %bc.merge.rdx67 = phi i64 [ %86, %vec.epilog.iter.check69 ], [ 0, %vector.main.loop.iter.check40 ]
  %n.vec73 = and i64 %.630, 9223372036854775804
  %87 = insertelement <4 x i64> <i64 poison, i64 0, i64 0, i64 0>, i64 %bc.merge.rdx67, i64 0
  br label %vec.epilog.vector.body78

vec.epilog.vector.body78:
  %index79 = phi i64 [ %vec.epilog.resume.val66, %vec.epilog.ph71 ], [ %index.next83, %vec.epilog.vector.body78 ]
  %vec.phi80 = phi <4 x i64> [ %87, %vec.epilog.ph71 ], [ %97, %vec.epilog.vector.body78 ]
  %88 = getelementptr i64, ptr %.655, i64 %index79
  %wide.load81 = load <4 x double>, ptr %88, align 8
  %89 = getelementptr i64, ptr %.827, i64 %index79
  %wide.load82 = load <4 x double>, ptr %89, align 8
  %90 = fsub reassoc nnan nsz contract <4 x double> %wide.load81, %wide.load82
  %91 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %90)
  %92 = tail call reassoc nnan nsz contract <4 x double> @llvm.fabs.v4f64(<4 x double> %wide.load82)
  %93 = fmul reassoc nnan nsz contract <4 x double> %92, %broadcast.splat75
  %94 = fadd reassoc nnan nsz contract <4 x double> %93, %broadcast.splat77
  %95 = fcmp reassoc nnan nsz contract ogt <4 x double> %91, %94
  %96 = zext <4 x i1> %95 to <4 x i64>
  %97 = add <4 x i64> %vec.phi80, %96
  %index.next83 = add nuw i64 %index79, 4
  %98 = icmp eq i64 %index.next83, %n.vec73
  br i1 %98, label %vec.epilog.middle.block84, label %vec.epilog.vector.body78

vec.epilog.middle.block84:
  %99 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %97)
  %cmp.n85 = icmp eq i64 %.630, %n.vec73
  br i1 %cmp.n85, label %B2290, label %B2076.if.preheader

B2076.if.preheader:
  %differ.8.21068.ph = phi i64 [ 0, %iter.check38 ], [ %86, %vec.epilog.iter.check69 ], [ %99, %vec.epilog.middle.block84 ]
  %.2882.01066.ph = phi i64 [ 0, %iter.check38 ], [ %n.vec43, %vec.epilog.iter.check69 ], [ %n.vec73, %vec.epilog.middle.block84 ]
  br label %B2076.if

B2290:
  %nonfinite.5.1 = phi i64 [ %nonfinite.4.01099, %B2028 ], [ %nonfinite.4.01099, %middle.block ], [ %nonfinite.4.01099, %B272.if ], [ %nonfinite.4.01099, %middle.block61 ], [ %nonfinite.4.01099, %B1664.if ], [ %nonfinite.4.01099, %vec.epilog.middle.block ], [ %nonfinite.3.2, %B1570 ], [ %nonfinite.4.01099, %vec.epilog.middle.block84 ], [ %nonfinite.4.01099, %B2076.if ]
  %max_d.5.1 = phi double [ %max_d.4.01104, %B2028 ], [ %max_d.4.01104, %middle.block ], [ %max_d.4.01104, %B272.if ], [ %max_d.4.01104, %middle.block61 ], [ %max_d.4.01104, %B1664.if ], [ %max_d.4.01104, %vec.epilog.middle.block ], [ %max_d.3.2, %B1570 ], [ %max_d.4.01104, %vec.epilog.middle.block84 ], [ %max_d.4.01104, %B2076.if ]
  %top.4.1 = phi i64 [ %.13.i1041.lcssa, %B2028 ], [ %top.3.01105, %middle.block ], [ %top.3.01105, %B272.if ], [ %.13.i1041.lcssa, %middle.block61 ], [ %top.3.01105, %B1664.if ], [ %top.3.01105, %vec.epilog.middle.block ], [ %top.3.01105, %B1570 ], [ %.13.i1041.lcssa, %vec.epilog.middle.block84 ], [ %.13.i1041.lcssa, %B2076.if ]
  %differ.9.1 = phi i64 [ %.1139.lcssa, %B2028 ], [ 0, %middle.block ], [ 0, %B272.if ], [ %86, %middle.block61 ], [ 0, %B1664.if ], [ 0, %vec.epilog.middle.block ], [ %.1998, %B1570 ], [ %99, %vec.epilog.middle.block84 ], [ %.3094, %B2076.if ]
  %opposed.6.1 = phi i64 [ %.1237.lcssa, %B2028 ], [ %.1237.lcssa, %middle.block ], [ 0, %B272.if ], [ %.1237.lcssa, %middle.block61 ], [ %.1237.lcssa, %B1664.if ], [ %.1237.lcssa, %vec.epilog.middle.block ], [ %.2218, %B1570 ], [ %.1237.lcssa, %vec.epilog.middle.block84 ], [ %.1237.lcssa, %B2076.if ]
  %d2.6.1 = phi double [ %.2744.lcssa, %B2028 ], [ 0.000000e+00, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2744.lcssa, %middle.block61 ], [ 0.000000e+00, %B1664.if ], [ 0.000000e+00, %vec.epilog.middle.block ], [ %d2.4.2, %B1570 ], [ %.2744.lcssa, %vec.epilog.middle.block84 ], [ %.2744.lcssa, %B2076.if ]
  %a2.8.1 = phi double [ %.2749.lcssa, %B2028 ], [ %38, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2749.lcssa, %middle.block61 ], [ %.2470, %B1664.if ], [ %44, %vec.epilog.middle.block ], [ %a2.5.2, %B1570 ], [ %.2749.lcssa, %vec.epilog.middle.block84 ], [ %.2749.lcssa, %B2076.if ]
  %b2.7.1 = phi double [ %.2754.lcssa, %B2028 ], [ %38, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2754.lcssa, %middle.block61 ], [ %.2470, %B1664.if ], [ %44, %vec.epilog.middle.block ], [ %b2.5.2, %B1570 ], [ %.2754.lcssa, %vec.epilog.middle.block84 ], [ %.2754.lcssa, %B2076.if ]
  %product.7.1 = phi double [ %.2759.lcssa, %B2028 ], [ %38, %middle.block ], [ 0.000000e+00, %B272.if ], [ %.2759.lcssa, %middle.block61 ], [ %.2470, %B1664.if ], [ %44, %vec.epilog.middle.block ], [ %product.5.2, %B1570 ], [ %.2759.lcssa, %vec.epilog.middle.block84 ], [ %.2759.lcssa, %B2076.if ]
  %.3143 = fadd reassoc nnan nsz contract double %d2.6.1, %dd.2.01100
  %.3150 = fadd reassoc nnan nsz contract double %a2.8.1, %aa.2.01101
  %.3157 = fadd reassoc nnan nsz contract double %b2.7.1, %bb.2.01102
  %.3164 = fadd reassoc nnan nsz contract double %product.7.1, %ab.2.01103
  %.3197 = add nsw i64 %differ.9.1, %different.2.01097
  %.3228 = add nsw i64 %opposed.6.1, %flips.2.01098
  %.477 = icmp sgt i64 %.423.01095, 1
  br i1 %.477, label %B272.if, label %B2406.loopexit

B2406.loopexit:
  %100 = bitcast i64 %top.4.1 to double
  br label %B2406

B2406:
  %different.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3197, %B2406.loopexit ]
  %flips.2.0.lcssa = phi i64 [ 0, %entry ], [ %.3228, %B2406.loopexit ]
  %nonfinite.4.0.lcssa = phi i64 [ 0, %entry ], [ %nonfinite.5.1, %B2406.loopexit ]
  %dd.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3143, %B2406.loopexit ]
  %aa.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3150, %B2406.loopexit ]
  %bb.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3157, %B2406.loopexit ]
  %ab.2.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %.3164, %B2406.loopexit ]
  %max_d.4.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %max_d.5.1, %B2406.loopexit ]
  %top.3.0.lcssa = phi double [ 0.000000e+00, %entry ], [ %100, %B2406.loopexit ]
  store i64 %different.2.0.lcssa, ptr %arg.counts_at, align 8
  %.3314 = getelementptr i8, ptr %arg.counts_at, i64 8
  store i64 %flips.2.0.lcssa, ptr %.3314, align 8
  %.3347 = getelementptr i8, ptr %arg.counts_at, i64 16
  store i64 %nonfinite.4.0.lcssa, ptr %.3347, align 8
  %.12.i1036 = fcmp reassoc nnan nsz contract olt double %max_d.4.0.lcssa, %top.3.0.lcssa
  %.13.i1037 = select i1 %.12.i1036, double %top.3.0.lcssa, double %max_d.4.0.lcssa
  store double %.13.i1037, ptr %arg.sums_at, align 8
  %.3491 = getelementptr i8, ptr %arg.sums_at, i64 8
  store double %dd.2.0.lcssa, ptr %.3491, align 8
  %.3521 = getelementptr i8, ptr %arg.sums_at, i64 16
  store double %aa.2.0.lcssa, ptr %.3521, align 8
  %.3551 = getelementptr i8, ptr %arg.sums_at, i64 24
  store double %bb.2.0.lcssa, ptr %.3551, align 8
  %.3581 = getelementptr i8, ptr %arg.sums_at, i64 32
  store double %ab.2.0.lcssa, ptr %.3581, align 8
  store ptr null, ptr %retptr, align 8
  ret i32 0

B272.if:
  %top.3.01105 = phi i64 [ %top.4.1, %B2290 ], [ 0, %B272.if.preheader ]
  %max_d.4.01104 = phi double [ %max_d.5.1, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %ab.2.01103 = phi double [ %.3164, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %bb.2.01102 = phi double [ %.3157, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %aa.2.01101 = phi double [ %.3150, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %dd.2.01100 = phi double [ %.3143, %B2290 ], [ 0.000000e+00, %B272.if.preheader ]
  %nonfinite.4.01099 = phi i64 [ %nonfinite.5.1, %B2290 ], [ 0, %B272.if.preheader ]
  %flips.2.01098 = phi i64 [ %.3228, %B2290 ], [ 0, %B272.if.preheader ]
  %different.2.01097 = phi i64 [ %.3197, %B2290 ], [ 0, %B272.if.preheader ]
  %.420.01096 = phi i64 [ %.490, %B2290 ], [ 0, %B272.if.preheader ]
  %.423.01095 = phi i64 [ %.486, %B2290 ], [ %.455, %B272.if.preheader ]
  %.486 = add nsw i64 %.423.01095, -1
  %.490 = add nuw i64 %.420.01096, 2048
  %.552 = icmp slt i64 %.420.01096, 0
  %.553 = select i1 %.552, i64 %arg.size, i64 0
  %.554 = add i64 %.553, %.420.01096
  %spec.select = tail call i64 @llvm.smax.i64(i64 %.554, i64 0)
  %.562.not = icmp slt i64 %.554, %arg.size
  %.542.sroa.0.3 = select i1 %.562.not, i64 %spec.select, i64 %arg.size
  %.569 = icmp slt i64 %.420.01096, -2048
  %.570 = select i1 %.569, i64 %arg.size, i64 0
  %.571 = add i64 %.570, %.490
  %.542.sroa.13.1 = tail call i64 @llvm.smax.i64(i64 %.571, i64 0)
  %.579.not = icmp slt i64 %.571, %arg.size
  %.542.sroa.13.0 = select i1 %.579.not, i64 %.542.sroa.13.1, i64 %arg.size
  %.630 = sub nsw i64 %.542.sroa.13.0, %.542.sroa.0.3
  %.655 = getelementptr i64, ptr %arg.a_at, i64 %.542.sroa.0.3
  %.827 = getelementptr i64, ptr %arg.b_at, i64 %.542.sroa.0.3
  %.9721044.not = icmp slt i64 %.630, 1
  br i1 %.9721044.not, label %B2290, label %B400.if.preheader

B400.if.preheader:
  %min.iters.check113 = icmp ult i64 %.630, 4
  br i1 %min.iters.check113, label %B400.if.preheader134, label %vector.ph114

vector.ph114:
  %n.vec116 = and i64 %.630, 9223372036854775804
  br label %vector.body117

vector.body117:
  %index118 = phi i64 [ 0, %vector.ph114 ], [ %index.next124, %vector.body117 ]
  %vec.phi119 = phi <4 x i64> [ zeroinitializer, %vector.ph114 ], [ %119, %vector.body117 ]
  %vec.phi120 = phi <4 x i64> [ zeroinitializer, %vector.ph114 ], [ %117, %vector.body117 ]
  %vec.phi121 = phi <4 x i64> [ zeroinitializer, %vector.ph114 ], [ %110, %vector.body117 ]
  %101 = getelementptr i64, ptr %.655, i64 %index118
  %wide.load122 = load <4 x i64>, ptr %101, align 8
  %102 = and <4 x i64> %wide.load122, splat (i64 9223372036854775807)
  %103 = getelementptr i64, ptr %.827, i64 %index118
  %wide.load123 = load <4 x i64>, ptr %103, align 8
  %104 = and <4 x i64> %wide.load123, splat (i64 9223372036854775807)
  %105 = icmp ne <4 x i64> %wide.load122, %wide.load123
  %106 = or <4 x i64> %104, %102
  %107 = icmp ne <4 x i64> %106, zeroinitializer
  %108 = and <4 x i1> %105, %107
  %109 = zext <4 x i1> %108 to <4 x i64>
  %110 = add <4 x i64> %vec.phi121, %109
  %111 = tail call <4 x i64> @llvm.umin.v4i64(<4 x i64> %104, <4 x i64> %102)
  %112 = xor <4 x i64> %wide.load123, %wide.load122
  %113 = icmp slt <4 x i64> %112, zeroinitializer
  %114 = icmp ne <4 x i64> %111, zeroinitializer
  %115 = and <4 x i1> %113, %114
  %116 = zext <4 x i1> %115 to <4 x i64>
  %117 = add <4 x i64> %vec.phi120, %116
  %118 = tail call <4 x i64> @llvm.umax.v4i64(<4 x i64> %104, <4 x i64> %102)
  %119 = tail call <4 x i64> @llvm.umax.v4i64(<4 x i64> %118, <4 x i64> %vec.phi119)
  %index.next124 = add nuw i64 %index118, 4
  %120 = icmp eq i64 %index.next124, %n.vec116
  br i1 %120, label %middle.block125, label %vector.body117

middle.block125:
  %121 = tail call i64 @llvm.vector.reduce.umax.v4i64(<4 x i64> %119)
  %122 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %117)
  %123 = tail call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %110)
  %cmp.n126 = icmp eq i64 %.630, %n.vec116
  br i1 %cmp.n126, label %B806, label %B400.if.preheader134

B400.if.preheader134:
  %high.2.11049.ph = phi i64 [ 0, %B400.if.preheader ], [ %121, %middle.block125 ]
  %opposed.4.11048.ph = phi i64 [ 0, %B400.if.preheader ], [ %122, %middle.block125 ]
  %differ.6.11047.ph = phi i64 [ 0, %B400.if.preheader ], [ %123, %middle.block125 ]
  %.916.01046.ph = phi i64 [ 0, %B400.if.preheader ], [ %n.vec116, %middle.block125 ]
  br label %B400.if

B400.if:
  %high.2.11049 = phi i64 [ %.13.i1040, %B400.if ], [ %high.2.11049.ph, %B400.if.preheader134 ]
  %opposed.4.11048 = phi i64 [ %.1237, %B400.if ], [ %opposed.4.11048.ph, %B400.if.preheader134 ]
  %differ.6.11047 = phi i64 [ %.1139, %B400.if ], [ %differ.6.11047.ph, %B400.if.preheader134 ]
  %.916.01046 = phi i64 [ %.985, %B400.if ], [ %.916.01046.ph, %B400.if.preheader134 ]
  %.985 = add nuw nsw i64 %.916.01046, 1
  %124 = getelementptr i64, ptr %.655, i64 %.916.01046
  %.1039 = load i64, ptr %124, align 8
  %.1040 = and i64 %.1039, 9223372036854775807
  %125 = getelementptr i64, ptr %.827, i64 %.916.01046
  %.1070 = load i64, ptr %125, align 8
  %.1071 = and i64 %.1070, 9223372036854775807
  %.1132 = icmp ne i64 %.1039, %.1070
  %.1133 = or i64 %.1071, %.1040
  %.1134 = icmp ne i64 %.1133, 0
  %.1135 = and i1 %.1132, %.1134
  %.1137 = zext i1 %.1135 to i64
  %.1139 = add i64 %differ.6.11047, %.1137
  %.13.i1038 = tail call i64 @llvm.umin.i64(i64 %.1071, i64 %.1040)
  %.1202 = xor i64 %.1070, %.1039
  %.1203 = icmp slt i64 %.1202, 0
  %.1232 = icmp ne i64 %.13.i1038, 0
  %.1233 = and i1 %.1203, %.1232
  %.1235 = zext i1 %.1233 to i64
  %.1237 = add i64 %opposed.4.11048, %.1235
  %.13.i1039 = tail call i64 @llvm.umax.i64(i64 %.1071, i64 %.1040)
  %.13.i1040 = tail call i64 @llvm.umax.i64(i64 %.13.i1039, i64 %high.2.11049)
  %exitcond.not = icmp eq i64 %.630, %.985
  br i1 %exitcond.not, label %B806, label %B400.if

B886.if:
  %opposed.5.11085 = phi i64 [ %.2218, %B1570 ], [ 0, %B806 ]
  %differ.7.11084 = phi i64 [ %.1998, %B1570 ], [ 0, %B806 ]
  %product.4.11083 = phi double [ %product.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %b2.4.11082 = phi double [ %b2.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %a2.4.11081 = phi double [ %a2.5.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %d2.3.11080 = phi double [ %d2.4.2, %B1570 ], [ 0.000000e+00, %B806 ]
  %max_d.2.11079 = phi double [ %max_d.3.2, %B1570 ], [ %max_d.4.01104, %B806 ]
  %nonfinite.2.11078 = phi i64 [ %nonfinite.3.2, %B1570 ], [ %nonfinite.4.01099, %B806 ]
  %.1400.01076 = phi i64 [ %.1470, %B1570 ], [ 0, %B806 ]
  %.1470 = add nuw nsw i64 %.1400.01076, 1
  %126 = getelementptr i64, ptr %.655, i64 %.1400.01076
  %.1528 = load i64, ptr %126, align 8
  %.1529 = and i64 %.1528, 9223372036854775807
  %127 = getelementptr i64, ptr %.827, i64 %.1400.01076
  %.1560 = load i64, ptr %127, align 8
  %.1561 = and i64 %.1560, 9223372036854775807
  %.1630.not = icmp ne i64 %.1528, %.1560
  %.1637 = or i64 %.1561, %.1529
  %.1638 = icmp ne i64 %.1637, 0
  %"$phi1022.2.2.2" = select i1 %.1630.not, i1 %.1638, i1 false
  %.1649 = icmp ult i64 %.1529, 9218868437227405312
  %.1652 = icmp ult i64 %.1561, 9218868437227405312
  %or.cond = select i1 %.1649, i1 %.1652, i1 false
  %128 = bitcast i64 %.1560 to double
  br i1 %or.cond, label %B1048, label %B1326

B1664.if:
  %a2.6.21073 = phi double [ %.2470, %B1664.if ], [ %a2.6.21073.ph, %B1664.if.preheader ]
  %.2343.01071 = phi i64 [ %.2412, %B1664.if ], [ %.2343.01071.ph, %B1664.if.preheader ]
  %.2412 = add nuw nsw i64 %.2343.01071, 1
  %129 = getelementptr i64, ptr %.655, i64 %.2343.01071
  %.24661016 = load double, ptr %129, align 8
  %.2468 = fmul reassoc nnan nsz contract double %.24661016, %.24661016
  %.2470 = fadd reassoc nnan nsz contract double %.2468, %a2.6.21073
  %exitcond1119.not = icmp eq i64 %.630, %.2412
  br i1 %exitcond1119.not, label %B2290, label %B1664.if

B1780.if:
  %product.6.21059 = phi double [ %.2759, %B1780.if ], [ %product.6.21059.ph, %B1780.if.preheader133 ]
  %b2.6.21058 = phi double [ %.2754, %B1780.if ], [ %b2.6.21058.ph, %B1780.if.preheader133 ]
  %a2.7.21057 = phi double [ %.2749, %B1780.if ], [ %a2.7.21057.ph, %B1780.if.preheader133 ]
  %d2.5.21056 = phi double [ %.2744, %B1780.if ], [ %d2.5.21056.ph, %B1780.if.preheader133 ]
  %top.2.21055 = phi i64 [ %.13.i1041, %B1780.if ], [ %top.2.21055.ph, %B1780.if.preheader133 ]
  %.2585.01053 = phi i64 [ %.2654, %B1780.if ], [ %.2585.01053.ph, %B1780.if.preheader133 ]
  %.2654 = add nuw nsw i64 %.2585.01053, 1
  %130 = getelementptr i64, ptr %.655, i64 %.2585.01053
  %.27081013 = load double, ptr %130, align 8
  %131 = getelementptr i64, ptr %.827, i64 %.2585.01053
  %.27391014 = load double, ptr %131, align 8
  %.2741 = fsub reassoc nnan nsz contract double %.27081013, %.27391014
  %.2762 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.2741)
  %.2763 = bitcast double %.2762 to i64
  %.13.i1041 = tail call i64 @llvm.smax.i64(i64 %.2763, i64 %top.2.21055)
  %.2757 = fmul reassoc nnan nsz contract double %.27391014, %.27081013
  %.2759 = fadd reassoc nnan nsz contract double %.2757, %product.6.21059
  %.2752 = fmul reassoc nnan nsz contract double %.27391014, %.27391014
  %.2754 = fadd reassoc nnan nsz contract double %.2752, %b2.6.21058
  %.2747 = fmul reassoc nnan nsz contract double %.27081013, %.27081013
  %.2749 = fadd reassoc nnan nsz contract double %.2747, %a2.7.21057
  %.2742 = fmul reassoc nnan nsz contract double %.2741, %.2741
  %.2744 = fadd reassoc nnan nsz contract double %.2742, %d2.5.21056
  %exitcond1117.not = icmp eq i64 %.630, %.2654
  br i1 %exitcond1117.not, label %B2028, label %B1780.if

B2076.if:
  %differ.8.21068 = phi i64 [ %.3094, %B2076.if ], [ %differ.8.21068.ph, %B2076.if.preheader ]
  %.2882.01066 = phi i64 [ %.2978, %B2076.if ], [ %.2882.01066.ph, %B2076.if.preheader ]
  %.2978 = add nuw nsw i64 %.2882.01066, 1
  %132 = getelementptr i64, ptr %.655, i64 %.2882.01066
  %.30501011 = load double, ptr %132, align 8
  %133 = getelementptr i64, ptr %.827, i64 %.2882.01066
  %.30811012 = load double, ptr %133, align 8
  %.3083 = fsub reassoc nnan nsz contract double %.30501011, %.30811012
  %.3084 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.3083)
  %.3085 = tail call reassoc nnan nsz contract double @llvm.fabs.f64(double %.30811012)
  %.3087 = fmul reassoc nnan nsz contract double %.3085, %arg.rtol
  %.3089 = fadd reassoc nnan nsz contract double %.3087, %arg.atol
  %.3090 = fcmp reassoc nnan nsz contract ogt double %.3084, %.3089
  %.3092 = zext i1 %.3090 to i64
  %.3094 = add i64 %differ.8.21068, %.3092
  %exitcond1118.not = icmp eq i64 %.630, %.2978
  br i1 %exitcond1118.not, label %B2290, label %B2076.if
}

declare double @llvm.fabs.f64(double)

declare i64 @llvm.smax.i64(i64, i64)

declare i64 @llvm.umin.i64(i64, i64)

declare i64 @llvm.umax.i64(i64, i64)

declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)

declare <4 x double> @llvm.fabs.v4f64(<4 x double>)

declare i64 @llvm.vector.reduce.add.v4i64(<4 x i64>)

declare <4 x i64> @llvm.smax.v4i64(<4 x i64>, <4 x i64>)

declare i64 @llvm.vector.reduce.smax.v4i64(<4 x i64>)

declare <4 x i64> @llvm.umin.v4i64(<4 x i64>, <4 x i64>)

declare <4 x i64> @llvm.umax.v4i64(<4 x i64>, <4 x i64>)

declare i64 @llvm.vector.reduce.umax.v4i64(<4 x i64>)
