"""Texts of Python 2 that torch.load cannot decode as it does by default: "undecodable-text".

It takes the byte strings of Python 2 for UTF-8 (`encoding="utf-8"` of `torch.load`, torch/serialization.py since 0.4.1), whatever
weights_only is; one that is none ends it.
"""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.graph import PYSTR, PYSTRTEXT, Graph
from inspector.core.keypath import visible
from inspector.core.pickles.objects.persistent import locations
from inspector.core.plain_values import one_line

_OPCODES = frozenset(b"STU")        # STRING, BINSTRING, SHORT_BINSTRING
_ANY = ("torch.load(..., weights_only=False, encoding=\"latin1\") reads it, if you trust the file; --plain '*' saves one that needs "
        "neither.")
_LOCATIONS = ("torch.load(..., weights_only=False, encoding=\"latin1\", map_location=\"cpu\") reads it, if you trust the file; "
              "--device '*=cpu' saves one that needs none of them.")
_LOADED = frozenset(("torch-zip", "torch-legacy", "torch-tar", "torch-sharded"))


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    for member, graph in ckpt.pickles if ckpt.format in _LOADED else ():
        found = _undecodable(graph) if not _OPCODES.isdisjoint(graph.opcodes) else []
        if found:
            n = found[0]
            shown = one_line((graph.raw(n) or b"")[:60])
            many = f"{len(found):,} texts of Python 2 are" if len(found) > 1 else "A text of Python 2 is"
            yield Finding("undecodable-text", "warning", f"{member}:{graph.at[n]}", f"{many} not UTF-8, {visible(shown, 100)} first: "
                          "torch.load stops there ('utf-8' codec can't decode …).", _LOCATIONS if _are_locations(graph, found) else _ANY)


def _are_locations(graph: Graph, texts: list[int]) -> bool:
    """Whether nothing but tags of devices is spelled with these texts."""
    wanted = {*texts}
    as_tags = [n for n in locations(graph) if n in wanted]
    return wanted == {*as_tags} and len(as_tags) == sum(n in wanted for n in graph.operands)


def _undecodable(graph: Graph) -> list[int]:
    found = []
    for kind in (PYSTR, PYSTRTEXT):
        n = graph.kind.find(kind)
        while n >= 0:
            if graph.loose_text(n) is None:
                found.append(n)
            n = graph.kind.find(kind, n + 1)
    return sorted(found)
