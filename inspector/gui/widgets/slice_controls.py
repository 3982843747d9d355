"""Which plane of a tensor is looked at: what goes down and across, where the other dimensions stand, how a vector is folded."""
from __future__ import annotations

from math import isqrt, prod

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QSlider, QSpinBox, QVBoxLayout, QWidget

from inspector import core

from .kernel_sheet import is_sheet

MOST = 2 ** 31 - 1              # spin boxes and sliders count in C's int
_SHOWN = 3                      # sliders in view before they scroll
_PLANES = 64                    # planes side by side, at most


class SliceControls(QWidget):
    """`offer` a shape, read `plane`. With `mosaics`, kernels of a convolution are first shown all together."""

    changed = Signal()

    def __init__(self, *, mosaics: bool, wrap: int = 0) -> None:
        super().__init__()
        self._mosaics, self._wrap = mosaics, wrap
        self._shape: tuple[int, ...] = ()
        self._sliders: dict[int, QSpinBox] = {}
        self._transposed = False            # the first dimension counts the inputs
        self._one_input = False             # of a sheet: its input is chosen
        self._rows, self._cols = self._box(self.tr("Rows")), self._box(self.tr("Columns"))
        self._fold = QSpinBox()
        self._fold.setAccessibleName(self.tr("Elements in a row"))
        self._fold.setRange(1, MOST)
        self._fold.setKeyboardTracking(False)
        self._fold.valueChanged.connect(lambda: self.changed.emit())
        self._as = self._box(self.tr("Layout"))
        self._fill(sheet=False, planes=False)
        self._as.activated.connect(self._arrange)
        self._rows.activated.connect(lambda: self._chosen(self._rows, self._cols))
        self._cols.activated.connect(lambda: self._chosen(self._cols, self._rows))
        self._place()

    @property
    def plane(self) -> core.Plane:
        shape = self._shape
        if self.folds:
            return core.Plane(shape, fold=self._fold.value())
        index = tuple(self._sliders[d].value() if d in self._sliders else 0 for d in range(len(shape)))
        if self.mosaic:
            return core.Plane(shape, *_mosaic(shape), index)
        if len(shape) < 2:
            return core.Plane(shape, (), tuple(range(len(shape))))
        return core.Plane(shape, (self._rows.currentData(),), (self._cols.currentData(),), index)

    @property
    def sheet(self) -> bool:
        """Whether the kernels are wanted one by one."""
        return bool(self._as.currentData() == "sheet")

    @property
    def input(self) -> int:
        """The input whose kernels are wanted."""
        dim = self._input_dim
        return self._sliders[dim].value() if dim in self._sliders else 0

    @property
    def _input_dim(self) -> int:
        return 0 if self._transposed else 1

    @property
    def folds(self) -> bool:
        return len(self._shape) == 1

    @property
    def mosaic(self) -> bool:
        return self._mosaics and self._as.currentData() is True and _mosaic(self._shape) != ((), ())

    def offer(self, shape: tuple[int, ...], *, transposed: bool = False) -> None:
        """Another tensor; what was chosen stays chosen when the shape is the same. `transposed`: its kernels lie by inputs first."""
        if (shape, transposed) == (self._shape, self._transposed):
            return
        self._shape, self._transposed = shape, transposed
        with QSignalBlocker(self._rows), QSignalBlocker(self._cols), QSignalBlocker(self._fold), QSignalBlocker(self._as):
            self._fill(sheet=self._mosaics and is_sheet(shape, transposed=transposed), planes=len(shape) == 3)
            for box, first in ((self._rows, len(shape) - 2), (self._cols, len(shape) - 1)):
                box.clear()
                for d, size in enumerate(shape):
                    box.addItem(self.tr("dim {n} ({size})").format(n=d, size=f"{size:,}"), d)
                box.setCurrentIndex(max(first, 0))
            self._fold.setValue(min(self._wrap or _folded(prod(shape)), max(prod(shape), 1), MOST))
        self._lay_out()

    def show_element(self, at: tuple[int, ...]) -> None:
        """Moves the sliders so that the element `at` is on the plane."""
        with QSignalBlocker(self):              # the sliders and captions are to follow
            for d, spin in self._sliders.items():
                spin.setValue(at[d])
        self.changed.emit()

    def show_one_input(self, one: bool) -> None:
        """Whether a sheet is of one input, which is chosen here."""
        if one != self._one_input:
            self._one_input = one
            self._lay_out()

    def step(self, by: int) -> None:
        """Moves the last slider, and the one before when that is at its end."""
        for spin in reversed(list(self._sliders.values())):
            if 0 <= spin.value() + by <= spin.maximum():
                spin.setValue(spin.value() + by)
                return
            with QSignalBlocker(spin):
                spin.setValue(0 if by > 0 else spin.maximum())

    def _fill(self, *, sheet: bool, planes: bool) -> None:
        self._as.clear()
        if sheet:
            self._as.addItem(self.tr("Kernels one by one"), "sheet")
        self._as.addItem(self.tr("Planes side by side") if planes else self.tr("Kernels side by side"), True)
        self._as.addItem(self.tr("One slice"), False)

    def choose(self, rows: int | None = None, cols: int | None = None, *, mosaic: bool | None = None, fold: int | None = None) -> None:
        """As if the person had chosen."""
        if mosaic is not None:
            self._as.setCurrentIndex(self._as.count() - (2 if mosaic else 1))
        if rows is not None:
            self._rows.setCurrentIndex(rows)
        if cols is not None:
            self._cols.setCurrentIndex(cols)
        if fold is not None:
            self._fold.setValue(fold)
        self._arrange()

    def _chosen(self, box: QComboBox, other: QComboBox) -> None:
        """A dimension cannot go both ways: the other one gives way."""
        if box.currentIndex() == other.currentIndex():
            free = next(d for d in reversed(range(len(self._shape))) if d != box.currentIndex())
            other.setCurrentIndex(free)
        self._arrange()

    def _arrange(self) -> None:
        self._lay_out()
        self.changed.emit()

    def _lay_out(self) -> None:
        """Shows what this shape needs and makes a slider for every dimension that stands still."""
        shape, rank = self._shape, len(self._shape)
        kernels = self._mosaics and _mosaic(shape) != ((), ())
        matrix = rank >= 2 and not (kernels and (self.mosaic or self.sheet)) and (rank > 2 or self._mosaics)
        self._as_row.setVisible(kernels)
        self._dims_row.setVisible(matrix)
        self._fold_row.setVisible(self.folds and prod(shape) > 1)
        fixed = set(range(rank))
        if self.folds:
            fixed = set()
        elif self.sheet:
            fixed = {self._input_dim} if self._one_input else set()
        elif kernels and self.mosaic:
            down, across = _mosaic(shape)
            fixed -= {*down, *across}
        else:
            fixed -= {self._rows.currentData(), self._cols.currentData()}
        wanted = [d for d in sorted(fixed) if 1 < shape[d] <= MOST] if rank > 2 else []
        self._make_sliders(wanted)
        self.setVisible(kernels or matrix or bool(wanted) or (self.folds and prod(shape) > 1))

    def _make_sliders(self, dims: list[int]) -> None:
        kept = {d: spin.value() for d, spin in self._sliders.items()}
        while (item := self._inside.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._sliders = {}
        for row, d in enumerate(dims):
            name = self.tr("input") if self.sheet else self.tr("dim {n}").format(n=d)
            count = self.tr("input {n} of {all}") if self.sheet else ""
            spin, slider = QSpinBox(), QSlider(Qt.Orientation.Horizontal)
            for part in (spin, slider):
                part.setRange(0, self._shape[d] - 1)
                part.setAccessibleName(name)
                part.setValue(min(kept.get(d, 0), self._shape[d] - 1))
            slider.setPageStep(max(1, self._shape[d] // 16))
            slider.valueChanged.connect(spin.setValue)
            spin.valueChanged.connect(slider.setValue)
            spin.valueChanged.connect(lambda: self.changed.emit())
            caption = _muted(name)
            caption.setBuddy(spin)
            if count:
                _count_along(caption, spin, count)
            self._inside.addWidget(caption, row, 0)
            self._inside.addWidget(slider, row, 1)
            self._inside.addWidget(spin, row, 2)
            self._sliders[d] = spin
        self._scroll.setVisible(bool(dims))
        tall = max((spin.sizeHint().height() for spin in self._sliders.values()), default=0) + 6
        self._scroll.setFixedHeight(tall * min(len(dims), _SHOWN) + 2)

    def _place(self) -> None:
        self._as_row = _row((self.tr("&Layout"), self._as))
        self._dims_row = _row((self.tr("&Rows"), self._rows), (self.tr("&Columns"), self._cols))
        self._fold_row = _row((self.tr("&Elements in a row"), self._fold))
        holder = QWidget()
        self._inside = QGridLayout(holder)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.setHorizontalSpacing(10)
        self._inside.setVerticalSpacing(6)
        self._inside.setColumnStretch(1, 1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(holder)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.viewport().setAutoFillBackground(False)
        holder.setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        across = QHBoxLayout()
        across.setSpacing(16)
        for row in (self._as_row, self._dims_row, self._fold_row):
            across.addWidget(row)
        across.addStretch(1)
        column.addLayout(across)
        column.addWidget(self._scroll)
        self._lay_out()

    @staticmethod
    def _box(name: str) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(name)
        return made


def _mosaic(shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions of a mosaic of convolution kernels: (out, height) down, (in, width) across. (), () for other shapes."""
    if len(shape) == 4 and max(shape[2:]) > 1:
        return (0, 2), (1, 3)
    if len(shape) == 5 and max(shape[3:]) > 1:
        return (0, 3), (1, 4)           # at one depth
    if len(shape) == 3 and 1 < shape[2] <= 15:
        return (0,), (1, 2)
    if len(shape) == 3 and 1 < shape[0] <= _PLANES:
        return (1,), (0, 2)             # planes side by side
    return (), ()


def _count_along(caption: QLabel, spin: QSpinBox, text: str) -> None:
    """Which of how many it is, in as much room as the last takes."""
    def say(value: int) -> None:
        caption.setText(text.format(n=f"{value:,}", all=f"{spin.maximum() + 1:,}"))

    say(spin.maximum())
    caption.setMinimumWidth(caption.sizeHint().width())
    say(spin.value())
    spin.valueChanged.connect(say)


def _folded(numel: int) -> int:
    """A few elements make one row; more are folded so that they fill a picture about twice as wide as it is high."""
    if numel <= 64:
        return max(numel, 1)
    wide = isqrt(2 * numel)
    return min(1 << (wide - 1).bit_length(), 1 << 15)


def _row(*parts: tuple[str, QWidget]) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for text, widget in parts:
        caption = _muted(text)
        caption.setBuddy(widget)
        row.addWidget(caption)
        row.addWidget(widget)
    return made


def _muted(text: str) -> QLabel:
    made = QLabel(text)
    made.setProperty("tone", "muted")
    return made
