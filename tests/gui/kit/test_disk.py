"""Disks that may not answer."""
from __future__ import annotations

import sys
import threading

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from inspector.gui.kit import disk
from tests.gui.showing import written


def test_that_a_look_is_told_and_one_that_fails_or_takes_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert disk.told_soon(lambda: "there", "") == "there"

    def fails() -> str:
        raise OSError

    assert disk.told_soon(fails, "otherwise") == "otherwise"
    monkeypatch.setattr(disk, "_SOON", 0.001)
    answers = threading.Event()
    assert disk.told_soon(lambda: answers.wait(120), False) is False
    answers.set()


def test_that_what_comes_of_it_is_told_later_on_the_thread_of_the_window(qtbot: QtBot) -> None:
    seen, owner = list[object](), QObject()

    def work() -> str:
        seen.append(threading.current_thread() is threading.main_thread())
        return "written"

    disk.told_later(work, owner, lambda text: seen.append((text, threading.current_thread() is threading.main_thread())))
    written(qtbot)
    assert seen == [False, ("written", True)]
    delete(owner)


def test_that_nobody_who_is_gone_is_told(qtbot: QtBot) -> None:
    owner, seen = QObject(), list[str]()
    begun = threading.Event()
    disk.told_later(lambda: str(begun.wait(120)), owner, seen.append)
    delete(owner)
    begun.set()
    written(qtbot)
    assert seen == []


def test_that_a_mistake_reaches_the_exception_hook(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: caught.append(error))

    def slips() -> str:
        raise ValueError("slip")

    disk.told_later(slips, QObject(), lambda text: None)
    written(qtbot)
    assert [str(error) for error in caught] == ["slip"]


def test_that_the_disk_is_asked_only_where_a_member_of_an_archive_may_be_meant() -> None:
    def look(path: str) -> tuple[str, str]:
        return path, threading.current_thread().name

    here = threading.current_thread().name
    assert disk.told_of("a.pth", look, ("", "")) == ("a.pth", here)
    assert disk.told_of("a.zip!b.pth", look, ("", "")) == ("a.zip!b.pth", "inspector-looking")
