"""Leaves tensors and values out."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import counted

from .tools.common import Edit
from .tools.dropping import attributes_kept, without
from .tools.globs import fitting, matcher
from .tools.optimizers import states_of


@dataclass(frozen=True)
class Drop(Edit):
    """Everything whose key, or name inside its state dict, fits `glob`; a name means all that is under it.

    >>> list(core.edit({"fc.w": np.ones(3), "fc.b": np.ones(1), "head.w": np.ones(2)}, [core.Drop("fc")]))
    ['head.w']
    """

    glob: str
    OPTION: ClassVar[str] = "drop"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        return without(ckpt, self, fitting(ckpt, self.glob, True, monitor), monitor)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        away = set(fitting(before, self.glob, True, monitor))
        notes = [unsure] if (unsure := states_of(before, away, monitor).unsure) else []
        if kept := attributes_kept(before, away, after, monitor):
            notes.append(f"{counted(kept, 'attribute', 'attributes')} of objects cannot be dropped without the object.")
        return notes

    @property
    def text(self) -> str:
        return self.glob

    @classmethod
    def parse(cls, text: str, option: str) -> Drop:
        matcher(text)
        return cls(text)
