"""What was found between two files, as edits that make one of the other, and back."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch

from inspector import cli, core
from tests.core.relations import galleries
from tests.core.relations.galleries import Gallery

WHOLLY: dict[str, Callable[[], Gallery]] = {
    "llama": galleries.llama, "gpt2": galleries.gpt2, "bert": galleries.bert, "vit": galleries.vit,
    "torchvision": galleries.vit_torchvision, "tensorflow": galleries.tensorflow_convolutions, "neox": galleries.neox,
    "mixtral": galleries.mixtral, "mixtral turned": partial(galleries.mixtral, turned=True)}


def same(a: core.Checkpoint, b: core.Checkpoint) -> bool:
    return {key: core.digest(a, key) for key in a.tensors} == {key: core.digest(b, key) for key in b.tensors}


@pytest.mark.parametrize("name", WHOLLY)
def test_that_the_edits_make_the_other_file_and_back(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    tensors_a, tensors_b, _ = WHOLLY[name]()
    torch.save(tensors_a, tmp_path / "a.pth")
    torch.save(tensors_b, tmp_path / "b.pth")
    a, b = core.open(tmp_path / "a.pth"), core.open(tmp_path / "b.pth")
    comparison = core.compare(a, b)
    there, back = (core.conversion_of(comparison, side) for side in (0, 1))
    assert (there.left, there.done, there.of) == ((), len(b.tensors), len(b.tensors))
    assert (back.left, back.done, back.of) == ((), len(a.tensors), len(a.tensors))
    made = core.edit(a, there.edits)
    assert same(made, b)
    assert same(core.edit(made, back.edits), a)
    core.save(made, tmp_path / "made.pth")
    loaded = torch.load(tmp_path / "made.pth", weights_only=True)
    assert all(torch.equal(loaded[key], value) for key, value in tensors_b.items())


def test_that_layers_share_an_edit() -> None:
    torch.manual_seed(0)
    a, b, _ = galleries.llama()
    found = core.conversion_of(core.compare(a, b))
    assert [edit.text for edit in found.edits if edit.option == "reorder"] == [
        f"layers.*.attention.wq.weight=halves:{galleries.HEADS}", f"layers.*.attention.wk.weight=halves:{galleries.KV}"]


def test_that_a_cast_on_the_way_is_an_edit() -> None:
    torch.manual_seed(0)
    a, b, _ = galleries.vit()
    comparison = core.compare(a, {key: value.bfloat16() for key, value in b.items()})
    found = core.conversion_of(comparison)
    assert found.edits[-1] == core.Cast("bfloat16")
    assert found.done == found.of == len(b)


def test_that_a_cast_is_the_same_from_either_side() -> None:
    torch.manual_seed(0)
    wide = {f"a.{n}.weight": torch.randn(6, 4) for n in range(3)}
    narrow = {f"b.{n}.weight": value.bfloat16() for n, value in enumerate(wide.values())}
    for a, b in ((wide, narrow), (narrow, wide)):
        comparison = core.compare(a, b)
        for side, (mine, other) in enumerate(((a, b), (b, a))):
            found = core.conversion_of(comparison, side)
            dtype = str(next(iter(other.values())).dtype).removeprefix("torch.")
            assert found.edits[-1] == core.Cast(dtype)
            assert found.done == found.of == 3
            made = core.edit(mine, found.edits)
            for key, value in other.items():
                got = torch.from_numpy(made[key].numpy().astype("float64"))
                assert torch.equal(got, value.double() if other is narrow else value.bfloat16().double())


@pytest.mark.parametrize("pair", [(torch.ones(4), torch.full((4,), 3.0)), (torch.zeros(4), torch.ones(4)), (torch.ones(4), torch.zeros(4)),
                                  (torch.randn(50), torch.randn(50)), (torch.randn(50), torch.randn(50).half())])
def test_that_a_difference_seen_from_the_other_side_is_what_comparing_that_way_says(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    a, b = pair
    there, back = (core.compare({"w": one}, {"w": other}).pairs[0].difference for one, other in ((a, b), (b, a)))
    assert there is not None
    assert back is not None
    assert there.back()[:9] == pytest.approx(back[:9], rel=1e-9, nan_ok=True)
    assert (there.back().growth, there.back().norm) == pytest.approx((back.growth, back.norm), rel=1e-9)
    assert not there.back().many            # what rows of the other side rule out was not looked at
    assert not there.back().full
    assert there.back().cast == back.cast


@pytest.mark.parametrize("make", [partial(galleries.mixtral, alternating=True), partial(galleries.llama, fused=True)])
def test_that_what_no_edit_does_is_named(make: Callable[[], Gallery]) -> None:
    torch.manual_seed(0)
    a, b, truth = make()
    found = core.conversion_of(core.compare(a, b))
    assert found.left
    assert {one.b for one in found.left} <= {keys for _, _, keys in truth}
    assert bool(found.left) == (found.done < found.of)


def test_that_experts_are_stacked_by_few_edits() -> None:
    torch.manual_seed(0)
    a = {f"layers.{n}.experts.{e}.w.weight": torch.randn(6, 4) for n in range(3) for e in range(4)}
    b = {f"layers.{n}.experts": torch.stack([a[f"layers.{n}.experts.{e}.w.weight"] for e in range(4)]) for n in range(3)}
    found = core.conversion_of(core.compare(a, b))
    assert found.done == found.of == 3
    assert core.Reshape("layers.*.experts.0.w.weight", (1, 6, 4)) in found.edits
    assert len(found.edits) <= 4 + 1


def test_that_diff_writes_a_recipe_that_edit_replays(tmp_path: Path) -> None:
    torch.manual_seed(0)
    a, b, _ = galleries.gpt2()
    torch.save({"epoch": 3, "model_state_dict": a}, tmp_path / "a.pth")
    torch.save(b, tmp_path / "b.pth")
    assert cli.main(["diff", str(tmp_path / "a.pth"), str(tmp_path / "b.pth"), "--save-recipe", str(tmp_path / "to_b.json")]) == 1
    assert cli.main(["edit", str(tmp_path / "a.pth"), "-o", str(tmp_path / "new.pth"), "--recipe", str(tmp_path / "to_b.json")]) == 0
    loaded = torch.load(tmp_path / "new.pth", weights_only=True)
    assert loaded["epoch"] == 3
    assert all(torch.equal(loaded["model_state_dict"][key], value) for key, value in b.items())


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", ["llama", "gpt2", "vit", "neox"])
def test_that_of_each_relation_alone_the_edits_change_its_tensors_and_no_other(name: str, side: int) -> None:
    torch.manual_seed(0)
    comparison = core.compare(*WHOLLY[name]()[:2])
    mine, theirs = ((comparison.a, comparison.b), (comparison.b, comparison.a))[side]
    for one in comparison.rearranged:
        keys, made = ((one.a, one.b), (one.b, one.a))[side]
        found = core.conversion_of(comparison, side, only=[one])
        assert (found.left, found.done, found.of) == ((), len(made), len(made))
        after = core.edit(mine, found.edits)
        assert all(core.digest(after, key) == core.digest(theirs, key) for key in made)
        assert {key for key in mine.tensors if key not in after.tensors} <= {*keys}
        assert all(core.digest(after, key) == core.digest(mine, key) for key in mine.tensors if key not in keys and key not in made)
