"""An adapter held against its base: what fits, how much each module adds, and that what is said was tried."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from inspector import cli, core
from inspector.core import adapters as module

RNG = np.random.default_rng(11)
Arrays = dict[str, np.ndarray[Any, Any]]


def factors(module: str, rows: int, cols: int, rank: int = 4) -> Arrays:
    return {f"base_model.model.{module}.lora_A.weight": RNG.normal(size=(rank, cols)).astype(np.float32),
            f"base_model.model.{module}.lora_B.weight": RNG.normal(size=(rows, rank)).astype(np.float32)}


def written(folder: Path, parts: Arrays, **config: Any) -> Path:
    folder.mkdir()
    save_file(parts, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4, "lora_alpha": 6, **config}), "utf-8")
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    save_file({"q.weight": np.zeros((40, 32), np.float32), "v.weight": np.zeros((8, 32), np.float32),
               "conv.weight": np.zeros((16, 8, 3, 3), np.float32)}, tmp_path / "base.safetensors")
    return tmp_path / "base.safetensors"


def test_that_norm_and_effective_rank_are_those_of_the_whole_product(base: Path, tmp_path: Path) -> None:
    conv = {"base_model.model.conv.lora_A.weight": RNG.normal(size=(4, 8, 3, 3)).astype(np.float16),
            "base_model.model.conv.lora_B.weight": RNG.normal(size=(16, 4, 1, 1)).astype(np.float16)}
    parts = {**factors("q", 40, 32), **conv}
    report = core.adapter_report(written(tmp_path / "a", parts), base)
    assert report.fits
    assert report.merge == core.MergeAdapter(core.open(tmp_path / "a").path)
    for one, delta in zip(report.fit.modules, report.deltas, strict=True):
        a, b = (parts[f"base_model.model.{one.adapter.name}.lora_{which}.weight"].astype(np.float64) for which in "AB")
        product = 1.5 * (b.reshape(len(b), -1) @ a.reshape(len(a), -1))
        singular = np.linalg.svd(product, compute_uv=False)
        shares = singular[:4] / singular[:4].sum()
        assert delta.norm == pytest.approx(np.linalg.norm(product), rel=1e-9)
        assert delta.effective_rank == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-6)


def test_that_a_product_of_nothing_has_no_rank(base: Path, tmp_path: Path) -> None:
    parts = {name: np.zeros_like(value) for name, value in factors("q", 40, 32).items()}
    [delta] = core.adapter_report(written(tmp_path / "a", parts), base).deltas
    assert (delta.norm, delta.effective_rank) == (0.0, 0.0)
    parts["base_model.model.q.lora_A.weight"][0, 0] = np.nan
    [delta] = core.adapter_report(written(tmp_path / "b", parts), base).deltas
    assert (delta.norm, delta.problem) == (None, "its matrices have elements that are not finite")
    [delta] = core.adapter_report(tmp_path / "b", base, values=False).deltas
    assert delta == (None, None, "")


@pytest.mark.parametrize(("parts", "config", "sentence"), [
    ({**factors("q", 40, 32), **factors("v", 8, 32)}, {},
     "it fits: all 2 modules have their weight in the base; LoRA of rank 4; scale 1.5"),
    (factors("q", 40, 32), {"alpha_pattern": {"q": 8}}, "it fits: the 1 module has its weight in the base; LoRA of rank 4; scale 2"),
    ({**factors("q", 40, 32), **factors("k", 8, 32), **factors("v", 9, 32)}, {},
     "it does not fit: of 3 modules 1 has no weight in the base, 1 does not go with the weight there is; LoRA of rank 4; scale 1.5"),
    (factors("q", 40, 32), {"peft_type": "VERA"},
     "it cannot be said whether it fits: its adapter_config.json says that it is of the kind VERA"),
    ({**factors("q", 40, 32), "base_model.model.q.lora_x": np.ones(2, np.float32)}, {},
     "it does not fit: what 1 more tensor of it does is not known; LoRA of rank 4; scale 1.5")])
def test_that_one_sentence_says_what_it_comes_to(parts: Arrays, config: dict[str, Any], sentence: str, base: Path, tmp_path: Path) -> None:
    report = core.adapter_report(written(tmp_path / "a", parts, **config), base)
    assert report.sentence.startswith(sentence)
    assert report.fits is sentence.startswith("it fits")


def test_that_shapes_alone_are_enough_to_say_whether_it_fits(base: Path, tmp_path: Path) -> None:
    (tmp_path / "shapes.json").write_text('{"q.weight": [40, 32]}', "utf-8")
    report = core.adapter_report(written(tmp_path / "a", factors("q", 40, 32)), str(tmp_path / "shapes.json"))
    assert report.fits
    assert report.merge is None


def test_that_check_tells_of_each_module_and_its_exit_status(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = written(tmp_path / "a", factors("q", 40, 32)), written(tmp_path / "b", {**factors("q", 40, 32), **factors("v", 9, 32)})
    assert cli.main(["check", str(good), "--against", str(base)]) == 0
    out = capsys.readouterr().out
    assert "it fits: the 1 module has its weight in the base" in out
    assert f"inspector edit {base} -o MERGED --merge-adapter" in out
    assert cli.main(["check", str(bad), "--against", str(base)]) == 1
    out = capsys.readouterr().out
    assert "it adds a matrix of shape [9, 32] to a weight of [8, 32]" in out
    assert "inspector edit" not in out
    assert cli.main(["check", str(bad), "--against", str(base), "--json", "--quick"]) == 1
    found = json.loads(capsys.readouterr().out)["adapter"]
    assert (found["fits"], found["merge"]) == (False, None)
    assert [(one["name"], one["rank"], one["scale"], one["norm"], bool(one["problem"])) for one in found["modules"]] == [
        ("q", 4, 1.5, None, False), ("v", 4, 1.5, None, True)]


def test_that_comparing_an_adapter_with_its_base_says_whether_it_fits(base: Path, tmp_path: Path,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    good = written(tmp_path / "a", factors("q", 40, 32))
    for a, b, side in ((good, base, "a"), (base, good, "b")):
        verdict = core.compare(a, b).verdict
        assert verdict is not None
        facts = dict(verdict.facts)
        assert (verdict.id, facts["adapter"], facts["fits"]) == ("adapter", side, 1)
    assert cli.main(["diff", str(good), str(base)]) == 1
    assert "A is an adapter, B its base? it fits: the 1 module has its weight in the base" in capsys.readouterr().out
    same = core.compare(good, good).verdict
    assert same is not None
    assert same.id == "identical"


class Names(list[str]):
    """Names that know how often somebody went through them."""

    times = 0

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return super().__iter__()


@pytest.mark.parametrize(("wanted", "there", "prefixes"), [
    (["q", "v", "o"], [*(f"{n}.q" for n in range(500)), "7.v", "7.o", "8.v"], ("", "7.")),
    (["m.q", "m.v"], ["q", "v", "x.m.q"], ("m.", "")),
    (["q", "v"], ["a.q", "b.v"], ("", "")),
    (["q", "v", "k"], ["q", "v", "a.k"], ("", "")),
    (["q"], [], ("", ""))])
def test_that_a_prefix_is_found_without_going_through_all_names_for_each(wanted: list[str], there: list[str],
                                                                       prefixes: tuple[str, str]) -> None:
    asked = Names(wanted)
    assert module._prefix(asked, there, ".") == prefixes
    assert asked.times < 6


def test_that_a_base_of_many_models_is_asked_once_what_is_packed_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = {f"m{n}": {f"{'q' if n == 7 else 'k'}.weight": torch.zeros(40, 32), "more": torch.ones(2)} for n in range(20)}
    torch.save(models, tmp_path / "base.pth")
    base = core.open(tmp_path / "base.pth")
    assert len(base.state_dicts) == 20
    asked: list[core.Checkpoint] = []
    real = module.packed
    monkeypatch.setattr(module, "packed", lambda ckpt, monitor: asked.append(ckpt) or real(ckpt, monitor))
    found = module.adapter_fit(core.open(written(tmp_path / "a", factors("q", 40, 32))), base)
    assert (found.state_dict, [one.problem for one in found.modules]) == ("m7", [""])
    assert len(asked) == 1
