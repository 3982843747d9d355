"""Pages on paper."""
from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QTextTable
from PySide6.QtWidgets import QApplication

from inspector import core
from inspector.commands import pages
from inspector.commands.window import Pages
from inspector.gui.kit import printing
from inspector.gui.kit.printing import DPI, Paper

MM = DPI / 25.4
SQUARE = '<svg viewBox="0 0 100 100"><rect width="100" height="100" fill="var(--b)"/></svg>'


def sheet_of(page: str, number: int = 0, scale: int = 1) -> QImage:
    paper = Paper(page, printing.usual_layout())
    image = QImage(round(210 * MM) * scale, round(297 * MM) * scale, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.translate(14 * MM * scale, 14 * MM * scale)
    paper.paint(painter, number, DPI * scale)
    painter.end()
    return image


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


@pytest.mark.usefixtures("qapp")
def test_that_drawings_have_the_colours_of_light_paper() -> None:
    assert "#d55e00" in colours(sheet_of(pages.page_of("t", [f"<figure>{SQUARE}</figure>"])))
    assert "#d55e00" not in colours(sheet_of(pages.page_of("t", ["<p>nothing drawn</p>"])))


@pytest.mark.usefixtures("qapp")
def test_that_a_page_is_as_large_on_paper_of_any_resolution() -> None:
    page = pages.page_of("t", ["<h1>A title</h1>", f"<figure>{SQUARE}</figure>"])
    once, twice = sheet_of(page), sheet_of(page, scale=2)

    def right(image: QImage) -> int:
        return max(x for x in range(image.width()) for y in range(0, image.height(), 2) if image.pixelColor(x, y).name() == "#d55e00")
    assert abs(right(twice) - 2 * right(once)) <= 3


@pytest.mark.usefixtures("qapp")
def test_that_rows_go_on_over_the_sheets_and_none_is_lost() -> None:
    short = Paper(pages.page_of("t", [pages.table(("key",), [["one"]])]), printing.usual_layout())
    long = Paper(pages.page_of("t", [pages.table(("key",), [[f"layer.{n}"] for n in range(500)])]), printing.usual_layout())
    assert short.sheets == 1
    assert 5 < long.sheets < 20
    assert [line for line in long.text.split() if line != "key"] == [f"layer.{n}" for n in range(500)]
    assert long.text.split().count("key") == long.sheets            # the titles are on each


@pytest.mark.usefixtures("qapp")
def test_that_columns_are_as_wide_in_rows_with_drawings_as_in_those_without() -> None:
    bar = '<svg viewBox="0 0 100 8"><rect width="50" height="8"/></svg> 0.0909'
    rows = "".join(f"<tr><td>{n}</td><td>{bar if n < 6 else 0}</td><td>{bar if 3 <= n < 9 else ''}</td><td>{n}</td></tr>"
                   for n in range(12))
    paper = Paper(pages.page_of("t", [f"<table><tr><th>layer</th><th>matrices</th><th>biases</th><th>n</th></tr>{rows}</table>"]),
                  printing.usual_layout())
    lefts: list[list[float]] = []
    for _, document in paper._sheets[0]:
        table = next((frame for frame in document.rootFrame().childFrames() if isinstance(frame, QTextTable)), None)
        if table is not None:
            blocks = [table.cellAt(row, column).firstCursorPosition().block() for row in range(table.rows()) for column in range(4)]
            lefts += [[document.documentLayout().blockBoundingRect(block).x() for block in blocks]]
    assert len(lefts) == 5                  # the titles, and three rows each
    assert {round(x) for line in lefts for x in line} == {round(x) for x in lefts[0]}


@pytest.mark.usefixtures("qapp")
def test_that_what_is_said_of_a_drawing_stands_below_it() -> None:
    paper = Paper(pages.page_of("t", [f"<figure>{SQUARE}<figcaption>a name</figcaption></figure>"]), printing.usual_layout())
    (_, document), = paper._sheets[0]
    blocks = [document.begin()]
    while blocks[-1].next().isValid():
        blocks.append(blocks[-1].next())
    assert [block.text() for block in blocks if "a name" in block.text()] == ["a name"]


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("next", [pages.table(("key",), [["a " * 400]]), "<p>" + "a " * 400 + "</p>", f"<figure>{SQUARE}</figure>"])
def test_that_a_title_is_on_the_sheet_of_what_comes_after_it(next: str) -> None:
    for rows in range(40, 70):
        paper = Paper(pages.page_of("t", [pages.table(("key",), [["x"]] * rows), "<h2>Title</h2>", next]), printing.usual_layout())
        last = [document.toPlainText() for _, document in paper._sheets[-1]]
        assert last[-1] != "Title"
        assert [text for text in last if text == "Title"] or paper.sheets == 1, rows


@pytest.mark.usefixtures("qapp")
def test_that_a_pdf_has_a_sheet_for_each_and_stops_when_told() -> None:
    page = pages.page_of("t", [pages.table(("key",), [[f"layer.{n}"] for n in range(300)])])
    made = printing.pdf(page, "a title")
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) == Paper(page, printing.usual_layout()).sheets

    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise core.Cancelled

    with pytest.raises(core.Cancelled):
        printing.pdf(page, "a title", Stop())


def test_that_text_from_a_file_is_never_taken_for_a_drawing(qapp: QApplication) -> None:
    said = pages.page_of("t", [pages.table(("key",), [[SQUARE], ["</body><b>x"]])])
    assert "#d55e00" not in colours(sheet_of(said))


@pytest.mark.usefixtures("qapp")
def test_that_nothing_of_a_page_is_left_out_but_the_end_of_a_long_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    core.save({f"net.{n}.weight": np.full((2, 3), n, np.float32) for n in range(30)} | {"epoch": 7}, tmp_path / "a.pth")
    page = Pages().file(core.open(tmp_path / "a.pth"), True, core.QUIET)
    body = re.sub(r"<svg.*?</svg>", "", page.partition("<body>")[2], flags=re.DOTALL)
    words = html.unescape(re.sub(r"<[^>]*>", " ", body)).split()
    text = Paper(page, printing.usual_layout()).text.replace("\n", " ").replace("\xa0", " ")
    assert [word for word in words if word not in text] == []
    monkeypatch.setattr(printing, "_MOST_ROWS", 10)
    text = Paper(page, printing.usual_layout()).text
    assert "net.9.weight" in text
    assert "net.10.weight" not in text.partition("tensors")[2]
    assert "20 rows more" in text
