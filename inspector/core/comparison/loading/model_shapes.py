"""The shapes of a real model, from a child process: only ever run when somebody asks with `--model`, and never by a file.

The child imports the module the person named, calls what they named in it, and prints the shapes of its state dict.
"""
from __future__ import annotations

import json
import re

from inspector.core.errors import UsageError
from inspector.core.runtime.interpreter import interpreter

from .reference import Reference, of_mapping

_NAME = re.compile(r"[\w.]+:[\w.]+")
_MARK = "inspector-shapes:"
_CHILD = """
import functools, importlib, json, os, sys
sys.path.insert(0, os.getcwd())
module, _, name = sys.argv[1].partition(":")
made = functools.reduce(getattr, name.split("."), importlib.import_module(module))
model = made if hasattr(made, "state_dict") and not isinstance(made, type) else made()
state = model if isinstance(model, dict) else model.state_dict()
shapes = {key: list(value.shape) if hasattr(value, "shape") else None for key, value in state.items()}
print("\\n" + sys.argv[2] + json.dumps(shapes))
"""


def shapes_of_model(name: str, timeout: float = 600.0) -> Reference:
    """`name` is `package.module:callable`, a function or class to be called without arguments that gives a module. Runs the
    code the person named, in the present folder, in a process of its own. Raises UsageError with what it said last.

    >>> core.shapes_of_model("torch.nn:PReLU").shapes
    {'weight': (1,)}
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} names no model", "Write package.module:callable, as in torchvision.models:resnet18.")
    python = interpreter()
    if not python:
        raise UsageError("a model is made by Python with the packages it needs, which this program does not bring along",
                         "Install checkpoint-inspector with pip where the model's packages are, or compare with a checkpoint of it.")
    import subprocess  # which nobody else needs
    try:
        done = subprocess.run([python, "-c", _CHILD, name, _MARK], capture_output=True, text=True, timeout=timeout,
                              check=False, errors="replace")
    except subprocess.TimeoutExpired:
        raise UsageError(f"{name} did not make a model within {timeout:.0f} seconds") from None
    except OSError as error:
        raise UsageError(f"Python could not be started: {error.strerror or error}") from None
    line = next((line for line in reversed(done.stdout.splitlines()) if line.startswith(_MARK)), None)
    if done.returncode or line is None:
        said = [text.strip() for text in done.stderr.splitlines() if text.strip()]
        raise UsageError(f"{name} made no model: {said[-1] if said else 'it said nothing'}",
                         "It must be importable from here and callable without arguments.")
    return of_mapping(json.loads(line[len(_MARK):]), name)
