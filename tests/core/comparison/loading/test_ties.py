"""Missing keys that stand for a tensor the file has: a copy is suggested, by what the model ties, what the file says, or what is usual."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file, save_model
from torch import nn

from inspector import core
from inspector.core.comparison.loading import ties
from inspector.core.comparison.loading.ties import copies, ties_in
from inspector.core.naming_conventions import TIED_NAMES


class Language(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.norm, self.out = nn.Embedding(7, 4), nn.LayerNorm(4), nn.Linear(4, 7, bias=False)
        self.out.weight = self.words.weight


def test_that_what_is_tied_in_the_reference_is_copied_and_tied_in_the_new_file(tmp_path: Path) -> None:
    model = Language()
    torch.save(model.state_dict(), tmp_path / "ref.pth")
    torch.save({"model": {f"module.{k}": v for k, v in model.state_dict().items() if k != "out.weight"}, "epoch": 1}, tmp_path / "a.pth")
    found = core.load_report(tmp_path / "a.pth", tmp_path / "ref.pth")
    assert found.suggested == (("--extract", "model"), ("--strip-prefix", "module."), ("--copy", "words.weight=out.weight"))
    assert found.after.loads
    core.save(core.edit(tmp_path / "a.pth", found.edits), tmp_path / "out.pth")
    there = torch.load(tmp_path / "out.pth", weights_only=True)
    assert there["words.weight"].data_ptr() == there["out.weight"].data_ptr()
    Language().load_state_dict(there)


def test_that_a_file_of_safetensors_says_itself_what_it_left_out(tmp_path: Path) -> None:
    save_model(Language(), str(tmp_path / "a.safetensors"))
    found = core.load_report(tmp_path / "a.safetensors", {k: tuple(v.shape) for k, v in Language().state_dict().items()})
    [(option, text)] = found.suggested
    assert (option, sorted(text.split("="))) == ("--copy", ["out.weight", "words.weight"])
    core.save(core.edit(tmp_path / "a.safetensors", found.edits), tmp_path / "out.safetensors")
    Language().load_state_dict(load_file(tmp_path / "out.safetensors"))


@pytest.mark.parametrize(("end", "source"), [(end, source) for end, sources in TIED_NAMES for source in sources])
@pytest.mark.parametrize("head", ["", "model.", "bert."])
def test_that_usual_ties_are_known_at_any_depth(end: str, source: str, head: str) -> None:
    file = {f"{head}{source}": (7, 4), "other.weight": (7, 4)}
    steps, made = copies([f"{head}{end}", "new.weight"], file, {f"{head}{end}": (7, 4), "new.weight": (2,)}, ())
    assert steps == [("--copy", f"{head}{source}={head}{end}")]
    assert made == {f"{head}{end}": (7, 4)}


class Counted(dict[str, tuple[int, ...]]):
    """Counts how often one of its names is looked at."""

    looks = 0

    def __iter__(self) -> Iterator[str]:
        for name in super().__iter__():
            self.looks += 1
            yield name

    def __getitem__(self, name: str) -> tuple[int, ...]:
        self.looks += 1
        return super().__getitem__(name)


def test_that_a_file_is_looked_through_once_for_all_names_that_are_usually_tied() -> None:
    names = [f"b{n}.lm_head.weight" for n in range(300)]
    file = Counted({f"a{n}.embed_tokens.weight": (7, 4) for n in range(300)})
    assert copies(names, file, dict.fromkeys(names, (9, 4)), ()) == ([], {})
    assert file.looks <= 3 * len(file)


def test_that_names_of_several_shapes_get_each_the_first_of_its_own() -> None:
    file = {"a.wte.weight": (7, 4), "b.embed_tokens.weight": (9, 4), "c.wte.weight": (9, 4), "d.wte.weight": (5, 4)}
    model = {"x.lm_head.weight": (9, 4), "y.lm_head.weight": (7, 4), "d.lm_head.weight": (6, 4), "z.lm_head.weight": (7, 4)}
    steps, made = copies([*model], file, model, ())
    assert [text for _, text in steps] == ["b.embed_tokens.weight=x.lm_head.weight", "a.wte.weight=y.lm_head.weight",
                                           "a.wte.weight=z.lm_head.weight"]
    assert made == {"x.lm_head.weight": (9, 4), "y.lm_head.weight": (7, 4), "z.lm_head.weight": (7, 4)}


def test_that_thousands_of_names_of_one_tensor_are_one_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = torch.ones(2), torch.ones(3)
    torch.save({**{f"a{n}": one for n in range(1000)}, "b": two, "c": two, "alone": torch.ones(2)}, tmp_path / "a.pth")
    tied = ties_in(core.open(tmp_path / "a.pth"), "")
    assert {id(tied[f"a{n}"]) for n in range(1000)} == {id(tied["a0"])}
    assert tied["a0"] == tuple(f"a{n}" for n in range(1000))
    assert tied["b"] == tied["c"] == ("b", "c")
    assert "alone" not in tied
    alike, compared = ties._are_alike, []
    monkeypatch.setattr(ties, "_are_alike", lambda *asked: compared.append(asked) or alike(*asked))
    model = {f"a{n}": (2,) for n in range(1000)} | {"b": (3,), "c": (3,)}
    wrong = {f"a{n}": (9,) for n in range(500)}
    assert copies([name for name in model if name not in wrong and name != "c"], {**wrong, "c": (3,)}, model, [tied]) == (
        [("--copy", "c=b")], {"b": (3,)})
    assert len(compared) == 501


def test_that_a_tensor_of_another_shape_is_no_twin() -> None:
    assert copies(["lm_head.weight"], {"model.embed_tokens.weight": (8, 4)}, {"lm_head.weight": (7, 4)}, ()) == ([], {})
    assert copies(["lm_head.weight"], {"model.embed_tokens.weight": (7, 4)}, {"lm_head.weight": (7, 4)}, ())[0]


def test_that_a_whole_group_is_copied_in_one_step(tmp_path: Path) -> None:
    shared = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    model = nn.ModuleDict({"encoder": shared, "decoder": shared})
    torch.save(model.state_dict(), tmp_path / "ref.pth")
    torch.save(nn.ModuleDict({"encoder": shared}).state_dict(), tmp_path / "a.pth")
    found = core.load_report(tmp_path / "a.pth", tmp_path / "ref.pth")
    assert found.suggested == (("--copy", "encoder=decoder"),)
    core.save(core.edit(tmp_path / "a.pth", found.edits), tmp_path / "out.pth")
    model.load_state_dict(torch.load(tmp_path / "out.pth", weights_only=True))


def test_that_a_new_head_is_no_tie_and_stays_as_the_model_made_it(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2)).state_dict(), tmp_path / "old.pth")
    torch.save(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2), nn.Linear(2, 5)).state_dict(), tmp_path / "new.pth")
    found = core.load_report(tmp_path / "old.pth", tmp_path / "new.pth")
    assert found.suggested == ()
    assert found.lists == found.after == core.Lists(("2.weight", "2.bias"), (), (), 4)
    assert found.lists.loads_in_part


def test_that_safetensors_can_be_a_reference_that_does_not_know_of_ties(tmp_path: Path) -> None:
    save_file({"model.embed_tokens.weight": torch.ones(7, 4), "lm_head.weight": torch.ones(7, 4)}, tmp_path / "ref.safetensors")
    torch.save(OrderedDict({"model.embed_tokens.weight": torch.ones(7, 4)}), tmp_path / "a.pth")
    found = core.load_report(tmp_path / "a.pth", tmp_path / "ref.safetensors")
    assert found.suggested == (("--copy", "model.embed_tokens.weight=lm_head.weight"),)
