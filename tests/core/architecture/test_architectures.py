"""What `print(model)` shows, of pickled models and of state dicts; torch's own `repr` is the oracle."""
from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from inspector import core

# every class of torch.nn that says something between its brackets, as people make it
GALLERY: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4, bias=False), nn.Bilinear(2, 3, 4), nn.Identity()),
    "conv": lambda: nn.Sequential(
        nn.Conv1d(2, 3, 3), nn.Conv2d(4, 8, (3, 5), stride=2, padding=(1, 2), dilation=2, groups=2, bias=False),
        nn.Conv3d(1, 2, 1, padding_mode="reflect"), nn.ConvTranspose2d(4, 2, 2, stride=2, output_padding=1),
        nn.Conv2d(2, 2, 3, padding="same")),
    "norms": lambda: nn.Sequential(
        nn.BatchNorm1d(3), nn.BatchNorm2d(3, affine=False), nn.BatchNorm3d(3, momentum=None, track_running_stats=False),
        nn.SyncBatchNorm(3), nn.InstanceNorm2d(3), nn.LayerNorm(4), nn.LayerNorm((2, 3), elementwise_affine=False), nn.GroupNorm(2, 4),
        nn.RMSNorm(5),
        nn.LocalResponseNorm(2), nn.CrossMapLRN2d(3)),
    "activations": lambda: nn.Sequential(
        nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(0.2, True), nn.PReLU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.ELU(),
        nn.CELU(2.0), nn.SELU(), nn.GLU(), nn.Hardtanh(), nn.Hardswish(), nn.Hardsigmoid(), nn.Sigmoid(), nn.Tanh(), nn.Softmax(-1),
        nn.Softmax2d(), nn.LogSoftmax(1), nn.Softmin(0), nn.Softplus(), nn.Softshrink(), nn.Hardshrink(), nn.Threshold(0.1, 20),
        nn.RReLU(), nn.Softsign(), nn.Tanhshrink(), nn.LogSigmoid()),
    "pooling": lambda: nn.Sequential(
        nn.MaxPool1d(2), nn.MaxPool2d((2, 3), stride=1, padding=1, ceil_mode=True), nn.MaxPool3d(2), nn.AvgPool1d(2), nn.AvgPool2d(3, 2),
        nn.AvgPool3d(2), nn.LPPool2d(2, 3), nn.AdaptiveAvgPool1d(1), nn.AdaptiveAvgPool2d((1, 1)), nn.AdaptiveMaxPool2d((None, 7)),
        nn.MaxUnpool2d(2), nn.FractionalMaxPool2d(2, output_size=3)),
    "shapes": lambda: nn.Sequential(
        nn.Flatten(), nn.Flatten(0, 1), nn.Unflatten(1, (2, 3)), nn.Fold((4, 5), 2), nn.Unfold(3), nn.PixelShuffle(2), nn.PixelUnshuffle(2),
        nn.ChannelShuffle(2), nn.Upsample(scale_factor=2), nn.Upsample((3, 4), mode="bilinear"), nn.UpsamplingNearest2d(scale_factor=2),
        nn.ZeroPad2d(1), nn.ConstantPad1d((1, 2), 0.5), nn.ReflectionPad2d(1), nn.ReplicationPad3d(1), nn.CircularPad1d(2)),
    "dropout": lambda: nn.Sequential(nn.Dropout(), nn.Dropout2d(0.2, True), nn.AlphaDropout(), nn.FeatureAlphaDropout()),
    "embeddings": lambda: nn.Sequential(nn.Embedding(5, 3), nn.Embedding(5, 3, padding_idx=0, max_norm=1.0, sparse=True),
                                        nn.EmbeddingBag(5, 3, mode="sum"), nn.EmbeddingBag(5, 3, padding_idx=1)),
    "recurrent": lambda: nn.ModuleList([nn.RNN(2, 3), nn.LSTM(2, 3, 2, batch_first=True, dropout=0.5, bidirectional=True), nn.GRU(2, 3),
                                        nn.LSTM(2, 4, proj_size=2), nn.RNNCell(2, 3, nonlinearity="relu"), nn.LSTMCell(2, 3, bias=False)]),
    "transformer": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 3, enable_nested_tensor=False),
    "attention": lambda: nn.ModuleDict({"a": nn.MultiheadAttention(8, 2), "none": nn.Sequential()}),
    "losses": lambda: nn.ModuleList([nn.CrossEntropyLoss(), nn.MSELoss(), nn.CosineSimilarity()]),
    "repeated": lambda: nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(3)] + [nn.Linear(1, 1)] * 2),
    "parameters": lambda: nn.ModuleDict({"list": nn.ParameterList([nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(1))]),
                                         "one": nn.ParameterDict({"k": nn.Parameter(torch.zeros(2))}),
                                         "two": nn.ParameterDict({"k": nn.Parameter(torch.zeros(2)), "l": nn.Parameter(torch.zeros(()))})}),
    "lazy": lambda: nn.Sequential(nn.Linear(2, 2).half(), nn.Sequential()),
}


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.mlp = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))
        self.scale = nn.Parameter(torch.ones(4))
        self.hidden = [nn.Linear(1, 1)]         # in a list, so that torch does not know of it
        self.sizes = {"a": (1, 2)}


@pytest.fixture(autouse=True)
def of_old() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")         # torch.ao and torch.jit are on their way out, and the files made with them stay
        yield


def text_of(path: Path, depth: int | None = None) -> str:
    model, = core.architectures(path)
    return core.architecture_text(model, depth)


@pytest.mark.parametrize("name", GALLERY)
def test_that_a_pickled_model_is_shown_as_print_shows_it(name: str, tmp_path: Path) -> None:
    model = GALLERY[name]()
    torch.save(model, tmp_path / "m.pth")
    assert text_of(tmp_path / "m.pth") == repr(model)
    assert not core.architectures(tmp_path / "m.pth")[0].inferred


@pytest.mark.parametrize("legacy", [False, True])
def test_that_modules_of_unknown_classes_have_their_children(tmp_path: Path, legacy: bool) -> None:
    model = nn.ModuleList([Residual(), Residual()])
    torch.save({"epoch": 1, "model": model}, tmp_path / "m.pth", _use_new_zipfile_serialization=not legacy)
    found, = core.architectures(tmp_path / "m.pth")
    assert (found.path, core.architecture_text(found)) == ("model", repr(model))
    assert found.root.total == sum(parameter.numel() for parameter in model.parameters())
    assert [child.path for child in found.root.children] == ["model.0", "model.1"]


def test_that_a_module_used_twice_is_shown_twice_and_counted_once(tmp_path: Path) -> None:
    part = nn.Linear(3, 3)
    model = nn.Sequential(part, nn.ReLU(), part)
    torch.save(model, tmp_path / "m.pth")
    torch.save(model.state_dict(), tmp_path / "s.pth")
    assert text_of(tmp_path / "m.pth") == repr(model)
    for name in ("m.pth", "s.pth"):
        root = core.architectures(tmp_path / name)[0].root
        assert (root.total, root.children[0].total, root.children[-1].total) == (12, 12, 12)


def test_that_a_script_says_its_classes_and_what_shapes_tell(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.BatchNorm2d(4))
    torch.jit.save(torch.jit.script(model), str(tmp_path / "s.pt"))
    *lines, norm, other, end = text_of(tmp_path / "s.pt").splitlines()
    assert lines == ["Sequential(", "  (0): Linear(in_features=2, out_features=3, bias=False)", "  (1): ReLU()",
                     "  (2): Conv2d(3, 4, kernel_size=(3, 3))"]
    assert norm == "  (3): BatchNorm2d(4)"
    assert (other, end) == (norm.replace("(3)", "(4)"), ")")


INFERRED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "vgg": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(25, 10)),
            "Sequential(\n  (0): Conv2d(3, 8, kernel_size=(3, 3))\n  (1): BatchNorm2d(8)\n"
            "  (4): Linear(in_features=25, out_features=10, bias=True)\n)"),
    "norms": (lambda: nn.ModuleDict({"bn": nn.BatchNorm1d(3), "gn1": nn.GroupNorm(2, 4), "ln": nn.LayerNorm(5), "rms": nn.RMSNorm(6),
                                     "plain": nn.BatchNorm1d(3, affine=False), "act": nn.PReLU(4)}),
              "Module(\n  (bn): BatchNorm1d(3)\n  (gn1): GroupNorm(num_channels=4)\n  (ln): LayerNorm((5,))\n  (rms): RMSNorm((6,))\n"
              "  (plain): BatchNorm1d(3, affine=False)\n  (act): PReLU(num_parameters=4)\n)"),
    "convolutions": (lambda: nn.ModuleDict({"a": nn.Conv1d(2, 4, 3), "up": nn.ConvTranspose2d(4, 2, 2), "pw": nn.Conv2d(2, 6, 1),
                                            "dw": nn.Conv2d(6, 6, 3, groups=6),
                                            "b": nn.Conv3d(4, 2, (1, 2, 3), bias=False)}),
                     "Module(\n  (a): Conv1d(2, 4, kernel_size=(3,))\n  (up): ConvTranspose2d(4, 2, kernel_size=(2, 2))\n"
                     "  (pw): Conv2d(2, 6, kernel_size=(1, 1))\n"
                     "  (dw): Conv2d(6, 6, kernel_size=(3, 3), groups=6)\n  (b): Conv3d(4, 2, kernel_size=(1, 2, 3), bias=False)\n)"),
    "grey pictures": (lambda: nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3, groups=8)),
                      "Sequential(\n  (0): Conv2d(1, 32, kernel_size=(3, 3))\n"
                      "  (2): Conv2d(32, 32, kernel_size=(3, 3), groups=8)\n)"),
    "recurrent": (lambda: nn.ModuleDict({"a": nn.LSTM(2, 3, 2, bidirectional=True), "b": nn.GRU(2, 3, bias=False), "c": nn.RNN(2, 3),
                                         "d": nn.LSTM(2, 4, proj_size=2), "e": nn.GRUCell(2, 3)}),
                  "Module(\n  (a): LSTM(2, 3, num_layers=2, bidirectional=True)\n  (b): GRU(2, 3, bias=False)\n  (c): RNN(2, 3)\n"
                  "  (d): LSTM(2, 4, proj_size=2)\n  (e): GRUCell(2, 3)\n)"),
    "language model": (lambda: nn.ModuleDict({"embed_tokens": nn.Embedding(7, 4),
                                              "layers": nn.ModuleList([nn.ModuleDict({"q": nn.Linear(4, 4, bias=False), "n": nn.RMSNorm(4)})
                                                                       for _ in range(3)])}),
                       "Module(\n  (embed_tokens): Embedding(7, 4)\n  (layers): ModuleList(\n    (0-2): 3 x Module(\n"
                       "      (q): Linear(in_features=4, out_features=4, bias=False)\n      (n): RMSNorm((4,))\n    )\n  )\n)"),
    "attention": (lambda: nn.ModuleDict({"attn": nn.MultiheadAttention(8, 2)}),
                  "Module(\n  (attn): MultiheadAttention(\n    embed_dim=8\n"
                  "    (out_proj): Linear(in_features=8, out_features=8, bias=True)\n  )\n)"),
    "weight norm": (lambda: nn.ModuleDict({"a": nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))}), ""),
    "own parameters": (Residual, ""),
}


@pytest.mark.parametrize("name", INFERRED)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_that_a_state_dict_tells_what_its_names_and_shapes_can_only_mean(name: str, suffix: str, tmp_path: Path) -> None:
    make, expected = INFERRED[name]
    model = make()
    path = tmp_path / f"m{suffix}"
    if suffix == ".pth":
        torch.save(model.state_dict(), path)
    else:
        core.save(model.state_dict(), path)
    found, = core.architectures(path)
    assert found.inferred
    if expected and suffix == ".pth":           # safetensors may keep another order
        assert core.architecture_text(found) == expected
    classes = {child.path: child.type for child in _all(found.root) if child.type and child.type not in ("Sequential", "ModuleList")}
    real = {path: type(module).__name__ for path, module in model.named_modules()}
    for path_, type_ in classes.items():
        assert real[path_].replace("NonDynamicallyQuantizableLinear", "Linear").replace("ParametrizedLinear", "Linear") == type_
    assert found.root.total == sum(parameter.numel() for parameter in model.parameters())


def _all(module: core.Module) -> list[core.Module]:
    return [module, *(each for child in module.children for each in _all(child))]


@pytest.mark.parametrize("tensors", [
    {"a.weight": np.zeros((2, 3, 4, 5, 6, 7))}, {"a.weight": np.zeros((2, 3)), "a.bias": np.zeros(9)}, {"a.weight": np.zeros(())},
    {"a.weight": np.zeros(3), "a.bias": np.zeros(4)}, {"a.running_mean": np.zeros(3), "a.running_var": np.zeros(4)},
    {"a.weight": np.zeros((2, 3)), "a.scale": np.zeros(3)}, {"a.weight_ih_l0": np.zeros((5, 3)), "a.weight_hh_l0": np.zeros((5, 2))},
    {"a.weight": np.zeros((0, 0)), "a.bias": np.zeros(3)}, {"a.in_proj_weight": np.zeros((7, 3))},
    {"a.weight_hh_l0": np.zeros((0, 0)), "a.weight_ih_l0": np.zeros((0, 0))},
    {"a.weight_hh": np.zeros((4, 0)), "a.weight_ih": np.zeros((4, 0))}])
def test_that_what_fits_no_class_has_none(tensors: dict[str, np.ndarray], tmp_path: Path) -> None:
    core.save(tensors, tmp_path / "m.pth")
    module = core.architectures(tmp_path / "m.pth")[0].root.children[0]
    assert (module.type, module.arguments) == ("", "")
    assert len(module.lines) == len(tensors)


def test_that_packed_weights_are_the_layers_they_stand_for(tmp_path: Path) -> None:
    quantized = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(16, 8)), {nn.Linear}, torch.qint8)
    weight = torch.quantize_per_tensor(torch.randn(8, 16), 0.1, 0, torch.qint8)
    torch.save({"0.weight": weight, "0.bias": torch.zeros(8)}, tmp_path / "m.pth")
    assert "(0): Linear(in_features=16, out_features=8, bias=True)" in text_of(tmp_path / "m.pth")
    torch.save(quantized, tmp_path / "q.pth")
    assert "(0): Linear(" in text_of(tmp_path / "q.pth")


def test_that_depth_bounds_what_is_shown_and_deep_names_do_no_harm(tmp_path: Path) -> None:
    core.save({".".join("a" * 5000) + ".weight": np.zeros((2, 2)), "b.c.weight": np.zeros((2, 3))}, tmp_path / "m.pth")
    assert text_of(tmp_path / "m.pth", 1).splitlines() == [
        "Module(", "  (a): Module(", "    (a): Module(…)", "  )", "  (b): Module(", "    (c): Linear(…)", "  )", ")"]
    assert text_of(tmp_path / "m.pth").count("(a): Module(") == 100
    assert core.architectures(tmp_path / "m.pth")[0].root.total == 10


def test_that_a_file_without_a_model_and_an_unknown_state_dict_are_told(tmp_path: Path) -> None:
    core.save({"epoch": 3}, tmp_path / "m.pth")
    with pytest.raises(core.UsageError, match="no model"):
        core.architectures(tmp_path / "m.pth")
    with pytest.raises(core.UsageError, match="no state dict"):
        core.architectures(tmp_path / "m.pth", "gone")


def test_that_names_cannot_steer_a_terminal(tmp_path: Path) -> None:
    core.save({"a\x1b[31m.weight": np.zeros((2, 2)), "b\n.p": np.zeros(2)}, tmp_path / "m.pth")
    text = text_of(tmp_path / "m.pth")
    assert "\x1b" not in text
    assert "(a\\x1b[31m): Linear(" in text
    assert "(b\\n)" in text


# -- files made to be slow ------------------------------------------------------------------------------------------------------

class Counted(dict[str, core.TensorInfo]):
    """Tensors that know how often somebody went through them."""

    def __init__(self, tensors: Mapping[str, core.TensorInfo]) -> None:
        super().__init__(tensors)
        self.times = 0

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return super().__iter__()

    def items(self) -> Any:
        self.times += 1
        return super().items()

    def values(self) -> Any:
        self.times += 1
        return super().values()


def looks_at(models: int) -> int:
    ckpt = core.edit({f"m{n}": {"weight": np.ones((2, 2))} for n in range(models)}, [])
    tensors = Counted(ckpt.tensors)
    assert len(core.architectures(replace(ckpt, tensors=tensors))) == models
    return tensors.times


def test_that_tensors_are_gone_through_no_more_often_where_there_are_more_models() -> None:
    assert looks_at(40) == looks_at(4) > 0


def test_that_each_of_several_whole_models_has_its_own_modules_and_parameters(tmp_path: Path) -> None:
    models = [nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 4)), nn.Linear(5, 1)]
    torch.save(models, tmp_path / "a.pth")
    found = core.architectures(tmp_path / "a.pth")
    assert [core.architecture_text(one) for one in found] == [repr(model) for model in models]
    assert [one.root.total for one in found] == [9, 16, 6]


def test_that_a_number_of_five_thousand_digits_names_no_item_of_a_sequence(tmp_path: Path) -> None:
    model = nn.Linear(2, 3)
    model.table = {"9" * 5000: 1}
    torch.save(model, tmp_path / "a.pth")
    assert core.architecture_text(core.architectures(tmp_path / "a.pth")[0]) == repr(model)


def test_that_modules_deeper_than_are_told_apart_hold_what_lies_below_them() -> None:
    ckpt = core.edit({"a." * 300 + "weight": np.ones((2, 2)), "b.weight": np.ones((2, 2))}, [])
    root = core.architectures(ckpt)[0].root
    assert root.total == 8
    module, levels = root, 0
    while module.children:
        module, levels = module.children[0], levels + 1
    assert levels == 100
