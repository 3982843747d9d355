"""Conversions between the code bases that people move weights between: everything is found, both ways, and nothing else."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch

from inspector import core
from tests.core.relations import galleries
from tests.core.relations.galleries import Gallery, Tensors

ALL: dict[str, Callable[[], Gallery]] = {
    "llama": galleries.llama, "llama fused": partial(galleries.llama, fused=True), "neox": galleries.neox, "gpt2": galleries.gpt2,
    "bert": galleries.bert, "vit": galleries.vit, "vit torchvision": galleries.vit_torchvision, "mixtral": galleries.mixtral,
    "mixtral turned": partial(galleries.mixtral, turned=True),
    "gpt-oss": partial(galleries.mixtral, turned=True, alternating=True), "tensorflow": galleries.tensorflow_convolutions}


def arranged(found: core.Comparison) -> set[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return {(one.kind, one.a, one.b) for one in found.rearranged if one.kind != "moved"}


def is_moved_rightly(found: core.Comparison, one: core.Rearranged) -> bool:
    """Whether a tensor that is said to have another name only really has."""
    x, y = (torch.from_numpy(core.read_numpy(ckpt, key).astype("float32")) for ckpt, (key,) in ((found.a, one.a), (found.b, one.b)))
    return x.shape == y.shape and bool(torch.allclose(x, y, rtol=0.05, atol=1e-5))


@pytest.mark.parametrize("swapped", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("name", ALL)
def test_that_a_conversion_is_told_bit_for_bit(name: str, swapped: bool) -> None:
    torch.manual_seed(7)
    a, b, truth = ALL[name]()
    found = core.compare(b, a) if swapped else core.compare(a, b)
    expected = {(kind, theirs, mine) if swapped else (kind, mine, theirs) for kind, mine, theirs in truth}
    assert arranged(found) == expected
    assert {one.held for one in found.rearranged} == {"exact"}
    explained = [{key for one in found.rearranged for key in (one.a, one.b)[side]} for side in (0, 1)]
    for pair in found.pairs:
        is_explained = pair.a in (None, *explained[0]) and pair.b in (None, *explained[1])
        assert is_explained or pair.status in ("equal", "renamed"), pair
    assert found.verdict is not None
    assert found.verdict.id == "rearranged"
    assert not found.undecided


def test_that_heads_are_counted_and_the_direction_is_told() -> None:
    torch.manual_seed(0)
    a, b, _ = galleries.llama()
    there = {one.b[0]: (one.orders, one.groups, one.dims) for one in core.compare(a, b).rearranged}
    assert there["model.layers.0.self_attn.q_proj.weight"] == (("halves",), galleries.HEADS, (0,))
    assert there["model.layers.0.self_attn.k_proj.weight"] == (("halves",), galleries.KV, (0,))
    back = {one.a[0]: (one.orders, one.groups) for one in core.compare(b, a).rearranged}
    assert back["model.layers.0.self_attn.q_proj.weight"] == (("pairs",), galleries.HEADS)


@pytest.mark.parametrize("name", ALL)
def test_that_other_values_of_the_same_shapes_are_related_to_nothing(name: str) -> None:
    torch.manual_seed(1)
    a, b, _ = ALL[name]()
    other: Tensors = {key: torch.randn(value.shape) for key, value in b.items()}
    found = core.compare(a, other)
    assert (found.rearranged, found.undecided) == ((), ())


@pytest.mark.parametrize("name", ALL)
def test_that_constants_are_never_said_to_be_something(name: str) -> None:
    """Zeros are equal to zeros wherever they stand: that nothing tells them apart is all there is to say."""
    a, b, _ = ALL[name]()
    found = core.compare({f"x.{key}": torch.zeros_like(value) for key, value in a.items()},
                         {f"y.{key}": torch.zeros_like(value) for key, value in b.items()})
    assert found.rearranged == ()
    assert all(one.constant for one in found.undecided)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ALL)
def test_that_a_cast_on_the_way_is_told(name: str, dtype: torch.dtype) -> None:
    torch.manual_seed(2)
    a, b, truth = ALL[name]()
    found = core.compare(a, {key: value.to(dtype) for key, value in b.items()})
    assert arranged(found) == set(truth)
    assert {one.held for one in found.rearranged} == {"cast"}
    assert all(is_moved_rightly(found, one) for one in found.rearranged if one.kind == "moved")


@pytest.mark.parametrize("name", ["llama", "gpt2", "bert", "mixtral", "mixtral turned", "vit"])
def test_that_what_holds_nearly_is_told_with_how_far_it_is(name: str) -> None:
    """Matrices; a bias has nothing but its weight to go by."""
    torch.manual_seed(3)
    a, b, truth = ALL[name]()
    found = core.compare(a, {key: value * (1 + 1e-3 * torch.randn(value.shape)) for key, value in b.items()})
    assert arranged(found) == set(truth)
    assert {one.held for one in found.rearranged} == {"near"}
    assert all(is_moved_rightly(found, one) for one in found.rearranged if one.kind == "moved")
    assert all(one.difference is not None and 1e-4 < one.difference.rel < 1e-2 for one in found.rearranged)


def test_that_a_factor_is_told() -> None:
    torch.manual_seed(4)
    weight = torch.randn(24, 40)
    found = core.compare({"a.kernel": weight, "n": torch.ones(3)}, {"b.weight": (weight * 0.125).t().contiguous(), "n": torch.ones(3)})
    one, = found.rearranged
    assert (one.kind, one.held) == ("transposed", "scaled")
    assert one.scale == pytest.approx(0.125, rel=1e-6)


def test_that_a_vocabulary_in_another_order_is_told() -> None:
    torch.manual_seed(5)
    words = torch.randn(60, 24)
    found = core.compare({"a.embedding": words, "n": torch.ones(3)}, {"b.words": words[torch.randperm(60)], "n": torch.ones(3)})
    one, = found.rearranged
    assert (one.kind, one.orders, one.dims, one.held) == ("reordered", ("other",), (0,), "exact")


def test_that_channels_the_other_way_round_are_told() -> None:
    """Blue, green and red, as Caffe and OpenCV have them."""
    torch.manual_seed(6)
    weight = torch.randn(16, 3, 5, 5)
    found = core.compare({"a.kernel": weight, "n": torch.ones(3)}, {"b.weight": weight.flip(1), "n": torch.ones(3)})
    one, = found.rearranged
    assert (one.kind, one.orders, one.dims) == ("reordered", ("reversed",), (1,))


def test_that_rows_of_zeros_do_not_hide_what_the_others_tell() -> None:
    torch.manual_seed(8)
    q, k, v = (torch.randn(16, 16) for _ in range(3))
    for one in (q, k, v):
        one[3:6] = 0
    found = core.compare({"w.qkv": torch.cat([q, k, v]), "n": torch.ones(3)}, {"w.q": q, "w.k": k, "w.v": v, "n": torch.ones(3)})
    assert arranged(found) == {("joined", ("w.qkv",), ("w.q", "w.k", "w.v"))}


def test_that_of_equal_tensors_it_is_said_that_nothing_tells_them_apart() -> None:
    torch.manual_seed(9)
    w = torch.randn(20, 20)
    found = core.compare({"a.one": w, "a.two": w.clone(), "n": torch.ones(3)}, {"b.first": w, "b.second": w.clone(), "n": torch.ones(3)})
    assert found.rearranged == ()
    assert found.undecided == (core.Undecided(("a.one", "a.two"), ("b.first", "b.second")),)


def test_that_one_wrong_row_is_no_exact_conversion() -> None:
    """The usual mistake: all but the permutation of one head was done."""
    torch.manual_seed(10)
    a, b, _ = galleries.llama()
    key = "model.layers.1.self_attn.q_proj.weight"
    b[key] = a["layers.1.attention.wq.weight"].clone()
    found = core.compare(a, b)
    pair = next(pair for pair in found.pairs if pair.b == key)
    assert pair.status == "renamed"                     # it is said to be what it is: not permuted
    assert key not in {name for one in found.rearranged for name in one.b}
