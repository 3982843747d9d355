"""What the window says of a run."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.run import run_words
from inspector.gui.run.timeline import Timeline


def point(change: float, error: float) -> core.TrackPoint:
    return core.TrackPoint(1.0, 1.0, 0, 0, change, False, error=error)


def test_that_an_estimate_has_a_sign_before_it() -> None:
    assert run_words.change(point(0.25, 0.02)) == "≈ 25 %"
    assert run_words.change(point(0.25, 0.0)) == "25 %"


@pytest.fixture
def series(tmp_path: Path) -> core.Series:
    return core.series([core.save({"epoch": n, "w": np.ones(3)}, tmp_path / f"{n}.pth").path for n in range(2)])


def test_that_a_sentence_says_that_a_change_was_estimated(series: core.Series) -> None:
    facts = {"group": "head", "growth": 1.0, "change": 0.8, "usual": 0.01, "nan_from": None}
    said = [run_words.remark(series, core.Remark("diverged", 1, {**facts, "error": error})) for error in (0.02, 0.0)]
    assert "head moved by ≈ 80 %," in said[0]
    assert "head moved by 80 %," in said[1]


def test_that_the_best_is_a_warning_where_it_has_nan(series: core.Series) -> None:
    facts = {"metric": "val_acc", "value": 0.5, "last": False}
    sound, broken = (core.Remark("best", 1, {**facts, "broken": keys}) for keys in ((), ("w",)))
    assert (run_words.remark(series, sound), run_words.level(sound)) == ("Best by val_acc: epoch 1 with 0.5.", "")
    assert run_words.remark(series, broken) == "Best by val_acc: epoch 1 with 0.5. It has NaN or infinity in w."
    assert run_words.level(broken) == "warning"


def test_that_what_is_chosen_says_how_well_it_is_known(qtbot: QtBot, series: core.Series) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.series = series
    timeline.groups = (core.Track("head", 3, 1, "group", (point(float("nan"), 0.0), point(0.25, 0.02))),)
    timeline.choose(1, 0)
    assert timeline.accessibleDescription() == "epoch 1 · head · change ≈ 25 % · estimated to ±2 % · norm 1"


def test_that_a_row_is_drawn_anew_when_its_numbers_are_others(qtbot: QtBot, series: core.Series) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(700, 120)
    def picture(*changes: float) -> object:
        points = tuple(point(change, 0.0) for change in changes)
        other = tuple(point(change, 0.0) for change in (0.1, 1.0))
        timeline.show_run(series, (core.Track("head", 3, 1, "group", points), core.Track("body", 3, 1, "group", other)), (), None)
        return timeline.grab().toImage()

    first = picture(0.1, 1.0)
    assert picture(1.0, 0.1) != first
    assert picture(0.1, 1.0) == first
    timeline.set_measure("norm")
    assert timeline.grab().toImage() != first
    timeline.set_measure("change")
    assert timeline.grab().toImage() == first
    timeline.choose(0, 1)
    assert timeline.grab().toImage() != first
