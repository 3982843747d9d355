"""Sets of safetensors files."""
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from inspector import core
from inspector.core.saving.layouts import shards
from tests.core.saving import samples


@pytest.mark.parametrize(("text", "nbytes"), [("5GB", 5_000_000_000), ("200 MB", 200_000_000), ("1.5GiB", 3 << 29), ("10k", 10_000),
                                              ("7", 7), (9, 9)])
def test_that_sizes_are_read_as_people_write_them(text: str | int, nbytes: int) -> None:
    assert shards.parse_size(text) == nbytes


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "0", "5 parsecs", "1e3", "0.0001k"])
def test_that_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(core.UsageError):
        shards.parse_size(text)


def test_that_a_set_holds_what_the_file_held(tmp_path: Path) -> None:
    state = samples.plain_state(7, 30)
    ckpt = samples.saved(tmp_path / "a.pth", state)
    plan = core.plan_save(ckpt, tmp_path / "set", shard_size="2kB")
    assert plan.format == "safetensors-sharded"
    assert not (tmp_path / "set").exists()
    report = core.save(plan)
    assert sorted(os.listdir(tmp_path / "set")) == sorted(report.files)
    assert report.files[0] == "model-00001-of-00004.safetensors"
    loaded: dict[str, torch.Tensor] = {}
    for name in report.files[:-1]:
        loaded.update(load_file(tmp_path / "set" / name))
    assert {key: value.tolist() for key, value in loaded.items()} == {key: value.tolist() for key, value in state.items()}
    index = json.loads((tmp_path / "set" / "model.safetensors.index.json").read_bytes())
    assert index["metadata"]["total_size"] == sum(value.nbytes for value in state.values())
    again = core.open(tmp_path / "set")
    assert list(again.tensors) == list(state)
    assert {finding.id for finding in again.findings} == {"module-prefix"}


def test_that_a_set_becomes_one_file_and_back(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    core.save(ckpt, tmp_path / "w" / "..", shard_size="2kB")
    whole = core.open(tmp_path / "model.safetensors.index.json")
    core.save(whole, tmp_path / "one.safetensors")
    core.save(whole, tmp_path / "one.pth")
    for name in ("one.safetensors", "one.pth"):
        assert samples.digests(core.open(tmp_path / name)) == samples.digests(ckpt)


def test_that_a_set_saved_over_itself_leaves_only_the_new_one(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    core.save(ckpt, tmp_path / "set", shard_size="2kB")
    (tmp_path / "set" / "other-00001-of-00001.safetensors").write_bytes(b"somebody else's")
    for _ in range(3):
        core.save(core.open(tmp_path / "set"), tmp_path / "set", shard_size="3kB")
        again = core.open(tmp_path / "set")
        assert samples.digests(again) == samples.digests(ckpt)
        assert {finding.id for finding in again.findings} == {"module-prefix"}
    index = json.loads((tmp_path / "set" / "model.safetensors.index.json").read_bytes())
    assert sorted(os.listdir(tmp_path / "set")) == sorted({*index["weight_map"].values(), "model.safetensors.index.json",
                                                            "other-00001-of-00001.safetensors"})


def test_that_a_failed_save_of_a_set_leaves_the_old_one_and_no_folder_of_its_own(tmp_path: Path) -> None:
    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            if done > total // 3:
                raise core.Cancelled

    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state(6, 3000))
    with pytest.raises(core.Cancelled):
        core.save(ckpt, tmp_path / "new", shard_size="100kB", monitor=Stop())
    assert not (tmp_path / "new").exists()
    core.save(ckpt, tmp_path / "set", shard_size="100kB")
    before = {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}
    with pytest.raises(core.Cancelled):
        core.save(core.open(tmp_path / "set"), tmp_path / "set", shard_size="200kB", monitor=Stop())
    assert {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()} == before


def test_that_only_safetensors_are_sharded(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    with pytest.raises(core.UsageError):
        core.plan_save(ckpt, tmp_path / "b.pth", format="torch-zip", shard_size="1GB")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(core.SaveError):
        core.plan_save(ckpt, tmp_path / "file", shard_size="1GB")
