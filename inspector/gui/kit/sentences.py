"""What comes from below the window (findings, errors, what is lost), in the window's language.

Those texts are made in English, with names and numbers in them, where what they are about is known; scripts and the command line read
them so. `resources/translations/sentences_LANGUAGE.tsv` has them with `{}` for what is put in, and how to say it, with `{1}`, `{2}` …
for the same in any order. What is not in the table stays English: better than a wrong word.
"""
from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from inspector.resources_path import resource_path

from . import languages


class _Known(NamedTuple):
    pieces: tuple[str, ...]     # of the text between what is put in
    words: str

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
        return [*found, text[at:end]]

    def filled(self, found: list[str]) -> str:
        return re.sub(r"\{(\d)\}", lambda place: found[int(place[1]) - 1], self.words)


def said(text: str) -> str:
    """`text` in the language of the window; itself where that is English, or has no words for it."""
    table = _table(languages.current())
    return _said(text, languages.current()) if table and text else text


@lru_cache(maxsize=1024)
def _said(text: str, language: str) -> str:
    whole = _whole(text, language)
    if whole is not None:
        return whole
    # several sentences in one text, as a hint with two parts is
    parts = re.split(r"(?<=[.?!…]) (?=[A-Z`])", text)
    found = [_whole(part, language) for part in parts]
    return "".join(words if words is not None else f"{part} " for words, part in zip(found, parts, strict=True)).rstrip()


def _whole(text: str, language: str) -> str | None:
    for known in _table(language):
        found = known.fit(text)
        if found is not None:
            return known.filled([_phrase(part, language) for part in found])
    return None


def _phrase(text: str, language: str) -> str:
    """What is put into a sentence, where it is words itself: "3 tensors", or several parts of a list."""
    if "; " in text:
        return "；".join(_phrase(part, language) for part in text.split("; "))
    for known in _table(language, "phrases"):
        found = known.fit(text)
        if found is not None:
            return known.filled(found)
    return text


@lru_cache
def _table(language: str, name: str = "sentences") -> tuple[_Known, ...]:
    path = resource_path(f"translations/{name}_{language}.tsv")
    if not path.is_file():
        return ()
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if "\t" in line]
    rows.sort(key=lambda row: -len(row[0].replace("{}", "")))         # what says most goes before what takes anything
    return tuple(_Known(tuple(template.split("{}")), words) for template, words in rows)
