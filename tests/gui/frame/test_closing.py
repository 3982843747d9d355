"""A file that is closed leaves nothing behind: whatever was looked at, compared or edited, its tables are free at once."""
from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.comparison.progress import Step
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES
from inspector.gui.kit.settings import Settings
from inspector.gui.panels.overview import Overview
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks

ROOT = Path(__file__).resolve().parents[3]

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
        qtbot.waitUntil(lambda: not tasks.running)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return wait


@pytest.fixture
def freed(qtbot: QtBot) -> Freed:
    """Waits until they are: work that was cancelled may take a moment to end."""
    def wait(*checkpoints: weakref.ref[core.Checkpoint]) -> None:
        qtbot.waitUntil(lambda: all(ckpt() is None for ckpt in checkpoints))
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
    qtbot.waitUntil(lambda: page.progress.step is Step.DONE)
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
                                                                qtbot: QtBot, freed: Freed, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, totals = threading.Event(), threading.Event(), core.totals

    def slow(*asked: Any) -> core.Totals:
        begun.set()
        go_on.wait(120)
        return totals(*asked)

    monkeypatch.setattr(core, "totals", slow)
    window.view.show_panel("overview")
    window.open_paths(paths[:1])
    qtbot.waitUntil(begun.is_set)
    ckpt = opened(session)
    assert tasks.running
    window.files.close_file()
    go_on.set()
    freed(ckpt)


def test_that_a_result_that_comes_after_closing_is_not_kept(window: MainWindow, session: Session, paths: list[str], calm: Calm,
                                                            freed: Freed, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    """The work is done, and the file is closed before the GUI thread hears of it."""
    window.view.show_panel("overview")
    window.open_paths(paths[:1])
    calm()
    document, ckpt = session.documents[0], opened(session)
    overview = window.tabs.panel("overview")
    assert isinstance(overview, Overview)
    added_up, totals = threading.Event(), core.totals

    def late(source: core.Checkpoint, prefix: str, keys: tuple[str, ...], monitor: core.Monitor) -> core.Totals:
        found = totals(source, prefix, keys, monitor)
        added_up.set()
        return found

    monkeypatch.setattr(core, "totals", late)
    assert document.checkpoint is not None
    keys = tuple(document.checkpoint.tensors)[:2]
    session.select(Selection(document.id, "", keys))
    assert added_up.wait(120)            # without a turn of the event loop
    window.files.close_file()
    del document
    calm()
    freed(ckpt)
    qtbot.waitUntil(lambda: overview.requests.kept_count == 0)      # what a worker lets go of is taken out a moment after it is gone


def test_that_sixteen_files_leave_as_many_objects_as_eight(window: MainWindow, session: Session, paths: list[str], calm: Calm, freed: Freed,
                                                           qtbot: QtBot) -> None:
    """Widgets, timers, connections, tables: what grows by one a file would grow by eight."""
    def round_(n: int) -> None:
        window.view.show_panel(NAMES[n % 4])
        window.open_paths([paths[n % 2]])
        calm()
        closed.append(opened(session))
        window.files.close_file()
        calm()

    def alive() -> Counter[str]:
        gc.collect()
        kinds = Counter(map(type, gc.get_objects()))
        return Counter({f"{kind.__module__}.{kind.__qualname__}": count for kind, count in kinds.items()
                        if str(kind.__module__).startswith(("inspector", "PySide6"))})

    def grown() -> dict[str, int]:
        return {name: count - before[name] for name, count in alive().items() if count - before[name] >= 8}

    closed: list[weakref.ref[core.Checkpoint]] = []
    for n in range(8):
        round_(n)
    freed(*closed)
    before = alive()
    for n in range(8):
        round_(n)
    freed(*closed)
    qtbot.waitUntil(lambda: not grown())        # another thread is at the last of the tables


@pytest.mark.slow
def test_that_a_thousand_opens_and_closes_end_within_20_megabytes() -> None:
    done = subprocess.run([sys.executable, "tests/bench/bench_closing.py", "1000"], cwd=ROOT, capture_output=True, text=True, check=False,
                          timeout=3600, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    assert done.returncode == 0, done.stdout + done.stderr
