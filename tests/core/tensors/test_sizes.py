"""Bytes told apart, held against marking every byte that torch says a tensor lies on."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.tensors.sizes import Sizes, sizes, unreached

torch = pytest.importorskip("torch")


def saved(tmp_path: Path, value: Any, **options: Any) -> core.Checkpoint:
    path = tmp_path / "x.pth"
    torch.save(value, path, **options)
    return core.open(path)


def told(found: Sizes) -> tuple[int, int, int, int]:
    return found.stored, found.reachable, found.logical, found.unreferenced


BASE = 4 * 1000
CASES: dict[str, tuple[Callable[[Any], Any], tuple[int, int, int, int]]] = {
    "whole": (lambda x: {"a": x}, (BASE, BASE, BASE, 0)),
    "tied": (lambda x: {"a": x, "b": x}, (BASE, BASE, 2 * BASE, 0)),
    "transposed": (lambda x: {"a": x.view(10, 100).t()}, (BASE, BASE, BASE, 0)),
    "slice": (lambda x: {"a": x[:10]}, (BASE, 40, 40, BASE - 40)),
    "apart": (lambda x: {"a": x[:10], "b": x[500:510]}, (BASE, 80, 80, BASE - 80)),
    "overlapping": (lambda x: {"a": x[:10], "b": x[5:15]}, (BASE, 60, 80, BASE - 60)),
    "columns": (lambda x: {"a": x.view(10, 100)[:, :5]}, (BASE, 200, 200, BASE - 200)),
    "columns-apart": (lambda x: {"a": x.view(10, 100)[:, :50], "b": x.view(10, 100)[:, 50:]}, (BASE, BASE, BASE, 0)),
    "every-other": (lambda x: {"a": x[::2]}, (BASE, BASE // 2, BASE // 2, BASE // 2)),
    "expanded": (lambda x: {"a": x[:1].expand(5000)}, (BASE, 4, 20_000, BASE - 4)),
    "unfolded": (lambda x: {"a": x[:100].unfold(0, 10, 1)}, (BASE, 400, 3640, BASE - 400)),
    "as-many-but-elsewhere": (lambda x: {"a": x.as_strided((100, 10), (0, 1))}, (BASE, 40, BASE, BASE - 40)),
    "empty": (lambda x: {"a": x[:0]}, (BASE, 0, 0, BASE)),
    "other-type": (lambda x: {"a": x[:10].view(torch.int16)}, (BASE, 40, 40, BASE - 40)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("zip", [True, False])
def test_that_bytes_are_told_apart(tmp_path: Path, name: str, zip: bool) -> None:
    build, expected = CASES[name]
    ckpt = saved(tmp_path, build(torch.arange(1000, dtype=torch.float32)), _use_new_zipfile_serialization=zip)
    assert told(sizes(ckpt)) == expected
    assert sizes(ckpt).file == ckpt.nbytes


def test_that_parts_of_sparse_and_quantized_tensors_are_reached(tmp_path: Path) -> None:
    sparse = torch.sparse_coo_tensor(torch.tensor([[0, 2]]), torch.tensor([1.0, 2.0]), (1000,), check_invariants=True)
    found = sizes(saved(tmp_path, {"s": sparse, "w": torch.zeros(3)}))
    assert (found.stored, found.unreferenced) == (2 * 8 + 2 * 4 + 12, 0)


def test_that_every_byte_of_safetensors_is_reached(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    save_file({"a": torch.zeros(4), "b": torch.zeros(2)}, tmp_path / "x.safetensors")
    assert told(sizes(core.open(tmp_path / "x.safetensors"))) == (24, 24, 24, 0)


def test_that_a_tensor_whose_reach_is_unknown_counts_as_reached(tmp_path: Path) -> None:
    ckpt = saved(tmp_path, {"a": torch.arange(1000.0)[:10]})
    info = ckpt.tensors["a"]._replace(problem="corrupt: something")
    broken = core.Checkpoint(ckpt.path, ckpt.format, ckpt.kind, ckpt.files, {"a": info}, storages=ckpt.storages)
    assert unreached(broken) == {}


VIEW = st.tuples(st.integers(0, 20), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=3))


@given(st.lists(VIEW, min_size=1, max_size=5))
@settings(deadline=None)
def test_that_reached_bytes_are_those_that_elements_lie_on(views: list[tuple[int, list[tuple[int, int]]]]) -> None:
    marks = bytearray(300)             # more than the farthest view reaches
    tensors = {}
    for n, (offset, dims) in enumerate(views):
        shape, stride = tuple(size for size, _ in dims), tuple(step for _, step in dims)
        places = {offset}
        for size, step in dims:
            places = {place + i * step for place in places for i in range(size)}
        for place in places:
            marks[2 * place:2 * place + 2] = b"\1\1"
        tensors[f"t{n}"] = core.TensorInfo(f"t{n}", shape, "float16", None, stride, offset, "s", 300)
    storage = core.Storage("s", "uint8", None, 300, core.Extent(0, 0, 300, 300))
    ckpt = core.Checkpoint("x", "torch-zip", "other", (), tensors, storages={"s": storage})
    assert sizes(ckpt).reachable == marks.count(1)


def test_that_many_crossing_views_are_bounded_from_above(tmp_path: Path) -> None:
    """More runs than are told apart: never less than is reached, never more than lies between."""
    x = torch.zeros(30_000)
    ckpt = saved(tmp_path, {"even": x[::2], "third": x[::3]})
    assert 4 * 20_000 <= sizes(ckpt).reachable <= 4 * 25_000
