"""Chips about values: what is not finite, how much is zero, which narrower types have the range. Grey where nothing is the matter."""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import theme, words
from inspector.gui.models.plot_scales import number, percent

from .flow import Flow

_TYPES = {"float16": "fp16", "bfloat16": "bf16", "float8_e5m2": "fp8 e5m2", "float8_e4m3fn": "fp8 e4m3"}
_SPARSE = 0.5                   # share of zeros from which on that is worth a colour


class Chip(NamedTuple):
    """`tone` is "danger", "warning", or "" for grey; `tip` says it in a sentence. `sought` is what a click looks for among the values, if
    anything."""

    text: str
    tone: str
    tip: str
    sought: core.SearchTarget | None = None


def chips_of(summary: core.Summary, *, floats: bool, limits: tuple[int, int] | None = None,
             where: Mapping[core.SearchTarget, str] = MappingProxyType({})) -> list[Chip]:
    """`floats`: they are floating numbers, for which narrower types could be chosen. `limits`: of integers that stand for other values, the
    least and the greatest of their type. `where` those are that were looked for."""
    translate = QCoreApplication.translate
    found = [
        Chip(_placed(f"{summary.nan:,} NaN", where.get("nan", "")), "danger" if summary.nan else "",
             translate("ValueChips", "{n} of {all} elements are NaN").format(n=f"{summary.nan:,}", all=f"{summary.numel:,}"),
             "nan" if summary.nan else None),
        Chip(_placed(f"{summary.inf:,} Inf", where.get("inf", "")), "danger" if summary.inf else "",
             translate("ValueChips", "{plus} elements are +infinity, {minus} are −infinity").format(
                 plus=f"{summary.posinf:,}", minus=f"{summary.neginf:,}"), "inf" if summary.inf else None),
        Chip(translate("ValueChips", "{share} zeros").format(share=percent(summary.zeros, summary.numel)),
             "warning" if summary.numel and summary.zeros / summary.numel >= _SPARSE else "",
             translate("ValueChips", "{n} of {all} elements are zero").format(n=f"{summary.zeros:,}", all=f"{summary.numel:,}"),
             "zero" if summary.zeros else None)]
    if floats and summary.subnormal:
        found.append(Chip(translate("ValueChips", "{n} subnormal").format(n=f"{summary.subnormal:,}"), "", translate(
            "ValueChips", "{n} elements are smaller than the least normal number of their type").format(n=f"{summary.subnormal:,}")))
    if limits is not None and (edge := sum(at_the_ends(summary, limits))):
        ends = ", ".join(f"{value:,}" for value in dict.fromkeys((int(summary.min), int(summary.max)))
                         if value in (limits[0], limits[0] + 1, limits[1]))
        found.append(Chip(translate("ValueChips", "{n} at the edge, {ends}").format(n=f"{edge:,}", ends=ends), "warning", translate(
            "ValueChips", "{n} of {all} elements are the least or the greatest number of their type: what they stand for was cut off "
            "there, or is what the scale was chosen by").format(n=f"{edge:,}", all=f"{summary.numel:,}"),
            "max" if summary.max >= limits[1] else "min"))
    if floats:
        most = max(abs(summary.min), abs(summary.max)) if summary.finite else 0
        within = translate("ValueChips", "The largest magnitude, {most}, is within the range of {type}. That says nothing of precision.")
        beyond = translate("ValueChips", "The largest magnitude, {most}, is beyond the range of {type}: a cast does not keep it.")
        fits = core.range_fits(summary)
        wide = [name for name in fits if fits[name]]            # one chip for all of them: a row of marks tells no more
        if wide:
            names = ", ".join(_TYPES[name] for name in wide)
            found.append(Chip(f"✓ {names}", "", within.format(most=number(most, 4), type=", ".join(wide))))
        found += [Chip(f"✗ {_TYPES[name]}", "warning", beyond.format(most=number(most, 4), type=name)) for name in fits if not fits[name]]
    return found


def _placed(text: str, where: str) -> str:
    return QCoreApplication.translate("ValueChips", "{count} {where}").format(count=text, where=where) if where else text


def at_the_ends(summary: core.Summary, limits: tuple[int, int]) -> tuple[int, int]:
    """How many integers are the least, and how many the greatest of their type; 0 where the bins do not tell them from their neighbours.
    Symmetric quantizers leave the very least one out."""
    counts, edges = summary.counts, summary.edges
    if not counts or edges[-1] - edges[-2] > 1 or edges[1] - edges[0] > 1 or summary.below or summary.above:
        return 0, 0
    return (counts[0] if summary.min <= limits[0] + (limits[0] < 0) else 0), (counts[-1] if summary.max >= limits[1] else 0)


class ValueChips(QWidget):
    """`sought`: the first of what a chip counts is to be shown."""

    sought = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._row = Flow(self, 5)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("About the values"))
        self.chips: tuple[Chip, ...] = ()

    def show_chips(self, chips: list[Chip]) -> None:
        if tuple(chips) == self.chips:
            return
        self.chips = tuple(chips)
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for chip in chips:
            shown = _Word(chip) if chip.sought is None else _Shown(chip)
            if isinstance(shown, _Shown):
                shown.clicked.connect(partial(self.sought.emit, chip.sought))
            self._row.addWidget(shown)
        self.setVisible(bool(chips))
        self.updateGeometry()


class _Word(QLabel):
    """One with nothing to go to."""

    def __init__(self, chip: Chip) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(chip.text)
        self._chip = chip
        _describe(self, chip, chip.tip)

    def sizeHint(self) -> QSize:
        return _size(self, self._chip)

    def paintEvent(self, event: QPaintEvent) -> None:
        _paint(self, self._chip)


class _Shown(QAbstractButton):
    """One that leads to the first of what it counts."""

    def __init__(self, chip: Chip) -> None:
        super().__init__()
        self._chip = chip
        _describe(self, chip, self.tr("{said}. A click leads to the first.").format(said=chip.tip))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return _size(self, self._chip)

    def paintEvent(self, event: QPaintEvent) -> None:
        _paint(self, self._chip, framed=self.hasFocus() or self.underMouse())


def _describe(widget: QWidget, chip: Chip, tip: str) -> None:
    widget.setAccessibleName(f"{chip.text}: {chip.tip}")
    widget.setToolTip(words.tip(tip))
    widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


def _size(widget: QWidget, chip: Chip) -> QSize:
    return QSize(widget.fontMetrics().horizontalAdvance(chip.text) + 18, widget.fontMetrics().height() + 6)


def _paint(widget: QWidget, chip: Chip, framed: bool = False) -> None:
    c = theme.colours()._asdict()           # a label has a palette of its own under a style sheet
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(c[f"{chip.tone}_background"] if chip.tone else c["hover"]))
    if framed:
        painter.setPen(QPen(QColor(c[chip.tone or "muted"]), 1))
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5), widget.height() / 2, widget.height() / 2)
    painter.setPen(QColor(c[chip.tone or "muted"]))
    painter.drawText(widget.rect(), Qt.AlignmentFlag.AlignCenter, chip.text)
    painter.end()
