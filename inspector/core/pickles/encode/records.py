"""Which bytes lie in which `data/<n>` record of a torch archive that is to be written.

An archive that is saved again keeps the keys of its storages; whatever else there is gets the next free number.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import NamedTuple

from inspector.core.checkpoint import Storage
from inspector.core.dtypes import DTYPES
from inspector.core.graph import Graph
from inspector.core.pickles.objects.storages import StorageRef, Storages
from inspector.core.progress import QUIET, Monitor, stoppable


class Record(NamedTuple):
    """`name` is the record's ("data/0"). Its bytes are those of `storage`, an id in the checkpoint's storages, or, where there is
    a `key` (which of a file that is one tensor is ""), the elements of that tensor, contiguous, in C order: one that is converted, copied
    or put together from chunks."""

    name: str
    storage: str = ""
    key: str | None = None


class Lacking(NamedTuple):
    """A storage that a pickle loads without its bytes being there: its `key`, how many bytes it should have and how many there are,
    None where it has no record at all."""

    key: str
    nbytes: int
    there: int | None


def lacking(graph: Graph, sizes: Mapping[str, int], monitor: Monitor = QUIET) -> list[Lacking]:
    """The storages that loading `graph` asks for and cannot have, in the order in which it does. `sizes` says how many bytes there are
    under each key, in lower case: torch finds records without regard to it. It loads what only leads to something thrown away, too
    (`persistent_load` in torch/serialization.py)."""
    needed: dict[str, int] = {}
    for ref in stoppable(Storages(graph, _unresolved).refs(), monitor):
        if ref.key is not None:
            width = DTYPES[ref.dtype].stored if ref.dtype in DTYPES else 0
            needed[ref.key] = max(needed.get(ref.key, 0), max(ref.numel, 0) * width)
    found = ((key, nbytes, sizes.get(key.lower())) for key, nbytes in stoppable(needed.items(), monitor))
    return [Lacking(*one) for one in found if one[2] is None or one[2] < one[1]]


def _unresolved(ref: StorageRef) -> Storage:
    raise AssertionError("nothing is resolved here")


class Records:
    """Gives each storage its key, once. `kept` are ids that are keys already; `taken` what else may not be used."""

    def __init__(self, kept: Iterable[str] = (), taken: Iterable[str] = (), monitor: Monitor = QUIET) -> None:
        self._keys: dict[str, str] = {id: id for id in stoppable(kept, monitor)}
        # torch finds records without regard to case
        self._taken = {key.lower() for key in stoppable(chain(self._keys, taken), monitor)}
        self._made: dict[str, str] = {}             # id -> key of a tensor whose elements make it up
        self._next = 0

    def key(self, id: str) -> str:
        """The key of storage `id`."""
        found = self._keys.get(id)
        if found is None:
            while str(self._next) in self._taken:
                self._next += 1
            found = self._keys[id] = str(self._next)
            self._next += 1
        return found

    def made(self, id: str, tensor: str) -> str:
        """The key of storage `id`, whose bytes are the elements of `tensor`; of several that share it, of the first."""
        self._made.setdefault(id, tensor)
        return self.key(id)

    def of(self, ids: Iterable[str], monitor: Monitor = QUIET) -> tuple[Record, ...]:
        """The records of these storages, each once, in their order."""
        return tuple(Record(f"data/{self.key(id)}", "" if id in self._made else id, self._made.get(id))
                     for id in stoppable(dict.fromkeys(ids), monitor))
