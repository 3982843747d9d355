"""Pages for a browser on paper: laid out, drawn on whatever is painted on, and as PDF.

`QTextDocument` knows neither SVG nor variables in style sheets, so drawings become pictures and colours are written out; a page's own
style sheet gives way to one in points of paper. Everything here may run in a worker.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMarginsF, QObject, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QImage,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextDocument,
)

from inspector import core

DPI = 96                        # of the layout; fonts are in its pixels, so that paper of any resolution shows the same
MARGIN = 14.0                   # millimetres
_FOOT = 26.0                    # pixels below the text, for the number of the page
_SHARP = 3                      # pixels of a picture for one of the layout
_LETTER = 9                     # pixels high
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_COLOUR = re.compile(r"--(\w+): (#[0-9a-fA-F]+)")
_SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)
_BLOCK = re.compile(r"<table.*?</table>|<pre>.*?</pre>|<figure>.*?</figure>|<ul>.*?</ul>|<h(\d)>.*?</h\1>|<p(?: [^>]*)?>.*?</p>", re.DOTALL)
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<(td|th)([^>]*)>(.*?)</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_ROWS, _LINES = 3, 20           # of a table or a text in one document
_GAP = 6.0                      # pixels between blocks
_ACROSS, _PADDED = 0.64, 1.6    # of its height a letter is wide; letters that the edges of a cell take
_SMALL = 0.5                    # how large a small drawing is
_BOLD = 0.8                     # letters more that a title takes
_MANY, _FINE = 8, 8             # columns, from which on letters are so high
_MOST_ROWS = 1_500              # of a table on paper
_FAMILIES = ("DejaVu Sans", "Noto Sans CJK SC", "Segoe UI", "Helvetica")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CAPTION = re.compile(r"<figcaption([^>]*)>(.*?)</figcaption>", re.DOTALL)
_BOX = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
_SHEET = """
h1 {{ font-size: 16px; }} h2 {{ font-size: 12px; }} .soft {{ color: {soft}; }}
.danger {{ color: {danger}; }} .warning {{ color: {warning}; }} .info {{ color: {info}; }} .a {{ color: {a}; }} .b {{ color: {b}; }}
table {{ border-collapse: collapse; }} td, th {{ padding: 1px 4px; border-bottom: 1px solid {line}; }}
th {{ text-align: left; }} .n {{ text-align: right; }}
pre, code {{ font-family: "DejaVu Sans Mono", "Noto Sans Mono CJK SC", "Consolas", "Menlo"; }} pre {{ background-color: {card}; }}
"""


class PageMaker(Protocol):
    """Who starts the window knows how pages are made; both read what they need. They raise InspectorError and Cancelled."""

    def file(self, ckpt: core.Checkpoint, values: bool, monitor: core.Monitor) -> str:
        """The page about a file; with `values`, all of them are read."""

    def comparison(self, comparison: core.Comparison, base: core.ThreeWay | None = None) -> str:
        """The page about a comparison, and about who changed what since the base of both."""


class Paper:
    """A page laid out for sheets of `layout`. Belongs to the thread that made it, until it is `given_to` another.

    It is many small documents, a few rows of a table each: a single one holds the interpreter for seconds, whatever thread it is in."""

    def __init__(self, page: str, layout: QPageLayout, monitor: core.Monitor = core.QUIET) -> None:
        """Raises Cancelled."""
        self.layout = layout
        size = layout.paintRectPixels(DPI).size()
        self._width, self._height = float(size.width()), float(size.height()) - _FOOT
        style = _STYLE.search(page)
        self._colours = dict(reversed(_COLOUR.findall(style[1]))) if style is not None else {}      # the first of each: those of light
        self._sheet = _SHEET.format(**{**_PLAIN, **self._colours})
        self._font = QFont()
        self._font.setFamilies(list(_FAMILIES))
        self._font.setPixelSize(_LETTER)
        self._sheets: list[list[tuple[float, QTextDocument]]] = [[]]
        self._at = 0.0
        self._title: QTextDocument | None = None        # the last one, which goes with what comes after it
        body = page.partition("<body>")[2].partition("</body>")[0]
        blocks = [found[0] for found in _BLOCK.finditer(body)]
        for n, block in enumerate(blocks):
            monitor.report(n, len(blocks))
            if block.startswith("<table"):
                self._put_table(block, monitor)
            elif block.startswith("<pre"):
                lines = block[len("<pre>"):-len("</pre>")].split("\n")
                for first in range(0, len(lines), _LINES):
                    self._put("<pre>" + "\n".join(lines[first:first + _LINES]) + "</pre>", gap=0.0 if first else _GAP)
            else:
                self._put(_CAPTION.sub(r"<div\1>\2</div>", block))

    def given_to(self, other: QObject | None) -> Paper:
        """From now on it belongs to the thread of `other`; None: to none, until somebody takes it (`given_to` an object of his own)."""
        thread = other.thread() if other is not None else None
        for sheet in self._sheets:
            for _, document in sheet:
                document.moveToThread(thread)       # type: ignore[arg-type]    # Qt takes None, its stubs do not say so
        return self

    @property
    def sheets(self) -> int:
        return len(self._sheets)

    @property
    def text(self) -> str:
        """All that is written on the sheets."""
        return "\n".join(document.toPlainText() for sheet in self._sheets for _, document in sheet)

    def paint(self, painter: QPainter, sheet: int, dpi: float) -> None:
        """Draws the sheet number `sheet`, from 0 on, on something with so many dots per inch, whose corner is that of the paper within
        the margins."""
        painter.save()
        painter.scale(dpi / DPI, dpi / DPI)
        painter.setFont(self._font)
        painter.setPen(QColor(_PLAIN["soft"]))
        painter.drawText(QRectF(0, self._height + 6, self._width, _FOOT - 6), _RIGHT, f"{sheet + 1} / {self.sheets}")
        painter.setClipRect(QRectF(0, 0, self._width, self._height))
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, QColor(_PLAIN["ink"]))       # paper is white in a dark theme, too
        for y, document in self._sheets[sheet]:
            painter.translate(0, y)
            document.documentLayout().draw(painter, context)
            painter.translate(0, -y)
        painter.restore()

    def _put_table(self, table: str, monitor: core.Monitor) -> None:
        """A few rows at once, in columns that are as wide in all of them; the titles again on each sheet."""
        rows = [_CELL.findall(row) for row in _ROW.findall(table)]
        if not rows:
            return
        titles = rows.pop(0) if rows[0] and all(tag == "th" for tag, _, _ in rows[0]) else []
        left_out = len(rows) - _MOST_ROWS
        rows = rows[:_MOST_ROWS]
        fine = _FINE if len(max(rows, key=len, default=titles)) >= _MANY else _LETTER
        shares = _shares_of([titles, *rows] if titles else rows, self._width, _ACROSS * fine)
        head = _row(titles, shares) if any(inner for _, _, inner in titles) else ""
        self._at += _GAP
        shown = False
        for first in range(0, len(rows), _ROWS):
            monitor.check()
            made = self._document(_table([_row(row, shares) for row in rows[first:first + _ROWS]]), fine)
            if head and (not shown or self._at + made.size().height() > self._height):
                top = self._document(_table([head]), fine)
                if self._at + top.size().height() + made.size().height() > self._height:
                    self._turn()
                self._place(top)
                shown = True
            self._place(made)
        if left_out > 0:
            self._put(f"<p>… and {left_out:,} rows more, in the page for browsers.</p>")

    def _put(self, block: str, gap: float = _GAP) -> None:
        document = self._document(block)
        if self._at + document.size().height() > self._height:
            self._turn()
        if block.startswith("<h"):
            self._title = document
        self._at += gap if self._at else 0.0
        self._place(document)

    def _place(self, document: QTextDocument) -> None:
        height = float(document.size().height())
        if self._at and self._at + height > self._height:
            self._turn()
        self._sheets[-1].append((self._at, document))
        self._at += height

    def _turn(self) -> None:
        full = self._sheets[-1]
        if full:
            taken = full.pop()[1] if len(full) > 1 and full[-1][1] is self._title else None
            self._sheets.append([])
            self._at = 0.0
            if taken is not None:
                self._place(taken)

    def _document(self, block: str, letter: int = _LETTER) -> QTextDocument:
        for name, colour in self._colours.items():
            block = block.replace(f"var(--{name})", colour)
        document = QTextDocument()
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.documentLayout().setPaintDevice(_device())
        font = QFont(self._font)
        font.setPixelSize(letter)
        document.setDefaultFont(font)
        document.setDefaultStyleSheet(self._sheet)
        document.setHtml(_SVG.sub(lambda found: self._picture(found[0], document), block))
        document.setTextWidth(self._width)
        return document

    def _picture(self, svg: str, document: QTextDocument) -> str:
        """An image in the place of a drawing."""
        from PySide6.QtSvg import QSvgRenderer
        width, height = _size_of(svg, self._width)
        if not width:
            return ""
        height = min(height, self._height / 2)
        drawn = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(
            "<text ", f'<text font-size="11" font-family="DejaVu Sans, Noto Sans CJK SC" fill="{self._colours.get("ink", "black")}" ')
        image = QImage(max(round(width * _SHARP), 1), max(round(height * _SHARP), 1), QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        QSvgRenderer(QByteArray(drawn.encode())).render(painter)
        painter.end()
        name = f"picture:{abs(hash(svg))}"
        document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), image)
        return f'<img src="{name}" width="{width:.0f}" height="{height:.0f}">'


Cell = tuple[str, str, str]         # "td" or "th", what stands in the tag, what in the cell


def _size_of(svg: str, room: float) -> tuple[float, float]:
    """How wide and high a drawing is where there is so much `room` across; 0, 0 where it does not say."""
    box = _BOX.search(svg)
    if box is None:
        return 0.0, 0.0
    across, down = float(box[1]), float(box[2])
    width = min(across * _SMALL if 'class="small"' in svg else across, room)
    return width, down * width / across


def _shares_of(rows: list[list[Cell]], room: float, letter: float) -> list[float]:
    """How much of `room`, where a `letter` is so wide, each column gets, of 100: what is short stays whole, and the longest give way. A
    column that gets less than its drawings take is made wider by Qt, and in some rows only."""
    letters = room / letter
    needs = [3.0] * max(len(row) for row in rows)
    for row in rows:
        if any("colspan" in more for _, more, _ in row):
            continue
        for n, (tag, _, inner) in enumerate(row):
            drawn = sum(_size_of(svg, room)[0] for svg in _SVG.findall(inner)) / letter
            text = max(map(len, _TAG.sub("", _SVG.sub("", inner).replace("<br>", "\n")).split("\n")))
            needs[n] = max(needs[n], drawn + text + _PADDED + (_BOLD if tag == "th" else 0.0))
    low, high = 3.0, max(needs)
    while sum(needs) > letters and high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if sum(min(need, middle) for need in needs) > letters else (middle, high)
    fitted = [min(need, high) for need in needs]
    fitted[0 if len(rows[0]) > 2 else -1] += max(letters - sum(fitted), 0.0)        # what is over: to the names, or to what is said
    return [one * 100 / sum(fitted) for one in fitted]


def _row(cells: list[Cell], shares: list[float]) -> str:
    return "<tr>" + "".join(f'<{tag}{more} width="{shares[n]:.1f}%">{inner}</{tag}>' if "colspan" not in more else
                            f"<{tag}{more}>{inner}</{tag}>" for n, (tag, more, inner) in enumerate(cells)) + "</tr>"


def _table(rows: list[str]) -> str:
    return '<table width="100%" cellspacing="0">' + "".join(rows) + "</table>"


_PLAIN = {"ink": "#1c2024", "soft": "#60656c", "line": "#d9dce0", "a": "#0072b2", "b": "#d55e00", "danger": "#b3261e",
          "warning": "#8a5a00", "info": "#0072b2", "card": "#f4f5f7"}


def usual_layout() -> QPageLayout:
    """A4 upright."""
    return QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN),
                       QPageLayout.Unit.Millimeter)


def pdf(page: str, title: str, monitor: core.Monitor = core.QUIET) -> bytes:
    """The page as a PDF document. Raises Cancelled."""
    paper = Paper(page, usual_layout(), monitor)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator(f"Checkpoint Inspector {core.version}")
    writer.setResolution(300)
    writer.setPageLayout(paper.layout)
    draw(paper, writer, writer.resolution(), range(paper.sheets), monitor)
    return bytes(data.data())


def draw(paper: Paper, device: QPagedPaintDevice, dpi: float, sheets: Sequence[int], monitor: core.Monitor = core.QUIET) -> None:
    """Draws these sheets, each on one of the device's. Raises SaveError when it takes none, Cancelled."""
    painter = QPainter(device)
    if not painter.isActive():
        raise core.SaveError(QCoreApplication.translate("Printing", "the printer takes nothing"),
                             QCoreApplication.translate("Printing", "Choose another one, or another file to print to."))
    try:
        for n, sheet in enumerate(sheets):
            monitor.report(n, len(sheets))
            if n:
                device.newPage()
            paper.paint(painter, sheet, dpi)
    finally:
        painter.end()


def _device() -> QImage:
    """What the layout goes by."""
    image = QImage(1, 1, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(DPI / 0.0254))
    image.setDotsPerMeterY(round(DPI / 0.0254))
    return image
