"""A tensor that is another with more of the same: found, and what is new in it told, and never where it is not so."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import cli, core
from inspector.commands.relations_text import rearranged_json, rearranged_text

Tensors = dict[str, torch.Tensor]
WORDS, D = 300, 48


def compared(a: Tensors, b: Tensors) -> core.Comparison:
    rest = {"body.weight": torch.randn(D, D, generator=torch.Generator().manual_seed(9))}
    return core.compare({**a, **rest}, {**b, **rest})


def one_grown(a: torch.Tensor, b: torch.Tensor, key: str = "embed.weight") -> tuple[core.Rearranged, core.Grown]:
    found = compared({key: a}, {key: b}).rearranged
    assert len(found) == 1, found
    assert found[0].grown is not None
    return found[0], found[0].grown


def embedding(dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return (torch.randn(WORDS, D, generator=torch.Generator().manual_seed(1)) * 0.02).to(dtype)


MADE = {"zeros": lambda e: torch.zeros_like(e[:16]), "constant": lambda e: torch.full_like(e[:16], 0.25),
        "mean": lambda e: e.mean(0, keepdim=True).expand(16, -1), "copy": lambda e: e[7:8].expand(16, -1), "again": lambda e: e[:16],
        "copies": lambda e: e[[3, 250, 17]], "near-mean": lambda e: e.mean(0) + torch.randn(16, D) * 1e-6,
        "own": lambda e: torch.randn(16, D).to(e.dtype) * 0.3}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("made", MADE)
def test_that_new_rows_are_told_by_how_they_were_made(made: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    if made == "near-mean" and dtype not in (torch.float32, torch.float64):
        pytest.skip("so little is rounded away")
    e = embedding(dtype)
    b = torch.cat([e, MADE[made](e).to(dtype)])
    one, grown = one_grown(e, b)
    assert (one.kind, one.held, one.dims) == ("grown", "exact", (0,))
    assert (grown.common, grown.more, grown.start, grown.size, grown.made) == (WORDS, len(b) - WORDS, 0, D, made)
    cut, other = one_grown(b, e)
    assert (cut.kind, other) == ("cut", grown)
    if made == "own":
        assert grown.std == pytest.approx(float(b[WORDS:].double().std(correction=0)), rel=1e-6)
        assert grown.others == pytest.approx(float(e.double().std(correction=0)), rel=1e-6)


@pytest.mark.parametrize("dim", [0, 1, 2, 3])
def test_that_any_one_dimension_may_have_grown(dim: int) -> None:
    """As input channels of a convolution do."""
    torch.manual_seed(0)
    a = torch.randn(6, 4, 3, 5)
    one, grown = one_grown(a, torch.cat([a, torch.zeros_like(a)], dim))
    assert (one.dims, grown.made, grown.common, grown.size) == ((dim,), "zeros", a.shape[dim], a.numel() // a.shape[dim])
    one, grown = one_grown(a, torch.cat([a, a.mean(dim, keepdim=True)], dim))
    assert (one.dims, grown.made, grown.more) == ((dim,), "mean", 1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 1), st.integers(0, 999))
def test_that_the_place_of_the_common_ones_is_told(before: int, after: int, dim: int, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    a = torch.randn(7, 9, generator=random)

    def more(count: int) -> torch.Tensor:
        return torch.randn(*(count if d == dim else n for d, n in enumerate(a.shape)), generator=random)
    found = compared({"w": a}, {"w": torch.cat([more(before), a, more(after)], dim)}).rearranged
    assert [(one.kind, one.dims, one.grown and one.grown.start) for one in found] == (
        [("grown", (dim,), before)] if before + after else [])


def test_that_a_vocabulary_that_grew_and_was_trained_is_nearly_that() -> None:
    torch.manual_seed(0)
    e = embedding()
    b = torch.cat([e + torch.randn_like(e) * 0.002, torch.randn(16, D) * 0.02])
    found = compared({"embed.weight": e}, {"embed.weight": b})
    assert [(one.kind, one.held) for one in found.rearranged] == [("grown", "near")]
    assert found.verdict is not None
    assert found.verdict.id == "fine-tuned"     # and not "what both have is the same"
    said = rearranged_text(found.rearranged[0])
    assert said.startswith("embed.weight has 16 more rows in B behind the 300 of A. They are nearly the same: relative distance 0.1")


def test_that_a_cast_on_the_way_is_told() -> None:
    e = embedding()
    one, grown = one_grown(e, torch.cat([e, torch.zeros(4, D)]).bfloat16())
    assert (one.held, grown.made) == ("cast", "zeros")


def test_that_a_short_bias_goes_as_its_weight() -> None:
    torch.manual_seed(0)
    w, bias = torch.randn(10, D), torch.randn(10)
    a = {"fc.weight": w, "fc.bias": bias}
    found = compared(a, {"fc.weight": torch.cat([w, torch.randn(2, D)]), "fc.bias": torch.cat([bias, torch.zeros(2)])}).rearranged
    assert [(one.a, one.kind, one.basis) for one in found] == [(("fc.weight",), "grown", ""), (("fc.bias",), "grown", "weight")]
    assert compared({"fc.bias": bias}, {"fc.bias": torch.cat([bias, torch.zeros(2)])}).rearranged == ()


@pytest.mark.parametrize("shapes", [((10, D), (12, D)), ((D,), (D + 16,)), ((D, 3, 3), (D, 4, 3)), ((300, D), (316, D))])
@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_that_unrelated_values_are_not_grown(shapes: tuple[tuple[int, ...], tuple[int, ...]], offset: float) -> None:
    torch.manual_seed(0)
    assert compared({"w": offset + torch.randn(shapes[0]) * 0.02}, {"w": offset + torch.randn(shapes[1]) * 0.02}).rearranged == ()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_that_constants_tell_nothing(value: float) -> None:
    assert compared({"norm.weight": torch.full((64,), value)}, {"norm.weight": torch.full((80,), value)}).rearranged == ()
    assert compared({"w": torch.full((64, 8), value)}, {"w": torch.full((80, 8), value)}).rearranged == ()


def test_that_one_wrong_element_is_not_exact() -> None:
    e = embedding()
    b = torch.cat([e, torch.zeros(4, D)])
    b[151, 30] += 0.01
    assert one_grown(e, b)[0].held == "near"
    counts = torch.arange(3000).reshape(300, 10)
    more = torch.cat([counts, counts])
    assert compared({"w": counts}, {"w": more}).rearranged[0].held == "exact"
    more[[151, 451], 3] += 1
    assert compared({"w": counts}, {"w": more}).rearranged == ()


def test_that_values_that_are_no_numbers_are_told_without_figures() -> None:
    e = embedding()
    one, grown = one_grown(e, torch.cat([e, torch.full((4, D), float("nan"))]))
    assert (one.held, grown.made, grown.std) == ("exact", "own", None)
    e[5, 5] = float("inf")
    assert one_grown(e, torch.cat([e, torch.ones(4, D) * 3]))[1].made == "constant"
    assert one_grown(e, torch.cat([e, torch.randn(4, D)]))[1].made == "own"
    assert rearranged_json(one)["grown"]["std"] is None


def test_that_more_pairs_than_are_tried_are_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.core.relations.finding._MOST_GROWN", 2)
    torch.manual_seed(0)
    a = {f"w{n}": torch.randn(20 + n, 8) for n in range(5)}
    found = compared(a, {key: torch.cat([value, torch.zeros(3, 8)]) for key, value in a.items()})
    assert {one.a for one in found.rearranged} == {("w3",), ("w4",)}        # the largest
    assert found.unsearched is not None
    assert found.unsearched.tensors == 6


@pytest.mark.parametrize("made", ["zeros", "mean", "copy"])
def test_that_a_recipe_makes_it_and_back(tmp_path: Path, made: str, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    e = embedding()
    a = {"embed.weight": e, "head.weight": torch.randn(D, D)}
    b = {**a, "embed.weight": torch.cat([e, MADE[made](e)])}
    torch.save(a, tmp_path / "a.pth")
    torch.save(b, tmp_path / "b.pth")
    for here, there, wanted in (("a", "b", b), ("b", "a", a)):
        recipe, out = tmp_path / f"{here}.json", tmp_path / f"{here}_made.pth"
        assert cli.main(["diff", str(tmp_path / f"{here}.pth"), str(tmp_path / f"{there}.pth"), "--save-recipe", str(recipe)]) == 1
        assert "no edit does this" not in capsys.readouterr().out
        assert cli.main(["edit", str(tmp_path / f"{here}.pth"), "-o", str(out), "--recipe", str(recipe)]) == 0
        found = torch.load(out, weights_only=True)
        assert torch.equal(found["embed.weight"][:WORDS], wanted["embed.weight"][:WORDS])
        torch.testing.assert_close(found["embed.weight"], wanted["embed.weight"], rtol=0, atol=1e-9)


def test_that_rows_of_their_own_are_said_to_come_from_b(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    e = embedding()
    torch.save({"embed.weight": e}, tmp_path / "a.pth")
    torch.save({"embed.weight": torch.cat([e, torch.randn(5, D)])}, tmp_path / "b.pth")
    a, b, recipe = (str(tmp_path / name) for name in ("a.pth", "b.pth", "recipe.json"))
    cli.main(["diff", a, b, "--save-recipe", recipe])
    said = capsys.readouterr().out
    assert "no edit does this: embed.weight has 5 more rows in B" in said
    advice = said.split("`--take ")[1].split("`")[0]
    assert cli.main(["edit", a, "-o", str(tmp_path / "out.pth"), "--take", advice]) == 0
    assert core.compare(tmp_path / "out.pth", b).same


def test_that_copies_of_a_row_are_made_of_any_type_and_view(tmp_path: Path) -> None:
    for value in (torch.arange(12).reshape(4, 3), torch.randn(4, 3).double(), torch.randn(3, 4).t(), torch.rand(4, 3) > 0.5):
        for dim in (0, 1):
            torch.save({"w": value}, tmp_path / "a.pth")
            ckpt = core.edit(tmp_path / "a.pth", [core.Resize("w", dim, value.shape[dim] + 2, "row1")])
            core.save(ckpt, tmp_path / "out.pth")
            wanted = torch.cat([value, value.narrow(dim, 1, 1), value.narrow(dim, 1, 1)], dim)
            assert torch.equal(torch.load(tmp_path / "out.pth", weights_only=True)["w"], wanted)
            again = core.edit(ckpt, [core.Resize("w", dim, value.shape[dim] + 3, f"row{value.shape[dim]}")])
            assert np.array_equal(core.read_numpy(again, "w"), torch.cat([wanted, value.narrow(dim, 1, 1)], dim).numpy())


def test_that_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(core.EditError, match="has no row 4"):
        core.edit({"w": np.zeros((4, 2), np.float32)}, [core.Resize("w", 0, 5, "row4")])
    with pytest.raises(core.EditError, match="cannot be"):
        core.parse_edit("resize", "w=0:5:rows")
