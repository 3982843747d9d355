"""`inspector edit`: from one file to another, and what it says."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import core
from inspector.commands.progress import Bar
from inspector.core.saving import verify
from inspector.core.saving.disk import overwrite
from tests.core.edits.made import counted_edits

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "edit")


@pytest.fixture
def wrapped(tmp_path: Path) -> Path:
    """A state dict of a wrapped model: module.a and module.b."""
    torch.save({"module.a": torch.ones(3), "module.b": torch.arange(4.0)}, tmp_path / "in.pth")
    return tmp_path / "in.pth"


def test_that_edits_apply_in_the_order_in_which_they_are_typed(run: Run, wrapped: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    code, text, err = run(wrapped, "--add-prefix", "x", "-o", out, "--strip-prefix", "x.module.", "--rename", "^a=c", "--drop", "b")
    assert (code, err) == (0, "")
    assert list(core.open(out).tensors) == ["c"]
    assert text.index("--add-prefix") < text.index("--strip-prefix") < text.index("--rename") < text.index("--drop")
    assert "every byte was read back" in text
    # the other way round the prefix is not there yet
    code, text, err = run(wrapped, "--strip-prefix", "x.module.", "--add-prefix", "x", "-o", out)
    assert code == 0
    assert list(core.open(out).tensors) == ["x.module.a", "x.module.b"]
    assert "Nothing in the file fits." in text


def test_that_each_edit_is_applied_once(run: Run, wrapped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    applied = counted_edits(monkeypatch)
    code, _, _ = run(wrapped, "-o", tmp_path / "out.pth", "--strip-prefix", "module.", "--cast", "float16")
    assert code == 0
    assert applied == [core.StripPrefix("module."), core.Cast("float16")]


def test_that_a_dry_run_tells_and_writes_nothing(run: Run, wrapped: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir()), hashlib.sha256(wrapped.read_bytes()).digest()
    code, text, _ = run(wrapped, "-o", tmp_path / "out.pth", "--strip-prefix", "module.", "--cast", "fp16", "--dry-run",
                        "--save-recipe", tmp_path / "r.json")
    assert code == 0
    assert "module.a -> a" in text
    assert "2 renamed" in text
    assert "2 changed" in text
    assert "dry run" in text
    assert (sorted(tmp_path.iterdir()), hashlib.sha256(wrapped.read_bytes()).digest()) == before


def test_that_json_has_all_of_it(run: Run, wrapped: Path, tmp_path: Path) -> None:
    code, text, err = run(wrapped, "-o", tmp_path / "out.safetensors", "--strip-prefix", "module.", "--json")
    answer = json.loads(text)
    assert (code, err, answer["dry_run"]) == (0, "", False)
    file, = answer["files"]
    assert file["edits"] == [{"edit": "--strip-prefix module.", "renamed": [["module.a", "a"], ["module.b", "b"]], "dropped": [],
                              "changed": [], "notes": []}]
    assert file["format"] == "safetensors"
    assert file["losses"] == []
    assert file["saved"]["tensors"] == 2
    assert file["nbytes_after"] == (tmp_path / "out.safetensors").stat().st_size


def test_that_a_recipe_is_saved_and_used_among_other_edits(run: Run, wrapped: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "r.json"
    assert run("--strip-prefix", "module.", "--rename", "^a=c", wrapped, "--save-recipe", recipe)[0] == 0
    assert core.read_recipe(recipe) == [core.StripPrefix("module."), core.Rename("^a", "c")]
    out = tmp_path / "out.pth"
    assert run(wrapped, "--recipe", recipe, "--rename", "c=d", "-o", out)[0] == 0
    assert list(core.open(out).tensors) == ["d", "b"]


def test_that_a_recipe_is_written_once_the_save_stands_and_told_in_a_dry_run(run: Run, wrapped: Path, tmp_path: Path) -> None:
    recipe, words = tmp_path / "r.json", (wrapped, "--strip-prefix", "module.", "--save-recipe", tmp_path / "r.json")
    assert run(wrapped, "--set", "epoch=4", "-o", tmp_path / "lossy.safetensors", "--save-recipe", recipe)[0] == 2
    assert not recipe.exists()
    code, text, _ = run(*words, "-o", tmp_path / "out.pth", "--dry-run")
    assert (code, recipe.exists()) == (0, False)
    assert f"the edits would be kept as a recipe in {recipe}" in text
    code, text, _ = run(*words)                     # saved nowhere else
    assert (code, recipe.exists()) == (0, True)
    assert "nothing was written" not in text
    recipe.unlink()
    code, text, _ = run(*words, "-o", tmp_path / "out.pth")
    assert (code, recipe.exists()) == (0, True)
    assert text.endswith(f"the edits are kept as a recipe in {recipe}\n")
    assert json.loads(run(*words, "-o", tmp_path / "out.pth", "--json")[1])["files"][0]["recipe"] == str(recipe)


def test_that_a_recipe_without_a_place_stops_before_anything_is_saved(run: Run, wrapped: Path, tmp_path: Path) -> None:
    code, _, err = run(wrapped, "--drop", "b", "-o", tmp_path / "out.pth", "--save-recipe", tmp_path / "none" / "r.json")
    assert (code, (tmp_path / "out.pth").exists()) == (2, False)
    assert "the recipe cannot be written" in err


def test_that_several_files_go_into_a_folder_all_or_with_keep_going_those_that_can(run: Run, wrapped: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pth").write_bytes(b"no checkpoint")
    torch.save({"module.z": torch.ones(1)}, tmp_path / "other.pth")
    out = tmp_path / "out"
    words = (tmp_path / "bad.pth", wrapped, tmp_path / "other.pth", "-o", out, "--strip-prefix", "module.", "--format", "safetensors")
    code, text, err = run(*words)
    assert code == 2
    assert err.startswith(f"inspector: {tmp_path / 'bad.pth'}: ")
    assert err.endswith("inspector: nothing was written: 1 of 3 checkpoints cannot be saved. --keep-going saves the others.\n")
    assert not out.exists()
    code, text, err = run(*words, "--keep-going")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"inspector: {tmp_path / 'bad.pth'}: ")
    assert sorted(path.name for path in out.iterdir()) == ["in.safetensors", "other.safetensors"]
    assert list(core.open(out / "other.safetensors").tensors) == ["z"]
    assert text.count("every byte was read back") == 2


def test_that_several_files_are_merged_into_the_file_that_is_named(run: Run, wrapped: Path, tmp_path: Path) -> None:
    torch.save({"module.z": torch.ones(1)}, tmp_path / "other.pth")
    for name in ("one.pth", "one.safetensors", "one.safetensors.index.json"):
        code, text, err = run(wrapped, tmp_path / "other.pth", "-o", tmp_path / name, "--strip-prefix", "module.")
        assert (code, err) == (0, "")
        assert f"in.pth + {tmp_path / 'other.pth'} -> " in text
        assert set(core.open(tmp_path / name).tensors) == {"a", "b", "z"}
    code, text, _ = run(wrapped, tmp_path / "other.pth", "-o", tmp_path / "two.pth", "--json")
    assert json.loads(text)["files"][0]["merged"] == [str(wrapped), str(tmp_path / "other.pth")]


def test_that_a_merge_that_cannot_be_done_names_the_file_and_the_key(run: Run, wrapped: Path, tmp_path: Path) -> None:
    torch.save({"module.a": torch.ones(1)}, tmp_path / "other.pth")
    (tmp_path / "bad.pth").write_bytes(b"no checkpoint")
    code, _, err = run(wrapped, tmp_path / "other.pth", "-o", tmp_path / "one.pth")
    assert (code, err.count("\n")) == (2, 1)
    assert "module.a" in err
    code, _, err = run(wrapped, tmp_path / "bad.pth", "-o", tmp_path / "one.pth")
    assert code == 2
    assert err.startswith(f"inspector: {tmp_path / 'bad.pth'}: ")
    assert not (tmp_path / "one.pth").exists()


def test_that_the_output_may_be_the_file_itself(run: Run, wrapped: Path, tmp_path: Path) -> None:
    assert run(wrapped, "-o", wrapped, "--strip-prefix", "module.", "--device", "cpu=cuda:3")[0] == 0
    ckpt = core.open(wrapped)
    assert [(key, info.device) for key, info in ckpt.tensors.items()] == [("a", "cuda:3"), ("b", "cuda:3")]
    assert [path.name for path in tmp_path.iterdir()] == ["in.pth"]


def test_that_what_is_broken_is_named_refused_and_left_out(run: Run, tmp_path: Path) -> None:
    torch.save({f"layer.{i}": torch.full((300,), float(i)) for i in range(9)}, tmp_path / "whole.pth")
    data = (tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(data[:len(data) // 2])
    for more in ([], ["--add-prefix", "m"], ["--drop", "layer.4"], ["--cast", "float16"], ["--keep", "layer.{0,8}"]):
        code, _, err = run(tmp_path / "cut.pth", "-o", tmp_path / "out.pth", *more)
        assert code == 2
        assert err.count("\n") == 1
        assert "--drop-broken" in err
        assert not (tmp_path / "out.pth").exists()
    code, text, err = run(tmp_path / "cut.pth", "-o", tmp_path / "out.pth", "--drop-broken", "--add-prefix", "m")
    assert (code, err) == (0, "")
    found = torch.load(tmp_path / "out.pth", weights_only=True)
    assert all(torch.equal(value, torch.full((300,), float(key[-1]))) for key, value in found.items())
    gone = [f"layer.{i}" for i in range(9) if f"m.layer.{i}" not in found]
    assert 2 < len(gone) < 7
    assert f"--drop-broken: {len(gone)} dropped" in text
    assert all(f"    {key}: " in text for key in gone)
    code, text, _ = run(tmp_path / "cut.pth", "--dry-run", "--drop-broken", "--json")
    assert json.loads(text)["files"][0]["edits"][0]["dropped"] == gone


def test_that_losses_are_refused_until_they_are_allowed(run: Run, tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "epoch": 3}, tmp_path / "in.pth")
    out = tmp_path / "out.safetensors"
    code, text, err = run(tmp_path / "in.pth", "-o", out)
    assert code == 2
    assert "--allow-loss" in err
    assert "epoch" in text
    assert not out.exists()
    assert run(tmp_path / "in.pth", "-o", out, "--allow-loss")[0] == 0
    assert list(core.open(out).tensors) == ["w"]


def test_that_the_weights_of_a_whole_model_load_strictly(run: Run, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    torch.save(model, tmp_path / "model.pt")
    assert run(tmp_path / "model.pt", "--extract", ".", "-o", tmp_path / "w.pth")[0] == 0
    fresh = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    fresh.load_state_dict(torch.load(tmp_path / "w.pth", weights_only=True), strict=True)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), fresh.state_dict().values(), strict=True))


def test_that_a_cast_file_is_what_torch_would_have_saved(run: Run, wrapped: Path, tmp_path: Path) -> None:
    assert run(wrapped, "--cast", "bf16", "-o", tmp_path / "out.pth")[0] == 0
    loaded = torch.load(tmp_path / "out.pth", weights_only=True)
    assert torch.equal(loaded["module.b"], torch.arange(4.0).bfloat16())


@pytest.mark.parametrize(("arguments", "words"), [
    (["IN"], "-o OUT"), (["-o", "x", "--drop", "a"], "IN"), (["IN", "-o", "out", "--rename", "(=a"], "--rename (=a: "),
    (["IN", "-o", "out", "--rename", "a=b", "--drop"], "--drop"), (["IN", "-o", "out", "--recipe", "none.json"], "--recipe none.json"),
    (["IN", "-o", "out", "--format", "gguf"], "gguf"), (["IN", "-o", "out", "--strip", "module."], "--strip"),
    (["IN", "IN", "-o", "folder"], "two of the files"), (["IN", "-o", "out.pth", "--extract", "nope"], "nothing at 'nope'"),
    (["IN", "-o", "out.pth", "--rename", r"module\.\w=x"], "would both be called"),
    (["IN", "-o", "out.pth", "--drop", "*"], "nothing would be left"),
])
def test_that_a_request_that_makes_no_sense_is_one_line_and_writes_nothing(
        run: Run, wrapped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*(wrapped if argument == "IN" else argument for argument in arguments))
    assert code == 2
    assert out == ""
    assert words in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in.pth"]


def test_that_the_bar_is_one_line_that_goes_away() -> None:
    drawn: list[str] = []
    bar = Bar(drawn.append)
    bar.report(1, 2, "early")
    assert drawn == []
    bar._next = 0
    bar.report(1, 2, "a\nb" * 40)
    bar.clear()
    assert "50%" in drawn[0]
    assert "\n" not in "".join(drawn)
    assert drawn[1].strip() == ""


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_that_names_are_changed_in_the_file_itself(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    state = {"module.a": torch.arange(600.0), "module.b": torch.ones(2)}
    torch.save(state, path) if name.endswith("h") else save_file(state, path)
    inode = path.stat().st_ino
    code, out, err = run(path, "--in-place", "--strip-prefix", "module.", "--dry-run")
    assert (code, err) == (0, "")
    assert "in place" in out
    assert "nothing was written" in out
    assert list(core.open(path).tensors) == list(state)
    code, out, err = run(path, "--in-place", "--strip-prefix", "module.", "--json")
    assert (code, err) == (0, "")
    [file] = json.loads(out)["files"]
    assert file["in_place"] is True
    assert 0 < file["saved"]["written"] < file["nbytes_after"]
    assert path.stat().st_ino == inode
    found = torch.load(path) if name.endswith("h") else load_file(path)
    assert {key: found[key].tolist() for key in found} == {key.removeprefix("module."): state[key].tolist() for key in state}


def test_that_what_takes_a_copy_says_so_and_how(run: Run, wrapped: Path) -> None:
    before = wrapped.read_bytes()
    code, _, err = run(wrapped, "--in-place", "--cast", "float16")
    assert code == 2
    assert "cannot be changed in place" in err
    assert "-o OUT" in err
    for option in (["-o", "x.pth"], ["--format", "safetensors"], ["--shard-size", "5GB"]):
        code, _, err = run(wrapped, "--in-place", *option, "--strip-prefix", "module.")
        assert code == 2
        assert option[0] in err
    assert wrapped.read_bytes() == before
    code, _, err = run(wrapped, "--strip-prefix", "module.")
    assert code == 2
    assert "--in-place" in err


def test_that_a_change_that_was_interrupted_is_taken_back_before_the_next_edit(run: Run, wrapped: Path, tmp_path: Path,
                                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Killed

    before = wrapped.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(verify, "read_back", stop)
        patch.setattr(overwrite, "_back", stop)
        with pytest.raises(Killed):
            run(wrapped, "--in-place", "--add-prefix", "x.")
    assert wrapped.read_bytes() != before
    code, out, _ = run(wrapped, "--dry-run", "--add-prefix", "y.")
    assert wrapped.read_bytes() != before                # a dry run writes nothing
    assert "was interrupted, or is going on just now" in out
    code, _, err = run(wrapped, "--dry-run", "--copy", "nothing=y")
    assert code == 2
    assert "was interrupted, or is going on just now" in err        # and not what is wrong with half of each
    code, out, err = run(wrapped, "-o", tmp_path / "new.pth", "--add-prefix", "y.")
    assert (code, err) == (0, "")
    assert "taken back" in out
    assert wrapped.read_bytes() == before
    assert all(key.startswith("y.module.") for key in core.open(tmp_path / "new.pth").tensors)


def test_that_a_backup_is_said_and_kept(run: Run, tmp_path: Path) -> None:
    torch.save({"module.w": torch.arange(3.0)}, tmp_path / "a.pth")
    before = (tmp_path / "a.pth").read_bytes()
    code, out, _ = run(str(tmp_path / "a.pth"), "-o", str(tmp_path / "a.pth"), "--strip-prefix", "module.", "--backup")
    assert code == 0
    assert "The old file is kept as a.pth.bak." in out
    assert (tmp_path / "a.pth.bak").read_bytes() == before
    code, out, _ = run(str(tmp_path / "a.pth"), "-o", str(tmp_path / "a.pth"), "--add-prefix", "net.", "--backup", "--json")
    assert json.loads(out)["files"][0]["saved"]["backup"] == str(tmp_path / "a.pth.bak2")
    code, _, err = run(str(tmp_path / "a.pth"), "--in-place", "--add-prefix", "x.", "--backup")
    assert code == 2
    assert err.count("\n") == 1
