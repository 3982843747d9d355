"""What the commands make of files that other programs refuse whole, of which most is there."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save as safetensors_bytes

from tests.core.formats.test_salvaged_and_padded import STATE, python_2, stream, zipped
from tests.core.pickles import opcodes as op

Run = Callable[..., tuple[int, str, str]]
OLD = op.dict_of([(op.text("w"), op.integer(1)), (python_2(b"caf\xe9"), op.integer(2))])


class Row(NamedTuple):
    """`broken` of the six tensors cannot be had; `finding` says why."""

    suffix: str
    raw: bytes
    broken: int
    finding: str


ROWS = {
    "a length of the stream is too large": Row(".pth", stream({0: 1000}), 1, "broken-tensor"),
    "a length of the stream is too small": Row(".pth", stream({2: 8}), 1, "broken-tensor"),
    "the stream is cut": Row(".pth", stream()[:-6100], 4, "truncated"),
    "the archive is cut": Row(".pth", zipped()[:len(zipped()) // 2], 3, "truncated-archive"),
    "the archive is padded": Row(".pth", zipped() + bytes(70_000), 0, "padded"),
    "a byte too many": Row(".safetensors", safetensors_bytes(STATE) + b"\0", 0, "extra-bytes"),
    "a byte too few": Row(".safetensors", safetensors_bytes(STATE)[:-1], 1, "truncated"),
}


@pytest.fixture(params=ROWS)
def row(request: pytest.FixtureRequest) -> Row:
    return ROWS[request.param]


@pytest.fixture
def bad(row: Row, tmp_path: Path) -> Path:
    path = tmp_path / f"bad{row.suffix}"
    path.write_bytes(row.raw)
    return path


@pytest.fixture
def good(row: Row, tmp_path: Path) -> Path:
    path = tmp_path / f"good{row.suffix}"
    path.write_bytes(zipped() if row.suffix == ".pth" else safetensors_bytes(STATE))
    return path


def test_that_check_says_what_is_missing_and_ends_with_1(row: Row, bad: Path, run: Run) -> None:
    code, out, err = run("check", bad)
    assert (code, err) == (1, "")
    assert f"danger   {row.finding}" in out
    assert f"read {6 - row.broken} of 6 tensors" in out


def test_that_what_can_be_read_compares_equal_and_the_rest_is_named(row: Row, bad: Path, good: Path, run: Run) -> None:
    code, out, err = run("diff", bad, good)
    assert (code, err) == (3 if row.broken else 0, "")
    assert f"6 pairs: {6 - row.broken} equal" in out
    assert out.count("\n?  layer") == row.broken


def test_that_a_save_is_refused_or_loses_nothing_and_without_what_is_broken_others_read_it(row: Row, bad: Path, run: Run) -> None:
    new = bad.with_stem("new")
    code, _, err = run("edit", bad, "-o", new)
    assert (code, new.exists()) == ((2, False) if row.broken else (0, True))
    assert ("--drop-broken" in err) is (row.broken > 0)
    code, _, err = run("edit", bad, "-o", new, "--drop-broken")
    assert (code, err) == (0, "")
    theirs = load_file(new) if row.suffix == ".safetensors" else torch.load(new, weights_only=True)
    assert len(theirs) == 6 - row.broken
    assert all(torch.equal(value, STATE[key]) for key, value in theirs.items())
    assert bad.read_bytes() == row.raw


def test_that_a_run_leaves_out_what_is_cut_and_nothing_that_is_whole(row: Row, bad: Path, good: Path, run: Run) -> None:
    code, out, _ = run("run", good, bad, "--no-cache")
    assert code == 0
    assert (f"! {bad} is cut short" in out) is (row.finding.startswith("truncated"))
    assert "cannot be read" not in out
    assert ("left out" in out) is False


def test_that_text_of_python_2_is_told_with_what_ends_it(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "old.pth"
    path.write_bytes(b"".join(map(op.pickled, (op.integer(0x1950A86A20F9469CFC6C), op.integer(1001), op.EMPTY_DICT, OLD, op.EMPTY_LIST))))
    code, out, _ = run("check", path)
    assert (code, "warning  undecodable-text" in out, 'encoding="latin1"' in out) == (1, True, True)
    assert "caf\xe9 is under a key that is a text of Python 2 that is not UTF-8" in out
    assert run("diff", path, path)[0] == 0
    assert run("edit", path, "-o", tmp_path / "new.pth", "--plain", "*")[0] == 0
    assert torch.load(tmp_path / "new.pth", weights_only=True) == {"w": 1, "caf\xe9": 2}
    assert run("diff", path, tmp_path / "new.pth")[0] == 0
