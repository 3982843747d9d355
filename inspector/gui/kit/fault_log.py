"""Faults of this program, kept in one file for whoever reports them: the latest half megabyte, for its owner only."""
from __future__ import annotations

import contextlib
import os
import time

MOST = 256 << 10            # bytes, twice: the file before is kept, too
NAME = "faults.log"


def write_down(path: str, report: str) -> bool:
    """Adds a report, with the time of here. Whether it could be written: a log that cannot is no fault of its own."""
    if not path:
        return False
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if os.path.lexists(path) and os.stat(path).st_size > MOST:
            os.replace(path, f"{path}.1")
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            os.write(fd, f"{time.strftime('%Y-%m-%d %H:%M:%S %z')}\n{report}\n\n".encode("utf-8", "backslashreplace"))
        finally:
            os.close(fd)
        return True
    return False
