"""DTensor: a tensor laid out over a mesh of processes, and the part of it that one of them held.

The state of one is {"_local_tensor": the part, "_spec": DTensorSpec of mesh, placements and tensor_meta}; until torch 2.1 the spec was
spread over the attributes. Its class and those of its placements moved from `torch.distributed._tensor` to `torch.distributed.tensor`.

Sources: torch/distributed/tensor/_api.py, _dtensor_spec.py and placement_types.py of torch 2.13; torch/distributed/_tensor of 2.0 to 2.4.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from inspector.core.graph import CALLS, LIST, TUPLE, Graph
from inspector.core.keypath import visible

from .calls import call_of, tuple_items
from .names import FROM_TYPE, FROM_TYPE_V2, is_distributed
from .plain import short
from .recognise import size_of, state_pairs

_WRAPPER = ("torch._utils", "_rebuild_wrapper_subclass")
_LOCAL, _SPEC, _PLACEMENTS = "_local_tensor", "_spec", ("placements", "_placements")
_NAMES = frozenset({_LOCAL, _SPEC, "_is_param", "_is_buffer", "placements", "_placements", "_device_mesh", "mesh", "_size", "_tensor_meta"})
_LOOKED_AT = 64             # attributes of an object
_MESHES = 8                 # dimensions of a mesh that are told


class Distributed(NamedTuple):
    """`local` is the node of the part; `placements` are told as Python would write them; `is_whole` says that nothing but its shape could
    make it less than the whole tensor: no sum of it lies elsewhere. `is_all`: the state holds nothing else."""

    local: int
    placements: tuple[str, ...]
    is_whole: bool
    is_all: bool

    @property
    def text(self) -> str:
        return f"a DTensor placed {', '.join(self.placements)}" if self.placements else "a DTensor"


def of_state(graph: Graph, states: Iterable[int]) -> Distributed | None:
    """What the states that a DTensor is rebuilt with say; None where they are not in order."""
    given = _attributes(graph, states)
    if _LOCAL not in given:
        return None
    spec = _attributes_of(graph, given[_SPEC]) if _SPEC in given else given
    n = next((spec[name] for name in _PLACEMENTS if name in spec), -1)
    nodes = graph.sequence(n)[:_MESHES] if n >= 0 and graph.kind[n] in (TUPLE, LIST) else []
    placements = tuple(_placement(graph, node) for node in nodes)
    mesh = next((spec[name] for name in ("mesh", "_device_mesh") if name in spec), -1)
    alone = mesh >= 0 and _processes(graph, mesh) == 1
    partial = any(text.lstrip("_").startswith("Partial") for text in placements)
    return Distributed(given[_LOCAL], placements, alone or not partial, given.keys() <= _NAMES)


def local_of(graph: Graph, n: int) -> int:
    """The part that the DTensor rebuilt by call `n` holds; -1 where it is no DTensor."""
    call = call_of(graph, n)
    args = call.args or ()
    if call.name not in (FROM_TYPE, FROM_TYPE_V2) or len(args) != 4 or graph.global_name(args[0]) != _WRAPPER:
        return -1
    inner = tuple_items(graph, args[2])
    found = of_state(graph, [args[3]]) if inner and is_distributed(".".join(graph.global_name(inner[0]) or ())) else None
    return found.local if found is not None else -1


def _attributes(graph: Graph, states: Iterable[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in states:
        for name, value in (state_pairs(graph, state) or [])[:_LOOKED_AT]:
            text = graph.loose_text(name)
            if text is not None:
                found[text] = value
    return found


def _attributes_of(graph: Graph, n: int) -> Mapping[str, int]:
    """The attributes of an object, with its arguments by number."""
    if graph.kind[n] not in CALLS:
        return {}
    args = call_of(graph, n).args or ()
    return {**{str(i): arg for i, arg in enumerate(args)}, **_attributes(graph, graph.states(n))}


def _placement(graph: Graph, n: int) -> str:
    """`Shard(dim=0)` of an object of that class, whether its fields are arguments or attributes."""
    call = call_of(graph, n) if graph.kind[n] in CALLS else None
    if call is None or call.spelled is None:
        return "?"
    given = _attributes_of(graph, n)
    fields = [f"{name}={short(graph, value)}" if not name.isdecimal() else short(graph, value) for name, value in list(given.items())[:2]
              if graph.kind[value] not in CALLS]
    return visible(f"{call.spelled[1]}({', '.join(fields)})", 60)


def _processes(graph: Graph, mesh: int) -> int:
    """How many processes a mesh has; 0 where it does not say. What it keeps them in changed: a tensor `mesh`, a tensor `_rank_map` with a
    tuple beside it."""
    given = _attributes_of(graph, mesh)
    if "_flatten_rank_map" in given and graph.kind[given["_flatten_rank_map"]] == TUPLE:
        return len(graph.sequence(given["_flatten_rank_map"]))
    for name in ("_rank_map", "mesh", "_mesh"):
        call = call_of(graph, given[name]) if name in given and graph.kind[given[name]] in CALLS else None
        if call is None or not call.args or len(call.args) < 4:
            continue
        sizes = tuple_items(graph, call.args[2]) or size_of(graph, call.args[2])
        if sizes is None:
            continue
        count = 1
        for size in sizes:
            count *= graph.integer(size) or 0 if graph.kind[call.args[2]] == TUPLE else size
        return count
    return 0
