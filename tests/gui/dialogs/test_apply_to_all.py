"""The pending edits of one file, for the others that are open: told first, chosen, then waiting in each with an Undo of its own."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.dialogs.apply_to_all import ApplyToAll
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from tests.gui.edit_samples import KEYS, opened, rows, settled, weights, wrapped

EDITS = (core.StripPrefix("module."), core.Rename("^fc", "head"))


@pytest.fixture
def window(session: Session, tasks: Tasks, settings: Settings, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """On one.pth, two.pth and three.pth, of which the last has no prefix to strip."""
    window, first = opened(session, tasks, settings, qtbot, wrapped(tmp_path, "one.pth"))
    wrapped(tmp_path, "two.pth")
    torch.save(weights(""), tmp_path / "three.pth")
    window.open_paths([str(tmp_path / "two.pth"), str(tmp_path / "three.pth")])
    settled(tasks, qtbot)
    session.select(Selection(first.id))
    return window


def asked(window: MainWindow, tasks: Tasks, qtbot: QtBot) -> ApplyToAll:
    window.menus["apply-to-all"].trigger()
    settled(tasks, qtbot)
    found = window.findChild(ApplyToAll)
    assert found is not None
    return found


def names(session: Session) -> list[tuple[str, ...]]:
    return [tuple(document.checkpoint.tensors) for document in session.documents if document.checkpoint is not None]


def documents(session: Session) -> tuple[Document, Document, Document]:
    one, two, three = session.documents
    return one, two, three


def test_that_it_is_offered_where_there_are_edits_and_other_files(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot) -> None:
    one, two, three = documents(session)
    assert not window.menus["apply-to-all"].isEnabled()
    session.add_edits(one.id, EDITS[:1])
    settled(tasks, qtbot)
    assert window.menus["apply-to-all"].isEnabled()
    window.opener.close(two.id)
    window.opener.close(three.id)
    assert not window.menus["apply-to-all"].isEnabled()


def test_that_it_is_told_what_would_change_where_and_done_there_only(window: MainWindow, session: Session, tasks: Tasks,
                                                                     qtbot: QtBot) -> None:
    one, two, three = documents(session)
    session.add_edits(one.id, EDITS)
    settled(tasks, qtbot)
    dialog = asked(window, tasks, qtbot)
    assert rows(dialog) == [("two.pth", "4 renamed", True), ("three.pth", "1 renamed", True)]
    third = dialog.files.topLevelItem(1)
    assert third is not None
    third.setCheckState(0, Qt.CheckState.Unchecked)
    assert dialog.ok.text() == "Apply to 1 File"
    assert not session.edits(two.id)                # nothing is done before it is said
    dialog.ok.click()
    settled(tasks, qtbot)
    assert [session.edits(each.id) for each in (one, two, three)] == [EDITS, EDITS, ()]
    assert names(session) == [("conv.weight", "conv.bias", "head.weight")] * 2 + [KEYS]
    session.undo(two.id)
    settled(tasks, qtbot)
    assert names(session)[1] == tuple(weights())


def test_that_edits_that_cannot_be_applied_cannot_be_chosen(window: MainWindow, session: Session, tasks: Tasks, qtbot: QtBot) -> None:
    one, _, three = documents(session)
    session.add_edits(one.id, (core.Resize("module.fc.weight", 0, 8),))
    settled(tasks, qtbot)
    dialog = asked(window, tasks, qtbot)
    refused = dialog.files.topLevelItem(1)
    assert refused is not None
    assert refused.text(0) == "three.pth"
    assert not refused.flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert "module.fc.weight" in refused.text(1)
    dialog.ok.click()
    assert not session.edits(three.id)


def test_that_a_file_in_which_nothing_would_change_is_not_chosen_unasked(window: MainWindow, session: Session, tasks: Tasks,
                                                                         qtbot: QtBot) -> None:
    session.add_edits(documents(session)[0].id, (core.Drop("module.conv.*"),))
    settled(tasks, qtbot)
    assert [ticked for _, _, ticked in rows(asked(window, tasks, qtbot))] == [True, False]


def test_that_a_file_that_has_them_already_does_not_get_them_twice(window: MainWindow, session: Session, tasks: Tasks,
                                                                   qtbot: QtBot) -> None:
    one, two, three = documents(session)
    for each in (one, two):
        session.add_edits(each.id, (core.AddPrefix("net."),))
    settled(tasks, qtbot)
    dialog = asked(window, tasks, qtbot)
    assert rows(dialog) == [("two.pth", "has these edits already", False), ("three.pth", "3 renamed", True)]
    dialog.ok.click()
    assert [len(session.edits(each.id)) for each in (one, two, three)] == [1, 1, 1]


def test_that_a_file_that_becomes_another_meanwhile_is_looked_at_again(window: MainWindow, session: Session, tasks: Tasks,
                                                                       qtbot: QtBot) -> None:
    one, two, _ = documents(session)
    session.add_edits(one.id, EDITS[:1])
    settled(tasks, qtbot)
    dialog = asked(window, tasks, qtbot)
    assert rows(dialog)[0] == ("two.pth", "3 renamed", True)
    torch.save({"module.a": torch.ones(2), "module.b": torch.ones(2)}, two.path)
    window.opener.reload(two.id)
    settled(tasks, qtbot)
    assert rows(dialog)[0] == ("two.pth", "2 renamed", True)
