"""What a screen reader finds on each page, and where the Tab key leads: everything has a name, everything is reached, nothing holds on."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QTableView, QWidget
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.value_chips import ValueChips

Role = QAccessible.Role
# what only holds others; a name helps there, and is not needed as long as no key goes to it
HOLDERS = {Role.Client, Role.Pane, Role.Splitter, Role.LayeredPane, Role.ScrollBar, Role.Grouping, Role.Separator, Role.Cell,
           Role.MenuBar, Role.StatusBar, Role.PopupMenu, Role.PageTabList, Role.Border, Role.Window, Role.NoRole, Role.Grip,
           Role.StaticText, Role.List, Role.ListItem, Role.RowHeader, Role.ColumnHeader}
MOST = 40                   # children of one table that are looked at
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two checkpoints that differ, with kernels, layers, something that is NaN."""
    folder = tmp_path_factory.mktemp("accessible")
    weights = {"stem.weight": RNG.normal(size=(8, 3, 5, 5)), "head.weight": RNG.normal(size=(10, 32)), "head.bias": np.full(10, np.nan)}
    weights |= {f"layers.{layer}.attention.weight": RNG.normal(size=(32, 32)) for layer in range(4)}
    core.save({key: values.astype(np.float32) for key, values in weights.items()}, folder / "a.safetensors")
    weights["head.weight"] = weights["head.weight"] + 1
    core.save({key: values.astype(np.float32) for key, values in weights.items()}, folder / "b.safetensors")
    return [str(folder / "a.safetensors"), str(folder / "b.safetensors")]


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.resize(1360, 860)
    made.show()
    made.activateWindow()
    return made


@pytest.fixture
def open_(window: MainWindow, paths: list[str], session: Session, tasks: Tasks, qtbot: QtBot) -> Callable[[str, str], None]:
    """Opens both files, selects a key of the first and shows a panel."""
    def open_(name: str, key: str) -> None:
        if not session.documents:
            window.open_paths(paths)
            qtbot.waitUntil(lambda: not tasks.running and len(session.documents) == 2)
        session.select(Selection(session.documents[0].id, key, (key,) if key else ()))
        window.view.show_panel(name)
        qtbot.waitUntil(lambda: not tasks.running)
        if name == "statistics":            # of a panel whose numbers are still read half is not there yet
            qtbot.waitUntil(lambda: bool(window.findChild(ValueChips).chips) and not tasks.running)
        QApplication.processEvents()
    return open_


def nodes(interface: QAccessibleInterface, path: str = "", depth: int = 0) -> Iterator[tuple[str, QAccessibleInterface]]:
    yield path, interface
    table = interface.role() in (Role.Table, Role.Tree)
    for n in range(min(interface.childCount(), MOST if table else 1000) if depth < 30 else 0):
        child = interface.child(n)
        if child is not None and child.isValid():
            yield from nodes(child, f"{path}/{interface.role().name}:{interface.text(QAccessible.Text.Name)[:20]}", depth + 1)


def nameless(widget: QWidget) -> list[str]:
    """Where somebody who does not see the window hears nothing."""
    found = []
    for path, interface in nodes(QAccessible.queryAccessibleInterface(widget)):
        state = interface.state()
        name = interface.text(QAccessible.Text.Name).strip()
        # the part of a scrolled list that moves is no thing of its own
        inner = interface.object() is not None and interface.object().objectName() == "qt_scrollarea_viewport"
        if not state.invisible and not name and not inner and (interface.role() not in HOLDERS or state.focusable):
            if interface.role() in (Role.Cell, Role.ListItem, Role.StaticText):
                continue            # an empty cell is empty, and an empty line
            found.append(f"{path} {interface.role().name} {type(interface.object()).__name__}")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_that_everything_on_a_panel_has_a_name(name: str, window: MainWindow, open_: Callable[[str, str], None]) -> None:
    for key in ("", "stem.weight", "head.bias"):
        open_(name, key)
        assert nameless(window) == []


def test_that_everything_in_the_comparison_has_a_name(window: MainWindow, open_: Callable[[str, str], None], session: Session,
                                                      tasks: Tasks, qtbot: QtBot) -> None:
    open_("overview", "")
    window.comparison.compare_documents(session.documents[0].id, session.documents[1].id)
    qtbot.waitUntil(lambda: not tasks.running and window.comparison.page.model.tree is not None)
    assert nameless(window) == []


def test_that_everything_on_the_first_page_has_a_name(window: MainWindow) -> None:
    assert nameless(window) == []


def test_that_what_has_no_name_is_found(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QHBoxLayout, QToolButton
    holder = QWidget()
    qtbot.addWidget(holder)
    row = QHBoxLayout(holder)
    button = QToolButton()
    row.addWidget(button)
    holder.show()
    assert len(nameless(holder)) == 1
    button.setAccessibleName("Close")
    assert nameless(holder) == []


def reached(window: QWidget, presses: int = 120) -> list[QWidget]:
    """Where the Tab key leads, until it comes round."""
    seen: list[QWidget] = []
    for _ in range(presses):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in seen:
            break
        seen.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    return seen


@pytest.mark.parametrize("name", NAMES)
def test_that_the_tab_key_reaches_all_of_a_panel_and_leaves_it(name: str, window: MainWindow, open_: Callable[[str, str], None],
                                                              qtbot: QtBot) -> None:
    open_(name, "stem.weight")
    window.activateWindow()                 # off screen, a plot that is made takes it from the window
    window.tree.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.tree)
    seen = reached(window)
    assert QApplication.focusWidget() is seen[0]            # it came round
    wanted = [widget for widget in window.findChildren(QWidget)
              if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
              and widget.focusProxy() is None and widget.window() is window]
    # of those that exclude each other Tab reaches the chosen one, arrows the others
    wanted += [button for button in window.findChildren(QAbstractButton)
               if button.isVisible() and button.isEnabled() and not isinstance(button.parent(), (QLineEdit, QTableView))
               and (button.isChecked() or not (button.autoExclusive() or (button.group() is not None and button.group().exclusive())))]
    missed = [f"{type(widget).__name__} {widget.accessibleName() or widget.objectName()}" for widget in wanted if widget not in seen]
    assert missed == []
    assert {type(widget).__name__ for widget in seen} >= {"TreeView", "_Bar"}


def test_that_larger_letters_leave_nothing_cut(window: MainWindow, open_: Callable[[str, str], None], qapp: QApplication,
                                              tasks: Tasks, qtbot: QtBot) -> None:
    from .test_panels_photographed import cut
    usual = qapp.font()
    larger = qapp.font()
    larger.setPointSizeF(usual.pointSizeF() * 1.5)
    try:
        qapp.setFont(larger)
        QApplication.sendEvent(window, QEvent(QEvent.Type.ApplicationFontChange))
        wrong: list[str] = []
        for name in NAMES:
            for key in ("", "stem.weight"):
                open_(name, key)
                wrong += [f"{name}: {said}" for said in cut(window)]
        assert sorted(set(wrong)) == []
        assert window.tree.verticalHeader().defaultSectionSize() >= window.tree.fontMetrics().height()
    finally:
        qapp.setFont(usual)
