"""JSON without leniency, held against Python's own reader."""
from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.errors import Cancelled, Corrupt
from inspector.core.formats.shared.strict_json import Scanner
from inspector.core.progress import Monitor

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-10**19, 10**19) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=4), max_leaves=12)
layouts = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n")])


def outcome(data: bytes) -> Any:
    try:
        return Scanner(data).document()
    except Corrupt as error:
        return error


def passes_over(data: bytes) -> bool:
    scan = Scanner(data)
    try:
        scan.space()
        scan.skip(1)
        scan.end()
    except Corrupt:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(values, layouts, st.booleans())
def test_that_good_json_reads_as_python_reads_it(value: Any, separators: tuple[str, str], ascii_only: bool) -> None:
    data = json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()
    assert outcome(data) == json.loads(data)
    assert passes_over(data)


@settings(max_examples=300, deadline=None)
@given(values, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), st.sampled_from(
    [*'"{}[],:0-.eE\\', "\\u0000", "\\ud83d", "\ud83d", "01", "1e999", "NaN", "-0", "\x01", "\xa0", "9" * 30, " ", "true"])),
                        max_size=3))
def test_that_what_passes_python_passes_too_and_both_roads_agree(value: Any, edits: list[tuple[int, int, str]]) -> None:
    text = json.dumps([value, 1, "x"])
    for at, dropped, inserted in edits:
        place = at % (len(text) + 1)
        text = text[:place] + inserted + text[place + dropped:]
    data = text.encode("utf-8", "surrogatepass")
    found = outcome(data)
    assert passes_over(data) is not isinstance(found, Corrupt)
    if not isinstance(found, Corrupt):
        assert found == json.loads(data)


@pytest.mark.parametrize(("data", "offset"), [
    (b'{"a":1,"a":2}', 7), (b'{"a":1,"\\u0061":2}', 7), (b'[{"a":[],"a":[]}]', 9), (b"[1,]", 3), (b"[1 2]", 3), (b'{"a" 1}', 5),
    (b"", 0),
    (b"[", 1), (b"nul", 0), (b'"\\ud800"', 0), (b'"a\nb"', 2), (b"[" * 9 + b"]" * 9, 8), (b"1" * 21, 0), (b"+1", 0), (b"1.", 0),
    (b"\xef\xbb\xbf1", 0),
    (b'"\xff"', 1), (b"1 1", 2), (b"1e400", 0), (b"'a'", 0),
])
def test_that_the_place_of_a_fault_is_told(data: bytes, offset: int) -> None:
    with pytest.raises(Corrupt) as caught:
        Scanner(data, "it", 100).document()
    assert caught.value.where == f"byte {100 + offset}"


def test_that_minus_zero_stays_a_float() -> None:
    assert math.copysign(1, Scanner(b"-0").document()) == -1.0


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(texts | st.from_regex(r"[a-z.]{1,9}", fullmatch=True), st.sampled_from(["a.bin", "é", "", 'q"'])), max_size=12),
       layouts, st.booleans())
def test_that_texts_by_names_are_taken_as_one_by_one_however_many_at_once(
        pairs: list[tuple[str, str]], separators: tuple[str, str], ascii_only: bool) -> None:
    comma, colon = separators
    spelt = [[json.dumps(text, ensure_ascii=ascii_only) for text in pair] for pair in pairs]
    data = f"{{{comma.join(colon.join(pair) for pair in spelt)}}}".encode()
    scan = Scanner(data)
    names = [name for name, _ in pairs]
    second = next((n for n, name in enumerate(names) if name in names[:n]), None)
    if second is None:
        assert [pair for some in scan.text_pairs(1) for pair in some] == pairs
        scan.end()
    else:
        with pytest.raises(Corrupt) as caught:
            list(scan.text_pairs(1))
        place = len("{" + comma.join(map(colon.join, spelt[:second])) + comma)
        assert (caught.value.id, caught.value.where) == ("duplicate_key", f"byte {len(data.decode()[:place].encode())}")


@pytest.mark.parametrize("name", ["weight{}", "gewicht_ä{}"])
def test_that_a_table_of_texts_can_be_stopped_however_it_is_spelt(name: str) -> None:
    class Stopped(Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise Cancelled

    data = json.dumps({name.format(n): "a.safetensors" for n in range(5000)}, ensure_ascii=False).encode()
    with pytest.raises(Cancelled):
        list(Scanner(data, monitor=Stopped()).text_pairs(1))
