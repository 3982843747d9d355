"""What families of packed weights go by: the names of a checkpoint, its metadata, and the configuration that lies beside it."""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from itertools import chain
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from inspector.core.checkpoint import Checkpoint, Decoder, Plain, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import InspectorError
from inspector.core.io import addresses
from inspector.core.io.sources import open_source
from inspector.core.keypath import leaf_of
from inspector.core.progress import QUIET, Monitor, in_pieces, sips, stoppable
from inspector.core.tensors.decoders.low_rank import LowRank
from inspector.core.tensors.reader import TensorReader

T = TypeVar("T")
_MOST = 8 << 20             # bytes of a configuration file
_SMALL = 1 << 20            # bytes of a tensor that is read to tell what others are
_LARGEST = (2 - 2.0 ** -23) * 2.0 ** 127        # float32
_TOGETHER = 512             # small tensors that are read at once
INDEX = 64 << 20            # bytes of the order of columns, or of zero points, which are read for the same


# what people call the schemes, where it is not as they are spelled
_WORDS = {"gptq": "GPTQ", "gptq-v2": "GPTQ v2", "awq-gemm": "AWQ", "bnb-nf4": "NF4", "bnb-fp4": "FP4", "bnb-int8": "LLM.int8()",
          "ct-pack-quantized": "compressed-tensors", "ct-int-quantized": "integers", "ct-float-quantized": "floats", "ct-nvfp4": "NVFP4",
          "ct-mxfp4": "MXFP4", "ct-mxfp8": "MXFP8", "fp8-block": "float blocks", "mxfp4": "MXFP4", "deepseek-fp4": "DeepSeek FP4",
          "modelopt-nvfp4": "NVFP4", "modelopt-fp8": "ModelOpt FP8", "modelopt-int4": "ModelOpt AWQ",
          "modelopt-int8": "ModelOpt integers", "fbgemm-fp8": "FBGEMM FP8", "eetq": "EETQ", "aqlm": "AQLM",
          "torchao-int8": "torchao", "torchao-intx": "torchao",
          "torchao-float8": "torchao float8", "torchao-mxfp8": "MXFP8", "torchao-mxfp4": "MXFP4", "torchao-nvfp4": "NVFP4",
          "torchao-affine": "torchao", "mlx-affine": "MLX", "mlx-mxfp4": "MLX MXFP4", "mlx-nvfp4": "MLX NVFP4", "mlx-mxfp8": "MLX MXFP8",
          "lora": "LoRA", "dora": "DoRA", "lora-kohya": "LoRA", "torch-qtensor": "torch quantized", "onnx": "ONNX",
          "onnx-qdq": "ONNX quantized", "npz": "NumPy", "dtensor": "DTensor", "dcp-safetensors": "DCP"}


class LogicalTensor(NamedTuple):
    """A tensor that a person means. `dtype` is the element type that it has for the program that packed it, `scheme` how it is packed
    ("plain": it is not), `bits` the width of one stored code and `bits_per_weight` what an element costs all in all, tables and JSON left
    out; `parts` maps roles ("data", "scale", "zero_point" …) to keys. `decoder` makes its values; None where it is plain, or where
    `problem` says why nothing makes them. `inner` are further keys that are only about it, like the wrapper that it is stored in.
    `group_size` says how many elements share a scale, where there are several scales of as many elements each."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scheme: str
    bits: float | None = None
    bits_per_weight: float | None = None
    parts: Mapping[str, str] = MappingProxyType({})
    decoder: Decoder | None = None
    problem: str = ""
    inner: tuple[str, ...] = ()
    group_size: int | None = None

    @property
    def words(self) -> str:
        """How it is packed, for people: "4-bit GPTQ g128", where 128 weights share a scale; "LoRA r8" of what an adapter adds."""
        if isinstance(self.decoder, LowRank):
            return f"{_WORDS.get(self.scheme, self.scheme)} r{self.decoder.rank}"
        return _WORDS.get(self.scheme, self.scheme) if self.is_adapter else _words_of(self.scheme, self.bits, self.group_size)

    @property
    def is_adapter(self) -> bool:
        """Whether it is what an adapter adds to another tensor, the product of two that are its parameters."""
        return "A" in self.parts and "B" in self.parts

    @property
    def numel(self) -> int:
        return prod(self.shape)

    def grouped(self, size: int) -> LogicalTensor:
        """The same, with so many elements that share a scale."""
        return LogicalTensor(self.name, self.shape, self.dtype, self.scheme, self.bits, self.bits_per_weight, self.parts, self.decoder,
                             self.problem, self.inner, size)

    @property
    def is_packed(self) -> bool:
        return self.scheme != "plain"

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.name, self.shape, self.dtype, self.scheme, self.bits, self.bits_per_weight, dict(self.parts), self.decoder,
                       self.problem, self.inner, self.group_size)


@lru_cache(256)
def _words_of(scheme: str, bits: float | None, group_size: int | None) -> str:
    return f"{f'{bits:g}-bit ' if bits is not None else ''}{_WORDS.get(scheme, scheme)}{f' g{group_size}' if group_size else ''}"


def _made(name: str, shape: tuple[int, ...], dtype: str, scheme: str, bits: float | None, each: float | None, parts: dict[str, str],
          decoder: Decoder | None, problem: str, inner: tuple[str, ...], group_size: int | None) -> LogicalTensor:
    return LogicalTensor(name, shape, dtype, scheme, bits, each, MappingProxyType(parts), decoder, problem, inner, group_size)


class Names:
    """The tables of `ckpt`, and what has to be read to tell what they mean: small tensors, and JSON files in its folder."""

    def __init__(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> None:
        self.ckpt = ckpt
        self.tensors: dict[str, TensorInfo] = {}
        for piece in sips(ckpt.tensors.items(), monitor):       # each made once
            self.tensors.update(piece)
        self._monitor = monitor
        self._files: dict[str, Mapping[str, Any]] = {}
        self._faults: dict[str, str] = {}
        self._reader: TensorReader | None = None
        self._made: dict[tuple[Any, ...], Any] = {}
        self._nbytes: dict[tuple[tuple[int, ...], str], int] = {}       # of tensors of a shape and type, of which there are few

    # -- the configuration beside the file ------------------------------------------------------------------------------------

    @cached_property
    def folder(self) -> str:
        path = self.ckpt.edited.source.path if self.ckpt.edited else self.ckpt.path
        return path if os.path.isdir(path) else addresses.folder_of(path)

    @property
    def source_values(self) -> Mapping[str, Plain]:
        """The values that the file has, before edits: a whole module that has become its state dict had more to say."""
        return self.ckpt.as_opened.values

    def source_key(self, key: str) -> str:
        """What a tensor is called in the file, before edits."""
        return self.ckpt.edited.origin.get(key, key) if self.ckpt.edited else key

    def file(self, name: str) -> Mapping[str, Any]:
        """The JSON object of a file in the checkpoint's folder; {} where there is none that can be read."""
        known = self._files.get(name)
        if known is None:
            known = self._files[name] = self._read_file(name)
        return known

    def fault(self, name: str) -> str:
        """Why nothing is taken from a file that is in the checkpoint's folder, as what it does ("is no JSON object"); "" where something
        is, or there is none."""
        self.file(name)
        return self._faults.get(name, "")

    def _read_file(self, name: str) -> Mapping[str, Any]:
        path, found = addresses.beside(self.folder, name), None
        try:
            with open_source(path, monitor=self._monitor) as source:
                if source.size > _MOST:
                    self._faults[name] = "is larger than a configuration is"
                    return {}
                found = json.loads(source.read(0, source.size))
        except (InspectorError, OSError):
            if not addresses.is_address(path) and os.path.lexists(path):
                self._faults[name] = "cannot be read"
            return {}
        except (ValueError, RecursionError):
            self._faults[name] = "is not JSON that can be parsed"
            return {}
        if not isinstance(found, dict):
            self._faults[name] = "is no JSON object"
            return {}
        return found

    @cached_property
    def quantization(self) -> Mapping[str, Any]:
        """`quantization_config` of config.json (of the text model in it, where that has it), or {}."""
        config = self.file("config.json")
        for table in (config, config.get("text_config")):
            if isinstance(table, dict) and isinstance(table.get("quantization_config"), dict):
                return table["quantization_config"]     # type: ignore[no-any-return]
        found = self.ckpt.metadata.get("quantization_config")
        return self.as_json(found) if found else {}

    @cached_property
    def model_dtype(self) -> str:
        """The element type that config.json says the model has; "" where it says none."""
        config = self.file("config.json")
        for name in ("dtype", "torch_dtype"):
            said = config.get(name)
            if isinstance(said, str) and said.removeprefix("torch.") in DTYPES:
                return said.removeprefix("torch.")
        return ""

    @staticmethod
    def as_json(text: str | bytes) -> Mapping[str, Any]:
        """The object that a JSON text is, or {}."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    # -- tensors ---------------------------------------------------------------------------------------------------------------

    def mention(self, text: str) -> bool:
        """Whether any key has `text` in it. Quick, whatever their number."""
        keys = self._keys
        return any(text in some for some in keys)

    @cached_property
    def _keys(self) -> list[str]:
        """All keys, some thousands in a text."""
        return ["\n".join(piece) for piece in sips(self.tensors, self._monitor)]

    def items(self) -> Iterator[tuple[str, TensorInfo]]:
        """All keys and tensors, for a loop that can be stopped."""
        return stoppable(self.tensors.items(), self._monitor)

    def get(self, key: str, *dtypes: str, dims: int | None = None) -> TensorInfo | None:
        """The tensor of that key, when it is a plain one of one of these element types and so many dimensions."""
        info = self.tensors.get(key)
        if info is None or info.layout != "strided" or info.problem or (dtypes and info.dtype not in dtypes) or (
                dims is not None and len(info.shape) != dims):
            return None
        return info

    def misfit(self, key: str, *found: TensorInfo | None) -> bool:
        """Whether there is a part of that key, and it is none that `get` gave: one of another kind than it should be."""
        return key in self.tensors and all(info is None or info.key != key for info in found)

    def ending(self, suffix: str) -> Iterator[tuple[str, TensorInfo]]:
        """(what comes before, the tensor) of all keys that end so."""
        if "." in suffix:
            groups = [self._by_leaf.get(leaf_of(suffix), [])]
        else:                                       # the end of a segment
            groups = [keys for leaf, keys in self._by_leaf.items() if leaf.endswith(suffix)]
        for key in stoppable(chain.from_iterable(groups), self._monitor):
            if key.endswith(suffix):
                yield key[:len(key) - len(suffix)], self.tensors[key]

    @cached_property
    def _by_leaf(self) -> dict[str, list[str]]:
        """The keys by their last segment: a model has few, again and again."""
        found: dict[str, list[str]] = {}
        for key in stoppable(self.tensors, self._monitor):
            found.setdefault(leaf_of(key), []).append(key)
        return found

    @cached_property
    def special(self) -> list[TensorInfo]:
        """The tensors that there is more to than a view of a storage."""
        return [info for info in stoppable(self.tensors.values(), self._monitor) if info.extra is not None]

    def read(self, key: str, most: int = _SMALL) -> Any:
        """A tensor of at most so many bytes as an array (element types as `read_numpy`); None where it is none, or cannot be read."""
        return self._read(key, most, TensorReader.array)

    def texts(self, infos: Iterable[TensorInfo]) -> Iterator[bytes | None]:
        """The bytes of each of small tensors, some hundreds of them read together: one by one that takes twice as long. None for each
        that cannot be read."""
        for some in in_pieces(infos, _TOGETHER):
            self._monitor.check()
            try:
                found = self._reader.together(some) if self._reader is not None else [None] * len(some)
            except InspectorError:
                found = [None] * len(some)
            for info, data in zip(some, found, strict=True):
                yield self._read(info.key, _SMALL, TensorReader.raw) if data is None else bytes(data)

    def _read(self, key: str, most: int, how: Callable[[TensorReader, TensorInfo], T]) -> T | None:
        info = self.tensors.get(key)
        if info is None or info.nbytes > most:
            return None
        try:
            if self._reader is not None:
                return how(self._reader, info)
            with TensorReader(self.ckpt, self._monitor) as reader:
                return how(reader, info)
        except InspectorError:
            return None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While it lasts, all that is read is read by one reader, which opens a file once."""
        with TensorReader(self.ckpt, self._monitor) as self._reader:
            try:
                yield
            finally:
                self._reader = None

    def once(self, form: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What `make` gives, made once for all tensors of that form: of shapes and types a model has few."""
        found = self._made.get(form)
        if found is None:
            found = self._made[form] = make()
        return found

    def cost(self, numel: int, parts: Iterable[str]) -> float | None:
        """Bits an element, all in all."""
        if not numel:
            return None
        nbytes = 0
        for key in parts:
            info = self.tensors.get(key)
            if info is not None:
                form = info.shape, info.dtype
                known = self._nbytes.get(form)
                if known is None:
                    known = self._nbytes[form] = info.nbytes
                nbytes += known
        return 8 * nbytes / numel


def counted(value: object) -> int | None:
    """`value` where it is an integer that can be a size, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62 else None


def number(value: object) -> float | None:
    """`value` where it is a number that a float32 can hold, else None."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST
    return float(value) if known and isinstance(value, int | float) else None
