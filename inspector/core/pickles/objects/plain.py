"""Nodes that are plain values: numbers, text, bytes, and one short line for anything else.

Everything here looks at a bounded number of nodes, whatever the file says: no recursion over its depth, no text longer
than asked for.
"""
from __future__ import annotations

import sys
from collections.abc import Collection
from operator import itemgetter

from inspector.core.checkpoint import Opaque, Plain
from inspector.core.graph import (
    ADDITEMS,
    APPEND,
    APPENDS,
    BIGINT,
    BIGTEXT,
    BUFFER,
    BYTEARRAY,
    BYTES,
    DICT,
    EXT,
    FALSE,
    FLOAT,
    FROZENSET,
    GLOBAL,
    GLOBALDYN,
    INT,
    LIST,
    NONE,
    PERSID,
    PERSIDTEXT,
    PYSTR,
    PYSTRTEXT,
    REDUCE,
    SET,
    STR,
    STRTEXT,
    TRUE,
    TUPLE,
    Graph,
    ManyPairs,
    Pairs,
)
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS
from inspector.core.progress import QUIET, Monitor, distinct, stoppable
from inspector.core.wording import count

from .bulk import are_different, are_different_integers, are_texts
from .calls import call_of, tuple_items
from .names import dtype_name

_LONGEST_BYTES = 256       # of a key
_LATIN = ("latin1", "latin-1", "iso-8859-1")
_SETS = (("builtins", "set"), ("builtins", "frozenset"))
_SIZE, _COMPLEX = ("torch", "Size"), ("builtins", "complex")
# what is equal when it is made of equal arguments
_BY_ARGUMENTS = frozenset({("torch", "device"), ("builtins", "range"), ("decimal", "Decimal"), ("fractions", "Fraction"), _SETS[1],
                           *(("datetime", name) for name in ("date", "time", "datetime", "timedelta")),
                           *(("pathlib", name) for name in ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath"))})
NUMBERS = frozenset((TRUE, FALSE, INT, BIGINT, BIGTEXT, FLOAT))
SCALARS = frozenset((NONE, STR, STRTEXT, PYSTR, PYSTRTEXT, BYTES)) | NUMBERS
_SPANS = frozenset((STR, STRTEXT, PYSTR, PYSTRTEXT, BYTES, BIGINT, BIGTEXT))        # which stand in the file's bytes

_FIRST = itemgetter(0)
_SHORT_PIECES = 64      # nodes that one short text may show
_SHORT_DEPTH = 4


def scalar(graph: Graph, n: int, int_bits: int = LIMITS.int_bits) -> Plain:
    """The value of a node that refers to no other. Integers too long to print become opaque with their head in hex."""
    kind = graph.kind[n]
    if kind == NONE:
        return None
    if kind in (TRUE, FALSE):
        return kind == TRUE
    if kind == INT:
        return graph.a[n]
    if kind == FLOAT:
        return graph.real(n)
    if kind in (STR, STRTEXT):
        return graph.text(n)
    if kind == BYTES:
        return graph.raw(n)
    if kind in (PYSTR, PYSTRTEXT):
        text = graph.loose_text(n)
        return text if text is not None else graph.raw(n)
    if kind in (BIGINT, BIGTEXT):
        return _big_integer(graph, n, int_bits)
    return _named(graph, n)


def _big_integer(graph: Graph, n: int, int_bits: int) -> Plain:
    start, end = graph.a[n], graph.b[n]
    if graph.kind[n] == BIGINT:
        if (end - start) * 8 <= int_bits:
            return graph.integer(n)
        head = bytes(reversed(graph.data[end - 8:end])).hex()
        return Opaque("int", f"{(end - start) * 8}-bit integer 0x{head}…", n)
    if (end - start) * 3 <= int_bits:          # a decimal digit is more than three bits
        value = graph.integer(n)
        if value is not None:
            return value
    head = graph.data[start:min(end, start + 16)].decode("ascii", "replace")
    return Opaque("int", f"integer of {end - start} digits: {visible(head)}…", n)


def small_integer(graph: Graph, n: int) -> int | None:
    """The value of an integer of at most 256 bits; None for any other node. Longer ones are never worth their computing."""
    kind = graph.kind[n]
    if kind == INT:
        return graph.a[n]
    if kind in (BIGINT, BIGTEXT) and graph.b[n] - graph.a[n] <= (32 if kind == BIGINT else 77):
        return graph.integer(n)
    return None


def _named(graph: Graph, n: int) -> Plain:
    kind = graph.kind[n]
    if kind == GLOBAL:
        module, name = graph.names[graph.a[n]]
        dtype = dtype_name(module, name)
        return Opaque("torch.dtype", f"torch.{dtype}", n) if dtype else Opaque("name", visible(f"{module}.{name}"), n)
    if kind == BYTEARRAY:
        return Opaque("bytearray", bytes_text(graph.data[graph.a[n]:min(graph.b[n], graph.a[n] + 33)], graph.b[n] - graph.a[n]), n)
    if kind == GLOBALDYN:
        return Opaque("name", f"a name put together at load time: {short(graph, graph.a[n])}.{short(graph, graph.b[n])}", n)
    if kind == EXT:
        return Opaque("name", f"extension code {graph.a[n]}", n)
    if kind == PERSIDTEXT:
        raw = graph.data[graph.a[n]:min(graph.b[n], graph.a[n] + 100)]
        return Opaque("persistent id", visible(raw.decode("utf-8", "backslashreplace"), 100), n)
    if kind == PERSID:
        return Opaque("persistent id", short(graph, graph.a[n]), n)
    if kind == BUFFER:
        return Opaque("buffer", "bytes kept outside the pickle", n)
    return Opaque("object", "…", n)


def bytes_text(raw: bytes, size: int) -> str:
    """`size` bytes that begin with `raw`, on one line."""
    return f"{count(size, 'byte')}: {raw[:32]!r}" + ("…" if size > 32 else "")


def short(graph: Graph, n: int, limit: int = 120, *, exact: bool = False) -> str:
    """One line for node `n`, as Python would print it where that is short: scalars, and tuples and lists of them. `exact`
    keeps invisible characters and `limit` unchecked for text, as `str(key)` does: for keys, which are not yet shown."""
    budget = [_SHORT_PIECES]
    text = _pieces(graph, n, budget, _SHORT_DEPTH, limit)
    return text if exact else visible(text, limit)


def _pieces(graph: Graph, n: int, budget: list[int], depth: int, limit: int) -> str:
    budget[0] -= 1
    kind = graph.kind[n]
    if kind in SCALARS:
        return _scalar_text(graph, n, limit)
    if kind in (TUPLE, LIST, FROZENSET, SET):
        if depth == 0 or budget[0] <= 0:
            return "…"
        items = _first_items(graph, n)
        texts = []
        for item in items:
            if budget[0] <= 0:
                texts.append("…")
                break
            texts.append(_pieces(graph, item, budget, depth - 1, limit))
        inside = ", ".join(texts)
        if kind == TUPLE:
            return f"({inside},)" if len(items) == 1 else f"({inside})"
        return f"[{inside}]" if kind == LIST else f"{{{inside}}}"
    if kind == DICT:
        return "{…}"
    if kind == REDUCE:
        return _call_text(graph, n, budget, depth, limit)
    value = _named(graph, n)
    return value.text if isinstance(value, Opaque) else "…"


def _call_text(graph: Graph, n: int, budget: list[int], depth: int, limit: int) -> str:
    """A call: bytes and sets as protocol 2 spells them like those of later protocols, anything else by its name."""
    raw = _bytes_of_call(graph, n, limit + 1)
    if raw is not None:
        return repr(raw[:limit]) + ("…" if len(raw) > limit else "")
    call = call_of(graph, n)
    if call.name in _SETS and call.args is not None and len(call.args) == 1 and graph.kind[call.args[0]] == LIST:
        return f"{{{_pieces(graph, call.args[0], budget, depth, limit)[1:-1]}}}" if depth and budget[0] > 0 else "…"
    word, items = _arguments(graph, n)
    if word == "complex" and items is not None:
        return repr(complex(*map(graph.real, items)))
    if call.name == _SIZE and items is not None and depth and budget[0] > 0:
        return f"torch.Size([{', '.join(_pieces(graph, item, budget, depth - 1, limit) for item in items)}])"
    return f"{'.'.join(call.spelled)}(…)" if call.spelled else "…"


def _bytes_of_call(graph: Graph, n: int, most: int | None = None) -> bytes | None:
    """The first `most` bytes of what protocol 2 calls for: `_codecs.encode(text, "latin1")`, or `bytes()`. None for other calls."""
    if graph.kind[n] != REDUCE or n in graph.mutations:
        return None
    call = call_of(graph, n)
    if call.name == ("builtins", "bytes") and call.args == ():
        return b""
    if call.name != ("_codecs", "encode") or call.args is None or len(call.args) != 2 or graph.kind[call.args[0]] != STR:
        return None
    start, end = graph.a[call.args[0]], graph.b[call.args[0]]
    if graph.loose_text(call.args[1]) not in _LATIN:
        return None
    try:
        return graph.data[start:end if most is None else min(end, start + 2 * most)].decode("utf-8", "ignore").encode("latin-1")
    except UnicodeEncodeError:
        return None


def _first_items(graph: Graph, n: int) -> list[int]:
    """A few items of a container, without going over all that it has."""
    items = list(graph.operands[graph.a[n]:min(graph.b[n], graph.a[n] + _SHORT_PIECES)])
    for m in graph.mutations.get(n, ()):
        if len(items) >= _SHORT_PIECES:
            break
        if graph.kind[m] in (APPEND, APPENDS, ADDITEMS):
            items += graph.operands[graph.a[m] + 1:min(graph.b[m], graph.a[m] + 1 + _SHORT_PIECES)]
    return items


def _scalar_text(graph: Graph, n: int, limit: int) -> str:
    if graph.kind[n] in (STR, BYTES, PYSTR) and graph.b[n] - graph.a[n] > 8 * limit + 8:
        # many lines may show one long text: only its beginning is ever decoded
        start = graph.data[graph.a[n]:graph.a[n] + 4 * limit]
        text: str | bytes = start if graph.kind[n] == BYTES else start.decode("utf-8", "replace")
        return repr(text[:limit]) + "…"
    value = scalar(graph, n)
    if isinstance(value, Opaque):
        return value.text
    if isinstance(value, (str, bytes)) and len(value) > limit:
        return repr(value[:limit]) + "…"
    return repr(value)


def key_text(graph: Graph, n: int) -> str:
    """The path segment of a dict key: `str(key)` for text, numbers, None and short tuples of them."""
    kind = graph.kind[n]
    if kind == STR:
        return str(graph.data[graph.a[n]:graph.b[n]], "utf-8", "surrogatepass")
    if kind == STRTEXT:
        return graph.text(n) or ""
    if kind in (PYSTR, PYSTRTEXT):
        return graph.any_text(n) or ""
    if kind == BYTES:
        return _bytes_key(graph.data[graph.a[n]:min(graph.b[n], graph.a[n] + _LONGEST_BYTES + 1)])
    if kind in SCALARS:
        value = scalar(graph, n)
        return value.text if isinstance(value, Opaque) else str(value)
    raw = _bytes_of_call(graph, n, _LONGEST_BYTES + 1)
    return short(graph, n, exact=True) if raw is None else _bytes_key(raw)


def _bytes_key(raw: bytes) -> str:
    """Bytes as a path segment: four characters for a byte, so of long ones, which many pairs may share, only the beginning."""
    return repr(raw) if len(raw) <= _LONGEST_BYTES else f"{raw[:_LONGEST_BYTES]!r}..."


_WORTH_IMPORTING = 100_000  # integers that are compared sooner with numpy than without, even where it has to be loaded
_LONGEST_KEY = 512          # bytes or digits of an integer that is a key and compared with others


def last_of_each(graph: Graph, pairs: Pairs, monitor: Monitor = QUIET) -> tuple[Pairs, list[tuple[int, int]]]:
    """What a dict holds that these pairs were put into, one after the other: of equal keys the first with the last value, in the place of
    the first; and the pairs that are lost by that, of the same key. Keys that are no text, bytes, number of Python's own, name, nor short
    and made of such (`_made_identity`) count as different."""
    kind, a, b, data = graph.kind, graph.a, graph.b, graph.data
    if isinstance(pairs, ManyPairs) and "numpy" in sys.modules and all_texts(graph, pairs) and are_different(graph, pairs.keys, monitor):
        return pairs, []
    if isinstance(pairs, ManyPairs) and kind[pairs.keys[0]] == INT and ("numpy" in sys.modules or len(pairs) >= _WORTH_IMPORTING) \
            and are_different_integers(graph, pairs.keys):
        return pairs, []
    nodes = distinct(map(_FIRST, pairs), monitor)
    if len(nodes) == len(pairs) and \
            len({data[a[k]:b[k]] for k in stoppable(nodes, monitor) if kind[k] == STR}) == len(pairs):      # as nearly always
        return pairs, []
    identities = {k: key_identity(graph, k) for k in stoppable(nodes, monitor)}        # a long text may be the key of many
    held: dict[tuple[str, bytes | str], tuple[int, int]] = {}
    lost = []
    for pair in stoppable(pairs, monitor):
        identity = identities[pair[0]]
        before = held.get(identity)
        if before is not None:
            lost.append(before)
            pair = before[0], pair[1]
        held[identity] = pair
    return (list(held.values()), lost) if lost else (pairs, [])


def all_texts(graph: Graph, pairs: Pairs) -> bool:
    """Whether all keys are texts of Python 3."""
    if isinstance(pairs, ManyPairs) and "numpy" in sys.modules:
        return are_texts(graph, pairs.keys)
    return bytes(map(graph.kind.__getitem__, map(_FIRST, pairs))).count(STR) == len(pairs)


def are_segments(graph: Graph, pairs: Pairs) -> bool:
    """Whether all keys are integers of 64 bits, or all texts that are one segment of a path."""
    a, b, data = graph.a, graph.b, graph.data
    keys: Collection[int] = pairs.keys if isinstance(pairs, ManyPairs) else [k for k, _ in pairs]
    kinds = {*map(graph.kind.__getitem__, keys)}
    return kinds == {INT} or (kinds == {STR} and all(a[k] < b[k] and data.find(b".", a[k], b[k]) < 0 for k in keys))


def key_identity(graph: Graph, k: int) -> tuple[str, bytes | str]:
    """Equal for keys that are equal to Python, as 1, 1.0 and True are. Numbers are texts in it: whoever wrote the file can choose as many
    of one hash as he likes, and of texts he cannot."""
    kind = graph.kind[k]
    if kind == STR:
        return "text", graph.data[graph.a[k]:graph.b[k]]
    if kind in (STRTEXT, PYSTR, PYSTRTEXT):
        text = graph.loose_text(k)
        return ("no text", graph.raw(k) or b"") if text is None else ("text", text.encode("utf-8", "surrogatepass"))
    if kind in (BYTES, REDUCE):
        raw = graph.data[graph.a[k]:graph.b[k]] if kind == BYTES else _bytes_of_call(graph, k, _LONGEST_KEY + 1)
        if raw is not None and len(raw) <= _LONGEST_KEY:
            return "bytes", raw
    if kind in (TRUE, FALSE):
        return "number", "1" if kind == TRUE else "0"
    if kind == FLOAT:
        return "number", _number_text(graph.real(k), k)
    if kind == INT:
        return "number", str(graph.a[k])
    if kind in (BIGINT, BIGTEXT):
        large = graph.integer(k) if graph.b[k] - graph.a[k] <= _LONGEST_KEY else None
        if large is not None:
            return "number", str(large)
    if kind in (TUPLE, FROZENSET, REDUCE):
        found = _made_identity(graph, k, [_SHORT_PIECES], _SHORT_DEPTH)
        return ("other", str(k)) if found is None or len(found[1]) > _LONGEST_KEY else found
    if kind == GLOBAL:
        return "name", repr(graph.names[graph.a[k]])
    return ("none", "") if kind == NONE else ("other", str(k))


def _number_text(value: float, k: int) -> str:
    """Equal for equal numbers; of what is equal to nothing, and stands at node `k`, another text than any other's."""
    return str(int(value)) if value.is_integer() else repr(value) if value == value else f"{value} {k}"


def _made_identity(graph: Graph, k: int, budget: list[int], depth: int) -> tuple[str, str] | None:
    """Equal for tuples and frozensets of equal items, sizes, which are tuples, complex numbers, and what goes by its arguments alone; None
    for other objects, and where that would take long to find out."""
    kind, word = graph.kind[k], "tuple"
    items: Collection[int] | None = graph.operands[graph.a[k]:graph.b[k]] if graph.b[k] - graph.a[k] <= budget[0] else None
    if kind == FROZENSET:
        word = "set"
    elif kind == REDUCE:
        word, items = _arguments(graph, k)
        if word == "complex" and items is not None:
            return _complex_identity(graph, k, *items)
    if items is None or not depth or k in graph.mutations:
        return None
    budget[0] -= len(items)
    parts: list[str | None] = []
    for item in items if budget[0] >= 0 else ():
        if graph.kind[item] in (TUPLE, FROZENSET) or (graph.kind[item] == REDUCE and _bytes_of_call(graph, item, 1) is None):
            made = _made_identity(graph, item, budget, depth - 1)
            parts.append(made and repr(made))
        elif graph.kind[item] in _SPANS and graph.b[item] - graph.a[item] > _LONGEST_KEY:
            return None
        else:
            parts.append(repr(key_identity(graph, item)))
    known = [part for part in parts if part is not None]
    if budget[0] < 0 or len(known) < len(parts):
        return None
    return word, f"({', '.join(sorted({*known}) if word == 'set' else known)})"


def _arguments(graph: Graph, k: int) -> tuple[str, Collection[int] | None]:
    """What a call makes, and of what; None for calls of which that is not known."""
    call = call_of(graph, k)
    if call.name is None or call.args is None or call.kwargs or k in graph.mutations:
        return "", None
    one = call.args[0] if len(call.args) == 1 else -1
    if call.name == _SIZE and one >= 0 and graph.kind[one] == TUPLE:
        return "tuple", tuple_items(graph, one, _SHORT_PIECES)
    if call.name == _SETS[1] and one >= 0 and graph.kind[one] == LIST and not graph.mutated_after(one, k):
        items = _first_items(graph, one)
        return "set", items if len(items) < _SHORT_PIECES else None
    if call.name == _COMPLEX and len(call.args) == 2 and all(graph.kind[part] == FLOAT for part in call.args):
        return "complex", call.args
    return (repr(call.name), call.args) if call.name in _BY_ARGUMENTS else ("", None)


def _complex_identity(graph: Graph, k: int, real: int, imaginary: int) -> tuple[str, str]:
    whole, rest = (_number_text(graph.real(part), k) for part in (real, imaginary))
    return "number", whole if rest == "0" else f"{whole}, {rest}"


class SameKeys(dict[int, tuple[str, bytes | str]]):
    """The same of each key, and of those of which it is not known going by what they are shown as. Each is worked out once: a long text may
    be the key of many."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph

    def __missing__(self, k: int) -> tuple[str, bytes | str]:
        found = key_identity(self._graph, k)
        self[k] = found = found if found[0] != "other" else ("other", key_text(self._graph, k))
        return found


def key_type(graph: Graph, k: int) -> str:
    """The Python type of a dict key, for people who are to tell `1` from `"1"`."""
    kind = graph.kind[k]
    if kind in NUMBERS:
        return "bool" if kind in (TRUE, FALSE) else "float" if kind == FLOAT else "int"
    return {NONE: "None", TUPLE: "tuple", BYTES: "bytes"}.get(kind) or ("str" if key_identity(graph, k)[0] == "text" else "object")
