"""What is in one stream."""
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from inspector.core.dtypes import DTYPES
from inspector.core.graph import Graph
from inspector.core.pickles.objects.storages import StorageRef, Storages, never_resolved


class Piece(NamedTuple):
    """The bytes of a storage: `nbytes` from `start` of the stream, big-endian in units of `swap` bytes (1: not at all)."""

    dtype: str
    device: str | None
    start: int
    nbytes: int
    swap: int = 1
    problem: str = ""


class Content(NamedTuple):
    """The object of a stream and its storages, by the keys that it calls them by."""

    graph: Graph
    pieces: Mapping[str, Piece]


def declared(graph: Graph) -> dict[str, StorageRef]:
    """The storages that an object names, as it mentions them first."""
    found: dict[str, StorageRef] = {}
    for ref in Storages(graph, never_resolved).refs():
        if ref.key is not None:
            found.setdefault(ref.key, ref)
    return found


def nbytes_of(ref: StorageRef) -> int:
    """How many bytes a storage has by its own account."""
    known = DTYPES.get(ref.dtype or "")
    return max(ref.numel, 0) * (known.stored if known else 1)

