"""What a file is, in one sentence, from `core.Description`; and what tensors are to each other. One spelling for all panels."""
from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from inspector import core, sentences
from inspector.gui.kit import words

translate = QCoreApplication.translate
_MODELS = 4             # told one by one


def sentence(about: core.Description) -> str:
    """"Training checkpoint, PyTorch ≥ 1.6 zip, epoch 50: model_state_dict (62 tensors, 11.2 M parameters, float32, saved on cuda:0)
    and Adam state for all of them, which is 67 % of the file."."""
    progress = [f"{name} {value:,}" if isinstance(value, int) else f"{name} {value:.4g}" for name, value in about.progress]
    head = _comma().join([_kind(about.kind), about.era, *progress])
    parts = [_model(model) for model in about.models[:_MODELS]]
    if len(about.models) > _MODELS:
        parts.append(translate("About", "{n} more").format(n=f"{len(about.models) - _MODELS:,}"))
    parts += [_optimizer(optimizer, about) for optimizer in about.optimizers[:_MODELS]]
    beside = [said for names, said in ((about.schedulers, translate("About", "scheduler")),
                                       (about.scalers, translate("About", "gradient scaler")),
                                       (about.random_states, translate("About", "random state"))) if names]
    said = listed(parts)
    if beside:
        more = translate("About", "with {what}").format(what=listed(beside))
        said = translate("About", "{said}; {more}").format(said=said, more=more) if said else more
    if not said:
        return translate("About", "{head}.").format(head=head)
    return translate("About", "{head}: {said}.").format(head=head, said=said)


def relation(how: str) -> str:
    """Of a `Related.how`."""
    return {"same": translate("About", "same tensor"), "view": translate("About", "view of this"),
            "viewed": translate("About", "this is a view of it"), "overlaps": translate("About", "overlaps"),
            "apart": translate("About", "beside it in the same storage"), "parameter": translate("About", "its parameter"),
            "state": translate("About", "its optimizer state")}.get(how, how)


def listed(parts: Sequence[str]) -> str:
    """"a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return sentences.filled(translate("About", "{some} and {last}"), {"some": _comma().join(parts[:-1]), "last": parts[-1]})


def _comma() -> str:
    return translate("About", ", ")


def _kind(kind: str) -> str:
    return {"state-dict": translate("About", "State dict"), "training-checkpoint": translate("About", "Training checkpoint"),
            "module": translate("About", "Whole module"), "torchscript": translate("About", "TorchScript program"),
            "tensor": translate("About", "Tensor")}.get(kind, translate("About", "Python data"))


def _model(model: core.Model) -> str:
    name = core.visible(model.path, 80) or core.visible(model.type, 80)
    parameters = words.parameters(model.parameters)
    facts = [words.tensors(model.tensors), words.at_least(parameters) if model.partial else parameters,
             *map(core.visible, model.dtypes[:3])]
    devices = [core.visible(device, 40) for device in model.devices[:3] if device]
    if devices:
        facts.append(translate("About", "saved on {devices}").format(devices=listed(devices)))
    said = _comma().join(facts)
    return translate("About", "{name} ({facts})").format(name=name, facts=said) if name else said


def _optimizer(optimizer: core.Optimizer, about: core.Description) -> str:
    kind = translate("About", "{kind} state").format(kind=core.visible(optimizer.kind, 60)) if optimizer.kind \
        else translate("About", "optimizer state")
    count, known = len(optimizer.parameters), optimizer.known
    models = listed([core.visible(path, 60) for path in optimizer.models if path]) if len(about.models) > 1 else ""
    if optimizer.complete and not models:
        said = translate("About", "{state} for all of them").format(state=kind)
    elif optimizer.complete:
        said = translate("About", "{state} for all of {model}").format(state=kind, model=models)
    elif models and known == count:
        said = translate("About", "{state} for {parameters} of {model}").format(state=kind, parameters=_parameters(count), model=models)
    else:
        said = translate("About", "{state} for {parameters}").format(state=kind, parameters=_parameters(count))
        if 0 < known < count:
            said += translate("About", ", {n} of them known by name").format(n=f"{known:,}")
    if optimizer.nbytes > about.nbytes:         # of a file that is cut short
        return said
    share = words.share(optimizer.nbytes, about.nbytes)
    if len(about.optimizers) == 1:
        return translate("About", "{state}, which is {share} of the file").format(state=said, share=share)
    return translate("About", "{state} ({share} of the file)").format(state=said, share=share)


def _parameters(n: int) -> str:
    return translate("About", "1 parameter tensor") if n == 1 else translate("About", "{n} parameter tensors").format(n=f"{n:,}")
