"""A short header taken in one go is what the parser makes of it."""
from __future__ import annotations

import random

import pytest

from inspector.core.formats.shared.safetensors_header import _Parser, _small, parse, parse_small
from inspector.core.limits import LIMITS
from inspector.core.progress import QUIET

PLAIN = (
    b'{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b.c":{"dtype":"I64","shape":[],"data_offsets":[24,32]}}   ',
    b'{"__metadata__":{"format":"pt","x":"y"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    b'{"__metadata__": {"format": "pt"}, "a": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}, '
    b'"d": {"dtype": "U8", "shape": [0, 7], "data_offsets": [8, 8]}}',
)
ODD = (b'"', b"}", b"{", b"[", b"]", b",", b":", b" ", b"\\", b"0", b"1", b"a", b"b", b"\n", b"\xc3\xa4", b"\xff", b"__metadata__", b'"a"',
       b"\0", b"\\u0061", b"},", b'"x":1,', b'"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},', b"-", b"F6_E2M3", b"F4")


@pytest.mark.parametrize("header", PLAIN)
def test_that_a_plain_header_is_taken_in_one_go(header: bytes) -> None:
    assert _small(header) is not None
    assert parse(header) == _Parser(header, LIMITS, QUIET).run()


def test_that_what_is_taken_in_one_go_is_what_the_parser_takes_whatever_is_changed_in_it() -> None:
    chance, taken = random.Random(0), 0
    for _ in range(4000):
        data = bytearray(chance.choice(PLAIN))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            at, kind = chance.randrange(len(data) + 1), chance.randrange(3)
            data[at:at + (0, 1, chance.choice((1, 2, 5)))[kind]] = b"" if kind == 2 else chance.choice(ODD)
        found = _small(bytes(data))
        if found is not None:
            taken += 1
            assert parse(bytes(data)) == _Parser(bytes(data), LIMITS, QUIET).run(), bytes(data)
    assert taken > 100


@pytest.mark.parametrize(("header", "fills"), [
    (PLAIN[0], 32),
    (PLAIN[2], 8),
    (b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}', -1),                                # a gap before it
    (b'{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', -1),
    (b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}', -1),                                 # more than it has elements
    (b'{"a":{"dtype":"U8","shape":[' + b"1," * 64 + b'1],"data_offsets":[0,1]}}', -1),               # more dimensions than numpy has
    (b'{"a":{"shape":[2],"data_offsets":[0,8],"dtype":"F32"}}', 8),                                  # spelt otherwise
    (b'{"\\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8),
])
def test_that_a_short_header_says_what_its_tensors_fill_if_they_do(header: bytes, fills: int) -> None:
    found, whole = parse_small(header), _Parser(header, LIMITS, QUIET).run()
    assert found is not None
    assert found.layout.fills == fills
    assert (found.keys, [*found.layout.starts], [*found.layout.stops], [*found.layout.forms], dict(found.metadata)) \
        == (whole.keys, whole.starts, whole.stops, whole.forms, whole.metadata)


@pytest.mark.parametrize("header", [b"", b"{", b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}', b'{"a":1}'])
def test_that_a_short_header_of_which_something_is_to_be_said_is_left_to_the_reader_of_all(header: bytes) -> None:
    assert parse_small(header) is None
