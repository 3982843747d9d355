"""What lies inside an archive that is no checkpoint itself: how to name it in one line, and which of it to open."""
from __future__ import annotations

from collections.abc import Collection

from inspector.core.keypath import visible

CHECKPOINT_SUFFIXES = (".safetensors", ".pth", ".pt", ".th", ".ckpt", ".bin", ".pkl", ".params", ".model", ".pth.tar", ".pt2",
                       ".mdlus")
_SHOWN = 5                     # members named in a message
_OFFERED = 100                 # members that an error carries
# what is opened first, where several could be meant: the weights before what belongs to them
_LIKELY = ("model.", "policy.pth", "weights.", "checkpoint.", "best.", "last.")


def openable(names: Collection[str]) -> tuple[str, ...]:
    """The members that are named like checkpoints, the likeliest first."""
    found = [name for name in names if name.lower().endswith(CHECKPOINT_SUFFIXES)]
    found.sort(key=lambda name: not name.rpartition("/")[2].lower().startswith(_LIKELY))
    return tuple(found[:_OFFERED])


def listed(names: Collection[str]) -> str:
    """"a.pth, b.pth, c.txt and 4 more": those named like checkpoints first."""
    first = openable(names)
    chosen = set(first)
    ordered = [*first, *(name for name in names if name not in chosen)][:_SHOWN]
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(visible(name, 80) for name in ordered) + more


def how_to_open(names: Collection[str]) -> str:
    """What to do about an archive with these members."""
    found = openable(names)
    if not found:
        return "None of them is named like a checkpoint; open FILE!MEMBER if one is."
    return f"To see what is in {'one of them' if len(found) > 1 else 'it'}, open FILE!{visible(found[0], 400)}."
