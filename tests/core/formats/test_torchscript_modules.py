"""TorchScript: names and order are those of `torch.jit.load(…).state_dict()`; what the code declares is read as text."""
import hashlib
import warnings
import zipfile
from pathlib import Path
from typing import Optional

import pytest
import torch
from torch import nn

from inspector import core
from inspector.core.formats.torchscript_classes import classes, member_of
from tests import builders
from tests.core.pickles import opcodes as op

pytestmark = [pytest.mark.filterwarnings("ignore:.*Lite Interpreter:DeprecationWarning"),
              pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
              pytest.mark.filterwarnings("ignore:.*torch.ao.quantization.*"),
              pytest.mark.filterwarnings("ignore:.*torch.quantize_per_.*"), pytest.mark.filterwarnings("ignore:.*quantized.*")]


class Inner(nn.Module):
    kept: Optional[torch.Tensor]        # noqa: UP045  (TorchScript's own spelling)

    def __init__(self) -> None:
        super().__init__()
        self.plain = torch.ones(2)
        self.several = [torch.ones(1), torch.ones(2)]
        self.register_buffer("passing", torch.ones(3), persistent=False)
        self.register_buffer("b", torch.arange(3.0))
        self.register_buffer("kept", torch.ones(3))
        self.w = nn.Parameter(torch.randn(3))
        self.register_parameter("none", None)
        self.k = 3

    def forward(self, x):               # type: ignore[no-untyped-def]
        kept = self.kept
        if kept is not None:
            x = x + kept
        return x + self.w + self.passing + self.b + self.plain[0] + self.several[0] + torch.full((3,), 1.0)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList([nn.Linear(3, 3), Inner()])
        self.bn = nn.BatchNorm1d(3)
        self.tied = self.stages[0]
        self.named = nn.ModuleDict({"z": nn.Linear(3, 3), "a": nn.Linear(3, 3)})
        self.first = nn.Parameter(torch.randn(3))
        self.listed = nn.ParameterList([nn.Parameter(torch.ones(1))])

    def forward(self, x):               # type: ignore[no-untyped-def]
        for stage in self.stages:
            x = stage(x)
        return self.named["a"](self.tied(self.bn(x))) + self.first


def script(path: Path) -> None:
    torch.jit.script(Net().eval()).save(path)


def trace(path: Path) -> None:
    torch.jit.trace(Net().eval(), torch.ones(2, 3)).save(path)


def lite(path: Path) -> None:
    torch.jit.script(Net().eval())._save_for_lite_interpreter(str(path))


def frozen(path: Path) -> None:
    torch.jit.freeze(torch.jit.script(Net().eval())).save(path)


def quantized(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), {nn.Linear})
    torch.jit.script(net.eval()).save(path)


def lstm(path: Path) -> None:
    torch.jit.script(nn.LSTM(2, 3)).save(path)


@pytest.mark.parametrize("make", [script, trace, lite, frozen, quantized, lstm], ids=lambda make: make.__name__)
def test_that_names_are_those_of_the_state_dict(make, tmp_path: Path) -> None:     # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    path = tmp_path / "net.pt"
    make(path)
    theirs = torch.jit.load(path).state_dict()
    ckpt = core.open(path)
    mine = [info for info in ckpt.tensors.values() if info.state_dict == ""]
    assert [info.key for info in mine] == list(theirs)
    assert list(ckpt.tensors)[:len(mine)] == list(theirs)                           # before anything else
    for info, tensor in zip(mine, theirs.values(), strict=True):
        assert (info.shape, info.dtype) == (tuple(tensor.shape), str(tensor.dtype)[6:])
        raw = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        assert core.digest(ckpt, info.key) == hashlib.sha256(raw).hexdigest()
    assert (ckpt.format, ckpt.kind, ckpt.state_dicts) == ("torchscript", "torchscript", ("",))


def test_that_other_tensors_come_after_the_state_dict(tmp_path: Path) -> None:
    script(tmp_path / "net.pt")
    ckpt = core.open(tmp_path / "net.pt")
    after = [key for key, info in ckpt.tensors.items() if info.state_dict is None]
    assert after == ["stages.1.plain", "stages.1.several.0", "stages.1.several.1", "stages.1.kept"] or \
        sorted(after) == ["stages.1.kept", "stages.1.plain", "stages.1.several.0", "stages.1.several.1"]
    assert ckpt.values["stages.1.k"] == 3
    trace(tmp_path / "traced.pt")
    traced = core.open(tmp_path / "traced.pt")
    assert [key for key in traced.tensors if key.startswith("constants.")] == [
        key for key, info in traced.tensors.items() if info.state_dict is None]


def test_that_packed_parameters_come_last(tmp_path: Path) -> None:
    quantized(tmp_path / "net.pt")
    infos = core.open(tmp_path / "net.pt").tensors.values()
    assert [info.dtype for info in infos if info.state_dict is None] == ["qint8", "float32"]
    assert [info.state_dict for info in infos] == [""] * 5 + [None] * 2


def test_that_a_scripted_model_gives_weights_to_its_class(tmp_path: Path) -> None:
    torch.jit.script(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))).save(tmp_path / "net.pt")
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    net.load_state_dict(core.load_state_dict(tmp_path / "net.pt"), strict=True)


def test_that_until_1_5_buffers_are_the_attributes_that_are_tensors(tmp_path: Path) -> None:
    """Archives of torch 1.3 to 1.5 say nothing of buffers. To the releases that wrote them `state_dict()` had every attribute of
    type Tensor (checked with torch 1.3.1); torch 2.13 forgets them and gives a BatchNorm without its statistics."""
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).eval()
    torch.jit.script(net).save(tmp_path / "new.pt")
    with zipfile.ZipFile(tmp_path / "new.pt") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "old.pt", "w") as archive:
        for name, raw in members.items():
            lines = raw.split(b"\n") if name.endswith(".py") else [raw]
            archive.writestr(name, b"\n".join(line for line in lines if not line.startswith(b"  __buffers__")))
    old = core.open(tmp_path / "old.pt")
    assert [info.key for info in old.tensors.values() if info.state_dict == ""] == list(net.state_dict())
    nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).load_state_dict(core.load_state_dict(tmp_path / "old.pt"), strict=True)


def test_that_constants_of_a_frozen_quantized_model_are_listed_with_their_values(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(3, 4)), {nn.Linear})
    torch.jit.freeze(torch.jit.script(net.eval())).save(tmp_path / "net.pt")
    ckpt = core.open(tmp_path / "net.pt")
    weight, bias = net[0]._packed_params._packed_params.unpack()
    assert [(info.key, info.dtype) for info in ckpt.tensors.values()] == [
        ("constants.0.state.0", "qint8"), ("constants.0.state.1", "float32")]
    assert core.digest(ckpt, "constants.0.state.0") == hashlib.sha256(weight.int_repr().numpy().tobytes()).hexdigest()
    assert core.digest(ckpt, "constants.0.state.1") == hashlib.sha256(bias.detach().numpy().tobytes()).hexdigest()
    packed = ckpt.values["constants.0"]
    assert isinstance(packed, core.Opaque)
    assert packed.type.endswith("LinearPackedParamsBase")
    found = ckpt.pickle_of(packed.node)
    assert found is not None
    assert found[0].member == "constants.pkl"


@pytest.mark.parametrize("make", [script, trace, frozen])
def test_that_a_mobile_archive_lists_what_the_full_one_does(make, tmp_path: Path) -> None:     # type: ignore[no-untyped-def]
    """bytecode.pkl refers to the same records; nothing is listed twice and nothing is missing."""
    torch.manual_seed(0)
    make(tmp_path / "net.pt")
    torch.jit.load(tmp_path / "net.pt")._save_for_lite_interpreter(str(tmp_path / "net.ptl"))
    full, mobile = core.open(tmp_path / "net.pt"), core.open(tmp_path / "net.ptl")
    assert any(name.name.endswith("/bytecode.pkl") for name in mobile.members)
    state = [info.key for info in full.tensors.values() if info.state_dict == ""]
    assert [info.key for info in mobile.tensors.values() if info.state_dict == ""] == state
    assert {core.digest(full, key) for key in full.tensors} <= {core.digest(mobile, key) for key in mobile.tensors}
    listed = {info.storage for info in mobile.tensors.values()}
    held = {member.name for member in mobile.members if ("/data/" in member.name or "/constants/" in member.name) and member.extent.size}
    assert {name.partition("/")[2].removeprefix("data/") for name in held} == listed
    assert not [finding for finding in mobile.findings if finding.level != "info"]


def test_that_tensors_only_bytecode_refers_to_come_last(tmp_path: Path) -> None:
    """As until torch 1.6, when bytecode.pkl had records of its own."""
    net = op.build(op.newobj(op.name("__torch__", "Net")), op.dict_of({"w": op.tensor()}))
    members = {"data/0": bytes(80), "constants.pkl": op.pickled(op.EMPTY_TUPLE), "code/__torch__.py": b"",
               "bytecode.pkl": op.pickled(op.tuple_of(op.integer(3), op.tuple_of(op.text("constants"), op.tensor()))),
               "bytecode/0": bytes(range(80))}
    (tmp_path / "net.ptl").write_bytes(builders.torch_zip(op.pickled(net), members))
    ckpt = core.open(tmp_path / "net.ptl")
    assert list(ckpt.tensors) == ["w", "bytecode.1.1"]
    assert core.digest(ckpt, "bytecode.1.1") == hashlib.sha256(bytes(range(80))).hexdigest()


# -- declarations -----------------------------------------------------------------------------------------------------------

CODE = '''op_version_set = 1
class Foo(NamedTuple):
  __parameters__ = ["no", ]
class A(Module):
  __parameters__ = ["w", "0", ]
  __buffers__ = ["r", ]
  __annotations__ = []
  __annotations__["0"] = Tensor
  w : Tensor
  r : Optional[Tensor]
  k : Final[int] = 3
  def forward(self: __torch__.A,
    __parameters__ = ["evil", ]
    x: Tensor) -> Tensor:
    return x
  __parameters__ = ["later", ]
class B(Module):
  x : Tensor
'''


def test_that_declarations_are_read_as_text() -> None:
    found = classes("__torch__", CODE, ("A", "B", "Foo"))
    a = found["__torch__", "A"]
    assert set(found) == {("__torch__", "A"), ("__torch__", "B")}
    assert (a.parameters, a.buffers) == ({"w", "0"}, {"r"})
    assert a.types == {"0": "Tensor", "w": "Tensor", "r": "Optional[Tensor]", "k": "Final[int] = 3"}
    assert classes("__torch__", CODE, ()) == {}
    assert member_of("__torch__.torch.nn") == "code/__torch__/torch/nn.py"


@pytest.mark.parametrize("code", [b"", b"\xff\xfe", b"class Net(Module):", b"class Net(Module):\n  __parameters__ = [\"",
                                  b"class Net(Module):\n  __parameters__ = [" + b'"\\' * 100_000, None])
def test_that_odd_code_loses_no_tensor(code: bytes | None, tmp_path: Path) -> None:
    net = op.build(op.newobj(op.name("__torch__", "Net")), op.dict_of({"w": op.tensor()}))
    members = {"data/0": bytes(80), "constants.pkl": op.pickled(op.EMPTY_TUPLE)}
    if code is not None:
        members["code/__torch__.py"] = code
    (tmp_path / "net.pt").write_bytes(builders.torch_zip(op.pickled(net), members))
    ckpt = core.open(tmp_path / "net.pt")
    assert list(ckpt.tensors) == ["w"]
    assert ckpt.format == "torchscript"
