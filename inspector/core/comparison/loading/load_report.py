"""What `load_state_dict(strict=True)` would say, without a model, and what to do about it."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from inspector.core.comparison.pairing.match import match
from inspector.core.comparison.pairing.rules import Rule, Shapes
from inspector.core.edits.recipe import parse_edit
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import literal, matcher, patterns_for
from inspector.core.keypath import ancestors, leaf_of, visible
from inspector.core.progress import QUIET, Monitor

from .inner_merges import InnerMerge
from .lists import Lists, compare_names
from .optimizer_groups import OptimizerFit
from .renaming import Step, steps_for
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

    def by_name(self, after: Lists) -> int:
        """How many of the keys that load `after` a step do so by their names alone."""
        missing = {*after.missing}
        return sum(key not in missing for key in self.unsized)

    @property
    def notes(self) -> list[str]:
        """What is to be known of the weights that `suggested` transposes."""
        if not any(option == "--transpose" for option, _ in self.suggested):
            return []
        square = f"square weights have one shape either way, and are left as they are; compare their values: {_few(self.square)}"
        return [f"{_few(self.turned)} fit{'s' * (len(self.turned) == 1)} transposed, as other libraries keep weights",
                *([square] if self.square else [])]

    @property
    def edits(self) -> tuple[Edit, ...]:
        """`suggested` as edits."""
        return tuple(parse_edit(option, text) for option, text in self.suggested)

    @property
    def loads(self) -> bool:
        """Whether all that was looked at fits: the model, the others, and the optimizers' state."""
        return self.lists.loads and all(lists.loads for _, lists in self.others) and all(one.loads for one in self.optimizers)


def _few(keys: Sequence[str]) -> str:
    return ", ".join(visible(key, 80) for key in keys[:_NAMED]) + (f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else "")


def report(file: Shapes, model: Shapes, *, state_dict: str = "", metadata: Mapping[str, Any] | None = None,
           reference: str | None = None, optional: Set[str] = frozenset(), ties: Iterable[Ties] = (),
           monitor: Monitor = QUIET) -> LoadReport:
    """`file` and `model` map names to shapes, None where a shape is not known; `metadata` is the state dict's `_metadata`
    (None: the file has none); `reference` is what `--match` can be given, where there is one; `optional` are names of the model that
    need not be there, `ties` names that stand for one tensor."""
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
    renames, after_first = steps_for(respelled.values(), pairs.pairs)
    now = {name: after_first[respelled[name]] for name in file}
    left, after = then(now)
    if after.fitting <= lists.fitting:
        first, renames, now = [], [], {name: name for name in file}
        left, after = file, lists
    steps += [*first, *renames]
    turned = {one.key: None for one in after.mismatched if len(one.file) == 2 and one.file == one.model[::-1]}
    if turned:
        steps += [("--transpose", pattern) for pattern in _turning(turned, left)]
        file = {name: model[now[name]] if now[name] in turned else shape for name, shape in file.items()}
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
    leaves = {*map(leaf_of, turned)}
    square = (name for name, shape in left.items() if leaf_of(name) in leaves and name in model and shape is not None
              and len(shape) == 2 and shape[0] == shape[1] > 1)
    return LoadReport(lists, state_dict, tuple(steps), after, pairs.rules, pairs.offered, turned=(*turned,), square=(*square,))


def _turning(turned: Collection[str], names: Shapes) -> list[str]:
    """Patterns of the matrices `turned` and of no others: with `*` for the numbers of layers, where that is so."""
    short = [*dict.fromkeys(".".join("*" if part.isdigit() else literal(part) for part in name.split(".")) for name in turned)]
    if not len(short) <= min(len(turned) - 1, _MOST_DROPS):
        return patterns_for(turned)
    others = [name for name, shape in names.items() if name not in turned and (shape is None or len(shape) > 1)]
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
