"""What comes from below the window, in Chinese: findings and errors."""
from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from inspector.gui.kit import languages, sentences, words

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "resources" / "translations"
ROWS = [line.split("\t") for name in ("sentences", "phrases") for line in (FOLDER / f"{name}_zh_CN.tsv").read_text("utf-8").splitlines()]
# of these nothing but what is put in says anything
BARE = {"{}: {}", "{}: {}{}.", "{} tensors {}: {}.", "The member {} {}", "{} more members: each {}", "{} would {} in {}: {}.", "{} is {}"}


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_current", "zh_CN")


def texts_of(node: ast.AST) -> list[str]:
    """The texts that an expression can be, with {} for what is put in; [] where they are made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [[part.value] if isinstance(part, ast.Constant) else
                 (texts_of(part.value) if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.IfExp) else []) or ["{}"]
                 for part in node.values]
        return ["".join(map(str, choice)) for choice in itertools.product(*parts)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [one + other for one in texts_of(node.left) for other in texts_of(node.right)]
    if isinstance(node, ast.IfExp):
        both = texts_of(node.body), texts_of(node.orelse)
        return [*both[0], *both[1]] if all(both) else []
    return []


def findings() -> Iterator[str]:
    """Every message and hint of a finding that stands in the code."""
    for path in sorted((ROOT / "inspector" / "core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in ("Finding", "_add_finding", "_finding"):
                    yield from (text for argument in node.args[3:5] for text in texts_of(argument))


# what somebody in the window meets when a file is opened, followed, fetched and saved
ERRORS = ("NotACheckpoint", "Changed", "Unreadable", "FileMissing", "Truncated", "Ambiguous", "SaveError")


def errors(kind: str) -> Iterator[str]:
    """Every message and hint of an error of one kind that stands in the code."""
    for path in sorted((ROOT / "inspector" / "core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name == kind:
                    yield from (text for argument in node.args[:2] for text in texts_of(argument))


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("kind", ERRORS)
def test_that_every_error_of_opening_and_saving_has_chinese_words(kind: str) -> None:
    texts = {text for text in errors(kind) if re.search("[a-z]{2}", text.replace("{}", ""))} - BARE
    assert sorted(text for text in texts if sentences.said(text.replace("{}", "x")) == text.replace("{}", "x")) == []


@pytest.mark.usefixtures("chinese")
def test_that_an_error_is_said_whole_with_its_hint() -> None:
    error = core.SaveError("the file is marked read-only", "Save under another name, or allow it to be replaced (read-only).")
    assert words.error(error) == "文件被标记为只读。 请以另一个名称保存，或允许替换它（read-only）。"


@pytest.mark.usefixtures("chinese")
def test_that_every_finding_that_the_code_spells_out_has_chinese_words() -> None:
    texts = {text for text in findings() if text.strip("{}. ")} - BARE
    assert len(texts) > 100
    assert sorted(text for text in texts if sentences.said(text.replace("{}", "x")) == text.replace("{}", "x")) == []


def test_that_all_that_is_put_in_is_said() -> None:
    assert [row for row in ROWS if len(row) != 2] == []
    wrong = [template for template, said in ROWS
             if not {*re.findall(r"\{(\d)\}", said)} <= {str(n + 1) for n in range(template.count("{}"))}]
    assert wrong == []
    lost = [template for template, said in ROWS if template.count("{}") > len({*re.findall(r"\{\d\}", said)})]
    assert lost == []


@pytest.mark.usefixtures("chinese")
def test_that_names_and_numbers_come_through(tmp_path: Path) -> None:
    assert sentences.said("12 elements are NaN, in 3 tensors: a (4), b (8).") == "12 个元素为 NaN，位于3 个张量：a (4), b (8)。"
    assert sentences.said("torch.load (weights_only=True) refuses it: epoch is a numpy number (numpy.dtype); x is the class a.B (a.B).") \
        == "torch.load (weights_only=True) 拒绝加载：epoch 是 numpy 数（numpy.dtype）；x 是类 a.B（a.B）。"
    with pytest.raises(core.InspectorError) as caught:
        core.open(tmp_path / "gone.pth")
    assert words.error(caught.value) == "没有这样的文件或文件夹 (ENOENT)。 请检查路径：它可能已被移动、重命名或删除。"


@pytest.mark.usefixtures("chinese")
def test_that_several_sentences_are_said_one_by_one_and_what_is_unknown_stays() -> None:
    assert sentences.said("torch.load does not read them. Save the checkpoint again.") == "torch.load 不读取它们。请重新保存检查点。"
    assert sentences.said("Nobody ever said this. Save the checkpoint again.") == "Nobody ever said this. 请重新保存检查点。"
    assert sentences.said("Nobody ever said this.") == "Nobody ever said this."


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("said", [
    "it fits: all 4 modules have their weight in the base; LoRA of rank 8; scale 2",
    "it does not fit: of 4 modules 2 have no weight in the base; LoRA of rank 8; scale 2",
    "fc.weight: [10, 4] -> [12, 4], 2 more, the mean of those that were there.",
    "qkv [12, 4] becomes q [4, 4], k [4, 4], v [4, 4].",
    "2 tensors of the optimizer are turned along.",
    "3 parameters keep their state, 1 group in the order of the reference.",
    "All keys of model begin with 'module.': the model was wrapped in DataParallel or DistributedDataParallel when it was saved."])
def test_that_what_edits_and_adapters_come_to_is_said(said: str) -> None:
    found = sentences.said(said)
    assert not re.search(r"(?<![\w.])(?:its?|the|of|all|more|begin|are|keep|becomes) ", found)
    numbers = re.compile(r"\d+")
    assert sorted(numbers.findall(found)) == sorted(numbers.findall(said))


@pytest.mark.usefixtures("chinese")
def test_that_shapes_stay_whole() -> None:
    assert sentences.said("fc.weight: [10, 4] -> [12, 4], 2 more, the mean of those that were there.") \
        == "fc.weight：[10, 4] -> [12, 4]，新增 2，取原有的均值。"


def test_that_english_is_not_touched() -> None:
    assert sentences.said("torch.load does not read them.") == "torch.load does not read them."
    assert words.sentence("data.pkl breaks off") == "data.pkl breaks off."


@pytest.mark.usefixtures("chinese")
def test_that_names_cannot_hide_anything_in_it() -> None:
    said = words.said("The member a\u202eb cannot be read: \x1b[31m.")
    assert said.startswith("成员 a\\u202eb 无法读取")
    assert "\x1b" not in said


@given(st.lists(st.sampled_from(["in ", ": ", "{}", " tensors", "是", "a.b", ", ", "1", "."]), max_size=400).map("".join))
def test_that_whatever_a_file_says_is_matched_as_a_pattern_would(text: str) -> None:
    for template, _ in ROWS[:40]:
        known = sentences._Known(tuple(template.split("{}")), "")
        pattern = "(.*?)".join(map(re.escape, template.split("{}")))
        shown = template.replace("{}", text[:20])
        assert (known.fit(shown) is not None) == (re.fullmatch(pattern, shown, re.DOTALL) is not None) is True
        assert (known.fit(text) is not None) == (re.fullmatch(pattern, text, re.DOTALL) is not None)
