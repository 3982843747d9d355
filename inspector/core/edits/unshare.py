"""Bytes of its own for a tensor that shares them, or is a small view of a large storage."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import counted

from .tools.common import Edit
from .tools.copies import copied, sharing
from .tools.globs import fitting, matcher


@dataclass(frozen=True)
class Unshare(Edit):
    """Tensors that fit `glob` and view a storage that others view too, or only a part of theirs, are saved as copies, contiguous.
    Where all that share a storage fit, the first that fills it keeps it.

    >>> w = np.ones((4, 4))
    >>> core.sharing(core.edit({"embed": w, "head": w}, [core.Unshare("*")]))
    {}
    """

    glob: str
    OPTION: ClassVar[str] = "unshare"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        wanted = [key for key in fitting(ckpt, self.glob) if _can_be_copied(ckpt.tensors[key])]
        shared = sharing(ckpt)
        others = {info.storage for key, info in ckpt.tensors.items() if info.storage in shared} if shared else set()
        others &= _viewed_besides(ckpt, set(wanted)) if others else others
        keepers: set[str] = set()
        dtypes = {}
        for key in wanted:
            info = ckpt.tensors[key]
            if info.nbytes == info.storage_nbytes and (info.storage not in shared or
                                                       (info.storage not in others and info.storage not in keepers)):
                keepers.add(info.storage)
                continue
            dtypes[key] = info.dtype
        return copied(ckpt, self, dtypes, ties=False)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        skipped = sum(not _can_be_copied(before.tensors[key]) for key in fitting(before, self.glob))
        notes = [] if before.storages != after.storages else ["No tensor that fits shares its bytes, or leaves any of them unused."]
        return [*notes, f"{counted(skipped, 'tensor', 'tensors')} cannot be copied."] if skipped else notes

    @property
    def text(self) -> str:
        return self.glob

    @classmethod
    def parse(cls, text: str, option: str) -> Unshare:
        matcher(text)
        return cls(text)


def _viewed_besides(ckpt: Checkpoint, wanted: set[str]) -> set[str]:
    """The storages that tensors view which keep sharing."""
    return {info.storage for key, info in ckpt.tensors.items() if key not in wanted}


def _can_be_copied(info: TensorInfo) -> bool:
    known = DTYPES.get(info.dtype)
    return (known is not None and known.bits % 8 == 0 and info.layout == "strided" and not info.problem and bool(info.storage)
            and info.device != "meta")
