"""Small pieces of a file read together."""
from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from inspector.core.checkpoint import Extent, LocalHeader
from inspector.core.io.neighbours import SMALL, Piece, read_neighbours

DATA = bytes(range(256)) * 64


def reader(reads: list[tuple[int, int]], data: bytes = DATA) -> Callable[[int, int], bytes]:
    def read(offset: int, nbytes: int) -> bytes:
        assert offset >= 0
        assert offset + nbytes <= len(data)
        reads.append((offset, nbytes))
        return data[offset:offset + nbytes]
    return read


def told(found: list[memoryview | None]) -> list[bytes | None]:
    return [None if one is None else bytes(one) for one in found]


def test_that_neighbours_come_in_one_read_in_whichever_order() -> None:
    reads: list[tuple[int, int]] = []
    pieces = [Piece(Extent(0, at, 4, 4), 0, 4) for at in (40, 0, 100, 10)]
    found, checked = read_neighbours(reader(reads), len(DATA), pieces, set())
    assert (told(found), checked, reads) == ([DATA[at:at + 4] for at in (40, 0, 100, 10)], set(), [(0, 104)])


def test_that_what_lies_far_apart_is_not_read_with_what_is_between() -> None:
    reads: list[tuple[int, int]] = []
    found, _ = read_neighbours(reader(reads), len(DATA), [Piece(Extent(0, at, 4, 4), 1, 2) for at in (0, 10_000)], set())
    assert (told(found), reads) == ([DATA[1:3], DATA[10_001:10_003]], [(1, 2), (10_001, 2)])


def test_that_one_read_is_never_more_than_a_megabyte() -> None:
    data, reads = bytes(4 << 20), list[tuple[int, int]]()
    pieces = [Piece(Extent(0, at, SMALL, SMALL), 0, SMALL) for at in range(0, len(data), SMALL)]
    found, _ = read_neighbours(reader(reads, data), len(data), pieces, set())
    assert None not in found
    assert {nbytes for _, nbytes in reads} == {1 << 20}


def test_that_a_checksum_is_compared_once_for_all_views_of_an_extent() -> None:
    good, bad = (Extent(0, at, 64, 64, crc=zlib.crc32(DATA[at:at + 64]) ^ wrong) for at, wrong in ((0, 0), (64, 1)))
    pieces = [Piece(good, 0, 8), Piece(bad, 0, 8), Piece(good, 8, 8), Piece(bad, 8, 8)]
    found, checked = read_neighbours(reader([]), len(DATA), pieces, set())
    assert (told(found), checked) == ([DATA[:8], None, DATA[8:16], None], {0})


def test_that_of_an_extent_that_was_found_right_only_what_is_wanted_is_read() -> None:
    reads: list[tuple[int, int]] = []
    large = Extent(0, 0, len(DATA), len(DATA), crc=1)
    found, checked = read_neighbours(reader(reads), len(DATA), [Piece(large, 100, 4)], {0})
    assert (told(found), checked, reads) == ([DATA[100:104]], set(), [(100, 4)])


@pytest.mark.parametrize("extent", [
    Extent(0, 0, 10, 20, method=8), Extent(0, 0, 10, 20), Extent(0, len(DATA) - 2, 4, 4), Extent(0, -4, 8, 8),
    Extent(0, 0, SMALL + 1, SMALL + 1, crc=1), Extent(0, 0, 2, 2)])
def test_that_what_is_not_simply_there_is_left_to_be_read_alone(extent: Extent) -> None:
    reads: list[tuple[int, int]] = []
    assert read_neighbours(reader(reads), len(DATA), [Piece(extent, 0, 4)], set()) == ([None], set())
    assert not reads


@pytest.mark.parametrize(("change", "is_good"), [
    (lambda data, at: data, True), (lambda data, at: data[:at] + b"PK\x03\x05" + data[at + 4:], False),
    (lambda data, at: data[:at + 30] + b"X" + data[at + 31:], False), (lambda data, at: data[:at + 8] + b"\x08" + data[at + 9:], False),
    (lambda data, at: data[:at + 26] + b"\xff\xff" + data[at + 28:], False), (lambda data, at: data[:at + 20], False)])
def test_that_a_local_header_is_verified(change: Callable[[bytes, int], bytes], is_good: bool) -> None:
    name, payload = b"a/data/0", b"payload!"
    head = b"PK\x03\x04" + bytes([20, 0, 0, 0, 0, 0]) + bytes(4) + zlib.crc32(payload).to_bytes(4, "little") \
        + 2 * len(payload).to_bytes(4, "little") + len(name).to_bytes(2, "little") + b"\x04\0" + name + b"FB\0\0"
    data = change(b"before" + head + payload + b"behind", 6)
    extent = Extent(0, 6 + len(head), 8, 8, crc=zlib.crc32(payload), local=LocalHeader(6, name, 0, 6 + len(head) + 8))
    found, checked = read_neighbours(reader([], data), len(data), [Piece(extent, 2, 4)], set())
    assert (told(found), checked) == ([payload[2:6]] if is_good else [None], {extent.offset} if is_good else set())
