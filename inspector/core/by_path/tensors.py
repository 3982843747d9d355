"""Elements and digests."""
from __future__ import annotations

from inspector.core.tensors import channels, content_digest, identity, reader, slices
from inspector.core.tensors import sharing as _sharing

from . import by_path

read_numpy = by_path(reader.read_numpy, __name__)
iter_chunks = by_path(reader.iter_chunks, __name__)
digest = by_path(reader.digest, __name__)
digests = by_path(reader.digests, __name__)
digest_of = by_path(content_digest.digest_of, __name__)
identity_of = by_path(identity.identity_of, __name__)
read_slice = by_path(slices.read_slice, __name__)
reduce_slice = by_path(slices.reduce_slice, __name__)
read_values = by_path(slices.read_values, __name__)
channel_measures = by_path(channels.channel_measures, __name__)
channel_norms = by_path(channels.channel_norms, __name__)
kernel_sheet = by_path(channels.kernel_sheet, __name__)
row_order = by_path(channels.row_order, __name__)
sharing = by_path(_sharing.sharing, __name__)
find_next = by_path(slices.find_next, __name__)
