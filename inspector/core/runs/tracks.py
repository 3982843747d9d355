"""The tensors of a run over its checkpoints: norm, deviation, step to step, NaN; each by itself and in groups."""
from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.dtypes import DTYPES
from inspector.core.errors import Changed, InspectorError, UsageError
from inspector.core.io.sources import stamp_of
from inspector.core.keypath import quoted, visible
from inspector.core.opening import unchecked
from inspector.core.progress import QUIET, Monitor

from .columns import MOVED, SAME, UNKNOWN, Own, Step, measure
from .kept import KeptNumbers
from .series import LeftOut, Outline, RunCheckpoint, Series
from .sketches import Sketch, joined, width_for
from .steps import Known, step_between, with_read

if TYPE_CHECKING:
    from concurrent.futures import Executor

T = TypeVar("T")
SKETCHED = 9            # checkpoints, the last ones: those that a new one, and an average in it, is compared with
_NOTHING = Checkpoint("", "", "other", (), MappingProxyType({}))


class TrackPoint(NamedTuple):
    """A tensor, or a group of them, in one checkpoint. `norm` (L2) and `std` (of the population; a group's is over all its elements as
    if their mean were 0: its root mean square) of the finite elements; how many are `nan` and `inf`; `change` is the norm of the
    difference to the checkpoint before over the norm there (inf from zero to something), NaN where there is nothing to compare with;
    `same`: no element changed (None: not known). `read` is False where the values could not be had. `error` is the relative standard
    error of a `change` that was estimated, 0 where it was measured."""

    norm: float
    std: float
    nan: int
    inf: int
    change: float
    same: bool | None
    read: bool = True
    error: float = 0.0

    @property
    def broken(self) -> bool:
        """Whether there is a NaN or an infinity in it."""
        return self.nan > 0 or self.inf > 0


class Track(NamedTuple):
    """One tensor (`tensors` 1) or a group over the checkpoints, None where a checkpoint has none of it. `role` of a tensor is
    "parameter", "buffer" …; of a group it is "group". `reshaped` is the first checkpoint in which a tensor of it has another shape than
    where it was first met, -1 where there is none."""

    name: str
    numel: int
    tensors: int
    role: str
    points: tuple[TrackPoint | None, ...]
    reshaped: int = -1


class MeasuredCheckpoint(NamedTuple):
    """What was measured of the checkpoint `at`. `kept`: it was known from an earlier time."""

    at: int
    own: Own
    step: Step | None
    kept: bool


@dataclass(frozen=True, slots=True)
class Tracks:
    """A series and what was measured of it: `columns[i]` of checkpoint i, None while it was not. `read` says how many checkpoints had
    to be read for it, the others being known from an earlier time."""

    series: Series
    columns: tuple[MeasuredCheckpoint | None, ...]
    read: int = 0
    _index: dict[str, dict[int, int]] = field(default_factory=dict, repr=False, hash=False, compare=False)
    _known: dict[object, Any] = field(default_factory=dict, repr=False, hash=False, compare=False)     # what was put together once

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all tensors, those first that the first checkpoint has."""
        return tuple(self._places())

    @property
    def is_estimated(self) -> bool:
        """Whether some of the changes are estimates (`TrackPoint.error`)."""
        return any(column is not None and column.step is not None and any(column.step.error) for column in self.columns)

    def _places(self) -> dict[str, dict[int, int]]:
        """key -> outline (by its id) -> the tensor's place in it."""
        if not self._index:
            for outline in {id(one.outline): one.outline for one in self.series}.values():
                for n, key in enumerate(outline.keys):
                    self._index.setdefault(key, {})[id(outline)] = n
        return self._index

    def track(self, key: str) -> Track:
        """That of one tensor. Raises UsageError when no checkpoint has it."""
        places = self._places().get(key)
        if places is None:
            raise UsageError(f"no checkpoint of the run has a tensor {quoted(key, 80)}", "`inspector ls` shows the keys.")
        where = [places.get(id(one.outline)) for one in self.series]
        outline, place = next((one.outline, n) for one, n in zip(self.series, where, strict=True) if n is not None)
        points = tuple(None if column is None or n is None else _point(column, n)
                       for column, n in zip(self.columns, where, strict=True))
        return Track(key, math.prod(outline.shapes[place]), 1, outline.roles[place], points, self._reshaped([places]))

    def tracks(self) -> Iterator[Track]:
        """Those of all tensors."""
        return map(self.track, self.keys)

    def groups(self, depth: int | None = None, *, roles: frozenset[str] = frozenset(("parameter",))) -> tuple[Track, ...]:
        """Tensors together by the first `depth` segments of their names, the state dict before them where there are several; without
        `depth`, as few segments as tell more than one group. Of parameters only, where `roles` do not say otherwise."""
        asked = "groups", depth if depth is not None else self.depth, roles
        known: tuple[Track, ...] | None = self._known.get(asked)
        if known is None:
            known = self._known[asked] = tuple(self.together(name, keys) for name, keys in self._grouped(depth, roles).items())
        return known

    def keys_of(self, group: str, depth: int | None = None) -> tuple[str, ...]:
        """The keys of the parameters that are together in one of `groups`."""
        return tuple(self._grouped(depth, frozenset(("parameter",))).get(group, ()))

    def largest_of(self, group: str, depth: int | None = None) -> str:
        """The key of the parameter in a group that has most elements, the first of those; "" where there is no such group."""
        keys = self._grouped(depth, frozenset(("parameter",))).get(group, ())
        return max(keys, key=self._numels.__getitem__, default="")

    @property
    def _numels(self) -> dict[str, int]:
        """The elements of each tensor in the first checkpoint that has it."""
        found: dict[str, int] | None = self._known.get("numels")
        if found is None:
            found = self._known["numels"] = {}
            for outline in reversed({id(one.outline): one.outline for one in self.series}.values()):
                found.update(zip(outline.keys, map(math.prod, outline.shapes), strict=True))
        return found

    def _grouped(self, depth: int | None, roles: frozenset[str]) -> dict[str, list[str]]:
        deep = depth if depth is not None else self.depth
        known: dict[str, list[str]] | None = self._known.get((deep, roles))
        if known is None:
            known = {}
            for name, key, role in _names(self.series):
                if role in roles:
                    known.setdefault(_group(name, deep), []).append(key)
            self._known[(deep, roles)] = known
        return known

    @property
    def depth(self) -> int:
        """Of how many segments groups are that tell more than one part of the model."""
        found: int | None = self._known.get("depth")
        if found is None:
            names = [name for name, _, role in _names(self.series) if role == "parameter"]
            longest = max((name.count(".") for name in names), default=0)
            found = next((depth for depth in range(1, longest + 1) if len({_group(name, depth) for name in names}) > 1), max(longest, 1))
            self._known["depth"] = found
        return found

    def together(self, name: str, keys: Sequence[str]) -> Track:
        """The tensors `keys` as one."""
        places = [self._places()[key] for key in keys]
        outlines = [one.outline for one in self.series]
        numel = sum(map(self._numels.__getitem__, keys))
        points: list[TrackPoint | None] = []
        for outline, column in zip(outlines, self.columns, strict=True):
            there = [place[id(outline)] for place in places if id(outline) in place]
            points.append(_sum(column, there, outline) if column is not None and there else None)
        return Track(name, numel, len(keys), "group", tuple(points), self._reshaped(places))

    def _reshaped(self, places: Sequence[Mapping[int, int]]) -> int:
        """The first checkpoint in which one of the tensors, whose places in the outlines are given, has another shape than before."""
        places = [of for of in places if len(of) > 1]
        first: dict[int, tuple[int, ...]] = {}
        seen: set[int] = set()
        for at, one in enumerate(self.series if places else ()):
            if id(one.outline) in seen:
                continue
            seen.add(id(one.outline))
            for n, of in enumerate(places):
                place = of.get(id(one.outline))
                if place is not None and first.setdefault(n, one.outline.shapes[place]) != one.outline.shapes[place]:
                    return at
        return -1

    def first_broken(self) -> tuple[int, tuple[str, ...]] | None:
        """The first checkpoint with a NaN or an infinity in a tensor, and the keys of those that have any there."""
        return next(((at, keys) for at in range(len(self.series)) if (keys := self.broken_at(at))), None)

    def broken_at(self, at: int) -> tuple[str, ...]:
        """Keys of the tensors that have a NaN or an infinity in checkpoint `at`, as far as its values are known."""
        column = self.columns[at]
        if column is None:
            return ()
        own = column.own
        return tuple(key for key, nan, inf in zip(self.series[at].outline.keys, own.nan, own.inf, strict=True) if nan > 0 or inf > 0)

    def first_nan(self) -> tuple[int, tuple[str, ...]] | None:
        """The same for NaN alone."""
        for one, column in zip(self.series, self.columns, strict=True):
            if column is not None:
                keys = tuple(key for key, nan in zip(one.outline.keys, column.own.nan, strict=True) if nan > 0)
                if keys:
                    return column.at, keys
        return None

    def is_copy(self, at: int) -> bool:
        """Whether checkpoint `at` has the weights of the one before it, and is of its epoch and step: `last.pth` beside `epoch_12.pth`."""
        one, column = self.series[at], self.columns[at]
        if at == 0 or column is None or column.step is None or not column.step.same:
            return False
        before = self.series[at - 1]
        return (one.epoch, one.step) == (before.epoch, before.step) and all(same == SAME for same in column.step.same)


def measure_series(series: Series, *, match: str | None = None, kept: KeptNumbers | None = None, exact: bool = False,
                   monitor: Monitor = QUIET, executor: Executor | None = None) -> Tracks:
    """Reads the tensors of all checkpoints, or those whose key matches the glob, in one pass: each file against the one before it.
    What was measured in an earlier time (`kept`; by default in the person's cache folder) is not read again: of a run to which one
    checkpoint was added only that one is read. How far it moved is then estimated from what was kept of the one before (`TrackPoint.error`
    says how well); tensors that have become NaN in part, or whose sketches do not tell, are read there too, and all are with `exact`.
    A checkpoint that has become unreadable meanwhile is left out. With `executor`, any of `concurrent.futures`, its workers read and
    measure. Raises UsageError when nothing matches, Cancelled.

    >>> paths = [core.save({"epoch": n, "val_acc": n / 10, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)]
    >>> [point.norm for point in core.measure_series(core.series(paths)).track("w").points]
    [2.0, 4.0, 6.0]
    """
    if match is not None:
        series = _matching(series, match)
    return tracks_of(series, dict(measured_series(series, kept=kept, exact=exact, monitor=monitor, executor=executor)))


def tracks_of(series: Series, found: Mapping[int, MeasuredCheckpoint | InspectorError]) -> Tracks:
    """What `measured_series` gave so far, as one. A checkpoint that has become unreadable is left out; when all are, the error of the first
    is raised.

    >>> run = core.series([core.save({"epoch": n, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)])
    >>> [column is None for column in core.tracks_of(run, dict([next(core.measured_series(run, newest_first=True))])).columns]
    [True, True, False]
    """
    columns = {at: one for at, one in found.items() if isinstance(one, MeasuredCheckpoint)}
    broken = {at: one for at, one in sorted(found.items()) if not isinstance(one, MeasuredCheckpoint)}
    if broken and len(broken) == len(series):
        raise next(iter(broken.values()))
    read = sum(not column.kept for column in columns.values())
    if not broken:
        return Tracks(series, tuple(columns.get(at) for at in range(len(series))), read)
    left = [LeftOut(series[at].path, "unreadable", error.message) for at, error in broken.items()]
    whole = [at for at in range(len(series)) if at not in broken]
    slim = Series(tuple(series[at] for at in whole), series.order, (*series.left_out, *left), series.everything)
    return Tracks(slim, tuple(column and column._replace(at=n) for n, at in enumerate(whole) for column in (columns.get(at),)), read)


def measured_series(series: Series, *, newest_first: bool = False, kept: KeptNumbers | None = None, exact: bool = False,
                    monitor: Monitor = QUIET,
                    executor: Executor | None = None) -> Iterator[tuple[int, MeasuredCheckpoint | InspectorError]]:
    """(place, what was measured of it, or why it cannot be read) of each checkpoint, as it comes: in order, or the last one first. Then one
    whose predecessor turns out to be unreadable comes twice, the second time with what it moved from the one before that.

    >>> paths = [core.save({"epoch": n, "val_acc": n / 10, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)]
    >>> [(at, found.own.norm[0]) for at, found in core.measured_series(core.series(paths))]
    [(0, 2.0), (1, 4.0), (2, 6.0)]
    """
    work = _Measuring(series, KeptNumbers() if kept is None else kept, exact, monitor, executor)
    yield from (work.newest_first() if newest_first else work.in_order())
    work.over()


class _Measuring:
    """Checkpoints of a run against those before them."""

    def __init__(self, series: Series, kept: KeptNumbers, exact: bool, monitor: Monitor, executor: Executor | None) -> None:
        self._series, self._kept, self._exact, self._monitor, self._executor = series, kept, exact, monitor, executor
        self._read: set[int] = set()        # in this sitting
        self._sizes = [_nbytes(one) for one in series]
        self._open: dict[int, Checkpoint] = {}
        self.steps = _Steps(monitor, self._sizes)

    def in_order(self) -> Iterator[tuple[int, MeasuredCheckpoint | InspectorError]]:
        before: int | None = None
        for at, one in enumerate(self._series):
            self.steps.begin(at, sum(self._sizes[:at]), one.name)
            try:
                found = self._measure(at, before)
            except InspectorError as error:
                yield at, error
                continue
            yield at, found
            before = at

    def newest_first(self) -> Iterator[tuple[int, MeasuredCheckpoint | InspectorError]]:
        """Which of two is unreadable is told by measuring the later one alone."""
        done = 0
        waiting: int | None = None          # the one after, whose step is still to be found
        for at in reversed(range(len(self._series))):
            self.steps.begin(at, done, self._series[at].name)
            done += self._sizes[at]
            try:
                found, whole = self._measure(at, at - 1 if at else None), True
            except InspectorError:
                try:
                    found, whole = self._measure(at, None), False
                except InspectorError as error:
                    yield at, error
                    continue
            if waiting is not None:
                with suppress(InspectorError):          # it was read before, and is what it was then
                    yield waiting, self._measure(waiting, at)
            yield at, found
            waiting = None if whole else at

    def _measure(self, at: int, before: int | None) -> MeasuredCheckpoint:
        """What is known of checkpoint `at`, and its step from `before`. Raises InspectorError."""
        one, earlier = self._series[at], None if before is None else self._series[before]
        own = self._kept.own(one)
        step = self._kept.step(earlier, one, self._exact) if earlier is not None else None
        if own is not None and (earlier is None or step is not None):
            return MeasuredCheckpoint(at, own, step, True)
        both_read = own is None and before in self._read            # then exactly: the system still has the one before
        was = self._kept.known(earlier) if earlier is not None and not self._exact and not both_read else None
        known = self._kept.known(one, own) if own is not None else None
        is_kept = known is not None
        if was is None or (own is not None and known is None):
            own, step, _ = self._measured(at, own, before)
            return MeasuredCheckpoint(at, own, step, False)
        if known is None:
            own, _, sketch = self._measured(at, None, None)
            known = Known(one.outline, own, sketch) if sketch is not None else None
        if known is None:
            own, step, _ = self._measured(at, own, before)
            return MeasuredCheckpoint(at, own, step, False)
        step, places = step_between(was, known)
        if places and before is not None:
            is_kept = False
            step = with_read(step, places, self._step_of(at, before, places))
        if earlier is not None:
            self._kept.keep_step(earlier, one, step)
        return MeasuredCheckpoint(at, known.own, step, is_kept)

    def _measured(self, at: int, own: Own | None, before: int | None) -> tuple[Own, Step | None, Sketch | None]:
        """By reading: the numbers of checkpoint `at` unless they are known, with a sketch where others will be compared with it, and its
        step from `before`, if any. All of it is kept."""
        one, earlier = self._series[at], None if before is None else self._series[before]
        width = width_for(one.outline) if self._kept.folder and at >= len(self._series) - SKETCHED else 0
        old = None if before is None else self._to_compare(before)
        found = measure(self._to_compare(at), one.outline.stored, old, sum(self._sizes), self.steps, own=own is None,
                        old_keys=_stored_before(one.outline, earlier.outline) if earlier is not None else None, width=width,
                        executor=self._executor)
        sketch = None
        if found.own is not None:
            own = found.own
            self._read.add(at)
            self._kept.keep_own(one, own)
            if width:
                sketch = joined(width, one.outline, found.sketches)
                self._kept.keep_sketch(one, sketch)
        if found.step is not None and earlier is not None:
            self._kept.keep_step(earlier, one, found.step)
        assert own is not None
        return own, found.step, sketch

    def _step_of(self, at: int, before: int, places: Sequence[int]) -> Step:
        """That of some of the tensors, by reading them."""
        one, earlier = self._series[at], self._series[before]
        names = _stored_before(one.outline, earlier.outline) or one.outline.stored
        found = measure(self._opened(at), [one.outline.stored[n] for n in places], self._opened(before), sum(self._sizes), self.steps,
                        own=False, old_keys=[names[n] for n in places], executor=self._executor)
        assert found.step is not None
        return found.step

    def over(self) -> None:
        """Sketches of those that nothing will be compared with any more are not kept."""
        for one in self._series[:-SKETCHED]:
            self._kept.drop_sketch(one)
        self._series.opened.clear()
        self.steps.over()

    def _to_compare(self, at: int) -> Checkpoint:
        """The checkpoint; one in which nothing is followed, as its metrics or settings alone, is not opened again for its tensors."""
        return self._opened(at) if self._series[at].outline.stored else _NOTHING

    def _opened(self, at: int) -> Checkpoint:
        """Two are needed at a time. Raises Changed when it is another file by now."""
        found = self._open.get(at)
        if found is None:
            one = self._series[at]
            found = self._series.opened.pop(one.path, None)
            if found is None or any(stamp_of(stamp.path) != stamp._replace(inside=()) for stamp in one.stamps):
                found = unchecked(one.path, monitor=self._monitor)
            if found.files != one.stamps:
                raise Changed("the file has changed since its run was looked at", "Look at the run again.", one.path)
            self._open = {number: ckpt for number, ckpt in self._open.items() if abs(number - at) == 1} | {at: found}
        return found


def _stored_before(outline: Outline, before: Outline) -> Sequence[str] | None:
    """What the tensors of `outline` are called in a file of `before`; None where that is the same."""
    if outline.stored is outline.keys and before.stored is before.keys:
        return None
    stored = dict(zip(before.keys, before.stored, strict=True))
    return [stored.get(key, "") for key in outline.keys]


def _nbytes(one: RunCheckpoint) -> int:
    return sum(max(0, math.prod(shape)) * DTYPES[dtype].bits // 8 if dtype in DTYPES else 0
               for shape, dtype in zip(one.outline.shapes, one.outline.dtypes, strict=True))


def _matching(series: Series, glob: str) -> Series:
    fits = re.compile(fnmatch.translate(glob)).match
    slim: dict[int, Outline] = {}
    for one in series:
        if id(one.outline) not in slim:
            wanted = [n for n, key in enumerate(one.outline.keys) if fits(key)]
            def slimmed(column: tuple[T, ...], wanted: Sequence[int] = wanted) -> tuple[T, ...]:
                return tuple(column[n] for n in wanted)

            outline = one.outline
            keys = slimmed(outline.keys)
            slim[id(outline)] = Outline(keys, slimmed(outline.shapes), slimmed(outline.dtypes), slimmed(outline.roles),
                                        slimmed(outline.names), outline.state_dicts,
                                        keys if outline.stored is outline.keys else slimmed(outline.stored))
    if not any(outline.keys for outline in slim.values()):
        raise UsageError(f"no tensor of the run matches {visible(glob)}", "`inspector ls` shows the keys.")
    def identity(one: RunCheckpoint) -> str:
        return sha256(f"{one.identity}\n{glob}".encode("utf-8", "surrogatepass")).hexdigest()
    return replace(series, checkpoints=tuple(replace(one, outline=slim[id(one.outline)], identity=identity(one)) for one in series))


class _Steps(Monitor):
    """Many readings told as one."""

    def __init__(self, monitor: Monitor, sizes: Sequence[int]) -> None:
        self._monitor, self._sizes, self._total = monitor, sizes, sum(sizes)
        self._before = self._size = 0
        self._what = ""

    def begin(self, at: int, done: int, what: str) -> None:
        """With checkpoint `at`, after others of `done` bytes."""
        self._before, self._size, self._what = done, self._sizes[at], what
        self.report(0, 0)

    def over(self) -> None:
        self._monitor.report(self._total, self._total, self._what)

    def report(self, done: int, total: int, what: str = "") -> None:
        self._monitor.report(min(self._before + min(done, self._size), self._total), self._total, self._what)

    def check(self) -> None:
        self._monitor.check()


# -- points -------------------------------------------------------------------------------------------------------------------

def _point(column: MeasuredCheckpoint, n: int) -> TrackPoint:
    own, step = column.own, column.step
    if own.nan[n] < 0:
        return TrackPoint(math.nan, math.nan, 0, 0, math.nan, None, False)
    change, same, error = math.nan, None, 0.0
    if step is not None and step.same[n] != UNKNOWN:
        same = step.same[n] == SAME
        if not math.isnan(own.norm[n]):
            change = _ratio(step.moved[n], step.before[n])
            error = step.error[n] if step.error and change else 0.0
    return TrackPoint(own.norm[n], own.std[n], own.nan[n], own.inf[n], change, same, error=error)


def _ratio(moved: float, before: float) -> float:
    if moved == 0:
        return 0.0
    return math.inf if before == 0 else moved / before


def _sum(column: MeasuredCheckpoint, there: Sequence[int], outline: Outline) -> TrackPoint | None:
    own, step = column.own, column.step
    read = [n for n in there if own.nan[n] >= 0]
    if not read:
        return TrackPoint(math.nan, math.nan, 0, 0, math.nan, None, False)
    norms = [own.norm[n] for n in read if not math.isnan(own.norm[n])]
    nan, inf = sum(own.nan[n] for n in read), sum(own.inf[n] for n in read)
    finite = sum(math.prod(outline.shapes[n]) for n in read) - nan - inf
    norm = math.hypot(*norms) if norms else math.nan
    change, same, error = math.nan, None, 0.0
    known = [n for n in read if step is not None and step.same[n] != UNKNOWN]
    if step is not None and known:
        same = all(step.same[n] == SAME for n in known) if len(known) == len(there) else None
        moving = [n for n in known if step.same[n] == MOVED]
        if not math.isnan(norm):
            moved = math.hypot(*(step.moved[n] for n in moving if not math.isnan(step.moved[n])))
            # of a tensor that stayed what it was, its norm before is its norm
            old = math.hypot(*(length for n in known if not math.isnan(length := own.norm[n] if step.same[n] == SAME else step.before[n])))
            change = _ratio(moved, old)
            if step.error and moved > 0:            # of the squares, which are estimated one by one
                error = math.hypot(*((step.moved[n] / moved) ** 2 * step.error[n] for n in moving if not math.isnan(step.moved[n])))
    return TrackPoint(norm, norm / math.sqrt(finite) if finite > 0 else math.nan, nan, inf, change, same, error=error)


def _names(series: Series) -> list[tuple[str, str, str]]:
    """(name, key, role) of all tensors: the name in the state dict, with the path of that one before it where there are several."""
    several = len({path for one in series for path in one.outline.state_dicts}) > 1
    found: dict[str, tuple[str, str]] = {}
    for outline in {id(one.outline): one.outline for one in series}.values():
        for key, name, role in zip(outline.keys, outline.names, outline.roles, strict=True):
            found.setdefault(key, (key if several else name, role))
    return [(name, key, role) for key, (name, role) in found.items()]


def _group(name: str, depth: int) -> str:
    """The first segments of a name; a tensor's own name is never one of them, unless it stands alone."""
    segments = name.split(".")
    return ".".join(segments[:-1][:depth]) or segments[0]
