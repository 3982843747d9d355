"""The comparison that the session asks for, worked out step by step and told as it grows.

    session.compared → worker: pair_up, tree → pairing_done → the same worker: by_content, differences → grown … → finished

What only headers tell is on show at once; values come in as they are read, at most twenty times a second. Cancelling keeps what
is there, and `go_on` reads the rest. What was found of two tensors is kept (`KnownDifferences`): after an edit, with another rule or
when the same files come back, only what is not known is read.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum
from time import monotonic
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from inspector import core
from inspector.gui.models.pair_tree import Figures, News, PairTree, build_pair_tree
from inspector.gui.state.changes import Changes, changes_of
from inspector.gui.state.session import Compared, Session, State
from inspector.gui.state.tasks import Tasks

from .known import KnownDifferences

TASK, FLAT = "compare", "compare-list"
T = TypeVar("T")
Came = News | PairTree
Sides = tuple[dict[str, float], dict[str, float]]
TOGETHER, SOON = 512, 0.03            # pairs that are handed over at once, and the seconds after which fewer are
_GLANCE = 16                          # pairs between two looks after the window: each is noted in several places


class Step(Enum):
    IDLE = "idle"
    WAITING = "waiting"         # a file is still being opened
    PAIRING = "pairing"
    READING = "reading"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"


class ComparisonProgress(QObject):
    """`tree` is what there is to show (None before the names are paired), `step` how far the work is, `error` why it ended,
    `verdict` what it came to, `rearranged` what was found transposed, joined or split,
    `undecided` what nothing tells apart, `unsearched` how many were passed over, `lineage` where B's values come from. All on the GUI
    thread."""

    paired = Signal()           # another tree
    grown = Signal()            # values of some pairs came in
    changed = Signal()          # step, what was read, or verdict

    def __init__(self, session: Session, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._asked: tuple[Compared, core.Checkpoint, core.Checkpoint] | None = None
        self._pending: deque[Came] = deque()
        self.tree: PairTree | None = None
        self.step = Step.IDLE
        self.error: Exception | None = None
        self.verdict: core.Verdict | None = None
        self.judged: core.Comparison | None = None      # all of it, once everything was read
        self.rearranged: tuple[core.Rearranged, ...] = ()
        self.undecided: tuple[core.Undecided, ...] = ()
        self.unsearched: core.Unsearched | None = None
        self.lineage = core.Lineage()
        self.read = (0, 0)                  # bytes, of how many
        self.flat = False
        self.known = KnownDifferences()
        self._changes = Changes.shared(session)
        self._batch: _Batch | None = None
        session.compared_changed.connect(self.follow)
        session.document_changed.connect(lambda id: self.follow())

    @property
    def comparison(self) -> core.Comparison | None:
        """As it was paired; the values are in `tree.figures`."""
        return self.tree.figures.comparison if self.tree is not None else None

    def stop(self) -> None:
        self._tasks.cancel(TASK)

    def go_on(self) -> None:
        """After a stop or an error: what is still missing."""
        if self.step not in (Step.STOPPED, Step.FAILED):
            return
        if self.tree is not None:
            self._read(self.tree)
        else:
            self._asked = None
            self.follow()

    def set_flat(self, flat: bool) -> None:
        """One list of all pairs instead of groups."""
        if flat == self.flat:
            return
        self.flat = flat
        if self.tree is not None:
            self._rearrange(self.tree)

    def _rearrange(self, tree: PairTree) -> None:
        figures, flat = tree.figures, self.flat

        def done(found: PairTree) -> None:
            if self.tree is not None and found.figures is self.tree.figures:
                self._show(found)

        self._tasks.start(FLAT, lambda monitor: build_pair_tree(figures, monitor, flat=flat), on_done=done,
                          label=self.tr("Laying out the pairs"))

    # -- steps --------------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Does what the session asks for now."""
        compared = self._session.compared
        if compared is None:
            if self._asked is not None or self.step is not Step.IDLE:
                self._forget()
                self._go(Step.IDLE)
            return
        a, b = (self._session.document(id) for id in compared.ids)
        if a is None or b is None:
            return
        failed = next((document.error for document in (a, b) if document.state is State.FAILED), None)
        if a.checkpoint is None or b.checkpoint is None:
            self._forget()
            self.error = failed
            self._go(Step.FAILED if failed is not None else Step.WAITING)
        else:
            asked = (compared._replace(base=None), a.checkpoint, b.checkpoint)          # who changed what is told apart
            if self._asked is None or self._asked[0] != asked[0] or self._asked[1] is not asked[1] or self._asked[2] is not asked[2]:
                self._pair(*asked)

    def _forget(self) -> None:
        had = self.tree is not None
        self._batch = None
        self._asked = self.tree = self.error = self.verdict = self.judged = None
        self._tasks.cancel(TASK)
        self._tasks.cancel(FLAT)
        if had:
            self.paired.emit()

    def _pair(self, compared: Compared, a: core.Checkpoint, b: core.Checkpoint) -> None:
        again = self._asked is not None and self._asked[0].ids == compared.ids
        if again:                               # with other rules, or after an edit: what there was stays on show until then
            self._batch = None
            self._tasks.cancel(TASK)
            self._tasks.cancel(FLAT)
        else:
            self._forget()
        self._asked = (compared, a, b)
        flat, known = self.flat, self.known

        def work(monitor: core.Monitor) -> PairTree:
            found = core.pair_up(a, b, in_a=compared.in_a, in_b=compared.in_b, accepted=compared.accepted,
                                 rejected=_keys(compared), monitor=monitor)
            tree = build_pair_tree(Figures(known.filled(found, monitor), monitor), monitor, flat=flat)
            tree.sum_up_shown()
            return tree

        def done(tree: PairTree) -> None:
            self.error = self.verdict = self.judged = None
            self._show(tree)
            self._read(tree)

        self._tasks.start(TASK, work, on_done=done, on_error=self._failed, on_cancel=self._cancelled,
                          label=self.tr("Pairing the tensors"))
        self._go(Step.PAIRING)

    def _read(self, tree: PairTree) -> None:
        assert self._asked is not None
        ids, rejected, flat = self._asked[0].ids, _keys(self._asked[0]), self.flat
        pending: deque[Came] = deque()
        self._pending, self._batch = pending, None
        known = self.known

        def work(monitor: core.Monitor) -> tuple[core.Comparison, Sides]:
            figures = tree.figures
            comparison = core.with_pairs(figures.comparison, figures.pairs)
            moved = core.by_content(comparison, rejected, monitor)
            if moved is not comparison:
                moved = known.filled(moved, monitor)
                figures = Figures(moved, monitor)
                found_again = build_pair_tree(figures, monitor, flat=flat)
                found_again.sum_up_shown()
                pending.append(found_again)
            pairs = list(moved.pairs)
            batch = self._batch = _Batch(figures, pending)
            for n, found in core.differences(moved, only=lambda pair: pair.difference is None, monitor=monitor):
                if not n % _GLANCE:
                    monitor.check()
                pairs[n] = core.with_difference(pairs[n], found)
                known.keep(moved, pairs[n])
                batch.add(n, pairs[n])
            batch.hand_over()
            _ = core.edits_for_differences      # what edits are made of is loaded here, where it delays nobody
            judged = known.judged(core.with_pairs(moved, pairs), monitor)
            return judged, changes_of(judged, monitor)

        def done(found: tuple[core.Comparison, Sides]) -> None:
            judged, changes = found
            self._take(pending)
            self._changes.keep(ids, judged, changes)
            self.judged = judged
            self.verdict, self.lineage = judged.verdict, judged.lineage
            self.rearranged, self.undecided, self.unsearched = judged.rearranged, judged.undecided, judged.unsearched
            self._go(Step.DONE)

        def progress(so_far: int, total: int, key: str) -> None:
            self.read = (so_far, total)
            if self.tree is not None:
                self.tree.figures.reading = key
            if self._batch is not None:
                self._batch.hand_over()
            self._take(pending)
            self.changed.emit()

        self.error, self.read = None, (0, 0)
        self._tasks.start(TASK, work, on_done=done, on_error=self._failed, on_cancel=self._cancelled, on_progress=progress,
                          label=self.tr("Comparing values"))
        self._go(Step.READING)

    def _take_all(self) -> None:
        if self._batch is not None:
            self._batch.hand_over()
        self._take(self._pending)

    def _take(self, pending: deque[Came]) -> None:
        """What the worker has found by now."""
        grown = False
        for one in _taken(pending):
            if isinstance(one, PairTree):
                self._show(one)
            elif self.tree is not None:
                self.tree.figures.take(one)
                grown = True
        if grown:
            self.grown.emit()

    def _show(self, tree: PairTree) -> None:
        self._tasks.cancel(FLAT)
        self.tree = tree
        self.paired.emit()
        if tree.flat != self.flat:              # asked for while this one was on its way
            self._rearrange(tree)

    def _failed(self, error: Exception) -> None:
        self._take_all()
        self.error = error
        self._go(Step.FAILED)
        if not isinstance(error, core.InspectorError):
            raise error

    def _cancelled(self) -> None:
        self._take_all()
        if self._asked is not None:
            self._go(Step.STOPPED)

    def _go(self, step: Step) -> None:
        self.step = step
        if step is not Step.READING and self.tree is not None:
            self.tree.figures.reading = ""
        self.changed.emit()


class _Batch:
    """Pairs on their way from the worker, several at once and made ready there: the window's thread has little to do for each. It asks
    for those that are left while the worker is at something large."""

    def __init__(self, figures: Figures, pending: deque[Came]) -> None:
        self._figures, self._pending = figures, pending
        self._pairs: deque[tuple[int, core.Pair]] = deque()         # both threads take from it
        self._since = monotonic()

    def add(self, n: int, pair: core.Pair) -> None:
        self._pairs.append((n, pair))
        if len(self._pairs) >= TOGETHER or monotonic() - self._since > SOON:
            self._since = monotonic()
            self.hand_over()

    def hand_over(self) -> None:
        pairs = [*_taken(self._pairs)]
        if pairs:
            self._pending.append(self._figures.prepared(pairs))


def _keys(compared: Compared) -> frozenset[tuple[str, str]]:
    return frozenset((rule.a, rule.b) for rule in compared.rejected)


def _taken(pending: deque[T]) -> Iterator[T]:
    while True:
        try:
            yield pending.popleft()
        except IndexError:
            return
