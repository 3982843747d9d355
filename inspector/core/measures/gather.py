"""The elements of one tensor or of a group, seen once and looked at again as often as the questions need."""
from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any

from inspector.core.dtypes import DTYPES
from inspector.core.runtime import compiled

from . import elements, kernels
from .distribution import Distribution, Moments, from_counts, joined, merged
from .floats import Floats
from .histogram import Fine, Thresholds
from .integers import Integers
from .sources import Source
from .tables import Table

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Gathered:
    """Tables for 8- and 16-bit types, one stream for all others; a tensor of few elements is sorted instead.

    `take` every chunk of every source, then `close`; after that the counts are known. `begin`, and while it or `finished` says so,
    `count_again` at every chunk of the sources in `again`; then `under` and `at` have the answers.
    """

    def __init__(self, found: list[Source], nbytes_in_all: int) -> None:
        self._found = found
        self._tables: dict[str, Table] = {}
        self._stream: Floats | Integers | None = None
        self._sorted: list[tuple[int, Array]] | None = None
        self.into = _family(found)
        self._distribution: Distribution | None = None
        self.numel = self.zeros = self.posinf = self.neginf = self.subnormal = 0
        self.distinct: int | None = None
        if len(found) == 1 and found[0].few:
            self._sorted = []
        for source in found:
            if self._sorted is not None or source.family != elements.TABLE:
                continue
            self._tables.setdefault(source.info.dtype, Table(_bits(source), nbytes_in_all))
        if self._sorted is None and self.again:
            widths = {elements.FLOAT32: kernels.FLOAT32, elements.FLOAT64: kernels.FLOAT64}
            self._stream = Floats(widths[self.into], nbytes_in_all) if self.into in widths else Integers(self.into)

    @property
    def again(self) -> list[Source]:
        """The sources that have to be read again when there is more than one pass."""
        return [source for source in self._found if source.family != elements.TABLE]

    # -- first pass -----------------------------------------------------------------------------------------------------

    def first_pass(self, source: Source, number: int) -> Callable[[Array, int], None]:
        """What takes the chunks of `source`, the `number`-th of all: (chunk, which chunk it is)."""
        if self._sorted is not None:
            kept = self._sorted
            return lambda chunk, index: kept.append((index, chunk.copy()))
        if source.family == elements.TABLE:
            table = self._tables[source.info.dtype]
            return lambda chunk, index: table.add(chunk)
        seen = self._stream
        assert seen is not None
        return lambda chunk, index: seen.add(chunk, number << 40 | index)

    def close(self) -> None:
        """All has been taken."""
        parts: list[Distribution] = []
        if self._sorted is not None:
            parts.append(self._of_few())
        parts += [self._count(dtype, table.counts()) for dtype, table in self._tables.items()]
        if self._stream is not None:
            self.numel += self._stream.numel
            self.zeros += self._stream.zeros
            self.posinf += self._stream.posinf
            self.neginf += self._stream.neginf
            if all(elements.is_floating(source.info.dtype) or source.convert for source in self.again):
                self.subnormal += self._stream.subnormals()
        if isinstance(self._stream, Floats):
            parts = [Distribution(part.values.astype("f8"), part.counts) for part in parts]
        self._distribution = merged([part for part in parts if part.size])
        if self._tables and self._stream is None:
            self.distinct = self._distribution.values.size

    def _of_few(self) -> Distribution:
        import numpy as np
        source = self._found[0]
        chunks = [chunk for _, chunk in sorted(self._sorted or (), key=lambda entry: entry[0])]
        self._sorted = []
        if not chunks:
            return Distribution(np.zeros(0))
        values = np.concatenate(chunks) if len(chunks) != 1 else chunks[0]
        self.numel = values.size
        if source.family == elements.TABLE:
            return self._of_few_bits(source.info.dtype, values)
        least = 0.0
        if values.dtype.kind == "f":
            good = np.isfinite(values)
            if not good.all():
                self.posinf, self.neginf = int((values == np.inf).sum()), int((values == -np.inf).sum())
                values = values[good]
            least = elements.least_normal("float32" if source.convert else source.info.dtype)
            values = values.astype("f8") + 0.0          # -0 is 0
        return self._counted(Distribution(np.sort(values)), least)

    def _of_few_bits(self, dtype: str, bits: Array) -> Distribution:
        import numpy as np
        numbers = elements.ranked(dtype)
        ranks = np.sort(numbers.rank[bits])
        top = numbers.values.size
        if ranks[-1] >= top:
            finite, plus, nan = (int(place) for place in ranks.searchsorted((top, top + 1, top + 2)))
            self.neginf, self.posinf = plus - finite, nan - plus
            ranks = ranks[:finite]
        self.distinct = 1 + int(np.count_nonzero(ranks[1:] != ranks[:-1])) if ranks.size else 0
        return self._counted(Distribution(numbers.values[ranks]), elements.least_normal(dtype))

    def _count(self, dtype: str, counts: Array) -> Distribution:
        """Takes the counts of a table in: how often each bit pattern occurs."""
        import numpy as np
        self.numel += int(counts.sum())
        numbers = elements.ranked(dtype)
        there = np.flatnonzero(counts)          # seldom more than a few thousand of 65,536
        ranks = numbers.rank[there]
        order = np.argsort(ranks, kind="stable")
        ranks, counts = ranks[order], counts[there[order]]
        first = np.flatnonzero(np.append(ranks[:1] == ranks[:1], ranks[1:] != ranks[:-1]))       # 0 and -0, and all NaN, are one rank each
        ranks, counts = ranks[first].astype(np.int64), np.add.reduceat(counts, first) if first.size else counts
        finite = int(ranks.searchsorted(numbers.values.size))
        for count, rank in zip(counts[finite:].tolist(), (ranks[finite:] - numbers.values.size).tolist(), strict=True):
            self.neginf += count if rank == 0 else 0
            self.posinf += count if rank == 1 else 0
        return self._counted(Distribution(numbers.values[ranks[:finite]], counts[:finite]), elements.least_normal(dtype))

    def _counted(self, found: Distribution, least_normal: float) -> Distribution:
        zeros = found.zeros()
        self.zeros += zeros
        self.subnormal += found.subnormals(least_normal, zeros) if least_normal else 0
        return found

    # -- by other processes ---------------------------------------------------------------------------------------------

    def for_part(self) -> Gathered:
        """What goes through a part of the elements in the pass that is on, perhaps in another process; `take_in` adds what it has
        counted. Of one tensor, which is not few elements."""
        part = copy(self)
        part._distribution = None
        part._tables = {dtype: table.for_part() for dtype, table in self._tables.items()}
        part._stream = self._stream and self._stream.for_part()
        return part

    def take_in(self, part: Gathered) -> None:
        """In whichever order parts come."""
        for dtype, table in part._tables.items():
            self._tables[dtype].take_in(table)
        if self._stream is not None and part._stream is not None:
            self._stream.take_in(part._stream)      # type: ignore[arg-type]    # both are of one kind

    # -- what is known after it -----------------------------------------------------------------------------------------

    @property
    def counted(self) -> Distribution:
        """The numbers that are known one by one."""
        assert self._distribution is not None
        return self._distribution

    @property
    def finite(self) -> int:
        return self.counted.size + (self._stream.finite if self._stream is not None else 0)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._stream.dtype if self._stream is not None else self.counted.values.dtype

    def range(self) -> tuple[float | int, float | int]:
        """The least and the greatest finite number; there must be one."""
        ends: list[float | int] = [*self.counted.values[:1].tolist(), *self.counted.values[-1:].tolist()]
        if self._stream is not None and self._stream.finite:
            ends += [self._stream.min, self._stream.max]
        return min(ends), max(ends)

    def least_positive(self) -> float:
        """The least positive number, or the lower bound of the bucket it is in; 0.0 when there is none."""
        import numpy as np
        values = self.counted.values
        found = [float(value) for value in values[np.searchsorted(values, 0, "right"):][:1]]
        fine = self._stream.fine() if self._stream is not None else None
        if fine is not None:
            low, high = np.frombuffer(fine.values, f"<{fine.kind}8"), np.frombuffer(fine.upper or fine.values, f"<{fine.kind}8")
            found += [max(float(value), 5e-324) for value in low[high > 0][:1]]
        elif isinstance(self._stream, Integers) and self._stream.numel and self._stream.max > 0:
            found.append(float(max(self._stream.min, 1)))
        return min(found, default=0.0)

    def moments(self) -> Moments:
        return joined([self.counted.moments(), *([self._stream.moments()] if self._stream is not None else [])])

    def fine(self) -> Fine | None:
        """Enough to bin again."""
        if self._stream is not None:
            return self._stream.fine() if not self.counted.size else None
        return fine_of(self.counted)

    # -- later passes ---------------------------------------------------------------------------------------------------

    def begin(self, asked: Thresholds | None, ranks: list[int]) -> bool:
        """Asks how many elements are less than each threshold, and which have these places (ascending) in ascending order.
        Whether the elements must be read again to know. Without thresholds and ranks only numbers too great to be squared must."""
        if asked is None:
            return isinstance(self._stream, Floats) and bool(self._stream.finite) and self._stream.begin_moments()
        self._limits = asked.of(self.dtype)
        if self._stream is None or not self._stream.finite:
            return False
        return self._stream.begin(self._limits, ranks, self.counted)

    def next_pass(self, number: int) -> Callable[[Array, int], None]:
        seen = self._stream
        assert seen is not None
        return lambda chunk, index: seen.count_again(chunk, number << 40 | index)

    def finished(self) -> bool:
        return self._stream is None or self._stream.finished(self.counted)

    def under(self) -> Array:
        import numpy as np
        found = self.counted.under(self._limits) if self.counted.size else np.zeros(self._limits.size, np.int64)
        return found + self._stream.under() if self._stream is not None and self._stream.finite else found

    def at(self, ranks: list[int]) -> list[float | int]:
        import numpy as np
        if self._stream is None or not self._stream.finite:
            return self.counted.at(np.array(ranks, np.int64))
        return list(self._stream.at(ranks))


def fine_of(counted: Distribution) -> Fine:
    """Enough to bin again the numbers that are known one by one."""
    import numpy as np
    if counted.counts is None:
        counted = from_counts(counted.values, np.ones(counted.values.size, np.int64))
    kind = counted.values.dtype.kind
    assert counted.counts is not None
    return Fine(kind, counted.values.astype(f"<{kind}8").tobytes(), counted.counts.astype("<i8").tobytes())


def expect(found: list[Source], nbytes_in_all: int) -> None:
    """Says that they are going to be counted, so that what makes loops is at it while others load what they need."""
    if nbytes_in_all < compiled.WORTH:
        return
    for family, bits in {(source.family, _bits(source)) for source in found if not source.tiny}:
        name = "count16" if (family, bits) == (elements.TABLE, 16) else f"scan{family}"
        if name in kernels.loops.names:
            kernels.loops.expect(name, nbytes_in_all)


def _bits(source: Source) -> int:
    return DTYPES[source.info.dtype].bits


def _family(found: list[Source]) -> str:
    """In which way the sources that are no tables are counted together, and with the tables."""
    families = {source.family for source in found} - {elements.TABLE}
    if not families:
        return elements.FLOAT64
    into = elements.common(families)
    tables = {elements.table_values(source.info.dtype).dtype.kind for source in found if source.family == elements.TABLE}
    if (into == elements.UINT64 and tables) or (into == elements.INT64 and "f" in tables):
        return elements.FLOAT64
    return into
