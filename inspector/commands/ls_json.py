"""The object of `ls --json`, written out column by column: of 100,000 tensors it takes a fraction of what `json.dumps` would."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat, tee
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from inspector import core


def as_json(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None = None) -> str:
    """The object of `ls --json`, written out; `digests` adds "sha256" per tensor. Tensors of an optimizer's state have the key of
    their "parameter" where it is told. Of a few bytes that unpack to gigabytes of text, the values beyond what is written are null and
    marked with "left_out"; `show` gives each of them."""
    parameters = core.parameters_of_state(core.optimizers(ckpt))
    if digests is None:
        tensors = ", ".join(_with_parameters(ckpt, parameters) if parameters else _tensors_json(ckpt))
    else:                                   # whose making took far longer
        tensors = _dumps([_tensor_json(info, digests, parameters) for info in ckpt.tensors.values()])[1:-1]
    before = _dumps({"path": ckpt.path, "format": ckpt.format, "kind": ckpt.kind})
    after = _dumps({"state_dicts": list(ckpt.state_dicts),
                    "findings": [finding.to_json() for finding in ckpt.findings],
                    "logical": [_logical_json(tensor) for tensor in core.packed_tensors(ckpt).values()] if core.may_be_packed(ckpt)
                    else []})
    return f'{before[:-1]}, "tensors": [{tensors}], "values": [{", ".join(_values_json(ckpt))}], {after[1:]}'


def _values_json(ckpt: core.Checkpoint) -> Iterator[str]:
    """Each value; null for those that have content of their own, once what the ones before had is more than the file accounts for."""
    left = _MOST + _MOST_A_BYTE * ckpt.nbytes
    for key, value in ckpt.values.items():
        row: dict[str, Any] = {"key": key, "type": core.type_name(value)}
        if left > 0 or value is None or isinstance(value, (bool, int, float)):
            text = _dumps(core.to_json(value))
            left -= len(text)
            yield f'{_dumps(row)[:-1]}, "value": {text}}}'
        else:
            yield _dumps({**row, "value": None, "left_out": True})


def _logical_json(tensor: core.LogicalTensor) -> dict[str, Any]:
    """A packed tensor; what is not packed is its own logical tensor."""
    row: dict[str, Any] = {"name": tensor.name, "shape": tensor.shape, "dtype": tensor.dtype, "scheme": tensor.scheme, "bits": tensor.bits,
                           "bits_per_weight": tensor.bits_per_weight, "parts": dict(tensor.parts)}
    return {**row, "problem": tensor.problem} if tensor.problem else row


def _tensors_json(ckpt: core.Checkpoint) -> Iterable[str]:
    """What `json.dumps` says of every tensor's `_tensor_json`, several times as fast: but for their keys and storages, most
    tensors say what others have said."""
    infos = ckpt.tensors.values()
    storages = map(_quoted, map(_STORAGE, infos))
    if "" in map(_STORAGE, infos):
        storages = map({'""': "null"}.get, *tee(storages))
    return map("".join, zip(repeat('{"key": '), map(_quoted, ckpt.tensors), map(_BeforeStorage().__getitem__, map(_FORM, infos)),
                            storages, map(_AfterStorage().__getitem__, map(_REST, infos))))


def _with_parameters(ckpt: core.Checkpoint, parameters: Mapping[str, str]) -> Iterable[str]:
    for key, text in zip(ckpt.tensors, _tensors_json(ckpt), strict=True):
        parameter = parameters.get(key)
        yield text if parameter is None else f'{text[:-1]}, "parameter": {_quoted(parameter)}}}'


_FIELDS = core.TensorInfo._fields.index
_STORAGE = itemgetter(_FIELDS("storage"))
_FORM = itemgetter(*map(_FIELDS, ("shape", "dtype", "device", "stride", "offset")))
_REST = itemgetter(*map(_FIELDS, ("storage_nbytes", "requires_grad", "state_dict", "layout", "problem")))
_quoted = encode_basestring_ascii
_MOST = 16 << 20    # characters of the JSON of values, and …
_MOST_A_BYTE = 64   # … so many for each byte of the file: what is there once in it may be listed 100,000 times
_FEW = 64           # forms whose text is remembered: shapes are what the file says, and many could share a hash


class _BeforeStorage(dict[tuple[Any, ...], str]):
    """The `_FORM` of a tensor -> the part of its JSON between its key and its storage, made once."""

    def __missing__(self, form: tuple[Any, ...]) -> str:
        shape, dtype, device, stride, offset = form
        info = core.TensorInfo("", shape, dtype, device, stride, offset, "", 0)
        text = f", {_dumps(_before_storage(info))[1:-1]}, \"storage\": "
        return self.setdefault(form, text) if len(self) < _FEW else text


class _AfterStorage(dict[tuple[Any, ...], str]):
    """The `_REST` of a tensor -> the part of its JSON after its storage, made once."""

    def __missing__(self, rest: tuple[Any, ...]) -> str:
        info = core.TensorInfo("", (), "", None, (), 0, "", *rest)
        text = ", " + _dumps(_after_storage(info, None))[1:]
        return self.setdefault(rest, text) if len(self) < _FEW else text


def _tensor_json(info: core.TensorInfo, digests: Mapping[str, str | core.BadTensor] | None,
                 parameters: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    row = {"key": info.key, **_before_storage(info), "storage": info.storage or None, **_after_storage(info, digests)}
    return {**row, "parameter": parameters[info.key]} if info.key in parameters else row


def _before_storage(info: core.TensorInfo) -> dict[str, Any]:
    found: dict[str, Any] = {"shape": info.shape, "dtype": info.dtype, "device": info.device, "stride": info.stride, "offset": info.offset,
                             "numel": info.numel, "nbytes": info.nbytes}
    return found if info.is_described else {**found, **dict.fromkeys(("shape", "stride", "numel", "nbytes"))}


def _after_storage(info: core.TensorInfo, digests: Mapping[str, str | core.BadTensor] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"storage_nbytes": info.storage_nbytes, "requires_grad": info.requires_grad,
                             "state_dict": info.state_dict}
    if info.layout != "strided":
        found["layout"] = info.layout
    problem = info.problem
    if digests is not None:
        digest = digests[info.key]
        if isinstance(digest, str):
            found["sha256"] = digest
        else:
            problem = problem or digest.message
    if problem:
        found["problem"] = problem
    return found


def _dumps(answer: object) -> str:
    return json.dumps(answer, allow_nan=False)
