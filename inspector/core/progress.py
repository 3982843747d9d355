"""How long work says how far it is and learns that it should stop."""
from __future__ import annotations


class Monitor:
    """The quiet default: reports go nowhere and nothing is ever cancelled. Subclasses override either method; both may be
    called from any thread and must be cheap."""

    def report(self, done: int, total: int, what: str = "") -> None:
        """`done` of `total` bytes (or items), `what` names the present step. Raises `Cancelled` when asked to stop."""

    def check(self) -> None:
        """Raises `Cancelled` when asked to stop."""


QUIET = Monitor()
