"""The one writer of everything that is no checkpoint: whole or not at all, with the permissions that the old file had."""
from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector import core
from inspector.core.io import new_files
from inspector.core.io.new_files import replace_file, write_all, write_whole

on_posix = pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")


@pytest.fixture
def umask() -> Iterator[None]:
    """A mask of 022 whatever the one outside is."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def only(folder: Path, *names: str) -> bool:
    return sorted(os.listdir(folder)) == sorted(names)


@pytest.mark.parametrize("data", [b"", b"new", [b"ne", b"", b"w"], iter([b"x" * 700_000] * 5)])
def test_that_pieces_and_whole_data_are_written(tmp_path: Path, data: bytes | list[bytes] | Iterator[bytes]) -> None:
    wanted = data if isinstance(data, bytes) else b"".join(data) if isinstance(data, list) else b"x" * 3_500_000
    replace_file(str(tmp_path / "a"), data)
    assert (tmp_path / "a").read_bytes() == wanted
    assert only(tmp_path, "a")


@on_posix
@pytest.mark.parametrize(("mask", "wanted"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0, 0o666)])
def test_that_a_new_file_heeds_the_umask(tmp_path: Path, umask: None, mask: int, wanted: int) -> None:
    os.umask(mask)
    replace_file(str(tmp_path / "a"), b"x")
    assert mode(tmp_path / "a") == wanted
    assert os.umask(0o022) == mask


@on_posix
@pytest.mark.parametrize("kept", [0o600, 0o640, 0o664, 0o755, 0o200])
def test_that_an_old_file_keeps_its_permissions(tmp_path: Path, umask: None, kept: int) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(kept)
    replace_file(str(tmp_path / "a"), b"new")
    assert mode(tmp_path / "a") == kept
    (tmp_path / "a").chmod(0o600)
    assert (tmp_path / "a").read_bytes() == b"new"


@on_posix
def test_that_what_is_private_is_its_owners_only(tmp_path: Path, umask: None) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o666)
    replace_file(str(tmp_path / "a"), b"new", private=True)
    assert mode(tmp_path / "a") == 0o600


@on_posix
def test_that_a_file_without_permission_to_write_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o444)
    with pytest.raises(core.SaveError, match="read-only"):
        write_whole(str(tmp_path / "a"), b"new", "recipe")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert only(tmp_path, "a")


@on_posix
def test_that_until_it_is_whole_a_file_is_its_owners_only_and_called_otherwise(tmp_path: Path, umask: None) -> None:
    (tmp_path / "a").write_bytes(b"old")
    seen = []

    def pieces() -> Iterator[bytes]:
        yield b"n" * (2 << 20)
        (beside,) = [path for path in tmp_path.iterdir() if path.name != "a"]
        seen.append((mode(beside), (tmp_path / "a").read_bytes()))
        yield b"ew"

    replace_file(str(tmp_path / "a"), pieces())
    assert seen == [(0o600, b"old")]
    assert mode(tmp_path / "a") == 0o644


@on_posix
def test_that_links_are_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(b"old")
    (tmp_path / "real" / "a").chmod(0o600)
    (tmp_path / "link").symlink_to("real/a")
    (tmp_path / "chain").symlink_to("link")
    (tmp_path / "to-be").symlink_to("real/b")
    for name in ("chain", "to-be"):
        replace_file(str(tmp_path / name), name.encode())
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "real" / "a").read_bytes() == b"chain"
    assert mode(tmp_path / "real" / "a") == 0o600
    assert (tmp_path / "real" / "b").read_bytes() == b"to-be"
    assert only(tmp_path / "real", "a", "b")


@on_posix
@pytest.mark.parametrize("what", ["folder", "circle", "missing folder", "file as folder", "null", "nothing", "long"])
def test_that_what_cannot_be_written_is_told_in_one_line(tmp_path: Path, what: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").write_bytes(b"")
    path = {"folder": str(tmp_path / "folder"), "circle": str(tmp_path / "circle"), "missing folder": str(tmp_path / "no" / "a"),
            "file as folder": str(tmp_path / "file" / "a"), "null": "a\0b", "nothing": "", "long": str(tmp_path / ("a" * 300))}[what]
    with pytest.raises(core.SaveError, match="the recipe cannot be written") as told:
        write_whole(path, b"x", "recipe")
    assert "\n" not in str(told.value)
    assert told.value.hint
    assert only(tmp_path, "folder", "circle", "file")


@on_posix
def test_that_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    replace_file(str(tmp_path / "pipe"), [b"a", b"b"])
    reader.join(10)
    assert got == [b"ab"]
    assert only(tmp_path, "pipe")
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_that_a_full_disk_leaves_the_old_file_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, there: bool) -> None:
    if there:
        (tmp_path / "a").write_bytes(b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, step, full)
        with pytest.raises(core.SaveError, match="No space left") as told:
            write_whole(str(tmp_path / "a"), b"new", "page")
    assert "room" in told.value.hint
    assert only(tmp_path, *(["a"] if there else []))
    if there:
        assert (tmp_path / "a").read_bytes() == b"old"


def test_that_a_disk_that_takes_a_few_bytes_at_a_time_gets_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: really(fd, bytes(data[:3])))
    replace_file(str(tmp_path / "a"), b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_that_a_disk_that_takes_nothing_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda fd, data: 0)
    with pytest.raises(OSError, match="No space left"):
        write_all(1, b"x")


@pytest.mark.parametrize("stop", [core.Cancelled(), core.BadTensor("its bytes are gone"), KeyboardInterrupt()])
def test_that_pieces_which_break_off_leave_the_old_file(tmp_path: Path, stop: BaseException) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise stop

    with pytest.raises(type(stop)):
        write_whole(str(tmp_path / "a"), pieces(), "table")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert only(tmp_path, "a")


def test_that_of_many_writers_at_once_one_is_there_whole(tmp_path: Path) -> None:
    texts = [bytes([65 + n]) * (100_000 + n) for n in range(12)]
    start = threading.Barrier(len(texts))
    failed = []

    def write(text: bytes) -> None:
        start.wait()
        try:
            for _ in range(5):
                replace_file(str(tmp_path / "a"), text)
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if (tmp_path / "a").exists():
            assert (tmp_path / "a").read_bytes() in texts
    assert not failed
    assert only(tmp_path, "a")


@on_posix
def test_that_many_writers_at_once_leave_the_umask_as_it_is(umask: None) -> None:
    threads = [threading.Thread(target=lambda: [new_files.mode_of_new_files() for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.umask(0o022) == 0o022


def test_that_a_file_system_without_permissions_and_owners_is_borne(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "not permitted")

    (tmp_path / "a").write_bytes(b"old")
    for call in ("chmod", "chown"):
        monkeypatch.setattr(os, call, refuse, raising=False)
    replace_file(str(tmp_path / "a"), b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_that_a_target_held_open_on_windows_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "old").write_bytes(b"old")
    really, tries = os.replace, []

    def replace(new: str, old: str) -> None:
        tries.append(new)
        if len(tries) < 3:
            raise PermissionError(13, "being used by another process")
        really(new, old)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(new_files, "_WAITS", True)
    new_files.put_in_place(str(tmp_path / "new"), str(tmp_path / "old"))
    assert (tmp_path / "old").read_bytes() == b"new"
    tries.clear()
    (tmp_path / "new").write_bytes(b"new")
    monkeypatch.setattr(new_files, "_PATIENCE", -1.0)
    with pytest.raises(PermissionError):
        new_files.put_in_place(str(tmp_path / "new"), str(tmp_path / "old"))
    assert (tmp_path / "new").exists()


@pytest.mark.parametrize("path", ["a\0b.pth", "\ud800.pth", ""])
def test_that_a_path_no_file_can_have_is_a_file_that_is_not_there(path: str, tmp_path: Path) -> None:
    for use in (core.open, core.check, core.read_numpy, core.contract):
        with pytest.raises(core.ReadError):
            use(path, *(["w"] if use is core.read_numpy else []))  # type: ignore[operator]
    assert not core.recover(path)
    assert not new_files.is_interrupted(path)
