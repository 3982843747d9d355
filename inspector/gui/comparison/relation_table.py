"""Everything that was found between two files, a row each: what it is, of which tensors, how well it holds, what it rests on.

What a row says was looked at in the elements. What that lets one think (`core.Inference`) has no row: it is not found in any file.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from inspector import core
from inspector.gui.kit import theme, words
from inspector.gui.models.pair_lines import distance_text

from .verdicts import growth_text, how_well, orders_text

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
WHAT, IN_A, IN_B, HOLDS, RESTS = range(5)
_NAMED = 3                  # keys of several that stand in a cell
_TIPPED = 40                # and in its tooltip
_SPLIT = {"joined": "split", "stacked": "unstacked"}
TOLD = ("cast", "rounded", "scaled", "masked", "low-rank", "quantized", "related", "unrelated")     # kinds of values that say something


class Relation(NamedTuple):
    """`does` is what edits are made of, None where no edit does it; `lower` is searched."""

    kind: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    holds: str
    rests: str
    does: core.Rearranged | core.Pair | None
    lower: str


def kind_names() -> dict[str, str]:
    """In the order in which they are offered."""
    return {
        "transposed": QCoreApplication.translate("Relations", "Transposed"),
        "permuted": QCoreApplication.translate("Relations", "Dimensions permuted"),
        "reshaped": QCoreApplication.translate("Relations", "Reshaped"),
        "reordered": QCoreApplication.translate("Relations", "Slices reordered"),
        "joined": QCoreApplication.translate("Relations", "Joined"), "split": QCoreApplication.translate("Relations", "Split"),
        "stacked": QCoreApplication.translate("Relations", "Stacked"),
        "unstacked": QCoreApplication.translate("Relations", "Unstacked"),
        "grown": QCoreApplication.translate("Relations", "Grown"), "cut": QCoreApplication.translate("Relations", "Cut"),
        "moved": QCoreApplication.translate("Relations", "Other name"),
        "cast": QCoreApplication.translate("Relations", "Cast"), "rounded": QCoreApplication.translate("Relations", "Rounded"),
        "scaled": QCoreApplication.translate("Relations", "Multiplied"),
        "masked": QCoreApplication.translate("Relations", "Zeroed in part"),
        "low-rank": QCoreApplication.translate("Relations", "Low-rank change"),
        "quantized": QCoreApplication.translate("Relations", "On a grid"),
        "related": QCoreApplication.translate("Relations", "Changed, alike"),
        "unrelated": QCoreApplication.translate("Relations", "Unrelated"),
        "undecided": QCoreApplication.translate("Relations", "Not told apart")}


def relations_of(comparison: core.Comparison, monitor: core.Monitor = core.QUIET) -> tuple[Relation, ...]:
    """For workers: all that was found in a comparison that was judged, arrangements first."""
    return tuple(_each(comparison, monitor))


def _each(comparison: core.Comparison, monitor: core.Monitor) -> Iterator[Relation]:
    a, b = comparison.a.tensors, comparison.b.tensors
    names = kind_names()
    for one in comparison.rearranged:
        kind = _SPLIT.get(one.kind, one.kind) if len(one.b) > 1 else one.kind
        whole = b[one.b[0]] if len(one.b) == 1 and one.kind != "grown" else a[one.a[0]]
        notes = [*([QCoreApplication.translate("Relations", "transposed as well")] if one.turned else []), *orders_text(one)]
        growth = growth_text(one)
        well = how_well(one)
        if one.basis == "weight":
            well.pop()                      # which says so, as the next column does
        holds = ", ".join([*notes, *growth[:1], *(well or [QCoreApplication.translate("Relations", "exactly")]), *growth[1:]])
        rests = QCoreApplication.translate("Relations", "the same of its weight") if one.basis == "weight" else _all_of(whole.numel)
        yield _row(names, kind, one.a, one.b, holds, rests, one)
    pairs = {(pair.a, pair.b): pair for pair in core.stoppable(comparison.pairs, monitor)}
    for delta in core.stoppable(comparison.lineage.deltas, monitor):
        if delta.kind in TOLD:
            pair = pairs.get((delta.a, delta.b))
            rests = _all_of(a[delta.a].numel) if not delta.sampled else \
                QCoreApplication.translate("Relations", "1 row") if delta.sampled == 1 else \
                QCoreApplication.translate("Relations", "{n} rows").format(n=f"{delta.sampled:,}")
            yield _row(names, delta.kind, (delta.a,), (delta.b,), _holds(delta, pair), rests, pair if _is_done_by_cast(pair) else None)
    for group in comparison.undecided:
        holds = QCoreApplication.translate("Relations", "all hold one value") if group.constant else \
            QCoreApplication.translate("Relations", "all hold the same values")
        yield _row(names, "undecided", group.a, group.b, holds, QCoreApplication.translate("Relations", "their elements"), None)


def _row(names: dict[str, str], kind: str, a: tuple[str, ...], b: tuple[str, ...], holds: str, rests: str,
         does: core.Rearranged | core.Pair | None) -> Relation:
    name = names.get(kind, core.visible(kind, 40))
    return Relation(kind, a, b, holds, rests, does, "\n".join((name, *a, *b, holds, rests)).lower())


def _is_done_by_cast(pair: core.Pair | None) -> bool:
    return pair is not None and pair.status == "dtype" and pair.difference is not None and \
        (not pair.difference.n_different or bool(pair.difference.cast))


def _all_of(numel: int) -> str:
    return QCoreApplication.translate("Relations", "1 element") if numel == 1 else \
        QCoreApplication.translate("Relations", "all {n} elements").format(n=f"{numel:,}")


def _holds(delta: core.Delta, pair: core.Pair | None) -> str:
    """How well, in a few words."""
    found = pair.difference if pair is not None else None
    far = QCoreApplication.translate("Relations", "relative distance {value}").format(value=distance_text(found.rel)) \
        if found is not None and found.rel == found.rel else ""
    if delta.kind == "cast":
        return QCoreApplication.translate("Relations", "exactly")
    if delta.kind == "rounded":
        text = QCoreApplication.translate("Relations", "exactly {type}, to nearest") if delta.mode == "nearest" else \
            QCoreApplication.translate("Relations", "exactly {type}, towards zero")
        return text.format(type=delta.to)
    if delta.kind == "scaled":
        text = QCoreApplication.translate("Relations", "exactly times {factor}") if delta.exact else \
            QCoreApplication.translate("Relations", "times {factor}, but for rounding")
        return text.format(factor=f"{delta.scale:.6g}")
    if delta.kind == "masked":
        return QCoreApplication.translate("Relations", "exactly, but for {share} that are zero in B").format(share=f"{delta.share:.1%}")
    if delta.kind == "low-rank":
        return QCoreApplication.translate("Relations", "B − A has rank {rank}, but for rounding").format(rank=delta.rank)
    if delta.kind == "quantized":
        text = {"block": QCoreApplication.translate("Relations", "{n} values in blocks of {group}×{group}"),
                "tensor": QCoreApplication.translate("Relations", "{n} values in all"),
                "column": QCoreApplication.translate("Relations", "{n} values in runs of {group} of a column") if delta.group
                else QCoreApplication.translate("Relations", "{n} values a column"),
                "row": QCoreApplication.translate("Relations", "{n} values in runs of {group}") if delta.group
                else QCoreApplication.translate("Relations", "{n} values a row")}[delta.piece]
        return ", ".join(filter(None, (text.format(n=delta.levels, group=delta.group), far)))
    return far


class RelationTable(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Relation, ...] = ()
        self._order: list[int] = []
        self._kind = ""
        self._words: tuple[str, ...] = ()
        self._sorted: tuple[int, bool] | None = None
        self._names = kind_names()

    def show_relations(self, relations: Sequence[Relation]) -> None:
        self.beginResetModel()
        self._all = tuple(relations)
        self._arrange()
        self.endResetModel()

    def set_filter(self, kind: str, text: str) -> None:
        """Only those of `kind` ("": of all) in which every word of `text` is; a word after "-" is in none."""
        words_of = tuple(re.split(r"\s+", text.strip().lower())) if text.strip() else ()
        if (kind, words_of) != (self._kind, self._words):
            self.beginResetModel()
            self._kind, self._words = kind, words_of
            self._arrange()
            self.endResetModel()

    @property
    def counts(self) -> tuple[int, int]:
        """How many are shown, of how many."""
        return len(self._order), len(self._all)

    @property
    def kinds(self) -> dict[str, int]:
        """How many there are of each, in the order of `kind_names`."""
        found = Counter(one.kind for one in self._all)
        return {kind: found[kind] for kind in (*self._names, *found) if found[kind]}

    def relation_at(self, row: int) -> Relation:
        return self._all[self._order[row]]

    def name_of(self, kind: str) -> str:
        return self._names.get(kind, core.visible(kind, 40))

    def text(self, rows: Sequence[int]) -> str:
        """Lines of tab-separated cells under their titles, every key written out."""
        lines = ["\t".join(str(self.headerData(c, Qt.Orientation.Horizontal)) for c in range(RESTS + 1))]
        for row in rows:
            one = self.relation_at(row)
            sides = (", ".join(map(core.visible, keys)) for keys in (one.a, one.b))
            lines.append("\t".join((self.name_of(one.kind), *sides, one.holds, one.rests)))
        return "\n".join(lines)

    def _arrange(self) -> None:
        wanted = [word for word in self._words if not word.startswith("-")]
        unwanted = [word[1:] for word in self._words if word.startswith("-") and len(word) > 1]
        self._order = [n for n, one in enumerate(self._all) if self._kind in ("", one.kind)
                       and all(word in one.lower for word in wanted) and not any(word in one.lower for word in unwanted)]
        if self._sorted is not None:
            column, down = self._sorted
            self._order.sort(key=lambda n: _rank(self._cell(self._all[n], column)), reverse=down)

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else RESTS + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("What"), self.tr("In A"), self.tr("In B"), self.tr("How well it holds"), self.tr("Rests on"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        one, column = self.relation_at(index.row()), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(one, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            keys = one.a if column == IN_A else one.b if column == IN_B else ()
            more = "\n…" if len(keys) > _TIPPED else ""
            return words.tip("\n".join(keys[:_TIPPED]) + more if keys else self._cell(one, column))
        if role == Qt.ItemDataRole.ForegroundRole and column == RESTS:
            return QColor(theme.colours().muted)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == WHAT:
            return ", ".join(self._cell(one, c) for c in range(RESTS + 1))
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1 is the order in which they were found."""
        self.beginResetModel()
        self._sorted = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._arrange()
        self.endResetModel()

    def _cell(self, one: Relation, column: int) -> str:
        if column in (IN_A, IN_B):
            return _keys(one.a if column == IN_A else one.b)
        return (self.name_of(one.kind), "", "", one.holds, one.rests)[column]


def _keys(keys: Sequence[str]) -> str:
    """"layers.0.{q, k, v}_proj.weight"."""
    if len(keys) < 2:
        return core.visible(keys[0], 200) if keys else ""
    head = _start_of(keys)
    tail = _start_of([key[len(head):][::-1] for key in keys])[::-1]
    inner = [core.visible(key[len(head):len(key) - len(tail)], 80) for key in keys[:_NAMED + 1]]
    shown = ", ".join(inner if len(keys) <= _NAMED + 1 else (*inner[:_NAMED], "…"))
    return f"{core.visible(head, 120)}{{{shown}}}{core.visible(tail, 120)}" if head or tail else shown


def _start_of(texts: Sequence[str]) -> str:
    """What all of them begin with: the first and the last in order, and so all between."""
    first, last = min(texts), max(texts)
    return first[:next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))]


def _rank(text: str) -> list[tuple[int, int, str]]:
    """"layer.2" before "layer.10"."""
    parts = filter(None, re.split(r"(\d+)", text.lower()))
    return [(0, int(part), "") if part.isdecimal() and len(part) < 19 else (1, 0, part) for part in parts]
