"""What Python says when the code that a pickle names is not there: a whole model without its class, a file of a newer library.

"Can't get attribute 'Net' on <module '__main__' …>" and "No module named 'mynets'" are the unpickler's (3.5 to 3.14); "'Conv2d' object
has no attribute '_reversed_padding_repeated_twice'" is what an object of an older torch comes to.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.edits.extract import Extract
from inspector.core.edits.make_plain import MakePlain
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import patterns_for
from inspector.core.keypath import ancestors, visible
from inspector.core.torch_load import loads_with_torch

from .explanation import Case, Explanation, few, is_taken, search

_SIGNS = (r"Can't get attribute ['\"](?P<name>[\w.<>]+)['\"] on <module ['\"](?P<module>[\w.]+)['\"]",
          r"(?:ModuleNotFoundError|ImportError): No module named ['\"]?(?P<gone>[\w.]+)",
          r"No module named ['\"](?P<none>[\w.]+)['\"]", r"cannot import name ['\"](?P<other>\w+)['\"] from ['\"](?P<source>[\w.]+)",
          r"AttributeError: module ['\"](?P<holder>[\w.]+)['\"] has no attribute ['\"](?P<lost>\w+)['\"]")
_MODULES, _NAMES = ("module", "gone", "none", "source", "holder"), ("name", "other", "lost")       # groups of these
_OLD_OBJECT = r"['\"](?P<cls>\w+)['\"] object has no attribute ['\"](?P<attribute>\w+)['\"]"
_OTHERS = 6


class _Wanted(NamedTuple):
    """`module`.`name`; either may be empty."""

    module: str
    name: str

    def is_named_by(self, module: str, name: str) -> bool:
        if self.name:
            return name.split(".")[0] == self.name.split(".")[0] and (module == self.module or not self.module)
        return module == self.module or module.startswith(f"{self.module}.") or self.module.startswith(f"{module}.")

    def __str__(self) -> str:
        return visible(f"{self.module}.{self.name}" if self.module and self.name else self.module or self.name, 120)


def explain(case: Case) -> Explanation | None:
    found = search(_SIGNS, case.text)
    if found is None:
        return _of_an_old_object(case)
    said = found.groupdict()
    module, name = (next((said[group] for group in groups if said.get(group)), "") for groups in (_MODULES, _NAMES))
    wanted = _Wanted(module, name)
    what = f"the class or function {wanted}" if wanted.name else f"the module {wanted}"
    meaning = f"The file was saved with {what}, which this Python cannot find: an object in it was pickled by its class."
    if case.file is None:
        return Explanation("missing-code", meaning, advice=() if case.unreadable else _ADVICE)
    names = _names(case.file, wanted)
    return Explanation("missing-code", meaning, tuple(_about(case.file, wanted, names)), case.remedies(_ways(case.file, names), is_taken),
                       _ADVICE if names else ())


_ADVICE = ("With the code at hand: put it where Python finds a module of that very name, then load with weights_only=False.",)


def _names(file: Checkpoint, wanted: _Wanted) -> list[str]:
    """The dotted names in the file that are meant."""
    return list(dict.fromkeys(f"{module}.{name}" for pickled in file.pickles for module, name in pickled.graph.names
                              if wanted.is_named_by(module, name)))


def _keys_of(file: Checkpoint, names: Sequence[str]) -> dict[str, str]:
    """key -> one of `names` that its value needs."""
    wanted = set(names)
    found = {key: value.type for key, value in file.values.items() if isinstance(value, Opaque) and value.type in wanted}
    for one in loads_with_torch(file).refused:
        if one.name in wanted:
            found.setdefault(one.key, one.name)
    return found


def _about(file: Checkpoint, wanted: _Wanted, names: Sequence[str]) -> Iterator[str]:
    if not names:
        yield f"Nothing in this file names {wanted}: the text is about another file, or about a program's own import."
        return
    keys = _keys_of(file, names)
    for key in [*keys][:_OTHERS]:
        what = "its state dict is in the file and needs no class" if key in file.modules else "the rest of the file needs it not"
        yield f"{visible(key, 80) or 'The whole file'} is an object of {visible(keys[key], 120)}; {what}."
    if not keys:
        yield f"It names {few(names)}."
    elif len(keys) > _OTHERS:
        yield f"{len(keys) - _OTHERS:,} more keys need it."


def _ways(file: Checkpoint, names: Sequence[str]) -> Iterator[tuple[str, Sequence[Edit]]]:
    if not names:
        return
    keys = _keys_of(file, names)
    outer = [path for path in file.state_dicts if path in file.modules and file.modules.isdisjoint(ancestors(path))]
    for path in outer[:2]:
        yield f"torch.load takes the state dict{f' of {visible(path, 80)}' if path else ''} without any class", [Extract(path or ".")]
    if keys and "" not in keys:
        yield "torch.load takes it, with these values as plain data", [MakePlain(pattern) for pattern in patterns_for(keys)]
    yield "torch.load takes it, with every such value as plain data", [MakePlain("*")]


def _of_an_old_object(case: Case) -> Explanation | None:
    found = search((_OLD_OBJECT,), case.text)
    if found is None or case.file is None:
        return None
    keys = [key for key, value in case.file.values.items()
            if isinstance(value, Opaque) and value.type.rpartition(".")[2] == found["cls"] and key in case.file.modules]
    inside = any(name.rpartition(".")[2] == found["cls"] for pickled in case.file.pickles for _, name in pickled.graph.names)
    if not keys and not (inside and case.file.modules):
        return None
    meaning = (f"A {visible(found['cls'], 80)} was pickled by another version of its class, which had no "
               f"{visible(found['attribute'], 80)}: whole models are tied to the code that saved them.")
    about = (f"The file holds {'the whole model ' + few(keys) if keys else 'a model that has one in it'}.",)
    outer = [path for path in case.file.modules if case.file.modules.isdisjoint(ancestors(path))]
    ways = [(f"its state dict loads into a model that is made anew{f' ({visible(path, 80)})' if path else ''}", [Extract(path or ".")])
            for path in outer[:2]]
    return Explanation("old-object", meaning, about, case.remedies(ways, is_taken))
