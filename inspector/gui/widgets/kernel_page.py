"""A sheet of kernels with what is known of the one that is chosen beside it, or below where there is no room."""
from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.models.plot_scales import number, typeset

from .boxes import FactBox, label, tool_button
from .choice import Choice
from .colour_maps import MAPS, ColourMap
from .elided import Elided
from .kernel_sheet import KernelCard, KernelSheetView, NormBars, ranked

_BESIDE = 560                   # pixels from which on the cards stand beside the sheet
_CARDS = 268                    # pixels of the cards
_ALIKE, _ALIKE_BELOW = 4, 2     # kernels that are most like one; where the cards are below the sheet
_SMALL = 40                     # pixels of them

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Inputs = Literal["rgb", "each", "one", "norm"]
"""What of its inputs a tile shows: three as colours, three beside each other, one of them, or the norm over all."""
Order = Literal["stored", "norm", "alike"]


class Sheet(NamedTuple):
    """What a worker made: the kernels, their picture, how they are coloured, each as a line of length 1, and their places by likeness
    where that was asked for."""

    found: core.KernelSheet
    image: QImage
    colours: ColourMap
    inputs: Inputs
    units: Array
    alike: list[int] | None = None


class KernelPage(QWidget):
    """`changed`: other inputs, another scale, order or page are wanted; `opened` gives an output whose elements are."""

    changed = Signal()
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._sheet: Sheet | None = None
        self._n_inputs = self._n_outputs = 0
        self._beside = True                 # the cards stand beside the sheet
        self._wanted = -1                   # an output of a page that is on its way
        self.transposed = False             # the kernels lie by inputs first
        self.first = 0                      # the output that the page begins with
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
    def shows(self) -> Inputs:
        """What of the inputs is wanted."""
        if self._n_inputs == 1:
            return "one"
        return cast(Inputs, (self._three if self._n_inputs == 3 else self._many).data)

    @property
    def common(self) -> bool:
        return bool(self._scale.data)

    @property
    def order(self) -> Order:
        return cast(Order, self._order.data)

    def choose(self, *, inputs: Inputs | None = None, order: Order | None = None, first: int | None = None) -> None:
        """As if the person had chosen."""
        if inputs is not None:
            (self._three if self._n_inputs == 3 else self._many).choose(inputs)
        if order is not None:
            self._order.choose(order)
        if first is not None:
            self.first = first
        self.changed.emit()

    @property
    def current(self) -> int:
        return self.view.current

    def offer(self, outputs: int, inputs: int, *, transposed: bool = False) -> None:
        """Another weight, with so many of them."""
        self._n_inputs, self._n_outputs, self.transposed, self.first = inputs, outputs, transposed, 0
        self._wanted = -1

    def show_choices(self, on: bool) -> None:
        """Those that there are for this weight; they stand wherever this page's owner put `choices`."""
        there = {self._three: self._n_inputs == 3, self._many: self._n_inputs > 1 and self._n_inputs != 3,
                 self._pages: self._n_outputs > core.MOST_KERNELS}
        for widget in self.choices:
            widget.setVisible(on and there.get(widget, True))

    def _turn_page(self, by: int) -> None:
        self.choose(first=min(max(self.first + by * core.MOST_KERNELS, 0), (self._n_outputs - 1) // core.MOST_KERNELS * core.MOST_KERNELS))

    def show_sheet(self, sheet: Sheet) -> None:
        self._sheet = sheet
        current = self.view.current
        self._show_order()
        if self._wanted >= 0:
            current, self._wanted = self._wanted, -1
            self.view.choose(current)
        norms = sheet.found.norms
        self.outputs.show_norms(norms.outputs.tolist())
        self.inputs.show_norms(norms.inputs.tolist())
        zero = int((norms.outputs == 0).sum()), int((norms.inputs == 0).sum())
        self._zeros.setText(self._said_of_zeros(*zero))
        first, last = sheet.found.first, sheet.found.first + len(sheet.found.tiles)
        self._page.setText(self.tr("{first} to {last} of {all}").format(
            first=f"{first:,}", last=f"{last - 1:,}", all=f"{self._n_outputs:,}"))
        self._back.setEnabled(first > 0)
        self._on.setEnabled(last < self._n_outputs)
        self._show_card(current if first <= current < last else -1)
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
        order = ranked(self._sheet.found.norms.outputs[first:first + count]) if self.order == "norm" else list(range(count))
        if self.order == "alike" and self._sheet.alike is not None:
            order = self._sheet.alike
        current = self.view.current
        self.view.show_tiles(self._sheet.image, tiles, first, order)
        if current >= 0:
            self.view.choose(current)

    def _choose(self, output: int) -> None:
        """On whichever page it is."""
        page = output // core.MOST_KERNELS * core.MOST_KERNELS
        if page != self.first:
            self._wanted = output
            self.choose(first=page)
            return
        self.view.choose(output)
        self._show_card(output)

    def _order_chosen(self) -> None:
        if self.order == "alike" and self._sheet is not None and self._sheet.alike is None:
            self.changed.emit()
        else:
            self._show_order()

    def _show_card(self, output: int) -> None:
        sheet = self._sheet
        tile = self.view.tile(output) if output >= 0 else None
        self.outputs.mark(output)
        if sheet is None or tile is None:
            self._title.setText(self.tr("Click a kernel to read it"))
            self.card.show_tile(None, [], MAPS["blue-red"])
            self._show_alike(-1)
            return
        norms = sheet.found.norms.outputs
        place = int((norms > norms[output]).sum()) + 1
        self._title.setText(self.tr("Kernel {n}: norm {value}, {place} of {all}").format(
            n=output, value=number(float(norms[output]), 4), place=place, all=f"{len(norms):,}"))
        self.card.show_tile(tile, self._names(), sheet.colours)
        self._show_alike(output)

    @property
    def _most_alike(self) -> int:
        return _ALIKE if self._beside else _ALIKE_BELOW

    def _show_alike(self, output: int) -> None:
        """Those whose elements, as they are shown, point where its own do."""
        sheet = self._sheet
        found = core.most_alike(sheet.units, output - sheet.found.first, self._most_alike) if sheet is not None and output >= 0 else []
        self._alike_box.setVisible(bool(found))
        for button in self._alike:
            button.hide()
        for button, (place, cosine) in zip(self._alike, found, strict=False):
            other = place + (sheet.found.first if sheet is not None else 0)
            image = self.view.image_of(other)
            if image is not None:
                small = image.scaled(_SMALL, _SMALL, Qt.AspectRatioMode.KeepAspectRatio)
                button.setIcon(QIcon(QPixmap.fromImage(small)))
            button.setText(f"{other}\n{cosine:.2f}")
            button.setAccessibleName(self.tr("Kernel {n}, cosine {cosine}").format(n=other, cosine=f"{cosine:.2f}"))
            button.setProperty("output", other)
            button.show()

    def _names(self) -> list[str]:
        if self._sheet is None:
            return []
        if self._sheet.inputs == "rgb":
            return [self.tr("input 0 · red"), self.tr("input 1 · green"), self.tr("input 2 · blue")]
        if self._sheet.inputs == "each":
            return [self.tr("input {n}").format(n=n) for n in range(3)]
        if self._sheet.inputs == "norm":
            return [self.tr("norm over all inputs")]
        return [self.tr("input {n}").format(n=self._sheet.found.input or 0)]

    def _show_readout(self) -> None:
        found, sheet = self.view.pointed_element, self._sheet
        tile = self.view.tile(found[0]) if found is not None else None
        if found is None or tile is None or sheet is None:
            self.readout.set_text(self.tr("A click or the arrow keys read a kernel, + and - zoom, 0 shows all, Enter leads to its values."))
            return
        self.readout.set_text(typeset(self._read(sheet, tile, found)))

    def _read(self, sheet: Sheet, tile: Array, at: tuple[int, int, int]) -> str:
        """Index and value of what is drawn at (output, row, column of the tile)."""
        output, row, across = at
        input, column = divmod(across, tile.shape[2] + 1) if sheet.inputs == "each" else (0, across)
        if not (0 <= row < tile.shape[1] and 0 <= column < tile.shape[2]):
            return ""
        parts = tile[input:input + 1] if sheet.inputs == "each" else tile
        which = str(input) if sheet.inputs == "each" else str(sheet.found.input or 0) if sheet.inputs == "one" else ":"
        index = f"[{which}, {output}, {row}, {column}]" if self.transposed else f"[{output}, {which}, {row}, {column}]"
        values = ", ".join(number(float(part[row, column]), 6) for part in parts)
        if sheet.inputs == "norm":
            return self.tr("{index}: norm over all inputs {value}").format(index=index, value=values)
        return f"{index}  =  {values}"

    # -- places -------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self._three = Choice(self.tr("Inputs"), [(self.tr("RGB"), "rgb"), (self.tr("Each"), "each"), (self.tr("Norm of all"), "norm")])
        self._many = Choice(self.tr("Inputs"), [(self.tr("One"), "one"), (self.tr("Norm of all"), "norm")])
        self._scale = Choice(self.tr("Scale"), [(self.tr("Per kernel"), False), (self.tr("Common"), True)])
        self._order = Choice(self.tr("Order"), [(self.tr("As stored"), "stored"), (self.tr("Norm"), "norm"), (self.tr("Alike"), "alike")],
                             tip=self.tr("Alike: after each kernel the one whose elements point most where its own do"))
        for choice in (self._three, self._many, self._scale):
            choice.chosen.connect(self.changed)
        self._order.chosen.connect(self._order_chosen)
        self._pages, self._page = QWidget(), label("", tone="muted", selectable=False)
        self._back = tool_button("up", self.tr("The kernels before"))
        self._on = tool_button("down", self.tr("The next kernels"))
        self._back.clicked.connect(partial(self._turn_page, -1))
        self._on.clicked.connect(partial(self._turn_page, 1))
        turning = QHBoxLayout(self._pages)
        turning.setContentsMargins(0, 0, 0, 0)
        turning.setSpacing(4)
        turning.addWidget(self._back)
        turning.addWidget(self._page)
        turning.addWidget(self._on)
        self.choices: tuple[QWidget, ...] = self._three, self._many, self._scale, self._order, self._pages
        self._place_around()
        self._title = label("", strong=True, wrap=True)
        kernel, norms, self._alike_box = FactBox(), FactBox(), FactBox()
        for box in (kernel, self._alike_box, norms):
            self._stack.addWidget(box, 0, Qt.AlignmentFlag.AlignTop)
            box.body.setContentsMargins(12, 10, 12, 11)
            box.body.setSpacing(6)
        self._stack.addStretch(1)
        kernel.body.addWidget(self._title)
        kernel.body.addWidget(self.card)
        self._zeros = label("", tone="muted", wrap=True)
        for widget in (label(self.tr("Norm of each output"), strong=True, selectable=False), self.outputs,
                       label(self.tr("Norm of each input"), strong=True, selectable=False), self.inputs, self._zeros):
            norms.body.addWidget(widget)
        self._alike = [QToolButton() for _ in range(_ALIKE)]
        self._alike_box.body.addWidget(label(self.tr("Most alike, by cosine"), strong=True, selectable=False))
        row = QHBoxLayout()
        self._alike_box.body.addLayout(row)
        row.setSpacing(2)
        for button in self._alike:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(QSize(_SMALL, _SMALL))
            button.clicked.connect(partial(self._alike_clicked, button))
            row.addWidget(button)
        row.addStretch(1)
        self._alike_box.hide()
        self._turn()

    def _place_around(self) -> None:
        """The sheet, and beside or below it where the cards will be: whatever gets a parent gets the style of all that is in it anew."""
        self._cards = QWidget()
        self._stack = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._cards)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.setSpacing(10)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        self._main = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        whole.addLayout(self._main, 1)
        self._main.setSpacing(10)
        self._main.addWidget(self.view, 1)
        self._room = QScrollArea()
        self._room.setFrameShape(QScrollArea.Shape.NoFrame)
        self._room.setWidgetResizable(True)
        self._room.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._main.addWidget(self._room)
        self._room.setWidget(self._cards)
        for part in (self._room.viewport(), self._cards):
            part.setAutoFillBackground(False)

    def _alike_clicked(self, button: QToolButton) -> None:
        self._choose(button.property("output"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        beside = self.width() >= _BESIDE
        self._main.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._stack.setDirection(QBoxLayout.Direction.TopToBottom if beside else QBoxLayout.Direction.LeftToRight)
        if beside != self._beside:
            self._beside = beside
            self._show_alike(self.view.current)
        for n, part in enumerate((0, 0, 0, 1) if beside else (3, 0, 2, 0)):
            self._stack.setStretch(n, part)
        self._room.setMinimumWidth(_CARDS if beside else 0)
        self._room.setMaximumWidth(_CARDS if beside else 1 << 20)
        self._room.setMaximumHeight(1 << 20 if beside else 190)
        self._room.setMinimumHeight(0 if beside else 120)
