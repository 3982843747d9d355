"""The command line. The only file that prints.

Exit codes: 0 done, 1 `check` found something of level warning or danger, 2 something could not be read or done (one line on
stderr, never a traceback), 130 interrupted, 141 the reader of our output went away. Numpy, torch and Qt are loaded only by
the commands that need them, nothing at all for `--version` and `--help`.
"""
from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from . import __version__

if TYPE_CHECKING:
    from . import core

_USAGE = """\
inspector [FILE ...]                    open the window
       inspector demo                          open the window on two sample checkpoints
       inspector ls FILE [--digest]            list keys, shapes, dtypes, devices, values and findings
       inspector stats FILE [--match GLOB] [--bins N]
                                               minimum, maximum, mean, deviation and histogram of tensors
       inspector edit IN -o OUT EDIT...        strip prefixes, rename, drop, extract, cast, remap devices …, and save
       inspector check FILE [--against REF]    what is wrong with the file, and what load_state_dict of a model like REF
                                               would say; exit 0 nothing, 1 something
       inspector diff A B                      what differs between two checkpoints; exit 0 nothing, 1 something
       inspector code FILE [NAME]              the code and other texts in the file, listed or printed
       inspector desktop install|uninstall|status [--dry-run] [--default]
                                               the entry in the desktop's menu and its file types\
"""
_EPILOG = """\
FILE is a checkpoint: .pth, .pt, .ckpt, .bin, .safetensors … Nothing in it is ever run.
FILE!member is a checkpoint inside a .zip, .tar or .mdlus archive; quote it, for the shell's sake.
--json prints one JSON object on standard output (ls, stats, check, diff, edit, code).
`inspector COMMAND --help` says more. A file named like a command is opened as ./ls.
"""


def start() -> NoReturn:
    """The process of `inspector`: runs one command and ends. A listing leaves without taking its tables apart first, which
    would take a tenth of the whole time with 100,000 tensors; nothing it opened for writing is open still."""
    code = main()
    if _command_in(sys.argv[1:]) not in ("ls", "stats", "check", "diff"):
        sys.exit(code)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except ValueError:          # closed: `main` has said why already
        pass
    except OSError:             # the reader of the pipe went away just now
        code = code or 141
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _forgive_unprintable(sys.stdout)
    _forgive_unprintable(sys.stderr)
    try:
        return _guarded(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _silence(sys.stdout)
        return 141


def main_window() -> int:
    """`inspector-gui`: the window, started where there may be no console (`sys.stdout` is None). What would go to stderr is
    then shown in a box."""
    complaints = None if sys.stderr is not None else io.StringIO()
    sys.stdout = sys.stdout or io.StringIO()
    sys.stderr = sys.stderr or complaints
    code = main(sys.argv[1:])
    if complaints is not None and code == 2:
        _show_complaint(complaints.getvalue())
    return code


def _show_complaint(text: str) -> None:
    try:
        from .gui.frame import application
        from .gui.kit import message_boxes
    except ImportError:
        return              # nothing is left to say it with
    qt = application.existing() or application.Application()
    message_boxes.show_message(None, "danger", "Checkpoint Inspector", text.removeprefix("inspector: ").strip())
    qt.exec()


class _Refused(Exception):
    """The request cannot be served: one line."""


def _guarded(arguments: list[str]) -> int:
    try:
        try:
            return _dispatch(arguments)
        except SystemExit as done:       # argparse, after --help and --version
            sys.stdout.flush()
            return done.code if isinstance(done.code, int) else 0
    except _Refused as refused:
        return _fail(str(refused))
    except BrokenPipeError:
        raise
    except MemoryError:
        return _fail("there is not enough memory for this. Close other programs, or use a bigger machine.")
    except Exception as bug:
        if os.environ.get("INSPECTOR_DEBUG"):
            raise
        from . import core
        if isinstance(bug, core.InspectorError):
            return _fail(core.visible(str(bug), 1000))
        what = " ".join(str(bug).split())[:200]
        return _fail(f"this is a bug in inspector ({type(bug).__name__}: {what}). "
                     "Please report it, with what INSPECTOR_DEBUG=1 in the environment makes it print.")


def _dispatch(arguments: list[str]) -> int:
    name = _command_in(arguments)
    if name is None:
        return _window(arguments)
    arguments.remove(name)
    if name not in ("ls", "stats", "check", "diff"):
        return COMMANDS[name](arguments)
    from . import core
    with core.collector_paused():       # millions of objects, hardly any garbage, and all is over before that matters
        return COMMANDS[name](arguments)


def _command_in(arguments: list[str]) -> str | None:
    """The first argument that is neither an option nor an option's value, when it names a command."""
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--":
            return None
        elif argument.startswith("-") and argument != "-":
            skip = argument in ("--screenshot", "--match", "--bins", "--against")
        else:
            return argument if argument in COMMANDS else None
    return None


# -- the commands -------------------------------------------------------------------------------------------------------------

def _ls(arguments: list[str]) -> int:
    parser = _Parser("inspector ls", "List keys, shapes, dtypes, devices, values and findings of a checkpoint.")
    _add_file(parser)
    parser.add_argument("--digest", action="store_true", help="also the SHA-256 of every tensor's elements")
    asked = parser.parse_args(arguments)
    from . import core
    from .commands import listing
    with _reading(asked.file):
        ckpt = core.open(asked.file, follow_links=asked.follow_links)
        digests = dict(core.digests(ckpt)) if asked.digest else None
    _write(listing.as_json(ckpt, digests) + "\n" if asked.json else listing.as_text(ckpt, digests))
    return 0


def _stats(arguments: list[str]) -> int:
    parser = _Parser("inspector stats", "Exact minimum, maximum, mean, deviation and histogram of tensors, and what they say of the model.")
    _add_file(parser)
    parser.add_argument("--match", metavar="GLOB", help="only tensors whose key matches, as in 'encoder.*.weight'")
    parser.add_argument("--bins", metavar="N", type=int, default=None, help="bins of the histogram")
    asked = parser.parse_args(arguments)
    from . import core
    from .commands import listing
    with _reading(asked.file):
        bins = core.BINS if asked.bins is None else asked.bins
        if not 1 <= bins <= 1 << 20:
            raise core.UsageError(f"a histogram of {bins:,} bins cannot be made", "Ask for 1 to 1,048,576.")
        ckpt = core.open(asked.file, follow_links=asked.follow_links)
        outcomes = list(core.summarize_each(ckpt, _matching(ckpt, asked.match), bins))
        good = {key: outcome for key, outcome in outcomes if isinstance(outcome, core.Summary)}
        findings = core.health(ckpt, good)
    if asked.json:
        _write(_json(listing.stats_json(ckpt, outcomes, findings)))
    else:
        _write(listing.stats_text(ckpt, outcomes, findings, _blocks(listing.BLOCKS, listing.ASCII_BLOCKS)))
    return 0


def _blocks(blocks: str, plain: str) -> str:
    """What small histograms are drawn with: nothing unless this is a terminal, and only what it can show."""
    if not sys.stdout.isatty():
        return ""
    try:
        blocks.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return blocks


def _matching(ckpt: core.Checkpoint, glob: str | None) -> list[str]:
    from . import core
    if glob is None:
        return list(ckpt.tensors)
    import fnmatch
    import re
    fits = re.compile(fnmatch.translate(glob)).match
    keys = [key for key in ckpt.tensors if fits(key)]
    if not keys:
        raise core.UsageError(f"no tensor matches {core.visible(glob)}", "`inspector ls` shows the keys.")
    return keys


def _check(arguments: list[str]) -> int:
    parser = _Parser("inspector check", "Say what is wrong with a checkpoint; exit 1 when something is, 2 when it cannot be read.")
    _add_file(parser)
    parser.add_argument("--against", metavar="REF", help="a checkpoint of a model, or a .json of its shapes: would the file load into it?")
    parser.add_argument("--model", metavar="PACKAGE.MODULE:CALLABLE",
                        help="the same against a real model, which is made in a process of its own")
    parser.add_argument("--error", metavar="TXT", help="a file with the error that load_state_dict gave")
    parser.add_argument("--state-dict", metavar="PATH", help="the state dict of FILE that is loaded, as in model_state_dict")
    asked = parser.parse_args(arguments)
    from . import core
    from .commands import fit, listing
    if sum(option is not None for option in (asked.against, asked.model, asked.error)) > 1:
        raise core.UsageError("--against, --model and --error ask the same in three ways", "Give one of them.")
    load: core.LoadReport | None = None
    with _reading(asked.file):
        try:
            ckpt = core.open(asked.file, follow_links=asked.follow_links)
            load = _load_report(asked, ckpt)
            findings = core.check(ckpt)
        except core.InspectorError as error:
            # what was learnt before the file broke off may be what matters most
            if asked.json:
                _write(_json(listing.check_json(asked.file, None, error.findings, error)))
            elif error.findings:
                _write(listing.findings_text(error.findings) + "\n")
            raise
    if asked.json:
        _write(_json({**listing.check_json(asked.file, ckpt, findings), **(fit.as_json(load) if load else {})}))
    else:
        _write(listing.sentence(ckpt) + "\n" + (listing.findings_text(findings) if findings else "nothing wrong") + "\n")
        if load:
            _write("\n" + fit.as_text(load, asked.file))
    return 1 if core.worst(findings) in ("warning", "danger") or (load and not load.lists.loads) else 0


def _load_report(asked: argparse.Namespace, ckpt: core.Checkpoint) -> core.LoadReport | None:
    from . import core
    if asked.error is not None:
        return core.doctor(core.read_text_file(asked.error), ckpt, state_dict=asked.state_dict)
    if asked.model is not None:
        return core.load_report(ckpt, core.shapes_of_model(asked.model), state_dict=asked.state_dict)
    if asked.against is None:
        return None
    reference = core.read_reference(asked.against)
    return core.load_report(ckpt, reference, state_dict=asked.state_dict)


def _diff(arguments: list[str]) -> int:
    from .commands import diff, diff_page
    parser = _Parser("inspector diff", "What differs between two checkpoints; exit 0 when nothing does, 1 when something does.")
    diff.add_arguments(parser)
    asked = parser.parse_args(arguments)
    from . import core
    with _reading(asked.a):
        a = core.open(asked.a, follow_links=asked.follow_links)
    with _reading(asked.b):
        b = core.open(asked.b, follow_links=asked.follow_links)
    with _reading(f"{asked.a} and {asked.b}"):
        comparison = diff.compared(asked, a, b)
        if asked.html is not None:
            diff_page.write(comparison, asked.html)
    _write(_json(diff.as_json(comparison, asked.structure_only)) if asked.json else
           diff.as_text(comparison, show_equal=asked.all, structure_only=asked.structure_only))
    return diff.exit_code(comparison, asked.structure_only)


def _edit(arguments: list[str]) -> int:
    from . import core
    from .commands import edit, progress
    parser = _Parser("inspector edit", "Repair a checkpoint and save it: without its classes, without its devices, nothing run.",
                     epilog=edit.EPILOG)
    edit.configure(parser)
    asked = parser.parse_intermixed_args(arguments)
    bar = progress.Bar(_draw) if not asked.json and sys.stderr.isatty() else None
    answers, code = [], 0
    try:
        for done in edit.run(asked, bar or core.QUIET):
            if bar is not None:
                bar.clear()
            answers.append(done.answer)
            if done.text and not asked.json:
                _write(done.text)
            if done.error is not None:
                code = _fail(f"{core.visible(done.answer['path'], 1000)}: {core.visible(str(done.error), 1000)}")
    finally:
        if bar is not None:
            bar.clear()
    if asked.json:
        _write(_json({"dry_run": asked.dry_run, "files": answers}))
    return code


def _code(arguments: list[str]) -> int:
    parser = _Parser("inspector code", "List the code and other texts that lie in a checkpoint, or print one of them. Nothing is run.")
    _add_file(parser)
    parser.add_argument("name", metavar="NAME", nargs="?", help="the text to print; the end of its name will do")
    asked = parser.parse_args(arguments)
    from . import core
    from .commands import code
    with _reading(asked.file):
        ckpt = core.open(asked.file, follow_links=asked.follow_links)
        if asked.json:
            _write(_json(code.as_json(ckpt, asked.name)))
        elif asked.name is None:
            _write(code.listed(ckpt))
        else:
            for piece in code.printed(ckpt, asked.name):
                _write(piece)
    return 0


def _desktop(arguments: list[str]) -> int:
    parser = _Parser("inspector desktop", "Put inspector into the desktop's menu and among its file types' programs, or undo it.")
    parser.add_argument("action", choices=("install", "uninstall", "status"))
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--default", action="store_true", help="install: open these file types with inspector from now on")
    asked = parser.parse_args(arguments)
    from .desktop import install
    _write(install.run(asked.action, asked.dry_run, default=asked.default).rstrip("\n") + "\n")
    return 0


def _demo(arguments: list[str]) -> int:
    parser = _Parser("inspector demo", "Open the window on two sample checkpoints.")
    _add_screenshot(parser)
    asked = parser.parse_args(arguments)
    import tempfile

    from . import core
    try:
        with tempfile.TemporaryDirectory(prefix="inspector-demo-", ignore_cleanup_errors=True) as folder:
            return _show(core.make_demo(folder), asked.screenshot, demo=True)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise _Refused(f"the samples could not be written: {error.strerror or error}. Set TMPDIR to a folder with room.") from None


def _window(arguments: list[str]) -> int:
    parser = _Parser("inspector", "See what is in a PyTorch or safetensors checkpoint, without running anything in it.",
                     usage=_USAGE, epilog=_EPILOG)
    parser.add_argument("files", metavar="FILE", nargs="*", help="checkpoints to open")
    _add_screenshot(parser)
    parser.add_argument("--new-window", action="store_true", help="do not hand the files to a window that is already open")
    parser.add_argument("--version", action="version", version=f"inspector {__version__}")
    asked = parser.parse_args(arguments)
    return _show(asked.files, asked.screenshot, new_window=asked.new_window)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "ls": _ls, "stats": _stats, "check": _check, "diff": _diff, "edit": _edit, "code": _code, "demo": _demo, "desktop": _desktop,
}


# -- the window ---------------------------------------------------------------------------------------------------------------

def _show(files: list[str], screenshot: str | None, demo: bool = False, new_window: bool = False) -> int:
    if "-" in files:
        raise _Refused("-: standard input cannot be opened. Save it to a file first.")
    if screenshot is None and not _has_display():
        return _list_instead(files)
    try:
        from .gui import app
        return app.run(files, screenshot=screenshot, demo=demo, new_window=new_window)
    except ImportError as error:
        raise _Refused(f"the window cannot be opened: {' '.join(str(error).split())}. "
                       "`inspector ls FILE` works without it.") from None


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin", "cygwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _list_instead(files: list[str]) -> int:
    if not files:
        raise _Refused("there is no display to open a window on. Name a FILE to have it listed, or see inspector --help.")
    _complain("there is no display to open a window on: this is what `inspector ls` says.")
    worst = 0
    for n, file in enumerate(files):
        if n:
            _write("\n")
        try:
            worst = max(worst, _ls(["--", file]))
        except _Refused as refused:
            worst = max(worst, _fail(str(refused)))
    return worst


# -- arguments ----------------------------------------------------------------------------------------------------------------

class _Parser(argparse.ArgumentParser):
    """Options anywhere, unabbreviated; a mistake is one line."""

    def __init__(self, prog: str, description: str, usage: str | None = None, epilog: str | None = None) -> None:
        super().__init__(prog=prog, description=description, usage=usage, epilog=epilog, allow_abbrev=False,
                         formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message: str) -> NoReturn:
        raise _Refused(f"{_one_line(message)}. See {self.prog} --help.")


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the checkpoint")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--follow-links", action="store_true", help="open a set of files though links lead out of its folder")


def _add_screenshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--screenshot", metavar="OUT.png",
                        help="draw the window off screen once everything asked for is shown, save the picture, exit")


# -- input and output ---------------------------------------------------------------------------------------------------------

class _reading:
    """What goes wrong with the file becomes one line that names it."""

    def __init__(self, path: str) -> None:
        self._path = path
        if path == "-":
            raise _Refused("-: standard input cannot be read. Save it to a file first.")

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from . import core
        if isinstance(error, core.InspectorError):
            if os.environ.get("INSPECTOR_DEBUG"):
                import traceback
                traceback.print_exception(error)
            raise _Refused(f"{core.visible(self._path, 1000)}: {core.visible(str(error), 1000)}") from None


def _json(answer: dict[str, Any]) -> str:
    import json
    return json.dumps(answer, allow_nan=False) + "\n"


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence(sys.stdout)
        raise _Refused(f"the output could not be written: {error.strerror}. Write it somewhere else.") from None


def _draw(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"inspector: {_one_line(text)}\n")


def _fail(text: str) -> int:
    _complain(text)
    return 2


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _forgive_unprintable(stream: Any) -> None:
    """Characters that the terminal's encoding lacks are escaped instead of ending the program."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _silence(stream: Any) -> None:
    """Nothing more goes out, not even what is still buffered when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stream.buffer.raw.close()
