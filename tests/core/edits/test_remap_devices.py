from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inspector import core
from tests.core.edits.made import opened


def devices(ckpt: core.Checkpoint) -> list[str | None]:
    assert all(info.device == "meta" or ckpt.storages[info.storage].device == info.device for info in ckpt.tensors.values())
    return [info.device for info in ckpt.tensors.values()]


def test_that_the_first_pattern_that_fits_wins_on_tensors_and_storages(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"a": torch.ones(1), "b": torch.ones(2), "m": torch.ones(1, device="meta")})
    moved = core.edit(ckpt, [core.RemapDevices({"cpu": "cuda:3"})])
    assert devices(moved) == ["cuda:3", "cuda:3", "meta"]
    assert "saved-on-gpu" in {finding.id for finding in moved.findings}
    again = core.edit(moved, [core.RemapDevices({"cuda:3": "xpu:1", "cuda:*": "cpu"})])
    assert devices(again) == ["xpu:1", "xpu:1", "meta"]
    back = core.edit(again, [core.RemapDevices({"*": "cpu"})])
    assert devices(back) == ["cpu", "cpu", "meta"]
    assert back.edited is not None
    assert back.edited.source is ckpt
    assert len(back.edited.edits) == 3


@pytest.mark.parametrize("target", ["cpu", "cuda", "cuda:0", "cuda:127", "mps", "xpu:1", "mtia:0"])
def test_that_torchs_devices_are_taken(target: str) -> None:
    torch.device(target)
    assert core.parse_edit("device", f"*={target}") == core.RemapDevices({"*": target})


@pytest.mark.parametrize("target", ["", "gpu", "cuda:", "cuda:-1", "cuda:01", "cuda:128", "cpu:0", "meta", "cuda:1 ", "CUDA",
                                    "cuda:300", "fpga", "vulkan", "hip:0"])
def test_that_what_is_no_device_is_refused(target: str) -> None:
    with pytest.raises(core.EditError):
        core.parse_edit("device", f"*={target}")
    with pytest.raises(core.EditError):
        core.RemapDevices({"*": target}).apply(core.Checkpoint("x", "pickle", "other", (), {}))


def test_that_no_effect_is_told(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"a": torch.ones(1)})
    effect, = core.effects(ckpt, [core.RemapDevices({"cuda:*": "cpu"})])
    assert effect.nothing
    assert effect.notes == ("No tag fits cuda:*: there is cpu.",)
