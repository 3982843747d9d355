"""The elements on a plane as a table that reads only what is looked at.

    data() → page at hand? → its text
                   ↓ no
             "…" and the page is asked for → read in a worker → dataChanged

A view cannot have a billion rows (its header remembers each), so the table is a window of at most `ROWS` × `COLS` cells that
moves over the plane: `base` is the plane's cell in its upper left corner.
"""
from __future__ import annotations

from collections import OrderedDict
from math import prod
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QColor

from inspector import core
from inspector.gui.kit import exporting, theme
from inspector.gui.state.tasks import Tasks

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TASK = "values-pages"
ROWS, COLS = 100_000, 4_000     # cells of the window
PAGE_ROWS, PAGE_COLS = 64, 32
KEPT = 600                      # pages: about a million elements
AT_ONCE = 48                    # pages of one reading; older wishes were scrolled past
FORMATS = ("auto", "fixed", "scientific", "bits")

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ANSWERED = frozenset((Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.ForegroundRole,
                       Qt.ItemDataRole.AccessibleTextRole))
_Page = tuple[int, int]


class ValueGrid(QAbstractTableModel):
    failed = Signal(object)         # the error of reading a page
    loaded = Signal()

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._ckpt: core.Checkpoint | None = None
        self._info: core.TensorInfo | None = None
        self._plane = core.Plane((0,), (), (0,))
        self._size = (0, 0)             # of the plane, which works it out anew each time
        self._numel = 0                 # cells of the plane that have an element: in C order, all but the end of a fold
        self._base = (0, 0)
        self._format = "auto"
        self._pages: OrderedDict[_Page, Array] = OrderedDict()
        self._wanted: OrderedDict[_Page, None] = OrderedDict()
        self._reading: frozenset[_Page] = frozenset()
        self._refused = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._read)

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def plane(self) -> core.Plane:
        return self._plane

    @property
    def base(self) -> tuple[int, int]:
        """The plane's row and column of the table's first cell."""
        return self._base

    @property
    def page_count(self) -> int:
        """How many pages are at hand."""
        return len(self._pages)

    @property
    def busy(self) -> bool:
        return bool(self._wanted or self._reading)

    def show_plane(self, ckpt: core.Checkpoint, info: core.TensorInfo, plane: core.Plane) -> None:
        self.beginResetModel()
        self._forget()
        self._ckpt, self._info, self._plane, self._base, self._refused = ckpt, info, plane, (0, 0), False
        self._size = plane.size
        self._numel = prod(plane.shape) if plane.fold else prod(plane.size)
        self.endResetModel()

    def clear(self) -> None:
        self.beginResetModel()
        self._forget()
        self._ckpt = self._info = None
        self._plane, self._base, self._size, self._numel = core.Plane((0,), (), (0,)), (0, 0), (0, 0), 0
        self.endResetModel()

    def set_format(self, name: str) -> None:
        """One of `FORMATS`."""
        if name in FORMATS and name != self._format:
            self._format = name
            if self.rowCount() and self.columnCount():
                self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def reveal(self, row: int, col: int) -> tuple[int, int]:
        """Moves the window so that it has the plane's cell; gives its row and column in the table."""
        base = list(self._base)
        for axis, (at, size, room) in enumerate(zip((row, col), self._plane.size, (ROWS, COLS), strict=True)):
            if not base[axis] <= at < base[axis] + min(room, size):
                base[axis] = max(0, min(at - room // 2, size - room))
        if tuple(base) != self._base:
            self.beginResetModel()
            self._base = base[0], base[1]
            self.endResetModel()
        return row - self._base[0], col - self._base[1]

    def rest(self) -> None:
        """Nobody looks: what was asked for is forgotten."""
        self._wanted.clear()
        self._soon.stop()
        self._tasks.cancel(TASK)
        self._reading = frozenset()

    def element(self, row: int, col: int) -> Any | None:
        """The element at the plane's cell as numpy has it; None while it is not read, or when there is none."""
        page = self._pages.get((row // PAGE_ROWS, col // PAGE_COLS))
        if page is None or self._plane.position(row, col) is None:
            return None
        return page[row % PAGE_ROWS, col % PAGE_COLS]

    # -- Qt's side ----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else min(self._size[0] - self._base[0], ROWS)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else min(self._size[1] - self._base[1], COLS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role not in _ANSWERED or not index.isValid():
            return None
        row, col = index.row() + self._base[0], index.column() + self._base[1]
        page = self._pages.get((row // PAGE_ROWS, col // PAGE_COLS))
        if row * self._size[1] + col >= self._numel:
            return None
        if page is None:
            if role == Qt.ItemDataRole.ForegroundRole:
                return QColor(theme.colours().faint)
            self._want((row // PAGE_ROWS, col // PAGE_COLS))
            return "…" if role == Qt.ItemDataRole.DisplayRole else None
        value = page[row % PAGE_ROWS, col % PAGE_COLS]
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(theme.colours().danger) if is_nonfinite(value) else None
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(value, self._format)
        where = "[" + ", ".join(str(n) for n in self._plane.position(row, col) or ()) + "]"
        said = f"{where} = {exporting.texts(page[row % PAGE_ROWS, col % PAGE_COLS:col % PAGE_COLS + 1])[0]}"
        # no bits of what no file has: it is made of other elements
        return said if self._info is not None and self._info.unpacked is not None else f"{said}   {bits_of(value)}"

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return f"{section + self._base[1]:,}"
        row = section + self._base[0]
        return f"{row * self._plane.fold if self._plane.fold else row:,}"

    # -- pages --------------------------------------------------------------------------------------------------------

    def _want(self, page: _Page) -> None:
        if page in self._reading or self._refused:
            return
        self._wanted[page] = None
        self._wanted.move_to_end(page)
        while len(self._wanted) > AT_ONCE:
            self._wanted.popitem(last=False)
        if not self._reading:
            self._soon.start()

    def _read(self) -> None:
        if self._ckpt is None or self._info is None or not self._wanted or self._reading:
            return
        ckpt, key, plane, pages = self._ckpt, self._info.key, self._plane, tuple(self._wanted)
        self._wanted.clear()
        self._reading = frozenset(pages)
        self._tasks.start(TASK, lambda monitor: _read_pages(ckpt, key, plane, pages, monitor), on_done=self._got,
                          on_error=self._fail, on_cancel=self._stopped, label=self.tr("Reading values"))

    def _got(self, found: dict[_Page, Array]) -> None:
        self._reading = frozenset()
        for page, values in found.items():
            self._pages[page] = values
            self._page_changed(page)
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        self.loaded.emit()
        self._soon.start()

    def _page_changed(self, page: _Page) -> None:
        top, left = page[0] * PAGE_ROWS - self._base[0], page[1] * PAGE_COLS - self._base[1]
        bottom, right = min(top + PAGE_ROWS, self.rowCount()) - 1, min(left + PAGE_COLS, self.columnCount()) - 1
        if bottom >= 0 and right >= 0:
            self.dataChanged.emit(self.index(max(top, 0), max(left, 0)), self.index(bottom, right))

    def _fail(self, error: Exception) -> None:
        self._reading, self._refused = frozenset(), True
        self._wanted.clear()
        self.failed.emit(error)

    def _stopped(self) -> None:
        self._reading = frozenset()

    def _forget(self) -> None:
        self.rest()
        self._pages.clear()


def _read_pages(ckpt: core.Checkpoint, key: str, plane: core.Plane, pages: tuple[_Page, ...],
                monitor: core.Monitor) -> dict[_Page, Array]:
    found = {}
    n_rows, n_cols = plane.size
    for done, (down, across) in enumerate(pages):
        monitor.report(done, len(pages))
        rows = range(down * PAGE_ROWS, min((down + 1) * PAGE_ROWS, n_rows))
        cols = range(across * PAGE_COLS, min((across + 1) * PAGE_COLS, n_cols))
        # a copy, for a slice may be a view of much more
        found[down, across] = core.read_slice(ckpt, key, plane, rows, cols, monitor).copy()
    return found


def is_nonfinite(value: Any) -> bool:
    """NaN or infinite, or a complex number with such a part."""
    if value.dtype.names:
        return any(is_nonfinite(value[name]) for name in value.dtype.names)
    if value.dtype.kind in "iub":
        return False
    try:
        number = complex(value)
    except (TypeError, ValueError):
        return False
    return number - number != 0


def text_of(value: Any, format: str) -> str:
    """An element as text; NaN and infinities by their names in every format but the bits'."""
    if format == "bits":
        return bits_of(value)
    if value.dtype.names:
        real, imag = (text_of(value[name], format) for name in ("real", "imag"))
        return f"{real}{'' if imag.startswith('-') else '+'}{imag}j"
    if value.dtype.kind == "c":
        return f"{_written(value.real.item(), format)}{_written(value.imag.item(), format, plus=True)}j"
    if value.dtype.kind == "b":
        return "True" if value else "False"
    if value.dtype.kind in "iu":
        return f"{int(value):.6e}" if format == "scientific" else str(int(value))
    return _written(float(value), format)


def _written(number: float, format: str, *, plus: bool = False) -> str:
    sign = "+" if plus else ""
    if number - number != 0:
        return (sign if number != number or number > 0 else "") + ("NaN" if number != number else "inf" if number > 0 else "-inf")
    if format == "fixed":
        return f"{number:{sign}.6f}"
    return f"{number:{sign}.6e}" if format == "scientific" else f"{number:{sign}.6g}"


def bits_of(value: Any) -> str:
    """The element's bits in hexadecimal, the sign first."""
    if value.dtype.names or value.dtype.kind == "c":
        real, imag = (value["real"], value["imag"]) if value.dtype.names else (value.real, value.imag)
        return f"{bits_of(real)} {bits_of(imag)}"
    raw = value.tobytes()
    size = len(raw)
    whole = int.from_bytes(raw, "little") if value.dtype.byteorder != ">" else int.from_bytes(raw, "big")
    return f"0x{whole:0{2 * size}x}"

