"""Which rows of a tree are guilty of what: sorted nodes of each kind, so that what lies below a group is two searches. No Qt.

Made in a worker; takes eight bytes a guilty row and nothing for the others.
"""
from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from inspector import core
from inspector.gui.kit import words
from inspector.gui.state.signals import FileSignals, Kind, Mark, nan_text, zeros_text

from .key_tree import KeyTree, each_once

# what a tensor or value says by itself, besides what was done to it
_ON_ROWS = (Kind.RUNS, Kind.BROKEN, Kind.NAN, Kind.CLASSES, Kind.ZERO)


class TreeMarks:
    """`file` are the marks of the file's own row."""

    def __init__(self, tree: KeyTree, found: FileSignals, monitor: core.Monitor = core.QUIET) -> None:
        self.tree, self._bad = tree, found.bad
        edited = [signal for signal in found.signals if signal.kind is Kind.EDITED]
        others = [signal for signal in found.signals if signal.kind is not Kind.EDITED]
        self.file = tuple(Mark(signal.kind, "" if signal.kind is Kind.OK else signal.text) for signal in (*edited, *others[:1]))
        again = found.rewritten
        if again:
            self.file = (Mark(Kind.CHANGED, words.rewritten(again)), *self.file)
        self._nodes: dict[Kind, NDArray[np.int64]] = {}
        guilty = {signal.kind: signal.keys for signal in others if signal.kind in _ON_ROWS and signal.keys}
        done = ((Kind.EDITED, found.edited), *(((Kind.CHANGED, again.changed), (Kind.NEW, again.new)) if again else ()))
        if guilty or any(keys for _, keys in done):
            of_entry = _nodes_of_entries(tree)
            number = {key: n for n, key in enumerate(core.stoppable(tree.keys, monitor))}
            for kind, keys in (*guilty.items(), *done):
                entries = [number[key] for key in core.stoppable(keys, monitor) if key in number]
                if entries:
                    self._nodes[kind] = each_once(of_entry[entries])

    def of(self, node: int, *, group: bool) -> tuple[Mark, ...]:
        """Of a row: edited, and changed or new on the disk, first, then the worst there is at it, or below it where it is a `group`."""
        edited = (Mark(Kind.EDITED),) if self._has(Kind.EDITED, node, group) else ()
        again = next(((Mark(kind),) for kind in (Kind.CHANGED, Kind.NEW) if self._has(kind, node, group)), ())
        for kind in _ON_ROWS:
            if self._has(kind, node, group):
                return (*edited, *again, Mark(kind, "" if group else self._text(kind, node)))
        return (*edited, *again)

    def next(self, node: int, backwards: bool = False) -> int | None:
        """The next guilty node behind `node`, or before it; None when there is none."""
        nodes = self.guilty
        at = bisect_left(nodes, node if backwards else node + 1)
        at = at - 1 if backwards else at
        return int(nodes[at]) if 0 <= at < len(nodes) else None

    @property
    def guilty(self) -> NDArray[np.int64]:
        """All nodes that are guilty of something, in order; edits are no guilt."""
        parts = [self._nodes[kind] for kind in _ON_ROWS if kind in self._nodes]
        return each_once(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)

    def _has(self, kind: Kind, node: int, group: bool) -> bool:
        nodes = self._nodes.get(kind)
        if nodes is None:
            return False
        at = bisect_left(nodes, node)
        return at < len(nodes) and int(nodes[at]) < (int(self.tree.end[node]) if group else node + 1)

    def _text(self, kind: Kind, node: int) -> str:
        bad = self._bad.get(self.tree.key(node)) if kind is Kind.NAN else None
        return nan_text(*bad) if bad is not None else zeros_text() if kind is Kind.ZERO else ""


def _nodes_of_entries(tree: KeyTree) -> NDArray[np.int64]:
    found = np.zeros(len(tree.keys), dtype=np.int64)
    nodes = np.flatnonzero(tree.entry >= 0)
    found[tree.entry[nodes]] = nodes
    return found
