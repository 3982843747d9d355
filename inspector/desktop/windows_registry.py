"""File types on Windows: which keys say so, written through anything that looks like the `winreg` module.

    HKEY_CURRENT_USER\\Software
      Classes\\CheckpointInspector.Checkpoint           (default), AppUserModelID, DefaultIcon, shell\\open\\command
      Classes\\.pt … \\OpenWithProgids                   CheckpointInspector.Checkpoint = ""
      Classes\\.safetensors …                           (default), where no program has it
      CheckpointInspector\\Capabilities                 ApplicationName, ApplicationDescription, FileAssociations
      RegisteredApplications                            Checkpoint Inspector = Software\\CheckpointInspector\\Capabilities

Source: learn.microsoft.com, "File Types", "Default Programs", "Application User Model IDs". Written from the documentation
and tested against a registry in memory, not yet on a Windows machine. Windows 10 and later keep what a person chose for a type
(UserChoice) to themselves: a program can only offer itself.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

PROGRAM = "CheckpointInspector"
PROGID = f"{PROGRAM}.Checkpoint"
TITLE = "Checkpoint Inspector"
EXTENSIONS = (".safetensors", ".pt", ".pth", ".ckpt", ".pt2")
UNCLAIMED = (".safetensors", ".ckpt", ".pt2")         # .pt and .pth mean other things too: only ever offered

_CLASSES = "Software\\Classes"
_CAPABILITIES = f"Software\\{PROGRAM}\\Capabilities"
_REGISTERED = "Software\\RegisteredApplications"


class Registry(Protocol):
    """Text values under HKEY_CURRENT_USER. A key is its path, the value "" the key's default."""

    def get(self, key: str, name: str) -> str | None: ...

    def set(self, key: str, name: str, value: str) -> None: ...

    def delete_value(self, key: str, name: str) -> None: ...

    def delete_key(self, key: str) -> None:
        """Removes a key if it has neither values nor subkeys; a missing one is none."""

    def announce(self) -> None:
        """Tells the desktop that file types changed."""


class Entry(NamedTuple):
    key: str
    name: str
    value: str


def entries(command: Sequence[str]) -> list[Entry]:
    """What is always written, for the program started by `command`."""
    line = " ".join((*(f'"{word}"' for word in command), '"%1"'))
    kind = f"{_CLASSES}\\{PROGID}"
    return [
        Entry(kind, "", "PyTorch or safetensors checkpoint"),
        Entry(kind, "AppUserModelID", PROGRAM),
        Entry(f"{kind}\\DefaultIcon", "", f'"{command[0]}",0'),
        Entry(f"{kind}\\shell\\open\\command", "", line),
        *(Entry(f"{_CLASSES}\\{extension}\\OpenWithProgids", PROGID, "") for extension in EXTENSIONS),
        Entry(_CAPABILITIES, "ApplicationName", TITLE),
        Entry(_CAPABILITIES, "ApplicationDescription", "See what is inside checkpoints without running anything in them"),
        *(Entry(f"{_CAPABILITIES}\\FileAssociations", extension, PROGID) for extension in EXTENSIONS),
        Entry(_REGISTERED, TITLE, _CAPABILITIES),
    ]


def install_keys(registry: Registry, command: Sequence[str], default: bool, dry_run: bool) -> list[str]:
    """Writes what is missing or different and says so. `default` also takes extensions that other programs have."""
    wanted = entries(command)
    for extension in EXTENSIONS:
        owner = registry.get(f"{_CLASSES}\\{extension}", "")
        if owner == PROGID or default or (not owner and extension in UNCLAIMED):
            wanted.append(Entry(f"{_CLASSES}\\{extension}", "", PROGID))
            if owner and owner != PROGID:       # what it was, to be put back
                wanted.append(Entry(f"Software\\{PROGRAM}\\Before", extension, owner))
    missing = [entry for entry in wanted if registry.get(entry.key, entry.name) != entry.value]
    if not missing:
        return ["Everything is registered already."]
    if not dry_run:
        for entry in missing:
            registry.set(*entry)
        registry.announce()
    return [f"HKEY_CURRENT_USER\\{key}: {'would be written' if dry_run else 'written'}."
            for key in dict.fromkeys(entry.key for entry in missing)]


def remove_keys(registry: Registry, dry_run: bool) -> list[str]:
    """Removes what `install_keys` wrote, and the keys that are then empty."""
    present = [entry for entry in entries(("",)) if registry.get(entry.key, entry.name) is not None]
    owned = [f"{_CLASSES}\\{extension}" for extension in EXTENSIONS if registry.get(f"{_CLASSES}\\{extension}", "") == PROGID]
    keys = list(dict.fromkeys([*(entry.key for entry in present), *owned]))
    if dry_run or not keys:
        return [f"HKEY_CURRENT_USER\\{key}: would be removed." for key in keys]
    for key in owned:
        before = registry.get(f"Software\\{PROGRAM}\\Before", key.rsplit("\\", 1)[1])
        registry.set(key, "", before) if before else registry.delete_value(key, "")
    for entry in present:
        registry.delete_value(entry.key, entry.name)
    for extension in EXTENSIONS:
        if registry.get(f"Software\\{PROGRAM}\\Before", extension) is not None:
            registry.delete_value(f"Software\\{PROGRAM}\\Before", extension)
    for key in _ours_or_empty():
        registry.delete_key(key)
    registry.announce()
    return [f"HKEY_CURRENT_USER\\{key}: removed." for key in keys]


def installed_command(registry: Registry) -> str:
    """The registered command line, or ""."""
    return registry.get(f"{_CLASSES}\\{PROGID}\\shell\\open\\command", "") or ""


def _ours_or_empty() -> list[str]:
    """Keys to remove where nothing is left in them, inner ones first."""
    kind = f"{_CLASSES}\\{PROGID}"
    return [f"{kind}\\shell\\open\\command", f"{kind}\\shell\\open", f"{kind}\\shell", f"{kind}\\DefaultIcon", kind,
            *(key for extension in EXTENSIONS
              for key in (f"{_CLASSES}\\{extension}\\OpenWithProgids", f"{_CLASSES}\\{extension}")),
            f"{_CAPABILITIES}\\FileAssociations", _CAPABILITIES, f"Software\\{PROGRAM}\\Before", f"Software\\{PROGRAM}",
            _REGISTERED]


class WindowsRegistry:
    """`Registry` over the `winreg` module, or over anything with the same functions."""

    def __init__(self, winreg: Any) -> None:
        self._winreg = winreg
        self._root = winreg.HKEY_CURRENT_USER

    def get(self, key: str, name: str) -> str | None:
        try:
            with self._winreg.OpenKey(self._root, key) as opened:
                value, _ = self._winreg.QueryValueEx(opened, name)
        except FileNotFoundError:
            return None
        return value if isinstance(value, str) else None

    def set(self, key: str, name: str, value: str) -> None:
        with self._winreg.CreateKey(self._root, key) as opened:
            self._winreg.SetValueEx(opened, name, 0, self._winreg.REG_SZ, value)

    def delete_value(self, key: str, name: str) -> None:
        try:
            with self._winreg.OpenKey(self._root, key, 0, self._winreg.KEY_SET_VALUE) as opened:
                self._winreg.DeleteValue(opened, name)
        except FileNotFoundError:
            pass

    def delete_key(self, key: str) -> None:
        try:
            with self._winreg.OpenKey(self._root, key) as opened:
                subkeys, values, _ = self._winreg.QueryInfoKey(opened)
            if not subkeys and not values:
                self._winreg.DeleteKey(self._root, key)
        except FileNotFoundError:
            pass

    def announce(self) -> None:
        import ctypes
        windll = getattr(ctypes, "windll", None)
        if windll is not None:
            windll.shell32.SHChangeNotify(0x08000000, 0, None, None)        # SHCNE_ASSOCCHANGED, SHCNF_IDLIST


def this_windows() -> Registry:
    import winreg
    return WindowsRegistry(winreg)
