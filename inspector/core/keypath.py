"""Keys: paths from the root, dict keys and list indexes joined by `.`, and how they are shown."""
from __future__ import annotations

import re

# What a person could not see, or would see as something else: C0/C1 controls, line separators, zero-width and
# bidirectional controls, the byte-order mark, lone surrogates and non-characters.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
                        "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]")
_WITHIN_LINES = re.compile(r"(?![\n\t])" + _INVISIBLE.pattern)
_SHORT = {"\0": "\\0", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def join(parent: str, segment: str) -> str:
    """The key of `segment` under `parent` ("" is the root)."""
    return f"{parent}.{segment}" if parent else segment


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible_lines(text: str) -> str:
    """`text` of many lines with everything invisible or misleading escaped but the ends of lines and tabs: source code that must
    not look like other code (CVE-2021-42574), nor steer a terminal."""
    return _WITHIN_LINES.sub(_escape, text.replace("\r\n", "\n"))


def visible(text: str, limit: int = 256) -> str:
    """`text` on one line with everything invisible or misleading escaped, and its middle left out beyond `limit` characters.
    For showing only; copies give the raw text."""
    if len(text) > limit:
        head = limit * 2 // 3
        tail = limit - head - 1
        text = f"{text[:head]}…{text[-tail:]}"
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub(_escape, text)
