"""What noise has changed all over is found by how its elements go together, and nothing is told where that does not tell it apart."""
from __future__ import annotations

import pytest
import torch

from inspector import core

Tensors = dict[str, torch.Tensor]

NAMES = ["conv", "norm", "query", "head", "proj"]
OTHERS = ["m4", "m2", "m0", "m3", "m1"]


def noisy(tensors: list[torch.Tensor], noise: float) -> tuple[Tensors, Tensors]:
    """The tensors under `NAMES`, and under `OTHERS` with noise of so many times their standard deviation."""
    return (dict(zip(NAMES, tensors, strict=True)),
            {name: (one.float() + noise * one.float().std() * torch.randn(one.shape)).to(one.dtype)
             for name, one in zip(OTHERS, tensors, strict=True)})


def told(found: core.Comparison) -> list[tuple[str, str]]:
    assert all(one.kind == "moved" and one.held == "near" for one in found.rearranged)
    return sorted((one.a[0], one.b[0]) for one in found.rearranged)


@pytest.mark.parametrize(("dtype", "noise"), [(torch.float32, 0.1), (torch.bfloat16, 0.02), (torch.float64, 0.3)])
@pytest.mark.parametrize("shape", [(64, 64), (200,), (16, 8, 3, 3), (3, 5000), (40,)])
def test_that_all_of_several_noisy_tensors_of_one_shape_are_found_under_their_new_names(shape: tuple[int, ...], dtype: torch.dtype,
                                                                                       noise: float) -> None:
    torch.manual_seed(0)
    a, b = noisy([torch.randn(shape).to(dtype) for _ in NAMES], noise)
    found = core.compare(a, b)
    assert told(found) == sorted(zip(NAMES, OTHERS, strict=True))
    assert found.unsearched is None
    assert found.verdict is not None
    assert found.verdict.id == "fine-tuned"


def test_that_pairs_by_name_that_are_of_others_count_in_no_distance() -> None:
    """l1 and l2 changed places."""
    torch.manual_seed(0)
    l1, l2, rest = (torch.randn(64, 64) for _ in range(3))
    found = core.compare({"l1": l1, "l2": l2, "rest": rest},
                         {"l1": l2 + 0.1 * torch.randn(64, 64), "l2": l1 + 0.1 * torch.randn(64, 64), "rest": rest})
    assert told(found) == [("l1", "l2"), ("l2", "l1")]
    assert found.verdict is not None
    assert dict(found.verdict.facts)["rel"] == pytest.approx(0.1 * (2 / 3) ** 0.5, rel=0.05)


def test_that_what_goes_with_several_nearly_as_well_is_told_of_none() -> None:
    torch.manual_seed(0)
    common = torch.randn(300)
    a, b = noisy([common + 0.02 * torch.randn(300) for _ in NAMES], 0.05)
    assert core.compare(a, b).rearranged == ()


@pytest.mark.parametrize("shape", [(16,), (5, 4), (8, 8), (300,)])
def test_that_tensors_that_have_nothing_to_do_with_each_other_are_not_paired(shape: tuple[int, ...]) -> None:
    """Not even positive ones, whose cosine is high."""
    torch.manual_seed(1)
    a = {f"layer.a{n}": 1 + 0.1 * torch.randn(shape) for n in range(60)}
    b = {f"part.{n}x": 1 + 0.1 * torch.randn(shape) for n in range(60)}
    assert core.compare(a, b).rearranged == ()


def test_that_padding_and_values_that_are_no_numbers_hide_nothing() -> None:
    torch.manual_seed(2)
    tensors = [torch.randn(60, 40) for _ in NAMES]
    for one in tensors:
        one[:10] = 0
    a, b = noisy(tensors, 0.0)
    for one in b.values():
        one[10:] += 0.1 * torch.randn(50, 40)
    a["conv"][30, 3] = torch.nan
    assert ("norm", "m2") in told(core.compare(a, b))
    assert all(pair in zip(NAMES, OTHERS, strict=True) for pair in told(core.compare(a, b)))


def test_that_some_at_a_time_find_what_all_at_once_find(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    a, b = noisy([torch.randn(100) for _ in NAMES], 0.1)
    b["m9"] = b["m3"].clone() + 1e-4 * torch.randn(100)         # two that are as like it
    whole = told(core.compare(a, b))
    assert ("head", "m3") not in whole
    assert len(whole) == 4
    for rows in (1, 2, 3):
        monkeypatch.setattr("inspector.core.relations.likeness._ROWS", rows)
        assert told(core.compare(a, b)) == whole
        assert told(core.compare(b, a)) == sorted((y, x) for x, y in whole)


def test_that_those_of_a_shape_that_too_many_have_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(4)
    a, b = noisy([torch.randn(100) for _ in NAMES], 0.1)
    other = torch.randn(70)
    a["other"], b["same"] = other, other + 0.1 * torch.randn(70)
    monkeypatch.setattr("inspector.core.relations.likeness._MOST_PAIRS", 24)
    found = core.compare(a, b)
    assert told(found) == [("other", "same")]
    assert found.unsearched == core.Unsearched(0, 12, 10)


def test_that_a_pair_that_is_compared_under_its_two_names_is_told_nothing_of_twice() -> None:
    torch.manual_seed(0)
    a = {name: torch.randn(30, 20) for name in NAMES}
    b = {f"module.{name}": one + 0.1 * torch.randn(30, 20) for name, one in a.items()}
    found = core.compare(a, b)
    assert [(pair.a, pair.b, pair.status) for pair in found.pairs] == [(name, f"module.{name}", "values") for name in NAMES]
    assert found.rearranged == ()
