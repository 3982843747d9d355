"""Weights by their channels."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector import core
from inspector.core.tensors import channels
from tests.tables import checkpoint

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 3, 2, 4), (3, 2, 2, 2, 2), (0, 4), (4, 0, 3, 3), (1, 1)])
def test_that_norms_are_those_of_numpy(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_AT_ONCE", 20)           # several runs
    values = RNG.normal(size=shape).astype(np.float32)
    found = core.channel_norms({"w": values}, "w")
    wide = values.astype(np.float64)
    rest = tuple(range(2, len(shape)))
    np.testing.assert_allclose(found.outputs, np.sqrt((wide ** 2).sum(axis=(1, *rest))))
    np.testing.assert_allclose(found.inputs, np.sqrt((wide ** 2).sum(axis=(0, *rest))))


def test_that_nan_and_infinities_are_left_out_of_norms() -> None:
    found = core.channel_norms({"w": np.float32([[3, np.nan], [4, np.inf]])}, "w")
    assert found.outputs.tolist() == [3, 4]
    assert found.inputs.tolist() == [5, 0]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bool"])
@pytest.mark.parametrize("input", [None, 2])
def test_that_kernels_are_the_file_s(tmp_path: Path, dtype: str, input: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_AT_ONCE", 60)
    values = (RNG.normal(size=(6, 3, 4, 5)) * 9).astype(dtype)
    found = core.kernel_sheet(checkpoint(tmp_path, {"conv": values}), "conv", input)
    np.testing.assert_array_equal(found.tiles, values if input is None else values[:, [input]])
    assert (found.first, found.input) == (0, input)


def test_that_a_page_of_kernels_begins_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "MOST_KERNELS", 4)
    values = RNG.normal(size=(10, 2, 3)).astype(np.float32)
    found = core.kernel_sheet({"conv": values}, "conv", 0, first=8)
    assert found.tiles.shape == (2, 1, 1, 3)
    np.testing.assert_array_equal(found.tiles[:, 0, 0], values[8:, 0])
    assert len(found.norms.outputs) == 10


@pytest.mark.parametrize(("shape", "input"), [((3,), None), ((3, 3), 0), ((3, 3, 3, 3, 3), 0), ((3, 2, 3, 3), 2), ((3, 2, 3, 3), -1)])
def test_that_what_has_no_such_kernels_is_refused(shape: tuple[int, ...], input: int | None) -> None:
    with pytest.raises(core.UsageError):
        core.kernel_sheet({"w": np.zeros(shape, np.float32)}, "w", input)
    with pytest.raises(core.NoSuchKey):
        core.kernel_sheet({"w": np.zeros((2, 2, 2, 2), np.float32)}, "v")
