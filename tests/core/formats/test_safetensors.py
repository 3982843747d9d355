"""Every way in which a header can lie, and what a good file must give."""
from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import Ambiguous, Corrupt, InspectorError, TooBig, Truncated
from inspector.core.formats import safetensors
from inspector.core.formats.shared.strict_json import Scanner
from inspector.core.io.sources import open_source
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS
from inspector.core.progress import Monitor
from tests.extents import read_extent

A = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'


def entry(key: str = "a", dtype: str = "F32", shape: object = "[1]", offsets: object = "[0,4]", more: str = "") -> str:
    return f'"{key}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}{more}}}'


def obj(*members: str) -> str:
    return "{" + ",".join(members) + "}"


def file_bytes(header: str | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    raw = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def read(path: Path, content: bytes, **more: Any) -> Checkpoint:
    path.write_bytes(content)
    with open_source(path) as source:
        return safetensors.read(source, str(path), **more)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.safetensors"


def oracle_accepts(path: Path) -> bool:
    try:
        with safe_open(str(path), "np"):
            return True
    except SafetensorError:
        return False


DEEP = 100_000
REFUSED = [
    # row and what it is, the file, the error, its id, a part of the message, whether the reference reader accepts it
    ("less-than-8-bytes", b"\x01\x02\x03", Truncated, "truncated", "has 3 bytes", False),
    ("header-length-0", file_bytes("", b"abcd"), Corrupt, "corrupt", "0 bytes", False),
    ("header-length-1e9", file_bytes("{}", b"", 10**9), TooBig, "too_big", "1,000,000,000", False),
    ("header-length-just-over-the-cap", file_bytes("{}", b"", 10**8 + 1), TooBig, "too_big", "100,000,001", False),
    ("header-length-2^64-1", file_bytes("{}", b"", 2**64 - 1), TooBig, "too_big", "18,446,744,073,709,551,615", False),
    ("header-longer-than-file", file_bytes(obj(A), b"", 100), Truncated, "truncated", "at least 46 of them", False),
    ("invalid-utf8", file_bytes(b'{"\xff":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"abcd"), Corrupt, "corrupt",
     "not UTF-8", False),
    ("not-json", file_bytes("hello world!", b"abcd"), Corrupt, "corrupt", "hello world!", False),
    ("json-array", file_bytes("[1,2,3]", b"abcd"), Corrupt, "corrupt", "[1,2,3]", False),
    ("duplicate-key-same-range", file_bytes(obj(A, entry(dtype="I32")), b"abcd"), Corrupt, "duplicate_key",
     'names "a" twice', True),
    ("duplicate-key-other-range", file_bytes(obj(A, entry(offsets="[4,8]")), b"abcdefgh"), Corrupt, "duplicate_key",
     'names "a" twice', False),
    ("duplicate-key-by-escape", file_bytes(obj(A, entry("\\u0061")), b"abcd"), Corrupt, "duplicate_key",
     'names "a" twice', True),
    ("hole", file_bytes(obj(A, entry("b", offsets="[8,12]")), bytes(12)), Corrupt, "hole", '4 bytes before tensor "b"', False),
    ("overlap", file_bytes(obj(A, entry("b", offsets="[2,6]")), bytes(6)), Corrupt, "overlap", '"b" overlaps "a"', False),
    ("identical-ranges", file_bytes(obj(A, entry("b")), bytes(4)), Corrupt, "overlap", '"b" overlaps "a"', False),
    ("first-not-at-0", file_bytes(obj(entry(offsets="[4,8]")), bytes(8)), Corrupt, "hole", '4 bytes before tensor "a"', False),
    ("reversed-offsets", file_bytes(obj(entry(offsets="[4,0]")), bytes(4)), Corrupt, "reversed", "before it begins", False),
    ("negative-offsets", file_bytes(obj(entry(offsets="[-4,0]")), bytes(4)), Corrupt, "corrupt", "data_offsets", False),
    ("minus-zero", file_bytes(obj(entry(offsets="[-0,4]")), bytes(4)), Corrupt, "corrupt", "data_offsets", False),
    ("float-shape", file_bytes(obj(entry(shape="[1.0]")), bytes(4)), Corrupt, "corrupt", "the shape of", False),
    ("bool-shape", file_bytes(obj(entry(shape="[true]")), bytes(4)), Corrupt, "corrupt", "the shape of", False),
    ("nan", file_bytes(obj(entry(shape="[NaN]")), bytes(4)), Corrupt, "corrupt", "N where a value", False),
    ("infinity", file_bytes(obj(entry(more=',"x":-Infinity')), bytes(4)), Corrupt, "corrupt", "minus sign", False),
    ("number-too-large", file_bytes(obj(entry(more=',"x":1e999')), bytes(4)), Corrupt, "corrupt", "too large", False),
    ("negative-dim", file_bytes(obj(entry(shape="[-1]")), bytes(4)), Corrupt, "corrupt", "the shape of", False),
    ("product-overflow", file_bytes(obj(entry(shape="[4294967296,4294967296]")), bytes(4)), Corrupt, "overflow", "too large",
     False),
    ("bytes-overflow", file_bytes(obj(entry(shape="[4611686018427387905]")), bytes(4)), Corrupt, "overflow", "too large",
     False),
    ("zero-times-overflow", file_bytes(obj(entry(shape=[0, 2**63], offsets=[0, 0]))), Corrupt, "overflow", "too large", True),
    ("zero-with-stride-overflow", file_bytes(obj(entry(shape=[0, 2**62, 2], offsets=[0, 0]))), Corrupt, "overflow", "too large",
     True),
    ("overflow-times-zero", file_bytes(obj(entry(shape=[2**40, 2**40, 0], offsets=[0, 0]))), Corrupt, "overflow", "too large",
     False),
    ("lower-case-dtype", file_bytes(obj(entry(dtype="f32")), bytes(4)), Corrupt, "unknown_dtype", '"f32"', False),
    ("F4-not-byte-aligned", file_bytes(obj(entry(dtype="F4", shape="[3]", offsets="[0,2]")), bytes(2)), Corrupt, "misaligned",
     "whole bytes", False),
    ("unknown-dtype", file_bytes(obj(entry(dtype="C128", offsets="[0,16]")), bytes(16)), Corrupt, "unknown_dtype", "C128",
     False),
    ("metadata-number", file_bytes(obj('"__metadata__":{"epoch":3}', A), bytes(4)), Corrupt, "corrupt", '"epoch"', False),
    ("metadata-list", file_bytes(obj('"__metadata__":["a"]', A), bytes(4)), Corrupt, "corrupt", "not an object", False),
    ("duplicate-metadata", file_bytes(obj('"__metadata__":{}', '"__metadata__":{}', A), bytes(4)), Corrupt, "duplicate_key",
     '"__metadata__" twice', False),
    ("duplicate-key-in-metadata", file_bytes(obj('"__metadata__":{"k":"1","k":"2"}', A), bytes(4)), Corrupt, "duplicate_key",
     '"k" twice', True),
    ("tensor-named-metadata", file_bytes(obj(entry("__metadata__")), bytes(4)), Corrupt, "reserved_name", "reserves", False),
    ("tensor-named-metadata-after-others", file_bytes(obj(A, entry("__metadata__", offsets="[4,8]")), bytes(8)), Corrupt,
     "reserved_name", "reserves", False),
    ("bom", file_bytes(b"\xef\xbb\xbf{" + A.encode() + b"}", bytes(4)), Corrupt, "corrupt", "byte-order mark", False),
    ("utf16", file_bytes((obj(A)).encode("utf-16"), bytes(4)), Corrupt, "corrupt", "UTF-16", False),
    ("utf16-without-bom", file_bytes((obj(A)).encode("utf-16-le"), bytes(4)), Corrupt, "corrupt", "UTF-16", False),
    ("nul-padding", file_bytes(obj(A) + "\0\0", bytes(4)), Corrupt, "corrupt", "the byte 00 after its end", False),
    ("lone-surrogate", file_bytes(obj(entry("\\ud800")), bytes(4)), Corrupt, "corrupt", "surrogate", False),
    ("raw-control-character", file_bytes(obj(entry("a\x01b")), bytes(4)), Corrupt, "corrupt", "control character", False),
    ("deep-lists", file_bytes(obj(entry(more=',"x":' + "[" * DEEP + "]" * DEEP)), bytes(4)), Corrupt, "corrupt", "levels",
     False),
    ("deep-objects", file_bytes('{"x":' * DEEP + "}" * DEEP, bytes(4)), Corrupt, "corrupt", "levels", False),
    ("empty-tensor-inside-another", file_bytes(obj(A, entry("b", shape="[0]", offsets="[2,2]")), bytes(4)), Corrupt,
     "overlap", '"b" overlaps "a"', False),
    ("5000-digit-dimension", file_bytes(obj(entry(shape=f"[{'9' * 5000}]")), bytes(4)), Corrupt, "corrupt", "digits", False),
    ("30-digit-dimension", file_bytes(obj(entry(shape=f"[{'9' * 30}]")), bytes(4)), Corrupt, "corrupt", "30 digits", False),
    ("zip-after-the-tensors", file_bytes(obj(A), bytes(4) + b"PK\x05\x06" + bytes(18)), Ambiguous, "polyglot", "zip archive",
     False),
    ("size-differs", file_bytes(obj(entry(shape="[2]")), bytes(4)), Corrupt, "size_mismatch", "need 8", False),
    ("entry-as-list", file_bytes('{"a":["F32",[1],[0,4]]}', bytes(4)), Corrupt, "corrupt", "not an object", True),
    ("dtype-as-object", file_bytes('{"a":{"dtype":{"F32":null},"shape":[1],"data_offsets":[0,4]}}', bytes(4)), Corrupt, "corrupt",
     "dtype of", True),
    ("duplicate-field", file_bytes(obj(entry(more=',"shape":[1]')), bytes(4)), Corrupt, "duplicate_key", '"shape" twice', False),
    ("duplicate-name-in-an-extra-field", file_bytes(obj(entry(more=',"x":{"y":1,"y":2}')), bytes(4)), Corrupt, "duplicate_key",
     '"y" twice', True),
    ("nesting-of-9", file_bytes(obj(entry(more=',"x":' + "[" * 9 + "]" * 9)), bytes(4)), Corrupt, "corrupt", "levels", True),
    ("digits-in-an-extra-field", file_bytes(obj(entry(more=f',"x":{"1" * 30}')), bytes(4)), Corrupt, "corrupt", "30 digits", True),
    ("trailing-comma", file_bytes(obj(A)[:-1] + ",}", bytes(4)), Corrupt, "corrupt", "} where a name", False),
    ("two-documents", file_bytes(obj(A) + "{}", bytes(4)), Corrupt, "corrupt", "after its end", False),
    ("no-shape", file_bytes('{"a":{"dtype":"F32","data_offsets":[0,4]}}', bytes(4)), Corrupt, "corrupt", "no shape", False),
    ("leading-zero", file_bytes(obj(entry(shape="[01]")), bytes(4)), Corrupt, "corrupt", "", False),
    ("three-offsets", file_bytes(obj(entry(offsets="[0,4,4]")), bytes(4)), Corrupt, "corrupt", "two whole numbers", False),
    ("unknown-escape", file_bytes(obj(entry("\\x61")), bytes(4)), Corrupt, "corrupt", "escape", False),
    ("string-without-end", file_bytes('{"abc', bytes(4)), Corrupt, "corrupt", "without an end", False),
    ("header-cut-in-an-entry", file_bytes("{" + A[:-4], bytes(4)), Corrupt, "corrupt", "its end where", False),
    ("65537-dimensions", file_bytes(obj(entry(shape=[1] * 65_537)), bytes(4)), TooBig, "too_big", "65,537 dimensions", True),
]


@pytest.mark.parametrize(("content", "kind", "id", "says", "accepted"), [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])
def test_that_it_is_refused_in_one_line(path: Path, content: bytes, kind: type[InspectorError], id: str, says: str,
                                        accepted: bool) -> None:
    with pytest.raises(InspectorError) as caught:
        read(path, content)
    error = caught.value
    assert (type(error), error.id) == (kind, id), str(error)
    assert says in error.message
    assert error.hint
    assert error.where.startswith("byte ")
    assert visible(str(error), 10_000) == str(error), "one line"
    assert oracle_accepts(path) is accepted


@pytest.mark.parametrize("dtype", ["F6_E2M3", "F6_E3M2"])
def test_that_a_type_torch_lacks_is_listed_and_marked(path: Path, dtype: str) -> None:
    ckpt = read(path, file_bytes(obj(entry(dtype=dtype, shape="[4]", offsets="[0,3]"), entry("b", offsets="[3,7]")), b"abcdefg"))
    tensor = ckpt.tensors["a"]
    assert tensor.dtype == f"float6_{dtype[3:].lower()}"
    assert tensor.nbytes == tensor.storage_nbytes == 3
    assert "6-bit" in tensor.problem
    assert ckpt.storages[tensor.storage].problem == tensor.problem
    extent = ckpt.storages[tensor.storage].extent
    assert extent is not None
    assert read_extent(ckpt, extent) == b"abc"
    assert not ckpt.tensors["b"].problem


def test_that_4_bit_floats_are_given_as_torch_gives_them(path: Path) -> None:
    torch = pytest.importorskip("torch")
    ckpt = read(path, file_bytes(obj(entry(dtype="F4", shape="[4,2]")), b"abcd"))
    with safe_open(str(path), "pt") as oracle:
        expected = oracle.get_tensor("a")
    tensor = ckpt.tensors["a"]
    assert expected.dtype == getattr(torch, tensor.dtype)
    assert (tensor.shape, tensor.stride) == (tuple(expected.shape), expected.stride())
    assert tensor.nbytes == tensor.storage_nbytes == 4


def test_that_4_bit_floats_torch_cannot_pair_are_listed_and_marked(path: Path) -> None:
    tensor = read(path, file_bytes(obj(entry(dtype="F4", shape="[8,1]")), b"abcd")).tensors["a"]
    assert (tensor.dtype, tensor.shape, tensor.nbytes) == ("float4_e2m1", (8, 1), 4)
    assert tensor.problem


@pytest.mark.parametrize("header", [
    pytest.param(" \n" + obj(A), id="leading-spaces"),
    pytest.param(obj('"__metadata__":null', A), id="metadata-null"),
])
def test_that_what_the_reference_tolerates_opens_with_a_finding(path: Path, header: str) -> None:
    ckpt = read(path, file_bytes(header, b"abcd"))
    assert oracle_accepts(path)
    assert [*ckpt.tensors] == ["a"]
    assert [finding.id for finding in ckpt.findings] == ["non-canonical-header"]


@pytest.mark.parametrize("text", ['0', '1', '-1', '-0', '1.50', '1e2', '12345678901234567890', 'true', 'false', 'null', '""', '"é"',
                                  '" x "', r'"\u0041"', r'"\/"', '"]"', '"}"', '"{"', '"dtype"', '[]', '{}'])
def test_that_an_unknown_field_is_kept_as_it_is_spelt(path: Path, text: str) -> None:
    ckpt = read(path, file_bytes(obj(entry(more=f',"f": {text},"é":{text}')), bytes(4)))
    extra = ckpt.tensors["a"].extra
    assert extra is not None
    assert extra.header_fields == (("f", text), ("é", text))


@pytest.mark.parametrize("more", [',"f":1,"f":1', ',"f":1,"\\u0066":1', ',"f":01', ',"f":NaN', ',"f":"\t"', ',"f":"\ud800"'])
def test_that_a_wrong_unknown_field_refuses_the_file(path: Path, more: str) -> None:
    with pytest.raises(Corrupt):
        read(path, file_bytes(obj(entry(more=more)).encode("utf-8", "surrogatepass"), bytes(4)))


def test_that_tensors_with_the_same_unknown_fields_share_them(path: Path) -> None:
    entries = [entry(str(n), shape="[0]", offsets="[0,0]", more=f',"own":{n % 2}') for n in range(4)]
    extras = [info.extra for info in read(path, file_bytes(obj(*entries), b"")).tensors.values()]
    assert [extra and extra.header_fields for extra in extras] == [(("own", "0"),), (("own", "1"),)] * 2
    assert len({*map(id, extras)}) == 2


def test_that_unknown_fields_are_kept_and_told(path: Path) -> None:
    ckpt = read(path, file_bytes(obj(entry(more=',"scale": {"é":[1.5,null]}'), entry("b", offsets="[4,8]", more=',"z":1')),
                                 bytes(8)))
    assert oracle_accepts(path)
    extra = ckpt.tensors["a"].extra
    assert extra is not None
    assert extra.header_fields == (("scale", '{"é":[1.5,null]}'),)
    assert [(finding.id, finding.where) for finding in ckpt.findings] == [("extra-field", "a")]
    assert "1 other tensor" in ckpt.findings[0].message


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n")], ids=["rust", "python", "spaced"])
def test_that_many_keys_open_in_order(path: Path, separators: tuple[str, str]) -> None:
    shapes = [(number % 5, 3) for number in range(20_000)]
    header: dict[str, Any] = {}
    at = 0
    for number, shape in enumerate(shapes):
        size = shape[0] * 3 * 2
        header[f"layers.{number}.weight"] = {"dtype": "BF16", "shape": shape, "data_offsets": (at, at + size)}
        at += size
    ckpt = read(path, file_bytes(json.dumps(header, separators=separators), bytes(at)))
    assert [*ckpt.tensors] == [*header]
    assert [tensor.shape for tensor in ckpt.tensors.values()] == shapes
    assert len({tensor.storage for tensor in ckpt.tensors.values()}) == len(shapes)


def test_that_reading_tells_how_far_it_is_and_can_be_stopped(path: Path) -> None:
    class Stop(Exception):
        pass

    class Impatient(Monitor):
        calls = 0

        def report(self, done: int, total: int, what: str = "") -> None:
            assert 0 <= done <= total
            self.calls += 1
            if self.calls == 3:
                raise Stop

    header = {f"k{number}": {"dtype": "U8", "shape": [1], "data_offsets": [number, number + 1]} for number in range(5000)}
    with pytest.raises(Stop):
        read(path, file_bytes(json.dumps(header), bytes(5000)), monitor=Impatient())


def test_that_many_dimensions_open(path: Path) -> None:
    ckpt = read(path, file_bytes(obj(entry(shape=[1] * 1001)), bytes(4)))
    assert ckpt.tensors["a"].shape == ckpt.tensors["a"].stride == (1,) * 1001
    assert [(finding.id, finding.where) for finding in ckpt.findings] == [("rank", "a")]


def test_that_a_megabyte_of_metadata_is_kept_whole(path: Path) -> None:
    value = "äöü\\n".replace("\\n", "\n") * 250_000
    ckpt = read(path, file_bytes(json.dumps({"__metadata__": {"readme": value, "format": "pt"}})))
    assert ckpt.metadata == {"readme": value, "format": "pt"}
    assert [*ckpt.metadata] == ["readme", "format"]


def test_that_odd_bools_open(path: Path) -> None:
    """Their bytes are looked at only when somebody asks: see the deep checks."""
    assert read(path, file_bytes(obj(entry(dtype="BOOL", offsets="[0,1]")), b"\2")).tensors["a"].dtype == "bool"


KEYS = {
    "empty": "", "newline": "a\nb", "html": "<b>x</b><img src='file:///etc/hosts'>", "rtl": "a\u202eb",
    "path": "../../etc/passwd",
    "nul": "a\0b", "quote": 'a"b\\c', "not-normal": "e\u0301 \u00e9", "astral": "😀", "delete": "\x7f",
    "long": "k" * 100_000,
    "like-a-header": '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},',
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "raw"])
def test_that_any_name_opens_unchanged(path: Path, key: str, ascii_only: bool) -> None:
    header = json.dumps({key: {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
                         "z": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}},
                        ensure_ascii=ascii_only)
    ckpt = read(path, file_bytes(header, b"ab"))
    assert [*ckpt.tensors] == [key, "z"]
    assert [finding.id for finding in ckpt.findings] == ([] if key else ["empty-name"])
    assert oracle_accepts(path)


def test_that_everything_a_good_file_says_is_given(path: Path) -> None:
    save_file({"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(0, np.int64)}, str(path), {"format": "pt"})
    content = path.read_bytes()
    ckpt = read(path, content)
    assert (ckpt.format, ckpt.kind, ckpt.state_dicts, ckpt.findings) == ("safetensors", "state-dict", ("",), ())
    assert ckpt.metadata == {"format": "pt"}
    tensor = ckpt.tensors["w"]
    assert (tensor.shape, tensor.stride, tensor.dtype, tensor.device, tensor.offset) == ((2, 3), (3, 1), "float32", None, 0)
    assert (tensor.state_dict, tensor.name, tensor.requires_grad, tensor.problem) == ("", "w", False, "")
    extent = ckpt.storages[tensor.storage].extent
    assert extent is not None
    assert read_extent(ckpt, extent) == np.arange(6, dtype=np.float32).tobytes()
    assert ckpt.files[0].size == len(content)


def test_that_tensors_come_in_the_order_of_their_bytes_and_ties_in_header_order(path: Path) -> None:
    empty = {key: entry(key, shape="[0]", offsets="[4,4]") for key in "zyx"}
    ckpt = read(path, file_bytes(obj(*[entry("late", offsets="[4,8]"), empty["z"], entry("early"), empty["y"], empty["x"]]),
                                 bytes(8)))
    assert [*ckpt.tensors] == ["early", "z", "y", "x", "late"]


def test_that_the_header_budget_holds(path: Path) -> None:
    from dataclasses import replace
    content = file_bytes(obj(A), b"abcd")
    with pytest.raises(TooBig):
        read(path, content, limits=replace(LIMITS, json_header=10))


def test_that_a_file_without_tensors_opens(path: Path) -> None:
    ckpt = read(path, file_bytes("{}      "))
    assert (len(ckpt.tensors), ckpt.findings) == (0, ())


def test_that_messages_show_names_as_plain_text(path: Path) -> None:
    with pytest.raises(Corrupt) as caught:
        read(path, file_bytes(obj(entry("a\\u202e\\n" + "x" * 1000, dtype="no\\nne")), bytes(4)))
    assert visible(str(caught.value), 10_000) == str(caught.value)
    assert len(str(caught.value)) < 600


def test_that_the_slow_road_accepts_what_the_fast_one_does(path: Path) -> None:
    """Usual and unusual entries mixed in every order."""
    usual = [entry(f"k{number}", "U8", "[1]", [number, number + 1]) for number in range(6)]
    unusual = [text.replace('"dtype":"U8",', "").replace("]}", '] , "dtype":"U8"}') for text in usual]
    for pattern in range(64):
        entries = [(unusual if pattern >> number & 1 else usual)[number] for number in range(6)]
        assert [*read(path, file_bytes(obj(*entries), bytes(6))).tensors] == [f"k{number}" for number in range(6)]


@pytest.mark.parametrize("odd", [
    entry("k3", "U8", "[1]", "[3,4]", ',"more":1'),
    entry("\\u006b3", "U8", "[1]", "[3,4]"),
    entry("k\\n", "U8", "[1]", "[3,4]"),
    entry("k3", "U8", "[1 ]", "[3,4]"),
], ids=["field", "escape", "newline", "space"])
def test_that_an_odd_entry_holds_up_none_of_the_others(path: Path, odd: str) -> None:
    entries = [entry(f"k{number}", "U8", "[1]", [number, number + 1]) for number in range(200)]
    entries[3] = odd
    for separator in (",", ", "):
        ckpt = read(path, file_bytes("{" + separator.join(entries) + "}", bytes(200)))
        assert [key for key in ckpt.tensors if key != "k\n"] == [f"k{n}" for n in range(200) if "k\\n" not in odd or n != 3]


@pytest.mark.parametrize(("key", "more"), [("\\u202e{}", ""), ("k{}", ',"own":[1]'), ("k{}", ',"own":"a"')],
                         ids=["escape", "nested", "field"])
def test_that_entries_in_another_spelling_are_taken_many_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch, key: str,
                                                                   more: str) -> None:
    entries = [entry(key.format(n), "U8", "[1]", [n, n + 1], more if n == 500 else more.replace("[1]", "1")) for n in range(1000)]
    one_by_one: list[str] = []
    name = Scanner.name
    monkeypatch.setattr(Scanner, "name", lambda scan: one_by_one.append(name(scan)) or one_by_one[-1])
    ckpt = read(path, file_bytes(obj(*entries), bytes(1000)))
    assert [*ckpt.tensors] == [*json.loads(obj(*entries))]
    assert one_by_one == (["k500", "dtype", "shape", "data_offsets", "own"] if "[" in more else [])


@pytest.mark.parametrize("odd", ['"x":[["dtype","U8"],["shape",[1]],["data_offsets",[3,4]]]', entry("x", "U8", "{}", "[3,4]"),
                                 entry("x", "U8", "[1]", '{"a":3,"b":4}'), entry("\\u006b9", "U8", "[1]", "[3,4]"),
                                 entry("x", "U9", "[1]", "[3,4]"),
                                 entry("x", "U8", "[1]", "[3,4]", ',"own":' + "[" * 5000 + "]" * 5000), entry("x", "U8", "[1]", '"34"')],
                         ids=["list", "shape", "offsets", "twice", "type", "deep", "text"])
def test_that_a_wrong_entry_among_others_in_another_spelling_is_refused_where_it_is(path: Path, odd: str) -> None:
    entries = [entry(f"\\u006b{n}", "U8", "[1]", [n, n + 1]) for n in range(20)]
    entries[15] = odd
    with pytest.raises(InspectorError) as caught:
        read(path, file_bytes(obj(*entries), bytes(20)))
    assert not oracle_accepts(path) or "twice" in str(caught.value)
    begin = path.read_bytes().index(odd.encode())
    assert begin <= int(str(caught.value.where).removeprefix("byte ")) < begin + len(odd)


def test_that_there_is_one_storage_for_every_tensor_in_the_order_of_their_bytes(path: Path) -> None:
    header = obj(entry("b", "U8", "[2]", "[4,6]"), entry("a", "F32", "[1]", "[0,4]"))
    storages = read(path, file_bytes(header, bytes(6))).storages
    assert [*storages] == ["0", "1"]
    assert [storage[:4] for storage in storages.values()] == [("0", "float32", None, 4), ("1", "uint8", None, 2)]
    assert storages["1"].extent is not None
    assert storages["1"].extent.offset == path.stat().st_size - 2
    for wrong in ("2", "-1", "01", "", "a", "١", "9" * 5000):
        assert wrong not in storages
