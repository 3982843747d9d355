"""The architecture behind a state dict: which class of torch's a module most likely is, by the names and shapes of its tensors.

What cannot be told apart is not told: `Conv2d(3, 64, kernel_size=(7, 7))` says nothing of its stride, and a module with children of its own
has no class. Layouts: the `__init__` of the classes in torch/nn/modules; GPT-2's `Conv1D` of transformers/pytorch_utils.py.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.keypath import ancestors, is_within, parent_of, relative, segments_of
from inspector.core.naming_conventions import PLAIN_WRAPPERS, WRAPPERS
from inspector.core.training.weights import Role

from .modules import Known, Module, counting, deepest_of, put_together

_EMBEDDINGS = re.compile(r"emb|wte|wpe|token|vocab|position|codebook|(?:^|_)shared(?:$|_)|lookup|(?:^|_)relative", re.IGNORECASE)
_TRANSPOSED = re.compile(r"transpose|deconv|(?:^|_)up(?:$|_|sample|conv)|convt", re.IGNORECASE)
_ACTIVATIONS = re.compile(r"act|relu", re.IGNORECASE)
_GROUP_NORMS = re.compile(r"(?:^|_)gn\d*$|group_?norm", re.IGNORECASE)
_RATIOS = {4: "LSTM", 3: "GRU", 1: "RNN"}       # rows of weight_hh for each of its columns
_NORMED = {"weight_v": "weight_g", "parametrizations.weight.original1": "parametrizations.weight.original0"}


class Kind(NamedTuple):
    """A class of torch's and what would stand in its brackets of what is known."""

    type: str
    arguments: str


class Before(NamedTuple):
    """What the model had come to: the spatial `rank` of the last convolution, 0 after a linear layer, and its `channels`."""

    rank: int
    channels: int


NOTHING_BEFORE = Before(0, 0)


def from_names(ckpt: Checkpoint, path: str, keys: Sequence[str], role: Callable[[TensorInfo], Role]) -> Module:
    """The modules that the names `keys` of tensors below `path` tell of."""
    known: dict[str, Known] = {path: Known()}
    for key in keys:
        owner = deepest_of(parent_of(key), path)
        if owner not in known:
            above = [each for each in ancestors(owner) if is_within(each, path) and each not in known]
            for each in (*reversed(above), owner):
                known[each] = Known()
        known[owner].tensors[relative(key, owner)] = ckpt.tensors[key]
    before = NOTHING_BEFORE
    for each, module in known.items():
        kind = kind_of(_telling(each), module.tensors, before)
        if kind is not None:
            module.type, module.arguments, module.guessed = kind.type, kind.arguments, True
            if kind.type.startswith("Conv") and kind.type.endswith("d"):
                before = Before(int(kind.type[-2]), int(kind.arguments.split(", ")[1]))
            elif kind.type == "Linear":
                before = Before(0, before.channels)
    return put_together(path, known, counting(ckpt, keys, role), _container)


def _telling(path: str) -> str:
    """The name that says what a module is for: not that of a wrapper around it."""
    return next((name for name in reversed(segments_of(path)) if name not in WRAPPERS and name not in PLAIN_WRAPPERS), "")


def _container(module: Known, children: tuple[Module, ...]) -> None:
    """What holds children named 0, 1, 2 …; with gaps, where what has no parameters stands, it can only be a Sequential."""
    names = [child.name for child in children]
    if module.type or not names or not all(name.isdecimal() for name in names):
        if module.tensors and not module.type:
            module.lines = tuple(f"({name}): Parameter {[*info.shape]}" for name, info in module.tensors.items())
        return
    numbers = [int(name) for name in names]
    alike = len({_outline(child) for child in children}) == 1
    module.type = "ModuleList" if alike and len(numbers) > 1 and numbers == [*range(len(numbers))] else "Sequential"
    module.guessed = True


def _outline(module: Module) -> tuple[object, ...]:
    return module.type, module.arguments, tuple((child.name, child.type) for child in module.children)


def kind_of(name: str, tensors: Mapping[str, TensorInfo], before: Before) -> Kind | None:
    """The class of the module called `name` that has these tensors of its own; None where they fit none, or several."""
    found = _recurrent(tensors) or _attention(tensors)
    if found is not None:
        return found
    shapes = {leaf: info.shape for leaf, info in tensors.items()}
    for direction, magnitude in _NORMED.items():            # weight_norm
        if direction in shapes and magnitude in shapes:
            shapes["weight"] = shapes.pop(direction)
            del shapes[magnitude]
    if "running_mean" in shapes and "running_var" in shapes:
        return _batch_norm(shapes, before.rank)
    weight = shapes.get("weight")
    if weight is None or set(shapes) - {"weight", "bias"}:
        return None
    bias = shapes.get("bias")
    if len(weight) >= 3:
        return _convolution(name, weight, bias, before)
    if len(weight) == 2:
        return _matrix(name, weight, bias)
    if len(weight) == 1:
        return _vector(name, weight, bias)
    return None


def _convolution(name: str, weight: tuple[int, ...], bias: tuple[int, ...] | None, before: Before) -> Kind | None:
    dims = len(weight) - 2
    if dims > 3:
        return None
    kernel = f"kernel_size={weight[2:]}"
    without = "" if bias is not None else ", bias=False"
    if (bias is not None and bias != weight[:1] and bias == weight[1:2]) or (_TRANSPOSED.search(name) and bias in (None, weight[1:2])):
        return Kind(f"ConvTranspose{dims}d", f"{weight[0]}, {weight[1]}, {kernel}{without}")
    if bias is not None and bias != weight[:1]:
        return None
    rows, columns = weight[:2]
    if 0 < columns < before.channels == rows and rows % columns == 0 and any(size > 1 for size in weight[2:]):
        # as many channels as there were, and fewer for each: in groups (ResNeXt), each by itself (MobileNet)
        return Kind(f"Conv{dims}d", f"{rows}, {rows}, {kernel}, groups={rows // columns}{without}")
    return Kind(f"Conv{dims}d", f"{weight[1]}, {weight[0]}, {kernel}{without}")


def _matrix(name: str, weight: tuple[int, ...], bias: tuple[int, ...] | None) -> Kind | None:
    rows, columns = weight
    if bias is None and _EMBEDDINGS.search(name):
        return Kind("Embedding", f"{rows}, {columns}")
    if bias is None or bias == (rows,):
        return Kind("Linear", f"in_features={columns}, out_features={rows}, bias={bias is not None}")
    if bias == (columns,):                                  # GPT-2's, which stands transposed
        return Kind("Conv1D", f"nf={columns}, nx={rows}")
    return None


def _vector(name: str, weight: tuple[int, ...], bias: tuple[int, ...] | None) -> Kind | None:
    if bias is not None and bias != weight:
        return None
    if bias is None:
        if _ACTIVATIONS.search(name):
            return Kind("PReLU", f"num_parameters={weight[0]}")
        return Kind("RMSNorm", f"({weight[0]},)")
    if _GROUP_NORMS.search(name):
        return Kind("GroupNorm", f"num_channels={weight[0]}")
    return Kind("LayerNorm", f"({weight[0]},)")


def _batch_norm(shapes: Mapping[str, tuple[int, ...]], rank_before: int) -> Kind | None:
    mean = shapes["running_mean"]
    if len(mean) != 1 or set(shapes) - {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}:
        return None
    if any(shapes[leaf] != mean for leaf in ("weight", "bias", "running_var") if leaf in shapes):
        return None
    return Kind(f"BatchNorm{rank_before or 1}d", f"{mean[0]}{'' if 'weight' in shapes else ', affine=False'}")


def _attention(tensors: Mapping[str, TensorInfo]) -> Kind | None:
    weight = tensors.get("in_proj_weight")
    if weight is None or len(weight.shape) != 2 or weight.shape[0] != 3 * weight.shape[1]:
        return None
    if set(tensors) - {"in_proj_weight", "in_proj_bias", "bias_k", "bias_v"}:
        return None
    return Kind("MultiheadAttention", f"embed_dim={weight.shape[1]}{'' if 'in_proj_bias' in tensors else ', bias=False'}")


def _recurrent(tensors: Mapping[str, TensorInfo]) -> Kind | None:
    """RNN, LSTM, GRU and their cells, told apart by the gates: rows of `weight_hh` for each of its columns."""
    cell = "weight_hh" in tensors
    end = "" if cell else "_l0"
    down, across = tensors.get(f"weight_ih{end}"), tensors.get(f"weight_hh{end}")
    if down is None or across is None or len(down.shape) != 2 or len(across.shape) != 2 or not across.shape[1]:
        return None
    projection = tensors.get("weight_hr_l0")
    hidden = across.shape[1] if projection is None or len(projection.shape) != 2 else projection.shape[1]
    name = _RATIOS.get(across.shape[0] // hidden) if hidden and across.shape[0] % hidden == 0 and across.shape[0] == down.shape[0] else None
    if name is None or not all(re.fullmatch(r"(?:weight|bias)_(?:ih|hh|hr)(?:_l\d+(?:_reverse)?)?", leaf) for leaf in tensors):
        return None
    said = [str(down.shape[1]), str(hidden)]
    if projection is not None:
        said.append(f"proj_size={projection.shape[0]}")
    layers = sum(re.fullmatch(r"weight_hh_l\d+", leaf) is not None for leaf in tensors)
    if layers > 1:
        said.append(f"num_layers={layers}")
    if f"bias_ih{end}" not in tensors:
        said.append("bias=False")
    if any(leaf.endswith("_reverse") for leaf in tensors):
        said.append("bidirectional=True")
    return Kind(f"{name}Cell" if cell else name, ", ".join(said))
