"""What the clipboard gets of rows: as Python that reads them, and as JSON of their shapes."""
from __future__ import annotations

import json
from collections.abc import Sequence

from inspector import core


def as_python(path: str, keys: Sequence[str]) -> str:
    """Lines for a script or a notebook, that read the tensors and values `keys` of the file; the file itself, without keys. A string of
    Python is what it is whatever is in the name."""
    lines = ["from inspector import core", "", f"ckpt = core.open({path!r})"]
    if len(keys) == 1:
        lines.append(f"array = ckpt[{keys[0]!r}].numpy()")
    elif keys:
        lines += ["arrays = {key: ckpt[key].numpy() for key in (", *(f"    {key!r}," for key in keys), ")}"]
    return "\n".join(lines) + "\n"


def as_json(ckpt: core.Checkpoint, keys: Sequence[str]) -> str:
    """{key: {"shape", "dtype"}} of the tensors `keys`."""
    found = {key: {"shape": [*ckpt.tensors[key].shape], "dtype": ckpt.tensors[key].dtype} for key in keys}
    return "{\n" + ",\n".join(f" {json.dumps(key)}: {json.dumps(told)}" for key, told in found.items()) + "\n}\n"
