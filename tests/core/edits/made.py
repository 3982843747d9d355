"""The checkpoints that edits are tried on."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core
from inspector.core.edits import EDITS


def opened(path: Path, thing: Any) -> core.Checkpoint:
    """`thing` saved by torch and opened here."""
    torch.save(thing, path / "made.pth")
    return core.open(path / "made.pth")


def state_dict(*names: str, metadata: dict[str, Any] | None = None) -> OrderedDict[str, torch.Tensor]:
    made: OrderedDict[str, torch.Tensor] = OrderedDict((name, torch.full((2,), float(n))) for n, name in enumerate(names))
    if metadata is not None:
        made._metadata = OrderedDict(metadata)  # type: ignore[attr-defined]
    return made


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(OrderedDict(fc1=nn.Linear(3, 4), bn=nn.BatchNorm1d(4), fc2=nn.Linear(4, 2)))


def training(model: nn.Module, groups: int = 1, named: bool = False, prefix: str = "") -> dict[str, Any]:
    """A training checkpoint after one step of Adam."""
    named_parameters = list(model.named_parameters())
    parameters = named_parameters if named else [parameter for _, parameter in named_parameters]
    cut = len(parameters) // groups
    optimizer = torch.optim.Adam([{"params": parameters[n * cut:(n + 1) * cut if n < groups - 1 else None]} for n in range(groups)])
    model(torch.randn(3, 3)).sum().backward()
    optimizer.step()
    weights = model.state_dict()
    if prefix:
        weights = nn.ModuleDict({prefix: model}).state_dict()
    return {"epoch": 5, "model": weights, "optimizer": optimizer.state_dict(), "config": {"lr": 0.1, "layers": [1, 2, 3]}}


def names(ckpt: core.Checkpoint) -> list[str]:
    return list(ckpt.tensors)


def counted_edits(monkeypatch: pytest.MonkeyPatch) -> list[core.Edit]:
    """The edits that are applied from now on, once for each time."""
    applied: list[core.Edit] = []
    for kind in EDITS:
        def counting(self: core.Edit, *arguments: Any, apply: Any = kind.apply) -> core.Checkpoint:
            applied.append(self)
            made: core.Checkpoint = apply(self, *arguments)
            return made

        monkeypatch.setattr(kind, "apply", counting)
    return applied


def halves(*shape: int) -> torch.Tensor:
    """Numbers whose products and sums of products have no rounding in float32: libraries add in orders of their own, by machine."""
    return torch.randint(-2, 3, shape) / 2
