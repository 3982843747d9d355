"""A pickle without torch's framing, as pickle.loads takes it."""
from __future__ import annotations

from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.progress import Monitor

from .content import Content


def read(raw: bytes, limits: Limits, monitor: Monitor, budget: Budget) -> Content:
    """The object of the first pickle in `raw`, which is all that pickle.loads reads; it has no storages but those of streams in it. Raises
    what `machine.decode` raises."""
    return Content(decode(raw, limits=limits, monitor=monitor, budget=budget), {})
