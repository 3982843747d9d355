"""Matrices the other way round: `nn.Linear` and GPT-2's `Conv1D`, torch and TensorFlow keep the same weight transposed."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import visible
from inspector.core.progress import Monitor

from .tools.common import note
from .tools.globs import matcher
from .tools.rearranging import Rearrangement, turned

_SHOWN = 3


@dataclass(frozen=True)
class Transpose(Rearrangement):
    """The last two dimensions of each tensor that fits `glob` change places, and its elements lie in the new order. What has fewer
    dimensions is left alone, unless `glob` is its very key. Tied tensors stay tied, and what an optimizer keeps for each element is turned
    along; its state is left alone otherwise unless it is named.

    >>> core.edit({"w": np.ones((2, 3))}, [core.Transpose("w")])["w"].shape
    (3, 2)
    """

    OPTION: ClassVar[str] = "transpose"
    DONE: ClassVar[str] = "transposed"
    LEFT: ClassVar[tuple[str, str]] = "tensor that is no matrix", "tensors that are no matrices"
    ALONG: ClassVar[tuple[str, str]] = "is turned along", "are turned along"

    def rearranged(self, source: TensorInfo) -> TensorInfo:
        last = len(source.shape) - 1
        return turned(source, (*range(last - 1), last, last - 1))

    def is_fit(self, info: TensorInfo, named: bool) -> bool:
        if named and len(info.shape) < 2:
            raise EditError(f"{visible(info.key, 80)!r} has the shape {list(info.shape)}: there is nothing to transpose",
                            "A matrix has two dimensions.", info.key, id="no_such_dimension")
        return len(info.shape) >= 2

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        notes = []
        deep = [key for key in self._chosen(before) if len(before.tensors[key].shape) > 2]
        if deep:
            shown = ", ".join(f"{visible(key, 60)} {list(before.tensors[key].shape)}" for key in deep[:_SHOWN])
            notes.append(f"Of {note(len(deep), 'tensor', 'tensors')} of more than two dimensions the last two change places: {shown}"
                         f"{' …' if len(deep) > _SHOWN else ''}.")
        return [*notes, *super().notes(before, after, monitor, read)]

    @property
    def text(self) -> str:
        return self.glob

    @classmethod
    def parse(cls, text: str, option: str) -> Transpose:
        matcher(text)
        return cls(text)
