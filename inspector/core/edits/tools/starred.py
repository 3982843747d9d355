"""Names with `*` in them that mean many tensors at once (`blocks.*.qkv.weight`), and what is called so beside it (`blocks.*.q.weight`)."""
from __future__ import annotations

import re
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import join, quoted
from inspector.core.training.weights import optimizer_states


class Found(NamedTuple):
    """A tensor that a name means: `key`; `place` is the state dict whose names are spoken of, "" where whole keys are; `stars` are what
    stands for each `*`."""

    key: str
    place: str
    stars: tuple[str, ...]

    def beside(self, name: str) -> str:
        """The key of what is called `name` where this one is called as it was asked for."""
        parts = name.split("*")
        filled = parts[0] + "".join(star + part for star, part in zip(self.stars, parts[1:], strict=True))
        return join(self.place, filled) if self.place else filled


def found_by(ckpt: Checkpoint, name: str) -> list[Found]:
    """The tensors that `name` means: by their keys, or else, in every state dict, by their names. A `*` is one segment or more. Raises
    EditError where it means none."""
    fits = re.compile("(.+)".join(map(re.escape, name.split("*"))), re.DOTALL).fullmatch
    numbered = optimizer_states(ckpt)
    found = [Found(key, "", match.groups()) for key in ckpt.tensors if (match := fits(key))]
    if found:
        found = [one for one in found if not one.stars or ckpt.tensors[one.key].state_dict not in numbered]
    else:
        found = [Found(key, info.state_dict, match.groups()) for key, info in ckpt.tensors.items()
                 if info.state_dict and info.state_dict not in numbered and (match := fits(info.name))]
    if not found:
        raise nothing_called(name)
    return found


def check_stars(name: str, others: list[str], option: str) -> None:
    """Raises EditError where names have not as many `*` as `name`."""
    for other in others:
        if other.count("*") != name.count("*"):
            raise EditError(f"{quoted(other, 80)} has another number of * than {quoted(name, 80)}",
                            f"Each * of {option} stands for the same in all names.")


def nothing_called(name: str) -> EditError:
    return EditError(f"there is no tensor {quoted(name, 80)}", "`inspector ls` shows the keys.", id="no_such_path")
