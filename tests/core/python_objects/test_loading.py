"""core.load: the whole object, as torch.load gives it, with nothing run."""
from __future__ import annotations

import argparse
import collections
import csv
import json
import pickle
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from torch import nn

from inspector import core
from tests.builders import torch_zip, zipped
from tests.core import refused_values as kinds
from tests.core.python_objects.sameness import address, difference, plain_difference, tensors_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.pth"


def save(value: Any, file: Path, **options: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, file, **options)


def theirs(file: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(file, map_location="cpu", weights_only=True)


def training() -> dict[str, Any]:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    net[2].bias = net[0].bias if net[0].bias.shape == net[2].bias.shape else net[2].bias
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    return {"epoch": 3, "model": net.state_dict(), "optimizer": optimizer.state_dict(), "config": {"lr": 1e-3, "layers": (2, 2), 5: None}}


@pytest.mark.parametrize("kind", kinds.TAKEN)
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before 1.6"])
def test_that_what_torch_takes_is_given_as_torch_gives_it(kind: str, legacy: bool, file: Path) -> None:
    value = kinds.TAKEN[kind]
    try:
        save({"w": torch.ones(1), "best": value, "again": [value, value]}, file, _use_new_zipfile_serialization=not legacy)
        expected = theirs(file)
    except Exception:
        pytest.skip("torch cannot have it in this format")
    assert difference(core.load(file, as_torch=True), expected) == ""


def test_that_a_training_checkpoint_is_given_as_it_was(file: Path) -> None:
    save(training(), file)
    assert difference(core.load(file, as_torch=True), theirs(file)) == ""


def test_that_a_run_is_resumed_from_it(file: Path) -> None:
    save(training(), file)
    whole = core.load(file, as_torch=True)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    net.load_state_dict(whole["model"])
    optimizer = torch.optim.AdamW(net.parameters())
    optimizer.load_state_dict(whole["optimizer"])
    assert optimizer.state_dict()["state"][0]["step"] == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(kinds.values())
def test_that_any_object_is_given_and_the_same_where_torch_takes_it(value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.pth"
        save({"w": torch.ones(1), "value": value}, path)
        found = core.load(path, as_torch=True)
        assert torch.equal(found["w"], torch.ones(1))
        assert isinstance(core.load(path)["w"], np.ndarray)
        if not kinds.torch_says(path):
            assert difference(found, theirs(path)) == ""


@pytest.mark.parametrize("kind", kinds.REFUSED)
def test_that_what_torch_refuses_is_given_as_plain_data(kind: str, file: Path) -> None:
    save({"w": torch.ones(1), "run": {"best": kinds.REFUSED[kind]}}, file)
    found = core.load(file)
    assert found["w"].tolist() == [1]
    plain = {dict, list, tuple, set, frozenset, str, bytes, bool, int, float, complex, type(None), np.ndarray, collections.OrderedDict,
             collections.Counter, core.QuantizedArray}
    todo, seen = [found], set()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        assert type(one) in plain, (type(one), one)
        if isinstance(one, dict):
            todo += [*one, *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            todo += one


def test_that_a_frozen_set_and_a_long_integer_stay_what_they_are(file: Path) -> None:
    value = {"f": frozenset({1, 2}), "n": 10 ** 700}
    file.write_bytes(torch_zip(pickle.dumps(value, 4)))
    assert core.load(file) == value


def test_that_options_and_whole_models_come_as_their_contents(file: Path) -> None:
    save({"args": argparse.Namespace(lr=0.1, sizes=[1, 2]), "net": nn.Linear(2, 3), "best": np.float64(91.25), "y": np.ones((2, 2))}, file)
    found = core.load(file)
    assert found["args"] == {"lr": 0.1, "sizes": [1, 2]}
    assert list(found["net"]) == ["weight", "bias"]
    assert (found["best"], type(found["best"])) == (91.25, float)
    assert found["y"].tolist() == [[1, 1], [1, 1]]


# -- arrays -------------------------------------------------------------------------------------------------------------

def test_that_arrays_have_the_types_shapes_and_strides_of_the_file(file: Path) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    save({"t": base.T, "b": torch.ones(3, dtype=torch.bfloat16), "f8": torch.ones(2).to(torch.float8_e4m3fn), "i": torch.arange(3),
          "c": torch.ones(2, dtype=torch.complex64) * 1j, "conj": (torch.ones(2, dtype=torch.complex64) * 1j).conj(),
          "empty": torch.ones(0, 3), "scalar": torch.tensor(2.0), "wide": torch.ones(1).expand(1000, 1000)}, file)
    found = core.load(file)
    assert (found["t"].shape, found["t"].strides) == ((6, 4), (4, 24))
    assert found["t"].tolist() == base.T.tolist()
    assert found["b"].dtype == ml_dtypes.bfloat16
    assert found["f8"].dtype == ml_dtypes.float8_e4m3fn
    assert (found["i"].dtype, found["c"].dtype) == (np.int64, np.complex64)
    assert found["conj"].tolist() == [-1j, -1j]
    assert found["empty"].shape == (0, 3)
    assert (found["scalar"].shape, float(found["scalar"])) == ((), 2.0)
    assert found["wide"].strides == (0, 0)          # no more memory than in the file


def test_that_what_shares_memory_in_the_file_shares_it_here(file: Path) -> None:
    base, tied = torch.arange(20.0), torch.ones(3)
    save({"a": base[:10], "b": base[5:], "tied": tied, "head": tied, "l": [tied]}, file)
    arrays, tensors = core.load(file), core.load(file, as_torch=True)
    assert arrays["tied"] is arrays["head"] is arrays["l"][0]
    assert tensors["tied"] is tensors["head"]
    for found in (arrays, tensors):
        found["a"][9] = 7
        assert float(found["b"][4]) == 7
        assert address(found["a"]) + 5 * 4 == address(found["b"])


def test_that_quantized_and_sparse_and_nested_tensors_say_what_they_are(file: Path) -> None:
    whole = torch.randn(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        per_tensor = torch.quantize_per_tensor(whole, 0.05, 3, torch.qint8)
        per_channel = torch.quantize_per_channel(whole, torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0, 1, 2]), 0, torch.quint8)
        csr, csc = whole.relu().to_sparse_csr(), whole.relu().to_sparse_csc()
    save({"q": per_tensor, "c": per_channel, "coo": whole.relu().to_sparse(), "csr": csr, "csc": csc, "nested": kinds.nested(),
          "meta": torch.ones(2, 3, device="meta")}, file)
    found = core.load(file)
    for key, tensor in (("q", per_tensor), ("c", per_channel)):
        assert isinstance(found[key], core.QuantizedArray)
        assert np.array_equal(found[key].stored, tensor.int_repr().numpy())
        assert np.array_equal(np.asarray(found[key]), tensor.dequantize().numpy())
    for key in ("coo", "csr", "csc"):
        assert isinstance(found[key], core.SparseArray)
        assert np.array_equal(np.asarray(found[key]), whole.relu().numpy())
    assert found["nested"].parts["values"].tolist() == [1, 1, 1]
    assert found["meta"] == core.EmptyArray((2, 3), "float32", (3, 1))


# -- other containers ---------------------------------------------------------------------------------------------------

def test_that_safetensors_and_sets_come_as_one_dict(tmp_path: Path) -> None:
    state = {"a.weight": torch.randn(40, 5), "a.bias": torch.ones(40, dtype=torch.bfloat16), "n": torch.tensor(3)}
    safetensors.torch.save_file(state, tmp_path / "m.safetensors")
    core.save(tmp_path / "m.safetensors", tmp_path / "set", shard_size=500)
    for path in (tmp_path / "m.safetensors", tmp_path / "set"):
        found = core.load(path, as_torch=True)
        assert {key: (value.dtype, value.tolist()) for key, value in found.items()} == {
            key: (value.dtype, value.tolist()) for key, value in state.items()}
        assert core.load(path)["a.bias"].dtype == ml_dtypes.bfloat16


def test_that_shards_of_pickles_and_dcp_folders_come_whole(tmp_path: Path) -> None:
    state = {"a": torch.randn(4, 5), "b": torch.ones(3)}
    for n, key in enumerate(state, 1):
        torch.save({key: state[key]}, tmp_path / f"pytorch_model-{n:05}-of-00002.bin")
    index = {"weight_map": {key: f"pytorch_model-{n:05}-of-00002.bin" for n, key in enumerate(state, 1)}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    from torch.distributed import checkpoint as dcp
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.save(state, checkpoint_id=tmp_path / "dcp")
    for path in (tmp_path / "pytorch_model.bin.index.json", tmp_path / "dcp"):
        found = core.load(path, as_torch=True)
        assert {key: value.tolist() for key, value in found.items()} == {key: value.tolist() for key, value in state.items()}


def test_that_a_script_comes_as_its_state_dict(tmp_path: Path) -> None:
    net = nn.Linear(2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(net), str(tmp_path / "s.pt"))
        torch.jit.save(torch.jit.script(nn.ReLU()), str(tmp_path / "none.pt"))
    found = core.load(tmp_path / "s.pt", as_torch=True)
    assert torch.equal(found["weight"], net.weight)
    assert core.load(tmp_path / "none.pt") == {}


def test_that_an_edited_checkpoint_comes_as_it_would_be_saved(file: Path, tmp_path: Path) -> None:
    tied = torch.arange(6.0)
    model = collections.OrderedDict({"module.a": tied, "module.b": tied, "module.v": tied[2:4]})
    save({"model": model, "best": np.float64(0.5), "n": 3}, file)
    edits = [core.StripPrefix("module."), core.Cast("float16", "*a"), core.SetValue("n", 4)]
    edited = core.edit(core.open(file), edits)
    core.save(core.edit(edited, [core.MakePlain("*")]), tmp_path / "saved.pth")
    assert difference(core.load(edited, as_torch=True), theirs(tmp_path / "saved.pth")) == ""


def test_that_tensors_go_where_map_location_says(file: Path) -> None:
    tied = torch.arange(6.0)
    save({"a": tied, "b": tied[2:]}, file)
    moved = core.edit(core.open(file), [core.RemapDevices({"cpu": "cuda:3"})])
    found = core.load(moved, as_torch=True, map_location="meta")
    assert found["a"].device.type == "meta"
    assert core.load(moved, as_torch=True)["b"].tolist() == [2, 3, 4, 5]
    assert core.load(moved, as_torch=True, map_location={"cuda:3": "meta"})["b"].is_meta
    assert not core.load(moved, as_torch=True, map_location={"cuda:1": "meta"})["b"].is_meta
    with pytest.raises(core.UsageError, match="cannot put tensors on 'nowhere'"):
        core.load(moved, as_torch=True, map_location="nowhere")
    with pytest.raises(core.UsageError, match="on no device"):
        core.load(moved, map_location="cpu")


# -- what a file may do -------------------------------------------------------------------------------------------------

def test_that_a_missing_file_is_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        core.load(tmp_path / "nope.pth")


def test_that_nothing_is_run(file: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "sprung"), "w"))

    file.write_bytes(torch_zip(pickle.dumps({"trap": Trap(), "n": 1}, 2)))
    found = core.load(file)
    assert found["n"] == 1
    assert isinstance(found["trap"], str)
    assert not (tmp_path / "sprung").exists()


def test_that_a_tensor_without_its_bytes_is_named(file: Path) -> None:
    save({"fine": torch.ones(2), "model": {"lost": torch.ones(1000)}}, file)
    with zipfile.ZipFile(file) as archive:
        left = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/data/1")}
    file.write_bytes(zipped(left))
    with pytest.raises(core.BadTensor, match="lost") as caught:
        core.load(file)
    assert "core.Drop" in caught.value.hint
    rest = core.load(core.edit(core.open(file), [core.Drop("*lost")]))
    assert rest["fine"].tolist() == [1, 1]


def test_that_attributes_of_a_state_dict_do_not_hide_its_methods(file: Path) -> None:
    attributes = pickle.dumps({"_metadata": {"": {"version": 1}}, "items": 3}, 2)[2:-1]
    file.write_bytes(torch_zip(pickle.dumps(collections.OrderedDict(w=1), 2)[:-1] + attributes + b"b."))
    found = core.load(file)
    assert list(found.items()) == [("w", 1)]
    assert found._metadata == {"": {"version": 1}}


def test_that_keys_made_to_be_slow_are_refused(file: Path) -> None:
    modulus = (1 << 61) - 1
    file.write_bytes(torch_zip(pickle.dumps(dict.fromkeys(range(modulus, 1500 * modulus, modulus)), 2)))
    with pytest.raises(core.TooBig, match="same hash"):
        core.load(file)
    file.write_bytes(torch_zip(pickle.dumps(dict.fromkeys(range(100_000)), 2)))
    assert len(core.load(file)) == 100_000


def test_that_a_tuple_that_is_endless_or_deep_is_no_key(file: Path) -> None:
    wide = b"K\x01\x85q\x00" + b"0h\x00h\x00\x86q\x00" * 60      # ((1,), (1,)), each twice in the next
    deep = b")" + b"\x85" * 100_000
    for key in (wide, deep):
        file.write_bytes(torch_zip(b"\x80\x02}" + key + b"Ns."))
        with pytest.raises(core.TooBig, match="tuple"):
            core.load(file)
        file.write_bytes(torch_zip(b"\x80\x02" + key + b"."))
        assert isinstance(core.load(file), tuple)           # as a value it is fine


@pytest.mark.parametrize("as_torch", [False, True])
def test_that_a_storage_that_stands_only_in_a_key_is_named(as_torch: bool, file: Path) -> None:
    storage = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x002X\3\0\0\0cpuK\2tQ"
    file.write_bytes(torch_zip(b"\x80\x02}" + storage + b"\x85Ns.", {"data/2": bytes(8)}))
    with pytest.raises(core.BadTensor, match="key of a dict"):
        core.load(file, as_torch=as_torch)


def test_that_a_set_of_what_is_not_made_is_empty(file: Path) -> None:
    file.write_bytes(torch_zip(b"\x80\x02}X\1\0\0\0sc__builtin__\nfrozenset\nctorch\nQUInt4x2Storage\n}K\1K\1sb\x85Rs."))
    assert core.load(file) == {"s": frozenset()}


def test_that_a_circle_is_a_circle(file: Path) -> None:
    found = core.load(_written(file, kinds.recursive_list()))
    assert found[1] is found


def _written(file: Path, value: Any) -> Path:
    file.write_bytes(torch_zip(pickle.dumps(value, 2)))
    return file


def test_that_progress_is_told_in_bytes_and_it_can_be_cancelled(file: Path) -> None:
    save({str(i): torch.ones(1000) for i in range(5)}, file)

    told: list[tuple[int, int]] = []

    class Watching(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            told.append((done, total))
            if done >= 12_000 and total == 20_000:
                raise core.Cancelled

    with pytest.raises(core.Cancelled):
        core.load(file, monitor=Watching())
    assert (4000, 20_000) in told


def test_that_a_small_file_cannot_ask_for_much_memory(file: Path) -> None:
    save({"w": torch.ones(1).expand(1 << 40)}, file)
    assert core.load(file)["w"].shape == (1 << 40,)
    assert core.load(file, as_torch=True)["w"].untyped_storage().nbytes() == 4


# -- real files ---------------------------------------------------------------------------------------------------------

def test_that_real_files_are_given_as_torch_gives_them(corpus: Path) -> None:
    same = 0
    with (corpus / "INDEX.tsv").open() as index:
        rows = list(csv.DictReader(index, delimiter="\t"))
    for row in rows:
        path = corpus / "files" / row["file"]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = safetensors.torch.load_file(path) if path.suffix == ".safetensors" else \
                    torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        assert difference(core.load(path, as_torch=True), expected) == "", row["file"]
        assert len(list(tensors_in(core.load(path)))) == len(list(tensors_in(expected))), row["file"]
        same += 1
    assert same > 50


def again(value: Any, path: Path, **options: Any) -> Any:
    """`value` after it was saved and loaded."""
    core.save(value, path)
    try:
        return core.load(path, **options)
    finally:
        path.unlink()


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated:UserWarning", "ignore:.*quantiz:UserWarning")
@pytest.mark.parametrize("kind", kinds.TAKEN)
def test_that_what_was_loaded_is_saved_as_it_was(kind: str, file: Path) -> None:
    value = kinds.TAKEN[kind]
    save({"w": torch.ones(1), "best": value, "again": [value, value]}, file)
    tensors, arrays = core.load(file, as_torch=True), core.load(file)
    assert difference(again(tensors, file.with_name("b.pth"), as_torch=True), tensors) == ""
    assert plain_difference(again(arrays, file.with_name("c.pth")), arrays) == ""


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated:UserWarning", "ignore:.*quantiz:UserWarning")
def test_that_storages_by_themselves_are_saved(file: Path) -> None:
    w = torch.arange(6.0)
    core.save({"view": w[2:4], "storage": w.storage(), "half": torch.HalfStorage([1, 2]), "bytes": torch.arange(3).untyped_storage(),
               "again": [w.storage()]}, file)
    found = theirs(file)
    assert found["storage"].tolist() == w.tolist()
    assert found["half"].dtype == torch.float16
    assert found["view"].untyped_storage().data_ptr() == found["storage"].data_ptr()
    assert found["bytes"].tolist() == list(np.arange(3).tobytes())
    assert difference(core.load(file, as_torch=True), found) == ""


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated:UserWarning", "ignore:.*(quantiz|CSR tensor):UserWarning")
def test_that_real_files_are_saved_as_they_were_loaded(corpus: Path, tmp_path: Path) -> None:
    same = 0
    for path in sorted((corpus / "files").iterdir()):
        if path.stat().st_size > 4_000_000:
            continue
        try:
            tensors, arrays = core.load(path, as_torch=True), core.load(path)
        except core.InspectorError:
            continue
        assert difference(again(tensors, tmp_path / "b.pth", as_torch=True), tensors) == "", path.name
        assert plain_difference(again(arrays, tmp_path / "c.pth"), arrays) == "", path.name
        same += 1
    assert same > 80
