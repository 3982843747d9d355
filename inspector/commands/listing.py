"""What the command line says about a checkpoint: as text in columns, and as the JSON objects of DESIGN §3.

Nothing here prints. Names and values that come from files are escaped (`core.visible`, `core.one_line`) in text; JSON keeps
them as they are.
"""
from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise, repeat, tee
from json.encoder import encode_basestring_ascii
from math import prod
from operator import add, itemgetter
from types import MappingProxyType
from typing import Any

from inspector import core

_KEY_WIDTH = 100
_RANK = 8           # dimensions shown of a shape
_CONTROL = bytes((*range(0x20), 0x7f))
_LONG = 256         # characters from which `core.visible` leaves out the middle

KINDS = {"state-dict": "a state dict", "training-checkpoint": "a training checkpoint", "module": "a whole module",
         "torchscript": "a TorchScript module", "tensor": "a tensor", "other": "other contents"}


# -- ls -----------------------------------------------------------------------------------------------------------------------

def as_json(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None = None) -> str:
    """The object of `ls --json`, written out; `digests` adds "sha256" per tensor. Tensors of an optimizer's state have the key of
    their "parameter" where it is told."""
    parameters = core.parameters_of_state(core.optimizers(ckpt))
    if digests is None:
        tensors = ", ".join(_with_parameters(ckpt, parameters) if parameters else _tensors_json(ckpt))
    else:                                   # whose making took far longer
        tensors = _dumps([_tensor_json(info, digests, parameters) for info in ckpt.tensors.values()])[1:-1]
    before = _dumps({"path": ckpt.path, "format": ckpt.format, "kind": ckpt.kind})
    after = _dumps({"values": [{"key": key, "type": core.type_name(value), "value": core.to_json(value)}
                               for key, value in ckpt.values.items()],
                    "state_dicts": list(ckpt.state_dicts),
                    "findings": [finding._asdict() for finding in ckpt.findings]})
    return f'{before[:-1]}, "tensors": [{tensors}], {after[1:]}'


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


class _BeforeStorage(dict[tuple[Any, ...], str]):
    """The `_FORM` of a tensor -> the part of its JSON between its key and its storage, made once."""

    def __missing__(self, form: tuple[Any, ...]) -> str:
        shape, dtype, device, stride, offset = form
        info = core.TensorInfo("", shape, dtype, device, stride, offset, "", 0)
        text = self[form] = f", {_dumps(_before_storage(info))[1:-1]}, \"storage\": "
        return text


class _AfterStorage(dict[tuple[Any, ...], str]):
    """The `_REST` of a tensor -> the part of its JSON after its storage, made once."""

    def __missing__(self, rest: tuple[Any, ...]) -> str:
        info = core.TensorInfo("", (), "", None, (), 0, "", *rest)
        text = self[rest] = ", " + _dumps(_after_storage(info, None))[1:]
        return text


def _tensor_json(info: core.TensorInfo, digests: Mapping[str, str | core.BadTensor] | None,
                 parameters: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    row = {"key": info.key, **_before_storage(info), "storage": info.storage or None, **_after_storage(info, digests)}
    return {**row, "parameter": parameters[info.key]} if info.key in parameters else row


def _before_storage(info: core.TensorInfo) -> dict[str, Any]:
    return {"shape": info.shape, "dtype": info.dtype, "device": info.device, "stride": info.stride, "offset": info.offset,
            "numel": info.numel, "nbytes": info.nbytes}


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


def as_text(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None = None) -> str:
    """The answer of `ls` for people: what it is, a line per tensor and per value, and what is odd."""
    about = core.describe(ckpt)
    parts = [sentence(ckpt)]
    if ckpt.kind != "state-dict" or about.optimizers:       # of a mere state dict everything has been said
        parts.append(description(about))
    if ckpt.tensors:
        parts += ["", _tensor_table(ckpt, digests, core.parameters_of_state(about.optimizers))]
    if ckpt.values:
        parts += ["", _values(ckpt)]
    if ckpt.findings:
        parts += ["", findings_text(ckpt.findings)]
    return "\n".join(parts) + "\n"


def sentence(ckpt: core.Checkpoint) -> str:
    """Format, kind, how much of what, in one or two lines."""
    infos = ckpt.tensors.values()
    weights, optimizer = _parameters(ckpt)
    parts = [_count(len(infos), "tensor"), _count(weights, "parameter")]
    if optimizer:
        parts.append(_count(optimizer, "value") + " of optimizer state")
    lines = [f"{core.visible(ckpt.path, 1000)}: {KINDS.get(ckpt.kind, ckpt.kind)} ({ckpt.format}), {', '.join(parts)}, "
             f"{size(ckpt.nbytes)}"]
    if ckpt.tensors:
        dtypes = Counter(map(_DTYPE, infos))
        devices: Counter[str] = Counter()
        for device, count in Counter(map(_DEVICE, infos)).items():
            devices[device or "no device"] += count
        lines.append(f"{_shares(dtypes)}; {_shares(devices)}")
    places = [path or "(root)" for path in ckpt.state_dicts]
    if places and places != ["(root)"]:
        lines.append("state dicts: " + ", ".join(core.visible(place) for place in places))
    return "\n".join(lines)


def description(about: core.Description) -> str:
    """One sentence: "Training checkpoint, PyTorch ≥ 1.6 zip, epoch 50: model_state_dict (62 tensors, 11.2 M parameters, float32,
    saved on cuda:0) and Adam state for all of them, which is 67 % of the file."."""
    kind = {"state-dict": "State dict", "training-checkpoint": "Training checkpoint", "module": "Whole module", "tensor": "Tensor",
            "torchscript": "TorchScript module"}.get(about.kind, "Python data")
    head = ", ".join([kind, about.era, *(f"{name} {_said(value)}" for name, value in about.progress)])
    parts = [_model_said(model) for model in about.models[:_MODELS]]
    if len(about.models) > _MODELS:
        parts.append(f"{len(about.models) - _MODELS:,} more")
    parts += [_optimizer_said(optimizer, about) for optimizer in about.optimizers[:_MODELS]]
    others = [name for names, name in ((about.schedulers, "scheduler"), (about.scalers, "gradient scaler"),
                                       (about.random_states, "random state")) if names]
    beside = "; " * bool(parts) + "with " + _listed(others) if others else ""
    return f"{head}: {_listed(parts)}{beside}." if parts or others else f"{head}."


_MODELS = 4


def _said(value: int | float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _model_said(model: core.Model) -> str:
    name = core.visible(model.path, 80) or core.visible(model.type, 80)
    facts = [_count(model.tensors, "tensor"), f"{_short(model.parameters)} parameters", *map(core.visible, model.dtypes[:3])]
    devices = [core.visible(device, 40) for device in model.devices[:3] if device]
    said = ", ".join([*facts, *([f"saved on {_listed(devices)}"] if devices else [])])
    return f"{name} ({said})" if name else said


def _optimizer_said(optimizer: core.Optimizer, about: core.Description) -> str:
    kind = f"{optimizer.kind} state" if optimizer.kind else "optimizer state"
    count, known = len(optimizer.parameters), optimizer.known
    models = _listed([core.visible(path, 60) for path in optimizer.models if path]) if len(about.models) > 1 else ""
    if optimizer.complete:
        kind += f" for all of {models or 'them'}"
    else:
        kind += f" for {_count(count, 'parameter tensor')}" + (f" of {models}" if models and known == count else "")
        kind += f", {known:,} of them known by name" if 0 < known < count else ""
    share = _percent(optimizer.nbytes, about.nbytes)
    return f"{kind}, which is {share} of the file" if len(about.optimizers) == 1 else f"{kind} ({share} of the file)"


def _listed(parts: Sequence[str]) -> str:
    """"a, b and c"."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _percent(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.0f} %" if whole and part * 100 >= whole else "less than 1 %"


def _short(n: int) -> str:
    """"11.2 M"; up to 9,999 as it is."""
    value, units = float(n), ["", " K", " M", " B", " T"]
    while value >= 999.5 and len(units) > 1 and n >= 10_000:
        value /= 1000
        del units[0]
    return f"{n:,}" if n < 10_000 else f"{value:.3g}{units[0]}" if value < 999.5 else f"{value:,.0f}{units[0]}"


def _parameters(ckpt: core.Checkpoint) -> tuple[int, int]:
    """Elements of all tensors, the optimizer's apart; a view that is reached twice, as with tied weights, counts once."""
    infos = list(ckpt.tensors.values())
    if len({*map(_STORAGE, infos)}) < len(infos):
        views: dict[object, core.TensorInfo] = {}
        for n, info in enumerate(infos):
            views.setdefault(_VIEW(info) if info.storage else n, info)
        infos = [*views.values()]
    optimizer = 0
    if "optim" in "".join(ckpt.tensors):
        optimizer = _elements([info for info in infos if "optim" in info.key.split(".", 1)[0]])
    return _elements(infos) - optimizer, optimizer


_DTYPE = itemgetter(_FIELDS("dtype"))
_DEVICE = itemgetter(_FIELDS("device"))
_SHAPE = itemgetter(_FIELDS("shape"))
_VIEW = itemgetter(*map(_FIELDS, ("storage", "offset", "shape", "stride")))


def _elements(infos: Iterable[core.TensorInfo]) -> int:
    return sum(prod(shape) * count for shape, count in Counter(map(_SHAPE, infos)).items())


def size(nbytes: int) -> str:
    """Bytes for people, in powers of ten as file managers count them."""
    if nbytes < 1000:
        return _count(nbytes, "byte")
    value, units = nbytes / 1000, ["kB", "MB", "GB", "TB", "PB", "EB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        del units[0]
    return f"{value:.3g} {units[0]}" if value < 999.5 else f"{value:.0f} {units[0]}"


def _shares(counts: Counter[str]) -> str:
    shown = [f"{core.visible(name)} {count:,}" if len(counts) > 1 else core.visible(name) for name, count in counts.most_common(8)]
    return ", ".join(shown) + (f" and {len(counts) - 8:,} more" if len(counts) > 8 else "")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _tensor_table(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None, parameters: Mapping[str, str]) -> str:
    infos = ckpt.tensors.values()
    forms = [*map(_LOOK, infos)]
    texts = {form: _looks(info) for form, info in dict(zip(forms, infos, strict=True)).items()}      # few, again and again
    titles = ("shape", "dtype", "device", "bytes")
    widths = [max(map(len, column)) for column in zip(titles, *texts.values(), strict=True)]
    line = "  %%-%ds  %%-%ds  %%-%ds  %%%ds" % tuple(widths)  # noqa: UP031 - all of it is about percent signs
    middles = {form: line % text for form, text in texts.items()}
    keys = [*_visible_all(ckpt.tensors)]
    width = min(max(3, *map(len, keys)), _KEY_WIDTH)
    rows = map(add, map(str.ljust, keys, repeat(width)), map(middles.__getitem__, forms))
    if digests is not None or any(map(_PROBLEM, infos)):
        rows = map(add, rows, [_end(info, digests) if digests is not None or info.problem else "" for info in infos])
    title = "key".ljust(width) + line % titles + ("  sha256" if digests is not None else "")
    if parameters:
        rows = map(add, rows, [f"  state of {core.visible(parameters[key])}" if key in parameters else "" for key in ckpt.tensors])
    return "\n".join([title, *rows])


_LOOK = itemgetter(*map(_FIELDS, ("shape", "dtype", "device")))
_PROBLEM = itemgetter(_FIELDS("problem"))


def _looks(info: core.TensorInfo) -> tuple[str, str, str, str]:
    """Shape, dtype, device and bytes as the table shows them."""
    label = "-" if info.device is None else core.visible(info.device, 40)
    return _shape(info.shape), core.visible(info.dtype, 40), label, f"{info.nbytes:,}"


def _visible_all(keys: Collection[str]) -> Iterable[str]:
    """Every key as `core.visible` has it, asking once for all where nothing needs to be changed."""
    together = "".join(keys)
    if together.isascii() and max(map(len, keys), default=0) <= _LONG and \
            len(together.encode().translate(None, _CONTROL)) == len(together):
        return keys
    return map(core.visible, keys)


def _end(info: core.TensorInfo, digests: Mapping[str, str | core.BadTensor] | None) -> str:
    digest = digests[info.key] if digests is not None else ""
    if isinstance(digest, str) and not info.problem:
        return "  " + digest
    note = info.problem or (digest.message if isinstance(digest, core.BadTensor) else "")
    return "  ! " + core.visible(note, 200)


def _shape(shape: Sequence[int]) -> str:
    if len(shape) <= _RANK:
        return str(list(shape))
    return f"[{', '.join(map(str, shape[:_RANK - 2]))}, ... {len(shape) - _RANK + 2:,} more]"


def _values(ckpt: core.Checkpoint) -> str:
    rows = [(core.visible(key), core.visible(core.type_name(value), 40), core.one_line(value))
            for key, value in ckpt.values.items()]
    return columns(("value", "type", ""), rows)


def columns(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Left-aligned columns, the last one as it comes."""
    table = [tuple(titles), *map(tuple, rows)]
    widths = [min(max(map(len, column)), _KEY_WIDTH) for column in zip(*table, strict=True)]
    line = "  ".join(f"%-{width}s" for width in widths[:-1]) + "  %s"
    return "\n".join((line % row).rstrip() for row in table)


# -- check --------------------------------------------------------------------------------------------------------------------

def findings_text(findings: Sequence[core.Finding]) -> str:
    """A line per finding, the gravest first."""
    order = sorted(findings, key=lambda finding: -core.LEVELS.index(finding.level))
    return columns(("finding", "id", "where", ""),
                   ((finding.level, finding.id, core.visible(finding.where, 60),
                     core.visible(f"{finding.message} {finding.hint}".strip(), 1000)) for finding in order))


def check_json(path: str, ckpt: core.Checkpoint | None, findings: Sequence[core.Finding],
               error: core.InspectorError | None = None) -> dict[str, Any]:
    """The object of `check --json`; with "error" when the file could not be read, and what was found before that."""
    answer: dict[str, Any] = {"path": path, "format": ckpt.format if ckpt else None, "kind": ckpt.kind if ckpt else None,
                              "findings": [finding._asdict() for finding in findings]}
    if error is not None:
        answer["error"] = {"id": error.id, "message": error.message, "hint": error.hint, "where": error.where}
    return answer


# -- stats --------------------------------------------------------------------------------------------------------------------

Outcome = core.Summary | core.BadTensor


def stats_json(ckpt: core.Checkpoint, outcomes: Iterable[tuple[str, Outcome]], findings: Sequence[core.Finding]) -> dict[str, Any]:
    """The object of `stats --json`; a tensor whose values cannot be had has a "problem" instead of numbers."""
    return {"tensors": [_stats_row(ckpt.tensors[key], outcome) for key, outcome in outcomes],
            "findings": [finding._asdict() for finding in findings]}


def _stats_row(info: core.TensorInfo, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, core.BadTensor):
        return {"key": info.key, "numel": info.numel, "problem": outcome.message}
    return {"key": info.key, **_numbers(outcome)}


def _numbers(summary: core.Summary) -> dict[str, Any]:
    found = {"numel": summary.numel, "min": number(summary.min), "max": number(summary.max), "mean": number(summary.mean),
             "std": number(summary.std), "l2": number(summary.l2), "nan": summary.nan, "inf": summary.inf, "posinf": summary.posinf,
             "neginf": summary.neginf, "zeros": summary.zeros, "subnormal": summary.subnormal, "distinct": summary.distinct,
             "quantiles": {str(share): number(value) for share, value in zip(core.QUANTILES, summary.quantiles, strict=False)},
             "hist": {"edges": [number(edge) for edge in summary.edges], "counts": summary.counts}}
    if summary.dequantized is not None:         # the rest is about the integers that are stored
        found["dequantized"] = _numbers(summary.dequantized)
    return found


def number(value: float | int) -> float | int | str:
    """A number that JSON can hold: "nan", "inf" and "-inf" for those that it cannot."""
    return value if isinstance(value, int) or math.isfinite(value) else str(value)


BLOCKS, ASCII_BLOCKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_BARS = 24


def stats_text(ckpt: core.Checkpoint, outcomes: Iterable[tuple[str, Outcome]], findings: Sequence[core.Finding] = (),
               blocks: str = "") -> str:
    """A line per tensor, with a small histogram drawn in `blocks` (from nothing to full) when there are some; then findings."""
    rows = []
    for key, outcome in outcomes:
        name = core.visible(key)
        if isinstance(outcome, core.BadTensor):
            rows.append((name, f"{ckpt.tensors[key].numel:,}", *[""] * 7, "! " + core.visible(outcome.message, 200)))
        else:
            rows.append((name, f"{outcome.numel:,}", *map(_brief, (outcome.min, outcome.max, outcome.mean, outcome.std)),
                         *map("{:,}".format, (outcome.nan, outcome.inf, outcome.zeros)), bars(outcome.counts, blocks)))
    table = columns(("key", "elements", "min", "max", "mean", "std", "nan", "inf", "zeros", "from min to max" if blocks else ""), rows)
    return table + "\n" + ("\n" + findings_text(findings) + "\n" if findings else "")


def bars(counts: Sequence[int], blocks: str) -> str:
    """The histogram as at most `_BARS` characters; a bar that is not empty is always seen."""
    if not blocks or not counts:
        return ""
    n = min(_BARS, len(counts))
    cuts = [i * len(counts) // n for i in range(n + 1)]
    # by share of a bin, for some bars are made of one bin more than others
    heights = [sum(counts[a:b]) / (b - a) for a, b in pairwise(cuts)]
    top = max(heights) or 1
    return "".join(blocks[0 if height == 0 else max(1, round(height / top * (len(blocks) - 1)))] for height in heights)


def _brief(value: float | int) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"
