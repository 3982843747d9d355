"""What is remembered."""
from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings
from pytestqt.qtbot import QtBot

from inspector.gui.kit import settings as module
from inspector.gui.kit.settings import RECENT, Settings


def test_that_recent_files_are_the_latest_first_without_repeats(settings: Settings, qtbot: QtBot) -> None:
    for path in ("/a", "/b", "/a"):
        with qtbot.waitSignal(settings.recent_changed):
            settings.add_recent(path)
    assert settings.recent == ("/a", "/b")
    for n in range(30):
        settings.add_recent(f"/{n}")
    assert len(settings.recent) == RECENT
    assert settings.recent[0] == "/29"
    settings.clear_recent()
    assert settings.recent == ()


@pytest.mark.parametrize("path", ["/tmp/\udcff.pt", "/tmp/模型 权重.pt", "/tmp/a,b;c\\d\n.pt", "/tmp/%41.pt"],
                         ids=["not-utf-8", "chinese", "separators", "percent"])
def test_that_any_file_name_survives_a_restart(tmp_path: Path, path: str, qtbot: QtBot) -> None:
    file = str(tmp_path / "s.ini")
    first = Settings(file)
    first.add_recent(path)
    first.folder = path
    first.sync()
    again = Settings(file)
    assert again.recent == (path,)
    assert again.folder == path


def test_that_the_file_can_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setenv("INSPECTOR_SETTINGS", str(tmp_path / "mine.ini"))
    made = Settings()
    made.theme = "dark"
    made.sync()
    assert (tmp_path / "mine.ini").exists()


def test_that_the_environment_goes_before_the_kept_theme(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.theme == "system"
    settings.theme = "light"
    monkeypatch.setenv("INSPECTOR_THEME", "dark")
    assert settings.theme == "dark"
    monkeypatch.delenv("INSPECTOR_THEME")
    assert settings.theme == "light"


def test_that_a_layout_of_another_version_is_forgotten(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.set_layout("split", QByteArray(b"\0\1\2"))
    assert settings.layout("split") == QByteArray(b"\0\1\2")
    monkeypatch.setattr(module, "LAYOUT_VERSION", module.LAYOUT_VERSION + 1)
    assert settings.layout("split") is None


@pytest.mark.parametrize("junk", ["[", "{}", "[1, null]", '"x"', "[" * 100_000, ""])
def test_that_a_file_somebody_edited_is_read_as_far_as_it_makes_sense(tmp_path: Path, junk: str, qtbot: QtBot) -> None:
    path = str(tmp_path / "s.ini")
    edited = QSettings(path, QSettings.Format.IniFormat)
    for name in ("recent", "theme", "layout/version"):
        edited.setValue(name, junk)
    edited.sync()
    made = Settings(path)
    assert made.recent == ()
    assert isinstance(made.theme, str)
    assert made.layout("split") is None
