"""Patterns of configurations: what `re` says of the same, and nothing of what is not known."""
from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core.packed.families import patterns

PIECES = st.sampled_from(["a", "b", ".", "\\.", "\\d", "\\w", "[ab]", "[^a]", "[0-9]", "a*", ".*", ".*?", "\\d+", "b?", "(a|b)",
                          "(?:a\\.|)", "(ab|b(a|\\.))?", "q_proj", "layers"])


@given(st.lists(PIECES, max_size=4).map("".join), st.text("ab.0q_\n", max_size=8))
@example("^q_proj$", "q_proj")
@example("^q_proj", "m.q_proj")
@example("layers\\.[0-3]\\.(q|k)_proj", "model.layers.2.k_proj")
def test_that_a_known_pattern_fits_what_re_says_it_fits(pattern: str, name: str) -> None:
    name = name.replace("\n", "")
    assert patterns.fits(pattern, name) is (re.match(rf"(.*\.)?({pattern})$", name) is not None)


@pytest.mark.parametrize("pattern", ["a{2}", "(a)*", "(?=a)", "(?P<x>a)", "\\1", "a(", "a)", "[a", "[\\d]", "^a|b", "\\bq", "a**", "a++",
                                     "*a", "a^", "(" * 20 + "a" + ")" * 20, "a" * 501, "(a|b)" * 12])
def test_that_of_others_nothing_is_said(pattern: str) -> None:
    assert patterns.fits(pattern, "a") is None


def test_that_a_hostile_pattern_takes_no_longer_than_its_length_asks() -> None:
    assert patterns.fits(".*a" * 100, "a" * 99 + "b") is False
    assert patterns.fits("a*" * 200 + "c", "a" * 200) is False
