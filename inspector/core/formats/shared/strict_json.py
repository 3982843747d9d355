"""JSON read as strictly as the strictest reader around, so that no two readers can see two different contents.

What RFC 8259 says and Python's `json` does not insist on: UTF-8 without a byte-order mark, no `NaN` or `Infinity`, no lone
surrogates, no duplicate names in any object (`"a"` and `"\\u0061"` are one name). Nesting and digits are bounded before
anything is built from them. Tokens are taken one by one from the bytes, so no single call holds the interpreter for long.
"""
from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from inspector.core.errors import Corrupt
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor

HINT = "The file is damaged or was not written by a correct program: fetch it again, or ask whoever made it."

_SPACE = re.compile(rb"[ \t\r\n]{0,65536}")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]{0,4096})(?:\.[0-9]{1,4096})?(?:[eE][+-]?[0-9]{1,4096})?")
# up to 64 kB of a string's inside; stops at its quote, at a control character and at the end of the data
_INSIDE = re.compile(rb'(?:[^"\\\x00-\x1f]{1,64}|\\[^\x00-\x1f]){0,1024}')
# up to 512 items of an array, with their commas, that nothing can be wrong with
_ITEMS = re.compile(rb'(?:(?:0|-?[1-9][0-9]{0,17}|-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}(?:[eE][+-]?[0-9]{1,2})?'
                    rb'|true|false|null|"[ !#-\[\]-~]{0,64}")[ \t\r\n]{0,64},[ \t\r\n]{0,64}){1,512}')
# up to 512 names with a text each, all plain, and the commas behind them
_TEXT_PAIRS = re.compile(rb'(?:"[ !#-\[\]-~]{1,1024}"[ \t\r\n]{0,64}:[ \t\r\n]{0,64}"[ !#-\[\]-~]{1,1024}"'
                         rb'[ \t\r\n]{0,64},[ \t\r\n]{0,64}){1,512}')
# the strings and names that nearly all are: short, plain, whole
_PLAIN = re.compile(rb'"([ !#-\[\]-~]{0,64})"')
_PLAIN_NAME = re.compile(rb'"([ !#-\[\]-~]{0,64})"[ \t\r\n]{0,64}:[ \t\r\n]{0,64}')
_LITERALS = ((b"true", True), (b"false", False), (b"null", None))
_REPORT_EVERY = 4096


def _pairs(text: bytes) -> list[tuple[str, str]]:
    """Of what matches `_TEXT_PAIRS`: that much Python's reader understands as everybody does."""
    pairs: list[tuple[str, str]] = json.loads(b"{%b}" % text.rstrip()[:-1], object_pairs_hook=list)
    return pairs


class Scanner:
    """Takes JSON values from `data` one after another; `pos` is the next byte to be read.

    Every complaint is a `Corrupt` whose `where` is the byte offset in the file, `base` being where `data` begins there and
    `what` its name in messages.
    """

    def __init__(self, data: bytes, what: str = "the text", base: int = 0, *, limits: Limits = LIMITS,
                 monitor: Monitor = QUIET) -> None:
        self.data = data
        self.pos = 0
        self._what = what
        self._base = base
        self._limits = limits
        self._monitor = monitor
        self._values = 0

    def document(self) -> Any:
        """The one value that is all of `data`."""
        self.space()
        value = self.value(1)
        self.end()
        return value

    def value(self, depth: int) -> Any:
        """The value at `pos`, which is nested in `depth - 1` others."""
        self._values += 1
        if self._values % _REPORT_EVERY == 0:
            self._monitor.report(self.pos, len(self.data))
        byte = self.peek()
        if byte == b'"':
            return self.string()
        if byte == b"{":
            return {name: self.value(depth + 1) for name in self.members(depth)}
        if byte == b"[":
            return self._array(depth)
        if byte == b"-" or byte.isdigit():
            return self._number()
        for text, meaning in _LITERALS:
            if self.data.startswith(text, self.pos):
                self.pos += len(text)
                return meaning
        raise self.fail(f"{self._seen()} where a value should be")

    def skip(self, depth: int) -> None:
        """Passes over the value at `pos`, judged as strictly as `value` does, without keeping it."""
        byte = self.peek()
        if byte == b"{":
            for _ in self.members(depth):
                self.skip(depth + 1)
        elif byte == b"[":
            self._skip_array(depth)
        else:
            self.value(depth)

    def members(self, depth: int) -> Iterator[str]:
        """The names of the object at `pos`, each given while `pos` is at its value: the caller takes the value before it
        asks for the next name."""
        self._deeper(depth)
        self.expect(b"{")
        self.space()
        if self.peek() == b"}":
            self.pos += 1
            return
        seen: set[str] = set()
        while True:
            at = self.pos
            name = self.name()
            if name in seen:
                raise self.duplicate(name, at)
            seen.add(name)
            yield name
            if self.separator() == b"}":
                return

    def text_pairs(self, depth: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Names and values of the object at `pos`, whose values are all strings, many at once. There may be a million."""
        self._deeper(depth)
        self.expect(b"{")
        self.space()
        if self.peek() == b"}":
            self.pos += 1
            return
        seen: set[str] = set()
        following = b","
        while following == b",":
            at, end = self.pos, self._match_end(_TEXT_PAIRS)
            pairs = _pairs(self.data[at:end]) if end > at else []
            names = {name for name, _ in pairs}
            if pairs and len(names) == len(pairs) and names.isdisjoint(seen):
                self.pos = end
                self._monitor.report(end, len(self.data))
            else:
                name, value, following = self._text_pair()
                if name in seen:
                    raise self.duplicate(name, at)
                pairs, names = [(name, value)], {name}
                if self._values % _REPORT_EVERY == 0:
                    self._monitor.report(self.pos, len(self.data))
            seen |= names
            yield pairs

    def _text_pair(self) -> tuple[str, str, bytes]:
        """(name, value, the comma or bracket behind them)."""
        name = self.name()
        if self.peek() != b'"':
            raise Corrupt(f"{self._what} has something other than a text for \"{visible(name)}\"", HINT,
                          f"byte {self._base + self.pos}", id="not_a_text")
        value = self.string()
        self._values += 1
        return name, value, self.separator()

    def name(self) -> str:
        """A member's name; `pos` is at its value afterwards."""
        plain = _PLAIN_NAME.match(self.data, self.pos)
        if plain is not None:
            self.pos = plain.end()
            self.space()
            return str(plain[1], "ascii")
        if self.peek() != b'"':
            raise self.fail(f"{self._seen()} where a name in double quotes should be")
        name = self.string()
        self.space()
        self.expect(b":")
        self.space()
        return name

    def separator(self, closing: bytes = b"}") -> bytes:
        """Takes the comma or the closing bracket after a value and says which; after a comma `pos` is at what follows."""
        self.space()
        byte = self.peek()
        if byte != b"," and byte != closing:
            raise self.fail(f"{self._seen()} where a comma or {closing.decode()} should be")
        self.pos += 1
        if byte == b",":
            self.space()
        return byte

    def string(self) -> str:
        """The string at `pos`."""
        plain = _PLAIN.match(self.data, self.pos)
        if plain is not None:
            self.pos = plain.end()
            return str(plain[1], "ascii")
        start = self.pos
        self.pos += 1
        while (end := self._match_end(_INSIDE)) > self.pos:
            self.pos = end
        closing = self.peek()
        if closing != b'"':
            if closing and closing < b" ":
                raise self.fail("an unescaped control character in a string", end)
            raise self.fail("a string without an end", start)
        raw = self.data[start + 1:end]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.fail("a string that is not UTF-8", start + 1 + error.start) from None
        self.pos = end + 1
        return self._unescaped(text, start) if b"\\" in raw else text

    def space(self) -> None:
        if self.pos < len(self.data) and self.data[self.pos] > 0x20:
            return
        while (end := self._match_end(_SPACE)) > self.pos:
            self.pos = end

    def expect(self, byte: bytes) -> None:
        if self.peek() != byte:
            raise self.fail(f"{self._seen()} where {byte.decode()} should be")
        self.pos += 1

    def end(self) -> None:
        """Raises when anything but white space follows."""
        self.space()
        if self.pos < len(self.data):
            raise self.fail(f"{self._seen()} after its end")

    def peek(self) -> bytes:
        """The next byte, b"" at the end."""
        return self.data[self.pos:self.pos + 1]

    def fail(self, problem: str, at: int | None = None, id: str = "") -> Corrupt:
        place = self._base + (self.pos if at is None else at)
        return Corrupt(f"{self._what} is not valid JSON: it has {problem}", HINT, f"byte {place}", id=id)

    def duplicate(self, name: str, at: int) -> Corrupt:
        return Corrupt(f"{self._what} names \"{visible(name)}\" twice", "Readers differ in which of the two they take, so neither "
                       "is shown: ask whoever made the file.", f"byte {self._base + at}", id="duplicate_key")

    def _array(self, depth: int) -> list[Any]:
        self._deeper(depth)
        self.expect(b"[")
        self.space()
        items: list[Any] = []
        if self.peek() == b"]":
            self.pos += 1
            return items
        while True:
            items.append(self.value(depth + 1))
            if self.separator(b"]") == b"]":
                return items

    def _skip_array(self, depth: int) -> None:
        self._deeper(depth)
        self.expect(b"[")
        self.space()
        if self.peek() == b"]":
            self.pos += 1
            return
        while True:
            while (end := self._match_end(_ITEMS)) > self.pos:
                self._monitor.report(self.pos, len(self.data))
                self.pos = end
            self.skip(depth + 1)
            if self.separator(b"]") == b"]":
                return

    def _match_end(self, pattern: re.Pattern[bytes]) -> int:
        """Where a match of `pattern` at `pos` ends; `pos` when there is none."""
        matched = pattern.match(self.data, self.pos)
        return matched.end() if matched else self.pos

    def _number(self) -> int | float:
        matched = _NUMBER.match(self.data, self.pos)
        if matched is None:
            raise self.fail("a minus sign without a number")
        text = matched.group()
        following = self.data[matched.end():matched.end() + 1]
        if following and following in b"0123456789.eE+-":
            many = len(text) > 4096
            raise self.fail("a number of thousands of digits" if many else
                            f"a malformed number beginning with {text.decode()}")
        whole = text.lstrip(b"-").isdigit()
        if whole and len(text.lstrip(b"-")) > self._limits.json_digits:
            raise self.fail(f"a number of {len(text.lstrip(b'-')):,} digits")
        if whole and text != b"-0":
            self.pos = matched.end()
            return int(text)
        number = float(text)
        if not math.isfinite(number):
            raise self.fail("a number that is too large")
        self.pos = matched.end()
        return number

    def _unescaped(self, text: str, at: int) -> str:
        try:
            value: str = json.loads(f'"{text}"')
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise self.fail("half of a surrogate pair in a string", at) from None
        except ValueError:
            raise self.fail("an unknown escape in a string", at) from None
        return value

    def _deeper(self, depth: int) -> None:
        if depth > self._limits.json_depth:
            raise self.fail(f"more than {self._limits.json_depth} levels of nesting")

    def _seen(self) -> str:
        byte = self.peek()
        if not byte:
            return "its end"
        return byte.decode() if b" " < byte < b"\x7f" else f"the byte {byte.hex()}"
