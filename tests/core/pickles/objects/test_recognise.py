"""What calls stand for: each recogniser says yes to the real thing, and no to anything that only looks like it."""

from __future__ import annotations

import argparse
import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import pickle
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import numpy as np
import pytest
import torch

from inspector.core.checkpoint import Opaque, Plain, Storage
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.calls import call_of
from inspector.core.pickles.objects.contents import contents_of
from inspector.core.pickles.objects.names import canonical, danger_text, storage_dtype, verdict
from inspector.core.pickles.objects.recognise import unknown_object, view_of
from tests.core.pickles import opcodes as op


def seen(data: bytes) -> list[tuple[str, Plain]]:
    contents = contents_of(decode(data), lambda ref: Storage(ref.key or "", ref.dtype or "", ref.device, 0, None))
    return contents.values


def text(data: bytes) -> tuple[str, str]:
    """(type, text) of the only leaf."""
    ((key, value),) = seen(data)
    assert key == ""
    assert isinstance(value, Opaque)
    return value.type, value.text


@pytest.mark.parametrize("module", ["pathlib", "pathlib._local"])
@pytest.mark.parametrize(("kind", "parts", "expected"), [
    ("PosixPath", ("a//b", ".", "c/"), "a/b/c"), ("PurePosixPath", (), "."), ("PosixPath", ("/", "runs", "x"), "/runs/x"),
    ("PosixPath", ("a", "/b"), "/b"), ("WindowsPath", ("c:/runs", "x"), "c:\\runs\\x"), ("WindowsPath", ("c:\\", "runs"), "c:\\runs"),
    ("PureWindowsPath", ("//server/share", "x"), "\\\\server\\share\\x"), ("PosixPath", ("../x",), "../x"),
])
def test_that_a_path_is_shown_as_its_own_str_whatever_it_was_made_of(module: str, kind: str, parts: tuple[str, ...], expected: str) -> None:
    """Python 3.13 writes the texts that it was made of, others its parts."""
    data = op.pickled(op.reduce(op.name(module, kind), *(op.text(part) for part in parts)))
    assert text(data) == (f"{module}.{kind}", expected)
    assert str(getattr(pathlib, f"Pure{kind.removeprefix('Pure')}")(*parts)) == expected


def test_that_a_path_longer_than_any_is_joined_plainly() -> None:
    parts = ["x" * 1000] * 40
    data = op.pickled(op.reduce(op.name("pathlib", "PosixPath"), *map(op.text, parts)))
    assert text(data)[1] == "/".join(parts)


class Colour(enum.Enum):
    RED = 3

    def __reduce_ex__(self, protocol: Any) -> Any:      # as all Pythons do but 3.11.0 to 3.11.3, which write the member's name
        return self.__class__, (self.value,)


class Thing:
    def __init__(self) -> None:
        self.a, self.b = 1, [2]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(OrderedDict(a=1, b=2), [("a", 1), ("b", 2)], id="OrderedDict"),
        pytest.param(defaultdict(list, {"a": 1}), [("a", 1)], id="defaultdict"),
        pytest.param(Counter("aab"), [("a", 2), ("b", 1)], id="Counter"),
        pytest.param(deque([1, 2], maxlen=5), [("0", 1), ("1", 2)], id="deque"),
        pytest.param({7}, [("0", 7)], id="set"),
        pytest.param(frozenset([7]), [("0", 7)], id="frozenset"),
        pytest.param(argparse.Namespace(lr=0.1, name="x"), [("lr", 0.1), ("name", "x")], id="Namespace"),
        pytest.param(types.SimpleNamespace(lr=0.1), [("lr", 0.1)], id="SimpleNamespace"),
        pytest.param(b"a\xff", [("", b"a\xff")], id="bytes"),
        pytest.param(1 + 2j, [("", 1 + 2j)], id="complex"),
        pytest.param(np.float32(0.5), [("", 0.5)], id="numpy-float32"),
        pytest.param(np.int64(-3), [("", -3)], id="numpy-int64"),
        pytest.param(np.float16(0.5), [("", 0.5)], id="numpy-float16"),
        pytest.param(np.bool_(True), [("", True)], id="numpy-bool"),
        pytest.param(np.complex64(1 + 2j), [("", 1 + 2j)], id="numpy-complex"),
        pytest.param(np.str_("héé"), [("", "héé")], id="numpy-str"),
        pytest.param(np.uint8(200), [("", 200)], id="numpy-uint8"),
    ],
)
def test_that_data_is_data(value: Any, expected: list[tuple[str, Plain]], protocol: int) -> None:
    assert seen(pickle.dumps(value, protocol)) == expected


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(torch.Size([3, 4]), ("torch.Size", "torch.Size([3, 4])"), id="Size"),
        pytest.param(torch.Size([]), ("torch.Size", "torch.Size([])"), id="Size-empty"),
        pytest.param(torch.device("cuda:1"), ("torch.device", "cuda:1"), id="device"),
        pytest.param(torch.device("cpu"), ("torch.device", "cpu"), id="device-cpu"),
        pytest.param(torch.float32, ("torch.dtype", "torch.float32"), id="dtype"),
        pytest.param(np.zeros((3, 4), "M8[s]"), ("numpy.ndarray", "datetime64 [3, 4]"), id="ndarray"),
        pytest.param(np.zeros((3, 4), ">m8[s]", order="F"), ("numpy.ndarray", "timedelta64 [3, 4]"), id="ndarray-big-endian"),
        pytest.param(np.array("x"), ("numpy.ndarray", "text []"), id="ndarray-text"),
        pytest.param(np.dtype("f8"), ("numpy.dtype", "float64"), id="numpy-dtype"),
        pytest.param(bytearray(b"abc"), ("bytearray", "3 bytes: b'abc'"), id="bytearray"),
        pytest.param(pathlib.PurePosixPath("/a/b"), ("pathlib.PurePosixPath", "/a/b"), id="path"),
        pytest.param(pathlib.PurePosixPath("a/b"), ("pathlib.PurePosixPath", "a/b"), id="path-relative"),
        pytest.param(datetime.datetime(2024, 2, 3, 4, 5, 6, 7), ("datetime.datetime", "2024-02-03T04:05:06.000007"), id="datetime"),
        pytest.param(datetime.date(2024, 2, 3), ("datetime.date", "2024-02-03"), id="date"),
        pytest.param(datetime.time(4, 5), ("datetime.time", "04:05:00"), id="time"),
        pytest.param(datetime.timedelta(1, 2), ("datetime.timedelta", "1 days 2 s"), id="timedelta"),
        pytest.param(slice(1, None, 2), ("slice", "slice(1, None, 2)"), id="slice"),
        pytest.param(range(3), ("range", "range(0, 3, 1)"), id="range"),
        pytest.param(decimal.Decimal("1.5"), ("decimal.Decimal", "Decimal('1.5')"), id="Decimal"),
        pytest.param(fractions.Fraction(1, 3), None, id="Fraction"),
        pytest.param(uuid.UUID(int=5), ("uuid.UUID", "00000000-0000-0000-0000-000000000005"), id="UUID"),
        pytest.param(set(), ("set", "set()"), id="empty-set"),
    ],
)
def test_that_known_values_have_a_text(value: Any, expected: tuple[str, str] | None, protocol: int) -> None:
    found = text(pickle.dumps(value, protocol))
    if expected is not None:
        found = found[0].replace("pathlib._local.", "pathlib."), found[1]           # as Python 3.13 calls it
        assert found == expected


@pytest.mark.parametrize("protocol", range(2, 6))
def test_that_an_enum_member_is_its_class_and_value(protocol: int) -> None:
    assert text(pickle.dumps(Colour.RED, protocol))[1] == f"{Colour.__module__}.Colour(3)"


@pytest.mark.parametrize("protocol", range(6))
def test_that_an_unknown_object_shows_its_attributes(protocol: int) -> None:
    values = seen(pickle.dumps({"x": Thing()}, protocol))
    assert [key for key, _ in values] == ["x", "x.a", "x.b.0"]
    assert isinstance(values[0][1], Opaque)
    assert values[0][1].text == f"{Thing.__module__}.Thing(...)"


def test_that_a_partial_names_its_function() -> None:
    values = seen(pickle.dumps(functools.partial(Thing, 5, key="v")))
    assert values[0][1] == Opaque("functools.partial", f"functools.partial({__name__}.Thing, ...)", values[0][1].node)  # type: ignore[union-attr]
    assert values[1:] == [("args.0", 5), ("kwargs.key", "v")]


def test_that_objects_in_an_array_are_listed() -> None:
    values = seen(pickle.dumps(np.array([{"a": 1}, None], dtype=object)))
    assert [key for key, _ in values] == ["", "0.a", "1"]


CODECS = op.name("_codecs", "encode")
DTYPE_F8 = op.build(
    op.reduce(op.name("numpy", "dtype"), op.text("f8"), op.FALSE, op.TRUE),
    op.tuple_of(op.integer(3), op.text("<"), op.NONE, op.NONE, op.NONE, op.integer(-1), op.integer(-1), op.integer(0)),
)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(op.reduce(op.name("collections", "OrderedDict"), op.integer(1)), id="OrderedDict-of-number"),
        pytest.param(op.reduce(op.name("collections", "OrderedDict"), op.EMPTY_LIST, op.NONE), id="OrderedDict-of-two"),
        pytest.param(op.build(op.ordered_dict(), op.integer(1)), id="OrderedDict-odd-state"),
        pytest.param(op.ordered_dict() + op.integer(1) + b"a", id="OrderedDict-appended"),
        pytest.param(op.reduce(op.name("collections", "defaultdict"), op.integer(1)), id="defaultdict-of-number"),
        pytest.param(op.reduce(op.name("collections", "Counter"), op.integer(1)), id="Counter-of-number"),
        pytest.param(op.reduce(op.name("collections", "deque"), op.EMPTY_LIST, op.text("x")), id="deque-odd-maxlen"),
        pytest.param(op.reduce(op.name("builtins", "set"), op.integer(1)), id="set-of-number"),
        pytest.param(op.reduce(op.name("builtins", "set"), op.list_of(op.NONE)) + op.EMPTY_DICT + b"b", id="set-built"),
        pytest.param(op.build(op.newobj(op.name("argparse", "Namespace")), op.integer(3)), id="Namespace-odd-state"),
        pytest.param(op.reduce(CODECS, op.text("x"), op.text("utf-8")), id="encode-other-codec"),
        pytest.param(op.reduce(CODECS, op.text("\u20ac"), op.text("latin1")), id="encode-not-latin"),
        pytest.param(op.reduce(op.name("builtins", "complex"), op.text("1"), op.integer(2)), id="complex-of-text"),
        pytest.param(op.reduce(op.name("torch", "Size"), op.tuple_of(op.text("3"))), id="Size-of-text"),
        pytest.param(op.reduce(op.name("torch", "device"), op.integer(0)), id="device-of-number"),
        pytest.param(op.reduce(op.name("torch.serialization", "_get_layout"), op.text("torch.round")), id="layout-unknown"),
        pytest.param(op.reduce(op.name("pathlib", "PosixPath"), op.integer(1)), id="path-of-number"),
        pytest.param(op.reduce(op.name("datetime", "datetime"), op.raw(b"short")), id="datetime-short"),
        pytest.param(
            op.reduce(op.name("datetime", "timedelta"), op.text("x"), op.integer(1), op.integer(1)), id="timedelta-of-text"
        ),
        pytest.param(op.build(op.newobj(op.name("uuid", "UUID")), op.dict_of({"int": op.integer(-1)})), id="UUID-negative"),
        pytest.param(op.reduce(op.name("functools", "partial"), op.integer(1)), id="partial-of-number"),
        pytest.param(op.reduce(op.name("numpy", "dtype"), op.text("f8; import os")), id="numpy-dtype-odd"),
        pytest.param(op.reduce(op.name("numpy.core.multiarray", "scalar"), DTYPE_F8, op.raw(b"1234567")), id="numpy-scalar-short"),
        pytest.param(
            op.reduce(op.name("numpy.core.multiarray", "_reconstruct"), op.name("mylib", "Array"), op.integers(0), op.raw(b"b")),
            id="ndarray-of-other-class",
        ),
        pytest.param(op.reduce(op.name("mylib", "OrderedDict")), id="name-of-another-module"),
        pytest.param(op.reduce(op.NONE), id="none-called"),
    ],
)
def test_that_a_recogniser_declines_what_is_not_in_order(value: bytes) -> None:
    graph = decode(op.pickled(value, 3))
    assert view_of(graph, graph.root) == unknown_object(graph, call_of(graph, graph.root))


def test_that_python_2_spellings_are_known() -> None:
    data = op.pickled(op.reduce(op.name("__builtin__", "set"), op.list_of(op.integer(3))))
    assert seen(data) == [("0", 3)]
    old = op.pickled(op.reduce(op.name("collections", "OrderedDict"), op.list_of(op.list_of(op.text("a"), op.integer(1)))))
    assert seen(old) == [("a", 1)]


def test_that_an_argument_changed_after_the_call_is_not_trusted() -> None:
    data = op.pickled(
        op.tuple_of(op.reduce(op.name("builtins", "set"), op.EMPTY_LIST + op.put(3)), op.get(3) + op.integer(1) + b"a")
    )
    values = seen(data)
    assert isinstance(values[0][1], Opaque)
    assert values[0][1].text == "builtins.set(...)"


def test_that_attributes_of_an_ordered_dict_are_kept() -> None:
    value = op.build(
        op.pairs_into(op.ordered_dict(), [(op.text("k"), op.integer(1))]),
        op.dict_of({"_metadata": op.dict_of({"m": op.dict_of({"version": op.integer(2)})}), "extra": op.integer(3)}),
    )
    contents = contents_of(decode(op.pickled(value)), lambda ref: Storage("", "", None, 0, None))
    assert contents.values == [("k", 1), ("extra", 3)]
    assert contents.module_metadata == {"": {"m": {"version": 2}}}


def test_that_slot_states_and_keyword_arguments_are_listed() -> None:
    thing = op.newobj(op.name("mylib", "Thing"))
    slots = op.build(thing, op.tuple_of(op.dict_of({"a": op.integer(1)}), op.dict_of({"b": op.integer(2)})))
    assert seen(op.pickled(slots))[1:] == [("a", 1), ("b", 2)]
    keywords = op.name("mylib", "Thing") + op.tuple_of(op.list_of(op.integer(5))) + op.dict_of({"k": op.integer(6)}) + b"\x92"
    assert seen(op.pickled(keywords, 4))[1:] == [("0.0", 5), ("k", 6)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            b"\x8b" + (1 << 17).to_bytes(4, "little") + b"\x01" * (1 << 17),
            ("int", "1048576-bit integer 0x0101010101010101…"),
            id="LONG4",
        ),
        pytest.param(b"I" + b"1" * 5000 + b"\n", ("int", "integer of 5000 digits: 1111111111111111…"), id="INT"),
        pytest.param(b"\x82\x05", ("name", "extension code 5"), id="EXT"),
        pytest.param(
            op.integer(1) + op.integer(2) + b"\x93", ("name", "a name put together at load time: 1.2"), id="dynamic-name"
        ),
    ],
)
def test_that_what_has_no_value_has_a_text(value: bytes, expected: tuple[str, str]) -> None:
    assert text(op.pickled(value, 4)) == expected


def test_that_python_2_text_is_text_or_bytes() -> None:
    assert seen(op.pickled(b"U\x02ab")) == [("", "ab")]
    assert seen(op.pickled(b"U\x01\xff")) == [("", b"\xff")]
    assert seen(op.pickled(op.dict_of([(b"U\x01\xff", op.integer(1))]))) == [("\xff", 1)]


def test_that_names_have_one_spelling() -> None:
    assert canonical("__builtin__", "xrange") == ("builtins", "range")
    assert canonical("copy_reg", "_reconstructor") == ("copyreg", "_reconstructor")
    assert canonical("numpy._core.multiarray", "scalar") == ("numpy.core.multiarray", "scalar")
    assert storage_dtype("torch.cuda", "HalfStorage") == "float16"
    assert storage_dtype("os", "HalfStorage") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (("collections", "OrderedDict"), "plain"),
        (("torch._utils", "_rebuild_tensor_v2"), "plain"),
        (("torch.cuda", "FloatStorage"), "plain"),
        (("__builtin__", "set"), "plain"),
        (("numpy._core.multiarray", "scalar"), "plain"),
        (("torch", "bfloat16"), "plain"),
        (("torch.nn.modules.linear", "Linear"), "library"),
        (("torch.nn.modules.linear", "Linear.__init__"), "unknown"),
        (("torch.nn.modules.linear", "load"), "dangerous"),
        (("mynet", "Net"), "unknown"),
        (("posix", "system"), "dangerous"),
        (("__builtin__", "eval"), "dangerous"),
        (("builtins", "getattr"), "dangerous"),
        (("commands", "getoutput"), "dangerous"),
        (("torch.storage", "_load_from_bytes"), "dangerous"),
        (("_pickle", "loads"), "dangerous"),
        (("os.path", "join"), "dangerous"),
        (("builtins", "set.__init__"), "dangerous"),
        (("_operator", "attrgetter"), "dangerous"),
        (("numpy.testing", "x"), "dangerous"),
    ],
    ids=str,
)
def test_that_names_are_told_apart(name: tuple[str, str], expected: str) -> None:
    assert verdict(*name) == expected


def test_that_a_deed_is_named_plainly() -> None:
    assert danger_text("posix", "system") == "runs a shell command"
    assert danger_text("__builtin__", "eval") == "runs Python code that the file brings along"
    assert danger_text("socket", "socket") == "opens a network connection"
