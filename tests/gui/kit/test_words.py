"""Numbers and names as people read them."""
from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from inspector.core import wording
from inspector.gui.kit import words


def test_that_exact_sizes_say_every_byte() -> None:
    assert words.exact_size(1) == "1 byte"
    assert words.exact_size(160) == "160 bytes"
    assert words.exact_size(44_730_112) == "44.7 MB (44,730,112 bytes)"


@pytest.mark.parametrize("n", [0, 1, 999, 1000, 1234, 44_730_112, 10 ** 18, 1 << 4096])
def test_that_numbers_are_spelled_as_the_command_line_spells_them(n: int) -> None:
    assert (words.size(n), words.exact_size(n), words.many(n), words.share(n, 2000)) == (
        wording.size(n), wording.exact_size(n), wording.many(n), wording.share(n, 2000))
    assert words.shape((n, 3)) == wording.shape((n, 3))
    assert words.tensors(2000) == wording.count(2000, "tensor")


@pytest.mark.parametrize(("path", "others", "folders", "said"), [
    ("/a/d1/m.pth", ["/a/d1/m.pth", "/a/d2/m.pth"], 0, "d1/m.pth"),
    ("/a/d1/m.pth", ["/b/d1/m.pth", "/a/d2/m.pth"], 0, "a/d1/m.pth"),
    ("/a/d1/m.pth", ["/a/d1/n.pth"], 0, "m.pth"),
    ("/a/d1/m.pth", [], 1, "d1/m.pth"),
    ("m.pth", ["d/m.pth"], 1, "m.pth"),
    ("https://host/x/m.pth?token=secret", ["/y/m.pth"], 0, "x/m.pth"),
    (f"/{'d' * 300}/m.pth", [], 1, f"{'d' * 26}…{'d' * 13}/m.pth")])
def test_that_a_file_is_told_from_others_of_its_name(path: str, others: list[str], folders: int, said: str) -> None:
    assert words.file_name(path, others, folders) == said


def test_that_one_is_not_many() -> None:
    assert (words.tensors(1), words.tensors(2000)) == ("1 tensor", "2,000 tensors")
    assert (words.values(1), words.findings(1), words.parameters(1)) == ("1 value", "1 finding", "1 parameter")
    assert (words.level("danger", 1), words.level("warning", 2), words.level("info", 3)) == ("1 danger", "2 warnings", "3 notes")


def test_that_shapes_read_as_products() -> None:
    assert words.shape((64, 3, 7, 7)) == "64 × 3 × 7 × 7"
    assert words.shape(()) == "scalar"
    assert words.shape(tuple(range(2000))).endswith("…")


@pytest.mark.parametrize("name", ["<b>x</b>", "&lt;", "<img src='file:///etc/passwd'>", "\\\\host\\x", "a\u202eb"],
                         ids=["tag", "entity", "image", "unc", "bidi"])
def test_that_a_tooltip_shows_a_name_literally(name: str, qtbot: QtBot) -> None:
    tip = words.tip(name)
    assert tip.startswith("<qt>")           # so Qt will not guess
    assert "<img" not in tip
    assert "<b>" not in tip
    assert "\u202e" not in tip


def test_that_menu_text_has_no_accelerators_and_no_lines() -> None:
    assert words.menu_text("a&b\nc") == "a&&b\\nc"


def test_that_a_megabyte_name_stays_short() -> None:
    assert len(words.menu_text("x" * (1 << 20))) <= 80
    assert len(words.tip("x" * (1 << 20))) < 3000


@pytest.mark.parametrize(("text", "shown"), [("the header is short", "The header is short."), ("Done!", "Done!"), ("", "."),
                                             ("data.pkl breaks off", "data.pkl breaks off.")])
def test_that_a_message_stands_as_a_sentence(text: str, shown: str) -> None:
    assert words.sentence(text) == shown
