"""What lies where in a treemap."""
from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from inspector import core
from inspector.gui.models import treemap
from tests.tables import make


def model() -> core.ByteBox:
    return core.byte_map(make(keys={f"net.{block}.{name}.weight": (n + 2, 40) for block in range(6) for n, name in enumerate("abcdef")}
                              | {"head.weight": (300, 10), "scale": (1,)}))


def chain(places: list[core.MapPlace], start: int, way: treemap.Way) -> Iterator[int]:
    while (other := treemap.neighbour(places, start, way)) != start:
        yield other
        start = other


@pytest.mark.parametrize(("way", "back"), [("left", "right"), ("right", "left"), ("up", "down"), ("down", "up")])
def test_that_arrows_lead_to_boxes_that_lie_there_and_end(way: treemap.Way, back: treemap.Way) -> None:
    places = core.map_places(model(), 900, 460, 16)
    for n, place in enumerate(places):
        passed = [*chain(places, n, way)]
        assert len(passed) == len(set(passed)) < len(places)
        for other in passed[:1]:
            assert places[other].is_leaf == place.is_leaf
            along = {"left": place.x - places[other].x, "right": places[other].x - place.x, "up": place.y - places[other].y,
                     "down": places[other].y - place.y}[way]
            assert along > 0
    assert math.isclose(sum(place.width * place.height for place in places if not place.depth), 900 * 460, rel_tol=1e-6)


def test_that_the_innermost_box_is_under_a_point() -> None:
    places = core.map_places(model(), 900, 460, 16)
    for n, place in enumerate(places):
        if place.is_leaf:
            assert treemap.at(places, place.x + place.width / 2, place.y + place.height / 2) == n
    assert treemap.at(places, -1, 5) == -1
