"""A file that is written while it is opened, and what is another in it afterwards."""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inspector import core
from inspector.core import reopening


class Waits:
    """At each wait the next thing happens to the file, instead of time passing."""

    def __init__(self, *happens: Callable[[], object]) -> None:
        self._happens = list(happens)
        self.times = 0

    def __call__(self, seconds: float) -> None:
        self.times += 1
        if self._happens:
            self._happens.pop(0)()
        else:
            time.sleep(seconds)


def save(path: Path, n: float, age: float = 60.0) -> Path:
    torch.save({"epoch": n, "w": torch.full((2000,), float(n)), "b": torch.ones(3)}, path)
    return aged(path, age)


def aged(path: Path, age: float = 60.0) -> Path:
    then = time.time() - age
    os.utime(path, (then, then + 1e-4))
    return path


def test_that_a_file_at_rest_is_opened_at_once(tmp_path: Path) -> None:
    waits = Waits()
    found = core.open_between_writes(save(tmp_path / "a.pth", 1), wait=waits)
    assert (found.values["epoch"], waits.times) == (1, 0)


@pytest.mark.parametrize("part", [0, 4, 700, -30])
def test_that_half_a_file_is_waited_for(tmp_path: Path, part: int) -> None:
    whole = save(tmp_path / "b.pth", 2).read_bytes()
    path = save(tmp_path / "a.pth", 1)
    path.write_bytes(whole[:part])
    waits = Waits(lambda: None, lambda: (path.write_bytes(whole), aged(path)))
    assert core.open_between_writes(path, wait=waits).values["epoch"] == 2
    assert waits.times >= 2


def test_that_a_file_which_was_written_a_moment_ago_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reopening, "_GRAIN", 30 * 10 ** 9)      # a moment, in which a slow machine gets as far as the look as well
    path = save(tmp_path / "a.pth", 1, age=0.0)
    waits = Waits(lambda: save(path, 2))
    assert core.open_between_writes(path, wait=waits).values["epoch"] == 2


def test_that_what_stays_cut_short_is_opened_for_what_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pth", 1)
    path.write_bytes(path.read_bytes()[:-30])
    aged(path)
    found = core.open_between_writes(path)
    assert "truncated-archive" in [finding.id for finding in found.findings]


def test_that_what_stays_no_checkpoint_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(b"")
    with pytest.raises(core.ReadError, match="empty"):
        core.open_between_writes(path)
    with pytest.raises(FileNotFoundError):
        core.open_between_writes(tmp_path / "gone.pth")


def test_that_a_file_which_is_written_all_the_time_is_given_up_for_now(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pth", 1)
    path.write_bytes(b"")
    numbers = iter(range(100_000))
    with pytest.raises(core.Changed, match="written all the time"):
        core.open_between_writes(path, patience=0.1, wait=lambda seconds: path.write_bytes(b"P" * next(numbers)))


def test_that_new_gone_and_changed_keys_are_told_by_the_checksums_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"epoch": 1, "note": "a", "same": torch.ones(4), "moved": torch.ones(4), "cut": torch.ones(4), "old": torch.ones(2)}, path)
    before = core.open(path)
    torch.save({"epoch": 2, "note": "a", "same": torch.ones(4), "moved": torch.zeros(4), "cut": torch.ones(3), "new": torch.ones(2),
                "lr": 0.1}, path)
    found = core.rewritten(before, core.open(path))
    assert found == core.Rewritten(new=("new", "lr"), gone=("old",), changed=("moved", "cut", "epoch"))
    assert not core.rewritten(before, before)


def test_that_without_checksums_nothing_is_said_to_be_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"a": torch.ones(4), "b": torch.ones(4)}, path)
    before = core.open(path)
    digests = dict(core.digests(before))
    save_file({"a": torch.ones(4), "b": torch.zeros(4)}, path)
    now = core.open(path)
    assert core.rewritten(before, now) == core.Rewritten(unknown=2)
    assert core.rewritten(before, now, (digests, dict(core.digests(now)))) == core.Rewritten(changed=("b",))


def test_that_a_loss_that_stays_nan_has_not_changed(tmp_path: Path) -> None:
    one = core.open(core.save({"w": np.ones(2), "loss": float("nan"), "lr": 1}, tmp_path / "a.pth").path)
    other = core.open(core.save({"w": np.ones(2), "loss": float("nan"), "lr": 1.0}, tmp_path / "b.pth").path)
    assert core.rewritten(one, other).changed == ("lr",)
