"""Names by a regular expression: `^encoder\\.layer\\.(\\d+)` -> `blocks.\\1`.

The expressions are those of Python's `re`, matched by the `regex` module: a pattern can take time exponential in a name's length, and
`re` would then hold the interpreter's lock until the end of time. `regex` stops when its time is up, and other threads run
meanwhile. A linear engine (RE2) would need no time limit, but knows neither look-around nor back-references, which people use.
"""
from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import counted

from .tools.common import Edit, fields_of
from .tools.naming import renamed

if TYPE_CHECKING:
    import regex

_SECONDS = 3.0              # beyond what 100,000 names take with an ordinary pattern
_PER_NAME = 0.0005
_LONGEST = 4096             # characters of a name that is looked at


@dataclass(frozen=True)
class Rename(Edit):
    """Replaces every match of `pattern` in a name by `replacement`, as Python's `re.sub` does: `\\1` and `\\g<name>` are groups.

    >>> list(core.edit({"blocks.0.w": np.ones(3)}, [core.Rename(r"blocks\\.(\\d+)", r"layers.\\1")]))
    ['layers.0.w']
    """

    pattern: str
    replacement: str
    OPTION: ClassVar[str] = "rename"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        substitute = self._substitute()
        end = time.monotonic() + _SECONDS + _PER_NAME * (len(ckpt.tensors) + len(ckpt.values))

        def new_name(name: str, place: str | None) -> str:
            if len(name) > _LONGEST:
                return name
            try:
                return substitute(name, end - time.monotonic())
            except TimeoutError:
                raise self._too_slow() from None

        return renamed(ckpt, self, new_name, monitor)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        """That the pattern fits names and the replacement leaves them as they are is another thing than that it fits none."""
        notes: list[str] = []
        if after.tensors is not before.tensors or after.values is not before.values:
            return notes
        try:
            others = Rename(self.pattern, f"~{self.replacement}").apply(before, monitor)
        except EditError:
            return notes
        n = sum(key not in before.tensors for key in others.tensors)
        if n:
            notes.append(f"{counted(n, 'tensor fits and keeps its name', 'tensors fit and keep their names')}.")
        return notes

    def _substitute(self) -> Callable[[str, float], str]:
        import regex
        if len(self.pattern) > _LONGEST or len(self.replacement) > _LONGEST:
            raise EditError(f"the pattern is longer than {_LONGEST:,} characters")
        try:
            re.compile(self.pattern)                    # its rules, and its words for what is wrong
            compiled = regex.compile(self.pattern, regex.VERSION0)
        except (re.error, regex.error, RecursionError, OverflowError) as error:
            raise EditError(f"{quoted(self.pattern, 80)} is no regular expression: {error}",
                            "A dot that is meant as a dot is written \\. and a bracket \\(.", id="bad_regex") from None

        def substitute(name: str, seconds: float) -> str:
            try:
                found: str = compiled.sub(self.replacement, name, timeout=max(seconds, 1e-3), concurrent=True)
                return found
            except (regex.error, IndexError) as error:
                raise EditError(f"{quoted(self.replacement, 80)} is no replacement: {error}",
                                "\\1 is the first group of the pattern, \\g<name> a named one.", id="bad_regex") from None

        _check_template(compiled, self.replacement)
        return substitute

    def _too_slow(self) -> EditError:
        return EditError(f"{quoted(self.pattern, 80)} takes too long on the names of this file",
                         "A repeated group with a repeat in it, like (a+)+, tries too many ways: write it simpler.", id="slow_regex")

    @property
    def text(self) -> str:
        return f"{self.pattern}={self.replacement}"

    def to_json(self) -> Any:
        return {"pattern": self.pattern, "replacement": self.replacement}

    @classmethod
    def parse(cls, text: str, option: str) -> Rename:
        pattern, equals, replacement = text.rpartition("=")
        if not equals or not pattern:
            raise EditError(f"{quoted(text, 80)} does not say what becomes of what", "Write REGEX=REPLACEMENT.")
        return cls._checked(pattern, replacement)

    @classmethod
    def from_json(cls, value: Any, option: str) -> Rename:
        found = fields_of(value, option, ("pattern", "replacement"))
        if not isinstance(found["pattern"], str) or not isinstance(found["replacement"], str):
            raise EditError("the pattern and the replacement of rename are texts")
        return cls._checked(found["pattern"], found["replacement"])

    @classmethod
    def _checked(cls, pattern: str, replacement: str) -> Rename:
        made = cls(pattern, replacement)
        made._substitute()
        return made


def _check_template(compiled: regex.Pattern[str], replacement: str) -> None:
    """Groups that the pattern does not have are told even when no name matches."""
    for at in re.finditer(r"\\(?:\\|(\d+)|g<([^>]*)>)", replacement):       # a doubled backslash is a backslash, whatever follows it
        wanted = at.group(1) or at.group(2)
        if wanted is None:
            continue
        there = int(wanted) <= compiled.groups if wanted.isdigit() else wanted in compiled.groupindex
        if not there and not (at.group(1) or "").startswith("0"):
            raise EditError(f"the replacement asks for group {visible(wanted, 40)}, and the pattern has {compiled.groups}",
                            "Groups are the parts of the pattern in (brackets).", id="bad_regex")
