"""The checkpoint that a command is about: its argument, and its name before whatever is wrong with it."""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from inspector import core

from .arguments import add_json
from .output import Failed, Output


def add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the checkpoint")
    add_json(parser)
    add_follow_links(parser)


def add_follow_links(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--follow-links", action="store_true", help="open a set of files though links lead out of its folder")


@contextmanager
def about(path: str) -> Iterator[None]:
    """What goes wrong inside is told with the file's name."""
    if path == "-":
        raise Failed(core.UsageError("standard input cannot be read", "Save it to a file first."), "-")
    try:
        yield
    except core.InspectorError as error:
        raise Failed(error, path) from error


def opened(path: str, asked: argparse.Namespace, out: Output) -> core.Checkpoint:
    """Raises Failed."""
    with about(path):
        return core.open(path, follow_links=asked.follow_links, monitor=out.monitor)
