"""Nodes of a graph that refer to no other, as the opcodes that push them.

Protocol 2's opcodes wherever they can say it: those are the ones that `torch.load(weights_only=True)` knows
(torch/_weights_only_unpickler.py 2.13: no POP, FRAME, MEMOIZE, STACK_GLOBAL, SHORT_BINUNICODE, BINBYTES, ADDITEMS).
"""
from __future__ import annotations

import struct

from inspector.core.graph import (
    BIGINT,
    BIGTEXT,
    BYTEARRAY,
    BYTES,
    EXT,
    FALSE,
    FLOAT,
    GLOBAL,
    INT,
    NONE,
    PERSIDTEXT,
    PYSTR,
    PYSTRTEXT,
    STR,
    STRTEXT,
    TRUE,
    Graph,
)

PROTOCOL = 2                # that torch.save writes and its safe unpickler reads
LEAVES = frozenset((NONE, TRUE, FALSE, INT, BIGINT, BIGTEXT, FLOAT, STR, STRTEXT, BYTES, BYTEARRAY, PYSTR, PYSTRTEXT, GLOBAL, EXT,
                    PERSIDTEXT))
SET = "builtins", "set"
ENCODE = "_codecs", "encode"
MUTABLE_BYTES = "builtins", "bytearray"

_LONG1_BYTES = 255


def integer(value: int) -> bytes:
    """An integer that fits 64 bits."""
    if 0 <= value < 256:
        return b"K" + value.to_bytes(1, "little")
    if 0 <= value < 65536:
        return b"M" + value.to_bytes(2, "little")
    if -1 << 31 <= value < 1 << 31:
        return b"J" + value.to_bytes(4, "little", signed=True)
    return long(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


def long(raw: bytes) -> bytes:
    """An integer from its little-endian two's complement."""
    return b"\x8a" + bytes((len(raw),)) + raw if len(raw) <= _LONG1_BYTES else b"\x8b" + struct.pack("<i", len(raw)) + raw


def text(raw: bytes) -> bytes:
    """A text from its UTF-8."""
    return b"X" + struct.pack("<I", len(raw)) + raw


def short_text(raw: bytes) -> bytes:
    return b"\x8c" + bytes((len(raw),)) + raw if len(raw) < 256 else text(raw)


def python2_text(raw: bytes) -> bytes:
    return b"U" + bytes((len(raw),)) + raw if len(raw) < 256 else b"T" + struct.pack("<i", len(raw)) + raw


def name(module: str, attribute: str) -> bytes | None:
    """The GLOBAL opcode; None where its two lines cannot say the name, so that only STACK_GLOBAL can."""
    try:
        lines = module.encode("utf-8") + b"\n" + attribute.encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        return None
    return b"c" + lines if lines.count(b"\n") == 2 else None


def stack_name(module: str, attribute: str) -> bytes:
    return text(module.encode("utf-8", "surrogatepass")) + text(attribute.encode("utf-8", "surrogatepass")) + b"\x93"


def leaf(graph: Graph, n: int) -> bytes:
    """The opcodes of leaf `n`, of the same kind."""
    kind, a, b = graph.kind[n], graph.a[n], graph.b[n]
    if kind == STR:
        return text(graph.data[a:b])
    if kind == INT:
        return integer(a)
    if kind <= FALSE:
        return (b"N", b"\x88", b"\x89")[kind]
    if kind == FLOAT:
        return b"G" + struct.pack(">q", a)
    if kind == GLOBAL:
        module, attribute = graph.names[a]
        return name(module, attribute) or stack_name(module, attribute)
    raw = graph.data[a:b]
    if kind == BIGINT:
        return long(raw)
    if kind == BIGTEXT:
        return b"L" + raw + b"L\n"
    if kind == STRTEXT:
        return b"V" + raw + b"\n"
    if kind == BYTES:
        return b"C" + bytes((len(raw),)) + raw if len(raw) < 256 else b"B" + struct.pack("<I", len(raw)) + raw
    if kind == BYTEARRAY:
        return b"\x96" + struct.pack("<Q", len(raw)) + raw
    if kind == PYSTR:
        return python2_text(raw)
    if kind == PYSTRTEXT:
        quote = b"'" if graph.data[a - 1:a] == b"'" else b'"'
        return b"S" + quote + raw + quote + b"\n"
    if kind == PERSIDTEXT:
        return b"P" + raw + b"\n"
    return b"\x82" + bytes((a,)) if a < 256 else b"\x83" + struct.pack("<H", a) if a < 65536 else b"\x84" + struct.pack("<i", a)


def readable_leaf(graph: Graph, n: int) -> bytes:
    """The same in opcodes that torch's safe unpickler reads where there are any: another kind of node, an equal value. Of BYTES
    and BYTEARRAY only the text that becomes them: see `emit`."""
    kind = graph.kind[n]
    if kind == STRTEXT:
        return text((graph.text(n) or "").encode("utf-8", "surrogatepass"))
    if kind == PYSTRTEXT:
        return python2_text(graph.raw(n) or b"")
    if kind == BIGTEXT:
        value = graph.integer(n)
        if value is not None:
            return long(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))
    if kind in (BYTES, BYTEARRAY):
        return text(graph.data[graph.a[n]:graph.b[n]].decode("latin-1").encode("utf-8"))
    return leaf(graph, n)
