"""From what was typed to a command and its arguments. A mistake is told with what was probably meant.

    inspector [--screenshot OUT] [--json] COMMAND ARGUMENTS...      a command's own options come behind its name
    inspector [FILE ...]                                            the window, whatever is named like no command
    inspector ./ls, inspector -- ls                                 a file that is named like one
"""
from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any, NoReturn

from inspector import __version__, languages
from inspector.sentences import said

from . import COMMANDS, load
from .wide_text import wrapped

_DESCRIPTION = "See what is in a PyTorch or safetensors checkpoint, without running anything in it."
_EPILOG = """\
FILE is a checkpoint: .pth, .pt, .ckpt, .bin, .safetensors … Nothing in it is ever run.
FILE!member is a checkpoint inside a .zip, .tar or .mdlus archive; quote it, for the shell's sake.
--json prints one JSON object on standard output (all commands but demo, completion and help).
Exit status: 0 nothing is wrong; 1 check found something of level warning or danger, or diff or verify a difference; 2 it cannot
be read or done, and one line on standard error says why; 3 nothing wrong was found, but not everything could be judged.
`inspector help COMMAND` says more. A file named like a command is opened as ./ls.
"""
_WIDTH = 40             # of a command and its arguments, before what it does, where the terminal has room
_MARGIN = 2             # columns at the right that argparse leaves empty
_BELOW_USAGE = " " * len("usage: ")
# what other programs call them
_ALSO_CALLED = {"list": "ls", "dir": "ls", "info": "ls", "cat": "code", "source": "code", "stat": "stats",
                "statistics": "stats", "compare": "diff", "cmp": "diff", "convert": "edit", "save": "edit", "rename": "edit",
                "series": "run", "history": "run", "timeline": "run", "epochs": "run",
                "mean": "average", "soup": "average", "swa": "average",
                "print": "show", "head": "show", "hash": "digest", "sha256": "digest",
                "validate": "check", "scan": "check", "doctor": "check", "install": "desktop install", "uninstall": "desktop uninstall"}


class Mistake(Exception):
    """The arguments make no sense: what is wrong with them, and what to type instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Answered(Exception):
    """--help and --version: the text is the whole answer."""


def parse(arguments: Sequence[str]) -> tuple[str, ModuleType, argparse.Namespace]:
    """The name of the command that is asked for ("window" without one), its module, and its arguments. Raises Mistake and Answered."""
    main = main_parser()
    asked, unknown = main.parse_known_args(list(arguments))
    words: list[str] = vars(asked).pop("words")
    if unknown:
        raise _out_of_place(unknown[0], words, main)
    name = words[0] if words and words[0] in COMMANDS else ""
    if not name and words:
        _refuse_misspelt(words[0])
    if asked.__dict__.get("lang") is not None:
        _check_language(asked.lang)
    parser = parser_of(name)
    for given in vars(asked):
        if not parser.takes(given):
            raise Mistake(f"--{given.replace('_', '-')} is no option of {parser.prog}", f"See {parser.prog} --help.")
    found = parser.parse(words[1:] if name else words, asked)
    if found.lang is not None:
        _check_language(found.lang)
    return name or "window", parser.module, found


def _check_language(text: str) -> None:
    if languages.named(text) is None:
        raise Mistake(f"there are no words in the language '{text}'", f"There are: {', '.join(languages.NAMES)}.")


def main_parser() -> Parser:
    """What may stand before a command, and the help of `inspector` itself."""
    parser = _Main("inspector", argument_default=argparse.SUPPRESS)
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_window_options(parser)
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def parser_of(name: str) -> Parser:
    """The parser of a command, whose module this loads; "" is the window."""
    module = load(name or "window")
    parser = Parser(f"inspector {name}".rstrip())
    parser.module = module
    module.add_arguments(parser)
    if not parser.takes("lang"):
        add_language(parser)
    return parser


def add_saving(parser: argparse._ActionsContainer) -> None:
    """What is to be said of any file that is saved."""
    parser.add_argument("--format", help="torch-zip, torch-legacy (for torch before 1.6), safetensors or safetensors-sharded")
    parser.add_argument("--allow-loss", action="store_true", help="save although the format cannot hold all of it")
    parser.add_argument("--keep-code", metavar="NAME", action="append", default=[], help="write this name of unknown code; globs work")
    parser.add_argument("--drop-code", metavar="NAME", action="append", default=[], help="write what it stands for without it")
    parser.add_argument("--backup", action="store_true", help="keep a file that is replaced, as OUT.bak, OUT.bak2 …")
    parser.add_argument("--verify", choices=("torch",), default="", help="have torch read the new file, too")


def add_screenshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--screenshot", metavar="OUT.png",
                        help="draw the window off screen once everything asked for is shown, save the picture, exit")


def add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lang", metavar="LANG",
                        help="what is spoken: en or zh; otherwise the system's language, or in the window the one chosen there")


def add_window_options(parser: argparse.ArgumentParser) -> None:
    add_screenshot(parser)
    add_language(parser)
    parser.add_argument("--new-window", action="store_true", help="do not hand the files to a window that is already open")
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _usage(command: str, does: str) -> str:
    """One entry of the list of commands, broken where the terminal ends."""
    room = _terminal_width() - _MARGIN - len(_BELOW_USAGE)
    column = min(_WIDTH, room // 2)
    lines, called = wrapped(does, room - column), f"inspector {command}"
    first = [called] if len(called) >= column else [f"{called:{column}}{lines.pop(0)}"]
    return f"\n{_BELOW_USAGE}".join([*first, *(" " * column + line for line in lines)])


# -- what was probably meant --------------------------------------------------------------------------------------------------

def _refuse_misspelt(word: str) -> None:
    """Raises Mistake for a word that can only have been meant as a command: there is no such file, and it looks like no file's name."""
    if re.fullmatch(r"[A-Za-z][A-Za-z-]*", word) and not os.path.lexists(word):
        raise unknown_command(word)


def unknown_command(word: str) -> Mistake:
    likely = _ALSO_CALLED.get(word.lower()) or nearest(word.lower(), COMMANDS)
    if likely:
        return Mistake(f"unknown command '{word}'; did you mean {likely}?", f"See inspector {likely.split()[0]} --help.")
    return Mistake(f"there is neither a command nor a file '{word}'", "See inspector --help.")


def _out_of_place(option: str, words: Sequence[str], main: Parser) -> Mistake:
    """For an option before the command that belongs behind it, or is none at all."""
    name = option.split("=", 1)[0]
    for word in (*words[1:], *words[:1]):           # the first may be the option's value
        if word in COMMANDS and name in parser_of(word).options:
            return Mistake(f"{name} stands before the command", f"It goes behind it, as in inspector {word} {name} ….")
    return main.unknown_option(name)


def nearest(word: str, names: Iterable[str]) -> str:
    """The one of `names` that `word` may have been meant to be, or ""."""
    import difflib
    return next(iter(difflib.get_close_matches(word, names, 1, 0.6)), "")


# -- argparse -----------------------------------------------------------------------------------------------------------------

class Parser(argparse.ArgumentParser):
    """Options anywhere behind the command, unabbreviated; a mistake is raised, and help too. `module` is the command."""

    module: ModuleType

    def __init__(self, prog: str, **how: Any) -> None:
        super().__init__(prog=prog, allow_abbrev=False, formatter_class=_Formatter, add_help=False, **how)
        self.add_argument("-h", "--help", action=_Help, nargs=0, help="show this help")

    @property
    def options(self) -> frozenset[str]:
        return frozenset(self._option_string_actions)       # argparse has no public way to ask

    def takes(self, name: str) -> bool:
        """Whether an argument is stored under `name`."""
        return any(action.dest == name for action in self._actions)

    def parse(self, arguments: Sequence[str], given: argparse.Namespace) -> argparse.Namespace:
        """`given` with what `arguments` say. Raises Mistake and Answered."""
        for argument in arguments:
            if argument == "--":
                break
            if re.match(r"--[^\s=]", argument) and argument.split("=", 1)[0] not in self.options:
                raise self.unknown_option(argument.split("=", 1)[0])
        # only one of the two knows "--", and only the other one options between the files
        ways = self.parse_known_args if "--" in arguments else self.parse_known_intermixed_args
        found, left = ways(list(arguments), given)
        if left:
            raise Mistake(f"unrecognized arguments: {' '.join(left)}", f"See {self.prog} --help.")
        return found

    def format_help(self) -> str:
        if languages.current() != "en":
            self._translate()
        return super().format_help()

    def _translate(self) -> None:
        """What is said of the command and of its arguments; seldom needed, so it is done when it is shown."""
        self.description, self.epilog = (said(text) if text else None for text in (self.description, self.epilog))
        for action in self._actions:
            if action.help and action.help != argparse.SUPPRESS:
                action.help = said(action.help)
        for group in self._action_groups:
            group.title = said(group.title or "")

    def unknown_option(self, option: str) -> Mistake:
        likely = nearest(option, self.options)
        return Mistake(f"unknown option {option}" + (f"; did you mean {likely}?" if likely else ""), f"See {self.prog} --help.")

    def error(self, message: str) -> NoReturn:
        raise Mistake(message, f"See {self.prog} --help.")


class _Main(Parser):
    """Of `inspector` itself, whose usage lists the commands."""

    def format_help(self) -> str:
        self.usage = f"\n{_BELOW_USAGE}".join([_usage("[FILE ...]", said("open the window")), *(
            _usage(f"{name} {arguments}".rstrip(), said(does)) for name, (arguments, does) in COMMANDS.items())])
        return super().format_help()


class _Help(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        raise Answered(parser.format_help())


class _Version(argparse.Action):
    def __call__(self, *_: object) -> NoReturn:
        raise Answered(f"inspector {__version__}\n")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Told the terminal's width, or argparse would load shutil and three compressors to find out, whether help is shown or not."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_terminal_width() - _MARGIN)

    def add_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, said("usage: ") if prefix is None else prefix)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Prose broken where the terminal ends; what is indented stays as it is. A line that ends no sentence goes on."""
        lines: list[str] = []
        for line in text.splitlines():
            if lines and lines[-1] and line[:1].strip() and not lines[-1].endswith((".", ":", "…", "。", "：")):
                lines[-1] += line if not line[0].isascii() else f" {line}"
            else:
                lines.append(line)
        return "\n".join(indent + part for line in lines for part in (self._split_lines(line, width) if line[:1].strip() else [line]))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return super()._split_lines(text, width) if text.isascii() else wrapped(text, width)


def _terminal_width() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80
