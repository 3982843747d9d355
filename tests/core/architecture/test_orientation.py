"""Which way round weights of convolutions stand."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector import core

torch = pytest.importorskip("torch")


def test_that_a_bias_tells_where_only_the_second_dimension_has_its_length() -> None:
    def weight(shape: tuple[int, ...], bias: int | None) -> bool:
        beside = {} if bias is None else {"up.bias": np.zeros(bias)}
        return core.is_transposed({"up.weight": np.zeros(shape), **beside}, "up.weight")

    assert weight((8, 4, 2, 2), 4)
    assert weight((8, 4, 3), 4)
    assert not weight((4, 4, 2, 2), 4)
    assert not weight((8, 4, 2, 2), 8)
    assert not weight((8, 4, 2, 2), None)
    assert not weight((8, 4), 4)
    assert not core.is_transposed({"up.weight": np.zeros((2, 2, 2))}, "there.is.none")


def test_that_the_class_of_a_pickled_module_tells_even_without_a_bias(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.ConvTranspose2d(4, 4, 3, bias=False), torch.nn.Conv2d(4, 4, 3))
    torch.save(model, tmp_path / "m.pth")
    ckpt = core.open(tmp_path / "m.pth")
    assert [core.is_transposed(ckpt, key) for key in ("0.weight", "1.weight")] == [True, False]
