"""What could be done to an open file: edits that a finding asks for, and edits that the selected keys suggest."""
from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from inspector import core

from .session import Selection

translate = QCoreApplication.translate

WRAPPERS = ("module.", "_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
_ALTERNATIVES = 200             # names in one pattern; core takes 256


class Fix(NamedTuple):
    """A button on a finding, and what it does."""

    text: str
    edits: tuple[core.Edit, ...]


def fix_for(finding: core.Finding, ckpt: core.Checkpoint, sharing: dict[str, list[str]]) -> Fix | None:
    """What repairs what `finding` is about. `sharing`: storage -> keys of its tensors, where they are several."""
    if finding.id == "module-prefix":
        prefix = finding.prefix
        return Fix(translate("Offers", "Strip “{prefix}”").format(prefix=prefix), (core.StripPrefix(prefix),))
    if finding.id in ("saved-on-gpu", "location"):
        return Fix(translate("Offers", "Set device to cpu"), (core.RemapDevices({"*": "cpu"}),))
    if finding.id == "oversized-storage":
        keys = _small_views(ckpt, sharing)
        return Fix(translate("Offers", "Keep only what is used"), unshared(keys)) if keys else None
    if finding.id == "shared-storage":
        keys = [key for group in sharing.values() if not _is_tied(ckpt, group) for key in group]
        return Fix(translate("Offers", "Give each its own bytes"), unshared(keys)) if keys else None
    if finding.id == "weights-only" and finding.keys:
        return Fix(translate("Offers", "Make the values plain"), (core.MakePlain("*"),))
    if finding.id == "unknown-code":
        path = whole_module(ckpt)
        if path is None:
            return None
        said = translate("Offers", "Extract the weights of {what}").format(what=core.visible(path, 40).replace("&", "&&")) if path \
            else translate("Offers", "Extract the weights")
        return Fix(said, (core.Extract(path or "."),))
    return None


def whole_module(ckpt: core.Checkpoint) -> str | None:
    """The path of the one pickled model whose state dict is in the file; None when there is none, or several."""
    found = [path for path in ckpt.state_dicts if isinstance(ckpt.values.get(path), core.Opaque)]
    outer = [path for path in found if not any(path != other and (not other or path.startswith(f"{other}.")) for other in found)]
    return outer[0] if len(outer) == 1 else None


def unshared(keys: Iterable[str]) -> tuple[core.Edit, ...]:
    return tuple(core.Unshare(glob) for glob in globs(keys))


def prefix_of(ckpt: core.Checkpoint, selection: Selection) -> str | None:
    """The prefix of names that a selected group or tensor stands for, with its dot; None when it is none."""
    place = next((ckpt.tensors[key].state_dict for key in selection.keys[:1] if key in ckpt.tensors), None)
    path = selection.prefix
    if len(selection.keys) == 1 and selection.keys[0] == path:
        path = path.rpartition(".")[0]
    if place is None or not selection.keys or not path or path == place:
        return usual_prefix(ckpt, selection.keys[:1])
    start = f"{place}." if place else ""
    if not path.startswith(start):
        return None
    return path[len(start):] + "."


def usual_prefix(ckpt: core.Checkpoint, keys: Iterable[str]) -> str | None:
    """The wrapper's prefix that the names of some tensors begin with."""
    for key in keys:
        name = ckpt.tensors[key].name if key in ckpt.tensors else ""
        return next((prefix for prefix in WRAPPERS if name.startswith(prefix)), None)
    return None


def strip_for(ckpt: core.Checkpoint, selection: Selection, prefix: str) -> core.Edit:
    """Strips `prefix` where the selection lies: with the path of its state dict where others have such names, too."""
    place = next((ckpt.tensors[key].state_dict for key in selection.keys[:1] if key in ckpt.tensors), None)
    if place and any(info.state_dict != place and info.name.startswith(prefix) for info in ckpt.tensors.values()):
        return core.StripPrefix(f"{place}.{prefix}")
    return core.StripPrefix(prefix)


def globs(keys: Iterable[str]) -> list[str]:
    """Patterns that fit just these keys (and what is under them): one, or several when they are many."""
    literal = [_literal(key) for key in keys]
    parts = [literal[at:at + _ALTERNATIVES] for at in range(0, len(literal), _ALTERNATIVES)]
    return [part[0] if len(part) == 1 else "{" + ",".join(part) + "}" for part in parts]


def selected_keys(ckpt: core.Checkpoint, selection: Selection) -> list[str]:
    """The fewest paths that mean what is selected: the group, or of a selection from all over the largest groups that are whole.
    None of them is the whole file."""
    if selection.value is not None:
        return [selection.value]
    if not selection.keys:
        return [selection.prefix] if selection.prefix else []
    head = f"{selection.prefix}."
    under = sum(1 for key in ckpt.tensors if key.startswith(head)) if selection.prefix else len(ckpt.tensors)
    if selection.prefix and (under == len(selection.keys) or selection.keys == (selection.prefix,)):
        return [selection.prefix]
    if len(selection.keys) == len(ckpt.tensors):
        return []
    return _cover(ckpt, selection.keys)


def _cover(ckpt: core.Checkpoint, keys: tuple[str, ...]) -> list[str]:
    """Groups all of whose tensors are among `keys`, as high as they go, and the keys that are in none."""
    there: dict[str, int] = {}
    for key in (*ckpt.tensors, *ckpt.values):
        for path in _above(key):
            there[path] = there.get(path, 0) + 1
    chosen: dict[str, int] = {}
    for key in keys:
        for path in _above(key):
            chosen[path] = chosen.get(path, 0) + 1
    found: dict[str, None] = {}
    for key in keys:
        whole = next((path for path in _above(key) if chosen[path] == there[path]), key)
        found[whole] = None
    return list(found)


def _above(key: str) -> list[str]:
    """The groups that `key` is in, outermost first."""
    found, at = [], key.find(".")
    while at >= 0:
        found.append(key[:at])
        at = key.find(".", at + 1)
    return found


def _literal(key: str) -> str:
    """A pattern that fits `key`. What pairs of braces would mean otherwise is any character."""
    return "".join(f"[{char}]" if char in "*?[" else "?" if char in "{}," else char for char in key)


def _small_views(ckpt: core.Checkpoint, sharing: dict[str, list[str]]) -> list[str]:
    """Tensors of storages that all their tensors together cannot fill."""
    alone = {keys[0]: keys for keys in sharing.values()}
    among = {key for keys in sharing.values() for key in keys}
    found = []
    for key, info in ckpt.tensors.items():
        keys = alone.get(key, []) if key in among else [key]
        if keys and info.storage and info.layout == "strided" and sum(ckpt.tensors[one].nbytes for one in keys) < info.storage_nbytes:
            found += keys
    return found


def _is_tied(ckpt: core.Checkpoint, keys: list[str]) -> bool:
    """Whether they are all the same tensor, which is meant more often than not."""
    return len({(info.offset, info.shape, info.stride, info.dtype) for info in map(ckpt.tensors.__getitem__, keys)}) == 1
