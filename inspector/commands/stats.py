"""`inspector stats FILE`: exact numbers about tensors, a small histogram of each, and what they say of the model."""
from __future__ import annotations

import argparse
import fnmatch
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from inspector import core

from . import files
from .columns import columns, findings_text
from .output import Output

READS_ONLY = True

Outcome = core.Summary | core.BadTensor
BLOCKS, ASCII_BLOCKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_BARS = 24
_json = core.to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Exact minimum, maximum, mean, deviation and histogram of tensors, and what they say of the model."
    files.add_file(parser)
    parser.add_argument("--match", metavar="GLOB", help="only tensors whose key matches, as in 'encoder.*.weight'")
    parser.add_argument("--bins", metavar="N", type=int, default=core.BINS, help="bins of the histogram")


def run(asked: argparse.Namespace, out: Output) -> int:
    if not 1 <= asked.bins <= 1 << 20:
        raise core.UsageError(f"a histogram of {asked.bins:,} bins cannot be made", "Ask for 1 to 1,048,576.")
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        outcomes = list(core.summarize_each(ckpt, _matching(ckpt, asked.match), asked.bins, out.monitor))
        good = {key: outcome for key, outcome in outcomes if isinstance(outcome, core.Summary)}
        findings = core.health(ckpt, good)
    if out.json:
        out.answer(as_json(ckpt, outcomes, findings))
    else:
        out.text(as_text(ckpt, outcomes, findings, out.blocks(BLOCKS, ASCII_BLOCKS)))
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


def as_text(ckpt: core.Checkpoint, outcomes: Iterable[tuple[str, Outcome]], findings: Sequence[core.Finding] = (),
               blocks: str = "") -> str:
    """A line per tensor, with a small histogram drawn in `blocks` (from nothing to full) when there are some; then findings."""
    rows = []
    for key, outcome in outcomes:
        name = core.visible(key)
        if isinstance(outcome, core.BadTensor):
            rows.append((name, f"{ckpt.tensors[key].numel:,}", *[""] * 7, "! " + core.visible(outcome.message, 200)))
        else:
            rows.append((name, f"{outcome.numel:,}", *map(_brief, (outcome.min, outcome.max, outcome.mean, outcome.std)),
                         *map("{:,}".format, (outcome.nan, outcome.inf, outcome.zeros)), bars(outcome.counts, blocks)))
    table = columns(("key", "elements", "min", "max", "mean", "std", "nan", "inf", "zeros", "from min to max" if blocks else ""), rows)
    return table + "\n" + ("\n" + findings_text(findings) + "\n" if findings else "")


def bars(counts: Sequence[int], blocks: str) -> str:
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
