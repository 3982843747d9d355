"""Sets of PyTorch files that hold dicts and lists, saved as one file: what torch.save would have written of all."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core


def make_set(folder: Path, parts: list[dict[str, Any]]) -> Path:
    """`parts` as the files of a set, with an index that names the tensors of each."""
    folder.mkdir()
    where = {}
    for n, part in enumerate(parts, 1):
        name = f"pytorch_model-{n:05}-of-{len(parts):05}.bin"
        torch.save(part, folder / name)
        where.update(dict.fromkeys(core.open(folder / name).tensors, name))
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    return folder


def training() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    optimizer = torch.optim.AdamW([{"params": [*model[0].parameters()], "lr": 0.1}, {"params": [*model[1].parameters()]}])
    for _ in range(2):
        for parameter in model.parameters():
            parameter.grad = parameter.detach() * 0.5
        optimizer.step()
    return model, optimizer


def test_that_the_lists_and_dicts_of_a_set_are_lists_and_dicts_in_the_one_file(tmp_path: Path) -> None:
    model, optimizer = training()
    made = make_set(tmp_path / "set", [{"model": model.state_dict(), "epoch": 2}, {"optimizer": optimizer.state_dict(),
                                                                                 "config": {"lr": [0.1, {"a.b": None}]}}])
    report = core.save(core.open(made), tmp_path / "one.pth")
    assert report.notes == ()
    found = torch.load(tmp_path / "one.pth", weights_only=True)
    assert [*found] == ["model", "epoch", "optimizer", "config"]
    assert (found["epoch"], found["config"]) == (2, {"lr": [0.1, {"a.b": None}]})
    assert found["optimizer"]["param_groups"] == optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict(found["optimizer"])
    model.load_state_dict(found["model"], strict=True)


def test_that_edits_of_a_set_hold_in_the_one_file(tmp_path: Path) -> None:
    model, optimizer = training()
    made = make_set(tmp_path / "set", [{"model": model.state_dict(), "epoch": 2}, {"optimizer": optimizer.state_dict()}])
    edits = [core.Drop("model.1"), core.SetValue("optimizer.param_groups.0.lr", 0.5), core.Cast("float16", "model.*")]
    core.save(core.edit(core.open(made), edits), tmp_path / "one.pth")
    found = torch.load(tmp_path / "one.pth", weights_only=True)
    assert [*found["model"]] == ["0.weight", "0.bias"]
    assert found["model"]["0.weight"].dtype == torch.float16
    assert found["optimizer"]["param_groups"][0]["lr"] == 0.5
    assert sorted(found["optimizer"]["state"]) == [0, 1]


def test_that_files_that_cannot_be_joined_are_said_to_be_written_flat(tmp_path: Path) -> None:
    made = make_set(tmp_path / "set", [{"a": torch.ones(1), "lists": [1]}, {"b": torch.ones(1), "lists": [2]}])
    plan = core.plan_save(core.open(made), tmp_path / "one.pth")
    assert any("under names with dots: its files cannot be joined (both " in note for note in plan.notes)
    core.save(plan)
    assert set(core.open(tmp_path / "one.pth").tensors) == {"a", "b"}


def test_that_a_set_that_changed_since_is_not_joined(tmp_path: Path) -> None:
    made = make_set(tmp_path / "set", [{"a": torch.ones(1), "n": [1]}, {"b": torch.ones(1)}])
    ckpt = core.open(made)
    torch.save({"b": torch.zeros(3)}, made / "pytorch_model-00002-of-00002.bin")
    with pytest.raises(core.Changed):
        core.plan_save(ckpt, tmp_path / "one.pth")


def test_that_a_set_of_weights_alone_is_written_as_before(tmp_path: Path) -> None:
    made = make_set(tmp_path / "set", [{"a.w": torch.ones(2)}, {"b.w": torch.ones(3)}])
    core.save(core.open(made), tmp_path / "one.pth")
    assert [*torch.load(tmp_path / "one.pth", weights_only=True)] == ["a.w", "b.w"]
