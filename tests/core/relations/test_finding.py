"""Tensors that hold the same values in another arrangement are named as such, and no others."""
from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import core

Tensors = dict[str, torch.Tensor]


def compared(folder: Path, a: Tensors, b: Tensors) -> core.Comparison:
    torch.save(a, folder / "a.pth")
    torch.save(b, folder / "b.pth")
    return core.compare(core.open(folder / "a.pth"), core.open(folder / "b.pth"))


def verdict(found: core.Comparison) -> str:
    assert found.verdict is not None
    return found.verdict.id


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64, torch.int8, torch.complex64, torch.complex128])
@pytest.mark.parametrize("shape", [(12, 12), (8, 16), (30, 7)])
def test_that_a_transposed_matrix_is_told_whether_square_or_not(tmp_path: Path, shape: tuple[int, int], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    w = (torch.randn(*shape) * 50).to(dtype)
    rest = {"ln.weight": torch.randn(16), "fc.weight": torch.randn(4, 4)}
    found = compared(tmp_path, {"w": w, **rest}, {"w": w.t().contiguous(), **rest})
    assert found.rearranged == (core.Rearranged("transposed", ("w",), ("w",), (1, 0)),)
    assert verdict(found) == "rearranged"


@pytest.mark.parametrize("order", [order for order in permutations(range(4)) if order != (0, 1, 2, 3)])
def test_that_any_order_of_the_dimensions_is_found(tmp_path: Path, order: tuple[int, ...]) -> None:
    w = torch.randn(4, 3, 5, 2)
    found = compared(tmp_path, {"w": w, "n": torch.ones(3)}, {"w": w.permute(order).contiguous(), "n": torch.ones(3)})
    assert [(one.kind, one.dims) for one in found.rearranged] == [("permuted", order)]


def test_that_a_view_of_a_transposed_matrix_is_no_rearrangement(tmp_path: Path) -> None:
    """Strides are the file's business: w.t() saved as a view has the same elements as its contiguous copy."""
    w = torch.randn(6, 9)
    found = compared(tmp_path, {"w": w.t()}, {"w": w.t().contiguous()})
    assert (verdict(found), found.rearranged) == ("identical", ())


def test_that_other_values_of_a_shape_that_fits_are_not_called_transposed(tmp_path: Path) -> None:
    w = torch.randn(12, 12)
    almost = w.t().clone()
    almost[11, 0] += 1
    found = compared(tmp_path, {"w": w, "v": torch.randn(8, 16)}, {"w": almost, "v": torch.randn(16, 8)})
    one, = found.rearranged
    assert (one.kind, one.a, one.held) == ("transposed", ("w",), "near")
    assert one.difference is not None
    assert (one.difference.n_different, one.difference.max_abs) == (1, pytest.approx(1))
    assert verdict(found) not in ("rearranged", "same-weights")


def test_that_values_of_another_shape_in_the_same_order_are_reshaped(tmp_path: Path) -> None:
    w = torch.randn(8, 3, 4)
    found = compared(tmp_path, {"w": w, "n": torch.ones(3)}, {"w": w.reshape(8, 12), "n": torch.ones(3)})
    assert found.rearranged == (core.Rearranged("reshaped", ("w",), ("w",)),)


@st.composite
def fused(draw: st.DrawFn) -> tuple[list[torch.Tensor], int]:
    """Pieces that fit together along a dimension."""
    dims = draw(st.lists(st.integers(2, 5), min_size=1, max_size=3))
    dim = draw(st.integers(0, len(dims) - 1))
    rng = torch.Generator().manual_seed(draw(st.integers(0, 9999)))
    sizes = draw(st.lists(st.integers(2, 6), min_size=2, max_size=4))
    return [torch.randn(*(size if d == dim else n for d, n in enumerate(dims)), 16 if len(dims) == 1 and dim else 1, 4, generator=rng)
            for size in sizes], dim


@given(fused(), st.booleans())
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_that_pieces_and_what_they_make_are_found_both_ways(tmp_path: Path, made: tuple[list[torch.Tensor], int], whole_in_a: bool) -> None:
    pieces, dim = made
    names = tuple(f"attn.{'qkvo'[i]}_proj.weight" for i in range(len(pieces)))
    apart, whole = dict(zip(names, pieces, strict=True)), {"attn.in_proj.weight": torch.cat(pieces, dim)}
    rest = {"norm.weight": torch.randn(40), "norm.bias": torch.randn(40)}
    sides = ({**whole, **rest}, {**apart, **rest})
    found = compared(tmp_path, *(sides if whole_in_a else sides[::-1]))
    one, = found.rearranged
    assert (one.kind, one.dims) == ("joined", (dim,))
    assert (one.a, one.b) == ((("attn.in_proj.weight",), names) if whole_in_a else (names, ("attn.in_proj.weight",)))
    assert verdict(found) == "rearranged"


def test_that_neighbours_that_were_not_fused_stay_out(tmp_path: Path) -> None:
    rows = {f"l{i}.attn.{n}_proj.weight": torch.randn(8, 8) for i in range(3) for n in "qkvo"}
    joined = {f"l{i}.attn.qkv.weight": torch.cat([rows[f"l{i}.attn.{n}_proj.weight"] for n in "qkv"]) for i in range(3)}
    joined |= {key: value for key, value in rows.items() if ".o_proj" in key}
    found = compared(tmp_path, rows, joined)
    assert [one.a for one in found.rearranged] == [tuple(f"l{i}.attn.{n}_proj.weight" for n in "qkv") for i in range(3)]
    assert verdict(found) == "rearranged"


def test_that_stacked_experts_are_found(tmp_path: Path) -> None:
    experts = {f"moe.experts.{i}.w1.weight": torch.randn(8, 4) for i in range(5)}
    found = compared(tmp_path, experts, {"moe.experts.w1": torch.stack(list(experts.values()))})
    assert found.rearranged == (core.Rearranged("stacked", tuple(experts), ("moe.experts.w1",), (0,)),)


def test_that_a_rearranged_tensor_does_not_hide_another_that_changed(tmp_path: Path) -> None:
    torch.manual_seed(0)
    w, v = torch.randn(12, 12), torch.randn(20, 20)
    found = compared(tmp_path, {"w": w, "v": v}, {"w": w.t().contiguous(), "v": v + 0.01 * torch.randn(20, 20)})
    assert verdict(found) == "fine-tuned"
    assert dict(found.verdict.facts)["rearranged"] == 1 if found.verdict else False
    assert dict(found.verdict.facts)["cosine"] > 0.99 if found.verdict else False       # of the other alone
