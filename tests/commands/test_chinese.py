"""The command line in Chinese: help, errors and what is found; what programs read stays as it is."""
from __future__ import annotations

import argparse
import io
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import cli, languages
from inspector.commands import COMMANDS, arguments
from inspector.commands.wide_text import width, wrapped

_CHINESE = re.compile("[\u4e00-\u9fff]")


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.main(["--lang", "zh", *argv])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_that_all_of_the_help_is_chinese(command: str) -> None:
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
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE", "INSPECTOR_LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
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
