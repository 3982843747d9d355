"""`inspector [FILE ...]`: the window, or where there is no display what `ls` says of the files."""
from __future__ import annotations

import argparse
import os
import sys

from inspector import core
from inspector.sentences import said

from . import load
from .arguments import add_window_options, parser_of
from .output import Failed, Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "See what is in a PyTorch or safetensors checkpoint, without running anything in it."
    parser.add_argument("files", metavar="FILE", nargs="*", help="checkpoints to open")
    add_window_options(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    return show(asked.files, out, screenshot=asked.screenshot, new_window=asked.new_window, language=asked.lang)


def show(files: list[str], out: Output, *, screenshot: str | None = None, demo: bool = False, new_window: bool = False,
         language: str | None = None) -> int:
    """Raises InspectorError when there is no window to be had, or nothing to draw a picture of."""
    if "-" in files:
        raise Failed(core.UsageError("standard input cannot be opened", "Save it to a file first."), "-")
    if screenshot is not None:
        core.check_output(screenshot, "picture", files)
    elif not _has_display():
        return _list_instead(files, out)
    try:
        from inspector.gui import app
        return app.run([core.with_secrets(file) for file in files], screenshot=screenshot, demo=demo, new_window=new_window,
                       language=language, pages=Pages())
    except ImportError as error:
        raise core.UsageError(f"the window cannot be opened: {core.visible(' '.join(str(error).split()), 1000)}",
                              "`inspector ls FILE` works without it.") from error


class Pages:
    """The pages that `check --html` and `diff --html` write."""

    def file(self, ckpt: core.Checkpoint, values: bool, monitor: core.Monitor) -> str:
        report = core.check_report(ckpt, monitor, values=values)
        made = load("file_page")
        fixes = [*core.fixes_for_each(ckpt, report.findings, monitor)]
        return str(made.page([made.body_of(ckpt, report, fixes, monitor=monitor)], [ckpt.path]))

    def comparison(self, comparison: core.Comparison, base: core.ThreeWay | None = None) -> str:
        return str(load("diff_page").page(comparison, base))


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin", "cygwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _list_instead(files: list[str], out: Output) -> int:
    if not files:
        raise core.UsageError("there is no display to open a window on", "Name a FILE to have it listed, or see inspector --help.")
    out.warn(said("there is no display to open a window on: this is what `inspector ls` says."))
    worst = 0
    for n, file in enumerate(files):
        if n:
            out.text("\n")
        try:
            parser = parser_of("ls")
            parser.module.run(parser.parse(["--", file], argparse.Namespace()), out)
        except Failed as failed:
            out.warn(str(failed))
            worst = 2
    return worst
