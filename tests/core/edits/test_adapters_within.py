"""A PeftModel that was saved whole, its adapters beside the weights that they add to: recognised, merged as PEFT merges, taken out.

PEFT itself is no dependency: the names are those of peft 0.21.2, and its arithmetic (tuners/lora/layer.py, variants.py) is written out
with torch. The same was held against peft by hand."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import core
from tests.core.edits.made import halves
from tests.core.packed import packing

Tensors = dict[str, torch.Tensor]
PREFIX = "base_model.model."
SCALE = {"default": 12 / 8, "style": 6 / 4}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(3)


def state_dict() -> Tensors:
    """Two adapters: one adds to `q`, `emb` and `conv` and has its own `cls`, the other is DoRA on `q` and `up`."""
    def pair(module: str, name: str, rank: int, rows: int, cols: int) -> Tensors:
        return {f"{module}.lora_A.{name}.weight": halves(rank, cols), f"{module}.lora_B.{name}.weight": halves(rows, rank)}

    inner = {"emb.base_layer.weight": halves(50, 32), "emb.lora_embedding_A.default": halves(8, 50),
             "emb.lora_embedding_B.default": halves(32, 8), "q.base_layer.weight": halves(48, 32),
             "q.base_layer.bias": halves(48), **pair("q", "default", 8, 48, 32), **pair("q", "style", 4, 48, 32),
             "q.lora_magnitude_vector.style.weight": torch.rand(48) + 1, "up.base_layer.weight": halves(40, 48),
             **pair("up", "style", 4, 40, 48), "up.lora_magnitude_vector.style.weight": torch.rand(40) + 1,
             "conv.base_layer.weight": halves(16, 3, 3, 3), "conv.lora_A.default.weight": halves(8, 3, 3, 3),
             "conv.lora_B.default.weight": halves(16, 8, 1, 1), "norm.weight": torch.ones(48),
             "cls.original_module.weight": halves(20, 48), "cls.modules_to_save.default.weight": halves(20, 48)}
    return {f"{PREFIX}{name}": value for name, value in inner.items()}


def merged(parts: Tensors, *names: str) -> Tensors:
    """What `merge_and_unload(adapter_names=names)` leaves."""
    own = {key.removeprefix(PREFIX): value for key, value in parts.items()}
    found = {name.replace(".base_layer", "").replace(".original_module", ""): value.clone() for name, value in own.items()
             if ".lora_" not in name and ".modules_to_save" not in name}
    for module in ("emb", "q", "up", "conv"):
        found[f"{module}.weight"] = _in_turn(own, module, names)
    for name in names:
        if f"cls.modules_to_save.{name}.weight" in own:
            found["cls.weight"] = own[f"cls.modules_to_save.{name}.weight"]
    return found


def _in_turn(own: Tensors, module: str, names: tuple[str, ...]) -> torch.Tensor:
    """`merge_unsafe` of one adapter after the other: for DoRA's lengths what was merged before is taken out and put back."""
    weight, there, factors = own[f"{module}.base_layer.weight"].clone(), [], {}
    for name in names:
        delta = _delta(own, module, name)
        if delta is None:
            continue
        if f"{module}.lora_magnitude_vector.{name}.weight" in own:
            for other in reversed(there):
                weight = weight / factors[other] - _delta(own, module, other) if other in factors else weight - _delta(own, module, other)
            alone = weight.clone()
            for other in (name, *[one for one in there if one in factors]):
                norm = torch.linalg.norm(alone + _delta(own, module, other), dim=1)
                factors[other] = (own[f"{module}.lora_magnitude_vector.{other}.weight"] / norm).view(-1, 1)
            for other in there:
                weight = factors[other] * (weight + _delta(own, module, other)) if other in factors else \
                    weight + _delta(own, module, other)
            weight = factors[name] * (weight + delta)
        else:
            weight = weight + delta
        there.append(name)
    return weight


def _delta(own: Tensors, module: str, name: str) -> torch.Tensor | None:
    if f"{module}.lora_embedding_A.{name}" in own:
        return (own[f"{module}.lora_embedding_B.{name}"] @ own[f"{module}.lora_embedding_A.{name}"]).T * SCALE[name]
    a, b = own.get(f"{module}.lora_A.{name}.weight"), own.get(f"{module}.lora_B.{name}.weight")
    if a is None or b is None:
        return None
    return (b.reshape(len(b), -1) @ a.reshape(len(a), -1)).reshape(len(b), *a.shape[1:]) * SCALE[name]


def saved(parts: Tensors, folder: Path, ending: str) -> Path:
    path = folder / f"model{ending}"
    if ending == ".safetensors":
        save_file(parts, path)
    else:
        torch.save(parts, path)
    return path


def configured(folder: Path) -> None:
    """The configurations as `save_pretrained` puts them."""
    (folder / "style").mkdir()
    for path, said in ((folder, {"r": 8, "lora_alpha": 12}), (folder / "style", {"r": 4, "lora_alpha": 6, "use_dora": True})):
        (path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", **said}), "utf-8")


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
@pytest.mark.parametrize("names", [("default",), ("style",), ("style", "default"), ("default", "style")])
def test_that_it_is_merged_to_the_model_without_adapters(ending: str, names: tuple[str, ...], tmp_path: Path) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ending)
    text = ":" + ",".join(f"{name}={ {'default': 12, 'style': 6}[name]}" for name in names)
    after = core.edit(path, [core.parse_edit("merge-adapter", text)])
    assert after.edited is not None
    assert [edit.text for edit in after.edited.edits] == [text]
    core.save(after, tmp_path / f"out{ending}")
    got = load_file(tmp_path / "out.safetensors") if ending == ".safetensors" else torch.load(tmp_path / "out.pth", weights_only=True)
    wanted = merged(parts, *names)
    assert set(got) == set(wanted)
    assert list(got) == list(wanted) or ending == ".safetensors"
    for name, value in wanted.items():
        if name.startswith("conv"):         # 27 columns: the product itself differs in its last bit
            assert torch.allclose(got[name], value, rtol=1e-6, atol=1e-6)
        else:
            assert torch.equal(got[name], value), name


def test_that_configurations_beside_it_say_the_scale_and_the_names_are_listed(tmp_path: Path) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ".pth")
    configured(tmp_path)
    found = core.packed_tensors(path)
    assert {name: tensor.scheme for name, tensor in found.items()} == {
        f"{PREFIX}{name}": "lora" for name in ("emb.lora_default", "q.lora_default", "conv.lora_default")} | {
        f"{PREFIX}{name}": "dora" for name in ("q.lora_style", "up.lora_style")}
    assert (found[f"{PREFIX}q.lora_default"].words, found[f"{PREFIX}q.lora_style"].words) == ("LoRA r8", "DoRA")
    q = found[f"{PREFIX}q.lora_default"]
    assert dict(q.parts) == {"A": f"{PREFIX}q.lora_A.default.weight", "B": f"{PREFIX}q.lora_B.default.weight"}
    delta = _delta({key.removeprefix(PREFIX): value for key, value in parts.items()}, "q", "default")
    assert delta is not None
    assert np.array_equal(core.read_numpy(core.unpacked(path), q.name), delta.numpy())
    assert core.said_of_adapters(core.inner_adapters(core.open(path))) == (
        "default (LoRA of rank 8 in 3 modules, scale 1.5), style (DoRA of rank 4 in 2 modules, scale 1.5)")
    assert core.counts(core.open(path)).parameters == sum(value.numel() for value in parts.values())
    assert not core.is_adapter(core.open(path))
    [effect] = core.effects(path, [core.MergeAdapter(":default")])
    assert effect.notes == ("3 weights get what LoRA of rank 8 adds.", "1 tensor is the adapter's own: cls.weight.",
                            "1 more adapter is left out: style.")


@pytest.mark.parametrize("name", ["default", "style"])
def test_that_an_adapter_comes_out_as_peft_saves_it_and_merges_from_there(name: str, tmp_path: Path) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ".pth")
    folder = tmp_path / "adapter"
    folder.mkdir()
    core.save(core.edit(path, [core.Extract(f":{name}")]), folder / "adapter_model.safetensors")
    got = load_file(folder / "adapter_model.safetensors")
    wanted = {key.replace(f".modules_to_save.{name}", "").replace(f"_vector.{name}.weight", "_vector").replace(f".{name}", ""): value
              for key, value in parts.items() if f".{name}" in key}
    assert set(got) == set(wanted)
    assert all(torch.equal(got[key], value) for key, value in wanted.items())
    rank = {"default": 8, "style": 4}[name]
    said = {"peft_type": "LORA", "r": rank, "lora_alpha": rank * 3 // 2, "modules_to_save": ["cls"]}
    (folder / "adapter_config.json").write_text(json.dumps(said), "utf-8")
    torch.save(merged(parts), tmp_path / "base.pth")
    core.save(core.edit(tmp_path / "base.pth", [core.MergeAdapter(str(folder))]), tmp_path / "one.pth")
    core.save(core.edit(path, [core.parse_edit("merge-adapter", f":{name}={rank * 3 // 2}")]), tmp_path / "other.pth")
    one, other = (torch.load(tmp_path / f"{which}.pth", weights_only=True) for which in ("one", "other"))
    assert all(torch.equal(one[key], other[key]) for key in other)
    assert set(one) == set(other)


class Layer(nn.Module):
    """Of a module of PEFT's what a merge goes by."""

    def __init__(self, base: nn.Module, rank: int, turned: bool = False) -> None:
        super().__init__()
        self.base_layer = base
        weight = base.weight
        assert isinstance(weight, torch.Tensor)
        rows, cols = reversed(weight.shape) if turned else weight.shape
        self.lora_A = nn.ModuleDict({"default": nn.Linear(cols, rank, bias=False)})
        self.lora_B = nn.ModuleDict({"default": nn.Linear(rank, rows, bias=False)})
        self.scaling = {"default": 0.75}
        self.fan_in_fan_out = turned
        self.merged_adapters: list[str] = []


class Turned(nn.Module):
    """Like Conv1D of transformers: its weight lies the other way round."""

    def __init__(self, cols: int, rows: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(cols, rows))


def test_that_a_pickled_model_says_scale_and_direction_itself(tmp_path: Path) -> None:
    model = nn.Module()
    model.a, model.b = Layer(nn.Linear(32, 32), 8), Layer(Turned(32, 32), 4, turned=True)
    for name, value in model.named_parameters():
        if ".lora_" in name:
            value.data = halves(*value.shape)
    torch.save(model, tmp_path / "whole.pth")
    with pytest.raises(core.EditError, match=r"whole module.*--extract \."):
        core.edit(tmp_path / "whole.pth", [core.MergeAdapter(":")])
    core.save(core.edit(tmp_path / "whole.pth", [core.Extract("."), core.MergeAdapter(":")]), tmp_path / "out.pth")
    got = torch.load(tmp_path / "out.pth", weights_only=True)
    parts = model.state_dict()
    for name in "ab":
        delta = parts[f"{name}.lora_B.default.weight"] @ parts[f"{name}.lora_A.default.weight"]
        assert torch.equal(got[f"{name}.weight"], parts[f"{name}.base_layer.weight"] + (delta.T if name == "b" else delta) * 0.75)
    assert set(got) == {"a.weight", "a.bias", "b.weight"}
    model.a.merged_adapters.append("default")
    torch.save(model, tmp_path / "whole.pth")
    with pytest.raises(core.EditError, match="has it added already"):
        core.edit(tmp_path / "whole.pth", [core.Extract("."), core.MergeAdapter(":")])


def test_that_a_packed_base_is_unpacked_before(tmp_path: Path) -> None:
    made = packing.bitsandbytes(np.random.default_rng(1), (48, 32))
    parts = {key.replace("m.", f"{PREFIX}m.base_layer.", 1): torch.from_numpy(np.array(value)) for key, value in made.tensors.items()}
    parts |= {f"{PREFIX}m.lora_A.default.weight": torch.randn(8, 32), f"{PREFIX}m.lora_B.default.weight": torch.randn(48, 8)}
    save_file(parts, tmp_path / "qlora.safetensors")
    with pytest.raises(core.EditError, match="base has its weight packed") as caught:
        core.edit(tmp_path / "qlora.safetensors", [core.MergeAdapter(":default=4")])
    assert "--dequantize" in caught.value.hint
    after = core.edit(tmp_path / "qlora.safetensors", [core.Dequantize("float32", "*.base_layer.*"), core.MergeAdapter(":default=4")])
    assert list(after.tensors) == ["m.weight"]
    delta = parts[f"{PREFIX}m.lora_B.default.weight"] @ parts[f"{PREFIX}m.lora_A.default.weight"] * 0.5
    assert np.allclose(core.read_numpy(after, "m.weight"), made.values + delta.numpy(), rtol=1e-5, atol=1e-6)
    assert core.counts(core.open(tmp_path / "qlora.safetensors")).parameters == 48 * 32 + 8 * (48 + 32)


def test_that_in_a_training_checkpoint_the_other_parts_stay(tmp_path: Path) -> None:
    parts = {f"module.{key}": value for key, value in state_dict().items()}
    torch.save({"model": parts, "epoch": 3, "best": torch.ones(2)}, tmp_path / "a.pth")
    core.save(core.edit(tmp_path / "a.pth", [core.MergeAdapter(":style=6")]), tmp_path / "out.pth")
    got = torch.load(tmp_path / "out.pth", weights_only=True)
    assert set(got) == {"model", "epoch", "best"}
    wanted = merged(state_dict())
    assert set(got["model"]) == {f"module.{name}" for name in wanted}
    assert torch.equal(got["model"]["module.cls.weight"], parts[f"module.{PREFIX}cls.original_module.weight"])


@pytest.mark.parametrize(("text", "change", "said"), [
    (":", {}, "the file has 2 adapters: default, style"), (":other", {}, "no adapter 'other'.*default, style"),
    (":default", {}, "no adapter_config.json says its alpha.*--merge-adapter :default=16"),
    (":default=12", {"gone": ("q.base_layer.weight",)}, "no weight in the file for 1 module of the adapter"),
    (":default=12", {"gone": ("q.lora_B.default.weight",)}, "of which it is not known what they do"),
    (":default=12", {"more": {"q.lora_ga.default.weight": torch.ones(2)}}, "of which it is not known what they do"),
    (":default=12", {"more": {"q.base_layer.weight": torch.ones(48, 31)}}, r"a matrix of shape \[48, 32\] to a weight of \[48, 31\]"),
    (":default=12", {"more": {"q.base_layer.weight": torch.ones(48, 32, dtype=torch.int32)}}, "the base has it as int32"),
    (":style=6", {"more": {"q.lora_magnitude_vector.style.weight": torch.ones(47)}}, "47 lengths for 48 rows"),
    (":default=12,style=6", {"more": {"cls.modules_to_save.style.weight": torch.ones(20, 48)}}, "more than one of the adapters"),
    (":default=12", {"more": {"norm.base_layer.weight": torch.ones(48)}}, "norm.weight")])
def test_that_what_does_not_fit_is_refused_in_one_line(text: str, change: dict[str, Any], said: str, tmp_path: Path) -> None:
    parts = state_dict()
    for name in change.get("gone", ()):
        del parts[f"{PREFIX}{name}"]
    parts |= {f"{PREFIX}{name}": value for name, value in change.get("more", {}).items()}
    torch.save(parts, tmp_path / "a.pth")
    with pytest.raises(core.EditError, match=said) as caught:
        core.edit(tmp_path / "a.pth", [core.parse_edit("merge-adapter", text)])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [":a,a", ":=3", ":a=", ":a=x", ":a=nan", ":a=inf", ":a,,b"])
def test_that_what_names_no_adapter_is_refused_when_it_is_typed(text: str) -> None:
    with pytest.raises(core.EditError, match="does not name adapters"):
        core.parse_edit("merge-adapter", text)


def test_that_a_whole_model_is_no_adapter_of_another(tmp_path: Path) -> None:
    torch.save(state_dict(), tmp_path / "a.pth")
    torch.save(merged(state_dict()), tmp_path / "base.pth")
    with pytest.raises(core.EditError, match="a whole model with its adapters in it"):
        core.edit(tmp_path / "base.pth", [core.MergeAdapter(str(tmp_path / "a.pth"))])
    alone = {key: value for key, value in state_dict().items() if ".lora_" in key}
    torch.save(alone, tmp_path / "alone.pth")
    with pytest.raises(core.EditError, match="several adapters: default, style"):
        core.edit(tmp_path / "base.pth", [core.MergeAdapter(str(tmp_path / "alone.pth"))])


@pytest.mark.parametrize("name", ["..", "/etc", "a/b", "\u202e", "x" * 300, "A", "default"])
def test_that_a_name_from_the_file_is_no_path_and_no_trap(name: str, tmp_path: Path) -> None:
    key = name.replace("default", "lora_A")
    torch.save({f"q.lora_A.{key}.weight": torch.randn(2, 32), f"q.lora_B.{key}.weight": torch.randn(48, 2),
                "q.base_layer.weight": torch.randn(48, 32)}, tmp_path / "a.pth")
    (tmp_path / "adapter_config.json").write_text(json.dumps({"lora_alpha": 10 ** 400, "use_rslora": True}), "utf-8")
    ckpt = core.open(tmp_path / "a.pth")
    assert all(tensor.problem for tensor in core.packed_tensors(ckpt).values())
    with pytest.raises(core.EditError):
        core.edit(ckpt, [core.MergeAdapter(":")])


@pytest.mark.parametrize("nested", [False, True])
def test_that_a_model_without_adapters_is_told_to_have_them_merged(nested: bool, tmp_path: Path) -> None:
    parts = {key: value for key, value in state_dict().items() if ".style" not in key}
    torch.save({"model": parts, "epoch": 1} if nested else parts, tmp_path / "a.pth")
    torch.save(merged(parts), tmp_path / "base.pth")
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 8, "lora_alpha": 12}), "utf-8")
    report = core.load_report(tmp_path / "a.pth", tmp_path / "base.pth")
    assert ("--merge-adapter", ":default") in report.suggested
    assert report.after.loads
    core.save(core.edit(tmp_path / "a.pth", report.edits), tmp_path / "fixed.pth")
    fixed = torch.load(tmp_path / "fixed.pth", weights_only=True)
    assert torch.equal(fixed.get("model", fixed)["q.weight"], merged(parts, "default")["q.weight"])
