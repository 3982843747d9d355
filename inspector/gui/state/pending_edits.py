"""Pending edits of the window's documents: applied one after the other in a worker, each once, and what each does is counted. The
result becomes the document's checkpoint; an edit that cannot be applied says so in its `Step`, and so stops those behind it.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from inspector import core

from .session import Edits, Session, State
from .tasks import Tasks, let_go

ROWS = 5000             # of a preview
_RECENT = 4             # edits that were applied and are not pending: previewed, or undone


class Preview(NamedTuple):
    """An edit, applied: what it did, and row by row what the keys were and are."""

    applied: core.Applied
    shown: core.EffectRows

    @property
    def effect(self) -> core.Effect:
        return self.applied.effect

    @property
    def rows(self) -> tuple[core.EffectRow, ...]:
        """The first of the keys that are touched."""
        return self.shown.rows

    @property
    def total(self) -> int:
        """How many keys are touched."""
        return self.shown.total


class Step(NamedTuple):
    """One pending edit. `before` is the checkpoint it starts from; without a `preview` it was not applied: `error` says why, or it
    stands behind one that was not."""

    edit: core.Edit
    before: core.Checkpoint | None = None
    preview: Preview | None = None
    error: core.InspectorError | None = None

    @property
    def after(self) -> core.Checkpoint | None:
        return self.preview.applied.after if self.preview is not None else None


class Editing(QObject):
    """Lives on the GUI thread, one a session."""

    applied = Signal(int)           # the steps of a document are there
    save_asked = Signal(int)        # a panel wants a document saved
    change_asked = Signal(int, int) # or one of its edits asked for again
    recipe_asked = Signal()         # or a recipe loaded
    others_asked = Signal()         # or the edits applied to the other files, too

    def __init__(self, session: Session, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._steps: dict[int, tuple[Step, ...]] = {}
        self._counted: dict[int, dict[int, tuple[str, ...]]] = {}       # document -> identity of `after` -> notes that needed reading
        self._from: dict[int, core.Checkpoint] = {}                     # whose edits the steps are
        self._recent: list[Preview] = []                                # the latest last
        session.edits_changed.connect(self._apply)
        session.document_changed.connect(self._follow)
        session.document_removed.connect(self._forget)

    @staticmethod
    def shared(session: Session, tasks: Tasks) -> Editing:
        """The one of `session`."""
        return session.findChild(Editing) or Editing(session, tasks, session)

    def steps(self, id: int) -> tuple[Step, ...]:
        """One a pending edit; while they are being applied, those not applied yet have neither effect nor error."""
        known = self._steps.get(id, ())
        edits = self._session.edits(id)
        if tuple(step.edit for step in known) == edits:
            return known
        kept = _in_common(known, edits)
        return (*known[:kept], *(Step(edit) for edit in edits[kept:]))

    def notes(self, id: int, step: Step) -> tuple[str, ...]:
        """What is to be said about an edit besides its keys; once its tensors were read, with what a conversion loses."""
        read = self._counted.get(id, {}).get(id_of(step))
        return read if read is not None else step.preview.effect.notes if step.preview is not None else ()

    def busy(self, id: int) -> bool:
        return any(task.key == ("edit", id) for task in self._tasks.running)

    def error(self, id: int) -> core.InspectorError | None:
        """Why not all edits could be applied; None when they could."""
        return next((step.error for step in self.steps(id) if step.error is not None), None)

    def ready(self, id: int) -> bool:
        """Whether the document's checkpoint is what all its edits make of it."""
        document = self._session.document(id)
        steps = self.steps(id)
        if document is None or document.state is not State.READY or document.checkpoint is None or self.busy(id):
            return False
        return all(step.after is not None for step in steps) and \
            document.checkpoint is (steps[-1].after if steps else document.original)

    def for_others(self, id: int) -> bool:
        """Whether a document has edits that could be applied, and there are others that might get them."""
        return bool(self._session.edits(id)) and len(self._session.documents) > 1 and self.ready(id)

    def base(self, id: int, at: int | None = None) -> core.Checkpoint | None:
        """The checkpoint that a new edit starts from, or that the edit `at` started from."""
        document = self._session.document(id)
        steps = self.steps(id)
        if at is not None and at < len(steps):
            return steps[at].before or (document.checkpoint if document is not None else None)
        return document.checkpoint if document is not None else None

    def remember(self, found: Preview) -> None:
        """`found` may be asked for again: an edit that was previewed and is to be added now, or one that was undone."""
        recent = [*(one for one in self._recent if one is not found), found]
        let_go(*recent[:-_RECENT])
        self._recent = recent[-_RECENT:]

    # -- applying

    def _apply(self, id: int) -> None:
        document = self._session.document(id)
        if document is None or document.original is None:
            return
        original, edits = document.original, self._session.edits(id)
        known = self._steps.get(id, ()) if self._from.get(id) is original else ()
        kept = known[:_in_common(known, edits)]
        if len(kept) == len(edits):
            self._tasks.cancel(("edit", id))
            self._done(id, original, kept)
            return
        recent = tuple(self._recent)
        self._tasks.start(("edit", id), lambda monitor: (*kept, *_applied(original, kept, edits[len(kept):], recent, monitor)),
                          on_done=lambda steps: self._done(id, original, steps), label=self.tr("Applying edits"), urgent=True)

    def _done(self, id: int, original: core.Checkpoint, steps: tuple[Step, ...]) -> None:
        document = self._session.document(id)
        if document is None or document.original is not original:
            return
        for step in self._steps.get(id, ()):
            if step.preview is not None and not any(step is kept for kept in steps):
                self.remember(step.preview)
        self._steps[id], self._from[id] = steps, original
        last = [step.after for step in steps if step.after is not None]
        self._session.show_edited(id, last[-1] if last else original)
        self.applied.emit(id)
        self._count(id, steps)

    def _count(self, id: int, steps: Sequence[Step]) -> None:
        """Reads the tensors of conversions, to tell what they lose."""
        held = self._counted.setdefault(id, {})
        there = {id_of(step) for step in steps}
        for gone in [key for key in held if key not in there]:
            del held[gone]
        unread = [step for step in steps if step.edit.READS and step.preview is not None and id_of(step) not in held]
        if not unread:
            self._tasks.cancel(("edit-losses", id))
            return

        def work(monitor: core.Monitor) -> list[tuple[Step, tuple[str, ...]]]:
            return [(step, core.notes_when_read(step.preview.applied, monitor)) for step in unread if step.preview is not None]

        def done(found: list[tuple[Step, tuple[str, ...]]]) -> None:
            for step, notes in found:
                if any(step is present for present in self._steps.get(id, ())):
                    held[id_of(step)] = notes
            self.applied.emit(id)

        self._tasks.start(("edit-losses", id), work, on_done=done, on_error=lambda error: None,
                          label=self.tr("Counting what the conversion loses"))

    def _follow(self, id: int) -> None:
        """A file that was loaded again gets its edits again."""
        document = self._session.document(id)
        if document is not None and document.state is State.READY and document.original is not None \
                and self._from.get(id) is not document.original and self._session.edits(id):
            self._let_go(id)
            self._from[id], self._steps[id] = document.original, ()
            self._apply(id)

    def _forget(self, id: int) -> None:
        self._let_go(id)
        for table in (self._steps, self._counted, self._from):
            table.pop(id, None)
        for key in (("edit", id), ("edit-losses", id)):
            self._tasks.cancel(key)

    def _let_go(self, id: int) -> None:
        """Of what was applied to the document, and what was kept to be applied again."""
        let_go(*self._steps.get(id, ()), *self._recent, self._from.get(id))
        self._recent.clear()


def id_of(step: Step) -> int:
    """Tells steps apart that are kept."""
    return id(step.after)


def _in_common(known: Sequence[Step], edits: Edits) -> int:
    """How many edits at the front are applied already."""
    count = 0
    for step, edit in zip(known, edits, strict=False):
        if step.edit != edit or step.after is None:
            break
        count += 1
    return count


def _applied(original: core.Checkpoint, kept: Sequence[Step], edits: Edits, recent: Sequence[Preview],
             monitor: core.Monitor) -> Iterator[Step]:
    """For workers. An edit that cannot be applied leaves those behind it unapplied; one that was applied to the very same checkpoint
    a moment ago is not applied again."""
    ckpt = (kept[-1].after if kept else None) or original
    stopped = False
    for edit in edits:
        if stopped:
            yield Step(edit)
            continue
        try:
            found = _known(ckpt, edit, recent) or preview(ckpt, edit, monitor)
        except core.InspectorError as error:
            stopped = True
            yield Step(edit, ckpt, error=error)
            continue
        yield Step(edit, ckpt, found)
        ckpt = found.applied.after


def _known(ckpt: core.Checkpoint, edit: core.Edit, recent: Iterable[Preview]) -> Preview | None:
    return next((one for one in recent if one.applied.before is ckpt and one.applied.edit == edit and one.applied.is_current), None)


def preview(ckpt: core.Checkpoint, edit: core.Edit, monitor: core.Monitor = core.QUIET) -> Preview:
    """What `edit` does to `ckpt`. For workers. Raises EditError."""
    [applied] = core.apply_each(ckpt, [edit], monitor)
    return Preview(applied, core.effect_rows(applied.effect, applied.before, applied.after, ROWS, monitor))
