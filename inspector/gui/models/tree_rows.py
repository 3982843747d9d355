"""Which nodes of one document's tree stand on a row, in which order. No Qt.

    file's order or sorted siblings  →  without what lies in a collapsed group  →  without what the filter does not show

A collapsed group hides one interval of the order, so all that is hidden is one running sum: a million nodes take some 20 ms. A copy
can be changed in a worker and put in the place of the other, as long as that is at the same `version`.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector import core

from .key_tree import Bools, Ints, KeyTree

FEW = 40                # rows that are shown unasked when a file is opened


class TreeRows:
    """`rows` are the visible nodes, first to last; always at least the root's. The expansion while filtering is kept apart,
    so that clearing the filter brings back what was. `version` grows with every change. `flat`: no groups, every tensor and value right
    below the root."""

    def __init__(self, tree: KeyTree) -> None:
        self.tree = tree
        self.version = 0
        self.flat = False
        self.hits: Bools | None = None
        self.hit_count = 0                                  # how many these are
        self._shown: Bools | None = None                    # hits and what is above them, while filtering
        self._kept = np.zeros(len(tree), dtype=bool)        # expansion without filter
        self._while_filtering: Bools | None = None
        self._order: Ints | None = None                     # None: the file's own
        self._position: NDArray[np.int64] | None = None
        # nodes, the most runs, the version, and what was found of them
        self._found: tuple[Sequence[int] | NDArray[Any], int | None, int, list[tuple[int, int]] | None] | None = None
        self._open_a_little()
        self.rows: NDArray[np.int64] = self._all_visible()

    def copy(self) -> TreeRows:
        """One that changes by itself: what changes is copied, what is only ever replaced is shared."""
        made = copy(self)
        made._kept = self._kept.copy()
        made._while_filtering = None if self._while_filtering is None else self._while_filtering.copy()
        return made

    # -- one node -----------------------------------------------------------------------------------------------------

    def is_expanded(self, node: int) -> bool:
        return bool(self._expanded[node]) and self.has_children(node)

    def has_children(self, node: int) -> bool:
        """Whether there is anything to expand, under the present filter."""
        tree = self.tree
        if not tree.foldable[node] or (self.flat and node):
            return False
        return self._shown is None or bool(self._shown[node + 1:tree.end[node]].any())

    def row_of(self, node: int) -> int | None:
        """Where `node` stands, or None while it is hidden."""
        node = int(self.tree.representative[node])
        if self._position is None:
            row = int(np.searchsorted(self.rows, node))
        else:
            row = int(np.searchsorted(self._position[self.rows], self._position[node]))
        return row if row < len(self.rows) and self.rows[row] == node else None

    def rows_of(self, nodes: NDArray[Any]) -> NDArray[np.int64]:
        """The rows, ascending, of those of `nodes` that are visible."""
        wanted = np.zeros(len(self.tree), dtype=bool)
        wanted[nodes] = True
        return np.flatnonzero(wanted[self.rows])

    def runs_of(self, nodes: Sequence[int] | NDArray[Any], most: int | None = None) -> list[tuple[int, int]] | None:
        """The same as runs of neighbouring rows, first and last; nodes beyond the tree are none of it. None when there are more than
        `most`."""
        found, self._found = self._found, None
        if found is not None and found[0] is nodes and found[1:3] == (most, self.version):
            return found[3]
        return self._runs(nodes, most)

    def find_runs(self, nodes: Sequence[int] | NDArray[Any], most: int | None) -> None:
        """For workers, of a million nodes: `runs_of` will be asked for these next."""
        self._found = nodes, most, self.version, self._runs(nodes, most)

    def _runs(self, nodes: Sequence[int] | NDArray[Any], most: int | None) -> list[tuple[int, int]] | None:
        wanted = np.asarray(nodes, dtype=np.int64)
        rows = self.rows_of(wanted[wanted < len(self.tree)])
        breaks = np.flatnonzero(np.diff(rows) != 1)
        if most is not None and len(breaks) >= most:
            return None
        firsts, lasts = np.append(rows[:1], rows[breaks + 1]), np.append(rows[breaks], rows[-1:])
        return list(zip(firsts.tolist(), lasts.tolist(), strict=True))

    def rows_named(self, fits: Callable[[str], bool]) -> list[int]:
        """The rows whose first name, without regard to case, `fits`."""
        tree = self.tree
        fitting = np.fromiter(map(fits, tree.folded_names), dtype=bool, count=len(tree.names))
        return np.flatnonzero(fitting[tree.name_id[tree.chain_top[self.rows]]]).tolist()

    def parent(self, node: int) -> int | None:
        """The nearest group above that has a row of its own."""
        if self.flat:
            return 0 if node else None
        return next((up for up in self.tree.ancestors(node) if not self.tree.folded[up]), None)

    def if_expanded(self, node: int) -> NDArray[np.int64]:
        """The nodes below `node` that would be visible if it were expanded."""
        first = self._place(node) + 1
        return self._visible(first, first + int(self.tree.size[node]) - 1)

    @property
    def order(self) -> NDArray[Any]:
        """All nodes in the order in which they would stand if everything were expanded and nothing left out."""
        return np.arange(len(self.tree)) if self._order is None else self._order

    def place_of(self, node: int) -> int:
        """Where `node` stands in `order`."""
        return self._place(node)

    # -- changing -----------------------------------------------------------------------------------------------------

    def expand(self, node: int, row: int, below: NDArray[np.int64]) -> None:
        """`row` is the row of `node`; `below` what `if_expanded` said."""
        self._expanded[node] = True
        self.version += 1
        self.rows = np.concatenate((self.rows[:row + 1], below, self.rows[row + 1:]))

    def count_below(self, row: int) -> int:
        """How many rows stand below the node of `row` and belong to it."""
        node = int(self.rows[row])
        last = self._place(node) + int(self.tree.size[node])
        places = self.rows if self._position is None else self._position[self.rows]
        return int(np.searchsorted(places, last)) - row - 1

    def collapse(self, node: int, row: int, gone: int) -> None:
        """`row` is the row of `node`; `gone` what `count_below` said."""
        self._expanded[node] = False
        self.version += 1
        self.rows = np.concatenate((self.rows[:row + 1], self.rows[row + 1 + gone:]))

    def set_below(self, node: int, expanded: bool) -> None:
        """Expands or collapses `node` and everything below it."""
        self._expanded[node:self.tree.end[node]] = expanded
        self.rows = self._all_visible()

    def set_depth(self, depth: int) -> None:
        """Expands the groups above `depth`, as drawn, and collapses those at and below it."""
        np.less(self.tree.shown_depth, depth, out=self._expanded)
        self.rows = self._all_visible()

    def reveal(self, node: int) -> None:
        """Expands what is above `node`."""
        for up in self.tree.ancestors(node):
            self._expanded[up] = True
        self.rows = self._all_visible()

    @property
    def is_filtered(self) -> bool:
        """Whether what is no hit is hidden."""
        return self._shown is not None

    def show_only(self, hits: Bools | None, *, hides: bool = True) -> None:
        """Shows `hits` and what is above them, expanded; None shows everything again, expanded as it was, as does not `hides`."""
        self.hits, self.hit_count = hits, 0 if hits is None else int(np.count_nonzero(hits))
        if hits is None or not hides:
            self._shown = self._while_filtering = None
        else:
            self._shown = self.tree.with_ancestors(hits)
            self._shown[0] = True
            self._while_filtering = np.ones(len(self.tree), dtype=bool)
        self.rows = self._all_visible()

    def set_flat(self, flat: bool) -> None:
        """A list of all tensors and values, or the tree of groups; in the file's order, until it is sorted."""
        self.flat = flat
        self._order = self._position = None
        self.rows = self._all_visible()

    def sort(self, column: str | None, descending: bool = False, ranks: NDArray[np.int64] | None = None) -> None:
        """Sorts siblings by `column`; None restores the file's order. A flat list may be sorted by `ranks`, one a node, instead."""
        if column is None:
            self._order = self._position = None
        else:
            self._position = self._sorted(column, descending) if ranks is None else self.tree.listed_positions(ranks)
            self._order = np.empty(len(self.tree), dtype=np.int32)
            self._order[self._position] = np.arange(len(self.tree), dtype=np.int32)
        self.rows = self._all_visible()

    def _sorted(self, column: str, descending: bool) -> NDArray[np.int64]:
        tree = self.tree
        if not self.flat:
            return tree.sorted_positions(column, descending)
        return tree.listed_positions(tree.sorted_positions(column) if column == "name" else tree.ranks(column), descending)

    def take_over(self, older: TreeRows, monitor: core.Monitor = core.QUIET) -> None:
        """Expands what was expanded in an older tree of the same file, going by names, and where those are others by what is in groups.
        Raises Cancelled."""
        old, new = older.tree, self.tree
        if len(old) == len(new) and np.array_equal(old.parent, new.parent) and np.array_equal(old.name_id, new.name_id) \
                and old.names == new.names:
            self._kept = older._kept.copy()
            self.rows = self._all_visible()
            return
        self._kept[:] = False
        pairs = [(0, 0)]
        while pairs:
            there, here = pairs.pop()
            self._kept[here] = older._kept[there] or old.folded[there]
            if self._kept[here]:
                groups = {old.name(child): child for child in core.stoppable(old.children(there), monitor) if old.has_children[child]}
                for child in core.stoppable(new.children(here), monitor):
                    if new.has_children[child]:
                        was = groups.get(new.name(child))
                        was = new.renamed_from(old, child) if was is None else was
                        pairs += [(was, child)] if was is not None else []
        self.rows = self._all_visible()

    # -- rows ---------------------------------------------------------------------------------------------------------

    @property
    def _expanded(self) -> Bools:
        return self._kept if self._while_filtering is None else self._while_filtering

    def _place(self, node: int) -> int:
        return node if self._position is None else int(self._position[node])

    def _all_visible(self) -> NDArray[np.int64]:
        self.version += 1
        return self._visible(0, len(self.tree))

    def _visible(self, first: int, last: int) -> NDArray[np.int64]:
        """The nodes at places `first .. last` of the order that no collapsed group among them hides."""
        tree = self.tree
        at: Any = slice(first, last) if self._order is None else self._order[first:last]
        if self.flat:
            return self._listed(first, at)
        count = last - first
        collapsed = np.flatnonzero(tree.foldable[at] & ~self._expanded[at])
        steps = np.bincount(collapsed + 1, minlength=count + 1)
        steps -= np.bincount(collapsed + tree.size[at][collapsed], minlength=count + 1)
        seen = np.cumsum(steps[:count]) == 0
        seen &= ~tree.folded[at]
        if self._shown is not None:
            seen &= self._shown[at]
        places = np.flatnonzero(seen)
        return places + first if self._order is None else self._order[first:last][places].astype(np.int64)

    def _listed(self, first: int, at: Any) -> NDArray[np.int64]:
        seen = self.tree.listed[at] if self._expanded[0] or first else np.zeros_like(self.tree.listed[at])
        if self._shown is not None:
            seen = seen & self._shown[at]
        if not first:
            seen = seen.copy()
            seen[0] = True
        places = np.flatnonzero(seen)
        return places + first if self._order is None else at[places].astype(np.int64)

    def _open_a_little(self) -> None:
        """The root and what is alone in it, and further levels as long as all of it fits a screen."""
        counts = np.bincount(self.tree.shown_depth[~self.tree.folded])
        alone = int(np.argmax(counts != 1)) or len(counts)          # the first depth with several nodes
        deepest = max(1, alone, int(np.searchsorted(np.cumsum(counts), FEW, side="right")) - 1)
        np.less(self.tree.shown_depth, deepest, out=self._kept)
