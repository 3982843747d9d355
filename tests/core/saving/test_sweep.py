"""Every edit over every kind of file, whole or cut short: it ends in a file that torch or safetensors reads, or in one line and no file."""
from __future__ import annotations

import shutil
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import nn

from inspector import core
from tests.fuzz import seeds

SHARES = (.5, .9)               # of a file that is cut short
OF_CUT = {0, 2, 4, 6, 7, 10, 17, 20, 21, 22}        # edits that are tried on those
CUT = ("zip-training.pth", "zip-odd.pth", "zip-state.pth", "zip-packed.pth", "zip-module.pth", "zip-script.pt", "pickle-legacy-odd.pt",
       "pickle-legacy-training.pt", "tar-old.pt", "safetensors-state.safetensors")
TARGETS: tuple[dict[str, Any], ...] = (
    {"path": "out.pth", "keep_code": ["*"]}, {"path": "out.pt", "keep_code": ["*"], "allow_loss": True},
    {"path": "out.pth", "format": "torch-legacy", "keep_code": ["*"], "allow_loss": True},
    {"path": "out.pth", "drop_code": ["*"], "allow_loss": True},
    {"path": "out.safetensors"}, {"path": "out.safetensors", "allow_loss": True, "ties": "all"},
    {"path": "set", "format": "safetensors-sharded", "allow_loss": True, "shard_size": 40})


def quantized() -> dict[str, Any]:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(16, 8)).eval()
    dynamic = torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8)
    state = dynamic.state_dict()
    return {"quantized-module.pth": dynamic, "quantized-state.pth": state, "quantized-nested.pth": {"model": dynamic, "n": 1}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All samples by their names."""
    made = tmp_path_factory.mktemp("sweep") / "samples"
    seeds.make(made)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in quantized().items():
            torch.save(value, made / name)
    for name in CUT:
        data = (made / name).read_bytes()
        for share in SHARES:
            (made / f"cut{int(100 * share)}-{name}").write_bytes(data[:int(len(data) * share)])
    (made / "long-state.safetensors").write_bytes((made / "safetensors-state.safetensors").read_bytes() + bytes(9))
    flipped = bytearray((made / "zip-training.pth").read_bytes())
    flipped[place_of(made / "zip-training.pth", "data/1")] ^= 1
    (made / "corrupt-training.pth").write_bytes(flipped)
    shutil.copytree(made / "json-sharded", made / "lost-sharded")
    (made / "lost-sharded" / "model-00002-of-00002.safetensors").unlink()
    shutil.copytree(made / "pickle-dcp", made / "lost-dcp")
    next((made / "lost-dcp").glob("*.distcp")).unlink()
    return made


def place_of(path: Path, record: str) -> int:
    with zipfile.ZipFile(path) as archive:
        info = next(info for info in archive.infolist() if info.filename.endswith(record))
    head = path.read_bytes()[info.header_offset:]
    return info.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")


SAMPLES = ["zip-odd.pth", "zip-packed.pth", "zip-training.pth", "zip-state.pth", "zip-module.pth", "zip-tensor.pth", "zip-deflated.pth",
           "zip-script.pt", "zip-pt2.pt2", "pickle-legacy-odd.pt", "pickle-legacy-training.pt", "pickle-legacy-module.pt",
           "pickle-plain-4.pkl", "pickle-dcp", "tar-old.pt", "safetensors-state.safetensors", "safetensors-odd.safetensors",
           "json-sharded", "proto-model.onnx",
           "quantized-module.pth", "quantized-state.pth", "quantized-nested.pth", "long-state.safetensors", "corrupt-training.pth",
           "lost-sharded", "lost-dcp", *(f"cut{int(100 * share)}-{name}" for name in CUT for share in SHARES)]


def edits_over(ckpt: core.Checkpoint, path: Path) -> Iterator[list[core.Edit]]:
    """One list of edits of each kind, and some together."""
    keys = [*ckpt.tensors] or ["none"]
    dicts = [place for place in ckpt.state_dicts if place] or ["."]
    first, last = keys[0].replace("[", "?"), keys[-1].replace("[", "?")
    yield []
    yield [core.StripPrefix("module.")]
    yield [core.AddPrefix("m.")]
    yield [core.Rename("weight", "w")]
    yield [core.Drop(first)]
    yield [core.Drop(last), core.AddPrefix("m.")]
    yield [core.Keep(last)]
    yield [core.Extract(dicts[0])]
    yield [core.Extract(dicts[-1]), core.Cast("float16")]
    yield [core.Extract(".")]
    yield [core.RemapDevices({"*": "cpu"})]
    yield [core.Cast("float64"), core.Drop(first)]
    yield [core.Copy(first, "another.name")]
    yield [core.Match(str(path))]
    yield [core.Take(str(path))]
    yield [core.SetMetadata("by", "me")]
    yield [core.SetValue("some.new.value", 3), core.Drop(last)]
    yield [core.MakePlain("*")]
    yield [core.Unshare("*")]
    yield [core.Dequantize("float32")]
    yield [core.Resize(first, 0, 3, "zero")]
    yield [core.Resize(last, -1, 1)]
    yield [core.Transpose("*")]
    yield [core.Split(last, 0, (("some.head", 1), ("some.tail", -1)))]
    yield [core.Copy(first, "another.name"), core.Concat((first, "another.name"), "both.of.them", 0)]
    yield [core.OptimizerFor(str(path))]
    yield [core.DropBroken()]
    yield [core.Extract("."), core.DropBroken()]
    yield [core.DropBroken(), core.AddPrefix("m."), core.Cast("bfloat16")]


def tensors_of(path: Path) -> int:
    """How many tensors torch or safetensors reads from what was saved. Raises what they raise."""
    if path.is_dir():
        return sum(tensors_of(shard) for shard in path.glob("*.safetensors"))
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            keys = file.keys()
            narrow = [key for key in keys if file.get_slice(key).get_dtype().startswith("F6")]      # which torch has no type for
            return len(narrow) + len([file.get_tensor(key) for key in keys if key not in narrow])
    data = path.read_bytes()
    if data[:2] == b"PK" and b"/code/" in data and b"constants.pkl" in data:
        return len(torch.jit.load(str(path), map_location="cpu").state_dict())
    found, todo = 0, [torch.load(path, weights_only=False, map_location="cpu")]
    while todo:
        value = todo.pop()
        found += isinstance(value, torch.Tensor)
        todo += value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return found


def saved(new: core.Checkpoint, folder: Path, options: dict[str, Any]) -> core.SaveReport | None:
    """What saving in the empty folder came to; None when it was refused, in one line and without a trace."""
    try:
        return core.save(new, folder / options["path"], **{key: value for key, value in options.items() if key != "path"})
    except core.InspectorError as error:
        said = str(error)
    assert "\n" not in said
    assert "please report" not in said, (new.edited, options)
    assert not list(folder.iterdir()), (new.edited, options)
    return None


def edited(ckpt: core.Checkpoint, edits: list[core.Edit]) -> core.Checkpoint | None:
    try:
        return core.edit(ckpt, edits)
    except core.InspectorError as error:
        said = str(error)
    assert "\n" not in said
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SAMPLES)
def test_that_an_edit_ends_in_a_file_that_is_read_or_in_one_line_and_no_file(folder: Path, tmp_path: Path, name: str) -> None:
    source, is_cut = folder / name, name.startswith("cut")
    before = {path: path.read_bytes() for path in (source.rglob("*") if source.is_dir() else [source]) if path.is_file()}
    try:
        ckpt = core.open(source)
    except core.InspectorError:
        if not is_cut:
            raise
        return
    files = 0
    for number, edits in enumerate(edits_over(ckpt, source)):
        new = edited(ckpt, edits) if not is_cut or number in OF_CUT else None
        for options in () if new is None else TARGETS[:2] if number % 5 else TARGETS:
            report = saved(new, tmp_path, options)
            if report is None:
                continue
            target = tmp_path / options["path"]
            assert tensors_of(target) >= 0, (edits, options)
            assert report.tensors == len(core.open(target).tensors), (edits, options)
            files += 1
            shutil.rmtree(target) if target.is_dir() else target.unlink()
    assert files or is_cut, "no edit of it can be saved"
    assert {path: path.read_bytes() for path in before} == before
