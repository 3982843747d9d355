"""The docstrings of what `core` offers: everything has one, and the examples in them run as they stand."""
from __future__ import annotations

import ast
import doctest
import inspect
import sys
from dataclasses import is_dataclass
from itertools import pairwise
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest

from inspector import core

OFFERED = {name: getattr(core, name) for name in core.__all__}
FUNCTIONS = {name: found for name, found in OFFERED.items() if isinstance(found, FunctionType)}
CLASSES = {name: found for name, found in OFFERED.items() if isinstance(found, type) and found.__module__.startswith("inspector.")}
EXAMPLES = {name: found for name, found in (FUNCTIONS | CLASSES).items() if ">>> " in (found.__doc__ or "")}
CONSTANTS = OFFERED.keys() - FUNCTIONS.keys() - CLASSES.keys() - {"wording"}
# What people make themselves; other dataclasses and tuples are what functions give back.
MADE = {"Plane", "Part", "Differences", "BinRange", "Limits", "Reference"}


def is_record(found: type) -> bool:
    """A plain one, or an error: its docstring says what is in it."""
    return is_dataclass(found) or issubclass(found, tuple | BaseException)


@pytest.mark.parametrize("name", EXAMPLES)
def test_that_the_example_runs_as_it_stands(name: str, tmp_path: Path) -> None:
    said: list[str] = []
    names: dict[str, Any] = {"core": core, "np": np, "folder": tmp_path}
    module = sys.modules[EXAMPLES[name].__module__]
    for example in doctest.DocTestFinder(recurse=False).find(EXAMPLES[name], name, module, globs=names):
        doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example, out=said.append)
    assert not said, "".join(said)


def test_that_all_that_is_called_or_made_has_an_example() -> None:
    wanted = FUNCTIONS.keys() | MADE | {name for name, found in CLASSES.items() if issubclass(found, core.Edit) or not is_record(found)}
    assert len(wanted) > 200
    assert sorted(wanted - EXAMPLES.keys()) == []


def test_that_every_function_and_class_says_what_it_is() -> None:
    made_up = {name for name, found in CLASSES.items() if (found.__doc__ or "").startswith(f"{found.__name__}(")}       # by dataclass
    assert sorted(made_up | {name for name, found in (FUNCTIONS | CLASSES).items() if not (found.__doc__ or "").strip()}) == []
    assert [name for name, found in vars(core.wording).items()
            if isinstance(found, FunctionType) and not name.startswith("_") and not found.__doc__] == []


def test_that_every_constant_says_what_it_is_behind_its_value() -> None:
    """As a string, which editors and generators of documentation show."""
    homes = {name: core._HOME.get(name, "__init__") for name in CONSTANTS}
    silent = []
    for name, home in homes.items():
        module = sys.modules["inspector" if name == "version" else f"inspector.core.{home}"]
        body = ast.parse(inspect.getsource(module)).body
        told = {target.id for one, behind in pairwise(body) for target in targets(one)
                if isinstance(behind, ast.Expr) and isinstance(behind.value, ast.Constant) and isinstance(behind.value.value, str)}
        if ("__version__" if name == "version" else name) not in told:
            silent.append(name)
    assert sorted(silent) == []


def targets(one: ast.stmt) -> list[ast.Name]:
    found = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
    return [target for target in found if isinstance(target, ast.Name)]


def test_that_examples_are_short() -> None:
    lines = {name: (found.__doc__ or "").count("\n") for name, found in EXAMPLES.items()}
    assert {name: count for name, count in lines.items() if count > 40} == {}
