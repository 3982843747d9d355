"""Mixtures of experts, by names and shapes."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector import core


def saved(folder: Path, shapes: dict[str, tuple[int, ...]], config: Any = None, name: str = "model.safetensors") -> core.Checkpoint:
    core.save({key: np.zeros(shape, np.float32) for key, shape in shapes.items()}, folder / name)
    if config is not None:
        (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return core.open(folder / name)


MIXTRAL = {**{f"model.layers.{layer}.block_sparse_moe.experts.{n}.{w}.weight": (4, 5) for layer in range(3) for n in range(8)
              for w in ("w1", "w2", "w3")},
           **{f"model.layers.{layer}.block_sparse_moe.gate.weight": (8, 5) for layer in range(3)}, "model.embed_tokens.weight": (10, 5)}


def test_that_experts_are_counted_without_a_configuration(tmp_path: Path) -> None:
    found = core.experts(saved(tmp_path, MIXTRAL))
    assert found == core.Experts(8, 3, 3 * 8 * 60, 3 * 8 * 60 + 3 * 40 + 50)
    assert found.active is None


@pytest.mark.parametrize("config", [{"num_experts_per_tok": 2}, {"text_config": {"moe_topk": 2}}])
def test_that_what_a_token_meets_is_known_by_the_configuration_beside(tmp_path: Path, config: dict[str, Any]) -> None:
    found = core.experts(saved(tmp_path, MIXTRAL, config))
    assert found is not None
    assert (found.top_k, found.source, found.active) == (2, "config.json", 3 * 2 * 60 + 3 * 40 + 50)


@pytest.mark.parametrize("config", [{"num_experts_per_tok": 9}, {"num_experts_per_tok": 0}, {"num_experts_per_tok": True}, "[]", "{",
                                    "[" * 5000, {"text_config": 3}, {"num_experts_per_tok": "-1"}])
def test_that_a_configuration_that_says_nothing_of_use_is_passed_over(tmp_path: Path, config: Any) -> None:
    found = core.experts(saved(tmp_path, MIXTRAL, config))
    assert found is not None
    assert (found.top_k, found.active, found.source) == (None, None, "")


def test_that_the_file_s_own_word_goes_before(tmp_path: Path) -> None:
    ckpt = core.edit({key: np.zeros(shape, np.float32) for key, shape in MIXTRAL.items()}, [])
    core.save(ckpt, tmp_path / "m.safetensors")
    core.save(core.edit(tmp_path / "m.safetensors", [core.SetMetadata("num_experts_per_tok", "3")]), tmp_path / "n.safetensors")
    (tmp_path / "config.json").write_text('{"num_experts_per_tok": 2}')
    found = core.experts(tmp_path / "n.safetensors")
    assert found is not None
    assert (found.top_k, found.source) == (3, "num_experts_per_tok")


@pytest.mark.parametrize(("shapes", "expected"), [
    ({f"layers.{n}.mlp.experts.{w}": (16, 3, 4) for n in range(2) for w in ("gate_up_proj", "down_proj")}, (16, 2)),
    ({f"blk.{n}.ffn_{w}_exps.weight": (6, 3, 4) for n in range(4) for w in ("gate", "up", "down")}, (6, 4)),
    ({f"decoder.experts.{n}.fc.weight": (2, 3) for n in range(4)}, (4, 1)),
    ({"experts.0.w": (2, 2), "shared_experts.up.weight": (3, 3)}, None),
    ({"mlp.shared_experts.gate.weight": (3, 3), "expectation.1.w": (2, 2)}, None),
    ({"w": (2,)}, None)])
def test_that_all_ways_of_naming_them_are_known(tmp_path: Path, shapes: dict[str, tuple[int, ...]],
                                                expected: tuple[int, int] | None) -> None:
    found = core.experts(saved(tmp_path, shapes))
    assert (None if found is None else found[:2]) == expected


def test_that_the_optimizer_s_state_has_no_experts() -> None:
    keys = {f"optimizer.state.experts.{n}.exp_avg": np.zeros(3, np.float32) for n in range(4)}
    assert core.experts(core.edit({**keys, "model.w": np.zeros(3, np.float32)}, [])) is None
