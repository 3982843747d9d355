"""What the window knows, and when it says so."""
from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.state.session import Selection, Session, State

Make = Callable[..., core.Checkpoint]


def test_that_documents_keep_the_order_of_opening_and_get_numbers_of_their_own(session: Session) -> None:
    first, second = session.add("/a.pt"), session.add("/b.pt")
    assert [document.path for document in session.documents] == ["/a.pt", "/b.pt"]
    session.remove(first.id)
    third = session.add("/c.pt")
    assert third.id not in (first.id, second.id)


def test_that_every_change_is_told_once(session: Session, checkpoint: Make, qtbot: QtBot) -> None:
    document = session.add("/a.pt")
    told: list[int] = []
    session.document_changed.connect(told.append)
    session.progress(document.id, 1, 2, "header")
    session.loaded(document.id, checkpoint())
    session.progress(document.id, 2, 2, "too late")
    assert told == [document.id] * 2
    assert document.state is State.READY
    assert (document.done, document.doing) == (1, "header")


def test_that_a_failure_takes_the_place_of_the_checkpoint(session: Session, checkpoint: Make) -> None:
    document = session.add("/a.pt")
    session.loaded(document.id, checkpoint())
    session.failed(document.id, core.Truncated("short"))
    assert document.checkpoint is None
    assert document.state is State.FAILED


def test_that_the_same_selection_is_not_told_twice(session: Session, qtbot: QtBot) -> None:
    document = session.add("/a.pt")
    told: list[None] = []
    session.selection_changed.connect(lambda: told.append(None))
    session.select(Selection(document.id))
    session.select(Selection(document.id))
    assert len(told) == 1
    assert session.selected_document is document


def test_that_removing_the_selected_file_selects_the_one_that_is_left(session: Session) -> None:
    first, second = session.add("/a.pt"), session.add("/b.pt")
    session.select(Selection(second.id))
    session.remove(second.id)
    assert session.selection == Selection(first.id)
    session.remove(first.id)
    assert session.selection is None


def test_that_reloading_keeps_what_was_there_until_something_new_is(session: Session, checkpoint: Make) -> None:
    document = session.add("/a.pt")
    before = checkpoint()
    session.loaded(document.id, before)
    session.restart(document.id)
    assert document.state is State.LOADING
    assert document.checkpoint is before
    session.cancelled(document.id)
    assert (document.state, document.checkpoint) == (State.READY, before)


def test_that_cancelling_a_first_load_removes_the_document(session: Session) -> None:
    document = session.add("/a.pt")
    session.cancelled(document.id)
    assert session.documents == ()


def test_that_of_a_selection_after_a_reload_what_is_left_stays(session: Session, checkpoint: Make) -> None:
    document = session.add("/a.pt")
    session.loaded(document.id, checkpoint(keys={"a.x": (2,), "a.y": (2,), "b.x": (2,)}))
    session.select(Selection(document.id, "a", ("a.x", "a.y")))
    session.loaded(document.id, checkpoint(keys={"a.y": (2,), "b.x": (2,)}))
    assert session.selection == Selection(document.id, "a", ("a.y",))
    session.loaded(document.id, checkpoint(keys={"a.z": (2,), "b.x": (2,)}))
    assert session.selection == Selection(document.id)
    session.select(Selection(document.id, "a.z", ("a.z",)))
    session.loaded(document.id, checkpoint(keys={"a.y": (2,)}))
    assert session.selection == Selection(document.id, "a")


def test_that_edits_saved_into_the_file_itself_do_not_come_off_before_it_is_read_again(session: Session, checkpoint: Make) -> None:
    document = session.add("/a.pt")
    session.loaded(document.id, checkpoint(keys={"module.w": (2,)}))
    edited = checkpoint(keys={"w": (2,)})
    session.set_edits(document.id, [core.StripPrefix("module.")])
    session.show_edited(document.id, edited)
    session.saved_edits(document.id, session.edits(document.id), into_itself=True)
    assert document.original is edited
    assert document.checkpoint is edited


def test_that_a_selection_whose_keys_are_gone_after_a_reload_becomes_the_file(session: Session, checkpoint: Make) -> None:
    document = session.add("/a.pt")
    session.loaded(document.id, checkpoint())
    session.select(Selection(document.id, "model.bias", ("model.bias",)))
    session.loaded(document.id, checkpoint(keys={"other": (2,)}))
    assert session.selection == Selection(document.id)


def test_that_signals_for_unknown_documents_change_nothing(session: Session, checkpoint: Make) -> None:
    for act in (lambda: session.loaded(9, checkpoint()), lambda: session.failed(9, core.Corrupt("x")), lambda: session.remove(9),
                lambda: session.restart(9), lambda: session.cancelled(9), lambda: session.progress(9, 1, 1, "")):
        act()
    assert session.documents == ()


def test_that_nothing_is_kept_of_the_names_of_closed_files(session: Session) -> None:
    ids = [session.add(f"/{folder}/model.pth").id for folder in "ab"]
    for id in ids:
        session.remove(id)
    assert not session._named
