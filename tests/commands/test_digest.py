"""`digest`, `verify` and `contract`."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import core
from tests.core.packed import packing

pytestmark = pytest.mark.usefixtures("in_folder")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def model() -> dict[str, torch.Tensor]:
    return {"fc.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.ones(2)}


def test_that_a_conversion_keeps_the_digest_and_verifies(run: Run, model: dict[str, torch.Tensor]) -> None:
    torch.save({"epoch": 1, "model": model}, "a.pth")
    assert run("edit", "a.pth", "-o", "a.safetensors", "--extract", "model")[0] == 0
    root = run("digest", "a.safetensors")[1].split()[0]
    assert run("digest", "a.pth", "--state-dict", "model")[1].split()[0] == root
    code, out, _ = run("digest", "a.pth", "--state-dict", "model", "-o", "m.json", "--json")
    assert (code, json.loads(out)["root"], json.loads(Path("m.json").read_text())["root"]) == (0, root, root)
    code, out, _ = run("verify", "a.safetensors", "m.json")
    assert (code, out) == (0, "2 tensors: names, shapes, types and values are those of the manifest\n")


def test_that_verify_names_the_tensor_that_differs(run: Run, model: dict[str, torch.Tensor]) -> None:
    torch.save(model, "a.pth")
    run("digest", "a.pth", "-o", "m.json")
    torch.save({**model, "fc.bias": torch.zeros(2), "new": torch.ones(1)}, "b.pth")
    code, out, _ = run("verify", "b.pth", "m.json")
    assert code == 1
    assert "other values: fc.bias" in out
    assert "not in the manifest: new" in out
    assert "fc.weight" not in out
    answer = json.loads(run("verify", "b.pth", "m.json", "--json")[1])
    assert (answer["same"], answer["values"], answer["unexpected"]) == (False, ["fc.bias"], ["new"])


def test_that_what_has_no_values_cannot_be_judged(run: Run, model: dict[str, torch.Tensor]) -> None:
    torch.save({**model, "m": torch.ones(3, device="meta")}, "a.pth")
    code, out, _ = run("digest", "a.pth", "-o", "m.json")
    assert code == 3
    assert "! m:" in out
    assert run("verify", "a.pth", "m.json")[0] == 3


@pytest.mark.parametrize("arguments", [("digest", "nope.pth"), ("verify", "a.pth", "nope.json"), ("verify", "a.pth", "a.pth"),
                                       ("digest", "a.pth", "--state-dict", "nope"), ("digest", "a.pth", "a.pth", "-o", "m.json"),
                                       ("digest", "a.pth", "-o", "a.pth"), ("contract", "a.pth", "-o", "a.pth"),
                                       ("contract", "a.pth", "--state-dict", "nope")])
def test_that_a_mistake_is_one_line(arguments: tuple[str, ...], run: Run, model: dict[str, torch.Tensor]) -> None:
    torch.save(model, "a.pth")
    before = Path("a.pth").read_bytes()
    code, _, err = run(*arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert Path("a.pth").read_bytes() == before


def test_that_a_contract_is_what_check_and_tests_hold_a_file_against(run: Run, model: dict[str, torch.Tensor]) -> None:
    torch.save({"epoch": 1, "model": model}, "a.pth")
    assert run("contract", "a.pth", "--state-dict", "model", "-o", "c.json")[0] == 0
    assert json.loads(run("contract", "a.pth", "--state-dict", "model")[1]) == json.loads(Path("c.json").read_text())
    assert run("check", "a.pth", "--against", "c.json", "--state-dict", "model")[0] == 0
    core.assert_fits("a.pth", "c.json")
    torch.save({"fc.weight": torch.ones(2, 4), "fc.bias": torch.ones(2, dtype=torch.float64), "x": torch.ones(1)}, "b.pth")
    assert run("check", "b.pth", "--against", "c.json")[0] == 1
    with pytest.raises(AssertionError) as caught:
        core.assert_fits("b.pth", "c.json")
    assert str(caught.value).splitlines()[1:] == ["unexpected: x", "shape of fc.weight: [2, 4], not [2, 3]",
                                                  "type of fc.bias: float64, not float32"]
    core.assert_fits({**model, "more": np.ones(1)}, core.read_contract("c.json"), unexpected=True)
    with pytest.raises(AssertionError, match=r"missing: fc\.bias"):
        core.assert_fits({"fc.weight": model["fc.weight"]}, core.contract(model))


@pytest.mark.parametrize("text", ["[]", "{}", "not json", '{"inspector_contract": 1, "tensors": [{"key": 1}]}'])
def test_that_what_is_no_contract_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(core.Corrupt, match="no contract"):
        core.read_contract(tmp_path / "c.json")


@pytest.mark.parametrize("packed", [packing.gptq(np.random.default_rng(5), 16, 24),
                                    packing.bitsandbytes(np.random.default_rng(6), (7, 33), nested=True)])
def test_that_packed_weights_are_held_against_what_they_stand_for(run: Run, packed: packing.Packed) -> None:
    path = packed.save(Path("packed"))
    assert run("edit", path, "-o", "plain.safetensors", "--dequantize", "float32")[0] == 0
    root = run("digest", "plain.safetensors")[1].split()[0]
    assert run("digest", path)[1].split()[0] != root
    assert run("digest", path, "--logical")[1].split()[0] == root
    assert run("digest", "plain.safetensors", "-o", "m.json")[0] == 0
    assert run("verify", path, "m.json")[0] == 1
    assert run("verify", path, "m.json", "--logical")[0] == 0
    wanted = json.loads(run("contract", "plain.safetensors")[1])
    assert sorted(map(str, json.loads(run("contract", path, "--logical")[1])["tensors"])) == sorted(map(str, wanted["tensors"]))
