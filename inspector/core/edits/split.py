"""One tensor as several: a fused `qkv` as `q`, `k` and `v`."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, relative, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count, counted

from .tools.common import Edit, edited, fields_of, object_in, origin_of, text_or_json
from .tools.new_names import check_room, in_order
from .tools.optimizer_following import Change, said_of_state, with_state_following
from .tools.packed_parts import said_of_parts
from .tools.rearranging import NewTensors, dimension, elements_of, must_be_ordinary, why_not, window
from .tools.starred import check_stars, found_by

_TEXT = "Write KEY=DIM:A,B,C, as in attn.qkv.weight=0:attn.q.weight,attn.k.weight,attn.v.weight; A:64 says how long a part is."
_FORM = re.compile(r"(.+?)=(-?\d{1,3}):(.+)", re.DOTALL)
_PART = re.compile(r"(.+):(\d{1,18})", re.DOTALL)
_SHOWN = 3


@dataclass(frozen=True)
class Split(Edit):
    """The tensor `key` becomes the tensors `parts`, (name, size), one after the other along `dim`; parts of size -1 share equally what is
    left. `key` is a key or, inside every state dict that has it, a name, and the parts are names of the same kind; a `*` stands for
    anything, and for the same in the parts. Other names of the same tensor stay what they are. What an optimizer keeps of it is split
    along, where it has an element for each of its; the rest each part gets.

    >>> new = core.edit({"qkv": np.ones((6, 4))}, [core.Split("qkv", 0, (("q", 2), ("kv", -1)))])
    >>> [(key, tensor.shape) for key, tensor in new.items()]
    [('q', (2, 4)), ('kv', (4, 4))]
    """

    key: str
    dim: int
    parts: tuple[tuple[str, int], ...]
    OPTION: ClassVar[str] = "split"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        ckpt = with_state_following(ckpt, self, self._changes(ckpt), monitor)
        new, instead = NewTensors(ckpt), dict[str, dict[str, TensorInfo]]()
        came_from = {key: key for key in origin_of(ckpt) if key in ckpt.tensors or key in ckpt.values}
        for one in found_by(ckpt, self.key):
            info = ckpt.tensors[one.key]
            must_be_ordinary(ckpt, info, "split")
            parts = instead[one.key] = {}
            for (name, _), part in zip(self.parts, self._parts_of(info, elements_of(info)), strict=True):
                key = one.beside(name)
                parts.update(new.made(info._replace(key=key), [key], part))
            if one.key in came_from:
                first = next(iter(parts))
                came_from[first] = came_from.pop(one.key)       # it stands where the whole one stood
        check_room(ckpt, instead)
        tensors = in_order(ckpt, instead)
        return edited(ckpt, self, came_from, tensors=tensors, storages=new.left(tensors))

    def _changes(self, ckpt: Checkpoint) -> list[Change]:
        """What it means for an optimizer."""
        changes = []
        for one in found_by(ckpt, self.key):
            info = ckpt.tensors[one.key]
            if not why_not(info) and -len(info.shape) <= self.dim < len(info.shape):
                keys = tuple(one.beside(name) for name, _ in self.parts)
                names = tuple(relative(key, info.state_dict or "") for key in keys)
                changes.append(Change((one.key,), keys, names, partial(self._parts_of_all, info)))
        return changes

    def _parts_of_all(self, whole: TensorInfo, sources: Sequence[TensorInfo]) -> list[TensorInfo]:
        return self._parts_of(whole, sources[0])

    def _parts_of(self, whole: TensorInfo, source: TensorInfo) -> list[TensorInfo]:
        """The parts of `source`, which has the shape of `whole`. Raises EditError where they do not come to the whole."""
        dim = dimension(whole, self.dim)
        sizes = self._sizes(whole, dim)
        return [window(source, dim, at, size) for at, size in zip(accumulate(sizes, initial=0), sizes, strict=False)]

    def _sizes(self, info: TensorInfo, dim: int) -> list[int]:
        """How long each part is. Raises EditError where they do not come to the whole."""
        there = info.shape[dim]
        open_ = [size for _, size in self.parts if size < 0]
        left = there - sum(size for _, size in self.parts if size >= 0)
        if left < 0 or (not open_ and left) or (open_ and left % len(open_)):
            said = "the same length" if len(open_) == len(self.parts) else ", ".join(
                "the same" if size < 0 else f"{size:,}" for _, size in self.parts)
            raise EditError(f"{quoted(info.key, 80)} is {there:,} long in dimension {dim}, which is not made "
                            f"of {count(len(self.parts), 'part')} "
                            f"of {said}", "Say how long each part is: A:64,B:32.", info.key, id="no_split")
        return [left // len(open_) if size < 0 else size for _, size in self.parts]

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        found = found_by(before, self.key)
        notes = []
        for one in found[:_SHOWN]:
            info = before.tensors[one.key]
            parts = ", ".join(f"{visible(one.beside(name), 60)} {list(after.tensors[one.beside(name)].shape)}" for name, _ in self.parts)
            notes.append(f"{visible(one.key, 60)} {list(info.shape)} becomes {parts}.")
        if len(found) > _SHOWN:
            notes.append(f"{counted(len(found) - _SHOWN, 'more tensor likewise', 'more tensors likewise')}.")
        keys = [one.key for one in found]
        return [*notes, *said_of_parts(before, keys), *said_of_state(before, self._changes(before), monitor)]

    @property
    def text(self) -> str:
        parts = ",".join(name if size < 0 else f"{name}:{size}" for name, size in self.parts)
        return text_or_json(self, f"{self.key}={self.dim}:{parts}")

    def to_json(self) -> Any:
        return {"key": self.key, "dim": self.dim, "parts": [name if size < 0 else [name, size] for name, size in self.parts]}

    @classmethod
    def parse(cls, text: str, option: str) -> Split:
        if text.startswith("{"):
            return cls.from_json(object_in(text, option, _TEXT), option)
        found = _FORM.fullmatch(text)
        if found is None:
            raise EditError(f"{quoted(text, 80)} does not say what is split into what", _TEXT)
        parts = []
        for part in map(str.strip, found[3].split(",")):
            sized = _PART.fullmatch(part)
            parts.append((sized[1], int(sized[2])) if sized is not None else (part, -1))
        return cls._checked(found[1], int(found[2]), parts)

    @classmethod
    def from_json(cls, value: Any, option: str) -> Split:
        if isinstance(value, str):
            return cls.parse(value, option)
        found = fields_of(value, option, ("key", "dim", "parts"))
        parts = [(part, -1) if isinstance(part, str) else part for part in found["parts"]] if isinstance(found["parts"], list) else []
        if not isinstance(found["key"], str) or type(found["dim"]) is not int or not all(
                isinstance(part, list | tuple) and len(part) == 2 and isinstance(part[0], str) and type(part[1]) is int for part in parts):
            raise EditError("split takes a key, the number of a dimension and a list of names or of [name, size]", _TEXT)
        return cls._checked(found["key"], found["dim"], [(part[0], part[1]) for part in parts])

    @classmethod
    def _checked(cls, key: str, dim: int, parts: list[tuple[str, int]]) -> Split:
        if not key or len(parts) < 2 or not all(name for name, _ in parts):
            raise EditError("a tensor is split into two or more, each with a name", _TEXT)
        if len({name for name, _ in parts}) < len(parts):
            raise EditError("two parts have one name", _TEXT)
        if any(size < -1 for _, size in parts):
            raise EditError("a part cannot be of a negative size", _TEXT)
        check_stars(key, [name for name, _ in parts], f"--{cls.OPTION}")
        return cls(key, dim, tuple(parts))
