"""Text in columns, and findings in such columns."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspector import core

KEY_WIDTH = 100


def columns(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Left-aligned columns, the last one as it comes."""
    table = [tuple(titles), *map(tuple, rows)]
    widths = [min(max(map(len, column)), KEY_WIDTH) for column in zip(*table, strict=True)]
    line = "  ".join(f"%-{width}s" for width in widths[:-1]) + "  %s"
    return "\n".join((line % row).rstrip() for row in table)


def findings_text(findings: Sequence[core.Finding]) -> str:
    """A line per finding, the gravest first."""
    order = sorted(findings, key=lambda finding: -core.LEVELS.index(finding.level))
    return columns(("finding", "id", "where", ""),
                   ((finding.level, finding.id, core.visible(finding.where, 60),
                     core.visible(f"{finding.message} {finding.hint}".strip(), 1000)) for finding in order))
