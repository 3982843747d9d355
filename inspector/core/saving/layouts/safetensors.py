"""The safetensors container: 8 bytes of length, a JSON header, the tensors' bytes without a gap.

Spelling and padding are those of safetensors/src/tensor.rs (version 0.8, `prepare`): no spaces, `__metadata__` first, the
header filled with spaces to a multiple of 8. Tensors keep their order where each then lies at a multiple of its element's
size, or where the file had it so; otherwise the widest elements come first, as there.
"""
from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo, is_contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.errors import SaveError
from inspector.core.keypath import quoted
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.saving.disk.payloads import Output, Payload, Written
from inspector.core.wording import count

from .losses import SAFE_NAMES

MAX_HEADER = 100_000_000        # bytes: MAX_HEADER_SIZE of the reference


class Layout(NamedTuple):
    """A file to be: its header with the length before it, and the tensors in the order of their bytes."""

    header: bytes
    tensors: dict[str, TensorInfo]
    payloads: list[Payload]
    metadata: dict[str, str]

    @property
    def nbytes(self) -> int:
        return len(self.header) + sum(payload.nbytes for payload in self.payloads)


def lay_out(ckpt: Checkpoint, tensors: Mapping[str, TensorInfo], metadata: Mapping[str, str],
            monitor: Monitor = QUIET) -> Layout:
    """Raises SaveError when the header would be larger than the format allows, or is no text."""
    chosen = _in_order(tensors, ckpt.format.startswith("safetensors") and not _edited(ckpt, monitor), monitor)
    parts = [f'"__metadata__":{_text(dict(metadata))}'] if metadata else []
    at, payloads = 0, []
    for key, info in stoppable(chosen.items(), monitor):
        payload = _payload(ckpt, key, info)
        parts.append(_entry(key, info, at, at + payload.nbytes))
        payloads.append(payload)
        at += payload.nbytes
    try:
        header = ("{" + ",".join(parts) + "}").encode()
    except UnicodeEncodeError as error:
        raise SaveError(f"the metadata or a name holds half a character (a lone surrogate), which safetensors cannot write, in "
                        f"{quoted(error.object[max(0, error.start - 20):error.end + 20], 60)}", "Set that text anew, or leave it out.",
                        "__metadata__", id="bad_name") from None
    header += b" " * (-len(header) % 8)
    if len(header) > MAX_HEADER:
        raise SaveError(f"the names and shapes of {len(chosen):,} tensors need a header of {count(len(header), 'byte')}, and safetensors "
                        f"allows {MAX_HEADER:,}", "Save it in shards, or as a PyTorch file.", id="too_big")
    return Layout(struct.pack("<Q", len(header)) + header, chosen, payloads, dict(metadata))


def write(layout: Layout, output: Output) -> dict[str, Written]:
    """The file, and where in it each tensor lies. Raises as `Output.payload`."""
    output.write(layout.header)
    return {key: output.payload(payload) for key, payload in zip(layout.tensors, layout.payloads, strict=True)}


def nbytes_of(info: TensorInfo) -> int:
    return info.nbytes


def _edited(ckpt: Checkpoint, monitor: Monitor) -> bool:
    return ckpt.edited is not None and any(info.read_from is not None for info in stoppable(ckpt.tensors.values(), monitor))


def _in_order(tensors: Mapping[str, TensorInfo], keep: bool, monitor: Monitor) -> dict[str, TensorInfo]:
    at = 0
    for info in stoppable(tensors.values(), monitor):
        if at % max(1, DTYPES[info.dtype].bits // 8) and not keep:
            return dict(stoppable(_widest_first(tensors, monitor), monitor))
        at += nbytes_of(info)
    return dict(stoppable(tensors.items(), monitor))


def _widest_first(tensors: Mapping[str, TensorInfo], monitor: Monitor) -> Iterator[tuple[str, TensorInfo]]:
    by_width: dict[int, list[tuple[str, TensorInfo]]] = {}
    for item in stoppable(tensors.items(), monitor):
        by_width.setdefault(DTYPES[item[1].dtype].bits, []).append(item)
    for _, items in sorted(by_width.items(), reverse=True):
        yield from items


def _payload(ckpt: Checkpoint, key: str, info: TensorInfo) -> Payload:
    """The bytes as they lie in the file where they are just what is wanted, otherwise the elements in C order."""
    nbytes = nbytes_of(info)
    storage = ckpt.storages.get(info.storage)
    plain = not info.is_conjugate and not info.is_negative
    if storage is not None and storage.extent is not None and plain and not storage.big_endian and _whole(info, storage.nbytes):
        stored_so = DTYPES[info.dtype].bits % 8 != 0        # the reader shows no values of such types, and copying needs none
        if storage.extent.size == storage.nbytes and (stored_so or not (info.problem or storage.problem)):
            return Payload(key, nbytes, extent=storage.extent)
    return Payload(key, nbytes, key=info.key) if nbytes else Payload(key, 0, data=b"")


def _whole(info: TensorInfo, nbytes: int) -> bool:
    """Whether the tensor is its storage from the first byte to the last, in C order."""
    return not info.offset and info.nbytes == nbytes and is_contiguous(info.shape, info.stride)


def _entry(key: str, info: TensorInfo, start: int, stop: int) -> str:
    shape = list(info.shape)
    if info.dtype == "float4_e2m1fn_x2":
        shape[-1] *= 2                      # torch counts pairs of them, the format each one
    fields = info.extra.header_fields if info.extra is not None else ()
    more = "".join(f",{_text(name)}:{raw}" for name, raw in fields)
    sizes = ",".join(map(str, shape))
    return f'{_text(key)}:{{"dtype":"{SAFE_NAMES[info.dtype]}","shape":[{sizes}],"data_offsets":[{start},{stop}]{more}}}'


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
