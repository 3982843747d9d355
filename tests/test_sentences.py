"""What is said below the window, in Chinese: findings, errors, and what commands tell."""
from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import core, languages, sentences
from inspector.gui.kit import words
from tests import messages

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "translations"
SENTENCES = [line.replace("\\n", "\n").split("\t") for line in (FOLDER / "sentences_zh_CN.tsv").read_text("utf-8").splitlines()]
ROWS = [line.split("\t") for name in ("sentences", "phrases") for line in (FOLDER / f"{name}_zh_CN.tsv").read_text("utf-8").splitlines()]
# of these nothing but what is put in says anything, or each that they can be stands in the table by itself
BARE = {"{} and {} more: {}", "The member {} {}", "{} more members: each {}", "{} more member: {}.",
        "{} more members: {}.", "{}{} There are {} more like it.", "{} There are {} more like it.",
        "{}{}. There are {} more like it.", "__metadata__", "common.pt", "data.pkl", "inspector {}\n",
        "{} in {}", "{} is {}.", "{}: {} instead of {}",
        # lines of Python
        'state = torch.load(path, map_location="cpu", mmap=True); model.load_state_dict(state); del state',
        "model.load_state_dict()", "model.load_state_dict(torch.load(path))", "model.load_state_dict(torch.load(path){})",
        "pip install safetensors", 'pip install --upgrade "torch>=2.6"', 'torch.load(path, map_location="cpu")',
        'safetensors.torch.load_file(path, device="cpu")', "torch.load(path)", 'torch.load(path, weights_only=False, encoding="latin1")',
        "save_file({key: tensor.contiguous() for key, tensor in model.state_dict().items()}, path)",
        *(f"model = Net(...); model.load_state_dict(torch.load(path){part}); model.eval()" for part in ("", "{}")),
        # what agrees with its number in the code, and cannot be told from the outside
        "{} about the model's program and is left out.", "{} about the model's program and are left out.",
        *(f"Saving failed, not loading: {{}} is {joint} cannot be pickled, so that nothing with it in can be saved."
          for joint in ("", ", and")),
        *(f"{{}} element{end} {{}}, in {{}} tensor{more}: {{}}{and_more}." for end in (" is", "s are") for more in ("", "s")
          for and_more in ("", " and {} more"))}


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_current", "zh_CN")


@pytest.mark.usefixtures("chinese")
def test_that_every_message_of_the_code_has_chinese_words() -> None:
    found = [message for message in messages.messages() if message.template not in BARE]
    assert len(found) > 1500
    assert {message.place.split(":")[0] for message in found} > {"inspector/core/errors.py", "inspector/core/pickles/decode/machine.py"}
    lacking = {message.template: f"{message.place}: {message.sample} -> {' '.join(english)}" for message in found
               if (english := messages.english_in(message))}
    assert lacking == {}, "python -m tests.messages lists them; CONTRIBUTING says where their words go"


@pytest.mark.usefixtures("chinese")
def test_that_a_message_without_words_would_be_noticed() -> None:
    unknown = messages.Message("here", ("nobody has words for ", messages.Hole("x.y")))
    half = messages.Message("here", (messages.Hole("a thing without words"), " cannot be read: ", messages.Hole("x.y"), "."))
    assert messages.english_in(unknown)
    assert {"without", "words"} <= {*messages.english_in(half)}


@pytest.mark.usefixtures("chinese")
def test_that_no_sentence_is_taken_for_another() -> None:
    samples = [f"x{n}.y" for n in range(1, 10)]
    wrong = []
    for template, said in SENTENCES:
        filled = template
        for n, hole in enumerate(re.findall(r"\{#?\}", template)):
            samples[n] = f"x{n + 1}.y" if hole == "{}" else f"{n + 11}"
            filled = filled.replace(hole, samples[n], 1)
        wanted = re.sub(r"\{(\d)\}", lambda place: samples[int(place[1]) - 1], said)
        if sentences.said(filled).replace(" ", "") != wanted.replace(" ", ""):
            wrong.append(f"{template} -> {sentences.said(filled)}")
    assert wrong == []


def test_that_every_sentence_stands_in_its_table_once() -> None:
    for name in ("sentences", "phrases"):
        templates = [line.split("\t")[0] for line in (FOLDER / f"{name}_zh_CN.tsv").read_text("utf-8").splitlines()]
        assert [template for template, n in Counter(templates).items() if n > 1] == []


@pytest.mark.usefixtures("chinese")
def test_that_an_error_is_said_whole_with_its_hint() -> None:
    error = core.SaveError("the file is marked read-only", "Save under another name, or allow it to be replaced (read-only).")
    assert words.error(error) == "文件被标记为只读。 请以另一个名称保存，或允许替换它（read-only）。"


def test_that_no_letter_of_an_english_plural_gets_into_chinese() -> None:
    """"{} part{}" would be "2 个部分s": who makes such a text counts with `wording.count`, whose phrase is known."""
    assert [template for template, _ in ROWS if re.search(r"[a-z]{2}\{\}(?![a-z{(])", template)
            and not template.startswith(("All keys{}", "Name a folder, or an index as in model{}"))] == []


@pytest.mark.usefixtures("chinese")
def test_that_what_is_true_of_more_is_said_behind_what_is_said_of_one() -> None:
    told = "All keys begin with 'module.': the model was wrapped in DataParallel when it was saved."
    said = sentences.said(f"{told} (The same is true of 3 others.)")
    assert said == "所有键都以 'module.' 开头：保存时模型被 DataParallel 包装过。（另有 3 处也是如此。）"


def holes(template: str) -> int:
    return len(re.findall(r"\{#?\}", template))


def test_that_all_that_is_put_in_is_said() -> None:
    assert [row for row in ROWS if len(row) != 2] == []
    wrong = [template for template, said in ROWS
             if not {*re.findall(r"\{(\d)\}", said)} <= {str(n + 1) for n in range(holes(template))}]
    assert wrong == []
    lost = [template for template, said in ROWS if holes(template) > len({*re.findall(r"\{\d\}", said)})]
    assert lost == []


@pytest.mark.usefixtures("chinese")
def test_that_names_and_numbers_come_through(tmp_path: Path) -> None:
    assert sentences.said("12 elements are NaN, in 3 tensors: a (4), b (8).") == "12 个元素为 NaN，位于 3 个张量：a (4), b (8)。"
    assert sentences.said("torch.load (weights_only=True) refuses it: epoch is a numpy number (numpy.dtype); x is the class a.B.") \
        == "torch.load (weights_only=True) 拒绝加载：epoch 是 numpy 数（numpy.dtype）；x 是类 a.B。"
    assert sentences.said("x is made by a.b (a.c).") == "x 由 a.b 生成（a.c）。"
    with pytest.raises(core.InspectorError) as caught:
        core.open(tmp_path / "gone.pth")
    assert words.error(caught.value) == "没有这样的文件或文件夹 (ENOENT)。 请检查路径：它可能已被移动、重命名或删除。"


@pytest.mark.parametrize(("some", "last", "said"), [
    ("2 个张量", "AdamW 状态", "2 个张量和 AdamW 状态"), ("model", "optimizer", "model 和 optimizer"), ("模型", "优化器", "模型和优化器")])
def test_that_latin_letters_stand_apart_from_chinese(some: str, last: str, said: str) -> None:
    assert sentences.filled("{some}和{last}", {"some": some, "last": last}) == said


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
    "the same weights, some of them transposed, reshaped, split or joined: 2 tensors in both, 1 of them read, 3 of A and 4 of B arranged "
    "otherwise, 5 of another shape",
    "what both have is the same, but not all is in both: 1 tensor in both, all of them read, 3 of A and 2 of B arranged otherwise",
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
        known = sentences._known(template, "")
        pattern = "(.*?)".join(map(re.escape, template.split("{}")))
        shown = template.replace("{}", text[:20])
        assert (known.fit(shown) is not None) == (re.fullmatch(pattern, shown, re.DOTALL) is not None) is True
        assert (known.fit(text) is not None) == (re.fullmatch(pattern, text, re.DOTALL) is not None)
