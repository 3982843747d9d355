"""Streams of torch's inside the bytes of a pickle, put into its graph in place of the calls that load them.

    torch.storage._load_from_bytes(b"…")        what pickle.dump, joblib and deepcopy make of a storage: all that torch.save wrote
    pickle.loads(b"…")                          what some objects make of themselves

The bytes of the first are a file of torch's in its format of before 1.6, or an archive, those of the second a pickle; the object in them is
a storage most often, and may be anything, with such calls of its own. Its nodes come behind those of the pickle, the call becomes its root,
and its storages are parts of the constant that holds the bytes (`Constant`). A call whose bytes are nothing of that kind, or damaged, stays
what it is.

Source: `_load_from_bytes` in torch/storage.py 2.13, which is `torch.load` of them.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Constant, Storage
from inspector.core.errors import InspectorError, TooBig
from inspector.core.graph import CALLS, GLOBAL, NONE, REDUCE, Graph
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget
from inspector.core.pickles.encode.emit_order import uses
from inspector.core.pickles.objects.arrays import bytes_length, encoded_text
from inspector.core.pickles.objects.calls import call_of
from inspector.core.pickles.objects.grafts import Graft
from inspector.core.pickles.objects.names import LOAD_FROM_BYTES, LOADERS, canonical
from inspector.core.pickles.objects.storages import EMBEDDED, StorageRef
from inspector.core.progress import QUIET, Monitor

from . import archive, legacy, pickled
from .content import Content, Piece

_CHECK_EVERY = 256


class Embedded(NamedTuple):
    """`graph` with the streams in it, `storages` those of the streams by the keys that they have in it; `streams` how many there were."""

    graph: Graph
    storages: Mapping[str, Storage]
    streams: int

    def resolver(self, otherwise: Callable[[StorageRef], Storage]) -> Callable[[StorageRef], Storage]:
        """What resolves the persistent ids of `graph`; those of the pickle itself by `otherwise`."""
        if not self.storages:
            return otherwise
        known = self.storages

        def resolve(ref: StorageRef) -> Storage:
            return known[ref.key] if ref.key is not None and ref.key in known else otherwise(ref)

        return resolve


def load_embedded(graph: Graph, *, forget_loader: bool, budget: Budget | None = None, limits: Limits = LIMITS,
                  monitor: Monitor = QUIET) -> Embedded:
    """`graph` with every stream that can be read in place of the call that loads it. Node numbers stay. With `forget_loader` the name of
    what loads them goes where nothing else refers to it. Streams count against `budget`; raises TooBig where it is used up, Cancelled."""
    loading = _Loading(budget or Budget(limits), limits, monitor)
    return loading.load(graph, forget_loader, 0)


class _Loading:
    """One file's streams, however deep they lie in each other."""

    def __init__(self, budget: Budget, limits: Limits, monitor: Monitor) -> None:
        self.budget = budget
        self.limits = limits
        self.monitor = monitor
        self.storages: dict[str, Storage] = {}
        self.streams = 0

    def load(self, graph: Graph, forget_loader: bool, depth: int) -> Embedded:
        calls = _calls(graph)
        if not calls or depth >= self.limits.nested_pickles:
            return Embedded(graph, self.storages, self.streams)
        graft = Graft(graph)
        read: dict[tuple[int, bool], tuple[Content, Graph] | None] = {}     # by the constant that holds it
        replaced: list[int] = []
        for n, (constant, is_stream) in calls.items():
            if (constant, is_stream) not in read:
                found = self._content(graph, constant, is_stream)
                read[constant, is_stream] = found and (found, self.load(found.graph, True, depth + 1).graph)
            known = read[constant, is_stream]
            if known is None:
                continue
            content, inner = known
            self._charge(len(inner))                # the same constant may be loaded many times, and is another object each time
            keys = {key: self._add(graph, constant, piece) for key, piece in content.pieces.items()}
            if graft.graft(n, inner, keys):
                replaced.append(n)
        if not replaced:
            return Embedded(graph, self.storages, self.streams)
        _forget(graft, graph, replaced, calls, forget_loader)
        return Embedded(graft.finished(), self.storages, self.streams)

    def _charge(self, opcodes: int) -> None:
        self.budget.left -= opcodes
        if self.budget.left < 0:
            raise TooBig("the streams in the pickle's bytes hold more than a checkpoint needs",
                         "The file may be hostile. Open it with larger limits if you trust it.")

    def _content(self, graph: Graph, constant: int, is_stream: bool) -> Content | None:
        """What the stream or the pickle in the constant holds; None where it is none, or damaged."""
        self.streams += 1
        if self.streams > self.limits.streams_in_pickle:
            raise TooBig(f"the pickle holds more than {self.limits.streams_in_pickle:,} streams of torch's in its bytes",
                         "Load it with the program that wrote it and save its tensors with torch.save.")
        if self.streams % _CHECK_EVERY == 0:
            self.monitor.check()
        raw = graph.content(constant)
        read = pickled.read if not is_stream else archive.read if raw.startswith(archive.SIGNATURE) else legacy.read
        try:
            return read(raw, self.limits, self.monitor, self.budget)
        except TooBig:
            if self.budget.left <= 0:
                raise
            return None
        except InspectorError:
            return None

    def _add(self, graph: Graph, constant: int, piece: Piece) -> str:
        """Keeps a storage of a stream; its key from now on."""
        key = f"{EMBEDDED}{len(self.storages)}"
        held = Constant(graph, constant, piece.swap, piece.start, piece.nbytes) if not piece.problem else None
        self.storages[key] = Storage(key, piece.dtype, piece.device, piece.nbytes, None, problem=piece.problem, constant=held)
        return key


def _calls(graph: Graph) -> dict[int, tuple[int, bool]]:
    """The calls that load a stream or a pickle -> (the constant they are given, whether that is to be a stream)."""
    loaders = {i: known == LOAD_FROM_BYTES for i, name in enumerate(graph.names) if (known := canonical(*name)) in LOADERS}
    found: dict[int, tuple[int, bool]] = {}
    n = graph.kind.find(REDUCE) if loaders else -1
    while n >= 0:
        if graph.kind[graph.a[n]] == GLOBAL and graph.a[graph.a[n]] in loaders and n not in graph.mutations:
            args = call_of(graph, n).args
            given = args[0] if args is not None and len(args) == 1 else -1
            if given >= 0 and graph.kind[given] in CALLS:
                given = encoded_text(graph, given)
            elif given >= 0 and bytes_length(graph, given) < 0:
                given = -1
            if given >= 0:
                found[n] = given, loaders[graph.a[graph.a[n]]]
        n = graph.kind.find(REDUCE, n + 1)
    return found


def _forget(graft: Graft, graph: Graph, replaced: Sequence[int], calls: Mapping[int, tuple[int, bool]], loader: bool) -> None:
    """Takes out what only the calls referred to: constants that would look like pickles somebody hid, and the loader's name."""
    counts = uses(graph)
    called = Counter(graph.a[n] for n in replaced)
    gone = [calls[n][0] for n in replaced if counts[calls[n][0]] == 1]
    gone += [name for name, times in called.items() if loader and counts[name] == times]
    for n in gone:
        graft.change(n, NONE, 0)
