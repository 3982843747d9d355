"""How far tensors are apart, by sketches: exactly where they are small, else within the error that is told."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.checkpoint import TensorInfo
from inspector.core.runs.series import Outline
from inspector.core.runs.sketches import SUMS, Estimate, Sketched, Sketching, estimated, joined, width_for
from inspector.core.tensors.reader import array_dtype


def outline(shape: tuple[int, ...], dtype: str = "float32") -> Outline:
    return Outline(("w",), (shape,), (dtype,), ("parameter",), ("w",), ("",), ("w",))


def info(shape: tuple[int, ...], dtype: str = "float32") -> TensorInfo:
    stride = tuple(math.prod(shape[n + 1:]) for n in range(len(shape)))
    return TensorInfo("w", shape, dtype, "cpu", stride, 0, "0", math.prod(shape) * 4)


def sketched(values: np.ndarray, width: int, dtype: str = "float32", cuts: tuple[int, ...] = ()) -> Sketched:
    one = Sketching(info(values.shape, dtype), width)
    for chunk in np.split(values.reshape(-1), sorted(cuts)):
        one.take(chunk)
    there = outline(values.shape, dtype)
    return Sketched(there, joined(width, there, [one.result()]))


def distance(a: np.ndarray, b: np.ndarray, width: int) -> Estimate | None:
    return estimated(sketched(a, width), 0, sketched(b, width), 0, float(np.linalg.norm(a.astype(np.float64))))


@given(st.lists(st.floats(-2.0 ** 99, 2.0 ** 99, width=32), min_size=1, max_size=61), st.integers(0, 2**32 - 1))
def test_that_a_tensor_of_no_more_elements_than_sums_is_compared_exactly(values: list[float], seed: int) -> None:
    a = np.array(values, np.float32)
    b = (a + np.random.default_rng(seed).standard_normal(a.size)).astype(np.float32)
    found = distance(a, b, 61)
    assert found is not None
    assert found.error == 0
    assert found.same == bool(np.array_equal(a, b))
    assert found.moved == pytest.approx(np.linalg.norm(b.astype(np.float64) - a.astype(np.float64)), rel=1e-12)


@given(st.lists(st.integers(0, 3000), max_size=6))
def test_that_it_does_not_matter_where_chunks_end(cuts: list[int]) -> None:
    values = np.random.default_rng(1).standard_normal(3000).astype(np.float32)
    whole, cut = sketched(values, 251), sketched(values, 251, cuts=tuple(cuts))
    assert whole.digest(0) == cut.digest(0)
    assert np.allclose(whole.sums(0), cut.sums(0), rtol=1e-12, atol=1e-12)


_ROWS, _COLUMNS = 400, 509                  # as many columns as sums: each column falls on one of them
_DIFFERENCES = {
    "all": lambda rng: rng.standard_normal((_ROWS, _COLUMNS)),
    "constant": lambda rng: np.full((_ROWS, _COLUMNS), 0.01),
    "one row": lambda rng: np.eye(_ROWS, 1, -7) * rng.standard_normal((1, _COLUMNS)),
    "low rank": lambda rng: rng.standard_normal((_ROWS, 2)) @ rng.standard_normal((2, _COLUMNS)),
    "scaled": lambda rng: 1e-3 * np.random.default_rng(0).standard_normal((_ROWS, _COLUMNS)),
}


@pytest.mark.parametrize("width", [251, 509, 1021, 4093])
@pytest.mark.parametrize("what", _DIFFERENCES)
def test_that_an_estimate_is_within_five_of_its_errors(what: str, width: int) -> None:
    a = np.random.default_rng(0).standard_normal((_ROWS, _COLUMNS)).astype(np.float32)
    b = (a + _DIFFERENCES[what](np.random.default_rng(2))).astype(np.float32)
    found = distance(a, b, width)
    assert found is not None
    true = float(np.linalg.norm(b.astype(np.float64) - a))
    assert math.sqrt(1 / (2 * width)) * 0.999 <= found.error < 0.1
    assert abs(found.moved - true) < 5 * found.error * true
    assert not found.same


def test_that_errors_are_what_is_told_of_them() -> None:
    rng = np.random.default_rng(3)
    a = np.zeros(20_000, np.float32)
    off = []
    for _ in range(60):
        b = rng.standard_normal(20_000).astype(np.float32)
        found = distance(a, b, 251)
        assert found is not None
        off.append((found.moved / float(np.linalg.norm(b)) - 1) / found.error)
    assert 0.6 < float(np.std(off)) < 1.4
    assert abs(float(np.mean(off))) < 0.6


def test_that_one_column_that_falls_on_one_sum_is_not_guessed() -> None:
    a = np.random.default_rng(0).standard_normal((_ROWS, _COLUMNS)).astype(np.float32)
    b = a.copy()
    b[:, 3] += 1
    assert distance(a, b, _COLUMNS) is None
    found = distance(a, b, 1021)
    assert found is not None
    assert abs(found.moved - _ROWS ** 0.5) < 5 * found.error * _ROWS ** 0.5


def test_that_what_the_sums_may_have_lost_is_not_told() -> None:
    a = np.full(5000, 1e8, np.float64)
    b = a.copy()
    b[::2] += 1e-8
    one, other = (sketched(values, 251, "float64") for values in (a, b))
    assert estimated(one, 0, other, 0, float(np.linalg.norm(a))) is None


def test_that_equal_elements_are_told_by_their_digest_and_zeros_of_another_sign_are_equal() -> None:
    a = np.random.default_rng(0).standard_normal(5000).astype(np.float32)
    assert distance(a, a.copy(), 251) == Estimate(0.0, True, 0.0)
    zeros = np.zeros(50, np.float32)
    assert distance(zeros, -zeros, 251) == Estimate(0.0, True, 0.0)
    assert distance(np.zeros(5000, np.float32), -np.zeros(5000, np.float32), 251) is None


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "float8_e4m3fn", "int64", "uint8", "int8"])
def test_that_other_numbers_are_taken_as_what_they_are(dtype: str) -> None:
    rng = np.random.default_rng(0)
    a, b = ((rng.standard_normal(4000) * 20).astype(array_dtype(dtype)) for _ in range(2)) if dtype != "uint8" else \
        (rng.integers(0, 255, 4000, dtype=np.uint8) for _ in range(2))
    one, other = (sketched(values, 509, dtype) for values in (a, b))
    found = estimated(one, 0, other, 0, float(np.linalg.norm(a.astype(np.float64))))
    assert found is not None
    true = float(np.linalg.norm(b.astype(np.float64) - a.astype(np.float64)))
    assert abs(found.moved - true) < 5 * found.error * true


def test_that_sums_of_a_checkpoint_are_bounded() -> None:
    def of(count: int, size: int) -> Outline:
        names = tuple(map(str, range(count)))
        return Outline(names, ((size,),) * count, ("float32",) * count, ("parameter",) * count, names, ("",), names)

    assert width_for(of(10, 1 << 20)) == SUMS[0]
    assert width_for(of(400, 1 << 20)) == 2039
    assert width_for(of(5000, 1 << 20)) == 127
    assert width_for(of(100_000, 1 << 20)) == 0
    assert width_for(of(100_000, 8)) == SUMS[0]


def test_that_a_tensor_that_cannot_be_read_takes_no_place_of_others_whatever_shape_a_file_says() -> None:
    names = ("bad", "w")
    there = Outline(names, ((2, -3), (3,)), ("float32",) * 2, ("parameter",) * 2, names, ("",), names)
    one = Sketching(info((3,)), width_for(there))
    one.take(np.array([1, 2, 3], np.float32))
    found = Sketched(there, joined(width_for(there), there, [None, one.result()]))
    assert not found.is_there(0)
    assert found.sums(0).size == 0
    assert np.abs(found.sums(1)).tolist() == [1, 2, 3]
