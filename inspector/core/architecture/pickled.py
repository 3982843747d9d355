"""The architecture of a whole pickled model, and of a script: each module says its class, and most of what it was made with."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from inspector.core.checkpoint import Checkpoint, Opaque, TensorInfo
from inspector.core.keypath import below, is_within, join, leaf_of, parent_of
from inspector.core.training.weights import Role

from .inferred import NOTHING_BEFORE, kind_of
from .modules import Known, Module, counting, is_too_deep, put_together
from .torch_words import Attributes, arguments_of

_MANGLED = re.compile(r"___torch_mangle_\d+\.")
_DIMENSIONS = "123d"
_SCRIPT = "__torch__."
_LISTS = ("torch.nn.modules.container.ParameterList", "torch.nn.modules.container.ParameterDict")
_TYPES = {"float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16", "uint8": "Byte", "int8": "Char",
          "int16": "Short", "int32": "Int", "int64": "Long", "bool": "Bool"}


def from_modules(ckpt: Checkpoint, path: str, role: Callable[[TensorInfo], Role]) -> Module:
    """The modules at and below `path`, where a whole one was pickled. A class that is not torch's own has no arguments: what it would print
    only its code knows. `ckpt` has at least what is within that path."""
    classes = _modules(ckpt, path)
    attributes = _attributes(ckpt, path, classes)
    tensors: dict[str, dict[str, TensorInfo]] = {}
    keys = [key for key in ckpt.tensors if is_within(key, path)]
    for key in keys:
        tensors.setdefault(parent_of(key), {})[leaf_of(key)] = ckpt.tensors[key]
    known = {each: _known(type, attributes.get(each, {}), tensors.get(each, {})) for each, type in classes.items()}
    return put_together(path, known, counting(ckpt, keys, role))


def _modules(ckpt: Checkpoint, path: str) -> dict[str, str]:
    """Path of each module -> its class; every `torch.nn.Module` has the attribute `training`."""
    found: dict[str, str] = {}
    for key, value in ckpt.values.items():
        if not isinstance(value, Opaque) or not is_within(key, path) or is_too_deep(key, path):
            continue
        if key == path or (isinstance(ckpt.values.get(join(key, "training")), bool) and parent_of(key) in found):
            found[key] = _MANGLED.sub("", value.type).removeprefix(_SCRIPT)
    return found


def _attributes(ckpt: Checkpoint, path: str, modules: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Of each module its plain attributes; a sequence, whose items have keys of their own, as a tuple."""
    found: dict[str, dict[str, Any]] = {}
    sequences: dict[str, list[Any]] = {}
    for key, _ in below(ckpt.values, path):
        value, owner = ckpt.values[key], parent_of(key)
        if owner in modules and key not in modules:
            found.setdefault(owner, {})[leaf_of(key)] = value.text if isinstance(value, Opaque) else value
        elif parent_of(owner) in modules and leaf_of(key).isdecimal() and owner not in modules:
            items = sequences.setdefault(owner, [])
            if leaf_of(key) == str(len(items)):
                items.append(value)
    for owner, items in sequences.items():
        if items:
            found.setdefault(parent_of(owner), {}).setdefault(leaf_of(owner), tuple(items))
    return found


def _known(type: str, attributes: Mapping[str, Any], tensors: dict[str, TensorInfo]) -> Known:
    name = type.rpartition(".")[2]
    if type in _LISTS:
        lines = tuple(_tensor_line(leaf, info, typename=name == "ParameterDict") for leaf, info in tensors.items())
        return Known(name, "", lines, tensors=tensors)
    said = arguments_of(type, Attributes(attributes, frozenset(tensors)))
    if said is not None:
        return Known(name, said, tensors=tensors)
    # a script keeps the class, not what it was made with
    guess = kind_of("", tensors, NOTHING_BEFORE) if type.startswith("torch.nn.") else None
    if guess is None or guess.type.rstrip(_DIMENSIONS) != name.rstrip(_DIMENSIONS):
        return Known(name, tensors=tensors)
    return Known(name, guess.arguments, guessed=True, tensors=tensors)


def _tensor_line(name: str, info: TensorInfo, typename: bool) -> str:
    """As `ParameterList.extra_repr` has it."""
    size = "x".join(map(str, info.shape))
    on = info.device or ""
    kind = f"torch.{info.dtype}"
    if typename and info.dtype in _TYPES:
        kind = f"torch.{'cuda.' if on.startswith('cuda') else ''}{_TYPES[info.dtype]}Tensor"
    return f"  ({name}): Parameter containing: [{kind} of size {size}{f' ({on})' if on.startswith('cuda') else ''}]"
