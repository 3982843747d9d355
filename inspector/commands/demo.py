"""`inspector demo`: the window on two sample checkpoints, which are made for it and are gone with it."""
from __future__ import annotations

import argparse
import tempfile

from inspector import core

from . import window
from .arguments import add_language, add_screenshot
from .output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Open the window on two sample checkpoints."
    add_screenshot(parser)
    add_language(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    try:
        with tempfile.TemporaryDirectory(prefix="inspector-demo-", ignore_cleanup_errors=True) as folder:
            return window.show(core.make_demo(folder), out, screenshot=asked.screenshot, demo=True, language=asked.lang)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise core.SaveError(f"the samples could not be written: {error.strerror or error}", "Set TMPDIR to a folder with room.") from error
