"""The program's own pictures: SVG strokes in `resources/icons`, tinted with the theme's text colour, sharp at 1x and 2x.

`icon(name)` is cached per theme. Actions and buttons that show one ask with `put`, and get the other tint when the theme changes.
"""
from __future__ import annotations

from functools import cache, lru_cache
from typing import Protocol
from weakref import ref

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from inspector.resources_path import resource_path

from . import theme

APPLICATION = "checkpoint-inspector"
_SIZES = (16, 24)
_cache: dict[tuple[str, str, str], QIcon] = {}


class HasIcon(Protocol):
    """What shows an icon: an action, a button."""

    def setIcon(self, icon: QIcon) -> None: ...


def icon(name: str, colour: str = "") -> QIcon:
    """The icon `name` in `colour` ("" the theme's text colour; disabled and selected variants come with it). An unknown name
    gives an empty icon."""
    shown = theme.colours()
    tint = colour or shown.text
    key = (name, tint, shown.faint)
    found = _cache.get(key)
    if found is None:
        found = _cache[key] = _draw(name, tint, shown.faint)
    return found


def put(widget: HasIcon, name: str, tone: str = "") -> None:
    """Sets the icon and keeps its tint with the theme. `tone` is a field of `theme.Colours` ("danger")."""
    shown: list[str] = []

    def tint() -> None:
        held = kept()
        colour = theme.colours()._asdict()[tone] if tone else theme.colours().text
        if held is not None and shown != [colour]:
            shown[:] = [colour]
            held.setIcon(icon(name, colour))

    kept = ref(widget)
    tint()
    watch = theme.current().changed.connect(tint)
    if isinstance(widget, QObject):
        widget.destroyed.connect(lambda: QObject.disconnect(watch))


def pixmap(name: str, size: int, colour: str = "", ratio: float = 0.0) -> QPixmap:
    """The picture alone, `size` device-independent pixels wide, for labels. `ratio` is the screen's (0: the highest there is). The same one
    each time: Qt keeps what labels make of every picture that they show, megabytes of them."""
    return _kept(name, size, colour or theme.colours().text, ratio or _highest_ratio())


def application_icon() -> QIcon:
    made = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(_render(APPLICATION, size, "", 1.0))
    return made


def _draw(name: str, tint: str, faint: str) -> QIcon:
    made = QIcon()
    for ratio in sorted({1.0, _highest_ratio()}):
        for size in _SIZES:
            drawn = _render(name, size, tint, ratio)
            if drawn.isNull():
                return made
            made.addPixmap(drawn)
            made.addPixmap(_render(name, size, faint, ratio), QIcon.Mode.Disabled)
            made.addPixmap(drawn, QIcon.Mode.Selected)
    return made


def _render(name: str, size: int, colour: str, ratio: float) -> QPixmap:
    source = _source(name)
    if not source:
        return QPixmap()
    drawing = QSvgRenderer(QByteArray(source.replace(b"currentColor", QColor(colour).name().encode())))
    made = QPixmap(round(size * ratio), round(size * ratio))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    drawing.render(painter, QRectF(0, 0, made.width(), made.height()))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


_kept = lru_cache(maxsize=256)(_render)


@cache
def _source(name: str) -> bytes:
    try:
        return resource_path(f"icons/{name}.svg").read_bytes()
    except OSError:                     # a picture that is missing is no reason not to open files
        return b""


def _highest_ratio() -> float:
    return max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
