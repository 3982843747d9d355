"""Double-click: what is written where, that it works with the desktop's own tools, and that all of it goes away again."""
from __future__ import annotations

import configparser
import io
import os
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from inspector import core
from inspector.desktop import install, windows_registry
from inspector.desktop.windows_registry import WindowsRegistry
from inspector.resources_path import resource_path

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freedesktop.org desktops only")

LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."


def needs(*tools: str) -> pytest.MarkDecorator:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, nobody else's programs, and a launcher with a blank in its path."""
    for name, folder in (("HOME", ""), ("XDG_DATA_HOME", ".local/share"), ("XDG_CONFIG_HOME", ".config")):
        monkeypatch.setenv(name, str(tmp_path / "home" / folder))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "nobody"))
    (tmp_path / "home").mkdir()
    program = tmp_path / "my programs" / "inspector-gui"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(install, "launcher", lambda: (str(program),))
    return tmp_path / "home"


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"(folder)"
            for path in sorted(folder.rglob("*"))}


def entry(home: Path) -> Path:
    return home / ".local/share/applications/checkpoint-inspector.desktop"


def exec_of(text: str) -> str:
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    return parser["Desktop Entry"]["Exec"]


def as_a_desktop_reads(value: str) -> list[str]:
    """The words of an Exec value: first the escapes of every value, then the quoting of Exec, then the doubled percent."""
    text = value.replace("\\\\", "\\")
    words = re.findall(r'"((?:[^"\\`$]|\\["`$\\])*)"(?: |$)|([^ "\'\\><~|&;$*?#()`\t\n]+)(?: |$)', text)
    return [(re.sub(r'\\(["`$\\])', r"\1", quoted) or plain).replace("%%", "%") for quoted, plain in words]


# -- Linux --------------------------------------------------------------------------------------------------------------------

@linux
def test_that_an_installation_names_the_program_with_its_whole_path(home: Path) -> None:
    install.run("install")
    text = entry(home).read_text()
    assert as_a_desktop_reads(exec_of(text)) == [install.launcher()[0], "%F"]
    assert f"TryExec={install.launcher()[0]}\n" in text
    assert (home / ".local/share/icons/hicolor/scalable/apps/checkpoint-inspector.svg").read_bytes().startswith(b"<svg")


@linux
def test_that_every_type_of_the_xml_is_in_the_menu_entry(home: Path) -> None:
    install.run("install")
    text = entry(home).read_text()
    xml = (home / ".local/share/mime/packages/checkpoint-inspector.xml").read_text()
    types = next(line for line in text.splitlines() if line.startswith("MimeType="))[9:].rstrip(";").split(";")
    assert types == list(install.TYPES)
    assert all(f'<mime-type type="{kind}">' in xml for kind in types)


@linux
def test_that_a_second_installation_changes_nothing(home: Path) -> None:
    install.run("install")
    before = tree(home)
    said = install.run("install")
    assert tree(home) == before
    assert said.count("up to date") == 3


@linux
def test_that_uninstalling_leaves_an_empty_home_empty(home: Path) -> None:
    install.run("install")
    said = install.run("uninstall")
    assert tree(home) == {}
    assert "not touched" in said


@linux
def test_that_uninstalling_leaves_a_used_home_as_it_was(home: Path) -> None:
    kept = {".local/share/applications/other.desktop": "[Desktop Entry]\nType=Application\nName=Other\nExec=true\n",
            ".local/share/icons/hicolor/scalable/apps/other.svg": "<svg/>",
            ".config/mimeapps.list": "# mine\n[Added Associations]\ntext/plain=other.desktop;\n\n[Default Applications]\n"
                                     "text/plain=other.desktop\n\n[Removed Associations]\nimage/png=x.desktop;\n"}
    for name, text in kept.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    install.run("install")
    assert "x-safetensors=checkpoint-inspector.desktop" in (home / ".config/mimeapps.list").read_text()
    install.run("uninstall")
    left = {name: content for name, content in tree(home).items() if content != b"(folder)"}
    left.pop(".local/share/applications/mimeinfo.cache", None)
    assert left == {name: text.encode() for name, text in kept.items()}


@linux
@pytest.mark.parametrize("before", ["", "text", "[Default Applications]", "[Default Applications]\n",
                                    "[Added Associations]\na/b=c.desktop;",
                                    "[Default Applications]\na/b=c.desktop\n\n\n[X]\n", "\n\n"])
def test_that_the_list_of_defaults_is_given_back_as_it_was(home: Path, before: str) -> None:
    path = home / ".config/mimeapps.list"
    path.parent.mkdir()
    path.write_text(before)
    install.run("install")
    assert path.read_text().count("=checkpoint-inspector.desktop\n") == 3
    install.run("uninstall")
    assert path.read_text().rstrip("\n") == before.rstrip("\n")


@linux
def test_that_lines_added_later_stay(home: Path) -> None:
    install.run("install")
    path = home / ".config/mimeapps.list"
    path.write_text(path.read_text() + "image/png=gimp.desktop\n")
    install.run("uninstall")
    assert path.read_text() == "[Default Applications]\nimage/png=gimp.desktop\n"


@linux
def test_that_a_type_that_another_program_opens_is_left_to_it(home: Path, tmp_path: Path) -> None:
    cache = tmp_path / "nobody/applications/mimeinfo.cache"
    cache.parent.mkdir(parents=True)
    cache.write_text("[MIME Cache]\napplication/x-safetensors=netron.desktop;\n")
    said = install.run("install")
    text = (home / ".config/mimeapps.list").read_text()
    assert "application/x-safetensors" not in text
    assert "application/x-pytorch-zip=checkpoint-inspector.desktop" in text
    assert "left to netron.desktop" in said


@linux
def test_that_a_default_chosen_before_comes_back(home: Path) -> None:
    path = home / ".config/mimeapps.list"
    path.parent.mkdir()
    path.write_text("[Default Applications]\napplication/x-safetensors=netron.desktop\n")
    install.run("install")
    assert "application/x-safetensors=netron.desktop" in path.read_text()
    install.run("install", default=True)
    assert "application/x-safetensors=checkpoint-inspector.desktop;netron.desktop" in path.read_text()
    install.run("uninstall")
    assert path.read_text() == "[Default Applications]\napplication/x-safetensors=netron.desktop\n"


@linux
@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_that_a_dry_run_changes_nothing_and_says_so(home: Path, action: str) -> None:
    if action == "uninstall":
        install.run("install")
    before = tree(home)
    said = install.run(action, dry_run=True)
    assert tree(home) == before
    assert "would be" in said
    assert "dry run" in said


@linux
def test_that_status_tells_what_is_installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert install.run("status").startswith("Not installed")
    install.run("install")
    said = install.run("status")
    assert install.launcher()[0] in said
    assert "again" not in said
    monkeypatch.setattr(install, "launcher", lambda: ("/opt/new/inspector-gui",))
    assert "bring it up to date" in install.run("status")
    (home.parent / "my programs/inspector-gui").unlink()
    assert "not there any more" in install.run("status")


@linux
def test_that_it_is_known_whether_a_double_click_comes_here(home: Path) -> None:
    assert install.is_default(platform="linux") is False
    install.run("install", platform="linux")
    assert install.is_default(platform="linux") is True
    listed = home / ".config/mimeapps.list"
    listed.write_text(listed.read_text().replace(f"{install.TYPES[1]}=", f"{install.TYPES[1]}=other.desktop;"))
    assert install.is_default(platform="linux") is False
    assert install.is_default(platform="darwin") is None


def test_that_a_file_somebody_else_put_there_is_kept(home: Path) -> None:
    install.run("install")
    entry(home).write_text("[Desktop Entry]\nName=Mine\n")
    said = install.run("uninstall")
    assert "kept" in said
    assert entry(home).read_text() == "[Desktop Entry]\nName=Mine\n"


@linux
@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"files": ["/etc/passwd"]}', '{"files": {"/etc/passwd": ""}}',
                                  '{"folders": 5}', '{"folders": ["/etc"], "files": {}}'])
def test_that_a_damaged_note_of_what_was_written_does_no_harm(home: Path, text: str) -> None:
    install.run("install")
    (home / ".local/share/checkpoint-inspector/install.json").write_text(text)
    install.run("uninstall")
    assert not entry(home).exists()


@linux
def test_that_a_newer_program_replaces_the_older(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install.run("install")
    monkeypatch.setattr(install, "launcher", lambda: ("/opt/new/inspector-gui",))
    install.run("install")
    assert "Exec=/opt/new/inspector-gui %F" in entry(home).read_text()
    install.run("uninstall")
    assert tree(home) == {}


@linux
def test_that_missing_tools_are_told_and_no_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "update-mime-database is not installed" in install.run("install")
    install.run("uninstall")
    assert tree(home) == {}


@linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_that_a_folder_without_permission_is_one_line(home: Path) -> None:
    home.chmod(0o500)
    with pytest.raises(core.InspectorError) as caught:
        install.run("install")
    home.chmod(0o700)
    assert "\n" not in str(caught.value)


@linux
def test_that_a_file_in_a_folders_place_is_one_line(home: Path) -> None:
    (home / ".local").write_text("a file")
    with pytest.raises(core.InspectorError) as caught:
        install.run("install")
    assert "\n" not in str(caught.value)
    assert ".local" in str(caught.value)


def test_that_an_unknown_action_is_refused() -> None:
    with pytest.raises(core.UsageError):
        install.run("explode")


@pytest.mark.parametrize("path", ["/usr/bin/inspector-gui", "/home/me/my programs/inspector-gui", '/a"b/x', "/a`b$c/x", "/a\\b/x",
                                  "/50%/x", "/a;b&c|d/x", "/模型/检查/x", "/it's/x", "/a\\ b/x", "/~x/#y/(z)"])
def test_that_any_path_survives_the_quoting_of_exec(path: str) -> None:
    line = install.exec_line((path, "-m", "inspector"))
    assert as_a_desktop_reads(line) == [path, "-m", "inspector", "%F"]


def test_that_a_path_with_a_line_break_is_refused() -> None:
    with pytest.raises(install.DesktopError):
        install.exec_line(("/a\nExec=evil",))


def test_that_the_launcher_is_the_installed_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "inspector-gui.exe" if os.name == "nt" else "inspector-gui"
    for program in ("inspector", name):
        (tmp_path / program).write_text("")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "inspector"), "desktop", "install"])
    assert install.launcher() == (str(tmp_path / name),)


def test_that_without_a_program_python_starts_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["-c"])
    monkeypatch.setattr(install.os, "access", lambda *_: False)
    command = install.launcher()
    assert command[-2:] == ("-m", "inspector")
    assert sys.executable in command


@linux
@needs("desktop-file-validate")
@pytest.mark.parametrize("path", ["/usr/bin/inspector-gui", "/home/me/my programs/100%/inspector-gui", '/a"b$c/x'])
def test_that_the_menu_entry_is_valid(tmp_path: Path, path: str) -> None:
    (tmp_path / "x.desktop").write_text(install.desktop_entry((path,)))
    found = subprocess.run(["desktop-file-validate", str(tmp_path / "x.desktop")], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@linux
@needs("desktop-file-validate")
def test_that_the_shipped_entry_is_valid_for_packagers() -> None:
    path = str(resource_path("desktop/checkpoint-inspector.desktop"))
    found = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@linux
@needs("update-mime-database")
def test_that_the_types_are_read_without_a_warning(home: Path) -> None:
    install.run("install")
    found = subprocess.run(["update-mime-database", str(home / ".local/share/mime")], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


# -- what the desktop takes files for -----------------------------------------------------------------------------------------

def torch_file(top: str, first: str = "data.pkl") -> bytes:
    """A zip as torch writes it: the first record padded with an extra field FB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(f"{top}/{first}")
        info.extra = b"FB\x0a\x00" + b"Z" * 10
        archive.writestr(info, b"\x80\x02}q\x00.")
        archive.writestr(f"{top}/version", b"3\n")
    return out.getvalue()


def safetensors_file(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + bytes(4)


TENSOR = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
NAMED = b'{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
ZIP, OLD, SAFE = "application/x-pytorch-zip", "application/x-pytorch-legacy", "application/x-safetensors"
FILES = {
    "a.pt": (torch_file("a"), ZIP), "a.pth": (torch_file("a"), ZIP), "a.ckpt": (torch_file("a"), ZIP),
    "pytorch_model.bin": (torch_file("archive"), ZIP), "zip_without_extension": (torch_file("archive"), ZIP),
    "模型 权重 (1).pt": (torch_file("模型 权重 (1)"), ZIP), "long": (torch_file("n" * 200), ZIP),
    "version_first": (torch_file("archive", ".format_version"), ZIP), "exported.pt2": (torch_file("e"), ZIP),
    "old.pt": (LEGACY, OLD), "old.pth": (LEGACY, OLD), "old.ckpt": (LEGACY, OLD), "old_without_extension": (LEGACY, OLD),
    "m.safetensors": (safetensors_file(TENSOR), SAFE), "safe": (safetensors_file(TENSOR), SAFE),
    "named": (safetensors_file(NAMED), SAFE), "spaced": (safetensors_file(TENSOR.replace(b":", b": ")), SAFE),
    "arrays.npz": (torch_file("arrays", "a.npy"), ""), "plain.zip": (torch_file("plain", "x"), ""),
    "things.pkl": (pickle.dumps({"a": 1}), ""), "notes.txt": (b"dtype data.pkl\n", ""), "data.json": (b'{"dtype":"F32"}', ""),
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The content type of each of FILES, as GIO sees it with our types installed."""
    if shutil.which("gio") is None or shutil.which("update-mime-database") is None:
        pytest.skip("not installed: gio, update-mime-database")
    base = tmp_path_factory.mktemp("types")
    packages = base / "data/mime/packages"
    packages.mkdir(parents=True)
    shutil.copy(resource_path("desktop/checkpoint-inspector.xml"), packages)
    environment = {**os.environ, "HOME": str(base), "XDG_DATA_HOME": str(base / "data"),
                   "XDG_DATA_DIRS": "/usr/local/share:/usr/share"}
    subprocess.run(["update-mime-database", str(base / "data/mime")], check=True, capture_output=True, env=environment)
    files = base / "files"
    files.mkdir()
    for name, (content, _) in FILES.items():
        (files / name).write_bytes(content)
    found = subprocess.run(["gio", "info", "-a", "standard::content-type,standard::name", *(str(files / name) for name in FILES)],
                           check=True, capture_output=True, text=True, env={**environment, "LC_ALL": "C.UTF-8"})
    types = [line.split(":: ", 1)[-1].split(": ", 1)[1] for line in found.stdout.splitlines() if "standard::content-type:" in line]
    return dict(zip(FILES, types, strict=True))


@linux
@pytest.mark.parametrize("name", FILES)
def test_that_the_desktop_tells_checkpoints_from_other_files(kinds: dict[str, str], name: str) -> None:
    wanted = FILES[name][1]
    if wanted:
        assert kinds[name] == wanted
    else:
        assert kinds[name] not in install.TYPES


@linux
@needs("gio", "update-mime-database", "update-desktop-database")
def test_that_the_desktop_opens_the_types_with_this_program(home: Path) -> None:
    install.run("install")
    for kind in install.TYPES:
        found = subprocess.run(["gio", "mime", kind], capture_output=True, check=True, env={**os.environ, "LC_ALL": "C"})
        first = found.stdout.splitlines()[0]
        assert first.startswith(b"Default application")
        assert first.endswith(b": checkpoint-inspector.desktop")


# -- Windows ------------------------------------------------------------------------------------------------------------------

class FakeWinreg:
    """A registry in memory with winreg's functions and manners."""

    HKEY_CURRENT_USER = "HKCU"
    REG_SZ = 1
    KEY_SET_VALUE = 2

    class Key:
        def __init__(self, path: str) -> None:
            self.path = path

        def __enter__(self) -> FakeWinreg.Key:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, str]] = {"Software": {}, "Software\\Classes": {}}

    def CreateKey(self, root: str, path: str) -> Key:
        parts = path.split("\\")
        for n in range(1, len(parts) + 1):
            self.keys.setdefault("\\".join(parts[:n]), {})
        return self.Key(path)

    def OpenKey(self, root: str, path: str, reserved: int = 0, access: int = 0) -> Key:
        if path not in self.keys:
            raise FileNotFoundError(2, "not found", path)
        return self.Key(path)

    def SetValueEx(self, key: Key, name: str, reserved: int, kind: int, value: str) -> None:
        self.keys[key.path][name] = value

    def QueryValueEx(self, key: Key, name: str) -> tuple[str, int]:
        if name not in self.keys[key.path]:
            raise FileNotFoundError(2, "not found", name)
        return self.keys[key.path][name], self.REG_SZ

    def QueryInfoKey(self, key: Key) -> tuple[int, int, int]:
        below = [path for path in self.keys if path.startswith(key.path + "\\") and "\\" not in path[len(key.path) + 1:]]
        return len(below), len(self.keys[key.path]), 0

    def DeleteValue(self, key: Key, name: str) -> None:
        if name not in self.keys[key.path]:
            raise FileNotFoundError(2, "not found", name)
        del self.keys[key.path][name]

    def DeleteKey(self, root: str, path: str) -> None:
        if path not in self.keys:
            raise FileNotFoundError(2, "not found", path)
        assert not any(other.startswith(path + "\\") for other in self.keys), "winreg deletes no key with subkeys"
        del self.keys[path]


@pytest.fixture
def winreg(monkeypatch: pytest.MonkeyPatch) -> FakeWinreg:
    monkeypatch.setattr(install, "launcher", lambda: ("C:\\Program Files\\Python\\Scripts\\inspector-gui.exe",))
    return FakeWinreg()


def windows(action: str, winreg: FakeWinreg, **options: Any) -> str:
    return install.run(action, platform="win32", registry=WindowsRegistry(winreg), **options)


def test_that_windows_gets_exactly_these_keys(winreg: FakeWinreg) -> None:
    windows("install", winreg)
    kind = "Software\\Classes\\CheckpointInspector.Checkpoint"
    command = winreg.keys[f"{kind}\\shell\\open\\command"][""]
    assert command == '"C:\\Program Files\\Python\\Scripts\\inspector-gui.exe" "%1"'
    written = {path for path, values in winreg.keys.items() if values}
    extensions = windows_registry.EXTENSIONS
    assert written == {
        kind, f"{kind}\\DefaultIcon", f"{kind}\\shell\\open\\command",
        *(f"Software\\Classes\\{extension}\\OpenWithProgids" for extension in extensions),
        "Software\\Classes\\.safetensors", "Software\\Classes\\.ckpt", "Software\\Classes\\.pt2",
        "Software\\CheckpointInspector\\Capabilities", "Software\\CheckpointInspector\\Capabilities\\FileAssociations",
        "Software\\RegisteredApplications"}
    registered = winreg.keys["Software\\RegisteredApplications"]
    assert registered == {"Checkpoint Inspector": "Software\\CheckpointInspector\\Capabilities"}


def test_that_windows_is_left_as_it_was(winreg: FakeWinreg) -> None:
    winreg.keys["Software\\Classes\\.pt"] = {"": "Other.Model"}
    winreg.keys["Software\\Classes\\.safetensors"] = {"": "Netron"}
    winreg.keys["Software\\RegisteredApplications"] = {"Paint": "Software\\Paint"}
    before = {path: dict(values) for path, values in winreg.keys.items()}
    windows("install", winreg, default=True)
    assert winreg.keys["Software\\Classes\\.pt"][""] == "CheckpointInspector.Checkpoint"
    windows("uninstall", winreg)
    assert winreg.keys == before


def test_that_windows_extensions_of_other_programs_are_left_to_them(winreg: FakeWinreg) -> None:
    winreg.keys["Software\\Classes\\.safetensors"] = {"": "Netron"}
    windows("install", winreg)
    assert winreg.keys["Software\\Classes\\.safetensors"] == {"": "Netron"}
    assert "" not in winreg.keys["Software\\Classes\\.pt"]


def test_that_a_second_installation_on_windows_changes_nothing(winreg: FakeWinreg) -> None:
    windows("install", winreg, default=True)
    before = {path: dict(values) for path, values in winreg.keys.items()}
    assert "already" in windows("install", winreg, default=True)
    assert winreg.keys == before


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_that_a_dry_run_on_windows_changes_nothing(winreg: FakeWinreg, action: str) -> None:
    if action == "uninstall":
        windows("install", winreg)
    before = {path: dict(values) for path, values in winreg.keys.items()}
    assert "dry run" in windows(action, winreg, dry_run=True)
    assert winreg.keys == before


def test_that_status_on_windows_names_the_program(winreg: FakeWinreg) -> None:
    assert windows("status", winreg).startswith("Not installed")
    windows("install", winreg)
    assert "inspector-gui.exe" in windows("status", winreg)


# -- macOS --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("action", install.ACTIONS)
def test_that_a_mac_is_told_what_it_needs(home: Path, action: str) -> None:
    assert ".app" in install.run(action, platform="darwin")
    assert tree(home) == {}


def test_that_nothing_of_qt_is_needed() -> None:
    code = "import sys, inspector.desktop; sys.exit(any(n.startswith(('PySide6', 'numpy', 'torch')) for n in sys.modules))"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
