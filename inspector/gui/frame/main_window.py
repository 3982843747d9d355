"""The main window: puts the tree, the panels, the menus and the strips in their places.

    welcome, or   search  | the worst that is known of the file, or another banner
                  tree    | Overview  Statistics  Details  Code      (or the problem, or the progress, of the selected file)
               or two files side by side (see `comparison`)
                  edits that wait to be saved
                  status line                      activity

What the commands of the menus do stands in `file_commands`, `edit_commands`, `compare_commands` and `view_commands`.
"""
from __future__ import annotations

import os

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt
from PySide6.QtGui import QCloseEvent, QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, words
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_model import TreeModel
from inspector.gui.panels.loading import Loading
from inspector.gui.panels.problem import Problem
from inspector.gui.panels.welcome import Welcome
from inspector.gui.state.looked_at import QUANTIZED
from inspector.gui.state.row_values import RowReader
from inspector.gui.state.session import Document, Selection, Session, State
from inspector.gui.state.signals import FileSignals, Kind, Signals
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import FRAME
from inspector.gui.widgets.elided import ElidedLabel
from inspector.gui.widgets.packed_switch import PackedSwitch
from inspector.gui.widgets.search_box import SearchBox
from inspector.gui.widgets.tree_view import TreeView

from .activity import Activity
from .banner import ChangedBanner, SavedBanner
from .bookmark_commands import BookmarkCommands
from .compare_commands import CompareCommands
from .drag_out import DragOut
from .drops import MARGIN, DropOverlay, refuse_drops
from .edit_commands import EditCommands
from .file_commands import FileCommands
from .filter_bar import FilterBar
from .following import Following
from .history import History
from .kept_session import Kept, SessionKeeper
from .list_bar import ListBar
from .menus import Menus
from .opening import Choose, Opener
from .panel_tabs import NAMES, PanelTabs
from .pending_bar import PendingBar
from .report_commands import ReportCommands, open_written, show_outcome
from .run_commands import RunCommands
from .signal_strip import SignalStrip
from .view_commands import ViewCommands

SIZE = (1360, 860)
SPLIT = (680, 700)


class MainWindow(QMainWindow):
    """`opener` may have begun to open files already. `choose(folders, on_chosen)` asks for files; tests give their own."""

    def __init__(self, session: Session, tasks: Tasks, settings: Settings, *, opener: Opener | None = None,
                 choose: Choose | None = None) -> None:
        super().__init__()
        self.session, self.tasks, self.settings = session, tasks, settings
        self.opener = opener or Opener(session, tasks, settings)
        self.opener.setParent(self)
        self.setMinimumSize(520, 360)
        self.keeper: SessionKeeper | None = None
        self.following = Following(session, tasks, settings, self.opener, self)
        self._place()
        self.menus = Menus(self, settings)
        self.edits = EditCommands(self, session, tasks, self.opener, self.menus, self.saved, lambda: self.view.show_panel("edits"))
        self.files = FileCommands(self, session, tasks, settings, self.opener, self.menus, self.edits.close, choose)
        self.comparison = CompareCommands(self, session, tasks, self.opener, self.menus,
                                          lambda folders, on_chosen: self.files.choose(folders, on_chosen), self.pages, self.work,
                                          settings)
        self.runs = RunCommands(self, session, tasks, self.opener, self.menus,
                                lambda folders, on_chosen: self.files.choose(folders, on_chosen), self.comparison, self.pages, self.work)
        self.reports = ReportCommands(self, session, tasks, self.menus, self.comparison)
        self.view = ViewCommands(self)
        self.marked = BookmarkCommands(self)
        self.history = History(self.session, self.tabs, self)
        for name, run in (("back", self.history.back), ("forward", self.history.forward)):
            self.menus.on(name, run)
        self.menus.on("open-again", lambda: self.keeper.open_again() if self.keeper is not None else None)
        self.tree.edit_actions = self.menus.edits
        self.drops = DropOverlay(self, session)
        self.drag_out = DragOut(self.tree, session, tasks, self)
        self._connect()
        self.restore_layout()
        self._refresh()

    # -- places

    def _place(self) -> None:
        self.work = QSplitter(Qt.Orientation.Horizontal)
        self.work.setChildrenCollapsible(False)
        self.work.addWidget(self._left())
        self.right = self._right()
        self.work.addWidget(self.right)
        self.work.setStretchFactor(0, 1)
        self.work.setStretchFactor(1, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.work)
        self._welcome: Welcome | None = None
        self._from_welcome: set[int] = set()        # documents that the first page was given, on their way
        self.pending = PendingBar(self.session)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pages, 1)
        column.addWidget(self.pending)
        self.setCentralWidget(middle)
        self.status = ElidedLabel()
        self.status.setContentsMargins(MARGIN, 0, 0, 0)
        self.status.setMinimumWidth(40)
        self.activity = Activity(self.tasks)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.addWidget(self.status, 1)
        bar.addPermanentWidget(self.activity)
        refuse_drops(self)

    def _left(self) -> QWidget:
        self.signals = Signals.shared(self.session, self.tasks)
        self.reader = RowReader(self.session, self.tasks, self)
        self.model = TreeModel(self.session, self.tasks, self, self.reader)
        self.tree = TreeView(self.session, self.model)
        self.tree.reader = self.reader
        self.reader.changed.connect(self.tree.values_came)
        self.search = SearchBox(self.tree)
        self.search.set_hides(not self.settings.finds)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QWidget()
        self.packed = PackedSwitch(self.model)
        self.packed.show_choice(self.settings.packed_as_stored)
        self.model.show_as_stored(self.settings.packed_as_stored)
        inside = QHBoxLayout(row)
        inside.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        inside.addWidget(self.search, 1)
        inside.addWidget(self.packed, 0, Qt.AlignmentFlag.AlignTop)
        self.as_list, self.columns = QToolButton(), QToolButton()
        self.as_list.setCheckable(True)
        for button, picture in ((self.as_list, "list"), (self.columns, "columns")):
            icons.put(button, picture)
            inside.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.filter_bar, self.list_bar = FilterBar(self.session, self.tasks, self.tree), ListBar(self.tree, self.reader)
        column.addWidget(row)
        column.addWidget(self.filter_bar)
        column.addWidget(self.list_bar)
        column.addWidget(self.tree, 1)
        return left

    def _right(self) -> QWidget:
        self.tabs = PanelTabs(self.session, self.tasks)
        self.problem = Problem(self.session, self.tasks)
        self.loading = Loading(self.session, self.tasks)
        self.states = QStackedWidget()
        for page in (self.tabs, self.problem, self.loading):
            self.states.addWidget(page)
        self.banner = ChangedBanner(self.session, self.following)
        self.saved = SavedBanner(self.session)
        self.strip = SignalStrip(self.session, self.tasks)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.saved)
        column.addWidget(self.strip)
        column.addWidget(self.states, 1)
        right.setMinimumWidth(340)
        return right

    @property
    def welcome(self) -> Welcome:
        """The page without a file; most starts name one and never show it."""
        if self._welcome is None:
            self._welcome = Welcome(self.settings, self.tasks)
            self._welcome.open_asked.connect(self.files.choose_files)
            self._welcome.folder_asked.connect(self.files.choose_folder)
            self._welcome.explain_asked.connect(self.menus["doctor"].trigger)
            self._welcome.compare_asked.connect(self.comparison.compare_with_another)
            self._welcome.demo_asked.connect(self.files.open_demo)
            self._welcome.path_asked.connect(self.files.open_path)
            self._welcome.again_asked.connect(self.menus["open-again"].trigger)
            self.pages.addWidget(self._welcome)
            self._offer_again()
        return self._welcome

    def _search_for(self, text: str) -> None:
        """Instead of what was typed, where the typing goes on."""
        self.search.setText(text)
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def _connect(self) -> None:
        self.problem.retry_asked.connect(self.opener.reload)
        self.problem.close_asked.connect(self.edits.close)
        self.problem.anyway_asked.connect(self.opener.open_anyway)
        self.problem.path_asked.connect(self.files.open_path)
        self.loading.cancel_asked.connect(self.opener.cancel)
        self.tree.close_requested.connect(self.edits.close)
        self.tree.compare_requested.connect(self.comparison.compare_documents)
        self.comparison.shown_changed.connect(self._refresh)
        self.comparison.left.connect(lambda: self.tree.setFocus(Qt.FocusReason.OtherFocusReason))
        self.comparison.said.connect(lambda: self.status.setText(self._status()))
        self.reports.said.connect(self._say_of_report)
        self.drag_out.said.connect(lambda text: self.statusBar().showMessage(text, 8000))
        self.runs.shown_changed.connect(self._refresh)
        self.runs.chosen.connect(lambda: self.status.setText(self._status()))
        self.runs.said.connect(lambda text: self.statusBar().showMessage(text, 8000))
        self.banner.reload_asked.connect(self.opener.reload)
        self.banner.follow_asked.connect(self.menus["follow"].setChecked)
        self.menus["follow"].toggled.connect(self.following.set_on)
        self.following.read_again.connect(self._read_again)
        self.banner.shown_changed.connect(self.strip.give_way)
        self.history.changed.connect(self._enable_ways)
        self.filter_bar.measure_asked.connect(self.view.measure)
        self.filter_bar.copy_asked.connect(self.view.copy_found)
        self.filter_bar.drop_asked.connect(lambda found: self.edits.edit_part("drop", found))
        self.filter_bar.rename_asked.connect(self.edits.rename_only)
        self.filter_bar.save_asked.connect(self.edits.save_only)
        self.filter_bar.type_asked.connect(self._search_for)
        self.edits.shown_of = self.model.shown_of
        self.strip.show_findings.connect(lambda: self.view.show_panel("overview"))
        self.pending.undo_asked.connect(self.session.undo)
        self.pending.show_asked.connect(self._show_edits)
        self.pending.all_asked.connect(self.edits.save_all)
        self.pending.save_asked.connect(lambda id: self.edits.save_document(id, own=True))
        self.signals.changed.connect(self._show_signals)
        self.model.tree_ready.connect(self._show_signals)
        self.model.marks_changed.connect(self.tree.viewport().update)
        self.tree.columns_changed.connect(lambda: self.status.setText(self._status()))
        self.drops.open_asked.connect(self.open_paths)
        self.drops.run_asked.connect(lambda paths: self.runs.show_paths(tuple(paths)))
        self.session.document_added.connect(self._came)
        self.session.document_added.connect(lambda id: self.runs.show_files())
        self.opener.opened.connect(self._say_no_checkpoint)
        self.opener.run_found.connect(self.runs.show_paths)
        self.opener.shows_runs = True
        self.drops.compare_asked.connect(self.comparison.compare_paths)
        self.session.selection_changed.connect(self._refresh)
        for signal in (self.session.document_added, self.session.document_changed, self.session.document_removed,
                       self.session.edits_changed):
            signal.connect(self._follow)

    # -- what the session says

    def open_paths(self, paths: list[str]) -> None:
        self.opener.open(paths)

    def _follow(self, id: int) -> None:
        self._refresh()

    def _show_signals(self, id: int) -> None:
        document = self.session.document(id)
        found = self.signals.of(document) if document is not None else None
        if found is not None and document is not None:
            self.model.show_signals(found, id)
            self._note(document, found)
        self._refresh()

    def _note(self, document: Document, found: FileSignals) -> None:
        """The worst that is known of a file, for the first page of the next start."""
        if document.original is not None:
            own = next((signal for signal in found.signals if signal.kind not in (Kind.EDITED, Kind.CHANGED, Kind.NEW)), None)
            self.settings.note_recent(document.path, sum(stamp.size for stamp in document.original.files), own.kind.value if own else "")

    def _say_no_checkpoint(self, id: int) -> None:
        """Of what was given to the first page and is something else: it is said there, instead of a page of its own."""
        document = self.session.document(id)
        if document is None or self._welcome is None or id not in self._from_welcome:
            return
        self._from_welcome.discard(id)
        error = document.error if document.state is State.FAILED else None
        alone = len(self.session.documents) == 1
        if isinstance(error, core.NotACheckpoint) and not error.members and alone:
            self._welcome.say(core.file_name(document.path), error)
            self.opener.close(id)
        elif error is None:
            self._welcome.say("", None)

    def _came(self, id: int) -> None:
        if self._welcome is not None and self.pages.currentWidget() is self._welcome:
            self._from_welcome.add(id)

    def _read_again(self, id: int, found: core.Rewritten) -> None:
        document = self.session.document(id)
        if document is not None and document is self.session.selected_document:
            self.statusBar().showMessage(self.tr("{name} was read again: {what}").format(
                name=self.session.name(document), what=words.rewritten(found)), 8000)

    def _say_of_report(self, text: str, path: str) -> None:
        if self.comparison.shown:
            self.comparison.page.notice.say(text, ((self.tr("Open it"), lambda: open_written(path)),) if path else ())
        else:
            show_outcome(self, text, path)

    def _show_edits(self, id: int) -> None:
        selected = self.session.selected_document
        if selected is None or selected.id != id:
            self.session.select(Selection(id))
        if self.comparison.shown:
            self.menus["compare"].trigger()
        self.view.show_panel("edits")

    def _refresh(self) -> None:
        """Title, status line, which page is shown and which commands there are: all that depends on the session."""
        document = self.session.selected_document
        open_ = bool(self.session.documents)
        if not open_ and not self.runs.shown:
            self.pages.setCurrentWidget(self.welcome)
        elif self.pages.currentWidget() is self._welcome:
            self.pages.setCurrentWidget(self.work)
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)
        if document is not None:
            loading = document.state is State.LOADING and document.checkpoint is None
            self.states.setCurrentWidget(
                self.problem if document.state is State.FAILED else self.loading if loading else self.tabs)
        self._enable()
        self._show_badges(document)
        self.setWindowTitle(core.isolated(self._title()))
        self.setWindowModified("[*]" in self.windowTitle() and document is not None and self.session.is_modified(document.id))
        self.setWindowFilePath("")
        self.status.setText(self._status())

    def _show_badges(self, document: Document | None) -> None:
        """Kinds of findings of the worst level above notes, and edits that wait, on the tabs."""
        found = self.signals.of(document) if document is not None else None
        groups = found.groups if found is not None else ()
        level = groups[0].level if groups else None
        n = sum(group.level == level for group in groups) if level in ("warning", "danger") else 0
        self.tabs.show_badges(n, level or "", len(self.session.edits(document.id)) if document is not None else 0)

    def _enable(self) -> None:
        """The commands and panels that make sense for what is selected and shown."""
        document = self.session.selected_document
        open_ = bool(self.session.documents)
        panels = open_ and not self.comparison.shown and not self.runs.shown
        for name in ("reload", "close", "compare", "compare-with", "against"):
            self.menus[name].setEnabled(document is not None)
        for name in ("copy", "find", "expand", "collapse", "next-finding", "previous-finding"):
            self.menus[name].setEnabled(open_)
        self.menus["panels"].setEnabled(panels)
        selection = self.session.selection
        for name in ("copy-python", "copy-shapes"):
            self.menus[name].setEnabled(panels and selection is not None and bool(selection.keys))
        for name in ("copy-rows", "save-rows", "list"):
            self.menus[name].setEnabled(panels)
        self.menus["show-in-folder"].setEnabled(document is not None and not core.is_address(document.path))
        self._enable_ways()
        self.comparison.enable()
        self.reports.enable()
        for name in ("find-next", "find-previous"):
            self.menus[name].setEnabled(open_)
        for name, fits in self.tabs.fit(document).items():
            self.menus[name].setEnabled(panels and fits)

    def _enable_ways(self) -> None:
        """Back and forward; in the comparison the keys mean something else."""
        self.menus["back"].setEnabled(self.history.can_go_back and not self.comparison.shown)
        self.menus["forward"].setEnabled(self.history.can_go_forward and not self.comparison.shown)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The buttons at the side of a mouse."""
        ways = {Qt.MouseButton.BackButton: "back", Qt.MouseButton.ForwardButton: "forward"}
        if event.button() in ways:
            self.menus[ways[event.button()]].trigger()
            event.accept()
        else:
            super().mousePressEvent(event)

    def _title(self) -> str:
        document = self.session.selected_document
        if self.runs.shown:
            return self.tr("{name} — Checkpoint Inspector").format(name=self.runs.page.title.text().replace("[*]", "[*][*]"))
        if document is None:
            return self.tr("Checkpoint Inspector")
        if self.comparison.shown and self.session.compared is not None:
            sides = [self.session.name(found).replace("[*]", "[*][*]") for id in self.session.compared.ids
                     if (found := self.session.document(id))]
            return self.tr("{a} and {b} — Checkpoint Inspector").format(a=sides[0], b=sides[-1])
        # another window may show a file of that name
        name, others = self.session.name(document, folders=1).replace("[*]", "[*][*]"), len(self.session.documents) - 1
        if self.session.is_modified(document.id):
            name += "[*]"               # where Qt puts the mark of a modified file
        shown = self.tr("{name} and {n} more").format(name=name, n=others) if others else name
        return self.tr("{name} — Checkpoint Inspector").format(name=shown)

    def _status(self) -> str:
        """What is selected, and what the tree has no room to say of it."""
        said, selection = self._of_selection(), self.session.selection
        if not self.session.documents and not said:
            return self.tr("No file open")
        if selection is None or self.runs.shown or self.comparison.shown:
            return said
        told = said.split(" · ")
        return " · ".join((*told, *(one for one in self.tree.unseen(selection.document, selection.prefix) if one not in told)))

    def _of_selection(self) -> str:
        document, selection = self.session.selected_document, self.session.selection
        if self.runs.shown:
            return self.runs.page.timeline.sentence()
        if self.comparison.shown:
            return self.comparison.sentence
        if document is None or selection is None or document.checkpoint is None:
            return ""
        ckpt = document.checkpoint
        packed = document.packed.one(selection.keys) if document.packed is not None else None
        if packed is not None and packed.scheme != QUANTIZED:
            nbytes = sum(ckpt.tensors[key].nbytes for key in selection.keys)
            return " · ".join((core.visible(packed.name, 90), words.shape(packed.shape), packed.words, words.size(nbytes)))
        if selection.keys == (selection.prefix,) and (tensor := ckpt.tensors.get(selection.prefix)) is not None:
            return " · ".join((core.visible(tensor.key, 90), words.shape_of(tensor), tensor.dtype, words.size(tensor.nbytes)))
        if selection.value is not None:
            return core.visible(selection.value, 120)
        if selection.prefix:
            return f"{core.visible(selection.prefix, 90)} · {self._tensors_of(selection)}"
        return f"{self.session.name(document)} · {self._tensors_of(Selection(document.id))} · {words.size(ckpt.nbytes)}"

    def _tensors_of(self, selection: Selection) -> str:
        """How many tensors a group or a file has, or of one without any how many values; of packed ones both how many are stored and how
        many they stand for."""
        document, tree = self.session.document(selection.document), self.model.tree(selection.document)
        whole = len(document.checkpoint.tensors) if document is not None and document.checkpoint is not None else 0
        stored = len(selection.keys) if selection.prefix else whole
        node = (tree.find(selection.prefix, several=True) if selection.prefix else 0) if tree is not None else None
        if tree is not None and node is not None and not int(tree.tensors[node]):
            return words.values(int(tree.plain_values[node]))
        if tree is None or node is None or tree.view is None or int(tree.tensors[node]) != stored or int(tree.meant[node]) == stored:
            return words.tensors(stored)
        return self.tr("{tensors} stored, shown as {n}").format(tensors=words.tensors(stored), n=f"{int(tree.meant[node]):,}")

    # -- layout

    def _usual_size(self) -> QSize:
        """As far as the screen has room for it, with a frame around."""
        return QSize(*SIZE).boundedTo(self.screen().availableGeometry().size() - QSize(*FRAME)).expandedTo(self.minimumSize())

    def restore_layout(self) -> None:
        self.resize(self._usual_size())
        self.work.setSizes(list(SPLIT))
        for name, restore in (("window", self.restoreGeometry), ("split", self.work.restoreState)):
            kept = self.settings.layout(name)
            if kept is not None:
                restore(kept)
        panel = self.settings.layout("panel")
        if panel is not None:
            self.tabs.show_panel(bytes(panel.data()).decode("ascii", "replace"))
        listed = self.settings.layout("list")
        self.menus["list"].setChecked(listed is not None and listed.data() == b"list")
        columns = self.settings.layout("columns")
        if columns is not None:
            self.tree.choose_columns(bytes(columns.data()).decode("ascii", "replace"))
        header = self.settings.layout("tree")
        if header is not None:
            self.tree.restore_header(header)

    def keep_session(self) -> None:
        """From now on what is open is kept, to be opened again; what was open before is offered."""
        self.keeper = SessionKeeper(self, os.path.join(self.settings.beside, "session.json"))
        self.keeper.changed.connect(self._offer_again)
        self._offer_again()

    def _offer_again(self) -> None:
        before = self.keeper.before if self.keeper is not None else Kept()
        self.menus["open-again"].setEnabled(bool(before.files))
        if self._welcome is not None:
            self._welcome.offer([core.file_name(file.path) for file in before.files], before.edits)

    def keep_layout(self) -> None:
        self.settings.set_layout("window", self.saveGeometry())
        self.settings.set_layout("split", self.work.saveState())
        self.settings.set_layout("panel", QByteArray(self.tabs.current.encode("ascii")))
        self.settings.set_layout("list", QByteArray(b"list" if self.menus["list"].isChecked() else b"tree"))
        self.settings.set_layout("columns", QByteArray(self.tree.chosen_columns.encode("ascii")))
        self.settings.set_layout("tree", self.tree.horizontalHeader().saveState())
        self.settings.sync()

    def reset_layout(self) -> None:
        self.settings.forget_layout()
        self.view.show_panel(NAMES[0])
        self.showNormal()
        self.resize(self._usual_size())
        self.work.setSizes(list(SPLIT))
        self.menus["list"].setChecked(False)
        self.tree.reset_columns()

    def to_front(self) -> None:
        """Shows the window to somebody who started the program again."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    # -- what happens to the window

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.edits.may_close():
            event.ignore()
            return
        self.keep_layout()
        if self.keeper is not None:
            self.keeper.write()
        self.tasks.close()
        self.drag_out.close()
        super().closeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """From what had the keyboard and is gone."""
        super().focusInEvent(event)
        wanted = self.comparison.page.view if self.comparison.shown else self.tree
        if wanted.isVisible():
            wanted.setFocus(Qt.FocusReason.OtherFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.following.check()
        elif event.type() == QEvent.Type.WindowStateChange and hasattr(self, "menus"):
            self.menus["full-screen"].setChecked(self.isFullScreen())
