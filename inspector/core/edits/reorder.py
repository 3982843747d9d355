"""Rows of attention heads in another order: LLaMA's own release and transformers rotate different pairs of them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Extra, TensorInfo, contiguous
from inspector.core.errors import EditError
from inspector.core.keypath import quoted
from inspector.core.wording import count

from .tools.globs import matcher
from .tools.rearranging import Rearrangement, turned

_ORDERS = ("halves", "pairs")
_TEXT = "Write GLOB=halves:HEADS or GLOB=pairs:HEADS, as in 'layers.*.attention.wq.weight=halves:32'."


@dataclass(frozen=True)
class Reorder(Rearrangement):
    """The rows of each of `heads` heads of the tensors that fit `glob` come in another order along the first dimension. "halves": rows 0,
    2, 4 … of a head first, then 1, 3, 5 …, as transformers rotates them (convert_llama_weights_to_hf.py, `permute`); "pairs" is the way
    back, to rows that alternate, as the original LLaMA has them. Tied tensors stay tied, and what an optimizer keeps for each element
    goes along.

    >>> core.edit({"q": np.arange(4.)[:, None]}, [core.Reorder("q", "halves", 1)])["q"].numpy().ravel()
    array([0., 2., 1., 3.])
    """

    order: str
    heads: int
    OPTION: ClassVar[str] = "reorder"
    DONE: ClassVar[str] = "reordered"
    LEFT: ClassVar[tuple[str, str]] = "tensor without rows of its own", "tensors without rows of their own"
    ALONG: ClassVar[tuple[str, str]] = "is reordered along", "are reordered along"

    def rearranged(self, source: TensorInfo) -> TensorInfo:
        """Heads, halves or pairs, and what is in a row, as dimensions of their own, of which two change places."""
        half = source.shape[0] // self.heads // 2
        inner = (half, 2) if self.order == "halves" else (2, half)
        shape = (self.heads, *inner, *source.shape[1:])
        if source.extra is None:
            step = source.stride[0]
            apart = source._replace(shape=shape, stride=(2 * half * step, inner[1] * step, step, *source.stride[1:]))
        else:
            apart = source._replace(shape=shape, stride=contiguous(shape), offset=0, storage="", extra=Extra(read_from=source))
        return source._replace(stride=contiguous(source.shape), offset=0, storage="",
                               extra=Extra(read_from=turned(apart, (0, 2, 1, *range(3, len(shape))))))

    def is_fit(self, info: TensorInfo, named: bool) -> bool:
        if info.shape and info.shape[0] % (2 * self.heads):
            raise EditError(f"{quoted(info.key, 80)} has {count(info.shape[0], 'row')}, which are not those of "
                            f"{count(self.heads, 'head')} with two halves each",
                            "The number of heads stands in the model's config.json; of keys and values it may be less.",
                            info.key, id="no_heads")
        return bool(info.shape)

    @property
    def text(self) -> str:
        return f"{self.glob}={self.order}:{self.heads}"

    @classmethod
    def parse(cls, text: str, option: str) -> Reorder:
        glob, _, rest = text.rpartition("=")
        order, _, heads = rest.partition(":")
        is_number = heads.isascii() and heads.isdecimal() and len(heads) < 7 and int(heads) > 0
        if not glob or order not in _ORDERS or not is_number:
            raise EditError(f"{quoted(text, 80)} does not say in which order the rows of how many heads come", _TEXT)
        matcher(glob)
        return cls(glob, order, int(heads))
