"""Bytes of files changed where they lie: written down before, taken back unless all of it was done.

    .~inspector-<8 hex of the name>.undo    what the changed parts held and are to hold. It is whole and on the disk before the first
                                            of them is touched; as long as it is there, the change counts as not made.

Whoever next saves to that name (`take_back`) restores what is written there, but only in files that are still the very ones (inode) and
whose parts hold what they held, what they were to hold, or a mixture, as a killed save or a power failure leaves it: anything else is
somebody else's work by then. A journal that came with a download can therefore change nothing but what its author put there himself.
"""
from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from inspector.core.checkpoint import FileStamp
from inspector.core.errors import SaveError
from inspector.core.io import this_machine
from inspector.core.io.checksum import crc32
from inspector.core.io.new_files import NEW, UNDO, beside, sync_folder, write_all
from inspector.core.keypath import visible

if sys.platform != "win32":
    import fcntl

REFUSED = "in-place"            # the id of errors that say why it cannot be
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_MOST = 1 << 31                 # bytes of a journal that are read
_BLOCK = 512                    # bytes compared at once: what a disk writes whole
_LOCKED = frozenset({errno.EAGAIN, errno.EACCES, errno.EDEADLK})
_NUMBERS = ("inode", "device", "size", "mtime_ns", "nbytes")
_SUM = 9                        # bytes at the end of a journal: the CRC-32 of all before, in hexadecimal


class Write(NamedTuple):
    """`data` is to stand at `offset`."""

    offset: int
    data: bytes


class FileChange(NamedTuple):
    """What changes in the file `name` of a folder, which looks like `stamp` now and will have `nbytes` bytes: what lies behind its
    present end is written first, the rest when that is on the disk."""

    name: str
    stamp: FileStamp
    nbytes: int
    writes: tuple[Write, ...]


class _Part(NamedTuple):
    """Bytes of a file from `offset` on: what stands there, what is to."""

    offset: int
    old: bytes
    new: bytes


def overwrite(folder: str, name: str, changes: Sequence[FileChange], check: Callable[[], None], notes: list[str]) -> None:
    """Makes `changes`, of files in `folder`; they are on the disk when `check` is called, and taken back when it raises or anything
    fails. `name` is the one saved to, whose lock is held. What cannot be told for sure becomes a note. Raises SaveError (`REFUSED`:
    another program holds a lock on a file; "changed"; "half" when the system also fails to take it back), OSError."""
    path = beside(os.path.join(folder, name), UNDO)
    with ExitStack() as stack:
        fds = [stack.enter_context(opened(os.path.join(folder, change.name), change.stamp)) for change in changes]
        parts = [_parts(fd, change) for fd, change in zip(fds, changes, strict=True)]
        journal_fd = _new_journal(path)
        try:
            _write_down(journal_fd, _journal(changes, parts))
            sync_folder(folder)
            for fd, change in zip(fds, changes, strict=True):
                _make(fd, change)
            check()
            _forget(path)
        except BaseException:
            _back(path, [(fd, change.stamp, found) for fd, change, found in zip(fds, changes, parts, strict=True)], folder)
            raise
    try:
        sync_folder(folder)
    except OSError as error:
        notes.append("It is saved, but the system could not confirm that it would survive a power failure: "
                     f"{error.strerror or type(error).__name__}.")


@contextmanager
def opened(path: str, stamp: FileStamp) -> Iterator[int]:
    """The file at `path` to be changed, if it is as `stamp` says and nobody holds a lock on it, locked meanwhile. Raises SaveError,
    OSError."""
    fd = os.open(path, os.O_RDWR | _FLAGS)
    try:
        found = os.fstat(fd)
        now = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
        if not stat.S_ISREG(found.st_mode) or now != stamp[1:6]:
            raise SaveError("the file changed meanwhile: somebody else wrote to it", "Nothing was written. Open it again.", visible(path),
                            id="changed")
        if found.st_nlink > 1:
            raise SaveError(f"the file has {found.st_nlink} names (hard links), and what it is called by the others would change, too",
                            "Save a copy instead.", visible(path), id=REFUSED)
        if not _lock(fd):
            raise SaveError("another program holds a lock on the file", "Close it there, or save a copy instead.", visible(path),
                            id=REFUSED)
        yield fd
    finally:
        with contextlib.suppress(OSError):      # all was synced before, or is told to have failed
            os.close(fd)


def _lock(fd: int) -> bool:
    """Whether nobody else has it locked: neither by flock nor by the locks of POSIX. It is locked then until it is closed."""
    if sys.platform == "win32":
        return True
    for lock in (fcntl.flock, fcntl.lockf):
        try:
            lock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _LOCKED:
                return False                    # where files cannot be locked nobody has
    return True


def _parts(fd: int, change: FileChange) -> list[_Part]:
    size = change.stamp.size
    found = [_Part(offset, _read(fd, offset, max(0, min(len(data), size - offset))), data) for offset, data in change.writes]
    if change.nbytes < size:
        found.append(_Part(change.nbytes, _read(fd, change.nbytes, size - change.nbytes), b""))
    return found


def _make(fd: int, change: FileChange) -> None:
    size = change.stamp.size
    for behind in (True, False):
        for offset, data in change.writes:
            if (offset >= size) is behind:
                _put(fd, offset, data)
        if not behind and change.nbytes < size:
            os.ftruncate(fd, change.nbytes)
        if not behind or any(offset >= size for offset, _ in change.writes):
            os.fsync(fd)


def _put(fd: int, offset: int, data: bytes) -> None:
    os.lseek(fd, offset, os.SEEK_SET)
    write_all(fd, data)


def _read(fd: int, offset: int, nbytes: int) -> bytes:
    """Up to `nbytes` bytes; fewer only where the file ends."""
    os.lseek(fd, offset, os.SEEK_SET)
    found = bytearray()
    while len(found) < nbytes:
        part = os.read(fd, min(nbytes - len(found), 1 << 24))
        if not part:
            break
        found += part
    return bytes(found)


# -- taken back -----------------------------------------------------------------------------------------------------------

def take_back(folder: str, name: str) -> bool:
    """Takes back what an interrupted change to `name` left, whose lock is held; whether there was anything to take back. Raises
    SaveError("half") when the system fails to; OSError."""
    path = beside(os.path.join(folder, name), UNDO)
    data = _noted(path)
    if data is None:
        return False
    told = _told(data)
    if told is None:                            # it ends too early: nothing was changed yet
        _forget(path)
        return False
    if told["by"] != this_machine.lasting_writer():
        return False                            # another machine's, which may come back for it
    with ExitStack() as stack:
        work = []
        for said in told["files"]:
            if os.path.basename(said["name"]) != said["name"]:
                continue
            with contextlib.suppress(OSError):
                fd = os.open(os.path.join(folder, said["name"]), os.O_RDWR | _FLAGS)
                stack.callback(os.close, fd)
                if _is_the_one(fd, said, told["boot"]):
                    stamp = FileStamp("", said["size"], said["mtime_ns"], 0, 0, 0)
                    work.append((fd, stamp, said["parts"]))
        _back(path, work, folder)
    return bool(work)


def _back(path: str, work: list[tuple[int, FileStamp, list[_Part]]], folder: str) -> None:
    """Restores what was there and forgets the journal at `path`. Raises SaveError("half")."""
    try:
        for fd, stamp, parts in work:
            _restore(fd, stamp, parts)
        _forget(path)
    except OSError as error:
        raise SaveError(f"a change in place was interrupted, and the system could not take it back: {error.strerror}",
                        "What was there is written down beside the file: the next save to it, or opening it in the window, tries again.",
                        visible(path), id="half") from error
    with contextlib.suppress(OSError):          # a journal that comes back after a power failure finds the old bytes
        sync_folder(folder)


def _restore(fd: int, stamp: FileStamp, parts: list[_Part]) -> None:
    changed = os.fstat(fd).st_size != stamp.size
    for offset, old, _ in parts:
        if _read(fd, offset, len(old)) != old:
            _put(fd, offset, old)
            changed = True
    if changed:
        os.ftruncate(fd, stamp.size)
        os.fsync(fd)
        with contextlib.suppress(OSError, NotImplementedError, TypeError):
            os.utime(fd, ns=(os.fstat(fd).st_atime_ns, stamp.mtime_ns))     # it is as it was


def _is_the_one(fd: int, said: dict[str, Any], boot: str) -> bool:
    """Whether the open file is the one that was being changed, in a state that this may have left it in."""
    found = os.fstat(fd)
    sizes = sorted((said["size"], said["nbytes"]))
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or found.st_ino != said["inode"]:
        return False
    if boot == this_machine.boot() and found.st_dev != said["device"]:       # numbers of devices are given anew at every start
        return False
    return sizes[0] <= found.st_size <= sizes[1] and all(
        _is_mixture(_read(fd, offset, max(len(old), len(new))), old, new) for offset, old, new in said["parts"])


def _is_mixture(found: bytes, old: bytes, new: bytes) -> bool:
    """Whether every byte is the old one or the new one, or nothing where there was none (zero)."""
    old, new = old[:len(found)].ljust(len(found), b"\0"), new[:len(found)].ljust(len(found), b"\0")
    for at in range(0, len(found), _BLOCK):
        here, was, will = found[at:at + _BLOCK], old[at:at + _BLOCK], new[at:at + _BLOCK]
        if here not in (was, will) and not all(byte in pair for byte, *pair in zip(here, was, will, strict=True)):
            return False
    return True


# -- the journal -----------------------------------------------------------------------------------------------------------

def _journal(changes: Sequence[FileChange], parts: Sequence[list[_Part]]) -> bytes:
    files = [{"name": change.name, "inode": change.stamp.inode, "device": change.stamp.device, "size": change.stamp.size,
              "mtime_ns": change.stamp.mtime_ns, "nbytes": change.nbytes,
              "parts": [[offset, len(old), len(new)] for offset, old, new in found]}
             for change, found in zip(changes, parts, strict=True)]
    head = json.dumps({"by": this_machine.lasting_writer(), "boot": this_machine.boot(), "files": files}).encode() + b"\n"
    data = b"".join([head, *(piece for found in parts for _, old, new in found for piece in (old, new))])
    return data + b"%08x\n" % crc32(data)


def _new_journal(path: str) -> int:
    """A new, empty one, open. Raises SaveError, OSError."""
    try:
        return os.open(path, NEW, 0o600)
    except FileExistsError as error:            # not ours, or it would have been taken back
        raise SaveError("a change in place was interrupted here on another machine or by somebody else", "Have it taken back there "
                        "first: by whoever made it, with the next save to this file. Or save a copy instead.", visible(path),
                        id=REFUSED) from error


def _write_down(fd: int, data: bytes) -> None:
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def _noted(path: str) -> bytes | None:
    """All of the journal at `path`; None when there is none of ours."""
    try:
        fd = os.open(path, os.O_RDONLY | _FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:          # a link
            return None
        raise
    try:
        found = os.fstat(fd)
        mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or not mine or found.st_size > _MOST:
            return None
        return _read(fd, 0, found.st_size)
    finally:
        os.close(fd)


def _told(data: bytes) -> dict[str, Any] | None:
    """What a whole journal says, each part with its bytes; None for one that is not whole."""
    body = data[:-_SUM]
    if len(data) < _SUM or data[-_SUM:] != b"%08x\n" % crc32(body):
        return None
    at = body.find(b"\n") + 1
    try:
        told: dict[str, Any] = json.loads(body[:at])
        for said in told["files"]:
            parts = []
            for offset, old, new in said["parts"]:
                if not all(type(one) is int and one >= 0 for one in (offset, old, new)):
                    return None
                parts.append(_Part(offset, body[at:at + old], body[at + old:at + old + new]))
                at += old + new
            said["parts"] = parts
            if type(said["name"]) is not str or b"\0" in os.fsencode(said["name"]):
                return None
            if not all(type(said[name]) is int and said[name] < 1 << 63 for name in _NUMBERS) \
                    or not _accounts_for_sizes(said["size"], said["nbytes"], parts):
                return None
        return told if at == len(body) and type(told["by"]) is type(told["boot"]) is str else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _accounts_for_sizes(size: int, nbytes: int, parts: Sequence[_Part]) -> bool:
    """Whether all bytes that taking it back cuts off or puts back at the end of the file are among the parts, and no part is beyond its
    ends: a journal could say otherwise only to cut or to fill what it does not know."""
    end, covered = max(size, nbytes), min(size, nbytes)
    for offset, old, new in sorted(parts):
        if offset + max(len(old), len(new)) > end:
            return False
        if offset <= covered:
            covered = max(covered, offset + len(new if nbytes > size else old))
    return min(size, nbytes) >= 0 and covered >= end


def _forget(path: str) -> None:
    """Ends the journal: without it, or empty, the change is made. Raises OSError when it stays whole."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError:
        fd = os.open(path, os.O_WRONLY | _FLAGS)
        try:
            os.ftruncate(fd, 0)
            os.fsync(fd)
        finally:
            os.close(fd)
