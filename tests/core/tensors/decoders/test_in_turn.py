"""Several adapters merged one after the other, DoRA among them, against PEFT's steps written out with torch."""
from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.tensors.decoders.in_turn import MergedInTurn, Step
from inspector.core.tensors.decoders.low_rank import LowRank

pytestmark = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="torch adds up otherwise elsewhere")

FACTORS = (2.0, 0.75, 1.5)


class Parts:
    """Arrays by role."""

    def __init__(self, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        self.arrays, self.made = arrays, dict[str, Any]()

    def numbers(self, role: str, first: int = 0, last: int | None = None, axis: int = 0) -> Any:
        return self.arrays[role][first:last] if axis == 0 else self.arrays[role][:, first:last]

    codes = numbers

    def converted(self, role: str, first: int, last: int, dtype: str) -> Any:
        raise AssertionError("nothing is converted here")

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]


class Merging:
    """A weight in `dtype` with an adapter for each of `scaled`, which says whether it is DoRA; `turned`: that of an embedding."""

    def __init__(self, scaled: tuple[bool, ...], dtype: str, turned: bool, rows: int, cols: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.scaled, self.turned, self.dtype = scaled, turned, getattr(torch, dtype)
        self.base = torch.randn(rows, cols).to(self.dtype)
        sizes = [(3 + n, *((rows, cols) if turned else (cols, rows))) for n in range(len(scaled))]
        self.a = [torch.randn(rank, wide) for rank, wide, _ in sizes]
        self.b = [torch.randn(high, rank) for rank, _, high in sizes]
        self.magnitude = [torch.rand(high) + 1 for _, _, high in sizes]
        products = [LowRank(rank, rows, cols, FACTORS[n], turned) for n, (rank, _, _) in enumerate(sizes)]
        steps = [Step(product, turned, dora) for product, dora in zip(products, scaled, strict=True)]
        self.decoder = MergedInTurn(tuple(steps), dtype, turned)
        named = {"A": self.a, "B": self.b, "magnitude": self.magnitude}
        self.parts = Parts({"base": self.base.float().numpy(),
                            **{f"{role}{n}": each.numpy() for role, tensors in named.items() for n, each in enumerate(tensors)}})

    @property
    def whole(self) -> torch.Tensor:
        units = -(-self.base.numel() // self.decoder.unit)
        return torch.from_numpy(self.decoder.decode(self.parts, 0, units).reshape(self.base.shape)).to(self.dtype)

    def as_peft(self) -> torch.Tensor:
        weight, norms = self.base.clone(), dict[int, torch.Tensor]()
        for now, dora in enumerate(self.scaled):
            if dora:
                for n in reversed(range(now)):
                    weight = (weight / self.factor(n, norms) - self.delta(n)).to(self.dtype) if self.scaled[n] else \
                        weight - self.delta(n).to(self.dtype)
                alone = weight.clone()
                norms |= {n: self.norm(alone, n) for n in range(now + 1) if self.scaled[n]}
                for n in range(now):
                    weight = self.put(weight, n, norms)
            weight = self.put(weight, now, norms)
        return weight

    def put(self, weight: torch.Tensor, n: int, norms: dict[int, torch.Tensor]) -> torch.Tensor:
        if self.scaled[n]:
            return (self.factor(n, norms) * (weight + self.delta(n))).to(self.dtype)
        weight = weight.clone()
        weight += self.delta(n).to(self.dtype) if self.turned else self.delta(n)
        return weight

    def delta(self, n: int) -> torch.Tensor:
        product = (self.b[n] @ self.a[n]) if not self.turned else (self.b[n] @ self.a[n]).T
        return product * FACTORS[n]

    def norm(self, alone: torch.Tensor, n: int) -> torch.Tensor:
        if self.turned:
            return torch.linalg.norm(alone.T + self.delta(n).T, dim=1)
        return torch.linalg.norm(alone + self.delta(n), dim=1)

    def factor(self, n: int, norms: dict[int, torch.Tensor]) -> torch.Tensor:
        found = self.magnitude[n] / norms[n]
        return found.view(1, -1) if self.turned else found.view(-1, 1)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("scaled", [(False, True), (True, True), (True, False), (False, True, True), (True, False, True)])
def test_that_each_order_gives_what_peft_gives_bit_for_bit(scaled: tuple[bool, ...], turned: bool, dtype: str) -> None:
    merging = Merging(scaled, dtype, turned, 96, 48, 1)
    assert torch.equal(merging.whole, merging.as_peft())


@given(st.integers(1, 200), st.integers(1, 40), st.booleans(), st.integers(0, 99))
def test_that_runs_of_rows_are_those_of_the_whole(rows: int, cols: int, turned: bool, seed: int) -> None:
    merging = Merging((False, True, True), "float32", turned, rows, cols, seed)
    units = -(-merging.base.numel() // merging.decoder.unit)
    whole = merging.decoder.decode(merging.parts, 0, units)
    merging.parts.made.clear()
    runs = [merging.decoder.decode(merging.parts, n, n + 1) for n in range(units)]
    assert np.concatenate(runs).tobytes() == whole.tobytes()


def test_that_lengths_of_nothing_are_no_numbers_and_no_warning() -> None:
    merging = Merging((False, True), "float32", False, 8, 8, 0)
    for role in ("base", "B0", "B1"):
        merging.parts.arrays[role] = merging.parts.arrays[role] * 0
    found = merging.decoder.decode(merging.parts, 0, 1)
    assert np.isnan(found).all()
