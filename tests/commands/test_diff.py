# ruff: noqa: E501
"""`inspector diff` and `inspector check --against` as a shell has them."""
from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import cli


def _said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    torch.manual_seed(0)
    a = {"fc.weight": torch.randn(10, 4), "fc.bias": torch.zeros(10), "old": torch.ones(3), "n.weight": torch.randn(6, 6)}
    b = {"fc.weight": a["fc.weight"] + 0.01, "fc.bias": torch.zeros(10), "new": torch.ones(5), "n.weight": a["n.weight"].half()}
    paths = str(tmp_path / "a.pth"), str(tmp_path / "b.pth")
    torch.save(a, paths[0])
    torch.save(b, paths[1])
    return paths


def test_that_a_file_is_the_same_as_itself(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _said(capsys, "diff", pair[0], pair[0])
    assert code == 0
    assert "identical" in out
    code, out, _ = _said(capsys, "diff", "--json", pair[0], pair[0])
    assert code == 0
    assert json.loads(out)["same"] is True


def test_that_json_has_the_fixed_names(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _said(capsys, "diff", *pair, "--json")
    assert (code, err) == (1, "")
    found = json.loads(out)
    assert found["same"] is False
    by_key = {row["a"] or row["b"]: row for row in found["pairs"]}
    assert [by_key[key]["status"] for key in ("fc.weight", "fc.bias", "old", "new", "n.weight")] == ["values", "equal", "only-a", "only-b", "dtype"]
    weight = by_key["fc.weight"]
    assert weight["n_different"] == 40
    assert weight["max_abs"] == pytest.approx(0.01, rel=1e-4)
    assert {"max_abs", "rms", "rel", "cosine", "n_different"} <= by_key["old"].keys()
    assert by_key["n.weight"]["cast"] == "b"
    assert found["counts"] == {"equal": 1, "values": 1, "dtype": 1, "shape": 0, "only-a": 1, "only-b": 1, "renamed": 0}
    assert found["rules"] == []


@pytest.mark.parametrize(("options", "code", "keys"), [
    (["--match", "fc.bias"], 0, ["fc.bias"]), (["--match", "fc.*"], 1, ["fc.weight", "fc.bias"]), (["--only", "values"], 1, ["fc.weight"]),
    (["--only", "only-a,only-b"], 1, ["old", "new"]), (["--only", "shape"], 0, []), (["--match", "fc.*", "--atol", "0.1"], 0, ["fc.weight", "fc.bias"])])
def test_that_filters_leave_what_they_say(options: list[str], code: int, keys: list[str], pair: tuple[str, str],
                                          capsys: pytest.CaptureFixture[str]) -> None:
    got, out, _ = _said(capsys, "diff", *pair, "--json", *options)
    assert got == code
    assert sorted(row["a"] or row["b"] for row in json.loads(out)["pairs"]) == sorted(keys)


@pytest.mark.parametrize("options", [["--only", "wrong"], ["--only", ","], ["--rtol", "-1"], ["--match", "nothing*"], ["--a-state-dict", "gone"]])
def test_that_a_filter_that_makes_no_sense_is_one_line_and_exit_2(options: list[str], pair: tuple[str, str],
                                                                  capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _said(capsys, "diff", *pair, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_that_structure_only_reads_no_tensor(pair: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(Path(pair[1]).read_bytes())
    at = data.index(b"data/0") + 64          # values changed, and no checksum fits any more
    data[at:at + 8] = bytes(8)
    (tmp_path / "c.pth").write_bytes(data)
    code, out, _ = _said(capsys, "diff", pair[1], str(tmp_path / "c.pth"), "--structure-only", "--json")
    assert code == 0
    assert all(row["status"] == "unread" for row in json.loads(out)["pairs"])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_that_the_page_is_self_contained_and_shows_names_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = '<img src="http://example.org/x.png" onerror=alert(1)>.weight'
    torch.save({key: torch.randn(50, 5)}, tmp_path / "a.pth")
    torch.save({key: torch.randn(50, 5)}, tmp_path / "b.pth")
    page = tmp_path / "report.html"
    assert _said(capsys, "diff", str(tmp_path / "a.pth"), str(tmp_path / "b.pth"), "--html", str(page))[0] == 1
    text = page.read_text("utf-8")
    tags = _Tags()
    tags.feed(text)
    assert not [tag for tag, attrs in tags.found if tag in ("script", "img", "link", "iframe", "object") or "src" in attrs or "href" in attrs]
    assert sum(tag == "path" for tag, _ in tags.found) == 2
    assert "&lt;img" in text


def test_that_a_page_that_cannot_be_written_is_one_line(pair: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _said(capsys, "diff", *pair, "--html", str(tmp_path / "gone" / "report.html"))
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_that_check_says_what_a_model_would_and_which_edits_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = torch.nn.Linear(4, 3)
    file, reference, shapes = tmp_path / "file.pth", tmp_path / "model.pth", tmp_path / "model.json"
    torch.save({f"module.{key}": value for key, value in model.state_dict().items()}, file)
    torch.save(model.state_dict(), reference)
    shapes.write_text('{"weight": [3, 4], "bias": [3]}')
    for against in (reference, shapes):
        code, out, _ = _said(capsys, "check", str(file), "--against", str(against), "--json")
        found = json.loads(out)
        assert code == 1
        assert found["load"]["missing"] == ["weight", "bias"]
        assert found["load"]["unexpected"] == ["module.weight", "module.bias"]
        assert found["load"]["mismatched"] == []
        assert found["suggested"] == ["--strip-prefix module."]
    code, out, _ = _said(capsys, "check", str(file), "--against", str(reference))
    assert code == 1
    assert "--strip-prefix module." in out
    assert _said(capsys, "check", str(reference), "--against", str(shapes))[0] == 0


def test_that_check_reads_the_error_of_a_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = torch.nn.Linear(4, 3)
    torch.save({f"module.{key}": value for key, value in model.state_dict().items()}, tmp_path / "file.pth")
    with pytest.raises(RuntimeError) as error:
        model.load_state_dict(torch.load(tmp_path / "file.pth", weights_only=True))
    (tmp_path / "err.txt").write_text(f"RuntimeError: {error.value}")
    code, out, _ = _said(capsys, "check", str(tmp_path / "file.pth"), "--error", str(tmp_path / "err.txt"), "--json")
    assert code == 1
    assert json.loads(out)["suggested"] == ["--strip-prefix module."]
    (tmp_path / "err.txt").write_text("Good morning")
    code, out, err = _said(capsys, "check", str(tmp_path / "file.pth"), "--error", str(tmp_path / "err.txt"))
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_that_the_suggested_edits_do_what_they_promise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    state = {f"module._orig_mod.{key}": value for key, value in model.state_dict().items()}
    torch.save({"epoch": 1, "model": {**state, "module._orig_mod.extra": torch.ones(2)}}, tmp_path / "file.pth")
    torch.save(model.state_dict(), tmp_path / "model.pth")
    _, out, _ = _said(capsys, "check", str(tmp_path / "file.pth"), "--against", str(tmp_path / "model.pth"), "--json")
    import shlex
    edits = [word for edit in json.loads(out)["suggested"] for word in shlex.split(edit)]
    code, _, err = _said(capsys, "edit", str(tmp_path / "file.pth"), "-o", str(tmp_path / "fixed.pth"), *edits)
    assert (code, err) == (0, "")
    fresh = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    fresh.load_state_dict(torch.load(tmp_path / "fixed.pth", weights_only=True), strict=True)


# -- with the file that both come from -----------------------------------------------------------------------------------------------

@pytest.fixture
def branches(tmp_path: Path) -> tuple[str, str, str]:
    base = {"w": torch.ones(3), "mine": torch.ones(2), "theirs": torch.ones(2), "same": torch.ones(1)}
    a = {**base, "w": torch.full((3,), 2.0), "mine": torch.zeros(2)}
    b = {**base, "w": torch.full((3,), 4.0), "theirs": torch.zeros(2), "new": torch.arange(4.0)}
    paths = [str(tmp_path / name) for name in ("base.pth", "a.pth", "b.pth")]
    for path, tensors in zip(paths, (base, a, b), strict=True):
        torch.save(tensors, path)
    return paths[0], paths[1], paths[2]


def test_that_a_base_tells_who_changed_what(branches: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    base, a, b = branches
    code, out, err = _said(capsys, "diff", a, b, "--base", base)
    assert (code, err) == (1, "")
    assert "conflicts: both changed 1 tensor, each in its own way" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["!", "w", "values", "values", "1", "3"] in rows
    assert ["A", "mine", "values", "kept"] in rows
    assert ["B", "new", "added"] in rows
    assert "same" not in out
    assert out.endswith("5 tensors: 1 in conflict, 1 changed in A alone, 2 changed in B alone, 1 kept by both\n")
    code, out, _ = _said(capsys, "diff", a, b, "--base", base, "--json", "--only", "conflict,b")
    found = json.loads(out)
    assert (code, found["same"], found["conflicts"]) == (1, False, ["w"])
    assert {row["a"] or row["b"]: (row["status"], row["in_a"], row["in_b"]) for row in found["tensors"]} == {
        "w": ("conflict", "values", "values"), "theirs": ("b", "kept", "values"), "new": ("b", "absent", "added")}
    assert (found["tensors"][0]["a_rel"], found["tensors"][0]["b_rel"]) == pytest.approx((1.0, 3.0))


def test_that_the_recipe_brings_over_what_only_b_changed(branches: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, a, b = branches
    recipe, merged = str(tmp_path / "merge.json"), tmp_path / "merged.pth"
    code, out, _ = _said(capsys, "diff", a, b, "--base", base, "--save-recipe", recipe)
    assert code == 1
    assert "1 tensor gets B's values, 1 is added" in out
    assert "1 conflict is left to you: A keeps what it has there" in out
    assert _said(capsys, "edit", a, "-o", str(merged), "--recipe", recipe)[0] == 0
    found = torch.load(merged, weights_only=True)
    assert {key: value.tolist() for key, value in found.items()} == {
        "w": [2.0] * 3, "mine": [0.0] * 2, "theirs": [0.0] * 2, "same": [1.0], "new": [0.0, 1.0, 2.0, 3.0]}
    code, out, _ = _said(capsys, "diff", str(merged), b, "--base", base, "--json")
    assert json.loads(out)["counts"] == {"conflict": 1, "a": 1, "b": 0, "alike": 2, "kept": 1}


def test_that_the_page_of_three_is_well_formed_and_plain(branches: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, a, b = branches
    torch.save({**torch.load(b, weights_only=True), "<script>": torch.ones(1)}, b)
    out = tmp_path / "three.html"
    assert _said(capsys, "diff", a, b, "--base", base, "--html", str(out))[0] == 1
    text = out.read_text()
    assert "<script>" not in text
    assert "In conflict: 1 tensor" in text
    assert "Changed in B alone: 3 tensors" in text
    assert _said(capsys, "diff", a, b, "--base", base, "--html", base)[0] == 2              # the base is not written over


def test_that_two_who_did_the_same_are_the_same(branches: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    base, a, _ = branches
    assert _said(capsys, "diff", a, a, "--base", base)[0] == 0
    assert "A and B are the same, and not what the base was" in _said(capsys, "diff", a, a, "--base", base)[1]
    assert "only B changed something" in _said(capsys, "diff", base, a, "--base", base)[1]
    assert _said(capsys, "diff", base, base, "--base", base, "--structure-only")[0] == 0


@pytest.mark.parametrize("options", [["--base-state-dict", "x"], ["--base", "{base}", "--rtol", "0.1"], ["--base", "{base}", "--only", "values"],
                                     ["--base", "{base}", "--match", "nothing*"], ["--base", "{base}.not"]])
def test_that_options_that_make_no_sense_with_a_base_are_said(branches: tuple[str, str, str], options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    base, a, b = branches
    code, out, err = _said(capsys, "diff", a, b, *(option.format(base=base) for option in options))
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_that_tensors_that_relations_were_not_looked_for_are_told_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.core.relations.finding._MOST", 4)
    weights = [torch.randn(4, 8) for _ in range(5)]
    torch.save({f"a{n}": weight for n, weight in enumerate(weights)}, tmp_path / "a.pth")
    torch.save({f"b{n}": weight.T.contiguous() for n, weight in enumerate(weights)}, tmp_path / "b.pth")
    page = str(tmp_path / "page.html")
    said = "6 of the 10 tensors without an equal partner were not looked at for what they are made of"
    code, out, _ = _said(capsys, "diff", str(tmp_path / "a.pth"), str(tmp_path / "b.pth"), "--html", page)
    assert code == 1
    assert said in out
    assert said in Path(page).read_text()
    _, out, _ = _said(capsys, "diff", str(tmp_path / "a.pth"), str(tmp_path / "b.pth"), "--json")
    assert json.loads(out)["unsearched"] == {"tensors": 6, "of": 10, "nearly": 0}
