"""Checkpoints to save, written by torch and safetensors on the spot."""
from __future__ import annotations

import os
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from inspector import core

PREFIX = ".~inspector-"


def odd_state() -> dict[str, Any]:
    """Ties, views, strides, empty and scalar tensors, several types, values between them."""
    base = torch.arange(40, dtype=torch.float32)
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    return {
        "whole": base, "view": base[4:20:2], "tied": base, "t": torch.arange(12.0).reshape(3, 4).t(),
        "expanded": torch.ones(1, 3).expand(5, 3), "empty": torch.zeros(0, 3), "scalar": torch.tensor(7),
        "flag": torch.tensor([True, False]),
        "half": torch.randn(5, dtype=torch.float16), "bf": torch.randn(9).bfloat16(), "c": torch.randn(4, dtype=torch.complex64),
        "grad": torch.randn(2, requires_grad=True), "model": module.state_dict(), "epoch": 3, "lr": [0.1, float("nan")], "none": None,
    }


def plain_state(n: int = 6, size: int = 50) -> OrderedDict[str, torch.Tensor]:
    return OrderedDict((f"module.layers.{i}.weight", torch.randn(size, 7) + i) for i in range(n))


def saved(path: Path, state: Any, **options: Any) -> core.Checkpoint:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(state, path, **options)
    return core.open(path)


def quantized() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.randn(3), 0.1, 0, torch.quint8)


def quantized_per_channel() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_channel(torch.ones(2, 3), torch.tensor([.1, .2]), torch.tensor([0, 0]), 0, torch.qint8)


def digests(ckpt: core.Checkpoint) -> dict[str, Any]:
    return {key: found if isinstance(found, str) else found.id for key, found in core.digests(ckpt)}


def same(a: core.Checkpoint, b: core.Checkpoint) -> None:
    """Fails unless both say and hold the same of every tensor and value."""
    def told(ckpt: core.Checkpoint) -> list[tuple[object, ...]]:
        first: dict[str, str] = {}
        return [(info.key, info.shape, info.dtype, info.device or "cpu", info.stride, info.offset, info.requires_grad, info.state_dict,
                 info.layout, first.setdefault(info.storage, info.key), info.storage_nbytes) for info in ckpt.tensors.values()]

    assert told(a) == told(b)
    assert digests(a) == digests(b)
    assert {key: core.to_json(value) for key, value in a.values.items()} == {key: core.to_json(value) for key, value in b.values.items()}
    assert a.state_dicts == b.state_dicts
    assert _plainly(a.module_metadata) == _plainly(b.module_metadata)


def _plainly(metadata: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {path: dict(found) for path, found in metadata.items()}


def left(folder: Path) -> list[str]:
    """What a save left behind in `folder`."""
    return [name for name in os.listdir(folder) if name.startswith(PREFIX)]
