"""The same edits for several checkpoints: which, where each is saved, and nothing written unless all can be."""
from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.distributed import checkpoint as dcp

from inspector import core
from inspector.core import batches
from inspector.core.formats.sets import set_files

STRIP = [core.StripPrefix("module.")]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three epochs, and what a training leaves beside them."""
    folder = tmp_path / "runs"
    folder.mkdir()
    for n in (1, 2, 10):
        torch.save({"module.w": torch.full((4,), float(n)), "epoch": n}, folder / f"epoch_{n}.pth")
    (folder / "log.txt").write_text("loss")
    torch.save({"lr": 1}, folder / "optimizer.pt")
    return folder


def names(found: core.Batch) -> list[tuple[str, str]]:
    return [(os.path.basename(one.sources[0]), os.path.relpath(one.target or "", found.output)) for one in found.files]


def test_that_a_folder_gives_the_epochs_in_their_order_and_says_what_it_leaves(runs: Path, tmp_path: Path) -> None:
    found = core.batch(runs, STRIP, tmp_path / "out")
    assert names(found) == [(f"epoch_{n}.pth", f"epoch_{n}.pth") for n in (1, 2, 10)]
    assert [(os.path.basename(one.path), "beside the weights" in one.reason) for one in found.left_out] == [("optimizer.pt", True)]
    assert [os.path.basename(path) for path in found.others] == ["log.txt"]


def test_that_each_is_edited_and_saved_under_its_own_name(runs: Path, tmp_path: Path) -> None:
    done = core.edit_files(runs, STRIP, tmp_path / "deep" / "out")
    assert all(one.error is None and one.report is not None for one in done)
    for n in (1, 2, 10):
        found = torch.load(tmp_path / "deep" / "out" / f"epoch_{n}.pth")
        assert found["epoch"] == n
        assert torch.equal(found["w"], torch.full((4,), float(n)))
    assert sorted(path.name for path in (tmp_path / "deep" / "out").iterdir()) == [f"epoch_{n}.pth" for n in (1, 10, 2)]


def test_that_folders_of_epochs_keep_their_places_and_sets_stay_sets(tmp_path: Path) -> None:
    runs, out = tmp_path / "runs", tmp_path / "out"
    for n in (1, 2):
        (runs / f"checkpoint-{n}").mkdir(parents=True)
        save_file({"module.w": torch.full((4,), float(n))}, runs / f"checkpoint-{n}" / "model.safetensors")
        torch.save({}, runs / f"checkpoint-{n}" / "optimizer.pt")
        (runs / f"checkpoint-{n}" / "config.json").write_text("{}")
    core.save({f"module.{k}": np.full(100, float(k)) for k in "1234"}, runs / "checkpoint-3", shard_size=900)
    core.edit_files(runs, STRIP, out)
    assert load_file(out / "checkpoint-2" / "model.safetensors")["w"].tolist() == [2.0] * 4
    assert core.is_set(out / "checkpoint-3")
    assert list(core.open(out / "checkpoint-3").tensors) == ["1", "2", "3", "4"]
    core.edit_files(runs, STRIP, tmp_path / "pth", options=core.SaveOptions(format="torch-zip"))
    assert sorted(str(path.relative_to(tmp_path / "pth")) for path in (tmp_path / "pth").rglob("*.pth")) == [
        "checkpoint-1/model.pth", "checkpoint-2/model.pth", "checkpoint-3.pth"]
    assert list(torch.load(tmp_path / "pth" / "checkpoint-3.pth")) == ["1", "2", "3", "4"]


def test_that_a_folder_of_distributed_checkpoints_becomes_files_with_an_ending(tmp_path: Path) -> None:
    for n in (1, 2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")                     # that nothing is distributed
            dcp.save({"model": {"w": torch.full((4,), float(n))}}, checkpoint_id=tmp_path / "runs" / f"step-{n}", no_dist=True)
    done = core.edit_files(tmp_path / "runs", [core.Extract("model")], tmp_path / "out")
    assert [os.path.basename(one.report.path) for one in done if one.report] == ["step-1.pth", "step-2.pth"]
    assert torch.load(tmp_path / "out" / "step-2.pth")["w"].tolist() == [2.0] * 4
    core.edit_files(tmp_path / "runs", [core.Extract("model")], tmp_path / "st", options=core.SaveOptions(format="safetensors"))
    assert sorted(path.name for path in (tmp_path / "st").iterdir()) == ["step-1.safetensors", "step-2.safetensors"]


def test_that_recursive_takes_all_however_deep(runs: Path, tmp_path: Path) -> None:
    (runs / "old" / "er").mkdir(parents=True)
    torch.save({"module.w": torch.ones(1)}, runs / "old" / "er" / "a.pth")
    assert len(core.batch(runs, STRIP, tmp_path / "out").files) == 3
    assert [os.path.basename(one.path) for one in core.batch(runs, STRIP, tmp_path / "out").left_out if "-r" in one.reason] == ["a.pth"]
    found = core.batch(runs, STRIP, tmp_path / "out", recursive=True)
    assert ("a.pth", os.path.join("old", "er", "a.pth")) in names(found)
    assert len(found.files) == 5


def test_that_nothing_is_written_unless_all_can_be(runs: Path, tmp_path: Path) -> None:
    torch.save({"module.w": torch.ones(4000), "module.v": torch.ones(4000)}, runs / "epoch_2.pth")
    data = (runs / "epoch_2.pth").read_bytes()
    (runs / "epoch_2.pth").write_bytes(data[:len(data) // 2])
    with pytest.raises(core.SaveError, match=r"1 of 3 checkpoints cannot be saved, so none was: .*epoch_2\.pth") as caught:
        core.edit_files(runs, STRIP, tmp_path / "out")
    assert caught.value.id == "batch"
    assert not (tmp_path / "out").exists()
    done = core.edit_files(runs, STRIP, tmp_path / "out", keep_going=True)
    assert [one.error is None for one in done] == [True, False, True]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["epoch_1.pth", "epoch_10.pth"]


def test_that_a_key_that_one_epoch_lacks_is_no_silent_skip(runs: Path, tmp_path: Path) -> None:
    torch.save({"module.v": torch.ones(4)}, runs / "epoch_2.pth")
    with pytest.raises(core.SaveError, match=r"epoch_2\.pth"):
        core.edit_files(runs, [core.Copy("module.w", "module.u")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_that_a_loss_in_one_is_known_before_the_first_is_written(runs: Path, tmp_path: Path) -> None:
    save = core.SaveOptions(format="safetensors")
    with pytest.raises(core.SaveError, match="3 of 3 checkpoints"):
        core.edit_files(runs, STRIP, tmp_path / "out", options=save)
    done = core.edit_files(runs, STRIP, tmp_path / "out", options=core.SaveOptions(format="safetensors", allow_loss=True))
    assert [os.path.basename(one.report.path) for one in done if one.report] == [f"epoch_{n}.safetensors" for n in (1, 2, 10)]


def test_that_an_output_inside_the_folder_is_no_input_the_next_time(runs: Path) -> None:
    for recursive in (False, True):
        first = core.batch(runs, STRIP, runs / "out", recursive=recursive)
        core.edit_files([one.sources[0] for one in first.files if "optimizer" not in one.sources[0]], STRIP, runs / "out")
        again = core.batch(runs, STRIP, runs / "out", recursive=recursive)
        assert again.files == first.files
        assert again.left_out == first.left_out


def test_that_the_folder_itself_may_be_the_output(runs: Path) -> None:
    core.edit_files(runs, STRIP, runs)
    assert [list(core.open(runs / f"epoch_{n}.pth").tensors) for n in (1, 2, 10)] == [["w"]] * 3
    assert len(list(runs.iterdir())) == 5


def test_that_all_are_changed_in_place(runs: Path) -> None:
    before = [(runs / f"epoch_{n}.pth").stat().st_ino for n in (1, 2, 10)]
    done = core.edit_files(runs, STRIP, options=core.SaveOptions(in_place=True))
    assert all(one.report is not None and one.report.written for one in done)
    assert [(runs / f"epoch_{n}.pth").stat().st_ino for n in (1, 2, 10)] == before
    with pytest.raises(core.SaveError) as caught:
        core.edit_files(runs, [core.Cast("float16")], options=core.SaveOptions(in_place=True))
    assert caught.value.id == "batch"
    assert [core.open(runs / f"epoch_{n}.pth").tensors["w"].dtype for n in (1, 2, 10)] == ["float32"] * 3


def test_that_two_with_one_name_are_refused(runs: Path, tmp_path: Path) -> None:
    save_file({"w": torch.ones(1)}, runs / "epoch_1.safetensors")
    with pytest.raises(core.UsageError, match="two of the files would be saved as"):
        core.batch(runs, [], tmp_path / "out", options=core.SaveOptions(format="safetensors"))
    (tmp_path / "other").mkdir()
    torch.save({}, tmp_path / "other" / "epoch_1.pth")
    with pytest.raises(core.UsageError, match="two of the files would be saved as"):
        core.batch([runs / "epoch_1.pth", tmp_path / "other" / "epoch_1.pth"], [], tmp_path / "out")


def test_that_no_output_costs_what_is_read_for_another(runs: Path, tmp_path: Path) -> None:
    reference = str(runs / "epoch_1.pth")
    found = core.batch(runs, [core.Match(reference)], runs)
    refused = core.refused_of_batch(found, [one.promise for one in core.plan_batch(found)])
    assert [(os.path.basename(file.sources[0]), error.id) for file, error in refused] == [("epoch_1.pth", "would-replace")]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "epoch_1.pth").symlink_to(runs / "epoch_2.pth")         # through which epoch_2 would be replaced
    found = core.batch(runs, STRIP, tmp_path / "out")
    refused = core.refused_of_batch(found, [one.promise for one in core.plan_batch(found)])
    assert [(os.path.basename(file.sources[0]), error.id) for file, error in refused] == [("epoch_1.pth", "would-replace")]


def test_that_links_out_of_the_folders_are_not_followed_unasked(runs: Path, tmp_path: Path) -> None:
    torch.save({"module.w": torch.ones(4)}, tmp_path / "epoch_3.pth")
    (runs / "epoch_3.pth").symlink_to(tmp_path / "epoch_3.pth")
    found = core.batch(runs, STRIP, tmp_path / "out")
    assert [name for name, _ in names(found)] == ["epoch_1.pth", "epoch_2.pth", "epoch_10.pth"]
    assert "a link to" in {os.path.basename(one.path): one.reason for one in found.left_out}["epoch_3.pth"]
    assert len(core.batch(runs, STRIP, tmp_path / "out", follow_links=True).files) == 4
    (runs / "sub").mkdir()
    torch.save({"module.w": torch.ones(4)}, runs / "sub" / "a.pth")
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(core.SaveError, match="a link leads out of the folder"):
        core.edit_files(runs, [core.AddPrefix("x.")], tmp_path / "out", recursive=True)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_that_what_somebody_changes_meanwhile_is_not_saved_as_something_unplanned(runs: Path, tmp_path: Path) -> None:
    found = core.batch(runs, STRIP, tmp_path / "out")
    promises = [one.promise for one in core.plan_batch(found)]
    torch.save({"module.w": torch.zeros(400), "more": 1}, runs / "epoch_2.pth")
    done = list(core.save_batch(found, promises))
    assert [one.error is None for one in done] == [True, False]
    assert isinstance(done[1].error, core.InspectorError)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["epoch_1.pth"]
    assert [one.error is None for one in core.save_batch(found, promises, keep_going=True)] == [True, False, True]


def test_that_a_killed_batch_leaves_whole_files_only(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    calls = []

    def stop(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise Killed
        return kept(*arguments, **options)

    from inspector.core.saving import verify
    kept = verify.read_back
    monkeypatch.setattr(verify, "read_back", stop)
    with pytest.raises(Killed):
        core.edit_files(runs, STRIP, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")] == ["epoch_1.pth"]
    assert list(torch.load(tmp_path / "out" / "epoch_1.pth")) == ["w", "epoch"]


def test_that_the_room_of_all_counts(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = core.batch(runs, STRIP, tmp_path / "out")
    promises = [one.promise for one in core.plan_batch(found)]
    assert core.refused_of_batch(found, promises) == []
    size = promises[0].room
    tight = [one._replace(free=2 * size + size // 2) for one in promises]       # for two, each by itself would fit
    refused = core.refused_of_batch(found, tight)
    assert [(os.path.basename(file.sources[0]), error.id) for file, error in refused] == [("epoch_10.pth", "disk-full")]
    # over themselves each gives back what it took
    over = core.batch(runs, STRIP, runs)
    tight = [one.promise._replace(free=2 * size) for one in core.plan_batch(over)]
    assert core.refused_of_batch(over, tight) == []


def test_that_progress_is_of_all_together(runs: Path, tmp_path: Path) -> None:
    class Seen(core.Monitor):
        def __init__(self) -> None:
            self.shares: list[float] = []

        def report(self, done: int, total: int, what: str = "") -> None:
            self.shares.append(done / total)
            assert "of 3" in what

    seen = Seen()
    found = core.batch(runs, STRIP, tmp_path / "out")
    promises = [one.promise for one in core.plan_batch(found)]
    list(core.save_batch(found, promises, monitor=seen))
    assert seen.shares == sorted(seen.shares)
    assert seen.shares[-1] == 1


def test_that_names_that_lead_out_are_refused() -> None:
    with pytest.raises(core.UsageError, match="has no name in the folder"):
        batches._relative("s3://bucket/run/../../x.pth", "s3://bucket/run/", False)


def test_that_a_folder_is_listed_no_more_often_the_more_lies_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    list_folder = set_files.list_folder
    monkeypatch.setattr(set_files, "list_folder", lambda folder, *rest: (listed.append(folder), list_folder(folder, *rest))[1])
    counts = []
    for many in (3, 40):
        folder = tmp_path / str(many)
        folder.mkdir()
        for n in range(many):
            (folder / f"epoch_{n}.pth").write_bytes(b"")
        listed.clear()
        assert len(core.batch(folder, [], tmp_path / "out").files) == many
        counts.append(len(listed))
    assert counts[0] == counts[1]
