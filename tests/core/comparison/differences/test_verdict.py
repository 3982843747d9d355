"""A verdict says no more than was looked at."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from inspector import core

NAMES = [f"{layer}.{name}" for layer in ("enc.0", "enc.1", "head") for name in ("weight", "bias")]


def net(seed: int = 0) -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return {name: torch.randn(*((6, 6) if name.endswith("weight") else (6,)), generator=rng) for name in NAMES}


def told(folder: Path, a: Any, b: Any, **options: Any) -> core.Verdict:
    torch.save(a, folder / "a.pth")
    torch.save(b, folder / "b.pth")
    found = core.compare(core.open(folder / "a.pth"), core.open(folder / "b.pth"), **options)
    assert found.verdict is not None
    return found.verdict


CHANGES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["gone", "shape", "value", "nan", "cast", "meta"]), max_size=4)


@given(CHANGES, st.booleans())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_that_the_same_weights_are_all_keys_with_all_values(tmp_path: Path, changes: dict[str, str], swapped: bool) -> None:
    a, b = net(), net()
    for name, change in changes.items():
        if change == "gone":
            del b[name]
        else:
            b[name] = {"shape": torch.cat([b[name], b[name]]), "value": b[name] + 0.5, "nan": b[name] * float("nan"),
                       "cast": b[name].double(), "meta": torch.empty_like(b[name], device="meta")}[change]
    found = told(tmp_path, *((b, a) if swapped else (a, b)))
    if found.id in ("identical", "same-weights"):
        assert not changes
    if found.id == "cast":
        assert set(changes.values()) == {"cast"}
    if set(changes.values()) == {"meta"}:
        assert found.id == ("unreadable" if len(changes) == len(NAMES) else "partly-read")
    if changes and set(changes.values()) <= {"gone", "shape"}:
        assert found.id in ("partly-same", "different-architectures")
    facts = dict(found.facts)
    assert facts["read"] + facts["unread"] + facts["shapes"] == facts["pairs"]
    assert facts["unread"] == sum(change == "meta" for change in changes.values())


def test_that_a_whole_model_and_its_own_state_dict_are_the_same_weights(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    assert told(tmp_path, model, model.state_dict()).id == "same-weights"
    torch.save(model, tmp_path / "whole.pth")
    torch.save({"model": model.state_dict(), "epoch": 3}, tmp_path / "training.pth")
    found = core.compare(core.open(tmp_path / "whole.pth"), core.open(tmp_path / "training.pth"))
    assert found.verdict is not None
    assert found.verdict.id == "same-weights"


def training(seed: int, **more: Any) -> dict[str, Any]:
    torch.manual_seed(seed)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), **more}


@pytest.mark.parametrize("other", [
    lambda a: {"model": a["model"], "epoch": 9},
    lambda a: {**a, "optimizer": training(5)["optimizer"], "note": "released"},
    lambda a: a["model"],
    lambda a: {f"module.{name}": value for name, value in a["model"].items()},
    lambda a: {**a, "torch_rng_state": torch.get_rng_state()},
])
def test_that_only_the_weights_count_when_only_they_are_asked_for(tmp_path: Path, other: Any) -> None:
    a = training(0, epoch=3)
    for sides in ((a, other(a)), (other(a), a)):
        assert told(tmp_path, *sides, weights_only=True).id in ("identical", "same-weights")
    changed = {name: value.clone() for name, value in a["model"].items()}
    changed["bias"][0] += 1e-3
    assert told(tmp_path, a, other({**a, "model": changed}), weights_only=True).id == "fine-tuned"


def test_that_weights_that_are_missing_are_not_the_same(tmp_path: Path) -> None:
    a = training(0)
    less = {**a, "model": {"weight": a["model"]["weight"]}}
    assert told(tmp_path, a, less, weights_only=True).id == "partly-same"
    assert told(tmp_path, a, {"optimizer": a["optimizer"]}, weights_only=True).id not in ("identical", "same-weights")


@pytest.mark.parametrize(("one", "other"), [
    ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
    ("shard-00001-model-00001-of-00001.safetensors", "shard-00002-model-00001-of-00001.safetensors"),
    ("mp_rank_00_model_states.safetensors", "mp_rank_01_model_states.safetensors"),
    ("part_0.safetensors", "part_1.safetensors"),
])
@pytest.mark.parametrize("same_names", [True, False])
def test_that_two_parts_of_a_set_are_told_to_be_that(tmp_path: Path, one: str, other: str, same_names: bool) -> None:
    save_file({"a.weight": torch.randn(8, 4)}, tmp_path / one)
    save_file({"a.weight" if same_names else "b.bias": torch.randn(8, 4)}, tmp_path / other)
    found = core.compare(core.open(tmp_path / one), core.open(tmp_path / other))
    assert found.verdict is not None
    assert found.verdict.id == "parts"


@pytest.mark.parametrize(("one", "other"), [("epoch_1.pth", "epoch_2.pth"), ("lora_rank_4.pth", "lora_rank_8.pth"),
                                            ("compartment1.pth", "compartment2.pth"), ("v1/model.pth", "v2/model.pth")])
def test_that_files_with_other_numbers_are_no_parts(tmp_path: Path, one: str, other: str) -> None:
    torch.manual_seed(0)
    w = torch.randn(8, 8)
    for name, value in ((one, w), (other, w + 0.01 * torch.randn(8, 8))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        torch.save({"w": value}, tmp_path / name)
    found = core.compare(core.open(tmp_path / one), core.open(tmp_path / other))
    assert found.verdict is not None
    assert found.verdict.id == "fine-tuned"


def test_that_replicas_of_a_set_are_still_the_same(tmp_path: Path) -> None:
    for number in (0, 1):
        torch.save(net(), tmp_path / f"mp_rank_0{number}.pth")
    found = core.compare(core.open(tmp_path / "mp_rank_00.pth"), core.open(tmp_path / "mp_rank_01.pth"))
    assert found.verdict is not None
    assert found.verdict.id == "identical"


def test_that_the_distance_is_that_of_all_elements_together(tmp_path: Path) -> None:
    a = {"large.weight": torch.randn(40, 40) * 3, "small.weight": torch.randn(10, 10), "norm.bias": torch.randn(40),
         "steps": torch.tensor(100)}
    b = {"large.weight": a["large.weight"] * 1.01, "small.weight": a["small.weight"] * 1.5, "norm.bias": a["norm.bias"] - 0.25,
         "steps": torch.tensor(9000)}
    floats = [key for key in a if key != "steps"]
    apart = sum(float((b[key].double() - a[key].double()).square().sum()) for key in floats)
    norm = sum(float(a[key].double().square().sum()) for key in floats)
    assert float(dict(told(tmp_path, a, b).facts)["rel"]) == pytest.approx((apart / norm) ** 0.5, rel=1e-9)


def test_that_what_is_only_nearly_so_under_other_names_is_not_the_same(tmp_path: Path) -> None:
    a = {f"enc.{n}.w": torch.randn(16, 8 + n, generator=torch.Generator().manual_seed(n)) for n in range(5)}
    b = {f"m{n}.kernel": a[f"enc.{n}.w"] + 0.05 * torch.randn(16, 8 + n) for n in range(5)}
    found = told(tmp_path, a, b)
    facts = dict(found.facts)
    assert facts["pairs"] == 0 < facts["nearly"]
    assert found.id not in ("partly-same", "same-weights", "rearranged")
    assert 0.02 < float(facts["rel"]) < 0.1


def test_that_a_layer_of_which_only_a_counter_moved_did_not_change(tmp_path: Path) -> None:
    steps = torch.tensor(7)
    a = {**net(), "bn.1.weight": torch.ones(4), "bn.1.num_batches_tracked": steps}
    b = {**a, "bn.1.num_batches_tracked": steps + 900, "head.weight": a["head.weight"] + 1e-3}
    found = told(tmp_path, a, b)
    assert (found.id, found.moved) == ("fine-tuned", ("head",))
    assert {name.rstrip(".0123456789") for name in found.frozen} == {"enc", "bn"}
