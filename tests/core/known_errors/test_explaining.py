"""Real texts against real files: what is said names what is in the file, and torch agrees with what is suggested."""
from __future__ import annotations

import argparse
import pickle
import sys
import types
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import core
from tests.core.known_errors import texts


@pytest.fixture
def tagged(tmp_path: Path) -> Iterator[Callable[[str, Any], Path]]:
    """Saves a thing as if its tensors were on another device."""
    def save(tag: str, thing: Any) -> Path:
        torch.serialization.register_package(-100, lambda storage: tag, lambda storage, tag: None)
        try:
            torch.save(thing, tmp_path / "tagged.pth")
        finally:
            torch.serialization._package_registry[:] = [one for one in torch.serialization._package_registry if one[0] != -100]
        return tmp_path / "tagged.pth"

    return save


def followed(path: Path, remedy: core.Remedy) -> Any:
    """What torch.load gives of the file that a remedy ends in."""
    out = path.with_name("followed.pth")
    core.save(core.edit(path, remedy.edits), out)
    return torch.load(out, weights_only=True)


# -- what torch.load refuses

@pytest.mark.parametrize("text", texts.NAMESPACE)
def test_that_a_refused_name_is_found_at_its_key_and_every_remedy_ends_in_a_file_that_torch_takes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.pth"
    torch.save({"model": nn.Linear(2, 2).state_dict(), "args": argparse.Namespace(lr=0.1), "best": np.float64(0.5)}, path)
    said = core.explain_error(text, path)
    assert said.id == "weights-only"
    assert "argparse.Namespace" in said.meaning
    assert said.about[0] == "args is a Namespace (argparse.Namespace)."
    assert any(line.startswith("best is a numpy number") for line in said.about)
    plain, weights = said.remedies
    assert followed(path, plain)["args"] == {"lr": 0.1}
    assert set(followed(path, weights)) == {"weight", "bias"}


@pytest.mark.parametrize("thing", [{"model": nn.Linear(2, 2).state_dict(), "epoch": 3}, nn.Linear(2, 2).state_dict()])
def test_that_nothing_is_to_be_done_about_a_file_of_which_nothing_is_refused(tmp_path: Path, thing: Any) -> None:
    torch.save(thing, tmp_path / "a.pth")
    said = core.explain_error(texts.NAMESPACE[0], tmp_path / "a.pth")
    assert "Nothing in this file is refused: the text is about another file." in said.about
    assert said.remedies == ()


def test_that_a_whole_model_is_extracted_first(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "a.pth")
    with pytest.raises(pickle.UnpicklingError) as refused:
        torch.load(tmp_path / "a.pth")
    said = core.explain_error(str(refused.value), tmp_path / "a.pth")
    assert said.remedies[0].edits == (core.Extract("."),)
    assert set(followed(tmp_path / "a.pth", said.remedies[0])) == {"weight", "bias"}


def test_that_a_file_that_only_older_releases_refuse_says_which(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "n": {1, 2}}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert [core.loads_with_torch(ckpt, release).weights_only for release in ("2.4", "2.5", "2.6")] == [False, False, True]
    said = core.explain_error(texts.UNPICKLER_2_4.replace("argparse.Namespace", "builtins.set"), ckpt)
    assert said.about[0].startswith("torch 2.5 and older refuse this file")
    assert said.remedies == ()


def test_that_a_text_about_another_file_is_said_to_be(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pth")
    said = core.explain_error(texts.UNPICKLER_2_6, tmp_path / "a.pth")
    assert said.remedies == ()
    assert "another file" in said.about[0]
    torch.save({"w": torch.ones(2), "best": np.float64(1)}, tmp_path / "b.pth")
    said = core.explain_error(texts.UNPICKLER_2_6, tmp_path / "b.pth")
    assert said.about[0] == "This file does not name argparse.Namespace: the text may be about another one."
    assert said.remedies


# -- devices

@pytest.mark.parametrize("text", texts.CUDA)
def test_that_tensors_of_a_gpu_are_named_and_remapped(tagged: Callable[[str, Any], Path], text: str) -> None:
    path = tagged("cuda:3", {"model": nn.Linear(2, 2).state_dict(), "epoch": 1})
    said = core.explain_error(text, path)
    assert said.id == "device"
    assert said.about == ("2 of 2 tensors are tagged with cuda:3: model.weight, model.bias.",)
    assert said.remedies[0].edits == (core.RemapDevices({"*": "cpu"}),)
    assert followed(path, said.remedies[0])["epoch"] == 1
    if "device 3" in text:
        assert core.RemapDevices({"cuda:*": "cuda:0"}) in said.remedies[1].edits


@pytest.mark.parametrize("tag", texts.OTHER_DEVICES)
def test_that_other_devices_are_known(tagged: Callable[[str, Any], Path], tag: str) -> None:
    path = tagged(tag, {"w": torch.ones(2)})
    said = core.explain_error(texts.OTHER_DEVICES[tag], path)
    assert said.id == "device"
    assert tag.partition(":")[0] in said.meaning.lower()
    assert said.about == (f"1 of 1 tensor is tagged with {tag}: w.",)
    assert torch.equal(followed(path, said.remedies[0])["w"], torch.ones(2))


def test_that_a_remap_that_is_not_enough_makes_values_plain_too(tagged: Callable[[str, Any], Path]) -> None:
    path = tagged("cuda:0", {"w": torch.ones(2), "args": argparse.Namespace(a=1)})
    [remedy] = core.explain_error(texts.CUDA[2], path).remedies
    assert followed(path, remedy)["args"] == {"a": 1}


def test_that_a_file_without_a_device_is_not_blamed(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pth")
    said = core.explain_error(texts.CUDA[2], tmp_path / "a.pth")
    assert said.remedies == ()
    assert "another file" in said.about[0]


# -- code that is not there

@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A file with a model whose class is in `module`, and nowhere once it is saved."""
    def save(module: str, wrap: Callable[[Any], Any] = lambda model: model) -> Path:
        class Net(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.fc = nn.Linear(3, 2)

        Net.__module__, Net.__qualname__ = module, "Net"
        home = sys.modules.get(module) or types.ModuleType(module)
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, home)
            patch.setattr(home, "Net", Net, raising=False)
            torch.save(wrap(Net()), tmp_path / "whole.pth")
        return tmp_path / "whole.pth"

    return save


@pytest.mark.parametrize(("module", "text"), [("__main__", text) for text in texts.GONE] + [("mynets", text) for text in texts.NO_MODULE])
def test_that_a_class_that_is_gone_is_named_and_its_state_dict_taken_out(whole: Callable[..., Path], module: str, text: str) -> None:
    path = whole(module)
    said = core.explain_error(text, path)
    assert said.id == "missing-code"
    assert said.about == (f"The whole file is an object of {module}.Net; its state dict is in the file and needs no class.",)
    assert set(followed(path, said.remedies[0])) == {"fc.weight", "fc.bias"}


def test_that_a_model_within_a_checkpoint_is_taken_out_or_made_plain(whole: Callable[..., Path]) -> None:
    path = whole("mynets", lambda model: {"net": model, "epoch": 1})
    said = core.explain_error(texts.NO_MODULE[0], path)
    assert [one.edits for one in said.remedies][:2] == [(core.Extract("net"),), (core.MakePlain("net"),)]
    assert set(followed(path, said.remedies[0])) == {"fc.weight", "fc.bias"}
    assert followed(path, said.remedies[1])["epoch"] == 1


def test_that_a_module_of_a_newer_numpy_is_found_at_its_values(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "best": np.float64(0.5)}, tmp_path / "a.pth")
    name = "numpy._core" if b"numpy._core" in (tmp_path / "a.pth").read_bytes() else "numpy.core"
    said = core.explain_error(f"ModuleNotFoundError: No module named '{name}'", tmp_path / "a.pth")
    assert said.about[0].startswith("best is an object of")
    assert followed(tmp_path / "a.pth", said.remedies[0])["best"] == 0.5


def test_that_a_program_whose_own_import_fails_is_told_so(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pth")
    said = core.explain_error("ModuleNotFoundError: No module named 'timm'", tmp_path / "a.pth")
    assert "Nothing in this file names timm" in said.about[0]
    assert said.remedies == ()


def test_that_an_object_of_an_older_class_is_known(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Conv2d(1, 1, 1)), tmp_path / "a.pth")
    said = core.explain_error("AttributeError: 'Conv2d' object has no attribute '_reversed_padding_repeated_twice'", tmp_path / "a.pth")
    assert said.id == "old-object"
    assert set(followed(tmp_path / "a.pth", said.remedies[0])) == {"0.weight", "0.bias"}


# -- damage

@pytest.mark.parametrize("text", texts.DAMAGED)
def test_that_a_file_cut_short_is_told_by_what_is_there(tmp_path: Path, text: str) -> None:
    torch.save({"w": torch.arange(2000.0), "v": torch.ones(2000)}, tmp_path / "whole.pth")
    data = (tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(data[:len(data) // 2 + 2000])
    said = core.explain_error(text, tmp_path / "cut.pth")
    assert said.id == "damaged"
    assert any("end of the file is missing" in line for line in said.about)
    [remedy] = said.remedies
    assert remedy.outcome.startswith("1 of 2 tensors")
    assert torch.equal(followed(tmp_path / "cut.pth", remedy)["w"], torch.arange(2000.0))
    well = core.explain_error(text, tmp_path / "whole.pth")
    if "HeaderTooLarge" in text:
        assert well.id == "other-format"
        return
    assert "This file is whole" in well.about[0]
    assert well.remedies == ()


def test_that_an_archive_that_lacks_its_directory_alone_is_saved_again(tmp_path: Path) -> None:
    torch.save({"w": torch.arange(2000.0)}, tmp_path / "a.pth")
    (tmp_path / "a.pth").write_bytes((tmp_path / "a.pth").read_bytes()[:-30])
    [remedy] = core.explain_error(texts.DAMAGED[0], tmp_path / "a.pth").remedies
    assert remedy.edits == ()
    assert torch.equal(followed(tmp_path / "a.pth", remedy)["w"], torch.arange(2000.0))


@pytest.mark.parametrize(("data", "words"), [
    (b"<!DOCTYPE html><html></html>", "web page"), (b"", "empty"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "Git-LFS"),
])
def test_that_a_file_that_is_something_else_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.pth").write_bytes(data)
    for text in ("_pickle.UnpicklingError: invalid load key, '<'.", texts.UNPICKLER_2_6, "EOFError: Ran out of input"):
        said = core.explain_error(text, tmp_path / "a.pth")
        assert said.about[0].startswith("The file itself: ")
        assert words in said.about[0]


def test_that_a_plain_pickle_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"a": 1}))
    said = core.explain_error("RuntimeError: Invalid magic number; corrupt file?", tmp_path / "a.pkl")
    assert "plain Python pickle" in said.about[0]
    assert said.advice == ()


# -- optimizers, memory, saving

@pytest.mark.parametrize("text", texts.GROUPS)
def test_that_the_sizes_of_the_groups_in_the_file_are_told(tmp_path: Path, text: str) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    optimizer = torch.optim.Adam([{"params": net[0].parameters()}, {"params": [net[1].weight]}])
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    torch.save({"model": net.state_dict(), "optim": optimizer.state_dict()}, tmp_path / "a.pth")
    said = core.explain_error(text, tmp_path / "a.pth")
    assert said.id == "optimizer-groups"
    assert said.about == ("In the file, optim (Adam) has 2 groups of 2 and 1 parameters.",
                          "The model at model has 4 parameters in the file.")
    assert set(followed(tmp_path / "a.pth", said.remedies[0])) == {"model"}


@pytest.mark.parametrize("text", texts.MEMORY)
def test_that_what_a_file_needs_and_what_is_smaller_is_told(tagged: Callable[[str, Any], Path], text: str) -> None:
    state = {"exp_avg": torch.zeros(1000), "step": torch.tensor(1.0)}
    path = tagged("cuda:1", {"model": {"w": torch.ones(1000)}, "optimizer": {"state": {0: state}, "param_groups": [{"params": [0]}]}})
    said = core.explain_error(text, path)
    assert said.id == "out-of-memory"
    assert "8 kB" in said.about[0]
    assert "tagged with cuda:1" in said.about[1]
    assert [one.edits[0].option for one in said.remedies] == ["device", "extract", "cast"]
    for remedy in said.remedies:
        assert core.edit(path, remedy.edits).tensors
    assert "4 kB instead of 8" in said.remedies[1].outcome


@pytest.mark.parametrize("text", texts.UNPICKLABLE)
def test_that_what_cannot_be_pickled_is_named(tmp_path: Path, text: str) -> None:
    said = core.explain_error(text)
    assert said.id == "cannot-pickle"
    assert texts.UNPICKLABLE[text] in said.meaning
    with pytest.raises((AttributeError, TypeError)):
        torch.save({"f": (n for n in [1])}, tmp_path / "stub.pth")
    assert "what torch.save leaves when it fails" in core.explain_error(text, tmp_path / "stub.pth").about[0]


@pytest.mark.parametrize("text", texts.OLD_FORMATS)
def test_that_a_file_of_an_old_format_is_saved_again_in_a_new_one(tmp_path: Path, text: str) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    said = core.explain_error(text, tmp_path / "old.pth")
    assert said.id == "other-age"
    assert "before 1.6" in said.about[0]
    out = tmp_path / "new.pth"
    core.save(core.edit(tmp_path / "old.pth", said.remedies[0].edits), out)
    assert torch.equal(torch.load(out, mmap=True)["w"], torch.ones(2))


# -- the wrong kind of file

def test_that_a_model_that_was_given_for_a_state_dict_is_extracted(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    torch.save(model, tmp_path / "a.pth")
    with pytest.raises(TypeError) as refused:
        model.load_state_dict(torch.load(tmp_path / "a.pth", weights_only=False))
    for text in (f"TypeError: {refused.value}", "AttributeError: 'Linear' object has no attribute 'copy'"):
        said = core.explain_error(text, tmp_path / "a.pth")
        assert said.id == "model-for-state-dict"
        model.load_state_dict(followed(tmp_path / "a.pth", said.remedies[0]))


def test_that_of_a_list_the_state_dict_in_it_is_named(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    torch.save((model.state_dict(), {"epoch": 3}), tmp_path / "a.pth")
    with pytest.raises(TypeError) as refused:
        model.load_state_dict(torch.load(tmp_path / "a.pth"))
    said = core.explain_error(f"TypeError: {refused.value}", tmp_path / "a.pth")
    assert (said.id, said.meaning) == ("model-for-state-dict", "load_state_dict was given a tuple, not a dict of tensors.")
    assert said.advice == ("model.load_state_dict(torch.load(path)[0])",)
    model.load_state_dict(followed(tmp_path / "a.pth", said.remedies[0]))


def test_that_what_has_no_state_dict_is_not_asked_for_one(tmp_path: Path) -> None:
    torch.save([torch.ones(2)], tmp_path / "a.pth")
    said = core.explain_error("TypeError: Expected state_dict to be dict-like, got <class 'list'>.", tmp_path / "a.pth")
    assert (said.advice, said.remedies) == ((), ())


def test_that_a_path_that_was_given_for_a_state_dict_is_told(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    torch.save({"model": model.state_dict(), "epoch": 1}, tmp_path / "a.pth")
    with pytest.raises(TypeError) as refused:
        model.load_state_dict(str(tmp_path / "a.pth"))
    said = core.explain_error(f"TypeError: {refused.value}", tmp_path / "a.pth")
    assert said.meaning == "load_state_dict was given a text, such as a path, not a dict of tensors."
    assert said.advice == ('model.load_state_dict(torch.load(path)["model"])',)
    assert core.explain_error(f"TypeError: {refused.value}").advice == ("model.load_state_dict(torch.load(path))",)


def test_that_what_load_state_dict_gives_back_is_no_model() -> None:
    model = nn.Linear(2, 2)
    given = model.load_state_dict(model.state_dict())
    with pytest.raises(AttributeError) as refused:
        given.eval()
    assert core.explain_error(f"AttributeError: {refused.value}").id == "report-for-model"


@pytest.mark.parametrize("attribute", ["eval", "cuda", "to", "parameters"])
def test_that_a_state_dict_that_was_taken_for_a_model_is_told(tmp_path: Path, attribute: str) -> None:
    torch.save({"net": nn.Linear(2, 2).state_dict(), "n": 1}, tmp_path / "a.pth")
    said = core.explain_error(f"AttributeError: 'collections.OrderedDict' object has no attribute '{attribute}'", tmp_path / "a.pth")
    assert said.id == "state-dict-for-model"
    assert 'load_state_dict(torch.load(path)["net"])' in said.advice[0]


def test_that_a_key_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    torch.save({"net": nn.Linear(2, 2).state_dict(), "epoch": 1}, tmp_path / "a.pth")
    text = "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nKeyError: 'state_dict'\n"
    said = core.explain_error(text, tmp_path / "a.pth")
    assert said.about == ("At the root of this file there are net, epoch.", "The weights of a model are at net.")
    assert said.advice == ('model.load_state_dict(torch.load(path)["net"])',)
    with pytest.raises(core.UsageError):
        core.explain_error("KeyError: 'epoch'", tmp_path / "a.pth")


def test_that_a_program_that_torch_load_refuses_gives_its_state_dict(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(nn.Linear(2, 2)).save(str(tmp_path / "a.pt"))
    text = "RuntimeError: Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``."
    said = core.explain_error(text, tmp_path / "a.pt")
    assert said.id == "other-loader"
    assert set(followed(tmp_path / "a.pt", said.remedies[0])) == {"weight", "bias"}
    gone = core.explain_error("ModuleNotFoundError: No module named '__torch__'", tmp_path / "a.pt")
    assert [one.edits for one in gone.remedies] == [(core.Extract("."),)]


# -- what safetensors does not save

def test_that_what_safetensors_refuses_to_save_is_told_and_found(tmp_path: Path) -> None:
    whole = torch.arange(10.)
    for state, about, meaning in (
            ({"emb": whole, "head": whole}, ("In this file, emb, head share memory.",), "share memory"),
            ({"w": torch.ones(3, 4).t()}, ("In this file, w is not contiguous.",), "contiguous tensors alone"),
            ({"w": torch.ones(2), "epoch": 3}, ("In this file, epoch is no tensor.",), "epoch is none")):
        with pytest.raises((RuntimeError, ValueError)) as refused:
            save_file(state, tmp_path / "a.safetensors")
        torch.save(state, tmp_path / "a.pth")
        said = core.explain_error(f"{type(refused.value).__name__}: {refused.value}", tmp_path / "a.pth")
        assert (said.id, said.about) == ("safetensors-saving", about)
        assert meaning in said.meaning
        for remedy in said.remedies:
            save_file(followed(tmp_path / "a.pth", remedy), tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="sparse") as refused:
        save_file({"w": torch.eye(2).to_sparse()}, tmp_path / "a.safetensors")
    assert core.explain_error(f"ValueError: {refused.value}").id == "safetensors-saving"


# -- pickles read in another way than they were written


@pytest.mark.parametrize("text", texts.BY_PICKLE)
def test_that_a_file_of_torch_s_that_pickle_load_was_given_is_not_called_damaged(tmp_path: Path, text: str) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    said = core.explain_error(text, tmp_path / "a.pt")
    assert (said.id, said.advice, said.about) == ("read-by-pickle", ("torch.load(path)",), ())
    (tmp_path / "b.pkl").write_bytes(pickle.dumps({"n": 1}))
    assert "plain pickle" in core.explain_error(text, tmp_path / "b.pkl").about[0]


@pytest.mark.parametrize("text", texts.TEXT_IDS)
@pytest.mark.parametrize("legacy", [True, False])
def test_that_references_of_protocol_0_are_named_and_saving_again_ends_them(tmp_path: Path, text: str, legacy: bool) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pt", pickle_protocol=0, _use_new_zipfile_serialization=not legacy)
    said = core.explain_error(text, tmp_path / "a.pt")
    assert (said.id, [one.edits for one in said.remedies]) == ("text-ids", [()])
    assert set(followed(tmp_path / "a.pt", said.remedies[0])) == {"w"}
    torch.save({"w": torch.ones(2)}, tmp_path / "b.pt")
    assert core.explain_error(text, tmp_path / "b.pt").remedies == ()


@pytest.mark.parametrize("text", texts.ENCODING)
def test_that_a_text_of_python_2_is_read_as_latin_1_or_made_plain(tmp_path: Path, text: str) -> None:
    value = b"\x80\x02}q\x00(U\x04noteq\x01U\x04caf\xe9q\x02X\x01\x00\x00\x00nq\x03K\x03u."
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as made:
        made.writestr("a/data.pkl", value)
        made.writestr("a/version", "3\n")
    said = core.explain_error(text, tmp_path / "a.pt")
    assert (said.id, "encoding=\"latin1\"" in said.advice[0]) == ("encoding", True)
    assert followed(tmp_path / "a.pt", said.remedies[0])["n"] == 3
    torch.save({"w": torch.ones(2)}, tmp_path / "b.pt")
    sound = core.explain_error(text, tmp_path / "b.pt")
    assert (sound.id, sound.remedies, "No text in this file" in sound.about[0]) == ("encoding", (), True)


# -- all of them

ALL = [*texts.NAMESPACE, *texts.CUDA, *texts.OTHER_DEVICES.values(), *texts.GONE, *texts.NO_MODULE, *texts.DAMAGED, *texts.GROUPS,
       *texts.MEMORY, *texts.UNPICKLABLE, *texts.OLD_FORMATS, *texts.BY_PICKLE, *texts.TEXT_IDS, *texts.ENCODING]


@pytest.mark.parametrize("text", ALL)
def test_that_a_text_is_understood_alone_wrapped_and_in_a_traceback(text: str) -> None:
    said = core.explain_error(text)
    assert said.meaning.endswith(".")
    assert said.remedies == ()
    before = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    main()\n'
    assert core.explain_error(f"{before}{text}\n").id == said.id
    words = text.split(" ")
    assert core.explain_error("\n".join(" ".join(words[n:n + 7]) for n in range(0, len(words), 7))).id == said.id


@pytest.mark.parametrize("text", ["", "all went well", "loss: 0.25", "FileNotFoundError: a.csv", "IndexError: list index out of range"])
def test_that_a_text_that_holds_no_such_error_is_refused(text: str) -> None:
    with pytest.raises(core.UsageError):
        core.explain_error(text)


def test_that_hostile_names_in_a_text_are_shown_safely() -> None:
    said = core.explain_error("Weights only load failed. Unsupported global: GLOBAL a.b\u202e\x1b[31mc was not")
    assert "\x1b" not in said.meaning
    assert "\u202e" not in said.meaning


def test_that_a_plain_pickle_that_was_refused_is_saved_again(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({"w": torch.ones(2), "epoch": 3}))
    with warnings.catch_warnings():         # of its protocol
        warnings.simplefilter("ignore")
        with pytest.raises(pickle.UnpicklingError) as raised:
            torch.load(path, weights_only=True)
    said = core.explain_error(str(raised.value), path)
    assert said.id == "weights-only"
    assert followed(path, said.remedies[0])["epoch"] == 3


@pytest.mark.parametrize("mapping", [{"cuda:0": "cpu"}, lambda storage, place: storage])
def test_that_a_mapping_of_devices_that_safetensors_cannot_have_is_explained(tmp_path: Path, mapping: Any) -> None:
    save_file({"w": torch.ones(2)}, tmp_path / "a.safetensors")
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 13):
        pytest.skip("torch.load reads safetensors since 2.13")
    with pytest.raises(RuntimeError) as raised:
        torch.load(tmp_path / "a.safetensors", map_location=mapping)
    assert core.explain_error(str(raised.value)).id == "safetensors-loading"
    assert torch.load(tmp_path / "a.safetensors", map_location="cpu")["w"].tolist() == [1, 1]


def test_that_a_package_that_torch_load_misses_is_named() -> None:
    said = core.explain_error("ImportError: Attempting to load a safetensors file but safetensors is not installed. "
                              "Please install safetensors with: pip install safetensors")
    assert said.id == "safetensors-loading"
    assert said.advice[0] == "pip install safetensors"


# -- programs other than torch ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", texts.NO_FORMAT)
def test_that_the_format_that_transformers_looks_for_is_put_into_the_metadata(tmp_path: Path, text: str) -> None:
    save_file({"w": torch.ones(2)}, tmp_path / "a.safetensors")
    found = core.explain_error(text, tmp_path / "a.safetensors")
    [remedy] = found.remedies
    core.save(core.edit(tmp_path / "a.safetensors", remedy.edits), tmp_path / "b.safetensors")
    with safe_open(tmp_path / "b.safetensors", "pt") as file:
        assert file.metadata()["format"] == "pt"
    again = core.explain_error(texts.NO_FORMAT[0], tmp_path / "b.safetensors")
    assert not again.remedies
    assert "another file" in again.about[0]


@pytest.mark.parametrize(("text", "words"), [(text, words) for text, words in texts.OF_OTHER_FORMATS])
def test_that_a_whole_file_of_another_format_is_not_called_damaged(tmp_path: Path, text: str, words: str) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.bin")
    found = core.explain_error(text, tmp_path / "a.bin")
    assert found.id == "other-format"
    assert "PyTorch's zip format" in found.about[0]
    assert any(words in line for line in found.advice)


def test_that_safetensors_says_so_of_a_file_of_torch_save(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(SafetensorError) as error:
        load_file(tmp_path / "a.safetensors")
    assert core.explain_error(f"SafetensorError: {error.value}", tmp_path / "a.safetensors").id == "other-format"


@pytest.mark.parametrize(("text", "missing", "unexpected", "mismatched", "model"), texts.FROM_PRETRAINED)
def test_that_what_from_pretrained_says_of_names_is_read(text: str, missing: list[str], unexpected: list[str], mismatched: list[str],
                                                         model: str) -> None:
    found = core.explain_error(text)
    assert found.load is not None
    lists = found.load.lists
    assert ([*lists.missing], [*lists.unexpected], [one.key for one in lists.mismatched]) == (missing, unexpected, mismatched)
    assert (f"({model})" in found.meaning) is bool(model)
    assert not found.remedies               # of keys that load, the text alone names none


def test_that_new_weights_of_transformers_are_held_against_the_file(tmp_path: Path) -> None:
    torch.save({"module.bert.w": torch.ones(2), "module.classifier.weight": torch.ones(3)}, tmp_path / "a.bin")
    unused = texts.FROM_PRETRAINED[0][0].replace("cls.predictions.bias", "module.bert.w")
    unused = unused.replace("cls.seq_relationship", "module.classifier")
    new = texts.FROM_PRETRAINED[1][0].replace("classifier.bias", "bert.w")
    found = core.explain_error(f"{unused}\n{new}", tmp_path / "a.bin")
    [remedy] = found.remedies
    assert remedy.edits == (core.StripPrefix("module."),)


# -- what other programs say

@pytest.mark.parametrize(("id", "text"), [(id.strip(), text) for id, all_of_it in texts.OTHER_PROGRAMS.items() for text in all_of_it])
def test_that_what_other_programs_say_is_known_with_and_without_the_file(tmp_path: Path, id: str, text: str) -> None:
    torch.save({"model": {"layers.0.mlp.down_proj.weight": torch.ones(2, 2), "layers.0.mlp.down_proj.weight_scale": torch.ones(2)},
                "epoch": 3}, tmp_path / "a.pth")
    assert core.explain_error(text).id == id
    said = core.explain_error(text, tmp_path / "a.pth")
    assert said.id == id
    assert said.meaning == core.explain_error(text).meaning
    for remedy in said.remedies:
        core.save(core.edit(tmp_path / "a.pth", remedy.edits), tmp_path / "out.safetensors")
        assert set(load_file(tmp_path / "out.safetensors")) == {"layers.0.mlp.down_proj.weight", "layers.0.mlp.down_proj.weight_scale"}
    assert bool(said.remedies) is (id in ("no-weights-file", "old-torch"))


def test_that_a_step_which_a_program_of_its_own_looks_for_is_not_lightnings(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "model": {"w": torch.ones(2)}}, tmp_path / "a.pth")
    assert core.explain_error("KeyError: 'global_step'", tmp_path / "a.pth").id == "no-such-key"


def test_that_modules_an_adapter_can_name_are_listed(tmp_path: Path) -> None:
    torch.save({"h.0.c_attn.weight": torch.ones(4, 12), "h.0.ln.weight": torch.ones(4), "h.0.c_proj.weight": torch.ones(4, 4)},
               tmp_path / "a.pth")
    said = core.explain_error(texts.OTHER_PROGRAMS["adapter-targets"][0], tmp_path / "a.pth")
    assert said.meaning.endswith("'q_proj', 'v_proj'.")
    assert said.about == ("Modules with matrices in this file are called c_attn, c_proj.",)


def test_that_the_tensor_which_vllm_has_no_parameter_for_is_found(tmp_path: Path) -> None:
    save_file({"model.layers.0.mlp.down_proj.weight_scale": torch.ones(2)}, tmp_path / "a.safetensors")
    said = core.explain_error(texts.OTHER_PROGRAMS["vllm"][0], tmp_path / "a.safetensors")
    assert said.about == ("In this file it is model.layers.0.mlp.down_proj.weight_scale.",)
    assert "quantized" in said.advice[0]


def test_that_the_tensor_of_a_shape_is_named_and_turned_where_that_is_all(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"h.0.mlp.weight": torch.ones(12, 4), "h.1.mlp.weight": torch.ones(4, 4)}, path)
    said = core.explain_error("AssertionError: Attempted to load weight (torch.Size([12, 4])) into parameter (torch.Size([4, 12]))", path)
    assert said.about == ("In this file h.0.mlp.weight has that shape.",)
    [remedy] = said.remedies
    assert core.edit(path, remedy.edits).tensors["h.0.mlp.weight"].shape == (4, 12)
    more = core.explain_error("AssertionError: Attempted to load weight (torch.Size([4, 4])) into parameter (torch.Size([6, 4]))", path)
    assert not more.remedies
    assert "vocab_size in config.json has to be 4." in more.advice[0]


def test_that_shapes_of_llama_cpp_are_read_from_the_last_dimension(tmp_path: Path) -> None:
    save_file({"token_embd.weight": torch.ones(5, 4)}, tmp_path / "a.safetensors")
    said = core.explain_error("tensor 'token_embd.weight' has wrong shape; expected     4,     6, got     4,     5,     1,     1",
                              tmp_path / "a.safetensors")
    assert said.about == ("In this file token_embd.weight has that shape.",)
    assert said.meaning == "A tensor (token_embd.weight) has the shape [5, 4] in the file and [6, 4] in the program's model."


@pytest.mark.parametrize("name", ["model.fc.weight", "fc.weight", "net.model.fc.weight"])
def test_that_a_tensor_that_safetensors_was_asked_for_is_found_under_another_prefix(tmp_path: Path, name: str) -> None:
    path, text = tmp_path / "a.safetensors", "SafetensorError: File does not contain tensor fc.weight"
    save_file({"model.fc.weight": torch.ones(2), "model.b": torch.ones(2)}, path)
    with pytest.raises(SafetensorError, match="does not contain tensor"), safe_open(path, "pt") as file:
        file.get_tensor("fc.weight")
    said = core.explain_error(text.replace("fc.weight", name), path)
    if name == "model.fc.weight":
        assert said.about == ("This file has it: the text is about another file.",)
    else:
        assert said.about == ("There is model.fc.weight.",)
        assert [name in core.edit(path, remedy.edits).tensors for remedy in said.remedies] == [True]


def test_that_a_hyper_parameter_which_a_class_does_not_take_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    torch.save({"state_dict": {"w": torch.ones(2)}, "hyper_parameters": {"lr": 0.1, "width": 3}}, path)
    missing, unknown = texts.OTHER_PROGRAMS["hyper-parameters"]
    said = core.explain_error(unknown, path)
    assert said.about == ("In this file the hyper-parameters are lr, width.",)
    assert followed(path, said.remedies[0])["hyper_parameters"] == {"width": 3}
    said = core.explain_error(missing, path)
    assert "hidden, depth" in said.meaning
    assert said.advice[0] == "Net.load_from_checkpoint(path, hidden=..., depth=...)"
    assert not said.remedies


def test_that_a_gguf_file_that_was_cut_short_is_damaged(tmp_path: Path) -> None:
    text = "error loading model: tensor 'blk.54.ffn_down_exps.weight' data is not within the file bounds, model is corrupted or incomplete"
    assert core.explain_error(text).id == "damaged"


def test_that_the_state_of_optimizers_that_is_there_is_told(tmp_path: Path) -> None:
    torch.save({"state_dict": {"w": torch.ones(2)}, "optimizer_states": [{"state": {}, "param_groups": []}]}, tmp_path / "a.ckpt")
    said = core.explain_error(texts.OTHER_PROGRAMS["lightning "][0], tmp_path / "a.ckpt")
    assert said.about == ("This file has optimizer_states: the text is about another file.",)
