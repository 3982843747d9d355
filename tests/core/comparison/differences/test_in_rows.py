"""Tensors that are compared together differ as each pair by itself does."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.comparison.differences import kernels
from inspector.core.comparison.differences.kernels import apart, apart_rows
from tests.core.measures.test_in_rows import DTYPES, FAULTS, array_of, checkpoint_of

FLOATS = ["float64", "float32", "float16", "bfloat16"]
SIZES = [0, 1, 2, 7, 9, 64, 129, 1000, 2048]
HOW = ["same", "another", "little", "cast", "zero"]
drawn_pairs = st.lists(st.tuples(st.sampled_from(DTYPES), st.sampled_from(SIZES), st.integers(0, 9), st.sampled_from([0, 0, 0, 1, 3]),
                                 st.sampled_from(HOW)), min_size=2, max_size=12)
drawn_faults = st.dictionaries(st.integers(0, 11), st.sampled_from(FAULTS), max_size=2)
drawn_shared = st.dictionaries(st.integers(1, 11), st.integers(0, 5), max_size=2)


def other_of(array: np.ndarray[Any, Any], how: str, seed: int, into: str) -> np.ndarray[Any, Any]:
    with np.errstate(all="ignore"):
        if how == "cast" and array.dtype.name in FLOATS:
            return array.astype(array_of(into, 0, 0, 0).dtype)
        if how == "another":
            return array_of(array.dtype.name, array.size, seed + 1, 1 if array.size else 0)
        found = np.zeros_like(array) if how == "zero" else array.copy()
        if how == "little" and array.size:
            found[seed % array.size] = array_of(array.dtype.name, 1, seed + 5, 0)[0]
        return found


@settings(max_examples=60, deadline=None)
@given(drawn_pairs, drawn_faults, drawn_faults, drawn_shared, st.sampled_from(FLOATS), st.sampled_from([(0.0, 0.0), (1e-2, 0.5)]))
def test_that_tensors_compared_together_differ_as_each_pair_by_itself(
        tmp_path_factory: pytest.TempPathFactory, drawn: list[Any], broken_a: dict[int, str], broken_b: dict[int, str],
        shared: dict[int, int], into: str, tolerances: tuple[float, float]) -> None:
    folder, (rtol, atol) = tmp_path_factory.mktemp("rows"), tolerances
    arrays = [array_of(*one[:4]) for one in drawn]
    others = [other_of(array, one[4], one[2], into) for array, one in zip(arrays, drawn, strict=True)]

    def compared() -> core.Comparison:
        return core.pair_up(checkpoint_of(folder / "a", arrays, broken_a, shared), checkpoint_of(folder / "b", others, broken_b, shared))

    comparison = compared()
    together = [(at, repr(found)) for at, found in core.differences(comparison, rtol=rtol, atol=atol)]
    comparison = compared()
    alone = [(at, repr(found)) for one in comparison.pairs
             for at, found in core.differences(comparison, rtol=rtol, atol=atol, only=lambda pair, one=one: pair is one)]    # type: ignore[misc]
    assert together == alone
    assert len(together) == sum(pair.status in ("unread", "dtype") for pair in comparison.pairs)


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint16"])
@pytest.mark.parametrize("width", [1, 3, 8, 129, 2048, 5000])
def test_that_rows_are_as_far_apart_as_arrays_are(dtype: str, width: int, is_compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels.loops, "ready", {} if is_compiled else dict.fromkeys(kernels.loops.names))
    a, b = (np.stack([array_of(dtype, width, seed, 2 if seed == 3 else 0) for seed in seeds]) for seeds in (range(6), (0, 1, 7, 8, 9, 5)))
    rows = apart_rows(a, b, nbytes_in_all=1 << 40)
    assert repr(rows) == repr([apart(x, y, nbytes_in_all=1 << 40) for x, y in zip(a, b, strict=True)])


def test_that_pairs_come_in_order_be_they_large_or_small(tmp_path: Path) -> None:
    sizes = [3, 3, 40_000, 3, 5, 40_000, 40_000, 3, 0, 3]
    a, b = (core.open(core.save({f"w{n}": np.full(size, n * step, np.float32) for n, size in enumerate(sizes)}, tmp_path / name).path)
            for name, step in (("a.pth", 1), ("b.safetensors", 2)))
    found = [*core.differences(core.pair_up(a, b))]
    assert [(at, one.numel, one.max_abs) for at, one in found] == [(n, size, float(n if size else 0)) for n, size in enumerate(sizes)]
