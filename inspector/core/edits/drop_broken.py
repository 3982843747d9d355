"""What cannot be read goes, so that the rest can be saved: tensors that are cut off, missing, or have other bytes than were saved."""
from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint, Extent, FileStamp, Member, Opaque
from inspector.core.checks.corrupt_member import can_be_verified, unreadable
from inspector.core.errors import Changed, EditError
from inspector.core.graph import Graph
from inspector.core.keypath import ancestors, visible
from inspector.core.pickles.objects.storages import KnownStorages, Storages
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.broken import WITHOUT, extents_of, why_broken, why_storage_broken
from inspector.core.wording import counted

from .tools.common import Edit
from .tools.dropping import without
from .tools.globs import literal
from .tools.optimizers import states_of

_UNREADABLE = ("outside:", "unsupported:", "too_big:", "corrupt:", "truncated:", "unreadable:")       # notes of members
_TOLD = 1000
_FILES = 8


@dataclass(frozen=True)
class DropBroken(Edit):
    """Leaves out, by name, whatever cannot be read: tensors that are cut off or missing, those whose bytes are not the ones that were saved
    (by their checksums, for which all are read), and objects that hold such tensors.

    >>> path = core.save({"a": np.ones(300), "b": np.ones(300)}, folder / "a.safetensors").path
    >>> (folder / "cut.safetensors").write_bytes((folder / "a.safetensors").read_bytes()[:-100]) > 0
    True
    >>> list(core.edit(folder / "cut.safetensors", [core.DropBroken()]))
    ['a']
    """

    OPTION: ClassVar[str] = "drop-broken"
    TAKES_TEXT: ClassVar[bool] = False
    _reads: ClassVar[bool] = True

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        broken, members = _broken(ckpt, monitor, self._reads)
        return replace(without(ckpt, self, broken), members=members)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        broken, members = _broken(before, monitor)
        gone = [key for table in (before.tensors, before.values) for key in table if key in broken]
        state = states_of(before, set(gone))
        told = [f"{visible(key, 200)}: {visible(broken[key], 200)}" for key in gone[:_TOLD]]
        if len(gone) > _TOLD:
            told.append(f"{len(gone) - _TOLD:,} more: all are listed with --json.")
        if others := [key for key in before.tensors if key in state.keys and key not in broken]:
            told.append(f"{counted(len(others), 'tensor', 'tensors')} of the optimizer's state for them will be left out, too.")
        if state.unsure:
            told.append(state.unsure)
        left = {member.name for member in members}
        told += [f"The member {visible(member.name, 120)} cannot be read: it is left out." for member in before.members
                 if member.name not in left][:_TOLD]
        return [_looked_at(before, gone), *told]            # a window has room for the first few

    @property
    def text(self) -> str:
        return ""

    def to_json(self) -> Any:
        return True

    @classmethod
    def parse(cls, text: str, option: str) -> DropBroken:
        if text:
            raise EditError(f"{option} takes nothing", f"Say --{option} alone; --drop GLOB leaves out what you name.")
        return cls()

    @classmethod
    def from_json(cls, value: Any, option: str) -> DropBroken:
        if value is not True:
            raise EditError(f"{option} takes true")
        return cls()


class DropBrokenUnread(DropBroken):
    """The same as far as the tables tell, with nothing read: what it leaves out `DropBroken` leaves out, too. For trying, never for
    saving."""

    _reads: ClassVar[bool] = False


def how_to_save_without(ckpt: Checkpoint, key: str) -> str:
    """What to do about a tensor for which a file cannot be saved: one that never had values is not broken, and has to be named."""
    info = ckpt.tensors.get(key)
    if info is None or why_broken(ckpt, info):
        return WITHOUT
    return f"Without it the rest can be saved: --drop '{visible(literal(key), 80)}'."


def _looked_at(ckpt: Checkpoint, gone: Collection[str]) -> str:
    """How much the verdict about all but the keys that are gone is worth."""
    summed = unsummed = 0
    for key in ckpt.tensors.keys() - set(gone):
        extents = [*extents_of(ckpt, ckpt.tensors[key])]
        summed += bool(extents) and all(extent.crc is not None for extent in extents)
        unsummed += any(extent.crc is None for extent in extents)
    said = f"{'All' if not gone else 'Of the others all'} are where they should be"
    if summed:
        said += f"; the bytes of {counted(summed, 'tensor', 'tensors')} were read and compared with their checksums"
    if unsummed:
        said += f"; the file has no checksums for {counted(unsummed, 'tensor', 'tensors')}, so whether those bytes are right cannot be told"
    return f"{said}."


def _broken(ckpt: Checkpoint, monitor: Monitor, read: bool = True) -> tuple[dict[str, str], tuple[Member, ...]]:
    """key -> why it cannot be read, and the members of the archive without those that no tensor needs and that cannot be read. Unless
    it is `read`, whether bytes are the ones that were saved is not asked."""
    broken = {key: why for key, info in ckpt.tensors.items() if (why := why_broken(ckpt, info))}
    used: dict[Extent, list[str]] = {}
    for key, info in ckpt.tensors.items():
        if key not in broken:
            for extent in extents_of(ckpt, info):
                used.setdefault(extent, []).append(key)
    members = {member.extent: member.name for member in ckpt.members if not member.note.startswith(_UNREADABLE)}
    names = {**members, **{extent: keys[0] for extent, keys in used.items()}}
    corrupt = _corrupt(ckpt, {extent: name for extent, name in names.items() if can_be_verified(extent)}, monitor) if read else {}
    for extent, why in corrupt.items():
        broken.update((key, why) for key in used.get(extent, ()))
    for key, why in _objects(ckpt, corrupt):
        broken.setdefault(key, why)
    pickles = tuple(pickle.member for pickle in ckpt.pickles)
    needed = {extent for info in ckpt.tensors.values() for extent in extents_of(ckpt, info)}
    return broken, tuple(member for member in ckpt.members if member.extent in needed or member.name.endswith(pickles) or not (
        member.extent in corrupt or member.note.startswith(_UNREADABLE)))


# What reading extents of a file as it was then came to: "" for those that are right. Edits are applied again and again.
_known: dict[FileStamp, dict[Extent, str]] = {}
_lock = Lock()


def _corrupt(ckpt: Checkpoint, names: dict[Extent, str], monitor: Monitor) -> dict[Extent, str]:
    """Of extents those whose bytes are not as they were saved, and why. Each is read once while its file stays as it is."""
    with _lock:
        while len(_known) >= _FILES:
            del _known[next(iter(_known))]
        known = [_known.setdefault(stamp, {}) for stamp in ckpt.files]
    unread = {extent: name for extent, name in names.items() if extent not in known[extent.file]}
    found: dict[Extent, str] = {}
    for extent, error, _ in unreadable(ckpt, unread, monitor):
        if isinstance(error, Changed):
            raise error
        found[extent] = f"its bytes cannot be trusted: {error.message}"
    for extent in unread:
        known[extent.file][extent] = found.get(extent, "")
    return {extent: why for extent in names if (why := known[extent.file][extent])}


def _objects(ckpt: Checkpoint, corrupt: dict[Extent, str]) -> Iterator[tuple[str, str]]:
    """Unknown objects, no modules, that lead to a storage without its bytes: they are one with what is in them."""
    objects = {key: value for key, value in ckpt.values.items() if isinstance(value, Opaque) and value.node >= 0}
    source = ckpt.as_opened
    if not objects or len(source.pickles) != 1:
        return
    graph: Graph = source.pickles[0].graph
    known = KnownStorages(source.storages)
    lost: dict[int, str] = {}
    for ref in Storages(graph, known.resolve).refs():
        storage = known.resolve(ref)
        why = why_storage_broken(storage) or (corrupt.get(storage.extent, "") if storage.extent is not None else "")
        if why:
            lost[ref.node] = why
    if not lost:
        return
    leads = graph.leading_to(lost)
    modules = ckpt.modules
    why = next(iter(lost.values()))
    for key, value in objects.items():
        if value.type != "reference" and key not in modules and leads[value.node] and modules.isdisjoint(ancestors(key)):
            yield key, f"it holds a tensor whose bytes are not there: {why}"
