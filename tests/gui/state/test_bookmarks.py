"""Marked keys: under which names they are kept and known."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from inspector import core
from inspector.gui.kit.settings import MARKED_FILES, Settings
from inspector.gui.state.bookmarks import MOST, Bookmarks
from inspector.gui.state.session import Document, Session

Make = Callable[..., core.Checkpoint]
KEYS = {"module.a.w": (2,), "module.a.b": (2,), "module.c": (2,)}


@pytest.fixture
def marked(session: Session, settings: Settings) -> Bookmarks:
    return Bookmarks(session, settings)


@pytest.fixture
def document(session: Session, checkpoint: Make, marked: Bookmarks) -> Document:
    document = session.add("/runs/a.pth")
    session.loaded(document.id, checkpoint(keys=KEYS))
    return document


def stripped(document: Document, checkpoint: Make, *without: str) -> core.Checkpoint:
    """What is left of it under names without the prefix."""
    assert document.checkpoint is not None
    origin = {key.removeprefix("module."): key for key in KEYS if key not in without}
    return dataclasses.replace(checkpoint(keys=dict.fromkeys(origin, (2,))), edited=core.Edited(document.checkpoint, origin))


def test_that_keys_are_marked_and_no_longer(document: Document, marked: Bookmarks) -> None:
    marked.toggle(document.id, ["module.c"])
    marked.toggle(document.id, ["module.a.w", "module.c"])         # not all of them were
    assert marked.of(document.id) == ("module.c", "module.a.w")
    marked.toggle(document.id, ["module.c"])
    assert marked.of(document.id) == ("module.a.w",)
    marked.clear()
    assert marked.of(document.id) == ()


def test_that_they_are_there_at_the_next_start(document: Document, marked: Bookmarks, settings: Settings, checkpoint: Make) -> None:
    marked.toggle(document.id, ["module.a", "x\udcff\u202e"])
    settings.sync()
    session = Session()
    again = Bookmarks(session, Settings(settings.path))
    other, same = session.add("/runs/b.pth"), session.add("/runs/a.pth")
    session.loaded(same.id, checkpoint(keys=KEYS))
    assert again.of(other.id) == ()
    assert again.of(same.id) == ("module.a", "x\udcff\u202e")


def test_that_they_have_the_names_that_edits_gave_and_wait_where_these_dropped_them(
        document: Document, marked: Bookmarks, session: Session, checkpoint: Make, settings: Settings) -> None:
    marked.toggle(document.id, ["module.a.w", "module.c"])
    original = document.original
    assert original is not None
    session.show_edited(document.id, stripped(document, checkpoint, "module.c"))
    assert marked.of(document.id) == ("a.w",)
    marked.toggle(document.id, ["a.b"])
    assert settings.bookmarks(document.path) == ("module.a.w", "module.c", "module.a.b")
    session.show_edited(document.id, original)
    assert marked.of(document.id) == ("module.a.w", "module.c", "module.a.b")


def test_that_marked_groups_are_renamed_with_what_is_in_them(document: Document, marked: Bookmarks, session: Session,
                                                             checkpoint: Make) -> None:
    original = document.original
    assert original is not None
    marked.toggle(document.id, ["module.a"])
    session.show_edited(document.id, stripped(document, checkpoint, "module.a.w"))
    assert marked.of(document.id) == ("a",)
    marked.toggle(document.id, ["a"])
    assert marked.of(document.id) == ()
    marked.toggle(document.id, ["a"])
    session.show_edited(document.id, original)
    assert marked.of(document.id) == ("module.a",)
    session.show_edited(document.id, stripped(document, checkpoint, "module.a.w", "module.a.b"))
    assert marked.of(document.id) == ()


def test_that_a_save_into_the_file_itself_gives_them_their_new_names(document: Document, marked: Bookmarks, session: Session,
                                                                     checkpoint: Make, settings: Settings) -> None:
    marked.toggle(document.id, ["module.a.w"])
    session.set_edits(document.id, [core.StripPrefix("module.")])
    session.show_edited(document.id, stripped(document, checkpoint))
    session.saved_edits(document.id, session.edits(document.id), into_itself=True)
    assert marked.of(document.id) == ("a.w",)
    session.loaded(document.id, checkpoint(keys={"a.w": (2,)}))
    assert marked.of(document.id) == ("a.w",)
    assert settings.bookmarks(document.path) == ("a.w",)


def test_that_no_more_are_kept_than_a_person_can_have_made(document: Document, marked: Bookmarks, settings: Settings) -> None:
    marked.toggle(document.id, [f"k{n}" for n in range(MOST + 5)])
    assert len(marked.of(document.id)) == MOST
    for n in range(MARKED_FILES + 5):
        settings.set_bookmarks(f"/runs/{n}.pth", ("k",))
    assert settings.bookmarks("/runs/4.pth") == ()
    assert settings.bookmarks(f"/runs/{MARKED_FILES}.pth") == ("k",)


@pytest.mark.parametrize("written", [
    '{"a": 1}', "[1, [2], [3, 4], [\"/runs/a.pth\", {\"x\": 1}]]", '[["/runs/a.pth", [1, null]]]', "nonsense"])
def test_that_settings_somebody_wrote_to_are_as_if_there_were_none(written: str, settings: Settings) -> None:
    settings._store.setValue("bookmarks", written)
    assert settings.bookmarks("/runs/a.pth") == ()
    settings.set_bookmarks("/runs/a.pth", ("k",))
    assert settings.bookmarks("/runs/a.pth") == ("k",)


def test_that_secrets_of_an_address_are_not_kept(session: Session, marked: Bookmarks, settings: Settings, checkpoint: Make) -> None:
    document = session.add("https://host.example/a.pth?token=s3cr3t")
    session.loaded(document.id, checkpoint(keys=KEYS))
    marked.toggle(document.id, ["module.c"])
    assert "s3cr3t" not in str(settings._store.value("bookmarks"))
    assert marked.of(document.id) == ("module.c",)
