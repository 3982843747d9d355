"""Tables of words and of positions that have more or fewer rows than the model's: they fit once they are resized."""
from __future__ import annotations

from collections.abc import Iterable
from math import isqrt
from typing import NamedTuple

from inspector.core.comparison.pairing.names import role_of, template_of, words_of
from inspector.core.edits.tools.globs import literal
from inspector.core.keypath import visible
from inspector.core.wording import counted

from .lists import Mismatch

_LEAST = 9              # patches of an image
_TABLES = ("embedding.word", "embedding.position")
_OTHERS = frozenset(("patch", "time", "class", "type", "label"))        # what is embedded there has no order in which rows are added


class Resizing(NamedTuple):
    """A tensor with `there` rows in the file, `wanted` in the model."""

    name: str
    there: int
    wanted: int

    @property
    def step(self) -> tuple[str, str]:
        return "--resize", f"{literal(self.name)}=0:{self.wanted}"

    @property
    def said(self) -> str:
        rows = counted(abs(self.wanted - self.there), "row", "rows")
        if self.wanted < self.there:
            return f"{visible(self.name, 80)} loses its last {rows}, and what was learned in them"
        return f"{visible(self.name, 80)} gets {rows} more, the mean of those in the file: nothing was learned in them"


def resizings(mismatched: Iterable[Mismatch]) -> list[Resizing]:
    """Of embeddings, and of the head that tells words apart where it has another length along with them. A head of classes is none: what
    its rows stand for is another thing in another model."""
    found = [one for one in mismatched if 1 <= len(one.file) == len(one.model) <= 2 and one.file[1:] == one.model[1:]
             and one.file[0] and one.model[0]]
    tables = [one for one in found if len(one.file) == 2 and _is_table(one.key) and not _are_grids(one)]
    changes = {(one.file[0], one.model[0]) for one in tables}
    heads = [one for one in found if (one.file[0], one.model[0]) in changes and role_of(template_of(one.key).path) == "head.words"]
    return [Resizing(one.key, one.file[0], one.model[0]) for one in [*tables, *heads]]


def grids(mismatched: Iterable[Mismatch]) -> tuple[str, ...]:
    """Of learned positions of an image's patches (ViT), which lie in a grid: rows at the end fit no model."""
    return tuple(f"{visible(one.key, 80)} is for {_grid(one.file[-2])} in the file and for {_grid(one.model[-2])} in the model: no edit "
                 "makes one of the other; timm does when it loads (resample_abs_pos_embed), transformers when a model of the file's image "
                 "size is run with interpolate_pos_encoding=True"
                 for one in mismatched if _are_grids(one))


def _are_grids(one: Mismatch) -> bool:
    """Whether both are positions of images: squares of patches, and as many tokens besides. Those of words have such numbers, too, so that
    a table of two dimensions is one only with the class token: 1,024 is a square, and so is 1,026 without two."""
    file, model = one.file, one.model
    if not 2 <= len(file) == len(model) <= 3 or role_of(template_of(one.key).path) != "embedding.position" or file[-1] != model[-1] \
            or (len(file) == 3 and not file[0] == model[0] == 1):
        return False
    tokens = _tokens(file[-2])
    return tokens is not None and tokens == _tokens(model[-2]) and (len(file) == 3 or tokens == 1)


def _tokens(positions: int) -> int | None:
    """How many there are besides a square of patches: none, one for the class, or a second one to distill; None for other numbers."""
    return next((n for n in range(3) if positions - n >= _LEAST and isqrt(positions - n) ** 2 == positions - n), None)


def _grid(positions: int) -> str:
    tokens = _tokens(positions) or 0
    side = isqrt(positions - tokens)
    return f"{side} × {side} patches" + (f" and {counted(tokens, 'token', 'tokens')}" if tokens else "")


def _is_table(name: str) -> bool:
    path = template_of(name).path
    if role_of(path):
        return role_of(path) in _TABLES
    return "embedding" in words_of(path[-1:]) and not words_of(path) & _OTHERS
