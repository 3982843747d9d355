"""Which checkpoints lie in a folder of a run: by names only, nothing opened.

    epoch_1.pth  epoch_2.pth …                      files beside each other
    checkpoint-500/model.safetensors …              a folder for each, with what belongs to it; sets of shards too
    version_0/checkpoints/epoch=3-step=100.ckpt     further down, where the folder itself holds none
"""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from inspector.core.errors import UsageError
from inspector.core.formats.sets import folders, set_files
from inspector.core.keypath import visible
from inspector.core.wording import count

from . import file_names

_DEEPEST = 4
_MOST = 10_000          # checkpoints of one run


def checkpoints_of(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The paths of the checkpoints that `paths`, files and folders, are or hold, each once, in the order in which they were given
    (those of a folder in the order of their names). Raises UsageError where there is none, Unreadable."""
    given = [os.fsdecode(path) for path in paths]
    found = list(folders.each_once((name for path in given for name in _in(path)), given))
    if not found:
        what = visible(given[0], 200) if given else "nothing"
        raise UsageError(f"there is no checkpoint in {what}", "Name the folder that the files of the epochs lie in, or the files.")
    if len(found) > _MOST:
        raise UsageError(f"there are {count(len(found), 'checkpoint')}, more than the {_MOST:,} that are looked at as one run",
                         "Name the folder of one run, or its files.")
    return found


def leads_outside(path: str, given: Iterable[str | os.PathLike[str]]) -> str:
    """Where a checkpoint in one of the folders `given` really is, when it is a link out of that folder, else "". One that was named itself
    may be a link to anywhere."""
    names = [os.fsdecode(one) for one in given]
    around = next((one for one in names if path.startswith(os.path.join(one, ""))), None)
    return "" if around is None or path in names else set_files.leads_outside(around, path)


def _in(path: str) -> Iterator[str]:
    if not folders.is_folder(path):
        yield path
        return
    found = list(_members(path, 0))
    told = file_names.told_by(path)
    if len(found) == 1 and found[0] == folders.checkpoint_in(path) and (told.epoch is not None or told.step is not None):
        yield path                  # checkpoint-500, not the model.safetensors in it
    else:
        yield from found


def _members(folder: str, depth: int) -> Iterator[str]:
    listed = set_files.list_folder(folder)
    below = [path for name in listed.names if not name.startswith(".") and folders.is_folder(path := os.path.join(folder, name))]
    files = [] if folders.is_set(folder) else [
        path for name in listed.checkpoints if not folders.is_beside(name) and set_files.part_of(name) is None
        and not folders.is_folder(path := os.path.join(folder, name))]
    inner = [] if len(files) > 1 else [path for path in below if folders.checkpoint_in(path)]
    # one that is but the newest of those inside is there already
    yield from files or ([folder] if folders.is_set(folder) and not (inner and folders.names_one_inside(folder)) else [])
    if len(files) > 1:              # they are the run; a folder beside them is something else
        return
    yield from inner
    if not files and not inner and depth < _DEEPEST:
        for path in below:
            yield from _members(path, depth + 1)
