"""Folders that Megatron-LM saved with tensor parallelism: joined where names and arguments say how, left as they are where not."""
from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from inspector import core

H, HEADS, FFN, VOCAB = 8, 4, 12, 24
MADE = torch.Generator().manual_seed(1)


def new(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=MADE).to(torch.bfloat16)


LAYER = "decoder.layers.0."
# name -> (the whole, along which dimension a rank has its part: None for all of it)
MCORE: dict[str, tuple[torch.Tensor, int | None]] = {
    "embedding.word_embeddings.weight": (new(VOCAB, H), 0), "embedding.position_embeddings.weight": (new(16, H), None),
    LAYER + "self_attention.linear_proj.weight": (new(H, H), 1), LAYER + "self_attention.linear_proj.bias": (new(H), None),
    LAYER + "self_attention.linear_qkv.layer_norm_weight": (new(H), None), LAYER + "self_attention.linear_qkv.weight": (new(3 * H, H), 0),
    LAYER + "self_attention.linear_qkv.bias": (new(3 * H), 0), LAYER + "self_attention.q_layernorm.weight": (new(2), None),
    LAYER + "mlp.linear_fc2.weight": (new(H, FFN), 1), LAYER + "mlp.linear_fc2.bias": (new(H), None),
    "decoder.final_layernorm.weight": (new(H), None), "output_layer.weight": (new(VOCAB, H), 0),
}
FC1 = {LAYER + "mlp.linear_fc1.weight": new(2 * FFN, H), LAYER + "mlp.linear_fc1.bias": new(2 * FFN)}
OLD: dict[str, tuple[torch.Tensor, int | None]] = {
    "language_model.encoder.layers.0.self_attention.query_key_value.weight": (new(3 * H, H), 0),
    "language_model.encoder.layers.0.self_attention.dense.weight": (new(H, H), 1),
    "language_model.encoder.layers.0.mlp.dense_4h_to_h.weight": (new(H, FFN), 1),
    "language_model.encoder.layers.0.input_layernorm.bias": (new(H), None), "language_model.pooler.dense.weight": (new(H, H), None),
    "lm_head.dense.weight": (new(H, H), None), "lm_head.bias": (new(VOCAB), 0),
}


def mine(whole: torch.Tensor, dim: int | None, rank: int, ranks: int) -> torch.Tensor:
    return whole if dim is None else whole.chunk(ranks, dim)[rank].clone()


def gated(whole: torch.Tensor, rank: int, ranks: int) -> torch.Tensor:
    """A rank's rows of the gate, and behind them its rows of what is gated."""
    gate, up = whole.chunk(2)
    return torch.cat([gate.chunk(ranks)[rank], up.chunk(ranks)[rank]])


def write(folder: Path, ranks: int, table: dict[str, tuple[torch.Tensor, int | None]], *, swiglu: bool | None = True,
          version: float | None = 3.0, suffix: str = "", **args: Any) -> Path:
    for rank in range(ranks):
        place = folder / f"mp_rank_{rank:02}{suffix}"
        place.mkdir(parents=True)
        model = {name: mine(whole, dim, rank, ranks) for name, (whole, dim) in table.items()}
        model |= {name: gated(whole, rank, ranks) if swiglu else mine(whole, 0, rank, ranks) for name, whole in FC1.items()}
        given = {"tensor_model_parallel_size": ranks, "pipeline_model_parallel_size": 1, **args}
        given |= {"swiglu": swiglu} if swiglu is not None else {}
        torch.save({"args": Namespace(**given), **({"checkpoint_version": version} if version is not None else {}), "iteration": 100,
                    "model": model, "optimizer": {"fp32": [torch.full((3,), float(rank))]}}, place / "model_optim_rng.pt")
    return folder


@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize("swiglu", [True, False])
@pytest.mark.parametrize("suffix", ["", "_000"])
def test_that_parts_are_joined_by_what_modules_are_called(ranks: int, swiglu: bool, suffix: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    folder = write(run / "iter_0000100", ranks, MCORE, swiglu=swiglu, suffix=suffix)
    (run / "latest_checkpointed_iteration.txt").write_text("100\n")
    for path in (run, folder):
        ckpt = core.open(path)
        assert (ckpt.format, ckpt.kind, ckpt.path, ckpt.values["iteration"]) == ("megatron", "training-checkpoint", str(path), 100)
        assert core.is_set(path)
        assert not {"ambiguous-parts", "missing-shard"} & {finding.id for finding in ckpt.findings}
        for name, whole in {**{name: whole for name, (whole, _) in MCORE.items()}, **FC1}.items():
            assert torch.equal(core.read_torch(ckpt, f"model.{name}"), whole), name
    assert torch.equal(core.read_torch(ckpt, "mp_rank_01.optimizer.fp32.0"), torch.ones(3))
    core.save(core.edit(ckpt, [core.Extract("model")]), tmp_path / "out.safetensors")
    found = load_file(tmp_path / "out.safetensors")
    assert found.keys() == {*MCORE, *FC1}
    assert torch.equal(found[LAYER + "mlp.linear_fc1.weight"], FC1[LAYER + "mlp.linear_fc1.weight"])
    assert [str(Path(one).relative_to(tmp_path)) for one in core.checkpoints_in(tmp_path)] == ["out.safetensors", "run"]


def test_that_the_names_of_before_the_core_are_known(tmp_path: Path) -> None:
    ckpt = core.open(write(tmp_path / "a", 2, {name: entry for name, entry in OLD.items() if name != "lm_head.dense.weight"}))
    for name, (whole, _) in OLD.items():
        if name != "lm_head.dense.weight":
            assert torch.equal(core.read_torch(ckpt, f"model.{name}"), whole), name


@pytest.mark.parametrize(("left", "options"), [
    (["lm_head.dense.weight"], {}),                                                                 # a name that is in no list
    (["language_model.encoder.layers.0.self_attention.query_key_value.weight", "lm_head.dense.weight"], {"version": 1.0}),
    (["language_model.encoder.layers.0.self_attention.query_key_value.weight", "lm_head.dense.weight"], {"version": None}),
    (["lm_head.dense.weight", *FC1], {"swiglu": None}),
    (["lm_head.dense.weight", *FC1], {"swiglu": None, "gated_linear_unit": "perhaps"}),
])
def test_that_what_is_ambiguous_stays_in_parts(left: list[str], options: dict[str, Any], tmp_path: Path) -> None:
    ckpt = core.open(write(tmp_path / "a", 2, OLD, **options))
    (finding,) = [finding for finding in ckpt.findings if finding.id == "ambiguous-parts"]
    assert sorted(finding.keys) == sorted(f"model.{name}" for name in left)
    for name in left:
        assert f"model.{name}" not in ckpt.tensors
        assert {f"mp_rank_00.model.{name}", f"mp_rank_01.model.{name}"} <= ckpt.tensors.keys()
    assert torch.equal(core.read_torch(ckpt, "model.lm_head.bias"), OLD["lm_head.bias"][0])


def test_that_a_missing_rank_is_told_by_what_it_has_a_part_of(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", 4, MCORE)
    (folder / "mp_rank_03" / "model_optim_rng.pt").unlink()
    ckpt = core.open(folder)
    assert "missing-shard" in {finding.id for finding in ckpt.findings}
    for name, (whole, dim) in MCORE.items():
        assert ckpt.tensors[f"model.{name}"].shape == whole.shape
        assert bool(ckpt.tensors[f"model.{name}"].problem) == (dim is not None)
        if dim is None:
            assert torch.equal(core.read_torch(ckpt, f"model.{name}"), whole)


def test_that_parts_of_other_shapes_are_no_numbers(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", 2, MCORE)
    path = folder / "mp_rank_01" / "model_optim_rng.pt"
    found = torch.load(path, weights_only=False)
    found["model"][LAYER + "mlp.linear_fc2.weight"] = torch.ones(H, 2)
    torch.save(found, path)
    ckpt = core.open(folder)
    assert "different shapes" in ckpt.tensors[f"model.{LAYER}mlp.linear_fc2.weight"].problem
    assert torch.equal(core.read_torch(ckpt, "model.output_layer.weight"), MCORE["output_layer.weight"][0])


@pytest.mark.parametrize("args", [{"pipeline_model_parallel_size": 2}, {"expert_model_parallel_size": 4}])
def test_that_pipeline_stages_are_refused(args: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(core.Unsupported, match="not joined"):
        core.open(write(tmp_path / "a", 2, MCORE, **args))


def test_that_stages_are_seen_by_the_names(tmp_path: Path) -> None:
    write(tmp_path / "a", 2, MCORE, suffix="_000")
    write(tmp_path / "a", 2, MCORE, suffix="_001")
    with pytest.raises(core.Unsupported, match="pipeline"):
        core.open(tmp_path / "a")


def test_that_one_rank_alone_is_its_file(tmp_path: Path) -> None:
    ckpt = core.open(write(tmp_path / "a", 1, MCORE))
    assert (ckpt.format, ckpt.path) == ("torch-zip", str(tmp_path / "a" / "mp_rank_00" / "model_optim_rng.pt"))
