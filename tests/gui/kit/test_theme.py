"""Light and dark."""
from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLineEdit, QStyle, QStyleOptionFrame
from pytestqt.qtbot import QtBot

from inspector.gui.kit import theme
from inspector.gui.kit.theme import DARK, LIGHT, Colours

PAIRS = [("text", "window"), ("text", "base"), ("text", "card"), ("text", "alternate"), ("muted", "window"), ("muted", "base"),
         ("muted", "card"), ("accent_text", "accent"), ("accent_text", "accent_hover"), ("link", "window"), ("link", "card"),
         ("selection_text", "selection"), ("text", "selection_idle"), ("text", "hover"), ("muted", "hover"),
         ("plot_text", "plot_background"),
         *((tone, f"{tone}_background") for tone in ("ok", "info", "warning", "danger")),
         *(("text", f"{tone}_background") for tone in ("ok", "info", "warning", "danger")),
         *(("muted", f"{tone}_background") for tone in ("info", "warning", "danger")),
         *((tone, "card") for tone in ("ok", "info", "warning", "danger"))]


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
    c = QColor(colour)
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF())


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), PAIRS, ids=["-on-".join(pair) for pair in PAIRS])
def test_that_text_can_be_read(shown: Colours, ink: str, paper: str) -> None:
    assert contrast(shown._asdict()[ink], shown._asdict()[paper]) >= 4.5


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("paper", ["window", "base", "card"])
@pytest.mark.parametrize("edge", ["field", "accent"])
def test_that_the_edge_of_a_field_can_be_seen(shown: Colours, edge: str, paper: str) -> None:
    assert contrast(shown._asdict()[edge], shown._asdict()[paper]) >= 3


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=["light", "dark"])
def test_that_plotted_colours_stand_out_from_the_plot(shown: Colours) -> None:
    assert all(contrast(colour, shown.plot_background) >= 3 for colour in shown.series)
    assert len(set(shown.series)) == len(shown.series)


def test_that_choosing_a_theme_changes_palette_and_colours_once(qtbot: QtBot, qapp: QApplication) -> None:
    watcher = theme.current()
    watcher.choose("light")
    with qtbot.waitSignal(watcher.changed):
        watcher.choose("dark")
    assert theme.colours() is DARK
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    with qtbot.assertNotEmitted(watcher.changed):
        watcher.choose("dark")
    watcher.choose("light")
    assert theme.colours() is LIGHT


def test_that_an_unknown_choice_is_the_systems(qapp: QApplication) -> None:
    theme.current().choose("chartreuse")
    assert theme.current().choice == "system"


def test_that_there_is_one_watcher(qapp: QApplication) -> None:
    assert theme.current() is theme.current()


def test_that_the_style_sheet_has_no_colours_of_its_own_and_no_blanks() -> None:
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb", theme._SHEET)
    for shown in (LIGHT, DARK):
        assert "$" not in theme.style_sheet(shown)


def test_that_a_hint_in_two_scripts_has_room_in_a_field(qtbot: QtBot, qapp: QApplication) -> None:
    """Chinese letters stand higher and lower than the others, and push these down: the foot of "q_proj" was cut off."""
    theme.current().apply_style_sheet()
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    option = QStyleOptionFrame()
    field.initStyleOption(option)
    room = field.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, field).height()
    assert room >= field.fontMetrics().height() + 6
