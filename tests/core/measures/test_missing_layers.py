"""A hole in a stack of layers is told, and what only looks like one is not."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inspector.core.measures.missing_layers import missing_layers, missing_layers_findings

PARTS = ("attn.weight", "mlp.weight", "norm.weight")


def stack(numbers: object, name: str = "model.layers.", parts: tuple[str, ...] = PARTS) -> list[str]:
    return [f"{name}{n}.{part}" for n in numbers for part in parts]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [
    "model.layers.", "transformer.h.", "bert.encoder.layer.", "blocks.", "visual.transformer.resblocks.", "decoder.block.", "stages.",
    "encoder.layers.encoder_layer_", "layer", "features.denseblock", "module._orig_mod.layers.",
])
@pytest.mark.parametrize(("there", "missing"), [
    ((0, 1, 2, 4), (3,)), ((0, 1, 2, 4, 5), (3,)), ((0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7)), ((0, 1, 2, 3, 5, 6, 9), (4, 7, 8)),
    ((*range(20), *range(21, 40)), (20,)), ((1, 2, 3, 5, 6), (4,)), ((0, 1, 2, 4, 5, 6), (3,)),
])
def test_that_a_missing_number_is_told(name: str, there: tuple[int, ...], missing: tuple[int, ...]) -> None:
    (gap,) = missing_layers(["embed.weight", *stack(there, name), "head.weight"])
    assert (gap.stack, gap.there, gap.missing) == (name, there, missing)


@pytest.mark.parametrize("keys", [
    pytest.param(stack(range(6)), id="whole"),
    pytest.param(stack(range(8, 16)), id="a-part-from-the-middle"),
    pytest.param(stack((0, 2, 4, 6, 8)), id="every-other"),
    pytest.param(stack((0, 1, 3, 4, 6, 7)), id="pooling-between-pairs"),
    pytest.param(stack((0, 1, 3, 4, 5), parts=("weight", "bias")), id="activations-between-linear-layers"),
    pytest.param(stack((0, 1, 3, 4, 5), "model."), id="not-named-like-a-stack"),
    pytest.param(stack((0, 1, 3, 4, 5), "path."), id="ends-in-h"),
    pytest.param(stack((0, 1, 3, 4, 5), "of_3layers."), id="a-number-before-the-word"),
    pytest.param(stack((3, 7, 90_000), "experts."), id="numbers-that-count-something-else"),
    pytest.param(stack((0, 1, 3), parts=("q.lora_A.weight", "q.lora_B.weight")), id="adapters"),
    pytest.param([*nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)).state_dict()],
                 id="convolutions"),
    pytest.param([*nn.Transformer(8, 2, 3, 3, 8, batch_first=True).state_dict()], id="transformer"),
    pytest.param([], id="nothing"),
])
def test_that_what_only_looks_like_a_hole_is_not_told(keys: list[str]) -> None:
    assert missing_layers(keys) == []


def test_that_the_finding_has_its_keys_as_data_and_its_numbers_in_words() -> None:
    (finding,) = missing_layers_findings(["embed.weight", *stack((0, 1, 2, 4, 5))])
    assert (finding.id, finding.level, finding.where, finding.prefix) == ("missing-layers", "warning", "model.layers", "model.layers.")
    assert finding.message == "Layer 3 of model.layers.* is missing; there are 0-2, 4-5."
    assert list(finding.keys) == stack((0, 1, 2, 4, 5))


def test_that_a_part_of_a_set_may_lack_layers() -> None:
    (finding,) = missing_layers_findings(stack((0, 1, 10, 11, 12, 13, 2)), "run/model-00001-of-00003.safetensors")
    assert finding.level == "info"


def test_that_a_name_of_many_numbers_is_not_held_once_for_each_of_them() -> None:
    tracemalloc.start()
    try:
        assert missing_layers(["h.1." * 20_000]) == []
        assert tracemalloc.get_traced_memory()[1] < 10 << 20        # what comes before each takes 800 MB
    finally:
        tracemalloc.stop()


def test_that_many_stacks_are_counted() -> None:
    found = [*missing_layers_findings([key for n in range(50) for key in stack((0, 1, 2, 4), f"m{n}.layers.")])]
    assert len(found) == 21
    assert "30 more stacks" in found[-1].message


@settings(deadline=None)
@given(st.sets(st.integers(0, 40), min_size=1), st.integers(0, 3))
def test_that_only_numbers_between_others_are_missing(numbers: set[int], more: int) -> None:
    for gap in missing_layers(stack(sorted(numbers), parts=PARTS[:more])):
        assert set(gap.there) == numbers
        assert set(gap.missing) == set(range(min(numbers), max(numbers))) - numbers
