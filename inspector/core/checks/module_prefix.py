"""State dicts all of whose keys carry a wrapper's prefix: "module-prefix"."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import visible

# prefix -> who puts it there
_WRAPPERS = {"module.": "DataParallel or DistributedDataParallel", "_orig_mod.": "torch.compile"}


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    for prefix, wrapper in _WRAPPERS.items():
        places = _prefixed(ckpt, prefix)
        if places:
            where = "" if places == [""] else f" of {', '.join(visible(place, 60) for place in places[:3])}"
            yield Finding("module-prefix", "info", visible(places[0]),
                          f"All keys{where} begin with {prefix!r}: the model was wrapped in {wrapper} when it was saved.",
                          "A model that is not wrapped needs the keys without it.", keys=tuple(places), prefix=prefix)


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
            continue
        del candidates[place]
        if not candidates:
            return []
    return [place for place in ckpt.state_dicts if place in candidates and place in found]
