"""joblib's arrays: their bytes lie between the opcodes of the pickle, each behind the BUILD of what stands for it.

    NumpyArrayWrapper() BUILD {"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"}
    [one byte: how many of padding follow | padding]        since joblib 1.1, where the state has the last of those names
    the elements in C or Fortran order                      of objects: a pickle of the array

`InlineArrays` tells the machine where the pickle goes on, and puts into its graph what pickle.dump makes of the same arrays; whoever reads
graphs needs to know nothing of it.

Source: joblib/numpy_pickle.py of joblib 1.5 (`NumpyArrayWrapper.write_array`, `read_array`), the same since 0.10. Before that each array
was a file of its own.
"""
from __future__ import annotations

from math import prod
from typing import NamedTuple

from inspector.core.errors import ReadError, Truncated
from inspector.core.graph import BUILD, BYTES, DICT, FALSE, GLOBAL, INT, NONE, REDUCE, TRUE, Graph
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.pickles.encode.emit_order import uses
from inspector.core.pickles.objects.arrays import element_type, holds_objects
from inspector.core.pickles.objects.calls import call_of, tuple_items
from inspector.core.pickles.objects.grafts import Graft
from inspector.core.pickles.objects.plain import small_integer
from inspector.core.progress import QUIET, Monitor

MODULE = "joblib.numpy_pickle"              # scikit-learn brought its own: sklearn.externals.joblib.numpy_pickle
_WRAPPER = "NumpyArrayWrapper"
_FIELDS = 16
_LARGEST = 1 << 40


class _Inline(NamedTuple):
    """An array's elements, bytes `start` to `end` of the pickle, or the pickle that they are; nodes of what it is made with."""

    start: int
    end: int
    objects: Graph | None
    subclass: int
    shape: int
    dtype: int
    fortran: bool


class InlineArrays:
    """Those of one pickle, called `member`. Give it to `decode`, then have it change the graph."""

    def __init__(self, member: str = "pickle", budget: Budget | None = None, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> None:
        self._member = member
        self._budget = budget or Budget(limits)
        self._limits = limits
        self._monitor = monitor
        self._found: dict[int, _Inline] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def __call__(self, graph: Graph, n: int, pos: int) -> int:
        """Where the pickle goes on behind the BUILD of node `n` that ends at `pos`. Raises Truncated where the bytes of an array are not
        all there, and what `decode` raises for a pickle of objects."""
        if not _is_wrapper(graph, n):
            return pos
        fields = _fields(graph, n)
        found = self._inline(graph, fields, pos) if fields is not None else None
        if found is None:
            return pos
        if found.end > len(graph.data):
            raise Truncated(f"the bytes of an array are cut: {found.end - pos:,} are needed, {len(graph.data) - pos:,} are there",
                            "The file was cut short, perhaps by a broken download or a full disk; get it again from where it came from.",
                            f"{self._member}:{pos}")
        self._found[n] = found
        return found.end

    def _inline(self, graph: Graph, fields: dict[str | None, int], pos: int) -> _Inline | None:
        subclass, shape, order, dtype = (fields.get(name, -1) for name in ("subclass", "shape", "order", "dtype"))
        if min(subclass, shape, order, dtype) < 0:
            return None
        fortran = graph.loose_text(order) == "F"
        if holds_objects(graph, dtype):
            inner = decode(graph.data, pos, limits=self._limits, monitor=self._monitor, member=self._member, budget=self._budget)
            return _Inline(pos, inner.end, inner, subclass, shape, dtype, fortran)
        kind, _ = element_type(graph, dtype)
        sizes = tuple_items(graph, shape)
        dims = [small_integer(graph, size) for size in sizes] if sizes is not None else [None]
        lengths = [size for size in dims if size is not None and 0 <= size < _LARGEST]
        if kind is None or len(lengths) < len(dims):
            return None
        start = pos
        if "numpy_array_alignment_bytes" in fields and graph.kind[fields["numpy_array_alignment_bytes"]] != NONE:
            start += 1 + graph.data[pos] if pos < len(graph.data) else 1
        return _Inline(start, start + kind.size * prod(lengths), None, subclass, shape, dtype, fortran)

    def load(self, graph: Graph) -> Graph:
        """`graph`, which was decoded with this, with the arrays in place of what stood for them. Node numbers stay."""
        if not self._found:
            return graph
        graft = Graft(graph)
        maker = graft.node(GLOBAL, graft.name_number("numpy.core.multiarray", "_reconstruct"))
        letter, zero = graft.node(BYTES, *graft.put_bytes(b"b")), graft.tuple_of([graft.node(INT, 0)])
        one, truth = graft.node(INT, 1), (graft.node(FALSE), graft.node(TRUE))
        for n, array in self._found.items():
            done = graft.graph.mutations.pop(n)
            graft.at = graph.at[n]
            if array.objects is not None:
                graft.graft(n, array.objects, {})
                continue
            elements = graft.node(BYTES, array.start, array.end)
            state = graft.tuple_of((one, array.shape, array.dtype, truth[array.fortran], elements))
            graft.change(n, REDUCE, maker, graft.tuple_of((array.subclass, zero, letter)))
            graft.change(done[-1], BUILD, n, state)
            graft.graph.mutations[n] = [done[-1]]
        counts = uses(graft.graph)
        for cls in {graph.a[n] for n in self._found}:
            if graph.kind[cls] == GLOBAL and not counts[cls]:
                graft.change(cls, NONE, 0)
        return graft.finished()


def is_of_joblib(error: ReadError) -> bool:
    """Whether what `decode` broke off at mentions what stands for joblib's arrays."""
    return error.decoded is not None and any(_is_module(module) for module, _ in error.decoded.names)


def _is_module(module: str) -> bool:
    return module == MODULE or module.endswith(f".{MODULE}")


def _is_wrapper(graph: Graph, n: int) -> bool:
    if len(graph.mutations.get(n, ())) != 1 or graph.kind[graph.mutations[n][0]] != BUILD:
        return False
    if not any(name == _WRAPPER for _, name in graph.names):
        return False
    call = call_of(graph, n)
    return call.made and call.name is not None and call.name[1] == _WRAPPER and _is_module(call.name[0])


def _fields(graph: Graph, n: int) -> dict[str | None, int] | None:
    state = graph.b[graph.mutations[n][0]]
    return {graph.loose_text(key): value for key, value in graph.pairs(state)[:_FIELDS]} if graph.kind[state] == DICT else None
