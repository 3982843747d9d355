"""Axes as arithmetic: where a value lies on an axis, which ticks to draw, and how a number is written on it.

A scale maps data to view coordinates, where the whole data is 0..1, so that nothing is ever drawn at 1e38 or with a
width of 1e-9: Qt's transforms take such numbers for zero. Ticks are numbers a person would choose, written plainly,
without SI prefixes.
"""
from __future__ import annotations

import re
from math import ceil, floor, isfinite, log10
from typing import NamedTuple, Protocol

_PLAIN_LARGEST = 1e7        # beyond, and below the smallest, numbers are written as 2.5e-05
_PLAIN_SMALLEST = 1e-3
_PLAIN_DECIMALS = 10
_STRIP = 0.25               # decades from zero to the least size of a SymLogScale
_HALF_LARGEST = 1.7976931348623157e308 / 2
_HYPHEN = re.compile(r"(?<![^\s(e])-(?=[\d.∞])")       # before a number, or in its exponent


class Tick(NamedTuple):
    """`at` in view coordinates; `text` "" for a minor tick."""

    at: float
    text: str


class Scale(Protocol):
    def to_view(self, value: float) -> float: ...

    def to_value(self, at: float) -> float: ...

    def ticks(self, start: float, end: float, wanted: int) -> list[Tick]:
        """About `wanted` labelled ticks (and minor ones) between the view coordinates `start` < `end`."""


class ValueScale:
    """Values from `low` to `high` (finite, `low` <= `high`), evenly; `integers` keeps ticks on whole numbers."""

    def __init__(self, low: float, high: float, *, integers: bool = False) -> None:
        if not high / 2 - low / 2 > 0:         # one value, or two so close that nothing fits between
            low, high = _widened(low)
        self.low = low
        self.high = high
        self.integers = integers
        # halves, because the difference of two finite numbers may be infinite
        self._half_span = high / 2 - low / 2

    def to_view(self, value: float) -> float:
        return (value / 2 - self.low / 2) / self._half_span

    def to_value(self, at: float) -> float:
        value = self.low * (1 - at) + self.high * at
        return value if isfinite(value) else self.high if value > 0 else self.low

    def ticks(self, start: float, end: float, wanted: int) -> list[Tick]:
        low, high = self.to_value(start), self.to_value(end)
        step, found = 0.0, list[float]()
        for more in (wanted, wanted + 1, 2 * wanted, 3 * wanted):       # one label alone says nothing of how wide it all is
            step = nice_step(low, high, more)
            if self.integers:
                step = max(1.0, float(ceil(step)))
            found = multiples(step, low, high)
            if len(found) > 1:
                break
        return [Tick(self.to_view(value), axis_number(value, step, max(abs(low), abs(high)))) for value in found]


class SymLogScale:
    """Values from `low` to `high` by the logarithm of their size on both sides of zero; what is smaller than `least` (> 0) in
    size lies evenly in a strip as wide as half a decade."""

    def __init__(self, low: float, high: float, least: float) -> None:
        if not high / 2 - low / 2 > 0:
            low, high = _widened(low)
        self.low, self.high, self.least = low, high, least
        self._start, self._end = self._place(low), self._place(high)

    def to_view(self, value: float) -> float:
        return (self._place(value) - self._start) / (self._end - self._start)

    def to_value(self, at: float) -> float:
        place = self._start + at * (self._end - self._start)
        size = abs(place)
        value = size / _STRIP * self.least if size <= _STRIP else self.least * 10 ** min(size - _STRIP, 600.0)
        value = min(value, 2 * _HALF_LARGEST)
        return value if place >= 0 else -value

    def ticks(self, start: float, end: float, wanted: int) -> list[Tick]:
        low, high = self.to_value(start), self.to_value(end)
        top = max(abs(low), abs(high))
        powers = range(ceil(log10(self.least)), floor(log10(top)) + 1) if top > self.least else range(0)
        both = 2 if low < 0 < high else 1
        every = max(1, ceil(both * len(powers) / max(wanted, 1)))
        sizes = [float(f"1e{power}") for power in powers[::-1][::every]]
        values = sorted({0.0, *sizes, *(-size for size in sizes)})
        shown = [value for value in values if low <= value <= high]
        if len(shown) < 2:
            shown = multiples(nice_step(low, high, wanted), low, high)
        apart, kept = 0.7 * (end - start) / max(wanted, 1), list[float]()
        for value in sorted(shown, key=lambda value: (value != 0, -abs(value))):      # zero and the far ones before others
            if all(abs(self.to_view(value) - self.to_view(other)) >= apart for other in kept):
                kept.append(value)
        return [Tick(self.to_view(value), typeset(number(value, 4))) for value in sorted(kept)]

    def _place(self, value: float) -> float:
        size = abs(value)
        place = size / self.least * _STRIP if size <= self.least else _STRIP + log10(size) - log10(self.least)
        return place if value >= 0 else -place


class CountScale:
    """Counts from 0 to `top`, evenly."""

    def __init__(self, top: float) -> None:
        self.top = max(float(top), 1.0)

    def to_view(self, value: float) -> float:
        return value / self.top

    def to_value(self, at: float) -> float:
        return at * self.top

    def ticks(self, start: float, end: float, wanted: int) -> list[Tick]:
        low, high = max(0.0, self.to_value(start)), self.to_value(end)
        step = max(1.0, nice_step(low, high, wanted))
        return [Tick(self.to_view(value), f"{round(value):,}") for value in multiples(step, low, high)]


class LogCountScale:
    """Counts from 0 to `top` by log10(count + 1): an empty bin lies at 0 and a single element is still seen."""

    def __init__(self, top: float) -> None:
        self.top = max(float(top), 1.0)
        self._height = log10(self.top + 1)

    def to_view(self, value: float) -> float:
        return log10(value + 1) / self._height

    def to_value(self, at: float) -> float:
        return float(10 ** (at * self._height) - 1)

    def ticks(self, start: float, end: float, wanted: int) -> list[Tick]:
        low, high = max(0.0, self.to_value(start)), max(1.0, self.to_value(end))
        low = 0.0 if low < 1e-6 else low
        decades = [10.0 ** power for power in range(max(0, floor(log10(max(low, 1.0)))), floor(log10(high)) + 1)]
        every = max(1, ceil(len(decades) / max(wanted, 1)))
        labelled = set(decades[::every])
        finer = {mantissa * decade for decade in decades for mantissa in range(1, 10)}
        if len(decades) < 3:
            labelled |= {mantissa * decade for decade in decades for mantissa in (2, 5)}
        if sum(low <= value <= high for value in labelled) < 2:       # zoomed in between two of them
            labelled = set(multiples(max(1.0, nice_step(low, high, wanted)), low, high))
            finer = set()
        labelled.add(0.0)
        inside = [(self.to_view(value), value) for value in sorted(labelled | finer) if low <= value <= high]
        apart = (end - start) / (2.5 * max(wanted, 1))       # labels nearer than this would touch
        ticks, last = [], -1.0
        for at, value in inside:
            shown = value in labelled and (at - last >= apart or last < 0)
            last = at if shown else last
            ticks.append(Tick(at, f"{round(value):,}" if shown else ""))
        return ticks


def _widened(value: float) -> tuple[float, float]:
    """A range around a single value, for something to be drawn in."""
    by = max(abs(value) * 0.05, 0.5 if abs(value) < 1e15 else 1.0)
    return max(value - by, -2 * _HALF_LARGEST), min(value + by, 2 * _HALF_LARGEST)


def nice_step(low: float, high: float, wanted: int) -> float:
    """1, 2 or 5 times a power of ten, so that about `wanted` multiples lie between `low` and `high`."""
    wanted = max(wanted, 1)
    rough = high / wanted - low / wanted
    if not rough > 0:
        return 1.0
    power = floor(log10(rough))
    for mantissa in (1, 2, 5, 10):
        step = float(f"{mantissa}e{power}")      # decimal, so that 3 steps of 0.1 do not make 0.30000000000000004
        if step >= rough * 0.999:
            return step
    return rough


def multiples(step: float, low: float, high: float, limit: int = 200) -> list[float]:
    """The multiples of `step` from `low` to `high`; at most `limit`, for no float error may make it endless."""
    if not step > 0:
        return []
    first, last = low / step, high / step
    slack = 1e-9 * max(1.0, abs(first), abs(last))
    start, end = ceil(first - min(slack, 0.01)), floor(last + min(slack, 0.01))
    if end - start >= limit:
        return []
    digits = max(0, -floor(log10(step))) if step < 1 else 0
    return [round(k * step, digits) if digits < 300 else k * step for k in range(start, end + 1)]


def axis_number(value: float, step: float, largest: float) -> str:
    """`value` as a label of an axis whose labels are `step` apart and at most `largest`: as many digits as tell
    neighbours apart, the same form all along the axis."""
    if value == 0:
        return "0"
    decimals = max(0, -floor(log10(step) + 1e-9))
    if _PLAIN_SMALLEST <= largest < _PLAIN_LARGEST and decimals <= _PLAIN_DECIMALS:
        return typeset(f"{value:,.{decimals}f}")
    digits = max(0, min(16, floor(log10(abs(value))) - floor(log10(step) + 1e-9)))
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return typeset(f"{mantissa}e{int(exponent)}")


def digits_to_tell(low: float, high: float) -> int:
    """Significant digits that show the two ends of a bin as different, with one to spare; 4 to 16."""
    largest, width = max(abs(low), abs(high)), high - low
    if not width > 0 or not isfinite(width):
        return 6
    return min(16, max(4, floor(log10(largest)) - floor(log10(width)) + 2))


def number(value: float, digits: int = 6) -> str:
    """`value` on its own, to `digits` significant digits; integers in full, with separators."""
    if isinstance(value, int) and abs(value) < 1 << 64:
        return f"{value:,}"
    if not isfinite(value):
        return "NaN" if value != value else "∞" if value > 0 else "-∞"
    if value == int(value) and abs(value) < 10 ** min(digits, 15):
        return f"{int(value):,}"
    text = f"{value:.{digits}g}"
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text


def typeset(text: str) -> str:
    """Numbers as they are drawn: with a minus as wide as a digit. What is copied keeps the hyphen, which programs read."""
    return _HYPHEN.sub("−", text) if "-" in text else text


def percent(part: int, whole: int) -> str:
    """ "12.3 %"; never 0 % of something, nor 100 % of less than all."""
    if not whole or not part:
        return "0 %"
    if part == whole:
        return "100 %"
    share = 100 * part / whole
    if share < 0.01:
        return "< 0.01 %"
    if share > 99.99:
        return "> 99.99 %"
    return f"{share:.2f} %" if share < 1 or share > 99 else f"{share:.1f} %"
