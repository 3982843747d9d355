"""Memory that nobody uses goes back to the system."""
from __future__ import annotations

import subprocess
import sys

import pytest

from inspector import core
from inspector.core.runtime import memory

# blocks too small to be mapped by themselves; the last one keeps the heap from being cut at its end
HOLES = """
import ctypes
from inspector import core

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
blocks = [malloc(60_000) for _ in range(1000)]
for block in blocks:
    ctypes.memset(block, 1, 60_000)
last, full = malloc(60_000), resident()
for block in blocks:
    free(block)
core.release_memory()
print(full - resident(), last)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems see to it themselves")
def test_that_the_holes_in_the_heap_are_given_back() -> None:
    said = subprocess.run([sys.executable, "-c", HOLES], check=True, capture_output=True, text=True).stdout
    assert int(said.split()[0]) > 10_000            # pages, of some 14,600


@pytest.mark.parametrize("trim", [None, lambda pad: 0], ids=["without the call", "with it"])
def test_that_a_system_without_the_call_does_without(trim: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_trim", lambda: trim)
    assert core.release_memory() is (trim is not None)
