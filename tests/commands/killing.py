"""Commands that are killed, and several that write one file at the same time, in processes forked from this one.

    python -m tests.commands.killing sweep TEMPLATE WORK COMMAND        killed before each call that changes something
    python -m tests.commands.killing race TEMPLATE WORK COMMAND TIMES   eight processes, each so many times

Prints what is wrong, a line each. It imports neither torch nor starts threads, so that it can be forked.
"""
from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from inspector import cli, core
from tests.commands.writing_commands import COMMANDS, Command, files, left, renew, state_of
from tests.failing_system import Fault, calls

WRITERS = 8


def forked(work: Callable[[], object]) -> int:
    """Does the work in a process of its own; its id. What it prints goes nowhere, what it returns is its exit status."""
    child = os.fork()
    if child:
        return child
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os._exit(work() or 0)               # type: ignore[arg-type]
    finally:
        os._exit(99)


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# -- killed ------------------------------------------------------------------------------------------------------------------

def sweep(command: Command, template: Path, work: Path) -> Iterator[str]:
    old = state_of(work / command.target)
    with calls(work) as counted:
        good = cli.main(command.arguments)
    new = state_of(work / command.target)
    renew(work, template)
    before = files(work)
    for n, at in enumerate(counted.changing):
        made = Fault(n, "kill", of_changing=True)
        told = f"killed before {counted.made[at]} ({at})"
        if (status := ended(forked(lambda made=made: _with(made, command, work)))) != -signal.SIGKILL:       # type: ignore[misc]
            yield f"{told}: it ended with {status}"
        if files(work) == before:
            continue
        taken_back = "--in-place" in command.arguments and core.recover(work / command.target)
        found = state_of(work / command.target)
        if found not in (old, new) or (taken_back and found != old):
            yield f"{told}: neither the old nor the new"
        if (status := ended(forked(lambda: cli.main(command.arguments)))) != (good if found == old else status):
            yield f"{told}: the next one ends with {status}"
        if left(work) or (found == old and state_of(work / command.target) != new):
            yield f"{told}: the next one leaves {left(work)}"
        renew(work, template)


def _with(fault: Fault, command: Command, work: Path) -> int:
    with calls(work, fault):
        return cli.main(command.arguments)


# -- at the same time --------------------------------------------------------------------------------------------------------

REFUSED = ("somebody else is saving", "changed meanwhile", "changed since it was opened", "holds a lock", "is going on just now")


def race(command: Command, template: Path, work: Path, times: int) -> Iterator[str]:
    """Each writer has something of its own to write; what is there in the end is what one of them wrote, whole."""
    written = [_of_writer(command, work, n) for n in range(WRITERS)]
    states: list[Any] = []
    for arguments in written:
        if cli.main(arguments) not in (0, 1):
            yield f"{arguments} fails alone"
        if (state := state_of(work / command.target)) in states:
            yield f"{arguments} writes the same as another"
        states.append(state)
    said = [work.parent / f"said{n}" for n in range(WRITERS)]
    statuses = [ended(child) for child in [forked(lambda n=n: _write(written[n], said[n], times)) for n in range(WRITERS)]]  # type: ignore
    if any(statuses):
        yield f"the writers end with {statuses}"
    if state_of(work / command.target) not in states:
        yield "what is there is nobody's"
    lines = {line for path in said for line in path.read_text().splitlines()}
    yield from (f"refused: {line}" for line in lines if not any(word in line for word in REFUSED))
    if cli.main(written[0]) not in (0, 1) or left(work):
        yield f"{left(work)} is left"


def _of_writer(command: Command, work: Path, number: int) -> list[str]:
    if command.arguments[0] == "edit":
        own = ["--set", f"epoch={number}"] if command.target.endswith(".pth") else ["--set-metadata", f"writer={number}"]
        if "--in-place" in command.arguments and not command.target.endswith(".pth"):
            own = ["--rename", rf"fe\w+=fe{number}"]           # whose header has as much room as before
        return [*command.arguments, *own]
    source = str(work / f"writer{number}.safetensors")
    cli.main(["edit", "b.safetensors", "-o", source, "--cast", "float16", *(["--drop", f"*.{number}.*"] if number < 3 else []),
              "--add-prefix", f"w{number}."])
    return [source if word == "a.pth" else f"w{number}.module.large[{number}]" if word.startswith("module.") else word
            for word in command.arguments]


def _write(arguments: list[str], said: Path, times: int) -> int:
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT, 0o600), 2)
    return max(cli.main(arguments) not in (0, 1, 2) for _ in range(times))


def main() -> None:
    what, template, work, name, *times = sys.argv[1:]
    renew(Path(work), Path(template))
    os.chdir(work)
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    found = sweep(COMMANDS[name], Path(template), Path(work)) if what == "sweep" else \
        race(COMMANDS[name], Path(template), Path(work), int(times[0]))
    os.write(out, "\n".join(found).encode())


if __name__ == "__main__":
    main()
