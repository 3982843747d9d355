"""Files of pickle protocol 0, whose persistent ids are text: read though no torch reads them."""
from __future__ import annotations

import io
import struct
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from inspector import core
from inspector.core.checkpoint import Opaque
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.text_ids import load_texts
from tests.core.formats.before_1_6.test_torch_legacy import stored, stream
from tests.core.pickles import opcodes as op
from tests.core.pickles.objects.test_tensors import seen

FOUR = struct.pack("<4f", 1, 2, 3, 4)
CPU = "('storage', <class 'torch.FloatStorage'>, '94692917754496', 'cpu', 4, None)"


def text_id(text: str) -> bytes:
    return b"P" + text.encode() + b"\n"


def tensor(text: str, size: int = 4) -> bytes:
    return op.tensor(text_id(text), 0, (size,), (1,))


def legacy(path: Path, value: bytes, keys: dict[str, bytes]) -> core.Checkpoint:
    path.write_bytes(stream(value, keys))
    return core.open(path)


def test_that_torch_does_not_read_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "t.pth"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save({"w": torch.arange(3.0)}, path, pickle_protocol=0)
    with pytest.raises(AssertionError, match="saved_id must be a tuple"):
        torch.load(path, weights_only=False)
    ckpt = core.open(path)
    assert core.read_numpy(ckpt, "w").tolist() == [0, 1, 2]
    assert [(finding.id, finding.level) for finding in ckpt.findings] == [("text-ids", "warning"), ("weights-only", "warning")]


def test_that_storages_are_found_by_the_keys_in_the_text(tmp_path: Path) -> None:
    other = CPU.replace("'cpu'", "'cuda:3'").replace("94692917754496", "7").replace("Float", "Long")
    ckpt = legacy(tmp_path / "t.pth", op.dict_of({"a": tensor(CPU), "b": tensor(other, 2), "tied": tensor(CPU)}),
                  {"94692917754496": stored(FOUR), "7": stored(struct.pack("<4q", 5, 6, 7, 8), width=8)})
    assert [(info.dtype, info.device, info.storage, info.problem) for info in ckpt.tensors.values()] == [
        ("float32", "cpu", "94692917754496", ""), ("int64", "cuda:3", "7", ""), ("float32", "cpu", "94692917754496", "")]
    assert core.read_numpy(ckpt, "b").tolist() == [5, 6]


def test_that_views_of_storages_are_found(tmp_path: Path) -> None:
    view = CPU.replace("None", "('9', 1, 3)")
    ckpt = legacy(tmp_path / "t.pth", op.dict_of({"a": tensor(CPU), "part": tensor(view, 2)}), {"94692917754496": stored(FOUR)})
    assert (ckpt.tensors["part"].offset, core.read_numpy(ckpt, "part").tolist()) == (1, [2, 3])


def test_that_a_class_of_a_module_is_its_name(tmp_path: Path) -> None:
    cls = text_id("('module', <class 'my.nets.Net'>, '/home/me/nets.py', 'class Net(nn.Module):\\n    it\\'s')")
    state = op.dict_of({"_parameters": op.dict_of({"w": tensor(CPU)}), "_buffers": op.EMPTY_DICT, "_modules": op.EMPTY_DICT})
    ckpt = legacy(tmp_path / "t.pth", op.build(cls + op.EMPTY_TUPLE + b"\x81", state), {"94692917754496": stored(FOUR)})
    value = ckpt.values[""]
    assert (ckpt.kind, list(ckpt.tensors)) == ("module", ["w"])
    assert isinstance(value, Opaque)
    assert value.type == "my.nets.Net"
    assert {finding.id for finding in ckpt.findings} == {"text-ids", "unknown-code", "weights-only"}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [0, 1])
def test_that_a_module_of_the_first_protocols_is_its_state_dict(zipped: bool, protocol: int, tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    torch.save(net, tmp_path / "t.pth", pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    loaded = core.load_state_dict(tmp_path / "t.pth")
    assert list(loaded) == list(net.state_dict())
    assert all(torch.equal(loaded[key], value) for key, value in net.state_dict().items())


@pytest.mark.parametrize("text", [
    "odd", "('storage', <class 'torch.FloatStorage'>, '../x', 'cpu', 4, None)", CPU[:-1], CPU + " ", CPU.replace("4,", "-4,"),
    CPU.replace("4,", "9" * 30 + ","), CPU.replace("'cpu'", "'c\\'pu'"), "('storage', " + "x" * 10_000,
    "__import__('os').system('true')",
])
def test_that_other_text_stays_text(text: str) -> None:
    graph = decode(op.pickled(op.dict_of({"t": tensor(text)})))
    assert load_texts(graph) == (graph, 0)
    contents = seen(op.dict_of({"t": tensor(text)}))
    assert contents.tensors[0].problem.startswith("corrupt")
    assert "persistent-id" in {finding.id for finding in contents.findings}


def test_that_nodes_keep_their_numbers_and_the_file_its_graph() -> None:
    graph = decode(op.pickled(op.dict_of({"t": tensor(CPU)})))
    before = bytes(graph.kind)
    loaded, count = load_texts(graph)
    assert count == 1
    assert (bytes(graph.kind), loaded.root, loaded.data) == (before, graph.root, graph.data)


def test_that_the_archive_of_1_4_is_read_by_its_own_folder(tmp_path: Path) -> None:
    """PyTorch 1.4 called the folder "tensors" when asked for the zip format; later releases look for "data"."""
    memory = io.BytesIO()
    torch.save({"w": torch.arange(4.0)}, memory)
    path = tmp_path / "t.pth"
    with zipfile.ZipFile(memory) as given, zipfile.ZipFile(path, "w") as made:
        for info in given.infolist():
            if info.filename.endswith(("data.pkl", "version", "data/0")):
                made.writestr(info.filename.replace("/data/0", "/tensors/0"), given.read(info))
    ckpt = core.open(path)
    assert core.read_numpy(ckpt, "w").tolist() == [0, 1, 2, 3]
    assert list(ckpt.storages) == ["0"]
    assert [finding.id for finding in ckpt.findings] == ["layout"]
    with pytest.raises(RuntimeError, match="failed locating file"):
        torch.load(path)
