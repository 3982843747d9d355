"""Names that a wrapper's name is in: "module-prefix" before all of them, or of torch's own wrappers anywhere; "wrapped-part" before all
that a part of the model holds."""
from __future__ import annotations

import re
from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import ancestors, join, relative, segments_of, top_of, under, visible
from inspector.core.naming_conventions import PLAIN_WRAPPERS, WRAPPERS, WRAPPERS_OWN
from inspector.core.tensor_table import joined
from inspector.core.wording import count

_SHOWN = 3


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    wrappers = {**PLAIN_WRAPPERS, **WRAPPERS}
    named = {wrapper for names in joined(ckpt.tensors) for wrapper in wrappers if f"{wrapper}." in names}
    for wrapper, whose in wrappers.items():
        if wrapper not in named:
            continue
        places = _prefixed(ckpt, f"{wrapper}.")
        averaged = [place for place in places if any(join(place, name) in ckpt.tensors for name in WRAPPERS_OWN)]
        if plain := [place for place in places if place not in averaged]:
            yield Finding("module-prefix", "info", visible(plain[0]),
                          f"All keys{_of(plain)} begin with {wrapper + '.'!r}: the model was wrapped in {whose} when it was saved.",
                          "A model that is not wrapped needs the keys without it.", keys=tuple(plain), prefix=f"{wrapper}.")
        if averaged:
            yield Finding("module-prefix", "info", visible(averaged[0]), f"All keys{_of(averaged)} but n_averaged begin with "
                          f"{wrapper + '.'!r}: it is torch's AveragedModel, the mean of a model over steps of its training.",
                          "A model that is not wrapped needs the keys without it, and no n_averaged.", keys=tuple(averaged),
                          prefix=f"{wrapper}.")
        if places:
            continue
        if wrapper in WRAPPERS:
            yield from _anywhere(ckpt, wrapper, whose)
        else:
            yield from _parts(ckpt, wrapper, whose)


def _of(places: list[str]) -> str:
    return "" if places == [""] else f" of {', '.join(visible(place, 60) for place in places[:_SHOWN])}"


def _prefixed(ckpt: Checkpoint, prefix: str) -> list[str]:
    """The state dicts all of whose tensors begin with `prefix`."""
    candidates = {place: f"{place}.{prefix}" if place else prefix for place in ckpt.state_dicts}
    found: set[str] = set()
    for info in ckpt.tensors.values():
        key, place = info[0], info[9]
        full = candidates.get(place) if place is not None else None
        if place is None or full is None:
            continue
        if key.startswith(full):
            found.add(place)
        elif info.name not in WRAPPERS_OWN:
            del candidates[place]
            if not candidates:
                return []
    return [place for place in ckpt.state_dicts if place in candidates and place in found]


def _anywhere(ckpt: Checkpoint, wrapper: str, whose: str) -> Iterator[Finding]:
    """A wrapper that nobody else is called like, in the names of parts."""
    is_in = re.compile(rf"(?:^|\.){wrapper}\.").search
    keys = [info.key for info in ckpt.tensors.values() if info.state_dict is not None and is_in(info.name)]
    if keys:
        places = dict.fromkeys(ckpt.tensors[key].state_dict or "" for key in keys)
        count = f"{len(keys):,} keys have" if len(keys) > 1 else "One key has"
        yield Finding("module-prefix", "info", visible(keys[0]), f"{count} {wrapper + '.'!r} in the name, as in {visible(keys[0], 80)}: "
                      f"parts of the model were wrapped in {whose} when it was saved.",
                      "A model that is not wrapped needs the keys without it.", keys=tuple(places), prefix=f"{wrapper}.")


def _parts(ckpt: Checkpoint, wrapper: str, whose: str) -> Iterator[Finding]:
    """Modules that hold nothing but one of the wrapper's name: what is wrapped has nothing beside it. A module of a class of somebody's
    own may be like that, too, and is then in every layer: those in numbered ones are left out."""
    inner = f".{wrapper}."
    names = [info.name for info in ckpt.tensors.values() if info.state_dict is not None]
    candidates = dict.fromkeys(name[:name.index(inner)] for name in names if inner in name)      # in the order of the file
    children: dict[str, set[str]] = {path: set() for path in candidates if not any(map(str.isdigit, segments_of(path)))}
    if not children:
        return
    for name in names:
        for path in ancestors(name):
            if path in children:
                children[path].add(top_of(relative(name, path)))
    parts = [path for path, segments in children.items() if segments <= {wrapper, *WRAPPERS_OWN}]
    if not parts:
        return
    listed = ", ".join(visible(under(join(path, wrapper)), 60) for path in parts[:_SHOWN]) + (" …" if len(parts) > _SHOWN else "")
    yield Finding("wrapped-part", "info", visible(join(parts[0], wrapper)), f"All keys of {count(len(parts), 'part')} of "
                  f"the model begin with {wrapper + '.'!r} ({listed}), as of a part that was wrapped in {whose} by itself.",
                  "A model without that wrapper needs the keys without it.", keys=tuple(parts), prefix=f"{wrapper}.")
