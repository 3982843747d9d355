"""Held against the safetensors package: on random good files, and on damaged ones."""
from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from inspector import core
from inspector.core.checkpoint import Checkpoint
from inspector.core.dtypes import SAFETENSORS
from inspector.core.errors import InspectorError
from inspector.core.formats import safetensors
from inspector.core.io.sources import open_source
from inspector.core.keypath import visible
from tests.extents import read_extent

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool",
          "complex64"]
# what we refuse and the package does not
STRICTER = {"duplicate_key", "overflow"}
STRICTER_MESSAGES = ("not an object", "the dtype of", "levels of nesting", "digits")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = texts.filter(lambda key: key != "__metadata__")
shapes = st.lists(st.integers(0, 4), max_size=4)
arrays = st.builds(lambda dtype, shape, seed: np.random.default_rng(seed).integers(0, 2, shape).astype(dtype),
                   st.sampled_from(DTYPES), shapes, st.integers(0, 99))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.safetensors"


def ours(path: Path) -> Checkpoint:
    with open_source(path) as source:
        return safetensors.read(source, str(path))


def ours_or_error(path: Path) -> Checkpoint | InspectorError:
    try:
        return ours(path)
    except InspectorError as error:
        return error


def oracle_accepts(path: Path) -> bool:
    try:
        with safe_open(str(path), "np"):
            return True
    except SafetensorError:
        return False


def assert_equal(ckpt: Checkpoint, path: Path) -> None:
    with safe_open(str(path), "np") as oracle:
        assert sorted(ckpt.tensors) == sorted(oracle.keys())
        assert (dict(ckpt.metadata) or None) == (oracle.metadata() or None)
        content = path.read_bytes()
        header = json.loads(content[8:8 + struct.unpack_from("<Q", content)[0]])
        for key, tensor in ckpt.tensors.items():
            part = oracle.get_slice(key)
            if not tensor.dtype.startswith("float4"):
                assert tensor.shape == tuple(part.get_shape())
                assert tensor.dtype == SAFETENSORS[part.get_dtype()]
            extent = ckpt.storages[tensor.storage].extent
            assert extent is not None
            begin = len(content) - max((item["data_offsets"][1] for name, item in header.items() if name != "__metadata__"),
                                       default=0)
            assert [extent.offset - begin, extent.offset - begin + extent.nbytes] == header[key]["data_offsets"]
        # the package lists empty tensors at one place in no particular order
        solid = [key for key in oracle.offset_keys() if ckpt.tensors[key].nbytes]
        assert [key for key, tensor in ckpt.tensors.items() if tensor.nbytes] == solid


@QUICK
@given(st.dictionaries(keys, arrays, max_size=8), st.none() | st.dictionaries(texts, texts, max_size=4))
def test_that_files_of_the_package_read_the_same(path: Path, tensors: dict[str, Any], metadata: dict[str, str] | None) -> None:
    assume(tensors or metadata != {})            # safetensors 0.8 writes `{},"__metadata__":{}}`, which it cannot read itself
    path.write_bytes(save(tensors, metadata))
    ckpt = ours(path)
    assert_equal(ckpt, path)
    for key, array in tensors.items():
        extent = ckpt.storages[ckpt.tensors[key].storage].extent
        assert extent is not None
        assert read_extent(ckpt, extent) == array.tobytes()
        assert ckpt.tensors[key].shape == array.shape
        assert ckpt.tensors[key].stride == tuple(np.empty([max(size, 1) for size in array.shape], "u1").strides)


BASE = save({"a": np.zeros((2, 3), "f4"), "b.weight": np.ones(4, "u1"), "é": np.zeros((0, 5), "i8"), "s": np.array(1, "f2")},
            {"format": "pt", "note": "x"})
FRAGMENTS = [b'"', b"{", b"}", b"[", b"]", b",", b":", b" ", b"0", b"1", b"9", b"-", b".", b"e5", b"\\", b"\\u0061", b"\\ud800",
             b"\\n", b"\0", b"\xff",
             b"\xc3\xa9", b"null", b"true", b"NaN", b"a", b'"a"', b'"shape"', b'"dtype":"U8",', b'"x":1,', b'"x":[[]],',
             b"__metadata__", b"F32",
             b"F4", b"F6_E2M3", b"BF16", b"u8", b"18446744073709551616", b'"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},',
             b"\n", b"[0]", b"{}"]
edits = st.lists(st.tuples(st.integers(0, len(BASE) + 20), st.integers(0, 12), st.sampled_from(FRAGMENTS) | st.binary(max_size=3)),
                 min_size=1,
                 max_size=3)


def damaged(steps: list[tuple[int, int, bytes]], keep_length: bool) -> bytes:
    """`BASE` with pieces of its header replaced, the length of the header kept true unless told otherwise."""
    length = struct.unpack_from("<Q", BASE)[0]
    header, data = BASE[8:8 + length], BASE[8 + length:]
    for at, dropped, inserted in steps:
        place = at % (len(header) + 1)
        header = header[:place] + inserted + header[place + dropped:]
    return struct.pack("<Q", length if keep_length else len(header)) + header + data


@settings(QUICK, max_examples=400)
@given(edits, st.booleans())
def test_that_damaged_headers_are_read_as_the_package_reads_them_or_refused(path: Path, steps: list[tuple[int, int, bytes]],
                                                                             keep_length: bool) -> None:
    path.write_bytes(damaged(steps, keep_length))
    accepted, answer = oracle_accepts(path), ours_or_error(path)
    if isinstance(answer, Checkpoint) and answer.findings and answer.findings[0].id in ("truncated", "extra-bytes"):
        assert not accepted
    elif isinstance(answer, Checkpoint):
        assert accepted
        assert_equal(answer, path)
    else:
        assert not accepted or answer.id in STRICTER or any(text in answer.message for text in STRICTER_MESSAGES), str(answer)
        assert visible(str(answer), 10_000) == str(answer)


@settings(QUICK, max_examples=100)
@given(st.integers(0, len(BASE) - 1), st.integers(0, 255))
def test_that_one_wrong_byte_anywhere_gives_a_checkpoint_or_an_error_of_ours(path: Path, at: int, byte: int) -> None:
    path.write_bytes(BASE[:at] + bytes([byte]) + BASE[at + 1:])
    answer = ours_or_error(path)
    assert isinstance(answer, Checkpoint) or answer.hint


def test_that_a_cut_header_is_refused_and_of_cut_tensors_the_others_are_whole(path: Path) -> None:
    path.write_bytes(BASE)
    whole = ours(path)
    values = {key: core.read_numpy(whole, key).tobytes() for key in whole.tensors}
    data = 8 + struct.unpack_from("<Q", BASE)[0]
    for end in range(len(BASE)):
        path.write_bytes(BASE[:end])
        if end < data:
            with pytest.raises(InspectorError):
                ours(path)
            continue
        ckpt = ours(path)
        assert [finding.id for finding in ckpt.findings] == ["truncated"]
        assert list(ckpt.tensors) == list(whole.tensors)
        for key, info in ckpt.tensors.items():
            extent = whole.storages[info.storage].extent
            assert extent is not None
            assert bool(info.problem) == (extent.nbytes > 0 and extent.offset + extent.nbytes > end)
            if info.problem:
                assert info.problem.startswith("truncated" if extent.offset < end else "lost")
                with pytest.raises(core.BadTensor):
                    core.read_numpy(ckpt, key)
            else:
                assert core.read_numpy(ckpt, key).tobytes() == values[key]


def test_that_bytes_behind_the_last_tensor_are_told_and_hide_none_of_the_tensors(path: Path) -> None:
    for more in (b"\0", bytes(5000), b"PK\x03\x04" + bytes(20), b"{}"):
        path.write_bytes(BASE + more)
        ckpt = ours(path)
        assert [(finding.id, finding.level) for finding in ckpt.findings] == [("extra-bytes", "danger")]
        assert f"{len(more):,} byte{' follows' if len(more) == 1 else 's follow'}" in ckpt.findings[0].message
        assert core.read_numpy(ckpt, "b.weight").tolist() == [1, 1, 1, 1]


def test_that_the_corpus_reads_as_the_package_reads_it(corpus: Path) -> None:
    files = sorted((corpus / "files").glob("*.safetensors"))
    assert files
    for file in files:
        truth = corpus / "truth" / f"{file.name.split('__')[0]}.json"
        if not truth.exists():
            with pytest.raises(InspectorError):
                ours(file)
            continue
        ckpt = ours(file)
        expected = json.loads(truth.read_text())["tensors"]
        assert [(key, list(tensor.shape), tensor.dtype, list(tensor.stride)) for key, tensor in ckpt.tensors.items()] == \
            [(item["path"], item["shape"], item["dtype"], item["stride"]) for item in expected]
        for tensor, item in zip(ckpt.tensors.values(), expected, strict=True):
            extent = ckpt.storages[tensor.storage].extent
            assert extent is not None
            assert extent.offset == item["file_offset"]
