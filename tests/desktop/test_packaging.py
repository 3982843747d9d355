"""The recipes of the program that needs no Python; `.ci/run` builds and tries it."""
from __future__ import annotations

import configparser
import importlib.util
import os
import plistlib
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


def sections(script: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    here = ""
    for line in script.splitlines():
        if (head := re.fullmatch(r"\[(\w+)\]", line)) is not None:
            here = head[1]
            found[here] = []
        elif line.strip() and not line.lstrip().startswith((";", "#")):
            found.setdefault(here, []).append(line)
    return found


def test_that_the_script_for_windows_is_whole() -> None:
    script = (PACKAGING / "checkpoint-inspector.iss").read_text("utf-8")
    parts = sections(script)
    assert [*parts] == ["Setup", "Languages", "Tasks", "Files", "Icons", "Registry", "Run", "Code"]
    setup = dict(line.split("=", 1) for line in parts["Setup"])
    assert {"AppId", "AppName", "AppVersion", "DefaultDirName", "OutputBaseFilename"} <= setup.keys()
    assert (PACKAGING / setup["LicenseFile"].replace("\\", "/")).is_file()
    needed = {"Files": {"Source", "DestDir"}, "Icons": {"Name", "Filename"}, "Registry": {"Root", "Subkey"}, "Run": {"Filename"},
              "Tasks": {"Name", "Description"}, "Languages": {"Name", "MessagesFile"}}
    tasks = set()
    for section, names in needed.items():
        for line in parts[section]:
            given = dict(re.findall(r'(\w+): ("(?:[^"]|"")*"|[^;]+)', line))
            assert names <= given.keys(), line
            tasks |= {given["Tasks"]} if "Tasks" in given else set()
    assert tasks <= {re.findall(r'Name: "(\w+)"', line)[0] for line in parts["Tasks"]}
    given_outside = {"Version", "Source"}
    assert set(re.findall(r"\{#(\w+)\}", script)) <= {*re.findall(r"^#define (\w+)", script, re.MULTILINE), *given_outside}
    workflow = (ROOT / ".github" / "workflows" / "packages.yml").read_text("utf-8")
    assert {name for name in given_outside if f"//D{name}=" in workflow} == given_outside
    code = "\n".join(parts["Code"])
    words = re.findall(r"\b(begin|end|function|procedure)\b", re.sub(r"\{.*?\}|'[^']*'", "", code))
    assert words.count("begin") == words.count("end") == words.count("function") + words.count("procedure")


def downloads(script: str) -> dict[str, str]:
    """The address of each file that the workflow downloads, by the file's name."""
    return dict(re.findall(r"\b(?:curl|wget) -\w*o (\S+) (\S+)", script))


def test_that_what_the_workflow_downloads_is_of_a_tag_and_has_a_digest_that_is_checked_before_it_is_run() -> None:
    told = dict(line.split("  ")[::-1] for line in (PACKAGING / "downloads.sha256").read_text("utf-8").splitlines())
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in told.values())
    workflow = (ROOT / ".github" / "workflows" / "packages.yml").read_text("utf-8")
    found = downloads(workflow)
    assert found.keys() == told.keys()
    assert len(re.findall(r"\b(?:curl|wget|Invoke-WebRequest)\b", workflow)) == len(found)
    assert all(re.search(r"/releases/download/\d[\w.]*/", address) for address in found.values()), "of a tag that does not move"
    check = workflow.index("sha256sum --check --strict resources/packaging/downloads.sha256\n")
    for name, address in found.items():
        assert workflow.index(address) < check
        assert not re.search(rf"(?:\./{name}\b|chmod \S+ {name}\b|--runtime-file {name}\b)", workflow[:check])
    assert "--runtime-file runtime " in workflow, "appimagetool downloads one that nobody checked otherwise"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_that_a_download_that_is_another_is_not_taken(tmp_path: Path) -> None:
    for name in ("appimagetool", "runtime"):
        (tmp_path / name).write_bytes(b"#!/bin/sh\n")
    done = subprocess.run(["sha256sum", "--check", "--strict", PACKAGING / "downloads.sha256"], cwd=tmp_path, capture_output=True,
                          check=False, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode == 1
    assert done.stdout.count(b": FAILED") == 2


def test_that_uninstalling_takes_the_command_off_the_path() -> None:
    """The steps of the script, in Python: strings of Pascal begin at 1."""
    code = "\n".join(sections((PACKAGING / "checkpoint-inspector.iss").read_text("utf-8"))["Code"])
    assert "Delete(Path, Place, Length(Entry) - 1);" in code
    assert "Path := Copy(Path, 2, Length(Path) - 2);" in code

    def without(path: str, app: str) -> str:
        entry = f";{app.lower()};"
        place = f";{path.lower()};".find(entry) + 1
        if not place:
            return path
        path = f";{path};"
        path = path[:place - 1] + path[place - 1 + len(entry) - 1:]
        return path[1:1 + len(path) - 2]

    app = r"C:\Programs\Checkpoint Inspector"
    assert without(app, app) == ""
    assert without(f"a;{app};b", app) == "a;b"
    assert without(f"a;{app.upper()}", app) == "a"
    assert without(f"{app};b", app) == "b"
    assert without("a;b", app) == "a;b"


def test_that_macos_is_told_of_the_same_documents_by_types_that_are_declared() -> None:
    spec = importlib.util.spec_from_file_location("macos_info", PACKAGING / "macos_info.py")
    assert spec is not None
    assert spec.loader is not None
    macos = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(macos)
    told = plistlib.loads(plistlib.dumps(macos.info("1.2.3")))
    assert told["CFBundleShortVersionString"] == "1.2.3"
    declared = {one["UTTypeIdentifier"]: one["UTTypeTagSpecification"]["public.filename-extension"]
                for one in told["UTImportedTypeDeclarations"]}
    opened = [name for kind in told["CFBundleDocumentTypes"] for name in kind["LSItemContentTypes"]]
    assert sorted(opened) == sorted(declared)               # a kind with no types of its own would open nothing
    assert {f".{ending}" for endings in declared.values() for ending in endings} == set(windows_registry.EXTENSIONS)
    assert all(name.startswith(f"{macos.IDENTIFIER}.") for name in declared)
    assert "from macos_info import" in (PACKAGING / "checkpoint-inspector.spec").read_text("utf-8")


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="no desktop-file-validate here")
def test_that_the_desktop_entry_is_valid() -> None:
    entry = ROOT / "resources" / "desktop" / "checkpoint-inspector.desktop"
    done = subprocess.run(["desktop-file-validate", entry], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
