"""S3 by moto's server, a small hub, and nginx, on loopback; each where this machine has it."""
from __future__ import annotations

import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from inspector import core
from inspector.core.io import remote
from tests.web import touched

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    remote.forget_headers()
    yield
    remote.close_connections()
    gc.collect()


def save(path: Path, tensors: int = 60, numel: int = 3000) -> Path:
    torch.manual_seed(1)
    torch.save({f"layer.{n}.weight": torch.randn(numel) for n in range(tensors)}, path)
    return path


# -- S3 ------------------------------------------------------------------------------------------------------------------------------

class Bucket:
    """`calls`: the method and the range of what was asked of the server."""

    def __init__(self, client: Any, port: int) -> None:
        self.client, self.port = client, port
        self.calls: list[tuple[str, str]] = []

    def put(self, path: Path, key: str) -> None:
        self.client.upload_file(str(path), "bucket", key)


@pytest.fixture(scope="module")
def moto() -> Iterator[int]:
    server = pytest.importorskip("moto.server", reason="S3 on loopback needs moto[server]")
    pytest.importorskip("s3fs", reason="s3:// needs s3fs")
    threaded = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    threaded.start()
    yield threaded.get_host_and_port()[1]
    threaded.stop()


@pytest.fixture
def bucket(moto: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    import aiobotocore.endpoint
    import boto3
    for name, value in (("AWS_ACCESS_KEY_ID", "k3yvalue"), ("AWS_SECRET_ACCESS_KEY", "s3cr3tvalue"), ("AWS_DEFAULT_REGION", "us-east-1"),
                        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{moto}")):
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="bucket")
    found = Bucket(client, moto)
    send = aiobotocore.endpoint.AioEndpoint._send

    async def counted(self: Any, request: Any) -> Any:
        found.calls.append((request.method, request.headers.get("Range", b"")))
        return await send(self, request)
    monkeypatch.setattr(aiobotocore.endpoint.AioEndpoint, "_send", counted)
    yield found
    client.close()


# what boto3, moto and aiobotocore do not tidy up is not ours
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning",
                                        "ignore::pytest.PytestUnraisableExceptionWarning")


def test_that_a_checkpoint_in_a_bucket_is_like_any_other(bucket: Bucket, tmp_path: Path) -> None:
    path = save(tmp_path / "a.pth")
    bucket.put(path, "run/a.pth")
    ckpt = core.open("s3://bucket/run/a.pth")
    assert len(bucket.calls) <= 4, bucket.calls
    assert list(ckpt.tensors.values()) == list(core.open(path).tensors.values())
    assert not any(secret in repr(ckpt.files) for secret in ("k3yvalue", "s3cr3tvalue"))
    bucket.calls.clear()
    keys = [f"layer.{n}.weight" for n in range(10, 20)]
    assert core.summarize(ckpt, keys) == core.summarize(core.open(path), keys)
    assert [method for method, _ in bucket.calls].count("GET") <= 2
    assert core.digest_of(ckpt).root == core.digest_of(path).root


def test_that_an_object_that_was_written_again_is_said(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put(save(tmp_path / "a.pth"), "b.pth")
    ckpt = core.open("s3://bucket/b.pth")
    torch.save({f"layer.{n}.weight": torch.zeros(3000) for n in range(60)}, tmp_path / "a.pth")
    bucket.put(tmp_path / "a.pth", "b.pth")
    with pytest.raises(core.Changed):
        core.summarize(ckpt)


def test_that_what_is_not_in_the_bucket_is_missing(bucket: Bucket) -> None:
    with pytest.raises(core.FileMissing) as caught:
        core.open("s3://bucket/nothing.pth")
    assert "s3cr3tvalue" not in str(caught.value)


def test_that_a_set_in_a_bucket_opens_by_its_folder(bucket: Bucket, tmp_path: Path) -> None:
    path = core.save({"w": torch.arange(6.0)}, tmp_path / "model-00001-of-00001.safetensors").path
    bucket.put(Path(path), "set/model-00001-of-00001.safetensors")
    (tmp_path / "i.json").write_text(json.dumps({"weight_map": {"w": "model-00001-of-00001.safetensors"}}))
    bucket.put(tmp_path / "i.json", "set/model.safetensors.index.json")
    assert core.open("s3://bucket/set/").format == "safetensors-sharded"
    assert core.summarize("s3://bucket/set/model.safetensors.index.json")["w"].max == 5.0


# -- the hub -------------------------------------------------------------------------------------------------------------------------

class _Hub(BaseHTTPRequestHandler):
    """As much of the hub's API as its library asks for: one repository with one file."""

    data = b""
    ranges: ClassVar[list[str]] = []

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if "/resolve/" in self.path:
            self.ranges.append(self.headers["Range"])
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            part = self.data[first:last + 1]
            self._send(206, part, ("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(self.data)}"))
        elif "/tree/" in self.path:
            self._json([{"type": "file", "path": "model.safetensors", "size": len(self.data), "oid": "a" * 40}])
        else:
            self._json({"id": "org/repo", "sha": "c" * 40, "private": False, "tags": [], "siblings": []})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._json([{"type": "file", "path": "model.safetensors", "size": len(self.data), "oid": "a" * 40}])

    def _json(self, answer: object) -> None:
        self._send(200, json.dumps(answer).encode(), ("Content-Type", "application/json"))

    def _send(self, status: int, data: bytes, header: tuple[str, str]) -> None:
        self.send_response(status)
        self.send_header(*header)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def test_that_a_file_of_the_hub_and_its_repository_open(tmp_path: Path) -> None:
    """In a process of its own: the library takes its endpoint from the environment when it is loaded."""
    pytest.importorskip("huggingface_hub", reason="hf:// needs huggingface_hub")
    path = Path(core.save({f"w{n}": torch.full((5000,), float(n)) for n in range(100)}, tmp_path / "model.safetensors").path)
    _Hub.data = path.read_bytes()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code = ("from inspector import core\nckpt = core.open('hf://org/repo/model.safetensors')\n"
                "print(len(ckpt), core.summarize(ckpt, ['w7'])['w7'].mean, core.open('hf://org/repo').format)")
        told = subprocess.run([sys.executable, "-c", code], cwd=Path(core.__file__).parents[2], capture_output=True, text=True, timeout=100,
                              check=False, env={**os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}",
                                                "HF_TOKEN": "hf_s3cr3tvalue", "HF_HOME": str(tmp_path)})
        server.shutdown()
    assert told.stdout.split() == ["100", "7.0", "safetensors"], told.stderr
    assert "s3cr3tvalue" not in told.stdout + told.stderr
    assert len(_Hub.ranges) <= 4
    assert sum(int(last) - int(first) for first, last in (one.removeprefix("bytes=").split("-") for one in _Hub.ranges)) < 300_000


# -- nginx ---------------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[tuple[Path, str, Path]]:
    """(its folder, its address, its log of ranges); under /plain/ it sends no parts."""
    pytest.importorskip("aiohttp", reason="reading over HTTP needs aiohttp")
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = tmp_path / "served"
    served.mkdir()
    log = tmp_path / "access.log"
    (tmp_path / "nginx.conf").write_text(f"""
daemon off; pid "{tmp_path}/pid"; error_log "{tmp_path}/error.log"; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  log_format ranges '$request_method $status $body_bytes_sent $http_range'; access_log "{log}" ranges;
  client_body_temp_path "{tmp_path}/b"; proxy_temp_path "{tmp_path}/p"; fastcgi_temp_path "{tmp_path}/f";
  uwsgi_temp_path "{tmp_path}/u"; scgi_temp_path "{tmp_path}/s";
  server {{ listen 127.0.0.1:{port}; root "{served}"; location /plain/ {{ rewrite ^/plain(/.*)$ $1 break; max_ranges 0; }} }}
}}""")
    running = subprocess.Popen([program, "-e", f"{tmp_path}/error.log", "-p", str(tmp_path), "-c", f"{tmp_path}/nginx.conf"])
    try:
        answers = False
        while not answers and running.poll() is None:
            with socket.socket() as link:
                answers = link.connect_ex(("127.0.0.1", port)) == 0
        for folder in (tmp_path, *tmp_path.parents):        # its worker is another account where this runs as root
            if folder.stat().st_uid == 0 and len(folder.parts) > 2:
                folder.chmod(folder.stat().st_mode | 0o011)
        served.chmod(0o755)
        yield served, f"http://127.0.0.1:{port}/", log
    finally:
        running.terminate()
        running.wait(60)


def test_that_nginx_sends_what_is_asked_and_little_else(nginx: tuple[Path, str, Path]) -> None:
    folder, url, log = nginx
    path = save(folder / "a.pth", 400)
    path.chmod(0o644)
    ckpt = core.open(url + "a.pth")
    assert list(ckpt.tensors.values()) == list(core.open(path).tensors.values())
    lines = [line.split() for line in log.read_text().splitlines()]
    print(lines)
    assert len(lines) <= 4
    assert sum(int(line[2]) for line in lines) < 400_000 < path.stat().st_size
    assert core.summarize(ckpt) == core.summarize(path)
    plain = core.open(url + "plain/a.pth")
    assert [finding.id for finding in plain.findings] == ["no-ranges"]
    touched(path)
    with pytest.raises(core.Changed):
        core.summarize(ckpt)
