"""A few opcodes, to write pickles by hand in tests: each function gives the bytes that leave one more value on the stack."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

NONE, TRUE, FALSE, MARK, STOP, POP = b"N", b"\x88", b"\x89", b"(", b".", b"0"
EMPTY_DICT, EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET = b"}", b"]", b")", b"\x8f"


def pickled(value: bytes, protocol: int = 2) -> bytes:
    return b"\x80" + bytes([protocol]) + value + STOP


def integer(n: int) -> bytes:
    if -1 << 31 <= n < 1 << 31:
        return b"J" + struct.pack("<i", n)
    raw = n.to_bytes(n.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def real(x: float) -> bytes:
    return b"G" + struct.pack(">d", x)


def text(s: str) -> bytes:
    raw = s.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def raw(b: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(b)) + b


def name(module: str, attribute: str) -> bytes:
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def values(items: Iterable[bytes]) -> bytes:
    return MARK + b"".join(items)


def tuple_of(*items: bytes) -> bytes:
    return values(items) + b"t"


def list_of(*items: bytes) -> bytes:
    return EMPTY_LIST + values(items) + b"e"


def pairs_into(target: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    return target + values(key + value for key, value in pairs) + b"u"


def dict_of(pairs: Mapping[str, bytes] | Iterable[tuple[bytes, bytes]]) -> bytes:
    if isinstance(pairs, Mapping):
        pairs = [(text(key), value) for key, value in pairs.items()]
    return pairs_into(EMPTY_DICT, pairs)


def reduce(function: bytes, *args: bytes) -> bytes:
    return function + tuple_of(*args) + b"R"


def newobj(cls: bytes, *args: bytes) -> bytes:
    return cls + tuple_of(*args) + b"\x81"


def build(target: bytes, state: bytes) -> bytes:
    return target + state + b"b"


def ordered_dict() -> bytes:
    return reduce(name("collections", "OrderedDict"))


def put(n: int) -> bytes:
    return b"r" + struct.pack("<I", n)


def get(n: int) -> bytes:
    return b"j" + struct.pack("<I", n)


def storage(
    key: bytes | str = "0", numel: bytes | int = 20, cls: bytes = name("torch", "FloatStorage"), location: bytes | str = "cpu"
) -> bytes:
    return (
        tuple_of(
            text("storage"),
            cls,
            text(key) if isinstance(key, str) else key,
            text(location) if isinstance(location, str) else location,
            integer(numel) if isinstance(numel, int) else numel,
        )
        + b"Q"
    )


def integers(*sizes: int) -> bytes:
    return tuple_of(*map(integer, sizes))


def tensor(
    of: bytes = storage(),
    offset: bytes | int = 0,
    size: bytes | tuple[int, ...] = (5, 4),
    stride: bytes | tuple[int, ...] = (4, 1),
    grad: bytes = FALSE,
    *more: bytes,
) -> bytes:
    return reduce(
        name("torch._utils", "_rebuild_tensor_v2"),
        of,
        integer(offset) if isinstance(offset, int) else offset,
        size if isinstance(size, bytes) else integers(*size),
        stride if isinstance(stride, bytes) else integers(*stride),
        grad,
        ordered_dict(),
        *more,
    )
