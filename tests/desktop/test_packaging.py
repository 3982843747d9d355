"""The recipes of the program that needs no Python; `.ci/run` builds and tries it."""
from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from inspector.desktop import windows_registry

tomllib = pytest.importorskip("tomllib")        # of Python 3.11, which builds the packages

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "resources" / "packaging"
METAINFO = PACKAGING / "checkpoint-inspector.metainfo.xml"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_that_the_metainfo_tells_of_this_version_and_of_the_desktop_files_types() -> None:
    told = ElementTree.parse(METAINFO).getroot()
    desktop = configparser.ConfigParser(interpolation=None)
    desktop.read(ROOT / "resources" / "desktop" / "checkpoint-inspector.desktop", "utf-8")
    entry = desktop["Desktop Entry"]
    assert next(release.get("version") for release in told.iter("release")) == PROJECT["project"]["version"]
    assert [kind.text for kind in told.iter("mediatype")] == entry["MimeType"].rstrip(";").split(";")
    assert told.findtext("launchable") == "checkpoint-inspector.desktop"
    assert told.findtext("name") == entry["Name"]
    assert {binary.text for binary in told.iter("binary")} == {*PROJECT["project"]["scripts"], *PROJECT["project"]["gui-scripts"]}
    for image in told.iter("image"):
        assert (ROOT / str(image.text).partition("/main/")[2]).is_file()


@pytest.mark.skipif(shutil.which("appstreamcli") is None, reason="no appstreamcli here")
def test_that_software_centres_take_the_metainfo() -> None:
    assert subprocess.run(["appstreamcli", "validate", "--no-net", METAINFO], capture_output=True, check=False).returncode == 0


def test_that_the_set_up_program_of_windows_offers_the_types_that_the_command_does() -> None:
    script = (PACKAGING / "checkpoint-inspector.iss").read_text("utf-8")
    assert {f".{name}" for name in re.findall(r"Classes\\\.(\w+)\\OpenWithProgids", script)} == set(windows_registry.EXTENSIONS)


def test_that_what_is_shipped_in_the_wheel_is_shipped_in_the_frozen_program() -> None:
    spec = (PACKAGING / "checkpoint-inspector.spec").read_text("utf-8")
    for pattern in PROJECT["tool"]["setuptools"]["package-data"]["inspector.resources"]:
        folder, _, names = pattern.partition("/")
        assert re.search(rf'\("{folder}", "{re.escape(names)}"\)|\("{folder}", "\*\.svg"\)', spec), pattern
    assert '"loops" / "*.ll"' in spec
    assert {path.suffix for path in (ROOT / "resources" / "icons").iterdir()} == {".svg"}


def test_that_only_pinned_tools_build_it() -> None:
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "resources" / "constraints.txt").read_text("utf-8").splitlines()
              if "==" in line}
    asked = re.search(r'^EXTRAS = \((.*)\)\nTOOLS = \((.*)\)$', (PACKAGING / "build.py").read_text("utf-8"), re.MULTILINE)
    assert asked is not None
    assert {name.lower() for name in re.findall(r'"([\w-]+)"', asked[1] + asked[2])} <= pinned
