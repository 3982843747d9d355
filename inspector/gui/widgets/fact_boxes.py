"""Cards that say what an open file is known to be beyond its tables: its bytes told apart, and what tensors have to do with
each other."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from inspector import core
from inspector.gui.kit import theme, words
from inspector.gui.state.analysis import Related

from . import description
from .boxes import Bar, Card, label
from .segments import Segment, Segments

translate = QCoreApplication.translate
RELATED_SHOWN = 12
_DOT = 9


def bytes_card(sizes: core.Sizes, on_finding: Callable[[], object] | None) -> Card:
    """"4.1 GB file, 380 MB reachable" with a bar and what its colours mean. `on_finding` shows the finding about it."""
    title = translate("Cards", "{file} file, {reachable} reachable").format(file=words.size(sizes.file),
                                                                           reachable=words.size(sizes.reachable))
    more = None
    if on_finding is not None:
        more = QPushButton(translate("Cards", "Why?"))
        more.setProperty("link", True)
        more.setAccessibleName(translate("Cards", "Show the finding about unreachable bytes"))
        more.clicked.connect(lambda: on_finding())
    card = Card(title, more)
    whole = max(sizes.file, sizes.stored, 1)
    colours = theme.colours()
    reached, lost = colours.accent, colours.series[1]
    card.body.addWidget(Segments((Segment(sizes.reachable / whole, reached), Segment(sizes.unreferenced / whole, lost)), title))
    rows = [(reached, translate("Cards", "Reachable"), sizes.reachable, translate("Cards", "stored, and viewed by some tensor")),
            (lost, translate("Cards", "Unreachable"), sizes.unreferenced, translate("Cards", "stored, but no tensor views it")),
            (colours.track, translate("Cards", "Everything else"), max(sizes.file - sizes.stored, 0),
             translate("Cards", "names, values, padding")),
            ("", translate("Cards", "All tensors by themselves"), sizes.logical,
             translate("Cards", "what they take when nothing is shared"))]
    for colour, name, nbytes, remark in rows:
        if nbytes and (colour or words.size(nbytes) != words.size(sizes.reachable)):
            card.body.addLayout(_legend(colour, name, words.size(nbytes), remark))
    return card


def _legend(colour: str, name: str, size: str, remark: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(9)
    dot = QLabel()
    dot.setFixedSize(_DOT, _DOT)
    if colour:
        dot.setStyleSheet(f"background: {colour}; border-radius: {_DOT // 2}px;")
    row.addWidget(dot, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(label(name))
    row.addWidget(label(remark, tone="muted", wrap=True), 1)
    row.addWidget(label(size), 0, Qt.AlignmentFlag.AlignRight)
    return row


def related_card(found: Sequence[Related], on_click: Callable[[str], object]) -> Card:
    """Tensors that have to do with the selected one; each can be followed."""
    card = Card(translate("Cards", "Related tensors"))
    for entry in found[:RELATED_SHOWN]:
        card.body.addWidget(_link(entry, on_click))
    if len(found) > RELATED_SHOWN:
        card.body.addWidget(label(translate("Cards", "{n} more in Details").format(n=f"{len(found) - RELATED_SHOWN:,}"), tone="muted"))
    return card


def _link(entry: Related, on_click: Callable[[str], object]) -> QWidget:
    key = entry.tensor.key
    return Bar(core.visible(key), description.relation(entry.how), None, raw=key, on_click=lambda: on_click(key))
