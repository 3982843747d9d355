"""What a save has made and may take away, written down before it is done, so that the next save clears up after a killed one.

A journal is a file in a folder that anybody may have filled: it is believed only where it was written by this user, on this machine
since it was last started, and only about files that are still the very ones it tells of (device, inode, size and time). Whatever came
with a download, was copied, or belongs to somebody else is left alone.
"""
from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection
from typing import Any, NamedTuple

from inspector.core.io.new_files import write_all
from inspector.core.io.this_machine import writer

_MOST = 64 << 20            # bytes of a journal that are read: it names each file of a set


class Identity(NamedTuple):
    """Which file a name stood for. The size and times of a file that is still being written are None."""

    device: int
    inode: int
    size: int | None = None
    mtime_ns: int | None = None
    ctime_ns: int | None = None


class Noted(NamedTuple):
    """What a journal of ours tells: temporaries (None: about to be made) and files of sets, by name; `kept`: second names that were given
    to the file that was about to be replaced."""

    made: dict[str, Identity | None]
    sets: dict[str, Identity]
    kept: dict[str, Identity]


def identity(path: str) -> Identity | None:
    """Of the name itself, no link followed; None when there is nothing or no ordinary file of one name."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Identity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def note(fd: int, made: dict[str, Identity | None] | None = None, sets: dict[str, Identity] | None = None,
         kept: dict[str, Identity] | None = None) -> None:
    """Adds a line to the journal open at `fd`. Lines are whole but perhaps for the last, whenever a save is killed. Raises OSError."""
    os.lseek(fd, 0, os.SEEK_END)
    write_all(fd, json.dumps({"by": writer(), "made": made or {}, "sets": sets or {}, "kept": kept or {}}).encode() + b"\n")


def noted(fd: int) -> Noted:
    """What the journal open at `fd` tells that can be believed. Raises OSError."""
    found = Noted({}, {}, {})
    os.lseek(fd, 0, os.SEEK_SET)
    data = bytearray()
    while len(data) < _MOST and (part := os.read(fd, _MOST - len(data))):
        data += part
    for line in data.splitlines():
        try:
            said = json.loads(line)
            if said["by"] != writer():
                continue
            found.made.update({name: _identity(one) for name, one in said["made"].items() if type(name) is str})
            for into, names in ((found.sets, said["sets"]), (found.kept, said.get("kept", {}))):
                into.update({name: one for name, told in names.items() if (one := _identity(told)) is not None})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):          # cut short, or not ours
            continue
    return found


def _identity(told: Any) -> Identity | None:
    if told is None:
        return None
    if not isinstance(told, list) or len(told) != len(Identity._fields) or not all(one is None or type(one) is int for one in told):
        raise ValueError("no identity")
    return Identity(*told)


def is_still(path: str, one: Identity | None, *, placed: bool = False) -> bool:
    """Whether the name still stands for that file. `placed`: it has been renamed since, which counts as a change of its entry. A file
    that was only about to be made is known by being empty."""
    found = identity(path)
    if found is None:
        return False
    if one is None:
        return found.size == 0
    return found[:2] == one[:2] and all(was is None or was == now for was, now in
                                        zip(one[2:4 if placed else 5], found[2:4 if placed else 5], strict=True))


def is_among(path: str, files: Collection[tuple[int, int]]) -> bool:
    """Whether the name stands for one of these files (device, inode), also by a link."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return False
    return (found.st_dev, found.st_ino) in files
