"""What a command may do with the world. `cli` makes it; tests give their own."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from inspector import core, languages
from inspector.sentences import said

Paint = Callable[[str, str], str]
"""(text, style) -> the text, in colour perhaps: `Output.paint`."""


def plain(text: str, style: str) -> str:
    """The `Paint` without colours."""
    return text


class Output(Protocol):
    """`json`: the one answer is an object on standard output, and nothing else goes there."""

    json: bool

    def text(self, text: str) -> None:
        """Writes `text` as it is to standard output: what comes from a file or an argument must be escaped already. Raises Failed
        when it cannot be written."""

    def answer(self, found: Mapping[str, Any] | str) -> None:
        """Writes the object of --json; a str is one that is spelled out already."""

    def warn(self, text: str) -> None:
        """One line on standard error, whatever is in `text`; the command goes on."""

    @property
    def monitor(self) -> core.Monitor:
        """Shows on a terminal how far long work is."""

    def paint(self, text: str, style: str) -> str:
        """`text` in the colour of `style`, a level of findings, "good", "added" or "removed", where standard output shows colours."""

    def blocks(self, blocks: str, plain: str) -> str:
        """What small pictures are drawn with on standard output: `blocks` on a terminal that has them, `plain` on another one, and
        nothing at all where it is no terminal."""


class Failed(Exception):
    """What was asked for cannot be done: `error`, which concerns the file `about` where that is not empty."""

    def __init__(self, error: core.InspectorError, about: str = "") -> None:
        super().__init__(error, about)
        self.error = error
        self.about = about

    def __str__(self) -> str:
        """On one line, which can be shown."""
        text = core.visible(told(self.error), 1000)
        return f"{core.visible(self.about, 1000)}: {text}" if self.about else text


def told(error: core.InspectorError) -> str:
    """What is wrong, where and what to do, on one line, in the language that is spoken."""
    if languages.current() == "en":
        return str(error)
    message, hint = said(error.message), said(error.hint)
    place = said(f"(at {error.where})") if error.where else ""
    end = "" if message.endswith((".", "!", "?", "。", "！", "？")) else "。"
    return f"{message}{place}{end}{hint}"


def headline(ckpt: core.Checkpoint, packed: Mapping[str, core.LogicalTensor] | None = None) -> str:
    """What a file is and how much of what is in it, in a few lines. `packed` are its packed tensors where they are known."""
    return "\n".join(map(said, core.headline(ckpt, packed=packed).splitlines()))
