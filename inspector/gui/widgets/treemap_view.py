"""A map of boxes in boxes, each as large as its bytes: read by mouse or keys, a click chooses, a double click or Enter goes in."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from inspector import core
from inspector.gui.kit import exporting, theme, words
from inspector.gui.models import treemap
from inspector.gui.models.box_fills import TINT, Fill
from inspector.gui.models.treemap import Way

_LOWEST, _HIGHEST, _SHAPE = 260, 460, 0.54
_GAP = 1.0                      # pixels between boxes
_AT_ONCE = 200                  # boxes that are laid out anew for every step of a resize; more once it rests
_SETTLED = 60                   # milliseconds
_LISTED = 12                    # boxes that a screen reader is told
_WAYS: dict[int, Way] = {Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right", Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}

FillOf = Callable[[core.ByteBox], Fill]
Places = list[core.MapPlace]
Elsewhere = Callable[[Callable[[core.Monitor], Places], Callable[[Places], None]], None]     # a function called in a worker, its result


class _Pen:
    """Writes single lines, and knows how wide they are."""

    def __init__(self, painter: QPainter, fonts: tuple[QFont, QFont], widths: dict[tuple[bool, str], float]) -> None:
        """`fonts` are plain and bold."""
        self._painter, self._fonts, self._widths = painter, fonts, widths
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)         # a name that begins in Hebrew keeps its parts in order
        self._measures = QFontMetricsF(fonts[0]), QFontMetricsF(fonts[1])
        self.height, self._ascent = self._measures[0].height(), self._measures[0].ascent()

    def width(self, text: str, bold: bool = False) -> float:
        found = self._widths.get((bold, text))
        if found is None:
            found = self._widths[bold, text] = self._measures[bold].horizontalAdvance(text)
        return found

    def write(self, x: float, y: float, text: str, colour: str, bold: bool = False) -> None:
        """`y` is the top of the line."""
        self._painter.setFont(self._fonts[bold])
        self._painter.setPen(QColor(colour))
        self._painter.drawText(QPointF(x, y + self._ascent), core.isolated(text))


class _Wanted(NamedTuple):
    """What is to be laid out, and over how much room."""

    root: core.ByteBox
    width: int
    height: int
    title: float

    def is_same(self, other: _Wanted | None) -> bool:
        return other is not None and self.root is other.root and self[1:] == other[1:]


class TreemapView(QWidget):
    """`chosen` and `entered` give a `core.ByteBox` that is a tensor or a group."""

    pointed = Signal()              # another box is under the mouse or the keys
    chosen = Signal(object)
    entered = Signal(object)
    left = Signal()                 # out to the group around
    measured = Signal()             # the statistics of what is chosen are wanted
    menu_asked = Signal(object, QPoint)     # of a box, at a place of the screen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root: core.ByteBox | None = None
        self._fill_of: FillOf = lambda box: Fill(theme.colours(self.palette()).accent, TINT)
        self._places: list[core.MapPlace] = []
        self._drawn: QPixmap | None = None
        self._cursor = self._hovered = -1
        self._marked = ""
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED)
        self._settled.timeout.connect(self._arrange)
        self._stale = False             # the places are those of before
        self.elsewhere: Elsewhere | None = None         # who lays out maps of many boxes, so that nobody waits for it
        self._laid: _Wanted | None = None               # what the places are of
        self._asked: _Wanted | None = None              # what is being laid out elsewhere
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._lay_out)
        self._widths: dict[tuple[bool, str], float] = {}        # of texts in bold and plain: measuring them takes as long as drawing them
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(200)
        self.setAccessibleName(self.tr("Map of the bytes"))

    # -- what is shown ------------------------------------------------------------------------------------------------

    def let_go(self) -> None:
        """It is about to be taken away: what it drew goes at once, and it holds nobody who holds it: only the collector undoes that."""
        self._settled.stop()
        self._soon.stop()
        self._root = self._drawn = self.elsewhere = self._laid = self._asked = None
        self._places, self._fill_of = [], _nothing

    @property
    def root(self) -> core.ByteBox | None:
        return self._root

    @property
    def places(self) -> list[core.MapPlace]:
        """What is drawn, in the widget's pixels."""
        self._lay_out()
        return self._places

    @property
    def current(self) -> core.ByteBox | None:
        """What the mouse is over, else what the keys are on."""
        self._lay_out()
        number = self._hovered if self._hovered >= 0 else self._cursor
        return self._places[number].box if 0 <= number < len(self._places) else None

    def refill(self, fill_of: FillOf) -> None:
        """The same boxes, filled otherwise."""
        self._fill_of, self._drawn = fill_of, None
        self.pointed.emit()
        self.update()

    def show_root(self, root: core.ByteBox | None, fill_of: FillOf) -> None:
        if root is not self._root:
            self._places, self._laid, self._drawn, self._cursor = [], None, None, -1
        self._root, self._fill_of = root, fill_of
        self._widths.clear()
        self._arrange()

    def mark(self, path: str) -> None:
        """The box of a tensor or a group is the one that is selected; or the innermost around it."""
        self._marked = path
        if not self._stale:
            self._cursor = self._place_of(path)
            self._told()

    def picture(self, scale: float = 2.0) -> QImage:
        self._lay_out(at_once=True)
        return exporting.picture_of(self, self.palette().color(QPalette.ColorRole.Window), scale)

    def drawing(self) -> bytes:
        """As an SVG document."""
        self._lay_out(at_once=True)

        def draw(painter: QPainter) -> None:
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
            self._draw(painter)

        return exporting.drawing_of(self.size(), self._root.path if self._root is not None else "", draw)

    def name_of(self, box: core.ByteBox) -> str:
        """What a box is called as seen from the group that is shown, safe to show."""
        if box.left_out:
            return self.tr("{n} small ones").format(n=f"{box.left_out:,}")
        return core.visible(core.seen_from(box.path, self._root.path) if self._root is not None else box.path)

    def said(self, box: core.ByteBox) -> str:
        """All of a box in one line: name, class or shape and type, bytes, its share of what is shown."""
        parts = [f"{self.name_of(box)} {core.visible(box.type, 80)}".rstrip()]
        if box.info is not None:
            parts += [words.shape(box.info.shape), core.visible(box.info.type_words, 80)]
        elif not box.left_out:
            parts.append(words.tensors(box.tensors))
        parts += [words.size(box.nbytes), words.share(box.nbytes, self._root.nbytes if self._root is not None else 0)]
        if box.tied:
            others = ", ".join(core.visible(key, 80) for key in box.tied[:3]) + (", …" if len(box.tied) > 3 else "")
            parts.append(self.tr("the same as {names}").format(names=others))
        return " · ".join(part for part in parts if part)

    def _arrange(self) -> None:
        """Soon, or when somebody looks: while a page is put together, the size and the selection change several times."""
        self._settled.stop()
        self._stale = True
        if not self._is_large:          # else the picture of before is near enough until the other is there
            self._drawn = None
        self._soon.start(0)
        self.update()

    @property
    def _is_large(self) -> bool:
        return self.elsewhere is not None and self._root is not None and self._root.tensors > _AT_ONCE

    def _lay_out(self, at_once: bool = False) -> None:
        if not self._stale:
            return
        wanted = _Wanted(self._root, self.width(), self.height(), self._title) if self._root is not None else None
        if wanted is None:
            self._take(None, [])
        elif wanted.is_same(self._laid):
            self._take(wanted, self._places)
        elif at_once or not self._is_large:
            self._take(wanted, core.map_places(*wanted))
        else:
            self._ask(wanted)

    def _ask(self, wanted: _Wanted) -> None:
        """Has the places worked out elsewhere. Until they are there, those of before are."""
        if self.elsewhere is not None and not wanted.is_same(self._asked):
            self._asked = wanted
            self.elsewhere(lambda monitor: core.map_places(*wanted, monitor), lambda places: self._came(wanted, places))

    def _came(self, wanted: _Wanted, places: Places) -> None:
        if wanted is self._asked:               # nothing else was asked for since
            self._asked = None
            if self._stale:
                self._take(wanted, places)
                if (wanted.width, wanted.height) != (self.width(), self.height()):
                    self._arrange()             # the room has changed meanwhile, and its turn has not come yet

    def _take(self, wanted: _Wanted | None, places: Places) -> None:
        self._stale, self._hovered, self._laid, self._places, self._drawn = False, -1, wanted, places, None
        self._cursor = self._place_of(self._marked)
        self._told()

    def _told(self) -> None:
        """For eyes and for screen readers."""
        if self._root is not None:
            box = self.current
            listed = [self.said(one) for one in self._root.boxes[:_LISTED]]
            self.setAccessibleDescription("\n".join([self.said(box), *listed] if box is not None else listed))
        self.pointed.emit()
        self.update()

    def _place_of(self, path: str) -> int:
        best, length = -1, -1
        for n, place in enumerate(self._places):
            own = place.box.path
            if path and own and not place.merged and core.is_under(f"{path}.", own) and len(own) > length:
                best, length = n, len(own)
        return best

    # -- drawing ------------------------------------------------------------------------------------------------------

    @property
    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.88)
        return font

    @property
    def _title(self) -> float:
        return QFontMetricsF(self._small).height() + 3

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return int(min(max(width * _SHAPE, _LOWEST), _HIGHEST))

    def sizeHint(self) -> QSize:
        return QSize(480, self.heightForWidth(480))

    def paintEvent(self, event: QPaintEvent) -> None:
        self._lay_out()
        ratio = self.devicePixelRatioF()
        if self._stale or (self._settled.isActive() and self._drawn is not None):       # being resized: near enough until it rests
            if self._drawn is not None:
                painter = QPainter(self)
                painter.drawPixmap(self.rect(), self._drawn)
                painter.end()
            return
        if self._drawn is None or self._drawn.devicePixelRatio() != ratio:
            self._drawn = QPixmap(self.size() * ratio)
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._drawn)
            self._draw(painter)
            painter.end()
        c = theme.colours(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._drawn)
        if 0 <= self._hovered < len(self._places) and self._hovered != self._cursor:
            self._frame(painter, self._places[self._hovered], c.text, 1.5)
        if 0 <= self._cursor < len(self._places):
            self._frame(painter, self._places[self._cursor], c.series[1], 2.5)
        if self.hasFocus():
            painter.setPen(QPen(QColor(c.accent), 1, Qt.PenStyle.SolidLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _frame(self, painter: QPainter, place: core.MapPlace, colour: str, width: float) -> None:
        painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(place.x, place.y, place.width, place.height).adjusted(width / 2, width / 2, -width / 2, -width / 2))

    def _draw(self, painter: QPainter) -> None:
        c = theme.colours(self.palette())
        plain, bold = self._small, QFont(self._small)
        bold.setWeight(QFont.Weight.DemiBold)
        pen = _Pen(painter, (plain, bold), self._widths)
        leaves: dict[Fill, list[QRectF]] = {}
        slivers: dict[Fill, list[QRectF]] = {}          # without the room for an edge
        for place in self._places:
            rect = QRectF(place.x + 0.5, place.y + 0.5, place.width - _GAP - 1, place.height - _GAP - 1)
            if place.is_leaf:
                sort = leaves if rect.width() >= 1 and rect.height() >= 1 else slivers
                sort.setdefault(self._fill_of(place.box), []).append(
                    rect if sort is leaves else QRectF(place.x, place.y, max(place.width - _GAP, 0.5), max(place.height - _GAP, 0.5)))
            else:
                painter.setPen(QColor(c.border))
                painter.setBrush(QColor(c.hover if place.depth % 2 else c.window))
                painter.drawRect(rect)
        for fill, rects in leaves.items():              # all of a colour at once: twice as fast
            painter.setPen(theme.tinted(fill.colour, c.card, fill.edge))
            painter.setBrush(theme.tinted(fill.colour, c.card, fill.part))
            painter.drawRects(rects)
        painter.setPen(Qt.PenStyle.NoPen)
        for fill, rects in slivers.items():
            painter.setBrush(theme.tinted(fill.colour, c.card, min(2 * fill.part, 1.0)))
            painter.drawRects(rects)
        for place in self._places:
            if place.title:
                self._draw_title(pen, place, c)
            elif place.width > 24 and place.height > pen.height + 2:
                self._draw_label(pen, place, c)

    def _draw_title(self, pen: _Pen, place: core.MapPlace, c: theme.Colours) -> None:
        """Name, class and size, as many of them as fit whole."""
        left, room = place.x + 5, place.width - 11
        name = core.seen_from(place.box.path, self._outside(place))
        name = next((core.visible(one) for one in (name, core.leaf_of(name)) if pen.width(core.visible(one), True) <= room), "")
        if not name:
            return
        line = place.y + (place.title - pen.height) / 2
        pen.write(left, line, name, c.text, True)
        left, room = left + pen.width(name, True) + 6, room - pen.width(name, True) - 6
        type = core.visible(core.leaf_of(place.box.type), 80)
        if type and pen.width(type) <= room:
            pen.write(left, line, type, c.muted)
            room -= pen.width(type) + 6
        size = words.size(place.box.nbytes)
        if pen.width(size) <= room:
            pen.write(place.x + place.width - 6 - pen.width(size), line, size, c.muted)

    def _draw_label(self, pen: _Pen, place: core.MapPlace, c: theme.Colours) -> None:
        """The longest of its names that fits whole, and its shape where there is room."""
        room = place.width - 9
        name = next((name for name in self._names(place) if pen.width(name) <= room), "")
        if not name:
            return
        pen.write(place.x + 4, place.y + 2, name, c.text)
        shape = words.shape(place.box.info.shape) if place.box.info is not None else ""
        if shape and place.height - 5 >= 2 * pen.height and pen.width(shape) <= room:
            pen.write(place.x + 4, place.y + 2 + pen.height, shape, c.text)

    def _outside(self, place: core.MapPlace) -> str:
        """The path of the named group around."""
        return self._places[place.around].box.path if place.around >= 0 else self._root.path if self._root is not None else ""

    def _names(self, place: core.MapPlace) -> Iterator[str]:
        """What a box may be called, the longest first: a number alone says nothing, and "weight" is what nearly all are."""
        if place.merged:
            yield from (self.name_of(place.box), f"+{place.merged:,}")
            return
        whole = core.seen_from(place.box.path, self._outside(place))
        yield core.visible(whole)
        name = whole.removesuffix(".weight")
        while name:
            if not name.replace(".", "").isdecimal():
                yield core.visible(name)
            name = name.partition(".")[2]

    # -- mouse and keys -----------------------------------------------------------------------------------------------

    def _at(self, event: QMouseEvent) -> int:
        return treemap.at(self.places, event.position().x(), event.position().y())

    def _choose(self, number: int) -> None:
        self._cursor = number
        box = self.places[number].box
        self._marked = box.path
        self._told()
        if not box.left_out:
            self.chosen.emit(box)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event)
        if found != self._hovered:
            self._hovered = found
            self.pointed.emit()
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = -1
        self.pointed.emit()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event)
        if event.button() == Qt.MouseButton.LeftButton and found >= 0:
            self._choose(found)
        elif event.button() == Qt.MouseButton.BackButton:
            self.left.emit()
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self._at(event)
        if event.button() == Qt.MouseButton.LeftButton and found >= 0:
            self._enter(found)

    def _enter(self, number: int) -> None:
        """What is merged is looked at from its group nearby."""
        place = self.places[number]
        if not place.box.left_out:
            self.entered.emit(place.box)
        elif place.around >= 0:
            self.entered.emit(self.places[place.around].box)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, there = event.key(), bool(self.places)
        if key in _WAYS and there and event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier):
            start = self._cursor if self._cursor >= 0 else 0
            self._choose(start if self._cursor < 0 else treemap.neighbour(self.places, start, _WAYS[key]))
        elif key == Qt.Key.Key_PageUp and self._cursor >= 0 and self.places[self._cursor].around >= 0:
            self._choose(self.places[self._cursor].around)
        elif key == Qt.Key.Key_PageDown and self._cursor >= 0:
            self._choose(next((n for n, place in enumerate(self.places) if place.around == self._cursor), self._cursor))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and there:
            self._choose(0 if key == Qt.Key.Key_Home else len(self.places) - 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cursor >= 0:
            self._enter(self._cursor)
        elif key == Qt.Key.Key_Backspace:
            self.left.emit()
        elif key == Qt.Key.Key_Space and self._cursor >= 0 and not self.places[self._cursor].box.left_out:
            self._choose(self._cursor)
            self.measured.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        number = treemap.at(self.places, event.pos().x(), event.pos().y()) if event.reason() == QContextMenuEvent.Reason.Mouse \
            else self._cursor
        if not 0 <= number < len(self.places) or self.places[number].box.left_out:
            return
        self._choose(number)                # the menu is about what is selected
        self.menu_asked.emit(self.places[number].box, event.globalPos())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            help = cast(QHelpEvent, event)
            number = treemap.at(self.places, help.pos().x(), help.pos().y())
            if number >= 0:
                QToolTip.showText(help.globalPos(), words.tip(self.said(self.places[number].box)), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._drawn is None or len(self._places) <= _AT_ONCE:
            self._arrange()
        else:
            self._settled.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._widths.clear()
            self._arrange()


def _nothing(box: core.ByteBox) -> Fill:
    return Fill("", 0.0)
