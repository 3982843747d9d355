"""Conversions against torch's own, over every bit pattern of narrow types and a great many of wide ones."""
from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.dtypes import DTYPES
from inspector.core.tensors.casts import converter, losses, why_not

FLOATS = ["float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"]
WHOLE = ["int64", "int32", "int16", "int8", "uint8"]
pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")


def patterns(dtype: str) -> torch.Tensor:
    """All bit patterns, or 60,000 random ones and what lies near the limits of other types."""
    width = DTYPES[dtype].itemsize
    if dtype == "bool":
        return torch.tensor([False, True] * 20)
    if width == 1:
        return torch.arange(256, dtype=torch.uint8).view(getattr(torch, dtype))
    if width == 2:
        return torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(getattr(torch, dtype))
    bits = np.random.default_rng(3).integers(0, 1 << 8 * width, 60000, dtype=f"u{width}", endpoint=False)
    found = torch.from_numpy(bits).view(getattr(torch, dtype))
    if DTYPES[dtype].kind != "float":
        return torch.cat([found, (found.to(torch.float64) % 300).to(found.dtype)])
    near = [v * f for v in (65504, 65520, 448, 464, 480, 57344, 61440, 240, 6e-8, 1e-45, 2.0 ** -9, 3.4e38, 0.0)
            for f in (1, -1, 1.0001, 0.9999)]
    ordinary = torch.linspace(-300, 300, 40001, dtype=torch.float64)
    return torch.cat([found, torch.tensor([*near, float("inf"), -float("inf"), float("nan")]).to(found.dtype), ordinary.to(found.dtype)])


def raw(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def back(data: Any, dtype: str) -> torch.Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).view(getattr(torch, dtype))


@pytest.mark.parametrize("target", FLOATS)
@pytest.mark.parametrize("source", [*FLOATS, *WHOLE, "bool", "float8_e8m0fnu"])
def test_that_floats_come_out_as_torch_makes_them_bit_for_bit(source: str, target: str) -> None:
    values = patterns(source)
    theirs = values.to(getattr(torch, target))
    ours = back(converter(source, target)(raw(values)), target)
    nan = theirs.to(torch.float32).isnan()
    assert torch.equal(ours.to(torch.float32).isnan(), nan)
    width = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[theirs.element_size()]
    assert torch.equal(ours.view(width)[~nan], theirs.view(width)[~nan])


@pytest.mark.parametrize("target", [*WHOLE, "bool"])
@pytest.mark.parametrize("source", [*FLOATS, *WHOLE, "bool"])
def test_that_integers_in_range_come_out_as_torch_makes_them(source: str, target: str) -> None:
    values = patterns(source)
    if DTYPES[source].kind == "float" and target != "bool":     # out of range it is what the processor makes of it
        known = torch.iinfo(getattr(torch, target))
        wide = values.to(torch.float64)
        values = values[(wide > known.min) & (wide < known.max)] if source != target else values
    theirs = values.to(getattr(torch, target))
    assert raw(back(converter(source, target)(raw(values)), target)) == raw(theirs)


@pytest.mark.parametrize(("source", "target"), [("complex64", "complex128"), ("complex128", "complex64"), ("complex32", "complex64"),
                                                ("complex64", "complex32"), ("float32", "complex64"), ("complex64", "bool")])
def test_that_complex_numbers_go_part_by_part(source: str, target: str) -> None:
    values = torch.randn(50, dtype=torch.complex64 if "complex" in source else torch.float32).to(getattr(torch, source))
    values[0] = 0
    assert bytes(converter(source, target)(raw(values))) == raw(values.to(getattr(torch, target)))


@pytest.mark.parametrize(("source", "target"), [("complex64", "float32"), ("qint8", "float32"), ("float32", "float8_e8m0fnu"),
                                                ("float32", "float4_e2m1fn_x2"), ("float6_e2m3", "float32"), ("float32", "uint3")])
def test_that_what_makes_no_sense_says_why(source: str, target: str) -> None:
    assert why_not(source, target)


@pytest.mark.parametrize(("values", "source", "target", "told"), [
    ([1e6, -1e6, 1, float("inf"), float("nan")], "float32", "float16", (2, 0, 0)),
    ([1e-9, 0, 1], "float32", "float16", (0, 1, 0)),
    ([464, 464.01, 449, float("inf")], "float32", "float8_e4m3fn", (2, 0, 0)),
    ([1e30], "float32", "bfloat16", (0, 0, 0)),
    ([float("nan"), 300, 0.5, -1, 255], "float32", "uint8", (2, 1, 1)),
    ([300, -1, 255], "int64", "uint8", (2, 0, 0)),
    ([70000, 1], "int64", "float16", (1, 0, 0)),
    ([True, False], "bool", "int8", (0, 0, 0)),
    ([5, 0], "int64", "bool", (0, 0, 0)),
])
def test_that_losses_are_counted(values: list[float], source: str, target: str, told: tuple[int, int, int]) -> None:
    assert losses(raw(torch.tensor(values, dtype=getattr(torch, source))), source, target) == told


# -- read through the reader ------------------------------------------------------------------------------------------------------

SHAPES = {"whole": lambda t: t, "transposed": lambda t: t.t(), "every other": lambda t: t[::2, 1::3], "one row": lambda t: t[2],
          "expanded": lambda t: t[:, :1].expand(7, 4), "empty": lambda t: t[:0], "one": lambda t: t[1, 1]}


@pytest.mark.parametrize("view", SHAPES)
def test_that_converted_views_read_as_torch_converts_them(tmp_path: Path, view: str) -> None:
    tensor = SHAPES[view](torch.randn(7, 9))
    torch.save({"w": tensor}, tmp_path / "x.pth")
    new = core.edit(core.open(tmp_path / "x.pth"), [core.Cast("bfloat16")])
    theirs = tensor.to(torch.bfloat16).contiguous()
    assert torch.equal(core.read_torch(new, "w"), theirs)
    assert core.read_torch(new, "w").stride() == theirs.stride()
    for size in (1, 3, 16, 1 << 20):
        joined = b"".join(part.tobytes() for part in core.iter_chunks(new, "w", size))
        assert joined == raw(theirs)
    assert core.digest(new, "w") == hashlib.sha256(raw(theirs)).hexdigest()


def test_that_a_second_cast_rounds_what_the_first_left(tmp_path: Path) -> None:
    tensor = torch.randn(64)
    torch.save({"w": tensor}, tmp_path / "x.pth")
    new = core.edit(core.open(tmp_path / "x.pth"), [core.Cast("float8_e5m2"), core.Cast("float32")])
    assert torch.equal(core.read_torch(new, "w"), tensor.to(torch.float8_e5m2).to(torch.float32))


@given(st.lists(st.floats(width=64, allow_nan=False), min_size=1, max_size=30), st.sampled_from(FLOATS))
@settings(max_examples=60)
def test_that_any_float64_rounds_as_in_torch(values: list[float], target: str) -> None:
    tensor = torch.tensor(values, dtype=torch.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = back(converter("float64", target)(raw(tensor)), target)
    theirs = tensor.to(getattr(torch, target))
    assert torch.equal(ours.to(torch.float64).nan_to_num(7, 8, 9), theirs.to(torch.float64).nan_to_num(7, 8, 9))
