"""Regular expressions that a configuration gives for names, without `re`: a file must not be able to make a program look for hours.

Known are plain characters, `.`, classes like `[0-9]`, `\\d`, `\\w`, groups with `|`, and `*`, `+`, `?` behind a single character: what
people write in PEFT's `rank_pattern` and `alpha_pattern`. Anything else is not known, and nothing is said of what it means.
"""
from __future__ import annotations

from typing import NamedTuple

_MOST = 500                 # characters of a pattern
_PIECES = 5000              # of all its alternatives together
_DIGITS = "0123456789"
_WORD = _DIGITS + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_SPECIAL = frozenset("*+?{}^$")


class _Piece(NamedTuple):
    """One character: any of `chars` (None: all), or any other than them. `least` of them, and `more`."""

    chars: str | None
    other: bool = False
    least: int = 1
    more: bool = False
    optional: bool = False

    def takes(self, char: str) -> bool:
        return self.chars is None or (char in self.chars) is not self.other


_Sequence = tuple[_Piece, ...]


class Unknown(Exception):
    """The pattern has something in it that is not known here."""


def fits(pattern: str, name: str) -> bool | None:
    """Whether `^(.*\\.)?(pattern)$` fits `name`, as PEFT asks it (utils/other.py, `get_pattern_key`); None where the pattern is not
    known."""
    text = pattern.removeprefix("^")
    anchored = len(text) < len(pattern)
    if anchored and "|" in text:
        return None             # the anchor is that of one alternative alone
    try:
        sequences = _alternatives(text.removesuffix("$") if not text.endswith("\\$") else text)
    except Unknown:
        return None
    # `(.*\.)?` before `^…` can only be nothing
    starts = {0} if anchored else {0, *(at + 1 for at, char in enumerate(name) if char == ".")}
    return any(_reaches_end(sequence, name, starts) for sequence in sequences)


def _reaches_end(sequence: _Sequence, name: str, starts: set[int]) -> bool:
    """All places are followed at once, so that the time is that of both lengths multiplied."""
    places = starts
    for piece in sequence:
        after: set[int] = set()
        for at in places:
            if piece.optional:
                after.add(at)
            if piece.more:
                end, count = at, 0
                if piece.least == 0:
                    after.add(at)
                while end < len(name) and piece.takes(name[end]) and end + 1 not in (after if count >= piece.least else ()):
                    end, count = end + 1, count + 1
                    if count >= piece.least:
                        after.add(end)
            elif at < len(name) and piece.takes(name[at]):
                after.add(at + 1)
        places = after
    return len(name) in places


def _alternatives(text: str) -> list[_Sequence]:
    if len(text) > _MOST:
        raise Unknown
    found, end = _either(text, 0, 0)
    if end != len(text):
        raise Unknown
    return found


def _either(text: str, at: int, depth: int) -> tuple[list[_Sequence], int]:
    """The alternatives from `at` to the end, or to the bracket that closes the group."""
    every: list[_Sequence] = []
    here: list[_Sequence] = [()]
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            every, here, at = every + here, [()], at + 1
            continue
        if text[at] == "(":
            inner, at = _group(text, at + 1, depth)
            here = [one + other for one in here for other in inner]
        else:
            piece, at = _piece(text, at)
            here = [(*one, piece) for one in here]
        if sum(map(len, every + here)) > _PIECES or len(here) > _PIECES:
            raise Unknown
    return every + here, at


def _group(text: str, at: int, depth: int) -> tuple[list[_Sequence], int]:
    if depth > 8:
        raise Unknown
    if text[at:at + 1] == "?":
        if text[at:at + 2] != "?:":
            raise Unknown
        at += 2
    inner, end = _either(text, at, depth + 1)
    if text[end:end + 1] != ")":
        raise Unknown
    following = text[end + 1:end + 2]
    if following and following in "*+{":
        raise Unknown
    if following == "?":
        return [*inner, ()], end + 2
    return inner, end + 1


def _piece(text: str, at: int) -> tuple[_Piece, int]:
    char = text[at]
    if char == "[":
        piece, at = _class(text, at + 1)
    elif char == "\\":
        piece, at = _escaped(text[at + 1:at + 2]), at + 2
    elif char in _SPECIAL:
        raise Unknown
    else:
        piece, at = _Piece(None if char == "." else char), at + 1
    how = text[at:at + 1]
    if how == "{" or (how and how in "*+?" and text[at + 1:at + 2] in ("?", "+", "*")):
        if text[at + 1:at + 2] == "?" and how in "*+":      # the shortest that fits: whether it fits is the same
            return piece._replace(least=0 if how == "*" else 1, more=True), at + 2
        raise Unknown
    if how and how in "*+":
        return piece._replace(least=0 if how == "*" else 1, more=True), at + 1
    return (piece._replace(optional=True), at + 1) if how == "?" else (piece, at)


def _escaped(char: str) -> _Piece:
    if char == "d":
        return _Piece(_DIGITS)
    if char == "w":
        return _Piece(_WORD)
    if not char or char.isalnum():
        raise Unknown
    return _Piece(char)


def _class(text: str, at: int) -> tuple[_Piece, int]:
    end = text.find("]", at + 1)
    inside = text[at:end]
    if end < 0 or "\\" in inside or "[" in inside:
        raise Unknown
    other = inside.startswith("^")
    inside = inside.removeprefix("^")
    chars = ""
    while inside:
        if len(inside) > 2 and inside[1] == "-":
            if not inside[0].isascii() or not inside[2].isascii() or inside[0] > inside[2]:
                raise Unknown
            chars += "".join(map(chr, range(ord(inside[0]), ord(inside[2]) + 1)))
            inside = inside[3:]
        else:
            chars, inside = chars + inside[0], inside[1:]
    return _Piece(chars, other), end + 1
