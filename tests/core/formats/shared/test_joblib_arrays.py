"""joblib's files: arrays whose bytes lie between the opcodes of the pickle, compressed or not."""
from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import sys
import types
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inspector import core


class NumpyArrayWrapper:
    """What joblib puts in the place of an array (joblib/numpy_pickle.py)."""

    def __init__(self, array: np.ndarray[Any, Any], aligned: bool) -> None:
        self.subclass, self.shape, self.dtype, self.allow_mmap = type(array), array.shape, array.dtype, not array.dtype.hasobject
        self.order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        if aligned:
            self.numpy_array_alignment_bytes = 16


class Dump(pickle._Pickler):  # type: ignore[name-defined, misc]
    """`NumpyPickler`, in its own words; `aligned` as since 1.1."""

    def __init__(self, file: io.BytesIO, protocol: int, aligned: bool) -> None:
        super().__init__(file, protocol)
        self.file, self.aligned = file, aligned

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if type(obj) not in (np.ndarray, np.matrix):
            return super().save(obj, save_persistent_id)
        wrapper = NumpyArrayWrapper(obj, self.aligned)
        super().save(wrapper)
        if self.proto >= 4:
            self.framer.commit_frame(force=True)
        if obj.dtype.hasobject:
            pickle.dump(obj, self.file, protocol=2)
            return None
        if self.aligned:
            padding = 16 - (self.file.tell() + 1) % 16
            self.file.write(bytes([padding]) + b"\xff" * padding)
        self.file.write(obj.tobytes("F" if wrapper.order == "F" else "C"))
        return None


@pytest.fixture(autouse=True)
def joblib(monkeypatch: pytest.MonkeyPatch) -> None:
    named_as_in("joblib.numpy_pickle", monkeypatch)


def named_as_in(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = module.split(".")
    for n in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:n]), types.ModuleType(".".join(parts[:n])))
    sys.modules[module].NumpyArrayWrapper = NumpyArrayWrapper  # type: ignore[attr-defined]
    monkeypatch.setattr(NumpyArrayWrapper, "__module__", module)


def dumped(value: Any, protocol: int = 4, aligned: bool = True, before: bytes = b"") -> bytes:
    file = io.BytesIO(before)
    file.seek(len(before))
    Dump(file, protocol, aligned).dump(value)
    return file.getvalue()


BIG = np.random.default_rng(0).normal(size=(300, 70)).astype(np.float32)
NUMBERS: dict[str, np.ndarray[Any, Any]] = {
    "plain": np.arange(6, dtype=np.float32).reshape(2, 3), "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "big": BIG,
    "empty": np.zeros((0, 3)), "scalar": np.array(3), "other order": np.arange(3, dtype=">i4"), "truth": np.array([True, False]),
    "complex": np.array([1 + 2j]), "half": np.arange(4).astype(np.float16), "brain": np.arange(3).astype(ml_dtypes.bfloat16),
    "matrix": np.array([[1, 2]]).view(np.matrix), "bytes": np.arange(256, dtype=np.uint8),
}
OTHERS = {"objects": np.array([1, "x", None, np.ones(2)], dtype=object), "texts": np.array(["ab", "c"]),
          "dates": np.array(["2020-01-01"], "M8[D]"), "records": np.zeros(2, [("x", "f4"), ("y", "i8")]),
          "mixed": np.array([(1.0, "x")], [("x", "f4"), ("y", "O")]), "number": np.float64(2.5), "n": 1}


def check(ckpt: core.Checkpoint, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
    for key, array in arrays.items():
        info = ckpt.tensors[key]
        assert (info.shape, info.problem) == (array.shape, "")
        native = array.astype(array.dtype.newbyteorder("="))
        assert np.asarray(core.read_numpy(ckpt, key)).tobytes() == np.ascontiguousarray(native).tobytes()


@pytest.mark.parametrize("aligned", [True, False], ids=["aligned", "before-1.1"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_that_arrays_are_tensors_and_everything_else_what_it_is(tmp_path: Path, protocol: int, aligned: bool) -> None:
    (tmp_path / "m.joblib").write_bytes(dumped({**NUMBERS, **OTHERS, "list": [np.ones(2), np.zeros(3)]}, protocol, aligned))
    ckpt = core.open(tmp_path / "m.joblib")
    assert ckpt.format == "pickle"
    check(ckpt, {**NUMBERS, "list.0": np.ones(2), "list.1": np.zeros(3), "objects.3": np.ones(2)})
    assert (ckpt.values["n"], ckpt.values["number"], ckpt.values["objects.1"]) == (1, 2.5, "x")
    assert {key: getattr(ckpt.values[key], "text", "") for key in ("texts", "dates", "records")} == {
        "texts": "text [2]", "dates": "datetime64 [1]", "records": "record [2]"}
    assert {finding.level for finding in ckpt.findings} <= {"info", "warning"}
    assert "a file of joblib's" in next(finding.message for finding in ckpt.findings if finding.id == "plain-pickle")
    assert not any("joblib" in name for finding in ckpt.findings for name in finding.code)


def test_that_a_wrapper_of_scikit_learns_own_joblib_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named_as_in("sklearn.externals.joblib.numpy_pickle", monkeypatch)
    (tmp_path / "m.joblib").write_bytes(dumped({"coef_": BIG}, 3, False))
    check(core.open(tmp_path / "m.joblib"), {"coef_": BIG})


def test_that_torchs_tensors_are_read_beside_arrays(tmp_path: Path) -> None:
    (tmp_path / "m.joblib").write_bytes(dumped({"net": {"w": torch.arange(5.0), "b": torch.ones(2)}, "mean": np.ones(3)}))
    ckpt = core.open(tmp_path / "m.joblib")
    assert list(ckpt.tensors) == ["net.w", "net.b", "mean"]
    assert core.read_torch(ckpt, "net.w").tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("pack", "method"), [
    (zlib.compress, "zlib"), (gzip.compress, "gzip"), (bz2.compress, "bzip2"), (lzma.compress, "xz"),
    (lambda raw: lzma.compress(raw, lzma.FORMAT_ALONE), "LZMA"), (lambda raw: zlib.compress(raw, 0), "zlib"),
    (lambda raw: gzip.compress(raw[:1000]) + gzip.compress(raw[1000:]), "gzip"),
    (lambda raw: bz2.compress(raw[:100]) + bz2.compress(raw[100:]), "bzip2"), (lambda raw: gzip.compress(raw) + b"junk", "gzip"),
], ids=["zlib", "gzip", "bz2", "xz", "lzma", "stored", "gzip-in-two", "bz2-in-two", "gzip-and-junk"])
def test_that_compressed_ones_are_unpacked_in_memory(tmp_path: Path, pack: Callable[[bytes], bytes], method: str) -> None:
    (tmp_path / "m.joblib").write_bytes(pack(dumped({**NUMBERS, "n": 1})))
    ckpt = core.open(tmp_path / "m.joblib")
    assert (ckpt.format, ckpt.facts["compression"], ckpt.values["n"]) == ("pickle", method, 1)
    check(ckpt, NUMBERS)
    core.save(ckpt, tmp_path / "o.pth")
    assert torch.load(tmp_path / "o.pth", weights_only=True)["big"].numpy().tobytes() == BIG.tobytes()
    (tmp_path / "m.joblib").write_bytes(pack(dumped({"n": 2})))
    with pytest.raises(core.Changed):
        core.save(ckpt, tmp_path / "o.pth")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress], ids=["gzip", "bz2", "xz", "zlib"])
def test_that_a_compressed_one_that_is_cut_damaged_or_a_bomb_is_refused_in_one_line(
        tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    whole = pack(dumped({"big": BIG}))
    path = tmp_path / "m.joblib"
    path.write_bytes(whole[:-20])
    with pytest.raises((core.Truncated, core.Unsupported), match=r"ends in the middle|compressed with bzip2"):
        core.open(path)
    path.write_bytes(whole[:len(whole) // 2] + bytes(64) + whole[len(whole) // 2 + 64:])
    with pytest.raises((core.Corrupt, core.Truncated, core.Unsupported)):
        core.open(path)
    path.write_bytes(pack(dumped({"n": np.zeros(70 << 20, np.uint8)})))
    with pytest.raises(core.TooBig, match="unpacks to more than"):
        core.open(path)


@pytest.mark.parametrize("inside", ["zip", "legacy", "text"])
def test_that_other_compressed_files_are_told_to_be_that(tmp_path: Path, inside: str) -> None:
    out = io.BytesIO()
    torch.save({"w": torch.ones(2)}, out, _use_new_zipfile_serialization=inside == "zip")
    (tmp_path / "m.pth").write_bytes(gzip.compress(out.getvalue() if inside != "text" else b"a line of text\n" * 9))
    with pytest.raises(core.Unsupported, match="compressed with gzip"):
        core.open(tmp_path / "m.pth")


def test_that_a_file_saved_from_one_is_what_torch_loads(tmp_path: Path) -> None:
    (tmp_path / "m.joblib").write_bytes(dumped({**NUMBERS, "n": 1}))
    core.save(core.edit(tmp_path / "m.joblib", [core.Rename("^big$", "large"), core.Drop("matrix")]), tmp_path / "o.pth")
    theirs = torch.load(tmp_path / "o.pth", weights_only=True)
    assert list(theirs) == ["large" if key == "big" else key for key in (*NUMBERS, "n") if key != "matrix"]
    for key, array in NUMBERS.items():
        if key not in ("matrix", "brain"):
            assert theirs["large" if key == "big" else key].numpy().tolist() == array.tolist()


def test_that_what_torch_does_not_take_is_kept_in_numpys_own_words(tmp_path: Path) -> None:
    (tmp_path / "m.joblib").write_bytes(dumped({**OTHERS, "w": BIG}))
    core.save(core.open(tmp_path / "m.joblib"), tmp_path / "o.pth", keep_code=["*"])
    theirs = torch.load(tmp_path / "o.pth", weights_only=False)
    assert (theirs["texts"].tolist(), theirs["dates"].tolist(), theirs["records"].tolist()) == (
        OTHERS["texts"].tolist(), OTHERS["dates"].tolist(), OTHERS["records"].tolist())  # type: ignore[attr-defined]
    assert (theirs["objects"][:3].tolist(), theirs["mixed"].tolist()) == ([1, "x", None], [(1.0, "x")])
    assert core.load(tmp_path / "m.joblib")["texts"] == ["ab", "c"]


def test_that_several_behind_each_other_are_reached(tmp_path: Path) -> None:
    first = dumped({"a": BIG})
    (tmp_path / "m.joblib").write_bytes(dumped({"b": np.ones(3)}, before=first))
    ckpt = core.open(tmp_path / "m.joblib")
    assert list(ckpt.tensors) == ["a"]
    assert "Open FILE!1" in next(finding.hint for finding in ckpt.findings if finding.id == "more-saves")
    check(core.open(f"{tmp_path / 'm.joblib'}!0"), {"a": BIG})
    check(core.open(f"{tmp_path / 'm.joblib'}!1"), {"b": np.ones(3)})


def test_that_an_array_that_is_cut_is_told(tmp_path: Path) -> None:
    raw = dumped({"a": np.ones(3), "big": BIG})
    (tmp_path / "m.joblib").write_bytes(raw[:-5000])
    with pytest.raises(core.Truncated, match="the bytes of an array are cut"):
        core.open(tmp_path / "m.joblib")


@pytest.mark.parametrize("raw", [b"cos\nsystem\n(S'x'\ntR.", b"\x80\x04.", b"b" * 40, b"." * 16, b"\xff" * 9])
def test_that_elements_that_spell_opcodes_are_elements(tmp_path: Path, raw: bytes) -> None:
    array = np.frombuffer(raw, np.uint8)
    (tmp_path / "m.joblib").write_bytes(dumped({"x": array, "deep": [{"x": array}], "n": 1}, aligned=False))
    ckpt = core.open(tmp_path / "m.joblib")
    check(ckpt, {"x": array, "deep.0.x": array})
    assert (ckpt.values["n"], "danger" in {finding.level for finding in ckpt.findings}) == (1, False)


@settings(max_examples=40, deadline=None)
@given(values=st.lists(arrays.arrays(st.sampled_from([np.float32, np.int64, np.uint8, np.float16, np.bool_]),
                                     arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)), max_size=4),
       protocol=st.integers(2, 5), aligned=st.booleans())
def test_that_any_arrays_are_read(values: list[Any], protocol: int, aligned: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("j") / "m.joblib"
    path.write_bytes(dumped({str(n): value for n, value in enumerate(values)}, protocol, aligned))
    check(core.open(path), {str(n): value for n, value in enumerate(values)})


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_that_any_damage_gives_a_checkpoint_or_one_error(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    raw = bytearray(dumped({"a": NUMBERS["plain"], "o": OTHERS["objects"], "r": OTHERS["records"], "f": NUMBERS["fortran"]},
                           data.draw(st.integers(2, 5)), data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("d") / "m.joblib"
    path.write_bytes(raw[:data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    try:
        ckpt = core.open(path)
    except core.InspectorError:
        return
    for _key, outcome in core.summarize_each(ckpt, list(ckpt.tensors)):
        assert isinstance(outcome, core.Summary | core.BadTensor)
