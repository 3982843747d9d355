"""Checkpoints of one run of which some were saved with the prefix of a wrapper and some without: the same tensors."""
from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inspector import cli, core

Save = Callable[..., Path]


def run(save: Save, prefixes: tuple[str, ...], *, nest: str = "model", ema: tuple[str, ...] = ()) -> core.Tracks:
    """Epochs of which `a.w` doubles, `a.b` is frozen and `c.w` is NaN in the last."""
    folder = Path()
    for n, prefix in enumerate(prefixes):
        weights = {"a.w": torch.full((4,), 2.0 ** n), "a.b": torch.ones(2),
                   "c.w": torch.full((3,), math.nan if n == len(prefixes) - 1 else 1.0 + n)}
        named = {f"{prefix}{key}": value for key, value in weights.items()}
        what: dict[str, object] = {"epoch": n, nest: named} if nest else {**named}
        if ema:
            what["ema"] = {f"{ema[n]}{key}": torch.full_like(value, 2.0 ** max(n - 1, 0)) for key, value in weights.items()}
        folder = save(f"epoch_{n}.pth", what).parent
    return core.measure_series(core.series(folder))


@pytest.mark.parametrize(("prefixes", "nest"), [
    (("", "", "module.", "module."), "model"), (("module.", "", "module.", ""), "model"), (("", "module.", "", ""), ""),
    (("", "_orig_mod.", "_orig_mod.", "module._orig_mod."), "state_dict"), (("_orig_mod.module.", "", "module.module.", ""), "model")])
def test_that_a_prefix_that_comes_and_goes_is_not_part_of_the_name(save: Save, prefixes: tuple[str, ...], nest: str) -> None:
    tracks = run(save, prefixes, nest=nest)
    head = f"{nest}." if nest else ""
    assert not tracks.series.left_out
    assert tracks.keys == (f"{head}a.w", f"{head}a.b", f"{head}c.w")
    points = tracks.track(f"{head}a.w").points
    assert [point and point.norm for point in points] == [2.0, 4.0, 8.0, 16.0]
    assert [point and point.change for point in points[1:]] == [1.0, 1.0, 1.0]
    assert [point and point.same for point in tracks.track(f"{head}a.b").points[1:]] == [True] * 3
    assert tracks.first_nan() == (3, (f"{head}c.w",))
    assert "Frozen throughout: a.b." in [core.remark_text(tracks.series, remark) for remark in core.remarks(tracks)]
    assert core.is_run(Path(tracks.series[0].path).parent)


def test_that_where_all_have_it_the_keys_are_those_of_the_files(save: Save) -> None:
    assert run(save, ("module.",) * 3).keys == ("model.module.a.w", "model.module.a.b", "model.module.c.w")


def test_that_a_part_of_the_model_that_is_called_module_keeps_its_name(save: Save) -> None:
    for n in range(3):
        folder = save(f"epoch_{n}.pth", {"epoch": n, "model": {"module.w": torch.ones(2), "w": torch.ones(2),
                                                               **({"_orig_mod.x": torch.ones(1)} if n else {"x": torch.ones(1)})}}).parent
    assert core.measure_series(core.series(folder)).keys == ("model.module.w", "model.w", "model.x")


def test_that_an_average_beside_lags_behind_weights_of_other_names(save: Save) -> None:
    tracks = run(save, ("", "module.", "", "module.", ""), ema=("", "", "module.", "", "module."))
    assert set(tracks.keys) == {f"{one}.{key}" for one in ("model", "ema") for key in ("a.w", "a.b", "c.w")}
    [lag] = core.average_lags(tracks)
    assert (lag.average, lag.by) == ("ema", 1)


def test_that_a_glob_goes_by_what_is_followed_and_json_names_what_the_file_says(
        save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(run(save, ("", "module.", "module.")).series[0].path).parent
    only = core.measure_series(core.series(folder), match="model.a.*")
    assert only.keys == ("model.a.w", "model.a.b")
    assert [point and point.change for point in only.track("model.a.w").points[1:]] == [1.0, 1.0]
    assert cli.main(["run", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["first_nan"]["keys"] == ["model.module.c.w"]


def test_that_numbers_that_were_kept_are_found_again(save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(run(save, ("", "module.", "")).series[0].path).parent
    kept = core.KeptNumbers(str(tmp_path / "cache"))
    monkeypatch.setattr("inspector.core.runs.kept._is_settled", lambda one: True)
    first = core.measure_series(core.series(folder), kept=kept)
    again = core.measure_series(core.series(folder), kept=kept)
    assert (first.read, again.read) == (3, 0)
    assert again.track("model.a.w").points[:2] == first.track("model.a.w").points[:2]
