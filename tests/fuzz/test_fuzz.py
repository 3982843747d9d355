"""A few seconds of the fuzzer with every run of the suite, minutes of it with `-m slow`; and that it would notice."""
from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("resource")         # the limits of a worker are those of unix

from inspector import core
from tests.fuzz import mutations, operations, run, seeds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fuzz") / "seeds"
    seeds.make(made)
    return made


def test_that_damage_gives_answers_and_refusals_and_nothing_else(folder: Path) -> None:
    report = run.fuzz(2026, cases=60, folder=folder)
    assert not report.escapes, report.text()
    assert report.executions == 60
    assert report.outcomes["open: ok"] > 5
    assert report.outcomes["compare: ok"] > 0
    assert any(name.startswith("inspector check: exit") for name in report.outcomes)


@pytest.mark.slow
def test_that_minutes_of_damage_give_answers_and_refusals_and_nothing_else(folder: Path) -> None:
    report = run.fuzz(int(time.time()), seconds=60 * float(os.environ.get("FUZZ_MINUTES", "10")), folder=folder)
    assert not report.escapes, report.text()
    assert report.executions > 1000


def test_that_every_seed_is_sound_and_of_a_kind_that_is_damaged(folder: Path) -> None:
    formats = set()
    for name in seeds.names(folder):
        formats.add(core.open(folder / name).format)
    assert formats == {"torch-zip", "torch-legacy", "torch-tar", "torchscript", "torch-export", "safetensors", "safetensors-sharded", "dcp",
                       "pickle", "gguf", "npz", "onnx", "deepspeed-zero", "dcp-safetensors"}
    assert {name.partition("-")[0] for name in seeds.names(folder)} == set(seeds.KINDS)


def test_that_a_case_is_the_same_when_it_is_done_again(folder: Path, tmp_path: Path) -> None:
    found = []
    for n in range(2):
        (tmp_path / str(n)).mkdir()
        path, seed, random = run.prepare(17, 5, folder, tmp_path / str(n))
        found.append((seed.name, seeds.damaged(path).read_bytes(), random.random()))
    assert found[0] == found[1]


def test_that_mutations_of_every_kind_change_something(folder: Path) -> None:
    for name in seeds.names(folder):
        data = seeds.damaged(folder / name).read_bytes()
        kind = name.partition("-")[0]
        changed = sum(mutations.mutated(data, kind, data, Random(n)) != data for n in range(40))
        assert changed > 25, name


def test_that_opcodes_are_taken_apart_and_put_together_again(folder: Path) -> None:
    for name in seeds.names(folder):
        if name.startswith("pickle"):
            data = seeds.damaged(folder / name).read_bytes()
            parts, tail = mutations.taken_apart(data)
            assert b"".join(parts) + tail == data
            assert len(parts) > 10


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), run.TooLong("x"), RecursionError()])
def test_that_what_is_no_answer_is_an_escape(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fails(*args: object, **named: object) -> core.Checkpoint:
        raise error

    monkeypatch.setattr(operations.core, "open", fails)
    for case in range(6):                   # some go by the commands, which say it in their own way
        work = tmp_path / str(case)
        work.mkdir()
        _, escape = run.one(case, 1, folder, work)
        if escape is not None and escape.what.startswith(type(error).__name__):
            return
    pytest.fail("nobody noticed")


def test_that_bytes_which_a_save_changed_are_an_escape(tmp_path: Path) -> None:
    paths = core.make_demo(tmp_path)
    edited, other = core.open(paths[0]), core.open(paths[1])
    plan = core.plan_save(edited, tmp_path / "new.pth")
    with pytest.raises(operations.Untrue, match=r"other bytes|lost without a word"):
        operations._same(edited, other, plan)


WORKER = "import os, sys, time; os.write(1, b'{\"begins\": 7}\\n'); "
DONE = json.dumps({"case": 7, "outcomes": {"open: ok": 1}, "escape": None})


@pytest.mark.parametrize("does", ["os.kill(os.getpid(), 11)", "os._exit(3)", "time.sleep(600)"])
def test_that_a_worker_that_dies_or_hangs_is_an_escape(does: str) -> None:
    report = run.Report()
    assert run.watched([sys.executable, "-c", WORKER + does], 7, time.monotonic() + 60, report, wall=2.0) == 8
    assert report.executions == 1
    assert report.outcomes["ESCAPE"] == 1
    assert "case 7" in report.text()


def test_that_a_worker_that_is_done_is_not_held_to_be_dead() -> None:
    report = run.Report()
    assert run.watched([sys.executable, "-c", WORKER + f"print('''{DONE}''')"], 7, time.monotonic() + 60, report) == 8
    assert not report.escapes
    assert report.outcomes["open: ok"] == 1


def test_that_a_worker_that_cannot_begin_is_an_error_of_the_harness() -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        run.watched([sys.executable, "-c", "raise SystemExit('no such thing')"], 0, time.monotonic() + 60, run.Report())
