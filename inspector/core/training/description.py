"""What a checkpoint is, all in all, as data: the window makes a translated sentence of it, the command line an English one."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple, TypeVar

from inspector.core.checkpoint import Checkpoint, Opaque, TensorInfo
from inspector.core.keypath import join, leaf_of
from inspector.core.naming_conventions import is_random_state, is_scaler, is_scheduler, paths_of_averages
from inspector.core.plain_values import type_name
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.runtime.collector import collector_paused
from inspector.core.tensor_table import TensorTable, made_of, pieces_of, stretches
from inspector.core.tensors.sharing import sharing

from .optimizers import Optimizer, optimizers
from .weights import is_buffer, is_called_buffer, is_unread, model_dicts, names_no_buffer

# who wrote such a container; names of programs are not translated
_ERAS = {"torch-zip": "PyTorch ≥ 1.6 zip", "torch-legacy": "PyTorch 0.1.10–1.5 format", "torch-tar": "PyTorch < 0.1.10 tar",
         "torchscript": "TorchScript archive", "torch-export": "torch.export archive", "safetensors": "safetensors",
         "safetensors-sharded": "sharded safetensors", "torch-sharded": "sharded PyTorch files",
         "dcp": "torch.distributed.checkpoint", "pickle": "bare pickle",
         "gguf": "GGUF of llama.cpp", "onnx": "ONNX", "npz": "NumPy archive", "dcp-safetensors": "safetensors of several ranks",
         "dtensor": "files of several ranks", "deepspeed-zero": "DeepSpeed ZeRO",
         "megatron": "Megatron-LM tensor parallel"}

# usual names of how far training was, the ones that say most first
_PROGRESS = ("epoch", "epochs", "current_epoch", "epochs_completed", "global_step", "step", "steps", "iteration", "iterations", "iter",
             "num_updates", "batch_num_total")
_QUALITY = ("loss", "train_loss", "val_loss", "valid_loss", "best_loss", "best_val_loss", "acc", "accuracy", "best_acc", "best_acc1",
            "best_top1", "best_prec1", "best_metric", "best_score", "best_fitness")
_TOLD = frozenset((*_PROGRESS, *_QUALITY))
_SAID = 2
_Name = TypeVar("_Name", str, str | None)


class Model(NamedTuple):
    """A state dict with weights. `parameters` and `buffers` count elements, tied ones once; buffers are those tensors that by
    type or name cannot be trained. `dtypes` and `devices` most frequent first (devices: None where none is stored). `type` is the
    class of a whole module; `average`: named like an EMA of another; `partial`: there are more, whose sizes no file that is there tells."""

    path: str
    tensors: int
    parameters: int
    buffers: int
    nbytes: int
    dtypes: tuple[str, ...]
    devices: tuple[str | None, ...]
    type: str
    average: bool
    partial: bool = False


class Description(NamedTuple):
    """`era`: the container and who wrote it ("PyTorch ≥ 1.6 zip"). `progress`: (name, number) of epoch, step … and of losses, by
    the names they have in the file. `schedulers`, `scalers`, `random_states`: names at the root; `nbytes` of all files."""

    era: str
    kind: str
    progress: tuple[tuple[str, int | float], ...]
    models: tuple[Model, ...]
    optimizers: tuple[Optimizer, ...]
    schedulers: tuple[str, ...]
    scalers: tuple[str, ...]
    random_states: tuple[str, ...]
    nbytes: int


def describe(ckpt: Checkpoint, monitor: Monitor = QUIET) -> Description:
    """See `Description`. Linear in the keys."""
    with collector_paused():                    # of ten thousand models each has its own sums
        found = optimizers(ckpt, monitor)
        keys = chain(ckpt.values, stoppable(ckpt.tensors, monitor))
        roots = dict.fromkeys(_roots(keys)) if ckpt.kind == "training-checkpoint" else {}
        return Description(
            _ERAS.get(ckpt.format, ckpt.format), ckpt.kind, _progress(ckpt), _models(ckpt, found, monitor), found,
            tuple(name for name in roots if is_scheduler(name)), tuple(name for name in roots if is_scaler(name)),
            tuple(name for name in roots if is_random_state(name)), ckpt.nbytes)


def _roots(keys: Iterable[str]) -> Iterator[str]:
    """The first segments of the keys; of those that follow each other with the same, once."""
    head: str | tuple[str, ...] = ()
    for key in keys:
        if not key.startswith(head):
            root, dot, _ = key.partition(".")
            head = root + dot if dot else ()
            yield root


def _progress(ckpt: Checkpoint) -> tuple[tuple[str, int | float], ...]:
    """The first two counters and the first loss or score there are, at the root or just below."""
    near: dict[str, int | float] = {}
    for key, value in ckpt.values.items():
        if key.count(".") <= 1 and isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) \
                and (name := leaf_of(key).lower()) in _TOLD:
            near.setdefault(name, value)
    said = [(name, value) for name in _PROGRESS if abs(value := near.get(name, 10**12)) < 10**12][:_SAID]
    return (*said, *[(name, near[name]) for name in _QUALITY if name in near][:1])


def _models(ckpt: Checkpoint, found: Iterable[Optimizer], monitor: Monitor) -> tuple[Model, ...]:
    taken = {join(optimizer.path, "state") for optimizer in found}
    wanted = [path for path in model_dicts(ckpt) if path not in taken]
    tensors = ckpt.tensors
    if isinstance(tensors, TensorTable) and tensors.each_alone:
        return _models_of_columns(ckpt, tensors, wanted, monitor)
    inside: dict[str | None, _Sums] = {path: _Sums() for path in wanted}
    shared = sharing(ckpt, monitor)
    for info in stoppable(tensors.values(), monitor):
        sums = inside.get(info.state_dict)
        if sums is not None:
            sums.add(info, tensors, info.storage in shared)
    return _as_models(ckpt, inside)


class _Sums:
    """What is added up of one state dict, of whose tensors, of which there may be a million, none is kept."""

    __slots__ = ("buffers", "devices", "dtypes", "nbytes", "numel", "seen", "tensors")

    def __init__(self) -> None:
        self.tensors = self.numel = self.buffers = self.nbytes = 0
        self.dtypes, self.devices, self.seen = dict[str, int](), dict[str | None, int](), set[object]()

    def add(self, info: TensorInfo, names: Collection[str], is_shared: bool) -> None:
        self.tensors += 1
        self.nbytes += info.nbytes
        _count(self.dtypes, (info.dtype,))
        _count(self.devices, (info.device,))
        view = info.view if is_shared else None
        if view is None or view not in self.seen:
            self.numel += info.numel
            self.buffers += info.numel if is_buffer(info, names) else 0
        if view is not None:
            self.seen.add(view)

    def add_forms(self, forms: Sequence[_Form]) -> None:
        """Adds tensors of which each lies by itself."""
        first, many = forms[0], len(forms)
        self.tensors += many
        if forms.count(first) == many:                  # as of parts that are all made alike
            self.numel += many * first.numel
            self.nbytes += many * first.nbytes
            self.dtypes[first.dtype] = self.dtypes.get(first.dtype, 0) + many
            self.devices[first.device] = self.devices.get(first.device, 0) + many
            return
        numels, nbytes, dtypes, devices = zip(*forms, strict=True)
        self.numel += sum(numels)
        self.nbytes += sum(nbytes)
        _count(self.dtypes, dtypes)
        _count(self.devices, devices)


def _models_of_columns(ckpt: Checkpoint, tensors: TensorTable, wanted: Iterable[str], monitor: Monitor) -> tuple[Model, ...]:
    """The same of tensors each of which lies by itself, a run of those of one state dict at a time."""
    inside: dict[str | None, _Sums] = {path: _Sums() for path in wanted}
    no_buffer = names_no_buffer(tensors, monitor)
    all_forms, all_keys = iter(made_of(tensors, ("shape", "dtype", "device"), _form)), iter(() if no_buffer else tensors)
    for place, many in pieces_of(stretches(tensors, monitor)):
        monitor.check()
        forms, keys, sums = [*islice(all_forms, many)], [*islice(all_keys, many)], inside.get(place)
        if sums is not None:
            sums.add_forms(forms)
            if keys:
                sums.buffers += sum(form.numel for form, key in stoppable(zip(forms, keys, strict=True), monitor)
                                    if is_called_buffer(key, form.dtype, tensors))
    return _as_models(ckpt, inside)


class _Form(NamedTuple):
    """What tensors have in common, of which there are a few kinds."""

    numel: int
    nbytes: int
    dtype: str
    device: str | None


def _form(shape: tuple[int, ...], dtype: str, device: str | None) -> _Form:
    info = TensorInfo("", shape, dtype, device, (), 0, "", 0)
    return _Form(info.numel, info.nbytes, dtype, device)


def _count(times: dict[_Name, int], names: tuple[_Name, ...]) -> None:
    """Counts them; most often they are all the same."""
    if names.count(names[0]) == len(names):
        times[names[0]] = times.get(names[0], 0) + len(names)
    else:
        for name, more in Counter(names).items():
            times[name] = times.get(name, 0) + more


def _as_models(ckpt: Checkpoint, inside: Mapping[str | None, _Sums]) -> tuple[Model, ...]:
    averages = paths_of_averages(path for path in inside if path)
    return tuple(_as_model(ckpt, path or "", sums, path in averages) for path, sums in inside.items() if sums.tensors)


def _as_model(ckpt: Checkpoint, path: str, sums: _Sums, average: bool) -> Model:
    value = ckpt.values.get(path)
    return Model(path, sums.tensors, sums.numel - sums.buffers, sums.buffers, sums.nbytes, _common(sums.dtypes), _common(sums.devices),
                 type_name(value) if isinstance(value, Opaque) else "", average, "unknown" in sums.dtypes and any(
                     is_unread(info) and info.state_dict == path for info in ckpt.tensors.values()))


def _common(times: dict[_Name, int]) -> tuple[_Name, ...]:
    return tuple(times) if len(times) == 1 else tuple(sorted(times, key=times.__getitem__, reverse=True))
