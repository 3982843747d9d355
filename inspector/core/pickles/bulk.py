"""All ordinary tensors of a large pickle at once, with numpy.

Nearly every tensor is `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, OrderedDict())` with a storage
`("storage", class, key, location, numel)`. Going over the graph's arrays column by column finds and checks those in a tenth
of the time that looking at one after the other takes. Whatever is not exactly so, and in order, is left out here and read
by `tensors.Tensors.read`, which also finds the words for what is wrong.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..graph import EXT, FALSE, GLOBAL, GLOBALDYN, INST, INT, NEWOBJ, NEWOBJEX, OBJ, PERSID, REDUCE, STR, TRUE, TUPLE, Graph

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[Any, np.dtype[np.int64]]
    Bools = np.ndarray[Any, np.dtype[np.bool_]]

NAMES = (GLOBAL, GLOBALDYN, EXT)
WORTH_IT = 256              # calls from which numpy pays
_RANKS = 8
_EXACT = float(1 << 52)     # below this, sums and products of doubles are the integers themselves


class Row(NamedTuple):
    """One tensor: `reach` is the number of elements its storage must hold after `offset`; `pid` the PERSID node."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    reach: int
    requires_grad: bool
    pid: int


class Id(NamedTuple):
    """One persistent id: `cls` the index of its class's name, `location` the node of its location."""

    key: str
    cls: int
    location: int
    numel: int


def ordinary_tensors(graph: Graph, builders: set[int], ordered_dicts: set[int]) -> tuple[dict[int, Row], dict[int, Id]]:
    """REDUCE node -> Row and PERSID node -> Id. `builders` and `ordered_dicts` are indexes of names."""
    if graph.kind.count(REDUCE) < WORTH_IT or not builders:
        return {}, {}
    return _Columns(graph).tensors(builders, ordered_dicts)


def computed_calls(graph: Graph) -> list[int]:
    """Nodes of calls whose callable is no name: the result of another call, None, a number …"""
    if graph.kind.count(REDUCE) >= WORTH_IT:
        return _Columns(graph).computed_calls()
    kind, a = graph.kind, graph.a
    return [n for n in graph.calls() if kind[a[n] if kind[n] in (REDUCE, NEWOBJ) else graph.operands[a[n]]] not in NAMES]


class _Columns:
    def __init__(self, graph: Graph) -> None:
        import numpy as np
        self.graph = graph
        self.kind = np.frombuffer(graph.kind, np.uint8)
        self.a: Ints = np.frombuffer(graph.a, np.int64)
        self.b: Ints = np.frombuffer(graph.b, np.int64)
        self.operands: Ints = np.frombuffer(graph.operands, np.int64)
        self.changed: Bools = np.zeros(len(graph), np.bool_)
        self.changed[np.fromiter(graph.mutations, np.int64, len(graph.mutations))] = True

    def tensors(self, builders: set[int], ordered_dicts: set[int]) -> tuple[dict[int, Row], dict[int, Id]]:
        import numpy as np
        nodes: Ints = np.flatnonzero(self.kind == REDUCE)
        nodes = nodes[self._names(self.a[nodes], builders) & ~self.changed[nodes]]
        nodes = nodes[self._is_tuple(self.b[nodes], 6)]
        columns = self.operands[self.a[self.b[nodes]][:, None] + np.arange(6)]
        storage, offset, size, stride, grad, hooks = columns.T
        rank = self.b[size] - self.a[size]
        good = (self.kind[offset] == INT) & (self.a[offset] >= 0) & self._is_tuple(size) & self._is_tuple(stride)
        good &= (rank <= _RANKS) & (self.b[stride] - self.a[stride] == rank)
        good &= ((self.kind[grad] == TRUE) | (self.kind[grad] == FALSE)) & self._no_hooks(hooks, ordered_dicts)
        good &= self._is_id(storage)
        found: dict[int, Row] = {}
        for dims in range(_RANKS + 1):
            pick = np.flatnonzero(good & (rank == dims))
            if len(pick):
                self._of_rank(dims, nodes[pick], columns[pick], found)
        return found, self._ids(np.unique(storage[good]))

    def computed_calls(self) -> list[int]:
        import numpy as np
        direct: Ints = np.flatnonzero((self.kind == REDUCE) | (self.kind == NEWOBJ))
        listed: Ints = np.flatnonzero((self.kind == NEWOBJEX) | (self.kind == OBJ) | (self.kind == INST))
        targets = np.concatenate((self.a[direct], self.operands[self.a[listed]]))
        odd = ~np.isin(self.kind[targets], NAMES)
        return sorted(np.concatenate((direct, listed))[odd].tolist())

    def _of_rank(self, dims: int, nodes: Ints, columns: Ints, found: dict[int, Row]) -> None:
        """Rows of the tensors with `dims` dimensions whose sizes and strides are in order."""
        import numpy as np
        storage, offset, size, stride, grad, _ = columns.T
        lengths, whole = self._integers(size, dims)
        steps, whole_too = self._integers(stride, dims)
        keep = whole & whole_too & (lengths > 0).all(1) & (steps > 0).all(1)
        wide, far = lengths.astype(np.float64), steps.astype(np.float64)
        extent = (wide - 1) * far
        keep &= (wide.prod(1) < _EXACT) & (far < _EXACT).all(1) & (extent.sum(1) < _EXACT)
        # no two indexes reach one element: each step is longer than all that the shorter steps reach together
        step = np.where(lengths > 1, far, 0.0)
        order = np.argsort(step, axis=1, kind="stable")
        step, extent = np.take_along_axis(step, order, 1), np.take_along_axis(np.where(lengths > 1, extent, 0.0), order, 1)
        keep &= ((step > np.cumsum(extent, 1) - extent) | (step == 0)).all(1)
        reach = extent.sum(1).astype(np.int64) + 1
        one: dict[tuple[int, ...], tuple[int, ...]] = {}        # models have few distinct shapes
        shapes = [one.setdefault(shape, shape) for shape in map(tuple, lengths[keep].tolist())]
        strides = [one.setdefault(shape, shape) for shape in map(tuple, steps[keep].tolist())]
        grads = (self.kind[grad[keep]] == TRUE).tolist()
        rows = zip(shapes, strides, self.a[offset[keep]].tolist(), reach[keep].tolist(), grads, storage[keep].tolist(), strict=True)
        found.update(zip(nodes[keep].tolist(), rows, strict=True))  # type: ignore[arg-type]  # plain tuples: 100,000 of them

    def _integers(self, tuples: Ints, dims: int) -> tuple[Ints, Bools]:
        """The `dims` integers in each tuple, and for which tuples they are integers."""
        import numpy as np
        items = self.operands[self.a[tuples][:, None] + np.arange(dims)]
        return self.a[items], (self.kind[items] == INT).all(1)

    def _names(self, nodes: Ints, wanted: set[int]) -> Bools:
        """Which of `nodes` are GLOBALs with one of the `wanted` names."""
        import numpy as np
        table: Bools = np.zeros(len(self.graph.names) + 1, np.bool_)
        table[list(wanted)] = True
        is_name = self.kind[nodes] == GLOBAL
        return is_name & table[np.where(is_name, self.a[nodes], -1)]

    def _is_tuple(self, nodes: Ints, length: int = -1) -> Bools:
        is_one: Bools = (self.kind[nodes] == TUPLE) & ~self.changed[nodes]
        return is_one if length < 0 else is_one & (self.b[nodes] - self.a[nodes] == length)

    def _no_hooks(self, hooks: Ints, ordered_dicts: set[int]) -> Bools:
        """Which are `OrderedDict()`."""
        import numpy as np
        call = (self.kind[hooks] == REDUCE) & ~self.changed[hooks]
        safe = np.where(call, hooks, -1)
        inner = np.where(call, self.a[safe], 0)
        return call & self._names(inner, ordered_dicts) & self._is_tuple(np.where(call, self.b[safe], 0), 0)

    def _is_id(self, nodes: Ints) -> Bools:
        """Which are persistent ids ("storage", GLOBAL, digits, location, numel)."""
        import numpy as np
        is_one: Bools = (self.kind[nodes] == PERSID) & ~self.changed[nodes]
        pick = np.flatnonzero(is_one)
        is_one[pick] = self._is_tuple(self.a[nodes[pick]], 5)
        pick = np.flatnonzero(is_one)
        word, cls, key, location, numel = self.operands[self.a[self.a[nodes[pick]]][:, None] + np.arange(5)].T
        words = np.unique(word)
        said = words[[self.graph.loose_text(n) == "storage" for n in words.tolist()]] if len(words) < WORTH_IT else words[:0]
        is_one[pick] = (np.isin(word, said) & (self.kind[cls] == GLOBAL) & (self.kind[key] == STR) & (self.kind[location] == STR)
                        & (self.kind[numel] == INT) & (self.a[numel] >= 0))
        return is_one

    def _ids(self, nodes: Ints) -> dict[int, Id]:
        """What the persistent ids say; those with a key that is no short number are left out."""
        import numpy as np
        _, cls, key, location, numel = self.operands[self.a[self.a[nodes]][:, None] + np.arange(5)].T
        data = self.graph.data
        short = self.b[key] - self.a[key] <= 20
        texts = [data[start:end] for start, end in zip(self.a[key[short]].tolist(), self.b[key[short]].tolist(), strict=True)]
        rows = zip(texts, self.a[cls[short]].tolist(), location[short].tolist(), self.a[numel[short]].tolist(), strict=True)
        return {n: (text.decode("ascii"), *rest)  # type: ignore[misc]  # plain tuples again
                for n, (text, *rest) in zip(nodes[short].tolist(), rows, strict=True) if text.isdigit()}
