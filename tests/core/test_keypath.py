"""Keys taken apart and put together: the root is "", segments may be empty, and only whole segments count."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.keypath import (
    Paths,
    ancestors,
    any_under,
    below,
    is_under,
    is_within,
    isolated,
    join,
    leaf_of,
    parent_of,
    relative,
    seen_from,
    segments_of,
    splits,
    top_of,
    under,
)

KEYS = st.text("ab.", max_size=8)
WHOLE = st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=4).map(".".join)      # no empty segments


@given(KEYS)
def test_that_parent_and_leaf_make_the_key_again(key: str) -> None:
    assert (parent_of(key) + "." if "." in key else "") + leaf_of(key) == key
    assert segments_of(key)[0] == top_of(key)
    assert segments_of(key)[-1] == leaf_of(key)


@given(KEYS)
def test_that_ancestors_go_up_to_the_root_and_splits_say_what_is_left(key: str) -> None:
    assert [*ancestors(key)] == ([*(head for head, _ in splits(key)), ""] if key else [])
    assert all(f"{head}.{tail}" == key for head, tail in splits(key))
    assert len([*splits(key)]) == key.count(".")


@given(WHOLE, WHOLE)
def test_that_what_is_joined_is_under_its_parent_and_relative_takes_it_off_again(path: str, name: str) -> None:
    key = join(path, name)
    assert is_under(key, path)
    assert is_within(key, path)
    assert key.startswith(under(path))
    assert relative(key, path) == seen_from(key, path) == name
    assert path in ancestors(key)
    assert any_under([path, key], path)
    assert [*below([path, "other", key], path)] == [(key, name)]


@given(KEYS, KEYS)
def test_that_to_be_under_is_to_have_as_ancestor(key: str, path: str) -> None:
    assert is_under(key, path) == (path in [*ancestors(key)])
    assert is_within(key, path) == (key == path or is_under(key, path) or not path)
    assert any_under([key], path) == is_under(key, path)
    assert [*below([key], path)] == ([(key, relative(key, path))] if is_under(key, path) else [])
    assert seen_from(key, path) == (relative(key, path) if is_under(key, path) else key)


@pytest.mark.parametrize(("key", "path"), [("modules.x", "module"), ("module", "module"), ("a.bc", "a.b"), ("", "a"), ("", "")])
def test_that_a_beginning_which_is_no_whole_segment_counts_nothing(key: str, path: str) -> None:
    assert not is_under(key, path)
    assert seen_from(key, path) == key


@given(st.lists(KEYS | st.integers(60, 70).map(lambda n: "a." * n), max_size=6), KEYS | st.integers(60, 80).map(lambda n: "a." * n + "b"))
def test_that_paths_are_those_that_a_key_is_within(paths: list[str], key: str) -> None:
    around = [path for path in sorted({*paths}, key=len, reverse=True) if is_within(key, path)]
    found = Paths(paths)
    assert [*found.around(key)] == around
    assert found.nearest(key) == next(iter(around), None)
    assert found.has(key) == bool(around)


def test_that_only_segments_that_run_from_right_to_left_are_isolated_each() -> None:
    assert isolated("שכבה.weight  [3] 中文 x") == "\u2066שכבה\u2069.weight  [3] 中文 x"
    assert isolated("א.0.ב#2 /a/ג/ד.pth --set א=ב") == (
        "\u2066א\u2069.0.\u2066ב\u2069#2 /a/\u2066ג\u2069/\u2066ד\u2069.pth --set \u2066א\u2069=\u2066ב\u2069")
    assert isolated("中文 a\n") == "中文 a\n"


def test_that_a_long_text_without_spaces_is_gone_through_once() -> None:
    text = "中" * 1_000_000         # of the square of that, nobody would see the end
    assert isolated(text) == text
    assert isolated(f"א {text}") == f"\u2066א\u2069 {text}"
