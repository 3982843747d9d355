"""`inspector stats` of a group and across layers."""
from __future__ import annotations

import json
import math
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from inspector import core
from inspector.commands import stats

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "stats")


WEIGHTS = {f"net.layers.{n}.fc.weight": torch.arange(9.).reshape(3, 3) * 2.0 ** n for n in range(4)}


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    torch.save({**WEIGHTS, "net.head.weight": torch.ones(40, 40), "steps": torch.tensor(10 ** 6)}, tmp_path / "layers.pth")
    return tmp_path / "layers.pth"


def test_that_the_measures_are_those_of_the_core() -> None:
    assert tuple(core.LAYER_MEASURES) == stats._MEASURES


def test_that_a_group_is_measured_together_and_its_counters_are_left_out(run: Run, layers: Path) -> None:
    code, out, err = run(layers, "--together", "--json", "--bins", 12)
    assert (code, err) == (0, "")
    found = json.loads(out)["together"]
    every = np.concatenate([tensor.numpy().ravel() for tensor in (*WEIGHTS.values(), torch.ones(40, 40))]).astype(np.float64)
    assert (found["tensors"], found["counters"], found["numel"]) == (5, ["steps"], every.size)
    assert (found["min"], found["max"], found["zeros"]) == (0, 64, 4)
    assert found["mean"] == pytest.approx(every.mean())
    assert found["std"] == pytest.approx(every.std())
    assert len(found["hist"]["counts"]) == 12
    assert sum(found["hist"]["counts"]) == every.size
    code, out, _ = run(layers, "--together", "--match", "*fc.weight")
    assert "4 tensors together  36" in out
    assert "left out" not in out
    assert "left out: 1 tensor of whole numbers, such as steps" in run(layers, "--together")[1]


def test_that_a_number_is_followed_across_the_layers(run: Run, layers: Path) -> None:
    code, out, err = run(layers, "--layers", "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    rms = [math.sqrt(float((tensor ** 2).mean())) for tensor in WEIGHTS.values()]
    assert said["layers"]["measure"] == "rms"
    [line] = said["layers"]["lines"]
    assert line["name"] == "net.layers.*.fc.weight"
    assert [(point["layer"], point["key"]) for point in line["points"]] == list(enumerate(WEIGHTS))
    assert [point["value"] for point in line["points"]] == pytest.approx(rms)
    assert len(said["tensors"]) == 6
    code, out, _ = run(layers, "--layers", "absmax")
    row = next(line for line in out.splitlines() if line.startswith("net.layers.*"))
    assert row.split() == ["net.layers.*.fc.weight", "4", "8", "64", "8", "in", "0", "64", "in", "3"]


def test_that_a_file_without_layers_says_so(run: Run, layers: Path) -> None:
    code, out, _ = run(layers, "--layers", "--match", "net.head.weight")
    assert code == 0
    assert out.endswith("no name is there in several layers\n")
    code, out, err = run(layers, "--layers", "beauty")
    assert code == 2
    assert "beauty" in err


def test_that_nothing_to_measure_together_is_no_error(run: Run, tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2, device="meta")}, tmp_path / "meta.pth")
    code, out, err = run(tmp_path / "meta.pth", "--together", "--layers")
    assert (code, err) == (0, "")
    assert "together" not in out


def test_that_of_many_tensors_no_histogram_is_kept(run: Run, tmp_path: Path) -> None:
    many = 12_000
    save_file({f"layers.{n}.weight": np.arange(4, dtype=np.float32) + n for n in range(many)}, tmp_path / "many.safetensors")
    assert run(tmp_path / "many.safetensors")[0] == 0           # with all that is loaded by the first
    tracemalloc.start()
    try:
        code, out, err = run(tmp_path / "many.safetensors")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (code, err, out.count("\nlayers.")) == (0, "", many)
    assert most < 3200 * many
