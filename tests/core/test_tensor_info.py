"""What there is to a tensor beyond a strided view of a storage: typed, frozen, and nothing for the ordinary ones."""
from __future__ import annotations

import copy
import pickle
import warnings
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.core.checkpoint import Incomplete, TensorInfo


def opened(path: Path, **tensors: object) -> core.Checkpoint:
    torch.save(tensors, path / "a.pth")
    return core.open(path / "a.pth")


@pytest.fixture(scope="module")
def unusual(tmp_path_factory: pytest.TempPathFactory) -> core.Checkpoint:
    """A tensor of every kind that is not an ordinary one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grid = torch.eye(4)
        offsets = torch.tensor([0, 2, 5])
        return opened(
            tmp_path_factory.mktemp("unusual"), coo=grid.to_sparse(), csr=grid.to_sparse_csr(), csc=grid.to_sparse_csc(),
            bsr=grid.to_sparse_bsr((2, 2)), bsc=grid.to_sparse_bsc((2, 2)),
            nested=torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(1, 3)]),
            jagged=torch.nested.nested_tensor_from_jagged(torch.ones(5, 4), offsets),
            one=torch.quantize_per_tensor(grid, 0.5, 3, torch.quint8),
            many=torch.quantize_per_channel(grid, torch.ones(4).double(), torch.zeros(4).long(), 1, torch.qint8),
            conj=torch.ones(3, dtype=torch.complex64).conj())


def test_that_ordinary_tensors_have_nothing_more_to_say(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, w=torch.ones(3, 2), t=torch.ones(3, 2).T, p=torch.nn.Parameter(torch.ones(2)), b=torch.tensor(True))
    assert [info.extra for info in ckpt.tensors.values()] == [None] * 4
    assert all((info.parts, info.chunks, info.read_from, info.quantizer, info.made_of) == ({}, (), None, None, None)
               for info in ckpt.tensors.values())


@pytest.mark.parametrize(("key", "kind", "names"), [
    ("coo", core.SparseCoo, ["indices", "values"]), ("csr", core.SparseCompressed, ["crow_indices", "col_indices", "values"]),
    ("csc", core.SparseCompressed, ["ccol_indices", "row_indices", "values"]),
    ("bsr", core.SparseCompressed, ["crow_indices", "col_indices", "values"]),
    ("bsc", core.SparseCompressed, ["ccol_indices", "row_indices", "values"]),
    ("nested", core.Nested, ["values", "sizes", "strides", "offsets"]), ("jagged", core.Jagged, ["values", "offsets"]),
    ("many", type(None), ["scales", "zero_points"])])
def test_that_parts_go_by_the_names_that_torch_gives_them(unusual: core.Checkpoint, key: str, kind: type, names: list[str]) -> None:
    info = unusual.tensors[key]
    assert isinstance(info.made_of, kind)
    assert [*info.parts] == names
    assert all(part.storage in unusual.storages and part.key == f"{key}.{name}" for name, part in info.parts.items())


@pytest.mark.parametrize("key", ["coo", "csr", "nested", "jagged", "many", "one", "conj"])
def test_that_every_part_and_nothing_else_is_changed(unusual: core.Checkpoint, key: str) -> None:
    info = unusual.tensors[key]
    assert info.extra is not None
    seen: list[TensorInfo] = []

    def there(part: TensorInfo) -> TensorInfo:
        seen.append(part)
        return part._replace(device="cuda:1")

    changed = info._replace(extra=info.extra.with_parts(there))
    assert seen == [*info.parts.values()]
    assert all(part.device == "cuda:1" for part in changed.parts.values())
    assert info._replace(extra=changed.extra and changed.extra.with_parts(lambda part: part._replace(device="cpu"))) == info


def test_that_it_can_be_hashed_copied_and_sent_elsewhere(unusual: core.Checkpoint) -> None:
    for info in unusual.tensors.values():
        assert info.extra is not None
        assert pickle.loads(pickle.dumps(info)) == copy.deepcopy(info) == info
        assert hash(pickle.loads(pickle.dumps(info))) == hash(info)
        with pytest.raises(AttributeError):
            info.extra.subclass = "other"       # type: ignore[misc]


def test_that_a_form_is_told_only_where_the_parts_agree(unusual: core.Checkpoint) -> None:
    nested, jagged = unusual.tensors["nested"].made_of, unusual.tensors["jagged"].made_of
    assert isinstance(nested, core.Nested)
    assert isinstance(jagged, core.Jagged)
    assert (nested.form, jagged.form) == ("2 tensors of 2 dimensions", "(2, *, 4)")
    flat = nested.sizes._replace(shape=(4,))
    assert core.Nested(nested.values, flat, flat, nested.offsets).form == ""
    assert core.Jagged(jagged.values, jagged.offsets, None, 9).form == ""


def test_that_views_are_equal_just_for_the_same_elements(tmp_path: Path) -> None:
    tied, number = torch.ones(4, 4), torch.ones(3, dtype=torch.complex64)
    ckpt = opened(tmp_path, a=tied, b=tied, turned=tied.T, part=tied[1:], z=number, conj=number.conj(), other=torch.ones(4, 4),
                  meta=torch.ones(2, device="meta"))
    view = {key: info.view for key, info in ckpt.tensors.items()}
    assert view["a"] == view["b"]
    assert len({view[key] for key in ("a", "turned", "part", "z", "conj", "other")}) == 6
    assert view["meta"] is None


def test_that_what_was_understood_of_a_broken_tensor_is_kept(unusual: core.Checkpoint) -> None:
    info = unusual.tensors["coo"]
    left = Incomplete((("indices", info.parts["indices"]),))
    broken = info._replace(problem="corrupt: a part of the tensor is no tensor", extra=core.Extra(left))
    assert [*broken.parts] == ["indices"]
    assert left.with_parts(lambda part: part) == left
