"""`inspector run`: the checkpoints of one training run."""
from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import cli, core

LOSSES = [2.0, 1.5, 1.2, 1.1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four epochs with a frozen part, a NaN in the last one, and files that do not belong to the run."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    frozen = torch.randn(4, 3)
    run = tmp_path / "run"
    run.mkdir()
    for epoch, loss in enumerate(LOSSES, 1):
        head = torch.randn(5, 4)
        if epoch == 4:
            head[1, 2] = float("nan")
        torch.save({"epoch": epoch, "loss": loss, "model": {"base.weight": frozen, "head.weight": head, "head.bias": torch.randn(5)}},
                   run / f"e{epoch:02}.pth")
    torch.save({"other": torch.ones(3), "model": torch.ones(2)}, run / "zother.pth")
    (run / "zbroken.pth").write_bytes(b"PK\x03\x04")
    return run


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert cli.main(["run", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_that_json_has_the_fixed_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "run")
    assert [one["epoch"] for one in found["checkpoints"]] == [1, 2, 3, 4]
    assert found["checkpoints"][0] == {"path": str(Path("run", "e01.pth")), "epoch": 1, "step": None, "metrics": {"loss": 2.0}}
    assert found["best"] == {"path": found["checkpoints"][3]["path"], "epoch": 4, "metric": "loss", "value": 1.1}
    assert found["first_nan"] == {"path": found["checkpoints"][3]["path"], "epoch": 4, "keys": ["model.head.weight"]}
    tensors = {one["key"]: one for one in found["tensors"]}
    assert set(tensors["model.base.weight"]) == {"key", "norm", "std", "change", "nan", "inf"}
    assert tensors["model.base.weight"]["change"] == [None, 0.0, 0.0, 0.0]
    assert tensors["model.head.weight"]["nan"] == [0, 0, 0, 1]
    assert "Frozen throughout: base." in found["sentences"]
    assert {Path(one["path"]).name: one["reason"] for one in found["left_out"]} == {
        "zbroken.pth": "unreadable", "zother.pth": "other-model"}


def test_that_text_says_what_follows_and_lists_the_checkpoints(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "run"]) == 0
    text = capsys.readouterr().out
    assert "4 checkpoints in order of their epochs" in text
    assert "First NaN in epoch 4: model.head.weight; the last file without is epoch 3." in text
    assert "zbroken.pth cannot be read" in text
    assert re.search(r"^epoch 4 .*best$", text, re.MULTILINE)


def test_that_files_may_be_named_in_any_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "run/e03.pth", "run/e01.pth")
    assert [one["epoch"] for one in found["checkpoints"]] == [1, 3]


def test_that_the_page_is_self_contained_and_shows_names_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for epoch in (1, 2):
        torch.save({"epoch": epoch, "<b>loss": 1.0 / epoch,
                    "model": {"<script>alert(1)</script>.weight": torch.randn(3), "b": torch.ones(2)}}, folder / f"x{epoch}.pth")
    assert cli.main(["run", "run/x1.pth", "run/x2.pth", "--html", "out.html"]) == 0
    page = Path("out.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "&lt;b&gt;loss" in page
    assert not re.search(r"(?:src|href)=", page)


def test_that_the_page_of_a_run_has_a_row_for_each_part(folder: Path) -> None:
    assert cli.main(["run", "run", "--html", "out.html"]) == 0
    page = Path("out.html").read_text("utf-8")
    assert "First NaN in epoch 4" in page
    assert page.count("#a1201a") == 1


@pytest.mark.parametrize(("arguments", "said"), [
    (["nowhere"], "inspector: nowhere: "), (["run", "--metric", "acc"], "no checkpoint says acc. There are: loss."),
    (["run", "--match", "zzz"], "no tensor of the run matches zzz"), (["run", "--depth", "0"], "groups have at least one segment"),
    (["run", "--html", "run/e01.pth"], "run/e01.pth")])
def test_that_what_cannot_be_done_is_one_line(folder: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error.replace("\\", "/")
    assert error.count("\n") == 1


def test_that_what_was_measured_is_kept_unless_nobody_wants_that(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("INSPECTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("inspector.core.runs.kept._FRESH", -1)
    first = answer(capsys, "run", "--no-cache")
    assert first["read"] == 4
    assert not (tmp_path / "cache").exists()
    assert answer(capsys, "run")["read"] == 4
    assert answer(capsys, "run") == {**first, "read": 0}


def test_that_watching_tells_all_first_and_then_what_is_new(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    waits: list[float] = []

    def wait(seconds: float) -> None:
        if waits:
            raise KeyboardInterrupt
        waits.append(seconds)
        torch.save({"epoch": 5, "loss": 0.9, "model": {"base.weight": torch.ones(4, 3), "head.weight": torch.ones(5, 4),
                                                       "head.bias": torch.ones(5)}}, folder / "e05.pth")
        os.utime(folder / "e05.pth", (2, 2))

    monkeypatch.setattr("inspector.core.runs.watching.watched.__kwdefaults__", {
        **core.watched.__kwdefaults__, "wait": wait})
    assert cli.main(["run", "run", "--watch"]) == 130
    text = capsys.readouterr().out
    assert text.count("epoch 4  ") == 1
    assert text.count("epoch 5  ") == 1
    assert "Best by loss: epoch 5 with 0.9." in text


def test_that_watching_names_a_file_that_is_being_written_and_takes_it_later(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                                                             capsys: pytest.CaptureFixture[str]) -> None:
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    os.utime(folder / "e04.pth", (time.time() + 1000,) * 2)         # younger than any look, however slow
    waits: list[float] = []

    def wait(seconds: float) -> None:
        if waits:
            raise KeyboardInterrupt
        waits.append(seconds)
        os.utime(folder / "e04.pth", (2, 2))

    monkeypatch.setattr("inspector.core.runs.watching.watched.__kwdefaults__", {**core.watched.__kwdefaults__, "wait": wait})
    assert cli.main(["run", "run", "--watch"]) == 130
    first, _, later = capsys.readouterr().out.partition("e04.pth waits: it was written to just now\n")
    assert "epoch 3  " in first
    assert "epoch 4  " not in first
    assert later.count("epoch 4  ") == 1


def test_that_watching_is_no_answer_in_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "run", "--watch", "--json"]) == 2
    assert "--watch goes on and on" in capsys.readouterr().err


def test_that_a_table_of_all_tensors_is_written_beside_what_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "run", "--table", "out.csv"]) == 0
    lines = Path("out.csv").read_text().splitlines()
    assert lines[0] == "key,file,epoch,step,role,parameters,norm,std,change,nan,inf"
    assert len(lines) == 1 + 3 * 4
    assert cli.main(["run", "run", "--table", "out.json"]) == 0
    assert cli.main(["run", "run", "--table", "out.json"]) == 0         # its own kind is replaced
    Path("mine.json").write_text('{"a": 1}')
    capsys.readouterr()
    assert cli.main(["run", "run", "--table", "mine.json"]) == 2
    assert cli.main(["run", "run", "--table", "out.pth"]) == 2
    assert capsys.readouterr().err.count("\n") == 2
    assert Path("mine.json").read_text() == '{"a": 1}'


def test_that_what_is_estimated_of_a_new_epoch_is_said_to_be_everywhere(folder: Path, capsys: pytest.CaptureFixture[str],
                                                                        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INSPECTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("inspector.core.runs.kept._FRESH", -1)
    def save(epoch: int) -> None:
        torch.save({"epoch": epoch, "model": {"base.weight": torch.randn(200, 100), "head.bias": torch.randn(5)}},
                   Path("many", f"e{epoch:02}.pth"))

    Path("many").mkdir()
    for epoch in range(3):
        save(epoch)
    assert "change_error" not in answer(capsys, "many")["tensors"][0]
    save(3)
    tensors = {one["key"]: one for one in answer(capsys, "many")["tensors"]}
    assert tensors["model.base.weight"]["change_error"][:3] == [None, 0.0, 0.0]
    assert 0 < tensors["model.base.weight"]["change_error"][3] < 0.05
    assert "change_error" not in tensors["model.head.bias"]
    assert cli.main(["run", "many", "--html", "page.html", "--table", "out.csv"]) == 0
    said, page = capsys.readouterr().out, Path("page.html").read_text()
    for text in (said, page):
        assert text.count("≈") >= 3
        assert "≈ estimated from what was kept of the checkpoint before, to about ±" in text
    assert Path("out.csv").read_text().splitlines()[0].endswith(",change,nan,inf,change_error")
    assert "change_error" not in answer(capsys, "many", "--exact")["tensors"][0]
    assert cli.main(["run", "many"]) == 0
    assert "≈" not in capsys.readouterr().out


def test_that_a_checkpoint_that_nothing_places_in_the_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (1, 2, 3, 4):
        torch.save({"epoch": name, "model": {"w": torch.full((4,), float(name))}}, tmp_path / f"{name}.pt")
    torch.save({"model": {"w": torch.full((4,), 9.0)}}, tmp_path / "best.pt")
    assert cli.main(["run", "--no-cache", str(tmp_path)]) == 0
    assert "best.pt left out: it says no epoch" in capsys.readouterr().out
