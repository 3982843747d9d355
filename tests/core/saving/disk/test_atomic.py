"""Old file or new file: under faults of the system, kills, cancels, and others who save at the same time."""
from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inspector import core
from inspector.core.io import this_machine
from inspector.core.saving import verify, writing
from inspector.core.saving.disk import atomic, journal
from tests.core.saving import samples

ROOT = Path(__file__).resolve().parents[4]
posix = pytest.mark.skipif(sys.platform == "win32", reason="kills and limits of POSIX")


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    (tmp_path / "in").mkdir()
    return samples.saved(tmp_path / "in" / "a.pth", samples.plain_state(5, 20_000))


class Faults:
    """Every call that changes something, counted; the one numbered `at` fails. Reading is left alone."""

    NAMES = ("open", "write", "copy_file_range", "fsync", "close", "replace", "chmod", "ftruncate", "unlink")

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int, at: int = -1, only: str = "") -> None:
        self.calls: list[str] = []
        self.failed = ""
        self._ours: set[int] = set()
        self._code, self._at, self._only = code, at, only
        self._guard = threading.Lock()
        for name in self.NAMES:
            if hasattr(os, name):
                monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name: str, really: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if not self._changes(name, args):
                return really(*args, **more)
            with self._guard:
                number = len(self.calls)
                self.calls.append(name)
                fails = number == self._at and (not self._only or name == self._only)
            if fails:
                self.failed = name
                if name == "close":
                    really(*args, **more)
                raise OSError(self._code, os.strerror(self._code))
            found = really(*args, **more)
            if name == "open":
                self._ours.add(found)
            if name == "close":
                self._ours.discard(args[0])
            return found

        return call

    def _changes(self, name: str, args: tuple[Any, ...]) -> bool:
        if name == "open":
            return bool(args[1] & os.O_CREAT) or bool(args[1] & getattr(os, "O_DIRECTORY", 0))
        if name == "copy_file_range":
            return args[1] in self._ours
        return name in ("replace", "chmod", "unlink") or args[0] in self._ours


def readable(path: Path, allowed: list[dict[str, Any]]) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    assert samples.digests(core.open(path)) in allowed


def test_that_whatever_call_fails_the_old_file_stays_and_nothing_is_left(ckpt: core.Checkpoint, tmp_path: Path,
                                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "t.pth"
    old = samples.digests(samples.saved(target, {"old": torch.arange(9)}))
    new = samples.digests(ckpt)
    with monkeypatch.context() as counting:
        calls = Faults(counting, 0)
        core.save(ckpt, tmp_path / "count.pth")
    assert {"open", "write", "fsync", "close", "replace", "chmod"} <= set(calls.calls)
    for at, code in enumerate(_codes(len(calls.calls) + 2)):
        with monkeypatch.context() as failing:
            faults = Faults(failing, code, at)
            try:
                report: core.SaveReport | None = core.save(ckpt, target)
            except core.SaveError:
                report = None
        readable(target, [new] if report else [old])
        stays = faults.failed == "unlink"       # what cannot be deleted is listed in the lock file for the next save
        assert stays or samples.left(tmp_path) == [], faults.failed
        samples.saved(target, {"old": torch.arange(9)})
        core.save(ckpt, target)
        assert samples.left(tmp_path) == []
        old = samples.digests(samples.saved(target, {"old": torch.arange(9)}))


def _codes(count: int) -> Iterator[int]:
    kinds = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG, errno.EPERM)
    for n in range(count):
        yield kinds[n % len(kinds)]


def test_that_a_folder_that_cannot_be_synced_afterwards_is_told(ckpt: core.Checkpoint, tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(atomic, "sync_folder", refuse)
    report = core.save(ckpt, tmp_path / "b.pth")
    assert any("power failure" in note for note in report.notes)
    readable(tmp_path / "b.pth", [samples.digests(ckpt)])


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.ENOTTY])
def test_that_file_systems_without_folder_sync_are_borne(ckpt: core.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                              code: int) -> None:
    really = os.fsync

    def sync(fd: int) -> None:
        import stat
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(code, os.strerror(code))
        really(fd)

    monkeypatch.setattr(os, "fsync", sync)
    assert core.save(ckpt, tmp_path / "b.pth").notes == ()


def test_that_a_file_system_without_modes_is_borne(ckpt: core.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "not permitted")

    monkeypatch.setattr(os, "chmod", refuse)
    assert any("permissions" in note for note in core.save(ckpt, tmp_path / "b.pth").notes)


def test_that_the_order_is_write_sync_rename_sync(ckpt: core.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    for name in ("write", "copy_file_range", "replace"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, _noting(steps, name, getattr(os, name)))
    really = os.fsync

    def sync(fd: int) -> None:
        import stat
        steps.append("fsync folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "fsync")
        really(fd)

    monkeypatch.setattr(os, "fsync", sync)
    core.save(ckpt, tmp_path / "b.pth")
    last_data = max(n for n, step in enumerate(steps) if step == "copy_file_range")
    assert steps.index("fsync", last_data) < steps.index("replace") < steps.index("fsync folder")


def _noting(steps: list[str], name: str, really: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        steps.append(name)
        return really(*args, **more)

    return call


def test_that_the_temporary_is_its_owners_alone_and_never_a_link(ckpt: core.Checkpoint, tmp_path: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def look(path: str, *rest: Any, **more: Any) -> core.Checkpoint:
        seen.append(os.lstat(path).st_mode & 0o777)
        return verify_read(path, *rest, **more)

    verify_read = verify.read_back
    monkeypatch.setattr(verify, "read_back", look)
    core.save(ckpt, tmp_path / "b.pth")
    assert seen == [0o600]
    monkeypatch.setattr(os, "urandom", lambda n: bytes(n))
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / ".~inspector-00000000").symlink_to("victim")
    with pytest.raises(core.SaveError):
        core.save(ckpt, tmp_path / "b.pth")
    assert (tmp_path / "victim").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["b.pth", "b.safetensors"])
@pytest.mark.parametrize("where", ["payload", "header"])
def test_that_a_flipped_bit_in_the_new_file_is_caught(ckpt: core.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str,
                                                          where: str) -> None:
    really = verify.read_back

    def flip(path: str, *rest: Any) -> core.Checkpoint:
        with open(path, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            at = random.Random(7).randrange(size // 2, size - 4000) if where == "payload" else size - 50 if name.endswith("h") else 30
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 4]))
        return really(path, *rest)

    monkeypatch.setattr(verify, "read_back", flip)
    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(core.SaveError) as caught:
        core.save(ckpt, tmp_path / name)
    assert caught.value.id == "verification"
    assert (tmp_path / name).read_bytes() == b"old"
    assert samples.left(tmp_path) == []


def changed(path: str, at: int) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 4]))


@pytest.mark.parametrize("name", ["b.pth", "b.safetensors"])
def test_that_the_disk_is_blamed_only_for_what_a_second_reading_shows(ckpt: core.Checkpoint, tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    really, changes = verify.read_back, iter(())

    def back(path: str, *rest: Any) -> core.Checkpoint:
        found = really(path, *rest)
        if next(changes, False):
            changed(path, os.path.getsize(path) * 3 // 5)
        return found

    def forget(source: Any, offset: int, nbytes: int) -> None:
        if next(changes, False):
            changed(source.stamp.path, os.path.getsize(source.stamp.path) * 3 // 5)

    monkeypatch.setattr(verify, "read_back", back)
    monkeypatch.setattr(verify.SourceFile, "forget", forget)
    for pattern, said, advice in (([True, False], "read twice", "on their way to the disk"),
                                  ([True, True], "others each time", "is failing")):
        changes = iter(pattern)
        with pytest.raises(core.SaveError, match=said) as caught:
            core.save(ckpt, tmp_path / name)
        assert caught.value.id == "verification"
        assert advice in caught.value.hint
        assert not (tmp_path / name).exists()


def test_that_a_mistake_of_ours_is_not_the_disk_s_fault(ckpt: core.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "same_sharing", lambda *_: (_ for _ in ()).throw(verify.Mismatch("x", "x shares its memory with others")))
    with pytest.raises(core.SaveError, match="shares its memory") as caught:
        core.save(ckpt, tmp_path / "b.pth")
    assert "report it" in caught.value.hint
    assert "disk" not in caught.value.hint


def test_that_every_flipped_byte_of_a_small_file_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = samples.saved(tmp_path / "a.pth", {"x": torch.arange(5), "y": torch.ones(2)})
    core.save(small, tmp_path / "b.pth")
    good = (tmp_path / "b.pth").read_bytes()
    really = verify.read_back
    flips = iter(range(0, len(good), 7))
    missed = []
    for at in flips:
        def flip(path: str, *rest: Any, at: int = at) -> core.Checkpoint:
            data = bytearray(good)
            data[at] ^= 0xFF
            Path(path).write_bytes(data)
            return really(path, *rest)

        monkeypatch.setattr(verify, "read_back", flip)
        try:
            core.save(small, tmp_path / "b.pth")
        except core.SaveError:
            continue
        missed.append(at)
    assert missed == []


@pytest.mark.parametrize("name", ["b.pth", "b.safetensors"])
def test_that_a_cancel_at_any_report_leaves_everything_as_it_was(ckpt: core.Checkpoint, tmp_path: Path, name: str) -> None:
    class Stop(core.Monitor):
        def __init__(self, at: int) -> None:
            self.at = at
            self.count = 0

        def report(self, done: int, total: int, what: str = "") -> None:
            self.check()

        def check(self) -> None:
            self.count += 1
            if self.count > self.at:
                raise core.Cancelled

    (tmp_path / name).write_bytes(b"old")
    at = 0
    while True:
        try:
            core.save(ckpt, tmp_path / name, monitor=Stop(at))
        except core.Cancelled:
            assert (tmp_path / name).read_bytes() == b"old"
            assert samples.left(tmp_path) == []
            at += 1
        else:
            break
    assert at > 5
    assert samples.digests(core.open(tmp_path / name)) == samples.digests(ckpt)


@posix
@pytest.mark.parametrize("name", ["b.pth", "b.safetensors"])
def test_that_a_full_disk_leaves_the_old_file_and_says_how_much_is_needed(ckpt: core.Checkpoint, tmp_path: Path, name: str) -> None:
    import resource
    (tmp_path / name).write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (100, 70_000, 1_000_000, 2_800_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(core.SaveError, match="bytes are needed") as caught:
                core.save(ckpt, tmp_path / name)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert caught.value.id == "disk-full"
        assert (tmp_path / name).read_bytes() == b"old"
        assert samples.left(tmp_path) == []


def test_that_too_little_room_is_told_before_a_byte_is_written(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    from dataclasses import replace
    plan = replace(core.plan_save(ckpt, tmp_path / "b.pth"), free=1000)
    with pytest.raises(core.SaveError, match="1,000 were free") as caught:
        core.save(plan)
    assert caught.value.id == "disk-full"


@posix
def test_that_two_saves_at_once_are_kept_apart(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    with atomic.Staging(str(tmp_path), "b.pth"):
        with pytest.raises(core.SaveError) as caught:
            core.save(ckpt, tmp_path / "b.pth")
        assert caught.value.id == "busy"
        core.save(ckpt, tmp_path / "c.pth")
    core.save(ckpt, tmp_path / "b.pth")
    assert samples.left(tmp_path) == []


def test_that_a_save_during_a_save_is_refused(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    told: list[str] = []

    class Again(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            if what == "writing" and not told:
                try:
                    core.save(ckpt, tmp_path / "b.pth")
                except core.SaveError as error:
                    told.append(error.id)

    core.save(ckpt, tmp_path / "b.pth", monitor=Again())
    assert told == ["busy"]
    assert samples.digests(core.open(tmp_path / "b.pth")) == samples.digests(ckpt)


def line(folder: Path, made: list[str], sets: list[str], by: str | None = None, **other: int) -> bytes:
    """A line of a journal as a save writes it, about files as they are now; `other` is what is told otherwise."""
    def told(name: str) -> Any:
        one = journal.identity(str(folder / name))
        return None if one is None else list(one._replace(**other))
    return json.dumps({"by": by or this_machine.writer(), "made": {name: told(name) for name in made},
                       "sets": {name: told(name) for name in sets}}).encode() + b"\n"


def test_that_only_what_a_journal_of_ours_lists_is_deleted(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_bytes(b"years of work")
    (tmp_path / ".~inspector-deadbeef").write_bytes(b"another save's")
    (tmp_path / ".~inspector-0badcafe").write_bytes(b"ours")
    lock = tmp_path / atomic.lock_name("b.pth")
    lock.write_bytes(line(tmp_path, [".~inspector-0badcafe", "../in/a.pth", "thesis.docx"], ["thesis.docx", "../in/a.pth", "b.pth"])
                     + b'{"made')
    core.save(ckpt, tmp_path / "b.pth")
    assert sorted(os.listdir(tmp_path)) == [".~inspector-deadbeef", "b.pth", "in", "thesis.docx"]
    assert (tmp_path / "in" / "a.pth").exists()
    for rubbish in ("{", "[]", "null", '{"made": 3}', "[" * 100_000, '{"by": {}, "made": [], "sets": 1}'):
        lock.write_text(rubbish)
        core.save(ckpt, tmp_path / "b.pth")
        assert (tmp_path / "thesis.docx").exists()


@pytest.fixture
def sharded(tmp_path: Path) -> core.Checkpoint:
    """A set of two files and its index, as it was downloaded."""
    folder = tmp_path / "model"
    core.save(samples.saved(tmp_path / "a.pth", samples.plain_state(4, 1000)), folder, format="safetensors-sharded", shard_size=60_000)
    return core.open(folder)


INDEX = "model.safetensors.index.json"


def shards(ckpt: core.Checkpoint) -> list[str]:
    return sorted(name for name in os.listdir(ckpt.path) if name.endswith(".safetensors"))


@pytest.mark.parametrize("forged", ["as before", "another machine", "another file", "another size", "later"])
@pytest.mark.parametrize("index", [True, False])
def test_that_a_lock_that_came_with_a_folder_deletes_nothing(sharded: core.Checkpoint, forged: str, index: bool) -> None:
    folder = Path(sharded.path)
    names = shards(sharded)
    if not index:
        (folder / INDEX).unlink()
    written = {"as before": json.dumps({"made": [], "sets": names}).encode() + b"\n",
               "another machine": line(folder, [], names, "0@somewhere"), "another file": line(folder, [], names, inode=1),
               "another size": line(folder, [], names, size=1), "later": line(folder, [], names, mtime_ns=1)}[forged]
    (folder / atomic.lock_name(INDEX)).write_bytes(written)
    with atomic.Staging(str(folder), INDEX):
        assert shards(sharded) == names


def test_that_what_a_killed_save_of_a_set_left_is_cleared_unless_it_is_read_or_named(sharded: core.Checkpoint) -> None:
    folder = Path(sharded.path)
    first, second = shards(sharded)
    written = line(folder, [], [first, second])
    (folder / INDEX).rename(folder / "other.index.json")            # another index names both
    lock = folder / atomic.lock_name(INDEX)
    lock.write_bytes(written)
    with atomic.Staging(str(folder), INDEX):
        assert shards(sharded) == [first, second]
    (folder / "other.index.json").unlink()
    lock.write_bytes(written)
    read = os.stat(folder / first)
    with atomic.Staging(str(folder), INDEX, {(read.st_dev, read.st_ino)}):
        assert shards(sharded) == [first]
    lock.write_bytes(line(folder, [], [first]))
    with atomic.Staging(str(folder), "model.safetensors"):          # no index: sets are none of its business
        assert shards(sharded) == [first]


@posix
def test_that_a_lock_that_is_another_files_name_is_not_written_to(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    lock = tmp_path / atomic.lock_name("b.pth")
    for make in (os.link, os.symlink):
        make(tmp_path / "diary.txt", lock)
        with pytest.raises(core.SaveError):
            core.save(ckpt, tmp_path / "b.pth")
        assert (tmp_path / "diary.txt").read_text() == "dear diary"
        lock.unlink()
    os.mkfifo(lock)
    with pytest.raises(core.SaveError):
        core.save(ckpt, tmp_path / "b.pth")


@pytest.mark.parametrize("detour", ["", "./", ".\\", "sub/../", "../here/", "../here/./"])
def test_that_files_that_another_index_names_stay_when_their_set_is_replaced(detour: str, sharded: core.Checkpoint, tmp_path: Path) -> None:
    folder = Path(sharded.path)
    names = shards(sharded)
    index = json.loads((folder / INDEX).read_text())
    kept = {key: detour.replace("here", folder.name) + name for key, name in index["weight_map"].items() if name == names[0]}
    (folder / "encoder.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": kept}))
    plan = core.plan_save(core.edit(sharded, [core.Cast("float16")]), folder, format="safetensors-sharded")
    assert plan.deletes == (names[1],)
    assert any(names[0] in note and "another index" in note for note in plan.notes)
    core.save(plan)
    assert names[0] in shards(sharded)
    assert names[1] not in shards(sharded)
    if "here" not in detour:        # which is refused: it could lead elsewhere once the folder is copied
        assert list(core.open(folder / "encoder.safetensors.index.json").tensors) == list(kept)


def test_that_a_set_whose_index_names_its_files_by_a_detour_is_replaced_whole(sharded: core.Checkpoint) -> None:
    folder = Path(sharded.path)
    names = shards(sharded)
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"] = {key: f"./{name}" for key, name in index["weight_map"].items()}
    (folder / INDEX).write_text(json.dumps(index))
    ckpt = core.open(folder)
    made = core.save(core.edit(ckpt, [core.Cast("float16")]), folder, format="safetensors-sharded")
    assert not set(names) & set(shards(sharded))
    again = core.open(made.path)
    assert {finding.id for finding in again.findings} == {"module-prefix"}
    assert list(again.tensors) == list(ckpt.tensors)


@posix
def test_that_a_file_that_another_index_names_by_a_link_stays(sharded: core.Checkpoint) -> None:
    folder = Path(sharded.path)
    first, second = shards(sharded)
    os.symlink(first, folder / "alias.safetensors")
    index = json.loads((folder / INDEX).read_text())
    kept = {key: "alias.safetensors" for key, name in index["weight_map"].items() if name == first}
    (folder / "encoder.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": kept}))
    plan = core.plan_save(core.edit(sharded, [core.Cast("float16")]), folder, format="safetensors-sharded")
    assert plan.deletes == (second,)
    core.save(plan)
    assert list(core.open(folder / "encoder.safetensors.index.json").tensors) == list(kept)


def test_that_a_file_of_the_set_that_could_not_be_read_stays(sharded: core.Checkpoint) -> None:
    folder = Path(sharded.path)
    first, second = shards(sharded)
    data = (folder / second).read_bytes()
    (folder / second).write_bytes(data[:len(data) // 2])
    ckpt = core.open(folder)
    assert any(second in finding.message or second in finding.where for finding in ckpt.findings)
    good = [key for key, info in ckpt.tensors.items() if not info.problem]
    plan = core.plan_save(core.edit(ckpt, [core.Keep("{" + ",".join(good) + "}")]), folder, format="safetensors-sharded")
    assert plan.deletes == (first,)
    core.save(plan, allow_loss=True)
    assert (folder / second).read_bytes() == data[:len(data) // 2]
    assert list(core.open(folder).tensors) == good


CHILD = """
import sys
from inspector import core
paths, target, options = sys.argv[1:3], sys.argv[3], {"shard_size": "200kB"} if sys.argv[4] == "set" else {}
made = [core.open(path) for path in paths]
core.save(made[0], target, **options)
print("go", flush=True)
n = 0
while True:
    n += 1
    core.save(made[n % 2], target, **options)
"""


def killed(sources: list[Path], target: Path, kind: str, after: float) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, *map(str, sources), str(target), kind], stdout=subprocess.PIPE, cwd=ROOT)
    assert child.stdout is not None
    assert child.stdout.readline() == b"go\n"
    until = time.perf_counter() + after
    while time.perf_counter() < until:
        pass
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL


def sweep(tmp_path: Path, times: int, kind: str) -> None:
    sources = [tmp_path / "one.pth", tmp_path / "two.pth"]
    whole = [samples.digests(samples.saved(path, samples.plain_state(12, 4000))) for path in sources]
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "t.pth" if kind == "file" else tmp_path / "out"
    chance = random.Random(times)
    for _ in range(times):
        killed(sources, target, kind, chance.uniform(0, 0.12))
        found = core.open(target)
        assert samples.digests(found) in whole
        assert "missing-shard" not in {finding.id for finding in found.findings}
        core.save(core.open(sources[0]), target, **({} if kind == "file" else {"shard_size": "200kB"}))  # type: ignore[arg-type]
        assert samples.left(tmp_path / "out") == []
        wanted = {"t.pth"} if kind == "file" else {"model.safetensors.index.json", *(atomic.index_names(
            str(target / "model.safetensors.index.json")) or ())}
        assert set(os.listdir(tmp_path / "out")) == wanted


@posix
def test_that_a_killed_save_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    sweep(tmp_path, 5, "file")


@posix
def test_that_a_killed_save_of_a_set_leaves_the_old_or_the_new_set(tmp_path: Path) -> None:
    sweep(tmp_path, 4, "set")


@posix
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["file", "set"])
def test_that_two_hundred_killed_saves_leave_the_old_or_the_new_file(tmp_path: Path, kind: str) -> None:
    sweep(tmp_path, 200, kind)


@pytest.mark.slow
def test_that_torch_is_asked_when_it_is_wanted(tmp_path: Path) -> None:
    fine = samples.saved(tmp_path / "a.pth", samples.plain_state())
    for name, reader in (("b.pth", "torch.load"), ("b.safetensors", "safetensors")):
        report = core.save(fine, tmp_path / name, verify="torch")
        assert any(reader in note and "6 of 6 tensors compared, all equal" in note for note in report.notes)


def test_that_what_other_readers_say_decides(ckpt: core.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def differ(*_: object) -> str:
        raise core.errors.BadTensor("torch.load sees other values in the new file", where="x")  # type: ignore[attr-defined]

    monkeypatch.setattr(writing.torch_bridge, "read_by_others", differ)  # type: ignore[attr-defined]
    with pytest.raises(core.SaveError) as caught:
        core.save(ckpt, tmp_path / "b.pth", verify="torch")
    assert caught.value.id == "verification"
    assert not (tmp_path / "b.pth").exists()


def test_that_a_refused_save_leaves_the_shards_of_who_was_first(tmp_path: Path) -> None:
    """Both plan the same free names for their shards; the one that comes too late must not take the other's away."""
    def weights(value: float) -> dict[str, np.ndarray[Any, Any]]:
        return {f"w{n}": np.full(100, value + n) for n in range(6)}

    target = tmp_path / "set"
    core.save(weights(0), target, shard_size=1000)
    core.save(core.edit(core.open(target), [core.AddPrefix("m.")]), target, shard_size=1000)         # under names of the second kind
    made = [core.open(core.save(weights(n), tmp_path / f"{n}.safetensors").path) for n in (1, 2)]
    late, first = (core.plan_save(ckpt, target, format="safetensors-sharded", shard_size=1000) for ckpt in made)
    core.save(first)
    with pytest.raises(core.SaveError, match="changed"):
        core.save(late)
    there = core.open(target)
    assert [finding.id for finding in there.findings] == []
    assert there["w3"].numpy().tolist() == [5.0] * 100
    assert [path.name for path in target.iterdir() if path.name.startswith(".")] == []
