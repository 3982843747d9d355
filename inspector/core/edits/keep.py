"""Leaves everything else out."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.errors import EditError
from inspector.core.keypath import ancestors, quoted
from inspector.core.progress import QUIET, Monitor

from .tools.common import Edit
from .tools.dropping import without
from .tools.globs import fitting, matcher
from .tools.optimizers import states_of


@dataclass(frozen=True)
class Keep(Edit):
    """Only what `Drop` of the same `glob` would leave out. One after another they keep what fits all of them; `{a,b}.*` keeps
    either.

    >>> list(core.edit({"fc.w": np.ones(3), "fc.b": np.ones(1), "head.w": np.ones(2)}, [core.Keep("*.w")]))
    ['fc.w', 'head.w']
    """

    glob: str
    OPTION: ClassVar[str] = "keep"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        away = self._away(ckpt, monitor)
        if len(away) == len(ckpt.tensors) + len(ckpt.values):
            raise EditError(f"nothing fits {quoted(self.glob, 80)}, so nothing would be left",
                            "`inspector ls` shows the keys. {a,b} keeps what fits either.", id="nothing_left")
        return without(ckpt, self, away, monitor)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        unsure = states_of(before, self._away(before, monitor), monitor).unsure
        return [unsure] if unsure else []

    def _away(self, ckpt: Checkpoint, monitor: Monitor) -> set[str]:
        kept = set(fitting(ckpt, self.glob, True, monitor))
        # an object that something kept is in stays around it
        kept |= {path for key in kept for path in ancestors(key) if isinstance(ckpt.values.get(path), Opaque)}
        return {key for table in (ckpt.tensors, ckpt.values) for key in table if key not in kept}

    @property
    def text(self) -> str:
        return self.glob

    @classmethod
    def parse(cls, text: str, option: str) -> Keep:
        matcher(text)
        return cls(text)
