"""What a file is, told from its content."""
from __future__ import annotations

import bz2
import gc
import gzip
import io
import lzma
import os
import pickle
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.core import formats
from inspector.core.errors import Ambiguous, Corrupt, InspectorError, NotACheckpoint, Truncated, Unsupported
from inspector.core.formats.sniffing.sniff import sniff
from inspector.core.io.sources import open_source
from inspector.core.keypath import visible

MAGIC = 0x1950a86a20f9469cfc6c
SAFE = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
SAFETENSORS = struct.pack("<Q", len(SAFE)) + SAFE + b"x"
OID = "4665a5ea423c2713d436b5ee50593a9640e0018c1550b5a0002f74190d6caea8"


def zip_bytes(members: dict[str, bytes] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (members or {"x/data.pkl": pickle.dumps({}, 2), "x/version": b"3\n",
                                          "x/byteorder": b"little"}).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_bytes(*names: str, format: int = tarfile.USTAR_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))
    return buffer.getvalue()


def tfrecord() -> bytes:
    # the length 5 and its masked CRC-32C as TensorFlow writes them
    return bytes.fromhex("0500000000000000" "ea b2 04 3e") + b"hello" + bytes(4)


def ask(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with open_source(path) as source:
        return sniff(source)


def name_or_error(path: Path, content: bytes | None = None) -> str | InspectorError:
    if content is not None:
        path.write_bytes(content)
    try:
        with open_source(path) as source:
            return sniff(source)
    except InspectorError as error:
        return error


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="files without a size are those of Linux")
def test_that_a_file_of_the_system_that_has_no_size_is_not_called_empty() -> None:
    with open_source("/proc/self/status") as source, pytest.raises(NotACheckpoint, match="makes what is in it while it is read"):
        sniff(source)


LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 438064459\n".encode()
# nearly what joblib writes of {"a": numpy.zeros(3)}, but nothing says of which type the elements are
JOBLIB = (b"\x80\x04}\x94\x8c\x01a\x94\x8c\x13joblib.numpy_pickle\x94\x8c\x11NumpyArrayWrapper\x94\x93\x94)\x81\x94}\x94"
          b"\x8c\x05shape\x94K\x03\x85\x94sb" + b"\x0c" + b"\xff" * 12 + bytes(24) + b"s.")
HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in &middot;\n GitLab</title></head><body></body></html>"
REFUSED: list[tuple[str, str, bytes, type[InspectorError], str, list[str]]] = [
    # row and what it is, file name, content, error, id, what the message or hint must say
    ("empty", "a.pth", b"", NotACheckpoint, "empty", ["empty (0 bytes)"]),
    ("zip-magic-only", "a.pth", b"PK\3\4", Truncated, "truncated", ["4 bytes", "22"]),
    ("lfs-pointer", "a.pth", LFS, NotACheckpoint, "lfs_pointer", ["Git-LFS pointer", OID, "438,064,459 bytes", "git lfs pull"]),
    ("lfs-pointer-of-windows", "a.pth", b"\xef\xbb\xbf" + LFS.replace(b"\n", b"\r\n"), NotACheckpoint, "lfs_pointer",
     [OID, "438,064,459 bytes"]),
    ("annex-pointer", "a.pth", b"/annex/objects/MD5E-s123--abcdef.pth\n", NotACheckpoint, "annex_pointer", ["git annex get"]),
    ("server's-answer", "a.pth", b"Not Found", NotACheckpoint, "text", ["plain text", "Not Found"]),
    ("server's-status", "a.pth", b"HTTP/1.1 403 Forbidden\r\n\r\n", NotACheckpoint, "text", ["403 Forbidden"]),
    ("answer-with-an-address", "a.pth", b"See https://x.org/login", NotACheckpoint, "text", ["plain text"]),
    ("one-byte-of-a-pickle", "a.pth", b"\x80", NotACheckpoint, "unknown_format", ["80"]),
    ("half-a-letter", "a.pt", b"\xe2\x82", NotACheckpoint, "unknown_format", ["e2 82"]),
    ("html", "a.pth", HTML, NotACheckpoint, "html_page", ["web page", '"Sign in · GitLab"']),
    ("html-after-a-comment", "a.pth", b"\n<!-- x -->\n<html><p>no title", NotACheckpoint, "html_page", ["web page"]),
    ("json-error", "a.safetensors", b'{"error":"Repository not found"}', NotACheckpoint, "json",
     ["JSON text", "Repository not found"]),
    ("json-with-a-brace-at-8", "a.safetensors", b'{"data":{"x":1},"more":[' + b"1," * 4000 + b"1]}", NotACheckpoint, "json",
     ["JSON text"]),
    ("xml-error", "a.bin", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", NotACheckpoint, "xml",
     ["XML", "AccessDenied"]),
    ("plain-text", "a.bin", b"Entry not found", NotACheckpoint, "text", ["plain text", "Entry not found"]),
    ("text-in-brackets", "a.bin", b"(Very long\nText, which goes on (I think)\n" * 30_000, NotACheckpoint, "text", ["plain text", "(Very"]),
    ("list-in-brackets", "a.bin", b"(Lines\n(dots)\n(lX\n}\n]\n" * 50_000, NotACheckpoint, "text", ["plain text", "(Lines"]),
    ("utf16-text", "a.bin", "Entry not found".encode("utf-16"), NotACheckpoint, "text", ["plain text", "Entry not found"]),
    ("text-of-many-languages", "a.bin", "не найдено — 找不到\n".encode() * 5000, NotACheckpoint, "text", ["не найдено"]),
    ("path-configuration", "easy-install.pth", b"import sys; sys.__plen = len(sys.path)\n./pip-9.0.1-py3.6.egg\n/opt/lib\n",
     NotACheckpoint,
     "path_configuration", ["Python path-configuration file"]),
    ("path-configuration-distutils", "distutils-precedence.pth",
     b"import os; var = 'X'; enabled = os.environ.get(var) == 'local'; "
     b"enabled and __import__('_distutils_hack').add_shim();", NotACheckpoint, "path_configuration", ["path-configuration"]),
    ("white-space", "a.pt", b"\n \n", NotACheckpoint, "text", ["white space"]),
    ("gzip", "a.pth", gzip.compress(zip_bytes()), Unsupported, "compressed", ["gzip", "gunzip"]),
    ("tar-gz", "a.pth", gzip.compress(tar_bytes("weights.th")), Unsupported, "compressed", [".tar.gz", "tar xzf"]),
    ("bzip2", "a.pth", bz2.compress(b"x"), Unsupported, "compressed", ["bzip2"]),
    ("xz", "a.pth", lzma.compress(b"x"), Unsupported, "compressed", ["xz"]),
    ("zstd", "a.pth", b"\x28\xb5\x2f\xfd\x04\x00", Unsupported, "compressed", ["zstd"]),
    ("lz4", "a.pth", b"\x04\x22\x4d\x18\x60\x40", Unsupported, "compressed", ["lz4"]),
    ("ordinary-tar", "a.pth", tar_bytes("readme.txt", "model.pth"), Unsupported, "container",
     ["model.pth, readme.txt", "open FILE!model.pth"]),
    ("pax-tar", "a.pth.tar", tar_bytes("d" * 120 + "/model.pt", format=tarfile.PAX_FORMAT), Unsupported, "container",
     ["/model.pt", "open FILE!ddd"]),
    ("gnu-tar", "a.tar", tar_bytes("d" * 120 + "/model.pt", "ä.txt", format=tarfile.GNU_FORMAT), Unsupported, "container",
     ["/model.pt", "ä.txt"]),
    ("tar-with-many-members", "a.tar", tar_bytes(*(f"m{n}" for n in range(9))), Unsupported, "container", ["m4 and 4 more"]),
    ("imitation-of-the-legacy-tar", "a.tar", tar_bytes("sys_info", "pickle", "storages"), Unsupported, "container",
     ["imitates", "tensors"]),
    ("7z", "a.pth", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(range(64)), Unsupported, "unsupported_container", ["7z"]),
    ("rar", "a.pth", b"Rar!\x1a\x07\x01\x00" + bytes(range(64)), Unsupported, "unsupported_container", ["RAR"]),
    ("png", "a.pt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", NotACheckpoint, "not_a_checkpoint", ["image/png"]),
    ("jpeg", "a.pt", b"\xff\xd8\xff\xe0\0\x10JFIF", NotACheckpoint, "not_a_checkpoint", ["image/jpeg"]),
    ("gif", "a.pt", b"GIF89a\1\0\1\0", NotACheckpoint, "not_a_checkpoint", ["image/gif"]),
    ("pdf", "a.pt", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", NotACheckpoint, "not_a_checkpoint", ["PDF"]),
    ("elf", "a.pt", b"\x7fELF\2\1\1" + bytes(57), NotACheckpoint, "not_a_checkpoint", ["ELF"]),
    ("pe", "a.pt", b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(20), NotACheckpoint, "not_a_checkpoint", ["Windows"]),
    ("tensorflow-index", "a.pt", bytes(range(1, 60)) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", Unsupported, "tensorflow",
     ["TensorFlow"]),
    ("saved-model", "a.pt", b"\x08\x01\x12\x06\x0a\x04abcd", Unsupported, "tensorflow", ["SavedModel"]),
    ("tfrecord", "a.pt", tfrecord(), NotACheckpoint, "tensorflow", ["TFRecord"]),
    ("npy", "a.pt", b"\x93NUMPY\1\0v\0{'descr': '<f8'}", Unsupported, "npy", ["NumPy", "numpy.load"]),
    ("ggml", "a.bin", b"lmgg" + bytes(20), Unsupported, "ggml", ["GGML"]),
    ("tensorrt", "model.engine", b"ftrt" + bytes(range(60)), Unsupported, "tensorrt", ["TensorRT", "trtexec"]),
    ("tensorrt-old", "a.plan", b"ptrt" + bytes(range(60)), Unsupported, "tensorrt", ["TensorRT"]),
    ("tensorrt-behind-metadata", "yolo.engine", struct.pack("<I", 17) + b'{"task":"detect"}' + b"ftrt" + bytes(60), Unsupported,
     "tensorrt", ["TensorRT", "Ultralytics"]),
    ("executorch", "model.pte", struct.pack("<I", 0x30) + b"ET12" + b"eh00" + bytes(60), Unsupported, "executorch", ["ExecuTorch"]),
    ("executorch-data", "model.ptd", struct.pack("<I", 0x30) + b"FT01" + bytes(60), Unsupported, "executorch", ["ExecuTorch"]),
    ("mxnet", "model.params", struct.pack("<QQ", 0x112, 0) + bytes(range(40)), Unsupported, "mxnet", ["MXNet"]),
    ("zlib-as-joblib-compresses", "a.joblib", zlib.compress(b"no pickle" * 9), Unsupported, "compressed", ["zlib", "joblib"]),
    ("zlib-of-old-joblib", "a.joblib", b"ZF0x1a               " + zlib.compress(b"x"), Unsupported, "compressed", ["joblib"]),
    ("joblib-with-arrays", "a.joblib", JOBLIB, Unsupported, "joblib", ["joblib", "joblib.load"]),
    ("failed-save", "a.pth", zip_bytes({"a/version": b"3\n", "a/byteorder": b"little", "a/.data/serialization_id": b"1" * 40}), Corrupt,
     "failed_save", ["data.pkl", "raised", "state_dict"]),
    ("failed-save-before-2.1", "a.pth", zip_bytes({"archive/version": b"3\n"}), Corrupt, "failed_save", ["data.pkl"]),
    ("failed-save-after-some-storages", "a.pth", zip_bytes({"a/data/0": bytes(8), "a/version": b"3\n"}), Corrupt, "missing",
     ["data.pkl"]),
    ("hdf5", "a.pt", b"\x89HDF\r\n\x1a\n\0", Unsupported, "hdf5", ["HDF5"]),
    ("pickle-with-a-zip-behind", "a.pt", pickle.dumps({"a": 1}, 2) + zip_bytes(), Ambiguous, "polyglot", ["zip archive"]),
    ("zeros", "a.pth", bytes(4096), NotACheckpoint, "all_zero", ["nothing but zeros"]),
    ("many-zeros", "a.safetensors", bytes(1 << 20), NotACheckpoint, "all_zero", ["nothing but zeros"]),
    ("zeros-first", "a.pth", bytes(8192) + b"x" * 100_000, NotACheckpoint, "all_zero", ["first 4,096 bytes"]),
    ("pickle-cut-in-a-string", "a.pkl", b"\x80\x02X\x00\x01\x00\x00abc", Truncated, "truncated", []),
    ("half-a-zip", "a.pth", zip_bytes({"x/data.pkl": bytes(1000), "x/data/0": bytes(5000)})[:3000], Truncated, "truncated", []),
    ("unknown-binary", "a.pth", bytes.fromhex("deadbeef00010203040506"), NotACheckpoint, "unknown_format",
     ["de ad be ef 00 01 02 03 …"]),
    ("unknown-of-one-byte", "a.pth", b"\x01", NotACheckpoint, "unknown_format", ["01"]),
    ("torch-legacy-cut", "a.pth", pickle.dumps(MAGIC, 2) + pickle.dumps(1001, 2), Truncated, "truncated", ["sys_info"]),
    ("torch-tar-of-nonsense", "a.pth", tar_bytes("sys_info", "pickle", "tensors", "storages"), Corrupt, "corrupt",
     ["sys_info"]),
    ("wild-length-named-safetensors", "a.safetensors", b"\xff" * 8 + b"{}", InspectorError, "too_big",
     ["18,446,744,073,709,551,615"]),
    ("wild-header-named-safetensors", "a.safetensors", b"\xff" + bytes(15), Truncated, "truncated", ["255 bytes"]),
]


@pytest.mark.parametrize(("name", "content", "kind", "id", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_that_it_is_named_and_refused(tmp_path: Path, name: str, content: bytes, kind: type[InspectorError], id: str,
                                      says: list[str]) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(kind) as caught:
        formats.read(path)
    error = caught.value
    text = str(error)
    assert error.id == id, text
    assert error.hint
    assert visible(text, 10_000) == text, "one line"
    for part in says:
        assert part in text


FOUND: list[tuple[str, str, bytes, str]] = [
    ("zip", "a.pth", zip_bytes(), "torch-zip"),
    ("zip-named-safetensors", "a.safetensors", zip_bytes(), "torch-zip"),
    ("safetensors-named-pth", "a.pth", SAFETENSORS, "safetensors"),
    ("junk-before-a-zip", "a.pth", b"junk!\n" + zip_bytes(), "torch-zip"),
    ("script-before-a-zip", "a.pth", b"#!/bin/sh\nexit 0\n" + zip_bytes(), "torch-zip"),
    ("picture-before-a-zip", "a.png", b"\x89PNG\r\n\x1a\n" + zip_bytes(), "torch-zip"),
    ("pickle", "a.pkl", pickle.dumps({"a": 1}, 4), "pickle"),
    ("pickle-protocol-0", "a.pkl", pickle.dumps({"a": 1}, 0), "pickle"),
    ("pickle-protocol-1", "a.pkl", pickle.dumps([1, 2], 1), "pickle"),
    *((f"pickle-protocol-{protocol}-{name}", "a.pkl", pickle.dumps(value, protocol), "pickle") for protocol in (0, 1) for name, value in {
        "dicts-of-a-tuple": ({"w": 1}, {"lr": 1}), "text-of-a-tuple": ("name", {"w": 1}), "number-of-a-tuple": (1, {"w": 1}),
        "none-of-a-tuple": (None, {"w": 1}), "real-of-a-tuple": (0.5, [1]), "lists-of-a-tuple": ([1], [2], 3, 4), "empty-tuple": (),
        "long-list": list(range(300_000)), "long-text": {"w": "x" * (2 << 20)}, "long-dict": {f"k{i}": i for i in range(70_000)}}.items()),
    ("pickle-without-memo", "a.pkl", b"(dS'w'\nI1\ns.", "pickle"),
    ("pickle-protocol-1-without-memo", "a.pkl", b"}(U\x01wK\x01u.", "pickle"),
    ("text-pickle-that-calls", "a.pkl", b"c__builtin__\neval\n(S'1'\ntR.", "pickle"),
    ("text-pickle-that-calls-and-breaks-off", "a.pkl", b"c__builtin__\neval\n(S'1'\ntRS'", "pickle"),
    ("magic-number-from-a-call", "a.pth", b"\x80\x02c__builtin__\nint\nX\x01\0\0\x001\x85R.", "pickle"),
    ("torch-legacy", "a.pth", pickle.dumps(MAGIC, 2) + pickle.dumps(1001, 2), "torch-legacy"),
    ("torch-legacy-protocol-4", "a.pth", pickle.dumps(MAGIC, 4) + pickle.dumps(1001, 4), "torch-legacy"),
    ("torch-legacy-protocol-0", "a.pth", pickle.dumps(MAGIC, 0) + pickle.dumps(1001, 0), "torch-legacy"),
    ("torch-tar", "a.pth", tar_bytes("sys_info", "pickle", "tensors", "storages"), "torch-tar"),
    ("torch-tar-cut-in-its-first-member", "a.pth", tar_bytes("sys_info", "pickle", "tensors")[:514], "torch-tar"),
    ("torch-tar-cut-between-members", "a.pth", tar_bytes("sys_info", "pickle", "tensors")[:2048], "torch-tar"),
    ("empty-zip", "a.pth", b"PK\5\6" + bytes(18), "torch-zip"),
    ("sharded-safetensors", "model.safetensors.index.json",
     b'{"metadata":{"total_size":8},"weight_map":{"a":"model-00001-of-00002.safetensors"}}', "safetensors-sharded"),
    ("sharded-bin", "pytorch_model.bin.index.json", b'{"metadata":{},\n "weight_map" : {"a":"pytorch_model-00001-of-00002.bin"}}',
     "torch-sharded"),
    ("sharded-map-late", "x.json", b'{"metadata":{"x":"' + b"y" * 100_000 + b'"},"weight_map":{"a":"model.safetensors"}}',
     "safetensors-sharded"),
    ("safetensors-with-leading-spaces", "a", struct.pack("<Q", len(SAFE) + 1) + b" " + SAFE + b"x", "safetensors"),
    ("safetensors-with-a-bom", "a", struct.pack("<Q", len(SAFE) + 3) + b"\xef\xbb\xbf" + SAFE + b"x", "safetensors"),
    ("safetensors-with-a-huge-header", "a", struct.pack("<Q", 10**9) + SAFE, "safetensors"),
]


@pytest.mark.parametrize(("name", "content", "expected"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_that_content_decides(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    assert ask(tmp_path / name, content) == expected


@pytest.mark.parametrize("content", [b"cat\ndog\nelephant\n", b"(a list)\n", b"]\n", b"L119547037146038801333356L\nand more"])
def test_that_text_that_resembles_a_pickle_is_text(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotACheckpoint) as caught:
        ask(tmp_path / "a.txt", content)
    assert caught.value.id in ("text", "json")


@pytest.mark.parametrize(("name", "content", "odd"), [
    pytest.param("a.pth", SAFETENSORS, True, id="pth"), pytest.param("a.PT", SAFETENSORS, True, id="upper-case"),
    pytest.param("a.gguf", SAFETENSORS, True, id="gguf"), pytest.param("a.safetensors", SAFETENSORS, False, id="right"),
    pytest.param("a.bin", SAFETENSORS, False, id="bin"), pytest.param("a.ckpt", SAFETENSORS, False, id="ckpt"),
    pytest.param("a.model", SAFETENSORS, False, id="model"), pytest.param("a", SAFETENSORS, False, id="none"),
    pytest.param("a.safetensors", zip_bytes(), True, id="zip-safetensors"), pytest.param("a.pth", zip_bytes(), False, id="zip-pth"),
    pytest.param("a.bin", zip_bytes(), False, id="zip-bin"), pytest.param("a.pth.tar", zip_bytes(), False, id="zip-pth-tar"),
    pytest.param("a.safetensors", pickle.dumps({}), True, id="pickle-safetensors"),
    pytest.param("a.pkl", pickle.dumps({}), False, id="pickle"),
])
def test_that_a_misleading_ending_is_told(tmp_path: Path, name: str, content: bytes, odd: bool) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    findings = [finding for finding in formats.read(path).findings if finding.id == "wrong-extension"]
    assert len(findings) == odd
    assert all(name[1:].lower() in finding.message for finding in findings)


def test_that_a_plain_pickle_is_shown_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({"epoch": 3, "name": "x"}, 2))
    ckpt = formats.read(path)
    assert (ckpt.format, len(ckpt.pickles)) == ("pickle", 1)
    assert "plain-pickle" in [finding.id for finding in ckpt.findings]
    assert dict(ckpt.values) == {"epoch": 3, "name": "x"}


def test_that_what_follows_a_plain_pickle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(1, 2) + pickle.dumps(2, 2) + b"\xffjunk")
    ckpt = formats.read(path)
    assert len(ckpt.pickles) == 2
    assert [finding.id for finding in ckpt.findings if finding.id.startswith("trailing")] == ["trailing-pickle", "trailing-bytes"]


def test_that_junk_before_a_zip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(b"junk!\n" + zip_bytes())
    assert [finding.level for finding in formats.read(path).findings if "leading" in finding.id] == ["danger"]


def test_that_only_a_few_blocks_of_a_huge_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with open_source(path) as source:
        read = 0
        original = source.read

        def counted(offset: int, nbytes: int) -> bytes:
            nonlocal read
            read += nbytes
            return original(offset, nbytes)

        source.read = counted  # type: ignore[method-assign]
        with pytest.raises(NotACheckpoint, match="zeros"):
            sniff(source)
        assert read < 1 << 20


def test_that_the_title_of_a_page_is_plain_text(tmp_path: Path) -> None:
    with pytest.raises(NotACheckpoint) as caught:
        ask(tmp_path / "a", "<html><title>a\u202eb&#8238;c\n\n d".encode() + b"x" * 5000 + b"</title>")
    assert r"a\u202eb\u202ec d" in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("make", [lambda path: path / "missing.pth", lambda path: path, lambda path: path / "a\0b",
                                  lambda path: path / ("x" * 300)],
                         ids=["missing", "folder", "nul", "long"])
def test_that_errors_of_the_system_do_not_leak(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(InspectorError) as caught:
        formats.read(make(tmp_path))
    assert caught.value.hint


@pytest.mark.parametrize(("address", "says"), [
    ("https://example.com/a/model.safetensors", "curl -LO"), ("http://127.0.0.1:8000/x.pth", "curl -LO"),
    ("hf://org/name/model.safetensors", "hf download org/name model.safetensors"), ("hf://datasets/org/x", "hf download"),
    ("s3://bucket/a.pth", "aws s3 cp"), ("gs://bucket/a.pth", "gsutil cp"), ("az://box/a.pth", "Download"),
    ("ftp://host/a.pth", "curl"), ("HTTPS://EXAMPLE.COM/a.pth", "curl"),
])
def test_that_a_web_address_is_told_to_be_one_where_nothing_reads_such(address: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(Unsupported, match="web address") as caught:
        formats.read(address)
    assert caught.value.id == "remote"
    assert says in caught.value.hint


def test_that_an_address_of_a_file_here_says_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a b.pkl"
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(Unsupported) as caught:
        formats.read(path.as_uri())
    assert str(path) in caught.value.hint


def test_that_a_file_whose_path_looks_like_an_address_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "https:" / "x").mkdir(parents=True)
    (tmp_path / "https:" / "x" / "a.pkl").write_bytes(pickle.dumps({"a": 1}))
    assert dict(formats.read("https://x/a.pkl").values) == {"a": 1}


@pytest.mark.parametrize("before", [True, False])
def test_that_the_garbage_collector_is_left_as_it_was(tmp_path: Path, before: bool) -> None:
    path = tmp_path / "a.safetensors"
    (gc.enable if before else gc.disable)()
    try:
        path.write_bytes(SAFETENSORS)
        formats.read(path)
        assert gc.isenabled() is before
        path.write_bytes(b"")
        with pytest.raises(NotACheckpoint):
            formats.read(path)
        assert gc.isenabled() is before
    finally:
        gc.enable()


def test_that_formats_are_listed_once_under_names_that_sniffing_gives() -> None:
    names = [item.name for item in formats.FORMATS]
    assert len(names) == len(set(names))
    assert {"torch-zip", "safetensors", "pickle"} <= set(names)


FORMATS = {"torch-zip", "safetensors", "pickle", "torch-legacy", "torch-tar", "safetensors-sharded", "torch-sharded"}
SEEDS = [row[2] for row in REFUSED] + [row[2] for row in FOUND] + [np.zeros(3).tobytes()]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SEEDS), st.integers(0, 100), st.binary(max_size=6), st.integers(0, 8), st.booleans())
def test_that_any_bytes_are_named_or_refused(tmp_path: Path, seed: bytes, at: int, inserted: bytes, dropped: int,
                                             cut: bool) -> None:
    answer = name_or_error(tmp_path / "a", seed[:at] + inserted + (b"" if cut else seed[at + dropped:]))
    if isinstance(answer, str):
        assert answer in FORMATS
    else:
        assert answer.hint
        assert visible(str(answer), 10_000) == str(answer)


def test_that_nothing_of_the_corpus_is_refused_without_a_hint(corpus: Path) -> None:
    for name in sorted(os.listdir(corpus / "files")):
        answer = name_or_error(corpus / "files" / name)
        if not isinstance(answer, str):
            assert answer.hint, name
            assert answer.id != "unknown_format", name
