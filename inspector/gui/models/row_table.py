"""The rows of the tree or list as a table to be saved: what is shown, in its order, with the columns that are shown. For a worker."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from inspector import core
from inspector.gui.state import row_values
from inspector.gui.state.row_values import RowValues
from inspector.gui.state.session import Document

from . import tree_lines
from .tree_lines import DIGEST, MEASURED, NAME, NUMBERS, SHAPE, Kind
from .tree_rows import TreeRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Cell = str | int | float | None
_MANY = 500             # rows between two looks at whether to stop


class ShownRows(NamedTuple):
    """Of one file: its rows, those `nodes` that are shown, and what was measured of them in a list."""

    document: Document
    rows: TreeRows
    nodes: NDArray[np.int64]
    values: RowValues | None


class Made(NamedTuple):
    """`unread`: of how many rows a column that is there has not been read."""

    table: core.RunTable
    unread: int


def make_table(shown: Sequence[ShownRows], columns: Sequence[int], titles: Sequence[str], file_title: str,
               monitor: core.Monitor = core.QUIET) -> Made:
    """`columns` with their `titles`; of several files there is one more before them. Numbers are numbers, names as they are in the file,
    shapes as 64x3x7x7; what was not read is left empty. Raises Cancelled."""
    several, total, unread = len(shown) > 1, sum(len(one.nodes) for one in shown), 0
    made: list[tuple[Cell, ...]] = []
    for one in shown:
        for node in one.nodes.tolist():
            if len(made) % _MANY == 0:
                monitor.report(len(made), total)
            cells = _cells(one, node, columns)
            unread += _waits(one, node, columns)
            made.append((one.document.path, *cells) if several else cells)
    title = core.file_name(shown[0].document.path) if len(shown) == 1 else ""
    return Made(core.RunTable(title, ((file_title,) if several else ()) + tuple(titles), tuple(made)), unread)


def _cells(one: ShownRows, node: int, columns: Sequence[int]) -> tuple[Cell, ...]:
    tree = one.rows.tree
    line = tree_lines.node_line(one.document, one.rows, node)
    fields = tree_lines.fields(line, tree, one.document)
    cells: list[Cell] = []
    for column in columns:
        if column in MEASURED:
            cells.append(_measured(one.values, node, column) if one.values is not None and tree.measurable[node] else None)
        elif column == NAME:
            cells.append(line.key)
        elif line.kind is Kind.VALUE or column == SHAPE or column not in NUMBERS:
            cells.append((fields[column] if column < len(fields) else "") or None)
        else:
            number = tree_lines.raw(line, column, tree)
            cells.append(number if number != "" else None)
    return tuple(cells)


def _measured(values: RowValues, node: int, column: int) -> Cell:
    if (values.digested if column == DIGEST else values.state)[node] != row_values.READ:
        return None
    name = tree_lines.COLUMNS[column]
    if name in row_values.COUNTS:
        return int(values.counts[node, row_values.COUNTS.index(name)])
    if name in row_values.FIGURES:
        return float(values.figures[node, row_values.FIGURES.index(name)])
    return tree_lines.figure(values, node, column) or None


def _waits(one: ShownRows, node: int, columns: Sequence[int]) -> bool:
    if one.values is None or not one.rows.tree.measurable[node]:
        return False
    return any((one.values.digested if column == DIGEST else one.values.state)[node] == row_values.UNREAD
               for column in columns if column in MEASURED)
