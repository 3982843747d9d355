"""Numbers of single tensors beside the rows of a list: read when they are looked at, what is on the screen first.

    rows on the screen  →  files of little: then all others  →  one worker  →  arrays by node  →  the window paints, and sorts

What was read stays for as long as the file is open; edits that leave a tensor's elements alone do not have it read again.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from PySide6.QtCore import QObject, Signal

from inspector import core

from .session import Session
from .tasks import Tasks
from .value_checks import UNASKED, ValueChecks

if TYPE_CHECKING:                   # it comes with the first tree
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

BINS = 48                   # of the small histogram in a row
FIGURES = ("min", "max", "mean", "std", "norm")
COUNTS = ("nan", "zeros")
TensorKind = tuple[str, int]         # the last segment of its name, and how many dimensions it has
UNREAD, READ, FAILED = range(3)
TASK = "row values"

_SPAN = (0.01, 0.99)        # of the rows of a kind, for what their small histograms have in common
_SOUNDED = 500              # rows that this is made of, at the most
_INNER = (0.001, 0.999)     # of a row's elements
_FIRST, _STEP = 4 << 20, 32 << 20       # bytes that are read at a time: of rows that somebody waits for, and of others
_MANY = 1024                # tensors that are read at a time
_DIGEST = 32                # characters that are kept of one, enough for any two to differ


class Tree(Protocol):
    """What is needed of a `KeyTree`; one item per node."""

    checkpoint: core.Checkpoint

    def __len__(self) -> int: ...
    @property
    def measurable(self) -> NDArray[np.bool_]: ...
    @property
    def nbytes(self) -> NDArray[Any]: ...
    def measured(self, n: int) -> tuple[core.Checkpoint, str]: ...


class RowValues:
    """What is known of the rows of one tree, by node. `state` says of each whether it is UNREAD, READ or FAILED, and is set last: the
    worker writes while the window reads. Rows that are never read take no memory."""

    figures: NDArray[np.float64]
    counts: NDArray[np.int64]
    inner: NDArray[np.float32]
    heights: NDArray[np.uint8]
    digests: NDArray[np.bytes_]

    def __init__(self, tree: Tree, older: RowValues | None = None) -> None:
        import numpy as np
        n = len(tree)
        self.tree = tree
        self.older = older                  # of the same document, from which a worker takes what is still so
        self.state: NDArray[np.uint8] = np.zeros(n, dtype=np.uint8)
        self.digested: NDArray[np.uint8] = np.zeros(n, dtype=np.uint8)
        self._kinds: dict[int, TensorKind] = {}         # of nodes that were asked for: the same hundreds, whenever more is known

    def __getattr__(self, name: str) -> NDArray[Any]:
        """The large arrays, when they are first wanted, which is by the worker that fills them: 144 bytes a row, which take a large tree's
        window as long as all its painting where the system has to find the memory."""
        import numpy as np
        kinds: dict[str, tuple[tuple[int, ...], str]] = {
            "figures": ((len(FIGURES),), "f8"), "counts": ((len(COUNTS),), "i8"), "inner": ((2,), "f4"), "heights": ((BINS,), "u1"),
            "digests": ((), f"S{_DIGEST}")}
        if name not in kinds:
            raise AttributeError(name)
        of_one, dtype = kinds[name]
        made: NDArray[Any] = self.__dict__.setdefault(name, np.zeros((len(self.tree), *of_one), dtype))     # of two threads, the first's
        return made

    @property
    def _arrays(self) -> tuple[NDArray[Any], ...]:
        """`state` last."""
        return self.figures, self.counts, self.inner, self.heights, self.digests, self.digested, self.state

    def known(self, digest: bool) -> NDArray[np.bool_]:
        """Of which nodes nothing more is to be read; with `digest`, its digest too."""
        known: NDArray[np.bool_] = self.state != UNREAD
        return known & (self.digested != UNREAD) if digest else known

    def left(self, digest: bool) -> Ints:
        """The nodes that are still to be read, in order."""
        import numpy as np
        return np.flatnonzero(self.tree.measurable & ~self.known(digest))

    def put(self, n: int, found: core.Summary | core.BadTensor) -> None:
        if isinstance(found, core.Summary):
            found = found.dequantized or found
            self.figures[n] = [float(found.min), float(found.max), found.mean, found.std, found.l2]
            self.counts[n] = found.nan + found.inf, found.zeros
            self.inner[n] = [found.quantile(share) for share in _INNER] if found.quantiles else float("nan")
            most = max(found.counts, default=0)
            heights = [max(1, round(255 * (count / most) ** 0.5)) if count else 0 for count in found.counts[:BINS]]
            self.heights[n, :len(heights)] = heights
        self.state[n] = READ if isinstance(found, core.Summary) else FAILED

    def put_digest(self, n: int, found: str | core.BadTensor) -> None:
        if isinstance(found, str):
            self.digests[n] = found[:_DIGEST].encode("ascii")
        self.digested[n] = READ if isinstance(found, str) else FAILED

    def kind_of(self, n: int) -> TensorKind:
        """What has small histograms in common: matrices have, with other matrices of their name, but not with the counters beside them."""
        found = self._kinds.get(n)
        if found is None:
            ckpt, key = self.tree.measured(n)
            found = self._kinds[n] = core.leaf_of(key), len(ckpt.tensors[key].shape)
        return found

    def spans(self, nodes: Ints) -> dict[TensorKind, tuple[float, float]]:
        """Where the elements of most of these lie, by their kind, such that a few strange tensors do not press all others together; what is
        known of them. Of very many, some are looked at."""
        import numpy as np
        some = nodes[::max(1, len(nodes) // _SOUNDED)]
        some = some[self.state[some] == READ]
        if not some.size:
            return {}
        some = some[np.isfinite(self.inner[some]).all(axis=1)]
        kinds: dict[TensorKind, list[int]] = {}
        for n in some.tolist():
            kinds.setdefault(self.kind_of(n), []).append(n)
        found = {}
        for kind, alike in kinds.items():
            lows, highs = np.sort(self.inner[alike], axis=0).T.tolist()
            low, high = lows[round(_SPAN[0] * (len(lows) - 1))], highs[round(_SPAN[1] * (len(highs) - 1))]
            found[kind] = (low, high) if high > low else (low - 0.5, low + 0.5)
        return found

    def ranks(self, column: str, descending: bool) -> Ints:
        """Small integers by which nodes sort; what was not read, or has no such number, comes last either way."""
        import numpy as np
        there = self.state == READ
        if column == "digest":
            there = self.digested == READ
            values: NDArray[Any] = self.digests
        elif column in COUNTS:
            values = self.counts[:, COUNTS.index(column)]
        elif column == "values":                    # how wide they lie
            values = self.figures[:, FIGURES.index("max")] - self.figures[:, FIGURES.index("min")]
        else:
            values = self.figures[:, FIGURES.index(column)]
        there = there & (values == values)          # no NaN
        result = np.full(len(values), len(values), dtype=np.int64)
        distinct, rank = np.unique(values[there], return_inverse=True)
        result[there] = len(distinct) - 1 - rank if descending else rank
        return result

    def take_over(self) -> None:
        """What the older tree of the document knew of tensors that are still what they were. In a worker."""
        import numpy as np
        older, self.older = self.older, None
        if older is None:
            return
        there = {identity: int(n) for n in np.flatnonzero(older.known(False) | older.known(True))
                 if (identity := _identity(older.tree, int(n))) is not None}
        if not there:
            return
        pairs = [(int(n), there[identity]) for n in self.left(False)
                 if (identity := _identity(self.tree, int(n))) is not None and identity in there]
        here, before = np.array([one for one, _ in pairs], dtype=np.int64), np.array([one for _, one in pairs], dtype=np.int64)
        for mine, theirs in zip(self._arrays, older._arrays, strict=True):
            mine[here] = theirs[before]


class _Job(NamedTuple):
    values: RowValues
    nodes: Ints


class RowReader(QObject):
    """Lives on the GUI thread. `digest`: whether digests are wanted, too, which takes reading everything once more."""

    changed = Signal()          # more is known, or something else goes on
    over = Signal()             # a reading came to its end

    def __init__(self, session: Session, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._checks = ValueChecks.shared(session, tasks)
        self._values: dict[int, RowValues] = {}         # by document
        self._seen: tuple[tuple[RowValues, Ints], ...] = ()         # what is on the screen
        self._digest = False
        self._all = False                               # a person wants everything that is listed
        self._stopped = False                           # a person wants no more than what is on the screen
        self.progress = (0, 0)                          # bytes
        self.at_work = False
        self.problem: core.InspectorError | None = None
        session.document_removed.connect(self._forget)

    @property
    def wants_all(self) -> bool:
        return self._all

    def follow(self, document: int, tree: Tree) -> RowValues:
        """The values of a document's tree; another tree than before keeps what is still true."""
        before = self._values.get(document)
        if before is not None and before.tree is tree:
            return before
        older = before if before is None or before.state.any() else before.older
        if before is not None:
            before.older = None
        self.problem = None
        self._values[document] = RowValues(tree, older)
        return self._values[document]

    def of(self, tree: object) -> RowValues | None:
        """May be asked by workers."""
        return next((values for values in list(self._values.values()) if values.tree is tree), None)

    def look(self, seen: Sequence[tuple[RowValues, Ints]], digest: bool) -> None:
        """These rows are on the screen."""
        self._digest = digest
        self._seen = tuple(seen)
        if self.problem is None and (not self.at_work or any(self._unread(values, nodes).size for values, nodes in self._seen)):
            self._begin()

    def read_all(self) -> None:
        """A person wants all of it, whatever it takes."""
        self._all, self._stopped, self.problem = True, False, None
        self._begin()
        if not self.at_work:
            self._all = False
            self.over.emit()

    def stop(self) -> None:
        """A person wants it to end."""
        if self.at_work:
            self._tasks.cancel(TASK)

    def left(self, digest: bool | None = None) -> tuple[int, int, int]:
        """How many tensors of how many are still to be read, and the bytes that takes."""
        unread, of, nbytes = 0, 0, 0
        for values in self._values.values():
            nodes = values.left(self._digest if digest is None else digest)
            unread += len(nodes)
            of += int(values.tree.measurable.sum())
            nbytes += int(values.tree.nbytes[nodes].sum())
        return unread, of, nbytes

    # -- at work

    def _unread(self, values: RowValues, nodes: Ints) -> Ints:
        there: Ints = nodes[values.tree.measurable[nodes] & ~values.known(self._digest)[nodes]]
        return there

    def _jobs(self) -> list[_Job]:
        """What is to be read, in this order: what is on the screen, up to so many bytes, and all else where that is little or asked for."""
        jobs, budget = [], UNASKED
        for values, nodes in self._seen:
            unread = self._unread(values, nodes)
            if not self._all:
                unread = unread[:int((values.tree.nbytes[unread].cumsum() <= budget).sum())] if _is_near(values) else unread[:0]
            budget -= int(values.tree.nbytes[unread].sum())
            jobs.append(_Job(values, unread))
        if not self._stopped:
            for values in self._values.values():
                rest = values.left(self._digest)
                if self._all or (_is_near(values) and int(values.tree.nbytes[rest].sum()) <= UNASKED):
                    jobs.append(_Job(values, rest))
        return [job for job in jobs if job.nodes.size or job.values.older is not None]

    def _begin(self) -> None:
        jobs, digest, checks = self._jobs(), self._digest, self._checks
        if not jobs:
            self.at_work = False
            self._tasks.cancel(TASK)
            self.changed.emit()
            return
        takes = {id(job.values): checks.taking(job.values.tree.checkpoint) for job in jobs}
        self.at_work, self.progress = True, (0, 0)
        seen = {id(job.values): job.values for job in jobs}

        def done(_: None) -> None:
            self.at_work = self._all = False
            for values in seen.values():
                checks.told(values.tree.checkpoint)
            self.changed.emit()
            self.over.emit()

        def failed(error: Exception) -> None:
            self.at_work = self._all = False
            if isinstance(error, core.InspectorError):
                self.problem = None if isinstance(error, core.Changed) and self._tasks.rereads else error
            self.changed.emit()
            if not isinstance(error, core.InspectorError):
                raise error

        def stopped() -> None:
            if self.at_work:                        # by a person
                self.at_work = self._all = False
                self._stopped = True
                self.changed.emit()

        def moved(done: int, total: int, what: str) -> None:
            self.progress = (done, total)
            self.changed.emit()

        self._tasks.start(TASK, lambda monitor: _read(jobs, digest, takes, monitor), on_done=done, on_error=failed, on_progress=moved,
                          on_cancel=stopped, label=self.tr("Reading values for the list"))
        self.changed.emit()

    def _forget(self, document: int) -> None:
        gone = self._values.pop(document, None)
        if gone is None:
            return
        self._seen = tuple((values, nodes) for values, nodes in self._seen if values is not gone)
        if self.at_work:
            self._begin()
        self.changed.emit()


def _is_near(values: RowValues) -> bool:
    return not values.tree.checkpoint.is_far


def _identity(tree: Tree, n: int) -> tuple[Any, ...] | None:
    """What the elements of a node are, whatever its key: the same in a checkpoint and in one that edits made of it. None where that cannot
    be told."""
    ckpt, key = tree.measured(n)
    if ckpt is not tree.checkpoint:                 # a packed tensor, which its parts are unpacked to
        return id(ckpt), key
    source = ckpt.edited.source if ckpt.edited is not None else ckpt
    info = ckpt.tensors[key]
    if info.read_from is not None:
        return None
    storage = ckpt.storages.get(info.storage)
    if storage is None or storage.extent is None or source.storages.get(info.storage) != storage:
        return None
    where = f"{info.dtype} {info.shape} {info.stride} {info.offset} {info.layout}"         # numbers of a file may be chosen to collide
    return id(source), info.storage, where, id(info.extra)


def _read(jobs: Iterable[_Job], digest: bool, takes: dict[int, Callable[[str, core.Summary], None] | None],
          monitor: core.Monitor) -> None:
    """In a worker. What was read stays, also when it is cancelled. Raises what has been met, once all else was tried."""
    for job in jobs:
        job.values.take_over()
    left = [job._replace(nodes=job.nodes[~job.values.known(digest)[job.nodes]]) for job in jobs]
    total = sum(int(job.values.tree.nbytes[job.nodes].sum()) for job in left)
    done = 0
    for job in left:
        values, take = job.values, takes[id(job.values)]
        for ckpt, names in _steps(values.tree, job.nodes[~values.known(digest)[job.nodes]], _STEP if done else _FIRST):
            nbytes = sum(int(values.tree.nbytes[n]) for n in names.values())
            monitor.report(done, total)
            unread = [name for name, n in names.items() if values.state[n] == UNREAD]
            for name, found in core.summarize_each(ckpt, unread, BINS, _Quiet(monitor)):
                values.put(names[name], found)
                if take is not None and ckpt is values.tree.checkpoint and isinstance(found, core.Summary):
                    take(name, found)
            for name, said in core.digests(ckpt, [name for name, n in names.items() if values.digested[n] == UNREAD],
                                           _Quiet(monitor)) if digest else ():
                values.put_digest(names[name], said)
            done += nbytes
            monitor.report(done, total)


class _Quiet(core.Monitor):
    """Ends when the other does, and tells nothing of how far a part is."""

    def __init__(self, monitor: core.Monitor) -> None:
        self._monitor = monitor

    def report(self, done: int, total: int, what: str = "") -> None:
        self._monitor.check()

    def check(self) -> None:
        self._monitor.check()


def _steps(tree: Tree, nodes: Ints, most: int) -> Iterator[tuple[core.Checkpoint, dict[str, int]]]:
    """Names of some megabytes, and of some hundreds, at a time, each with its node, all of one checkpoint."""
    names: dict[str, int] = {}
    of: core.Checkpoint | None = None
    nbytes = 0
    for n in nodes.tolist():
        ckpt, name = tree.measured(n)
        if of is not None and names and (ckpt is not of or nbytes >= most or len(names) >= _MANY):
            yield of, names
            names, nbytes, most = {}, 0, _STEP
        of = ckpt
        names[name] = n
        nbytes += int(tree.nbytes[n])
    if of is not None and names:
        yield of, names
