"""`inspector edit FOLDER`: the same edits for every checkpoint of a run."""
from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from inspector import core
from tests.commands.conftest import Run
from tests.core.suggestions.test_conversion import WHOLLY

EPOCHS = (1, 2, 3)


@pytest.fixture
def edit(run: Run) -> Run:
    return partial(run, "edit")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    for n in (1, 2, 10):
        torch.save({"module.w": torch.full((6, 2), float(n)), "module.b": torch.ones(2)}, folder / f"epoch_{n}.pth")
    (folder / "log.txt").write_text("loss")
    return folder


@pytest.mark.parametrize("name", WHOLLY)
def test_that_a_recipe_of_one_pair_is_replayed_over_the_epochs_and_back(name: str, tmp_path: Path, run: Run, edit: Run) -> None:
    there, back = tmp_path / "there.json", tmp_path / "back.json"
    originals = {}
    for n in (0, *EPOCHS):
        torch.manual_seed(n)
        a, b, _ = WHOLLY[name]()
        originals[n] = a, b
        (tmp_path / "runs").mkdir(exist_ok=True)
        torch.save(a, tmp_path / "runs" / f"epoch_{n}.pth" if n else tmp_path / "a.pth")
        if not n:
            torch.save(b, tmp_path / "b.pth")
    assert run("diff", tmp_path / "a.pth", tmp_path / "b.pth", "--save-recipe", there)[0] == 1
    assert run("diff", tmp_path / "b.pth", tmp_path / "a.pth", "--save-recipe", back)[0] == 1
    assert edit(tmp_path / "runs", "-o", tmp_path / "out", "--recipe", there)[::2] == (0, "")
    assert edit(tmp_path / "out", "-o", tmp_path / "again", "--recipe", back)[::2] == (0, "")
    for n in EPOCHS:
        for folder, wanted in (("out", originals[n][1]), ("again", originals[n][0])):
            found = torch.load(tmp_path / folder / f"epoch_{n}.pth", weights_only=True)
            assert found.keys() == wanted.keys()
            assert all(torch.equal(found[key], value) and found[key].dtype == value.dtype for key, value in wanted.items())


def test_that_all_is_said_before_anything_is_written(runs: Path, tmp_path: Path, edit: Run) -> None:
    words = (runs, "-o", tmp_path / "out", "--strip-prefix", "module.", "--split", "w=0:q,k,v")
    code, out, err = edit(*words, "--dry-run")
    assert (code, err) == (0, "")
    assert not (tmp_path / "out").exists()
    assert out.endswith("nothing was written: this is a dry run\n")
    code, out, err = edit(*words)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "not copied: 1 other file there (log.txt)"
    assert f"  the edits do what they do in {runs / 'epoch_1.pth'}" in lines
    assert out.count("module.w -> w") == 1
    assert [line.split(" ", 1)[0] for line in lines[-5:]] == ["3", "Saved", "Saved", "Saved", "saved"]
    for n in (1, 2, 10):
        assert torch.equal(torch.load(tmp_path / "out" / f"epoch_{n}.pth")["k"], torch.full((2, 2), float(n)))


def test_that_one_that_cannot_be_stops_all_unless_told_to_keep_going(runs: Path, tmp_path: Path, edit: Run) -> None:
    torch.save({"module.b": torch.ones(2)}, runs / "epoch_2.pth")
    words = (runs, "-o", tmp_path / "out", "--format", "safetensors", "--split", "module.w=1:q,k")
    for more in ([], ["--dry-run"]):
        code, out, err = edit(*words, *more)
        assert code == 2
        assert err.splitlines()[0].startswith(f"inspector: {runs / 'epoch_2.pth'}: ")
        assert not (tmp_path / "out").exists()
    recipe = tmp_path / "r.json"
    code, out, err = edit(*words, "--json", "--save-recipe", recipe)
    answer = json.loads(out)
    assert (code, answer["error"]["id"]) == (2, "batch")
    assert not recipe.exists()
    assert ["error" in file for file in answer["files"]] == [False, True, False]
    assert not any("saved" in file for file in answer["files"])
    code, out, err = edit(*words, "--keep-going", "--json", "--save-recipe", recipe)
    answer = json.loads(out)
    assert (code, err.count("\n")) == (2, 1)
    assert (answer["recipe"], recipe.exists()) == (str(recipe), True)           # of those that were saved
    assert ["saved" in file for file in answer["files"]] == [True, False, True]
    assert answer["others"] == [str(runs / "log.txt")]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["epoch_1.safetensors", "epoch_10.safetensors"]
    assert load_file(tmp_path / "out" / "epoch_10.safetensors")["q"].shape == (6, 1)


def test_that_an_edit_that_changes_nothing_in_one_of_them_is_said(runs: Path, tmp_path: Path, edit: Run) -> None:
    torch.save({"module.b": torch.ones(2)}, runs / "epoch_2.pth")
    words = (runs, "-o", tmp_path / "out", "--strip-prefix", "module.", "--transpose", "w", "--drop", "no such")
    code, out, err = edit(*words, "--dry-run")
    assert (code, err) == (0, "")
    assert f"note: --transpose w changes nothing in 1 of 3 checkpoints: {runs / 'epoch_2.pth'}" in out.splitlines()
    assert "note: --drop" not in out                # in none of them, and each says so
    assert json.loads(edit(*words, "--json")[1])["idle"] == [{"edit": "--transpose w", "paths": [str(runs / "epoch_2.pth")]}]


def test_that_a_save_that_fails_ends_it_and_what_is_there_is_said(runs: Path, tmp_path: Path, edit: Run,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.core import batches
    kept = batches.save

    def failing(plan: core.SavePlan, **options: object) -> core.SaveReport:
        if "epoch_2" in plan.path:
            raise core.SaveError("the disk is full", "Make room.", id="disk-full")
        return kept(plan, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "save", failing)
    code, out, err = edit(runs, "-o", tmp_path / "out", "--strip-prefix", "module.")
    assert code == 2
    assert err.splitlines() == [f"inspector: {runs / 'epoch_2.pth'}: the disk is full. Make room.",
                                "inspector: saved 1 of 3 checkpoints; those after it were not begun"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["epoch_1.pth"]
    code, out, err = edit(runs, "-o", tmp_path / "out", "--strip-prefix", "module.", "--keep-going")
    assert (code, out.splitlines()[-1]) == (2, "saved 2 of 3 checkpoints")


def test_that_a_folder_is_changed_in_place(runs: Path, edit: Run) -> None:
    code, _, err = edit(runs, "--in-place", "--strip-prefix", "module.")
    assert (code, err) == (0, "")
    assert [list(torch.load(runs / f"epoch_{n}.pth")) for n in (1, 2, 10)] == [["w", "b"]] * 3
    code, _, err = edit(runs, "--in-place", "--cast", "float16")
    assert code == 2
    assert err.count("cannot be changed in place") == 3


@pytest.mark.parametrize(("output", "words"), [("one.pth", "is named like a file, and several checkpoints need a folder"),
                                               ("runs/epoch_1.pth", "is a file, and several checkpoints need a folder")])
def test_that_a_folder_of_epochs_is_no_one_file(runs: Path, tmp_path: Path, edit: Run, output: str, words: str) -> None:
    code, _, err = edit(runs, "-o", tmp_path / output, "--strip-prefix", "module.")
    assert (code, err.count("\n")) == (2, 1)
    assert words in err


def test_that_a_folder_that_is_a_checkpoint_is_that_one(tmp_path: Path, edit: Run) -> None:
    core.save({f"module.{n}": torch.ones(100) for n in range(4)}, tmp_path / "set", shard_size=900)
    code, _, err = edit(tmp_path / "set", "-o", tmp_path / "one.safetensors", "--strip-prefix", "module.")
    assert (code, err) == (0, "")
    assert sorted(load_file(tmp_path / "one.safetensors")) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("output", ["hub", "out"])
def test_that_a_folder_with_one_file_is_saved_into_a_folder_as_that_file(tmp_path: Path, edit: Run, output: str) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "out").mkdir()
    core.save({"module.w": torch.ones(3)}, tmp_path / "hub" / "model.safetensors")
    code, _, err = edit(tmp_path / "hub", "-o", tmp_path / output, "--strip-prefix", "module.")
    assert (code, err) == (0, "")
    assert list(load_file(tmp_path / output / "model.safetensors")) == ["w"]
