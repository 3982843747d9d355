"""A tensor while it is being read, and what is said of shapes."""
from __future__ import annotations

from inspector.core.checkpoint import Composition, Extra, Incomplete, PartOf, Quantizer, TensorInfo

from .storages import Backing

_INT64 = 1 << 63


class BrokenTensor(Exception):
    """The tensor cannot be trusted; the text becomes its `problem`."""


class Parts:
    """A tensor under construction, so that what was understood before a problem is still shown. `component`: it is part of
    another tensor, and may have no parts itself."""

    def __init__(self, component: bool = False) -> None:
        self.component = component
        self.shape: tuple[int, ...] = ()
        self.stride: tuple[int, ...] = ()
        self.offset = 0
        self.dtype = "unknown"
        self.device: str | None = None
        self.backing: Backing | None = None
        self.requires_grad = False
        self.layout = "strided"
        self.problem = ""
        self.understood: dict[str, TensorInfo] = {}     # the tensors it is made of, as far as they were read
        self.made_of: Composition | None = None
        self.quantizer: Quantizer | None = None
        self.conj = False
        self.neg = False
        self.subclass = ""
        self.states: list[int] = []
        self.gradient = -1                              # the node of what is kept beside it
        self.stands_for: TensorInfo | None = None       # the tensor in a wrapper that is all there is to it
        self.part_of: PartOf | None = None
        self.converted_to = ""                          # the type that it gets when it is loaded, where that is another one
        self.moved: tuple[int, str] | None = None       # dtype node and device that a wrapper gives the tensor

    def extra(self) -> Extra | None:
        """What `TensorInfo.extra` is to be."""
        made_of = self.made_of
        if made_of is None and self.quantizer is None and self.understood:
            made_of = Incomplete(tuple(self.understood.items()))
        if made_of is None and self.quantizer is None and not (self.conj or self.neg or self.subclass):
            return None
        return Extra(made_of, self.quantizer, conj=self.conj, neg=self.neg, subclass=self.subclass, part_of=self.part_of)


def numel_of(shape: tuple[int, ...]) -> int:
    """The number of elements. Raises Odd beyond 63 bits; linear in the rank whatever the sizes are."""
    if 0 in shape:
        return 0
    if overflows(shape):
        raise BrokenTensor("corrupt: more elements than 64 bits can count")
    n = 1
    for size in shape:
        n *= size
    return n


def overflows(shape: tuple[int, ...]) -> bool:
    """Whether the product of the sizes that are not zero needs more than 63 bits."""
    n = 1
    for size in shape:
        n *= size or 1
        if n >= _INT64:
            return True
    return False


def overlaps(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Whether two indexes may name one element: the strides, in order, do not step over what lies below them. Like
    torch's own test (`is_non_overlapping_and_dense`) this errs towards saying yes for odd, interleaved strides."""
    reach = 0
    for step, size in sorted((step, size) for size, step in zip(shape, stride, strict=True) if size > 1):
        if step <= reach:
            return True
        reach += (size - 1) * step
    return False
