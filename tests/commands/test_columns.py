"""Text in columns, and findings in them."""
from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core, languages
from inspector.commands.columns import KEY_WIDTH, TOLD, columns, findings_text

CELLS = st.text("ab %é漢", max_size=5) | st.just("x" * (KEY_WIDTH + 5))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_that_plain_letters_stand_in_the_same_columns(rows: list[tuple[str, str, str]]) -> None:
    titles = ("key", "type", "")
    assert columns(titles, rows) == columns(titles, rows, str)


def test_that_columns_are_as_wide_as_what_is_in_them() -> None:
    assert columns(("key", "n", ""), [("abc", "1", "z"), ("a", "1000", "")]) == "key  n\nabc  1     z\na    1000"


def test_that_a_sentence_about_many_places_is_one_line() -> None:
    many = [core.Finding("odd", "warning", f"data.pkl:{n}", "It is odd.", "Ask.") for n in range(5000)]
    _, line = findings_text(many).splitlines()
    assert line == "warning  odd  data.pkl:0 and 4,999 more  It is odd. Ask."


def test_that_findings_of_a_kind_are_a_line_and_below_it_the_first_few_in_their_own_words() -> None:
    calls = [core.Finding("unknown-code", "danger", f"pickle:{n}", f"Calls os.f{n}().", "Leave it.", code=(f"os.f{n}",)) for n in range(7)]
    other = core.Finding("odd", "warning", "x", "It is odd.", "Ask.")
    _, *lines = findings_text([other, *calls, calls[0]._replace(where="pickle:99")]).splitlines()
    assert lines[0].split()[:2] == ["danger", "unknown-code"]
    assert lines[0].endswith(core.grouped_findings(calls)[0].title + " Leave it.")
    assert [line.split() for line in lines[1:3]] == [
        ["pickle:0", "and", "1", "more", "Calls", "os.f0()."], ["pickle:1", "Calls", "os.f1()."]]
    assert [line.split()[-1] for line in lines[1:-2]] == [f"os.f{n}()." for n in range(TOLD)]
    assert " ".join(lines[-2].split()) == "… and 2 more; --json lists them all"
    assert " ".join(lines[-1].split()) == "warning odd x It is odd. Ask."
    assert "\n".join(lines).count("Leave it.") == 1


def test_that_a_kind_without_a_sentence_of_its_own_begins_with_its_first_finding() -> None:
    both = [core.Finding("odd", "info", "a", "A is odd."), core.Finding("odd", "info", "b", "B is odd.")]
    assert findings_text(both).splitlines()[1:] == ["info     odd  a      A is odd.", "              b      B is odd."]


def test_that_how_many_more_places_there_are_is_said_in_chinese() -> None:
    languages.use("zh_CN")
    try:
        text = findings_text([core.Finding("odd", "warning", "data.pkl:1", "It is odd.", "")] * 5)
    finally:
        languages.use("en")
    assert "data.pkl:1 另有 4 个" in text
