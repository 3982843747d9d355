"""What every edit is, and how its result is put together.

An edit is a frozen value. `apply` gives a new checkpoint whose tables are what a save would write, and that remembers which
key of the file each key came from (`Edited.origin`). It reads no tensor, but where what it does is about their bytes (`DropBroken`).
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint, Edited, Opaque, Plain, Storage, TensorInfo, kind_of_dict
from inspector.core.errors import EditError
from inspector.core.keypath import ancestors, parent_of, quoted, top_of, visible
from inspector.core.progress import QUIET, Monitor, stoppable


class Edit:
    """`OPTION` is its name on the command line and in recipes. To add an edit: a file with a frozen dataclass that has the methods
    below, a line in the room's list, a test file.

    >>> edit = core.parse_edit("drop", "optimizer")
    >>> isinstance(edit, core.Edit), edit.OPTION, edit == core.Drop("optimizer")
    (True, 'drop', True)
    """

    OPTION: ClassVar[str] = ""
    TAKES_TEXT: ClassVar[bool] = True
    """Whether something stands after the option on the command line; `text` is "" where nothing does."""
    READS: ClassVar[bool] = False
    """Whether what is lost can only be told by reading tensors (see `notes`)."""

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        """`ckpt` as it is after this edit. Raises EditError when the edit cannot be applied; one that finds nothing to do is no
        error (`core.effects` tells it)."""
        raise NotImplementedError

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        """What a person should know besides the keys that change, one sentence each. Reads tensors only with `read`."""
        return []

    def touched(self, before: Checkpoint, after: Checkpoint) -> Iterable[str]:
        """Keys that are another thing now although their value in the tables is the same."""
        return ()

    def kinds_before(self, before: Checkpoint) -> Mapping[str, str]:
        """In words what kind of value stood at keys that the edit makes another kind of: "a numpy number"."""
        return MappingProxyType({})

    @property
    def reference_path(self) -> str | None:
        """The path of another checkpoint that the edit goes by; None for most."""
        return None

    @property
    def text(self) -> str:
        """What stands after the option on the command line."""
        raise NotImplementedError

    @property
    def option(self) -> str:
        return self.OPTION

    def to_json(self) -> Any:
        """What stands beside the edit's name in a recipe."""
        return self.text

    @classmethod
    def parse(cls, text: str, option: str) -> Edit:
        """The edit that `text` asks for after `option`. Raises EditError."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, value: Any, option: str) -> Edit:
        """The edit of a recipe. Raises EditError."""
        if not isinstance(value, str):
            raise EditError(f"{option} takes a text, not {_json_name(value)}")
        return cls.parse(value, option)


def _json_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), "a text")


def fields_of(value: Any, option: str, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """The object of a recipe's edit, with just these names. Raises EditError."""
    wanted, known = tuple(required), {*required, *optional}
    if not isinstance(value, dict):
        raise EditError(f"{option} takes an object with {', '.join(wanted)}, not {_json_name(value)}")
    for name in wanted:
        if name not in value:
            raise EditError(f"{option} needs {name!r}")
    for name in value:
        if name not in known:
            raise EditError(f"{option} knows no {quoted(str(name), 60)}", f"It takes {', '.join(sorted(known))}.")
    return value


def text_or_json(edit: Edit, plain: str) -> str:
    """What stands after the option of an edit that may also be written as its object: `plain` where that is read as just this edit."""
    try:
        if not plain.startswith("{") and type(edit).parse(plain, edit.option) == edit:
            return plain
    except EditError:
        pass
    import json  # seldom needed here, and this module is part of every start
    return json.dumps(edit.to_json(), ensure_ascii=False)


def object_in(text: str, option: str, hint: str) -> Any:
    """The object that an edit is written as on the command line. Raises EditError, with `hint`, for what is no JSON."""
    import json
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise EditError(f"what follows --{option} begins like JSON and is none", hint) from None


_FEW = 8                    # edits that are tried whatever the file, and …
_VISITS = 500_000           # … keys that more of them together may go over


def are_soon_tried(edits: Sequence[Edit], ckpt: Checkpoint) -> bool:
    """Whether somebody who asked for no edits can wait for these, each of which goes over all keys: hundreds name a hundred thousand.
    Nobody would know what they do to keys that are not listed, of which there are many more, in a file made to keep its reader busy."""
    if any(finding.id == "too-many-keys" for finding in ckpt.findings):
        return False
    return len(edits) <= _FEW or len(edits) * (len(ckpt.tensors) + len(ckpt.values)) <= _VISITS


# -- what a checkpoint is made of -----------------------------------------------------------------------------------------------

def origin_of(ckpt: Checkpoint, monitor: Monitor = QUIET) -> Mapping[str, str]:
    """key -> the key in `Checkpoint.as_opened`, of all that was there."""
    if ckpt.edited:
        return ckpt.edited.origin
    return {key: key for key in stoppable(chain(ckpt.tensors, ckpt.values), monitor)}


class NearestDict:
    """The nearest of some state dicts that a value's key lies in, or None. Neighbours are looked up once."""

    def __init__(self, dicts: Iterable[str]) -> None:
        self._dicts = frozenset(dicts)
        self._known: dict[str, str | None] = {}

    def of(self, key: str) -> str | None:
        above = parent_of(key)
        if not key or above in self._known:
            return self._known[above] if key else None
        found = self._known[above] = next((path for path in ancestors(key) if path in self._dicts), None)
        return found


def held_storages(tensors: Mapping[str, TensorInfo], values: Mapping[str, Plain], monitor: Monitor = QUIET) -> set[str]:
    """The ids of all storages that these tensors view or that these values are."""
    held = {value.storage for value in stoppable(values.values(), monitor) if isinstance(value, Opaque) and value.storage}
    return held | used_storages(tensors.values(), monitor)


def used_storages(infos: Iterable[TensorInfo], monitor: Monitor = QUIET) -> set[str]:
    """The ids of all storages that these tensors view."""
    used: set[str] = set()
    for info in stoppable(infos, monitor):
        used.add(info.storage)
        if info.extra is not None:
            used |= used_storages(info.parts.values())
    return used


# -- the result -----------------------------------------------------------------------------------------------------------------

def edited(ckpt: Checkpoint, edit: Edit, came_from: Mapping[str, str] | None = None, *, root: str | None = None,
           taken: Mapping[str, Storage] | None = None, replaced: Iterable[str] = (), monitor: Monitor = QUIET, **tables: Any) -> Checkpoint:
    """`ckpt` with other `tables` (fields of Checkpoint). `came_from` maps each key that is there now to its key in `ckpt`, keys that
    are new being absent; None when the keys are what they were. `taken` are more of `Edited.taken`, `replaced` of `Edited.replaced`
    (by their keys in `ckpt`)."""
    before = ckpt.edited
    if came_from is None:
        origin = origin_of(ckpt, monitor)       # nobody else's but the one of an edited checkpoint, which is kept as it is
    elif before:
        origin = {key: before.origin[old] for key, old in stoppable(came_from.items(), monitor) if old in before.origin}
    else:
        origin = {key: old for key, old in stoppable(came_from.items(), monitor) if old in ckpt.tensors or old in ckpt.values}
    others: Mapping[str, Storage] = before.taken if before else MappingProxyType({})
    made = Edited(ckpt.as_opened, MappingProxyType(origin) if isinstance(origin, dict) else origin,
                  root if root is not None else before.root if before else "", (*(before.edits if before else ()), edit),
                  MappingProxyType({**others, **taken}) if taken else others,
                  _all_replaced(ckpt, replaced),
                  before.left_out if before else ())
    frozen: dict[str, Any] = {name: MappingProxyType(table) if isinstance(table, dict) else table for name, table in tables.items()}
    return replace(ckpt, edited=made, **frozen)


def _all_replaced(ckpt: Checkpoint, replaced: Iterable[str]) -> frozenset[str]:
    before = ckpt.edited
    if before:
        return before.replaced | {before.origin[key] for key in replaced if key in before.origin}
    return frozenset(key for key in replaced if key in ckpt.tensors or key in ckpt.values)


def reduced(ckpt: Checkpoint, edit: Edit, tensors: dict[str, TensorInfo], values: dict[str, Plain], came_from: Mapping[str, str], *,
            root: str | None = None, monitor: Monitor = QUIET, **tables: Any) -> Checkpoint:
    """The same after tensors or values went away: storages nobody views any more go too, and so do state dicts without tensors.
    Raises EditError when nothing is left."""
    if not tensors and not values:
        raise EditError("nothing would be left of the checkpoint", _say(edit))
    tables.setdefault("storages", storages_left(ckpt, tensors, values, monitor))
    if "state_dicts" not in tables:
        there = {info.state_dict for info in stoppable(tensors.values(), monitor)}
        tables["state_dicts"] = tuple(path for path in ckpt.state_dicts if path in there)
    if "kind" not in tables:
        before = ckpt.kind if root is None else "training-checkpoint"
        has_metadata = "" in tables["state_dicts"] and "" in tables.get("module_metadata", ckpt.module_metadata)
        tables["kind"] = kind_left(tensors, values, tables["state_dicts"], has_metadata, before, monitor)
    return edited(ckpt, edit, came_from, root=root, tensors=tensors, values=values, monitor=monitor, **tables)


def storages_left(ckpt: Checkpoint, tensors: Mapping[str, TensorInfo], values: Mapping[str, Plain],
                  monitor: Monitor = QUIET) -> dict[str, Storage]:
    """The storages without those that nothing holds any more."""
    gone = held_storages(ckpt.tensors, ckpt.values, monitor) - held_storages(tensors, values, monitor)
    return {id: storage for id, storage in stoppable(ckpt.storages.items(), monitor) if id not in gone}


def kind_left(tensors: Mapping[str, TensorInfo], values: Mapping[str, Plain], state_dicts: tuple[str, ...], has_metadata: bool,
              before: str, monitor: Monitor = QUIET) -> str:
    """What is left, all in all. What is no dict of its own in the file, like a TorchScript program, stays what it was."""
    if isinstance(values.get(""), Opaque):
        return before
    if "" in tensors:
        return "tensor"
    direct = sum(1 for info in stoppable(tensors.values(), monitor) if info.state_dict == "") if "" in state_dicts else 0
    others = {top_of(key) for key, info in stoppable(tensors.items(), monitor) if info.state_dict != ""}
    others |= {top_of(key) for key in stoppable(values, monitor)}
    kind = kind_of_dict(direct, direct + len(others), has_metadata=has_metadata, holds_tensors=bool(tensors))
    return before if kind == "training-checkpoint" and before != "state-dict" else kind


def _say(edit: Edit) -> str:
    said = f"--{edit.option} {visible(edit.text, 100)}".rstrip()
    return f"It is {said} that leaves nothing."


def needs_extraction(key: str, path: str) -> EditError:
    """Names inside a whole module cannot be changed in place."""
    whole = f"the module at {quoted(path, 60)}" if path else "a whole module"
    return EditError(f"{quoted(key, 80)} is in {whole}, whose names belong to its classes",
                     f"Put --extract {visible(path, 60) or '.'} before: it takes the module's state dict out.", id="in_module")
