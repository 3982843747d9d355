"""How much memory the window takes, at its peak, as whole processes. Run by hand:

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_memory.py [FILE ...]

For each FILE the peak of a window that opens it, until nothing is left to do, at each step of the way; files of more than 256 MB of
tensors are measured whole, too, on the panel of layers. Without one, and before them, a window with nothing in it. A number that is not of
the last line is what it was when that step was over. Bars: 300 MB with 100,000 keys, 400 MB with statistics of 2 GB. What is anonymous is
this process's own; the rest are the libraries, which others share.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

CALM = 0.6              # seconds in which nothing happens any more
LARGE = 256 << 20


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2])
        return
    for path in ["", *sys.argv[1:]]:
        print(f"\n{os.path.basename(path) or 'a window with nothing in it'}", flush=True)
        subprocess.run([sys.executable, __file__, "--one", path], check=True)


def one(path: str) -> None:
    from inspector import core
    from inspector.gui.frame import windows
    from inspector.gui.kit.settings import Settings
    from inspector.gui.state.session import Selection

    with tempfile.TemporaryDirectory() as folder:
        with core.collector_paused(for_good=True):
            app = windows.Application("light")
            window = windows._window(Settings(os.path.join(folder, "settings.ini")), [path] if path else [])
        window.resize(1280, 860)
        window.show()
        seen: set[str] = set()

        def until(done: Callable[[], bool]) -> None:
            calm = time.perf_counter() + CALM
            while time.perf_counter() < calm or not done():
                app.processEvents()
                time.sleep(0.001)
                for document in window.session.documents:
                    if document.checkpoint is not None:
                        tell("opened", seen)
                    if window.model.tree(document.id) is not None:
                        tell("tree laid out", seen)
                if window.tasks.running:
                    calm = time.perf_counter() + CALM

        until(lambda: True)
        tell("all that comes unasked", seen)
        for document in window.session.documents:
            checkpoint = document.checkpoint
            assert checkpoint is not None
            if checkpoint.nbytes > LARGE:
                from inspector.gui.panels.layers import LayersPanel  # loaded by nobody before it is looked at
                window.session.select(Selection(document.id))
                window.view.show_panel("layers")
                until(lambda: True)
                layers = window.findChildren(LayersPanel)[0]
                layers.requests.go_on()         # so much is not read unasked
                until(lambda: True)
                assert len(layers.model.rows) == len(checkpoint.tensors)
                tell(f"{checkpoint.nbytes / 1e9:.2f} GB measured", seen)
        os._exit(0)             # taking a hundred thousand rows down is not measured


def tell(what: str, seen: set[str]) -> None:
    if what not in seen:
        seen.add(what)
        with open("/proc/self/status") as file:
            said = {name: int(value.split()[0]) / 1024 for name, _, value in (line.partition(":") for line in file) if "kB" in value}
        print(f"  {what:26} {said['VmRSS']:6.0f} MB now, {said['RssAnon']:6.0f} of it anonymous; peak {said['VmHWM']:6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
