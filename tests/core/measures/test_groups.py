"""Statistics of groups agree with numpy, whatever is in the tensors."""
from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector import core
from inspector.core import ALL_VALUES, BIN_CHOICES, FINE_BINS, MIDDLE_VALUES, BinRange, GroupStatistics, merge_bins, merge_summaries
from inspector.core.measures.bin_edges import even_bins, log_bins
from inspector.core.measures.groups import MOST_APART
from tests.tables import checkpoint

NAN, INF = float("nan"), float("inf")


def measured(ckpt: core.Checkpoint, *keys: str, range: BinRange = ALL_VALUES) -> GroupStatistics:
    return core.group_statistics(ckpt, keys or tuple(ckpt.tensors), range)


def test_that_one_tensor_agrees_with_numpy(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=5000).astype(np.float32)
    s = measured(checkpoint(tmp_path, {"w": values})).together
    assert (s.numel, s.min, s.max) == (5000, values.min(), values.max())
    assert s.mean == pytest.approx(values.mean(dtype=np.float64), abs=1e-12)
    assert s.std == pytest.approx(values.std(dtype=np.float64))
    assert s.counts == tuple(np.histogram(values.astype(np.float64), FINE_BINS)[0])
    assert len(s.counts) == FINE_BINS


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


def test_that_each_of_several_has_the_quantiles_that_it_has_alone(tmp_path: Path) -> None:
    arrays = {"a": np.random.default_rng(1).normal(size=500).astype(np.float32), "b": np.arange(90, dtype=np.float32) ** 2}
    ckpt = checkpoint(tmp_path, arrays)
    found = core.group_statistics(ckpt, ["a", "b"])
    for key, summary in found.each:
        np.testing.assert_allclose(summary.quantiles, np.quantile(arrays[key].astype(np.float64), core.QUANTILES), rtol=1e-6)
        assert sum(summary.counts) == arrays[key].size


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
        core.group_statistics(checkpoint(tmp_path, {"b": np.zeros(3, np.float32)}, {"b": "its record is damaged"}), ("b",))


def test_that_how_much_there_is_to_read_is_known_before() -> None:
    infos = {"a": (100, "float32"), "steps": (1, "int64"), "q": (7, "float16")}
    tensors = {key: core.TensorInfo(key, (n,), dtype, None, (1,), 0, key, 0) for key, (n, dtype) in infos.items()}
    ckpt = core.Checkpoint("x", "torch-zip", "state-dict", (), tensors)
    assert core.measurable(ckpt, ["a", "steps", "gone", "q"]) == (("a", "q"), ("steps",), 414)
    assert core.measurable(ckpt, ["steps"]) == (("steps",), (), 8)


def test_that_a_few_counters_among_weights_are_left_out_and_told(tmp_path: Path) -> None:
    arrays = {"w": np.linspace(-1, 1, 1000, dtype=np.float32), "steps": np.array(12_345, np.int64), "mask": np.array([True, False])}
    found = measured(checkpoint(tmp_path, arrays))
    assert (found.counters, found.n_tensors, found.together.max) == (("steps", "mask"), 1, 1)
    many = measured(checkpoint(tmp_path, {**arrays, "ids": np.arange(100)}))
    assert (many.counters, many.n_tensors, many.together.max) == ((), 4, 12_345)


@pytest.mark.parametrize(("values", "drawn"), [
    ([], False), ([NAN, NAN], False), ([INF, -INF, NAN], False), ([5.0] * 4, False), ([0.0], False), ([1.0, 2.0], True),
    ([-3e38, 3e38], True), ([0.0, 1e-45], True), ([1.0, 1.0000001], True),
], ids=["empty", "nan", "inf", "constant", "single", "two", "huge", "tiny", "near"])
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


def test_that_integers_narrower_than_a_byte_have_a_bin_each(tmp_path: Path) -> None:
    raw = np.random.default_rng(3).integers(0, 256, 3000, dtype=np.uint8)
    found = measured(core.reinterpret(checkpoint(tmp_path, {"w": raw}), "w", "i4"))
    nibbles = np.concatenate([raw & 15, raw >> 4]).astype(np.int8)
    wanted = np.bincount(np.where(nibbles > 7, nibbles - 16, nibbles) + 8, minlength=16)
    assert found.whole
    assert found.kinds == {"int"}
    assert found.nbytes == raw.nbytes
    assert [int(n) for n in merge_bins(found.together, 16)[1]] == wanted.tolist()
    assert not measured(core.reinterpret(checkpoint(tmp_path, {"w": raw}), "w", "nf4")).whole


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
    s = measured(checkpoint(tmp_path, {"w": values}), range=MIDDLE_VALUES).together
    low, high = np.quantile(values.astype(np.float64), [0.01, 0.99])
    assert s.edges[0] == pytest.approx(low, abs=0.05)
    assert s.edges[-1] == pytest.approx(high, abs=0.05)
    assert sum(s.counts) + s.below + s.above == s.finite
    assert s.below + s.above == pytest.approx(200, abs=20)


def test_that_a_chosen_range_is_kept(tmp_path: Path) -> None:
    s = measured(checkpoint(tmp_path, {"w": np.arange(100, dtype=np.float32)}), range=BinRange("fixed", 10, 20)).together
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
        core.group_statistics(ckpt, tuple(ckpt.tensors), ALL_VALUES, monitor)
    assert all(0 <= done <= total == 160 for done, total in monitor.seen)
    assert monitor.seen == sorted(monitor.seen)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=FINE_BINS), st.sampled_from(BIN_CHOICES))
def test_that_merging_bins_loses_nothing(counts: list[int], bins: int) -> None:
    fine = core.Summary(sum(counts), 0, 1, 0, 0, 0, 0, 0, tuple(map(float, range(len(counts) + 1))), tuple(counts))
    edges, merged = merge_bins(fine, bins)
    assert len(merged) <= bins
    assert len(edges) == len(merged) + 1
    assert sum(merged) == sum(counts)
    assert (edges[0], edges[-1]) == (0, len(counts))
    assert set(edges) <= set(fine.edges)


def test_that_every_number_of_bins_divides_the_fine_ones() -> None:
    assert all(FINE_BINS % bins == 0 for bins in BIN_CHOICES)
    assert all(core.sensible_bins(10 ** power) in BIN_CHOICES for power in range(14))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_that_edges_increase_and_cover_the_range(a: float, b: float, whole: bool) -> None:
    low, high = (float(math.floor(x)) for x in sorted((a, b))) if whole else sorted((a, b))
    edges = even_bins(low, high, whole=whole).edges
    assert all(x < y for x, y in pairwise(edges))
    assert edges[0] <= low <= high <= edges[-1]
    assert 1 <= len(edges) - 1 <= FINE_BINS


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=8), min_size=1, max_size=5))
def test_that_joined_moments_are_those_of_all_elements(parts: list[list[float]]) -> None:
    def summary(values: list[float]) -> core.Summary:
        array = np.array(values)
        moments = (array.min(), array.max(), array.mean(), array.std()) if values else (NAN,) * 4
        return core.Summary(len(values), *moments, 0, 0, int((array == 0).sum()), (), ())

    joined = merge_summaries([summary(values) for values in parts])
    everything = np.array([value for values in parts for value in values])
    assert joined.numel == len(everything)
    if len(everything):
        assert joined.mean == pytest.approx(everything.mean(), abs=1e-6)
        assert joined.std == pytest.approx(everything.std(), abs=1e-6)
    else:
        assert math.isnan(joined.mean)


def test_that_joining_huge_values_does_not_overflow() -> None:
    part = core.Summary(2, -1e300, 1e300, 0.0, 1e300, 0, 0, 0, (), ())
    assert merge_summaries([part, part]).std == pytest.approx(1e300)


def test_that_a_range_of_edges_is_cut_out_without_reading(tmp_path: Path) -> None:
    arrays = {"a": np.random.default_rng(2).normal(size=5000).astype(np.float32), "b": np.ones(9, np.float32)}
    ckpt = checkpoint(tmp_path, arrays)
    whole = measured(ckpt)
    low, high = core.edges_near(whole.together.edges, -0.5, 0.5)
    assert {low, high} <= set(whole.together.edges)
    assert abs(low + 0.5) < 0.02
    part = whole.between(low, high)
    assert part is not None
    read = measured(ckpt, range=BinRange("fixed", low, high))
    for mine, other in ((part.together, read.together), *zip(dict(part.each).values(), dict(read.each).values(), strict=True)):
        assert (mine.edges[0], mine.edges[-1]) == (other.edges[0], other.edges[-1])
        assert mine.below + sum(mine.counts) + mine.above == other.below + sum(other.counts) + other.above == mine.finite
        # the part's last bin has no right edge of its own: what lies on it counts as above
        assert abs(mine.below - other.below) + abs(mine.above - other.above) <= 9
    assert whole.between(low, low + 1e-9) is None
    assert whole.between(whole.together.edges[3], whole.together.edges[9]) is None       # too few bins to be seen
    assert core.edges_near(whole.together.edges, 0.1, 0.1001) == (0.1, 0.1001)


@pytest.mark.parametrize("bins", BIN_CHOICES[1:8])
def test_that_bins_of_a_range_are_all_as_wide(tmp_path: Path, bins: int) -> None:
    """One that is narrower than the others would look as if values became rare there."""
    whole = measured(checkpoint(tmp_path, {"a": np.random.default_rng(2).uniform(size=5000).astype(np.float32)}))
    for high in (0.61, 0.65, 0.702, 0.8):
        part = whole.between(*core.edges_near(whole.together.edges, 0.2, high))
        assert part is not None
        widths = np.diff(merge_bins(part.together, bins)[0])
        assert widths.max() == pytest.approx(widths.min())
        assert len(widths) > bins / 2


@given(st.floats(-1e30, 1e30), st.floats(-1e30, 1e30))
@example(9.99999999999996e+29, 9.999999999999961e+29)
def test_that_logarithmic_edges_cover_the_range_on_both_sides_of_zero(a: float, b: float) -> None:
    low, high = sorted((a, b))
    edges = log_bins(low, high).edges
    assert all(x < y for x, y in pairwise(edges))
    assert edges[0] <= low <= high <= edges[-1]
    least = core.linear_threshold(low, high)
    if low < -least and high > least:
        assert sum(1 for edge in edges if abs(edge) < least * 0.999) == 0      # one bin around zero
