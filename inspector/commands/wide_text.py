"""Text of which some letters take two columns of a terminal: Chinese, Japanese and Korean ones do (Unicode Standard Annex 11)."""
from __future__ import annotations

import re

_CLOSING = "，。；：？！、）”’》」…,.;:?!)"         # never at the beginning of a line
_PIECE = re.compile(r"[!-~]+|\s+|.", re.DOTALL)     # words of ASCII stay whole


def width(text: str) -> int:
    """The columns that `text` takes in a terminal; accents above other letters take none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def padded(text: str, room: int) -> str:
    return text.ljust(room) if text.isascii() else text + " " * (room - width(text))


def wrapped(text: str, room: int) -> list[str]:
    """Lines of at most `room` columns, broken between any two wide letters and at spaces; what is one long word stays whole."""
    lines = [""]
    for piece in _PIECE.findall(" ".join(text.split())):
        fits = width(lines[-1]) + width(piece.rstrip()) <= room or (piece in _CLOSING and lines[-1] != "")
        if fits or not lines[-1]:
            lines[-1] += piece if lines[-1] or not piece.isspace() else ""
        else:
            lines.append(piece.lstrip())
    return [line.rstrip() for line in lines]
