"""The window in Chinese: every text has its words, and they fit."""
from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from inspector import cli, core, languages
from inspector.gui.frame import application
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES as PANELS
from inspector.gui.kit import translators
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks

ROOT = Path(__file__).resolve().parents[3]
WORDS = ROOT / "resources" / "translations" / "inspector_zh_CN.ts"
MESSAGES = [message for context in ElementTree.parse(WORDS).getroot().iter("context") for message in context.iter("message")]
PAIRS = {(message.findtext("source") or "", message.findtext("translation") or "") for message in MESSAGES}


def tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here")
    return found


def test_that_every_text_of_the_window_has_chinese_words(tmp_path: Path) -> None:
    fresh = tmp_path / WORDS.name
    shutil.copy(WORDS, fresh)
    files = [str(path) for path in sorted((ROOT / "inspector" / "gui").rglob("*.py"))]
    subprocess.run([tool("pyside6-lupdate"), *files, "-locations", "none", "-no-obsolete", "-ts", str(fresh)], check=True,
                   capture_output=True, timeout=240)
    known = {message.findtext("source") for message in MESSAGES}
    now = [*ElementTree.parse(fresh).getroot().iter("message")]
    assert [message.findtext("source") for message in now if message.findtext("source") not in known] == []
    unfinished = [message.findtext("source") for message in now
                  if (translation := message.find("translation")) is None or not translation.text or translation.get("type")]
    assert unfinished == []
    assert known == {message.findtext("source") for message in now}, "texts that are gone: run lupdate as CONTRIBUTING says"


def test_that_what_the_window_loads_was_made_of_these_words(tmp_path: Path) -> None:
    made = tmp_path / "made.qm"
    subprocess.run([tool("pyside6-lrelease"), str(WORDS), "-qm", str(made)], check=True, capture_output=True, timeout=60)
    assert made.read_bytes() == WORDS.with_suffix(".qm").read_bytes()


def test_that_places_for_names_and_numbers_are_kept() -> None:
    assert [source for source, words in PAIRS if sorted(re.findall(r"\{\w+\}", source)) != sorted(re.findall(r"\{\w+\}", words))] == []
    assert [source for source, words in PAIRS if re.search(r"(?<!&)&\w", source) and not re.search(r"\(&[A-Z]\)", words)] == []
    assert [source for source, words in PAIRS if source.endswith("…") != words.endswith("…") and "…" in source[-1:]] == []
    for source, words in PAIRS:
        assert ("\t" in source) == ("\t" in words)
        assert words.strip() or not source.strip()


@pytest.mark.parametrize(("wanted", "language"), [
    (["zh-Hans-CN"], "zh_CN"), (["zh-CN", "en-US"], "zh_CN"), (["zh"], "zh_CN"), (["zh-Hant-TW", "en"], "en"), (["zh-TW"], "en"),
    (["de-DE", "zh-CN"], "zh_CN"), (["en-GB", "zh-CN"], "en"), (["fr-FR"], "en"), ([], "en")])
def test_that_the_system_s_languages_are_gone_through_in_their_order(wanted: list[str], language: str) -> None:
    assert languages.of_system(wanted) == language


@pytest.mark.parametrize(("text", "language"), [("zh", "zh_CN"), ("zh-CN", "zh_CN"), ("ZH_cn", "zh_CN"), ("en", "en"), ("en_US", "en"),
                                               ("de", None), ("", None), ("system", None)])
def test_that_a_language_is_known_by_what_people_call_it(text: str, language: str | None) -> None:
    assert languages.named(text) == language


@pytest.fixture
def chinese(qapp: QApplication) -> Iterator[None]:
    before = {*qapp.findChildren(QTranslator)}
    assert translators.install(qapp, "zh_CN") == "zh_CN"
    yield
    for translator in {*qapp.findChildren(QTranslator)} - before:
        qapp.removeTranslator(translator)
    translators.install(qapp, "en")


def test_that_english_stays_where_it_is_chosen(qapp: QApplication) -> None:
    before = {*qapp.findChildren(QTranslator)}
    assert translators.install(qapp, "en") == "en"
    assert QApplication.translate("Menus", "&File") == "&File"
    for translator in {*qapp.findChildren(QTranslator)} - before:
        qapp.removeTranslator(translator)
    translators.install(qapp, "en")


@pytest.mark.usefixtures("chinese")
def test_that_the_window_speaks_chinese_and_no_label_is_cut(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot,
                                                            tmp_path: Path) -> None:
    paths = core.make_demo(tmp_path)
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    window.resize(1024, 700)
    window.show()
    window.open_paths([str(path) for path in paths])
    qtbot.waitUntil(lambda: not tasks.running and session.selected_document is not None)
    titles = [menu.text() for menu in window.menuBar().actions()]
    assert titles == ["文件(&F)", "编辑(&E)", "视图(&V)", "帮助(&H)"]
    wrong: list[str] = []
    for name in PANELS:
        if not window.tabs.isTabVisible(PANELS.index(name)):
            continue
        window.tabs.show_panel(name)
        qtbot.waitUntil(lambda: not tasks.running)
        window.repaint()
        wrong += [f"{name}: {said}" for said in _cut(window)]
    assert wrong == []
    window.close()


def _cut(window: QWidget) -> list[str]:
    """Texts of labels and buttons that have less room than they take, and do not say so with an ellipsis of their own."""
    found = []
    for widget in (*window.findChildren(QLabel), *window.findChildren(QPushButton)):
        if not widget.isVisible() or not widget.text() or (isinstance(widget, QLabel) and widget.wordWrap()):
            continue
        if type(widget).__name__ not in ("QLabel", "QPushButton"):
            continue            # ours, which elide
        if widget.fontMetrics().horizontalAdvance(widget.text().replace("&", "")) > widget.width() + 1 and "…" not in widget.text():
            found.append(f"{widget.text()!r} in {widget.width()}")
    return found


def test_that_the_choice_is_kept_for_the_next_start(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot) -> None:
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    assert settings.language == "system"
    window.menus["language-zh_CN"].trigger()
    assert Settings(settings.path).language == "zh_CN"
    window.close()


def test_that_an_unknown_language_is_told_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["--lang", "xx", "--screenshot", str(tmp_path / "x.png"), str(tmp_path / "none.pth")]) == 2
    assert "zh_CN" in capsys.readouterr().err


def test_that_the_start_takes_the_language_from_the_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.language = "zh_CN"
    assert Settings(settings.path).language == "zh_CN"
    monkeypatch.setenv("INSPECTOR_LANG", "en")
    assert Settings(settings.path).language == "en"
    assert application.Application.__init__.__defaults__ == ("system", "system")
