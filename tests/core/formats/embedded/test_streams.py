"""Streams of torch's in the bytes of a pickle: what pickle.dump makes of tensors, with pickle and torch as oracles."""
from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inspector import core
from inspector.core import formats
from inspector.core.errors import InspectorError, TooBig
from inspector.core.limits import LIMITS
from tests.core.pickles import opcodes as op

LOADER = op.name("torch.storage", "_load_from_bytes")


class Held:
    """An object that torch saved into bytes, loaded as storages are."""

    def __init__(self, value: Any, legacy: bool = False) -> None:
        self.value, self.legacy = value, legacy

    def __reduce__(self) -> Any:
        return torch.storage._load_from_bytes, (saved(self.value, self.legacy),)


class Pickled:
    """An object that pickles itself and is loaded by pickle.loads."""

    def __init__(self, value: Any, protocol: int = 2) -> None:
        self.value, self.protocol = value, protocol

    def __reduce__(self) -> Any:
        return pickle.loads, (pickle.dumps(self.value, self.protocol),)


def saved(value: Any, legacy: bool = False) -> bytes:
    made = io.BytesIO()
    torch.save(value, made, _use_new_zipfile_serialization=not legacy)
    return made.getvalue()


def tensors_in(value: Any, key: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield key.removeprefix("."), value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from tensors_in(item, f"{key}.{name}")
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from tensors_in(item, f"{key}.{i}")


def dumped(tmp_path: Path, value: Any, protocol: int = 2) -> Path:
    path = tmp_path / "dumped.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    return path


BASE = torch.arange(10.0)
NET = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).state_dict()
VALUES: dict[str, Any] = {
    "tensors": {"view": BASE[2:5], "p": torch.nn.Parameter(torch.ones(2, 2)), "bf16": torch.ones(3, dtype=torch.bfloat16),
                "complex": torch.ones(2, dtype=torch.complex64), "long": torch.arange(3), "bool": torch.tensor([True, False]),
                "empty": torch.zeros(0, 3), "t": torch.ones(2, 3).t(), "scalar": torch.tensor(2.5)},
    "state-dict": NET, "archive": {"x": Held(NET), "y": 1}, "old": {"x": Held(NET, True), "y": 1},
    "root": Held({"m": NET, "epoch": 3}), "tensor": [Held(torch.ones(2), True)], "deep": {"x": Held({"in": Held([torch.ones(3)])}, True)},
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", VALUES)
def test_that_a_dumped_object_is_what_pickle_loads(tmp_path: Path, name: str, protocol: int) -> None:
    path = dumped(tmp_path, VALUES[name], protocol)
    want = dict(tensors_in(pickle.loads(path.read_bytes())))
    ckpt = core.open(path)
    assert list(ckpt.tensors) == list(want)
    assert not [finding for finding in ckpt.findings if finding.level == "danger"]
    for key, tensor in want.items():
        found = core.read_torch(ckpt, key)
        assert (found.dtype, found.stride(), ckpt.tensors[key].requires_grad) == (tensor.dtype, tensor.stride(), tensor.requires_grad)
        assert torch.equal(found, tensor)
    core.save(ckpt, tmp_path / "new.pth")
    loaded = dict(tensors_in(torch.load(tmp_path / "new.pth", weights_only=True)))
    assert list(loaded) == list(want)
    assert all(torch.equal(loaded[key], tensor) for key, tensor in want.items())


def test_that_a_dumped_state_dict_is_one_with_the_device_that_it_was_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.serialization, "_package_registry",
                        [(-100, lambda storage: "cuda:1", lambda storage, tag: None), *torch.serialization._package_registry])
    path = dumped(tmp_path, NET)
    ckpt = core.open(path)
    assert (ckpt.kind, ckpt.state_dicts, {info.device for info in ckpt.tensors.values()}) == ("state-dict", ("",), {"cuda:1"})
    moved = core.edit(ckpt, [core.RemapDevices({"cuda:*": "cpu"}), core.AddPrefix("net.")])
    core.save(moved, tmp_path / "new.pth")
    core.save(moved, tmp_path / "new.safetensors")
    monkeypatch.undo()
    for found in (torch.load(tmp_path / "new.pth", weights_only=True), core.load_state_dict(tmp_path / "new.safetensors")):
        assert {f"net.{key}" for key in NET} == set(found)
        assert all(torch.equal(found[f"net.{key}"], tensor) for key, tensor in NET.items())


def test_that_a_whole_dumped_module_shows_its_state_dict(tmp_path: Path) -> None:
    net = torch.nn.Linear(3, 2)
    ckpt = core.open(dumped(tmp_path, net))
    assert (ckpt.kind, list(ckpt.tensors)) == ("module", ["weight", "bias"])
    core.save(ckpt, tmp_path / "new.safetensors")
    assert torch.equal(core.load_state_dict(tmp_path / "new.safetensors")["weight"], net.weight)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("outer", ["zip", "legacy"])
def test_that_streams_in_a_file_of_torch_s_are_tensors_too(tmp_path: Path, legacy: bool, outer: str) -> None:
    torch.save({"w": torch.ones(2), "held": Held(NET, legacy)}, tmp_path / "a.pth", _use_new_zipfile_serialization=outer == "zip")
    ckpt = core.open(tmp_path / "a.pth")
    assert list(ckpt.tensors) == ["w", *(f"held.{key}" for key in NET)]
    assert [one.name for one in core.loads_with_torch(ckpt).refused] == ["torch.storage._load_from_bytes"]
    core.save(ckpt, tmp_path / "same.pth")
    assert torch.load(tmp_path / "same.pth", weights_only=True)["held"].keys() == NET.keys()
    edited = core.edit(ckpt, [core.Rename("held", "net")])
    assert core.loads_with_torch(edited).weights_only
    core.save(edited, tmp_path / "new.pth")
    found = torch.load(tmp_path / "new.pth", weights_only=True)
    assert all(torch.equal(found["held"][key], tensor) for key, tensor in NET.items())


NESTED: dict[str, Callable[[], Any]] = {
    "stream in stream": lambda: Held({"x": BASE[1:4], "y": Held([torch.ones(2)], True)}),
    "pickle": lambda: Pickled({"x": BASE[2:5], "n": 3}), "pickle of protocol 0": lambda: Pickled({"x": [BASE]}, 0),
    "pickle in pickle": lambda: Pickled([Pickled({"x": BASE}, 4)], 5), "stream in pickle": lambda: Pickled({"a": Held(NET, True)}, 4),
    "pickle in stream": lambda: Held({"p": Pickled([torch.ones(3), 1])}), "nothing of torch's": lambda: Pickled({"n": 1, "s": "x"}),
    "stream without tensors": lambda: Held({"n": 1, "s": ["x"]}, True), "array": lambda: Pickled({"a": np.arange(3.0)}),
}


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("outer", ["pickle", "zip", "legacy"])
def test_that_what_is_loaded_from_bytes_is_shown_and_saved_as_what_it_is(tmp_path: Path, name: str, outer: str) -> None:
    value = {"w": torch.ones(2), "held": NESTED[name]()}
    path = tmp_path / "a.pth"
    if outer == "pickle":
        path.write_bytes(pickle.dumps(value))
        theirs = pickle.loads(path.read_bytes())
    else:
        torch.save(value, path, _use_new_zipfile_serialization=outer == "zip")
        theirs = torch.load(path, weights_only=False)
    ckpt = core.open(path)
    expected = {"w": torch.ones(2), **{f"held.{key}": tensor for key, tensor in tensors_in(theirs["held"])}}
    assert [key for key, info in ckpt.tensors.items() if info.device is not None] == list(expected)
    assert all(torch.equal(core.read_torch(ckpt, key), tensor) for key, tensor in expected.items())
    assert not any("does not call it" in finding.message for finding in ckpt.findings)
    edited = core.edit(ckpt, [core.Drop("w"), core.MakePlain("*")])
    assert core.loads_with_torch(edited).weights_only
    for made in (edited, core.edit(ckpt, [core.Rename("^w$", "weight")])) if name != "array" else (edited,):
        core.save(made, tmp_path / "new.pth")
        found = torch.load(tmp_path / "new.pth", weights_only=True)
        assert [key for key, _ in tensors_in(found["held"])][:len(expected) - 1] == [key for key, _ in tensors_in(theirs["held"])]
        assert core.open(tmp_path / "new.pth").values == core.open(path).values


@pytest.mark.parametrize("outer", [op.reduce(op.name("pickle", "loads")), op.reduce(op.name("_pickle", "loads"), op.integer(3)),
                                   op.reduce(op.name("pickle", "loads"), op.raw(b"\x80\x02cos\nsystem\n(X\x01\0\0\0xtR.")),
                                   op.reduce(op.name("pickle", "loads"), op.raw(b"\x80\x02}q\0(X"))])
def test_that_what_a_loaded_pickle_would_call_is_told(tmp_path: Path, outer: bytes) -> None:
    ckpt = opened(tmp_path, op.dict_of({"x": outer}))
    assert any(finding.level == "danger" for finding in ckpt.findings)


def loaded(data: bytes) -> bytes:
    return op.reduce(LOADER, op.raw(data))


def opened(tmp_path: Path, value: bytes) -> core.Checkpoint:
    (tmp_path / "made.pkl").write_bytes(op.pickled(value))
    return core.open(tmp_path / "made.pkl")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x02.", saved(NET)[:300], saved(NET, True)[:100], pickle.dumps({"a": 1})],
                         ids=["nothing", "no-archive", "no-pickle", "cut-archive", "cut-stream", "another-pickle"])
def test_that_bytes_that_are_no_stream_stay_a_call_that_is_told(tmp_path: Path, data: bytes) -> None:
    ckpt = opened(tmp_path, op.dict_of({"x": loaded(data)}))
    assert ckpt.tensors == {}
    assert any(finding.level == "danger" and "torch.storage._load_from_bytes" in finding.code for finding in ckpt.findings)


@pytest.mark.parametrize("cut", [1, 20])
def test_that_a_stream_cut_within_its_storages_has_a_tensor_with_a_problem(tmp_path: Path, cut: int) -> None:
    ckpt = opened(tmp_path, loaded(saved({"a": torch.ones(40), "b": torch.ones(40)}, True)[:-cut]))
    assert sorted(info.problem.partition(":")[0] for info in ckpt.tensors.values()) == ["", "truncated"]


def test_that_what_a_stream_would_call_is_told(tmp_path: Path) -> None:
    stream = saved(torch.ones(1).untyped_storage(), True)
    evil = op.reduce(op.name("os", "system"), op.text("true"))
    begin = stream.index(b"\x80\x02", stream.index(b"little_endian"))
    end = stream.index(b".", begin) + 1
    ckpt = opened(tmp_path, op.dict_of({"x": loaded(stream[:begin] + op.pickled(evil) + stream[end:])}))
    assert any(finding.level == "danger" and "os.system" in finding.code for finding in ckpt.findings)


def test_that_one_constant_loaded_twice_is_two_objects(tmp_path: Path) -> None:
    shared = op.raw(saved(torch.ones(2))) + op.put(0)
    value = op.dict_of({"a": op.reduce(LOADER, shared), "b": op.reduce(LOADER, op.get(0))})
    ckpt = opened(tmp_path, value)
    assert [info.problem for info in ckpt.tensors.values()] == ["", ""]
    assert ckpt.tensors["a"].storage != ckpt.tensors["b"].storage


def test_that_streams_count_against_the_budget(tmp_path: Path) -> None:
    path = dumped(tmp_path, {str(i): torch.ones(1) for i in range(20)})
    with pytest.raises(TooBig):
        formats.read(path, limits=replace(LIMITS, streams_in_pickle=10))
    with pytest.raises(TooBig):
        formats.read(path, limits=replace(LIMITS, opcodes=1000))
    many = op.list_of(op.reduce(LOADER, op.raw(saved(OrderedDict(NET))) + op.put(0)), *[op.reduce(LOADER, op.get(0))] * 50)
    (tmp_path / "made.pkl").write_bytes(op.pickled(many))
    with pytest.raises(TooBig):
        formats.read(tmp_path / "made.pkl", limits=replace(LIMITS, opcodes=3000))


def test_that_streams_in_streams_end(tmp_path: Path) -> None:
    value: Any = torch.ones(2)
    for _ in range(12):
        value = Held([value])
    try:
        ckpt = core.open(dumped(tmp_path, value))
    except InspectorError:
        return
    assert ckpt.tensors == {}
    assert any("_load_from_bytes" in finding.message for finding in ckpt.findings)
