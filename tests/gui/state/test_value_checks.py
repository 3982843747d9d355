"""NaN in open files: read in the background, out of everybody's way."""
from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.state import value_checks
from inspector.gui.state.session import Document, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.state.value_checks import ValueChecks

Open = Callable[[], Document]


@pytest.fixture
def opened(session: Session, tmp_path: Path) -> Open:
    def open() -> Document:
        path = tmp_path / "model.pth"
        torch.save({"good": torch.ones(3, 4) * torch.arange(4), "bad": torch.tensor([1.0, float("nan"), float("inf")]),
                    "zero": torch.zeros(4, 4), "n": torch.tensor([1, 2])}, path)
        document = session.add(str(path))
        session.loaded(document.id, core.open(str(path)))
        return document
    return open


def test_that_a_small_file_is_read_unasked(session: Session, tasks: Tasks, opened: Open, qtbot: QtBot) -> None:
    checks = ValueChecks.shared(session, tasks)
    with qtbot.waitSignal(checks.changed):
        document = opened()
    found = checks.of(document)
    assert found is not None
    assert (found.read, found.of, found.bad) == (4, 4, {"bad": (1, 1)})
    assert [(finding.id, finding.keys) for finding in found.findings] == [
        ("nan-values", ("bad",)), ("infinite-values", ("bad",)), ("all-zero", ("zero",))]
    assert not checks.is_expected(document)


@pytest.mark.parametrize("bound", ["UNASKED", "UNASKED_TENSORS"])
def test_that_a_file_of_many_bytes_or_tensors_is_read_when_somebody_asks(session: Session, tasks: Tasks, opened: Open, qtbot: QtBot,
                                                                         monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(value_checks, bound, 1)
    monkeypatch.setattr(value_checks, "REST", 0)
    checks = ValueChecks.shared(session, tasks)
    document = opened()
    with qtbot.waitSignal(checks._rest.timeout):
        pass
    assert checks.of(document) is None
    assert not checks.is_expected(document)
    with qtbot.waitSignal(checks.changed):
        checks.ask(document.id)
    found = checks.of(document)
    assert found is not None
    assert found.is_complete


def test_that_reading_stops_for_other_work_and_goes_on_afterwards(session: Session, tasks: Tasks, opened: Open, qtbot: QtBot,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_checks, "_MANY", 1)
    begun, go_on, times = threading.Event(), threading.Event(), []
    each = core.summarize_each

    def slow(ckpt: core.Checkpoint, keys: list[str], *, monitor: core.Monitor) -> object:
        times.append(keys[0])
        if len(times) == 2:
            begun.set()
            go_on.wait(120)
            monitor.check()
        return each(ckpt, keys, monitor=monitor)

    monkeypatch.setattr(core, "summarize_each", slow)
    checks = ValueChecks.shared(session, tasks)
    document = opened()
    qtbot.waitUntil(begun.is_set)
    tasks.start("asked", lambda monitor: None, on_done=lambda result: None)
    assert not any(task.key == "values" for task in tasks.running)
    go_on.set()
    with qtbot.waitSignal(checks.changed):
        pass
    found = checks.of(document)
    assert found is not None
    assert found.is_complete
    assert times == ["good", "bad", "bad", "zero", "n"]


def test_that_what_a_panel_measured_is_known(session: Session, tasks: Tasks, opened: Open, qtbot: QtBot,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_checks, "UNASKED", 10)
    checks = ValueChecks.shared(session, tasks)
    document = opened()
    assert document.original is not None
    with qtbot.waitSignal(checks.changed):
        checks.learn(document.original, core.summarize(document.original, ["bad"]))
    found = checks.of(document)
    assert found is not None
    assert (found.read, found.of, found.bad) == (1, 4, {"bad": (1, 1)})
    assert not found.is_complete


def test_that_a_file_that_is_gone_is_left_alone(session: Session, tasks: Tasks, opened: Open, qtbot: QtBot,
                                                idle: Callable[[Tasks], None]) -> None:
    checks = ValueChecks.shared(session, tasks)
    document = opened()
    Path(document.path).unlink()
    qtbot.waitUntil(lambda: not checks.is_expected(document))
    idle(tasks)
    found = checks.of(document)
    assert found is None or not found.is_complete


def test_that_single_tensors_have_their_deviation_and_count_of_nan_once_they_were_read(
        session: Session, tasks: Tasks, opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_checks, "UNASKED", 10)
    checks = ValueChecks.shared(session, tasks)
    document = opened()
    before = checks.measured(document)
    assert before is not None
    assert (before.read, before.of, before.at_work) == (0, 4, False)
    assert (before.std("good"), before.nonfinite("good"), before.nonfinite("bad")) == (None, None, None)
    with qtbot.waitSignal(checks.changed):
        checks.ask(document.id)
    found = checks.measured(document)
    assert found is not None
    assert (found.read, found.of, found.at_work) == (4, 4, False)
    assert found.std("good") == pytest.approx(torch.arange(4.0).std(correction=0).item())
    assert found.std("zero") == 0.0
    assert (found.nonfinite("good"), found.nonfinite("bad"), found.nonfinite("nothing")) == (0, 2, None)


def test_that_it_is_told_how_far_reading_is(session: Session, tasks: Tasks, opened: Open, qtbot: QtBot,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_checks, "_MANY", 1)
    monkeypatch.setattr(value_checks, "TOLD", 0)
    seen, go_on = threading.Event(), threading.Event()
    each = core.summarize_each

    def slow(ckpt: core.Checkpoint, keys: list[str], *, monitor: core.Monitor) -> object:
        if keys == ["n"]:
            seen.set()
            go_on.wait(120)
        return each(ckpt, keys, monitor=monitor)

    monkeypatch.setattr(core, "summarize_each", slow)
    checks = ValueChecks.shared(session, tasks)
    with qtbot.waitSignal(checks.moved):
        document = opened()
    qtbot.waitUntil(seen.is_set)
    found = checks.measured(document)
    assert found is not None
    assert (found.read, found.at_work) == (3, True)
    assert found.std("zero") == 0.0
    go_on.set()
    with qtbot.waitSignal(checks.changed):
        pass


def test_that_very_many_constant_tensors_are_known_without_their_histograms(session: Session, tasks: Tasks, opened: Open,
                                                                            qtbot: QtBot) -> None:
    checks = ValueChecks.shared(session, tasks)
    with qtbot.waitSignal(checks.changed):
        document = opened()
    original = document.original
    assert original is not None
    reading = checks._reading.get(original, None)
    assert reading is not None
    odd = reading.odd
    assert {*odd} == {"bad", "zero"}
    assert all(sys.getsizeof(found) < sys.getsizeof(core.summarize_tensor(original, key)) for key, found in odd.items())
    assert (odd["bad"].nan, odd["zero"].finite, odd["zero"].min, odd["zero"].max) == (1, odd["zero"].numel, 0, 0)


def test_that_what_was_read_is_told_though_other_work_began_before_it_could_be(session: Session, tasks: Tasks, opened: Open, qtbot: QtBot,
                                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, ended, read = threading.Event(), threading.Event(), value_checks._read

    def watched(ckpt: core.Checkpoint, reading: value_checks._Reading, monitor: core.Monitor) -> None:
        go_on.wait(120)
        read(ckpt, reading, monitor)
        ended.set()

    monkeypatch.setattr(value_checks, "_read", watched)
    checks = ValueChecks.shared(session, tasks)
    document = opened()
    qtbot.waitUntil(lambda: checks._at_work is not None)
    go_on.set()
    assert ended.wait(120)                       # all is read, and this thread has not heard of it
    with qtbot.waitSignal(checks.changed):
        tasks.start("other", lambda monitor: None, on_done=lambda _: None)
    found = checks.of(document)
    assert found is not None
    assert (found.is_complete, found.bad) == (True, {"bad": (1, 1)})
    assert not checks.is_expected(document)
