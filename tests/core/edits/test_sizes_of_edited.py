"""What the sizes of an edited checkpoint say is what the file then has: casts, copies, takes and drops of views, of tied tensors and
of tensors that are made of others."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed.checkpoint as dcp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from inspector import core

BASE = torch.arange(60.0)


class Held:
    """An object that no library has, with tensors and a storage in it."""

    def __init__(self) -> None:
        self.tensor = torch.ones(7)
        self.storage = torch.ones(9).untyped_storage()


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = torch.nn.Linear(4, 3), torch.nn.Linear(4, 3)
        self.b.weight = self.a.weight


def sparse_of_a_view() -> dict[str, Any]:
    values = torch.arange(6.0)
    shared = torch.sparse_coo_tensor(torch.tensor([[0, 1, 2]]), values[:3], (5,), check_invariants=True)
    return {"coo": shared, "csr": torch.eye(4).to_sparse_csr(), "v": values, "w": torch.ones(2)}


CONTENTS: dict[str, Callable[[], Any]] = {
    "views": lambda: {"a": BASE[:10], "b": BASE[10:30], "c": BASE[20:40].view(4, 5).T, "d": torch.ones(3)},
    "tied": lambda: {"a": BASE, "b": BASE, "c": BASE[5:], "d": torch.ones(3, dtype=torch.int64)},
    "small-view": lambda: {"a": BASE[:3], "b": torch.ones(7)},
    "expanded": lambda: {"a": torch.ones(1).expand(9), "b": BASE[::2]},
    "sparse": sparse_of_a_view,
    "quantized": lambda: {"q": torch.quantize_per_tensor(BASE, 0.5, 3, torch.quint8), "v": BASE[3:],
                          "r": torch.quantize_per_channel(BASE.view(6, 10), torch.ones(6).double(), torch.zeros(6).long(), 0, torch.qint8)},
    "nested": lambda: {"n": torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(1, 3)]), "v": BASE[:9]},
    "training": lambda: {"model": OrderedDict(w=BASE[:20], b=BASE[20:]), "epoch": 3, "opt": {
        "state": {0: {"m": torch.ones(9)}}, "param_groups": [{"params": [0], "lr": 0.1}]}},
    "storages": lambda: {"a": BASE[:5], "s": torch.TypedStorage(wrap_storage=BASE.untyped_storage(), dtype=torch.float32, _internal=True),
                         "l": [torch.ones(4).untyped_storage()]},
    "object": lambda: {"o": Held(), "t": torch.ones(5)},
    "lazy-bits": lambda: {"a": torch.ones(4, dtype=torch.complex64).conj(), "b": torch.ones(4)},
    "module": Net,
    "empty": lambda: {"a": torch.empty(0, 3), "b": BASE[:0], "c": BASE[2:]},
    "meta": lambda: {"a": torch.empty(3, device="meta"), "b": BASE[:5]},
    "listed-twice": lambda: {"x": (same := {"w": BASE[:5]}), "y": same, "z": BASE[9:]},
    "list": lambda: [BASE[:5], BASE[7:], torch.ones(2)],
    "parameters": lambda: {"p": torch.nn.Parameter(BASE[:6].clone()), "q": torch.nn.Parameter(BASE)},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of each of the contents, and others that are no file of torch.save."""
    folder = tmp_path_factory.mktemp("gallery")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, make in CONTENTS.items():
            torch.save(make(), folder / f"{name}.pth")
            torch.save(make(), folder / f"{name}.old.pth", _use_new_zipfile_serialization=False)
        plain = {"a.w": torch.randn(6, 4), "a.b": torch.randn(4), "c": torch.ones(5, dtype=torch.float16)}
        save_file(plain, folder / "plain.safetensors")
        core.save(core.open(folder / "plain.safetensors"), folder / "shards/", shard_size="60")
        dcp.save({"m": plain, "n": 3, "v": BASE[:10], "u": BASE[10:]}, checkpoint_id=folder / "dcp")
        torch.save({"whole": torch.ones(11), "part": torch.ones(20)[4:9]}, folder / "other.pth")
    return folder


def edits_of(ckpt: core.Checkpoint, other: str) -> st.SearchStrategy[core.Edit]:
    keys = st.sampled_from([key for key in (*ckpt.tensors, *ckpt.values) if key])
    dtypes = st.sampled_from(("float64", "float16", "int64"))
    ties = [] if "safetensors" in ckpt.format else [st.builds(core.Copy, keys, st.just("one.more"))]       # which that format cannot hold
    return st.one_of(
        *ties, st.builds(core.Drop, keys), st.builds(core.Cast, dtypes), st.builds(core.Cast, dtypes, keys), st.builds(core.Unshare, keys),
        st.just(core.Unshare("*")), st.builds(core.Rename, keys, st.just("new.name")), st.just(core.RemapDevices({"*": "cuda:0"})),
        st.builds(core.Extract, st.sampled_from([path or "." for path in ckpt.state_dicts] or ["."])),
        st.builds(lambda here, there: core.Take(other, pairs=((here, there),)), keys, st.sampled_from(("whole", "part"))))


SAVED_AS = {"plain.safetensors": ("out.safetensors", "out.pth"), "shards": ("out/", "out.pth"), "dcp": ("out.pth",),
            **{f"{name}{old}.pth": ("out.pth",) for name in CONTENTS for old in ("", ".old")}}


@pytest.mark.parametrize("name", SAVED_AS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_that_sizes_of_an_edited_checkpoint_are_those_of_the_file_it_is_saved_as(folder: Path, tmp_path: Path, name: str,
                                                                              data: st.DataObject) -> None:
    ckpt = core.open(folder / name)
    edits = data.draw(st.lists(edits_of(ckpt, str(folder / "other.pth")), min_size=1, max_size=3))
    try:
        edited = core.edit(ckpt, edits)
        for out in SAVED_AS[name]:
            core.save(edited, tmp_path / out, keep_code=["*"])
    except (core.EditError, core.SaveError):
        return              # not every edit can be applied to everything
    expected = core.sizes(edited)._replace(file=0)
    for out in SAVED_AS[name]:
        assert core.sizes(core.open(tmp_path / out))._replace(file=0) == expected
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "TypedStorage is deprecated")
        torch.load(tmp_path / "out.pth", weights_only=False, map_location="cpu")


@pytest.mark.parametrize("keys", [("a", "b"), ("b", "a")])
def test_that_one_of_two_views_cast_leaves_the_other_its_storage(tmp_path: Path, keys: tuple[str, str]) -> None:
    torch.save({"a": BASE[:30], "b": BASE[30:]}, tmp_path / "a.pth")
    edited = core.edit(core.open(tmp_path / "a.pth"), [core.Cast("float64", keys[0])])
    found = core.sizes(edited)
    assert (found.stored, found.reachable, found.unreferenced) == (240 + 240, 120 + 240, 120)


def test_that_a_storage_stays_for_an_object_when_its_tensor_goes(folder: Path, tmp_path: Path) -> None:
    edited = core.edit(core.open(folder / "storages.pth"), [core.Drop("a")])
    core.save(edited, tmp_path / "out.pth")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "TypedStorage is deprecated")
        assert torch.load(tmp_path / "out.pth", weights_only=False)["s"].tolist() == BASE.tolist()
    assert core.sizes(edited).unreferenced == core.sizes(edited).stored == 256
    without = core.edit(edited, [core.Drop("s")])
    assert core.sizes(without).stored == 16
