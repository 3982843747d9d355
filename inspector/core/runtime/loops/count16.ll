; count16: made by tests/make_loops.py, not by hand
; source 362a1ad72fe3f634255468f6072d1ce4f1b657c8927d6e6d1ab1fe47df3429ac
define noundef i32 @loop(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readonly %arg.values, i64 %arg.size, ptr %arg.tables) {
entry:
  %.10 = ashr i64 %arg.size, 3
  %.281 = getelementptr i8, ptr %arg.tables, i64 262144
  %.422401.not = icmp slt i64 %.10, 1
  br i1 %.422401.not, label %B362, label %B244.if

B244.loopexit:
  %.435 = add nuw nsw i64 %.366.0402, 1
  %exitcond407.not = icmp eq i64 %.10, %.435
  br i1 %exitcond407.not, label %B362, label %B244.if

B362:
  %.867 = and i64 %arg.size, 7
  %.910404.not = icmp eq i64 %.867, 0
  br i1 %.910404.not, label %common.ret, label %B400.if.preheader

B400.if.preheader:
  %.827 = and i64 %arg.size, -8
  br label %B400.if

common.ret:
  store ptr null, ptr %retptr, align 8
  ret i32 0

B244.if:
  %.366.0402 = phi i64 [ %.435, %B244.loopexit ], [ 0, %entry ]
  %.idx = shl i64 %.366.0402, 4
  %0 = getelementptr i8, ptr %arg.values, i64 %.idx
  br label %switch.lookup

switch.lookup:
  %.478.0400 = phi i64 [ 0, %B244.if ], [ %.540, %switch.lookup ]
  %.540 = add nuw nsw i64 %.478.0400, 1
  %.616.idx = shl nuw nsw i64 %.478.0400, 2
  %.616 = getelementptr i8, ptr %0, i64 %.616.idx
  %.617 = load i16, ptr %.616, align 2
  %.621 = zext i16 %.617 to i64
  %.646 = getelementptr i32, ptr %arg.tables, i64 %.621
  %.647 = load i32, ptr %.646, align 4
  %.651 = add i32 %.647, 1
  store i32 %.651, ptr %.646, align 4
  %.733 = getelementptr i8, ptr %.616, i64 2
  %.734 = load i16, ptr %.733, align 2
  %.738 = zext i16 %.734 to i64
  %.763 = getelementptr i32, ptr %.281, i64 %.738
  %.764 = load i32, ptr %.763, align 4
  %.768 = add i32 %.764, 1
  store i32 %.768, ptr %.763, align 4
  %exitcond.not = icmp eq i64 %.540, 4
  br i1 %exitcond.not, label %B244.loopexit, label %switch.lookup

B400.if:
  %.857.0406 = phi i64 [ %.919, %B400.if ], [ %.867, %B400.if.preheader ]
  %.854.0405 = phi i64 [ %.923, %B400.if ], [ %.827, %B400.if.preheader ]
  %.919 = add nsw i64 %.857.0406, -1
  %.923 = add nuw nsw i64 %.854.0405, 1
  %.961 = icmp slt i64 %.854.0405, 0
  %.962 = select i1 %.961, i64 %arg.size, i64 0
  %1 = getelementptr i16, ptr %arg.values, i64 %.854.0405
  %.976 = getelementptr i16, ptr %1, i64 %.962
  %.977 = load i16, ptr %.976, align 2
  %.979 = zext i16 %.977 to i64
  %.1004 = getelementptr i32, ptr %arg.tables, i64 %.979
  %.1005 = load i32, ptr %.1004, align 4
  %.1009 = add i32 %.1005, 1
  store i32 %.1009, ptr %.1004, align 4
  %.910 = icmp ugt i64 %.857.0406, 1
  br i1 %.910, label %B400.if, label %common.ret
}
