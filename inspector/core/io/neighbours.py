"""Small pieces of a file that lie near each other, in few reads, each verified as it would be alone."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from inspector.core.checkpoint import Extent

from . import zip_local_header
from .checksum import crc32

SMALL = 64 << 10                # bytes of an extent that is read with others
_AT_ONCE = 1 << 20              # bytes of one read
_GAP = 4 << 10                  # bytes between two pieces from which on another read is cheaper


class Piece(NamedTuple):
    """`nbytes` bytes from `start` on of an extent."""

    extent: Extent
    start: int
    nbytes: int


def read_neighbours(read: Callable[[int, int], bytes], size: int, pieces: Sequence[Piece],
                    right: AbstractSet[int]) -> tuple[list[memoryview | None], set[int]]:
    """The bytes of each piece; None for each that must be read alone, be it only to learn what is wrong with it. `read(offset, nbytes)`
    reads of a file of `size` bytes, `right` are the offsets of extents whose checksum was found right before; those that are found right
    now come second."""
    spans = [_span(piece, size, right) for piece in pieces]
    found: list[memoryview | None] = [None] * len(pieces)
    checked: set[int] = set()
    order = sorted((number for number, span in enumerate(spans) if span is not None), key=lambda number: spans[number] or (0, 0))
    first = 0
    while first < len(order):
        begin, end = spans[order[first]] or (0, 0)
        last = first + 1
        while last < len(order):
            start, stop = spans[order[last]] or (0, 0)
            if start > end + _GAP or stop > begin + _AT_ONCE:
                break
            end, last = max(end, stop), last + 1
        data = memoryview(read(begin, end - begin))
        for number in order[first:last]:
            found[number] = _taken(data, begin, pieces[number], right, checked)
        first = last
    return found, checked


def _span(piece: Piece, size: int, right: AbstractSet[int]) -> tuple[int, int] | None:
    """(begin, end) of what is to be read for a piece; None where that is more than a little."""
    extent, start, nbytes = piece
    if extent.method or extent.size != extent.nbytes or start < 0 or start + nbytes > extent.size or extent.offset < 0:
        return None
    if extent.local is None and (extent.crc is None or extent.offset in right):
        begin, end = extent.offset + start, extent.offset + start + nbytes
    elif extent.size <= SMALL:
        begin, end = zip_local_header.span_of(extent)
    else:
        return None
    end = min(end, size) if extent.local is not None else end
    return (begin, end) if 0 <= begin < end <= size and nbytes <= SMALL else None


def _taken(data: memoryview, begin: int, piece: Piece, right: AbstractSet[int], checked: set[int]) -> memoryview | None:
    """The bytes of a piece out of `data`, which lie at `begin` of the file."""
    extent, start, nbytes = piece
    local, offset = extent.local, extent.offset
    at = offset - begin
    if local is not None:
        at = local.at - begin
        head = bytes(data[at:at + zip_local_header.FIXED])
        is_there = head.startswith(zip_local_header.SIGNATURE) and len(head) == zip_local_header.FIXED
        length = zip_local_header.header_nbytes(head) if is_there else 0
        entry = zip_local_header.DirectoryEntry(local.name, local.flags, extent.method, extent.crc or 0, extent.nbytes, extent.size)
        if not length or at + length + extent.nbytes > len(data) or local.at + length + extent.nbytes > local.bound \
                or zip_local_header.differences(bytes(data[at:at + length]), entry):
            return None
        at += length
    if extent.crc is None or offset in right:
        return data[at + start:at + start + nbytes]
    whole = data[at:at + extent.size]
    if offset not in checked:
        if crc32(whole) != extent.crc:
            return None
        checked.add(offset)
    return whole[start:start + nbytes]
