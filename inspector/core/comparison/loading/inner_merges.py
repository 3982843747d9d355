"""A model that was saved with its adapters in it, and a model without: for each adapter, what merging it comes to, tried on the tables.

To drop the adapters would fit too, and give the model as it was before they were trained: that is never what is suggested.
"""
from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from typing import NamedTuple

from inspector.core.adapters import AdapterFit, inner_adapters, inner_fit
from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.pairing.match import match
from inspector.core.comparison.pairing.rules import Shapes
from inspector.core.comparison.pairing.sides import WHOLE
from inspector.core.edits.editing import edit
from inspector.core.edits.merge_adapter import MergeAdapter
from inspector.core.edits.recipe import parse_edit
from inspector.core.edits.tools.common import Edit
from inspector.core.errors import EditError
from inspector.core.progress import QUIET, Monitor

from .lists import Lists, compare_names
from .reference import names_in
from .renaming import Step, steps_for

_NO_NAMES: Set[str] = frozenset()


class InnerMerge(NamedTuple):
    """The adapter `name` that lies in the file beside its weights, and how it `fit`s them. `steps` merge it, after which
    `load_state_dict` says `after`: that was tried. Neither where merging was refused, for `refused`.

    `tried_alpha` is the alpha that it was tried with where nothing says the one of its training: `steps` have it, and are no advice until
    the right one stands there (`edits_to_fill_in`)."""

    name: str
    fit: AdapterFit
    steps: tuple[Step, ...] = ()
    after: Lists | None = None
    tried_alpha: float | None = None
    refused: str = ""

    @property
    def loads(self) -> bool:
        return self.after is not None and self.after.loads

    @property
    def edits(self) -> tuple[Edit, ...]:
        """`steps` as edits, where all that they say is known; else none."""
        return () if self.tried_alpha is not None else tuple(parse_edit(option, text) for option, text in self.steps)

    @property
    def edits_to_fill_in(self) -> tuple[Edit, ...]:
        """The same with ALPHA in the place of what nobody knows but who trained it."""
        return tuple(MergeAdapter(f":{self.name}=ALPHA") if option == "--merge-adapter" and self.tried_alpha is not None
                     else parse_edit(option, text) for option, text in self.steps)


def inner_merges(file: Checkpoint, path: str, model: Shapes, optional: Set[str] = _NO_NAMES,
                 monitor: Monitor = QUIET) -> tuple[InnerMerge, ...]:
    """One for each adapter that lies beside its weights in `file`, whose state dict at `path` is to load into `model`; none where the
    model has adapters too. Raises Cancelled."""
    if any(".lora_" in name for name in model):
        return ()
    return tuple(_merge(file, path, model, optional, name, _alpha_to_try(file, name, monitor), monitor)
                 for name in inner_adapters(file, monitor))


def _alpha_to_try(file: Checkpoint, name: str, monitor: Monitor) -> float | None:
    """Some alpha, where that is all that is not known of the adapter: its rank, as good as any other to see whether it fits."""
    modules = inner_fit(file, name, None, monitor).modules
    if not any(one.adapter.factor is None for one in modules):
        return None
    ranks = [one.adapter.rank for one in modules if one.adapter.rank]
    return float(max(ranks)) if ranks else None


def _merge(file: Checkpoint, path: str, model: Shapes, optional: Set[str], name: str, alpha: float | None,
           monitor: Monitor) -> InnerMerge:
    fit = inner_fit(file, name, alpha, monitor)
    if alpha is not None:               # what of the scale is told rests on no guess
        fit = replace(fit, modules=tuple(one._replace(adapter=one.adapter._replace(factor=None)) for one in fit.modules))
    best = InnerMerge(name, fit)
    text = f":{name}" if alpha is None else f":{name}={alpha:g}"
    for steps in _ways(("--merge-adapter", text), path):
        try:
            merged = edit(file, [parse_edit(*step) for step in steps], monitor)
        except EditError as error:
            best = best._replace(refused=best.refused or error.message)
            continue
        place = "" if steps[0][0] == "--extract" else path
        for more in dict.fromkeys(((), _names_in_line(merged, place, model))):
            found = _after(file, (*steps, *more), place, model, optional, monitor)
            if found is not None and (best.after is None or found.fitting > best.after.fitting):
                best = InnerMerge(name, fit, (*steps, *more), found, alpha)
            if best.loads:
                return best
    return best


def _ways(merge: Step, path: str) -> Iterator[tuple[Step, ...]]:
    """The step; the same once the state dict was taken out, as the names of a whole module are its own."""
    yield (merge,)
    yield ("--extract", path if path not in ("", WHOLE) else "."), merge


def _names_in_line(merged: Checkpoint, place: str, model: Shapes) -> tuple[Step, ...]:
    """Steps that give the merged weights the names of the model."""
    names = names_in(merged, place)
    return tuple(steps_for(names, match(names, model).pairs)[0])


def _after(file: Checkpoint, steps: tuple[Step, ...], place: str, model: Shapes, optional: Set[str], monitor: Monitor) -> Lists | None:
    try:
        edited = edit(file, [parse_edit(*step) for step in steps], monitor)
    except EditError:
        return None
    names = names_in(edited, place)
    return compare_names(names, model, edited.module_metadata.get(place), optional) if names else None
