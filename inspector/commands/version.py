"""`inspector version`: the same as --version, and for scripts with what it runs on."""
from __future__ import annotations

import argparse
import platform

from inspector import __version__, core

from .arguments import add_json
from .output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Say which version this is."
    add_json(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    if out.json:
        out.answer({"version": __version__, "python": platform.python_version(), "platform": core.wording.system_name()})
    else:
        out.text(f"inspector {__version__}\n")
    return 0
