"""A checkpoint without some of its keys: what dropping, keeping, matching and deleting a value have in common."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from inspector.core.checkpoint import Checkpoint, Opaque, Plain, TensorInfo
from inspector.core.keypath import ancestors, join, relative, segments_of, under
from inspector.core.progress import QUIET, Monitor, distinct, stoppable
from inspector.core.training.weights import optimizer_states

from .common import Edit, NearestDict, edited, needs_extraction, origin_of, reduced
from .optimizers import states_of
from .structure import Structure


def without(ckpt: Checkpoint, edit: Edit, gone: Iterable[str], monitor: Monitor = QUIET) -> Checkpoint:
    """`ckpt` without the keys `gone`, the optimizer's state of dropped parameters where it can be told, and what only held them:
    a container that nothing is left of goes too, and the items of a list close up. Raises EditError for tensors of a whole
    module, and when nothing is left."""
    away = _droppable(ckpt, distinct(gone, monitor), monitor)
    if not away:
        return edited(ckpt, edit, monitor=monitor)
    away |= _attached(ckpt, away, monitor)
    away |= states_of(ckpt, away, monitor).keys
    numbers = _closed_up(ckpt, away, monitor)
    came_from: dict[str, str] = {}
    tensors: dict[str, TensorInfo] = {}
    values: dict[str, Plain] = {}
    for key, info in stoppable(ckpt.tensors.items(), monitor):
        if key not in away:
            new = numbers.get(key, key)
            came_from[new] = key
            tensors[new] = info if new == key else _moved(info, new, numbers)
    for key, value in stoppable(ckpt.values.items(), monitor):
        if key not in away:
            new = numbers.get(key, key)
            came_from[new] = key
            values[new] = value
    kept = {ckpt.tensors[came_from[key]].state_dict: info.state_dict for key, info in stoppable(tensors.items(), monitor)}
    metadata = {kept[path]: _metadata(ckpt, path, table, away, monitor) for path, table in ckpt.module_metadata.items() if path in kept}
    state_dicts = tuple(kept[path] for path in ckpt.state_dicts if path in kept)
    return reduced(ckpt, edit, tensors, values, came_from, state_dicts=state_dicts, module_metadata=metadata, monitor=monitor)


def _moved(info: TensorInfo, key: str, numbers: Mapping[str, str]) -> TensorInfo:
    """A tensor in a list that closed up: its state dict may lie in the list, too."""
    place = info.state_dict
    if place:
        place = key[:-len(info.name) - 1] if key.endswith(f".{info.name}") else place
    return info._replace(key=key, state_dict=place)


def _droppable(ckpt: Checkpoint, gone: set[str], monitor: Monitor) -> set[str]:
    """`gone` without what hangs on objects that stay: their attributes belong to their classes. Raises EditError for the tensors
    of modules."""
    whole = {key for key, value in stoppable(ckpt.values.items(), monitor)
             if isinstance(value, Opaque) and value.type != "reference" and key not in gone}
    if not whole:
        return gone
    modules = ckpt.modules
    kept = set()
    for key in stoppable(gone, monitor):
        above = next((path for path in ancestors(key) if path in whole), None)
        if above is None:
            continue
        info = ckpt.tensors.get(key)
        if info is not None and info.state_dict in modules:
            raise needs_extraction(key, info.state_dict or "")
        kept.add(key)
    return gone - kept


def _attached(ckpt: Checkpoint, away: set[str], monitor: Monitor) -> set[str]:
    """What hangs on tensors that go."""
    attached = Structure(ckpt).attached(monitor)
    if not attached:
        return set()
    origin = origin_of(ckpt, monitor)
    lost = {origin.get(key, key) for key in stoppable(away, monitor)}
    return {key for key, old in stoppable(origin.items(), monitor) if attached.get(old) in lost}


def attributes_kept(ckpt: Checkpoint, wanted: Iterable[str], after: Checkpoint, monitor: Monitor = QUIET) -> int:
    """How many of the `wanted` keys are still there because they hang on an object."""
    there = distinct((after.edited.origin if after.edited else {}).values(), monitor)
    origin = origin_of(ckpt, monitor)
    return sum(1 for key in stoppable(wanted, monitor) if origin.get(key, key) in there)


# -- _metadata --------------------------------------------------------------------------------------------------------------------

def _metadata(ckpt: Checkpoint, path: str, table: Mapping[str, Any], away: set[str], monitor: Monitor) -> Mapping[str, Any]:
    """Without the modules that lost all their tensors, and those in them."""
    inside = [info for info in stoppable(ckpt.tensors.values(), monitor) if info.state_dict == path]
    lost = _all_above(info.name for info in stoppable(inside, monitor) if info.key in away)
    if not lost:
        return table
    empty = lost - _all_above(info.name for info in stoppable(inside, monitor) if info.key not in away) - {""}
    if not empty:
        return table
    return {module: facts for module, facts in stoppable(table.items(), monitor)
            if module not in empty and not any(above in empty for above in ancestors(module))}


def _all_above(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        for path in ancestors(name):
            if path in found:
                break
            found.add(path)
    return found


# -- lists ------------------------------------------------------------------------------------------------------------------------

def _closed_up(ckpt: Checkpoint, away: set[str], monitor: Monitor) -> dict[str, str]:
    """key -> new key for what comes after dropped items of lists."""
    lists = _lists(ckpt, away, monitor)
    if not lists:
        return {}
    items: dict[str, dict[int, bool]] = {path: {} for path in lists}      # list -> index -> whether anything of it is left
    starts = tuple(under(path) for path in lists)
    inside = [key for table in (ckpt.tensors, ckpt.values) for key in stoppable(table, monitor) if key.startswith(starts)]
    for key in stoppable(inside, monitor):
        for path in ancestors(key):
            found = items.get(path)
            if found is not None:
                index = _index(key, path)
                found[index] = key not in away or found.get(index, False)
    places = {path: {index: n for n, index in enumerate(sorted(i for i, left in found.items() if left))}
              for path, found in items.items()}
    numbers = {}
    for key in stoppable(inside, monitor):
        if key not in away:
            above = [path for path in ancestors(key) if path in places]
            new = _renumbered_in(key, above[0], places[above[0]]) if len(above) == 1 else _renumbered(key, places)
            if new != key:
                numbers[key] = new
    return numbers


def _lists(ckpt: Checkpoint, away: set[str], monitor: Monitor) -> list[str]:
    """The paths of lists that lose items."""
    structure, origin = Structure(ckpt), origin_of(ckpt, monitor)
    tails: dict[str, str] | None = None
    known: dict[str, bool] = {}
    places = NearestDict(ckpt.state_dicts)
    numbered = optimizer_states(ckpt)
    for key in stoppable(away, monitor):
        if not any(part.isdigit() for part in segments_of(key)):
            continue
        info = ckpt.tensors.get(key)
        place = info.state_dict if info is not None else places.of(key)
        rest = key
        if place is not None:
            if tails is None:
                tails = structure.tails(monitor)
            tail = tails.get(origin.get(key, key), "")
            if place and place not in numbered:
                rest = ""       # the state dict itself may be an item of a list
                for path, found in _numbers_in(place):
                    _ask(structure, origin, key, path, found, known)
            elif place == "" and not tail:
                continue
            rest = tail
        for path, found in _numbers_in(key):
            if len(key) - len(path) - 1 <= len(rest):
                _ask(structure, origin, key, path, found, known)
    return [path for path, is_list in known.items() if is_list]


def _numbers_in(key: str) -> Iterable[tuple[str, str]]:
    """(path above, number) for each segment that is a number."""
    path = ""
    for segment in segments_of(key):
        if segment.isdigit():
            yield path, segment
        path = join(path, segment)


def _ask(structure: Structure, origin: Mapping[str, str], key: str, path: str, number: str, known: dict[str, bool]) -> None:
    """Whether `path`, above `key`, is a list in the file: it may have another name there."""
    if path in known:
        return
    below = relative(key, path).count(".") + 1
    there = origin.get(key, key).rsplit(".", below)
    known[path] = structure.is_list(there[0] if len(there) > below else "")


def _index(key: str, path: str) -> int:
    at = len(path) + 1 if path else 0
    end = key.find(".", at)
    return int(key[at:] if end < 0 else key[at:end])


def _renumbered_in(key: str, path: str, numbers: Mapping[int, int]) -> str:
    """`key` in one list only, the one at `path`."""
    at = len(path) + 1 if path else 0
    end = key.find(".", at)
    number, rest = (key[at:], "") if end < 0 else (key[at:end], key[end:])
    return f"{key[:at]}{numbers[int(number)]}{rest}"


def _renumbered(key: str, places: Mapping[str, Mapping[int, int]]) -> str:
    new, path = "", ""
    for segment in segments_of(key):
        there = places.get(path)
        new = join(new, str(there[int(segment)]) if there is not None else segment)
        path = join(path, segment) if path or new != segment else segment
    return new
