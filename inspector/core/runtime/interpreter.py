"""The Python that programs of others are run with, where there is one: the program that is shipped without Python has none."""
from __future__ import annotations

import sys


def interpreter() -> str:
    """The path of the running Python, to be started with `-c` or `-m`; "" in the frozen program, whose `sys.executable` is itself."""
    return "" if getattr(sys, "frozen", False) else sys.executable
