"""A checkpoint is a value: it can be pickled, copied, sent to another process, and named in a notebook."""
from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from inspector import core


def whole(folder: Path) -> Path:
    torch.save(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)), folder / "whole.pth")
    return folder / "whole.pth"


def training(folder: Path) -> Path:
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "args": {"lr": 0.1, "names": ["a"]}},
               folder / "training.pth")
    return folder / "training.pth"


def legacy(folder: Path) -> Path:
    torch.save(torch.nn.Linear(3, 2).state_dict(), folder / "old.pth", _use_new_zipfile_serialization=False)
    return folder / "old.pth"


def safetensors(folder: Path) -> Path:
    save_file({"w": torch.arange(6.0).reshape(2, 3)}, folder / "w.safetensors", {"format": "pt"})
    return folder / "w.safetensors"


def sparse_and_quantized(folder: Path) -> Path:
    torch.save({"s": torch.eye(3).to_sparse(), "q": torch.quantize_per_tensor(torch.ones(4), 0.5, 0, torch.qint8), "w": torch.ones(2)},
               folder / "odd.pth")
    return folder / "odd.pth"


def scripted(folder: Path) -> Path:
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.save(torch.jit.script(torch.nn.Linear(3, 2)), folder / "script.pt")
    return folder / "script.pt"


pytestmark = pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")

KINDS = [whole, training, legacy, safetensors, sparse_and_quantized, scripted]


@pytest.fixture(params=KINDS, ids=lambda make: make.__name__)
def ckpt(request: pytest.FixtureRequest, tmp_path: Path) -> core.Checkpoint:
    make: Callable[[Path], Path] = request.param
    return core.open(make(tmp_path))


def assert_same(found: core.Checkpoint, ckpt: core.Checkpoint) -> None:
    for name in ("path", "format", "kind", "files", "state_dicts", "findings", "metadata", "facts", "members"):
        assert getattr(found, name) == getattr(ckpt, name), name
    assert dict(found.tensors) == dict(ckpt.tensors)
    assert list(found.tensors) == list(ckpt.tensors)
    assert dict(found.storages) == dict(ckpt.storages)
    assert dict(found.values) == dict(ckpt.values)
    assert dict(core.digests(found)) == dict(core.digests(ckpt))


@pytest.mark.parametrize("through", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, copy.copy], ids=["pickle", "deepcopy", "copy"])
def test_that_a_copy_is_the_same_and_reads_the_same(ckpt: core.Checkpoint, through: Callable[[Any], Any]) -> None:
    assert_same(through(ckpt), ckpt)


def test_that_an_edited_checkpoint_comes_through_and_can_be_saved(tmp_path: Path) -> None:
    edited = core.edit(training(tmp_path), [core.Extract("model"), core.Cast("float16")])
    found = pickle.loads(pickle.dumps(edited))
    assert_same(found, edited)
    core.save(found, tmp_path / "new.pth")
    assert {value.dtype for value in torch.load(tmp_path / "new.pth").values()} == {torch.float16}


def test_that_what_is_found_out_about_it_comes_through(tmp_path: Path) -> None:
    comparison = core.compare(training(tmp_path), legacy(tmp_path))
    found = pickle.loads(pickle.dumps(comparison))
    assert (found.pairs, found.verdict) == (comparison.pairs, comparison.verdict)
    plan = core.plan_save(training(tmp_path), tmp_path / "x.safetensors")
    assert pickle.loads(pickle.dumps(plan)).losses == plan.losses
    summaries = core.summarize(legacy(tmp_path))
    assert pickle.loads(pickle.dumps(summaries)) == summaries


def test_that_another_process_reads_its_tensors(tmp_path: Path) -> None:
    ckpt = core.open(safetensors(tmp_path))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(core.digest, ckpt, "w").result(60) == core.digest(ckpt, "w")


def test_that_its_repr_is_one_short_line(ckpt: core.Checkpoint) -> None:
    text = repr(ckpt)
    assert len(text) < 300
    assert "\n" not in text
    assert Path(ckpt.path).name in text


def test_that_a_missing_file_is_a_file_not_found_error_too(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        core.open(tmp_path / "nope.pth")
    error = caught.value
    assert isinstance(error, core.Unreadable)
    assert (error.errno, error.filename) == (2, str(tmp_path / "nope.pth"))
    assert "nope.pth" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.id, again.hint) == (str(error), "io", error.hint)


def test_that_every_error_comes_through_pickle() -> None:
    error = core.Corrupt("the header is cut", "Fetch it again.", "byte 8", id="cut", members=["a"])
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.id, again.members) == (core.Corrupt, str(error), "cut", ("a",))


def test_that_a_question_is_answered_once_and_anew_of_other_tables(ckpt: core.Checkpoint) -> None:
    asked: list[core.Checkpoint] = []

    def keys(about: core.Checkpoint) -> list[str]:
        return about.answer("keys", lambda: asked.append(about) or [*about.tensors])
    first = keys(ckpt)
    assert keys(ckpt) is keys(ckpt.with_findings(())) is first
    other = dataclasses.replace(ckpt, tensors={})
    assert keys(other) == []
    assert keys(ckpt) is first
    assert [*map(id, asked)] == [id(ckpt), id(other)]
    again = pickle.loads(pickle.dumps(ckpt))
    assert keys(again) == first
    assert len(asked) == 3
