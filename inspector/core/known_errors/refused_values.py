"""What `torch.load` says when it refuses a value: "Weights only load failed" (torch 1.13 to the newest, torch/serialization.py and
torch/_weights_only_unpickler.py)."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.core.checkpoint import Checkpoint
from inspector.core.edits.extract import Extract
from inspector.core.edits.make_plain import MakePlain
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import patterns_for
from inspector.core.keypath import ancestors, visible
from inspector.core.pickles.objects.weights_only_names import NEWEST, RELEASES
from inspector.core.torch_load import LoadsWithTorch, in_words, loads_with_torch
from inspector.core.training.weights import model_dicts

from .explanation import Case, Explanation, is_taken, search

_SIGNS = (r"Weights only load failed", r"WeightsUnpickler error", r"Unsupported global: GLOBAL", r"add_safe_globals")
_NAME = (r"Unsupported global: GLOBAL ([\w.]+)", r"unsupported GLOBAL ([\w.]+)", r"Unsupported class ([\w.]+)",
         r"unrecognized function <?(?:function |class |built-in function )?'?([\w.]+)",
         r"add_safe_globals(?:\(\[|`?,? but got <class ')'?([\w.]+)", r"but got <class '([\w.]+)'>")
_SHOWN = 12


def explain(case: Case) -> Explanation | None:
    if search(_SIGNS, case.text) is None:
        return None
    named = search(_NAME, case.text)
    name = named[1] if named else ""
    meaning = "torch.load, which takes weights and plain data only (weights_only=True, its default since 2.6), refused " + \
        (f"the name {visible(name, 120)}." if name else "the file.")
    if case.file is None:
        advice = () if case.unreadable else ("Name the file: it is then said at which keys it stands, and which edits end it.",)
        return Explanation("weights-only", meaning, advice=advice)
    told = loads_with_torch(case.file)
    again = case.file if not told.refused and not any(info.problem for info in case.file.tensors.values()) else None

    def is_good(after: Checkpoint) -> bool:
        return is_taken(after) or after is again        # only the container is at fault, as that of a plain pickle: another is written

    return Explanation("weights-only", meaning, tuple(_about(told, name, case.file)), case.remedies(_ways(case.file, told), is_good),
                       tuple(_advice(told)))


def _about(told: LoadsWithTorch, name: str, file: Checkpoint) -> Iterator[str]:
    keys = told.keys
    last = name.rpartition(".")[2]
    if name and told.refused and not any(one.name.rpartition(".")[2] == last for one in told.refused):
        yield f"This file does not name {visible(name, 120)}: the text may be about another one."
    if not told.refused:
        yield _taken(told, file)
        return
    ordered = sorted(keys, key=lambda key: not any(one.name.rpartition(".")[2] == last for one in keys[key]))
    for key in ordered[:_SHOWN]:
        yield f"{visible(key, 120) or 'The whole file'} is {in_words(keys[key])}."
    if len(ordered) > _SHOWN:
        yield f"{len(ordered) - _SHOWN:,} more keys hold such values."


def _taken(told: LoadsWithTorch, file: Checkpoint) -> str:
    if told.weights_only is not True:
        return told.sentence()
    refusing = [release for release in RELEASES if loads_with_torch(file, release).weights_only is False]
    if refusing:
        return f"torch {refusing[-1]} and older refuse this file, and torch {NEWEST} takes it as it is: a newer torch loads it."
    return "Nothing in this file is refused: the text is about another file."


def _ways(file: Checkpoint, told: LoadsWithTorch) -> Iterator[tuple[str, Sequence[Edit]]]:
    if not told.refused and is_taken(file):             # nothing is in the way of it
        return
    models = [path for path in model_dicts(file) if path or file.modules]
    plain = "torch.load takes it, with all these values as plain data"
    if "" in told.keys:                                 # the file itself is an object
        yield from _extractions(models)
        yield plain, (MakePlain("*"),)
        return
    if told.refused:
        keys = told.keys.keys()
        outer = [key for key in keys if keys.isdisjoint(ancestors(key))]
        yield plain, tuple(MakePlain(pattern) for pattern in patterns_for(outer))
        yield plain, (MakePlain("*"),)
    if not is_taken(file):
        yield "saved again, torch.load takes it", ()
    yield from _extractions(models)


def _extractions(models: Sequence[str]) -> Iterator[tuple[str, Sequence[Edit]]]:
    for path in models[:2]:
        what = f"the state dict of {visible(path, 80)}" if path else "the state dict"
        yield f"torch.load takes {what} alone", (Extract(path or "."),)


def _advice(told: LoadsWithTorch) -> Iterator[str]:
    names = list(dict.fromkeys(one.name for one in told.refused))
    if names:
        yield ("weights_only=False imports and calls whatever the file names: only for a file whose author you trust. "
               "`inspector check` says what that is.")
