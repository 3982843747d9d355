"""Ordinary tensors that are listed as columns are those that were read one by one."""
from __future__ import annotations

import copy
import pickle
import tracemalloc
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from operator import attrgetter
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.checkpoint import Checkpoint, Storage, TensorInfo
from inspector.core.formats import torch_zip
from inspector.core.formats.zip.members import places_of
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects import bulk, contents
from inspector.core.pickles.objects.bulk import WORTH_IT, are_different
from inspector.core.pickles.objects.contents import Slot, contents_of
from inspector.core.pickles.objects.listed import ListedTensors
from inspector.core.pickles.objects.storages import FIELDS, KnownStorages, ListedStorages, ManyRefs, Storages, fields_of, never_resolved
from inspector.core.tensor_table import column, each_alone, kinds, stretches
from tests.core.pickles import opcodes as op

MANY = WORTH_IT + 50


def one_large() -> dict[str, torch.Tensor]:
    return {f"layers.{n}.weight": torch.full((2, 1 + n % 3), float(n)) for n in range(MANY)}


def many_small() -> dict[str, Any]:
    state = {n: {"exp_avg": torch.ones(3), "exp_avg_sq": torch.ones(3), "step": torch.tensor(float(n))} for n in range(MANY // 3)}
    return {"model": {f"m.{n}": torch.ones(3, dtype=torch.float16) for n in range(100)}, "epoch": 3,
            "optimizer": {"state": state, "param_groups": [{"lr": 0.1, "params": [*state]}]}}


def parameters() -> list[Any]:
    plain = torch.ones(3)
    found: list[Any] = [torch.nn.Parameter(torch.ones(2, n % 3 + 1), requires_grad=n % 5 > 0) for n in range(MANY)]
    found[7].hooked = 5                                     # which is a state: it is made by another function
    return [*found, found[3], plain, torch.nn.Parameter(plain), torch.nn.Parameter(torch.ones(6)[2:]),
            {"w": torch.nn.Parameter(torch.ones(4)), "b": torch.ones(4)}, torch.nn.Linear(2, 3)]


def of_unequal_dicts() -> dict[str, Any]:
    """States that lack this or that, as of parameters without gradients and of Adafactor's vectors; and two models."""
    sgd = {n: {"momentum_buffer": torch.ones(3, 1 + n % 3) if n % 9 else None} for n in range(MANY)}
    factors = {n: {"step": n, "exp_avg_sq_row": torch.ones(4), "exp_avg_sq_col": torch.ones(3), "RMS": 0.5} if n % 3 else
               {"step": n, "exp_avg_sq": torch.ones(2), "RMS": n / 7} for n in range(200)}
    named = {f"0.w{n}.bias": {"exp_avg": torch.ones(n % 4 + 1), "step": torch.tensor(1.0)} for n in range(90)}
    return {"model": {f"{n}.running_mean": torch.ones(3, 1 + n % 3) for n in range(MANY)},
            "ema": [{f"w{n}": torch.ones(2, n % 3), "num_batches_tracked": torch.tensor(n)} for n in range(90)],
            "optimizer": {"state": sgd, "param_groups": [{"lr": 0.1, "params": [*sgd]}]},
            "optim2": {"state": factors, "param_groups": [{"lr": 0.1, "params": [*factors][:50]}, {"params": [*factors][50:]}]},
            "optim3": {"state": named, "param_groups": [{"params": [*named]}]}, "lr_scheduler": {"last_epoch": 3, "last_lr": [0.1]}}


def shared_by_many() -> dict[str, Any]:
    code = torch.arange(16.0)
    state = {n: {"step": n, "kind": "adam", "state1": torch.ones(3), "qmap1": code, "qmap2": code} for n in range(MANY)}
    return {"state": state, "list": [code] * 50, "param_groups": [{"lr": 0.1, "params": [*state]}]}


def all_sorts() -> dict[Any, Any]:
    shared = torch.arange(12.0)
    found: dict[Any, Any] = {f"a.{n}": torch.ones(n % 5, 2, dtype=(torch.float32, torch.int64, torch.bool)[n % 3]) for n in range(MANY)}
    found |= {"view": shared[4:8], "tied": shared, "again": shared, "t": torch.ones(3, 4).t(), "none": None, 5: torch.ones(2),
              "parameter": torch.nn.Parameter(torch.ones(2)), "grad": torch.ones(3, requires_grad=True), "n": {"x": 1},
              "expanded": torch.ones(1).expand(4),
              "meta": torch.ones(3, device="meta"),
              "sparse": torch.eye(3).to_sparse(), "é\0": torch.ones(1), "a": {"0": torch.zeros(2)}, "views": [shared[n:] for n in range(9)]}
    return found


@pytest.fixture(scope="module", params=[one_large, many_small, of_unequal_dicts, parameters, shared_by_many, all_sorts])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("listed") / "a.pth"
    torch.save(request.param(), found)
    return found


def one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    with monkeypatch.context() as patched:
        patched.setattr(torch_zip._Archive, "_many_resolver", lambda archive, folder: None)
        ckpt = core.open(path)
    assert not isinstance(ckpt.tensors, ListedTensors)
    assert not isinstance(ckpt.storages, ListedStorages)
    return ckpt


def same(a: Checkpoint, b: Checkpoint) -> None:
    assert [*a.tensors.items()] == [*b.tensors.items()]
    assert [*a.values.items()] == [*b.values.items()]
    assert [*a.storages.items()] == [*b.storages.items()]
    assert [*a.members] == [*b.members]
    assert (a.kind, a.state_dicts, a.findings, a.listed_nodes) == (b.kind, b.state_dicts, b.findings, b.listed_nodes)


def times(ckpt: Checkpoint, *fields: str) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for values, count in kinds(ckpt.tensors, *fields):
        found[values] += count
    return found


def test_that_columns_are_what_was_read_one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ckpt, plain = core.open(path), one_by_one(path, monkeypatch)
    assert isinstance(ckpt.tensors, ListedTensors)
    assert isinstance(ckpt.storages, ListedStorages)
    for _ in range(3):                                  # made again, looked up
        same(ckpt, plain)
        assert ckpt.tensors == plain.tensors
        assert ckpt.storages == plain.storages
    assert [ckpt.storages[id] for id in plain.storages] == [*plain.storages.values()]
    assert all(id not in ckpt.storages for id in ("", 0, "x", "00", "-1", "1.5", str(10**30), str(len(ckpt.members) + 5)))
    assert all(id in ckpt.storages for id in plain.storages)
    assert [ckpt.tensors[key] for key in reversed(ckpt.tensors)] == [plain.tensors[key] for key in reversed(plain.tensors)]
    assert [*ckpt.storages] == [*plain.storages]
    assert [*ckpt.storages.values()] == [*plain.storages.values()]
    assert each_alone(ckpt.tensors) == each_alone(plain.tensors)
    for field in TensorInfo._fields:
        assert [*column(ckpt.tensors, field)] == [*column(plain.tensors, field)], field
        if field != "extra":
            assert times(ckpt, field) == times(plain, field), field
    assert [*fields_of(ckpt.storages, *FIELDS)] == [*map(attrgetter(*FIELDS), plain.storages.values())]
    for ids in (reversed([*plain.storages]), [*plain.storages][::2], [*plain.storages]):      # which are made ahead, or are not
        assert all(ckpt.storages[id] == plain.storages[id] for id in ids)
    assert [*places_of(ckpt.members)] == [member.extent.place for member in plain.members]
    for fields in (("shape", "stride"), ("dtype", "device", "storage_nbytes"), ("offset", "problem", "layout")):
        assert times(ckpt, *fields) == times(plain, *fields)
    assert core.headline(ckpt) == core.headline(plain)
    assert [*chain(*(repeat(*one) for one in stretches(ckpt.tensors)))] == [info.state_dict for info in plain.tensors.values()]
    assert core.describe(ckpt) == core.describe(plain)


def test_that_it_makes_no_difference_how_much_is_looked_at_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = core.open(path)
    for name, much in (("_NODES_AT_ONCE", 777), ("_AT_ONCE", 100), ("_FEW_FORMS", 2)):
        monkeypatch.setattr(bulk, name, much)
    in_parts = core.open(path)
    assert isinstance(in_parts.tensors, ListedTensors)
    same(in_parts, whole)
    assert times(in_parts, "shape", "stride") == times(whole, "shape", "stride")


class NoBytes:
    """What a container finds of storages that all are there, in as little memory as can be."""

    def __init__(self, refs: ManyRefs) -> None:
        self.good = bytes([1]) * len(refs.keys)
        self.nbytes = array("i", [24]) * len(refs.keys)

    def ids(self, places: Iterable[int]) -> Iterable[str]:
        return map(str, places)

    def place_of(self, id: str) -> int:
        return int(id)

    def storage(self, place: int) -> Storage:
        raise NotImplementedError

    def use(self, places: Any) -> None:
        pass


def test_that_little_is_held_for_a_moment_while_very_many_tensors_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 6 * MANY
    graph = decode(b"}(" + b"".join(op.text(f"layers.{n}.weight") + op.tensor(op.storage(str(n), numel=6), 0, (2, 3), (3, 1))
                                    for n in range(count)) + b"u.")
    monkeypatch.setattr(bulk, "_NODES_AT_ONCE", 1 << 15)            # in proportion to what a million are
    monkeypatch.setattr(bulk, "_AT_ONCE", 1 << 11)
    monkeypatch.setattr(contents, "_MANY", 1 << 9)
    tracemalloc.start()
    try:
        found = contents_of(graph, KnownStorages({}).resolve, resolve_many=NoBytes)
        kept, listing = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        assert not [*bulk.computed_calls(graph), *bulk.ids_of_others(graph), *bulk.calls_besides(graph, {*range(len(graph.names))})]
        checking = tracemalloc.get_traced_memory()[1] - kept
    finally:
        tracemalloc.stop()
    assert len(found.tensors) == count
    assert listing < 9.9 * len(graph)
    assert checking < 3.3 * len(graph)


@pytest.mark.parametrize("make", [one_large, many_small, of_unequal_dicts, parameters, shared_by_many, all_sorts])
def test_that_files_of_before_1_6_are_listed_in_columns_too(make: Callable[[], Any], tmp_path: Path) -> None:
    torch.save(make(), tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    ckpt = core.open(tmp_path / "a.pth")
    with mock.patch.object(Storages, "at_once", return_value=None):
        plain = core.open(tmp_path / "a.pth")
    assert not isinstance(plain.storages, ListedStorages)
    assert isinstance(ckpt.storages, ListedStorages)
    same(ckpt, plain)
    assert [*ckpt.storages] == [*plain.storages]


def test_that_what_persistent_ids_say_is_the_same_in_columns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = core.open(path).pickles[0].graph
    said = [*Storages(graph, never_resolved).refs()]
    monkeypatch.setattr(bulk, "WORTH_IT", len(graph))
    assert said == [*Storages(graph, never_resolved).refs()]


def test_that_storages_that_are_known_are_those_that_were_listed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ckpt = core.open(path)
    found = []
    for storages in (ckpt.storages, dict(ckpt.storages)):
        slots: list[Slot] = []
        known = KnownStorages(storages)
        contents = contents_of(ckpt.pickles[0].graph, known.resolve, resolve_many=known.resolve_many, slots=slots, like=ckpt)
        found.append(([*contents.tensors], [*contents.storages.items()], slots))
    assert found[0] == found[1]


def test_that_what_is_listed_goes_to_other_processes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ckpt = core.open(path)
    for other in (pickle.loads(pickle.dumps(ckpt)), copy.deepcopy(ckpt)):
        same(ckpt, other)
        assert [*other.members] == [*ckpt.members]
        assert ckpt.members == other.members
    assert [ckpt.members[0], *ckpt.members[1:3], ckpt.members[-1]] == [[*ckpt.members][n] for n in (0, 1, 2, -1)]


def test_that_an_edited_one_is_saved_as_it_is(path: Path, tmp_path: Path) -> None:
    ckpt = core.edit(core.open(path), [core.RemapDevices({"cpu": "cuda:1"})])
    core.save(ckpt, tmp_path / "b.pth")
    again = core.open(tmp_path / "b.pth")
    assert [(key, info.shape, info.dtype, info.device) for key, info in again.tensors.items()] == [
        (key, info.shape, info.dtype, info.device) for key, info in ckpt.tensors.items()]


STORAGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), st.sampled_from(["FloatStorage", "HalfStorage"]),
                              st.sampled_from(["cpu", "cuda:0"]), st.booleans()), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(STORAGES)
def test_that_ids_that_disagree_or_come_again_are_told_alike(ids: list[tuple[int, int, str, str, bool]]) -> None:
    """Of many tensors some whose storages are named twice, with another type, size or device, or by texts that are no numbers."""
    odd = {}
    for n, (key, more, cls, device, text) in enumerate(ids):
        storage = op.storage(f"0{key}" if text else str(key), cls=op.name("torch", cls), location=device, numel=6 + more)
        odd[f"odd.{n}"] = op.tensor(storage, 0, (2, 3), (3, 1))
    many = {f"m.{n}": op.tensor(op.storage(str(n), numel=6), 0, (2, 3), (3, 1)) for n in range(20, MANY)}
    graph = decode(op.pickled(op.dict_of({**dict([*odd.items()][::2]), **many, **dict([*odd.items()][1::2])})))
    found = []
    for at_once in (True, False):
        known, slots = KnownStorages({}), list[Slot]()
        found.append((contents_of(graph, known.resolve, resolve_many=known.resolve_many if at_once else None, slots=slots), slots))
    (fast, fast_slots), (slow, slow_slots) = found
    assert isinstance(fast.table, ListedTensors)
    assert [*fast.tensors] == [*slow.tensors]
    assert fast_slots == slow_slots
    assert [*fast.storages.items()] == [*slow.storages.items()]
    assert (fast.kind, fast.state_dicts, fast.findings, fast.values) == (slow.kind, slow.state_dicts, slow.findings, slow.values)


SIZES = st.sampled_from([0, 0, 1, 1, 2, 3, -1, 7, 1 << 31, 1 << 62])
STEPS = st.sampled_from([0, 1, 1, 2, 3, 6, -1, 1 << 31, 1 << 62])
FORMS = st.integers(0, 4).flatmap(lambda rank: st.tuples(st.tuples(*[SIZES] * rank), st.tuples(*[STEPS] * rank)))
LYING = st.lists(st.tuples(FORMS, st.integers(-1, 8), st.sampled_from([0, 1, 6]), st.sampled_from(["cpu", "meta"])),
                 min_size=1, max_size=30)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(LYING)
def test_that_sizes_and_strides_of_every_kind_are_told_alike(odd: list[tuple[Any, int, int, str]]) -> None:
    """Among them those without elements, which need no room in their storage, whatever the offset is."""
    storages = [op.storage(str(n), numel=numel, location=location) for n, (_, _, numel, location) in enumerate(odd)]
    some = {f"odd.{n}": op.tensor(storages[n], offset, size, stride) for n, ((size, stride), offset, _, _) in enumerate(odd)}
    many = {f"m.{n}": op.tensor(op.storage(str(n), numel=n % 2), 0, (3, n % 2, 1), (1, 1, 1)) if n % 2 == 0 else
            op.tensor(op.storage(str(n), numel=6), 0, (2, 3), (3, 1)) for n in range(40, MANY + 40)}
    graph = decode(op.pickled(op.dict_of({**dict([*some.items()][::2]), **many, **dict([*some.items()][1::2])})))
    known = [KnownStorages({}), KnownStorages({})]
    fast = contents_of(graph, known[0].resolve, resolve_many=known[0].resolve_many)
    slow = contents_of(graph, known[1].resolve)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bulk, "WORTH_IT", 1 << 40)
        alone = contents_of(graph, KnownStorages({}).resolve)
    assert isinstance(fast.table, ListedTensors)
    for found in (fast, slow):
        assert [*found.tensors] == [*alone.tensors]
        assert [*found.storages.items()] == [*alone.storages.items()]
        assert (found.kind, found.state_dicts, found.findings) == (alone.kind, alone.state_dicts, alone.findings)
        assert found.values == alone.values


def test_that_many_tensors_without_elements_are_columns_too(tmp_path: Path) -> None:
    file = tmp_path / "empty.pth"
    torch.save([torch.empty(0, n % 3) for n in range(MANY)], file)
    ckpt = core.open(file)
    assert isinstance(ckpt.tensors, ListedTensors)
    assert times(ckpt, "shape") == {((0, n),): (MANY + 2 - n) // 3 for n in range(3)}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=20) | st.text("ab", max_size=300), max_size=20))
def test_that_texts_told_to_be_different_are(texts: list[str]) -> None:
    graph = decode(op.pickled(op.list_of(*map(op.text, texts))))
    nodes: Sequence[int] = graph.sequence(graph.root)
    told = are_different(graph, array("i", nodes))
    assert not told or len({*texts}) == len(texts)
    if 0 < max(map(len, texts), default=0) < 60:
        assert told == (len({*texts}) == len(texts))


KEYS = st.one_of(st.integers(-3, 9).map(op.integer), st.sampled_from(["w", "b", "rng_state", "", "a.b", "x._extra_state"]).map(op.text),
                 st.just(op.real(1.0)), st.just(op.integer(0)))
VALUES = st.one_of(st.integers(0, 30).map(lambda n: op.tensor(op.storage(str(n), numel=6), 0, *(((), ()) if n % 3 else ((2, 3), (3, 1))))),
                   st.just(b"N"), st.just(op.reduce(op.name("torch._utils", "_rebuild_parameter"),
                                                    op.tensor(op.storage("7", numel=6), 0, (2, 3), (3, 1)), b"\x89", op.ordered_dict())))


def judged(data: bytes, many: int) -> tuple[Any, ...]:
    """What is found where dicts of `many` pairs are looked at with numpy."""
    known = KnownStorages({})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inspector.core.pickles.objects.bulk.WORTH_IT", 1)
        patch.setattr("inspector.core.graph.MANY_PAIRS", many)
        found = contents_of(decode(data), known.resolve, resolve_many=known.resolve_many)
    return ([*found.tensors], found.values, found.state_dicts, found.kind, found.findings, found.listed_nodes)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=12), st.booleans())
def test_that_a_large_dict_is_judged_as_a_small_one(pairs: list[tuple[bytes, bytes]], root: bool) -> None:
    made = op.pairs_into(b"}", pairs)
    data = op.pickled(made if root else op.dict_of({"model": made, "epoch": op.integer(3)}))
    assert judged(data, 1) == judged(data, 1 << 30)


@pytest.mark.parametrize("count", [2900, MANY])
def test_that_a_list_of_samples_by_their_numbers_is_no_state_dict(count: int, tmp_path: Path) -> None:
    torch.save({n: torch.ones(3) for n in range(count)}, tmp_path / "samples.pt")
    ckpt = core.open(tmp_path / "samples.pt")
    assert (ckpt.kind, ckpt.state_dicts) == ("training-checkpoint", ())
