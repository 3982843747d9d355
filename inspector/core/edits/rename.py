"""Names by a regular expression: `^encoder\\.layer\\.(\\d+)` -> `blocks.\\1`."""
from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor

from .tools.common import Edit, fields_of
from .tools.naming import renamed

_SECONDS = 20.0             # for all names together
_SLOW = 0.05                # seconds for one short text, which tell that longer ones would never end
_LONGEST = 4096             # characters of a name that is looked at
_PROBES = 2000
# what can take time exponential in a name's length: a group that is repeated, or many unbounded repeats
_REPEATED_GROUP = re.compile(r"\)\s*(?:[*+]|\{\d*,\d*\})")
_REPEAT = re.compile(r"(?<!\\)[*+]|\{\d*,\}")


@dataclass(frozen=True)
class Rename(Edit):
    """Replaces every match of `pattern` in a name by `replacement`, as Python's `re.sub` does: `\\1` and `\\g<name>` are groups."""

    pattern: str
    replacement: str
    OPTION: ClassVar[str] = "rename"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        substitute = self._substitute()
        if _is_suspicious(self.pattern):
            self._prove(substitute, (info.name for info in ckpt.tensors.values()))
        end = time.monotonic() + _SECONDS

        def new_name(name: str, place: str | None) -> str:
            if len(name) > _LONGEST:
                return name
            if time.monotonic() > end:
                raise self._too_slow()
            return substitute(name)

        return renamed(ckpt, self, new_name, monitor)

    def _substitute(self) -> Callable[[str], str]:
        if len(self.pattern) > _LONGEST or len(self.replacement) > _LONGEST:
            raise EditError(f"the pattern is longer than {_LONGEST:,} characters")
        try:
            compiled = re.compile(self.pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise EditError(f"{visible(self.pattern, 80)!r} is no regular expression: {error}",
                            "A dot that is meant as a dot is written \\. and a bracket \\(.", id="bad_regex") from None

        def substitute(name: str) -> str:
            try:
                return compiled.sub(self.replacement, name)
            except (re.error, IndexError) as error:
                raise EditError(f"{visible(self.replacement, 80)!r} is no replacement: {error}",
                                "\\1 is the first group of the pattern, \\g<name> a named one.", id="bad_regex") from None

        _check_template(compiled, self.replacement)
        return substitute

    def _prove(self, substitute: Callable[[str], str], names: Iterable[str]) -> None:
        """Tries a pattern that may take for ever on beginnings of names, longer and longer, and stops it while it still ends."""
        forms = dict.fromkeys(re.sub(r"\d+", "0", name[:_LONGEST]) for name in names)
        for form in sorted(forms, key=len, reverse=True)[:_PROBES]:
            for length in range(4, len(form) + 4, 3):
                for text in (form[:length], form[:length] + "\0"):
                    start = time.perf_counter()
                    substitute(text)
                    if time.perf_counter() - start > _SLOW and _is_slow(substitute, text):
                        raise self._too_slow()

    def _too_slow(self) -> EditError:
        return EditError(f"{visible(self.pattern, 80)!r} takes too long on the names of this file",
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
            raise EditError(f"{visible(text, 80)!r} does not say what becomes of what", "Write REGEX=REPLACEMENT.")
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


def _check_template(compiled: re.Pattern[str], replacement: str) -> None:
    """Groups that the pattern does not have are told even when no name matches."""
    for at in re.finditer(r"\\(?:(\d+)|g<([^>]*)>)", replacement):
        wanted = at.group(1) or at.group(2)
        there = int(wanted) <= compiled.groups if wanted.isdigit() else wanted in compiled.groupindex
        if not there and not (at.group(1) or "").startswith("0"):
            raise EditError(f"the replacement asks for group {visible(wanted, 40)}, and the pattern has {compiled.groups}",
                            "Groups are the parts of the pattern in (brackets).", id="bad_regex")


def _is_suspicious(pattern: str) -> bool:
    return bool(_REPEATED_GROUP.search(pattern)) or len(_REPEAT.findall(pattern)) > 3


def _is_slow(substitute: Callable[[str], str], text: str) -> bool:
    """The same again: a busy machine is no slow pattern."""
    start = time.perf_counter()
    substitute(text)
    return time.perf_counter() - start > _SLOW
