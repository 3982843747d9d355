"""Two files and the one that both come from: who changed what, read as little as there is to read; and what one changed brought into the
other. Dicts of torch tensors are the oracle."""
from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.comparison.differences import three_way
from inspector.core.tensors.reader import digests

Dict = dict[str, torch.Tensor]
NAMES = ("a", "b.weight", "b.bias", "c")
TENSORS = [torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0]), torch.tensor([1, 2]), torch.tensor([[1.0, 2.0]]),
           torch.tensor([1.0, 2.0], dtype=torch.float16)]
dicts = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(range(len(TENSORS))), min_size=1)


def saved(folder: Path, name: str, chosen: dict[str, int] | Dict, **more: Any) -> core.Checkpoint:
    tensors = {key: TENSORS[n].clone() if isinstance(n, int) else n for key, n in chosen.items()}
    torch.save({"model": tensors, **more}, folder / name)
    return core.open(folder / name)


def status_of(base: int | None, a: int | None, b: int | None) -> str:
    if a == base and b == base:
        return "kept"
    return "b" if a == base else "a" if b == base else "alike" if a == b else "conflict"


@settings(max_examples=60, deadline=None)
@given(dicts, dicts, dicts)
def test_that_each_tensor_is_judged_as_its_elements_shape_and_dtype_say(base: dict[str, int], a: dict[str, int], b: dict[str, int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [saved(folder, f"{n}.pth", chosen) for n, chosen in enumerate((base, a, b))]
        found = core.compare_with_base(core.pair_up(files[1], files[2], in_a="model", in_b="model"), files[0], in_base="model")
        told = {next(key for key in (one.base, one.a, one.b) if key): one.status for one in found.tensors}
        assert told == {f"model.{key}": status_of(base.get(key), a.get(key), b.get(key)) for key in {**base, **a, **b}}
        assert sum(found.counts.values()) == len(found.tensors)


@settings(max_examples=40, deadline=None)
@given(dicts, dicts, dicts, st.sampled_from((0, 1)))
def test_that_what_the_other_changed_is_brought_over_and_nothing_else(base: dict[str, int], a: dict[str, int], b: dict[str, int],
                                                                  side: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [saved(folder, f"{n}.pth", chosen) for n, chosen in enumerate((base, a, b))]
        found = core.compare_with_base(core.pair_up(files[1], files[2], in_a="model", in_b="model"), files[0], in_base="model")
        merge = core.merge_of(found, side)
        ours, theirs = (a, b) if side == 0 else (b, a)
        if all(key in base and key not in theirs and ours[key] == base[key] for key in ours):
            assert {one.status for one in merge.left} == {"ba"[side]}       # nothing would stay of the file
            assert merge.dropped == ()
            return
        assert not merge.left
        core.save(core.edit(files[1 + side], merge.edits), folder / "merged.pth")
        wanted = {}
        for key in {**base, **a, **b}:
            taken = status_of(base.get(key), a.get(key), b.get(key)) == "ba"[side]
            if (n := (theirs if taken else ours).get(key)) is not None:
                wanted[key] = TENSORS[n]
        merged = torch.load(folder / "merged.pth", weights_only=True)["model"]
        assert merged.keys() == wanted.keys()
        assert all(merged[key].dtype == value.dtype and torch.equal(merged[key], value) for key, value in wanted.items())


def test_that_other_values_and_metadata_are_judged_and_set(tmp_path: Path) -> None:
    tensors = {"w": torch.ones(2)}
    base = saved(tmp_path, "base.pth", tensors, epoch=1, lr=0.1, note="x", gone=1)
    a = saved(tmp_path, "a.pth", tensors, epoch=1, lr=0.2, note="a", gone=1)
    b = saved(tmp_path, "b.pth", tensors, epoch=7, lr=0.1, note="b", new=[1])
    found = core.compare_with_base(core.pair_up(a, b), base)
    assert {one.key: one.status for one in found.values} == {
        "epoch": "b", "lr": "a", "note": "conflict", "gone": "b", "new.0": "b"}
    merge = core.merge_of(found)
    assert sorted(merge.values) == ["epoch", "gone"]
    assert [one.key for one in merge.conflicts if isinstance(one, core.ValueTriple)] == ["note"]
    assert [one.key for one in merge.left if isinstance(one, core.ValueTriple)] == ["new.0"]        # there is no list to set it in
    values = core.edit(a, merge.edits).values
    assert (values["epoch"], values["lr"], values["note"]) == (7, 0.2, "a")
    assert "gone" not in values


def test_that_names_are_paired_by_rules_with_the_base_too(tmp_path: Path) -> None:
    weights = {"fc.weight": torch.randn(4, 4), "fc.bias": torch.randn(4)}
    base = saved(tmp_path, "base.pth", {f"module.{key}": value for key, value in weights.items()})
    a = saved(tmp_path, "a.pth", weights)
    b = saved(tmp_path, "b.pth", {**weights, "fc.bias": torch.zeros(4)})
    found = core.compare_with_base(core.pair_up(a, b), base)
    assert [(one.base, one.a, one.status) for one in found.tensors] == [
        ("model.module.fc.weight", "model.fc.weight", "kept"), ("model.module.fc.bias", "model.fc.bias", "b")]


def test_that_each_tensor_is_read_once_and_only_where_its_bytes_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, str]] = []

    def watched(ckpt: core.Checkpoint, keys: Any = None, monitor: core.Monitor = core.QUIET, **more: Any) -> Iterator[Any]:
        keys = list(keys)
        read.extend((Path(ckpt.path).stem, key.removeprefix("model.")) for key in keys)
        yield from digests(ckpt, keys, monitor, **more)

    monkeypatch.setattr(three_way, "digests", watched)
    base = saved(tmp_path, "base.pth", {"same": 0, "shape": 0, "other": 0, "gone": 0})
    a = saved(tmp_path, "a.pth", {"same": 0, "shape": 3, "other": 1, "gone": 0})
    b = saved(tmp_path, "b.pth", {"same": 0, "shape": 0, "other": 4})
    known: dict[Any, str] = {}
    comparison = core.pair_up(a, b)
    found = core.compare_with_base(comparison, base, known=known)
    assert {str(one.a or one.b): one.status for one in found.tensors} == {
        "model.same": "kept", "model.shape": "a", "model.other": "conflict", "model.gone": "b"}
    assert sorted(read) == [("a", "gone"), ("a", "other"), ("a", "same"), ("b", "same"), ("b", "shape"),
                            ("base", "gone"), ("base", "other"), ("base", "same"), ("base", "shape")]
    read.clear()
    assert core.compare_with_base(comparison, base, known=known).tensors == found.tensors
    assert read == []
    edited = core.edit(a, [core.Rename("^other$", "renamed")])
    core.compare_with_base(core.pair_up(edited, b), base, known=known)
    assert read == []                       # other names are no other bytes
    core.compare_with_base(core.pair_up(a, a), a)
    assert read == []                       # and neither is the same file


def test_that_distances_are_those_from_the_base_where_they_are_wanted(tmp_path: Path) -> None:
    base = saved(tmp_path, "base.pth", {"w": torch.tensor([3.0, 4.0]), "v": torch.ones(2)})
    a = saved(tmp_path, "a.pth", {"w": torch.tensor([3.0, 9.0]), "v": torch.zeros(2)})
    b = saved(tmp_path, "b.pth", {"w": torch.tensor([13.0, 4.0]), "v": torch.ones(2)})
    found = core.compare_with_base(core.pair_up(a, b), base, distances=lambda one: one.status == "conflict")
    of_a, of_b = found.tensors[0].from_base
    assert of_a is not None
    assert of_b is not None
    assert (of_a.rel, of_b.rel) == (1.0, 2.0)
    assert found.tensors[1].from_base == (None, None)


def test_that_without_values_only_what_shapes_tell_is_judged(tmp_path: Path) -> None:
    base, a, b = (saved(tmp_path, f"{n}.pth", chosen) for n, chosen in enumerate(({"x": 0, "y": 0}, {"x": 0, "y": 3}, {"x": 0, "y": 0})))
    found = core.compare_with_base(core.pair_up(a, b), base, values=False)
    assert [(one.status, one.in_a, one.problem) for one in found.tensors] == [("unread", "unread", ""), ("unread", "shape", "")]


def test_that_a_quantizer_is_part_of_what_a_tensor_is(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        one, other = (torch.quantize_per_tensor(torch.tensor([0.0, scale]), scale, 0, torch.qint8) for scale in (0.5, 0.25))
    assert torch.equal(one.int_repr(), other.int_repr())
    base, a, b = (saved(tmp_path, f"{n}.pth", {"q": tensor}) for n, tensor in enumerate((one, one, other)))
    found = core.compare_with_base(core.pair_up(a, b), base)
    assert found.tensors[0].status == "b"
    merge = core.merge_of(found)
    assert merge.edits == ()                # no edit takes what is quantized, which is said
    assert merge.left == found.tensors


def test_that_what_cannot_be_read_is_not_judged(tmp_path: Path) -> None:
    base, a = saved(tmp_path, "base.pth", {"w": torch.ones(4096)}), saved(tmp_path, "a.pth", {"w": torch.ones(4096)})
    data = (tmp_path / "a.pth").read_bytes()
    at = data.index(np.ones(4096, np.float32).tobytes())
    (tmp_path / "b.pth").write_bytes(data[:at + 8] + b"\0\1\2\3" + data[at + 12:])         # its checksum is another
    found = core.compare_with_base(core.pair_up(a, core.open(tmp_path / "b.pth")), base)
    assert found.tensors[0].status == "unread"
    assert found.tensors[0].problem


def test_that_a_tensor_without_a_name_is_one_like_any_other() -> None:
    one, other = np.float32([1, 2, 3]), np.float32([[4.0]])
    found = core.compare_with_base(core.pair_up({"": one}, {"w": other}), {"": one})
    assert {(t.base, t.a, t.b, t.status, t.in_a, t.in_b) for t in found.tensors} == {
        ("", "", None, "b", "kept", "removed"), (None, None, "w", "b", "absent", "added")}
    found = core.compare_with_base(core.pair_up({"w": other}, {"": one}), {"": one})
    assert {(t.base, t.a, t.b, t.status) for t in found.tensors} == {(None, "w", None, "a"), ("", None, "", "a")}


def test_that_the_sign_of_a_zero_was_changed_by_whoever_has_another() -> None:
    base, a, b = ({"v": v, "w": np.float32([v]), "nan": n} for v, n in ((0.0, float("nan")), (0.0, float("nan")), (-0.0, -float("nan"))))
    found = core.compare_with_base(core.pair_up(a, b), base)
    assert [(t.a, t.status) for t in found.tensors] == [("w", "b")]
    assert [(v.key, v.base, v.b, v.status) for v in found.values] == [("v", "0.0", "-0.0", "b")]


def test_that_tensors_of_a_file_that_is_not_there_are_unread_and_of_no_other_shape(tmp_path: Path) -> None:
    whole = core.open(core.save({"a": np.ones((10, 3)), "b": np.ones((10, 3))}, tmp_path / "whole.safetensors").path)
    core.save(whole, tmp_path / "set", shard_size=240)
    (tmp_path / "set" / "model-00002-of-00002.safetensors").unlink()
    found = core.compare(tmp_path / "set", whole)
    assert [(pair.a, pair.status) for pair in found.pairs] == [("a", "equal"), ("b", "unread")]
    assert found.pairs[1].difference is not None
    assert "missing_shard" in found.pairs[1].difference.problem
    three = core.compare_with_base(core.pair_up(tmp_path / "set", whole), whole)
    assert [(triple.a, triple.in_a, triple.status) for triple in three.tensors] == [("a", "kept", "kept"), ("b", "unread", "unread")]
