"""The box about where the bytes are: the way to what is shown, what the colours say, the map, what is under the cursor."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter

from PySide6.QtCore import QCoreApplication, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from inspector import core
from inspector.gui.kit import exporting, file_dialogs, theme, words
from inspector.gui.models.box_fills import TINT, VALUES, Fill, ValueFills, Values, leaves
from inspector.gui.models.plot_scales import number, typeset

from .boxes import FactBox, label
from .elided import Elided
from .flow import Flow, flowing
from .treemap_view import TreemapView

COLOURINGS = ("kind", "dtype", "device", *VALUES)
_SWATCH = 11
_RAMP = 96                      # pixels of the ramp in the legend
_CRUMBS = 4                     # steps of the way that are spelled out


class ByteMapBox(FactBox):
    """`entered` gives the path of a group to be shown, `chosen` the path of a box that was clicked."""

    entered = Signal(str)
    opened = Signal(str)            # a tensor, whose page is wanted
    chosen = Signal(str)
    coloured = Signal(str)          # another of COLOURINGS
    read_asked = Signal()           # the values are wanted
    measured = Signal()             # the statistics of what is chosen are
    menu_asked = Signal(str, QPoint)        # of the path of a box, at a place of the screen

    def __init__(self, path: str, top: str, name: str, colouring: str, values: Callable[[str], Values | None] = lambda how: None) -> None:
        """`top` is the path of the outermost group that can be shown, called `name`, of the checkpoint at `path`. `values` says what is
        known by now of one of VALUES; None where it is nothing to ask for."""
        super().__init__()
        self.setMinimumWidth(1)         # what stands side by side would keep it from getting narrower
        self._values = values
        self._fills: ValueFills | None = None
        self.choose_path = file_dialogs.ask_where_to_save
        self._path = path
        self._top, self._name, self._colouring = top, name, colouring
        self._fills_of: dict[str, Fill] = {}
        self._faint = Fill("", 0.0)
        self.view = TreemapView()
        self.line = Elided()
        way, self._crumbs = flowing(2)
        self._title = label(self.tr("Where the bytes are"), strong=True, selectable=False)
        self._save = self._menu()
        self._choices, self._flow = self._make_choices()
        self._head = QHBoxLayout()
        self._head.setSpacing(16)
        self._head.addWidget(self._title)
        self._head.addStretch()
        self._head.addWidget(self._save)
        self._legend, self._swatches = flowing(14)
        self.body.addLayout(self._head)
        self.body.addWidget(self._choices)
        self.body.addWidget(self._make_offer())
        self.body.addWidget(way)
        self.body.addWidget(self.view)
        self.body.addWidget(self.line)
        self.body.addWidget(self._legend)
        self.view.pointed.connect(self._say)
        self.view.chosen.connect(lambda box: self.chosen.emit(box.path))
        self.view.entered.connect(self._enter)
        self.view.left.connect(self._out)
        self.view.measured.connect(self.measured)
        self.view.menu_asked.connect(lambda box, place: self.menu_asked.emit(box.path, place))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The choices stand beside the title where all of them have room there, else below it."""
        super().resizeEvent(event)
        self._place_choices()

    def _place_choices(self) -> None:
        room = self.contentsRect().width() - self.body.contentsMargins().left() - self.body.contentsMargins().right()
        taken = self._title.sizeHint().width() + self._flow.width_in_a_line() + self._save.sizeHint().width()
        beside, is_beside = room >= taken + 2 * self._head.spacing(), self._head.indexOf(self._choices) >= 0
        if beside and not is_beside:
            self.body.removeWidget(self._choices)
            self._head.insertWidget(1, self._choices, 1)
        elif is_beside and not beside:
            self._head.removeWidget(self._choices)
            self.body.insertWidget(1, self._choices)

    def show_map(self, root: core.ByteBox) -> None:
        self._show_way(root)
        self._fill(root)
        self.view.show_root(root, self._fill_of)

    def show_values(self) -> None:
        """More is known of the values, or less."""
        for name, button in self.buttons.items():
            if name in VALUES:
                button.setVisible(self._values(name) is not None)
        self._place_choices()
        if self._colouring in VALUES and self.view.root is not None:
            self._fill(self.view.root)
            self.view.refill(self._fill_of)

    def _fill(self, root: core.ByteBox) -> None:
        """Finds the fills and what they mean."""
        c = theme.colours(self.palette())
        values = self._values(self._colouring) if self._colouring in VALUES else None
        if self._colouring in VALUES and values is None:            # the comparison is gone
            self._colouring = "kind"
            self.buttons["kind"].setChecked(True)
        self._fills = ValueFills(self._colouring, root, values.look, c) if values is not None else None
        self._show_offer(values)
        if self._fills is not None:
            self._show_value_legend(self._fills)
            return
        sums = self._sums(root)
        self._faint = Fill(c.faint, TINT)
        self._fills_of = {name: Fill(colour, TINT) for name, colour in self._assigned(sums).items()}
        self._show_legend(root, sums)

    # -- what must be read first

    def _make_offer(self) -> QWidget:
        self._offer, row = flowing(6)
        self.offer_text = label(tone="muted")
        self.read_button = QPushButton()
        self.read_button.setProperty("link", True)
        self.read_button.setAccessibleName(self.tr("Read the values"))
        self.read_button.clicked.connect(self.read_asked)
        row.addWidget(self.offer_text)
        row.addWidget(self.read_button)
        self._offer.hide()
        return self._offer

    def _show_offer(self, values: Values | None) -> None:
        self._offer.setVisible(values is not None and not values.is_complete)
        if values is None or values.is_complete:
            return
        said = self.tr("{read} of {tensors} read.").format(read=f"{values.read:,}", tensors=words.tensors(values.of)) \
            if values.read else self.tr("The values are being read.") if values.at_work else self.tr("The values were not read.")
        self.offer_text.setText(said)
        self.read_button.setText(self.tr("Read {size}").format(size=words.size(values.nbytes)))
        self.read_button.setAccessibleName(self.read_button.text())
        self.read_button.setVisible(not values.at_work and values.nbytes > 0)

    @property
    def swatches(self) -> list[str]:
        """What the legend names."""
        items = (self._swatches.itemAt(n) for n in range(self._swatches.count()))
        return [widget.accessibleName() for item in items if item is not None and (widget := item.widget()) is not None]

    @property
    def way(self) -> list[str]:
        """The steps from the outermost group to what is shown, and how much that is."""
        items = (self._crumbs.itemAt(n) for n in range(self._crumbs.count()))
        return [widget.text() for item in items if item is not None and isinstance(widget := item.widget(), QPushButton | QLabel)
                and widget.text() != "›"]

    # -- giving it away

    def _menu(self) -> QPushButton:
        button = QPushButton(self.tr("Save"))
        button.setAccessibleName(self.tr("Copy or save what is shown"))
        button.setFlat(True)
        menu = QMenu(button)
        menu.addAction(self.tr("Copy table"), lambda: QGuiApplication.clipboard().setText(self.table()))
        menu.addAction(self.tr("Copy picture"), lambda: QGuiApplication.clipboard().setImage(self.view.picture()))
        menu.addSeparator()
        menu.addAction(self.tr("Save table…"), self.save_table)
        menu.addAction(self.tr("Save picture as PNG…"), self.save_picture)
        menu.addAction(self.tr("Save drawing as SVG…"), self.save_drawing)
        button.setMenu(menu)
        return button

    def table(self) -> str:
        """The tensors of the map and the bytes of each, the largest boxes first; what has no box of its own is one line."""
        root = self.view.root
        lines = ["\t".join(("tensor", "bytes", "tensors", "dtype", "shape"))]
        for box in leaves(root) if root is not None else ():
            shape = core.wording.shape(box.info.shape) if box.info is not None else ""
            lines.append("\t".join((words.tsv(core.visible(box.path)), str(box.nbytes), str(box.tensors), box.dtype, shape)))
        return "\n".join(lines)

    def _file_name(self, ending: str) -> str:
        return exporting.name_of(self._path, self.view.root.path if self.view.root is not None else "", "bytes", ending)

    def save_table(self) -> None:
        path = self.choose_path(self, self.tr("Save table"), self._file_name(".tsv"), self.tr("Tab-separated tables (*.tsv)"))
        if path:
            data = self.table().encode("utf-8", "backslashreplace") + b"\n"
            exporting.carry_out(path, lambda: exporting.write(path, [data], "table"), self, self.line.set_text)

    def save_picture(self) -> None:
        path = self.choose_path(self, self.tr("Save picture"), self._file_name(".png"), self.tr("PNG pictures (*.png)"))
        if path:
            picture = self.view.picture()
            exporting.carry_out(path, lambda: exporting.write_picture(path, picture), self, self.line.set_text)

    def save_drawing(self) -> None:
        path = self.choose_path(self, self.tr("Save drawing"), self._file_name(".svg"), self.tr("SVG drawings (*.svg)"))
        if path:
            drawn = self.view.drawing()
            exporting.carry_out(path, lambda: exporting.write(path, [drawn], "drawing"), self, self.line.set_text)

    # -- colours

    def _make_choices(self) -> tuple[QWidget, Flow]:
        texts = {"kind": self.tr("Kind"), "dtype": self.tr("Dtype"), "device": self.tr("Device"), "std": self.tr("Std"), "nan": "NaN",
                 "change": self.tr("Change")}
        made, row = flowing(3)
        row.addWidget(label(self.tr("Colour"), tone="muted", selectable=False))
        self.colourings = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        for name in COLOURINGS:
            button = QToolButton()
            button.setText(texts[name])
            button.setAccessibleName(self.tr("Colour by {what}").format(what=texts[name]))
            button.setCheckable(True)
            button.setChecked(name == self._colouring)
            button.clicked.connect(partial(self._recolour, name))
            if name in VALUES and self._values(name) is None:
                button.hide()               # but not shown: it has no parent as yet, and would be a window
            self.buttons[name] = button
            self.colourings.addButton(button)
            row.addWidget(button)
        return made, row

    def _recolour(self, name: str) -> None:
        self._colouring = name
        self.coloured.emit(name)
        if self.view.root is not None:
            self.show_map(self.view.root)

    def _of(self, box: core.ByteBox) -> str:
        return box.dtype if self._colouring == "dtype" else box.device if self._colouring == "device" else box.kind or "other"

    def _fill_of(self, box: core.ByteBox) -> Fill:
        return self._fills.of(box) if self._fills is not None else self._fills_of.get(self._of(box), self._faint)

    def _sums(self, root: core.ByteBox) -> dict[str, int]:
        """Bytes of what the colours tell apart, the most first."""
        sums: dict[str, int] = {}
        told = attrgetter(self._colouring if self._colouring in ("dtype", "device") else "kind")
        for box in leaves(root):                # of which there are thousands
            name = told(box)
            sums[name] = sums.get(name, 0) + box.nbytes
        if None in sums:
            sums["other"] = sums.get("other", 0) + sums.pop(None)       # type: ignore[call-overload]
        return dict(sorted(sums.items(), key=lambda entry: -entry[1]))

    def _assigned(self, sums: dict[str, int]) -> dict[str, str]:
        """A kind has its colour in every file; types and devices have theirs by how many bytes they have."""
        series = theme.colours(self.palette()).series
        if self._colouring == "kind":
            return dict(zip(core.BYTE_KINDS, series, strict=False))
        return dict(zip(sums, series, strict=False))

    def _clear_legend(self) -> None:
        while (item := self._swatches.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _show_legend(self, root: core.ByteBox, sums: dict[str, int]) -> None:
        self._clear_legend()
        names = kind_names() if self._colouring == "kind" else {}
        for name, nbytes in [*sums.items()][:len(theme.colours().series)]:
            said = names.get(name) or core.visible(name, 60) or self.tr("not stored")
            self._swatches.addWidget(_Swatch(said, words.share(nbytes, root.nbytes), self._fills_of.get(name, self._faint)))
        self._legend.updateGeometry()

    def _show_value_legend(self, fills: ValueFills) -> None:
        self._clear_legend()
        if self._colouring == "nan":
            bad = sum(1 for value in fills.known if value)
            self._swatches.addWidget(_Swatch(self.tr("NaN or infinite"), words.tensors(bad), fills.at(1.0)))
            self._swatches.addWidget(_Swatch(self.tr("all finite"), words.tensors(len(fills.known) - bad), fills.at(0.0)))
        elif fills.span is not None:
            low, high = fills.span
            ends = (typeset(number(low, 3)), typeset(number(high, 3))) if self._colouring == "std" else (
                self.tr("the same"), self.tr("100 % of A's norm, or more"))
            ramp = _Ramp(*ends, [fills.at(low + (high - low) * n / _RAMP) for n in range(_RAMP)])
            if self._colouring == "std":
                ramp.setToolTip(self.tr("The standard deviations of 5 to 95 % of the tensors that are shown"))
            self._swatches.addWidget(ramp)
            apart = sum(1 for value in fills.known if value != value)
            if apart:
                said = self.tr("nothing finite") if self._colouring == "std" else self.tr("NaN, of another shape or alone")
                self._swatches.addWidget(_Swatch(said, words.tensors(apart), fills.at(float("nan"))))
        if fills.unknown:
            self._swatches.addWidget(_Swatch(self.tr("not read"), words.tensors(fills.unknown), fills.empty))
        self._legend.updateGeometry()

    # -- the way

    def _show_way(self, root: core.ByteBox) -> None:
        while (item := self._crumbs.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        inside = core.relative(root.path, self._top) if root.path != self._top else ""
        steps = [(self._name, self._top)]
        for segment in core.segments_of(inside) if inside else ():
            steps.append((segment, core.join(steps[-1][1], segment)))
        if len(steps) > _CRUMBS + 1:
            steps = [steps[0], ("…", steps[-_CRUMBS][1]), *steps[1 - _CRUMBS:]]
        for n, (name, path) in enumerate(steps):
            if n == len(steps) - 1:
                self._crumbs.addWidget(label(core.visible(name, 40), selectable=False))
                break
            step = QPushButton(words.menu_text(name, 40))
            step.setProperty("link", True)
            step.setAccessibleName(self.tr("Show {name}").format(name=core.visible(name, 80)))
            step.setToolTip(words.tip(path or name))
            step.clicked.connect(partial(self.entered.emit, path))
            self._crumbs.addWidget(step)
            self._crumbs.addWidget(label("›", tone="muted", selectable=False))
        about = label(tone="muted")
        about.setText(self.tr("{size} in {tensors}").format(size=words.size(root.nbytes), tensors=words.tensors(root.tensors)))
        about.setContentsMargins(8, 0, 0, 0)
        self._crumbs.addWidget(about)

    def _enter(self, box: core.ByteBox) -> None:
        if box.info is not None:
            self.opened.emit(box.path)
        else:
            self.entered.emit(box.path)

    def _out(self) -> None:
        root = self.view.root
        if root is not None and root.path != self._top:
            above = core.parent_of(root.path)
            self.entered.emit(above if core.is_under(above, self._top) else self._top)

    def _say(self) -> None:
        box = self.view.current
        self.line.set_text(" · ".join(part for part in (self.view.said(box), self._figure(box)) if part) if box is not None
                           else self.tr("Click a box, or use the arrow keys, to select it. Double click or Enter goes in, Backspace out."))


    def _figure(self, box: core.ByteBox) -> str:
        """The number that a box is filled by, in words."""
        values = self._values(self._colouring) if self._fills is not None else None
        if values is None or box.info is None:
            return ""
        value = values.look(box.path)
        if value is None:
            return self.tr("not read")
        if self._colouring == "nan":
            return self.tr("{n} NaN or infinite").format(n=f"{int(value):,}")
        if self._colouring == "std":
            return self.tr("std {value}").format(value=number(value, 4))
        if value != value:
            return self.tr("cannot be compared")
        return self.tr("changed by {part} % of A's norm").format(part=number(100 * value, 3))


class _Swatch(QWidget):
    """A colour and what it stands for."""

    def __init__(self, name: str, share: str, fill: Fill) -> None:
        super().__init__()
        self._name, self._share, self._fill = name, share, fill
        self.setAccessibleName(f"{name}: {share}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(_SWATCH + 7 + metrics.horizontalAdvance(f"{self._name}  {self._share}") + 2, metrics.height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours(self.palette())
        painter = QPainter(self)
        square = QRectF(0.5, (self.height() - _SWATCH) / 2 + 0.5, _SWATCH - 1, _SWATCH - 1)
        painter.setPen(QPen(theme.tinted(self._fill.colour, c.card, self._fill.edge), 1))
        painter.setBrush(theme.tinted(self._fill.colour, c.card, self._fill.part))
        painter.drawRect(square)
        room = QRectF(_SWATCH + 7, 0, self.width(), self.height())
        painter.setPen(QColor(c.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, core.isolated(self._name))
        painter.setPen(QColor(c.muted))
        painter.drawText(room.adjusted(self.fontMetrics().horizontalAdvance(f"{self._name}  "), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter,
                         self._share)
        painter.end()


class _Ramp(QWidget):
    """The fills from the least to the greatest, between what these are."""

    def __init__(self, least: str, greatest: str, fills: list[Fill]) -> None:
        super().__init__()
        self._least, self._greatest, self._fills = least, greatest, fills
        self.setAccessibleName(f"{least} … {greatest}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._least + self._greatest) + len(self._fills) + 16, metrics.height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours(self.palette())
        painter = QPainter(self)
        left = self.fontMetrics().horizontalAdvance(self._least) + 7
        top = (self.height() - _SWATCH) / 2
        painter.setPen(QColor(c.text))
        painter.drawText(QRectF(0, 0, left, self.height()), Qt.AlignmentFlag.AlignVCenter, self._least)
        painter.drawText(QRectF(left + len(self._fills) + 7, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self._greatest)
        for n, fill in enumerate(self._fills):
            painter.fillRect(QRectF(left + n, top, 1, _SWATCH), theme.tinted(fill.colour, c.card, fill.part))
        painter.setPen(QColor(self._fills[-1].colour))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left - 0.5, top + 0.5, len(self._fills), _SWATCH - 1))
        painter.end()


def kind_names() -> dict[str, str]:
    """What a person calls each `core.ByteKind`."""
    translate: Callable[[str, str], str] = QCoreApplication.translate
    return {"kernel": translate("ByteMap", "Kernels (3-D and more)"), "matrix": translate("ByteMap", "Matrices"),
            "vector": translate("ByteMap", "Vectors"), "packed": translate("ByteMap", "Packed parts"),
            "buffer": translate("ByteMap", "Buffers"), "optimizer": translate("ByteMap", "Optimizer state"),
            "other": translate("ByteMap", "Other tensors")}
