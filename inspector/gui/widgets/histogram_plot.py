"""A histogram to look into: up to eight filled step curves, a cursor that reads them, a menu that gives them away.

The drawing is pyqtgraph's, in `plot_canvas`. The legend is ours, because pyqtgraph's reads names as HTML, and so are the menu
and the description for screen readers, who see nothing of a plot.
"""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from enum import Enum
from itertools import accumulate
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import exporting, file_dialogs, theme, words
from inspector.gui.models.plot_scales import (
    CountScale,
    LogCountScale,
    Scale,
    SymLogScale,
    ValueScale,
    digits_to_tell,
    number,
    percent,
    typeset,
)

from .boxes import tab_before
from .histogram_svg import drawn
from .plot_canvas import LINES, Canvas
from .plot_library import library
from .quantile_strip import QuantileStrip, Spread

MOST_CURVES = 8
_PLOT_AT_LEAST = 150            # pixels of height, with its axis
_ACCENT = 1                     # number of the colour of what is pointed out


class Heights(Enum):
    """What the height of a bar says."""

    COUNT = "count"
    LOG = "log"             # log10(count + 1)
    DENSITY = "density"     # share of the tensor per unit of value: curves of unlike sizes and bins can be compared


class Curve(NamedTuple):
    """`edges` are one more than `counts`, ascending and finite. `name` may be anything: it is shown as plain text. `series` is the number
    of its colour; None: as many as are before it, which changes where one of them goes."""

    name: str
    edges: Sequence[float]
    counts: Sequence[int]
    series: int | None = None

    @property
    def total(self) -> int:
        return sum(self.counts)

    def heights(self, kind: Heights) -> list[float]:
        """One number per bin, to be placed by the scale of that kind."""
        if kind is not Heights.DENSITY:
            return [float(count) for count in self.counts]
        total = self.total or 1
        widths = (max(b / 2 - a / 2, 1e-300) * 2 for a, b in zip(self.edges, self.edges[1:], strict=False))
        return [count / total / width for count, width in zip(self.counts, widths, strict=True)]

    def bin_at(self, value: float) -> int | None:
        """The bin that holds `value`; None outside the edges."""
        if not self.edges[0] <= value <= self.edges[-1]:
            return None
        return min(bisect_right(self.edges, value) - 1, len(self.counts) - 1)


class HistogramPlot(QWidget):
    """`show_curves` or `show_message`. `choose_path` asks where to save and is replaced in tests."""

    cursor_moved = Signal()
    range_dragged = Signal(float, float)        # the values between which a person wants to look closer
    all_asked = Signal()                        # and that all of them are wanted again

    def __init__(self, parent: QWidget | None = None, *, named_beside: bool = False,
                 choose_path: Callable[[QWidget, str, str, str], str] = file_dialogs.ask_where_to_save) -> None:
        """`named_beside`: something else names the curves by their colours, and the legend is only for pictures that are given away."""
        super().__init__(parent)
        self.choose_path = choose_path
        self._named_beside = named_beside
        self.subject = ("", "")             # path and key of what is shown, for the names of files
        self._curves: tuple[Curve, ...] = ()
        self._heights = Heights.COUNT
        self.accents: tuple[Curve, ...] = ()
        self._stands_for: Callable[[float], float] | None = None
        self._integers = False
        self._hint = ""
        self._cursor: float | None = None
        self._log = False
        self._dragged: float | None = None
        self.canvas: Canvas | None = None
        self._early = QTimer(self)
        self._early.setSingleShot(True)
        self._early.timeout.connect(self._make_early)
        library.loaded.connect(self._make_early)
        self._message = _plain_label()
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setMargin(16)
        self.legend = Legend()
        self.strip = QuantileStrip()
        self._readout = _OneLine()
        self._readout.setObjectName("readout")
        self._readout.setAccessibleName(self.tr("Values under the cursor"))
        self._readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.menu_button = self._make_menu_button()
        self._place()
        self.setAccessibleName(self.tr("Histogram"))
        self.setMinimumSize(220, 190)
        self.show_message("")

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def curves(self) -> tuple[Curve, ...]:
        return self._curves

    @property
    def message(self) -> str:
        """What is written in place of a plot, or ""."""
        return self._message.text() if self._pages.currentIndex() == 0 else ""

    @property
    def readout(self) -> str:
        return self._readout.text()

    def show_message(self, text: str) -> None:
        """Plain `text` in place of a plot."""
        self._curves = ()
        self._cursor = None
        self._message.setText(text)
        self._pages.setCurrentIndex(0)
        self.legend.show_entries([])
        self._readout.clear()
        self.menu_button.setEnabled(False)
        self.setAccessibleDescription(text)

    def show_curves(self, curves: Sequence[Curve], *, heights: Heights | None = None, integers: bool = False,
                    hint: str = "", log: bool = False, spreads: Sequence[Spread | None] = (), accents: Sequence[Curve] = (),
                    stands_for: Callable[[float], float] | None = None) -> None:
        """Draws the first `MOST_CURVES` of `curves` over each other. `integers`: the values are whole numbers. `hint` is said
        beneath while no bar is pointed at. `spreads` are of the curves, one each, and drawn above them. `accents` are parts of them that
        are pointed out. `stands_for`: values are stored numbers, and what they stand for is written below them."""
        self._curves = tuple(curve for curve in curves[:MOST_CURVES] if len(curve.counts))
        if not self._curves:
            self.show_message(self.tr("There is nothing to draw."))
            return
        self._integers, self._log = integers, log
        self.accents, self._stands_for = tuple(accents), stands_for
        known = [one for one in spreads[:MOST_CURVES] if one is not None]
        self.strip.show_spreads(known if len(known) == len(self._curves) else [], self._numbers)
        self._hint = hint or self.tr("Point at a bar, or use ← and →, to read it. Dragging looks closer, R shows all.")
        self._heights = heights or self._heights
        self._cursor = None
        self.menu_button.setEnabled(True)
        self._pages.setCurrentIndex(1)
        self._draw(keep_view=False)
        self._fit_strip()
        self._place_strip()
        self.setAccessibleDescription(self.description())

    def reset_view(self) -> None:
        if self.canvas is not None:
            self.canvas.reset()
        self.all_asked.emit()

    def description(self) -> str:
        """The plot in words: of each curve its range, its fullest bin and how far the middle half reaches."""
        return "\n".join(self._describe(curve) for curve in self._curves)

    # -- the cursor ---------------------------------------------------------------------------------------------------

    def move_cursor(self, value: float | None) -> None:
        """Reads the bins that hold `value`; None puts the cursor away."""
        if self._curves and value is not None:
            low, high = self._range()
            value = min(max(value, low), high)
        self._cursor = value if self._curves else None
        self._show_readout()
        self.cursor_moved.emit()

    def step_cursor(self, bins: int) -> None:
        """Moves the cursor by so many bins of the first curve; the first step puts it on the fullest bin."""
        if not self._curves:
            return
        first = self._curves[0]
        at = None if self._cursor is None else first.bin_at(self._cursor)
        if at is None:
            at = max(range(len(first.counts)), key=first.counts.__getitem__)
        else:
            at = min(max(at + bins, 0), len(first.counts) - 1)
        self.move_cursor(_middle(first.edges, at))

    # -- giving it away -----------------------------------------------------------------------------------------------

    def table(self, separator: str = ",") -> str:
        """Lines "name, from, to, count" with a heading; names quoted as CSV wants them, formulas defused."""
        rows = [separator.join(("tensor", "from", "to", "count"))]
        for curve in self._curves:
            name = _csv_field(curve.name)
            rows += [separator.join((name, repr(float(a)), repr(float(b)), str(int(n))))
                     for a, b, n in zip(curve.edges, curve.edges[1:], curve.counts, strict=False)]
        return "\n".join(rows) + "\n"

    def picture(self, scale: float = 2.0) -> QImage:
        """Plot and legend as they look now, `scale` pixels per point."""
        hidden = self._named_beside and self.legend.entries
        if hidden:
            self.legend.show()
            self._drawing_layout.activate()
        found = exporting.picture_of(self._drawing, self.palette().color(QPalette.ColorRole.Window), scale)
        if hidden:
            self.legend.hide()
        return found

    def _file_name(self, ending: str) -> str:
        return exporting.name_of(*self.subject, "histogram", ending)

    def save_picture(self) -> None:
        path = self.choose_path(self, self.tr("Save picture"), self._file_name(".png"), self.tr("PNG pictures (*.png)"))
        if path:
            picture = self.picture()
            exporting.carry_out(path, lambda: exporting.write_picture(path, picture), self, self._readout.setText)

    def svg(self) -> str:
        """The histogram as an SVG document of its own, in the colours of the window."""
        low, high = self._range()
        scales = self.value_scale(low, high), self._height_scale()
        return drawn([(core.visible(curve.name), curve.edges, curve.heights(self._heights), n)
                      for n, curve in zip(self._numbers, self._curves, strict=True)], *scales,
                     (self._value_label(), self._height_label()), theme.colours(self.palette()))

    def save_drawing(self) -> None:
        path = self.choose_path(self, self.tr("Save drawing"), self._file_name(".svg"), self.tr("SVG drawings (*.svg)"))
        if path:
            data = self.svg().encode("utf-8", "replace")
            exporting.carry_out(path, lambda: exporting.write(path, [data], "drawing"), self, self._readout.setText)

    def save_table(self) -> None:
        path = self.choose_path(self, self.tr("Save table"), self._file_name(".csv"), self.tr("CSV tables (*.csv)"))
        if path:
            data = self.table().encode("utf-8", "backslashreplace")
            exporting.carry_out(path, lambda: exporting.write(path, [data], "table"), self, self._readout.setText)

    def copy_table(self) -> None:
        QGuiApplication.clipboard().setText(self.table("\t"))

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self.picture())

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange) and self._curves:
            self._draw(keep_view=True)
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10,
                 Qt.Key.Key_Home: -10 ** 9, Qt.Key.Key_End: 10 ** 9}
        key = Qt.Key(event.key())
        event.accept()
        if not self._curves or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        elif key in steps:
            self.step_cursor(steps[key])
        elif key == Qt.Key.Key_R:
            self.reset_view()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and self.canvas is not None:
            centre = None if self._cursor is None else self.canvas.x.to_view(self._cursor)
            self.canvas.zoom(1.5 if key == Qt.Key.Key_Minus else 1 / 1.5, centre)
        elif key == Qt.Key.Key_Escape and self._cursor is not None:
            self.move_cursor(None)
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(480, 320)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self._drawing = QWidget()
        self._drawing_layout = QVBoxLayout(self._drawing)
        self._drawing_layout.setContentsMargins(0, 0, 0, 0)
        self._drawing_layout.setSpacing(4)
        self._drawing_layout.addWidget(self.strip)
        self._drawing_layout.addWidget(self.legend)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._drawing)
        bottom = QHBoxLayout()
        bottom.addWidget(self._readout, 1)
        bottom.addWidget(self.menu_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(2)
        outer.addLayout(self._pages, 1)
        outer.addLayout(bottom)

    def _make_menu_button(self) -> QPushButton:
        button = QPushButton(self.tr("Plot"))
        button.setAccessibleName(self.tr("Save, copy or reset the plot"))
        button.setToolTip(self.tr("Save, copy or reset the plot"))
        button.setFlat(True)
        menu = QMenu(button)
        menu.addAction(self.tr("Reset view\tR"), self.reset_view)
        menu.addSeparator()
        menu.addAction(self.tr("Copy data"), self.copy_table)
        menu.addAction(self.tr("Copy picture"), self.copy_picture)
        menu.addSeparator()
        menu.addAction(self.tr("Save data as CSV…"), self.save_table)
        menu.addAction(self.tr("Save picture as PNG…"), self.save_picture)
        menu.addAction(self.tr("Save drawing as SVG…"), self.save_drawing)
        button.setMenu(menu)
        return button

    def _make_canvas(self) -> Canvas:
        canvas = Canvas()
        canvas.widget.setAccessibleName(self.tr("Histogram"))
        canvas.widget.installEventFilter(self)
        canvas.widget.viewport().installEventFilter(self)
        canvas.widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        canvas.widget.customContextMenuRequested.connect(
            lambda point: self.menu_button.menu().popup(canvas.widget.mapToGlobal(point)))
        self._drawing_layout.insertWidget(1, canvas.widget, 1)
        tab_before(canvas.widget, self.menu_button)
        canvas.on_moved = self._place_strip
        self.setFocusProxy(canvas.widget)
        return canvas

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys, movements and double clicks that the canvas gets, before pyqtgraph sees them."""
        canvas = self.canvas
        if canvas is None:
            return False
        if watched is canvas.widget and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            self.keyPressEvent(event)
            return event.isAccepted()
        if watched is canvas.widget and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            canvas.show_focus(event.type() == QEvent.Type.FocusIn)
        if watched is canvas.widget.viewport():
            if event.type() == QEvent.Type.MouseButtonDblClick:
                self.reset_view()
                return True
            if event.type() == QEvent.Type.Leave:
                self.move_cursor(None)
            elif isinstance(event, QMouseEvent) and self._drag(canvas, event):
                return True
            elif isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove and not event.buttons():
                at = canvas.view_x(event.position().toPoint())
                self.move_cursor(None if at is None else canvas.x.to_value(at))
        return False

    def _drag(self, canvas: Canvas, event: QMouseEvent) -> bool:
        """Dragging with the left button chooses a range; the other buttons are pyqtgraph's, which moves and zooms."""
        at = canvas.view_x(event.position().toPoint())
        left = Qt.MouseButton.LeftButton
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == left:
            self._dragged = at
            return True
        if self._dragged is None or at is None:
            if event.type() == QEvent.Type.MouseButtonRelease:
                self._dragged = None
            return False
        start, end = sorted((min(max(self._dragged, 0.0), 1.0), min(max(at, 0.0), 1.0)))
        span = canvas.x.to_value(start), canvas.x.to_value(end)
        if event.type() == QEvent.Type.MouseMove and event.buttons() & left:
            canvas.mark(span)
            self._readout.setText(typeset(self.tr("{first} to {last}").format(first=number(span[0], 5), last=number(span[1], 5))))
            return True
        if event.type() == QEvent.Type.MouseButtonRelease and event.button() == left:
            self._dragged = None
            if end - start > 0.01 and span[0] < span[1]:
                self.range_dragged.emit(*span)
            else:
                self.move_cursor(span[0])
            return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_strip()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.canvas is None and library.is_loaded:
            self._early.start()

    def _make_early(self) -> None:
        """In a turn of its own, while what is to be drawn is still being counted."""
        if self.canvas is None and self.isVisible():
            self.canvas = self._make_canvas()

    def _fit_strip(self) -> None:
        """Where several strips would leave the plot too little of its height, the plot goes first."""
        beside = [self.menu_button, self.strip, *([] if self.legend.isHidden() else [self.legend])]
        room = self.height() - sum(widget.sizeHint().height() for widget in beside)
        self.strip.setVisible(bool(self.strip.spreads) and (len(self.strip.spreads) == 1 or room >= _PLOT_AT_LEAST))

    def _place_strip(self) -> None:
        if self.canvas is not None:
            area = self.canvas.area
            self.strip.place(self.canvas.pixel_of, (area.left(), area.right()))

    def _range(self) -> tuple[float, float]:
        return (min(float(curve.edges[0]) for curve in self._curves), max(float(curve.edges[-1]) for curve in self._curves))

    def _draw(self, *, keep_view: bool) -> None:
        if self.canvas is None:
            self.canvas = self._make_canvas()
        canvas = self.canvas
        colours = theme.colours(self.palette())
        low, high = self._range()
        stands_for = self._stands_for
        canvas.set_scales(self.value_scale(low, high), self._height_scale(),
                          None if stands_for is None else lambda value: typeset(number(stands_for(value), 4)))
        canvas.set_colours(colours)
        numbers = self._numbers
        accented = [] if self._heights is Heights.DENSITY else self.accents     # a part of a density is none
        canvas.set_curves([(curve.edges, curve.heights(self._heights)) for curve in (*self._curves, *accented)],
                          [*numbers, *(_ACCENT for _ in accented)], accents=len(accented))
        canvas.set_labels(self._value_label(), self._height_label())
        canvas.widget.setAccessibleDescription(self.description())
        entries = [(curve.name, QColor(colours.series[i]), LINES[i]) for i, curve in zip(numbers, self._curves, strict=True)]
        self.legend.show_entries(entries if len(entries) > 1 else [])
        if self._named_beside:
            self.legend.hide()
        if not keep_view:
            canvas.reset()
        self._show_readout()

    @property
    def _numbers(self) -> list[int]:
        """Of the curves' colours."""
        return [n if curve.series is None else curve.series for n, curve in enumerate(self._curves)]

    def value_scale(self, low: float, high: float) -> Scale:
        return SymLogScale(low, high, core.linear_threshold(low, high)) if self._log else ValueScale(low, high, integers=self._integers)

    def _height_scale(self) -> Scale:
        top = max(max(curve.heights(self._heights)) for curve in self._curves)
        if self._heights is Heights.DENSITY:
            return ValueScale(0, top)
        return LogCountScale(top) if self._heights is Heights.LOG else CountScale(top)

    def _value_label(self) -> str:
        return self.tr("Value") if self._stands_for is None else self.tr("Stored integer, and below it the value it stands for")

    def _height_label(self) -> str:
        if self._heights is Heights.DENSITY:
            return self.tr("Density")
        return self.tr("Count (log scale)") if self._heights is Heights.LOG else self.tr("Count")

    def _show_readout(self) -> None:
        canvas = self.canvas
        if canvas is None or not self._curves:
            return
        if self._cursor is None:
            canvas.mark(None)
            self.legend.show_notes([])
            self._readout.setText(self._hint)
            return
        value = self._cursor
        bins = [curve.bin_at(value) for curve in self._curves]
        several = len(self._curves) > 1
        notes = [self._count_text(curve, at, brief=several) for curve, at in zip(self._curves, bins, strict=True)]
        shown = next((i for i, at in enumerate(bins) if at is not None), None)
        if shown is None:
            canvas.mark(None)
            return
        curve, at = self._curves[shown], bins[shown]
        assert at is not None
        canvas.mark((float(curve.edges[at]), float(curve.edges[at + 1])))
        span = self._bin_text(curve, at)
        self.legend.show_notes(notes if several else [])
        if several and self._named_beside:
            notes = [self.tr("{name} {count}").format(name=core.visible(curve.name, 60), count=note)
                     for curve, note in zip(self._curves, notes, strict=True)]
            self._readout.setText(self.tr("{bin}: {count}").format(bin=span, count=" · ".join(notes)))
        else:
            self._readout.setText(span if several else self.tr("{bin}: {count}").format(bin=span, count=notes[0]))

    def _bin_text(self, curve: Curve, at: int) -> str:
        low, high = float(curve.edges[at]), float(curve.edges[at + 1])
        if self._integers:
            first, last = _whole_numbers(low, high, at == len(curve.counts) - 1)
            if first == last:
                return typeset(f"{first:,}")
            if first < last:
                return typeset(self.tr("{first} to {last}").format(first=f"{first:,}", last=f"{last:,}"))
        digits = digits_to_tell(low, high)
        return typeset(self.tr("{first} to {last}").format(first=number(low, digits), last=number(high, digits)))

    def _count_text(self, curve: Curve, at: int | None, *, brief: bool) -> str:
        count, total = (0 if at is None else int(curve.counts[at])), curve.total
        if brief:
            return self.tr("{count} ({percent})").format(count=f"{count:,}", percent=percent(count, total))
        return self.tr("{count} of {total} ({percent})").format(
            count=f"{count:,}", total=f"{total:,}", percent=percent(count, total))

    def _describe(self, curve: Curve) -> str:
        total = curve.total
        if not total:
            return self.tr("{name}: no values.").format(name=core.visible(curve.name))
        running = list(accumulate(int(count) for count in curve.counts))
        quarter, three = (next(i for i, seen in enumerate(running) if seen >= total * part / 4) for part in (1, 3))
        fullest = max(range(len(curve.counts)), key=curve.counts.__getitem__)
        return self.tr("{name}: {total} values from {low} to {high} in {bins} bins. The fullest bin is {fullest}, with {share}. "
                       "The middle half lies between {quarter} and {three}.").format(
            name=core.visible(curve.name), total=f"{total:,}", low=number(float(curve.edges[0])), high=number(float(curve.edges[-1])),
            bins=len(curve.counts), fullest=self._bin_text(curve, fullest), share=percent(int(curve.counts[fullest]), total),
            quarter=number(float(curve.edges[quarter])), three=number(float(curve.edges[three + 1])))


class Legend(QWidget):
    """The curves' names in one or two columns, each with a sample of its line and what the cursor reads."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[_Entry] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 0, 8, 2)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        self.hide()

    def show_entries(self, entries: Sequence[tuple[str, QColor, Qt.PenStyle]]) -> None:
        for old in self.entries:
            self._grid.removeWidget(old)
            old.hide()              # it may live on for a while
            old.deleteLater()
        self.entries = [_Entry(*entry) for entry in entries]
        for i, entry in enumerate(self.entries):
            across = 2 if len(self.entries) > 2 else 1
            self._grid.addWidget(entry, i // across, i % across)
        self.setVisible(bool(entries))

    def show_notes(self, notes: Sequence[str]) -> None:
        for i, entry in enumerate(self.entries):
            entry.set_note(notes[i] if i < len(notes) else "")


class _Entry(QWidget):
    def __init__(self, name: str, colour: QColor, line: Qt.PenStyle) -> None:
        super().__init__()
        self._name = core.visible(name)
        self._pen = QPen(colour, 2.4, line)
        self.note = ""
        self.setAccessibleName(self._name)
        self.setToolTip(words.tip(name))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_note(self, note: str) -> None:
        self.note = note
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, self.fontMetrics().height() + 4)

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._pen)
        middle = self.height() / 2
        painter.drawLine(QRectF(0, middle, 24, 0).topLeft(), QRectF(0, middle, 24, 0).topRight())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        metrics, left = self.fontMetrics(), 32
        note = metrics.elidedText(self.note, Qt.TextElideMode.ElideRight, max(0, self.width() - left) * 6 // 10)
        taken = metrics.horizontalAdvance(note) + 8 if note else 0
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, self.width() - left - taken)
        vertical = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), vertical | Qt.AlignmentFlag.AlignLeft, core.isolated(name))
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), vertical | Qt.AlignmentFlag.AlignRight, note)
        painter.end()


class _OneLine(QLabel):
    """Plain text on one line, its end left out where it does not fit; the tip has all of it then."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(words.tip(self.text()) if shown != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, core.isolated(shown))
        painter.end()


def _plain_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _middle(edges: Sequence[float], at: int) -> float:
    return float(edges[at]) / 2 + float(edges[at + 1]) / 2


def _whole_numbers(low: float, high: float, last: bool) -> tuple[int, int]:
    """The first and last whole number of the bin [low, high), or [low, high] for the last bin."""
    first = -int(-low // 1)
    end = int(high // 1)
    return first, end if last or end != high else end - 1


def _csv_field(text: str) -> str:
    """`text` quoted for CSV. A leading = + - or @ would be run as a formula by spreadsheets: an apostrophe stops that."""
    if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r\t\'') else text
