"""The shapes of many tensors, and what they can be drawn over."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inspector import core

RNG = np.random.default_rng(0)
NUMBERS = st.lists(st.integers(-10 ** 9, 10 ** 9), min_size=1, max_size=60)


def ridge_of(values: NDArray[np.float32], bins: int = 120) -> core.Ridge | None:
    return core.ridge(core.summarize_tensor({"w": values}, "w", fine=True), bins)


def test_that_an_outlier_does_not_squeeze_the_others_into_one_bin() -> None:
    values = RNG.normal(size=10_000).astype(np.float32)
    values[0] = 1e6
    found = ridge_of(values)
    assert found is not None
    assert found.high < 10
    assert (found.above, found.total) == (1, 10_000)
    assert sum(count > 0 for count in found.counts) > 60


@given(NUMBERS)
def test_that_every_finite_element_is_counted(values: list[int]) -> None:
    array = np.array([*values, math.nan, math.inf], np.float32)
    found = ridge_of(array, 12)
    finite = array[np.isfinite(array)]
    if found is None:
        assert finite.min() == finite.max() or float(finite.max()) - float(finite.min()) > 0
    else:
        assert found.total == len(finite)
        assert found.low < found.high


@pytest.mark.parametrize("values", [[0.0, 0.0], [math.nan], [math.inf, -math.inf], [7.0], []])
def test_that_what_has_no_shape_has_no_ridge(values: list[float]) -> None:
    assert ridge_of(np.array(values, np.float32)) is None


def test_that_a_pruned_tensor_shows_what_is_left() -> None:
    values = np.zeros(1000, np.float32)
    values[:5] = [-2, -1, 1, 2, 3]
    found = ridge_of(values)
    assert found is not None
    assert (found.low, found.high, found.total) == (-2, 3, 1000)


def test_that_all_are_drawn_over_what_most_of_all_elements_lie_in() -> None:
    wide = ridge_of(np.linspace(-100, 100, 11, dtype=np.float32))
    narrow = ridge_of(RNG.normal(size=100_000).astype(np.float32))
    assert wide is not None
    assert narrow is not None
    span = core.ridge_range([wide, narrow])
    assert span is not None
    assert span == pytest.approx((-2.58, 2.58), abs=0.15)
    assert core.share_outside([wide, narrow], span) == pytest.approx(0.01, abs=0.003)
    assert core.ridge_range([]) is None
    assert core.share_outside([], (0, 1)) == 0
