"""`inspector stats FILE`: exact numbers about tensors, a small histogram of each, and what they say of the model."""
from __future__ import annotations

import argparse
import fnmatch
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

from inspector import core
from inspector.sentences import said

from . import cluster, files
from .columns import columns, findings_text
from .output import Output, Paint, plain

READS_ONLY = True

Outcome = core.Summary | core.BadTensor
BLOCKS, ASCII_BLOCKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_BARS = 24
_TITLES = ("key", "elements", "min", "max", "mean", "std", "nan", "inf", "zeros")
_json = core.to_json
_MEASURES = ("norm", "rms", "std", "absmax", "mean", "zeros", "nonfinite")


class Line(NamedTuple):
    """Of a tensor, for people: a summary has no histogram, which is `drawn`."""

    key: str
    outcome: Outcome
    drawn: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Exact minimum, maximum, mean, deviation and histogram of tensors, and what they say of the model."
    files.add_files(parser)
    parser.add_argument("--match", metavar="GLOB",
                        help="only tensors whose key matches, as in 'encoder.*.weight', or that are packed so, as in scheme:gptq or bits:4")
    parser.add_argument("--logical", action="store_true", help="quantized and other packed tensors as the numbers that they stand for")
    parser.add_argument("--bins", metavar="N", type=int, default=core.BINS, help="bins of the histogram")
    parser.add_argument("--together", action="store_true", help="also all of them together, as one histogram; a few counters among "
                        "weights are left out of it")
    parser.add_argument("--layers", metavar="MEASURE", nargs="?", const="rms", choices=_MEASURES,
                        help=f"also one number of each across the layers: rms, or another of {', '.join(_MEASURES)}")
    cluster.add_dask(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    with cluster.executor_of(asked) as asked.executor:
        return files.run_each(asked, out, _one)


def _one(asked: argparse.Namespace, out: Output) -> int:
    if not 1 <= asked.bins <= 1 << 20:
        raise core.UsageError(f"a histogram of {asked.bins:,} bins cannot be made", "Ask for 1 to 1,048,576.")
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        packed = files.packed_keys(ckpt, asked.match) if asked.match is not None else None
        if asked.logical:
            ckpt = core.unpacked(ckpt, out.monitor)
        keys = _matching(ckpt, asked.match) if packed is None else [key for key in ckpt.tensors if key in packed]
        blocks = out.blocks(BLOCKS, ASCII_BLOCKS)
        lines_of, outcomes = list[Line](), list[tuple[str, Outcome]]()
        for key, outcome in core.summarize_each(ckpt, keys, asked.bins, out.monitor, executor=asked.executor):
            if out.json:
                outcomes.append((key, outcome))
            else:                           # of a hundred thousand histograms nothing is kept but what is drawn of each
                lines_of.append(line_of(key, outcome, blocks))
        good = {key: outcome for key, outcome, *_ in outcomes or lines_of if isinstance(outcome, core.Summary)}
        findings = core.health(ckpt, good)
        group = core.group_statistics(ckpt, list(good), monitor=out.monitor) if asked.together and good else None
        lines = core.layer_lines(good, core.weights_among(ckpt, list(good)), asked.layers) if asked.layers else []
    if out.json:
        out.answer({**as_json(ckpt, outcomes, findings), **({"together": _group_json(group, asked.bins)} if group else {}),
                    **({"layers": _layers_json(asked.layers, lines)} if asked.layers else {})})
    else:
        out.text(as_text(ckpt, lines_of, findings, bool(blocks), out.paint))
        if group is not None:
            out.text("\n" + group_text(group, blocks))
        if asked.layers:
            out.text("\n" + layers_text(asked.layers, lines, blocks))
    return 0


def _matching(ckpt: core.Checkpoint, glob: str | None) -> list[str]:
    if glob is None:
        return list(ckpt.tensors)
    fits = re.compile(fnmatch.translate(glob)).match
    keys = [key for key in ckpt.tensors if fits(key)]
    if not keys:
        raise core.UsageError(f"no tensor matches {core.visible(glob)}", "`inspector ls` shows the keys.")
    return keys


def as_json(ckpt: core.Checkpoint, outcomes: Iterable[tuple[str, Outcome]], findings: Sequence[core.Finding]) -> dict[str, Any]:
    """The object of `stats --json`; a tensor whose values cannot be had has a "problem" instead of numbers."""
    return {"tensors": [_stats_row(ckpt.tensors[key], outcome) for key, outcome in outcomes],
            "findings": [finding.to_json() for finding in findings]}


def _stats_row(info: core.TensorInfo, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, core.BadTensor):
        return {"key": info.key, "numel": info.numel, "problem": outcome.message}
    return {"key": info.key, **_numbers(outcome)}


def _numbers(summary: core.Summary) -> dict[str, Any]:
    found = {"numel": summary.numel, "min": _json(summary.min), "max": _json(summary.max), "mean": _json(summary.mean),
             "std": _json(summary.std), "l2": _json(summary.l2), "nan": summary.nan, "inf": summary.inf, "posinf": summary.posinf,
             "neginf": summary.neginf, "zeros": summary.zeros, "subnormal": summary.subnormal, "distinct": summary.distinct,
             "quantiles": {str(share): _json(value) for share, value in zip(core.QUANTILES, summary.quantiles, strict=False)},
             "hist": {"edges": [_json(edge) for edge in summary.edges], "counts": summary.counts}}
    if summary.dequantized is not None:         # the rest is about the integers that are stored
        found["dequantized"] = _numbers(summary.dequantized)
    return found


def line_of(key: str, outcome: Outcome, blocks: str) -> Line:
    """What there is to say of one tensor, its histogram drawn in `blocks` (from nothing to full) when there are some."""
    return Line(key, outcome, "") if isinstance(outcome, core.BadTensor) else Line(key, outcome.brief(), bars(outcome.counts, blocks))


def as_text(ckpt: core.Checkpoint, lines: Iterable[Line], findings: Sequence[core.Finding] = (), drawn: bool = False,
            paint: Paint = plain) -> str:
    """A line per tensor, with a small histogram where they are `drawn`; then findings."""
    rows = (_row(ckpt, *line) for line in lines)
    table = columns((*_TITLES, "from min to max" if drawn else ""), rows)
    return table + "\n" + ("\n" + findings_text(findings, paint) + "\n" if findings else "")


def _row(ckpt: core.Checkpoint, key: str, outcome: Outcome, drawn: str) -> tuple[str, ...]:
    name = core.visible(key)
    if isinstance(outcome, core.BadTensor):
        return name, f"{ckpt.tensors[key].numel:,}", *[""] * 7, "! " + core.visible(said(outcome.message), 200)
    return (name, f"{outcome.numel:,}", *map(_brief, (outcome.min, outcome.max, outcome.mean, outcome.std)),
            *map("{:,}".format, (outcome.nan, outcome.inf, outcome.zeros)), drawn)


# -- together, and across layers ------------------------------------------------------------------------------------------------

def _group_json(group: core.GroupStatistics, bins: int) -> dict[str, Any]:
    edges, counts = core.merge_bins(group.together, bins)
    return {"tensors": group.n_tensors, "counters": list(group.counters),
            **_numbers(replace(group.together, edges=edges, counts=counts))}


def group_text(group: core.GroupStatistics, blocks: str) -> str:
    s = group.together
    row = (said(f"{core.wording.count(group.n_tensors, 'tensor')} together"), f"{s.numel:,}", *map(_brief, (s.min, s.max, s.mean, s.std)),
           *map("{:,}".format, (s.nan, s.inf, s.zeros)), bars(s.counts, blocks))
    left = said(f"left out: {core.wording.count(len(group.counters), 'tensor')} of whole numbers, such as "
                f"{core.visible(group.counters[0])}") + "\n" if group.counters else ""
    return columns((*_TITLES, "from min to max" if blocks else ""), [row]) + "\n" + left


def _layers_json(measure: str, lines: Sequence[core.LayerLine]) -> dict[str, Any]:
    return {"measure": measure, "lines": [
        {"name": line.name, "points": [{"layer": point.x, "value": _json(point.y), "key": point.key} for point in line.points]}
        for line in lines]}


def layers_text(measure: str, lines: Sequence[core.LayerLine], blocks: str) -> str:
    """A line for each name that several layers have: the number in the first and the last of them, where it is least and greatest."""
    rows = []
    for line in lines:
        values = [point for point in line.points if math.isfinite(point.y)]
        if len(values) < 2:
            continue
        least, most = min(values, key=lambda point: point.y), max(values, key=lambda point: point.y)
        drawn = bars([point.y for point in values], blocks) if least.y >= 0 else ""
        rows.append((core.visible(line.name), f"{len(line.points):,}", _brief(values[0].y), _brief(values[-1].y),
                     *(said(f"{_brief(point.y)} in {point.x}") for point in (least, most)), drawn))
    if not rows:
        return said("no name is there in several layers") + "\n"
    return columns((f"{measure} across layers", "layers", "first", "last", "least", "greatest", "from first to last" if blocks else ""),
                   rows) + "\n"


def bars(counts: Sequence[float], blocks: str) -> str:
    """The histogram as at most `_BARS` characters; a bar that is not empty is always seen."""
    if not blocks or not counts:
        return ""
    n = min(_BARS, len(counts))
    cuts = [i * len(counts) // n for i in range(n + 1)]
    # by share of a bin, for some bars are made of one bin more than others
    heights = [sum(counts[a:b]) / (b - a) for a, b in pairwise(cuts)]
    top = max(heights) or 1
    return "".join(blocks[0 if height == 0 else max(1, round(height / top * (len(blocks) - 1)))] for height in heights)


def _brief(value: float | int) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"
