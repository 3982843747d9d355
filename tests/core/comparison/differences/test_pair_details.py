"""One pair looked at closely: both sides over the same bins, the differences and a slice of them, held against numpy."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector import core
from tests.tables import checkpoint

RNG = np.random.default_rng(3)
A = RNG.normal(size=(30, 40)).astype(np.float32)
B = (A + RNG.normal(size=A.shape) * 0.1).astype(np.float32)


def compared(folder: Path, a: Any, b: Any, problems: dict[str, str] | None = None) -> core.Comparison:
    for name in "ab":
        (folder / name).mkdir()
    return core.compare(checkpoint(folder / "a", a, problems), checkpoint(folder / "b", b))


def test_that_both_sides_have_the_same_bins_and_all_their_elements(tmp_path: Path) -> None:
    found = compared(tmp_path, {"w": A}, {"w": B})
    details = core.pair_details(found, found.pairs[0])
    one, other = details.sides
    assert one is not None
    assert other is not None
    assert one.edges == other.edges
    for summary, values in ((one, A), (other, B)):
        assert summary.counts == tuple(np.histogram(values.astype(np.float64), np.array(summary.edges))[0])
        assert sum(summary.counts) == values.size
    assert (details.problems, details.whole) == (("", ""), False)
    assert core.pair_nbytes(found, found.pairs[0]) == 2 * A.nbytes


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, 2.0, np.nan])
def test_that_one_value_throughout_has_no_bins(tmp_path: Path, value: float) -> None:
    found = compared(tmp_path, {"w": np.full((4, 3), value)}, {"w": np.full((4, 3), value)})
    for summary in core.pair_details(found, found.pairs[0]).sides:
        assert summary is not None
        assert (summary.edges, summary.counts, summary.numel) == ((), (), 12)


def test_that_differences_are_spread_symmetrically_about_zero(tmp_path: Path) -> None:
    found = compared(tmp_path, {"w": A}, {"w": B})
    spread = core.difference_histogram(found, found.pairs[0])
    assert spread is not None
    gap = B.astype(np.float64) - A
    assert spread.edges[0] == pytest.approx(-np.abs(gap).max())
    assert spread.edges[-1] == pytest.approx(np.abs(gap).max())
    assert spread.counts == tuple(np.histogram(gap, np.array(spread.edges))[0])
    assert sum(spread.counts) == A.size
    middle = len(spread.counts) // 2
    assert spread.edges[middle] < 0 < spread.edges[middle + 1]


def test_that_a_slice_of_the_differences_is_b_minus_a(tmp_path: Path) -> None:
    found = compared(tmp_path, {"w": A}, {"w": B})
    shown = core.difference_slice(found, found.pairs[0], core.matrix_plane(A.shape), range(5, 9), range(7, 20))
    assert np.array_equal(shown.values, (B.astype(np.float64) - A)[5:9, 7:20])


@pytest.mark.parametrize(("a", "b"), [(A, A), (A, A[:3]), (A, (A > 0)), (A.astype(np.complex64), B.astype(np.complex64))],
                         ids=["equal", "shape", "kind", "complex"])
def test_that_there_is_no_spread_where_there_is_no_difference_to_count(tmp_path: Path, a: Any, b: Any) -> None:
    found = compared(tmp_path, {"w": a}, {"w": b})
    details = core.pair_details(found, found.pairs[0])
    assert (details.differences is None) is (a.dtype != np.float32 or b.dtype != bool)
    assert all(side is not None for side in details.sides)


def test_that_a_side_that_cannot_be_read_says_why_and_a_missing_one_says_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, {"w": A, "only": A}, {"w": B}, {"w": "its record is damaged"})
    by_key = {pair.a: pair for pair in found.pairs}
    broken = core.pair_details(found, by_key["w"])
    assert (broken.sides[0], broken.problems) == (None, ("its record is damaged", ""))
    assert broken.sides[1] is not None
    alone = core.pair_details(found, by_key["only"])
    assert (alone.sides[1], alone.problems) == (None, ("", ""))
    assert core.pair_nbytes(found, by_key["only"]) == A.nbytes


def test_that_it_can_be_stopped(tmp_path: Path) -> None:
    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise core.Cancelled

        def check(self) -> None:
            raise core.Cancelled

    found = compared(tmp_path, {"w": A}, {"w": B})
    with pytest.raises(core.Cancelled):
        core.pair_details(found, found.pairs[0], Stop())
