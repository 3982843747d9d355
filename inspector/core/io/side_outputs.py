"""What is written beside checkpoints: pictures, pages, recipes, tables. Never over a checkpoint, nor over anything that is not the like.

`inspector --screenshot model.pth`, the picture's own name forgotten, must not cost the model. What a file is its first bytes say, not its
name; a new file may not have a checkpoint's ending either, for the next program would take it for one.
"""
from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from typing import Literal

from inspector.core.errors import ReadError, SaveError
from inspector.core.keypath import visible

from .new_files import check_place, write_whole
from .sources import open_source

OutputKind = Literal["picture", "drawing", "page", "document", "recipe", "table", "array", "manifest", "contract", "sarif", "junit", "run"]
"""What can be written beside checkpoints; errors name it by this word."""

_HEAD = 4096            # bytes that tell
_CALLED: dict[OutputKind, str] = {"picture": "PNG picture", "drawing": "SVG drawing", "page": "HTML page", "document": "PDF document",
                                  "recipe": "recipe",
                                  "table": "table", "array": "NumPy array", "manifest": "manifest of digests",
                                  "contract": "contract", "sarif": "SARIF report", "junit": "JUnit report", "run": "table of a run"}
_BEGINNINGS: dict[OutputKind, re.Pattern[bytes]] = {
    "picture": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "drawing": re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE\s+svg[^>]*>\s*)*<svg[\s>]", re.DOTALL),
    "page": re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE),
    "document": re.compile(rb"%PDF-"),
    "recipe": re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*[\]{]|\{\s*(?:\}|\"(?:recipe|edits)\"\s*:))"),
    "array": re.compile(rb"\x93NUMPY"),
    "manifest": re.compile(rb"\s*\{\s*\"inspector_digest\"\s*:"),
    "contract": re.compile(rb"\s*\{\s*\"inspector_contract\"\s*:"),
    "run": re.compile(rb"\s*\{\s*\"inspector_run_table\"\s*:"),
    "sarif": re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\"(?:\$schema|version|runs)\"\s*:.*sarif|\s*\{\s*\"runs\"\s*:", re.DOTALL),
    "junit": re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<testsuites?[\s>/]", re.DOTALL),
    "table": re.compile(rb"(?!(?:\xef\xbb\xbf)?\s*[<{\[])[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z"),
}
_TABLES = (".csv", ".tsv", ".txt")
_CHECKPOINTS = (".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".th", ".pt2", ".ptl", ".pkl", ".mdlus")


def write_output(path: str, data: bytes | Iterable[bytes], kind: OutputKind, inputs: Iterable[str] = ()) -> None:
    """Writes `data` at `path`, whole or not at all, where `check_output` has nothing against it: a new file to be read by no others
    than the files `inputs`. Raises SaveError.

    >>> core.write_output(str(folder / "stats.csv"), b"key,mean\\n", "table")
    >>> (folder / "stats.csv").read_bytes()
    b'key,mean\\n'
    """
    inputs = tuple(inputs)
    check_output(path, kind, inputs)
    write_whole(path, data, _CALLED[kind], inputs)


def check_output(path: str, kind: OutputKind, inputs: Iterable[str] = (), nbytes: int = 0) -> None:
    """Raises SaveError when writing a `kind` at `path` would replace one of the files `inputs`, which are read, or a file that is
    something else, or would be named like a checkpoint; and where no file can be put there, of `nbytes` where that is known. Devices and
    pipes may be written to.

    >>> core.check_output(str(folder / "stats.csv"), "table")
    >>> core.check_output(str(folder / "stats.pth"), "table")
    Traceback (most recent call last):
        ...
    inspector.core.errors.SaveError: ... named like a checkpoint. ...
    """
    shown, called = visible(path, 200), _CALLED[kind]
    if any(_same(path, given) for given in inputs):
        raise SaveError(f"{shown} is what is read, and is not replaced by a {called}", f"Name another file for the {called}.",
                        id="would-replace")
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        found = None                    # not there; or the writer will say why not
    if found is None:
        if path.lower().endswith(_CHECKPOINTS):
            raise SaveError(f"{shown} would be a {called} that is named like a checkpoint",
                            f"Name the {called} for what it is.", id="bad_target")
    elif stat.S_ISREG(found.st_mode) and not _is(path, kind):
        raise SaveError(f"{shown} is there and is no {called}, so it is not replaced by one", f"Name another file for the {called}.",
                        id="would-replace")
    check_place(path, called, nbytes)


def check_apart(paths: Iterable[str | None]) -> None:
    """Raises SaveError where two of what one command writes would be the same file. Devices and pipes take both; None is not asked for.

    >>> core.check_apart([str(folder / "run.html"), str(folder / "run.csv"), None])
    """
    seen: list[str] = []
    for path in paths:
        if path is None or (os.path.exists(path) and not os.path.isfile(path)):
            continue
        if any(_same(path, other) for other in seen):
            raise SaveError(f"{visible(path, 200)} is named for two things, and the second would replace the first",
                            "Name another file for one of them.", id="would-replace")
        seen.append(path)


def _is(path: str, kind: OutputKind) -> bool:
    """Whether the file is a `kind` already, or empty."""
    try:
        with open_source(path) as source:
            head = source.read(0, min(source.size, _HEAD))
    except ReadError:
        return False
    if kind == "table" and head and not path.lower().endswith(_TABLES):
        return False
    return not head or _BEGINNINGS[kind].match(head) is not None


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))
