"""Edits carried out for the window: a document's pending edits are applied one after the other in a worker, and what each does is
counted. The result becomes the document's checkpoint; an edit that cannot be applied says so in its `Step`, and so stops those
behind it.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QObject, Signal

from inspector import core
from inspector.gui.kit import words

from .session import Edits, Session, State
from .tasks import Tasks

ROWS = 5000             # of a preview

translate = QCoreApplication.translate


class Step(NamedTuple):
    """One pending edit. `before` and `after` are the checkpoint around it; without `after` it was not applied: `error` says why, or
    it stands behind one that was not."""

    edit: core.Edit
    before: core.Checkpoint | None = None
    after: core.Checkpoint | None = None
    preview: Preview | None = None
    error: core.InspectorError | None = None


class Row(NamedTuple):
    """One key of a preview. `kind` is "renamed", "dropped", "changed" or "new"; `before` and `after` are safe to show."""

    kind: str
    before: str
    after: str
    key: str = ""


class Preview(NamedTuple):
    """`total` is how many keys are touched, `rows` the first of them."""

    rows: tuple[Row, ...]
    total: int
    effect: core.Effect


class Editing(QObject):
    """Lives on the GUI thread, one a session."""

    applied = Signal(int)           # the steps of a document are there
    save_asked = Signal(int)        # a panel wants a document saved
    change_asked = Signal(int, int) # or one of its edits asked for again
    recipe_asked = Signal()         # or a recipe loaded

    def __init__(self, session: Session, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._steps: dict[int, tuple[Step, ...]] = {}
        self._counted: dict[int, dict[int, tuple[str, ...]]] = {}       # document -> identity of `after` -> notes that needed reading
        self._from: dict[int, core.Checkpoint] = {}                     # whose edits the steps are
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

    def base(self, id: int, at: int | None = None) -> core.Checkpoint | None:
        """The checkpoint that a new edit starts from, or that the edit `at` started from."""
        document = self._session.document(id)
        steps = self.steps(id)
        if at is not None and at < len(steps):
            return steps[at].before or (document.checkpoint if document is not None else None)
        return document.checkpoint if document is not None else None

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
        self._tasks.start(("edit", id), lambda monitor: (*kept, *_applied(original, kept, edits[len(kept):], monitor)),
                          on_done=lambda steps: self._done(id, original, steps), label=self.tr("Applying edits"))

    def _done(self, id: int, original: core.Checkpoint, steps: tuple[Step, ...]) -> None:
        document = self._session.document(id)
        if document is None or document.original is not original:
            return
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
        casts = [step for step in steps if isinstance(step.edit, core.Cast) and step.after is not None and id_of(step) not in held]
        if not casts:
            self._tasks.cancel(("edit-losses", id))
            return

        def work(monitor: core.Monitor) -> list[tuple[Step, tuple[str, ...]]]:
            return [(step, core.effects(step.before, [step.edit], monitor, read=True)[0].notes)
                    for step in casts if step.before is not None]

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
            self._from[id], self._steps[id] = document.original, ()
            self._apply(id)

    def _forget(self, id: int) -> None:
        for table in (self._steps, self._counted, self._from):
            table.pop(id, None)
        for key in (("edit", id), ("edit-losses", id)):
            self._tasks.cancel(key)


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


def _applied(original: core.Checkpoint, kept: Sequence[Step], edits: Edits, monitor: core.Monitor) -> Iterator[Step]:
    """For workers. An edit that cannot be applied leaves those behind it unapplied."""
    ckpt = (kept[-1].after if kept else None) or original
    stopped = False
    for edit in edits:
        if stopped:
            yield Step(edit)
            continue
        try:
            effect = core.effects(ckpt, [edit], monitor)[0]
            after = core.edit(ckpt, [edit], monitor)
        except core.InspectorError as error:
            stopped = True
            yield Step(edit, ckpt, error=error)
            continue
        yield Step(edit, ckpt, after, rows_of(effect, ckpt, after))
        ckpt = after


# -- previews -------------------------------------------------------------------------------------------------------------

def preview(ckpt: core.Checkpoint, edit: core.Edit, monitor: core.Monitor = core.QUIET) -> Preview:
    """What `edit` would do. For workers. Raises EditError."""
    effect = core.effects(ckpt, [edit], monitor)[0]
    return rows_of(effect, ckpt, core.edit(ckpt, [edit], monitor))


def rows_of(effect: core.Effect, before: core.Checkpoint, after: core.Checkpoint) -> Preview:
    """The keys that an edit touches, before and after it, in the file's order as far as `Effect` keeps it."""
    now = dict(effect.renamed)
    both = {new for _, new in effect.renamed}.intersection(effect.changed)
    old_of = {new: old for old, new in effect.renamed if new in both}
    changed = [key for key in effect.changed if key not in both]
    metadata = [*_metadata(before, after)]
    total = len(now) + len(effect.dropped) + len(changed) + len(metadata)
    rows: list[Row] = []
    for old, new in effect.renamed[:ROWS]:
        told = f"   {_change(before, old, after, new)[1]}" if new in both and old_of[new] == old else ""
        rows.append(Row("renamed", core.visible(old, 300), core.visible(new, 300) + told, new))
    for key in effect.dropped[:ROWS - len(rows)]:
        rows.append(Row("dropped", core.visible(key, 300), "", ""))
    refused = core.loads_with_torch(before).keys if isinstance(effect.edit, core.MakePlain) else {}
    for key in changed[:ROWS - len(rows)]:
        fresh = key not in before.values and key not in before.tensors and key not in refused
        one, two = _plain(refused[key][0], before, after) if key in refused else _change(before, key, after, key)
        name = core.visible(key, 300)
        rows.append(Row("new" if fresh else "changed", "" if fresh else f"{name}   {one}", f"{name}   {two}", key))
    return Preview((*rows, *metadata[:ROWS - len(rows)]), total, effect)


def _metadata(before: core.Checkpoint, after: core.Checkpoint) -> Iterator[Row]:
    for name in {**before.metadata, **after.metadata}:
        old, new = before.metadata.get(name), after.metadata.get(name)
        if old != new:
            shown = core.visible(name, 100)
            one, two = ("" if text is None else f"{shown}   {core.visible(text, 200)}" for text in (old, new))
            yield Row("new" if old is None else "dropped" if new is None else "changed", one, two)


def _change(before: core.Checkpoint, old: str, after: core.Checkpoint, new: str) -> tuple[str, str]:
    """What differs about a tensor or value, before and after: ("float32 · cuda:0", "float16 · cpu")."""
    one, two = before.tensors.get(old), after.tensors.get(new)
    if one is None or two is None:
        return _value(before, old), _value(after, new)
    left, right = [], []
    shapes = words.shape(one.shape), words.shape(two.shape)
    for a, b in (shapes, (one.dtype, two.dtype), (one.device or "", two.device or "")):
        if a != b:
            left.append(core.visible(a))
            right.append(core.visible(b))
    if after.edited is not None and isinstance(after.edited.edits[-1], core.Take):
        left.append(translate("Editing", "own values"))
        right.append(translate("Editing", "values of the other file"))
    elif one.storage_nbytes != two.storage_nbytes and one.dtype == two.dtype:
        left.append(words.size(one.storage_nbytes))
        right.append(words.size(two.storage_nbytes))
    elif not left:
        left.append(translate("Editing", "shared bytes"))
        right.append(translate("Editing", "bytes of its own"))
    return " · ".join(left), " · ".join(right)


def _plain(refused: core.Refused, before: core.Checkpoint, after: core.Checkpoint) -> tuple[str, str]:
    """What a value was that torch.load refuses, and what it is as plain data."""
    value = _value(before, refused.key)
    words = core.visible(refused.words, 120)
    return f"{value} · {words}" if value else words, _value(after, refused.key) or translate("Editing", "plain data, key by key")


def _value(ckpt: core.Checkpoint, key: str) -> str:
    if key in ckpt.values:
        return core.one_line(ckpt.values[key], 120)
    info = ckpt.tensors.get(key)
    return f"{info.dtype} {words.shape(info.shape)}" if info is not None else ""
