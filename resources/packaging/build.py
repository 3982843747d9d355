"""Builds the program that needs no Python: `python resources/packaging/build.py OUT` leaves OUT/checkpoint-inspector/, a folder with
`inspector`, `inspector-gui` and all they need but torch (on macOS "Checkpoint Inspector.app" as well, on Linux with `--appdir` the
folder that appimagetool makes an AppImage of), and tries it: lists, measures, edits, draws the window.

The Python that runs this (3.11 or newer) makes an environment of its own with the versions of `constraints.txt`. Nothing of the checkout
is changed.
"""
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import tomllib

HERE = Path(__file__).resolve().parent
RESOURCES = HERE.parent
ROOT = RESOURCES.parent
ID = "checkpoint-inspector"
# what reads web addresses comes along: nobody can install it later
EXTRAS = ("fsspec", "aiohttp")
TOOLS = ("pyinstaller", "pillow")

_DRAW = """
import io, sys
from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
app = QGuiApplication([])
picture = QImage(1024, 1024, QImage.Format.Format_ARGB32)
picture.fill(0)
painter = QPainter(picture)
QSvgRenderer(sys.argv[1]).render(painter)
painter.end()
data = QByteArray()
buffer = QBuffer(data)
buffer.open(QIODevice.OpenModeFlag.WriteOnly)
picture.save(buffer, "PNG")
drawn = Image.open(io.BytesIO(bytes(data)))
sizes = [(n, n) for n in (16, 24, 32, 48, 64, 128, 256)]
drawn.save(sys.argv[2], **({"sizes": sizes} if sys.argv[2].endswith(".ico") else {}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder that the program's folder is made in")
    parser.add_argument("--appdir", action="store_true", help="on Linux: OUT/Checkpoint_Inspector.AppDir as well")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    out = asked.out.resolve()
    with tempfile.TemporaryDirectory(prefix="packaging-") as folder:
        python = environment(Path(folder) / "venv")
        made = build(python, out, Path(folder))
        try_out(made, python, Path(folder))
    if asked.appdir:
        print(f"AppDir: {appdir(made, out)}")
    print(f"built and tried: {made} ({sum(file.stat().st_size for file in made.rglob('*') if file.is_file()) / 1e6:.0f} MB)")


def build(python: Path, out: Path, work: Path) -> Path:
    """PyInstaller's folder, made anew in `out`."""
    variables = {**os.environ, "INSPECTOR_VERSION": str(_project()["version"]), "QT_QPA_PLATFORM": "offscreen", "PYTHONHASHSEED": "0"}
    suffix = {"win32": ".ico", "darwin": ".icns"}.get(sys.platform)
    if suffix:
        icon = work / f"icon{suffix}"
        subprocess.run([python, "-c", _DRAW, RESOURCES / "icons" / f"{ID}.svg", icon], check=True, env=variables)
        variables["INSPECTOR_ICON"] = str(icon)
    made = out / ID
    shutil.rmtree(made, ignore_errors=True)
    subprocess.run([python, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", out, "--workpath", work / "build",
                    HERE / f"{ID}.spec"], check=True, env=variables)
    return made


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def environment(folder: Path) -> Path:
    """The Python of a new environment with all that the program needs but torch, and with PyInstaller."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    needed = [line for line in _project()["dependencies"] if not re.match(r"torch\b", line)]
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", RESOURCES / "constraints.txt",
                    *needed, *EXTRAS, *TOOLS], check=True)
    return python


# -- is it whole? -------------------------------------------------------------------------------------------------------------

def try_out(made: Path, python: Path, work: Path) -> None:
    """Runs what was built as somebody without Python would, in an empty home. Raises AssertionError with what was said."""
    home = work / "home"
    home.mkdir()
    subprocess.run([python, "-c", "import sys; from inspector import core; core.make_demo(sys.argv[1])", home], check=True,
                   env={**os.environ, "PYTHONPATH": str(ROOT)})
    keep = ("SYSTEMROOT", "TEMP", "TMP", "COMSPEC", "WINDIR", "DISPLAY", "XAUTHORITY", "LANG")
    variables = {**{name: os.environ[name] for name in keep if name in os.environ}, "HOME": str(home), "USERPROFILE": str(home),
                 "APPDATA": str(home), "LOCALAPPDATA": str(home), "PATH": os.defpath,
                 "QT_QPA_PLATFORM": "xcb" if os.environ.get("DISPLAY") and sys.platform == "linux" else "offscreen"}

    def run(*arguments: str, status: int = 0, program: str = "inspector") -> str:
        done = subprocess.run([made / (program + (".exe" if os.name == "nt" else "")), *arguments], cwd=home, env=variables,
                              capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)
        if done.returncode != status or "this is a bug" in done.stderr:
            raise AssertionError(f"inspector {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    assert run("--version").split() == ["inspector", _project()["version"]]
    run("demo", "--screenshot", "window.png")
    run("demo", "--screenshot", "from-the-desktop.png", program="inspector-gui")
    for picture in ("window.png", "from-the-desktop.png"):
        assert (home / picture).read_bytes().startswith(b"\x89PNG"), picture
    pth, other = (next(home.glob(f"digits_*.{suffix}")).name for suffix in ("pth", "safetensors"))
    listed = json.loads(run("ls", "--json", "--digest", pth))["tensors"]
    assert listed, "keys"
    assert all(tensor["sha256"] for tensor in listed), "digests"
    assert len(json.loads(run("stats", "--json", other))["tensors"]) == len(json.loads(run("ls", "--json", other))["tensors"])
    run("check", other)
    run("edit", pth, "-o", "weights.safetensors", "--extract", "model_state_dict", "--cast", "float16")
    assert json.loads(run("ls", "--json", "weights.safetensors"))["tensors"], "the saved file"
    run("edit", pth, "-o", "again.pth", "--verify", "torch")
    run("diff", pth, "again.pth")
    run("run", pth, "again.pth")
    run("modules", other)


# -- AppImage -----------------------------------------------------------------------------------------------------------------

def appdir(made: Path, out: Path) -> Path:
    """The folder that `appimagetool` packs: the program, its desktop file, icon and metainfo where AppImages have them."""
    folder = out / "Checkpoint_Inspector.AppDir"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(made, folder / "usr" / "lib" / ID, symlinks=True)
    share = folder / "usr" / "share"
    for source, target in ((RESOURCES / "desktop" / f"{ID}.desktop", share / "applications" / f"{ID}.desktop"),
                           (RESOURCES / "desktop" / f"{ID}.xml", share / "mime" / "packages" / f"{ID}.xml"),
                           (HERE / f"{ID}.metainfo.xml", share / "metainfo" / f"{ID}.appdata.xml"),
                           (RESOURCES / "icons" / f"{ID}.svg", share / "icons" / "hicolor" / "scalable" / "apps" / f"{ID}.svg"),
                           (RESOURCES / "desktop" / f"{ID}.desktop", folder / f"{ID}.desktop"),
                           (RESOURCES / "icons" / f"{ID}.svg", folder / f"{ID}.svg")):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (folder / ".DirIcon").symlink_to(f"{ID}.svg")
    start = folder / "AppRun"
    start.write_text(f'#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/usr/lib/{ID}/inspector" "$@"\n', "utf-8")
    start.chmod(0o755)
    return folder


if __name__ == "__main__":
    main()
