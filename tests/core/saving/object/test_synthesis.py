"""Objects that are made anew for the tables of a checkpoint in several files, held against what torch itself makes of the folder."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save

from inspector import core
from tests.core.formats.sets.several_ranks import written_by_ranks

STATES: dict[str, dict[str, Any]] = {
    "a tensor before a state dict": {"w": torch.ones(3, 4), "n": {"v": torch.ones(2)}, "epoch": 3},
    "tensors between state dicts": {"a": {"x": torch.ones(2)}, "w": torch.zeros(3), "b": {"y": torch.ones(1)}, "v": torch.ones(())},
    "inner dicts": {"t": torch.ones(1), "m": {"g": {"w": torch.ones(2)}, "s": torch.ones(()), "d": {"w": torch.ones(2)}},
                    "z": torch.ones(1)},
}


def flat(value: Any, above: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {above: value}
    return {key: inner for name, held in value.items() for key, inner in flat(held, f"{above}.{name}").items()}


@pytest.mark.filterwarnings("ignore")           # torch's own, of a single process
@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
@pytest.mark.parametrize("state", STATES)
def test_that_what_is_in_no_state_dict_keeps_its_place_among_them(state: str, ending: str, tmp_path: Path) -> None:
    dcp.save(STATES[state], checkpoint_id=str(tmp_path / "dcp"), no_dist=True)
    core.save(core.open(tmp_path / "dcp"), tmp_path / f"new{ending}", allow_loss=True)
    assert list(core.open(tmp_path / f"new{ending}").tensors) == list(core.open(tmp_path / "dcp").tensors)
    if ending == ".pth":
        dcp_to_torch_save(tmp_path / "dcp", tmp_path / "torch.pth")
        ours, theirs = (flat(torch.load(tmp_path / name)) for name in ("new.pth", "torch.pth"))
        assert list(ours) == list(theirs)
        assert all(torch.equal(torch.as_tensor(ours[key]), torch.as_tensor(theirs[key])) for key in theirs)


@pytest.mark.filterwarnings("ignore")
def test_that_what_ranks_left_apart_comes_together_in_its_dict(tmp_path: Path) -> None:
    written_by_ranks(tmp_path / "dcp", [{"model": {f"w{n}": torch.full((2,), float(n))}, "ema": {f"w{n}": torch.full((2,), 9.0 - n)}}
                                        for n in range(2)])
    ckpt = core.open(tmp_path / "dcp")
    core.save(ckpt, tmp_path / "new.pth")
    found = torch.load(tmp_path / "new.pth")
    assert {name: {*held} for name, held in found.items()} == {"model": {"w0", "w1"}, "ema": {"w0", "w1"}}
    assert all(torch.equal(found[name][key], core.read_torch(ckpt, f"{name}.{key}")) for name in found for key in found[name])
