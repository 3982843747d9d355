"""Where a value goes whose path is not there yet."""
from __future__ import annotations

from collections.abc import Container, Iterable

from inspector.core.keypath import is_under, join, relative, segments_of


def missing_dicts(key: str, above: str, keys: Iterable[str], known: Container[str]) -> list[str]:
    """The paths of the dicts that are needed between the dict at `above` and a new value at `key`, the outermost first; none where names
    that were there before (the `known` among the `keys`) begin like it in that dict, as the names of a state dict do: then it is one
    name like them."""
    segments = segments_of(relative(key, above))
    first = join(above, segments[0])
    if len(segments) < 2 or any(other in known and is_under(other, first) for other in keys):
        return []
    found, path = [], above
    for segment in segments[:-1]:
        path = join(path, segment)
        found.append(path)
    return found
