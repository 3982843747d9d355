"""Pages for a browser on paper: laid out, drawn on whatever is painted on, and as PDF.

`QTextDocument` knows neither SVG nor variables in style sheets, so drawings become pictures and colours are written out; a page's own
style sheet gives way to one in points of paper. Everything here may run in a worker.
"""
from __future__ import annotations

import re
from typing import Protocol

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QObject, QRectF, QSizeF, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QImage,
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
_BOX = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
_SHEET = """
* {{ font-family: "DejaVu Sans", "Noto Sans CJK SC", "Segoe UI", "Helvetica"; font-size: {size}px; color: {ink}; }}
h1 {{ font-size: {title}px; }} h2 {{ font-size: {heading}px; margin-top: 14px; }} .soft {{ color: {soft}; }}
.danger {{ color: {danger}; }} .warning {{ color: {warning}; }} .info {{ color: {info}; }} .a {{ color: {a}; }} .b {{ color: {b}; }}
table {{ border-collapse: collapse; }} td, th {{ padding: 1px 4px; border-bottom: 1px solid {line}; }}
th {{ text-align: left; }} .n {{ text-align: right; }}
pre, code {{ font-family: "DejaVu Sans Mono", "Noto Sans Mono CJK SC", "Consolas", "Menlo"; }} pre {{ background-color: {card}; }}
"""


class PageMaker(Protocol):
    """Who starts the window knows how pages are made; both read what they need. They raise InspectorError and Cancelled."""

    def file(self, ckpt: core.Checkpoint, values: bool, monitor: core.Monitor) -> str:
        """The page about a file; with `values`, all of them are read."""

    def comparison(self, comparison: core.Comparison) -> str:
        """The page about a comparison."""


class Paper:
    """A page laid out for sheets of `layout`. Belongs to the thread that made it, until it is `given_to` another."""

    def __init__(self, page: str, layout: QPageLayout) -> None:
        self.layout = layout
        size = layout.paintRectPixels(DPI).size()
        self._width, self._height = float(size.width()), float(size.height()) - _FOOT
        self._document = QTextDocument()
        self._document.setDocumentMargin(0)
        self._document.documentLayout().setPaintDevice(_device())
        self._fill(page)
        self._document.setPageSize(QSizeF(self._width, self._height))

    def given_to(self, other: QObject) -> Paper:
        """From now on it belongs to the thread of `other`."""
        self._document.moveToThread(other.thread())
        return self

    @property
    def sheets(self) -> int:
        return self._document.pageCount()

    def paint(self, painter: QPainter, sheet: int, dpi: float) -> None:
        """Draws the sheet number `sheet`, from 0 on, on something with so many dots per inch, whose corner is that of the paper within
        the margins."""
        painter.save()
        painter.scale(dpi / DPI, dpi / DPI)
        font = self._document.defaultFont()
        font.setPixelSize(_LETTER)
        painter.setFont(font)
        painter.setPen(QColor("#60656c"))
        foot = QRectF(0, self._height + 6, self._width, _FOOT - 6)
        painter.drawText(foot, 0x0082, f"{sheet + 1} / {self.sheets}")          # at the right, in the middle
        painter.translate(0, -sheet * self._height)
        clip = QRectF(0, sheet * self._height, self._width, self._height)
        painter.setClipRect(clip)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = clip
        context.palette.setColor(QPalette.ColorRole.Text, QColor("black"))       # paper is white in a dark theme, too
        self._document.documentLayout().draw(painter, context)
        painter.restore()

    def _fill(self, page: str) -> None:
        style = _STYLE.search(page)
        colours = dict(reversed(_COLOUR.findall(style[1]))) if style is not None else {}        # the first of each: those of light
        body = page.partition("<body>")[2].partition("</body>")[0]
        for name, colour in colours.items():
            body = body.replace(f"var(--{name})", colour)
        self._document.setDefaultStyleSheet(_SHEET.format(size=_LETTER, title=16, heading=12, **{**_PLAIN, **colours}))
        self._document.setHtml(_SVG.sub(lambda found: self._picture(found[0], colours), body))

    def _picture(self, svg: str, colours: dict[str, str]) -> str:
        """An image in the place of a drawing."""
        from PySide6.QtSvg import QSvgRenderer
        box = _BOX.search(svg)
        if box is None:
            return ""
        across, down = float(box[1]), float(box[2])
        width = min(across * 0.6, self._width) if 'class="small"' in svg else min(across, self._width)
        height = down * width / across
        drawn = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(
            "<text ", f'<text font-size="11" font-family="DejaVu Sans, Noto Sans CJK SC" fill="{colours.get("ink", "black")}" ')
        image = QImage(max(round(width * _SHARP), 1), max(round(height * _SHARP), 1), QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        QSvgRenderer(QByteArray(drawn.encode())).render(painter)
        painter.end()
        self._pictures = getattr(self, "_pictures", 0) + 1
        name = f"picture:{self._pictures}"
        self._document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), image)
        return f'<img src="{name}" width="{width:.0f}" height="{height:.0f}">'


_PLAIN = {"ink": "#1c2024", "soft": "#60656c", "line": "#d9dce0", "a": "#0072b2", "b": "#d55e00", "danger": "#b3261e",
          "warning": "#8a5a00", "info": "#0072b2", "card": "#f4f5f7"}


def usual_layout() -> QPageLayout:
    """A4 upright."""
    return QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN),
                       QPageLayout.Unit.Millimeter)


def pdf(page: str, title: str, monitor: core.Monitor = core.QUIET) -> bytes:
    """The page as a PDF document. Raises Cancelled."""
    paper = Paper(page, usual_layout())
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator(f"Checkpoint Inspector {core.version}")
    writer.setResolution(300)
    writer.setPageLayout(paper.layout)
    painter = QPainter(writer)
    try:
        for sheet in range(paper.sheets):
            monitor.report(sheet, paper.sheets)
            if sheet:
                writer.newPage()
            paper.paint(painter, sheet, writer.resolution())
    finally:
        painter.end()
    return bytes(data.data())


def _device() -> QImage:
    """What the layout goes by."""
    image = QImage(1, 1, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(DPI / 0.0254))
    image.setDotsPerMeterY(round(DPI / 0.0254))
    return image
