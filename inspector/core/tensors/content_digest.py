"""One digest of names, shapes, types and values, which survives a change of container.

For each tensor, in the order of their names by code points, a line of JSON without spaces, ASCII alone:

    ["fc.weight","float32",[10,4],"<SHA-256 of the elements in C order, little-endian>"]

with a fifth item for what else decides what the tensor stands for: the layout of one that is not strided, the quantizer of a quantized
one. The leaf is the SHA-256 of that line; the root is the SHA-256 of the text `checkpoint-inspector digest 1`, a line feed, and the
leaves, 32 bytes each. Strides, offsets, storages, devices, order, container and values that are no tensors do not count. A name
that safetensors' `__metadata__` says was left out as another name of a tensor ({"lm_head.weight": "embed.weight"}) counts as if it were
there.

A manifest is that as JSON, to be kept or signed beside the checkpoint.
"""
from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import Checkpoint, PerChannel, PerTensor, TensorInfo
from inspector.core.errors import BadTensor, Corrupt, TooBig, UsageError
from inspector.core.io.pointers import refuse_pointer
from inspector.core.io.side_outputs import write_output
from inspector.core.io.sources import open_source
from inspector.core.keypath import quoted, visible
from inspector.core.plain_values import NamedTwice, json_once, once
from inspector.core.progress import QUIET, Monitor

from .reader import TensorReader, digests

if TYPE_CHECKING:
    from concurrent.futures import Executor

_VERSION = 1
_TITLE = f"checkpoint-inspector digest {_VERSION}\n".encode()
_LARGEST = 1 << 30          # bytes of a manifest
_HEX = frozenset("0123456789abcdef")


class TensorDigest(NamedTuple):
    """`name` in the state dict that was asked for, `dtype` torch's name, `sha256` (hex) of the elements; `kind` is "" for nearly all,
    otherwise the layout or the quantizer in words."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str
    kind: str = ""

    def leaf(self) -> bytes:
        """SHA-256 of its line."""
        line = [self.name, self.dtype, list(self.shape), self.sha256, *([self.kind] if self.kind else [])]
        return hashlib.sha256(json.dumps(line, separators=(",", ":")).encode()).digest()


@dataclass(frozen=True, slots=True)
class Digest:
    """`root` (hex) stands for all of `tensors`, which are by name; "" where some have no digest: `problems` says of each why."""

    root: str
    tensors: Mapping[str, TensorDigest] = field(hash=False)
    problems: Mapping[str, str] = field(hash=False)

    def __str__(self) -> str:
        return self.root

    def to_json(self) -> dict[str, Any]:
        """The manifest."""
        return {"inspector_digest": _VERSION, "algorithm": "sha256", "root": self.root or None,
                "tensors": [{"name": one.name, "dtype": one.dtype, "shape": list(one.shape), "sha256": one.sha256,
                             **({"kind": one.kind} if one.kind else {})} for one in self.tensors.values()],
                **({"problems": dict(self.problems)} if self.problems else {})}


class DigestDifferences(NamedTuple):
    """What is not as a manifest has it, by names: `missing` in the file, `unexpected` there; of another `dtype` or `shape`; of other
    `values`; `unread`, whose values cannot be had."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    dtype: tuple[str, ...]
    shape: tuple[str, ...]
    values: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not any(self)


def digest_of(ckpt: Checkpoint, state_dict: str | None = None, monitor: Monitor = QUIET, *, executor: Executor | None = None) -> Digest:
    """The digest of all tensors, or of those in the state dict at that path ("model_state_dict"), by their names in it: that of a
    training checkpoint's weights is that of the file they are exported to. Reads every tensor, on the workers of `executor` where one is
    given. Raises UsageError for a state dict that
    is not there, Cancelled; `monitor` is told bytes.

    >>> import numpy as np
    >>> weights = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(2)}
    >>> roots = {core.digest_of(core.save(weights, folder / name).path).root for name in ("a.pth", "a.safetensors")}
    >>> roots == {core.digest_of(weights).root}
    True
    """
    if state_dict is not None and state_dict not in ckpt.state_dicts:
        raise UsageError(f"there is no state dict {quoted(state_dict, 80)} in the file", "`inspector ls` shows which there are.")
    infos = {info.name if state_dict is not None else key: info for key, info in ckpt.tensors.items()
             if state_dict is None or info.state_dict == state_dict}
    names = {info.key: name for name, info in infos.items()}
    found: dict[str, TensorDigest] = {}
    problems: dict[str, str] = {}
    for key, outcome in digests(ckpt, list(names), monitor, executor=executor):
        info, name = ckpt.tensors[key], names[key]
        if isinstance(outcome, BadTensor):
            problems[name] = outcome.message
        else:
            found[name] = TensorDigest(name, info.dtype, info.shape, outcome, kind_of(ckpt, info, monitor))
    for name, kept in _left_out(ckpt.metadata, infos).items():
        if kept in found:
            found[name] = found[kept]._replace(name=name)
    ordered = {name: found[name] for name in sorted(found)}
    return Digest("" if problems else _root(ordered.values()), ordered, problems)


def _root(tensors: Iterable[TensorDigest]) -> str:
    state = hashlib.sha256(_TITLE)
    for one in tensors:
        state.update(one.leaf())
    return state.hexdigest()


def _left_out(metadata: Mapping[str, str], infos: Mapping[str, TensorInfo]) -> dict[str, str]:
    """Names of tied tensors that safetensors has only in its metadata -> the name that stands for them."""
    return {name: kept for name, kept in metadata.items() if name not in infos and kept in infos}


def kind_of(ckpt: Checkpoint, info: TensorInfo, monitor: Monitor) -> str:
    """What else than its elements decides what a tensor stands for, "" of nearly all: the layout, or the quantizer in words."""
    quantizer = info.quantizer
    if isinstance(quantizer, PerTensor):
        return f"{quantizer.scheme} {quantizer.scale!r} {quantizer.zero_point}"
    if isinstance(quantizer, PerChannel):
        state = hashlib.sha256()
        with TensorReader(ckpt, monitor) as reader:
            for given in (quantizer.scales, quantizer.zero_points):
                for part in reader.chunks(given) if isinstance(given, TensorInfo) else ():
                    state.update(part.tobytes())
                state.update(b"" if isinstance(given, TensorInfo) else repr(given).encode())
        return f"{quantizer.scheme} axis {quantizer.axis} {state.hexdigest()}"
    return "" if info.layout == "strided" else info.layout


# -- manifests ----------------------------------------------------------------------------------------------------------------

def save_digest(digest: Digest, path: str | os.PathLike[str], inputs: Iterable[str] = ()) -> None:
    """Writes the manifest, whole or not at all; over nothing but a manifest. Raises SaveError.

    >>> core.save_digest(core.digest_of({"w": np.float32([1, 2])}), folder / "w.json")
    >>> core.read_digest(folder / "w.json") == core.digest_of({"w": np.float32([1, 2])})
    True
    """
    text = json.dumps(digest.to_json(), indent=1)
    write_output(os.fsdecode(path), text.encode() + b"\n", "manifest", inputs)


def read_digest(path: str | os.PathLike[str], monitor: Monitor = QUIET) -> Digest:
    """The manifest at `path`. Raises a ReadError for what cannot be read, Corrupt for what is no manifest or contradicts itself.

    >>> core.save_digest(core.digest_of({"w": np.float32([1, 2])}), folder / "w.json")
    >>> core.read_digest(folder / "w.json").tensors["w"].shape
    (2,)
    """
    name = os.fsdecode(path)
    monitor.check()
    with open_source(name) as source:
        if source.size > _LARGEST:
            raise TooBig("it is too big for a manifest", "`inspector digest FILE -o M.json` writes one.", name)
        data = source.read(0, source.size)
    refuse_pointer(data, name)
    try:
        said = json_once(data)
        if said["inspector_digest"] != _VERSION:
            raise Corrupt("it is a manifest of another version", "Make it anew: inspector digest FILE -o M.json.", name)
        tensors = once([(one.name, one) for one in map(_tensor_of, said["tensors"])])
        root, problems = said["root"] or "", {str(key): str(text) for key, text in said.get("problems", {}).items()}
    except NamedTwice as error:
        raise Corrupt(str(error), "`inspector digest FILE -o M.json` writes one.", name) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Corrupt("it is no manifest of digests", "`inspector digest FILE -o M.json` writes one.", name) from None
    if root and root != _root(tensors[name] for name in sorted(tensors)):
        raise Corrupt("the manifest contradicts itself: its root is not that of its tensors", "Somebody changed it: get it again.", name)
    return Digest(root, tensors, problems)


def _tensor_of(said: Mapping[str, Any]) -> TensorDigest:
    name, dtype, sha256, kind = said["name"], said["dtype"], said["sha256"], said.get("kind", "")
    shape = tuple(said["shape"])
    if not all(isinstance(text, str) for text in (name, dtype, sha256, kind)) or not all(type(size) is int for size in shape) \
            or len(sha256) != 64 or not _HEX.issuperset(sha256):
        raise ValueError(visible(str(name), 80))
    return TensorDigest(name, dtype, shape, sha256, kind)


def compare_digests(wanted: Digest, found: Digest) -> DigestDifferences:
    """What of `found` is not as `wanted`, a manifest, has it.

    >>> wanted, found = (core.digest_of({"a": np.ones(3), "b": np.full(2, value)}) for value in (1., 2.))
    >>> core.compare_digests(wanted, found).values
    ('b',)
    """
    both = [(wanted.tensors[name], found.tensors[name]) for name in wanted.tensors if name in found.tensors]
    unread = tuple(sorted(found.problems))
    there = found.tensors.keys() | found.problems.keys()
    return DigestDifferences(
        tuple(name for name in wanted.tensors if name not in there),
        tuple(name for name in found.tensors if name not in wanted.tensors and name not in wanted.problems),
        tuple(a.name for a, b in both if a.dtype != b.dtype), tuple(a.name for a, b in both if a.shape != b.shape),
        tuple(a.name for a, b in both if (a.dtype, a.shape) == (b.dtype, b.shape) and (a.sha256, a.kind) != (b.sha256, b.kind)), unread)
