"""`fc.weight` -> `module.fc.weight`: for a model that is wrapped when it loads the file."""
from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.keypath import segments_of
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import optimizer_states

from .tools.common import Edit
from .tools.naming import renamed, whole_segments


@dataclass(frozen=True)
class AddPrefix(Edit):
    """Puts `prefix` before every name in the file's state dicts, those of optimizers by number and loose entries beside state
    dicts (an epoch, a step) excepted.

    >>> list(core.edit({"w": np.ones(3)}, [core.AddPrefix("module.")]))
    ['module.w']
    """

    prefix: str
    OPTION: ClassVar[str] = "add-prefix"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        whole = whole_segments(self.prefix)
        loose = {None, ""} if ckpt.kind != "state-dict" and len(set(ckpt.state_dicts) - optimizer_states(ckpt).keys()) > 1 else {None}
        if not ckpt.state_dicts:
            loose = set()
        after = renamed(ckpt, self, lambda name, place: name if place in loose else whole + name, monitor)
        metadata = {path: _wrapped(table, whole[:-1]) if path not in loose else table for path, table in after.module_metadata.items()}
        return replace(after, module_metadata=MappingProxyType(metadata)) if metadata else after

    @property
    def text(self) -> str:
        return self.prefix

    @classmethod
    def parse(cls, text: str, option: str) -> AddPrefix:
        whole_segments(text)
        return cls(text)


def _wrapped(table: Any, prefix: str) -> dict[str, Any]:
    """`_metadata` of a module around: the inner one's root, which has no name to be renamed, is now called as the prefix; what is
    around it is a plain module of version 1, as torch.nn.Module is."""
    segments = segments_of(prefix)
    found: dict[str, Any] = {".".join(segments[:n]): {"version": 1} for n in range(len(segments))}
    if "" in table:
        found[prefix] = table[""]
    return {**found, **{module: facts for module, facts in table.items() if module}}
