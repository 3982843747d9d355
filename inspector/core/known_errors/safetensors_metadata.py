"""What transformers and diffusers say of a safetensors file without the "format" that their save_pretrained notes in its metadata
(transformers/modeling_utils.py, `load_state_dict`, of 4.26 on)."""
from __future__ import annotations

from inspector.core.edits.set_metadata import SetMetadata
from inspector.core.io import addresses
from inspector.core.keypath import visible

from .explanation import Case, Explanation, search

_SIGNS = (r"safetensors archive passed at .{1,2000}? does not contain the valid metadata",)
_NO_METADATA = (r"'NoneType' object has no attribute 'get'",)
_MEANING = 'transformers looks for "format" in the metadata of a safetensors file, where save_pretrained notes "pt", and there is none.'


def explain(case: Case) -> Explanation | None:
    file = case.file
    is_safetensors = file is not None and file.format.startswith("safetensors")
    if not search(_SIGNS, case.text) and not (is_safetensors and file is not None and not file.metadata
                                              and search(_NO_METADATA, case.text)):
        return None
    if file is None or not is_safetensors:
        return Explanation("safetensors-metadata", _MEANING, advice=('save_file(tensors, path, metadata={"format": "pt"}) notes it.',))
    there = file.metadata.get("format")
    if there is not None:
        return Explanation("safetensors-metadata", _MEANING, (
            f"In this file it is {visible(there, 40)}: the text is about another file, or that is none that transformers knows.",))
    return Explanation("safetensors-metadata", _MEANING, ("In this file there is none.",), case.remedies(
        [("transformers finds the format", [SetMetadata("format", "pt")])], lambda ckpt: ckpt.metadata.get("format") == "pt",
        addresses.file_name(file.path) if file.format == "safetensors" else ""))
