"""The mean of checkpoints is torch's, for every element type, and everything else is the last file's."""
from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from inspector import core
from tests.core.packed import packing

Save = Callable[..., Path]
TYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.complex128, torch.float8_e4m3fn,
         torch.float8_e5m2)


def mean_of(tensors: list[torch.Tensor], weights: list[float]) -> torch.Tensor:
    """Added up in float64 in order, then cast."""
    wide = torch.complex128 if tensors[0].is_complex() else torch.float64
    total = sum(tensor.to(wide) * weight for tensor, weight in zip(tensors, weights, strict=True))
    return (total / sum(weights)).to(tensors[-1].dtype)                 # type: ignore[operator]


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 1.0], [0.0, 0.1, 3.5]], ids=str)
def test_that_the_mean_is_torchs_in_float64_then_cast(tmp_path: Path, save: Save, dtype: torch.dtype, weights: list[float] | None) -> None:
    torch.manual_seed(0)
    states = [{"w": (torch.randn(65, 33) * 3).to(dtype), "s": torch.tensor(1.5 + n).to(dtype)} for n in range(3)]
    paths = [save(f"{n}.pth", state) for n, state in enumerate(states)]
    core.save(core.average(paths, weights), tmp_path / "mean.pth")
    found = torch.load(tmp_path / "mean.pth", weights_only=True)
    for key in ("w", "s"):
        assert bits(found[key]) == bits(mean_of([state[key] for state in states], weights or [1.0] * 3))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.floats(width=32), min_size=5, max_size=5), min_size=2, max_size=4))
def test_that_the_mean_of_any_numbers_is_torchs(rows: list[list[float]]) -> None:
    tensors = [torch.tensor(row) for row in rows]
    found = core.average([{"w": tensor, "x": torch.ones(2)} for tensor in tensors])["w"].numpy()
    assert torch.equal(torch.from_numpy(found).nan_to_num(7.0), mean_of(tensors, [1.0] * len(rows)).nan_to_num(7.0))


def test_that_it_is_what_torchs_averaged_model_has(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.Linear(4, 2))
    swa = torch.optim.swa_utils.AveragedModel(net, use_buffers=True)
    paths = []
    for n in range(4):
        with torch.no_grad():
            for parameter in net.parameters():
                parameter += torch.randn_like(parameter)
        swa.update_parameters(net)
        paths.append(save(f"{n}.pth", copy.deepcopy(net.state_dict())))
    core.save(core.average(paths), tmp_path / "mean.pth")
    found, wanted = torch.load(tmp_path / "mean.pth", weights_only=True), swa.module.state_dict()
    net.load_state_dict(found)
    for key in found:
        torch.testing.assert_close(found[key], wanted[key].to(found[key].dtype), rtol=1e-6, atol=1e-6)


def test_that_counters_optimizer_and_values_are_the_last_files(tmp_path: Path, save: Save) -> None:
    def checkpoint(n: int) -> dict[str, Any]:
        net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
        optimizer = torch.optim.Adam(net.parameters())
        for _ in range(n + 1):
            net(torch.randn(4, 3)).sum().backward()
            optimizer.step()
        return {"epoch": n, "model": net.state_dict(), "optimizer": optimizer.state_dict(), "name": f"run {n}"}

    made = [checkpoint(n) for n in range(3)]
    mean = core.average([save(f"{n}.pth", one) for n, one in enumerate(made)])
    core.save(mean, tmp_path / "mean.pth")
    found = torch.load(tmp_path / "mean.pth", weights_only=True)
    assert (found["epoch"], found["name"]) == (2, "run 2")
    assert int(found["model"]["1.num_batches_tracked"]) == 3
    assert torch.equal(found["optimizer"]["state"][0]["exp_avg"], made[2]["optimizer"]["state"][0]["exp_avg"])
    assert torch.equal(found["model"]["1.running_mean"], mean_of([one["model"]["1.running_mean"] for one in made], [1.0] * 3))
    notes = " ".join(next(iter(core.apply_each(tmp_path / "2.pth", mean.edited.edits))).effect.notes)       # type: ignore[union-attr]
    assert "6 tensors are the means of 3 files." in notes
    assert "The optimizer's state (12 tensors) is the last file's" in notes
    assert "update_bn" in notes


def test_that_ties_stay_ties_and_strided_tensors_are_averaged_element_by_element(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    states = []
    for _ in range(2):
        wide = torch.randn(4, 6)
        states.append({"embed": wide, "head": wide, "turned": torch.randn(5, 3).t(), "part": wide[1:3],
                       "kernel": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)})
    core.save(core.average([save(f"{n}.pth", state) for n, state in enumerate(states)]), tmp_path / "mean.pth")
    found = torch.load(tmp_path / "mean.pth", weights_only=True)
    assert found["embed"].data_ptr() == found["head"].data_ptr()
    for key in found:
        assert torch.equal(found[key], mean_of([state[key] for state in states], [1.0, 1.0]))


def test_that_containers_and_nesting_may_differ(tmp_path: Path, save: Save) -> None:
    first, second = {"a": torch.ones(3), "b": torch.zeros(2)}, {"a": torch.full((3,), 2.0), "b": torch.ones(2)}
    path = save("0.pth", {"epoch": 1, "model_state_dict": first})
    save_file(second, tmp_path / "1.safetensors")
    core.save(core.average([path, tmp_path / "1.safetensors"]), tmp_path / "mean.safetensors")
    assert load_file(tmp_path / "mean.safetensors")["a"].tolist() == [1.5] * 3


def test_that_the_mean_of_a_float16_and_a_float32_file_has_the_last_ones_type(save: Save) -> None:
    paths = [save("0.pth", {"w": torch.tensor([1.0, 3.0], dtype=torch.float16)}), save("1.pth", {"w": torch.tensor([2.0, 4.0])})]
    mean = core.average(paths)
    assert (mean["w"].dtype, mean["w"].numpy().tolist()) == ("float32", [1.5, 3.5])


def test_that_memory_stays_flat_and_a_mean_is_measured_like_any_tensor(save: Save) -> None:
    states = [{"w": torch.full((3_000_000,), float(n))} for n in range(3)]
    mean = core.average([save(f"{n}.pth", state) for n, state in enumerate(states)])
    summary = core.summarize(mean)["w"]
    assert (summary.min, summary.max, summary.numel) == (1.0, 1.0, 3_000_000)
    assert mean["w"][2_999_998:].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("states", "said"), [
    ([{"w": torch.ones(3), "v": torch.ones(3)}, {"w": torch.ones(3), "v": torch.ones(4)}], "'v' is \\[3\\] in"),
    ([{"w": torch.ones(3)}, {"w": torch.ones(3), "v": torch.ones(4)}], "has no tensor 'v' that"),
    ([{"x": torch.ones(3)}, {"w": torch.ones(3)}], "has no tensor 'w' that"),
    ([{"n": torch.tensor([1, 2])}, {"n": torch.tensor([1, 2])}], "has no weights to average"),
    ([{"w": torch.ones(3, dtype=torch.int64)}, {"w": torch.ones(3)}], "cannot be averaged: it is int64 there")])
def test_that_what_does_not_fit_is_said(save: Save, states: list[dict[str, torch.Tensor]], said: str) -> None:
    with pytest.raises(core.EditError, match=said):
        core.average([save(f"{n}.pth", state) for n, state in enumerate(states)])


@pytest.mark.parametrize("kind", ["gptq", "awq", "bnb", "ct", "mlx", "fp8 blocks", "mxfp4"])
def test_that_parts_of_packed_weights_are_not_averaged_but_the_numbers_that_they_stand_for(tmp_path: Path, kind: str) -> None:
    made = [packing.MAKERS[kind](np.random.default_rng(n)) for n in range(2)]
    paths = [str(one.save(tmp_path / str(n))) for n, one in enumerate(made)]
    for judge in (core.average, core.likeness):
        with pytest.raises(core.EditError, match=r"is packed: .*the mean of its parts"):
            judge(paths)
    numbers = [core.read_numpy(core.unpacked(core.open(path)), made[0].name).astype(np.float64) for path in paths]
    files = [core.save(core.edit(core.open(path), [core.Dequantize("float32")]), tmp_path / f"{n}.safetensors").path
             for n, path in enumerate(paths)]
    assert np.array_equal(core.read_numpy(core.average(files), made[0].name), ((numbers[0] + numbers[1]) / 2).astype(np.float32))


def test_that_the_factors_of_adapters_are_averaged(tmp_path: Path) -> None:
    paths = [str(packing.MAKERS["lora"](np.random.default_rng(n)).save(tmp_path / str(n))) for n in range(2)]
    keys = core.averaged_keys(core.open(paths[0]))
    assert len(keys) == 2
    for key in keys:
        a, b = (core.read_numpy(core.open(path), key).astype(np.float64) for path in paths)
        assert np.array_equal(core.read_numpy(core.average(paths), key), ((a + b) / 2).astype(np.float32))


@pytest.mark.parametrize(("count", "weights"), [(1, None), (2, [1.0]), (2, [1.0, -1.0]), (2, [0.0, 0.0]), (2, [float("nan"), 1.0])])
def test_that_weights_which_make_no_sense_are_refused(save: Save, count: int, weights: list[float] | None) -> None:
    with pytest.raises(core.UsageError):
        core.average([save(f"{n}.pth", {"w": torch.ones(3)}) for n in range(count)], weights)


def test_that_the_cosine_of_two_files_is_that_of_their_matrices(save: Save) -> None:
    torch.manual_seed(0)
    first = {"w": torch.randn(40, 30), "v": torch.randn(20, 20), "b": torch.ones(1000)}
    near = {name: tensor + 0.1 * torch.randn_like(tensor) for name, tensor in first.items()}
    other = {"w": torch.randn(40, 30), "v": torch.randn(20, 20), "b": torch.ones(1000)}
    found = core.likeness([save(f"{n}.pth", state) for n, state in enumerate((first, near, other))])
    def cosine(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
        x, y = (torch.cat([state[name].double().ravel() for name in ("w", "v")]) for state in (a, b))
        return float(x @ y / x.norm() / y.norm())
    assert [(one.a, one.b, one.strangers) for one in found] == [(0, 1, False), (0, 2, True), (1, 2, True)]
    assert [one.cosine for one in found] == pytest.approx([cosine(first, near), cosine(first, other), cosine(near, other)])
