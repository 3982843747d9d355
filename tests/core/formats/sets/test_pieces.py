"""Folders of safetensors files in which several ranks wrote their pieces of the tensors."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from inspector import core

WHOLE = {"a": np.arange(40, dtype=np.float32).reshape(10, 4), "b": np.arange(15, dtype=np.int64).reshape(3, 5), "c": np.ones(3, np.float16)}


def write(folder: Path, ranks: dict[int, dict[str, tuple[tuple[int, ...], Any]]], total: int = 1) -> Path:
    """rank -> name -> (offsets, piece)."""
    folder.mkdir(exist_ok=True)
    for rank, pieces in ranks.items():
        info = {name: {"saved_offsets": list(offsets)} for name, (offsets, _) in pieces.items()}
        save_file({name: np.ascontiguousarray(piece) for name, (_, piece) in pieces.items()},
                  folder / f"shard-{rank:05}-model-00001-of-{total:05}.safetensors",
                  metadata={"format": "pt", "DCP_SHARDING_INFO": json.dumps(info), "DCP_VERSION": "1.0"})
    return folder


def pieces() -> dict[int, dict[str, tuple[tuple[int, ...], Any]]]:
    a, b, c = WHOLE.values()
    return {1: {"a": ((0, 0), a[:4]), "b": ((0, 0), b[:, :3]), "c": ((0,), c)}, 2: {"a": ((4, 0), a[4:8]), "b": ((0, 3), b[:, 3:])},
            3: {"a": ((8, 0), a[8:])}}


def test_that_pieces_are_put_together(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", pieces())
    assert core.is_set(folder)
    ckpt = core.open(folder)
    assert (ckpt.format, ckpt.findings) == ("dcp-safetensors", ())
    for name, array in WHOLE.items():
        found = core.read_numpy(ckpt, name)
        assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())
    core.save(ckpt, tmp_path / "out.safetensors")
    assert {name: array.tolist() for name, array in load_file(tmp_path / "out.safetensors").items()} == {
        name: array.tolist() for name, array in WHOLE.items()}
    assert {name: tensor.scheme for name, tensor in core.packed_tensors(ckpt).items()} == dict.fromkeys(WHOLE, "dcp-safetensors")


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_that_the_pieces_of_a_rank_that_is_not_there_are_missed(gone: int, tmp_path: Path) -> None:
    """Without the last one a tensor only looks shorter: that it is not whole cannot be told then."""
    given = pieces()
    del given[gone]
    ckpt = core.open(write(tmp_path / "a", given))
    broken = {name for name, info in ckpt.tensors.items() if info.problem}
    assert "a" in broken or gone == 3
    assert bool([finding for finding in ckpt.findings if finding.id == "missing-shard"]) == (gone != 3)
    for name in broken:
        with pytest.raises(core.BadTensor, match=r"missing|cover"):
            core.read_numpy(ckpt, name)


def test_that_pieces_that_contradict_each_other_give_no_numbers(tmp_path: Path) -> None:
    a = WHOLE["a"]
    for n, ranks in enumerate([
            {1: {"a": ((0, 0), a[:4])}, 2: {"a": ((3, 0), a[3:])}}, {1: {"a": ((0, 0), a[:4])}, 2: {"a": ((5, 0), a[5:])}},
            {1: {"a": ((0, 0), a[:4])}, 2: {"a": ((4, 0), a[4:].astype(np.float64))}}, {1: {"a": ((0, 0), a[:4])}, 2: {"a": ((4,), a[4:])}},
            {1: {"a": ((0, 0), a[:4])}, 2: {"a": ((1 << 61, 0), a[4:])}}]):
        ckpt = core.open(write(tmp_path / str(n), ranks))
        with pytest.raises(core.BadTensor):
            core.read_numpy(ckpt, "a")


def test_that_metadata_that_is_none_is_as_good_as_none(tmp_path: Path) -> None:
    for n, text in enumerate(("", "{", "[]", '{"a": 5}', '{"a": {"saved_offsets": [-1, 0]}}', '{"a": {"saved_offsets": [true, 0]}}',
                              "[" * 90_000)):
        folder = tmp_path / str(n)
        folder.mkdir()
        save_file({"a": WHOLE["a"]}, folder / "shard-00001-model-00001-of-00001.safetensors", metadata={"DCP_SHARDING_INFO": text})
        assert core.read_numpy(folder, "a").tolist() == WHOLE["a"].tolist()


def test_that_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", pieces())
    (folder / "shard-00002-model-00001-of-00001.safetensors").write_bytes(b"nothing")
    ckpt = core.open(folder)
    assert {finding.id for finding in ckpt.findings} == {"missing-shard", "broken-tensor"}
    assert ckpt.tensors["a"].problem
    assert core.read_numpy(ckpt, "c").tolist() == [1, 1, 1]
