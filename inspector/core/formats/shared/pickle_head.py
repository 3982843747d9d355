"""How files that begin with a pickle begin: torch's stream of before 1.6, and any other."""
from __future__ import annotations

import re

from inspector.core.errors import ReadError
from inspector.core.pickles.decode.machine import decode

MAGIC = 0x1950A86A20F9469CFC6C             # torch.serialization.MAGIC_NUMBER, in a pickle of its own
HEAD = 4096                                # bytes by which a file is told

# the magic number as torch has ever written it: LONG1 from protocol 2 on, else text
_AS_WRITTEN = re.compile(rb"\x80[\x02-\x05](?:\x95.{8})?\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\."
                         rb"|L119547037146038801333356L\n\.", re.DOTALL)
_BINARY = re.compile(rb"\x80[\x00-\x0f]")
_ARCHIVE = b"PK\x03\x04"


def is_stream(head: bytes) -> bool:
    """Whether the first pickle in `head` gives torch's magic number by itself, in whatever opcodes: torch.load takes it by its value."""
    if _AS_WRITTEN.match(head):
        return True
    try:
        graph = decode(head)
    except ReadError:
        return False
    return graph.root >= 0 and graph.integer(graph.root) == MAGIC


def is_binary_pickle(head: bytes) -> bool:
    return _BINARY.match(head) is not None


def begins_a_save(head: bytes) -> bool:
    """Whether what begins with `head` looks like what torch.save or pickle.dump write."""
    return head.startswith(_ARCHIVE) or is_binary_pickle(head) or is_stream(head)
