"""What is kept of pairs comes back as it was, and takes few bytes."""
from __future__ import annotations

import hashlib
import math
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from inspector.gui.comparison.kept_differences import NAME, KeptDifferences

MANY = 20_000
FLOATS = st.floats(allow_nan=False)
COUNTS = st.integers(0, 2**63 - 1)
DIFFERENCES = st.builds(core.Difference, COUNTS, COUNTS, FLOATS, FLOATS, FLOATS, FLOATS, COUNTS, COUNTS, st.booleans(),
                        st.sampled_from(["", "a", "b"]), st.just(""), FLOATS, FLOATS)


@given(st.lists(st.tuples(st.binary(min_size=NAME, max_size=NAME) | st.sampled_from([bytes(NAME), b"\xff" * NAME]), DIFFERENCES)))
def test_that_it_is_a_mapping(steps: list[tuple[bytes, core.Difference]]) -> None:
    kept, plain = KeptDifferences(), dict[bytes, core.Difference]()
    for name, found in steps:
        kept.keep(name, found)
        plain[name] = found
        assert len(kept) == len(plain)
    assert {name: kept.get(name) for name in plain} == plain
    assert kept.get(b"not there".ljust(NAME)) is None
    kept.clear()
    assert len(kept) == 0
    assert all(kept.get(name) is None for name in plain)


def test_that_what_is_no_number_comes_back() -> None:
    kept = KeptDifferences()
    kept.keep(bytes(NAME), core.Difference(4, 4, math.inf, math.nan, math.nan, math.nan, growth=math.inf))
    found = kept.get(bytes(NAME))
    assert found is not None
    assert math.isnan(found.rel)
    assert math.isnan(found.cosine)
    assert (found.max_abs, found.growth) == (math.inf, math.inf)


@pytest.mark.parametrize("flags", range(8))
def test_that_what_its_first_rows_tell_comes_back(flags: int) -> None:
    kept = KeptDifferences()
    found = core.Difference(4, 4, equal_bytes=bool(flags & 1), cast="b" if flags & 2 else "", many=bool(flags & 4), full=bool(flags & 2))
    kept.keep(bytes(NAME), found)
    assert kept.get(bytes(NAME)) == found


def test_that_two_hundred_thousand_take_forty_megabytes_at_most() -> None:
    kept = KeptDifferences()
    tracemalloc.start()
    for n in range(MANY):
        kept.keep(hashlib.blake2b(b"%d" % n, digest_size=NAME).digest(), core.Difference(n, n, n / 3, n / 5, n / 7, n / 11))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken / MANY <= 40e6 / 200_000
    assert kept.get(hashlib.blake2b(b"123", digest_size=NAME).digest()) == core.Difference(123, 123, 41.0, 24.6, 123 / 7, 123 / 11)
