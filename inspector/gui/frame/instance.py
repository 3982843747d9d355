"""One window per person and screen: a second start hands its files to the first. No Qt here, so that it takes milliseconds.

One JSON line goes over a local socket in a folder only its owner may enter:
    {"version": 1, "args": ["run/last.pth"], "cwd": "/home/ann"}      and "ok" comes back.
Rules after qutebrowser's misc/ipc.py. Where there are no such sockets (Windows) every start opens its own window.
"""
from __future__ import annotations

import json
import os
import socket
import stat
import sys
import zlib
from typing import Any

VERSION = 1
CAP = 1 << 20               # bytes of one message
_TIMEOUT = 2.0              # seconds; a first window that is busy longer gets no files, a second one opens


def hand_over(paths: list[str]) -> bool:
    """Gives `paths` to the window that is open already; False when there is none that answers."""
    if not hasattr(socket, "AF_UNIX"):
        return False
    address = socket_path()
    if address is None or not os.path.exists(address):
        return False
    line = message(paths, os.getcwd())
    if len(line) > CAP:
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(_TIMEOUT)
            link.connect(address)
            link.sendall(line)
            return link.recv(16).startswith(b"ok")
    except OSError:
        return False


def socket_path() -> str | None:
    """Where the socket is for this person, program version of the protocol and screen; None when no safe place is to be had.
    The folder is made, is ours and is closed to others."""
    if sys.platform == "win32":
        return None
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
