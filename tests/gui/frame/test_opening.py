"""How files come in."""
from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from weakref import finalize

import pytest
import torch
from PySide6.QtCore import QByteArray, QMimeData, QUrl
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.core.tensor_table import TensorTable
from inspector.gui.frame import opening
from inspector.gui.frame.opening import Opener, checkpoints_in, local_path, paths_in
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Selection, Session, State
from inspector.gui.state.tasks import Tasks

Idle = Callable[[Tasks], None]


@pytest.fixture
def opener(session: Session, tasks: Tasks, settings: Settings) -> Opener:
    return Opener(session, tasks, settings)


def test_that_a_file_is_opened_selected_and_remembered(opener: Opener, session: Session, tasks: Tasks, settings: Settings,
                                                       opens: object, idle: Idle) -> None:
    opener.open(["/runs/a.pth"])
    document = session.selected_document
    assert document is not None
    assert document.state is State.LOADING
    idle(tasks)
    assert document.state is State.READY
    assert settings.recent == ("/runs/a.pth",)


def test_that_an_error_stays_with_its_file_and_is_not_remembered(opener: Opener, session: Session, tasks: Tasks, settings: Settings,
                                                                 opens: dict[str, object], idle: Idle) -> None:
    opens["/runs/bad.pth"] = core.Truncated("It ends early", "Download it again.")
    opener.open(["/runs/bad.pth", "/runs/good.pth"])
    idle(tasks)
    assert [document.state for document in session.documents] == [State.FAILED, State.READY]
    assert session.documents[0].error is opens["/runs/bad.pth"]
    assert settings.recent == ("/runs/good.pth",)


def test_that_a_slip_of_ours_is_an_error_in_place_with_a_report(opener: Opener, session: Session, tasks: Tasks,
                                                                opens: dict[str, object], idle: Idle) -> None:
    opens["/runs/odd.pth"] = ZeroDivisionError("oops")
    opener.open(["/runs/odd.pth"])
    idle(tasks)
    error = session.documents[0].error
    assert error is not None
    assert error.id == "internal"
    assert "ZeroDivisionError: oops" in "".join(error.__notes__)


def test_that_the_same_file_twice_is_selected_not_opened_again(opener: Opener, session: Session, tasks: Tasks, opens: object,
                                                               idle: Idle, tmp_path: Path) -> None:
    one, two = tmp_path / "a.pth", tmp_path / "b.pth"
    for path in (one, two):
        path.write_bytes(b"x")
    opener.open([str(one), str(two)])
    idle(tasks)
    kept = session.documents[0].checkpoint
    opener.open([str(tmp_path / "." / "a.pth")])
    idle(tasks)
    assert len(session.documents) == 2
    assert session.selected_document is session.documents[0]
    assert session.documents[0].checkpoint is kept


def test_that_the_same_file_is_read_again_when_it_changed(opener: Opener, session: Session, tasks: Tasks, opens: object, idle: Idle,
                                                          tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(b"x")
    opener.open([str(path)])
    idle(tasks)
    before = session.documents[0].checkpoint
    path.write_bytes(b"longer")
    assert opening.has_changed(session.documents[0])
    opener.open([str(path)])
    idle(tasks)
    assert session.documents[0].checkpoint is not before
    assert not opening.has_changed(session.documents[0])
    path.unlink()
    assert opening.has_changed(session.documents[0])


def test_that_the_same_name_twice_in_one_go_is_one_file(opener: Opener, session: Session, opens: object) -> None:
    opener.open(["/runs/a.pth", "/runs/a.pth", "/runs/../runs/a.pth"])
    assert len(session.documents) == 1


def test_that_trying_again_reads_anew(opener: Opener, session: Session, tasks: Tasks, opens: dict[str, object], idle: Idle) -> None:
    opens["/runs/a.pth"] = core.Unreadable("Permission denied")
    opener.open(["/runs/a.pth"])
    idle(tasks)
    del opens["/runs/a.pth"]
    opener.reload(session.documents[0].id)
    idle(tasks)
    assert session.documents[0].state is State.READY


def test_that_closing_while_loading_forgets_the_file(opener: Opener, session: Session, tasks: Tasks, opens: dict[str, object],
                                                     idle: Idle) -> None:
    opens["/runs/slow.pth"] = wait_for_cancel
    opener.open(["/runs/slow.pth"])
    opener.close(session.documents[0].id)
    assert session.documents == ()
    idle(tasks)
    assert session.documents == ()


def test_that_cancelling_a_load_takes_the_file_away(opener: Opener, session: Session, tasks: Tasks,
                                                    opens: dict[str, object]) -> None:
    opens["/runs/slow.pth"] = wait_for_cancel
    opener.open(["/runs/slow.pth"])
    opener.cancel(session.documents[0].id)
    assert session.documents == ()


def test_that_progress_reaches_the_document(opener: Opener, session: Session, tasks: Tasks, opens: dict[str, object],
                                            qtbot: QtBot) -> None:
    opens["/runs/slow.pth"] = wait_for_cancel
    opener.open(["/runs/slow.pth"])
    qtbot.waitUntil(lambda: session.documents[0].doing == "directory")
    assert (session.documents[0].done, session.documents[0].total) == (1, 4)
    tasks.cancel_all()


def wait_for_cancel(monitor: core.Monitor) -> core.Checkpoint:
    while True:
        monitor.report(1, 4, "directory")


@pytest.mark.parametrize(("count", "asked"), [(opening.MANY, []), (opening.MANY + 1, [opening.MANY + 1])],
                         ids=["few", "many-files"])
def test_that_many_files_are_asked_about(opener: Opener, session: Session, opens: object, count: int, asked: list[int]) -> None:
    seen: list[int] = []
    opener.confirm = lambda n, on_yes: seen.append(n)
    opener.open([f"/runs/{n}.pth" for n in range(count)])
    assert seen == asked
    assert len(session.documents) == (0 if asked else count)


def test_that_a_folder_gives_the_checkpoints_in_it(opener: Opener, session: Session, tasks: Tasks, opens: object, idle: Idle,
                                                   tmp_path: Path) -> None:
    for name in ("b.safetensors", "a.PTH", "notes.txt", ".hidden.pt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "sub.pth").mkdir()
    opener.open([str(tmp_path)])
    idle(tasks)
    assert [os.path.basename(document.path) for document in session.documents] == ["a.PTH", "b.safetensors"]


def test_that_a_folder_that_is_dropped_with_a_link_to_it_is_opened_once(opener: Opener, session: Session, tasks: Tasks, opens: object,
                                                                       idle: Idle, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.pth").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    opener.open([str(tmp_path / "link"), str(tmp_path / "runs")])
    idle(tasks)
    assert [document.path for document in session.documents] == [str(tmp_path / "link" / "a.pth")]


def test_that_a_folder_among_others_leaves_the_selection_where_it_is(opener: Opener, session: Session, tasks: Tasks, opens: object,
                                                                    idle: Idle, tmp_path: Path) -> None:
    for name in ("first.pth", "second.pth"):
        (tmp_path / name).write_bytes(b"x")
    opener.open(["/runs/a.pth", str(tmp_path), "/runs/b.pth"])
    idle(tasks)
    assert len(session.documents) == 4
    assert session.selected_document is not None
    assert session.selected_document.path == "/runs/a.pth"


def test_that_a_folder_without_any_is_left_to_the_reader_to_explain(opener: Opener, session: Session, tasks: Tasks,
                                                                    opens: dict[str, object], idle: Idle, tmp_path: Path) -> None:
    opens[str(tmp_path)] = core.NotACheckpoint("This is a folder")
    opener.open([str(tmp_path)])
    idle(tasks)
    assert session.documents[0].error is opens[str(tmp_path)]


def test_that_a_set_of_shards_is_one_checkpoint(opener: Opener, session: Session, tasks: Tasks, opens: object, idle: Idle,
                                                tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text("{}")
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"x")
    opener.open([str(tmp_path)])
    idle(tasks)
    assert [document.path for document in session.documents] == [str(tmp_path)]


def test_that_a_folder_is_not_looked_through_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FOLDER_CAP", 3)
    for n in range(9):
        (tmp_path / f"{n}.pt").write_bytes(b"")
    assert len(checkpoints_in(str(tmp_path))) == 3


@pytest.mark.parametrize(("url", "path"), [
    (b"file:///runs/a%20b.pth", "/runs/a b.pth"), (b"file://localhost/runs/a.pth", "/runs/a.pth"),
    (b"file:///runs/%E6%A8%A1.pt", "/runs/模.pt"), (b"file:///runs/%FF.pt", "/runs/\udcff.pt"),
    (b"file:///runs/a%23b%3F.pt", "/runs/a#b?.pt"),
    (b"http://host/a.pth", None), (b"https://host/a.pth", None), (b"ftp://host/a.pth", None), (b"file://host/share/a.pth", None),
    (b"file:////host/share/a.pth", None), (b"file:///a%00b.pt", None), (b"data:text/plain,x", None), (b"relative.pth", None)])
def test_that_only_files_of_this_machine_are_taken(url: bytes, path: str | None) -> None:
    assert local_path(QUrl.fromEncoded(QByteArray(url))) == path


def test_that_a_drop_of_many_things_gives_the_files_once_in_order() -> None:
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray(b"file:///b.pt\r\nhttp://x/y.pt\r\nfile:///a%FF.pt\r\nfile:///b.pt\r\n"))
    assert paths_in(mime) == ["/b.pt", "http://x/y.pt", "/a\udcff.pt"]


def test_that_text_is_no_file() -> None:
    mime = QMimeData()
    mime.setText("/etc/passwd")
    assert paths_in(mime) == []


def test_that_opening_a_known_file_keeps_a_selection_inside_it(opener: Opener, session: Session, tasks: Tasks, opens: object,
                                                               idle: Idle, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(b"x")
    opener.open([str(path)])
    idle(tasks)
    chosen = Selection(session.documents[0].id, "model.bias", ("model.bias",))
    session.select(chosen)
    opener.open([str(path)])
    assert session.selection == chosen


def test_that_a_table_numbers_its_keys_in_the_worker(opener: Opener, session: Session, tasks: Tasks, idle: Idle, tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    path, threads = str(tmp_path / "model.pth"), set[str]()
    torch.save({f"layers.{n}.weight": torch.full((2, 2), float(n)) for n in range(3000)}, path)
    truly = TensorTable._numbered

    def noted(self: TensorTable) -> dict[str, int]:
        if self._numbers is None:
            threads.add(threading.current_thread().name)
        return truly(self)

    monkeypatch.setattr(TensorTable, "_numbered", noted)
    opener.open([path])
    idle(tasks)
    document = session.documents[0]
    assert document.checkpoint is not None
    assert "layers.7.weight" in document.checkpoint.tensors
    assert threads == {"inspector-worker"}


def test_that_of_many_files_none_is_compared_with_each_of_the_others(opener: Opener, session: Session, tasks: Tasks, opens: object,
                                                                     idle: Idle, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    normcase, file_name = os.path.normcase, core.file_name
    monkeypatch.setattr(os.path, "normcase", lambda path: (looked.append(path), normcase(path))[1])
    monkeypatch.setattr("inspector.core.file_name", lambda path: (looked.append(path), file_name(path))[1])
    opener.open([f"/runs/{n}/a{n}.pth" for n in range(200)])
    names = [session.name(document) for document in session.documents]
    assert names == [f"a{n}.pth" for n in range(200)]
    assert len(looked) < 20 * 200           # some are of the tasks' labels
    idle(tasks)


def test_that_the_tables_of_a_closed_file_go_in_another_thread(opener: Opener, session: Session, tasks: Tasks, opens: object, idle: Idle,
                                                               qtbot: QtBot) -> None:
    opener.open(["/runs/a.pth"])
    idle(tasks)
    [document] = session.documents
    threads: list[str] = []
    finalize(document.checkpoint, lambda: threads.append(threading.current_thread().name))
    del document
    opener.close(1)
    qtbot.waitUntil(lambda: bool(threads))
    assert threads == ["inspector-emptying"]


def test_that_what_was_closed_is_no_reason_to_tell_names_apart(session: Session) -> None:
    one, two = session.add("/runs/a/last.pth"), session.add("/runs/b/last.pth")
    assert (session.name(one), session.name(two)) == ("a/last.pth", "b/last.pth")
    session.remove(two.id)
    assert session.name(one) == "last.pth"
