"""Changes in place: all of it, or what was there, wherever it is interrupted."""
from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from inspector import core
from inspector.core.io import this_machine
from inspector.core.io.new_files import UNDO, beside
from inspector.core.io.sources import stamp_of
from inspector.core.saving.disk import atomic, overwrite
from inspector.core.saving.disk.overwrite import FileChange, Write
from tests.core.saving import samples

ROOT = Path(__file__).resolve().parents[4]
NAMES = ("open", "write", "fsync", "ftruncate", "unlink", "utime")
OLD = bytes(range(256)) * 40
posix = pytest.mark.skipif(sys.platform == "win32", reason="kills and locks of POSIX")


class Killed(BaseException):
    pass


@contextmanager
def ends_at(at: int, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> Iterator[list[str]]:
    """From the call numbered `at` on nothing is done any more, as after a kill; of a write half is. With `code` only that one fails."""
    calls: list[str] = []
    left: set[int] = set()

    def opened(really: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            left.add(fd := really(*args, **more))
            return fd

        return call

    def closed(fd: int) -> None:
        left.discard(fd)
        close(fd)

    def wrapped(name: str, really: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if name == "open" and not args[1] & (os.O_CREAT | os.O_RDWR | os.O_WRONLY):
                return really(*args, **more)
            number = len(calls)
            calls.append(name)
            if number < at or (code and number > at):
                return really(*args, **more)
            if name == "write" and number == at:
                really(args[0], bytes(args[1])[:len(args[1]) // 2])
            if code:
                raise OSError(code, os.strerror(code))
            raise Killed

        return call

    close = os.close
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opened(os.open))
        patch.setattr(os, "close", closed)
        for name in NAMES:
            patch.setattr(os, name, wrapped(name, getattr(os, name)))
        yield calls
    for fd in left:                     # what a process leaves open is closed when it ends, and its locks are gone
        close(fd)


def change(path: Path, nbytes: int = len(OLD), *writes: Write) -> FileChange:
    stamp = stamp_of(path)
    assert stamp is not None
    return FileChange(path.name, stamp, nbytes, writes)


def made(path: Path, changes: list[FileChange], check: Callable[[], None] = lambda: None) -> list[str]:
    with atomic.Staging(str(path.parent), path.name) as staging:
        staging.overwrite(changes, check)
        return staging.notes


CHANGES = {"grows": (len(OLD) + 5000, Write(len(OLD), b"n" * 5000), Write(10, b"x" * 700), Write(9000, bytes(240))),
           "shrinks": (9000, Write(0, b"s" * 9000)), "stays": (len(OLD), Write(4, b"same length"))}


def wanted(kind: str) -> bytes:
    nbytes, *writes = CHANGES[kind]
    data = bytearray(OLD.ljust(nbytes, b"\0"))
    for offset, new in writes:
        data[offset:offset + len(new)] = new
    return bytes(data[:nbytes])


@pytest.mark.parametrize("kind", CHANGES)
def test_that_a_kill_at_any_call_is_taken_back_by_whoever_saves_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    at, ended = 0, []
    while True:
        path = tmp_path / "a.bin"
        path.write_bytes(OLD)
        before = os.stat(path).st_mtime_ns
        with ends_at(at, monkeypatch) as calls:
            try:
                made(path, [change(path, *CHANGES[kind])])
                done = True
            except Killed:
                done = False
        there = core.recover(path)
        assert path.read_bytes() == (OLD if there else wanted(kind)) or (not there and path.read_bytes() == OLD), calls
        assert not done or path.read_bytes() == wanted(kind)
        assert not there or os.stat(path).st_mtime_ns == before
        ended.append(path.read_bytes() == OLD)
        made(path, [])
        assert samples.left(tmp_path) == []
        if done:
            break
        at += 1
    assert {"open", "write", "fsync", "unlink"} <= set(calls)
    assert set(ended) == {True, False}
    assert ended == sorted(ended, reverse=True)         # from the call that ends the journal on it is the new file


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_that_a_call_that_fails_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, code: int) -> None:
    at, failed = 0, 0
    while True:
        path = tmp_path / "a.bin"
        path.write_bytes(OLD)
        with ends_at(at, monkeypatch, code) as calls:
            try:
                made(path, [change(path, *CHANGES[kind])])
                done = True
            except OSError:
                done = False
        assert path.read_bytes() == (wanted(kind) if done else OLD), calls
        failed += not done
        made(path, [])
        assert samples.left(tmp_path) == []
        if len(calls) <= at:
            break
        at += 1
    assert failed > 4


@pytest.mark.parametrize("at_recovery", range(8))
def test_that_a_kill_while_it_is_taken_back_is_taken_back_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_recovery: int) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(OLD)
    with ends_at(9, monkeypatch), pytest.raises(Killed):
        made(path, [change(path, *CHANGES["grows"])])
    assert path.read_bytes() != OLD
    with ends_at(at_recovery, monkeypatch), contextlib.suppress(Killed):
        core.recover(path)
    core.recover(path)
    assert path.read_bytes() == OLD
    assert not os.path.lexists(beside(str(path), UNDO))


def interrupted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves a file half changed: its end is written, half of the rest is."""
    path.write_bytes(OLD)
    with ends_at(7, monkeypatch), pytest.raises(Killed):
        made(path, [change(path, *CHANGES["grows"])])
    assert os.path.lexists(beside(str(path), UNDO))


def test_that_several_files_are_changed_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    at = 0
    while True:
        one.write_bytes(OLD)
        two.write_bytes(OLD)
        with ends_at(at, monkeypatch):
            try:
                made(two, [change(one, *CHANGES["stays"]), change(two, *CHANGES["shrinks"])])
                break
            except Killed:
                pass
        core.recover(two)
        assert (one.read_bytes(), two.read_bytes()) in ((OLD, OLD), (wanted("stays"), wanted("shrinks")))
        at += 1
    assert at > 8


def test_that_a_check_that_fails_takes_it_back(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(OLD)

    def check() -> None:
        assert path.read_bytes() == wanted("grows")
        raise core.SaveError("it is not as it should be", "")

    with pytest.raises(core.SaveError, match="as it should"):
        made(path, [change(path, *CHANGES["grows"])], check)
    assert path.read_bytes() == OLD
    assert samples.left(tmp_path) == []


def test_that_nothing_is_taken_back_from_a_file_that_somebody_else_wrote_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    interrupted(path, monkeypatch)
    theirs = bytearray(path.read_bytes())
    theirs[300] ^= 0xFF                          # where the change was to write
    path.write_bytes(theirs)
    assert not core.recover(path)
    assert path.read_bytes() == theirs
    interrupted(path, monkeypatch)
    (tmp_path / "other").write_bytes(b"another file")
    os.replace(tmp_path / "other", path)
    assert not core.recover(path)
    assert path.read_bytes() == b"another file"
    assert samples.left(tmp_path) == []


def test_that_a_journal_that_was_planted_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    interrupted(path, monkeypatch)
    undo = Path(beside(str(path), UNDO))
    data = undo.read_bytes()
    path.write_bytes(b"precious" * 1000)
    for said in (data, data.replace(b'"inode": ', b'"inode": 1'), data[:-40], b"", b"{}\n", b"\xff" * 50):
        undo.write_bytes(said)
        core.recover(path)
        assert path.read_bytes() == b"precious" * 1000
    other = json.loads(data.partition(b"\n")[0])
    head = json.dumps({**other, "by": "0@elsewhere"}).encode() + b"\n"
    body = head + data.partition(b"\n")[2][:-9]
    undo.write_bytes(body + b"%08x\n" % overwrite.crc32(body))
    core.recover(path)
    assert path.read_bytes() == b"precious" * 1000
    assert undo.exists()                         # another machine may come back for it
    with pytest.raises(core.SaveError, match="another machine") as caught:
        made(path, [change(path, len(OLD), Write(0, b"x"))])
    assert caught.value.id == "in-place"
    assert undo.exists()


@pytest.mark.parametrize("said", [
    {"size": 0, "parts": []},                                           # cuts all of it off
    {"size": 1000, "parts": [[2000, 0, 6000]]},                         # … most of it, and knows the rest
    {"size": 1 << 50, "nbytes": 0, "parts": []},                        # fills it up
    {"size": 1 << 70, "nbytes": 0, "parts": []},
    {"parts": [[1 << 70, 0, 0]]},
    {"parts": [[9000, 0, 0]]},
    {"size": -1, "parts": []},
    {"parts": [[0.5, 0, 6000]]}, {"parts": [[True, 0, 6000]]}, {"name": "a\0b", "parts": []}, {"name": "\ud800", "parts": []},
], ids=json.dumps)
def test_that_a_journal_changes_no_byte_that_it_does_not_know(tmp_path: Path, said: dict[str, Any]) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"precious" * 1000)
    found = path.stat()
    file = {"name": path.name, "inode": found.st_ino, "device": found.st_dev, "size": 8000, "mtime_ns": 0, "nbytes": 8000, **said}
    body = json.dumps({"by": this_machine.lasting_writer(), "boot": this_machine.boot(), "files": [file]}).encode() + b"\n"
    body += (b"precious" * 1000)[2000:] * bool(said["parts"] and said["parts"][0][2])
    Path(beside(str(path), UNDO)).write_bytes(body + b"%08x\n" % overwrite.crc32(body))
    assert not core.recover(path)
    assert path.read_bytes() == b"precious" * 1000


@posix
def test_that_a_journal_that_is_a_link_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    interrupted(path, monkeypatch)
    half = path.read_bytes()
    undo = Path(beside(str(path), UNDO))
    undo.rename(tmp_path / "elsewhere")
    undo.symlink_to("elsewhere")
    assert not core.recover(path)
    assert path.read_bytes() == half


@posix
def test_that_a_power_failure_in_any_order_of_pages_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    new = wanted("grows")
    for keep in range(0, len(new), 1700):
        interrupted(path, monkeypatch)
        lost = bytearray(new)                    # one page never reached the disk: old bytes there, or a hole
        lost[keep:keep + 900] = OLD[keep:keep + 900].ljust(len(lost[keep:keep + 900]), b"\0")
        inode = os.stat(path).st_ino
        path.write_bytes(lost)
        assert os.stat(path).st_ino == inode
        monkeypatch.setattr(this_machine, "boot", lambda: "another start")
        assert core.recover(path)
        monkeypatch.undo()
        assert path.read_bytes() == OLD


@posix
@pytest.mark.parametrize("lock", ["flock", "lockf"])
def test_that_a_lock_of_another_program_is_respected(tmp_path: Path, lock: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(OLD)
    holder = subprocess.Popen([sys.executable, "-c", textwrap.dedent(f"""
        import fcntl, sys
        file = open({str(path)!r}, "r+b")
        fcntl.{lock}(file, fcntl.LOCK_EX)
        print("locked", flush=True)
        sys.stdin.read()
        """)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(core.SaveError, match="lock") as caught:
            made(path, [change(path, *CHANGES["grows"])])
        assert caught.value.id == "in-place"
        assert path.read_bytes() == OLD
    finally:
        holder.communicate()
    made(path, [change(path, *CHANGES["grows"])])
    assert path.read_bytes() == wanted("grows")


@posix
def test_that_who_is_at_it_is_not_disturbed(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(OLD)
    seen = []

    def check() -> None:
        seen.append(core.recover(path))
        with pytest.raises(core.SaveError) as caught:
            made(path, [])
        assert caught.value.id == "busy"

    made(path, [change(path, *CHANGES["grows"])], check)
    assert seen == [False]
    assert path.read_bytes() == wanted("grows")


@posix
@pytest.mark.parametrize("at", [3, 5, 7, 8, 10, 12])
def test_that_a_killed_process_is_taken_back(tmp_path: Path, at: int) -> None:
    path = samples_file(tmp_path)
    old = path.read_bytes()
    child = textwrap.dedent(f"""
        import os, signal, sys
        from inspector import core
        calls = []
        def wrapped(really):
            def call(*args, **more):
                calls.append(really)
                if len(calls) == {at}:
                    os.kill(os.getpid(), signal.SIGKILL)
                return really(*args, **more)
            return call
        edited = core.edit(core.open({str(path)!r}), [core.StripPrefix("module.")])
        plan = core.plan_save(edited, {str(path)!r}, in_place=True)
        for name in ("write", "fsync", "ftruncate", "unlink"):
            setattr(os, name, wrapped(getattr(os, name)))
        core.save(plan)
        """)
    done = subprocess.run([sys.executable, "-c", child], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode in (0, -9)
    took_back = core.recover(path)
    key = next(iter(core.open(path).tensors))
    assert path.read_bytes() == old if took_back else key.startswith("module.") is (path.read_bytes() == old)
    assert [name for name in samples.left(tmp_path) if name.endswith(UNDO)] == []


def samples_file(folder: Path) -> Path:
    samples.saved(folder / "a.pth", samples.plain_state(3, 200))
    return folder / "a.pth"
