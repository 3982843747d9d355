"""Axes as arithmetic: ticks a person would choose, for any numbers a tensor can hold."""
from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.gui.models.plot_scales import CountScale, LogCountScale, ValueScale, axis_number, digits_to_tell, number, percent, typeset

LARGEST = 1.7976931348623157e308
finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("low", "high", "texts"), [
    (-0.1, 0.1, ["−0.10", "−0.05", "0", "0.05", "0.10"]), (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    (0, 1e38, ["0", "2e37", "4e37", "6e37", "8e37", "1e38"]), (-3e-5, 5e-5, ["−2e−5", "0", "2e−5", "4e−5"]),
    (0, 255, ["0", "50", "100", "150", "200", "250"]), (-LARGEST, LARGEST, ["−1e308", "0", "1e308"]),
])
def test_that_ticks_are_plain_numbers(low: float, high: float, texts: list[str]) -> None:
    assert [tick.text for tick in ValueScale(low, high).ticks(0, 1, 6)] == texts


@pytest.mark.parametrize(("low", "high", "texts"), [(-0.9, 0.9, ["−0.5", "0", "0.5"]), (-1.9, 1.4, ["−1", "0", "1"]),
                                                   (0.6, 1.9, ["1.0", "1.5"])])
def test_that_no_axis_has_one_label_alone(low: float, high: float, texts: list[str]) -> None:
    assert [tick.text for tick in ValueScale(low, high).ticks(0, 1, 2)] == texts


def test_that_neighbours_far_from_zero_are_told_apart() -> None:
    texts = [tick.text for tick in ValueScale(1.0, 1.0 + 1e-7).ticks(0, 1, 6)]
    assert len(set(texts)) == len(texts) >= 4


def test_that_ticks_of_whole_numbers_are_whole() -> None:
    assert [tick.text for tick in ValueScale(-0.5, 2.5, integers=True).ticks(0, 1, 8)] == ["0", "1", "2"]


@given(finite, finite, st.integers(2, 12))
def test_that_any_range_has_few_ticks_inside_it(a: float, b: float, wanted: int) -> None:
    scale = ValueScale(min(a, b), max(a, b))
    assert scale.low < scale.high
    ticks = scale.ticks(0, 1, wanted)
    assert len(ticks) <= 3 * wanted + 3
    assert all(-0.01 <= tick.at <= 1.01 for tick in ticks)


@given(finite, finite, finite)
def test_that_values_of_the_range_lie_between_0_and_1_and_come_back(a: float, b: float, c: float) -> None:
    low, middle, high = sorted((a, b, c))
    scale = ValueScale(low, high)
    at = scale.to_view(middle)
    assert -1e-9 <= at <= 1 + 1e-9
    back = scale.to_value(min(max(at, 0.0), 1.0))
    assert math.isfinite(back)
    assert abs(back / 2 - middle / 2) <= 1e-9 * (scale.high / 2 - scale.low / 2) + 1e-9 * abs(middle / 2)


@pytest.mark.parametrize("value", [0.0, 3.0, -1e38, 5e-324, LARGEST, -LARGEST, 1e16])
def test_that_a_single_value_gets_a_range_around_it(value: float) -> None:
    scale = ValueScale(value, value)
    assert scale.low <= value <= scale.high
    assert scale.low < scale.high
    assert math.isfinite(scale.low)
    assert math.isfinite(scale.high)


@pytest.mark.parametrize(("top", "texts"), [(1, ["0", "1"]), (150, ["0", "1", "10", "100"]), (9, ["0", "1", "2", "5"])])
def test_that_a_log_axis_is_labelled_with_counts(top: float, texts: list[str]) -> None:
    assert [tick.text for tick in LogCountScale(top).ticks(0, 1, 6) if tick.text] == texts


@given(st.integers(0, 10 ** 15), st.integers(1, 10 ** 15))
def test_that_a_log_axis_has_empty_bins_at_the_bottom_and_the_fullest_at_the_top(count: int, top: int) -> None:
    scale = LogCountScale(top)
    assert scale.to_view(0) == 0
    assert scale.to_view(top) == pytest.approx(1)
    assert scale.to_value(scale.to_view(min(count, top))) == pytest.approx(min(count, top), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("scale", [LogCountScale(1e6), CountScale(1e6)])
def test_that_zooming_in_finds_finer_ticks(scale: LogCountScale | CountScale) -> None:
    assert len([tick for tick in scale.ticks(0.70, 0.72, 5) if tick.text]) >= 2


def test_that_labels_of_large_counts_do_not_touch() -> None:
    places = [tick.at for tick in LogCountScale(3e9).ticks(0, 1, 5) if tick.text]
    assert min(b - a for a, b in pairwise(places)) > 0.05


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "0"), (3, "3"), (50257, "50,257"), (2 ** 53, "9,007,199,254,740,992"), (1e38, "1e38"), (0.1, "0.1"), (-2.5e-7, "-2.5e-7"),
    (float("nan"), "NaN"), (float("inf"), "∞"), (float("-inf"), "-∞"),
    (10 ** 20, "1e20"), (2 ** 63 - 1, "9,223,372,036,854,775,807"),
])
def test_that_numbers_are_written_plainly(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("text", "drawn"), [
    ("-2.5e-7", "−2.5e−7"), ("-∞", "−∞"), ("-1 … -0.5", "−1 … −0.5"), ("0 (-3)", "0 (−3)"), ("1e38", "1e38"), ("2026-11-29", "2026-11-29"),
])
def test_that_numbers_are_drawn_with_a_minus(text: str, drawn: str) -> None:
    assert typeset(text) == drawn


@pytest.mark.parametrize(("part", "whole", "text"), [
    (0, 0, "0 %"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 3, "33.3 %"), (1, 10 ** 6, "< 0.01 %"), (10 ** 6 - 1, 10 ** 6, "> 99.99 %"),
    (1, 200, "0.50 %"),
])
def test_that_little_is_not_nothing_and_much_is_not_all(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


def test_that_the_ends_of_a_narrow_bin_read_differently() -> None:
    low, high = 1.0, 1.0 + 1e-9
    digits = digits_to_tell(low, high)
    assert number(low, digits) != number(high, digits)
    assert axis_number(0.0, 0.1, 1.0) == "0"
