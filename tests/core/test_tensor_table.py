"""Tensors that are made when they are asked for are those that were made at once."""
from __future__ import annotations

import copy
import pickle
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from inspector import core
from inspector.core.checkpoint import TensorInfo, contiguous
from inspector.core.progress import in_pieces
from inspector.core.tensor_table import TensorTable, column, joined, kinds, made_of
from tests.builders import safetensors

FORMS = (("float32", "F32", 4), ("bfloat16", "BF16", 2), ("bool", "BOOL", 1), ("int64", "I64", 8))


def expected(sizes: list[tuple[str, int, tuple[int, ...]]]) -> dict[str, TensorInfo]:
    """What there is to say of tensors of (key, form, shape) one behind the other."""
    found = {}
    for number, (key, form, shape) in enumerate(sizes):
        info = TensorInfo(key, shape, FORMS[form][0], None, contiguous(shape), 0, str(number), 0, state_dict="")
        found[key] = info._replace(storage_nbytes=info.nbytes)
    return found


def written(path: Path, sizes: list[tuple[str, int, tuple[int, ...]]], **more: object) -> Path:
    header, at = {}, 0
    for key, form, shape in sizes:
        nbytes = FORMS[form][2] * torch.Size(shape).numel()
        header[key] = {"dtype": FORMS[form][1], "shape": list(shape), "data_offsets": [at, at + nbytes], **more}
        at += nbytes
    path.write_bytes(safetensors(header, bytes(at)))
    return path


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text("abc.é", min_size=1, max_size=8), st.integers(0, 3), st.lists(st.integers(0, 3), max_size=3).map(tuple)),
                min_size=1, max_size=12, unique_by=lambda row: row[0]))
def test_that_it_is_the_table_that_it_stands_for(tmp_path_factory: pytest.TempPathFactory,
                                                 sizes: list[tuple[str, int, tuple[int, ...]]]) -> None:
    tensors = core.open(written(tmp_path_factory.mktemp("table") / "a.safetensors", sizes)).tensors
    there = expected(sizes)
    assert isinstance(tensors, TensorTable)
    assert [*tensors] == [*there]
    assert [*reversed(tensors)] == [*reversed(there)]
    for _ in range(3):                                  # made again, looked up
        assert [*tensors.values()] == [*there.values()]
        assert [*tensors.items()] == [*there.items()]
        assert tensors == there
        assert all(tensors[key] == info for key, info in there.items())
    for field in TensorInfo._fields:
        assert [*column(tensors, field)] == [*column(there, field)], field
    assert next(iter(there.values())) in tensors.values()
    assert len(tensors) == len(tensors.values()) == len(there)
    assert "no such key" not in tensors
    assert tensors.get("no such key") is None
    with pytest.raises(KeyError):
        tensors["no such key"]


def test_that_fields_of_its_own_and_missing_bytes_are_told_of_each(tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", [("a", 0, (4,)), ("b", 0, (4,)), ("c", 3, (2,))], note="x")
    path.write_bytes(path.read_bytes()[:-20])
    tensors = core.open(path).tensors
    assert isinstance(tensors, TensorTable)
    for _ in range(3):
        assert [info.extra is not None and info.extra.header_fields for info in tensors.values()] == [(("note", '"x"'),)] * 3
        assert [info.problem.partition(":")[0] for info in tensors.values()] == ["", "truncated", "lost"]
        assert [text.partition(":")[0] for text in column(tensors, "problem")] == ["", "truncated", "lost"]
        assert tensors["b"] == [*tensors.values()][1]


def test_that_it_can_be_pickled_and_copied_before_and_after_it_was_made(tmp_path: Path) -> None:
    save_file({f"t.{n}": torch.ones(n) for n in range(9)}, tmp_path / "a.safetensors")
    ckpt = core.open(tmp_path / "a.safetensors")
    first = pickle.loads(pickle.dumps(ckpt))
    assert [*first.tensors.values()] == [*ckpt.tensors.values()] == [*copy.deepcopy(ckpt).tensors.values()]
    assert pickle.loads(pickle.dumps(ckpt)).tensors == first.tensors
    assert repr(ckpt.tensors) == "<9 tensors>"


def test_that_none_is_kept_of_those_that_were_gone_through(tmp_path: Path) -> None:
    save_file({f"t.{n:04}": torch.ones(n % 3) for n in range(3000)}, tmp_path / "a.safetensors")
    tensors = core.open(tmp_path / "a.safetensors").tensors
    half: Iterator[TensorInfo] = iter(tensors.values())
    next(half)
    assert tensors["t.0000"] == next(iter(tensors.values()))            # the keys are known by their numbers
    tracemalloc.start()
    try:
        for _ in range(3):
            [*tensors.values()]
            [tensors[key] for key in tensors]
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 300_000 < most                        # not even a tenth of three thousand
    assert len([*half]) == 2999                         # who began before goes on


def test_that_one_after_the_other_is_made_in_pieces_and_any_order_gives_the_same(tmp_path: Path) -> None:
    save_file({f"t.{n:04}": torch.ones(n % 3) for n in range(1000)}, tmp_path / "a.safetensors")
    tensors = core.open(tmp_path / "a.safetensors").tensors
    assert isinstance(tensors, TensorTable)
    there, keys = [*tensors.values()], [*tensors]
    made: list[int] = []
    rows = type(tensors).rows

    def counted(self: TensorTable, first: int, last: int) -> Iterable[TensorInfo]:
        made.append(last - first)
        return rows(self, first, last)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(tensors), "rows", counted)
        assert [tensors[key] for key in keys] == there
        assert len(made) < 10                           # not a thousand times one
        assert sum(made) <= 1001
        made.clear()
        order = [(n * 387) % 1000 for n in range(1000)]
        assert [tensors[keys[n]] for n in order] == [there[n] for n in order]
        assert sum(made) < 1300                         # nor hundreds for each
    for n in (0, 1, 2, 500, 501, 502, 3, 2, 1, 0, 999):
        assert tensors[keys[n]] == there[n]


def test_that_tensors_in_order_are_a_sequence_of_them(tmp_path: Path) -> None:
    save_file({f"t.{n:04}": torch.ones(n % 3) for n in range(50)}, tmp_path / "a.safetensors")
    tensors = core.open(tmp_path / "a.safetensors").tensors
    there = [*tensors.values()]
    for found in (core.in_order(tensors), core.in_order(dict(tensors))):
        assert [*found] == there
        assert len(found) == 50
        assert [found[n] for n in (0, 7, -1)] == [there[n] for n in (0, 7, -1)]
        for piece in (slice(3, 9), slice(None), slice(9, 3), slice(40, 99), slice(None, None, -7)):
            assert [*found[piece]] == there[piece]
        with pytest.raises(IndexError):
            found[50]


def test_that_any_thread_may_read_it(tmp_path: Path) -> None:
    save_file({f"t.{n:04}": torch.ones(n % 3) for n in range(5000)}, tmp_path / "a.safetensors")
    tensors = core.open(tmp_path / "a.safetensors").tensors
    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(lambda n: [*tensors.values()] if n % 2 else [tensors[key] for key in tensors], range(24))]
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("odd", ["", "extra", "cut"])
def test_that_kinds_are_those_of_the_tensors(tmp_path: Path, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entries: dict[str, object] = {}
    end = 0
    for n in range(60):
        shape, dtype, width = [n % 3, 2], ("F32", "I8")[n % 2], (4, 1)[n % 2]
        stop = end + n % 3 * 2 * width
        entries[f"a.{n}"] = {"dtype": dtype, "shape": shape, "data_offsets": [end, stop], **({"x": 1} if odd == "extra" and not n else {})}
        end = stop
    (tmp_path / "a.safetensors").write_bytes(safetensors(entries, bytes(end - 5 * (odd == "cut"))))
    for few in (1024, 2):
        monkeypatch.setattr("inspector.core.formats.safetensors._FEW_FORMS", few)
        ckpt = core.open(tmp_path / "a.safetensors")
        assert isinstance(ckpt.tensors, TensorTable)
        infos = [*ckpt.tensors.values()]
        for fields in (("shape",), ("dtype", "device"), ("device", "state_dict"), ("problem",), ("extra",), ("shape", "dtype", "problem")):
            counted: Counter[str] = Counter()
            for values, times in kinds(ckpt.tensors, *fields):
                counted[repr(values)] += times
            assert counted == Counter(repr(tuple(getattr(info, field) for field in fields)) for info in infos), fields
        assert (ckpt.tensors.kinds("dtype") is None) == (few == 2)


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_that_what_is_made_of_fields_is_made_once_and_of_each(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.core.pickles.objects.bulk.WORTH_IT", 0)
    tensors = {f"a.{n}": torch.ones(n % 3 + 1, dtype=(torch.float32, torch.int8)[n % 2]) for n in range(60)}
    path = tmp_path / f"a.{suffix}"
    save_file(tensors, path) if suffix == "safetensors" else torch.save(tensors, path)
    ckpt = core.open(path)
    assert isinstance(ckpt.tensors, TensorTable)
    for table in (ckpt.tensors, dict(ckpt.tensors)):
        for fields in (("shape", "dtype"), ("device",), ("key", "shape"), ("requires_grad", "stride", "offset")):
            asked: list[tuple[object, ...]] = []
            made = [*made_of(table, fields, lambda *values, asked=asked: asked.append(values) or f"made of {values}")]   # type: ignore[misc]
            assert made == [f"made of {tuple(getattr(info, field) for field in fields)}" for info in ckpt.tensors.values()]
            assert len(asked) == len(set(made))


def test_that_keys_are_those_of_any_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["a", "b.c", "\u00e9", "b"]
    save_file({name: torch.ones(2) for name in names}, tmp_path / "a.safetensors")
    for short in (1 << 20, 0):
        monkeypatch.setattr("inspector.core.tensor_table._SHORT", short)
        table = core.open(tmp_path / "a.safetensors").tensors
        assert [*table.keys()] == [*table]
        assert table.keys() == set(names)
        assert table.keys() & {"a", "x"} == {"a"}
        for _ in range(2):                              # made, and known
            assert "\n".join(joined(table)) == "\n".join(joined(dict(table))) == "\n".join(table)


def test_that_the_last_segments_of_keys_are_told_while_they_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("a.weight", "b.weight", "b.bias", "alone", ".end.", "a.b.weight")
    save_file({name: torch.ones(2) for name in names}, tmp_path / "a.safetensors")
    monkeypatch.setattr("inspector.core.tensor_table.in_pieces", lambda items: in_pieces(items, 2))
    for few, told in ((4, frozenset(("weight", "bias", "alone", ""))), (3, None)):
        monkeypatch.setattr("inspector.core.tensor_table._FEW", few)
        table = core.open(tmp_path / "a.safetensors").tensors
        assert isinstance(table, TensorTable)
        assert (table.leaves(), table.leaves()) == (told, told)


@pytest.mark.parametrize("name", ["a.weight", "a.qweight", "weight_scale", "a.b.weight_scale_inv", "a.mlp_blocks", "a.lora_A.weight",
                                  "blocks.weight", "scale.weight", "a.lora_x.w.", "a.SCB.weight", "a.weight_v"])
def test_that_names_hint_at_the_same_one_by_one(tmp_path: Path, name: str) -> None:
    save_file({name: torch.ones(2), "b.weight": torch.ones(2)}, tmp_path / "a.safetensors")
    ckpt = core.open(tmp_path / "a.safetensors")
    one_by_one = replace(ckpt, tensors=dict(ckpt.tensors))
    assert core.may_be_packed(ckpt) == core.may_be_packed(one_by_one)
    assert core.counts(ckpt) == core.counts(one_by_one)
