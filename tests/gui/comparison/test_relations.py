"""All relations between two files in one list: filtered, made edits, recipes and commands of, and shown apart from what is concluded."""
from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from inspector import cli, core
from inspector.gui.comparison import relations_panel
from inspector.gui.comparison.relations_panel import RelationsPanel
from inspector.gui.comparison.verdicts import inference_text, rearranged_text

from .desk import Arrays, Desk

SEED = np.random.default_rng(17)


def random(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return SEED.normal(size=shape).astype(np.float32)


def separate() -> Arrays:
    return {**{f"attn.{name}.weight": random(16, 16) for name in "qkv"}, "fc.weight": random(24, 16), "conv.weight": random(8, 4, 3, 3),
            "half.weight": random(12, 12), "scaled.weight": random(20, 12), "old.name": random(9, 7)}


def fused(a: Arrays) -> Arrays:
    """The same weights otherwise: joined, transposed, reshaped, cast, doubled, under another name."""
    return {"attn.qkv.weight": np.concatenate([a[f"attn.{name}.weight"] for name in "qkv"]),
            "fc.weight": np.ascontiguousarray(a["fc.weight"].T), "conv.weight": a["conv.weight"].reshape(8, 36),
            "half.weight": a["half.weight"].astype(np.float16), "scaled.weight": a["scaled.weight"] * np.float32(2),
            "new.elsewhere": a["old.name"]}


def listed(panel: RelationsPanel) -> list[tuple[str, str]]:
    """(kind, keys of A) of the rows that are shown."""
    rows = [panel.model.relation_at(row) for row in range(panel.model.rowCount())]
    return [(one.kind, " ".join(one.a)) for one in rows]


def choose(panel: RelationsPanel, *kinds: str) -> None:
    panel.table.clearSelection()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in range(panel.model.rowCount()):
        if panel.model.relation_at(row).kind in kinds:
            panel.table.selectionModel().select(panel.model.index(row, 0), flags)


def opened(desk: Desk) -> RelationsPanel:
    a = separate()
    page = desk.compare(a, fused(a))
    page.show_details(page.relations)
    desk.settle()
    return page.relations


def test_that_every_relation_is_listed_with_how_well_it_holds(desk: Desk) -> None:
    panel = opened(desk)
    found = {one.kind: one for one in (panel.model.relation_at(row) for row in range(panel.model.rowCount()))}
    assert {kind: (one.a, one.b) for kind, one in found.items() if kind in ("joined", "transposed", "reshaped", "cast", "scaled")} == {
        "joined": (("attn.q.weight", "attn.k.weight", "attn.v.weight"), ("attn.qkv.weight",)),
        "transposed": (("fc.weight",), ("fc.weight",)), "reshaped": (("conv.weight",), ("conv.weight",)),
        "cast": (("half.weight",), ("half.weight",)), "scaled": (("scaled.weight",), ("scaled.weight",))}
    assert found["joined"].holds == "exactly"
    assert found["scaled"].holds == "exactly times 2"
    assert found["joined"].rests == "all 768 elements"
    assert desk.page.tabs.tabText(2) == f"Relations ({panel.count})"
    assert desk.page.relations_link.text() == f"Relations ({panel.count})"


def test_that_kind_and_words_filter_the_list(desk: Desk) -> None:
    panel = opened(desk)
    panel.kind.setCurrentIndex(panel.kind.findData("transposed"))
    assert listed(panel) == [("transposed", "fc.weight")]
    panel.kind.setCurrentIndex(0)
    desk.qtbot.keyClicks(panel.search, "attn -split")
    desk.settle()
    assert listed(panel) == [("joined", "attn.q.weight attn.k.weight attn.v.weight")]
    panel.search.setText("no such key")
    desk.settle()
    assert panel.pages.currentWidget() is panel.empty
    assert panel.empty.text() == f"None of the {panel.count} relations fits the filter."
    desk.qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert len(listed(panel)) == panel.count


def test_that_selected_relations_become_edits_that_wait_and_nothing_else_does(desk: Desk) -> None:
    panel = opened(desk)
    choose(panel, "joined", "cast")
    panel.edits[0].click()
    desk.settle()
    id, _ = (document.id for document in desk.session.documents)
    assert [type(edit).__name__ for edit in desk.session.edits(id)] == ["Concat", "Cast"]
    document = desk.session.document(id)
    assert document is not None
    tensors = core.edit(core.open(document.path), desk.session.edits(id)).tensors
    assert tensors["attn.qkv.weight"].shape == (48, 16)
    assert tensors["half.weight"].dtype == "float16"
    assert tensors["fc.weight"].shape == (24, 16)
    assert panel.said.text().startswith("2 edits: with them 2 of 2 tensors have the name, shape and type that they have in B.")


def test_that_all_of_them_make_b_what_a_is(desk: Desk, tmp_path: Path) -> None:
    panel = opened(desk)
    panel.kind.setCurrentIndex(0)
    panel.make(1, "edits")
    desk.settle()
    a, b = desk.session.documents
    core.save(core.edit(core.open(b.path), desk.session.edits(b.id)), tmp_path / "back.safetensors")
    back, first = (core.open(path) for path in (tmp_path / "back.safetensors", a.path))
    assert {key: info.shape for key, info in back.tensors.items()} == {key: info.shape for key, info in first.tensors.items()}
    for key in ("attn.k.weight", "fc.weight", "conv.weight", "old.name"):
        np.testing.assert_array_equal(core.read_numpy(back, key), core.read_numpy(first, key))


def test_that_what_no_edit_does_is_said(desk: Desk) -> None:
    panel = opened(desk)
    choose(panel, "scaled")
    panel.edits[0].click()
    desk.settle()
    assert panel.said.text() == "No edit does this."
    assert panel.said.property("tone") == "warning"
    assert not any(desk.session.edits(document.id) for document in desk.session.documents)


def test_that_the_copied_command_does_what_was_chosen(desk: Desk, tmp_path: Path) -> None:
    panel = opened(desk)
    choose(panel, "joined", "transposed")
    panel.make(0, "command")
    desk.settle()
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:2] == ["inspector", "edit"]
    target = tmp_path / "made.safetensors"
    words[words.index("-o") + 1] = str(target)
    assert cli.main(words[1:]) == 0
    made = core.open(target).tensors
    assert made["attn.qkv.weight"].shape == (48, 16)
    assert made["fc.weight"].shape == (16, 24)
    assert panel.said.text().startswith("Copied. ")


def test_that_a_saved_recipe_begins_with_the_edits_that_wait(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = opened(desk)
    a, _ = desk.session.documents
    desk.session.add_edits(a.id, (core.Drop("scaled.weight"),))
    desk.finish()
    monkeypatch.setattr(relations_panel.file_dialogs, "save_file",
                        lambda parent, title, start, chosen, **more: chosen(str(tmp_path / "recipe.json")))
    choose(panel, "transposed")
    panel.make(0, "recipe")
    desk.settle()
    recipe = core.read_recipe(tmp_path / "recipe.json")
    assert [type(edit).__name__ for edit in recipe] == ["Drop", "Transpose"]
    assert json.loads((tmp_path / "recipe.json").read_text())


def test_that_what_is_concluded_stands_apart_with_what_it_rests_on(desk: Desk) -> None:
    a = {f"layers.{n}.q_proj.weight": random(64, 64) for n in range(3)}
    b = {key: (value + random(64, 2) @ random(2, 64)).astype(np.float32) for key, value in a.items()}
    page = desk.compare(a, b)
    page.show_details(page.relations)
    desk.settle()
    said = [text.text() for text in page.relations.thoughts.findChildren(QLabel)]
    assert said == ["Seems: a low-rank adapter (LoRA) of rank 2 was merged into q_proj. Concluded from 3 of 3 tensors."]
    assert all("Seems" not in one.lower and one.kind == "low-rank" for one in map(page.relations.model.relation_at, range(3)))
    assert page.relations.model.relation_at(0).holds == "B − A has rank 2, but for rounding"


def test_that_a_relation_shows_its_pair_and_is_copied_whole(desk: Desk) -> None:
    panel = opened(desk)
    choose(panel, "joined")
    panel.copy()
    first, second = QGuiApplication.clipboard().text().splitlines()
    assert first == "What\tIn A\tIn B\tHow well it holds\tRests on"
    assert second == "Joined\tattn.q.weight, attn.k.weight, attn.v.weight\tattn.qkv.weight\texactly\tall 768 elements"
    panel.table.activated.emit(panel.table.selectionModel().selectedRows()[0])
    assert desk.page.model.line(desk.page.view.currentIndex().row()).key == "attn.q.weight"


def test_that_a_column_sorts_by_numbers_in_names_and_says_when_nothing_is_related(desk: Desk) -> None:
    a = {f"layers.{n}.weight": random(16, 12) for n in (10, 2, 1)}
    page = desk.compare(a, {key: np.ascontiguousarray(value.T) for key, value in a.items()})
    panel = page.relations
    panel.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert [keys for _, keys in listed(panel)] == ["layers.1.weight", "layers.2.weight", "layers.10.weight"]
    desk.session.compare(None)
    desk.settle()
    assert panel.count == 0
    assert page.relations_link.isHidden()


def test_that_what_is_not_looked_for_while_edits_wait_is_not_said_to_be_nothing(desk: Desk) -> None:
    a = {"half.weight": random(12, 12), "scaled.weight": random(20, 12), "same.weight": random(4, 4)}
    page = desk.compare(a, a | {"half.weight": a["half.weight"].astype(np.float16), "scaled.weight": a["scaled.weight"] * np.float32(2)})
    page.show_details(page.relations)
    desk.settle()
    panel = page.relations
    assert [kind for kind, _ in listed(panel)] == ["cast", "scaled"]
    id, _ = (document.id for document in desk.session.documents)
    desk.session.add_edits(id, [core.Drop("same.weight")])
    desk.settle()
    assert not panel.count
    assert panel.empty.text() == ("While edits wait, only what was found transposed, reshaped, joined or split before them is told; "
                                  "what was cast or changed is not.")
    desk.session.undo(id)
    desk.settle()
    assert [kind for kind, _ in listed(panel)] == ["cast", "scaled"]


def test_that_a_list_that_edits_made_shorter_says_so(desk: Desk) -> None:
    panel = opened(desk)
    assert not [one for one in panel.thoughts.findChildren(QLabel) if one.text().startswith("While edits wait")]
    id, _ = (document.id for document in desk.session.documents)
    desk.session.add_edits(id, [core.Drop("scaled.weight")])
    desk.settle()
    assert "transposed" in dict(listed(panel))
    assert "cast" not in dict(listed(panel))
    assert [one for one in panel.thoughts.findChildren(QLabel) if one.text().startswith("While edits wait")]
    assert panel.thoughts.isVisibleTo(panel)


def test_that_keys_of_several_tensors_are_named_by_what_they_have_in_common(desk: Desk) -> None:
    a = {f"blocks.0.experts.{n}.up.weight": random(12, 8) for n in range(6)} | {f"attn.{name}.weight": random(16, 16) for name in "qkv"}
    b = {"blocks.0.experts.up": np.stack([a[f"blocks.0.experts.{n}.up.weight"] for n in range(6)]),
         "attn.qkv": np.concatenate([a[f"attn.{name}.weight"] for name in "qkv"])}
    panel = desk.compare(a, b).relations
    shown = {panel.model.relation_at(row).kind: panel.model.data(panel.model.index(row, 1)) for row in range(panel.model.rowCount())}
    assert shown == {"stacked": "blocks.0.experts.{0, 1, 2, …}.up.weight", "joined": "attn.{q, k, v}.weight"}


def test_that_tensors_that_were_passed_over_are_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.core.relations.finding._MOST", 4)
    weights = [np.random.default_rng(n).standard_normal((4, 8)).astype(np.float32) for n in range(5)]
    page = desk.compare({f"a{n}": weight for n, weight in enumerate(weights)},
                        {f"b{n}": np.ascontiguousarray(weight.T) for n, weight in enumerate(weights)})
    assert page.progress.unsearched == core.Unsearched(6, 10)
    shown = [one.text() for one in page.verdict.findChildren(QLabel) if one.isVisibleTo(page)]
    assert any("6 of the 10 tensors without an equal partner were not looked at" in text for text in shown)


def test_that_factors_that_read_the_same_are_said_once() -> None:
    def said(least: float, most: float) -> str:
        return inference_text(core.Inference("scaled", (("least", least), ("most", most)), (), 2, 2))

    assert said(1.0100000001, 1.0100000002) == "B is A times 1.01"
    assert said(1.01, 1.02) == "B is A times 1.01 to 1.02"


def test_that_a_key_that_keeps_its_name_is_said_once() -> None:
    a = {"embed.weight": random(40, 8), "head.weight": random(12, 8)}
    b = {"embed.weight": np.concatenate([a["embed.weight"], np.zeros((3, 8), np.float32)]),
         "head.weight": np.ascontiguousarray(a["head.weight"].T)}
    said = sorted(rearranged_text(one) for one in core.compare(a, b).rearranged)
    assert [text.partition(" in B")[0] for text in said] == ["embed.weight has more slices", "head.weight is transposed"]
    assert [text.count(".weight") for text in said] == [1, 1]


def test_that_how_well_it_holds_is_whole_where_there_is_room_and_keys_keep_theirs(desk: Desk) -> None:
    panel = opened(desk)
    table = panel.table
    table.setParent(None)
    desk.qtbot.addWidget(table)
    table.resize(1300, 600)
    table.show()
    for column in (relations_panel.WHAT, relations_panel.HOLDS, relations_panel.RESTS):
        assert table.columnWidth(column) >= table.sizeHintForColumn(column), column
    wide = table.columnWidth(relations_panel.HOLDS)
    table.resize(600, 600)              # with and without the program's style sheet, which another test may have left
    assert table.columnWidth(relations_panel.HOLDS) < wide
    assert min(table.columnWidth(column) for column in (relations_panel.IN_A, relations_panel.IN_B)) >= 100
    table.setColumnWidth(relations_panel.WHAT, 77)              # as somebody drew it
    table.resize(1300, 600)
    assert table.columnWidth(relations_panel.WHAT) == 77
    assert table.columnWidth(relations_panel.HOLDS) == wide
