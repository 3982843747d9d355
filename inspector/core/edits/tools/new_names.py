"""Tensors that take the place of others in the tables, under names of their own."""
from __future__ import annotations

from collections.abc import Mapping

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import Paths, ancestors, quoted, visible


def check_room(ckpt: Checkpoint, instead: Mapping[str, Mapping[str, TensorInfo]]) -> None:
    """Raises EditError where a new name is taken already, is one twice, or is none. `instead` are the new tensors by the key of that whose
    place they take."""
    kept = {key for key in ckpt.tensors if key not in instead}
    taken = {*kept, *ckpt.values}
    groups = {path for key in taken for path in ancestors(key)}
    for made in instead.values():
        for key in made:
            if key.startswith(".") or key.endswith(".") or not key:
                raise EditError(f"{quoted(key, 80)} is no name of a tensor", "", key)
            if key in taken or key in groups:
                raise EditError(f"there is {quoted(key, 80)} already", "Drop it first, or choose another name.", key, id="collision")
            above = next((path for path in ancestors(key) if path in kept), None)
            if above is not None:
                raise EditError(f"{visible(above, 80) or 'the root'!r} is a tensor: nothing can be put into it", "", key, id="no_room")
            taken.add(key)


def in_order(ckpt: Checkpoint, instead: Mapping[str, Mapping[str, TensorInfo]]) -> dict[str, TensorInfo]:
    """The tensors as they are written: the first of each group where the old one stood, the others behind all there are."""
    tensors: dict[str, TensorInfo] = {}
    behind: dict[str, TensorInfo] = {}
    for key, info in ckpt.tensors.items():
        if key not in instead:
            tensors[key] = info
            continue
        for n, (name, made) in enumerate(instead[key].items()):
            (behind if n else tensors)[name] = made
    return with_new(tensors, behind)


def with_new(tensors: Mapping[str, TensorInfo], new: Mapping[str, TensorInfo]) -> dict[str, TensorInfo]:
    """`tensors` with `new` ones in the order of the file that is written: behind all others of the dict that each is put into."""
    places = Paths(info.state_dict for info in new.values() if info.state_dict)
    last: dict[str | None, str | None] = {place: key for key in tensors for place in places.around(key)} if new else {}
    behind: dict[str | None, dict[str, TensorInfo]] = {}
    for key, info in new.items():
        behind.setdefault(last.get(info.state_dict), {})[key] = info
    found: dict[str, TensorInfo] = {}
    for key, info in tensors.items():
        found[key] = info
        found.update(behind.get(key, {}))
    return {**found, **behind.get(None, {})}
