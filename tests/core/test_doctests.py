"""The examples in the docstrings of what `core` offers, run."""
from __future__ import annotations

import doctest
import sys
from pathlib import Path
from typing import Any

import pytest

from inspector import core

OURS = {name: found for name in core.__all__ if (getattr(found := getattr(core, name), "__module__", "") or "").startswith("inspector.")}
EXAMPLES = {name: found for name, found in OURS.items() if ">>> " in (found.__doc__ or "")}


@pytest.mark.parametrize("name", EXAMPLES)
def test_that_the_example_runs_as_it_stands(name: str, tmp_path: Path) -> None:
    said: list[str] = []
    names: dict[str, Any] = {"core": core, "folder": tmp_path}
    module = sys.modules[EXAMPLES[name].__module__]
    for example in doctest.DocTestFinder(recurse=False).find(EXAMPLES[name], name, module, globs=names):
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example, out=said.append)
    assert not said, "".join(said)


def test_that_there_is_an_example_for_what_people_begin_with() -> None:
    assert EXAMPLES.keys() >= {"open", "load", "save", "edit", "check", "summarize", "compare"}
