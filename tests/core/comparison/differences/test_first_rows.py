"""What the first rows rule out is so, and what quantization and adapters leave is never ruled out."""
from __future__ import annotations

import numpy as np
import pytest
import torch

from inspector import core
from inspector.core.comparison.differences.first_rows import FirstRows, first_rows, has_full_rank, may_be_few, ruled_out, ruled_out_by

SHAPES = [(64, 96), (32, 32), (40, 3, 4, 8), (512, 1000)]


def compared(a: torch.Tensor, b: torch.Tensor) -> core.Difference:
    found = core.compare({"w": a}, {"w": b}).pairs[0].difference
    assert found is not None
    return found


def by_row(value: torch.Tensor, bits: int, group: int) -> torch.Tensor:
    runs = value.float().reshape(-1, group or value[0].numel())
    step = runs.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
    return ((runs / step).round() * step).reshape(value.shape).to(value.dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_that_training_leaves_many_values_and_a_full_rank(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    a = torch.randn(shape).to(dtype)
    found = compared(a, (a.float() + 0.5 * torch.randn(shape)).to(dtype))
    assert (found.many, found.full) == (True, True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("bits", "group"), [(8, 0), (8, 32), (8, 64), (4, 32), (4, 0), (3, 128)])
@pytest.mark.parametrize("shape", [(64, 256), (1, 4096), (4096,)])
def test_that_values_on_a_grid_are_not_many(bits: int, group: int, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    a = torch.randn(shape).to(dtype)
    table = a.reshape(-1, a.shape[-1])
    assert not compared(a, by_row(table, bits, group).reshape(shape)).many
    if len(shape) > 1 and shape[0] > 1 and group < 64:          # and of columns
        assert not compared(a, by_row(table.T.contiguous(), bits, group).T.contiguous()).many


def test_that_levels_that_are_all_as_frequent_are_not_many() -> None:
    random = np.random.default_rng(0)
    assert all(may_be_few(random.integers(0, 256, (64, 32)).astype(np.float64)) for _ in range(300))
    assert not may_be_few(random.standard_normal((64, 32)))
    assert may_be_few(random.standard_normal((2, 32)))          # too few to tell


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rank", [1, 8, 24])
def test_that_an_adapter_is_of_no_full_rank(rank: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    a = torch.randn(64, 96).to(dtype)
    found = compared(a, (a.float() + torch.randn(64, rank) @ torch.randn(rank, 96)).to(dtype))
    assert not found.full


def test_that_what_is_not_moved_or_no_number_or_lies_otherwise_rules_nothing_out() -> None:
    torch.manual_seed(0)
    a = torch.randn(64, 96)
    later = a.clone()
    later[40:] += torch.randn(24, 96)
    assert not compared(a, later).full
    whole = torch.arange(64 * 96).reshape(64, 96)
    assert (compared(whole, whole + 1).many, compared(whole, whole + 1).full) == (False, False)
    turned = compared(a.T, a.T + torch.randn(96, 64))
    assert (turned.many, turned.full) == (False, False)
    assert not has_full_rank(np.full((32, 32), np.inf), 24, 0.0)
    assert not has_full_rank(np.full((32, 32), np.nan), 24, 0.0)
    assert not has_full_rank(np.random.default_rng(0).standard_normal((32, 32)), 24, 1e200)


def test_that_numbers_whose_squares_are_none_rule_nothing_out() -> None:
    a = torch.full((64, 96), 1e200, dtype=torch.float64)
    assert not compared(a, a * (1 + torch.randn(64, 96, dtype=torch.float64) * 1e-15)).full


def test_that_it_is_said_of_b_alone() -> None:
    torch.manual_seed(0)
    a = torch.randn(64, 96)
    found = compared(a, a + torch.randn(64, 96))
    assert found.many
    assert (found.back().many, found.back().full) == (False, False)


def test_that_of_many_pairs_the_same_is_ruled_out_as_of_each() -> None:
    random = np.random.default_rng(3)
    info = core.TensorInfo("w", (40, 64), "float32", "cpu", (64, 1), 0, "w", 40 * 64 * 4)
    x = random.normal(size=(40, 64)).astype(np.float32)
    low_rank = random.normal(size=(40, 4)) @ random.normal(size=(4, 64))
    made = [x + random.normal(size=x.shape), x + low_rank, np.round(x * 8) / 8, np.full_like(x, np.nan), np.zeros_like(x), x * np.inf,
            x * 2, -x]
    pairs = [(x.ravel(), y.astype(np.float32).ravel()) for y in made for _ in range(6)]
    rows = [first_rows(info, one, info, other) for one, other in pairs]
    alone = [ruled_out(info, one, info, other) for one, other in pairs]
    assert ruled_out_by([found for found in rows if isinstance(found, FirstRows)]) == alone
    assert {(True, True), (True, False), (False, True)} <= {*alone}
    assert has_full_rank(np.ones((8, 8)), 24, 0.0) is False
    assert ruled_out_by([]) == []


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_that_nan_of_any_kind_among_the_first_are_no_fault(dtype: type[np.generic]) -> None:
    bits = np.random.default_rng(0).integers(0, 1 << 16, 8192, np.uint16)
    a, b = bits.view(dtype), bits[::-1].copy().view(dtype)
    assert core.compare({"w": a}, {"w": b}).pairs[0].difference is not None
