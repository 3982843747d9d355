"""Matrices the other way round: `nn.Linear` and GPT-2's `Conv1D`, torch and TensorFlow keep the same weight transposed."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.progress import Monitor
from inspector.core.wording import count, counted

from .tools.globs import matcher
from .tools.rearranging import Rearrangement, turned

_DIMS = re.compile(r"\d{1,2}(?:,\d{1,2})+")
_SHOWN = 3


@dataclass(frozen=True)
class Transpose(Rearrangement):
    """The last two dimensions of each tensor that fits `glob` change places, and its elements lie in the new order; with `dims`, those of a
    tensor of so many are in that order (`torch.permute`). What has fewer, or another number of dimensions, is left alone, unless `glob` is
    its very key. Tied tensors stay tied, and what an optimizer keeps for each element is turned along; its state is left alone otherwise
    unless it is named.

    >>> core.edit({"w": np.ones((2, 3))}, [core.Transpose("w")])["w"].shape
    (3, 2)
    """

    dims: tuple[int, ...] = ()
    OPTION: ClassVar[str] = "transpose"
    DONE: ClassVar[str] = "transposed"
    SUITS_PARTS: ClassVar[bool] = False
    LEFT: ClassVar[tuple[str, str]] = "tensor that is no matrix", "tensors that are no matrices"
    ALONG: ClassVar[tuple[str, str]] = "is turned along", "are turned along"

    def rearranged(self, source: TensorInfo) -> TensorInfo:
        if self.dims:
            return turned(source, self.dims)
        last = len(source.shape) - 1
        return turned(source, (*range(last - 1), last, last - 1))

    def is_fit(self, info: TensorInfo, named: bool) -> bool:
        if named and self.dims and len(info.shape) != len(self.dims):
            raise EditError(f"{quoted(info.key, 80)} has {count(len(info.shape), 'dimension')}, {list(info.shape)}, "
                            f"not {len(self.dims)}",
                            "Each of its dimensions has to be named once, from 0 on.", info.key, id="no_such_dimension")
        if named and len(info.shape) < 2:
            raise EditError(f"{quoted(info.key, 80)} has the shape {list(info.shape)}: there is nothing to transpose",
                            "A matrix has two dimensions.", info.key, id="no_such_dimension")
        return len(info.shape) == len(self.dims) if self.dims else len(info.shape) >= 2

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        notes = []
        deep = [key for key in self._chosen(before) if len(before.tensors[key].shape) > 2 and not self.dims]
        if deep:
            shown = ", ".join(f"{visible(key, 60)} {list(before.tensors[key].shape)}" for key in deep[:_SHOWN])
            notes.append(f"Of {counted(len(deep), 'tensor', 'tensors')} of more than two dimensions the last two change places: {shown}"
                         f"{' …' if len(deep) > _SHOWN else ''}.")
        return [*notes, *super().notes(before, after, monitor, read)]

    @property
    def text(self) -> str:
        return f"{self.glob}={','.join(map(str, self.dims))}" if self.dims else self.glob

    @classmethod
    def parse(cls, text: str, option: str) -> Transpose:
        glob, _, order = text.rpartition("=")
        dims = tuple(map(int, order.split(","))) if glob and _DIMS.fullmatch(order) else ()
        if dims and sorted(dims) != list(range(len(dims))):
            raise EditError(f"{order!r} is no order of {count(len(dims), 'dimension')}",
                            "Name each once, from 0 on, as in conv.kernel=3,2,0,1.")
        matcher(glob if dims else text)
        return cls(glob, dims) if dims else cls(text)
