"""Boxes in boxes as rectangles: a squarified treemap (Bruls, Huizing, van Wijk 2000), whose boxes are as square as their sizes allow.

A group that has the room gets a row of its own for its name; one without only holds its boxes together. What is smaller than a few pixels
becomes one box with its neighbours.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inspector.core.progress import QUIET, Monitor, stoppable

from .byte_map import ByteBox

SMALLEST = 4.0                  # pixels: narrower or lower boxes are drawn as one
TITLED = 2                      # levels of groups with a name above them
_TITLE_ROOM = (46.0, 2.6)       # pixels across, and title rows down, from which a group has one
_ALL = 0.9                      # of what is around: such a group says little, and the groups in it have names all the same
_EDGE = 2.0                     # pixels around what lies in a titled group
_DEEPEST = 64


class MapPlace(NamedTuple):
    """Where a box is drawn. `around` is the number of the place it lies in (-1: none), `title` the height of the row with its name (0: it
    has none). `merged`: the tensors of boxes that were too small for places of their own."""

    box: ByteBox
    x: float
    y: float
    width: float
    height: float
    around: int
    depth: int
    title: float = 0.0
    merged: int = 0

    def has(self, x: float, y: float) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    @property
    def is_leaf(self) -> bool:
        """Drawn as a box: a tensor, or a group of which nothing is shown inside."""
        return self.box.info is not None or bool(self.merged) or not self.title


def map_places(root: ByteBox, width: float, height: float, title: float, monitor: Monitor = QUIET) -> list[MapPlace]:
    """All boxes in `root` over `width` × `height` pixels, outer ones before those inside them; a row for a name is `title` pixels high.
    Boxes that only hold others together have no place of their own. Raises Cancelled.

    >>> boxes = core.byte_map({"a.w": np.ones((64, 64)), "b.w": np.ones((64, 32))})
    >>> [(place.box.path, place.x, place.width) for place in core.map_places(boxes, 300, 100, 16)]
    [('a.w', 0.0, 200.0), ('b.w', 200.0, 100.0)]
    """
    found: list[MapPlace] = []
    _lay(root.boxes, (0.0, 0.0, width, height), -1, 0, 0, title, found, monitor)
    return found


Rect = tuple[float, float, float, float]


def _lay(boxes: Sequence[ByteBox], area: Rect, around: int, titles: int, depth: int, title: float, found: list[MapPlace],
         monitor: Monitor) -> None:
    left, top, width, height = area
    if width < SMALLEST or height < SMALLEST:
        return
    whole = sum(box.nbytes for box in boxes)
    for box, rect in stoppable(_placed(boxes, whole, left, top, width, height), monitor):
        x, y, across, down = rect
        if not box.boxes or depth >= _DEEPEST:
            found.append(MapPlace(box, x, y, across, down, around, depth, merged=box.left_out))
        elif titles < TITLED and across >= _TITLE_ROOM[0] and down >= _TITLE_ROOM[1] * title:
            number = len(found)
            found.append(MapPlace(box, x, y, across, down, around, depth, title))
            inner = x + _EDGE, y + title, across - 2 * _EDGE, down - title - _EDGE
            _lay(box.boxes, inner, number, titles + (box.nbytes < _ALL * whole), depth + 1, title, found, monitor)
        elif across < 3 * SMALLEST or down < 3 * SMALLEST:
            found.append(MapPlace(box, x, y, across, down, around, depth))
        else:
            _lay(box.boxes, rect, around, TITLED, depth + 1, title, found, monitor)


def _placed(boxes: Sequence[ByteBox], total: int, left: float, top: float, width: float,
            height: float) -> Iterator[tuple[ByteBox, Rect]]:
    """`boxes`, the largest first, over an area that they fill; the smallest as one where they would be specks."""
    if not total:
        return iter(())
    scale = width * height / total
    speck, kept, shown = SMALLEST * SMALLEST / scale, len(boxes), boxes
    while kept > 1 and boxes[kept - 1].nbytes < speck:
        kept -= 1
    if len(boxes) - kept > 1:
        shown = sorted((*boxes[:kept], _merged(boxes[kept:])), key=lambda box: -box.nbytes)
    return zip(shown, squarified([box.nbytes * scale for box in shown], left, top, width, height), strict=True)


def _merged(boxes: Sequence[ByteBox]) -> ByteBox:
    largest = boxes[0]
    while largest.boxes:
        largest = largest.boxes[0]
    tensors = sum(box.tensors for box in boxes)
    return ByteBox("", "", sum(box.nbytes for box in boxes), tensors, largest.kind, largest.dtype, largest.device, left_out=tensors)


def squarified(areas: Sequence[float], left: float, top: float, width: float, height: float) -> list[Rect]:
    """A rectangle (x, y, width, height) for each of `areas`, which are positive, descend and add up to the whole. They are put in rows
    along the shorter side of what is left, each row as long as that makes its boxes squarer. Flat for speed: this runs for every frame
    of a resize."""
    found: list[Rect] = []
    start, count = 0, len(areas)
    while start < count:
        wide = width >= height
        side = height if wide else width
        if side <= 0:
            found += [(left, top, max(width, 0.0), max(height, 0.0))] * (count - start)
            break
        end, row, worst, square = start, 0.0, float("inf"), side * side
        largest = areas[start]
        while end < count:
            area = areas[end]
            more = row + area
            thick = more * more
            shape, other = largest * square / thick, thick / (area * square)         # how long the longest and the shortest are
            if other > shape:
                shape = other
            if shape > worst:
                break
            row, worst = more, shape
            end += 1
        thick = row / side
        at = top if wide else left
        for area in areas[start:end]:
            long = area / thick
            found.append((left, at, thick, long) if wide else (at, top, long, thick))
            at += long
        if wide:
            left, width = left + thick, width - thick
        else:
            top, height = top + thick, height - thick
        start = end
    return found
