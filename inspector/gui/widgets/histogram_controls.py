"""How a histogram is shown: range, bins, what the bars say, tensors together or each by itself."""
from __future__ import annotations

from typing import cast

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDoubleValidator, QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QRadioButton, QSlider, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words

from .choice import Choice
from .flow import Flow
from .histogram_plot import Heights


class _RangeBox(QComboBox):
    """One of a few ranges; what opens below has the bounds and the number of bins, too."""

    def __init__(self, popup: QFrame) -> None:
        super().__init__()
        self._popup = popup

    def showPopup(self) -> None:
        self._popup.adjustSize()
        place, screen = self.mapToGlobal(QPoint(0, self.height() + 2)), self.screen().availableGeometry()
        place.setX(max(screen.left(), min(place.x(), screen.right() - self._popup.width())))
        if place.y() + self._popup.height() > screen.bottom():
            place.setY(self.mapToGlobal(QPoint(0, 0)).y() - self._popup.height() - 2)
        self._popup.move(place)
        self._popup.show()
        self._popup.setFocus(Qt.FocusReason.PopupFocusReason)

    def hidePopup(self) -> None:
        self._popup.hide()


class _Popup(QFrame):
    """Closes with Enter and Esc."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.hide()
        else:
            super().keyPressEvent(event)


class HistogramControls(QWidget):
    """How the counted values are shown. `shown_changed` needs no new reading, `range_changed` does."""

    shown_changed = Signal()
    range_changed = Signal()
    layers_asked = Signal()         # very many tensors one by one are a picture of another panel

    def __init__(self) -> None:
        super().__init__()
        self._heights_chosen = False
        self._bins_chosen = False
        self._log = Choice(self.tr("x"), [(self.tr("Linear"), False), (self.tr("Log"), True)],
                           tip=self.tr("Sizes of values by their logarithm, on both sides of zero"))
        self._bars = Choice(self.tr("y"), [
            (self.tr("Count"), Heights.COUNT), (self.tr("Log count"), Heights.LOG), (self.tr("Density"), Heights.DENSITY)])
        ranges = [(self.tr("All values"), "all"), (self.tr("1 % to 99 %"), "middle"), (self.tr("From … to …"), "fixed")]
        self.popup = _Popup(self, Qt.WindowType.Popup)
        self._range = _RangeBox(self.popup)
        self._range.setAccessibleName(self.tr("Range and bins"))
        for text, data in ranges:
            self._range.addItem(text, data)
        self.ranges = [QRadioButton(text) for text, _ in ranges]
        self._show = Choice(self.tr("Show"), [(self.tr("Each tensor"), True), (self.tr("Together"), False)])
        self.layers = QPushButton()
        self.layers.setProperty("link", True)
        self.layers.clicked.connect(self.layers_asked)
        self.layers.hide()
        self.low, self.high = self._edit(self.tr("From")), self._edit(self.tr("To"))
        self._bounds = QWidget()
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, len(core.BIN_CHOICES) - 1)
        self._slider.setPageStep(2)
        self._slider.setMinimumWidth(90)
        self._slider.setAccessibleName(self.tr("Number of bins"))
        self._bins = _muted("")
        self._bins.setMinimumWidth(self._bins.fontMetrics().horizontalAdvance("7200"))
        self._place()
        self._log.chosen.connect(lambda: self.range_changed.emit())
        self._bars.chosen.connect(self._bars_chosen)
        self._range.activated.connect(self._range_activated)
        for n, button in enumerate(self.ranges):
            button.clicked.connect(lambda checked=False, n=n: self._choose_range(n))
        self._range.currentIndexChanged.connect(lambda n: self.ranges[n].setChecked(True))
        self._show.chosen.connect(lambda: self.shown_changed.emit())
        self._slider.valueChanged.connect(self._slider_moved)
        for edit in (self.low, self.high):
            edit.editingFinished.connect(self._bounds_edited)

    @property
    def span(self) -> core.BinRange:
        kind, log = self._range.currentData(), self._log.data
        if kind == "middle":
            return core.MIDDLE_VALUES._replace(log=log)
        bounds = self._typed()
        return core.ALL_VALUES._replace(log=log) if kind == "all" or bounds is None else core.BinRange("fixed", *bounds, log)

    @property
    def apart(self) -> bool:
        return bool(self._show.data)

    def heights(self, apart: bool) -> Heights:
        """What the person chose; before that, small tensors beside a large one are only seen on a log scale."""
        if not self._heights_chosen:
            self._bars.choose(Heights.LOG if apart else Heights.COUNT)
        return cast(Heights, self._bars.data)

    def bins(self, numel: int) -> int:
        return core.BIN_CHOICES[self._slider.value()] if self._bins_chosen else core.sensible_bins(numel)

    def set_bins(self, chosen: int, drawn: int) -> None:
        """Shows how many bins were `chosen` and are `drawn` (0: there is no plot)."""
        self._slider.setEnabled(drawn > 0)
        self._bins.setText(f"{drawn:,}" if drawn else "")
        self._range.setToolTip(self.tr("{n} bins").format(n=f"{drawn:,}") if drawn else "")
        self._range.setAccessibleDescription(self._range.toolTip())
        if drawn and not self._bins_chosen:
            self._slider.blockSignals(True)
            self._slider.setValue(core.BIN_CHOICES.index(chosen))
            self._slider.blockSignals(False)

    def expect(self, tensors: int) -> None:
        """While they are read: of one there is nothing to choose."""
        if tensors < 2:
            self._show.hide()
            self.layers.hide()

    def offer(self, found: core.GroupStatistics) -> None:
        """A few tensors are shown each by itself, until a person wants them together; of many there is only what they are together, and
        where to see them one by one."""
        self._show.setVisible(len(found.each) > 1)
        self.layers.setVisible(found.n_tensors > 1 and not found.each)
        self.layers.setText(self.tr("{tensors} one by one in Layers").format(tensors=words.tensors(found.n_tensors)))
        self.layers.setAccessibleName(self.layers.text())

    def choose(self, *, heights: Heights | None = None, span: str | None = None, apart: bool | None = None,
               bins: int | None = None, bounds: tuple[float, float] | None = None, log: bool | None = None) -> None:
        """As if the person had chosen."""
        if log is not None and log != self._log.data:
            self._log.choose(log)
            self.range_changed.emit()
        if heights is not None:
            self._bars.choose(heights)
            self._bars_chosen()
        if apart is not None:
            self._show.choose(apart)
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

    def _bars_chosen(self) -> None:
        self._heights_chosen = True
        self.shown_changed.emit()

    def _choose_range(self, n: int) -> None:
        self._range.setCurrentIndex(n)
        self._range_activated()

    def _range_activated(self) -> None:
        fixed = self._range.currentData() == "fixed"
        self._bounds.setEnabled(fixed)
        if fixed and self._typed() is None and self.popup.isVisible():
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
        bounds.setContentsMargins(22, 0, 0, 0)
        bounds.addWidget(self.low)
        bounds.addWidget(self.high)
        self._bounds.setEnabled(False)
        self.ranges[0].setChecked(True)
        self.popup.setObjectName("palette")
        self.popup.setAccessibleName(self.tr("Range and bins"))
        self.popup.setFocusProxy(self.ranges[0])
        below = QVBoxLayout(self.popup)
        below.setContentsMargins(14, 12, 14, 12)
        below.setSpacing(8)
        for button in self.ranges:
            below.addWidget(button)
        below.addWidget(self._bounds)
        below.addSpacing(4)
        below.addWidget(_together(_caption(self.tr("B&ins"), self._slider), self._slider, self._bins))
        row = Flow(self, 12)
        for part in (self._show, self.layers, self._log, self._bars, _together(_caption(self.tr("&Range"), self._range), self._range)):
            row.addWidget(part)


def _together(*parts: QWidget) -> QWidget:
    """What stays in one line."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for part in parts:
        row.addWidget(part)
    return made


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
