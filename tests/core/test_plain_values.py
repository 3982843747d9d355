"""How leaves are named, shown and written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inspector.core.checkpoint import Opaque
from inspector.core.plain_values import one_line, to_json, type_name

OPAQUE = Opaque("mynet.Net", "mynet.Net(...)\n", 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NoneType"),
        (True, "bool"),
        (3, "int"),
        (0.5, "float"),
        (1j, "complex"),
        ("x", "str"),
        (b"x", "bytes"),
        ((), "tuple"),
        ([], "list"),
        ({}, "dict"),
        (OPAQUE, "mynet.Net"),
    ],
    ids=str,
)
def test_that_types_have_their_names(value: Any, expected: str) -> None:
    assert type_name(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "None"),
        (True, "True"),
        (1 << 70, str(1 << 70)),
        (float("nan"), "nan"),
        (-0.0, "-0.0"),
        (1 + 2j, "(1+2j)"),
        ("a\nb\u202e", "a\\nb\\u202e"),
        (b"\xff", "b'\\xff'"),
        ({}, "{}"),
        ([], "[]"),
        ((), "()"),
        (OPAQUE, "mynet.Net(...)\\n"),
        (1 << 100_000, "100,001-bit integer"),
        ("", ""),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) else "int",
)
def test_that_a_value_is_one_plain_line(value: Any, expected: str) -> None:
    assert one_line(value) == expected


def test_that_a_long_value_is_cut_in_the_middle() -> None:
    assert len(one_line("k" * 1_000_000)) == 200
    assert len(one_line(b"k" * 1_000_000)) < 210


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (0.5, 0.5),
        (1 << 60, 1 << 60),
        (True, True),
        (None, None),
        (b"a\xff", "a\\xff"),
        (1 + 2j, [1.0, 2.0]),
        (OPAQUE, "mynet.Net(...)\n"),
        ({}, {}),
        ([], []),
        ((), []),
        ("\ud800", "\ud800"),
        (1 << 100_000, "100,001-bit integer"),
        ({"version": 2, 3: [1]}, {"version": 2, "3": [1]}),
    ],
    ids=lambda value: repr(type(value)),
)
def test_that_json_takes_every_value(value: Any, expected: Any) -> None:
    assert to_json(value) == expected
    assert json.loads(json.dumps(to_json(value), allow_nan=False)) == to_json(value)
