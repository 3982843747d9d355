"""Beside the filter, while an open file has packed weights: each as the one tensor that it is, or as the parts that are stored."""
from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from inspector.gui.kit import icons
from inspector.gui.models.tree_model import TreeModel


class PackedSwitch(QWidget):
    chosen = Signal(bool)       # whether as stored; by a person

    def __init__(self, model: TreeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.one, self.stored = QPushButton(self.tr("As one weight")), QPushButton(self.tr("As stored"))
        icons.put(self.one, "box")
        self.setAccessibleName(self.tr("Packed weights"))
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for button, side, tip in ((self.one, "left", self.tr("Packed weights as the tensors that they stand for, their parts beneath")),
                                  (self.stored, "right", self.tr("Packed weights as the parts that lie in the file"))):
            button.setCheckable(True)
            button.setProperty("segment", side)
            button.setAccessibleName(button.text())
            button.setToolTip(tip)
            group.addButton(button)
            row.addWidget(button)
        self.one.setChecked(True)
        group.buttonClicked.connect(lambda _: self.chosen.emit(self.stored.isChecked()))
        self.refresh()

    def refresh(self) -> None:
        """Other files are open."""
        self.setVisible(self._model.has_packed)

    def show_choice(self, stored: bool) -> None:
        (self.stored if stored else self.one).setChecked(True)
