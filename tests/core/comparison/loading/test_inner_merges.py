"""A model that was saved with its adapters in it, held against the model without: what is told of each adapter was tried."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from inspector import cli, core
from tests.core.edits.test_adapters_within import PREFIX, configured, merged, saved, state_dict

Tensors = dict[str, torch.Tensor]
ALPHAS = {"default": 12, "style": 6}


def shapes(tensors: Tensors, prefix: str = "") -> dict[str, list[int]]:
    return {f"{prefix}{name}": list(value.shape) for name, value in tensors.items()}


def test_that_each_of_several_adapters_is_told_and_none_is_dropped(tmp_path: Path) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ".pth")
    configured(tmp_path)
    report = core.load_report(path, shapes(merged(parts)))
    assert report.suggested == ()
    assert {one.name: (one.fit.fits, one.loads, one.tried_alpha) for one in report.merges} == {
        "default": (True, True, None), "style": (True, True, None)}
    for one in report.merges:
        core.save(core.edit(path, one.edits), tmp_path / "out.pth")
        got, wanted = torch.load(tmp_path / "out.pth", weights_only=True), merged(parts, one.name)
        assert set(got) == set(wanted)
        assert all(torch.allclose(got[name], wanted[name], rtol=1e-5, atol=1e-5) for name in wanted)


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_that_an_alpha_that_nothing_says_is_left_to_be_filled_in(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ending)
    (tmp_path / "shapes.json").write_text(json.dumps(shapes(merged(parts))), "utf-8")
    assert cli.main(["check", str(path), "--against", str(tmp_path / "shapes.json")]) == 1
    out = capsys.readouterr().out
    assert "--drop" not in out
    assert "--match" not in out
    assert "no edit is known" not in out
    for name, rank in (("default", 8), ("style", 4)):
        assert f"--merge-adapter :{name}=ALPHA\n" in out
        assert f"of rank {rank}; scale not known\n" in out
    assert cli.main(["check", "--json", str(path), "--against", str(tmp_path / "shapes.json")]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["suggested"] == []
    for one in found["adapters"]:
        assert (one["alpha_known"], one["loads"], one["refused"]) == (False, True, "")
        assert all(module["norm"] is None and 1 < module["effective_rank"] <= module["rank"] for module in one["modules"])
        [option] = one["suggested"]
        after = core.edit(path, [core.parse_edit("merge-adapter", option.split()[1].replace("ALPHA", str(ALPHAS[one["name"]])))])
        wanted = merged(parts, one["name"])
        assert {key: core.read_numpy(after, key).shape for key in after.tensors} == {key: tuple(v.shape) for key, v in wanted.items()}


def test_that_one_adapter_of_known_alpha_is_the_suggestion(tmp_path: Path) -> None:
    parts = {key: value for key, value in state_dict().items() if ".style" not in key}
    path = saved(parts, tmp_path, ".pth")
    configured(tmp_path)
    report = core.load_report(path, shapes(merged(parts)))
    assert (report.suggested, report.after.loads, len(report.merges)) == ((("--merge-adapter", ":default"),), True, 1)


def test_that_names_are_brought_into_line_after_merging(tmp_path: Path) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ".pth")
    configured(tmp_path)
    report = core.load_report(path, shapes(merged(parts), "encoder."))
    assert {one.name: (one.loads, one.steps) for one in report.merges} == {
        name: (True, (("--merge-adapter", f":{name}"), ("--add-prefix", "encoder."))) for name in ("default", "style")}


def test_that_an_adapter_of_another_kind_is_refused_and_not_dropped(tmp_path: Path) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ".pth")
    configured(tmp_path)
    (tmp_path / "style" / "adapter_config.json").write_text('{"peft_type": "VERA", "r": 4, "lora_alpha": 6}', "utf-8")
    report = core.load_report(path, shapes(merged(parts)))
    refused = {one.name: one.refused for one in report.merges}
    assert (report.suggested, refused["default"]) == ((), "")
    assert "VERA" in refused["style"]


def test_that_a_merge_that_leaves_something_missing_says_what_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ".pth")
    configured(tmp_path)
    (tmp_path / "shapes.json").write_text(json.dumps({**shapes(merged(parts)), "new.weight": [3]}), "utf-8")
    assert cli.main(["check", "--quick", str(path), "--against", str(tmp_path / "shapes.json")]) == 1
    assert f"then {len(merged(parts))} keys fit, 1 missing:\n" in capsys.readouterr().out


def test_that_a_model_that_has_adapters_too_is_not_told_to_merge(tmp_path: Path) -> None:
    parts = state_dict()
    path = saved({f"module.{key}": value for key, value in parts.items()}, tmp_path, ".pth")
    report = core.load_report(path, shapes(parts))
    assert (report.merges, report.suggested) == ((), (("--strip-prefix", "module."),))


def test_that_an_error_of_loading_is_answered_by_each_adapter(tmp_path: Path) -> None:
    parts = state_dict()
    path = saved(parts, tmp_path, ".pth")
    configured(tmp_path)
    model = torch.nn.Module()
    for name in ("q", "up"):
        rows, cols = parts[f"{PREFIX}{name}.base_layer.weight"].shape
        model.add_module(name, torch.nn.Linear(cols, rows, bias=name == "q"))
    with pytest.raises(RuntimeError) as error:
        model.load_state_dict(torch.load(path, weights_only=True))
    explained = core.explain_error(str(error.value), path)
    assert [one.outcome.split(" merged, ")[0] for one in explained.remedies] == ["default", "style"]
    assert not any("drop" in edit.option or "match" in edit.option for one in explained.remedies for edit in one.edits)
