"""A picture of the window."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame import screenshot
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.opening import MANY
from inspector.gui.frame.screenshot import SIZE, Screenshot
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from tests import builders

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, opens: dict[str, object], qtbot: QtBot) -> MainWindow:
    made = MainWindow(session, tasks, settings)
    qtbot.addWidget(made)
    return made


def take(window: MainWindow, paths: list[str], out: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Screenshot:
    ended: list[int] = []
    monkeypatch.setattr(screenshot.QApplication, "exit", ended.append)
    shot = Screenshot(window, str(out))
    window.open_paths(paths)
    shot.start()
    qtbot.waitUntil(lambda: bool(ended))
    return shot


def test_that_the_picture_shows_the_first_file(window: MainWindow, session: Session, qtbot: QtBot, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.png"
    shot = take(window, ["/runs/a.pth", "/runs/b.pth"], out, qtbot, monkeypatch)
    assert shot.error is None
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == SIZE
    assert session.selection is not None
    assert session.selection.document == session.documents[0].id
    assert window.tabs.current == "overview"
    assert window.model.rowCount() > 6


def test_that_an_empty_window_can_be_pictured_too(window: MainWindow, qtbot: QtBot, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.png"
    assert take(window, [], out, qtbot, monkeypatch).error is None
    assert not QImage(str(out)).isNull()


def test_that_size_panel_and_key_can_be_asked_for(window: MainWindow, session: Session, qtbot: QtBot, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECTOR_SCREENSHOT_SIZE", "900x700")
    monkeypatch.setenv("INSPECTOR_SCREENSHOT_PANEL", "details")
    monkeypatch.setenv("INSPECTOR_SCREENSHOT_KEY", "model.bias")
    out = tmp_path / "out.png"
    take(window, ["/runs/a.pth"], out, qtbot, monkeypatch)
    assert (QImage(str(out)).width(), QImage(str(out)).height()) == (900, 700)
    assert window.tabs.current == "details"
    assert session.selection == Selection(session.documents[0].id, "model.bias", ("model.bias",))


@pytest.mark.parametrize("panel", ["overview", "compare"])
def test_that_a_key_that_is_not_there_is_told_with_those_that_are_like_it(tmp_path: Path, panel: str) -> None:
    tensors = {"conv1.weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    for name in ("a", "b"):
        (tmp_path / f"{name}.safetensors").write_bytes(builders.safetensors(tensors, bytes(16)))
    for key, told in (("conv1.wieght", "there is no tensor 'conv1.wieght' in this checkpoint. There is 'conv1.weight'."), ("conv1", "")):
        done = subprocess.run([sys.executable, "-m", "inspector", tmp_path / "a.safetensors", tmp_path / "b.safetensors", "--screenshot",
                               tmp_path / f"{key}.png"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "INSPECTOR_SCREENSHOT_KEY": key, "INSPECTOR_SCREENSHOT_PANEL": panel})
        assert told in done.stderr
        assert (done.returncode != 0, (tmp_path / f"{key}.png").exists()) == (bool(told), not told)


def test_that_many_files_are_pictured_without_asking_anybody(window: MainWindow, session: Session, qtbot: QtBot, tmp_path: Path,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    take(window, [f"/runs/{n}.pth" for n in range(25)], tmp_path / "out.png", qtbot, monkeypatch)
    assert len(session.documents) == 25


def test_that_the_picture_of_many_files_has_them_on_it(tmp_path: Path) -> None:
    """By the command itself: more files than the window opens unasked, in a row and as a folder."""
    runs = tmp_path / "runs"
    runs.mkdir()
    tensor = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    for n in range(MANY + 3):
        (runs / f"epoch{n}.safetensors").write_bytes(builders.safetensors({"fc.weight": tensor}, bytes(16)))
    pictures = []
    for n, typed in enumerate(([], [str(runs)], sorted(map(str, runs.iterdir())))):
        out = tmp_path / f"{n}.png"
        done = subprocess.run([sys.executable, "-m", "inspector", *typed, "--screenshot", str(out)], cwd=ROOT, capture_output=True,
                              text=True, timeout=120, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        pictures.append(out.read_bytes())
    empty, of_folder, of_files = pictures
    assert of_folder != empty
    assert of_files != empty


def test_that_what_only_waits_to_be_read_is_on_the_picture(window: MainWindow, qtbot: QtBot, tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that goes off once, and starts work when it does, is waited for, however long it is."""
    done: list[str] = []
    soon = QTimer(window)
    soon.setSingleShot(True)
    soon.timeout.connect(lambda: window.tasks.start("late", lambda monitor: "read", on_done=done.append))
    soon.start(300)
    take(window, ["/runs/a.pth"], tmp_path / "out.png", qtbot, monkeypatch)
    assert done == ["read"]


@pytest.mark.parametrize(("text", "size"), [("", SIZE), ("12x", SIZE), ("axb", SIZE), ("800x600", (800, 600)),
                                              ("1x99999", (520, 8000))])
def test_that_odd_sizes_are_put_right(text: str, size: tuple[int, int]) -> None:
    assert screenshot._size(text) == size


def test_that_a_file_that_cannot_be_opened_is_pictured_and_told(window: MainWindow, opens: dict[str, object], qtbot: QtBot,
                                                                tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens["/runs/bad.pth"] = core.Truncated("It ends early", "Download it again.", "x:1")
    out = tmp_path / "out.png"
    shot = take(window, ["/runs/bad.pth"], out, qtbot, monkeypatch)
    assert str(shot.error) == "/runs/bad.pth: It ends early (at x:1). Download it again."
    assert not QImage(str(out)).isNull()


def test_that_a_picture_that_cannot_be_written_is_told(window: MainWindow, qtbot: QtBot, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    shot = take(window, ["/runs/a.pth"], tmp_path / "no" / "such" / "out.png", qtbot, monkeypatch)
    assert isinstance(shot.error, core.SaveError)


def test_that_a_picture_that_takes_for_ever_is_given_up(window: MainWindow, opens: dict[str, object], qtbot: QtBot, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(monitor: core.Monitor) -> core.Checkpoint:
        while True:
            monitor.check()

    opens["/runs/slow.pth"] = slow
    monkeypatch.setattr(screenshot, "PATIENCE", 50)
    shot = take(window, ["/runs/slow.pth"], tmp_path / "out.png", qtbot, monkeypatch)
    assert "not ready" in str(shot.error)


@pytest.mark.parametrize(("theme", "light"), [("light", True), ("dark", False)])
def test_that_theme_and_scale_come_from_the_environment(tmp_path: Path, theme: str, light: bool) -> None:
    out = tmp_path / "out.png"
    code = "import sys; from inspector.gui import app; sys.exit(app.run([], screenshot=sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(out)], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          check=False, env={**os.environ, "INSPECTOR_THEME": theme, "QT_SCALE_FACTOR": "2"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (2 * SIZE[0], 2 * SIZE[1])
    assert (picture.pixelColor(20, 400).lightness() > 128) is light
