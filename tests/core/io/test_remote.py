"""Files of a web server on loopback: how many requests and bytes looking at them takes, and what goes wrong with servers."""
from __future__ import annotations

import gc
import json
import os
import pickle
import socketserver
import struct
import subprocess
import sys
import threading
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from inspector import cli, core
from inspector.core.io import remote
from tests.web import Web, serving, touched

pytest.importorskip("fsspec", reason="reading over the net needs fsspec")
pytest.importorskip("aiohttp", reason="reading over HTTP needs aiohttp: pip install 'checkpoint-inspector[remote]'")
torch = pytest.importorskip("torch")

HEADERS = 300 << 10


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is known of earlier files, and nobody waits long; connections are closed while their loop still runs."""
    monkeypatch.setattr(remote, "_FIRST_WAIT", 0.001)
    remote.forget_headers()
    yield
    remote.close_connections()
    gc.collect()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with serving(tmp_path) as found:
        yield found


def save(path: Path, tensors: int = 40, numel: int = 1000) -> Path:
    torch.manual_seed(0)
    torch.save({f"layer.{n}.weight": torch.randn(numel) for n in range(tensors)}, path)
    return path


def save_safetensors(path: Path, tensors: int = 40, numel: int = 1000) -> Path:
    safetensors = pytest.importorskip("safetensors.torch")
    torch.manual_seed(0)
    safetensors.save_file({f"layer.{n:05}.weight": torch.randn(numel) for n in range(tensors)}, path)
    return path


def sparse_pth(path: Path, nbytes: int) -> None:
    """What torch.save writes for one tensor of that size, its zeros a hole in the file."""
    small = path.with_suffix(".small")
    torch.save({"w": torch.zeros(16), "b": torch.ones(3)}, small)
    with zipfile.ZipFile(small) as archive:
        data = archive.read("sparse/data.pkl") if "sparse/data.pkl" in archive.namelist() else archive.read(archive.namelist()[0])
        top = archive.namelist()[0].split("/")[0]
        ones = archive.read(f"{top}/data/1")
    numel = nbytes // 4
    at = data.index(b"K\x10")       # the storage's 16 elements, then the shape's
    data = data.replace(b"K\x10", b"J" + struct.pack("<i", numel))
    assert at > 0
    records = [("data.pkl", data, 0), ("byteorder", b"little", 0), ("data/0", b"", numel * 4), ("data/1", ones, 0), ("version", b"3\n", 0)]
    entries, offset = b"", 0
    with path.open("wb") as file:
        for name, content, hole in records:
            raw = f"sparse/{name}".encode()
            size = hole or len(content)
            assert size < 0xFFFFFFFF
            crc = 0 if hole else zlib_crc(content)
            fixed = (0, 0, 0, 0, 0, crc, size, size, len(raw))
            padding = -(offset + 30 + len(raw) + 4) % 64
            extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
            file.write(struct.pack("<4sHHHHHIIIHH", b"PK\3\4", *fixed, len(extra)) + raw + extra + content)
            file.seek(hole, os.SEEK_CUR)
            entries += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 0, *fixed, 0, 0, 0, 0, 0, offset) + raw
            offset = file.tell()
        file.write(entries + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(records), len(records), len(entries), offset, 0))


def zlib_crc(data: bytes) -> int:
    import zlib
    return zlib.crc32(data)


# -- looking ---------------------------------------------------------------------------------------------------------------------

def test_that_a_small_header_of_safetensors_is_one_request(web: Web) -> None:
    path = save_safetensors(web.folder / "a.safetensors")
    ckpt = core.open(web.url("a.safetensors"))
    assert len(web.requests) == 1
    assert (list(ckpt.tensors.values()), ckpt.findings) == (list(core.open(path).tensors.values()), ())


def test_that_a_large_header_of_safetensors_is_two_requests(web: Web) -> None:
    path = save_safetensors(web.folder / "a.safetensors", tensors=3000, numel=1)
    ckpt = core.open(web.url("a.safetensors"))
    header = 8 + int.from_bytes(path.read_bytes()[:8], "little")
    assert header > remote.HEAD
    assert len(web.requests) == 2
    assert web.nbytes <= header + (32 << 10)
    assert list(ckpt.tensors) == list(core.open(path).tensors)


@pytest.mark.parametrize("tensors", [1, 300, 4000])
def test_that_a_pth_is_four_requests_and_its_pickle_and_directory(web: Web, tensors: int) -> None:
    path = save(web.folder / "a.pth", tensors, 2000 if tensors < 1000 else 1)
    ckpt = core.open(web.url("a.pth"))
    assert len(web.requests) <= 4
    with zipfile.ZipFile(path) as archive:
        # before it, what torch calls the archive: the file's name where the path is ASCII
        [nbytes] = [member.file_size for member in archive.infolist() if member.filename.endswith("/data.pkl")]
        needed = nbytes + path.stat().st_size - archive.start_dir
    assert web.nbytes <= needed + HEADERS
    assert list(ckpt.tensors.values()) == list(core.open(path).tensors.values())
    assert list(ckpt.values.items()) == list(core.open(path).values.items())


def test_that_a_sparse_pth_of_four_gigabytes_opens_by_its_ends(web: Web) -> None:
    sparse_pth(web.folder / "sparse.pth", (4 << 30) - (1 << 20))
    ckpt = core.open(web.url("sparse.pth"))
    assert ckpt.tensors["w"].nbytes == (4 << 30) - (1 << 20)
    assert len(web.requests) <= 4
    assert web.nbytes <= HEADERS
    web.forget()
    assert core.summarize(ckpt, ["b"])["b"].mean == 1.0
    assert web.nbytes < 10_000


def test_that_a_sparse_safetensors_of_four_gigabytes_opens_by_its_header(web: Web) -> None:
    numel = 1 << 30
    header = json.dumps({"w": {"dtype": "F32", "shape": [numel], "data_offsets": [0, numel * 4]},
                         "b": {"dtype": "F32", "shape": [2], "data_offsets": [numel * 4, numel * 4 + 8]}}).encode()
    with (web.folder / "a.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.seek(numel * 4, os.SEEK_CUR)
        file.write(struct.pack("<2f", 1.0, 3.0))
    ckpt = core.open(web.url("a.safetensors"))
    assert len(web.requests) == 1
    web.forget()
    assert core.summarize(ckpt, ["b"])["b"].mean == 2.0
    assert ckpt["w"][1 << 29:(1 << 29) + 4].tolist() == [0.0] * 4
    assert web.nbytes < 200_000


def test_that_a_header_that_is_known_is_not_sent_again(web: Web) -> None:
    save(web.folder / "a.pth", 300)
    core.open(web.url("a.pth"))
    web.forget()
    again = core.open(web.url("a.pth"))
    assert [(request.status, request.nbytes) for request in web.requests] == [(304, 0)]
    assert len(again.tensors) == 300


def test_that_headers_that_are_kept_are_bounded(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_KEPT", remote._Kept(300 << 10))
    for n in range(8):
        save(web.folder / f"{n}.pth", 100)
        core.open(web.url(f"{n}.pth"))
    kept = remote._KEPT
    assert 0 < sum(file.blocks.nbytes for file in kept._files.values()) <= 300 << 10
    web.forget()
    core.open(web.url("0.pth"))
    assert web.requests[0].status == 206


def test_that_a_set_opens_by_its_index(web: Web) -> None:
    for n in (1, 2):
        save_safetensors(web.folder / f"model-0000{n}-of-00002.safetensors", 3)
    names = {f"layer.{n:05}.weight": "model-00001-of-00002.safetensors" for n in range(3)}
    (web.folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    ckpt = core.open(web.url("model.safetensors.index.json"))
    assert ckpt.format == "safetensors-sharded"
    assert len(web.requests) == 2
    assert core.summarize(ckpt) == core.summarize(web.folder / "model.safetensors.index.json")


def test_that_the_files_of_a_large_set_are_asked_for_together_and_once(tmp_path: Path) -> None:
    names = {}
    for n in range(20):
        name = f"model-{n + 1:05}-of-00020.safetensors"
        core.save({f"w{n}": torch.full((4,), float(n))}, tmp_path / name)
        names[f"w{n}"] = name
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    together = threading.Barrier(4, timeout=20)

    def before(name: str, count: int) -> None:
        if name.endswith(("1-of-00020.safetensors", "2-of-00020.safetensors")):       # four files, none of which is sent alone
            together.wait()
    with serving(tmp_path, before=before) as web:
        ckpt = core.open(web.url("model.safetensors.index.json"))
        assert len(web.requests) == 21
    assert list(ckpt.tensors) == list(names)


@pytest.mark.parametrize("name", ["http://127.0.0.1:9/x.bin", "../x.bin", "//host/x.bin", "s3://b/x.bin", "/etc/passwd"])
def test_that_a_file_never_says_what_is_fetched(web: Web, name: str) -> None:
    (web.folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": {"w": name}}))
    with pytest.raises(core.Corrupt, match="out of its own folder"):
        core.open(web.url("pytorch_model.bin.index.json"))
    assert len(web.requests) == 1


def test_that_a_member_of_an_archive_is_opened_in_place(web: Web, tmp_path: Path) -> None:
    inner = save(tmp_path / "in.pth", 3)
    with zipfile.ZipFile(web.folder / "a.zip", "w") as archive:
        archive.write(inner, "in.pth")
    ckpt = core.open(web.url("a.zip") + "!in.pth")
    assert core.summarize(ckpt) == core.summarize(inner)


# -- measuring, comparing, editing -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make", [save, save_safetensors])
def test_that_everything_that_works_on_a_file_works_on_its_address(web: Web, tmp_path: Path, make: Any) -> None:
    path = make(web.folder / f"a{'.pth' if make is save else '.safetensors'}", 30)
    url = web.url(path.name)
    assert core.summarize(url) == core.summarize(path)
    assert dict(core.digests(url)) == dict(core.digests(path))
    assert core.digest_of(url).root == core.digest_of(path).root
    assert [found.id for found in core.check(url)] == [found.id for found in core.check(path)]
    assert {pair.status for pair in core.compare(path, url).pairs} == {"equal"}
    assert (core.read_numpy(url, "layer.00003.weight" if make is save_safetensors else "layer.3.weight").shape) == (1000,)
    assert core.load(url).keys() == core.load(path).keys()
    core.assert_fits(url, core.contract(path))
    out = tmp_path / "out.safetensors"
    core.save(core.edit(core.open(url), [core.AddPrefix("m.")]), out)
    assert core.summarize(out).keys() == {f"m.{key}" for key in core.open(path).tensors}
    assert core.digest_of(core.edit(core.open(out), [core.StripPrefix("m.")])).root == core.digest_of(path).root


def test_that_statistics_read_what_is_asked_and_little_else_in_few_requests(web: Web) -> None:
    path = save(web.folder / "a.pth", 400, 5000)
    ckpt = core.open(web.url("a.pth"))
    web.forget()
    keys = [f"layer.{n}.weight" for n in range(100, 140)]
    assert core.summarize(ckpt, keys) == core.summarize(core.open(path), keys)
    assert len(web.requests) <= 2
    assert 40 * 20_000 <= web.nbytes <= 40 * 20_000 + 50_000


def test_that_a_tensor_larger_than_a_piece_is_read_once_for_its_digest(web: Web) -> None:
    path = save_safetensors(web.folder / "a.safetensors", 1, 5_000_000)
    ckpt = core.open(web.url("a.safetensors"))
    web.forget()
    assert dict(core.digests(ckpt)) == dict(core.digests(path))
    assert web.nbytes == 20_000_000


def test_that_a_checkpoint_travels_to_another_process(web: Web) -> None:
    save(web.folder / "a.pth", 3)
    ckpt = pickle.loads(pickle.dumps(core.open(web.url("a.pth"))))
    assert core.summarize(ckpt) == core.summarize(web.folder / "a.pth")


def test_that_nothing_is_saved_to_an_address_nor_changed_there(web: Web) -> None:
    save(web.folder / "a.pth", 3)
    ckpt = core.open(web.url("a.pth"))
    with pytest.raises(core.SaveError, match="not over the net"):
        core.save(ckpt, web.url("b.pth"))


def test_that_code_in_a_remote_pickle_is_as_inert_as_ever(web: Web) -> None:
    from tests.builders import torch_zip, trip_pickles
    (web.folder / "a.pth").write_bytes(torch_zip(trip_pickles()["in-a-dict"]))
    found = core.open(web.url("a.pth"))
    assert any(finding.level == "danger" for finding in found.findings)
    assert "tests_trip_module" not in sys.modules


# -- servers as they are -----------------------------------------------------------------------------------------------------------

def test_that_a_server_without_ranges_is_said(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pth", 300)
    with serving(tmp_path, ranges=False) as web:
        ckpt = core.open(web.url("a.pth"))
        assert [finding.id for finding in ckpt.findings] == ["no-ranges"]
        assert len(web.requests) == 1
        assert core.summarize(ckpt) == core.summarize(path)
        assert web.nbytes == path.stat().st_size


def test_that_a_large_file_is_not_downloaded_from_a_server_without_ranges(tmp_path: Path) -> None:
    sparse_pth(tmp_path / "a.pth", 1 << 30)
    with serving(tmp_path, ranges=False) as web, pytest.raises(core.Unsupported, match="sends no parts") as caught:
        core.open(web.url("a.pth"))
    assert caught.value.id == "no-ranges"
    assert "curl" in caught.value.hint


def test_that_a_file_that_changes_in_between_is_said(web: Web) -> None:
    path = save(web.folder / "a.pth", 3)
    ckpt = core.open(web.url("a.pth"))
    touched(path)
    with pytest.raises(core.Changed):
        core.summarize(ckpt)
    assert core.summarize(core.open(web.url("a.pth")))


def test_that_a_file_that_changes_while_it_is_opened_is_said(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pth", 4000, 1)

    def before(name: str, count: int) -> None:
        if count == 2:
            touched(path)
    with serving(tmp_path, before=before) as web, pytest.raises(core.Changed):
        core.open(web.url("a.pth"))


def test_that_a_change_is_noticed_by_the_time_where_there_is_no_etag(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pth", 3)
    with serving(tmp_path, etag=False) as web:
        ckpt = core.open(web.url("a.pth"))
        assert ckpt.findings == ()
        touched(path)
        with pytest.raises(core.Changed):
            core.summarize(ckpt)


def test_that_a_server_that_names_no_version_is_said(tmp_path: Path) -> None:
    save(tmp_path / "a.pth", 3)
    with serving(tmp_path, etag=False, modified=False) as web:
        assert [finding.id for finding in core.open(web.url("a.pth")).findings] == ["no-version"]
        names = {f"w{n}": f"model-0000{n + 1}-of-00002.safetensors" for n in range(2)}
        for key, name in names.items():
            core.save({key: torch.ones(3)}, tmp_path / name)
        (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
        found = core.open(web.url("model.safetensors.index.json"))
        assert [finding.id for finding in found.findings] == ["no-version"]
        assert list(found.tensors) == list(names)


def test_that_redirections_are_followed_once(web: Web) -> None:
    save(web.folder / "a.pth", 4000, 1)
    web.redirects["go.pth"] = web.url("a.pth")
    ckpt = core.open(web.url("go.pth"))
    assert len(ckpt.tensors) == 4000
    assert [request.status for request in web.requests].count(302) == 1
    web.redirects["loop.pth"] = web.url("loop.pth")
    with pytest.raises(core.Unreadable, match="circle"):
        core.open(web.url("loop.pth"))


def test_that_what_lets_one_in_goes_to_no_other_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec.config
    monkeypatch.setitem(fsspec.config.conf, "http", {"headers": {"Authorization": "Bearer word"}})
    save(tmp_path / "a.pth")
    with serving(tmp_path) as elsewhere, serving(tmp_path, redirects={"x.pth": elsewhere.url("a.pth")}) as web:
        core.summarize(core.open(web.url("x.pth")))
        assert all(request.headers["Authorization"] == "Bearer word" for request in web.requests)
        assert len(elsewhere.requests) > 2
        assert not any("Authorization" in request.headers for request in elsewhere.requests)


def test_that_a_redirection_over_an_open_line_is_not_followed_back_to_an_encrypted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from yarl import URL
    hops = [SimpleNamespace(url=URL(address)) for address in ("https://a.example/x", "http://a.example/x")]

    class Session:
        @asynccontextmanager
        async def get(self, address: str, **_: Any) -> AsyncIterator[Any]:
            yield SimpleNamespace(history=hops, url=URL("https://b.example/x"), status=404, headers={})
    web = remote._Web("https://a.example/x", "https://a.example/x")

    async def session() -> Session:
        return Session()
    monkeypatch.setattr(web, "_system", SimpleNamespace(set_session=session, kwargs={}, encode_url=str, loop=web._system.loop))
    with pytest.raises(core.Unreadable, match="from an encrypted address to one that is not"):
        web.fetch(0, 1, "", core.QUIET)


# what a server answers, whatever it is asked, and what is said of it
ANSWERS = {
    b"206 \r\nContent-Range: bytes 0-9/" + b"9" * 5000 + b"\r\nContent-Length: 10\r\n\r\n0123456789": "does not say which part",
    b"206 \r\nContent-Range: bytes 0-9/" + b"9" * 30 + b"\r\nContent-Length: 10\r\n\r\n0123456789": "does not say which part",
    b"416 \r\nContent-Range: bytes */" + b"9" * 30 + b"\r\nContent-Length: 0\r\n\r\n": "HTTP status 416",
    b"302 \r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n": "leads to what is no address of the web",
    b"302 \r\nLocation: http://\x1b[31m bad/\r\nContent-Length: 0\r\n\r\n": "leads to what is no address of the web",
    b"200 \r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello": "what it sends is damaged",
    b"\x1b[31m": "what it sends cannot be understood",
    b"": "it ended the connection",
}


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """A server that answers so, the last time and again, and its address."""
    left = [*answers]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(60)
            asked = b""
            while b"\r\n\r\n" not in asked and (part := self.request.recv(65536)):
                asked += part
            answer = left.pop(0) if len(left) > 1 else left[0]
            if answer:
                self.request.sendall(b"HTTP/1.1 " + answer)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/a.pth"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("answer", "words"), ANSWERS.items(), ids=range(len(ANSWERS)))
def test_that_a_hostile_answer_is_said_as_what_it_is(answer: bytes, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(answer) as address:
        assert cli.main(["ls", address]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "\x1b" not in said
    assert "no address." not in said.replace("no address of the web", "")


def test_that_a_version_no_header_can_name_is_compared_and_not_sent_back(tmp_path: Path) -> None:
    data = save(tmp_path / "a.pth", tensors=1, numel=4).read_bytes()
    answer = b"200 \r\nETag: x\x1b[31m%s\r\nContent-Length: " + str(len(data)).encode() + b"\r\nConnection: close\r\n\r\n"
    with answering(answer % b"" + data) as address:
        for _ in range(2):
            assert core.read_numpy(core.open(address), "layer.0.weight").shape == (4,)
    with answering(answer % b"" + data, answer % b"2" + data) as address:
        ckpt = core.open(address)
        with pytest.raises(core.Changed, match="another version"):
            core.read_numpy(ckpt, "layer.0.weight")


def test_that_errors_of_the_server_are_waited_out(tmp_path: Path) -> None:
    save(tmp_path / "a.pth", 3)
    with serving(tmp_path, before=lambda name, count: 503 if count < 3 else None) as web:
        assert len(core.open(web.url("a.pth")).tensors) == 3
        assert [request.status for request in web.requests][:4] == [503, 503, 503, 206]


def test_that_a_server_that_stays_broken_is_said_after_some_tries(tmp_path: Path) -> None:
    with serving(tmp_path, before=lambda name, count: 500) as web:
        with pytest.raises(core.Unreadable, match="500"):
            core.open(web.url("a.pth"))
        assert len(web.requests) == remote.TRIES


@pytest.mark.parametrize(("status", "error", "words"), [
    (404, core.FileMissing, "no such file on the server"), (410, FileNotFoundError, "no such file on the server"),
    (403, core.Unreadable, "does not let you"),
    (401, core.Unreadable, "does not let you")])
def test_that_a_refusal_is_told_at_once(tmp_path: Path, status: int, error: type[Exception], words: str) -> None:
    with serving(tmp_path, before=lambda name, count: status) as web:
        with pytest.raises(error, match=words):
            core.open(web.url("a.pth"))
        assert len(web.requests) == 1


def test_that_the_page_about_a_file_is_taken_for_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for page, file in (
            ("https://huggingface.co/org/repo/blob/main/a/b.pth?x=1", "https://huggingface.co/org/repo/resolve/main/a/b.pth?x=1"),
            ("https://huggingface.co/datasets/org/repo/blob/main/a.pth", "https://huggingface.co/datasets/org/repo/resolve/main/a.pth"),
            ("https://github.com/org/repo/blob/v1/a.pth", "https://github.com/org/repo/raw/v1/a.pth"),
            ("https://elsewhere.org/org/repo/blob/main/a.pth", "https://elsewhere.org/org/repo/blob/main/a.pth"),
            ("https://huggingface.co/org/repo/resolve/main/blob/a.pth", "https://huggingface.co/org/repo/resolve/main/blob/a.pth"),
            ("https://me:pw@huggingface.co/org/repo/blob/main/a.pth", "https://me:pw@huggingface.co/org/repo/blob/main/a.pth")):
        assert remote._behind_its_page(page) == file
    (tmp_path / "org" / "repo" / "resolve" / "main").mkdir(parents=True)
    save(tmp_path / "org" / "repo" / "resolve" / "main" / "a.pth", 3)
    with serving(tmp_path) as web:
        monkeypatch.setenv("HF_ENDPOINT", web.url(""))
        ckpt = core.open(web.url("org/repo/blob/main/a.pth"))
        assert len(ckpt.tensors) == len(core.summarize(ckpt)) == 3
        assert ckpt.path == web.url("org/repo/blob/main/a.pth")


def test_that_a_server_that_is_not_there_is_said_without_its_secrets() -> None:
    with pytest.raises(core.Unreadable) as caught:
        core.open("http://127.0.0.1:9/a.pth?token=s3cr3tvalue")
    assert "s3cr3tvalue" not in str(caught.value) + repr(caught.value)


def test_that_no_secret_is_in_what_is_known_of_a_checkpoint(web: Web) -> None:
    save(web.folder / "a.pth", 3)
    ckpt = core.open(web.url("a.pth") + "?token=s3cr3tvalue")
    assert web.requests[0].path.endswith("?token=s3cr3tvalue")
    assert "s3cr3tvalue" not in repr(ckpt) + ckpt.path + repr(ckpt.files) + repr(ckpt.findings) + ckpt._repr_html_()
    assert core.summarize(pickle.loads(pickle.dumps(ckpt)))


def test_that_a_request_that_hangs_can_be_cancelled(tmp_path: Path) -> None:
    save(tmp_path / "a.pth", 3)
    asked, answered = threading.Event(), threading.Event()

    class Impatient(core.Monitor):
        def check(self) -> None:
            if asked.is_set():
                raise core.Cancelled("enough")

    with serving(tmp_path) as web:
        def before(name: str, count: int) -> int:
            asked.set()
            web.stalled.wait(60)
            answered.set()
            return 503
        web.before = before
        with pytest.raises(core.Cancelled):
            core.open(web.url("a.pth"), monitor=Impatient())
        assert not answered.is_set()
        web.stalled.set()


def test_that_fsspec_is_not_loaded_for_files_of_this_computer(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pth", 3)
    told = subprocess.run([sys.executable, "-c", f"import sys\nfrom inspector import core\ncore.open({str(path)!r})\n"
                           "print([name for name in sys.modules if name.partition('.')[0] in ('fsspec', 'aiohttp', 'asyncio', 'ssl')])"],
                          capture_output=True, text=True, check=True, cwd=Path(core.__file__).parents[2])
    assert told.stdout.strip() == "[]"


def test_that_a_missing_package_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(core.Unsupported) as caught:
        core.open("https://host.example/a.pth")
    assert "pip install 'checkpoint-inspector[remote]'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["reference://x/a.pth", "simplecache://x/a.pth", "zip://a.pth::https://host.example/b.zip",
                                     "nobodyknows://x/a.pth"])
def test_that_addresses_of_other_kinds_are_refused_in_one_line(address: str) -> None:
    with pytest.raises(core.Unsupported) as caught:
        core.open(address)
    assert caught.value.id == "remote"


# -- other file systems --------------------------------------------------------------------------------------------------------------

@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Any]:
    import fsspec
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()


def test_that_any_file_system_of_fsspec_will_do(memory: Any, tmp_path: Path) -> None:
    path = save(tmp_path / "a.pth", 30)
    memory.pipe("/run/a.pth", path.read_bytes())
    ckpt = core.open("memory://run/a.pth")
    assert core.summarize(ckpt) == core.summarize(path)
    memory.pipe("/run/a.pth", path.read_bytes() + b"x")
    with pytest.raises(core.Changed):
        core.summarize(ckpt)
    with pytest.raises(core.FileMissing):
        core.open("memory://run/b.pth")


def test_that_a_folder_of_a_bucket_is_the_checkpoint_in_it(memory: Any, tmp_path: Path) -> None:
    path = save_safetensors(tmp_path / "model-00001-of-00001.safetensors", 3)
    names = dict.fromkeys(core.open(path).tensors, path.name)
    memory.pipe(f"/run/{path.name}", path.read_bytes())
    memory.pipe("/run/model.safetensors.index.json", json.dumps({"weight_map": names}).encode())
    for address in ("memory://run/", "memory://run"):
        assert core.open(address).format == "safetensors-sharded"
    assert core.digest_of("memory://run/").root == core.digest_of(path).root


def test_that_a_file_system_without_ranges_of_its_own_is_asked_for_no_more_than_is_needed(tmp_path: Path) -> None:
    """As that of the hub: what fsspec does by itself would read megabytes ahead."""
    import fsspec
    from fsspec.spec import AbstractBufferedFile
    path = save(tmp_path / "a.pth", 1000)
    asked: list[tuple[int, int]] = []

    class File(AbstractBufferedFile):  # type: ignore[misc]
        def _fetch_range(self, start: int, end: int) -> bytes:
            asked.append((start, end))
            return path.read_bytes()[start:end]

    class Counting(fsspec.AbstractFileSystem):  # type: ignore[misc]
        protocol = "counting"

        def info(self, path_: str, **_: object) -> dict[str, object]:
            return {"name": path_, "size": path.stat().st_size, "type": "file", "blob_id": str(path.stat().st_mtime_ns)}

        def _open(self, path_: str, mode: str = "rb", **how: Any) -> File:
            how.pop("autocommit", None)
            return File(self, path_, mode, **how)
    fsspec.register_implementation("counting", Counting, clobber=True)
    ckpt = core.open("counting://box/a.pth")
    assert len(asked) <= 3
    assert sum(end - start for start, end in asked) <= HEADERS
    asked.clear()
    assert core.summarize(ckpt, ["layer.500.weight"]) == core.summarize(core.open(path), ["layer.500.weight"])
    assert sum(end - start for start, end in asked) < 8000
    touched(path)
    with pytest.raises(core.Changed):
        core.summarize(ckpt)


@pytest.mark.parametrize("spans", [[], [(0, 5)], [(3, 4), (0, 2), (5, 9)], [(0, 10), (2, 3)], [(4, 4), (100, 101)]])
def test_that_spans_that_lie_together_are_one(spans: list[tuple[int, int]]) -> None:
    found = remote.coalesced(spans, 1)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(found))
    for begin, end in spans:
        assert begin == end or any(first <= begin and end <= last for first, last in found)


# -- gs:// and hf://, by file systems that stand in for gcsfs and huggingface_hub -------------------------------------------------------

Bucket = tuple[str, Path, list[tuple[int, int]]]
PACKAGES = {"gs://bucket/a.pth": "gcsfs", "gcs://bucket/a.pth": "gcsfs", "hf://me/model/a.pth": "huggingface_hub",
            "s3://bucket/a.pth": "s3fs"}


@pytest.mark.parametrize("address", PACKAGES)
def test_that_a_missing_extra_is_one_line_with_the_command(address: str, monkeypatch: pytest.MonkeyPatch,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    from fsspec.registry import _registry
    monkeypatch.delitem(_registry, address.partition("://")[0], raising=False)
    for package in PACKAGES.values():
        monkeypatch.setitem(sys.modules, package, None)
    for command in (["ls", address], ["check", address], ["stats", "--json", address]):
        assert cli.main(command) == 2
        told = capsys.readouterr()
        assert told.err.count("\n") == 1
        assert PACKAGES[address] in told.err
        assert "pip install 'checkpoint-inspector[remote]'" in told.err
        assert " .." not in told.err                    # the folder that a command copies into, and the end of a sentence


@pytest.fixture(params=["gs", "hf"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """(how addresses begin, the folder that lies there, what was asked for). The objects have a version as those have it: an ETag of
    Google's, the id of a blob of the hub's."""
    import fsspec
    from fsspec.registry import _registry
    asked: list[tuple[int, int]] = []
    scheme = request.param
    begins = {"gs": "gs://bucket", "hf": "hf://me/model"}[scheme]

    class Store(fsspec.AbstractFileSystem):  # type: ignore[misc]
        protocol = ("gs", "gcs") if scheme == "gs" else "hf"

        def _there(self, path: str) -> Path:
            found = tmp_path / self._strip_protocol(path).removeprefix(begins.partition("://")[2]).lstrip("/")
            if not found.exists():
                raise FileNotFoundError(path)
            return found

        def info(self, path: str, **_: object) -> dict[str, object]:
            there = self._there(path)
            status = there.stat()
            kind = "directory" if there.is_dir() else "file"
            mark = {"gs": "etag", "hf": "blob_id"}[scheme]
            return {"name": self._strip_protocol(path), "size": status.st_size, "type": kind, mark: f"v{status.st_mtime_ns}"}

        def ls(self, path: str, detail: bool = True, **_: object) -> list[Any]:
            names = [f"{self._strip_protocol(path).rstrip('/')}/{one.name}" for one in self._there(path).iterdir()]
            return [self.info(name) for name in names] if detail else names

        def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
            asked.append((start or 0, end or 0))
            return self._there(path).read_bytes()[start:end]

    monkeypatch.setitem(_registry, scheme, Store)
    yield begins, tmp_path, asked
    remote.close_connections()


def test_that_everything_is_asked_of_a_bucket_or_the_hub(bucket: Bucket) -> None:
    begins, folder, asked = bucket
    path = save(folder / "a.pth", 1000)
    ckpt = core.open(f"{begins}/a.pth")
    assert len(asked) <= 3
    assert sum(end - start for start, end in asked) <= HEADERS
    asked.clear()
    assert core.summarize(ckpt, ["layer.500.weight"]) == core.summarize(path, ["layer.500.weight"])
    assert sum(end - start for start, end in asked) < 8000
    assert core.digest_of(ckpt).root == core.digest_of(path).root
    assert core.compare(ckpt, path).verdict.id == "identical"
    touched(path)
    with pytest.raises(core.Changed):
        core.summarize(ckpt)
    with pytest.raises(core.FileMissing):
        core.open(f"{begins}/no.pth")


def test_that_commands_take_buckets_and_the_hub(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    begins, folder, _ = bucket
    path = save(folder / "a.pth", 5)
    save_safetensors(folder / "b.safetensors", 5)
    for command in (["ls", f"{begins}/a.pth"], ["stats", f"{begins}/b.safetensors"], ["check", f"{begins}/a.pth"],
                    ["show", f"{begins}/a.pth", "layer.3.weight[:4]"], ["diff", f"{begins}/a.pth", str(path)],
                    ["digest", f"{begins}/a.pth"],
                    ["edit", f"{begins}/a.pth", "-o", str(folder / "out.safetensors"), "--drop", "layer.0.weight"]):
        assert cli.main(command) == 0, command
        assert capsys.readouterr().out.strip()
    assert len(core.open(folder / "out.safetensors").tensors) == 4


def test_that_an_answer_for_which_nobody_waits_any_more_is_no_error(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a thread raises that nobody joins is printed with its traceback, and fails this test."""
    begins, folder, _ = bucket
    save(folder / "a.pth", 1000)
    ckpt = core.open(f"{begins}/a.pth")
    asked, go_on = threading.Event(), threading.Event()
    store = next(system for system, _ in remote._systems.values())
    fetch = type(store).cat_file

    def slowly(self: Any, *arguments: Any, **named: Any) -> bytes:
        asked.set()
        assert go_on.wait(60)
        found: bytes = fetch(self, *arguments, **named)
        return found

    class Impatient(core.Monitor):
        def check(self) -> None:
            if asked.is_set():
                raise core.Cancelled

    monkeypatch.setattr(type(store), "cat_file", slowly)
    with pytest.raises(core.Cancelled):
        core.read_numpy(ckpt, "layer.500.weight", Impatient())
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "remote":
            thread.join(60)
