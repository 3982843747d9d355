"""Values that `torch.load` refuses with weights_only=True, its default since 2.6: "weights-only", one finding for all of them."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import visible
from inspector.core.torch_load import loads_with_torch

_PLAIN = "`inspector edit FILE -o OUT --plain '*'` keeps them as plain data that torch.load takes; "
_TRUST = "weights_only=False is for files whose author you trust."
_ONE_PICKLE = ("torch-zip", "torch-legacy", "torch-tar", "pickle")         # where values can be made plain
_AGAIN = "`inspector edit FILE -o OUT` saves it as an archive that torch.load takes."
_OLD = ("torch-legacy", "torch-tar")


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    found = loads_with_torch(ckpt)
    if found.refused:
        hint = _PLAIN + _TRUST if ckpt.format in _ONE_PICKLE else _TRUST
        yield Finding("weights-only", "warning", visible(found.refused[0].key), found.sentence(), hint,
                      keys=tuple(dict.fromkeys(one.key for one in found.refused)),
                      code=tuple(dict.fromkeys(one.name for one in found.refused)))
    elif found.weights_only is False and ckpt.format in _OLD and not any(info.problem for info in ckpt.tensors.values()):
        yield Finding("weights-only", "warning", "", found.sentence(), _AGAIN)
