"""The object that is written, read back by torch and by the core. Edited checkpoints are made by hand, as the contract says."""
from __future__ import annotations

import collections
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import core
from inspector.core.checkpoint import Checkpoint, Edited, Extra, Opaque, Storage
from inspector.core.errors import EditError, InspectorError
from inspector.core.pickles.decode.machine import decode
from inspector.core.saving.object.pickled import Pickled, pickled
from inspector.core.tensors.reader import TensorReader
from tests import builders
from tests.core.pickles import opcodes as op

CORPUS = Path(__file__).resolve().parents[5] / "shared" / "corpus" / "files"


# -- helpers ----------------------------------------------------------------------------------------------------------

def opened(tmp_path: Path, thing: Any, name: str = "in.pt", **options: Any) -> Checkpoint:
    torch.save(thing, tmp_path / name, **options)
    return core.open(tmp_path / name)


def changed(ckpt: Checkpoint, name: Callable[[str], str | None] = str, root: str = "", values: Mapping[str, Any] | None = None,
            **tables: Any) -> Checkpoint:
    """`ckpt` with every key called as `name` says (None: dropped), other `values` (by new key), other tables."""
    origin = {new: old for old in (*ckpt.tensors, *ckpt.values) if (new := name(old)) is not None}
    tensors = {new: ckpt.tensors[old]._replace(key=new) for new, old in origin.items() if old in ckpt.tensors}
    kept = {new: ckpt.values[old] for new, old in origin.items() if old in ckpt.values}
    used = {info.storage for info in tensors.values()}
    lost = {info.storage for info in ckpt.tensors.values()} - used
    storages = {id: storage for id, storage in ckpt.storages.items() if id not in lost}
    made = {"tensors": tensors, "values": {**kept, **(values or {})}, "storages": storages, **tables}
    return replace(ckpt, edited=Edited(ckpt, origin, root), **made)


def packed(tmp_path: Path, ckpt: Checkpoint, drop_code: frozenset[str] = frozenset()) -> tuple[Path, Pickled]:
    """A torch archive with the object and its records."""
    made = pickled(ckpt, drop_code=drop_code)
    path = tmp_path / f"out{len(list(tmp_path.iterdir()))}.pt"
    with zipfile.ZipFile(path, "w") as archive, TensorReader(ckpt) as reader:
        archive.writestr("out/data.pkl", made.data)
        archive.writestr("out/byteorder", "little")
        for record in made.records:
            raw = bytes(reader.storage_bytes(ckpt.storages[record.storage])) if record.storage else \
                b"".join(bytes(memoryview(part).cast("B")) for part in reader.chunks(record.key))
            archive.writestr(f"out/{record.name}", raw)
        archive.writestr("out/version", "3\n")
    return path, made


def loaded(tmp_path: Path, ckpt: Checkpoint, **options: Any) -> Any:
    return torch.load(packed(tmp_path, ckpt)[0], **{"weights_only": True, **options})


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return (isinstance(other, torch.Tensor) and one.dtype == other.dtype and one.shape == other.shape
                and one.stride() == other.stride() and bool((one == other).all()) and one.requires_grad == other.requires_grad)
    if isinstance(one, dict):
        return type(one) is type(other) and list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def tables(ckpt: Checkpoint) -> list[Any]:
    """What must be the same after saving: keys, what is said of tensors but for their place, and values."""
    tensors = [(key, *info[1:6], info.requires_grad) for key, info in ckpt.tensors.items()]
    return [tensors, [(key, shown(value)) for key, value in ckpt.values.items()]]


def shown(value: Any) -> Any:
    """A value without what a copy of it need not have: the key of a storage."""
    return value if not isinstance(value, Opaque) else (value.type, value.text if value.type != "torch.storage" else "")


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(3, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.last = torch.nn.Linear(4, 3)
        self.last.weight = torch.nn.Parameter(self.first.weight.detach().t().contiguous())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.norm(self.first(x)))      # type: ignore[no-any-return]


def training() -> dict[str, Any]:
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    net(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    return {"epoch": 3, "model": net.state_dict(), "optimizer": optimizer.state_dict(), "note": "cpu", "loss": [0.5, 0.25],
            "args": {"device": "cpu", "lr": 0.1}}


# -- one archive ------------------------------------------------------------------------------------------------------

def test_that_an_unedited_archive_keeps_its_pickle_and_the_keys_of_its_storages(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training())
    made = pickled(ckpt)
    with zipfile.ZipFile(tmp_path / "in.pt") as archive:
        name = archive.namelist()[0].partition("/")[0]          # "in" where the path is ASCII
        assert made.data == archive.read(f"{name}/data.pkl")
        assert {record.name for record in made.records} == {member.removeprefix(f"{name}/") for member in archive.namelist()
                                                            if "/data/" in member}
    assert all(record.storage == record.name[5:] and not record.key for record in made.records)


def test_that_renaming_changes_only_the_edited_strings(tmp_path: Path) -> None:
    state = collections.OrderedDict((f"module.layer{i}.weight", torch.randn(2, 3)) for i in range(300))
    ckpt = opened(tmp_path, state)
    renamed = changed(ckpt, lambda key: key[7:])
    data = pickled(renamed).data
    expected = pickled(ckpt).data
    for key in state:
        expected = expected.replace(op.text(key), op.text(key[7:]))
    assert data == expected
    assert same(loaded(tmp_path, renamed), collections.OrderedDict((key[7:], value) for key, value in state.items()))


def test_that_one_text_used_twice_is_changed_where_it_is_meant(tmp_path: Path) -> None:
    cpu, weight = "cpu", "weight"
    things = {cpu: torch.ones(2), "a": {weight: torch.zeros(2)}, "b": {weight: torch.ones(3), "name": weight}, "device": cpu}
    ckpt = opened(tmp_path, things)
    renamed = changed(ckpt, lambda key: {"cpu": "gpu", "a.weight": "a.w"}.get(key, key))
    back = loaded(tmp_path, renamed)
    assert same(back, {"gpu": things["cpu"], "a": {"w": torch.zeros(2)}, "b": things["b"], "device": "cpu"})
    assert pickled(renamed).data.count(b"q\x00") == 1       # patched: the memo's numbers are the source's
    for what in ("b.weight", "b.name", "device"):
        values = {what: "other"} if what != "b.weight" else {}
        edit = changed(ckpt, lambda key, what=what: "b.other" if key == what == "b.weight" else key, values=values)
        back = loaded(tmp_path, edit)
        assert list(back["a"]) == ["weight"]
        assert ("other" in (back["b"].get("name"), back["device"], *back["b"]))
        assert tables(core.open(packed(tmp_path, edit)[0])) == tables(edit)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_that_devices_are_remapped_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    things = {"w": torch.ones(2), "v": torch.zeros(3), "device": "cpu", "more": torch.ones(4)}
    ckpt = opened(tmp_path, things, pickle_protocol=protocol)
    moved = changed(ckpt, storages={id: storage._replace(device="cuda:3") for id, storage in ckpt.storages.items()})
    moved = replace(moved, tensors={key: info._replace(device="cuda:3") for key, info in moved.tensors.items()})
    path, made = packed(tmp_path, moved)
    again = core.open(path)
    assert [info.device for info in again.tensors.values()] == ["cuda:3"] * 3
    assert again.values["device"] == "cpu"
    assert decode(made.data).protocol == protocol
    assert same(torch.load(path, map_location="cpu", weights_only=protocol < 4), things)
    home = changed(again, storages={id: storage._replace(device="cpu") for id, storage in again.storages.items()})
    home = replace(home, tensors={key: info._replace(device="cpu") for key, info in home.tensors.items()})
    if protocol < 4:
        assert same(loaded(tmp_path, home), things)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("gone", [["layer0"], ["layer1"], ["layer2"], ["layer0", "layer2"], ["layer1", "layer2"]])
def test_that_tensors_are_dropped_wherever_they_stand(tmp_path: Path, gone: list[str], protocol: int) -> None:
    shared = torch.randn(4)
    state = collections.OrderedDict(layer0=shared[:2], layer1=torch.randn(2, 2), layer2=shared, layer3=torch.zeros(1))
    ckpt = opened(tmp_path, state, pickle_protocol=protocol)
    smaller = changed(ckpt, lambda key: None if key in gone else key)
    for key in gone:
        del state[key]
    path, made = packed(tmp_path, smaller)
    back = torch.load(path, weights_only=True)          # what is written anew is readable whatever the source was
    assert same(back, state)
    assert {record.storage for record in made.records} == set(smaller.storages)
    if "layer0" in state and "layer2" in state:
        assert back["layer0"].data_ptr() == back["layer2"].data_ptr()


def test_that_containers_that_nothing_is_left_of_go_and_lists_close_up(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"a": {"b": {"x": 1}}, "list": [1, {"y": 2}, 3], "pair": (4, 5), "keep": 6, "empty": []})
    names = {"a.b.x": None, "list.0": None, "list.1.y": "list.0.y", "list.2": "list.1", "pair.0": None, "pair.1": "pair.0"}
    back = loaded(tmp_path, changed(ckpt, lambda key: names.get(key, key)))
    assert back == {"list": [{"y": 2}, 3], "pair": (5,), "keep": 6, "empty": []}


def test_that_plain_values_are_changed_added_and_taken_out(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training())
    edit = changed(ckpt, lambda key: None if key == "note" else key, values={
        "epoch": 4, "loss.1": 0.125, "args.lr": None, "args.new": "text", "run": 1 << 70, "config": {}, "config.deep": True})
    back = loaded(tmp_path, edit)
    assert back["epoch"] == 4
    assert back["loss"] == [0.5, 0.125]
    assert back["args"] == {"device": "cpu", "lr": None, "new": "text"}
    assert back["run"] == 1 << 70
    assert back["config"] == {"deep": True}
    assert "note" not in back
    assert same(back["optimizer"], torch.load(tmp_path / "in.pt")["optimizer"])


def test_that_an_optimizer_loses_parameters_and_keeps_its_numbers(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training())
    numbers = {"2": "0", "3": "1", "4": "2", "5": "3"}

    def name(key: str) -> str | None:
        parts = key.split(".")
        if parts[:2] == ["optimizer", "state"]:
            return None if parts[2] not in numbers else ".".join(["optimizer", "state", numbers[parts[2]], *parts[3:]])
        if parts[:4] == ["optimizer", "param_groups", "0", "params"]:
            return None if parts[4] not in numbers else ".".join([*parts[:4], numbers[parts[4]]])
        return None if key.startswith("model.first.") else key

    values = {f"optimizer.param_groups.0.params.{i}": i for i in range(4)}
    back = loaded(tmp_path, changed(ckpt, name, values=values))
    assert list(back["optimizer"]["state"]) == [0, 1, 2, 3]
    assert back["optimizer"]["param_groups"][0]["params"] == [0, 1, 2, 3]
    assert "first.weight" not in back["model"]
    assert list(back["optimizer"]["state"][0]) == ["step", "exp_avg", "exp_avg_sq"]


def test_that_module_metadata_follows_a_rename_and_nothing_else_does(tmp_path: Path) -> None:
    net = torch.nn.DataParallel(Net())
    ckpt = opened(tmp_path, {"net": net.state_dict()})
    table = ckpt.module_metadata["net"]
    stripped = {prefix.removeprefix("module.") if prefix != "module" else "": facts for prefix, facts in table.items() if prefix}
    renamed = changed(ckpt, lambda key: key.replace("net.module.", "net."), module_metadata={"net": stripped})
    back = loaded(tmp_path, renamed)["net"]
    assert list(back._metadata) == ["", "first", "norm", "last"]
    assert back._metadata["norm"] == {"version": 2}
    plain = Net()
    plain.load_state_dict(back)
    added = changed(ckpt, module_metadata={"net": {**table, "extra": {"version": 7}}})
    assert loaded(tmp_path, added)["net"]._metadata["extra"] == {"version": 7}
    assert list(loaded(tmp_path, changed(ckpt, module_metadata={}))["net"]._metadata) == []


def test_that_a_part_becomes_the_root(tmp_path: Path) -> None:
    source = training()
    ckpt = opened(tmp_path, source)
    part = changed(ckpt, lambda key: key[6:] if key.startswith("model.") else None, root="model", module_metadata={
        "": ckpt.module_metadata["model"]})
    back = loaded(tmp_path, part)
    assert same(back, source["model"])
    assert back._metadata == source["model"]._metadata
    inner = changed(ckpt, lambda key: key[12:] if key.startswith("model.first.") else None, root="model", module_metadata={"": {}})
    assert list(loaded(tmp_path, inner)) == ["weight", "bias"]
    lone = changed(ckpt, lambda key: "" if key == "model.first.bias" else None, root="model.first.bias")
    assert same(loaded(tmp_path, lone), source["model"]["first.bias"])


def cast(ckpt: Checkpoint, keys: Mapping[str, str], ties: Mapping[str, str] | None = None) -> Checkpoint:
    tensors, storages = dict(ckpt.tensors), dict(ckpt.storages)
    for key, dtype in keys.items():
        info, id = tensors[key], (ties or {}).get(key, f"new:{key}")
        nbytes = info.numel * core.DTYPES[dtype].itemsize
        stride, step = [], 1
        for size in reversed(info.shape):
            stride.insert(0, step)
            step *= max(size, 1)
        storages[id] = Storage(id, dtype, info.device, nbytes, None)
        tensors[key] = info._replace(dtype=dtype, stride=tuple(stride), offset=0, storage=id, storage_nbytes=nbytes,
                                     extra=Extra(read_from=info))
    origin = {key: key for key in (*tensors, *ckpt.values)}
    return replace(ckpt, tensors=tensors, storages=storages, edited=Edited(ckpt, origin))


def fake_bytes(ckpt: Checkpoint, made: Pickled, path: Path) -> Any:
    """Read back with records of zeros, as many bytes as the tables say: which bytes a cast gives is not decided here."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("out/data.pkl", made.data)
        archive.writestr("out/byteorder", "little")
        for record in made.records:
            nbytes = ckpt.storages[record.storage].nbytes if record.storage else ckpt.tensors[record.key].nbytes
            archive.writestr(f"out/{record.name}", bytes(nbytes))
        archive.writestr("out/version", "3\n")
    return torch.load(path, weights_only=True)


def test_that_converted_tensors_get_records_of_their_own(tmp_path: Path) -> None:
    base = torch.randn(6, 4)
    tied = torch.nn.Parameter(torch.randn(3))
    state = {"view": base.t()[1:], "base": base, "tied": tied, "again": tied, "tail": torch.ones(2)}
    ckpt = opened(tmp_path, state)
    edit = cast(ckpt, {"view": "bfloat16", "tied": "float8_e4m3fn", "again": "float8_e4m3fn", "tail": "uint16"},
                {"tied": "new:t", "again": "new:t"})
    made = pickled(edit)
    assert sorted((record.key or "", record.storage) for record in made.records) == [("", "0"), ("tail", ""), ("tied", ""), ("view", "")]
    assert len({record.name for record in made.records}) == 4
    back = fake_bytes(edit, made, tmp_path / "out.pt")
    assert [value.dtype for value in back.values()] == [torch.bfloat16, torch.float32, torch.float8_e4m3fn, torch.float8_e4m3fn,
                                                        torch.uint16]
    assert back["tied"] is back["again"]
    assert type(back["tied"]) is torch.nn.Parameter
    assert back["tied"].requires_grad
    assert back["view"].is_contiguous()
    assert back["view"].shape == (3, 6)
    apart = cast(ckpt, {"tied": "float32", "again": "float32"})
    back = fake_bytes(apart, pickled(apart), tmp_path / "out.pt")
    assert back["tied"].data_ptr() != back["again"].data_ptr()
    assert list(back) == list(state)
    one = cast(ckpt, {"again": "float32"})
    back = fake_bytes(one, pickled(one), tmp_path / "out.pt")
    assert back["tied"].data_ptr() != back["again"].data_ptr()
    assert type(back["again"]) is torch.nn.Parameter


# -- whole modules ----------------------------------------------------------------------------------------------------

def hooked() -> Net:
    net = Net()
    net.children_by_name = {"me": net}      # a cycle
    net.register_forward_hook(print)
    return net


def test_that_a_whole_module_is_saved_replayed_and_loads_equal(tmp_path: Path) -> None:
    net = hooked()
    ckpt = opened(tmp_path, net)
    assert ckpt.kind == "module"
    half = cast(ckpt, {"first.bias": "float64"})
    made = pickled(half)
    path = tmp_path / "out.pt"
    with zipfile.ZipFile(path, "w") as archive, TensorReader(ckpt) as reader:
        archive.writestr("out/data.pkl", made.data)
        for record in made.records:
            raw = bytes(reader.storage_bytes(ckpt.storages[record.storage])) if record.storage else \
                net.first.bias.detach().double().numpy().tobytes()
            archive.writestr(f"out/{record.name}", raw)
        archive.writestr("out/version", "3\n")
    back = torch.load(path, weights_only=False)
    assert type(back) is Net
    assert back.children_by_name["me"] is back
    assert len(back._forward_hooks) == 1
    for key, value in net.state_dict().items():
        assert torch.equal(back.state_dict()[key].to(value.dtype), value)
    assert back.first.bias.dtype == torch.float64
    assert isinstance(back.first.bias, torch.nn.Parameter)


def test_that_names_in_a_whole_module_need_its_extraction(tmp_path: Path) -> None:
    net = Net()
    ckpt = opened(tmp_path, net)
    with pytest.raises(EditError, match="Extract"):
        pickled(changed(ckpt, lambda key: key.replace("first.", "zeroth.")))
    out = changed(ckpt, lambda key: key if key in ckpt.tensors else None, state_dicts=("",))
    out = replace(out, tensors={key: info._replace(state_dict="") for key, info in out.tensors.items()}, kind="state-dict")
    back = loaded(tmp_path, out)
    fresh = Net()
    fresh.load_state_dict(back)
    assert type(back) is collections.OrderedDict
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())


def test_that_a_modules_device_and_values_can_be_changed(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"net": hooked(), "epoch": 1})
    moved = changed(ckpt, values={"epoch": 2}, storages={id: storage._replace(device="cuda:0") for id, storage in ckpt.storages.items()})
    path, _ = packed(tmp_path, moved)
    back = torch.load(path, weights_only=False, map_location="cpu")
    assert back["epoch"] == 2
    assert back["net"].children_by_name["me"] is back["net"]
    assert {info.device for info in core.open(path).tensors.values()} == {"cuda:0"}


# -- code -------------------------------------------------------------------------------------------------------------

def test_that_code_is_left_out_with_the_keys_that_need_it(tmp_path: Path) -> None:
    things = op.dict_of([
        (op.text("w"), op.tensor()), (op.text("config"), op.build(op.newobj(op.name("mylib", "Config")), op.dict_of({"lr": op.real(0.1)}))),
        (op.text("list"), op.list_of(op.integer(1), op.reduce(op.name("mylib", "Thing")), op.integer(3))),
        (op.text("fine"), op.dict_of({"a": op.integer(1), "b": op.name("mylib", "Thing")}))])
    data = op.pickled(op.reduce(op.name("mylib", "boom")) + op.POP + things)
    (tmp_path / "in.pt").write_bytes(builders.torch_zip(data, {"data/0": bytes(80)}))
    ckpt = core.open(tmp_path / "in.pt")
    assert b"boom" in pickled(ckpt).data
    made = pickled(ckpt, drop_code=frozenset({"mylib.Config", "mylib.Thing", "mylib.boom"}))
    assert b"mylib" not in made.data
    assert any("config" in note for note in made.notes)
    path, _ = packed(tmp_path, ckpt, frozenset({"mylib.Config", "mylib.Thing"}))
    back = torch.load(path, weights_only=True)
    assert back["list"] == [1, 3]
    assert back["fine"] == {"a": 1}
    assert list(back) == ["w", "list", "fine"]
    with pytest.raises(EditError):
        pickled(opened(tmp_path, Net()), drop_code=frozenset({"test_pickled.Net", "tests.core.saving.object.test_pickled.Net"}))


def test_that_an_edit_does_not_carry_calls_along_that_were_made_for_their_effect(tmp_path: Path) -> None:
    (tmp_path / "in.pt").write_bytes(builders.torch_zip(op.pickled(
        op.reduce(op.name("os", "system"), op.text("true")) + op.POP + op.dict_of({"w": op.tensor()})), {"data/0": bytes(80)}))
    ckpt = core.open(tmp_path / "in.pt")
    made = pickled(changed(ckpt, lambda key: "v"))
    assert b"system" not in made.data
    assert "os.system" in made.notes[0]
    assert b"\x01\x00\x00\x00v" in made.data


# -- other containers -------------------------------------------------------------------------------------------------

def test_that_a_legacy_file_becomes_an_archive(tmp_path: Path) -> None:
    source = training()
    ckpt = opened(tmp_path, source, _use_new_zipfile_serialization=False)
    assert ckpt.format == "torch-legacy"
    assert same(loaded(tmp_path, ckpt), source)
    moved = changed(ckpt, lambda key: key.replace("model.first.", "model.zeroth."),
                    storages={id: storage._replace(device="cuda:1") for id, storage in ckpt.storages.items()})
    path, made = packed(tmp_path, moved)
    assert {record.name for record in made.records} == {f"data/{n}" for n in range(len(ckpt.storages))}
    assert {info.device for info in core.open(path).tensors.values()} == {"cuda:1"}
    whole = opened(tmp_path, hooked(), _use_new_zipfile_serialization=False)
    back = torch.load(packed(tmp_path, whole)[0], weights_only=False)
    assert type(back) is Net
    assert back.children_by_name["me"] is back


def test_that_safetensors_become_an_ordered_dict(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    tensors = {"b.weight": torch.randn(2, 3), "a": torch.arange(4), "h": torch.ones(2, dtype=torch.bfloat16),
               "f8": torch.ones(3).to(torch.float8_e5m2), "empty": torch.zeros(0, 2), "scalar": torch.tensor(1.5)}
    save_file(tensors, tmp_path / "in.safetensors")
    ckpt = core.open(tmp_path / "in.safetensors")
    back = loaded(tmp_path, ckpt)
    assert type(back) is collections.OrderedDict
    assert set(back) == set(tensors)
    for key, value in tensors.items():
        assert back[key].dtype == value.dtype, key
        assert torch.equal(back[key].float(), value.float()), key
    renamed = changed(ckpt, lambda key: f"model.{key}")
    assert set(loaded(tmp_path, renamed)) == {f"model.{key}" for key in tensors}
    path = tmp_path / "f6.safetensors"
    path.write_bytes(builders.safetensors({"x": {"dtype": "F6_E2M3", "shape": [4], "data_offsets": [0, 3]}}, b"123"))
    with pytest.raises(EditError, match="float6"):
        pickled(core.open(path))


@pytest.mark.filterwarnings("ignore")
def test_that_odd_tensors_of_an_extracted_module_come_back_as_they_were(tmp_path: Path) -> None:
    class Odd(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("coo", torch.eye(3).to_sparse())
            self.register_buffer("csr", torch.eye(3).to_sparse_csr())
            self.register_buffer("quantized", torch.quantize_per_tensor(torch.randn(3), 0.5, 3, torch.qint8))
            self.register_buffer("channels", torch.quantize_per_channel(torch.randn(2, 3), torch.ones(2), torch.zeros(2), 0, torch.quint8))
            self.register_buffer("conj", torch.randn(2, dtype=torch.complex64).conj())
            self.register_buffer("meta", torch.empty(2, 3, device="meta"))
            self.register_buffer("view", torch.randn(4, 4).t()[1:])
            self.frozen = torch.nn.Parameter(torch.ones(2), requires_grad=False)
            self.tied = self.frozen

    net = Odd()
    torch.serialization.save(net.state_dict(), tmp_path / "sd.pt")
    inner = core.open(tmp_path / "sd.pt")
    fresh = replace(inner, format="dcp")        # so that it is made from its tables
    back = loaded(tmp_path, fresh)
    for key, value in net.state_dict().items():
        assert (back[key].dtype, back[key].layout, str(back[key])) == (value.dtype, value.layout, str(value)), key
    assert back["view"].stride() == (1, 4)
    assert back["tied"].data_ptr() == back["frozen"].data_ptr()


def test_that_several_state_dicts_of_several_files_keep_their_places(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training())
    several = replace(ckpt, format="torch-sharded")
    path, _made = packed(tmp_path, several)
    back = torch.load(path, weights_only=True)
    assert same(back["model"], torch.load(tmp_path / "in.pt")["model"])
    assert back["model"]._metadata
    assert back["epoch"] == 3
    assert set(core.open(path).tensors) == set(ckpt.tensors)


def test_that_shared_containers_are_changed_alike_or_not_at_all(tmp_path: Path) -> None:
    shared = {"w": torch.ones(2), "n": 1}
    ckpt = opened(tmp_path, {"a": shared, "b": shared})
    assert set(ckpt.tensors) == {"a.w", "b.w"}
    both = loaded(tmp_path, changed(ckpt, lambda key: key.replace(".w", ".v")))
    assert both["a"] is both["b"]
    assert list(both["a"]) == ["v", "n"]
    with pytest.raises(EditError, match="one entry"):
        pickled(changed(ckpt, lambda key: "a.v" if key == "a.w" else key))
    with pytest.raises(EditError, match="one entry"):
        pickled(changed(ckpt, lambda key: None if key == "a.w" else key))
    with pytest.raises(EditError, match="one entry"):
        pickled(changed(ckpt, values={"a.n": 2}))


def test_that_moving_out_of_a_container_is_refused(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"a": {"w": torch.ones(2), "v": torch.ones(1)}, "n": 1})
    with pytest.raises(EditError, match="container"):
        pickled(changed(ckpt, lambda key: "w" if key == "a.w" else key))
    back = loaded(tmp_path, changed(ckpt, lambda key: key.replace("a.", "b.c.")))
    assert list(back) == ["b.c", "n"]


def test_that_keys_that_are_there_twice_stay_two(tmp_path: Path) -> None:
    twice = [(op.text("m.w"), op.tensor()), (op.text("m.w"), op.tensor(op.storage("1")))]
    data = op.pickled(op.dict_of([*twice, (op.integer(7), op.integer(8))]))
    (tmp_path / "in.pt").write_bytes(builders.torch_zip(data, {"data/0": bytes(80), "data/1": bytes(80)}))
    ckpt = core.open(tmp_path / "in.pt")
    assert list(ckpt.tensors) == ["m.w", "m.w#2"]
    path, _ = packed(tmp_path, changed(ckpt, lambda key: {"m.w": "w", "m.w#2": "w#2", "7": "9"}[key]))
    again = core.open(path)
    assert list(again.tensors) == ["w", "w#2"]
    assert again.values == {"9": 8}
    assert list(torch.load(path)) == ["w", 9]


# -- real files -------------------------------------------------------------------------------------------------------

@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus here")
@pytest.mark.filterwarnings("ignore")
def test_that_every_file_of_the_corpus_comes_back_as_it_was(tmp_path: Path) -> None:
    tried = read = 0
    for path in sorted(CORPUS.iterdir()):
        try:
            ckpt = core.open(path)
        except InspectorError:
            continue
        size = sum(storage.nbytes for storage in ckpt.storages.values())
        if ckpt.format in ("torchscript", "torch-export", "pickle", "safetensors") or size > 1e6:
            continue
        for given in (ckpt, changed(ckpt)):
            out, _made = packed(tmp_path, given)
            again = core.open(out)
            assert tables(again) == tables(ckpt), path.name
            first = {key: outcome for key, outcome in core.digests(ckpt) if isinstance(outcome, str)}
            assert {key: outcome for key, outcome in core.digests(again) if isinstance(outcome, str)} == first, path.name
        tried += 1
        try:
            expected = torch.load(path, weights_only=True, map_location="cpu")
        except Exception:
            continue
        back = torch.load(io.BytesIO(out.read_bytes()), weights_only=True, map_location="cpu")
        assert type(back) is type(expected)
        read += 1
    assert tried > 40
    assert read > 20




@pytest.mark.parametrize("format", ["torch-zip", "torch-legacy"])
@pytest.mark.parametrize("edits", [[], [core.Rename("^w$", "u")], [core.Cast("float16")], [core.RemapDevices({"cpu": "cuda:0"})]], ids=str)
def test_that_an_archive_of_protocol_0_is_saved_as_one_that_torch_reads(tmp_path: Path, edits: list[core.Edit], format: str) -> None:
    """Its references are text, at which torch.load stops."""
    base = torch.arange(6.0)
    torch.save({"w": base, "v": base[2:4], "n": 1}, tmp_path / "a.pth", pickle_protocol=0)
    ckpt = core.edit(tmp_path / "a.pth", edits)
    core.save(ckpt, tmp_path / "b.pth", format=format)
    theirs = torch.load(tmp_path / "b.pth", weights_only=True, map_location="cpu")
    assert list(theirs) == [*ckpt.tensors, "n"]
    assert all(theirs[key].tolist() == core.read_numpy(ckpt, key).tolist() for key in ckpt.tensors)


@pytest.mark.parametrize("as_zip", [True, False])
def test_that_what_is_new_is_saved_though_nothing_of_the_file_stays(tmp_path: Path, as_zip: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save({"w": torch.ones(3), "b": torch.zeros(2)}, path, _use_new_zipfile_serialization=as_zip)
    copied = core.edit(path, [core.Copy("w", "v"), core.Drop("w"), core.Drop("b")])
    core.save(copied, tmp_path / "copied.pth")
    loaded = torch.load(tmp_path / "copied.pth")
    assert list(loaded) == ["v"]
    assert torch.equal(loaded["v"], torch.ones(3))
    core.save(core.edit(path, [core.SetValue("epoch", 3), core.Drop("w"), core.Drop("b")]), tmp_path / "value.pth")
    assert torch.load(tmp_path / "value.pth") == {"epoch": 3}
    with pytest.raises(EditError, match="nothing would be left"):
        core.save(core.edit(path, [core.Drop("w"), core.Drop("b")]), tmp_path / "none.pth")


def test_that_a_dict_of_which_only_a_copy_is_left_stays_one(tmp_path: Path) -> None:
    path, saved = tmp_path / "a.pth", tmp_path / "saved.pth"
    model = torch.nn.Linear(3, 2).state_dict()
    torch.save({"model": model, "other": {"w": torch.ones(3)}, "epoch": 1}, path)
    core.save(core.edit(path, [core.Copy("model.weight", "model.again"), core.Drop("model.weight"), core.Drop("model.bias"),
                               core.Drop("other.w")]), saved)
    loaded = torch.load(saved)
    assert list(loaded) == ["model", "epoch"]
    assert isinstance(loaded["model"], collections.OrderedDict)
    assert torch.equal(loaded["model"]["again"], model["weight"])


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(("entry", "cast"), [
    (lambda: torch.ones(3), lambda: torch.ones(3, dtype=torch.float16)), (lambda: 3, lambda: 3), (lambda: "text", lambda: "text"),
    (lambda: [1, 2], lambda: [1, 2]), (lambda: {"": torch.ones(2), "a": 1}, lambda: {"": torch.ones(2, dtype=torch.float16), "a": 1})],
    ids=["tensor", "number", "text", "list", "dict"])
def test_that_an_entry_of_the_key_of_no_letters_is_not_taken_for_the_dict_it_is_in(
        tmp_path: Path, legacy: bool, entry: Callable[[], object], cast: Callable[[], object]) -> None:
    path, out = tmp_path / "a.pth", tmp_path / "b.pth"
    torch.save({"": entry(), "w": torch.zeros(2), "d": {"x": torch.ones(1)}}, path, _use_new_zipfile_serialization=not legacy)
    ckpt = core.open(path)
    half = torch.float16
    for edits, expected in (
            ([core.Cast("float16")], {"": cast(), "w": torch.zeros(2, dtype=half), "d": {"x": torch.ones(1, dtype=half)}}),
            ([core.Take(str(path))], {"": entry(), "w": torch.zeros(2), "d": {"x": torch.ones(1)}}),
            ([core.Rename("^w$", "v")], {"": entry(), "v": torch.zeros(2), "d": {"x": torch.ones(1)}}),
            ([core.Drop("w")], {"": entry(), "d": {"x": torch.ones(1)}})):
        core.save(core.plan_save(core.edit(ckpt, edits), out, format="torch-legacy" if legacy else "torch-zip"))
        assert str(torch.load(out)) == str(expected)
        assert list(torch.load(out)) == list(expected)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_that_an_edit_that_finds_nothing_to_do_is_saved_as_what_was_opened(tmp_path: Path, legacy: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save({"model": torch.nn.Linear(3, 2).state_dict(), "epoch": [1, 2.5]}, path, _use_new_zipfile_serialization=not legacy)
    ckpt = core.open(path)
    same = core.edit(ckpt, [core.StripPrefix("module."), core.Rename("^nothing$", "something")])
    assert same.is_still(ckpt)
    assert same.findings == ckpt.findings
    assert core.plan_save(same, tmp_path / "b.pth").ckpt is ckpt       # whose object no key has to be found in
    for folder, what in (("same", same), ("opened", ckpt)):
        (tmp_path / folder).mkdir()
        core.save(what, tmp_path / folder / "b.pth")
    assert (tmp_path / "same" / "b.pth").read_bytes() == (tmp_path / "opened" / "b.pth").read_bytes()
    other = core.edit(ckpt, [core.AddPrefix("x.")])
    assert not other.is_still(ckpt)
    assert core.plan_save(other, tmp_path / "b.pth").ckpt is other


def test_that_what_modules_have_together_in_metadata_is_one_object_when_there_is_one_module_more(tmp_path: Path) -> None:
    facts = op.dict_of({"version": op.integer(1)}) + op.put(9)
    pairs = b"(" + op.text("a") + facts + op.text("b") + op.get(9) + b"u"
    path = tmp_path / "a.pth"
    path.write_bytes(builders.torch_zip(b"\x80\x02" + op.ordered_dict() + b"}" + op.text("_metadata") + b"}" + pairs + b"sb."))
    made = pickled(core.edit(path, [core.AddPrefix("x.")])).data
    assert made.count(b"version") == 1
    assert core.open(path).module_metadata[""].keys() == {"a", "b"}
    found = torch.load(io.BytesIO(builders.torch_zip(made)), weights_only=True)._metadata
    assert dict(found) == {name: {"version": 1} for name in ("", "a", "b")}
    assert found["a"] is found["b"]
