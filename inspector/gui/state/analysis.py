"""What is known of an open file beyond its tables: what it is, whose state an optimizer's tensors are, which tensors share
bytes. Made once per checkpoint in a worker, kept until the file is closed, for all panels."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias, TypeVar

from PySide6.QtCore import QObject, Signal

from inspector import core

from .requests import Kept
from .session import Document, Session
from .tasks import Tasks

KEPT = 64                       # checkpoints of which it is kept
_ORDER = ("same", "view", "viewed", "overlaps", "apart")
Fixes: TypeAlias = "Mapping[core.Finding, tuple[core.Edit, ...]]"          # a string: rooms of the core are loaded when asked for
R = TypeVar("R")


class Analysis(NamedTuple):
    """`torch_load`: whether torch takes the file. `dropped`: bytes in it that the edits leave nothing of. `sharing`: storage -> keys of its
    tensors, where they are several. `parameter_of`: state tensor -> parameter, `state_of` the opposite. `experts`: of a mixture."""

    about: core.Description
    torch_load: core.LoadsWithTorch
    sizes: core.Sizes
    dropped: int
    sharing: dict[str, list[str]]
    parameter_of: dict[str, str]
    state_of: dict[str, tuple[str, ...]]
    experts: core.Experts | None


class Related(NamedTuple):
    """A tensor that has to do with another. `how` is a `core.Relation` of this one to the other, "parameter" (the other is its
    optimizer state) or "state" (it is the other's)."""

    tensor: core.TensorInfo
    how: str


def analyse(ckpt: core.Checkpoint, monitor: core.Monitor = core.QUIET) -> Analysis:
    """For workers: linear in the keys."""
    about = core.describe(ckpt, monitor)
    loads = core.loads_with_torch(ckpt, monitor=monitor)
    return Analysis(about, loads, core.sizes(ckpt, monitor), _dropped(ckpt, monitor), core.sharing(ckpt, monitor),
                    core.parameters_of_state(about.optimizers), core.state_of_parameters(about.optimizers), core.experts(ckpt, monitor))


def _dropped(ckpt: core.Checkpoint, monitor: core.Monitor) -> int:
    """Bytes of the storages that are in the file and not in what it would be saved as."""
    if ckpt.edited is None:
        return 0
    used = {info.storage for info in core.stoppable(ckpt.tensors.values(), monitor)}
    return sum(storage.nbytes for id, storage in core.stoppable(ckpt.edited.source.storages.items(), monitor)
               if id not in used and id not in ckpt.storages)


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


def fixes_of(ckpt: core.Checkpoint, monitor: core.Monitor) -> Fixes:
    return {finding: edits for finding, edits in core.fixes_for_each(ckpt, ckpt.findings, monitor) if edits}


class Analyses(QObject):
    """Lives on the GUI thread."""

    ready = Signal(int)             # what is known of a document's checkpoint is there

    def __init__(self, session: Session, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._kept: Kept[Analysis] = Kept(KEPT)
        self._fixes: Kept[Fixes] = Kept(KEPT)
        self._begun: dict[tuple[str, int], int] = {}        # task, which has the document -> identity of the checkpoint asked about
        session.document_removed.connect(self._forget)

    @staticmethod
    def shared(session: Session, tasks: Tasks) -> Analyses:
        """The one of `session`: panels that ask for the same get it from one piece of work."""
        return session.findChild(Analyses) or Analyses(session, tasks, session)

    def of(self, document: Document) -> Analysis | None:
        """What is known; None while it is being found out, and `ready` will be told."""
        return self._asked(document, "analysis", self._kept, analyse, self.tr("Working out what the file is"))

    def fixes(self, document: Document) -> Fixes:
        """The edits that end findings of the checkpoint that is shown, each tried; none while that is being done, and `ready` will be
        told."""
        ckpt = document.checkpoint
        if ckpt is None or not ckpt.findings:
            return {}
        return self._asked(document, "fixes", self._fixes, fixes_of, self.tr("Looking for what would help")) or {}

    def _asked(self, document: Document, task: str, kept: Kept[R], work: Callable[[core.Checkpoint, core.Monitor], R],
               label: str) -> R | None:
        number, ckpt = document.id, document.checkpoint
        if ckpt is None:
            return None
        found = kept.get(ckpt, None)
        if found is not None or self._begun.get((task, number)) == id(ckpt):
            return found
        self._begun[task, number] = id(ckpt)

        def done(made: R) -> None:
            self._begun.pop((task, number), None)
            kept.put(ckpt, None, made)
            self.ready.emit(number)

        self._tasks.start((task, number), lambda monitor: work(ckpt, monitor), on_done=done, label=label)
        return None

    def _forget(self, id: int) -> None:
        for task in ("analysis", "fixes"):
            if self._begun.pop((task, id), None) is not None:
                self._tasks.cancel((task, id))
