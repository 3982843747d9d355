"""`check --sarif` and `--junit`, and colours."""
from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector.commands.columns import columns
from inspector.commands.wide_text import width

pytestmark = pytest.mark.usefixtures("in_folder")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def files(tmp_path: Path) -> None:
    torch.save({"w": torch.arange(4.0), "b": torch.arange(2.0)}, tmp_path / "good.pth")
    torch.save({"w": torch.tensor([1.0, float("nan")]), "best": np.float64(1), "odd\x1b<&\">": torch.arange(3.0)}, tmp_path / "bad.pth")
    (tmp_path / "none.pth").write_bytes(b"nothing")


def test_that_sarif_has_each_finding_at_its_file_and_key(run: Run, files: None) -> None:
    assert run("check", "good.pth", "bad.pth", "none.pth", "--sarif", "out.sarif")[0] == 2
    report = json.loads(Path("out.sarif").read_text())
    run_, = report["runs"]
    assert report["version"] == "2.1.0"
    assert run_["invocations"] == [{"executionSuccessful": False}]
    assert [one["location"]["uri"] for one in run_["artifacts"]] == ["good.pth", "bad.pth", "none.pth"]
    assert run_["artifacts"][0]["properties"] == {"valuesWereRead": True, "tensors": 2, "tensorsRead": 2, "nbytes": 24, "nbytesRead": 24}
    found = {(result["ruleId"], result["level"], result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
             for result in run_["results"]}
    assert {("nan-values", "error", "bad.pth"), ("weights-only", "warning", "bad.pth")} <= found
    assert [uri for _, level, uri in found if uri == "none.pth" and level == "error"]
    for result in run_["results"]:
        assert run_["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]


def test_that_sarif_of_files_without_findings_is_a_run_that_succeeded(run: Run, files: None) -> None:
    assert run("check", "good.pth", "--sarif", "out.sarif", "--quick")[0] == 0
    run_, = json.loads(Path("out.sarif").read_text())["runs"]
    assert (run_["results"], run_["invocations"]) == ([], [{"executionSuccessful": True}])
    assert run_["artifacts"][0]["properties"]["valuesWereRead"] is False


def test_that_sarif_tells_each_key_that_does_not_fit(run: Run, files: None) -> None:
    assert run("check", "bad.pth", "--against", "good.pth", "--sarif", "out.sarif")[0] == 1
    run_, = json.loads(Path("out.sarif").read_text())["runs"]
    found = {(result["ruleId"], result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"])
             for result in run_["results"] if result["ruleId"].endswith(("-key", "-mismatch"))}
    assert found == {("missing-key", "b"), ("unexpected-key", "odd\\x1b<&\">"), ("size-mismatch", "w")}


def test_that_reports_tell_of_optimizers_and_other_models_that_do_not_fit(run: Run, tmp_path: Path) -> None:
    for name, critic, parameters in (("a.pth", 2, 3), ("b.pth", 5, 4)):
        groups = [{"lr": 0.1, "params": [*range(parameters)]}]
        torch.save({"model": torch.nn.Linear(3, 3).state_dict(), "critic": torch.nn.Linear(critic, 1).state_dict(),
                    "optimizer": {"state": {}, "param_groups": groups}}, tmp_path / name)
    assert run("check", "a.pth", "--against", "b.pth", "--sarif", "out.sarif", "--junit", "out.xml")[0] == 1
    run_, = json.loads(Path("out.sarif").read_text())["runs"]
    assert {(result["ruleId"], result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]) for result in run_["results"]
            if result["level"] == "error"} == {("size-mismatch", "critic.weight"), ("optimizer-mismatch", "optimizer")}
    suite, = ElementTree.parse("out.xml").getroot()
    failure = next(case for case in suite if case.get("name") == "load_state_dict").find("failure")
    assert failure is not None
    assert (failure.get("message") or "").splitlines() == [
        "0 missing, 0 unexpected, 1 of another shape", "its optimizer's load_state_dict would refuse optimizer: 1 group of 3 parameters in "
        "the file, 1 group of 4 parameters in the reference"]


def test_that_reports_tell_of_an_adapter_that_does_not_fit(run: Run, tmp_path: Path) -> None:
    torch.save({"q.weight": torch.zeros(6, 5)}, tmp_path / "base.pth")
    torch.save({"other.weight": torch.zeros(6, 5)}, tmp_path / "stranger.pth")
    torch.save({f"base_model.model.q.lora_{which}.weight": torch.ones(shape) for which, shape in (("A", (2, 5)), ("B", (6, 2)))},
               tmp_path / "adapter_model.bin")
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 2, "lora_alpha": 4}')
    for base, status in (("base.pth", 0), ("stranger.pth", 1)):
        assert run("check", "adapter_model.bin", "--against", base, "--sarif", "out.sarif", "--junit", "out.xml")[0] == status
        run_, = json.loads(Path("out.sarif").read_text())["runs"]
        rules = [result["ruleId"] for result in run_["results"] if result["level"] == "error"]
        assert rules == ["adapter-mismatch"] * 2 * status
        root = ElementTree.parse("out.xml").getroot()
        case = next(case for case in root[0] if case.get("name") == "adapter")
        assert (root.get("failures"), case.find("failure") is not None) == (str(status), bool(status))


def test_that_junit_has_a_suite_for_each_file(run: Run, files: None) -> None:
    assert run("check", "good.pth", "bad.pth", "none.pth", "--junit", "out.xml")[0] == 2
    root = ElementTree.parse("out.xml").getroot()
    good, bad, none = root
    assert [suite.get("name") for suite in root] == ["good.pth", "bad.pth", "none.pth"]
    assert [(case.get("name"), next(iter(case)).tag if [*case] else "") for case in good] == [("opens", ""), ("values", "system-out")]
    failed = {case.get("name") for case in bad if case.find("failure") is not None}
    assert {"nan-values", "weights-only"} <= failed
    assert [case.find("error") is not None for case in none] == [True]
    for suite in root:
        assert suite.get("tests") == str(len(suite))
    assert (root.get("failures"), root.get("errors")) == (str(len(failed)), "1")


def test_that_junit_says_what_was_not_looked_at(run: Run, files: None) -> None:
    assert run("check", "good.pth", "--quick", "--junit", "out.xml")[0] == 0
    suite, = ElementTree.parse("out.xml").getroot()
    values = next(case for case in suite if case.get("name") == "values")
    assert values.find("skipped") is not None
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")


@pytest.mark.parametrize("option", ["--sarif", "--junit"])
def test_that_a_report_never_takes_a_checkpoints_place(run: Run, files: None, option: str) -> None:
    before = Path("good.pth").read_bytes()
    for target in ("good.pth", "new.pth"):
        code, _, err = run("check", "good.pth", option, target)
        assert (code, "report" in err) == (2, True)
    assert Path("good.pth").read_bytes() == before
    assert not Path("new.pth").exists()
    for _ in range(2):              # one of its own is replaced
        assert run("check", "good.pth", option, "out")[0] == 0


# -- colours ----------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_that_levels_have_colours_only_where_they_are_wanted(run: Run, files: None, environment: pytest.MonkeyPatch) -> None:
    plain = run("check", "bad.pth")[1]
    assert "\x1b" not in plain
    environment.setenv("FORCE_COLOR", "1")
    coloured = run("check", "bad.pth")[1]
    assert "\x1b[1;31mdanger\x1b[0m " in coloured
    assert "\x1b[33mwarning\x1b[0m " in coloured
    for code in ("\x1b[1;31m", "\x1b[33m", "\x1b[36m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain
    assert "\x1b" not in run("check", "bad.pth", "--json")[1]
    assert "\x1b[32m+\x1b[0m" in run("diff", "good.pth", "bad.pth")[1]
    environment.setenv("NO_COLOR", "1")
    assert run("check", "bad.pth")[1] == plain


def test_that_wide_letters_take_two_columns() -> None:
    assert [width(text) for text in ("abc", "权重", "ｗ", "e\u0301", "カタ")] == [3, 4, 2, 1, 4]
    lines = columns(("key", "shape"), [("权重.偏置", "[2]"), ("w", "[3]")]).splitlines()
    assert [width(line[:line.index("[")]) for line in lines[1:]] == [11, 11]


def test_that_ls_has_its_columns_under_each_other_for_wide_letters(run: Run, tmp_path: Path) -> None:
    torch.save({"编码器.权重": torch.zeros(2), "w": torch.zeros(2)}, tmp_path / "wide.pth")
    lines = [line for line in run("ls", "wide.pth")[1].splitlines() if "[2]" in line]
    assert len({width(line[:line.index("[2]")]) for line in lines}) == 1


def test_that_a_page_tells_of_the_file_and_of_what_was_asked(run: Run, files: None) -> None:
    assert run("check", "bad.pth", "--against", "good.pth", "--html", "out.html")[0] == 1
    text = Path("out.html").read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "<title>bad.pth</title>" in text
    for said in ("torch-zip", "nan-values", "Where the bytes are", "Modules", "read 2 of 2 tensors", "--plain best",
                 "<td class=\"n\"><b class=\"danger\">1</b></td>"):
        assert said in text, said
    assert "unexpected" in text[text.index("<pre>"):text.index("</pre>")].lower()
    assert "odd\\x1b&lt;&amp;&quot;&gt;" in text                # names from the file are text, and can be seen
    assert "\x1b" not in text


def test_that_on_a_page_segments_that_run_from_right_to_left_stay_apart_but_in_what_is_copied(run: Run, tmp_path: Path) -> None:
    torch.save({"\u05d0'&.\u05d1": torch.tensor([float("nan"), 1])}, tmp_path / "rtl.pth")
    assert run("check", "rtl.pth", "--html", "rtl.html")[0] == 1
    text = Path("rtl.html").read_text("utf-8")
    assert "\u2066\u05d0\u2069&#x27;&amp;.\u2066\u05d1\u2069" in text
    copied = re.findall("<(?:pre|code)>(.*?)</(?:pre|code)>", text, re.DOTALL)
    assert any("\u05d1" in part for part in copied)
    assert not any("\u2066" in part for part in copied)


def test_that_a_page_tells_findings_of_a_kind_as_one_and_keeps_numbers_with_their_units(run: Run, files: None) -> None:
    Path("calls.pkl").write_bytes(b"".join(f"cos\nf{n}\n(tR0".encode() for n in range(3)) + b"N.")
    assert run("check", "calls.pkl", "good.pth", "--html", "out.html")[0] == 1
    text = Path("out.html").read_text("utf-8")
    calls = text[text.index("<h1>calls.pkl</h1>"):text.index("<h1>good.pth</h1>")]
    found = json.loads(run("check", "calls.pkl", "--json")[1])["findings"]
    assert len([one for one in found if one["id"] == "unknown-code"]) == 3
    assert calls.count('<span class="soft">unknown-code</span>') == 1
    for n in range(3):
        assert f"os.f{n}" in calls
    told = text[text.index("<h1>good.pth</h1>"):text.index("<svg")]
    assert re.search(r"\d\u00a0[kM]?B\b", told)
    assert not re.search(r"\d [kM]?B\b", told)
    assert '<td class="s">' in text


def test_that_a_quick_page_says_that_no_values_were_read_and_shows_none(run: Run, files: None) -> None:
    assert run("check", "good.pth", "--html", "out.html", "--quick")[0] == 0
    text = Path("out.html").read_text("utf-8")
    assert "were not looked at" in text
    assert "<th class=\"n\">mean</th>" not in text
    assert run("check", "good.pth", "--html", "out.html")[0] == 0
    assert "<th class=\"n\">mean</th>" in Path("out.html").read_text("utf-8")


def test_that_a_page_of_several_files_has_each_and_those_that_cannot_be_read(run: Run, files: None) -> None:
    assert run("check", "good.pth", "none.pth", "--html", "out.html")[0] == 2
    text = Path("out.html").read_text("utf-8")
    assert "<title>2 checkpoints</title>" in text
    assert text.index("<h1>good.pth</h1>") < text.index("<h1>none.pth</h1>")
    assert 'class="danger"' in text
    assert run("check", "none.pth", "--html", "out.html")[0] == 2
    assert "<h1>none.pth</h1>" in Path("out.html").read_text("utf-8")


def test_that_a_page_never_replaces_a_checkpoint(run: Run, files: None) -> None:
    before = Path("good.pth").read_bytes()
    status, out, err = run("check", "bad.pth", "--html", "good.pth")
    assert (status, out) == (2, "")
    assert "good.pth" in err
    assert Path("good.pth").read_bytes() == before
