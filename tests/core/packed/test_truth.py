"""Small real files of every family, with what their own libraries make of them beside them; where this machine has them."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector import core

PACKED = Path(__file__).resolve().parents[4] / "shared" / "packed"
CASES = sorted(path.name.removesuffix(".truth.json") for path in PACKED.glob("*.truth.json")) or ["none"]

# what the library gives as an array of one element has no dimension in the file, and float64 stays float64
OTHERWISE = frozenset({("arrays.npz", "flag"), ("arrays.npz", "params/b"), ("onnx_inline.onnx", "scalar")})


@pytest.mark.parametrize("case", CASES)
def test_that_packed_files_are_what_their_own_libraries_make_of_them(case: str) -> None:
    if not PACKED.is_dir():
        pytest.skip("the files of packed weights are not here")
    truth = json.loads((PACKED / f"{case}.truth.json").read_text("utf-8"))
    with np.load(PACKED / f"{case}.truth.npz", allow_pickle=False) as file:
        values = {name: file[name] for name in file.files}
    ckpt = core.open(opened(truth))
    found, plain = core.packed_tensors(ckpt), core.unpacked(ckpt)
    assert {name for name, tensor in found.items() if not tensor.problem} <= {one["name"] for one in truth["logical"]}
    for wanted in truth["logical"]:
        if (case, wanted["name"]) in OTHERWISE:
            continue
        tensor = found[wanted["name"]]
        assert list(tensor.shape) == wanted["shape"]
        assert tensor.dtype in (wanted["dtype"], *wanted.get("dtype_also", ()))
        assert (tensor.scheme, tensor.bits) == (wanted["scheme"], wanted["bits"])
        if tensor.bits_per_weight is not None and "bits_per_weight" in wanted:
            assert tensor.bits_per_weight == pytest.approx(wanted["bits_per_weight"], rel=0.02)
        assert {role: tensor.parts.get(role) for role in wanted.get("parts") or {}} == (wanted.get("parts") or {})
        if wanted.get("check_values", True):
            assert close(core.read_numpy(plain, tensor.name), values[tensor.name], wanted["tolerance"]), tensor.name
    for refused in truth["refused"]:
        assert refused["name"] not in found or found[refused["name"]].problem or f"refused/{refused['name']}" in values


@pytest.mark.parametrize("case", CASES)
def test_that_slices_and_chunks_of_every_family_are_those_of_the_whole(case: str) -> None:
    if not PACKED.is_dir():
        pytest.skip("the files of packed weights are not here")
    rng = np.random.default_rng(len(case))
    plain = core.unpacked(core.open(opened(json.loads((PACKED / f"{case}.truth.json").read_text("utf-8")))))
    for key, info in plain.tensors.items():
        if info.problem or info.layout != "strided" or not info.numel or not info.shape:
            continue
        whole = core.read_numpy(plain, key)
        chunks = [*core.iter_chunks(plain, key, int(rng.integers(1, whole.nbytes + 1)))]
        assert np.concatenate(chunks).tobytes() == whole.tobytes(), key
        for _ in range(3):
            first = [int(rng.integers(0, size)) for size in whole.shape]
            place = tuple(slice(at, int(rng.integers(at, size)) + 1, int(rng.integers(1, 4)))
                          for at, size in zip(first, whole.shape, strict=True))
            assert np.ascontiguousarray(plain[key][place]).tobytes() == np.ascontiguousarray(whole[place]).tobytes(), (key, place)


def opened(truth: dict[str, Any]) -> Path:
    paths = [PACKED / truth["case"] / part if part else PACKED / truth["case"] for part in truth.get("open", [""])]
    return next((path for path in paths if not path.is_dir() or core.is_set(path)), paths[0])


def close(ours: Any, wanted: Any, tolerance: dict[str, float]) -> bool:
    one, other = np.asarray(ours, np.float64), np.asarray(wanted, np.float64)
    with np.errstate(invalid="ignore"):
        near = np.abs(one - other) <= tolerance["abs"] + tolerance["rel"] * np.abs(other)
        same = near | (one == other) | (np.isnan(one) & np.isnan(other))
    return one.shape == other.shape and bool(same.all())
