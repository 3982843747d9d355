"""Findings about a whole model, on small models made wrong on purpose."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import core


def health(folder: Path, tensors: dict[str, torch.Tensor]) -> dict[str, core.Finding]:
    torch.save(tensors, folder / "f.pt")
    ckpt = core.open(folder / "f.pt")
    found = core.health(ckpt)
    assert found == core.health(ckpt, core.summarize(ckpt))
    assert len({finding.id for finding in found}) == len(found)
    return {finding.id: finding for finding in found}


def sound(layers: int = 6) -> dict[str, torch.Tensor]:
    """A model with nothing wrong: weights, biases of zero, norms of one, tied embeddings, counters."""
    made = torch.Generator().manual_seed(0)
    tensors = {f"layers.{n}.fc.weight": torch.randn(30, 20, generator=made) * 0.02 * (n + 1) for n in range(layers)}
    tensors |= {f"layers.{n}.fc.bias": torch.zeros(30) for n in range(layers)}
    tensors |= {f"layers.{n}.norm.weight": torch.ones(30) for n in range(layers)}
    tensors["embed.weight"] = torch.randn(50, 20, generator=made)
    tensors["lm_head.weight"] = tensors["embed.weight"]
    tensors["count"] = torch.zeros(3, 4, dtype=torch.int64)
    return tensors


def test_that_nothing_is_found_in_a_sound_model(tmp_path: Path) -> None:
    assert health(tmp_path, sound()) == {}


def test_that_nan_and_infinities_are_dangers(tmp_path: Path) -> None:
    tensors = sound()
    tensors["layers.1.fc.weight"][2, 3:6] = torch.nan
    tensors["layers.2.fc.bias"][4] = -torch.inf
    found = health(tmp_path, tensors)
    assert set(found) == {"nan-values", "infinite-values"}
    assert found["nan-values"].level == found["infinite-values"].level == "danger"
    assert (found["nan-values"].where, found["infinite-values"].where) == ("layers.1.fc.weight", "layers.2.fc.bias")
    assert "3 elements are NaN, in 1 tensor: layers.1.fc.weight (3)" in found["nan-values"].message
    assert "1 element is infinite" in found["infinite-values"].message


def test_that_zero_and_constant_weights_are_told(tmp_path: Path) -> None:
    found = health(tmp_path, sound() | {"head.weight": torch.zeros(4, 5), "scale": torch.full((7,), 0.3)})
    assert (found["all-zero"].where, found["constant-values"].where) == ("head.weight", "scale")
    assert set(found) == {"all-zero", "constant-values"}


def test_that_scales_are_compared_with_the_same_name_in_other_layers(tmp_path: Path) -> None:
    tensors = sound()
    tensors["layers.3.fc.weight"] *= 1e4
    tensors["layers.4.fc.weight"] *= 1e-6
    found = health(tmp_path, tensors)
    assert (found["exploding-scale"].where, found["vanishing-scale"].where) == ("layers.3.fc.weight", "layers.4.fc.weight")
    assert set(found) == {"exploding-scale", "vanishing-scale"}
    few = {key: tensor for key, tensor in tensors.items() if "0" in key or "3" in key}
    assert health(tmp_path, few) == {}        # two are no crowd


@pytest.mark.parametrize(("value", "expected"), [(65519.0, set()), (65520.0, {"overflows-float16"}), (-7e4, {"overflows-float16"}),
                                                 (3.4e38, {"overflows-float16", "overflows-bfloat16"}), (2.9e-8, {"underflows-float16"}),
                                                 (3e-8, set()), (4e-41, {"underflows-float16", "underflows-bfloat16"})])
def test_that_narrower_types_are_tried(tmp_path: Path, value: float, expected: set[str]) -> None:
    tensor = torch.tensor([value, value / 2, 0.0])
    assert set(health(tmp_path, {"w": tensor})) == expected
    for name in ("float16", "bfloat16"):        # as torch casts
        cast = tensor.to(getattr(torch, name))
        assert (f"overflows-{name}" in expected) == bool(cast.isinf().any())
        assert (f"underflows-{name}" in expected) == (not cast.any())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_that_dead_rows_and_columns_are_counted(tmp_path: Path, dtype: torch.dtype) -> None:
    matrix = torch.randn(40, 30).to(dtype)
    matrix[[3, 39]] = 0
    matrix[:, 7] = -0.0
    conv = torch.randn(8, 6, 3, 3).to(dtype)
    conv[5] = 0
    scattered = torch.randn(40, 30).to(dtype)
    scattered.view(-1)[::31] = 0             # forty zeros, none of them a row
    found = health(tmp_path, {"fc": matrix, "conv": conv, "scattered": scattered, "turned": matrix.t()})
    assert set(found) == {"dead-rows", "dead-columns"}
    for text in ("conv (1 of 8)", "fc (2 of 40)", "turned (1 of 30)"):
        assert text in found["dead-rows"].message
    for text in ("fc (1 of 30)", "turned (2 of 40)"):
        assert text in found["dead-columns"].message


def test_that_copies_are_found_and_ties_are_none(tmp_path: Path) -> None:
    tensors = sound()
    tensors["lm_head.weight"] = tensors["embed.weight"].clone()
    tensors["ema.fc.weight"] = tensors["layers.0.fc.weight"].clone()
    other = tensors["layers.1.fc.weight"].clone()
    other[0, 0], other[0, 1] = tensors["layers.1.fc.weight"][0, 1], tensors["layers.1.fc.weight"][0, 0]
    tensors["exchanged"] = other            # the same numbers in another order
    found = health(tmp_path, tensors)
    assert set(found) == {"untied-copy", "duplicate-tensors"}
    assert "embed.weight = lm_head.weight" in found["untied-copy"].message
    assert "layers.0.fc.weight = ema.fc.weight" in found["duplicate-tensors"].message
    assert "exchanged" not in found["duplicate-tensors"].message


def test_that_tensors_without_summaries_are_passed_over(tmp_path: Path) -> None:
    torch.save(sound(), tmp_path / "f.pt")
    ckpt = core.open(tmp_path / "f.pt")
    assert core.health(ckpt, {}) == ()


def test_that_the_values_alone_say_what_health_says_of_them_without_reading_again(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save({"bad.weight": torch.tensor([[1.0, float("nan")]]), "zero.weight": torch.zeros(4, 4), "same.weight": torch.full((4, 4), 2.5),
                "good.weight": torch.randn(4, 4), "dead.weight": torch.tensor([[0.0, 0.0], [1.0, 2.0]])}, path)
    ckpt = core.open(str(path))
    summaries = core.summarize(ckpt)
    path.unlink()
    found = core.value_findings(ckpt, summaries)
    assert [(finding.id, finding.keys) for finding in found] == [
        ("nan-values", ("bad.weight",)), ("all-zero", ("zero.weight",)), ("constant-weights", ("same.weight",))]


def test_that_looking_for_what_is_unhealthy_can_be_stopped() -> None:
    class Stopped(core.Monitor):
        def check(self) -> None:
            raise core.Cancelled

    weights = {"w": np.zeros((4, 4), np.float32)}
    measured = core.summarize(weights)
    with pytest.raises(core.Cancelled):
        core.value_findings(core.edit(weights, []), measured, Stopped())
    with pytest.raises(core.Cancelled):
        core.health(weights, measured, Stopped())
