"""Files that several processes saved, with their parts of distributed tensors, joined."""
from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch.distributed._shard.sharded_tensor import Shard as Part
from torch.distributed._shard.sharded_tensor import ShardedTensor, ShardMetadata
from torch.distributed._shard.sharded_tensor.metadata import ShardedTensorMetadata, TensorProperties
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard
from torch.testing._internal.distributed.fake_pg import FakeStore

from inspector import core

WHOLE = {"rows": torch.arange(30.0).reshape(10, 3), "cols": torch.arange(14).reshape(2, 7), "tiny": torch.arange(2.0).to(torch.bfloat16)}
CUT = {"rows": 0, "cols": 1, "tiny": 0}


def write(folder: Path, ranks: int, names: str = "rank{}.pt", **placed: Any) -> Path:
    """What every one of the ranks would save: its parts, a tensor that all have, and a value."""
    folder.mkdir(exist_ok=True)
    for rank in range(ranks):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dist.init_process_group("fake", rank=rank, world_size=ranks, store=FakeStore())
            try:
                mesh = init_device_mesh("cpu", (ranks,))
                state: dict[str, Any] = {
                    name: DTensor.from_local(part(whole, CUT[name], rank, ranks), mesh, [placed.get(name, Shard(CUT[name]))],
                                             run_check=False, shape=whole.shape, stride=whole.stride()) for name, whole in WHOLE.items()}
                state["norm"] = DTensor.from_local(torch.ones(3), mesh, [Replicate()], run_check=False)
                torch.save({**state, "steps": torch.tensor([5]), "epoch": 2}, folder / names.format(rank))
            finally:
                dist.destroy_process_group()
    return folder


def part(whole: torch.Tensor, dim: int, rank: int, ranks: int) -> torch.Tensor:
    """As torch.chunk cuts it: the last parts are shorter, or empty."""
    size = -(-whole.shape[dim] // ranks)
    return whole.narrow(dim, min(rank * size, whole.shape[dim]), max(0, min(size, whole.shape[dim] - rank * size))).clone()


@pytest.mark.parametrize("ranks", [2, 3, 4])
@pytest.mark.parametrize("names", ["rank{}.pt", "model_world_size_4_rank_{}.pth"])
def test_that_the_parts_of_all_ranks_are_joined(ranks: int, names: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "a", ranks, names)
    assert core.is_set(folder)
    ckpt = core.open(folder)
    assert (ckpt.format, ckpt.kind, ckpt.findings) == ("dtensor", "state-dict", ())
    assert ckpt.values == {"epoch": 2}
    assert list(ckpt.tensors) == [*WHOLE, "norm", "steps"]
    for name, whole in WHOLE.items():
        assert torch.equal(core.read_torch(ckpt, name), whole), name
    core.save(core.edit(ckpt, [core.Drop("epoch")]), tmp_path / "out.safetensors")
    found = load_file(tmp_path / "out.safetensors")
    assert all(torch.equal(found[name], whole) for name, whole in WHOLE.items())
    assert {name: tensor.scheme for name, tensor in core.packed_tensors(ckpt).items()} == dict.fromkeys((*WHOLE, "norm"), "dtensor")


def test_that_more_than_nine_ranks_are_in_the_order_of_numbers(tmp_path: Path) -> None:
    assert torch.equal(core.read_torch(core.open(write(tmp_path / "a", 11)), "rows"), WHOLE["rows"])


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_that_ranks_that_are_not_there_are_missed(gone: int, tmp_path: Path) -> None:
    folder = write(tmp_path / "a", 3)
    (folder / f"rank{gone}.pt").unlink()
    ckpt = core.open(folder)
    with pytest.raises(core.BadTensor, match="missing"):
        core.read_numpy(ckpt, "rows")
    assert ("missing-shard" in {finding.id for finding in ckpt.findings}) == (gone != 2)
    assert torch.equal(core.read_torch(ckpt, "norm"), torch.ones(3))


def test_that_what_is_whole_beside_a_damaged_file_is_saved(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", 3)
    (folder / "rank1.pt").write_bytes((folder / "rank1.pt").read_bytes()[:300])
    ckpt = core.open(folder)
    assert [Path(stamp.path).name for stamp in ckpt.files] == ["rank0.pt", "rank2.pt"]
    core.save(core.edit(ckpt, [core.DropBroken()]), tmp_path / "out.pth")
    assert torch.equal(torch.load(tmp_path / "out.pth", weights_only=True)["norm"], torch.ones(3))


def test_that_files_of_which_none_can_be_read_are_told_to_be_that(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", 2)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(core.Unsupported, match="none of the ranks' files can be read"):
        core.open(folder)


def test_that_many_files_together_may_take_what_one_may(tmp_path: Path) -> None:
    """The tables of a thousand files may not be a thousand times as large."""
    folder = write(tmp_path / "a", 2)
    for rank in range(2):
        state = torch.load(folder / f"rank{rank}.pt", weights_only=False)
        torch.save({**state, **{f"w{n}": torch.ones(1) for n in range(1500)}}, folder / f"rank{rank}.pt")
    limits = core.Limits(memory=2 << 20, memory_per_byte=0)
    assert not [finding for finding in core.open(folder / "rank0.pt", limits=limits).findings if finding.id == "too-many-keys"]
    assert [finding for finding in core.open(folder, limits=limits).findings if finding.id == "too-many-keys"]


def test_that_sums_over_ranks_are_not_joined(tmp_path: Path) -> None:
    ckpt = core.open(write(tmp_path / "a", 2, rows=Partial("sum")))
    assert "Partial" in ckpt.tensors["rows"].problem
    with pytest.raises(core.BadTensor):
        core.read_numpy(ckpt, "rows")
    assert torch.equal(core.read_torch(ckpt, "cols"), WHOLE["cols"])


def test_that_files_of_ranks_without_parts_are_as_many_checkpoints(tmp_path: Path) -> None:
    for rank in range(2):
        torch.save({"w": torch.ones(2)}, tmp_path / f"rank{rank}.pt")
    with pytest.raises(core.Unsupported, match="several ranks"):
        core.open(tmp_path)


# -- ShardedTensors of FullyShardedDataParallel --------------------------------------------------------------------------------------------

def write_sharded(folder: Path, ranks: int, wholes: dict[str, torch.Tensor], names: str = "rank{}.pt",
                  begins: int | None = None) -> Path:
    """What each rank saves of a SHARDED_STATE_DICT (or, of flat parameters, LOCAL_STATE_DICT) of FSDP: rows of every tensor. `begins`:
    where the last rank says that its rows of the first one begin."""
    folder.mkdir(exist_ok=True)
    for rank in range(ranks):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dist.init_process_group("fake", rank=rank, world_size=ranks, store=FakeStore())
            try:
                state = {name: _sharded(whole, rank, ranks) for name, whole in wholes.items()}
                if begins is not None and rank == ranks - 1:
                    state[next(iter(wholes))]._local_shards[0].metadata.shard_offsets[0] = begins
                torch.save({**state, "steps": torch.tensor([5]), "epoch": 2}, folder / names.format(rank))
            finally:
                dist.destroy_process_group()
    return folder


def _sharded(whole: torch.Tensor, rank: int, ranks: int) -> ShardedTensor:
    metas, parts = [], []
    for one in range(ranks):
        mine = part(whole, 0, one, ranks)
        offsets = [min(one * -(-whole.shape[0] // ranks), whole.shape[0]), *[0] * (whole.dim() - 1)]
        if mine.numel():
            metas.append(ShardMetadata(offsets, list(mine.shape), f"rank:{one}/cpu"))
            parts += [Part(mine, metas[-1])] if one == rank else []
    made = ShardedTensor._init_from_local_shards_and_global_metadata(
        parts, ShardedTensorMetadata(metas, whole.shape, TensorProperties(dtype=whole.dtype)))
    assert isinstance(made, ShardedTensor)
    return made


ROWS = {"layers.0.weight": torch.arange(30.0).reshape(10, 3), "layers.0.bias": torch.arange(7).to(torch.bfloat16)}


@pytest.mark.parametrize("ranks", [2, 3, 4])
@pytest.mark.parametrize("names", ["rank{}.pt", "model_world_size_4_rank_{}.pt"])
def test_that_sharded_tensors_are_joined(ranks: int, names: str, tmp_path: Path) -> None:
    folder = write_sharded(tmp_path / "a", ranks, ROWS, names)
    torch.save({"state": {}}, folder / names.format(0).replace("model", "optim").replace("rank0", "optimizer_rank0"))
    ckpt = core.open(folder)
    assert (list(ckpt.tensors), ckpt.values, ckpt.findings) == ([*ROWS, "steps"], {"epoch": 2}, ())
    for name, whole in ROWS.items():
        assert torch.equal(core.read_torch(ckpt, name), whole)
    core.save(core.edit(ckpt, [core.Drop("epoch")]), tmp_path / "out.safetensors")
    assert all(torch.equal(load_file(tmp_path / "out.safetensors")[name], whole) for name, whole in ROWS.items())
    assert core.packed_tensors(ckpt).keys() == ROWS.keys()


@pytest.mark.parametrize("gone", [0, 2])
def test_that_a_missing_rank_of_a_sharded_tensor_is_missed_even_the_last(gone: int, tmp_path: Path) -> None:
    folder = write_sharded(tmp_path / "a", 3, {**ROWS, "one": torch.arange(2.0)})
    (folder / f"rank{gone}.pt").unlink()
    ckpt = core.open(folder)
    for name in ROWS:
        with pytest.raises(core.BadTensor, match="missing: its pieces cover"):
            core.read_numpy(ckpt, name)
    assert bool(ckpt.tensors["one"].problem) == (gone == 0)         # which lies on the first two ranks


def test_that_flat_parameters_are_told_to_be_that(tmp_path: Path) -> None:
    flat = torch.arange(11.0)
    ckpt = core.open(write_sharded(tmp_path / "a", 2, {"layers.0._flat_param": flat}))
    assert torch.equal(core.read_torch(ckpt, "layers.0._flat_param"), flat)
    (finding,) = [finding for finding in ckpt.findings if finding.id == "flat-parameter"]
    assert finding.keys == ("layers.0._flat_param",)


@pytest.mark.parametrize(("begins", "why"), [(0, "twice"), (7, "beyond"), (1 << 61, "beyond"), (-5, "cover")])
def test_that_pieces_that_lie_are_no_numbers(begins: int, why: str, tmp_path: Path) -> None:
    ckpt = core.open(write_sharded(tmp_path / "a", 2, ROWS, begins=begins))
    assert why in ckpt.tensors["layers.0.weight"].problem
    assert torch.equal(core.read_torch(ckpt, "layers.0.bias"), ROWS["layers.0.bias"])
