from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from inspector import core
from tests.core.edits.made import names, net, opened, state_dict, training


def test_that_what_does_not_fit_goes_and_what_is_missing_is_told(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2), "b": torch.ones(3), "new": torch.ones(1)}, tmp_path / "ref.pth")
    ckpt = opened(tmp_path, state_dict("a", "b", "extra"))
    edit = core.parse_edit("match", str(tmp_path / "ref.pth"))
    assert names(core.edit(ckpt, [edit])) == ["a"]
    effect, = core.effects(ckpt, [edit])
    assert effect.dropped == ("b", "extra")
    assert "b [2] and not [3]" in effect.notes[0]
    assert "2 names of the reference will be missing: b, new" in effect.notes[1]


def test_that_optimizer_and_values_are_left_alone_and_the_weights_are_found_on_both_sides(tmp_path: Path) -> None:
    torch.save({"epoch": 1, "state_dict": net().state_dict()}, tmp_path / "ref.pth")
    ckpt = opened(tmp_path, training(net()))
    new = core.edit(ckpt, [core.Match(str(tmp_path / "ref.pth"))])
    assert names(new) == names(ckpt)
    assert list(new.values) == list(ckpt.values)


def test_that_nothing_in_common_is_an_error_that_shows_names_of_both(tmp_path: Path) -> None:
    with pytest.raises(core.EditError, match=r"'module\.a'.*'a'"):
        core.edit(opened(tmp_path, state_dict("module.a")), [core.Match({"a": (2,)})])


def test_that_a_reference_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(core.EditError, match=r"none\.pth"):
        core.edit(opened(tmp_path, state_dict("a")), [core.Match(str(tmp_path / "none.pth"))])


@pytest.mark.parametrize(("numbers", "said"), [(range(1, 7), "so that equal names are other layers: --renumber 'blocks.#=-1' before"),
                                               (range(1, 6), "so that equal names may be other layers: --renumber 'blocks.#=-1' before")])
def test_that_layers_numbered_from_another_start_are_told(tmp_path: Path, numbers: range, said: str) -> None:
    model = {f"blocks.{i}.weight": torch.ones(4, 4) for i in range(6)}
    torch.save(model, tmp_path / "model.pth")
    torch.save({f"blocks.{i}.weight": torch.ones(4, 4) for i in numbers}, tmp_path / "file.pth")
    match = core.Match(str(tmp_path / "model.pth"))
    effect = core.effects(core.open(tmp_path / "file.pth"), [match])[-1]
    assert any(said in note for note in effect.notes), effect.notes


def test_that_where_layers_of_other_numbers_leave_nothing_it_is_said_why(tmp_path: Path) -> None:
    sizes = (3, 8, 16, 32)
    for name, first in (("model", 0), ("file", 1)):
        torch.save({f"net.{first + i}.weight": torch.ones(*pair) for i, pair in enumerate(pairwise(sizes))}, tmp_path / f"{name}.pth")
    match = core.Match(str(tmp_path / "model.pth"))
    with pytest.raises(core.EditError, match=r"--renumber 'net.#=-1'"):
        core.edit(tmp_path / "file.pth", [match])
    assert len(core.edit(tmp_path / "file.pth", [core.Renumber("net.#", -1), match]).tensors) == 3
