"""What an address shows of itself, and what lies beside a file on the web."""
from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from inspector import core
from inspector.core.checkpoint import Address
from inspector.core.io import addresses

SECRET = "s3cr3tvalue"


@pytest.mark.parametrize(("given", "shown"), [
    ("https://host/a.pth", "https://host/a.pth"),
    (f"https://ann:{SECRET}@host/a.pth", "https://***@host/a.pth"),
    (f"https://{SECRET}@host:8080/a.pth", "https://***@host:8080/a.pth"),
    (f"https://host/a.pth?token={SECRET}", "https://host/a.pth?token=***"),
    (f"https://host/a.pth?X-Amz-Credential={SECRET}1&X-Amz-Signature={SECRET}",
     "https://host/a.pth?X-Amz-Credential=***&X-Amz-Signature=***"),
    (f"https://host/a.pth?download=true&sig={SECRET}#part", "https://host/a.pth?download=true&sig=***"),
    (f"https://host/a.pth?{SECRET}{SECRET}", "https://host/a.pth?***"),
    (f"ftp://ann:{SECRET}@host/a.pth", "ftp://***@host/a.pth"),
    ("abfs://container@account.example/a.pth", "abfs://container@account.example/a.pth"),
    ("s3://bucket/run/a.pth", "s3://bucket/run/a.pth"),
    ("hf://org/repo@main/a.safetensors", "hf://org/repo@main/a.safetensors"),
])
def test_that_what_lets_one_in_is_never_shown(given: str, shown: str) -> None:
    found = core.without_secrets(given)
    assert found == shown
    assert addresses.with_secrets(found) == given
    assert core.without_secrets(found) == found


def test_that_two_addresses_are_never_shown_alike() -> None:
    one, other = core.without_secrets("https://h.example/x?key=1"), core.without_secrets("https://h.example/x?key=2")
    assert one != other
    assert addresses.with_secrets(one).endswith("=1")
    assert addresses.with_secrets(other).endswith("=2")


def test_that_an_address_whose_token_was_not_kept_asks_for_it() -> None:
    with pytest.raises(core.Unsupported, match="not kept"):
        addresses.with_secrets("https://elsewhere.example/a.pth?token=***")


def test_that_the_address_in_a_stamp_shows_nothing_and_travels() -> None:
    address = Address(f"https://host/a?token={SECRET}")
    assert SECRET not in repr(address) + str(address)
    assert pickle.loads(pickle.dumps(address)) == address


def test_that_a_file_of_that_very_name_is_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "http:").mkdir()
    (tmp_path / "http:" / "a.pth").write_bytes(b"x")
    assert not core.is_address("http://a.pth")
    assert core.is_address("http://b.pth")


@pytest.mark.parametrize(("folder_of", "name", "beside"), [
    ("https://host/run/model.safetensors.index.json", "a-00001.safetensors", "https://host/run/a-00001.safetensors"),
    ("https://host/run/index.json?rev=2", "a.bin", "https://host/run/a.bin?rev=2"),
    ("https://host/index.json", "a?b#c %2e%2e.bin", "https://host/a%3Fb%23c%20%252e%252e.bin"),
    ("https://host/index.json", "sub/a.bin", "https://host/sub/a.bin"),
    ("s3://bucket/run/index.json", "a b.bin", "s3://bucket/run/a b.bin"),
])
def test_that_a_file_beside_another_is_on_the_same_server_and_in_its_folder(folder_of: str, name: str, beside: str) -> None:
    assert addresses.beside(addresses.folder_of(folder_of), name) == beside


def test_that_a_token_goes_with_the_files_beside_and_stays_hidden() -> None:
    found = addresses.beside(addresses.folder_of(core.without_secrets(f"https://host/run/i.json?sv={SECRET}")), "a.bin")
    assert SECRET not in found
    assert addresses.with_secrets(found) == f"https://host/run/a.bin?sv={SECRET}"


def test_that_paths_of_this_computer_stay_as_they_are() -> None:
    assert core.absolute_path("a/b.pth") == os.path.abspath("a/b.pth")
    assert core.absolute_path("https://host/b.pth") == "https://host/b.pth"
    assert (core.file_name("a/b.pth"), core.file_name("https://host/x/b%20c.pth?q=1"), core.file_name("hf://o/r/b%20c.pth")) \
        == ("b.pth", "b c.pth", "b%20c.pth")


def test_that_the_address_of_a_file_here_says_its_path() -> None:
    with pytest.raises(core.Unsupported, match=r"/tmp/a b\.pth"):
        core.open("file:///tmp/a%20b.pth")
