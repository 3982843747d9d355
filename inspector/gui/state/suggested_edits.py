"""What the buttons and commands for suggested edits are called, and which part of a file a selection is."""
from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from inspector import core

from .session import Selection

translate = QCoreApplication.translate


def part_of(selection: Selection) -> core.Part:
    prefix, keys = selection.prefix, selection.keys
    if keys and prefix and not any(key == prefix or core.is_under(key, prefix) for key in keys):
        prefix = ""                     # the row of a packed tensor, whose parts have names of their own
    return core.Part(prefix, keys, selection.value)


def text_of(finding: core.Finding, fixes: Sequence[core.Edit]) -> str:
    """What the button says that adds the `fixes` of a finding."""
    first = fixes[0]
    if isinstance(first, core.StripPrefix):
        return translate("Offers", "Strip “{prefix}”").format(prefix=_short(finding.prefix))
    if isinstance(first, core.Rename) and finding.prefix:
        return translate("Offers", "Strip “{prefix}” from the parts").format(prefix=_short(finding.prefix))
    if isinstance(first, core.RemapDevices):
        return translate("Offers", "Set device to cpu")
    if isinstance(first, core.Unshare):
        return translate("Offers", "Keep only what is used") if finding.id == "oversized-storage" else \
            translate("Offers", "Give each its own bytes")
    if isinstance(first, core.Copy):
        return translate("Offers", "Tie “{name}”").format(name=_short(first.target))
    if isinstance(first, core.MakePlain):
        return translate("Offers", "Make the values plain")
    if finding.id in ("broken-tensor", "corrupt-member"):
        return translate("Offers", "Drop what is broken")
    if isinstance(first, core.Extract):
        return translate("Offers", "Extract the weights") if first.path in ("", ".") else \
            translate("Offers", "Extract the weights of {what}").format(what=_short(first.path))
    return translate("Offers", "Repair")


def _short(text: str) -> str:
    return core.visible(text, 40).replace("&", "&&")
