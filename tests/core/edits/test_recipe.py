from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from tests.core.edits.made import opened, state_dict

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
EDITS = st.one_of(
    st.sampled_from([core.StripPrefix("module."), core.AddPrefix("a.b"), core.Rename(r"a=(\d+)", r"b\1"), core.Renumber("a.*.b#", -3),
                     core.Drop("-x*"),
                     core.Keep("{a,b}"),
                     core.Extract("."), core.RemapDevices({"cuda:*": "cpu", "cpu": "cuda:0"}), core.Cast("float16"),
                     core.Cast("bfloat16", "a:b*"), core.Match("ref file.pth"), core.Take("o.pth"), core.Take("C:\\o", "*.w"),
                     core.Take("a:b", "x:y"), core.Take("{o}", "a*"), core.Take("o.pth", pairs=(("a b", "c:\"d"), ("", "x"))),
                     core.Unshare("*"), core.MergeAdapter("a:b/c d"), core.Copy("a.b", "c=d"), core.Copy("a=b", "c"), core.Copy("{", "}"),
                     core.Resize("a=b", -1, 12), core.Resize("{", 0, 0, "random"), core.Transpose("*.w"), core.OptimizerFor("a b.pth"),
                     core.Split("a.*", 0, (("*,b", -1), ("c.*", 3))), core.Split("a=1:b", 0, (("x", 2), ("y:3", -1))),
                     core.Concat(("a.*", "b=*"), "c:*", -2), core.Concat(("a,b", " c"), "d", 0), core.Concat(("{", "c"), "d", 0),
                     core.SetValue("a", delete=True),
                     core.SetMetadata("a", None)]),
    TEXT.map(lambda text: core.SetMetadata("k", text)),
    st.tuples(TEXT.filter(bool), TEXT.filter(bool).filter(lambda glob: "{" not in glob)).map(lambda both: core.Take(*both)),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXT).map(lambda value: core.SetValue("p.q", value)))


@settings(deadline=None)
@given(st.lists(EDITS, max_size=5))
def test_that_a_recipe_comes_back_as_it_was(edits: list[core.Edit]) -> None:
    assert core.from_recipe(core.to_recipe(edits)) == edits
    assert core.from_recipe(json.dumps(json.loads(core.to_recipe(edits))["edits"])) == edits


@settings(deadline=None)
@given(st.lists(EDITS, max_size=5))
def test_that_the_command_says_the_same(edits: list[core.Edit]) -> None:
    words = shlex.split(core.as_command(edits, "-in.pth", "out file.pth"))
    assert words[:5] == ["inspector", "edit", "./-in.pth", "-o", "out file.pth"]
    found, rest = [], iter(words[5:])
    for word in rest:
        option, equals, text = word.partition("=")
        found.append(core.parse_edit(option, text if equals else next(rest)))
    assert found == edits


def test_that_a_match_with_shapes_is_kept_in_recipes(tmp_path: Path) -> None:
    edits = [core.Match({"a": (2, 3)})]
    core.save_recipe(edits, tmp_path / "r.json")
    assert core.read_recipe(tmp_path / "r.json") == edits
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
def test_that_a_private_recipe_stays_private_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "private.json").write_text("{}")
    (tmp_path / "private.json").chmod(0o600)
    (tmp_path / "link.json").symlink_to("private.json")
    core.save_recipe([core.Drop("a")], tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "private.json").stat().st_mode & 0o777 == 0o600
    assert core.read_recipe(tmp_path / "private.json") == [core.Drop("a")]


def test_that_the_script_does_what_the_edits_do(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("module.a", "b"))
    edits = [core.StripPrefix("module."), core.RemapDevices({"cpu": "cuda:0"}), core.Rename("^b", "c")]
    script = core.as_python(edits, ckpt.path, str(tmp_path / "out.safetensors"))
    exec(compile(script.replace("print(report)", ""), "script", "exec"), {})
    assert list(core.open(tmp_path / "out.safetensors").tensors) == ["a", "c"]
    assert torch.equal(core.read_torch(core.open(tmp_path / "out.safetensors"), "c"), core.read_torch(ckpt, "b"))


@pytest.mark.parametrize(("text", "words"), [
    ("{", "line 1, column 2"), ("", "not JSON"), ("3", "no list of edits"), ('{"edits": 3}', "no list"), ("[1]", "edit 1"),
    ('[{"drop": "a"}, {"nope": 1}]', "edit 2 of the recipe is 'nope'"), ('{"recipe": 9, "edits": []}', "version 9"),
    ('{"recipe": "1", "edits": []}', "version"), ('[{"drop": 3}]', "not a number"), ('[{"drop": "a", "keep": "b"}]', "edit 1"),
    ('[{"cast": {"dtype": "float16", "globb": "x"}}]', "'globb'"), ('[{"rename": {"pattern": "("}}]', "replacement"),
    ('[{"rename": {"pattern": "(", "replacement": ""}}]', "regular expression"), ('[{"device": {"cuda": "gpu"}}]', "no device"),
    ('[{"match": {"a": [1.5]}}]', "match"), ('[{"set": {"path": "a", "path": "b", "value": 1}}]', "twice"), ("[" * 100000, "recipe"),
])
def test_that_a_bad_recipe_says_where_it_is_wrong(text: str, words: str) -> None:
    with pytest.raises(core.EditError, match=words):
        core.from_recipe(text)


def test_that_a_recipe_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(core.EditError, match="UTF-8"):
        core.read_recipe(tmp_path / "x")
    with pytest.raises(core.ReadError):
        core.read_recipe(tmp_path / "none")
    with pytest.raises(core.SaveError):
        core.save_recipe([], tmp_path / "none" / "r.json")


def test_that_every_option_has_a_sentence() -> None:
    assert all(core.edit_options().values())
