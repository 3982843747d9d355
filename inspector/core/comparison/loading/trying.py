"""Edits that are suggested, applied to the tables before they are: what comes of them is what is said."""
from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.pairing.rules import Shapes
from inspector.core.comparison.pairing.sides import WHOLE
from inspector.core.edits.editing import edit
from inspector.core.errors import EditError
from inspector.core.packed.logical import packed
from inspector.core.progress import QUIET, Monitor

from .inner_merges import inner_merges
from .lists import compare_names
from .load_report import LoadReport, report
from .reference import names_in
from .renaming import Step

Steps = tuple[Step, ...]

_HALVES = ("float16", "bfloat16")


def tried(found: LoadReport, file: Checkpoint, path: str, model: Shapes, optional: Set[str] = frozenset(),
          monitor: Monitor = QUIET) -> LoadReport:
    """The report once its edits were applied to the tables of `file`, whose state dict at `path` it is about: `after` is what comes of
    them, and those that cannot be applied, or do not help, are not suggested."""
    merges = () if found.lists.loads else inner_merges(file, path, model, optional, monitor)
    if merges:                  # other edits would only drop what was trained
        [only, *more] = merges
        known = bool(only.edits) and only.loads and not more
        return replace(found, suggested=only.steps, after=only.after or found.lists, merges=merges) if known \
            else replace(found, suggested=(), after=found.lists, merges=merges)
    best = _with_edits(found, file, path, model, optional, monitor)
    return best if best.lists.loads else _unpacked(best, file, path, model, optional, monitor)


def _with_edits(found: LoadReport, file: Checkpoint, path: str, model: Shapes, optional: Set[str], monitor: Monitor) -> LoadReport:
    for steps in _ways(found.suggested, path):
        chosen = replace(found, suggested=steps)
        try:
            edited = edit(file, chosen.edits, monitor)
        except EditError:
            continue
        place = "" if steps[0][0] == "--extract" else path
        names = names_in(edited, place)
        after = compare_names(names, model, edited.module_metadata.get(place), optional)
        if names and (after.loads or (after.fitting and (after == found.after or after.fitting > found.lists.fitting))):
            return replace(chosen, after=after)
    return replace(found, suggested=(), after=found.lists)


def _unpacked(best: LoadReport, file: Checkpoint, path: str, model: Shapes, optional: Set[str], monitor: Monitor) -> LoadReport:
    """`best`, or what is better: packed weights (GPTQ, AWQ, fp8 …) as the numbers that they stand for. Where as many keys fit either way,
    `best` would drop the scales that the model does not have, and keep codes under the names of weights."""
    there = [one for one in packed(file, monitor).values() if one.decoder is not None and not one.is_adapter]
    if not there:
        return best
    step: Step = ("--dequantize", there[0].dtype if there[0].dtype in _HALVES else "float32")
    try:
        plain = edit(file, replace(best, suggested=(step,)).edits, monitor)
    except EditError:
        return best
    again = report(names_in(plain, path), model, state_dict=best.state_dict, metadata=plain.module_metadata.get(path), optional=optional,
                   monitor=monitor)
    again = _with_edits(again, plain, path, model, optional, monitor)
    if not again.after.fitting or again.after.fitting < best.after.fitting:
        return best
    return replace(again, lists=best.lists, suggested=(step, *again.suggested))


def _ways(suggested: Steps, path: str) -> Iterator[Steps]:
    """The steps; the same once the state dict was taken out, as the names of a whole module are its own; and without the copies."""
    extraction = ("--extract", path if path not in ("", WHOLE) else ".")
    fewer = tuple(step for step in suggested if step[0] != "--copy")
    for steps in dict.fromkeys((suggested, fewer)):
        if steps:
            yield steps
            if steps[0][0] != "--extract":
                yield extraction, *steps
