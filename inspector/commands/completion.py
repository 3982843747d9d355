"""`inspector completion bash|zsh|fish|man`: what a shell needs to complete commands and options, or the manual page, from the parsers."""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from inspector import __version__
from inspector.sentences import said

from . import COMMANDS
from .arguments import Parser, main_parser, parser_of
from .output import Output


class _Option(NamedTuple):
    """An option with all its spellings; `takes` is the placeholder of its value, "" where it has none."""

    names: tuple[str, ...]
    takes: str
    choices: tuple[str, ...]
    help: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = ("Print a completion script, as in inspector completion bash > "
                          "~/.local/share/bash-completion/completions/inspector, or the manual page.")
    parser.add_argument("kind", metavar="bash|zsh|fish|man", choices=[*_MADE], help="for which shell, or the page")


def run(asked: argparse.Namespace, out: Output) -> int:
    out.text(_MADE[asked.kind]())
    return 0


def _options(parser: Parser) -> Iterator[_Option]:
    parser.format_help()                                    # which puts its texts into the language that is spoken
    formatter = parser._get_formatter()                     # argparse has no public way to expand a help text
    for action in parser._actions:
        if action.option_strings and action.help != argparse.SUPPRESS:
            takes = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
            text = formatter._expand_help(action) if action.help else ""
            yield _Option(tuple(action.option_strings), takes, tuple(map(str, action.choices or ())), text)


def _of_commands() -> dict[str, list[_Option]]:
    return {name: list(_options(parser_of(name))) for name in COMMANDS}


def _bash() -> str:
    cases = "\n".join(f"        {name}) options=\"{' '.join(word for option in options for word in option.names)}\" ;;"
                      for name, options in _of_commands().items())
    main = " ".join(word for option in _options(main_parser()) for word in option.names)
    return f"""# bash completion for inspector {__version__}
_inspector() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} command= options i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case " {' '.join(COMMANDS)} " in *" ${{COMP_WORDS[i]}} "*) command=${{COMP_WORDS[i]}}; break ;; esac
    done
    case $command in
{cases}
        *) options="{main}" ;;
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [[ -z $command && $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "{' '.join(COMMANDS)}" -- "$word") $(compgen -f -- "$word"))
    elif [[ $command == help ]]; then
        COMPREPLY=($(compgen -W "{' '.join(COMMANDS)}" -- "$word"))
    fi
}}
complete -o default -o filenames -F _inspector inspector
"""


def _zsh() -> str:
    commands = "\n".join(f"    {_quoted(f'{name}:{said(does)}')}" for name, (_, does) in COMMANDS.items())
    cases = "\n".join(f"    {name}) _arguments {' '.join(map(_zsh_option, options))} '*:file:_files' ;;"
                      for name, options in _of_commands().items())
    return f"""#compdef inspector
# zsh completion for inspector {__version__}
local -a commands
commands=(
{commands}
)
if (( CURRENT == 2 )); then
    _describe command commands
    _files
else
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
{cases}
    *) _files ;;
    esac
fi
"""


def _zsh_option(option: _Option) -> str:
    text = option.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    value = "" if not option.takes else f":value:({' '.join(option.choices)})" if option.choices else ":value:_files"
    return " ".join(_quoted(f"{name}[{text}]{value}") for name in option.names)


def _fish() -> str:
    lines = [f"# fish completion for inspector {__version__}"]
    lines += [f"complete -c inspector -n __fish_use_subcommand -a {name} -d {_quoted(said(does))}" for name, (_, does) in COMMANDS.items()]
    for command, options in _of_commands().items():
        for option in options:
            spelled = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            value = "" if not option.takes else f" -x -a {_quoted(' '.join(option.choices))}" if option.choices else " -r"
            lines.append(f"complete -c inspector -n '__fish_seen_subcommand_from {command}' {spelled}{value} -d {_quoted(option.help)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """For a shell, between single quotes."""
    return "'" + text.replace("'", "'\\''") + "'"


def _man() -> str:
    main = main_parser()
    lines = [f'.TH INSPECTOR 1 "" "inspector {__version__}" "User Commands"', ".SH NAME", f"inspector \\- {_roff(main.description or '')}",
             ".SH SYNOPSIS", ".B inspector", "[FILE ...]", ".br", ".B inspector", "COMMAND ARGUMENTS...", ".SH DESCRIPTION"]
    lines += [".nf", *map(_roff, (main.epilog or "").splitlines()), ".fi", ".SH OPTIONS", *_man_options(main), ".SH COMMANDS"]
    for name, (arguments, _) in COMMANDS.items():
        parser = parser_of(name)
        lines += [f".SS {_roff(f'inspector {name} {arguments}'.rstrip())}", _roff(" ".join((parser.description or "").split())),
                  *_man_options(parser)]
    return "\n".join(lines) + "\n"


def _man_options(parser: Parser) -> list[str]:
    lines = []
    for option in _options(parser):
        head = ", ".join(rf"\fB{_roff(name)}\fR" for name in option.names) + (rf" \fI{_roff(option.takes)}\fR" if option.takes else "")
        lines += [".TP", head, _roff(" ".join(option.help.split()))]
    return lines


def _roff(text: str) -> str:
    """Text as it stands: no backslash, hyphen or dot of it is a command."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in text)
    return f"\\&{text}" if text.startswith((".", "'")) else text


_MADE = {"bash": _bash, "zsh": _zsh, "fish": _fish, "man": _man}
