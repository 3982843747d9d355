"""Sparse and nested tensors whose indices point outside of them: "misplaced-indices". torch.load does not look at them, and what is done
with such a tensor reads and writes outside of its memory."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import BadTensor
from inspector.core.findings import Finding
from inspector.core.keypath import visible
from inspector.core.progress import Monitor
from inspector.core.tensor_table import kinds
from inspector.core.tensors.reader import TensorReader
from inspector.core.tensors.sparse import check_indices

_LAYOUTS = frozenset({"sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "nested", "jagged"})
_TOLD = ("checksum", "header_mismatch")         # by corrupt_member


def misplaced_indices_findings(ckpt: Checkpoint, monitor: Monitor) -> Iterator[Finding]:
    if not any(layout in _LAYOUTS for (layout,), _ in kinds(ckpt.tensors, "layout")):
        return
    found: dict[str, str] = {}
    with TensorReader(ckpt, monitor) as reader:
        for info in ckpt.tensors.values():
            if info.layout not in _LAYOUTS or info.problem:
                continue
            try:
                check_indices(info, reader)
            except BadTensor as error:
                if error.id not in _TOLD:
                    found[info.key] = error.message
    if found:
        first, why = next(iter(found.items()))
        count = "One tensor's indices" if len(found) == 1 else f"The indices of {len(found):,} tensors"
        yield Finding("misplaced-indices", "danger", visible(first), f"{count} do not fit: {visible(first, 80) or 'the tensor'}: "
                      f"{visible(why)}.", "Leave them out, or fetch the file again: torch.load does not look at indices, and what is done "
                      "with such a tensor may read and write outside of its memory.", keys=tuple(found))
