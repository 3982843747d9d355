"""Which curves share an axis, and its round ends: losses together, by their logarithm where they span much; scores together; what is
neither by itself. There are two axes at most."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from inspector import core

AXES = 2
_SPANS = 20                 # times the least value from which on losses are drawn by their logarithm
_MOST = 1e300               # farther from zero nothing is drawn in its place: ends are to be numbers
_COARSE = (1.0, 2.0, 5.0, 10.0)
_FINE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)      # near enough for curves to fill their axis


class Axis(NamedTuple):
    """`low` and `high` are its ends, `middle` stands half way."""

    low: float
    middle: float
    high: float
    is_log: bool

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1."""
        low, high = (math.log(self.low), math.log(self.high)) if self.is_log else (self.low, self.high)
        return min(max(((math.log(value) if self.is_log else value) - low) / (high - low), 0.0), 1.0)


def kind_of(metric: str) -> str:
    """What shares an axis is of one kind."""
    return {"down": "\0loss", "up": "\0score"}.get(core.direction_of(metric), metric)


def with_curve(chosen: Sequence[str], metric: str) -> tuple[str, ...]:
    """The chosen metrics and one more; those of the axis chosen first go where it would be the third."""
    kinds = list(dict.fromkeys(kind_of(one) for one in (*chosen, metric)))
    gone = kinds[0] if len(kinds) > AXES else None
    return (*(one for one in chosen if kind_of(one) != gone), metric)


def axes_of(series: core.Series, curves: Iterable[str]) -> dict[str, Axis]:
    """kind -> axis, the left one first."""
    of: dict[str, list[str]] = {}
    for name in curves:
        of.setdefault(kind_of(name), []).append(name)
    return {kind: axis_of([value for name in names for one in series if math.isfinite(value := one.metrics.get(name, math.nan))],
                          is_loss=kind == kind_of("loss")) for kind, names in of.items()}


def axis_of(values: Sequence[float], *, is_loss: bool = False) -> Axis:
    low, high = (max(min(values), -_MOST), min(max(values), _MOST)) if values else (0.0, 1.0)
    low, high = min(low, _MOST), max(high, -_MOST)
    if is_loss and low > 0 and high > _SPANS * low:
        low, high = _round_down(low), _round_up(high, _COARSE)
        return Axis(low, math.exp((math.log(low) + math.log(high)) / 2), high, True)
    half = (high - low) / 2
    if not half > 0 or not math.isfinite(half) or half < 1e-9 * max(abs(low), abs(high)):     # one value: it stands in the middle
        width = abs(low) / 2 or 1.0
        return Axis(low - width, low, low + width, False) if math.isfinite(width) else Axis(-1.0, 0.0, 1.0, False)
    step = _round_up(half)
    for _ in _FINE:
        start = math.floor(low / step) * step
        if start + 2 * step >= high:
            break
        step = _round_up(step * 1.01)
    else:
        start, step = low, half
    return Axis(start, start + step, start + 2 * step, False)


def _round_up(value: float, steps: Sequence[float] = _FINE) -> float:
    """To the next of `steps` times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((fine * power for fine in steps if fine * power >= value * (1 - 1e-12)), value) if power > 0 else value


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next((fine * power for fine in reversed(_COARSE) if fine * power <= value * (1 + 1e-12)), value) if power > 0 else value
