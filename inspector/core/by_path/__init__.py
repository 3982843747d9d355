"""What is asked of a checkpoint by rooms that know none but an opened one, for scripts, which may also name the file."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.opening import CheckpointLike, opened

_P = ParamSpec("_P")
_R = TypeVar("_R")


def by_path(function: Callable[Concatenate[Checkpoint, _P], _R],
            module: str) -> Callable[Concatenate[CheckpointLike, _P], _R]:
    """`function`, whose first argument is a checkpoint or the path of one, which is then opened first; errors also as `core.open`.
    `module` is where the result is a name of its own, by which another process finds it."""
    @wraps(function)
    def called(ckpt: CheckpointLike, /, *args: _P.args, **named: _P.kwargs) -> _R:
        return function(opened(ckpt), *args, **named)
    called.__module__ = module
    return called
