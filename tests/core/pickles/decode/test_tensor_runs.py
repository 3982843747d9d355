"""Runs of tensors decoded many at a time give the very graph that the plain loop gives."""
from __future__ import annotations

import collections
import functools
import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core import graph as g
from inspector.core.errors import InspectorError, ReadError
from inspector.core.graph import Graph
from inspector.core.limits import Limits
from inspector.core.pickles.decode import opcodes, tensor_runs
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.pickles.objects.weights_only import refusals
from inspector.core.pickles.objects.weights_only_names import NEWEST, rules_of

PARTS = ("data", "start", "end", "root", "protocol", "kind", "a", "b", "at", "operands", "names", "mutations", "notes", "leftover",
         "opcodes")


@pytest.fixture
def engaged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lanes of each block that was committed; two are enough for a run."""
    return _engage(monkeypatch)


def _engage(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []
    commit = tensor_runs._Block.commit

    def counted(self: Any, *arguments: Any) -> bool:
        done = commit(self, *arguments)
        counts.append(self.lanes if done else 0)
        return done
    monkeypatch.setattr(tensor_runs._Block, "commit", counted)
    monkeypatch.setattr(tensor_runs, "FEWEST", 2)
    monkeypatch.setattr(tensor_runs, "WORTH", 2)
    monkeypatch.setattr(tensor_runs, "LONGEST", 200)
    return counts


def outcome(data: bytes, by_runs: bool) -> tuple[Graph, str]:
    graph, wrong = None, ""
    try:
        graph = decode(data, by_runs=by_runs)
    except ReadError as error:
        graph, wrong = error.decoded, f"{type(error).__name__} {error}"
    assert graph is not None
    return graph, wrong


def assert_identical(data: bytes) -> Graph:
    plain, plain_error = outcome(data, False)
    fast, fast_error = outcome(data, True)
    assert plain_error == fast_error
    for part in PARTS:
        assert getattr(plain, part) == getattr(fast, part), part
    return fast


# -- streams as torch and its kin write them ------------------------------------------------------------------------------

class Writer:
    """Writes tensors as the pickler does. `put`: "q" BINPUT and LONG_BINPUT, "r" LONG_BINPUT only, "m" MEMOIZE, "n" none: all is
    written out again."""

    def __init__(self, put: str = "q", short: bool = False) -> None:
        self.out = bytearray(b"\x80\x04" if put == "m" or short else b"\x80\x02")
        self.put_style, self.short = put, short
        self.count = 0
        self.names: dict[str, int] = {}

    def put(self) -> None:
        if self.put_style == "n":
            return
        if self.put_style == "m":
            self.out += b"\x94"
        elif self.put_style == "q" and self.count < 256:
            self.out += bytes((0x71, self.count))
        else:
            self.out += b"r" + struct.pack("<I", self.count)
        self.count += 1

    def begin_dict(self) -> None:
        """Up to where its items begin."""
        self.out += b"}"
        self.put()
        self.out += b"("

    def another_style(self, draw: random.Random) -> None:
        """From here on it is written by another pickler."""
        self.put_style = draw.choice("qrmn") if self.put_style != "n" else "n"
        self.short = draw.random() < 0.5

    def get(self, index: int) -> None:
        self.out += bytes((0x68, index)) if index < 256 else b"j" + struct.pack("<I", index)

    def named(self, name: str, write: bytes) -> None:
        if name in self.names:
            self.get(self.names[name])
        else:
            self.out += write
            self.remember(name)
            self.put()

    def remember(self, name: str) -> None:
        if self.put_style != "n":
            self.names[name] = self.count

    def text(self, value: str | bytes) -> None:
        raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        self.out += (b"\x8c" + bytes((len(raw),)) if self.short and len(raw) < 256 else b"X" + struct.pack("<I", len(raw))) + raw
        self.put()

    def shared_text(self, value: str) -> None:
        if value in self.names:
            self.get(self.names[value])
        else:
            self.remember(value)
            self.text(value)

    def int(self, value: int) -> None:
        if 0 <= value < 256:
            self.out += b"K" + bytes((value,))
        elif 0 <= value < 65536:
            self.out += b"M" + struct.pack("<H", value)
        elif -(1 << 31) <= value < 1 << 31:
            self.out += b"J" + struct.pack("<i", value)
        else:
            self.out += b"\x8a\x08" + struct.pack("<q", value)

    def plain(self, value: float | str | None) -> None:
        if isinstance(value, str):
            self.shared_text(value)
        elif isinstance(value, float):
            self.out += b"G" + struct.pack(">d", value)
        elif value is None or isinstance(value, bool):
            self.out += b"N" if value is None else b"\x88" if value else b"\x89"
        else:
            self.int(value)

    def ints(self, values: tuple[int, ...], shared: bool = False) -> None:
        if shared and str(values) in self.names:
            self.get(self.names[str(values)])
            return
        if shared and values:
            self.remember(str(values))
        self.out += b"(" * (len(values) > 3)
        for value in values:
            self.int(value)
        self.out += {0: b")", 1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(values), b"t")
        if values:
            self.put()

    def tensor(self, storage: str, location: str, shape: tuple[int, ...], *, numel: int = 6, offset: int = 0, view: bool = False,
               grad: bool = False, own_location: bool = False, cls: str = "FloatStorage", own_shape: bool = True) -> None:
        self.named("rebuild", b"ctorch._utils\n_rebuild_tensor_v2\n")
        self.out += b"(("
        self.shared_text("storage")
        self.named(cls, b"ctorch\n" + cls.encode() + b"\n")
        self.shared_text(storage)
        self.text(location) if own_location else self.shared_text(location)
        self.int(numel)
        self.out += b"N" * view + b"t"
        self.put()
        self.out += b"Q"
        self.int(offset)
        self.ints(shape, not own_shape)
        self.ints(tuple(reversed(shape)), not own_shape)
        self.out += b"\x88" if grad else b"\x89"
        self.named("OrderedDict", b"ccollections\nOrderedDict\n")
        self.out += b")R"
        self.put()
        self.out += b"t"
        self.put()
        self.out += b"R"
        self.put()


def stream(draw: random.Random) -> bytes:
    """A dict or a list of tensors, in batches of a few, with everything optional drawn per tensor, often or seldom."""
    writer = Writer(draw.choice("qrmn"), draw.random() < 0.5)
    keyed = draw.random() < 0.7
    odd = draw.choice((0.0, 0.02, 0.2, 0.6))            # how often a tensor is not the usual one
    batch, own_shapes = draw.randint(3, 30), draw.random() < 0.7
    writer.out += b"}" if keyed else b"]"
    writer.put()
    writer.out += b"("
    for i in range(draw.randint(20, 80)):
        if i and i % batch == 0:
            writer.out += b"u(" if keyed else b"e("

        def often(usual: Any, *others: Any) -> Any:
            return draw.choice(others) if draw.random() < odd else usual
        if draw.random() < odd / 4:
            writer.another_style(draw)
        if keyed:
            key = often(f"layer.{i}.weight", "\ud800", "слой", "shared", 7, -1, 70_000, b"h\x02((h\x03", b"\xff", b"a\x80",
                        "w" * 300, "")
            if isinstance(key, int):
                writer.int(key)
            elif key == "shared":
                writer.shared_text(key)
            else:
                writer.text(key)
        shape = tuple(draw.choice((1, 2, 300, 70_000)) for _ in range(draw.choice((0, 1, 2, 2, 3, 4, 5, 8))))
        writer.tensor(often(str(i), "same"), "cuda:0", often(shape, (1,) * 9, (-3, 1 << 40)),
                      numel=often(6, 300, 70_000, -1, 1 << 40),
                      offset=often(0, 256, 1 << 20), view=often(False, True), grad=often(False, True),
                      own_location=often(False, True), cls=often("FloatStorage", "HalfStorage"), own_shape=own_shapes or often(False, True))
    writer.out += b"u." if keyed else b"e."
    return bytes(writer.out) + draw.choice((b"", bytes(600)))


def dicts_in_one(draw: random.Random) -> bytes:
    """A dict or a list of small dicts of tensors, in batches of a few, with now and then something else in its place."""
    writer = Writer(draw.choice("qrmn"), draw.random() < 0.5)
    named, odd, batch = draw.random() < 0.7, draw.choice((0.0, 0.02, 0.1, 0.4)), draw.randint(2, 12)
    singles = draw.choice((0, 0, 0.03, 0.3, 1))         # dicts of one pair, which have no MARK
    before, behind = draw.choice((0, 0, 1, 2, 5)), draw.choice((0, 0, 1, 4))       # pairs of plain values, of which some are …
    tuples = draw.choice((0, 0.1, 0.8))                                             # … tuples that are fetched, as a rule

    def plain(count: int) -> None:
        for k in range(draw.randint(0, count) if draw.random() < 0.3 else count):
            if draw.random() < odd / 4:
                writer.ints((4, 5), shared=True)        # a tuple as key
            else:
                writer.plain(often(f"field{k}", "own" * number, 3, None, 2.5))
            for _ in range(often(1, 1, 1, 2, 0)):
                if draw.random() < tuples:
                    writer.ints(often((4, 5), (1,), ()), shared=draw.random() < 0.9)
                    continue
                writer.plain(draw.choice((7, -1, 70_000, 1 << 40, 0.1, -0.0, float("nan"), None, True, False, "text", "\ud800")))

    def often(usual: Any, *others: Any) -> Any:
        return draw.choice(others) if draw.random() < odd else usual
    if draw.random() < 0.8:
        writer.out += b"}" if named else b"]"
    else:
        writer.named("Box", b"c__main__\nBox\n")           # who knows what that takes
    writer.put()
    writer.out += b"("
    number = 0
    for i in range(draw.randint(4, 40)):
        if i and i % batch == 0:
            writer.out += often(b"u(" if named else b"e(", b"u(", b"e(", b"")
        if named:
            name = often(i, f"model{i}", "shared", b"\xff", "", 70_000)
            if isinstance(name, int):
                writer.int(name)
            elif name == "shared":
                writer.shared_text(name)
            else:
                writer.text(name)
        if draw.random() < odd:
            writer.out += draw.choice((b"N", b"K\x01", b")", b"]", b"}"))
        writer.out += often(b"}", b"]", b"}", b")")
        if draw.random() >= odd / 4:
            writer.put()
        single = draw.random() < singles
        writer.out += b"" if single else often(b"(", b"(", b"((", b"")
        plain(0 if single else before)
        for j in range(1 if single else often(2, 1, 3, 4)):
            key = often(f"layer{j}.weight", 3, "\ud800", None)
            if key == 3:
                writer.int(key)
            elif key is not None:
                writer.shared_text(key)
            writer.tensor(str(number), "cpu", often((2, 3), (), (1, 300), (2,) * 5), own_shape=often(True, False))
            number += 1
        plain(0 if single else behind)
        writer.out += often(b"s", b"u", b"a") if single else often(b"u", b"e", b"u(", b"", b"us", b"s")
    writer.out += b"u." if named else b"e."
    return bytes(writer.out) + draw.choice((b"", bytes(600)))


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 1 << 32))
def test_that_drawn_dicts_of_tensors_give_the_same_graph(seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        _engage(patch)
        draw = random.Random(seed)
        data = dicts_in_one(draw)
        assert_identical(data)
        damaged = bytearray(data)
        damaged[draw.randrange(len(data))] = draw.randrange(256)
        assert_identical(bytes(damaged))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 32))
def test_that_drawn_streams_give_the_same_graph(seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        _engage(patch)
        assert_identical(stream(random.Random(seed)))


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 1 << 32))
def test_that_damaged_streams_give_the_same_graph_or_the_same_error(seed: int) -> None:
    draw = random.Random(seed)
    data = bytearray(stream(draw))
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(data) // 4, len(data))
        data[at] = draw.choice((draw.randrange(256), draw.choice(b"ueRtQ()hqrXK\x89\x85\x86N"), data[at] ^ 1))
    with pytest.MonkeyPatch.context() as patch:
        _engage(patch)
        assert_identical(bytes(data))


@pytest.mark.parametrize("put", ["q", "r", "m", "n"])
@pytest.mark.parametrize("short", [False, True], ids=["long-text", "short-text"])
def test_that_a_plain_state_dict_is_decoded_in_blocks(put: str, short: bool, engaged: list[int]) -> None:
    writer = Writer(put, short)
    writer.begin_dict()
    for i in range(3000):
        if i and i % 1000 == 0:
            writer.out += b"u("
        writer.text(f"layers.{i}.weight")
        writer.tensor(str(i), "cpu", (2, 3)[:i % 3])
    writer.out += b"u."
    graph = assert_identical(bytes(writer.out))
    assert sum(engaged) > 2900 or (put == "n" and short)
    assert len(graph.pairs(graph.root)) == 3000
    assert len(graph.mutations[graph.root]) == 3


@pytest.mark.parametrize("put", ["q", "m", "n"])
@pytest.mark.parametrize("keyed", [True, False], ids=["dict", "list"])
def test_that_dicts_in_one_are_decoded_in_blocks(put: str, keyed: bool, engaged: list[int]) -> None:
    writer = Writer(put)
    writer.out += b"}" if keyed else b"]"
    writer.put()
    writer.out += b"("
    for i in range(1500):
        if i and i % 400 == 0:
            writer.out += b"u(" if keyed else b"e("
        if keyed:
            writer.int(i)
        writer.begin_dict()
        for name in ("exp_avg", "exp_avg_sq"):
            writer.shared_text(name)
            writer.tensor(f"{i}{name}", "cpu", (2, 3))
        writer.out += b"u"
    writer.out += b"u." if keyed else b"e."
    graph = assert_identical(bytes(writer.out))
    assert sum(engaged) > 2900
    assert len(engaged) < 12                # blocks, that is to say: the end of a batch ends none
    inner = [value for _, value in graph.pairs(graph.root)] if keyed else graph.sequence(graph.root)
    assert len(inner) == 1500
    assert all(len(graph.pairs(one)) == 2 for one in inner)


@pytest.mark.parametrize("put", ["q", "m", "n"])
@pytest.mark.parametrize(("before", "behind"), [
    ([("step", 7)], []), ([("step", 5.0), ("lr", 1e-3), ("beta", None)], []), ([], [("step_size", 0.1)]),
    ([("step", 70_000), ("amsgrad", False)], [("prev", None), ("fused", True), ("name", "text")]),
], ids=["count", "numbers", "behind", "both"])
def test_that_plain_values_beside_tensors_end_no_run(put: str, before: list[Any], behind: list[Any], engaged: list[int]) -> None:
    writer = Writer(put)
    writer.begin_dict()
    for i in range(800):
        if i and i % 300 == 0:
            writer.out += b"u("
        writer.int(i)
        writer.begin_dict()
        for name, value in before:
            writer.plain(name)
            writer.plain(value)
        for name in ("exp_avg", "exp_avg_sq"):
            writer.shared_text(name)
            writer.tensor(f"{i}{name}", "cpu", (2, 3))
        for name, value in behind:
            writer.plain(name)
            writer.plain(value)
        writer.out += b"u"
    writer.out += b"u."
    graph = assert_identical(bytes(writer.out))
    assert sum(engaged) > 1400
    assert len(engaged) < 12
    assert {len(graph.pairs(value)) for _, value in graph.pairs(graph.root)} == {len(before) + 2 + len(behind)}


@pytest.mark.parametrize("put", ["q", "m"])
def test_that_tuples_that_are_fetched_as_values_end_no_run(put: str, engaged: list[int]) -> None:
    writer = Writer(put)
    writer.begin_dict()
    for i in range(800):
        writer.text(f"layer{i}")
        writer.begin_dict()
        writer.shared_text("data")
        writer.tensor(f"{i}", "cpu", (2, 3))
        for k in range(11):
            writer.shared_text(f"field{k}")
            writer.ints((4096, 11008), shared=True)
        writer.out += b"u"
    graph = assert_identical(bytes(writer.out) + b"u.")
    assert sum(engaged) > 700
    assert {len(graph.pairs(value)) for _, value in graph.pairs(graph.root)} == {12}


@pytest.mark.parametrize("put", ["q", "m"])
def test_that_a_tuple_that_is_fetched_as_a_key_is_looked_into(put: str, engaged: list[int]) -> None:
    writer = Writer(put)
    writer.out += b"](]"
    writer.remember("odd")
    writer.put()
    writer.out += b"\x85"
    writer.remember("tuple of a list")
    writer.put()
    writer.begin_dict()
    for i in range(300):
        writer.text(f"k{i}")
        writer.tensor(str(i), "cpu", (2, 3))
        if i > 100:
            for name in ("a", "tuple of a list")[::-1 if i == 200 else 1]:
                writer.get(writer.names[name]) if name in writer.names else writer.shared_text(name)
    graph = assert_identical(bytes(writer.out) + b"ue.")
    assert sum(engaged) > 150
    assert [note.id for note in graph.notes] == ["unhashable"]


def test_that_runs_are_looked_for_in_vain_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    run = tensor_runs.run

    def counted(*arguments: Any) -> Any:
        found = run(*arguments)
        tried.append(found[0] - arguments[4])
        return found
    monkeypatch.setattr(tensor_runs, "run", counted)
    writer = Writer()
    writer.begin_dict()
    for i in range(4000):
        writer.ints((4, 5), shared=True)        # looks like a run, but is none: tuples as keys are looked into
        writer.tensor(f"{i}", "cpu", (2, 3))
        writer.out += b"u("
    assert_identical(bytes(writer.out) + b"u.")
    assert 3 < len(tried) < 20
    assert sum(tried) == 0


def test_that_after_short_runs_bodies_are_skipped_until_a_long_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    run = tensor_runs.run

    def counted(*arguments: Any) -> Any:
        before = len(arguments[1])
        found = run(*arguments)
        decoded.append(len(arguments[1]) - before)          # entries of the memo
        return found
    monkeypatch.setattr(tensor_runs, "run", counted)
    writer = Writer()
    writer.begin_dict()
    for models, layers in ((40, 100), (1, 3000)):
        for i in range(models):
            writer.text(f"model{i}")
            writer.out += b"}"
            writer.put()
            writer.out += b"(" + b"K\x01}("            # in a dict of its own
            for j in range(layers):
                writer.shared_text(f"layer{j}")
                writer.tensor(f"{layers}.{i}.{j}", "cpu", (2, 3))
            writer.out += b"uu"
    assert_identical(bytes(writer.out) + b"u.")
    assert len(decoded) < 12
    assert decoded[0] < 1000
    assert max(decoded) > 2000 * 7


@pytest.mark.parametrize("put", ["q", "m", "n"])
@pytest.mark.parametrize("keyed", [True, False], ids=["dict", "list"])
@pytest.mark.parametrize("every", [1, 2, 5])
def test_that_dicts_of_one_pair_are_decoded_in_blocks(put: str, keyed: bool, every: int, engaged: list[int]) -> None:
    writer = Writer(put)
    writer.out += b"}" if keyed else b"]"
    writer.put()
    writer.out += b"("
    for i in range(1500):
        if i and i % 400 == 0:
            writer.out += b"u(" if keyed else b"e("
        if keyed:
            writer.int(i)
        writer.out += b"}"
        writer.put()
        single = i % every == 0
        writer.out += b"" if single else b"("
        for name in ["momentum_buffer"] if single else ["exp_avg", "exp_avg_sq"]:
            writer.shared_text(name)
            writer.tensor(f"{i}{name}", "cpu", (2, 3))
        writer.out += b"s" if single else b"u"
    graph = assert_identical(bytes(writer.out) + (b"u." if keyed else b"e."))
    assert sum(engaged) > 1400
    assert len(engaged) < 12
    inner = [value for _, value in graph.pairs(graph.root)] if keyed else graph.sequence(graph.root)
    assert [len(graph.pairs(one)) for one in inner] == [1 if i % every == 0 else 2 for i in range(1500)]


@pytest.mark.parametrize("value", [b"]", b"}", b")", b"\x8f"], ids=["list", "dict", "tuple", "set"])
def test_that_a_key_that_is_fetched_and_cannot_be_hashed_is_noted(value: bytes, engaged: list[int]) -> None:
    writer = Writer()
    writer.out += b"]" + value
    writer.remember("odd")
    writer.put()
    writer.out += b"a}"
    writer.put()
    writer.out += b"("
    for i in range(300):
        writer.text(f"k{i}")
        writer.tensor(str(i), "cpu", (2, 3))
        if i == 200:
            writer.get(writer.names["odd"])
            writer.int(1)
    graph = assert_identical(bytes(writer.out) + b"u\x86.")
    assert sum(engaged) > 100
    assert bool(graph.notes) == (value != b")")


@pytest.mark.parametrize("put", ["q", "m"])
def test_that_shapes_that_are_fetched_end_no_run(put: str, engaged: list[int]) -> None:
    writer = Writer(put)
    writer.begin_dict()
    for i in range(2000):
        writer.text(f"k{i}")
        writer.tensor(str(i), "cpu", ((2, 3), (4,), (2, 3, 1))[i % 3], own_shape=False)
    graph = assert_identical(bytes(writer.out) + b"u.")
    assert sum(engaged) > 1900
    sizes = [graph.initial(graph.b[value])[2] for _, value in graph.pairs(graph.root)]
    assert len({*sizes}) == 3


def wide(count: int = 200) -> Writer:
    writer = Writer()
    writer.begin_dict()
    for i in range(count):
        writer.text(f"k{i}")
        writer.tensor(str(i), "cpu", (2, 3))
    return writer


@pytest.mark.parametrize("block", [8, 64, 8192])
def test_that_a_run_leaves_no_more_behind_than_it_wrote(block: int, engaged: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_runs, "BLOCK", block)
    graph = assert_identical(bytes(wide(600).out) + b"u.")          # whose last tensors are left to the plain loop
    assert max(engaged) >= 8
    assert len(graph.kind) == len(graph.a) == len(graph.b) == len(graph.at)
    graph.a.append(1)                                               # nobody holds on to them


ANCHORS = [b"h\x01((h\x02", b"j\1\0\0\0((h\2", tensor_runs._WRITTEN]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*ANCHORS, b"ctorch._utils\n", b"h\x01(", b"x" * 7, b""]), max_size=30), st.sampled_from(ANCHORS),
       st.integers(0, 40), st.integers(1, 9))
def test_that_anchors_are_found_where_they_are(parts: list[bytes], anchor: bytes, pos: int, most: int) -> None:
    data = b"".join(parts) + bytes(2 * tensor_runs.LONGEST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tensor_runs, "_WINDOW", 16)
        ahead = tensor_runs._Ahead(tensor_runs._Reader(data, ()), anchor, pos)
        found: list[int] = []
        while len(some := ahead.next(most)):
            assert len(some) <= most
            found += some.tolist()
    assert found == [at for at in range(pos, len(data)) if data.startswith(anchor, at)]


def test_that_an_anchor_inside_a_key_does_no_harm(engaged: list[int]) -> None:
    writer = wide()
    anchor = bytes(writer.out)[bytes(writer.out).rindex(b"(("):][:4]
    writer.text(b"h\x03" + anchor)
    writer.tensor("x", "cpu", ())
    for i in range(200):
        writer.text(f"more{i}")
        writer.tensor(str(i + 1000), "cpu", (7,))
    graph = assert_identical(bytes(writer.out) + b"u.")
    assert sum(engaged) > 300
    assert len(graph.pairs(graph.root)) == 401


@pytest.mark.parametrize("close", [True, False], ids=["run", "bodies"])
def test_that_an_opcode_which_torch_refuses_is_seen_where_a_run_has_it_first(close: bool, engaged: list[int]) -> None:
    writer = wide()
    writer.put_style, writer.short = "m", True
    for i in range(300):
        writer.text(f"more{i}")
        writer.tensor(str(i + 1000), "cpu", (7,))
        if not close:
            writer.text(f"number{i}")
            writer.int(i)
    writer.put_style, writer.short = "q", False
    graph = assert_identical(bytes(writer.out) + b"u." + bytes(600))
    assert {0x94, 0x8C} <= graph.opcodes.keys()
    assert {refusal.name for refusal in refusals(graph, rules_of(NEWEST))} == {"SHORT_BINUNICODE", "MEMOIZE"}
    assert sum(engaged) > (400 if close else 150)


def test_that_a_memo_entry_of_a_run_can_be_fetched_and_overwritten_later(engaged: list[int]) -> None:
    writer = wide()
    for index in (100, 900, 1500):
        writer.out += b"h" + bytes((index,)) if index < 256 else b"j" + struct.pack("<I", index)
        writer.out += b"g%d\n" % index
    writer.out += b"N" + b"r" + struct.pack("<I", 900) + b"j" + struct.pack("<I", 900)
    writer.out += b"K\x01q\x64h\x64"
    writer.out += b"u."
    graph = assert_identical(bytes(writer.out))
    assert sum(engaged) > 150
    assert len(graph.pairs(graph.root)) == 205


@pytest.mark.parametrize("spoil", [
    lambda out: out.replace(b"}q\x00(", b"K\x00q\x00(", 1),              # SETITEMS on an int, reported at the end
    lambda out: out.replace(b"}q\x00(", b"](", 1),                        # memo indexes do not count on
    lambda out: b"\x80\x02K\x00q\x0a" + out[2:],                           # a far memo entry
], ids=["wrong-target", "puts-that-skip", "far-memo"])
def test_that_odd_streams_fall_back(spoil: Any, engaged: list[int]) -> None:
    assert_identical(spoil(bytes(wide().out)) + b"u.")


def test_that_a_frame_may_hold_a_run_and_may_not_be_crossed_by_one(engaged: list[int]) -> None:
    body = bytes(wide().out)[2:]
    for length in (len(body), len(body) - 1, len(body) // 2, len(body) // 2 + 1):
        assert_identical(b"\x80\x04\x95" + struct.pack("<Q", length) + body + b"u.")
    assert engaged


def framed(data: bytes, length: Callable[[], int], wrong: Callable[[], int] = lambda: 0) -> bytes:
    """The same opcodes in frames of at least so many bytes, which say that they are so much longer than they are."""
    out, first, pos = bytearray(b"\x80\x04"), 2, 2
    least = length()
    while (behind := opcodes.end_of(data, pos)) is not None:
        last, pos = data[pos] == 0x2E, behind
        if last or pos - first >= least:
            out += b"\x95" + struct.pack("<Q", max(pos - first + wrong(), 0)) + data[first:pos]
            first, least = pos, length()
        if last:
            break
    return bytes(out) + data[first:]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 32))
def test_that_frames_anywhere_give_the_same_graph_or_the_same_error(seed: int) -> None:
    draw = random.Random(seed)
    data, usual, odd = stream(draw), draw.choice((1, 40, 300, 2000)), draw.choice((0.0, 0.0, 0.02))
    with pytest.MonkeyPatch.context() as patch:
        _engage(patch)
        assert_identical(framed(data, lambda: draw.randint(1, usual), lambda: draw.choice((-1, 1, 9)) if draw.random() < odd else 0))


def test_that_a_run_of_a_framed_file_by_torch_goes_on_behind_its_frames(engaged: list[int]) -> None:
    import torch
    data = _pickle_of({f"layers.{i}.weight": torch.zeros(3) for i in range(3000)}, pickle_protocol=5)
    assert data.count(b"\x95") > 2
    assert_identical(data)
    assert len(engaged) < 12
    assert sum(engaged) > 2900


def test_that_a_run_does_not_exceed_the_budget(engaged: list[int]) -> None:
    data = bytes(wide().out) + b"u."
    budget = Budget(Limits(opcodes=1 << 20))
    graph = decode(data, budget=budget)
    assert (1 << 20) - budget.left > len(graph)
    with pytest.raises(InspectorError):
        decode(data, limits=Limits(opcodes=2000))
    with pytest.raises(InspectorError):
        decode(data, limits=Limits(memo=300))


def test_that_without_numpy_loaded_short_runs_do_not_load_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    monkeypatch.delitem(sys.modules, "numpy")
    monkeypatch.setattr(tensor_runs, "_run_blocks", lambda *_: pytest.fail("a short run was worth numpy"))
    decode(bytes(wide(500).out) + b"u.")


# -- files by torch itself -------------------------------------------------------------------------------------------------

def _pickle_of(value: Any, **options: Any) -> bytes:
    import torch
    out = io.BytesIO()
    torch.save(value, out, **options)
    with zipfile.ZipFile(out) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))


@functools.cache
def _samples() -> dict[str, Any]:
    import torch
    shared = torch.arange(40.0)
    return {
        "flat": collections.OrderedDict((f"l.{i}.w", torch.zeros(2, 3)) for i in range(2500)),
        "ranks": {f"x{i}": torch.zeros([1] * (i % 7)) for i in range(300)},
        "views": {f"v{i}": shared[i % 40:] for i in range(300)},
        "list": [torch.zeros(i % 5) for i in range(2100)],
        "dtypes": {f"d{i}": torch.zeros(3, dtype=(torch.float32, torch.int64, torch.bfloat16)[i % 3]) for i in range(300)},
        "keys": {i: torch.zeros(300) for i in range(300)},
        "non-ascii": {f"слой{i}": torch.zeros(1) for i in range(300)},
        "parameters": {f"p{i}": torch.nn.Parameter(torch.zeros(2)) for i in range(200)},
        "optimizer": {"state": {i: {"step": torch.tensor(1.0), "exp_avg": torch.zeros(3),
                                    "exp_avg_sq": torch.zeros(3)} for i in range(200)}},
        "grads": {f"g{i}": torch.zeros(2, requires_grad=bool(i % 2)) for i in range(200)},
        "module": torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(50))).state_dict(),
    }


@pytest.mark.parametrize("name", ["flat", "ranks", "views", "list", "dtypes", "keys", "non-ascii", "parameters", "optimizer",
                                  "grads", "module"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_that_files_by_torch_give_the_same_graph(name: str, protocol: int, engaged: list[int]) -> None:
    assert_identical(_pickle_of(_samples()[name], pickle_protocol=protocol))
    if name in ("flat", "ranks", "views", "list", "dtypes", "keys", "non-ascii", "grads", "optimizer"):
        assert sum(engaged) > 100


def test_that_real_files_give_the_same_graph(corpus: Path, engaged: list[int]) -> None:
    for path in sorted((corpus / "files").iterdir()):
        if not zipfile.is_zipfile(path) or path.stat().st_size > 20_000_000:
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                pickles = [archive.read(name) for name in archive.namelist() if name.endswith(".pkl")]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            continue
        for data in pickles:
            assert_identical(data)
    assert sum(engaged) > 100


def test_that_nodes_of_a_run_say_what_the_tensor_is(engaged: list[int]) -> None:
    graph = decode(_pickle_of({f"k{i}": np_free(i) for i in range(100)}))
    key, value = graph.pairs(graph.root)[70]
    assert graph.text(key) == "k70"
    assert graph.global_name(graph.a[value]) == ("torch._utils", "_rebuild_tensor_v2")
    persid, offset, size, stride, flag, hooks = graph.initial(graph.b[value])
    assert graph.kind[persid] == g.PERSID
    assert [graph.integer(n) for n in graph.initial(size)] == [70, 2]
    assert [graph.integer(n) for n in graph.initial(stride)] == [2, 1]
    assert (graph.integer(offset), graph.boolean(flag), graph.kind[hooks]) == (0, False, g.REDUCE)
    assert sum(engaged) > 80


def np_free(rows: int) -> Any:
    import torch
    return torch.from_numpy(np.zeros((rows, 2), np.float32))


def _in_small_dicts(kind: str) -> Any:
    import torch
    tensors = iter([torch.full((n % 3 + 1, 2), float(n)) for n in range(400)])
    if kind == "dicts":
        return {f"model{i}": {f"layer{j}": next(tensors) for j in range(i % 7)} for i in range(60)}
    if kind == "state dicts":
        found = {}
        for i in range(60):
            found[i] = collections.OrderedDict((f"layer{j}.weight", next(tensors)) for j in range(4))
            found[i]._metadata = {"": {"version": 1}}       # type: ignore[attr-defined]
        return found
    if kind == "optimizer":
        return {"state": {i: {"step": i, "exp_avg": next(tensors), "exp_avg_sq": next(tensors)} for i in range(60)}, "lr": 0.1}
    if kind == "parameters":
        return {f"layer{i}": torch.nn.Parameter(next(tensors)) for i in range(60)}
    shared = next(tensors)
    return [[shared[:1], next(tensors), "text", shared.T] for _ in range(60)]


@pytest.mark.parametrize("kind", ["dicts", "state dicts", "optimizer", "parameters", "lists"])
def test_that_tensors_in_small_dicts_are_skipped_and_give_the_same_graph(kind: str, engaged: list[int],
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    monkeypatch.setattr(tensor_runs, "FEWEST", 8)
    skipped: list[int] = []
    write = tensor_runs.Bodies.write

    def counted(self: tensor_runs.Bodies, *arguments: Any) -> None:
        skipped.append(len(self.waiting) // 3)
        write(self, *arguments)
    monkeypatch.setattr(tensor_runs.Bodies, "write", counted)
    out = io.BytesIO()
    torch.save(_in_small_dicts(kind), out)
    with zipfile.ZipFile(out) as archive:
        data = archive.read("archive/data.pkl")
    assert_identical(data)
    assert sum(skipped) + (sum(engaged) if kind in ("dicts", "optimizer") else 0) > 50     # some of which follow closely
    for seed in range(40):                      # damaged in some place: the same graph as far as it goes, and the same error
        damaged, draw = bytearray(data), random.Random(seed)
        damaged[draw.randrange(len(data))] = draw.randrange(256)
        assert_identical(bytes(damaged))
