from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from inspector import core


class Words(nn.Module):
    """A language model with learned positions."""

    def __init__(self, words: int, positions: int, tied: bool) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, 4), nn.Embedding(positions, 4)
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))
        self.lm_head = nn.Linear(4, words, bias=not tied)
        if tied:
            self.lm_head.weight = self.wte.weight


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("file", "model"), [((20, 8), (24, 16)), ((24, 16), (20, 8)), ((20, 8), (24, 8)), ((20, 8), (20, 6))])
def test_that_tables_of_another_length_are_resized_and_what_that_does_is_said(tmp_path: Path, file: tuple[int, int], model: tuple[int, int],
                                                                             tied: bool) -> None:
    mine, wanted = Words(*file, tied), Words(*model, tied)
    torch.save(mine.state_dict(), tmp_path / "file.pth")
    torch.save(wanted.state_dict(), tmp_path / "model.pth")
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert found.after.loads
    assert {option for option, _ in found.suggested} == {"--resize"}
    for name, before, after in (("wte.weight", file[0], model[0]), ("wpe.weight", file[1], model[1])):
        said = "gets {} rows more, the mean of those in the file" if after > before else "loses its last {} rows, and what was learned"
        assert any(note.startswith(f"{name} {said.format(abs(after - before))}") for note in found.notes) is (after != before)
    core.save(core.edit(tmp_path / "file.pth", found.edits), tmp_path / "fixed.pth")
    wanted.load_state_dict(torch.load(tmp_path / "fixed.pth"))
    both = min(file[0], model[0])
    assert torch.equal(wanted.wte.weight[:both], mine.wte.weight[:both])
    assert torch.equal(wanted.lm_head.weight[:both], mine.lm_head.weight[:both])


def test_that_a_head_of_classes_is_left_to_the_model(tmp_path: Path) -> None:
    def net(classes: int) -> nn.Module:
        return nn.ModuleDict({"embed": nn.Embedding(9, 4), "body": nn.Linear(4, 4), "head": nn.Linear(4, classes)})
    torch.save(net(5).state_dict(), tmp_path / "file.pth")
    torch.save(net(7).state_dict(), tmp_path / "model.pth")
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert [option for option, _ in found.suggested] == ["--match"]
    assert found.after.missing == ("head.weight", "head.bias")


@pytest.mark.parametrize(("key", "rows", "said"), [
    ("pos_embed", ((1, 197), (1, 577)), "14 × 14 patches and 1 token in the file and for 24 × 24 patches and 1 token in the model"),
    ("pos_embed", ((1, 198), (1, 578)), "14 × 14 patches and 2 tokens in the file and for 24 × 24 patches and 2 tokens in the model"),
    ("pos_embed", ((1, 196), (1, 576)), "14 × 14 patches in the file and for 24 × 24 patches in the model"),
    ("vision.embeddings.position_embedding.weight", ((197,), (577,)), "14 × 14 patches and 1 token in the file"),
    ("pos_embed", ((1, 196), (1, 577)), ""), ("pos_embed", ((1, 77), (1, 248)), "")])
def test_that_positions_of_an_image_are_not_cut_and_that_is_said(tmp_path: Path, key: str, rows: tuple[tuple[int, ...], ...],
                                                                 said: str) -> None:
    for name, shape in zip(("file", "model"), rows, strict=True):
        torch.save({key: torch.ones(*shape, 4), "blocks.0.attn.qkv.weight": torch.ones(12, 4)}, tmp_path / f"{name}.pth")
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert found.after.missing == (key,)
    assert [option for option, _ in found.suggested] == ["--match"]
    assert len(found.notes) == bool(said)
    assert all(f"{key} is for {said}" in note and "no edit makes one of the other" in note for note in found.notes)


@pytest.mark.parametrize(("there", "wanted"), [(1024, 4096), (1026, 4098), (512, 1024)])
def test_that_positions_of_words_are_resized_though_they_may_be_squares(tmp_path: Path, there: int, wanted: int) -> None:
    for name, rows in (("file", there), ("model", wanted)):
        torch.save({"embeddings.position_embeddings.weight": torch.ones(rows, 4), "layer.0.weight": torch.ones(12, 4)},
                   tmp_path / f"{name}.pth")
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert [option for option, _ in found.suggested] == ["--resize"]


def test_that_where_rows_cannot_be_had_the_table_is_dropped(tmp_path: Path) -> None:
    body = {f"layers.{n}.weight": torch.ones(4, 4) for n in range(4)}
    torch.save({"embed.weight": torch.ones(8, 4, dtype=torch.int32), **body}, tmp_path / "file.pth")
    torch.save({"embed.weight": torch.ones(9, 4, dtype=torch.int32), **body}, tmp_path / "model.pth")
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert [option for option, _ in found.suggested] == ["--match"]
    assert not [note for note in found.notes if "rows" in note]
