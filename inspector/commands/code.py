"""`inspector code`: the texts that lie in a checkpoint, listed or printed."""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from inspector import core
from inspector.sentences import said

from . import files
from .output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "List the code and other texts that lie in a checkpoint, or print one of them. Nothing is run."
    files.add_file(parser)
    parser.add_argument("name", metavar="NAME", nargs="?", help="the text to print; the end of its name will do")


def run(asked: argparse.Namespace, out: Output) -> int:
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        if out.json:
            out.answer(as_json(ckpt, asked.name))
        elif asked.name is None:
            out.text(listed(ckpt))
        else:
            for piece in printed(ckpt, asked.name):
                out.text(piece)
    return 0


def listed(ckpt: core.Checkpoint) -> str:
    """One line for each text: its bytes and its name."""
    texts = core.texts(ckpt)
    if not texts:
        return said("there is no code and no other text in the file") + "\n"
    width = max(len(f"{nbytes:,}") for nbytes in texts.values())
    return "".join(f"{nbytes:>{width},}  {core.visible(name, 1000)}\n" for name, nbytes in texts.items())


def as_json(ckpt: core.Checkpoint, name: str | None) -> dict[str, Any]:
    """The object of --json: all names, or one text."""
    if name is None:
        return {"path": ckpt.path, "texts": [{"name": text, "nbytes": nbytes} for text, nbytes in core.texts(ckpt).items()]}
    found = chosen(ckpt, name)
    return {"path": ckpt.path, "name": found, "text": "".join(piece.text for piece in core.text_pieces(ckpt, found))}


def printed(ckpt: core.Checkpoint, name: str) -> Iterator[str]:
    """The text `name`, piece by piece, with what could steer a terminal escaped."""
    for piece in core.text_pieces(ckpt, chosen(ckpt, name)):
        yield core.visible_lines(piece.text)


def chosen(ckpt: core.Checkpoint, name: str) -> str:
    """The text that is called `name`, or the only one whose name ends so. Raises UsageError."""
    names = core.texts(ckpt)
    if name in names:
        return name
    likely = [text for text in names if text.removesuffix(".py").endswith(name.removesuffix(".py"))]
    if len(likely) == 1:
        return likely[0]
    which = "several texts are" if likely else "no text is"
    raise core.UsageError(f"{which} called {core.visible(name)}", "`inspector code FILE` lists them.")
