"""Names in the file's pickles that torch.load would import or call: "unknown-code" and its kin (see `pickles.code`)."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.findings import Finding
from inspector.core.pickles.objects.code import code_findings


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    paths: dict[int, str] = {}
    for key, value in ckpt.values.items():
        if isinstance(value, Opaque) and value.type != "reference":
            paths.setdefault(value.node, key)
    first = 0
    for member, graph in ckpt.pickles:
        shown = {node - first: key for node, key in paths.items() if first <= node < first + len(graph)} if paths else {}
        yield from code_findings(graph, member, paths=shown)
        first += len(graph)
