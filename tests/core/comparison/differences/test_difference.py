"""Figures are held against float64 (integers: exact) references made with torch and Python, counts must be equal."""
from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inspector import core
from inspector.core.comparison.differences import kernels

REAL = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.int64, torch.int32,
        torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.bool]
COMPLEX = [torch.complex64, torch.complex128]


def _compared(a: torch.Tensor, b: torch.Tensor, folder: Path, **options: Any) -> core.Pair:
    torch.save({"w": a}, folder / "a.pth")
    torch.save({"w": b}, folder / "b.pth")
    return core.compare(core.open(folder / "a.pth"), core.open(folder / "b.pth"), **options).pairs[0]


def _values(dtype: torch.dtype, seed: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    floats = torch.randn(37, 5, generator=rng, dtype=torch.float64)
    if dtype in COMPLEX:
        return torch.complex(floats, torch.randn(37, 5, generator=rng, dtype=torch.float64)).to(dtype)
    if dtype == torch.bool:
        return floats > 0
    if dtype.is_floating_point:
        return (floats * 3).to(torch.float32).to(dtype) if dtype.itemsize < 4 else (floats * 3).to(dtype)
    found = (floats.abs() * 20).to(torch.int64)
    return found.to(dtype) if not dtype.is_signed else (floats * 20).to(torch.int64).to(dtype)


PAIRS = {f"{str(one)[6:]}-{str(other)[6:]}": (one, other) for one, other in product(REAL, REAL)}


def _pair(one: torch.dtype, other: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    a, b = _values(one, 1), _values(other, 2)
    b.view(-1)[:50] = a.view(-1)[:50].to(torch.float32).to(other) if other.is_floating_point else a.view(-1)[:50].to(other)
    return a, b


@pytest.fixture(scope="module")
def of_every_dtype(tmp_path_factory: pytest.TempPathFactory) -> dict[str, core.Pair]:
    folder = tmp_path_factory.mktemp("dtypes")
    for side in (0, 1):
        torch.save({name: _pair(*dtypes)[side] for name, dtypes in PAIRS.items()}, folder / f"{side}.pth")
    found = core.compare(core.open(folder / "0.pth"), core.open(folder / "1.pth"))
    return {pair.a or "": pair for pair in found.pairs}


@pytest.mark.parametrize("name", PAIRS)
def test_that_figures_equal_a_float64_reference_for_every_pair_of_dtypes(name: str, of_every_dtype: dict[str, core.Pair]) -> None:
    one, other = PAIRS[name]
    a, b = _pair(one, other)
    pair = of_every_dtype[name]
    found = pair.difference
    assert found is not None
    x, y = _float64(a), _float64(b)
    distance = np.abs(x - y)
    assert found.n_different == np.count_nonzero(x != y)
    assert found.sign_flips == np.count_nonzero(x * y < 0)
    assert found.max_abs == distance.max()
    assert math.isclose(found.rms, math.sqrt(np.mean(distance ** 2)), rel_tol=1e-12)
    assert math.isclose(found.rel, np.linalg.norm(distance) / np.linalg.norm(x), rel_tol=1e-12)
    assert math.isclose(found.cosine, np.vdot(x, y) / np.linalg.norm(x) / np.linalg.norm(y), rel_tol=1e-12)
    assert pair.status == ("dtype" if one != other else "values" if found.n_different else "equal")


def _float64(tensor: torch.Tensor) -> Any:
    if tensor.dtype.is_floating_point:
        return tensor.to(torch.float64).numpy().ravel()
    return tensor.numpy().astype(np.float64).ravel()


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
def test_that_complex_elements_are_apart_in_the_plane(dtype: torch.dtype, tmp_path: Path) -> None:
    a, b = _values(dtype, 1), _values(dtype, 2)
    found = _compared(a, b, tmp_path).difference
    assert found is not None
    x, y = a.to(torch.complex128).numpy().ravel(), b.to(torch.complex128).numpy().ravel()
    assert found.n_different == np.count_nonzero(x != y)
    assert math.isclose(found.max_abs, np.abs(x - y).max(), rel_tol=1e-15)
    assert math.isclose(found.cosine, np.vdot(x, y).real / np.linalg.norm(x) / np.linalg.norm(y), rel_tol=1e-12)


def test_that_integers_beyond_float64_are_told_apart(tmp_path: Path) -> None:
    a = torch.tensor([2 ** 63 - 1, -2 ** 63, 2 ** 53 + 1, 5], dtype=torch.int64)
    b = torch.tensor([2 ** 63 - 2, 2 ** 63 - 1, 2 ** 53, 5], dtype=torch.int64)
    found = _compared(a, b, tmp_path).difference
    assert found is not None
    assert found.n_different == 3
    assert found.max_abs == float(2 ** 64 - 1)
    exact = Fraction(sum((int(x) - int(y)) ** 2 for x, y in zip(a, b, strict=True)), 4)
    assert math.isclose(found.rms, math.sqrt(exact), rel_tol=1e-12)


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(("a", "b", "different", "nonfinite", "flips"), [
    ([NAN, 1.0], [NAN, 1.0], 0, 0, 0), ([NAN, 1.0], [1.0, NAN], 2, 2, 0), ([INF, -INF], [INF, -INF], 0, 0, 0),
    ([INF, -INF], [-INF, -INF], 1, 1, 1), ([0.0, -0.0], [-0.0, 0.0], 0, 0, 0), ([1.0, -1.0], [-1.0, -1.0], 1, 0, 1),
    ([INF, 2.0], [3.0, 2.0], 1, 1, 0), ([], [], 0, 0, 0), ([NAN], [NAN], 0, 0, 0)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_that_nan_and_infinities_are_counted_and_left_out_of_the_sums(a: list[float], b: list[float], different: int, nonfinite: int,
                                                                     flips: int, dtype: torch.dtype, tmp_path: Path) -> None:
    found = _compared(torch.tensor(a, dtype=dtype), torch.tensor(b, dtype=dtype), tmp_path).difference
    assert found is not None
    assert (found.n_different, found.nonfinite, found.sign_flips) == (different, nonfinite, flips)
    assert math.isfinite(found.max_abs)
    assert math.isfinite(found.rms)


def test_that_equal_values_are_told_from_equal_bytes(tmp_path: Path) -> None:
    zero = _compared(torch.tensor([0.0, 1.0]), torch.tensor([-0.0, 1.0]), tmp_path)
    assert zero.status == "equal"
    assert zero.difference is not None
    assert not zero.difference.equal_bytes
    same = _compared(torch.tensor([0.0, NAN]), torch.tensor([0.0, NAN]), tmp_path)
    assert same.difference is not None
    assert same.difference.equal_bytes


@pytest.mark.parametrize("scale", [1e200, 1e-200, 5e-324, 1e300])
def test_that_squares_beyond_float64_do_not_spoil_the_figures(scale: float, tmp_path: Path) -> None:
    a = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64) * scale
    b = torch.tensor([1.0, 2.0, 2.0], dtype=torch.float64) * scale
    found = _compared(a, b, tmp_path).difference
    assert found is not None
    assert found.max_abs == 2 * scale
    assert math.isclose(found.rms, 2 * scale / math.sqrt(3), rel_tol=1e-12) or scale == 5e-324
    assert math.isclose(found.rel, 2 / math.sqrt(21), rel_tol=1e-12)
    assert math.isclose(found.cosine, 13 / math.sqrt(21) / 3, rel_tol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2], ids=str)
def test_that_a_cast_is_recognised_and_only_a_cast(dtype: torch.dtype, tmp_path: Path) -> None:
    a = torch.randn(100, generator=torch.Generator().manual_seed(0))
    exact = _compared(a, a.to(dtype), tmp_path)
    assert exact.status == "dtype"
    assert exact.difference is not None
    assert exact.difference.cast == "b"
    back = _compared(a.to(dtype), a, tmp_path).difference
    assert back is not None
    assert back.cast == "a"
    touched = a.to(dtype)
    touched[7] = 3.0
    other = _compared(a, touched, tmp_path).difference
    assert other is not None
    assert other.cast == ""


def test_that_tolerances_are_those_of_isclose(tmp_path: Path) -> None:
    a = torch.randn(5000, generator=torch.Generator().manual_seed(0))
    b = a + torch.randn(5000, generator=torch.Generator().manual_seed(1)) * 1e-3
    for rtol, atol in ((1e-3, 0.0), (0.0, 1e-3), (1e-4, 1e-3)):
        found = _compared(a, b, tmp_path, rtol=rtol, atol=atol).difference
        assert found is not None
        assert found.n_different == np.count_nonzero(~np.isclose(a.double().numpy(), b.double().numpy(), rtol=rtol, atol=atol))


def test_that_strides_do_not_matter(tmp_path: Path) -> None:
    a = torch.randn(40, 30, generator=torch.Generator().manual_seed(0))
    for other in (a.t().contiguous().t(), a.unsqueeze(0).expand(1, 40, 30)[0], torch.cat([a, a])[:40]):
        found = _compared(a, other, tmp_path)
        assert found.status == "equal"
        assert found.difference is not None
        assert found.difference.equal_bytes


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dtype=st.sampled_from(["float32", "float64"]), n=st.integers(0, 5000))
def test_that_the_compiled_loop_and_its_twin_agree(data: st.DataObject, dtype: str, n: int) -> None:
    seed = data.draw(st.integers(0, 1 << 30))
    rng = np.random.default_rng(seed)
    a = rng.standard_normal(n).astype(dtype)
    b = np.where(rng.random(n) < data.draw(st.floats(0, 1)), a, rng.standard_normal(n)).astype(dtype)
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(dtype).tiny / 4, 1.0], dtype)
    for x in (a, b):
        for _ in range(data.draw(st.integers(0, 4)) if n else 0):
            x[data.draw(st.integers(0, n - 1))] = data.draw(st.sampled_from(list(odd)))
    rtol, atol = data.draw(st.sampled_from([(0.0, 0.0), (1e-2, 0.0), (0.0, 0.1)]))
    fast, slow = kernels.apart(a, b, rtol=rtol, atol=atol, nbytes_in_all=1 << 40), kernels.apart_numpy(a, b, rtol=rtol, atol=atol)
    assert fast[:4] == slow[:4]
    np.testing.assert_allclose(fast[4:], slow[4:], rtol=1e-11, atol=1e-300)


@settings(max_examples=40, deadline=None)
@given(bits=arrays.arrays(np.uint16, arrays.array_shapes(max_dims=1, max_side=300)), seed=st.integers(0, 1 << 30))
def test_that_bfloat16_is_compared_as_what_it_stands_for(bits: Any, seed: int) -> None:
    other = bits.copy()
    change = np.random.default_rng(seed).random(bits.size) < 0.3
    other[change] ^= np.uint16(1 << seed % 16)
    found = kernels.apart(bits, other, nbytes_in_all=1 << 40)
    wide = [(x.astype(np.uint32) << 16).view(np.float32) for x in (bits, other)]
    known = kernels.apart_numpy(*wide)
    assert found[:4] == known[:4]


def test_that_chunks_do_not_change_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.core.comparison.differences import difference
    a = torch.randn(1000, 7, generator=torch.Generator().manual_seed(0))
    b = a.clone()
    b[::3] += 0.1
    whole = _compared(a, b, tmp_path).difference
    monkeypatch.setattr(difference, "CHUNK", 400)
    parts = _compared(a, b, tmp_path).difference
    assert whole is not None
    assert parts is not None
    summed = {"rms": 0.0, "rel": 0.0, "cosine": 0.0, "growth": 0.0, "norm": 0.0}       # the rest is counted, or a greatest
    assert whole._replace(**summed) == parts._replace(**summed)
    for name in summed:
        assert math.isclose(getattr(whole, name), getattr(parts, name), rel_tol=1e-12)


def test_that_a_tensor_whose_values_cannot_be_had_has_a_problem_and_the_others_figures(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(3, device="meta"), "v": torch.ones(3)}, tmp_path / "a.pth")
    torch.save({"w": torch.ones(3), "v": torch.ones(3)}, tmp_path / "b.pth")
    found = core.compare(core.open(tmp_path / "a.pth"), core.open(tmp_path / "b.pth"))
    assert found.pairs[0].difference is not None
    assert found.pairs[0].difference.problem
    assert found.pairs[1].status == "equal"
    assert not found.same
