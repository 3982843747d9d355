"""The front door over files that torch and safetensors wrote, held against what they themselves read."""
from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from inspector import core
from inspector.core import formats
from inspector.core.formats.sets import set_files
from inspector.core.io.sources import SourceFile
from tests.core.tensors.test_reader import LAYOUTS, PLAIN, bits, name_of, raw_bytes

pytestmark = [pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental"),
              pytest.mark.filterwarnings("ignore:Sparse .* tensor support is in beta state"),
              pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor"),
              pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")]


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 8))
        self.tied = torch.nn.Linear(8, 8)
        self.tied.weight = self.body[2].weight


def shared(tensors: dict[str, torch.Tensor]) -> list[list[str]]:
    """Which keys lie in one storage."""
    groups: dict[int, list[str]] = {}
    for key, tensor in tensors.items():
        groups.setdefault(tensor.untyped_storage().data_ptr() if tensor.numel() else -id(tensor), []).append(key)
    return list(groups.values())


def same(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert (ours.dtype, ours.shape, ours.layout) == (theirs.dtype, theirs.shape, theirs.layout)
    if theirs.layout == torch.strided:
        assert (ours.stride(), ours.storage_offset()) == (theirs.stride(), theirs.storage_offset())
        assert raw_bytes(ours) == raw_bytes(theirs)
    else:
        assert torch.equal(ours.to_dense(), theirs.to_dense())
    assert not ours.requires_grad


def test_that_a_state_dict_loads_as_torch_loads_it(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save(Net().state_dict(), path)
    theirs = torch.load(path, weights_only=True)
    ours = core.load_state_dict(path)
    assert isinstance(ours, OrderedDict)
    assert list(ours) == list(theirs)
    for key in theirs:
        same(ours[key], theirs[key])
    assert shared(ours) == shared(theirs)
    assert ours._metadata == theirs._metadata      # type: ignore[attr-defined]
    assert Net().load_state_dict(ours).missing_keys == []


@pytest.mark.parametrize("dtype", PLAIN, ids=name_of)
def test_that_every_type_and_layout_of_torch_reads_back(tmp_path: Path, dtype: torch.dtype) -> None:
    path = tmp_path / "t.pth"
    torch.save({name: cut(bits(40, dtype).reshape(8, 5)) for name, cut in LAYOUTS.items()}, path)
    theirs = torch.load(path, weights_only=True)
    ckpt, ours = core.open(path), core.load_state_dict(path)
    assert list(ours) == list(theirs) == list(ckpt.tensors)
    for key, tensor in theirs.items():
        same(ours[key], tensor)
        array = core.read_numpy(ckpt, key)
        assert (array.shape, array.tobytes()) == (tuple(tensor.shape), raw_bytes(tensor))
        assert core.digest(ckpt, key) == hashlib.sha256(raw_bytes(tensor)).hexdigest()


def test_that_quantized_tensors_keep_their_quantizers(tmp_path: Path) -> None:
    path = tmp_path / "q.pth"
    drawn = torch.randn(4, 6)
    scales = torch.rand(4, dtype=torch.float64) + 0.1
    torch.save({"q": torch.quantize_per_tensor(drawn, 0.1, 3, torch.quint8),
                "t": torch.quantize_per_tensor(drawn, 0.2, 0, torch.qint8).t(),
                "c": torch.quantize_per_channel(drawn, scales, torch.arange(4), 0, torch.qint8)}, path)
    theirs = torch.load(path, weights_only=True)
    ckpt = core.open(path)
    for key, tensor in theirs.items():
        assert core.read_numpy(ckpt, key).tolist() == tensor.int_repr().tolist()
        assert core.digest(ckpt, key) == hashlib.sha256(tensor.int_repr().contiguous().numpy().tobytes()).hexdigest()
        ours = core.read_torch(ckpt, key)
        assert (ours.qscheme(), ours.stride()) == (tensor.qscheme(), tensor.stride())
        assert torch.equal(ours.dequantize(), tensor.dequantize())
    assert torch.equal(core.read_torch(ckpt, "c").q_per_channel_scales(), theirs["c"].q_per_channel_scales())


def test_that_sparse_and_conjugated_tensors_come_back(tmp_path: Path) -> None:
    path = tmp_path / "s.pth"
    dense = torch.tensor([[0, 1.5, 0], [2, 0, 0]])
    turned = torch.randn(3, dtype=torch.complex64).conj()
    torch.save({"coo": dense.to_sparse(), "csr": dense.to_sparse_csr(), "csc": dense.to_sparse_csc(), "conj": turned,
                "imag": torch.randn(3, dtype=torch.complex64).conj().imag.clone().conj()}, path)
    theirs, ours = torch.load(path, weights_only=True), core.load_state_dict(path)
    for key, tensor in theirs.items():
        assert ours[key].layout == tensor.layout
        assert torch.equal(ours[key].to_dense() if key.startswith("cs") or key == "coo" else ours[key].resolve_conj(),
                           tensor.to_dense() if key.startswith("cs") or key == "coo" else tensor.resolve_conj())
    ckpt = core.open(path)
    for key in ("conj", "imag"):
        assert np.array_equal(core.read_numpy(ckpt, key), theirs[key].resolve_conj().resolve_neg().numpy())


def test_that_safetensors_read_as_their_library_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    wanted = {name_of(dtype): bits(6, dtype).reshape(2, 3) for dtype in PLAIN
              if not dtype.is_complex and dtype not in (torch.float8_e4m3fnuz, torch.float8_e5m2fnuz, torch.float8_e8m0fnu)}
    safetensors.torch.save_file(wanted, path)
    loaded = core.load_state_dict(path)
    theirs = safetensors.torch.load_file(path)
    assert sorted(loaded) == sorted(theirs)
    for key, tensor in theirs.items():
        assert (loaded[key].dtype, loaded[key].shape) == (tensor.dtype, tensor.shape)
        assert raw_bytes(loaded[key]) == raw_bytes(tensor)


def test_that_the_state_dict_of_a_training_checkpoint_is_found(tmp_path: Path) -> None:
    path = tmp_path / "last.pth"
    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    net.body(torch.randn(4, 4)).sum().backward()
    optimizer.step()
    torch.save({"epoch": 3, "model_state_dict": net.state_dict(), "optimizer_state_dict": optimizer.state_dict()}, path)
    assert list(core.load_state_dict(path)) == list(net.state_dict())
    assert list(core.load_state_dict(path, "model_state_dict")) == list(net.state_dict())
    with pytest.raises(core.UsageError, match=r"no state dict 'nope'.*'model_state_dict'"):
        core.load_state_dict(path, "nope")


def test_that_several_models_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "gan.pth"
    torch.save({"generator": Net().state_dict(), "discriminator": Net().state_dict()}, path)
    with pytest.raises(core.UsageError, match=r"2 state dicts.*'generator', 'discriminator'"):
        core.load_state_dict(path)
    assert "tied.weight" in core.load_state_dict(path, "discriminator")
    torch.save({"state_dict": Net().state_dict(), "ema_state_dict": Net().state_dict()}, path)
    assert "tied.weight" in core.load_state_dict(path)
    torch.save({"note": "nothing here"}, path)
    with pytest.raises(core.UsageError, match=r"no state dict in the file"):
        core.load_state_dict(path)


def test_that_a_tensor_tagged_cuda_loads_on_this_computer(tmp_path: Path) -> None:
    """The tag is text."""
    path = tmp_path / "gpu.pth"
    torch.save({"w": torch.arange(3.)}, path)
    path.write_bytes(path.read_bytes().replace(b"X\x03\x00\x00\x00cpu", b"X\x03\x00\x00\x00xpu"))
    ckpt = core.open(path)
    assert ckpt.tensors["w"].device == "xpu"
    assert core.read_torch(ckpt, "w").tolist() == [0, 1, 2]


def test_that_expanded_tensors_load_as_expanded(tmp_path: Path) -> None:
    path = tmp_path / "e.pth"
    torch.save({"e": torch.ones(1).expand(10**12), "w": torch.ones(2)}, path)
    ours = core.load_state_dict(path)
    assert (tuple(ours["e"].shape), ours["e"].untyped_storage().nbytes()) == ((10**12,), 4)
    with pytest.raises(core.BadTensor, match="expanded"):
        core.digest(core.open(path), "e")


def test_that_a_path_may_be_text_path_or_bytes(tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    torch.save({"w": torch.ones(2)}, path)
    for spelled in (path, str(path), bytes(path)):
        assert core.open(spelled).path == str(path)  # type: ignore[arg-type]


def test_that_everything_the_front_door_names_is_there() -> None:
    for name in core.__all__:
        assert getattr(core, name) is not None


def test_that_a_checkpoint_goes_when_nobody_refers_to_it(tmp_path: Path) -> None:
    """Without help from the garbage collector, which the window keeps away from what it opens."""
    import gc

    from inspector.core.graph import Graph

    paths = core.make_demo(tmp_path)
    for path in paths:
        core.open(path)
    gc.collect()
    gc.disable()
    try:
        before = sum(type(each) in (Graph, core.Checkpoint) for each in gc.get_objects())
        for path in paths:
            core.open(path)
        assert sum(type(each) in (Graph, core.Checkpoint) for each in gc.get_objects()) == before
    finally:
        gc.enable()


def test_that_what_is_wrong_with_a_file_that_is_being_written_is_that_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pth"
    core.save({"w": np.ones(100)}, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    with pytest.raises(core.ReadError) as cut:
        core.open(path)
    assert not isinstance(cut.value, core.Changed)
    sniff = formats.sniff

    def written_to_meanwhile(source: SourceFile) -> str:
        path.write_bytes(whole)
        return sniff(source)
    monkeypatch.setattr(formats, "sniff", written_to_meanwhile)
    path.write_bytes(whole[:40])
    with pytest.raises(core.Changed, match="changed since it was opened"):
        core.open(path)


def test_that_what_is_read_while_a_file_changes_is_not_called_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change in place was half done when it was read, and whole, with nothing beside it any more, when that was looked at."""
    path = tmp_path / "a.pth"
    torch.save({"w": torch.ones(3)}, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:90])
    with pytest.raises(core.ReadError, match=r"^(?!.*changed)"):
        core.open(path)
    read = formats.read

    def half(*arguments: object, **more: object) -> core.Checkpoint:
        try:
            return read(*arguments, **more)  # type: ignore[arg-type]
        finally:
            path.write_bytes(whole)

    monkeypatch.setattr(formats, "read", half)
    with pytest.raises(core.Changed, match="changed since it was opened"):
        core.open(path)


def test_that_what_is_read_while_a_set_changes_is_not_called_mixed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change in place of all its files was at the last of them, the index, when it had been read, and over when that was looked at."""
    path = Path(core.save({"few": torch.ones(30), "more": torch.ones(40)}, tmp_path / "set", format="safetensors-sharded",
                          shard_size=150).path)
    old = {one: one.read_bytes() for one in path.parent.iterdir()}
    core.save(core.edit(core.open(path), [core.Rename("few", "fee")]), path, in_place=True)
    new = {one: one.read_bytes() for one in old}
    for one, data in old.items():
        one.write_bytes(data)
    parts, read = set_files.read_part, formats.read

    def shards(*arguments: Any) -> Any:
        for one in {*new} - {path}:
            if one.read_bytes() != new[one]:
                one.write_bytes(new[one])
        return parts(*arguments)

    def whole(*arguments: Any, **more: Any) -> core.Checkpoint:
        try:
            return read(*arguments, **more)
        finally:
            path.write_bytes(new[path])

    with monkeypatch.context() as patch:
        patch.setattr(set_files, "read_part", shards)
        patch.setattr(formats, "read", whole)
        with pytest.raises(core.Changed, match="changed since it was opened"):
            core.open(path)
    assert not core.open(path).findings
