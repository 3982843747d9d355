"""Names in the file's pickles that torch.load would import or call: "unknown-code" and its kin (see `pickles.code`)."""
from __future__ import annotations

from collections.abc import Iterator

from ..checkpoint import Checkpoint, Opaque
from ..findings import Finding
from ..pickles.code import code_findings


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    paths: dict[int, str] = {}
    for i, (member, graph) in enumerate(ckpt.pickles):
        if i == 0:                          # keys are those of the first pickle; the others are not shown as values
            for key, value in ckpt.values.items():
                if isinstance(value, Opaque) and value.type != "reference":
                    paths.setdefault(value.node, key)
        yield from code_findings(graph, member, paths=paths if i == 0 else {})
