"""The machine against the C unpickler, on data of our own making only."""
from __future__ import annotations

import codecs
import collections
import copyreg
import datetime
import decimal
import fractions
import functools
import io
import operator
import pathlib
import pickle
import pickletools
import struct
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.core import graph as g
from inspector.core.errors import Cancelled, InspectorError, ReadError
from inspector.core.graph import Graph
from inspector.core.pickles.decode.machine import decode
from inspector.core.progress import Monitor

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


# -- classes that pickle in different ways ---------------------------------------------------------------------------------

class Plain:
    """BUILD with a dict."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Slotted:
    """BUILD with (None, slots)."""

    __slots__ = ("left", "right")

    def __init__(self, left: Any, right: Any) -> None:
        self.left, self.right = left, right

    def __reduce_ex__(self, protocol: Any) -> Any:          # protocols 0 and 1 cannot do slots by themselves
        return super().__reduce_ex__(max(protocol, 2))


class Stated:
    """BUILD through __setstate__."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __getstate__(self) -> Any:
        return ["state", self.held]

    def __setstate__(self, state: Any) -> None:
        self.held = state[1]


class Reduced:
    """REDUCE with arguments, a state, list items and dict items."""

    def __init__(self, argument: Any = None) -> None:
        self.argument, self.items, self.pairs = argument, [], {}

    def __reduce__(self) -> Any:
        return Reduced, (self.argument,), {"more": self.argument}, iter(self.items), iter(self.pairs.items())

    def append(self, item: Any) -> None:
        self.items.append(item)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.pairs[key] = value


class Keyword:
    """NEWOBJ_EX."""

    def __new__(cls, *, word: Any = None) -> Keyword:
        self = super().__new__(cls)
        self.word = word
        return self

    def __getnewargs_ex__(self) -> Any:
        return (), {"word": self.word}


class Listed(list):     # type: ignore[type-arg]
    """APPENDS on something that is not a LIST node."""


OURS = (Plain, Slotted, Stated, Reduced, Keyword, Listed)
for _cls in OURS:
    _cls.__module__ = "machine_sample"
ALLOWED: dict[tuple[str, str], Any] = {
    **{("machine_sample", cls.__name__): cls for cls in OURS},
    **{(module, cls.__name__): cls for module in ("builtins", "__builtin__")
       for cls in (set, frozenset, bytearray, complex, object, list, dict, tuple, int, str, bytes, range)},
    ("__builtin__", "xrange"): range, ("__builtin__", "getattr"): getattr, ("builtins", "getattr"): getattr,
    ("collections", "OrderedDict"): collections.OrderedDict, ("collections", "Counter"): collections.Counter,
    ("collections", "deque"): collections.deque, ("collections", "defaultdict"): collections.defaultdict,
    ("datetime", "datetime"): datetime.datetime, ("datetime", "timedelta"): datetime.timedelta, ("datetime", "date"): datetime.date,
    ("decimal", "Decimal"): decimal.Decimal, ("fractions", "Fraction"): fractions.Fraction, ("uuid", "UUID"): uuid.UUID,
    ("_codecs", "encode"): codecs.encode, ("pathlib", "PurePosixPath"): pathlib.PurePosixPath,
    ("pathlib._local", "PurePosixPath"): pathlib.PurePosixPath,         # as Python 3.13 calls it
    ("functools", "partial"): functools.partial, ("operator", "itemgetter"): operator.itemgetter,
    **{(module, name): vars(copyreg)[name] for module in ("copyreg", "copy_reg")
       for name in ("_reconstructor", "__newobj__", "__newobj_ex__")},
}


@pytest.fixture(autouse=True, scope="module")
def _sample_module() -> Any:
    import sys
    import types
    module = types.ModuleType("machine_sample")
    for cls in OURS:
        setattr(module, cls.__name__, cls)
    Keyword.__new__.__module__ = "machine_sample"           # which Python 3.13 writes of a method
    sys.modules["machine_sample"] = module
    yield
    del sys.modules["machine_sample"]


def evaluate(graph: Graph) -> Any:
    """Runs the log in order, with the names of ALLOWED only: what the C unpickler would have made."""
    values: list[Any] = []
    for n, kind in enumerate(graph.kind):
        values.append(_value(graph, n, kind, values))
    return values[graph.root]


def _value(graph: Graph, n: int, kind: int, values: list[Any]) -> Any:
    operands = [values[i] for i in graph.references(n)]
    if kind in (g.NONE, g.TRUE, g.FALSE):
        return {g.NONE: None, g.TRUE: True, g.FALSE: False}[kind]
    if kind in (g.INT, g.BIGINT, g.BIGTEXT):
        return graph.integer(n)
    if kind == g.FLOAT:
        return graph.real(n)
    if kind in (g.STR, g.STRTEXT):
        return graph.text(n)
    if kind in (g.BYTES, g.BYTEARRAY):
        return (bytes if kind == g.BYTES else bytearray)(graph.raw(n) or b"")
    if kind in g.CONTAINERS:
        if kind == g.DICT:
            return dict(zip(operands[::2], operands[1::2], strict=True))
        return {g.TUPLE: tuple, g.LIST: list, g.SET: set, g.FROZENSET: frozenset}[kind](operands)
    if kind == g.GLOBAL:
        return ALLOWED[graph.names[graph.a[n]]]
    if kind == g.REDUCE:
        return operands[0](*operands[1])
    if kind == g.NEWOBJ:
        return operands[0].__new__(operands[0], *operands[1])
    if kind == g.NEWOBJEX:
        return operands[0].__new__(operands[0], *operands[1], **operands[2])
    assert kind in g.MUTATIONS, g.KIND_NAMES[kind]
    return _change(kind, operands[0], operands[1:])


def _change(kind: int, target: Any, items: list[Any]) -> None:
    if kind in (g.APPEND, g.APPENDS):
        for item in items:
            target.append(item)
    elif kind in (g.SETITEM, g.SETITEMS):
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[key] = value
    elif kind == g.ADDITEMS:
        target.update(items)
    elif hasattr(target, "__setstate__"):
        target.__setstate__(items[0])
    else:
        state, slots = items[0] if isinstance(items[0], tuple) else (items[0], None)
        target.__dict__.update(state) if state else None
        for name, value in (slots or {}).items():
            setattr(target, name, value)


def assert_same(ours: Any, theirs: Any) -> None:
    """Same types, same values, and the same objects in the same places. Iterative: data may be deep."""
    pairs: dict[int, int] = {}
    todo = [(ours, theirs)]
    while todo:
        a, b = todo.pop()
        assert type(a) is type(b)
        if isinstance(a, float):
            assert struct.pack("<d", a) == struct.pack("<d", b)
        elif a is None or isinstance(a, bool | int | str | bytes | complex | type | datetime.date | decimal.Decimal | uuid.UUID) \
                or callable(a):
            assert a == b
        else:
            if id(a) in pairs:
                assert pairs[id(a)] == id(b)
                continue
            pairs[id(a)] = id(b)
            todo += zip(_parts(a), _parts(b), strict=True)
    assert len(set(pairs.values())) == len(pairs)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        parts = [part for pair in value.items() for part in pair]
    elif isinstance(value, set | frozenset):
        parts = sorted(value, key=repr)
    elif isinstance(value, tuple | list | collections.deque | bytearray):
        parts = list(value)
    else:
        parts = [] if hasattr(value, "__dict__") else [repr(value)] if not isinstance(value, Slotted) else [value.left, value.right]
    return parts + [part for pair in sorted(getattr(value, "__dict__", {}).items()) for part in pair]


# -- made-up data -------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=()), max_size=12)      # lone surrogates are legal here
integers = st.one_of(st.integers(-300, 70_000), st.integers(), st.integers(-(1 << 2100), 1 << 2100))
floats = st.floats(allow_nan=True, allow_infinity=True)
hashable = st.recursive(st.one_of(st.none(), st.booleans(), integers, texts, st.binary(max_size=300)),
                        lambda inner: st.one_of(st.tuples(inner, inner), st.tuples(inner), st.frozensets(inner, max_size=4)),
                        max_leaves=5)
atoms = st.one_of(
    hashable, floats, st.complex_numbers(allow_nan=False), st.binary(max_size=5).map(bytearray), st.datetimes(), st.timedeltas(),
    st.decimals(allow_nan=False), st.uuids(), st.builds(pathlib.PurePosixPath, st.just("/tmp/x")),
    st.builds(range, st.integers(0, 9)))


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=5), st.lists(inner, max_size=5).map(tuple), st.dictionaries(hashable, inner, max_size=4),
        st.sets(hashable, max_size=4), st.dictionaries(texts, inner, max_size=3).map(collections.OrderedDict),
        st.lists(inner, max_size=3).map(collections.deque), st.builds(Slotted, inner, inner), st.builds(Stated, inner),
        st.builds(Plain, x=inner, y=inner), st.builds(Reduced, inner).flatmap(_filled(inner)), st.builds(Keyword, word=inner),
        st.lists(inner, max_size=3).map(Listed), inner.map(lambda x: [x, x, (x, [x])]), inner.map(_looped))


def _filled(inner: st.SearchStrategy[Any]) -> Any:
    def fill(made: Reduced, items: list[Any], pairs: dict[Any, Any]) -> Reduced:
        made.items, made.pairs = items, pairs
        return made
    return lambda made: st.builds(fill, st.just(made), st.lists(inner, max_size=2), st.dictionaries(texts, inner, max_size=2))


def _looped(held: Any) -> Any:
    loop: list[Any] = [held]
    loop += [loop, (loop, {"again": loop}), Plain(back=loop)]
    return loop


values = st.recursive(atoms, _grown, max_leaves=12)


@FAST
@given(values, st.sampled_from(PROTOCOLS))
def test_that_the_graph_means_what_the_c_unpickler_makes(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert_same(evaluate(decode(data)), pickle.loads(data))


@FAST
@given(values, st.sampled_from(PROTOCOLS))
def test_that_the_python_pickler_and_the_optimizer_are_read_too(value: Any, protocol: int) -> None:
    out = io.BytesIO()
    pickle._Pickler(out, protocol).dump(value)              # type: ignore[attr-defined]
    for data in (out.getvalue(), pickletools.optimize(out.getvalue())):
        assert_same(evaluate(decode(data)), pickle.loads(data))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_that_long_batches_and_large_frames_are_read(protocol: int) -> None:
    value = {"list": list(range(2500)), "dict": {i: float(i) for i in range(2500)}, "bytes": b"x" * 200_000,
             "set": set(range(2500)),
             "texts": ["ab" * 50_000, "é" * 300]}
    data = pickle.dumps(value, protocol)
    assert_same(evaluate(decode(data)), value)


def test_that_every_opcode_is_read() -> None:
    """Those for out-of-band buffers are refused by name; the rest appears in streams that decode."""
    seen: set[str] = set()
    made = [pickle.dumps(v, p) for p in PROTOCOLS for v in (
        [1, 300, 70_000, 1 << 40, 1 << 3000, None, True, False, 1.5, "text", "é" * 300, b"b", b"b" * 300, bytearray(b"a"), (),
         (1,), (1, 2),
         (1, 2, 3), (1, 2, 3, 4), {1: 2}, {1: 2, 3: 4}, {1, 2}, frozenset((1,)), Keyword(word=1), Plain(x=1)], [[1]])]
    made += [b"N0(1N2\x86.", b"(lp0\ng0\n.", b"(d.", b"(cm\nx\no.", b"(im\nx\n.", b"S'a'\n.", b"U\x01a.", b"T\x01\0\0\0a.",
             b"Pid\n.", b"NQ.",
             b"\x82\x01.", b"\x83\x01\0.", b"\x84\x01\0\0\0.", b"\x8d\x01\0\0\0\0\0\0\0a.", b"\x8e\x01\0\0\0\0\0\0\0a.",
             b"Nr\0\0\0\0j\0\0\0\0\x86.", b"](Ne}(NNu0.", b"L5L\n."]
    for data in made:
        decode(data)
        seen |= {op.name for op, _, _ in pickletools.genops(data)}
    for data in (b"\x97.", b"N\x98."):
        with pytest.raises(InspectorError, match=r"buffer|NEXT_BUFFER"):
            decode(data)
    assert seen | {"NEXT_BUFFER", "READONLY_BUFFER"} == {op.name for op in pickletools.opcodes}


def test_that_the_table_of_opcodes_is_pickletools_own() -> None:
    from inspector.core.pickles.decode import opcodes
    assert {opcodes.name(ord(op.code)): op.name for op in pickletools.opcodes} == {op.name: op.name for op in pickletools.opcodes}
    for data in (pickle.dumps([1, "a", {b"x": 1.5}, 1 << 90, Plain(x=1)], p) for p in PROTOCOLS):
        ends = [*[at or 0 for _, _, at in pickletools.genops(data)][1:], len(data)]
        at = 0
        for end in ends:
            assert opcodes.end_of(data, at) == end
            assert opcodes.end_of(data[:end - 1], at) is None
            at = end


# -- anything at all ----------------------------------------------------------------------------------------------------

SHORT_OPCODES = [bytes((op,)) for op in b"(.012NQR)]}abdelostu\x81\x85\x86\x87\x8f\x90\x91\x92\x93\x94"]
OTHERS = [b"K\x01", b"q\x00", b"h\x00", b"X\x01\0\0\0a", b"cm\nn\n", b"I1\n"]


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.lists(st.sampled_from(SHORT_OPCODES + OTHERS), max_size=40).map(b"".join)))
def test_that_any_bytes_are_a_graph_or_one_typed_error(data: bytes) -> None:
    _sound_or_refused(data)


@settings(max_examples=150, deadline=None)
@given(values, st.sampled_from(PROTOCOLS), st.data())
def test_that_a_damaged_pickle_is_a_graph_or_one_typed_error(value: Any, protocol: int, choose: st.DataObject) -> None:
    data = bytearray(pickle.dumps(value, protocol))
    for _ in range(choose.draw(st.integers(1, 4))):
        at = choose.draw(st.integers(0, len(data) - 1))
        how = choose.draw(st.sampled_from(("flip", "cut", "copy")))
        if how == "flip":
            data[at] ^= 1 << choose.draw(st.integers(0, 7))
        elif how == "cut":
            del data[at:at + 3]
        else:
            data[at:at] = data[:10]
        data = data or bytearray(b".")
    _sound_or_refused(bytes(data))


def _sound_or_refused(data: bytes) -> None:
    graph: g.Graph | None
    try:
        graph = decode(data)
        assert 0 <= graph.root < len(graph)
    except ReadError as error:
        graph = error.decoded
    assert graph is not None
    n = len(graph)
    assert len(graph.a) == len(graph.b) == len(graph.at) == n <= len(data)
    assert all(0 <= other < node for node in range(n) for other in graph.references(node) if graph.kind[node] < g.FIRST_MUTATION)
    assert all(graph.kind[m] in g.MUTATIONS for changes in graph.mutations.values() for m in changes)
    assert sorted(graph.at) == list(graph.at)
    graph.reachable()


def test_that_work_can_be_cancelled_and_leaves_the_collector_as_it_was() -> None:
    import gc

    class Impatient(Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise Cancelled

    assert gc.isenabled()
    with pytest.raises(Cancelled):
        decode(b"N.", monitor=Impatient())
    assert gc.isenabled()
    gc.disable()
    try:
        decode(b"N.")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_that_decoding_starts_where_it_is_told_to() -> None:
    data = b"junk" + pickle.dumps([1, 2], 4) + pickle.dumps("x", 0)
    first = decode(data, 4)
    assert first.start == 4
    assert evaluate(first) == [1, 2]
    assert evaluate(decode(data, first.end)) == "x"
