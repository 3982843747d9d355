"""The walls of inspector/ARCHITECTURE.md, proved from the source text: nothing is imported to find out.

The page itself is what is read: the numbers in its house are the floors, and each module stands in one line of it.
"""
from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "inspector"
PAGE = PACKAGE / "ARCHITECTURE.md"

# Rooms of siblings: only the room's own list knows them all, and none imports another. Others in the room are their tools.
READERS = frozenset(f"inspector.core.formats.{name}" for name in (
    "torch_zip", "torchscript_json", "torch_export", "safetensors", "plain_pickle", "compressed", "gguf", "npz", "onnx",
    "torch_legacy", "before_1_6.torch_tar", "sets.sharded", "sets.dcp"))
NO_SIBLINGS = {"inspector.core.edits": {"editing", "effects", "recipe"},
               "inspector.commands": {"arguments", "output", "files", "cluster", "columns", "wide_text", "progress", "fit", "adapter",
                                      "explained",
                                      "reports", "relations_text", "window", "pages", "file_page", "diff_page", "run_page"}}
ROOMS_OF_SIBLINGS = ("inspector.core.edits", "inspector.core.checks", "inspector.gui.panels", "inspector.commands")

NEVER = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "importlib", "imp", "runpy", "code",
         "safetensors", "zipfile", "tarfile", "mmap"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__",
                   "os.chdir", "os.fchdir", "sys.path.insert", "sys.path.append",
                   "torch.load", "torch.jit.load", "torch.package.PackageImporter", "np.load", "numpy.load"}
LATE = {"inspector.cli", "inspector.commands", "inspector.commands.window", "inspector.core.opening",
        "inspector.gui.app",                        # a second start is gone before Qt is loaded
        "inspector.gui.panels",                     # a list of names: each panel is loaded when its tab is first looked at
        "inspector.gui.frame.compare_commands", "inspector.gui.frame.edit_commands",
        "inspector.gui.frame.run_commands", "inspector.gui.frame.report_commands",     # a page and dialogs, when they are asked for
        "inspector.gui.models.tree_model"}          # numpy, in a worker, while the window is painted
# rooms that are lists of names, loaded by `runtime.late`
BY_NAME = {"inspector.core", "inspector.core.formats", "inspector.core.packed.logical", "inspector.commands", "inspector.gui.frame.ahead"}


class Import(NamedTuple):
    importer: str
    target: str
    line: int
    top: bool           # at module level, so it runs when the importer is imported
    typing: bool        # under TYPE_CHECKING

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


class Module(NamedTuple):
    imports: list[Import]
    calls: list[tuple[str, ast.Call]]       # what is called, as it is written: "os.open"
    names: set[str]


@cache
def files() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def module(name: str) -> Module:
    """What the tests ask of one file, from one walk over it."""
    return read(name, files()[name].read_text("utf-8"))


def read(name: str, text: str) -> Module:
    is_package = files()[name].name == "__init__.py" if name in files() else False
    here = name.split(".") if is_package else name.split(".")[:-1]
    found = Module([], [], set())
    todo: list[tuple[ast.AST, bool, bool]] = [(ast.parse(text), True, False)]
    while todo:
        node, top, typing = todo.pop()
        if isinstance(node, ast.Import):
            found.imports.extend(Import(name, alias.name, node.lineno, top, typing) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            within = here[:len(here) - node.level + 1] if node.level else []
            base = ".".join([*within, *([node.module] if node.module else [])])
            found.imports.extend(Import(name, whole if (whole := f"{base}.{alias.name}") in files() else base, node.lineno, top, typing)
                                 for alias in node.names)
        elif isinstance(node, ast.Call):
            found.calls.append((dotted(node.func), node))
        elif isinstance(node, ast.Name):
            found.names.add(node.id)
        inner = top and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo.extend((child, inner, True) for child in node.body)
            todo.extend((child, inner, typing) for child in node.orelse)
        else:
            todo.extend((child, inner, typing) for child in ast.iter_child_nodes(node))
    return found


def dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *reversed(parts)])


def modules(within: str = "inspector") -> Iterator[tuple[str, Module]]:
    for name in files():
        if name == within or name.startswith(within + "."):
            yield name, module(name)


@cache
def every_import() -> list[Import]:
    return [found for _, one in modules() for found in one.imports]


# -- the house, as the page draws it --------------------------------------------------------------------------------------------

class Home(NamedTuple):
    floor: int
    folder: str


@cache
def house() -> dict[str, Home]:
    """module -> where it stands, a module that stands twice left out of neither."""
    homes: dict[str, Home] = {}
    for name, home in drawn():
        assert name not in homes, f"{name} stands twice on the page"
        homes[name] = home
    for name, path in files().items():
        if path.name == "__init__.py" and name not in homes:
            own = [home.floor for home in homes.values() if home.folder == name]
            within = [home.floor for home in homes.values() if home.folder.startswith(name + ".")]
            homes[name] = Home(max(own) if own else min(within), name)
    return homes


def drawn() -> Iterator[tuple[str, Home]]:
    block = PAGE.read_text("utf-8").split("```")[1]
    joined = re.sub(r"\n {20,}", " ", block)
    for line in joined.strip().splitlines():
        if line.startswith("---"):
            continue
        found = re.fullmatch(r"\s*(\d+)\s+(\S+)/\s+([^·]*)(?:·.*)?", line)
        assert found, f"a line of the house that is not understood: {line}"
        folder = found[2].replace("/", ".")
        for name in found[3].split():
            yield folder if name == "__init__" else f"{folder}.{name}", Home(int(found[1]), folder)


def steps_up(imports: Iterable[Import]) -> list[str]:
    """Those imports that do not lead downwards, or lead to a room on the same floors."""
    rooms = floors_of_rooms()
    wrong = []
    for one in imports:
        if one.target == "inspector" or not one.target.startswith("inspector.") or one.typing:
            continue
        here, there = house()[one.importer], house()[one.target]
        mine, its = room(here.folder), room(there.folder)
        beside = mine != its and mine in rooms and its in rooms and rooms[mine] & rooms[its]
        if there.floor > here.floor or (there.floor == here.floor and there.folder != here.folder) or beside:
            wrong.append(f"{one} (floor {here.floor} -> {there.floor})")
    return wrong


def room(folder: str) -> str:
    return ".".join(folder.split(".")[:3])


@cache
def floors_of_rooms() -> dict[str, set[int]]:
    """The floors from the lowest to the highest of every folder in core/ and gui/, with those in it: rooms that share one are
    neighbours."""
    found: dict[str, set[int]] = {}
    for home in house().values():
        if home.folder.count(".") >= 2:
            found.setdefault(room(home.folder), set()).add(home.floor)
    return {name: set(range(min(floors), max(floors) + 1)) for name, floors in found.items()}


def test_that_the_page_draws_every_module_once_and_nothing_else() -> None:
    plain = {name for name, path in files().items() if path.name != "__init__.py"}
    shown = {name for name, _ in drawn() if files().get(name, PAGE).name != "__init__.py"}
    assert shown == plain


def test_that_the_page_stays_one_page() -> None:
    assert len(PAGE.read_text("utf-8").splitlines()) <= 165


def test_that_imports_go_one_direction() -> None:
    assert not steps_up(every_import())


@pytest.mark.parametrize(("importer", "line"), [
    ("inspector.gui.widgets.chips", "from inspector.gui.panels import overview"),
    ("inspector.gui.panels.overview", "from inspector.gui.dialogs import save"),
    ("inspector.gui.kit.words", "from inspector.gui.state import session"),
    ("inspector.core.tensors.reader", "from inspector.core.formats import torch_zip"),
    ("inspector.core.saving.plan", "from inspector.core.comparison.pairing import pairs"),
    ("inspector.core.formats.sets.dcp", "from inspector.core.formats.zip import directory"),
    ("inspector.core.pickles.decode.machine", "from inspector.core.pickles.objects import contents"),
    ("inspector.core.errors", "from inspector.core.checkpoint import Checkpoint"),
    ("inspector.core.edits.drop", "from inspector import cli"),
])
def test_that_a_planted_import_is_seen(importer: str, line: str) -> None:
    assert steps_up(read(importer, line).imports)


def test_that_no_modules_import_each_other_in_a_circle() -> None:
    edges: dict[str, set[str]] = {name: set() for name in files()}
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


def meetings(imports: Iterable[Import]) -> list[str]:
    """Imports of one sibling by another."""
    wrong = []
    for one in imports:
        if one.importer in READERS and one.target in READERS:
            wrong.append(str(one))
        for room in ROOMS_OF_SIBLINGS:
            here, there = (name.removeprefix(room + ".") for name in (one.importer, one.target))
            if here != one.importer and there != one.target and here != there and not {here, there} & NO_SIBLINGS.get(room, set()) \
                    and "." not in there:
                wrong.append(str(one))
    return wrong


def test_that_siblings_in_a_room_do_not_import_each_other() -> None:
    assert files().keys() >= READERS
    assert not meetings(every_import())


@pytest.mark.parametrize(("importer", "line"), [
    ("inspector.gui.panels.overview", "from .details import DetailsPanel"),
    ("inspector.core.edits.drop", "from .keep import Keep"),
    ("inspector.core.formats.torch_zip", "from .safetensors import read"),
    ("inspector.commands.check", "from .ls import as_text"),
])
def test_that_a_planted_meeting_of_siblings_is_seen(importer: str, line: str) -> None:
    assert meetings(read(importer, line).imports)


# -- what no module may do ------------------------------------------------------------------------------------------------------

def test_that_the_core_is_headless_and_only_the_bridge_knows_torch() -> None:
    wrong = []
    for i in every_import():
        first = i.target.split(".")[0]
        if first in ("PySide6", "shiboken6", "pyqtgraph") and not i.importer.startswith("inspector.gui"):
            wrong.append(str(i))
        if first == "torch" and (i.importer != "inspector.core.torch_bridge" or (i.top and not i.typing)):
            wrong.append(str(i))
    assert not wrong


def test_that_window_and_commands_talk_to_the_front_door_only() -> None:
    wrong = [str(i) for i in every_import() if i.importer.startswith(("inspector.gui", "inspector.commands", "inspector.cli"))
             and i.target.startswith("inspector.core.") and not (i.importer in BY_NAME and i.target == "inspector.core.runtime.late")]
    assert not wrong


def test_that_only_lists_of_names_load_modules_by_name() -> None:
    assert not [str(i) for i in every_import() if i.target == "inspector.core.runtime.late" and i.importer not in BY_NAME]


def test_that_hardly_anything_is_imported_inside_functions() -> None:
    wrong = [f"{i} late" for i in every_import() if not i.top and i.target.startswith("inspector")
             and not (i.importer in LATE or i.target == "inspector.core.torch_bridge")]
    assert not wrong


def test_that_nothing_that_could_run_a_file_is_imported_or_called() -> None:
    wrong = [str(i) for i in every_import() if i.target.split(".")[0] in NEVER
             and (i.importer, i.target) != ("inspector.core.runtime.late", "importlib")]
    allowed = {"inspector.core.dtypes": "getattr(ml_dtypes, found.extended)", "inspector.core.checkpoint": "getattr(self, name)"}
    for name, one in modules():
        for called, node in one.calls:
            if called in FORBIDDEN_CALLS:
                wrong.append(f"{name}:{node.lineno} calls {called}")
            if called == "getattr" and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant) \
                    and ast.unparse(node) != allowed.get(name) and name != "inspector.core.torch_bridge":
                wrong.append(f"{name}:{node.lineno} looks an attribute up by a computed name: {ast.unparse(node)}")
    assert not wrong


def test_that_one_module_opens_files_to_read() -> None:
    """`core.io.sources` reads checkpoints; the others here open what the program itself wrote or ships, what the system says
    of itself (`this_machine`), or, `new_files`, `atomic` and
    `overwrite`, to write; the `open` of `core.opening` is its own."""
    allowed = {"inspector.core.opening", "inspector.core.io.sources", "inspector.core.io.new_files", "inspector.desktop.install",
               "inspector.gui.kit.icons", "inspector.sentences",
               "inspector.gui.kit.settings", "inspector.gui.kit.fault_log", "inspector.gui.frame.instance",
               "inspector.core.saving.disk.atomic",
               "inspector.core.io.this_machine", "inspector.core.saving.disk.overwrite",
               "inspector.core.runtime.compiled"}
    wrong = []
    for name, one in modules():
        for called, node in one.calls:
            opens = called in ("open", "os.open", "io.open", "os.fdopen") or called.endswith((".read_bytes", ".read_text"))
            if opens and name not in allowed:
                wrong.append(f"{name}:{node.lineno} {called}")
    assert not wrong


def test_that_only_the_command_line_prints() -> None:
    wrong = [f"{name}:{node.lineno}" for name, one in modules() for called, node in one.calls
             if called in ("print", "sys.stdout.write", "sys.stderr.write") and name != "inspector.cli"]
    assert not wrong


def test_that_only_tasks_disks_and_the_loader_of_plots_know_threads_and_only_message_boxes_opens_them() -> None:
    # the second for disks that may not answer, the third for one import, while which the window's thread stands still
    of_threads = ("inspector.gui.state.tasks", "inspector.gui.kit.disk", "inspector.gui.widgets.plot_library")
    wrong = [str(i) for i in every_import() if i.importer.startswith("inspector.gui") and i.importer not in of_threads
             and i.target.split(".")[0] in ("threading", "concurrent", "multiprocessing")]
    for name, one in modules("inspector.gui"):
        threads = one.names & {"QThread", "QThreadPool", "QRunnable"}
        if threads and name not in of_threads:
            wrong.append(f"{name} uses {threads}")
        if "QMessageBox" in one.names and name != "inspector.gui.kit.message_boxes":
            wrong.append(f"{name} uses QMessageBox")
    assert not wrong


def test_that_visible_text_is_literal_when_it_is_translated() -> None:
    wrong = []
    for name, one in modules("inspector.gui"):
        for called, node in one.calls:
            if called.endswith((".tr", ".translate")):
                said = node.args[called.endswith(".translate"):]
                if said and isinstance(said[0], ast.JoinedStr | ast.Call):
                    wrong.append(f"{name}:{node.lineno} {ast.unparse(node)[:80]}")
    assert not wrong


# -- the repository -------------------------------------------------------------------------------------------------------------

def test_that_the_top_level_holds_what_it_may_and_no_more() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= {"pyproject.toml", "inspector", "resources", "tests", "README.md"}
    sizes = {line: (ROOT / line).stat().st_size for line in listed.stdout.splitlines() if (ROOT / line).is_file()}
    big = {line: size for line, size in sizes.items() if size > 200_000}
    binary = [line for line in big if b"\0" in (ROOT / line).read_bytes()]
    assert not binary
    assert not [line for line, size in big.items() if size > 500_000], "a text of that length is read by nobody"


def test_that_the_wheel_lists_every_package() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("*.py")}
    assert not [name for name in folders if f'"{name}"' not in text]
