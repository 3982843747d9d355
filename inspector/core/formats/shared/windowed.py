"""Small reads here and there in a file, with few calls to the system where they lie close together."""
from __future__ import annotations

from inspector.core.io.sources import SourceFile

_AHEAD = 64 << 10           # bytes read at once when the last read was near
_NEAR = 16 << 10


class Windowed:
    """Reads of a few bytes at growing offsets. What lies far apart is read alone, so that nothing between is touched."""

    def __init__(self, source: SourceFile, end: int) -> None:
        self._source = source
        self._end = end
        self._at = 0
        self._data = b""
        self._last = -1 << 62

    def read(self, offset: int, nbytes: int) -> bytes:
        """Exactly `nbytes` bytes from `offset`. Raises Truncated when the file has fewer."""
        begin = offset - self._at
        if not 0 <= begin <= len(self._data) - nbytes:
            near = 0 <= offset - self._last <= _NEAR
            length = min(max(nbytes, _AHEAD if near else 0), max(self._end - offset, nbytes))
            self._data = self._source.read(offset, length)
            self._at, begin = offset, 0
        self._last = offset
        return self._data[begin:begin + nbytes]
