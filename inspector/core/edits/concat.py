"""Several tensors as one: `q`, `k` and `v` as a fused `qkv`."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, relative, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import counted

from .tools.common import Edit, edited, fields_of, object_in, origin_of, text_or_json
from .tools.new_names import check_room, in_order
from .tools.optimizer_following import Change, said_of_state, with_state_following
from .tools.packed_parts import said_of_parts
from .tools.rearranging import NewTensors, dimension, elements_of, joined, must_be_ordinary
from .tools.starred import Found, check_stars, found_by, nothing_called

_TEXT = "Write A,B,C=KEY:DIM, as in attn.q.weight,attn.k.weight,attn.v.weight=attn.qkv.weight:0."
_FORM = re.compile(r"(.+)=([^=]+):(-?\d{1,3})", re.DOTALL)
_SHOWN = 3


@dataclass(frozen=True)
class Concat(Edit):
    """The tensors `parts` become one, `key`, in which they lie one after the other along `dim`, in the order in which they are named. They
    are keys or, inside every state dict that has the first, names, and `key` is a name of the same kind; a `*` stands for anything, and for
    the same in all of them. All have one element type, and one shape but for that dimension. What an optimizer keeps of them becomes one
    along, where the rest of it (`step`) and the options of their groups are the same in all.

    >>> core.edit({"q": np.ones((2, 4)), "k": np.ones((3, 4))}, [core.Concat(("q", "k"), "qk", 0)])["qk"].shape
    (5, 4)
    """

    parts: tuple[str, ...]
    key: str
    dim: int
    OPTION: ClassVar[str] = "concat"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        ckpt = with_state_following(ckpt, self, self._changes(ckpt), monitor)
        new, instead = NewTensors(ckpt), dict[str, dict[str, TensorInfo]]()
        came_from = {key: key for key in origin_of(ckpt) if key in ckpt.tensors or key in ckpt.values}
        for one in found_by(ckpt, self.parts[0]):
            infos = self._parts(ckpt, one)
            key = one.beside(self.key)
            source = joined([elements_of(info) for info in infos], dimension(infos[0], self.dim))
            made = new.made(infos[0]._replace(key=key), [key], source)
            for info in infos:
                if info.key in instead:
                    raise EditError(f"{quoted(info.key, 80)} would be a part of two tensors", _TEXT, info.key, id="no_concat")
                instead[info.key] = {}
            instead[infos[0].key] = made
            first = came_from.get(infos[0].key)
            for info in infos:
                came_from.pop(info.key, None)
            if first is not None:
                came_from[key] = first
        check_room(ckpt, instead)
        tensors = in_order(ckpt, instead)
        return edited(ckpt, self, came_from, tensors=tensors, storages=new.left(tensors))

    def _changes(self, ckpt: Checkpoint) -> list[Change]:
        """What it means for an optimizer. Raises EditError for those that cannot be joined."""
        changes = []
        for one in found_by(ckpt, self.parts[0]):
            infos = self._parts(ckpt, one)
            key = one.beside(self.key)
            changes.append(Change(tuple(info.key for info in infos), (key,), (relative(key, infos[0].state_dict or ""),),
                                  partial(_one_of, dim=dimension(infos[0], self.dim))))
        return changes

    def _parts(self, ckpt: Checkpoint, one: Found) -> list[TensorInfo]:
        """Raises EditError for those that cannot be joined."""
        infos = []
        for name in self.parts:
            key = one.beside(name)
            if key not in ckpt.tensors:
                raise nothing_called(key)
            must_be_ordinary(ckpt, ckpt.tensors[key], "joined with others")
            infos.append(ckpt.tensors[key])
        first, dim = infos[0], dimension(infos[0], self.dim)
        for info in infos[1:]:
            if info.dtype != first.dtype:
                raise EditError(f"{quoted(first.key, 80)} is of {first.dtype} and {quoted(info.key, 80)} of {info.dtype}",
                                f"Cast them first: --cast {first.dtype}:{visible(info.key, 60)}.", info.key, id="no_concat")
            if len(info.shape) != len(first.shape) or any(a != b for d, (a, b) in enumerate(zip(info.shape, first.shape, strict=True))
                                                          if d != dim):
                both = f"{quoted(first.key, 80)} {list(first.shape)} and {quoted(info.key, 80)} {list(info.shape)}"
                raise EditError(f"{both} cannot be joined in dimension {dim}", "All their other dimensions have to be the same.", info.key,
                                id="no_concat")
        return infos

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        found = found_by(before, self.parts[0])
        notes = []
        for one in found[:_SHOWN]:
            parts = ", ".join(f"{visible(one.beside(name), 60)} {list(before.tensors[one.beside(name)].shape)}" for name in self.parts)
            whole = one.beside(self.key)
            notes.append(f"{parts} become {visible(whole, 60)} {list(after.tensors[whole].shape)}.")
        if len(found) > _SHOWN:
            notes.append(f"{counted(len(found) - _SHOWN, 'more tensor is', 'more tensors are')} made likewise.")
        keys = [one.beside(name) for one in found for name in self.parts]
        return [*notes, *said_of_parts(before, keys), *said_of_state(before, self._changes(before), monitor)]

    @property
    def text(self) -> str:
        return text_or_json(self, f"{','.join(self.parts)}={self.key}:{self.dim}")

    def to_json(self) -> Any:
        return {"parts": [*self.parts], "key": self.key, "dim": self.dim}

    @classmethod
    def parse(cls, text: str, option: str) -> Concat:
        if text.startswith("{"):
            return cls.from_json(object_in(text, option, _TEXT), option)
        found = _FORM.fullmatch(text)
        if found is None:
            raise EditError(f"{quoted(text, 80)} does not say what is joined to what", _TEXT)
        return cls._checked([part.strip() for part in found[1].split(",")], found[2], int(found[3]))

    @classmethod
    def from_json(cls, value: Any, option: str) -> Concat:
        if isinstance(value, str):
            return cls.parse(value, option)
        found = fields_of(value, option, ("parts", "key", "dim"))
        parts = found["parts"] if isinstance(found["parts"], list) else []
        if not isinstance(found["key"], str) or type(found["dim"]) is not int or not all(isinstance(part, str) for part in parts):
            raise EditError("concat takes a list of keys, a key and the number of a dimension", _TEXT)
        return cls._checked(parts, found["key"], found["dim"])

    @classmethod
    def _checked(cls, parts: list[str], key: str, dim: int) -> Concat:
        if not key or len(parts) < 2 or not all(parts) or len(set(parts)) < len(parts):
            raise EditError("two or more tensors are joined, each of them once", _TEXT)
        check_stars(parts[0], [*parts[1:], key], f"--{cls.OPTION}")
        return cls(tuple(parts), key, dim)


def _one_of(sources: Sequence[TensorInfo], dim: int) -> list[TensorInfo]:
    return [joined(sources, dim)]
