"""Every family of packed weights in any size: the values are those of the codes, and any part of them is the part of the whole."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core

from .sized import SIZED


@pytest.mark.parametrize("kind", SIZED)
@settings(max_examples=12, deadline=None)
@given(rows=st.integers(1, 9), groups=st.integers(1, 4), size=st.integers(1, 24), seed=st.integers(0, 99), data=st.data())
def test_that_values_are_those_of_the_codes_and_parts_those_of_the_whole(
        kind: str, rows: int, groups: int, size: int, seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = SIZED[kind](np.random.default_rng(seed), rows, groups, size)
    ckpt = core.open(made.save(Path(tmp_path_factory.mktemp("s"))))
    found = core.packed_tensors(ckpt)
    assert list(found) == [made.name]
    assert (found[made.name].scheme, found[made.name].shape, found[made.name].problem) == (made.scheme, made.values.shape, "")
    assert set(found[made.name].parts.values()) == made.parts
    plain = core.unpacked(ckpt)
    whole = core.read_numpy(plain, made.name)
    assert np.allclose(whole, made.values, rtol=2e-6, atol=2e-6)
    chunks = [*core.iter_chunks(plain, made.name, 4 * data.draw(st.integers(1, whole.size)))]
    assert np.concatenate(chunks).tobytes() == whole.tobytes()
    for _ in range(2):
        place = tuple(slice(first := data.draw(st.integers(0, length - 1)), data.draw(st.integers(first + 1, length)),
                            data.draw(st.integers(1, 3))) for length in whole.shape)
        assert np.ascontiguousarray(plain[made.name][place]).tobytes() == np.ascontiguousarray(whole[place]).tobytes(), place
