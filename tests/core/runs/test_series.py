"""Which checkpoints are one run, and in which order."""
from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inspector import core

Save = Callable[..., Path]
WEIGHTS = {"a.weight": torch.ones(4, 3), "a.bias": torch.zeros(4), "b.weight": torch.ones(2, 4)}


def names(run: core.Series) -> list[str]:
    return [one.name for one in run]


def test_that_what_the_files_say_goes_before_their_names(tmp_path: Path, save: Save) -> None:
    for name, epoch in (("z.pth", 1), ("epoch9.pth", 2), ("a.pth", 10)):
        save(name, {"epoch": epoch, "model": WEIGHTS})
    run = core.series(tmp_path)
    assert names(run) == ["z.pth", "epoch9.pth", "a.pth"]
    assert run.order == "epoch"
    assert [one.epoch for one in run] == [1, 2, 10]
    assert run[0].said_by == "file"


@pytest.mark.parametrize("counter", ["global_step", "step", "iteration"])
def test_that_steps_order_a_run_without_epochs(tmp_path: Path, save: Save, counter: str) -> None:
    for n in (100, 20, 3):
        save(f"{n}.pth", {counter: n, "state_dict": WEIGHTS})
    assert [one.step for one in core.series(tmp_path)] == [3, 20, 100]


def test_that_an_epoch_may_be_a_tensor_and_steps_tell_twins_apart(tmp_path: Path, save: Save) -> None:
    for name, epoch, step in (("a", 1, 30), ("b", 1, 7), ("c", 0, 99)):
        save(f"{name}.pth", {"epoch": torch.tensor(epoch), "global_step": step, "model": WEIGHTS})
    run = core.series(tmp_path)
    assert names(run) == ["c.pth", "b.pth", "a.pth"]
    assert [core.run_label(run, n) for n in range(3)] == ["epoch 0", "epoch 1, step 7", "epoch 1, step 30"]


def test_that_names_order_files_that_say_nothing(tmp_path: Path) -> None:
    for n in (1, 2, 10):
        save_file(WEIGHTS, tmp_path / f"model_{n}.safetensors")
    run = core.series(tmp_path)
    assert names(run) == ["model_1.safetensors", "model_2.safetensors", "model_10.safetensors"]
    assert run.order == "name"
    assert run[0].epoch is None
    assert core.run_label(run, 2) == "model_10.safetensors"


def test_that_folders_of_a_trainer_are_checkpoints_with_what_it_wrote_beside(tmp_path: Path) -> None:
    for step in (1000, 500):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        save_file(WEIGHTS, folder / "model.safetensors")
        torch.save({"state": {}, "param_groups": []}, folder / "optimizer.pt")
        (folder / "trainer_state.json").write_text(json.dumps(
            {"epoch": step / 1000, "global_step": step, "log_history": [{"loss": 9.0, "step": 1}, {"loss": 1 / step, "epoch": 0.1},
                                                                        {"eval_accuracy": step / 2000}]}))
    save_file(WEIGHTS, tmp_path / "model.safetensors")
    run = core.series([tmp_path / "checkpoint-1000", tmp_path / "checkpoint-500"])
    assert [(one.name, one.epoch, one.step) for one in run] == [("checkpoint-500", 0.5, 500), ("checkpoint-1000", 1, 1000)]
    assert dict(run[1].metrics) == {"loss": 1 / 1000, "eval_accuracy": 0.5}
    assert {one.name for one in core.series(tmp_path)} == {"checkpoint-500", "checkpoint-1000", "model.safetensors"}


def test_that_a_loss_that_a_trainer_logged_is_told_however_great(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-5").mkdir()
    save_file(WEIGHTS, tmp_path / "checkpoint-5" / "model.safetensors")
    (tmp_path / "checkpoint-5" / "trainer_state.json").write_text(
        f'{{"epoch": 1e30, "global_step": 5, "log_history": [{{"loss": 1e20, "eval_loss": {10 ** 400}, "eval_accuracy": NaN}}]}}')
    [one] = core.series(tmp_path)
    assert (one.epoch, one.step, one.metrics["loss"]) == (None, 5, 1e20)
    assert "eval_loss" not in one.metrics
    assert math.isnan(one.metrics["eval_accuracy"])


def test_that_checkpoints_further_down_are_found(tmp_path: Path, save: Save) -> None:
    for n in (1, 2):
        save(f"version_0/checkpoints/epoch={n}-step={n * 100}.ckpt", {"state_dict": WEIGHTS})
    assert [(one.epoch, one.step) for one in core.series(tmp_path)] == [(1, 100), (2, 200)]


def test_that_other_models_and_broken_files_are_named_and_left_out(tmp_path: Path, save: Save) -> None:
    for n in (1, 2, 3):
        save(f"e{n}.pth", {"epoch": n, "model": WEIGHTS})
    save("other.pth", {"epoch": 4, "model": {"x": torch.ones(5), "y": torch.ones(7)}})
    (tmp_path / "cut.pth").write_bytes((tmp_path / "e1.pth").read_bytes()[:30])
    run = core.series(tmp_path)
    assert names(run) == ["e1.pth", "e2.pth", "e3.pth"]
    assert [(Path(left.path).name, left.reason) for left in run.left_out] == [("cut.pth", "unreadable"), ("other.pth", "other-model")]
    assert not any(left.is_cut for left in run.left_out)            # of so little nothing is whole


def test_that_a_checkpoint_that_is_cut_short_says_how_much_of_it_can_be_read(tmp_path: Path, save: Save) -> None:
    for n in (1, 2):
        save(f"e{n}.pth", {"epoch": n, "model": {"a": torch.ones(5000), "b": torch.ones(5000)}})
    (tmp_path / "cut.pth").write_bytes((tmp_path / "e1.pth").read_bytes()[:30_000])
    [left] = core.series(tmp_path).left_out
    assert (left.reason, left.is_cut) == ("unreadable", True)
    assert left.message.endswith("; 1 of 2 tensors can be read")


def test_that_nothing_to_look_at_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(core.UsageError, match="there is no checkpoint"):
        core.series(tmp_path)
    (tmp_path / "a.pth").write_bytes(b"nothing")
    with pytest.raises(core.ReadError):
        core.series(tmp_path)
    with pytest.raises(FileNotFoundError):
        core.series(tmp_path / "no.pth")


def test_that_a_metric_nobody_has_is_an_error(tmp_path: Path, save: Save) -> None:
    save("a.pth", {"epoch": 1, "loss": 1.0, "model": WEIGHTS})
    with pytest.raises(core.UsageError, match="There are: loss"):
        core.series(tmp_path).best("acc")


def test_that_numbers_which_float64_lacks_are_no_metrics(tmp_path: Path, save: Save) -> None:
    save("a.pth", {"epoch": 1, "loss": 10 ** 400, "acc": float("inf"), "model": WEIGHTS})
    assert dict(core.series(tmp_path)[0].metrics) == {"acc": float("inf")}


def test_that_a_model_file_without_a_name_of_its_own_goes_by_its_folder(tmp_path: Path) -> None:
    paths = []
    for step in (1000, 500):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        save_file(WEIGHTS, folder / "model.safetensors")
        paths.append(folder / "model.safetensors")
    assert [one.step for one in core.series(paths)] == [500, 1000]


def test_that_three_files_of_one_model_look_like_a_run(tmp_path: Path) -> None:
    for n in range(3):
        core.save({"w": np.full(2, n), "b": np.ones(1)}, tmp_path / f"{n}.pth")
    assert core.is_run(tmp_path)
    assert core.is_run([tmp_path / f"{n}.pth" for n in range(3)])
    assert not core.is_run([tmp_path / "0.pth", tmp_path / "1.pth"])
    (tmp_path / "2.pth").write_bytes(b"PK")                 # being written just now
    assert core.is_run(tmp_path)


def test_that_other_models_are_no_run(tmp_path: Path) -> None:
    for n in range(3):
        core.save({"w": np.ones(n + 1)}, tmp_path / f"{n}.pth")
    assert not core.is_run(tmp_path)
    assert not core.is_run(tmp_path / "nothing")
    for n in range(3):
        core.save({"note": n}, tmp_path / f"{n}.pth")       # no tensors at all
    assert not core.is_run(tmp_path)


def test_that_links_out_of_a_folder_are_left_out_and_said(tmp_path: Path, save: Save) -> None:
    folder, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    for path in (folder, elsewhere):
        path.mkdir()
    for n in range(3):
        core.save({"w": np.full(2, n), "epoch": n}, folder / f"epoch_{n}.pth")
    core.save({"w": np.ones(2), "epoch": 9}, elsewhere / "epoch_9.pth")
    (folder / "best.pth").symlink_to(folder / "epoch_1.pth")
    (folder / "epoch_9.pth").symlink_to(elsewhere / "epoch_9.pth")
    run = core.series(folder)
    assert [one.epoch for one in run] == [0, 1, 1, 2]
    assert [(Path(left.path).name, left.reason) for left in run.left_out] == [("epoch_9.pth", "outside")]
    assert str(elsewhere) in run.left_out[0].message
    assert [one.epoch for one in core.series([folder, folder / "epoch_9.pth"])] == [0, 1, 1, 2, 9]
    with pytest.raises(core.UsageError, match="out of the folder"):
        core.series(_of_links(tmp_path, elsewhere))


def _of_links(tmp_path: Path, elsewhere: Path) -> Path:
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "epoch_9.pth").symlink_to(elsewhere / "epoch_9.pth")
    return folder
