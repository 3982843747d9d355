"""A plain value: an epoch, a learning rate, a text instead of an object that needs code."""
from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint, Opaque, Plain
from inspector.core.errors import EditError
from inspector.core.keypath import ancestors, any_under, below, join, quoted, visible
from inspector.core.plain_values import one_line, type_name
from inspector.core.progress import QUIET, Monitor
from inspector.core.torch_load import loads_with_torch

from .tools.common import Edit, edited, fields_of, origin_of
from .tools.dropping import without
from .tools.structure import Structure

_DIGITS = 4000


@dataclass(frozen=True)
class SetValue(Edit):
    """The value at `path` is `value` from now on, a number, text, True, False, None, or an empty dict or list; or it is taken out
    (`delete`). An unknown object that stood there is replaced as a whole. A path that is not there yet makes an entry of the dict
    above it, and the dicts between; beside names of a state dict that begin alike it is one name with dots, as those are.

    >>> core.edit({"w": np.ones(3), "epoch": 3}, [core.SetValue("epoch", 4), core.SetValue("best.acc", 0.9)]).values
    mappingproxy({'epoch': 4, 'best.acc': 0.9})
    """

    path: str
    value: Any = None
    delete: bool = False
    OPTION: ClassVar[str] = "set"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        path = self.path
        if path in ckpt.tensors:
            raise EditError(f"{quoted(path, 80)} is a tensor", f"--drop {visible(path, 80)} leaves it out.", id="not_a_value")
        if self.delete:
            return self._deleted(ckpt)
        value = _checked(self.value, path)
        if path in ckpt.values:
            return self._replaced(ckpt, value)
        if path and (any_under(ckpt.tensors, path) or any_under(ckpt.values, path)):
            raise EditError(f"{quoted(path, 80)} holds others", "Set each of those, or drop it first.", id="not_a_value")
        self._find_room(ckpt)
        return edited(ckpt, self, {**_same(ckpt), path: path}, values={**ckpt.values, path: value})

    def _deleted(self, ckpt: Checkpoint) -> Checkpoint:
        if self.path not in ckpt.values:
            raise EditError(f"there is no value {quoted(self.path, 80)}", "`inspector ls` shows the values.", id="no_such_path")
        if isinstance(ckpt.values[self.path], Opaque) and any_under(ckpt.tensors, self.path):
            raise EditError(f"{quoted(self.path, 80)} holds tensors", f"--drop {visible(self.path, 80)} leaves all of it out.",
                            id="not_a_value")
        return without(ckpt, self, [self.path, *(key for key, _ in below(ckpt.values, self.path))])

    def _replaced(self, ckpt: Checkpoint, value: Plain) -> Checkpoint:
        if self.path in ckpt.modules or any_under(ckpt.tensors, self.path):
            raise EditError(f"{visible(self.path, 80) or 'the root'!r} is an object that holds tensors",
                            "Extract its state dict, or drop it.", id="not_a_value")
        above = next((path for path in ancestors(self.path) if isinstance(ckpt.values.get(path), Opaque)), None)
        if above is not None:
            raise EditError(f"{quoted(self.path, 80)} is an attribute of {quoted(above, 80)}, which is kept as it is",
                            f"Set {visible(above, 80)} itself, or drop it.", id="in_object")
        within = {key for key, _ in below(ckpt.values, self.path)}
        values = {key: value if key == self.path else old for key, old in ckpt.values.items() if key not in within}
        return edited(ckpt, self, {key: key for table in (ckpt.tensors, values) for key in table}, values=values, replaced=(self.path,))

    def _find_room(self, ckpt: Checkpoint) -> None:
        """Raises EditError when no dict can take the new entry."""
        if not self.path or self.path.startswith(".") or self.path.endswith("."):
            raise EditError(f"{quoted(self.path, 80)} is no path of a value", "Like epoch, or config.lr.")
        above = next((path for path in ancestors(self.path) if path in ckpt.values or path in ckpt.tensors), None)
        if above is not None and not isinstance(ckpt.values.get(above), dict):
            what = "a tensor" if above in ckpt.tensors else "an object" if isinstance(ckpt.values[above], Opaque) else "a single value"
            raise EditError(f"{visible(above, 80) or 'the root'!r} is {what}: nothing can be put into it", "", id="no_room")
        if len(ckpt.edited.source.pickles if ckpt.edited else ckpt.pickles) != 1:
            return
        structure = Structure(ckpt)
        root = ckpt.edited.root if ckpt.edited else ""
        for path in ancestors(self.path):
            there = join(root, path) if path else root
            if structure.is_list(there):
                raise EditError(f"{visible(path, 80) or 'the root'!r} is a list: new items cannot be put into it", "", id="no_room")
            if structure.container(there) is not None:
                return

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        if self.delete:
            return []
        old = before.values.get(self.path)
        refused = loads_with_torch(before).keys.get(self.path)
        if refused and not isinstance(old, Opaque):
            return [f"{quoted(self.path, 60)} was {refused[0].words} and is {type_name(self.value)} now, which torch.load takes."]
        if self.path in before.values and type(old) is not type(self.value) and not isinstance(old, Opaque):
            return [f"{quoted(self.path, 60)} was {type_name(old)} {one_line(old, 60)} and is {type_name(self.value)} now."]
        return []

    @property
    def option(self) -> str:
        return "unset" if self.delete else self.OPTION

    @property
    def text(self) -> str:
        return self.path if self.delete else f"{self.path}={json.dumps(self.value)}"

    def to_json(self) -> Any:
        return self.path if self.delete else {"path": self.path, "value": self.value}

    @classmethod
    def parse(cls, text: str, option: str) -> SetValue:
        if option == "unset":
            return cls(text, delete=True)
        path, equals, value = text.partition("=")
        if not equals or not path:
            raise EditError(f"{quoted(text, 80)} does not say which value to set", "Write PATH=VALUE; --unset PATH takes it out.")
        return cls(path, _checked(_literal(value), path))

    @classmethod
    def from_json(cls, value: Any, option: str) -> SetValue:
        if option == "unset":
            if not isinstance(value, str):
                raise EditError("unset takes the path of a value")
            return cls(value, delete=True)
        if isinstance(value, str):
            return cls.parse(value, option)
        found = fields_of(value, option, ("path", "value"))
        if not isinstance(found["path"], str):
            raise EditError("the path of a value is a text")
        return cls(found["path"], _checked(found["value"], found["path"]))


def _literal(text: str) -> Any:
    """JSON, also Python's True, False and None; anything else is a text."""
    word = {"True": True, "False": False, "None": None}
    if text in word:
        return word[text]
    if len(text) > _DIGITS and re.fullmatch(r"-?\d+", text):
        raise EditError("the number has too many digits")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _checked(value: Any, path: str) -> Plain:
    if value in ({}, []) or value is None or type(value) in (bool, int, float, str):
        result: Plain = value
        return result
    what = f"{type_name(value)} with something in it" if isinstance(value, dict | list) else "that"
    raise EditError(f"{quoted(path, 80)} cannot be {what}",
                    "Set a number, a text, true, false, null, {} or []; then set what is in it, one by one.", id="bad_value")


def _same(ckpt: Checkpoint) -> dict[str, str]:
    return {key: key for key in origin_of(ckpt) if key in ckpt.tensors or key in ckpt.values}
