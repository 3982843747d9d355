"""What the values of B have to do with those of A: facts about each pair, and what they let one think, each thought with what it
rests on."""
from __future__ import annotations

from typing import NamedTuple

KINDS = ("equal", "cast", "rounded", "scaled", "masked", "low-rank", "quantized", "related", "unrelated", "changed", "unread")


class Delta(NamedTuple):
    """A fact about the pair with the keys `a` and `b`. `kind` is one of `KINDS`:

        equal       no element differs
        cast        one is exactly the other in its element type, rounded to nearest
        rounded     B is A rounded to `to` and kept in its own type: `mode` is "nearest" or "towards zero"
        scaled      B is `scale` times A: exactly (`exact`), or but for rounding
        masked      B is A, but that `share` of the elements are zero in B alone
        low-rank    B - A has the rank `rank`, but for what rounding to B's type explains; `share` of its square is in those
        quantized   every `piece` of B has at most `levels` values, which A's have not: a "row" or a "column", or `group` elements of it,
                    a "block" of `group` rows and columns, or the "tensor"
        related     they point the same way
        unrelated   they do not
        changed     no floating numbers, or too few to tell more
        unread      its values could not be compared

    `sampled` is how many rows the fact was found in, 0 where all elements were looked at."""

    a: str
    b: str
    kind: str
    to: str = ""
    mode: str = ""
    scale: float = 1.0
    exact: bool = False
    share: float = 0.0
    rank: int = 0
    levels: int = 0
    group: int = 0
    piece: str = "row"
    sampled: int = 0


class Depth(NamedTuple):
    """How far a layer moved: norms of the differences over norms in A, of its matrices, its normalisations and its biases; None where
    it has none that were compared. `layer` is its number, -1 for what stands in none."""

    layer: int
    matrices: float | None
    norms: float | None
    biases: float | None


class Inference(NamedTuple):
    """What the facts let one think, which no file says. `id` is one of

        merged-lora     a low-rank adapter was merged
        low-rank        some of the change has low rank
        quantized       B was quantized, and made floating numbers again
        rounded         B went through another element type
        scaled          B was multiplied
        pruned          elements were set to zero
        small-parts     only normalisations and biases were trained
        replaced        some parts were made anew, the others come from A
        fine-tuned      B was trained on from A
        unrelated       B does not come from A

    `facts` are figures for the sentence; it rests on `tensors` of `of` pairs that could be judged, of which `rests_on` names some."""

    id: str
    facts: tuple[tuple[str, int | float | str], ...]
    rests_on: tuple[str, ...]
    tensors: int
    of: int


NO_TRAINING = frozenset(("merged-lora", "quantized", "rounded", "scaled", "pruned"))     # inferences that name another cause than training


class Lineage(NamedTuple):
    """`looked_at` of `of` pairs of one shape whose values differ were looked at for more than how far they are apart."""

    deltas: tuple[Delta, ...] = ()
    inferences: tuple[Inference, ...] = ()
    depth: tuple[Depth, ...] = ()
    looked_at: int = 0
    of: int = 0

    @property
    def has_another_cause(self) -> bool:
        """Whether what changed seems to have another cause than training."""
        return bool(self.inferences) and all(one.id in NO_TRAINING for one in self.inferences)


NOTHING = Lineage()
