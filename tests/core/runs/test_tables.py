"""A run as a table, and that as a file for other programs."""
from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import core

Save = Callable[..., Path]


@pytest.fixture
def tracks(save: Save, tmp_path: Path) -> core.Tracks:
    for n, loss in ((1, 2.0), (2, 0.5), (3, math.nan)):
        weights = {"a.w": torch.full((4,), float(n)), "a.b": torch.ones(2), "a.x": torch.ones(1), "a.y": torch.ones(1),
                   "=c": torch.tensor([math.nan if n == 3 else 1.0, 2.0])}
        if n == 1:
            weights["gone"] = torch.ones(1)
        save(f"e{n}.pth", {"epoch": n, "loss": loss, "model": weights})
    return core.measure_series(core.series(tmp_path))


def written(table: core.RunTable, name: str) -> str:
    return b"".join(core.run_table_bytes(table, name)).decode()


def test_that_a_row_of_each_tensor_and_checkpoint_has_its_numbers(tracks: core.Tracks) -> None:
    table = core.run_table(tracks, "tensors")
    rows: list[dict[str, Any]] = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert len(rows) == 6 * 3
    assert {row["key"] for row in rows} == set(tracks.keys)
    second = next(row for row in rows if row["key"] == "model.a.w" and row["epoch"] == 2)
    assert second == {"key": "model.a.w", "file": "e2.pth", "epoch": 2, "step": None, "role": "parameter", "parameters": 4, "norm": 4.0,
                      "std": 0.0, "change": 1.0, "nan": 0, "inf": 0}
    broken = next(row for row in rows if row["key"] == "model.=c" and row["epoch"] == 3)
    assert (broken["nan"], broken["change"] is None or broken["change"] == 0) == (1, True)
    assert next(row for row in rows if row["key"] == "model.gone" and row["epoch"] == 2)["norm"] is None


def test_that_parts_and_checkpoints_are_tables_too(tracks: core.Tracks) -> None:
    parts = core.run_table(tracks, "parts", 1)
    assert parts.columns[:5] == ("part", "file", "epoch", "step", "tensors")
    assert {row[0] for row in parts.rows} == {"a", "=c", "gone"}
    checkpoints = core.run_table(tracks)
    assert [row[:4] for row in checkpoints.rows[:2]] == [("e1.pth", 1, None, 2.0), ("e2.pth", 2, None, 0.5)]


def test_that_csv_reads_back_and_no_cell_is_a_formula(tracks: core.Tracks) -> None:
    table = core.RunTable("run", ("file", "note", "loss"), (("a,b.pth", '=HYPERLINK("x")', 0.1), ("c\nd", None, math.nan)))
    rows = list(csv.reader(io.StringIO(written(table, "x.csv"))))
    assert rows == [["file", "note", "loss"], ["a,b.pth", "'=HYPERLINK(\"x\")", "0.1"], ["c\nd", "", "nan"]]
    assert written(core.run_table(tracks, "tensors"), "x.tsv").splitlines()[0].split("\t")[:2] == ["key", "file"]


def test_that_json_is_strict_and_names_each_cell(tracks: core.Tracks) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    found = json.loads(written(core.run_table(tracks), "x.json"), parse_constant=refuse)
    assert [row["loss"] for row in found["rows"]] == [2.0, 0.5, "nan"]
    assert found["rows"][0]["file"] == "e1.pth"


def test_that_a_page_holds_names_as_text(tracks: core.Tracks) -> None:
    table = core.RunTable("<run>", ("key", "norm"), (("<script>", 1.5),))
    page = written(table, "x.html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert '<td class="n">1.5</td>' in page


@pytest.mark.parametrize("name", ["x.pth", "x", "x.xlsx"])
def test_that_other_endings_are_refused(name: str) -> None:
    with pytest.raises(core.UsageError, match="no kind of table"):
        core.run_table_bytes(core.RunTable("", (), ()), name)
