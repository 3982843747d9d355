"""Tensors whose elements are not in order in their storage (transposed, strided views): "non-contiguous"."""
from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from inspector.core.checkpoint import Checkpoint, TensorInfo, is_contiguous
from inspector.core.findings import Finding
from inspector.core.hashing import Few
from inspector.core.keypath import visible
from inspector.core.tensor_table import kinds

_FORM = itemgetter(*map(TensorInfo._fields.index, ("shape", "stride")))


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    if ckpt.format.startswith("safetensors"):       # knows no strides
        return
    packed = Few[tuple[tuple[int, ...], tuple[int, ...]], bool](lambda form: is_contiguous(*form))        # there are few forms
    if all(packed[form] for form, _ in kinds(ckpt.tensors, "shape", "stride")):         # the usual case
        return
    odd = [info.key for info in ckpt.tensors.values() if info.layout == "strided" and not info.problem and not packed[_FORM(info)]]
    if odd:
        listed = ", ".join(visible(key, 80) for key in odd[:3]) + (" …" if len(odd) > 3 else "")
        count = "One tensor is" if len(odd) == 1 else f"{len(odd):,} tensors are"
        yield Finding("non-contiguous", "info", visible(odd[0]), f"{count} not contiguous: {listed}.",
                      "Converting to safetensors packs them.", keys=tuple(odd))
