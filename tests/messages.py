"""Every message that the code can say below the window, read from the source: errors, findings, losses, notes and what commands answer.

    python -m tests.messages [FOLDER]      those that have no Chinese words yet, each as a line for the table, in the order of the modules

A message is an expression: a text, an f-string, one of two, several added, what a function beside it returns, what a caller gives. It is
taken apart into all the texts that it can be, with a sample where a name or a number is put in. What is made in ways that this does not
follow is a hole: better one message less than one that nobody says.
"""
from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from inspector import languages, sentences

ROOT = Path(__file__).resolve().parents[1]
_MANY = 48          # texts that one expression can be, at most
_DEEP = 4           # functions that are gone through


class Hole(NamedTuple):
    """What is put in: `sample` is what it may look like there; a `parameter` is what the caller of the function gives."""

    sample: str
    parameter: str = ""


class Message(NamedTuple):
    """`pieces`: texts, and holes between them. `is_part`: it is put into another one."""

    place: str
    pieces: tuple[str | Hole, ...]
    is_part: bool = False

    @property
    def template(self) -> str:
        return "".join(piece if isinstance(piece, str) else "{}" for piece in self.pieces)

    @property
    def sample(self) -> str:
        return "".join(piece if isinstance(piece, str) else piece.sample for piece in self.pieces)

    @property
    def says_something(self) -> bool:
        return bool(re.search("[a-z]{2}", self.template))


Pieces = tuple[str | Hole, ...]
_ANY = Hole("x.y")


@dataclass
class _Sink:
    """A call whose arguments are shown: where they stand, and what they are called."""

    places: dict[int, str]
    parts: dict[int, str] = field(default_factory=dict)         # those that are put into what is shown

@dataclass(eq=False)
class _Module:
    path: Path
    tree: ast.Module
    functions: dict[str, list[ast.FunctionDef]] = field(default_factory=dict)
    constants: dict[str, list[ast.expr]] = field(default_factory=dict)


_SPOKEN = _Sink({0: "message", 1: "hint"})
_NOTE = _Sink({0: "note"})
_FIXED = {"Finding": _Sink({3: "message", 4: "hint"}), "Loss": _Sink({1: "message"}), "Mistake": _SPOKEN, "ReferenceMissing":
          _Sink({1: "message", 2: "hint"}), "FileMissing": _Sink({}), "NoSuchKey": _Sink({}), "warn": _Sink({0: "text"}),
          "said": _Sink({0: "text"}), "told_of": _Sink({0: "text"}),
          "spoken": _Sink({0: "text"}), "_note": _Sink({0: "text"}), "Remedy": _Sink({0: "outcome"}),
          "Explanation": _Sink({1: "meaning", 2: "about", 4: "advice"}), "LeftOut": _Sink({2: "message"}),
          "FindingGroup": _Sink({3: "title"}), "note": _Sink({2: "message"}), "add_argument": _Sink({99: "help"})}


def messages(*folders: str) -> list[Message]:
    """All of `inspector/` below the window, or of the folders of it that are named; each text once."""
    modules = _modules()
    sinks = {**_FIXED, **{name: _SPOKEN for name in _error_classes(modules) if name not in _FIXED}}
    found: dict[str, Message] = {}
    while True:                 # a function whose parameter is a message makes its callers speak
        before = _size(sinks)
        found.clear()
        for module in modules:
            for message in _of_module(module, sinks):
                if not message.is_part or " " in message.template:
                    found.setdefault(message.sample, message)
        if _size(sinks) == before:
            break
    wanted = tuple(folders)
    return [message for message in found.values() if message.says_something and (not wanted or message.place.startswith(wanted))]


def _size(sinks: dict[str, _Sink]) -> int:
    return sum(len(sink.places) + len(sink.parts) for sink in sinks.values())


@lru_cache
def _modules() -> tuple[_Module, ...]:
    paths = [path for folder in ("core", "commands", "desktop") for path in sorted((ROOT / "inspector" / folder).rglob("*.py"))]
    made = []
    for path in [*paths, ROOT / "inspector" / "cli.py"]:
        module = _Module(path, ast.parse(path.read_text("utf-8")))
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef):
                module.functions.setdefault(node.name, []).append(node)
        for statement in module.tree.body:
            for name, value in _assigned(statement):
                module.constants.setdefault(name, []).append(value)
        made.append(module)
    return tuple(made)


def _error_classes(modules: Iterable[_Module]) -> set[str]:
    names = {"InspectorError"}
    classes = [node for module in modules for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    while more := {node.name for node in classes if node.name not in names and any(_name_of(base) in names for base in node.bases)}:
        names |= more
    return names


def _name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
            elif isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                yield from ((_name_of(one), value) for one, value in zip(target.elts, statement.value.elts, strict=False))
            elif isinstance(target, ast.Tuple) and isinstance(statement.value, ast.IfExp):
                for branch in (statement.value.body, statement.value.orelse):
                    if isinstance(branch, ast.Tuple):
                        yield from ((_name_of(one), value) for one, value in zip(target.elts, branch.elts, strict=False))
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None and isinstance(statement.target, ast.Name):
        yield statement.target.id, statement.value


def _of_module(module: _Module, sinks: dict[str, _Sink]) -> Iterator[Message]:
    place = str(module.path.relative_to(ROOT))
    if module.path.parent.name == "known_errors":
        yield from _explained(module)
    for function, call in _calls(module.tree, None):
        name = _name_of(call.func)
        sink = sinks.get(f"{module.path}:{name}") or sinks.get(name)
        if name == "__init__" and isinstance(call.func, ast.Attribute) and module.path.name == "errors.py":
            sink = _SPOKEN
        if name == "append" and isinstance(call.func, ast.Attribute) and _name_of(call.func.value) == "notes":
            sink = _NOTE
        problems = [keyword.value for keyword in call.keywords if keyword.arg in ("problem", "why")]
        for pieces in (pieces for text in problems for pieces in _texts(text, module, function, 0)):
            yield Message(f"{place}:{call.lineno}", pieces)
        if sink is None:
            continue
        for is_part, places in ((False, sink.places), (True, sink.parts)):
            for text in _given(call, places):
                for pieces in _texts(text, module, function, 0):
                    for piece in pieces:
                        if isinstance(piece, Hole) and piece.parameter and function is not None:
                            _hear(module, function, piece.parameter, sinks, is_part or len(pieces) > 1)
                    yield Message(f"{place}:{text.lineno}", pieces, is_part)


def _explained(module: _Module) -> Iterator[Message]:
    """What is told about an error one after the other: what generators yield, of (outcome, edits) the outcome, and what stands in lists."""
    place = str(module.path.relative_to(ROOT))
    for function, node in _nodes(module.tree, None):
        texts: list[ast.expr] = []
        if isinstance(node, ast.Yield) and node.value is not None:
            texts = [*node.value.elts] if isinstance(node.value, ast.Tuple) else [node.value]
        elif isinstance(node, ast.List):
            texts = [row.elts[0] for row in node.elts if isinstance(row, ast.Tuple) and len(row.elts) == 2]
        elif isinstance(node, ast.Assign) and any(name == "_ADVICE" for name, _ in _assigned(node)) and isinstance(node.value, ast.Tuple):
            texts = [*node.value.elts]
        elif isinstance(node, ast.Assign) and any(name == "_SIGNS" for name, _ in _assigned(node)) and isinstance(node.value, ast.Tuple):
            said = [row.elts[1] for row in node.value.elts if isinstance(row, ast.Tuple)]
            yield from (Message(f"{place}:{one.lineno}", (f"{one.value[0].upper()}{one.value[1:]}.",)) for one in said
                        if isinstance(one, ast.Constant))
        for text in texts:
            if isinstance(text, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.IfExp, ast.Name, ast.Call)):
                yield from (Message(f"{place}:{text.lineno}", pieces) for pieces in _texts(text, module, function, 0)
                            if any(isinstance(piece, str) and " " in piece for piece in pieces))


def _nodes(node: ast.AST, function: ast.FunctionDef | None) -> Iterator[tuple[ast.FunctionDef | None, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        yield function, child
        yield from _nodes(child, child if isinstance(child, ast.FunctionDef) else function)


def _given(call: ast.Call, places: dict[int, str]) -> list[ast.expr]:
    names = frozenset(places.values())
    found = [argument for n, argument in enumerate(call.args) if n in places] + \
        [keyword.value for keyword in call.keywords if keyword.arg in names]
    found = [branch for given in found for branch in ([given.body, given.orelse] if isinstance(given, ast.IfExp) and isinstance(
        given.orelse, ast.Tuple) else [given])]
    return [text for given in found for text in (given.elts if isinstance(given, ast.Tuple) else [given])]


def _hear(module: _Module, function: ast.FunctionDef, parameter: str, sinks: dict[str, _Sink], is_part: bool) -> None:
    """From now on what callers of `function` give as `parameter` is a message, or a part of one."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    shift = 1 if names[:1] in (["self"], ["cls"]) else 0
    own = function.name if function.name != "__init__" else next(
        node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef) and function in node.body)
    key = f"{module.path}:{own}" if function.name.startswith("_") and function.name != "__init__" else own
    sink = sinks.setdefault(key, _Sink({}))
    (sink.parts if is_part else sink.places)[names.index(parameter) - shift if parameter in names else 99 + len(parameter)] = parameter


def _calls(node: ast.AST, function: ast.FunctionDef | None) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inside = child if isinstance(child, ast.FunctionDef) else function
        if isinstance(child, ast.Call):
            yield function, child
        yield from _calls(child, inside)


# -- what an expression can say -----------------------------------------------------------------------------------------------

@cache
def _texts(node: ast.AST, module: _Module, function: ast.FunctionDef | None, deep: int) -> list[Pieces]:
    if isinstance(node, ast.Constant):
        return [(node.value,)] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return _joined([_texts(part, module, function, deep) for part in node.values])
    if isinstance(node, ast.FormattedValue):
        if node.format_spec is not None or isinstance(node.value, ast.Constant):
            return [(Hole("3" if node.conversion == -1 else "'x.y'"),)]
        return [(Hole("'x.y'"),)] if node.conversion != -1 else _inside(node.value, module, function, deep)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([_texts(node.left, module, function, deep), _texts(node.right, module, function, deep)])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        said = _texts(node.left, module, function, deep)
        return [*said, ("",)] if said and not isinstance(said[0][0], Hole) else [(_ANY,)]
    if isinstance(node, ast.IfExp):
        return _several([node.body, node.orelse], module, function, deep)
    if isinstance(node, ast.BoolOp):
        return _several(node.values, module, function, deep)
    if isinstance(node, ast.NamedExpr):
        return _texts(node.value, module, function, deep)
    if isinstance(node, ast.Name):
        return _of_name(node.id, module, function, deep)
    if isinstance(node, ast.Subscript):
        return _of_subscript(node, module, function, deep)
    if isinstance(node, ast.Call):
        return _of_call(node, module, function, deep)
    return [(_ANY,)]


def _inside(node: ast.AST, module: _Module, function: ast.FunctionDef | None, deep: int) -> list[Pieces]:
    """Of what is put into a text."""
    return _texts(node, module, function, deep) or [(_ANY,)]


def _several(nodes: Sequence[ast.AST], module: _Module, function: ast.FunctionDef | None, deep: int) -> list[Pieces]:
    return [*dict.fromkeys(text for node in nodes for text in _texts(node, module, function, deep))][:_MANY]


def _joined(parts: Sequence[list[Pieces]]) -> list[Pieces]:
    made = itertools.islice(itertools.product(*([*part] or [(_ANY,)] for part in parts)), _MANY)
    return [*dict.fromkeys(_together(itertools.chain.from_iterable(choice)) for choice in made)]


def _together(pieces: Iterable[str | Hole]) -> Pieces:
    """Texts side by side are one."""
    found: list[str | Hole] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "" or not found:
            found.append(piece)
    return tuple(found)


def _of_name(name: str, module: _Module, function: ast.FunctionDef | None, deep: int) -> list[Pieces]:
    if function is not None:
        values = _locals(function).get(name, [])
        if values and deep < _DEEP:
            return _several(values, module, function, deep + 1)
        arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        if any(argument.arg == name for argument in arguments):
            return [(Hole("x.y", name),)]
    if name in module.constants and deep < _DEEP:
        return _several(module.constants[name], module, None, deep + 1)
    return [(_ANY,)]


@lru_cache
def _locals(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """name -> what it is given in a function, anywhere in it."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.NamedExpr):
            found.setdefault(_name_of(node.target), []).append(node.value)
        for name, value in _assigned(node) if isinstance(node, ast.stmt) else ():
            found.setdefault(name, []).append(value)
        if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple) and isinstance(node.iter, (ast.Tuple, ast.List)):
            for row in node.iter.elts:
                for target, value in zip(node.target.elts, row.elts if isinstance(row, ast.Tuple) else (), strict=False):
                    found.setdefault(_name_of(target), []).append(value)
    return found


def _of_subscript(node: ast.Subscript, module: _Module, function: ast.FunctionDef | None, deep: int) -> list[Pieces]:
    value = node.value
    if isinstance(value, ast.Name) and len(module.constants.get(value.id, ())) == 1:
        value = module.constants[value.id][0]
    if isinstance(value, ast.Dict) and deep < _DEEP:
        return _several(value.values, module, None, deep + 1)
    if isinstance(value, (ast.Tuple, ast.List)) and deep < _DEEP and isinstance(node.slice, (ast.Name, ast.Compare)):
        return _several(value.elts, module, function, deep + 1)
    return [(_ANY,)]


def _of_call(node: ast.Call, module: _Module, function: ast.FunctionDef | None, deep: int) -> list[Pieces]:
    name = _name_of(node.func)
    if name == "count" and len(node.args) == 2:
        return _counted(node.args[1], node.args[1], "s", module, function)
    if name == "counted" and len(node.args) == 3:
        return _counted(node.args[1], node.args[2], "", module, function)
    if name in ("number", "size", "exact_size", "len", "many"):
        return [(Hole({"size": "3", "exact_size": "3 bytes"}.get(name, "3")),)]
    if name in ("strip", "rstrip", "lstrip", "removesuffix", "removeprefix") and isinstance(node.func, ast.Attribute):
        return _texts(node.func.value, module, function, deep)
    if name == "get" and isinstance(node.func, ast.Attribute) and len(node.args) == 2:
        looked_up = ast.Subscript(node.func.value, node.args[0], ast.Load())
        return _several([looked_up, node.args[1]], module, function, deep)
    if isinstance(node.func, ast.Name) and len(module.functions.get(name, ())) == 1 and deep < _DEEP:
        called = module.functions[name][0]
        said = _several([one.value for one in _returns(called)], module, called, deep + 1)
        plain = [tuple(_ANY if isinstance(piece, Hole) and piece.parameter else piece for piece in pieces) for pieces in said]
        return plain or [(_ANY,)]
    return [(_ANY,)]


def _returns(function: ast.FunctionDef) -> Iterator[ast.Return]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node


def _counted(one: ast.expr, more: ast.expr, ending: str, module: _Module, function: ast.FunctionDef | None) -> list[Pieces]:
    """The count and its words are put in together: it is a phrase."""
    words = zip(_texts(one, module, function, _DEEP), _texts(more, module, function, _DEEP), strict=False)
    samples = [(a[0] if isinstance(a[0], str) else "tensor", b[0] if isinstance(b[0], str) else "tensor") for a, b in words]
    return [(Hole(said),) for single, plural in samples for said in (f"1 {single}", f"3 {plural}{ending}")]


# -- in another language ----------------------------------------------------------------------------------------------------------

def english_in(message: Message) -> list[str]:
    """The words of a message that its translation leaves in English, but for those that translations use on purpose ("torch")."""
    said = sentences._phrase(message.sample, languages.current()) if message.is_part else sentences.said(message.sample)
    if said == message.sample:
        return ["all"]
    return [word for word in re.findall(r"[A-Za-z]{2,}", said) if word not in _foreign() and {*word} - {*"xy"}]


@lru_cache
def _foreign() -> frozenset[str]:
    """The words of translations that are no Chinese."""
    folder = ROOT / "resources" / "translations"
    rows = [line.partition("\t")[2] for name in ("sentences", "phrases")
            for line in (folder / f"{name}_zh_CN.tsv").read_text("utf-8").splitlines()]
    return frozenset(re.findall(r"[A-Za-z]{2,}", " ".join(rows)))


if __name__ == "__main__":
    languages.use("zh_CN")
    seen: set[str] = set()
    for one in messages(*sys.argv[1:]):
        lacking = english_in(one)
        if lacking and one.template not in seen:
            seen.add(one.template)
            print(one.place, "part" if one.is_part else "", one.template, one.sample, " ".join(lacking), sep="\t")
