"""Objects that carry the source of their class, as StyleGAN's torch_utils.persistence pickles them."""
from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import core
from tests.core.pickles import opcodes as op

NETWORKS = '''import torch

class MappingNetwork(torch.nn.Module):
    pass

class GeneratorBase(torch.nn.Module):
    pass

class Generator(GeneratorBase):
    pass
'''
AUGMENT = "import torch\n\nclass AugmentPipe(torch.nn.Module):\n    pass\n"


def _refuse(meta: Any) -> None:
    raise AssertionError("the source was run")


@pytest.fixture(params=["torch_utils.persistence", "src.torch_utils.persistence"])
def carrier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """The function of the package, which makes objects where it is called for real."""
    module: str = request.param
    parts = module.split(".")
    for n in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:n]), types.ModuleType(".".join(parts[:n])))

    def function(meta: Any) -> None:
        _refuse(meta)

    function.__module__, function.__name__, function.__qualname__ = module, "_reconstruct_persistent_obj", "_reconstruct_persistent_obj"
    sys.modules[module]._reconstruct_persistent_obj = function  # type: ignore[attr-defined]
    return function


def persistent(carrier: Any, source: str, name: str) -> type[torch.nn.Module]:
    """What the decorator `persistent_class` makes of an empty module of that name, in the words of torch_utils/persistence.py."""

    class Decorated(torch.nn.Module):
        def __reduce__(self) -> Any:
            fields = list(super().__reduce__())
            fields += [None] * max(3 - len(fields), 0)
            meta = {"type": "class", "version": 6, "module_src": source, "class_name": name, "state": fields[2]}
            return (carrier, (meta,), None, *fields[3:])

    return Decorated


def networks(carrier: Any) -> dict[str, torch.nn.Module]:
    mapping = persistent(carrier, NETWORKS, "MappingNetwork")()
    mapping.fc, mapping.z_dim = torch.nn.Linear(4, 3), 4  # type: ignore[assignment]
    mapping.register_buffer("w_avg", torch.arange(3.0))
    generator = persistent(carrier, NETWORKS, "Generator")()
    generator.mapping, generator.conv = mapping, torch.nn.Conv2d(1, 2, 3)
    generator.init_kwargs = {"z_dim": 4, "channels": [1, 2]}  # type: ignore[assignment]
    augment = persistent(carrier, AUGMENT, "AugmentPipe")()
    augment.register_buffer("p", torch.ones([]))
    return {"G": generator, "G_ema": generator, "augment_pipe": augment}


def dump(value: Any, path: Path, how: str) -> None:
    if how == "pickle":
        path.write_bytes(pickle.dumps(value))
    else:
        torch.save(value, path, _use_new_zipfile_serialization=how == "zip")


@pytest.mark.parametrize("how", ["pickle", "zip", "legacy"])
def test_that_they_are_modules_with_the_names_of_their_state_dict(tmp_path: Path, carrier: Any, how: str) -> None:
    nets = networks(carrier)
    dump({**nets, "training_set_kwargs": {"resolution": 4}}, tmp_path / "n.pkl", how)
    ckpt = core.open(tmp_path / "n.pkl")
    assert ckpt.state_dicts == ("G", "G_ema", "augment_pipe")
    assert ckpt.modules == {"G", "G_ema", "augment_pipe"}
    for place, net in nets.items():
        ours = core.load_state_dict(core.edit(ckpt, [core.Extract(place)]))
        assert list(ours) == list(net.state_dict())
        assert all(torch.equal(ours[name], value) for name, value in net.state_dict().items())
    assert {key: getattr(ckpt.values[key], "type", "") for key in ("G", "G.mapping", "augment_pipe")} == {
        "G": "Generator", "G.mapping": "MappingNetwork", "augment_pipe": "AugmentPipe"}
    assert [ckpt.values[key] for key in ("G.mapping.z_dim", "G.init_kwargs.channels.1", "training_set_kwargs.resolution")] == [4, 2, 4]
    assert not any("module_src" in key or "class_name" in key for key in ckpt.values)


@pytest.mark.parametrize("how", ["pickle", "zip", "legacy"])
def test_that_their_sources_are_texts_and_each_class_is_found_in_its_own(tmp_path: Path, carrier: Any, how: str) -> None:
    dump(networks(carrier), tmp_path / "n.pkl", how)
    ckpt = core.open(tmp_path / "n.pkl")
    texts = core.texts(ckpt)
    assert (texts["Generator"], texts["AugmentPipe"]) == (len(NETWORKS), len(AUGMENT))
    assert "MappingNetwork" not in texts
    assert core.read_text(ckpt, "Generator").text == NETWORKS
    declared = {key: core.source_of(ckpt, key) for key in ("G", "G.mapping.z_dim", "augment_pipe.p")}
    assert declared == {"G": ("Generator", "class Generator("), "G.mapping.z_dim": ("Generator", "class MappingNetwork("),
                        "augment_pipe.p": ("AugmentPipe", "class AugmentPipe(")}


def test_that_classes_of_one_name_from_two_sources_keep_apart(tmp_path: Path, carrier: Any) -> None:
    sources = ["class Layer(torch.nn.Module): a = 1\n", "class Layer(torch.nn.Module): b = 2\n"]
    nets = {str(n): persistent(carrier, source, "Layer")() for n, source in enumerate(sources)}
    (tmp_path / "n.pkl").write_bytes(pickle.dumps(nets))
    ckpt = core.open(tmp_path / "n.pkl")
    assert {name: core.read_text(ckpt, name).text for name in core.texts(ckpt)} == {"Layer": sources[0], "Layer#2": sources[1]}
    assert [core.source_of(ckpt, key) for key in ("0", "1")] == [("Layer", "class Layer("), ("Layer#2", "class Layer(")]


def test_that_it_is_said_that_loading_them_runs_their_source(tmp_path: Path, carrier: Any) -> None:
    torch.save(networks(carrier), tmp_path / "n.pth")
    ckpt = core.open(tmp_path / "n.pth")
    name = f"{carrier.__module__}._reconstruct_persistent_obj"
    [danger] = [finding for finding in ckpt.findings if finding.level == "danger"]
    assert danger.id == "unknown-code"
    assert danger.code == (name,)
    assert "runs Python code that the file brings along" in danger.message
    assert set(danger.keys) >= {"G", "G.mapping", "augment_pipe"}
    [told] = [finding for finding in ckpt.findings if finding.id == "module-source"]
    assert "2 modules of Python" in told.message
    assert all(cls in told.message for cls in ("Generator", "MappingNetwork", "AugmentPipe"))
    verdict = core.loads_with_torch(ckpt)
    assert verdict.weights_only is False
    assert ("G", name, "an object of the class Generator, whose source the file carries") in [
        (refused.key, refused.name, refused.words) for refused in verdict.refused]


@pytest.mark.parametrize("how", ["pickle", "zip"])
@pytest.mark.parametrize("edit", [core.Extract("G_ema"), core.MakePlain("*")], ids=str)
def test_that_the_fixes_end_in_a_file_that_torch_takes(tmp_path: Path, carrier: Any, edit: core.Edit, how: str) -> None:
    nets = networks(carrier)
    dump(nets, tmp_path / "n.pkl", how)
    core.save(core.edit(tmp_path / "n.pkl", [edit]), tmp_path / "o.pth")
    loaded = torch.load(tmp_path / "o.pth", weights_only=True)
    weights = loaded if isinstance(edit, core.Extract) else loaded["G_ema"]
    fresh = networks(carrier)["G"]
    assert fresh.load_state_dict(weights) is not None
    assert all(torch.equal(value, nets["G"].state_dict()[name]) for name, value in fresh.state_dict().items())


def test_that_nothing_is_lost_where_the_code_is_kept(tmp_path: Path, carrier: Any) -> None:
    nets = networks(carrier)
    torch.save(nets, tmp_path / "n.pth")
    core.save(core.edit(tmp_path / "n.pth", [core.Cast("float16", "*.conv.*")]), tmp_path / "o.pth", keep_code=["*"])
    before, after = core.open(tmp_path / "n.pth"), core.open(tmp_path / "o.pth")
    assert list(after.tensors) == list(before.tensors)
    assert list(after.values) == list(before.values)
    assert core.read_text(after, "Generator").text == NETWORKS
    assert {after.tensors[key].dtype for key in ("G.conv.weight", "G_ema.conv.bias")} == {"float16"}


def test_that_an_object_that_is_no_module_shows_its_attributes(tmp_path: Path, carrier: Any) -> None:
    class Options:
        def __init__(self, state: Any) -> None:
            self.state = state

        def __reduce__(self) -> Any:
            meta = {"type": "class", "version": 6, "module_src": AUGMENT, "class_name": "Options", "state": self.state}
            return carrier, (meta,)

    (tmp_path / "n.pkl").write_bytes(pickle.dumps({"a": Options({"lr": 0.5}), "b": Options([1, 2]), "c": Options(None)}))
    ckpt = core.open(tmp_path / "n.pkl")
    assert {key: value for key, value in ckpt.values.items() if not isinstance(value, core.Opaque)} == {
        "a.lr": 0.5, "b.state.0": 1, "b.state.1": 2}
    assert [getattr(ckpt.values[key], "type", "") for key in "abc"] == ["Options"] * 3


CARRIER = op.name("torch_utils.persistence", "_reconstruct_persistent_obj")
META = {"type": op.text("class"), "module_src": op.text(NETWORKS), "class_name": op.text("Generator"), "state": op.EMPTY_DICT}


@pytest.mark.parametrize("value", [
    op.reduce(CARRIER), op.reduce(CARRIER, op.text("class")), op.reduce(CARRIER, op.dict_of(META), op.NONE),
    *(op.reduce(CARRIER, op.dict_of({name: value for name, value in META.items() if name != left})) for left in list(META)[1:]),
    op.reduce(CARRIER, op.dict_of({**META, "module_src": op.integer(3)})),
    op.reduce(CARRIER, op.dict_of({**META, "class_name": op.text("a b")})),
    op.reduce(CARRIER, op.dict_of({**META, "class_name": op.text("G" * 5000)})),
    op.build(op.reduce(CARRIER, op.dict_of(META)), op.EMPTY_DICT),
    op.reduce(CARRIER, op.EMPTY_DICT + op.put(7)) + op.pairs_into(op.get(7), [(op.text(name), META[name]) for name in META]) + op.POP,
])
def test_that_what_is_not_quite_one_stays_an_object_and_is_dangerous_all_the_same(tmp_path: Path, value: bytes) -> None:
    (tmp_path / "n.pkl").write_bytes(op.pickled(op.dict_of({"x": value})))
    ckpt = core.open(tmp_path / "n.pkl")
    assert getattr(ckpt.values["x"], "type", "") == "torch_utils.persistence._reconstruct_persistent_obj"
    assert core.texts(ckpt) == {}
    assert "danger" in {finding.level for finding in ckpt.findings}
