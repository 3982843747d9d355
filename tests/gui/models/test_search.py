"""The search language against its plainest reading."""
from __future__ import annotations

import fnmatch
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.gui.models.key_tree import KeyTree, build_key_tree
from inspector.gui.models.search import Problem, find, likely, parse


def tensor(key: str, shape: tuple[int, ...] = (2, 3), dtype: str = "float32", device: str | None = "cpu") -> core.TensorInfo:
    return core.TensorInfo(key, shape, dtype, device, (1,) * len(shape), 0, key, 0)


def tree_of(*tensors: core.TensorInfo | str, **values: Any) -> KeyTree:
    infos = [tensor(each) if isinstance(each, str) else each for each in tensors]
    return build_key_tree(core.Checkpoint("/x/m.pt", "torch-zip", "state-dict", (), {info.key: info for info in infos}, values))


def found(tree: KeyTree, text: str) -> list[str]:
    query = parse(text)
    assert not query.problems
    return [tree.key(int(n)) for n in np.flatnonzero(find(tree, query))]


parts = st.sampled_from(["", "a", "ab", "b", "Ba", "weight", "10", "x*"])
keys = st.lists(st.lists(parts, min_size=1, max_size=5).map(".".join), max_size=20, unique=True)
literal = st.text(alphabet="ab.1we", min_size=1, max_size=4)
pattern = st.text(alphabet="ab.1*?w", min_size=1, max_size=7)


@given(keys, literal)
@settings(max_examples=120, deadline=None)
def test_that_a_word_finds_what_holds_it(names: list[str], word: str) -> None:
    tree = tree_of(*names)
    assert sorted(found(tree, word)) == sorted(key for key in names if word.casefold() in key.casefold())


@given(keys, pattern)
@settings(max_examples=120, deadline=None)
def test_that_a_glob_finds_what_it_fits_whole(names: list[str], glob: str) -> None:
    tree = tree_of(*names)
    if "*" in glob or "?" in glob:
        fits = re.compile(fnmatch.translate(glob), re.IGNORECASE)
        assert sorted(found(tree, glob)) == sorted(key for key in names if fits.match(key))


@given(keys, literal, literal)
@settings(max_examples=50, deadline=None)
def test_that_terms_add_up_and_a_minus_takes_away(names: list[str], one: str, other: str) -> None:
    tree = tree_of(*names)
    assert sorted(found(tree, f"{one} -{other}")) == sorted(key for key in names if one in key.lower() and other not in key.lower())


MODEL = tree_of(
    tensor("conv.weight", (64, 3, 7, 7), "float32", "cuda:0"), tensor("fc.weight", (1000, 4096), "bfloat16", "cuda:1"),
    tensor("fc.bias", (1000,), "bfloat16", None), tensor("steps", (), "int64", "cpu"), tensor("q", (64, 3), "int8", "cpu"),
    tensor("h", (64, 3), "float16", "cudax"), tensor("u", (3,), "uint8", "meta"), tensor("f8", (3, 4096), "float8_e4m3fn", "cpu"),
    epoch=3)


ALL = ["conv.weight", "fc.weight", "fc.bias", "steps", "q", "h", "u", "f8", "epoch"]


@pytest.mark.parametrize(("query", "expected"), [
    ("shape:4096", ["fc.weight", "f8"]), ("shape:64x3x7x7", ["conv.weight"]), ("shape:64×3", ["q", "h"]),
    ("shape:[64,3]", ["q", "h"]),
    ("shape:(64,3)", ["q", "h"]), ("shape:[3,]", ["u"]), ("shape:[]", ["steps"]), ("shape:64x*", ["q", "h"]),
    ("shape:*x4096", ["fc.weight", "f8"]), ("SHAPE:64X3", ["q", "h"]), ("shape:*", ["fc.bias", "u"]),
    ("dtype:bf16", ["fc.weight", "fc.bias"]), ("dtype:float32", ["conv.weight"]), ("dtype:f32", ["conv.weight"]),
    ("dtype:fp32", ["conv.weight"]), ("dtype:half", ["h"]), ("dtype:fp16", ["h"]), ("dtype:i64", ["steps"]), ("dtype:int8", ["q"]),
    ("dtype:u8", ["u"]), ("dtype:fp8", ["f8"]), ("dtype:torch.bfloat16", ["fc.weight", "fc.bias"]),
    ("dtype:float", ["conv.weight", "fc.weight", "fc.bias", "h", "f8"]), ("-dtype:float -shape:3", ["steps", "epoch"]),
    ("device:cuda:0", ["conv.weight"]), ("device:cuda", ["conv.weight", "fc.weight", "h"]), ("device:none", ["fc.bias"]),
    (">8MB", ["fc.weight"]), (">=8.192MB", ["fc.weight"]), (">8.192MB", []), ("<=8B", ["steps", "u"]), ("<8", ["u"]),
    (">1KiB", ["conv.weight", "fc.weight", "fc.bias", "f8"]), (">1k <10kb", ["fc.bias"]),
    (">.002MB <1TB weight", ["conv.weight", "fc.weight"]),
    ("WEIGHT fc", ["fc.weight"]), ('"fc.w"', ["fc.weight"]), ("", ALL),
    ("epoch", ["epoch"]), ("-", ALL),
])
def test_that_a_query_finds(query: str, expected: list[str]) -> None:
    assert sorted(found(MODEL, query)) == sorted(expected)


def test_that_quotes_keep_spaces_signs_and_stars_literal() -> None:
    tree = tree_of("a b", "ab", "-x", "x", "s*r", "star", "shape:3")
    assert found(tree, '"a b"') == ["a b"]
    assert found(tree, '"-x"') == ["-x"]
    assert found(tree, '"s*r"') == ["s*r"]
    assert found(tree, '"shape:3"') == ["shape:3"]


@pytest.mark.parametrize(("text", "problem"), [
    ("shape:4x", Problem("shape", "shape:4x", False)), ("shape:abc", Problem("shape", "shape:abc", False)),
    ("shape:", Problem("shape", "shape:", True)), ("dtype:quark", Problem("dtype", "dtype:quark", False)),
    (">ten", Problem("size", ">ten", False)), (">", Problem("size", ">", True)), ("-<=", Problem("size", "-<=", True)),
    ("shape:" + "9" * 30, Problem("shape", "shape:" + "9" * 30, False)),
])
def test_that_a_bad_term_is_reported_and_the_rest_counts(text: str, problem: Problem) -> None:
    query = parse(f"fc {text}")
    assert query.problems == (problem,)
    assert [MODEL.key(int(n)) for n in np.flatnonzero(find(MODEL, query))] == ["fc.weight", "fc.bias"]


def test_that_two_queries_that_mean_the_same_are_told_apart_by_text_only() -> None:
    assert parse("a").text == "a"
    assert len(parse("  a   b ").terms) == 2


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "?" * 300 + "*", "*" * 500, "*a*" * 30], ids=lambda p: p[:6])
def test_that_no_pattern_takes_longer_than_reading_the_key_once(pattern: str) -> None:
    """An exponential or even quadratic matcher would not come back from these."""
    tree = tree_of("a" * 200_000, "a." * 400 + "c", *(f"{'a' * 50}{i}" for i in range(500)))
    find(tree, parse(pattern))


def test_that_text_is_found_across_and_within_odd_segments() -> None:
    tree = tree_of("a..b", "a.b", ".a", ".".join(["x"] * 1100) + ".end", "ẞ.STRASSE")
    assert found(tree, "a..b") == ["a..b"]
    assert found(tree, ".a") == [".a"]
    assert found(tree, "x.x.end") == [".".join(["x"] * 1100) + ".end"]
    assert found(tree, "ss.strasse") == ["ẞ.STRASSE"]
    assert found(tree, "straße") == ["ẞ.STRASSE"]


@pytest.mark.parametrize(("query", "name", "places"), [
    ("norm", "layers.0.Norm1.weight", [(9, 13)]), ("w e", "weight", [(0, 2)]), ("-norm", "norm", []), ("dtype:bf16", "bf16", []),
    ("*.q*weight", "a.q.weight", [(1, 3), (4, 10)]), ('"a b"', "xa b", [(1, 4)]), ("s", "\u1e9e", []), ("aa", "aaa", [(0, 2)])])
def test_that_what_is_looked_for_has_its_places_in_names(query: str, name: str, places: list[tuple[int, int]]) -> None:
    assert parse(query).places_in(name) == places


@pytest.mark.parametrize(("typed", "meant"), [
    ("nrom1", "norm1"), ("layers.0.nrom1 -bias", "layers.0.norm1 -bias"), ("NROM1", "norm1"), ("qporj", "q_proj"), ("poj", "proj"),
    ("zzzzz", ""), ("nrom1 shape:9", ""), ("nrom1 shape:2x3", "norm1 shape:2x3"), ("*.nrom1.*", "*.norm1.*"), ("", "")])
def test_that_a_word_that_no_key_has_is_likely_one_that_is_spelt_nearly_so(typed: str, meant: str) -> None:
    names = [f"layers.{n}.{leaf}" for n in range(3) for leaf in ("norm1.weight", "norm1.bias", "q_proj.weight")]
    assert likely([tree_of(*names)], parse(typed)) == meant
