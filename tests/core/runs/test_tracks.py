"""What is measured of a run: held against torch, read once, kept, and never of a file that changed."""
from __future__ import annotations

import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.core import checks
from inspector.core.runs import columns, kept, tracks

from .conftest import Trained

Save = Callable[..., Path]
DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.complex64, torch.bool)


def norm(tensor: torch.Tensor) -> float:
    wide = tensor.abs().double() if tensor.is_complex() else tensor.double()
    return float(wide[wide.isfinite()].norm())


def test_that_norms_deviations_and_changes_are_those_of_torch(trained: Trained) -> None:
    found = core.measure_series(core.series(trained.folder))
    for name in trained.states[1]:
        points = found.track(f"model_state_dict.{name}").points
        for epoch in range(1, 13):
            now, point = trained.states[epoch][name].double(), points[epoch - 1]
            assert point is not None
            assert point.nan == int(now.isnan().sum())
            assert point.inf == int(now.isinf().sum())
            if now.isfinite().all():
                assert point.norm == pytest.approx(float(now.norm()), rel=1e-9)
                assert point.std == pytest.approx(float(now.std(correction=0)), rel=1e-9, abs=1e-300)
                if epoch > 1:
                    before = trained.states[epoch - 1][name].double()
                    assert point.change == pytest.approx(float((now - before).norm() / before.norm()), rel=1e-9)
                    assert point.same is bool((now == before).all())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_that_every_element_type_is_followed(tmp_path: Path, save: Save, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    states = [(torch.randn(70, 30) * 20).to(dtype) for _ in range(3)]
    for n, state in enumerate(states):
        save(f"{n}.pth", {"w": state, "x": torch.ones(2)})
    points = core.measure_series(core.series(tmp_path)).track("w").points
    for n, point in enumerate(points):
        assert point is not None
        assert point.norm == pytest.approx(norm(states[n]), rel=1e-6)
        if n:
            apart = (states[n].to(torch.complex128) - states[n - 1].to(torch.complex128)).abs()
            assert point.change == pytest.approx(float(apart.norm()) / norm(states[n - 1]), rel=1e-6)


def test_that_groups_are_the_norms_of_all_their_elements(trained: Trained) -> None:
    found = core.measure_series(core.series(trained.folder))
    groups = {group.name: group for group in found.groups()}
    assert list(groups) == ["backbone", "neck", "head"]
    def together(epoch: int) -> torch.Tensor:
        return torch.cat([tensor.double().ravel() for name, tensor in trained.states[epoch].items() if name.startswith("neck.")])
    point = groups["neck"].points[4]
    assert point is not None
    assert point.norm == pytest.approx(float(together(5).norm()))
    assert point.change == pytest.approx(float((together(5) - together(4)).norm() / together(4).norm()))
    assert groups["neck"].numel == together(5).numel()


def test_that_groups_are_put_together_once_and_with_the_sizes_of_the_first_checkpoint_that_has_each(
        save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    same = {f"b.{n}": torch.ones(2) for n in range(20)}
    states = [{"a.w": torch.ones(3), **same}, {"a.w": torch.ones(5), **same, "c.w": torch.ones(7)}]
    paths = [save(f"{n}.pth", {"model": state, "epoch": n}) for n, state in enumerate(states)]
    found = core.measure_series(core.series(paths))
    assert [(one.name, one.numel, one.reshaped) for one in found.groups()] == [("a", 3, 1), ("b", 40, -1), ("c", 7, -1)]
    monkeypatch.setattr(tracks, "_sum", None)           # what would add them up again
    assert found.groups() is found.groups(found.depth)
    assert found.largest_of("c") == "model.c.w"


def test_that_a_run_is_followed_without_the_cheap_checks(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", None)
    found = core.measure_series(core.series(trained.folder))
    assert len(found.columns) == 12
    assert None not in found.columns


def test_that_checkpoints_without_tensors_are_not_opened_for_them(tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    series = core.series([save(f"{n}.pth", {"epoch": n, "val_acc": n / 10}) for n in range(3)])
    opened: list[str] = []
    real = tracks.unchecked
    monkeypatch.setattr(tracks, "unchecked", lambda path, **more: opened.append(path) or real(path, **more))
    found = core.measure_series(series)
    assert [len(column.own.norm) for column in found.columns if column is not None] == [0, 0, 0]
    assert not opened


def test_that_a_checkpoint_is_opened_once_and_held_until_it_is_read_while_there_is_room(
        tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.core.runs.series._HELD", 5)
    paths = [str(save(f"{n}.pth", {"epoch": n, "w": torch.full((3,), n + 1.), "b": torch.ones(2)})) for n in range(4)]
    series = core.series(paths)
    assert list(series.opened) == paths[:2]
    opened: list[str] = []
    real = tracks.unchecked
    monkeypatch.setattr(tracks, "unchecked", lambda path, **more: opened.append(path) or real(path, **more))
    found = core.measure_series(series, kept=core.KeptNumbers(""))
    assert opened == paths[2:]
    assert not series.opened
    assert [point and point.norm for point in found.track("w").points] == pytest.approx([math.sqrt(3) * n for n in (1, 2, 3, 4)])
    assert pickle.loads(pickle.dumps(core.series(paths))).opened == {}


def test_that_a_checkpoint_that_is_held_is_not_believed_once_it_is_another(tmp_path: Path, save: Save) -> None:
    series = core.series([save(f"{n}.pth", {"epoch": n, "w": torch.ones(3)}) for n in range(3)])
    save("1.pth", {"epoch": 1, "w": torch.ones(3), "more": torch.ones(100)})
    found = core.measure_series(series, kept=core.KeptNumbers(""))
    assert [left.path for left in found.series.left_out] == [str(tmp_path / "1.pth")]
    assert "has changed" in found.series.left_out[0].message


def test_that_numbers_too_great_to_be_squared_are_followed(tmp_path: Path, save: Save) -> None:
    save("0.pth", {"w": torch.tensor([3e200, 4e200], dtype=torch.float64)})
    save("1.pth", {"w": torch.tensor([6e200, 8e200], dtype=torch.float64)})
    points = core.measure_series(core.series(tmp_path)).track("w").points
    assert [point and point.norm for point in points] == pytest.approx([5e200, 1e201])
    assert points[1] is not None
    assert points[1].change == pytest.approx(1.0)


def test_that_a_tensor_that_comes_goes_or_changes_its_shape_has_no_change(tmp_path: Path, save: Save) -> None:
    common = {f"w{n}": torch.ones(3) for n in range(8)}
    save("0.pth", {**common, "old": torch.ones(2), "head": torch.ones(4)})
    save("1.pth", {**common, "new": torch.ones(2), "head": torch.ones(5)})
    found = core.measure_series(core.series(tmp_path))
    assert found.track("old").points[1] is None
    assert found.track("new").points[0] is None
    later = found.track("head").points[1]
    assert later is not None
    assert math.isnan(later.change)
    assert later.norm == pytest.approx(math.sqrt(5))
    assert later.same is None


def test_that_optimizer_state_is_followed_only_when_everything_is(trained: Trained) -> None:
    assert all(key.startswith("model_state_dict.") for key in core.measure_series(core.series(trained.folder)).keys)


def test_that_a_tensor_which_cannot_be_read_is_told_and_the_others_are_followed(tmp_path: Path, save: Save) -> None:
    for n in range(2):
        save(f"{n}.pth", {"a": torch.full((1000,), float(n + 1)), "b": torch.ones(4)})
    data = bytearray((tmp_path / "1.pth").read_bytes())
    at = data.find(torch.full((1000,), 2.0).numpy().tobytes())
    data[at] ^= 1
    (tmp_path / "1.pth").write_bytes(data)
    found = core.measure_series(core.series(tmp_path))
    point = found.track("a").points[1]
    assert point is not None
    assert not point.read
    assert found.track("b").points[1] is not None
    assert "1 of 2 tensors could not be read" in " ".join(core.remark_text(found.series, one) for one in core.remarks(found))


def test_that_a_glob_chooses_the_tensors(trained: Trained) -> None:
    assert all("head" in key for key in core.measure_series(core.series(trained.folder), match="*head*").keys)
    with pytest.raises(core.UsageError, match="no tensor of the run matches"):
        core.measure_series(core.series(trained.folder), match="nothing")


def test_that_a_file_which_changed_since_is_left_out(tmp_path: Path, save: Save) -> None:
    for n in range(3):
        save(f"{n}.pth", {"epoch": n, "w": torch.full((4,), float(n))})
    run = core.series(tmp_path)
    save("1.pth", {"epoch": 1, "w": torch.ones(400)})
    found = core.measure_series(run)
    assert [one.name for one in found.series] == ["0.pth", "2.pth"]
    assert found.series.left_out[0].reason == "unreadable"
    assert [column and column.at for column in found.columns] == [0, 1]


@pytest.mark.parametrize("gone", [(), (2,), (0,), (4,), (1, 2), (0, 1, 3)])
def test_that_the_newest_first_come_to_the_same_whatever_became_unreadable(tmp_path: Path, save: Save, gone: tuple[int, ...]) -> None:
    for n in range(5):
        save(f"{n}.pth", {"epoch": n, "w": torch.randn(6), "still": torch.ones(3)})
    run = core.series(tmp_path)
    for n in gone:
        save(f"{n}.pth", {"epoch": n, "w": torch.ones(400)})
    came = [*core.measured_series(run, newest_first=True)]
    assert came[0][0] == 4
    first = core.tracks_of(run, dict(came[:1])) if not gone else None
    assert first is None or [column is None for column in first.columns] == [True, True, True, True, False]
    newest, oldest = core.tracks_of(run, dict(came)), core.measure_series(run)
    assert numbers(newest) == numbers(oldest)
    assert [one.path for one in newest.series] == [one.path for one in oldest.series]
    assert {left.path for left in newest.series.left_out} == {left.path for left in oldest.series.left_out}


# -- what is kept -------------------------------------------------------------------------------------------------------------

@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose tensors are measured, in order; files in it are as if written long ago."""
    monkeypatch.setattr(kept, "_FRESH", -1)
    read: list[str] = []
    def measure(ckpt: core.Checkpoint, *rest: object, **options: object) -> object:
        read.append(os.path.basename(ckpt.path))
        return columns.measure(ckpt, *rest, **options)          # type: ignore[arg-type]
    monkeypatch.setattr(tracks, "measure", measure)
    return read


def numbers(found: core.Tracks) -> list[object]:
    return [repr(track) for track in found.tracks()]


def test_that_adding_an_epoch_measures_only_that_one(tmp_path: Path, save: Save, reads: list[str]) -> None:
    cache = str(tmp_path / "cache")
    for n in range(4):
        save(f"run/{n}.pth", {"epoch": n, "w": torch.randn(50)})
    first = core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(cache))
    assert first.read == 4
    assert reads == ["0.pth", "1.pth", "2.pth", "3.pth"]
    reads.clear()
    again = core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(cache))
    assert again.read == 0
    assert not reads
    assert numbers(again) == numbers(first)
    save("run/4.pth", {"epoch": 4, "w": torch.randn(50)})
    assert core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(cache)).read == 1
    assert reads == ["4.pth"]


def test_that_a_file_written_again_is_measured_again(tmp_path: Path, save: Save, reads: list[str]) -> None:
    cache = str(tmp_path / "cache")
    for n in range(3):
        save(f"run/{n}.pth", {"epoch": n, "w": torch.randn(50)})
    core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(cache))
    save("run/1.pth", {"epoch": 1, "w": torch.ones(50)})
    reads.clear()
    found = core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(cache))
    assert reads == ["1.pth"]
    anew = core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(""))
    assert [point.change for point in found.track("w").points[1:]] == pytest.approx([point.change for point in anew.track("w").points[1:]])
    assert core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(cache)).read == 0


@pytest.mark.parametrize("harm", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b"", lambda data: data[:-8] + b"\1" * 8,
                                  lambda data: b"x" * len(data)])
def test_that_what_is_planted_or_damaged_is_not_believed(tmp_path: Path, save: Save, reads: list[str],
                                                          harm: Callable[[bytes], bytes]) -> None:
    cache = tmp_path / "cache"
    save("run/0.pth", {"epoch": 0, "w": torch.ones(50)})
    core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(str(cache)))
    for path in cache.iterdir():
        path.write_bytes(harm(path.read_bytes()))
    found = core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(str(cache)))
    assert found.read == 1
    assert found.track("w").points[0].norm == pytest.approx(math.sqrt(50))


def test_that_only_a_folder_of_ones_own_is_used(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("folders have no such permissions there")
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert core.KeptNumbers(str(shared)).folder == ""
    assert core.KeptNumbers(str(link)).folder == ""
    mine = core.KeptNumbers(str(tmp_path / "mine" / "deep"))
    assert mine.folder
    assert os.stat(mine.folder).st_mode & 0o077 == 0


def test_that_no_more_than_so_many_are_kept(tmp_path: Path, save: Save, reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST", 3)
    monkeypatch.setattr(kept, "_SWEPT", 1)
    monkeypatch.setattr(kept.KeptNumbers, "_written", 0, raising=False)
    for n in range(6):
        save(f"run/{n}.pth", {"epoch": n, "w": torch.randn(50)})
    mine = core.KeptNumbers(str(tmp_path / "cache"))
    core.measure_series(core.series(tmp_path / "run"), kept=mine)
    mine._sweep()
    assert len(list((tmp_path / "cache").iterdir())) <= 3


def test_that_what_is_not_ours_in_the_folder_stays(tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    """INSPECTOR_CACHE may name any folder."""
    monkeypatch.setattr(kept, "_MOST", 0)
    monkeypatch.setattr(kept, "_FRESH", -1)
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    names = ["thesis.pdf", "own-", f"own-{'g' * 64}", f"own-{'0' * 64}.pth", "0" * 64]
    for name in names:
        (folder / name).write_text("mine")
        os.utime(folder / name, (1, 1))
    save("run/0.pth", {"epoch": 0, "w": torch.randn(50)})
    mine = core.KeptNumbers(str(folder))
    core.measure_series(core.series(tmp_path / "run"), kept=mine)
    mine._sweep()
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_that_pipes_and_links_in_the_folder_are_neither_waited_for_nor_followed(tmp_path: Path, save: Save,
                                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_FRESH", -1)
    for n in range(3):
        save(f"run/{n}.pth", {"epoch": n, "w": torch.randn(50)})
    run, folder = core.series(tmp_path / "run"), tmp_path / "cache"
    first = core.measure_series(run, kept=core.KeptNumbers(str(folder)))
    other = tmp_path / "other"
    other.write_text("not to be changed")
    files = list(folder.iterdir())
    assert files
    for n, path in enumerate(files):
        path.unlink()
        if n % 2:
            os.mkfifo(path)
        else:
            path.symlink_to(other)
    again = core.measure_series(run, kept=core.KeptNumbers(str(folder)))
    assert repr(again) == repr(first)
    assert other.read_text() == "not to be changed"


def test_that_a_file_written_just_now_is_not_kept(tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_FRESH", 10**12)
    save("run/0.pth", {"epoch": 0, "w": torch.ones(50)})
    core.measure_series(core.series(tmp_path / "run"), kept=core.KeptNumbers(str(tmp_path / "cache")))
    assert not list((tmp_path / "cache").iterdir())


def test_that_measuring_can_be_stopped(trained: Trained) -> None:
    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            if done > total // 2:
                raise core.Cancelled("enough")

    with pytest.raises(core.Cancelled):
        core.measure_series(core.series(trained.folder), monitor=Stop())


def test_that_the_largest_parameter_of_a_group_is_found_without_its_points(tmp_path: Path, save: Save) -> None:
    for n in range(2):
        save(f"run/{n}.pth", {"a.w": torch.ones(3), "a.v": torch.ones(9), "a.u": torch.ones(9), "b.w": torch.ones(2)})
    found = core.measure_series(core.series(tmp_path / "run"))
    for group in found.groups():
        keys = found.keys_of(group.name)
        assert found.largest_of(group.name) == max(keys, key=lambda key: found.track(key).numel)
    assert found.largest_of("a") == "a.v"
    assert found.largest_of("none") == ""
