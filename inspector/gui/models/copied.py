"""What the clipboard gets of rows: as Python that reads them, and as JSON of their shapes."""
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from inspector import core


def in_python(path: str, keys: Sequence[str]) -> Iterator[str]:
    """Lines for a script or a notebook, that read the tensors and values `keys` of the file; the file itself, without keys. A string of
    Python is what it is whatever is in the name."""
    yield from ("from inspector import core", "", f"ckpt = core.open({path!r})")
    if len(keys) == 1:
        yield f"array = ckpt[{keys[0]!r}].numpy()"
    elif keys:
        yield "arrays = {key: ckpt[key].numpy() for key in ("
        yield from (f"    {key!r}," for key in keys)
        yield ")}"
    yield ""


def in_json(ckpt: core.Checkpoint, keys: Sequence[str]) -> Iterator[str]:
    """Lines of {key: {"shape", "dtype"}} of the tensors `keys`."""
    yield "{"
    for n, key in enumerate(keys, 1):
        info = ckpt.tensors[key]
        yield f" {json.dumps(key)}: {json.dumps({'shape': [*info.shape], 'dtype': info.dtype})}" + ("," if n < len(keys) else "")
    yield "}"
    yield ""
