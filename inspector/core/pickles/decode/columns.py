"""What is different in columns of integers. numpy.unique does the same, and loads numpy.ma for it, which costs more than sorting."""
from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[Any, np.dtype[np.int64]]


class Different(NamedTuple):
    """`values` are the different ones, which go up; `first` is where each is first, `which` for each item of the column its place among
    them."""

    values: Ints
    first: Ints
    which: Ints


def goes_up(column: Ints) -> bool:
    """Whether each item is larger than the one before it."""
    return bool((column[1:] > column[:-1]).all())


def compact(column: Ints) -> array[int]:
    """The same numbers, none of which is negative, in half the memory if they fit."""
    import numpy as np
    narrow = int(column.max(initial=0)) < 1 << 31
    return array("i" if narrow else "q", column.astype(np.intc if narrow else np.int64).tobytes())


def all_different(column: Ints) -> bool:
    import numpy as np
    return goes_up(column) or goes_up(np.sort(column))


def different(column: Ints) -> Different:
    import numpy as np
    count = len(column)
    if goes_up(column):                 # as the numbers of nodes and storages nearly always do
        places = np.arange(count)
        return Different(column, places, places)
    order = np.argsort(column, kind="stable")
    in_order = column[order]
    starts = np.ones(count, np.bool_)
    np.not_equal(in_order[1:], in_order[:-1], out=starts[1:])
    which = np.empty(count, np.int64)
    which[order] = np.cumsum(starts) - 1
    return Different(in_order[starts], order[starts], which)
