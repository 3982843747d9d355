"""`blocks.1.attn.weight` -> `blocks.0.attn.weight`: layers that are counted from another number."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import quoted
from inspector.core.numbering import moved
from inspector.core.progress import QUIET, Monitor

from .tools.common import Edit
from .tools.naming import renamed

_TEXT = "Write PLACE=NUMBER, as in 'blocks.#=-1' or 'stages.*.blocks.#=+1': # is the number that changes, * any before it."
_LARGEST = 10**6


@dataclass(frozen=True)
class Renumber(Edit):
    """Adds `by` to the numbers of layers at `place`, all at once, so that none of them is in the way of another. `place` is what names
    begin with: `#` stands for the number, `*` for a number before it.

    >>> list(core.edit({"blocks.1.w": np.ones(3), "blocks.2.w": np.ones(3)}, [core.Renumber("blocks.#", -1)]))
    ['blocks.0.w', 'blocks.1.w']
    """

    place: str
    by: int
    OPTION: ClassVar[str] = "renumber"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        before, after = (re.escape(part).replace(r"\*", r"\d+") for part in self.place.split("#"))
        pattern = re.compile(rf"{before}(\d{{1,9}}){after}(?=\.|$)")

        def new_name(name: str, place: str | None) -> str:
            found = pattern.match(name)
            if found is None:
                return name
            if int(found[1]) + self.by < 0:
                raise EditError(f"the number in {quoted(name, 80)} would be {int(found[1]) + self.by}", "Layers are counted from 0 on.",
                                id="negative_number")
            return moved(name, *found.span(1), self.by)

        return renamed(ckpt, self, new_name, monitor)

    @property
    def text(self) -> str:
        return f"{self.place}={self.by:+d}"

    @classmethod
    def parse(cls, text: str, option: str) -> Renumber:
        place, _, number = text.rpartition("=")
        if place.count("#") != 1 or not re.fullmatch(r"[+-]?[0-9]{1,7}", number) or not 0 < abs(int(number)) <= _LARGEST:
            raise EditError(f"{quoted(text, 80)} does not say which numbers of layers change by how much", _TEXT)
        return cls(place, int(number))
