"""Text in columns, and findings in such columns."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from inspector import core
from inspector.sentences import said

from .output import Paint, plain
from .wide_text import padded, width

KEY_WIDTH = 100
TOLD = 5                # findings of a kind, each in its own words


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
    """A line for each kind of finding, the gravest first. Below one for several findings that say different things stand those."""
    levels = {said(level): level for level in core.LEVELS}
    return columns(("finding", "id", "where", ""), chain.from_iterable(map(_lines, core.grouped_findings(findings))),
                   lambda level: paint(level, levels[level]) if level else "")


def _lines(group: core.FindingGroup) -> Iterator[tuple[str, str, str, str]]:
    """What all of them come to, if that is another sentence than the first of them, and the first few in their own words."""
    alike = messages_of(group)
    told = [(places_text(places, 1, 60), said(message)) for message, places in islice(alike.items(), TOLD)]
    if not group.title.startswith(group.findings[0].message):
        told.insert(0, ("", said(group.title)))
    (where, first), *others = told
    yield said(group.level), group.id, where, core.visible(joined(first, said(group.hint)), 1000)
    yield from (("", "", where, core.visible(message, 1000)) for where, message in others)
    if len(alike) > TOLD:
        yield "", "", "", said(f"… and {len(alike) - TOLD:,} more; --json lists them all")


def messages_of(group: core.FindingGroup) -> dict[str, list[str]]:
    """What the findings say, and the places where each says so."""
    alike: dict[str, list[str]] = {}
    for finding in group.findings:
        alike.setdefault(finding.message, []).append(finding.where)
    return alike


def places_text(places: Sequence[str], shown: int, limit: int) -> str:
    """Where it is: the first `shown`, none longer than `limit`, and how many others there are."""
    text = ", ".join(core.visible(place, limit) for place in places[:shown] if place)
    more = len(places) - shown
    return f"{text} {said(f'and {more:,} more')}".strip() if more > 0 else text


def joined(message: str, hint: str) -> str:
    """Two sentences behind each other; no space is put between those in Chinese."""
    return f"{message}{'' if message.endswith('。') else ' '}{hint}".strip()
