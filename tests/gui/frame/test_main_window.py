"""The window as a person meets it: menus, keys, drops, errors in place, layout."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QByteArray, QEvent, QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPlainTextEdit, QPushButton, QTableWidget, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.menus import Menus
from inspector.gui.frame.panel_tabs import NAMES
from inspector.gui.kit import message_boxes, theme
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_model import NAME
from inspector.gui.state import edit_words
from inspector.gui.state.session import Compared, Selection, Session, State
from inspector.gui.state.tasks import Tasks
from tests import builders
from tests.tables import make

OPEN = core.open            # as it is; the fixtures put another in its place
Idle = Callable[[Tasks], None]
Opens = dict[str, object]


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, opens: Opens, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session, tasks, settings, choose=lambda folders, on_chosen: on_chosen(["/runs/chosen.pth"]))
    qtbot.addWidget(made)
    made.show()
    return made


def drop(window: QWidget, uris: bytes, proposed: Qt.DropAction = Qt.DropAction.MoveAction) -> tuple[QDragEnterEvent, QDropEvent]:
    """Drags over the window and drops, as X11 does it: the source proposes to move."""
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray(uris))
    both = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(60, 60), both, mime, buttons, keys)
    enter.setDropAction(proposed)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    move = QDragMoveEvent(QPoint(70, 70), both, mime, buttons, keys)
    move.setDropAction(proposed)
    QApplication.sendEvent(window, move)
    let_go = QDropEvent(QPointF(70, 70), both, mime, buttons, keys)
    let_go.setDropAction(proposed)
    let_go.ignore()
    QApplication.sendEvent(window, let_go)
    if enter.isAccepted():
        assert move.dropAction() is Qt.DropAction.CopyAction
    return enter, let_go


def paths(session: Session) -> list[str]:
    return [document.path for document in session.documents]


def test_that_an_empty_window_welcomes(window: MainWindow) -> None:
    assert window.pages.currentWidget() is window.welcome
    assert window.windowTitle() == "Checkpoint Inspector"
    assert not window.menus["reload"].isEnabled()
    assert not window.menus["close"].isEnabled()


def test_that_open_asks_for_files_and_opens_them(window: MainWindow, session: Session, tasks: Tasks, idle: Idle) -> None:
    window.menus["open"].trigger()
    idle(tasks)
    assert paths(session) == ["/runs/chosen.pth"]
    assert window.pages.currentWidget() is window.work
    assert window.states.currentWidget() is window.tabs
    assert window.windowTitle() == "runs/chosen.pth — Checkpoint Inspector"
    assert "3 tensors" in window.status.text()


def test_that_closing_the_last_file_welcomes_again(window: MainWindow, session: Session, tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a.pth", "/runs/b.pth"])
    idle(tasks)
    assert window.windowTitle() == "runs/a.pth and 1 more — Checkpoint Inspector"
    window.menus["close"].trigger()
    assert window.windowTitle() == "runs/b.pth — Checkpoint Inspector"
    window.menus["close"].trigger()
    assert window.pages.currentWidget() is window.welcome


def test_that_an_error_is_said_in_place_and_can_be_tried_again(window: MainWindow, session: Session, tasks: Tasks, opens: Opens,
                                                               idle: Idle) -> None:
    opens["/runs/bad.pth"] = core.Truncated("It ends <b>early</b>", "Download it again.", "data.pkl:7",
                                            findings=(core.Finding("x", "danger", "data.pkl:1", "It names posix.system."),))
    window.open_paths(["/runs/bad.pth"])
    idle(tasks)
    assert window.states.currentWidget() is window.problem
    assert QApplication.activeModalWidget() is None
    text = "\n".join(edit.toPlainText() for edit in window.problem.findChildren(QTextEdit))
    assert all(part in text for part in ("It ends <b>early</b>.", "Download it again.", "It names posix.system."))
    buttons = {button.text(): button for button in window.problem.findChildren(QPushButton)}
    buttons["Copy report"].click()
    assert "truncated: It ends <b>early</b>" in QGuiApplication.clipboard().text()
    del opens["/runs/bad.pth"]
    buttons["Try again"].click()
    idle(tasks)
    assert window.states.currentWidget() is window.tabs


def test_that_links_out_of_a_folder_are_followed_when_somebody_says_so(window: MainWindow, session: Session, tasks: Tasks,
                                                                           tmp_path: Path, idle: Idle,
                                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "open", OPEN)
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "set"
    elsewhere.mkdir()
    folder.mkdir()
    (elsewhere / "x").write_bytes(builders.safetensors({"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}}, b"ab"))
    (folder / "model-00001-of-00001.safetensors").symlink_to(elsewhere / "x")
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-00001-of-00001.safetensors"}}')
    window.open_paths([str(folder)])
    idle(tasks)
    assert window.states.currentWidget() is window.problem
    buttons = {button.text(): button for button in window.problem.findChildren(QPushButton)}
    buttons["Try again"].click()
    idle(tasks)
    assert window.states.currentWidget() is window.problem           # trying again is no consent
    buttons = {button.text(): button for button in window.problem.findChildren(QPushButton)}
    buttons["Open anyway"].click()
    idle(tasks)
    assert window.states.currentWidget() is window.tabs
    document = session.documents[0]
    assert document.checkpoint is not None
    assert list(document.checkpoint.tensors) == ["a"]
    window.files.reload()
    idle(tasks)
    assert document.state is State.READY                            # agreed to once, for as long as the file is open


def test_that_only_such_links_can_be_opened_anyway(window: MainWindow, tasks: Tasks, opens: Opens, idle: Idle) -> None:
    opens["/runs/bad.pth"] = core.Corrupt("It names files outside its own folder", id="path_traversal")
    window.open_paths(["/runs/bad.pth"])
    idle(tasks)
    assert "Open anyway" not in {button.text() for button in window.problem.findChildren(QPushButton)}


def test_that_what_lies_in_an_archive_opens_with_a_click(window: MainWindow, session: Session, tasks: Tasks, opens: Opens,
                                                         idle: Idle) -> None:
    opens["/runs/bad.zip"] = core.NotACheckpoint("A ZIP archive", "Open one.", members=("policy.pth", "R&D/<b>x.pth"))
    window.open_paths(["/runs/bad.zip"])
    idle(tasks)
    buttons = {button.text(): button for button in window.problem.findChildren(QPushButton)}
    assert "Open R&&D/<b>x.pth" in buttons
    buttons["Open policy.pth"].click()
    idle(tasks)
    assert paths(session) == ["/runs/bad.zip", "/runs/bad.zip!policy.pth"]
    assert window.states.currentWidget() is window.tabs


def test_that_at_most_some_members_of_an_archive_get_a_button(window: MainWindow, tasks: Tasks, opens: Opens, idle: Idle) -> None:
    opens["/runs/bad.zip"] = core.NotACheckpoint("A ZIP archive", members=[f"{n}.pth" for n in range(40)])
    window.open_paths(["/runs/bad.zip"])
    idle(tasks)
    assert len([button for button in window.problem.findChildren(QPushButton) if button.text().endswith(".pth")]) == 12


def test_that_a_failed_file_can_be_closed_where_it_is_said(window: MainWindow, session: Session, tasks: Tasks, opens: Opens,
                                                           idle: Idle) -> None:
    opens["/runs/bad.pth"] = core.Truncated("It ends early")        # and not something else than a checkpoint: the first page says that
    window.open_paths(["/runs/bad.pth"])
    idle(tasks)
    assert window.states.currentWidget() is window.problem
    assert paths(session) == ["/runs/bad.pth"]
    next(button for button in window.problem.findChildren(QPushButton) if button.text() == "Close").click()
    assert session.documents == ()


def test_that_the_tree_s_menu_closes_a_file(window: MainWindow, session: Session, tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a.pth", "/runs/b.pth"])
    idle(tasks)
    window.tree.close_requested.emit(session.documents[0].id)
    assert paths(session) == ["/runs/b.pth"]


def test_that_loading_is_shown_and_can_be_cancelled(window: MainWindow, session: Session, tasks: Tasks, opens: Opens,
                                                    qtbot: QtBot) -> None:
    def slow(monitor: core.Monitor) -> core.Checkpoint:
        while True:
            monitor.report(1, 2, "directory")

    opens["/runs/slow.pth"] = slow
    window.open_paths(["/runs/slow.pth"])
    assert window.states.currentWidget() is window.loading
    qtbot.waitUntil(lambda: window.loading.bar.value() == 500)
    window.loading.cancel.click()
    assert session.documents == ()
    assert window.pages.currentWidget() is window.welcome


def test_that_the_activity_strip_shows_what_takes_long_and_stops_it(window: MainWindow, tasks: Tasks, qtbot: QtBot) -> None:
    def slow(monitor: core.Monitor) -> None:
        while True:
            monitor.report(1, 4)

    told: list[str] = []
    tasks.start("x", slow, on_done=lambda result: None, on_cancel=lambda: told.append("stopped"), label="Counting")
    qtbot.waitUntil(window.activity.isVisible)
    qtbot.waitUntil(lambda: window.activity.text.text() == "Counting  25 %")
    window.activity.stop.click()
    assert told == ["stopped"]
    assert not window.activity.isVisible()


def test_that_reloading_keeps_the_panels_on_show(window: MainWindow, session: Session, tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a.pth"])
    idle(tasks)
    before = session.documents[0].checkpoint
    window.menus["reload"].trigger()
    assert window.states.currentWidget() is window.tabs
    idle(tasks)
    assert session.documents[0].checkpoint is not before


def test_that_a_file_changed_on_the_disk_is_told_and_reloaded_on_request(window: MainWindow, session: Session, tasks: Tasks,
                                                                         idle: Idle, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(b"x")
    window.open_paths([str(path)])
    idle(tasks)
    window.banner.check()
    idle(tasks)
    assert window.banner.isHidden()
    path.write_bytes(b"changed")
    window.banner.check()
    idle(tasks)
    assert not window.banner.isHidden()
    window.banner.findChild(QPushButton).click()
    assert window.banner.isHidden()
    idle(tasks)
    window.banner.check()
    idle(tasks)
    assert window.banner.isHidden()


# -- dropping ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("proposed", [Qt.DropAction.MoveAction, Qt.DropAction.CopyAction, Qt.DropAction.LinkAction])
def test_that_a_drop_is_always_a_copy(window: MainWindow, session: Session, proposed: Qt.DropAction) -> None:
    """Accepting Move would let the source delete the person's file."""
    enter, let_go = drop(window, b"file:///runs/a.pth\r\n", proposed)
    for event in (enter, let_go):
        assert event.isAccepted()
        assert event.dropAction() is Qt.DropAction.CopyAction
    assert paths(session) == ["/runs/a.pth"]


def test_that_several_files_can_be_dropped_at_once(window: MainWindow, session: Session) -> None:
    drop(window, b"file:///runs/a.pth\r\nfile:///runs/%E6%A8%A1%20(1).pt\r\n")
    assert paths(session) == ["/runs/a.pth", "/runs/模 (1).pt"]


@pytest.mark.parametrize("uris", [b"mailto:a@host", b"file://host/share/a.pth", b"data:,x", b""],
                         ids=["mail", "other-host", "data", "nothing"])
def test_that_what_is_neither_here_nor_a_link_to_a_file_is_not_taken(window: MainWindow, session: Session, uris: bytes) -> None:
    enter, let_go = drop(window, uris)
    assert not enter.isAccepted()
    assert not let_go.isAccepted()
    assert paths(session) == []


def test_that_a_dropped_folder_gives_its_checkpoints(window: MainWindow, session: Session, tasks: Tasks, idle: Idle,
                                                     tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"x")
    drop(window, bytes(QUrl.fromLocalFile(str(tmp_path)).toEncoded().data()))
    idle(tasks)
    assert paths(session) == [str(tmp_path / "a.pt")]


def drop_beside(window: MainWindow, uris: bytes) -> None:
    """Drops in the second place, where there is one."""
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray(uris))
    copy, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(60, 60), copy, mime, buttons, keys))
    QApplication.sendEvent(window, QDropEvent(QPointF(window.width() - 60, 60), copy, mime, buttons, keys))


def test_that_three_files_dropped_in_the_second_place_are_shown_as_a_run(window: MainWindow, session: Session) -> None:
    drop_beside(window, b"\r\n".join(b"file:///runs/%d.pth" % n for n in range(3)))
    assert window.runs.shown
    assert window.runs.page.reading.paths == ("/runs/0.pth", "/runs/1.pth", "/runs/2.pth")
    assert paths(session) == []


def test_that_files_elsewhere_are_no_run(window: MainWindow, session: Session) -> None:
    drop_beside(window, b"\r\n".join(b"https://host/%d.pth" % n for n in range(3)))
    assert not window.runs.shown
    assert len(paths(session)) == 3


def test_that_five_hundred_dropped_files_are_asked_about(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    drop(window, b"\r\n".join(b"file:///runs/%d.pth" % n for n in range(500)))
    box = window.findChild(message_boxes.Box)
    assert box is not None
    assert paths(session) == []
    next(button for button in box.buttons.buttons() if button.text() == "Cancel").click()
    assert paths(session) == []


def test_that_saying_yes_opens_them(window: MainWindow, session: Session, tasks: Tasks, opens: Opens, idle: Idle) -> None:
    drop(window, b"\r\n".join(b"file:///runs/%d.pth" % n for n in range(21)))
    box = window.findChild(message_boxes.Box)
    assert box is not None
    next(button for button in box.buttons.buttons() if button.text() == "Open 21 files").click()
    assert len(session.documents) == 21
    idle(tasks)


def test_that_text_fields_leave_drops_to_the_window(window: MainWindow) -> None:
    edits = [*window.findChildren(QLineEdit), *window.findChildren(QPlainTextEdit), *window.findChildren(QTextEdit)]
    assert edits
    assert not [edit for edit in edits if edit.acceptDrops()]


def test_that_the_window_invites_while_files_hang_over_it(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray(b"file:///a.pt\r\nfile:///b.pt"))
    enter = QDragEnterEvent(QPoint(60, 60), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                            Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, enter)
    assert window.drops.isVisible()
    QApplication.sendEvent(window, QEvent(QEvent.Type.DragLeave))
    assert not window.drops.isVisible() or window.drops.isHidden()


# -- menus ---------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("name", "keys"), [
    ("open", "Ctrl+O"), ("close", "Ctrl+W"), ("quit", "Ctrl+Q"), ("reload", "F5"), ("find", "Ctrl+F"), ("reset", "Ctrl+0"),
    ("overview", "Ctrl+1"), ("statistics", "Ctrl+2"), ("details", "Ctrl+6"), ("shortcuts", "F1")])
def test_that_keys_are_where_people_look_for_them(window: MainWindow, name: str, keys: str) -> None:
    assert QKeySequence(keys) in window.menus[name].shortcuts()


def test_that_no_keys_mean_two_things_at_once(window: MainWindow, session: Session, tasks: Tasks, idle: Idle) -> None:
    def keys(only_enabled: bool) -> list[str]:
        return sorted(key.toString() for action in window.findChildren(QAction) for key in action.shortcuts()
                      if action.shortcutContext() is Qt.ShortcutContext.WindowShortcut and (action.isEnabled() or not only_enabled))

    # to go back and forward, and in a comparison to push from one side to the other, and to go among its rows; what is beside them
    assert [key for key in keys(False) if keys(False).count(key) > 1] == [
        key for key in ("Alt+Left", "Alt+Right", "Ctrl+[", "Ctrl+]", "F9") for _ in range(2)]
    window.open_paths(["/runs/a.pth", "/runs/b.pth"])
    idle(tasks)
    a, b = (document.id for document in session.documents)
    for id in (a, b, a):
        session.select(Selection(id))
    window.menus["back"].trigger()
    assert window.menus["back"].isEnabled()
    assert keys(True) == sorted(set(keys(True)))
    window.comparison.compare_documents(a, b)
    idle(tasks)
    assert window.comparison.shown
    assert keys(True) == sorted(set(keys(True)))


def test_that_every_edit_is_in_the_menu_and_no_menu_is_taller_than_a_small_screen(window: MainWindow) -> None:
    menus = [action.menu() for action in window.menuBar().actions()]
    listed = [action for menu in menus if menu for action in menu.actions()]
    listed += [below for action in listed if action.menu() for below in action.menu().actions()]
    assert {window.menus[f"edit-{kind.name}"] for kind in edit_words.KINDS} <= {*listed}
    assert all(len([action for action in menu.actions() if not action.isSeparator()]) <= 30 for menu in menus if menu)
    assert window.menus.rearrange.menuAction() in window.menus.edits()
    assert not window.menus.rearrange.isEnabled()       # there is no file


def test_that_no_menu_has_an_accelerator_twice(window: MainWindow) -> None:
    for menu in window.menuBar().findChildren(QMenu):
        texts = [action.text().replace("&&", "") for action in menu.actions()]
        letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert sorted(letters) == sorted(set(letters)), menu.title()


def test_that_the_panels_have_keys(window: MainWindow, tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a.pth"])
    idle(tasks)
    for n, name in enumerate(("overview", "statistics", "heatmap", "values", "layers", "details")):
        window.menus[name].trigger()
        assert window.tabs.currentIndex() == n
    window.menus["panels"].setChecked(False)
    assert not window.right.isVisible()
    window.menus["overview"].trigger()
    assert window.right.isVisible()
    idle(tasks)


def test_that_keys_are_copied_raw(window: MainWindow, session: Session, tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a.pth"])
    idle(tasks)
    id = session.documents[0].id
    session.select(Selection(id, "model", ("model.weight", "model.bias")))
    window.menus["copy"].trigger()
    assert QGuiApplication.clipboard().text() == "model.weight\nmodel.bias"


def test_that_find_goes_to_the_search_box(window: MainWindow, tasks: Tasks, idle: Idle, qtbot: QtBot) -> None:
    window.open_paths(["/runs/a.pth"])
    idle(tasks)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.menus["find"].trigger()
    focused = QApplication.focusWidget()
    assert isinstance(focused, QLineEdit)
    assert focused is window.search or window.search.isAncestorOf(focused)


def test_that_recent_files_are_in_the_menu_one_line_each(window: MainWindow, settings: Settings, tmp_path: Path) -> None:
    there = tmp_path / "a&b\n<i>.pth"
    there.write_bytes(b"x")
    settings.add_recent("/gone/c.pth")
    settings.add_recent(str(there))
    recent = window.menus.recent
    recent.aboutToShow.emit()
    first, second = recent.actions()[:2]
    assert "a&&b\\n<i>.pth" in first.text()
    assert "\n" not in first.text()
    assert first.isEnabled()
    assert not second.isEnabled()
    first.trigger()
    assert paths(window.session) == [str(there)]
    recent.actions()[-1].trigger()
    assert settings.recent == ()
    assert not recent.isEnabled()


def test_that_files_of_one_name_are_told_apart_wherever_they_are_named(window: MainWindow, session: Session, tasks: Tasks,
                                                                       idle: Idle) -> None:
    window.open_paths(["/one/model.pth", "/two/model.pth", "/one/other.pth"])
    idle(tasks)
    model = window.model
    rows = [model.row_of(document.id, 0) for document in session.documents]
    assert [model.line(row or 0).texts[NAME] for row in rows] == ["one/model.pth", "two/model.pth", "other.pth"]
    session.select(Selection(session.documents[1].id))
    assert window.windowTitle() == "two/model.pth and 2 more — Checkpoint Inspector"
    assert window.status.text().startswith("two/model.pth · ")
    session.compare(Compared(session.documents[0].id, session.documents[1].id))
    idle(tasks)
    assert window.windowTitle() == "one/model.pth and two/model.pth — Checkpoint Inspector"
    window.menus["compare"].trigger()
    window.opener.close(session.documents[1].id)
    assert model.line(0).texts[NAME] == "model.pth"


def test_that_the_title_is_one_plain_line(window: MainWindow, tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a\nb\u202e\udcff.pth"])
    assert window.windowTitle() == "runs/a\\nb\\u202e\\udcff.pth — Checkpoint Inspector"
    idle(tasks)


def test_that_the_theme_is_chosen_and_remembered(window: MainWindow, settings: Settings) -> None:
    window.menus["theme-dark"].trigger()
    assert theme.colours() is theme.DARK
    assert settings.theme == "dark"
    window.menus["theme-light"].trigger()
    assert theme.colours() is theme.LIGHT


def test_that_about_says_versions_to_copy(window: MainWindow) -> None:
    window.menus["about"].trigger()
    box = window.findChild(message_boxes.Box)
    assert box is not None
    next(button for button in box.buttons.buttons() if button.text() == "Copy").click()
    assert core.version in QGuiApplication.clipboard().text()
    box.close()


def test_that_the_shortcuts_are_listed(window: MainWindow) -> None:
    window.menus["shortcuts"].trigger()
    box = window.findChild(message_boxes.Box)
    assert box is not None
    table = box.findChild(QTableWidget)
    listed = {table.item(n, 0).text(): table.item(n, 1).text() for n in range(table.rowCount())}
    assert listed["Quit"] == "Ctrl+Q"
    box.close()


def test_that_the_demo_files_are_made_and_opened(window: MainWindow, session: Session, tasks: Tasks, idle: Idle,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "make_demo", lambda folder: [f"{folder}/a.pth", f"{folder}/b.safetensors"])
    window.menus["demo"].trigger()
    idle(tasks)
    assert [Path(path).name for path in paths(session)] == ["a.pth", "b.safetensors"]


def test_that_a_demo_that_cannot_be_written_is_said(window: MainWindow, tasks: Tasks, idle: Idle,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: str) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(core, "make_demo", full)
    window.menus["demo"].trigger()
    idle(tasks)
    box = window.findChild(message_boxes.Box)
    assert box is not None
    box.close()


# -- layout --------------------------------------------------------------------------------------------------------------------

def test_that_the_layout_comes_back_and_can_be_reset(window: MainWindow, session: Session, settings: Settings, qtbot: QtBot,
                                                     tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a.pth"])
    idle(tasks)
    window.resize(700, 500)
    window.work.setSizes([200, 700])
    window.view.show_panel("heatmap")
    window.keep_layout()
    tasks_again = Tasks()
    again = MainWindow(Session(), tasks_again, settings)
    qtbot.addWidget(again)
    assert again.size() == window.size()
    assert again.tabs.current == "heatmap"
    again.reset_layout()
    assert again.tabs.current == "overview"
    assert settings.layout("split") is None
    assert tasks_again.close(120)
    idle(tasks)


@pytest.mark.parametrize(("screen", "size"), [((1920, 1080), (1360, 860)), ((1366, 728), (1350, 680)), ((1280, 900), (1264, 852)),
                                              ((720, 425), (704, 377))])
def test_that_the_first_start_fits_the_screen(window: MainWindow, monkeypatch: pytest.MonkeyPatch, screen: tuple[int, int],
                                              size: tuple[int, int]) -> None:
    monkeypatch.setattr(window, "screen", lambda: SimpleNamespace(availableGeometry=lambda: QRect(0, 0, *screen)))
    window.reset_layout()
    assert (window.width(), window.height()) == size


def test_that_closing_keeps_the_layout_and_ends_all_work(window: MainWindow, tasks: Tasks, settings: Settings) -> None:
    def slow(monitor: core.Monitor) -> None:
        while True:
            monitor.check()

    tasks.start("x", slow, on_done=lambda result: None)
    window.menus["quit"].trigger()
    assert tasks.running == ()
    assert settings.layout("split") is not None


def test_that_every_focusable_widget_has_a_name(window: MainWindow, tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a.pth"])
    idle(tasks)
    for n in range(window.tabs.count()):
        window.tabs.setCurrentIndex(n)
        idle(tasks)
    nameless = [widget for widget in window.findChildren(QWidget)
                if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not widget.accessibleName()
                and not (hasattr(widget, "text") and widget.text())]
    assert not nameless


def test_that_every_command_does_something(window: MainWindow) -> None:
    assert not window.menus.unconnected


def test_that_what_is_not_looked_at_is_not_made(window: MainWindow, tasks: Tasks, idle: Idle) -> None:
    window.open_paths(["/runs/a.pth"])
    idle(tasks)
    assert [name for name in NAMES if window.tabs.panel(name) is not None] == ["overview"]
    window.menus["details"].trigger()
    assert isinstance(window.tabs.panel("details"), QWidget)


def test_that_menus_say_everything_in_words(window: MainWindow) -> None:
    assert isinstance(window.menus, Menus)
    assert all(action.text() for action in window.findChildren(QAction) if not action.isSeparator() and action.shortcuts())


def test_that_the_first_page_says_what_is_no_checkpoint_until_one_is_opened(window: MainWindow, session: Session, tasks: Tasks, idle: Idle,
                                                                            opens: dict[str, object], tmp_path: Path) -> None:
    opens["/x/notes.txt"] = core.NotACheckpoint("this is plain text, not a checkpoint", "Check which file was meant.", id="text")
    window.show()
    window.open_paths(["/x/notes.txt"])
    idle(tasks)
    assert window.pages.currentWidget() is window.welcome
    assert "notes.txt: This is plain text" in window.welcome.said.text()
    assert not window.welcome.notice.isHidden()
    window.open_paths(["/x/real.pth"])
    idle(tasks)
    assert window.pages.currentWidget() is window.work
    window.menus["close"].trigger()
    idle(tasks)
    assert window.welcome.notice.isHidden()


def test_that_a_group_of_values_is_not_said_to_have_the_tensors_of_its_file(window: MainWindow, session: Session, tasks: Tasks,
                                                                           opens: Opens, idle: Idle) -> None:
    opens["/runs/last.pth"] = make(values={"cfg.lr": 0.1, "cfg.steps": 3})
    window.open_paths(["/runs/last.pth"])
    idle(tasks)
    session.select(Selection(session.documents[0].id, "cfg"))
    assert window.status.text().startswith("cfg · 2 values")
    session.select(Selection(session.documents[0].id))
    assert " · 3 tensors · " in window.status.text()


def test_that_the_status_line_is_not_cut_within_a_letter(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot) -> None:
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    status = window.status
    status.setText("W" * 40)
    margin = status.contentsRect().left()
    assert margin > 0
    status.resize(margin + status.fontMetrics().horizontalAdvance("WWW…") + 3, 20)      # less than a letter more
    drawn = status.grab().toImage()
    ground = drawn.pixelColor(0, 0)
    inked = [x for x in range(drawn.width()) if any(drawn.pixelColor(x, y) != ground for y in range(drawn.height()))]
    assert inked[0] >= margin
    assert inked[-1] < drawn.width() - 2
    assert "W" * 40 in status.toolTip()
