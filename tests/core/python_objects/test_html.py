"""What a notebook shows of a checkpoint."""
from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import core


class Parsed(HTMLParser):
    """Tags in order, and the text; fails where tags are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.stack.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_that_the_tree_shows_groups_tensors_and_values(tmp_path: Path) -> None:
    torch.save({"model": torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)).state_dict(), "epoch": 7}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    shown = Parsed(ckpt._repr_html_())
    for text in ("a.pth", "model", "weight", "3 × 2 float32", "4 tensors", "epoch = 7", "24 B"):
        assert text in shown.text, text
    assert set(shown.tags) <= {"div", "details", "summary", "span", "b"}


def test_that_names_of_the_file_are_text_and_nothing_else(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>\u202e&amp;'\""
    torch.save({bad: torch.ones(2), "v": bad, "d": {bad: {bad: torch.ones(1)}}}, tmp_path / "a.pth")
    html = core.as_html(core.open(tmp_path / "a.pth"))
    assert "<script" not in html
    assert "\u202e" not in html
    shown = Parsed(html)
    assert "<script>alert(1)</script>\\u202e&amp;'\"" in shown.text
    assert set(shown.tags) <= {"div", "details", "summary", "span", "b"}


def test_that_the_bars_are_shares_of_all_bytes() -> None:
    html = core.as_html(core.edit({"a": {"x": np.zeros(75, np.uint8)}, "b": {"y": np.zeros(25, np.uint8)}}, []))
    assert re.findall(r"width:([\d.]+)%", html) == ["75.0", "75.0", "25.0", "25.0"]


@pytest.mark.parametrize("keys", [[f"l{n}.w" for n in range(5000)], [".".join("a" * 300)], ["", ".", "a", "a.b", "a..b"],
                                  [f"g.{n}" for n in range(5000)]], ids=["many", "deep", "odd", "one group"])
def test_that_it_stays_short_whatever_there_is(keys: list[str]) -> None:
    ckpt = core.edit({key: np.zeros(1, np.uint8) for key in keys}, [])
    html = core.as_html(ckpt)
    shown = Parsed(html)
    assert len(html) < 400_000
    assert ("not shown" in shown.text) == (len(keys) > 300)
