"""`inspector average`."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from inspector import cli


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    base = torch.randn(30, 20)
    for n in range(3):
        torch.save({"epoch": n, "model": {"w": base + 0.1 * n, "n": torch.tensor(n)}}, f"{n}.pth")
    torch.save({"epoch": 9, "model": {"w": torch.randn(30, 20), "n": torch.tensor(9)}}, "stranger.pth")
    torch.save({"model": {"w": torch.randn(3, 2)}}, "other.pth")


def test_that_a_weighted_mean_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["average", "0.pth", "1.pth", "2.pth", "--weights", "1,2,1", "-o", "mean.pth"]) == 0
    found = torch.load("mean.pth", weights_only=True)
    states = [torch.load(f"{n}.pth", weights_only=True)["model"]["w"].double() for n in range(3)]
    assert torch.equal(found["model"]["w"], ((states[0] + 2 * states[1] + states[2]) / 4).float())
    assert (found["epoch"], int(found["model"]["n"])) == (2, 2)
    assert "1 tensor is the mean of 3 files, weighted 1, 2, 1." in capsys.readouterr().out


def test_that_a_dry_run_writes_nothing_and_warns_of_strangers(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["average", "0.pth", "stranger.pth", "-o", "mean.pth", "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert "these two are not from one run, it seems" in text
    assert "nothing was written" in text
    assert not Path("mean.pth").exists()


@pytest.mark.parametrize("target", ["none/mean.pth", "mean.png", "mean.pth/", "mean.safetensors"])
def test_that_files_are_not_compared_for_a_mean_that_cannot_be_saved(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.core.likeness", lambda *_: pytest.fail("compared"))
    assert cli.main(["average", "0.pth", "1.pth", "-o", target]) == 2


def test_that_json_has_what_is_averaged_and_how_alike_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["average", "0.pth", "1.pth", "-o", "mean.safetensors", "--allow-loss", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["averaged"] == ["model.w"]
    assert found["likeness"][0]["one_run"] is True
    assert found["saved"]["tensors"] == 2
    assert set(found["saved"]) == {"path", "files", "nbytes", "tensors", "seconds", "notes", "written", "backup"}        # as of any edit


@pytest.mark.parametrize(("arguments", "said"), [
    (["0.pth", "-o", "m.pth"], "a mean takes at least two"), (["0.pth", "1.pth"], "where shall it be saved?"),
    (["0.pth", "other.pth", "-o", "m.pth"], "'model.w' is [30, 20] in 0.pth and [3, 2] in other.pth"),
    (["0.pth", "1.pth", "-o", "m.pth", "--weights", "1"], "there is 1 weight for 2 checkpoints"),
    (["0.pth", "1.pth", "-o", "m.pth", "--weights", "a,b"], "is no list of numbers"),
    (["0.pth", "none.pth", "-o", "m.pth"], "none.pth"), (["0.pth", "1.pth", "-o", "m.safetensors"], "--allow-loss")])
def test_that_what_cannot_be_done_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["average", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not Path("m.pth").exists()
