"""Arrays and torch tensors of a script as views of memory: where their elements lie, and which of them share it.

torch is never imported: a tensor can only come from a program that has imported it. Nothing is copied but what cannot be a view of a
storage: arrays that run backwards or whose bytes are big-endian, and what lies on another device.
"""
from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import InMemory, Storage
from inspector.core.dtypes import DTYPES
from inspector.core.errors import UsageError
from inspector.core.keypath import visible

from .array_kinds import TORCH_DTYPE, torch_name
from .strides import span

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_APART = 2          # memory between views is kept with them while all together is at most so many times what they reach


class Memory(NamedTuple):
    """Elements in memory: `dtype` is torch's name, `stride` counts elements, `address` is that of the first one. `block` are the bytes
    that are kept together (`start` their address): of a torch tensor its storage, of an array all of the array that it is a view of;
    `whole` says that all of them are to be kept. `device` is the tag."""

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    address: int
    block: Array
    whole: bool
    device: str = "cpu"

    @property
    def start(self) -> int:
        return _address(self.block)

    @property
    def nbytes(self) -> int:
        """From the first element to the last."""
        known = DTYPES[self.dtype]
        return span(self.shape, self.stride) * known.itemsize if known.bits % 8 == 0 else self.block.size


class ViewOf(NamedTuple):
    """Where `Memory` is among the storages that were made: the id of one, and elements from its beginning."""

    storage: str
    offset: int
    storage_nbytes: int


def torch_module() -> Any:
    """torch, where this program has imported it; None elsewhere."""
    return sys.modules.get("torch")


def is_tensor(value: object) -> bool:
    """Whether `value` is a tensor of torch."""
    torch = torch_module()
    return torch is not None and isinstance(value, torch.Tensor)


def is_storage(value: object) -> bool:
    """Whether `value` is a storage of torch by itself."""
    torch = torch_module()
    return torch is not None and isinstance(value, torch.TypedStorage | torch.UntypedStorage)


def of_array(array: Array, key: str) -> Memory:
    """Raises UsageError for element types that torch has not."""
    import numpy as np
    name = torch_name(array.dtype)
    if name is None:
        raise UsageError(f"{visible(key, 80) or 'the array'} is an array of {array.dtype}, which no tensor can be of",
                         "Convert it: array.astype(numpy.float32), or array.tolist() for a list.")
    metadata: Any = array.dtype.metadata or {}
    shape = metadata.get("shape") if metadata.get(TORCH_DTYPE) == name else None
    if array.dtype.byteorder == ">" or (array.dtype.byteorder == "=" and sys.byteorder == "big"):
        array = array.astype(array.dtype.newbyteorder("<"))
    owner = _owner(array)
    item, first = array.dtype.itemsize, _address(array)
    if any(step % item or step < 0 for step in array.strides) or min(owner.strides, default=0) < 0 or (first - _address(owner)) % item:
        array = owner = np.ascontiguousarray(array).reshape(array.shape)
        first = _address(array)
    stride = tuple(step // item for step in array.strides)
    return Memory(name, tuple(shape) if isinstance(shape, tuple) else array.shape, stride, first, _bytes(owner), False)


def _owner(array: Array) -> Array:
    """The array that it is a view of, in the end."""
    import numpy as np
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _bytes(owner: Array) -> Array:
    """All bytes from the first element of an array that does not run backwards to its last."""
    import numpy as np
    if not owner.size:
        return np.empty(0, np.uint8)
    owner = np.atleast_1d(owner)
    first = owner[(slice(0, 1),) * owner.ndim].reshape(-1).view(np.uint8)
    return np.lib.stride_tricks.as_strided(first, (span(owner.shape, owner.strides) - 1 + owner.dtype.itemsize,), (1,))


def of_tensor(tensor: Any, key: str, copies: dict[tuple[str, int], Any]) -> Memory:
    """A strided tensor of torch with values. Its lazy signs are to be resolved, its device may be any: `copies` are the storages of
    others than the CPU that were copied already, by device and address."""
    torch = torch_module()
    tensor = tensor.detach()
    name = str(tensor.dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise UsageError(f"{visible(key, 80)} is of the type {name}, which is not known here", "Convert it to another one.")
    storage = tensor.untyped_storage()
    if storage.device.type != "cpu":
        where = str(storage.device), storage.data_ptr()
        if where not in copies:
            copies[where] = storage.cpu()
        storage = copies[where]
    block = torch.empty(0, dtype=torch.uint8).set_(storage).numpy() if storage.nbytes() else torch.empty(0, dtype=torch.uint8).numpy()
    address = _address(block) + tensor.storage_offset() * DTYPES[name].stored
    return Memory(name, tuple(tensor.shape), tuple(tensor.stride()), address, block, True, str(tensor.device))


def of_storage(storage: Any, key: str, copies: dict[tuple[str, int], Any]) -> Memory:
    """All of a storage of torch: as its element type, or bytes of one that has none. `copies` as for `of_tensor`."""
    torch = torch_module()
    untyped = getattr(storage, "_untyped_storage", storage)         # methods of typed ones warn
    memory = of_tensor(torch.empty(0, dtype=torch.uint8, device=untyped.device).set_(untyped), key, copies)
    name = str(getattr(storage, "dtype", torch.uint8)).removeprefix("torch.")
    return memory._replace(dtype=name, shape=(memory.block.size // DTYPES[name].stored,))


class Blocks:
    """Gives memory that is kept together one storage. `add` everything first, then `view_of`."""

    def __init__(self) -> None:
        self.storages: dict[str, Storage] = {}
        self._all: list[Memory] = []
        self._places: dict[int, tuple[str, int, int]] = {}      # number of what was added -> (storage, its address, bytes)

    def add(self, memory: Memory) -> int:
        """The number to ask `view_of` by."""
        self._all.append(memory)
        return len(self._all) - 1

    def settle(self) -> None:
        """Makes the storages, in the order in which they were first added."""
        runs = [(numbers[0], block, numbers, low, high) for block, members in self._groups()
                for numbers, low, high in self._parts(block, members)]
        ids = map(str, count())
        for _, block, numbers, low, high in sorted(runs, key=lambda run: run[0]):
            self._make(next(ids), block, numbers, low, high)

    def view_of(self, number: int) -> ViewOf:
        memory = self._all[number]
        id, low, nbytes = self._places[number]
        return ViewOf(id, (memory.address - low) // DTYPES[memory.dtype].stored if nbytes else 0, nbytes)

    def _groups(self) -> Iterable[tuple[Array, list[int]]]:
        """Blocks that overlap, as one: an array and a tensor made of it may share memory without being views of one thing."""
        import numpy as np
        found: list[tuple[Array, list[int]]] = []
        start, end = 0, -1
        for number in sorted(range(len(self._all)), key=lambda n: (self._all[n].device, self._all[n].start)):
            memory = self._all[number]
            if found and memory.block.size and memory.start < end and self._all[found[-1][1][0]].device == memory.device:
                block, numbers = found[-1]
                if memory.start + memory.block.size > end:
                    end = memory.start + memory.block.size
                    block = np.lib.stride_tricks.as_strided(block, (end - start,), (1,))
                found[-1] = block, [*numbers, number]
            else:
                found.append((memory.block, [number]))
                start, end = memory.start, memory.start + memory.block.size
        return found

    def _parts(self, block: Array, numbers: list[int]) -> Iterable[tuple[list[int], int, int]]:
        """What lies in one block, as (numbers, first address, the one behind the last): all of it, or, where that would be much more
        than is viewed, what overlaps."""
        if any(self._all[n].whole for n in numbers):
            yield sorted(numbers), _address(block), _address(block) + block.size
            return
        spans = sorted((self._all[n].address, self._all[n].address + self._all[n].nbytes, n) for n in numbers)
        clusters: list[tuple[list[int], int, int]] = []
        for low, high, n in spans:
            if clusters and low < clusters[-1][2]:
                before = clusters.pop()
                clusters.append(([*before[0], n], before[1], max(before[2], high)))
            else:
                clusters.append(([n], low, high))
        low, high = clusters[0][1], max(cluster[2] for cluster in clusters)
        if high - low <= _APART * sum(cluster[2] - cluster[1] for cluster in clusters):
            clusters = [(numbers, low, high)]
        for cluster in clusters:
            yield sorted(cluster[0]), cluster[1], cluster[2]

    def _make(self, id: str, block: Array, numbers: list[int], low: int, high: int) -> None:
        memory, start = self._all[numbers[0]], _address(block)
        low -= (low - start) % max(DTYPES[self._all[n].dtype].stored for n in numbers)      # each view begins at a whole element
        data = block[low - start:high - start]
        self.storages[id] = Storage(id, memory.dtype, memory.device, data.size, None, constant=InMemory(data.data))
        for n in numbers:
            self._places[n] = id, low, data.size
