"""The tables of an edited checkpoint are what a save writes: saved and opened again they are the same."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import core
from tests.core.edits.made import net, opened, state_dict, training


def tied() -> dict[str, Any]:
    weight = torch.randn(6, 4)
    return {"a": weight, "b": weight, "t": weight.t(), "part": weight[1:3], "n": torch.arange(3)}


def nested() -> dict[str, Any]:
    return {"w": torch.ones(1), "old": [torch.ones(1), {"x": 3}, [1, 2, 3]], "config": {"lr": 0.1, "layers": [1, [2, 3], 4]}}


def by_name() -> dict[str, Any]:
    return {"model": state_dict("module.a", "module.b"), "optim": {
        "state": {name: {"exp_avg": torch.ones(2), "step": 3} for name in ("module.a", "module.b")},
        "param_groups": [{"params": ["module.a", "module.b"], "lr": 0.1}]}}


THINGS: dict[str, Callable[[], Any]] = {
    "training": lambda: training(net(), prefix="module"), "single group": lambda: training(net()), "tied": tied, "nested": nested,
    "by name": by_name,
    "state dict": lambda: torch.nn.DataParallel(net()).state_dict(), "module": net, "in a dict": lambda: {"ema": net(), "n": 1},
}
CASES: list[tuple[str, list[core.Edit]]] = [
    ("training", [core.StripPrefix("module.")]),
    ("training", [core.StripPrefix("module."), core.Rename(r"^fc(\d)", r"lin\1"), core.Drop("config.layers.1")]),
    ("training", [core.AddPrefix("net"), core.RemapDevices({"cpu": "cuda:3"})]),
    ("training", [core.Extract("model"), core.StripPrefix("module"), core.Cast("float16")]),
    ("training", [core.Extract("model.module.bn")]),
    ("training", [core.Extract("optimizer")]),
    ("training", [core.Extract("optimizer.state.0")]),
    ("training", [core.Drop("optimizer"), core.Cast("bfloat16"), core.SetValue("epoch", 6), core.SetValue("config.name", "x")]),
    ("single group", [core.Drop("fc1")]),
    ("single group", [core.Keep("{model,config.layers.2}")]),
    ("single group", [core.SetValue("config.lr", None), core.SetValue("new", "text"), core.SetValue("epoch", delete=True)]),
    ("tied", [core.Cast("float16")]),
    ("tied", [core.Unshare("{b,part}")]),
    ("tied", [core.Copy("a", "c"), core.Copy("part", "p.q"), core.Cast("float16", "n")]),
    ("tied", [core.Copy("a", "c"), core.Cast("float16"), core.Copy("c", "d")]),
    ("training", [core.Copy("module.fc1", "module.fc3"), core.StripPrefix("module."), core.Extract("model")]),
    ("module", [core.Extract("."), core.Copy("fc1.weight", "head.weight")]),
    ("nested", [core.Copy("w", "config.w"), core.SetValue("config.lr", 1)]),
    ("tied", [core.Drop("a"), core.Rename("^t$", "transposed")]),
    ("tied", [core.Cast("float16"), core.Unshare("b"), core.RemapDevices({"*": "cuda:0"})]),
    ("nested", [core.Rename("^old", "new"), core.Drop("config.layers.1.0")]),
    ("nested", [core.Drop("old.0")]),
    ("nested", [core.Drop("old"), core.SetValue("config.layers.1.1", 9)]),
    ("by name", [core.StripPrefix("module.")]),
    ("by name", [core.StripPrefix("module."), core.Drop("model.b")]),
    ("state dict", [core.StripPrefix("module.")]),
    ("state dict", [core.Drop("*.fc1"), core.AddPrefix("x.y"), core.Cast("float64")]),
    ("module", [core.Extract("."), core.Rename("^bn", "norm")]),
    ("module", [core.RemapDevices({"cpu": "cuda:1"})]),
    ("module", [core.Cast("float16")]),
    ("in a dict", [core.Extract("ema.fc2")]),
    ("in a dict", [core.SetValue("n", 2)]),
]


@pytest.mark.parametrize(("thing", "edits"), CASES, ids=[f"{thing} {n}" for n, (thing, _) in enumerate(CASES)])
def test_that_a_saved_edit_opens_as_its_tables_say(tmp_path: Path, thing: str, edits: list[core.Edit]) -> None:
    wanted = core.edit(opened(tmp_path, THINGS[thing]()), edits)
    core.save(wanted, tmp_path / "out.pth", keep_code=["*"])
    there = core.open(tmp_path / "out.pth")
    assert list(there.tensors) == list(wanted.tensors)
    for key, info in there.tensors.items():
        other = wanted.tensors[key]
        assert info[1:6] == other[1:6], key
        assert info.state_dict == other.state_dict, key
        assert core.digest(there, key) == core.digest(wanted, key)
    assert shared(there) == shared(wanted)
    assert there.values.keys() == wanted.values.keys()
    assert all(there.values[key] == value for key, value in wanted.values.items() if not isinstance(value, core.Opaque))
    assert (there.kind, there.state_dicts) == (wanted.kind, wanted.state_dicts)
    assert {path: dict(table) for path, table in there.module_metadata.items() if table} == {
        path: dict(table) for path, table in wanted.module_metadata.items() if table}


def shared(ckpt: core.Checkpoint) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for key, info in ckpt.tensors.items():
        groups.setdefault(info.storage, []).append(key)
    return sorted(groups.values())
