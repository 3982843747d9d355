"""Adapters merged into their base: PEFT's own arithmetic, written out with torch, and what is refused by name."""
from __future__ import annotations

import json
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from inspector import core
from tests.core.edits.made import halves
from tests.core.packed import packing

PACKED = Path(__file__).resolve().parents[4] / "shared" / "packed"
CASES = sorted(path.name.removesuffix(".base.safetensors") for path in PACKED.glob("*.base.safetensors")) or ["none"]
Tensors = dict[str, torch.Tensor]


def adapter(folder: Path, tensors: Tensors, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    save_file({f"base_model.model.{name}": value.contiguous() for name, value in tensors.items()}, folder / "adapter_model.safetensors")
    said = {"peft_type": "LORA", "r": 8, "lora_alpha": 12, **config}
    (folder / "adapter_config.json").write_text(json.dumps(said), "utf-8")
    return folder


def pair(module: str, rows: int, cols: int, rank: int = 8, dtype: torch.dtype = torch.float32) -> Tensors:
    return {f"{module}.lora_A.weight": halves(rank, cols).to(dtype), f"{module}.lora_B.weight": halves(rows, rank).to(dtype)}


def merged(tmp_path: Path, base: Tensors, folder: Path, ending: str = ".safetensors") -> Tensors:
    torch.save(base, tmp_path / "base.pth")
    after = core.edit(tmp_path / "base.pth", [core.MergeAdapter(str(folder))])
    core.save(after, tmp_path / f"out{ending}")
    return load_file(tmp_path / "out.safetensors") if ending == ".safetensors" else torch.load(tmp_path / f"out{ending}", weights_only=True)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(5)


@pytest.mark.parametrize("case", CASES)
def test_that_real_adapters_merge_to_what_peft_made_of_them(case: str, tmp_path: Path) -> None:
    if not PACKED.is_dir():
        pytest.skip("the files of packed weights are not here")
    with np.load(PACKED / f"{case}.truth.npz", allow_pickle=False) as file:
        wanted = {name.removeprefix("merged/"): file[name] for name in file.files if name.startswith("merged/")}
    after = core.edit(PACKED / f"{case}.base.safetensors", [core.MergeAdapter(str(PACKED / case))])
    core.save(after, tmp_path / "out.safetensors")
    got = {name: value.numpy() for name, value in load_file(tmp_path / "out.safetensors").items()}
    assert wanted
    for name, value in wanted.items():          # another machine may add in another order
        assert (got[name].dtype, got[name].shape) == (value.dtype, value.shape), name
        assert np.abs(got[name].astype(np.float64) - value).max(initial=0) <= np.spacing(np.abs(value).max(initial=0)), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16])
def test_that_a_weight_is_merged_bit_for_bit_as_torch_adds_it(dtype: torch.dtype, stored: torch.dtype, tmp_path: Path) -> None:
    base = {"m.q.weight": torch.randn(200, 96).to(dtype), "m.norm.weight": torch.randn(96).to(dtype)}
    parts = pair("m.q", 200, 96, dtype=stored)
    got = merged(tmp_path, base, adapter(tmp_path / "a", parts))
    wanted = base["m.q.weight"].clone()
    wanted += (parts["m.q.lora_B.weight"].float() @ parts["m.q.lora_A.weight"].float()) * 1.5       # PEFT keeps adapters in float32
    assert torch.equal(got["m.q.weight"], wanted)
    assert torch.equal(got["m.norm.weight"], base["m.norm.weight"])
    assert got["m.q.weight"].dtype == dtype


def test_that_rank_alpha_and_rslora_say_the_scale_of_each_module(tmp_path: Path) -> None:
    base = {f"layers.{n}.{name}.weight": torch.randn(48, 32) for n in range(2) for name in ("q", "v")}
    parts = {**pair("layers.0.q", 48, 32, 4), **pair("layers.1.q", 48, 32, 8), **pair("layers.0.v", 48, 32),
             **pair("layers.1.v", 48, 32)}
    got = merged(tmp_path, base, adapter(tmp_path / "a", parts, use_rslora=True, rank_pattern={"layers.0.q": 4},
                                         alpha_pattern={"layers\\.[01]\\.v": 3, "^layers.1.q": 5}))
    scales = {"layers.0.q": 12 / sqrt(4), "layers.1.q": 5 / sqrt(8), "layers.0.v": 3 / sqrt(8), "layers.1.v": 3 / sqrt(8)}
    for module, scale in scales.items():
        delta = (parts[f"{module}.lora_B.weight"] @ parts[f"{module}.lora_A.weight"]) * scale
        assert torch.equal(got[f"{module}.weight"], base[f"{module}.weight"] + delta), module


def test_that_a_base_that_lies_the_other_way_round_gets_it_the_other_way_round(tmp_path: Path) -> None:
    base = {"c.weight": torch.randn(48, 96), "sq.weight": torch.randn(64, 64), "lin.bias": torch.zeros(3)}
    parts = {**pair("c", 96, 48), **pair("sq", 64, 64)}
    got = merged(tmp_path, base, adapter(tmp_path / "a", parts, fan_in_fan_out=True))
    for name in ("c", "sq"):
        delta = (parts[f"{name}.lora_B.weight"] @ parts[f"{name}.lora_A.weight"]).T * 1.5
        assert torch.equal(got[f"{name}.weight"], base[f"{name}.weight"] + delta)


def test_that_of_a_square_weight_among_both_kinds_nobody_guesses(tmp_path: Path) -> None:
    torch.save({"c.weight": torch.randn(48, 96), "sq.weight": torch.randn(64, 64), "l.weight": torch.randn(48, 32)}, tmp_path / "base.pth")
    folder = adapter(tmp_path / "a", {**pair("c", 96, 48), **pair("sq", 64, 64), **pair("l", 48, 32)}, fan_in_fan_out=True)
    with pytest.raises(core.EditError, match="'sq' cannot be merged: its weight is square"):
        core.edit(tmp_path / "base.pth", [core.MergeAdapter(str(folder))])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_that_an_embedding_is_merged_and_what_is_tied_to_it_too(dtype: torch.dtype, tmp_path: Path) -> None:
    weight = torch.randn(300, 32).to(dtype)
    parts = {"embed.lora_embedding_A": halves(8, 300), "embed.lora_embedding_B": halves(32, 8)}
    got = merged(tmp_path, {"embed.weight": weight, "head.weight": weight}, adapter(tmp_path / "a", parts), ".pth")
    delta = (parts["embed.lora_embedding_B"] @ parts["embed.lora_embedding_A"]).T * 1.5
    assert torch.equal(got["embed.weight"], weight + delta.to(dtype))         # PEFT rounds it before, of embeddings alone
    assert got["embed.weight"].data_ptr() == got["head.weight"].data_ptr()


@pytest.mark.parametrize("shape", [(32, 16, 3, 3), (32, 16, 1, 1), (32, 16, 5)])
def test_that_convolutions_get_the_product_of_the_flattened_factors(shape: tuple[int, ...], tmp_path: Path) -> None:
    base = {"conv.weight": torch.randn(shape)}
    a, b = torch.randn(8, *shape[1:]), torch.randn(32, 8, *(1,) * (len(shape) - 2))
    got = merged(tmp_path, base, adapter(tmp_path / "a", {"conv.lora_A.weight": a, "conv.lora_B.weight": b}))
    delta = (b.reshape(32, 8).double() @ a.reshape(8, -1).double()).reshape(shape) * 1.5
    assert torch.allclose(got["conv.weight"], (base["conv.weight"] + delta).float(), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_that_dora_scales_rows_of_the_sum_to_their_lengths_bit_for_bit(dtype: torch.dtype, tmp_path: Path) -> None:
    """As peft 0.21.2 does it in tuners/lora/dora.py (`get_weight_norm`) and variants.py (`merge_unsafe`), written out."""
    base = {"up.weight": halves(130, 64).to(dtype), "c.weight": halves(130, 96).to(dtype),
            "odd.weight": halves(70, 51).to(dtype), "conv.weight": torch.randn(32, 16, 3, 3).to(dtype),
            "embed.weight": halves(200, 32).to(dtype)}
    parts = {**pair("up", 130, 64), **pair("c", 96, 130), **pair("odd", 70, 51), "embed.lora_embedding_A": halves(8, 200),
             "embed.lora_embedding_B": halves(32, 8), "conv.lora_A.weight": torch.randn(8, 16, 3, 3),
             "conv.lora_B.weight": torch.randn(32, 8, 1, 1)}
    given = {"up.lora_magnitude_vector": torch.rand(130) + 1, "c.lora_magnitude_vector": torch.rand(96) + 1,
             "odd.lora_magnitude_vector": torch.rand(70) + 1,
             "conv.lora_magnitude_vector": torch.rand(1, 32, 1, 1) + 1, "embed.lora_magnitude_vector": torch.rand(32) + 1}
    got = merged(tmp_path, base, adapter(tmp_path / "a", {**parts, **given}, use_dora=True))
    for name in ("up", "odd"):
        delta = (parts[f"{name}.lora_B.weight"] @ parts[f"{name}.lora_A.weight"]) * 1.5
        norm = torch.linalg.norm(base[f"{name}.weight"] + delta, dim=1)
        wanted = (given[f"{name}.lora_magnitude_vector"] / norm).view(-1, 1) * (base[f"{name}.weight"] + delta)
        assert torch.equal(got[f"{name}.weight"], wanted.to(dtype)), name
    delta = (parts["c.lora_B.weight"] @ parts["c.lora_A.weight"]).T * 1.5
    norm = torch.linalg.norm(base["c.weight"].T + delta.T, dim=1)
    assert torch.equal(got["c.weight"], ((given["c.lora_magnitude_vector"] / norm).view(1, -1) * (base["c.weight"] + delta)).to(dtype))
    delta = (parts["embed.lora_embedding_B"] @ parts["embed.lora_embedding_A"]).T * 1.5
    norm = torch.linalg.norm(base["embed.weight"].T + delta.T, dim=1)
    assert torch.equal(got["embed.weight"], ((given["embed.lora_magnitude_vector"] / norm).view(1, -1) * (base["embed.weight"] + delta)
                                             ).to(dtype))
    # the kernel of the convolution that makes the product has an order of its own
    delta = (parts["conv.lora_B.weight"].reshape(32, 8) @ parts["conv.lora_A.weight"].reshape(8, -1)).reshape(32, 16, 3, 3) * 1.5
    norm = (base["conv.weight"] + delta).norm(p=2, dim=(1, 2, 3), keepdim=True).transpose(1, 0)
    wanted = (given["conv.lora_magnitude_vector"] / norm).view(-1, 1, 1, 1) * (base["conv.weight"] + delta)
    assert torch.allclose(got["conv.weight"], wanted.to(dtype), rtol=1e-6 if dtype == torch.float32 else 1 / 128, atol=1e-6)


def test_that_biases_and_whole_tensors_come_along(tmp_path: Path) -> None:
    base = {"q.weight": torch.randn(48, 32), "q.bias": torch.randn(48), "v.bias": torch.randn(5), "score.weight": torch.randn(3, 32).half()}
    parts = {**pair("q", 48, 32), "q.lora_B.bias": torch.randn(48), "v.bias": torch.randn(5), "score.weight": torch.randn(4, 32),
             "extra.modules_to_save.weight": torch.randn(2, 2)}
    folder = adapter(tmp_path / "a", parts, modules_to_save=["score", "extra"], lora_bias=True)
    got = merged(tmp_path, base, folder)
    assert torch.equal(got["q.bias"], base["q.bias"] + parts["q.lora_B.bias"] * 1.5)
    assert torch.equal(got["v.bias"], parts["v.bias"])
    assert torch.equal(got["score.weight"], parts["score.weight"].half())
    assert torch.equal(got["extra.weight"], parts["extra.modules_to_save.weight"])
    [effect] = core.effects(tmp_path / "base.pth", [core.MergeAdapter(str(folder))])
    assert set(effect.changed) == {"q.weight", "q.bias", "v.bias", "score.weight", "extra.weight"}
    assert effect.notes == ("1 weight gets what LoRA of rank 8 adds.", "2 tensors are the adapter's own: score.weight, v.bias.",
                            "1 tensor is new, as the adapter brings them: extra.weight.")


def test_that_names_are_found_behind_one_prefix_and_said(tmp_path: Path) -> None:
    base = {"model": {f"lm.layers.{n}.q.weight": torch.randn(48, 32) for n in range(3)}, "epoch": 3}
    torch.save(base, tmp_path / "base.pth")
    folder = adapter(tmp_path / "a", {**pair("layers.0.q", 48, 32), **pair("layers.2.q", 48, 32)})
    [effect] = core.effects(tmp_path / "base.pth", [core.MergeAdapter(str(folder))])
    assert effect.changed == ("model.lm.layers.0.q.weight", "model.lm.layers.2.q.weight")
    assert "Its names are those of the file without 'lm.' before them." in effect.notes


def test_that_kohyas_names_are_the_bases_with_underscores(tmp_path: Path) -> None:
    base = {"down.0.attn.to_q.weight": torch.randn(48, 32), "conv_in.weight": torch.randn(32, 16, 3, 3)}
    down, up = halves(4, 32), halves(48, 4)
    conv = torch.randn(4, 16, 3, 3), torch.randn(32, 4, 1, 1)
    save_file({"lora_unet_down_0_attn_to_q.lora_down.weight": down, "lora_unet_down_0_attn_to_q.lora_up.weight": up,
               "lora_unet_down_0_attn_to_q.alpha": torch.tensor(2.0), "lora_unet_conv_in.lora_down.weight": conv[0],
               "lora_unet_conv_in.lora_up.weight": conv[1], "lora_te_text_0.lora_down.weight": down + 1,
               "lora_te_text_0.lora_up.weight": up + 1},
              tmp_path / "k.safetensors")
    got = merged(tmp_path, base, tmp_path / "k.safetensors")
    assert torch.equal(got["down.0.attn.to_q.weight"], base["down.0.attn.to_q.weight"] + (up @ down) * 0.5)
    assert torch.allclose(got["conv_in.weight"], base["conv_in.weight"] + (conv[1].reshape(32, 4) @ conv[0].reshape(4, -1)
                                                                           ).reshape(32, 16, 3, 3), atol=1e-5)
    [effect] = core.effects(tmp_path / "base.pth", [core.MergeAdapter(str(tmp_path / "k.safetensors"))])
    assert "1 module is of a part of the model that the file has nothing of, and left out: lora_te_text_0." in effect.notes


def test_that_two_adapters_are_merged_one_into_the_other_and_read_in_parts(tmp_path: Path) -> None:
    base = {"q.weight": torch.randn(300, 64).bfloat16()}
    torch.save(base, tmp_path / "base.pth")
    one, two = pair("q", 300, 64), pair("q", 300, 64)
    folders = [adapter(tmp_path / "one", one), adapter(tmp_path / "two", two)]
    after = core.edit(tmp_path / "base.pth", [core.MergeAdapter(str(folder)) for folder in folders])
    wanted = base["q.weight"].clone()
    for parts in (one, two):
        wanted += (parts["q.lora_B.weight"] @ parts["q.lora_A.weight"]) * 1.5
    core.save(after, tmp_path / "out.pth")
    assert torch.equal(torch.load(tmp_path / "out.pth", weights_only=True)["q.weight"], wanted)
    assert b"".join(chunk.tobytes() for chunk in core.iter_chunks(after, "q.weight", 1000)) == wanted.view(torch.int16).numpy().tobytes()
    cast = core.edit(after, [core.Cast("float32"), core.AddPrefix("m.")])
    assert torch.equal(core.read_torch(cast, "m.q.weight"), wanted.float())


def _no_config(folder: Path) -> None:
    (folder / "adapter_config.json").unlink()


def _no_json(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8,')


def _a_list(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("[]")


def _says(**said: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "adapter_config.json"
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **said}), "utf-8")
    return change


def _nothing(folder: Path) -> None:
    pass


@pytest.mark.parametrize(("parts", "change", "said"), [
    (pair("other", 48, 32), _nothing, r"no weight for 1 module \(other\) of the 1 in"),
    (pair("q", 40, 32), _nothing, r"'q' cannot be merged: it adds a matrix of shape \[40, 32\] to a weight of \[48, 32\]"),
    (pair("q", 48, 32), _no_config, "no adapter_config.json says its alpha"),
    (pair("q", 48, 32), _no_json, "its adapter_config.json is not JSON that can be parsed, so its scale is not known"),
    (pair("q", 48, 32), _a_list, "its adapter_config.json is no JSON object"),
    (pair("q", 48, 32), _says(r=16), "of rank 8, and its adapter_config.json says 16"),
    (pair("q", 48, 32), _says(alpha_pattern={"(q){2}": 1}), "is a pattern that is not known here"),
    (pair("q", 48, 32), _says(peft_type="LOHA"), "of the kind LOHA"),
    (pair("q", 48, 32), _says(use_qalora=True), "QALoRA"),
    (pair("int", 48, 32), _nothing, "'int' cannot be merged: the base has it as float64"),
    ({"q.lora_A.weight": torch.zeros(8, 32)}, _nothing, "holds no adapter"),
    ({**pair("q", 48, 32), "v.lora_A.weight": torch.zeros(8, 32)}, _nothing, "1 tensor .*v.lora_A.weight.* of which it is not known"),
    ({**pair("q", 48, 32), "q.lora_magnitude_vector": torch.ones(5)}, _nothing, "5 lengths for 48 rows"),
    ({**pair("q", 48, 32), "q.lora_B.bias": torch.ones(48)}, _nothing, "adds to a bias that the base has not")])
def test_that_what_does_not_fit_is_refused_by_name(parts: Tensors, change: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    torch.save({"q.weight": torch.randn(48, 32), "int.weight": torch.ones(48, 32, dtype=torch.float64)}, tmp_path / "base.pth")
    folder = adapter(tmp_path / "a", parts)
    change(folder)
    with pytest.raises(core.EditError, match=said):
        core.edit(tmp_path / "base.pth", [core.MergeAdapter(str(folder))])


def test_that_a_packed_base_is_unpacked_before(tmp_path: Path) -> None:
    made = packing.MAKERS["gptq"](np.random.default_rng(1))
    rows, cols = made.values.shape
    folder = adapter(tmp_path / "a", pair(made.name.removesuffix(".weight"), rows, cols))
    base = made.save(tmp_path / "base")
    with pytest.raises(core.EditError, match="the base has its weight packed") as caught:
        core.edit(base, [core.MergeAdapter(str(folder))])
    assert "--dequantize" in caught.value.hint
    after = core.edit(base, [core.Dequantize("float32"), core.MergeAdapter(str(folder))])
    parts = load_file(folder / "adapter_model.safetensors")
    b, a = (parts[f"base_model.model.{made.name.removesuffix('.weight')}.lora_{which}.weight"].numpy() for which in "BA")
    assert np.allclose(core.read_numpy(after, made.name), made.values + 1.5 * (b @ a), rtol=1e-5, atol=1e-5)


def test_that_it_is_typed_and_written_like_any_other(tmp_path: Path) -> None:
    edit = core.parse_edit("merge-adapter", "runs/adapter")
    assert edit == core.MergeAdapter("runs/adapter")
    assert core.from_recipe(core.to_recipe([edit])) == [edit]
    with pytest.raises(core.EditError):
        core.parse_edit("merge-adapter", "")
