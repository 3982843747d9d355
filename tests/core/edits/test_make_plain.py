"""Values that torch.load refuses become plain data: one edit ends in a file that it takes, with the values they were."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import math
import pathlib
import tempfile
import types
import uuid
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

from inspector import core
from inspector.core.edits import make_plain
from inspector.core.edits.tools import rewriting
from tests.core import refused_values as kinds

EVERYTHING = [core.MakePlain("*")]


def save(value: Any, file: Path, **options: Any) -> core.Checkpoint:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, file, **options)
    return core.open(file)


def load(file: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(file, weights_only=True, map_location="cpu")


# -- what each kind becomes ---------------------------------------------------------------------------------------------

def plain(value: Any, hashed: bool = False) -> Any:
    """What the edit is to make of a value, by Python's own means."""
    if isinstance(value, enum.Enum):
        return plain(value.value, hashed)
    if isinstance(value, torch.Tensor | torch.nn.Parameter):
        return value
    if isinstance(value, np.generic):
        return str(value) if value.dtype.kind in "mM" else value.item()
    if isinstance(value, np.ma.MaskedArray):
        return {"data": torch.tensor(np.asarray(value.data)), "mask": torch.tensor(np.asarray(value.mask))}
    if isinstance(value, np.ndarray):
        return plain_array(value)
    if isinstance(value, np.dtype):
        return str(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, pathlib.PurePath | decimal.Decimal | fractions.Fraction | uuid.UUID):
        return str(value)
    if isinstance(value, collections.Counter) or type(value) in (dict, collections.OrderedDict):
        return {plain(k, True): plain(v) for k, v in value.items()}
    if isinstance(value, collections.UserDict | collections.UserList):
        return plain(value.data)
    if isinstance(value, dict):
        return {plain(k, True): plain(v) for k, v in value.items()}
    if isinstance(value, argparse.Namespace | types.SimpleNamespace):
        return pairs({k: plain(v) for k, v in vars(value).items()}, hashed)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return pairs({f.name: plain(getattr(value, f.name), hashed) for f in dataclasses.fields(value)}, hashed)
    if isinstance(value, kinds.Slotted):
        return {"a": plain(value.a), "b": plain(value.b)}
    if isinstance(value, torch.Size):
        return value
    if isinstance(value, tuple):
        return tuple(plain(item, hashed) for item in value)
    if isinstance(value, set):
        return {plain(item, True) for item in value}
    if isinstance(value, list | collections.deque | range | frozenset):
        items = [plain(item, hashed or isinstance(value, frozenset)) for item in value]
        return tuple(items) if hashed else items
    if isinstance(value, str):
        return str(value)
    return value


def pairs(found: dict[str, Any], hashed: bool) -> Any:
    return tuple(found.items()) if hashed else found


def plain_array(value: np.ndarray[Any, Any]) -> Any:
    if value.dtype.kind in "OUS":
        return [plain(item) for item in value.tolist()]
    if value.dtype.kind == "V":
        return torch.tensor(np.frombuffer(value.tobytes(), np.uint8).reshape(*value.shape, value.dtype.itemsize))
    return torch.tensor(np.asarray(value.astype(value.dtype.newbyteorder("="))).copy())


NO_ORACLE = {"numpy date", "timedelta", "timezone", "ChainMap", "slice", "type", "class", "function", "method", "partial", "Ellipsis",
             "NotImplemented", "generator", "exception", "module", "uninitialized", "huge integer", "numpy random state", "aware datetime",
             "numpy bytes", "observer", "qconfig", "fake quantize", "quantized module", "grad scaler", "function of torch",
             "random generator", "numpy generator", "logger", "pattern", "generic alias", "array", "method of an object"}


def same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, torch.Tensor):
        return isinstance(got, torch.Tensor) and got.dtype == wanted.dtype and got.shape == wanted.shape and same_tensor(got, wanted)
    if isinstance(wanted, float) and isinstance(got, float):
        return (math.isnan(got) and math.isnan(wanted)) or got == wanted
    if isinstance(wanted, complex) and isinstance(got, complex):
        return same(got.real, wanted.real) and same(got.imag, wanted.imag)
    if isinstance(wanted, dict):
        return isinstance(got, dict) and len(got) == len(wanted) and all(
            same(a, b) and same(x, y) for (a, x), (b, y) in zip(got.items(), wanted.items(), strict=True))
    if isinstance(wanted, list | tuple) and not isinstance(wanted, torch.Size):
        return type(got) is type(wanted) and len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, set):
        return isinstance(got, set) and len(got) == len(wanted) and sorted(map(repr, got)) == sorted(map(repr, wanted))
    if torch.is_storage(wanted):            # what was saved untyped comes back from torch with a type
        return torch.is_storage(got) and stored_bytes(got) == stored_bytes(wanted)
    return type(got) is type(wanted) and got == wanted


def stored_bytes(storage: Any) -> list[int]:
    return list(storage._untyped_storage if isinstance(storage, torch.storage.TypedStorage) else storage)


def same_tensor(got: torch.Tensor, wanted: torch.Tensor) -> bool:
    if got.is_meta or got.is_quantized or got.layout != torch.strided:
        return got.layout == wanted.layout
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, two = (tensor.detach().resolve_conj().contiguous().reshape(-1).view(torch.uint8) for tensor in (got, wanted))
        return torch.equal(one, two)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kind", kinds.REFUSED)
def test_that_one_edit_ends_in_a_file_that_torch_takes(kind: str, zipped: bool, tmp_path: Path) -> None:
    value = kinds.REFUSED[kind]
    ckpt = save({"w": torch.arange(3.0), "run": {"best": value}}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    after = core.edit(ckpt, EVERYTHING)
    assert core.loads_with_torch(after).weights_only is True, core.loads_with_torch(after)
    assert "weights-only" not in {finding.id for finding in after.findings}
    core.save(after, tmp_path / "b.pth", verify="torch" if kind == "numpy array" else "")
    there = load(tmp_path / "b.pth")
    assert torch.equal(there["w"], torch.arange(3.0))
    if kind not in NO_ORACLE:
        assert same(there["run"]["best"], plain(value)), there["run"]["best"]


@pytest.mark.parametrize(("value", "wanted"), [
    (np.datetime64("2024-01-02"), "2024-01-02"), (np.datetime64("2024-01-02T03:04:05.25"), "2024-01-02T03:04:05.250"),
    (np.datetime64("1969-12-31T23"), "1969-12-31T23"), (np.datetime64("2024-05"), "2024-05"), (np.datetime64("NaT"), "NaT"),
    (np.timedelta64(90, "m"), "P0DT1H30M0S"), (np.array(["2024-01-02"], "M8[D]"), ["2024-01-02"]),
    (datetime.timedelta(days=1, seconds=3600), "P1DT1H0M0S"), (datetime.timedelta(-1, 5, 3), "-P0DT23H59M54.999997S"),
    (datetime.timezone.utc, "UTC+00:00"), (datetime.timezone(datetime.timedelta(hours=-5, minutes=-30), "IST"), "IST"),
    (datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), "2024-01-02T00:00:00+02:00"),
    (slice(1, None, 2), "slice(1, None, 2)"), (int, "int"), (torch.nn.Linear, "torch.nn.modules.linear.Linear"), (len, "len"),
    (functools.partial(int, base=2), "functools.partial(int, base=2)"), (..., "Ellipsis"), (NotImplemented, "NotImplemented"),
    (range(2, 10, 3), [2, 5, 8]), (range(3, 0, -1), [3, 2, 1]), (range(0), []), (range(10 ** 9), "range(0, 1000000000, 1)"),
    (np.longdouble(1.5), 1.5), (np.array([0.5, -2], np.longdouble), [0.5, -2.0]), (np.bytes_(b"x"), b"x"), (ValueError("x"), "x"),
    (np.array(7), torch.tensor(7)), (np.array("text"), "text"), (np.zeros((2, 0), ">i4"), torch.zeros(2, 0, dtype=torch.int32)),
    (np.array([[1, None]], object), [[1, None]]), (np.arange(6, dtype=">u2").reshape(2, 3).T, None), (10 ** 700, hex(10 ** 700)),
    (collections.ChainMap({"a": 1}), {"maps": [{"a": 1}]}), (np.float32("nan"), math.nan), (-np.float64(0), -0.0),
])
def test_that_values_become_what_the_page_of_edits_says(value: Any, wanted: Any, tmp_path: Path) -> None:
    after = core.edit(save({"v": value}, tmp_path / "a.pth"), EVERYTHING)
    core.save(after, tmp_path / "b.pth")
    got = load(tmp_path / "b.pth")["v"]
    if wanted is None:
        wanted = torch.tensor(value.astype("u2").copy())
    assert same(got, wanted), got


@pytest.mark.parametrize("zipped", [True, False])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=kinds.values())
def test_that_any_nest_of_objects_loads_with_its_values(zipped: bool, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            ckpt = save({"w": torch.ones(1), "value": value}, Path(folder, "a.pth"), _use_new_zipfile_serialization=zipped)
        except core.InspectorError:
            raise
        except Exception:
            return                          # torch itself cannot write it
        after = core.edit(ckpt, EVERYTHING)
        told = core.loads_with_torch(after)
        out = Path(folder, "b.pth")
        core.save(after, out)
        assert told.weights_only is (kinds.torch_says(out) == ""), kinds.torch_says(out)
        if told.refused:
            notes = " ".join(core.effects(ckpt, EVERYTHING)[0].notes)
            assert "there is no plain form" in notes
            return
        assert core.loads_with_torch(core.open(out)).weights_only is True
        if comparable(value):
            assert same(load(out)["value"], plain(value))


def test_that_tensors_of_a_gpu_stay_there_until_they_are_moved_and_that_this_is_said(tmp_path: Path) -> None:
    save({"w": torch.arange(4.0), "when": kinds.WHEN}, tmp_path / "cpu.pth", _use_new_zipfile_serialization=False)
    raw = (tmp_path / "cpu.pth").read_bytes()
    raw = raw.replace(b"ctorch\nFloatStorage\n", b"ctorch.cuda\nFloatStorage\n").replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0")
    (tmp_path / "old.pth").write_bytes(raw)             # as torch wrote it on a GPU until 0.4
    ckpt = core.open(tmp_path / "old.pth")
    [effect] = core.effects(ckpt, EVERYTHING)
    assert any("cuda:0" in note and "map_location" in note and "--device" in note for note in effect.notes)
    core.save(core.edit(ckpt, EVERYTHING), tmp_path / "plain.pth")
    found = core.loads_with_torch(tmp_path / "plain.pth")
    assert found.weights_only
    assert found.devices == ("cuda:0",)
    assert found.sentence().endswith('takes it, with map_location="cpu" where there is no cuda:0.')
    with pytest.raises(RuntimeError, match="map_location"):
        torch.load(tmp_path / "plain.pth")
    assert torch.equal(torch.load(tmp_path / "plain.pth", map_location="cpu")["w"], torch.arange(4.0))
    both = [*EVERYTHING, core.RemapDevices({"cuda:*": "cpu"})]
    core.save(core.edit(ckpt, both), tmp_path / "here.pth")
    assert torch.equal(torch.load(tmp_path / "here.pth")["w"], torch.arange(4.0))
    told = core.loads_with_torch(tmp_path / "here.pth")
    assert told.devices == ()
    assert told.sentence() == "torch.load (weights_only=True) takes it."
    moved = core.edit(ckpt, [core.RemapDevices({"cuda:*": "cpu"})])
    assert not any("map_location" in note for note in core.effects(moved, EVERYTHING)[0].notes)


def comparable(value: Any, seen: frozenset[int] = frozenset()) -> bool:
    """Whether `plain` knows what is to come of it: no kind without an oracle, nothing in itself, no keys that become one."""
    if id(value) in seen:
        return False
    seen = seen | {id(value)}
    if isinstance(value, kinds.Items | kinds.Ordered) and not value:        # an object of some class, as far as the file says
        return False
    unknown = torch.Generator | torch.nn.Module | slice | np.datetime64
    if any(value is kinds.REFUSED[kind] for kind in NO_ORACLE) or isinstance(value, unknown):
        return False
    inside: list[Any] = []
    if isinstance(value, dict | collections.UserDict):
        keys = [plain(k, True) for k in value]
        if len(set(keys)) < len(keys):
            return False
        inside = [*value, *value.values()]
    elif isinstance(value, argparse.Namespace | types.SimpleNamespace):
        inside = [*vars(value).values()]
    elif isinstance(value, kinds.Slotted):
        inside = [value.a, value.b]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = [getattr(value, f.name) for f in dataclasses.fields(value)]
    elif isinstance(value, list | tuple | set | frozenset | collections.deque | collections.UserList):
        inside = [*value]
        if isinstance(value, set) and len({plain(item, True) for item in value}) < len(value):
            return False
    return all(comparable(item, seen) for item in inside)


# -- files of very many values --------------------------------------------------------------------------------------------------

def test_that_a_pattern_is_read_once_however_many_values_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    matcher = make_plain.matcher
    monkeypatch.setattr(make_plain, "matcher", lambda glob: read.append(glob) or matcher(glob))
    ckpt = save({f"k{n}": decimal.Decimal(n) for n in range(50)}, tmp_path / "a.pth")
    assert not core.loads_with_torch(core.edit(ckpt, [core.MakePlain("k*")])).refused
    assert len(read) < 5


def test_that_texts_that_stayed_the_same_are_not_spelled_to_see_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spelled: list[object] = []
    monkeypatch.setattr(rewriting, "repr", lambda value: spelled.append(value) or repr(value), raising=False)
    ckpt = save({"a": decimal.Decimal(1), **{f"k{n}": "text" for n in range(50)}}, tmp_path / "a.pth")
    assert core.edit(ckpt, EVERYTHING).values["k7"] == "text"
    assert not spelled


def test_that_long_keys_are_held_once_by_what_an_edit_lists_again(tmp_path: Path) -> None:
    torch.save({"k" * 300: {"l" * 300: argparse.Namespace(lr=0.1)}, "m" * 300: 1}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    after = core.edit(ckpt, [core.MakePlain("*")])
    was = {key: key for key in (*ckpt.values, *(key for _, key in ckpt.listed_nodes))}
    assert after.values["m" * 300] == 1
    assert all(was[key] is key for key in after.values if key in was)
    assert "m" * 300 in was
