"""Two files and the one that both come from, in the window: who changed what, and what only one changed brought into the other."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QMenu

from inspector import core
from inspector.commands.window import Pages
from inspector.gui.comparison.base_progress import marks_of
from inspector.gui.comparison.progress import Step
from inspector.gui.kit import file_dialogs
from inspector.gui.models import pair_lines
from inspector.gui.models.pair_lines import DIFFERS, NAME
from inspector.gui.models.pair_tree import BASE_MARKS, BY_A, CONFLICT
from inspector.gui.state.session import Compared
from tests.core.packed import packing

from .desk import Arrays, Desk, write

BASE: Arrays = {"same": np.arange(4, dtype=np.float32), "mine": np.zeros(3, np.float32), "theirs": np.zeros(3, np.float32),
                "both": np.ones(2, np.float32), "alike": np.ones(5, np.float32)}
A: Arrays = {**BASE, "mine": np.ones(3, np.float32), "both": np.full(2, 2, np.float32), "alike": np.full(5, 7, np.float32)}
B: Arrays = {**BASE, "theirs": np.full(3, 5, np.float32), "both": np.full(2, 3, np.float32), "alike": np.full(5, 7, np.float32),
             "new": np.arange(6, dtype=np.float32)}


def held(desk: Desk) -> None:
    desk.qtbot.waitUntil(lambda: desk.page.held.step is Step.DONE)
    desk.settle()


def three(desk: Desk) -> list[int]:
    """A, B and the base open, A and B compared, the base named."""
    ids = desk.open(A, B, BASE)
    desk.session.compare(Compared(*ids[:2]))
    desk.window.comparison.compare_documents(*ids[:2])
    desk.finish()
    row = desk.page.base
    row.files.setCurrentIndex(row.files.findData(ids[2]))
    row.files.activated.emit(row.files.currentIndex())
    held(desk)
    return ids


def said(desk: Desk) -> dict[str, str]:
    model = desk.page.model
    return {line.key: line.texts[DIFFERS] for row in range(model.rowCount()) if (line := model.line(row)).status}


def test_that_the_row_is_there_with_a_third_file_and_says_what_it_is_for(desk: Desk) -> None:
    desk.compare(A, B, details=False)
    assert not desk.page.base.isVisible()
    desk.window.open_paths([write(desk.folder / "c.safetensors", BASE)])
    desk.settle()
    assert desk.page.base.isVisible()
    assert desk.page.base.said.text == "Name it to see who changed what since."
    names = [button.text() for button in desk.page.notice.buttons if button.isVisible()]
    assert names == ["Compare it as A", "Compare it as B", "Both come from it", "Back to the files"]
    desk.page.notice.buttons[2].click()
    held(desk)
    assert desk.page.base.said.text == "1 conflict · 1 change by A · 2 changes by B · 1 alike"


def test_that_rows_and_chips_say_who_changed_what(desk: Desk) -> None:
    three(desk)
    words = {key: text.split(", ", 1)[1] if ", " in text else "" for key, text in said(desk).items()}
    assert words == {"same": "", "mine": "A changed it, 100 %", "theirs": "B changed it, ∞ %", "both": "conflict, 50.0 %",
                     "alike": "both changed it", "new": "B added it"}
    chips = desk.page.chips
    assert {name: chips.chips[name].count for name in ("conflict", "by-a", "by-b", "by-both")} == {
        "conflict": 1, "by-a": 1, "by-b": 2, "by-both": 1}
    chips.chips["conflict"].click()
    desk.settle()
    assert desk.shown() == ["both"]
    row = next(row for row in range(desk.page.model.rowCount()) if desk.page.model.line(row).key == "both")
    line = desk.page.model.line(row)
    assert (line.sign, pair_lines.MARKS[line.sign]) == ("conflict", "×")
    assert "conflict" in pair_lines.accessible(line)            # never colour alone
    assert desk.page.model.data(desk.page.model.index(row, NAME)) == "both"


def test_that_what_only_the_other_changed_is_brought_over_and_conflicts_are_left(desk: Desk) -> None:
    ids = three(desk)
    into_a, into_b = desk.page.base.ways
    assert (into_a.text(), into_b.text()) == ("Into A: 2 changes of B", "Into B: 1 change of A")
    into_a.trigger()
    desk.finish()
    held(desk)
    assert desk.page.notice.text == "1 conflict is left: A keeps what it has there."
    document = desk.session.document(ids[0])
    assert document is not None
    assert document.checkpoint is not None
    assert core.read_numpy(document.checkpoint, "theirs").tolist() == [5, 5, 5]
    assert core.read_numpy(document.checkpoint, "new").tolist() == [0, 1, 2, 3, 4, 5]
    assert core.read_numpy(document.checkpoint, "both").tolist() == [2, 2]
    assert desk.page.base.said.text == "1 conflict · 1 change by A · 3 alike"
    desk.page.notice.buttons[0].click()
    desk.settle()
    assert desk.shown() == ["both"]


def test_that_a_report_knows_the_base_and_is_not_written_over_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    three(desk)
    desk.window.reports.pages = Pages()
    out = desk.folder / "report.html"
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(out)))
    desk.window.menus["compare-report"].trigger()
    desk.settle()
    page = out.read_text()
    assert "Who changed what since the base" in page
    assert str(desk.folder / "c.safetensors") in page
    assert "In conflict: 1 tensor" in page
    assert "Values of the" in page                              # and all that a report of two has
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(
        str(desk.folder / "c.safetensors")))
    desk.window.menus["compare-report"].trigger()
    desk.settle()
    assert core.open(desk.folder / "c.safetensors").tensors
    compared = desk.session.compared
    assert compared is not None
    desk.session.compare(compared._replace(base=None))
    desk.settle()
    monkeypatch.setattr(file_dialogs, "save_file", lambda parent, title, start, on_chosen, **more: on_chosen(str(out)))
    desk.window.menus["compare-report"].trigger()
    desk.settle()
    assert "since the base" not in out.read_text()


def test_that_sides_are_exchanged_and_a_base_that_is_closed_is_none(desk: Desk) -> None:
    ids = three(desk)
    desk.page.sides.exchange()
    desk.finish()
    held(desk)
    assert desk.session.compared is not None
    assert desk.session.compared.base == ids[2]
    assert desk.page.base.said.text == "1 conflict · 2 changes by A · 1 change by B · 1 alike"
    desk.page.chips.chips["conflict"].click()
    desk.session.remove(ids[2])
    desk.settle()
    assert desk.session.compared.base is None
    assert not desk.page.base.isVisible()
    assert desk.page.chips.statuses == frozenset()
    assert len(desk.shown()) == 6
    assert not any("changed it" in text for text in said(desk).values())


def test_that_no_values_are_read_again_for_an_edit_that_does_not_touch_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = three(desk)
    asked: list[int] = []
    truly = core.compare_with_base

    def watched(*given: object, **more: object) -> core.ThreeWay:
        known = more["known"]
        assert isinstance(known, dict)
        before = len(known)
        found = truly(*given, **more)           # type: ignore[arg-type]
        asked.append(len(known) - before)
        return found

    monkeypatch.setattr(core, "compare_with_base", watched)
    desk.session.add_edits(ids[0], (core.Rename("^mine$", "mine"), core.SetMetadata("k", "v")))
    desk.finish()
    held(desk)
    assert asked == [0]


def test_that_the_base_is_chosen_from_the_menu(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(desk.folder / "c.safetensors", BASE)
    assert not desk.window.menus["compare-base"].isEnabled()
    desk.compare(A, B, details=False)
    monkeypatch.setattr(desk.window.files, "choose", lambda folders, on_chosen: on_chosen([path]))
    assert desk.window.menus["compare-base"].isEnabled()
    desk.window.menus["compare-base"].trigger()
    held(desk)
    assert desk.page.base.said.text.startswith("1 conflict")
    assert isinstance(desk.page.base.merge.menu(), QMenu)


def test_that_a_base_that_cannot_be_read_is_said(desk: Desk) -> None:
    desk.compare(A, B, details=False)
    path = desk.folder / "c.safetensors"
    path.write_bytes(b"no checkpoint at all")
    desk.window.open_paths([str(path)])
    desk.settle()
    compared = desk.session.compared
    assert compared is not None
    desk.session.compare(compared._replace(base=desk.session.documents[-1].id))
    desk.settle()
    assert desk.page.held.step is Step.FAILED
    assert desk.page.base.said.text
    assert desk.page.base.button.text() == "Try again"
    assert not desk.page.base.merge.isVisible()


@pytest.mark.parametrize(("in_b", "mark"), [("scales", CONFLICT), ("", BY_A)])
def test_that_a_packed_tensor_is_changed_by_whoever_changed_a_part(in_b: str, mark: str, tmp_path: Path) -> None:
    made = packing.MAKERS["gptq"](np.random.default_rng(0))
    module = made.name.removesuffix(".weight")

    def saved(name: str, part: str) -> core.Checkpoint:
        tensors = {key: value + 1 if part and key == f"{module}.{part}" else value for key, value in made.tensors.items()}
        return core.open(packing.Packed(tensors, made.config, "", "gptq", np.zeros(0, np.float32), set()).save(tmp_path / name))

    base, a, b = saved("base", ""), saved("a", "qweight"), saved("b", in_b)
    comparison = core.pair_up(a, b)
    assert comparison.is_packed
    marks = marks_of(comparison, core.compare_with_base(comparison, base))
    assert {pair.a: BASE_MARKS[n] if n >= 0 else "" for pair, n in zip(comparison.pairs, marks, strict=True)}[made.name] == mark
