"""Tensors whose elements are not in order in their storage (transposed, strided views): "non-contiguous"."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap
from operator import itemgetter

from inspector.core.checkpoint import Checkpoint, TensorInfo, is_contiguous
from inspector.core.findings import Finding
from inspector.core.keypath import visible

_FORM = itemgetter(*map(TensorInfo._fields.index, ("shape", "stride")))


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    if ckpt.format.startswith("safetensors"):       # knows no strides
        return
    if all(starmap(is_contiguous, {*map(_FORM, ckpt.tensors.values())})):       # the usual case; there are few forms
        return
    forms: dict[tuple[tuple[int, ...], tuple[int, ...]], bool] = {}
    odd = []
    for info in ckpt.tensors.values():
        form = info[1], info[4]
        packed = forms.get(form)
        if packed is None:
            packed = forms[form] = info.layout != "strided" or bool(info.problem) or is_contiguous(*form)
        if not packed and not info.problem:
            odd.append(info.key)
    if odd:
        listed = ", ".join(visible(key, 80) for key in odd[:3]) + (" …" if len(odd) > 3 else "")
        count = "One tensor is" if len(odd) == 1 else f"{len(odd):,} tensors are"
        yield Finding("non-contiguous", "info", visible(odd[0]), f"{count} not contiguous: {listed}.",
                      "Converting to safetensors packs them.", keys=tuple(odd))
