"""`inspector run FOLDER|FILE...`: the checkpoints of one training run in order, as text, as JSON and as a page (`run_page`)."""
from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector import core
from inspector.sentences import said as spoken

from . import cluster, files, load
from .arguments import add_json
from .columns import columns
from .output import Output

if TYPE_CHECKING:
    from concurrent.futures import Executor

READS_ONLY = True

_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", ".:-=+*#@"
_METRICS = 6            # columns of the table in text
_GROUPS = 40            # rows of it
_BARS = 40
_json = core.to_json


class Found(NamedTuple):
    """What there is to say of a run."""

    tracks: core.Tracks
    remarks: tuple[core.Remark, ...]
    groups: tuple[core.Track, ...]
    metric: str | None

    @property
    def series(self) -> core.Series:
        return self.tracks.series


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = ("The checkpoints of one training run in order: what they say of themselves, which is best, what moved from one "
                          "to the next, what is frozen, where it went wrong.")
    parser.add_argument("paths", metavar="FOLDER|FILE", nargs="+", help="the folder of the run, or its checkpoints")
    parser.add_argument("--match", metavar="GLOB", help="follow only tensors whose key matches")
    parser.add_argument("--metric", metavar="NAME", help="the metric that the best is judged by")
    parser.add_argument("--depth", metavar="N", type=int, help="group tensors by so many segments of their names")
    parser.add_argument("--everything", action="store_true", help="follow the optimizer's state too")
    parser.add_argument("--no-cache", action="store_true", help="measure everything anew, and keep nothing for the next time")
    parser.add_argument("--exact", action="store_true",
                        help="read the file before a new one, too, where a change would be estimated from what was kept of it")
    parser.add_argument("--watch", action="store_true", help="go on, and tell of each checkpoint that is written, until Ctrl+C")
    parser.add_argument("--html", metavar="FILE", help="also write a page that shows it")
    parser.add_argument("--table", metavar="FILE", help="also write the numbers of each tensor: .csv, .tsv, .json or .html")
    cluster.add_dask(parser)
    add_json(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    if asked.depth is not None and asked.depth < 1:
        raise core.UsageError("groups have at least one segment of a name", "Write --depth 1 or more.")
    if asked.html is not None:
        core.check_output(asked.html, "page", asked.paths)
    if asked.table is not None:
        core.check_output(asked.table, core.run_table_output(asked.table), asked.paths)
    core.check_apart((asked.html, asked.table))
    with files.about(asked.paths[0] if len(asked.paths) == 1 else ""):
        if asked.watch:
            return _watch(asked, out)
        found = measured(asked, out)
        if asked.html is not None:
            load("run_page").write(found, ", ".join(asked.paths), asked.html)
        if asked.table is not None:
            read = [stamp.path for one in found.series for stamp in one.stamps]
            core.write_output(asked.table, core.run_table_bytes(core.run_table(found.tracks, "tensors"), asked.table),
                              core.run_table_output(asked.table), read)
    if out.json:
        out.answer(as_json(found))
    else:
        out.text(as_text(found, out.blocks(_BLOCKS, _ASCII)))
    return 0


def _watch(asked: argparse.Namespace, out: Output) -> int:
    """All that is there, then each checkpoint that comes, and what is to be said since."""
    if asked.dask is not None:
        raise core.UsageError("--watch reads what is new by itself, and takes no --dask", "Leave one of them out.")
    if out.json or asked.html is not None or asked.table is not None:
        raise core.UsageError("--watch goes on and on, and --json, --html and --table are written once", "Leave one of them out.")
    kept = core.KeptNumbers("" if asked.no_cache else None)
    before: Found | None = None
    for tracks in core.watched(asked.paths, match=asked.match, everything=asked.everything, kept=kept, exact=asked.exact,
                               monitor=out.monitor):
        metric = asked.metric if asked.metric in tracks.series.metrics else None
        found = found_in(tracks, metric, asked.depth, kept, asked.exact, out.monitor)
        out.text(as_text(found, out.blocks(_BLOCKS, _ASCII)) if before is None else news(before, found))
        before = found
    return 0


def news(before: Found, now: Found) -> str:
    """The checkpoints that are new or were written anew, and the sentences that were not true before."""
    known = {one.identity for one in before.series}
    titles, rows = checkpoints_table(now)
    fresh = [row for one, row in zip(now.series, rows, strict=True) if one.identity not in known]
    old = set(sentences(before))
    said = [text for text in sentences(now) if text not in old]
    return "\n".join([columns(titles, fresh), *map(spoken, said)]) + "\n"


def measured(asked: argparse.Namespace, out: Output) -> Found:
    """Raises what `core.series` and `core.measure_series` raise."""
    kept = core.KeptNumbers("" if asked.no_cache else None)
    with cluster.executor_of(asked) as executor:
        return _measured_by(executor, asked, kept, out)


def _measured_by(executor: Executor | None, asked: argparse.Namespace, kept: core.KeptNumbers, out: Output) -> Found:
    series = core.series(asked.paths, everything=asked.everything, monitor=out.monitor)
    series.best(asked.metric)           # a metric that nobody has is told before anything is read
    tracks = core.measure_series(series, match=asked.match, kept=kept, exact=asked.exact, monitor=out.monitor, executor=executor)
    return found_in(tracks, asked.metric, asked.depth, kept, asked.exact, out.monitor)


def found_in(tracks: core.Tracks, metric: str | None, depth: int | None, kept: core.KeptNumbers, exact: bool,
             monitor: core.Monitor) -> Found:
    lags = core.average_lags(tracks, kept=kept, exact=exact, monitor=monitor)
    return Found(tracks, core.remarks(tracks, lags, metric), tracks.groups(depth), metric)


# -- JSON ---------------------------------------------------------------------------------------------------------------------

def as_json(found: Found) -> dict[str, Any]:
    """The object of `run --json`. Lists go in the order of `checkpoints`; null stands where there is nothing to say: a change of the first
    checkpoint, a tensor that a checkpoint has not or that cannot be read. `change_error` is there where a change was estimated: the
    relative standard error of each, 0 of those that were measured."""
    series, first_nan = found.series, found.tracks.first_nan()
    best = series.best(found.metric)
    return {
        "checkpoints": [{"path": one.path, "epoch": one.epoch, "step": one.step,
                         "metrics": {name: _json(value) for name, value in one.metrics.items()}} for one in series],
        "best": best and {"path": series[best.at].path, "epoch": series[best.at].epoch, "metric": best.metric, "value": _json(best.value)},
        "first_nan": first_nan and {"path": series[first_nan[0]].path, "epoch": series[first_nan[0]].epoch,
                                    "keys": list(map(series[first_nan[0]].outline.stored_key, first_nan[1]))},
        "tensors": [{"key": track.name, **_numbers(track)} for track in found.tracks.tracks()],
        "groups": [{"name": group.name, "tensors": group.tensors, "parameters": group.numel, **_numbers(group)} for group in found.groups],
        "sentences": sentences(found),
        "order": series.order,
        "left_out": [left._asdict() for left in series.left_out],
        "read": found.tracks.read}


def _numbers(track: core.Track) -> dict[str, Any]:
    there = [point if point is not None and point.read else None for point in track.points]
    errors = [None if point is None or math.isnan(point.change) else point.error for point in there]
    return {"norm": [point and _json(point.norm) for point in there], "std": [point and _json(point.std) for point in there],
            "change": [None if point is None or math.isnan(point.change) else _json(point.change) for point in there],
            "nan": [point and point.nan for point in there], "inf": [point and point.inf for point in there],
            **({"change_error": errors} if any(errors) else {})}


def sentences(found: Found) -> list[str]:
    """In English, as --json has them."""
    return [core.remark_text(found.series, remark) for remark in found.remarks]


# -- text ---------------------------------------------------------------------------------------------------------------------

def as_text(found: Found, blocks: str = "") -> str:
    """What follows from the numbers, then a line per checkpoint and one per group of tensors."""
    parts = [headline(found), "\n".join(map(spoken, sentences(found))), columns(*checkpoints_table(found)),
             columns(*groups_table(found.groups[:_GROUPS], blocks))]
    parts.append(estimates(found))
    if len(found.groups) > _GROUPS:
        parts.append(spoken(f"and {core.wording.count(len(found.groups) - _GROUPS, 'group')} more; --depth makes fewer of them"))
    parts.append("\n".join(left_out(found.series)))
    return "\n\n".join(part for part in parts if part) + "\n"


def headline(found: Found) -> str:
    """How many checkpoints, in which order, and how much of them was looked at."""
    series = found.series
    order = {"epoch": "in order of their epochs", "step": "in order of their steps", "name": "in order of their names"}[series.order]
    tensors = max((len(one.outline.keys) for one in series), default=0)
    most = max((one.tensors for one in series), default=0)
    followed = f"{tensors:,} of {core.wording.count(most, 'tensor')} of each followed" if tensors < most else \
        f"all {core.wording.count(most, 'tensor')} of each followed"
    known = len(series) - found.tracks.read
    read = "" if not known else f"; {known:,} of them known from an earlier time"
    nbytes = core.wording.size(sum(one.nbytes for one in series))
    return spoken(f"{core.wording.count(len(series), 'checkpoint')} {order}, {nbytes}; {followed}{read}")


def checkpoints_table(found: Found) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    series = found.series
    names = [name for name in series.metrics if sum(name in one.metrics for one in series) > 1 or len(series) == 1][:_METRICS]
    whole = found.tracks.together("all", found.tracks.keys)
    best = series.best(found.metric)
    rows = []
    for at, one in enumerate(series):
        point = whole.points[at]
        is_best = best is not None and best.at == at
        rows.append((spoken(core.run_label(series, at)), core.visible(one.name, 60), *(number(one.metrics.get(name)) for name in names),
                     change(point), broken(point), spoken("best") if is_best else ""))
    return ("", "file", *(core.visible(name, 30) for name in names), "change", "not finite", ""), rows


def groups_table(groups: Sequence[core.Track], blocks: str) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    rows: list[tuple[str, ...]] = []
    for group in groups:
        norms = [point.norm for point in group.points if point is not None and point.read and not math.isnan(point.norm)]
        changes = [point for point in group.points if point is not None and math.isfinite(point.change)]
        odd = next((point for point in group.points if point is not None and point.broken), None)
        rows.append((core.visible(group.name, 60), f"{group.tensors:,}", f"{group.numel:,}", number(norms[0] if norms else None),
                     number(norms[-1] if norms else None), change(changes[-1] if changes else None), broken(odd),
                     _drawn([point.change if point is not None else math.nan for point in group.points], blocks)))
    drawn = "change, step by step" if blocks else ""
    return ("group", "tensors", "parameters", "norm first", "last", "last change", "not finite", drawn), rows


def estimates(found: Found) -> str:
    """What the sign before a change means, where there is any."""
    if not found.tracks.is_estimated:
        return ""
    errors = [point.error for track in (*found.groups, found.tracks.together("all", found.tracks.keys)) for point in track.points
              if point is not None and point.error]
    if not errors:
        return ""
    return spoken(f"≈ estimated from what was kept of the checkpoint before, to about ±{100 * max(errors):.2g} % of itself; "
                  "--exact measures it")


def left_out(series: core.Series) -> list[str]:
    said = {"unreadable": "cannot be read", "being-written": "waits"}
    words = ((left, "is cut short" if left.is_cut else said.get(left.reason, "left out")) for left in series.left_out)
    return [f"! {core.visible(left.path, 200)} " + spoken(f"{word}: {core.visible(left.message, 300)}") for left, word in words]


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.5g}"


def share(change: float) -> str:
    """A relative change in percent."""
    if math.isnan(change):
        return ""
    return spoken("from zero") if math.isinf(change) else "0 %" if change == 0 else f"{100 * change:.3g} %"


def change(point: core.TrackPoint | None) -> str:
    """A relative change in percent, with a sign where it is an estimate."""
    return "" if point is None else f"{'≈ ' if point.error else ''}{share(point.change)}"


def broken(point: core.TrackPoint | None) -> str:
    if point is None or not point.broken:
        return ""
    return ", ".join(f"{count:,} {what}" for count, what in ((point.nan, "NaN"), (point.inf, "inf")) if count)


def _drawn(changes: Sequence[float], blocks: str) -> str:
    """The changes as bars by their logarithm, a point where nothing moved."""
    if not blocks:
        return ""
    shown = changes[1:][-_BARS:]
    sizes = [math.log(change) for change in shown if change > 0 and math.isfinite(change)]
    low, high = (min(sizes), max(sizes)) if sizes else (0.0, 0.0)
    def bar(change: float) -> str:
        if change == 0:
            return "·" if blocks == _BLOCKS else "_"
        if math.isnan(change) or math.isinf(change):
            return " "
        return blocks[round((math.log(change) - low) / (high - low) * (len(blocks) - 1)) if high > low else 0]
    return "".join(map(bar, shown))
