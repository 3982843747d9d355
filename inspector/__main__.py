"""`python -m inspector` is the same as `inspector`."""
from __future__ import annotations

from inspector.cli import start

if __name__ == "__main__":
    start()
