"""What is wished about differences becomes edits of one file that were tried on it."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from inspector import core

Arrays = dict[str, np.ndarray[Any, Any]]
SEED = np.random.default_rng(7)
BASE: Arrays = {"conv.weight": SEED.normal(size=(8, 3)).astype(np.float32), "conv.bias": np.arange(8, dtype=np.float32),
                "layers.0.weight": SEED.normal(size=(6, 6)).astype(np.float32), "fc.weight": SEED.normal(size=(5, 6)).astype(np.float32)}


def compared(folder: Path, a: Arrays, b: Arrays, *metadata: dict[str, str] | None) -> core.Comparison:
    for name, arrays, said in zip("ab", (a, b), metadata or (None, None), strict=True):
        save_file(arrays, str(folder / f"{name}.safetensors"), said)
    return core.compare(core.open(folder / "a.safetensors"), core.open(folder / "b.safetensors"))


def all_of(comparison: core.Comparison) -> core.Differences:
    return core.Differences(comparison, tuple(comparison.pairs), tuple(comparison.values))


def after(comparison: core.Comparison, wish: core.Wish, side: int) -> core.Checkpoint:
    edits = core.edits_for_differences(wish, all_of(comparison), side)
    assert edits
    return core.edit((comparison.a, comparison.b)[side], edits)


def test_that_names_become_those_of_the_other_side(tmp_path: Path) -> None:
    found = compared(tmp_path, {f"module.{key}": value for key, value in BASE.items()}, BASE)
    assert core.wishes_about(all_of(found), 0) == ["names", "drop"]
    assert core.edits_for_differences("names", all_of(found), 0) == (core.StripPrefix("module."),)
    assert set(after(found, "names", 0).tensors) == set(BASE)
    assert set(after(found, "names", 1).tensors) == {f"module.{key}" for key in BASE}


def test_that_dtypes_become_those_of_the_other_side(tmp_path: Path) -> None:
    found = compared(tmp_path, BASE, {key: value.astype(np.float16) for key, value in BASE.items()})
    assert core.edits_for_differences("dtypes", all_of(found), 0) == (core.Cast("float16"),)
    half = compared(tmp_path, BASE, {**BASE, "fc.weight": BASE["fc.weight"].astype(np.float16)})
    assert core.edits_for_differences("dtypes", all_of(half), 0) == (core.Cast("float16", "fc.weight"),)
    assert after(half, "dtypes", 0).tensors["fc.weight"].dtype == "float16"


def test_that_tensors_become_those_of_the_other_side(tmp_path: Path) -> None:
    theirs = {**BASE, "fc.weight": np.ones((2, 2), np.float32), "conv.bias": BASE["conv.bias"] + 1}
    found = compared(tmp_path, BASE, theirs)
    taken = after(found, "tensors", 0)
    for key, value in theirs.items():
        assert np.array_equal(core.read_numpy(taken, key), value)
    only = core.Differences(found, tuple(pair for pair in found.pairs if pair.status == "equal"))
    assert "tensors" not in core.wishes_about(only, 0)
    assert core.edits_for_differences("tensors", only, 0) == ()


def test_that_tensors_that_wait_to_be_changed_themselves_are_not_taken(tmp_path: Path) -> None:
    save_file(BASE, str(tmp_path / "a.safetensors"))
    save_file({**BASE, "fc.weight": BASE["fc.weight"] + 1, "conv.bias": BASE["conv.bias"] + 1}, str(tmp_path / "b.safetensors"))
    b = core.edit(core.open(tmp_path / "b.safetensors"), [core.Cast("float16", "fc.weight"), core.Rename("^conv", "c")])
    found = core.pair_up(core.open(tmp_path / "a.safetensors"), b)
    pairs = (core.Pair("fc.weight", "fc.weight", "dtype"), core.Pair("conv.bias", "c.bias", "values"))
    [take] = core.edits_for_differences("tensors", core.Differences(found, pairs), 0)
    assert take == core.Take(str(tmp_path / "b.safetensors"), pairs=(("conv.bias", "conv.bias"),))


def test_that_values_and_metadata_become_those_of_the_other_side(tmp_path: Path) -> None:
    found = compared(tmp_path, BASE, BASE, {"epoch": "1", "only": "here"}, {"epoch": "2"})
    assert core.wishes_about(all_of(found), 0) == ["values", "drop"]
    assert set(core.edits_for_differences("values", all_of(found), 0)) == {core.SetMetadata("epoch", "2"), core.SetMetadata("only", None)}
    assert dict(after(found, "values", 1).metadata) == {"epoch": "1", "only": "here"}


def test_that_dropping_a_whole_group_is_one_edit(tmp_path: Path) -> None:
    found = compared(tmp_path, {**BASE, **{f"ema.{key}": value for key, value in BASE.items()}}, BASE)
    extra = core.Differences(found, tuple(pair for pair in found.pairs if pair.b is None))
    assert core.edits_for_differences("drop", extra, 0) == (core.Drop("ema"),)
    assert core.wishes_about(extra, 1) == []
    assert core.edits_for_differences("drop", extra, 1) == ()


def test_that_devices_become_those_of_the_other_side_where_that_is_clear(tmp_path: Path) -> None:
    import torch
    torch.save({key: torch.from_numpy(value) for key, value in BASE.items()}, tmp_path / "a.pth")
    a = core.open(tmp_path / "a.pth")
    b = core.edit(a, [core.RemapDevices({"cpu": "cuda:1"})])
    found = core.pair_up(a, b)
    assert core.edits_for_differences("devices", all_of(found), 0) == (core.RemapDevices({"cpu": "cuda:1"}),)


def test_that_what_cannot_be_applied_says_why(tmp_path: Path) -> None:
    save_file(BASE, str(tmp_path / "a.safetensors"))
    save_file({**BASE, "conv.bias": BASE["conv.bias"] + 1}, str(tmp_path / "b.safetensors"))
    found = core.compare(core.open(tmp_path / "a.safetensors"), core.open(tmp_path / "b.safetensors"))
    (tmp_path / "b.safetensors").unlink()
    with pytest.raises(core.EditError, match=r"b\.safetensors"):
        core.edits_for_differences("tensors", all_of(found), 0)
