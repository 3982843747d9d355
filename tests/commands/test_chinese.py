"""The command line in Chinese: help, errors and what is found; what programs read stays as it is."""
from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import cli, core, languages
from inspector.commands import COMMANDS, arguments
from inspector.commands.wide_text import width, wrapped

_CHINESE = re.compile("[\u4e00-\u9fff]")


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.main(["--lang", "zh", *argv])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_that_all_of_the_help_is_chinese(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    languages.use("zh_CN")
    parser = arguments.parser_of(command) if command else arguments.main_parser()
    said = parser.format_help()
    texts = [action.help or "" for action in parser._actions if action.help != argparse.SUPPRESS]
    texts += [parser.description or "", *(parser.epilog or "").splitlines(), *(group.title or "" for group in parser._action_groups)]
    assert [text for text in texts if text and not _CHINESE.search(text)] == ([", ".join(COMMANDS)] if command == "help" else [])
    assert said.startswith("用法：")
    if command in ("", "help"):
        listed = arguments.main_parser().format_help()
        assert [does for _, does in COMMANDS.values() if does and does in listed] == []


def test_that_a_mistake_is_told_in_chinese_and_in_english_to_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.pth")
    assert run(capsys, "ls", gone) == (
        2, "", f"inspector: {gone}: 没有这样的文件或文件夹 (ENOENT)。请检查路径：它可能已被移动、重命名或删除。\n")
    code, out, err = run(capsys, "ls", "--json", gone)
    assert code == 2
    assert json.loads(out)["error"]["message"] == "there is no such file or folder (ENOENT)"
    assert "没有这样的文件" in err
    assert run(capsys, "ls")[2] == "inspector: 缺少以下参数：FILE。请参阅 inspector ls --help。\n"
    assert run(capsys, "check", "--agianst", "x", "y")[2] == \
        "inspector: 未知选项 --agianst；您是不是想用 --against？请参阅 inspector check --help。\n"


def test_that_what_ends_an_error_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = core.save({"model": {"w": np.ones(2)}, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1, "params": [0]}]}},
                     tmp_path / "a.pth").path
    for sign, wanted in (("doesn't match the size of optimizer's group", "大小不同"), ("a different number", "分组数")):
        text = tmp_path / "error.txt"
        text.write_text(f"ValueError: loaded state dict contains a parameter group that {sign}" if "size" in sign else
                        f"ValueError: loaded state dict has {sign} of parameter groups")
        _, out, _ = run(capsys, "check", path, "--error", str(text))
        assert "文件去掉优化器状态，其余不变：\n  inspector edit" in out
        assert wanted in out


def test_that_the_place_of_an_error_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes((2**40).to_bytes(8, "little") + b"{")
    _, _, err = run(capsys, "ls", str(path))
    assert "（位于 " in err
    assert not re.search(r"\b(?:the|its|header|bytes)\b", err)


@pytest.mark.parametrize(("variables", "language"), [
    ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh_CN"), ({"LANG": "zh_CN.UTF-8"}, "zh_CN"), ({"LANG": "zh_TW.UTF-8"}, "en"),
    ({"LC_MESSAGES": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"), ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:zh_CN:en"}, "zh_CN"),
    ({"LC_ALL": "C", "LANGUAGE": "zh_CN"}, "en"), ({"LC_ALL": "C.UTF-8", "INSPECTOR_LANG": "zh"}, "zh_CN"),
    ({"LANG": "zh_CN.UTF-8", "INSPECTOR_LANG": "en"}, "en"), ({"LANG": "zh_SG@stroke"}, "zh_CN")])
def test_that_the_language_is_that_of_the_system(variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    names = ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE", "INSPECTOR_LANG")
    # a dict, which the C library does not see: after a test of the window it would speak that language, and keep to what it once said
    monkeypatch.setattr(os, "environ", {**{name: value for name, value in os.environ.items() if name not in names}, **variables})
    cli.main(["ls"])
    assert ("缺少以下参数" in capsys.readouterr().err) == (language == "zh_CN")


def test_that_the_option_goes_before_the_system_wherever_it_stands(monkeypatch: pytest.MonkeyPatch,
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    for argv in (["--lang", "en", "ls"], ["ls", "--lang", "en"], ["ls", "--lang=en"]):
        cli.main(argv)
        assert capsys.readouterr().err.startswith("inspector: the following arguments are required")
    assert cli.main(["version", "--lang", "xx"]) == 2
    assert "zh_CN" in capsys.readouterr().err


def test_that_a_terminal_without_chinese_letters_gets_english(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stderr", stream)
    assert cli.main(["--lang", "zh", "ls"]) == 2
    stream.flush()
    assert stream.buffer.getvalue().startswith(b"inspector: the following arguments are required: FILE")  # type: ignore[attr-defined]



@given(st.text(st.sampled_from("中文，。abc --x("), max_size=80), st.integers(8, 30))
def test_that_lines_are_broken_where_chinese_may_be(text: str, room: int) -> None:
    lines = wrapped(text, room)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        words = max((width(word) for word in re.findall(r"[!-~]+", line)), default=0)
        closing = len(re.findall(r"[，。]", line))
        assert width(line) <= max(room, words) + 2 * closing + 2


# what stays as it is: names in the files, formats, types, statuses of JSON, what is typed
_KEPT = re.compile(r"""/\S+|--[\w-]+|'[^']*'|\b(?:module|model|fc|weight|bias|epoch|loss|nan|inf|NaN|Inf|rms|float|int|torch(?:\.\w+)?|zip
    |pth|PyTorch|prefix|safetensors|inspector|edit|FIXED|load_state_dict|strict|False|True|weights_only|DataParallel|DistributedDataParallel
    |Linear|Module|in_features|out_features|cpu)\b|[\w.]*\d[\w.]*""", re.VERBOSE)


def english_in(text: str) -> list[str]:
    return [word for word in re.findall(r"[A-Za-z]{3,}", _KEPT.sub(" ", text)) if word not in ("nan-values", "all-zero")]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str, str]:
    """A checkpoint with NaN in it and keys that begin with "module.", one like it without, and the folder of a run."""
    good = {"fc.weight": np.arange(32, dtype=np.float32).reshape(4, 8), "fc.bias": np.ones(4, np.float32) * .5}
    bad = {f"module.{key}": value.copy() for key, value in good.items()}
    bad["module.fc.weight"][0, 0] = np.nan
    (tmp_path / "run").mkdir()
    for n in range(3):
        model = {key: value + n for key, value in good.items()}
        core.save({"epoch": n, "loss": 1 / (n + 1), "model": model}, tmp_path / "run" / f"e{n}.pth")
    return str(core.save(bad, tmp_path / "a.pth").path), str(core.save(good, tmp_path / "b.pth").path), str(tmp_path / "run")


@pytest.mark.parametrize("command", [
    ["check", "A"], ["check", "A", "--quick"], ["check", "A", "--against", "B"], ["ls", "A"], ["ls", "RUN/e1.pth"], ["diff", "A", "B"],
    ["diff", "RUN/e0.pth", "RUN/e2.pth"], ["diff", "B", "B"], ["run", "RUN"], ["stats", "B", "--together", "--layers"],
    ["average", "RUN/e0.pth", "RUN/e1.pth", "--dry-run"], ["edit", "A", "--strip-prefix", "module.", "--cast", "float16", "--dry-run"],
    ["edit", "A", "-o", "TMP/new.safetensors", "--drop", "*.bias"], ["modules", "B"], ["code", "B"], ["contract", "B", "-o", "TMP/c.json"]],
    ids=" ".join)
def test_that_what_a_command_says_is_chinese(command: list[str], files: tuple[str, str, str], capsys: pytest.CaptureFixture[str],
                                             tmp_path: Path) -> None:
    a, b, folder = files
    typed = [word.replace("RUN", folder).replace("TMP", str(tmp_path)) if "/" in word or word == "RUN" else {"A": a, "B": b}.get(word, word)
             for word in command]
    _, out, err = run(capsys, *typed)
    assert _CHINESE.search(out)
    assert (english_in(re.sub(r"(?m)^(?:危险|警告|提示) +\S+ +\S+", "", out)), err) == ([], "")


@pytest.mark.parametrize(("command", "title"), [
    (["check", "A"], "字节分布"), (["diff", "A", "B"], "两个检查点的比较"), (["run", "RUN"], "模型的各部分")],
    ids=["file", "comparison", "run"])
def test_that_a_page_is_chinese_and_says_so(command: list[str], title: str, files: tuple[str, str, str], tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    run(capsys, *({"A": files[0], "B": files[1], "RUN": files[2]}.get(word, word) for word in command), "--html", str(page))
    text = page.read_text("utf-8")
    assert text.startswith('<!doctype html>\n<html lang="zh-CN">')
    assert f"<h2>{title}</h2>" in text or f"<h1>{title}</h1>" in text
    titles = re.findall(r"<h[12]>(.*?)</h[12]>|<th[^>]*>(.*?)</th>", text)
    assert [word for both in titles for word in english_in("".join(both))] == []
    cli.main(["--lang", "en", *({"A": files[0], "B": files[1], "RUN": files[2]}.get(word, word) for word in command), "--html", str(page)])
    assert '<html lang="en">' in page.read_text("utf-8")


def test_that_json_is_the_same_in_every_language(files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["check", files[0], "--against", files[1]], ["diff", *files[:2]], ["run", "--no-cache", files[2]]):
        _, chinese, _ = run(capsys, *command, "--json")
        cli.main(["--lang", "en", *command, "--json"])
        assert json.loads(chinese) == json.loads(capsys.readouterr().out)
