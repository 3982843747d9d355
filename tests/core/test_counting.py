"""One count of parameters for packed checkpoints, and what check says of the numbers that they stand for."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from inspector import cli, core
from tests.core.packed import packing

RNG = np.random.default_rng(3)
KINDS: dict[str, packing.Packed] = {
    "gptq": packing.gptq(RNG, 16, 32), "awq": packing.awq(RNG, 16, 24), "bitsandbytes": packing.bitsandbytes(RNG, (10, 33), nested=True),
    "compressed-tensors": packing.bit_packed(RNG, 6, 32), "nvfp4": packing.four_bit_floats(RNG, 4, 32, True),
    "float blocks": packing.float_blocks(RNG, 12, 10, 4, 5), "experts": packing.experts(RNG, 2, 3, 2),
    "mlx": packing.mlx(RNG, 4, 64, 3, 32),
}


def others(packed: packing.Packed) -> int:
    """The elements of floats beside it."""
    return sum(array.size for key, array in packed.tensors.items() if key not in packed.parts and array.dtype.kind != "i")


@pytest.mark.parametrize("kind", KINDS)
def test_that_a_packed_weight_counts_as_what_it_stands_for(kind: str, tmp_path: Path) -> None:
    packed = KINDS[kind]
    ckpt = core.open(packed.save(tmp_path / "a"))
    wanted = packed.values.size + others(packed)
    assert core.counts(ckpt).parameters == wanted
    found = core.totals(ckpt)
    assert (found.parameters, found.tensors) == (wanted, len(packed.tensors))
    costs = core.packed_tensors(ckpt)[packed.name].bits_per_weight
    assert found.bits_per_weight == pytest.approx(costs)
    (model,) = core.describe(ckpt).models
    assert model.parameters == wanted
    said = core.headline(ckpt)
    assert f"{wanted:,} parameters" in said
    assert f"packed: {packed.scheme} 1; {costs:.4g} bits a weight" in said


def test_that_groups_of_keys_count_what_their_codes_stand_for(tmp_path: Path) -> None:
    one, two = packing.gptq(RNG, 16, 32), packing.gptq(RNG, 8, 16)
    tensors = {f"{name}.{key.split('.')[1]}": array for name, packed in (("a", one), ("b", two)) for key, array in packed.tensors.items()}
    ckpt = core.open(one._replace(tensors=tensors).save(tmp_path / "x"))
    assert core.totals(ckpt, "a", [key for key in ckpt.tensors if key.startswith("a.")]).parameters == one.values.size + 16
    assert core.totals(ckpt, "b", [key for key in ckpt.tensors if key.startswith("b.")]).parameters == two.values.size + 8
    assert core.totals(ckpt, keys=["a.scales", "a.g_idx"]).parameters == 0          # they are no parameters
    assert core.totals(ckpt, keys=["a.qweight"]).parameters == one.values.size
    assert core.totals(ckpt, keys=["a.bias"]).bits_per_weight is None


def test_that_an_adapter_has_the_parameters_of_its_factors(tmp_path: Path) -> None:
    packed = packing.adapter(RNG, 24, 32, 4)
    ckpt = core.open(packed.save(tmp_path / "a"))
    assert core.counts(ckpt).parameters == 4 * (24 + 32)
    assert "packed: lora 1" in core.headline(ckpt)
    assert core.totals(ckpt).bits_per_weight is None


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_that_quantized_tensors_of_torch_are_parameters(tmp_path: Path) -> None:
    torch.save({"w": torch.quantize_per_tensor(torch.randn(6, 4), 0.1, 3, torch.qint8), "b": torch.ones(6)}, tmp_path / "a.pt")
    assert core.counts(core.open(tmp_path / "a.pt")).parameters == 30


def test_that_an_unread_packing_is_counted_where_its_shape_is_known(tmp_path: Path) -> None:
    packed = packing.gptq(RNG, 16, 32)._replace(config={})
    ckpt = core.open(packed.save(tmp_path / "a"))
    assert core.packed_tensors(ckpt)["m.weight"].problem
    assert core.counts(ckpt).parameters == 16 * 32 + 16


# -- check ----------------------------------------------------------------------------------------------------------------------------

def checked(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = cli.main(["check", "--json", str(path)])
    return code, json.loads(capsys.readouterr().out)


def changed(packed: packing.Packed, path: Path, **arrays: Any) -> Path:
    whole = load_file(packed.save(path))
    save_file({**whole, **arrays}, path / "model.safetensors")
    return path / "model.safetensors"


def test_that_scales_that_are_all_alike_are_no_weights_that_were_never_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = packing.gptq(RNG, 16, 32)
    path = changed(packed, tmp_path / "a", **{"m.scales": np.full((4, 16), 0.25, np.float16)})
    code, said = checked(path, capsys)
    assert (code, [found["id"] for found in said["findings"]]) == (0, [])
    assert (said["read"]["tensors"], said["read"]["of"]) == (5, 5)


@pytest.mark.parametrize(("value", "id"), [(0.0, "all-zero"), (np.nan, "nan-values"), (np.inf, "infinite-values")])
def test_that_the_numbers_that_they_stand_for_are_judged(value: float, id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = packing.mlx(RNG, 4, 64, 4, 32)
    broken = np.full_like(packed.tensors["m.scales"], value)
    arrays = {"m.scales": broken, "m.biases": np.zeros_like(packed.tensors["m.biases"])}
    code, said = checked(changed(packed, tmp_path / "a", **arrays), capsys)
    assert code == 1
    assert [found["where"] for found in said["findings"] if found["id"] == id] == ["m.weight"]


def test_that_what_cannot_be_made_is_said_to_be_unread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = packing.gptq(RNG, 16, 32)._replace(config={})
    code, said = checked(packed.save(tmp_path / "a"), capsys)
    assert code == 3
    assert (said["read"]["tensors"], said["read"]["of"]) == (1, 5)
