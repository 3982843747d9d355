"""What inferred rules are: how names of one state dict become names of another, and how sure that is."""
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from inspector.core.numbering import Shift

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape | None]     # name -> shape, in stored order; None: not known


class Rule(NamedTuple):
    """One way in which names of A are names of B. `kind` is "wrapper", "prefix", "segments", "shift", "order" or "content"; `a`
    and `b` what it replaces by what, as shown to people; `pairs` the names it explains, `collisions` how many it would give a
    name that is taken, `leftover` how many names it fits that have no partner. `why` says, for a rule that is only offered,
    what makes it doubtful, and of a numbering where it begins; `numbering` is that, where families of other names are numbered otherwise,
    too."""

    kind: str
    a: str
    b: str
    pairs: tuple[tuple[str, str], ...]
    collisions: int = 0
    leftover: int = 0
    why: str = ""
    numbering: Shift | None = None

    def back(self) -> Rule:
        """The same rule from B to A."""
        return self._replace(a=self.b, b=self.a, pairs=tuple((b, a) for a, b in self.pairs))


class Matching(NamedTuple):
    """`pairs` maps names of A to names of B, one to one; `rules` explain those whose names differ; `offered` are rules that
    could be meant and were not applied; `shifts` are layers that B counts from another number."""

    pairs: dict[str, str]
    rules: tuple[Rule, ...] = ()
    offered: tuple[Rule, ...] = ()
    shifts: tuple[Shift, ...] = ()
