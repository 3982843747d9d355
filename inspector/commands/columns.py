"""Text in columns, and findings in such columns."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from inspector import core
from inspector.sentences import said

from .output import Paint, plain
from .wide_text import padded, width

KEY_WIDTH = 100


def columns(titles: Sequence[str], rows: Iterable[Sequence[str]], first: Callable[[str], str] | None = None) -> str:
    """Left-aligned columns, the last one as it comes. `first` puts colour to the first cell of each row, whose width stays."""
    table = [tuple(map(said, titles)), *map(tuple, rows)]
    plain_letters = all(map(str.isascii, chain.from_iterable(table)))
    widths = [min(max(map(len if plain_letters else width, column)), KEY_WIDTH) for column in zip(*table, strict=True)]
    if plain_letters and first is None:                     # as nearly all are, and there may be a million
        line = "".join(f"%-{room}s  " for room in widths[:-1]) + "%s"
        return "\n".join([(line % row).rstrip() for row in table])
    lines = []
    for number, row in enumerate(table):
        cells = [padded(cell, room) for cell, room in zip(row[:-1], widths, strict=False)]
        if first is not None and number and cells:
            cells[0] = first(row[0]) + cells[0][len(row[0]):]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def findings_text(findings: Sequence[core.Finding], paint: Paint = plain) -> str:
    """A line per finding, the gravest first."""
    levels = {said(level): level for level in core.LEVELS}
    order = sorted(findings, key=lambda finding: -core.LEVELS.index(finding.level))
    return columns(("finding", "id", "where", ""),
                   ((said(finding.level), finding.id, core.visible(finding.where, 60),
                     core.visible(joined(said(finding.message), said(finding.hint)), 1000)) for finding in order),
                   lambda level: paint(level, levels[level]))


def joined(message: str, hint: str) -> str:
    """Two sentences behind each other; no space is put between those in Chinese."""
    return f"{message}{'' if message.endswith('。') else ' '}{hint}".strip()
