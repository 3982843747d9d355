"""More or fewer rows: another vocabulary, another number of classes. Tied tensors and the optimizer's moments change along."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar
from zlib import crc32

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.casts import why_not as no_cast
from inspector.core.tensors.decoders.filled import MeanRows, RandomNormal, Zeros
from inspector.core.wording import counted

from .tools.common import Edit, edited, fields_of, object_in, text_or_json
from .tools.packed_parts import refuse_parts
from .tools.rearranging import NewTensors, decoded, dimension, elements_of, joined, must_be_ordinary, repeated, window
from .tools.starred import found_by

FILLS = ("mean", "zero", "random")
"""What new rows can be made of: `Resize.fill`; or a copy of a row (`copy_of`)."""
_TEXT = "Write KEY=DIM:N, as in embed.weight=0:32064, and behind it :mean, :zero, :random or :row5 for what new rows are."
_ROW = re.compile(r"row(\d{1,18})")
_FORM = re.compile(r"(.+)=(-?\d{1,3}):(\d{1,18})(?::(\w+))?", re.DOTALL)
_ADDED = {"mean": "the mean of those that were there", "zero": "zeros", "random": "random numbers about zero with its standard deviation"}
_SHOWN = 6


@dataclass(frozen=True)
class Resize(Edit):
    """The tensor `key` has `size` elements along `dim` from now on: the last are cut off, or new rows stand behind those it has.
    These are the mean of the old ones, or with `fill` zeros, random numbers (normal about zero, with the tensor's own standard
    deviation; the same each time) or copies of a row ("row5": the one of number 5, from 0 on). `key` is a key or, inside every state
    dict that has it, a name; a `*` stands for anything. Tensors that are tied to it stay tied, and what an optimizer keeps for each
    of its elements gets zeros.

    >>> core.edit({"embed.weight": np.float32([[1, 2], [3, 4]])}, [core.Resize("embed.weight", 0, 3)])["embed.weight"].numpy()
    array([[1., 2.],
           [3., 4.],
           [2., 3.]], dtype=float32)
    """

    key: str
    dim: int
    size: int
    fill: str = "mean"
    OPTION: ClassVar[str] = "resize"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        new = NewTensors(ckpt)
        tensors = dict(ckpt.tensors)
        chosen = [found.key for found in found_by(ckpt, self.key)]
        refuse_parts(ckpt, chosen, "resized")
        moments = new.moments(chosen)
        done: set[str] = set()
        for key in [*chosen, *moments.like]:
            info = ckpt.tensors[key]
            dim = self._check(ckpt, info)
            if key in done or info.shape[dim] == self.size:
                continue
            keys = new.tied_to(key)
            done.update(keys)
            tensors.update(new.made(info, keys, self._resized(info, dim, "zero" if key in moments.like else self.fill)))
        if not done:
            return edited(ckpt, self)
        return edited(ckpt, self, tensors=tensors, storages=new.left(tensors))

    def _check(self, ckpt: Checkpoint, info: TensorInfo) -> int:
        """The dimension that changes. Raises EditError where it cannot."""
        must_be_ordinary(ckpt, info, "resized")
        dim = dimension(info, self.dim)
        more = self.size - info.shape[dim]
        kind = DTYPES[info.dtype].kind
        row = _row_of(self.fill)
        if more > 0 and row is not None:
            if row >= info.shape[dim]:
                raise EditError(f"{quoted(info.key, 80)} has no row {row:,} along dimension {dim}: there are {info.shape[dim]:,}",
                                "Rows count from 0.", info.key, id="no_fill")
            return dim
        if more > 0 and self.fill != "zero" and kind != "float":
            raise EditError(f"{quoted(info.key, 80)} is of {info.dtype}: new rows can only be zeros or copies",
                            "Write :zero behind the size, or :row0 for copies of the first row.", info.key, id="no_fill")
        if more > 0 and (why := no_cast("float32", info.dtype)):
            raise EditError(f"{quoted(info.key, 80)} cannot grow: {why}", "", info.key, id="no_fill")
        if more > 0 and self.fill == "mean" and not info.shape[dim]:
            raise EditError(f"{quoted(info.key, 80)} has no rows to take the mean of", "Write :zero behind the size.", info.key,
                            id="no_fill")
        return dim

    def _resized(self, info: TensorInfo, dim: int, fill: str) -> TensorInfo:
        """What the elements are read from."""
        source, there = elements_of(info), info.shape[dim]
        if self.size <= there:
            return window(source, dim, 0, self.size)
        shape = tuple(self.size - there if d == dim else length for d, length in enumerate(info.shape))
        numel = info._replace(shape=shape).numel
        row = _row_of(fill)
        if row is not None:
            return joined([source, *repeated(window(source, dim, row, 1), dim, self.size - there)], dim)
        if fill == "mean":
            rows = decoded(info.key, shape, info.dtype, MeanRows(info.shape, dim, shape[dim]), [("old", source)])
        elif fill == "random":
            seed = crc32(f"{info.name}:{list(info.shape)}".encode("utf-8", "surrogatepass"))
            rows = decoded(info.key, shape, info.dtype, RandomNormal(numel, info.shape, seed), [("old", source)])
        else:
            rows = decoded(info.key, shape, info.dtype, Zeros(numel))
        return joined([source, rows], dim) if there else rows

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        new = NewTensors(before)
        chosen = [found.key for found in found_by(before, self.key)]
        moments = new.moments(chosen)
        notes = []
        for key in chosen[:_SHOWN]:
            notes.append(self._said(before.tensors[key], [tied for tied in new.tied_to(key) if tied != key]))
        if len(chosen) > _SHOWN:
            notes.append(f"{counted(len(chosen) - _SHOWN, 'more tensor likewise', 'more tensors likewise')}.")
        changed = [key for key in moments.like if after.tensors[key].shape != before.tensors[key].shape]
        if any(after.tensors[key].numel > before.tensors[key].numel for key in changed):
            return [*notes, *moments.said(changed, "changes along, with zeros for new rows", "change along, with zeros for new rows")]
        return [*notes, *moments.said(changed, "is cut along", "are cut along")]

    def _said(self, info: TensorInfo, tied: list[str]) -> str:
        dim = self.dim % len(info.shape)
        there = info.shape[dim]
        if there == self.size:
            return f"{visible(info.key, 60)} has {there:,} already."
        shape = [self.size if d == dim else length for d, length in enumerate(info.shape)]
        what = f"the last {there - self.size:,} are cut off" if self.size < there else \
            f"{self.size - there:,} more, {_ADDED.get(self.fill) or f'copies of row {_row_of(self.fill):,}'}"
        also = f"; {', '.join(visible(key, 60) for key in tied[:3])}{' …' if len(tied) > 3 else ''} with it, tied" if tied else ""
        return f"{visible(info.key, 60)}: {list(info.shape)} -> {shape}, {what}{also}."

    @property
    def text(self) -> str:
        plain = f"{self.key}={self.dim}:{self.size}" + (f":{self.fill}" if self.fill != "mean" else "")
        return text_or_json(self, plain)

    def to_json(self) -> Any:
        return {"key": self.key, "dim": self.dim, "size": self.size, **({"fill": self.fill} if self.fill != "mean" else {})}

    @classmethod
    def parse(cls, text: str, option: str) -> Resize:
        if text.startswith("{"):
            return cls.from_json(object_in(text, option, _TEXT), option)
        found = _FORM.fullmatch(text)
        if found is None:
            raise EditError(f"{quoted(text, 80)} does not say what is resized to what", _TEXT)
        return cls._checked(found[1], int(found[2]), int(found[3]), found[4] or "mean")

    @classmethod
    def from_json(cls, value: Any, option: str) -> Resize:
        if isinstance(value, str):
            return cls.parse(value, option)
        found = fields_of(value, option, ("key", "dim", "size"), ("fill",))
        numbers = found["dim"], found["size"]
        if not isinstance(found["key"], str) or not isinstance(found.get("fill", ""), str) or not all(type(n) is int for n in numbers):
            raise EditError("the key and the fill of resize are texts, its dimension and size numbers", _TEXT)
        return cls._checked(found["key"], *numbers, found.get("fill", "mean"))

    @classmethod
    def _checked(cls, key: str, dim: int, size: int, fill: str) -> Resize:
        if fill not in FILLS and _row_of(fill) is None:
            raise EditError(f"new rows cannot be {quoted(fill, 40)}", f"There are {', '.join(FILLS)}, and row5 for copies of row 5.")
        if not key or not 0 <= size < 1 << 60:
            raise EditError(f"a size of {size:,} is none" if key else "no tensor is named", _TEXT)
        return cls(key, dim, size, fill)


def copy_of(row: int) -> str:
    """`Resize.fill` for copies of a row."""
    return f"row{row}"


def _row_of(fill: str) -> int | None:
    found = _ROW.fullmatch(fill)
    return int(found[1]) if found else None
