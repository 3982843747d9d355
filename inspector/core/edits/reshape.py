"""The same elements in the same order under another shape: a convolution of patches as a matrix, one expert as a stack of one."""
from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from inspector.core.checkpoint import Extra, TensorInfo, contiguous
from inspector.core.errors import EditError
from inspector.core.keypath import quoted
from inspector.core.wording import count

from .tools.globs import matcher
from .tools.rearranging import Rearrangement

_TEXT = "Write GLOB=N,N, as in patch_embed.proj.weight=768,3,16,16; one of them may be -1: what is left. GLOB= is a scalar."
_SIZES = re.compile(r"(?:-?\d{1,15}(?:,-?\d{1,15})*)?")
_MOST = 64              # dimensions: torch's own bound (c10/util/DimVector.h, TensorIterator)


@dataclass(frozen=True)
class Reshape(Rearrangement):
    """Each tensor that fits `glob` has the dimensions `shape`, with its elements in the order in which they were (`torch.reshape`); a -1
    stands for what is left. What has another number of elements is left alone, unless `glob` is its very key. Tied tensors stay tied, and
    what an optimizer keeps for each element goes along.

    >>> core.edit({"w": np.arange(6.)}, [core.Reshape("w", (2, -1))])["w"].numpy()
    array([[0., 1., 2.],
           [3., 4., 5.]])
    """

    shape: tuple[int, ...]
    OPTION: ClassVar[str] = "reshape"
    DONE: ClassVar[str] = "reshaped"
    LEFT: ClassVar[tuple[str, str]] = "tensor of another number of elements", "tensors of another number of elements"
    ALONG: ClassVar[tuple[str, str]] = "is reshaped along", "are reshaped along"

    def rearranged(self, source: TensorInfo) -> TensorInfo:
        shape = self._filled(source.numel)
        if shape is None:
            return source
        if source.extra is None and source.stride == contiguous(source.shape):
            return source._replace(shape=shape, stride=contiguous(shape))
        return source._replace(shape=shape, stride=contiguous(shape), offset=0, storage="", extra=Extra(read_from=source))

    def is_fit(self, info: TensorInfo, named: bool) -> bool:
        if self._filled(info.numel) is not None:
            return True
        if named:
            raise EditError(f"{quoted(info.key, 80)} has {count(info.numel, 'element')}, {list(info.shape)}, which are not those of "
                            f"{list(self.shape)}", "A reshaped tensor has as many elements as before.", info.key, id="no_reshape")
        return False

    def _filled(self, numel: int) -> tuple[int, ...] | None:
        """The shape for so many elements; None where it is for another number of them."""
        known = prod(size for size in self.shape if size >= 0)
        if -1 not in self.shape:
            return self.shape if known == numel else None
        if not known or numel % known:
            return None
        return tuple(numel // known if size < 0 else size for size in self.shape)

    @property
    def text(self) -> str:
        return f"{self.glob}={','.join(map(str, self.shape))}"

    @classmethod
    def parse(cls, text: str, option: str) -> Reshape:
        glob, is_there, sizes = text.rpartition("=")
        if not glob or not is_there or not _SIZES.fullmatch(sizes):
            raise EditError(f"{quoted(text, 80)} does not say which tensors have which shape", _TEXT)
        shape = tuple(int(size) for size in sizes.split(",")) if sizes else ()
        if any(size < -1 for size in shape) or shape.count(-1) > 1 or len(shape) > _MOST or (-1 in shape and 0 in shape):
            raise EditError(f"{quoted(sizes, 80)} is no shape", _TEXT)
        matcher(glob)
        return cls(glob, shape)
