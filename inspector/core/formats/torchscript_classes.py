"""What the code in a TorchScript archive declares of its classes, read as text: which attributes are parameters and which
are buffers. No line of it is compiled, and nothing below the declarations is looked at.

    class Linear(Module):
      __parameters__ = ["weight", "bias", ]
      __buffers__ = []
      weight : Tensor
      __annotations__["0"] = __torch__.torch.nn.modules.linear.Linear
      def forward(self: ...

Source: torch/csrc/jit/serialization/python_print.cpp 2.13, `PythonPrintImpl::printClass` (`__buffers__` since 1.6; before, every
attribute of type Tensor was a buffer to the releases that wrote it, though newer ones forget them).
"""
from __future__ import annotations

import re
from collections.abc import Iterable

from inspector.core.pickles.objects.modules import ScriptClass
from inspector.core.pickles.objects.names import Name

_CLASS = re.compile(r"class (\w+)\(Module\):\s*")
_LIST = re.compile(r"  __(parameters|buffers)__ = \[")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|\\?$)')     # to the end where there is no quote: no place is tried twice
_ATTRIBUTE = re.compile(r'  (?:(\w+) : |__annotations__\["((?:[^"\\]|\\.)*)"\] = )(.*)')
_LONG = 4096                # characters of a line that is no list


def member_of(module: str) -> str:
    """The record that holds the classes of a module: "__torch__.torch.nn" -> "code/__torch__/torch/nn.py"."""
    return "code/" + module.replace(".", "/") + ".py"


def classes(module: str, text: str, wanted: Iterable[str]) -> dict[Name, ScriptClass]:
    """The `wanted` modules' classes that `text`, the code of `module`, declares."""
    names = frozenset(wanted)
    found: dict[Name, ScriptClass] = {}
    lists: dict[str, frozenset[str]] = {}
    types: dict[str, str] = {}
    open_class: str | None = None
    for line in text.splitlines():
        start = _CLASS.fullmatch(line) if line.startswith("class ") and len(line) <= _LONG else None
        if start or not line.startswith("  ") or line.startswith("  def "):
            if open_class is not None:
                found[module, open_class] = _made(lists, types)
            open_class = start[1] if start and start[1] in names else None
            lists, types = {}, {}
        elif open_class is not None:
            _declare(line, lists, types)
    if open_class is not None:
        found[module, open_class] = _made(lists, types)
    return found


def _declare(line: str, lists: dict[str, frozenset[str]], types: dict[str, str]) -> None:
    listed = _LIST.match(line)
    if listed:
        lists[listed[1]] = frozenset(_QUOTED.findall(line, listed.end()))
        return
    attribute = _ATTRIBUTE.fullmatch(line) if len(line) <= _LONG else None
    if attribute:
        types[attribute[1] or attribute[2] or ""] = attribute[3]


def _made(lists: dict[str, frozenset[str]], types: dict[str, str]) -> ScriptClass:
    return ScriptClass(lists.get("parameters", frozenset()), lists.get("buffers"), types)
