"""What an architecture is, modules in modules, and how they are put together from what is known of each."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.keypath import join, leaf_of, parent_of, relative
from inspector.core.training.weights import Role

DEEPEST = 100           # levels of modules in modules that are told apart; what is deeper is left out


@dataclass(frozen=True, slots=True)
class Module:
    """`name` in the module above it; `path` its key; `type` its class without the package ("" where nothing tells it); `arguments` what
    its class says of itself between the brackets, `lines` where that takes several. `parameters` are the elements of its own parameters,
    `total` those below it as well, a shared one once. `guessed`: class or arguments were inferred."""

    name: str
    path: str
    type: str
    arguments: str = ""
    lines: tuple[str, ...] = ()
    children: tuple[Module, ...] = ()
    parameters: int = 0
    total: int = 0
    guessed: bool = False


class Architecture(NamedTuple):
    """The model at `path` ("" is the root of the file). `inferred`: from the names and shapes of a state dict, so that what has no
    parameters (activations, dropout, pooling) is not there; else from the modules that were pickled."""

    path: str
    root: Module
    inferred: bool


@dataclass(slots=True)
class Known:
    """What is known of one module before its children are."""

    type: str = ""
    arguments: str = ""
    lines: tuple[str, ...] = ()
    guessed: bool = False
    tensors: dict[str, TensorInfo] = field(default_factory=dict)


Counted = Callable[[Iterable[TensorInfo]], tuple[int, dict[object, int]]]
"""(elements of the parameters among tensors, those of each that other tensors share)."""


def put_together(path: str, known: dict[str, Known], counted: Counted,
                 finish: Callable[[Known, tuple[Module, ...]], None] = lambda module, children: None) -> Module:
    """The module at `path` with all below it. `known` has each by its path, a parent before its children, and these in order; `finish`
    may change what is known of one once its children are made."""
    below: dict[str, list[str]] = {}
    for each in known:
        if each != path:
            below.setdefault(parent_of(each), []).append(each)
    made: dict[str, tuple[Module, dict[object, int]]] = {}
    for each in reversed(known):
        children = [made.pop(child) for child in below.get(each, ())]
        this = known[each]
        finish(this, tuple(child for child, _ in children))
        own, shared = counted(this.tensors.values())
        total = own + sum(child.total for child, _ in children)
        for _, others in children:
            few, shared = sorted((shared, others), key=len)     # these are put to those: each is moved a few times, however many share
            for view, size in few.items():
                total -= size if view in shared else 0
                shared[view] = size
        name = leaf_of(each) if each != path else ""
        made[each] = Module(name, each, this.type, this.arguments, this.lines, tuple(child for child, _ in children), own, total,
                            this.guessed), shared
    return made[path][0]


def counting(ckpt: Checkpoint, keys: Iterable[str], role: Callable[[TensorInfo], Role]) -> Counted:
    """`role` is `roles` of the whole checkpoint."""
    times: dict[str, int] = {}
    for key in keys:
        storage = ckpt.tensors[key].storage
        times[storage] = times.get(storage, 0) + 1

    def counted(infos: Iterable[TensorInfo]) -> tuple[int, dict[object, int]]:
        alone = 0
        shared: dict[object, int] = {}
        for info in infos:
            if role(info) != "parameter":
                continue
            if info.storage and times.get(info.storage, 0) > 1:
                shared[info.view or info.key] = info.numel
            else:
                alone += info.numel
        return alone + sum(shared.values()), shared

    return counted


def is_too_deep(path: str, root: str) -> bool:
    return relative(path, root).count(".") >= DEEPEST


def deepest_of(path: str, root: str) -> str:
    """`path`, or of one that is too deep the deepest above it that is not."""
    if not is_too_deep(path, root):
        return path
    return join(root, ".".join(relative(path, root).split(".", DEEPEST)[:DEEPEST]))
