"""What is read about one pair: both summaries with the same bins, a histogram of the differences, a picture of them. For workers."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector import core
from inspector.gui.state.measuring import grid_between

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BINS = 120
_WHOLE = ("int", "uint", "bool", "quantized")
_REAL = ("float", "int", "uint", "bool")
_PIECE = 1 << 20                # elements read at once
BUDGET = 96 << 20               # bytes of each side read for a picture
EXACT = 1 << 20                 # elements that are shown without blocks
MOST = (1024, 1024)             # blocks of a picture


class Bins(NamedTuple):
    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Look(NamedTuple):
    """`sides` are the summaries of A and of B, None where a side has none or cannot be measured (`problems` says why);
    `distances` are b - a, None where they cannot be had."""

    sides: tuple[core.Summary | None, core.Summary | None]
    problems: tuple[str, str]
    whole: bool
    distances: Bins | None


def weight(comparison: core.Comparison, pair: core.Pair) -> int:
    """Bytes of both sides."""
    return sum(ckpt.tensors[key].nbytes for ckpt, key in ((comparison.a, pair.a), (comparison.b, pair.b)) if key is not None)


def look(comparison: core.Comparison, pair: core.Pair, monitor: core.Monitor = core.QUIET) -> Look:
    """Raises Cancelled, and ReadError when a file has changed."""
    sides = ((comparison.a, pair.a), (comparison.b, pair.b))
    moments: list[core.Summary | None] = []
    problems = ["", ""]
    for n, (ckpt, key) in enumerate(sides):
        try:
            moments.append(core.summarize_tensor(ckpt, key, 1, monitor, range=(0.0, 1.0)) if key is not None else None)
        except core.BadTensor as error:
            problems[n] = error.message
            moments.append(None)
    infos = [ckpt.tensors[key] for ckpt, key in sides if key is not None]
    whole = all(core.DTYPES[info.dtype].kind in _WHOLE for info in infos if info.dtype in core.DTYPES)
    finite = [summary for summary in moments if summary is not None and summary.finite]
    low, high = (min((float(one.min) for one in finite), default=math.nan), max((float(one.max) for one in finite), default=math.nan))
    if finite and low < high:
        edges, even = grid_between(low, high, whole, BINS)
        for n, (ckpt, key) in enumerate(sides):
            if moments[n] is not None and key is not None:
                moments[n] = core.summarize_tensor(ckpt, key, len(edges) - 1, monitor, range=(edges[0], edges[-1])) if even \
                    else core.summarize_tensor(ckpt, key, monitor=monitor, edges=edges)
    first, second = moments
    return Look((first, second), (problems[0], problems[1]), whole, distances(comparison, pair, monitor))


def distances(comparison: core.Comparison, pair: core.Pair, monitor: core.Monitor = core.QUIET) -> Bins | None:
    """How the finite elements of b - a are spread; None where nothing differs or there is no such thing."""
    import numpy as np
    found = pair.difference
    if found is None or found.problem or not found.n_different or not math.isfinite(found.max_abs) or not found.max_abs:
        return None
    x, y = comparison.a.tensors[pair.a or ""], comparison.b.tensors[pair.b or ""]
    if not all(core.DTYPES[info.dtype].kind in _REAL and core.look_shape(info) == info.shape for info in (x, y)):
        return None
    edges = np.linspace(-found.max_abs, found.max_abs, BINS + 2)        # an odd number of bins, one of them about zero
    counts = np.zeros(BINS + 1, dtype=np.int64)
    for start in range(0, x.numel, _PIECE):
        monitor.report(start, x.numel)
        one, other = (core.numbers(core.read_values(ckpt, info.key, start, _PIECE, monitor), info.dtype).astype(np.float64)
                      for ckpt, info in ((comparison.a, x), (comparison.b, y)))
        with np.errstate(invalid="ignore", over="ignore"):
            gap = other - one
        counts += np.histogram(gap[np.isfinite(gap)], edges)[0]
    return Bins(tuple(edges.tolist()), tuple(counts.tolist()))


def picture(comparison: core.Comparison, pair: core.Pair, plane: core.Plane, rows: range, cols: range,
            monitor: core.Monitor = core.QUIET) -> core.Reduced:
    """b - a on `plane`: single elements where they are few enough, else the means of blocks."""
    import numpy as np
    most = (len(rows), len(cols)) if len(rows) * len(cols) <= EXACT and max(len(rows), len(cols)) <= 1 << 14 else MOST
    one, other = (core.reduce_slice(ckpt, key or "", plane, rows, cols, most=most, budget=BUDGET, monitor=monitor)
                  for ckpt, key in ((comparison.a, pair.a), (comparison.b, pair.b)))
    with np.errstate(invalid="ignore", over="ignore"):
        return other._replace(values=other.values - one.values, read=min(one.read, other.read))
