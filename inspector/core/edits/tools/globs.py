"""Which keys a person means: `encoder.*.weight`, `{encoder,decoder}.*`, `optimizer_state_dict`."""
from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import relative
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.training.weights import optimizer_states

from .common import NearestDict

_ALTERNATIVES = 256
_IN_ONE = 200              # alternatives of a pattern that is made here


def matcher(glob: str) -> Callable[[str], re.Match[str] | None]:
    """Whether a key fits: the whole of it, or a path above it, so that a name means all that is under it. `*` goes across dots,
    `{a,b}` is either. Raises EditError."""
    if not glob:
        raise EditError("an empty pattern fits nothing", "`*` fits everything.")
    either = "|".join(fnmatch.translate(part).removesuffix("\\Z").removesuffix("\\z") for part in alternatives(glob))
    return re.compile(rf"(?:{either})(?:\..*)?\Z", re.DOTALL).match


def is_literal(glob: str) -> bool:
    """Whether the pattern can only mean one key."""
    return not any(char in glob for char in "*?[{")


def alternatives(glob: str) -> list[str]:
    """`a.{b,c}` -> `a.b`, `a.c`. Braces that do not make pairs, or have no comma, stand for themselves."""
    found, todo = [], [glob]
    while todo:
        text = todo.pop()
        choice = re.search(r"\{([^{}]*,[^{}]*)\}", text)
        if choice is None:
            found.append(text)
            continue
        todo += [text[:choice.start()] + part + text[choice.end():] for part in reversed(choice.group(1).split(","))]
        if len(todo) + len(found) > _ALTERNATIVES:
            raise EditError(f"the pattern has more than {_ALTERNATIVES} alternatives", "Use fewer braces.")
    return found


def literal(key: str) -> str:
    """A pattern that fits `key`, and what is under it. Braces, which cannot be escaped, become any character."""
    return "".join(f"[{char}]" if char in "*?[" else "?" if char in "{}" else char for char in key)


def patterns_for(keys: Iterable[str]) -> list[str]:
    """Patterns that fit just these keys, and what is under them: one, or several when they are many."""
    parts = [literal(key) for key in keys]
    few = [parts[at:at + _IN_ONE] for at in range(0, len(parts), _IN_ONE)]
    return [some[0] if len(some) == 1 else "{" + ",".join(part.replace(",", "?") for part in some) + "}" for some in few]


def fitting(ckpt: Checkpoint, glob: str, values: bool = False, monitor: Monitor = QUIET) -> Iterator[str]:
    """The tensors (and `values`) whose key or whose name inside its state dict fits. The numbers by which optimizers call
    parameters are no names."""
    fits = matcher(glob)
    numbered = optimizer_states(ckpt)
    for key, info in stoppable(ckpt.tensors.items(), monitor):
        if fits(key) or (info.state_dict and info.state_dict not in numbered and fits(info.name)):
            yield key
    if values:
        places = NearestDict(frozenset(ckpt.state_dicts) - {""})
        for key in stoppable(ckpt.values, monitor):
            if fits(key):
                yield key
                continue
            found = places.of(key)
            if found and found not in numbered and fits(relative(key, found)):
                yield key
