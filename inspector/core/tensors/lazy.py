"""A tensor of a checkpoint that is read when somebody asks for its numbers: `ckpt["key"]`."""
from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from inspector.core import checkpoint as tables
from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import NoSuchKey, UsageError
from inspector.core.keypath import quoted, visible
from inspector.core.wording import count
from inspector.core.wording import shape as shape_text

from .reader import TensorReader, read_numpy

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Index = int | slice | EllipsisType | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LazyTensor:
    """The tensor `key` of `checkpoint`; `info` is its line in the tables. Nothing is read but what is asked for:

    - `x[2]`, `x[:8, -1]`, `x[..., ::2]`: that part, a numpy array (integers, slices, `...` and None as numpy has them);
    - `x.numpy()`, `np.asarray(x)`: all of it; element types as `core.read_numpy` gives them;
    - `x.torch()`: all of it as a torch tensor with the strides of the file.

    It can be pickled and sent to another process, which then reads the file. Reading raises BadTensor when the values cannot be had,
    Changed when the file is another one by now.

    >>> ckpt = core.open(core.make_demo(folder)[0])
    >>> x = ckpt["model_state_dict.module.stem.conv.weight"]
    >>> x.shape, x.dtype, x.nbytes
    ((24, 1, 5, 5), 'float32', 2400)
    >>> x[:2, 0, ::2, -1].shape
    (2, 3)
    """

    checkpoint: Checkpoint
    key: str

    def __post_init__(self) -> None:
        if self.key not in self.checkpoint.tensors:
            raise NoSuchKey(self.key, self.checkpoint)

    @property
    def info(self) -> TensorInfo:
        return self.checkpoint.tensors[self.key]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.info.shape

    @property
    def dtype(self) -> str:
        """torch's name without `torch.`: "bfloat16"."""
        return self.info.dtype

    @property
    def device(self) -> str | None:
        return self.info.device

    @property
    def ndim(self) -> int:
        return len(self.info.shape)

    @property
    def size(self) -> int:
        """The number of elements, as numpy calls it."""
        return self.info.numel

    @property
    def nbytes(self) -> int:
        return self.info.nbytes

    def numpy(self) -> Array:
        """All elements; see `core.read_numpy`."""
        return read_numpy(self.checkpoint, self.key)

    def torch(self) -> Any:
        """All elements as a torch tensor on the CPU; see `core.read_torch`."""
        return tables.front_door("read_torch")(self.checkpoint, self.key)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        found = self.numpy()
        return found if dtype is None else found.astype(dtype)

    def __len__(self) -> int:
        if not self.info.shape:
            raise TypeError("a tensor of no dimensions has no length")
        return self.info.shape[0]

    def __getitem__(self, index: Index | tuple[Index, ...]) -> Any:
        """That part of it; a number where no dimension is left. Only the bytes between its first and its last element are read, in bounded
        pieces. Raises IndexError for what lies outside, UsageError for lists and masks."""
        places = index if isinstance(index, tuple) else (index,)
        info = self.info
        known = DTYPES.get(info.dtype)
        if info.layout in ("nested", "jagged") or (known is not None and known.bits % 8):
            return self.numpy()[places]
        first, sizes, steps, after = _box(places, info.shape)
        with TensorReader(self.checkpoint) as reader:
            found = reader.box(self.key, first, sizes, steps)
        return found[after]

    def __repr__(self) -> str:
        return f"<LazyTensor {quoted(self.key, 80)} {shape_text(self.info.shape)} {visible(self.info.dtype, 40)}>"


def _box(places: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[Any, ...]]:
    """(first, sizes, steps) of the box that an index means, running forward, and the index that makes of it what was asked for."""
    for place in places:
        if place is not Ellipsis and place is not None and not isinstance(place, slice) and (
                isinstance(place, bool) or not hasattr(place, "__index__") or getattr(place, "ndim", 0) > 0):
            raise UsageError(f"a tensor is not read at {visible(repr(place), 60)}", "Use integers, slices and ..., or x.numpy() first.")
    taken = sum(place is not None and place is not Ellipsis for place in places)
    if taken > len(shape) or sum(place is Ellipsis for place in places) > 1:
        raise IndexError(f"{taken} indexes for a tensor of {count(len(shape), 'dimension')}")
    if not any(place is Ellipsis for place in places):
        places = (*places, Ellipsis)
    at = next(i for i, place in enumerate(places) if place is Ellipsis)
    whole = (slice(None),) * (len(shape) - taken)
    first: list[int] = []
    sizes: list[int] = []
    steps: list[int] = []
    after: list[int | slice | None] = []
    lengths = iter(shape)
    for place in (*places[:at], *whole, *places[at + 1:]):
        if place is None:
            after.append(None)
            continue
        length = next(lengths)
        if isinstance(place, slice):
            chosen = range(*place.indices(length))
            forward = chosen if chosen.step > 0 else chosen[::-1]
            first.append(forward.start if forward else 0)
            sizes.append(len(forward))
            steps.append(forward.step)
            after.append(slice(None, None, None if chosen.step > 0 else -1))
            continue
        number = place.__index__()
        if not -length <= number < length:
            raise IndexError(f"index {number} is out of bounds for a dimension of {length}")
        first.append(number % length)
        sizes.append(1)
        steps.append(1)
        after.append(0)
    return tuple(first), tuple(sizes), tuple(steps), tuple(after)
