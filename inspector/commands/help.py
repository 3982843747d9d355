"""`inspector help [COMMAND]`: the same as --help."""
from __future__ import annotations

import argparse

from . import COMMANDS
from .arguments import main_parser, parser_of, unknown_command
from .output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Say what inspector can do, or more about one of its commands."
    parser.add_argument("command", metavar="COMMAND", nargs="?", help=", ".join(COMMANDS))


def run(asked: argparse.Namespace, out: Output) -> int:
    if asked.command is None:
        out.text(main_parser().format_help())
    elif asked.command in COMMANDS:
        out.text(parser_of(asked.command).format_help())
    else:
        raise unknown_command(asked.command)
    return 0
