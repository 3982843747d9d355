"""Tensors whose values cannot be had: "broken-tensor"."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import visible
from inspector.core.tensor_table import tagged

_TOLD = ("meta:", "wrapper:")        # nothing is broken, and a finding of their own says what it is


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    if not any(tagged(ckpt.tensors, "problem")):
        return
    broken = [info for info in ckpt.tensors.values() if info.problem and not info.problem.startswith(_TOLD)]
    if broken:
        first = broken[0]
        count = "One tensor's values" if len(broken) == 1 else f"The values of {len(broken):,} tensors"
        yield Finding("broken-tensor", "danger", visible(first.key), f"{count} cannot be shown: "
                      f"{visible(first.key, 80) or 'the tensor'}: {visible(first.problem)}.", "All other tensors can be used.",
                      keys=tuple(info.key for info in broken))
