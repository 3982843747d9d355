"""A part of a checkpoint as a checkpoint: the weights out of a training checkpoint, a module's state dict out of a whole module."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from inspector.core.adapters import inner_adapters, keys_alone
from inspector.core.checkpoint import Checkpoint, Opaque, Plain, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import (
    Paths,
    ancestors,
    any_under,
    below,
    is_under,
    is_within,
    join,
    parent_of,
    quoted,
    relative,
    top_of,
    visible,
)
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.quantized_layers import packed_keys, said_of

from .plain_data.making import Making, taken_keys
from .tools.common import Edit, edited, origin_of, reduced
from .tools.rewriting import on_new_source, rewritten
from .tools.structure import Structure

_CHOICES = 8
_ONE_PICKLE = frozenset({"torch-zip", "torch-legacy", "torch-tar", "pickle"})


@dataclass(frozen=True)
class Extract(Edit):
    """What is at `path` becomes the root. A module (`.` when the whole file is one) becomes its state dict. A path inside a state
    dict, like a submodule's, takes the names under it, without it. ":style" is the adapter of that name in a PeftModel that was saved
    whole, with the names that it has in a file of its own (peft 0.21 `get_peft_model_state_dict`).

    >>> list(core.edit({"epoch": 3, "model": {"w": np.ones(3)}}, [core.Extract("model")]))
    ['w']
    """

    path: str
    OPTION: ClassVar[str] = "extract"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        return self._apply(self._unpacked(ckpt, monitor) or ckpt)

    def _apply(self, ckpt: Checkpoint) -> Checkpoint:
        path = self._path
        if path.startswith(":") and not any(is_within(key, path) for table in (ckpt.tensors, ckpt.values) for key in table):
            return self._adapter(ckpt, path[1:])
        if path in ckpt.tensors and path:
            raise EditError(f"{quoted(path, 80)} is one tensor", f"--keep {visible(path, 80)} keeps it alone.", id="not_a_dict")
        modules = ckpt.modules
        if path in modules:
            return self._state_dict(ckpt, path, "")
        if path == "":
            return edited(ckpt, self)
        above = next((place for place in ancestors(path) if place in ckpt.state_dicts), None)
        if above is not None and (above in modules or self._has_names(ckpt, above, path)):
            return self._state_dict(ckpt, above, relative(path, above))
        return self._sub_dict(ckpt, path)

    @property
    def _path(self) -> str:
        return "" if self.path == "." else self.path.removesuffix(".")

    def _unpacked(self, ckpt: Checkpoint, monitor: Monitor) -> Checkpoint | None:
        """`ckpt` with a state dict in the stead of the whole module that is meant, where it has quantized layers whose weights lie packed
        in objects; None where there is nothing of the kind."""
        place = next((path for path in (self._path, *ancestors(self._path)) if path in ckpt.modules), None)
        source, origin = ckpt.as_opened, origin_of(ckpt)
        module = source.values.get(origin.get(place, "")) if place is not None else None
        if place is None or not isinstance(module, Opaque) or source.format not in _ONE_PICKLE \
                or not any(packed_keys(source, origin[place])):
            return None
        making = Making(source, source.pickles[0].graph, frozenset(), taken_keys(source))
        making.state_dict(module.node, origin[place])
        made = rewritten(source, making.editor, making.storages, monitor)
        new = on_new_source(ckpt, self, made, [(key, said_of(source, key)) for key in making.packed])
        assert new.edited is not None
        return replace(new, edited=new.edited._replace(edits=ckpt.edited.edits if ckpt.edited else ()))

    def _has_names(self, ckpt: Checkpoint, place: str, path: str) -> bool:
        """Whether `path` is a part of names in the state dict at `place`, and nothing that has a place of its own in the file."""
        if path in ckpt.state_dicts or Structure(ckpt).container(join(_root(ckpt), path)) is not None:
            return False
        return any_under((info.key for info in ckpt.tensors.values() if info.state_dict == place), path)

    def _state_dict(self, ckpt: Checkpoint, place: str, prefix: str) -> Checkpoint:
        """The tensors of the state dict at `place` whose names begin with `prefix`, without it."""
        whole = join(place, prefix) if prefix else place
        tensors, came_from = {}, {}
        for key, name in below(ckpt.tensors, whole):
            info = ckpt.tensors[key]
            if info.state_dict == place:
                tensors[name] = info._replace(key=name, state_dict="")
                came_from[name] = key
        if not tensors:
            raise self._missing(ckpt)
        table = ckpt.module_metadata.get(place)
        metadata = {"": _below(table, prefix)} if table is not None else {}
        values: dict[str, Plain] = {}
        if place not in ckpt.modules:         # what a state dict holds besides: extra states
            dicts = Paths(path for path in ckpt.state_dicts if path != place and is_under(path, place))
            for key, name in below(ckpt.values, whole):
                if not dicts.has(parent_of(key)):
                    values[name], came_from[name] = ckpt.values[key], key
        return reduced(ckpt, self, tensors, values, came_from, root=join(_root(ckpt), place) if place else _root(ckpt),
                       state_dicts=("",), kind="state-dict", module_metadata=metadata, metadata=dict(ckpt.metadata))

    def _sub_dict(self, ckpt: Checkpoint, path: str) -> Checkpoint:
        # what was an entry's own dict in a state dict, like one parameter's state, is a state dict of its own now
        above = "" if Structure(ckpt).is_dict(join(_root(ckpt), path)) else None
        tensors: dict[str, TensorInfo] = {}
        came_from: dict[str, str] = {}
        for key, name in below(ckpt.tensors, path):
            info = ckpt.tensors[key]
            place = info.state_dict
            inside = None if place is None else relative(place, path) if is_within(place, path) else above
            tensors[name] = info._replace(key=name, state_dict=inside)
            came_from[name] = key
        values = {"": ckpt.values[path]} if path in ckpt.values else {}
        came_from.update({"": path} if path in ckpt.values else {})
        for key, name in below(ckpt.values, path):
            values[name], came_from[name] = ckpt.values[key], key
        if not tensors and not any(values):
            raise self._missing(ckpt)
        dicts = tuple(relative(place, path) for place in ckpt.state_dicts if is_within(place, path))
        if "" not in dicts and any(info.state_dict == "" for info in tensors.values()):
            dicts = ("", *dicts)
        metadata = {relative(place, path): table for place, table in ckpt.module_metadata.items() if is_within(place, path)}
        return reduced(ckpt, self, tensors, values, came_from, root=join(_root(ckpt), path), state_dicts=dicts,
                       module_metadata=metadata)

    def _adapter(self, ckpt: Checkpoint, name: str) -> Checkpoint:
        there = inner_adapters(ckpt)
        if name not in there:
            raise EditError(f"there is no adapter {quoted(name, 40)} in it to extract",
                            f"There are {', '.join(visible(one, 40) for one in list(there)[:_CHOICES])}." if there else
                            "`inspector ls` shows the keys.", id="no_such_path")
        place = ckpt.tensors[there[name][0].a.key].state_dict or ""
        tensors, came_from = {}, {}
        for key, new in keys_alone(ckpt, name).items():
            tensors[new] = ckpt.tensors[key]._replace(key=new, state_dict="")
            came_from[new] = key
        return reduced(ckpt, self, tensors, {}, came_from, root=join(_root(ckpt), place) if place else _root(ckpt), state_dicts=("",),
                       kind="state-dict", module_metadata={}, metadata=dict(ckpt.metadata))

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        if self.path.startswith(":") and after.tensors and self._path[1:] in inner_adapters(before):
            return ["PEFT loads it from a folder, as adapter_model.safetensors with adapter_config.json beside it. That is not written."]
        return []

    def _missing(self, ckpt: Checkpoint) -> EditError:
        if self.path in ckpt.values:
            return EditError(f"{quoted(self.path, 80)} is a single value", "Only what holds others can become the root.",
                             id="not_a_dict")
        there = [path or "." for path in (*ckpt.state_dicts, *_tops(ckpt)) if path not in ckpt.values or path in ckpt.state_dicts]
        choices = ", ".join(visible(path, 60) for path in list(dict.fromkeys(there))[:_CHOICES])
        return EditError(f"there is nothing at {quoted(self.path, 80)} to extract",
                         f"There are {choices}." if choices else "`inspector ls` shows the keys.", id="no_such_path")

    @property
    def text(self) -> str:
        return self.path

    @classmethod
    def parse(cls, text: str, option: str) -> Extract:
        return cls(text)


def _root(ckpt: Checkpoint) -> str:
    return ckpt.edited.root if ckpt.edited else ""


def _below(table: object, prefix: str) -> dict[str, object]:
    """`_metadata` of the module at `prefix`."""
    assert hasattr(table, "items")
    if not prefix:
        return dict(table.items())
    return {relative(module, prefix): facts for module, facts in table.items() if is_within(module, prefix)}


def _tops(ckpt: Checkpoint) -> Iterator[str]:
    """First segments of keys that have more than one."""
    return (top_of(key) for table in (ckpt.tensors, ckpt.values) for key in table if "." in key)
