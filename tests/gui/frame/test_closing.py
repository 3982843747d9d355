"""A file that is closed leaves nothing behind: whatever was looked at, compared or edited, its tables are free at once."""
from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.comparison.progress import Step
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks

Calm = Callable[[], None]
Freed = Callable[..., None]


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """The window keeps it away from what it opens, so circles would stay for good."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    return core.make_demo(str(tmp_path))


@pytest.fixture
def calm(tasks: Tasks, qtbot: QtBot) -> Callable[[], None]:
    def wait() -> None:
        qtbot.waitUntil(lambda: not tasks.running, timeout=20_000)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return wait


@pytest.fixture
def freed(qtbot: QtBot) -> Freed:
    """Waits until they are: work that was cancelled may take a moment to end."""
    def wait(*checkpoints: weakref.ref[core.Checkpoint]) -> None:
        qtbot.waitUntil(lambda: all(ckpt() is None for ckpt in checkpoints), timeout=20_000)
    return wait


def opened(session: Session, at: int = 0) -> weakref.ref[core.Checkpoint]:
    ckpt = session.documents[at].checkpoint
    assert ckpt is not None
    return weakref.ref(ckpt)


@pytest.mark.parametrize("panel", NAMES[:-1])       # not the code: there is none in these files
def test_that_no_panel_keeps_a_closed_file(window: MainWindow, session: Session, paths: list[str], calm: Calm,
                                           panel: str, freed: Freed) -> None:
    window.view.show_panel(panel)
    window.open_paths(paths[:1])
    calm()
    id, ckpt = session.documents[0].id, opened(session)
    key = next(key for key in session.documents[0].checkpoint.tensors if key.endswith("conv1.weight"))      # type: ignore[union-attr]
    session.select(Selection(id, key, (key,)))
    calm()
    window.files.close_file()
    freed(ckpt)


def test_that_no_panel_keeps_a_file_that_was_closed_behind_it(window: MainWindow, session: Session, paths: list[str],
                                                              calm: Calm, freed: Freed) -> None:
    """Panels that are hidden by then, with another file in front."""
    window.open_paths(paths)
    calm()
    first, ckpt = session.documents[0].id, opened(session)
    for panel in NAMES[:-1]:
        session.select(Selection(first))
        window.view.show_panel(panel)
        calm()
    window.view.show_panel("overview")
    session.select(Selection(session.documents[1].id))
    calm()
    window.edits.close(first)
    freed(ckpt)


def test_that_the_comparison_keeps_no_closed_file(window: MainWindow, session: Session, paths: list[str], calm: Calm,
                                                  qtbot: QtBot, freed: Freed) -> None:
    window.open_paths(paths)
    calm()
    both = opened(session), opened(session, 1)
    window.comparison.compare()
    page = window.comparison.page
    qtbot.waitUntil(lambda: page.progress.step is Step.DONE, timeout=20_000)
    assert page.view.nodes                          # a pair is selected, and shown
    calm()
    for id in [document.id for document in session.documents]:
        window.edits.close(id)
    freed(*both)


def test_that_edits_keep_no_closed_file(window: MainWindow, session: Session, paths: list[str], calm: Calm, freed: Freed) -> None:
    window.open_paths(paths[:1])
    calm()
    id, before = session.documents[0].id, opened(session)
    window.view.show_panel("edits")
    session.add_edits(id, [core.StripPrefix("model_state_dict.module.")])
    calm()
    after = opened(session)
    assert after() is not before()
    session.undo(id)
    session.redo(id)
    calm()
    window.edits.asks = False
    window.edits.close(id)
    freed(before, after)


def test_that_a_file_closed_while_it_is_analysed_leaves_nothing(window: MainWindow, session: Session, paths: list[str], tasks: Tasks,
                                                                calm: Calm, qtbot: QtBot, freed: Freed) -> None:
    window.open_paths(paths[:1])
    qtbot.waitUntil(lambda: session.documents[0].checkpoint is not None, timeout=20_000)
    ckpt = opened(session)
    assert tasks.running                            # the tree, the sums
    window.files.close_file()
    freed(ckpt)
