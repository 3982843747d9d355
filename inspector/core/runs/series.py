"""Which checkpoints are one run, and in which order: what the files say before what their names say."""
from __future__ import annotations

import hashlib
import math
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, overload

from inspector.core.checkpoint import Checkpoint, FileStamp, WeaklyReferable, to_be_sent
from inspector.core.errors import Changed, InspectorError, Truncated, UsageError
from inspector.core.hashing import as_key
from inspector.core.io.sources import check_stamp, stamp_of
from inspector.core.keypath import visible
from inspector.core.naming_conventions import PLAIN_WRAPPERS, WRAPPERS_OWN, without_wrappers, words
from inspector.core.opening import open as open_checkpoint
from inspector.core.opening import unchecked
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import Role, roles
from inspector.core.wording import count

from . import finding
from .file_names import natural
from .metrics import Best, best_of, metrics_of
from .positions import position_of

Order = Literal["epoch", "step", "name"]
_RUN = 3                # checkpoints that are a run, where nobody says that they are
_TOLD: tuple[Order, ...] = ("epoch", "step")
_MANY = 2               # times as many that say where they belong as do not
_LAST = frozenset(("last", "latest", "final", "end"))
_ALIAS = _LAST | {"best"}
_PLAIN = re.compile(r"(?:pytorch_|adapter_)?model\.")           # what is saved when training is over
_ALIKE = 0.8            # share of tensors, by name and shape, from which on two checkpoints are of one model
_CUT = frozenset(("truncated", "truncated-archive"))      # findings
_HELD = 50_000          # tensors of checkpoints that are held from being listed until they are measured: some 35 MB


class Outline(NamedTuple):
    """The tensors of a checkpoint that are followed: their keys, shapes, dtypes, roles and names in their state dicts, and the `stored`
    keys, which are others where some checkpoints of the run were saved with the prefix of a wrapper and some without. One for all
    checkpoints that have the same."""

    keys: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]
    roles: tuple[Role, ...]
    names: tuple[str, ...]
    state_dicts: tuple[str, ...]
    stored: tuple[str, ...]

    def stored_key(self, key: str) -> str:
        """What the file calls the tensor that is followed as `key`."""
        return key if self.stored is self.keys else dict(zip(self.keys, self.stored, strict=True)).get(key, key)

    def __hash__(self) -> int:
        return hash((self.keys, self.dtypes, as_key(self.shapes)))


@dataclass(frozen=True, slots=True)
class RunCheckpoint:
    """One checkpoint of a run: where it lies, `epoch` and `step` where the file, the trainer's notes beside it or its name (`said_by`:
    "file", "trainer", "name") say them, and its `metrics`. `nbytes` is of all its files, `tensors` how many it has in all; `identity` is
    another one when the file is."""

    path: str
    epoch: int | float | None
    step: int | None
    metrics: Mapping[str, float] = field(hash=False)
    said_by: str
    nbytes: int
    tensors: int
    outline: Outline = field(repr=False, hash=False)
    identity: str = field(repr=False)
    stamps: tuple[FileStamp, ...] = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return to_be_sent(RunCheckpoint, (self.path, self.epoch, self.step, self.metrics, self.said_by, self.nbytes, self.tensors,
                                          self.outline, self.identity, self.stamps))

    @property
    def name(self) -> str:
        """The last part of the path."""
        return os.path.basename(os.path.normpath(self.path))

    def open(self, monitor: Monitor = QUIET) -> Checkpoint:
        """The checkpoint itself. Errors as `core.open`."""
        return open_checkpoint(self.path, monitor=monitor)


class _CutShort(Truncated):
    """A part of it is there."""


class LeftOut(NamedTuple):
    """A checkpoint that does not count among those of the run: `reason` is "unreadable", "being-written", "outside" (a link
    out of the folder), "other-model" or "unplaced" (nothing tells where in the run it belongs), `message` says more. `is_cut`: a part of an
    "unreadable" one is there, and can be read by itself."""

    path: str
    reason: str
    message: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Series(WeaklyReferable, Sequence[RunCheckpoint]):
    """Checkpoints of one run in the order in which they were saved, as `order` ("epoch", "step", "name") tells; a sequence of them.
    `left_out` are the others that lay there. `everything`: the states of optimizers are followed too. `opened` are those of the first
    checkpoints themselves, by their paths, for whoever reads their tensors next, and takes them out."""

    checkpoints: tuple[RunCheckpoint, ...]
    order: Order
    left_out: tuple[LeftOut, ...] = ()
    everything: bool = False
    opened: dict[str, Checkpoint] = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return Series, (self.checkpoints, self.order, self.left_out, self.everything)

    def __len__(self) -> int:
        return len(self.checkpoints)

    def __iter__(self) -> Iterator[RunCheckpoint]:
        return iter(self.checkpoints)

    @overload
    def __getitem__(self, at: int) -> RunCheckpoint: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[RunCheckpoint]: ...

    def __getitem__(self, at: int | slice) -> RunCheckpoint | Sequence[RunCheckpoint]:
        return self.checkpoints[at]

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all metrics, those first that the first checkpoint has."""
        return tuple(dict.fromkeys(name for one in self.checkpoints for name in one.metrics))

    def best(self, metric: str | None = None) -> Best | None:
        """Which checkpoint has the best `metric`; without it, of the one that says most. None where none is known to be better when more
        or less. Raises UsageError for a metric that no checkpoint has."""
        if metric is not None and metric not in self.metrics:
            raise UsageError(f"no checkpoint says {visible(metric, 80)}",
                             f"There are: {', '.join(visible(name, 60) for name in self.metrics[:20]) or 'no metrics at all'}.")
        return best_of([one.metrics for one in self.checkpoints], metric)


def series(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, everything: bool = False, settled: float = 0.0,
           reader: SeriesReader | None = None, monitor: Monitor = QUIET) -> Series:
    """The checkpoints of one run: those in a folder, or the ones named. Reads what they say, not their tensors (but those of one element
    that hold a loss or an epoch). Files that cannot be read or are cut short, and checkpoints of another model, are `left_out`. Raises
    UsageError where there is no checkpoint at all, ReadError when none can be read, Cancelled.

    While a training writes there: files that were written to within the last `settled` seconds are left out, and a `reader` that is kept
    from one look to the next opens only what is new.

    >>> run = core.series([core.save({"w": [1.0], "epoch": n, "val_acc": n / 10}, folder / f"{n}.pth").path for n in (2, 10, 1)])
    >>> [one.epoch for one in run], run.best().value
    ([1, 2, 10], 1.0)
    """
    given = [paths] if isinstance(paths, str | bytes | os.PathLike) else list(paths)
    found = finding.checkpoints_of(given)
    read = reader if reader is not None else SeriesReader(everything)
    opened: list[RunCheckpoint] = []
    left_out: list[LeftOut] = []
    errors: list[InspectorError] = []
    for done, path in enumerate(found):
        monitor.report(done, len(found), os.path.basename(path))
        if where := finding.leads_outside(path, given):
            left_out.append(LeftOut(path, "outside", f"it is a link to {visible(where, 120)}, outside the folder; name it to have it"))
            continue
        if settled and _is_fresh(path, settled):
            left_out.append(LeftOut(path, "being-written", "it was written to just now"))
            continue
        try:
            opened.append(read.checkpoint(path, monitor))
        except InspectorError as error:
            errors.append(error)
            left_out.append(LeftOut(path, "unreadable", error.message, isinstance(error, _CutShort)))
    if not opened:
        if not errors and all(left.reason == "outside" for left in left_out):
            raise UsageError("everything there is a link out of the folder", "Name the files, if you know who made the links.", found[0])
        raise errors[0] if errors else Changed("everything there is being written just now", "Look again in a few seconds.", found[0])
    return replace(in_order(opened, left_out, everything), opened=read.taken())


def is_run(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], monitor: Monitor = QUIET) -> bool:
    """Whether the files, or those in a folder, look like checkpoints of one run: three at least, of which the first, the last and the one
    in the middle have the same tensors by name and shape, but for a fifth. Opens those, or others in their place where one cannot be read
    just now. Raises Cancelled.

    >>> files = [core.save({"w": np.full(2, n), "epoch": n}, folder / f"epoch_{n}.pth").path for n in range(3)]
    >>> core.is_run(files), core.is_run(files[:2])
    (True, False)
    """
    try:
        given = [paths] if isinstance(paths, str | bytes | os.PathLike) else list(paths)
        found = sorted((path for path in finding.checkpoints_of(given) if not finding.leads_outside(path, given)), key=natural)
    except InspectorError:
        return False
    if len(found) < _RUN:
        return False
    reader, seen = SeriesReader(), 0
    alike: Outline | None = None
    left = [found[0], found[len(found) // 2], found[-1], *found[1:4]]
    for path in dict.fromkeys(left):
        try:
            outline = _without_wrappers(reader.checkpoint(path, monitor).outline)
        except InspectorError:
            continue
        if alike is not None and \
                _shared(outline, dict(zip(alike.names, alike.shapes, strict=True))) < _ALIKE * max(len(alike.names), len(outline.names)):
            return False
        alike, seen = alike or outline, seen + 1
        if seen == _RUN:
            break
    return seen > 1 and alike is not None and bool(alike.names)


class SeriesReader:
    """Reads what checkpoints of a run say; what they have in common is kept once, and one that has not changed is opened once.

    >>> paths = [core.save({"epoch": n, "val_acc": n / 10, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)]
    >>> reader = core.SeriesReader()
    >>> [(one.epoch, dict(one.metrics)) for one in map(reader.checkpoint, paths)][-1]
    (2, {'val_acc': 0.2})
    """

    def __init__(self, everything: bool = False) -> None:
        self._everything = everything
        self._outlines: dict[Outline, Outline] = {}
        self._known: dict[str, RunCheckpoint] = {}
        self._held: dict[str, Checkpoint] = {}
        self._room = _HELD

    def taken(self) -> dict[str, Checkpoint]:
        """Checkpoints that were opened since they were last taken, by their paths, as far as there was room to hold them."""
        held, self._held, self._room = self._held, {}, _HELD
        return held

    def checkpoint(self, path: str, monitor: Monitor = QUIET) -> RunCheckpoint:
        """Raises Truncated for a file that is cut short, as one is while it is written; otherwise errors as `core.open`."""
        known = self._known.get(path)
        if known is not None and known.stamps and all(stamp_of(stamp.path) == stamp._replace(inside=()) for stamp in known.stamps):
            return known
        ckpt = unchecked(path, monitor=monitor)
        if any(finding.id in _CUT for finding in ckpt.findings):
            what = ckpt.facts.get("salvaged", "the end of the file is missing").partition(":")[0]
            whole = sum(not info.problem for info in ckpt.tensors.values())
            raise _CutShort(f"{what}; {whole:,} of {count(len(ckpt.tensors), 'tensor')} can be read", "It is being written, or was "
                            "never whole.", path)
        position = position_of(ckpt, path, metrics_of(ckpt, monitor), monitor)
        outline = _outline(ckpt, self._everything)
        outline = self._outlines.setdefault(outline, outline)
        found = RunCheckpoint(path, position.epoch, position.step, MappingProxyType(position.metrics), position.said_by, ckpt.nbytes,
                              len(ckpt.tensors), outline, _identity(ckpt, outline), ckpt.files)
        for stamp in ckpt.files:
            check_stamp(stamp)          # of all that was read, nothing was written meanwhile
        self._known[path] = found
        self._room -= len(ckpt.tensors)
        if self._room >= 0:
            self._held[path] = ckpt
        return found


def _is_fresh(path: str, seconds: float) -> bool:
    """Whether a file, or one in the folder, was written to within so many seconds."""
    try:
        files = [path] if not os.path.isdir(path) else [entry.path for entry in os.scandir(path) if entry.is_file()]
        return any(time.time() - os.stat(name).st_mtime < seconds for name in files)
    except OSError:
        return False


def _outline(ckpt: Checkpoint, everything: bool) -> Outline:
    role_of = roles(ckpt)
    wanted = [(info, role) for info in ckpt.tensors.values()
              if (role := role_of(info)) in ("parameter", "buffer") or (everything and info.numel > 1)]
    keys = tuple(info.key for info, _ in wanted)
    return Outline(keys, tuple(info.shape for info, _ in wanted),
                   tuple(info.dtype for info, _ in wanted), tuple(role for _, role in wanted), tuple(info.name for info, _ in wanted),
                   tuple(dict.fromkeys(info.state_dict or "" for info, _ in wanted)), keys)


def _named_alike(opened: Sequence[RunCheckpoint]) -> Sequence[RunCheckpoint]:
    """The same checkpoints. Where some have the names of a wrapper (DataParallel, torch.compile) in their keys and others have not, all are
    followed by the keys without them; else by those of the files."""
    outlines = {id(one.outline): one.outline for one in opened}
    bare = {number: _without_wrappers(outline) for number, outline in outlines.items()}
    if len({outline.state_dicts for outline in bare.values()}) > 1 and all(len(outline.state_dicts) == 1 for outline in bare.values()) \
            and all(len(set(outline.names)) == len(outline.names) for outline in bare.values()):
        bare = {number: outline._replace(keys=outline.names) for number, outline in bare.items()}      # in a .pth under "model", here not
    stored: dict[str, str] = {}
    if len(bare) < 2 or all(stored.setdefault(key, own) == own for outline in bare.values()
                            for key, own in zip(outline.keys, outline.stored, strict=True)):
        return opened
    return [one if bare[id(one.outline)] is one.outline else replace(one, outline=bare[id(one.outline)]) for one in opened]


def _without_wrappers(outline: Outline) -> Outline:
    """The outline with keys and names that say nothing of wrappers; itself where they do not, or would be the same for two tensors."""
    names = [without_wrappers(name) for name in outline.names]
    dicts: dict[str, list[int]] = {}
    for n, (key, name) in enumerate(zip(outline.keys, outline.names, strict=True)):
        dicts.setdefault(key.removesuffix(name), []).append(n)
    for places in dicts.values():
        for wrapper in PLAIN_WRAPPERS:              # their names are also somebody's own: all of the model must be in them
            head = f"{wrapper}."
            while all(names[n].startswith(head) or names[n] in WRAPPERS_OWN for n in places) and any(
                    names[n].startswith(head) for n in places):
                for n in places:
                    names[n] = names[n].removeprefix(head)
    if names == list(outline.names):
        return outline
    keys = tuple(key.removesuffix(old) + new for key, old, new in zip(outline.keys, outline.names, names, strict=True))
    return outline._replace(keys=keys, names=tuple(names)) if len(set(keys)) == len(keys) else outline


def _identity(ckpt: Checkpoint, outline: Outline) -> str:
    """SHA-256 of how its files look, where its tensors lie in them and what checksums were recorded for them: another one when the file
    is, and the same under another name."""
    state = hashlib.sha256()
    for stamp in ckpt.files:
        state.update(repr((stamp.size, stamp.mtime_ns, stamp.ctime_ns, stamp.inode, stamp.device, stamp.inside)).encode())
    for key in outline.stored:
        info = ckpt.tensors[key]
        storage = ckpt.storages.get(info.storage)
        extent = storage.extent if storage is not None else None
        where = extent and (extent.file, extent.offset, extent.nbytes, extent.crc)
        state.update(repr((key, info.shape, info.dtype, info.stride, info.offset, where)).encode("utf-8", "surrogatepass"))
    return state.hexdigest()


# -- order, and who belongs ---------------------------------------------------------------------------------------------------

def in_order(opened: Sequence[RunCheckpoint], left_out: Iterable[LeftOut] = (), everything: bool = False) -> Series:
    """The run that most of the checkpoints are of, in order."""
    opened = _named_alike(opened)
    outline = _of_most(opened)
    there = dict(zip(outline.names, outline.shapes, strict=True))
    mine, others = [], list(left_out)
    for one in opened:
        shared, most = _shared(one.outline, there), max(len(there), len(one.outline.names))
        if one.outline is outline or shared >= _ALIKE * most:
            mine.append(one)
        else:
            others.append(LeftOut(one.path, "other-model", f"it is of another model: {shared:,} of {most:,} tensors are the same"))
    mine, order = _placed(mine, others)
    return Series(tuple(sorted(mine, key=lambda one: _place(one, order))), order, tuple(others), everything)


def _placed(mine: list[RunCheckpoint], others: list[LeftOut]) -> tuple[list[RunCheckpoint], Order]:
    """(those that can be put in order, by what). Where nearly all say their epoch or step, the few that do not are the end of the run, if
    they are called so; else nothing tells where they belong, and they are left out."""
    for order in _TOLD:
        silent = [one for one in mine if (one.epoch if order == "epoch" else one.step) is None]
        if len(mine) - len(silent) >= max(_RUN, _MANY * len(silent)):
            lost = [one for one in silent if not _is_last(one)]
            why = f"it says no {order}, and the others do: nothing tells where it belongs"
            others += [LeftOut(one.path, "unplaced", why) for one in lost]
            return [one for one in mine if one not in lost], order
    return mine, next((order for order in _TOLD if all((one.epoch if order == "epoch" else one.step) is not None for one in mine)), "name")


def _is_last(one: RunCheckpoint) -> bool:
    return _PLAIN.match(one.name) is not None or not _LAST.isdisjoint(words(one.name))


def _place(one: RunCheckpoint, order: Order) -> tuple[object, ...]:
    numbers = {"epoch": (math.inf if one.epoch is None else one.epoch, -1 if one.step is None else one.step),
               "step": (math.inf if one.step is None else one.step, 0), "name": (0, 0)}[order]
    return *numbers, _is_alias(one.name), natural(one.path)


def _is_alias(name: str) -> bool:
    """Whether a name says what a checkpoint is rather than which: `best.pth` stands behind the `epoch_7.pth` that it is."""
    return not _ALIAS.isdisjoint(words(name))


def _of_most(opened: Sequence[RunCheckpoint]) -> Outline:
    """The outline that most checkpoints are alike to; of several such, that of the first."""
    counts = Counter(one.outline for one in opened)
    candidates = [outline for outline, _ in counts.most_common(16)]
    def alike(outline: Outline) -> int:
        there = dict(zip(outline.names, outline.shapes, strict=True))
        return sum(count for other, count in counts.items()
                   if other is outline or _shared(other, there) >= _ALIKE * max(len(there), len(other.names)))
    return max(candidates, key=alike) if len(candidates) > 1 else candidates[0]


def _shared(outline: Outline, there: Mapping[str, tuple[int, ...]]) -> int:
    return sum(there.get(name) == shape for name, shape in zip(outline.names, outline.shapes, strict=True))
