"""What `load_state_dict(strict=True)` would say, without a model, and what to do about it."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from inspector.core.comparison.pairing.match import match
from inspector.core.comparison.pairing.rules import Rule, Shape, Shapes
from inspector.core.edits.recipe import parse_edit
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import literal, matcher, patterns_for
from inspector.core.keypath import ancestors, leaf_of, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from .inner_merges import InnerMerge
from .lists import Lists, compare_names
from .optimizer_groups import OptimizerFit
from .renaming import Step, steps_for
from .rows import grids, resizings
from .ties import Ties, copies
from .weight_norm import RENAMES, old_names, to_be_renamed

_MOST_DROPS = 16        # patterns that somebody reads one by one; more are one pattern
_MOST_NAMES = 200
_NAMED = 6              # keys in a sentence


@dataclass(frozen=True, slots=True)
class LoadReport:
    """`lists` as the file stands; `suggested` steps (option, argument) after which they are `after`. `state_dict` is the path
    of the state dict that was taken; `rules` are those the suggestion rests on, `offered` those it does not use.

    Of two checkpoints that hold more than one model's state dict: `others` are the lists of the further ones that both have, by their
    path, and `optimizers` what is said of the state of optimizers. Of a model that was saved with its adapters in it, `merges` say what
    each of them comes to; `suggested` merges the adapter where there is one and it is known how.

    `alike` are the paths of further models in the file that load as they are, as an average of the weights does.

    `pickled`: what is at `state_dict` is a whole module, of which its `state_dict()` is meant.

    `turned` are weights that fit once they are transposed, which `suggested` does; `square` are those of which no shape could tell.

    `broken` are keys of the state dict whose values cannot be had, so that nothing loads the file as it is. `prefixes` are others below
    which all of the model's keys are, too, where `suggested` strips one. `casts` are the element types in the file and in the model it is
    held against, with the number of keys that load_state_dict casts, of a file that loads.

    `numbering` says which layers the file counts from another number than the model, and how they were matched.

    `resized` says what becomes of the rows of embeddings that `suggested` resizes, `grids` which embeddings of an image's positions no
    edit fits to the model's.

    `unsized` are keys of the model whose shapes nothing tells, as those that the text of an error only calls missing."""

    lists: Lists
    state_dict: str
    suggested: tuple[Step, ...]
    after: Lists
    rules: tuple[Rule, ...] = ()
    offered: tuple[Rule, ...] = ()
    others: tuple[tuple[str, Lists], ...] = ()
    optimizers: tuple[OptimizerFit, ...] = ()
    merges: tuple[InnerMerge, ...] = ()
    unsized: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    pickled: bool = False
    turned: tuple[str, ...] = ()
    square: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    casts: tuple[tuple[str, str, int], ...] = ()
    numbering: tuple[str, ...] = ()
    resized: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()

    def by_name(self, after: Lists) -> int:
        """How many of the keys that load `after` a step do so by their names alone."""
        missing = {*after.missing}
        return sum(key not in missing for key in self.unsized)

    @property
    def notes(self) -> list[str]:
        """What is to be known of the keys that `suggested` takes, and of the weights that it transposes."""
        options = {option for option, _ in self.suggested}
        below = ", ".join(visible(prefix, 80) for prefix in self.prefixes)
        others = [f"the keys below {below} would load as well, once that is stripped"] if below and "--strip-prefix" in options else []
        others = [*self.numbering, *(self.resized if "--resize" in options else ()), *self.grids, *others]
        if "--transpose" not in options:
            return others
        square = f"weights that have one shape either way are left as they are; compare their values: {_few(self.square)}"
        return [*others, f"{_few(self.turned)} fit{'s' * (len(self.turned) == 1)} transposed, as other libraries keep weights",
                *([square] if self.square else [])]

    @property
    def without_values(self) -> str:
        """What is to be said of `broken`: "" where all values can be had."""
        return f"the values of {count(len(self.broken), 'tensor')} cannot be had: {_few(self.broken)}" if self.broken else ""

    @property
    def as_cast(self) -> str:
        """What is to be said of `casts`."""
        said = ", ".join(f"{was} -> {becomes} ({number:,})" for was, becomes, number in self.casts)
        return f"load_state_dict casts {count(sum(number for *_, number in self.casts), 'key')}: {said}" if said else ""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """`suggested` as edits."""
        return tuple(parse_edit(option, text) for option, text in self.suggested)

    @property
    def loads(self) -> bool:
        """Whether all that was looked at fits: the model, the others, and the optimizers' state."""
        return (self.lists.loads and not self.broken and all(lists.loads for _, lists in self.others)
                and all(one.loads for one in self.optimizers))


def _few(keys: Sequence[str]) -> str:
    return ", ".join(visible(key, 80) for key in keys[:_NAMED]) + (f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else "")


def report(file: Shapes, model: Shapes, *, state_dict: str = "", metadata: Mapping[str, Any] | None = None,
           reference: str | None = None, optional: Set[str] = frozenset(), ties: Iterable[Ties] = (), resized: bool = True,
           monitor: Monitor = QUIET) -> LoadReport:
    """`file` and `model` map names to shapes, None where a shape is not known; `metadata` is the state dict's `_metadata`
    (None: the file has none); `reference` is what `--match` can be given, where there is one; `optional` are names of the model that
    need not be there, `ties` names that stand for one tensor; `resized`: tables of another length are not dropped."""
    lists = compare_names(file, model, metadata, optional)
    steps: list[Step] = [("--extract", state_dict)] if state_dict else []
    if lists.loads:
        return LoadReport(lists, state_dict, tuple(steps), lists)

    def then(now: Mapping[str, str], gone: Set[str] = frozenset()) -> tuple[Shapes, Lists]:
        """The file's names as steps leave them, and what would be said of those."""
        left = {now[name]: shape for name, shape in file.items() if now[name] not in gone}
        return left, compare_names(left, model, metadata, optional)

    first, respelled = _respelled(file, model)
    pairs = match({respelled[name]: shape for name, shape in file.items()}, _as_the_file_spells(model, file), monitor=monitor)
    numbering = tuple(one.between("the file", "the model") for one in pairs.shifts)
    renames, after_first = steps_for(respelled.values(), pairs.pairs)
    now = {name: after_first[respelled[name]] for name in file}
    left, after = then(now)
    if after.fitting <= lists.fitting:
        first, renames, now = [], [], {name: name for name in file}
        left, after = file, lists
    steps += [*first, *renames]
    turned = {one.key: order for one in after.mismatched if (order := _order(one.file, one.model))}
    if turned:
        for order in dict.fromkeys(turned.values()):
            dims = "" if len(order) == 2 else f"={','.join(map(str, order))}"
            alike = [key for key in turned if turned[key] == order]
            steps += [("--transpose", pattern + dims) for pattern in _turning(alike, left, len(order))]
        file = {name: model[now[name]] if now[name] in turned else shape for name, shape in file.items()}
        left, after = then(now)
    resizes = resizings(after.mismatched) if resized else []
    if resizes and 2 * (after.fitting + len(resizes)) >= len(model):        # else it is another network
        steps += [one.step for one in resizes]
        now_called = {new: name for name, new in now.items()}
        file = {**file, **{now_called[one.name]: model[one.name] for one in resizes}}
        left, after = then(now)
    excess = [*after.unexpected, *(mismatch.key for mismatch in after.mismatched)]
    if excess and (after.fitting or not after.missing):
        drops = _drops(excess, [*left], reference)
        if drops:
            steps += drops
            left, after = then(now, {*excess})
    more, copied = copies(after.missing, left, model, ties)
    if more:
        steps += more
        after = compare_names({**left, **copied}, model, metadata, optional)
    orders: dict[str, set[tuple[int, ...]]] = {}
    for name, order in turned.items():
        orders.setdefault(leaf_of(name), set()).add(order)
    square = [name for name, shape in left.items() if name in model and shape and any(
        _is_alike(shape, order) for order in orders.get(leaf_of(name), ()))]
    return LoadReport(lists, state_dict, tuple(steps), after, pairs.rules, pairs.offered, turned=(*turned,), square=(*square,),
                      prefixes=_other_prefixes(file, model, steps), numbering=numbering,
                      resized=tuple(one.said for one in resizes), grids=grids(lists.mismatched))


def _other_prefixes(file: Shapes, model: Shapes, steps: Iterable[Step]) -> tuple[str, ...]:
    """Below what else in the file all of the model's keys are, with their shapes."""
    stripped = {text for option, text in steps if option == "--strip-prefix"}
    first = next(iter(model), "")
    found = [name[:-len(first)] for name in file if first and name.endswith(f".{first}")] if stripped else []
    return tuple(prefix for prefix in found if prefix not in stripped and all(
        (there := file.get(prefix + name)) is not None and there == shape for name, shape in model.items()))


def _order(file: Shape, model: Shape) -> tuple[int, ...]:
    """The dimensions of a weight as other libraries keep it, in the model's order; () where that is not what sets them apart. Kernels have
    inputs and outputs last (TensorFlow, JAX), the inputs alone (MLX), or are for each channel by itself (TensorFlow)."""
    last = len(file) - 1
    if last == 1:
        return (1, 0) if file == model[::-1] else ()
    orders = [(last, last - 1, *range(last - 1)), (0, last, *range(1, last)), (last - 1, last, *range(last - 1))] if 2 <= last <= 4 else []
    return next((order for order in orders if tuple(file[dim] for dim in order) == model), ())


def _is_alike(shape: Shape, order: tuple[int, ...]) -> bool:
    """Whether a tensor of that shape has it in the other order, too, and is another then."""
    moved = [dim for dim in order if dim < len(shape) and shape[dim] > 1]
    return len(shape) == len(order) and tuple(shape[dim] for dim in order) == shape and moved != sorted(moved)


def _turning(turned: Collection[str], names: Shapes, dims: int) -> list[str]:
    """Patterns of the tensors `turned`, which have so many dimensions, and of no others: with `*` for the numbers of layers, where that is
    so."""
    short = [*dict.fromkeys(".".join("*" if part.isdigit() else literal(part) for part in name.split(".")) for name in turned)]
    if not len(short) <= min(len(turned) - 1, _MOST_DROPS):
        return patterns_for(turned)
    those = {*turned}
    others = [name for name, shape in names.items()
              if name not in those and (shape is None or len(shape) == dims or len(shape) > dims == 2)]
    return patterns_for(turned) if any(fits(name) for fits in map(matcher, short) for name in others) else short


def _respelled(file: Shapes, model: Shapes) -> tuple[list[Step], dict[str, str]]:
    """The renames from the new names of weight normalisation to the old ones, where the model has those; name -> name after them."""
    olds = to_be_renamed(file, model)
    steps = [("--rename", f"{pattern}={replacement}") for pattern, replacement in RENAMES] if olds else []
    return steps, {name: olds.get(name, name) for name in file}


def _as_the_file_spells(model: Shapes, file: Shapes) -> Shapes:
    """`model` with the old names of weight normalisation, which its modules read, where the file has those."""
    olds = old_names(model) if any(name.endswith("_g") for name in file) and not old_names(file) else {}
    return {olds.get(name, name): shape for name, shape in model.items()} if olds else model


def _drops(excess: list[str], names: list[str], reference: str | None) -> list[Step]:
    """Edits that drop `excess` of `names` and nothing else: groups of which all goes, and single keys; [] when they are too many."""
    if reference is not None:
        return [("--match", reference)]
    gone = set(excess)
    kept = {group for name in names if name not in gone for group in ancestors(name)}
    paths = dict.fromkeys(_highest(name, kept) for name in excess)
    if len(paths) > _MOST_NAMES:
        return []
    globs = [literal(path) if path in gone else f"{literal(path)}.*" for path in paths]
    return [("--drop", glob) for glob in (globs if len(globs) <= _MOST_DROPS else patterns_for(paths))]


def _highest(name: str, kept: Set[str]) -> str:
    """The highest group that `name` is in and nothing that is `kept`, or the name itself."""
    found = name
    for group in ancestors(name):
        if not group or group in kept:
            break
        found = group
    return found
