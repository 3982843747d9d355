"""Pickles that lie in a file with other bytes behind them, and nobody says how long they are.

The machine needs a pickle's bytes in one piece. They are read in blocks that grow until the pickle's STOP is among them, so
of a file of many gigabytes little more than the pickles is read, and the work stays linear: the next block is read when the machine comes
near the end of the last one. Where one opcode leads beyond it, what follows is read and the pickle decoded again.
"""
from __future__ import annotations

from inspector.core.errors import ReadError, TooBig, Truncated
from inspector.core.graph import Graph
from inspector.core.io.sources import SourceFile
from inspector.core.limits import Limits
from inspector.core.pickles.decode import opcodes
from inspector.core.pickles.decode.machine import Budget, Inline, decode
from inspector.core.progress import Monitor
from inspector.core.wording import count

HEAD = 1 << 20              # bytes read first where several pickles begin a file
_SECOND = 16 << 20          # … and at least where that is not enough: less would only be decoded again and again
_GROWTH = 4
_MOST = (1 << 31) - 1       # bytes whose offsets a graph can keep
_FRAME = 0x95


class PickleStream:
    """The bytes of `source` from `begin` to `end`; `data` is what was read of them so far. Offsets count from `begin`."""

    def __init__(self, source: SourceFile, begin: int, end: int, limits: Limits, monitor: Monitor, budget: Budget,
                 block: int = HEAD) -> None:
        self._source = source
        self._begin = begin
        self._nbytes = max(end - begin, 0)
        self._limits = limits
        self._monitor = monitor
        self._budget = budget
        self.data = source.read(begin, min(block, self._nbytes))

    def decode(self, at: int, member: str, inline: Inline | None = None) -> Graph:
        """The pickle that begins at `at`, called `member` in errors; `inline` and what is raised are as of `machine.decode`."""
        while True:
            left = self._budget.left
            more = self._more if len(self.data) >= HEAD else None       # a small block was meant to be enough
            try:
                return decode(self.data, at, limits=self._limits, monitor=self._monitor, member=member, budget=self._budget,
                              inline=inline, more=more)
            except Truncated as error:
                self._grow(error, member)
                self._budget.left = left

    def _grow(self, error: ReadError, member: str) -> None:
        """Reads more, at least as much as the opcode needs at which decoding broke off; raises `error` where the stream ends
        before that."""
        have = len(self.data)
        at = error.decoded.end if error.decoded is not None else have
        needed = max(_end_of_opcode(self.data, at), have + 1)
        if needed > self._nbytes:
            raise error
        allowed = min(self._nbytes, self._limits.pickle_bytes, _MOST)
        if needed > allowed:
            raise TooBig(f"a pickle at the head of the file goes on beyond {count(allowed, 'byte')}",
                         "No real checkpoint needs as much; the file is damaged or made to exhaust its reader.",
                         f"{member}:{at}") from None
        self._read_to(min(max(have * _GROWTH, _SECOND, needed), allowed))

    def _more(self) -> bytes:
        """What was read and as much again as `_grow` would read, while it is being decoded: so that nothing is decoded twice."""
        have = len(self.data)
        self._read_to(min(max(have * _GROWTH, _SECOND), self._nbytes, self._limits.pickle_bytes, _MOST))
        return self.data

    def _read_to(self, wanted: int) -> None:
        have, parts = len(self.data), [self.data]
        for offset in range(have, wanted, self._limits.chunk):
            self._monitor.check()
            parts.append(self._source.read(self._begin + offset, min(self._limits.chunk, wanted - offset)))
        self.data = b"".join(parts)


def _end_of_opcode(data: bytes, at: int) -> int:
    """Where the opcode at `at` ends by its own account, though `data` may be shorter; `at` where it does not say."""
    if at >= len(data):
        return at
    width = 8 if data[at] == _FRAME else opcodes.COUNTED.get(data[at], 0)
    if not width or at + 1 + width > len(data):
        return at
    return at + 1 + width + int.from_bytes(data[at + 1:at + 1 + width], "little")
