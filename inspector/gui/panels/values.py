"""The selected tensor's elements as a table: any slice, any index, the next NaN, and out of here as text or .npy."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QLocale, QModelIndex, QRect, Qt
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStyledItemDelegate,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.kit import exporting, file_dialogs, tables, words
from inspector.gui.models.value_grid import COLS, ROWS, ValueGrid
from inspector.gui.state.looked_at import looked_at
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import offer_clearing
from inspector.gui.widgets.elided import ElidedLabel
from inspector.gui.widgets.flow import flowing
from inspector.gui.widgets.heading import Heading
from inspector.gui.widgets.lazy_panel import SelectionPanel
from inspector.gui.widgets.result_pages import ResultPages
from inspector.gui.widgets.seen_as import SeenAsBar
from inspector.gui.widgets.slice_controls import SliceControls

FIND, SAVE = "values-find", "values-save"
WRAP = 8                        # elements of a vector in a row
COPIED = 1 << 20                # elements that are put on the clipboard at most
_GO_TO = 90                     # pixels of the field for an index at the least


def _minus(numbers: str) -> str:
    """As they are drawn; what is copied and saved keeps the hyphen, which programs read."""
    return numbers.replace("-", "−")


class _Cells(QStyledItemDelegate):
    def displayText(self, value: object, locale: QLocale | QLocale.Language) -> str:
        return _minus(super().displayText(value, locale))


class ValuesPanel(SelectionPanel):
    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self.choose_path = file_dialogs.ask_where_to_save
        self._tensor: tuple[core.Checkpoint, core.TensorInfo] | None = None
        self._packed: core.LogicalTensor | None = None
        self.heading = Heading()
        self.seen_as = SeenAsBar(session)
        self.remark = self.seen_as.remark
        self.slices = SliceControls(mosaics=False, wrap=WRAP)
        self.model = ValueGrid(tasks, self)
        self.table = self._make_table()
        self.goto = QLineEdit()
        self.readout = ElidedLabel()
        self.readout.setAccessibleName(self.tr("Selected element"))
        self._sought: tuple[int, ...] | core.SearchTarget | None = None        # until this is on show
        self._place()
        self.setAccessibleName(self.tr("Values"))
        self.slices.changed.connect(self._show_plane)
        self.goto.returnPressed.connect(self.go_to_typed)
        self.model.failed.connect(self._failed)
        self.model.loaded.connect(self._show_readout)
        self.table.selectionModel().currentChanged.connect(lambda *_: self._show_readout())

    # -- what is shown ------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        at = looked_at(self._session)
        self.seen_as.offer(None if isinstance(at, str) else at)
        if isinstance(at, str):
            self.let_go()
            self.heading.set_name(self.tr("Values"))
            self.remark.clear()
            self.slices.offer(())
            self.pages.say(at)
            return
        ckpt, info = at.checkpoint, at.info
        self._packed = at.packed
        if self._tensor is not None and self._tensor[0] is ckpt and self._tensor[1] is info:
            return
        self._tensor = ckpt, info
        self._tasks.cancel(FIND)
        shape = core.readable_shape(info)
        self.heading.set_name(info.key)
        facts = core.visible(info.type_words), words.shape(info.shape), words.size(info.stored_nbytes), *self._kind(info)
        self.remark.setText(" · ".join(facts))
        self.goto.clear()
        self.goto.setPlaceholderText(self._example(shape))
        self.slices.offer(shape)
        if 0 in shape:
            self.model.clear()
            self.pages.say(self.tr("No elements: the shape is {shape}.").format(shape=words.shape(shape)))
        elif info.problem:
            self._failed(core.BadTensor(info.problem, where=info.key))
        else:
            self._show_plane()

    def _show_plane(self) -> None:
        if self._tensor is None or not self.isVisible():
            return
        ckpt, info = self._tensor
        self.model.show_plane(ckpt, info, self.slices.plane)
        self._fit_columns()
        self.pages.show_content()
        self.table.setCurrentIndex(self.model.index(0, 0))
        self._show_readout()

    def _retry(self) -> None:
        if isinstance(self._error, core.Changed):
            self._tasks.reread_asked.emit(self._show_plane)
        else:
            self._show_plane()

    def let_go(self) -> None:
        super().let_go()
        self._tensor = self._packed = None
        self.model.clear()

    def _failed(self, error: Exception) -> None:
        self._error = error
        self.pages.fail(error)
        if not isinstance(error, core.InspectorError):
            raise error

    def _kind(self, info: core.TensorInfo) -> list[str]:
        known = core.DTYPES.get(info.dtype)
        if known is not None and known.bits % 8:
            return [self.tr("elements are narrower than a byte: these are the bytes")]
        return [self.tr("the integers that are stored")] if known is not None and known.kind == "quantized" else []

    def _example(self, shape: tuple[int, ...]) -> str:
        if len(shape) < 2:
            return self.tr("Index, such as {example}").format(example=max(0, (shape[0] if shape else 1) // 2))
        return self.tr("Index, such as {example}").format(example=", ".join(str(size // 2) for size in shape))

    # -- going places -------------------------------------------------------------------------------------------------

    @property
    def current(self) -> tuple[int, ...] | None:
        """The index of the selected element."""
        at = self.table.currentIndex()
        if not at.isValid():
            return None
        return self.model.plane.position(at.row() + self.model.base[0], at.column() + self.model.base[1])

    def go_to(self, at: tuple[int, ...]) -> None:
        """Selects the element `at`, whichever slice it lies on."""
        if self._tensor is None:
            return
        plane = self.slices.plane
        if not plane.fold and any(here != there for d, (here, there) in enumerate(zip(plane.index or at, at, strict=True))
                                  if d not in (*plane.rows, *plane.cols)):
            self.slices.show_element(at)
        row, col = self.model.reveal(*self.model.plane.row_and_column(at))
        index = self.model.index(row, col)
        self.table.setCurrentIndex(index)
        self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self._show_readout()

    def go_to_typed(self) -> None:
        """"3, 0, 12" is an index, a number alone counts in C order; negative ones count from the end."""
        if self._tensor is None:
            return
        shape = core.readable_shape(self._tensor[1])
        at = parse_index(self.goto.text(), shape)
        if at is None:
            self.readout.setText(self.tr("There is no such element: the shape is {shape}.").format(shape=words.shape(shape)))
            return
        self.go_to(at)
        self.table.setFocus()

    def seek(self, place: tuple[int, ...] | core.SearchTarget) -> None:
        """An element by its index, or the first one that is so; once this is on show."""
        if not self.isVisible():
            self._sought = place
        elif isinstance(place, tuple):
            self.go_to(place)
        else:
            self.find_next(place, first=True)

    def find_next(self, what: core.SearchTarget, *, first: bool = False) -> None:
        """The next element that is `what`, after the selected one and round; or the first of all."""
        if self._tensor is None:
            return
        (ckpt, info), here = self._tensor, self.current
        shape = core.readable_shape(info)
        start = core.ravel(here, shape) + 1 if here is not None and not first else 0
        self.readout.setText(self.tr("Searching…"))
        self._tasks.start(FIND, lambda monitor: core.find_next(ckpt, info.key, start, what, monitor),
                          on_done=lambda flat: self._found(info, what, flat), on_error=self._not_done,
                          on_cancel=lambda: self.readout.setText(self.tr("Stopped.")),
                          label=self.tr("Searching {name}").format(name=core.visible(info.key, 60)))

    def _found(self, info: core.TensorInfo, what: core.SearchTarget, flat: int | None) -> None:
        if self._tensor is None or self._tensor[1] is not info:
            return
        if flat is None:
            self.readout.setText({"nan": self.tr("There is no NaN in this tensor."), "inf": self.tr("Nothing in this tensor is infinite."),
                                  "zero": self.tr("There is no zero in this tensor.")}.get(
                                      what, self.tr("There is no finite value in this tensor.")))
        else:
            self.go_to(core.unravel(flat, core.readable_shape(info)))

    def _show_readout(self) -> None:
        index = self.table.currentIndex()
        text = self.model.data(index, Qt.ItemDataRole.ToolTipRole) if index.isValid() else None
        rows, cols = self.model.plane.size
        hint = self.tr("The table shows {n} rows at a time: go to an index to see others.").format(n=f"{ROWS:,}") if rows > ROWS \
            else self.tr("The table shows {n} columns at a time: go to an index to see others.").format(n=f"{COLS:,}") \
            if cols > COLS else ""
        self.readout.setText("   ·   ".join(part for part in (_minus(text or ""), hint) if part))

    # -- giving it away -----------------------------------------------------------------------------------------------

    def copy_selection(self) -> None:
        """The smallest rectangle around what is selected, tab-separated."""
        if self._tensor is None:
            return
        area = QRect()
        selection = self.table.selectionModel().selection()
        for part in (selection.at(n) for n in range(selection.count())):
            area = area.united(QRect(part.left(), part.top(), part.width(), part.height()))
        if area.isEmpty():
            return
        top, left = self.model.base
        rows, cols = range(top + area.top(), top + area.bottom() + 1), range(left + area.left(), left + area.right() + 1)
        if len(rows) * len(cols) > COPIED:
            self.readout.setText(self.tr("These are {n} values: save them as a file instead.").format(n=f"{len(rows) * len(cols):,}"))
            return
        (ckpt, info), plane = self._tensor, self.model.plane
        said = self.tr("Copied {n} rows and {m} columns.").format(n=f"{len(rows):,}", m=f"{len(cols):,}")

        def copied(data: bytes) -> None:
            QGuiApplication.clipboard().setText(data.decode("ascii").removesuffix("\n"))
            self.readout.setText(said)

        self._tasks.start(SAVE, lambda monitor: b"".join(exporting.table(ckpt, info.key, plane, rows, cols, "\t", monitor)),
                          on_done=copied, on_error=self._not_done, label=self.tr("Copying values"))

    def save(self, kind: str) -> None:
        """The whole slice as "csv" or "npy"."""
        if self._tensor is None:
            return
        (ckpt, info), plane = self._tensor, self.model.plane
        rows, cols = (range(size) for size in plane.size)
        if kind == "npy":
            self._save(ckpt, info.key, kind, lambda monitor: exporting.npy(ckpt, info.key, plane, rows, cols, monitor))
        else:
            self._save(ckpt, info.key, kind, lambda monitor: exporting.table(ckpt, info.key, plane, rows, cols, ",", monitor))

    def save_whole(self, part: str = "") -> None:
        """All that is shown, in its own shape; or the stored tensor `part` of a packed one."""
        document = self._session.selected_document
        if self._tensor is None or document is None or document.checkpoint is None:
            return
        ckpt, key = (document.checkpoint, part) if part else (self._tensor[0], self._tensor[1].key)
        self._save(ckpt, key, "npy", lambda monitor: exporting.array(ckpt, key, monitor))

    def _save(self, ckpt: core.Checkpoint, key: str, kind: str, pieces: Callable[[core.Monitor], Iterator[bytes]]) -> None:
        name = exporting.file_name(key, f".{kind}")
        filter = self.tr("CSV tables (*.csv)") if kind == "csv" else self.tr("NumPy arrays (*.npy)")
        path = self.choose_path(self, self.tr("Save values"), name, filter)
        if not path:
            return

        def work(monitor: core.Monitor) -> None:
            exporting.write(path, pieces(monitor), "array" if kind == "npy" else "table", [stamp.path for stamp in ckpt.files])

        self._tasks.start(SAVE, work, on_error=self._not_done, label=self.tr("Saving values"),
                          on_done=lambda _: self.readout.setText(self.tr("Saved {path}").format(path=core.visible(path))),
                          on_cancel=lambda: self.readout.setText(self.tr("Nothing was saved.")))

    def _not_done(self, error: Exception) -> None:
        if not isinstance(error, core.InspectorError):
            raise error
        self.readout.setText(words.error(error))

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._sought is not None:
            place, self._sought = self._sought, None
            self.seek(place)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.model.rest()

    def _fit_columns(self) -> None:
        """As wide as the widest number of this type and format, all alike, so that nothing jumps while pages come in."""
        import numpy as np
        info = self._tensor[1] if self._tensor else None
        known = core.DTYPES.get(info.dtype) if info else None
        samples = ["-1.23457e+38"]
        if self._format.currentData() == "bits":
            samples = ["0x" + "0" * (max(known.bits // 4, 2) if known else 2)]
        elif info is not None and info.unpacked is not None and info.unpacked.whole:
            samples = ["-0000"]
        elif known is not None and known.kind in ("int", "uint", "quantized", "bool", "other"):
            samples = [f"-{np.iinfo(np.int64).max}" if known.bits == 64 else "-" + "0" * max(known.bits // 3, 4)]
            if known.bits == 64:
                samples = ["-123456789012"]
        elif self._format.currentData() != "auto":
            samples = ["-1.234568e-38"]
        if known is not None and known.kind == "complex" and self._format.currentData() != "bits":
            samples = [samples[0] * 2]
        metrics = self.table.fontMetrics()
        self.table.horizontalHeader().setDefaultSectionSize(max(metrics.horizontalAdvance(text) for text in samples) + 28)

    def _set_format(self) -> None:
        self.model.set_format(self._format.currentData())
        self._fit_columns()

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setItemDelegate(_Cells(table))
        tables.calm(table, self.tr("Values"), padding=8)
        table.setProperty("sheet", True)
        table.setAlternatingRowColors(True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table, self.copy_selection,
                         context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.setParent(table)
        return table

    def _place(self) -> None:
        self._format = QComboBox()
        self._format.setAccessibleName(self.tr("Number format"))
        for text, data in ((self.tr("Automatic"), "auto"), (self.tr("Fixed"), "fixed"), (self.tr("Scientific"), "scientific"),
                           (self.tr("Hex bits"), "bits")):
            self._format.addItem(text, data)
        self._format.activated.connect(self._set_format)
        self.goto.setAccessibleName(self.tr("Go to index"))
        self.goto.setMinimumWidth(_GO_TO)
        offer_clearing(self.goto)
        tools, line = flowing(8)
        for text, widget in ((self.tr("&Go to"), self.goto), (self.tr("&Numbers"), self._format)):
            caption = QLabel(text)
            caption.setProperty("tone", "muted")
            caption.setBuddy(widget)
            together = QWidget()
            row = QHBoxLayout(together)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            row.addWidget(caption)
            row.addWidget(widget, 1 if widget is self.goto else 0)
            line.addWidget(together)
        line.addWidget(self._menu_button(self.tr("Find"), self.tr("Find the next odd or extreme value"), (
            (self.tr("Next NaN"), "nan", "Ctrl+Alt+N"), (self.tr("Next infinity"), "inf", "Ctrl+Alt+I"),
            (self.tr("Next zero"), "zero", "Ctrl+Alt+0"), (self.tr("Greatest value"), "max", "Ctrl+Alt+Up"),
            (self.tr("Smallest value"), "min", "Ctrl+Alt+Down"))))
        out = QPushButton(self.tr("Save"))
        out.setAccessibleName(self.tr("Copy or save values"))
        menu = QMenu(out)
        menu.addAction(self.tr("Copy selection"), self.copy_selection)
        menu.addSeparator()
        menu.addAction(self.tr("Save slice as CSV…"), partial(self.save, "csv"))
        menu.addAction(self.tr("Save slice as NPY…"), partial(self.save, "npy"))
        menu.addAction(self.tr("Save whole tensor as NPY…"), self.save_whole)
        self.parts_menu = menu.addMenu(self.tr("Save a stored part as NPY"))
        menu.aboutToShow.connect(self._offer_parts)
        out.setMenu(menu)
        line.addWidget(out)
        shown = QWidget()
        inside = QVBoxLayout(shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(tools)
        inside.addWidget(self.table, 1)
        inside.addWidget(self.readout)
        self.pages = ResultPages(shown)
        self.pages.retry_asked.connect(self._retry)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 12)
        whole.setSpacing(4)
        whole.addWidget(self.heading)
        whole.addWidget(self.seen_as)
        whole.addSpacing(6)
        whole.addWidget(self.slices)
        whole.addSpacing(4)
        whole.addWidget(self.pages, 1)
        self.table.selectionModel().setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.NoUpdate)

    def _offer_parts(self) -> None:
        """What a packed tensor is stored as, to be saved one by one."""
        self.parts_menu.clear()
        parts = self._packed.parts if self._packed is not None else {}
        for role, key in parts.items():
            self.parts_menu.addAction(f"{words.menu_text(key)}\t{words.menu_text(role)}", partial(self.save_whole, key))
        self.parts_menu.menuAction().setVisible(bool(parts))

    def _menu_button(self, text: str, name: str, entries: tuple[tuple[str, core.SearchTarget, str], ...]) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(name)
        menu = QMenu(button)
        for said, what, keys in entries:
            action = menu.addAction(said, partial(self.find_next, what))
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.addAction(action)          # its keys work while the menu is closed
        button.setMenu(menu)
        return button


def parse_index(text: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The index that `text` names in `shape`: as many numbers as there are dimensions, in any brackets, or one that counts in
    C order. Negative ones count from the end. None when it names none."""
    parts = [part for part in re.split(r"[\s,;\[\]()]+", text.strip()) if part]
    if not parts or any(not re.fullmatch(r"[+-]?\d{1,19}", part) for part in parts):
        return None
    given = [int(part) for part in parts]
    numel = 1
    for size in shape:
        numel *= size
    if len(given) == 1 and len(shape) != 1:
        flat = given[0] + (numel if given[0] < 0 else 0)
        return core.unravel(flat, shape) if 0 <= flat < numel else None
    if len(given) != len(shape):
        return None
    at = tuple(n + size if n < 0 else n for n, size in zip(given, shape, strict=True))
    return at if all(0 <= n < size for n, size in zip(at, shape, strict=True)) else None
