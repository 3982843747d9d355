"""Which checkpoints stand in which column: one each, while there is room, and those that cannot be read among them; else neighbours share
one."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from inspector import core
from inspector.gui.models.key_tree import natural_key

NARROWEST = 6               # pixels of a column


class Column(NamedTuple):
    """`files` are numbers of checkpoints of the series; `lost` is one that cannot be read."""

    files: tuple[int, ...]
    lost: core.LeftOut | None = None


class Cell(NamedTuple):
    """What a row has in a column: the mean of `value` over its checkpoints (None: nothing to show), how many NaN and infinities there are,
    whether it could be read, and whether its tensors have other shapes than they began with."""

    value: float | None
    nan: int
    inf: int
    read: bool
    reshaped: bool


def columns_of(series: core.Series, room: float) -> tuple[Column, ...]:
    """As many as fit into `room` pixels."""
    alone = _alone(series)
    together = max(1, math.ceil(len(alone) * NARROWEST / max(room, NARROWEST)))
    if together == 1:
        return tuple(alone)
    groups = [alone[n:n + together] for n in range(0, len(alone), together)]
    return tuple(Column(tuple(at for one in group for at in one.files), next((one.lost for one in group if one.lost), None))
                 for group in groups)


def _alone(series: core.Series) -> list[Column]:
    """What cannot be read stands where its name belongs, where names are in order at all; else at the end."""
    found = [Column((at,)) for at in range(len(series))]
    keys = [natural_key(one.name) for one in series]
    is_sorted = keys == sorted(keys)
    for lost in sorted((left for left in series.left_out if left.reason == "unreadable"), key=lambda left: natural_key(left.path)):
        key = natural_key(core.file_name(lost.path))
        at = next((n for n, one in enumerate(found) if one.files and keys[one.files[0]] > key), len(found)) if is_sorted else len(found)
        found.insert(at, Column((), lost))
    return found


def cell_of(points: Sequence[core.TrackPoint | None], files: Sequence[int], measure: str, reshaped: int) -> Cell | None:
    """None where no checkpoint of the column has it. The mean is over what is a number."""
    there = [point for at in files if (point := points[at]) is not None]
    if not there:
        return None
    values = [value for point in there if point.read and (value := value_of(point, measure)) is not None]
    return Cell(sum(values) / len(values) if values else None, sum(point.nan for point in there), sum(point.inf for point in there),
                any(point.read for point in there), 0 <= reshaped <= files[-1])


def value_of(point: core.TrackPoint, measure: str) -> float | None:
    value = {"change": point.change, "norm": point.norm, "std": point.std, "nan": float(point.nan)}[measure]
    return None if math.isnan(value) else value
