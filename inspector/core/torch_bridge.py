"""Real torch tensors from bytes that were read here. The one file that imports torch, inside its functions; torch never
sees the file, only validated bytes."""
from __future__ import annotations

import json
import os
import re
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import opening
from .checkpoint import Checkpoint, Jagged, Nested, PerChannel, PerTensor, SparseCompressed, SparseCoo, Storage, TensorInfo
from .dtypes import DTYPES
from .errors import BadTensor, NoSuchKey, UsageError
from .keypath import quoted, visible
from .naming_conventions import USUAL_WEIGHTS, is_average
from .progress import QUIET, Monitor
from .runtime.interpreter import interpreter
from .tensors.ahead import read_ahead
from .tensors.reader import TensorReader, digest
from .tensors.shared_storages import SharedStorages, listed
from .torch_load import loads_with_torch
from .training.weights import model_dicts
from .wording import count

if TYPE_CHECKING:
    import torch

    StateDict = OrderedDict[str, torch.Tensor]

_INT64 = 1 << 63


def read_torch(ckpt: opening.CheckpointLike, key: str, monitor: Monitor = QUIET) -> torch.Tensor:
    """The tensor on the CPU, with the shape, strides and element type of the file and memory of its own: only the run of the
    storage that it reaches. Raises BadTensor when its values cannot be had, UsageError when there is no such key or no torch.

    >>> core.read_torch({"w": np.float32([1, 2])}, "w")
    tensor([1., 2.])
    """
    _need_torch()
    ckpt = opening.opened(ckpt, monitor)
    info = ckpt.tensors.get(key)
    if info is None:
        raise NoSuchKey(key, ckpt)
    with TensorReader(ckpt, monitor) as reader:
        return _alone(reader, info)


def load_state_dict(path: opening.CheckpointLike, state_dict: str | None = None, monitor: Monitor = QUIET, *,
                    follow_links: bool = False) -> StateDict:
    """The state dict in the file as torch tensors on the CPU, key -> tensor in stored order, ready for a model's
    `load_state_dict`. Tensors that share memory in the file share it here; `_metadata` is kept.

    `state_dict` is its path ("model_state_dict"; "" is the root); without it, the only one that can be meant. Raises
    UsageError naming the choices when there are several, and without torch, BadTensor when a tensor's values cannot be had.

    >>> path = core.save({"epoch": 3, "model": {"fc.weight": np.float32([[1, 2]])}}, folder / "a.pth").path
    >>> dict(core.load_state_dict(path))
    {'fc.weight': tensor([[1., 2.]])}
    """
    _need_torch()
    ckpt = opening.open(path, follow_links=follow_links, monitor=monitor) if isinstance(path, str | os.PathLike) else \
        opening.opened(path, monitor)
    return load_tensors(ckpt, _choose(ckpt, state_dict), monitor)



def _need_torch() -> None:
    """Raises UsageError where torch cannot be imported."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise UsageError(f"PyTorch is needed for its own tensors and cannot be imported ({visible(' '.join(str(error).split()), 200)})",
                         "Install it: pip install torch. `core.load` and `core.read_numpy` give numpy arrays without it.",
                         id="no_torch") from None


def _choose(ckpt: Checkpoint, wanted: str | None) -> str:
    """The path of a state dict of `ckpt`: the `wanted` one, or the only one that holds a model's weights."""
    there = ckpt.state_dicts
    if wanted is not None:
        if wanted in there:
            return wanted
        raise UsageError(f"there is no state dict {wanted!r} in the file", _choices(there))
    if not there:
        raise UsageError("there is no state dict in the file", "`inspector ls` shows what it holds.")
    likely = [*model_dicts(ckpt)] or [*there]
    if len(likely) == 1:
        return likely[0]
    known = [path for path in USUAL_WEIGHTS if path in likely]
    others = [path for path in likely if path not in USUAL_WEIGHTS]
    if len(known) == 1 and all(map(is_average, others)):
        return known[0]
    raise UsageError(f"there are {len(likely)} state dicts in the file", _choices(tuple(likely)))


def _choices(paths: tuple[str, ...]) -> str:
    return "Say which one with state_dict=: " + ", ".join(repr(path) for path in paths) + "." if paths else ""


def load_tensors(ckpt: Checkpoint, state_dict: str, monitor: Monitor = QUIET) -> StateDict:
    """The tensors of the state dict at that path by their names in it, in order. Those that share a storage in the file share
    memory here; storages are read whole, as torch does. Errors as `read_torch`."""
    infos = [info for info in ckpt.tensors.values() if info.state_dict == state_dict]
    loaded: StateDict = OrderedDict()
    with TensorReader(ckpt, monitor, ahead=read_ahead(ckpt, infos)) as reader:
        maker = TorchMaker(SharedStorages(ckpt, reader), ckpt.storages)
        for done, info in enumerate(infos):
            monitor.report(done, len(infos), info.key)
            loaded[info.name] = maker.values_of(info)
    if state_dict in ckpt.module_metadata:
        # where torch keeps the versions of modules, which `load_state_dict` looks at
        vars(loaded)["_metadata"] = _copied(ckpt.module_metadata[state_dict])
    monitor.report(len(infos), len(infos))
    return loaded


class TorchMaker:
    """Tensors over `shared` storages, each of which becomes one storage of torch. `storages` are those of the object, by id. `map_location`
    as `core.load` has it. Raises BadTensor for values that cannot be had, UsageError for a location that torch does not know, and without
    torch."""

    def __init__(self, shared: SharedStorages, storages: Mapping[str, Storage], map_location: Any = None) -> None:
        _need_torch()
        self._shared = shared
        self._storages = storages
        self._where = map_location
        self._made: dict[str, torch.UntypedStorage] = {}

    def tensor(self, info: TensorInfo, is_parameter: bool) -> torch.Tensor:
        """As `torch.load` gives it: a Parameter where it was one, requiring a gradient where it did."""
        import torch
        made = self.values_of(info)
        if is_parameter:
            return torch.nn.Parameter(made, info.requires_grad)
        return made.requires_grad_(True) if info.requires_grad and (made.is_floating_point() or made.is_complex()) else made

    def values_of(self, info: TensorInfo) -> torch.Tensor:
        """The tensor without a gradient."""
        import torch
        if info.device == "meta" or info.problem.startswith("meta"):
            dtype = _dtypes().get(info.dtype)
            if dtype is None:
                raise _unknown_to_torch(info)
            return torch.empty_strided(info.shape, info.stride, dtype=dtype, device="meta")
        if info.layout != "strided":
            return _moved(_alone(self._shared.reader, info), self._location(info.device))
        home = self._shared.home(info)
        return _view(self._shared.reader, info, self._storage(home.id, home.data, info.device), home.offset if home.data else 0)

    def storage(self, id: str) -> Any:
        """A storage that is a value itself."""
        import torch
        storage = listed(self._storages, id)
        dtype = _dtypes().get(storage.dtype, torch.uint8)
        made = self._storage(id, self._shared.whole(storage), storage.device)
        return torch.storage.TypedStorage(wrap_storage=made, dtype=dtype, _internal=True)

    def size(self, sizes: list[int]) -> Any:
        import torch
        return torch.Size(sizes)

    def named(self, kind: str, text: str) -> Any:
        import torch
        if kind == "dtype":
            return _dtypes().get(text, f"torch.{text}")
        if kind == "device":
            try:
                return torch.device(text)
            except RuntimeError:
                return text
        found = vars(torch).get(text)
        return found if isinstance(found, torch.layout | torch.memory_format | torch.qscheme) else f"torch.{text}"

    def _storage(self, id: str, data: bytearray, saved_on: str | None) -> torch.UntypedStorage:
        found = self._made.get(id)
        if found is None:
            found = self._made[id] = _moved_storage(_storage(data), self._location(saved_on))
        return found

    def _location(self, saved_on: str | None) -> str:
        """The device that what was saved on `saved_on` goes to."""
        where = self._where
        if isinstance(where, Mapping):
            where = next((to for tag, to in where.items() if str(tag) == saved_on), None)
        return "cpu" if where is None else str(where)


def _moved_storage(storage: torch.UntypedStorage, device: str) -> torch.UntypedStorage:
    import torch
    if device == "cpu":
        return storage
    try:
        if torch.device(device).type == "meta":
            return torch.UntypedStorage(storage.nbytes(), device="meta")
        return storage.to(device=torch.device(device))
    except (RuntimeError, AssertionError, ValueError, NotImplementedError) as error:
        raise _no_device(device, error) from error


def _moved(tensor: torch.Tensor, device: str) -> torch.Tensor:
    if device == "cpu":
        return tensor
    try:
        return tensor.to(device)
    except (RuntimeError, AssertionError, ValueError, NotImplementedError) as error:
        raise _no_device(device, error) from error


def _no_device(device: str, error: Exception) -> UsageError:
    said = (str(error).splitlines() or [""])[0][:200]
    return UsageError(f"torch cannot put tensors on {quoted(device, 40)}: {visible(said)}", "Leave map_location out for the CPU.")


def _unknown_to_torch(info: TensorInfo) -> BadTensor:
    return BadTensor(f"this version of torch has no type {info.dtype}", "read_numpy gives its raw bytes.", info.key, id="unknown_dtype")


# What the child does: torch or safetensors read the file as a program that trusts nothing would, and every tensor's digest is
# told. It is run with nothing but the path, in a process that has none of ours.
_CHILD = """
import hashlib, json, sys, warnings
warnings.simplefilter("ignore")
path, safe = sys.argv[1], sys.argv[2] == "safetensors"
import torch
found, todo = {}, []
try:
    if safe:
        from safetensors import safe_open
        with safe_open(path, framework="pt") as file:
            todo = [(key, file.get_tensor(key)) for key in file.keys()]
    else:
        todo = [("", torch.load(path, weights_only=True, map_location="cpu", mmap=sys.argv[2] != "torch-legacy"))]
except Exception as error:
    print(json.dumps({"error": type(error).__name__, "said": str(error)[:8000]}))
    sys.exit()
seen = 0
while todo:
    key, value = todo.pop()
    seen += 1
    if seen > 5000000:
        break
    if isinstance(value, torch.Tensor):
        digest = None
        if value.layout == torch.strided and value.device.type != "meta" and not value.is_quantized:
            flat = value.detach().resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
            state = hashlib.sha256()
            for at in range(0, flat.numel(), 1 << 24):
                state.update(bytes(flat[at:at + (1 << 24)].numpy()))
            digest = state.hexdigest()
        found[key] = digest
    elif isinstance(value, dict):
        todo += [(f"{key}.{name}" if key else str(name), item) for name, item in value.items()]
    elif isinstance(value, (list, tuple)):
        todo += [(f"{key}.{i}" if key else str(i), item) for i, item in enumerate(value)]
print(json.dumps({"found": found}))
"""


def read_by_others(path: str, ckpt: Checkpoint, monitor: Monitor = QUIET) -> str:
    """Has torch.load(weights_only=True), or safetensors, read the file at `path`, which was read as `ckpt` here, in a process of
    its own, and compares every tensor's digest. Gives one sentence about it; raises BadTensor when they see something else."""
    reader = "safetensors" if ckpt.format == "safetensors" else "torch.load(weights_only=True)"
    python = interpreter()
    if not python:
        return f"{reader} is no part of this program and could not be asked: the file was compared by this program alone."
    import subprocess
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TORCH_FORCE", "PYTHON"))}
    with subprocess.Popen([python, "-I", "-c", _CHILD, path, ckpt.format], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env=environment) as child:
        try:
            while True:
                try:
                    answer = child.communicate(timeout=0.1)[0]
                    break
                except subprocess.TimeoutExpired:
                    monitor.check()
        except BaseException:
            child.kill()
            raise
    try:
        said = json.loads(answer)
    except ValueError:
        raise BadTensor(f"{reader} ended without an answer on the new file (exit status {child.returncode})") from None
    if "error" in said:
        return _not_read(reader, str(said["error"]), str(said.get("said", "")), ckpt)
    found = said["found"]
    compared = 0
    for key, answer in found.items():
        if answer is None or key not in ckpt.tensors:
            continue
        if digest(ckpt, key, monitor) != answer:
            raise BadTensor(f"{reader} sees other values in the new file", where=key)
        compared += 1
    return f"{reader} reads the new file: {compared:,} of {count(len(ckpt.tensors), 'tensor')} compared, all equal."


def _not_read(reader: str, error: str, message: str, ckpt: Checkpoint) -> str:
    """Why another program does not read what is as it should be, or BadTensor."""
    reason = visible(f"{error}: {essence(message)}", 300)
    if "No module named" in message:
        return f"{reader} is not installed here and could not be asked: the file was compared by this program alone."
    refused = loads_with_torch(ckpt)
    if refused.refused:
        return (f"{reader} does not take the new file ({reason}): {refused.sentence().rpartition(' refuses it: ')[2]} --plain '*' keeps "
                "such values as plain data. The file was compared by this program alone.")
    if ckpt.format == "torchscript" or any(finding.id in _NOT_WEIGHTS_ONLY for finding in ckpt.findings) or ckpt.values:
        return f"{reader} does not take such contents ({reason}): the file was compared by this program alone."
    raise BadTensor(f"{reader} does not read the new file: {reason}")


def essence(message: str) -> str:
    """What an error of `torch.load` is about, without the advice around it: the sentence with the name that it refuses (`_get_wo_message`
    in torch/serialization.py 2.13 puts several in front and behind), or its first line."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", message)
    said = text.partition("WeightsUnpickler error:")[2].strip() or re.sub(r"^Weights only load failed\.\s*", "", text.strip())
    about = re.search(r"Trying to load unsupported GLOBAL .*? is blocked\.", said)
    line = about[0] if about else said.partition("\n")[0]
    return line.partition(" Please use `torch.serialization")[0].strip()


_NOT_WEIGHTS_ONLY = frozenset(("unknown-code", "computed-call", "dynamic-name", "extension-code"))


def _copied(metadata: Mapping[str, Mapping[str, Any]]) -> OrderedDict[str, dict[str, Any]]:
    return OrderedDict((prefix, dict(facts)) for prefix, facts in metadata.items())


def _alone(reader: TensorReader, info: TensorInfo) -> torch.Tensor:
    if info.layout != "strided" and not info.problem:
        return _nested(reader, info) if info.layout in ("nested", "jagged") else _sparse(reader, info)
    return _view(reader, info, _storage(reader.span_bytes(info)), 0)


def _storage(data: bytearray) -> torch.UntypedStorage:
    import torch
    if not data:
        return torch.UntypedStorage(0)
    return torch.frombuffer(data, dtype=torch.uint8).untyped_storage()


def _view(reader: TensorReader, info: TensorInfo, storage: torch.UntypedStorage, offset: int) -> torch.Tensor:
    import torch
    dtype = _dtypes().get(info.dtype)
    if dtype is None:
        raise _unknown_to_torch(info)
    if any(n >= _INT64 for n in (*info.shape, *info.stride, offset)):
        raise BadTensor("its dimensions are too great for torch", where=info.key, id="too_big")
    try:
        with warnings.catch_warnings():
            # about types that torch would rather nobody used; this file has them
            warnings.filterwarnings("ignore", "ComplexHalf support is experimental")
            warnings.filterwarnings("ignore", "torch.quantize_per_tensor")
            tensor = _quantized(reader, info, dtype) if DTYPES[info.dtype].kind == "quantized" else \
                torch.empty(0, dtype=dtype, device=storage.device)
            tensor.set_(storage, offset, info.shape, info.stride)  # type: ignore[call-overload, unused-ignore]
    except (RuntimeError, TypeError, ValueError) as error:
        raise _refused(info, error) from error
    if info.is_conjugate:
        tensor = tensor.conj()
    return torch._neg_view(tensor) if info.is_negative else tensor


def _quantized(reader: TensorReader, info: TensorInfo, dtype: torch.dtype) -> torch.Tensor:
    """An empty tensor with the quantizer that `pickles.tensors` found, as torch/_utils.py `_rebuild_qtensor` makes it."""
    import torch
    found = info.quantizer
    if isinstance(found, PerTensor) and found.scheme == "per_tensor_affine":
        return torch._empty_affine_quantized([0], scale=found.scale, zero_point=found.zero_point, dtype=dtype)
    if isinstance(found, PerChannel) and found.scheme in ("per_channel_affine", "per_channel_affine_float_qparams"):
        if 0 in info.stride:
            raise BadTensor("an expanded tensor quantized per channel is not rebuilt", where=info.key, id="unsupported")
        return torch._empty_per_channel_affine_quantized(
            info.shape, scales=_channels(reader, found.scales, torch.double),
            zero_points=_channels(reader, found.zero_points, torch.long), axis=found.axis, dtype=dtype)
    raise BadTensor("its quantizer is not known", "read_numpy gives its stored integers.", info.key, id="unsupported")


def _channels(reader: TensorReader, given: TensorInfo | tuple[float, ...], dtype: torch.dtype) -> torch.Tensor:
    import torch
    return _alone(reader, given) if isinstance(given, TensorInfo) else torch.tensor(given, dtype=dtype)


def _sparse(reader: TensorReader, info: TensorInfo) -> torch.Tensor:
    import torch
    parts = [_alone(reader, part) for part in info.parts.values()]
    layouts = {"sparse_csr": torch.sparse_csr, "sparse_csc": torch.sparse_csc, "sparse_bsr": torch.sparse_bsr,
               "sparse_bsc": torch.sparse_bsc}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse .* tensor support is in beta state")
            if isinstance(info.made_of, SparseCoo):
                return torch.sparse_coo_tensor(*parts, info.shape, check_invariants=True, is_coalesced=info.made_of.is_coalesced)
            if isinstance(info.made_of, SparseCompressed):
                return torch.sparse_compressed_tensor(*parts, info.shape, layout=layouts[info.layout], check_invariants=True)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _refused(info, error) from error
    raise BadTensor(f"its layout {info.layout} is not rebuilt", where=info.key, id="unsupported")


def _nested(reader: TensorReader, info: TensorInfo) -> torch.Tensor:
    import torch
    parts = {name: _alone(reader, part) for name, part in info.parts.items()}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The PyTorch API of nested tensors is in prototype stage")
            if isinstance(info.made_of, Nested):
                _insist_inside(info, **parts)
                return torch._nested_view_from_buffer(parts["values"], parts["sizes"], parts["strides"], parts["offsets"])
            if isinstance(info.made_of, Jagged):
                values, offsets, lengths, axis = parts["values"], parts["offsets"], parts.get("lengths"), info.made_of.ragged_dim
                _insist_in_order(info, values.shape[axis - 1], offsets, lengths)
                return torch.nested.nested_tensor_from_jagged(values, offsets, lengths, jagged_dim=axis)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _refused(info, error) from error
    raise BadTensor(f"its layout {info.layout} is not rebuilt", where=info.key, id="unsupported")


def _insist_inside(info: TensorInfo, values: torch.Tensor, sizes: torch.Tensor, strides: torch.Tensor,
                   offsets: torch.Tensor) -> None:
    """Torch does not look whether the tensors in a nested one lie inside its values. Reckoned in Python, without overflow."""
    ends = [0 if 0 in row else first + 1 + sum((size - 1) * step for size, step in zip(row, steps, strict=True))
            for row, steps, first in zip(sizes.tolist(), strides.tolist(), offsets.tolist(), strict=True)]
    negative = any(part.numel() and int(part.min()) < 0 for part in (sizes, strides, offsets))
    if negative or max(ends, default=0) > values.numel() or values.stride() != (1,):
        raise BadTensor("the tensors in it do not lie inside its values", where=info.key, id="out_of_bounds")


def _insist_in_order(info: TensorInfo, length: int, offsets: torch.Tensor, lengths: torch.Tensor | None) -> None:
    steps, first, last = offsets.diff(), int(offsets[0]), int(offsets[-1])
    wrong = first != 0 or last > length or bool((steps < 0).any())
    if lengths is not None:
        wrong = wrong or lengths.shape != steps.shape or bool(((lengths < 0) | (lengths > steps)).any())
    if wrong:
        raise BadTensor("the tensors in it do not lie inside its values", where=info.key, id="out_of_bounds")


def _refused(info: TensorInfo, error: Exception) -> BadTensor:
    return BadTensor(f"torch cannot have such a tensor: {(str(error).splitlines() or [''])[0][:200]}", where=info.key)


def _dtypes() -> dict[str, torch.dtype]:
    """torch's types by our names; those that this version of torch lacks are left out."""
    import torch
    everything: dict[str, Any] = vars(torch)
    return {name: everything[name] for name in DTYPES if isinstance(everything.get(name), torch.dtype)}
