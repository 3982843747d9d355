"""Values that `torch.load` refuses by default as plain data, so that it takes the file: numpy numbers, options, paths, dates, objects."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.graph import BIGINT, BIGTEXT, EXT, FROZENSET, GLOBAL, GLOBALDYN, PYSTR, PYSTRTEXT, SET, Graph
from inspector.core.keypath import ancestors, visible
from inspector.core.limits import LIMITS
from inspector.core.pickles.objects.contents import Slot, contents_of
from inspector.core.pickles.objects.storages import KnownStorages
from inspector.core.pickles.objects.weights_only import refused_names, unread_literals
from inspector.core.pickles.objects.weights_only_names import rules_of
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.quantized_layers import said_of
from inspector.core.torch_load import Refused, devices_of, in_words, loads_with_torch, refused_calls, refused_values
from inspector.core.wording import counted

from .plain_data.making import NOW, Change, Making, taken_keys
from .tools.common import Edit, edited
from .tools.globs import matcher
from .tools.rewriting import on_new_source, rewritten

_ONE_PICKLE = frozenset({"torch-zip", "torch-legacy", "torch-tar", "pickle"})
_NAMES = (GLOBAL, GLOBALDYN, EXT)
_OF_PYTHON = (BIGINT, BIGTEXT, FROZENSET, PYSTR, PYSTRTEXT, SET)
_TOLD = 6


@dataclass(frozen=True)
class MakePlain(Edit):
    """Values that fit `glob` and that torch.load (weights_only=True) refuses become plain data: a numpy number a number, an array a
    tensor, a Namespace or any other object a dict of its attributes, a path or a date a text, a range or deque a list, an enum its value,
    a module its state dict. What is in them becomes keys of their own.

    >>> import argparse, torch
    >>> torch.save({"args": argparse.Namespace(lr=0.1)}, folder / "a.pth")
    >>> core.edit(folder / "a.pth", [core.MakePlain("*")]).values
    mappingproxy({'args.lr': 0.1})
    """

    glob: str
    OPTION: ClassVar[str] = "plain"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        making = self._made(ckpt, monitor)
        if making is None or not making.editor.changed:
            return edited(ckpt, self)
        try:
            source = rewritten(ckpt.as_opened, making.editor, making.storages, monitor)
        except ValueError:                          # an object that is needed to make itself
            return edited(ckpt, self)
        return on_new_source(ckpt, self, source, [(key, said_of(ckpt.as_opened, key)) for key in making.packed])

    def _made(self, ckpt: Checkpoint, monitor: Monitor) -> Making | None:
        """The values made plain in the graph of the file's pickle; None when there is nothing to do."""
        source = ckpt.as_opened
        fits = self._fits()
        refused = [(one, key) for one, key in refused_values(ckpt) if fits(key)]
        if not refused or source.format not in _ONE_PICKLE:
            return None
        return _making(source, refused, monitor)

    def _fits(self) -> Callable[[str], object]:
        return matcher(self.glob or "*")

    def _fitting(self, ckpt: Checkpoint) -> list[Refused]:
        fits = self._fits()
        return [one for one in loads_with_torch(ckpt).refused if fits(one.key)]

    def touched(self, before: Checkpoint, after: Checkpoint) -> Iterable[str]:
        left = {(one.key, one.name) for one in loads_with_torch(after).refused}
        return dict.fromkeys(one.key for one in self._fitting(before) if (one.key, one.name) not in left)

    def kinds_before(self, before: Checkpoint) -> Mapping[str, str]:
        return {one.key: one.words for one in reversed(self._fitting(before))}

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        fitting = self._fitting(before)
        if not fitting:
            return ["Nothing that fits is refused by torch.load (weights_only=True)."]
        if before.as_opened.format not in _ONE_PICKLE:
            return ["The values of such a file are not made plain; its objects are left out where it is written as another file."]
        making = self._made(before, monitor)
        assert making is not None
        became_what = _what_became(fitting, making.changes)
        if len(became_what) > _TOLD:
            became_what = [*became_what[:_TOLD],
                           f"{counted(len(became_what) - _TOLD, 'more value becomes', 'more values become')} plain data."]
        lost = [f"{visible(change.key, 60) or 'the object'} loses {change.lost}." for change in making.changes if change.lost]
        if len(lost) > _TOLD:
            lost = [*lost[:_TOLD], f"{counted(len(lost) - _TOLD, 'more value loses', 'more values lose')} as much."]
        more = [*became_what, *lost]
        fits = self._fits()
        left = [one for one in loads_with_torch(after).refused if fits(one.key)]
        for key in list(dict.fromkeys(one.key for one in left))[:_TOLD]:
            one = next(one for one in left if one.key == key)
            more.append(f"{visible(key, 60) or 'the object'} stays what it is, {in_words([one])}: there is no plain form for it.")
        away = devices_of(after) if not loads_with_torch(after).refused else ()
        if away:
            tags = ", ".join(visible(tag, 40) for tag in away[:_TOLD])
            more.append(f"Tensors stay on {tags}: where that is missing, torch.load needs map_location=\"cpu\"; --device '*=cpu' takes the "
                        "tags away.")
        return more

    @property
    def text(self) -> str:
        return self.glob

    @classmethod
    def parse(cls, text: str, option: str) -> MakePlain:
        matcher(text)
        return cls(text)


def plain_source(source: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
    """`source`, a checkpoint of one pickle that is not edited, with all that torch refuses made plain, but for what Python has and torch
    alone refuses: long integers, frozen sets, texts of Python 2. Those stay. Raises Cancelled."""
    refused = [(one, key) for one, key in refused_values(source) if one.node >= 0]
    making = _making(source, refused, monitor, literals=False)
    if not making.editor.changed:
        return source
    try:
        return rewritten(source, making.editor, making.storages, monitor)
    except ValueError:                              # an object that is needed to make itself
        return source


def _making(source: Checkpoint, refused: list[tuple[Refused, str]], monitor: Monitor, *, literals: bool = True) -> Making:
    """The graph of the source's pickle with these values (and the keys that they have) made plain. `literals`: what only its spelling is
    refused for, too."""
    graph = source.pickles[0].graph
    making = Making(source, graph, refused_names(graph, rules_of()), taken_keys(source))
    listed = [(one, key) for one, key in refused if one.node >= 0]
    kept = _NAMES if literals else (*_NAMES, *_OF_PYTHON)
    wanted = {n: key for one, key in reversed(listed) for n in one.within if graph.kind[n] not in kept}
    if literals and len(listed) < len(refused):     # something in no value, or in the pickle's language: written anew, as torch reads it
        wanted |= {n: "" for n in (*refused_calls(graph), *unread_literals(graph)) if n not in wanted}
        making.editor.rebuilt = True
    making.values(wanted)
    named = {(one.node, one.key) for one, _ in listed if graph.kind[one.node] in _NAMES}
    if named:
        making.names(_slots(source, graph, named, monitor))
    return making


def _what_became(fitting: Iterable[Refused], changes: Iterable[Change]) -> list[str]:
    """What became of each value; of what was in one that is a number or text now nothing is left to say."""
    words: dict[str, str] = {}
    places: set[int] = {one.node for one in fitting}
    for one in fitting:
        words.setdefault(one.key, one.words)
    became: dict[str, str] = {}
    for change in changes:
        if change.node in places or change.key not in became:
            became[change.key] = change.now
    closed = {key for key, now in became.items() if now in ("number", "text", "bytes", "tensor", "value")}
    return [f"{visible(key, 60) or 'the object'} was {words[key]} and is {NOW[now]} now." for key, now in became.items()
            if key in words and not any(above in closed for above in ancestors(key))]


def _slots(source: Checkpoint, graph: Graph, named: set[tuple[int, str]], monitor: Monitor) -> list[Slot]:
    """Where the names stand that are values."""
    slots: list[Slot] = []
    known = KnownStorages(source.storages)
    contents_of(graph, known.resolve, resolve_many=known.resolve_many, limits=LIMITS.of_file(source.nbytes),
                monitor=monitor, slots=slots, like=source)
    return [slot for slot in slots if (slot.node, slot.key) in named]
