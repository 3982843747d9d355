"""Modules of this program that are loaded when they are first needed, by name: what nobody asks for costs nothing at the start.

Only rooms that are lists of names use this: the front door (names of the library), `formats` (one reader a container), `packed.logical`
(the families of packed weights), the commands, and what the window loads ahead. The names are ours and stand in the code; none comes from
a file.
"""
from __future__ import annotations

from importlib import import_module
from types import ModuleType


def module(name: str) -> ModuleType:
    """The module of that full name."""
    assert name.startswith("inspector."), name
    return import_module(name)
