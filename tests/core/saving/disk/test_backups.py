"""A file that is replaced and kept: whole, under a name that was free, never in the place of an earlier one."""
from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from inspector import core
from inspector.core.saving.disk import atomic, backups


@pytest.fixture
def path(tmp_path: Path) -> Path:
    core.save({"w": np.arange(6, dtype=np.float32)}, tmp_path / "a.pth")
    return tmp_path / "a.pth"


def replaced(path: Path, value: float = 1) -> core.SaveReport:
    return core.save({"w": np.full(6, value, np.float32)}, path, backup=True)


def value_of(path: Path) -> list[float]:
    return [float(one) for one in core.read_numpy(path, "w")[:2]]


def test_that_the_old_file_is_kept_byte_for_byte_under_the_next_free_name(path: Path) -> None:
    before, mode = path.read_bytes(), os.stat(path).st_mode
    first, second = replaced(path, 1), replaced(path, 2)
    assert [Path(one.backup).name for one in (first, second)] == ["a.pth.bak", "a.pth.bak2"]
    assert Path(first.backup).read_bytes() == before
    assert os.stat(first.backup).st_mode == mode
    assert [value_of(one) for one in (Path(first.backup), Path(second.backup), path)] == [[0, 1], [1, 1], [2, 2]]
    assert sorted(os.listdir(path.parent)) == ["a.pth", "a.pth.bak", "a.pth.bak2"]


def test_that_it_is_said_before_and_nothing_is_kept_where_nothing_is_replaced(path: Path) -> None:
    plan = core.plan_save({"w": np.ones(3)}, path, backup=True)
    assert (plan.backup, plan.keeps) == ("a.pth.bak", True)
    assert not core.plan_save({"w": np.ones(3)}, path).keeps
    assert "The old file is kept as a.pth.bak." in plan.notes
    new = core.save({"w": np.ones(3)}, path.parent / "new.pth", backup=True)
    assert new.backup == ""
    assert not list(path.parent.glob("new.pth.*"))
    assert core.save({"w": np.ones(3)}, path).backup == ""
    assert not list(path.parent.glob("*.bak*"))


def test_that_a_name_that_is_taken_meanwhile_is_left_alone(path: Path) -> None:
    plan = core.plan_save({"w": np.ones(6, np.float32)}, path, backup=True)
    (path.parent / "a.pth.bak").write_bytes(b"somebody else's")
    report = core.save(plan)
    assert (path.parent / "a.pth.bak").read_bytes() == b"somebody else's"
    assert report.backup == str(path.parent / "a.pth.bak2")
    assert any("a.pth.bak2" in note for note in report.notes)
    assert value_of(Path(report.backup)) == [0, 1]


def test_that_where_files_have_one_name_only_a_copy_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*names: object, **more: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_links)
    before, mode = path.read_bytes(), os.stat(path).st_mode
    report = replaced(path)
    assert Path(report.backup).read_bytes() == before
    assert os.stat(report.backup).st_mode == mode
    assert value_of(path) == [1, 1]
    assert sorted(os.listdir(path.parent)) == ["a.pth", "a.pth.bak"]


@pytest.mark.parametrize("links", [True, False])
def test_that_a_save_that_fails_at_the_last_step_leaves_no_backup(path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def fails(*names: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    if not links:
        monkeypatch.setattr(os, "link", lambda *names: (_ for _ in ()).throw(OSError(errno.EPERM, "no links")))
    before = path.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(atomic, "put_in_place", fails)
        with pytest.raises(core.SaveError):
            replaced(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["a.pth"]


def test_that_a_backup_of_a_set_is_its_index_and_the_files_that_it_names(tmp_path: Path) -> None:
    core.save({"a": np.ones(50), "b": np.zeros(50)}, tmp_path / "set", shard_size=500)
    first = {name: (tmp_path / "set" / name).read_bytes() for name in os.listdir(tmp_path / "set")}
    report = core.save({"a": np.full(50, 2.0), "b": np.zeros(50)}, tmp_path / "set", shard_size=500, backup=True)
    assert Path(report.backup).name == "model.safetensors.index.json.bak"
    now = {name: (tmp_path / "set" / name).read_bytes() for name in os.listdir(tmp_path / "set")}
    assert now.pop("model.safetensors.index.json.bak") == first["model.safetensors.index.json"]
    assert {name: now[name] for name in first if name != "model.safetensors.index.json"} == {
        name: data for name, data in first.items() if name != "model.safetensors.index.json"}
    assert float(core.read_numpy(tmp_path / "set", "a")[0]) == 2
    os.replace(report.backup, tmp_path / "set" / "model.safetensors.index.json")
    assert float(core.read_numpy(tmp_path / "set", "a")[0]) == 1


def test_that_nothing_can_be_kept_of_a_change_in_place(path: Path) -> None:
    with pytest.raises(core.UsageError, match="in place"):
        core.plan_save(path, path, in_place=True, backup=True)


def test_that_other_names_of_a_file_count_unless_they_are_backups_of_it(path: Path) -> None:
    os.link(path, path.parent / "a.pth.bak")
    assert backups.names_that_are_backups(str(path), os.stat(path)) == 1
    assert Path(replaced(path).backup).name == "a.pth.bak2"         # whoever made that name wants what it has
    os.link(path, path.parent / "other.pth")
    with pytest.raises(core.SaveError, match="2 names") as refused:
        replaced(path)
    assert refused.value.id == "break-hard-links"


@pytest.mark.parametrize(("name", "is_one"), [("a.pth.bak", True), ("a.pth.bak2", True), ("a.pth.bakx", False), ("b.pth.bak", False),
                                              ("aXpth.bak", False)])
def test_that_only_names_that_are_given_are_known_as_backups(name: str, is_one: bool) -> None:
    assert backups.is_backup_of(name, "a.pth") is is_one


def test_that_a_name_that_is_taken_while_it_is_copied_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    theirs = path.parent / "a.pth.bak"

    asked = []

    def no_links(*names: object, **_: object) -> None:
        asked.append(names)
        raise OSError(errno.EPERM, "no links here")

    def keep_attributes(*_: object) -> list[str]:           # the last step of copying, which comes after a link was refused
        if asked:
            theirs.write_bytes(b"somebody else's")
        return []

    monkeypatch.setattr(atomic.os, "link", no_links)
    monkeypatch.setattr(atomic, "keep_attributes", keep_attributes)
    with pytest.raises(core.SaveError):
        replaced(path)
    assert (theirs.read_bytes(), path.read_bytes()) == (b"somebody else's", before)
    assert sorted(os.listdir(path.parent)) == ["a.pth", "a.pth.bak"]
