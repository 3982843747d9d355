"""TorchScript of torch 1.0 to 1.2: written here as those releases wrote it (checked against archives of 1.0.1, 1.1.0, 1.2.0)."""
from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from tests.builders import TRIP_MAKES_A_CLASS, trip_pickles
from tests.core.pickles import opcodes as op

Json = dict[str, Any]
_DTYPES = {torch.float32: "FLOAT", torch.int64: "INT64", torch.float16: "FLOAT16", torch.uint8: "UINT8", torch.bool: "BOOL",
           torch.float64: "DOUBLE", torch.int32: "INT32", torch.int16: "INT16", torch.int8: "INT8"}


def by_number(n: int) -> bytes:
    return op.reduce(op.name("torch.jit._pickle", "build_tensor_from_id"), op.integer(n))


class Writer:
    """What `ScriptModuleSerializer` of torch/csrc/jit/export.cpp (1.2) did: a table of tensors that share records by storage."""

    def __init__(self) -> None:
        self.table: list[Json] = []
        self.records: dict[str, bytes] = {}
        self._storages: dict[int, str] = {}
        self._kept: list[torch.Tensor] = []

    def tensor(self, tensor: torch.Tensor, **more: Any) -> str:
        number = len(self.table)
        self._kept.append(tensor)
        storage = tensor.untyped_storage()
        key = self._storages.setdefault(storage.data_ptr(), f"tensors/{number}")
        self.records.setdefault(key, bytes(storage.tolist()))
        entry: Json = {"offset": str(tensor.storage_offset()), "requiresGrad": tensor.requires_grad, "dataType": _DTYPES[tensor.dtype],
                       "data": {"key": key}, "device": "cpu", "isQuantized": False}
        if tensor.dim():                        # empty lists are left out
            entry |= {"dims": list(map(str, tensor.shape)), "strides": list(map(str, tensor.stride()))}
        self.table.append(entry | more)
        return str(number)

    def parameter(self, name: str, tensor: torch.Tensor, buffer: bool = False) -> Json:
        return {"isBuffer": buffer, "tensorId": self.tensor(tensor), "name": name}

    def archive(self, main: Json, attributes: bytes | None = None, version: str = "5", top: str = "net",
                more: Mapping[str, bytes] = {}, compression: int = zipfile.ZIP_STORED) -> bytes:
        model = {"protoVersion": version, "mainModule": main, "producerName": "pytorch", "producerVersion": "1.0"}
        if self.table:
            model["tensors"] = self.table
        records = {"version": b"1\n", "code/net.py": b"op_version_set = 1\n", **more}
        if attributes is not None:
            records["attributes.pkl"] = attributes
        return pack({**records, **self.records, "model.json": json.dumps(model).encode()}, top, compression)


def pack(records: Mapping[str, bytes], top: str = "net", compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, raw in records.items():
            archive.writestr(f"{top}/{name}" if top else name, raw)
    return out.getvalue()


def opened(tmp_path: Path, data: bytes) -> core.Checkpoint:
    (tmp_path / "net.pt").write_bytes(data)
    return core.open(tmp_path / "net.pt")


def sha(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()).hexdigest()


def ids(ckpt: core.Checkpoint) -> list[str]:
    return [finding.id for finding in ckpt.findings]


def test_that_names_order_and_bytes_are_those_of_the_state_dict(tmp_path: Path) -> None:
    """The net of `o120/trace.pt` in the note of this change: parameters, then buffers, then the modules inside."""
    torch.manual_seed(0)
    base = torch.arange(10.0)
    own = {"first": torch.randn(3, requires_grad=True), "view": base[2:6], "view2": base[4:8], "exp": torch.ones(1).expand(4),
           "long": torch.tensor(7), "mask": torch.tensor([1, 0, 1], dtype=torch.uint8)}
    inner = {"w": torch.randn(3, 2).t().requires_grad_(), "hf": torch.randn(2).half(), "flag": torch.tensor([True])}
    writer = Writer()
    main: Json = {"name": "net", "optimize": True, "torchscriptArena": {"key": "code/net.py"}, "submodules": [
        {"name": "inner", "parameters": [writer.parameter(name, tensor) for name, tensor in inner.items()]}],
        "parameters": [writer.parameter(name, tensor, name != "first") for name, tensor in own.items()]}
    ckpt = opened(tmp_path, writer.archive(main, version="1"))
    expected = own | {f"inner.{name}": tensor for name, tensor in inner.items()}
    assert list(ckpt.tensors) == list(expected)
    for key, tensor in expected.items():
        info = ckpt.tensors[key]
        assert (info.shape, info.stride, info.offset) == (tuple(tensor.shape), tensor.stride(), tensor.storage_offset())
        assert (info.dtype, info.requires_grad, info.state_dict) == (str(tensor.dtype)[6:], tensor.requires_grad, "")
        assert core.digest(ckpt, key) == sha(tensor)
    assert ckpt.tensors["view"].storage == ckpt.tensors["view2"].storage
    assert (ckpt.format, ckpt.kind, ckpt.state_dicts) == ("torchscript", "torchscript", ("",))
    assert ckpt.facts["proto version"] == "1"
    assert ckpt.values["inner"] == core.Opaque("__torch__.net.inner", "no methods of its own")
    assert torch.equal(core.load_state_dict(tmp_path / "net.pt")["inner.w"], inner["w"])


def test_that_attributes_are_values_and_tensors_by_their_numbers(tmp_path: Path) -> None:
    """As torch 1.2 writes Attributes; a buffer is an attribute of type Tensor there."""
    writer = Writer()
    weight, mean, a, b, only_code = torch.randn(2), torch.randn(3), torch.ones(2), torch.zeros(1), torch.tensor([5.0])
    main: Json = {"name": "net", "parameters": [writer.parameter("w", weight)], "attributes": [
        {"type": "Tensor", "name": "running_mean", "id": "0"}, {"type": "Dict[str, Tensor]", "name": "names", "id": "1"},
        {"type": "List[int]", "name": "nums", "id": "2"}, {"type": "str", "name": "text", "id": "3"},
        {"type": "Tensor", "name": "w", "id": "0"}, {"type": "Optional[Tensor]", "name": "packed", "id": "-1"}],
        "getStateAttributeId": "4"}
    for tensor in (mean, a, b, only_code):
        writer.tensor(tensor)
    ints = op.reduce(op.name("torch.jit._pickle", "build_intlist"), op.list_of(op.integer(1), op.integer(2)))
    attributes = op.pickled(op.tuple_of(by_number(1), op.dict_of({"a": by_number(2), "b": by_number(3)}), ints, op.text("hello"),
                                        op.tuple_of(by_number(0), op.integer(8))))
    ckpt = opened(tmp_path, writer.archive(main, attributes))
    assert list(ckpt.tensors) == ["w", "running_mean", "names.a", "names.b", "state.0", "constants.4"]
    assert [info.state_dict for info in ckpt.tensors.values()] == ["", "", None, None, None, None]
    assert core.digest(ckpt, "names.a") == sha(a)
    assert core.digest(ckpt, "constants.4") == sha(only_code)
    values = dict(ckpt.values)
    assert {key: values[key] for key in ("nums.0", "nums.1", "text", "state.1", "packed")} == {
        "nums.0": 1, "nums.1": 2, "text": "hello", "state.1": 8, "packed": None}
    assert not ckpt.findings or {finding.level for finding in ckpt.findings} == {"info"}


def test_that_quantized_tensors_keep_scale_and_zero_point(tmp_path: Path) -> None:
    writer = Writer()
    number = writer.tensor(torch.tensor([1, 2], dtype=torch.uint8), isQuantized=True, scale=0.5, zeroPoint="3")
    ckpt = opened(tmp_path, writer.archive({"name": "net", "parameters": [{"isBuffer": False, "tensorId": number, "name": "q"}]}))
    info = ckpt.tensors["q"]
    assert (info.dtype, info.quantizer) == ("quint8", core.PerTensor("per_tensor_affine", 0.5, 3))


def test_that_a_script_without_tensors_opens(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, Writer().archive({"name": "net"}, op.pickled(op.EMPTY_TUPLE)))
    assert (len(ckpt.tensors), ckpt.state_dicts, list(ckpt.values)) == (0, (), [""])


def test_that_a_packed_archive_reads_the_same(tmp_path: Path) -> None:
    writer = Writer()
    main = {"name": "net", "parameters": [writer.parameter("w", torch.arange(100.0))]}
    ckpt = opened(tmp_path, writer.archive(main, compression=zipfile.ZIP_DEFLATED))
    assert core.digest(ckpt, "w") == sha(torch.arange(100.0))


def test_that_a_script_inside_an_archive_opens(tmp_path: Path) -> None:
    writer = Writer()
    main = {"name": "net", "parameters": [writer.parameter("w", torch.arange(4.0))]}
    (tmp_path / "all.zip").write_bytes(pack({"net.pt": writer.archive(main)}, "x"))
    ckpt = core.open(f"{tmp_path / 'all.zip'}!x/net.pt")
    assert core.digest(ckpt, "w") == sha(torch.arange(4.0))


def test_that_its_tensors_can_be_saved_as_a_state_dict(tmp_path: Path) -> None:
    """There is no object in it that could be written again."""
    writer = Writer()
    weight = torch.randn(3)
    main = {"name": "net", "parameters": [writer.parameter("w", weight)]}
    ckpt = opened(tmp_path, writer.archive(main, op.pickled(op.EMPTY_TUPLE)))
    plan = core.plan_save(ckpt, tmp_path / "new.pt")
    assert plan.format == "torch-zip"
    assert {loss.id for loss in plan.losses} == {"other-members"}
    core.save(plan, allow_loss=True)
    assert torch.equal(torch.load(tmp_path / "new.pt", weights_only=True)["w"], weight)


# -- what is not in order ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("change", "problem"), [
    ({"dims": ["4", "4"]}, "corrupt: 2 sizes but 1 stride"), ({"dims": ["5"]}, "out_of_bounds"), ({"offset": "1"}, "out_of_bounds"),
    ({"offset": "-1"}, "corrupt"), ({"dims": ["-1"]}, "corrupt"), ({"strides": ["-1"]}, "corrupt"), ({"dims": ["x"]}, "corrupt"),
    ({"dims": ["9" * 30]}, "corrupt"), ({"dims": ["9223372036854775807"] * 3, "strides": ["0"] * 3}, "corrupt"), ({"dims": "4"}, "corrupt"),
    ({"dataType": "STRING"}, "unknown_dtype"), ({"dataType": []}, "unknown_dtype"), ({"data": {"key": "tensors/9"}}, "missing"),
    ({"data": {"key": "../../etc/hosts"}}, "missing"), ({"data": 3}, "corrupt"), ({"dataType": "DOUBLE"}, "out_of_bounds"),
])
def test_that_a_broken_entry_of_the_table_marks_its_tensor(tmp_path: Path, change: Json, problem: str) -> None:
    writer = Writer()
    main = {"name": "net", "parameters": [writer.parameter("w", torch.arange(4.0)), writer.parameter("ok", torch.ones(2))]}
    writer.table[0] |= change
    ckpt = opened(tmp_path, writer.archive(main))
    assert ckpt.tensors["w"].problem.startswith(problem)
    assert not ckpt.tensors["ok"].problem
    with pytest.raises(core.BadTensor):
        core.read_numpy(ckpt, "w")


def test_that_numbers_outside_the_table_are_marked(tmp_path: Path) -> None:
    parameters = [{"name": str(n), "tensorId": number} for n, number in enumerate(["7", "-1", None, 1.5, "9" * 30])]
    ckpt = opened(tmp_path, Writer().archive({"name": "net", "parameters": parameters}))
    assert [info.problem.partition(":")[0] for info in ckpt.tensors.values()] == ["missing"] * 5


def test_that_broken_attributes_cost_no_parameter(tmp_path: Path) -> None:
    writer = Writer()
    main = {"name": "net", "parameters": [writer.parameter("w", torch.arange(4.0))],
            "attributes": [{"type": "int", "name": "k", "id": "0"}]}
    ckpt = opened(tmp_path, writer.archive(main, b"\x80\x02(cos\nsystem\n"))
    assert list(ckpt.tensors) == ["w"]
    assert {"bad-member", "unknown-code"} <= set(ids(ckpt)) or "bad-member" in ids(ckpt)
    assert ckpt.values["k"] == core.Opaque("missing", "its value is not in the archive")


@pytest.mark.parametrize("name", [name for name in trip_pickles() if name != "broken-tail"])
def test_that_nothing_in_the_attributes_is_called(tmp_path: Path, name: str) -> None:
    """What the attributes would call is told."""
    for member in ("attributes.pkl", "other.pkl"):
        ckpt = opened(tmp_path, Writer().archive({"name": "net"}, more={member: trip_pickles()[name]}))
        level = "warning" if name in TRIP_MAKES_A_CLASS else "danger"
        assert any(finding.level == level and finding.id == "unknown-code" for finding in ckpt.findings)


@pytest.mark.parametrize("model", [b"", b"[]", b"{}", b'{"mainModule": 3}', b'{"mainModule": {}, "mainModule": {}}', b"\xff"])
def test_that_a_broken_model_is_one_error(tmp_path: Path, model: bytes) -> None:
    with pytest.raises(core.Corrupt) as caught:
        opened(tmp_path, pack({"version": b"1", "model.json": model}))
    assert "model.json" in str(caught.value)
    assert caught.value.hint


def test_that_modules_may_be_nested_deeply_but_not_for_ever(tmp_path: Path) -> None:
    def nested(levels: int) -> Json:
        module: Json = {"name": "m"}
        for _ in range(levels):
            module = {"name": "m", "submodules": [module]}
        return module

    assert len(opened(tmp_path, Writer().archive(nested(50))).values) == 51
    deep = b'{"name":"m","submodules":[' * 50_000
    with pytest.raises(core.Corrupt):
        opened(tmp_path, pack({"version": b"1", "model.json": b'{"mainModule":' + deep}))


def test_that_an_entry_is_listed_once_however_often_it_is_named(tmp_path: Path) -> None:
    """A few kilobytes of JSON must not list a large attribute ten thousand times."""
    attributes = [{"type": "List[int]", "name": f"n{n}", "id": "0"} for n in range(2000)]
    listed = op.pickled(op.tuple_of(op.list_of(*map(op.integer, range(2000)))))
    ckpt = opened(tmp_path, Writer().archive({"name": "net", "attributes": attributes}, listed))
    assert len(ckpt.values) == 1 + 2000 + 1999
    assert ckpt.values["n1"] == core.Opaque("reference", "→ entry 0 of attributes.pkl")


def test_that_orphans_are_told(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, Writer().archive({"name": "net"}, more={"tensors/5": b"1234", "debug/net.pkl": b"\x80\x02N."}))
    assert ids(ckpt) == ["orphan-records"]


def test_that_a_cut_archive_is_one_error(tmp_path: Path) -> None:
    writer = Writer()
    data = writer.archive({"name": "net", "parameters": [writer.parameter("w", torch.arange(400.0))]})
    with pytest.raises(core.Truncated):
        opened(tmp_path, data[:len(data) // 2])


_value = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["0", "-1", "FLOAT", "tensors/0"]),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
                          ["name", "submodules", "parameters", "attributes", "tensorId", "id", "type", "isBuffer", "dims", "strides",
                           "offset", "dataType", "data", "key", "device", "torchscriptArena", "isQuantized", "scale"]), inner, max_size=5),
                      max_leaves=25)


@given(_value, _value, _value)
def test_that_any_json_gives_a_checkpoint_or_one_error(main: Any, tensors: Any, version: Any) -> None:
    from tempfile import TemporaryDirectory
    model = json.dumps({"protoVersion": version, "mainModule": main, "tensors": tensors}).encode("utf-8", "surrogatepass")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.pt"
        path.write_bytes(pack({"version": b"1", "tensors/0": struct.pack("<4f", 1, 2, 3, 4), "model.json": model,
                               "attributes.pkl": op.pickled(op.tuple_of(by_number(0), by_number(-3), op.integer(1)))}))
        try:
            ckpt = core.open(path)
        except core.InspectorError:
            return
        for key, info in ckpt.tensors.items():
            if not info.problem:
                core.read_numpy(ckpt, key)


def test_that_keys_too_long_to_list_are_counted_before_they_are_made_and_what_was_listed_stays(tmp_path: Path) -> None:
    """A module's name is a part of every name below it: a thousand modules in one with a long name are a thousand long names."""
    writer = Writer()
    inner = [{"name": str(n)} for n in range(1000)]
    main = {"parameters": [writer.parameter("weight", torch.ones(2))], "submodules": [{"name": "w" * 10_000, "submodules": inner}]}
    file = tmp_path / "net.pt"
    file.write_bytes(writer.archive(main, op.pickled(op.tuple_of())))
    assert len(core.open(file).values) == 1002
    few = core.open(file, limits=core.Limits(memory=5 << 20, memory_per_byte=0))
    assert "weight" in few.tensors
    assert 100 < len(few.values) < 1002
    assert ids(few).count("too-many-keys") == 1
    assert "orphan-records" not in ids(few)
