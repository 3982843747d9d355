"""Who changed what since the file that both come from, worked out once the two were compared.

    session.compared.base, what was judged of A and B → worker: core.compare_with_base → the marks of the rows

Digests are kept by what is read: an edit, or the sides exchanged, has nothing read again that it did not touch.
"""
from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from inspector import core
from inspector.gui.comparison.progress import ComparisonProgress, Step
from inspector.gui.models.pair_tree import BASE_MARKS, BY_A, BY_B, BY_BOTH, CONFLICT
from inspector.gui.state.session import Session, State
from inspector.gui.state.tasks import Tasks

TASK = "compare-base"
Marks = NDArray[np.int8]
MOST = 400_000          # digests that are kept
_MARKS = {"conflict": BASE_MARKS.index(CONFLICT), "a": BASE_MARKS.index(BY_A), "b": BASE_MARKS.index(BY_B),
          "alike": BASE_MARKS.index(BY_BOTH)}
_NONE = -1
_RANKS = ("conflict", "unread", "alike", "a", "b", "kept")


class BaseProgress(QObject):
    """`found` is what there is to show, `step` how far the work is, `error` why there is nothing."""

    changed = Signal()

    def __init__(self, session: Session, tasks: Tasks, progress: ComparisonProgress, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks, self._progress = session, tasks, progress
        self._asked: tuple[core.Comparison, core.Checkpoint] | None = None
        self._digests: dict[Hashable, str] = {}
        self.found: core.ThreeWay | None = None
        self.step = Step.IDLE
        self.error: Exception | None = None
        self.counts: dict[str, int] = {}            # status -> tensors and values
        self._marks: Marks | None = None
        self.read = (0, 0)                  # bytes, of how many
        progress.changed.connect(self.follow)
        progress.paired.connect(self._mark)
        session.compared_changed.connect(self.follow)
        session.document_changed.connect(lambda id: self.follow())

    def follow(self) -> None:
        """Does what the session asks for now, once A and B are compared."""
        compared = self._session.compared
        document = self._session.document(compared.base) if compared is not None and compared.base is not None else None
        if document is None:
            if self.step is not Step.IDLE:
                self._end(Step.IDLE)
            return
        judged, base = self._progress.judged, document.checkpoint
        if document.state is State.FAILED:
            if self.step is not Step.FAILED or self.error is not document.error:
                self._end(Step.FAILED, document.error)
        elif judged is None or base is None:
            if self.step is not Step.WAITING:
                self._end(Step.WAITING)
        elif self._asked is None or self._asked[0] is not judged or self._asked[1] is not base:
            self._hold(judged, base)

    def go_on(self) -> None:
        """After a stop or an error."""
        self._asked, self.step = None, Step.WAITING
        self.follow()

    def reload(self) -> None:
        """A file is another by now."""
        self._tasks.reread_asked.emit(self.go_on)

    def stop(self) -> None:
        self._tasks.cancel(TASK)

    def _hold(self, judged: core.Comparison, base: core.Checkpoint) -> None:
        known, self._asked = self._digests, (judged, base)
        if len(known) > MOST:
            known.clear()

        def work(monitor: core.Monitor) -> tuple[core.ThreeWay, Marks, dict[str, int]]:
            found = core.compare_with_base(judged, base, known=known, monitor=monitor)
            return found, marks_of(judged, found), found.counts_with_values

        def done(answer: tuple[core.ThreeWay, Marks, dict[str, int]]) -> None:
            self.found, self._marks, self.counts = answer
            self.error, self.step = None, Step.DONE
            self._mark()
            self.changed.emit()

        self.step, self.read, self.error = Step.READING, (0, 0), None
        self._tasks.start(TASK, work, on_done=done, on_error=self._failed, on_cancel=lambda: self._end(Step.STOPPED, keep=True),
                          on_progress=self._moved, label=self.tr("Comparing with the base"))
        self.changed.emit()

    def _moved(self, done: int, total: int, what: str) -> None:
        self.read = (done, total)
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self._end(Step.FAILED, error, keep=True)
        if not isinstance(error, core.InspectorError):
            raise error

    def _end(self, step: Step, error: Exception | None = None, *, keep: bool = False) -> None:
        """Nothing is known. `keep`: what was asked is not asked again until somebody wants it."""
        if not keep:
            self._asked = None
            self._tasks.cancel(TASK)
        self.step, self.error, self.found = step, error, None
        self._mark()
        self.changed.emit()

    @property
    def current(self) -> core.ThreeWay | None:
        """`found`, if it is of what was judged last."""
        return self.found if self._asked is not None and self._asked[0] is self._progress.judged else None

    def _mark(self) -> None:
        """The rows that are on show, if it is them that it was worked out for."""
        tree = self._progress.tree
        if tree is not None:
            tree.figures.hold(self._marks if self.current is not None else None)


def marks_of(judged: core.Comparison, found: core.ThreeWay) -> Marks:
    """Who changed each pair, then each other value, of `judged`, as `Figures.hold` takes it; of a packed tensor, whoever changed any of its
    parts."""
    sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for one in found.tensors:
        for key, statuses in zip((one.a, one.b), sides, strict=True):
            if key is not None:
                statuses[key] = one.status
    marks: list[int] = []
    for pair in judged.pairs:
        among: list[str] = []
        for key, ckpt, statuses in zip((pair.a, pair.b), (judged.a, judged.b), sides, strict=True):
            info = ckpt.tensors.get(key or "")
            among += [] if info is None else [statuses.get(part, "kept") for part in (
                [source.key for _, source in info.unpacked.sources] if info.unpacked is not None else [info.key])]
        marks.append(_MARKS.get(_together(among), _NONE))
    values = {(one.key, one.where): one.status for one in found.values}
    marks += [_MARKS.get(values.get((change.key, change.where), "kept"), _NONE) for change in judged.values]
    return np.array(marks, dtype=np.int8)


def _together(statuses: list[str]) -> str:
    """What parts come to: changed by A here and by B there is a conflict about the whole."""
    there = set(statuses)
    return "conflict" if {"a", "b"} <= there else min(there, key=_RANKS.index, default="kept")
