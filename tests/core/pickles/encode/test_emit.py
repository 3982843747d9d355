"""decode -> emit -> decode is the identity, and what a real unpickler makes of the result is what it made of the source."""
from __future__ import annotations

import collections
import datetime
import pickle
import zipfile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.errors import InspectorError
from inspector.core.graph import CONTAINERS, STR, Graph
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.encode import emit as emit_module
from inspector.core.pickles.encode.emit import Emitted, emit
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.patch import patch
from tests.core.pickles import opcodes as op

CORPUS = Path(__file__).resolve().parents[5] / "shared" / "corpus" / "files"


def shape(graph: Graph, root: int | None = None, *, texts_are_shared: bool = True) -> list[Any]:
    """Everything the root needs, in the order in which a walk meets it: kinds, payloads, sharing and cycles by number. A
    container's items are one list, however many operations put them there; the order of changes of other kinds counts.
    Without `texts_are_shared` a text or number that is fetched again is the same as an equal one."""
    seen: dict[int, int] = {}
    found: list[Any] = []
    todo = [graph.root if root is None else root]
    while todo:
        n = todo.pop()
        if n in seen:
            found.append(seen[n])
            continue
        kind = graph.kind[n]
        if texts_are_shared or kind > STR:
            seen[n] = len(seen)
        changes = graph.mutations.get(n, [])
        refs: list[int] = []
        said: list[Any] = []
        if kind in CONTAINERS:
            refs = [*graph.initial(n)]
            for m in changes:
                refs += graph.references(m)[1:]
        else:
            refs = graph.references(n)
            if not refs:
                said = [graph.global_name(n) or graph.text(n) or graph.raw(n) or graph.integer(n)
                        or (graph.a[n] if graph.kind[n] < 7 else graph.data[graph.a[n]:graph.b[n]])]
            for m in changes:
                said.append((graph.kind[m], len(graph.references(m))))
                refs += graph.references(m)[1:]
        found += [(kind, *said), len(refs)]
        todo += reversed(refs)
    return found


def same(data: bytes) -> Emitted:
    graph = decode(data)
    emitted = emit(graph, readable=False)
    assert shape(decode(emitted.data)) == shape(graph)
    return emitted


# -- plain data -------------------------------------------------------------------------------------------------------

class Thing:
    def __init__(self, value: Any = None) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and self.value == other.value

    def __hash__(self) -> int:
        return 1


class Slotted:
    __slots__ = ("first", "second")

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        return None, {name: getattr(self, name) for name in self.__slots__ if hasattr(self, name)}

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        for name, value in state[1].items():
            setattr(self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slotted) and self.__getstate__() == other.__getstate__()

    __hash__ = None     # type: ignore[assignment]


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2**70, 2**70), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
                   st.binary(max_size=300), st.binary(max_size=8).map(bytearray), st.complex_numbers(allow_nan=False),
                   st.just(datetime.datetime(2020, 1, 2, 3, 4, 5)), st.just(Thing), st.just(len))
HASHABLE = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.binary(max_size=5), st.tuples(st.integers()))
SHARED = ["shared", (1, 2), [3], {"four": 4}]
DATA = st.recursive(
    st.one_of(LEAVES, st.sampled_from(SHARED)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.lists(inner, max_size=5).map(tuple), st.dictionaries(HASHABLE, inner, max_size=5),
        st.sets(HASHABLE, max_size=4), st.frozensets(HASHABLE, max_size=4), inner.map(Thing),
        st.dictionaries(st.text(max_size=4), inner, max_size=4).map(collections.OrderedDict),
        st.lists(inner, max_size=3).map(collections.deque), inner.map(lambda x: [x, x]),
        st.dictionaries(st.text(max_size=3), inner, max_size=3).map(lambda d: collections.defaultdict(list, d))), max_leaves=30)


@given(DATA, st.integers(0, 5))
@settings(max_examples=120, deadline=None)
def test_that_random_data_survives_decoding_and_emitting_in_every_protocol(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    for emitted in (same(data), emit(decode(data))):
        assert pickle.loads(emitted.data) == value
        assert shape(decode(emit(decode(emitted.data), readable=False).data)) == shape(decode(emitted.data))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from("ldot")), max_size=25), st.integers(0, 5))
@settings(max_examples=80, deadline=None)
def test_that_cycles_and_sharing_of_every_kind_survive(edges: list[tuple[int, int, str]], protocol: int) -> None:
    """Ten containers of each kind, linked at random: tuples make the cycles that nested order cannot say."""
    things: list[Any] = [[[], {}, Thing()][i % 3] for i in range(10)]
    for k, (start, end, how) in enumerate(edges):
        target: Any = things[end] if how != "t" else (things[end], k)
        if isinstance(things[start], list):
            things[start].append(target)
        elif isinstance(things[start], dict):
            things[start][k] = target
        else:
            setattr(things[start], f"a{k}", target)
    data = pickle.dumps(things, protocol)
    for emitted in (same(data), emit(decode(data))):
        assert drawn(pickle.loads(emitted.data)) == drawn(things)


@given(DATA, st.integers(0, 5), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_that_operands_are_written_alike_all_at_once_and_a_few_at_a_time(value: Any, protocol: int, few: int) -> None:
    graph = decode(pickle.dumps(value, protocol))
    for readable in (False, True):
        whole = emit(graph, readable=readable)
        with mock.patch.object(emit_module, "_MANY", few):
            assert emit(graph, readable=readable) == whole


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from("ldot")), max_size=25))
@settings(max_examples=40, deadline=None)
def test_that_cycles_are_written_alike_all_at_once_and_a_few_at_a_time(edges: list[tuple[int, int, str]]) -> None:
    things: list[Any] = [[] for _ in range(10)]
    for start, end, how in edges:
        things[start].append((things[end], start) if how == "t" else things[end])
    graph = decode(pickle.dumps(things))
    whole = emit(graph)
    with mock.patch.object(emit_module, "_MANY", 1):
        assert emit(graph) == whole


def test_that_a_long_list_and_what_is_behind_it_survive() -> None:
    value = [list(range(20_000)), (1.5, None, True, False), {"a": [], "b": {}}, [-1.0] * 9000]
    data = pickle.dumps(value, 2)
    whole = b"](" + b"".join(b"M" + n.to_bytes(2, "little") for n in range(20_000)) + b"e"
    joined = b"\x80\x02](" + whole + whole + b"}(K\x01K\x02ue."
    assert pickle.loads(same(data).data) == value
    assert pickle.loads(same(joined).data) == pickle.loads(joined) == [value[0], value[0], {1: 2}]


def drawn(value: Any) -> list[Any]:
    """A real object graph as a list, with numbers for what was met before."""
    seen: dict[int, int] = {}
    found: list[Any] = []
    todo = [value]
    while todo:
        x = todo.pop()
        if x is None or isinstance(x, (int, str)):
            found.append(x)
            continue
        if id(x) in seen:
            found.append(("seen", seen[id(x)]))
            continue
        seen[id(x)] = len(seen)
        inner = list(x) if isinstance(x, (list, tuple)) else [i for pair in (x if isinstance(x, dict) else vars(x)).items() for i in pair]
        found.append((type(x).__name__, len(inner)))
        todo += reversed(inner)
    return found


def test_that_one_object_stays_one_and_two_equal_ones_stay_two() -> None:
    one, other = "".join(["te", "xt"]), "".join(["tex", "t"])
    first, second, third = pickle.loads(emit(decode(pickle.dumps([one, one, other], 2))).data)
    assert first is second
    assert first is not third


def test_that_a_recursive_tuple_is_written_flat_and_everything_else_nested() -> None:
    inner: list[Any] = []
    loop = (inner,)
    inner.append(loop)
    emitted = same(pickle.dumps(loop, 2))
    assert not emitted.nested
    assert b"0" in emitted.data
    back = pickle.loads(emitted.data)
    assert back[0][0] is back
    ring: dict[str, Any] = {}
    ring["self"] = [ring]
    assert same(pickle.dumps(ring, 2)).nested


def test_that_a_call_sees_its_arguments_as_they_were_when_it_ran() -> None:
    late = op.pickled(op.EMPTY_LIST + op.put(0) + op.POP + op.MARK + op.name("builtins", "tuple") + op.get(0) + b"\x85R"
                      + op.get(0) + op.MARK + op.integer(7) + b"e" + b"t")
    assert pickle.loads(late) == ((), [7])
    emitted = emit(decode(late))
    assert pickle.loads(emitted.data) == ((), [7])
    early = op.pickled(op.list_of(op.integer(7)) + op.put(0) + op.POP + op.MARK + op.name("builtins", "tuple") + op.get(0) + b"\x85R"
                       + op.get(0) + b"t")
    assert emit(decode(early)).nested
    assert pickle.loads(emit(decode(early)).data) == ((7,), [7])


def test_that_calls_whose_result_was_thrown_away_are_left_out() -> None:
    emitted = emit(decode(op.pickled(op.reduce(op.name("somewhere", "boom")) + op.POP + op.integer(1))))
    assert b"boom" not in emitted.data
    assert pickle.loads(emitted.data) == 1


def test_that_a_million_nested_lists_are_written_without_recursion() -> None:
    depth = 1_000_000
    for emitted in (emit(decode(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b".")),
                    emit(decode(b"\x80\x02" + b"(" * 100_000 + b")" + b"t" * 100_000 + b"."))):
        assert len(emitted.data) > 100_000


def test_that_a_deep_cycle_through_tuples_is_written_in_linear_time() -> None:
    inner: list[Any] = []
    loop: Any = (inner,)
    inner.append(loop)
    for _ in range(300):
        loop = (loop, [loop])
    emitted = same(pickle.dumps(loop, 2))
    assert not emitted.nested
    assert len(emitted.data) < 20_000


@pytest.mark.parametrize("value", [b"", b"\x00\xff", bytearray(b"\x80abc"), {1, "a"}, [{1}, frozenset("ab")], b"x" * 1000])
def test_that_readable_pickles_of_protocol_4_are_of_protocol_2(value: Any) -> None:
    emitted = emit(decode(pickle.dumps([value, value], 4)))
    back = pickle.loads(emitted.data)
    assert back == [value, value]
    assert back[0] is back[1]
    if not isinstance(value, list):
        assert emitted.data[:2] == b"\x80\x02"


def test_that_torch_reads_what_was_bytes_and_sets_with_weights_only(tmp_path: Path) -> None:
    import torch
    value = {"raw": b"\x00\xfe", "set": {1, 2}, "text": "héllo", "buffer": bytearray(b"12"), "big": 1 << 80}
    data = emit(decode(pickle.dumps(value, 4))).data
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", data)
        archive.writestr("x/version", "3\n")
    assert torch.load(tmp_path / "x.pt", weights_only=True) == value


def test_that_names_only_protocol_4_can_say_keep_it() -> None:
    dotted = pickle.dumps(Outer.Inner, 4)
    assert pickle.loads(emit(decode(dotted)).data) is Outer.Inner
    odd = b"\x80\x04" + op.text("a\nb") + op.text("c") + b"\x93."
    assert decode(emit(decode(odd)).data).names == [("a\nb", "c")]


class Outer:
    class Inner:
        pass


def test_that_texts_with_half_surrogates_and_special_floats_survive() -> None:
    data = pickle.dumps(["\ud800", float("inf"), -0.0, float("nan")], 3)
    assert emit(decode(data)).data == emit(decode(emit(decode(data)).data)).data
    assert pickle.dumps(pickle.loads(emit(decode(data)).data), 3) == data


# -- real files -------------------------------------------------------------------------------------------------------

def corpus_pickles() -> list[tuple[str, bytes]]:
    """Every pickle at the start of a corpus file or of a member of one."""
    found = []
    for path in sorted(CORPUS.glob("*")) if CORPUS.exists() else []:
        if path.stat().st_size > 3_000_000:
            continue
        if zipfile.is_zipfile(path):
            try:
                with zipfile.ZipFile(path) as archive:
                    names = [name for name in archive.namelist() if name.endswith((".pkl", ".metadata"))]
                    found += [(f"{path.name}!{name}", archive.read(name)) for name in names]
            except (RuntimeError, zipfile.BadZipFile):
                continue
        else:
            with path.open("rb") as file:
                head = file.read(16 << 20)
            at = 0
            while at < len(head) and head[at] == 0x80:
                try:
                    end = decode(head, at).end
                except InspectorError:
                    break
                found.append((f"{path.name}:{at}", head[at:end]))
                at = end
    return found


@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus here")
def test_that_every_pickle_of_the_corpus_survives_both_modes() -> None:
    tried = 0
    for name, data in corpus_pickles():
        try:
            graph = decode(data)
        except InspectorError:
            continue
        assert shape(decode(emit(graph, readable=False).data)) == shape(graph), name
        readable = decode(emit(graph).data)
        assert shape(decode(emit(readable, readable=False).data)) == shape(readable), name
        editor = GraphEditor(graph)
        editor.finish()
        patched = patch(editor)
        assert patched is not None, name
        assert shape(decode(patched.data)) == shape(graph), name
        if graph.protocol < 4:
            assert patched.data == data[:graph.end], name
        tried += 1
    assert tried > 100


