"""Who writes: names for this user on this machine, by which what was written down before is known as our own."""
from __future__ import annotations

import contextlib
import os
import sys
import time
from functools import cache


@cache
def writer() -> str:
    """This user on this machine since it was last started."""
    return f"{_user()}@{boot()}"


@cache
def lasting_writer() -> str:
    """This user on this machine, also after it was started anew where it has a name of its own."""
    with contextlib.suppress(OSError), open("/etc/machine-id", encoding="ascii", errors="replace") as told:
        name = told.read(64).strip()
        if name:
            return f"{_user()}@{name}"
    return writer()


def _user() -> object:
    return os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")


def boot() -> str:
    """Another after every start of the machine. A clock that is set meanwhile makes it another one, too: then less is cleared up."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii", errors="replace") as told:
            return told.read(64).strip()
    import platform
    return f"{platform.node()}/{int(time.time() - time.monotonic()) // 600}"
