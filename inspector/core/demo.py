"""Two sample checkpoints, made on the spot without torch: what `inspector demo` opens.

A small convolutional net for handwritten digits, as people really save such things: `digits_training.pth` is a training
checkpoint written on a GPU from a `DataParallel` model (keys begin with `module.`, tags say `cuda:0`, Adam's state beside it);
`digits_finetuned.safetensors` is the same net fine-tuned, exported in bfloat16 with a larger head. The bytes are what
`torch.save` and safetensors would have written; torch 2.13 and safetensors 0.8 read both.
"""
from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.io.new_files import replace_file

if TYPE_CHECKING:
    import numpy as np
    Array = np.ndarray[Any, np.dtype[Any]]

NAMES = ("digits_training.pth", "digits_finetuned.safetensors")


def make_demo(folder: str | os.PathLike[str]) -> list[str]:
    """Writes two sample checkpoints into `folder` (made when missing), over older ones, and gives their paths. The bytes are the same
    every time. Raises OSError.

    >>> [core.file_name(path) for path in core.make_demo(folder)]
    ['digits_training.pth', 'digits_finetuned.safetensors']
    """
    os.makedirs(folder, exist_ok=True)
    weights = _net(classes=10, seed=7)
    training, tuned = (os.path.join(folder, name) for name in NAMES)
    replace_file(training, _torch_zip(_training_checkpoint(weights), "digits_training"))
    replace_file(tuned, _safetensors(_finetuned(weights), {
        "format": "pt", "base_model": "digits_training.pth, epoch 12", "task": "36 handwritten letters and digits"}))
    return [training, tuned]


# -- the net ----------------------------------------------------------------------------------------------------------------

def _net(classes: int, seed: int) -> dict[str, Array]:
    """Names, shapes and plausible trained values of a small residual net, in `state_dict()` order."""
    import numpy as np
    random = np.random.default_rng(seed)
    made: dict[str, Array] = {}

    def weight(name: str, *shape: int, tail: float = 6.0) -> None:
        fan_in = int(np.prod(shape[1:]))
        values = random.standard_t(tail, shape) * np.sqrt(1.3 / fan_in)
        made[name] = values.astype("<f4")

    def conv(name: str, out: int, inn: int, size: int) -> None:
        weight(f"{name}.weight", out, inn, size, size)
        rows = made[f"{name}.weight"]
        rows[random.random(out) < 0.06] *= 0.02         # filters that training let die

    def norm(name: str, width: int) -> None:
        made[f"{name}.weight"] = random.gamma(9.0, 0.11, width).astype("<f4")
        made[f"{name}.bias"] = random.normal(-0.08, 0.17, width).astype("<f4")
        made[f"{name}.running_mean"] = random.normal(0.0, 0.35, width).astype("<f4")
        made[f"{name}.running_var"] = random.gamma(3.0, 0.2, width).astype("<f4")
        made[f"{name}.num_batches_tracked"] = np.array(5628, "<i8")

    conv("stem.conv", 24, 1, 5)
    norm("stem.norm", 24)
    width = 24
    for stage, out in enumerate((24, 48, 96), start=1):
        for block in range(2):
            name = f"layer{stage}.{block}"
            inn = width if block == 0 else out
            conv(f"{name}.conv1", out, inn, 3)
            norm(f"{name}.bn1", out)
            conv(f"{name}.conv2", out, out, 3)
            norm(f"{name}.bn2", out)
            if inn != out:
                conv(f"{name}.downsample.0", out, inn, 1)
                norm(f"{name}.downsample.1", out)
        width = out
    weight("head.fc1.weight", 128, width, tail=9.0)
    made["head.fc1.bias"] = random.normal(0.0, 0.05, 128).astype("<f4")
    weight("head.fc2.weight", classes, 128, tail=9.0)
    made["head.fc2.bias"] = random.normal(0.0, 0.05, classes).astype("<f4")
    return made


def _training_checkpoint(weights: Mapping[str, Array]) -> dict[str, Any]:
    import numpy as np
    random = np.random.default_rng(12)
    trained = [name for name in weights if not name.rsplit(".", 1)[1].startswith(("running_", "num_"))]
    state = {}
    for index, name in enumerate(trained):
        shape = weights[name].shape
        state[index] = {
            "step": _Tensor(np.array(5628.0, "<f4"), "cpu"),
            "exp_avg": _Tensor((np.asarray(random.standard_t(3.0, shape)) * 3e-4).astype("<f4"), "cuda:0"),
            "exp_avg_sq": _Tensor(np.asarray(random.gamma(0.6, 2e-6, shape)).astype("<f4"), "cuda:0"),
        }
    group = {"lr": 0.0003, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.01, "amsgrad": False, "maximize": False,
             "foreach": None, "capturable": False, "differentiable": False, "fused": None, "params": list(range(len(trained)))}
    return {
        "epoch": 12,
        "model_state_dict": _Ordered({f"module.{name}": _Tensor(values, "cuda:0") for name, values in weights.items()}),
        "optimizer_state_dict": {"state": state, "param_groups": [group]},
        "scheduler_state_dict": {"T_max": 30, "eta_min": 1e-06, "last_epoch": 12, "_last_lr": [0.000218]},
        "loss": 0.04173,
        "best_acc": 0.9934,
        "config": {"arch": "digitnet", "batch_size": 128, "lr": 0.0003, "augment": ["rotate", "shift", "erase"], "amp": True,
                   "seed": 7, "note": "手写数字"},
    }


def _finetuned(weights: Mapping[str, Array]) -> dict[str, tuple[str, Array]]:
    """The net with the head replaced and everything but the stem moved a little, in bfloat16 where it is floating."""
    import numpy as np
    random = np.random.default_rng(36)
    out: dict[str, tuple[str, Array]] = {}
    for name, values in {**weights, **{k: v for k, v in _net(36, 8).items() if k.startswith("head.fc2")}}.items():
        if values.dtype.kind == "i":
            out[name] = ("I64", values + 1408)
            continue
        moved = values if name.startswith("stem.") else values + random.normal(0.0, 0.02 * float(values.std()), values.shape)
        bits = np.ascontiguousarray(moved, "<f4").view("<u4")
        rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16           # to nearest, ties to even
        out[name] = ("BF16", rounded.astype("<u2"))
    return out


# -- safetensors ------------------------------------------------------------------------------------------------------------

def _safetensors(tensors: Mapping[str, tuple[str, Array]], metadata: Mapping[str, str]) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    body = bytearray()
    for name, (dtype, values) in sorted(tensors.items(), key=lambda item: (-item[1][1].itemsize, item[0])):
        raw = values.tobytes()
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(body)


# -- torch's zip -------------------------------------------------------------------------------------------------------------

class _Tensor(NamedTuple):
    values: Array
    device: str


class _Ordered(dict[str, Any]):
    """Pickled as collections.OrderedDict."""


_STORAGES = {"f": "FloatStorage", "i": "LongStorage"}


class _Pickler:
    """Writes the few kinds of value above as protocol 2, in the layout torch.save uses, memoising nothing: every opcode is
    one that `torch.load(weights_only=True)` knows. Values nest only as deep as the literals of this file."""

    def __init__(self) -> None:
        self.out = bytearray(b"\x80\x02")
        self.storages: list[bytes] = []

    def save(self, value: Any) -> None:
        for kind, method in self._methods:
            if isinstance(value, kind):
                method(self, value)
                return
        raise TypeError(type(value))

    def _none(self, _value: None) -> None:
        self.out += b"N"

    def _bool(self, value: bool) -> None:
        self.out += b"\x88" if value else b"\x89"

    def _int(self, value: int) -> None:
        self.out += b"K" + bytes([value]) if 0 <= value < 256 else b"J" + struct.pack("<i", value)

    def _float(self, value: float) -> None:
        self.out += b"G" + struct.pack(">d", value)

    def _str(self, value: str) -> None:
        raw = value.encode()
        self.out += b"X" + struct.pack("<I", len(raw)) + raw

    def _items(self, opening: bytes, values: Iterable[Any], closing: bytes) -> None:
        self.out += opening + b"("
        for value in values:
            self.save(value)
        self.out += closing

    def _list(self, value: list[Any]) -> None:
        self._items(b"]", value, b"e")

    def _tuple(self, value: tuple[Any, ...]) -> None:
        self._items(b"", value, b"t")

    def _dict(self, value: dict[Any, Any]) -> None:
        start = b"ccollections\nOrderedDict\n)R" if isinstance(value, _Ordered) else b"}"
        self._items(start, (part for pair in value.items() for part in pair), b"u")

    def _tensor(self, value: _Tensor) -> None:
        array, out = value.values, self.out
        key = str(len(self.storages))
        self.storages.append(array.tobytes())
        strides = [step // array.itemsize for step in array.strides]
        out += b"ctorch._utils\n_rebuild_tensor_v2\n(("
        self._str("storage")
        out.extend(f"ctorch\n{_STORAGES[array.dtype.kind]}\n".encode())
        for part in (key, value.device, array.size):
            self.save(part)
        out += b"tQK\x00"
        self._tuple(array.shape)
        self._tuple(tuple(strides))
        out += b"\x89ccollections\nOrderedDict\n)RtR"

    _methods: tuple[tuple[type, Callable[[_Pickler, Any], None]], ...] = (
        (type(None), _none), (bool, _bool), (int, _int), (float, _float), (str, _str), (_Tensor, _tensor),
        (dict, _dict), (list, _list), (tuple, _tuple))


def _torch_zip(value: Any, top: str) -> bytes:
    pickler = _Pickler()
    pickler.save(value)
    pickler.out += b"."
    records = [("data.pkl", bytes(pickler.out)), (".format_version", b"1"), (".storage_alignment", b"64"), ("byteorder", b"little")]
    records += [(f"data/{index}", raw) for index, raw in enumerate(pickler.storages)]
    records.append(("version", b"3\n"))
    return _zip([(f"{top}/{name}", raw) for name, raw in records])


def _zip(records: list[tuple[str, bytes]]) -> bytes:
    """A STORED zip whose payloads begin at multiples of 64 bytes, padded by an `FB` extra field in the local header, as
    torch's writer (caffe2/serialize/inline_container.cc) lays them out."""
    out, directory = bytearray(), bytearray()
    for name, raw in records:
        start, crc, label = len(out), zlib.crc32(raw), name.encode()
        padding = -(start + 30 + len(label) + 4) % 64
        extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
        fixed = struct.pack("<HHHHHIIIH", 20, 0x0800, 0, 0, 0x21, crc, len(raw), len(raw), len(label))
        out += b"PK\x03\x04" + fixed + struct.pack("<H", len(extra)) + label + extra + raw
        directory += b"PK\x01\x02\x14\x00" + fixed + struct.pack("<HHHHII", 0, 0, 0, 0, 0, start) + label
    end = struct.pack("<HHHHIIH", 0, 0, len(records), len(records), len(directory), len(out), 0)
    return bytes(out) + bytes(directory) + b"PK\x05\x06" + end
