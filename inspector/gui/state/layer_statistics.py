"""What the layers panel asks of the core, in a worker: every tensor's numbers; and how they become lines across depth. No Qt here.

    survey → Row of each tensor, as they come → lines_of (one line for each name, its numbers apart) → Line
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from inspector import core

MOST_LINES = 8                  # as many as there are colours that can be told apart
MOST_POINTS = 1_500             # points of a line; of more neighbours, the one that lies farthest out stays

_NUMBER = re.compile(r"(?:^|(?<=\.))\d+(?=\.|$)")


class Row(NamedTuple):
    """A tensor and its summary, or why there is none."""

    key: str
    summary: core.Summary | None
    problem: str = ""

    @property
    def odd(self) -> int:
        """NaN and infinities."""
        return self.summary.nan + self.summary.inf if self.summary else 0


class Point(NamedTuple):
    x: int
    y: float
    key: str


class Line(NamedTuple):
    """`name` is what the tensors' names have in common. `points` go from left to right."""

    name: str
    points: tuple[Point, ...]


def norm(s: core.Summary) -> float:
    """The L2 norm of the finite elements."""
    return s.l2


def rms(s: core.Summary) -> float:
    """The root of the mean square: a norm that tensors of different sizes can be compared by."""
    return math.hypot(s.mean, s.std)


def absmax(s: core.Summary) -> float:
    return float(max(abs(s.min), abs(s.max)))


def odd_share(s: core.Summary) -> float:
    return (s.nan + s.inf) / s.numel if s.numel else math.nan


def zero_share(s: core.Summary) -> float:
    return s.zeros / s.numel if s.numel else math.nan


MEASURES: dict[str, Callable[[core.Summary], float]] = {
    "norm": norm, "rms": rms, "std": lambda s: s.std, "absmax": absmax, "mean": lambda s: s.mean, "zeros": zero_share,
    "odd": odd_share,
}


def survey(ckpt: core.Checkpoint, keys: Iterable[str], found: Callable[[Row], None], monitor: core.Monitor = core.QUIET) -> None:
    """Hands a Row of each tensor to `found`, in order, as it is measured."""
    for key, outcome in core.summarize_each(ckpt, keys, 1, monitor):
        found(Row(key, outcome) if isinstance(outcome, core.Summary) else Row(key, None, core.visible(outcome.message, 300)))


def name_of(key: str) -> str:
    """The key without its layer's number: "layers.3.fc.weight" → "layers.*.fc.weight". Experts and heads keep theirs apart."""
    return _NUMBER.sub("*", key, count=1)


def ending_of(key: str) -> str:
    """What follows the last number of the key: "layer1.0.conv1.weight" → "conv1.weight"; all of it where there is none."""
    found = list(_NUMBER.finditer(key))
    return (key[found[-1].end() + 1:] or key) if found else key


def layer_of(key: str) -> int | None:
    """The first number among the segments of the key."""
    found = _NUMBER.search(key)
    return int(found.group()) if found and len(found.group()) < 10 else None


def lines_of(rows: Mapping[str, Row], keys: Sequence[str], measure: str, *, by_layer: bool, together: bool) -> tuple[list[Line], int]:
    """Lines over the measured ones of `keys`, and how many names were left out. By layer: those with a layer's number, one line
    a name; otherwise over all keys in stored order, as one line (`together`) or one for each ending of their names. Lines with most
    tensors come first."""
    take = MEASURES[measure]
    parts: dict[str, list[Point]] = {}
    for place, key in enumerate(keys):
        row = rows.get(key)
        layer = layer_of(key) if by_layer else place
        if row is None or row.summary is None or layer is None or (not row.summary.finite and measure not in ("zeros", "odd")):
            continue
        parts.setdefault("" if together else name_of(key) if by_layer else ending_of(key), []).append(Point(layer, take(row.summary), key))
    lines = [Line(name, tuple(_thinned(sorted(points, key=lambda point: point.x)))) for name, points in parts.items()]
    lines.sort(key=lambda line: -len(line.points))
    return lines[:MOST_LINES], max(0, len(lines) - MOST_LINES)


def _thinned(points: list[Point]) -> list[Point]:
    every = -(-len(points) // MOST_POINTS)
    return points if every <= 1 else [max(points[at:at + every], key=lambda point: abs(point.y)) for at in range(0, len(points), every)]
