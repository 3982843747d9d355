"""The program's own pictures."""
from __future__ import annotations

from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QApplication

from inspector.gui.kit import icons, theme
from inspector.resources_path import resource_path

NAMES = sorted(path.stem for path in resource_path("icons").glob("*.svg"))


def inks(picture: QPixmap) -> set[str]:
    image = picture.toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
            if image.pixelColor(x, y).alpha() > 250}


def test_that_resources_are_where_they_are_looked_for() -> None:
    assert resource_path("icons").is_dir()
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_that_every_picture_is_small_plain_svg_that_draws(name: str, qapp: QApplication) -> None:
    text = resource_path(f"icons/{name}.svg").read_text("utf-8")
    root = ElementTree.fromstring(text)
    assert root.get("viewBox") == "0 0 24 24" or name == icons.APPLICATION
    assert "href" not in text
    assert "<script" not in text
    assert name == icons.APPLICATION or "currentColor" in text
    assert not icons.pixmap(name, 24).isNull()
    assert inks(icons.pixmap(name, 24))


def test_that_icons_take_the_colour_of_the_theme(qapp: QApplication) -> None:
    theme.current().choose("light")
    action = QAction()
    icons.put(action, "close")
    light = inks(action.icon().pixmap(24, 24))
    theme.current().choose("dark")
    dark = inks(action.icon().pixmap(24, 24))
    assert light == {QColor(theme.LIGHT.text).name()}
    assert dark == {QColor(theme.DARK.text).name()}


def test_that_disabled_icons_are_faint(qapp: QApplication) -> None:
    theme.current().choose("light")
    assert inks(icons.icon("close").pixmap(QSize(24, 24), QIcon.Mode.Disabled)) == {QColor(theme.LIGHT.faint).name()}


def test_that_icons_are_made_once(qapp: QApplication) -> None:
    assert icons.icon("open") is icons.icon("open")


def test_that_a_picture_for_labels_is_made_once(qapp: QApplication) -> None:
    shown = icons.pixmap("edit", 18)
    assert not shown.isNull()
    assert icons.pixmap("edit", 18).cacheKey() == shown.cacheKey() != icons.pixmap("edit", 18, "#ff0000").cacheKey()


def test_that_pictures_are_sharp_at_two_device_pixels(qapp: QApplication) -> None:
    drawn = icons.pixmap("open", 24, ratio=2.0)
    assert (drawn.width(), drawn.devicePixelRatio()) == (48, 2.0)


def test_that_a_missing_picture_is_no_reason_to_fail(qapp: QApplication) -> None:
    assert icons.icon("no-such-icon").isNull()


def test_that_an_action_that_is_gone_is_left_alone_when_the_theme_changes(qapp: QApplication) -> None:
    theme.current().choose("light")
    action = QAction()
    icons.put(action, "open")
    del action
    theme.current().choose("dark")


def test_that_the_application_has_an_icon_at_all_sizes(qapp: QApplication) -> None:
    made = icons.application_icon()
    assert {size.width() for size in made.availableSizes()} >= {16, 32, 48, 256}
