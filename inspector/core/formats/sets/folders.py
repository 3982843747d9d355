"""Which checkpoint a folder is, and which set a single file belongs to: by the names in one folder, nothing opened."""
from __future__ import annotations

import os

from inspector.core.errors import Ambiguous, Unsupported
from inspector.core.findings import Finding
from inspector.core.keypath import visible

from . import set_files

DCP = ".metadata"               # the index of a torch.distributed.checkpoint folder


def is_folder(path: str) -> bool:
    try:
        return os.path.isdir(path)
    except ValueError:          # NUL in the name: whoever opens it says so
        return False


def is_set(path: str) -> bool:
    """Whether the folder at `path` is one checkpoint (or several that must be told apart), by its names."""
    if not is_folder(path):
        return False
    try:
        return os.path.lexists(os.path.join(path, DCP)) or bool(set_files.list_folder(path).indexes)
    except Exception:
        return False


def choose(folder: str) -> str:
    """The name of the file in `folder` that tells of the whole checkpoint: ".metadata" or an index. Raises Ambiguous when it
    holds several checkpoints, Unsupported when none."""
    listed = set_files.list_folder(folder)
    indexes = listed.indexes
    if DCP in listed.names or (not listed.whole and os.path.lexists(os.path.join(folder, DCP))):
        indexes = [DCP, *indexes]
    if len(indexes) == 1:
        return indexes[0]
    if indexes:
        shown = " and ".join(visible(name, 80) for name in indexes[:3]) + (" …" if len(indexes) > 3 else "")
        raise Ambiguous(f"the folder holds {len(indexes)} checkpoints of several files: {shown}",
                        f"Open the one you want by that file: {visible(os.path.join(folder, indexes[0]), 200)}.", id="two_sets")
    raise _no_set(listed)


def _no_set(listed: set_files.Folder) -> Unsupported:
    found = listed.checkpoints
    if not found:
        what = "nothing" if not listed.names else "no checkpoint"
        return Unsupported(f"this is a folder, not a file, and there is {what} in it",
                           "Open a checkpoint file, or a folder with a .metadata file or an index (.index.json).",
                           id="not_regular_file")
    shown = ", ".join(visible(name, 80) for name in found[:3]) + (f" and {len(found) - 3:,} more" if len(found) > 3 else "")
    return Unsupported(f"this is a folder, not a file, and without an index that makes one checkpoint of what is in it: {shown}",
                       "Open one of the files in it.", id="not_regular_file")


def one_of_a_set(path: str) -> Finding | None:
    """Says which set a file belongs to, going by its name and by what lies beside it."""
    folder, name = os.path.split(path)
    beside = DCP if name.endswith(".distcp") else ""
    match = set_files.SHARD.fullmatch(name)
    if match:
        stem, suffix = match.groups()
        first, _, variant = stem.rpartition(".")
        names = [f"{stem}.{suffix}.index.json"] + ([f"{first}.{suffix}.index.{variant}.json"] if first else [])
        beside = next((candidate for candidate in names if os.path.lexists(os.path.join(folder, candidate))), "")
    if not beside or not os.path.lexists(os.path.join(folder, beside)):
        return None
    whole = folder or "." if beside == DCP else os.path.join(folder, beside)
    return Finding("one-of-a-set", "info", "", f"This is one file of a set: {visible(beside, 80)} beside it tells of the others.",
                   f"Open {visible(whole, 200)} to see all of it.")
