"""`inspector desktop`: the program in the desktop's menu, and among its file types' programs."""
from __future__ import annotations

import argparse

from inspector import sentences
from inspector.desktop import install

from .arguments import add_json
from .output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Put inspector into the desktop's menu and among its file types' programs, or undo it."
    parser.add_argument("action", choices=install.ACTIONS)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--default", action="store_true", help="install: open these file types with inspector from now on")
    add_json(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    said = install.run(asked.action, asked.dry_run, default=asked.default).rstrip("\n")
    if out.json:
        out.answer({"action": asked.action, "dry_run": asked.dry_run, "lines": said.splitlines()})
    else:
        out.text("\n".join(map(sentences.said, said.splitlines())) + "\n")
    return 0
