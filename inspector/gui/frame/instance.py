"""One window per person and screen: a second start hands its files to the first. No Qt here, so that it takes milliseconds.

One JSON line goes over a local socket in a folder only its owner may enter, on Windows over a named pipe:
    {"version": 1, "args": ["run/last.pth"], "cwd": "/home/ann"}      and "ok" comes back.
Rules after qutebrowser's misc/ipc.py. The first start listens before it has a window, so that two starts at the same moment, as a file
manager makes them for two files, are one window: what comes in meanwhile is answered when there is somebody to answer.
"""
from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import sys
import time
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

VERSION = 1
CAP = 1 << 20               # bytes of one message
_PATIENCE = 10.0            # seconds; a first window that is busy, or takes to start, longer gets no files, a second one opens
_PIPE_AGAIN = 0.05          # seconds between looks for the pipe of a window that is starting


class Start(NamedTuple):
    """How this start stands: its files were handed over, or it is the first and listens on a socket, or neither (no safe place, or a
    first window that does not answer)."""

    handed_over: bool = False
    listening: socket.socket | None = None


def start(paths: list[str]) -> Start:
    """Gives `paths` to the window that is open already, or about to be; else later starts are heard from now on."""
    if sys.platform == "win32":
        return Start(_is_another_starting() and _hand_over_to_pipe(paths))
    address = socket_path() if hasattr(socket, "AF_UNIX") else None
    if address is None:
        return Start()
    try:
        with _alone(address):               # of two starts at once one is the first
            link = _connected(address)
            if link is None:
                return Start(listening=_listening(address))
    except OSError:
        return Start()
    return Start(_told(link, paths))


def _connected(address: str) -> socket.socket | None:
    """None when nobody listens."""
    if not os.path.exists(address):
        return None
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(_PATIENCE)
    try:
        link.connect(address)
    except OSError:
        link.close()
        return None
    return link


def _told(link: socket.socket, paths: list[str]) -> bool:
    with link:
        line = message(paths, os.getcwd())
        if len(line) > CAP:
            return False
        try:
            link.sendall(line)
            return link.recv(16).startswith(b"ok")
        except OSError:
            return False


def _listening(address: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(address)                  # left behind by a process that is gone
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(address)
        os.chmod(address, 0o600)
        made.listen(64)
    except OSError:
        made.close()
        raise
    return made


@contextlib.contextmanager
def _alone(address: str) -> Iterator[None]:
    """One start at a time looks whether there is a window. Raises OSError."""
    import fcntl
    lock = os.open(f"{address}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)    # held for microseconds by whoever has it
        yield
    finally:
        os.close(lock)


def socket_path() -> str | None:
    """Where the socket is for this person, program version of the protocol and screen, or the name of the pipe on Windows; None when no
    safe place is to be had. The folder is made, is ours and is closed to others."""
    if sys.platform == "win32":
        person = "\0".join(os.environ.get(name, "") for name in ("USERDOMAIN", "USERNAME", "SESSIONNAME"))
        return f"checkpoint-inspector-{VERSION}-{zlib.crc32(person.encode('utf-8', 'surrogateescape')):08x}"
    base = os.environ.get("XDG_RUNTIME_DIR") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(base, "checkpoint-inspector")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return None
        if found.st_mode & 0o077:
            os.chmod(folder, 0o700)
    except OSError:
        return None
    screen = "\0".join(os.environ.get(name, "") for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    mark = f"{zlib.crc32(screen.encode('utf-8', 'surrogateescape')):08x}"
    address = os.path.join(folder, f"window-{VERSION}-{mark}")
    return address if len(os.fsencode(address)) < 100 else None       # sun_path holds 104 to 108 bytes


# -- Windows ------------------------------------------------------------------------------------------------------------------

_ALREADY_EXISTS = 183
_mutex: Any = None          # lives as long as this process


def _is_another_starting() -> bool:
    """Whether another process of this person has, or is about to have, the window: whoever makes the mutex is the first."""
    global _mutex
    import ctypes
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)         # type: ignore[attr-defined, unused-ignore]
    kernel.CreateMutexW.restype = ctypes.c_void_p
    _mutex = kernel.CreateMutexW(None, False, f"Local\\{socket_path()}")
    return bool(ctypes.get_last_error() == _ALREADY_EXISTS)         # type: ignore[attr-defined, unused-ignore]


def _hand_over_to_pipe(paths: list[str]) -> bool:
    """QLocalServer's pipe, which is there once the first window is; busy while it takes another line."""
    line = message(paths, os.getcwd())
    until = time.monotonic() + _PATIENCE
    while len(line) <= CAP:
        try:
            with open(f"\\\\.\\pipe\\{socket_path()}", "r+b", buffering=0) as pipe:
                pipe.write(line)
                return (pipe.read(16) or b"").startswith(b"ok")
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(_PIPE_AGAIN)
    return False


def message(paths: list[str], cwd: str) -> bytes:
    return json.dumps({"version": VERSION, "args": paths, "cwd": cwd}, ensure_ascii=True).encode("ascii") + b"\n"


def parse(line: bytes) -> list[str] | None:
    """The absolute paths, or addresses, that a message asks to open, or None when it is none of ours."""
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        return None
    paths, cwd = found.get("args"), found.get("cwd")
    if not isinstance(cwd, str) or not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        return None
    return [_from(cwd, path) for path in paths]


def _from(cwd: str, path: str) -> str:
    """An address stays as it is, with what lets one in: whoever opens it hides that."""
    here = os.path.join(cwd, path)
    return path if "://" in path and not os.path.lexists(here) else here
