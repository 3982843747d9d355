"""What differs besides tensors: plain values and metadata."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.keypath import below, under
from inspector.core.plain_values import one_line
from inspector.core.progress import QUIET, Monitor, stoppable

_WHOLE = "*"


class ValueChange(NamedTuple):
    """A value that differs. `a` and `b` show it on one line, None where a side has none; `where` is "value" or "metadata"."""

    key: str
    a: str | None
    b: str | None
    where: str = "value"


def value_changes(a: Checkpoint, b: Checkpoint, in_a: str = _WHOLE, in_b: str = _WHOLE,
                  monitor: Monitor = QUIET) -> Iterator[ValueChange]:
    """Values of the compared state dicts, or of the whole files, that are not equal; then the files' metadata."""
    yield from _changed(values_within(a, in_a), values_within(b, in_b), "value", monitor)
    if has_metadata((a, b), (in_a, in_b)):
        yield from _changed(a.metadata, b.metadata, "metadata", monitor)


def has_metadata(ckpts: Sequence[Checkpoint], paths: Sequence[str]) -> bool:
    """Whether the files' metadata is compared: where all of each file is, or all have any."""
    return all(path == _WHOLE for path in paths) or all(ckpt.metadata for ckpt in ckpts)


def values_within(ckpt: Checkpoint, path: str) -> dict[str, Any]:
    """name -> value of one state dict, without those of others inside it, or of the whole file."""
    if path == _WHOLE:
        return dict(ckpt.values)
    others = () if path else tuple(map(under, filter(None, ckpt.state_dicts)))
    return {name: ckpt.values[key] for key, name in below(ckpt.values, path) if not key.startswith(others)}


def _changed(a: Mapping[str, Any], b: Mapping[str, Any], where: str, monitor: Monitor) -> Iterator[ValueChange]:
    for key, value in stoppable(a.items(), monitor):
        if key not in b:
            yield ValueChange(key, one_line(value), None, where)
        elif not same_value(value, b[key]):
            yield ValueChange(key, one_line(value), one_line(b[key]), where)
    for key, value in stoppable(b.items(), monitor):
        if key not in a:
            yield ValueChange(key, None, one_line(value), where)


def same_value(x: Any, y: Any) -> bool:
    """Of plain values: type and value, NaN equal to itself. Opaque ones by what is shown of them."""
    if isinstance(x, Opaque) and isinstance(y, Opaque):
        return (x.type, x.text) == (y.type, y.text)
    return type(x) is type(y) and (x == y or (x != x and y != y))
