"""Which types hold the values of a tensor."""
from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from inspector import core

TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float8_e5m2": ml_dtypes.float8_e5m2,
         "float8_e4m3fn": ml_dtypes.float8_e4m3fn}


@pytest.mark.parametrize("value", [1.0, 448.0, 464.0, 464.5, 480.0, 57344.0, 61439.0, 61440.0, 65504.0, 65519.0, 65520.0, 1e10, -3.38e38,
                                   3.4e38])
def test_that_a_type_fits_where_a_cast_stays_finite(value: float) -> None:
    fits = core.range_fits(core.summarize({"w": np.float32([0, value])})["w"])
    for name, type in TYPES.items():
        with np.errstate(over="ignore", invalid="ignore"):
            assert fits[name] == bool(np.isfinite(np.float32(value).astype(type).astype(np.float32))), name


def test_that_nothing_is_said_where_nothing_is_finite() -> None:
    assert core.range_fits(core.summarize({"w": np.float32([np.nan, np.inf])})["w"]) == {}
