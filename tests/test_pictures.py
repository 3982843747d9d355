"""The pictures of the README: all there, small, and made by a script that works."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtGui import QImage

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "resources" / "pictures"
READMES = (ROOT / "README.md", ROOT / "resources" / "README.zh.md")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    import importlib.util
    spec = importlib.util.spec_from_file_location("make_pictures", PICTURES / "make.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def shown(readme: Path) -> list[Path]:
    return [(readme.parent / name).resolve() for name in re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", readme.read_text("utf-8"))]


def test_that_each_picture_is_shown_and_small_and_none_is_left_over(script: ModuleType) -> None:
    there = {path.resolve() for path in PICTURES.glob("*.png")}
    assert {path.stem for path in there} == {picture.name for picture in script.PICTURES}
    assert len(there) >= 8
    assert set(shown(READMES[0])) == there
    assert set(shown(READMES[1])) <= there
    assert len(shown(READMES[1])) >= 6
    for path in there:
        assert path.stat().st_size < script.LARGEST
        assert QImage(str(path)).width() >= 1024


@pytest.mark.parametrize("name", ["danger-dark", "window-zh"])
def test_that_the_script_makes_a_picture_of_what_is_said_to_be_on_it(name: str, script: ModuleType, tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, str(PICTURES / "make.py"), str(tmp_path), name], env={**os.environ, "PYTHONPATH": str(ROOT)},
                         capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    [made] = tmp_path.glob("*.png")
    assert made.stat().st_size < script.LARGEST
    picture = QImage(str(made))
    asked = next(one for one in script.PICTURES if one.name == name)
    assert f"{picture.width()}x{picture.height()}" == asked.size
    assert (picture.pixelColor(20, 600).lightness() < 128) is (asked.theme == "dark")


def test_that_reducing_keeps_frequent_colours_and_comes_near_to_the_others(script: ModuleType, tmp_path: Path) -> None:
    picture = QImage(200, 120, QImage.Format.Format_RGB32)
    picture.fill(0xfff4f5f7)
    for x in range(200):
        for y in range(40):
            picture.setPixel(x, y, 0xff000000 | x << 16 | y * 6 << 8 | (x + y) % 256)
    path = tmp_path / "many.png"
    picture.save(str(path))
    script.reduce(path)
    made = QImage(str(path))
    assert made.format() == QImage.Format.Format_Indexed8
    assert made.colorCount() <= 256
    assert made.pixelColor(100, 100).rgb() == 0xfff4f5f7
    for x, y in ((0, 0), (199, 39), (90, 20)):
        one, other = made.pixelColor(x, y), picture.pixelColor(x, y)
        assert max(abs(one.red() - other.red()), abs(one.green() - other.green()), abs(one.blue() - other.blue())) < 40
