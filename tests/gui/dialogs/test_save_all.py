"""All files with pending edits at once: told of each first, saved one after the other, and what came of each is told."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.dialogs import save_all
from inspector.gui.dialogs.save_all import SaveAll
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import message_boxes
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Session
from inspector.gui.state.tasks import Tasks
from tests.gui.edit_samples import KEYS, opened, rows, settled, weights, wrapped

STRIP = (core.StripPrefix("module."),)


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """On one.pth, two.pth and three.pth, each with a prefix that is stripped and not saved."""
    window, _ = opened(session, tasks, settings, qtbot, wrapped(tmp_path, "one.pth"))
    window.open_paths([str(wrapped(tmp_path, name)) for name in ("two.pth", "three.pth")])
    settled(tasks, qtbot)
    for document in session.documents:
        session.add_edits(document.id, STRIP)
    settled(tasks, qtbot)
    return window


def asked(window: MainWindow, tasks: Tasks, qtbot: QtBot) -> SaveAll:
    window.menus["save-all"].trigger()
    settled(tasks, qtbot)
    found = window.findChild(SaveAll)
    assert found is not None
    return found


def names(path: Path) -> tuple[str, ...]:
    return tuple(torch.load(path))


@pytest.mark.parametrize(("in_place", "said"), [
    (False, "Every byte was read back and compared."),
    (True, "What was written was read back; of what was changed in place all other bytes stay where they were.")])
def test_that_all_files_are_saved_and_their_edits_are_pending_no_more(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                      tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool,
                                                                      said: str) -> None:
    real = save_all.plan_for
    monkeypatch.setattr(save_all, "plan_for", lambda ckpt, path, monitor: real(ckpt, path, monitor, in_place=in_place))
    dialog = asked(window, tasks, qtbot)
    assert [(name, ticked) for name, _, ticked in rows(dialog)] == [(f"{name}.pth", True) for name in ("one", "two", "three")]
    assert names(tmp_path / "one.pth") == tuple(weights())          # nothing is done before it is said
    assert dialog.ok.text() == "Save 3 Files"
    dialog.ok.click()
    settled(tasks, qtbot)
    assert [names(tmp_path / f"{name}.pth") for name in ("one", "two", "three")] == [KEYS] * 3
    assert (dialog.title.text(), dialog.hint.text()) == ("3 files are saved", said)
    assert all(("changed in place" in what) is in_place for _, what, _ in rows(dialog))
    assert [session.edits(document.id) for document in session.documents] == [()] * 3
    assert not window.menus["save-all"].isEnabled()
    assert not window.pending.isVisible()
    assert all(tuple(document.original.tensors) == KEYS for document in session.documents if document.original is not None)


def test_that_what_would_be_lost_is_told_and_only_saved_where_it_is_ticked(window: MainWindow, session: Session, tasks: Tasks,
                                                                           qtbot: QtBot, tmp_path: Path,
                                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    real = save_all.plan_for
    lost = core.Loss("python-value", "epoch", "epoch = 3 is no tensor: it is left out.")

    def losing(ckpt: core.Checkpoint, path: str, monitor: core.Monitor, **options: Any) -> core.SavePlan:
        found = real(ckpt, path, monitor, in_place=False)
        return replace(found, losses=(lost,)) if path.endswith("two.pth") else found

    monkeypatch.setattr(save_all, "plan_for", losing)
    dialog = asked(window, tasks, qtbot)
    assert [ticked for _, _, ticked in rows(dialog)] == [True, False, True]
    second = dialog.files.topLevelItem(1)
    assert second is not None
    assert second.text(1).endswith("one thing is lost")
    assert second.child(0).text(1) == lost.message
    dialog.ok.click()
    settled(tasks, qtbot)
    assert [names(tmp_path / f"{name}.pth") for name in ("one", "two", "three")] == [KEYS, tuple(weights()), KEYS]
    dialog.ok.click()
    again = asked(window, tasks, qtbot)
    [(name, _, ticked)] = rows(again)
    assert (name, ticked, again.ok.isEnabled()) == ("two.pth", False, False)
    only = again.files.topLevelItem(0)
    assert only is not None
    only.setCheckState(0, Qt.CheckState.Checked)
    again.ok.click()
    settled(tasks, qtbot)
    assert names(tmp_path / "two.pth") == KEYS



def test_that_one_that_fails_is_told_and_keeps_its_file_and_edits(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                  tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = core.save

    def failing(plan: core.SavePlan, **options: Any) -> core.SaveReport:
        if plan.path.endswith("two.pth"):
            raise core.SaveError("the disk is full", "Make room.")
        return real(plan, **options)

    monkeypatch.setattr(core, "save", failing)
    before = (tmp_path / "two.pth").read_bytes()
    dialog = asked(window, tasks, qtbot)
    dialog.ok.click()
    settled(tasks, qtbot)
    assert [said for _, said, _ in rows(dialog)][1] == "The disk is full. Make room."
    assert (dialog.title.text(), dialog.hint.text()) == ("2 files are saved", "1 is not: it is as it was, and its edits wait as before.")
    assert (tmp_path / "two.pth").read_bytes() == before
    assert [bool(session.edits(document.id)) for document in session.documents] == [False, True, False]
    assert [names(tmp_path / f"{name}.pth") for name in ("one", "three")] == [KEYS] * 2


def test_that_stopping_leaves_whole_files_and_says_which_are_saved(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                   tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, dialog = core.save, asked(window, tasks, qtbot)

    def stopped(plan: core.SavePlan, **options: Any) -> core.SaveReport:
        report = real(plan, **options)
        dialog._stop.asked = True              # as `reject` does, while the first is past stopping
        return report

    monkeypatch.setattr(core, "save", stopped)
    dialog.ok.click()
    dialog.close()
    settled(tasks, qtbot)
    said = {name: said for name, said, _ in rows(dialog)}
    assert {name.removesuffix(".pth"): names(tmp_path / name) == KEYS for name in said} == {
        name.removesuffix(".pth"): "saved" in said[name] or "changed in place" in said[name] for name in said}
    assert "It was stopped before." in said.values()
    assert "edits wait" in dialog.hint.text()


def test_that_a_file_whose_edits_cannot_be_applied_is_told_and_left(window: MainWindow, session: Session, tasks: Tasks,
                                                                    qtbot: QtBot) -> None:
    first = session.documents[0]
    session.add_edits(first.id, (core.Resize("no.such", 0, 8),))
    settled(tasks, qtbot)
    dialog = asked(window, tasks, qtbot)
    told = {name: said for name, said, _ in rows(dialog)}
    assert told["one.pth"] == "its edits cannot be applied, or not yet"
    assert len(dialog.ticked) == 2


def test_that_a_file_that_another_reads_from_is_saved_after_it(tmp_path: Path) -> None:
    ckpt = core.open(wrapped(tmp_path, "a.pth"))
    a, b, c = (save_all.Wish(n, name, str(tmp_path / name), (), ckpt) for n, name in enumerate(("a.pth", "b.pth", "c.pth")))

    def order(**needs: str) -> list[str]:
        """Of a, b and c, where some need another."""
        return [one.name for one in save_all.in_turn([a, b, c], {wish.id: save_all.Planned(
            needs=frozenset(needs.get(wish.name[0], "")), target=wish.name[0]) for wish in (a, b, c)})]

    assert order(b="a") == ["b.pth", "a.pth", "c.pth"]
    assert set(order(a="b", b="a")) == {"a.pth", "b.pth", "c.pth"}


def test_that_closing_the_window_offers_to_save_all_and_closes_then(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot,
                                                                    tmp_path: Path) -> None:
    window.edits.asks = True
    window.close()
    box = window.findChild(message_boxes.Box)
    assert box is not None
    next(button for button in box.buttons.buttons() if button.text() == "Save…").click()
    settled(tasks, qtbot)
    dialog = window.findChild(SaveAll)
    assert dialog is not None
    dialog.ok.click()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert [names(tmp_path / f"{name}.pth") for name in ("one", "two", "three")] == [KEYS] * 3


def test_that_the_bar_offers_to_save_all(window: MainWindow, tasks: Tasks, qtbot: QtBot) -> None:
    menu = window.pending.menu_of(window.pending.waiting)
    assert [action.text() for action in menu.actions() if action.text()] == ["Save all 3…", *(f"Save {name}.pth…" for name in (
        "one", "two", "three"))]
    menu.actions()[0].trigger()
    settled(tasks, qtbot)
    assert window.findChild(SaveAll) is not None
