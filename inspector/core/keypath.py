"""Keys: paths from the root, dict keys and list indexes joined by `.`, and how they are shown.

The root is "". A segment may be empty, and a name in a state dict may have dots of its own: only the file's containers tell
`{"a.b": …}` from `{"a": {"b": …}}` (`edits.tools.structure`). Loops over all keys of a file use `below`, or hoist `under`.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# What a person could not see, or would see as something else: C0/C1 controls, line separators, zero-width and
# bidirectional controls, the byte-order mark, lone surrogates and non-characters.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
                        "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]")
# Letters that are written from right to left: Hebrew, Arabic and their neighbours.
_LEFTWARDS = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_PIECE = re.compile(r"[^\s./\\:=,;()\[\]{}<>|\"'#…]+")        # of a key, a path or an option, between what joins them
_WITHIN_LINES = re.compile(r"(?![\n\t])" + _INVISIBLE.pattern)
_DEEP = 64          # segments of a key, from which on it is not taken apart
_SHORT = {"\0": "\\0", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def join(parent: str, segment: str) -> str:
    """The key of `segment` under `parent` ("" is the root).

    >>> core.join("a.b", "c"), core.join("", "c")
    ('a.b.c', 'c')
    """
    return f"{parent}.{segment}" if parent else segment


def parent_of(key: str) -> str:
    """The path above `key`: "a.b" of "a.b.c", and the root of "a".

    >>> core.parent_of("a.b.c"), core.parent_of("a")
    ('a.b', '')
    """
    return key.rpartition(".")[0]


def leaf_of(key: str) -> str:
    """The last segment: "c" of "a.b.c".

    >>> core.leaf_of("a.b.c")
    'c'
    """
    return key.rpartition(".")[2]


def top_of(key: str) -> str:
    """The first segment: "a" of "a.b.c".

    >>> core.top_of("a.b.c")
    'a'
    """
    return key.partition(".")[0]


def segments_of(key: str) -> list[str]:
    """All segments; [""] of the root.

    >>> core.segments_of("a.b.c"), core.segments_of("")
    (['a', 'b', 'c'], [''])
    """
    return key.split(".")


def ancestors(key: str) -> Iterator[str]:
    """The paths above `key`, nearest first, the root last; none of the root.

    >>> list(core.ancestors("a.b.c"))
    ['a.b', 'a', '']
    """
    at = key.rfind(".")
    while at >= 0:
        yield key[:at]
        at = key.rfind(".", 0, at)
    if key:
        yield ""


def splits(key: str) -> Iterator[tuple[str, str]]:
    """Every way to part `key` at a dot, as (what is before it, what is after it), the longest first part first."""
    at = key.rfind(".")
    while at >= 0:
        yield key[:at], key[at + 1:]
        at = key.rfind(".", 0, at)


def under(path: str) -> str:
    """How every key below `path` begins: "a.b." for "a.b", and "" for the root.

    >>> core.under("a.b"), core.under("")
    ('a.b.', '')
    """
    return f"{path}." if path else ""


def is_under(key: str, path: str) -> bool:
    """Whether `key` lies below `path`, at any depth. Everything but the root itself lies below the root.

    >>> core.is_under("a.b.c", "a.b"), core.is_under("a.bc", "a.b"), core.is_under("a", "")
    (True, False, True)
    """
    return key.startswith(f"{path}.") if path else key != ""


def is_within(key: str, path: str) -> bool:
    """Whether `key` is `path` itself or lies below it."""
    return not path or key == path or key.startswith(f"{path}.")


class Paths:
    """Some paths, of which to ask whether a key lies within any: the cost is that of the key's dots, however many paths there are. Not all
    the paths above a key of a million dots are looked up then: only those as long as one of these is."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._lengths: list[int] | None = None

    def nearest(self, key: str) -> str | None:
        """The longest that `key` is or lies below."""
        paths = self._paths
        if key in paths or not paths:
            return key if paths else None
        if key.count(".") < _DEEP:
            at = key.rfind(".")             # as `ancestors` gives them, which would take three times as long
            while at >= 0 and key[:at] not in paths:
                at = key.rfind(".", 0, at)
            return key[:at] if at >= 0 else "" if "" in paths else None
        if self._lengths is None:
            self._lengths = sorted({len(path) for path in paths}, reverse=True)
        return next((key[:n] for n in self._lengths if n < len(key) and (not n or key[n] == ".") and key[:n] in paths), None)

    def around(self, key: str) -> Iterator[str]:
        """All that `key` is or lies below, the longest first."""
        path = self.nearest(key)
        while path is not None:
            yield path
            path = self.nearest(parent_of(path)) if path else None

    def has(self, key: str) -> bool:
        """Whether `key` is one of them or lies below one."""
        return self.nearest(key) is not None


def any_under(keys: Iterable[str], path: str) -> bool:
    """Whether one of `keys` lies below `path`."""
    if not path:
        return any(keys)
    start = f"{path}."
    return any(key.startswith(start) for key in keys)


def below(keys: Iterable[str], path: str) -> Iterator[tuple[str, str]]:
    """(key, key as seen from `path`) of each of `keys` that lies below it."""
    if not path:
        return ((key, key) for key in keys if key)
    start = f"{path}."
    length = len(start)
    return ((key, key[length:]) for key in keys if key.startswith(start))


def relative(key: str, path: str) -> str:
    """`key`, which lies below `path`, as seen from there: "c" of "a.b.c" from "a.b".

    >>> core.relative("a.b.c", "a"), core.relative("a.b.c", "")
    ('b.c', 'a.b.c')
    """
    return key[len(path) + 1:] if path else key


def seen_from(key: str, path: str) -> str:
    """`key` as seen from `path` where it lies below it, else the whole of it.

    >>> core.seen_from("a.b.c", "a"), core.seen_from("a.b.c", "x")
    ('b.c', 'a.b.c')
    """
    return relative(key, path) if is_under(key, path) else key


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible_lines(text: str) -> str:
    """`text` of many lines with everything invisible or misleading escaped but the ends of lines and tabs: source code that must
    not look like other code (CVE-2021-42574), nor steer a terminal.

    >>> core.visible_lines("if a:\\n    b\\u202e")
    'if a:\\n    b\\\\u202e'
    """
    return _WITHIN_LINES.sub(_escape, text.replace("\r\n", "\n"))


def visible(text: str, limit: int = 256) -> str:
    """`text` on one line with everything invisible or misleading escaped, and its middle left out beyond `limit` characters.
    For showing only; copies give the raw text.

    >>> core.visible("fc\\n\\u202ethgiew"), core.visible("a" * 1000, 12)
    ('fc\\\\n\\\\u202ethgiew', 'aaaaaaaa…aaa')
    """
    if len(text) > limit:
        head = limit * 2 // 3
        tail = limit - head - 1
        text = f"{text[:head]}…{text[-tail:]}"
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub(_escape, text)


def isolated(text: str) -> str:
    """`text` for a terminal or a page that turns letters which run from right to left: a segment of a name with such is kept apart from
    what stands beside it, which stays where it is. Only for showing to people: what is taken on by programs has no marks in it.

    >>> core.isolated("fc.weight  [3]")
    'fc.weight  [3]'
    """
    return text if text.isascii() or _LEFTWARDS.search(text) is None else _PIECE.sub(_isolated_piece, text)


def _isolated_piece(match: re.Match[str]) -> str:
    piece = match[0]
    return f"\u2066{piece}\u2069" if _LEFTWARDS.search(piece) is not None else piece


def quoted(text: str, limit: int = 256) -> str:
    """What `visible` gives, in quotes; `repr` would escape once more what is escaped already.

    >>> print(core.quoted("a\\u200bb"), core.quoted("it's"))
    'a\\u200bb' "it's"
    """
    shown = visible(text, limit)
    return f'"{shown}"' if "'" in shown else f"'{shown}'"
