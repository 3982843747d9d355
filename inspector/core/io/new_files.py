"""Files that are made beside their final place and put there all at once: the whole new one is there, or the old one stays.

Checkpoints have an order of their own (`saving.disk.atomic`: verified, journalled, several at a time); everything else that is written,
a recipe, a page, a table, a picture, a desktop entry, goes through `replace_file`.
"""
from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys
import threading
import time
import zlib
from collections.abc import Iterable

from inspector.core.errors import SaveError
from inspector.core.keypath import visible

from .this_machine import lasting_writer

PREFIX = ".~inspector-"         # of every name beside the final one
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
UNDO = ".undo"
_UNDER_WAY = ".new"
_WRITERS = 16                   # of one file at the same time, that clear up after each other
_LOOK = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_WAITS = os.name == "nt"
_PATIENCE = 3.0                 # seconds that a file held open by another program is waited for, on Windows
_NO_FSYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY, errno.EBADF, errno.EACCES, errno.EISDIR})
_HEAD = 1024                    # bytes of what is written down for an undo that say whose it is
_PIECE = 1 << 20                # bytes gathered before they are written
_HINTS = {
    errno.ENOENT: "Make the folder first, or choose another one.",
    errno.ENOTDIR: "Choose another folder.",
    errno.EISDIR: "That is a folder: name a file in it.",
    errno.ENOSPC: "Make room, or choose another disk.",
    errno.EDQUOT: "Make room, or choose another disk.",
    errno.EACCES: "Choose another folder, or ask who owns this one.",
    errno.EPERM: "Choose another folder, or ask who owns this one.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}
_masking = threading.Lock()


def beside(path: str, ending: str) -> str:
    """Where what belongs to a save to `path` is kept: ".lock", ".undo", ".new0"."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f"{PREFIX}{zlib.crc32(os.fsencode(name)):08x}{ending}")


def is_interrupted(path: str) -> bool:
    """Whether a change in place of the file at `path` was begun and not ended: what it was is then written down beside it."""
    return is_possible(path) and os.path.lexists(beside(os.path.realpath(path), UNDO))


def is_possible(path: str) -> bool:
    """Whether a file can have that path: without NUL, and, here, of bytes."""
    try:
        return bool(path) and b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def is_by_others(path: str) -> bool:
    """Whether what is written down beside the file at `path` (`is_interrupted`) is nothing that is ever acted on here: it is no ordinary
    file of this user's, as one that came with a folder or was put there, or tells of a change that was made on another machine or by
    somebody else. Reads its first line only."""
    try:
        fd = os.open(beside(os.path.realpath(path), UNDO), _LOOK)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
            return True
        head = os.read(fd, _HEAD)
        told = b"\n" in head or len(head) == _HEAD         # one that ends before was cut short, and is cleared up by whoever saves next
        return told and not head.startswith(json.dumps({"by": lasting_writer()})[:-1].encode() + b",")
    except OSError:
        return True
    finally:
        os.close(fd)


def write_whole(path: str, data: bytes | Iterable[bytes], what: str, of: Iterable[str] = ()) -> None:
    """Writes `data`, in one piece or in several, at `path` (see `replace_file`). Raises SaveError, which calls it `what`, and whatever the
    pieces raise."""
    try:
        replace_file(path, data, of=of)
    except OSError as error:
        raise _unwritten(error, path, what) from error


def check_place(path: str, what: str, nbytes: int = 0) -> None:
    """Raises SaveError where `write_whole` of so many bytes would, as far as that can be told with nothing written."""
    try:
        place = _place(path)
        found = found_at(place)
        if found is not None and not stat.S_ISREG(found.st_mode):
            _check_other(found)
            return
        folder = os.path.dirname(place)
        if not stat.S_ISDIR(os.stat(folder).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        _check_old(found)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        room = os.statvfs(folder) if nbytes and sys.platform != "win32" else None
        if room is not None and room.f_blocks and room.f_bavail * room.f_frsize < nbytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise _unwritten(error, path, what) from error


def _unwritten(error: OSError, path: str, what: str) -> SaveError:
    hint = _HINTS.get(error.errno or 0, "Name another file.")
    return SaveError(f"the {what} cannot be written: {error.strerror or type(error).__name__}", hint, visible(path))


def replace_file(path: str, data: bytes | Iterable[bytes], *, private: bool = False, of: Iterable[str] = ()) -> None:
    """Makes `data` the contents of the file at `path`, on the disk, through links to what they lead to.

    A file that is there keeps its permissions and, where the system allows it, its owner; a new one gets those the system gives new
    files, as far as the files `of` which it tells may be read by others themselves. With `private` it is its owner's only in any case, as
    everything is that is not whole yet. A file without any permission to write is not replaced. Devices and pipes are written to as they
    are. Raises OSError, with nothing changed, and whatever the pieces of `data` raise.

    >>> core.replace_file(str(folder / "notes.txt"), b"all of it")
    >>> (folder / "notes.txt").read_bytes()
    b'all of it'
    """
    path = _place(path)
    old = found_at(path)
    if old is not None and not stat.S_ISREG(old.st_mode):
        _write_through(path, old, data)
        return
    _check_old(old)
    temporary, fd, lock = _temporary(path)
    try:
        try:
            _write_pieces(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        if not private:
            _dress(temporary, old, of)
        put_in_place(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    finally:
        _let_go(lock)
    with contextlib.suppress(OSError):                  # it is there; whether its name survives a power failure cannot be told
        sync_folder(os.path.dirname(path))


def _place(path: str) -> str:
    """Where a file of that name is put, links followed. Raises OSError for what is no file's."""
    if not path or "\0" in path:
        raise OSError(errno.EINVAL, "that is no possible file name")
    if os.path.basename(path) in ("", ".", ".."):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return os.path.realpath(path)


def _check_old(found: os.stat_result | None) -> None:
    if found is not None and not found.st_mode & 0o222:
        raise PermissionError(errno.EACCES, "it is marked read-only")


def _check_other(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISLNK(found.st_mode):                     # what `realpath` leaves of links that lead in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def found_at(path: str) -> os.stat_result | None:
    """What is at `path` itself, no link followed; None when nothing is. Raises OSError when that cannot be told."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):         # ValueError: what cannot be a name
        return None


# -- the file beside -------------------------------------------------------------------------------------------------------

def _temporary(path: str) -> tuple[str, int, int]:
    """(name, descriptor to write to, descriptor that keeps it locked or -1) of a new, empty file beside `path`, its owner's only.

    Such files have a few names that go by `path`'s, one for each who writes at the same time. The lock ends with the process, so that
    what a killed one left is known by being free, and is cleared away by whoever writes there next."""
    names = [beside(path, f"{_UNDER_WAY}{n}") for n in range(_WRITERS)] if sys.platform != "win32" else []
    for name in names:
        _clear(name)
    for name in names:
        with contextlib.suppress(OSError):
            found = _locked(os.open(name, NEW, 0o600), name)
            if found is not None:
                return found
    name = os.path.join(os.path.dirname(path), PREFIX + os.urandom(4).hex())
    return name, os.open(name, NEW, 0o600), -1


def _locked(fd: int, name: str) -> tuple[str, int, int] | None:
    """See `_temporary`; None when somebody took the new file for one that was left before it was locked. Raises OSError."""
    lock = -1
    try:
        if _lock(fd) is False:
            _let_go(fd)
            return None
        lock = os.dup(fd)                               # `fd` is closed before the file is in place, the lock kept until it is
        if os.fstat(fd).st_nlink:
            return name, fd, lock
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        _let_go(lock)
        _let_go(fd)
        raise
    _let_go(lock)
    _let_go(fd)
    return None


def _clear(name: str) -> None:
    """Takes away the file `name` that a killed process left: one of ours, of no other name, and locked by nobody."""
    try:
        if found_at(name) is None:
            return
        fd = os.open(name, _LOOK)
    except OSError:
        return
    with contextlib.suppress(OSError):
        found = os.fstat(fd)
        ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.getuid()
        if ours and _lock(fd) is True and os.path.samestat(os.lstat(name), found):
            os.unlink(name)
    _let_go(fd)


def _lock(fd: int) -> bool | None:
    """Locks the file: False when somebody else has, None where files cannot be locked."""
    if sys.platform == "win32":
        return None
    import fcntl  # for whoever writes: this module is part of every start
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in (errno.EAGAIN, errno.EACCES) else None
    return True


def _let_go(fd: int) -> None:
    if fd >= 0:
        with contextlib.suppress(OSError):
            os.close(fd)


def _write_through(path: str, found: os.stat_result, data: bytes | Iterable[bytes]) -> None:
    _check_other(found)
    fd = os.open(path, os.O_WRONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        _write_pieces(fd, data)
    finally:
        os.close(fd)


def _write_pieces(fd: int, data: bytes | Iterable[bytes]) -> None:
    if isinstance(data, bytes):
        write_all(fd, data)
        return
    gathered = bytearray()
    for piece in data:
        gathered += piece
        if len(gathered) >= _PIECE:
            write_all(fd, gathered)
            gathered = bytearray()
    write_all(fd, gathered)


def _dress(path: str, old: os.stat_result | None, of: Iterable[str]) -> None:
    """Gives the new file at `path` the owner and the permissions of the `old` one, as far as the file system knows such; without one
    those of a file that tells what is in the files `of`."""
    mode = mode_of_new_files(of) if old is None else stat.S_IMODE(old.st_mode)
    if old is not None and sys.platform != "win32":
        mine = os.stat(path)
        if (mine.st_uid, mine.st_gid) != (old.st_uid, old.st_gid):
            with contextlib.suppress(OSError):
                os.chown(path, old.st_uid, old.st_gid)
    with contextlib.suppress(OSError):
        os.chmod(path, mode)


def mode_of_new_files(of: Iterable[str] = ()) -> int:
    """The permissions that the system gives a new file: all but what the umask takes away. One that tells what is in the files `of` may
    be read and written by no others than those, as `cp` has it."""
    if sys.platform == "win32":
        return 0o666
    with _masking:
        mask = os.umask(0o077)                          # the only way to read it; stricter for whoever makes a file meanwhile
        os.umask(mask)
    return no_wider(0o666 & ~mask, of)


def no_wider(mode: int, paths: Iterable[str]) -> int:
    """What is left of permissions when nobody but the owner may do what he may not with all the files `paths`."""
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            mode &= os.stat(path).st_mode | 0o700
    return mode


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """All of `data` at the position of `fd`. Raises OSError."""
    view = memoryview(data)
    while view:
        done = os.write(fd, view)
        if not done:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = view[done:]


def put_in_place(new: str, path: str) -> None:
    """Renames `new` to `path`, over what is there. Raises OSError; on Windows only after some patience with a program that has the old
    file open."""
    until = time.monotonic() + _PATIENCE
    found = os.lstat(new)
    while True:
        try:
            os.replace(new, path)
        except OSError as error:
            if _is_at(path, found) and not os.path.lexists(new):        # done, and the answer lost on its way: a network share
                return
            if not isinstance(error, PermissionError) or not _WAITS or time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _is_at(path: str, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.lstat(path), found)
    except OSError:
        return False


def sync_folder(folder: str) -> None:
    """Makes the names in `folder` durable, where the system can. Raises OSError."""
    if sys.platform == "win32":
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise
    finally:
        os.close(fd)
