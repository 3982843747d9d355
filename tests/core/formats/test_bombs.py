"""A few kilobytes that unpack to anything: in every container they take a bounded amount of memory and of work."""
from __future__ import annotations

import contextlib
import io
import json
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from inspector import core
from tests import builders
from tests.core.pickles import opcodes as op

pytest.importorskip("resource")
ROOT = Path(__file__).resolve().parents[3]
BASE, FACTOR = 300 << 20, 64

CHILD = """
import os, resource, sys
from inspector import core

def peak():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) << 10

for path in sys.argv[2:]:               # what is loaded for a file that is no bomb is not counted
    list(core.digests(core.open(path)))
    list(core.fixes_for_each(path, core.check(core.open(path))))
before = peak()
spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
seconds = int(spent) + (90 if os.path.getsize(sys.argv[1].partition("!")[0]) < 1 << 16 else 120)
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))         # an end, far off where nothing else runs
try:
    ckpt = core.open(sys.argv[1])
    found = core.check(ckpt)
    list(core.fixes_for_each(ckpt, found))
    core.totals(ckpt)
    print(len(ckpt.tensors) + len(ckpt.values), *sorted({finding.id for finding in ckpt.findings}))
except core.InspectorError as error:
    assert "\\n" not in str(error)
    print("refused", error.id)
print(peak() - before)
"""


def wide_keys(levels: int = 900) -> bytes:
    """One long key of four bytes a character, again and again: all paths together would take gigabytes."""
    return b"\x80\x02" + op.text("\U0001f600" * 20_000) + op.put(0) + b"0" + (b"}" + op.get(0)) * levels + b"N" + b"s" * levels + b"."


def many_nones() -> bytes:
    return b"\x80\x02](" + b"N" * 5_000_000 + b"e."


def many_lists() -> bytes:
    return b"\x80\x02](" + b"]" * 4_000_000 + b"e."


def many_changes() -> bytes:
    return b"\x80\x02](" + b"]Na" * 2_000_000 + b"e."


def many_dicts() -> bytes:
    """With tensors enough that all are looked at together, and small dicts with them."""
    return b"\x80\x02](" + op.tensor() * 3_000 + b"}X\1\0\0\0aNs" * 1_000_000 + b"e."


def many_names() -> bytes:
    return b"\x80\x02](" + b"".join(b"ca\n%d\n" % n for n in range(1_500_000)) + b"e."


def many_memos() -> bytes:
    return b"\x80\x04](" + b"N\x94" * 4_000_000 + b"e."


def far_memos() -> bytes:
    return b"\x80\x04](" + b"".join(b"Nr" + struct.pack("<I", n * 2 + 7) for n in range(2_000_000)) + b"e."


def many_keys() -> bytes:
    return b"\x80\x02}(" + b"".join(b"J" + struct.pack("<I", n) + b"N" for n in range(2_000_000)) + b"u."


def wide_texts() -> bytes:
    text = op.text("a" * 100_000 + "\U0001f600")
    return b"\x80\x02](" + text * 300 + b"e."


def wide_values() -> bytes:
    return b"\x80\x02" + op.text("\U0001f600" * 50_000) + op.put(0) + b"0](" + (op.get(0)) * 200_000 + b"e."


def many_tensors() -> bytes:
    return b"\x80\x02" + op.tensor() + op.put(0) + b"0](" + op.get(0) * 1_000_000 + b"e."


def metadata() -> bytes:
    pairs = b"(" + b"".join(b"X" + struct.pack("<I", 7) + b"%07d" % n + op.get(0) for n in range(1_000_000)) + b"u"
    state = b"}" + op.text("_metadata") + b"}" + pairs + b"s"
    return b"\x80\x02}" + op.text("version") + b"K\x01s" + op.put(0) + b"0" + op.ordered_dict() + state + b"b."


def many_calls() -> bytes:
    return b"\x80\x02](" + b"cos\nsystem\n(X\x01\x00\x00\x00atR" * 300_000 + b"e."


def many_storages() -> bytes:
    one = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x07\x00\x00\x00%07dX\x03\x00\x00\x00cpuK\x01tQ"
    return b"\x80\x02](" + b"".join(one % n for n in range(300_000)) + b"e."


def shared_lists() -> bytes:
    return b"\x80\x02](" + b"K\x01" * 1000 + b"e" + op.put(0) + b"0](" + op.get(0) * 1_000_000 + b"e."


def nested_tuples() -> bytes:
    return b"\x80\x02N" + b"\x85" * 5_000_000 + b"."


def nested_lists() -> bytes:
    return b"\x80\x02" + b"]" * 2_000_000 + b"a" * 1_999_999 + b"."


def one_tensor_by_numbers() -> bytes:
    pairs = b"".join(b"J" + struct.pack("<I", n) + op.get(0) for n in range(500_000))
    return b"\x80\x02" + op.tensor() + op.put(0) + b"0}(" + pairs + b"u."


def _bytes_as_protocol_2_has_them() -> bytes:
    return op.name("_codecs", "encode") + op.text("k" * 100_000) + op.text("latin1") + b"\x86R" + op.put(0)


def wide_bytes_keys() -> bytes:
    return b"\x80\x02" + _bytes_as_protocol_2_has_them() + b"0}(" + (op.get(0) + b"N") * 50_000 + b"u."


def nested_bytes_keys(levels: int = 900) -> bytes:
    return b"\x80\x02" + _bytes_as_protocol_2_has_them() + b"0" + (b"}" + op.get(0)) * levels + b"N" + b"s" * levels + b"."


def wide_keys_of_python_2() -> bytes:
    """Each listed under a name of its own, of which each is looked at for what is hostile in it."""
    return b"\x80\x02T" + struct.pack("<i", 60_000) + b"\xe9" * 60_000 + op.put(0) + b"0}(" + (op.get(0) + b"N") * 100_000 + b"u."


PICKLES: dict[str, Callable[[], bytes]] = {function.__name__: function for function in (
    many_calls, many_storages, shared_lists, nested_tuples, nested_lists, one_tensor_by_numbers,
    wide_keys, many_nones, many_lists, many_changes, many_names, many_memos, far_memos, many_keys, wide_texts, wide_values, many_tensors,
    metadata, wide_bytes_keys, nested_bytes_keys, wide_keys_of_python_2, many_dicts)}


def in_tar(data: bytes) -> bytes:
    none = op.pickled(op.integer(0))
    parts = {"sys_info": op.pickled(op.dict_of({"protocol_version": op.integer(1000)})),
             "storages": none + op.pickled(op.EMPTY_LIST), "tensors": none, "pickle": data}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, raw in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    return out.getvalue()


def in_legacy(data: bytes) -> bytes:
    heads = op.pickled(op.integer(0x1950a86a20f9469cfc6c)) + op.pickled(op.integer(1001)) + op.pickled(op.EMPTY_DICT)
    return heads + data + op.pickled(op.EMPTY_LIST)


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "deflated.pth": lambda data: builders.torch_zip(data, {"data/0": bytes(80)}, compression=zipfile.ZIP_DEFLATED),
    "stored.pth": lambda data: builders.torch_zip(data, {"data/0": bytes(80)}),
    "extra.pth": lambda data: builders.torch_zip(op.pickled(op.EMPTY_DICT), {"extra.pkl": data}, compression=zipfile.ZIP_DEFLATED),
    "old.pt": lambda data: builders.zipped({"net/model.json": b'{"mainModule": {}}', "net/version": b"1", "net/attributes.pkl": data},
                                           zipfile.ZIP_DEFLATED),
    "plain.pkl": lambda data: data, "legacy.pt": in_legacy, "tar.pt": in_tar, ".metadata": lambda data: data,
    "archive.zip!inner/data.pkl": lambda data: builders.zipped({"inner/data.pkl": data}, zipfile.ZIP_DEFLATED)}


QUICK = {("wide_keys", "deflated.pth"), ("wide_keys", "plain.pkl"), ("wide_keys", "legacy.pt"), ("wide_keys", "tar.pt"),
         ("wide_keys", ".metadata"), ("many_nones", "deflated.pth"),
         ("many_tensors", "deflated.pth"), ("many_calls", "deflated.pth"),
         ("wide_bytes_keys", "deflated.pth"), ("nested_bytes_keys", "deflated.pth"),
         ("wide_keys_of_python_2", "deflated.pth"), ("many_dicts", "deflated.pth")}        # the others with `-m slow`


def measured(path: str, warm: list[str]) -> tuple[str, int]:
    """What came of opening `path`, and how much more memory it took than a file that is no bomb."""
    run = subprocess.run([sys.executable, "-c", CHILD, path, *warm], capture_output=True, text=True, timeout=1200, check=False,
                         env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"})
    assert run.returncode == 0, run.stderr[-2000:]
    said, bytes_ = run.stdout.splitlines()
    return said, int(bytes_)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return core.make_demo(tmp_path_factory.mktemp("warm"))


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is told by /proc")
@pytest.mark.parametrize(("bomb", "container"), [
    pytest.param(bomb, container, marks=[] if (bomb, container) in QUICK else [pytest.mark.slow])
    for bomb in PICKLES for container in CONTAINERS])
def test_that_a_pickle_takes_no_more_memory_than_its_size_allows(tmp_path: Path, warm: list[str], bomb: str, container: str) -> None:
    file = tmp_path / container.partition("!")[0]
    file.write_bytes(CONTAINERS[container](PICKLES[bomb]()))
    said, took = measured(str(tmp_path / container), warm)
    assert took <= BASE + FACTOR * file.stat().st_size, f"{took >> 20} MB for a file of {file.stat().st_size:,} bytes: {said}"


def _json(n: int, one: Callable[[int], str]) -> str:
    return ",".join(map(one, range(n)))


TEXTS = {
    "header.safetensors": lambda: builders.safetensors("{" + _json(200_000, lambda n: f'"{n}":{{"dtype":"U8","shape":[0],"data_offsets":'
                                                               "[0,0]}") + "}"),
    "metadata.safetensors": lambda: builders.safetensors('{"__metadata__":{' + _json(500_000, lambda n: f'"{n}":""') + "}}"),
    "dims.safetensors": lambda: builders.safetensors('{"a":{"dtype":"U8","shape":[' + _json(2_000_000, lambda n: "1")
                                                     + '],"data_offsets":[0,1]}}', b"x"),
    "model.safetensors.index.json": lambda: ('{"weight_map":{' + _json(500_000, lambda n: f'"{n}":"a.safetensors"') + "}}").encode(),
    "files.safetensors.index.json": lambda: ('{"weight_map":{' + _json(20_000, lambda n: f'"{n}":"{n}.safetensors"') + "}}").encode(),
    "model.pt2": lambda: builders.zipped({"m/archive_format": b"pt2", "m/models/model.json": b"[" + b"{}," * 20_000_000 + b"1]",
                                          "m/data/weights/model_weights_config.json": b'{"config":{"a":[' + b"[]," * 20_000_000 + b"1]}}"},
                                         zipfile.ZIP_DEFLATED),
    "json.pt": lambda: builders.zipped({"net/model.json": b'{"mainModule":{"a":[' + b"[]," * 20_000_000 + b"1]}}", "net/version": b"1"},
                                       zipfile.ZIP_DEFLATED),
    "modules.pt": lambda: builders.zipped({"net/model.json": b'{"mainModule":{"submodules":[{"name":"' + b"w" * 500_000
                                           + b'","submodules":[' + b"{}," * 1_500_000 + b"{}]}]}}",
                                           "net/version": b"1"}, zipfile.ZIP_DEFLATED),
    "attribute.pt": lambda: _with_attribute(b"w" * 500_000, shared_lists()),
    "listed.pt": lambda: _with_attribute(b"w", shared_lists()),
    "both.pt": lambda: _with_attribute(b"w", shared_lists(), b"[" + b"[]," * 1_500_000 + b"1]"),
}


def _with_attribute(name: bytes, values: bytes, more: bytes = b"[]") -> bytes:
    """An archive of torch 1.1 with one module, one attribute of which is the first entry of those in `values`."""
    model = b'{"mainModule":{"attributes":[{"name":"%b","type":"int","id":"1"}],"more":%b}}' % (name, more)
    return builders.zipped({"net/model.json": model, "net/version": b"1", "net/attributes.pkl": values}, zipfile.ZIP_DEFLATED)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is told by /proc")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in ("model.pt2", "modules.pt") else [pytest.mark.slow])
                                  for name in TEXTS])
def test_that_json_takes_no_more_memory_than_its_size_allows(tmp_path: Path, warm: list[str], name: str) -> None:
    file = tmp_path / name
    file.write_bytes(TEXTS[name]())
    said, took = measured(str(file), warm)
    assert took <= BASE + FACTOR * file.stat().st_size, f"{took >> 20} MB for a file of {file.stat().st_size:,} bytes: {said}"


def _npy(shape: str = "()") -> bytes:
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': %b, }\n" % shape.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(4)


def _zip(names: list[bytes], data: bytes, local: bytes = b"PK\x03\x04") -> bytes:
    """Stored members with one content; Python's own writer takes a minute for as many. `local` signs the headers but the first."""
    parts, rows, at, crc = [], [], 0, zlib.crc32(data)
    for n, name in enumerate(names):
        numbers = 20, 0x800, 0, 0, 33, crc, len(data), len(data), len(name)
        parts.append(struct.pack("<4s5H3I2H", local if n else b"PK\x03\x04", *numbers, 0) + name + data)
        rows.append(struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *numbers, 0, 0, 0, 0, 0, at) + name)
        at += len(parts[-1])
    directory, count = b"".join(rows), len(names)
    end = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), at)
    end += struct.pack("<4sIQI", b"PK\x06\x07", 0, at + len(directory), 1)
    few = min(count, 0xffff)
    return b"".join(parts) + directory + end + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, few, few, len(directory), at, 0)


def _gguf(tensors: list[bytes], values: list[bytes]) -> bytes:
    """Each begins with its name, to which its length is added."""
    parts = (struct.pack("<Q", len(name)) + name + rest for name, _, rest in (one.partition(b"\0") for one in (*values, *tensors)))
    return struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(values)) + b"".join(parts) + bytes(64)


def _message(number: int, data: bytes) -> bytes:
    length, size = b"", len(data)
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data


def _onnx(tensors: Iterable[bytes]) -> bytes:
    return b"\x08\x08" + _message(2, b"pytorch") + _message(7, b"".join(_message(5, one) for one in tensors))


def _onnx_tensor(name: str, dims: bytes = b"\x08\x01", more: bytes = b"") -> bytes:
    return dims + b"\x10\x01" + _message(8, name.encode()) + (more or _message(9, bytes(4)))


def _onnx_elsewhere(n: int) -> bytes:
    return _message(13, _message(1, b"location") + _message(2, b"/etc/%d" % n)) + b"\x70\x01"


OTHERS: dict[str, Callable[[], bytes]] = {
    "arrays.npz": lambda: _zip([b"k%d.npy" % n for n in range(200_000)], _npy()),
    "none.npz": lambda: _zip([b"k%d.npy" % n for n in range(200_000)], b"\x93NUMPY"),
    "elsewhere.pth": lambda: _zip([b"a/data.pkl", *(b"a/data/%d" % n for n in range(250_000))], b"\x80\x02}.", b"PK\x03\x05"),
    "records.pth": lambda: _zip([b"a/data.pkl", *(b"a/data/%d" % n for n in range(500_000))], b"\x80\x02}."),
    "names.pth": lambda: _zip([b"a/data.pkl", *(b"a/%d" % n + b"/a" * 32_000 for n in range(500))], b"\x80\x02}."),
    "files.zip": lambda: _zip([b"a/%d" % n for n in range(500_000)], b""),
    "tensors.gguf": lambda: _gguf([b"t%d\0" % n + struct.pack("<IQIQ", 1, 0, 0, 0) for n in range(200_000)], []),
    "blocks.gguf": lambda: _gguf([b"t%d\0" % n + struct.pack("<IQQIQ", 2, 32, 0, 2, 0) for n in range(200_000)], []),
    "arrays.gguf": lambda: _gguf([], [b"k%d\0" % n + struct.pack("<IIQ", 9, 0, 32) + bytes(32) for n in range(300_000)]),
    "texts.gguf": lambda: _gguf([], [b"k\0" + struct.pack("<IIQ", 9, 8, 2_000_000) + bytes(16_000_000)]),
    "one_value.gguf": lambda: _gguf([], [b"k\0" + struct.pack("<IB", 0, 1)] * 500_000),
    "tensors.onnx": lambda: _onnx(_onnx_tensor(f"t{n}") for n in range(200_000)),
    "one_tensor.onnx": lambda: _onnx([_onnx_tensor("t")] * 200_000),
    "dims.onnx": lambda: _onnx([_onnx_tensor("t", b"\x08\x01" * 3_000_000)]),
    "floats.onnx": lambda: _onnx([_onnx_tensor("t", more=b"\x25\0\0\0\0" * 1_500_000)]),
    "elsewhere.onnx": lambda: _onnx(_onnx_tensor(f"t{n}", more=_onnx_elsewhere(n)) for n in range(50_000)),
    "escapes.safetensors": lambda: builders.safetensors("{" + _json(200_000, lambda n: f'"\\u202e{n}":{{"dtype":"U8","shape":[0],'
                                                                    '"data_offsets":[0,0]}') + "}"),
}
_QUICK = ("arrays.gguf", "one_value.gguf", "one_tensor.onnx", "dims.onnx")


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is told by /proc")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in _QUICK else [pytest.mark.slow]) for name in OTHERS])
def test_that_other_containers_take_no_more_memory_than_their_size_allows(tmp_path: Path, warm: list[str], name: str) -> None:
    file = tmp_path / name
    file.write_bytes(OTHERS[name]())
    said, took = measured(str(file), warm)
    assert took <= BASE + FACTOR * file.stat().st_size, f"{took >> 20} MB for a file of {file.stat().st_size:,} bytes: {said}"
    with contextlib.suppress(core.InspectorError):          # as where there is nothing to list
        assert len(core.open(file).findings) < 100


def test_that_a_large_honest_list_is_listed_whole(tmp_path: Path) -> None:
    file = tmp_path / "list.pth"
    file.write_bytes(builders.torch_zip(b"\x80\x02](" + b"".join(b"K" + bytes([n % 200]) for n in range(400_000)) + b"e."))
    ckpt = core.open(file)
    assert len(ckpt.values) == 400_000
    assert not any(finding.id == "too-many-keys" for finding in ckpt.findings)


def test_that_what_is_left_out_of_the_list_is_told_and_kept_by_a_save(tmp_path: Path) -> None:
    file, target = tmp_path / "bomb.pth", tmp_path / "saved.pth"
    file.write_bytes(CONTAINERS["deflated.pth"](wide_keys()))
    ckpt = core.open(file)
    assert "too-many-keys" in {finding.id for finding in ckpt.findings}
    core.save(ckpt, target)
    assert core.open(target).pickles[0].graph.data == ckpt.pickles[0].graph.data


def test_that_limits_are_those_of_the_file_and_not_of_what_unpacks_from_it() -> None:
    limits = core.Limits(memory=1000, memory_per_byte=10)
    assert limits.of_file(50).memory == 1500
    assert limits.of_file(50).of_file(1 << 40).memory == 1500
    assert json.dumps(limits.shared_by(1).memory) == "1000"
    assert limits.shared_by(2).memory == 1 << 20
