"""Cards that say what an open file is known to be beyond its tables: its bytes told apart, and what tensors have to do with
each other."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import theme, words
from inspector.gui.state.analysis import Related

from . import description
from .boxes import Bar, FactBox, label
from .elided import ElidedLabel
from .segments import Segment, Segments

translate = QCoreApplication.translate
RELATED_SHOWN = 12
_DOT = 9


def bytes_box(sizes: core.Sizes, on_finding: Callable[[], object] | None, dropped: int = 0) -> FactBox:
    """"4.1 GB file, 380 MB reachable" with a bar and what its colours mean. `on_finding` shows the finding about it; `dropped` are the
    bytes that edits leave out."""
    title = translate("FactBoxes", "{file} file, {reachable} reachable").format(file=words.size(sizes.file),
                                                                           reachable=words.size(sizes.reachable))
    more = None
    if on_finding is not None:
        more = QPushButton(translate("FactBoxes", "Why?"))
        more.setProperty("link", True)
        more.setAccessibleName(translate("FactBoxes", "Show the finding about unreachable bytes"))
        more.clicked.connect(lambda: on_finding())
    box = FactBox(title, *([more] if more is not None else []))
    whole = max(sizes.file, sizes.stored + dropped, 1)
    colours = theme.colours()
    reached, lost = colours.accent, colours.series[1]
    box.body.addWidget(Segments((Segment(sizes.reachable / whole, reached), Segment(sizes.unreferenced / whole, lost),
                                  *([Segment(dropped / whole, colours.bar)] if dropped else [])), title))
    rows = [(reached, translate("FactBoxes", "Reachable"), sizes.reachable, translate("FactBoxes", "stored, and viewed by some tensor")),
            (lost, translate("FactBoxes", "Unreachable"), sizes.unreferenced, translate("FactBoxes", "stored, but no tensor views it")),
            (colours.bar, translate("FactBoxes", "Dropped"), dropped, translate("FactBoxes", "gone once it is saved")),
            (colours.track, translate("FactBoxes", "Everything else"), max(sizes.file - sizes.stored - dropped, 0),
             translate("FactBoxes", "names, values, padding")),
            ("", translate("FactBoxes", "All tensors by themselves"), sizes.logical,
             translate("FactBoxes", "what they take when nothing is shared"))]
    for colour, name, nbytes, remark in rows:
        if nbytes and (colour or words.size(nbytes) != words.size(sizes.reachable)):
            box.body.addWidget(_Legend(colour, name, words.size(nbytes), remark))
    return box


class _Legend(QWidget):
    """What a colour means and how much that is; the remark stands beside the name, or below it where there is little room."""

    def __init__(self, colour: str, name: str, size: str, remark: str) -> None:
        super().__init__()
        self.setMinimumWidth(1)         # what stands side by side would keep it from getting narrower
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(9)
        dot = QLabel()
        dot.setFixedSize(_DOT, _DOT)
        if colour:
            dot.setStyleSheet(f"background: {colour}; border-radius: {_DOT // 2}px;")
        self._name, self._remark = ElidedLabel(Qt.TextElideMode.ElideMiddle), label(remark, tone="muted", wrap=True)
        self._name.setText(name)
        self._size = label(size)
        self._texts = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._texts.setSpacing(0)
        self._texts.addWidget(self._name)
        self._texts.addWidget(self._remark, 1)
        row.addWidget(dot, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(self._texts, 1)
        row.addWidget(self._size, 0, Qt.AlignmentFlag.AlignRight)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        measured = self.fontMetrics()
        name, remark = (measured.horizontalAdvance(text) + 4 for text in (self._name.text(), self._remark.text()))
        beside = self.width() - self._size.sizeHint().width() - _DOT - 27 >= name + remark
        self._name.setSizePolicy(QSizePolicy.Policy.Preferred if beside else QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._texts.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._texts.setSpacing(9 if beside else 0)


def parts_box(parts: Sequence[tuple[str, core.TensorInfo]]) -> FactBox:
    """What a packed tensor is made of: how much of it is codes, scales …"""
    title = translate("FactBoxes", "{n} parts").format(n=f"{len(parts):,}") if len(parts) != 1 else translate("FactBoxes", "1 part")
    box = FactBox(title)
    colours, whole = theme.colours(), max(sum(info.nbytes for _, info in parts), 1)
    shades = [colours.series[n % len(colours.series)] for n in range(len(parts))]
    box.body.addWidget(Segments([Segment(info.nbytes / whole, shade) for (_, info), shade in zip(parts, shades, strict=True)], title))
    for (role, info), shade in zip(parts, shades, strict=True):
        box.body.addWidget(_Legend(shade, core.visible(info.key, 160), words.size(info.nbytes),
                                   f"{role} · {core.visible(info.dtype)} {words.shape(info.shape)}"))
    return box


def related_box(found: Sequence[Related], on_click: Callable[[str], object]) -> FactBox:
    """Tensors that have to do with the selected one; each can be followed."""
    box = FactBox(translate("FactBoxes", "Related tensors"))
    for entry in found[:RELATED_SHOWN]:
        box.body.addWidget(_link(entry, on_click))
    if len(found) > RELATED_SHOWN:
        box.body.addWidget(label(translate("FactBoxes", "{n} more in Details").format(n=f"{len(found) - RELATED_SHOWN:,}"), tone="muted"))
    return box


def _link(entry: Related, on_click: Callable[[str], object]) -> QWidget:
    key = entry.tensor.key
    return Bar(core.visible(key), description.relation(entry.how), None, raw=key, on_click=lambda: on_click(key))
