"""Storages that lie one behind the other in a stream, each behind the number of its elements, as torch wrote them before 1.6.

    int64 elements, little-endian | the elements' bytes | int64 elements | …

The stream says how many elements a storage has, the pickle of which width they are; there are no checksums.
Source: torch/csrc/generic/serialization.cpp (`THPStorage_readFileRaw`).
"""
from __future__ import annotations

from typing import NamedTuple

from inspector.core.checkpoint import Extent
from inspector.core.dtypes import DTYPES
from inspector.core.errors import Corrupt
from inspector.core.formats.shared.windowed import Windowed
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import visible

HEADER = 8                  # bytes of the number before each storage
WIDTHS = {name: known.stored for name, known in DTYPES.items()}
CUT = "The download or copy was interrupted: fetch the file again."


class LocatedStorage(NamedTuple):
    """Where a storage lies: `numel` as the stream says it, `end` the offset behind it. `extent` None: its bytes are not there
    or cannot be found, and `problem` says why; `end` is then -1."""

    numel: int
    extent: Extent | None
    end: int
    problem: str = ""


def locate(source: SourceFile, window: Windowed, at: int, limit: int, dtype: str | None, key: str, where: str) -> LocatedStorage:
    """The storage `key` of elements of `dtype` whose number lies at `at`, in bytes of the file that go up to `limit`. Only the
    number is read. Raises Corrupt where it is negative."""
    if at + HEADER > limit:
        return LocatedStorage(0, None, -1, f"truncated: the bytes end before storage {visible(key, 40)}")
    numel = int.from_bytes(window.read(at, HEADER), "little", signed=True)
    if numel < 0:
        raise Corrupt(f"storage {visible(key, 40)} has {numel:,} elements by its own account",
                      "The file is damaged or was changed by hand: fetch it again.", where)
    width = WIDTHS.get(dtype or "")
    if width is None:
        return LocatedStorage(numel, None, -1, "unknown_dtype: nobody can tell how many bytes its elements have")
    begin, nbytes = at + HEADER, numel * width
    if nbytes > limit - begin:
        return LocatedStorage(numel, None, -1, f"truncated: storage {visible(key, 40)} needs {nbytes:,} bytes, {limit - begin:,} are there")
    return LocatedStorage(numel, Extent(source.index, begin, nbytes, nbytes), begin + nbytes)


def behind(key: str, problem: str) -> str:
    """Why the storages behind a broken one cannot be had."""
    kind = problem.partition(":")[0]
    return f"{kind}: it lies behind storage {visible(key, 40)}, whose end is not known" if kind != "truncated" else \
        "truncated: the bytes end before it"
