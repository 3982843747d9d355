"""NaN, infinities and tensors of zeros: known only once values were read.

Files of up to 256 MB, and of tensors few enough for some seconds, are read in the background, a while after they were opened and only
while nothing else is at work; what was read before something else began is kept. Of larger ones it is known once somebody asks, or once a
panel has measured them.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from inspector import core

from .requests import Kept
from .session import Document, Session, State
from .tasks import Tasks

UNASKED = 256 << 20     # bytes of tensors that are read without being asked for
UNASKED_TENSORS = 20_000        # the same as a number: each takes 0.2 to 0.4 ms of a processor, however small it is
REST = 250              # milliseconds in which nothing else may be at work
KEPT = 64               # checkpoints
TOLD = 300              # milliseconds between two tellings of how far it is
NOT_FINITE = ("nan-values", "infinite-values")      # findings
_STEP = 32 << 20        # bytes, and
_MANY = 4096            # tensors, between two looks at whether to stop
_TASK, _TOLD = "values", "value-findings"
_SHORT = (_TOLD, "signals", "marks")         # work that follows from reading, and takes no time
_LOOKS = "stamps"                            # nor does looking whether files have changed


class Odd(NamedTuple):
    """Of a tensor that something may be the matter with what tells it: there can be very many that are constant."""

    numel: int
    finite: int
    min: float | int
    max: float | int
    nan: int
    inf: int


class Checked(NamedTuple):
    """What the values of a checkpoint say. `read` of `of` tensors whose values can be had were looked at. `bad`: key -> how many
    elements are NaN, and how many infinite, where that is not meant. `finite`: none of those
    read has any, meant or not. `odd`: the numbers that `findings` go by."""

    read: int
    of: int
    bad: Mapping[str, tuple[int, int]]
    findings: tuple[core.Finding, ...]
    finite: bool = True
    odd: Mapping[str, Odd] = MappingProxyType({})

    @property
    def is_complete(self) -> bool:
        return self.read >= self.of


class Measured(NamedTuple):
    """What is known of single tensors of a document, by the keys of its original: `std`, and how many elements are NaN or infinite (0
    where that was looked for). `read` of `of` were read; `at_work`: the others are being read, or will be unasked."""

    std: Callable[[str], float | None]
    nonfinite: Callable[[str], int | None]
    read: int
    of: int
    at_work: bool


class _Reading:
    """Of one checkpoint, as far as it went. `read`: the deviation of what was read; `odd`: tensors that something may be the matter
    with. `wanted`: a person asked for it. Nothing here takes a step a key on the GUI thread."""

    def __init__(self) -> None:
        self.read: dict[str, float] = {}
        self.odd: dict[str, Odd] = {}
        self.of: int | None = None          # tensors whose values can be had, once a worker has counted them
        self.wanted = False
        self.over = False                   # nothing is left, or reading failed, and that was told

    def take(self, key: str, found: core.Summary) -> None:
        self.read[key] = found.std or 0.0           # one zero for all
        if found.nan or found.inf or (found.min == found.max and found.numel > 1):
            least, greatest = found.min, found.max
            self.odd[key] = Odd(found.numel, found.finite, least, least if least == greatest else greatest, found.nan, found.inf)


class ValueChecks(QObject):
    """Lives on the GUI thread, one a session. What it knows is of documents' originals; for edited ones it goes by where keys came from."""

    changed = Signal(int)           # more is known of a document
    moved = Signal(int)             # more of its tensors were read; a few times a second

    def __init__(self, session: Session, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._reading: Kept[_Reading] = Kept(KEPT)
        self._checked: Kept[Checked] = Kept(KEPT)
        self._at_work: int | None = None
        self._since = QElapsedTimer()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._begin)
        tasks.changed.connect(self._give_way)
        tasks.idle.connect(self._wait)
        session.document_changed.connect(lambda id: self._wait())
        session.document_removed.connect(self._forget)

    @staticmethod
    def shared(session: Session, tasks: Tasks) -> ValueChecks:
        """The one of `session`."""
        return session.findChild(ValueChecks) or ValueChecks(session, tasks, session)

    def of(self, document: Document) -> Checked | None:
        """What is known of a document as it is in its file; None while nothing is."""
        return self._checked.get(document.original, None) if document.original is not None else None

    def is_expected(self, document: Document) -> bool:
        """Whether more will be known without anybody asking."""
        reading = self._reading_of(document)
        return reading is not None and document.original is not None and self._is_due(document.original, reading)

    def measured(self, document: Document) -> Measured | None:
        """What is known of a document's tensors one by one; None while it is not there."""
        reading, original = self._reading_of(document), document.original
        if reading is None or original is None:
            return None
        read, odd = reading.read, reading.odd

        def nonfinite(key: str) -> int | None:
            found = odd.get(key)
            return found.nan + found.inf if found is not None else 0 if key in read else None

        return Measured(read.get, nonfinite, len(read), len(original.tensors) if reading.of is None else reading.of,
                        self._at_work == document.id or self._is_due(original, reading))

    def ask(self, id: int) -> None:
        """A person wants to know, however large the file is."""
        document = self._session.document(id)
        reading = self._reading_of(document) if document is not None else None
        if reading is not None:
            reading.wanted, reading.over = True, False
            self._wait()

    def learn(self, ckpt: core.Checkpoint, summaries: Mapping[str, core.Summary]) -> None:
        """Takes in what a panel has measured of the values of `ckpt`."""
        for document in self._session.documents:
            reading = self._reading_of(document) if document.original is ckpt else None
            if reading is not None:
                known = len(reading.read)
                for key, found in summaries.items():
                    reading.take(key, found)
                if len(reading.read) > known:
                    self._conclude(document, reading)

    def taking(self, ckpt: core.Checkpoint) -> Callable[[str, core.Summary], None] | None:
        """What takes in single tensors of `ckpt` in a worker that reads them for something else; None where nobody wants them. `told`
        comes afterwards."""
        document = next((one for one in self._session.documents if one.original is ckpt), None)
        reading = self._reading_of(document) if document is not None else None
        return reading.take if reading is not None else None

    def told(self, ckpt: core.Checkpoint) -> None:
        """What was taken in is there: works out what is known now."""
        for document in self._session.documents:
            reading = self._reading_of(document) if document.original is ckpt else None
            if reading is not None and reading.read:
                self._conclude(document, reading)

    # -- reading in the background

    def _reading_of(self, document: Document) -> _Reading | None:
        original = document.original
        if original is None:
            return None
        found = self._reading.get(original, None)
        if found is None:
            found = _Reading()
            self._reading.put(original, None, found)
        return found

    def _next(self) -> tuple[Document, _Reading] | None:
        """The document to be read now: the selected one first."""
        selected = self._session.selected_document
        for document in sorted(self._session.documents, key=lambda one: one is not selected):
            reading = self._reading_of(document) if document.state is State.READY else None
            if reading is not None and document.original is not None and self._is_due(document.original, reading):
                return document, reading
        return None

    def _is_due(self, original: core.Checkpoint, reading: _Reading) -> bool:
        little = original.nbytes <= UNASKED and len(original.tensors) <= UNASKED_TENSORS
        return not reading.over and (reading.wanted or (little and not original.is_far)) and bool(original.tensors)

    def _wait(self) -> None:
        if self._at_work is None and not self._rest.isActive():
            self._rest.start()

    def _others(self) -> bool:
        return any(task.key not in (_TASK, _LOOKS) and not (isinstance(task.key, tuple) and task.key[0] in _SHORT)
                   for task in self._tasks.running)

    def _give_way(self) -> None:
        """Somebody waits for something else."""
        if self._at_work is not None and self._others() and any(task.key == _TASK for task in self._tasks.running):
            self._at_work = None
            self._tasks.cancel(_TASK)

    def _begin(self) -> None:
        if self._at_work is not None or self._others():
            return                                  # `idle` comes again
        found = self._next()
        if found is None:
            return
        document, reading = found
        id, original = document.id, document.original
        assert original is not None
        self._at_work = id
        self._tasks.start(_TASK, lambda monitor: _read(original, reading, monitor), on_done=lambda _: self._done(id, original, reading),
                          on_error=lambda error: self._failed(id, original, reading), on_cancel=self._stopped,
                          on_progress=lambda *_: self._progress(id),
                          label=self.tr("Looking for NaN"))

    def _progress(self, id: int) -> None:
        if not self._since.isValid() or self._since.elapsed() >= TOLD:
            self._since.start()
            self.moved.emit(id)

    def _stopped(self) -> None:
        self._at_work = None

    def _done(self, id: int, original: core.Checkpoint, reading: _Reading) -> None:
        """Here and not in the worker it is over: one that is cancelled meanwhile is asked again, and finds nothing left to read."""
        self._at_work, reading.over = None, True
        document = self._session.document(id)
        if document is not None and document.original is original and reading.read:
            self._conclude(document, reading)
        self._wait()

    def _failed(self, id: int, original: core.Checkpoint, reading: _Reading) -> None:
        """The file is gone or has changed; what cannot be read is said by whoever needs it."""
        self._done(id, original, reading)

    def _conclude(self, document: Document, reading: _Reading) -> None:
        """Works out, in a worker, what is known by now."""
        id, original = document.id, document.original
        if original is None:
            return
        before, of = self._checked.get(original, None), reading.of or len(original.tensors)

        def work(monitor: core.Monitor) -> tuple[Checked, bool]:
            found = _checked(original, reading, of, monitor)
            return found, found != before           # here: it takes some milliseconds where much is odd

        def done(found: tuple[Checked, bool]) -> None:
            if found[1] or self._checked.get(original, None) is not before:
                self._checked.put(original, None, found[0])
                self.changed.emit(id)

        self._tasks.start((_TOLD, id), work, on_done=done)

    def _forget(self, id: int) -> None:
        self._tasks.cancel((_TOLD, id))
        if self._at_work == id:
            self._at_work = None
            self._tasks.cancel(_TASK)
            self._wait()


def _checked(ckpt: core.Checkpoint, reading: _Reading, of: int, monitor: core.Monitor) -> Checked:
    """In a worker, while another may read on: what is odd is taken first, so that it is of what was read."""
    odd = dict(reading.odd)
    read = len(reading.read)
    found = findings_by(ckpt, odd, monitor)
    guilty = set(core.stoppable((key for finding in found if finding.id in NOT_FINITE for key in finding.keys), monitor))
    return Checked(read, of, {key: (odd[key].nan, odd[key].inf) for key in core.stoppable(guilty, monitor) if key in odd}, found,
                   not any(one.nan or one.inf for one in core.stoppable(odd.values(), monitor)), odd)


def findings_by(ckpt: core.Checkpoint, odd: Mapping[str, Odd], monitor: core.Monitor = core.QUIET) -> tuple[core.Finding, ...]:
    return tuple(finding for finding in core.value_findings(ckpt, odd, monitor) if finding.level != "info")


def _read(ckpt: core.Checkpoint, reading: _Reading, monitor: core.Monitor) -> None:
    """In a worker. What was measured stays, also when it is cancelled."""
    keys = [key for key, tensor in core.stoppable(ckpt.tensors.items(), monitor) if not tensor.problem and tensor.dtype in core.DTYPES]
    left = [key for key in core.stoppable(keys, monitor) if key not in reading.read]
    done, total = 0, sum(ckpt.tensors[key].nbytes for key in core.stoppable(left, monitor))
    unread = 0
    for step in _steps(ckpt, left):
        monitor.report(done, total)
        for key, outcome in core.summarize_each(ckpt, step, monitor=monitor):
            if isinstance(outcome, core.Summary):
                reading.take(key, outcome)
            else:
                unread += 1
        if not reading.read:                    # nothing of the first step: the file is gone
            return
        done += sum(ckpt.tensors[key].nbytes for key in step)
    reading.of = len(keys) - unread


def _steps(ckpt: core.Checkpoint, keys: list[str]) -> Iterator[list[str]]:
    """Keys of some megabytes, and of some thousands, at a time."""
    step: list[str] = []
    nbytes = 0
    for key in keys:
        step.append(key)
        nbytes += ckpt.tensors[key].nbytes
        if nbytes >= _STEP or len(step) >= _MANY:
            yield step
            step, nbytes = [], 0
    if step:
        yield step
