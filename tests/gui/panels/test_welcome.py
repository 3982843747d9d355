"""The window without a file."""
from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QDateTime, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QStackedWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.desktop import install
from inspector.gui.kit.settings import Settings
from inspector.gui.panels.welcome import Welcome
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.recent_rows import Line, when


def rows(welcome: Welcome) -> list[QPushButton]:
    return welcome.recent.rows


def page(settings: Settings, qtbot: QtBot, size: tuple[int, int], tasks: Tasks | None = None) -> Welcome:
    welcome = Welcome(settings, tasks)
    qtbot.addWidget(welcome)
    welcome.resize(*size)
    with qtbot.waitExposed(welcome):
        welcome.show()
    return welcome


def test_that_the_ways_in_are_buttons(settings: Settings, qtbot: QtBot) -> None:
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    with qtbot.waitSignal(welcome.folder_asked):
        qtbot.mouseClick(welcome.folder_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(welcome.open_asked):
        qtbot.mouseClick(welcome.open_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(welcome.demo_asked):
        qtbot.keyClick(welcome.demo_button, Qt.Key.Key_Space)


def test_that_recent_files_open_and_one_that_is_gone_says_what_is_left_to_do(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    there = tmp_path / "there.pth"
    there.write_bytes(b"x")
    settings.add_recent("/gone/away.pth")
    settings.add_recent(str(there))
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    first, second = rows(welcome)
    assert first.accessibleName().startswith("Open ")
    assert second.accessibleName().startswith("/gone/away.pth, not there now")
    with qtbot.waitSignal(welcome.path_asked) as asked:
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert asked.args == [str(there)]


def test_that_rows_that_say_what_they_said_stay(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    there = tmp_path / "there.pth"
    there.write_bytes(b"x")
    for path in ("/gone/away.pth", str(there), "/gone/far.pth"):
        settings.add_recent(path)
    welcome = page(settings, qtbot, (900, 900))
    far, own, away = rows(welcome)
    welcome.refresh()
    assert rows(welcome) == [far, own, away]
    settings.add_recent("/gone/new.pth")
    new = rows(welcome)[0]
    assert rows(welcome) == [new, far, own, away]
    there.unlink()
    welcome.refresh()
    assert rows(welcome)[1::2] == [far, away]
    assert rows(welcome)[2] is not own
    assert not own.isVisible()
    settings.remove_recent("/gone/far.pth")
    assert [row.accessibleName().partition(",")[0] for row in rows(welcome)] == ["/gone/new.pth", str(there), "/gone/away.pth"]
    qtbot.waitUntil(lambda: [row.y() for row in rows(welcome)] == sorted({row.y() for row in rows(welcome)}))
    there.write_bytes(b"x")
    welcome.refresh()
    with qtbot.waitSignal(welcome.path_asked) as asked:
        qtbot.mouseClick(rows(welcome)[1], Qt.MouseButton.LeftButton)
    assert asked.args == [str(there)]


@pytest.mark.qt_log_ignore("This plugin does not support")         # a menu takes the keys, which nothing gives it on no screen
def test_that_the_keys_reach_a_file_that_is_gone_and_take_it_off_the_list(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "there.pth").write_bytes(b"x")
    for path in ("/gone/away.pth", str(tmp_path / "there.pth")):
        settings.add_recent(path)
    welcome = page(settings, qtbot, (1440, 844))
    rows(welcome)[0].setFocus()
    qtbot.keyClick(rows(welcome)[0], Qt.Key.Key_Tab)
    gone = rows(welcome)[1]
    assert gone.hasFocus()
    with qtbot.assertNotEmitted(welcome.path_asked):
        qtbot.keyClick(gone, Qt.Key.Key_Space)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, gone.rect().center(), gone.mapToGlobal(gone.rect().center()))
    by_space = QApplication.activePopupWidget()
    assert isinstance(by_space, QMenu)
    by_space.close()
    QApplication.sendEvent(gone, asked)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu is not by_space
    assert [action.text() for action in menu.actions() if action.isEnabled() and action.text()] == ["Remove from this list"]
    menu.actions()[-1].trigger()
    menu.close()
    assert settings.recent == (str(tmp_path / "there.pth"),)


def test_that_the_list_follows_what_is_opened_and_cleared(settings: Settings, qtbot: QtBot) -> None:
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    assert rows(welcome) == []
    settings.add_recent("/a.pt")
    assert len(rows(welcome)) == 1
    settings.clear_recent()
    assert rows(welcome) == []


def test_that_names_are_shown_literally(settings: Settings, qtbot: QtBot) -> None:
    settings.add_recent("/x/<b>a<i>&\u202e\n.pt")
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    welcome.resize(900, 700)
    shown = rows(welcome)[0].findChildren(QLabel)
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in shown)
    assert any(label.accessibleName() == "<b>a<i>&\\u202e\\n.pt" for label in shown)


def test_that_a_row_tells_what_was_last_known(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    there = tmp_path / "there.pth"
    there.write_bytes(b"x")
    settings.add_recent(str(there))
    settings.note_recent(str(there), 38_900_000, "nan")
    welcome = Welcome(Settings(settings.path))      # of the next start
    qtbot.addWidget(welcome)
    said = rows(welcome)[0].accessibleName()
    assert "38.9 MB, NaN or infinite values, Today" in said


def test_that_what_somebody_wrote_into_the_settings_does_no_harm(settings: Settings, qtbot: QtBot) -> None:
    settings.add_recent("/a.pt")
    for nonsense in ([1, 2], {"/a.pt": [1, -2, "x"]}, {"/a.pt": [1 << 60, 2, "nan"]}, {"/a.pt": [True, 1, "nan"]}, "no"):
        settings._set_json("recent-facts", nonsense)
        assert settings.recent_files[0][1:] == (0, 0, "")
        qtbot.addWidget(Welcome(settings))
    settings._set_json("recent-facts", {"/a.pt": [5, 2, "no such sign"]})
    qtbot.addWidget(Welcome(settings))


@pytest.mark.parametrize(("days", "said"), [(0, "Today 09:14"), (1, "Yesterday"), (5, "Monday"), (16, "12 Nov"), (400, "24 Oct 2025")])
def test_that_days_are_called_as_people_call_them(days: int, said: str) -> None:
    now = QDateTime.fromString("2026-11-28T09:14:00", Qt.DateFormat.ISODate)
    assert when(now.addDays(-days).toSecsSinceEpoch(), now) == said


def test_that_a_file_is_taken_off_the_list_whether_it_is_there_or_not(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "there.pth").write_bytes(b"x")
    for path in ("/gone/away.pth", str(tmp_path / "there.pth")):
        settings.add_recent(path)
    welcome = Welcome(settings)
    qtbot.addWidget(welcome)
    acts = [{action.text(): action for action in welcome.recent.menu_for(n).actions()} for n in range(2)]
    assert acts[0]["Open"].isEnabled()
    assert not acts[1]["Open"].isEnabled()
    with qtbot.waitSignal(welcome.compare_asked) as asked:
        acts[0]["Compare with…"].trigger()
    assert asked.args == [str(tmp_path / "there.pth")]
    acts[1]["Remove from this list"].trigger()
    assert settings.recent == (str(tmp_path / "there.pth"),)
    assert len(rows(welcome)) == 1


def test_that_the_page_says_less_where_there_is_less_room(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    for n in range(8):
        (tmp_path / f"{n}.pth").write_bytes(b"x")
        settings.add_recent(str(tmp_path / f"{n}.pth"))
    welcome = page(settings, qtbot, (1440, 844))
    assert welcome.cards.isVisible()
    assert not welcome.cards.links.isVisible()
    assert welcome.recent.rows[7].isVisible()
    welcome.resize(1024, 600)
    assert not welcome.cards.isVisible()
    assert welcome.cards.links.isVisible()
    welcome.resize(520, 300)
    assert not welcome.cards.isVisible()
    assert not welcome.cards.links.isVisible()
    shown = [row for row in welcome.recent.rows if row.isVisible()]
    assert 1 <= len(shown) < 8
    assert all(row.mapTo(welcome, row.rect().bottomLeft()).y() < 300 for row in shown)


def test_that_tab_goes_from_top_to_bottom(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    for n in range(2):
        (tmp_path / f"{n}.pth").write_bytes(b"x")
        settings.add_recent(str(tmp_path / f"{n}.pth"))
    welcome = page(settings, qtbot, (1440, 844))
    welcome.offer(["a.pth"], 0)
    welcome.open_button.setFocus()
    expected = [welcome.folder_button, welcome.demo_button, welcome.again, *rows(welcome), welcome.cards.explain_button]
    for wanted in expected:
        qtbot.keyClick(welcome.focusWidget(), Qt.Key.Key_Tab)
        assert welcome.focusWidget() is wanted


def test_that_the_desktop_is_offered_once_and_not_again_after_not_now(settings: Settings, qtbot: QtBot, tasks: Tasks,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bool]] = []
    monkeypatch.setattr(install, "is_default", lambda: False)

    def run(action: str, *, default: bool = False) -> str:
        asked.append((action, default))
        raise install.DesktopError("/x: Permission denied", "Look at the folder's permissions.")

    monkeypatch.setattr(install, "run", run)
    welcome = page(settings, qtbot, (1440, 844), tasks)
    qtbot.waitUntil(lambda: welcome.cards.double_click.isVisible())
    welcome.cards.make_default.click()
    qtbot.waitUntil(lambda: "Permission denied" in welcome.cards.said.text())
    assert asked == [("install", True)]
    assert "inspector desktop install" in welcome.cards.said.text()
    welcome.cards.not_now.click()
    assert not welcome.cards.double_click.isVisible()
    other = page(settings, qtbot, (1440, 844), tasks)
    qtbot.waitUntil(lambda: not tasks.running)
    assert not other.cards.double_click.isVisible()


def test_that_what_is_no_checkpoint_is_said_above_the_list(settings: Settings, qtbot: QtBot) -> None:
    welcome = page(settings, qtbot, (1024, 640))
    welcome.say("notes.txt", core.NotACheckpoint("this is plain text, not a checkpoint", "Check which file was meant.", id="text"))
    assert welcome.notice.isVisible()
    assert welcome.said.text() == "notes.txt: This is plain text, not a checkpoint. Check which file was meant."
    welcome.say("", None)
    assert not welcome.notice.isVisible()


def test_that_folders_stand_as_far_behind_every_name_and_are_whole_where_there_is_room(settings: Settings, qtbot: QtBot) -> None:
    for name in ("a.pth", "model.pth", "a_longer_name.safetensors"):
        settings.add_recent(f"/gone/a folder with quite a long name/and one more in it/{name}")
    welcome = page(settings, qtbot, (420, 700))
    welcome.resize(1400, 700)
    QApplication.sendPostedEvents()
    QApplication.processEvents()
    gaps = set()
    for row in rows(welcome):
        name, where = row.findChildren(Line)[:2]
        assert where.text() == where.accessibleName()
        gaps.add(where.x() - name.x() - name.fontMetrics().horizontalAdvance(name.text()))
    assert len(gaps) == 1


def test_that_the_list_behind_another_page_is_made_anew_once_it_is_seen_again(settings: Settings, qtbot: QtBot) -> None:
    pages = QStackedWidget()
    qtbot.addWidget(pages)
    welcome = Welcome(settings)
    pages.addWidget(welcome)
    pages.addWidget(other := QLabel())
    pages.show()
    settings.add_recent("/gone/a.pth")
    [row] = rows(welcome)
    pages.setCurrentWidget(other)
    for n in range(3):
        settings.add_recent(f"/gone/{n}.pth")
    assert rows(welcome) == [row]
    pages.setCurrentWidget(welcome)
    assert len(rows(welcome)) == 4
