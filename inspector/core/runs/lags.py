"""By how many checkpoints an average of the weights (EMA, SWA) lies behind the weights: which earlier ones it is nearest to."""
from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.differences.difference import difference
from inspector.core.dtypes import DTYPES
from inspector.core.errors import InspectorError
from inspector.core.naming_conventions import is_average
from inspector.core.opening import unchecked
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.reader import TensorReader

from .kept import KeptNumbers
from .series import Outline, RunCheckpoint
from .steps import nearest
from .tracks import Tracks

_BACK = 8               # checkpoints that are looked at, back from the last
_SAMPLE = 32 << 20      # bytes of whole tensors that are compared, the greatest first
_CLEARLY = 0.95         # of the distance to the present weights: nearer is nearer


class AverageLag(NamedTuple):
    """The state dict `average` of checkpoint `at` is nearest to the weights `model` of `by` checkpoints before (0: its own), by the
    distances to those 0, 1, 2 … before over `tensors` tensors. `estimated`: from sketches that were kept, by which it is certain all the
    same which is the nearest."""

    at: int
    average: str
    model: str
    by: int
    distances: tuple[float, ...]
    tensors: int
    estimated: bool = False


def average_lags(tracks: Tracks, *, kept: KeptNumbers | None = None, exact: bool = False,
                 monitor: Monitor = QUIET) -> tuple[AverageLag, ...]:
    """Of each average in the last checkpoint without NaN. Reads at most 32 MB of each of nine checkpoints, and nothing where there is no
    average, or where, unless it must be `exact`, what was kept of them makes certain which is nearest. Raises Cancelled.

    >>> def epoch(n):
    ...     return {"epoch": n, "model": {"w": np.full((2, 2), n + 1.)}, "ema": {"w": np.full((2, 2), float(n))}}
    ...
    >>> paths = [core.save(epoch(n), folder / f"{n}.pth").path for n in range(3)]
    >>> [(lag.average, lag.by) for lag in core.average_lags(core.measure_series(core.series(paths)))]
    [('ema', 1)]
    """
    kept = KeptNumbers() if kept is None else kept
    broken = tracks.first_broken()
    last = (broken[0] if broken is not None else len(tracks.series)) - 1
    if last < 1:
        return ()
    return tuple(_lags(tracks, last, kept, exact, monitor))


def _lags(tracks: Tracks, last: int, kept: KeptNumbers, exact: bool, monitor: Monitor) -> Iterator[AverageLag]:
    series = tracks.series
    outline = series[last].outline
    for average in outline.state_dicts:
        model = _averaged(outline, average) if is_average(average) else None
        if model is None:
            continue
        pairs = _pairs(outline, average, model)
        back = [n for n in range(last, max(last - _BACK, 0) - 1, -1) if series[n].outline.keys == outline.keys]
        involved = [series[n] for n in back]
        distances = kept.numbers(f"lag {average}", involved, len(back))
        if distances is None and not exact and any(column.kept for n in back if (column := tracks.columns[n]) is not None):
            from_sketches = _estimated(tracks, back, pairs, kept)
            if from_sketches is not None:
                nearest, lengths = from_sketches
                yield AverageLag(last, average, model, last - back[nearest], lengths, len(pairs), True)
                continue
        if distances is None:
            try:
                distances = _distances(involved, pairs, monitor)
            except InspectorError:
                continue
            kept.keep_numbers(f"lag {average}", involved, distances)
        known = [(distance, n) for n, distance in enumerate(distances) if math.isfinite(distance)]
        if not known or math.isnan(distances[0]):
            continue
        nearest_one, n = min(known)
        by = last - back[n] if nearest_one < _CLEARLY * distances[0] else 0
        yield AverageLag(last, average, model, by, tuple(distances), len(pairs))


def _estimated(tracks: Tracks, back: Sequence[int], pairs: Sequence[tuple[str, str]],
               kept: KeptNumbers) -> tuple[int, tuple[float, ...]] | None:
    """(which of the checkpoints `back` has the weights that are nearest, by the rule for those that were read; all distances), by
    sketches; None where there are not all of them, or they leave it open."""
    known = []
    for n in back:
        column = tracks.columns[n]
        one = kept.known(tracks.series[n], column.own) if column is not None else None
        if one is None:
            return None
        known.append(one)
    places = {key: n for n, key in enumerate(known[0].outline.keys)}
    return nearest(known, [(places[a], places[b]) for a, b in pairs], _CLEARLY)


def _averaged(outline: Outline, average: str) -> str | None:
    """The state dict that is averaged: the first other one with the same names."""
    mine = _names(outline, average)
    for path in outline.state_dicts:
        if path != average and not is_average(path) and len(mine.keys() & _names(outline, path).keys()) >= 0.8 * len(mine):
            return path
    return None


def _names(outline: Outline, path: str) -> dict[str, int]:
    """name without the wrapper's prefix (torch.optim.swa_utils.AveragedModel) -> place, of what lies in the state dict at `path`."""
    inside = {name: n for n, (key, name) in enumerate(zip(outline.keys, outline.names, strict=True))
              if key == (f"{path}.{name}" if path else name)}
    wrapped = [name for name in inside if name.startswith("module.")]
    return {name.removeprefix("module."): n for name, n in inside.items()} if 2 * len(wrapped) > len(inside) else inside


def _pairs(outline: Outline, average: str, model: str) -> list[tuple[str, str]]:
    """(key of the average, key of the weights), the greatest first, as many as are compared."""
    mine, theirs = _names(outline, average), _names(outline, model)
    alike = [(mine[name], theirs[name]) for name in mine if name in theirs and outline.shapes[mine[name]] == outline.shapes[theirs[name]]
             and outline.roles[theirs[name]] == "parameter"]
    alike.sort(key=lambda pair: -math.prod(outline.shapes[pair[0]]))
    chosen, size = [], 0
    for a, b in alike:
        known = DTYPES.get(outline.dtypes[a])
        nbytes = math.prod(outline.shapes[a]) * known.bits // 8 if known else 0
        if size + nbytes <= _SAMPLE:
            chosen.append((outline.keys[a], outline.keys[b]))
            size += nbytes
    return chosen


def _distances(involved: Sequence[RunCheckpoint], pairs: Sequence[tuple[str, str]], monitor: Monitor) -> array[float]:
    found = array("d")
    first: Checkpoint | None = None
    for one in involved:
        ckpt = unchecked(one.path, monitor=monitor)
        first = first or ckpt
        with TensorReader(first, monitor, recycle=True) as averages, TensorReader(ckpt, monitor, recycle=True) as weights:
            squares = []
            mine, theirs = (dict(zip(outline.keys, outline.stored, strict=True)) for outline in (involved[0].outline, one.outline))
            for a, b in ((mine[a], theirs[b]) for a, b in pairs):
                monitor.check()
                apart = difference(averages, a, first.tensors[a], weights, b, ckpt.tensors[b], monitor=monitor)
                squares.append(math.nan if apart.problem else apart.rms * apart.rms * apart.numel)
        found.append(math.sqrt(math.fsum(squares)) if squares else math.nan)
    return found
