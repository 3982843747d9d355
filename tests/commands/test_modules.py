"""`inspector modules`."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from inspector import cli


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    made = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    torch.save({"epoch": 1, "model": made}, tmp_path / "whole.pth")
    torch.save({"generator": made.state_dict(), "critic": made[:1].state_dict()}, tmp_path / "two.pth")
    monkeypatch.chdir(tmp_path)
    return made


def test_that_the_text_is_what_print_shows(model: nn.Module, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["modules", "whole.pth"]) == 0
    head, *rest = capsys.readouterr().out.splitlines()
    assert head == "# model: 13 parameters, as it was pickled"
    assert "\n".join(rest) == repr(model)


def test_that_each_model_of_a_file_is_shown_and_said_to_be_inferred(model: nn.Module, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["modules", "two.pth"]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("#")]
    assert [head.partition(":")[0] for head in heads] == ["# generator", "# critic"]
    assert all("inferred" in head for head in heads)
    assert cli.main(["modules", "two.pth", "--state-dict", "critic", "--depth", "0"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["Sequential(", "  (0): Linear(…)", ")"]


def test_that_json_has_the_modules_in_each_other_with_their_counts(model: nn.Module, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["modules", "whole.pth", "--json"]) == 0
    found, = json.loads(capsys.readouterr().out)["models"]
    assert (found["state_dict"], found["inferred"], found["type"], found["total"]) == ("model", False, "Sequential", 13)
    assert [(one["key"], one["type"], one["parameters"]) for one in found["modules"]] == [
        ("model.0", "Linear", 9), ("model.1", "ReLU", 0), ("model.2", "Linear", 4)]
    assert found["modules"][0]["arguments"] == "in_features=2, out_features=3, bias=True"


@pytest.mark.parametrize(("arguments", "words"), [(["--depth", "-1"], "negative"), (["--state-dict", "gone"], "no state dict")])
def test_that_what_cannot_be_shown_is_one_line(model: nn.Module, arguments: list[str], words: str,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["modules", "two.pth", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines()), words in err) == ("", 1, True)
