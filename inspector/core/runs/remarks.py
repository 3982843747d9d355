"""What is to be said of a run, as data: each remark holds of what was measured, and names the checkpoint that it is about.

    broken        the first NaN or infinity in a tensor                 keys, kind, good
    diverged      a part moved many times its usual step at once        group, growth, change, usual, nan_from, error
    rate          the learning rate rose just before that               before, value
    metric        a loss jumped, or is no number any more               metric, before, value
    frozen        parts of which no element changed since               groups, throughout
    still         no weight at all did                                  throughout
    best          the best checkpoint by its own metric                 metric, value, last, broken
    lag           an average lies nearest to the weights of earlier     average, model, by
    copy          two files with the same weights, of one epoch         of
    unread        tensors whose values could not be had                 tensors, of
"""
from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core.checkpoint import to_be_sent
from inspector.core.keypath import leaf_of

from .columns import SAME
from .lags import AverageLag
from .metrics import direction_of
from .tracks import Track, TrackPoint, Tracks

_TIMES = 10             # of the usual step, from which on a step is out of the ordinary
_LARGE = 0.5            # change from which on it is anything to speak of
_EARLIER = 2            # steps that tell what is usual
_RATE = 5               # times that a learning rate rises by before it is told
_SOON = 3               # checkpoints within which that may be why something diverged
_DEEPER = 3             # segments of a name that are looked at for parts of a state dict
_SURE = 4               # standard errors by which an estimated change must be beyond what it is held against
_STILL = 2              # steps without a change that make a part frozen
_RATES = ("lr", "learning_rate")


class Remark(NamedTuple):
    """`id` as the module lists them, `at` the number of the checkpoint in the series, `facts` by the names listed there."""

    id: str
    at: int
    facts: Mapping[str, Any]

    def __reduce__(self) -> tuple[Any, ...]:
        return to_be_sent(Remark, self)


def remarks(tracks: Tracks, lags: Sequence[AverageLag] = (), metric: str | None = None) -> tuple[Remark, ...]:
    """What is to be said, the gravest first. `metric` is the one that the best is judged by. Raises UsageError for
    one that is not there.

    >>> paths = [core.save({"epoch": n, "val_acc": n / 10, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)]
    >>> [(remark.id, remark.at) for remark in core.remarks(core.measure_series(core.series(paths)))]
    [('best', 2)]
    """
    wrong = [*_broken(tracks), *_diverged(tracks)]
    found = [*wrong, *_rates(tracks, wrong), *_metrics(tracks), *_frozen(tracks), *_best(tracks, metric),
             *(Remark("lag", lag.at, _facts(average=lag.average, model=lag.model, by=lag.by)) for lag in lags if lag.by),
             *(Remark("copy", at, _facts(of=at - 1)) for at in range(1, len(tracks.series)) if tracks.is_copy(at)),
             *_unread(tracks)]
    return tuple(found)


def _facts(**facts: Any) -> Mapping[str, Any]:
    return MappingProxyType(facts)


def _broken(tracks: Tracks) -> Iterator[Remark]:
    first = tracks.first_broken()
    if first is None:
        return
    at, keys = first
    nan = tracks.first_nan()
    kind = "NaN" if nan is not None and nan[0] == at else "infinity"
    known = [column is not None and all(count >= 0 for count in column.own.nan) for column in tracks.columns[:at]]
    yield Remark("broken", at, _facts(keys=nan[1] if kind == "NaN" and nan else keys, kind=kind, good=at - 1 if at and all(known) else None,
                                      nan_from=nan[0] if nan else None))


def _diverged(tracks: Tracks) -> Iterator[Remark]:
    """The first checkpoint in which some part moved far beyond its usual step, and the part that grew most in it."""
    groups = _parts_within(tracks)
    for at in range(_EARLIER + 1, len(tracks.series)):
        found = [(_growth(group, at), group, change, usual) for group in groups if (odd := _odd_step(group, at))
                 for change, usual in (odd,)]
        if found:
            growth, group, change, usual = max(found, key=lambda one: (one[0], one[2]))
            nan = next((n for n in range(at, len(tracks.series)) if (point := group.points[n]) is not None and point.nan), None)
            before, now = group.points[at - 1], group.points[at]
            yield Remark("diverged", at, _facts(group=group.name, growth=growth, change=change, usual=usual, nan_from=nan,
                                                error=now.error if now else 0.0,
                                                norms=(before.norm if before else math.nan, now.norm if now else math.nan)))
            return


def _parts_within(tracks: Tracks) -> tuple[Track, ...]:
    """Groups of parameters; where one is a whole state dict beside others, as an average of the weights is, the parts of those."""
    wholes = {path for one in tracks.series for path in one.outline.state_dicts if path}
    depth = next((depth for depth in range(tracks.depth, tracks.depth + _DEEPER)
                  if not any(group.name in wholes for group in tracks.groups(depth))), tracks.depth)
    return tracks.groups(depth)


def _odd_step(group: Track, at: int) -> tuple[float, float] | None:
    """(change, the usual one) where the step to `at` is out of the ordinary, surely so where changes were estimated."""
    point = group.points[at]
    if point is None or not math.isfinite(point.change) or _least(point) < _LARGE:
        return None
    moving = [one for one in group.points[1:at] if one is not None and math.isfinite(one.change) and one.change > 0]
    earlier = [one.change for one in moving]
    if len(earlier) < _EARLIER or any(one is not None and one.broken for one in group.points[:at]):
        return None
    most = [one.change * (1 + _SURE * one.error) for one in moving]
    is_odd = _least(point) > _TIMES * max(median(most), 0.0) and _least(point) > 2 * max(most)
    return (point.change, median(earlier)) if is_odd else None


def _least(point: TrackPoint) -> float:
    """The change, or what it is at least if it was estimated."""
    return point.change * (1 - _SURE * point.error)


def _growth(group: Track, at: int) -> float:
    """By how many times the norm is greater than before."""
    before, now = group.points[at - 1], group.points[at]
    if before is None or now is None or not before.norm > 0 or math.isnan(now.norm):
        return 0.0
    return now.norm / before.norm


def _rates(tracks: Tracks, wrong: Sequence[Remark]) -> Iterator[Remark]:
    """A rise of the learning rate is told where something went wrong soon after."""
    rows = [one.metrics for one in tracks.series]
    name = next((name for name in tracks.series.metrics if leaf_of(name).lower() in _RATES), None)
    if name is None or not wrong:
        return
    first = min(remark.at for remark in wrong)
    for at in range(max(1, first - _SOON), first + 1):
        before, value = rows[at - 1].get(name), rows[at].get(name)
        if before and value and value >= _RATE * before > 0:
            yield Remark("rate", at, _facts(before=before, value=value))


def _metrics(tracks: Tracks) -> Iterator[Remark]:
    """The first jump of each loss, and the first checkpoint from which on it is no number."""
    for name in tracks.series.metrics:
        values = [one.metrics.get(name) for one in tracks.series]
        odd = next((at for at, value in enumerate(values) if value is not None and not math.isfinite(value)), None)
        if odd is not None and odd > 0 and direction_of(name):
            yield Remark("metric", odd, _facts(metric=name, before=values[odd - 1], value=values[odd]))
            continue
        jump = _jump(values) if direction_of(name) == "down" else None
        if jump is not None:
            yield Remark("metric", jump, _facts(metric=name, before=values[jump - 1], value=values[jump]))


def _jump(values: Sequence[float | None]) -> int | None:
    steps: list[float] = []
    for at in range(1, len(values)):
        before, value = values[at - 1], values[at]
        if before is None or value is None or not math.isfinite(value - before):
            continue
        if len(steps) >= _EARLIER and value > before and value > 2 * before > 0 and value - before > _TIMES * median(steps):
            return at
        steps.append(abs(value - before))
    return None


# -- what did not move --------------------------------------------------------------------------------------------------------

def _frozen(tracks: Tracks) -> Iterator[Remark]:
    last = len(tracks.series) - 1
    steps = [at for at in range(1, last + 1) if not tracks.is_copy(at)]
    if not steps:
        return
    since = _last_moves(tracks)
    def stands(at: int) -> bool:
        unmoved = sum(step > at for step in steps)
        return unmoved >= _STILL or (at == 0 and unmoved >= 1)
    if since and len(set(since.values())) == 1 and stands(next(iter(since.values()))):
        at = next(iter(since.values()))
        yield Remark("still", at, _facts(throughout=at == 0))
        return
    parts: dict[int, list[str]] = {}
    for name, at in _parts(since):
        if stands(at):
            parts.setdefault(at, []).append(name)
    for at, names in sorted(parts.items()):
        yield Remark("frozen", at, _facts(groups=tuple(names), throughout=at == 0))


def _last_moves(tracks: Tracks) -> dict[str, int]:
    """name of each parameter -> the checkpoint from which on no element of it changed (the last one where it did at the very end, or
    where that is not known)."""
    last = len(tracks.series) - 1
    several = len({path for one in tracks.series for path in one.outline.state_dicts}) > 1
    moved: dict[str, int] = {}
    order: dict[str, str] = {}
    for at, (one, column) in enumerate(zip(tracks.series, tracks.columns, strict=True)):
        outline = one.outline
        for n, (key, role) in enumerate(zip(outline.keys, outline.roles, strict=True)):
            if role != "parameter":
                continue
            if key not in order:
                order[key] = key if several else outline.names[n]
                moved[key] = at
            elif column is None or column.step is None or column.step.same[n] != SAME or column.own.nan[n]:
                moved[key] = at
    ends = set(tracks.series[last].outline.keys)
    return {name: moved[key] if key in ends else last for key, name in order.items()}


def _parts(since: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """(path, checkpoint) of the largest parts of the model of which all parameters have the same one."""
    inside: dict[str, set[int]] = {}
    for name, at in since.items():
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            inside.setdefault(".".join(parts[:depth]), set()).add(at)
    for path, found in inside.items():
        above = path.rpartition(".")[0]
        if len(found) == 1 and (not above or len(inside[above]) > 1):
            yield path, next(iter(found))


def _best(tracks: Tracks, metric: str | None) -> Iterator[Remark]:
    best = tracks.series.best(metric)
    if best is not None and len(tracks.series) > 1:
        is_last = all(map(tracks.is_copy, range(best.at + 1, len(tracks.series))))         # `last.pth` has the weights of the best
        yield Remark("best", best.at, _facts(metric=best.metric, value=best.value, last=is_last, broken=tracks.broken_at(best.at)))


def _unread(tracks: Tracks) -> Iterator[Remark]:
    for at, column in enumerate(tracks.columns):
        count = sum(nan < 0 for nan in column.own.nan) if column is not None else 0
        if count and column is not None:
            yield Remark("unread", at, _facts(tensors=count, of=len(column.own.nan)))
            return
