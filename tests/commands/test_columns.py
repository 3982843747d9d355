"""Text in columns."""
from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.commands.columns import KEY_WIDTH, columns

CELLS = st.text("ab %é漢", max_size=5) | st.just("x" * (KEY_WIDTH + 5))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_that_plain_letters_stand_in_the_same_columns(rows: list[tuple[str, str, str]]) -> None:
    titles = ("key", "type", "")
    assert columns(titles, rows) == columns(titles, rows, str)


def test_that_columns_are_as_wide_as_what_is_in_them() -> None:
    assert columns(("key", "n", ""), [("abc", "1", "z"), ("a", "1000", "")]) == "key  n\nabc  1     z\na    1000"
