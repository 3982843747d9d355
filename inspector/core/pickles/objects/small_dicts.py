"""Dicts in which there is nothing but a few ordinary tensors, numbers and texts, as in the state of an optimizer and in the parts of a
training checkpoint: what is in all of them is gathered at once, for dicts that are too small for numpy by themselves."""
from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from inspector.core.graph import DICT, FALSE, FLOAT, INT, MANY_PAIRS, NONE, SETITEM, SETITEMS, STR, TRUE, Graph
from inspector.core.pickles.decode.columns import different

from .bulk import RowNumbers, texts_of

if TYPE_CHECKING:
    import numpy as np

    from .bulk import Bools, Ints

FEWEST = 64         # dicts for which it pays
TOGETHER = 64       # … to list them together, and …
MOST = 4096         # … so many at once


class SmallDict(NamedTuple):
    """The pairs of one: nodes of keys and values, the texts of the keys, and for each value its row among the ordinary tensors and the
    place of its storage, -1 for one that is a number, a text, a bool or None; `mixed` where there are such."""

    keys: array[int]
    values: array[int]
    texts: list[str]
    rows: array[int]
    places: array[int]
    mixed: bool


class Several(NamedTuple):
    """The pairs of several, one dict after the other: how many pairs each has, the texts of the keys, nodes of keys and values, and of
    each value its row, -1 for those that are no tensors."""

    counts: list[int]
    texts: list[str]
    keys: Ints
    values: Ints
    rows: Ints

    def any_of(self, rows: Bools) -> list[bool]:
        """Of each dict whether this is so of one of its rows."""
        import numpy as np
        found: list[bool] = np.logical_or.reduceat(rows, np.cumsum([0, *self.counts[:-1]])).tolist()
        return found

    def number_of(self, rows: Bools) -> list[int]:
        """… and of how many of them."""
        import numpy as np
        found: list[int] = np.add.reduceat(rows.astype(np.int64), np.cumsum([0, *self.counts[:-1]])).tolist()
        return found


class SmallDicts:
    """Those of a graph by their nodes. `numbers` says of each node which ordinary tensor it is, `place` where the storage of each
    tensor is."""

    def __init__(self, graph: Graph, numbers: RowNumbers, place: array[int]) -> None:
        self._first: dict[int, int] = {}            # dict -> where its pairs begin
        self._count: dict[int, int] = {}
        alone = array("i", (made[0] for made in graph.mutations.values() if len(made) == 1))    # made empty and filled at once, as a rule
        if len(alone) >= FEWEST:
            self._gather(graph, alone, numbers, place)

    def _gather(self, graph: Graph, filled: array[int], numbers: RowNumbers, place: array[int]) -> None:
        import numpy as np
        kind = np.frombuffer(graph.kind, np.uint8)
        a, b = np.frombuffer(graph.a, np.int64), np.frombuffer(graph.b, np.intc)
        operands = np.frombuffer(graph.operands, np.intc)
        nodes = np.frombuffer(filled, np.intc)
        nodes = nodes[(kind[nodes] == SETITEMS) | (kind[nodes] == SETITEM)]
        first, count = a[nodes] + 1, (b[nodes] - a[nodes] - 1) // 2
        dicts = operands[a[nodes]]
        fine = (kind[dicts] == DICT) & (a[dicts] == b[dicts]) & (count > 0) & (count < MANY_PAIRS)
        dicts, first, count = dicts[fine], first[fine], count[fine]
        if len(dicts) < FEWEST:
            return
        begin = np.cumsum(count) - count
        at = np.repeat(first - 2 * begin, count) + 2 * np.arange(int(count.sum()))
        keys, values = operands[at], operands[at + 1]
        there, plain = numbers.are_there(values), np.zeros(256, np.bool_)
        plain[[INT, FLOAT, NONE, TRUE, FALSE, STR]] = True
        good = np.logical_and.reduceat((kind[keys] == STR) & (there | plain[kind[values]]), begin) & np.logical_or.reduceat(there, begin)
        if np.count_nonzero(good) < FEWEST:
            return
        kept = np.repeat(good, count)
        keys, values, there, dicts, count = keys[kept], values[kept], there[kept], dicts[good], count[good]
        texts = self._texts(graph, keys)
        if texts is None:
            return
        own, places = np.full(len(values), -1), np.full(len(values), -1)
        own[there] = numbers.of_all(values[there])
        places[there] = np.frombuffer(place, np.intc)[own[there]]
        self._keys, self._values, self._rows, self._places = (
            array("i", column.astype(np.intc).tobytes()) for column in (keys, values, own, places))
        self._texts_of_keys = texts
        begin = np.cumsum(count) - count
        self._first = dict(zip(dicts.tolist(), begin.tolist(), strict=True))
        self._count = dict(zip(dicts.tolist(), count.tolist(), strict=True))
        self._mixed = {*dicts[~np.logical_and.reduceat(there, begin)].tolist()}

    def _texts(self, graph: Graph, keys: np.ndarray[tuple[int], np.dtype[np.intc]]) -> list[str] | None:
        """Those of the keys, of which many are the same node; None where one holds a NUL."""
        import numpy as np
        once = different(keys.astype(np.int64))
        texts = texts_of(graph, once.values)
        return texts if texts is None or len(texts) == len(keys) else [*map(texts.__getitem__, once.which.tolist())]

    def __contains__(self, n: int) -> bool:
        return n in self._first

    def of(self, n: int) -> SmallDict | None:
        """What is in the dict `n`; None where that is none of them."""
        first = self._first.get(n)
        if first is None:
            return None
        last = first + self._count[n]
        return SmallDict(self._keys[first:last], self._values[first:last], self._texts_of_keys[first:last], self._rows[first:last],
                         self._places[first:last], n in self._mixed)

    def several(self, nodes: Sequence[int]) -> Several | None:
        """What is in as many of `nodes`, from the first on, as are such dicts; None where they are too few."""
        begin = behind = self._first.get(nodes[0], -1) if len(nodes) >= TOGETHER else -1
        if begin < 0:
            return None
        counts: list[int] = []
        for n in nodes:
            if self._first.get(n) != behind or len(counts) == MOST:
                break
            counts.append(self._count[n])
            behind += counts[-1]
        if len(counts) < TOGETHER:
            return None
        import numpy as np
        keys, values, rows = (np.frombuffer(column, np.intc)[begin:behind].astype(np.int64)
                              for column in (self._keys, self._values, self._rows))
        return Several(counts, self._texts_of_keys[begin:behind], keys, values, rows)
