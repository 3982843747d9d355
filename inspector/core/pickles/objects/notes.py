"""The machine's notes of one pickle, as findings."""
from __future__ import annotations

from inspector.core.findings import Finding, Level
from inspector.core.graph import Graph

# notes that are no cause for a warning
_CALM = frozenset({"big-int", "surrogate", "odd-protocol"})


def note_findings(graph: Graph, member: str) -> list[Finding]:
    """What the machine noted in one pickle, one finding for each kind of note."""
    first: dict[str, tuple[int, str, int]] = {}
    for note in graph.notes:
        at, message, count = first.get(note.id, (note.at, note.message, 0))
        first[note.id] = (at, message, count + 1)
    found = []
    for id, (at, message, count) in first.items():
        more = f" There are {count - 1:,} more like it." if count > 1 else ""
        found.append(Finding(id, _note_level(id), f"{member}:{at}", sentence(message) + more))
    return found


def _note_level(id: str) -> Level:
    return "info" if id in _CALM else "warning"


def sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
