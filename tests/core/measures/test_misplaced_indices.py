"""Indices that point out of their tensor, which torch.load lets pass, held against what torch says when it is asked to look."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import core
from inspector.core.tensors import sparse
from tests import builders

pytestmark = pytest.mark.filterwarnings("ignore:Sparse .* tensor support is in beta state",
                                        "ignore:The PyTorch API of nested tensors is in prototype stage")


def found(folder: Path, tensor: torch.Tensor) -> list[tuple[str, str]]:
    torch.save({"e": tensor, "w": torch.ones(3)}, folder / "a.pth")
    return [(one.level, one.where) for one in core.check(core.open(folder / "a.pth")) if one.id == "misplaced-indices"]


def unordered(folder: Path) -> list[tuple[str, str]]:
    return [(one.level, one.where) for one in core.check(core.open(folder / "a.pth")) if one.id == "unordered-indices"]


def taken(folder: Path) -> bool:
    """Whether torch takes the file when it looks at indices."""
    with torch.sparse.check_sparse_tensor_invariants(True):
        try:
            torch.load(folder / "a.pth", weights_only=True)
        except RuntimeError:
            return False
    return True


def coo(indices: list[list[int]]) -> torch.Tensor:
    return torch.sparse_coo_tensor(torch.tensor(indices), torch.ones(len(indices[0])), (4, 5), check_invariants=False)


def compressed(layout: torch.layout, outer: Any, inner: Any, shape: tuple[int, ...], block: tuple[int, ...] = ()) -> torch.Tensor:
    values = torch.ones(*torch.tensor(inner).shape, *block)
    return torch.sparse_compressed_tensor(torch.tensor(outer), torch.tensor(inner, dtype=torch.int64), values, shape, layout=layout,
                                          check_invariants=False)


@pytest.mark.parametrize(("tensor", "fits"), [
    pytest.param(lambda: coo([[0, 1, 3], [0, 4, 2]]), True, id="coo"),
    pytest.param(lambda: coo([[0, 1, 4], [0, 4, 2]]), False, id="coo-beyond"),
    pytest.param(lambda: coo([[0, 1, 3], [0, 5, 2]]), False, id="coo-beyond-in-the-second-row"),
    pytest.param(lambda: coo([[0, -1, 3], [0, 4, 2]]), False, id="coo-negative"),
    pytest.param(lambda: coo([[0, 1, 3], [0, 1 << 62, 2]]), False, id="coo-far"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 1, 2, 2, 3], [0, 4, 2], (4, 5)), True, id="csr"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 1, 2, 2, 3], [0, 5, 2], (4, 5)), False, id="csr-beyond"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 1, 2, 2, 3], [0, -4, 2], (4, 5)), False, id="csr-negative"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 2, 1, 2, 3], [0, 4, 2], (4, 5)), False, id="csr-back"),
    pytest.param(lambda: compressed(torch.sparse_csr, [1, 1, 2, 2, 3], [0, 4, 2], (4, 5)), False, id="csr-late"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 1, 2, 2, 9], [0, 4, 2], (4, 5)), False, id="csr-too-far"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 1, 2, 2, 2], [0, 4, 2], (4, 5)), False, id="csr-not-all"),
    pytest.param(lambda: compressed(torch.sparse_csr, [[0, 1, 2], [0, 2, 2]], [[0, 1], [0, 2]], (2, 2, 3)), True, id="csr-batch"),
    pytest.param(lambda: compressed(torch.sparse_csr, [[0, 1, 2], [0, 3, 2]], [[0, 1], [0, 2]], (2, 2, 3)), False, id="csr-batch-back"),
    pytest.param(lambda: compressed(torch.sparse_csc, [0, 1, 2, 2, 3], [0, 4, 2], (5, 4)), True, id="csc"),
    pytest.param(lambda: compressed(torch.sparse_csc, [0, 1, 2, 2, 3], [0, 7, 2], (5, 4)), False, id="csc-beyond"),
    pytest.param(lambda: compressed(torch.sparse_bsr, [0, 1, 2], [0, 2], (4, 6), (2, 2)), True, id="bsr"),
    pytest.param(lambda: compressed(torch.sparse_bsr, [0, 1, 2], [0, 3], (4, 6), (2, 2)), False, id="bsr-beyond"),
    pytest.param(lambda: compressed(torch.sparse_bsc, [0, 1, 2], [0, 2], (6, 4), (2, 2)), True, id="bsc"),
])
@pytest.mark.parametrize("at_once", [1, 1 << 18])
def test_that_indices_outside_of_a_sparse_tensor_are_told_where_torch_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tensor: Any,
                                                                            fits: bool, at_once: int) -> None:
    monkeypatch.setattr(sparse, "_AT_ONCE", at_once)
    assert found(tmp_path, tensor()) == ([] if fits else [("danger", "e")])
    assert taken(tmp_path) is fits


@pytest.mark.parametrize(("tensor", "fits"), [
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 2, 2, 2, 3], [3, 3, 2], (4, 5)), False, id="csr-twice"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 2, 2, 2, 3], [4, 3, 2], (4, 5)), False, id="csr-unordered"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 0, 1, 2, 3], [3, 3, 3], (4, 5)), True, id="csr-same-in-other-rows"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 0, 3, 3, 3], [1, 3, 3], (4, 5)), False, id="csr-twice-last"),
    pytest.param(lambda: compressed(torch.sparse_csr, [0, 0, 0, 0, 0], [], (4, 5)), True, id="csr-empty"),
    pytest.param(lambda: compressed(torch.sparse_csr, [[0, 1, 2], [0, 2, 2]], [[2, 2], [0, 0]], (2, 2, 3)), False, id="csr-batch-twice"),
    pytest.param(lambda: compressed(torch.sparse_csr, [[0, 1, 2], [0, 1, 2]], [[2, 2], [2, 0]], (2, 2, 3)), True, id="csr-batch-apart"),
    pytest.param(lambda: compressed(torch.sparse_csc, [0, 2, 2, 2, 3], [3, 3, 2], (5, 4)), False, id="csc-twice"),
    pytest.param(lambda: compressed(torch.sparse_bsr, [0, 2, 2], [1, 1], (4, 6), (2, 2)), False, id="bsr-twice"),
])
@pytest.mark.parametrize("at_once", [1, 2, 3, 1 << 18])
def test_that_indices_that_are_twice_in_a_row_or_in_disorder_are_told_where_torch_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                                        tensor: Any, fits: bool, at_once: int) -> None:
    monkeypatch.setattr(sparse, "_AT_ONCE", at_once)
    assert found(tmp_path, tensor()) == []
    assert unordered(tmp_path) == ([] if fits else [("warning", "e")])
    assert taken(tmp_path) is fits


def test_that_values_of_one_element_of_a_compressed_tensor_add_up_as_in_torch(tmp_path: Path) -> None:
    made = torch.sparse_csr_tensor(torch.tensor([0, 3, 4]), torch.tensor([1, 1, 0, 2]), torch.tensor([1., 2., 4., 8.]), (2, 3),
                                   check_invariants=False)
    torch.save({"e": made}, tmp_path / "a.pth")
    assert core.read_numpy(core.open(tmp_path / "a.pth"), "e").tolist() == made.to_dense().tolist() == [[4, 3, 0], [0, 0, 8]]


def int64(name: str, values: list[int]) -> tuple[str, bytes]:
    return f"data/{name}", b"".join(value.to_bytes(8, "little", signed=True) for value in values)


def rewritten(path: Path, storage: str, values: list[int]) -> Path:
    """The file with other integers in one storage of it."""
    import zipfile
    with zipfile.ZipFile(path) as archive:
        members = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    members.update([int64(storage, values)])
    head = members.pop("data.pkl")
    for name in ("byteorder", "version"):
        members.pop(name)
    path.write_bytes(builders.torch_zip(head, members))
    return path


@pytest.mark.parametrize(("storage", "values", "fits"), [
    ("1", [2, 3], True), ("1", [2, 4], False), ("1", [-2, 3], False), ("1", [1 << 62, 3], False), ("1", [2, 0], True),
    ("2", [1, 1], True), ("2", [1, 3], False), ("2", [4, -1], False), ("3", [0, 2], True), ("3", [0, 3], False), ("3", [-1, 2], False),
])
def test_that_a_nested_tensor_that_reaches_behind_its_values_is_told(tmp_path: Path, storage: str, values: list[int], fits: bool) -> None:
    torch.save({"e": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])}, tmp_path / "a.pth")
    assert [one.id for one in core.check(core.open(tmp_path / "a.pth")) if one.id == "misplaced-indices"] == []
    ckpt = core.open(rewritten(tmp_path / "a.pth", storage, values))
    assert [one.where for one in core.check(ckpt) if one.id == "misplaced-indices"] == ([] if fits else ["e"])


@pytest.mark.parametrize(("offsets", "fits"), [([0, 2, 5], True), ([0, 2, 6], False), ([0, 6, 5], False), ([3, 2, 5], False),
                                               ([-1, 2, 5], False), ([0, 0, 4], True)])
def test_that_a_jagged_tensor_that_reaches_behind_its_values_is_told(tmp_path: Path, offsets: list[int], fits: bool) -> None:
    made = torch.nested.nested_tensor([torch.ones(2, 4), torch.ones(3, 4)], layout=torch.jagged)
    torch.save({"e": made}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert [one.id for one in core.check(ckpt) if one.id == "misplaced-indices"] == []
    ckpt = core.open(rewritten(tmp_path / "a.pth", ckpt.tensors["e"].parts["offsets"].storage, offsets))
    assert [one.where for one in core.check(ckpt) if one.id == "misplaced-indices"] == ([] if fits else ["e"])


def test_that_indices_expanded_over_more_than_is_there_are_not_gone_through(tmp_path: Path) -> None:
    indices, values = torch.zeros(2, 1, dtype=torch.int64).expand(2, 1 << 40), torch.ones(1).expand(1 << 40)
    assert found(tmp_path, torch.sparse_coo_tensor(indices, values, (4, 5), check_invariants=False)) == [("danger", "e")]
