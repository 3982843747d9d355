"""What is known of an open file beyond its tables: what it is, whose state an optimizer's tensors are, which tensors share
bytes. Made once per checkpoint in a worker, kept until the file is closed, for all panels."""
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from inspector import core

from .session import Document, Session
from .tasks import Tasks

_ORDER = ("same", "view", "viewed", "overlaps", "apart")


class Analysis(NamedTuple):
    """`sharing`: storage -> keys of its tensors, where they are several. `parameter_of`: state tensor -> parameter, `state_of` the
    opposite."""

    about: core.Description
    sizes: core.Sizes
    sharing: dict[str, list[str]]
    parameter_of: dict[str, str]
    state_of: dict[str, tuple[str, ...]]


class Related(NamedTuple):
    """A tensor that has to do with another. `how` is a `core.Relation` of this one to the other, "parameter" (the other is its
    optimizer state) or "state" (it is the other's)."""

    tensor: core.TensorInfo
    how: str


def analyse(ckpt: core.Checkpoint, monitor: core.Monitor = core.QUIET) -> Analysis:
    """For workers: linear in the keys."""
    about = core.describe(ckpt, monitor)
    return Analysis(about, core.sizes(ckpt, monitor), core.sharing(ckpt, monitor), core.parameters_of_state(about.optimizers),
                   core.state_of_parameters(about.optimizers))


def related(tensor: core.TensorInfo, ckpt: core.Checkpoint, known: Analysis) -> list[Related]:
    """The parameter or the optimizer state of `tensor` (also where that is told of a tied one), then the others in its storage,
    the same tensor first."""
    others = [ckpt.tensors[key] for key in known.sharing.get(tensor.storage, ()) if key != tensor.key] if tensor.storage else []
    shared = [Related(other, core.relation(other, tensor)) for other in others]
    shared.sort(key=lambda found: _ORDER.index(found.how))
    parameter = known.parameter_of.get(tensor.key)
    found = [Related(ckpt.tensors[parameter], "parameter")] if parameter is not None else []
    for same in (tensor.key, *(entry.tensor.key for entry in shared if entry.how == "same")):
        found += [Related(ckpt.tensors[key], "state") for key in known.state_of.get(same, ())]
    return found + shared


class Analyses(QObject):
    """Lives on the GUI thread."""

    ready = Signal(int)             # what is known of a document's checkpoint is there

    def __init__(self, session: Session, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._known: dict[int, tuple[core.Checkpoint, Analysis | None]] = {}
        self._fixes: dict[int, tuple[core.Checkpoint, Mapping[core.Finding, tuple[core.Edit, ...]]]] = {}
        session.document_removed.connect(self._forget)

    @staticmethod
    def shared(session: Session, tasks: Tasks) -> Analyses:
        """The one of `session`: panels that ask for the same get it from one piece of work."""
        return session.findChild(Analyses) or Analyses(session, tasks, session)

    def of(self, document: Document) -> Analysis | None:
        """What is known; None while it is being found out, and `ready` will be told."""
        ckpt = document.checkpoint
        if ckpt is None:
            return None
        held = self._known.get(document.id)
        if held is not None and held[0] is ckpt:
            return held[1]
        id = document.id
        self._known[id] = ckpt, None

        def done(found: Analysis) -> None:
            held = self._known.get(id)
            if held is not None and held[0] is ckpt:
                self._known[id] = ckpt, found
                self.ready.emit(id)

        self._tasks.start(("analysis", id), lambda monitor: analyse(ckpt, monitor), on_done=done, label=self.tr("Looking closer"))
        return None

    def fixes(self, document: Document) -> Mapping[core.Finding, tuple[core.Edit, ...]]:
        """The edits that end findings of the checkpoint that is shown, each tried; none while that is being done, and `ready` will be
        told."""
        ckpt = document.checkpoint
        if ckpt is None or not ckpt.findings:
            return {}
        held = self._fixes.get(document.id)
        if held is not None and held[0] is ckpt:
            return held[1]
        id = document.id
        self._fixes[id] = ckpt, {}

        def done(found: dict[core.Finding, tuple[core.Edit, ...]]) -> None:
            held = self._fixes.get(id)
            if held is not None and held[0] is ckpt and found:
                self._fixes[id] = ckpt, found
                self.ready.emit(id)

        self._tasks.start(("fixes", id), lambda monitor: {finding: edits for finding, edits in core.fixes_for_each(
            ckpt, ckpt.findings, monitor) if edits}, on_done=done, label=self.tr("Looking for what would help"))
        return {}

    def _forget(self, id: int) -> None:
        if self._fixes.pop(id, None) is not None:
            self._tasks.cancel(("fixes", id))
        if self._known.pop(id, None) is not None:
            self._tasks.cancel(("analysis", id))
