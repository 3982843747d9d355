"""What else the first page offers: what opens, opening with a double click, the way out of an error. As cards, or as one row of links."""
from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

from inspector.gui.kit import icons, message_boxes

from .boxes import FactBox, label


class StartCards(QWidget):
    """`links` are the same in one row, for a page without room for cards."""

    default_asked = Signal()            # to be the program for checkpoints
    not_now_asked = Signal()
    explain_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.opens, self.explain = FactBox(self.tr("What opens")), FactBox(self.tr("An error from PyTorch?"))
        self.double_click = FactBox(self.tr("Open with a double click"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(3)
        for n, (kind, what) in enumerate(self._kinds()):
            grid.addWidget(label(kind, selectable=False), n, 0)
            grid.addWidget(label(what, tone="muted", selectable=False), n, 1)
        grid.setColumnStretch(1, 1)
        self.opens.body.addLayout(grid)
        self.opens.body.addStretch(1)
        self.said = label("", tone="muted", selectable=False, wrap=True)
        self.make_default = QPushButton(self.tr("Make it the default"))
        self.not_now = QPushButton(self.tr("Not now"))
        self.not_now.setProperty("link", True)
        self.make_default.clicked.connect(self.default_asked)
        self.not_now.clicked.connect(self.not_now_asked)
        self.double_click.body.addWidget(self.said)
        self.double_click.body.addStretch(1)
        self.double_click.body.addLayout(_row(self.make_default, self.not_now))
        self.explain.body.addWidget(label(self.tr("Paste “Missing key(s) in state_dict …” or “Weights only load failed …” and get the way "
                                                  "out."), tone="muted", selectable=False, wrap=True))
        self.explain.body.addStretch(1)
        self.explain_button = QPushButton(self.tr("Explain an error…"))
        icons.put(self.explain_button, "doctor")
        self.explain_button.clicked.connect(self.explain_asked)
        self.explain.body.addLayout(_row(self.explain_button, key("Ctrl+Shift+V")))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for box in (self.opens, self.double_click, self.explain):
            row.addWidget(box, 1)
        self.links = QWidget()
        self._place_links()
        self.offer(None)

    def offer(self, is_default: bool | None, *, applies: bool = False) -> None:
        """Offers to be the program for checkpoints, where it is not yet; not, before that is known. Not `applies`: the system settles it
        with applications of its own."""
        self.double_click.setVisible(is_default is False)
        self.double_link.setVisible(is_default is False)
        self.make_default.setVisible(applies)
        self.said.setText(self.tr("Make this the program for .pt, .pth, .ckpt and .safetensors. `inspector desktop uninstall` takes it "
                                  "back.") if applies else
                          self.tr("Here files open with applications, and this is a package: drop files on the window, or name them: "
                                  "inspector FILE."))

    def tell(self, text: str) -> None:
        """What came of it."""
        self.said.setText(text)
        self.make_default.hide()

    def _kinds(self) -> list[tuple[str, str]]:
        return [(".pt .pth .bin .ckpt", self.tr("PyTorch, every era")), (".safetensors", self.tr("one file or shards")),
                (self.tr("folders"), self.tr("DCP, shards, epochs")), (self.tr(".pt2, TorchScript"), self.tr("with their code")),
                (".gguf .onnx .npz", self.tr("to look into"))]

    def _place_links(self) -> None:
        row = QHBoxLayout(self.links)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(18)
        row.addStretch(1)
        self.opens_link, self.double_link = QPushButton(self.tr("What opens")), QPushButton(self.tr("Open with a double click"))
        self.explain_link = QPushButton(self.tr("Explain an error…"))
        acts: tuple[tuple[QPushButton, Callable[[], object]], ...] = (
            (self.opens_link, self._list_kinds), (self.double_link, self._ask), (self.explain_link, self.explain_asked.emit))
        for button, act in acts:
            button.setProperty("link", True)
            button.clicked.connect(lambda checked=False, act=act: act())
            row.addWidget(button)
        row.addStretch(1)

    def _list_kinds(self) -> None:
        message_boxes.table(self.window(), self.tr("What opens"), (self.tr("Files"), self.tr("What they are")), self._kinds())

    def _ask(self) -> None:
        if self.make_default.isVisibleTo(self.double_click):
            message_boxes.ask(self.window(), self.tr("Open with a double click"), self.tr("Open with a double click"), self.said.text(),
                              self.make_default.text(), self.default_asked.emit)
        else:
            message_boxes.show_message(self.window(), "info", self.tr("Open with a double click"), self.said.text())


def key(keys: str) -> QWidget:
    """Keys as they stand on a keyboard."""
    made = label(keys, selectable=False, scale=0.86)
    made.setObjectName("key")
    return made


def _row(*parts: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for part in parts:
        row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addStretch(1)
    return row
