"""What is shown only when somebody asks for it: what it takes to build it."""
from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import theme
from inspector.gui.kit.settings import Settings
from inspector.gui.panels import PANELS
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

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


@pytest.mark.parametrize("name", ["comparison", "layers", "statistics"])
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
