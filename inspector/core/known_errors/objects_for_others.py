"""What is said when a file is loaded in a way that is not its own: a whole model as a state dict or the other way round, TorchScript or
safetensors by torch.load, a file that is older or newer than the torch that reads it, a key that is not there."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.core.checkpoint import Checkpoint
from inspector.core.edits.add_prefix import AddPrefix
from inspector.core.edits.extract import Extract
from inspector.core.edits.strip_prefix import StripPrefix
from inspector.core.edits.tools.common import Edit
from inspector.core.keypath import ancestors, quoted, top_of, visible
from inspector.core.torch_load import loads_with_torch
from inspector.core.training.weights import model_dicts

from .explanation import Case, Explanation, contents, few, is_taken, search

_MODEL_FOR_DICT = (r"Expected state_dict to be dict-like, got <class ['\"](?P<cls>[\w.]+)",
                   r"['\"](?P<model>\w+)['\"] object has no attribute ['\"](?:copy|items|keys|_metadata)['\"]")
# What has no state_dict() of its own, as it is called in a sentence.
_PLAIN = {"list": "a list", "tuple": "a tuple", "str": "a text, such as a path", "NoneType": "None", "Tensor": "a tensor",
          "ndarray": "an array", "int": "a number", "_IncompatibleKeys": "what another load_state_dict gave back"}
_REPORT_FOR_MODEL = (r"['\"]_IncompatibleKeys['\"] object (?:has no attribute|is not callable)",)
_DICT_FOR_MODEL = (r"['\"](?:collections\.)?(?P<dict>OrderedDict|dict)['\"] object has no attribute ['\"](?P<attribute>\w+)['\"]",
                   r"['\"](?:collections\.)?(?P<called>OrderedDict|dict)['\"] object is not callable")
_NO_KEY = (r"KeyError: ['\"](?P<key>[\w.\-/ ]+)['\"]\s*$",)
_NO_TENSOR = (r"File does not contain tensor (?P<key>\S+)",)
_NO_DEVICE = (r"SafetensorError: device (?P<device>\S+) is invalid",)
_OTHER_LOADER = (r"[Cc]annot use ``weights_only=True`` with TorchScript archives",
                 r"is a zip archive \(did you mean to use torch\.jit\.load\(\)\?\)",
                 r"looks like a TorchScript archive", r"Expected input to be a checkpoint returned by torch\.save",
                 r"failed locating file constants\.pkl", r"did you mean to use torch\.jit\.load")
_CALLED = "it is called as the program asked for it"
_NOT_INSTALLED = (r"load a safetensors file but safetensors is not installed",)
_MAPPED = (r"safetensors file with (?:dict|callable) map_location is not supported",)
_OLD_FORMAT = (r"mmap can only be used with files saved with", r"files saved in the legacy \.tar format",
               r"[Ll]egacy model format is not supported", r"Attempted to read a PyTorch file with version (?P<found>\d+)",
               r"unsupported pickle protocol: (?P<protocol>\d+)", r"SourceChangeWarning: source code of class",
               r"Invalid protocol version: (?P<old>\d+)")


def explain(case: Case) -> Explanation | None:
    return _safetensors(case) or _other_loader(case) or _old_format(case) or _model_for_dict(case) or _report_for_model(case) \
        or _dict_for_model(case) or _no_tensor(case) or _no_key(case)


def _model_for_dict(case: Case) -> Explanation | None:
    found = search(_MODEL_FOR_DICT, case.text)
    if found is None:
        return None
    name = next(text for text in found.groups() if text)
    what = _PLAIN.get(name.rpartition(".")[2])
    meaning = f"load_state_dict was given {what or f'an object of {visible(name, 120)}'}, not a dict of tensors."
    about = tuple(contents(case.file)) if case.file is not None else ()
    if what is None:
        return Explanation("model-for-state-dict", meaning, about, case.remedies(_extractions(case.file), is_taken),
                           ("With the class at hand, model.load_state_dict(loaded.state_dict()) does the same.",))
    inside = [path for path in model_dicts(case.file) if top_of(path).isdigit() or name == "str"] if case.file is not None else []
    ways = [(f"the state dict of {visible(path, 80)} alone, which torch.load and load_state_dict take", [Extract(path)])
            for path in inside[:2] if path]
    given = f"torch.load(path){_subscript(case.file, inside[0], name != 'str')}" if inside else "torch.load(path)"
    return Explanation("model-for-state-dict", meaning, about, case.remedies(ways, is_taken),
                       (f"model.load_state_dict({given})",) if inside or name == "str" else ())


def _report_for_model(case: Case) -> Explanation | None:
    if search(_REPORT_FOR_MODEL, case.text) is None:
        return None
    return Explanation("report-for-model", "What load_state_dict gives back was taken for the model: it fills the model that it is called "
                       "on, and gives the names of the keys that did not fit.",
                       advice=("Call model.load_state_dict(...) on a line of its own, and go on with model.",))


def _dict_for_model(case: Case) -> Explanation | None:
    found = search(_DICT_FOR_MODEL, case.text)
    if found is None:
        return None
    meaning = "What was loaded is a dict of tensors and values, not a model: it has weights, and no code that could be called."
    about = tuple(contents(case.file)) if case.file is not None else ()
    place = next((path for path in model_dicts(case.file) if path), "") if case.file is not None else ""
    given = f"torch.load(path){_subscript(case.file, place)}" if case.file is not None else "torch.load(path)"
    return Explanation("state-dict-for-model", meaning, about,
                       advice=(f"model = Net(...); model.load_state_dict({given}); model.eval()",))


def _no_key(case: Case) -> Explanation | None:
    found = search(_NO_KEY, case.text.strip())
    if found is None or case.file is None:
        return None
    wanted = found["key"]
    there = list(dict.fromkeys(top_of(key) for table in (case.file.tensors, case.file.values) for key in table if key))
    if wanted in there:
        return None
    meaning = f"The program looked for {quoted(wanted, 80)}, and what was loaded has no such key."
    about = [f"At the root of this file there are {few(there)}."] if there else []
    inside = [key for table in (case.file.tensors, case.file.values) for key in table if f".{wanted}." in f".{key}."]
    if inside:
        about.append(f"Deeper, there is {few(inside, 3)}.")
    models = model_dicts(case.file)
    if models:
        named = [path for path in models if path]
        about.append("The weights of a model are " + (f"at {few(named)}." if named else "the file itself."))
    given = f"torch.load(path){_subscript(case.file, models[0])}" if models else ""
    return Explanation("no-such-key", meaning, tuple(about), advice=(f"model.load_state_dict({given})",) if given else ())


def _no_tensor(case: Case) -> Explanation | None:
    """What safetensors says where a program asks for one by its name."""
    found = search(_NO_TENSOR, case.text)
    if found is None:
        return None
    wanted = found["key"].strip("'\"")
    meaning = f"safetensors was asked for the tensor {quoted(wanted, 120)}, which the file does not have."
    if case.file is None:
        return Explanation("no-such-tensor", meaning)
    if wanted in case.file.tensors:
        return Explanation("no-such-tensor", meaning, ("This file has it: the text is about another file.",))
    longer = [key for key in case.file.tensors if key.endswith(f".{wanted}")]
    shorter = [key for key in case.file.tensors if wanted.endswith(f".{key}")]
    about = (f"There is {few([*longer, *shorter], 3)}.",) if longer or shorter else tuple(contents(case.file))
    ways: list[tuple[str, Sequence[Edit]]] = [
        *((_CALLED, [StripPrefix(key[:-len(wanted)])]) for key in longer[:2]),
        *((_CALLED, [AddPrefix(wanted[:-len(key)])]) for key in shorter[:2])]
    return Explanation("no-such-tensor", meaning, about, case.remedies(ways, lambda ckpt: wanted in ckpt.tensors))


def _safetensors(case: Case) -> Explanation | None:
    """What torch.load says of a file that is called .safetensors, since 2.13, and safetensors of a device."""
    if search(_NOT_INSTALLED, case.text):
        meaning = "torch.load hands a file that is called .safetensors to the package safetensors, which this Python does not have."
        return Explanation("safetensors-loading", meaning, advice=(
            "pip install safetensors", "As a file of torch.save it needs no other package: `inspector edit FILE -o OUT.pth` writes one."))
    if search(_MAPPED, case.text):
        meaning = "torch.load reads safetensors with one device for all tensors: its files name none, and there is nothing to map."
        return Explanation("safetensors-loading", meaning, advice=('torch.load(path, map_location="cpu")',))
    if found := search(_NO_DEVICE, case.text):
        meaning = f"safetensors was told to load to {quoted(found['device'], 40)}, which it does not know as a device."
        return Explanation("safetensors-loading", meaning, advice=('safetensors.torch.load_file(path, device="cpu")',))
    return None


def _other_loader(case: Case) -> Explanation | None:
    if search(_OTHER_LOADER, case.text) is None:
        return None
    meaning = "The file is an archive of another kind than the function that was called reads: torch.save's files are for torch.load, " \
        "TorchScript's for torch.jit.load."
    if case.file is None:
        return Explanation("other-loader", meaning)
    told = loads_with_torch(case.file)
    return Explanation("other-loader", meaning, (*contents(case.file), told.sentence()),
                       case.remedies(_extractions(case.file), lambda ckpt: bool(ckpt.tensors)))


def _old_format(case: Case) -> Explanation | None:
    found = search(_OLD_FORMAT, case.text)
    if found is None:
        return None
    meaning = ("The file was written in a format of another age than this torch, or this way of loading, reads."
               if "SourceChange" not in found[0] else "The code of a class has changed since a whole model was saved with it.")
    if case.file is None:
        return Explanation("other-age", meaning)
    ways: list[tuple[str, Sequence[Edit]]] = [*_extractions(case.file)]
    if case.file.format in ("torch-legacy", "torch-tar"):
        ways.insert(0, ("saved again, it is of the zip format of torch 1.6 and newer, which can be mapped", ()))
    return Explanation("other-age", meaning, tuple(contents(case.file)), case.remedies(ways, lambda ckpt: bool(ckpt.tensors)))


def _extractions(file: Checkpoint | None) -> Iterator[tuple[str, Sequence[Edit]]]:
    if file is None:
        return
    modules = [path for path in file.modules if file.modules.isdisjoint(ancestors(path))]
    for path in sorted(modules)[:2]:
        what = f"the state dict of {visible(path, 80)}" if path else "the state dict"
        yield f"{what} alone, which torch.load and load_state_dict take", [Extract(path or ".")]


def _subscript(file: Checkpoint | None, path: str, in_a_list: bool = False) -> str:
    """["a"]["b"], as Python reaches `path`; [0]["b"] where the outermost is a list."""
    parts = [f'"{visible(part, 80)}"' for part in path.split(".")] if path else []
    if in_a_list:
        parts[:1] = [part.strip('"') for part in parts[:1]]
    return "".join(f"[{part}]" for part in parts)
