"""Small dicts of tensors that are listed at once are those that were gone through one by one."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.contents import Slot, _Listing, contents_of
from inspector.core.pickles.objects.storages import KnownStorages
from tests.core.pickles import opcodes as op

SEGMENTS = st.sampled_from(["w", "b", "rng_state", "a.b", "é", "", "0", "state", "_extra_state"])
NAMES = st.sampled_from(["", "a", "b", "model", "rng_state", "state", "meters", "optimizer", "a.b"])
TENSORS = st.integers(0, 30)          # by their numbers: some come twice
PLAIN = st.sampled_from(["N", "K\x07", "M\x07\x07", "G" + "\x40" * 8, "\x88", "\x89", "X\x03\0\0\0abc"])    # as the pickle has them
DICTS = st.lists(st.tuples(SEGMENTS, TENSORS | TENSORS | PLAIN), max_size=5)
NESTED = st.recursive(DICTS, lambda inner: st.lists(st.tuples(NAMES, inner), max_size=6), max_leaves=12)


def tensor(number: int) -> bytes:
    shape, stride = ((), ()) if number % 3 == 0 else ((2, 3), (3, 1))
    return op.tensor(op.storage(str(number), numel=6), 0, shape, stride)


def written(value: Any, before: dict[Any, bytes] | None = None) -> bytes:
    """Pairs, all of them, with equal keys among them; with `before`, what comes again is the same object."""
    name = value if isinstance(value, int) else repr(value)
    if before is not None and name in before:
        return before[name]
    if isinstance(value, int):
        found = tensor(value)
    elif isinstance(value, str):
        return value.encode("latin-1")
    elif len(value) == 1:
        found = b"}" + op.text(value[0][0]) + written(value[0][1], before) + b"s"
    else:
        found = b"}" + (b"(" + b"".join(op.text(key) + written(part, before) for key, part in value) + b"u" if value else b"")
    if before is None:
        return found
    before[name] = op.get(len(before))
    return found + op.put(len(before) - 1)


def listed(data: bytes, limits: Limits, small: bool, together: int = 1 << 60, columns: bool = True) -> tuple[Any, ...]:
    """Without `columns` as in a file that has too few tensors for these to be looked at at once."""
    graph = decode(data)
    known, slots = KnownStorages({}), list[Slot]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inspector.core.pickles.objects.bulk.WORTH_IT", 1 if columns else 1 << 60)
        patch.setattr("inspector.core.pickles.objects.small_dicts.WORTH_IT", 1 if small else 1 << 60)
        patch.setattr("inspector.core.pickles.objects.small_dicts.FEWEST", 1 if small else 1 << 60)
        patch.setattr("inspector.core.pickles.objects.small_dicts.TOGETHER", together)
        patch.setattr("inspector.core.pickles.objects.small_dicts.MOST", 7)
        if not small:
            patch.setattr(_Listing, "_small_container", lambda *_: False)
        found = contents_of(graph, known.resolve, resolve_many=known.resolve_many, slots=slots, limits=limits)
    return ([*found.tensors], found.values, found.state_dicts, found.kind, found.findings, found.listed_nodes, slots,
            [*found.storages.items()], [*found.module_metadata.items()])


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    found: list[bool] = []
    plain = _Listing._small_dict

    def watched(listing: _Listing, *arguments: Any) -> bool:
        found.append(plain(listing, *arguments))
        return found[-1]
    monkeypatch.setattr(_Listing, "_small_dict", watched)
    monkeypatch.setattr(_Listing, "_small_container", lambda *_: False)
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, NESTED), min_size=1, max_size=6), st.booleans(), st.booleans())
def test_that_drawn_dicts_are_listed_alike(parts: list[tuple[str, Any]], shared: bool, columns: bool) -> None:
    data = op.pickled(written([("first", 0), *parts], {} if shared else None))
    plain = listed(data, LIMITS, False, columns=columns)
    assert listed(data, LIMITS, True, columns=columns) == plain
    assert listed(data, LIMITS, True, together=1, columns=columns) == plain


PART = st.lists(st.tuples(SEGMENTS, TENSORS | TENSORS | PLAIN), min_size=1, max_size=3)
PARTS = st.lists(st.tuples(NAMES | st.integers(0, 99).map(str), PART), max_size=20)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, PARTS), min_size=1, max_size=3), st.booleans(), st.integers(1, 5), st.booleans(), st.booleans())
def test_that_dicts_which_are_listed_together_are_those_that_were_gone_through(parts: list[tuple[str, Any]], fresh: bool, together: int,
                                                                               shared: bool, columns: bool) -> None:
    if fresh:
        parts = [(name, [(f"{n}{own}", [(f"{m}{key}", value if isinstance(value, str) else 900 * at + 30 * n + 3 * m + value % 3)
                                       for m, (key, value) in enumerate(inner)])
                         for n, (own, inner) in enumerate(some)]) for at, (name, some) in enumerate(parts)]
    data = op.pickled(written([("first", 0), *parts], {} if shared else None))
    assert listed(data, LIMITS, True, together, columns) == listed(data, LIMITS, False, columns=columns)


@pytest.mark.parametrize("state", [
    [("step", "K\x07"), ("exp_avg", 4), ("exp_avg_sq", 7)], [("momentum_buffer", 4)], [("step", 3), ("exp_avg", 4)],
    [("exp_avg", 4), ("lr", "G" + "\x40" * 8), ("prev", "N"), ("fused", "\x88")], [("step", 3)],
], ids=["count", "one", "scalar", "numbers", "scalar alone"])
def test_that_the_state_of_an_optimizer_is_taken_at_once(state: list[tuple[str, Any]], taken: list[bool]) -> None:
    dicts = [(f"layer{n}", [(name, value if isinstance(value, str) else value + 30 * n) for name, value in state]) for n in range(20)]
    data = op.pickled(written([("model", [("w", 1), ("b", 2)]), ("optimizer", [("state", dicts), ("param_groups", [])])]))
    assert listed(data, LIMITS, True) == listed(data, LIMITS, False)
    assert taken == [True] * 21


USUAL = [("model", [(f"m{n}", [("w", 3 * n + 1), ("b", 3 * n + 2)]) for n in range(20)]),
         ("optimizer", [("state", [(str(n), [("exp_avg", 100 + n), ("step", 300 + 3 * n), ("count", "K\x07")]) for n in range(20)]),
                        ("param_groups", [])])]


def test_that_usual_ones_are_taken_at_once(taken: list[bool]) -> None:
    data = op.pickled(written(USUAL))
    assert listed(data, LIMITS, True) == listed(data, LIMITS, False)
    assert taken == [True] * 40


PLAIN_ONES = [(f"m{n}", [("w", 3 * n + 1), ("b", 3 * n + 2)]) for n in range(20)]


@pytest.mark.parametrize("kind", ["dicts", "numbers", "items", "state"])
def test_that_usual_ones_are_listed_together(kind: str, taken: list[bool]) -> None:
    parts = {
        "dicts": op.text("model") + written(PLAIN_ONES),
        "numbers": op.text("model") + b"}(" + b"".join(op.integer(n) + written(part) for n, (_, part) in enumerate(PLAIN_ONES)) + b"u",
        "items": op.text("model") + b"](" + b"".join(written(part) for _, part in PLAIN_ONES) + b"e",
        "state": op.text("optimizer") + b"}(" + op.text("state") + b"}(" + b"".join(
            op.integer(n) + written(part) for n, (_, part) in enumerate(PLAIN_ONES)) + b"u" + op.text("param_groups") + b"]" + b"u",
    }[kind]
    data = op.pickled(b"}(" + parts + b"u")
    assert listed(data, LIMITS, True, together=4) == listed(data, LIMITS, False)
    assert len(taken) == (20 if kind == "numbers" else 0)


@pytest.mark.parametrize("spoilt", ["again", "tensor again", "key twice", "other key", "a value", "filled twice", "shadowed", "NUL"])
def test_that_what_is_out_of_the_ordinary_is_gone_through(spoilt: str, taken: list[bool]) -> None:
    one = written([("w", 1), ("b", 2)])
    odd = {
        "again": op.text("x") + one + op.put(7) + op.text("y") + op.get(7),
        "tensor again": op.text("x") + b"}(" + op.text("w") + tensor(1) + op.put(9) + op.text("v") + op.get(9) + b"u",
        "key twice": op.text("x") + written([("w", 1), ("w", 2), ("b", 3)]),
        "other key": op.text("x") + b"}(" + op.integer(3) + tensor(1) + b"u",
        "a value": op.text("x") + b"}(" + op.text("w") + tensor(1) + op.text("n") + b"C\x03abc" + b"u",
        "filled twice": op.text("x") + one + b"(" + op.text("w") + tensor(4) + b"u",
        "shadowed": op.text("x") + one + op.text("x") + written([("w", 3), ("c", 4)]),
        "NUL": op.text("x") + written([("w\0", 1), ("b", 2)]),
    }[spoilt]
    data = op.pickled(b"}(" + odd + b"u")
    assert listed(data, LIMITS, True) == listed(data, LIMITS, False) == listed(data, LIMITS, True, together=1)
    assert not taken or not all(taken) or spoilt in ("again", "shadowed", "tensor again")


SHARED = [("state", [(str(n), [("step", "K\x07"), ("name", "X\x03\0\0\0abc"), ("state1", 100 + n), ("qmap1", 1), ("qmap2", 1 + n % 2)])
                     for n in range(20)])]


def test_that_states_which_share_a_tensor_are_taken_at_once(taken: list[bool]) -> None:
    data = op.pickled(written(SHARED, {}))
    assert listed(data, LIMITS, True) == listed(data, LIMITS, False)
    assert taken == [True] * 20


def test_that_states_with_plain_values_are_taken_together(taken: list[bool]) -> None:
    plain = [("step", "K\x07"), ("name", "X\x03\0\0\0abc"), ("w_extra_state", "N")]
    state = [(str(n), [*plain[:2], ("exp_avg", 100 + 2 * n), *plain[2:], ("exp_avg_sq", 101 + 2 * n)]) for n in range(20)]
    for name in ("state", "model"):
        data = op.pickled(written([(name, state)]))
        assert listed(data, LIMITS, True, together=4) == listed(data, LIMITS, False)
    assert not taken


@pytest.mark.parametrize("repeats", [0, 1, 2, 3, 4, 5, 6, 7, 30, 59, 60, 61, 90, 110, 111, 112, 113, 114, 115, 200])
def test_that_a_shared_tensor_is_listed_as_often_as_one_that_is_read(repeats: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data, limits = op.pickled(written(SHARED, {})), replace(LIMITS, walk_repeats=repeats)
    small, plain = listed(data, limits, True), listed(data, limits, False)
    monkeypatch.setattr(KnownStorages, "resolve_many", None)
    assert small == plain == listed(data, limits, False)


@pytest.mark.parametrize("limit", ["memory", "walk_entries", "walk_repeats", "walk_depth"])
def test_that_budgets_end_at_the_same_key(limit: str) -> None:
    data = op.pickled(written(USUAL))
    for value in ((0, 1, 7, 40, 41, 60) if limit != "memory" else range(10_000, 90_000, 3_300)):
        limits = replace(LIMITS, memory_per_byte=0, **{limit: value})
        assert listed(data, limits, True) == listed(data, limits, False) == listed(data, limits, True, together=1)


def _list_of(items: list[bytes]) -> bytes:
    return op.list_of(*items)


KEYS = st.sampled_from(["a", "b", "a.0", "a.1.w", "0", "1", "", "a.b", "b.1", "state", "a.1#2", "w"]).map(op.text) \
    | st.integers(0, 3).map(op.integer) | st.just(b"\x88")
NUMBERS = st.lists(st.integers(0, 5).map(op.integer) | st.just(op.integer(1)) | st.just(b"N"), max_size=6).map(_list_of)
FLAT = st.lists(st.tuples(st.sampled_from(["w", "b", "w.x", "0"]).map(op.text), st.integers(0, 30).map(tensor)), min_size=1, max_size=2) \
    .map(op.dict_of)
DEEP = st.recursive(NUMBERS | FLAT | st.integers(0, 30).map(tensor), lambda inner: st.lists(
    st.tuples(KEYS, inner), max_size=5).map(op.dict_of) | st.lists(inner, max_size=4).map(_list_of), max_leaves=14)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(KEYS, DEEP), min_size=1, max_size=4).map(op.dict_of), st.integers(1, 3))
def test_that_names_which_could_be_of_others_are_told_apart_alike(root: bytes, together: int) -> None:
    """Of those in a container nothing is remembered where no others can be called so."""
    data = op.pickled(op.list_of(tensor(0), root))
    assert listed(data, LIMITS, True, together) == listed(data, LIMITS, False)


def test_that_many_numbers_are_those_that_were_gone_through() -> None:
    numbers = op.list_of(*map(op.integer, range(40)))
    for before, after in ((b"", b""), (op.text("a.7") + b"N", b""), (b"", op.text("a.7") + b"N"), (b"", op.text("a") + b"N")):
        data = op.pickled(b"}(" + op.text("t") + tensor(1) + before + op.text("a") + numbers + after + b"u")
        assert listed(data, LIMITS, True, together=2) == listed(data, LIMITS, False)
        for memory in range(6_000, 40_000, 1_300):
            limits = replace(LIMITS, memory_per_byte=0, memory=memory)
            assert listed(data, limits, True, together=2) == listed(data, limits, False)


@pytest.mark.parametrize("other", ["a.s.1.w", "a.s.1", "a.s", "b.s.1.w", "a.s.7.w"])
@pytest.mark.parametrize("first", [False, True])
def test_that_a_name_of_the_root_may_be_that_of_a_tensor_deep_in_it(other: str, first: bool) -> None:
    states = op.dict_of((op.text(str(n)), op.dict_of({"w": tensor(n)})) for n in range(9))
    parts = [(op.text("a"), op.dict_of({"s": states})), (op.text(other), tensor(20))]
    data = op.pickled(op.dict_of(parts[::-1] if first else parts))
    assert listed(data, LIMITS, True, together=2) == listed(data, LIMITS, False)


def test_that_states_of_parameters_without_gradients_are_taken_with_the_others(taken: list[bool]) -> None:
    state = [(str(n), [("momentum_buffer", 100 + n if n % 4 else "N")]) for n in range(20)]
    data = op.pickled(written([("first", 0), ("optimizer", [("state", state), ("param_groups", [])])]))
    assert listed(data, LIMITS, True, together=4) == listed(data, LIMITS, False)
    assert not taken


NAMED = st.sampled_from(["w", "b", "a", "rng_state", "a.b", "", "0", "state", "param_groups", "_extra_state", "meters", "x" * 120])
LEAVES = TENSORS | TENSORS | PLAIN | st.sampled_from([")", "]", "}", "]Na", "C\x01a", "ctorch\nfloat16\n", "X\0\x20\0\0" + "t" * 0x2000])
TREES = st.recursive(LEAVES, lambda inner: st.tuples(st.sampled_from(["dict", "ordered", "state dict", "attributes"]), st.lists(
    st.tuples(NAMED | st.integers(0, 3), inner), max_size=5)) | st.tuples(st.sampled_from(["list", "tuple"]), st.lists(inner, max_size=4)),
    max_leaves=14)


def spelt(value: Any, before: dict[Any, bytes] | None) -> bytes:
    """Like `written`, of containers of more kinds, which are named."""
    name = repr(value)
    if before is not None and name in before:
        return before[name]
    if not isinstance(value, tuple):
        found = tensor(value) if isinstance(value, int) else value.encode("latin-1")
    elif value[0] in ("list", "tuple"):
        items = [spelt(item, before) for item in value[1]]
        found = op.list_of(*items) if value[0] == "list" else op.tuple_of(*items)
    else:
        pairs = [(op.integer(key) if isinstance(key, int) else op.text(key), spelt(part, before)) for key, part in value[1]]
        found = b"}" if value[0] == "dict" else op.ordered_dict()
        found = op.pairs_into(found, pairs) if pairs else found
        facts = op.dict_of({"": op.dict_of({"version": op.integer(1)})})
        if value[0] in ("state dict", "attributes"):
            found = op.build(found, op.dict_of({"_metadata" if value[0] == "state dict" else "own": facts}))
    if before is None:
        return found
    before[name] = op.get(len(before))
    return found + op.put(len(before) - 1)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(NAMED, TREES), min_size=1, max_size=5), st.booleans(), st.sampled_from([0, 5, 4096, 4100, 1 << 20]),
       st.booleans())
def test_that_small_containers_are_those_that_were_gone_through(parts: list[tuple[str, Any]], shared: bool, repeats: int,
                                                                columns: bool) -> None:
    data = op.pickled(spelt(("dict", [("first", 0), *parts]), {} if shared else None))
    limits = replace(LIMITS, walk_repeats=repeats)
    assert listed(data, limits, True, columns=columns) == listed(data, limits, False, columns=columns)


LAYERS = {
    "configured": ("dict", [("w", 1), ("b", 2), ("cfg", ("dict", [("lr", "G" + "\x40" * 8), ("betas", ("tuple", ["K\x01", "K\x02"]))]))]),
    "state dicts": ("state dict", [("w", 1), ("b", 2)]),
    "optimizers": ("dict", [("state", ("dict", [(0, ("dict", [("step", 3), ("exp_avg", 1)]))])), ("param_groups", ("list", [
        ("dict", [("lr", "K\x01"), ("params", ("list", ["K\x00"]))])]))]),
    "lists": ("dict", [("m", ("list", [1, 2])), ("empty", "}"), ("type", "ctorch\nfloat16\n")]),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_that_usual_containers_are_listed_without_being_gone_into(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = op.pickled(spelt(("dict", [("first", 0), *((f"layer{n}", LAYERS[kind]) for n in range(9))]), None))
    plain = listed(data, LIMITS, False)
    gone_into: list[str] = []
    push = _Listing._push
    monkeypatch.setattr(_Listing, "_push", lambda listing, frame, key: (gone_into.append(key), push(listing, frame, key))[1])
    assert listed(data, LIMITS, True) == plain
    assert gone_into == [""]


@pytest.mark.parametrize("together", [1, 1 << 60])
def test_that_those_of_a_file_without_tensors_are_not_gone_into_either(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dicts = [[("id", "K\x07"), ("name", "X\x03\0\0\0abc"), (f"of {n}", "\x88")] for n in range(60)]
    lists = [("list", ["K\x01", ("tuple", ["K\x02", "N"])])] * 60
    data = op.pickled(op.list_of(op.list_of(*map(written, dicts)), op.list_of(*(spelt(one, None) for one in lists))))
    plain = listed(data, LIMITS, False)
    gone_into: list[str] = []
    push = _Listing._push
    monkeypatch.setattr(_Listing, "_push", lambda listing, frame, key: (gone_into.append(key), push(listing, frame, key))[1])
    assert listed(data, LIMITS, True, together) == plain
    assert gone_into == ["", "0", "1"]


def test_that_a_container_in_itself_is_a_reference_in_a_small_one_too() -> None:
    inner = b"}" + op.put(0) + b"(" + op.text("w") + tensor(1) + op.text("l") + op.list_of(op.get(0), op.integer(1)) + b"u"
    data = op.pickled(op.dict_of({"first": tensor(0), "x": inner, "y": op.list_of(inner)}))
    assert listed(data, LIMITS, True) == listed(data, LIMITS, False)
