"""Runs that are trained here, and where what is measured of them is kept: nowhere, unless a test says so."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

State = dict[str, torch.Tensor]


class Trained(NamedTuple):
    """A run of real epochs: the folder, and what was saved in each, by epoch from 1."""

    folder: Path
    states: dict[int, State]
    losses: dict[int, float]
    scores: dict[int, float]


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECTOR_CACHE", "")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Twelve epochs of a small CNN: its backbone is frozen after epoch 4, and at epoch 9 the learning rate is made 160 times
    what it was, which it does not survive."""
    folder = tmp_path_factory.mktemp("digits") / "run"
    folder.mkdir()
    torch.manual_seed(1)
    net = nn.Sequential()
    net.add_module("backbone", nn.Sequential(nn.Conv2d(1, 4, 3), nn.LeakyReLU(), nn.Conv2d(4, 4, 3), nn.LeakyReLU()))
    net.add_module("neck", nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.LeakyReLU()))
    net.add_module("head", nn.Linear(16, 3))
    x = torch.randn(48, 1, 8, 8)
    y = x.mean((1, 2, 3)).sign() + 1
    target = nn.functional.one_hot(y.long(), 3).float()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    made = Trained(folder, {}, {}, {})
    for epoch in range(1, 13):
        if epoch == 5:
            net.backbone.requires_grad_(False)
        if epoch == 9:
            optimizer.param_groups[0]["lr"] = 8.0
        for first in range(0, 48, 24):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(x[first:first + 24]), target[first:first + 24])
            loss.backward()
            optimizer.step()
        score = (net(x).argmax(1) == y).float().mean().item() if epoch < 9 else 0.1
        made.states[epoch] = {name: tensor.clone() for name, tensor in net.state_dict().items()}
        made.losses[epoch], made.scores[epoch] = loss.item(), score + epoch / 1000
        torch.save({"epoch": epoch, "loss": loss.item(), "val_acc": made.scores[epoch], "model_state_dict": net.state_dict(),
                    "optimizer_state_dict": optimizer.state_dict()}, folder / f"checkpoint_epoch{epoch}.pth")
    return made


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Saves an object under a name in a folder."""
    def saved(name: str, what: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(what, path)
        return path

    return saved
