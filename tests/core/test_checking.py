"""A check looks at what a checkpoint holds, says how much it looked at, and reads it once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from inspector import core
from inspector.core import checking
from inspector.core.errors import BadTensor, Cancelled
from inspector.core.io import sources
from inspector.core.io.neighbours import Piece
from inspector.core.measures.summary import measure_each
from inspector.core.packed import countable

WRONG = ("danger", "warning")


def model() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return dict(nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 8), nn.LayerNorm([4, 2]), nn.Linear(8, 1)).state_dict())


def found(path: Path, tensors: object, **options: bool) -> dict[str, core.Finding]:
    if path.suffix == ".safetensors":
        save_file(tensors, path)  # type: ignore[arg-type]
    else:
        torch.save(tensors, path)
    return {finding.id: finding for finding in core.check(path, **options)}


def test_that_a_fresh_model_is_well(tmp_path: Path) -> None:
    """Biases of zero, norms of one, running statistics of zero and one, counters, moments of an optimizer that has done nothing yet."""
    net = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm2d(8), nn.LayerNorm([8, 4, 4]), nn.GroupNorm(2, 8), nn.Conv2d(8, 8, 3))
    for layer in net:
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    optimizer = torch.optim.Adam(net.parameters())
    for parameter in net.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    told = found(tmp_path / "a.pth", {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1})
    assert [finding for finding in told.values() if finding.level in WRONG] == []


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_that_nan_infinity_zero_and_constant_weights_are_told_by_key(tmp_path: Path, suffix: str, dtype: torch.dtype) -> None:
    tensors = {key: value.to(dtype) if value.is_floating_point() else value for key, value in model().items()}
    tensors["0.weight"][1, 2] = math.nan
    tensors["2.weight"][0, 0] = -math.inf
    tensors["2.bias"][3] = math.inf
    tensors["big"] = torch.randn(300, 300).to(dtype)
    tensors["big"][299, 299] = math.nan
    tensors["4.weight"] = torch.zeros(1, 8, dtype=dtype)
    tensors["dull"] = torch.full((4, 4), 0.25, dtype=dtype)
    told = found(tmp_path / f"a{suffix}", tensors)
    assert set(told["nan-values"].keys) == {"0.weight", "big"}
    assert set(told["infinite-values"].keys) == {"2.weight", "2.bias"}
    assert (told["all-zero"].keys, told["constant-weights"].keys) == (("4.weight",), ("dull",))
    assert told["nan-values"].level == told["infinite-values"].level == "danger"
    assert told["all-zero"].level == told["constant-weights"].level == "warning"


def test_that_infinities_where_they_are_usual_are_told_and_no_alarm(tmp_path: Path) -> None:
    mask = torch.full((4, 4), -math.inf).triu(1)
    told = found(tmp_path / "a.pth", {"w": torch.randn(3, 3), "attn_mask": mask, "act.min_val": torch.tensor([math.inf, 1.0]),
                                      "best": torch.tensor(-math.inf)})
    assert told["infinite-buffers"].keys == ("attn_mask", "act.min_val", "best")
    assert {finding.level for finding in told.values()} == {"info"}


def test_that_values_beyond_half_precision_are_told(tmp_path: Path) -> None:
    told = found(tmp_path / "a.pth", {"w": torch.tensor([[7e4, 1.0], [2.0, 3.0]])})
    assert (told["overflows-float16"].level, told["overflows-float16"].keys) == ("info", ("w",))


def test_that_missing_layers_are_told_without_reading(tmp_path: Path) -> None:
    tensors = {f"layers.{n}.{part}.weight": torch.full((2, 2), math.nan) for n in (0, 1, 2, 4) for part in ("attn", "mlp")}
    told = found(tmp_path / "a.pth", tensors, values=False)
    assert set(told) == {"missing-layers"}
    assert {"missing-layers", "nan-values"} == set(found(tmp_path / "a.pth", tensors))


def test_that_the_window_and_the_command_line_go_by_the_same_findings(tmp_path: Path) -> None:
    tensors = {f"layers.{n}.{part}.weight": torch.randn(4, 4) for n in (0, 1, 2, 4) for part in ("attn", "mlp")}
    tensors["layers.0.attn.weight"][0] = math.nan
    tensors["layers.1.mlp.weight"].zero_()
    torch.save(tensors, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert {*core.health(ckpt)} == {*core.check(ckpt)} - {*ckpt.findings}


def test_that_without_values_no_tensor_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(model(), tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    monkeypatch.setattr(sources.ExtentReader, "read_some", None)
    monkeypatch.setattr(sources.ExtentReader, "neighbours", None)
    report = core.check_report(ckpt, values=False)
    assert (report.values, report.read.tensors, report.read.nbytes) == (False, 0, 0)
    assert report.read.of == len(ckpt.tensors)


@pytest.mark.parametrize("names", [("fc.lora_A.weight", "fc.lora_B.weight"), ("a.weight", "b.weight")])
def test_that_what_a_headline_counts_is_what_a_check_has_found_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                      names: tuple[str, str]) -> None:
    torch.save(dict(zip(names, (torch.ones(2, 8), torch.ones(4, 2)), strict=True)), tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    said = core.headline(ckpt)
    packed = core.check_report(ckpt).packed
    assert packed == core.packed_tensors(ckpt)
    assert core.check_report(ckpt, values=False).packed is None
    monkeypatch.setattr(countable, "packed", None)
    assert core.headline(ckpt, packed=packed) == said


def test_that_everything_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weight = torch.randn(1500, 1500)
    torch.save({"w": weight, "tied": weight, "half": torch.randn(700, 700).half(), "n": torch.arange(70_000), "b": torch.ones(9)},
               tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    stored = sum(storage.nbytes for storage in ckpt.storages.values())
    counted = [0]
    real = sources.ExtentReader.read_some

    def counting(self: sources.ExtentReader, extent: core.Extent, start: int = 0, nbytes: int | None = None,
                 into: memoryview | None = None) -> bytes | memoryview:
        data = real(self, extent, start, nbytes, into)
        if "/data/" in next((member.name for member in ckpt.members if member.extent == extent), "/data/"):
            counted[0] += len(data)
        return data

    together = sources.ExtentReader.neighbours

    def counting_small(self: sources.ExtentReader, pieces: Sequence[Piece], right: set[int]) -> list[memoryview | None]:
        found = together(self, pieces, right)
        counted[0] += sum(len(data) for data in found if data is not None)
        return found

    monkeypatch.setattr(sources.ExtentReader, "read_some", counting)
    monkeypatch.setattr(sources.ExtentReader, "neighbours", counting_small)
    report = core.check_report(ckpt)
    assert (report.read.tensors, report.read.of) == (5, 5)
    assert report.read.nbytes == report.read.of_nbytes == stored
    assert stored <= counted[0] <= stored + 4096


def test_that_tensors_that_cannot_be_looked_at_are_counted(tmp_path: Path) -> None:
    torch.save({"meta": torch.ones(2, device="meta"), "w": torch.randn(3, 3)}, tmp_path / "a.pth")
    report = core.check_report(tmp_path / "a.pth")
    assert list(report.refused) == ["meta"]
    assert (report.read.tensors, report.read.of, report.read.nbytes) == (1, 2, 36)


def test_that_a_damaged_record_is_told_each_time(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"w": torch.arange(100_000.0), "v": torch.arange(9.0)}, path)
    data = bytearray(path.read_bytes())
    data[data.index(np.arange(50_000, 50_010, dtype="<f4").tobytes())] ^= 1
    path.write_bytes(data)
    ckpt = core.open(path)
    for _ in range(2):
        report = core.check_report(ckpt)
        assert [finding.keys for finding in report.findings if finding.id == "corrupt-member"] == [("w",)]
        assert list(report.refused) == ["w"]


def test_that_a_check_can_be_stopped(tmp_path: Path) -> None:
    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise Cancelled("enough")

    torch.save(model(), tmp_path / "a.pth")
    with pytest.raises(Cancelled):
        core.check(tmp_path / "a.pth", Stop())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int8, torch.bool,
                                   torch.complex64, torch.float8_e4m3fn])
@pytest.mark.parametrize("size", [0, 1, 50, 70_000])
def test_that_measuring_once_gives_the_numbers_of_a_summary(tmp_path: Path, dtype: torch.dtype, size: int) -> None:
    values = (torch.randn(size, generator=torch.Generator().manual_seed(size)) * 50).to(dtype)
    if size and dtype.is_floating_point and dtype != torch.float8_e4m3fn:
        values[0] = math.inf
        values[-1] = math.nan
    torch.save({"w": values, "again": values}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    whole = core.summarize(ckpt)
    for key, brief in measure_each(ckpt, ckpt.tensors):
        assert isinstance(brief, core.Summary)
        for name in ("numel", "nan", "posinf", "neginf", "zeros", "min", "max", "subnormal", "mean", "std", "l2"):
            assert getattr(brief, name) == pytest.approx(getattr(whole[key], name), rel=1e-12, nan_ok=True), name
        assert (brief.counts, brief.quantiles) == ((), ())


def test_that_numbers_too_great_to_be_squared_are_measured_too(tmp_path: Path) -> None:
    values = torch.full((70_000,), 1e300, dtype=torch.float64)
    values[0] = -1e300
    torch.save({"w": values}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    ((_, brief),) = measure_each(ckpt, ["w"])
    assert isinstance(brief, core.Summary)
    assert brief.l2 == pytest.approx(core.summarize(ckpt)["w"].l2, rel=1e-12)


def test_that_what_is_known_to_be_unreadable_is_not_read_and_comes_in_the_order_of_the_file(tmp_path: Path,
                                                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("1", "3"):
        save_file({name: torch.ones(4)}, tmp_path / f"{name}.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {key: f"{key}.safetensors" for key in "01234"}}))
    asked: list[str] = []

    def measured(ckpt: core.Checkpoint, keys: Iterable[str], *more: Any, **named: Any) -> Iterator[tuple[str, Any]]:
        asked.extend(keys := [*keys])
        yield from ((key, BadTensor("its bytes are gone") if key == "1" else one) for key, one in measure_each(ckpt, keys, *more, **named))

    monkeypatch.setattr(checking, "measure_each", measured)
    ckpt = core.open(index)
    report = core.check_report(ckpt)
    assert [*ckpt.tensors] == ["0", "1", "2", "3", "4"]
    assert asked == ["1", "3"]
    assert [*report.refused.items()] == [(key, ckpt.tensors[key].problem or "its bytes are gone") for key in "0124"]
    assert (report.read.tensors, report.read.of) == (1, 5)
