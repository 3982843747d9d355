"""All ordinary tensors of a large pickle at once, with numpy.

Nearly every tensor is `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, OrderedDict())` with a storage
`("storage", class, key, location, numel)`, or `_rebuild_parameter(one of those, requires_grad, OrderedDict())`. Going over the
graph's arrays column by column finds and checks those in a tenth of the time that looking at one after the other takes.
Whatever is not exactly so, and in order, is left out here and read by `tensors.Tensors.read`, which also finds the words for
what is wrong.
"""
from __future__ import annotations

import functools
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
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
    PYSTR,
    PYSTRTEXT,
    REDUCE,
    STR,
    STRTEXT,
    TRUE,
    TUPLE,
    Graph,
    ManyPairs,
)
from inspector.core.pickles.decode.columns import all_different, different, goes_up
from inspector.core.progress import QUIET, Monitor

from .names import canonical, storage_dtype

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[Any, np.dtype[np.int64]]
    Bools = np.ndarray[Any, np.dtype[np.bool_]]

NAMES = (GLOBAL, GLOBALDYN, EXT)
WORTH_IT = 3000             # calls from which importing numpy pays
ORDINARY, GIVEN = 1, 2
_RANKS = 8
_AT_ONCE = 1 << 14          # ids or texts that are looked at together, and …
_NODES_AT_ONCE = 1 << 17    # … nodes: of all of them this would take more memory for a moment than all that is kept
_FEW_FORMS = 1 << 12        # … that are known again
KEY_DIGITS = 18            # what fits 64 bits in any case
LONGEST_TAG = 1000          # bytes of a location tag that is read whole: many ids may share a long one
_LONG_TEXT = 256            # bytes
_MIX = 0x1E3779B97F4A7C15   # odd, and no multiple of anything that texts are made of
_EXACT = float(1 << 52)     # below this, sums and products of doubles are the integers themselves


Form = tuple[tuple[int, ...], tuple[int, ...]]      # shape, stride


class _Forms:
    """Those of a graph, as they come: most are known again."""

    def __init__(self) -> None:
        self.all: list[Form] = []
        self._places: dict[Form, int] = {}

    def add(self, forms: Iterable[Form]) -> list[int]:
        """The places of these among all."""
        found = []
        for form in forms:
            place = self._places.get(form, len(self.all))
            if place == len(self.all):
                self.all.append(form)
                if place < _FEW_FORMS:
                    self._places[form] = place
            found.append(place)
        return found


class RowNumbers(NamedTuple):
    """The rows of ordinary tensors by their nodes: `marks[n]` has ORDINARY for nodes that are some, and `nodes` are those, in order. GIVEN
    is for who lists these and others: a byte for each node is a lot."""

    marks: bytearray
    nodes: array[int]

    def of(self, n: int) -> int:
        """-1 for a node that is none."""
        return bisect_left(self.nodes, n) if self.marks[n] & ORDINARY else -1

    def of_all(self, nodes: np.ndarray[Any, Any]) -> Ints:
        """The same of many, which are all there."""
        import numpy as np
        found: Ints = np.searchsorted(np.frombuffer(self.nodes, np.intc), nodes)
        return found

    def are_there(self, nodes: np.ndarray[Any, Any]) -> Bools:
        import numpy as np
        found: Bools = (np.frombuffer(self.marks, np.uint8)[nodes] & ORDINARY).astype(np.bool_)
        return found

    def are_fresh(self, nodes: np.ndarray[Any, Any]) -> bool:
        """Whether all are there, and none was given."""
        import numpy as np
        return bool((np.frombuffer(self.marks, np.uint8)[nodes] == ORDINARY).all())

    def give(self, nodes: np.ndarray[Any, Any]) -> None:
        import numpy as np
        np.frombuffer(self.marks, np.uint8)[nodes] |= GIVEN


class Rows(NamedTuple):
    """Ordinary tensors, column by column; `numbers` knows the rows by their REDUCE nodes; `form` says
    which of `forms`, (shape, stride), a tensor has; `reaches` are the numbers of elements that the storage must hold after `offsets`;
    `pids` the PERSID nodes. `nodes` go up."""

    numbers: RowNumbers
    nodes: Ints
    form: Ints
    forms: list[Form]
    offsets: Ints
    reaches: Ints
    requires_grad: Bools
    pids: Ints


class Ids(NamedTuple):
    """Ordinary persistent ids, column by column: `nodes`, which go up, and what the ids say: the storage's key, a decimal number without
    zeros before it; the element type and the location tag, as places in `dtypes` and `devices`; the number of elements."""

    nodes: Ints
    keys: Ints
    dtype: Ints
    dtypes: list[str]
    device: Ints
    devices: list[str]
    numels: Ints


def ordinary_tensors(graph: Graph, builders: set[int], parameters: set[int], ordered_dicts: set[int],
                     monitor: Monitor = QUIET) -> tuple[Rows, Ids] | None:
    """The ordinary tensors and the ids of their storages; None where there are too few for this way to pay, or none at all. `builders`,
    `parameters` (who makes those of tensors) and `ordered_dicts` are indexes of names."""
    if graph.kind.count(REDUCE) < WORTH_IT or not builders:
        return None
    rows, ids = _Columns(graph, monitor).tensors(builders, parameters, ordered_dicts)
    return (rows, ids) if len(rows.nodes) else None


def ordinary_ids(graph: Graph) -> Ids | None:
    """The ordinary persistent ids of a graph, reachable or not; None where there are too few for this way to pay."""
    return _Columns(graph).ids() if graph.kind.count(PERSID) >= WORTH_IT else None


def _distinct(rows: Ints) -> tuple[Ints, Ints]:
    """Indexes of the first of each kind of row, and for each row its kind, by a hash that could be fooled: compare. Models
    have few distinct shapes."""
    import numpy as np
    factors = np.array([pow(0x9E3779B97F4A7C15, i + 1, 1 << 63) for i in range(rows.shape[1])], np.int64)
    found = different(rows @ factors)
    return found.first, found.which


def _sound(lengths: Ints, steps: Ints) -> tuple[Bools, Ints]:
    """Which shapes and strides are plain (of sane size, steps of one or more, no two indexes for one element), and how far they
    reach: where there are no elements, nowhere."""
    import numpy as np
    wide, far = lengths.astype(np.float64), steps.astype(np.float64)
    empty = (lengths == 0).any(1)
    extent = np.where(lengths > 1, (wide - 1) * far, 0.0)
    sound = (lengths >= 0).all(1) & (steps > 0).all(1)
    sound &= (np.maximum(wide, 1).prod(1) < _EXACT) & (far < _EXACT).all(1) & (extent.sum(1) < _EXACT)
    # each step must be longer than all that the shorter steps reach together
    step = np.where(lengths > 1, far, 0.0)
    order = np.argsort(step, axis=1, kind="stable")
    step, sorted_extent = np.take_along_axis(step, order, 1), np.take_along_axis(extent, order, 1)
    sound &= ((step > np.cumsum(sorted_extent, 1) - sorted_extent) | (step == 0)).all(1) | empty
    return sound, np.where(sound & ~empty, extent.sum(1) + 1, 0.0).astype(np.int64)


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


def segments_of(graph: Graph, nodes: Sequence[int], integers: bool) -> list[str] | None:
    """What keys are called that are all texts or, where `integers`, all numbers of 64 bits; None where they are not, or one holds a NUL."""
    import numpy as np
    found: Ints = np.array(nodes, np.int64)
    kinds = np.frombuffer(graph.kind, np.uint8)[found]
    if (kinds == STR).all():
        return texts_of(graph, found)
    return [*map(str, np.frombuffer(graph.a, np.int64)[found].tolist())] if integers and (kinds == INT).all() else None


def are_texts(graph: Graph, nodes: array[int]) -> bool:
    """Whether all of these nodes are texts of Python 3."""
    import numpy as np
    return bool((np.frombuffer(graph.kind, np.uint8)[np.frombuffer(nodes, np.intc)] == STR).all())


def texts_of(graph: Graph, nodes: Ints) -> list[str] | None:
    """The texts of STR nodes; None where one holds a NUL."""
    import numpy as np
    starts, ends = np.frombuffer(graph.a, np.int64)[nodes].tolist(), np.frombuffer(graph.b, np.intc)[nodes].tolist()
    data = graph.data
    together = b"\0".join([data[start:end] for start, end in zip(starts, ends, strict=True)])
    texts = together.decode("utf-8", "surrogatepass").split("\0")
    return texts if len(texts) == len(nodes) else None


def are_different(graph: Graph, texts: array[int], monitor: Monitor = QUIET) -> bool:
    """Whether the texts of many STR nodes are surely all different, by sums over them; those that are long are not looked at."""
    import numpy as np
    nodes, sums = np.frombuffer(texts, np.intc), []
    for first in range(0, len(nodes), _AT_ONCE):
        monitor.check()
        some = _sums_of(graph, nodes[first:first + _AT_ONCE])
        if some is None:
            return False
        sums.append(some)
    return not sums or all_different(np.concatenate(sums))


def _sums_of(graph: Graph, nodes: np.ndarray[Any, np.dtype[np.intc]]) -> Ints | None:
    """A sum over the text of each of those nodes; None where one is long."""
    import numpy as np
    start, end = np.frombuffer(graph.a, np.int64)[nodes], np.frombuffer(graph.b, np.intc)[nodes].astype(np.int64)
    length = end - start
    longest = int(length.max(initial=0))
    if longest > _LONG_TEXT or len(graph.data) < 8:
        return None
    words: Ints = np.ndarray((len(graph.data) - 7,), np.dtype("<i8"), graph.data, 0, (1,))
    last = len(graph.data) - 8
    sums: Ints = length * _MIX
    for done in range(0, longest, 8):
        at, left = start + done, np.clip(length - done, 0, 8)
        word = words[np.minimum(at, last)] >> 8 * np.maximum(at - last, 0).clip(0, 7)     # where the data ends it is read from before
        word = np.where(left == 8, word, word & ((1 << 8 * np.minimum(left, 7)) - 1))
        sums = (sums ^ word ^ (sums >> 29)) * _MIX
    return sums


def are_different_integers(graph: Graph, nodes: array[int]) -> bool:
    """Whether all of these nodes are integers of 64 bits, and all different."""
    import numpy as np
    places = np.frombuffer(nodes, np.intc)
    return bool((np.frombuffer(graph.kind, np.uint8)[places] == INT).all()) and all_different(np.frombuffer(graph.a, np.int64)[places])


class _Columns:
    def __init__(self, graph: Graph, monitor: Monitor = QUIET) -> None:
        import numpy as np
        self.graph = graph
        self.monitor = monitor
        self.kind = np.frombuffer(graph.kind, np.uint8)
        self.a: Ints = np.frombuffer(graph.a, np.int64)
        self.b: Ints = np.frombuffer(graph.b, np.intc)
        self.operands: Ints = np.frombuffer(graph.operands, np.intc)

    @functools.cached_property
    def changed(self) -> Bools:
        import numpy as np
        found: Bools = np.frombuffer(self.graph.changed(), np.bool_)
        return found

    def tensors(self, builders: set[int], parameters: set[int], ordered_dicts: set[int]) -> tuple[Rows, Ids]:
        import numpy as np
        forms = _Forms()
        parts = [self._tensors_between(first, last, builders, ordered_dicts, forms) for first, last in self._stretches()]
        columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
        del parts
        if parameters:
            columns = self._with_parameters(columns, parameters, ordered_dicts)
        nodes, form, offsets, reaches, requires_grad, pids = columns
        rows = Rows(numbered(nodes, len(self.kind)), nodes, form, forms.all, offsets, reaches, requires_grad, pids)
        return rows, self._ids(pids if goes_up(pids) else self._once(pids))

    def _with_parameters(self, columns: list[Any], parameters: set[int], ordered_dicts: set[int]) -> list[Any]:
        """The columns of tensors with the Parameters that are made of them, which are the same but for their node and whether they require
        gradients."""
        import numpy as np
        if not len(columns[0]):
            return columns
        parts = [self._parameters_between(first, last, columns[0], parameters, ordered_dicts) for first, last in self._stretches()]
        outer, inner, requires_grad = (np.concatenate(column) for column in zip(*parts, strict=True))
        if not len(outer):
            return columns
        found = [np.concatenate((column, column[inner])) for column in columns]
        found[0][-len(outer):], found[4][-len(outer):] = outer, requires_grad
        order = np.argsort(found[0])
        return [column[order] for column in found]

    def _parameters_between(self, first: int, last: int, tensors: Ints, parameters: set[int],
                            ordered_dicts: set[int]) -> tuple[Ints, Ints, Bools]:
        """Those from one node to another: their nodes, the places of what they are made of among `tensors`, and what requires gradients."""
        import numpy as np
        nodes: Ints = np.flatnonzero(self.kind[first:last] == REDUCE) + first
        nodes = nodes[self._names(self.a[nodes], parameters) & ~self.changed[nodes]]
        nodes = nodes[self._is_tuple(self.b[nodes], 3)]
        tensor, grad, hooks = self._items(self.b[nodes], 3)
        places: Ints = np.minimum(np.searchsorted(tensors, tensor), len(tensors) - 1)
        good = (tensors[places] == tensor) & self._no_hooks(hooks, ordered_dicts)
        good &= (self.kind[grad] == TRUE) | (self.kind[grad] == FALSE)
        return nodes[good].astype(np.intc), places[good], self.kind[grad[good]] == TRUE

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """The graph in parts: what is asked of all of it takes more memory for a moment than all that is kept."""
        for first in range(0, len(self.kind), _NODES_AT_ONCE):
            self.monitor.check()
            yield first, first + _NODES_AT_ONCE

    def _tensors_between(self, first: int, last: int, builders: set[int], ordered_dicts: set[int], forms: _Forms) -> tuple[Ints, ...]:
        """The columns of `Rows` from `nodes` on, but for `forms`, of the nodes from `first` to `last`."""
        import numpy as np
        nodes: Ints = np.flatnonzero(self.kind[first:last] == REDUCE) + first
        nodes = nodes[self._names(self.a[nodes], builders) & ~self.changed[nodes]]
        nodes = nodes[self._is_tuple(self.b[nodes], 6)]
        storage, offset, size, stride, grad, hooks = self._items(self.b[nodes], 6)
        rank = self.b[size] - self.a[size]
        good = (self.kind[offset] == INT) & (self.a[offset] >= 0) & self._is_tuple(size) & self._is_tuple(stride)
        good &= (rank <= _RANKS) & (self.b[stride] - self.a[stride] == rank)
        good &= ((self.kind[grad] == TRUE) | (self.kind[grad] == FALSE)) & self._no_hooks(hooks, ordered_dicts)
        good &= self._is_id(storage)
        form, reach = np.zeros(len(nodes), np.intc), np.zeros(len(nodes), np.int64)
        for dims in range(_RANKS + 1):
            pick = np.flatnonzero(good & (rank == dims))
            if len(pick):
                good[pick] = self._of_rank(dims, pick, size[pick], stride[pick], forms, form, reach)
        return nodes[good].astype(np.intc), form[good], self.a[offset[good]], reach[good], self.kind[grad[good]] == TRUE, storage[good]

    def computed_calls(self) -> list[int]:
        import numpy as np
        odd: Bools = np.ones(256, np.bool_)
        odd[list(NAMES)] = False
        return [n for calls, targets in self._calls() for n in sorted(calls[odd[self.kind[targets]]].tolist())]

    def calls_besides(self, names: set[int]) -> list[int]:
        return [n for calls, targets in self._calls() for n in sorted(calls[~self._names(targets, names)].tolist())]

    def ids_of_others(self) -> list[int]:
        return [n for first, last in self._stretches() for n in self._ids_of_others(first, last)]

    def _ids_of_others(self, first: int, last: int) -> list[int]:
        import numpy as np
        nodes: Ints = np.flatnonzero(self.kind[first:last] == PERSID) + first
        ids = self.a[nodes]
        full = (self.kind[ids] == TUPLE) & (self.b[ids] > self.a[ids])
        words = self.operands[self.a[ids[full]]]
        fine = full.copy()
        fine[full] = said = self._says(words, b"storage")
        if not said.all():
            others = [n for n in self._once(words[~said]).tolist() if self.graph.loose_text(n) != "storage"]
            fine[full] = ~np.isin(words, others)
        return nodes[~fine].tolist()        # type: ignore[no-any-return]

    def _calls(self) -> Iterator[tuple[Ints, Ints]]:
        """All calls, and the callable of each, stretch by stretch."""
        import numpy as np
        for first, last in self._stretches():
            kind = self.kind[first:last]
            direct: Ints = np.flatnonzero((kind == REDUCE) | (kind == NEWOBJ)) + first
            listed: Ints = np.flatnonzero((kind == NEWOBJEX) | (kind == OBJ) | (kind == INST)) + first
            yield np.concatenate((direct, listed)), np.concatenate((self.a[direct], self.operands[self.a[listed]]))

    def _of_rank(self, dims: int, pick: Ints, size: Ints, stride: Ints, forms: _Forms, form: np.ndarray[Any, Any], reach: Ints) -> Any:
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
        places = forms.add([(row[:dims], row[dims:]) for row in map(tuple, both[first].tolist())])
        form[pick] = np.array(places, np.intc)[which]
        reach[pick] = far[which]
        return whole & whole_too & sound[which]

    def _items(self, tuples: Ints, count: int) -> list[Ints]:
        """The first so many items of tuples, column by column."""
        first: Ints = self.a[tuples]
        return [self.operands[first + place] for place in range(count)]

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
        word, cls, key, location, numel = self._items(self.a[nodes[pick]], 5)
        is_one[pick] = (self._says(word, b"storage") & (self.kind[cls] == GLOBAL) & (self.kind[key] == STR) & (self.kind[location] == STR)
                        & (self.kind[numel] == INT) & (self.a[numel] >= 0))
        return is_one

    def _says(self, texts: Ints, said: bytes) -> Bools:
        """Which of the nodes are texts, of Python 3, that say that."""
        import numpy as np
        data, start = np.frombuffer(self.graph.data, np.uint8), self.a[texts]
        found: Bools = (self.kind[texts] == STR) & (self.b[texts] - start == len(said))
        start = np.where(found, start, 0)
        for place, letter in enumerate(said):
            found &= data[start + place] == letter
        return found

    def _is_five(self, tuples: Ints) -> Bools:
        """Which are tuples of five items; a sixth may be None, as in files from before torch 1.6."""
        import numpy as np
        five, six = self._is_tuple(tuples, 5), self._is_tuple(tuples, 6)
        if six.any():
            six[six] = self.kind[self.operands[self.a[tuples[six]] + 5]] == NONE
        return np.logical_or(five, six)

    def ids(self) -> Ids:
        """Of all of the graph."""
        import numpy as np
        found = []
        for first, last in self._stretches():
            nodes = np.flatnonzero(self.kind[first:last] == PERSID) + first
            found.append(nodes[self._is_id(nodes)])
        return self._ids(np.concatenate(found))

    def _ids(self, nodes: Ints) -> Ids:
        """What the persistent ids say; those whose key is no short number, whose tag is long or "meta", of which something is
        to be said at each tensor, or whose class is unknown, are left out."""
        import numpy as np
        known = [storage_dtype(*canonical(*name)) for name in self.graph.names]
        of_name, dtypes = _texts_once(known)
        of_name = of_name.astype(np.intc)
        is_known = np.array([one is not None for one in known], np.bool_)
        devices: dict[str, int] = {}
        parts = []
        for begin in range(0, max(len(nodes), 1), _AT_ONCE):
            self.monitor.check()
            some = nodes[begin:begin + _AT_ONCE]
            _, cls, key, location, numel = self._items(self.a[some], 5)
            numbers, keep = self._decimals(self.a[key], self.b[key])
            keep &= is_known[self.a[cls]] & (self.b[location] - self.a[location] <= LONGEST_TAG) & ~self._says(location, b"meta")
            device, texts = self._few_texts(location[keep])
            places = np.array([devices.setdefault(text, len(devices)) for text in texts], np.intc)
            parts.append((some[keep], numbers[keep], of_name[self.a[cls[keep]]], places[device], self.a[numel[keep]]))
        own, keys, dtype, device, numels = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Ids(own, keys, dtype, dtypes, device, [*devices], numels)

    def _few_texts(self, texts: Ints) -> tuple[Ints, list[str]]:
        """For each of the texts its place among the different ones, and those: few, however many nodes say the same."""
        import numpy as np
        nodes, _, which = different(texts.astype(np.int64))
        start, length = self.a[nodes], self.b[nodes] - self.a[nodes]
        data = self.graph.data
        if not length.size or length.max() >= 8 or len(data) < 8:
            places: dict[bytes, int] = {}
            own = np.array([places.setdefault(data[first:first + count], len(places))
                            for first, count in zip(start.tolist(), length.tolist(), strict=True)], np.int64)
            return own[which], [str(raw, "utf-8", "surrogatepass") for raw in places]
        words: Ints = np.ndarray((len(data) - 7,), np.dtype("<i8"), data, 0, (1,))      # each with its length behind it
        once = different((words[start] & ((1 << 8 * length) - 1)) | length.astype(np.int64) << 56)
        return once.which[which], [str(data[first:first + count], "utf-8", "surrogatepass")
                                   for first, count in zip(start[once.first].tolist(), length[once.first].tolist(), strict=True)]

    def _decimals(self, start: Ints, end: Ints) -> tuple[Ints, Bools]:
        """The texts in the pickle from `start` to `end` as numbers, and which of them are short decimal ones without zeros before them."""
        import numpy as np
        data = np.frombuffer(self.graph.data, np.uint8)
        length = end - start
        good: Bools = (length > 0) & (length <= KEY_DIGITS)
        start = np.where(good, start, 0)
        good &= (length == 1) | (data[start] != ord("0"))
        numbers: Ints = np.zeros(len(start), np.int64)
        for place in range(int(length[good].max(initial=0))):
            there = good & (place < length)
            digits = data[np.where(there, start + place, 0)].astype(np.int64) - ord("0")
            good &= ~there | ((digits >= 0) & (digits <= 9))
            numbers = np.where(there, numbers * 10 + digits, numbers)
        return numbers, good


def _texts_once(texts: list[str | None]) -> tuple[Ints, list[str]]:
    """For each text its place among the different ones, and those; None counts as ""."""
    import numpy as np
    places: dict[str, int] = {}
    return np.array([places.setdefault(text or "", len(places)) for text in texts], np.int64), [*places]


def numbered(nodes: Ints, count: int) -> RowNumbers:
    """Which of `count` nodes are among `nodes`, which go up, and which of them each is."""
    import numpy as np
    marks = bytearray(count)
    np.frombuffer(marks, np.uint8)[nodes] = ORDINARY
    return RowNumbers(marks, array("i", nodes.astype(np.intc).tobytes()))


def by_name(graph: Graph, numbers: RowNumbers, pairs: ManyPairs) -> tuple[Ints, Ints]:
    """The places of those pairs that are ordinary tensors under texts, and those of all others."""
    import numpy as np
    keys, values = (np.frombuffer(column, np.intc) for column in (pairs.keys, pairs.values))
    is_text: Bools = np.zeros(256, np.bool_)
    is_text[[STR, STRTEXT, PYSTR, PYSTRTEXT]] = True
    named = numbers.are_there(values) & is_text[np.frombuffer(graph.kind, np.uint8)[keys]]
    return np.flatnonzero(named), np.flatnonzero(~named)


class RowsOfPairs:
    """The pairs of a large dict that are ordinary tensors under text keys, thousands at a time. `rows` and `texts` are those that were
    taken last."""

    def __init__(self, graph: Graph, pairs: ManyPairs, numbers: RowNumbers) -> None:
        import numpy as np
        self._graph = graph
        self._kind = np.frombuffer(graph.kind, np.uint8)
        self._a, self._b = np.frombuffer(graph.a, np.int64), np.frombuffer(graph.b, np.intc)
        self._keys: Ints = np.frombuffer(pairs.keys, np.intc)
        self._values: Ints = np.frombuffer(pairs.values, np.intc)
        self._numbers = numbers
        self.rows: Ints = np.zeros(0, np.int64)
        self.texts: list[str] = []

    def take(self, first: int, count: int, most: int) -> bool:
        """Whether the pairs from `first` on are all so, no tensor twice, and their keys at most `most` bytes together."""
        keys, self._taken = self._keys[first:first + count], self._values[first:first + count]
        if not self._numbers.are_fresh(self._taken) or not all_different(self._taken) \
                or not (self._kind[keys] == STR).all() or int((self._b[keys] - self._a[keys]).sum()) > most:
            return False
        self.rows, texts = self._numbers.of_all(self._taken), texts_of(self._graph, keys)
        self.texts = texts or []
        return texts is not None

    def give(self) -> None:
        self._numbers.give(self._taken)
