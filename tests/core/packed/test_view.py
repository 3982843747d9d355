"""Packed tensors as rows of a tree: which of the file's tensors lie beneath which, and what a selection of parts means."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from inspector import core

from . import packing


@pytest.mark.parametrize("kind", sorted(packing.MAKERS))
def test_that_the_parts_lie_beneath_one_row_and_stand_for_one_tensor(kind: str, tmp_path: Path) -> None:
    made = packing.MAKERS[kind](np.random.default_rng(1))
    ckpt = core.open(made.save(tmp_path / "a"))
    view = core.packed_view(ckpt)
    assert view is not None
    [(row, name)] = view.groups.items()
    assert name == made.name
    assert set(view.stored(name)) == made.parts == {key for key, owner in view.owners.items() if owner == name}
    assert all(core.is_under(view.paths.get(key, key), row) for key in made.parts)
    others = [key for key in ckpt.tensors if key not in made.parts]
    assert not any(core.is_under(view.paths.get(key, key), row) for key in others)
    assert set(view.meant(ckpt.tensors)) == {name, *others}
    assert view.one(made.parts) is view.tensors[name]
    one = min(made.parts)
    assert view.meant([one, *others]) == (one, *others)
    assert view.one([one]) is None
    assert name in view.unpacked.tensors


def test_that_where_nothing_is_packed_there_is_no_view(tmp_path: Path) -> None:
    save_file({"fc.weight": np.ones((2, 3), np.float32), "half.qweight": np.ones((2, 3), np.int32)}, tmp_path / "a.safetensors")
    assert core.packed_view(core.open(tmp_path / "a.safetensors")) is None
