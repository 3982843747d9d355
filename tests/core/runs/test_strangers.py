"""Folders as other programs leave them: what they say, the order that follows, and that each sentence is true."""
from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inspector import core

Save = Callable[..., Path]


def weights(n: int, prefix: str = "") -> dict[str, torch.Tensor]:
    made = torch.Generator().manual_seed(n)
    return {f"{prefix}{name}": torch.randn(4, 3, generator=made) for name in ("a.weight", "b.weight", "c.weight", "d.weight", "e.weight")}


def told(folder: Path) -> tuple[list[str], list[str]]:
    """(names in their order, what is said of them)."""
    tracks = core.measure_series(core.series(folder))
    return [one.name for one in tracks.series], [core.remark_text(tracks.series, one) for one in core.remarks(tracks)]


def test_that_what_a_lightning_callback_watches_is_a_metric_of_each_checkpoint(tmp_path: Path, save: Save) -> None:
    for n, score in enumerate((0.6, 0.3, 0.5)):
        callback = {"monitor": "val_loss", "mode": "min", "best_model_score": torch.tensor(0.1), "current_score": torch.tensor(score)}
        save(f"run/epoch={n}-step={n}0.ckpt", {
            "epoch": n, "global_step": 10 * n, "pytorch-lightning_version": "2.2.0", "state_dict": weights(n, "model."),
            "callbacks": {"ModelCheckpoint{'monitor': 'val_loss', 'mode': 'min'}": callback, "EarlyStopping": {"best_score": 0.1}}})
    save("run/last.ckpt", torch.load(tmp_path / "run" / "epoch=2-step=20.ckpt", weights_only=True))
    run = core.series(tmp_path / "run")
    assert [pytest.approx(one.metrics["val_loss"]) for one in run] == [0.6, 0.3, 0.5, 0.5]
    assert told(tmp_path / "run")[1] == ["Best by val_loss: epoch 1 with 0.3, not the last.",
                                         "last.ckpt holds the same weights as epoch=2-step=20.ckpt."]


def test_that_the_best_is_the_last_where_only_its_copy_comes_after_it(tmp_path: Path, save: Save) -> None:
    for n in range(3):
        save(f"run/epoch_{n}.pth", {"epoch": n, "val_acc": n / 10, "model": weights(n)})
    save("run/last.pth", {"epoch": 2, "val_acc": 0.2, "model": weights(2)})
    assert "Best by val_acc: epoch 2 (epoch_2.pth) with 0.2." in told(tmp_path / "run")[1]


def test_that_files_called_best_and_last_stand_behind_the_epoch_that_they_are(tmp_path: Path, save: Save) -> None:
    for n in (1, 4, 9, 13):
        save(f"run/ckpt_{n}.pth.tar", {"epoch": n, "state_dict": weights(n), "best_acc1": torch.tensor(min(n, 9.0))})
    for name, n in (("best", 9), ("Last", 13)):
        save(f"run/{name}.pth.tar", {"epoch": n, "state_dict": weights(n), "best_acc1": torch.tensor(9.0)})
    names, said = told(tmp_path / "run")
    assert names == ["ckpt_1.pth.tar", "ckpt_4.pth.tar", "ckpt_9.pth.tar", "best.pth.tar", "ckpt_13.pth.tar", "Last.pth.tar"]
    assert said == ["Best by best_acc1: epoch 9 (ckpt_9.pth.tar) with 9, not the last.",
                    "best.pth.tar holds the same weights as ckpt_9.pth.tar.",
                    "Last.pth.tar holds the same weights as ckpt_13.pth.tar."]


def test_that_the_final_model_beside_a_trainers_checkpoints_is_the_end(tmp_path: Path) -> None:
    for n in (500, 1000, 1500):
        folder = tmp_path / "run" / f"checkpoint-{n}"
        folder.mkdir(parents=True)
        save_file(weights(n), folder / "model.safetensors")
        torch.save({"state": {}}, folder / "optimizer.pt")
        history = [{"epoch": n / 500, "step": n, "eval_loss": abs(n - 1000) + 1.0}]
        (folder / "trainer_state.json").write_text(json.dumps({"epoch": n / 500, "global_step": n, "log_history": history}))
    save_file(weights(1500), tmp_path / "run" / "model.safetensors")
    names, said = told(tmp_path / "run")
    assert names == ["checkpoint-500", "checkpoint-1000", "checkpoint-1500", "model.safetensors"]
    assert core.series(tmp_path / "run").order == "epoch"
    assert "Best by eval_loss: epoch 2 with 1, not the last." in said


def test_that_what_says_no_epoch_among_those_that_do_is_left_out_unless_it_is_called_last(tmp_path: Path, save: Save) -> None:
    for n in range(4):
        save(f"run/epoch{n}.pt", {"epoch": n, "model": weights(n)})
    for name in ("best", "last"):
        save(f"run/{name}.pt", {"epoch": -1, "model": weights(3)})         # stripped of its optimizer, and of its epoch
    run = core.series(tmp_path / "run")
    assert [one.name for one in run] == ["epoch0.pt", "epoch1.pt", "epoch2.pt", "epoch3.pt", "last.pt"]
    assert [(Path(left.path).name, left.reason) for left in run.left_out] == [("best.pt", "unplaced")]


def test_that_fairseq_checkpoints_go_by_their_updates(tmp_path: Path, save: Save) -> None:
    for name, n in (("checkpoint1", 1), ("checkpoint2", 2), ("checkpoint10", 10), ("checkpoint_best", 2), ("checkpoint_last", 10)):
        history = [{"num_updates": 1000 * k, "optimizer_name": "FairseqAdam"} for k in range(n + 1)]
        save(f"run/{name}.pt", {"args": None, "model": weights(n), "optimizer_history": history,
                                "extra_state": {"train_iterator": {"epoch": n + 1}, "val_loss": 4.0 / n, "best": 0.4}})
    names, said = told(tmp_path / "run")
    assert names == [f"checkpoint{name}.pt" for name in ("1", "2", "_best", "10", "_last")]
    assert "checkpoint_best.pt holds the same weights as checkpoint2.pt." in said


def test_that_a_folder_that_only_names_its_newest_is_not_that_once_more(tmp_path: Path, save: Save) -> None:
    for n in (1000, 2000, 3000):
        save(f"run/iter_{n:07}/mp_rank_00/model_optim_rng.pt", {"iteration": n, "model": weights(n)})
    (tmp_path / "run" / "latest_checkpointed_iteration.txt").write_text("3000")
    assert [one.step for one in core.series(tmp_path / "run")] == [1000, 2000, 3000]


def test_that_weights_below_a_key_in_one_container_and_at_the_root_of_another_are_the_same_tensors(tmp_path: Path, save: Save) -> None:
    for n in range(4):
        if n % 2:
            save_file(weights(n), tmp_path / f"model_{n}.safetensors", {"epoch": str(n), "val_loss": "nan" if n == 3 else "0.5"})
        else:
            torch.save({"epoch": n, "val_loss": 1.0, "model": weights(n)}, tmp_path / f"model_{n}.pth")
    tracks = core.measure_series(core.series(tmp_path))
    assert tracks.keys == tuple(weights(0))
    for n in range(1, 4):
        point = tracks.track("c.weight").points[n]
        before, now = (weights(k)["c.weight"].double() for k in (n - 1, n))
        assert point is not None
        assert point.change == pytest.approx(((now - before).norm() / before.norm()).item())
    assert "val_loss is NaN in epoch 3." in told(tmp_path)[1]


def test_that_names_order_what_says_nothing_whatever_the_clock_says(tmp_path: Path, save: Save) -> None:
    for age, n in enumerate((1, 2, 10, 11)):
        path = save(f"run/vgg16_e{n}_acc0.{n:02}.pth", weights(n))
        os.utime(path, (1e9 - age, 1e9 - age))
    save("run/features.pt", torch.randn(5))
    run = core.series(tmp_path / "run")
    assert [one.epoch for one in run] == [1, 2, 10, 11]
    best = run.best()
    assert best is not None
    assert (best.metric, best.at) == ("acc", 3)
    assert [left.reason for left in run.left_out] == ["other-model"]
