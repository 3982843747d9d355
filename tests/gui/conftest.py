"""What tests of the window share: a window that leaves nothing behind, and made-up checkpoints without files.

`INSPECTOR_LATE=SEED pytest tests/gui` has workers start late and hand on late, by what is drawn anew each time, and what is done in steps
done one step in a turn: whoever believes that something is there by now, and does not wait for it, fails there and not once in a
hundred runs on a busy machine.
"""
from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

from inspector import core
from inspector.gui.kit import disk, theme
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from tests.tables import make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt says so of windows with a smallest size that are shown off screen."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints"))


LATE = os.environ.get("INSPECTOR_LATE")


@pytest.fixture(autouse=True)
def _late_workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if LATE is None:
        return
    from inspector.gui.panels import layers, overview
    from inspector.gui.state import tasks
    from inspector.gui.widgets import plot_library, ridges
    draw = random.Random(LATE + request.node.nodeid)
    start = Tasks.start

    def late(self: Tasks, key: object, work: Callable[[core.Monitor], object], **more: Any) -> None:
        before, after = (draw.choice((0.0, 0.0, 0.03, 0.12)) for _ in range(2))

        def dawdling(monitor: core.Monitor) -> object:
            time.sleep(before)
            try:
                return work(monitor)
            finally:
                time.sleep(after)
        start(self, key, dawdling, **more)

    monkeypatch.setattr(Tasks, "start", late)
    for module, name in ((overview, "_AT_ONCE"), (layers, "_AT_ONCE"), (ridges, "_AT_ONCE"), (tasks, "_PORTION"), (plot_library, "STEP")):
        monkeypatch.setattr(module, name, 1e-9)


@pytest.fixture(autouse=True)
def _patient_with_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """These answer, however late."""
    monkeypatch.setattr(disk, "_SOON", 120)


@pytest.fixture(autouse=True)
def _plain_theme(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("INSPECTOR_")]:
        monkeypatch.delenv(name)
    yield
    theme.current().choose("system")


class PatientBot(QtBot):
    """Waits for what must come as long as a slow machine with much else to do may take; pytest-qt's five seconds are a bet on its speed."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = 120_000) -> None:
        if LATE is not None:                # looks after each turn, so that nobody gets more than what was waited for
            until = time.monotonic() + timeout / 1000
            while not _holds(callback) and time.monotonic() < until:
                loop = QEventLoop()
                QTimer.singleShot(0, loop.quit)
                loop.exec()
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: object, *, timeout: int = 120_000, **more: Any) -> SignalBlocker:
        return super().waitSignal(signal, timeout=timeout, **more)


def _holds(callback: Callable[[], object]) -> bool:
    try:
        return callback() is not False          # as pytest-qt takes it
    except AssertionError:
        return False


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture
def settings(tmp_path: Path, qapp: object) -> Settings:
    return Settings(str(tmp_path / "settings.ini"))


@pytest.fixture
def session(qapp: object) -> Session:
    return Session()


@pytest.fixture
def tasks(qapp: object) -> Iterator[Tasks]:
    made = Tasks()
    yield made
    made.close(10)


@pytest.fixture
def checkpoint() -> Callable[..., core.Checkpoint]:
    return make


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """core.open gives what stands here under the path (an error is raised, a function called), else a made-up checkpoint."""
    answers: dict[str, object] = {}

    def open(path: str, *, follow_links: bool = False, monitor: core.Monitor = core.QUIET,
             limits: core.Limits = core.LIMITS) -> core.Checkpoint:
        answer = answers.get(path)
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(monitor)
        if isinstance(answer, core.Checkpoint):
            return answer
        try:
            found = os.stat(path)
        except OSError:
            return make(path)
        return make(path, stamp=core.FileStamp(path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino,
                                               found.st_dev))

    monkeypatch.setattr(core, "open", open)
    monkeypatch.setattr(core, "open_between_writes", open)
    return answers


@pytest.fixture
def idle(qtbot: QtBot) -> Callable[[Tasks], None]:
    """Waits until nothing runs."""
    def wait(tasks: Tasks) -> None:
        qtbot.waitUntil(lambda: not tasks.running, timeout=120_000)
    return wait
