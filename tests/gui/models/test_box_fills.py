"""How the boxes of a map are filled by what was read."""
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models import box_fills
from inspector.gui.models.box_fills import STRONGEST, ValueFills, span_of
from tests.gui.kit.test_theme import contrast
from tests.tables import make

KEYS = {f"net.{n}.weight": (n + 2, 10) for n in range(20)}


def boxes() -> core.ByteBox:
    return core.byte_map(make(keys=KEYS))


def box(key: str) -> core.ByteBox:
    return next(one for one in box_fills.leaves(boxes()) if one.path == key)


@pytest.mark.parametrize("c", [theme.LIGHT, theme.DARK])
@pytest.mark.parametrize("how", box_fills.VALUES)
def test_that_a_box_is_empty_until_its_values_are_read(c: theme.Colours, how: str) -> None:
    values = {"net.3.weight": 0.5}
    fills = ValueFills(how, boxes(), values.get, c)
    assert fills.of(box("net.4.weight")).part == 0.0
    assert fills.of(box("net.3.weight")).part > 0.0
    assert (len(fills.known), fills.unknown) == (1, len(KEYS) - 1)
    assert fills.of(boxes()).part == 0.0                        # a group is no tensor


def test_that_deviations_go_up_the_ramp_and_outliers_do_not_press_the_others_together() -> None:
    values = {key: float(n) for n, key in enumerate(KEYS)}
    values["net.19.weight"] = 1e9
    fills = ValueFills("std", boxes(), values.get, theme.LIGHT)
    parts = [fills.of(box(key)).part for key in KEYS]
    assert parts == sorted(parts)
    assert len(set(parts)) > 10
    assert fills.span is not None
    assert fills.span[1] < 100


def test_that_nan_is_in_the_colour_of_danger_and_what_is_finite_hardly_coloured() -> None:
    values = {"net.0.weight": 0.0, "net.1.weight": 3.0}
    fills = ValueFills("nan", boxes(), values.get, theme.LIGHT)
    assert fills.of(box("net.1.weight")).colour == theme.LIGHT.danger
    assert fills.of(box("net.0.weight")).colour != theme.LIGHT.danger
    assert fills.of(box("net.0.weight")).part < 0.1


def test_that_a_change_is_the_stronger_the_farther_and_one_that_cannot_be_measured_stands_out() -> None:
    values = {"net.0.weight": 0.0, "net.1.weight": 0.001, "net.2.weight": 0.3, "net.3.weight": math.inf, "net.4.weight": math.nan}
    fills = ValueFills("change", boxes(), values.get, theme.DARK)
    parts = [fills.of(box(f"net.{n}.weight")).part for n in range(4)]
    assert parts == sorted(parts)
    assert parts[0] < parts[1] < parts[2] < parts[3] == STRONGEST
    assert fills.of(box("net.4.weight")).colour == theme.DARK.danger


@pytest.mark.parametrize("c", [theme.LIGHT, theme.DARK])
@pytest.mark.parametrize(("how", "value"), [("std", 1.0), ("nan", 1.0), ("change", 1.0), ("change", math.nan)])
def test_that_names_can_be_read_on_the_strongest_fill(c: theme.Colours, how: str, value: float) -> None:
    values = {"net.0.weight": 0.0, "net.1.weight": value}
    fill = ValueFills(how, boxes(), values.get, c).at(value)
    assert contrast(c.text, theme.tinted(fill.colour, c.card, fill.part).name()) >= 4.5


@given(st.lists(st.floats(), max_size=60))
def test_that_the_ramp_goes_over_numbers_that_are_there(values: list[float]) -> None:
    found = span_of(values)
    finite = [value for value in values if math.isfinite(value)]
    assert (found is None) == (not finite)
    if found is not None:
        assert found[0] <= found[1]
        assert set(found) <= set(finite)
        assert all(0.0 <= ValueFills("std", boxes(), lambda key: 1.0, theme.LIGHT).at(value).part <= STRONGEST for value in values)
