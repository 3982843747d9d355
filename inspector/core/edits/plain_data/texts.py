"""Values of Python's own libraries as the text that stands for them: dates as ISO 8601 has them, paths, numbers of other kinds."""
from __future__ import annotations

import datetime
from collections.abc import Callable

from inspector.core.checkpoint import Opaque
from inspector.core.graph import DICT, GLOBAL, Graph
from inspector.core.pickles.objects.calls import Call, call_of, tuple_items
from inspector.core.pickles.objects.names import Name, canonical
from inspector.core.pickles.objects.plain import scalar, short, small_integer
from inspector.core.pickles.objects.recognise import Leaf, view_of

_LONGEST = 2000         # characters of what is shown of an object that nothing is known about
_UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds",
          "us": "microseconds", "ns": "nanoseconds", "ps": "picoseconds", "fs": "femtoseconds", "as": "attoseconds"}
_PER_SECOND = {"s": 1, "ms": 10 ** 3, "us": 10 ** 6, "ns": 10 ** 9, "ps": 10 ** 12, "fs": 10 ** 15, "as": 10 ** 18}
_SECONDS = {"m": 60, "h": 3600, "D": 86400, "W": 7 * 86400}
_NOT_A_TIME = -(1 << 63)


def text_of(graph: Graph, n: int) -> str | None:
    """The text that stands for call `n`, where it is a path, a date, a Decimal …; None for anything else."""
    call = call_of(graph, n)
    found = _TEXTS.get(call.name) if call.name else None
    return None if found is None else found(graph, call)


def name_of(graph: Graph, n: int) -> str:
    """What names the GLOBAL `n`: "int", "torch.nn.modules.linear.Linear"."""
    if graph.kind[n] != GLOBAL:
        return short(graph, n, _LONGEST, exact=True)
    module, name = canonical(*graph.names[graph.a[n]])
    return name if module == "builtins" else f"{module}.{name}"


def shown(graph: Graph, n: int) -> str:
    """One line for a call that nothing else is known about, as Python would write it: "C(1, 'a')"."""
    call = call_of(graph, n)
    name = "a computed object" if call.name is None else call.name[1] if call.name[0] == "builtins" else ".".join(call.name)
    args = [_argument(graph, arg) for arg in (call.args or ())[:16]]
    if call.name == ("functools", "partial"):           # its state: the function, arguments, keyword arguments, attributes
        parts = next((found for state in graph.states(n) if (found := tuple_items(graph, state)) is not None and len(found) == 4), None)
        if parts is not None:
            args += [_argument(graph, arg) for arg in (tuple_items(graph, parts[1]) or ())[:16]]
            pairs = graph.pairs(parts[2])[:16] if graph.kind[parts[2]] == DICT else []
            args += [f"{graph.loose_text(k)}={_argument(graph, value)}" for k, value in pairs]
    return f"{name}({', '.join(args)})"[:_LONGEST]


def _argument(graph: Graph, n: int) -> str:
    return name_of(graph, n) if graph.kind[n] == GLOBAL else short(graph, n, 200, exact=True)


def _shown_value(graph: Graph, call: Call) -> str | None:
    """The value as the tree has it."""
    view = view_of(graph, call.node)
    return view.value.text if isinstance(view, Leaf) and isinstance(view.value, Opaque) else None


def _date_and_time(graph: Graph, call: Call) -> str | None:
    text = _shown_value(graph, call)
    args = call.args or ()
    if text is None or len(args) < 2:
        return text
    offset = _offset(graph, args[1])
    return text + (offset if offset is not None else f" ({shown(graph, args[1])})")


def _offset(graph: Graph, n: int) -> str | None:
    """What a time zone adds to a time: "+02:00". None where the zone has no fixed offset that is known."""
    if graph.kind[n] == GLOBAL:
        return None
    call = call_of(graph, n)
    if call.name != ("datetime", "timezone") or not call.args:
        return None
    micro = _microseconds(graph, call.args[0])
    if micro is None:
        return None
    sign, seconds = "-" if micro < 0 else "+", abs(micro) // 10 ** 6
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return text + (f":{seconds % 60:02}" if seconds % 60 else "")


def _time_zone(graph: Graph, call: Call) -> str | None:
    args = call.args or ()
    named = graph.loose_text(args[1]) if len(args) == 2 else None
    offset = _offset(graph, call.node)
    return named if named is not None else None if offset is None else f"UTC{offset}"


def _microseconds(graph: Graph, n: int) -> int | None:
    call = call_of(graph, n)
    parts = [small_integer(graph, arg) for arg in call.args or ()]
    if call.name != ("datetime", "timedelta") or len(parts) != 3 or None in parts:
        return None
    days, seconds, micro = (part or 0 for part in parts)
    return (days * 86400 + seconds) * 10 ** 6 + micro


def _duration(graph: Graph, call: Call) -> str | None:
    """ISO 8601: `P1DT2H3M4.5S`, with a minus sign in front where it goes back."""
    micro = _microseconds(graph, call.node)
    return None if micro is None else duration_text(micro, 10 ** 6)


def duration_text(count: int, per_second: int) -> str:
    """`count` of what there are `per_second`, as ISO 8601 has it."""
    sign, count = "-" if count < 0 else "", abs(count)
    seconds, rest = divmod(count, per_second)
    days, seconds = divmod(seconds, 86400)
    fraction = f".{rest:0{len(str(per_second)) - 1}}".rstrip("0") if rest else ""
    return f"{sign}P{days}DT{seconds // 3600}H{seconds // 60 % 60}M{seconds % 60}{fraction}S"


def numpy_time(value: int, unit: str, step: int, is_date: bool) -> str:
    """numpy's datetime64 or timedelta64, `value` times `step` of `unit`, as ISO 8601 has it where it can be said so."""
    if value == _NOT_A_TIME:
        return "NaT"
    value *= step
    if not is_date:
        if unit in _PER_SECOND:
            return duration_text(value, _PER_SECOND[unit])
        return duration_text(value * _SECONDS[unit], 1) if unit in _SECONDS else f"{value} {_UNITS.get(unit, unit or 'steps')}"
    if unit == "Y":
        return f"{1970 + value:04}"
    if unit == "M":
        return f"{1970 + value // 12:04}-{value % 12 + 1:02}"
    per_second = _PER_SECOND.get(unit, 1)
    seconds, rest = divmod(value if unit in _PER_SECOND else value * _SECONDS.get(unit, 0), per_second)
    if unit not in _PER_SECOND and unit not in _SECONDS:
        return f"{value} {_UNITS.get(unit, unit or 'steps')} since 1970"
    days, seconds = divmod(seconds, 86400)
    try:
        date = datetime.date.fromordinal(719163 + days).isoformat()         # of 1970-01-01
    except (ValueError, OverflowError):
        return f"{value} {_UNITS[unit]} since 1970"
    if unit in ("D", "W"):
        return date
    fraction = f".{rest:0{len(str(per_second)) - 1}}" if per_second > 1 else ""
    return f"{date}T{seconds // 3600:02}" + ("" if unit == "h" else f":{seconds // 60 % 60:02}") \
        + ("" if unit in ("h", "m") else f":{seconds % 60:02}{fraction}")


def _number_text(graph: Graph, call: Call) -> str | None:
    """Decimal("1.50") -> "1.50", Fraction("1/3") or Fraction(1, 3) -> "1/3": exact, as no other number would be."""
    args = call.args or ()
    parts = [scalar(graph, arg) for arg in args]
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    if call.name == ("fractions", "Fraction") and len(parts) == 2 and all(type(part) is int for part in parts):
        return f"{parts[0]!r}/{parts[1]!r}"
    return None


_PATHS = ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")
_TEXTS: dict[Name, Callable[[Graph, Call], str | None]] = {
    **{("pathlib", name): _shown_value for name in _PATHS},
    ("datetime", "datetime"): _date_and_time, ("datetime", "time"): _date_and_time, ("datetime", "date"): _shown_value,
    ("datetime", "timedelta"): _duration, ("datetime", "timezone"): _time_zone,
    ("uuid", "UUID"): _shown_value, ("numpy", "dtype"): _shown_value, ("builtins", "slice"): _shown_value,
    ("decimal", "Decimal"): _number_text, ("fractions", "Fraction"): _number_text,
}
