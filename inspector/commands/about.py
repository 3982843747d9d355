"""What a checkpoint is, in English: in a line or two, and as one sentence."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import prod
from operator import itemgetter

from inspector import core

KINDS = {"state-dict": "a state dict", "training-checkpoint": "a training checkpoint", "module": "a whole module",
         "torchscript": "a TorchScript module", "tensor": "a tensor", "other": "other contents"}
_FIELDS = core.TensorInfo._fields.index
_STORAGE = itemgetter(_FIELDS("storage"))
_DTYPE = itemgetter(_FIELDS("dtype"))
_DEVICE = itemgetter(_FIELDS("device"))
_SHAPE = itemgetter(_FIELDS("shape"))
_VIEW = itemgetter(*map(_FIELDS, ("storage", "offset", "shape", "stride")))


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
