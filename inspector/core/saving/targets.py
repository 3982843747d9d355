"""Where a save goes: what is there already, and whether it may be replaced without asking.

What must be asked first is refused with an id; naming that id in `allow` is the answer "yes":
    replace-link      the path is a link into a Hugging Face cache, whose files many programs share: replace the link, not the file
    break-hard-links  the file has other names, which would go on naming the old contents
    read-only         the file is marked read-only, and replacing it would go round that
"""
from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from typing import NamedTuple

from inspector.core.checkpoint import FileStamp
from inspector.core.errors import SaveError
from inspector.core.io import addresses
from inspector.core.io.new_files import found_at, mode_of_new_files
from inspector.core.keypath import visible

from .disk.backups import names_that_are_backups

ASK = ("replace-link", "break-hard-links", "read-only")


class Target(NamedTuple):
    """`path` is the name that will be replaced or made, in `folder`, ordinary links followed; `old` how the file there looks
    (None: there is none) and `mode` the permissions of the new one, `mode_of_others` those of the files that an index names.
    `free` is the room in the file system, in bytes."""

    path: str
    folder: str
    old: FileStamp | None
    mode: int
    free: int
    notes: tuple[str, ...] = ()
    mode_of_others: int = 0o600

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    def check(self) -> None:
        """Raises SaveError("changed") when something else is there now than was there when this was made; OSError."""
        if _stamp(self.path, found_at(self.path)) != self.old:
            raise SaveError("the file to be replaced changed meanwhile: somebody else wrote to it", "Nothing was written over it. Save "
                            "under another name, or save again to replace what is there now.", visible(self.path), id="changed")


def find(path: str, allow: Collection[str] = (), of: Collection[str] = (), make: bool = False) -> Target:
    """The target at `path`, for what is in the files `of`: where there is none yet, it may be read by no others than those. With `make`
    the folder that it is in may be missing, too: whoever saves makes it. Raises SaveError for what cannot be written to, or must be asked
    first."""
    if not path or "\0" in path:
        raise SaveError("that is no possible file name", "Give the new file another name.", id="bad_target")
    _refuse_address(path)
    path, notes = os.path.abspath(path), []
    try:
        found = found_at(path)
        if found is not None and stat.S_ISLNK(found.st_mode):
            path, note = _link(path, allow)
            notes.append(note)
            found = found_at(path)
        _warn_of_cache(path)
    except OSError as error:
        raise unwritable(error, path) from error
    folder = os.path.dirname(path)
    if found is not None:
        _refuse(found, path, allow)
    mode = _mode(found, of)
    return Target(path, folder, _stamp(path, found), mode, _room(there_above(folder) if make else folder), tuple(notes), mode)


def find_folder(path: str, name: str, allow: Collection[str] = (), of: Collection[str] = (), make: bool = False) -> Target:
    """The target `name` in the folder `path`, which may not be there yet as long as the one above it is, or with `make` whatever is
    there; see `find`."""
    if not path or "\0" in path:
        raise SaveError("that is no possible folder name", "Give the new folder another name.", id="bad_target")
    _refuse_address(path)
    path = os.path.abspath(path)
    try:
        found = found_at(path)
    except OSError as error:
        raise unwritable(error, path) from error
    if found is not None:
        if not os.path.isdir(path):
            raise SaveError(f"{visible(path)} is a file, and a checkpoint in several files needs a folder", "Name a folder.",
                            id="bad_target")
        return find(os.path.join(path, name), allow, of)
    above = there_above(path) if make else os.path.dirname(path)
    room = _room(above)
    mode = _mode(None, of)
    return Target(os.path.join(path, name), path, None, mode, room, (f"The folder {visible(path)} is made.",), mode)


def there_above(folder: str) -> str:
    """The folder itself, or the nearest above it, that is there; perhaps no folder."""
    while not os.path.lexists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _refuse_address(path: str) -> None:
    if addresses.is_address(path):
        raise SaveError("files are written to this computer only, not over the net", "Save it on this computer, then upload it.",
                        visible(path), id="bad_target")


def unwritable(error: OSError, path: str) -> SaveError:
    text = error.strerror or type(error).__name__
    return SaveError(f"the system does not let it be written there: {text}", "Choose another folder, or ask who owns this one.",
                     visible(path), id="no_sibling_temp")


def _link(path: str, allow: Collection[str]) -> tuple[str, str]:
    real = os.path.realpath(path)
    shown = visible(real, 160)
    if not _in_cache(real):
        if os.path.islink(real) or (os.path.exists(path) and not os.path.isfile(path)):
            raise SaveError(f"the path is a link to {shown}, which is no file", "Save under another name.", visible(path), id="bad_target")
        return real, f"The path is a link: the file it leads to is replaced, {shown}."
    if "replace-link" not in allow:
        raise SaveError("the path is a link into a Hugging Face cache, whose files are named by their contents and shared by others",
                        "Save under another name, or allow the link to be replaced by the new file (replace-link).", visible(path),
                        id="replace-link")
    return path, f"The link into the cache is replaced by a file; what it led to stays as it is, {shown}."


def _warn_of_cache(path: str) -> None:
    if _in_cache(path) and not os.path.islink(path):
        raise SaveError("this file lies in a Hugging Face cache, named by its contents: with other contents it would be wrong for "
                        "every program that uses it", "Save under another name.", visible(path), id="cache-blob")


def _in_cache(path: str) -> bool:
    """…/models--owner--name/blobs/<hash>, beside a folder of snapshots."""
    folder = os.path.dirname(path)
    above = os.path.dirname(folder)
    return os.path.basename(folder) == "blobs" and (os.path.isdir(os.path.join(above, "snapshots")) or "--" in os.path.basename(above))


def _refuse(found: os.stat_result, path: str, allow: Collection[str]) -> None:
    if stat.S_ISLNK(found.st_mode):
        return                                  # its replacement was asked for
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "no ordinary file (a device, pipe or socket)"
        raise SaveError(f"{visible(path)} is {what}", "Give the new file another name.", id="bad_target")
    names = found.st_nlink if found.st_nlink < 2 else found.st_nlink - names_that_are_backups(path, found)     # which shall keep it
    if names > 1 and "break-hard-links" not in allow:
        raise SaveError(f"the file has {names} names (hard links), and the others would keep the old contents",
                        "Save under another name, or allow this name to be parted from the others (break-hard-links).", visible(path),
                        id="break-hard-links")
    if not found.st_mode & 0o222 and "read-only" not in allow:
        raise SaveError("the file is marked read-only", "Save under another name, or allow it to be replaced (read-only).", visible(path),
                        id="read-only")


def _stamp(path: str, found: os.stat_result | None) -> FileStamp | None:
    return None if found is None else FileStamp(path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


def _mode(found: os.stat_result | None, of: Collection[str]) -> int:
    if found is not None and not stat.S_ISLNK(found.st_mode):
        return stat.S_IMODE(found.st_mode)
    return mode_of_new_files(of)


def _room(folder: str) -> int:
    """Free bytes in a folder that may be written to. Raises SaveError."""
    room = _free_space(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise unwritable(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), folder)
    return room


def _free_space(folder: str) -> int:
    """Free bytes. Raises SaveError when `folder` is no folder."""
    try:
        if not stat.S_ISDIR(os.stat(folder).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if os.name == "nt":
            import shutil
            return shutil.disk_usage(folder).free
        room = os.statvfs(folder)
        return room.f_bavail * room.f_frsize
    except OSError as error:
        raise SaveError(f"the folder {visible(folder)} cannot be used: {error.strerror or type(error).__name__}",
                        "Make it first, or choose another one.", id="no_folder") from error
