"""Members whose bytes are not the ones that were saved, by their checksum: "corrupt-member". Reads the whole file once."""
from __future__ import annotations

from collections.abc import Iterator

from ..bytes import stream_extent
from ..checkpoint import Checkpoint, Extent
from ..errors import BadTensor, InspectorError, ReadError
from ..findings import Finding
from ..keypath import visible
from ..progress import Monitor


def check(ckpt: Checkpoint, monitor: Monitor) -> Iterator[Finding]:
    names = _members(ckpt)
    total = sum(extent.size for extent in names)
    done = 0
    for extent, name in sorted(names.items(), key=lambda item: (item[0].file, item[0].offset)):
        monitor.report(done, total, name)
        try:
            for _ in stream_extent(ckpt, extent, monitor=_Quiet(monitor)):
                pass
        except (BadTensor, ReadError) as error:
            yield _finding(ckpt, extent, name, error)
        done += extent.size
    monitor.report(total, total)


class _Quiet(Monitor):
    """Passes on the wish to stop, but not how far one member is: that is told for all of them together."""

    def __init__(self, monitor: Monitor) -> None:
        self.outer = monitor

    def check(self) -> None:
        self.outer.check()


def _members(ckpt: Checkpoint) -> dict[Extent, str]:
    """Every extent with a checksum, with a name for people; storages are named by their member where there is one."""
    found = {member.extent: member.name for member in ckpt.members if member.extent.crc is not None and not member.note}
    for storage in ckpt.storages.values():
        if storage.extent is not None and storage.extent.crc is not None and not storage.problem:
            found.setdefault(storage.extent, f"storage {storage.id}")
    return found


def _finding(ckpt: Checkpoint, extent: Extent, name: str, error: InspectorError) -> Finding:
    storages = {id for id, storage in ckpt.storages.items() if storage.extent == extent}
    keys = [info.key for info in ckpt.tensors.values() if info.storage in storages]
    tensors = f": it holds {', '.join(visible(key, 60) for key in keys[:3])}{' …' if len(keys) > 3 else ''}" if keys else ""
    return Finding("corrupt-member", "danger", visible(name), f"The bytes of {visible(name, 80)} cannot be trusted{tensors}: "
                   f"{visible(error.message)}", "Download or copy the file again.")
