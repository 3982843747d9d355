"""What a report of a file is to say, and what becomes of it: a page, a PDF, paper."""
from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.widgets.boxes import label

READ_UNASKED = 256 << 20        # bytes of tensors, as many as are looked at for NaN after opening


class ReportDialog(QDialog):
    """`save_asked` and `print_asked` say whether the values are to be read."""

    save_asked = Signal(bool)
    print_asked = Signal(bool)

    def __init__(self, ckpt: core.Checkpoint, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Report"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        name = core.visible(core.file_name(ckpt.path), 60)
        title = label(self.tr("Report of {name}").format(name=name), strong=True, scale=1.25, selectable=False)
        about = label(self.tr("What the file is, what was found in it, where its bytes are, its modules, and every tensor with its shape."),
                      tone="muted", wrap=True, selectable=False)
        self.values = QCheckBox(self.tr("With minimum, maximum, mean and NaN of every tensor ({size} to read)").format(
            size=words.size(nbytes_of_values(ckpt))))
        self.values.setChecked(nbytes_of_values(ckpt) <= READ_UNASKED)
        buttons = QDialogButtonBox()
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.print_button = QPushButton(self.tr("Print…"))
        self.print_button.clicked.connect(lambda: self._end(self.print_asked.emit))
        buttons.addButton(self.print_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.save_button = QPushButton(self.tr("Save…"))
        self.save_button.setProperty("primary", True)
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(lambda: self._end(self.save_asked.emit))
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 16)
        column.setSpacing(14)
        column.addWidget(title)
        column.addWidget(about)
        column.addWidget(self.values)
        column.addStretch(1)
        column.addWidget(buttons)
        self.resize(520, self.sizeHint().height())

    def _end(self, ask: Callable[[bool], object]) -> None:
        with_values = self.values.isChecked()
        self.accept()
        ask(with_values)


def nbytes_of_values(ckpt: core.Checkpoint) -> int:
    """Of all tensors, those that are the same view once."""
    return sum({info.view or key: info.nbytes for key, info in ckpt.tensors.items()}.values())
