"""Samples, built on the spot. Nothing here is dangerous: the only callable a stream names is `trip`, which would leave a
marker file behind if anything ever called it."""
from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TRIP_MODULE = "tests_trip_module"


def trip_source(marker: Path) -> str:
    """Source of a module that betrays itself when it is imported or called."""
    return (f"open({str(marker)!r}, 'a').write('imported\\n')\n"
            f"def trip(*args, **kwargs):\n    open({str(marker)!r}, 'a').write('called\\n')\n"
            f"class Trip:\n    def __setstate__(self, state):\n        trip()\n")


def trip_pickles() -> dict[str, bytes]:
    """Every way a pickle can call something, each with `trip`."""
    module, name = TRIP_MODULE.encode(), b"trip"
    short = b"\x8c" + bytes([len(module)]) + module + b"\x8c\x04" + name
    return {
        "reduce": b"\x80\x02c" + module + b"\ntrip\n)R.",
        "reduce-popped": b"\x80\x02c" + module + b"\ntrip\n)R0N.",
        "stack-global": b"\x80\x04" + short + b"\x93)R.",
        "inst": b"(i" + module + b"\ntrip\n.",
        "obj": b"(c" + module + b"\ntrip\no.",
        "newobj": b"\x80\x02c" + module + b"\nTrip\n)\x81.",
        "newobj-ex": b"\x80\x04c" + module + b"\nTrip\n)}\x92.",
        "build": b"\x80\x02c" + module + b"\nTrip\n)\x81}b.",
        "broken-tail": b"\x80\x02c" + module + b"\ntrip\n)R\xff",
        "in-a-dict": b"\x80\x02}(X\x01\x00\x00\x00ac" + module + b"\ntrip\n)Ru.",
        "second-pickle": b"\x80\x02}.\x80\x02c" + module + b"\ntrip\n)R.",
        "inside-bytes": b"\x80\x03ctorch.storage\n_load_from_bytes\nC" + bytes([len(module) + 13])
                        + b"\x80\x02c" + module + b"\ntrip\n)R." + b"\x85R.",
    }


TRIP_MAKES_A_CLASS = frozenset({"newobj", "newobj-ex", "build"})     # of them: a warning, where a function that is called is a danger


def torch_zip(data_pkl: bytes, records: Mapping[str, bytes] | Sequence[tuple[str, bytes]] = (), top: str = "archive",
              compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip laid out as torch.save names its records, written by zipfile; `records` go beside `data.pkl`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr(f"{top}/data.pkl", data_pkl)
        archive.writestr(f"{top}/byteorder", b"little")
        for name, raw in records.items() if isinstance(records, Mapping) else records:
            archive.writestr(f"{top}/{name}", raw)
        archive.writestr(f"{top}/version", b"3\n")
    return out.getvalue()


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip with just these members, written by zipfile."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return out.getvalue()


def safetensors(header: Mapping[str, Any] | bytes | str, body: bytes = b"") -> bytes:
    """The container around any header, sound or not."""
    raw = header if isinstance(header, bytes) else header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + body
