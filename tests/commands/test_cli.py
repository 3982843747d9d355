"""The command line: what it prints where, and its exit codes. Mostly in this process; a process of its own costs time."""
from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shlex
import signal
import struct
import subprocess
import sys
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import inspector
from inspector import cli, core
from inspector.commands import COMMANDS, progress
from inspector.commands.wide_text import width
from tests import builders

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Two tensors: a = [0, 1, 2, 3] as float32 and b = [[-1], [5]] as int64."""
    path = tmp_path / "small.safetensors"
    path.write_bytes(builders.safetensors(
        {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
         "b": {"dtype": "I64", "shape": [2, 1], "data_offsets": [16, 32]}},
        struct.pack("<4f2q", 0, 1, 2, 3, -1, 5)))
    return path


@pytest.fixture
def training(tmp_path: Path) -> Path:
    path = tmp_path / "last.pth"
    weight = torch.arange(12.).reshape(3, 4)
    torch.save({"epoch": 7, "loss": float("nan"), "name": "run\n\x1b[31m1", "lr": float("inf"),
                "model_state_dict": {"w": weight, "tied": weight, "turned": weight.t(), "scale": torch.tensor(2.5)}}, path)
    return path


def one_line(err: str) -> str:
    assert err.startswith("inspector: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err


# -- ls -----------------------------------------------------------------------------------------------------------------------

def test_that_ls_json_has_the_fixed_layout(run: Run, small: Path) -> None:
    code, out, err = run("ls", "--json", "--digest", small)
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert list(said) == ["path", "format", "kind", "tensors", "values", "state_dicts", "findings", "logical"]
    assert (said["path"], said["format"], said["kind"]) == (str(small), "safetensors", "state-dict")
    first = said["tensors"][0]
    storage = first.pop("storage")
    assert isinstance(storage, str)
    assert first == {
        "key": "a", "shape": [4], "dtype": "float32", "device": None, "stride": [1], "offset": 0, "numel": 4, "nbytes": 16,
        "storage_nbytes": 16, "requires_grad": False, "state_dict": "",
        "sha256": hashlib.sha256(struct.pack("<4f", 0, 1, 2, 3)).hexdigest()}
    assert [t["key"] for t in said["tensors"]] == ["a", "b"]


def test_that_ls_json_tells_values_and_shared_storages(run: Run, training: Path) -> None:
    code, out, _ = run("ls", training, "--json")
    said = json.loads(out)
    assert code == 0
    assert said["state_dicts"] == ["model_state_dict"]
    assert {"key": "epoch", "type": "int", "value": 7} in said["values"]
    assert {"key": "loss", "type": "float", "value": "nan"} in said["values"]
    assert {"key": "lr", "type": "float", "value": "inf"} in said["values"]
    tensors = {t["key"]: t for t in said["tensors"]}
    assert list(tensors) == [f"model_state_dict.{name}" for name in ("w", "tied", "turned", "scale")]
    assert tensors["model_state_dict.w"]["storage"] == tensors["model_state_dict.turned"]["storage"]
    assert (tensors["model_state_dict.turned"]["shape"], tensors["model_state_dict.turned"]["stride"]) == ([4, 3], [1, 4])
    assert (tensors["model_state_dict.scale"]["shape"], tensors["model_state_dict.scale"]["device"]) == ([], "cpu")
    assert "sha256" not in tensors["model_state_dict.w"]
    assert all(t["state_dict"] == "model_state_dict" for t in said["tensors"])


def test_that_ls_text_says_what_is_there(run: Run, training: Path) -> None:
    code, out, err = run("ls", training)
    assert (code, err) == (0, "")
    assert "a training checkpoint (torch-zip), 4 tensors, 25 parameters" in out       # `tied` is the same view as `w`
    assert "epoch" in out
    assert "[3, 4]" in out
    assert "model_state_dict.turned" in out


def test_that_control_characters_of_files_are_escaped(run: Run, training: Path) -> None:
    _, out, _ = run("ls", training)
    assert "\x1b" not in out
    assert "\\x1b[31m1" in out


def test_that_columns_line_up_and_digests_are_last(run: Run, small: Path) -> None:
    _, out, _ = run("ls", "--digest", small)
    rows = [line for line in out.splitlines() if line.startswith(("key ", "a ", "b "))]
    assert rows[0].split() == ["key", "shape", "dtype", "device", "bytes", "sha256"]
    assert len({row.index(word) for row, word in zip(rows, ("dtype", "float32", "int64"), strict=True)}) == 1
    assert rows[1].split()[-1] == hashlib.sha256(struct.pack("<4f", 0, 1, 2, 3)).hexdigest()


def test_that_a_broken_tensor_has_a_problem_and_no_digest(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    torch.save({"w": torch.arange(4.), "x": torch.ones(3)}, path)
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<4f", 0, 1, 2, 3))
    data[at] ^= 1
    path.write_bytes(data)
    code, out, _ = run("ls", path, "--json", "--digest")
    broken, sound = json.loads(out)["tensors"]
    assert code == 0
    assert "CRC" in broken["problem"]
    assert "sha256" not in broken
    assert "problem" not in sound
    assert "! " in run("ls", path, "--digest")[1]
    assert "problem" in json.loads(run("stats", path, "--json")[1])["tensors"][0]


def test_that_lone_surrogates_neither_crash_nor_change(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    torch.save({"a\ud800": torch.ones(1), "模型": torch.ones(1)}, path)
    assert [t["key"] for t in json.loads(run("ls", "--json", path)[1])["tensors"]] == ["a\ud800", "模型"]
    out = run("ls", path)[1]
    assert "a\\ud800" in out
    assert "模型" in out


# -- what cannot be read ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("content", [b"", b"PK", b"<html><title>404</title></html>", b"\x80\x02}", os.urandom(500), b"\0" * 4096],
                         ids=["empty", "zip-magic", "html", "cut-pickle", "noise", "zeros"])
@pytest.mark.parametrize("command", ["ls", "stats", "check"])
def test_that_garbage_is_one_line_and_exit_2(run: Run, tmp_path: Path, command: str, content: bytes) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    code, out, err = run(command, path)
    assert (code, out) == (2, "")
    assert f"inspector: {path}: " in one_line(err)


def test_that_a_missing_file_and_a_folder_are_one_line(run: Run, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        code, out, err = run("ls", path)
        assert (code, out) == (2, "")
        assert str(path) in one_line(err)


@pytest.mark.parametrize(("arguments", "id", "where"), [
    (["ls", "FILE"], "empty", "FILE"), (["stats", "FILE"], "empty", "FILE"), (["check", "FILE"], "empty", ""),
    (["diff", "SMALL", "FILE"], "empty", "FILE"), (["code", "FILE"], "empty", "FILE"), (["ls", "gone"], "io", "gone"),
    (["edit", "FILE", "-o", "OUT"], "empty", ""), (["edit", "SMALL", "--rename", "(=a", "-o", "OUT"], "usage", ""),
    (["ls"], "usage", ""), (["lss", "FILE"], "usage", ""), (["stats", "SMALL", "--bins", "0"], "usage", ""),
    (["ls", "--digets", "SMALL"], "usage", ""), (["desktop"], "usage", ""), (["ls", "-"], "usage", "-"), ([], "usage", ""),
    (["diff", "SMALL", "SMALL", "--html", "gone/x.html"], "save", "gone/x.html")],
    ids=lambda found: " ".join(found) if isinstance(found, list) else "")
@pytest.mark.parametrize("front", [False, True], ids=["behind", "before"])
def test_that_errors_are_json_where_it_is_asked_for(run: Run, tmp_path: Path, small: Path, arguments: list[str], id: str, where: str,
                                                    front: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cut = tmp_path / "cut.pth"
    cut.write_bytes(b"")
    names = {"FILE": cut, "SMALL": small, "OUT": tmp_path / "out.pth"}
    typed = [names.get(argument, argument) for argument in arguments]
    code, out, err = run(*(["--json", *typed] if front else [*typed, "--json"]))
    assert code == 2
    error = json.loads(out)["error"]
    assert list(error) == ["id", "message", "hint", "where"]
    assert (error["id"], error["where"]) == (id, str(names.get(where, where)))
    assert error["message"] in one_line(err)


def test_that_a_bug_is_json_too(run: Run, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError if "memory" in os.environ else KeyError("oh")

    monkeypatch.setattr(core, "open", broken)
    monkeypatch.delenv("INSPECTOR_DEBUG", raising=False)
    assert json.loads(run("ls", "--json", small)[1])["error"]["id"] == "internal"
    monkeypatch.setenv("memory", "1")
    assert json.loads(run("ls", "--json", small)[1])["error"]["id"] == "memory"


def test_that_file_names_cannot_forge_lines(run: Run, tmp_path: Path) -> None:
    code, _, err = run("ls", tmp_path / "a\ninspector: all is well\x1b[0m")
    assert code == 2
    assert "\\n" in one_line(err)
    assert "\x1b" not in err


@pytest.mark.parametrize("arguments", [["ls"], ["verify", "a"], ["ls", "--what", "a"], ["stats", "a", "--bins", "x"],
                                       ["ls", "-"], ["--frob"], ["-"], ["desktop"], ["desktop", "dance"], ["demo", "x"],
                                       ["check", "--dig", "a"]],
                         ids=" ".join)
def test_that_a_mistaken_command_is_one_line_and_exit_2(run: Run, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    one_line(err)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_that_options_may_stand_anywhere(run: Run, small: Path, place: int) -> None:
    arguments: list[object] = ["ls", small]
    arguments.insert(place, "--json")
    code, out, _ = run(*arguments)
    assert code == 0
    assert json.loads(out)["format"] == "safetensors"


# -- what was probably meant --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("arguments", "wrong", "right"), [
    (["lss", "a.pth"], "'lss'", "ls"), (["edti", "a.pth", "-o", "b.pth"], "'edti'", "edit"), (["chekc", "a.pth"], "'chekc'", "check"),
    (["Stats", "a.pth"], "'Stats'", "stats"), (["compare", "a.pth", "b.pth"], "'compare'", "diff"), (["help", "dif"], "'dif'", "diff"),
    (["convert", "a.pth"], "'convert'", "edit"),
    (["edit", "a.pth", "-o", "b.pth", "--strip-prefx", "m."], "--strip-prefx", "--strip-prefix"),
    (["ls", "--digset", "a.pth"], "--digset", "--digest"), (["diff", "a", "b", "--htm=x"], "--htm", "--html"),
    (["--screenshto", "o.png"], "--screenshto", "--screenshot"), (["a.pth", "--new-windw"], "--new-windw", "--new-window")], ids=" ".join)
def test_that_a_typing_error_is_answered_with_what_was_meant(run: Run, arguments: list[str], wrong: str, right: str, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch, window: list[Any]) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out, window) == (2, "", [])
    assert f"{wrong}; did you mean {right}?" in one_line(err)


def test_that_a_word_that_is_nothing_is_called_so(run: Run, window: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "neither a command nor a file 'zebra'" in one_line(run("zebra")[2])
    assert window == []


def test_that_an_existing_file_is_opened_whatever_its_name_is_like(run: Run, window: list[Any], tmp_path: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPLAY", ":0")
    (tmp_path / "lss").touch()
    for typed in (["lss"], ["./gone"], ["gone.pth"], ["--", "edti"], ["a/lss"], ["x!y"]):
        assert run(*typed) == (0, "", "")
    assert [asked[0] for asked in window] == [["lss"], ["./gone"], ["gone.pth"], ["edti"], ["a/lss"], ["x!y"]]


def test_that_the_value_of_an_option_is_no_command(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("--state-dict", "code", "check", "x.pth", "--against", "y.pth")
    assert (code, out) == (2, "")
    assert "inspector check --state-dict" in one_line(err)
    for typed, said in ((["--match", "ls", "stats", "x.pth"], "inspector stats --match"),
                        (["--what", "ls", "x.pth"], "unknown option --what"),
                        (["--screenshot", "ls", "ls", "x.pth"], "--screenshot is no option of inspector ls")):
        assert said in one_line(run(*typed)[2])


@pytest.mark.parametrize("arguments", [
    ["verify", "a\x1b[31m", "b\nc"], ["--frob\x1b[31m"], ["ls", "--fr\x1bob", "x"], ["zeb\x1b[0mra.pth", "--x\x07"],
    ["desktop", "\x1b]0;x\x07"], ["help", "\x1b[2J"], ["ls", "\x1b[31mgone\n.pth"], ["diff", "a\x9b", "b"], ["check", "gone\x1b", "--json"],
    ["stats", "x", "--bins", "\x1b[1m"]])
def test_that_nothing_typed_can_steer_the_terminal(run: Run, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert not set("\x1b\x07\x9b\r") & set(out + one_line(err)[:-1])


@pytest.mark.parametrize("arguments", [
    ["ls"], ["stats"], ["stats", "--match", "*\x1b*"], ["check"], ["code"], ["diff", "{other}"],
    ["edit", "--dry-run", "--rename", "w=\x1b]0;w\x07"], ["edit", "--dry-run", "--set-metadata", "\x1b[1m=\x9b2J"],
    ["edit", "--dry-run", "--drop", "\x1b[2J*"], ["edit", "--dry-run", "--add-prefix", "\x1b[31m."],
    ["edit", "-o", "{folder}/\x1b[31mout.safetensors", "--set-metadata", "a=\x1b"]])
def test_that_neither_names_nor_what_is_typed_can_steer_the_terminal(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    """Of a file that can be read: its path, keys and metadata, and the arguments that are said again."""
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    path = tmp_path / "\x1b[31mmodel\x07.safetensors"
    path.write_bytes(builders.safetensors({"__metadata__": {"\x1b[0m": "\x9b1m\r"}, "module.\x1b[2Jw\x7f": tensor}, struct.pack("<f", 1)))
    other = tmp_path / "other\x1b[5m.safetensors"
    other.write_bytes(builders.safetensors({"\x1b[7mv": tensor}, struct.pack("<f", 2)))
    command, *rest = (argument.replace("{other}", str(other)).replace("{folder}", str(tmp_path)) for argument in arguments)
    _, out, err = run(command, path, *rest)
    assert out + err
    assert not set("\x1b\x07\x9b\r\x7f") & set(out + err)


def test_that_a_bug_is_one_line_too(run: Run, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("oh\nno")

    monkeypatch.setattr(core, "open", broken)
    monkeypatch.delenv("INSPECTOR_DEBUG", raising=False)
    code, out, err = run("ls", small)
    assert (code, out) == (2, "")
    assert "bug in inspector (KeyError" in one_line(err)
    assert "INSPECTOR_DEBUG=1" in err
    monkeypatch.setenv("INSPECTOR_DEBUG", "1")
    with pytest.raises(KeyError):
        cli.main(["ls", str(small)])


def test_that_ctrl_c_is_quiet(run: Run, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(core, "open", interrupted)
    assert run("ls", small) == (130, "", "")


# -- how far long work is -----------------------------------------------------------------------------------------------------

class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("arguments", [
    ["ls", "FILE"], ["ls", "--digest", "FILE"], ["stats", "FILE"], ["stats", "FILE", "--json"], ["check", "FILE"],
    ["check", "FILE", "--against", "FILE"], ["diff", "FILE", "FILE"], ["edit", "FILE", "-o", "OUT", "--drop", "epoch"], ["code", "FILE"]],
    ids=" ".join)
def test_that_long_work_shows_how_far_it_is_on_a_terminal_and_nowhere_else(
        arguments: list[str], training: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed = [{"FILE": str(training), "OUT": str(tmp_path / "out.pth")}.get(argument, argument) for argument in arguments]
    monkeypatch.setattr(progress, "_AFTER", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    assert cli.main(typed) in (0, 1)
    quiet = capsys.readouterr()
    assert quiet.err == ""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    assert cli.main(typed) in (0, 1)
    shown = screen.getvalue()
    assert re.search(r"\r\[[#-]{24}\] +\d+% ", shown)
    assert "\n" not in shown
    assert shown.rsplit("\r", 2)[1].strip() == ""            # taken away at last
    assert re.sub(r"\(\d.*? s\)", "", capsys.readouterr().out) == re.sub(r"\(\d.*? s\)", "", quiet.out)


def test_that_the_bar_is_gone_before_anything_is_said(training: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_AFTER", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    both = Screen()
    monkeypatch.setattr(sys, "stdout", both)
    monkeypatch.setattr(sys, "stderr", both)
    assert cli.main(["stats", str(training), "--match", "nothing"]) == 2
    assert cli.main(["ls", "--digest", str(training)]) == 0
    for line in both.getvalue().splitlines(keepends=True):
        assert "%" not in line.rsplit("\r", 1)[-1], line


@pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals as POSIX has them")
@pytest.mark.parametrize("arguments", [["ls", "--digest"], ["stats"]], ids=" ".join)
def test_that_ctrl_c_ends_long_work_at_once_and_quietly(arguments: list[str], tmp_path: Path) -> None:
    import pty
    path, nbytes = tmp_path / "large.safetensors", 16 << 30         # all of it a hole
    path.write_bytes(builders.safetensors({"w": {"dtype": "F32", "shape": [nbytes // 4], "data_offsets": [0, nbytes]}}))
    os.truncate(path, path.stat().st_size + nbytes)
    screen, end = pty.openpty()
    command = [sys.executable, "-m", "inspector", *arguments, str(path)]
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)       # which a suite in the background of a shell does not
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, cwd=ROOT, preexec_fn=heeds) as running:
        os.close(end)
        seen = b""
        while b"%" not in seen:
            seen += os.read(screen, 4096)
        running.send_signal(signal.SIGINT)
        assert running.stdout is not None
        assert running.stdout.read() == b""
        assert running.wait(60) == 130
    while True:
        try:
            more = os.read(screen, 4096)
        except OSError:                 # Linux says so when the other end is closed
            break
        if not more:
            break
        seen += more
    os.close(screen)
    assert b"Traceback" not in seen
    assert seen.rsplit(b"\r", 2)[1].strip() == b""


# -- stats --------------------------------------------------------------------------------------------------------------------

def test_that_stats_json_has_the_fixed_layout(run: Run, small: Path) -> None:
    code, out, err = run("stats", small, "--json", "--bins", "3")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["tensors"][0] == {
        "key": "a", "numel": 4, "min": 0, "max": 3, "mean": 1.5, "std": pytest.approx(1.25 ** 0.5), "nan": 0, "inf": 0, "zeros": 1,
        "hist": {"edges": [0, 1, 2, 3], "counts": [1, 1, 2]},
        "l2": pytest.approx(14 ** 0.5), "posinf": 0, "neginf": 0, "subnormal": 0, "distinct": said["tensors"][0]["distinct"],
        "quantiles": {"0.001": pytest.approx(0.003), "0.01": pytest.approx(0.03), "0.05": pytest.approx(0.15), "0.25": 0.75, "0.5": 1.5,
                      "0.75": 2.25, "0.95": pytest.approx(2.85), "0.99": pytest.approx(2.97), "0.999": pytest.approx(2.997)}}
    assert said["findings"] == []
    assert [t["key"] for t in said["tensors"]] == ["a", "b"]
    assert run("stats", small)[1].splitlines()[1].split() == ["a", "4", "0", "3", "1.5", "1.11803", "0", "0", "1"]


def test_that_numbers_json_lacks_are_strings(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "n.safetensors"
    path.write_bytes(builders.safetensors({"n": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}},
                                          struct.pack("<2f", float("nan"), float("inf"))))
    code, out, _ = run("stats", path, "--json")
    assert code == 0
    assert json.loads(out)["tensors"] == [{
        "key": "n", "numel": 2, "min": "nan", "max": "nan", "mean": "nan", "std": "nan", "nan": 1, "inf": 1, "zeros": 0,
        "hist": {"edges": [], "counts": []},
        "l2": "nan", "posinf": 1, "neginf": 0, "subnormal": 0, "distinct": None, "quantiles": {}}]
    assert [finding["id"] for finding in json.loads(out)["findings"]] == ["nan-values", "infinite-values"]
    said = run("stats", path)[1]
    assert "nan" in said
    assert "danger" in said


@pytest.mark.parametrize(("encoding", "expected"), [("utf-8", "█"), ("ascii", "@")])
def test_that_a_terminal_gets_small_histograms_it_can_show(small: Path, monkeypatch: pytest.MonkeyPatch, encoding: str,
                                                           expected: str) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", Terminal(raw, encoding, write_through=True))
    assert cli.main(["stats", str(small)]) == 0
    assert expected in raw.getvalue().decode(encoding).splitlines()[1]


def test_that_stats_match_by_glob(run: Run, training: Path) -> None:
    keys = [t["key"] for t in json.loads(run("stats", "--match", "*.t*", training, "--json")[1])["tensors"]]
    assert keys == ["model_state_dict.tied", "model_state_dict.turned"]
    code, out, err = run("stats", training, "--match", "nothing*")
    assert (code, out) == (2, "")
    assert "no tensor matches nothing*" in one_line(err)
    assert run("stats", training, "--bins", "0")[0] == 2


# -- check --------------------------------------------------------------------------------------------------------------------

def test_that_check_says_nothing_wrong(run: Run, small: Path) -> None:
    code, out, err = run("check", small)
    assert (code, err) == (0, "")
    assert "\nnothing wrong\n" in out
    text = out
    code, out, _ = run("check", small, "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer.pop("torch_load")["weights_only"] is None
    read = answer.pop("read")
    assert read == {"tensors": read["of"], "of": read["of"], "nbytes": read["of_nbytes"], "of_nbytes": read["of_nbytes"]}
    assert f"\nread {read['of']:,} of {core.wording.count(read['of'], 'tensor')}, " in text
    assert answer == {"path": str(small), "format": "safetensors", "kind": "state-dict", "findings": []}


def test_that_check_finds_calls_and_exits_1(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "trip.pth"
    path.write_bytes(builders.torch_zip(builders.trip_pickles()["in-a-dict"]))
    code, out, _ = run("check", path, "--json")
    assert code == 1
    dangers = [f for f in json.loads(out)["findings"] if f["level"] == "danger"]
    assert builders.TRIP_MODULE in dangers[0]["message"]
    assert list(dangers[0]) == ["id", "level", "where", "message", "hint", "fixes"]
    code, out, _ = run("check", path)
    assert code == 1
    assert builders.TRIP_MODULE in out
    assert run("ls", path)[0] == 0


def test_that_check_gives_a_command_for_each_finding_that_edits_end(run: Run, tmp_path: Path) -> None:
    path, fixed = tmp_path / "a file.pth", tmp_path / "fixed.pth"
    torch.save({"model": {"module.w": torch.ones(2), "module.\x1b[2J": torch.zeros(90_000)[:3]}}, path)
    code, out, _ = run("check", path, "--json")
    assert code == 1
    said = {finding["id"]: finding["fixes"] for finding in json.loads(out)["findings"]}
    assert said == {"hostile-name": [], "oversized-storage": ["--unshare 'model.module.\x1b[[]2J'"],
                    "module-prefix": ["--strip-prefix module."]}
    code, out, _ = run("check", path)
    assert f"inspector edit '{path}' -o FIXED --strip-prefix module.\n" in out
    assert "\x1b" not in out
    for number, fixes in enumerate(fixes for fixes in said.values() if fixes):
        assert run("edit", path, "-o", fixed.with_stem(f"fixed{number}"), *(word for fix in fixes for word in shlex.split(fix)))[0] == 0
        left = {finding["id"] for finding in json.loads(run("check", fixed.with_stem(f"fixed{number}"), "--json")[1])["findings"]}
        assert left == said.keys() - {next(id for id, ended in said.items() if ended == fixes)}


def test_that_check_tells_what_it_learnt_before_the_file_broke_off(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "trip.pth"
    path.write_bytes(builders.torch_zip(builders.trip_pickles()["broken-tail"]))
    code, out, err = run("check", path, "--json")
    one_line(err)
    assert code == 2
    said = json.loads(out)
    assert builders.TRIP_MODULE in json.dumps(said["findings"])
    assert said["error"]["message"]
    code, out, err = run("check", path)
    assert code == 2
    assert builders.TRIP_MODULE in out
    one_line(err)


def test_that_what_cannot_be_judged_is_not_called_well(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "meta.pth"
    torch.save({"w": torch.ones(2, device="meta"), "v": torch.ones(3)}, path)
    code, out, err = run("check", path)
    assert (code, err) == (3, "")
    assert "the values of 1 of 2 tensors cannot be looked at: w" in out
    assert "\nnothing wrong\n" not in out
    code, out, _ = run("check", path, "--json")
    assert (code, json.loads(out)["unjudged"]) == (3, ["w"])
    code, out, _ = run("diff", path, path, "--json")
    assert (code, json.loads(out)["verdict"]["id"]) == (3, "partly-read")
    # something that is wrong weighs more
    torch.save({"w": torch.ones(2, device="meta"), "v": torch.ones(5000)[:1], "odd": torch.ones(1 << 16)[:1]}, path)
    assert run("check", path)[0] == 1


def test_that_check_reads_the_bytes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    torch.save({"w": torch.arange(4.)}, path)
    data = bytearray(path.read_bytes())
    data[data.index(struct.pack("<4f", 0, 1, 2, 3))] ^= 1
    path.write_bytes(data)
    assert run("check", path)[0] == 1


def test_that_check_looks_at_the_values_and_quick_does_not(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    torch.save({"fc.weight": torch.tensor([[1., float("nan")], [float("inf"), 2.]]), "dead.weight": torch.zeros(4, 4)}, path)
    code, out, err = run("check", path)
    assert (code, err) == (1, "")
    assert "read 2 of 2 tensors, 80 B of 80 B" in out
    assert {"nan-values", "infinite-values", "all-zero"} <= set(out.split())
    code, out, _ = run("check", path, "--json")
    answer = json.loads(out)
    assert (code, answer["read"]) == (1, {"tensors": 2, "of": 2, "nbytes": 80, "of_nbytes": 80})
    assert [finding["where"] for finding in answer["findings"]] == ["fc.weight", "fc.weight", "dead.weight"]
    code, out, err = run("check", "--quick", path)
    assert (code, err) == (0, "")
    assert "values were not looked at (--quick): 80 B in 2 tensors" in out
    assert "nan" not in out.lower()
    code, out, _ = run("check", "--quick", path, "--json")
    assert (code, json.loads(out)["read"]) == (0, {"tensors": 0, "of": 2, "nbytes": 0, "of_nbytes": 80})


# -- the window ---------------------------------------------------------------------------------------------------------------

@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A stand-in for the window that only notes what it was asked to show."""
    asked: list[Any] = []

    def show(paths: list[str], *, screenshot: str | None = None, demo: bool = False, new_window: bool = False,
             language: str | None = None, pages: object = None) -> int:
        asked.append((paths, screenshot, demo, all(map(os.path.exists, paths))))
        return 0

    fake = types.ModuleType("inspector.gui.app")
    fake.run = show  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "inspector.gui.app", fake)
    import inspector.gui
    monkeypatch.setattr(inspector.gui, "app", fake, raising=False)
    return asked


def test_that_files_open_the_window(run: Run, window: list[Any], small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    assert run(small, "other.pth", "--screenshot", "o.png") == (0, "", "")
    assert run()[0] == 0
    assert run("./ls")[0] == 0
    assert run("--", "ls")[0] == 0
    assert [asked[:3] for asked in window] == [([str(small), "other.pth"], "o.png", False), ([], None, False),
                                               (["./ls"], None, False), (["ls"], None, False)]


def test_that_the_demo_opens_two_samples_and_clears_them_away(run: Run, window: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    assert run("--screenshot", "o.png", "demo") == (0, "", "")
    (paths, screenshot, demo, existed), = window
    assert (len(paths), screenshot, demo, existed) == (2, "o.png", True, True)
    assert not any(map(os.path.exists, paths))


@pytest.mark.usefixtures("no_display")
def test_that_without_a_display_files_are_listed(run: Run, window: list[Any], small: Path) -> None:
    code, out, err = run(small)
    assert (code, window) == (0, [])
    assert "no display" in one_line(err)
    assert out == run("ls", small)[1]
    code, out, err = run(small, "missing.pth", small)
    assert code == 2
    assert out.count("2 tensors") == 2
    assert "missing.pth" in err
    assert sum(": a " in line and " tensors, " in line for line in run("demo")[1].splitlines()) == 2
    assert run(small, "--screenshot", "o.png")[0] == 0
    assert window[0][1] == "o.png"


@pytest.mark.usefixtures("no_display")
def test_that_without_a_display_and_files_there_is_a_hint(run: Run) -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "--help" in one_line(err)


def test_that_the_window_starts_without_a_console(window: list[Any], small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["inspector-gui", str(small)])
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert cli.main_window() == 0
    assert window[0][0] == [str(small)]


def test_that_complaints_without_a_console_are_shown_in_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []
    qt = types.SimpleNamespace(exec=lambda: said.append("shown"))
    application = types.SimpleNamespace(existing=lambda: qt)
    boxes = types.SimpleNamespace(show_message=lambda *words: said.append(words))
    import inspector.gui.frame
    import inspector.gui.kit
    for room, name, module in (("frame", "application", application), ("kit", "message_boxes", boxes)):
        monkeypatch.setitem(sys.modules, f"inspector.gui.{room}.{name}", module)
        monkeypatch.setattr(getattr(inspector.gui, room), name, module, raising=False)
    monkeypatch.setattr(sys, "argv", ["inspector-gui", "--frob"])
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, None)
    assert cli.main_window() == 2
    assert said == [(None, "danger", "Checkpoint Inspector", "unknown option --frob. See inspector --help."), "shown"]


def test_that_a_picture_of_nothing_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch, window: list[Any]) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise core.Unreadable("there is no such file", "Check the path.")

    monkeypatch.setattr(sys.modules["inspector.gui.app"], "run", refuse)
    code, out, err = run("missing.pth", "--screenshot", "o.png")
    assert (code, out) == (2, "")
    assert one_line(err) == "inspector: there is no such file. Check the path.\n"


def test_that_missing_libraries_of_the_window_are_one_line(run: Run, monkeypatch: pytest.MonkeyPatch, window: list[Any]) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(sys.modules["inspector.gui.app"], "run", refuse)
    code, out, err = run("m.pth", "--screenshot", "o.png")
    assert (code, out) == (2, "")
    assert "libEGL.so.1" in one_line(err)
    assert "inspector ls" in err


def test_that_desktop_says_what_it_would_do(run: Run) -> None:
    code, out, err = run("desktop", "status")
    assert (code, err) == (0, "")
    assert out
    assert json.loads(run("desktop", "status", "--json")[1]) == {"action": "status", "dry_run": False, "lines": out.splitlines()}


def test_that_help_names_every_command_that_works_and_no_other(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for command in COMMANDS:
        assert f"inspector {command}" in out
        assert run(command, "--help")[0] == 0


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_help_fits_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, columns: int, language: str) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for command in ("", *COMMANDS):
        said = run(*filter(None, (command, "--help", "--lang", language)))[1].splitlines()
        assert not [line for line in said if width(line) > columns], command
    listed = " ".join(run("--help")[1].split())
    assert all(does in listed for _, does in COMMANDS.values())
    assert language == "zh" or "saved into it by itself, unless" in " ".join(run("edit", "--help")[1].split())


def test_that_help_is_what_a_command_s_option_gives(run: Run) -> None:
    assert run("help") == run("--help") == run("-h")
    for command in COMMANDS:
        code, out, err = run("help", command)
        assert (code, err) == (0, "")
        assert out == run(command, "--help")[1]
        assert f"inspector {command}" in out


def test_that_the_version_is_the_distribution_s(run: Run) -> None:
    assert run("--version") == run("version") == (0, f"inspector {inspector.__version__}\n", "")
    assert json.loads(run("version", "--json")[1])["version"] == inspector.__version__
    assert f'version = "{inspector.__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert core.version == inspector.__version__


# -- what is written beside checkpoints ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments", [
    ["--screenshot", "FILE"], ["FILE", "--screenshot", "FILE"], ["FILE", "--screenshot", "OTHER"], ["demo", "--screenshot", "FILE"],
    ["FILE", "--screenshot", "new.pth"], ["diff", "FILE", "OTHER", "--html", "FILE"], ["diff", "FILE", "OTHER", "--html", "index.json"],
    ["diff", "FILE", "OTHER", "--html", "new.safetensors"], ["edit", "FILE", "--drop", "a", "--save-recipe", "FILE"],
    ["edit", "FILE", "--drop", "a", "--save-recipe", "OTHER"], ["edit", "FILE", "--drop", "a", "--save-recipe", "index.json"],
    ["edit", "FILE", "--drop", "a", "--dry-run", "--save-recipe", "OTHER"]], ids=" ".join)
def test_that_no_checkpoint_is_overwritten_by_something_else(run: Run, small: Path, training: Path, window: list[Any], tmp_path: Path,
                                                             arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "index.json").write_text('{"metadata": {}, "weight_map": {}}')
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, out, err = run(*({"FILE": small, "OTHER": training}.get(argument, argument) for argument in arguments))
    assert (code, out, window) == (2, "", [])
    assert re.search("is not replaced|named like a checkpoint", one_line(err))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("arguments", [
    ["edit", "FILE", "--drop", "a", "-o", "new", "--save-recipe", "new"],
    ["edit", "FILE", "--drop", "a", "-o", "new", "--save-recipe", "here/new"],
    ["check", "FILE", "--html", "new", "--junit", "new"], ["check", "FILE", "--sarif", "new", "--junit", "./new"],
    ["diff", "FILE", "OTHER", "--html", "new", "--save-recipe", "new"], ["run", "FILE", "--html", "new.html", "--table", "new.html"]],
    ids=" ".join)
def test_that_nothing_is_written_where_two_things_would_be_one_file(run: Run, small: Path, training: Path, tmp_path: Path,
                                                                    arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").symlink_to(".")
    before = {path.name for path in tmp_path.iterdir()}
    code, out, err = run(*({"FILE": small, "OTHER": training}.get(argument, argument) for argument in arguments))
    assert (code, out) == (2, "")
    assert "is named for two things" in one_line(err)
    assert {path.name for path in tmp_path.iterdir()} == before


def test_that_a_device_takes_two_things_and_a_recipe_without_a_name_is_refused(run: Run, small: Path, tmp_path: Path) -> None:
    code, _, err = run("check", small, "--quick", "--sarif", os.devnull, "--junit", os.devnull)
    assert (code, err) == (0, "")
    code, out, err = run("edit", small, "--drop", "a", "-o", tmp_path / "new.pth", "--save-recipe", "")
    assert (code, out) == (2, "")
    assert "no possible file name" in one_line(err)
    assert not (tmp_path / "new.pth").exists()


WRITING = (["edit", "FILE", "--drop", "a", "--dry-run", "--save-recipe", "NEW.json"],
           ["edit", "FILE", "--drop", "a", "--save-recipe", "NEW.json"],
           ["edit", "FILE", "--add-prefix", "x.", "-o", "NEW.pth", "--dry-run"], ["edit", "FILE", "--add-prefix", "x.", "-o", "NEW.pth"],
           ["average", "FILE", "FILE", "-o", "NEW.pth", "--dry-run"], ["average", "FILE", "FILE", "-o", "NEW.pth"],
           ["check", "FILE", "--html", "NEW.html"], ["check", "FILE", "--sarif", "NEW.sarif"], ["check", "FILE", "--junit", "NEW.xml"],
           ["diff", "FILE", "FILE", "--html", "NEW.html"], ["diff", "FILE", "FILE", "--save-recipe", "NEW.json"],
           ["run", "FILE", "--html", "NEW.html"], ["run", "FILE", "--table", "NEW.csv"], ["show", "FILE", "a", "-o", "NEW.npy"],
           ["digest", "FILE", "-o", "NEW.json"], ["contract", "FILE", "-o", "NEW.json"], ["FILE", "--screenshot", "NEW.png"])


def _refused(run: Run, small: Path, arguments: list[str], place: str) -> str:
    """What is said when `place` is where the new file shall be; commands that tell what they would do may have begun to."""
    around = {path: path.stat().st_mtime_ns for path in small.parent.rglob("*")}
    code, out, err = run(*(small if word == "FILE" else place if word.startswith("NEW") else word for word in arguments))
    assert code == 2
    assert not out or arguments[0] in ("edit", "average")
    assert {path: path.stat().st_mtime_ns for path in small.parent.rglob("*")} == around
    return one_line(err)


@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_that_what_cannot_be_written_is_told_before_anything_is_done(run: Run, small: Path, window: list[Any], tmp_path: Path,
                                                                     arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, name = tmp_path / "in", next(f"new{word[3:]}" for word in arguments if word.startswith("NEW"))
    folder.mkdir()
    assert "No such file or directory" in _refused(run, small, arguments, f"{folder}/gone/{name}")
    assert "Not a directory" in _refused(run, small, arguments, f"{small}/{name}")
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(folder))
    assert "Permission denied" in _refused(run, small, arguments, f"{folder}/{name}")
    assert window == []


@pytest.mark.parametrize("arguments", [found for found in WRITING if not found[-1].endswith((".pth", ".csv")) and found[0] != "average"
                                       and found[-1] != "--dry-run"], ids=" ".join)
def test_that_a_folder_is_no_file_that_is_written(run: Run, small: Path, window: list[Any], tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "in").mkdir()
    for place in (f"{tmp_path}/in", f"{tmp_path}/in/", f"{tmp_path}/new/"):
        assert "Is a directory" in _refused(run, small, arguments, place)
    assert window == []


@pytest.mark.parametrize("arguments", [found for found in WRITING if "--dry-run" in found], ids=" ".join)
def test_that_a_dry_run_fails_where_there_is_no_room(run: Run, small: Path, tmp_path: Path, arguments: list[str],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: types.SimpleNamespace(f_blocks=100, f_bavail=0, f_frsize=4096))
    place = next(f"{tmp_path}/new{word[3:]}" for word in arguments if word.startswith("NEW"))
    assert re.search("No space left on device|there is not enough room", _refused(run, small, arguments, place))


def test_that_a_dry_run_ends_as_the_save_would(run: Run, training: Path, tmp_path: Path) -> None:
    words = ["edit", training, "--add-prefix", "x.", "-o", tmp_path / "new.safetensors"]
    dry, real = run(*words, "--dry-run"), run(*words)
    assert dry[0] == real[0] == 2
    assert dry[2] == real[2]
    assert "nothing was written: this is a dry run" in dry[1]


# -- in a process of its own --------------------------------------------------------------------------------------------------

def process(*arguments: object, **changes: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **changes.pop("env", {})}
    command = [sys.executable, *changes.pop("flags", ()), "-m", "inspector", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, env=environment, cwd=ROOT, **changes)


@pytest.mark.parametrize("arguments", [["--version"], ["ls", "FILE"], ["ls", "FILE", "--json"], ["check", "FILE"]], ids=" ".join)
def test_that_light_commands_load_no_heavy_libraries(small: Path, arguments: list[str]) -> None:
    done = process(*(small if argument == "FILE" else argument for argument in arguments), flags=["-X", "importtime"])
    assert done.returncode == 0
    loaded = {line.rsplit(b"|", 1)[-1].strip().split(b".")[0] for line in done.stderr.splitlines()}
    assert not loaded & {b"torch", b"PySide6", b"pyqtgraph"}
    if arguments == ["--version"]:
        assert b"numpy" not in loaded


def loaded_by(*arguments: object) -> set[str]:
    """The modules that a command loads, in a process of its own."""
    done = process(*arguments, flags=["-X", "importtime"])
    assert done.returncode == 0
    return {line.rsplit("|", 1)[-1].strip() for line in done.stderr.decode().splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_that_help_and_version_load_nothing_else(option: str) -> None:
    loaded = loaded_by(option)
    ours = {name for name in loaded if name.startswith("inspector.")}
    assert ours <= {"inspector.cli", "inspector.commands", "inspector.commands.arguments", "inspector.commands.wide_text",
                    "inspector.languages", "inspector.sentences", "inspector.resources_path"}
    assert not loaded & {"json", "shutil", "dataclasses"}


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_that_ls_loads_neither_statistics_nor_what_compares_edits_and_saves(small: Path, training: Path, options: list[str]) -> None:
    for path in (small, training):
        loaded = loaded_by("ls", path, *options)
        for room in ("measures", "comparison", "edits", "saving", "tensors.reader", "tensors.slices"):
            assert not [name for name in loaded if name.startswith(f"inspector.core.{room}")], room
        mine = ("arguments", "output", "files", "ls", "columns", "wide_text", "about", *["ls_json"] * bool(options))
        assert {name for name in loaded if name.startswith("inspector.commands.")} <= {f"inspector.commands.{name}" for name in mine}


_FOR_BLAS = {"OPENBLAS_THREAD_TIMEOUT": "4", "OPENBLAS_NUM_THREADS": "1"}


@pytest.mark.parametrize("theirs", ["", "20"])
@pytest.mark.parametrize("name", _FOR_BLAS)
def test_that_threads_that_nobody_needs_are_not_started_or_sleep_at_once(
        small: Path, name: str, theirs: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def ended(code: int) -> None:
        raise SystemExit(code)
    monkeypatch.setattr(sys, "argv", ["inspector", "ls", str(small)])
    monkeypatch.setattr(os, "_exit", ended)
    for one in _FOR_BLAS:
        monkeypatch.setenv(one, theirs)
        monkeypatch.delenv(one)
    if theirs:
        monkeypatch.setenv(name, theirs)
    with pytest.raises(SystemExit) as ended_with:
        cli.start()
    assert ended_with.value.code == 0
    assert os.environ[name] == (theirs or _FOR_BLAS[name])      # and what a user set stays


def test_that_a_command_leaves_the_process_it_is_called_in_as_it_is(small: Path, monkeypatch: pytest.MonkeyPatch,
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    for one in _FOR_BLAS:
        monkeypatch.setenv(one, "")
        monkeypatch.delenv(one)
    assert cli.main(["ls", str(small)]) == 0
    assert not set(_FOR_BLAS) & set(os.environ)


def test_that_importing_the_front_door_is_light() -> None:
    done = subprocess.run([sys.executable, "-c", "import sys; from inspector import core; "
                           "print(sorted({'numpy', 'torch', 'PySide6', 'ml_dtypes'} & set(sys.modules)))"],
                          capture_output=True, timeout=60, check=True, cwd=ROOT)
    assert done.stdout == b"[]\n"


def test_that_a_reader_that_goes_away_is_no_error(training: Path) -> None:
    ends = os.pipe()
    os.close(ends[0])
    with os.fdopen(ends[1], "wb") as gone:
        done = subprocess.run([sys.executable, "-m", "inspector", "ls", str(training)], stdout=gone, stderr=subprocess.PIPE,
                              timeout=60, cwd=ROOT, check=False)
    assert done.stderr == b""
    assert done.returncode == 141


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_that_a_full_disk_is_one_line(small: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-m", "inspector", "ls", str(small)], stdout=full, stderr=subprocess.PIPE,
                              timeout=60, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert b"No space left" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_that_a_terminal_without_unicode_gets_escapes(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(builders.safetensors({"模型": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)))
    done = process("ls", path, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u6a21\\u578b" in done.stdout


# -- code ---------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def scripted(tmp_path: Path) -> Path:
    path = tmp_path / "net.pt"
    path.write_bytes(builders.torch_zip(b"\x80\x02}.", {"constants.pkl": b"\x80\x02).",
                                                        "code/__torch__.py": b"class Net(Module):\n\tk : int\n",
                                                        "code/__torch__/a.py": b"x\x1b[31m\n", "code/__torch__/b.py": b"y" * 2000}))
    return path


def test_that_code_lists_the_texts_of_a_file(run: Run, scripted: Path, small: Path) -> None:
    code, out, err = run("code", scripted)
    assert (code, err) == (0, "")
    assert out == "   28  code/__torch__.py\n    7  code/__torch__/a.py\n2,000  code/__torch__/b.py\n"
    assert json.loads(run("code", "--json", scripted)[1])["texts"][1] == {"name": "code/__torch__/a.py", "nbytes": 7}
    assert run("code", small) == (0, "there is no code and no other text in the file\n", "")


def test_that_code_prints_a_text_that_cannot_steer_the_terminal(run: Run, scripted: Path) -> None:
    assert run("code", scripted, "code/__torch__.py") == (0, "class Net(Module):\n\tk : int\n", "")
    assert run("code", scripted, "a") == (0, "x\\x1b[31m\n", "")
    assert json.loads(run("code", scripted, "a", "--json")[1]) == {"path": str(scripted), "name": "code/__torch__/a.py",
                                                                   "text": "x\x1b[31m\n"}


@pytest.mark.parametrize("name", ["z", ".py", "../../etc/passwd", "data.pkl"])
def test_that_code_says_which_texts_there_are(run: Run, scripted: Path, name: str) -> None:
    code, out, err = run("code", scripted, name)
    assert (code, out) == (2, "")
    assert "`inspector code FILE` lists them" in one_line(err)


def test_that_links_out_of_a_folder_need_a_yes(run: Run, small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "model-00001-of-00001.safetensors").symlink_to(small)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-00001-of-00001.safetensors"}}')
    code, out, err = run("ls", folder)
    assert (code, out) == (2, "")
    assert "--follow-links" in one_line(err)
    assert run("ls", "--follow-links", folder)[0] == 0
    assert run("diff", folder, folder)[0] == 2
    assert run("diff", "--follow-links", folder, folder)[0] == 0
    assert run("edit", folder, "--dry-run", "--drop", "z*")[0] == 2
    assert run("edit", folder, "--dry-run", "--drop", "z*", "--follow-links")[0] == 0


@pytest.mark.parametrize("terminal", [True, False])
def test_that_names_which_run_from_right_to_left_are_kept_apart_on_a_terminal(tmp_path: Path, terminal: bool,
                                                                               monkeypatch: pytest.MonkeyPatch,
                                                                               capsys: pytest.CaptureFixture[str]) -> None:
    name, marked = "\u05e9\u05db.0.\u05d1\u05d4", "\u2066\u05e9\u05db\u2069.0.\u2066\u05d1\u05d4\u2069"
    torch.save({name: torch.ones(3), "fc.weight": torch.ones(2)}, tmp_path / "a.pth")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert cli.main(["ls", str(tmp_path / "a.pth")]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "[3]" in line)
    assert row.split() == [marked if terminal else name, "[3]", "float32", "cpu", "12"]
