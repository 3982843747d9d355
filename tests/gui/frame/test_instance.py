"""One window: a later start hands its files to the first."""
from __future__ import annotations

import io
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inspector.gui.frame import instance
from inspector.gui.frame.instance_server import Server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such sockets there")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a start waits for the window."""
    monkeypatch.setattr(instance, "_PATIENCE", 120.0)


@pytest.fixture
def server(qtbot: QtBot) -> Iterator[Server]:
    made = Server()
    assert made.listen()
    yield made
    made.close()


def talk(data: bytes) -> bytes:
    """Says `data` on the socket and gives the answer, or b"" when the other end hangs up."""
    address = instance.socket_path()
    assert address is not None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(120)
        link.connect(address)
        try:
            link.sendall(data)
            return link.recv(16)
        except ConnectionError:
            return b""


def hand_over(paths: list[str]) -> bool:
    """What a later start does with its files; one that finds no window does not become the first."""
    found = instance.start(paths)
    if found.listening is not None:
        found.listening.close()
    return found.handed_over


def in_background(work: object, *given: object) -> list[object]:
    answers: list[object] = []
    threading.Thread(target=lambda: answers.append(work(*given)), daemon=True).start()  # type: ignore[operator]
    return answers


def test_that_files_reach_the_first_window_as_absolute_paths(server: Server, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch,
                                                             tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with qtbot.waitSignal(server.asked) as asked:
        answers = in_background(hand_over, ["run/last.pth", "/abs.pt", "/tmp/\udcff.pt"])
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == [True]
    assert asked.args == [[str(tmp_path / "run/last.pth"), "/abs.pt", "/tmp/\udcff.pt"]]


def test_that_no_files_bring_the_window_to_the_front(server: Server, qtbot: QtBot) -> None:
    with qtbot.waitSignal(server.asked) as asked:
        in_background(hand_over, [])
    assert asked.args == [[]]


def test_that_without_a_first_window_nothing_is_handed_over() -> None:
    assert not hand_over(["/a.pt"])


def test_that_a_socket_left_behind_is_no_window_and_is_replaced(qtbot: QtBot) -> None:
    address = instance.socket_path()
    assert address is not None
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dead.bind(address)
    dead.close()
    assert os.path.exists(address)
    assert not hand_over(["/a.pt"])
    server = Server()
    assert server.listen()
    server.close()


def test_that_the_second_server_leaves_the_first_alone(server: Server, qtbot: QtBot) -> None:
    second = Server()
    assert not second.listen()
    with qtbot.waitSignal(server.asked):
        in_background(hand_over, ["/a.pt"])


def test_that_nobody_else_may_come_near(server: Server) -> None:
    address = instance.socket_path()
    assert address is not None
    assert stat.S_IMODE(os.stat(os.path.dirname(address)).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(address).st_mode) == 0o600


def test_that_a_folder_that_is_open_to_others_is_closed() -> None:
    folder = os.path.join(os.environ["XDG_RUNTIME_DIR"], "checkpoint-inspector")
    os.mkdir(folder, 0o777)
    os.chmod(folder, 0o777)
    assert instance.socket_path() is not None
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


def test_that_a_folder_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    os.symlink(tmp_path, os.path.join(os.environ["XDG_RUNTIME_DIR"], "checkpoint-inspector"))
    assert instance.socket_path() is None


def test_that_another_screen_is_another_window(monkeypatch: pytest.MonkeyPatch) -> None:
    here = instance.socket_path()
    monkeypatch.setenv("DISPLAY", ":99")
    assert instance.socket_path() != here


def test_that_a_path_too_long_for_a_socket_means_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("x" * 120)))
    assert instance.socket_path() is None


def test_that_systems_without_such_sockets_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    assert not hand_over(["/a.pt"])


@pytest.mark.parametrize("line", [
    b"", b"{}", b"[]", b"null", b"not json", b'{"version": 2, "args": [], "cwd": "/"}', b'{"version": 1, "args": "x", "cwd": "/"}',
    b'{"version": 1, "args": [1], "cwd": "/"}', b'{"version": 1, "args": [], "cwd": 7}', b"\xff\xfe", b"[" * 100_000])
def test_that_what_is_none_of_ours_is_refused(server: Server, qtbot: QtBot, line: bytes) -> None:
    assert instance.parse(line) is None
    with qtbot.assertNotEmitted(server.asked):
        answers = in_background(talk, line + b"\n")
        qtbot.waitUntil(lambda: bool(answers))
    assert answers == [b"no\n"]


def test_that_a_line_without_end_is_cut_off_at_the_cap(server: Server, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(server.asked):
        answers = in_background(talk, b"x" * (instance.CAP + 2))
        qtbot.waitUntil(lambda: bool(answers))
    assert answers == [b""]


def test_that_too_many_files_to_say_open_a_window_of_their_own(server: Server) -> None:
    assert not hand_over(["x" * instance.CAP])


def test_that_the_message_is_one_line_of_ascii_with_a_version() -> None:
    line = instance.message(["a\nb", "模型.pt"], "/home")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert json.loads(line)["version"] == instance.VERSION


def test_that_files_of_a_start_before_the_window_is_there_reach_it(qtbot: QtBot) -> None:
    first = instance.start([])
    assert not first.handed_over
    assert first.listening is not None
    answers = in_background(instance.start, ["/b.pt"])
    server = Server()
    with qtbot.waitSignal(server.asked) as asked:
        assert server.listen(first.listening)
    qtbot.waitUntil(lambda: bool(answers))
    assert asked.args == [["/b.pt"]]
    assert answers == [instance.Start(handed_over=True)]
    address = instance.socket_path()
    assert address is not None
    assert stat.S_IMODE(os.stat(address).st_mode) == 0o600
    server.close()
    assert not os.path.exists(address)


def test_that_of_many_starts_at_once_one_is_the_first(qtbot: QtBot) -> None:
    starts = [in_background(instance.start, [f"/{n}.pt"]) for n in range(12)]
    qtbot.waitUntil(lambda: any(starts))
    [first] = [found[0] for found in starts if found]
    assert isinstance(first, instance.Start)
    assert first.listening is not None
    server, heard = Server(), []
    server.asked.connect(heard.extend)
    assert server.listen(first.listening)
    qtbot.waitUntil(lambda: all(starts))
    assert [found[0] for found in starts].count(instance.Start(handed_over=True)) == 11
    qtbot.waitUntil(lambda: len(heard) == 11)
    server.close()


def test_that_a_socket_left_behind_by_a_start_that_died_is_replaced() -> None:
    code = "from inspector.gui.frame import instance; assert instance.start([]).listening is not None"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[3])
    address = instance.socket_path()
    assert address is not None
    assert os.path.exists(address)
    found = instance.start([])
    assert found.listening is not None
    found.listening.close()


def test_that_on_windows_a_later_start_waits_for_the_pipe_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bytes] = []

    class Pipe(io.RawIOBase):
        def write(self, line: bytes) -> int:  # type: ignore[override]
            said.append(line)
            return len(line)

        def read(self, size: int = -1) -> bytes:
            return b"ok\n"

    looks: list[str] = []

    def opened(path: str, *how: object, **more: object) -> Pipe:
        looks.append(path)
        if len(looks) < 3:
            raise FileNotFoundError(path)
        return Pipe()

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(instance, "open", opened, raising=False)
    monkeypatch.setattr(instance, "_is_another_starting", lambda: True)
    assert instance.start(["/a.pt"]) == instance.Start(handed_over=True)
    assert set(looks) == {f"\\\\.\\pipe\\{instance.socket_path()}"}
    assert len(looks) == 3
    assert instance.parse(said[0]) == ["/a.pt"]
    monkeypatch.setattr(instance, "_is_another_starting", lambda: False)
    assert instance.start(["/a.pt"]) == instance.Start()


def test_that_handing_over_loads_no_qt() -> None:
    code = ("import sys; from inspector.gui import app; from inspector.gui.frame import instance; instance.start(['/a.pt']); "
            "assert not [m for m in sys.modules if m.startswith(('PySide6', 'numpy', 'torch', 'pyqtgraph', 'inspector.core'))]")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[3])
