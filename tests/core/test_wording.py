"""Numbers as people read them."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import wording


@pytest.mark.parametrize(("n", "text"), [
    (0, "0 B"), (1, "1 B"), (999, "999 B"), (1000, "1 kB"), (1004, "1 kB"), (1234, "1.23 kB"), (9_994, "9.99 kB"), (9_995, "10 kB"),
    (99_949, "99.9 kB"), (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1 MB"), (999_999, "1 MB"), (4_000_000, "4 MB"),
    (44_730_112, "44.7 MB"), (12_345_678_901, "12.3 GB"), (10 ** 18, "1 EB"), (10 ** 30, "1,000,000,000,000 EB"), (1 << 512, "≈ 2^512 B")])
def test_that_sizes_have_three_digits(n: int, text: str) -> None:
    assert wording.size(n) == text


@pytest.mark.parametrize(("n", "text"), [(0, "0"), (9_999, "9,999"), (10_000, "10 K"), (11_200_000, "11.2 M"), (7 * 10 ** 9, "7 B"),
                                         (10 ** 18, "1,000,000 T"), (1 << 20_000, "≈ 2^20000")],
                         ids=lambda given: given if isinstance(given, str) else "")
def test_that_counts_are_shortened_however_large(n: int, text: str) -> None:
    assert wording.many(n) == text


@given(st.integers(0, 10 ** 21))
def test_that_a_size_is_right_to_its_last_digit(n: int) -> None:
    text, unit = wording.size(n).split(" ")
    shown = text.replace(",", "")
    exact = n / 1000 ** ("B", "kB", "MB", "GB", "TB", "PB", "EB").index(unit)
    assert abs(float(shown) - exact) <= max(exact * 0.00502, 0)
    assert "." not in shown or (len(shown) <= 4 and not shown.endswith("0"))


@given(st.integers(0, 1 << 70), st.integers(0, 1 << 70))
def test_that_more_bytes_never_look_like_less(a: int, b: int) -> None:
    def value(text: str) -> float:
        number, unit = text.split(" ")
        return float(number.replace(",", "")) * 1000.0 ** ("B", "kB", "MB", "GB", "TB", "PB", "EB").index(unit)

    low, high = sorted((a, b))
    assert value(wording.size(low)) <= value(wording.size(high))


def test_that_exact_sizes_say_every_byte() -> None:
    assert wording.exact_size(1) == "1 byte"
    assert wording.exact_size(160) == "160 bytes"
    assert wording.exact_size(44_730_112) == "44.7 MB (44,730,112 bytes)"
    assert wording.exact_size(1 << 4096) == "≈ 2^4096 bytes"


@pytest.mark.parametrize(("part", "whole", "text"), [
    (0, 0, ""), (5, 0, ""), (0, 9, "0 %"), (1, 1000, "<1 %"), (1, 100, "1 %"), (45, 100, "45 %"), (454, 1000, "45 %"), (455, 1000, "46 %"),
    (99, 100, "99 %"), (999, 1000, ">99 %"), (7, 7, "100 %"), (3, 2, "150 %"), (1, 10 ** 400, "<1 %")])
def test_that_shares_do_not_round_something_to_nothing(part: int, whole: int, text: str) -> None:
    assert wording.share(part, whole) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0.0 s"), (0.31, "0.3 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 0 s"),
                                               (125, "2 min 5 s"), (3600, "1 h 0 min"), (12_000, "3 h 20 min"), (4e6, "1,111 h 6 min")])
def test_that_durations_have_the_unit_that_says_most(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_that_one_is_not_many() -> None:
    assert [wording.count(n, "tensor") for n in (1, 0, 2000)] == ["1 tensor", "0 tensors", "2,000 tensors"]


def test_that_shapes_read_as_products_and_as_lists() -> None:
    assert wording.shape((64, 3, 7, 7)) == "64 × 3 × 7 × 7"
    assert wording.shape(()) == "scalar"
    assert wording.shape(range(2000)).endswith("× 31 × …")
    assert wording.shape_list((64, 3, 7, 7)) == str([64, 3, 7, 7])
    assert wording.shape(None) == wording.shape_list(None) == "?"
    assert wording.shape_list(()) == "[]"
    assert wording.shape_list(range(20)) == "[0, 1, 2, 3, 4, 5, ... 14 more]"
    assert wording.shape_list((1 << 20_000,)) == "[≈ 2^20000]"


@pytest.mark.parametrize(("parts", "text"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")])
def test_that_lists_are_read_as_people_say_them(parts: tuple[str, ...], text: str) -> None:
    assert wording.listed(parts) == text


@pytest.mark.parametrize(("key", "text"), [
    ("model.layers.12.mlp.down_proj.weight", "layer 12 down_proj"), ("h.3.attn.c_attn.bias", "layer 3 c_attn"),
    ("model.layers.3.mlp.experts.7.down_proj.weight", "layer 3 experts.7.down_proj"), ("layers.0.0.conv.weight", "layer 0 0.conv"),
    ("lm_head.weight", "lm_head"), ("blocks.4.weight", "blocks.4")])
def test_that_a_layer_is_spoken_of_by_its_number_and_what_tells_it_from_others(key: str, text: str) -> None:
    assert wording.layer_name(key) == text


def test_that_one_thing_is_told_in_the_singular() -> None:
    assert (wording.count(1, "tensor"), wording.count(2000, "tensor")) == ("1 tensor", "2,000 tensors")
    assert (wording.counted(1, "key is", "keys are"), wording.counted(0, "key is", "keys are")) == ("1 key is", "0 keys are")


@pytest.mark.parametrize(("text", "shown"), [
    ("3.17 M parameters, 67 % of 12.7 MB", "3.17~M parameters, 67~% of 12.7~MB"), ("64 × 3 × 7 × 7 in 9 ms", "64~×~3~×~7~×~7 in 9~ms"),
    ("of 8 Models 3 Bs are 5 mine", "of 8 Models 3 Bs are 5 mine"), ("name (5 kB)", "name (5~kB)"), ("", "")])
def test_that_a_number_keeps_its_unit_where_lines_are_broken(text: str, shown: str) -> None:
    assert wording.unbroken(text) == shown.replace("~", "\u00a0")
    assert wording.unbroken(wording.unbroken(text)) == wording.unbroken(text)
