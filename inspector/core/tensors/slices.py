"""Parts of a tensor as a person looks at them: a plane cut out of it, a reduced copy of a large one, a run of elements, the next NaN.

    Plane (which dimensions go down, which across, where the others stand) → read_slice: its elements, exactly
                                                                           → reduce_slice: at most so many blocks of them

Only what is shown is read, in pieces of at most `LIMITS.chunk` bytes, whatever the layout and however large the tensor.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor, NoSuchKey, UsageError
from inspector.core.limits import LIMITS
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from .reader import TensorReader, array_dtype
from .strides import Dims, boxes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Reduction = Literal["mean", "absmax", "extreme", "sample"]
"""What a block of elements is shown as: its mean, its largest magnitude, the element of that magnitude, or one of them."""
SearchTarget = Literal["nan", "inf", "zero", "max", "min"]
"""What `find_next` looks for."""

_SCANNED = 1 << 20      # elements looked at between two reports when searching
_APART = 16 << 10       # bytes that could have been read in the time that one reading takes to begin
_LINE = 1 << 22         # elements of one line that are reduced at once


@dataclass(frozen=True, slots=True)
class Plane:
    """How a tensor of `shape` is laid on a plane. `rows` and `cols` are the dimensions that run down and across, outermost
    first: `(0,), (1,)` is a matrix, `(0, 2), (1, 3)` a mosaic of convolution kernels. `index` says where the other dimensions
    stand (entries of those in `rows` and `cols` do not matter; () is all zeros). With `fold`, the elements in C order are
    broken into rows of that many instead, and the last row may be short.

    >>> kernels = core.Plane((2, 3, 5, 5), rows=(0, 2), cols=(1, 3))
    >>> core.read_slice({"conv": np.ones((2, 3, 5, 5))}, "conv", kernels).shape
    (10, 15)
    """

    shape: Dims
    rows: Dims = ()
    cols: Dims = ()
    index: Dims = ()
    fold: int = 0

    def __post_init__(self) -> None:
        used = (*self.rows, *self.cols)
        if self.fold < 0 or len(set(used)) != len(used) or any(not 0 <= d < len(self.shape) for d in used) or (
                self.index and len(self.index) != len(self.shape)) or any(
                not 0 <= at < size for d, (at, size) in enumerate(zip(self.index, self.shape, strict=False))
                if d not in used and size):
            raise UsageError("such a slice is not within the tensor", f"Its shape is {list(self.shape)}.")

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        if self.fold:
            return -(-prod(self.shape) // self.fold), self.fold
        empty = 0 in self.shape
        return (0 if empty else prod(self.shape[d] for d in self.rows)), (0 if empty else prod(self.shape[d] for d in self.cols))

    @property
    def unit(self) -> tuple[int, int]:
        """Rows and columns of one tile of a mosaic; (1, 1) for a plain matrix."""
        if self.fold:
            return 1, 1
        return prod(self.shape[d] for d in self.rows[1:]), prod(self.shape[d] for d in self.cols[1:])

    def position(self, row: int, col: int) -> Dims | None:
        """The index of the element that lies there; None beyond the plane's edge, or its last element."""
        n_rows, n_cols = self.size
        if not (0 <= row < n_rows and 0 <= col < n_cols):
            return None
        if self.fold:
            flat = row * self.fold + col
            return unravel(flat, self.shape) if flat < prod(self.shape) else None
        at = list(self.index or (0,) * len(self.shape))
        for dims, n in ((self.rows, row), (self.cols, col)):
            for d in reversed(dims):
                n, at[d] = divmod(n, self.shape[d])
        return tuple(at)

    def row_and_column(self, at: Dims) -> tuple[int, int]:
        """Row and column where the element `at` would lie, were the other dimensions to stand as `at` says."""
        if self.fold:
            return divmod(ravel(at, self.shape), self.fold)
        row = col = 0
        for d in self.rows:
            row = row * self.shape[d] + at[d]
        for d in self.cols:
            col = col * self.shape[d] + at[d]
        return row, col

    def across(self) -> Plane:
        """The same plane, rows and columns exchanged. Not for a fold."""
        return Plane(self.shape, self.cols, self.rows, self.index)


class Reduced(NamedTuple):
    """A window of a plane in blocks: `values[i, j]` (float64) stands for the elements from `rows[i]` and `cols[j]` on, up to
    the next. A NaN in a block makes it NaN. `read` of its `total` elements went in; `exact`: blocks are single elements."""

    values: Array
    rows: range
    cols: range
    read: int
    total: int

    @property
    def exact(self) -> bool:
        return self.rows.step == self.cols.step == 1


def ravel(at: Dims, shape: Dims) -> int:
    """The number of the element `at` in C order.

    >>> core.ravel((1, 2), (3, 4))
    6
    """
    flat = 0
    for n, size in zip(at, shape, strict=True):
        flat = flat * size + n
    return flat


def unravel(flat: int, shape: Dims) -> Dims:
    """The index of the `flat`-th element in C order.

    >>> core.unravel(6, (3, 4))
    (1, 2)
    """
    at = []
    for size in reversed(shape):
        flat, n = divmod(flat, size) if size else (0, 0)
        at.append(n)
    return tuple(reversed(at))


def matrix_plane(shape: Dims, fold: int = 0) -> Plane:
    """The plane a tensor is first seen on: its last two dimensions, or all elements in rows of `fold` when it has fewer.

    >>> core.matrix_plane((8, 3, 5, 5)).rows, core.matrix_plane((8, 3, 5, 5)).cols, core.matrix_plane((100,), 10).fold
    ((2,), (3,), 10)
    """
    if len(shape) < 2:
        return Plane(shape, fold=max(1, min(fold, prod(shape)))) if fold else Plane(shape, (), tuple(range(len(shape))))
    return Plane(shape, (len(shape) - 2,), (len(shape) - 1,))


def readable_shape(info: TensorInfo) -> Dims:
    """The shape of what `read_slice` and `read_values` read: the tensor's own, or its bytes where elements are narrower.

    >>> core.readable_shape(core.edit({"w": np.ones((3, 4))}, []).tensors["w"])
    (3, 4)
    """
    known = DTYPES.get(info.dtype)
    return info.shape if known is None or known.bits % 8 == 0 else (info.nbytes,)


def read_slice(ckpt: Checkpoint, key: str, plane: Plane, rows: range | None = None, cols: range | None = None,
               monitor: Monitor = QUIET) -> Array:
    """The elements of `plane` at `rows` and `cols` (default: all), which may step, as a two-dimensional array of the file's
    element type (`read_numpy`), or of int8 where it is seen as integers of fewer bits. What lies beyond the end of a fold is zero.
    Raises BadTensor when the values cannot be had or would take more than `LIMITS.preview` bytes, UsageError for a window that is
    not within the plane.

    >>> ckpt = {"w": np.arange(12).reshape(3, 4)}
    >>> core.read_slice(ckpt, "w", core.matrix_plane((3, 4)), range(1, 3), range(0, 4, 2))
    array([[ 4,  6],
           [ 8, 10]])
    """
    with TensorReader(ckpt, monitor) as reader:
        return _whole(_Window(reader, ckpt, key, plane).read(*_ranges(plane, rows, cols)), ckpt.tensors[key])


def reduce_slice(ckpt: Checkpoint, key: str, plane: Plane, rows: range | None = None, cols: range | None = None, *,
                 most: tuple[int, int] = (1024, 1024), how: Reduction = "mean", budget: int = LIMITS.preview,
                 order: Sequence[int] | None = None, monitor: Monitor = QUIET) -> Reduced:
    """The window in at most `most` blocks, of numbers (complex by magnitude, bool as 0 and 1, quantized as the stored integers):
    the mean of each block, its largest magnitude ("absmax"), the element that has it ("extreme"), or one of them ("sample"). Exact
    elements where it is small enough.
    Where reading all of the window would cost more than `budget` bytes, rows are left out evenly, then columns. With `order`, a
    permutation of the rows of a matrix, row n of all that is said here is the row `order[n]` of the tensor; UsageError when it is none.

    >>> found = core.reduce_slice({"w": np.arange(16.).reshape(4, 4)}, "w", core.matrix_plane((4, 4)), most=(2, 2))
    >>> found.values, found.rows, found.exact
    (array([[ 2.5,  4.5],
           [10.5, 12.5]]), range(0, 4, 2), False)
    """
    rows, cols = _ranges(plane, rows, cols)
    with TensorReader(ckpt, monitor) as reader:
        window = _Window(reader, ckpt, key, plane)
        if not window.numeric:
            raise BadTensor(f"its {window.info.dtype} elements are packed bits, not numbers", where=key, id="not_numbers")
        lines = _Lines(window, *_permuted(order, plane, turned=window.turned))
        if window.turned:       # the dimension that lies closest together goes across: it is read in runs
            found = _reduced(lines, cols, rows, (most[1], most[0]), how, budget, monitor)
            return Reduced(found.values.T, found.cols, found.rows, found.read, found.total)
        return _reduced(lines, rows, cols, most, how, budget, monitor)


def read_values(ckpt: Checkpoint, key: str, start: int, count: int, monitor: Monitor = QUIET) -> Array:
    """Elements `start` … `start + count` in C order (fewer at the end), one-dimensional; types and errors as `read_slice`.

    >>> core.read_values({"w": np.arange(12).reshape(3, 4)}, "w", 3, 4)
    array([3, 4, 5, 6])
    """
    with TensorReader(ckpt, monitor) as reader:
        shape = readable_shape(_info(ckpt, key))
        return _whole(_flat(reader, ckpt, key, shape, max(start, 0), min(start + count, prod(shape))), ckpt.tensors[key])


def _whole(values: Array, info: TensorInfo) -> Array:
    """Integers of less than a byte, which are made as float32, as integers."""
    import numpy as np
    return values.astype(np.int8) if info.unpacked is not None and info.unpacked.whole else values


def find_next(ckpt: Checkpoint, key: str, start: int, what: SearchTarget, monitor: Monitor = QUIET) -> int | None:
    """The number in C order of the first element, from `start` on and round to it again, that is NaN, infinite, zero, or as
    great ("max") or small ("min") as the greatest or smallest finite one of all. None when there is no such element.

    >>> core.find_next({"w": np.float32([1, 0, np.nan, 0])}, "w", 2, "zero")
    3
    """
    info = _info(ckpt, key)
    numel = prod(readable_shape(info))
    start = start % numel if numel else 0
    best: Any = None
    found: int | None = None
    with TensorReader(ckpt, monitor) as reader:
        for at, chunk in _round(reader, ckpt, key, start, numel, monitor):
            values = numbers(chunk, info.dtype)
            if what in ("max", "min"):
                extreme = _extreme(values, what)
                if extreme is not None and (best is None or (extreme[0] > best if what == "max" else extreme[0] < best)):
                    best, found = extreme[0], at + extreme[1]
            elif (hit := _first(values, what)) is not None:
                return at + hit
    return found


def numbers(values: Array, dtype: str) -> Array:
    """Elements as numbers: integers as they are, bool as 0 and 1, complex by magnitude (NaN when a part is), all else float64.

    >>> core.numbers(np.array([True, False]), "bool"), core.numbers(np.array([3 + 4j]), "complex128")
    (array([1, 0], dtype=uint8), array([5.]))
    """
    import numpy as np
    kind = DTYPES[dtype].kind if dtype in DTYPES else "other"
    if kind in ("int", "uint", "quantized", "other"):
        return values
    if kind == "bool":
        truths: Array = values.view(np.uint8) != 0          # whatever byte stands for True
        return truths.view(np.uint8)
    if dtype == "complex32":
        values = values["real"].astype(np.float64) + 1j * values["imag"].astype(np.float64)
    if kind == "complex":
        with np.errstate(over="ignore", invalid="ignore"):
            wide = values.astype(np.complex128, copy=False)
            sizes: Array = np.abs(wide)
        sizes[np.isnan(wide.real) | np.isnan(wide.imag)] = np.nan       # hypot(inf, nan) is inf
        return sizes
    with np.errstate(invalid="ignore"):             # a signalling NaN is only a NaN here
        found: Array = values.astype(np.float64)
    return found


class _Window:
    """Reads boxes of a plane of one tensor, and nothing of it twice but the edges of mosaic tiles."""

    def __init__(self, reader: TensorReader, ckpt: Checkpoint, key: str, plane: Plane) -> None:
        self.info = _info(ckpt, key)
        shape = readable_shape(self.info)
        if shape != plane.shape:
            raise UsageError(f"the slice is of shape {list(plane.shape)}, the tensor of shape {list(shape)}")
        reader.check_box(self.info)
        self._reader, self._ckpt, self._key, self._shape = reader, ckpt, key, shape
        self.numeric = DTYPES[self.info.dtype].kind != "other" and DTYPES[self.info.dtype].bits % 8 == 0
        self.turned = False
        if not plane.fold and self.info.shape == shape and len(self.info.stride) == len(shape):
            down, across = (min((self.info.stride[d] for d in dims if shape[d] > 1), default=None)
                            for dims in (plane.rows, plane.cols))
            self.turned = down is not None and (across is None or down < across)
        self.plane = plane.across() if self.turned else plane
        self.item = array_dtype(self.info.dtype).itemsize

    def read(self, rows: range, cols: range) -> Array:
        """In the order of the plane that was given, not of the turned one."""
        if len(rows) * len(cols) * self.item > LIMITS.preview:
            raise BadTensor(f"{len(rows):,} × {len(cols):,} elements are too many to be held at once",
                            "Look at a smaller part of it.", self._key, id="too_big")
        return self.lines(cols, rows).T if self.turned else self.lines(rows, cols)

    def lines(self, rows: range, cols: range) -> Array:
        """Of the (perhaps turned) plane."""
        if not len(rows) or not len(cols):
            import numpy as np
            return np.empty((len(rows), len(cols)), array_dtype(self.info.dtype))
        if self.plane.fold:
            return self._folded(rows, cols)
        return self._boxed(rows, cols)

    def run_bytes(self, cols: range) -> int:
        """About how many bytes reading a row of `cols` costs: all that lies between its elements as well."""
        if self.plane.fold or not self.plane.cols:
            return len(cols) * self.item
        stride = self.info.stride or (1,) * len(self._shape)        # a sparse tensor is unfolded: all of it is there
        apart = min((stride[d] for d in self.plane.cols if self._shape[d] > 1), default=1)
        return len(cols) * self.item * max(1, min(apart * cols.step, 1 << 12))

    def _folded(self, rows: range, cols: range) -> Array:
        import numpy as np
        width, numel = self.plane.fold, prod(self._shape)
        runs = [rows] if rows.step == 1 and len(cols) * 4 >= width else [range(row, row + 1) for row in rows]
        made = []
        for run in runs:
            if len(run) == 1:       # no more of a long row than is asked for
                low, high = run.start * width + cols.start, run.start * width + cols[-1] + 1
                flat = self._padded(low, min(high, numel), high - low)
                made.append(flat[::cols.step].reshape(1, -1))
            else:
                flat = self._padded(run.start * width, min(run.stop * width, numel), len(run) * width)
                made.append(flat.reshape(len(run), width)[:, cols.start:cols.stop:cols.step])
        found: Array = np.concatenate(made)
        return found

    def _padded(self, start: int, stop: int, length: int) -> Array:
        import numpy as np
        flat = _flat(self._reader, self._ckpt, self._key, self._shape, start, max(start, stop))
        if len(flat) == length:
            return flat
        padded = np.zeros(length, flat.dtype)
        padded[:len(flat)] = flat
        return padded

    def _boxed(self, rows: range, cols: range) -> Array:
        """A box of the tensor that covers the window, turned so that its dimensions run as the plane's, and cropped."""
        first = list(self.plane.index or (0,) * len(self._shape))
        sizes, steps = [1] * len(self._shape), [1] * len(self._shape)
        crops = []
        for dims, wanted in ((self.plane.rows, rows), (self.plane.cols, cols)):
            inner = prod(self._shape[d] for d in dims[1:])
            for d in dims[1:]:
                first[d], sizes[d] = 0, self._shape[d]
            if dims and inner == 1:
                first[dims[0]], sizes[dims[0]], steps[dims[0]] = wanted.start, len(wanted), wanted.step
                crops.append(slice(None))
            elif dims:
                low, high = wanted.start // inner, wanted[-1] // inner + 1
                first[dims[0]], sizes[dims[0]] = low, high - low
                crops.append(slice(wanted.start - low * inner, wanted[-1] + 1 - low * inner, wanted.step))
            else:
                crops.append(slice(None))
        box = self._reader.box(self._key, tuple(first), tuple(sizes), tuple(steps))
        order = (*self.plane.rows, *self.plane.cols)
        box = box.transpose(*order, *(d for d in range(box.ndim) if d not in order))
        n_rows, n_cols = prod(sizes[d] for d in self.plane.rows), prod(sizes[d] for d in self.plane.cols)
        found: Array = box.reshape(n_rows, n_cols)[crops[0], crops[1]]
        return found


class _Lines(NamedTuple):
    """A window whose rows, or columns, lie in another order than they are stored in: permutations of all of them."""

    window: _Window
    down: Array | None = None
    across: Array | None = None

    def read(self, rows: list[int], cols: range) -> tuple[Array, Array | None]:
        """Lines of numbers, and which of them are elements at all where a fold ends early (None: all)."""
        import numpy as np
        if self.across is not None:         # whole lines: what is wanted of them lies anywhere
            numbers_, there = _there(self.window, rows, range(len(self.across)))
            return numbers_[:, self.across[np.array(cols, np.int64)]], there
        if self.down is None:
            return _there(self.window, rows, cols)
        places = self.down[rows]
        stored = np.sort(places)
        edges = [0, *(np.flatnonzero(np.diff(stored) > 1) + 1).tolist(), len(stored)]
        parts = [_there(self.window, stored[start:stop].tolist(), cols)[0] for start, stop in pairwise(edges)]
        return np.concatenate(parts)[np.searchsorted(stored, places)], None


def _permuted(order: Sequence[int] | None, plane: Plane, *, turned: bool) -> tuple[Array | None, Array | None]:
    """`order` as (of the lines, of what is across them)."""
    import numpy as np
    if order is None:
        return None, None
    found = np.array(order, np.int64)
    if plane.fold or plane.unit != (1, 1) or found.ndim != 1 or not np.array_equal(np.sort(found), np.arange(plane.size[0])):
        raise UsageError(f"that is no order of {count(plane.size[0], 'row')}", "Each row of a matrix has to be in it once.")
    return (None, found) if turned else (found, None)


def _reduced(source: _Lines, rows: range, cols: range, most: tuple[int, int], how: Reduction, budget: int,
             monitor: Monitor) -> Reduced:
    import numpy as np
    window = source.window
    unit = window.plane.unit
    blocks = _blocks(rows, most[0], unit[0]), _blocks(cols, most[1], unit[1])
    total = len(rows) * len(cols)
    values = np.empty((len(blocks[0]), len(blocks[1])))
    taken = _taken(window, rows, cols, blocks, how, budget)
    read = 0
    a_line = taken.cols if source.across is None else range(len(source.across))
    lines = max(1, LIMITS.chunk // max(window.run_bytes(a_line), 4 * len(a_line), 1))
    for i in _bands(len(blocks[0]), max(1, lines // taken.per_block)):
        monitor.report(i.start, len(blocks[0]))
        start, stop = blocks[0][i.start], min(blocks[0][i.stop - 1] + blocks[0].step, rows.stop)
        picked = [row for block in range(start, stop, blocks[0].step)
                  for row in _evenly(range(block, min(block + blocks[0].step, rows.stop)), taken.per_block)]
        many: Array | None = None
        sums = np.zeros((len(i), len(blocks[1])))
        for run in _runs(picked, lines):
            numbers_, there = source.read(run, taken.cols)
            read += int(there.sum()) if there is not None else numbers_.size
            many = _into(sums, many, numbers_, there, [(row - start) // blocks[0].step for row in run],
                         taken.col_starts, how)
        with np.errstate(invalid="ignore"):
            # beyond the end of a fold there is nothing to share by
            values[i.start:i.stop] = sums / np.maximum(many, 1) if how == "mean" and many is not None else sums
    monitor.report(len(blocks[0]), len(blocks[0]))
    return Reduced(values, blocks[0], blocks[1], read, total)


class _Taken(NamedTuple):
    """Which elements go into the blocks: `per_block` rows of each band, and of them the columns `cols`; `col_starts` are the
    places in `cols` where the blocks begin."""

    per_block: int
    cols: range
    col_starts: list[int]


def _taken(window: _Window, rows: range, cols: range, blocks: tuple[range, range], how: Reduction, budget: int) -> _Taken:
    if how == "sample":
        return _Taken(1, range(cols.start, cols.stop, blocks[1].step), list(range(len(blocks[1]))))
    cost = window.run_bytes(cols)
    if cost * len(rows) > budget:
        cost = max(cost, _APART)        # rows that are left out between others make each of these a reading of its own
    per_block = min(blocks[0].step, max(1, budget // max(cost * len(blocks[0]), 1)))
    every = max(-(-cost * len(blocks[0]) // max(budget, 1)) if per_block == 1 else 1, -(-len(cols) // _LINE), 1)
    every = min(blocks[1].step, every)
    while blocks[1].step % every:       # so that every block begins with one of them
        every += 1
    picked = range(cols.start, cols.stop, every)
    return _Taken(per_block, picked, [(start - cols.start) // every for start in blocks[1]])


def _into(sums: Array, many: Array | None, values: Array, there: Array | None, bands: list[int], starts: list[int],
          how: Reduction) -> Array:
    """Adds lines of numbers to the blocks of their bands. Gives how many elements each block has by now."""
    import numpy as np
    where = np.array(bands)
    firsts = np.flatnonzero(np.diff(where, prepend=-1))
    target = where[firsts]
    many = np.zeros(sums.shape) if many is None else many
    with np.errstate(over="ignore", invalid="ignore"):
        if how == "absmax":
            part = np.maximum.reduceat(np.maximum.reduceat(np.abs(values), starts, axis=1), firsts, axis=0)
            sums[target] = np.maximum(sums[target], part)
        elif how == "extreme":
            low, high = (over.reduceat(over.reduceat(values, starts, axis=1), firsts, axis=0) for over in (np.minimum, np.maximum))
            part, before = np.where(-low > high, low, high), sums[target]
            sums[target] = np.where((np.abs(before) >= np.abs(part)) | np.isnan(before), before, part)
        else:
            sums[target] += np.add.reduceat(np.add.reduceat(values, starts, axis=1), firsts, axis=0)
    if there is not None:
        many[target] += np.add.reduceat(np.add.reduceat(there.astype(np.float64), starts, axis=1), firsts, axis=0)
    else:
        across = np.diff([*starts, values.shape[1]])
        down = np.diff([*firsts, len(bands)])
        many[target] += down[:, None] * across[None, :]
    return many


def _there(window: _Window, rows: list[int], cols: range) -> tuple[Array, Array | None]:
    """Lines of numbers, and which of them are elements at all where a fold ends early (None: all)."""
    import numpy as np
    span = range(rows[0], rows[-1] + 1) if len(rows) == rows[-1] - rows[0] + 1 else None
    lines = window.lines(span, cols) if span is not None else np.concatenate(
        [window.lines(range(row, row + 1), cols) for row in rows])
    values = numbers(lines, window.info.dtype).astype(np.float64, copy=False)
    fold, numel = window.plane.fold, prod(window.plane.shape)
    if not fold or (rows[-1] + 1) * fold <= numel:
        return values, None
    there: Array = np.array(rows)[:, None] * fold + np.array(cols)[None, :] < numel
    values = np.where(there, values, 0.0)
    return values, there


def _blocks(span: range, most: int, unit: int) -> range:
    """Where blocks begin, at most `most` of them. No block has parts of two tiles."""
    step = max(1, -(-len(span) // max(most, 1)))
    if step > unit:
        step = -(-step // unit) * unit
    while unit % step and step < unit:
        step += 1
    return range(span.start, span.stop, step)


def _bands(n: int, at_once: int) -> Iterator[range]:
    for start in range(0, n, at_once):
        yield range(start, min(start + at_once, n))


def _evenly(span: range, wanted: int) -> list[int]:
    if wanted >= len(span):
        return list(span)
    return [span[(2 * i + 1) * len(span) // (2 * wanted)] for i in range(wanted)] if wanted > 1 else [span[0]]


def _runs(rows: list[int], most: int) -> Iterator[list[int]]:
    """`rows` in groups that are read at once: neighbours, or those that lie apart, at most `most`."""
    for start in range(0, len(rows), most):
        yield rows[start:start + most]


def _flat(reader: TensorReader, ckpt: Checkpoint, key: str, shape: Dims, start: int, stop: int) -> Array:
    import numpy as np
    item = array_dtype(ckpt.tensors[key].dtype).itemsize
    if (stop - start) * item > LIMITS.preview:
        raise BadTensor(f"{stop - start:,} elements are too many to be held at once", "Look at fewer.", key, id="too_big")
    parts = [reader.box(key, first, sizes).reshape(-1) for first, sizes in boxes(shape, start, stop)]
    if not parts:
        reader.check_box(ckpt.tensors[key])
        return np.empty(0, array_dtype(ckpt.tensors[key].dtype))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _round(reader: TensorReader, ckpt: Checkpoint, key: str, start: int, numel: int,
           monitor: Monitor) -> Iterator[tuple[int, Array]]:
    """Chunks from `start` to the end, then from the beginning to `start`: (number of the first element, elements)."""
    shape, item = readable_shape(ckpt.tensors[key]), array_dtype(ckpt.tensors[key].dtype).itemsize
    reader.check_box(ckpt.tensors[key])
    done = 0
    for low, high in ((start, numel), (0, start)):
        for at in range(low, high, _SCANNED):
            monitor.report(done * item, numel * item)
            chunk = _flat(reader, ckpt, key, shape, at, min(at + _SCANNED, high))
            done += len(chunk)
            yield at, chunk


def _first(values: Array, what: SearchTarget) -> int | None:
    import numpy as np
    if what == "zero":
        hits = values == 0
    elif values.dtype.kind != "f":
        return None
    else:
        hits = np.isnan(values) if what == "nan" else np.isinf(values)
    at = int(hits.argmax()) if hits.size else 0
    return at if hits.size and hits[at] else None


def _extreme(values: Array, what: SearchTarget) -> tuple[Any, int] | None:
    """The greatest or smallest finite number, and where it is first."""
    import numpy as np
    if not values.size:
        return None
    if values.dtype.kind == "f":
        good = np.isfinite(values)
        if not good.any():
            return None
        values = np.where(good, values, -np.inf if what == "max" else np.inf)
    at = int(values.argmax() if what == "max" else values.argmin())
    return values[at].item(), at


def _ranges(plane: Plane, rows: range | None, cols: range | None) -> tuple[range, range]:
    chosen = []
    for given, size in zip((rows, cols), plane.size, strict=True):
        span = range(size) if given is None else given
        if span.step < 1 or (len(span) and not 0 <= span[0] <= span[-1] < size):
            raise UsageError(f"{span} is not within {count(size, 'row')} or columns")
        chosen.append(span)
    return chosen[0], chosen[1]


def _info(ckpt: Checkpoint, key: str) -> TensorInfo:
    info = ckpt.tensors.get(key)
    if info is None:
        raise NoSuchKey(key, ckpt)
    if info.dtype not in DTYPES and not info.problem:
        raise BadTensor(f"its element type {info.dtype} is unknown", where=key, id="unknown_dtype")
    return info
