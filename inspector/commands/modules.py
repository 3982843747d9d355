"""`inspector modules FILE`: the architecture of the models in it, as `print(model)` shows it."""
from __future__ import annotations

import argparse
from typing import Any

from inspector import core
from inspector.sentences import said

from . import files
from .output import Output

READS_ONLY = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = ("The architecture as print(model) shows it: of a pickled model by what its modules say, of a state dict inferred "
                          "from names and shapes, without what has no parameters.")
    files.add_file(parser)
    parser.add_argument("--state-dict", metavar="PATH", help="only the model of that state dict, as in model_state_dict")
    parser.add_argument("--depth", metavar="N", type=int, help="levels of modules in modules that are shown")


def run(asked: argparse.Namespace, out: Output) -> int:
    if asked.depth is not None and asked.depth < 0:
        raise core.UsageError("--depth cannot be negative", "0 shows the model alone.")
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        found = core.architectures(ckpt, asked.state_dict, monitor=out.monitor)
    if out.json:
        out.answer({"path": asked.file, "models": [
            {"state_dict": one.path, "inferred": one.inferred, **_module_json(one.root, asked.depth)} for one in found]})
    else:
        out.text("\n".join(_text(one, asked.depth) for one in found))
    return 0


def _text(one: core.Architecture, depth: int | None) -> str:
    where = f"{core.visible(one.path)}: " if one.path else ""
    return f"# {where}{origin(one)}\n{core.architecture_text(one, depth)}\n"


def origin(one: core.Architecture) -> str:
    """How many parameters a model has, and how its modules are known."""
    how = "inferred from names and shapes; what has no parameters is not in the file" if one.inferred else "as it was pickled"
    return said(f"{core.wording.count(one.root.total, 'parameter')}, {how}")


def _module_json(module: core.Module, depth: int | None) -> dict[str, Any]:
    below = None if depth is None else depth - 1
    return {"name": module.name, "key": module.path, "type": module.type, "arguments": module.arguments,
            **({"lines": [line.strip() for line in module.lines]} if module.lines else {}),
            "inferred": module.guessed, "parameters": module.parameters, "total": module.total,
            "modules": [] if depth == 0 else [_module_json(child, below) for child in module.children]}
