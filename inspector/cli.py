"""The command line. The only file that prints.

Exit status: 0 done; 1 `check` found something of level warning or danger, `diff` a difference; 2 something could not be read or done
(one line on stderr, never a traceback, and with --json the same as an object on stdout); 3 `check` and `diff` found nothing wrong, but
could not judge everything; 130 interrupted; 141 the reader of our output went away. Numpy, torch and Qt are loaded only by the commands
that need them, the library not even for `--version` and `--help`.
"""
from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from . import languages
from .commands import arguments

if TYPE_CHECKING:
    from . import core
    from .commands.progress import Bar


def start() -> NoReturn:
    """The process of `inspector`: runs one command and ends. What only reads leaves without taking its tables apart first, which
    would take a tenth of the whole time with 100,000 tensors; nothing it opened for writing is open still."""
    command = _Command(sys.argv[1:], alone=True)
    # numpy's OpenBLAS starts a thread for each processor, and each of them spins for 25 ms before it sleeps
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    code = command.run()
    if not command.reads_only:
        sys.exit(code)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except ValueError:          # closed: it has been said why already
        pass
    except OSError:             # the reader of the pipe went away just now
        code = code or 141
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives the exit status."""
    return _Command(sys.argv[1:] if argv is None else argv).run()


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


class _Command:
    """One command from what was typed to its exit status."""

    def __init__(self, argv: Sequence[str], alone: bool = False) -> None:
        """`alone`: nothing else is done in this process."""
        self._alone = alone
        self._argv = list(map(_without_secrets, argv))
        languages.use(_language(self._argv))
        self._out = _Terminal(json="--json" in self._argv[:self._argv.index("--") if "--" in self._argv else None])
        self.reads_only = False

    def run(self) -> int:
        _forgive_unprintable(sys.stdout)
        _forgive_unprintable(sys.stderr)
        try:
            return self._guarded()
        except KeyboardInterrupt:
            return 130
        except BrokenPipeError:
            _silence(sys.stdout)
            return 141
        finally:
            self._out.clear()

    def _guarded(self) -> int:
        try:
            try:
                return self._dispatch()
            except arguments.Answered as answered:
                self._out.text(str(answered))
                return 0
        except arguments.Mistake as mistake:
            return self._out.fail("usage", mistake.message, mistake.hint)
        except BrokenPipeError:
            raise
        except MemoryError:
            return self._out.fail("memory", "there is not enough memory for this", "Close other programs, or use a bigger machine.")
        except Exception as error:
            return self._failed(error)

    def _dispatch(self) -> int:
        _, command, asked = arguments.parse(self._argv)
        self.reads_only = getattr(command, "READS_ONLY", False)
        if not self.reads_only:
            return int(command.run(asked, self._out))
        if self._alone:     # what multiplies matrices does so beside others; threads for a few rows of each wait longer than they work
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from . import core
        with core.collector_paused():       # millions of objects, hardly any garbage, and all is over before that matters
            return int(command.run(asked, self._out))

    def _failed(self, given: Exception) -> int:
        from . import core
        from .commands.output import Failed
        error, about = (given.error, given.about) if isinstance(given, Failed) else (given, "")
        if os.environ.get("INSPECTOR_DEBUG"):
            if not isinstance(error, core.InspectorError):
                raise error
            import traceback
            traceback.print_exception(error)
        if isinstance(error, core.InspectorError):
            return self._out.fail(error.id, error.message, error.hint, error.where, about=about)
        what = " ".join(str(error).split())[:200]
        return self._out.fail("internal", f"this is a bug in inspector ({type(error).__name__}: {what})",
                              "Please report it, with what INSPECTOR_DEBUG=1 in the environment makes it print.")


def _language(argv: Sequence[str]) -> str:
    """What --lang asks for, wherever it stands, or else the system; English where the terminal could not write the other."""
    asked = next((after if word == "--lang" else word.partition("=")[2] for word, after in zip(argv, [*argv[1:], ""], strict=False)
                  if word.partition("=")[0] == "--lang"), "")
    language = languages.named(asked) or languages.of_environment()
    try:
        for stream in (sys.stdout, sys.stderr):
            languages.NAMES[language].encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "en"
    return language


class _Terminal:
    """The `Output` of a command on this process's own streams."""

    def __init__(self, json: bool) -> None:
        self.json = json
        self._answered = False
        self._colours = not json and _shows_colours()
        self._bar: Bar | None = None

    def text(self, text: str) -> None:
        self.clear()
        try:
            sys.stdout.write(_for_people(text, sys.stdout))
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self._answered = True           # or tried to
            _silence(sys.stdout)
            from . import core
            raise core.SaveError(f"the output could not be written: {error.strerror or error}", "Write it somewhere else.") from error

    def answer(self, found: Mapping[str, Any] | str) -> None:
        if not isinstance(found, str):
            import json
            found = json.dumps(found, allow_nan=False)
        self._answered = True
        self.text(found + "\n")

    def warn(self, text: str) -> None:
        from . import core
        self.clear()
        sys.stderr.write(_for_people(f"inspector: {core.visible(text, len(text))}\n", sys.stderr))

    def fail(self, id: str, message: str, hint: str = "", where: str = "", *, about: str = "") -> int:
        """Says what went wrong, `about` which file, and gives the exit status."""
        from . import core
        from .commands.output import Failed
        self.warn(str(Failed(core.InspectorError(message, hint, where if where != about else ""), about)))
        if self.json and not self._answered:
            self.answer({"error": {"id": id, "message": message, "hint": hint, "where": where or about}})
        return 2

    @property
    def monitor(self) -> core.Monitor:
        if self._bar is None and sys.stderr.isatty():
            from .commands.progress import Bar
            self._bar = Bar(_draw)
        if self._bar is not None:
            return self._bar
        from . import core
        return core.QUIET

    def paint(self, text: str, style: str) -> str:
        code = _COLOURS.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if code and self._colours else text

    def blocks(self, blocks: str, plain: str) -> str:
        if not sys.stdout.isatty():
            return ""
        try:
            blocks.encode(sys.stdout.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return plain
        return blocks

    def clear(self) -> None:
        """Takes the bar away, where there is one."""
        if self._bar is not None:
            with contextlib.suppress(OSError, ValueError):
                self._bar.clear()


_COLOURS = {"danger": "1;31", "warning": "33", "info": "36", "good": "32", "added": "32", "removed": "31"}


def _shows_colours() -> bool:
    """A terminal that is no mere printer, and nobody who wants none: https://no-color.org and https://force-color.org."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    capable = os.name != "nt" or any(name in os.environ for name in ("WT_SESSION", "ANSICON", "TERM"))
    return capable and sys.stdout is not None and sys.stdout.isatty()


def _without_secrets(word: str) -> str:
    """What was typed, without what lets one in to an address: it is known from now on, and no message, page or recipe can repeat it."""
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    if "://" not in value:
        return word
    from . import core
    return f"{option}{equals}{core.without_secrets(value)}"


def _for_people(text: str, stream: Any) -> str:
    """What a terminal shows as it is meant, whatever way its letters run; what goes elsewhere stays as it is."""
    if text.isascii() or not stream.isatty():
        return text
    from . import core
    isolated = core.isolated(text)
    try:
        isolated.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return text
    return isolated


def _draw(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _forgive_unprintable(stream: Any) -> None:
    """Characters that the terminal's encoding lacks are escaped instead of ending the program."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _silence(stream: Any) -> None:
    """Nothing more goes out, not even what is still buffered when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stream.buffer.raw.close()
