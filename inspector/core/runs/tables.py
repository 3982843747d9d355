"""What was measured of a run as a table, and that as bytes: CSV, TSV, JSON, a page.

    checkpoints     a row for each: what it says of itself, how far the weights moved, what is not finite
    parts           a row for each part of the model (`Tracks.groups`) and checkpoint
    tensors         a row for each tensor and checkpoint
"""
from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from inspector.core.errors import UsageError
from inspector.core.io.side_outputs import OutputKind
from inspector.core.keypath import visible
from inspector.core.plain_values import to_json

from .tracks import Track, TrackPoint, Tracks

RunTableKind = Literal["checkpoints", "parts", "tensors"]
"""What the rows of a `RunTable` are."""
Cell = str | int | float | None
_ENDINGS = {".csv": ",", ".tsv": "\t", ".txt": "\t", ".json": "", ".html": "", ".htm": ""}
_MEASURED = ("norm", "std", "change", "nan", "inf")
_AT_ONCE = 500          # rows
_STYLE = ("body{font:14px system-ui,sans-serif;margin:24px;color-scheme:light dark}table{border-collapse:collapse}"
          "th,td{padding:3px 12px 3px 0;text-align:left;border-bottom:1px solid #8883;white-space:nowrap}"
          "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}")


class RunTable(NamedTuple):
    """`title` names the run; a cell is None where there is nothing to say: a change of the first checkpoint, a tensor that a checkpoint
    has not, or that cannot be read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def run_table(tracks: Tracks, what: RunTableKind = "checkpoints", depth: int | None = None) -> RunTable:
    """The checkpoints of a run with their metrics, or norm, deviation and change of its parts (by `depth` segments of their names) or
    tensors in each of them. Changes are relative to the checkpoint before. Where some were estimated there is one more column,
    `change_error`, with the relative standard error of each change (0: it was measured).

    >>> paths = [core.save({"epoch": n, "loss": 1 / n, "w": np.full(4, n)}, folder / f"{n}.pth").path for n in (1, 2)]
    >>> table = core.run_table(core.measure_series(core.series(paths)))
    >>> table.columns
    ('file', 'epoch', 'step', 'loss', 'change', 'nan', 'inf')
    >>> table.rows[1]
    ('2.pth', 2, None, 0.5, 1.0, 0, 0)
    """
    series = tracks.series
    title = os.path.basename(os.path.dirname(os.path.abspath(series[0].path))) if len(series) else ""
    errors = ("change_error",) if tracks.is_estimated else ()
    if what == "checkpoints":
        metrics = series.metrics
        whole = tracks.together("", tracks.keys) if tracks.keys else None
        rows = [(one.name, one.epoch, one.step, *(one.metrics.get(name) for name in metrics),
                 *_measured(whole.points[at] if whole is not None else None, errors)[2:]) for at, one in enumerate(series)]
        return RunTable(title, ("file", "epoch", "step", *metrics, *_MEASURED[2:], *errors), tuple(rows))
    named: Iterable[Track] = tracks.tracks() if what == "tensors" else tracks.groups(depth)
    places = [(one.name, one.epoch, one.step) for one in series]
    found = ((track.name, *place, track.role if what == "tensors" else track.tensors, track.numel, *_measured(point, errors))
             for track in named for place, point in zip(places, track.points, strict=True))
    return RunTable(title, ("key" if what == "tensors" else "part", "file", "epoch", "step", "role" if what == "tensors" else "tensors",
                            "parameters", *_MEASURED, *errors), tuple(found))


def run_table_output(path: str | os.PathLike[str]) -> OutputKind:
    """What a table at `path` is for `write_output`, by its ending. Raises UsageError for one that no table has.

    >>> core.run_table_output("run.csv"), core.run_table_output("run.html")
    ('table', 'page')
    """
    ending = _ending(path)
    return "run" if ending == ".json" else "page" if ending in (".html", ".htm") else "table"


def run_table_bytes(table: RunTable, path: str | os.PathLike[str]) -> Iterator[bytes]:
    """The table as the ending of `path` says: .csv, .tsv (.txt), .json or .html, in pieces. Nothing is written. Text that a spreadsheet
    would run as a formula begins with an apostrophe. Raises UsageError for another ending.

    >>> table = core.RunTable("digits", ("file", "loss"), (("1.pth", 0.5), ("2.pth", float("nan"))))
    >>> b"".join(core.run_table_bytes(table, "run.csv"))
    b'file,loss\\n1.pth,0.5\\n2.pth,nan\\n'
    """
    ending = _ending(path)
    pieces = _json(table) if ending == ".json" else _page(table) if ending in (".html", ".htm") else _separated(table, _ENDINGS[ending])
    return (piece.encode("utf-8", "backslashreplace") for piece in pieces)


def _ending(path: str | os.PathLike[str]) -> str:
    ending = os.path.splitext(os.fsdecode(path))[1].lower()
    if ending not in _ENDINGS:
        raise UsageError(f"{visible(ending) or 'a name without an ending'} is no kind of table", "Name it .csv, .tsv, .json or .html.")
    return ending


def _measured(point: TrackPoint | None, errors: Sequence[str]) -> tuple[Cell, ...]:
    if point is None or not point.read:
        return (None,) * (len(_MEASURED) + len(errors))
    return (*(None if math.isnan(number) else number for number in (point.norm, point.std, point.change)), point.nan, point.inf,
            *(None if math.isnan(point.change) else point.error for _ in errors))


def _batches(rows: tuple[tuple[Cell, ...], ...]) -> Iterator[tuple[tuple[Cell, ...], ...]]:
    return (rows[n:n + _AT_ONCE] for n in range(0, len(rows), _AT_ONCE))


def _separated(table: RunTable, by: str) -> Iterator[str]:
    yield by.join(_field(name, by) for name in table.columns) + "\n"
    for rows in _batches(table.rows):
        yield "".join(by.join(_field(cell, by) for cell in row) + "\n" for row in rows)


def _field(cell: Cell, by: str) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return repr(cell)
    text = "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
    return '"' + text.replace('"', '""') + '"' if any(char in text for char in (by, '"', "\n", "\r")) else text


def _json(table: RunTable) -> Iterator[str]:
    yield f'{{"inspector_run_table": 1, "run": {json.dumps(table.title)}, "rows": ['
    for n, row in enumerate(table.rows):
        named = dict(zip(table.columns, (to_json(cell) for cell in row), strict=True))
        yield f'{"," if n else ""}\n{json.dumps(named)}'
    yield "\n]}\n"


def _page(table: RunTable) -> Iterator[str]:
    numbers = [any(isinstance(row[n], int | float) for row in table.rows[:_AT_ONCE]) for n in range(len(table.columns))]
    kinds = ["n" if is_number else "k" for is_number in numbers]
    title = html.escape(visible(table.title, 200))
    head = "".join(f'<th class="{kind}">{html.escape(visible(name, 200))}</th>' for kind, name in zip(kinds, table.columns, strict=True))
    yield (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
           f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n<table><tr>{head}</tr>\n")
    for rows in _batches(table.rows):
        yield "".join("<tr>" + "".join(f'<td class="{kind}">{html.escape(_shown(cell))}</td>'
                                       for kind, cell in zip(kinds, row, strict=True)) + "</tr>\n" for row in rows)
    yield "</table></body></html>\n"


def _shown(cell: Cell) -> str:
    return "" if cell is None else visible(cell, 2000) if isinstance(cell, str) else f"{cell:,}" if isinstance(cell, int) else f"{cell:.6g}"
