"""What lies where in a treemap: under a point, and beside a box."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from inspector import core

Way = Literal["left", "right", "up", "down"]


def at(places: Sequence[core.MapPlace], x: float, y: float) -> int:
    """The number of the innermost place under a point; -1 where there is none."""
    return next((n for n in range(len(places) - 1, -1, -1) if places[n].has(x, y)), -1)


def neighbour(places: Sequence[core.MapPlace], number: int, way: Way) -> int:
    """The place of the same rank (a box, or a group with a name at the same level) that is nearest in a direction; `number` itself where
    there is none."""
    here = places[number]
    peers: Callable[[core.MapPlace], bool] = (lambda place: place.is_leaf) if here.is_leaf else (
        lambda place: not place.is_leaf and place.depth == here.depth)
    best, nearest = number, float("inf")
    for n, place in enumerate(places):
        if n == number or not peers(place):
            continue
        if way in ("left", "right"):
            along = here.x - place.x - place.width if way == "left" else place.x - here.x - here.width
            beside = max(here.y - place.y - place.height, place.y - here.y - here.height, 0.0)
            off = abs(here.y - place.y)
        else:
            along = here.y - place.y - place.height if way == "up" else place.y - here.y - here.height
            beside = max(here.x - place.x - place.width, place.x - here.x - here.width, 0.0)
            off = abs(here.x - place.x)
        if along < -0.5:
            continue
        distance = along + 4 * beside + off / 1000
        if distance < nearest:
            best, nearest = n, distance
    return best
