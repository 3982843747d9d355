from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from inspector import core


def test_that_all_numbers_move_at_once_and_the_file_loads(tmp_path: Path) -> None:
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(12)))
    torch.save({f"blocks.{int(name.split('.')[0]) + 1}.{name.split('.')[1]}": value for name, value in model.state_dict().items()},
               tmp_path / "a.pth")
    core.save(core.edit(tmp_path / "a.pth", [core.parse_edit("renumber", "blocks.#=-1"), core.StripPrefix("blocks.")]), tmp_path / "b.pth")
    loaded = torch.load(tmp_path / "b.pth")
    nn.Sequential(*(nn.Linear(4, 4) for _ in range(12))).load_state_dict(loaded)
    assert all(torch.equal(loaded[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize(("text", "names", "after"), [
    ("blocks.#=+2", "blocks.0.w blocks.9.w blocks.x.w my.blocks.0.w blocks.0", "blocks.2.w blocks.11.w blocks.x.w my.blocks.0.w blocks.2"),
    ("layer#=-1", "layer1.0.w layer2.0.w layer.w", "layer0.0.w layer1.0.w layer.w"),
    ("s.*.b.#=1", "s.0.b.0.w s.1.b.0.w s.b.0.w", "s.0.b.1.w s.1.b.1.w s.b.0.w"),
    ("b.#.w=1", "b.0.w b.1.v b.1.wide", "b.1.w b.1.v b.1.wide"),
    ("b.#=1", "b.09.w b.00.w", "b.10.w b.01.w"),
])
def test_that_only_the_number_meant_changes(tmp_path: Path, text: str, names: str, after: str) -> None:
    torch.save({name: torch.ones(1) for name in names.split()}, tmp_path / "a.pth")
    assert list(core.edit(tmp_path / "a.pth", [core.parse_edit("renumber", text)]).tensors) == after.split()


@pytest.mark.parametrize(("text", "said"), [("blocks=-1", "does not say"), ("blocks.#", "does not say"), ("b.#.#=1", "does not say"),
                                            ("b.#=0", "does not say"), ("b.#=1.5", "does not say"), ("b.#=-1", "would be -1"),
                                            ("c.#=1", "would both be called")])
def test_that_what_cannot_be_done_is_said(tmp_path: Path, text: str, said: str) -> None:
    torch.save({"b.0.v": torch.ones(1), "c.9.v": torch.ones(1), "c.09.v": torch.ones(1)}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    with pytest.raises(core.EditError, match=said):
        renumber(ckpt, text)


def renumber(ckpt: core.Checkpoint, text: str) -> core.Checkpoint:
    return core.edit(ckpt, [core.parse_edit("renumber", text)])
