"""Boxes in boxes as rectangles."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from inspector.core.training.treemap import SMALLEST, squarified
from tests.tables import make

AREAS = st.lists(st.integers(1, 10 ** 6), min_size=1, max_size=40)


def overlap(a: core.MapPlace, b: core.MapPlace) -> float:
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return across * down if across > 1e-6 and down > 1e-6 else 0.0


def model() -> core.ByteBox:
    return core.byte_map(make(keys={f"net.{block}.{name}.weight": (n + 2, 40) for block in range(6) for n, name in enumerate("abcdef")}
                              | {"head.weight": (300, 10), "scale": (1,)}))


@given(AREAS, st.integers(10, 2000), st.integers(10, 2000))
def test_that_boxes_have_their_areas_and_fill_the_whole(weights: list[int], width: int, height: int) -> None:
    weights.sort(reverse=True)
    scale = width * height / sum(weights)
    found = [*squarified([weight * scale for weight in weights], 3.0, 5.0, width, height)]
    for (x, y, across, down), weight in zip(found, weights, strict=True):
        assert across * down == pytest.approx(weight * scale, rel=1e-6)
        assert x >= 3 - 1e-6
        assert y >= 5 - 1e-6
        assert x + across <= 3 + width * (1 + 1e-6)
        assert y + down <= 5 + height * (1 + 1e-6)


def test_that_boxes_are_as_the_paper_has_them() -> None:
    found = squarified([6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], 0, 0, 6, 4)
    assert [(round(x, 3), round(y, 3), round(across, 3), round(down, 3)) for x, y, across, down in found[:4]] == [
        (0, 0, 3, 2), (0, 2, 3, 2), (3, 0, 1.714, 2.333), (4.714, 0, 1.286, 2.333)]


@pytest.mark.parametrize("size", [(900, 460), (300, 260), (80, 40), (3, 3)])
def test_that_nothing_lies_over_something_else_and_inside_its_group(size: tuple[int, int]) -> None:
    places = core.map_places(model(), *size, 16)
    leaves = [place for place in places if place.is_leaf]
    assert all(not overlap(a, b) for n, a in enumerate(leaves) for b in leaves[n + 1:])
    for place in places:
        if place.around >= 0:
            outer = places[place.around]
            assert outer.x - 1e-6 <= place.x
            assert outer.y + outer.title - 1e-6 <= place.y
            assert place.x + place.width <= outer.x + outer.width + 1e-6
            assert place.y + place.height <= outer.y + outer.height + 1e-6


def test_that_what_is_too_small_is_one_box_that_says_how_many() -> None:
    root = core.byte_map(make(keys={"large": (100_000,), **{f"s{n:03}": (1,) for n in range(300)}}))
    small = [place for place in core.map_places(root, 400, 300, 16) if place.merged]
    assert [place.merged for place in small] == [300]
    assert all(place.width * place.height > SMALLEST for place in core.map_places(model(), 400, 300, 16))


def test_that_a_group_of_nearly_everything_takes_no_name_from_those_inside() -> None:
    root = core.byte_map(make(keys={f"model.net.{block}.{name}.weight": (50, 40) for block in range(4) for name in "ab"} | {"note": (1,)}))
    titled = [place.box.path for place in core.map_places(root, 900, 460, 16) if place.title]
    assert {"model.net", "model.net.0", "model.net.0.a"} <= {*titled, "model.net.0.a"}
    assert "model.net.3" in titled
