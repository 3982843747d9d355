"""Training checkpoints held against each other: the model's state dict is what is asked about, and the others are told, too."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core


def saved(path: Path, *, width: int = 3, groups: int = 1, name: str = "optimizer_state_dict", epoch: int = 1) -> Path:
    net = nn.Sequential(OrderedDict(enc=nn.Linear(3, width), head=nn.Linear(width, 2)))
    layers = [*net.children()]
    optimizer = torch.optim.Adam([{"params": [*layer.parameters()]} for layer in layers] if groups == 2 else [*net.parameters()])
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    torch.save({"epoch": epoch, "model_state_dict": net.state_dict(), name: optimizer.state_dict()}, path)
    return path


def test_that_the_model_is_chosen_and_a_file_fits_the_next_epoch_and_itself(tmp_path: Path) -> None:
    one, two = saved(tmp_path / "1.pth"), saved(tmp_path / "2.pth", epoch=2)
    for other in (one, two):
        found = core.load_report(one, other)
        assert found.state_dict == "model_state_dict"
        assert (found.lists.loads, found.lists.fitting, found.loads) == (True, 4, True)
        assert found.optimizers == (core.OptimizerFit("optimizer_state_dict", (4,), (4,)),)


@pytest.mark.parametrize("name", ["state", "adam", "trainer"])
def test_that_an_optimizer_is_known_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    one, two = saved(tmp_path / "1.pth", name=name), saved(tmp_path / "2.pth", name=name)
    assert core.load_report(one, two).state_dict == "model_state_dict"


def test_that_groups_of_other_sizes_and_state_of_other_shapes_are_told(tmp_path: Path) -> None:
    one = saved(tmp_path / "1.pth")
    grouped = core.load_report(one, saved(tmp_path / "2.pth", groups=2))
    assert grouped.lists.loads
    assert not grouped.loads
    assert grouped.optimizers == (core.OptimizerFit("optimizer_state_dict", (4,), (2, 2)),)
    wider = core.load_report(one, saved(tmp_path / "3.pth", width=5))
    assert not wider.lists.loads
    [optimizer] = wider.optimizers
    assert optimizer.file == optimizer.model == (4,)
    assert core.Mismatch("optimizer_state_dict.state.0.exp_avg", (3, 3), (5, 3)) in optimizer.mismatched
    assert not optimizer.loads


def test_that_groups_are_counted_as_torch_counts_them(tmp_path: Path) -> None:
    two = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2, bias=False)])
    plain = torch.optim.SGD([{"params": [*part.parameters()]} for part in two])
    torch.save({"opt": plain.state_dict(), "w": torch.ones(1)}, tmp_path / "a.pth")
    assert core.parameter_groups(core.open(tmp_path / "a.pth")) == {"opt": (2, 1)}


def test_that_every_model_that_both_have_is_told(tmp_path: Path) -> None:
    def pair(width: int) -> dict[str, Any]:
        return {"netG": nn.Linear(2, 3).state_dict(), "netD": nn.Linear(width, 3).state_dict(), "epoch": 1}

    torch.save(pair(2), tmp_path / "a.pth")
    torch.save(pair(4), tmp_path / "b.pth")
    torch.save(pair(2), tmp_path / "c.pth")
    found = core.load_report(tmp_path / "a.pth", tmp_path / "b.pth")
    assert (found.state_dict, found.lists.loads) == ("netG", True)
    [(path, lists)] = found.others
    assert path == "netD"
    assert lists.mismatched == (core.Mismatch("weight", (3, 2), (3, 4)),)
    assert not found.loads
    assert core.load_report(tmp_path / "a.pth", tmp_path / "c.pth").loads
    assert core.load_report(tmp_path / "a.pth", tmp_path / "b.pth", state_dict="netG").loads
    of_d = core.load_report(tmp_path / "a.pth", tmp_path / "b.pth", state_dict="netD")
    assert of_d.state_dict == "netD"
    assert not of_d.lists.loads


def test_that_the_same_of_several_alike_models_is_chosen(tmp_path: Path) -> None:
    parts = {name: nn.Linear(2, 3).state_dict() for name in ("netG_A", "netG_B", "netD_A")}
    torch.save(parts, tmp_path / "a.pth")
    torch.save(dict(reversed(parts.items())), tmp_path / "b.pth")
    found = core.load_report(tmp_path / "a.pth", tmp_path / "b.pth")
    assert {found.state_dict, *(path for path, _ in found.others)} == set(parts)


def test_that_a_model_that_is_called_like_an_optimizer_is_found_all_the_same(tmp_path: Path) -> None:
    torch.save({"opt": {"model.decoder.weight": torch.ones(2, 3)}, "step": 3}, tmp_path / "a.pth")
    assert core.load_report(tmp_path / "a.pth", {"model.decoder.weight": (2, 3)}).lists.loads
