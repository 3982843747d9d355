"""One more name for a tensor: what a model ties and a file has only once, like `lm_head.weight` of a language model."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint, Opaque, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import ancestors, any_under, is_under, is_within, join, quoted, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import optimizer_states

from .tools.common import Edit, edited, fields_of, needs_extraction, object_in, origin_of, text_or_json
from .tools.new_names import with_new
from .tools.optimizers import one_state_of_both
from .tools.structure import Structure

_TEXT = "Write FROM=TO, as in model.embed_tokens.weight=lm_head.weight."


@dataclass(frozen=True)
class Copy(Edit):
    """The tensor `source` is also called `target` from now on: both names view one storage of the new file, so that they are tied.
    `source` is a key or, inside every state dict that has it, a name; `target` is a name of the same kind. Where `source` is a group,
    all tensors in it get names under `target`. What has the name `target` already is not replaced.

    >>> tied = core.edit({"embed.weight": np.ones((5, 2))}, [core.Copy("embed.weight", "head.weight")])
    >>> tied.tensors["head.weight"].storage == tied.tensors["embed.weight"].storage
    True
    """

    source: str
    target: str
    OPTION: ClassVar[str] = "copy"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        made: dict[str, TensorInfo] = {}
        for key, new, place in self._pairs(ckpt):
            if ckpt.tensors[key].state_dict in ckpt.modules:
                raise needs_extraction(key, ckpt.tensors[key].state_dict or "")
            self._check(ckpt, new)
            made[new] = ckpt.tensors[key]._replace(key=new, state_dict=place, node=-1)
        if not made:
            raise EditError(f"there is no tensor {quoted(self.source, 80)} to copy", "`inspector ls` shows the keys.",
                            id="no_such_path")
        dicts = tuple(dict.fromkeys((*ckpt.state_dicts, *(info.state_dict for info in made.values() if info.state_dict is not None))))
        same = {key: key for key in origin_of(ckpt) if key in ckpt.tensors or key in ckpt.values}
        return edited(ckpt, self, same, tensors=with_new(ckpt.tensors, made), state_dicts=dicts)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        return one_state_of_both(before, [key for key, _, _ in self._pairs(before)])

    def _pairs(self, ckpt: Checkpoint) -> Iterator[tuple[str, str, str | None]]:
        """(key, the new one, path of the state dict that it is in) of each tensor that is meant: by keys, or else by names."""
        by_key = [key for key in ckpt.tensors if is_within(key, self.source)] if self.source else []
        for key in by_key:
            new = self.target + key[len(self.source):]
            yield key, new, self._place(ckpt, ckpt.tensors[key], new)
        if by_key:
            return
        numbered = optimizer_states(ckpt)
        for key, info in ckpt.tensors.items():
            if info.state_dict and info.state_dict not in numbered and is_within(info.name, self.source) and self.source:
                yield key, join(info.state_dict, self.target + info.name[len(self.source):]), info.state_dict

    @staticmethod
    def _place(ckpt: Checkpoint, info: TensorInfo, new: str) -> str | None:
        """The state dict that a key lies in: that of the tensor it is copied from where it can be, else the nearest there is."""
        if info.state_dict is not None and is_under(new, info.state_dict):
            return info.state_dict
        return next((path for path in ancestors(new) if path in ckpt.state_dicts), None)

    def _check(self, ckpt: Checkpoint, new: str) -> None:
        """Raises EditError when the name is taken, or no dict can take it."""
        if not self.target or new.startswith(".") or new.endswith("."):
            raise EditError(f"{quoted(self.target, 80)} is no name of a tensor", _TEXT)
        if new in ckpt.tensors or new in ckpt.values:
            raise EditError(f"there is {quoted(new, 80)} already", "Drop it first, or choose another name.", new, id="collision")
        if any_under(ckpt.tensors, new) or any_under(ckpt.values, new):
            raise EditError(f"{quoted(new, 80)} holds others already", "Drop it first, or choose another name.", new, id="collision")
        above = next((path for path in ancestors(new) if path in ckpt.values or path in ckpt.tensors), None)
        if above is not None and not isinstance(ckpt.values.get(above), dict):
            what = "a tensor" if above in ckpt.tensors else "an object" if isinstance(ckpt.values[above], Opaque) else "a single value"
            raise EditError(f"{visible(above, 80) or 'the root'!r} is {what}: nothing can be put into it", "", new, id="no_room")
        structure, root = Structure(ckpt), ckpt.edited.root if ckpt.edited else ""
        for path in ancestors(new):
            there = join(root, path) if path else root
            if structure.is_list(there):
                raise EditError(f"{visible(path, 80) or 'the root'!r} is a list: new items cannot be put into it", "", new, id="no_room")
            if structure.container(there) is not None:
                return

    @property
    def text(self) -> str:
        return text_or_json(self, f"{self.source}={self.target}")

    def to_json(self) -> Any:
        return {"from": self.source, "to": self.target}

    @classmethod
    def parse(cls, text: str, option: str) -> Copy:
        if text.startswith("{"):
            return cls.from_json(object_in(text, option, _TEXT), option)
        source, equals, target = text.partition("=")
        if not equals or not source or not target:
            raise EditError(f"{quoted(text, 80)} does not say which tensor gets which name", _TEXT)
        return cls(source, target)

    @classmethod
    def from_json(cls, value: Any, option: str) -> Copy:
        if isinstance(value, str):
            return cls.parse(value, option)
        found = fields_of(value, option, ("from", "to"))
        if not all(isinstance(name, str) and name for name in found.values()):
            raise EditError("both names of copy are texts", 'Like {"from": "embed.weight", "to": "lm_head.weight"}.')
        return cls(found["from"], found["to"])
