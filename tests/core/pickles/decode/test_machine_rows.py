"""Pickles that no pickler wrote, one after the other: what decodes, to what, with which notes, and what is refused."""
from __future__ import annotations

import pickle
import struct
from collections.abc import Callable

import pytest

from inspector.core import graph as g
from inspector.core.errors import Corrupt, InspectorError, ReadError, TooBig, Truncated, Unsupported
from inspector.core.graph import Graph
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import Budget, decode

MANY = 20_000
TRIP = b"ctests_trip_module\ntrip\n"
Check = Callable[[Graph], object]


def kinds(graph: Graph) -> list[str]:
    return [g.KIND_NAMES[k] for k in graph.kind]


def noted(graph: Graph) -> list[str]:
    return [note.id for note in graph.notes]


def text(raw: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(raw)) + raw


def calls_trip(graph: Graph) -> bool:
    call, = graph.calls()
    return graph.names == [("tests_trip_module", "trip")] and call > 0


def is_int(value: int, *notes: str) -> Check:
    return lambda graph: graph.integer(graph.root) == value and noted(graph) == list(notes)


READS: dict[str, tuple[bytes, Check]] = {
    "unknown-global-called": (TRIP + b")R.", calls_trip),
    "stack-global": (b"\x80\x04\x8c\x12tests_trip_module\x94\x8c\x04trip\x94\x93)R.".replace(b"\x12", b"\x11"), calls_trip),
    "inst": (b"(itests_trip_module\ntrip\n.", calls_trip),
    "obj-then-pop": (b"(" + TRIP + b"o0N.", lambda r: calls_trip(r) and r.kind[r.root] == g.NONE and not r.reachable()[1]),
    "dotted-module": (b"cos.path.sep\njoin\n.", lambda r: r.global_name(r.root) == ("os.path.sep", "join")),
    "dotted-attribute": (b"cos\npath.join\n.", lambda r: r.global_name(r.root) == ("os", "path.join")),
    "stack-global-of-ints": (b"K\x01K\x02\x93.", lambda r: kinds(r) == ["INT", "INT",
                                                                            "GLOBALDYN"] and r.references(r.root) == [0, 1]),
    "ext1": (b"\x82\x07.", lambda r: kinds(r) == ["EXT"] and r.a[0] == 7),
    "persid": (b"Pabc\n.", lambda r: kinds(r) == ["PERSIDTEXT"] and r.data[r.a[0]:r.b[0]] == b"abc"),
    "binpersid-of-int": (b"K\x05Q.", lambda r: kinds(r) == ["INT", "PERSID"] and r.a[1] == 0),
    "nested-lists": (b"]" * MANY + b"a" * (MANY - 1) + b".",
                         lambda r: len(r) == 2 * MANY - 1 and len(r.operands) == 2 * (MANY - 1)),
    "nested-tuples": (b")" + b"\x85" * MANY + b".", lambda r: len(r) == MANY + 1 and len(r.operands) == MANY),
    "nested-tuple-as-key": (b"})" + b"\x85" * MANY + b"Ns.", lambda r: len(r) == MANY + 4 and not r.notes),
    "memo-bomb": (b")" + b"2\x86" * 60 + b".", lambda r: len(r) == 61 and len(r.operands) == 120),
    "list-in-itself": (b"]q\x00h\x00a.", lambda r: r.sequence(r.root) == [r.root]),
    "dict-in-itself": (b"}q\x00K\x01h\x00s.", lambda r: r.pairs(r.root) == [(1, r.root)]),
    "recursive-tuple": (b"]q\x00h\x00\x85q\x01a0h\x01.", lambda r: r.kind[r.root] == g.TUPLE and r.sequence(0) == [r.root]),
    "put-at-the-far-end": (b"K\x07r\xff\xff\xff\xffj\xff\xff\xff\xff\x86.", lambda r: list(r.operands) == [0, 0]),
    "leftover-stack": (b"K\x01K\x02.", lambda r: r.a[r.root] == 2 and r.leftover == (0,) and noted(r) == ["leftover-stack"]),
    "leftover-mark": (b"(K\x02.", lambda r: r.a[r.root] == 2 and noted(r) == ["leftover-mark"]),
    "hash-flood": (b"}(" + b"".join(b"\x8a\x0c" + (i * ((1 << 61) - 1)).to_bytes(12,
        "little") + b"N" for i in range(MANY)) + b"u.",
                       lambda r: len(r.pairs(r.root)) == MANY and len(r) == 2 * MANY + 2),
    "integer-of-8-million-bits": (b"\x8b" + struct.pack("<i", 1 << 20) + b"\x01" * (1 << 20) + b".",
                                      lambda r: kinds(r) == ["BIGINT"] and noted(r) == ["big-int"] and r.b[0] - r.a[0] == 1 << 20),
    "int-of-200000-digits": (b"I" + b"7" * 200_000 + b"\n.", lambda r: kinds(r) == ["BIGTEXT"] and noted(r) == ["big-int"]),
    "int-with-underscore": (b"I1_0\n.", is_int(10, "non-canonical-int")),
    "int-in-hexadecimal": (b"I0x10\n.", is_int(16, "non-canonical-int")),
    "float-nan": (b"Fnan\n.", lambda r: r.real(r.root) != r.real(r.root) and not r.notes),
    "unicode-lone-surrogate": (b"V\\ud800\n.", lambda r: r.text(r.root) == "\ud800" and noted(r) == ["surrogate"]),
    "binunicode-lone-surrogate": (text(b"\xed\xa0\x80") + b".",
                                      lambda r: r.text(r.root) == "\ud800" and noted(r) == ["surrogate"]),
    "second-proto": (b"\x80\x02N\x80\x04.", lambda r: noted(r) == ["odd-protocol"] and r.protocol == 4),
    "reduce-of-none": (b"N)R.", lambda r: kinds(r) == ["NONE", "TUPLE", "REDUCE"]),
    "ordered-dict-with-metadata": (b"ccollections\nOrderedDict\n)R(K\x01NuB\x00\x00\x00\x000}" + text(b"_metadata") + b"}sb.",
                                       lambda r: len(r.states(r.root)) == 1 and len(r.pairs(r.root)) == 1),
    "build-with-slots": (b"cm\nC\n)\x81N}\x86b.", lambda r: [r.kind[s] for s in r.states(r.root)] == [g.TUPLE]),
    "newobj-ex": (b"cm\nC\n)}\x92.", lambda r: [kinds(r)[n] for n in r.references(r.root)] == ["GLOBAL", "TUPLE", "DICT"]),
    "set-by-additems": (b"\x8f(K\x01K\x02\x90.", lambda r: r.kind[r.root] == g.SET and len(r.sequence(r.root)) == 2),
    "frozenset-of-a-list": (b"(]\x91.", lambda r: r.kind[r.root] == g.FROZENSET and noted(r) == ["unhashable"]),
    "bytearray8": (b"\x96\x03\0\0\0\0\0\0\0abc.", lambda r: r.kind[r.root] == g.BYTEARRAY and r.raw(r.root) == b"abc"),
    "many-dups": (b"N" + b"2" * MANY + b".", lambda r: len(r) == 1 and len(r.leftover) == MANY),
    "second-pickle": (b"N.K\x05.", lambda r: r.end == 2 and decode(r.data, r.end).a[0] == 5),
    "spaces-in-names": (b"cos path\nsep join\n.", lambda r: r.global_name(r.root) == ("os path", "sep join")),
    "empty-names": (b"c\n\n.", lambda r: r.global_name(r.root) == ("", "")),
    "names-beyond-ascii": ("cmödule\nназвание\n.".encode(), lambda r: r.global_name(r.root) == ("mödule", "название")),
    "pickle-inside-bytes": (b"ctorch.storage\n_load_from_bytes\nC\x02N.\x85R.",
                                lambda r: decode(r.raw(1) or b"").kind[0] == g.NONE),
    "tuple-of-many": (b"(" + b"N" * MANY + b"t.", lambda r: len(r.sequence(r.root)) == MANY),
    "set-of-protocol-2": (b"\x80\x02c__builtin__\nset\n]\x85R.", lambda r: r.global_name(0) == ("__builtin__", "set")),
    "python-2-string": (b"U\x02\xff\xfe.", lambda r: r.raw(r.root) == b"\xff\xfe" and r.loose_text(r.root) is None),
    "string-with-escapes": (b"S'a\\n\\x41\\\\'\n.", lambda r: r.raw(r.root) == b"a\nA\\"),
    "duplicate-keys": (b"}(K\x01K\x02K\x01K\x03u.", lambda r: len(r.pairs(r.root)) == 2),
    "list-as-key": (b"}]Ns.", lambda r: noted(r) == ["unhashable"]),
    "tuple-of-a-list-as-key": (b"}]\x85\x85Ns.", lambda r: noted(r) == ["unhashable"]),
    "int-with-leading-zero": (b"I010\n.", is_int(8, "non-canonical-int")),
    "long-in-hexadecimal": (b"L0x10L\n.", is_int(16, "non-canonical-int")),
}

REFUSES: dict[str, tuple[bytes, type[ReadError]]] = {
    "next-buffer": (b"\x97.", Corrupt),
    "readonly-buffer": (b"N\x98.", Unsupported),
    "put-with-21-digits": (b"Np100000000000000000000\n.", Corrupt),
    "put-negative": (b"Np-1\n.", Corrupt),
    "get-of-nothing": (b"h\x05.", Corrupt),
    "long-get-of-nothing": (b"j\x05\0\0\0.", Corrupt),
    "text-get-of-nothing": (b"g5\n.", Corrupt),
    "put-on-empty-stack": (b"q\x00.", Corrupt),
    "tuple-without-mark": (b"Nt.", Corrupt),
    "pop-of-nothing": (b"0.", Corrupt),
    "no-stop": (b"N", Truncated),
    "long4-negative": (b"\x8b\xff\xff\xff\xff.", Corrupt),
    "text-of-4-gigabytes": (b"X\xff\xff\xff\xffabc.", Truncated),
    "text-of-2-to-the-62": (b"\x8d" + struct.pack("<Q", 1 << 62) + b"abc.", Truncated),
    "bytes-of-2-to-the-63": (b"\x8e" + struct.pack("<Q", 1 << 63) + b"abc.", Truncated),
    "binstring-negative": (b"T\xff\xff\xff\xff.", Corrupt),
    "string-without-quotes": (b"Sabc\n.", Corrupt),
    "not-utf-8": (text(b"\xff") + b".", Corrupt),
    "frame-beyond-the-end": (b"\x80\x04\x95" + struct.pack("<Q", 99) + b"N.", Truncated),
    "protocol-6": (b"\x80\x06N.", Unsupported),
    "no-such-opcode": (b"N\xff.", Corrupt),
    "odd-setitems": (b"}(Nu.", Corrupt),
    "setitem-on-int": (b"K\x01NNs.", Corrupt),
    "append-on-int": (b"K\x01Na.", Corrupt),
    "build-on-int": (b"K\x01}b.", Corrupt),
    "names-not-utf-8": (b"c\xff\nx\n.", Corrupt),
    "marks-and-nothing-else": (b"(" * MANY + b".", Corrupt),
    "float-with-underscore": (b"F1_0.5\n.", Corrupt),
}


@pytest.mark.parametrize(("data", "check"), READS.values(), ids=READS)
def test_that_it_is_read(data: bytes, check: Check) -> None:
    graph = decode(data)
    assert check(graph), (kinds(graph), graph.notes)
    assert graph.end <= len(data)


@pytest.mark.parametrize(("data", "kind"), REFUSES.values(), ids=REFUSES)
def test_that_it_is_refused(data: bytes, kind: type[ReadError]) -> None:
    with pytest.raises(kind) as caught:
        decode(data, member="archive/data.pkl")
    assert caught.value.where.startswith("archive/data.pkl:")
    assert int(caught.value.where.rsplit(":", 1)[1]) <= len(data)
    assert caught.value.hint
    assert isinstance(caught.value.decoded, Graph)


@pytest.mark.parametrize("tail", [b"X\xff\0\0\0abc", b"\xff", b"", b"K\x01K\x02a."], ids=lambda t: f"tail-{t.hex()}")
def test_that_calls_before_a_broken_tail_are_known(tail: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        decode(TRIP + b")R" + tail)
    partial = caught.value.decoded
    assert partial is not None
    assert calls_trip(partial)
    assert len(partial.a) == len(partial.b) == len(partial.at) == len(partial)


@pytest.mark.parametrize("body", [
    b"\x95" + struct.pack("<Q", 3) + text(b"abcdef") + b".",                            # a literal sticks out of the frame
    b"\x95" + struct.pack("<Q", 4) + b"(((K\x01t.",                                      # an argument does
    b"\x95" + struct.pack("<Q", 12) + b"N0\x95" + struct.pack("<Q", 1) + b"N.",            # a frame in a frame
    b"\x95" + struct.pack("<Q", 3) + b"cos\npath\n." + b"N.",
], ids=["literal-crosses", "argument-crosses", "nested-frame", "name-crosses"])
def test_that_nothing_crosses_a_frame(body: bytes) -> None:
    with pytest.raises(Corrupt) as caught:
        decode(b"\x80\x04" + body)
    assert caught.value.id == "frame_mismatch"


def test_that_sound_frames_are_read_and_a_stop_before_the_end_of_one_is_noted() -> None:
    frame = b"\x95" + struct.pack("<Q", 2) + b"N0"
    assert kinds(decode(b"\x80\x04" + frame * 3 + b"N.")) == ["NONE"] * 4
    assert not decode(b"\x80\x04\x95" + struct.pack("<Q", 2) + b"N.").notes
    assert noted(decode(b"\x80\x04\x95" + struct.pack("<Q", 4) + b"N.N.")) == ["odd-frame"]


@pytest.mark.parametrize(("data", "limits"), [
    (b"N" + b"2" * 5000 + b".", Limits(stack=1000)),
    (b"(" * 5000 + b"N.", Limits(stack=1000)),
    (b"N" + b"".join(b"r" + struct.pack("<I", i) for i in range(5000)) + b".", Limits(memo=1000)),
    (b"N0" * 5000 + b"N.", Limits(opcodes=1000)),
    (b"cos\n" + b"x" * 5000 + b"\n.", Limits(text_line=1000)),
    (b"I" + b"1" * 5000, Limits(text_line=1000)),
], ids=["dups", "marks", "memo", "opcodes", "line", "line-without-end"])
def test_that_budgets_hold(data: bytes, limits: Limits) -> None:
    with pytest.raises(TooBig):
        decode(data, limits=limits)


@pytest.mark.parametrize("text", [pickle.dumps("x" * 5000, 0), b"S'" + b"x" * 5000 + b"'\n."], ids=["unicode", "string"])
def test_that_a_text_is_as_long_as_it_is(text: bytes) -> None:
    """Protocol 0 keeps all bytes of an array in one."""
    graph = decode(text, limits=Limits(text_line=1000))
    assert graph.loose_text(graph.root) == "x" * 5000


def test_that_a_budget_is_shared_and_charges_what_was_run() -> None:
    budget = Budget(Limits(opcodes=100))
    decode(b"N0" * 20 + b"N.", budget=budget)
    assert budget.left == 58
    with pytest.raises(TooBig):
        decode(b"N0" * 40 + b"N.", budget=budget)


def test_that_a_far_memo_entry_and_a_dense_one_live_together() -> None:
    assert list(decode(b"K\x01q\x02K\x02q\x00K\x03q\x01K\x04q\x02h\x02h\x00\x86.").operands) == [3, 1]
    assert list(decode(b"K\x01q\x05K\x02\x94h\x01h\x05\x86.", ).operands[-2:]) == [1, 0]
    with pytest.raises(Corrupt):
        decode(b"K\x01q\x05h\x04.")


NUMBERS: dict[bytes, object] = {
    b"I00\n": False, b"I01\n": True, b"I+1\n": True, b"I 1\n": True, b"I-0\n": False, b"I1 \n": 1, b"I0\n": 0, b"I1\n": 1,
    b"I-17\n": -17, b"I 12 \r\n": 12, b"I0o17\n": 15, b"I0b11\n": 3, b"I0x_1\n": 1, b"I0777\n": 511, b"I000\n": 0,
    b"I1\0zz\n": 1, b"I01\0\n": 1, b"I0\0\n": False, b"I017\0zz\n": 15, b"L1\0zzL\n": 1,
    b"I9223372036854775807\n": (1 << 63) - 1, b"I9223372036854775808\n": 1 << 63, b"I-9223372036854775809\n": -(1 << 63) - 1,
    b"L10L\n": 10, b"L10\n": 10, b"L-1_0L\n": -10, b"L00L\n": 0, b"L0x7fffffffffffffffffL\n": 0x7fffffffffffffffff,
    b"L" + b"9" * 100 + b"L\n": int("9" * 100), b"\x8a\x00": 0, b"\x8a\x01\xff": -1, b"\x8a\x09\0\0\0\0\0\0\0\x80\0": 1 << 63,
    b"\x8a\x09\x01\0\0\0\0\0\0\0\0": 1, b"\x8b\x02\0\0\0\x00\x80": -32768, b"J\xff\xff\xff\xff": -1, b"M\xff\xff": 65535,
}


@pytest.mark.parametrize(("opcode", "value"), NUMBERS.items(), ids=repr)
def test_that_numbers_are_those_of_the_c_unpickler(opcode: bytes, value: object) -> None:
    import pickle
    graph = decode(opcode + b".")
    ours = graph.boolean(graph.root) if isinstance(value, bool) else graph.integer(graph.root)
    theirs = pickle.loads(opcode + b".")
    assert (type(ours), ours) == (type(theirs), theirs) == (type(value), value)


BROKEN_LITERALS = [b"I\n", b"I \n", b"I08\n", b"I0777777777777777777777777\n", b"I1__0\n", b"I1L\n", b"I0x\n", b"Ix\n", b"L\n",
                   b"LL\n",
                   b"L010L\n", b"L1 L1\n", b"F\n", b"F 1\n", b"F1e\n", b"F1e999\n", b"F0x1p1\n", b"F.\n", b"F\0\n", b"I08\0\n",
                   b"S\n", b"S'\n",
                   b"S'a\"\n", b"S'\\x4'\n", b"S'\\x4\\\\1'\n", b"S'a\\'\n", b"V\\u12\n", b"V\\U00110000\n", b"Np\n", b"Npx\n",
                   b"Np1.0\n", b"Np0x1\n"]


@pytest.mark.parametrize("opcode", BROKEN_LITERALS, ids=repr)
def test_that_literals_the_c_unpickler_refuses_are_refused(opcode: bytes) -> None:
    import pickle
    with pytest.raises(Exception):  # noqa: B017
        pickle.loads(opcode + b".")
    with pytest.raises(Corrupt):
        decode(opcode + b".")


@pytest.mark.parametrize("line", [b"1.", b".5", b"-1.5e-3", b"+1E5", b"inf", b"-Infinity", b"NaN", b"-nan", b"1e308", b"-0.0",
                                  b"12_",
                                  b"1.5\0x", b"inf\0"])
def test_that_float_lines_are_those_of_the_c_unpickler(line: bytes) -> None:
    import pickle
    data = b"F" + line + b"\n."
    try:
        theirs = struct.pack("<d", pickle.loads(data))
    except ValueError:
        with pytest.raises(Corrupt):
            decode(data)
        return
    assert struct.pack("<q", decode(data).a[0]) == theirs


def test_that_a_nan_keeps_its_payload() -> None:
    raw = b"\x7f\xf0\0\0\0\0\x12\x34"
    assert struct.pack(">q", decode(b"G" + raw + b".").a[0]) == raw


@pytest.mark.parametrize(("data", "fits"), [
    (b"](Ne.", True), (b"}(NNu.", True), (b"\x8f(N\x90.", True), (b"cm\nx\n(Ne.", True), (b"cm\nx\n)R(NNu.", True),
    (b"NQ(N\x90.", True),
    (b"cm\nx\n}b.", True), (b"K\x01(e.", True), (b"NNb.", True),
    (b"}(Ne.", False), (b"](NNu.", False), (b"](N\x90.", False), (b")(Ne.", False), (b"X\0\0\0\0(Ne.", False), (b"]}b.", False),
    (b"}}b.", False), (b"\x96\0\0\0\0\0\0\0\0(Ne.", False), (b"(\x91(N\x90.", False),
])
def test_that_only_the_right_container_or_something_unknown_can_be_changed(data: bytes, fits: bool) -> None:
    if fits:
        decode(data)
    else:
        with pytest.raises(Corrupt):
            decode(data)


def test_that_too_many_notes_of_a_kind_are_counted_not_listed() -> None:
    graph = decode(b"(" + b"I0x1\n" * 3000 + b"t.")
    assert len(graph) == 3001
    assert len(graph.notes) == 1001


def test_that_every_prefix_of_a_pickle_is_an_error() -> None:
    rows = ("stack-global", "ordered-dict-with-metadata", "string-with-escapes")
    data = b"".join(READS[row][0][:-1] + b"0" for row in rows) + b"N."
    decode(data)
    for end in range(len(data)):
        with pytest.raises(InspectorError) as caught:
            decode(data[:end])
        assert isinstance(caught.value, Truncated), (end, caught.value)


def test_that_escapes_no_pickler_writes_are_kept_without_a_warning() -> None:
    graph = decode(b"S'\\q\\777\\1a\\x41\\\\x\\'\\0'\n.")
    assert graph.raw(graph.root) == b"\\q\xff\x01aA\\x'\0"
