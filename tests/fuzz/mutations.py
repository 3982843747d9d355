"""Damage that knows the formats: bytes, opcodes of pickles, fields of zip and tar headers, JSON trees, protobuf fields.

`mutated` is a pure function of its random numbers. It takes only sound seeds apart (with zipfile, tarfile and pickletools), never
what came out of it.
"""
from __future__ import annotations

import io
import json
import pickletools
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.core.pickles import opcodes as op

INTEGERS = (0, 1, 2, 3, 4, 7, 8, 63, 64, 127, 128, 255, 256, 4095, 32767, 65535, 65536, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1,
            1 << 32, 1 << 48, (1 << 62), (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -1, -2, -8, -(1 << 31), -(1 << 63))
TEXTS = ("", ".", "..", "../../x", "/etc/hosts", "__metadata__", "a\0b", "\n", "\ud800", "\udfff.x", "\u202eabc", "x" * 300, "a.b", "a..b",
         "0", "cuda:0", "cuda:99999999999", "meta", "F32", "f32", "float32", "strided", "sparse_coo", "weight", "module.", "_metadata",
         "state", "param_groups", "params", "_modules", "_parameters", "_buffers", "step", "exp_avg", "é",
         "=1+1", "\x1b[31m", "%s%n", "{0}", "C:x",
         "\\\\host\\share", "data/0", "NaN", "1e999", "epoch")
GLOBALS = (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_qtensor"),
           ("torch._utils", "_rebuild_sparse_tensor"), ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_nested_tensor"),
           ("torch._utils", "_rebuild_wrapper_subclass"), ("torch._utils", "_rebuild_meta_tensor_no_storage"),
           ("torch._utils", "_rebuild_device_tensor_from_numpy"), ("torch._tensor", "_rebuild_from_type_v2"),
           ("torch._utils", "_rebuild_tensor_v3"), ("torch._utils", "_rebuild_parameter_with_state"), ("torch", "Size"),
           ("torch", "device"), ("torch", "FloatStorage"), ("torch", "QInt8Storage"), ("torch", "QUInt4x2Storage"),
           ("torch.storage", "UntypedStorage"), ("torch", "float32"), ("torch", "bits16"), ("torch", "int3"),
           ("torch", "quint4x2"), ("torch", "float4_e2m1fn_x2"),
           ("torch", "complex32"), ("torch.serialization", "_get_layout"), ("torch.storage", "_load_from_bytes"),
           ("torch.nn.modules.linear", "Linear"), ("torch.nn.parameter", "Parameter"), ("collections", "OrderedDict"),
           ("collections", "Counter"), ("collections", "defaultdict"), ("numpy.core.multiarray", "_reconstruct"),
           ("numpy.core.multiarray", "scalar"), ("numpy", "ndarray"), ("numpy", "dtype"), ("numpy._core.multiarray", "scalar"),
           ("_codecs", "encode"), ("builtins", "set"), ("__builtin__", "set"), ("builtins", "complex"), ("builtins", "bytearray"),
           ("datetime", "datetime"), ("pathlib", "PosixPath"), ("argparse", "Namespace"), ("decimal", "Decimal"), ("fractions", "Fraction"),
           ("uuid", "UUID"), ("enum", "Enum"), ("builtins", "range"), ("builtins", "slice"), ("builtins", "getattr"),
           ("torch.distributed.checkpoint.metadata", "Metadata"), ("torch._C._nn", "gelu"), ("os", "system"), ("mod", "name"))
_RARE = (b"\x8a\x00", b"\x8a\xff" + bytes(255), b"\x8b" + struct.pack("<i", 600) + bytes(599) + b"\x7f", b"I010\n",
         b"I" + b"9" * 5000 + b"\n", b"L-5L\n", b"I01\n", b"F1e999\n", b"S'a\\x41'\n", b"V\\ud800\n", b"U\x02\xff\xfe",
         b"T\x01\x00\x00\x00x", b"C\x03abc", b"\x96" + struct.pack("<Q", 3) + b"abc", b"P7\n", b"\x82\x01", b"imod\nname\n", b"\x80\x04",
         b"\x95" + struct.pack("<Q", 9), b"\x8c\x01\xff", b"g0\n", b"p0\n")
_BARE = b"(.012NRQ\x85\x86\x87\x88\x89)]}\x8fabdelostu\x81\x90\x91\x92\x93\x94\x97\x98"


def mutated(data: bytes, kind: str, other: bytes, random: Random) -> bytes:
    """`data`, a seed of `kind`, with one to a few things wrong with it. `other` is another seed to take bytes from."""
    ways: dict[str, Sequence[Callable[[bytes, bytes, Random], bytes]]] = {
        "zip": (_bytes, _zip_fields, _zip_members, _zip_members, _zip_members), "pickle": (_bytes, _opcodes, _opcodes, _opcodes),
        "tar": (_bytes, _tar_fields, _tar_members), "safetensors": (_bytes, _header, _header, _header), "json": (_bytes, _json, _json),
        "proto": (_bytes, _protobuf), "bytes": (_bytes,)}
    return random.choice(ways[kind])(data, other, random)


# -- bytes ------------------------------------------------------------------------------------------------------------------------

def _bytes(data: bytes, other: bytes, random: Random) -> bytes:
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4, 16))):
        at = random.randrange(len(out) + 1)
        length = random.choice((1, 1, 2, 4, 8, 64, 512))
        match random.randrange(9):
            case 0 if out:
                out[at % len(out)] ^= 1 << random.randrange(8)
            case 1 if out:
                out[at % len(out)] = random.choice((0, 1, 127, 128, 255, random.randrange(256)))
            case 2:
                out[at:at] = random.randbytes(length)
            case 3:
                del out[at:at + length]
            case 4:
                out[at:at] = out[at:at + length]
            case 5:
                out[at:at + 8] = _integer(random, random.choice((1, 2, 4, 8)))
            case 6:
                del out[at:]
            case 7:
                begin = random.randrange(len(other) + 1)
                out[at:at + length] = other[begin:begin + length]
            case _:
                out += random.choice((b"\0" * length, random.randbytes(length), bytes(out[:length])))
    return bytes(out)


def _integer(random: Random, width: int, order: str = "") -> bytes:
    value = random.choice(INTEGERS) & (1 << 8 * width) - 1
    return value.to_bytes(width, order or random.choice(("little", "big")))     # type: ignore[arg-type]


# -- pickles ----------------------------------------------------------------------------------------------------------------------

def _opcodes(data: bytes, other: bytes, random: Random) -> bytes:
    parts, tail = taken_apart(data)
    if not parts:
        return _bytes(data, other, random)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        at = random.randrange(len(parts))
        match random.randrange(8):
            case 0:
                del parts[at:at + random.choice((1, 1, 2, 5))]
            case 1:
                parts.insert(at, parts[random.randrange(len(parts))])
            case 2:
                to = random.randrange(len(parts))
                parts[at], parts[to] = parts[to], parts[at]
            case 3:
                parts[at:at] = parts[at:at + random.choice((2, 8, 40))]
            case 4:
                parts[at] = fragment(random)
            case 5:
                parts[at] = _argument(parts[at], random)
            case 6:
                parts.insert(at, _call(random))
            case _:
                parts.insert(at, fragment(random))
        if not parts:
            break
    if tail and random.random() < 0.1:
        tail = _bytes(tail, other, random)
    return b"".join(parts) + tail


def taken_apart(data: bytes) -> tuple[list[bytes], bytes]:
    """The opcodes of the pickles that a sound stream begins with, one behind the other, and what follows them."""
    parts: list[bytes] = []
    at = 0
    while True:
        try:
            places = [place for _, _, place in pickletools.genops(data[at:])]
        except (ValueError, struct.error, UnicodeDecodeError, IndexError):
            return parts, data[at:]
        if not places:
            return parts, data[at:]
        end = places[-1] + 1
        parts += [data[at + a:at + b] for a, b in zip(places, [*places[1:], end], strict=True)]
        at += end


def fragment(random: Random) -> bytes:
    """Opcodes that mean something by themselves."""
    match random.randrange(11):
        case 0 | 1 | 2:
            return random.choice(_BARE).to_bytes(1, "big")
        case 3:
            return op.integer(random.choice(INTEGERS))
        case 4:
            return op.text(random.choice(TEXTS))
        case 5:
            return op.name(*random.choice(GLOBALS))
        case 6:
            return op.real(random.choice((0.0, -0.0, float("nan"), float("inf"), 1e308, 5e-324, 3.0)))
        case 7:
            return random.choice((b"h", b"q")) + bytes([random.randrange(40)])
        case 8:
            return random.choice((b"j", b"r")) + struct.pack("<I", random.choice((0, 3, 255, 65536, (1 << 32) - 1)))
        case 9:
            return random.choice(_RARE)
        case _:
            return random.choice((op.EMPTY_DICT, op.EMPTY_TUPLE, op.EMPTY_LIST)) + random.choice((b"", b"\x94", b"0"))


def _call(random: Random) -> bytes:
    arguments = [fragment(random) for _ in range(random.randrange(8))]
    build = random.choice((b"", b"", op.EMPTY_DICT + b"b"))
    return op.name(*random.choice(GLOBALS)) + op.MARK + b"".join(arguments) + b"t" + random.choice((b"R", b"\x81")) + build


def _argument(part: bytes, random: Random) -> bytes:
    """The same opcode with another argument."""
    code, argument = part[:1], part[1:]
    if code in b"XBT" and len(argument) >= 4:
        text = random.choice(TEXTS).encode("utf-8", "surrogatepass")
        return code + struct.pack("<I", len(text)) + text
    if code in b"\x8cUC" and argument:
        text = random.choice(TEXTS).encode("utf-8", "surrogatepass")[:255]
        return code + bytes([len(text)]) + text
    if code == b"c":
        module, name = random.choice(GLOBALS)
        return op.name(module, name)
    if code in b"KMJ":
        return op.integer(random.choice(INTEGERS))
    if b"\n" in argument:
        return code + random.choice(("-1", "0", "1", "99999999999", "nan", "'", "x", "\\u12")).encode() + argument[argument.index(b"\n"):]
    return code + random.randbytes(len(argument))


# -- zip --------------------------------------------------------------------------------------------------------------------------

_ZIP = {b"PK\1\2": ((4, 2), (6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (34, 2), (38, 4), (42, 4)),
        b"PK\3\4": ((4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
        b"PK\5\6": ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)), b"PK\6\6": ((4, 8), (24, 8), (32, 8), (40, 8), (48, 8)),
        b"PK\6\7": ((8, 8), (16, 4)), b"PK\7\x08": ((4, 4), (8, 4), (12, 4))}


def _zip_fields(data: bytes, other: bytes, random: Random) -> bytes:
    out = bytearray(data)
    places = [(at, fields) for magic, fields in _ZIP.items() for at in _all(data, magic)]
    for _ in range(random.choice((1, 1, 2, 3))):
        at, fields = random.choice(places)
        offset, width = random.choice(fields)
        old = int.from_bytes(out[at + offset:at + offset + width], "little")
        new = random.choice((*INTEGERS, old + 1, old - 1, old ^ 8, old * 2, len(data))) & (1 << 8 * width) - 1
        out[at + offset:at + offset + width] = new.to_bytes(width, "little")
    return bytes(out)


def _all(data: bytes, magic: bytes) -> list[int]:
    found, at = [], data.find(magic)
    while at >= 0:
        found.append(at)
        at = data.find(magic, at + 1)
    return found


def _zip_members(data: bytes, other: bytes, random: Random) -> bytes:
    """The archive made anew with one of its members damaged, renamed, doubled or gone, so that the checksums are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    pickles = [i for i, (name, _) in enumerate(members) if name.endswith(".pkl")]
    at = random.choice(pickles) if pickles and random.random() < 0.7 else random.randrange(len(members))
    name, raw = members[at]
    match random.randrange(8):
        case 0:
            del members[at]
        case 1:
            stem, _, leaf = name.rpartition("/")
            new = random.choice((leaf, name.upper(), f"{stem}/{random.choice(TEXTS)}", f"../{name}", random.choice(TEXTS)))
            members[at] = new.encode("utf-8", "replace").decode() or "x", raw
        case 2:
            members.append((name, _bytes(raw, other, random)))
        case _:
            changed = _opcodes if name.endswith(".pkl") else _json if name.endswith(".json") else _bytes
            members[at] = name, changed(raw, other, random)
    out = io.BytesIO()
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore")             # a name that is there twice is meant
        for name, raw in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            archive.writestr(entry, raw)
    return out.getvalue()


# -- tar --------------------------------------------------------------------------------------------------------------------------

_TAR = ((0, 100), (100, 8), (108, 8), (116, 8), (124, 12), (136, 12), (148, 8), (156, 1), (157, 100), (257, 6), (263, 2), (329, 8),
        (345, 155))


def _tar_fields(data: bytes, other: bytes, random: Random) -> bytes:
    out = bytearray(data)
    heads = [at for at in range(0, len(data), 512) if data[at + 257:at + 262] == b"ustar"] or [0]
    for _ in range(random.choice((1, 1, 2))):
        head = random.choice(heads)
        at, width = random.choice(_TAR)
        new = random.choice((b"%o" % (abs(random.choice(INTEGERS)) & 0o77777777777), b"\x80" + random.randbytes(11), b"\xff" * 12,
                             b"storages", random.choice(TEXTS).encode("utf-8", "surrogatepass"), b"%c" % random.choice(b"0125xgL")))
        out[head + at:head + at + width] = new[:width].ljust(width, b"\0")
        if random.random() < 0.8:
            out[head + 148:head + 156] = b" " * 8
            out[head + 148:head + 156] = b"%06o\0 " % sum(out[head:head + 512])
    return bytes(out)


def _tar_members(data: bytes, other: bytes, random: Random) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [(entry.name, archive.extractfile(entry).read()) for entry in archive if entry.isfile()]     # type: ignore[union-attr]
    at = random.randrange(len(members))
    name, raw = members[at]
    members[at] = name, _opcodes(raw, other, random)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, raw in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    return out.getvalue()


# -- JSON -------------------------------------------------------------------------------------------------------------------------

def _header(data: bytes, other: bytes, random: Random) -> bytes:
    """A safetensors header as JSON, its length told rightly or not."""
    length = int.from_bytes(data[:8], "little")
    header = _json(data[8:8 + length], other, random)
    told = len(header) if random.random() < 0.95 else random.choice(INTEGERS) & (1 << 64) - 1
    return told.to_bytes(8, "little") + header + data[8 + length:]


def _json(data: bytes, other: bytes, random: Random) -> bytes:
    try:
        tree = json.loads(data)
    except ValueError:
        return _bytes(data, other, random)
    for _ in range(random.choice((1, 1, 2, 3))):
        tree = _changed(tree, random)
    text = json.dumps(tree, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    if random.random() < 0.15:
        text = _bytes(text, other, random)
    return text


def _changed(tree: Any, random: Random) -> Any:
    """`tree` with one node of it replaced, gone, doubled or called something else."""
    if isinstance(tree, dict) and tree and random.random() < 0.85:
        key = random.choice(list(tree))
        match random.randrange(6):
            case 0:
                return {random.choice(TEXTS) if name == key else name: value for name, value in tree.items()}
            case 1:
                return {name: value for name, value in tree.items() if name != key}
            case 2:
                return {**tree, random.choice(TEXTS): tree[key]}
            case _:
                return {**tree, key: _changed(tree[key], random)}
    if isinstance(tree, list) and tree and random.random() < 0.85:
        at = random.randrange(len(tree))
        match random.randrange(4):
            case 0:
                return [*tree, tree[at]]
            case 1:
                return tree[:at] + tree[at + 1:]
            case _:
                return [*tree[:at], _changed(tree[at], random), *tree[at + 1:]]
    if type(tree) is int and random.random() < 0.6:
        return tree + random.choice((-1, 1, 8, -8, 1 << 40))
    return random.choice((None, True, 1.5, -0.0, "x", [], {}, [1, 2], [[]], {"a": {}}, *INTEGERS, *TEXTS, 10 ** 40, 1e308))


# -- protobuf ---------------------------------------------------------------------------------------------------------------------

def _protobuf(data: bytes, other: bytes, random: Random) -> bytes:
    """One field after the other; one of them gets another tag, length or value, which may be too long or missing."""
    fields = list(_fields(data))
    at = random.randrange(len(fields))
    tag, value = fields[at]
    match random.randrange(6):
        case 0:
            fields[at] = _varint(random.choice(INTEGERS)), value
        case 1:
            fields[at] = tag, _varint(random.choice(INTEGERS)) + value[1:]
        case 2:
            fields.insert(at, (tag, value * 2))
        case 3:
            fields[at] = tag, b"\xff" * random.choice((1, 9, 10, 11)) + value
        case 4:
            del fields[at]
        case _:
            fields[at] = tag, _bytes(value, other, random)
    return b"".join(tag + value for tag, value in fields)


def _fields(data: bytes) -> list[tuple[bytes, bytes]]:
    """(tag, rest) of a sound message whose tags and lengths are single bytes."""
    found, at = [], 0
    while at < len(data):
        end = at + 2 if data[at] & 7 == 0 else at + 2 + data[at + 1]
        found.append((data[at:at + 1], data[at + 1:end]))
        at = end
    return found


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
