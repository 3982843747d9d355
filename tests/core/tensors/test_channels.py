"""Weights by their channels."""
from __future__ import annotations

import itertools
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


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("input", [None, 4])
def test_that_of_a_transposed_convolution_the_second_dimension_counts_the_outputs(over: bool, input: int | None,
                                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_AT_ONCE", 60)
    values = RNG.normal(size=(6, 3, 2, 5))
    turned = np.ascontiguousarray(values.swapaxes(0, 1))
    found = core.kernel_sheet({"up": values}, "up", input, over=over, transposed=True)
    same = core.kernel_sheet({"conv": turned}, "conv", input, over=over)
    np.testing.assert_allclose(found.tiles, same.tiles)
    np.testing.assert_allclose(found.norms.outputs, same.norms.outputs)
    np.testing.assert_allclose(found.norms.inputs, same.norms.inputs)
    if over:
        np.testing.assert_allclose(found.tiles[:, 0], np.sqrt((values ** 2).sum(axis=0)))


def test_that_a_page_of_a_transposed_convolution_begins_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "MOST_KERNELS", 4)
    values = RNG.normal(size=(3, 10, 2, 2))
    found = core.kernel_sheet({"up": values}, "up", 1, first=8, transposed=True)
    np.testing.assert_array_equal(found.tiles[:, 0], values[1, 8:])


def test_that_means_and_zeros_are_of_what_they_say() -> None:
    values = RNG.normal(size=(4, 5, 3))
    values[1], values[:, 2], values[0, 0, 0] = 0, 0, np.nan
    found = core.channel_measures({"w": values}, "w")
    np.testing.assert_allclose(found.means.outputs, np.nanmean(values, axis=(1, 2)), rtol=1e-6)
    np.testing.assert_allclose(found.means.inputs, np.nanmean(values, axis=(0, 2)), rtol=1e-6)
    np.testing.assert_allclose(found.zeros.outputs, (values == 0).mean(axis=(1, 2)))
    np.testing.assert_allclose(found.zeros.inputs, (values == 0).mean(axis=(0, 2)))


@pytest.mark.parametrize("wide", [3, 500])
def test_that_neighbours_are_alike(wide: int) -> None:
    base = RNG.normal(size=(5, wide))
    lines = np.concatenate([base * 2 ** n + RNG.normal(size=base.shape) * 1e-3 for n in range(30)] + [np.zeros((2, wide))])
    lines[7, 0] = np.nan
    shuffled = RNG.permutation(len(lines))
    order = core.alike_order(lines[shuffled])
    assert sorted(order) == list(range(len(lines)))
    kinds = [int(shuffled[n]) % 5 for n in order[:-2]]
    assert {int(shuffled[n]) for n in order[-2:]} == {150, 151}
    if wide > 3:
        assert sum(a != b for a, b in itertools.pairwise(kinds)) <= 6
    assert core.alike_order(np.zeros((0, 3))) == []
    with pytest.raises(core.UsageError):
        core.alike_order(np.zeros((core.ALIKE_AT_MOST + 1, 1)))


def test_that_the_most_alike_are_those_of_the_largest_cosine() -> None:
    lines = RNG.normal(size=(40, 9)) * 10.0 ** RNG.integers(-200, 200, size=(40, 1))
    lines[5] = 0
    sizes = np.abs(lines).max(axis=1, keepdims=True)
    scaled = lines / np.where(sizes > 0, sizes, 1)
    cosines = (scaled @ scaled[3]) / np.where(sizes[:, 0] > 0, np.linalg.norm(scaled, axis=1) * np.linalg.norm(scaled[3]), 1)
    found = core.most_alike(core.unit_lines(lines), 3, 4)
    assert [n for n, _ in found] == [n for n in np.argsort(-cosines).tolist() if n not in (3, 5)][:4]
    np.testing.assert_allclose([cosine for _, cosine in found], [cosines[n] for n, _ in found], rtol=1e-5)
    assert core.most_alike(core.unit_lines(lines), 5, 4) == []


@pytest.mark.parametrize(("rows", "wide"), [(3, 400), (90, 20), (90, 500)])
def test_that_the_rows_of_a_weight_are_put_in_order_as_lines_at_hand_are(monkeypatch: pytest.MonkeyPatch, rows: int, wide: int) -> None:
    monkeypatch.setattr(channels, "_AT_ONCE", 7 * wide if rows > 64 else 1 << 19)
    values = RNG.normal(size=(rows, wide))
    values[1] = 0
    values[2] = values[0] * 3
    ckpt = {"w": values}
    assert core.row_order(ckpt, "w", "alike") == core.alike_order(values)
    assert core.row_order(ckpt, "w", "alike")[-1] == 1
    assert core.row_order(ckpt, "w", "norm") == np.argsort(-np.linalg.norm(values, axis=1), kind="stable").tolist()
    monkeypatch.setattr(channels, "ALIKE_AT_MOST", rows - 1)
    with pytest.raises(core.UsageError, match="too many"):
        core.row_order(ckpt, "w", "alike")
