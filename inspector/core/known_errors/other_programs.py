"""What other programs say of a file or a folder that they do not take: transformers and diffusers (`from_pretrained`), PEFT, Lightning,
vLLM and llama.cpp."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from inspector.core.checkpoint import Checkpoint
from inspector.core.edits.drop import Drop
from inspector.core.edits.extract import Extract
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import patterns_for
from inspector.core.errors import SaveError
from inspector.core.io import addresses
from inspector.core.keypath import is_under, is_within, leaf_of, parent_of, quoted, relative, top_of, visible
from inspector.core.saving.layouts.losses import safetensors_holds
from inspector.core.training.weights import model_dicts

from .explanation import Case, Explanation, contents, few, is_taken, search

_NO_FILE = (r"[Ee]rror no file named (?P<names>.{1,400}?) found in directory",
            r"Can't find weights for .{1,2000}? Please check that the file (?P<names>.{1,400}?) is present at")
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
_SAFETENSORS = "model.safetensors"
_NO_WEIGHTS = (r"Cannot find any model weights with [`'\"]",)
_OLD_TORCH = (r"serious vulnerability issue in `?torch\.load`?, even with `?weights_only",)
_TARGETS = (r"Target modules (?P<names>.{0,2000}?) not found in the base model",)
_LIGHTNING = (r"KeyError: ['\"](?P<version>pytorch-lightning_version)['\"]\s*$",
              r"/migration/.{1,4000}KeyError: ['\"](?P<step>global_step)['\"]\s*$")
_ONLY_MODEL = (r"Trying to restore (?:optimizer|training) state but checkpoint contains only the model",)
_ARGUMENTS = (r"load_from_checkpoint.{0,8000}?__init__\(\) missing \d+ required (?:positional|keyword-only) arguments?: "
              r"(?P<missing>'\w+'(?:(?:,| and|, and) '\w+'){0,40})",
              r"load_from_checkpoint.{0,8000}?__init__\(\) got an unexpected keyword argument ['\"](?P<unknown>\w+)['\"]")
_HYPER = "hyper_parameters"
_VLLM = (r"param = params_dict\[\w+\].{0,400}?KeyError: ['\"](?P<name>[\w.]+)['\"]",
         r"There is no module or parameter named ['\"](?P<name>[\w.\-]+)['\"] in \w+")
_GGUF = (r"tensor ['\"](?P<name>[\w.\-]+)['\"] (?:not found|is missing from model)", r"missing tensor ['\"](?P<missing>[\w.\-]+)['\"]",
         r"wrong number of tensors; expected (?P<wanted>\d+), got (?P<got>\d+)",
         r"unknown model architecture: ['\"](?P<kind>[\w.\-]+)['\"]", r"key not found in model: (?P<key>[\w.\-]+)",
         r"Can not map tensor ['\"](?P<unmapped>[^'\" ]+)['\"]")
_QUANTIZED = ("scale", "scales", "zeros", "absmax", "qweight", "qzeros", "g_idx", "nf4", "w2_weight", "w13_weight")


def explain(case: Case) -> Explanation | None:
    return _no_file(case) or _old_torch(case) or _targets(case) or _lightning(case) or _only_model(case) or _arguments(case) \
        or _vllm(case) or _gguf(case)


def _no_file(case: Case) -> Explanation | None:
    found = search(_NO_FILE, case.text)
    if found is None and search(_NO_WEIGHTS, case.text) is None:
        return None
    meaning = "from_pretrained looked in a folder for weights under one of the names that it knows, and there is no such file." \
        if found else "vLLM looked in a folder for weights (*.safetensors, *.bin, *.pt), and there is no such file."
    names = _NAME.findall(found["names"]) if found else [_SAFETENSORS]
    name = next((one for ending in (".safetensors", ".bin") for one in names if one.endswith(ending)), "")
    about = tuple(contents(case.file)) if case.file is not None else ()
    if case.file is not None and addresses.file_name(case.file.path) in names:
        about, name = (*about, "It has such a name: the text is about another folder."), ""
    config = "adapter_config.json" if name.startswith("adapter_") else "config.json"
    return Explanation("no-weights-file", meaning, about,
                       case.remedies(_weights(case, f"saved as {name} in that folder it has such a name"), _is_found(name), name),
                       (f"{config} has to be in that folder, too, and of a set of files the index with all of them.",))


def _old_torch(case: Case) -> Explanation | None:
    if search(_OLD_TORCH, case.text) is None:
        return None
    meaning = "transformers calls torch.load only of torch 2.6 and newer, whatever the file is (CVE-2025-32434); safetensors need none."
    return Explanation("old-torch", meaning, tuple(contents(case.file)) if case.file is not None else (),
                       case.remedies(_weights(case, "saved as model.safetensors it is read without torch.load"),
                                     _is_found(_SAFETENSORS), _SAFETENSORS),
                       ('pip install --upgrade "torch>=2.6"',))


def _targets(case: Case) -> Explanation | None:
    found = search(_TARGETS, case.text)
    if found is None:
        return None
    named = visible(found["names"].strip("[]{}") or "none at all", 200)
    meaning = f"The configuration of the adapter names modules that the base model does not have: {named}."
    about = []
    if case.file is not None:
        kinds = dict.fromkeys(leaf_of(parent_of(key)) for key, info in case.file.tensors.items()
                              if leaf_of(key) == "weight" and len(info.shape) == 2)
        there = [kind for kind in kinds if kind and not kind.isdecimal()]
        if there:
            about.append(f"Modules with matrices in this file are called {few(there, 12)}.")
    return Explanation("adapter-targets", meaning, tuple(about),
                       advice=("target_modules takes the ends of the names of modules in the model that is wrapped.",))


def _lightning(case: Case) -> Explanation | None:
    """Where `load_from_checkpoint` or the Trainer is given what no Trainer saved."""
    found = search(_LIGHTNING, case.text.strip())
    if found is None:
        return None
    key = next(text for text in found.groups() if text)
    if case.file is not None and key in case.file.values:
        return None
    meaning = f"Lightning reads only what its Trainer saved, in which there is {quoted(key)}: what was loaded has none."
    about = tuple(contents(case.file)) if case.file is not None else ()
    return Explanation("lightning", meaning, about,
                       advice=("Weights alone are loaded with model.load_state_dict(...), not with load_from_checkpoint or ckpt_path.",))


def _only_model(case: Case) -> Explanation | None:
    if search(_ONLY_MODEL, case.text) is None:
        return None
    meaning = "Lightning was to go on with a training, and what was loaded has no state of optimizers."
    about: tuple[str, ...] = ()
    if case.file is not None:
        there = any(is_within(key, "optimizer_states") for table in (case.file.tensors, case.file.values) for key in table)
        about = ("This file has optimizer_states: the text is about another file.",) if there else tuple(contents(case.file))
    return Explanation("lightning", meaning, about, advice=(
        "trainer.fit(model) without ckpt_path begins anew with the weights: model = Net.load_from_checkpoint(path).",
        "ModelCheckpoint(save_weights_only=False) keeps it in files that are saved from now on."))


def _arguments(case: Case) -> Explanation | None:
    """Where the class of a Lightning module and the hyper-parameters in the file do not go together."""
    found = search(_ARGUMENTS, case.text)
    if found is None:
        return None
    told = found.groupdict()
    names = re.findall(r"\w+", (told.get("missing") or told.get("unknown") or "").replace(" and ", " "))
    unknown = "unknown" in told
    meaning = f"The hyper-parameters of the file have {quoted(names[0], 80)}, which the class does not take." if unknown else \
        f"The class needs what neither was given nor is among the hyper-parameters of the file: {few(names)}."
    advice = () if unknown else (f"Net.load_from_checkpoint(path, {', '.join(f'{name}=...' for name in names[:3])})",
                                 "self.save_hyperparameters() in __init__ keeps them in files that are saved from now on.")
    if case.file is None:
        return Explanation("hyper-parameters", meaning, advice=advice)
    inside = dict.fromkeys(top_of(relative(key, _HYPER)) for key in case.file.values if is_under(key, _HYPER))
    about = (f"In this file the hyper-parameters are {few([*inside], 12)}.",) if inside else ("This file has no hyper-parameters.",)
    here = f"{_HYPER}.{names[0]}"
    ways = [("the file without that hyper-parameter", [Drop(here)])] if unknown and names[0] in inside else []
    return Explanation("hyper-parameters", meaning, about, case.remedies(
        ways, lambda ckpt: not any(is_within(key, here) for key in ckpt.values)), advice)


def _vllm(case: Case) -> Explanation | None:
    found = search(_VLLM, case.text)
    if found is None:
        return None
    name = found["name"]
    meaning = f"vLLM's model has no parameter for a tensor of the file, {quoted(name, 120)}."
    about = []
    if case.file is not None:
        there = [key for key in case.file.tensors if f".{name}." in f".{key}."]
        about.append(f"In this file it is {few(there, 3)}." if there else
                     "This file has no tensor of that name: vLLM may have joined several to it, or the text is about another file.")
    return Explanation("vllm", meaning, tuple(about), advice=(
        "It belongs to quantized weights: config.json has to say how they are quantized, and vLLM to know that of this model.",)
        if _is_quantized(name) else ("Its names are those of another implementation of the model, or this vLLM is too old for it.",))


def _gguf(case: Case) -> Explanation | None:
    found = search(_GGUF, case.text)
    if found is None:
        return None
    told = {key: text for key, text in found.groupdict().items() if text}
    name, about = told.get("name") or told.get("missing") or "", list(contents(case.file)) if case.file is not None else []
    if "kind" in told:
        meaning = f"This llama.cpp does not know models of the kind {quoted(told['kind'])}: a newer one may."
    elif name:
        meaning = f"llama.cpp looked for the tensor {quoted(name, 120)}, which the file does not have."
        if case.file is not None and name in case.file.tensors:
            about.append("This file has it: the text is about another file.")
    elif "key" in told:
        meaning = f"llama.cpp looked for {quoted(told['key'], 120)} in what the file says of the model, where it is not."
        if case.file is not None and told["key"] in case.file.metadata:
            about.append("This file has it: the text is about another file.")
    elif "unmapped" in told:
        return _unmapped(told["unmapped"], case)
    else:
        meaning = f"The file has other tensors than llama.cpp's model of that kind: {told['wanted']} are in the file, {told['got']} used."
        if case.file is not None:
            about.append(f"In this file there are {len(case.file.tensors):,} tensors.")
    return Explanation("llama-cpp", meaning, tuple(about),
                       advice=("Convert it again with the convert_hf_to_gguf.py of the llama.cpp that is to load it.",))


def _unmapped(name: str, case: Case) -> Explanation:
    meaning = f"The converter of llama.cpp does not know the tensor {quoted(name, 120)} of a model of that kind."
    about: tuple[str, ...] = ()
    if case.file is not None:
        about = ("This file has it.",) if name in case.file.tensors else (
            "This file has no tensor of that name: the text is about another file.",)
    return Explanation("llama-cpp", meaning, about, advice=(
        "It belongs to quantized weights, which the converter does not take: convert the model as it was before.",)
        if _is_quantized(name) else (
            "Its names have to be those that transformers gives them, and an adapter is merged into its model before.",))


def _is_quantized(name: str) -> bool:
    """Whether it is called like a part of a quantized weight."""
    leaf = leaf_of(name)
    return leaf in _QUANTIZED or leaf.rpartition("_")[2] in _QUANTIZED


def _weights(case: Case, outcome: str) -> Iterator[tuple[str, Sequence[Edit]]]:
    """The weights alone, of what else there is; without the values among them where it takes that."""
    for path in model_dicts(case.file)[:2] if case.file is not None else ():
        edits: list[Edit] = [Extract(path)] if path else [Extract(".")] if case.file is not None and case.file.modules else []
        after = case.after(edits)
        others = [key for key in after.values if key] if after is not None else []
        for some in (edits, [*edits, *map(Drop, patterns_for(others))] if others else None):
            if some is not None:
                yield (f"the weights of {visible(path, 80)}, {outcome}", some) if path else (outcome, some)


def _is_found(name: str) -> Callable[[Checkpoint], bool]:
    """Whether what is saved under `name` has all that is in it, and is loaded by the program."""
    def is_found(ckpt: Checkpoint) -> bool:
        try:
            return bool(name) and (not safetensors_holds(ckpt, False).losses if name.endswith(".safetensors") else
                                   bool(ckpt.tensors) and is_taken(ckpt))
        except SaveError:
            return False

    return is_found
