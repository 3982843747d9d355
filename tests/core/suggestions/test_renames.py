"""A renaming that means just some tensors: what it fits, what it leaves alone, and when there is none."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inspector import core
from tests.core.edits.made import opened

NAMES = [f"layers.{n}.{leaf}" for n in range(4) for leaf in ("norm.weight", "norm.bias", "fc.weight", "attn.q.proj.weight")]


def of(*names: str) -> core.Checkpoint:
    return core.edit({name: np.ones(2) for name in names or NAMES}, [])


def changed_by(made: core.Rename, ckpt: core.Checkpoint) -> set[str]:
    """The keys that are called otherwise when something is put before the replacement."""
    after = core.edit(ckpt, [core.Rename(made.pattern, f"new.{made.replacement}")])
    return set(ckpt.tensors) - set(after.tensors)


@pytest.mark.parametrize(("chosen", "pattern", "replacement"), [
    ([name for name in NAMES if "norm" in name], r"^layers\.(\d+)\.norm\.(weight|bias)$", r"layers.\1.norm.\2"),
    (["layers.0.norm.bias", "layers.2.norm.bias"], r"^layers\.(0|2)\.norm\.bias$", r"layers.\1.norm.bias"),
    (["layers.3.fc.weight"], r"^layers\.3\.fc\.weight$", "layers.3.fc.weight"),
    ([name for name in NAMES if ".2." in name], r"^layers\.2\.(.+)$", r"layers.2.\1"),
    (["layers.0.norm.bias", "layers.1.fc.weight"], r"^(?=(?:layers\.0\.norm\.bias|layers\.1\.fc\.weight)$)layers\.(.+)$", r"layers.\1"),
])
def test_that_the_pattern_fits_just_the_chosen(chosen: list[str], pattern: str, replacement: str) -> None:
    ckpt = of()
    assert core.rename_for(chosen, ckpt) == core.Rename(pattern, replacement)
    assert changed_by(core.Rename(pattern, replacement), ckpt) == set(chosen)
    assert list(core.edit(ckpt, [core.Rename(pattern, replacement)])) == NAMES      # nothing changes until somebody changes it


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text("ab1.+\\(é", min_size=1, max_size=6), min_size=1, max_size=8, unique=True), st.data())
def test_that_any_choice_is_met_exactly_or_not_at_all(names: list[str], data: Any) -> None:
    ckpt = of(*names)
    chosen = data.draw(st.lists(st.sampled_from(list(ckpt.tensors)), min_size=1, unique=True))
    made = core.rename_for(chosen, ckpt)
    if made is not None:
        assert changed_by(made, ckpt) == set(chosen)
        assert list(core.edit(ckpt, [made])) == list(ckpt.tensors)


def test_that_there_is_none_where_others_have_the_same_names_or_a_model_is_whole(tmp_path: Path) -> None:
    both = opened(tmp_path, {part: nn.Linear(2, 2).state_dict() for part in ("model", "ema")})
    assert core.rename_for(["model.weight"], both) is None
    made = core.rename_for(["model.weight", "ema.weight"], both)
    assert made == core.Rename("^weight$", "weight")
    assert core.rename_for(["weight"], opened(tmp_path, nn.Linear(2, 2))) is None
    assert core.rename_for([], both) is None
