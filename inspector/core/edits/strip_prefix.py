"""`module.fc.weight` -> `fc.weight`: the prefixes that wrappers put before, or into, the names of a state dict."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.keypath import is_under, quoted, relative, visible
from inspector.core.naming_conventions import WRAPPERS, without_wrappers
from inspector.core.progress import QUIET, Monitor

from .tools.common import Edit
from .tools.naming import renamed, whole_segments


@dataclass(frozen=True)
class StripPrefix(Edit):
    """Takes `prefix` from the front of every name in a state dict that begins with it, by whole segments and once: `module.` never
    touches `submodule.x`. A wrapper's name that torch also puts into the middle is taken out wherever it is. A prefix that begins
    with the path of a state dict acts in that one only.

    >>> list(core.edit({"module.w": np.ones(3), "submodule.w": np.ones(3)}, [core.StripPrefix("module.")]))
    ['w', 'submodule.w']
    """

    prefix: str
    OPTION: ClassVar[str] = "strip-prefix"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        whole = whole_segments(self.prefix)
        segment = whole[:-1]
        if segment in WRAPPERS:
            return renamed(ckpt, self, lambda name, place: without_wrappers(name, (segment,)) if segment in name else name, monitor)
        within = {place: relative(whole, place) for place in ckpt.state_dicts if place and is_under(whole, place)}
        cut = len(whole)

        def stripped(name: str, place: str | None) -> str:
            if name.startswith(whole):
                return name[cut:]
            rest = within.get(place) if place else None
            return name[len(rest):] if rest and name.startswith(rest) else name

        return renamed(ckpt, self, stripped, monitor)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        path = whole_segments(self.prefix)[:-1]
        if path in before.state_dicts and [*before.tensors] == [*after.tensors]:
            return [f"{quoted(path, 80)} is a state dict in the file, not a part of names: --extract {visible(path, 80)} takes it out."]
        return []

    @property
    def text(self) -> str:
        return self.prefix

    @classmethod
    def parse(cls, text: str, option: str) -> StripPrefix:
        whole_segments(text)
        return cls(text)
