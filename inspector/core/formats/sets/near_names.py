"""What may have been meant by a path at which nothing is: programs call checkpoints by less than the names of their files."""
from __future__ import annotations

import difflib
import os
import re

from inspector.core.errors import FileMissing, ReadError
from inspector.core.keypath import visible

from . import set_files

_SHOWN = 3
_COMPARED = 2000        # names, letter by letter
_ALIKE = 0.8            # of 1: one wrong letter in five
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
"""An id of a repository: organisation and name."""


def told(error: FileMissing) -> None:
    """Has `error` say what lies beside the path, where that tells what was meant."""
    path = os.fsdecode(error.filename)
    folder, name = os.path.split(path.rstrip("/"))
    if os.path.isdir(folder or "."):
        try:
            names = set_files.list_folder(folder or ".").names
        except ReadError:
            return
        if f"{name}.index" in names and any(other.startswith(f"{name}.data-") for other in names):
            error.with_words(f"there is no such file: it is the prefix of a TensorFlow checkpoint ({visible(name, 80)}.index), which is "
                             "not read here", "Read it with TensorFlow.")
        elif meant := _meant(name, names):
            shown = ", ".join(visible(os.path.join(folder, other), 200) for other in meant[:_SHOWN])
            error.with_words(error.message, f"Did you mean {shown}?")
    elif _HUB.fullmatch(path):
        error.with_words(error.message, f"A file of a repository of the Hugging Face hub is written hf://{path}/FILE.")


def _meant(name: str, names: list[str]) -> list[str]:
    """Of `names` those that are `name` with an ending, or else those that are nearly it."""
    longer = [other for other in names if name and other.startswith(f"{name}.")]
    if longer:
        return sorted(longer, key=lambda other: (not set_files.is_index(other), len(other)))
    return difflib.get_close_matches(name, names[:_COMPARED], _SHOWN, _ALIKE)
