"""How leaves are named, shown on one line, and written as JSON. Text from a file stays plain text."""
from __future__ import annotations

import math
from collections import Counter
from operator import itemgetter
from typing import Any

from .checkpoint import Opaque, Plain
from .keypath import quoted, visible

_SHORT = 24         # characters of any float, and …
_SHORTER = 10**20   # … of integers below this
_JSON_DEPTH = 2     # leaves hold no values below that; whatever claims to is shown as its type


class NamedTwice(ValueError):
    """Something has a name twice: readers differ in which of the two they take."""


def json_once(data: str | bytes) -> Any:
    """What the JSON text says, in which no object has a name twice. Raises NamedTwice, ValueError."""
    import json  # seldom needed, and this module is part of every start
    try:
        return json.loads(data, object_pairs_hook=once)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The dict of `pairs`. Raises NamedTwice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = max(Counter(name for name, _ in pairs).items(), key=itemgetter(1))[0]
        raise NamedTwice(f"it names {quoted(twice, 80)} twice")
    return found


def type_name(value: Plain) -> str:
    """What Python would call the value's type ("int", "NoneType"); of an opaque value, its name as the file says it.

    >>> core.type_name(3), core.type_name(None), core.type_name(core.Opaque("omegaconf.ListConfig", "[1, 2]"))
    ('int', 'NoneType', 'omegaconf.ListConfig')
    """
    return value.type if isinstance(value, Opaque) else type(value).__name__


def one_line(value: Plain, limit: int = 200) -> str:
    """The value on one line of at most about `limit` characters, everything invisible or misleading escaped.

    >>> core.one_line("two\\nlines"), core.one_line(list(range(100)), 20)
    ('two\\\\nlines', 'list of 100')
    """
    if limit >= _SHORT and ((type(value) is int and -_SHORTER < value < _SHORTER) or type(value) is float):
        return repr(value)                  # as most values are, of which there may be many
    if isinstance(value, str):
        return visible(value, limit)
    if isinstance(value, Opaque):
        return visible(value.text, limit)
    if isinstance(value, bytes):
        return visible(f"{value[:limit]!r}", limit) + ("…" if len(value) > limit else "")
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4096:
        return f"{value.bit_length():,}-bit integer"     # Python itself refuses to print those
    if isinstance(value, (list, dict, tuple)) and value:
        return f"{type(value).__name__} of {len(value)}"
    return visible(repr(value), limit)


def to_json(value: Any) -> Any:
    """The value as `json.dumps` takes it: non-finite numbers as "nan", "inf" and "-inf", complex numbers as [real, imaginary],
    bytes and opaque values as their one line, text as it is. Never raises.

    >>> core.to_json({"loss": float("nan"), "z": 1 + 2j, "name": "run"})
    {'loss': 'nan', 'z': [1.0, 2.0], 'name': 'run'}
    """
    return _json(value, _JSON_DEPTH)


def _json(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 4096 else one_line(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, complex):
        return [_json(value.real, 0), _json(value.imag, 0)]
    if isinstance(value, bytes):
        return value.decode("ascii", "backslashreplace")
    if isinstance(value, Opaque):
        return value.text
    if depth > 0 and isinstance(value, dict):
        return {str(key): _json(item, depth - 1) for key, item in value.items()}
    if depth > 0 and isinstance(value, (list, tuple)):
        return [_json(item, depth - 1) for item in value]
    return type(value).__name__
