"""How a histogram is shown: range, bins, what the bars say, tensors together or each by itself."""
from __future__ import annotations

from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QSlider, QWidget

from inspector import core

from .histogram_plot import Heights


class HistogramControls(QWidget):
    """How the counted values are shown. `shown_changed` needs no new reading, `range_changed` does."""

    shown_changed = Signal()
    range_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._heights_chosen = False
        self._bins_chosen = False
        self._bars = self._box(self.tr("Bars"), [
            (self.tr("Count"), Heights.COUNT), (self.tr("Count, log scale"), Heights.LOG), (self.tr("Density"), Heights.DENSITY)])
        self._range = self._box(self.tr("Range"), [
            (self.tr("All values"), "all"), (self.tr("1 % to 99 %"), "middle"), (self.tr("From … to …"), "fixed")])
        self._show = self._box(self.tr("Show"), [(self.tr("Together"), False), (self.tr("Each tensor"), True)])
        self.low, self.high = self._edit(self.tr("From")), self._edit(self.tr("To"))
        self._bounds = QWidget()
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, len(core.BIN_CHOICES) - 1)
        self._slider.setPageStep(2)
        self._slider.setMinimumWidth(90)
        self._slider.setAccessibleName(self.tr("Number of bins"))
        self._bins = _muted("")
        self._bins.setMinimumWidth(self._bins.fontMetrics().horizontalAdvance("7200"))
        self._log = QCheckBox(self.tr("&Log axis"))
        self._log.setToolTip(self.tr("Sizes of values by their logarithm, on both sides of zero"))
        self._log.toggled.connect(lambda: self.range_changed.emit())
        self._place()
        self._bars.activated.connect(self._bars_activated)
        self._range.activated.connect(self._range_activated)
        self._show.activated.connect(lambda: self.shown_changed.emit())
        self._slider.valueChanged.connect(self._slider_moved)
        for edit in (self.low, self.high):
            edit.editingFinished.connect(self._bounds_edited)

    @property
    def span(self) -> core.BinRange:
        kind, log = self._range.currentData(), self._log.isChecked()
        if kind == "middle":
            return core.MIDDLE_VALUES._replace(log=log)
        bounds = self._typed()
        return core.ALL_VALUES._replace(log=log) if kind == "all" or bounds is None else core.BinRange("fixed", *bounds, log)

    @property
    def apart(self) -> bool:
        return bool(self._show.currentData())

    def heights(self, apart: bool) -> Heights:
        """What the person chose; before that, small tensors beside a large one are only seen on a log scale."""
        if not self._heights_chosen:
            self._bars.setCurrentIndex(self._bars.findData(Heights.LOG if apart else Heights.COUNT))
        return cast(Heights, self._bars.currentData())

    def bins(self, numel: int) -> int:
        return core.BIN_CHOICES[self._slider.value()] if self._bins_chosen else core.sensible_bins(numel)

    def set_bins(self, chosen: int, drawn: int) -> None:
        """Shows how many bins were `chosen` and are `drawn` (0: there is no plot)."""
        self._slider.setEnabled(drawn > 0)
        self._bins.setText(f"{drawn:,}" if drawn else "")
        if drawn and not self._bins_chosen:
            self._slider.blockSignals(True)
            self._slider.setValue(core.BIN_CHOICES.index(chosen))
            self._slider.blockSignals(False)

    def offer(self, found: core.GroupStatistics) -> None:
        """Several tensors can be shown together or, if they are few, each by itself."""
        several = len(found.each) > 1
        self._show.setVisible(several)
        self._show_label.setVisible(several)

    def choose(self, *, heights: Heights | None = None, span: str | None = None, apart: bool | None = None,
               bins: int | None = None, bounds: tuple[float, float] | None = None, log: bool | None = None) -> None:
        """As if the person had chosen."""
        if log is not None:
            self._log.setChecked(log)
        if heights is not None:
            self._bars.setCurrentIndex(self._bars.findData(heights))
            self._bars_activated()
        if apart is not None:
            self._show.setCurrentIndex(self._show.findData(apart))
            self.shown_changed.emit()
        if bins is not None:
            self._slider.setValue(core.BIN_CHOICES.index(bins))
        if bounds is not None:
            self.low.setText(repr(bounds[0]))
            self.high.setText(repr(bounds[1]))
            for edit in (self.low, self.high):
                edit.setCursorPosition(0)
        if span is not None:
            self._range.setCurrentIndex(self._range.findData(span))
            self._range_activated()

    def _bars_activated(self) -> None:
        self._heights_chosen = True
        self.shown_changed.emit()

    def _range_activated(self) -> None:
        fixed = self._range.currentData() == "fixed"
        self._bounds.setVisible(fixed)
        if fixed and self._typed() is None:
            self.low.setFocus()
        self.range_changed.emit()

    def _bounds_edited(self) -> None:
        if self._typed() is not None:
            self.range_changed.emit()

    def _slider_moved(self) -> None:
        self._bins_chosen = True
        self.shown_changed.emit()

    def _typed(self) -> tuple[float, float] | None:
        """The bounds, when both are numbers and increase."""
        try:
            low, high = float(self.low.text()), float(self.high.text())
        except ValueError:
            return None
        return (low, high) if -1.7e308 < low < high < 1.7e308 else None

    def _box(self, name: str, choices: list[tuple[str, Any]]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        for text, data in choices:
            box.addItem(text, data)
        return box

    def _edit(self, name: str) -> QLineEdit:
        edit = QLineEdit()
        edit.setAccessibleName(name)
        edit.setPlaceholderText(name)
        edit.setMaximumWidth(90)
        validator = QDoubleValidator(edit)
        validator.setLocale(validator.locale().c())
        edit.setValidator(validator)
        return edit

    def _place(self) -> None:
        bounds = QHBoxLayout(self._bounds)
        bounds.setContentsMargins(0, 0, 0, 0)
        bounds.addWidget(self.low)
        bounds.addWidget(self.high)
        self._bounds.hide()
        bins = QHBoxLayout()
        bins.setSpacing(10)
        bins.addWidget(self._slider, 1)
        bins.addWidget(self._bins)
        across = QHBoxLayout()
        across.setSpacing(10)
        across.addWidget(self._range)
        across.addWidget(self._bounds)
        across.addWidget(self._log)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        self._show_label = _caption(self.tr("&Show"), self._show)
        grid.addWidget(_caption(self.tr("&Range"), self._range), 0, 0)
        grid.addLayout(across, 0, 1)
        grid.addWidget(_caption(self.tr("&Bars"), self._bars), 0, 2)
        grid.addWidget(self._bars, 0, 3)
        grid.addWidget(_caption(self.tr("B&ins"), self._slider), 1, 0)
        grid.addLayout(bins, 1, 1)
        grid.addWidget(self._show_label, 1, 2)
        grid.addWidget(self._show, 1, 3)
        grid.setColumnStretch(4, 1)


def _muted(text: str) -> QLabel:
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setProperty("tone", "muted")
    return made


def _caption(text: str, buddy: QWidget) -> QLabel:
    made = _muted(text)
    made.setBuddy(buddy)
    return made
