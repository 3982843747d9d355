"""The modules of the models in a file."""
from __future__ import annotations

from inspector.core.architecture import listing, orientation

from . import by_path

architectures = by_path(listing.architectures, __name__)
is_transposed = by_path(orientation.is_transposed, __name__)
