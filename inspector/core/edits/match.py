"""Only what a model has: `{k: v for k, v in state_dict.items() if k in model and v.shape == model[k].shape}`."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.numbering import shifts
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import optimizer_states
from inspector.core.wording import counted

from .tools.common import Edit, needs_extraction
from .tools.dropping import without
from .tools.optimizers import states_of
from .tools.references import opened, weights_of

_NAMED = 3
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Match(Edit):
    """Leaves out of state dicts what `reference` has not, or has in another shape. `reference` is the path of a checkpoint of the
    model, or its names and shapes (`shapes_of`). State dicts that have no name in common with it, and optimizers, are left alone.

    >>> model = core.save({"fc.w": np.ones((4, 2))}, folder / "model.pth").path
    >>> list(core.edit({"fc.w": np.ones((4, 2)), "head.w": np.ones((9, 4))}, [core.Match(model)]))
    ['fc.w']
    """

    reference: str | Shapes = field(hash=False)
    OPTION: ClassVar[str] = "match"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        wanted = self._shapes(monitor)
        inside = _with_something_in_common(ckpt, wanted)
        if not inside:
            raise EditError("no name of the file is in the reference", self._advice(ckpt, wanted), id="nothing_left")
        away, modules = _unfit(ckpt, inside, wanted), ckpt.modules
        if len(away) == len(ckpt.tensors):
            note = next((note for place in inside for note in _numbered_otherwise(ckpt, place, wanted)), None)
            if note is not None:
                raise EditError("no tensor of the file has its name and shape in the reference", note, id="nothing_left")
        for key in away:
            place = ckpt.tensors[key].state_dict
            if place in modules:
                raise needs_extraction(key, place or "")
        return without(ckpt, self, away)

    def _shapes(self, monitor: Monitor) -> Shapes:
        if not isinstance(self.reference, str):
            return self.reference
        return shapes_of(opened(self.reference, monitor))

    @staticmethod
    def _advice(ckpt: Checkpoint, wanted: Shapes) -> str:
        mine = next((info.name for info in ckpt.tensors.values() if info.state_dict is not None), "")
        theirs = next(iter(wanted), "")
        return f"The file has names like {quoted(mine, 60)}, the reference like {quoted(theirs, 60)}: rename them first."

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        wanted = self._shapes(monitor)
        inside = _with_something_in_common(before, wanted)
        away = _unfit(before, inside, wanted)
        notes = [] if away else ["Every name of the file is in the reference, in the same shape."]
        notes += [note for place in inside for note in _numbered_otherwise(before, place, wanted)]
        shapes = [key for key in away if before.tensors[key].name in wanted]
        if shapes:
            notes.append(f"{counted(len(shapes), 'tensor has', 'tensors have')} another shape: " + ", ".join(
                f"{visible(key, 60)} {[*before.tensors[key].shape]} and not {[*wanted[before.tensors[key].name]]}"
                for key in shapes[:_NAMED]) + (" …" if len(shapes) > _NAMED else "") + ".")
        for place in inside:
            there = {info.name for info in after.tensors.values() if info.state_dict == place}
            missing = [name for name in wanted if name not in there]
            if missing:
                of = f" of {visible(place, 60)}" if place else ""
                notes.append(f"{counted(len(missing), 'name', 'names')} of the reference will be missing{of}: "
                            + ", ".join(visible(name, 60) for name in missing[:_NAMED]) + (" …" if len(missing) > _NAMED else "") + ".")
        unsure = states_of(before, set(away)).unsure
        return [*notes, unsure] if unsure else notes

    @property
    def reference_path(self) -> str | None:
        return self.reference if isinstance(self.reference, str) else None

    @property
    def text(self) -> str:
        if isinstance(self.reference, str):
            return self.reference
        raise EditError("a match with given names and shapes has no form on the command line", "Save a recipe, or name a file.")

    def to_json(self) -> Any:
        if isinstance(self.reference, str):
            return self.reference
        return {name: list(shape) for name, shape in self.reference.items()}

    @classmethod
    def parse(cls, text: str, option: str) -> Match:
        if not text:
            raise EditError("no reference is named", "Write the path of a checkpoint of the model.")
        return cls(text)

    @classmethod
    def from_json(cls, value: Any, option: str) -> Match:
        if isinstance(value, str):
            return cls.parse(value, option)
        if not isinstance(value, dict) or not value or not all(
                isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape) for shape in value.values()):
            raise EditError("match takes the path of a checkpoint, or an object of names and shapes", 'Like {"fc.weight": [10, 4]}.')
        return cls({name: tuple(shape) for name, shape in value.items()})


def shapes_of(ckpt: Checkpoint) -> Shapes:
    """The names and shapes of a checkpoint's weights. Raises EditError when several state dicts can be meant."""
    return {name: info.shape for name, info in weights_of(ckpt).items()}


def _numbered_otherwise(ckpt: Checkpoint, place: str, wanted: Shapes) -> list[str]:
    """What names alone do not tell: that the layers of the one are numbered otherwise than those of the other."""
    there = {info.name: info.shape for info in ckpt.tensors.values() if info.state_dict == place}
    return [f"The layers {visible(one.place, 60)} are numbered from {one.a} here and from {one.b} in the reference, so that equal names "
            f"{'are' if one.is_sure else 'may be'} other layers: --renumber '{visible(one.place, 60)}={one.by:+d}' before it pairs them "
            "by order." for one in shifts(there, wanted)]


def _with_something_in_common(ckpt: Checkpoint, wanted: Shapes) -> list[str]:
    optimizers = optimizer_states(ckpt)
    common = {info.state_dict for info in ckpt.tensors.values() if info.state_dict is not None and info.name in wanted}
    return [path for path in ckpt.state_dicts if path in common and path not in optimizers]


def _unfit(ckpt: Checkpoint, inside: list[str], wanted: Shapes) -> list[str]:
    places = set(inside)
    return [key for key, info in ckpt.tensors.items()
            if info.state_dict in places and wanted.get(info.name) != info.shape]
