"""What tests of the window share: a window that leaves nothing behind, and made-up checkpoints without files."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt says so of windows with a smallest size that are shown off screen."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints"))


@pytest.fixture(autouse=True)
def _plain_theme(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("INSPECTOR_")]:
        monkeypatch.delenv(name)
    yield
    theme.current().choose("system")


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


def make(path: str = "/runs/last.pth", *, keys: dict[str, tuple[int, ...]] | None = None,
         values: dict[str, core.Plain] | None = None, findings: tuple[core.Finding, ...] = (),
         metadata: dict[str, str] | None = None, members: int = 0, tied: tuple[str, ...] = (), stamp: core.FileStamp | None = None,
         **more: str) -> core.Checkpoint:
    """A checkpoint of float32 tensors on cuda:0 with the given shapes; those named in `tied` lie in one storage."""
    shapes = {"model.weight": (4, 3), "model.bias": (4,), "optimizer.state.0.exp_avg": (4, 3)} if keys is None else keys
    tensors, storages = {}, {}
    home = "model" if not shapes or any(key.startswith("model.") for key in shapes) else ""
    for n, (key, shape) in enumerate(shapes.items()):
        id = "tied" if key in tied else str(n)
        plain = core.TensorInfo(key, shape, "float32", "cuda:0", (1,) * len(shape), 0, id, 0,
                                state_dict=home if key.startswith(core.under(home)) else None)
        tensors[key] = plain._replace(storage_nbytes=plain.nbytes)
        extent = core.Extent(0, 64 * n, plain.nbytes, plain.nbytes, 0, 0xBEEF)
        storages[id] = core.Storage(id, "float32", "cuda:0", plain.nbytes, extent)
    stamps = (stamp or core.FileStamp(path, 1000, 1_700_000_000_000_000_000, 0, 7, 1),)
    kind = more.get("kind", "training-checkpoint")
    return core.Checkpoint(path, more.get("format", "torch-zip"), kind, stamps, tensors, values or {},
                           storages, (home,), findings, metadata or {}, {home: {"": {"version": 1}}}, {"byteorder": "little"},
                           tuple(core.Member(f"archive/data/{n}", core.Extent(0, n, 8, 8, 0, n)) for n in range(members)))


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
    return answers


@pytest.fixture
def idle(qtbot: QtBot) -> Callable[[Tasks], None]:
    """Waits until nothing runs."""
    def wait(tasks: Tasks) -> None:
        qtbot.waitUntil(lambda: not tasks.running, timeout=20_000)
    return wait
