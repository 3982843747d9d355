"""A short header taken in one go is what the parser makes of it."""
from __future__ import annotations

import random

import pytest

from inspector.core.formats.shared.safetensors_header import _Parser, _small
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
    assert _small(header) == _Parser(header, LIMITS, QUIET).run()


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
            assert found == _Parser(bytes(data), LIMITS, QUIET).run(), bytes(data)
    assert taken > 100
