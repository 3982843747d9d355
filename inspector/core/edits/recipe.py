"""Edits as text: options of the command line, recipes (JSON), a command, a script.

A recipe is `{"recipe": 1, "edits": [{"strip-prefix": "module."}, {"device": {"cuda:*": "cpu"}}]}`; the list alone is read, too.
"""
from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable
from typing import Any

from inspector.core.errors import EditError
from inspector.core.io.pointers import refuse_pointer
from inspector.core.io.side_outputs import write_output
from inspector.core.io.sources import open_source
from inspector.core.keypath import quoted, visible
from inspector.core.plain_values import json_once

from . import OPTIONS
from .tools.common import Edit

VERSION = 1
_LONGEST = 64 << 20


def edit_options() -> dict[str, str]:
    """The names of the edits on the command line and in recipes -> the first sentence about each.

    >>> core.edit_options()["drop"]
    'Everything whose key, or name inside its state dict, fits `glob`; a name means all that is under it.'
    """
    return {name: " ".join((kind.__doc__ or "").split("\n\n")[0].split()) for name, kind in OPTIONS.items()}


def takes_text(option: str) -> bool:
    """Whether the edit of that name is typed with something behind it.

    >>> core.takes_text("strip-prefix"), core.takes_text("drop-broken")
    (True, False)
    """
    return OPTIONS[option].TAKES_TEXT


def parse_edit(option: str, text: str) -> Edit:
    """The edit that `--option text` asks for on the command line: `parse_edit("strip-prefix", "module.")`. Raises EditError.

    >>> core.parse_edit("strip-prefix", "module."), core.parse_edit("cast", "float16:encoder.*")
    (StripPrefix(prefix='module.'), Cast(dtype='float16', glob='encoder.*'))
    """
    name = option.removeprefix("--")
    edit = OPTIONS.get(name)
    if edit is None:
        raise EditError(f"there is no edit {quoted(option, 60)}", f"There are {', '.join(OPTIONS)}.", id="unknown_edit")
    return edit.parse(text, name)


def to_recipe(edits: Iterable[Edit]) -> str:
    """`edits` as a recipe, one a line: JSON that `from_recipe` and `inspector edit --recipe` read.

    >>> print(core.to_recipe([core.StripPrefix("module.")]))
    {"recipe": 1, "edits": [
      {"strip-prefix": "module."}
    ]}
    """
    lines = [json.dumps({edit.option: edit.to_json()}, ensure_ascii=False) for edit in edits]
    inside = ",\n".join(f"  {line}" for line in lines)
    return f'{{"recipe": {VERSION}, "edits": [\n{inside}\n]}}\n' if lines else f'{{"recipe": {VERSION}, "edits": []}}\n'


def from_recipe(text: str) -> list[Edit]:
    """The edits of a recipe. Raises EditError that says which one is wrong, and how.

    >>> core.from_recipe(core.to_recipe([core.StripPrefix("module."), core.Cast("float16")]))
    [StripPrefix(prefix='module.'), Cast(dtype='float16', glob='*')]
    """
    edits = []
    for n, entry in enumerate(_entries(text), 1):
        if not isinstance(entry, dict) or len(entry) != 1:
            raise EditError(f"edit {n} of the recipe is not one name with its value", 'Like {"strip-prefix": "module."}.', id="bad_recipe")
        (name, value), = entry.items()
        edit = OPTIONS.get(name)
        if edit is None:
            raise EditError(f"edit {n} of the recipe is {quoted(name, 60)}, which is no edit", f"There are {', '.join(OPTIONS)}.",
                            id="bad_recipe")
        try:
            edits.append(edit.from_json(value, name))
        except EditError as error:
            raise EditError(f"edit {n} of the recipe: {error.message}", error.hint, id="bad_recipe") from None
    return edits


def _entries(text: str) -> list[Any]:
    if len(text) > _LONGEST:
        raise EditError("the recipe is too long to be one", "Name a file with edits.", id="bad_recipe")
    try:
        found = json_once(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise EditError(f"the recipe is not JSON: {error.msg} in line {error.lineno}, column {error.colno}", "", id="bad_recipe") from None
    except ValueError as error:
        raise EditError(f"the recipe cannot be read: {visible(str(error), 100)}", "", id="bad_recipe") from None
    if isinstance(found, list):
        return found
    if not isinstance(found, dict) or not isinstance(found.get("edits"), list):
        raise EditError("the recipe has no list of edits", '{"recipe": 1, "edits": [{"strip-prefix": "module."}]} is one.', id="bad_recipe")
    version = found.get("recipe", VERSION)
    if type(version) is not int or version < 1:
        raise EditError(f"the recipe's version is {visible(json.dumps(version), 40)}, which is none", "", id="bad_recipe")
    if version > VERSION:
        raise EditError(f"the recipe is of version {version}, and this program knows {VERSION}", "A newer inspector reads it.",
                        id="bad_recipe")
    edits: list[Any] = found["edits"]
    return edits


def read_recipe(path: str | os.PathLike[str]) -> list[Edit]:
    """The edits of the recipe in a file. Raises EditError, ReadError.

    >>> core.save_recipe([core.Drop("optimizer")], folder / "recipe.json")
    >>> core.read_recipe(folder / "recipe.json")
    [Drop(glob='optimizer')]
    """
    with open_source(os.fsdecode(path)) as source:
        if source.size > _LONGEST:
            raise EditError("the recipe is too long to be one", "Name a file with edits.", id="bad_recipe")
        data = source.read(0, source.size)
    refuse_pointer(data, os.fsdecode(path))
    try:
        return from_recipe(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise EditError(f"the recipe is not text: byte {error.start:,} is not UTF-8", "Name a file with edits.", id="bad_recipe") from None


def save_recipe(edits: Iterable[Edit], path: str | os.PathLike[str], inputs: Iterable[str] = ()) -> None:
    """Writes `edits` as a recipe, a whole file or none, and over nothing but a recipe; never over `inputs`. Raises SaveError.

    >>> core.save_recipe([core.StripPrefix("module.")], folder / "recipe.json")
    >>> core.edit({"module.w": np.ones(3)}, core.read_recipe(folder / "recipe.json")).tensors.keys()
    dict_keys(['w'])
    """
    write_output(os.fsdecode(path), to_recipe(edits).encode("utf-8", "surrogatepass"), "recipe", inputs)


def as_command(edits: Iterable[Edit], source: str, target: str) -> str:
    """The command that applies `edits` to the file `source` and saves `target`, quoted for a shell. Raises EditError for an edit
    that has no form there.

    >>> core.as_command([core.StripPrefix("module."), core.Drop("optimizer")], "last.pth", "clean.pth")
    'inspector edit last.pth -o clean.pth --strip-prefix module. --drop optimizer'
    """
    words = ["inspector", "edit", *_word(source), "-o", *_word(target)[-1:]]
    for edit in edits:
        words += _typed(edit)
    return shlex.join(words)


def as_option(edit: Edit) -> str:
    """An edit as it is typed after `inspector edit`, quoted for a shell: "--strip-prefix module.". Raises EditError for one that has
    no form there.

    >>> core.as_option(core.Rename("^net", "my net"))
    "--rename '^net=my net'"
    """
    return shlex.join(_typed(edit))


def can_be_typed(edits: Iterable[Edit]) -> bool:
    """Whether the command line has a form for each of `edits` that means just it, as it has not for names that nobody can type."""
    try:
        return all(parse_edit(edit.option, edit.text) == edit for edit in edits)
    except EditError:
        return False


def _typed(edit: Edit) -> list[str]:
    text = edit.text
    if not edit.TAKES_TEXT:
        return [f"--{edit.option}"]
    return [f"--{edit.option}={text}"] if text.startswith("-") else [f"--{edit.option}", text]


def _word(path: str) -> list[str]:
    return [f"./{path}"] if path.startswith("-") else [path]


def as_python(edits: Iterable[Edit], source: str, target: str) -> str:
    """A script that does the same.

    >>> print(core.as_python([core.StripPrefix("module.")], "last.pth", "clean.pth"))
    from inspector import core
    <BLANKLINE>
    ckpt = core.open('last.pth')
    ckpt = core.edit(ckpt, [
        core.StripPrefix(prefix='module.'),
    ])
    report = core.save(ckpt, 'clean.pth')
    print(report)
    """
    edits = list(edits)
    lines = ["from inspector import core", "", f"ckpt = core.open({source!r})"]
    if edits:
        lines += ["ckpt = core.edit(ckpt, [", *(f"    core.{edit!r}," for edit in edits), "])"]
    return "\n".join([*lines, f"report = core.save(ckpt, {target!r})", "print(report)", ""])
