"""Tensors put together of the elements of others, none of which is read for it: boxes of them, turned, one beside the other; and what edits
that only turn elements have in common.

What is made is read when it is saved, measured or shown, a bounded run at a time (`tensors.reader`).
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint, Extra, Piece, Storage, TensorInfo, Unpacked
from inspector.core.checkpoint import Decoder as Decoding
from inspector.core.dtypes import DTYPES
from inspector.core.errors import EditError
from inspector.core.keypath import Paths, quoted, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import optimizer_states
from inspector.core.wording import count, counted

from .common import Edit, edited, needs_extraction, storages_left
from .copies import contiguous, fresh_ids
from .globs import fitting, is_literal
from .optimizers import Moments, moments_of
from .packed_parts import refuse_parts

Dims = tuple[int, ...]


@dataclass(frozen=True)
class Rearrangement(Edit):
    """The elements of each tensor that fits `glob` come in another order. Tied tensors stay tied, and what an optimizer keeps for each
    element goes along; its state is left alone otherwise unless it is named."""

    glob: str
    DONE: ClassVar[str] = ""
    """What becomes of a tensor: "split"."""
    SUITS_PARTS: ClassVar[bool] = True
    """Whether one that is named may be a part of a packed tensor."""
    LEFT: ClassVar[tuple[str, str]] = "", ""
    """What is left alone, one and many."""
    ALONG: ClassVar[tuple[str, str]] = "", ""
    """What becomes of the optimizer's tensors, of one and of many."""

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        chosen, new = self._chosen(ckpt), NewTensors(ckpt)
        tensors, done = dict(ckpt.tensors), set[str]()
        for key in [*chosen, *new.moments(chosen).like]:
            if key in done:
                continue
            info = ckpt.tensors[key]
            keys = new.tied_to(key)
            done.update(keys)
            tensors.update(new.made(info, keys, self.rearranged(elements_of(info))))
        if not done:
            return edited(ckpt, self)
        return edited(ckpt, self, tensors=tensors, storages=new.left(tensors))

    def rearranged(self, source: TensorInfo) -> TensorInfo:
        """`source` with its elements in the new order."""
        raise NotImplementedError

    def is_fit(self, info: TensorInfo, named: bool) -> bool:
        """Whether a tensor has what is put in another order. Raises EditError where it has to: `named` is the one whose key the pattern
        is."""
        raise NotImplementedError

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        chosen = self._chosen(before)
        left, moments = len(self._fitting(before)) - len(chosen), NewTensors(before).moments(chosen)
        return [*([f"Left alone: {counted(left, *self.LEFT)}."] if left else []), *moments.said([*moments.like], *self.ALONG)]

    def _chosen(self, ckpt: Checkpoint) -> list[str]:
        """Raises EditError where one cannot be rearranged that has to."""
        found = []
        modules = Paths(ckpt.modules)
        for key in self._fitting(ckpt):
            info = ckpt.tensors[key]
            named = is_literal(self.glob) and self.glob in (key, info.name)
            if named:
                must_be_ordinary(ckpt, info, self.DONE)
                if not self.SUITS_PARTS:
                    refuse_parts(ckpt, [key], self.DONE)
            if not why_not(info) and not modules.has(key) and self.is_fit(info, named):
                found.append(key)
        return found

    def _fitting(self, ckpt: Checkpoint) -> list[str]:
        numbered, whole = optimizer_states(ckpt), is_literal(self.glob)
        return [key for key in fitting(ckpt, self.glob) if whole or ckpt.tensors[key].state_dict not in numbered]


def why_not(info: TensorInfo) -> str:
    """Why the elements of a tensor cannot be put elsewhere one by one; "" when they can."""
    known = DTYPES.get(info.dtype)
    if info.problem:
        return info.problem
    if info.layout != "strided":
        return f"its layout is {info.layout}"
    if info.quantizer is not None or (known is not None and known.kind == "quantized"):
        return "it is quantized"
    if known is None or known.bits % 8:
        return f"its element type is {visible(info.dtype, 40)}"
    if info.device == "meta":
        return "it has no values: it was saved from the meta device"
    return ""


def must_be_ordinary(ckpt: Checkpoint, info: TensorInfo, what: str) -> None:
    """Raises EditError for a tensor that cannot be `what` ("split")."""
    why = why_not(info)
    if why:
        raise EditError(f"{quoted(info.key, 80)} cannot be {what}: {why}", "Leave it out, or drop it.", info.key, id="unsupported")
    # be it one of the state dict of a whole module or of an object in it
    if (module := Paths(ckpt.modules).nearest(info.key)) is not None:
        raise needs_extraction(info.key, module)


def dimension(info: TensorInfo, dim: int) -> int:
    """`dim` counted from the front. Raises EditError when the tensor has no such."""
    if not -len(info.shape) <= dim < len(info.shape):
        raise EditError(f"{quoted(info.key, 80)} has {count(len(info.shape), 'dimension')}, {list(info.shape)}, and none of "
                        f"number {dim}",
                        "Dimensions count from 0, or from -1 backwards.", info.key, id="no_such_dimension")
    return dim % len(info.shape)


# -- what elements are read from ------------------------------------------------------------------------------------------------

def elements_of(info: TensorInfo) -> TensorInfo:
    """The tensor whose elements, of the type of `info`, others may be made of."""
    inner = info.read_from
    if inner is not None and inner.dtype == info.dtype and not inner.is_conjugate and not inner.is_negative:
        return inner                            # a part of a copy is a part of the first
    if inner is not None:
        return _bare(info)._replace(extra=Extra(read_from=inner))
    if info.is_conjugate or info.is_negative:
        return _made(info.key, info.shape, info.dtype, Extra(read_from=info))
    return _bare(info)._replace(extra=Extra(chunks=info.chunks) if info.chunks else None)


def turned(source: TensorInfo, order: Sequence[int]) -> TensorInfo:
    """`source` with its dimensions in another order, as `torch.permute` has them."""
    def permuted(dims: Sequence[int]) -> Dims:
        return tuple(dims[d] for d in order)

    shape = permuted(source.shape)
    if source.pieces:
        pieces = tuple(Piece(permuted(one.offsets), permuted(one.sizes), one.source, one.first, permuted(one.order))
                       for one in source.pieces)
        return _made(source.key, shape, source.dtype, Extra(pieces=pieces))
    return _window(source, (0,) * len(shape), shape, tuple(order))


def window(source: TensorInfo, dim: int, first: int, size: int) -> TensorInfo:
    """Those elements of `source` whose index along `dim` is one of the `size` from `first` on, as `torch.narrow` gives them."""
    lows = tuple(first if d == dim else 0 for d in range(len(source.shape)))
    sizes = tuple(size if d == dim else length for d, length in enumerate(source.shape))
    return _window(source, lows, sizes, tuple(range(len(sizes))))


def _window(source: TensorInfo, lows: Dims, sizes: Dims, order: Dims) -> TensorInfo:
    if source.read_from is None and source.unpacked is None and not source.chunks and not source.pieces:
        offset = source.offset + sum(low * step for low, step in zip(lows, source.stride, strict=True))
        return source._replace(shape=sizes, stride=tuple(source.stride[d] for d in order), offset=offset)
    piece = Piece((0,) * len(sizes), sizes, source, lows, order)
    return _made(source.key, sizes, source.dtype, Extra(pieces=(piece,)))


def joined(parts: Sequence[TensorInfo], dim: int) -> TensorInfo:
    """`parts` one behind the other along `dim`, as `torch.cat` has them."""
    pieces, at = [], 0
    for part in parts:
        offsets = tuple(at if d == dim else 0 for d in range(len(part.shape)))
        pieces.append(Piece(offsets, part.shape, part, (0,) * len(part.shape), tuple(range(len(part.shape)))))
        at += part.shape[dim]
    shape = tuple(at if d == dim else length for d, length in enumerate(parts[0].shape))
    return _made(parts[0].key, shape, parts[0].dtype, Extra(pieces=tuple(pieces)))


def repeated(source: TensorInfo, dim: int, times: int) -> list[TensorInfo]:
    """What `source`, of one element along `dim`, is joined of that many times: one view of it where it is a view of a storage."""
    if source.pieces:
        return [source] * times
    shape = tuple(times if d == dim else length for d, length in enumerate(source.shape))
    return [source._replace(shape=shape, stride=tuple(0 if d == dim else step for d, step in enumerate(source.stride)))]


def decoded(key: str, shape: Dims, dtype: str, decoder: Decoding, sources: Sequence[tuple[str, TensorInfo]] = ()) -> TensorInfo:
    """A tensor of numbers that `decoder` makes, converted to `dtype`."""
    made = _made(key, shape, "float32", Extra(unpacked=Unpacked("made", decoder, tuple(sources))))
    return made if dtype == "float32" else _made(key, shape, dtype, Extra(read_from=made))


def _made(key: str, shape: Dims, dtype: str, extra: Extra) -> TensorInfo:
    return TensorInfo(key, shape, dtype, "cpu", contiguous(shape), 0, "", 0, extra=extra)


def _bare(info: TensorInfo) -> TensorInfo:
    return info._replace(state_dict=None, requires_grad=False, node=-1)


# -- the tables -----------------------------------------------------------------------------------------------------------------

class NewTensors:
    """Tensors of `ckpt` that get other elements, each in a storage of its own; those that were the same elements stay one."""

    def __init__(self, ckpt: Checkpoint) -> None:
        self._ckpt = ckpt
        self._ids = fresh_ids(ckpt)
        self._same: dict[object, list[str]] = {}
        self.storages: dict[str, Storage] = {}
        for key, info in ckpt.tensors.items():
            if (view := info.view) is not None:
                self._same.setdefault(view, []).append(key)

    def tied_to(self, key: str) -> list[str]:
        """All keys of the elements that `key` has, itself among them."""
        view = self._ckpt.tensors[key].view
        return self._same[view] if view is not None else [key]

    def moments(self, keys: Iterable[str]) -> Moments:
        """What optimizers keep about the parameters `keys` and those that are tied to them."""
        return moments_of(self._ckpt, {tied for key in keys for tied in self.tied_to(key)})

    def made(self, like: TensorInfo, keys: Iterable[str], source: TensorInfo) -> dict[str, TensorInfo]:
        """A tensor with the elements of `source` for each of `keys`, new ones among them, all on one storage; else like what is there, or
        like `like`."""
        nbytes = prod(source.shape) * DTYPES[source.dtype].itemsize
        storage = Storage(next(self._ids), source.dtype, like.device, nbytes, None)
        self.storages[storage.id] = storage
        found = {}
        for key in keys:
            old = self._ckpt.tensors.get(key, like)
            extra = replace(old.extra or Extra(), read_from=source, chunks=(), conj=False, neg=False, part_of=None)
            found[key] = TensorInfo(key, source.shape, source.dtype, old.device, contiguous(source.shape), 0, storage.id, nbytes,
                                    old.requires_grad, old.state_dict, node=old.node if key in self._ckpt.tensors else -1, extra=extra)
        return found

    def left(self, tensors: dict[str, TensorInfo]) -> dict[str, Storage]:
        """The storages that `tensors` need."""
        return {**storages_left(self._ckpt, tensors, self._ckpt.values), **self.storages}
