"""Finding -> the edits that end it.

Of each kind of finding there are candidates, the one that changes least first. One is given only when it was applied to the tables and
what the finding is about was gone. To add a kind, write what it suggests and put it in the list.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.edits.drop import Drop
from inspector.core.edits.drop_broken import DropBroken, DropBrokenUnread
from inspector.core.edits.editing import edit
from inspector.core.edits.extract import Extract
from inspector.core.edits.make_plain import MakePlain
from inspector.core.edits.recipe import can_be_typed
from inspector.core.edits.remap_devices import RemapDevices
from inspector.core.edits.rename import Rename
from inspector.core.edits.strip_prefix import StripPrefix
from inspector.core.edits.tools.common import Edit, are_soon_tried
from inspector.core.edits.tools.globs import literal, patterns_for
from inspector.core.edits.unshare import Unshare
from inspector.core.errors import EditError
from inspector.core.findings import Finding
from inspector.core.keypath import ancestors, join
from inspector.core.naming_conventions import WRAPPERS_OWN
from inspector.core.opening import CheckpointLike, opened
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.sharing import relation, sharing
from inspector.core.tensors.sizes import unreached

Edits = tuple[Edit, ...]
_FEW = 8                # parts that are renamed one by one, tensors that are left out by their names

_PLAIN_TAG = re.compile(r"[\w:.-]+", re.ASCII)


def fixes_for(finding: Finding, ckpt: CheckpointLike, monitor: Monitor = QUIET) -> Edits:
    """The edits that end `finding`, which is one about `ckpt`: applied to it they leave nothing of what the finding says. () when none
    is known. They were tried, which reads no tensor, unless the finding itself is from reading them. Raises Cancelled.

    >>> ckpt = core.open(core.save({"module.a.w": np.ones(3), "module.b.w": np.ones(3)}, folder / "a.pth").path)
    >>> [(finding.id, core.fixes_for(finding, ckpt)) for finding in ckpt.findings]
    [('module-prefix', (StripPrefix(prefix='module.'),))]
    """
    return next(fixes for _, fixes in fixes_for_each(ckpt, [finding], monitor))


def fixes_for_each(ckpt: CheckpointLike, findings: Iterable[Finding],
                   monitor: Monitor = QUIET) -> Iterator[tuple[Finding, Edits]]:
    """(finding, its `fixes_for`) of each, in order: what several of them ask for is tried once.

    >>> ckpt = core.open(core.save({"module.a.w": np.ones(3), "module.b.w": np.ones(3)}, folder / "a.pth").path)
    >>> [(finding.id, len(edits)) for finding, edits in core.fixes_for_each(ckpt, ckpt.findings)]
    [('module-prefix', 1)]
    """
    ckpt = opened(ckpt, monitor)
    tried: list[tuple[Edits, Checkpoint | None]] = []
    for finding in findings:
        suggest = _SUGGEST.get(finding.id)
        found = (candidate for candidate in (suggest(finding, ckpt) if suggest else ())
                 if candidate and are_soon_tried(candidate, ckpt) and can_be_typed(candidate) and
                 (after := _after(ckpt, _trial(finding, candidate), tried, monitor)) is not None and has_ended(finding, ckpt, after))
        yield finding, next(found, ())


def _trial(finding: Finding, candidate: Edits) -> Edits:
    """What is applied to try `candidate`. What the tables alone say is broken costs no reading of all that is not."""
    if finding.id != "broken-tensor":
        return candidate
    return tuple(DropBrokenUnread() if isinstance(one, DropBroken) else one for one in candidate)


def _after(ckpt: Checkpoint, candidate: Edits, tried: list[tuple[Edits, Checkpoint | None]], monitor: Monitor) -> Checkpoint | None:
    """The checkpoint after some edits, None when they cannot be applied."""
    for known, after in tried:
        if known == candidate:
            return after
    try:
        found = edit(ckpt, candidate, monitor)
    except EditError:
        found = None
    tried.append((candidate, found))
    return found


def has_ended(finding: Finding, before: Checkpoint, after: Checkpoint) -> bool:
    """Whether nothing that `finding`, of `before`, is about is left in what edits made of it: neither a finding of its kind about any
    of the same things nor, where only reading tells, one of its tensors."""
    keys = _called_now(finding.keys, before, after)
    if not any(one.id == finding.id for one in before.findings):        # from reading the tensors, which edits do not
        return bool(finding.keys) and not keys
    return not any(_is_about(left, finding, keys) for left in after.findings if left.id == finding.id)


def _called_now(keys: Iterable[str], before: Checkpoint, after: Checkpoint) -> set[str]:
    """What those of the keys of `before` that are left are called."""
    old = before.edited.origin if before.edited else None
    sources = {key if old is None else old.get(key) for key in keys}
    if not sources or not after.edited:
        return {key for key in keys if key in after.tensors or key in after.values}
    return {key for key, source in after.edited.origin.items() if source in sources}


def _is_about(left: Finding, finding: Finding, keys: set[str]) -> bool:
    """Whether a finding of the same kind is about something that `finding` was about, whose keys are called `keys` now."""
    if finding.prefix or left.prefix:
        return finding.prefix == left.prefix
    facts = [(set(left.devices), finding.devices), (set(left.code), finding.code), (set(left.members), finding.members),
             (set(left.keys), keys)]
    known = [(some, others) for some, others in facts if some]
    return not known or any(not some.isdisjoint(others) for some, others in known)


# -- what each kind suggests ----------------------------------------------------------------------------------------------------

def _strip(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    """In the state dicts that it is about, by their paths where others have such names, too, and without what is the wrapper's own. The
    names of a whole module can only be changed once its state dict is what is saved."""
    prefix, places = finding.prefix, finding.keys
    own = [(place, name) for place in places for name in sorted(WRAPPERS_OWN) if join(place, name) in ckpt.tensors]
    drops = tuple(Drop(literal(join(place, name))) for place, name in own)
    others = any(info.state_dict not in places and info.name.startswith(prefix) for info in ckpt.tensors.values())
    if others and "" not in places:
        yield *drops, *(StripPrefix(f"{place}.{prefix}") for place in places)
    yield *drops, StripPrefix(prefix)
    if len(places) == 1 and places == (_whole_module(ckpt),):
        yield Extract(places[0] or "."), *(Drop(literal(name)) for _, name in own), StripPrefix(prefix)


def _unwrap(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    """Of parts that are wrapped by themselves, one after the other."""
    if len(finding.keys) <= _FEW:
        yield tuple(Rename(f"^{re.escape(part)}\\.{re.escape(finding.prefix)}", f"{part}.") for part in finding.keys)


def _to_cpu(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    yield (RemapDevices({"*": "cpu"}),)


def _known_device(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    """Only what no torch knows goes to the CPU; all of it where a tag cannot be written as a pattern."""
    if all(_PLAIN_TAG.fullmatch(device) for device in finding.devices):
        yield (RemapDevices(dict.fromkeys(finding.devices, "cpu")),)
    yield from _to_cpu(finding, ckpt)


def _only_used_bytes(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    """Tensors of storages that all their tensors together do not fill."""
    wasted = unreached(ckpt)
    yield _unshared(key for key, info in ckpt.tensors.items() if info.storage in wasted and info.layout == "strided")


def _own_bytes(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    """Tensors that share bytes without being the same: tied ones are meant to be."""
    yield _unshared(key for keys in sharing(ckpt).values() if not _are_tied([ckpt.tensors[key] for key in keys]) for key in keys)


def _are_tied(infos: list[TensorInfo]) -> bool:
    return all(relation(info, infos[0]) == "same" for info in infos)


def _unshared(keys: Iterable[str]) -> Edits:
    return tuple(Unshare(pattern) for pattern in patterns_for(keys))


def _without_code(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    """Of a pickled model its state dict, which needs no code."""
    path = _whole_module(ckpt)
    if path is not None:
        yield (Extract(path or "."),)


def _plain(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    """Values that torch.load refuses as the plain data in them: those the finding names or, where that is not all, every one."""
    if "" in finding.keys:          # the object itself
        yield from _without_code(finding, ckpt)
    inner = {*finding.keys}
    outer = [key for key in finding.keys if inner.isdisjoint(ancestors(key))]
    yield tuple(MakePlain(pattern) for pattern in patterns_for(outer))
    yield (MakePlain("*"),)
    yield from _without_code(finding, ckpt)


def _without(finding: Finding, ckpt: Checkpoint) -> Iterator[Edits]:
    """The rest of the file: without a few tensors by their names, without many as what is broken, which nobody has to read. The names
    of a whole module can only be left out once its state dict is what is saved. Nothing where it is about all that there is, as of an
    index whose files are not there: of a million tensors that nothing would be left takes long to be found out by trying."""
    if not ckpt.values and {*finding.keys}.issuperset(ckpt.tensors):
        return
    yield from _left_out(finding.keys)
    path = _whole_module(ckpt)
    if path is not None and all(ckpt.tensors[key].state_dict == path for key in finding.keys if key in ckpt.tensors):
        for edits in _left_out([ckpt.tensors[key].name for key in finding.keys if key in ckpt.tensors]):
            yield Extract(path or "."), *edits


def _left_out(keys: Sequence[str]) -> list[Edits]:
    by_name: Edits = tuple(Drop(pattern) for pattern in patterns_for(keys))
    as_broken: Edits = (DropBroken(),)
    return [by_name, as_broken] if len(keys) <= _FEW else [as_broken, by_name]


def _whole_module(ckpt: Checkpoint) -> str | None:
    """The path of the one pickled model whose state dict is in the file; None when there is none, or several."""
    outer = [path for path in ckpt.modules if ckpt.modules.isdisjoint(ancestors(path))]
    return outer[0] if len(outer) == 1 else None


_SUGGEST: Mapping[str, Callable[[Finding, Checkpoint], Iterator[Edits]]] = {
    "module-prefix": _strip,
    "wrapped-part": _unwrap,
    "saved-on-gpu": _to_cpu,
    "location": _known_device,
    "oversized-storage": _only_used_bytes,
    "shared-storage": _own_bytes,
    "broken-tensor": _without,
    "corrupt-member": _without,
    "unknown-code": _without_code,
    "weights-only": _plain,
    "computed-call": _without_code,
    "dead-call": _without_code,
    "nested-pickle": _without_code,
}
