from __future__ import annotations

from pathlib import Path

import torch

from inspector import core
from tests.core.edits.made import opened


def test_that_a_small_view_of_a_large_storage_becomes_small(tmp_path: Path) -> None:
    big = torch.arange(10000.0)
    ckpt = opened(tmp_path, {"view": big[10:20], "whole": torch.ones(3)})
    assert "oversized-storage" in {finding.id for finding in ckpt.findings}
    new = core.edit(ckpt, [core.Unshare("*")])
    assert new.tensors["view"].storage_nbytes == 40
    assert new.tensors["whole"] == ckpt.tensors["whole"]
    assert torch.equal(core.read_torch(new, "view"), big[10:20])
    assert not new.findings


def test_that_one_keeps_the_storage_and_the_others_get_their_own(tmp_path: Path) -> None:
    tied = torch.randn(4, 3)
    ckpt = opened(tmp_path, {"a": tied, "b": tied, "t": tied.t()})
    new = core.edit(ckpt, [core.Unshare("*")])
    assert new.tensors["a"].storage == ckpt.tensors["a"].storage
    assert len({info.storage for info in new.tensors.values()}) == 3
    assert core.read_torch(new, "t").is_contiguous()
    assert torch.equal(core.read_torch(new, "t"), tied.t())


def test_that_only_what_is_named_is_copied(tmp_path: Path) -> None:
    tied = torch.randn(4)
    new = core.edit(opened(tmp_path, {"a": tied, "b": tied, "c": tied}), [core.Unshare("a")])
    assert new.tensors["a"].storage != new.tensors["b"].storage == new.tensors["c"].storage


def test_that_a_quantized_tensor_keeps_its_scale(tmp_path: Path) -> None:
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantized = torch.quantize_per_tensor(torch.randn(6), 0.1, 3, torch.qint8)
        new = core.edit(opened(tmp_path, {"q": quantized, "r": quantized}), [core.Unshare("r")])
        assert torch.equal(core.read_torch(new, "r").dequantize(), quantized.dequantize())
