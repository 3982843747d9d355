"""What became of A's values: each way that leaves a trace is told by it, and by nothing else."""
from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from inspector import core
from inspector.commands.relations_text import lineage_lines
from inspector.core.tensors.reader import TensorReader

Tensors = dict[str, torch.Tensor]


def weights(dtype: torch.dtype = torch.float32, layers: int = 4, size: int = 96) -> Tensors:
    found: Tensors = {}
    for i in range(layers):
        for name in ("q_proj", "v_proj"):
            found[f"layers.{i}.attn.{name}.weight"] = torch.randn(size, size)
        found[f"layers.{i}.mlp.weight"] = torch.randn(2 * size, size)
        found[f"layers.{i}.mlp.bias"] = torch.randn(2 * size)
        found[f"layers.{i}.norm.weight"] = 1 + 0.1 * torch.randn(size)
    return {key: (value * 0.05).to(dtype) for key, value in found.items()}


def kinds(found: core.Comparison, ending: str = "") -> set[str]:
    return {delta.kind for delta in found.lineage.deltas if delta.a.endswith(ending)}


def inference(found: core.Comparison) -> core.Inference:
    one, = found.lineage.inferences
    return one


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("rank", [1, 8, 40])
def test_that_a_merged_adapter_is_told_by_its_rank(rank: int, dtype: torch.dtype) -> None:
    torch.manual_seed(rank)
    a = weights(dtype, size=128)
    b = dict(a)
    for key, value in a.items():
        if "q_proj" in key or "v_proj" in key:
            delta = torch.randn(value.shape[0], rank) @ torch.randn(rank, value.shape[1]) * 0.02
            b[key] = (value.float() + delta).to(dtype)
    found = core.compare(a, b)
    assert kinds(found, "q_proj.weight") == {"low-rank"}
    assert kinds(found, "mlp.weight") == {"equal"}
    one = inference(found)
    assert (one.id, dict(one.facts)["rank"], dict(one.facts)["modules"], one.tensors) == ("merged-lora", rank, "q_proj, v_proj", 8)
    assert {delta.rank for delta in found.lineage.deltas if delta.kind == "low-rank"} == {rank}
    assert all(delta.share > 0.9 for delta in found.lineage.deltas if delta.kind == "low-rank")


def test_that_a_full_change_has_no_low_rank() -> None:
    torch.manual_seed(0)
    a = weights()
    found = core.compare(a, {key: value + 0.01 * torch.randn(value.shape) for key, value in a.items()})
    assert kinds(found, "proj.weight") == {"related"}
    assert inference(found).id == "fine-tuned"


def test_that_what_was_trained_on_is_read_again_for_one_tensor_of_a_kind_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    a = weights(layers=6)
    read: set[str] = set()
    box, chunks = TensorReader.box, TensorReader.chunks

    def noted(take: object) -> object:
        def get(self: TensorReader, key: core.TensorInfo, *places: object, **options: object) -> object:
            read.add(key.key)
            return take(self, key, *places, **options)          # type: ignore[operator]
        return get
    compared = core.pair_up(core.edit(a, []), core.edit({key: value + 0.01 * torch.randn(value.shape) for key, value in a.items()}, []))
    pairs = [core.with_difference(compared.pairs[at], one) for at, one in core.differences(compared)]
    monkeypatch.setattr(TensorReader, "box", noted(box))
    monkeypatch.setattr(TensorReader, "chunks", noted(chunks))
    found = core.judged(core.with_pairs(compared, pairs))
    assert kinds(found, "weight") == {"related"}
    assert {key for key in read if "proj" in key or "mlp.weight" in key} == {
        "layers.0.attn.q_proj.weight", "layers.0.attn.v_proj.weight", "layers.0.mlp.weight"}
    assert (found.lineage.looked_at, found.lineage.of) == (len(a), len(a))


def test_that_a_few_rows_that_changed_are_no_low_rank() -> None:
    torch.manual_seed(0)
    a = {"embed.weight": torch.randn(200, 64), "fc.weight": torch.randn(64, 64)}
    b = {key: value.clone() for key, value in a.items()}
    b["embed.weight"][7:10] += torch.randn(3, 64)
    found = core.compare(a, b)
    assert kinds(found, "embed.weight") == {"related"}


def test_that_other_weights_are_unrelated() -> None:
    torch.manual_seed(0)
    a, b = weights(), weights()
    found = core.compare(a, b)
    assert kinds(found, "proj.weight") == {"unrelated"}
    assert inference(found).id == "unrelated"


def test_that_a_head_that_was_made_anew_is_told() -> None:
    torch.manual_seed(0)
    a = weights() | {"head.weight": torch.randn(10, 96)}
    b = a | {"head.weight": torch.randn(10, 96)}
    one = inference(core.compare(a, b))
    assert (one.id, one.rests_on) == ("replaced", ("head.weight",))


@pytest.mark.parametrize("scale", [0.5, 3.0, -1.0, 0.123])
def test_that_a_factor_is_told(scale: float) -> None:
    torch.manual_seed(0)
    a = weights()
    found = core.compare(a, {key: value * scale for key, value in a.items()})
    assert kinds(found, "weight") == {"scaled"}
    assert all(delta.scale == pytest.approx(scale, rel=1e-5) for delta in found.lineage.deltas if delta.kind == "scaled")
    assert inference(found).id == "scaled"


@pytest.mark.parametrize(("make", "to", "mode"), [
    (lambda value: value.bfloat16().float(), "bfloat16", "nearest"), (lambda value: value.half().float(), "float16", "nearest"),
    (lambda value: torch.from_numpy((value.numpy().view(np.uint32) & 0xFFFF0000).view(np.float32)), "bfloat16", "towards zero"),
    (lambda value: torch.from_numpy((value.numpy().view(np.uint32) & 0xFFFF0000).view(np.float32)).bfloat16(), "bfloat16", "towards zero")])
def test_that_a_way_through_another_type_is_told_with_its_rounding(make: object, to: str, mode: str) -> None:
    torch.manual_seed(0)
    a = weights()
    found = core.compare(a, {key: make(value) for key, value in a.items()})       # type: ignore[operator]
    assert {(delta.kind, delta.to, delta.mode) for delta in found.lineage.deltas} == {("rounded", to, mode)}


def test_that_a_plain_cast_is_a_fact_and_no_guess() -> None:
    torch.manual_seed(0)
    a = weights()
    found = core.compare(a, {key: value.bfloat16() for key, value in a.items()})
    assert {(delta.kind, delta.mode) for delta in found.lineage.deltas} == {("cast", "nearest")}
    assert found.lineage.inferences == ()


def test_that_pruned_elements_are_counted() -> None:
    torch.manual_seed(0)
    a = weights()
    found = core.compare(a, {key: torch.where(value.abs() < value.abs().median(), 0, value) for key, value in a.items()})
    assert kinds(found, "proj.weight") == {"masked"}
    assert dict(inference(found).facts)["share"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("bits", "group"), [(4, 32), (4, 96), (8, 0), (3, 32)])
def test_that_quantization_is_told_by_its_grid(bits: int, group: int) -> None:
    """Symmetric, each run of `group` by its greatest; 0: by row."""
    torch.manual_seed(0)
    a = {f"layers.{i}.weight": torch.randn(40, 768) for i in range(3)}

    def quantized(value: torch.Tensor) -> torch.Tensor:
        runs = value.reshape(-1, group or value.shape[1])
        step = runs.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
        return ((runs / step).round() * step).reshape(value.shape)
    found = core.compare(a, {key: quantized(value) for key, value in a.items()})
    assert kinds(found) == {"quantized"}
    one = inference(found)
    assert (one.id, dict(one.facts)["bits"]) == ("quantized", bits)
    if group == 32:
        assert dict(one.facts)["group"] == 32
    assert 10 < float(dict(one.facts)["decibels"]) < 60


@pytest.mark.parametrize("kind", ["symmetric", "of the range"])
@pytest.mark.parametrize("bits", [4, 8])
def test_that_quantization_of_short_rows_is_told_by_even_distances(bits: int, kind: str) -> None:
    """In a row of 64 hardly two elements have one value, which was taken for training on."""
    torch.manual_seed(0)
    a = {f"layers.{i}.weight": torch.randn(64, 64) for i in range(3)}

    def quantized(value: torch.Tensor) -> torch.Tensor:
        least = value.amin(1, keepdim=True) if kind == "of the range" else torch.zeros(64, 1)
        step = (value.amax(1, keepdim=True) - least) / (2 ** bits - 1) if kind == "of the range" else \
            value.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
        return ((value - least) / step).round() * step + least
    found = core.compare(a, {key: quantized(value) for key, value in a.items()})
    assert kinds(found) == {"quantized"}
    one = inference(found)
    assert (one.id, dict(one.facts)["bits"]) == ("quantized", bits)
    moved = core.compare(a, {key: value + 0.005 * torch.randn(value.shape) for key, value in a.items()})
    assert kinds(moved) == {"related"}


def in_pieces(value: torch.Tensor, piece: str, group: int) -> torch.Tensor:
    """The largest magnitude of the piece that each element lies in."""
    if piece == "tensor":
        return value.abs().amax().expand(value.shape)
    if piece == "column":
        size = group or value.shape[0]
        return value.reshape(-1, size, value.shape[1]).abs().amax(1, keepdim=True).expand(-1, size, -1).reshape(value.shape)
    down, across = (size // group for size in value.shape)
    most = value.reshape(down, group, across, group).abs().amax((1, 3), keepdim=True)
    return most.expand(down, group, across, group).reshape(value.shape)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("bits", "piece", "group", "shape"), [
    (8, "column", 0, (1024, 300)), (8, "column", 0, (96, 300)), (4, "column", 128, (512, 96)), (4, "column", 32, (96, 300)),
    (8, "block", 128, (384, 256)), (4, "block", 64, (128, 192)), (8, "tensor", 0, (600, 4, 8, 2)), (8, "tensor", 0, (48, 512)),
    (4, "tensor", 0, (300, 40))])
def test_that_quantization_is_told_whatever_shares_a_scale(bits: int, piece: str, group: int, shape: tuple[int, ...],
                                                           dtype: torch.dtype) -> None:
    """A scale for each column, for runs of it, for blocks or for all: as weights have that are kept transposed, and FP8."""
    torch.manual_seed(0)
    a = {f"layers.{i}.weight": torch.randn(shape) for i in range(3)}

    def quantized(value: torch.Tensor) -> torch.Tensor:
        table = value.reshape(len(value), -1)
        step = in_pieces(table, piece, group) / (2 ** (bits - 1) - 1)
        return ((table / step).round() * step).reshape(shape)
    short = piece == "column" and dtype is torch.bfloat16 and len(a["layers.0.weight"]) < 2 * 2 ** bits and not group
    found = core.compare({key: value.to(dtype) for key, value in a.items()}, {key: quantized(value).to(dtype) for key, value in a.items()})
    if short:                                   # rounded again, and too short to have a value twice
        assert kinds(found) == {"related"}
        return
    assert kinds(found) == {"quantized"}
    facts = dict(inference(found).facts)
    assert (facts["bits"], facts["piece"], facts["group"]) == (bits, piece, group)
    trained = core.compare(a, {key: value + 0.005 * torch.randn(value.shape) for key, value in a.items()})
    assert kinds(trained) == {"related"}


def test_that_weights_that_went_through_blocks_of_fp8_are_told() -> None:
    torch.manual_seed(0)
    a = {f"layers.{i}.weight": (torch.randn(256, 384) * 0.02).bfloat16() for i in range(3)}

    def through(value: torch.Tensor) -> torch.Tensor:
        scale = in_pieces(value.float(), "block", 128) / 448
        return ((value.float() / scale).to(torch.float8_e4m3fn).float() * scale).bfloat16()
    found = core.compare(a, {key: through(value) for key, value in a.items()})
    assert kinds(found) == {"quantized"}
    facts = dict(inference(found).facts)
    assert (facts["bits"], facts["piece"], facts["group"]) == (8, "block", 128)


def test_that_training_of_small_parts_only_is_told() -> None:
    torch.manual_seed(0)
    a = weights()
    b = {key: value + 0.01 * torch.randn(value.shape) if value.ndim == 1 else value for key, value in a.items()}
    assert inference(core.compare(a, b)).id == "small-parts"


def test_that_the_depth_profile_is_norms_over_norms() -> None:
    torch.manual_seed(0)
    a = weights()
    b = {key: value + 0.01 * int(key.split(".")[1]) * torch.randn(value.shape) if value.ndim > 1 else value for key, value in a.items()}
    found = core.compare(a, b)
    assert [row.layer for row in found.lineage.depth] == [0, 1, 2, 3]
    for row in found.lineage.depth:
        keys = [key for key in a if key.startswith(f"layers.{row.layer}.") and a[key].ndim > 1]
        moved = math.sqrt(sum(float((b[key] - a[key]).double().square().sum()) for key in keys))
        size = math.sqrt(sum(float(a[key].double().square().sum()) for key in keys))
        assert row.matrices == pytest.approx(moved / size, rel=1e-6)
        assert (row.norms, row.biases) == (0.0, 0.0)


def test_that_identical_files_have_nothing_to_infer() -> None:
    torch.manual_seed(0)
    a = weights()
    found = core.compare(a, dict(a))
    assert (found.lineage.inferences, found.lineage.depth, found.lineage.of) == ((), (), 0)


def test_that_how_many_were_looked_at_is_told() -> None:
    torch.manual_seed(0)
    a = weights()
    found = core.compare(a, {key: value + 0.01 for key, value in a.items()})
    assert (found.lineage.looked_at, found.lineage.of) == (20, 20)


@pytest.mark.parametrize("group", [32, 64, 128, 256])
@pytest.mark.parametrize("of_range", [False, True])
def test_that_quantization_that_was_rounded_again_is_no_adapter(group: int, of_range: bool) -> None:
    """Of the errors of 8 bits some directions stand out of what bfloat16 rounds, and no fewer lie below."""
    torch.manual_seed(0)
    a = {f"layers.{i}.q_proj.weight": torch.randn(256, 256) * 0.05 for i in range(2)}

    def quantized(value: torch.Tensor) -> torch.Tensor:
        runs = value.reshape(-1, group)
        least = runs.amin(1, keepdim=True) if of_range else 0
        step = (runs.amax(1, keepdim=True) - least) / 255 if of_range else runs.abs().amax(1, keepdim=True) / 127
        return (((runs - least) / step).round() * step + least).reshape(value.shape)
    b = {key: quantized(value).bfloat16() for key, value in a.items()}
    found = core.compare({key: value.bfloat16() for key, value in a.items()}, b)
    assert kinds(found) == {"related"}
    assert inference(found).id == "fine-tuned"


def test_that_an_adapter_that_was_added_in_few_digits_is_still_one() -> None:
    """What is added was rounded too, as bfloat16 does in a merge without float32."""
    torch.manual_seed(0)
    a = weights(torch.bfloat16, size=128)
    b = {key: value + (torch.randn(value.shape[0], 8) @ torch.randn(8, value.shape[1]) * 0.05).bfloat16() if "q_proj" in key else value
         for key, value in a.items()}
    one = inference(core.compare(a, b))
    assert (one.id, dict(one.facts)["rank"]) == ("merged-lora", 8)


def test_that_a_way_through_bfloat16_into_float16_is_told_of_the_least_numbers_too() -> None:
    torch.manual_seed(0)
    a = weights()
    assert any(bool((value.bfloat16().float() != value.bfloat16().half().float()).any()) for value in a.values())
    found = core.compare(a, {key: value.bfloat16().half() for key, value in a.items()})
    assert {(delta.kind, delta.to) for delta in found.lineage.deltas} == {("rounded", "bfloat16")}


@pytest.mark.parametrize("factor", [0.3, 1 / 3, 0.7071067811865476, -1.7, 12.5])
def test_that_a_factor_is_the_one_that_was_written_though_norms_are_rounded(factor: float) -> None:
    torch.manual_seed(0)
    a = {key: value.bfloat16() for key, value in weights().items()}
    found = core.compare(a, {key: value * factor for key, value in a.items()})
    assert {(delta.kind, delta.exact) for delta in found.lineage.deltas if "weight" in delta.a} == {("scaled", True)}
    facts = dict(inference(found).facts)
    assert facts["least"] == facts["most"] == pytest.approx(factor, rel=1e-7)


def test_that_the_opposite_is_not_called_unrelated() -> None:
    torch.manual_seed(0)
    a = weights()
    found = core.compare(a, {key: -value for key, value in a.items()})
    assert found.verdict is not None
    assert found.verdict.id == "fine-tuned"
    assert found.lineage.has_another_cause


def test_that_layers_that_did_not_move_are_not_named_as_those_that_did() -> None:
    torch.manual_seed(0)
    a = weights()
    b = a | {"layers.1.mlp.weight": a["layers.1.mlp.weight"] + 0.01}
    depth, = (line for line in lineage_lines(core.compare(a, b)) if line.startswith("by depth"))
    assert "layers 1 (" in depth
    assert " (0)," not in depth.split(" moved most")[0]
    alike = [line for line in lineage_lines(core.compare(a, {key: value * 0.3 for key, value in a.items()})) if "by depth" in line]
    assert alike == ["by depth: all layers moved alike, by 0.7 relative to their size"]
