"""Every command and the window on hostile files, with the system watched: nothing is started, no net is talked to, and nothing is opened
but the files that were named, what lies in their own folders, and what is ours."""
from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from inspector.commands import COMMANDS
from tests import builders
from tests.core.pickles import opcodes as op

ROOT = Path(__file__).resolve().parents[1]
STRACE = shutil.which("strace") or ""

CHILD = """
import contextlib, io, json, os, sys
from inspector import cli

for number, arguments in enumerate(json.loads(sys.argv[1])):
    with contextlib.suppress(OSError):
        os.close(os.open(f"/nowhere/{number}", os.O_RDONLY))            # where this one's calls begin
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            cli.main(arguments)
        except SystemExit:
            pass
    assert "Traceback" not in said.getvalue(), (arguments, said.getvalue())
"""


def traced(program: str, trace: Path, at: Place, *arguments: str) -> list[str]:
    """The system calls that start programs, reach for a net or open files, as strace writes them, of a program in Python."""
    (at.home / "child.py").write_text(program)          # from where it lies, and not where it is run, Python imports
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(at.home), "XDG_RUNTIME_DIR": str(at.home),
                   "LANG": "C.UTF-8", "TMPDIR": str(at.home), "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run([STRACE, "-f", "-qq", "-s", "4096", "-e", "signal=none", "-e",
                          "trace=execve,execveat,socket,connect,bind,open,openat,openat2,creat", "-o", str(trace),
                          sys.executable, str(at.home / "child.py"), *arguments],
                         cwd=at.root / "hostile", env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return trace.read_text(errors="surrogateescape").splitlines()


def _works() -> bool:
    """Whether a process may be traced here."""
    return bool(STRACE) and subprocess.run([STRACE, "-qq", "-o", os.devnull, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(sys.platform != "linux" or not _works(), reason="there is no strace that may trace")


class Place(NamedTuple):
    """Where the test's files are: hostile ones each in a folder of its own, what none of them may reach, and what is ours."""

    root: Path
    hostile: list[Path]
    fine: Path
    manifest: Path
    out: Path
    home: Path


def _tensors(**keys: object) -> bytes:
    return op.pickled(op.dict_of({key: op.tensor() for key in ("layers.0.weight", "layers.1.weight", *keys)}))


def _hostile(secret: Path) -> dict[str, bytes]:
    outside = os.path.relpath(secret, secret.parent / "hostile" / "x")
    calls = {f"{name}/model.pth": builders.torch_zip(data) for name, data in builders.trip_pickles().items()}
    weights = {"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name in ("sys_info", "storages", "tensors", "pickle"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, str(secret)
            archive.addfile(entry)
    texts = [str(secret), outside, f"file://{secret}", "http://127.0.0.1:9/x", "//127.0.0.1/share/x", "s3://bucket/x", "hf://org/repo/x",
             "$(touch x)", "|touch x"]
    said = {f"name{n}": text for n, text in enumerate(texts)}
    storages = [op.tensor(op.storage(text)) for text in texts]
    return {
        **calls,
        "names/model.pth": builders.torch_zip(op.pickled(op.dict_of({
            **{text: op.tensor() for text in texts}, **{f"v{n}": op.text(text) for n, text in enumerate(texts)},
            "path": op.reduce(op.name("pathlib", "PosixPath"), op.text(str(secret))),
            "opened": op.reduce(op.name("io", "open"), op.text(str(secret)))})), {"data/0": bytes(80)}),
        "storages/model.pth": builders.torch_zip(op.pickled(op.list_of(*storages)), [(f"data/{text}", bytes(80)) for text in texts[1:3]]),
        "metadata/model.safetensors": builders.safetensors({"__metadata__": said, **weights}, bytes(16)),
        "index/model.safetensors.index.json": json.dumps({"metadata": said, "weight_map": {f"w{n}": text for n, text in enumerate(
            texts)}}).encode(),
        "bin/pytorch_model.bin.index.json": json.dumps({"weight_map": {"w": outside, "v": "link.bin"}}).encode(),
        "tar/model.pt": tar.getvalue(),
        "script/model.pt": builders.zipped({"net/model.json": json.dumps({"mainModule": {"torchscriptArena": {"key": outside}},
                                                                          "tensors": [{"data": {"key": outside}}]}).encode(),
                                            "net/version": b"1", "net/code/a.py": f"open({str(secret)!r})".encode()}),
        "zip/models.zip": builders.zipped({"../../secret/secret.pth": _tensors(), "inner/model.pth": builders.torch_zip(_tensors())}),
        "adapter/adapter_model.safetensors": builders.safetensors({"base_model.model.q.lora_A.weight": weights["w"]}, bytes(16)),
        "page/model.pth": f"<html><script src='file://{secret}'></script></html>".encode(),
        "pointer/model.pth": f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n".encode(),
        "onnx/model.onnx": _onnx(outside), "run/last.pth": builders.torch_zip(_tensors(epoch=1), {"data/0": bytes(80)}),
    }


def _onnx(outside: str) -> bytes:
    def field(number: int, data: bytes | int) -> bytes:
        return bytes([number << 3, data]) if isinstance(data, int) else bytes([number << 3 | 2, len(data)]) + data
    where = field(13, field(1, b"location") + field(2, outside.encode()))
    tensor = field(1, 4) + field(2, 1) + field(8, b"w") + where + field(14, 1)
    return field(1, 8) + field(7, field(2, b"g") + field(5, tensor))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("closed")
    secret = root / "secret" / "secret.pth"
    fine, out, home = root / "fine" / "fine.pth", root / "out", root / "home"
    for folder in (secret.parent, fine.parent, out, home, root / "hostile"):
        folder.mkdir()
    home.chmod(0o700)
    for path in (secret, fine):
        path.write_bytes(builders.torch_zip(_tensors(), {"data/0": bytes(80)}))
    hostile = []
    for name, data in _hostile(secret).items():
        path = root / "hostile" / name
        path.parent.mkdir()
        path.write_bytes(data)
        hostile.append(path)
    beside = root / "hostile"
    (beside / "bin" / "link.bin").symlink_to(secret)
    config = {"peft_type": "LORA", "r": 4, "base_model_name_or_path": str(secret)}
    (beside / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    (beside / "metadata" / "config.json").write_text(json.dumps({"_name_or_path": str(secret), "auto_map": {"AutoModel": "x--y.Z"}}))
    (beside / "run" / "trainer_state.json").write_text(json.dumps({"best_model_checkpoint": str(secret), "log_history": [{"epoch": 1}]}))
    (beside / "run" / "other.pth").symlink_to(secret)
    (beside / "run" / "sitecustomize.py").write_text("raise SystemExit(3)")
    manifest = out / "fine.json"
    subprocess.run([sys.executable, "-m", "inspector", "digest", str(fine), "-o", str(manifest)], cwd=ROOT, check=True, capture_output=True)
    return Place(root, hostile, fine, manifest, out, home)


Typed = Callable[[Place, str, str], list[list[str]]]

TYPED: dict[str, Typed] = {
    "ls": lambda at, path, out: [["ls", "--digest", path], ["ls", "--json", path]],
    "stats": lambda at, path, out: [["stats", path], ["stats", "--json", "--bins", "4", path]],
    "edit": lambda at, path, out: [["edit", path, "-o", f"{out}.pth", "--add-prefix", "x.", "--allow-loss"],
                                   ["edit", path, "-o", f"{out}.safetensors", "--plain", "*", "--allow-loss"],
                                   ["edit", str(at.fine), "-o", f"{out}.t.pth", "--take", f"{path}:*"],
                                   ["edit", str(at.fine), "-o", f"{out}.m.pth", "--match", path],
                                   ["edit", str(at.fine), "-o", f"{out}.r.pth", "--recipe", path]],
    "check": lambda at, path, out: [["check", path], ["check", path, "--against", str(at.fine)], ["check", str(at.fine), "--against", path],
                                    ["check", path, "--sarif", f"{out}.sarif", "--junit", f"{out}.xml"]],
    "diff": lambda at, path, out: [["diff", path, str(at.fine)], ["diff", str(at.fine), path, "--html", f"{out}.html"]],
    "run": lambda at, path, out: [["run", path], ["run", str(Path(path).parent), "--html", f"{out}.run.html"]],
    "average": lambda at, path, out: [["average", path, path, "-o", f"{out}.mean.pth"]],
    "show": lambda at, path, out: [["show", path, "layers.0.weight"], ["show", path, "w", "-o", f"{out}.npy"]],
    "digest": lambda at, path, out: [["digest", path], ["digest", path, "-o", f"{out}.digest.json"]],
    "verify": lambda at, path, out: [["verify", path, str(at.manifest)], ["verify", str(at.fine), path]],
    "contract": lambda at, path, out: [["contract", path], ["contract", path, "-o", f"{out}.contract.json"]],
    "modules": lambda at, path, out: [["modules", path]],
    "code": lambda at, path, out: [["code", path], ["code", path, "a.py"]],
    "desktop": lambda at, path, out: [["desktop", "status"]],
    "demo": lambda at, path, out: [],               # the window, which is below
    "completion": lambda at, path, out: [["completion", "bash"], ["completion", "man"]],
    "help": lambda at, path, out: [["help"], ["help", "edit"]],
    "version": lambda at, path, out: [["version"], ["version", "--json"]],
}
OF_NO_FILE = ("desktop", "completion", "help", "version")

_CALL = re.compile(r"^(?:\d+ +)?(?P<name>\w+)\((?P<rest>.*)$")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SYSTEM = ("/usr/", "/lib/", "/lib64/", "/etc/", "/proc/", "/sys/", "/dev/", "/nowhere/", "/run/systemd/", "/var/lib/dbus/", "/var/cache/")
_NOT_OF_THE_SYSTEM = ("/etc/passwd", "/etc/shadow")


def offences(calls: list[str], at: Place, allowed: list[set[Path]], *, sockets: tuple[str, ...] = ()) -> Iterator[str]:
    """What should not have been called. `allowed`: of the calls behind each mark, the folders that may be read."""
    ours = [Path(sys.prefix), Path(sys.base_prefix), ROOT, at.home]
    ours += [path.resolve() for path in ours]
    may_read: set[Path] = set()
    for call in calls:
        found = _CALL.match(call)
        if found is None or found["name"] not in ("execve", "execveat", "socket", "connect", "bind", "open", "openat", "openat2", "creat"):
            continue
        name, rest = found["name"], found["rest"]
        if name in ("execve", "execveat"):
            if call is not calls[0] and " = 0" in rest:
                yield call
        elif name in ("socket", "connect", "bind"):
            if not any(said in call for said in sockets):
                yield call
        elif (text := _PATH.search(rest)) is not None:
            path = text[1].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "surrogateescape")
            if path.startswith("/nowhere/"):
                may_read = allowed[int(path.rpartition("/")[2])]
                continue
            whole = Path(os.path.normpath(at.root / "hostile" / path))
            made = any(flag in rest for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))
            if _is_below(whole, [at.out, at.home]) or str(whole).startswith(("/dev/null", "/dev/shm/")):
                continue
            if made:
                yield call
            elif _is_below(whole, [at.root]):
                followed = whole.is_symlink() and not re.search(r" = -1 \w+", rest)
                if not _is_below(whole, may_read) or (followed and not _is_below(whole.resolve(), may_read)):
                    yield call
            elif not _is_below(whole, ours) and (not str(whole).startswith(_SYSTEM) or str(whole).startswith(_NOT_OF_THE_SYSTEM)) \
                    and not _is_above(whole, [at.root, *ours]):
                yield call


def _is_below(path: Path, folders: list[Path] | set[Path]) -> bool:
    return any(path == folder or folder in path.parents for folder in folders)


def _is_above(path: Path, folders: list[Path]) -> bool:
    return any(path == folder or path in folder.parents for folder in folders)


def test_that_every_command_is_watched() -> None:
    assert TYPED.keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "demo"])
def test_that_a_command_starts_nothing_and_opens_only_what_was_named(place: Place, tmp_path: Path, command: str) -> None:
    typed: list[list[str]] = []
    allowed: list[set[Path]] = []
    for number, path in enumerate(place.hostile if command not in OF_NO_FILE else place.hostile[:1]):
        for arguments in TYPED[command](place, str(path), str(place.out / f"{command}{number}")):
            typed.append(arguments)
            allowed.append({path.parent, place.fine.parent})
    calls = traced(CHILD, tmp_path / "trace", place, json.dumps(typed))
    assert sum('"/nowhere/' in call for call in calls) == len(typed)
    assert [*offences(calls, place, allowed)] == []


def test_that_the_window_starts_nothing_and_opens_only_what_was_named(place: Place, tmp_path: Path) -> None:
    """With everything that it measures by itself; a picture of it is the end."""
    paths = [path for path in place.hostile if path.parent.name in ("names", "storages", "metadata", "index", "bin", "script", "run",
                                                                    "adapter", "reduce", "build")]
    allowed = {path.parent for path in paths}
    calls = traced(CHILD, tmp_path / "trace", place, json.dumps([["--screenshot", str(place.out / "window.png"), *map(str, paths)]]))
    assert (place.out / "window.png").exists()
    assert [*offences(calls, place, [allowed])] == []


STARTED = """
import os, sys, threading, time
from inspector import cli
from inspector.gui.frame import instance

try: os.open("/nowhere/0", os.O_RDONLY)
except OSError: pass

def second():                   # what a second start does, and then the end
    address = instance.socket_path()
    while not os.path.exists(address):
        time.sleep(0.05)
    answers.append(instance.start([sys.argv[2]]).handed_over)
    from PySide6.QtCore import QMetaObject, QTimer, Qt
    from PySide6.QtWidgets import QApplication
    from inspector.gui.frame import main_window
    app = QApplication.instance()
    while not any(isinstance(one, main_window.MainWindow) and len(one.session.documents) == 2 for one in app.topLevelWidgets()):
        time.sleep(0.05)
    QMetaObject.invokeMethod(app, "quit", Qt.ConnectionType.QueuedConnection)

answers = []
thread = threading.Thread(target=second, daemon=True)
thread.start()
cli.main([sys.argv[1]])
assert answers == [True], answers
"""


def test_that_a_window_talks_to_later_starts_and_to_nobody_else(place: Place, tmp_path: Path) -> None:
    one, other = (next(path for path in place.hostile if path.parent.name == name) for name in ("names", "run"))
    calls = traced(STARTED, tmp_path / "trace", place, str(one), str(other))
    sockets = [call for call in calls if "socket(" in call or "bind(" in call or "connect(" in call]
    assert any("bind(" in call and "checkpoint-inspector/" in call for call in sockets)
    assert [call for call in sockets if "AF_UNIX" not in call] == []
    assert [*offences(calls, place, [{one.parent, other.parent}], sockets=("socket(AF_UNIX", "checkpoint-inspector/"))] == []


WORKED = """
import os, sys
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtPrintSupport import QPrinter
from inspector import core
from inspector.commands.window import Pages
from inspector.gui.dialogs.save import SaveDialog
from inspector.gui.frame.application import Application, keep_qt_quiet
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import file_dialogs
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks

hostile, other, fine, out, home = sys.argv[1:]
keep_qt_quiet()
app = Application()
turn = QTimer()
turn.start(10)

def until(what, done, seconds=120):
    late = QTimer()
    late.setSingleShot(True)
    late.start(seconds * 1000)
    while not done():
        assert late.isActive(), what
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

def written(name, make):
    path = os.path.join(out, name)
    file_dialogs.save_file = lambda parent, title, start, on_chosen, **more: on_chosen(path)
    make(path)
    until(path, lambda: os.path.exists(path) and not tasks.running)

def mark(number):
    try: os.open(f"/nowhere/{number}", os.O_RDONLY)
    except OSError: pass

mark(0)
session, tasks = Session(), Tasks()
window = MainWindow(session, tasks, Settings(os.path.join(home, "settings.ini")))
window.edits.asks = False
window.reports.pages = Pages()
window.show()
window.open_paths([hostile, fine])
until("opened", lambda: len(session.documents) == 2 and not tasks.running)
first, second = session.documents
key = next(key for key, info in first.checkpoint.tensors.items() if not info.problem)

# measured, and exported
session.select(Selection(first.id, key, (key,)))
for name in ("overview", "statistics", "heatmap", "values", "layers", "details", "modules", "code", "edits"):
    window.view.show_panel(name)
    window.grab()
    until(name, lambda: not tasks.running)
values, heatmap = window.tabs.panel("values"), window.tabs.panel("heatmap")
for name, panel, save in (("values.csv", values, lambda: values.save("csv")), ("values.npy", values, values.save_whole),
                          ("map.png", heatmap, heatmap.save_picture), ("map.svg", heatmap, heatmap.save_drawing)):
    panel.choose_path = lambda *asked, name=name: os.path.join(out, name)
    window.view.show_panel("values" if panel is values else "heatmap")
    until(name, lambda: panel._tensor is not None and not tasks.running)
    written(name, lambda path: save())

# edited and saved
session.add_edits(first.id, [core.AddPrefix("x."), core.MakePlain("*")])
until("edited", lambda: not tasks.running)
def save(path):
    window.menus["save"].trigger()
    dialog = window.findChild(SaveDialog)
    dialog.path.setText(path)
    until("planned", lambda: dialog.plan is not None and dialog.plan.target.path == path)
    if dialog.plan.losses:
        dialog._lose(True)
    until("may be saved", dialog.save.isEnabled)
    dialog.save.click()
written("saved.pth", save)

# reports, as a page, as PDF and on paper
def report(path):
    window.menus["report"].trigger()
    window.reports.dialog.save_button.click()
written("report.html", report)
written("report.pdf", report)
def printed(path):
    until("preview", lambda: window.reports.preview is not None and window.reports.preview.paper is not None)
    preview = window.reports.preview
    preview.printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    preview.printer.setOutputFileName(path)
    preview.print_now()
mark(1)
window.menus["print"].trigger()
written("printed.pdf", printed)
until("closed", lambda: window.reports.preview is None)
mark(2)

# compared
window.comparison.compare_documents(first.id, second.id)
until("compared", lambda: window.comparison.judged is not None and not tasks.running)
written("compared.html", lambda path: window.menus["compare-report"].trigger())

# a run, its table and its mean
window.runs.show_paths((other, fine))
page = window.runs.page
until("run", lambda: page.reading.tracks is not None and not tasks.running)
written("run.csv", lambda path: page._ask_for_table("norm"))
written("mean.pth", lambda path: window.runs._average([other, fine]))
tasks.close(10)
"""


_PRINT_SERVICE = re.compile(r'socket\(AF_(?:UNIX|INET6?), SOCK_STREAM|sun_path="[^"]*/(?:nscd/socket|cups/cups\.sock)"'
                            r'|htons\(631\).*(?:"::1"|"127\.0\.0\.1")|"/etc/passwd"|"/etc/cups/')


@pytest.mark.slow
def test_that_the_window_at_work_starts_nothing_and_opens_only_what_was_named(place: Place, tmp_path: Path) -> None:
    """It measures, exports, edits, saves, reports, prints, compares and follows a run of hostile files, by the commands in its menus."""
    hostile, other = (next(path for path in place.hostile if path.parent.name == name) for name in ("names", "run"))
    out = place.out / "worked"
    out.mkdir()
    calls = traced(WORKED, tmp_path / "trace", place, *map(str, (hostile, other, place.fine, out, place.home)))
    assert {path.name for path in out.iterdir()} == {
        "values.csv", "values.npy", "map.png", "map.svg", "saved.pth", "report.html", "report.pdf", "printed.pdf", "compared.html",
        "run.csv", "mean.pth"}
    allowed = [{hostile.parent, other.parent, place.fine.parent}] * 3
    printing, after = (next(n for n, call in enumerate(calls) if f'"/nowhere/{mark}"' in call) for mark in (1, 2))
    assert [*offences(calls[:printing] + calls[after:], place, allowed)] == []
    # whoever asks for paper asks this computer's print service which there is, and as whom
    assert [call for call in offences(calls[printing:after], place, allowed) if not _PRINT_SERVICE.search(call)] == []


def test_that_what_is_watched_for_is_seen(place: Place, tmp_path: Path) -> None:
    """The watch itself: a program that does all of it."""
    secret = place.root / "secret" / "secret.pth"
    program = f"""
import os, socket, subprocess
try: os.open("/nowhere/0", 0)
except OSError: pass
open({str(secret)!r}).close()
open({str(place.root / "hostile" / "run" / "other.pth")!r}).close()
open("/etc/passwd").close()
open({str(place.root / "hostile" / "run" / "new")!r}, "w").close()
subprocess.run(["true"])
socket.socket().close()
"""
    calls = traced(program, tmp_path / "trace", place)
    (place.root / "hostile" / "run" / "new").unlink()
    seen = "\n".join(offences(calls, place, [{place.root / "hostile" / "run"}]))
    for what in ("secret.pth", "other.pth", "/etc/passwd", "run/new", "execve", "AF_INET"):
        assert what in seen
