"""A mapping of arrays and tensors is a checkpoint: what is saved of it is what torch and safetensors read."""
from __future__ import annotations

import argparse
import collections
import csv
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from tests.core import refused_values as kinds
from tests.core.python_objects.sameness import address, difference, raw_bytes, tensors_in


def theirs(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def saved(value: Any, path: Path) -> Any:
    """What torch reads of `value` when it was saved here."""
    core.save(value, path)
    return theirs(path)


@pytest.mark.parametrize("kind", [kind for kind in kinds.TAKEN if kind not in ("storage", "scheme")])
def test_that_a_value_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    value = {"w": torch.ones(1), "best": kinds.TAKEN[kind], "again": [kinds.TAKEN[kind]]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, tmp_path / "theirs.pth")
    expected = theirs(tmp_path / "theirs.pth")
    assert difference(saved(value, tmp_path / "ours.pth"), expected) == ""
    assert difference(saved(core.load(tmp_path / "theirs.pth", as_torch=True), tmp_path / "again.pth"), expected) == ""


def test_that_arrays_of_every_type_become_tensors(tmp_path: Path) -> None:
    types = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, np.int64, np.int32, np.int16, np.int8,
             np.uint8, np.uint16, np.uint32, np.uint64, np.bool_, np.complex64, np.complex128]
    arrays = {str(np.dtype(kind)): np.array([[0, 1, 2], [3, 4, 5]]).astype(kind) for kind in types}
    found = saved(arrays, tmp_path / "a.pth")
    for name, array in arrays.items():
        assert str(found[name].dtype) == "torch." + name
        assert raw_bytes(found[name]) == array.tobytes()
    for name, tensor in saved_safely(arrays, tmp_path / "a.safetensors").items():
        assert raw_bytes(tensor) == arrays[name].tobytes()


def saved_safely(value: Any, path: Path) -> dict[str, torch.Tensor]:
    held = {name: array for name, array in value.items() if not name.startswith("complex128")}
    core.save(held, path)
    return safetensors.torch.load_file(path)


def test_that_arrays_in_any_order_have_their_numbers(tmp_path: Path) -> None:
    base = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    arrays = {"transposed": base.T, "fortran": np.asfortranarray(base[0]), "backwards": base[::-1, :, ::-2], "every other": base[:, ::2],
              "big": base.astype(">f4"), "expanded": np.broadcast_to(base[0, 0], (5, 4)), "scalar": np.array(3.5), "empty": base[:0],
              "permuted": base.transpose(1, 0, 2), "copy": base.transpose(2, 0, 1).copy("K")}
    found = saved(arrays, tmp_path / "a.pth")
    for name, array in arrays.items():
        assert found[name].tolist() == array.tolist(), name
    assert found["expanded"].stride() == (0, 1)
    assert (tmp_path / "a.pth").stat().st_size < 6000


def test_that_what_shares_memory_shares_it_in_the_file(tmp_path: Path) -> None:
    base, array = torch.arange(20.0), np.arange(30.0)
    tied = np.ones(3, np.float32)
    found = saved({"a": base[:10], "b": base[5:], "x": array[:20], "y": array[10:], "tied": tied, "head": tied,
                   "bytes": array.view(np.uint8), "shared": torch.from_numpy(array)}, tmp_path / "a.pth")
    assert found["tied"] is found["head"]
    found["a"][9] = 7
    assert found["b"][4] == 7
    assert found["a"].untyped_storage().nbytes() == 80
    assert found["x"].data_ptr() + 80 == found["y"].data_ptr()
    assert found["bytes"].untyped_storage().data_ptr() == found["x"].untyped_storage().data_ptr()


def test_that_small_views_far_apart_do_not_keep_what_lies_between(tmp_path: Path) -> None:
    big = np.zeros(1_000_000)
    saved({"first": big[:10], "last": big[-10:]}, tmp_path / "a.pth")
    assert (tmp_path / "a.pth").stat().st_size < 5000


def test_that_quantized_and_sparse_arrays_are_saved_as_they_were(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = {"q": torch.quantize_per_tensor(torch.randn(3, 4), 0.05, 3, torch.quint8),
                 "c": torch.quantize_per_channel(torch.randn(3, 4), torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0, 1, 2]), 0, torch.qint8),
                 "coo": torch.eye(3).to_sparse(), "csr": torch.eye(3).to_sparse_csr(), "csc": torch.eye(3).to_sparse_csc(),
                 "meta": torch.ones(2, 3, device="meta")}
        torch.save(value, tmp_path / "theirs.pth")
    expected = theirs(tmp_path / "theirs.pth")
    assert difference(saved(value, tmp_path / "ours.pth"), expected) == ""
    arrays = saved(core.load(tmp_path / "theirs.pth"), tmp_path / "arrays.pth")
    assert difference(arrays, expected) == ""


def test_that_objects_of_torch_and_numpy_become_what_torch_reads(tmp_path: Path) -> None:
    value = {"n": np.float64(1.5), "i": np.int64(3), "b": np.bool_(True), "t": np.str_("x"), "size": torch.Size([2, 3]),
             "dtype": torch.bfloat16, "device": torch.device("cuda:1"), "named": kinds.Pair(1, torch.ones(1)), (1, "k"): 2,
             5: np.float32(2),
             "default": collections.defaultdict(list, {"a": [1]}), "count": collections.Counter("aab"), "raw": bytearray(b"\xff\x00")}
    found = saved(value, tmp_path / "a.pth")
    assert (found["n"], found["i"], found["b"], found["t"], found[5]) == (1.5, 3, True, "x", 2.0)
    assert (found["size"], found["dtype"], found["device"]) == (torch.Size([2, 3]), torch.bfloat16, torch.device("cuda:1"))
    assert (found["named"][0], found[1, "k"], found["default"], found["count"]["a"]) == (1, 2, {"a": [1]}, 2)
    assert found["raw"] == bytearray(b"\xff\x00")


@pytest.mark.parametrize(("value", "said"), [
    ({"args": {"x": argparse.Namespace(a=1)}}, "args.x is a argparse.Namespace"),
    ({"w": np.array(["a", "b"])}, "w is an array of <U1"),
    ({"when": np.array(["2024-01-01"], "M8[D]")}, "when is an array of datetime64"),
    ({"f": frozenset({1})}, "f is a frozenset"),
    ({"e": kinds.Phase.WARMUP}, "e is a .*Phase"),
    ({"n": kinds.nested()}, "n is a nested tensor"),
    ({"t": np.longdouble(1)}, "t is a numpy.longdouble"),
], ids=["Namespace", "texts", "dates", "frozenset", "enum", "nested", "longdouble"])
def test_that_what_torch_would_refuse_is_refused_by_its_key(value: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(core.UsageError, match=said):
        core.save(value, tmp_path / "a.pth")
    assert not list(tmp_path.iterdir())


def test_that_safetensors_hold_no_values_without_being_told(tmp_path: Path) -> None:
    with pytest.raises(core.SaveError, match="epoch = 3 is no tensor"):
        core.save({"w": np.ones(2), "epoch": 3}, tmp_path / "a.safetensors")
    core.save({"model": {"w": np.ones(2)}, "epoch": 3}, tmp_path / "a.safetensors", allow_loss=True)
    assert list(safetensors.torch.load_file(tmp_path / "a.safetensors")) == ["model.w"]


def test_that_a_mapping_is_saved_in_shards(tmp_path: Path) -> None:
    value = {f"l{n}.weight": np.full((10, 10), n, np.float32) for n in range(6)}
    report = core.save(value, tmp_path / "set", shard_size=900)
    assert len(report.files) == 4
    assert {key: array.tolist() for key, array in core.load(tmp_path / "set").items()} == {key: a.tolist() for key, a in value.items()}


def test_that_a_mapping_stands_wherever_a_checkpoint_is_meant(tmp_path: Path) -> None:
    value = {"module.w": np.array([[1.0, np.nan], [3, 4]]), "module.b": torch.ones(2)}
    assert core.summarize(value)["module.w"].nan == 1
    assert core.read_numpy(value, "module.b").tolist() == [1, 1]
    assert core.read_torch(value, "module.w").shape == (2, 2)
    edited = core.edit(value, [core.StripPrefix("module."), core.Cast("bfloat16", "w")])
    found = saved(edited, tmp_path / "a.pth")
    assert (list(found), found["w"].dtype) == (["w", "b"], torch.bfloat16)
    assert core.compare({"w": torch.ones(2)}, {"w": np.ones(2, np.float32)}).verdict.id == "identical"
    assert core.load_report({"w": np.ones(2)}, {"w": torch.ones(3)}).lists.mismatched[0].key == "w"
    assert core.load_state_dict(value)["module.b"].tolist() == [1, 1]
    assert core.load(value)["module.b"].tolist() == [1, 1]


def test_that_a_checkpoint_in_memory_goes_to_another_process(tmp_path: Path) -> None:
    edited = core.edit({"w": np.arange(5.0)}, [core.AddPrefix("m.")])
    again = pickle.loads(pickle.dumps(edited))
    assert saved(again, tmp_path / "a.pth")["m.w"].tolist() == [0, 1, 2, 3, 4]
    assert "in memory" in repr(edited)


def test_that_a_save_over_a_file_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    core.save({"w": np.ones(3)}, path)
    before = path.read_bytes()

    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise core.Cancelled

    with pytest.raises(core.Cancelled):
        core.save({"w": np.zeros(1_000_000)}, path, monitor=Stop())
    assert path.read_bytes() == before
    assert core.save({"w": np.zeros(3)}, path, verify="torch").notes[-1].startswith("torch.load(weights_only=True) reads the new file")


def test_that_torch_is_not_imported_to_save_arrays(tmp_path: Path) -> None:
    code = ("import sys, numpy as np\nfrom inspector import core\n"
            "core.save({'w': np.ones(3, 'f4'), 'l': [1, {'x': (2, None)}]}, sys.argv[1])\n"
            "print(core.load(sys.argv[1])['w'], 'torch' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.pth")], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).resolve().parents[3])
    assert done.stdout.split() == ["[1.", "1.", "1.]", "False"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_that_any_views_of_an_array_come_back_with_their_numbers_and_ties(tmp_path_factory: pytest.TempPathFactory,
                                                                          data: st.DataObject) -> None:
    base = np.arange(120, dtype=np.float32).reshape(4, 5, 6)
    views = {}
    for n in range(data.draw(st.integers(1, 4))):
        cuts = st.sampled_from([(None,), (1, None), (None, None, 2), (2, 3), (None, None, -1)])
        places = tuple(slice(*data.draw(cuts)) for _ in range(3))
        view = base[places].transpose(data.draw(st.permutations(range(3))))
        views[str(n)] = data.draw(st.sampled_from([view, torch.from_numpy(view) if min(view.strides) >= 0 else view]))
    path = tmp_path_factory.mktemp("views") / "a.pth"
    found = saved(views, path)
    for name, view in views.items():
        assert found[name].tolist() == view.tolist()
    forward = {name: view for name, view in views.items() if isinstance(view, torch.Tensor) or min(view.strides) >= 0}
    for one in forward:
        for other in forward:
            if np.shares_memory(np.asarray(forward[one]), np.asarray(forward[other])):
                assert address(found[one]) - address(found[other]) == address(forward[one]) - address(forward[other])


def test_that_real_files_come_back_as_they_were(corpus: Path, tmp_path: Path) -> None:
    same = 0
    with (corpus / "INDEX.tsv").open() as index:
        rows = list(csv.DictReader(index, delimiter="\t"))
    for row in rows:
        path = corpus / "files" / row["file"]
        try:
            expected = theirs(path)
        except Exception:
            continue
        assert difference(saved(core.load(path, as_torch=True), tmp_path / "t.pth"), expected) == "", row["file"]
        core.save(core.load(path), tmp_path / "n.pth")
        for ours, its in zip(tensors_in(theirs(tmp_path / "n.pth")), tensors_in(expected), strict=True):
            assert ours.dtype == its.dtype
            assert its.is_quantized or raw_bytes(ours) == raw_bytes(its), row["file"]
        same += 1
    assert same > 40
