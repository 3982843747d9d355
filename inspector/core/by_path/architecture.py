"""The modules of the models in a file."""
from __future__ import annotations

from inspector.core.architecture import listing

from . import by_path

architectures = by_path(listing.architectures, __name__)
