"""Whole modules: what is listed is what their `state_dict()` gives, in a process that cannot import their classes."""
from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core
from inspector.core.checkpoint import Opaque
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.contents import Contents, contents_of
from tests.core.pickles import opcodes as op
from tests.core.pickles.objects.test_contents import resolve

LISTING = """
import json, sys
sys.path.insert(0, sys.argv[1])
from inspector import core
assert "torch" not in sys.modules
ckpt = core.open(sys.argv[2])
print(json.dumps({
    "kind": ckpt.kind, "state_dicts": ckpt.state_dicts,
    "tensors": [[i.key, i.state_dict, list(i.shape), i.dtype, list(i.stride), i.requires_grad, core.digest(ckpt, i.key)]
                for i in ckpt.tensors.values()],
    "values": [[k, v.text if isinstance(v, core.Opaque) else repr(v)] for k, v in ckpt.values.items()],
    "findings": sorted({f.id for f in ckpt.findings})}))
assert "torch" not in sys.modules
"""
ROOT = Path(__file__).resolve().parents[4]


class Block(nn.Module):
    def __init__(self, width: int, step: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, step, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential(nn.Conv2d(width, width, 1, step), nn.BatchNorm2d(width)) if step > 1 else None


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3)
        self.layer1 = nn.Sequential(Block(4), Block(4, 2))
        self.fc = nn.Linear(4, 2)
        self.width = 4
        self.name = "résnet"


class Lists(nn.Module):
    """Parameters and modules in containers, ties, buffers that are not kept, tensors that are nothing of the kind."""

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.ParameterList([nn.Parameter(torch.randn(2)), nn.Parameter(torch.randn(3))])
        self.by_name = nn.ParameterDict({"b": nn.Parameter(torch.randn(1)), "a": nn.Parameter(torch.randn(2))})
        self.heads = nn.ModuleDict({"z": nn.Linear(2, 3), "a": nn.Linear(3, 2)})
        self.embed = nn.Embedding(3, 2)
        self.out = nn.Linear(2, 3, bias=False)
        self.out.weight = self.embed.weight
        self.again = self.heads["z"]
        self.register_buffer("passing", torch.arange(3), persistent=False)
        self.register_buffer("kept", torch.arange(4))
        self.register_buffer("none", None)
        self.register_parameter("nothing", None)
        self.plain = torch.ones(2, 2)
        self.frozen = nn.Parameter(torch.randn(2), requires_grad=False)
        self.hidden = [nn.Linear(1, 1)]
        self.known = [self.embed]


class Stateful(nn.Module):
    """State that only its own code could give."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(2))

    def get_extra_state(self) -> Any:
        return {"t": torch.ones(1)}

    def set_extra_state(self, state: Any) -> None:
        pass


def normed() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(nn.utils.weight_norm(nn.Linear(2, 3)), nn.utils.spectral_norm(nn.Linear(3, 2)))


def cyclic() -> nn.Module:
    """A hook's owner knows the model, the model the hook; and a child its parent, without being a parent of it."""
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[0].__dict__["owner"] = [net]
    net[1].__dict__["self_again"] = [net[1], {"sibling": net[0]}]
    return net


NETS = {
    "resnet": ResNet, "data-parallel": lambda: nn.DataParallel(ResNet()), "lists": Lists, "norms": normed, "cyclic": cyclic,
    "lstm": lambda: nn.LSTM(2, 3), "attention": lambda: nn.TransformerEncoderLayer(4, 2, 8), "leaf": lambda: nn.Linear(2, 2),
    "channels-last": lambda: nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last),    # type: ignore[call-overload]
    "half": lambda: nn.Linear(2, 2).to(torch.bfloat16), "empty": nn.ReLU,
    "ema": lambda: torch.optim.swa_utils.AveragedModel(ResNet()),
}


def digest(tensor: torch.Tensor) -> str:
    data = tensor.detach().contiguous()
    return hashlib.sha256(data.reshape(-1).view(torch.uint8).numpy().tobytes() if data.numel() else b"").hexdigest()


def expected(net: nn.Module, path: str) -> list[list[Any]]:
    return [[f"{path}.{key}" if path else key, path, list(t.shape), str(t.dtype)[6:], list(t.stride()), digest(t)]
            for key, t in net.state_dict().items()]


def listing(path: Path) -> dict[str, Any]:
    """What a process sees that has neither torch loaded nor the classes within reach."""
    run = subprocess.run([sys.executable, "-c", LISTING, str(ROOT), str(path)], capture_output=True, text=True,
                         check=False, cwd=path.parent)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def state(found: dict[str, Any], path: str) -> list[list[Any]]:
    return [[*tensor[:5], tensor[6]] for tensor in found["tensors"] if tensor[1] == path]


def others(found: dict[str, Any]) -> list[str]:
    return [tensor[0] for tensor in found["tensors"] if tensor[1] is None]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", NETS)
def test_that_a_module_is_listed_as_its_state_dict(name: str, zipped: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = NETS[name]()
    path = tmp_path / "net.pth"
    torch.save(net, path, _use_new_zipfile_serialization=zipped)
    found = listing(path)
    assert state(found, "") == expected(net, "")
    first = [tensor[1] for tensor in found["tensors"]][:len(net.state_dict())]
    assert first == [""] * len(net.state_dict())          # nothing before it
    assert (found["kind"], found["state_dicts"][0]) == ("module", "")
    assert not any(part in key.split(".") for key, *_ in found["tensors"] for part in ("_parameters", "_buffers", "_modules"))
    title = f"{type(net).__module__}.{type(net).__qualname__}(...)"
    assert dict(map(tuple, found["values"]))[""] == title


@pytest.mark.parametrize("name", NETS)
def test_that_a_module_can_be_loaded_without_its_class(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, other = NETS[name](), NETS[name]()
    torch.save(net, tmp_path / "net.pth")
    loaded = core.load_state_dict(tmp_path / "net.pth")
    other.load_state_dict(loaded, strict=True)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), other.state_dict().values(), strict=True))


def test_that_what_is_no_state_comes_after_it(tmp_path: Path) -> None:
    net = Lists()
    torch.save(net, tmp_path / "net.pth")
    ckpt = core.open(tmp_path / "net.pth")
    after = [key for key, info in ckpt.tensors.items() if info.state_dict != ""]
    assert after == ["passing", "plain", "hidden.0.weight", "hidden.0.bias"]
    assert ckpt.state_dicts == ("", "hidden.0")
    known = ckpt.values["known.0"]
    assert isinstance(known, Opaque)
    assert known.text == "→ embed"
    assert ckpt.values["embed.num_embeddings"] == 3
    assert ckpt.tensors["embed.weight"].storage == ckpt.tensors["out.weight"].storage
    assert ckpt.tensors["again.weight"].storage == ckpt.tensors["heads.z.weight"].storage
    assert not ckpt.tensors["frozen"].requires_grad
    assert not any("_hooks" in key for key in ckpt.values)


def test_that_modules_in_dicts_lists_and_objects_have_paths_of_their_own(tmp_path: Path) -> None:
    net, small = ResNet(), nn.Linear(1, 2)
    whole = {"epoch": 3, "model": net, "ema": net, "stages": [small, {"deep": small}], "opt": {"state": {}, "param_groups": []}}
    path = tmp_path / "train.pth"
    torch.save(whole, path)
    found = listing(path)
    assert found["state_dicts"] == ["model", "ema", "stages.0", "stages.1.deep"]
    assert found["kind"] == "training-checkpoint"
    for name, module in (("model", net), ("ema", net), ("stages.0", small), ("stages.1.deep", small)):
        assert state(found, name) == expected(module, name)
    assert others(found) == []
    nn.Linear(1, 2).load_state_dict(core.load_state_dict(path, "stages.1.deep"))
    ResNet().load_state_dict(core.load_state_dict(path, "ema"))


def test_that_extra_state_is_no_tensor_of_the_file(tmp_path: Path) -> None:
    torch.save(Stateful(), tmp_path / "net.pth")
    assert list(core.open(tmp_path / "net.pth").tensors) == ["w"]


def test_that_quantized_modules_keep_their_packed_parameters_last(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), {nn.Linear})
        torch.save(net, tmp_path / "net.pth")
        theirs = [key for key, value in net.state_dict().items() if isinstance(value, torch.Tensor)]
    ckpt = core.open(tmp_path / "net.pth")
    plain = [key for key, info in ckpt.tensors.items() if info.state_dict == ""]
    assert plain == [key for key in theirs if key not in ("0.scale", "0.zero_point")]
    packed = [info.dtype for info in ckpt.tensors.values() if info.state_dict is None]
    assert packed == ["qint8", "float32"]


# -- by hand ----------------------------------------------------------------------------------------------------------------

def module(parameters: bytes = op.EMPTY_DICT, buffers: bytes = op.EMPTY_DICT, modules: bytes = op.EMPTY_DICT,
           **others: bytes) -> bytes:
    tables = {"_parameters": parameters, "_buffers": buffers, "_modules": modules}
    return op.build(op.newobj(op.name("mylib", "Net")), op.dict_of({**tables, **others}))


def seen(data: bytes, **options: Any) -> Contents:
    return contents_of(decode(data), resolve, **options)


def test_that_shared_modules_are_paid_for() -> None:
    """Sixty modules, each twice in the next: listing all ways to the innermost would take 2^60 steps."""
    data = module(op.dict_of({"w": op.tensor()})) + op.put(0) + op.POP
    for i in range(60):
        data += module(modules=op.dict_of({"a": op.get(i), "b": op.get(i)})) + op.put(i + 1) + op.POP
    contents = seen(op.pickled(data + op.get(60), 4), limits=Limits(walk_repeats=2000))
    assert 0 < len(contents.tensors) < 2000
    assert len(contents.values) < 10_000
    assert any(isinstance(value, Opaque) and value.type == "reference" for _, value in contents.values)


@pytest.mark.parametrize("table", ["parameters", "buffers", "modules"])
def test_that_a_table_shared_by_many_modules_is_paid_for(table: str) -> None:
    value = module() if table == "modules" else op.tensor()
    large = op.dict_of({f"k{i}": value for i in range(2000)}) + op.put(1) + op.POP
    many = op.list_of(*[module(**{table: op.get(1)}) for _ in range(2000)])
    contents = seen(op.pickled(large + many, 4), limits=Limits(walk_repeats=20_000))
    assert len(contents.tensors) + len(contents.values) < 60_000


@pytest.mark.parametrize("user", [
    pytest.param({"parameters": op.reduce(op.name("collections", "OrderedDict"), op.get(1))}, id="pairs"),
    pytest.param({"_non_persistent_buffers_set": op.reduce(op.name("builtins", "set"), op.get(1))}, id="set"),
    pytest.param({"parameters": op.dict_of([(op.get(2), op.tensor())]), "buffers": op.dict_of([(op.get(2), op.tensor())]),
                  "_non_persistent_buffers_set": op.list_of(op.get(2))}, id="name"),
])
def test_that_what_tables_are_made_of_is_paid_for(user: dict[str, bytes]) -> None:
    pair = op.list_of(op.text("k"), op.NONE) + op.put(0) + op.POP
    large = op.list_of(*[op.get(0)] * 50_000) + op.put(1) + op.POP
    name = b"T" + (1_000_000).to_bytes(4, "little") + b"k" * 1_000_000 + op.put(2) + op.POP
    contents = seen(op.pickled(pair + large + name + op.list_of(*[module(**user)] * 3000), 4), limits=Limits(walk_repeats=20_000))
    assert len(contents.tensors) + len(contents.values) < 200_000


def test_that_a_module_within_itself_is_a_reference() -> None:
    data = op.newobj(op.name("mylib", "Net")) + op.put(0)
    data = op.build(data, op.dict_of({"_parameters": op.dict_of({"w": op.tensor()}), "_buffers": op.EMPTY_DICT,
                                      "_modules": op.dict_of({"me": op.get(0)})}))
    contents = seen(op.pickled(data, 4))
    assert [info.key for info in contents.tensors] == ["w"]
    assert [(key, value.text) for key, value in contents.values if isinstance(value, Opaque)] == [
        ("me", "→ (the root)"), ("", "mylib.Net(...)")]


def test_that_modules_nested_too_deep_are_cut_off() -> None:
    deep = 3000
    data = b""
    start = op.newobj(op.name("mylib", "Net"))
    for _ in range(deep):
        data += start + b"}(" + b"".join(op.text(name) + op.EMPTY_DICT for name in ("_parameters", "_buffers")) \
            + op.text("_modules") + b"}" + op.text("m")
    data += b"N" + b"sub" * deep
    contents = seen(op.pickled(data, 4))
    assert "deep" in {finding.id for finding in contents.findings}


@pytest.mark.parametrize("odd", [op.NONE, op.integer(3), op.list_of(op.tensor()), op.text("x")], ids=["none", "int", "list", "text"])
def test_that_a_table_that_is_no_dict_is_empty(odd: bytes) -> None:
    contents = seen(op.pickled(module(odd, op.dict_of({"b": op.tensor()}), odd), 4))
    assert [info.key for info in contents.tensors] == ["b"]


def test_that_what_is_in_no_module_table_is_no_module() -> None:
    thing = op.build(op.newobj(op.name("mylib", "C")), op.dict_of({"_parameters": op.dict_of({"w": op.tensor()})}))
    contents = seen(op.pickled(thing, 4))
    assert (contents.kind, [info.key for info in contents.tensors]) == ("other", ["_parameters.w"])


def test_that_a_module_of_2017_is_read() -> None:
    """Python 2: OrderedDict of a list of pairs, `_backend`, no set of buffers that are not kept."""
    pairs = op.reduce(op.name("collections", "OrderedDict"), op.list_of(op.list_of(op.text("weight"), op.tensor()),
                                                                        op.list_of(op.text("bias"), op.NONE)))
    contents = seen(op.pickled(module(pairs, _backend=op.reduce(op.name("torch.nn.backends.thnn", "_get_thnn_function_backend")))))
    assert [info.key for info in contents.tensors] == ["weight"]
    assert [key for key, _ in contents.values] == ["", "_backend"]


def test_that_parametrizations_stay_as_they_are_stored() -> None:
    """torch refuses to save such a module whole; other picklers do not."""
    net = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    weight = module(op.dict_of({"original0": op.tensor(), "original1": op.tensor()}), modules=op.dict_of({"0": module()}))
    by_name = module(modules=op.dict_of({"weight": weight}))
    contents = seen(op.pickled(module(op.dict_of({"bias": op.tensor()}), modules=op.dict_of({"parametrizations": by_name}))))
    assert [info.key for info in contents.tensors] == list(net.state_dict())


def test_that_saving_and_opening_in_memory_agree_on_order() -> None:
    """Buffers come after parameters and before modules, whatever the order of the attributes."""
    net = nn.Module()
    net.add_module("m", nn.Linear(1, 1))
    net.register_buffer("b", torch.ones(1))
    net.register_parameter("p", nn.Parameter(torch.ones(1)))
    out = io.BytesIO()
    torch.save(net, out)
    assert list(net.state_dict()) == ["p", "b", "m.weight", "m.bias"]
    import zipfile
    with zipfile.ZipFile(out) as archive:
        data = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    assert [info.key for info in seen(data).tensors] == list(net.state_dict())


