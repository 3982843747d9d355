"""What the ending of a name promises, and to whom: a file is read by what it is called long before anybody looks into it.

`torch.load` does not read a safetensors file called .pth, nor does anything that goes by the name read a PyTorch file called .safetensors
or .onnx. Such names are refused; endings that promise nothing in particular (".best", ".epoch_3", none at all) are the person's own.
"""
from __future__ import annotations

import os

from inspector.core.errors import SaveError
from inspector.core.io import addresses
from inspector.core.keypath import visible
from inspector.core.opening import file_of

INDEX = ".safetensors.index.json"
TORCH = (".pth", ".pt", ".ckpt", ".bin", ".th", ".tar", ".pkl", ".ptl")
SAFETENSORS = (".safetensors",)
# what such a file would be taken for; none of them is written
_OTHERS = {
    **dict.fromkeys((".onnx", ".ort"), "an ONNX model"), **dict.fromkeys((".npz", ".npy"), "NumPy arrays"),
    **dict.fromkeys((".gguf", ".ggml"), "a GGUF model"), **dict.fromkeys((".h5", ".hdf5", ".keras"), "a Keras model"),
    **dict.fromkeys((".pb", ".tflite"), "a TensorFlow model"), **dict.fromkeys((".mlmodel", ".mlpackage"), "a Core ML model"),
    **dict.fromkeys((".engine", ".plan", ".trt"), "a TensorRT engine"), ".pt2": "a program of torch.export",
    ".pte": "an ExecuTorch program", ".msgpack": "a Flax checkpoint", **dict.fromkeys((".pdparams", ".pdopt"), "a Paddle checkpoint"),
    **dict.fromkeys((".json", ".yaml", ".yml", ".toml", ".txt", ".csv", ".tsv", ".md", ".html", ".py"), "text"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".svg"), "a picture"),
    **dict.fromkeys((".gz", ".xz", ".bz2", ".zst", ".7z", ".rar", ".tgz"), "something that is packed"),
}


def format_of(path: str) -> str | None:
    """The format that the ending of `path` asks for, if it does."""
    ending = _ending(path)
    return "torch-zip" if ending in TORCH else "safetensors" if ending in SAFETENSORS else None


def misleading(path: str, format: str) -> SaveError | None:
    """What is wrong with the name when a file of `format` at `path` would be taken for something else (id "ending"), or None."""
    ending, name = _ending(path), visible(os.path.basename(path.rstrip("/\\")), 120)
    if format == "safetensors-sharded":
        if path.lower().endswith(INDEX) or os.path.isdir(path) or ending not in (*TORCH, *SAFETENSORS, *_OTHERS):
            return None
        return SaveError(f"a checkpoint in several files is a folder, and {name} is named like a file",
                        f"Name a folder, or an index as in model{INDEX}.", id="ending")
    if ending in _OTHERS and not path.lower().endswith(INDEX):
        return SaveError(f"{name} would be taken for {_OTHERS[ending]}, which it would not be",
                        f"PyTorch files ({TORCH[0]}, {TORCH[1]}) and {SAFETENSORS[0]} are written: give it such an ending.", id="ending")
    if format == "safetensors" and ending in TORCH:
        return SaveError(f"{name} would be a safetensors file that is named like a PyTorch file: torch.load would refuse it",
                        f"Let its name end in {SAFETENSORS[0]}, or save it as PyTorch file.", id="ending")
    if format != "safetensors" and ending in SAFETENSORS:
        return SaveError(f"{name} would be a PyTorch file that is named like a safetensors file: what goes by the name would refuse it",
                        f"Let its name end in {TORCH[0]}, or save it as safetensors.", id="ending")
    return None


def edited_path(path: str) -> str:
    """A name beside `path` for what edits make of it: "last-edited.pth"; of an address, in the working folder. With an ending that may be
    written.

    >>> core.edited_path("runs/last.pth")
    'runs/last-edited.pth'
    """
    file = file_of(path).rstrip("/\\")
    stem, ending = os.path.splitext(addresses.file_name(file) if addresses.is_address(file) else file)
    return f"{stem}-edited{TORCH[0] if ending.lower() in _OTHERS else ending}"


def _ending(path: str) -> str:
    return os.path.splitext(path.rstrip("/\\").lower())[1]
