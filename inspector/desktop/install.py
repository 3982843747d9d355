"""Double-click: the program in the desktop's menu, its file types, and itself as their program. Per user, nothing as root.

    inspector desktop install|uninstall|status [--dry-run]

Linux (freedesktop.org's Desktop Entry, Shared MIME-info and MIME Applications specifications). pip and pipx put no desktop
files where a desktop looks, so this writes them, with the absolute path of the program that is installed:

    $XDG_DATA_HOME/applications/checkpoint-inspector.desktop
    $XDG_DATA_HOME/mime/packages/checkpoint-inspector.xml          then update-mime-database, update-desktop-database
    $XDG_DATA_HOME/icons/hicolor/scalable/apps/checkpoint-inspector.svg
    $XDG_CONFIG_HOME/mimeapps.list                                 one line per type that no other program claims
    $XDG_DATA_HOME/checkpoint-inspector/desktop.json               what was written, so that exactly that is taken away again

Windows: keys under HKEY_CURRENT_USER, see `desktop_registry`. macOS: file types belong to an application bundle
(CFBundleDocumentTypes in its Info.plist); a package installed with pip has none, so there is nothing to install.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inspector import core
from inspector.resources_path import resource_path

from .windows_registry import Registry, install_keys, installed_command, remove_keys, this_windows

NAME = "checkpoint-inspector"
ENTRY = f"{NAME}.desktop"
TYPES = ("application/x-safetensors", "application/x-pytorch-zip", "application/x-pytorch-legacy")
ACTIONS = ("install", "uninstall", "status")

# What update-mime-database and update-desktop-database make, and nothing but they.
_MADE_BY_TOOLS = frozenset((
    "XMLnamespaces", "aliases", "generic-icons", "globs", "globs2", "icons", "magic", "mime.cache", "subclasses", "treemagic",
    "types", "version", "mimeinfo.cache"))
_SECTION = "[Default Applications]"


class DesktopError(core.InspectorError):
    """Something on the desktop's side cannot be read or written."""

    id = "desktop"


def run(action: str, dry_run: bool = False, *, default: bool = False, platform: str = sys.platform,
        registry: Registry | None = None) -> str:
    """Does `action` ("install", "uninstall" or "status") and says what was done, one line each; with `dry_run` it says what would
    be done and changes nothing. `default` takes the file types over from other programs. Raises DesktopError."""
    if action not in ACTIONS:
        raise core.UsageError(f"there is no action {action!r}", "Use install, uninstall or status.")
    try:
        if platform == "darwin":
            return _MACOS
        if platform == "win32" or registry is not None:
            return _windows(action, dry_run, default, registry or this_windows())
        return _Linux(dry_run, default).run(action)
    except OSError as error:
        where = core.visible(os.fsdecode(error.filename)) if error.filename else "the desktop's settings"
        raise DesktopError(f"{where}: {error.strerror or error}",
                           "Look at the folder's permissions and free space, then run the same command again.") from error


def is_default(platform: str = sys.platform, registry: Registry | None = None) -> bool | None:
    """Whether a double-click on a checkpoint opens it with this program, as far as can be told; None where that is not for a program to
    settle (macOS)."""
    try:
        if platform == "darwin":
            return None
        if platform == "win32" or registry is not None:
            return bool(installed_command(registry or this_windows()))
        return _Linux(dry_run=True, default=False).is_default()
    except OSError:
        return False


_MACOS = """\
On macOS the Finder opens files with application bundles (.app), and a package installed with pip has none: nothing was changed.
Files can be opened with `inspector FILE`, from the window's Open command, or by dropping them on the window.
"""


# -- the program to start -----------------------------------------------------------------------------------------------------

def launcher() -> tuple[str, ...]:
    """The command that opens the window, without the files: the installed `inspector-gui`, or Python with this package."""
    name = "inspector-gui.exe" if os.name == "nt" else "inspector-gui"
    for folder in (os.path.dirname(sys.argv[0]) if os.path.basename(sys.argv[0]).startswith("inspector") else "",
                   os.path.dirname(sys.executable)):
        # not resolved: pipx links to the script, and the link survives an upgrade
        path = os.path.abspath(os.path.join(folder, name)) if folder else ""
        if path and os.access(path, os.X_OK) and os.path.isfile(path):
            return (path,)
    python = sys.executable
    if _importable_anywhere():
        return (python, "-m", "inspector")
    checkout = str(Path(__file__).resolve().parents[2])
    return ("/usr/bin/env", f"PYTHONPATH={checkout}", python, "-m", "inspector")


def _importable_anywhere() -> bool:
    """Whether Python finds this package without the help of the present folder or of PYTHONPATH."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    found = subprocess.run([sys.executable, "-c", "import inspector"], cwd=os.path.abspath(os.sep), env=environment,
                           stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return found.returncode == 0


def exec_line(command: Sequence[str]) -> str:
    """The value of Exec: `command` quoted as the Desktop Entry specification wants it, then %F for the files. Inside double
    quotes ` " $ and \\ are escaped, % is doubled, and after that the value's own \\ is doubled again."""
    return " ".join((*(_quoted(word) for word in command), "%F"))


def _quoted(word: str) -> str:
    if not word or any(ord(c) < 32 for c in word):
        raise DesktopError(f"a program path with control characters cannot be started from a desktop: {core.visible(word)}",
                           "Install the program into a folder with an ordinary name.")
    word = word.replace("%", "%%")
    if all(c.isalnum() or c in "/-_.,:+@%=" for c in word):
        return word
    inner = "".join("\\" + c if c in '"`$\\' else c for c in word)
    return '"' + inner.replace("\\", "\\\\") + '"'


def desktop_entry(command: Sequence[str]) -> str:
    """Our .desktop file for that command."""
    program = next((word for word in command if "=" not in word and word != "/usr/bin/env"), command[0])
    lines = []
    for line in _resource("desktop/checkpoint-inspector.desktop").decode("utf-8").splitlines():
        if line.startswith("Exec="):
            line = "Exec=" + exec_line(command)
        elif line.startswith("TryExec="):
            line = "TryExec=" + program.replace("\\", "\\\\")
        lines.append(line)
    return "\n".join(lines) + "\n"


def _resource(name: str) -> bytes:
    try:
        return resource_path(name).read_bytes()
    except OSError as error:
        raise DesktopError(f"{name} is missing from the installed package", "Install the package again.") from error


# -- Linux --------------------------------------------------------------------------------------------------------------------

@dataclass
class _Written:
    """What an installation wrote, as `desktop.json` keeps it. `files` maps paths to the SHA-256 of what was written; `folders` were
    made by us, outer ones first; `defaults` are the lines put into mimeapps.list, `section` whether its heading is ours too."""

    version: int = 1
    command: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    section: str = ""
    list_is_ours: bool = False


class _Linux:
    def __init__(self, dry_run: bool, default: bool) -> None:
        self._dry = dry_run
        self._default = default
        self.data = _base("XDG_DATA_HOME", ".local/share")
        self.config = _base("XDG_CONFIG_HOME", ".config")
        self._manifest = self.data / NAME / "desktop.json"
        self._entry = self.data / "applications" / ENTRY
        self._types = self.data / "mime" / "packages" / f"{NAME}.xml"
        self._icon = self.data / "icons" / "hicolor" / "scalable" / "apps" / f"{NAME}.svg"
        self._list = self.config / "mimeapps.list"
        self._said: list[str] = []

    def run(self, action: str) -> str:
        if action == "status":
            return self._status()
        before = self._read_manifest()
        self._install(before) if action == "install" else self._uninstall(before)
        if self._dry:
            self._said.append("Nothing was changed: this was a dry run.")
        return "\n".join(self._said) + "\n"

    # install

    def _install(self, before: _Written) -> None:
        command = launcher()
        written = _Written(command=list(command), folders=before.folders, defaults=before.defaults, section=before.section,
                           list_is_ours=before.list_is_ours)
        contents = {self._types: _resource(f"desktop/{NAME}.xml"), self._icon: _resource(f"icons/{NAME}.svg"),
                    self._entry: desktop_entry(command).encode("utf-8")}
        changed = [self._put(path, content, written) for path, content in contents.items()]
        if any(changed) and not self._dry:
            self._save_manifest(written)
        if any(changed):
            self._update_databases()
        self._make_default(written)
        if not self._dry:
            self._save_manifest(written)
        self._said.append(f"{self._verb('Checkpoints open', 'Checkpoints would open')} with {_shown(command)}. "
                          "Take it away again with `inspector desktop uninstall`.")

    def _put(self, path: Path, content: bytes, written: _Written) -> bool:
        written.files[str(path)] = hashlib.sha256(content).hexdigest()
        if _content(path) == content:
            self._said.append(f"{path}: up to date.")
            return False
        self._said.append(f"{path}: {self._verb('written', 'would be written')}.")
        if not self._dry:
            self._make_folders(path.parent, written)
            core.replace_file(str(path), content)
        return True

    def _make_folders(self, folder: Path, written: _Written) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for made in reversed(missing):
            made.mkdir(mode=0o700)
            if str(made) not in written.folders:
                written.folders.append(str(made))

    def _make_default(self, written: _Written) -> None:
        """A line in mimeapps.list for each type that has no program yet, so that one installed later does not take it away."""
        text = _text(self._list)
        lines = text.splitlines(keepends=True)
        start, end = _section_of(lines)
        added = []
        for kind in TYPES:
            at = next((i for i in range(start, end) if lines[i].split("=", 1)[0].strip() == kind), None)
            if at is not None and ENTRY in lines[at]:
                continue
            others = _claimed(kind, self.data)
            if at is not None and self._default:
                value = lines[at].split("=", 1)[1]
                lines[at] = f"{kind}={ENTRY};{value.lstrip()}"
            elif at is None and (not others or self._default):
                added.append(f"{kind}={ENTRY}\n")
            else:
                self._said.append(f"{kind}: left to {', '.join(others) or lines[at or 0].strip()}.")
                continue
            self._said.append(f"{kind}: {self._verb('opens', 'would open')} with Checkpoint Inspector.")
        new, section = _with_lines(lines, start, end, added)
        if new == text or self._dry:
            return
        written.defaults = list(dict.fromkeys([*written.defaults, *added]))
        written.section = written.section or section
        if _content(self._list) is None:
            self._make_folders(self._list.parent, written)
            written.list_is_ours = True
        core.replace_file(str(self._list), new.encode("utf-8", "surrogateescape"))

    def _update_databases(self) -> None:
        for tool, folder in (("update-mime-database", self.data / "mime"), ("update-desktop-database", self.data / "applications")):
            if not folder.is_dir() and not self._dry:
                continue
            path = shutil.which(tool)
            if path is None:
                self._said.append(f"{tool} is not installed: the desktop notices the change after the next login.")
            elif self._dry:
                self._said.append(f"{tool} would be run on {folder}.")
            else:
                self._said.append(f"{tool}: {_run_tool(path, folder)}.")

    # uninstall

    def _uninstall(self, before: _Written) -> None:
        files = before.files or {str(path): "" for path in (self._types, self._icon, self._entry)}
        removed = False
        for name, digest in files.items():
            removed |= self._take_away(Path(name), digest)
        if removed:
            self._update_databases()
        self._forget_default(before)
        if self._dry:
            if not self._said:
                self._said.append("Nothing is installed.")
            return
        self._manifest.unlink(missing_ok=True)
        for folder in (self._manifest.parent, self.data / "mime" / "application"):
            with contextlib.suppress(OSError):
                folder.rmdir()          # only if it is empty
        for made in reversed(before.folders):
            _remove_if_spent(Path(made))
        self._said.append("Checkpoint Inspector is no longer on the desktop. Your files and settings were not touched."
                          if removed else "Nothing is installed.")

    def _take_away(self, path: Path, digest: str) -> bool:
        content = _content(path)
        if content is None:
            return False
        if hashlib.sha256(content).hexdigest() != digest and not _is_ours(content):
            self._said.append(f"{path}: kept, because somebody else wrote it.")
            return False
        self._said.append(f"{path}: {self._verb('removed', 'would be removed')}.")
        if not self._dry:
            path.unlink()
        return True

    def _forget_default(self, before: _Written) -> None:
        text = _text(self._list)
        kept = []
        for line in text.splitlines(keepends=True):
            kind, is_pair, value = line.partition("=")
            if line.rstrip("\r\n") + "\n" in before.defaults:
                continue
            if is_pair and kind.strip() in TYPES and value.startswith(f"{ENTRY};"):
                line = f"{kind}={value[len(ENTRY) + 1:]}"
                if not line.partition("=")[2].strip():
                    continue
            kept.append(line)
        new = "".join(kept)
        if before.section and before.section in new and not _entries(new):
            new = new.replace(before.section, "", 1)
        if new == text:
            return
        self._said.append(f"{self._list}: {self._verb('our lines removed', 'our lines would be removed')}.")
        if self._dry:
            return
        if before.list_is_ours and not new.strip():
            self._list.unlink()
        else:
            core.replace_file(str(self._list), new.encode("utf-8", "surrogateescape"))

    # status

    def _status(self) -> str:
        present = [path for path in (self._entry, self._types, self._icon) if path.is_file()]
        if not present:
            return "Not installed. `inspector desktop install` puts Checkpoint Inspector on the desktop.\n"
        lines = [f"{path}: {'there' if path in present else 'missing'}." for path in (self._entry, self._types, self._icon)]
        entry = _text(self._entry)
        target = next((line[5:] for line in entry.splitlines() if line.startswith("Exec=")), "")
        program = next((line[8:].replace("\\\\", "\\") for line in entry.splitlines() if line.startswith("TryExec=")), "")
        if target:
            lines.append(f"Checkpoints open with: {core.visible(target, 400)}")
        if program and not (os.path.isfile(program) and os.access(program, os.X_OK)):
            lines.append(f"{core.visible(program)} is not there any more: run `inspector desktop install` again.")
        elif len(present) < 3 or entry != desktop_entry(launcher()):
            lines.append("This is not what would be installed now: run `inspector desktop install` to bring it up to date.")
        chosen = dict(line.partition("=")[::2] for line in reversed(_entries(_text(self._list))))
        for kind in TYPES:
            default = chosen.get(kind, "").strip()
            lines.append(f"{kind}: {core.visible(default) if default else 'no default chosen'}.")
        return "\n".join(lines) + "\n"

    def is_default(self) -> bool:
        """Whether our entry is there and first in line for every type."""
        chosen = dict(line.partition("=")[::2] for line in reversed(_entries(_text(self._list))))
        return self._entry.is_file() and all(chosen.get(kind, "").strip().partition(";")[0] == ENTRY for kind in TYPES)

    # common

    def _verb(self, done: str, would: str) -> str:
        return would if self._dry else done

    def _read_manifest(self) -> _Written:
        try:
            kept: Any = json.loads(_text(self._manifest) or "{}")
            wanted = {name: kept[name] for name in asdict(_Written()) if name in kept}
            found = _Written(**wanted)
        except (ValueError, TypeError, RecursionError):
            return _Written()
        texts = isinstance(found.files, dict) and isinstance(found.folders, list) and isinstance(found.defaults, list) and all(
            isinstance(name, str) for names in (found.files, found.folders, found.defaults) for name in names)
        return found if texts and all(self._is_within(Path(name)) for name in (*found.files, *found.folders)) else _Written()

    def _is_within(self, path: Path) -> bool:
        """Whether an installation may have written this; folders above the data folder it may have made too."""
        return path.is_relative_to(self.data) or path.is_relative_to(self.config) or self.data.is_relative_to(path) \
            or self.config.is_relative_to(path)

    def _save_manifest(self, written: _Written) -> None:
        content = json.dumps(asdict(written), indent=1).encode("ascii")
        if _content(self._manifest) != content:
            self._manifest.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            core.replace_file(str(self._manifest), content)


def _base(variable: str, fallback: str) -> Path:
    """A base directory; the specification has relative values ignored."""
    value = os.environ.get(variable, "")
    return Path(value) if os.path.isabs(value) else Path.home() / fallback


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _text(path: Path) -> str:
    return (_content(path) or b"").decode("utf-8", "surrogateescape")


def _is_ours(content: bytes) -> bool:
    return b"\nX-Checkpoint-Inspector=" in content or b"<!-- Written by checkpoint-inspector." in content


def _section_of(lines: list[str]) -> tuple[int, int]:
    """The lines of [Default Applications], its heading not among them; an empty range at the end when there is none."""
    start = next((i + 1 for i, line in enumerate(lines) if line.strip() == _SECTION), len(lines))
    end = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
    return start, end


def _with_lines(lines: list[str], start: int, end: int, added: list[str]) -> tuple[str, str]:
    """The text with lines added to the section, and the heading that had to be made for it ("" when it was there)."""
    if not added:
        return "".join(lines), ""
    if any(line.strip() == _SECTION for line in lines):
        while end > start and not lines[end - 1].strip():
            end -= 1
        before = lines[:end]
        if before and not before[-1].endswith("\n"):
            before[-1] += "\n"
        return "".join((*before, *added, *lines[end:])), ""
    text = "".join(lines)
    section = ("\n" if text and not text.endswith("\n") else "") + ("\n" if text else "") + _SECTION + "\n"
    return text + section + "".join(added), section


def _entries(text: str) -> list[str]:
    lines = text.splitlines()
    start, end = _section_of(lines)
    return [line for line in lines[start:end] if line.strip()]


def _claimed(kind: str, data: Path) -> list[str]:
    """The other programs that say they open files of this type."""
    roots = [data, *(Path(root) for root in (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":") if root)]
    found: list[str] = []
    for root in roots:
        try:
            cache = _text(root / "applications" / "mimeinfo.cache")
        except OSError:
            continue
        for line in cache.splitlines():
            if line.startswith(f"{kind}="):
                found += [name for name in line.split("=", 1)[1].split(";") if name and name != ENTRY and name not in found]
    return found


def _run_tool(path: str, folder: Path) -> str:
    """"done", or what went wrong; the files are in place either way."""
    try:
        found = subprocess.run([path, str(folder)], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"failed ({core.visible(str(error))}), run it by hand"
    if found.returncode:
        said = (found.stderr.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
        return f"failed ({core.visible(said)}), run it by hand"
    return "done"


def _remove_if_spent(folder: Path) -> None:
    """Removes a folder of ours that is empty, or in which only the databases' files are left over."""
    if not folder.is_dir() or folder.is_symlink():
        return
    left = list(folder.iterdir())
    if any(path.name not in _MADE_BY_TOOLS for path in left if not path.is_dir() or path.is_symlink()):
        return
    if any(path.is_dir() and not path.is_symlink() for path in left):
        return
    for path in left:
        path.unlink()
    folder.rmdir()


def _shown(command: Sequence[str]) -> str:
    return core.visible(" ".join(command), 400)


# -- Windows ------------------------------------------------------------------------------------------------------------------

def _windows(action: str, dry_run: bool, default: bool, registry: Registry) -> str:
    command = launcher()
    if action == "status":
        found = installed_command(registry)
        return f"Installed for: {found}\n" if found else "Not installed. `inspector desktop install` registers the file types.\n"
    said = install_keys(registry, command, default, dry_run) if action == "install" else remove_keys(registry, dry_run)
    if dry_run:
        said.append("Nothing was changed: this was a dry run.")
    elif action == "install":
        said.append("Checkpoints offer Checkpoint Inspector under Open with. To always use it, choose it once under "
                    "Settings > Apps > Default apps; Windows lets no program do that by itself.")
    return "\n".join(said or ["Nothing is installed."]) + "\n"
