"""A part of a checkpoint that somebody points at: what it is called, and which prefix of names it stands for."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.keypath import is_under, parent_of, relative, under
from inspector.core.naming_conventions import STRIPPED_PREFIXES
from inspector.core.opening import CheckpointLike, opened


class Part(NamedTuple):
    """The tensors `keys` of the group `prefix` ("": from all over), or one plain `value`. A group without tensors is named by its
    `prefix` alone; all empty is the whole.

    >>> ckpt = core.edit({"a.w": np.ones(3), "b": np.ones(3)}, [])
    >>> core.edits_for_part("keep", core.Part("a", ("a.w",)), ckpt)
    (Keep(glob='a'),)
    """

    prefix: str = ""
    keys: tuple[str, ...] = ()
    value: str | None = None

    def is_part_of(self, ckpt: CheckpointLike) -> bool:
        """Whether it is something, and less than all of `ckpt`."""
        return bool(self.prefix or self.value is not None or 0 < len(self.keys) < len(opened(ckpt).tensors))


def prefix_of(part: Part, ckpt: CheckpointLike) -> str | None:
    """The prefix of names that a group or tensor stands for, with its dot, or the wrapper's that its names begin with; None when there
    is none.

    >>> ckpt = core.edit({"module.a.w": np.ones(3)}, [])
    >>> core.prefix_of(core.Part("module.a", ("module.a.w",)), ckpt)
    'module.a.'
    """
    ckpt = opened(ckpt)
    place = state_dict_of(part, ckpt)
    path = parent_of(part.prefix) if part.keys == (part.prefix,) else part.prefix
    if place is None or not path or path == place:
        return _wrapper(part, ckpt)
    return under(relative(path, place)) if is_under(path, place) else None


def _wrapper(part: Part, ckpt: Checkpoint) -> str | None:
    name = next((ckpt.tensors[key].name for key in part.keys[:1] if key in ckpt.tensors), "")
    return next((prefix for prefix in STRIPPED_PREFIXES if name.startswith(prefix)), None)


def wrapper_prefixes(ckpt: CheckpointLike) -> list[str]:
    """The prefixes of wrappers that names of tensors begin with.

    >>> core.wrapper_prefixes(core.edit({"module.a.w": np.ones(3), "module.b": np.ones(2)}, []))
    ['module.']
    """
    infos = opened(ckpt).tensors.values()
    return [prefix for prefix in STRIPPED_PREFIXES if any(info.name.startswith(prefix) for info in infos)]


def state_dict_of(part: Part, ckpt: Checkpoint) -> str | None:
    """The path of the state dict that the part lies in."""
    return next((ckpt.tensors[key].state_dict for key in part.keys[:1] if key in ckpt.tensors), None)


def paths_of(part: Part, ckpt: Checkpoint) -> list[str]:
    """The fewest paths that mean the part: the group itself or, of keys from all over, the largest groups that are whole. None of them
    is the whole file: [] then."""
    if part.value is not None:
        return [part.value]
    if not part.keys:
        return [part.prefix] if part.prefix else []
    head = under(part.prefix)
    there = sum(1 for key in ckpt.tensors if key.startswith(head))
    if part.prefix and (there == len(part.keys) or part.keys == (part.prefix,)):
        return [part.prefix]
    if len(part.keys) == len(ckpt.tensors):
        return []
    return _cover(ckpt, part.keys)


def _cover(ckpt: Checkpoint, keys: Sequence[str]) -> list[str]:
    """Groups all of whose tensors and values are among `keys`, as high as they go, and the keys that are in none."""
    there: dict[str, int] = {}
    for key in (*ckpt.tensors, *ckpt.values):
        for path in _groups_of(key):
            there[path] = there.get(path, 0) + 1
    chosen: dict[str, int] = {}
    for key in keys:
        for path in _groups_of(key):
            chosen[path] = chosen.get(path, 0) + 1
    return list(dict.fromkeys(next((path for path in _groups_of(key) if chosen[path] == there[path]), key) for key in keys))


def _groups_of(key: str) -> Iterator[str]:
    """The groups that `key` is in, outermost first."""
    at = key.find(".")
    while at >= 0:
        yield key[:at]
        at = key.find(".", at + 1)
