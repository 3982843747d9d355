"""`python -m inspector` is the same as `inspector`."""
from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # `python -m` looks for modules in the folder one is in first: a json.py beside a checkpoint would be run in place of Python's
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    from .cli import start
    start()
