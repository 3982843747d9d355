"""Names of a model that stand for one tensor, of which a file has one alone: what a copy gives the other names."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.pairing.rules import Shapes
from inspector.core.comparison.pairing.sides import tensors_of
from inspector.core.edits.copy import Copy
from inspector.core.keypath import is_within, leaf_of, parent_of
from inspector.core.naming_conventions import TIED_NAMES

from .renaming import Step

Ties = Mapping[str, tuple[str, ...]]
"""name -> the names of the same tensor, itself among them or not. One tuple for all of a group, which may be a hundred thousand."""

_MOST = 16


def ties_in(ckpt: Checkpoint, path: str) -> Ties:
    """Names in the state dict at `path` that are the same elements of one storage, each with all of them."""
    groups: dict[object, list[str]] = {}
    for name, info in tensors_of(ckpt, path).items():
        if info.numel and info.view is not None:
            groups.setdefault(info.view, []).append(name)
    return {name: group for group in map(tuple, groups.values()) if len(group) > 1 for name in group}


def told_by_metadata(metadata: Mapping[str, str]) -> Ties:
    """What `safetensors.torch.save_model` says of the names that it left out: name -> the one that it kept."""
    return {name: (kept,) for name, kept in metadata.items() if name not in ("format", "total_size")}


def copies(missing: Sequence[str], file: Shapes, model: Shapes, ties: Iterable[Ties]) -> tuple[list[Step], Shapes]:
    """The copies that give names that are `missing` in `file`: of a tensor of the same shape that is the same in the model, as `ties`
    know it, or else by what such names usually are. The steps, and the names that they make."""
    known = list(ties)
    usual = _Usual(file, model)
    found: dict[str, str] = {}
    sources: dict[tuple[object, ...], str | None] = {}         # by group and shape: all names of one have the same
    for name in missing:
        told = [some[name] for some in known if name in some]
        of = (name,) if not told else (model.get(name), *map(id, told))
        if of not in sources:
            sources[of] = usual.source_of(name) if not told else next(
                (other for other in chain.from_iterable(told) if other in file and _are_alike(name, other, file, model)), None)
        source = sources[of]
        if source is not None:
            found[name] = source
    steps = _as_steps(found, file)
    return steps, {name: file[source] for name, source in found.items()} if steps else {}


def _are_alike(name: str, source: str, file: Shapes, model: Shapes) -> bool:
    shape, wanted, other = file[source], model.get(name), model.get(source)
    return (wanted is None or shape is None or shape == wanted) and (wanted is None or other is None or wanted == other)


class _Usual:
    """What models usually tie names to, among the names of a file: which of these may be it is looked for once, and once for each shape."""

    def __init__(self, file: Shapes, model: Shapes) -> None:
        self._file, self._model = file, model
        self._ending: dict[str, list[str]] | None = None                # names of the file by how they end
        self._known: dict[tuple[str, object], str | None] = {}          # by that and shape: one that a name can be tied to

    def source_of(self, name: str) -> str | None:
        """The name that is meant, of a tensor of the same shape; the one beside `name` alone where there is one."""
        for end, sources in TIED_NAMES:
            if name == end or name.endswith(f".{end}"):
                head = name[:-len(end)]
                for source in sources:
                    beside = head + source
                    found = self._anywhere(name, source) if beside not in self._file else \
                        beside if _are_alike(name, beside, self._file, self._model) else None
                    if found is not None:
                        return found
        return None

    def _anywhere(self, name: str, source: str) -> str | None:
        form = source, self._model.get(name)
        if form not in self._known:
            self._known[form] = next((other for other in self._ending_in(source) if _are_alike(name, other, self._file, self._model)), None)
        return self._known[form]

    def _ending_in(self, source: str) -> list[str]:
        if self._ending is None:
            self._ending = {ending: [] for _, sources in TIED_NAMES for ending in sources}
            endings = tuple(f".{ending}" for ending in self._ending)
            for other in self._file:
                if f".{other}".endswith(endings):
                    for ending, names in self._ending.items():
                        if f".{other}".endswith(f".{ending}"):
                            names.append(other)
        return self._ending[source]


def _as_steps(found: Mapping[str, str], file: Shapes) -> list[Step]:
    """A copy for each name; one for a whole group, where all of it is copied. None at all where there are too many."""
    steps: list[Step] = []
    done: set[str] = set()
    for name, source in found.items():
        if name in done:
            continue
        if len(steps) == _MOST:
            return []
        group = _whole_group(name, source, found, file)
        done |= group.keys() if group else {name}
        pair = _heads(name, source) if group else (name, source)
        steps.append(("--copy", Copy(pair[1], pair[0]).text))
    return steps


def _whole_group(name: str, source: str, found: Mapping[str, str], file: Shapes) -> dict[str, str]:
    """The copies of all that is in the group of `source`, where just those are wanted; {} where it is no group of several."""
    to, of = _heads(name, source)
    inside = {to + key[len(of):]: key for key in file if is_within(key, of)} if of and to else {}
    return inside if len(inside) > 1 and all(found.get(key) == value for key, value in inside.items()) else {}


def _heads(name: str, source: str) -> tuple[str, str]:
    """Both names without the segments that they end in alike."""
    while leaf_of(name) == leaf_of(source) and parent_of(name) and parent_of(source):
        name, source = parent_of(name), parent_of(source)
    return name, source

