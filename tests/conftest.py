"""Set before Qt is imported: no screen is needed, and nobody's settings are read or written."""
from __future__ import annotations

import copyreg
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from inspector import languages

# a machine that has much else to do is no fault
# the same examples for every change that CI judges, new ones for whoever runs the tests by hand
settings.register_profile("slow machine", deadline=None, suppress_health_check=[HealthCheck.too_slow],
                          derandomize=bool(os.environ.get("CI")))
settings.load_profile("slow machine")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# what is said is compared in English, whoever runs the tests: the system's own words follow these as soon as Qt has started
os.environ.update({name: "C.UTF-8" for name in ("LC_ALL", "LC_MESSAGES", "LANG")
                   if not os.environ.get(name, "C").startswith(("C", "POSIX", "en"))})
os.environ.pop("LANGUAGE", None)

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@pytest.fixture(autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name, folder in (("HOME", ""), ("XDG_CONFIG_HOME", ".config"), ("XDG_DATA_HOME", ".local/share"),
                         ("XDG_CACHE_HOME", ".cache"), ("XDG_RUNTIME_DIR", ".run")):
        path = home / folder
        path.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(path))
    os.chmod(home / ".run", 0o700)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    languages.use("en")


@pytest.fixture(autouse=True)
def _ordinary_pickles() -> Iterator[None]:
    """What libraries of the tests teach pickle to write otherwise (tblib, which dask brings, exceptions) is of no concern to others."""
    before = copyreg.dispatch_table.copy()
    yield
    copyreg.dispatch_table.clear()
    copyreg.dispatch_table.update(before)


@pytest.fixture
def corpus() -> Path:
    """Real files, where this machine has them."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real files is not here")
    return CORPUS
