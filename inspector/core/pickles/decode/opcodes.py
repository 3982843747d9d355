"""How long each of the 68 pickle opcodes is: enough to step over a stream without reading its meaning.

The argument layouts are those of CPython's `Modules/_pickle.c` (protocols 0 to 5).
"""
from __future__ import annotations

# opcode byte -> bytes of a fixed argument
FIXED = {
    **dict.fromkeys(b".(012NQR\x81\x85\x86\x87\x88\x89)]}\x8f\x90\x91\x92\x93\x94\x97\x98abdelostu", 0),
    **dict.fromkeys(b"Khq\x80\x82", 1),
    **dict.fromkeys(b"M\x83", 2),
    **dict.fromkeys(b"Jjr\x84", 4),
    **dict.fromkeys(b"G\x95", 8),
}
# opcode byte -> bytes of the little-endian length that comes before a payload
COUNTED = {
    **dict.fromkeys(b"UC\x8a\x8c", 1),
    **dict.fromkeys(b"TBX\x8b", 4),
    **dict.fromkeys(b"\x8d\x8e\x96", 8),
}
# opcode byte -> text lines that follow
LINES = {**dict.fromkeys(b"ILFSVPgp", 1), **dict.fromkeys(b"ci", 2)}

NAMES = {
    "(": "MARK", ".": "STOP", "0": "POP", "1": "POP_MARK", "2": "DUP", "F": "FLOAT", "I": "INT", "J": "BININT", "K": "BININT1",
    "L": "LONG", "M": "BININT2", "N": "NONE", "P": "PERSID", "Q": "BINPERSID", "R": "REDUCE", "S": "STRING", "T": "BINSTRING",
    "U": "SHORT_BINSTRING", "V": "UNICODE", "X": "BINUNICODE", "a": "APPEND", "b": "BUILD", "c": "GLOBAL", "d": "DICT",
    "}": "EMPTY_DICT", "e": "APPENDS", "g": "GET", "h": "BINGET", "i": "INST", "j": "LONG_BINGET", "l": "LIST",
    "]": "EMPTY_LIST", "o": "OBJ", "p": "PUT", "q": "BINPUT", "r": "LONG_BINPUT", "s": "SETITEM", "t": "TUPLE",
    ")": "EMPTY_TUPLE", "u": "SETITEMS", "G": "BINFLOAT", "\x80": "PROTO", "\x81": "NEWOBJ", "\x82": "EXT1", "\x83": "EXT2",
    "\x84": "EXT4", "\x85": "TUPLE1", "\x86": "TUPLE2", "\x87": "TUPLE3", "\x88": "NEWTRUE", "\x89": "NEWFALSE",
    "\x8a": "LONG1", "\x8b": "LONG4", "B": "BINBYTES", "C": "SHORT_BINBYTES", "\x8c": "SHORT_BINUNICODE",
    "\x8d": "BINUNICODE8", "\x8e": "BINBYTES8", "\x8f": "EMPTY_SET", "\x90": "ADDITEMS", "\x91": "FROZENSET",
    "\x92": "NEWOBJ_EX", "\x93": "STACK_GLOBAL", "\x94": "MEMOIZE", "\x95": "FRAME", "\x96": "BYTEARRAY8",
    "\x97": "NEXT_BUFFER", "\x98": "READONLY_BUFFER",
}


def name(op: int) -> str:
    """The opcode's name as pickletools spells it, or its byte where there is no such opcode."""
    return NAMES.get(chr(op), f"0x{op:02x}")


def protocol_of(called: str) -> int:
    """The first protocol that has the opcode of this name, as far as it is one after 2, which torch writes; else 2."""
    op = next((ord(op) for op, other in NAMES.items() if other == called), 0)
    return 3 if op in b"BC" else 5 if op >= 0x96 else 4 if op >= 0x8c else 2


def end_of(data: bytes, at: int) -> int | None:
    """Offset just behind the opcode at `at`; None where the data ends first or there is no such opcode."""
    if at >= len(data):
        return None
    op = data[at]
    end = at + 1
    if op in FIXED:
        end += FIXED[op]
    elif op in COUNTED:
        width = COUNTED[op]
        end += width + int.from_bytes(data[end:end + width], "little") if end + width <= len(data) else len(data)
    elif op in LINES:
        for _ in range(LINES[op]):
            newline = data.find(b"\n", end)
            if newline < 0:
                return None
            end = newline + 1
    else:
        return None
    return end if end <= len(data) else None
