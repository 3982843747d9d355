"""Which narrower element types hold the values of a tensor without overflow."""
from __future__ import annotations

from math import inf, nextafter
from types import MappingProxyType

from .summary import Summary

# From here on a value is rounded to no finite one: the largest and half a step more (448 is even, so 464 is still rounded to it). IEEE 754
# binary16; bfloat16 has the exponent of float32; OCP 8-bit floating point specification, revision 1.0. Some casts saturate instead.
OVERFLOWS = MappingProxyType({"float16": 65520.0, "bfloat16": 2.0 ** 128 - 2.0 ** 119, "float8_e5m2": 61440.0,
                              "float8_e4m3fn": nextafter(464.0, inf)})


def range_fits(summary: Summary) -> dict[str, bool]:
    """For each of float16, bfloat16, float8_e5m2 and float8_e4m3fn: whether every finite element is within its range, rounded. Nothing
    about how exact it is then. Empty where nothing is finite.

    >>> core.range_fits(core.summarize({"w": np.float32([-500, 3])})["w"])
    {'float16': True, 'bfloat16': True, 'float8_e5m2': True, 'float8_e4m3fn': False}
    """
    if not summary.finite:
        return {}
    most = max(abs(summary.min), abs(summary.max))
    return {name: most < limit for name, limit in OVERFLOWS.items()}
