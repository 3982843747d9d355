"""Where the files shipped beside the code lie: one answer for a source checkout and for an installed package."""
from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_path(name: str) -> Path:
    """The file or folder `name` ("icons/open.svg") of `resources/`. In a checkout that folder stands beside the package; the
    wheel puts it inside, as `inspector.resources`. The path is returned whether or not it exists."""
    beside = _PACKAGE.parent / "resources"
    inside = _PACKAGE / "resources"
    return (inside if inside.is_dir() else beside) / name
