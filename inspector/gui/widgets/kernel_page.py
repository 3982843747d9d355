"""A sheet of kernels with what is known of the one that is chosen beside it, or below where there is no room."""
from __future__ import annotations

from functools import partial
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.models.plot_scales import number

from .boxes import FactBox, label
from .colour_maps import MAPS, ColourMap
from .elided import Elided
from .flow import flowing
from .kernel_sheet import KernelCard, KernelSheetView, NormBars, ranked

_BESIDE = 560                   # pixels from which on the cards stand beside the sheet
_CARDS = 236                    # pixels of the cards


class Sheet(NamedTuple):
    """What a worker made: the kernels, their picture, and how they are coloured."""

    found: core.KernelSheet
    image: QImage
    colours: ColourMap


class KernelPage(QWidget):
    """`changed`: another input, scale or colouring is wanted; `opened` gives an output whose elements are."""

    changed = Signal()
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._sheet: Sheet | None = None
        self.view = KernelSheetView()
        self.card = KernelCard()
        self.outputs, self.inputs = NormBars(self.tr("Norm of each output")), NormBars(self.tr("Norm of each input"))
        self.readout = Elided()
        self._place()
        self.view.chosen.connect(self._show_card)
        self.view.pointed.connect(self._show_readout)
        self.view.opened.connect(self.opened)
        self.outputs.chosen.connect(self._choose)

    @property
    def rgb(self) -> bool:
        """Whether three inputs are red, green and blue."""
        return self._rgb.isChecked()

    @property
    def common(self) -> bool:
        return self._common.isChecked()

    @property
    def current(self) -> int:
        return self.view.current

    def offer(self, inputs: int) -> None:
        """Another weight, with so many inputs."""
        self._colour_row.setVisible(inputs == 3)

    def show_sheet(self, sheet: Sheet) -> None:
        self._sheet = sheet
        current = self.view.current
        self._show_order()
        norms = sheet.found.norms
        self.outputs.show_norms(norms.outputs.tolist())
        self.inputs.show_norms(norms.inputs.tolist())
        zero = int((norms.outputs == 0).sum()), int((norms.inputs == 0).sum())
        self._zeros.setText(self._said_of_zeros(*zero))
        self._show_card(current if 0 <= current < len(norms.outputs) else -1)
        self._show_readout()

    def clear(self) -> None:
        self._sheet = None
        self.view.clear()

    def _said_of_zeros(self, outputs: int, inputs: int) -> str:
        said = []
        if outputs:
            said.append(self.tr("{n} outputs are all zero").format(n=f"{outputs:,}"))
        if inputs:
            said.append(self.tr("{n} inputs are not used").format(n=f"{inputs:,}"))
        return " · ".join(said) or self.tr("none is all zero")

    def _show_order(self) -> None:
        if self._sheet is None:
            return
        tiles, first = self._sheet.found.tiles, self._sheet.found.first
        count = len(tiles)
        order = ranked(self._sheet.found.norms.outputs[first:first + count]) if self._order.currentData() else list(range(count))
        current = self.view.current
        self.view.show_tiles(self._sheet.image, tiles, first, order)
        if current >= 0:
            self.view.choose(current)

    def _choose(self, output: int) -> None:
        self.view.choose(output)
        self._show_card(output)

    def _show_card(self, output: int) -> None:
        sheet = self._sheet
        tile = self.view.tile(output) if output >= 0 else None
        self.outputs.mark(output)
        if sheet is None or tile is None:
            self._title.setText(self.tr("Click a kernel to read it"))
            self.card.show_tile(None, [], MAPS["blue-red"])
            return
        norms = sheet.found.norms.outputs
        place = int((norms > norms[output]).sum()) + 1
        self._title.setText(self.tr("Kernel {n}: norm {value}, {place} of {all}").format(
            n=output, value=number(float(norms[output]), 4), place=place, all=f"{len(norms):,}"))
        self.card.show_tile(tile, self._names(len(tile)), sheet.colours)

    def _names(self, channels: int) -> list[str]:
        if channels == 3:
            return [self.tr("input 0 · red"), self.tr("input 1 · green"), self.tr("input 2 · blue")]
        return [self.tr("input {n}").format(n=self._sheet.found.input if self._sheet is not None else 0)]

    def _show_readout(self) -> None:
        found, sheet = self.view.pointed_element, self._sheet
        tile = self.view.tile(found[0]) if found is not None else None
        if found is None or tile is None or sheet is None or not (0 <= found[1] < tile.shape[1] and 0 <= found[2] < tile.shape[2]):
            self.readout.set_text(self.tr("Click a kernel, or use the arrow keys, to read it. Double click or Enter shows it as a slice."))
            return
        values = ", ".join(number(float(part[found[1], found[2]]), 6) for part in tile)
        which = ":" if sheet.found.input is None else str(sheet.found.input)
        self.readout.set_text(f"[{found[0]}, {which}, {found[1]}, {found[2]}]  =  {values}")

    # -- places -------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self._colour_row, (self._rgb, _) = self._switch(self.tr("Inputs"), self.tr("RGB"), self.tr("One by one"))
        scale, (_, self._common) = self._switch(self.tr("Scale"), self.tr("Per kernel"), self.tr("Common"))
        self._order = QComboBox()
        self._order.addItem(self.tr("As stored"), False)
        self._order.addItem(self.tr("By norm"), True)
        self._order.setAccessibleName(self.tr("Order of the kernels"))
        self._order.activated.connect(self._show_order)
        controls, line = flowing(14)
        for widget in (self._colour_row, scale, self._order):
            line.addWidget(widget)
        self._title = label("", strong=True, wrap=True)
        kernel = FactBox()
        kernel.body.addWidget(self._title)
        kernel.body.addWidget(self.card)
        norms = FactBox()
        self._zeros = label("", tone="muted", wrap=True)
        for widget in (label(self.tr("Norm of each output"), strong=True, selectable=False), self.outputs,
                       label(self.tr("Norm of each input"), strong=True, selectable=False), self.inputs, self._zeros):
            norms.body.addWidget(widget)
        for box in (kernel, norms):
            box.body.setContentsMargins(12, 10, 12, 11)
            box.body.setSpacing(6)
        self._cards = QWidget()
        self._stack = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._cards)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.setSpacing(10)
        self._stack.addWidget(kernel, 0, Qt.AlignmentFlag.AlignTop)
        self._stack.addWidget(norms, 0, Qt.AlignmentFlag.AlignTop)
        self._stack.addStretch(1)
        self._main = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._main.setSpacing(10)
        self._main.addWidget(self.view, 1)
        self._main.addWidget(self._cards)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addWidget(controls)
        whole.addLayout(self._main, 1)
        self._turn()

    def _switch(self, name: str, first: str, second: str) -> tuple[QWidget, tuple[QToolButton, QToolButton]]:
        holder, group, made = QWidget(), QButtonGroup(self), (QToolButton(), QToolButton())
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(label(name, tone="muted", selectable=False))
        for button, text in zip(made, (first, second), strict=True):
            button.setText(text)
            button.setCheckable(True)
            button.setAccessibleName(f"{name}: {words.menu_text(text)}")
            button.clicked.connect(partial(self.changed.emit))
            group.addButton(button)
            row.addWidget(button)
        made[0].setChecked(True)
        return holder, made

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        beside = self.width() >= _BESIDE
        self._main.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._stack.setDirection(QBoxLayout.Direction.TopToBottom if beside else QBoxLayout.Direction.LeftToRight)
        for n, part in enumerate((0, 0, 1) if beside else (1, 1, 0)):
            self._stack.setStretch(n, part)
        self._cards.setMinimumWidth(_CARDS if beside else 0)
        self._cards.setMaximumWidth(_CARDS if beside else 1 << 20)
        self._cards.setMaximumHeight(1 << 20 if beside else 230)
