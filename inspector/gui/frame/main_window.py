"""The main window: puts the tree, the panels, the menus and the strips in their places, and passes commands on.

    welcome, or   search  | banner
                  tree    | Overview  Statistics  Details  Code      (or the problem, or the progress, of the selected file)
               or two files side by side (see `comparison`)
                  status line                      activity
"""
from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import cast

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QStandardPaths, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from inspector import core
from inspector.gui.comparison.page import ComparePage
from inspector.gui.dialogs.doctor import Doctor
from inspector.gui.kit import icons, message_boxes, theme, words
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_model import TreeModel
from inspector.gui.panels import PANELS, Panel
from inspector.gui.panels.loading import Loading
from inspector.gui.panels.problem import Problem
from inspector.gui.panels.welcome import Welcome
from inspector.gui.state.session import Compared, Document, Session, State
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.search_box import SearchBox
from inspector.gui.widgets.tree_view import TreeView

from .activity import Activity
from .banner import ChangedBanner, SavedBanner
from .edit_commands import EditCommands
from .menus import Menus
from .opening import Opener, local_paths, name_of

SIZE = (1360, 860)
SPLIT = (680, 700)
MARGIN = 10

Choose = Callable[[bool, Callable[[list[str]], None]], None]


class MainWindow(QMainWindow):
    """`choose(folders, on_chosen)` asks for files; tests give their own."""

    def __init__(self, session: Session, tasks: Tasks, settings: Settings, *, choose: Choose | None = None) -> None:
        super().__init__()
        self.session, self.tasks, self.settings = session, tasks, settings
        self._fitted: tuple[int, int, list[bool]] = (0, 0, [panel.fits is None for panel in PANELS])   # document, checkpoint
        self.choose = choose or self._choose
        self.opener = Opener(session, tasks, settings, self, confirm=self._confirm)
        self.setAcceptDrops(True)
        self.setMinimumSize(520, 360)
        self._place()
        self.menus = Menus(self, self, settings)
        self.edits = EditCommands(self, session, tasks, self.opener, self.menus, self.saved, partial(self.show_panel_named, "edits"))
        self.tree.edit_actions = self.menus.edits
        self._veil = _Veil(self)
        self._connect()
        self.restore_layout()
        self._refresh()

    # -- places

    def _place(self) -> None:
        self.welcome = Welcome(self.settings)
        self.work = QSplitter(Qt.Orientation.Horizontal)
        self.work.setChildrenCollapsible(False)
        self.work.addWidget(self._left())
        self.right = self._right()
        self.work.addWidget(self.right)
        self.work.setStretchFactor(0, 1)
        self.work.setStretchFactor(1, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.work)
        self._compare_page: ComparePage | None = None
        self.setCentralWidget(self.pages)
        self.status = QLabel()
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setContentsMargins(MARGIN, 0, 0, 0)
        self.status.setMinimumWidth(40)
        self.activity = Activity(self.tasks)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.addWidget(self.status, 1)
        bar.addPermanentWidget(self.activity)
        _refuse_drops(self)

    def _left(self) -> QWidget:
        self.model = TreeModel(self.session, self.tasks, self)
        self.tree = TreeView(self.session, self.model)
        self.search = SearchBox(self.tree)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QWidget()
        inside = QVBoxLayout(row)
        inside.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        inside.addWidget(self.search)
        column.addWidget(row)
        column.addWidget(self.tree, 1)
        return left

    def _right(self) -> QWidget:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Panels"))
        self.panels: dict[str, PanelPlace] = {}
        for panel in PANELS:
            self.panels[panel.name] = place = PanelPlace(panel, self.session, self.tasks)
            self.tabs.addTab(place, panel.title())
        self.tabs.tabBar().setAccessibleName(self.tr("Panels"))
        self.problem = Problem(self.session, self.tasks)
        self.loading = Loading(self.session, self.tasks)
        self.states = QStackedWidget()
        for page in (self.tabs, self.problem, self.loading):
            self.states.addWidget(page)
        self.banner = ChangedBanner(self.session, self.tasks)
        self.saved = SavedBanner(self.session)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.saved)
        column.addWidget(self.states, 1)
        right.setMinimumWidth(340)
        return right

    def _connect(self) -> None:
        self.welcome.open_asked.connect(self.choose_files)
        self.welcome.demo_asked.connect(self.open_demo)
        self.welcome.path_asked.connect(self.open_path)
        self.problem.retry_asked.connect(self.opener.reload)
        self.problem.close_asked.connect(self.edits.close)
        self.problem.anyway_asked.connect(self.opener.open_anyway)
        self.problem.path_asked.connect(self.open_path)
        self.loading.cancel_asked.connect(self.opener.cancel)
        self.tree.close_requested.connect(self.edits.close)
        self.tree.compare_requested.connect(self.compare_documents)
        self.session.compared_changed.connect(self._show_compared)
        self.banner.reload_asked.connect(self.opener.reload)
        self.session.selection_changed.connect(self._refresh)
        for signal in (self.session.document_added, self.session.document_changed, self.session.document_removed,
                       self.session.edits_changed):
            signal.connect(self._follow)

    def _follow(self, id: int) -> None:
        self._refresh()

    def _refresh(self) -> None:
        """Title, status line, which page is shown and which commands there are: all that depends on the session."""
        document = self.session.selected_document
        open_ = bool(self.session.documents)
        comparing = self.comparing_shown
        if open_ and self.pages.currentWidget() is self.welcome:
            self.pages.setCurrentWidget(self.work)
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)
        elif not open_:
            self.pages.setCurrentWidget(self.welcome)
        if document is not None:
            loading = document.state is State.LOADING and document.checkpoint is None
            self.states.setCurrentWidget(
                self.problem if document.state is State.FAILED else self.loading if loading else self.tabs)
        for name in ("reload", "close", "compare", "compare-with", "against"):
            self.menus[name].setEnabled(document is not None)
        for name in ("copy", "find", "expand", "collapse"):
            self.menus[name].setEnabled(open_)
        self.menus["panels"].setEnabled(open_ and not comparing)
        self._fit_panels(document, open_ and not comparing)
        self.setWindowTitle(self._title())
        self.setWindowModified("[*]" in self.windowTitle() and document is not None and self.session.is_modified(document.id))
        self.setWindowFilePath("")
        self.status.setText(self._said())

    def _fit_panels(self, document: Document | None, open_: bool) -> None:
        """Shows the tabs of the panels that have something to say about the selected file."""
        ckpt = document.checkpoint if document is not None else None
        if document is not None and ckpt is not None and self._fitted[:2] != (document.id, id(ckpt)):
            self._fitted = document.id, id(ckpt), [panel.fits is None or panel.fits(ckpt) for panel in PANELS]
        for n, panel in enumerate(PANELS):
            fits = self._fitted[2][n]
            self.tabs.setTabVisible(n, fits)
            self.menus[panel.name].setEnabled(open_ and fits)

    def _title(self) -> str:
        document = self.session.selected_document
        if document is None:
            return self.tr("Checkpoint Inspector")
        if self.comparing_shown and self.session.compared is not None:
            sides = [core.visible(name_of(found.path), 80).replace("[*]", "[*][*]") for id in self.session.compared.ids
                     if (found := self.session.document(id))]
            return self.tr("{a} and {b} — Checkpoint Inspector").format(a=sides[0], b=sides[-1])
        name, others = core.visible(name_of(document.path), 120).replace("[*]", "[*][*]"), len(self.session.documents) - 1
        if self.session.is_modified(document.id):
            name += "[*]"               # where Qt puts the mark of a modified file
        shown = self.tr("{name} and {n} more").format(name=name, n=others) if others else name
        return self.tr("{name} — Checkpoint Inspector").format(name=shown)

    def _said(self) -> str:
        document, selection = self.session.selected_document, self.session.selection
        if document is None or selection is None or document.checkpoint is None or self.comparing_shown:
            return ""
        ckpt = document.checkpoint
        if selection.keys == (selection.prefix,) and (tensor := ckpt.tensors.get(selection.prefix)) is not None:
            return " · ".join((core.visible(tensor.key, 90), words.shape(tensor.shape), tensor.dtype, words.size(tensor.nbytes)))
        if selection.value is not None:
            return core.visible(selection.value, 120)
        if selection.prefix:
            return f"{core.visible(selection.prefix, 90)} · {words.tensors(len(selection.keys))}"
        return f"{core.visible(name_of(document.path), 90)} · {words.tensors(len(ckpt.tensors))} · {words.size(ckpt.nbytes)}"

    # -- commands (see menus.Commands)

    def choose_files(self) -> None:
        self.choose(False, self.open_paths)

    def choose_folder(self) -> None:
        self.choose(True, self.open_paths)

    def open_paths(self, paths: list[str]) -> None:
        self.opener.open(paths)

    def open_path(self, path: str) -> None:
        self.open_paths([path])

    def open_demo(self) -> None:
        folder = os.path.join(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation),
                              "checkpoint-inspector", "demo")
        self.tasks.start("demo", lambda monitor: core.make_demo(folder), on_done=self.open_paths, on_error=self._no_demo,
                         label=self.tr("Making the demo files"))

    # -- comparing

    @property
    def compare_page(self) -> ComparePage:
        """Made when it is first needed, which spares the start."""
        if self._compare_page is None:
            self._compare_page = page = ComparePage(self.session, self.tasks)
            page.back_asked.connect(self.show_files)
            page.fit_asked.connect(self._check_into)
            self.pages.addWidget(page)
            _refuse_drops(page)
        return self._compare_page

    @property
    def comparing_shown(self) -> bool:
        return self._compare_page is not None and self.pages.currentWidget() is self._compare_page

    def compare(self) -> None:
        """Shows the comparison there is, or goes back from it; or begins one: of the only two files, of the selected one with the
        one opened last, or with one that is still to be chosen."""
        ids, selected = [document.id for document in self.session.documents], self.session.selected_document
        if self.comparing_shown:
            self.show_files()
        elif self.session.compared is not None:
            self._show_compared()
        elif len(ids) == 2:
            self.compare_documents(*ids)
        elif selected is not None and len(ids) > 2:
            self.compare_documents(selected.id, next(id for id in reversed(ids) if id != selected.id))
        else:
            self.compare_with_file()

    def compare_with_file(self) -> None:
        selected = self.session.selected_document
        if selected is not None:
            self.compare_documents(selected.id, 0)

    def compare_documents(self, a: int, b: int) -> None:
        """`b` is 0 for a file that is still to be chosen."""
        if b:
            self.session.compare(Compared(a, b))
            self._show_compared()
        else:
            self.choose(False, lambda paths: self._compare_with_path(a, paths[0]))

    def _compare_with_path(self, a: int, path: str) -> None:
        self.open_path(path)
        opened = self.opener.find(path)
        if opened is not None and opened.id != a:
            self.compare_documents(a, opened.id)

    def _show_compared(self) -> None:
        if self.session.compared is None:
            self.show_files()
        else:
            made = self._compare_page is None
            page = self.compare_page
            if made:
                page.comparing.follow()
                page.sides.refresh()
            self.pages.setCurrentWidget(page)
            page.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self._refresh()

    def show_files(self) -> None:
        """Back from the comparison, which stays as it is."""
        if self.comparing_shown:
            self.pages.setCurrentWidget(self.work if self.session.documents else self.welcome)
            self._refresh()

    def explain_error(self) -> None:
        self._doctor().ask_error()

    def check_against(self) -> None:
        self.choose(False, lambda paths: self._doctor().check_against(paths[0]))

    def _check_into(self, id: int, model: int) -> None:
        document = self.session.document(model)
        if document is not None and document.checkpoint is not None:
            self._doctor(id).check_checkpoint(document.checkpoint)

    def _doctor(self, id: int | None = None) -> Doctor:
        selected = self.session.selected_document
        made = Doctor(self.session, self.tasks, id if id is not None else selected.id if selected is not None else None, self)
        _refuse_drops(made)
        return made

    # -- files

    def reload(self) -> None:
        document = self.session.selected_document
        if document is not None:
            self.opener.reload(document.id)

    def close_file(self) -> None:
        document = self.session.selected_document
        if document is not None:
            self.edits.close(document.id)

    def save(self) -> None:
        self.edits.save()

    def save_as(self) -> None:
        self.edits.save_as()

    def undo(self) -> None:
        self.edits.undo()

    def redo(self) -> None:
        self.edits.redo()

    def edit(self, kind: str) -> None:
        self.edits.edit(kind)

    def load_recipe(self) -> None:
        self.edits.load_recipe()

    def quit(self) -> None:
        self.close()

    def copy_keys(self) -> None:
        if self.comparing_shown:
            self.compare_page.view.copy_names()
            return
        selection = self.session.selection
        document = self.session.selected_document
        if selection is None or document is None:
            return
        raw = "\n".join(selection.keys) if selection.keys else selection.value or selection.prefix or document.path
        QGuiApplication.clipboard().setText(raw)

    def search_keys(self) -> None:
        if self.comparing_shown:
            self.compare_page.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.compare_page.search.selectAll()
            return
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        edit = self.search if isinstance(self.search, QLineEdit) else self.search.findChild(QLineEdit)
        if isinstance(edit, QLineEdit):
            edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
            edit.selectAll()

    def show_panel(self, index: int) -> None:
        self.menus["panels"].setChecked(True)
        self.tabs.setCurrentIndex(index)

    def show_panel_named(self, name: str) -> None:
        self.show_panel([panel.name for panel in PANELS].index(name))

    def show_panels(self, shown: bool) -> None:
        self.right.setVisible(shown)

    def expand_all(self) -> None:
        self.compare_page.model.expand_all() if self.comparing_shown else self.tree.expand_all()

    def collapse_all(self) -> None:
        self.compare_page.model.collapse_all() if self.comparing_shown else self.tree.collapse_all()

    def choose_theme(self, choice: str) -> None:
        self.settings.theme = choice
        theme.watcher().choose(choice)

    def about(self) -> None:
        what = self.tr("Opens PyTorch and safetensors checkpoints without running anything in them.")
        below = "\n".join(message_boxes.versions().splitlines()[1:])
        box = message_boxes.tell(self, icons.APPLICATION, self.tr("About Checkpoint Inspector"),
                           self.tr("Checkpoint Inspector {version}").format(version=core.version), f"{what}\n\n{below}")
        box.answer(self.tr("Copy"), lambda: QGuiApplication.clipboard().setText(message_boxes.versions()), closes=False)

    def list_shortcuts(self) -> None:
        message_boxes.table(self, self.tr("Keyboard shortcuts"), (self.tr("Command"), self.tr("Keys")),
                      [*self.menus.shortcuts(), *self._tree_keys()])

    def _tree_keys(self) -> list[tuple[str, str]]:
        return [(self.tr("Open or close a group in the tree"), "→  ←"), (self.tr("Open everything below"), "*"),
                (self.tr("Leave the search, clear it"), "Esc")]

    def reset_layout(self) -> None:
        self.settings.forget_layout()
        self.menus["panels"].setChecked(True)
        self.tabs.setCurrentIndex(0)
        self.showNormal()
        self.resize(*SIZE)
        self.work.setSizes(list(SPLIT))
        self._tree_header(None)

    def to_front(self) -> None:
        """Shows the window to somebody who started the program again."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    # -- what happens to the window

    def restore_layout(self) -> None:
        self.resize(*SIZE)
        self.work.setSizes(list(SPLIT))
        for name, restore in (("window", self.restoreGeometry), ("split", self.work.restoreState)):
            kept = self.settings.layout(name)
            if kept is not None:
                restore(kept)
        panel = self.settings.layout("panel")
        names = [panel.name for panel in PANELS]
        if panel is not None and (name := bytes(panel.data()).decode("ascii", "replace")) in names:
            self.tabs.setCurrentIndex(names.index(name))
        self._tree_header(self.settings.layout("tree"))

    def keep_layout(self) -> None:
        self.settings.set_layout("window", self.saveGeometry())
        self.settings.set_layout("split", self.work.saveState())
        self.settings.set_layout("panel", QByteArray(PANELS[self.tabs.currentIndex()].name.encode("ascii")))
        self.settings.set_layout("tree", self.tree.horizontalHeader().saveState())
        self.settings.sync()

    def _tree_header(self, state: QByteArray | None) -> None:
        if state is not None:
            self.tree.horizontalHeader().restoreState(state)
        else:
            self.tree.reset_columns()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.edits.may_close():
            event.ignore()
            return
        self.keep_layout()
        self.tasks.close()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.banner.look()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._veil.fit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = local_paths(event.mimeData())
        if paths:
            _copy(event)
            document = self.session.selected_document
            self._veil.invite(len(paths), name_of(document.path) if document is not None and len(paths) == 1 else "")

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._accepts(event.mimeData()):
            _copy(event)
            self._veil.point_at(event.position().x())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        compare = self._veil.compares_at(event.position().x())
        self._veil.hide()
        paths = local_paths(event.mimeData())
        selected = self.session.selected_document
        if not paths:
            return
        _copy(event)
        if compare and len(paths) == 1 and selected is not None:
            self._compare_with_path(selected.id, paths[0])
            return
        self.open_paths(paths)
        if compare and len(paths) == 2:
            opened = [self.opener.find(path) for path in paths]
            if opened[0] is not None and opened[1] is not None:
                self.compare_documents(opened[0].id, opened[1].id)

    def _accepts(self, mime: QMimeData) -> bool:
        return self._veil.isVisible() or bool(local_paths(mime))

    # -- asking

    def _choose(self, folders: bool, on_chosen: Callable[[list[str]], None]) -> None:
        dialog = QFileDialog(self, self.tr("Open a folder") if folders else self.tr("Open checkpoints"), self.settings.folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if folders:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
            dialog.setNameFilters([self.tr("Checkpoints ({patterns})").format(
                patterns="*.pth *.pt *.ckpt *.safetensors *.bin *.th *.tar *.pt2 *.json"), self.tr("All files (*)")])

        def chosen(paths: list[str]) -> None:
            if paths:
                self.settings.folder = os.path.dirname(paths[0])
                on_chosen(paths)

        dialog.filesSelected.connect(chosen)
        dialog.open()

    def _confirm(self, count: int, on_yes: Callable[[], None]) -> None:
        message_boxes.ask(self, self.tr("Open many files?"), self.tr("These are {n} files.").format(n=f"{count:,}"),
                    self.tr("Opening reads only what describes the tensors, but a long list may be hard to find your way in."),
                    self.tr("Open {n} files").format(n=f"{count:,}"), on_yes)

    def _no_demo(self, error: Exception) -> None:
        message_boxes.tell(self, "warning", self.tr("Demo files"), self.tr("The demo files could not be written."),
                     core.visible(str(error), 400))


class PanelPlace(QWidget):
    """Where a panel will be: it is made when its tab is first looked at, which spares the start half of the widgets."""

    def __init__(self, panel: Panel, session: Session, tasks: Tasks) -> None:
        super().__init__()
        self._panel, self._session, self._tasks = panel, session, tasks
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.content: QWidget | None = None

    def showEvent(self, event: QShowEvent) -> None:
        if self.content is None:
            self.content = self._panel.build(self._session, self._tasks, self)
            self._column.addWidget(self.content)
            self.setFocusProxy(self.content)
            _refuse_drops(self)
        super().showEvent(event)


class _Veil(QWidget):
    """Lies over the window while files are dragged across it: a place to open them, and beside it one to compare them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._places = [_Place(), _Place()]
        inside = QHBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(MARGIN)
        for place in self._places:
            inside.addWidget(place, 1)
        self.hide()

    def invite(self, count: int, other: str = "") -> None:
        """`other` is the name of the file that a single one could be compared with."""
        self._places[0].say(self.tr("Drop to open it") if count == 1 else self.tr("Drop to open {n} files").format(n=f"{count:,}"))
        self._places[1].say(self.tr("Drop to compare it with\n{name}").format(name=core.visible(other, 40)) if other
                            else self.tr("Drop to compare them"))
        self._places[1].setVisible(bool(other) or count == 2)
        self.fit()
        self.raise_()
        self.show()

    def compares_at(self, x: float) -> bool:
        """Whether files dropped there, in the window's coordinates, are to be compared."""
        return self.isVisible() and self._places[1].isVisible() and x > self.x() + self.width() / 2

    def point_at(self, x: float) -> None:
        if self._places[1].isVisible():
            for place, hot in zip(self._places, (not self.compares_at(x), self.compares_at(x)), strict=True):
                place.set_hot(hot)

    def fit(self) -> None:
        self.setGeometry(cast(QWidget, self.parent()).rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN))


class _Place(QFrame):
    """A part of the veil; a hot one is where the files would go."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("veil")
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setProperty("tone", "info")
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setWordWrap(True)
        font = self._text.font()
        font.setPointSizeF(font.pointSizeF() * 1.8)
        font.setWeight(font.Weight.DemiBold)
        self._text.setFont(font)
        inside = QVBoxLayout(self)
        inside.addWidget(self._text)

    def say(self, text: str) -> None:
        self._text.setText(text)
        self.set_hot(False)

    def set_hot(self, hot: bool) -> None:
        if self.property("hot") != hot:
            self.setProperty("hot", hot)
            self.style().unpolish(self)
            self.style().polish(self)


def _refuse_drops(place: QWidget) -> None:
    """A file dropped on a text field is opened, not typed."""
    for edit in (*place.findChildren(QLineEdit), *place.findChildren(QPlainTextEdit), *place.findChildren(QTextEdit)):
        edit.setAcceptDrops(False)


def _copy(event: QDropEvent) -> None:
    """Always a copy: on X11 the proposed action may be Move, and accepting that lets the source delete the person's file."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


