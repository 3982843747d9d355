"""The state dict of a whole quantized model, made without its classes, against what torch itself gives and takes."""
from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core

ao = torch.ao.quantization


@pytest.fixture(autouse=True)
def of_old() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")         # torch.ao is on its way out, and the files made with it stay
        yield


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.lstm = nn.LSTM(8, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(12, 5, batch_first=True)
        self.cell, self.second, self.third = nn.LSTMCell(5, 4), nn.GRUCell(4, 4), nn.RNNCell(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3, bias=False))

    def forward(self, x: torch.Tensor) -> Any:
        made, _ = self.gru(self.lstm(self.embed(x))[0])
        hidden, _ = self.cell(made[:, -1])
        return self.head(self.norm(self.third(self.second(hidden))))


class Seer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = ao.QuantStub(), ao.DeQuantStub()
        self.conv, self.bn, self.relu = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()
        self.up, self.down = nn.ConvTranspose2d(4, 4, 1), nn.Conv2d(4, 4, 3, groups=2, bias=False)
        self.add = torch.ao.nn.quantized.FloatFunctional()
        self.fc, self.act, self.last, self.norm = nn.Linear(144, 5), nn.Linear(5, 5), nn.ReLU(), nn.LayerNorm(5)

    def forward(self, x: torch.Tensor) -> Any:
        x = self.up(self.relu(self.bn(self.conv(self.quant(x)))))
        x = self.fc(self.down(self.add.add(x, x)).flatten(1))
        return self.dequant(self.norm(self.last(self.act(x))))


def dynamic(dtype: torch.dtype) -> nn.Module:
    kinds = {nn.LSTM, nn.GRU, nn.Linear} | ({nn.LSTMCell, nn.GRUCell, nn.RNNCell} if dtype == torch.qint8 else set())
    return ao.quantize_dynamic(Reader().eval(), kinds, dtype=dtype)


def static() -> nn.Module:
    net = ao.fuse_modules(Seer().eval(), [["conv", "bn", "relu"], ["act", "last"]])
    net.qconfig = ao.get_default_qconfig("fbgemm")
    net.up.qconfig = ao.default_qconfig
    prepared = ao.prepare(net)
    prepared(torch.randn(4, 3, 8, 8))
    return ao.convert(prepared)


def embedding() -> nn.Module:
    net = nn.Sequential(nn.EmbeddingBag(10, 8, mode="sum"))
    net.qconfig = ao.float_qparams_weight_only_qconfig      # type: ignore[assignment]
    return ao.convert(ao.prepare(net))


WORDS = torch.tensor([[1, 2, 3], [9, 0, 4]])
MODELS: dict[str, tuple[Callable[[], nn.Module], torch.Tensor]] = {
    "eight-bits": (lambda: dynamic(torch.qint8), WORDS), "halves": (lambda: dynamic(torch.float16), WORDS),
    "convolutions": (static, torch.randn(2, 3, 8, 8)), "embedding": (embedding, WORDS)}


@pytest.mark.parametrize("place", ["", "net", "a.b"])
@pytest.mark.parametrize("kind", MODELS)
def test_that_the_extracted_state_dict_loads_strictly_and_computes_the_same(tmp_path: Path, kind: str, place: str) -> None:
    make, given = MODELS[kind]
    torch.manual_seed(0)
    model, other = make(), make()
    with torch.no_grad():
        expected = model(given)
        assert not torch.equal(other(given), expected)
    saved: Any = model
    for name in reversed(place.split(".")) if place else ():
        saved = {name: saved, "epoch": 3}
    torch.save(saved, tmp_path / "whole.pth")
    made = core.edit(tmp_path / "whole.pth", [core.Extract(place or ".")])
    assert made.kind == "state-dict"
    assert core.plan_save(made, tmp_path / "sd.pth").losses == ()
    core.save(made, tmp_path / "sd.pth")
    found = torch.load(tmp_path / "sd.pth", weights_only=False)
    assert list(found) == list(model.state_dict())
    assert other.load_state_dict(found, strict=True) == nn.modules.module._IncompatibleKeys([], [])
    with torch.no_grad():
        assert torch.equal(other(given), expected)
    versions = model.state_dict()._metadata     # type: ignore[attr-defined]
    assert found._metadata
    assert all(versions[name] == facts for name, facts in found._metadata.items())


def test_that_layers_without_objects_load_with_weights_only(tmp_path: Path) -> None:
    for kind in ("convolutions", "embedding"):
        model = MODELS[kind][0]()
        torch.save(model, tmp_path / "whole.pth")
        core.save(core.edit(tmp_path / "whole.pth", [core.Extract(".")]), tmp_path / "sd.pth")
        assert core.loads_with_torch(tmp_path / "sd.pth").weights_only
        MODELS[kind][0]().load_state_dict(torch.load(tmp_path / "sd.pth", weights_only=True))


def test_that_a_part_of_a_quantized_model_is_extracted_with_its_packed_weights(tmp_path: Path) -> None:
    model = dynamic(torch.qint8)
    torch.save(model, tmp_path / "whole.pth")
    core.save(core.edit(tmp_path / "whole.pth", [core.Extract("head")]), tmp_path / "sd.pth")
    other = dynamic(torch.qint8).head
    other.load_state_dict(torch.load(tmp_path / "sd.pth", weights_only=True))
    given = torch.randn(2, 4)
    assert torch.equal(other(given), model.head(given))     # type: ignore[operator]


def test_that_prefixes_and_devices_are_edited_after_it(tmp_path: Path) -> None:
    model = static()
    torch.save({"model": model}, tmp_path / "whole.pth")
    edits = [core.Extract("model"), core.AddPrefix("net."), core.RemapDevices({"*": "cpu"})]
    core.save(core.edit(tmp_path / "whole.pth", edits), tmp_path / "sd.pth")
    again = core.edit(core.edit(tmp_path / "whole.pth", [core.Extract("model")]), [core.AddPrefix("net.")])
    assert list(again.tensors) == list(core.open(tmp_path / "sd.pth").tensors)
    other = nn.ModuleDict({"net": static()})
    other.load_state_dict(torch.load(tmp_path / "sd.pth", weights_only=True))


def test_that_a_dynamic_layer_keeps_the_version_that_it_calculates_by(tmp_path: Path) -> None:
    model = ao.quantize_dynamic(nn.Sequential(nn.Linear(4, 3)), {nn.Linear}, dtype=torch.qint8)
    model[0].version = 3                        # as torch 1.5 made it: without a reduced range
    torch.save(model, tmp_path / "whole.pth")
    core.save(core.edit(tmp_path / "whole.pth", [core.Extract(".")]), tmp_path / "sd.pth")
    other = copy.deepcopy(model)
    other[0].version = 4
    other.load_state_dict(torch.load(tmp_path / "sd.pth"))
    assert other[0].version == 3


def test_that_a_module_in_itself_takes_no_memory_without_end(tmp_path: Path) -> None:
    import tracemalloc
    model = nn.Module()
    model.words = "w" * 100_000                         # as long as the names were once allowed to grow
    model.again, model.add = model, torch.ao.nn.quantized.QFunctional()
    model.register_buffer("count", torch.zeros(2))
    torch.save(model, tmp_path / "m.pth")
    ckpt = core.open(tmp_path / "m.pth")
    tracemalloc.start()
    new = core.edit(ckpt, [core.MakePlain("*")])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 256 << 20
    assert [*new.tensors] == ["count"]
