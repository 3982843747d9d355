"""Keys that are made to be misread: "hostile-name". They are always shown escaped and never used as a path."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import quoted, visible
from inspector.core.tensor_table import joined

_LONG = 1000        # characters of a key nobody would have typed
_MUCH = 32 << 20     # characters of all keys, from which on they are looked at one by one
_NOTEWORTHY = bytes((*range(0x20), 0x7f)) + b"</\\:"      # of ASCII, what keys must have to be looked at one by one
_MARKUP = re.compile(r"<[A-Za-z!/][^<>]*>")
_PATH = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:[\\/]|^file:")


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    # one look at all keys together answers for nearly every file
    if sum(map(len, chain(ckpt.tensors, ckpt.values))) <= _MUCH and _are_harmless(ckpt.tensors) and _are_harmless(ckpt.values):
        return
    odd = [(key, why) for key in chain(ckpt.tensors, ckpt.values) if (why := _why(key))]
    if odd:
        key, why = odd[0]
        more = "; 1 more can be misread, too" if len(odd) == 2 else f"; {len(odd) - 1:,} more can be misread, too" if len(odd) > 2 else ""
        yield Finding("hostile-name", "warning", visible(key), f"The key {quoted(key, 80)} {why}{more}.",
                      "Keys are shown as plain text here; rename them before other programs see them.",
                      keys=tuple(key for key, _ in odd))


def _are_harmless(entries: Mapping[str, Any]) -> bool:
    """Whether the keys have nothing in them that must be looked at closely."""
    left = len(entries)
    for keys in joined(entries):
        if not keys.isascii():
            return False
        left -= 1 + len(keys) - len(keys.encode().translate(None, _NOTEWORTHY))     # the newlines between them, and perhaps more
    return left == 0


def _why(key: str) -> str:
    """What is wrong with a key, or ""."""
    if not (key.isascii() and key.isprintable()) and visible(key, len(key) + 1) != key:
        return "has invisible or control characters in it"
    if "<" in key and _MARKUP.search(key):
        return "has markup in it"
    if ("/" in key or "\\" in key or ":" in key or key == "..") and _PATH.search(key):
        return "looks like a path"
    return f"is {len(key):,} characters long" if len(key) > _LONG else ""
