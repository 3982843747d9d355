"""The strip over the panels, the badges on the tabs, and the bar of edits that wait."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES
from inspector.gui.kit.settings import Settings
from inspector.gui.models.tree_model import NAME
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks

Calm = Callable[[], None]


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo hacked",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.save({"w": torch.randn(3), "x": _Evil()}, tmp_path / "evil.pth")
    torch.save({"net.fc.weight": torch.tensor([[1.0, float("nan")]]), "net.fc.bias": torch.randn(2)}, tmp_path / "nan.pth")
    torch.save({"fc.weight": torch.randn(2, 2), "fc.bias": torch.randn(2)}, tmp_path / "good.pth")
    return tmp_path


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.resize(1400, 800)
    made.show()
    return made


@pytest.fixture
def show(window: MainWindow, session: Session, tasks: Tasks, folder: Path, qtbot: QtBot) -> Callable[[str], None]:
    """Opens a file and waits until all that can be is known of it."""
    def show(name: str) -> None:
        window.open_paths([str(folder / name)])
        qtbot.waitUntil(lambda: session.selected_document is not None and session.selected_document.original is not None)
        document = session.selected_document
        assert document is not None
        checks = window.strip._checks
        qtbot.waitUntil(lambda: not tasks.running and (found := checks.of(document)) is not None and found.is_complete)
    return show


def said(window: MainWindow) -> str:
    return f"{window.strip.verdict.text()} {window.strip.detail.text}"


def test_that_a_verdict_stands_above_its_button_where_both_have_no_room_and_is_cut_last(window: MainWindow,
                                                                                     show: Callable[[str], None]) -> None:
    show("nan.pth")
    strip, verdict, action = window.strip, window.strip.verdict, window.strip.action
    low = strip.height()
    needs = verdict.sizeHint().width()

    def at(width: int) -> tuple[bool, bool]:
        """Whether the button stands below at such a width, and whether the verdict is whole."""
        strip.setFixedWidth(width)
        layout = strip.layout()
        assert layout is not None
        layout.activate()
        assert action.width() >= action.sizeHint().width()
        assert strip.height() > low if action.y() > verdict.y() + 10 else strip.height() == low
        return action.y() > verdict.y() + 10, verdict.width() >= verdict.sizeHint().width()

    assert at(needs + action.sizeHint().width() + 80) == (False, True)
    assert at(needs + action.sizeHint().width() // 2 + 60) == (True, True)
    assert at(action.sizeHint().width() + 55) == (True, False)          # what the button and the margins need: no window is as narrow
    assert "1 value is no finite number: net.fc.weight" in verdict.toolTip()
    assert at(needs + action.sizeHint().width() + 80) == (False, True)


@pytest.mark.parametrize("panel", ["overview", "statistics", "details"])
def test_that_danger_is_said_whatever_panel_is_open(window: MainWindow, show: Callable[[str], None], panel: str) -> None:
    window.view.show_panel(panel)
    show("evil.pth")
    assert window.strip.isVisible()
    assert said(window).startswith("Runs commands if it is loaded: Calls posix.system('echo hacked')")
    assert window.strip.property("level") == "danger"
    assert window.tabs.tabBar().accessibleTabName(NAMES.index("overview")) == "Overview, 1 danger"
    names = [str(window.model.index(row, NAME).data(11)) for row in range(window.model.rowCount())]      # Qt.AccessibleTextRole
    assert names[0].endswith("Runs commands")
    assert [name for name in names if name.startswith("x,")] == ["x, level 2, runs code when it is loaded"]


def test_that_its_action_is_the_edit_that_helps(window: MainWindow, session: Session, show: Callable[[str], None], qtbot: QtBot) -> None:
    show("evil.pth")
    assert window.strip.action.text() == "Make the values plain"
    window.strip.action.click()
    document = session.selected_document
    assert document is not None
    assert [edit.option for edit in session.edits(document.id)] == ["plain"]
    qtbot.waitUntil(lambda: window.strip.property("level") == "ok")


def test_that_nan_leads_to_its_tensor(window: MainWindow, session: Session, show: Callable[[str], None]) -> None:
    show("nan.pth")
    assert said(window) == "1 value is no finite number: net.fc.weight"
    window.strip.action.click()
    assert session.selection is not None
    assert session.selection.keys == ("net.fc.weight",)


def test_that_a_good_file_says_so_calmly_and_can_be_told_to_be_quiet(window: MainWindow, show: Callable[[str], None]) -> None:
    show("good.pth")
    assert said(window) == "Only tensors and plain values: loads with weights_only=True."
    assert window.strip.note.text() == "2 of 2 tensors read: no NaN, no infinity"
    assert not window.strip.action.isVisible()
    window.strip.close_.click()
    assert not window.strip.isVisible()


def test_that_f8_goes_from_one_guilty_row_to_the_next_over_all_files(window: MainWindow, session: Session,
                                                                     show: Callable[[str], None]) -> None:
    show("evil.pth")
    show("good.pth")
    show("nan.pth")
    first, _, last = (document.id for document in session.documents)
    window.tree.select_row(0)
    seen = []
    for _ in range(3):
        window.menus["next-finding"].trigger()
        assert session.selection is not None
        seen.append((session.selection.document, session.selection.prefix))
    assert seen == [(first, "x"), (last, "net.fc.weight"), (first, "x")]
    window.menus["previous-finding"].trigger()
    assert session.selection is not None
    assert session.selection[:2] == (last, "net.fc.weight")


def test_that_edits_that_wait_have_a_bar_whatever_is_shown(window: MainWindow, session: Session, show: Callable[[str], None],
                                                           tasks: Tasks, idle: Callable[[Tasks], None]) -> None:
    window.edits.asks = False
    assert not window.pending.isVisible()
    show("nan.pth")
    document = session.selected_document
    assert document is not None
    session.add_edits(document.id, [core.StripPrefix("net.")])
    idle(tasks)
    assert window.pending.isVisible()
    assert (window.pending.count.text(), window.pending.what.text) == (
        "1 pending edit", "in nan.pth: Strip prefix “net.”. Nothing is written until you save.")
    assert window.tabs.tabBar().accessibleTabName(NAMES.index("edits")) == "Edits, 1 edit"
    show("good.pth")
    assert window.pending.isVisible()
    other = session.selected_document
    assert other is not None
    session.add_edits(other.id, [core.Drop("fc.bias"), core.AddPrefix("net.")])
    idle(tasks)
    assert window.pending.count.text() == "3 pending edits"
    assert window.pending.what.text.startswith("in 2 files.")
    window.pending.show_.click()
    assert window.tabs.current == "edits"
    window.pending.undo.click()
    idle(tasks)
    assert session.edits(other.id) == ()
    session.select(Selection(document.id))
    window.pending.undo.click()
    idle(tasks)
    assert not window.pending.isVisible()


def test_that_a_verdict_without_room_for_its_detail_stands_beside_its_sign(window: MainWindow, show: Callable[[str], None]) -> None:
    show("nan.pth")
    strip = window.strip
    assert strip.verdict.text() == "1 value is no finite number:"
    strip.setFixedWidth(420)
    layout = strip.layout()
    assert layout is not None
    layout.activate()
    assert strip.detail.isHidden()
    assert strip.verdict.text() == "1 value is no finite number"
    assert strip.verdict.x() < 60
