"""Another element type: half the size, or what a program wants."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor, EditError
from inspector.core.keypath import quoted, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.casts import Losses, losses, why_not
from inspector.core.tensors.reader import TensorReader
from inspector.core.training.weights import optimizer_states
from inspector.core.wording import counted

from .tools.copies import copied
from .tools.element_types import TypeEdit
from .tools.globs import fitting, is_literal

_CHUNK = 4 << 20
_NAMED = 3


@dataclass(frozen=True)
class Cast(TypeEdit):
    """Rounds to nearest, ties to even, as torch's `.to(dtype)` does. Without `glob` these are the floating tensors outside
    optimizers; with it those that fit. Integers and booleans are left alone unless `dtype` is of that kind or `glob` is the very
    key; complex numbers become complex numbers only. Tied tensors stay tied.

    >>> core.edit({"w": np.float32([1, 2]), "n": np.array(3)}, [core.Cast("bfloat16")])["w"].dtype
    'bfloat16'
    """

    OPTION: ClassVar[str] = "cast"
    READS: ClassVar[bool] = True

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        target = self.target(self.dtype)
        dtypes, left = {}, 0
        exact = is_literal(self.glob) and self.glob in ckpt.tensors
        for key in self._fitting(ckpt):
            info = ckpt.tensors[key]
            if exact and key == self.glob:
                _must_be_possible(info, target)
            elif not _is_meant(info, target):
                left += 1
                continue
            if info.dtype != target:
                dtypes[key] = target
        return copied(ckpt, self, dtypes, ties=True)

    def _fitting(self, ckpt: Checkpoint) -> list[str]:
        if self.glob != "*":
            return [*fitting(ckpt, self.glob)]
        numbered = optimizer_states(ckpt)
        return [key for key, info in ckpt.tensors.items() if info.state_dict not in numbered]

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        target = self.target(self.dtype)
        notes = []
        left: dict[str, int] = {}
        for key in self._fitting(before):
            info = before.tensors[key]
            if info.dtype != target and after.tensors[key].dtype != target:
                kind = info.dtype if info.layout == "strided" else info.layout
                left[kind] = left.get(kind, 0) + 1
        if left:
            notes.append("Left alone: " + ", ".join(f"{count:,} of {visible(kind, 40)}" for kind, count in left.items()) + ".")
        numbered = optimizer_states(before)
        if self.glob == "*" and any(info.state_dict in numbered for info in before.tensors.values()):
            notes.append("The optimizer's state keeps its types; name it to cast it.")
        learning = sum(info.requires_grad and not after.tensors[key].requires_grad for key, info in before.tensors.items())
        if learning:
            notes.append(f"{counted(learning, 'tensor requires', 'tensors require')} no gradient any more, which {target} cannot have.")
        if read:
            notes += self._losses(before, after, monitor)
        return notes

    def _losses(self, before: Checkpoint, after: Checkpoint, monitor: Monitor) -> list[str]:
        total, where, unread = count_losses(before, after, monitor)
        notes = []
        words = (("element overflows", "elements overflow"), ("element underflows to zero", "elements underflow to zero"),
                 ("element is NaN, which the type lacks", "elements are NaN, which the type lacks"))
        for n, (one, more) in zip(total, words, strict=True):
            if n:
                notes.append(counted(n, one, more) + (f" in {', '.join(where)}." if where else "."))
        if unread:
            notes.append(f"The values of {counted(unread, 'tensor', 'tensors')} cannot be read.")
        return notes


def count_losses(before: Checkpoint, after: Checkpoint, monitor: Monitor = QUIET) -> tuple[Losses, list[str], int]:
    """What all tensors lose whose type changes from `before` to `after`: the counts, some keys that lose, and how many tensors
    cannot be read. Reads them."""
    changed = [(info, after.tensors[key].dtype) for key, info in before.tensors.items()
               if key in after.tensors and after.tensors[key].dtype != info.dtype]
    total, done, where, unread = sum(info.nbytes for info, _ in changed), 0, [], 0
    found = Losses()
    with TensorReader(before, monitor) as reader:
        for info, target in changed:
            here = Losses()
            try:
                for chunk in reader.chunks(info.key, _CHUNK, ordered=False):
                    here = here.plus(losses(chunk.view("u1").data, info.dtype, target))
                    done += chunk.nbytes
                    monitor.report(done, total, info.key)
            except BadTensor:
                unread += 1
            if any(here):
                where.append(visible(info.key, 60))
            found = found.plus(here)
    return found, where[:_NAMED] + (["…"] if len(where) > _NAMED else []), unread


def _is_meant(info: TensorInfo, target: str) -> bool:
    """Whether a tensor that a pattern fits is to be cast."""
    known = DTYPES.get(info.dtype)
    if known is None or info.layout != "strided" or info.problem or info.device == "meta" or why_not(info.dtype, target):
        return False
    kind = DTYPES[target].kind
    if kind == "complex":
        return known.kind == "complex"
    if kind == "float":
        return known.kind == "float"
    return known.kind in ("float", "int", "uint", "bool")


def _must_be_possible(info: TensorInfo, target: str) -> None:
    why = info.problem or (why_not(info.dtype, target) if info.layout == "strided" else f"its layout is {info.layout}")
    if info.device == "meta":
        why = "it has no values: it was saved from the meta device"
    if why:
        raise EditError(f"{quoted(info.key, 80)} cannot be cast to {target}: {why}", "Leave it out, or drop it.", id="no_cast")
