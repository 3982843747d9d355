"""The box about where the bytes are: the way to what is shown, what the colours say, the map, what is under the cursor."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from inspector import core
from inspector.gui.kit import exporting, file_dialogs, theme, words

from .boxes import FactBox, label
from .elided import Elided
from .flow import Flow
from .treemap_view import TINT, TreemapView

COLOURINGS = ("kind", "dtype", "device")
_SWATCH = 11
_CRUMBS = 4                     # steps of the way that are spelled out


class ByteMapBox(FactBox):
    """`entered` gives the path of a group to be shown, `chosen` the path of a box that was clicked."""

    entered = Signal(str)
    opened = Signal(str)            # a tensor, whose page is wanted
    chosen = Signal(str)
    coloured = Signal(str)          # another of COLOURINGS

    def __init__(self, path: str, top: str, name: str, colouring: str) -> None:
        """`top` is the path of the outermost group that can be shown, called `name`, of the checkpoint at `path`."""
        super().__init__()
        self.choose_path = file_dialogs.ask_where_to_save
        self._path = path
        self._top, self._name, self._colouring = top, name, colouring
        self._colours: dict[str, str] = {}
        self._faint = ""
        self.view = TreemapView()
        self.line = Elided()
        self._crumbs = QHBoxLayout()
        self._crumbs.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(self.tr("Where the bytes are"), strong=True, selectable=False))
        head.addStretch(1)
        head.addLayout(self._choices())
        head.addWidget(self._menu())
        self._legend = QWidget()
        self._swatches = Flow(self._legend, 14)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self._legend.setSizePolicy(policy)
        self.body.addLayout(head)
        self.body.addLayout(self._crumbs)
        self.body.addWidget(self.view)
        self.body.addWidget(self.line)
        self.body.addWidget(self._legend)
        self.view.pointed.connect(self._say)
        self.view.chosen.connect(lambda box: self.chosen.emit(box.path))
        self.view.entered.connect(self._enter)
        self.view.left.connect(self._out)

    def show_map(self, root: core.ByteBox) -> None:
        sums = self._sums(root)
        self._colours = self._assigned(sums)
        self._faint = theme.colours(self.palette()).faint
        self._show_way(root)
        self.view.show_root(root, self._colour_of)
        self._show_legend(root, sums)

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
        button.setMenu(menu)
        return button

    def table(self) -> str:
        """The tensors of the map and the bytes of each, the largest boxes first; what has no box of its own is one line."""
        root = self.view.root
        lines = ["\t".join(("tensor", "bytes", "tensors", "dtype", "shape"))]
        for box in _leaves(root) if root is not None else ():
            shape = core.wording.shape(box.info.shape) if box.info is not None else ""
            lines.append("\t".join((words.tsv(core.visible(box.path)), str(box.nbytes), str(box.tensors), box.dtype, shape)))
        return "\n".join(lines)

    def _file_name(self, ending: str) -> str:
        return exporting.name_of(self._path, self.view.root.path if self.view.root is not None else "", "bytes", ending)

    def save_table(self) -> None:
        path = self.choose_path(self, self.tr("Save table"), self._file_name(".tsv"), self.tr("Tab-separated tables (*.tsv)"))
        if path:
            data = self.table().encode("utf-8", "backslashreplace") + b"\n"
            self.line.set_text(exporting.outcome(path, lambda: exporting.write(path, [data], "table")))

    def save_picture(self) -> None:
        path = self.choose_path(self, self.tr("Save picture"), self._file_name(".png"), self.tr("PNG pictures (*.png)"))
        if path:
            self.line.set_text(exporting.outcome(path, lambda: exporting.write_picture(path, self.view.picture())))

    # -- colours

    def _choices(self) -> QHBoxLayout:
        texts = {"kind": self.tr("Kind"), "dtype": self.tr("Dtype"), "device": self.tr("Device")}
        row = QHBoxLayout()
        row.setSpacing(3)
        row.addWidget(label(self.tr("Colour"), tone="muted", selectable=False))
        self.colourings = QButtonGroup(self)
        for name in COLOURINGS:
            button = QToolButton()
            button.setText(texts[name])
            button.setAccessibleName(self.tr("Colour by {what}").format(what=texts[name]))
            button.setCheckable(True)
            button.setChecked(name == self._colouring)
            button.clicked.connect(partial(self._recolour, name))
            self.colourings.addButton(button)
            row.addWidget(button)
        return row

    def _recolour(self, name: str) -> None:
        self._colouring = name
        self.coloured.emit(name)
        if self.view.root is not None:
            self.show_map(self.view.root)

    def _of(self, box: core.ByteBox) -> str:
        return box.dtype if self._colouring == "dtype" else box.device if self._colouring == "device" else box.kind or "other"

    def _colour_of(self, box: core.ByteBox) -> str:
        return self._colours.get(self._of(box), self._faint)

    def _sums(self, root: core.ByteBox) -> dict[str, int]:
        """Bytes of what the colours tell apart, the most first."""
        sums: dict[str, int] = {}
        for box in _leaves(root):
            sums[self._of(box)] = sums.get(self._of(box), 0) + box.nbytes
        return dict(sorted(sums.items(), key=lambda entry: -entry[1]))

    def _assigned(self, sums: dict[str, int]) -> dict[str, str]:
        """A kind has its colour in every file; types and devices have theirs by how many bytes they have."""
        series = theme.colours(self.palette()).series
        if self._colouring == "kind":
            return dict(zip(core.BYTE_KINDS, series, strict=False))
        return dict(zip(sums, series, strict=False))

    def _show_legend(self, root: core.ByteBox, sums: dict[str, int]) -> None:
        while (item := self._swatches.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        names = kind_names() if self._colouring == "kind" else {}
        for name, nbytes in [*sums.items()][:len(theme.colours().series)]:
            said = names.get(name) or core.visible(name, 60) or self.tr("not stored")
            self._swatches.addWidget(_Swatch(said, words.share(nbytes, root.nbytes), self._colours.get(name, self._faint)))
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
        self._crumbs.addSpacing(8)
        about = self.tr("{size} in {tensors}").format(size=words.size(root.nbytes), tensors=words.tensors(root.tensors))
        self._crumbs.addWidget(label(about, tone="muted"))
        self._crumbs.addStretch(1)

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
        self.line.set_text(self.view.said(box) if box is not None
                           else self.tr("Click a box, or use the arrow keys, to select it. Double click or Enter goes in, Backspace out."))


class _Swatch(QWidget):
    """A colour and what it stands for."""

    def __init__(self, name: str, share: str, colour: str) -> None:
        super().__init__()
        self._name, self._share, self._colour = name, share, colour
        self.setAccessibleName(f"{name}: {share}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(_SWATCH + 7 + metrics.horizontalAdvance(f"{self._name}  {self._share}") + 2, metrics.height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours(self.palette())
        painter = QPainter(self)
        square = QRectF(0.5, (self.height() - _SWATCH) / 2 + 0.5, _SWATCH - 1, _SWATCH - 1)
        painter.setPen(QPen(QColor(self._colour), 1))
        painter.setBrush(theme.tinted(self._colour, c.card, TINT))
        painter.drawRect(square)
        room = QRectF(_SWATCH + 7, 0, self.width(), self.height())
        painter.setPen(QColor(c.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self._name)
        painter.setPen(QColor(c.muted))
        painter.drawText(room.adjusted(self.fontMetrics().horizontalAdvance(f"{self._name}  "), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter,
                         self._share)
        painter.end()


def kind_names() -> dict[str, str]:
    """What a person calls each `core.ByteKind`."""
    translate: Callable[[str, str], str] = QCoreApplication.translate
    return {"kernel": translate("ByteMap", "Kernels (3-D and more)"), "matrix": translate("ByteMap", "Matrices"),
            "vector": translate("ByteMap", "Vectors"), "packed": translate("ByteMap", "Packed parts"),
            "buffer": translate("ByteMap", "Buffers"), "optimizer": translate("ByteMap", "Optimizer state"),
            "other": translate("ByteMap", "Other tensors")}


def _leaves(box: core.ByteBox) -> Iterator[core.ByteBox]:
    if not box.boxes:
        yield box
    for inner in box.boxes:
        yield from _leaves(inner)
