"""What safetensors and transformers say of a dict that their `save_file` does not take: tensors that share memory, as tied weights do,
that are not contiguous or sparse, and what is no tensor (safetensors/bindings/python/py_src/safetensors/torch.py, 0.3 to 0.7)."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.core.checkpoint import Checkpoint, is_contiguous
from inspector.core.edits.extract import Extract
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import patterns_for
from inspector.core.edits.unshare import Unshare
from inspector.core.keypath import visible
from inspector.core.tensors.sharing import sharing
from inspector.core.training.weights import model_dicts

from .explanation import Case, Explanation, few, search

_SHARED = (r"Some tensors share memory, this will lead to duplicate memory", r"trying to be saved contained shared tensors",
           r"no suitable name to keep for saving amongst")
_SCATTERED = (r"You are trying to save a non contiguous tensor: `(?P<key>[^`]{1,200})`",)
_SPARSE = (r"You are trying to save a sparse tensors: `(?P<key>[^`]{1,2000})`",)
_NO_TENSOR = (r"Key `(?P<key>[^`]{1,200})` is invalid, expected torch\.Tensor but received",
              r"Expected a dict of \[str, torch\.Tensor\] but received")
_FROM_A_FILE = ("From a file of torch.save, `inspector edit FILE -o OUT.safetensors` writes one: a tensor of several names once, views and "
                "what is not contiguous in order; what cannot be held is told before.")


def explain(case: Case) -> Explanation | None:
    if search(_SHARED, case.text):
        meaning = "safetensors refuses to save tensors that share memory, as tied weights and views do: its format has no way to say so."
        return _explained(case, meaning, "safetensors.torch.save_model(model, path) keeps each of them once, and load_model reads that.")
    if found := search(_SCATTERED, case.text):
        meaning = f"safetensors saves contiguous tensors alone, and {visible(found['key'], 120)} is not: it was transposed, or is a view."
        return _explained(case, meaning, "save_file({key: tensor.contiguous() for key, tensor in model.state_dict().items()}, path)")
    if found := search(_SPARSE, case.text):
        meaning = f"safetensors has no sparse tensors: {visible(found['key'], 120)}."
        return Explanation("safetensors-saving", meaning, advice=("tensor.to_dense() can be saved, and takes as much as all its zeros.",))
    if found := search(_NO_TENSOR, case.text):
        key = found.groupdict().get("key")
        what = f"{visible(key, 120)} is none" if key else "was given something else"
        meaning = f"safetensors saves one dict of names and tensors, and {what}."
        return _explained(case, meaning, "save_file(model.state_dict(), path); what else there is can be text, in metadata={...}.")
    return None


def _explained(case: Case, meaning: str, way: str) -> Explanation:
    if case.file is None:
        return Explanation("safetensors-saving", meaning, advice=(way, _FROM_A_FILE))
    remedies = case.remedies(_ways(case.file), lambda ckpt: bool(ckpt.tensors))
    return Explanation("safetensors-saving", meaning, tuple(_about(case.file)), remedies, (way, _FROM_A_FILE))


def _about(file: Checkpoint) -> Iterator[str]:
    for keys in [*sharing(file).values()][:3]:
        yield f"In this file, {few(keys)} share memory."
    scattered = [key for key, info in file.tensors.items() if info.layout == "strided" and not is_contiguous(info.shape, info.stride)]
    if scattered:
        yield f"In this file, {few(scattered)} {'are' if len(scattered) > 1 else 'is'} not contiguous."
    if file.values:
        yield f"In this file, {few([*file.values])} {'are no tensors' if len(file.values) > 1 else 'is no tensor'}."


def _ways(file: Checkpoint) -> Iterator[tuple[str, Sequence[Edit]]]:
    for path in [path for path in model_dicts(file) if path][:2] if file.values else []:
        yield f"the state dict of {visible(path, 80)} alone", [Extract(path)]
    keys = [key for keys in sharing(file).values() for key in keys]
    if keys:
        yield "no tensor shares memory with another", [Unshare(pattern) for pattern in patterns_for(keys)]
