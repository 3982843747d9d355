"""Sparse and nested tensors whose indices point outside of them: "misplaced-indices". torch.load does not look at them, and what is done
with such a tensor reads and writes outside of its memory. Those of which several are for one element, or that do not ascend where torch
would have them: "unordered-indices"."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import BadTensor
from inspector.core.findings import Finding
from inspector.core.keypath import visible
from inspector.core.progress import Monitor
from inspector.core.tensor_table import tagged
from inspector.core.tensors.reader import TensorReader
from inspector.core.tensors.sparse import check_indices, is_ascending

_LAYOUTS = frozenset({"sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "nested", "jagged"})
_TOLD = ("checksum", "header_mismatch")         # by corrupt_member


def misplaced_indices_findings(ckpt: Checkpoint, monitor: Monitor) -> Iterator[Finding]:
    if _LAYOUTS.isdisjoint(tagged(ckpt.tensors, "layout")):
        return
    found: dict[str, str] = {}
    unordered: list[str] = []
    with TensorReader(ckpt, monitor) as reader:
        for info in ckpt.tensors.values():
            if info.layout not in _LAYOUTS or info.problem:
                continue
            try:
                check_indices(info, reader)
                if not is_ascending(info, reader):
                    unordered.append(info.key)
            except BadTensor as error:
                if error.id not in _TOLD:
                    found[info.key] = error.message
    if found:
        first, why = next(iter(found.items()))
        count = "One tensor's indices" if len(found) == 1 else f"The indices of {len(found):,} tensors"
        yield Finding("misplaced-indices", "danger", visible(first), f"{count} do not fit: {visible(first, 80) or 'the tensor'}: "
                      f"{visible(why)}.", "Leave them out, or fetch the file again: torch.load does not look at indices, and what is done "
                      "with such a tensor may read and write outside of its memory.", keys=tuple(found))
    if unordered:
        those = "One tensor has" if len(unordered) == 1 else f"{len(unordered):,} tensors have"
        yield Finding("unordered-indices", "warning", visible(unordered[0]), f"{those} indices that do not ascend within a row or "
                      f"column, or are there twice: {visible(unordered[0], 80) or 'the tensor'}.", "Make it anew from to_dense(), which "
                      "adds up the values of one element: other operations take each by itself, and torch refuses such a tensor where "
                      "it checks invariants.", keys=tuple(unordered))
