"""FILE!0, FILE!1: several saves that lie one behind the other in one file."""
from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core


def zipped(value: Any, out: Any) -> None:
    torch.save(value, out)


def legacy(value: Any, out: Any) -> None:
    torch.save(value, out, _use_new_zipfile_serialization=False)


def dumped(value: Any, out: Any) -> None:
    pickle.dump(value, out)


WAYS: dict[str, Callable[[Any, Any], None]] = {"zip": zipped, "legacy": legacy, "pickle": dumped}


def value_of(n: int) -> dict[str, torch.Tensor]:
    """Of another size each time, so that no directory fits another archive by accident."""
    return {f"w{n}": torch.arange(n + 1.0), "shared": torch.full((3, 100 * n + 1), float(n))}


def written(path: Path, ways: Sequence[str]) -> Path:
    with path.open("wb") as out:
        for n, way in enumerate(ways):
            WAYS[way](value_of(n), out)
    return path


def check_all(path: Path, ways: Sequence[str]) -> None:
    for n in range(len(ways)):
        ckpt = core.open(f"{path}!{n}")
        assert list(ckpt.tensors) == [f"w{n}", "shared"]
        assert all(core.read_torch(ckpt, key).equal(tensor) for key, tensor in value_of(n).items())
        assert not [finding for finding in ckpt.findings if finding.id not in ("plain-pickle", "unknown-code")]
    with pytest.raises(core.NotACheckpoint, match="there is no member"):
        core.open(f"{path}!{len(ways)}")


@pytest.mark.parametrize("ways", [
    ["zip"] * 2, ["zip"] * 5, ["legacy"] * 2, ["legacy"] * 4, ["pickle"] * 2, ["pickle"] * 5, ["legacy", "zip"], ["zip", "legacy"],
    ["pickle", "legacy", "zip", "zip"], ["legacy", "pickle"], ["zip", "pickle"], ["zip", "zip", "legacy"],
], ids="-".join)
def test_that_each_save_is_reached_by_its_number(tmp_path: Path, ways: list[str]) -> None:
    check_all(written(tmp_path / "m.pth", ways), ways)


@settings(max_examples=15, deadline=None)
@given(ways=st.lists(st.sampled_from(["legacy", "pickle"]), min_size=2, max_size=4), archives=st.integers(0, 3))
def test_that_any_series_of_saves_is_taken_apart(ways: list[str], archives: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    every = [*ways, *["zip"] * archives]
    check_all(written(tmp_path_factory.mktemp("s") / "m.pth", every), every)


@pytest.mark.parametrize(("ways", "hint"), [
    (["legacy", "legacy"], "Open FILE!1 to see"), (["pickle", "pickle", "pickle"], "Open FILE!1 or FILE!2 to see"),
    (["legacy"] * 5, "Open FILE!1 to FILE!4 to see"), (["legacy", "zip"], "Open FILE!1 to see"), (["zip", "legacy"], "Open FILE!1 to see"),
], ids=str)
def test_that_the_first_one_opens_as_torch_reads_it_and_the_others_are_told(tmp_path: Path, ways: list[str], hint: str) -> None:
    path = written(tmp_path / "m.pth", ways)
    ckpt = core.open(path)
    [found] = [finding for finding in ckpt.findings if finding.id == "more-saves"]
    assert found.hint.startswith(hint)
    assert found.members == tuple(map(str, range(len(ways))))
    assert list(ckpt.tensors) == ["w0", "shared"]
    if ways[0] != "pickle":
        assert list(torch.load(path, weights_only=True)) == ["w0", "shared"]


@pytest.mark.parametrize("count", [2, 4])
def test_that_archives_alone_are_offered_as_those_of_a_container_are(tmp_path: Path, count: int) -> None:
    path = written(tmp_path / "m.pth", ["zip"] * count)
    with pytest.raises(core.Unsupported, match=f"{count} ZIP archives one behind the other") as error:
        core.open(path)
    assert error.value.members == tuple(map(str, range(count)))
    assert "FILE!0" in error.value.hint
    with pytest.raises(RuntimeError):
        torch.load(path, weights_only=True)


def test_that_streams_are_what_torch_reads_from_an_open_file(tmp_path: Path) -> None:
    path = written(tmp_path / "m.pth", ["legacy"] * 3)
    with path.open("rb") as file:
        for n in range(3):
            theirs = torch.load(file, weights_only=True)
            ours = core.load_state_dict(f"{path}!{n}")
            assert list(ours) == list(theirs)
            assert all(ours[key].equal(value) for key, value in theirs.items())


def test_that_one_save_has_no_number(tmp_path: Path) -> None:
    for way in WAYS:
        path = written(tmp_path / f"{way}.pth", [way])
        assert "more-saves" not in {finding.id for finding in core.open(path).findings}
        with pytest.raises(core.NotACheckpoint):
            core.open(f"{path}!0")


@pytest.mark.parametrize("way", ["legacy", "pickle"])
@pytest.mark.parametrize("tail", [b"\x80\x02", b"\x80\x02}q\x00(X\x01\x00", b"PK\x03\x04" + bytes(40), bytes(100)])
def test_that_nothing_is_offered_that_is_no_save(tmp_path: Path, way: str, tail: bytes) -> None:
    path = written(tmp_path / "m.pth", [way])
    path.write_bytes(path.read_bytes() + tail)
    ckpt = core.open(path)
    assert "more-saves" not in {finding.id for finding in ckpt.findings}
    assert any(finding.id.startswith("trailing") for finding in ckpt.findings)


@pytest.mark.parametrize("ways", [["legacy"] * 2, ["pickle", "legacy"]], ids=str)
def test_that_a_last_save_that_was_cut_is_reached_as_far_as_it_goes(tmp_path: Path, ways: list[str]) -> None:
    path = written(tmp_path / "m.pth", ways)
    path.write_bytes(path.read_bytes()[:-8])
    ckpt = core.open(f"{path}!1")
    assert sorted(info.problem.partition(":")[0] for info in ckpt.tensors.values()) == ["", "truncated"]


def test_that_one_of_several_is_saved_to_a_file_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path / "m.pth", ["zip", "zip"])
    core.save(core.open(f"{path}!1"), tmp_path / "o.pth")
    theirs = torch.load(tmp_path / "o.pth", weights_only=True)
    assert all(theirs[key].equal(value) for key, value in value_of(1).items())
    with pytest.raises(core.InspectorError):
        core.save(core.edit(f"{path}!1", [core.AddPrefix("m")]), in_place=True)


def test_that_an_archive_behind_something_else_is_none_of_several(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(value_of(0), buffer)
    (tmp_path / "m.pth").write_bytes(b"junk" * 10 + buffer.getvalue())
    assert "leading-junk" in {finding.id for finding in core.open(tmp_path / "m.pth").findings}


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_that_any_damage_gives_a_checkpoint_or_one_error(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = written(tmp_path_factory.mktemp("d") / "m.pth", data.draw(st.lists(st.sampled_from(list(WAYS)), min_size=2, max_size=3)))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[:data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    for address in (path, f"{path}!0", f"{path}!1"):
        try:
            ckpt = core.open(address)
        except core.InspectorError:
            continue
        assert all(isinstance(finding.message, str) for finding in ckpt.findings)
