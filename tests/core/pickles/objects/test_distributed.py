"""DTensors, made by torch on one process and on two that are pretended."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.testing._internal.distributed.fake_pg import FakeStore

from inspector import core

WEIGHT = torch.arange(12.0).reshape(4, 3)


@contextmanager
def processes(count: int, rank: int = 0) -> Iterator[Any]:
    """A mesh of `count` processes, of which this is one and the others are made up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dist.init_process_group("fake", rank=rank, world_size=count, store=FakeStore())
        try:
            yield init_device_mesh("cpu", (count,))
        finally:
            dist.destroy_process_group()


def saved(path: Path, value: Any, legacy: bool = False) -> core.Checkpoint:
    torch.save(value, path, _use_new_zipfile_serialization=not legacy)
    return core.open(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_that_what_is_whole_is_the_tensor_under_its_own_name(tmp_path: Path, legacy: bool) -> None:
    with processes(1) as mesh:
        value = OrderedDict({"fc.weight": distribute_tensor(WEIGHT, mesh, [Shard(0)]), "b": torch.ones(2),
                             "norm": torch.nn.Parameter(distribute_tensor(torch.ones(3), mesh, [Replicate()])),
                             "sum": DTensor.from_local(torch.ones(1), mesh, [Partial()])})
        ckpt = saved(tmp_path / "a.pt", value, legacy)
    assert list(ckpt.tensors) == list(value)
    assert (ckpt.values, ckpt.state_dicts) == ({}, ("",))
    assert [(info.shape, info.problem, info.requires_grad) for info in ckpt.tensors.values()] == [
        ((4, 3), "", False), ((2,), "", False), ((3,), "", True), ((1,), "", False)]
    assert not {"orphan-records", "broken-tensor", "shard"} & {finding.id for finding in ckpt.findings}
    core.save(ckpt, tmp_path / "new.safetensors")
    assert torch.equal(load_file(tmp_path / "new.safetensors")["fc.weight"], WEIGHT)
    for name, edits in (("plain", [core.MakePlain("*")]), ("moved", [core.RemapDevices({"cpu": "cuda:0"}), core.Drop("sum")]),
                        ("cast", [core.Cast("float64")])):
        edited = core.edit(ckpt, edits)
        assert core.loads_with_torch(edited).weights_only
        core.save(edited, tmp_path / f"{name}.pt")
        found = torch.load(tmp_path / f"{name}.pt", weights_only=True, map_location="cpu")
        assert type(found["fc.weight"]) is torch.Tensor
        assert torch.equal(found["fc.weight"].float(), WEIGHT)


def test_that_a_distributed_tensor_that_is_not_changed_stays_one(tmp_path: Path) -> None:
    with processes(1) as mesh:
        ckpt = saved(tmp_path / "a.pt", {"w": distribute_tensor(WEIGHT, mesh, [Shard(0)]), "b": torch.ones(2)})
    core.save(ckpt, tmp_path / "same.pt")
    core.save(core.edit(ckpt, [core.Rename("w", "v"), core.Drop("b")]), tmp_path / "renamed.pt")
    for name, key in (("same", "w"), ("renamed", "v")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = torch.load(tmp_path / f"{name}.pt", weights_only=False)[key]
        assert isinstance(found, DTensor)
        assert torch.equal(found._local_tensor, WEIGHT)


@pytest.mark.parametrize(("placement", "told", "whole"), [
    (Shard(0), "Shard(dim=0)", False), (Shard(1), "Shard(dim=1)", False), (Replicate(), "Replicate()", True),
    (Partial("sum"), "Partial(reduce_op='sum')", False),
])
def test_that_the_part_of_one_process_is_told_as_one(tmp_path: Path, placement: Any, told: str, whole: bool) -> None:
    with processes(2, rank=1) as mesh:
        local = {0: WEIGHT[:2], 1: WEIGHT[:, :2]}.get(getattr(placement, "dim", -1), WEIGHT).contiguous()
        tensor = DTensor.from_local(local, mesh, [placement], run_check=False, shape=WEIGHT.shape, stride=WEIGHT.stride())
        ckpt = saved(tmp_path / "rank1.pt", {"w": tensor})
    info = ckpt.tensors["w"]
    assert (info.shape, info.problem) == (tuple(local.shape), "")
    assert info.extra is not None
    if whole:
        assert info.extra.part_of is None
        assert core.plan_save(ckpt, tmp_path / "new.safetensors").losses == ()
        return
    assert info.extra.part_of == core.PartOf((4, 3), (told,))
    assert [finding.keys for finding in ckpt.findings if finding.id == "shard"] == [("w",)]
    plan = core.plan_save(ckpt, tmp_path / "new.safetensors")
    assert [loss.id for loss in plan.losses] == ["shard"]
    assert torch.equal(core.read_torch(ckpt, "w"), local)


def test_that_a_distributed_tensor_counts_once(tmp_path: Path) -> None:
    with processes(1) as mesh:
        ckpt = saved(tmp_path / "a.pt", {"w": distribute_tensor(WEIGHT, mesh, [Shard(0)])})
    assert core.totals(ckpt).parameters == 12
