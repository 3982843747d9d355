"""What is shown only when somebody asks for it: what it takes to build it, and that it is made ready before."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from inspector.gui.comparison.page import ComparePage
from inspector.gui.frame import ahead
from inspector.gui.frame.ahead import Ahead
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import theme
from inspector.gui.kit.settings import Settings
from inspector.gui.panels import PANELS
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

ROOT = Path(__file__).resolve().parents[3]
WAIT = 60_000
AT_MOST = 4                     # times that a widget is styled anew until a page stands; there were six and more


class _Styled(QObject):
    """Counts how often widgets are styled."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.StyleChange
        return False


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, opens: dict[str, object], qtbot: QtBot) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize("name", ["comparison", "edits", "heatmap", "layers", "statistics", "values"])
def test_that_pages_are_built_from_the_outside_in(window: MainWindow, name: str) -> None:
    """Under a style sheet every widget that is given to a parent is styled anew with all that is in it."""
    theme.current().apply_style_sheet()
    window.show()
    panel = next((panel for panel in PANELS if panel.name == name), None)
    styled, app = _Styled(), QApplication.instance()
    assert app is not None
    app.installEventFilter(styled)
    built = panel.build(window.session, window.tasks, window.tabs) if panel is not None else window.comparison.page
    app.removeEventFilter(styled)
    assert styled.count <= AT_MOST * len(built.findChildren(QWidget))


def test_that_modules_are_loaded_ahead_one_by_one_and_all_of_them() -> None:
    """A turn for each: none brings another along, and what is shown afterwards brings none."""
    script = """
import sys
from inspector.gui.frame import ahead, windows
from inspector.core.runtime import late
def loaded():
    return {name for name in sys.modules if name.startswith("inspector.gui.")}
for name in ahead.MODULES:
    before = loaded()
    late.module(name)
    print(*sorted(loaded() - before - {name}), end="")
before = loaded()
from inspector.gui.comparison import page
from inspector.gui.panels import code, details, edits, heatmap, layers, modules, statistics, values
print(*sorted(loaded() - before), end="")
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
                          env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[ComparePage]:
    """One for each turn in which a page is made a little more of."""
    made: list[ComparePage] = []
    make_part = ComparePage.make_part

    def noted(page: ComparePage) -> bool:
        made.append(page)
        return make_part(page)

    monkeypatch.setattr(ComparePage, "make_part", noted)
    return made


def test_that_panels_are_made_ahead_one_a_turn_and_as_they_are_when_somebody_looks(
        window: MainWindow, tasks: Tasks, qtbot: QtBot) -> None:
    made_ahead = Ahead(window.session, tasks, window.tabs, window.comparison, window)
    window.show()
    made: list[int] = []
    make_ahead = window.tabs.make_ahead

    def noted() -> bool:
        more = make_ahead()
        made.append(sum(window.tabs.panel(panel.name) is not None for panel in PANELS))
        return more

    window.tabs.make_ahead = noted
    window.open_paths(["/runs/a.pth"])
    qtbot.waitUntil(lambda: made_ahead.at_work, timeout=WAIT)
    qtbot.waitUntil(lambda: not made_ahead.at_work and not tasks.running, timeout=WAIT)
    there = [panel.name for n, panel in enumerate(PANELS) if window.tabs.isTabVisible(n)]
    assert [panel.name for panel in PANELS if window.tabs.panel(panel.name) is not None] == there
    assert 1 in np.diff(made)
    assert set(np.diff(made).tolist()) <= {0, 1}        # 0 where it was asked once more, when other work was over
    assert window.tabs.current == "overview"
    details = window.tabs.panel("details")
    window.tabs.show_panel("details")
    assert window.tabs.panel("details") is details
    assert details.isVisible()


def test_that_nothing_is_made_ahead_while_work_begins_again_and_again(window: MainWindow, tasks: Tasks, qtbot: QtBot,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """As with each letter of a filter."""
    monkeypatch.setattr(ahead, "_CALM", 100_000)
    made: list[str] = []
    monkeypatch.setattr(ahead.late, "module", made.append)
    at_work = Ahead(window.session, tasks, window.tabs, window.comparison, window)
    window.show()
    window.open_paths(["/runs/a.pth"])
    qtbot.waitUntil(lambda: at_work.at_work, timeout=WAIT)
    for _ in range(3):
        with qtbot.waitSignal(tasks.idle, timeout=WAIT):
            tasks.start("letter", lambda monitor: None, on_done=lambda _: None)
    assert at_work.at_work
    assert made == []
    qtbot.waitUntil(lambda: not tasks.running, timeout=WAIT)        # what the window itself has to find out, too
    at_work._go_on()
    assert made == [ahead.MODULES[0]]
    assert at_work._turn.interval() < 100


def test_that_the_page_of_a_comparison_is_made_in_turns_once_there_are_two_files(
        window: MainWindow, tasks: Tasks, parts: list[ComparePage], qtbot: QtBot) -> None:
    made_ahead = Ahead(window.session, tasks, window.tabs, window.comparison, window)
    window.show()
    window.open_paths(["/runs/a.pth"])
    qtbot.waitUntil(lambda: made_ahead.at_work, timeout=WAIT)
    qtbot.waitUntil(lambda: not made_ahead.at_work and not tasks.running, timeout=WAIT)
    assert not parts
    window.open_paths(["/runs/b.pth"])
    qtbot.waitUntil(lambda: len(parts) > 1, timeout=WAIT)
    qtbot.waitUntil(lambda: not made_ahead.at_work and not tasks.running, timeout=WAIT)
    assert len(parts) > 4
    assert window.pages.currentWidget() is window.work
    assert not parts[0].isVisible()
    a, b = (document.id for document in window.session.documents)
    made = len(parts)
    window.comparison.compare_documents(a, b)
    assert (window.comparison.page, len(parts)) == (parts[0], made)
    qtbot.waitUntil(lambda: window.comparison.page.model.tree is not None, timeout=WAIT)


def test_that_who_compares_while_the_page_is_made_gets_all_of_it_at_once(
        window: MainWindow, tasks: Tasks, parts: list[ComparePage], qtbot: QtBot) -> None:
    made_ahead = Ahead(window.session, tasks, window.tabs, window.comparison, window)
    window.show()
    window.open_paths(["/runs/a.pth", "/runs/b.pth"])
    qtbot.waitUntil(lambda: len(parts) >= 2, timeout=WAIT)
    a, b = (document.id for document in window.session.documents)
    window.comparison.compare_documents(a, b)
    page = window.comparison.page
    assert page is parts[0]
    assert window.pages.currentWidget() is page
    assert not page.make_part()
    qtbot.waitUntil(lambda: window.comparison.page.model.tree is not None and not made_ahead.at_work, timeout=WAIT)
