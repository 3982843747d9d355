"""What differs besides tensors: plain values and metadata."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.keypath import below, under
from inspector.core.plain_values import one_line

_WHOLE = "*"


class ValueChange(NamedTuple):
    """A value that differs. `a` and `b` show it on one line, None where a side has none; `where` is "value" or "metadata"."""

    key: str
    a: str | None
    b: str | None
    where: str = "value"


def value_changes(a: Checkpoint, b: Checkpoint, in_a: str = _WHOLE, in_b: str = _WHOLE) -> Iterator[ValueChange]:
    """Values of the compared state dicts, or of the whole files, that are not equal; then the files' metadata."""
    yield from _changed(_within(a, in_a), _within(b, in_b), "value")
    if in_a == in_b == _WHOLE or (a.metadata and b.metadata):
        yield from _changed(a.metadata, b.metadata, "metadata")


def _within(ckpt: Checkpoint, path: str) -> dict[str, Any]:
    if path == _WHOLE:
        return dict(ckpt.values)
    others = () if path else tuple(map(under, filter(None, ckpt.state_dicts)))
    return {name: ckpt.values[key] for key, name in below(ckpt.values, path) if not key.startswith(others)}


def _changed(a: Mapping[str, Any], b: Mapping[str, Any], where: str) -> Iterator[ValueChange]:
    for key, value in a.items():
        if key not in b:
            yield ValueChange(key, one_line(value), None, where)
        elif not _equal(value, b[key]):
            yield ValueChange(key, one_line(value), one_line(b[key]), where)
    for key, value in b.items():
        if key not in a:
            yield ValueChange(key, None, one_line(value), where)


def _equal(x: Any, y: Any) -> bool:
    """Of plain values: type and value, NaN equal to itself. Opaque ones by what is shown of them."""
    if isinstance(x, Opaque) and isinstance(y, Opaque):
        return (x.type, x.text) == (y.type, y.text)
    return type(x) is type(y) and (x == y or (x != x and y != y))
