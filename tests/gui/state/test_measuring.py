"""What is measured for the panel agrees with numpy, whatever is in the tensors."""
from __future__ import annotations

import math
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from inspector.gui.state.measuring import (
    ALL,
    BIN_CHOICES,
    FINE,
    MIDDLE,
    MOST_APART,
    Measured,
    Span,
    TooLarge,
    grid_between,
    join,
    measure,
    rebin,
    sensible_bins,
)

NAN, INF = float("nan"), float("inf")


def checkpoint(folder: Path, arrays: Mapping[str, Any], problems: Mapping[str, str] | None = None) -> core.Checkpoint:
    """A checkpoint whose tensors lie one after the other in a file of their own."""
    raw, tensors, storages = b"", {}, {}
    for n, (key, values) in enumerate(arrays.items()):
        array = np.asarray(values)
        dtype = "bool" if array.dtype == bool else str(array.dtype)
        content = array.tobytes()
        problem = (problems or {}).get(key, "")
        extent = core.Extent(0, len(raw), len(content), len(content))
        storages[str(n)] = core.Storage(str(n), dtype, None, len(content), extent, False, problem)
        stride = tuple(int(step) // array.itemsize for step in np.empty(array.shape, array.dtype).strides)
        tensors[key] = core.TensorInfo(key, array.shape, dtype, None, stride, 0, str(n), len(content), problem=problem)
        raw += content
    path = folder / "values.raw"
    path.write_bytes(raw)
    found = os.stat(path)
    stamp = core.FileStamp(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    return core.Checkpoint(str(path), "torch-zip", "state-dict", (stamp,), tensors, storages=storages)


def measured(ckpt: core.Checkpoint, *keys: str, span: Span = ALL) -> Measured:
    found = measure(ckpt, keys or tuple(ckpt.tensors), span)
    assert isinstance(found, Measured)
    return found


def test_that_one_tensor_agrees_with_numpy(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=5000).astype(np.float32)
    s = measured(checkpoint(tmp_path, {"w": values})).together
    assert (s.numel, s.min, s.max) == (5000, values.min(), values.max())
    assert s.mean == pytest.approx(values.mean(dtype=np.float64), abs=1e-12)
    assert s.std == pytest.approx(values.std(dtype=np.float64))
    assert s.counts == tuple(np.histogram(values.astype(np.float64), FINE)[0])
    assert len(s.counts) == FINE


def test_that_several_tensors_share_their_edges_and_add_up(tmp_path: Path) -> None:
    arrays = {"a": np.arange(10, dtype=np.float32), "b": np.full(7, 100, np.float32), "c": np.array([NAN, 3, INF], np.float32)}
    found = measured(checkpoint(tmp_path, arrays))
    assert [key for key, _ in found.each] == ["a", "b", "c"]
    assert all(summary.edges == found.together.edges for _, summary in found.each)
    assert found.together.counts == tuple(map(sum, zip(*(summary.counts for _, summary in found.each), strict=True)))
    together = np.concatenate([array[np.isfinite(array)] for array in arrays.values()]).astype(np.float64)
    assert found.together.mean == pytest.approx(together.mean())
    assert found.together.std == pytest.approx(together.std())
    assert (found.together.nan, found.together.inf, found.together.zeros) == (1, 1, 1)


def test_that_many_tensors_are_only_added_up(tmp_path: Path) -> None:
    arrays = {str(n): np.array([n, n + 1], np.float32) for n in range(MOST_APART + 1)}
    found = measured(checkpoint(tmp_path, arrays))
    assert found.each == ()
    assert sum(found.together.counts) == 2 * (MOST_APART + 1)


def test_that_a_broken_tensor_is_left_out_of_a_group(tmp_path: Path) -> None:
    ckpt = checkpoint(tmp_path, {"a": np.ones(3, np.float32), "b": np.zeros(3, np.float32)}, {"b": "its record is damaged"})
    found = measured(ckpt)
    assert [key for key, _ in found.each] == ["a"]
    assert (found.n_left_out, found.left_out[0][0]) == (1, "b")


def test_that_a_broken_tensor_alone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(core.BadTensor):
        measure(checkpoint(tmp_path, {"b": np.zeros(3, np.float32)}, {"b": "its record is damaged"}), ("b",))


def test_that_too_much_is_not_read_unasked(tmp_path: Path) -> None:
    ckpt = checkpoint(tmp_path, {"a": np.zeros(100, np.float32)})
    assert measure(ckpt, ("a",), limit=399) == TooLarge(400)
    assert isinstance(measure(ckpt, ("a",), limit=400), Measured)


@pytest.mark.parametrize(("values", "drawn"), [
    ([], False), ([NAN, NAN], False), ([INF, -INF, NAN], False), ([5.0] * 4, False), ([0.0], False), ([1.0, 2.0], True),
    ([-3e38, 3e38], True), ([0.0, 1e-45], True), ([1.0, 1.0000001], True),
], ids=["D31-empty", "D31-nan", "D31-inf", "constant", "single", "two", "huge", "tiny", "near"])
def test_that_there_is_a_histogram_only_when_there_is_something_to_see(tmp_path: Path, values: list[float], drawn: bool) -> None:
    s = measured(checkpoint(tmp_path, {"w": np.array(values, np.float32)})).together
    assert bool(s.counts) is drawn
    if drawn:
        assert sum(s.counts) == s.finite == len(values)
        assert all(a < b for a, b in pairwise(s.edges))


def test_that_doubles_over_the_whole_range_are_binned(tmp_path: Path) -> None:
    s = measured(checkpoint(tmp_path, {"w": np.array([-1.7e308, 0, 1.7e308])})).together
    assert sum(s.counts) == 3


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_that_bins_of_integers_hold_equally_many_of_them(tmp_path: Path, dtype: str) -> None:
    values = np.arange(0, 100).astype(dtype)
    found = measured(checkpoint(tmp_path, {"w": values}))
    assert found.whole
    assert found.together.counts == (1,) * 100
    assert found.together.edges[:2] == pytest.approx((-0.5, 0.5))


def test_that_bool_has_two_bins(tmp_path: Path) -> None:
    s = measured(checkpoint(tmp_path, {"m": np.array([True, False, True])})).together
    assert (s.edges, s.counts) == ((-0.5, 0.5, 1.5), (1, 2))


def test_that_integers_beyond_the_floats_are_binned_all_the_same(tmp_path: Path) -> None:
    s = measured(checkpoint(tmp_path, {"w": np.array([-2 ** 63, 0, 2 ** 63 - 1], np.int64)})).together
    assert (s.min, s.max) == (-2 ** 63, 2 ** 63 - 1)
    assert sum(s.counts) == 3


def test_that_floats_beside_integers_are_not_whole(tmp_path: Path) -> None:
    assert not measured(checkpoint(tmp_path, {"a": np.arange(3), "b": np.ones(2, np.float32) / 3})).whole


def test_that_outliers_do_not_hide_the_middle(tmp_path: Path) -> None:
    values = np.concatenate([np.random.default_rng(0).normal(size=10_000), [1e38, -1e38]]).astype(np.float32)
    s = measured(checkpoint(tmp_path, {"w": values}), span=MIDDLE).together
    low, high = np.quantile(values.astype(np.float64), [0.01, 0.99])
    assert s.edges[0] == pytest.approx(low, abs=0.05)
    assert s.edges[-1] == pytest.approx(high, abs=0.05)
    assert sum(s.counts) + s.below + s.above == s.finite
    assert s.below + s.above == pytest.approx(200, abs=20)


def test_that_a_chosen_range_is_kept(tmp_path: Path) -> None:
    s = measured(checkpoint(tmp_path, {"w": np.arange(100, dtype=np.float32)}), span=Span("fixed", 10, 20)).together
    assert (s.edges[0], s.edges[-1]) == (10, 20)
    assert (s.below, sum(s.counts), s.above) == (10, 11, 79)


def test_that_unknown_keys_are_passed_over(tmp_path: Path) -> None:
    assert measured(checkpoint(tmp_path, {"a": np.ones(3, np.float32)}), "a", "gone").n_tensors == 1


def test_that_the_monitor_hears_of_all_passes_and_can_stop_them(tmp_path: Path) -> None:
    class Stop(core.Monitor):
        def __init__(self) -> None:
            self.seen: list[tuple[int, int]] = []

        def report(self, done: int, total: int, what: str = "") -> None:
            self.seen.append((done, total))
            if done > 100:
                raise core.Cancelled

    ckpt = checkpoint(tmp_path, {str(n): np.arange(5, dtype=np.float32) for n in range(4)})
    monitor = Stop()
    with pytest.raises(core.Cancelled):
        measure(ckpt, tuple(ckpt.tensors), ALL, monitor)
    assert all(0 <= done <= total == 160 for done, total in monitor.seen)
    assert monitor.seen == sorted(monitor.seen)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=FINE), st.sampled_from(BIN_CHOICES))
def test_that_merging_bins_loses_nothing(counts: list[int], bins: int) -> None:
    fine = core.Summary(sum(counts), 0, 1, 0, 0, 0, 0, 0, tuple(map(float, range(len(counts) + 1))), tuple(counts))
    edges, merged = rebin(fine, bins)
    assert len(merged) <= bins
    assert len(edges) == len(merged) + 1
    assert sum(merged) == sum(counts)
    assert (edges[0], edges[-1]) == (0, len(counts))
    assert set(edges) <= set(fine.edges)


def test_that_every_number_of_bins_divides_the_fine_ones() -> None:
    assert all(FINE % bins == 0 for bins in BIN_CHOICES)
    assert all(sensible_bins(10 ** power) in BIN_CHOICES for power in range(14))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_that_edges_increase_and_cover_the_range(a: float, b: float, whole: bool) -> None:
    low, high = (float(math.floor(x)) for x in sorted((a, b))) if whole else sorted((a, b))
    edges = grid_between(low, high, whole).edges
    assert all(x < y for x, y in pairwise(edges))
    assert edges[0] <= low <= high <= edges[-1]
    assert 1 <= len(edges) - 1 <= FINE


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=8), min_size=1, max_size=5))
def test_that_joined_moments_are_those_of_all_elements(parts: list[list[float]]) -> None:
    def summary(values: list[float]) -> core.Summary:
        array = np.array(values)
        moments = (array.min(), array.max(), array.mean(), array.std()) if values else (NAN,) * 4
        return core.Summary(len(values), *moments, 0, 0, int((array == 0).sum()), (), ())

    joined = join([summary(values) for values in parts])
    everything = np.array([value for values in parts for value in values])
    assert joined.numel == len(everything)
    if len(everything):
        assert joined.mean == pytest.approx(everything.mean(), abs=1e-6)
        assert joined.std == pytest.approx(everything.std(), abs=1e-6)
    else:
        assert math.isnan(joined.mean)


def test_that_joining_huge_values_does_not_overflow() -> None:
    part = core.Summary(2, -1e300, 1e300, 0.0, 1e300, 0, 0, 0, (), ())
    assert join([part, part]).std == pytest.approx(1e300)
