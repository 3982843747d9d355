"""Which tensors are a model's parameters, its buffers, an optimizer's state, or none of these: one count for everybody who says a number.

A parameter counts once however many names it has, a tensor that others are made of counts as itself and its parts do not. Losses,
states of random numbers and sample inputs are no model's.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain, islice
from math import prod
from operator import itemgetter
from typing import Literal, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.hashing import Few
from inspector.core.keypath import Paths, ancestors, join, leaf_of, parent_of, top_of
from inspector.core.naming_conventions import holds_no_weights, paths_of_weights
from inspector.core.progress import QUIET, Monitor, distinct, in_pieces, sips, stoppable
from inspector.core.tensor_table import TensorTable, column, kinds, made_of, pieces_of, stretches, values_of
from inspector.core.tensors.sharing import sharing

Role = Literal["parameter", "buffer", "optimizer", "other"]

# buffers of torch.nn by name; others are floats of a shape that seldom fits, and are then frozen tensors like any
_BUFFERS = frozenset(("running_mean", "running_var", "num_batches_tracked", "position_ids", "inv_freq", "relative_position_index",
                      "rotary_pos_emb", "min_val", "max_val", "zero_point", "_u", "_v", "weight_u", "n_averaged"))
_TRAINED = frozenset(name for name, known in DTYPES.items() if known.kind in ("float", "complex"))
_DEEP = 64                  # segments of a key, from which on it is not taken apart
_FIELD = TensorInfo._fields.index
_DTYPE, _SHAPE, _STORAGE = (itemgetter(_FIELD(name)) for name in ("dtype", "shape", "storage"))


class Counts(NamedTuple):
    """Elements by what they are to the model, those of tied tensors and views of the same elements once."""

    parameters: int = 0
    buffers: int = 0
    optimizer: int = 0
    others: int = 0


def is_unread(info: TensorInfo) -> bool:
    """Whether an index names the tensor and the file that would tell its shape is not there: what is counted is without it."""
    return info.dtype == "unknown" and info.problem.startswith("missing_shard")


def optimizer_states(ckpt: Checkpoint) -> dict[str, str]:
    """The states of optimizers among the state dicts: path -> the path of the optimizer's own dict."""
    found = {path: parent_of(path) for path in ckpt.state_dicts if leaf_of(path) == "state"}
    if not found:
        return {}
    groups = Paths(join(owner, "param_groups") for owner in found.values())
    there: set[str] = set()
    for key in chain(ckpt.values, ckpt.tensors):
        if "param_groups." in key:
            there.update(groups.around(parent_of(key)))
            if len(there) == len(found):
                break
    return {path: owner for path, owner in found.items() if join(owner, "param_groups") in there}


def model_dicts(ckpt: Checkpoint) -> tuple[str, ...]:
    """The state dicts that hold the weights of a model: no optimizer's or scheduler's, and none that some attribute of a whole module
    leads to, like a teacher or a loss.

    >>> core.model_dicts({"model": {"w": np.ones(3)}, "ema": {"w": np.ones(3)}, "epoch": 3})
    ('model', 'ema')
    """
    found = paths_of_weights(ckpt.state_dicts)
    if ckpt.modules:
        modules = Paths(ckpt.modules)
        found = [path for path in found if not (path and modules.has(parent_of(path)))]
    if optimizers := optimizer_states(ckpt):
        states = Paths(optimizers)
        found = [path for path in found if not states.has(path)]
    return tuple(found)


def counts(ckpt: Checkpoint, keys: Iterable[str] | None = None, monitor: Monitor = QUIET) -> Counts:
    """Of the tensors `keys`, or of all. Linear, and a matter of milliseconds for many ordinary ones. Raises Cancelled."""
    places = _places(ckpt)
    role = _roles(ckpt, places)
    if keys is None and (found_at_once := _counts_of_columns(ckpt, places, role, monitor)) is not None:
        return found_at_once
    shared, seen = sharing(ckpt, monitor), set[object]()
    found: Counter[Role] = Counter()
    for infos in sips(ckpt.tensors.values() if keys is None else (ckpt.tensors[key] for key in keys), monitor):
        by_place: dict[str | None, list[TensorInfo]] = {}
        for info in infos:
            if info.storage not in shared:
                by_place.setdefault(info.state_dict, []).append(info)
                continue
            this = role(info)
            view = this == "optimizer", info.view or info.key
            if view not in seen:
                seen.add(view)
                found[this] += info.numel
        for place, some in by_place.items():
            if place is None or (not place and "optim" in "\n".join([info.key for info in some]).lower()):
                for info in some:
                    found[role(info)] += info.numel
            elif (this := places.get(place, "other")) != "parameter":
                found[this] += _elements(some)
            else:
                buffers = _elements(_buffers(some, ckpt.tensors))
                found["buffer"] += buffers
                found[this] += _elements(some) - buffers
    return Counts(found["parameter"], found["buffer"], found["optimizer"], found["other"])


def roles(ckpt: Checkpoint) -> Callable[[TensorInfo], Role]:
    """A function that says what a tensor of `ckpt` is. Where no state dict is a model's, tensors are taken for its parameters that
    are not named otherwise.

    >>> ckpt = core.edit({"bn.weight": np.ones(8), "bn.running_mean": np.zeros(8)}, [])
    >>> role = core.roles(ckpt)
    >>> [role(info) for info in ckpt.tensors.values()]
    ['parameter', 'buffer']
    """
    return _roles(ckpt, _places(ckpt))


def _roles(ckpt: Checkpoint, places: Mapping[str, Role]) -> Callable[[TensorInfo], Role]:
    models = "parameter" in places.values()
    tensors, is_beneath = ckpt.tensors, _beneath(ckpt)

    def role(info: TensorInfo) -> Role:
        place = info.state_dict
        found: Role = places.get(place, "other") if place is not None else "other" if models else "parameter"
        if not place and "optim" in top_of(info.key)[:200].lower():
            return "optimizer"
        if found == "other":
            return found
        if place is None and (holds_no_weights(top_of(info.key)) or is_beneath(info.key)):
            return "other"
        return "buffer" if found == "parameter" and is_buffer(info, tensors) else found

    return role


def _places(ckpt: Checkpoint) -> dict[str, Role]:
    """What the tensors of each state dict are, buffers apart."""
    models, states = frozenset(model_dicts(ckpt)), Paths(optimizer_states(ckpt))
    return {path: "parameter" if path in models else "optimizer" if states.has(path) else "other"
            for path in ckpt.state_dicts}


def _beneath(ckpt: Checkpoint) -> Callable[[str], bool]:
    """Whether a key lies below another tensor. Not all the paths above a key of a million dots are looked up: only those as long as some
    key is."""
    lengths: list[int] = []
    last: tuple[str | None, bool] = None, False         # what the one before it is in, of which most often this is another item

    def is_beneath(key: str) -> bool:
        nonlocal last
        if not key:
            return False
        path, known = last
        if path != (own := parent_of(key)):
            known = is_below(key)
            last = own, known
        return known

    def is_below(key: str) -> bool:
        if key.count(".") < _DEEP:
            return not ckpt.tensors.keys().isdisjoint(ancestors(key))
        if not lengths:
            lengths.extend(sorted(distinct(map(len, ckpt.tensors))))
        return any(key[:n] in ckpt.tensors for n in lengths if n < len(key) and (not n or key[n] == "."))

    return is_beneath


def is_buffer(info: TensorInfo, names: Collection[str] = ()) -> bool:
    """Whether a tensor of a state dict is surely no parameter: only floating tensors have gradients, some names are known.
    `names` are all keys, by which `weight_v` of spectral_norm is told from that of weight_norm."""
    return is_called_buffer(info.key, info.dtype, names)


def is_called_buffer(key: str, dtype: str, names: Collection[str] = ()) -> bool:
    """The same of what has this key and element type."""
    if dtype not in _TRAINED:
        return True
    leaf = leaf_of(key)
    return leaf in _BUFFERS or (leaf == "weight_v" and join(parent_of(key), "weight_orig") in names)


def each_once(infos: Sequence[TensorInfo]) -> Sequence[TensorInfo]:
    """The tensors without those that are the same elements as one before."""
    if len(distinct(map(_STORAGE, infos))) == len(infos):
        return infos
    views: dict[object, TensorInfo] = {}
    for n, info in enumerate(infos):
        views.setdefault(info.view or n, info)
    return [*views.values()]


def _counts_of_columns(ckpt: Checkpoint, known: Mapping[str, Role], role: Callable[[TensorInfo], Role],
                       monitor: Monitor) -> Counts | None:
    """The counts of all tensors where each lies by itself and in a state dict, as the columns tell; None where that is not so or not
    known: outside of state dicts each name has its say."""
    tensors = ckpt.tensors
    if not isinstance(tensors, TensorTable) or not tensors.each_alone or not tensors:
        return None
    places = {place for place, _ in stretches(tensors, monitor)}
    if None in places or ("" in places and any("optim" in "\n".join(piece).lower() for piece in sips(tensors, monitor))):
        return None
    alike = names_no_buffer(tensors, monitor)
    if alike and len(places) == 1 and role(tensors.row(0)) == "parameter":
        return Counts(sum(prod(shape) * times for (shape,), times in kinds(tensors, "shape")))
    found: Counter[Role] = Counter()
    numels, dtypes, keys = iter(made_of(tensors, ("shape",), prod)), iter(column(tensors, "dtype")), iter(tensors)
    for place, many in pieces_of(stretches(tensors, monitor)):
        this = known.get(place or "", "other")
        if alike:
            monitor.check()
            found[this] += sum(islice(numels, many))
            continue
        for numel, dtype, key in stoppable(islice(zip(numels, dtypes, keys, strict=True), many), monitor):
            found["buffer" if this == "parameter" and is_called_buffer(key, dtype, tensors) else this] += numel
    return Counts(found["parameter"], found["buffer"], found["optimizer"], found["other"])


def names_no_buffer(tensors: TensorTable, monitor: Monitor = QUIET) -> bool:
    """Whether surely none of the tensors is a buffer, as their columns tell."""
    if not _TRAINED.issuperset(values_of(tensors, "dtype")):
        return False
    leaves = tensors.leaves()
    return not any(map(_names_a_buffer, sips(tensors, monitor))) if leaves is None else leaves.isdisjoint((*_BUFFERS, "weight_v"))


def _names_a_buffer(keys: Sequence[str]) -> bool:
    names = "\n".join(keys) + "\n"
    return any(f"{name}\n" in names for name in (*_BUFFERS, "weight_v"))


def _buffers(infos: Sequence[TensorInfo], names: Collection[str]) -> Sequence[TensorInfo]:
    """Those of a piece of the tensors of a model's state dict that are buffers."""
    if _names_a_buffer([info.key for info in infos]):
        return [info for info in infos if is_buffer(info, names)]
    if _TRAINED.issuperset(distinct(map(_DTYPE, infos))):
        return ()
    return [info for info in infos if info.dtype not in _TRAINED]


def _elements(infos: Iterable[TensorInfo]) -> int:
    return _numel(map(_SHAPE, infos))


def _numel(shapes: Iterable[tuple[int, ...]]) -> int:
    numel = Few[tuple[int, ...], int](prod)
    return sum(sum(map(numel.__getitem__, piece)) for piece in in_pieces(shapes))
