"""torch.export's archives (.pt2): torch writes them here and says what is in them; older layouts are put together by hand."""
from __future__ import annotations

import hashlib
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inspector import core
from tests.builders import TRIP_MAKES_A_CLASS, trip_pickles

pytestmark = pytest.mark.filterwarnings("ignore")

Json = dict[str, Any]


class Net(nn.Module):
    """A tie, a view of a larger storage, a transposed weight, a buffer that is not saved, a constant, several types."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.tied = self.first
        self.narrow = nn.Parameter(torch.randn(4).bfloat16())
        self.turned = nn.Parameter(torch.randn(4, 5).t())
        self.register_buffer("part", torch.arange(10.0)[2:6])
        self.register_buffer("passing", torch.arange(4.0), persistent=False)
        self.register_buffer("none", torch.zeros(0, 3))
        self.register_buffer("scalar", torch.tensor(7))
        self.constant = torch.ones(4) * 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.tied(x)) + self.passing + self.constant + torch.tensor([1.0, 2.0, 3.0, 4.0]) + self.part
        return y + self.narrow.float() + self.turned.sum() + self.scalar + self.none.sum()


def sha(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()).hexdigest()


def exported(net: nn.Module | None = None) -> Any:
    torch.manual_seed(0)
    return torch.export.export((net or Net()).eval(), (torch.ones(2, 3),))


def same(ckpt: core.Checkpoint, key: str, tensor: torch.Tensor) -> None:
    info = ckpt.tensors[key]
    assert (info.shape, info.dtype, info.stride, info.device) == (tuple(tensor.shape), str(tensor.dtype)[6:], tensor.stride(), "cpu")
    assert info.offset == tensor.storage_offset()
    assert (info.requires_grad, info.problem) == (tensor.requires_grad, "")
    assert core.digest(ckpt, key) == sha(tensor)


def ids(ckpt: core.Checkpoint) -> list[str]:
    return [finding.id for finding in ckpt.findings]


def test_that_it_is_what_torch_loads(tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    torch.export.save(exported(), path)
    program = torch.export.load(path)
    ckpt = core.open(path)
    assert (ckpt.format, ckpt.kind, ckpt.state_dicts) == ("torch-export", "module", ("",))
    state = [key for key, info in ckpt.tensors.items() if info.state_dict == ""]
    assert state == list(program.state_dict) == list(ckpt.tensors)[:len(state)]
    for key, tensor in program.state_dict.items():
        same(ckpt, key, tensor)
    constants = {key[len("constants."):]: info for key, info in ckpt.tensors.items() if key.startswith("constants.")}
    assert list(constants) == list(program.constants)
    for key, tensor in program.constants.items():
        same(ckpt, f"constants.{key}", tensor)
    assert core.digest(ckpt, "sample_inputs.0.0") == sha(torch.ones(2, 3))
    assert ckpt.tensors["first.weight"].storage == ckpt.tensors["tied.weight"].storage
    assert ckpt.facts["torch version"] == torch.__version__
    assert {finding.level for finding in ckpt.findings} <= {"info"}


def test_that_the_weights_fit_their_class(tmp_path: Path) -> None:
    torch.export.save(exported(), tmp_path / "net.pt2")
    Net().load_state_dict(core.load_state_dict(tmp_path / "net.pt2"), strict=True)


@pytest.mark.parametrize("make", [lambda: nn.Sequential(nn.Linear(3, 2), nn.ReLU()), lambda: nn.Linear(3, 2, dtype=torch.float32),
                                  lambda: nn.Sequential(nn.Flatten(), nn.LayerNorm(3), nn.Dropout())])
def test_that_other_models_are_what_torch_loads(tmp_path: Path, make: Callable[[], nn.Module]) -> None:
    torch.export.save(exported(make()), tmp_path / "net.pt2")
    program, ckpt = torch.export.load(tmp_path / "net.pt2"), core.open(tmp_path / "net.pt2")
    assert [key for key, info in ckpt.tensors.items() if info.state_dict == ""] == list(program.state_dict)
    for key, tensor in program.state_dict.items():
        same(ckpt, key, tensor)


def test_that_several_programs_keep_their_names_apart(tmp_path: Path) -> None:
    from torch.export.pt2_archive._package import package_pt2
    first, second = exported(nn.Linear(3, 2)), exported(nn.Linear(3, 5))
    package_pt2(str(tmp_path / "two.pt2"), exported_programs={"encoder": first, "decoder": second})
    ckpt = core.open(tmp_path / "two.pt2")
    assert ckpt.state_dicts == ("encoder", "decoder")
    assert list(ckpt.tensors)[:4] == ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"]
    assert ckpt.tensors["decoder.bias"].name == "bias"
    same(ckpt, "decoder.weight", second.state_dict["weight"])


def test_that_its_tensors_can_be_saved_without_the_program(tmp_path: Path) -> None:
    program = exported()
    torch.export.save(program, tmp_path / "net.pt2")
    ckpt = core.open(tmp_path / "net.pt2")
    plan = core.plan_save(ckpt, tmp_path / "net.pth")
    assert [loss.id for loss in plan.losses] == ["program"]
    core.save(plan, allow_loss=True)
    loaded = torch.load(tmp_path / "net.pth", weights_only=True)
    for key, tensor in program.state_dict.items():
        assert torch.equal(loaded[key], tensor)


# -- older layouts, and packages of compiled programs ------------------------------------------------------------------------

def saved(value: Any) -> bytes:
    out = io.BytesIO()
    torch.save(value, out)
    return out.getvalue()


def pack(path: Path, records: Mapping[str, bytes], top: str = "net/", compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, raw in records.items():
            archive.writestr(top + name, raw)
    return path


STATE = {"a.weight": torch.arange(6.0).reshape(2, 3).t(), "a.bias": torch.arange(3, dtype=torch.int16)}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("suffix", [".pt", ".json"])
def test_that_the_layout_of_2_1_to_2_7_opens(tmp_path: Path, suffix: str, compression: int) -> None:
    """torch/export/__init__.py of 2.6: zipfile.ZipFile(f, "w"), no top folder; `.json` until 2.1."""
    path = pack(tmp_path / "net.pt2", {
        "serialized_exported_program.json": b'{"graph_module": {}, "torch_version": "2.6.0"}',
        f"serialized_state_dict{suffix}": saved(STATE),
        f"serialized_constants{suffix}": saved({"c": torch.ones(2)}), "serialized_example_inputs.pt": saved(((torch.ones(4),), {})),
        "version": b"5.1", "extra_files/note.txt": b"hello"}, "", compression)
    ckpt = core.open(path)
    assert list(ckpt.tensors) == ["a.weight", "a.bias", "constants.c", "sample_inputs.0.0"]
    for key, tensor in STATE.items():
        same(ckpt, key, tensor)
    assert core.digest(ckpt, "constants.c") == sha(torch.ones(2))
    assert core.digest(ckpt, "sample_inputs.0.0") == sha(torch.ones(4))
    assert (ckpt.state_dicts, ckpt.facts["version"]) == (("",), "5.1")
    assert len(ckpt.files) == (1 if compression == zipfile.ZIP_STORED else 4)
    # and inside another archive
    pack(tmp_path / "all.zip", {"x.pt2": path.read_bytes()}, "", compression)
    inner = core.open(f"{tmp_path / 'all.zip'}!x.pt2")
    for key in ckpt.tensors:
        assert core.digest(inner, key) == core.digest(ckpt, key)


def test_that_whole_dicts_in_the_newer_layout_open(tmp_path: Path) -> None:
    """torch 2.7 and 2.8 saved data/weights/<name>.pt whole; 2.13 still reads it."""
    ckpt = core.open(pack(tmp_path / "net.pt2", {
        "archive_format": b"pt2", "models/model.json": b"{}", "data/weights/model.pt": saved(STATE),
        "data/constants/model.pt": saved({"c": torch.ones(2)}), "data/sample_inputs/model.pt": saved(((), {}))}))
    assert list(ckpt.tensors) == ["a.weight", "a.bias", "constants.c"]
    same(ckpt, "a.weight", STATE["a.weight"])


def aotinductor(**more: bytes) -> dict[str, bytes]:
    config = {"l.weight": ["weight_0", [3, 2], [1, 3], 0], "l.row": ["weight_0", [3], [1], 3], "l.bias": ["weight_1", [3], [1], 0]}
    return {"archive_format": b"pt2", "archive_version": b"0", "data/aotinductor/model/c.wrapper.so": b"\x7fELF" + bytes(50),
            "data/aotinductor/model/c.kernel.cpp": b"int main() {}",
            "data/aotinductor/model/weights_config.json": json.dumps(config).encode(),
            "data/weights/weight_0": saved(STATE["a.weight"].t()), "data/weights/weight_1": saved(STATE["a.bias"]), **more}


def test_that_a_compiled_package_lists_its_weights_and_says_that_it_holds_code(tmp_path: Path) -> None:
    """torch/export/pt2_archive/_package.py 2.13, `_package_aoti_files`."""
    ckpt = core.open(pack(tmp_path / "net.pt2", aotinductor()))
    assert list(ckpt.tensors) == ["l.weight", "l.row", "l.bias"]
    same(ckpt, "l.weight", STATE["a.weight"])
    assert core.read_numpy(ckpt, "l.row").tolist() == [3.0, 4.0, 5.0]
    finding = next(finding for finding in ckpt.findings if finding.id == "native-code")
    assert finding.level == "danger"
    assert "c.wrapper.so" in finding.message
    assert ckpt.state_dicts == ("",)


def test_that_a_package_of_2_5_without_separate_weights_opens(tmp_path: Path) -> None:
    ckpt = core.open(pack(tmp_path / "net.pt2", {"version": b"3", "data/aotinductor/model/c.so": b"\x7fELF"}))
    assert (len(ckpt.tensors), ids(ckpt)) == (0, ["native-code"])


def test_that_weights_of_a_program_and_of_its_compiled_form_are_kept_apart(tmp_path: Path) -> None:
    config = {"config": {"l.weight": entry("weight_9")}}
    ckpt = core.open(pack(tmp_path / "net.pt2", aotinductor() | {
        "models/model.json": b"{}", "data/weights/weight_9": bytes(16),
        "data/weights/model_weights_config.json": json.dumps(config).encode()}))
    assert list(ckpt.tensors) == ["l.weight", "aotinductor.model.l.weight", "aotinductor.model.l.row", "aotinductor.model.l.bias"]
    assert ckpt.state_dicts == ("", "aotinductor.model")


# -- what is not in order ----------------------------------------------------------------------------------------------------

def entry(record: str = "weight_0", **change: Any) -> Json:
    meta = {"dtype": 7, "sizes": [{"as_int": 4}], "requires_grad": False, "device": {"type": "cuda", "index": 1},
            "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}
    return {"path_name": record, "is_param": True, "use_pickle": False, "tensor_meta": meta | change}


def configured(path: Path, config: Any, more: Mapping[str, bytes] = {}) -> core.Checkpoint:
    raw = config if isinstance(config, bytes) else json.dumps({"config": config}).encode()
    return core.open(pack(path / "net.pt2", {"archive_format": b"pt2", "models/model.json": b"{}",
                                             "data/weights/weight_0": bytes(range(16)),
                                             "data/weights/model_weights_config.json": raw, **more}))


@pytest.mark.parametrize(("change", "problem"), [
    ({"sizes": [{"as_int": 5}]}, "out_of_bounds"), ({"dtype": 8}, "out_of_bounds"), ({"dtype": 99}, "unknown_dtype"),
    ({"dtype": None}, "unknown_dtype"), ({"storage_offset": {"as_int": 1}}, "out_of_bounds"), ({"storage_offset": None}, "corrupt"),
    ({"sizes": [{"as_expr": {"expr_str": "s0"}}]}, "corrupt"), ({"sizes": 3}, "corrupt"), ({"strides": []}, "corrupt"),
    ({"sizes": [{"as_int": -4}]}, "corrupt"), ({"layout": 1}, "unsupported"), ({"sizes": [{"as_int": 2 ** 63 - 1}] * 3,
                                                                                 "strides": [{"as_int": 0}] * 3}, "corrupt"),
])
def test_that_a_broken_entry_marks_its_tensor(tmp_path: Path, change: Json, problem: str) -> None:
    ckpt = configured(tmp_path, {"w": entry(**change), "ok": entry()})
    assert ckpt.tensors["w"].problem.startswith(problem)
    assert ckpt.tensors["ok"].device == "cuda:1"
    assert core.digest(ckpt, "ok") == hashlib.sha256(bytes(range(16))).hexdigest()
    with pytest.raises(core.BadTensor):
        core.read_numpy(ckpt, "w")


@pytest.mark.parametrize(("entries", "problem"), [
    (entry("weight_7"), "missing"), (entry("../../../etc/hosts"), "missing"), ({"path_name": 3}, "corrupt"),
    (None, "corrupt"), ([], "corrupt"),
    ({"path_name": "weight_0", "use_pickle": True}, "corrupt"), ({"path_name": "weight_7", "use_pickle": True}, "missing"),
    ({"use_pickle": True}, "missing"),
])
def test_that_a_missing_payload_marks_its_tensor(tmp_path: Path, entries: Any, problem: str) -> None:
    assert configured(tmp_path, {"w": entries}).tensors["w"].problem.startswith(problem)


def test_that_an_empty_record_is_no_zeros(tmp_path: Path) -> None:
    """torch.export.load makes zeros of it; the file holds no values."""
    assert configured(tmp_path, {"w": entry("weight_1")}, {"data/weights/weight_1": b""}).tensors["w"].problem.startswith("fake")


@pytest.mark.parametrize("config", [b"", b"[]", b"{}", b'{"config": 1}', b'{"config": {"a": 1, "a": 2}}', b"\xff"])
def test_that_a_broken_config_is_told_and_the_rest_opens(tmp_path: Path, config: bytes) -> None:
    ckpt = configured(tmp_path, config, {"data/constants/model.pt": saved({"c": torch.ones(2)})})
    assert list(ckpt.tensors) == ["constants.c"]
    assert "bad-member" in ids(ckpt)


@pytest.mark.parametrize("name", sorted(trip_pickles()))
def test_that_nothing_in_a_payload_is_called(tmp_path: Path, name: str) -> None:
    """In constants: torch.export.load would unpickle these without protection."""
    config = {"config": {"c": {"path_name": "opaque_obj_0", "use_pickle": True, "tensor_meta": None}}}
    ckpt = configured(tmp_path, {"w": entry()}, {"data/constants/model_constants_config.json": json.dumps(config).encode(),
                                                 "data/constants/opaque_obj_0": trip_pickles()[name]})
    level = "warning" if name in TRIP_MAKES_A_CLASS else "danger"
    assert any(finding.id == "unknown-code" and finding.level == level for finding in ckpt.findings)
    assert "w" in ckpt.tensors


def test_that_archives_in_archives_are_not_followed(tmp_path: Path) -> None:
    """A payload that is a .pt2 again could hold the next one."""
    inner = pack(tmp_path / "inner", {"archive_format": b"pt2", "models/model.json": b"{}"}).read_bytes()
    ckpt = configured(tmp_path, {"w": {"path_name": "weight_0", "use_pickle": True}}, {"data/weights/weight_0": inner})
    assert "nothing that torch.save wrote" in ckpt.tensors["w"].problem


def test_that_packed_payloads_have_a_budget(tmp_path: Path) -> None:
    """Records that each unpack to much: together no more than what is unpacked unasked at all."""
    limits = core.Limits(preview=3000)
    records = {f"data/weights/weight_{n}": saved(torch.zeros(100)) for n in range(6)}
    config = {"config": {str(n): {"path_name": f"weight_{n}", "use_pickle": True} for n in range(6)}}
    path = pack(tmp_path / "net.pt2", {"archive_format": b"pt2", "models/model.json": b"{}", **records,
                                       "data/weights/model_weights_config.json": json.dumps(config).encode()},
                compression=zipfile.ZIP_DEFLATED)
    problems = [info.problem for info in core.open(path, limits=limits).tensors.values()]
    assert not problems[0]
    assert "unpack to more than" in problems[-1]


def test_that_a_payload_is_listed_once_however_often_it_is_named(tmp_path: Path) -> None:
    config = {str(n): {"path_name": "weight_0", "use_pickle": True} for n in range(300)}
    whole = saved({str(n): n for n in range(300)})
    ckpt = configured(tmp_path, config, {"data/weights/weight_0": whole})
    assert len(ckpt.values) == 300 + 299
    tensor = configured(tmp_path, config, {"data/weights/weight_0": saved(torch.ones(4))})
    assert len(tensor.tensors) == 300
    assert len({info.storage for info in tensor.tensors.values()}) == 1


def test_that_damage_to_a_payload_is_noticed(tmp_path: Path) -> None:
    """The record's own checksum."""
    torch.export.save(exported(), tmp_path / "net.pt2")
    ckpt = core.open(tmp_path / "net.pt2")
    extent = ckpt.storages[ckpt.tensors["first.weight"].storage].extent
    assert extent is not None
    data = bytearray((tmp_path / "net.pt2").read_bytes())
    data[data.index(sha_bytes(torch.export.load(tmp_path / "net.pt2").state_dict["first.weight"]))] ^= 1
    (tmp_path / "net.pt2").write_bytes(data)
    with pytest.raises(core.BadTensor, match="CRC"):
        core.read_numpy(core.open(tmp_path / "net.pt2"), "first.weight")


def sha_bytes(tensor: torch.Tensor) -> bytes:
    return tensor.detach().numpy().tobytes()


@pytest.mark.parametrize("order", [b"big", b"middle"])
def test_that_the_byte_order_is_heeded(tmp_path: Path, order: bytes) -> None:
    ckpt = configured(tmp_path, {"w": entry()}, {"byteorder": order})
    if order == b"big":
        assert core.read_numpy(ckpt, "w").tolist() == list(struct.unpack(">4f", bytes(range(16))))
    else:
        assert ckpt.tensors["w"].problem.startswith("byteorder")
        assert "byteorder" in ids(ckpt)


@settings(max_examples=40, deadline=None)
@given(st.integers(0), st.binary(min_size=1, max_size=3))
def test_that_any_damage_gives_a_checkpoint_or_one_error(place: int, garbage: bytes) -> None:
    from tempfile import TemporaryDirectory
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        path = pack(Path(folder) / "net.pt2", aotinductor())
        data = bytearray(path.read_bytes())
        at = place % len(data)
        data[at:at + len(garbage)] = garbage
        path.write_bytes(data)
        try:
            ckpt = core.open(path)
        except core.InspectorError:
            return
        for key, info in ckpt.tensors.items():
            try:
                core.read_numpy(ckpt, key)
            except core.BadTensor:
                continue
            assert not info.problem
