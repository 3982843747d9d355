"""Quantiles above the plot, and chips about the values."""
from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.widgets.histogram_plot import Curve, HistogramPlot
from inspector.gui.widgets.quantile_strip import QuantileStrip, Spread
from inspector.gui.widgets.value_chips import ValueChips, chips_of

RNG = np.random.default_rng(0)


def summary(values: object) -> core.Summary:
    return core.summarize({"w": values})["w"]


def test_that_the_strip_lies_over_the_axis_of_the_plot(qtbot: QtBot) -> None:
    plot = HistogramPlot()
    qtbot.addWidget(plot)
    plot.resize(600, 400)
    plot.show()
    found = summary(RNG.normal(size=1000).astype(np.float32))
    plot.show_curves([Curve("w", found.edges, found.counts)], spreads=[Spread.of("w", found)])
    assert plot.canvas is not None
    assert plot.strip.isVisible()
    area = plot.canvas.area
    least, middle, most = (plot.strip._x(float(value)) for value in (found.min, found.quantile(0.5), found.max))
    assert area.left() <= least < middle < most <= area.right()
    assert plot.strip._x(found.edges[10]) == pytest.approx(plot.canvas.pixel_of(found.edges[10]))
    before = plot.strip._x(0.0)
    plot.canvas.zoom(0.2, 0.9)
    assert plot.strip._x(0.0) != before
    plot.show_curves([Curve("w", found.edges, found.counts)])
    assert not plot.strip.isVisible()


def test_that_several_strips_give_way_to_the_plot_where_it_is_low(qtbot: QtBot) -> None:
    found = [summary(np.random.default_rng(n).normal(size=2000).astype(np.float32)) for n in range(4)]
    plot = HistogramPlot()
    qtbot.addWidget(plot)
    plot.resize(500, 500)
    plot.show()
    plot.show_curves([Curve(f"{n}", one.edges, one.counts) for n, one in enumerate(found)],
                     spreads=[Spread.of(f"{n}", one) for n, one in enumerate(found)])
    assert plot.strip.isVisible()
    plot.resize(500, 240)
    assert not plot.strip.isVisible()
    assert plot.canvas is not None
    qtbot.waitUntil(lambda: plot.canvas is not None and plot.canvas.widget.height() > 120)
    plot.resize(500, 500)
    assert plot.strip.isVisible()


def test_that_all_numbers_of_the_strip_are_said(qtbot: QtBot) -> None:
    strip = QuantileStrip()
    qtbot.addWidget(strip)
    spread = Spread.of("<b>w</b>", summary(np.arange(101, dtype=np.float32)))
    assert spread is not None
    strip.show_spreads([spread])
    assert strip.accessibleDescription() == (
        "<b>w</b>: 0 to 100; 0.1 to 99.9 %: 0.1 to 99.9; 1 to 99 %: 1 to 99; 5 to 95 %: 5 to 95; 25 to 75 %: 25 to 75; median 50")


def test_that_the_outermost_thousandths_have_a_mark_of_their_own(qtbot: QtBot) -> None:
    strip = QuantileStrip()
    qtbot.addWidget(strip)
    strip.resize(1001, strip.sizeHint().height())
    spread = Spread.of("w", summary(np.arange(1001, dtype=np.float32)))
    assert spread is not None
    moved = spread._replace(quantiles=(300.0, *spread.quantiles[1:-1], 700.0))         # where nothing else is drawn so high
    pictures = []
    for one in (spread, moved):
        strip.show_spreads([one])
        strip.place(lambda value: value, (0.0, 1000.0))
        pictures.append(strip.grab().toImage())
    middle = strip.height() // 2
    ratio = pictures[0].devicePixelRatio()
    for x in (0.001 * 1000, 0.999 * 1000):
        column = [pictures[0].pixel(round(x * ratio), round((middle + dy) * ratio)) for dy in (-3, 3)]
        bare = [pictures[1].pixel(round(x * ratio), round((middle + dy) * ratio)) for dy in (-3, 3)]
        assert column != bare


@pytest.mark.parametrize("values", [[1.0], [np.nan, np.inf], []])
def test_that_single_values_have_no_spread(values: list[float]) -> None:
    assert Spread.of("w", summary(np.array(values, np.float32))) is None


def test_that_chips_are_grey_until_something_is_the_matter(qtbot: QtBot) -> None:
    calm = chips_of(summary(np.float32([1, 2, 3])), floats=True)
    assert [(chip.text, chip.tone) for chip in calm] == [
        ("0 NaN", ""), ("0 Inf", ""), ("0 % zeros", ""), ("✓ fp16, bf16, fp8 e5m2, fp8 e4m3", "")]
    bad = chips_of(summary(np.float32([0, 0, 0, np.nan, -np.inf, 7e4])), floats=True)
    assert [(chip.text, chip.tone) for chip in bad] == [
        ("1 NaN", "danger"), ("1 Inf", "danger"), ("50.0 % zeros", "warning"), ("✓ bf16", ""), ("✗ fp16", "warning"),
        ("✗ fp8 e5m2", "warning"), ("✗ fp8 e4m3", "warning")]
    assert "7e4" in bad[4].tip
    assert [chip.text for chip in chips_of(summary(np.int8([0, 1])), floats=False)] == ["0 NaN", "0 Inf", "50.0 % zeros"]
    shown = ValueChips()
    qtbot.addWidget(shown)
    shown.resize(400, 60)
    shown.show_chips(bad)
    shown.show()
    assert shown.grab().width() == 400
    shown.show_chips([])
    assert not shown.isVisible()
