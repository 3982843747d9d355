"""The architectures of a file, and their text: what `print(model)` would print."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Plain, TensorInfo
from inspector.core.errors import UsageError
from inspector.core.keypath import Paths, quoted, visible
from inspector.core.packed.hints import may_be_packed
from inspector.core.packed.logical import unpacked
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import model_dicts, roles

from .inferred import from_names
from .modules import Architecture, Module
from .pickled import from_modules

_FOLDED = frozenset(("ModuleList",))


def architectures(ckpt: Checkpoint, state_dict: str | None = None, monitor: Monitor = QUIET) -> tuple[Architecture, ...]:
    """Of every model in the file, or of the one at `state_dict`, from the tables alone: no tensor is read. Raises UsageError where there
    is none, and Cancelled.

    >>> import numpy as np
    >>> report = core.save({"net.0.weight": np.zeros((3, 2)), "net.0.bias": np.zeros(3)}, folder / "m.pth")
    >>> print(core.architecture_text(core.architectures(folder / "m.pth")[0]))
    Module(
      (net): Sequential(
        (0): Linear(in_features=2, out_features=3, bias=True)
      )
    )
    """
    paths = model_dicts(ckpt)
    if state_dict is not None:
        if state_dict not in ckpt.state_dicts:
            raise UsageError(f"there is no state dict {quoted(state_dict)}", "`inspector ls` names those that there are.")
        paths = (state_dict,)
    if not paths:
        raise UsageError("there is no model in it", "`inspector ls` says what there is.")
    found = []
    names = unpacked(ckpt) if may_be_packed(ckpt) else ckpt
    modules = ckpt.modules.intersection(paths)
    parts, role = _parts(ckpt, modules), roles(ckpt)
    keys: dict[str | None, list[str]] = {}
    for key, info in names.tensors.items() if len(modules) < len(paths) else ():
        keys.setdefault(info.state_dict, []).append(key)
    role_by_names = role if names is ckpt else roles(names)
    for path in paths:
        monitor.check()
        if path in modules:
            found.append(Architecture(path, from_modules(parts[path], path, role), False))
        else:
            found.append(Architecture(path, from_names(names, path, keys.get(path, []), role_by_names), True))
    return tuple(found)


def _parts(ckpt: Checkpoint, modules: Collection[str]) -> dict[str, Checkpoint]:
    """Of each of these modules the checkpoint with what is in it alone: there may be thousands of them in one."""
    if len(modules) < 2:
        return dict.fromkeys(modules, ckpt)
    paths = Paths(modules)
    tensors: dict[str, dict[str, TensorInfo]] = {path: {} for path in modules}
    values: dict[str, dict[str, Plain]] = {path: {} for path in modules}
    for key, info in ckpt.tensors.items():
        for path in paths.around(key):
            tensors[path][key] = info
    for key, value in ckpt.values.items():
        for path in paths.around(key):
            values[path][key] = value
    return {path: replace(ckpt, tensors=MappingProxyType(tensors[path]), values=MappingProxyType(values[path])) for path in modules}


def architecture_text(architecture: Architecture, depth: int | None = None) -> str:
    """As `print(model)` shows it; with `depth`, what lies deeper is an ellipsis. Names from the file are made visible.

    >>> model = core.architectures({"0.weight": np.ones((8, 4)), "0.bias": np.ones(8)})[0]
    >>> print(core.architecture_text(model))
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
    )
    """
    return "\n".join(_lines(architecture.root, depth))


def _lines(module: Module, depth: int | None) -> list[str]:
    """torch.nn.Module.__repr__; a ModuleList's says repeated ones once, and so does this of what was inferred."""
    type = visible(module.type or "Module", 100)
    if depth is not None and depth < 0:
        return [f"{type}(…)"]
    extra = [visible(module.arguments, 1000)] if module.arguments else [visible(line, 1000) for line in module.lines]
    fold = module.type in _FOLDED or (module.guessed and module.type == "Sequential")
    children = [*_children(module.children, fold, None if depth is None else depth - 1)]
    if len(extra) == 1 and not children:
        return [f"{type}({extra[0]})"]
    if not extra and not children:
        return [f"{type}()"]
    return [f"{type}(", *("  " + line for line in (*extra, *children)), ")"]


def _children(children: Sequence[Module], fold: bool, depth: int | None) -> Iterator[str]:
    at = 0
    shown = [_lines(child, depth) for child in children] if fold else None
    while at < len(children):
        lines = shown[at] if shown is not None else _lines(children[at], depth)
        last = at
        while shown is not None and last + 1 < len(children) and shown[last + 1] == lines:
            last += 1
        first = visible(children[at].name, 200)
        head = f"({first}-{visible(children[last].name, 200)}): {last - at + 1} x " if last > at else f"({first}): "
        yield head + lines[0]
        yield from lines[1:]
        at = last + 1
