"""The checkpoint that a command is about: its argument, and its name before whatever is wrong with it."""
from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from inspector import core

from .arguments import add_json
from .output import Failed, Output


def add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the checkpoint")
    add_json(parser)
    add_follow_links(parser)


def add_follow_links(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--follow-links", action="store_true", help="open a set of files though links lead out of its folder")


def add_files(parser: argparse.ArgumentParser) -> None:
    """Several files, and folders of them."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="the checkpoint, or several")
    parser.add_argument("-r", "--recursive", action="store_true", help="every checkpoint in the folders named, however deep")
    add_json(parser)
    add_follow_links(parser)


def run_each(asked: argparse.Namespace, out: Output, one: Callable[[argparse.Namespace, Output], int], *, titles: bool = True) -> int:
    """Runs `one` for each file, as `asked.file`, and gives the gravest exit status. Of several, one that cannot be read is told and the
    rest goes on; the object of --json has a list of what each answered; `titles` name each file in text. Raises Failed for a single
    one, UsageError when there is none in the folders."""
    if not asked.recursive and len(asked.files) == 1:
        asked.file = asked.files[0]
        return one(asked, out)
    paths = [*core.checkpoints_in_all(asked.files)] if asked.recursive else asked.files
    if not paths:
        raise core.UsageError(f"there is no checkpoint in {core.visible(str(asked.files[0]))}", "`inspector ls FILE` says what a file is.")
    status, answers = 0, []
    for path in paths:
        collected = _Collected(out, core.visible(path) if titles else "")
        try:
            found = one(argparse.Namespace(**{**vars(asked), "file": path}), collected)
        except Failed as failed:
            found = 2
            out.warn(str(failed))
            if not collected.answers:
                collected.answer({"path": path, "error": {"id": failed.error.id, "message": failed.error.message, "hint": failed.error.hint,
                                                          "where": failed.error.where or path}})
        status = max(status, found, key=_GRAVITY.index)
        answers += collected.answers
    if out.json:
        out.answer(f'{{"files": [{", ".join(answers)}]}}')
    return status


_GRAVITY = (0, 3, 1, 2)         # exit statuses


class _Collected:
    """The `Output` for one file of several: its answer waits for the others, its text begins with `title`."""

    def __init__(self, out: Output, title: str) -> None:
        self.json = out.json
        self.answers: list[str] = []
        self._out = out
        self._title = f"==> {title} <==\n" if title else ""
        self.warn, self.blocks, self.paint = out.warn, out.blocks, out.paint

    def text(self, text: str) -> None:
        title, self._title = self._title, ""
        self._out.text(title + text)

    def answer(self, found: Mapping[str, Any] | str) -> None:
        if not isinstance(found, str):
            import json
            found = json.dumps(found, allow_nan=False)
        self.answers.append(found)

    @property
    def monitor(self) -> core.Monitor:
        return self._out.monitor


@contextmanager
def about(path: str) -> Iterator[None]:
    """What goes wrong inside is told with the file's name."""
    if path == "-":
        raise Failed(core.UsageError("standard input cannot be read", "Save it to a file first."), "-")
    try:
        yield
    except core.InspectorError as error:
        raise Failed(error, path) from error


def read_for(path: str, *ckpts: core.Checkpoint) -> list[str]:
    """What an output tells of, and may not replace: the file at `path` as it was named, and all that was opened for it."""
    return [path, *(stamp.path for ckpt in ckpts for stamp in ckpt.files)]


def packed_keys(ckpt: core.Checkpoint, text: str) -> frozenset[str] | None:
    """The keys of the parts of packed tensors that `scheme:gptq` or `bits:4` means, and of the tensors themselves where `ckpt` has them
    unpacked; None where `text` is a pattern of keys. Raises UsageError."""
    kind, colon, wanted = text.partition(":")
    if not colon or kind not in ("scheme", "bits"):
        return None
    if kind == "bits" and not wanted.replace(".", "", 1).isdecimal():
        raise core.UsageError(f"{core.quoted(text, 60)} names no number of bits", "Write bits:4.")
    found: set[str] = set()
    for tensor in core.packed_tensors(ckpt).values():
        if (wanted.lower() in tensor.scheme) if kind == "scheme" else (tensor.bits is not None and tensor.bits == float(wanted)):
            found.update(tensor.parts.values(), tensor.inner, (tensor.name,))
    if not found:
        raise core.UsageError(f"no packed tensor is {core.visible(text, 60)}", "`inspector ls --json` lists them as \"logical\".")
    return frozenset(found)


def opened(path: str, asked: argparse.Namespace, out: Output) -> core.Checkpoint:
    """Raises Failed."""
    with about(path):
        return core.open(path, follow_links=asked.follow_links, monitor=out.monitor)
