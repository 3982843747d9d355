"""Remarks about a run, and the names of its checkpoints, in the language of the window."""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from inspector import core
from inspector.gui.kit import words

_NAMED = 3


def checkpoint(series: core.Series, at: int) -> str:
    """How checkpoint `at` is called."""
    one = series[at]
    if series.order == "epoch" and one.epoch is not None and sum(other.epoch == one.epoch for other in series) == 1:
        return QCoreApplication.translate("Run", "epoch {n}").format(n=f"{one.epoch:g}")
    if series.order == "step" and one.step is not None:
        return QCoreApplication.translate("Run", "step {n}").format(n=one.step)
    return core.visible(one.name, 60)


def short(series: core.Series, at: int) -> str:
    """The same in as few letters as there is room for over a column."""
    one = series[at]
    if series.order == "epoch" and one.epoch is not None:
        return f"{one.epoch:g}"
    return f"{one.step}" if series.order == "step" else f"{at + 1}"


def lost(left: core.LeftOut) -> str:
    """Why there is nothing of a checkpoint."""
    return QCoreApplication.translate("Run", "{name} cannot be read: {why}").format(
        name=core.visible(core.file_name(left.path), 80), why=words.said(left.message, 300))


def remark(series: core.Series, said: core.Remark) -> str:
    return _SAID[said.id](series, said.at, said.facts)


def level(said: core.Remark) -> str:
    """"danger", "warning" or "" for what is merely so."""
    levels = {"broken": "danger", "diverged": "danger", "unread": "warning", "metric": "warning", "rate": "warning",
              "best": "warning" if said.facts.get("broken") else ""}
    return levels.get(said.id, "")


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def percent(share: float) -> str:
    if math.isnan(share):
        return ""
    if math.isinf(share):
        return QCoreApplication.translate("Run", "from zero")
    if share >= 1000:
        return f"{share:.2g}×"
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:,.0f} %"


def change(point: core.TrackPoint) -> str:
    """How far it moved, with a sign before what was estimated."""
    return f"≈ {percent(point.change)}" if point.error else percent(point.change)


def cell(series: core.Series, at: int, group: core.Track) -> list[str]:
    """All that is to be said of a part of the model in checkpoint `at`: "epoch 20", "blocks.5.mlp", "change 52 %" …"""
    parts, point = [checkpoint(series, at), core.visible(group.name, 60)], group.points[at]
    if point is not None:
        if point.broken:
            parts.append("NaN" if point.nan else QCoreApplication.translate("Run", "infinite"))
        if not math.isnan(point.change):
            parts.append(QCoreApplication.translate("Run", "change {share}").format(share=change(point)))
            if point.error:
                parts.append(QCoreApplication.translate("Run", "estimated to ±{share}").format(share=percent(point.error)))
        if not math.isnan(point.norm):
            parts.append(QCoreApplication.translate("Run", "norm {value}").format(value=number(point.norm)))
        if not point.read:
            parts.append(QCoreApplication.translate("Run", "could not be read"))
    if 0 <= group.reshaped <= at:
        parts.append(QCoreApplication.translate("Run", "another shape than at first"))
    return parts


def names(keys: tuple[str, ...], most: int = _NAMED) -> str:
    shown = ", ".join(core.visible(key, 60) for key in keys[:most])
    if len(keys) <= most:
        return shown
    return QCoreApplication.translate("Run", "{names} and {n} more").format(names=shown, n=f"{len(keys) - most:,}")


def _broken(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    kind = "NaN" if facts["kind"] == "NaN" else QCoreApplication.translate("Run", "infinity")
    first = QCoreApplication.translate("Run", "First {kind} in {where}: {names}.").format(
        kind=kind, where=checkpoint(series, at), names=names(facts["keys"]))
    if facts["good"] is None:
        return first
    return first + " " + QCoreApplication.translate("Run", "The last file without is {where}.").format(
        where=checkpoint(series, facts["good"]))


def _diverged(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    where, group, usual = checkpoint(series, at), core.visible(facts["group"], 60), percent(facts["usual"])
    if facts["growth"] >= 1.5:
        times = f"{facts['growth']:,.2g}" if facts["growth"] < 10 else f"{facts['growth']:,.0f}"
        text = QCoreApplication.translate("Run", "Diverged at {where}: {group} grew {times}×, where {usual} a step was usual.").format(
            where=where, group=group, times=times, usual=usual)
    else:
        text = QCoreApplication.translate("Run", "Diverged at {where}: {group} moved by {change}, where {usual} a step was usual.").format(
            where=where, group=group, change=f"{'≈ ' if facts['error'] else ''}{percent(facts['change'])}", usual=usual)
    if facts["nan_from"] is None:
        return text
    return text + " " + QCoreApplication.translate("Run", "It is NaN from {where}.").format(where=checkpoint(series, facts["nan_from"]))


def _rate(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    return QCoreApplication.translate("Run", "The learning rate rose from {before} to {value} at {where}.").format(
        before=number(facts["before"]), value=number(facts["value"]), where=checkpoint(series, at))


def _metric(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    name, value = core.visible(facts["metric"], 60), facts["value"]
    if not math.isfinite(value):
        return QCoreApplication.translate("Run", "{metric} is no number in {where}.").format(metric=name, where=checkpoint(series, at))
    return QCoreApplication.translate("Run", "{metric} rose from {before} to {value} at {where}.").format(
        metric=name, before=number(facts["before"]), value=number(value), where=checkpoint(series, at))


def _frozen(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    groups = names(facts["groups"], 6)
    if facts["throughout"]:
        return QCoreApplication.translate("Run", "Frozen throughout: {names}.").format(names=groups)
    return QCoreApplication.translate("Run", "Frozen since {where}: {names}.").format(where=checkpoint(series, at), names=groups)


def _still(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    if facts["throughout"]:
        return QCoreApplication.translate("Run", "No weight changed in any of them.")
    return QCoreApplication.translate("Run", "No weight changed since {where}.").format(where=checkpoint(series, at))


def _best(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    best = QCoreApplication.translate("Run", "Best by {metric}: {where} with {value}.").format(
        metric=core.visible(facts["metric"], 60), where=checkpoint(series, at), value=number(facts["value"]))
    if not facts["broken"]:
        return best
    return best + " " + QCoreApplication.translate("Run", "It has NaN or infinity in {names}.").format(names=names(facts["broken"]))


def _lag(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    return QCoreApplication.translate("Run", "{average} lags: in {where} it is nearest to the weights of {earlier}.").format(
        average=core.visible(facts["average"], 60), where=checkpoint(series, at), earlier=checkpoint(series, at - facts["by"]))


def _copy(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    return QCoreApplication.translate("Run", "{a} holds the same weights as {b}.").format(
        a=core.visible(series[at].name, 60), b=core.visible(series[facts["of"]].name, 60))


def _unread(series: core.Series, at: int, facts: Mapping[str, Any]) -> str:
    return QCoreApplication.translate("Run", "{n} of {total} tensors could not be read, first in {where}.").format(
        n=f"{facts['tensors']:,}", total=f"{facts['of']:,}", where=checkpoint(series, at))


_SAID: dict[str, Callable[[core.Series, int, Mapping[str, Any]], str]] = {
    "broken": _broken, "diverged": _diverged, "rate": _rate, "metric": _metric, "frozen": _frozen, "still": _still, "best": _best,
    "lag": _lag, "copy": _copy, "unread": _unread}
