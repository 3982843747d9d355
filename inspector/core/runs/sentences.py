"""Remarks in English, and how a checkpoint of a run is called. The window says the same in the language it is set to."""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inspector.core.keypath import visible
from inspector.core.wording import count

from .remarks import Remark
from .series import Series

_NAMED = 3


def run_label(series: Series, at: int) -> str:
    """How checkpoint `at` is called: "epoch 7", "step 500", "epoch 3, step 100" where an epoch has several, else its file's name.

    >>> paths = [core.save({"epoch": n, "val_acc": n / 10, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)]
    >>> core.run_label(core.series(paths), 1)
    'epoch 1'
    """
    one = series[at]
    if series.order == "epoch" and one.epoch is not None:
        twins = [other for other in series if other.epoch == one.epoch]
        epoch = f"epoch {one.epoch:g}" if one.epoch < 1e6 else f"epoch {one.epoch}"
        if len(twins) == 1:
            return epoch
        steps = {other.step for other in twins}
        return f"{epoch}, step {one.step}" if one.step is not None and len(steps) == len(twins) else f"{epoch} ({visible(one.name, 60)})"
    if series.order == "step" and one.step is not None:
        return f"step {one.step}"
    return visible(one.name, 60)


def remark_text(series: Series, remark: Remark) -> str:
    """The remark as a sentence.

    >>> paths = [core.save({"epoch": n, "val_acc": n / 10, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)]
    >>> run = core.series(paths)
    >>> core.remark_text(run, core.remarks(core.measure_series(run))[0])
    'Best by val_acc: epoch 2 with 0.2.'
    """
    return _SAID[remark.id](series, remark.at, remark.facts)


def named(names: Sequence[str], most: int = _NAMED) -> str:
    """The first of the names, and how many more there are."""
    shown = [visible(name, 80) for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _broken(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    good = facts["good"]
    return f"First {facts['kind']} in {run_label(series, at)}: {named(facts['keys'])}" \
        + (f"; the last file without is {run_label(series, good)}." if good is not None else ".")


def _diverged(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    growth, nan = facts["growth"], facts["nan_from"]
    group = visible(facts["group"], 80)
    about = "≈ " if facts["error"] else ""
    what = f"{group} grew {_times(growth)}×" if growth >= 1.5 else f"{group} moved by {about}{facts['change']:.0%} of its size"
    usual = f", where {_percent(facts['usual'])} a step was usual"
    after = "" if nan is None else ", NaN in it too" if nan == at else f", NaN from {run_label(series, nan)}"
    return f"Diverged at {run_label(series, at)}: {what}{usual}{after}."


def _rate(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    return f"The learning rate rose from {facts['before']:.4g} to {facts['value']:.4g} at {run_label(series, at)}."


def _metric(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    name, before, value = visible(facts["metric"], 60), facts["before"], facts["value"]
    if not math.isfinite(value):
        return f"{name} is {'NaN' if math.isnan(value) else 'infinite'} in {run_label(series, at)}."
    return f"{name} rose from {before:.4g} to {value:.4g} at {run_label(series, at)}."


def _frozen(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    when = "throughout" if facts["throughout"] else f"since {run_label(series, at)}"
    return f"Frozen {when}: {named(facts['groups'], 6)}."


def _still(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    return "No weight changed in any of them." if facts["throughout"] else f"No weight changed since {run_label(series, at)}."


def _best(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    last = "" if facts["last"] else ", not the last"
    broken = f"; it has NaN or infinity in {named(facts['broken'])}" if facts["broken"] else ""
    return f"Best by {visible(facts['metric'], 60)}: {run_label(series, at)} with {facts['value']:.6g}{last}{broken}."


def _lag(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    steps = _apart(series, at - facts["by"], at)
    return f"{visible(facts['average'], 60)} lags by {steps}: in {run_label(series, at)} it is nearest to the weights of " \
        f"{run_label(series, at - facts['by'])}."


def _apart(series: Series, first: int, last: int) -> str:
    """How far two checkpoints are from each other, in what the series is ordered by."""
    one, other = series[first], series[last]
    if series.order == "epoch" and one.epoch is not None and other.epoch is not None and other.epoch - one.epoch == int(
            other.epoch - one.epoch) > 0:
        return count(int(other.epoch - one.epoch), "epoch")
    if series.order == "step" and one.step is not None and other.step is not None:
        return count(other.step - one.step, "step")
    return count(last - first, "checkpoint")


def _copy(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    return f"{visible(series[at].name, 60)} holds the same weights as {visible(series[facts['of']].name, 60)}."


def _unread(series: Series, at: int, facts: Mapping[str, Any]) -> str:
    return f"{facts['tensors']:,} of {count(facts['of'], 'tensor')} could not be read, first in {run_label(series, at)}."


def _times(growth: float) -> str:
    return f"{growth:,.0f}" if growth >= 10 else f"{growth:.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


_SAID: dict[str, Callable[[Series, int, Mapping[str, Any]], str]] = {
    "broken": _broken, "diverged": _diverged, "rate": _rate, "metric": _metric, "frozen": _frozen, "still": _still, "best": _best,
    "lag": _lag, "copy": _copy, "unread": _unread}
