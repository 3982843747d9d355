"""The directory of an archive taken apart all at once says what it says entry by entry."""
from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.errors import InspectorError
from inspector.core.formats.zip import entries
from inspector.core.formats.zip.entries import Table, parse

Member = tuple[str, bytes, bytes, bytes]        # name, bytes, comment, extra field
ENTRIES = st.lists(st.tuples(st.text("ab/é\\", min_size=1, max_size=12), st.binary(max_size=9), st.binary(max_size=5),
                             st.sampled_from((b"", b"PK\x01\x02"))), min_size=1, max_size=12)


def directory_of(members: list[Member]) -> bytes:
    """The directory that Python's zipfile writes for members with these names, bytes, comments and extra fields."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n, (name, data, comment, extra) in enumerate(members):
            info = zipfile.ZipInfo(f"{n}{name}")
            info.comment, info.extra = comment, b"ZZ" + len(extra).to_bytes(2, "little") + extra if extra else b""
            archive.writestr(info, data)
    return out.getvalue()[archive.start_dir:out.getvalue().rindex(b"PK\x05\x06")]


def both_ways(data: bytes, count: int, start: int = 0) -> list[Table | str]:
    found: list[Table | str] = []
    for worth in (0, 1 << 60):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(entries, "_WORTH_NUMPY", worth)
            patch.setattr(entries, "_WORTH_IMPORTING", worth)
            try:
                found.append(parse(data, count, start, 1000))
            except InspectorError as error:
                found.append(f"{type(error).__name__} {error} {error.where}")
    return found


@settings(max_examples=150, deadline=None)
@given(ENTRIES, st.integers(0, 3))
def test_that_a_directory_is_the_same_at_once_and_entry_by_entry(members: list[Member], start: int) -> None:
    at_once, one_by_one = both_ways(directory_of(members), len(members), start)
    assert at_once == one_by_one
    assert isinstance(at_once, Table)
    assert at_once.names == [f"{n}{name}" for n, (name, *_) in enumerate(members)]
    assert [*at_once.sizes] == [len(data) for _, data, _, _ in members]


@settings(max_examples=300, deadline=None)
@given(ENTRIES, st.data())
def test_that_a_damaged_directory_is_the_same_or_the_same_error(members: list[Member], data: st.DataObject) -> None:
    raw = bytearray(directory_of(members))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    at_once, one_by_one = both_ways(bytes(raw[:data.draw(st.integers(0, len(raw)))]), data.draw(st.integers(1, len(members) + 1)))
    assert at_once == one_by_one


def test_that_a_directory_of_many_members_is_taken_apart_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    members = [(f"data/{n}", b"x", b"", b"") for n in range(3000)]
    monkeypatch.setattr(entries, "_one_by_one", None)
    monkeypatch.setattr(entries, "_WORTH_IMPORTING", 2000)
    assert parse(directory_of(members), len(members), 0, 0).names[2999] == "2999data/2999"


def test_that_numbers_beyond_32_bits_are_read_from_the_extra_field() -> None:
    entry = bytearray(directory_of([("a", b"1234", b"", b"")]))
    entry[24:28] = b"\xff" * 4                                          # unpacked
    entry[30:32] = (12).to_bytes(2, "little")
    data = bytes(entry) + b"\x01\x00\x08\x00" + (1 << 40).to_bytes(8, "little")
    at_once, one_by_one = both_ways(data, 1)
    assert isinstance(at_once, Table)
    assert at_once == one_by_one
    assert [*at_once.sizes] == [1 << 40]
