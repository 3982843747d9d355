"""A histogram to look into: up to eight filled step curves, a cursor that reads them, a menu that gives them away.

pyqtgraph draws; it is imported when the first curve is shown, never before (half a second and 50 MB). What it does not
do is done here: colours follow the palette (it ignores QPalette), ticks are plain numbers, the height in log mode is
log10(count + 1) on an ordinary axis (its own log mode fills wrongly), names are plain text (its legend reads HTML), and
there is a description for screen readers, who see nothing of a plot. Everything is drawn in view coordinates 0..1, see
`plot_scales`.
"""
from __future__ import annotations

import html
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from PySide6.QtCore import QByteArray, QEvent, QIODevice, QObject, QPoint, QRectF, QSaveFile, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QKeyEvent, QMouseEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector.core import visible
from inspector.gui.plot_scales import CountScale, LogCountScale, Scale, ValueScale, number

MOST_CURVES = 8

# Okabe and Ito's colours, which people who see colours differently can tell apart; lighter on a dark ground. The dash
# tells the fifth from the first where even that does not help.
_ON_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#b4589a", "#2f8fc4", "#b37700", "#4d4d4d", "#7a4b2a")
_ON_DARK = ("#56b4e9", "#ff9a4d", "#2fcf9f", "#e29ac8", "#9fd4f5", "#f0c23c", "#d0d0d0", "#c99a76")
_LINES = (Qt.PenStyle.SolidLine,) * 4 + (Qt.PenStyle.DashLine,) * 4


class Curve(NamedTuple):
    """`edges` are one more than `counts`, ascending and finite. `name` may be anything: it is shown as plain text."""

    name: str
    edges: Sequence[float]
    counts: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.counts)

    def bin_at(self, value: float) -> int | None:
        """The bin that holds `value`; None outside the edges."""
        if not self.edges[0] <= value <= self.edges[-1]:
            return None
        return min(bisect_right(self.edges, value) - 1, len(self.counts) - 1)


def ask_where_to_save(parent: QWidget, title: str, name: str, kinds: str) -> str:
    """The path a person chose, or ""."""
    return QFileDialog.getSaveFileName(parent, title, name, kinds)[0]


class HistogramPlot(QWidget):
    """`show_curves` or `show_message`. `choose_path` asks where to save and is replaced in tests."""

    cursor_moved = Signal()

    def __init__(self, parent: QWidget | None = None, *,
                 choose_path: Callable[[QWidget, str, str, str], str] = ask_where_to_save) -> None:
        super().__init__(parent)
        self._choose_path = choose_path
        self._curves: tuple[Curve, ...] = ()
        self._logarithmic = False
        self._integers = False
        self._title = ""
        self._cursor: float | None = None
        self._canvas: _Canvas | None = None
        self._message = _plain_label()
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setMargin(16)
        self._legend = _Legend()
        self._readout = _plain_label()
        self._readout.setObjectName("readout")
        self._readout.setAccessibleName(self.tr("Values under the cursor"))
        self._readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._menu_button = self._make_menu_button()
        self._place()
        self.setAccessibleName(self.tr("Histogram"))
        self.setMinimumSize(220, 160)
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
        self._legend.show_entries([])
        self._readout.clear()
        self._menu_button.setEnabled(False)
        self.setAccessibleDescription(text)

    def show_curves(self, curves: Sequence[Curve], *, title: str = "", integers: bool = False) -> None:
        """Draws the first `MOST_CURVES` of `curves` over each other. `integers`: the values are whole numbers."""
        self._curves = tuple(curve for curve in curves[:MOST_CURVES] if len(curve.counts))
        if not self._curves:
            self.show_message(self.tr("There is nothing to draw."))
            return
        self._integers = integers
        self._title = title
        self._cursor = None
        self._menu_button.setEnabled(True)
        self._pages.setCurrentIndex(1)
        self._draw(keep_view=False)
        self.setAccessibleDescription(self.description())

    def set_logarithmic(self, on: bool) -> None:
        """Whether heights are log10(count + 1)."""
        if on != self._logarithmic:
            self._logarithmic = on
            if self._curves:
                self._draw(keep_view=False)
                self._show_readout()

    def reset_view(self) -> None:
        if self._canvas is not None:
            self._canvas.reset()

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
        size = self._drawing.size()
        image = QImage(size * scale, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(scale)
        image.fill(self.palette().color(QPalette.ColorRole.Window))
        self._drawing.render(image, QPoint())
        return image

    def save_picture(self) -> None:
        path = self._choose_path(self, self.tr("Save picture"), "histogram.png", self.tr("PNG pictures (*.png)"))
        if path:
            self._save(path, lambda file: self.picture().save(file, "PNG"))

    def save_table(self) -> None:
        path = self._choose_path(self, self.tr("Save table"), "histogram.csv", self.tr("CSV tables (*.csv)"))
        if path:
            data = QByteArray(self.table().encode("utf-8", "backslashreplace"))
            self._save(path, lambda file: file.write(data) == data.size())

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
        if not self._curves or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        elif key in steps:
            self.step_cursor(steps[key])
        elif key == Qt.Key.Key_R:
            self.reset_view()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and self._canvas is not None:
            centre = None if self._cursor is None else self._canvas.x.to_view(self._cursor)
            self._canvas.zoom(1.5 if key == Qt.Key.Key_Minus else 1 / 1.5, centre)
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
        self._drawing_layout.addWidget(self._legend)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._drawing)
        bottom = QHBoxLayout()
        bottom.addWidget(self._readout, 1)
        bottom.addWidget(self._menu_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(2)
        outer.addLayout(self._pages, 1)
        outer.addLayout(bottom)

    def _make_menu_button(self) -> QToolButton:
        button = QToolButton()
        button.setText(self.tr("Plot"))
        button.setAccessibleName(self.tr("Save, copy or reset the plot"))
        button.setToolTip(self.tr("Save, copy or reset the plot"))
        button.setAutoRaise(True)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(button)
        menu.addAction(self.tr("Reset view\tR"), self.reset_view)
        menu.addSeparator()
        menu.addAction(self.tr("Copy data"), self.copy_table)
        menu.addAction(self.tr("Copy picture"), self.copy_picture)
        menu.addSeparator()
        menu.addAction(self.tr("Save data as CSV…"), self.save_table)
        menu.addAction(self.tr("Save picture as PNG…"), self.save_picture)
        button.setMenu(menu)
        return button

    def _make_canvas(self) -> _Canvas:
        canvas = _Canvas()
        canvas.widget.setAccessibleName(self.tr("Histogram"))
        canvas.widget.installEventFilter(self)
        canvas.widget.viewport().installEventFilter(self)
        canvas.widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        canvas.widget.customContextMenuRequested.connect(
            lambda point: self._menu_button.menu().popup(canvas.widget.mapToGlobal(point)))
        self._drawing_layout.insertWidget(0, canvas.widget, 1)
        self.setFocusProxy(canvas.widget)
        return canvas

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys, movements and double clicks that the canvas gets, before pyqtgraph sees them."""
        canvas = self._canvas
        if canvas is None:
            return False
        if watched is canvas.widget and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            event.ignore()
            self.keyPressEvent(event)
            return event.isAccepted()
        if watched is canvas.widget.viewport():
            if event.type() == QEvent.Type.MouseButtonDblClick:
                self.reset_view()
                return True
            if event.type() == QEvent.Type.Leave:
                self.move_cursor(None)
            elif isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove and not event.buttons():
                at = canvas.view_x(event.position().toPoint())
                self.move_cursor(None if at is None else canvas.x.to_value(at))
        return False

    def _range(self) -> tuple[float, float]:
        return (min(float(curve.edges[0]) for curve in self._curves), max(float(curve.edges[-1]) for curve in self._curves))

    def _draw(self, *, keep_view: bool) -> None:
        if self._canvas is None:
            self._canvas = self._make_canvas()
        canvas = self._canvas
        colours = _colours(self.palette())
        low, high = self._range()
        top = max(max(curve.counts) for curve in self._curves)
        canvas.set_scales(ValueScale(low, high, integers=self._integers), LogCountScale(top) if self._logarithmic else CountScale(top))
        canvas.set_colours(self.palette())
        canvas.set_curves(self._curves, colours)
        canvas.set_labels(self.tr("Value"), self.tr("Count (log scale)") if self._logarithmic else self.tr("Count"))
        canvas.widget.setAccessibleDescription(self.description())
        several = len(self._curves) > 1
        self._legend.show_entries([(curve.name, colours[i], _LINES[i]) for i, curve in enumerate(self._curves)] if several else [])
        if not keep_view:
            canvas.reset()
        self._show_readout()

    def _show_readout(self) -> None:
        canvas = self._canvas
        if canvas is None or not self._curves:
            return
        if self._cursor is None:
            canvas.mark(None)
            self._legend.show_notes([])
            self._readout.setText(self._hint())
            return
        value = self._cursor
        bins = [curve.bin_at(value) for curve in self._curves]
        notes = [self._count_text(curve, at) for curve, at in zip(self._curves, bins, strict=True)]
        shown = next((i for i, at in enumerate(bins) if at is not None), None)
        if shown is None:
            canvas.mark(None)
            return
        curve, at = self._curves[shown], bins[shown]
        assert at is not None
        canvas.mark((float(curve.edges[at]), float(curve.edges[at + 1])))
        span = self._bin_text(curve, at)
        several = len(self._curves) > 1
        self._legend.show_notes(notes if several else [])
        self._readout.setText(span if several else self.tr("{bin}: {count}").format(bin=span, count=notes[0]))
        self._readout.setToolTip("")

    def _hint(self) -> str:
        return self.tr("Point at a bar, or use ← and →, to read it. Wheel zooms, R resets.")

    def _bin_text(self, curve: Curve, at: int) -> str:
        low, high = float(curve.edges[at]), float(curve.edges[at + 1])
        if self._integers:
            first, last = _whole_numbers(low, high, at == len(curve.counts) - 1)
            if first == last:
                return f"{first:,}"
            if first < last:
                return self.tr("{first} to {last}").format(first=f"{first:,}", last=f"{last:,}")
        return self.tr("{first} to {last}").format(first=number(low), last=number(high))

    def _count_text(self, curve: Curve, at: int | None) -> str:
        count, total = (0 if at is None else int(curve.counts[at])), curve.total
        return self.tr("{count} of {total} ({percent})").format(
            count=f"{count:,}", total=f"{total:,}", percent=percent(count, total))

    def _describe(self, curve: Curve) -> str:
        total = curve.total
        if not total:
            return self.tr("{name}: no values.").format(name=visible(curve.name))
        running = list(accumulate(int(count) for count in curve.counts))
        quarter, three = (next(i for i, seen in enumerate(running) if seen >= total * part / 4) for part in (1, 3))
        fullest = max(range(len(curve.counts)), key=curve.counts.__getitem__)
        return self.tr("{name}: {total} values from {low} to {high} in {bins} bins. The fullest bin is {fullest}, with {share}. "
                       "The middle half lies between {quarter} and {three}.").format(
            name=visible(curve.name), total=f"{total:,}", low=number(float(curve.edges[0])), high=number(float(curve.edges[-1])),
            bins=len(curve.counts), fullest=self._bin_text(curve, fullest), share=percent(int(curve.counts[fullest]), total),
            quarter=number(float(curve.edges[quarter])), three=number(float(curve.edges[three + 1])))

    def _save(self, path: str, write: Callable[[QSaveFile], bool]) -> None:
        file = QSaveFile(path)
        if file.open(QIODevice.OpenModeFlag.WriteOnly) and write(file) and file.commit():
            self._readout.setText(self.tr("Saved {path}").format(path=visible(path)))
        else:
            self._readout.setText(self.tr("Not saved: {why}. Choose another folder.").format(why=file.errorString()))


class _Canvas:
    """pyqtgraph's part, put together from its parts: one plot, two axes, curves, a band under the cursor."""

    def __init__(self) -> None:
        import pyqtgraph
        self._graph: Any = pyqtgraph
        self.widget: Any = pyqtgraph.PlotWidget(enableMenu=False)
        self.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.widget.setFrameShape(self.widget.Shape.NoFrame)
        self.x: Scale = ValueScale(0, 1)
        self.y: Scale = CountScale(1)
        self._item = self.widget.getPlotItem()
        self._item.hideButtons()
        self._item.setClipToView(False)
        self._view = self._item.getViewBox()
        self._view.setLimits(xMin=-0.03, xMax=1.03, yMin=0, yMax=1.06, minXRange=1e-4, minYRange=1e-6)
        self._view.disableAutoRange()
        self._view.sigRangeChanged.connect(lambda *_: self._set_ticks())
        for name in ("left", "bottom"):
            self._item.getAxis(name).enableAutoSIPrefix(False)
        self._item.showGrid(x=False, y=True, alpha=0.25)
        self._band = pyqtgraph.LinearRegionItem((0, 0), movable=False)
        self._band.setZValue(20)
        self._band.hide()
        self._item.addItem(self._band, ignoreBounds=True)
        self._drawn: list[Any] = []

    def set_scales(self, x: Scale, y: Scale) -> None:
        self.x, self.y = x, y

    def set_colours(self, palette: QPalette) -> None:
        ground, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
        line = QColor(text)
        line.setAlpha(110)
        self.widget.setBackground(ground)
        for name in ("left", "bottom"):
            axis = self._item.getAxis(name)
            axis.setPen(line)
            axis.setTextPen(text)
            axis.setTickFont(self.widget.font())
        accent = QColor(palette.color(QPalette.ColorRole.Highlight))
        accent.setAlpha(70)
        self._band.setBrush(accent)
        for edge in self._band.lines:
            edge.setPen(self._graph.mkPen(None))

    def set_labels(self, x: str, y: str) -> None:
        """Fixed texts of ours: pyqtgraph reads labels as HTML."""
        self._item.setLabel("bottom", html.escape(x))
        self._item.setLabel("left", html.escape(y))

    def set_curves(self, curves: Sequence[Curve], colours: Sequence[QColor]) -> None:
        for old in self._drawn:
            self._item.removeItem(old)
        self._drawn = []
        for i, curve in enumerate(curves):
            pen = QPen(colours[i], 1.4, _LINES[i])
            pen.setCosmetic(True)
            fill = QColor(colours[i])
            fill.setAlpha(110 if len(curves) == 1 else 40)
            drawn = self._graph.PlotCurveItem(
                x=_array(self.x.to_view(float(edge)) for edge in curve.edges),
                y=_array(self.y.to_view(float(count)) for count in curve.counts),
                stepMode="center", fillLevel=0, pen=pen, brush=fill, antialias=True)
            drawn.setZValue(10 - i)
            self._item.addItem(drawn)
            self._drawn.append(drawn)
        self._set_ticks()

    def reset(self) -> None:
        self._view.setRange(xRange=(-0.01, 1.01), yRange=(0, 1.04), padding=0)
        self._set_ticks()

    def zoom(self, factor: float, centre: float | None) -> None:
        (low, high), _ = self._view.viewRange()
        at = min(max((low + high) / 2 if centre is None else centre, low), high)
        self._view.setXRange(at - (at - low) * factor, at + (high - at) * factor, padding=0)

    def mark(self, span: tuple[float, float] | None) -> None:
        """A band over the values of `span`."""
        self._band.setVisible(span is not None)
        if span is not None:
            self._band.setRegion((self.x.to_view(span[0]), self.x.to_view(span[1])))

    def view_x(self, point: QPoint) -> float | None:
        """The view coordinate under a point of the viewport; None off the plot's own area."""
        scene = self.widget.mapToScene(point)
        if not self._view.sceneBoundingRect().contains(scene):
            return None
        return float(self._view.mapSceneToView(scene).x())

    def _set_ticks(self) -> None:
        (left, right), (low, high) = self._view.viewRange()
        metrics = self.widget.fontMetrics()
        across = int(self._view.width() / (metrics.horizontalAdvance("0") * 10 + 1))
        upwards = int(self._view.height() / (metrics.height() * 2.2 + 1))
        for name, scale, start, end, wanted in (("bottom", self.x, left, right, across), ("left", self.y, low, high, upwards)):
            # pyqtgraph draws grid lines per level of ticks, so the unlabelled ones come second
            ticks = [tick for tick in scale.ticks(start, end, min(max(wanted, 2), 12)) if start <= tick.at <= end]
            self._item.getAxis(name).setTicks([[(t.at, t.text) for t in ticks if t.text], [(t.at, "") for t in ticks if not t.text]])


class _Legend(QWidget):
    """The curves' names in two columns, each with a sample of its line and what the cursor reads."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[_Entry] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 0, 8, 2)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        self.hide()

    def show_entries(self, entries: Sequence[tuple[str, QColor, Qt.PenStyle]]) -> None:
        for old in self._entries:
            self._grid.removeWidget(old)
            old.deleteLater()
        self._entries = [_Entry(*entry) for entry in entries]
        for i, entry in enumerate(self._entries):
            self._grid.addWidget(entry, i // 2, i % 2)
        self.setVisible(bool(entries))

    def show_notes(self, notes: Sequence[str]) -> None:
        for i, entry in enumerate(self._entries):
            entry.set_note(notes[i] if i < len(notes) else "")


class _Entry(QWidget):
    def __init__(self, name: str, colour: QColor, line: Qt.PenStyle) -> None:
        super().__init__()
        self._name = visible(name)
        self._pen = QPen(colour, 2.4, line)
        self._note = ""
        self.setAccessibleName(self._name)
        self.setToolTip(f"<p style='white-space:pre-wrap'>{html.escape(self._name)}</p>")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_note(self, note: str) -> None:
        self._note = note
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
        note = metrics.elidedText(self._note, Qt.TextElideMode.ElideRight, max(0, self.width() - left) * 6 // 10)
        taken = metrics.horizontalAdvance(note) + 8 if note else 0
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, self.width() - left - taken)
        vertical = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), vertical | Qt.AlignmentFlag.AlignLeft, name)
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), vertical | Qt.AlignmentFlag.AlignRight, note)
        painter.end()


def percent(part: int, whole: int) -> str:
    """ "12.3 %"; never 0 % of something, nor 100 % of less than all."""
    if not whole or not part:
        return "0 %"
    if part == whole:
        return "100 %"
    share = 100 * part / whole
    if share < 0.01:
        return "< 0.01 %"
    if share > 99.99:
        return "> 99.99 %"
    return f"{share:.2f} %" if share < 1 or share > 99 else f"{share:.1f} %"


def is_dark(palette: QPalette) -> bool:
    """Whether text is light on a dark ground."""
    return palette.color(QPalette.ColorRole.Base).lightness() < palette.color(QPalette.ColorRole.Text).lightness()


def _colours(palette: QPalette) -> list[QColor]:
    return [QColor(name) for name in (_ON_DARK if is_dark(palette) else _ON_LIGHT)]


def _plain_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _array(values: Any) -> Any:
    import numpy
    return numpy.fromiter(values, dtype=numpy.float64)


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
