"""Values of another checkpoint, in place of the file's own."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint, Extra, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor, EditError
from inspector.core.keypath import quoted, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.reader import TensorReader
from inspector.core.training.weights import optimizer_states
from inspector.core.wording import counted

from .tools.common import Edit, edited, fields_of, object_in, storages_left
from .tools.copies import contiguous, fresh_ids
from .tools.globs import fitting, matcher
from .tools.references import opened, weights_of
from .tools.taken import Numbers

_NAMED = 3


@dataclass(frozen=True)
class Take(Edit):
    """Tensors that fit `glob` get the elements, shape and element type of those that the checkpoint at `source` has under the same
    key, or where it has none of these keys, under the same name among its weights; with `pairs` (key here, key there) just these.
    Device and requires_grad stay. Only tensors that the file has are replaced, none is added; optimizers are left alone unless
    `pairs` name them.

    >>> other = core.save({"w": np.float32([5, 6])}, folder / "other.pth").path
    >>> core.edit({"w": np.zeros(2), "b": np.zeros(2)}, [core.Take(other, "w")])["w"].numpy()
    array([5., 6.], dtype=float32)
    """

    source: str
    glob: str = "*"
    pairs: tuple[tuple[str, str], ...] = ()
    OPTION: ClassVar[str] = "take"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        theirs = opened(self.source, monitor)
        partners = self._partners(ckpt, theirs)
        tensors, numbers = dict(ckpt.tensors), Numbers(ckpt, theirs)
        storages: dict[str, Storage] = {}
        tied: dict[tuple[object, ...], str] = {}
        ids = fresh_ids(ckpt)
        with TensorReader(theirs, monitor) as reader:
            for key, other in partners.items():
                why = _why_not(tensors[key], other, reader)
                if why and self.pairs:
                    raise EditError(f"{quoted(key, 80)} cannot be taken from {visible(self.source)}: {why}", "Leave it out.", key,
                                    id="no_take")
                if why:
                    continue
                mine = tensors[key]
                device = "cpu" if mine.device == "meta" else mine.device
                view = (other.view or other.key, device)
                id = tied.get(view)
                if id is None:
                    id = tied[view] = next(ids)
                    storages[id] = Storage(id, other.dtype, device, other.nbytes, None)
                tensors[key] = TensorInfo(key, other.shape, other.dtype, device, contiguous(other.shape), 0, id, other.nbytes,
                                          mine.requires_grad, mine.state_dict, node=mine.node,
                                          extra=Extra(read_from=numbers.moved(other)))
        return edited(ckpt, self, taken=numbers.storages, tensors=tensors, files=numbers.files,
                      storages={**storages_left(ckpt, tensors, ckpt.values), **storages})

    def _partners(self, ckpt: Checkpoint, theirs: Checkpoint) -> dict[str, TensorInfo]:
        """key -> the tensor of `theirs` that goes there. Raises EditError for pairs that are not there, and when there are none."""
        for here, there in self.pairs:
            if here not in ckpt.tensors:
                raise EditError(f"the file has no tensor {quoted(here, 80)} that could be replaced",
                                "Taking replaces what is there. An edit before may have renamed or dropped it.", id="no_take")
            if there not in theirs.tensors:
                raise EditError(f"{visible(self.source)} has no tensor {quoted(there, 80)}", "See `inspector ls` for its keys.",
                                id="no_take")
        if self.pairs:
            return {here: theirs.tensors[there] for here, there in self.pairs}
        wanted = self._wanted(ckpt)
        found = {key: theirs.tensors[key] for key in wanted if key in theirs.tensors}
        if wanted and not found:
            names = weights_of(theirs)
            found = {key: names[name] for key in wanted if (name := ckpt.tensors[key].name) in names}
        if wanted and not found:
            raise EditError(f"{visible(self.source)} has no tensor of the name {quoted(ckpt.tensors[wanted[0]].name, 80)}"
                            + (f" or of {len(wanted) - 1:,} others" if len(wanted) > 1 else ""),
                            "Bring the names into line first: rename them, or strip a prefix.", id="nothing_left")
        return found

    def _wanted(self, ckpt: Checkpoint) -> list[str]:
        optimizers = optimizer_states(ckpt)
        return [key for key in fitting(ckpt, self.glob) if ckpt.tensors[key].state_dict not in optimizers]

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        taken = {key for key, info in after.tensors.items() if info is not before.tensors[key]}
        notes = []
        left = [] if self.pairs else [key for key in self._wanted(before) if key not in taken]
        if left:
            notes.append(f"{counted(len(left), 'tensor keeps its', 'tensors keep their')} values, for want of any to take: "
                        + ", ".join(visible(key, 60) for key in left[:_NAMED]) + (" …" if len(left) > _NAMED else "") + ".")
        shapes = [key for key in after.tensors if key in taken and after.tensors[key].shape != before.tensors[key].shape]
        if shapes:
            shown = ", ".join(f"{visible(key, 60)} {list(before.tensors[key].shape)} -> {list(after.tensors[key].shape)}"
                              for key in shapes[:_NAMED]) + (" …" if len(shapes) > _NAMED else "")
            notes.append(f"{counted(len(shapes), 'tensor changes its shape', 'tensors change their shapes')}, and a model of the old "
                         f"{'one does' if len(shapes) == 1 else 'ones does'} not load the file: {shown}.")
        if taken and optimizer_states(before):
            notes.append("The optimizer's state stays that of the old values.")
        return notes

    @property
    def reference_path(self) -> str | None:
        return self.source

    @property
    def text(self) -> str:
        plain = self.source if self.glob == "*" else f"{self.source}:{self.glob}"
        for text in (plain, f"{self.source}:*"):
            if not self.pairs and not text.startswith("{") and _split(text) == (self.source, self.glob):
                return text
        import json  # seldom needed here, and this module is part of every start
        return json.dumps(self._object(), ensure_ascii=False)

    def to_json(self) -> Any:
        return self._object() if self.pairs or self.glob != "*" else self.source

    def _object(self) -> dict[str, Any]:
        more: dict[str, Any] = {"pairs": [list(pair) for pair in self.pairs]} if self.pairs else {}
        return {"file": self.source, **({"glob": self.glob} if self.glob != "*" else {}), **more}

    @classmethod
    def parse(cls, text: str, option: str) -> Take:
        if text.startswith("{"):
            return cls.from_json(object_in(text, option, 'Like {"file": "other.pth"}.'), option)
        return cls._checked(*_split(text))

    @classmethod
    def from_json(cls, value: Any, option: str) -> Take:
        if isinstance(value, str):
            return cls._checked(value, "*")
        found = fields_of(value, option, ("file",), ("glob", "pairs"))
        pairs = found.get("pairs", [])
        if not isinstance(found["file"], str) or not isinstance(found.get("glob", "*"), str):
            raise EditError("the file and the pattern of take are texts")
        if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 and all(isinstance(key, str) for key in pair)
                                                  for pair in pairs):
            raise EditError("the pairs of take are a list of pairs of keys, here and there", 'Like [["fc.weight", "head.weight"]].')
        return cls._checked(found["file"], found.get("glob", "*"), tuple((mine, other) for mine, other in pairs))

    @classmethod
    def _checked(cls, source: str, glob: str, pairs: tuple[tuple[str, str], ...] = ()) -> Take:
        if not source:
            raise EditError("no file to take from is named", "Write the path of a checkpoint, and after a colon which tensors.")
        matcher(glob)
        return cls(source, glob, pairs)


def _split(text: str) -> tuple[str, str]:
    """`FILE[:GLOB]`. The colon of a Windows drive is part of the path."""
    source, colon, glob = text.rpartition(":")
    if not colon or (len(source) == 1 and source.isalpha() and glob[:1] in ("\\", "/")):
        return text, "*"
    return source, glob


def _why_not(mine: TensorInfo, other: TensorInfo, reader: TensorReader) -> str:
    """Why the elements of `other` cannot become those of `mine`, "" when they can."""
    for whose, info in (("here", mine), ("there", other)):
        known = DTYPES.get(info.dtype)
        if info.layout != "strided":
            return f"its layout {whose} is {info.layout}"
        if info.quantizer is not None or (known is not None and known.kind == "quantized"):
            return f"it is quantized {whose}"
    known = DTYPES.get(other.dtype)
    if known is None or known.bits % 8:
        return f"its element type there is {visible(other.dtype, 40)}"
    if mine.requires_grad and known.kind not in ("float", "complex"):       # torch would not load it
        return f"it requires a gradient here, which {other.dtype} cannot have"
    try:
        reader.check(other, expand=False)
    except BadTensor as error:
        return error.message
    return ""
