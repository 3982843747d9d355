"""What is said below the window (findings, errors, what commands and pages tell), in the language that people are spoken to in.

Those texts are made in English, with names and numbers in them, where what they are about is known; scripts and JSON have them so.
`resources/translations/sentences_LANGUAGE.tsv` has them with `{}` for what is put in (`{#}` where only a number is), and how to say it,
with `{1}`, `{2}` … for the same in any order; `phrases_LANGUAGE.tsv` what is put in where that is words itself. What is in neither stays
English: better than a wrong word.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from inspector import languages
from inspector.resources_path import resource_path


class _Known(NamedTuple):
    pieces: tuple[str, ...]     # of the text between what is put in
    words: str
    numbers: tuple[int, ...] = ()       # which of what is put in are numbers

    def fit(self, text: str) -> list[str] | None:
        """What is put in; None where the text is another. Linear, whatever names a file has: each piece is taken where it comes first."""
        first, *others = self.pieces
        if not others:
            return [] if text == first else None
        if not text.startswith(first):
            return None
        found, at = [], len(first)
        for piece in others[:-1]:
            end = text.find(piece, at)
            if end < 0:
                return None
            found.append(text[at:end])
            at = end + len(piece)
        end = len(text) - len(others[-1])
        if end < at or not text.endswith(others[-1]):
            return None
        found.append(text[at:end])
        return found if all(found[n][:1].isdigit() or found[n][:1] in ("-", "≈") for n in self.numbers) else None

    def filled(self, found: list[str]) -> str:
        return filled(self.words, {str(n): what for n, what in enumerate(found, 1)})


def filled(words: str, found: Mapping[str, str]) -> str:
    """`words` with what is `found` by the names that they have in braces; numbers and Latin letters stand apart from Chinese beside them.

    >>> filled("{some}和{last}", {"some": "2 个张量", "last": "AdamW 状态"})
    '2 个张量和 AdamW 状态'
    """
    def put(place: re.Match[str]) -> str:
        before, name, after = place.groups()
        what = found[name]
        return f"{before}{' ' * bool(before and _stands_apart(what[:1]))}{what}{' ' * bool(after and _stands_apart(what[-1:]))}"
    return re.sub(r"([\u4e00-\u9fff]?)\{(\w+)\}(?=([\u4e00-\u9fff]?))", put, words)


def _stands_apart(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def said(text: str) -> str:
    """`text` in the language of this process; itself where that is English, or has no words for it."""
    language = languages.current()
    return _said(text, language) if language != "en" and text else text


def heading(text: str) -> str:
    """`text` with a colon, as it stands above what it is about."""
    return said(text) + (":" if languages.current() == "en" else "：")


@lru_cache(maxsize=1024)
def _said(text: str, language: str) -> str:
    counted = _whole(text, language, "phrases") if text[0].isdigit() else None
    return _whole(text, language) or counted or _one_by_one(text, language)


def _one_by_one(text: str, language: str) -> str:
    """Of several sentences in one text, as a hint with two parts is."""
    parts = re.split(r"(?<=[.?!…]) (?=[A-Z`]|\(The )", text)
    found = [_whole(part, language) for part in parts]
    return "".join(words if words is not None else f"{part} " for words, part in zip(found, parts, strict=True)).rstrip()


def _whole(text: str, language: str, name: str = "sentences") -> str | None:
    for known in _that_may_fit(language, name, text[:_START]):
        found = known.fit(text)
        if found is not None:
            return known.filled([_phrase(part, language) for part in found])
    # a name before what is said of it: "a.bin: cannot be read"
    name_, colon, rest = text.partition(": ")
    if colon and name == "sentences" and (words := _whole(rest, language)) is not None:
        return f"{_phrase(name_, language)}：{words}"
    return None


def _phrase(text: str, language: str) -> str:
    """What is put into a sentence, where it is words itself: "3 tensors", several parts of a list, or why something went wrong."""
    words = _whole(text, language) if " " in text else None
    if words is None and "; " in text:
        return "；".join(_phrase(part, language) for part in text.split("; "))
    return words or _whole(text, language, "phrases") or (_one_by_one(text, language) if ". " in text else text)


_START = 4          # letters by which most sentences are told from each other


@lru_cache(maxsize=4096)
def _that_may_fit(language: str, name: str, start: str) -> tuple[_Known, ...]:
    return tuple(known for known in _table(language, name) if start.startswith(known.pieces[0][:_START]))


@lru_cache
def _table(language: str, name: str) -> tuple[_Known, ...]:
    path = resource_path(f"translations/{name}_{language}.tsv")
    if not path.is_file():
        return ()
    rows = [line.replace("\\n", "\n").split("\t") for line in path.read_text("utf-8").splitlines() if "\t" in line]
    # what says most goes before what takes anything, and what begins with a word before what begins with anything
    rows.sort(key=lambda row: (row[0].startswith("{"), -len(re.sub(r"\{#?\}", "", row[0]))))
    return tuple(_known(template, words) for template, words in rows)


def _known(template: str, words: str) -> _Known:
    holes = re.findall(r"\{#?\}", template)
    return _Known(tuple(re.split(r"\{#?\}", template)), words, tuple(n for n, hole in enumerate(holes) if hole == "{#}"))
