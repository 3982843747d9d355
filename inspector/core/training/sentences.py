"""What a checkpoint is, in English: in a line or two, and as one sentence. The window says the same in the language it is set to."""
from __future__ import annotations

from collections import Counter

from inspector.core.checkpoint import Checkpoint
from inspector.core.keypath import visible
from inspector.core.tensor_table import tagged
from inspector.core.wording import count, listed, many, share, size

from .description import Description, Model
from .optimizers import Optimizer
from .weights import Counts, counts, is_unread

_MODELS = 4             # told one by one
_SHARES = 8             # dtypes and devices told one by one
_PLACES = 20            # state dicts told one by one
_A_KIND = {"state-dict": "a state dict", "training-checkpoint": "a training checkpoint", "module": "a whole module",
           "torchscript": "a TorchScript program", "tensor": "a tensor", "other": "other contents"}
_KIND = {"state-dict": "State dict", "training-checkpoint": "Training checkpoint", "module": "Whole module", "tensor": "Tensor",
         "torchscript": "TorchScript program"}


def headline(ckpt: Checkpoint, found: Counts | None = None) -> str:
    """Format, kind, how much of what (`found`, where that is known), in one or two lines. The shapes of tensors whose file is not there
    are not known."""
    found = found or counts(ckpt)
    least = "at least " if "unknown" in tagged(ckpt.tensors, "dtype") and any(map(is_unread, ckpt.tensors.values())) else ""
    parts = [count(len(ckpt.tensors), "tensor"), least + count(found.parameters, "parameter")]
    if found.optimizer:
        parts.append(count(found.optimizer, "value") + " of optimizer state")
    lines = [f"{visible(ckpt.path, 1000)}: {_A_KIND.get(ckpt.kind, ckpt.kind)} ({ckpt.format}), {', '.join(parts)}, "
             f"{size(ckpt.nbytes)}"]
    if ckpt.tensors:
        dtypes = Counter({dtype or "": times for dtype, times in tagged(ckpt.tensors, "dtype").items()})
        devices: Counter[str] = Counter()
        for device, times in tagged(ckpt.tensors, "device").items():
            devices[device or "no device"] += times
        lines.append(f"{_shares(dtypes)}; {_shares(devices)}")
    places = [path or "(root)" for path in ckpt.state_dicts]
    if places and places != ["(root)"]:
        more = f" and {len(places) - _PLACES:,} more" if len(places) > _PLACES else ""
        lines.append("state dicts: " + ", ".join(map(visible, places[:_PLACES])) + more)
    return "\n".join(lines)


def sentence(about: Description) -> str:
    """One sentence: "Training checkpoint, PyTorch ≥ 1.6 zip, epoch 50: model_state_dict (62 tensors, 11.2 M parameters, float32,
    saved on cuda:0) and Adam state for all of them, which is 67 % of the file.".

    >>> core.sentence(core.describe({"epoch": 3, "model": {"fc.weight": np.ones((4, 2), np.float32)}}))
    'Training checkpoint, PyTorch ≥ 1.6 zip, epoch 3: model (1 tensor, 8 parameters, float32, saved on cpu).'
    """
    head = ", ".join([_KIND.get(about.kind, "Python data"), about.era, *(f"{name} {_said(value)}" for name, value in about.progress)])
    parts = [_model_said(model) for model in about.models[:_MODELS]]
    if len(about.models) > _MODELS:
        parts.append(f"{len(about.models) - _MODELS:,} more")
    parts += [_optimizer_said(optimizer, about) for optimizer in about.optimizers[:_MODELS]]
    others = [name for names, name in ((about.schedulers, "scheduler"), (about.scalers, "gradient scaler"),
                                       (about.random_states, "random state")) if names]
    beside = "; " * bool(parts) + "with " + listed(others) if others else ""
    return f"{head}: {listed(parts)}{beside}." if parts or others else f"{head}."


def _said(value: int | float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _model_said(model: Model) -> str:
    name = visible(model.path, 80) or visible(model.type, 80)
    parameters = f"{'at least ' * model.partial}{many(model.parameters)} parameter{'s' * (model.parameters != 1)}"
    facts = [count(model.tensors, "tensor"), parameters, *map(visible, model.dtypes[:3])]
    devices = [visible(device, 40) for device in model.devices[:3] if device]
    said = ", ".join([*facts, *([f"saved on {listed(devices)}"] if devices else [])])
    return f"{name} ({said})" if name else said


def _optimizer_said(optimizer: Optimizer, about: Description) -> str:
    said = f"{visible(optimizer.kind, 60)} state" if optimizer.kind else "optimizer state"
    parameters, known = len(optimizer.parameters), optimizer.known
    models = listed([visible(path, 60) for path in optimizer.models if path]) if len(about.models) > 1 else ""
    if optimizer.complete:
        said += f" for all of {models or 'them'}"
    else:
        said += f" for {count(parameters, 'parameter tensor')}"
        if models and known == parameters:
            said += f" of {models}"
        elif 0 < known < parameters:
            said += f", {known:,} of them known by name"
    if optimizer.nbytes > about.nbytes:         # of a file that is cut short
        return said
    part = share(optimizer.nbytes, about.nbytes)
    return f"{said}, which is {part} of the file" if len(about.optimizers) == 1 else f"{said} ({part} of the file)"


def _shares(counts: Counter[str]) -> str:
    shown = [f"{visible(name)} {times:,}" if len(counts) > 1 else visible(name) for name, times in counts.most_common(_SHARES)]
    return ", ".join(shown) + (f" and {len(counts) - _SHARES:,} more" if len(counts) > _SHARES else "")
