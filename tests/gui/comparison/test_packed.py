"""A packed checkpoint beside what it was made of, in the window: the layer that lost most comes first."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from safetensors.numpy import save_file

from inspector.gui.models.pair_lines import SQNR
from inspector.gui.state.session import Compared
from tests.core.packed import packing

from .desk import BASE, Desk, changed

WORST = "model.layers.1.mlp.down_proj.weight"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Three layers and their packing, of which the second is worst; the head is in both the same."""
    rng = np.random.default_rng(3)
    tensors: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    config: Any = None
    for n, noise in enumerate((0.01, 0.2, 0.05)):
        made = packing.MAKERS["gptq"](np.random.default_rng(n))
        module, old = f"model.layers.{n}.mlp.down_proj", made.name.removesuffix(".weight")
        tensors |= {key.replace(old, module): value for key, value in made.tensors.items()}
        plain[f"{module}.weight"] = (made.values * (1 + noise * rng.normal(size=made.values.shape))).astype(np.float32)
        config = made.config
    for arrays in (tensors, plain):
        arrays["head.weight"] = np.ones((4, 4), np.float32)
    save_file(plain, tmp_path / "plain.safetensors")
    packed = packing.Packed(tensors, config, "", "gptq", np.zeros(0, np.float32), set()).save(tmp_path / "packed")
    return [str(tmp_path / "plain.safetensors"), str(packed)]


def compare(desk: Desk, files: list[str]) -> None:
    desk.window.open_paths(files)
    desk.settle()
    desk.window.menus["compare"].trigger()
    desk.finish()


def selected(desk: Desk) -> list[str]:
    tree = desk.page.model.tree
    assert tree is not None
    return [tree.key(node) for node in desk.page.view.nodes]


def test_that_the_worst_layer_comes_first_is_selected_and_is_in_the_sentence(desk: Desk, files: list[str]) -> None:
    compare(desk, files)
    page = desk.page
    assert page.verdict_text.text().startswith("Quantized from A: ")
    assert ", worst layer 1 down_proj " in page.verdict_text.text()
    assert selected(desk) == [WORST]
    page.list.click()
    desk.settle()
    keys = [page.model.line(row).key for row in range(page.model.rowCount())]
    assert keys[:3] == [f"model.layers.{n}.mlp.down_proj.weight" for n in (1, 2, 0)]
    assert "head.weight" in keys[3:]
    assert not page.view.isColumnHidden(SQNR)


@pytest.mark.parametrize("turned", [False, True])
def test_that_it_comes_first_whichever_side_is_packed(desk: Desk, files: list[str], turned: bool) -> None:
    compare(desk, files[::-1] if turned else files)
    assert desk.page.verdict_text.text().startswith("Quantized from B: " if turned else "Quantized from A: ")
    assert selected(desk) == [WORST]


def test_that_an_order_that_somebody_asked_for_stays(desk: Desk, files: list[str]) -> None:
    desk.window.open_paths(files)
    desk.settle()
    desk.page.view.horizontalHeader().setSortIndicator(0, Qt.SortOrder.DescendingOrder)
    desk.window.menus["compare"].trigger()
    desk.finish()
    assert desk.page.model.sorted_by == "name"


def test_that_the_order_can_be_given_up_and_is_not_taken_to_other_files(desk: Desk, files: list[str]) -> None:
    compare(desk, files)
    assert desk.page.model.sorted_by == "sqnr"
    desk.open(BASE, changed())
    ids = [document.id for document in desk.session.documents]
    desk.session.compare(Compared(ids[2], ids[3]))
    desk.finish()
    assert desk.page.model.sorted_by is None
    desk.session.compare(Compared(ids[0], ids[1]))
    desk.finish()
    assert (desk.page.model.sorted_by, selected(desk)) == ("sqnr", [WORST])
    desk.page.view.unsort()
    desk.session.compare(Compared(ids[0], ids[1], in_a="", in_b=""))
    desk.settle()
    assert desk.page.model.sorted_by is None


def test_that_a_comparison_of_plain_weights_stands_in_the_order_of_a(desk: Desk) -> None:
    page = desk.compare(BASE, changed())
    assert page.model.sorted_by is None
