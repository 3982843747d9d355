"""The walls of inspector/ARCHITECTURE.md, proved from the source text: nothing is imported to find out."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "inspector"

# One direction: a module imports only from levels below its own, or from its own room. The first prefix that fits counts.
LEVELS: tuple[tuple[str, int], ...] = (
    ("inspector.core.errors", 0), ("inspector.core.findings", 0), ("inspector.core.progress", 0), ("inspector.core.limits", 0),
    ("inspector.core.collector", 0), ("inspector.core.compiled", 0), ("inspector.core.workers", 1),
    ("inspector.core.dtypes", 0), ("inspector.core.checksum", 0), ("inspector.core.keypath", 0), ("inspector.core.small_files", 1),
    ("inspector.core.graph", 1), ("inspector.core.dense", 3),
    ("inspector.core.checkpoint", 2),
    ("inspector.core.leaves", 3), ("inspector.core.strides", 3), ("inspector.core.zip_local", 3), ("inspector.core.pickles", 3),
    ("inspector.core.roles", 3), ("inspector.core.parameter_order", 3), ("inspector.core.training", 4), ("inspector.core.sizes", 4),
    ("inspector.core.ties", 4),
    ("inspector.core.bytes", 4), ("inspector.core.casts", 4),
    ("inspector.core.formats", 5), ("inspector.core.arrays", 5),
    ("inspector.core.describe", 5), ("inspector.core.source_texts", 6),
    ("inspector.core.torch_bridge", 6), ("inspector.core.measures", 6), ("inspector.core.slices", 6),
    ("inspector.core.checks", 6), ("inspector.core.demo", 6),
    ("inspector.core.edits", 7),
    ("inspector.core.save", 8), ("inspector.core.compare", 8),
    ("inspector.core", 9),
    ("inspector.resources_path", 9), ("inspector.desktop", 10), ("inspector.listing", 10), ("inspector.commands", 11),
    ("inspector.gui", 12),
    ("inspector.cli", 13), ("inspector.__main__", 14), ("inspector", 0),
)

# Rooms of siblings: only the room's own list knows them all, and none imports another. Others in the room are their tools.
SIBLINGS: dict[str, frozenset[str]] = {
    "inspector.core.formats": frozenset({"torch_zip", "script_json", "torch_export", "torch_legacy", "torch_tar", "safetensors",
                                         "plain_pickle", "sharded", "dcp"}),
    "inspector.core.edits": frozenset(path.stem for path in (PACKAGE / "core" / "edits").glob("*.py")) - {
        "__init__", "common", "copies", "dropping", "effects", "globs", "naming", "optimizers", "recipe", "references", "structure"},
    "inspector.core.checks": frozenset(path.stem for path in (PACKAGE / "core" / "checks").glob("*.py")) - {"__init__", "common"},
    "inspector.gui.panels": frozenset(path.stem for path in (PACKAGE / "gui" / "panels").glob("*.py")) - {"__init__", "common"},
}

NEVER = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "importlib", "imp", "runpy", "code",
         "safetensors", "zipfile", "tarfile", "mmap"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__",
                   "os.chdir", "os.fchdir", "sys.path.insert", "sys.path.append",
                   "torch.load", "torch.jit.load", "torch.package.PackageImporter", "np.load", "numpy.load"}
THIRD_PARTY = {"PySide6", "shiboken6", "pyqtgraph", "torch", "numpy", "ml_dtypes", "numba", "llvmlite", "zlib_ng"}


class Import(NamedTuple):
    importer: str
    target: str
    line: int
    top: bool           # at module level, so it runs when the importer is imported
    typing: bool        # under TYPE_CHECKING


@cache
def modules() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text("utf-8"), str(path))
    return found


@cache
def is_package(name: str) -> bool:
    return (ROOT / Path(*name.split(".")) / "__init__.py").exists() or (ROOT / Path(*name.split("."))).is_dir()


def imports_of(name: str) -> Iterator[Import]:
    tree = modules()[name]
    guarded = {id(node) for test in ast.walk(tree) if isinstance(test, ast.If) and "TYPE_CHECKING" in ast.unparse(test.test)
               for body in test.body for node in ast.walk(body)}
    functions = {id(node) for function in ast.walk(tree) if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                 for node in ast.walk(function)}
    here = name.split(".") if is_package(name) else name.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            within = here[:len(here) - node.level + 1] if node.level else []
            base = ".".join([*within, *([node.module] if node.module else [])])
            targets = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules() else base for alias in node.names]
        else:
            continue
        for target in targets:
            yield Import(name, target, node.lineno, id(node) not in functions, id(node) in guarded)


@cache
def every_import() -> list[Import]:
    return [found for name in modules() for found in imports_of(name)]


def level(module: str) -> int:
    return next(rank for prefix, rank in LEVELS if module == prefix or module.startswith(prefix + "."))


def room(module: str) -> str:
    return next(prefix for prefix, _ in LEVELS if module == prefix or module.startswith(prefix + "."))


def test_that_imports_go_one_direction() -> None:
    wrong = [f"{i.importer}:{i.line} imports {i.target}" for i in every_import()
             if i.target.startswith("inspector") and not i.typing and i.target != "inspector"
             and level(i.target) >= level(i.importer) and room(i.target) != room(i.importer)]
    assert not wrong


def test_that_no_modules_import_each_other_in_a_circle() -> None:
    edges: dict[str, set[str]] = {name: set() for name in modules()}
    for i in every_import():
        if i.target in edges and i.target != i.importer and not i.typing:
            edges[i.importer].add(i.target)
    done: set[str] = set()
    for start in edges:
        path, todo = [start], [iter(edges[start])]
        while todo:
            step = next(todo[-1], None)
            if step is None:
                done.add(path.pop())
                todo.pop()
            elif step in path:
                pytest.fail("circle: " + " -> ".join([*path[path.index(step):], step]))
            elif step not in done:
                path.append(step)
                todo.append(iter(edges[step]))


def test_that_siblings_in_a_room_do_not_import_each_other() -> None:
    wrong = []
    for name, siblings in SIBLINGS.items():
        for i in every_import():
            if i.importer.startswith(name + ".") and i.target.startswith(name + "."):
                sibling = i.target[len(name) + 1:].split(".")[0]
                if sibling in siblings and i.importer != i.target:
                    wrong.append(f"{i.importer}:{i.line} imports {i.target}")
    assert not wrong


def test_that_the_core_is_headless_and_only_the_bridge_knows_torch() -> None:
    wrong = []
    for i in every_import():
        first = i.target.split(".")[0]
        if first in ("PySide6", "shiboken6", "pyqtgraph") and not i.importer.startswith("inspector.gui"):
            wrong.append(f"{i.importer}:{i.line} imports {i.target}")
        if first == "torch" and (i.importer != "inspector.core.torch_bridge" or (i.top and not i.typing)):
            wrong.append(f"{i.importer}:{i.line} imports {i.target}")
    assert not wrong


def test_that_the_window_talks_to_the_front_door_only() -> None:
    wrong = [f"{i.importer}:{i.line} imports {i.target}" for i in every_import()
             if i.importer.startswith("inspector.gui") and i.target.startswith("inspector.core.")]
    assert not wrong


def test_that_only_torch_and_the_window_are_imported_inside_functions() -> None:
    wrong = [f"{i.importer}:{i.line} imports {i.target} late" for i in every_import()
             if not i.top and i.target.startswith("inspector")
             and not (i.importer in ("inspector.cli", "inspector.gui.app", "inspector.gui.main_window")
                      or i.target == "inspector.core.torch_bridge")]
    assert not wrong


def test_that_nothing_that_could_run_a_file_is_imported_or_called() -> None:
    wrong = [f"{i.importer}:{i.line} imports {i.target}" for i in every_import() if i.target.split(".")[0] in NEVER]
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called in FORBIDDEN_CALLS:
                wrong.append(f"{name}:{node.lineno} calls {called}")
            if called == "getattr" and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant):
                allowed = {"inspector.core.dtypes": "getattr(ml_dtypes, found.extended)"}
                if ast.unparse(node) != allowed.get(name) and name != "inspector.core.torch_bridge":
                    wrong.append(f"{name}:{node.lineno} looks an attribute up by a computed name: {ast.unparse(node)}")
    assert not wrong


def test_that_one_module_opens_files_to_read() -> None:
    """`core.bytes` reads checkpoints; the others here open what the program itself wrote or ships, or, `save.atomic`, to
    write."""
    allowed = {"inspector.core.bytes", "inspector.core.demo", "inspector.desktop", "inspector.gui.icons", "inspector.gui.settings",
               "inspector.gui.instance", "inspector.core.save.atomic", "inspector.core.compiled"}
    wrong = []
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name not in allowed:
                called = ast.unparse(node.func)
                if called in ("open", "os.open", "io.open", "os.fdopen") or called.endswith((".read_bytes", ".read_text")):
                    wrong.append(f"{name}:{node.lineno} {called}")
    assert not wrong


def test_that_only_the_command_line_prints() -> None:
    wrong = [f"{name}:{node.lineno}" for name, tree in modules().items() for node in ast.walk(tree)
             if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.stdout.write", "sys.stderr.write")
             and name != "inspector.cli"]
    assert not wrong


def test_that_only_tasks_knows_threads_and_only_notices_opens_message_boxes() -> None:
    wrong = []
    for i in every_import():
        if i.importer.startswith("inspector.gui") and i.target.split(".")[0] in ("threading", "concurrent", "multiprocessing") \
                and i.importer != "inspector.gui.tasks":
            wrong.append(f"{i.importer}:{i.line} imports {i.target}")
    for name, tree in modules().items():
        if not name.startswith("inspector.gui"):
            continue
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if names & {"QThread", "QThreadPool", "QRunnable"} and name != "inspector.gui.tasks":
            wrong.append(f"{name} uses {names & {'QThread', 'QThreadPool', 'QRunnable'}}")
        if "QMessageBox" in names and name != "inspector.gui.notices":
            wrong.append(f"{name} uses QMessageBox")
    assert not wrong


def test_that_visible_text_is_literal_when_it_is_translated() -> None:
    wrong = []
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("tr", "translate") \
                    and name.startswith("inspector.gui"):
                said = node.args[node.func.attr == "translate":]
                if said and isinstance(said[0], ast.JoinedStr | ast.Call):
                    wrong.append(f"{name}:{node.lineno} {ast.unparse(node)[:80]}")
    assert not wrong


def test_that_the_top_level_holds_what_it_may_and_no_more() -> None:
    import subprocess
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= {"pyproject.toml", "inspector", "resources", "tests", "README.md"}
    big = [line for line in listed.stdout.splitlines() if (ROOT / line).is_file() and (ROOT / line).stat().st_size > 200_000]
    assert not big


def test_that_the_wheel_lists_every_package() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("*.py")}
    assert not [name for name in folders if f'"{name}"' not in text]


def test_that_the_architecture_page_names_every_module_but_the_single_checks() -> None:
    page = (PACKAGE / "ARCHITECTURE.md").read_text("utf-8")
    missing = [name for name in modules() if name.rsplit(".", 1)[-1] not in page and not name.startswith("inspector.core.checks.")]
    assert not missing
