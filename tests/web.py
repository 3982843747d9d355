"""A web server on loopback whose manners can be chosen, and which counts what is asked of it."""
from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit


class Request(NamedTuple):
    """`nbytes`: of the body that was sent."""

    path: str
    range: str
    status: int
    nbytes: int
    headers: dict[str, str]


@dataclass
class Web:
    """`before` may answer a request itself, by a status; it is called with the path and how many requests came before."""

    folder: Path
    ranges: bool = True
    etag: bool = True
    modified: bool = True
    length: bool = True
    redirects: dict[str, str] = field(default_factory=dict)
    before: Callable[[str, int], int | None] = lambda path, count: None
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    stalled: threading.Event = field(default_factory=threading.Event)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    @property
    def nbytes(self) -> int:
        return sum(request.nbytes for request in self.requests)

    def forget(self) -> None:
        self.requests.clear()


@contextmanager
def serving(folder: Path, **manners: Any) -> Iterator[Web]:
    web = Web(folder, **manners)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True      # headers and body are two writes, and would wait for each other

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, body: bool) -> None:
            wanted = self.headers.get("Range", "")
            status, headers, data = self._reply(unquote(urlsplit(self.path).path).lstrip("/"), wanted)
            web.requests.append(Request(self.path, wanted, status, len(data) if body else 0, dict(self.headers)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if web.length or status == 304:
                self.send_header("Content-Length", str(len(data)))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if body:
                try:
                    self.wfile.write(data)
                except OSError:
                    self.close_connection = True

        def _reply(self, name: str, wanted: str) -> tuple[int, dict[str, str], bytes]:
            status = web.before(name, len(web.requests))
            if status:
                return status, {}, b""
            if name in web.redirects:
                return 302, {"Location": web.redirects[name]}, b""
            path = web.folder / name
            if not path.is_file():
                return 404, {}, b""
            found = path.stat()
            headers = {}
            if web.etag:
                version = f"{found.st_mtime_ns} {found.st_size} {found.st_ino}".encode()
                headers["ETag"] = f'"{hashlib.sha256(version).hexdigest()[:16]}"'
            if web.modified:
                headers["Last-Modified"] = self.date_time_string(int(found.st_mtime))
            if web.etag and self.headers.get("If-None-Match") == headers["ETag"]:
                return 304, headers, b""
            match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
            with path.open("rb") as file:
                if not web.ranges or match is None:
                    if found.st_size > 100 << 20:       # as the head of a body that nobody waits for
                        headers["Content-Length"] = str(found.st_size)
                        self.close_connection = True
                        web_length, data = found.st_size, b""
                        self.send_response(200)
                        self.send_header("Content-Length", str(web_length))
                        self.end_headers()
                        return 200, {}, data
                    return 200, headers, file.read()
                first, last = int(match[1]), int(match[2]) if match[2] else found.st_size - 1
                if first >= found.st_size:
                    return 416, {"Content-Range": f"bytes */{found.st_size}"}, b""
                last = min(last, found.st_size - 1)
                file.seek(first)
                headers["Content-Range"] = f"bytes {first}-{last}/{found.st_size}"
                headers["Accept-Ranges"] = "bytes"
                return 206, headers, file.read(last - first + 1)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.stalled.set()
        server.shutdown()
        server.server_close()
        thread.join()


def touched(path: Path) -> None:
    """The file is another version from now on."""
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 2_000_000_000))
