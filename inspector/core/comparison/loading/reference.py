"""What a checkpoint is held against: another one, or a `.json` that says which shapes the model has."""
from __future__ import annotations

import codecs
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, to_be_sent
from inspector.core.comparison.pairing.rules import Shape, Shapes
from inspector.core.comparison.pairing.sides import WHOLE, choose_one, tensors_of
from inspector.core.errors import Corrupt, UsageError
from inspector.core.io.pointers import refuse_pointer
from inspector.core.io.sources import open_source
from inspector.core.keypath import ancestors, below, leaf_of, visible
from inspector.core.naming_conventions import EXTRA_STATE
from inspector.core.plain_values import NamedTwice, json_once, once
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import is_unread

from .ties import Ties, ties_in

_MOST = 256 << 20       # bytes of a JSON file
_MOST_TEXT = 4 << 20
_GIVE = 'Give an object that maps each name to its shape, as in {"fc.weight": [10, 4]}.'


class Reference(NamedTuple):
    """The names of a model's state dict with their shapes, None where only the name is known. `label` says where from; `ties` which names
    stand for one tensor, where that is known.

    >>> core.load_report({"w": np.ones((2, 3))}, core.Reference({"w": (2, 4)}, "my model")).lists.mismatched
    (Mismatch(key='w', file=(2, 3), model=(2, 4)),)
    """

    shapes: Shapes
    label: str
    ties: Ties = MappingProxyType({})

    def __reduce__(self) -> tuple[Any, ...]:
        return to_be_sent(Reference, self)


def read_shapes(path: str, monitor: Monitor = QUIET) -> Reference:
    """The shapes in a JSON file: an object of name -> [sizes], what `inspector ls --json` prints, or the index of a sharded
    set, which has names only. Raises a ReadError for a file that cannot be read, Corrupt for one that says something else.

    >>> written = (folder / "shapes.json").write_text('{"fc.weight": [10, 4], "fc.bias": [10]}')
    >>> core.read_shapes(str(folder / "shapes.json")).shapes
    {'fc.weight': (10, 4), 'fc.bias': (10,)}
    """
    monitor.report(0, 1, path)
    with open_source(path) as source:
        if source.size > _MOST:
            raise UsageError(f"{path} is too big for a list of shapes", "Give a checkpoint, or a .json of name to shape.")
        data = source.read(0, source.size)
    refuse_pointer(data, path)
    try:
        said = json_once(data)
    except ValueError as error:
        raise Corrupt(str(error) if isinstance(error, NamedTwice) else "it is no JSON",
                      _GIVE, path) from None
    return Reference(_shapes_in(said, path), path)


def read_text_file(path: str) -> str:
    """A text somebody saved, such as an error: UTF-8, or UTF-16 that begins with its mark, as Windows PowerShell redirects it; whatever
    else its encoding made of it. Raises a ReadError.

    >>> written = (folder / "error.txt").write_text("size mismatch for fc.weight", "utf-16")     # as PowerShell redirects
    >>> core.read_text_file(str(folder / "error.txt"))
    'size mismatch for fc.weight'
    """
    with open_source(path) as source:
        raw = source.read(0, min(source.size, _MOST_TEXT))
    refuse_pointer(raw, path)
    return raw.decode("utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig", "replace")


def of_checkpoint(ckpt: Checkpoint, path: str) -> Reference:
    """The shapes of the state dict at `path`."""
    label = ckpt.path if ckpt.edited is None else ""        # what waits to be saved is in no file yet
    return Reference(names_in(ckpt, path), label, ties_in(ckpt, path))


def names_in(ckpt: Checkpoint, path: str) -> Shapes:
    """The names in the state dict at `path` with their shapes, None where the file is missing that would tell. What `get_extra_state` of a
    module gave is one name and has no shape, whatever is in it."""
    found: dict[str, Shape | None] = {}
    for name, info in tensors_of(ckpt, path).items():
        extra = _extra_state(name)
        found[extra or name] = None if (extra and extra != name) or is_unread(info) else info.shape
    place = "" if path == WHOLE else path
    return found | dict.fromkeys(extra for _, name in below(ckpt.values, place) if (extra := _extra_state(name)) and extra not in found)


def _extra_state(name: str) -> str:
    """The name of the extra state that `name` is, or is a part of; "" for others."""
    if EXTRA_STATE not in name:
        return ""
    return next((path for path in (name, *ancestors(name)) if leaf_of(path) == EXTRA_STATE), "")


def of_mapping(shapes: Mapping[str, Any], label: str = "") -> Reference:
    return Reference(_shapes_in(dict(shapes), label), label)


def file_shapes(ckpt: Checkpoint, against: Shapes, state_dict: str | None = None) -> tuple[str, Shapes]:
    """(path, shapes) of the state dict of `ckpt` that has most in common with `against`, or of the one asked for."""
    if state_dict is not None and state_dict not in ckpt.state_dicts:
        raise UsageError(f"there is no state dict {state_dict!r} in {ckpt.path}", "`inspector ls` shows which there are.")
    path = choose_one(ckpt, dict(against)) if state_dict is None else state_dict
    return path, names_in(ckpt, path)


def _shapes_in(said: Any, where: str) -> dict[str, Shape | None]:
    if isinstance(said, dict) and isinstance(said.get("tensors"), list):
        rows = [(one["key"], one.get("shape")) for one in said["tensors"] if isinstance(one, dict) and isinstance(one.get("key"), str)]
        try:
            said = once(rows)
        except NamedTwice as error:
            raise Corrupt(str(error), _GIVE, where) from None
    elif isinstance(said, dict) and isinstance(said.get("weight_map"), dict):
        said = dict.fromkeys(said["weight_map"])
    if not isinstance(said, dict) or not said:
        raise Corrupt("it says no shapes", _GIVE, where)
    found: dict[str, Shape | None] = {}
    for key, shape in said.items():
        if isinstance(shape, dict):                     # safetensors' own header
            if key == "__metadata__":
                continue
            shape = shape.get("shape")
        if not isinstance(key, str) or not (shape is None or (isinstance(shape, (list, tuple)) and all(
                type(size) is int and size >= 0 for size in shape))):
            raise Corrupt(f"the shape of {visible(str(key))} is no list of sizes", 'Write it as in {"fc.weight": [10, 4]}.', where)
        found[key] = None if shape is None else tuple(shape)
    return found
