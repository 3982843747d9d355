"""What the command line says about a checkpoint: as text in columns, and as the JSON objects of DESIGN §3.

Nothing here prints. Names and values that come from files are escaped (`core.visible`, `core.one_line`) in text; JSON keeps
them as they are.
"""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from inspector import core

_KEY_WIDTH = 100
_RANK = 8           # dimensions shown of a shape
_LONG = 256         # characters from which `core.visible` leaves out the middle

KINDS = {"state-dict": "a state dict", "training-checkpoint": "a training checkpoint", "module": "a whole module",
         "torchscript": "a TorchScript module", "tensor": "a tensor", "other": "other contents"}


# -- ls -----------------------------------------------------------------------------------------------------------------------

def as_json(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None = None) -> dict[str, Any]:
    """The object of `ls --json`; `digests` adds "sha256" per tensor."""
    return {"path": ckpt.path, "format": ckpt.format, "kind": ckpt.kind,
            "tensors": [_tensor_json(info, digests) for info in ckpt.tensors.values()],
            "values": [{"key": key, "type": core.type_name(value), "value": core.to_json(value)}
                       for key, value in ckpt.values.items()],
            "state_dicts": list(ckpt.state_dicts),
            "findings": [finding._asdict() for finding in ckpt.findings]}


def _tensor_json(info: core.TensorInfo, digests: Mapping[str, str | core.BadTensor] | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": info.key, "shape": info.shape, "dtype": info.dtype, "device": info.device, "stride": info.stride,
        "offset": info.offset, "numel": info.numel, "nbytes": info.nbytes, "storage": info.storage or None,
        "storage_nbytes": info.storage_nbytes, "requires_grad": info.requires_grad, "state_dict": info.state_dict}
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


def as_text(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None = None) -> str:
    """The answer of `ls` for people: a sentence, a line per tensor and per value, and what is odd."""
    parts = [sentence(ckpt)]
    if ckpt.tensors:
        parts += ["", _tensor_table(ckpt, digests)]
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
        dtypes = Counter(info.dtype for info in infos)
        devices = Counter(info.device or "no device" for info in infos)
        lines.append(f"{_shares(dtypes)}; {_shares(devices)}")
    places = [path or "(root)" for path in ckpt.state_dicts]
    if places and places != ["(root)"]:
        lines.append("state dicts: " + ", ".join(core.visible(place) for place in places))
    return "\n".join(lines)


def _parameters(ckpt: core.Checkpoint) -> tuple[int, int]:
    """Elements of all tensors, the optimizer's apart; a view that is reached twice, as with tied weights, counts once."""
    seen = set()
    weights = optimizer = 0
    numels: dict[tuple[int, ...], int] = {}
    for key, info in ckpt.tensors.items():
        if info.storage:
            view = (info.storage, info.offset, info.shape, info.stride)
            if view in seen:
                continue
            seen.add(view)
        numel = numels.get(info.shape)
        if numel is None:
            numel = numels[info.shape] = info.numel
        if "optim" in key and "optim" in key.split(".", 1)[0]:
            optimizer += numel
        else:
            weights += numel
    return weights, optimizer


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


def _tensor_table(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None) -> str:
    infos = ckpt.tensors.values()
    texts: dict[tuple[tuple[int, ...], str, str | None], tuple[str, str, str, str]] = {}       # few, again and again
    rows = []
    for key, info in zip(_visible_all(ckpt.tensors), infos, strict=True):
        form = (info.shape, info.dtype, info.device)
        text = texts.get(form)
        if text is None:
            label = "-" if info.device is None else core.visible(info.device, 40)
            text = texts[form] = (_shape(info.shape), core.visible(info.dtype, 40), label, f"{info.nbytes:,}")
        rows.append((key, *text, _end(info, digests) if digests is not None or info.problem else ""))
    shown = [("key", "shape", "dtype", "device", "bytes"), *texts.values()]
    width = min(max(3, *(len(row[0]) for row in rows)), _KEY_WIDTH)
    shape, dtype, device, nbytes = (max(len(text[-4 + n]) for text in shown) for n in range(4))
    line = f"%-{width}s  %-{shape}s  %-{dtype}s  %-{device}s  %{nbytes}s%s"
    title = line % ("key", "shape", "dtype", "device", "bytes", "  sha256" if digests is not None else "")
    return "\n".join([title, *[line % row for row in rows]])


def _visible_all(keys: Collection[str]) -> Iterable[str]:
    """Every key as `core.visible` has it, asking once for all where nothing needs to be changed."""
    together = "".join(keys)
    if together.isascii() and together.isprintable() and max(map(len, keys), default=0) <= _LONG:
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


def stats_json(ckpt: core.Checkpoint, outcomes: Iterable[tuple[str, Outcome]]) -> dict[str, Any]:
    """The object of `stats --json`; a tensor whose values cannot be had has a "problem" instead of numbers."""
    return {"tensors": [_stats_row(ckpt.tensors[key], outcome) for key, outcome in outcomes]}


def _stats_row(info: core.TensorInfo, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, core.BadTensor):
        return {"key": info.key, "numel": info.numel, "problem": outcome.message}
    return {"key": info.key, "numel": outcome.numel, "min": number(outcome.min), "max": number(outcome.max),
            "mean": number(outcome.mean), "std": number(outcome.std), "nan": outcome.nan, "inf": outcome.inf,
            "zeros": outcome.zeros, "hist": {"edges": [number(edge) for edge in outcome.edges], "counts": outcome.counts}}


def number(value: float | int) -> float | int | str:
    """A number that JSON can hold: "nan", "inf" and "-inf" for those that it cannot."""
    return value if isinstance(value, int) or math.isfinite(value) else str(value)


def stats_text(ckpt: core.Checkpoint, outcomes: Iterable[tuple[str, Outcome]]) -> str:
    """A line per tensor."""
    rows = []
    for key, outcome in outcomes:
        name = core.visible(key)
        if isinstance(outcome, core.BadTensor):
            rows.append((name, f"{ckpt.tensors[key].numel:,}", *[""] * 7, "! " + core.visible(outcome.message, 200)))
        else:
            rows.append((name, f"{outcome.numel:,}", *map(_brief, (outcome.min, outcome.max, outcome.mean, outcome.std)),
                         *map("{:,}".format, (outcome.nan, outcome.inf, outcome.zeros)), ""))
    return columns(("key", "elements", "min", "max", "mean", "std", "nan", "inf", "zeros", ""), rows) + "\n"


def _brief(value: float | int) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"
