"""All ordinary tensors of a large pickle at once, with numpy.

Nearly every tensor is `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, OrderedDict())` with a storage
`("storage", class, key, location, numel)`. Going over the graph's arrays column by column finds and checks those in a tenth
of the time that looking at one after the other takes. Whatever is not exactly so, and in order, is left out here and read
by `tensors.Tensors.read`, which also finds the words for what is wrong.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.graph import (
    EXT,
    FALSE,
    GLOBAL,
    GLOBALDYN,
    INST,
    INT,
    NEWOBJ,
    NEWOBJEX,
    NONE,
    OBJ,
    PERSID,
    REDUCE,
    STR,
    TRUE,
    TUPLE,
    Graph,
)

from .names import canonical, storage_dtype

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[Any, np.dtype[np.int64]]
    Bools = np.ndarray[Any, np.dtype[np.bool_]]

NAMES = (GLOBAL, GLOBALDYN, EXT)
WORTH_IT = 3000             # calls from which importing numpy pays
_RANKS = 8
_KEY_DIGITS = 20
_EXACT = float(1 << 52)     # below this, sums and products of doubles are the integers themselves


Form = tuple[tuple[int, ...], tuple[int, ...]]      # shape, stride


class Rows(NamedTuple):
    """Ordinary tensors, column by column. `row_of` maps a REDUCE node to its row; a form is (shape, stride); `reach` is the
    number of elements that the storage must hold after `offset`; `pid` the PERSID node."""

    row_of: dict[int, int]
    forms: list[Form]
    offsets: list[int]
    reaches: list[int]
    requires_grad: list[bool]
    pids: list[int]


class Ids(NamedTuple):
    """Ordinary persistent ids, column by column. `row_of` maps a PERSID node to its row; then what the id says: the storage's
    key, element type, location tag and number of elements."""

    row_of: dict[int, int]
    keys: list[str]
    dtypes: list[str]
    devices: list[str]
    numels: list[int]


NO_ROWS = Rows({}, [], [], [], [], [])
NO_IDS = Ids({}, [], [], [], [])


def picked(table: Rows | Ids, rows: list[int]) -> list[list[Any]]:
    """The columns of `table` behind `row_of`, for some of its rows; most often those follow each other."""
    first, count = rows[0], len(rows)
    if rows == list(range(first, first + count)):
        return [column[first:first + count] for column in table[1:]]
    return [list(map(column.__getitem__, rows)) for column in table[1:]]


def ordinary_tensors(graph: Graph, builders: set[int], ordered_dicts: set[int]) -> tuple[Rows, Ids]:
    """The ordinary tensors and the ids of their storages. `builders` and `ordered_dicts` are indexes of names."""
    if graph.kind.count(REDUCE) < WORTH_IT or not builders:
        return NO_ROWS, NO_IDS
    return _Columns(graph).tensors(builders, ordered_dicts)


def _distinct(rows: Ints) -> tuple[Ints, Ints]:
    """Indexes of the first of each kind of row, and for each row its kind, by a hash that could be fooled: compare. Models
    have few distinct shapes."""
    import numpy as np
    factors = np.array([pow(0x9E3779B97F4A7C15, i + 1, 1 << 63) for i in range(rows.shape[1])], np.int64)
    _, first, which = np.unique(rows @ factors, return_index=True, return_inverse=True)
    return first, which


def _sound(lengths: Ints, steps: Ints) -> tuple[Bools, Ints]:
    """Which shapes and strides are plain (positive, of sane size, no two indexes for one element), and how far they reach."""
    import numpy as np
    wide, far = lengths.astype(np.float64), steps.astype(np.float64)
    extent = np.where(lengths > 1, (wide - 1) * far, 0.0)
    sound = (lengths > 0).all(1) & (steps > 0).all(1)
    sound &= (wide.prod(1) < _EXACT) & (far < _EXACT).all(1) & (extent.sum(1) < _EXACT)
    # each step must be longer than all that the shorter steps reach together
    step = np.where(lengths > 1, far, 0.0)
    order = np.argsort(step, axis=1, kind="stable")
    step, sorted_extent = np.take_along_axis(step, order, 1), np.take_along_axis(extent, order, 1)
    sound &= ((step > np.cumsum(sorted_extent, 1) - sorted_extent) | (step == 0)).all(1)
    return sound, np.where(sound, extent.sum(1), 0.0).astype(np.int64) + 1


def computed_calls(graph: Graph) -> list[int]:
    """Nodes of calls whose callable is no name: the result of another call, None, a number …"""
    if graph.kind.count(REDUCE) >= WORTH_IT:
        return _Columns(graph).computed_calls()
    kind, a = graph.kind, graph.a
    return [n for n in graph.calls() if kind[a[n] if kind[n] in (REDUCE, NEWOBJ) else graph.operands[a[n]]] not in NAMES]


def calls_besides(graph: Graph, names: set[int]) -> list[int]:
    """Nodes of calls whose callable is none of `names` (indexes of `graph.names`)."""
    if graph.kind.count(REDUCE) >= WORTH_IT:
        return _Columns(graph).calls_besides(names)
    kind, a = graph.kind, graph.a
    targets = ((n, a[n] if kind[n] in (REDUCE, NEWOBJ) else graph.operands[a[n]]) for n in graph.calls())
    return [n for n, target in targets if kind[target] != GLOBAL or a[target] not in names]


def ids_of_others(graph: Graph) -> list[int]:
    """Nodes of persistent ids that do not begin with "storage"."""
    if graph.kind.count(PERSID) >= WORTH_IT:
        return _Columns(graph).ids_of_others()
    kind, a, b, operands = graph.kind, graph.a, graph.b, graph.operands
    ids = (n for n, k in enumerate(kind) if k == PERSID) if PERSID in kind else ()
    return [n for n in ids if kind[a[n]] != TUPLE or b[a[n]] == a[a[n]] or graph.loose_text(operands[a[a[n]]]) != "storage"]


class _Columns:
    def __init__(self, graph: Graph) -> None:
        import numpy as np
        self.graph = graph
        self.kind = np.frombuffer(graph.kind, np.uint8)
        self.a: Ints = np.frombuffer(graph.a, np.int64)
        self.b: Ints = np.frombuffer(graph.b, np.intc)
        self.operands: Ints = np.frombuffer(graph.operands, np.intc)
        self.changed: Bools = np.zeros(len(graph), np.bool_)
        self.changed[np.fromiter(graph.mutations, np.int64, len(graph.mutations))] = True

    def tensors(self, builders: set[int], ordered_dicts: set[int]) -> tuple[Rows, Ids]:
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
        forms: list[Form] = []
        form, reach = np.zeros(len(nodes), np.int64), np.zeros(len(nodes), np.int64)
        for dims in range(_RANKS + 1):
            pick = np.flatnonzero(good & (rank == dims))
            if len(pick):
                good[pick] = self._of_rank(dims, pick, size[pick], stride[pick], forms, form, reach)
        pids = storage[good]
        rows = Rows(dict(zip(nodes[good].tolist(), range(len(pids)), strict=True)), [forms[i] for i in form[good].tolist()],
                    self.a[offset[good]].tolist(), reach[good].tolist(), (self.kind[grad[good]] == TRUE).tolist(), pids.tolist())
        return rows, self._ids(self._once(pids))

    def computed_calls(self) -> list[int]:
        import numpy as np
        calls, targets = self._calls()
        odd: Bools = np.ones(256, np.bool_)
        odd[list(NAMES)] = False
        return sorted(calls[odd[self.kind[targets]]].tolist())

    def calls_besides(self, names: set[int]) -> list[int]:
        calls, targets = self._calls()
        return sorted(calls[~self._names(targets, names)].tolist())

    def ids_of_others(self) -> list[int]:
        import numpy as np
        nodes: Ints = np.flatnonzero(self.kind == PERSID)
        ids = self.a[nodes]
        full = (self.kind[ids] == TUPLE) & (self.b[ids] > self.a[ids])
        words = self.operands[self.a[ids[full]]]
        others = [n for n in self._once(words).tolist() if self.graph.loose_text(n) != "storage"]
        fine = full.copy()
        fine[full] = ~np.isin(words, others)
        return nodes[~fine].tolist()        # type: ignore[no-any-return]

    def _calls(self) -> tuple[Ints, Ints]:
        """All calls, and the callable of each."""
        import numpy as np
        direct: Ints = np.flatnonzero((self.kind == REDUCE) | (self.kind == NEWOBJ))
        listed: Ints = np.flatnonzero((self.kind == NEWOBJEX) | (self.kind == OBJ) | (self.kind == INST))
        return np.concatenate((direct, listed)), np.concatenate((self.a[direct], self.operands[self.a[listed]]))

    def _of_rank(self, dims: int, pick: Ints, size: Ints, stride: Ints, forms: list[Form], form: Ints, reach: Ints) -> Any:
        """For which of the tensors `pick`, all with `dims` dimensions, sizes and strides are in order; adds to `forms`, and
        writes into `form` which of them it is and into `reach` how far it goes."""
        import numpy as np
        lengths, whole = self._integers(size, dims)
        steps, whole_too = self._integers(stride, dims)
        both = np.hstack((lengths, steps))
        first, which = _distinct(both)
        if not np.array_equal(both[first][which], both):
            return False                        # made to collide: the careful way for all of them
        sound, far = _sound(lengths[first], steps[first])
        form[pick] = which + len(forms)
        reach[pick] = far[which]
        forms += [(row[:dims], row[dims:]) for row in map(tuple, both[first].tolist())]
        return whole & whole_too & sound[which]

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
        found: Bools = is_name & table[np.where(is_name, self.a[nodes], -1)]
        return found

    def _once(self, nodes: Ints) -> Ints:
        """Each of `nodes` once, in order; ten times as fast as numpy.unique."""
        import numpy as np
        mark: Bools = np.zeros(len(self.graph), np.bool_)
        mark[nodes] = True
        return np.flatnonzero(mark)

    def _is_tuple(self, nodes: Ints, length: int = -1) -> Bools:
        is_one: Bools = (self.kind[nodes] == TUPLE) & ~self.changed[nodes]
        return is_one if length < 0 else is_one & (self.b[nodes] - self.a[nodes] == length)

    def _no_hooks(self, hooks: Ints, ordered_dicts: set[int]) -> Bools:
        """Which are `OrderedDict()`."""
        import numpy as np
        call = (self.kind[hooks] == REDUCE) & ~self.changed[hooks]
        safe = np.where(call, hooks, -1)
        inner = np.where(call, self.a[safe], 0)
        found: Bools = call & self._names(inner, ordered_dicts) & self._is_tuple(np.where(call, self.b[safe], 0), 0)
        return found

    def _is_id(self, nodes: Ints) -> Bools:
        """Which are persistent ids ("storage", GLOBAL, digits, location, numel[, None])."""
        import numpy as np
        is_one: Bools = (self.kind[nodes] == PERSID) & ~self.changed[nodes]
        pick = np.flatnonzero(is_one)
        is_one[pick] = self._is_five(self.a[nodes[pick]])
        pick = np.flatnonzero(is_one)
        word, cls, key, location, numel = self.operands[self.a[self.a[nodes[pick]]][:, None] + np.arange(5)].T
        words = self._once(word)
        said = words[[self.graph.loose_text(n) == "storage" for n in words.tolist()]] if len(words) < WORTH_IT else words[:0]
        is_one[pick] = (np.isin(word, said) & (self.kind[cls] == GLOBAL) & (self.kind[key] == STR) & (self.kind[location] == STR)
                        & (self.kind[numel] == INT) & (self.a[numel] >= 0))
        return is_one

    def _is_five(self, tuples: Ints) -> Bools:
        """Which are tuples of five items; a sixth may be None, as in files from before torch 1.6."""
        import numpy as np
        five, six = self._is_tuple(tuples, 5), self._is_tuple(tuples, 6)
        if six.any():
            six[six] = self.kind[self.operands[self.a[tuples[six]] + 5]] == NONE
        return np.logical_or(five, six)

    def _ids(self, nodes: Ints) -> Ids:
        """What the persistent ids say; those whose key is no short number, or whose class is unknown, are left out."""
        import numpy as np
        _, cls, key, location, numel = self.operands[self.a[self.a[nodes]][:, None] + np.arange(5)].T
        known = [storage_dtype(*canonical(*name)) for name in self.graph.names]
        dtypes = np.array(known, object)[self.a[cls]]
        texts, digits = self._digits(self.a[key], self.b[key])
        keep = digits & np.array([dtype is not None for dtype in known], np.bool_)[self.a[cls]]
        places, which = np.unique(location[keep], return_inverse=True)
        devices = np.array([self.graph.text(n) for n in places.tolist()] or [None], object)[which]
        kept = nodes[keep].tolist()
        return Ids(dict(zip(kept, range(len(kept)), strict=True)), texts[keep].tolist(), dtypes[keep].tolist(), devices.tolist(),
                   self.a[numel[keep]].tolist())

    def _digits(self, start: Ints, end: Ints) -> tuple[Any, Bools]:
        """The texts in the pickle from `start` to `end`, and which of them are short decimal numbers."""
        import numpy as np
        data = np.frombuffer(self.graph.data, np.uint8)
        short = (end > start) & (end - start <= _KEY_DIGITS)
        places = start[:, None] + np.arange(min(_KEY_DIGITS, int((end - start)[short].max(initial=1))))
        outside = places >= end[:, None]
        letters = np.where(outside, 0, data[np.minimum(places, len(data) - 1)]).astype(np.uint8)
        digits = short & (outside | ((letters >= ord("0")) & (letters <= ord("9")))).all(1)
        return np.ascontiguousarray(letters).view(f"S{letters.shape[1]}").ravel().astype("U"), digits
