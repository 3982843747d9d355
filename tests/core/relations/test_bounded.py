"""What relations cost: files that are made so that everything looks like everything else, counted in steps of our own code."""
from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch

from inspector import core
from inspector.core.relations import index, places
from inspector.core.tensors.reader import TensorReader

Tensors = dict[str, torch.Tensor]


def steps_of(make: Callable[[int], tuple[Tensors, Tensors]], count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many instructions of Python the rooms of relations run, all on this thread."""
    for room in ("finding", "lineage"):
        monkeypatch.setattr(f"inspector.core.relations.{room}.cores", lambda: 1)
    torch.manual_seed(0)
    a, b = make(count)
    done = 0

    def look(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal done
        if event == "call":
            if "/relations/" not in frame.f_code.co_filename.replace("\\", "/"):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        done += event == "opcode"
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        core.compare(a, b)
    finally:
        sys.settrace(before)
    return done


def other_vectors(count: int) -> tuple[Tensors, Tensors]:
    return {f"a{i}.w": torch.randn(16) for i in range(count)}, {f"b{i}.v": torch.randn(16) for i in range(count)}


def small_matrices(count: int) -> tuple[Tensors, Tensors]:
    return {f"a{i}.w": torch.randn(4, 4) for i in range(count)}, {f"b{i}.v": torch.randn(4, 4) for i in range(count)}


def rows_that_are_there_twice(count: int) -> tuple[Tensors, Tensors]:
    rows = torch.randn(count, 4)
    twice = torch.cat([rows, rows])
    return {"a": twice[torch.randperm(2 * count)]}, {"b": twice[torch.randperm(2 * count)]}


def one_in_many_pieces(count: int) -> tuple[Tensors, Tensors]:
    whole = torch.randn(4 * count, 8)
    return {"a": whole}, {f"b{i}": piece.clone() for i, piece in enumerate(whole.split(4))}


def constants(count: int) -> tuple[Tensors, Tensors]:
    return {f"a{i}": torch.zeros(8, 8) for i in range(count)}, {f"b{i}": torch.zeros(8, 8) for i in range(count)}


@pytest.mark.parametrize("make", [other_vectors, small_matrices, rows_that_are_there_twice, one_in_many_pieces, constants])
def test_that_twice_as_much_costs_hardly_more_than_twice_the_steps(make: Callable[[int], tuple[Tensors, Tensors]],
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    steps_of(make, 8, monkeypatch)
    once, twice = (steps_of(make, count, monkeypatch) for count in (150, 300))
    assert 0 < twice < 2.5 * once


def test_that_slices_that_are_the_same_are_placed_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    steps_of(rows_that_are_there_twice, 8, monkeypatch)
    once, more = (steps_of(rows_that_are_there_twice, count, monkeypatch) for count in (150, 1500))
    assert more < 3 * once


def test_that_vectors_that_begin_alike_are_looked_at_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    room = 1 << 20
    monkeypatch.setattr("inspector.core.relations.vectors._MOST_LOOKED_AT", room)

    def alike(count: int) -> tuple[Tensors, Tensors]:
        start = torch.zeros(16)
        return {f"a{i}.w": torch.cat([start, torch.randn(32)]) for i in range(count)}, \
            {f"b{i}.v": torch.cat([start, torch.randn(8)]) for i in range(count)}
    once, much = (steps_of(alike, count, monkeypatch) for count in (100, 400))
    assert much < 8 * once              # sixteen times as many could begin each


def test_that_joined_vectors_are_found_where_others_begin_alike() -> None:
    torch.manual_seed(1)
    start = torch.zeros(16)
    parts = [torch.cat([start, torch.randn(16)]) for _ in range(6)]
    found = core.compare({"whole": torch.cat(parts[1:4])}, {f"b{i}": part for i, part in enumerate(parts)})
    assert [(one.kind, one.a, one.b) for one in found.rearranged] == [("joined", ("whole",), ("b1", "b2", "b3"))]


def test_that_most_usual_orders_are_told_to_be_wrong_by_a_few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 27720                       # many divisors
    looked_at = 0
    agreeing = places._agreeing

    def count_them(form: places.Places, own: Any, numbers: Any) -> tuple[int, int]:
        nonlocal looked_at
        looked_at += len(own)
        return agreeing(form, own, numbers)
    monkeypatch.setattr(places, "_agreeing", count_them)
    forms = len(places.forms(count, count))
    assert places.fitted(np.arange(count), np.random.default_rng(0).permutation(count), count, count) is None
    assert looked_at <= forms * places._SAMPLE
    right = places.forms(count, count)[-1]
    assert places.fitted(np.arange(count), right.numbers, count, count) == right


@pytest.mark.parametrize("shape", [(32, 100_000), (32, 10, 10_000)])
def test_that_of_long_rows_only_a_sample_is_held(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]) -> None:
    largest = 0
    box = TensorReader.box

    def record(self: TensorReader, key: Any, first: Any, sizes: Any, steps: Any = None) -> Any:
        nonlocal largest
        found = box(self, key, first, sizes, steps)
        largest = max(largest, found.size)
        return found
    monkeypatch.setattr(TensorReader, "box", record)
    torch.manual_seed(0)
    a = torch.randn(shape)
    assert core.compare({"w": a}, {"w": a + 0.1 * torch.randn(shape)}).lineage.deltas[0].kind == "related"
    assert largest <= 1 << 16


def test_that_the_sample_of_long_rows_still_tells_the_rank() -> None:
    torch.manual_seed(0)
    a = torch.randn(32, 6, 20_000)
    low = (torch.randn(32, 2) @ torch.randn(2, 120_000)).reshape(a.shape)
    delta, = core.compare({"w": a}, {"w": a + 0.1 * low}).lineage.deltas
    assert (delta.kind, delta.rank) == ("low-rank", 2)


def test_that_wide_matrices_are_looked_at_in_few_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    a = {f"layers.{n}.proj.weight": torch.randn(288, 5000) for n in range(3)}
    reads = 0
    some_bytes = TensorReader._bytes

    def count_them(self: TensorReader, *arguments: Any, **options: Any) -> Any:
        nonlocal reads
        reads += 1
        return some_bytes(self, *arguments, **options)
    monkeypatch.setattr(TensorReader, "_bytes", count_them)
    found = core.compare(a, {key: value + 0.1 * torch.randn(value.shape) for key, value in a.items()})
    assert {delta.kind for delta in found.lineage.deltas} == {"related"}
    assert reads < 1000 * len(a)


def test_that_only_what_is_one_value_is_called_constant() -> None:
    values = [torch.zeros(20_000), torch.cat([torch.zeros(19_999), torch.ones(1)])]
    for order in (values, values[::-1]):
        found = core.compare({f"a{i}": value for i, value in enumerate(order)}, {f"b{i}": value for i, value in enumerate(order)})
        assert {one.constant: len(one.a) for one in found.undecided} in ({True: 1}, {True: 1, False: 1})
        for one in found.undecided:
            assert one.constant == (order[int(one.a[0][1:])].unique().numel() == 1)


def test_that_fewer_are_told_apart_one_by_one_where_they_are_many_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_MOST_ENTRIES", 100)
    many, telling = np.array([1] * 60 + [2] * 20 + [20] * 40), np.ones(120, bool)
    assert many[index._told_apart(many, telling)].tolist() == [1] * 60 + [2] * 20


def transposed(count: int, prefix: str = "") -> tuple[Tensors, Tensors]:
    torch.manual_seed(2)
    weights = [torch.randn(4 + n % 3, 8) for n in range(count)]
    return {f"{prefix}a{n}.w": weight for n, weight in enumerate(weights)}, \
        {f"{prefix}b{n}.k": weight.T.contiguous() for n, weight in enumerate(weights)}


def test_that_of_too_many_tensors_the_largest_are_looked_at_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = transposed(12)
    whole = core.compare(a, b)
    assert whole.unsearched is None
    assert len(whole.rearranged) == 12
    monkeypatch.setattr("inspector.core.relations.finding._MOST", 8)
    found = core.compare(a, b)
    assert {one.a[0] for one in found.rearranged} == {"a2.w", "a5.w", "a8.w", "a11.w"}         # the four of 48 elements
    assert found.unsearched == core.Unsearched(16, 24)
    assert found.verdict is not None
    assert found.verdict.id != "rearranged"


def test_that_one_side_may_have_many_where_the_other_has_few(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    experts = torch.randn(6, 5, 7)
    monkeypatch.setattr("inspector.core.relations.finding._MOST", 7)
    found = core.compare({"experts": experts}, {f"e{n}": expert.clone() for n, expert in enumerate(experts)})
    assert [one.kind for one in found.rearranged] == ["stacked"]
    assert found.unsearched is None


def test_that_what_there_is_no_memory_for_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = transposed(12)
    monkeypatch.setattr("inspector.core.relations.finding._MOST_SLICES", 60)
    found = core.compare(a, b).unsearched
    assert found is not None
    assert 0 < found.tensors < found.of == 24
    monkeypatch.undo()
    a = {key: tensor + 1e-3 * torch.randn_like(tensor) for key, tensor in a.items()}
    monkeypatch.setattr("inspector.core.relations.finding._MOST_COARSE", 10)
    assert core.compare(a, b).unsearched == core.Unsearched(0, 24, 24)


def test_that_vectors_without_room_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = other_vectors(10)
    monkeypatch.setattr("inspector.core.relations.vectors._MOST_BYTES", 4 * 64)
    assert core.compare(a, b).unsearched == core.Unsearched(12, 20)
