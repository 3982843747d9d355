"""Layers that are counted from another number on each side: of one network, `blocks.1` … `blocks.12` and `blocks.0` … `blocks.11`.

Most names are then on both sides by accident, each another layer. A place is written as in `--renumber`: `blocks.#`, `layer#`,
`stages.*.blocks.#`, where `#` is the number and `*` one before it.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor, stoppable

Shape = tuple[int, ...]
Numbers = tuple[int, ...]
Layers = dict[Numbers, list[tuple[str, int, int]]]
"""Numbers -> the names with them, and where the last of the numbers begins and ends in each."""

_NUMBER = re.compile(r"(?:(?<=\.)|^)([A-Za-z_]*)(\d{1,9})(?=\.)")
_DEEPEST = 8            # numbers of a name that are looked at
_MOST = 32              # places that are told


class Shift(NamedTuple):
    """`a` and `b` are the first number on each side at `place`, `pairs` the names of A and of B that are one layer if the layers are
    paired in their order. `is_sure`: they are; otherwise the names say one thing and the order another, and nothing tells which is
    meant. `tensors` are those of A at `place`."""

    place: str
    a: int
    b: int
    pairs: tuple[tuple[str, str], ...]
    is_sure: bool
    tensors: int

    @property
    def by(self) -> int:
        return self.b - self.a

    def between(self, here: str, there: str) -> str:
        how = "matched by order" if self.is_sure else "matched by name, and which is meant cannot be told"
        return f"the layers {visible(self.place, 80)} are numbered from {self.a} in {here} and from {self.b} in {there}: {how}"


def shifts(a: Mapping[str, Shape | None], b: Mapping[str, Shape | None], monitor: Monitor = QUIET) -> list[Shift]:
    """Where numbers of `a` and of `b` begin differently though they have names in common."""
    if len(a) == len(b) and all(name in b for name in stoppable(a, monitor)):
        return []
    odd = {place for one, other in ((a, b), (b, a)) for name in stoppable(one, monitor) if name not in other for place, *_ in places(name)}
    if not odd:                     # where all numbers are on both sides, none begins elsewhere
        return []
    of_a, of_b = _counted(a, odd, monitor), _counted(b, odd, monitor)
    found: list[Shift] = []
    for place, mine in of_a.items():
        theirs = of_b.get(place)
        if len(found) >= _MOST:
            break
        if theirs is None or mine.keys().isdisjoint(theirs) or any(place.startswith(one.place.replace("#", "*")) for one in found):
            continue
        if mine.keys() == theirs.keys():            # one part of the layers may have moved: timm's Swin downsamples in the next stage now
            parts_a, parts_b = _by_part(mine, b, monitor), _by_part(theirs, a, monitor)
            moved_parts = [_shift(f"{place}.{part}", parts_a[part], parts_b[part], a, b, monitor) for part in parts_a if part in parts_b]
            found += [shift for shift in moved_parts if shift is not None and shift.is_sure]
        elif (shift := _shift(place, mine, theirs, a, b, monitor)) is not None:
            found.append(shift)
    return found


def places(name: str) -> Iterator[tuple[str, Numbers, int, int]]:
    """(place, the numbers up to it, where the last of them begins and ends) of each number in `name`, outer ones first."""
    text, last = "", 0
    numbers: Numbers = ()
    for at, number in enumerate(_NUMBER.finditer(name)):
        if at == _DEEPEST:
            return
        text += name[last:number.start(2)]
        numbers = (*numbers, int(number[2]))
        yield f"{text}#", numbers, number.start(2), number.end(2)
        text, last = f"{text}*", number.end(2)


def moved(name: str, start: int, end: int, by: int) -> str:
    """`name` with the number at [start, end) raised by `by`, as wide as it is written."""
    digits = name[start:end]
    return f"{name[:start]}{str(int(digits) + by).zfill(len(digits) if digits[0] == '0' else 0)}{name[end:]}"


def _by_part(layers: Layers, others: Mapping[str, Shape | None], monitor: Monitor) -> dict[str, Layers]:
    """The parts of `layers` of which something is not in `others`."""
    entries = [(numbers, entry, entry[0][entry[2] + 1:].partition(".")[0])
               for numbers, names in stoppable(layers.items(), monitor) for entry in names]
    odd = {part for _, (name, *_), part in stoppable(entries, monitor) if name not in others}
    found: dict[str, Layers] = {}
    for numbers, entry, part in stoppable(entries, monitor) if odd else ():
        if part in odd:
            found.setdefault(part, {}).setdefault(numbers, []).append(entry)
    return found


def _counted(names: Iterable[str], wanted: Set[str], monitor: Monitor) -> dict[str, Layers]:
    heads = tuple({place.partition("#")[0].partition("*")[0] for place in wanted})
    if len(heads) > _MOST:          # each name is held against each of them
        heads = ("",)
    found: dict[str, Layers] = {}
    for name in stoppable(names, monitor):
        for place, numbers, start, end in places(name) if name.startswith(heads) else ():
            if place in wanted:
                found.setdefault(place, {}).setdefault(numbers, []).append((name, start, end))
    return found


def _shift(place: str, mine: Layers, theirs: Layers, a: Mapping[str, Shape | None],
           b: Mapping[str, Shape | None], monitor: Monitor) -> Shift | None:
    first_a, first_b = (min(numbers[-1] for numbers in stoppable(side, monitor)) for side in (mine, theirs))
    by = first_b - first_a
    if not by or len(mine) < 2 or len(theirs) < 2:
        return None
    names = [entry for entries in mine.values() for entry in entries]
    pairs = [(name, other) for name, start, end in stoppable(names, monitor) if (other := moved(name, start, end, by)) in b]
    ordered = sum(_fits(a[x], b[y]) for x, y in stoppable(pairs, monitor))
    if not ordered:
        return None
    by_name = [name for name, *_ in stoppable(names, monitor) if name in b]
    named = sum(_fits(a[name], b[name]) for name in stoppable(by_name, monitor))
    is_whole = {(*numbers[:-1], numbers[-1] + by) for numbers in stoppable(mine, monitor)} == theirs.keys()
    shapes_tell = named < len(by_name) and ordered == len(pairs)
    is_sure = ordered > named and (shapes_tell or (is_whole and abs(by) == 1))
    return Shift(place, first_a, first_b, tuple(pairs), is_sure, len(names))


def _fits(x: Shape | None, y: Shape | None) -> bool:
    return x is None or y is None or x == y
