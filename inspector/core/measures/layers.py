"""Layers: what a key says of its depth, which tensors are the same one in several layers, and a number of each across depth."""
from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.dtypes import DTYPES
from inspector.core.progress import QUIET, Monitor, stoppable

from .summary import Summary

Across = Literal["layer", "names", "all"]

_NUMBER = re.compile(r"(?<![^.])\d+(?![^.])")       # a whole segment
_ANY_NUMBER = re.compile(r"\d+")
_DIGITS = 9                                         # of a layer's number, at most
_COUNTING = frozenset(("int", "uint", "bool", "other"))


# -- names ----------------------------------------------------------------------------------------------------------------------

def layer_of(key: str) -> int | None:
    """The number of the layer: the first number among the segments of `key`.

    >>> core.layer_of("layers.3.fc.weight"), core.layer_of("embed.weight")
    (3, None)
    """
    found = _NUMBER.search(key)
    return int(found.group()) if found and len(found.group()) <= _DIGITS else None


def family_of(key: str) -> str:
    """The key without its layer's number, which all layers have in common: "layers.3.fc.weight" → "layers.*.fc.weight". Experts and
    heads keep theirs apart.

    >>> core.family_of("layers.3.fc.weight")
    'layers.*.fc.weight'
    """
    return _NUMBER.sub("*", key, count=1)


def siblings_name(key: str) -> str:
    """The key without any number, which it has in common with the same tensor of all layers, experts and heads."""
    return _NUMBER.sub("*", key)


def ending_of(key: str) -> str:
    """What follows the last number of the key; all of it where there is none.

    >>> core.ending_of("layer1.0.conv1.weight"), core.ending_of("bias")
    ('conv1.weight', 'bias')
    """
    found = list(_NUMBER.finditer(key))
    return (key[found[-1].end() + 1:] or key) if found else key


def pattern_of(key: str) -> str:
    """What the same tensors of all layers are called, with `*` for every number: "layer1.0.conv2.weight" → "conv*.weight".

    >>> core.pattern_of("layer1.0.conv2.weight"), core.pattern_of("bias")
    ('conv*.weight', 'bias')
    """
    return _ANY_NUMBER.sub("*", ending_of(key))


def weights_among(ckpt: Checkpoint, keys: Sequence[str], monitor: Monitor = QUIET) -> Sequence[str]:
    """Those of `keys` whose elements are no whole numbers, which counters and masks are: those say nothing about depth. All of them
    where there are no others. Raises Cancelled.

    >>> core.weights_among(core.edit({"w": np.ones(3), "steps": np.array(7)}, []), ["w", "steps"])
    ['w']
    """
    counting = {name for name, dtype in DTYPES.items() if dtype.kind in _COUNTING}
    kept = [key for key in stoppable(keys, monitor) if (dtype := ckpt.tensors[key].dtype) in DTYPES and dtype not in counting]
    return kept or keys


# -- numbers --------------------------------------------------------------------------------------------------------------------

def rms(summary: Summary) -> float:
    """The root of the mean square of the finite elements: a norm that tensors of different sizes can be compared by. NaN where there
    are none."""
    return math.hypot(summary.mean, summary.std)


def _absmax(summary: Summary) -> float:
    return float(max(abs(summary.min), abs(summary.max)))


def _share(count: int, summary: Summary) -> float:
    return count / summary.numel if summary.numel else math.nan


LAYER_MEASURES: Mapping[str, Callable[[Summary], float]] = MappingProxyType({
    "norm": lambda s: s.l2, "rms": rms, "std": lambda s: s.std, "absmax": _absmax, "mean": lambda s: s.mean,
    "zeros": lambda s: _share(s.zeros, s), "nonfinite": lambda s: _share(s.nan + s.inf, s)})
"""name -> what it makes of a summary: "norm" is L2, "zeros" and "nonfinite" are shares of all elements, from 0 to 1."""
"""What layers can be compared by: the L2 norm, the root mean square, the standard deviation, the greatest size and the mean of the
finite elements, and the shares of zeros and of NaN and infinities among all."""
_OF_ALL = frozenset(("zeros", "nonfinite"))         # make sense without a finite element, too


class LayerPoint(NamedTuple):
    """A tensor: the number of its layer (or its place among the keys) and what it measures."""

    x: int
    y: float
    key: str


class LayerLine(NamedTuple):
    """`name` is what the tensors' names have in common. `points` go from left to right."""

    name: str
    points: tuple[LayerPoint, ...]


def layer_lines(summaries: Mapping[str, Summary], keys: Iterable[str], measure: str = "rms", across: Across = "layer") -> list[LayerLine]:
    """A measure of `LAYER_MEASURES` across depth, of those of `keys` that have a summary (with a finite element, where the measure is
    about those). Across "layer"s: those that have a layer's number, a line for each name in all layers; otherwise over all keys in
    order, a line for each ending of their "names", or one for "all". Lines of most tensors come first.

    >>> found = core.summarize({"layers.0.w": np.full(4, 2.), "layers.1.w": np.full(4, 3.)})
    >>> [(line.name, [(point.x, point.y) for point in line.points]) for line in core.layer_lines(found, found)]
    [('layers.*.w', [(0, 2.0), (1, 3.0)])]
    """
    take = LAYER_MEASURES[measure]
    parts: dict[str, list[LayerPoint]] = {}
    for place, key in enumerate(keys):
        summary = summaries.get(key)
        x = layer_of(key) if across == "layer" else place
        if summary is None or x is None or (not summary.finite and measure not in _OF_ALL):
            continue
        name = family_of(key) if across == "layer" else ending_of(key) if across == "names" else ""
        parts.setdefault(name, []).append(LayerPoint(x, take(summary), key))
    lines = [LayerLine(name, tuple(sorted(points, key=lambda point: point.x))) for name, points in parts.items()]
    return sorted(lines, key=lambda line: -len(line.points))
