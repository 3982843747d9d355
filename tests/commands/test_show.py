"""`inspector show FILE KEY[SLICE]`."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import cli, core
from inspector.commands import show

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _file(in_folder: None) -> None:
    torch.save({"w": torch.arange(24.0).reshape(2, 3, 4), "list": [torch.ones(2)], "k[0]": torch.tensor([5]),
                "bf": torch.tensor([0.5, 1.5]).bfloat16(), "odd": torch.tensor([1.0, float("nan"), float("-inf")]),
                "c": torch.tensor([1 + 2j]), "big": torch.zeros(5000),
                "note": "two\nlines \u202e", "epoch": 7}, "m.pth")


def test_that_a_part_is_shown(run: Run) -> None:
    code, out, _ = run("show", "m.pth", "w[0, :2, -1]")
    assert (code, out.splitlines()) == (0, ["w[0, :2, -1]  [2] float32", "[3., 7.]"])
    assert run("show", "m.pth", "w[..., ::2]")[1].splitlines()[0] == "w[..., ::2]  [2, 3, 2] float32"
    assert "0.5, 1.5" in run("show", "m.pth", "bf")[1]
    assert run("show", "m.pth", "k[0]")[1].splitlines() == ["k[0]  [1] int64", "[5]"]
    assert run("show", "m.pth", "k[0][0]")[1].splitlines()[-1] == "5"
    assert run("show", "m.pth", "list.0")[0] == 0


def test_that_many_numbers_are_shortened_unless_all_are_asked_for(run: Run) -> None:
    assert "..." in run("show", "m.pth", "big")[1]
    out = run("show", "m.pth", "big", "--all")[1]
    assert "..." not in out
    assert out.count("0.") == 5000


def test_that_a_plain_value_is_shown_with_what_is_invisible_spelled_out(run: Run) -> None:
    assert run("show", "m.pth", "epoch")[1] == "7\n"
    assert run("show", "m.pth", "note")[1] == "two\nlines \\u202e\n"
    assert json.loads(run("show", "m.pth", "epoch", "--json")[1]) == {"key": "epoch", "type": "int", "value": 7}


def test_that_the_numbers_go_to_json_and_to_a_file(run: Run) -> None:
    answer = json.loads(run("show", "m.pth", "w[1, 0]", "--json")[1])
    assert (answer["shape"], answer["dtype"], answer["values"]) == ([4], "float32", [12, 13, 14, 15])
    assert json.loads(run("show", "m.pth", "odd", "--json")[1])["values"] == [1.0, "nan", "-inf"]
    assert json.loads(run("show", "m.pth", "c", "--json")[1])["values"] == [[1.0, 2.0]]
    assert json.loads(run("show", "m.pth", "bf", "--json")[1])["values"] == [0.5, 1.5]
    for key, dtype in (("w[:, 1]", "float32"), ("bf", "float32"), ("k[0]", "int64")):
        assert run("show", "m.pth", key, "-o", "x.npy")[0] == 0
        assert np.load("x.npy").dtype == dtype
    assert np.load("x.npy").tolist() == [5]
    assert json.loads(run("show", "m.pth", "w", "-o", "x.npy", "--json")[1])["shape"] == [2, 3, 4]
    assert np.load("x.npy").tolist() == torch.arange(24.0).reshape(2, 3, 4).tolist()


@pytest.mark.parametrize(("key", "said"), [
    ("ww", "There is 'w'"), ("w[5]", "out of bounds"), ("w[[1]]", "no part of a tensor"), ("w[a]", "no part of a tensor"),
    ("w[0", "no tensor 'w[0'"), ("w[0][1]", "no part"), ("w[0,0,0,0]", "4 indexes"),
    ("epoch[0]", "plain value"), ("w[::0]", "no such part"), ("w[1.5]", "no part"),
    ("w[__import__('os')]", "no part of a tensor"), ("w[" + "9" * 5000 + "]", "no part of a tensor")])
def test_that_a_mistake_is_one_line_that_helps(key: str, said: str, run: Run) -> None:
    code, _, err = run("show", "m.pth", key)
    assert (code, err.count("\n")) == (2, 1)
    assert said in err


def test_that_the_file_itself_is_not_replaced(run: Run) -> None:
    before = Path("m.pth").read_bytes()
    assert run("show", "m.pth", "w", "-o", "m.pth")[0] == 2
    assert Path("m.pth").read_bytes() == before


def test_that_an_index_is_read_and_never_run() -> None:
    assert show.parsed("[0, -1, 1:, ::2, ..., None]") == (0, -1, slice(1, None, None), slice(None, None, 2), ..., None)


def test_that_stored_bytes_are_shown_as_another_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    core.save({"q": np.array([[0x21, 0xF3]], np.uint8), "epoch": 3}, tmp_path / "a.pth")
    path = str(tmp_path / "a.pth")
    before = (tmp_path / "a.pth").read_bytes()
    assert cli.main(["show", path, "q", "--as", "i4"]) == 0
    assert capsys.readouterr().out == "q  [1, 4] int4\n[[ 1,  2,  3, -1]]\n"
    assert cli.main(["show", path, "q[1, :1]", "--as", "u4:2x2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"key": "q", "shape": [1], "dtype": "uint4", "device": "cpu", "values": [3]}
    assert cli.main(["show", path, "q", "--as", "u16"]) == 0
    assert capsys.readouterr().out == "q  [1, 1] uint16\n[[62241]]\n"
    for words in (["q", "--as", "f32"], ["q", "--as", "what"], ["q", "--as", "u4:5"], ["epoch", "--as", "u4"]):
        assert cli.main(["show", path, *words]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
    assert (tmp_path / "a.pth").read_bytes() == before
