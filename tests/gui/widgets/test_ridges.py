"""The outline of a ridge: where its bins are drawn."""
from __future__ import annotations

from array import array

from PySide6.QtCore import QRectF

from inspector import core
from inspector.gui.widgets.ridges import Span, _outline

CELL = QRectF(10, 2, 100, 21)


def points(counts: list[int], low: float, high: float, span: Span) -> list[tuple[float, float]]:
    found = _outline(core.Ridge(low, high, array("q", counts), 0, 0), CELL, span)
    return [(round(found.at(n).x(), 6), round(found.at(n).y(), 6)) for n in range(found.size())]


def test_that_every_bin_has_a_point_at_its_middle_as_high_as_the_root_of_its_count() -> None:
    assert points([1, 4, 0, 4], 0, 4, (0, 4)) == [(10, 23), (22.5, 13), (47.5, 3), (72.5, 23), (97.5, 3), (110, 23)]


def test_that_of_several_bins_in_a_pixel_the_highest_is_drawn() -> None:
    drawn = points([n % 10 for n in range(1000)], 0, 1, (0, 1))
    assert [y for _, y in drawn] == [23, *[3] * 100, 23]
    assert [int(x) for x, _ in drawn[1:-1]] == list(range(10, 110))


def test_that_only_bins_in_sight_have_points_and_the_ends_lie_just_out_of_it() -> None:
    drawn = points([9] * 10, 0, 10, (4, 6))
    assert drawn == [(5, 23), (35, 3), (85, 3), (115, 23)]
    assert points([9] * 10, 0, 1e300, (-1, 1)) == [(60, 23), (115, 23)]
    assert points([9] * 10, 5, 6, (0, 1e-300)) == [(115, 23), (115, 23)]


def test_that_counts_that_are_all_zero_lie_flat() -> None:
    assert {y for _, y in points([0, 0], 0, 1, (0, 1))} == {23}
