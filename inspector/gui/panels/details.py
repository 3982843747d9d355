"""Details: everything raw about the selection, as names and values that can be searched by eye and copied.

Above, a property table; below, the records of the archive (for a file) or the tensors that have to do with the selected one
(its parameter or optimizer state, others in its storage), both drawn row by row, so 60,000 of them cost nothing.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QAction, QBrush, QColor, QFont, QFontDatabase, QGuiApplication, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QSplitter, QTableView, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, tables, theme, words
from inspector.gui.state.analysis import Analyses, Related, related
from inspector.gui.state.looked_at import QUANTIZED
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets import description
from inspector.gui.widgets.boxes import format_name, is_whole, label
from inspector.gui.widgets.lazy_panel import SelectionPanel

Index = QModelIndex | QPersistentModelIndex
METADATA_ROWS = 20_000
_CHUNKS = 200           # of one tensor that are listed
_FITTED = 60            # rows of the list whose texts its columns are as wide as
_CELL, _NAME = 24, 140  # px beside a text; the least that a name has
_NAME_WANTED = 300      # px of a name for which others are left out
_LEFT_OUT = 3, 2, 4     # of related tensors, the first first: offset, data type, bytes


class Row(NamedTuple):
    """A property; without a value it is the heading of those below it. `raw` is what is copied."""

    name: str
    value: str | None = None
    raw: str | None = None


class Properties(QAbstractTableModel):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[Row] = ()

    def show(self, rows: Sequence[Row]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return core.visible(row.name if index.column() == 0 else row.value or "", 256)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 1 and row.value and len(row.value) > 40:
            return words.tip(row.value)
        if role == Qt.ItemDataRole.FontRole and row.value is None:
            font = QFont()
            font.setWeight(QFont.Weight.DemiBold)
            return font
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0 and row.value is not None:
            return QBrush(QColor(theme.colours().muted))
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return (self.tr("Property"), self.tr("Value"))[section]
        return None

    def copied(self, row: int) -> str:
        found = self.rows[row]
        return found.name if found.value is None else f"{found.name}\t{found.raw if found.raw is not None else found.value}"


class Records(QAbstractTableModel):
    """Members of an archive, or tensors; `columns` are headings, `cells(n)` the n-th row, made when it is drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns: tuple[str, ...] = ()
        self.items: Sequence[Any] = ()

    def show(self, columns: tuple[str, ...], items: Sequence[Any]) -> None:
        self.beginResetModel()
        self.columns, self.items = columns, items
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.items)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return core.visible(self.cells(index.row())[index.column()], 256)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() in (0, len(self.columns) - 1):
            return words.tip(self.cells(index.row())[index.column()])
        if role == Qt.ItemDataRole.TextAlignmentRole and 0 < index.column() < len(self.columns) - 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and section < len(self.columns):
            if role == Qt.ItemDataRole.DisplayRole:
                return self.columns[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                right = 0 < section < len(self.columns) - 1
                return int((Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter)
        return None

    def cells(self, row: int) -> tuple[str, ...]:
        item = self.items[row]
        if isinstance(item, core.Member):
            extent = item.extent
            method = {0: self.tr("stored"), 8: self.tr("deflated")}.get(extent.method, str(extent.method))
            crc = "" if extent.crc is None else f"{extent.crc:08x}"
            return (item.name, f"{extent.offset:,}", f"{extent.nbytes:,}", f"{extent.size:,}", method, crc, item.note)
        entry: Related = item
        tensor = entry.tensor
        return (tensor.key, words.table_shape(tensor.shape), tensor.dtype, f"{tensor.offset:,}", words.size(tensor.nbytes),
                description.relation(entry.how))

    def copied(self, row: int) -> str:
        return "\t".join(self.cells(row))


class Details(SelectionPanel):
    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self._analyses = Analyses.shared(session, tasks)
        self._shown: tuple[core.Checkpoint, Selection] | None = None
        self.properties = Properties(self)
        self.records = Records(self)
        self.table = _Table(self.properties, self.tr("Properties"))
        self.table.horizontalHeader().setStretchLastSection(True)
        self.list = _Table(self.records, self.tr("Records"))
        self.list.activated.connect(self._follow)
        self._title = label("", strong=True)
        lower = QWidget()
        below = QVBoxLayout(lower)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(11, 9, 11, 9)
        head.addWidget(self._title)
        below.addLayout(head)
        below.addWidget(self.list)
        self._lower = lower
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(lower)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)
        self._analyses.ready.connect(self._analysis_ready)
        theme.current().changed.connect(self._tint)

    def follow(self) -> None:
        document, selection = self._session.selected_document, self._session.selection
        if document is None or selection is None or document.checkpoint is None:
            self.let_go()
            return
        if self._shown is not None and self._shown[0] is document.checkpoint and self._shown[1] == selection:
            return
        self._shown = document.checkpoint, selection
        ckpt = document.checkpoint
        tensor = ckpt.tensors.get(selection.prefix) if selection.keys == (selection.prefix,) else None
        if selection.value is not None and selection.value in ckpt.values:
            self._show(self._of_value(selection.value, ckpt), "", (), ())
        elif tensor is not None:
            self._tensor(tensor, ckpt, document)
        elif (view := document.packed) is not None and (packed := view.one(selection.keys)) is not None and packed.scheme != QUANTIZED:
            self._show(self._of_packed(packed, ckpt), "", (), ())
        elif not is_whole(selection, ckpt):
            self._show(self._of_group(selection, ckpt), "", (), ())
        else:
            self._show(self._of_file(ckpt), self.tr("Records of the archive: {n}").format(n=f"{len(ckpt.members):,}"),
                       (self.tr("Name"), self.tr("Offset"), self.tr("On disk"), self.tr("Size"), self.tr("Method"),
                        self.tr("CRC-32"), self.tr("Remark")), ckpt.members)

    def let_go(self) -> None:
        super().let_go()
        self._shown = None
        self._show((), "", (), ())

    def _tint(self) -> None:
        self.table.viewport().update()

    def _analysis_ready(self, id: int) -> None:
        selected, selection = self._session.selected_document, self._session.selection
        if selected is not None and selected.id == id and selection is not None and selection.keys == (selection.prefix,):
            self._shown = None
            self.refresh()

    def _show(self, rows: Sequence[Row], title: str, columns: tuple[str, ...], items: Sequence[Any]) -> None:
        self.properties.show(rows)
        self.table.clearSpans()
        self.table.setColumnWidth(0, self._name_width(rows))
        for n, row in enumerate(rows):
            if row.value is None:
                self.table.setSpan(n, 0, 1, 2)
        self.records.show(columns, items)
        self._title.setText(title)
        self._lower.setVisible(bool(items))
        self._fit_list()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_list()

    def _fit_list(self) -> None:
        """Numbers and shapes are whole; names have what is left, and are cut in the middle. Where that is little, what a click on the
        name tells as well leaves it room."""
        metrics, rows = self.list.fontMetrics(), [self.records.cells(n) for n in range(min(len(self.records.items), _FITTED))]
        widths = [max(map(metrics.horizontalAdvance, (title, *(core.visible(row[column], 60) for row in rows)))) + _CELL
                  for column, title in enumerate(self.records.columns)]
        if not widths:
            return
        room, wanted, left_out = self.list.viewport().width(), min(widths[0], _NAME_WANTED), set[int]()
        for column in _LEFT_OUT if self.records.items and isinstance(self.records.items[0], Related) else ():
            if wanted + sum(widths[1:]) - sum(widths[one] for one in left_out) > room:
                left_out.add(column)
        others = sum(width for column, width in enumerate(widths) if column and column not in left_out)
        widths[0] = min(widths[0], max(room - others, _NAME))
        for column, width in enumerate(widths):
            self.list.setColumnHidden(column, column in left_out)
            self.list.setColumnWidth(column, width)

    def _name_width(self, rows: Sequence[Row]) -> int:
        metrics = self.table.fontMetrics()
        widest = max((metrics.horizontalAdvance(core.visible(row.name, 60)) for row in rows[:300] if row.value is not None),
                     default=120)
        return min(max(widest + 34, 120), 250, max(self.width() * 2 // 5, 80))

    # -- what there is to say

    def _of_file(self, ckpt: core.Checkpoint) -> list[Row]:
        rows = [Row(self.tr("Checkpoint")), Row(self.tr("Path"), core.visible(ckpt.path, 4096), ckpt.path),
                Row(self.tr("Format"), format_name(ckpt.format)), Row(self.tr("Kind"), ckpt.kind),
                Row(self.tr("Tensors"), f"{len(ckpt.tensors):,}"), Row(self.tr("Values"), f"{len(ckpt.values):,}"),
                Row(self.tr("Storages"), f"{len(ckpt.storages):,}")]
        for n, stamp in enumerate(ckpt.files):
            rows += [Row(self.tr("File {n}").format(n=n + 1) if len(ckpt.files) > 1 else self.tr("File")),
                     Row(self.tr("Path"), core.visible(stamp.path, 4096), stamp.path),
                     Row(self.tr("Size"), words.exact_size(stamp.size))]
            rows += [Row(self.tr("Modified"), _moment(stamp.mtime_ns)), Row(self.tr("Inode"), str(stamp.inode))] if stamp.address is None \
                else [Row(self.tr("Version"), core.visible(stamp.mark, 400) or self.tr("the server does not say"))]
        if ckpt.facts:
            rows.append(Row(self.tr("Container")))
            rows += [Row(name, core.visible(text, 4096), text) for name, text in ckpt.facts.items()]
        if ckpt.state_dicts:
            rows.append(Row(self.tr("State dicts")))
            rows += [Row(path or self.tr("(the whole file)"), self._metadata_text(ckpt.module_metadata.get(path)), path)
                     for path in ckpt.state_dicts]
        rows += self._module_metadata(ckpt)
        if ckpt.metadata:
            rows.append(Row("__metadata__"))
            rows += [Row(name, core.visible(text, 4096), text) for name, text in list(ckpt.metadata.items())[:METADATA_ROWS]]
        for pickled in ckpt.pickles:
            rows += [Row(self.tr("Pickle {member}").format(member=core.visible(pickled.member, 80))),
                     Row(self.tr("Bytes"), words.exact_size(pickled.graph.end - pickled.graph.start)),
                     Row(self.tr("Nodes"), f"{len(pickled.graph.kind):,}")]
        if ckpt.findings:
            rows.append(Row(self.tr("Findings")))
            rows += [Row(f"{found.level} · {found.id}", words.said(f"{found.message} {found.hint}", 4096),
                         f"{found.message} {found.hint} {found.where}") for found in ckpt.findings[:METADATA_ROWS]]
        return rows

    def _metadata_text(self, kept: Mapping[str, Any] | None) -> str:
        return "" if kept is None else self.tr("_metadata for {n} modules").format(n=len(kept))

    def _module_metadata(self, ckpt: core.Checkpoint) -> list[Row]:
        rows: list[Row] = []
        for path, modules in ckpt.module_metadata.items():
            rows.append(Row(self.tr("_metadata of {path}").format(path=core.visible(path, 80) or self.tr("the whole file"))))
            for module, kept in modules.items():
                said = ", ".join(f"{name}={value!r}" if isinstance(value, (int, float, bool, type(None))) else
                                 f"{name}={core.one_line(value)}" for name, value in kept.items()) \
                    if isinstance(kept, Mapping) else core.one_line(kept)
                rows.append(Row(module or "“”", core.visible(said, 4096)))
                if len(rows) >= METADATA_ROWS:
                    return rows
        return rows

    def _of_group(self, selection: Selection, ckpt: core.Checkpoint) -> list[Row]:
        prefix = selection.prefix
        numel = sum(ckpt.tensors[key].numel for key in selection.keys[:200_000])
        of_root = [Row(self.tr("Selection"))]
        rows = [*([Row(self.tr("Group")), Row(self.tr("Key"), core.visible(prefix, 4096), prefix)] if prefix else of_root),
                Row(self.tr("Tensors"), f"{len(selection.keys):,}"), Row(self.tr("Elements"), f"{numel:,}")]
        if prefix:
            rows.append(Row(self.tr("State dict"), self.tr("yes") if prefix in ckpt.state_dicts else self.tr("no")))
        if prefix and prefix in ckpt.module_metadata:
            rows += self._module_metadata(ckpt)
        return rows

    def _of_packed(self, tensor: core.LogicalTensor, ckpt: core.Checkpoint) -> list[Row]:
        """What a packed tensor stands for, and its parts by what they are for."""
        rows = [Row(self.tr("Packed tensor")), Row(self.tr("Name"), core.visible(tensor.name, 4096), tensor.name),
                Row(self.tr("Scheme"), core.visible(tensor.scheme, 80)), Row(self.tr("How"), core.visible(tensor.words, 120)),
                Row(self.tr("Shape"), words.shape(tensor.shape)), Row(self.tr("Elements"), f"{tensor.numel:,}"),
                Row(self.tr("Stands for"), core.visible(tensor.dtype, 40))]
        if tensor.bits is not None:
            rows.append(Row(self.tr("Bits of a code"), f"{tensor.bits:g}"))
        if tensor.bits_per_weight is not None:
            rows.append(Row(self.tr("Bits a weight"), f"{tensor.bits_per_weight:.4g}"))
        if tensor.group_size:
            rows.append(Row(self.tr("Weights that share a scale"), f"{tensor.group_size:,}"))
        rows.append(Row(self.tr("Parts")))
        for role, key in tensor.parts.items():
            info = ckpt.tensors.get(key)
            said = f"{core.visible(info.dtype)} {words.shape(info.shape)}, {words.size(info.nbytes)}: " if info is not None else ""
            rows.append(Row(role, said + core.visible(key, 4096), key))
        return rows

    def _of_value(self, key: str, ckpt: core.Checkpoint) -> list[Row]:
        value = ckpt.values[key]
        rows = [Row(self.tr("Value")), Row(self.tr("Key"), core.visible(key, 4096), key),
                Row(self.tr("Type"), core.visible(core.type_name(value), 400)), Row(self.tr("Value"), core.one_line(value, 1000))]
        if isinstance(value, (str, bytes)):
            rows.append(Row(self.tr("Length"), f"{len(value):,}"))
        if isinstance(value, core.Opaque) and value.node >= 0:
            rows.append(Row(self.tr("Node in the pickle"), f"{value.node:,}"))
        return rows

    def _tensor(self, tensor: core.TensorInfo, ckpt: core.Checkpoint, document: Document) -> None:
        known = self._analyses.of(document)
        found = related(tensor, ckpt, known) if known is not None else []
        rows = self._of_tensor(tensor, ckpt)
        if known is not None and tensor.key in known.parameter_of:
            parameter = known.parameter_of[tensor.key]
            rows.insert(3, Row(self.tr("State of"), core.visible(parameter, 4096), parameter))
        self._show(rows, self.tr("Related tensors: {n}").format(n=f"{len(found):,}"),
                   (self.tr("Key"), self.tr("Shape"), self.tr("Data type"), self.tr("Offset"), self.tr("Bytes"),
                    self.tr("What it is to this one")), found)

    def _of_tensor(self, tensor: core.TensorInfo, ckpt: core.Checkpoint) -> list[Row]:
        yes, no, absent = self.tr("yes"), self.tr("no"), self.tr("not stored")
        rows = [Row(self.tr("Tensor")), Row(self.tr("Key"), core.visible(tensor.key, 4096), tensor.key),
                Row(self.tr("Name in its state dict"), core.visible(tensor.name, 4096), tensor.name),
                Row(self.tr("State dict"), absent if tensor.state_dict is None else core.visible(tensor.state_dict, 400)
                    or self.tr("(the whole file)"), tensor.state_dict or ""),
                Row(self.tr("Shape"), str(list(tensor.shape)) if tensor.is_described else core.wording.UNKNOWN),
                Row(self.tr("Stride"), str(list(tensor.stride))),
                Row(self.tr("Offset"), self.tr("{n} elements").format(n=f"{tensor.offset:,}")),
                Row(self.tr("Data type"), tensor.dtype), Row(self.tr("Layout"), core.visible(tensor.layout)),
                Row(self.tr("Device"), core.visible(tensor.device) if tensor.device is not None else absent),
                Row(self.tr("Requires grad"), yes if tensor.requires_grad else no),
                Row(self.tr("Elements"), f"{tensor.numel:,}"), Row(self.tr("Logical bytes"), words.exact_size(tensor.nbytes))]
        if tensor.problem:
            rows.append(Row(self.tr("Problem"), words.said(tensor.problem, 4096)))
        if tensor.node >= 0:
            rows.append(Row(self.tr("Node in the pickle"), f"{tensor.node:,}"))
        if tensor.extra is not None:
            rows.append(Row(self.tr("Of this layout")))
            rows += self._of_extra(tensor.extra)
            rows += [Row(name, self._of_part(part)) for name, part in tensor.parts.items()]
            if tensor.read_from is not None:
                rows.append(Row(self.tr("Values from"), self._of_part(tensor.read_from)))
            rows += self._of_chunks(tensor.chunks, ckpt)
        return rows + self._of_storage(tensor, ckpt)

    def _of_extra(self, extra: core.Extra) -> list[Row]:
        """What else there is to a tensor, but for its parts and chunks."""
        rows, yes, no = [], self.tr("yes"), self.tr("no")
        if extra.subclass:
            rows.append(Row(self.tr("Class"), core.visible(extra.subclass, 400), extra.subclass))
        if extra.part_of is not None:
            whole = self.tr("{shape}, of which this is one process's part: {placements}").format(
                shape=list(extra.part_of.shape), placements=core.visible(", ".join(extra.part_of.placements), 200))
            rows.append(Row(self.tr("Part of"), whole))
        if isinstance(extra.made_of, core.SparseCoo):
            coalesced = {True: yes, False: no, None: self.tr("not stored")}[extra.made_of.is_coalesced]
            rows.append(Row(self.tr("Coalesced"), coalesced))
        if isinstance(extra.made_of, (core.Nested, core.Jagged)):
            rows.append(Row(self.tr("Form"), extra.made_of.form))
        if isinstance(extra.made_of, core.Jagged):
            rows.append(Row(self.tr("Ragged dimension"), str(extra.made_of.ragged_dim)))
        if extra.quantizer is not None:
            rows.append(Row(self.tr("Quantization scheme"), extra.quantizer.scheme))
        if isinstance(extra.quantizer, core.PerTensor):
            rows += [Row(self.tr("Scale"), f"{extra.quantizer.scale!r}"), Row(self.tr("Zero point"), f"{extra.quantizer.zero_point:,}")]
        if isinstance(extra.quantizer, core.PerChannel):
            rows.append(Row(self.tr("Channels along dimension"), str(extra.quantizer.axis)))
        if extra.conj:
            rows.append(Row(self.tr("Conjugate"), yes))
        if extra.neg:
            rows.append(Row(self.tr("Negative"), yes))
        return rows + [Row(core.visible(name, 80), core.visible(text, 400), text) for name, text in extra.header_fields]

    def _of_part(self, value: core.TensorInfo) -> str:
        """A part of a sparse, nested or quantized tensor on one line."""
        return self.tr("{shape} {dtype}, in storage {name}").format(
            shape=str(list(value.shape)), dtype=value.dtype, name=core.visible(value.storage, 80))

    def _of_chunks(self, chunks: tuple[core.Chunk, ...], ckpt: core.Checkpoint) -> list[Row]:
        """Which part of the tensor lies in which file."""
        rows = []
        for chunk in chunks[:_CHUNKS]:
            place = ", ".join(f"{start}:{start + size}" for start, size in zip(chunk.offsets, chunk.sizes, strict=True))
            extent = chunk.storage.extent
            where = self.tr("not there") if extent is None else self.tr("{file}, byte {n}").format(
                file=core.visible(core.file_name(ckpt.files[extent.file].path), 80), n=f"{extent.offset:,}")
            rows.append(Row(f"[{place}]", where))
        if len(chunks) > _CHUNKS:
            rows.append(Row("…", self.tr("{n} more chunks").format(n=f"{len(chunks) - _CHUNKS:,}")))
        return rows

    def _of_storage(self, tensor: core.TensorInfo, ckpt: core.Checkpoint) -> list[Row]:
        storage = ckpt.storages.get(tensor.storage)
        if storage is None:
            return [Row(self.tr("Storage")), Row(self.tr("Name"), self.tr("none"))]
        rows = [Row(self.tr("Storage")), Row(self.tr("Name"), core.visible(storage.id), storage.id),
                Row(self.tr("Data type"), storage.dtype),
                Row(self.tr("Device"), core.visible(storage.device) if storage.device is not None else self.tr("not stored")),
                Row(self.tr("Declared bytes"), words.exact_size(storage.nbytes)),
                Row(self.tr("Byte order"), self.tr("big") if storage.big_endian else self.tr("little"))]
        if storage.problem:
            rows.append(Row(self.tr("Problem"), words.said(storage.problem, 4096)))
        extent = storage.extent
        if extent is not None:
            file = ckpt.files[extent.file].path if extent.file < len(ckpt.files) else ""
            method = {0: self.tr("stored"), 8: self.tr("deflated")}.get(extent.method, str(extent.method))
            rows += [Row(self.tr("Where it lies")), Row(self.tr("File"), core.visible(file, 4096), file),
                     Row(self.tr("Offset in the file"), f"{extent.offset:,} ({hex(extent.offset)})", str(extent.offset)),
                     Row(self.tr("Bytes on disk"), words.exact_size(extent.nbytes)), Row(self.tr("Compression"), method),
                     Row(self.tr("CRC-32"), self.tr("none") if extent.crc is None else f"{extent.crc:08x}")]
        return rows

    def _follow(self, index: QModelIndex) -> None:
        selection = self._session.selection
        if selection is None or index.row() >= len(self.records.items):
            return
        item = self.records.items[index.row()]
        if isinstance(item, Related):
            self._session.select(Selection(selection.document, item.tensor.key, (item.tensor.key,)))


class _Table(QTableView):
    """Rows without grid, copied with Ctrl+C."""

    def __init__(self, model: Properties | Records, name: str) -> None:
        super().__init__()
        self.setModel(model)
        self._rows = model
        tables.calm(self, name)
        tables.list_rows(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
        copy = QAction(icons.icon("copy"), self.tr("Copy"), self)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self._copy)
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _copy(self) -> None:
        rows = tables.selected_rows(self)
        if rows:
            QGuiApplication.clipboard().setText("\n".join(self._rows.copied(row) for row in rows))


def _moment(nanoseconds: int) -> str:
    """A file's time in the local zone; stamps that no calendar holds stay numbers."""
    from datetime import datetime
    try:
        return datetime.fromtimestamp(nanoseconds // 10 ** 9).astimezone().isoformat(" ", "seconds")
    except (OverflowError, ValueError, OSError):
        return f"{nanoseconds:,} ns"
