"""Rows of attention heads in another order: LLaMA's own release and transformers rotate different pairs of them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint, Extra, TensorInfo, contiguous
from inspector.core.errors import EditError
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import optimizer_states

from .tools.common import Edit, edited, note
from .tools.globs import fitting, is_literal, matcher
from .tools.optimizers import Moments, moments_of
from .tools.rearranging import NewTensors, elements_of, must_be_ordinary, turned, why_not

_ORDERS = ("halves", "pairs")
_TEXT = "Write GLOB=halves:HEADS or GLOB=pairs:HEADS, as in 'layers.*.attention.wq.weight=halves:32'."


@dataclass(frozen=True)
class Reorder(Edit):
    """The rows of each of `heads` heads of the tensors that fit `glob` come in another order along the first dimension. "halves": rows 0,
    2, 4 … of a head first, then 1, 3, 5 …, as transformers rotates them (convert_llama_weights_to_hf.py, `permute`); "pairs" is the way
    back, to rows that alternate, as the original LLaMA has them. Tied tensors stay tied, and what an optimizer keeps for each element
    goes along."""

    glob: str
    order: str
    heads: int
    OPTION: ClassVar[str] = "reorder"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        chosen, new = self._chosen(ckpt), NewTensors(ckpt)
        tensors, done = dict(ckpt.tensors), set[str]()
        for key in [*chosen, *self._moments(ckpt, chosen).like]:
            if key in done:
                continue
            info = ckpt.tensors[key]
            keys = new.tied_to(key)
            done.update(keys)
            tensors.update(new.made(info, keys, self._reordered(elements_of(info))))
        if not done:
            return edited(ckpt, self)
        return edited(ckpt, self, tensors=tensors, storages=new.left(tensors))

    def _reordered(self, source: TensorInfo) -> TensorInfo:
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

    def _chosen(self, ckpt: Checkpoint) -> list[str]:
        """Raises EditError for a tensor whose rows are not those of as many heads."""
        found = []
        for key in self._fitting(ckpt):
            info = ckpt.tensors[key]
            if is_literal(self.glob) and (key == self.glob or info.name == self.glob):
                must_be_ordinary(ckpt, info, "reordered")
            if why_not(info) or info.state_dict in ckpt.modules or not info.shape:
                continue
            if info.shape[0] % (2 * self.heads):
                raise EditError(f"{visible(key, 80)!r} has {info.shape[0]:,} rows, which are not those of {self.heads:,} heads with two "
                                "halves each", "The number of heads stands in the model's config.json; of keys and values it may be "
                                "less.", key, id="no_heads")
            found.append(key)
        return found

    def _fitting(self, ckpt: Checkpoint) -> list[str]:
        numbered, whole = optimizer_states(ckpt), is_literal(self.glob)
        return [key for key in fitting(ckpt, self.glob) if whole or ckpt.tensors[key].state_dict not in numbered]

    @staticmethod
    def _moments(ckpt: Checkpoint, chosen: list[str]) -> Moments:
        new = NewTensors(ckpt)
        return moments_of(ckpt, {tied for key in chosen for tied in new.tied_to(key)})

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        chosen = self._chosen(before)
        left, moments = len(self._fitting(before)) - len(chosen), self._moments(before, chosen)
        return [*([f"Left alone: {note(left, 'tensor without rows of its own', 'tensors without rows of their own')}."] if left else []),
                *moments.said([*moments.like], "is reordered along", "are reordered along")]

    @property
    def text(self) -> str:
        return f"{self.glob}={self.order}:{self.heads}"

    @classmethod
    def parse(cls, text: str, option: str) -> Reorder:
        glob, _, rest = text.rpartition("=")
        order, _, heads = rest.partition(":")
        is_number = heads.isascii() and heads.isdecimal() and len(heads) < 7 and int(heads) > 0
        if not glob or order not in _ORDERS or not is_number:
            raise EditError(f"{visible(text, 80)!r} does not say in which order the rows of how many heads come", _TEXT)
        matcher(glob)
        return cls(glob, order, int(heads))
