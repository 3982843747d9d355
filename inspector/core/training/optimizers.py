"""Optimizer state by the names of the model's parameters.

torch.optim numbers parameters: `state` maps numbers (before torch 1.6 the objects' ids) to tensors, and the `params` lists of
`param_groups` say in which order. Since torch 2.6 `param_names` may stand beside them; torch.distributed.checkpoint's state
dicts and Megatron use the names themselves. Where there are only numbers, `parameter_order` tells what is unambiguous.
Source: torch/optim/optimizer.py `state_dict`, torch/distributed/checkpoint/state_dict.py.
"""
from __future__ import annotations

import re
from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque, TensorInfo
from inspector.core.keypath import ancestors, leaf_of, parent_of, relative, top_of, under, visible
from inspector.core.naming_conventions import PLAIN_WRAPPERS, WRAPPERS, is_average, paths_of_weights, tokens, without_wrappers
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.collector import collector_paused
from inspector.core.tensor_table import column, in_order, made_of, pieces_of, stretches
from inspector.core.wording import count

from .parameter_order import Reading, Shape, Slot, read, trainable

# state tensors that have the shape of their parameter
_SAME = frozenset(("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "square_avg", "grad_avg", "acc_delta", "sum",
                   "exp_inf", "prev", "step_size", "ax", "state1", "state2", "exp_avg_diff", "neg_pre_grad", "variance", "fp32_param"))
_TRIED = 10_000     # optimizers times models: as many of both as there are in a hostile file are not tried each with each
_GROUP = re.compile(r"(?:(.*?)\.)?param_groups\.(\d+)\.(?:(params|param_names)\.(\d+)|(.+))", re.DOTALL)
_ALL_WRAPPERS = {**WRAPPERS, **PLAIN_WRAPPERS}


class Optimizer(NamedTuple):
    """The state of one optimizer. `path` is that of its state dict, `kind` what it seems to be ("AdamW", "SGD with momentum",
    "" unknown). `parameters` maps what its state calls a parameter ("0", an old id, a name) to the parameter's key, or None;
    `slots` the same to the keys of its state tensors. `models` are the state dicts that the parameters lie in, `complete` says that
    these have no others. `nbytes` is what its tensors take; `reason` says why parameters could not be told, or is ""."""

    path: str
    kind: str
    parameters: Mapping[str, str | None]
    slots: Mapping[str, tuple[str, ...]]
    models: tuple[str, ...]
    complete: bool
    nbytes: int
    reason: str

    @property
    def of_model(self) -> str | None:
        """The state dict of the model it trains; None when that is not known, or when they are several."""
        return self.models[0] if len(self.models) == 1 else None

    @property
    def known(self) -> int:
        """How many parameters are told."""
        return sum(key is not None for key in self.parameters.values())


def optimizers(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[Optimizer, ...]:
    """The optimizers whose state is in the checkpoint, in order. Linear in the keys, and quick where there are none.

    >>> state = {"state": {0: {"momentum_buffer": np.ones((2, 2))}}, "param_groups": [{"lr": 0.1, "momentum": 0.9, "params": [0]}]}
    >>> found = core.optimizers({"model": {"w": np.ones((2, 2))}, "optimizer": state})[0]
    >>> found.path, found.kind, dict(found.parameters)
    ('optimizer', 'SGD with momentum', {'0': 'model.w'})
    """
    with collector_paused():                    # of a million parameters each has its own dict
        found = _collect(ckpt, monitor)
        if not found:
            return ()
        models = _models(ckpt, found, monitor)
        monitor.check()
        return tuple(_described(raw, models, len(found)) for raw in found.values())


def parameters_of_state(found: Iterable[Optimizer]) -> dict[str, str]:
    """Key of a state tensor -> key of the parameter that it belongs to, for those that are told.

    >>> state = {"state": {0: {"momentum_buffer": np.ones((2, 2))}}, "param_groups": [{"lr": 0.1, "momentum": 0.9, "params": [0]}]}
    >>> found = core.optimizers({"model": {"w": np.ones((2, 2))}, "optimizer": state})
    >>> core.parameters_of_state(found)
    {'optimizer.state.0.momentum_buffer': 'model.w'}
    """
    return {key: parameter for optimizer in found for id, parameter in optimizer.parameters.items() if parameter is not None
            for key in optimizer.slots.get(id, ())}


def state_of_parameters(found: Iterable[Optimizer]) -> dict[str, tuple[str, ...]]:
    """Key of a parameter -> keys of its state tensors.

    >>> state = {"state": {0: {"momentum_buffer": np.ones((2, 2))}}, "param_groups": [{"lr": 0.1, "momentum": 0.9, "params": [0]}]}
    >>> found = core.optimizers({"model": {"w": np.ones((2, 2))}, "optimizer": state})
    >>> core.state_of_parameters(found)
    {'model.w': ('optimizer.state.0.momentum_buffer',)}
    """
    result: dict[str, tuple[str, ...]] = {}
    for optimizer in found:
        for id, parameter in optimizer.parameters.items():
            if parameter is not None:
                result[parameter] = result.get(parameter, ()) + optimizer.slots.get(id, ())
    return result


# -- what the file holds of optimizers ----------------------------------------------------------------------------------------

_Field = tuple[str, Shape]
"""Key and shape of a tensor: whole ones would have to be made, of which there may be a million."""


class _State(Mapping[str, tuple[str, ...]]):
    """The keys of an optimizer's state tensors by what it calls the parameter. Those of one parameter follow each other: of a hundred
    thousand parameters none has a table of its own. `ids` are those that the groups list, each by itself, `skip` is how long the keys'
    beginning is up to the state."""

    def __init__(self, skip: int, ids: Mapping[str, str]) -> None:
        self._skip, self._ids = skip, ids
        self._numbers = ids if all(map(str.isdigit, ids)) else {id: id for id in ids if id.isdigit()}
        self._keys: list[str] = []
        self._shapes: list[Shape] = []
        self._starts = array("i")                       # where those begin that follow each other
        self._first: dict[str, int] = {}                # id -> the number of the first of these that is its
        self._more: dict[str, list[int]] = {}           # … and of others, of ids that come again

    def add(self, keys: Sequence[str], shapes: Iterable[Shape]) -> None:
        skip, ids, numbers, first, starts = self._skip, self._ids, self._numbers, self._first, self._starts
        head: str | tuple[str, ...] = ()                # how keys of the same parameter begin
        named = 0                                       # where that is told by all but the last segment, how long it is
        for place, key in enumerate(keys, len(self._keys)):
            if key.startswith(head) and (not named or key.find(".", named) < 0):
                continue
            end = key.find(".", skip)
            listed, named = numbers.get(key[skip:end]) if end >= 0 else None, 0
            if listed is not None:                      # as nearly all are; not the same text once more
                id, head = listed, key[:end + 1]
            else:
                id, _ = entry_of(key[skip:], ids)
                head = f"{key[:skip]}{id}." if key.startswith(f"{id}.", skip) else ()
                named = len(head)
            number = len(starts)
            starts.append(place)
            if first.setdefault(id, number) != number:
                self._more.setdefault(id, []).append(number)
        self._keys += keys
        self._shapes += shapes

    def fields(self, id: str) -> dict[str, _Field]:
        """The tensors of one parameter; none of one that has none."""
        found, first = dict[str, _Field](), self._first.get(id, -1)
        for number in (first, *self._more.get(id, ())) if first >= 0 else ():
            end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._keys)
            for place in range(self._starts[number], end):
                key = self._keys[place]
                found[entry_of(key[self._skip:], self._ids)[1]] = key, self._shapes[place]
        return found

    def unlisted(self) -> list[str]:
        """Those of its parameters that no group lists."""
        return [id for id in self._first if id not in self._ids]

    def __getitem__(self, id: str) -> tuple[str, ...]:
        if id not in self._first:
            raise KeyError(id)
        return tuple([key for key, _ in self.fields(id).values()])

    def __contains__(self, id: object) -> bool:
        return id in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def __repr__(self) -> str:
        return repr(dict(self))


class _Raw:
    """An optimizer as its keys spell it. `groups` are ids in order, `names` what `param_names` calls some of them."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.groups: dict[str, dict[str, str]] = {}     # … each by itself
        self.names: dict[str, str] = {}
        self.options: dict[str, Any] = {}               # of the first group
        self.state = _State(0, {})
        self.nbytes = 0
        self.type = ""

    def shape(self, id: str) -> Shape | None:
        """Of the parameter, where its state tells it."""
        fields = self.state.fields(id)
        for name, (_, shape) in fields.items():
            if name in _SAME:
                return shape
        row, column = (fields.get(name, ("", None))[1] for name in ("exp_avg_sq_row", "exp_avg_sq_col"))
        if row is not None and column:                              # Adafactor's: both without one dimension
            return (*row, column[-1])
        row, column = (fields.get(name, ("", None))[1] for name in ("row_var", "col_var"))
        if row and column:                                          # torch's own: one in its place
            return (*row[:-1], column[-1])
        shapes = {shape for _, shape in fields.values() if shape}
        return shapes.pop() if len(shapes) == 1 else None


def _collect(ckpt: Checkpoint, monitor: Monitor) -> dict[str, _Raw]:
    found: dict[str, _Raw] = {}
    names: dict[tuple[str, str], dict[str, str]] = {}           # of each group what stands where in its lists
    lists: dict[tuple[str, str], str] = {}                      # … and how the keys of the ids begin
    raw, group, listed, places, members = _Raw(""), "", "", dict[str, str](), dict[str, str]()
    head: str | tuple[str, ...] = ()                            # how the keys of a list begin
    for key, value in ckpt.values.items():
        if not key.startswith(head) or not (place := key[len(head):]).isdecimal():      # else one more of the same list, of many perhaps
            match = _GROUP.fullmatch(key) if "param_groups." in key else None
            if match is None:
                continue
            path, group, listed, place, option = match.groups()
            raw = found.setdefault(path or "", _Raw(path or ""))
            head = key[:len(key) - len(place)] if listed else ()
            if option and len(raw.groups) <= 1:
                raw.options.setdefault(option, value)
            if listed == "param_names":
                places = names.setdefault((raw.path, group), {})
            elif listed:
                lists[raw.path, group] = key[:len(key) - len(place)]
                members = raw.groups.get(group, {})
        if listed == "param_names":
            places[place] = str(value)
        elif listed and not isinstance(value, Opaque):
            id = str(value)
            if not members:
                raw.groups[group] = members
            members.setdefault(id, id)
    for its_group, head in lists.items():
        called = ((head + place, name) for place, name in names.get(its_group, {}).items())
        found[its_group[0]].names.update((str(ckpt.values[key]), name) for key, name in called
                                         if key in ckpt.values and not isinstance(ckpt.values[key], Opaque))
    _add_tensors(ckpt, found, monitor)
    for raw in list(found.values()):
        value = ckpt.values.get(raw.path)
        raw.type = value.type.rpartition(".")[2] if isinstance(value, Opaque) else ""
        if not raw.state:
            del found[raw.path]
    return found


def _add_tensors(ckpt: Checkpoint, found: dict[str, _Raw], monitor: Monitor) -> None:
    """Puts every tensor of an optimizer's "state" where it belongs."""
    places = dict.fromkeys(place for place, _ in stretches(ckpt.tensors, monitor) if place is not None and "state" in place)
    states: dict[str | None, tuple[_Raw, int]] = {place: at for place in places if (at := _state(place, found))}
    if not states:                                      # as in most files
        return
    all_keys, all_shapes = iter(ckpt.tensors), iter(column(ckpt.tensors, "shape"))
    all_nbytes = iter(made_of(ckpt.tensors, ("shape", "dtype"), _nbytes))
    for place, many in pieces_of(stretches(ckpt.tensors, monitor)):
        monitor.check()
        keys, shapes, nbytes = [*islice(all_keys, many)], [*islice(all_shapes, many)], sum(islice(all_nbytes, many))
        if (at := states.get(place)) is not None:
            raw, skip = at
            if not raw.state:                           # once for all its tensors: there may be as many ids as tensors
                groups = [*raw.groups.values()]
                raw.state = _State(skip, groups[0] if len(groups) == 1 else {id: id for group in groups for id in group})
            raw.nbytes += nbytes
            raw.state.add(keys, shapes)


def _nbytes(shape: Shape, dtype: str) -> int:
    return TensorInfo("", shape, dtype, None, (), 0, "", 0).nbytes


def _state(path: str, found: dict[str, _Raw]) -> tuple[_Raw, int] | None:
    """The optimizer in whose "state" the state dict at `path` lies, and how long the keys' beginning up to there is."""
    for above in (*reversed([*ancestors(path)]), path):
        if leaf_of(above) == "state":
            head, rest = parent_of(above), relative(path, above)
            raw = found.get(head)
            if raw is None and (not rest or top_of(rest).isdigit()) and "opt" in head.lower():
                raw = found[head] = _Raw(head)          # without param_groups, as torn out of its state dict
            if raw is not None:
                return raw, len(under(above))
    return None


def entry_of(rest: str, ids: Container[str] = ()) -> tuple[str, str]:
    """The parameter, by its number or name, and the field that a path within an optimizer's "state" is about: ("5", "exp_avg") of
    "5.exp_avg", ("fc.weight", "exp_avg") of "fc.weight.exp_avg" and of "exp_avg.fc.weight". `ids` are those that the groups list: names
    may begin with a number ("0.weight.exp_avg")."""
    head, _, tail = rest.partition(".")
    if head.isdigit() and tail and head not in ids:
        named = next((path for path in ancestors(rest) if path and path in ids), "")
        if named:
            return named, relative(rest, named)
    if head.isdigit() or not tail:
        return head, tail
    if head in _SAME:
        return tail, head
    return parent_of(rest), leaf_of(rest)


# -- which models there are ---------------------------------------------------------------------------------------------------

class _Model(NamedTuple):
    path: str
    tensors: list[TensorInfo]       # that can be parameters, in order


def _models(ckpt: Checkpoint, found: Mapping[str, _Raw], monitor: Monitor) -> list[_Model]:
    """The state dicts that may be what is trained."""
    known = dict(found)
    inside: dict[str, list[TensorInfo]] = {path: [] for path in paths_of_weights(ckpt.state_dicts) if _state(path, known) is None}
    first, every = 0, in_order(ckpt.tensors)
    for place, many in stretches(ckpt.tensors, monitor) if inside else ():
        if place is not None and place in inside:
            inside[place] += every[first:first + many]
        first += many
    return [_Model(path, kept) for path, infos in inside.items() if (kept := trainable(infos))]


# -- which parameter is which -------------------------------------------------------------------------------------------------

class _Fit(NamedTuple):
    models: tuple[str, ...]
    reading: Reading


def _described(raw: _Raw, models: Sequence[_Model], optimizers: int) -> Optimizer:
    ids = [list(group) for group in raw.groups.values()]
    unlisted = raw.state.unlisted()
    if unlisted:
        ids.append(sorted(unlisted, key=int) if all(id.isdigit() and len(id) < 20 for id in unlisted) else unlisted)
    every = [id for group in ids for id in group]
    named = raw.names or {id: id for id in every if not id.isdigit()}
    if not models:
        fit, reason = None, "the model itself is not in the file"
    elif optimizers * len(models) > _TRIED:
        fit, reason = None, f"{optimizers:,} optimizers and {len(models):,} models are too many to try each with each"
    elif len(named) == len(every):
        fit, reason = _by_name(raw, named, models)
    else:
        fit, reason = _by_order(raw, ids, models)
    parameters = {id: fit.reading.found.get(id) for id in every} if fit else dict.fromkeys(every)
    unknown = [*parameters.values()].count(None)
    if fit and unknown:
        reason = f"{unknown:,} of {count(len(every), 'parameter')} {'fits' if unknown == 1 else 'fit'} more than one tensor of the model"
    return Optimizer(raw.path, _kind(raw), parameters, raw.state, fit.models if fit else (),
                     bool(fit and fit.reading.exact and not unknown), raw.nbytes, reason)


def _by_name(raw: _Raw, named: Mapping[str, str], models: Sequence[_Model]) -> tuple[_Fit | None, str]:
    fits = []
    for model in models:
        names = {info.name: info for info in model.tensors}
        bare = {without_wrappers(name, _ALL_WRAPPERS): info for name, info in names.items()}
        found = {}
        for id, name in named.items():
            info = names.get(name) or bare.get(without_wrappers(name, _ALL_WRAPPERS))
            if info is not None and raw.shape(id) in (None, info.shape):
                found[id] = info.key
        if found:
            fits.append(_Fit((model.path,), Reading(found, len(found) == len(model.tensors))))
    return _best(raw, fits, "no state dict in the file has parameters of these names")


def _by_order(raw: _Raw, ids: Sequence[Sequence[str]], models: Sequence[_Model]) -> tuple[_Fit | None, str]:
    groups = [[Slot(id, raw.shape(id)) for id in group] for group in ids]
    count = sum(map(len, groups))
    fits = [_Fit((model.path,), reading) for model in models for reading in [_read(groups, model.tensors)] if reading]
    if not any(len(fit.reading.found) == count for fit in fits):
        fits += [_Fit((model.path,), reading) for model in models for tensors in _submodules(model, count)
                 for reading in [read(groups, tensors)] if reading and reading.exact]
        if len(models) > 1:
            together = [model for model in models if not is_average(model.path)]
            reading = _read(groups, [info for model in together for info in model.tensors])
            if reading and reading.exact:
                fits.append(_Fit(tuple(model.path for model in together), reading))
    return _best(raw, fits, "no state dict in the file has tensors of these shapes in this order")


def _read(groups: Sequence[Sequence[Slot]], tensors: Sequence[TensorInfo]) -> Reading | None:
    """`read`; where tensors say whether they need gradients, as in whole modules, first among those that do."""
    wanted = [info for info in tensors if info.requires_grad]
    reading = read(groups, wanted) if 0 < len(wanted) < len(tensors) else None
    return reading if reading is not None and reading.exact else read(groups, tensors)


def _submodules(model: _Model, count: int) -> list[list[TensorInfo]]:
    """The parts of a model, by the first names of its keys, that have `count` parameters: what one of several optimizers of a
    Lightning module trains."""
    parts: dict[str, list[TensorInfo]] = {}
    for info in model.tensors:
        parts.setdefault(top_of(info.name), []).append(info)
    return [part for part in parts.values() if len(part) == count and len(part) < len(model.tensors)]


def _best(raw: _Raw, fits: Sequence[_Fit], none: str) -> tuple[_Fit | None, str]:
    """The one fit that tells most; where several do, the one of the model that is named like the optimizer, or that is no
    average of another."""
    if not fits:
        return None, none
    most = max((fit.reading.exact, len(fit.reading.found)) for fit in fits)
    best = [fit for fit in fits if (fit.reading.exact, len(fit.reading.found)) == most]
    if len(best) > 1:
        mine = tokens(raw.path)
        alike = [fit for fit in best if mine and any(_alike(mine, tokens(path)) for path in fit.models)]
        best = alike or [fit for fit in best if not all(map(is_average, fit.models))] or best
    if len(best) > 1:
        names = ", ".join(visible(path, 60) or "the whole file" for fit in best[:4] for path in fit.models[:1])
        return None, f"it fits several state dicts alike: {names}"
    return best[0], ""


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """{"g"} and {"g"}, or {"generator"}."""
    if one == other or len(one) != 1 or len(other) != 1:
        return one == other
    short, long = sorted((*one, *other), key=len)
    return len(short) == 1 and long.startswith(short)


# -- what kind it is ----------------------------------------------------------------------------------------------------------

# the first whose options or state tensors are all there; from torch/optim and its best-known neighbours
_KINDS = (
    ("L-BFGS", {"history_size", "max_iter"}), ("NAdam", {"betas", "momentum_decay"}), ("Adadelta", {"rho"}),
    ("Adagrad", {"lr_decay", "initial_accumulator_value"}), ("ASGD", {"lambd", "t0"}), ("Rprop", {"etas.0"}), ("Rprop", {"step_sizes.0"}),
    ("RMSprop", {"alpha", "centered"}), ("Adafactor", {"exp_avg_sq_row"}), ("Adafactor", {"beta2_decay"}), ("Adafactor", {"row_var"}),
    ("Muon", {"ns_steps"}), ("SGD", {"momentum", "dampening"}), ("Adamax", {"exp_inf"}), ("Adam", {"exp_avg", "exp_avg_sq"}),
    ("RMSprop", {"square_avg"}), ("Adagrad", {"sum"}), ("Adam (8-bit)", {"state1", "state2"}), ("Lion", {"exp_avg"}),
    ("SGD", {"momentum_buffer"}),
)


def _kind(raw: _Raw) -> str:
    if raw.type and raw.type != "dict":
        return raw.type
    there = {*raw.options, *map(top_of, raw.options)}
    for id in islice(raw.state, 8):
        there.update(raw.state.fields(id))
    kind = next((kind for kind, marks in _KINDS if marks <= there), "")
    if kind == "SGD":
        used = raw.options.get("momentum", "momentum_buffer" in there)
        return "SGD with momentum" if used else "SGD"
    if kind == "Adam":
        decoupled, decay = raw.options.get("decoupled_weight_decay"), raw.options.get("weight_decay")
        if isinstance(decoupled, bool):
            return "AdamW" if decoupled else "Adam"
        return "Adam or AdamW" if decay else "Adam"         # the same state; without weight decay the same steps
    return kind
