"""The tree's parameters are those that the other places name: of the model, each once."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.gui.models.key_tree import build_key_tree
from inspector.gui.models.tree_lines import PARAMETERS, node_line, tooltip
from inspector.gui.models.tree_rows import TreeRows
from inspector.gui.state.session import Document
from tests.core.training.test_weights import saved


@pytest.mark.parametrize("name", saved())
def test_that_each_row_counts_the_parameters_below_it_once(tmp_path: Path, name: str) -> None:
    value, model = saved()[name]
    torch.save(value, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    tree = build_key_tree(ckpt)
    assert tree.parameters[0] == sum(parameter.numel() for parameter in model.parameters()) == core.totals(ckpt).parameters
    for n in range(len(tree)):
        keys = tree.tensor_keys([n])
        assert tree.parameters[n] == core.counts(ckpt, keys).parameters, tree.key(n)
        assert tree.elements[n] == sum(ckpt.tensors[key].numel for key in keys)


def test_that_buffers_and_the_state_of_an_optimizer_have_elements_only(tmp_path: Path) -> None:
    value, _ = saved()["training"]
    torch.save(value, tmp_path / "a.pth")
    tree = build_key_tree(core.open(tmp_path / "a.pth"))
    document = Document(1, "a")

    def said(key: str) -> tuple[str, str]:
        node = tree.find(key)
        assert node is not None
        line = node_line(document, TreeRows(tree), node)
        return line.texts[PARAMETERS], tooltip(line, PARAMETERS, tree, document)

    assert said("model_state_dict.0.weight") == ("9", "9 parameters")
    assert said("model_state_dict.1.running_mean") == ("", "3 elements, no parameters")
    assert said("model_state_dict.1") == ("6", "13 elements, 6 of them parameters")
    assert said("optimizer_state_dict.state.0.exp_avg") == ("", "9 elements, no parameters")
    assert said("optimizer_state_dict")[0] == ""


def test_that_names_outside_of_state_dicts_are_judged_one_by_one() -> None:
    infos = [core.TensorInfo(key, (), "float32", None, (), 0, key, 0) for key in ("", "a")]
    ckpt = core.Checkpoint("/x/model.pt", "torch-zip", "state-dict", (), {info.key: info for info in infos}, {})
    assert core.counts(ckpt).parameters == sum(core.counts(ckpt, [info.key]).parameters for info in infos) == 1
