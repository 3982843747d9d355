"""A system that fails: every call that concerns one folder is counted, and one of them, or all from it on, goes wrong.

    fails       the call is not made and raises an error
    half        a read, write or copy does half of what is asked, as the system may
    afterwards  the call is made and then raises an error, as network shares do
    kill        the process ends before the call; of a write half is done

What is counted are the functions of `os` and `fcntl` that take a path in the folder or a descriptor of one: the program reads and writes
through nothing else. Other paths, imports and the test itself are left alone.
"""
from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple
from unittest import mock

How = Literal["fails", "half", "afterwards", "kill"]

# of these the first argument, or the first two, are paths or descriptors
_CALLS = {
    "os": ("open", "stat", "lstat", "readlink", "listdir", "scandir", "statvfs", "listxattr", "getxattr", "setxattr", "replace", "rename",
           "link", "symlink", "unlink", "remove", "chmod", "chown", "utime", "mkdir", "rmdir", "truncate", "read", "pread", "preadv",
           "readv", "write", "pwrite", "writev", "copy_file_range", "sendfile", "fsync", "fdatasync", "ftruncate", "close", "fstat",
           "lseek", "fchmod", "posix_fadvise"),
    "fcntl": ("flock", "lockf"),
}
_TAKES_ROOM = {"write", "pwrite", "writev", "copy_file_range", "sendfile", "fsync", "mkdir", "setxattr", "link", "symlink"}
_HALVED = {"read", "pread", "preadv", "write", "pwrite", "copy_file_range", "sendfile"}
_CHANGES = _TAKES_ROOM | {"replace", "rename", "unlink", "remove", "chmod", "chown", "utime", "rmdir", "truncate", "fdatasync", "ftruncate",
                          "close", "fchmod", "flock", "lockf"}


class Fault(NamedTuple):
    """What happens to the call numbered `at` (from 0) and, `for_good`, to those after it: ENOSPC then to those that take room only.
    `of_changing`: only those that change something are numbered, as how often is read is up to threads and what is known by then."""

    at: int
    how: How = "fails"
    code: int = errno.EIO
    for_good: bool = False
    of_changing: bool = False


class Calls:
    """`made` are the names of the calls so far, `changing` the numbers of those that change something, `hit` those that went wrong."""

    def __init__(self, folder: str | os.PathLike[str], fault: Fault | None) -> None:
        self.made: list[str] = []
        self.changing: list[int] = []
        self.hit: list[str] = []
        self._folder = os.fspath(folder)
        self._fault = fault
        self._ours: set[int] = set()
        self._written: set[int] = set()
        self._guard = threading.Lock()

    def _is_ours(self, argument: object) -> bool:
        if type(argument) is int:
            return argument in self._ours
        if isinstance(argument, bytes):
            argument = os.fsdecode(argument)
        return isinstance(argument, str | os.PathLike) and os.path.abspath(argument).startswith(self._folder)

    def call(self, name: str, really: Callable[..., Any], args: tuple[Any, ...], more: dict[str, Any]) -> Any:
        if not any(map(self._is_ours, args[:2])):
            return really(*args, **more)
        with self._guard:
            number = len(self.made)
            self.made.append(name)
            takes_room = name in _TAKES_ROOM or (name == "open" and bool(args[1] & os.O_CREAT))
            writes = name == "open" and bool(args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            # what was only read is closed when it is collected, sooner or later or never
            changes = writes or takes_room or (name in _CHANGES and (name != "close" or args[0] in self._written))
            if changes:
                self.changing.append(number)
            fault = self._fault
            if fault is not None and fault.of_changing:
                number = len(self.changing) - 1 if changes else -1
            goes_wrong = fault is not None and (number == fault.at or (fault.for_good and number > fault.at)) and (
                name in _HALVED if fault.how == "half" else takes_room if fault.for_good and fault.code == errno.ENOSPC else True)
            if goes_wrong:
                self.hit.append(name)
        if goes_wrong and fault is not None:
            return self._wrong(fault, name, really, args, more)
        if name in ("fsync", "fdatasync"):          # what a sync is for is no question here, and it takes its time
            return None
        found = really(*args, **more)
        if name == "open":
            self._ours.add(found)
            if writes:
                self._written.add(found)
        if name == "close":
            self._ours.discard(args[0])
            self._written.discard(args[0])
        return found

    def _wrong(self, fault: Fault, name: str, really: Callable[..., Any], args: tuple[Any, ...], more: dict[str, Any]) -> Any:
        if fault.how == "half":
            return really(*_halved(name, args), **more)
        if fault.how == "kill":
            if name in ("write", "pwrite"):
                really(*_halved(name, args), **more)
            os.kill(os.getpid(), signal.SIGKILL)
        if fault.how == "afterwards" or name == "close":        # which gives the descriptor back whatever it says
            found = really(*args, **more)
            if name == "open":
                os.close(found)
            if name == "scandir":
                found.close()
        self._ours.discard(args[0]) if name == "close" else None
        raise OSError(fault.code, os.strerror(fault.code))


def _halved(name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    first, second, *rest = args
    if name in ("write", "pwrite"):
        return (first, bytes(second)[:(len(second) + 1) // 2], *rest)
    if name in ("read", "pread"):
        return (first, (second + 1) // 2, *rest)
    if name == "preadv":
        view = memoryview(second[0])
        return (first, [view[:(len(view) + 1) // 2]], *rest)
    if name == "copy_file_range":
        return (first, second, (rest[0] + 1) // 2, *rest[1:])
    return (first, second, rest[0], (rest[1] + 1) // 2, *rest[2:])         # sendfile


@contextmanager
def calls(folder: str | os.PathLike[str], fault: Fault | None = None) -> Iterator[Calls]:
    """Counts the calls that concern `folder`, and has them go wrong."""
    counted = Calls(os.path.abspath(folder), fault)
    with mock.patch.multiple("os", **_wrapped("os", counted)), mock.patch.multiple("fcntl", **_wrapped("fcntl", counted)):
        yield counted


def _wrapped(module: str, counted: Calls) -> dict[str, Any]:
    home = __import__(module)

    def one(name: str, really: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **more: counted.call(name, really, args, more)

    return {name: one(name, getattr(home, name)) for name in _CALLS[module] if hasattr(home, name)}
