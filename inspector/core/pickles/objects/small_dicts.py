"""Dicts in which there is nothing but a few ordinary tensors, numbers and texts, as in the state of an optimizer (of a parameter that has
no gradient None alone) and in the parts of a training checkpoint: what is in all of them is gathered at once, for dicts that are too small
for numpy by themselves."""
from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from inspector.core.graph import DICT, FALSE, FLOAT, INT, MANY_PAIRS, NONE, SETITEM, SETITEMS, STR, TRUE, Graph
from inspector.core.pickles.decode.columns import different, goes_up

from .bulk import RowNumbers, texts_of

if TYPE_CHECKING:
    import numpy as np

    from .bulk import Bools, Ints

FEWEST = 64         # dicts for which it pays, and …
WORTH_IT = 1 << 15  # … nodes of a graph for which nothing else needed numpy
TOGETHER = 64       # … to list them together, and …
MOST = 4096         # … so many at once
_PAIR = 256         # bytes that a pair of one takes while they are gathered


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
    tensor is. No two keys of one of them are the same text. There are none where it would take more than `room` bytes to gather them."""

    def __init__(self, graph: Graph, numbers: RowNumbers, place: array[int], room: int) -> None:
        self._dicts = array("i")                    # their nodes, which go up; where the pairs of each begin, and …
        self._first = array("i", (0,))              # … where those of the last one end
        self._mixed = bytearray()
        alone = array("i", map(itemgetter(1), graph.mutations.single()))            # made empty and filled at once, as a rule
        alone.extend(made[0] for _, made in graph.mutations.others() if len(made) == 1)
        if len(alone) >= FEWEST:
            self._gather(graph, alone, numbers, place, room)

    def _gather(self, graph: Graph, filled: array[int], numbers: RowNumbers, place: array[int], room: int) -> None:
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
        if len(dicts) < FEWEST or _PAIR * int(count.sum()) > room:
            return
        if not goes_up(dicts):
            order = np.argsort(dicts)
            dicts, first, count = dicts[order], first[order], count[order]
        begin = np.cumsum(count) - count
        at = np.repeat(first - 2 * begin, count) + 2 * np.arange(int(count.sum()))
        keys, values = operands[at], operands[at + 1]
        there, plain = numbers.are_there(values), np.zeros(256, np.bool_)
        plain[[INT, FLOAT, NONE, TRUE, FALSE, STR]] = True
        good = np.logical_and.reduceat((kind[keys] == STR) & (there | plain[kind[values]]), begin)
        if np.count_nonzero(good) < FEWEST:
            return
        kept = np.repeat(good, count)
        keys, values, there, dicts, count = keys[kept], values[kept], there[kept], dicts[good], count[good]
        texts, which = self._texts(graph, keys)
        if texts is None:
            return
        begin = np.cumsum(count) - count
        doubtful = _with_equal(np.repeat(np.arange(len(dicts)), count) * (int(which.max()) + 1) + which, begin)
        if doubtful.any():                          # as in no sound file
            kept = np.repeat(~doubtful, count)
            keys, values, there, dicts, count = keys[kept], values[kept], there[kept], dicts[~doubtful], count[~doubtful]
            texts = [*compress(texts, kept.tolist())]
            begin = np.cumsum(count) - count
        own, places = np.full(len(values), -1), np.full(len(values), -1)
        own[there] = numbers.of_all(values[there])
        places[there] = np.frombuffer(place, np.intc)[own[there]]
        self._keys, self._values, self._rows, self._places, self._dicts, self._first = (
            array("i", column.astype(np.intc).tobytes()) for column in (keys, values, own, places, dicts, np.append(begin, len(keys))))
        self._texts_of_keys = texts
        self._mixed = bytearray((~np.logical_and.reduceat(there, begin)).tobytes()) if len(begin) else bytearray()

    def _texts(self, graph: Graph, keys: np.ndarray[tuple[int], np.dtype[np.intc]]) -> tuple[list[str] | None, Ints]:
        """Those of the keys, of which many are the same node, and of each which of the different ones it is; None where one holds a NUL."""
        import numpy as np
        once = different(keys.astype(np.int64))
        texts = texts_of(graph, once.values)
        if texts is None:
            return None, once.which
        known: dict[str, int] = {}
        numbers = np.array([known.setdefault(text, len(known)) for text in texts])
        own = [*known]
        which: Ints = numbers[once.which]
        return [*map(own.__getitem__, which.tolist())], which

    def _place(self, n: int) -> int:
        """Of the dict `n` among them; -1 where that is none."""
        place = bisect_left(self._dicts, n)
        return place if place < len(self._dicts) and self._dicts[place] == n else -1

    def __contains__(self, n: int) -> bool:
        return self._place(n) >= 0

    def of(self, n: int) -> SmallDict | None:
        """What is in the dict `n`; None where that is none of them."""
        place = self._place(n)
        if place < 0:
            return None
        first, last = self._first[place], self._first[place + 1]
        return SmallDict(self._keys[first:last], self._values[first:last], self._texts_of_keys[first:last], self._rows[first:last],
                         self._places[first:last], bool(self._mixed[place]))

    def several(self, nodes: Sequence[int]) -> Several | None:
        """What is in as many of `nodes`, from the first on, as are such dicts, one behind the other; None where they are too few."""
        first = self._place(nodes[0]) if len(nodes) >= TOGETHER else -1
        if first < 0:
            return None
        import numpy as np
        wanted = np.array(nodes[:MOST], np.intc)
        behind = np.frombuffer(self._dicts, np.intc)[first:first + len(wanted)]
        others = np.flatnonzero(behind != wanted[:len(behind)])
        number = int(others[0]) if len(others) else len(behind)
        if number < TOGETHER:
            return None
        ends = np.frombuffer(self._first, np.intc)[first:first + number + 1]
        begin, end = int(ends[0]), int(ends[-1])
        keys, values, rows = (np.frombuffer(column, np.intc)[begin:end].astype(np.int64)
                              for column in (self._keys, self._values, self._rows))
        return Several(np.diff(ends).tolist(), self._texts_of_keys[begin:end], keys, values, rows)


def _with_equal(names: Ints, begin: Ints) -> Bools:
    """For each dict whether two of the names are the same, which are all different in different dicts and begin at `begin` in each."""
    import numpy as np
    again = np.zeros(len(names), np.bool_)
    order = np.argsort(names, kind="stable")
    in_order = names[order]
    again[order[1:]] = in_order[1:] == in_order[:-1]
    found: Bools = np.logical_or.reduceat(again, begin)
    return found
