"""What tensors of one storage are to each other."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inspector import core

torch = pytest.importorskip("torch")


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    x = torch.arange(100.0)
    torch.save({"all": x, "same": x, "part": x[10:20], "late": x[15:25], "far": x[90:], "square": x.view(10, 10),
                "across": x.view(10, 10).t(), "empty": x[5:5], "other": torch.zeros(3)}, tmp_path / "x.pth")
    return core.open(tmp_path / "x.pth")


@pytest.mark.parametrize(("one", "other", "expected"), [
    ("all", "same", "same"), ("part", "all", "view"), ("all", "part", "viewed"), ("part", "late", "overlaps"), ("part", "far", "apart"),
    ("square", "all", "view"), ("across", "all", "view"), ("empty", "all", "apart")])
def test_that_relations_are_told(ckpt: core.Checkpoint, one: str, other: str, expected: str) -> None:
    assert core.relation(ckpt.tensors[one], ckpt.tensors[other]) == expected


def test_that_sharing_lists_only_storages_of_several(ckpt: core.Checkpoint) -> None:
    assert [*core.sharing(ckpt).values()] == [[key for key in ckpt.tensors if key != "other"]]


def test_that_tensors_without_storage_share_nothing() -> None:
    infos: dict[str, Any] = {key: core.TensorInfo(key, (2,), "float32", "meta", (1,), 0, "", 0) for key in "ab"}
    assert core.sharing(core.Checkpoint("x", "torch-zip", "state-dict", (), infos)) == {}
