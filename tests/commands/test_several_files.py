"""Several files and folders for one command."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import core

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a.pth, sub/b.safetensors, a set in sub/set, and what is no checkpoint."""
    core.save({"w": np.ones(2), "epoch": 1}, tmp_path / "a.pth")
    (tmp_path / "sub" / ".hidden").mkdir(parents=True)
    core.save({"x": np.ones(3)}, tmp_path / "sub" / "b.safetensors")
    core.save({f"l{n}": np.ones(100) for n in range(4)}, tmp_path / "sub" / "set", shard_size=1000)
    shutil.copy(tmp_path / "a.pth", tmp_path / "sub" / ".hidden" / "c.pth")
    (tmp_path / "sub" / "notes.txt").write_text("nothing")
    return tmp_path


def test_that_folders_give_every_checkpoint_and_a_set_once(folder: Path) -> None:
    expected = [folder / "a.pth", folder / "sub" / "b.safetensors", folder / "sub" / "set"]
    assert list(core.checkpoints_in(folder)) == [str(path) for path in expected]
    assert list(core.checkpoints_in(folder / "a.pth")) == [str(folder / "a.pth")]


@pytest.mark.parametrize("command", ["ls", "stats", "check", "digest"])
def test_that_a_command_goes_through_them(command: str, folder: Path, run: Run) -> None:
    code, out, err = run(command, "-r", folder)
    assert (code, err) == (0, "")
    for name in ("a.pth", "b.safetensors", "set"):
        assert name in out
    code, out, _ = run(command, "-r", folder, "--json")
    answers = json.loads(out)["files"]
    assert len(answers) == 3
    for answer in answers:
        assert answer.keys() == json.loads(run(command, answer.get("path", folder / "a.pth"), "--json")[1]).keys()


def test_that_one_file_is_answered_as_before(folder: Path, run: Run) -> None:
    assert "files" not in json.loads(run("ls", folder / "a.pth", "--json")[1])
    assert "==>" not in run("ls", folder / "a.pth")[1]
    assert run("ls", folder / "a.pth", folder / "sub" / "b.safetensors")[1].count("==> ") == 2


def test_that_what_cannot_be_read_is_told_and_the_rest_goes_on(folder: Path, run: Run) -> None:
    bad = folder / "bad.pth"
    bad.write_bytes(b"not a checkpoint")
    code, out, err = run("ls", bad, folder / "a.pth")
    assert code == 2
    assert "bad.pth" in err
    assert "epoch" in out
    code, out, _ = run("ls", bad, folder / "a.pth", "--json")
    first, second = json.loads(out)["files"]
    assert (code, first["path"], first["error"]["id"] != "internal") == (2, str(bad), True)
    assert second["tensors"][0]["key"] == "w"


def test_that_a_folder_and_a_link_to_it_give_each_checkpoint_once(folder: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(folder)
    (folder / "last.pth").symlink_to(folder / "a.pth")                  # a link to a file is one of its own
    found = [*map(str, (folder / "a.pth", folder / "last.pth", folder / "sub" / "b.safetensors", folder / "sub" / "set"))]
    for given in ([folder, link], [folder, link / "sub"], [folder, f"{folder}/", link / "a.pth"]):
        assert list(core.checkpoints_in_all(given)) == found
        assert run("ls", "-r", *given)[1].count("==> ") == 4
    assert list(core.checkpoints_in_all([link, folder])) == [str(link / Path(path).relative_to(folder)) for path in found]
    assert list(core.checkpoints_in_all([folder / "sub" / "set", link / "sub" / "set"])) == found[-1:]
    assert len(core.series([folder, link], everything=True)) == len(core.series([folder], everything=True))


def test_that_no_name_can_steer_the_terminal(folder: Path, run: Run) -> None:
    odd = folder / "a\x1b[31m\n.pth"
    shutil.copy(folder / "a.pth", odd)
    for arguments in (["ls", odd, folder / "gone\x1b.pth"], ["check", "-r", folder], ["digest", odd, odd]):
        _, out, err = run(*arguments)
        assert "\x1b" not in out + err
        assert "\\x1b" in out


def test_that_the_gravest_status_is_given(folder: Path, run: Run) -> None:
    torch.save({"w": torch.ones(2), "best": np.float64(1)}, folder / "refused.pth")
    assert run("check", folder / "a.pth")[0] == 0
    assert run("check", folder / "a.pth", folder / "refused.pth", folder / "sub" / "b.safetensors")[0] == 1
    assert run("check", folder / "refused.pth", folder / "nope.pth")[0] == 2


def test_that_a_folder_without_any_is_said(tmp_path: Path, run: Run) -> None:
    code, _, err = run("ls", "-r", tmp_path)
    assert code == 2
    assert "no checkpoint in" in err


def test_that_ls_shows_what_matches_and_no_values(folder: Path, run: Run) -> None:
    core.save({"enc": {"w": np.ones(2), "b": np.ones(3)}, "dec": {"w": np.ones(4)}, "enc_steps": 3, "lr": 0.1}, folder / "m.pth")
    code, out, _ = run("ls", folder / "m.pth", "--match", "enc*")
    assert code == 0
    assert "2 of 3 tensors match" in out
    assert "enc_steps" in out
    assert "dec.w" not in out
    assert "lr" not in out
    answer = json.loads(run("ls", folder / "m.pth", "--json", "--no-values", "--match", "*.w", "--digest")[1])
    assert ([row["key"] for row in answer["tensors"]], answer["values"]) == (["enc.w", "dec.w"], [])
    assert all(len(row["sha256"]) == 64 for row in answer["tensors"])
