"""What torch says when tensors were saved on a device that is not here (torch/serialization.py, `_validate_device`; 0.4 to the newest)."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from inspector.core.checkpoint import Checkpoint
from inspector.core.edits.make_plain import MakePlain
from inspector.core.edits.remap_devices import RemapDevices
from inspector.core.edits.tools.common import Edit
from inspector.core.keypath import visible
from inspector.core.wording import count

from .explanation import Case, Explanation, Remedy, few, is_taken, search

_SIGNS = (r"[Aa]ttempting to deserialize object on (?:a |an )?(?P<kind>\w+) device(?: (?P<index>\d+))?",
          r"don't know how to restore data location of \S+ \(tagged with (?P<tag>[^)\s]+)\)",
          r"Storage device not recognized: (?P<device>[\w:]+)", r"The (?P<missing>\w+) device module is not registered",
          r"(?P<driver>Found no NVIDIA driver on your system)", r"(?P<ordinal>CUDA error: invalid device ordinal)",
          r"(?P<build>Torch not compiled with CUDA enabled)", r"(?P<count>torch\.\w+\.device_count\(\) is \d+)")
_KEYS = 3
_ANYWHERE = frozenset((None, "cpu", "meta"))


def explain(case: Case) -> Explanation | None:
    found = search(_SIGNS, case.text)
    if found is None:
        return None
    kind = next((text for name in ("kind", "tag", "device", "missing") if (text := found.groupdict().get(name))), "cuda").lower()
    kind, _, number = kind.partition(":")
    number = found.groupdict().get("index") or number
    meaning = (f"torch.load puts each tensor back on the device that it was saved on, and this computer has no "
               f"{visible(f'{kind}:{number}' if number else kind, 40)}.")
    advice = ('torch.load(path, map_location="cpu") reads it without that device.',)
    if case.file is None:
        return Explanation("device", meaning, advice=advice)
    return Explanation("device", meaning, tuple(_about(case.file, kind)), _remedies(case, kind, number), advice)


def _about(file: Checkpoint, kind: str) -> Iterator[str]:
    tags = Counter(info.device for info in file.tensors.values() if info.device not in _ANYWHERE)
    if not tags:
        yield "No tensor of this file is tagged with a device besides the CPU: the text is about another file."
        return
    for tag, n in tags.most_common(_KEYS):
        keys = [key for key, info in file.tensors.items() if info.device == tag]
        yield f"{n:,} of {count(len(file.tensors), 'tensor')} {'is' if n == 1 else 'are'} tagged with {visible(tag or '', 40)}: " \
            f"{few(keys, _KEYS)}."
    if not any((tag or "").startswith(kind) for tag in tags):
        yield f"None is tagged with {visible(kind, 40)}: the text may be about another file."


def _remedies(case: Case, kind: str, number: str) -> tuple[Remedy, ...]:
    if case.file is None or all(info.device in _ANYWHERE for info in case.file.tensors.values()):
        return ()
    whole: list[tuple[str, Sequence[Edit]]] = [("torch.load takes it on any computer", [RemapDevices({"*": "cpu"})])]
    after = case.after(whole[0][1])
    if after is not None and not is_taken(after):
        whole.insert(0, ("torch.load takes it on any computer", [RemapDevices({"*": "cpu"}), MakePlain("*")]))
    found = case.remedies(whole, lambda ckpt: is_taken(ckpt) and {info.device for info in ckpt.tensors.values()} <= _ANYWHERE)
    if kind == "cuda" and number not in ("", "0"):
        first: list[tuple[str, Sequence[Edit]]] = [("its tensors go to the first GPU", [RemapDevices({"cuda:*": "cuda:0"})])]
        found += case.remedies(first, lambda ckpt: {info.device for info in ckpt.tensors.values()} <= {*_ANYWHERE, "cuda:0"})
    return found
