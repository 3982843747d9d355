"""Where the frozen program begins: `inspector`, and `inspector-gui`, which has no console."""
import multiprocessing
import os
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()
    from inspector import cli
    if os.path.basename(sys.executable).startswith("inspector-gui"):
        sys.exit(cli.main_window())
    cli.start()
