"""What somebody points at becomes edits that mean just that."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from inspector.core.edits.tools.globs import matcher, patterns_for
from inspector.core.suggestions.parts import paths_of
from tests.core.edits.made import opened, state_dict

KEYS = ("conv.weight", "conv.bias", "fc.weight")


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    return opened(tmp_path, {"model": state_dict(*KEYS), "ema": state_dict(*KEYS), "epoch": 3})


def group(ckpt: core.Checkpoint, prefix: str) -> core.Part:
    return core.Part(prefix, tuple(key for key in ckpt.tensors if key.startswith(f"{prefix}.") or key == prefix))


def test_that_the_fewest_paths_mean_a_part(ckpt: core.Checkpoint) -> None:
    assert paths_of(group(ckpt, "model"), ckpt) == ["model"]
    assert paths_of(core.Part("", ("model.conv.weight", "model.conv.bias", "ema.fc.weight")), ckpt) == ["model.conv", "ema.fc"]
    assert paths_of(core.Part("epoch", (), "epoch"), ckpt) == ["epoch"]
    assert paths_of(core.Part("", tuple(ckpt.tensors)), ckpt) == []
    assert paths_of(core.Part("optimizer"), ckpt) == ["optimizer"]
    assert paths_of(core.Part(), ckpt) == []


def test_that_a_prefix_that_others_have_too_is_stripped_in_its_own_state_dict_only(ckpt: core.Checkpoint) -> None:
    chosen = group(ckpt, "model.conv")
    assert core.prefix_of(chosen, ckpt) == "conv."
    assert core.edits_for_part("strip-prefix", chosen, ckpt) == (core.StripPrefix("model.conv."),)
    assert core.prefix_of(core.Part("epoch", (), "epoch"), ckpt) is None
    assert core.edits_for_part("strip-prefix", core.Part("epoch", (), "epoch"), ckpt) == ()


def test_that_a_wrapper_s_prefix_is_seen_where_nothing_else_is_named(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("module.a", "module.b"))
    assert core.edits_for_part("strip-prefix", core.Part("", tuple(ckpt.tensors)), ckpt) == (core.StripPrefix("module."),)
    assert core.wrapper_prefixes(ckpt) == ["module."]
    assert core.prefix_of(core.Part("module.a", ("module.a",)), ckpt) == "module."


def test_that_edits_touch_the_part_and_nothing_else(ckpt: core.Checkpoint) -> None:
    part = core.Part("", ("model.conv.weight", "ema.conv.weight", "ema.conv.bias"))
    [drop] = core.edits_for_part("drop", part, ckpt)
    assert set(ckpt.tensors) - set(core.edit(ckpt, [drop]).tensors) == set(part.keys)
    [keep] = core.edits_for_part("keep", part, ckpt)
    assert set(core.edit(ckpt, [keep]).tensors) == set(part.keys)
    assert core.edits_for_part("extract", part, ckpt) == ()
    assert core.edits_for_part("extract", group(ckpt, "model"), ckpt) == (core.Extract("model"),)
    assert core.edits_for_part("unshare", group(ckpt, "model.fc"), ckpt) == (core.Unshare("model.fc"),)


@pytest.mark.parametrize("option", ["drop", "keep", "extract", "unshare", "cast"])
def test_that_the_whole_file_is_no_part_of_it(ckpt: core.Checkpoint, option: str) -> None:
    for part in (core.Part(), core.Part("", tuple(ckpt.tensors))):
        assert core.edits_for_part(option, part, ckpt) == ()
        assert core.text_for_part(option, part, ckpt) == ""


def test_that_a_form_begins_with_what_the_part_says(ckpt: core.Checkpoint) -> None:
    assert core.text_for_part("rename", group(ckpt, "model.conv"), ckpt) == r"^conv\."
    assert core.text_for_part("rename", core.Part("ema.fc.weight", ("ema.fc.weight",)), ckpt) == r"^fc\.weight$"
    assert core.text_for_part("rename", group(ckpt, "model"), ckpt) == ""
    assert core.text_for_part("cast", group(ckpt, "model.conv"), ckpt) == "model.conv"
    assert core.text_for_part("set", core.Part("epoch", (), "epoch"), ckpt) == "epoch"
    assert core.text_for_part("set", core.Part("config"), ckpt) == "config."
    assert core.text_for_part("match", group(ckpt, "model"), ckpt) == ""


@pytest.mark.parametrize(("selected", "place"), [
    ("net.stages", "stages.#"), ("net.stages.1", "stages.#"), ("net.stages.1.blocks", "stages.*.blocks.#"),
    ("net.stages.1.blocks.0", "stages.*.blocks.#"), ("net.stages.0.blocks.2.w", "stages.*.blocks.#"), ("net.head.w", ""), ("net", ""),
    ("net.odd.#", ""), ("net.odder.*", "")])
def test_that_layers_to_be_numbered_otherwise_are_those_selected(tmp_path: Path, selected: str, place: str) -> None:
    names = [f"stages.{stage}.blocks.{n}.w" for stage in range(2) for n in range(3)] + ["head.w", "odd.#.0.w", "odder.*.0.w"]
    torch.save({"epoch": 1, "net": {name: torch.ones(2) for name in names}}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    keys = tuple(key for key in ckpt.tensors if key == selected or key.startswith(f"{selected}."))
    found = core.text_for_part("renumber", core.Part(selected, keys), ckpt)
    assert found == place
    if place:
        new = core.edit(ckpt, [core.Renumber(found, 4)]).tensors
        assert any(key not in ckpt.tensors for key in new)


@given(st.lists(st.text(st.sampled_from("ab.*?[]{},!-\\"), min_size=1, max_size=8), min_size=1, max_size=6))
def test_that_patterns_fit_the_keys_that_they_are_made_of(keys: list[str]) -> None:
    fits = [matcher(pattern) for pattern in patterns_for(keys)]
    for key in keys:
        assert any(fit(key) for fit in fits)
    if not any(char in "".join(keys) for char in "{},"):
        above = tuple(f"{key}." for key in keys)
        others = ["x", *(f"{key}x" for key in keys), *(key.replace("*", "b").replace("?", "b").replace("[", "b") for key in keys)]
        assert not any(fit(other) for fit in fits for other in others if other not in keys and not other.startswith(above))


def test_that_patterns_are_one_where_they_can_be() -> None:
    assert patterns_for(["a[0]", "b*"]) == ["{a[[]0],b[*]}"]
    assert patterns_for(["a,b"]) == ["a,b"]
    assert patterns_for([]) == []
    assert len(patterns_for(str(n) for n in range(500))) == 3


@pytest.mark.parametrize("many", [3, 700])
def test_that_what_is_left_is_only_what_was_named(tmp_path: Path, many: int) -> None:
    """By one pattern, or by all that goes where no pattern can say that much."""
    path = tmp_path / "run.pth"
    torch.save({"epoch": 3, "args": {"lr": 0.1}, "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1}]},
                "model": {f"layers.{n}.{leaf}": torch.zeros(1) for n in range(many) for leaf in ("w", "b")}}, path)
    ckpt = core.open(str(path))
    keys = tuple(f"model.layers.{n}.w" for n in range(0, many, 2))
    left = core.edit(ckpt, core.edits_for_only(keys, ckpt))
    assert tuple(left.tensors) == keys
    assert not left.values
