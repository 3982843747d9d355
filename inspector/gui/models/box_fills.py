"""How the boxes of a map of bytes are filled by what is known of their values: a ramp over deviations, a warning where there is NaN, more
of a colour the more a tensor changed. What was not read stays empty. No Qt.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from inspector import core
from inspector.gui.kit.theme import Colours

TINT = 0.3                      # of its colour in a box that is filled by what it is; its edge has all of it
STRONGEST = 0.38                # in one that is filled by a number: words can still be read on it
VALUES = ("std", "nan", "change")       # what boxes can be filled by that reading tells
_WEAKEST = 0.04
_STEPS = 24                     # of a ramp: boxes of one fill are drawn together
_SPAN = (0.05, 0.95)            # of the tensors that are shown, for the ramp

Look = Callable[[str], float | None]


class Fill(NamedTuple):
    """A colour, and how much of it lies over the ground of a box, and of its edge (0 to 1)."""

    colour: str
    part: float
    edge: float = 1.0


class Values(NamedTuple):
    """What is known of the values of tensors: `look` gives the number of a key, None while it is not known. `read` of `of` tensors were
    looked at; `nbytes` is what the rest takes to read, and `at_work` whether that goes on."""

    look: Look
    read: int
    of: int
    nbytes: int = 0
    at_work: bool = False

    @property
    def is_complete(self) -> bool:
        return self.read >= self.of


class ValueFills:
    """The fills of the boxes inside `root` by one of VALUES. `span` is what the ramp goes over, None where nothing is known."""

    def __init__(self, how: str, root: core.ByteBox, look: Look, colours: Colours) -> None:
        self._how, self._look, self._colours = how, look, colours
        self.empty = Fill(colours.faint, 0.0, 0.5)
        found = [look(box.path) for box in leaves(root) if box.info is not None]
        self.known = [value for value in found if value is not None]
        self.unknown = len(found) - len(self.known)
        self.span: tuple[float, float] | None = None
        if how == "std":
            self.span = span_of(self.known)
        elif how == "change" and self.known:
            self.span = (0.0, 1.0)

    def of(self, box: core.ByteBox) -> Fill:
        value = self._look(box.path) if box.info is not None else None
        return self.empty if value is None else self.at(value)

    def at(self, value: float) -> Fill:
        """The fill of a tensor with that number. A deviation is NaN where no element is finite, a change where there is nothing to compare
        with."""
        c = self._colours
        if self._how == "nan":
            return Fill(c.danger, STRONGEST) if value else Fill(c.muted, _WEAKEST, 0.5)
        if math.isnan(value):
            return Fill(c.danger, STRONGEST)
        low, high = self.span or (value, value)
        place = min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 1.0 if value > low else 0.0
        if self._how == "change":
            place = math.sqrt(place)            # most changes are small, and are what one looks for
        part = _WEAKEST + (STRONGEST - _WEAKEST) * round(place * _STEPS) / _STEPS
        return Fill(c.accent if self._how == "std" else c.bar, part, 0.3 + part)


def span_of(values: Sequence[float]) -> tuple[float, float] | None:
    """From where to where all but a twentieth at either end lie."""
    ordered = sorted(value for value in values if math.isfinite(value))
    if not ordered:
        return None
    last = len(ordered) - 1
    return ordered[round(last * _SPAN[0])], ordered[round(last * _SPAN[1])]


def leaves(box: core.ByteBox) -> Iterator[core.ByteBox]:
    """What has no boxes inside."""
    waiting: list[Iterable[core.ByteBox]] = [(box,)]
    while waiting:
        for one in waiting.pop():
            if one.boxes:
                waiting.append(one.boxes)
            else:
                yield one
