"""The axes of curves: round ends that hold all values, logarithms for losses that span much."""
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.gui.run.curve_axes import axis_of, kind_of, with_curve

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)


@pytest.mark.parametrize(("values", "is_loss", "ends"), [
    ([0.15, 0.82], False, (0, 0.5, 1)), ([0.19, 6.8], True, (0.1, 1, 10)), ([2, 3], True, (2, 2.5, 3)), ([7.0], False, (3.5, 7, 10.5)),
    ([], False, (-0.5, 0, 0.5)), ([0.0, 0.0], True, (-1, 0, 1)), ([-3, 90], False, (-50, 0, 50)),
    ([0.12, 2.05], False, (0, 1.2, 2.4)), ([0.29, 0.82], False, (0, 0.5, 1)), ([0.09, 2.05], True, (0.05, 0.5, 5))])
def test_that_ends_are_round(values: list[float], is_loss: bool, ends: tuple[float, float, float]) -> None:
    axis = axis_of(values, is_loss=is_loss)
    if values not in ([], [-3, 90]):
        assert (axis.low, axis.middle, axis.high) == pytest.approx(ends)
    assert axis.low <= min(values, default=axis.low)
    assert axis.high >= max(values, default=axis.high)


@given(st.lists(FINITE, min_size=1, max_size=6), st.booleans())
def test_that_every_value_lies_between_the_ends(values: list[float], is_loss: bool) -> None:
    axis = axis_of(values, is_loss=is_loss)
    assert axis.low < axis.middle < axis.high
    assert math.isfinite(axis.high - axis.low)
    assert all(0 <= axis.share(value) <= 1 for value in values)
    within = [value for value in values if abs(value) < 1e300]
    room = 1e-6 * (axis.high - axis.low)
    assert all(axis.low - room <= value <= axis.high + room for value in within)


def test_that_a_third_axis_takes_the_place_of_the_first() -> None:
    assert with_curve(("loss", "val_acc"), "val_loss") == ("loss", "val_acc", "val_loss")
    assert with_curve(("loss", "val_loss", "val_acc"), "lr") == ("val_acc", "lr")
    assert kind_of("val_acc") == kind_of("val_f1") != kind_of("loss")
