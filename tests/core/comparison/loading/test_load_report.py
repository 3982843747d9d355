# ruff: noqa: E501
"""torch is the oracle: the three lists are held against the message of a real model's `load_state_dict`."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core
from inspector.core.comparison.loading.error_text import read_error
from inspector.core.comparison.loading.lists import Mismatch, compare_names
from inspector.core.comparison.loading.model_shapes import shapes_of_model
from inspector.core.comparison.loading.reference import read_shapes


class Net(nn.Module):
    def __init__(self, classes: int = 10, head: str = "fc", extra: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(nn.Conv2d(8, 8, 3), nn.ReLU(), nn.BatchNorm2d(8))
        self.lin = nn.Linear(8, 16)
        self.register_buffer("scale", torch.ones(1))
        if extra:
            self.more = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(3, 3)})
        setattr(self, head, nn.Linear(16, classes))


def _prefixed(prefix: str) -> Callable[[], Any]:
    return lambda: OrderedDict((prefix + key, value) for key, value in Net().state_dict().items())


def _transposed() -> Any:
    state = Net().state_dict()
    state["lin.weight"] = state["lin.weight"].t()
    return state


def _without(*parts: str) -> Callable[[], Any]:
    return lambda: OrderedDict((key, value) for key, value in Net().state_dict().items() if not key.endswith(parts))


def _with_ema() -> Any:
    state = Net().state_dict()
    return OrderedDict([*((f"model.{key}", value) for key, value in state.items()), *((f"model_ema.{key}", value) for key, value in state.items())])


def _vector_for_scalar() -> Any:
    state = Net().state_dict()
    state["bn1.num_batches_tracked"] = torch.ones(1, dtype=torch.int64)
    return state


def _mid_key() -> Any:
    return OrderedDict((re.sub(r"^layer1\.", "layer1._orig_mod.", key), value) for key, value in Net().state_dict().items())


GALLERY: dict[str, tuple[Callable[[], Any], Callable[[], nn.Module]]] = {
    "fits": (lambda: Net().state_dict(), Net),
    "data-parallel": (_prefixed("module."), Net),
    "into-data-parallel": (lambda: Net().state_dict(), lambda: nn.DataParallel(Net())),
    "compiled": (_prefixed("_orig_mod."), Net),
    "compiled-stage": (_mid_key, Net),
    "lightning": (_prefixed("model."), Net),
    "renamed-head": (lambda: Net(head="classifier").state_dict(), Net),
    "other-class-count": (lambda: Net(classes=5).state_dict(), Net),
    "other-class-count-under-a-prefix": (lambda: {f"module.{k}": v for k, v in Net(classes=5).state_dict().items()}, Net),
    "missing-buffers": (_without("running_mean", "running_var", "scale"), Net),
    "old-batch-norm": (_without("num_batches_tracked"), Net),
    "transposed": (_transposed, Net),
    "extra-ema": (_with_ema, Net),
    "more-in-the-model": (lambda: Net().state_dict(), lambda: Net(extra=True)),
    "more-in-the-file": (lambda: Net(extra=True).state_dict(), Net),
    "vector-for-a-scalar": (_vector_for_scalar, Net),
    "old-weight-norm": (lambda: _quiet_weight_norm().state_dict(), lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)))),
    "nothing-in-common": (lambda: nn.LSTM(3, 4).state_dict(), Net),
}


def _quiet_weight_norm() -> nn.Module:
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 3)))


@pytest.mark.parametrize("name", GALLERY)
def test_that_the_three_lists_are_those_of_torch(name: str, tmp_path: Path) -> None:
    make_state, make_model = GALLERY[name]
    state, model = make_state(), make_model()
    file, reference = tmp_path / "file.pth", tmp_path / "model.pth"
    torch.save(state, file)
    torch.save(model.state_dict(), reference)
    said = _torch_says(model, state)
    found = core.load_report(core.open(file), core.open(reference)).lists
    assert list(found.missing) == said.missing
    assert sorted(found.unexpected) == sorted(said.unexpected)
    assert [tuple(mismatch) for mismatch in found.mismatched] == said.mismatched
    assert found.loads == said.loads


SOLVED = ("data-parallel", "into-data-parallel", "compiled", "compiled-stage", "lightning", "renamed-head", "extra-ema", "more-in-the-file",
          "transposed")
PARTIAL = {"other-class-count": ["fc.weight", "fc.bias"], "other-class-count-under-a-prefix": ["fc.weight", "fc.bias"]}


@pytest.mark.parametrize("name", [*SOLVED, *PARTIAL])
def test_that_the_suggested_edits_end_in_a_file_that_loads_or_in_all_that_can(name: str, tmp_path: Path) -> None:
    make_state, make_model = GALLERY[name]
    file, reference = tmp_path / "file.pth", tmp_path / "model.pth"
    torch.save(make_state(), file)
    torch.save(make_model().state_dict(), reference)
    found = core.load_report(core.open(file), core.open(reference))
    assert found.suggested
    if name in SOLVED:
        assert found.after.loads
    else:
        assert list(found.after.missing) == PARTIAL[name]
        assert not found.after.unexpected
        assert not found.after.mismatched


class Stack(nn.Module):
    """Layers that are called by numbers from `first` on, all alike or each wider than the one before."""

    def __init__(self, first: int, layers: int = 12, alike: bool = True) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 4)
        self.blocks = nn.ModuleDict({str(first + i): nn.Linear(*((4, 4) if alike else (4 + i, 5 + i))) for i in range(layers)})


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize(("here", "there"), [(1, 0), (0, 1)])
def test_that_layers_counted_from_another_number_are_loaded_in_their_order_and_that_is_said(
        here: int, there: int, alike: bool, prefix: str, tmp_path: Path) -> None:
    mine, model = Stack(here, 90, alike), Stack(there, 90, alike)
    torch.save({prefix + name: value for name, value in mine.state_dict().items()}, tmp_path / "file.pth")
    torch.save(model.state_dict(), tmp_path / "model.pth")
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert found.after.loads
    assert ("--renumber", f"blocks.#={there - here:+d}") in found.suggested
    assert (prefix and not alike) or [note for note in found.notes if f"from {here} in the file and from {there} in the model: matched by order" in note]
    core.save(core.edit(tmp_path / "file.pth", found.edits), tmp_path / "fixed.pth")
    model.load_state_dict(torch.load(tmp_path / "fixed.pth"))
    assert all(torch.equal(x, y) for x, y in zip(mine.state_dict().values(), model.state_dict().values(), strict=True))
    with pytest.raises(RuntimeError) as error:
        Stack(there, 90, alike).load_state_dict(torch.load(tmp_path / "file.pth"))
    assert core.doctor(str(error.value), tmp_path / "file.pth").suggested == found.suggested


def test_that_of_layers_that_may_be_others_it_is_said_that_names_paired_them(tmp_path: Path) -> None:
    torch.save(Stack(1, 5).state_dict(), tmp_path / "file.pth")
    torch.save(Stack(0, 6).state_dict(), tmp_path / "model.pth")
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert not found.suggested
    assert found.notes == ["the layers blocks.# are numbered from 1 in the file and from 0 in the model: matched by name, and which is meant "
                           "cannot be told"]


def test_that_nothing_is_suggested_for_another_network(tmp_path: Path) -> None:
    file, reference = tmp_path / "file.pth", tmp_path / "model.pth"
    torch.save(nn.LSTM(3, 4).state_dict(), file)
    torch.save(Net().state_dict(), reference)
    assert not core.load_report(core.open(file), core.open(reference)).suggested


def test_that_the_weights_of_a_training_checkpoint_are_found_and_extracted(tmp_path: Path) -> None:
    model = Net()
    optimizer = torch.optim.Adam(model.parameters())
    sum(parameter.sum() for parameter in model.parameters()).backward()
    optimizer.step()
    path = tmp_path / "training.pth"
    torch.save({"epoch": 3, "model_state_dict": {f"module.{k}": v for k, v in model.state_dict().items()},
                "optimizer_state_dict": optimizer.state_dict()}, path)
    found = core.load_report(core.open(path), {key: tuple(value.shape) for key, value in model.state_dict().items()})
    assert found.state_dict == "model_state_dict"
    assert found.suggested == (("--extract", "model_state_dict"), ("--strip-prefix", "module."))
    assert found.after.loads


def test_that_what_is_suggested_can_be_applied_to_a_whole_module(tmp_path: Path) -> None:
    torch.save(nn.DataParallel(nn.Sequential(nn.Linear(2, 3))), tmp_path / "whole.pth")
    model = nn.Sequential(nn.Linear(2, 3))
    torch.save(model.state_dict(), tmp_path / "model.pth")
    found = core.load_report(tmp_path / "whole.pth", tmp_path / "model.pth")
    assert found.suggested == (("--extract", "."), ("--strip-prefix", "module."))
    assert found.after.loads
    core.save(core.edit(tmp_path / "whole.pth", found.edits), tmp_path / "fixed.pth")
    model.load_state_dict(torch.load(tmp_path / "fixed.pth", weights_only=True))


def test_that_edits_that_cannot_be_applied_are_not_suggested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(_prefixed("module.")(), tmp_path / "file.pth")
    torch.save(Net().state_dict(), tmp_path / "model.pth")
    assert core.load_report(tmp_path / "file.pth", tmp_path / "model.pth").suggested == (("--strip-prefix", "module."),)

    def refused(self: core.Edit, ckpt: core.Checkpoint, monitor: core.Monitor) -> core.Checkpoint:
        raise core.EditError("not here")

    monkeypatch.setattr(core.StripPrefix, "apply", refused)
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert (found.suggested, found.edits) == ((), ())
    assert found.after == found.lists


def test_that_a_model_with_edits_that_wait_is_no_file_to_match(tmp_path: Path) -> None:
    torch.save(Net().state_dict(), tmp_path / "file.pth")
    torch.save(_without("lin.weight", "lin.bias")(), tmp_path / "model.pth")
    model = core.open(tmp_path / "model.pth")
    assert core.load_report(tmp_path / "file.pth", model).suggested == (("--match", str(tmp_path / "model.pth")),)
    edited = core.edit(model, [core.Drop("scale")])
    found = core.load_report(tmp_path / "file.pth", edited)
    assert "--match" not in [option for option, _ in found.suggested]
    assert found.after.loads


def test_that_shapes_are_read_from_json_of_three_kinds(tmp_path: Path) -> None:
    plain, listed, index = tmp_path / "shapes.json", tmp_path / "ls.json", tmp_path / "model.safetensors.index.json"
    plain.write_text('{"fc.weight": [10, 4], "fc.bias": [10]}')
    listed.write_text('{"tensors": [{"key": "fc.weight", "shape": [10, 4]}, {"key": "fc.bias", "shape": [10]}]}')
    index.write_text('{"metadata": {}, "weight_map": {"fc.weight": "a.safetensors", "fc.bias": "a.safetensors"}}')
    assert read_shapes(str(plain)).shapes == {"fc.weight": (10, 4), "fc.bias": (10,)}
    assert read_shapes(str(listed)).shapes == read_shapes(str(plain)).shapes
    assert read_shapes(str(index)).shapes == {"fc.weight": None, "fc.bias": None}


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"a": "b"}', '{"a": [1.5]}', '{"a": [true]}', '{"a": [-1]}', "{}", "[" * 100_000])
def test_that_json_that_says_no_shapes_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "shapes.json"
    path.write_text(text)
    with pytest.raises(core.InspectorError) as refused:
        read_shapes(str(path))
    assert "\n" not in str(refused.value)


def test_that_a_real_model_is_asked_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_net.py").write_text("from torch import nn\ndef make():\n    print('noise')\n    return nn.Linear(4, 3)\n")
    monkeypatch.chdir(tmp_path)
    assert shapes_of_model("my_net:make").shapes == {"weight": (3, 4), "bias": (3,)}
    with pytest.raises(core.UsageError, match="made no model"):
        shapes_of_model("my_net:gone")
    with pytest.raises(core.UsageError, match="names no model"):
        shapes_of_model("my_net.make; import os")


def test_that_a_shape_that_is_not_known_fits_any() -> None:
    assert compare_names({"a": (1,), "b": None}, {"a": None, "b": (7,)}).loads


@pytest.mark.parametrize("name", [name for name in GALLERY if name not in ("fits", "vector-for-a-scalar", "old-batch-norm", "old-weight-norm")])
def test_that_the_doctor_reads_torchs_own_message(name: str) -> None:
    make_state, make_model = GALLERY[name]
    said = _torch_says(make_model(), make_state())
    for text in (said.text, f"Traceback (most recent call last):\n  File \"x.py\"\nRuntimeError: {said.text}\n", repr(said.text)):
        found = read_error(text).lists
        assert list(found.missing) == said.missing
        assert list(found.unexpected) == said.unexpected
        assert [tuple(mismatch) for mismatch in found.mismatched] == said.mismatched


@pytest.mark.parametrize("name", SOLVED)
def test_that_the_doctor_finds_the_same_remedy_from_the_text_and_the_file(name: str, tmp_path: Path) -> None:
    make_state, make_model = GALLERY[name]
    state = make_state()
    torch.save(state, tmp_path / "file.pth")
    said = _torch_says(make_model(), state)
    found = core.doctor(said.text, core.open(tmp_path / "file.pth"))
    assert found.after.loads
    assert core.doctor(said.text).after.loads


def test_that_the_doctor_reads_what_old_releases_said() -> None:
    found = read_error("KeyError: 'unexpected key \"module.conv1.weight\" in state_dict'").lists
    assert found.unexpected == ("module.conv1.weight",)
    found = read_error('While copying the parameter named "fc.weight", whose dimensions in the model are torch.Size([5, 4]) and whose '
                               "dimensions in the checkpoint are torch.Size([10, 4]).").lists
    assert found.mismatched == (Mismatch("fc.weight", (10, 4), (5, 4)),)


def test_that_the_doctor_reads_a_text_that_a_terminal_wrapped() -> None:
    text = ('RuntimeError: Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: "conv1.wei\nght", "fc.\nbias". \n'
            '\tUnexpected key(s) in state_dict: "module.conv1.weight". \n')
    found = read_error(text)
    assert found.model == "Net"
    assert found.lists.missing == ("conv1.weight", "fc.bias")
    assert found.lists.unexpected == ("module.conv1.weight",)


@pytest.mark.parametrize("text", ["", "Killed", "CUDA out of memory", "KeyError: 'epoch'"])
def test_that_the_doctor_says_when_there_is_no_such_error(text: str) -> None:
    with pytest.raises(core.UsageError):
        read_error(text)


class _Said:
    def __init__(self, text: str) -> None:
        self.text = text
        missing = re.search(r"Missing key\(s\) in state_dict: (.*)\. ", text)
        unexpected = re.search(r"Unexpected key\(s\) in state_dict: (.*)\. ", text)
        self.missing = re.findall(r'"([^"]+)"', missing[1]) if missing else []
        self.unexpected = re.findall(r'"([^"]+)"', unexpected[1]) if unexpected else []
        self.mismatched = [(key, _sizes(file), _sizes(model)) for key, file, model in re.findall(
            r"size mismatch for (\S+): copying a param with shape torch.Size\(\[(.*?)\]\) from checkpoint, "
            r"the shape in current model is torch.Size\(\[(.*?)\]\)", text)]
        self.loads = not text


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in text.split(",") if size.strip())


def _torch_says(model: nn.Module, state: Any) -> _Said:
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        return _Said(str(error))
    return _Said("")


def test_that_a_suggestion_is_the_same_in_every_process() -> None:
    """Names are sets here and there, whose order changes from one process to the next."""
    code = ("from inspector.core.comparison.loading.renaming import steps_for; names = [f'layers.{n}.bn1.{leaf}' for n in (0, 1) for leaf in ('gamma', 'beta')]; "
            "print(steps_for(names, {name: name.replace('gamma', 'weight').replace('beta', 'bias') for name in names}))")
    said = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           env={**os.environ, "PYTHONHASHSEED": str(seed)}).stdout for seed in (1, 2)}
    assert len(said) == 1


def test_that_a_weight_that_is_the_models_turned_round_is_transposed_and_not_dropped(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 6), nn.Linear(6, 3))
    turned = {f"module.{key}": value.t().contiguous() if value.dim() == 2 else value for key, value in model.state_dict().items()}
    torch.save({"model": turned}, tmp_path / "a.pth")
    found = core.load_report(tmp_path / "a.pth", model.state_dict())
    assert found.suggested[-2:] == (("--strip-prefix", "module."), ("--transpose", "{0.weight,3.weight}"))
    assert found.turned == ("0.weight", "3.weight")
    assert found.square == ("2.weight",)            # of which no shape tells
    assert found.after.loads
    assert "2.weight" in found.notes[1]
    core.save(core.edit(tmp_path / "a.pth", found.edits), tmp_path / "b.pth")
    loaded = torch.load(tmp_path / "b.pth", weights_only=True)
    model.load_state_dict(loaded)
    assert torch.equal(loaded["3.weight"], turned["module.3.weight"].t())


def test_that_what_is_turned_in_each_layer_is_named_by_one_pattern_unless_that_means_more() -> None:
    file = {f"h.{n}.{part}.weight": (4, 9) for n in range(12) for part in ("a", "b")}
    model = dict.fromkeys(file, (9, 4))
    assert core.load_report(_of_shapes(file), model).suggested == (("--transpose", "h.*.a.weight"), ("--transpose", "h.*.b.weight"))
    model["h.11.a.weight"] = (4, 9)
    ((option, pattern),) = core.load_report(_of_shapes(file), model).suggested
    assert (option, pattern.count(",")) == ("--transpose", 22)


def _of_shapes(shapes: dict[str, tuple[int, ...]]) -> core.Checkpoint:
    return core.edit({name: torch.zeros(shape) for name, shape in shapes.items()}, [])


@pytest.mark.parametrize(("here", "there"), [(1, 0), (0, 1)])
def test_that_another_stem_with_another_first_number_is_one_rename_and_one_shift(tmp_path: Path, here: int, there: int) -> None:
    def of(stem: str, first: int) -> dict[str, torch.Tensor]:
        return {f"{stem}.{layer + first}.{part}": torch.full((4, width), float(layer))
                for layer in range(12) for part, width in (("attn.weight", 4), ("mlp.weight", 8))} | {"head.weight": torch.ones(2, 4)}
    torch.save(of("encoder.layer", here), tmp_path / "file.pth")
    torch.save(of("blocks", there), tmp_path / "model.pth")
    found = core.load_report(tmp_path / "file.pth", tmp_path / "model.pth")
    assert found.suggested == (("--rename", r"^encoder\.layer\.=blocks."), ("--renumber", f"blocks.#={there - here:+d}"))
    assert found.after.loads
    assert not found.after.missing
    mine = [f"encoder.layer.{n}.w" for n in range(4)]
    steps, now = core.steps_for(mine, {name: f"blocks.{3 - n}.w" for n, name in enumerate(mine)})           # no shift does that
    assert {option for option, _ in steps} == {"--rename"}
    assert [now[name] for name in mine] == [f"blocks.{3 - n}.w" for n in range(4)]
