"""Files that are not on this computer, read in ranges: the only place that goes over the net, and only to where a person said.

    http, https      through the session of fsspec's file system, with its settings, .netrc and proxies; one request a range
    s3, gs, hf, …    whatever file system fsspec knows for the scheme, with the keys and tokens that its library finds by itself

fsspec is imported when an address is opened, never otherwise. What a server says is believed as little as a file: a range that is not the
one asked for, a length that differs, a body that is longer are errors. The `mark` of a version (ETag, or the time of the last change)
comes with each reply and is compared with the first. No message holds what the libraries say, for that may hold a token.

Ranges that are looked into while a file is opened, its header most of all, are kept for whoever opens the same version again (`_KEPT`).
"""
from __future__ import annotations

import bisect
import contextlib
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from inspector.core.checkpoint import FileStamp
from inspector.core.errors import Changed, Corrupt, FileMissing, InspectorError, TooBig, Truncated, Unreadable, Unsupported
from inspector.core.findings import Finding
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from . import addresses

if TYPE_CHECKING:
    import concurrent.futures

_T = TypeVar("_T")

HEAD = 128 << 10                # bytes asked for first: most headers of safetensors, most pickles of a .pth
_TAIL = 128 << 10               # and last: the end of a zip archive, most often with all of its directory
_AHEAD, _MOST_AHEAD = 16 << 10, 4 << 20     # bytes read on while a file is opened, more and more as long as it goes on
_MARGIN = 4 << 10               # … and before: small records in front of a directory
_GAP = 64 << 10                 # bytes that nobody asked for which are fetched all the same rather than asking twice
_PIECE = 4 << 20                # bytes of one request for what is measured
_LOADED = 64 << 20              # bytes of such pieces that wait for whoever needs them next
WHOLE = 64 << 20                # bytes of a file that is fetched as it is where the server sends no ranges
_KEPT_BYTES = WHOLE + (32 << 20)
TRIES = 5
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 30.0     # seconds
CONNECT_SECONDS, SILENT_SECONDS = 20.0, 60.0
_POLL = 0.05
_LOOK_SECONDS = 1.0
_FRESH_SECONDS = 60.0
_AT_ONCE = 8                    # headers that are fetched at the same time
_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)")
_ETAG = re.compile(r'(?:W/)?"[!#-~]*"')                 # RFC 9110; what else a server says is compared, and never sent back to it
_DATE = re.compile(r"[A-Za-z0-9 ,:+-]{1,40}")
_PAGE = re.compile(r"(?P<scheme>https?)://(?P<host>[^/@]+)/(?P<repository>(?:datasets/|spaces/)?[^/]+/[^/]+)/blob/(?P<path>.+)")
_HUBS = ("huggingface.co", "hf.co", "www.huggingface.co")
_MARKS = ("ETag", "etag", "blob_id", "md5Hash", "content_md5", "generation", "VersionId", "LastModified", "last_modified", "updated",
          "mtime", "modified", "created")
# schemes that make one file out of others, some of which a file would name, or that are this computer
_REFUSED = frozenset({"reference", "simplecache", "filecache", "cached", "blockcache", "zip", "tar", "libarchive", "dir", "generic",
                      "local", "asynclocal", "asyncwrapper", "async_wrapper", "dask", "data", "root", "git", "dvc"})
_WEB = frozenset({"http", "https"})
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "private-token"})
_PACKAGES = {"http": "aiohttp", "https": "aiohttp", "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub"}
_HOW = {"s3": "aws s3 cp {address} .", "gs": "gsutil cp {address} .", "gcs": "gsutil cp {address} .", "http": "curl -LO {address}",
        "https": "curl -LO {address}", "ftp": "curl -O {address}"}
_WHY = {"ServerDisconnectedError": "it ended the connection", "ClientPayloadError": "what it sends is damaged",
        "ClientResponseError": "what it sends cannot be understood"}
_AGAIN = "Try again later, or download the file and open that."


class Part(NamedTuple):
    """What came of one request: `data` from `start` on, of a file of `size` bytes whose version is `mark`. `whole`: the server was asked
    for a part and sent all. `same`: it is the version that was named, and nothing was sent."""

    data: bytes
    start: int
    size: int
    mark: str
    whole: bool = False
    same: bool = False


class Transport(Protocol):
    """One file behind an address."""

    marks_replies: bool         # each `fetch` tells the version that it came from, or fails when that is another

    def fetch(self, start: int, nbytes: int, known: str, monitor: Monitor) -> Part:
        """Bytes from `start` on; as many as there are where the file ends before. `known`: the mark of a version of which nothing need be
        sent."""

    def look(self, known: str, monitor: Monitor) -> Part:
        """How the file is now, without bytes or nearly so; `known` as for `fetch`."""


class RemoteFile:
    """One file behind an address, which is opened by the first range; any thread may read. `stamp` is what it was then, `notes` what is
    to be said of its server."""

    def __init__(self, path: str, expect: FileStamp | None = None, monitor: Monitor = QUIET, ahead: ReadAhead | None = None,
                 index: int = 0) -> None:
        address = expect.address.text if expect is not None and expect.address is not None else addresses.with_secrets(path)
        self.path = addresses.without_secrets(address)
        self.notes: tuple[Finding, ...] = ()
        self._address = address
        self._monitor = monitor
        self._ahead, self._index = ahead, index
        self._transport = _transport_for(address, self.path)
        self._blocks = Blocks()
        self._planned: list[tuple[int, int]] = []
        self._next_ahead, self._ended = _AHEAD, -1
        self._unsure = False                # bytes came since the version was last looked at
        self._opening = expect is None
        self._looked = time.monotonic()
        self._checked = False               # whether the server was asked since this was opened
        self.stamp = self._first() if expect is None else expect
        if expect is not None:
            kept = _KEPT.get(address, expect.mark)
            self._blocks = kept.blocks if kept is not None else self._blocks

    def _first(self) -> FileStamp:
        """The stamp, and the beginning of the file."""
        kept = _KEPT.get(self._address)
        if kept is not None and _KEPT.use_fresh(self._address):
            self._blocks, self.notes = kept.blocks, kept.notes
            return self._stamp(kept.size, kept.mark)
        part = self._transport.fetch(0, HEAD, kept.mark if kept is not None else "", self._monitor)
        if part.same and kept is not None:
            self._blocks = kept.blocks
            self.notes = kept.notes
            return self._stamp(kept.size, kept.mark)
        if part.whole:
            self.notes = (Finding("no-ranges", "info", "", f"The server sends no parts of files: all {part.size:,} bytes were fetched.",
                                  "Looking at a large file there means downloading it."),)
        if not part.mark:
            self.notes += (Finding("no-version", "info", "", "The server does not say which version of the file it sends: a change is "
                                   "noticed by the size alone.", ""),)
        _KEPT.put(self._address, _KeptFile(part.size, part.mark, self._blocks, self.notes))
        self._keep(part.start, part.data)
        return self._stamp(part.size, part.mark)

    def _stamp(self, size: int, mark: str) -> FileStamp:
        return FileStamp(self.path, size, 0, 0, 0, 0, (), mark, addresses.kept(self.path))

    def some(self, offset: int, nbytes: int) -> bytes:
        """Between 1 and `nbytes` bytes from `offset`, which is before the end. Raises Changed, Unreadable, Cancelled …"""
        found = self._blocks.at(offset, nbytes)
        if found:
            if not self._opening:
                self._check_once()
            return found
        if self._ahead is not None:
            piece = self._ahead.piece(self._index, offset)
            if piece is not None:
                with piece.lock:
                    if piece.data is None:
                        piece.data = self._fetch(piece.start, piece.end)
                        self._ahead.loaded(piece)
                    at = offset - piece.start
                    return piece.data[at:at + nbytes]
        start, end = self._range(offset, nbytes)
        data = self._fetch(start, end)
        if self._opening:
            self._keep(start, data)
        return data[offset - start:offset - start + nbytes]

    def plan(self, spans: Iterable[tuple[int, int]]) -> None:
        """Says what is read next, as (begin, end), so that it comes in few requests."""
        self._planned = coalesced([*self._planned, *((max(0, begin), min(end, self.stamp.size)) for begin, end in spans)], _GAP)

    def _check_once(self) -> None:
        """What is kept is of the version that was opened; whether that is still the one there, one of those who read together asks."""
        if self._ahead is None:
            if not self._checked:
                self.look_again()
        else:
            with self._ahead.checking:
                if self._index not in self._ahead.checked:
                    self.look_again()
                    self._ahead.checked.add(self._index)
        self._checked = True

    def forget(self, offset: int, nbytes: int) -> None:
        """Has these bytes come from the server when they are read again."""
        if self._ahead is not None:
            self._ahead.forget(self._index, offset, nbytes)

    def check_unchanged(self) -> None:
        """Raises Changed when what was read since the last time may be of another version; where the replies do not tell, the server is
        asked once in a while."""
        if self._unsure and time.monotonic() > self._looked + _LOOK_SECONDS:
            self.look_again()

    def look_again(self) -> None:
        """Asks the server. Raises Changed, FileMissing, Unreadable."""
        self._unsure = False
        self._looked = time.monotonic()
        part = self._transport.look(self.stamp.mark, self._monitor)
        if not part.same:
            self._compare(part)

    def _range(self, offset: int, nbytes: int) -> tuple[int, int]:
        """What is fetched when `nbytes` from `offset` are needed: what is planned around it, or what a reader of headers wants next."""
        size, start, end = self.stamp.size, offset, offset + nbytes
        planned = next(((first, last) for first, last in self._planned if first <= offset < last), None)
        if planned is not None:
            start, end = min(start, planned[0]), max(end, planned[1])
        elif self._opening and offset >= size - _TAIL:
            start, end = size - _TAIL, size
        elif self._opening:
            self._next_ahead = min(2 * self._next_ahead, _MOST_AHEAD) if offset == self._ended else _AHEAD
            start, end = start - _MARGIN, max(end, offset + self._next_ahead)
            self._ended = min(end, size)
        before, after = self._blocks.around(offset)
        return max(0, start, before), min(end, size, after)

    def _fetch(self, start: int, end: int) -> bytes:
        """All of these bytes, and of the version that was opened."""
        part = self._transport.fetch(start, end - start, "", self._monitor)
        self._unsure = not self._transport.marks_replies
        self._checked = True
        self._compare(part)
        if part.whole:                      # of a server that sends no ranges: once more is enough
            self._keep(0, part.data)
        data = part.data[start - part.start:end - part.start] if part.start != start or len(part.data) > end - start else part.data
        if len(data) != end - start:
            raise Truncated(f"the server sent {len(data):,} of {count(end - start, 'byte')}", _AGAIN, f"byte {start}")
        return data

    def _compare(self, part: Part) -> None:
        if part.size != self.stamp.size:
            raise _changed(f"it had {count(self.stamp.size, 'byte')} and now has {part.size:,}")
        if part.mark and self.stamp.mark and part.mark != self.stamp.mark:
            raise _changed("the server has another version of it")

    def _keep(self, start: int, data: bytes) -> None:
        self._blocks.add(start, data)
        _KEPT.trim()


def _changed(what: str) -> Changed:
    return Changed(f"the file changed since it was opened: {what}", "Open it again.")


def coalesced(spans: Iterable[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    """The spans (begin, end) in order, those together that overlap or have no more than `gap` bytes between them; empty ones left out."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if found and begin <= found[-1][1] + gap:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


class Blocks:
    """Pieces of one version of a file, by where they begin; they do not overlap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._data: list[bytes] = []
        self._lock = threading.Lock()
        self.nbytes = 0

    def at(self, offset: int, nbytes: int) -> bytes:
        """Up to `nbytes` bytes from `offset`; b"" where there are none."""
        with self._lock:
            place = bisect.bisect_right(self._starts, offset) - 1
            if place < 0:
                return b""
            within = offset - self._starts[place]
            return self._data[place][within:within + nbytes]

    def around(self, offset: int) -> tuple[int, int]:
        """(where the block before `offset` ends, where the next one begins), for an `offset` in none."""
        with self._lock:
            place = bisect.bisect_right(self._starts, offset)
            before = self._starts[place - 1] + len(self._data[place - 1]) if place else 0
            return before, self._starts[place] if place < len(self._starts) else 1 << 62

    def add(self, start: int, data: bytes) -> None:
        """What is there already stays; only what lies in a gap is added."""
        while data:
            if there := len(self.at(start, len(data))):
                start, data = start + there, data[there:]
                continue
            _, after = self.around(start)
            piece = data[:after - start]
            with self._lock:
                place = bisect.bisect_right(self._starts, start)
                self._starts.insert(place, start)
                self._data.insert(place, piece)
                self.nbytes += len(piece)
            start, data = start + len(piece), data[len(piece):]


class _KeptFile(NamedTuple):
    size: int
    mark: str
    blocks: Blocks
    notes: tuple[Finding, ...]


class _Kept:
    """The headers of the last files that were opened, by address, one version each; no more than so many bytes of them."""

    def __init__(self, nbytes: int) -> None:
        self._most = nbytes
        self._files: OrderedDict[str, _KeptFile] = OrderedDict()
        self._fresh: dict[str, float] = {}
        self._lock = threading.Lock()

    def get(self, address: str, mark: str = "") -> _KeptFile | None:
        """What is kept; with `mark`, only of that version."""
        with self._lock:
            found = self._files.get(address)
            if found is None or not found.mark or (mark and found.mark != mark):
                return None
            self._files.move_to_end(address)
            return found

    def put(self, address: str, file: _KeptFile) -> None:
        with self._lock:
            self._files[address] = file
            self._files.move_to_end(address)

    def set_fresh(self, address: str) -> None:
        """What is kept was fetched for whoever opens it next, within a while."""
        with self._lock:
            self._fresh[address] = time.monotonic() + _FRESH_SECONDS

    def use_fresh(self, address: str) -> bool:
        """Whether it was; once."""
        with self._lock:
            return self._fresh.pop(address, 0.0) > time.monotonic()

    def trim(self) -> None:
        """The oldest are let go; whoever has one of them open just now keeps its blocks as long as that."""
        with self._lock:
            while self._files and sum(file.blocks.nbytes for file in self._files.values()) > self._most:
                self._files.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._files.clear()
            self._fresh.clear()


_KEPT = _Kept(_KEPT_BYTES)


def forget_headers() -> None:
    """Nothing is kept of files that were opened: the next opening asks for their headers again."""
    _KEPT.clear()


def fetch_headers(paths: Iterable[str], monitor: Monitor = QUIET) -> None:
    """Fetches the beginnings of several files at the same time, for whoever opens them next, one after the other. What cannot be had is for
    them to say. Raises Cancelled."""
    from concurrent.futures import ThreadPoolExecutor

    def fetch(path: str) -> None:
        with contextlib.suppress(InspectorError):
            RemoteFile(path, None, monitor)
            _KEPT.set_fresh(addresses.with_secrets(path))
    with ThreadPoolExecutor(_AT_ONCE, "headers") as pool:
        for future in [pool.submit(fetch, path) for path in paths]:
            future.result()


# -- what is measured ------------------------------------------------------------------------------------------------------------

class _Piece:
    __slots__ = ("data", "end", "lock", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.data: bytes | None = None
        self.lock = threading.Lock()


class ReadAhead:
    """What is going to be read of the files of a checkpoint, as (begin, end) by their numbers, whoever of several threads reads it: it
    comes in pieces of a few megabytes, what lies close together in one request, each once unless it is long ago that it was needed."""

    def __init__(self, spans: Mapping[int, Iterable[tuple[int, int]]]) -> None:
        self._spans = {file: coalesced(some, _GAP) for file, some in spans.items()}
        self._begins = {file: [begin for begin, _ in some] for file, some in self._spans.items()}
        self._pieces: OrderedDict[tuple[int, int], _Piece] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        self.checked: set[int] = set()          # files of which the server was asked whether they are as they were
        self.checking = threading.Lock()

    def piece(self, file: int, offset: int) -> _Piece | None:
        """The piece that has `offset`; whoever holds its lock first fetches it."""
        begins = self._begins.get(file, [])
        place = bisect.bisect_right(begins, offset) - 1
        if place < 0 or offset >= self._spans[file][place][1]:
            return None
        begin, end = self._spans[file][place]
        start = begin + (offset - begin) // _PIECE * _PIECE
        with self._lock:
            found = self._pieces.get((file, start))
            if found is None:
                found = self._pieces[file, start] = _Piece(start, min(start + _PIECE, end))
            return found

    def forget(self, file: int, offset: int, nbytes: int) -> None:
        with self._lock:
            for key, piece in list(self._pieces.items()):
                if key[0] == file and piece.start < offset + nbytes and offset < piece.end and piece.data is not None:
                    del self._pieces[key]
                    self._held -= piece.end - piece.start

    def loaded(self, piece: _Piece) -> None:
        """Lets go of the pieces that were needed first when there are too many."""
        with self._lock:
            self._held += piece.end - piece.start
            for key, other in list(self._pieces.items()):
                if self._held <= _LOADED:
                    return
                if other is not piece and other.data is not None:
                    del self._pieces[key]
                    self._held -= other.end - other.start


# -- the file systems ------------------------------------------------------------------------------------------------------------

def list_names(folder: str, monitor: Monitor = QUIET) -> list[str]:
    """The names of the files directly in a folder of a bucket or a hub. Raises FileMissing where there is none, Unreadable,
    Unsupported for servers that list nothing."""
    address = addresses.with_secrets(folder)
    scheme = addresses.scheme_of(address)
    if scheme in _WEB:
        raise Unsupported("a web server does not list its files", "Give the address of a file, or of an index (.index.json).", id="remote")
    system, path = _file_system(address, folder)
    listed = _asked(lambda: system.ls(path.rstrip("/"), detail=True), folder, monitor)
    here = path.strip("/")
    names = [entry["name"].strip("/") for entry in listed if entry.get("type") == "file"]
    return sorted({name.rpartition("/")[2] for name in names if name != here})      # a file lists itself


def _transport_for(address: str, shown: str) -> Transport:
    scheme = addresses.scheme_of(address)
    return _Web(_behind_its_page(address), shown) if scheme in _WEB else _Bucket(address, shown)


def _behind_its_page(address: str) -> str:
    """The address of the file itself, of one that is the page about it, which is what a browser has in its address bar: the Hugging Face
    hub's (https://huggingface.co/ORG/REPO/blob/REVISION/PATH, its own copies as HF_ENDPOINT names them) and GitHub's."""
    found = _PAGE.fullmatch(address)
    if found is None:
        return address
    host = f"{found['scheme']}://{found['host']}"
    if found["host"] in _HUBS or host == os.environ.get("HF_ENDPOINT", "").rstrip("/"):
        return f"{host}/{found['repository']}/resolve/{found['path']}"
    return f"{host}/{found['repository']}/raw/{found['path']}" if found["host"] == "github.com" else address


_systems: dict[tuple[int, str, str], tuple[Any, Any]] = {}
_systems_lock = threading.Lock()


def _file_system(address: str, shown: str) -> tuple[Any, str]:
    """(fsspec's file system, the path in it). One for each place and process: its connections do not survive a fork."""
    addresses.refuse_local(address)
    scheme = addresses.scheme_of(address)
    if scheme in _REFUSED or "::" in address:
        raise Unsupported(f"addresses of the kind {visible(scheme, 20)}:// are made of other files, and are not followed",
                          "Give the address of the file itself; FILE!member is a file in an archive.", id="remote")
    try:
        import fsspec
        import fsspec.core
        known = fsspec.get_filesystem_class(scheme)
    except ImportError:
        raise _not_installed(shown) from None
    except ValueError:
        raise Unsupported(f"nothing is known of addresses that begin with {visible(scheme, 20)}://",
                          "http, https, s3, gs and hf are, and whatever fsspec knows.", id="remote") from None
    key = os.getpid(), scheme, "" if scheme in _WEB else address.partition("://")[2].partition("/")[0]
    with _systems_lock:
        found = _systems.get(key)
        try:
            if found is None:
                options: dict[str, Any] = {"skip_instance_cache": True}
                if scheme in _WEB:
                    own = dict(fsspec.config.conf.get("http", {}).get("client_kwargs", {}))
                    options["client_kwargs"] = {"trust_env": True, **own}          # .netrc, and the proxies of the environment
                system, _ = fsspec.core.url_to_fs(address, **options)
                while len(_systems) >= 16:
                    del _systems[next(iter(_systems))]
                found = _systems[key] = system, known
        except ImportError:
            raise _not_installed(shown) from None
        except Exception as error:
            raise _failed(error, shown) from None
    return found[0], str(found[1]._strip_protocol(address))


def close_connections() -> None:
    """Ends what connections this process has; the next request makes new ones."""
    with _systems_lock:
        systems = [system for (process, _, _), (system, _) in _systems.items() if process == os.getpid()]
        _systems.clear()
    for system in systems:
        session = getattr(system, "_session", None)
        if session is not None and hasattr(session, "close"):
            import asyncio
            asyncio.run_coroutine_threadsafe(session.close(), system.loop).result(5)


def _not_installed(shown: str) -> Unsupported:
    scheme = addresses.scheme_of(shown)
    package = _PACKAGES.get(scheme, "another package")
    return Unsupported(f"this is a web address ({visible(scheme, 20)}://), which is read with {package}, and that is not installed",
                       f"Download the file first, then open it{_download(shown)}. Or install it: "
                       "pip install 'checkpoint-inspector[remote]'.", id="remote")


def _download(shown: str) -> str:
    """How, where the scheme is a usual one."""
    scheme, place = addresses.scheme_of(shown), visible(shown, 300)
    if scheme == "hf":
        parts = shown.partition("://")[2].split("/")
        return ": `hf download " + visible(f"{'/'.join(parts[:2])} {'/'.join(parts[2:])}".strip(), 300) + "`"
    how = _HOW.get(scheme)
    return f": `{how.format(address=place)}`" if how else ""        # a sentence's end behind "cp X ." would be another folder


class _Repeat(Exception):
    """It may work another time, after so many seconds (0: as many as usual)."""

    def __init__(self, why: str, seconds: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.seconds = why, seconds


def _repeated(once: Callable[[], _T], monitor: Monitor, tries: int = TRIES) -> _T:
    """What `once` gives, which is tried again with longer and longer pauses. Raises Unreadable when it never works."""
    import random  # seldom needed, and this module is part of every start
    wait = _FIRST_WAIT
    for left in reversed(range(tries)):
        monitor.check()
        try:
            return once()
        except _Repeat as again:
            if not left:
                raise Unreadable(f"the server does not answer: {again.why}", _AGAIN, id="net") from None
            seconds = again.seconds or wait * random.uniform(0.75, 1.25)
            wait *= 2
        until = time.monotonic() + min(seconds, _LONGEST_WAIT)
        while (now := time.monotonic()) < until:
            monitor.check()
            time.sleep(min(_POLL, until - now))
    raise AssertionError


class _Web:
    """Over HTTP: a request is a range, and its reply tells the version. Redirections are followed once and remembered."""

    marks_replies = True

    def __init__(self, address: str, shown: str) -> None:
        self._address = address
        self._shown = shown
        self._final = ""                # where the last redirection led
        self._system, _ = _file_system(address, shown)

    def fetch(self, start: int, nbytes: int, known: str, monitor: Monitor) -> Part:
        return _repeated(lambda: self._once(start, nbytes, known, monitor), monitor)

    def look(self, known: str, monitor: Monitor) -> Part:
        return self.fetch(0, 1, known, monitor)

    def _once(self, start: int, nbytes: int, known: str, monitor: Monitor) -> Part:
        try:
            return self._asked(self._final or self._address, start, nbytes, known, monitor)
        except (FileMissing, Unreadable):
            if not self._final:
                raise
            self._final = ""            # a signed address that has expired: from the beginning
        return self._asked(self._address, start, nbytes, known, monitor)

    def _asked(self, address: str, start: int, nbytes: int, known: str, monitor: Monitor) -> Part:
        import asyncio
        work = self._get(address, start, nbytes, known)
        future = asyncio.run_coroutine_threadsafe(work, self._system.loop)
        return _awaited(future, monitor)

    async def _get(self, address: str, start: int, nbytes: int, known: str) -> Part:
        import aiohttp
        session = await self._system.set_session()
        options = dict(self._system.kwargs)
        headers = {**options.pop("headers", {}), "Accept-Encoding": "identity", "Range": f"bytes={start}-{start + nbytes - 1}"}
        if _ETAG.fullmatch(known):
            headers["If-None-Match"] = known
        elif _DATE.fullmatch(known):
            headers["If-Modified-Since"] = known
        options.setdefault("timeout", aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS))
        try:
            async with session.get(self._system.encode_url(address), headers=headers, **options) as reply:
                if reply.history:
                    hops = [*(hop.url for hop in reply.history), reply.url]
                    if self._address.lower().startswith("https:") and any(hop.scheme != "https" for hop in hops):
                        raise Unreadable("the server leads from an encrypted address to one that is not", "Ask whoever runs it.", id="net")
                    # a request that is redirected loses what lets one in on the way to another server; one that goes there at once does not
                    if hops[0].origin() == reply.url.origin() or not _lets_in(session, headers, options):
                        self._final = str(reply.url)
                return await self._taken(reply, start, nbytes, known)
        except (InspectorError, _Repeat):
            raise
        except aiohttp.TooManyRedirects:
            raise Unreadable("the server's redirections lead in a circle", "Ask whoever runs it.", id="net") from None
        except aiohttp.RedirectClientError:
            raise Unreadable("the server leads to what is no address of the web", "Ask whoever runs it.", id="net") from None
        except (aiohttp.InvalidURL, ValueError):
            raise Unsupported("that is no address", "Check how it is written.", id="remote") from None
        except aiohttp.ClientSSLError:
            raise Unreadable("the server's certificate is not one that this computer trusts", "Do not go on unless you know why.",
                             id="net") from None
        except (aiohttp.ClientError, _timeouts(), OSError) as error:
            raise _Repeat(_why(error)) from None

    async def _taken(self, reply: Any, start: int, nbytes: int, known: str) -> Part:
        status, headers = reply.status, reply.headers
        mark = headers.get("ETag") or headers.get("Last-Modified") or ""
        if status == 304 and known:
            return Part(b"", start, 0, known, same=True)
        if status in _TEMPORARY:
            raise _Repeat(f"HTTP status {status}", _seconds(headers.get("Retry-After", "")))
        if status in (404, 410):
            raise FileMissing(self._shown)
        if status in (401, 403, 407):
            raise Unreadable(f"the server does not let you read it (HTTP status {status})",
                             "Give an address that holds its own permission, or sign in as its library does: .netrc, tokens and keys in "
                             "the environment.", id="no-access")
        declared = _RANGE.fullmatch(headers.get("Content-Range", ""))
        if status == 416 and declared is not None and declared[3] != "*":
            return Part(b"", start, int(declared[3]), mark)
        if status == 206:
            if declared is None or declared[1] is None or declared[3] == "*":
                raise Corrupt("the server does not say which part of the file it sends", _AGAIN, id="net")
            first, last, size = int(declared[1]), int(declared[2]), int(declared[3])
            if first != start or last >= size or last - first >= nbytes or headers.get("Content-Encoding", "identity") != "identity":
                raise Corrupt("the server sends another part of the file than the one asked for", _AGAIN, id="net")
            data = await _body(reply, last - first + 1)
            if len(data) != last - first + 1:
                raise _Repeat("the connection broke off")
            return Part(data, first, size, mark)
        if status != 200:
            raise Unreadable(f"the server does not send it (HTTP status {status})", "Check the address.", id="net")
        length = reply.content_length
        if length is not None and length > WHOLE:
            raise Unsupported(f"the server sends no parts of files, and this one has {count(length, 'byte')}",
                              f"Download the file first, then open it{_download(self._shown)}.", id="no-ranges")
        data = await _body(reply, WHOLE)
        if length is not None and len(data) != length and "Content-Encoding" not in headers:
            raise _Repeat("the connection broke off")
        return Part(data, 0, len(data), mark, whole=headers.get("Accept-Ranges", "") != "bytes" or len(data) > nbytes)


async def _body(reply: Any, most: int) -> bytes:
    """Raises TooBig for a body of more than `most` bytes, of which no more is read."""
    found = bytearray()
    async for piece in reply.content.iter_any():
        found += piece
        if len(found) > most:
            raise TooBig("the server sends more than it announced", _AGAIN, id="no-ranges")
    return bytes(found)


def _lets_in(session: Any, headers: Mapping[str, str], options: Mapping[str, Any]) -> bool:
    """Whether a person's settings for fsspec hold what lets one in, which is sent with each request."""
    names = {name.lower() for name in (*headers, *session.headers)}
    return not names.isdisjoint(_CREDENTIALS) or session.auth is not None or any(options.get(name) for name in ("auth", "cookies"))


def _timeouts() -> type[BaseException]:
    import asyncio
    return asyncio.TimeoutError


def _seconds(said: str) -> float:
    return min(float(said), _LONGEST_WAIT) if said.isascii() and said.isdecimal() and len(said) < 6 else 0.0


def _why(error: BaseException) -> str:
    """In words of our own: what libraries say may hold the address."""
    number = getattr(error, "errno", None) or getattr(getattr(error, "os_error", None), "errno", None)
    text = os.strerror(number) if isinstance(number, int) and number > 0 else ""
    name = type(error).__name__
    if "Timeout" in name:
        return "it took too long"
    if "DNS" in name:
        return "no server of that name was found"
    return text or _WHY.get(name, name)


def _awaited(future: concurrent.futures.Future[_T], monitor: Monitor) -> _T:
    """The result, while the person may cancel."""
    import concurrent.futures
    try:
        while not concurrent.futures.wait([future], _POLL).done:
            monitor.check()
    except BaseException:
        future.cancel()
        raise
    return future.result()


class _Bucket:
    """Through one of fsspec's file systems. S3's own file object asks for the version that it opened; of others the version is looked at
    after bytes came."""

    def __init__(self, address: str, shown: str) -> None:
        self._shown = shown
        self._system, self._path = _file_system(address, shown)
        self.marks_replies = addresses.scheme_of(address) in ("s3", "s3a")
        self._by_file = self.marks_replies or not _has_ranges(self._system)
        self._file: Any = None
        self._info: Mapping[str, Any] | None = None
        self._lock = threading.Lock()

    def fetch(self, start: int, nbytes: int, known: str, monitor: Monitor) -> Part:
        info = self._info or self._looked(monitor)
        size, mark = int(info["size"]), _mark_of(info)
        if known and known == mark:
            return Part(b"", start, size, mark, same=True)
        end = min(start + nbytes, size)
        data = self._bytes(start, end, monitor) if start < end else b""
        return Part(data, start, size, mark)

    def look(self, known: str, monitor: Monitor) -> Part:
        self._info = None
        info = self._looked(monitor)
        return Part(b"", 0, int(info["size"]), _mark_of(info))

    def _looked(self, monitor: Monitor) -> Mapping[str, Any]:
        def look() -> Mapping[str, Any]:
            self._system.invalidate_cache()
            if self._by_file:
                self._file = self._system.open(self._path, "rb", cache_type="none")     # one that reads nothing but what it is asked for
            return dict(self._file.details if self.marks_replies else self._system.info(self._path))
        info = _asked(look, self._shown, monitor)
        if info.get("type") == "directory":
            raise Unsupported("this is a folder, not a file", "Put a slash behind it to open it as one.", id="not_regular_file")
        if not isinstance(info.get("size"), int):
            raise Unsupported("the server does not say how long the file is", _AGAIN, id="no-ranges")
        self._info = info
        return info

    def _bytes(self, start: int, end: int, monitor: Monitor) -> bytes:
        def read() -> bytes:
            if self._file is None:
                return bytes(self._system.cat_file(self._path, start=start, end=end))
            with self._lock:
                self._file.seek(start)
                return bytes(self._file.read(end - start))
        return _asked(read, self._shown, monitor)


def _has_ranges(system: Any) -> bool:
    """Whether a part of a file is one request of the file system's own; otherwise fsspec reads far ahead."""
    import fsspec
    return type(system).cat_file is not fsspec.AbstractFileSystem.cat_file


def _mark_of(info: Mapping[str, Any]) -> str:
    return next((str(info[name]) for name in _MARKS if info.get(name)), "")


def _asked(ask: Callable[[], _T], shown: str, monitor: Monitor) -> _T:
    """What a library answers, while the person may cancel: its calls cannot be ended, so they have a thread of their own."""
    def once() -> _T:
        import concurrent.futures
        future: concurrent.futures.Future[_T] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()           # whoever has no time to wait leaves it: its answer goes nowhere

        def work() -> None:
            try:
                future.set_result(ask())
            except BaseException as error:
                future.set_exception(error)
        threading.Thread(target=work, name="remote", daemon=True).start()
        try:
            return _awaited(future, monitor)
        except Exception as error:
            if future.done() and future.exception() is error:
                raise _failed(error, shown) from None
            raise
    return _repeated(once, monitor, 3)


def _failed(error: Exception, shown: str) -> Exception:
    """What a library's error is for us; none of its words."""
    name = type(error).__name__
    if isinstance(error, InspectorError | _Repeat):
        return error
    if name == "FileExpired":
        return _changed("the server has another version of it")
    if isinstance(error, FileNotFoundError) or "NotFound" in name:
        return FileMissing(shown)
    if isinstance(error, PermissionError) or "Credential" in name or "Token" in name or "Gated" in name:
        return Unreadable("the server does not let you read it", "Sign in as its library does: keys and tokens in the environment or its "
                          "own files; FSSPEC_S3_ANON=true for a public bucket of S3.", id="no-access")
    if isinstance(error, ImportError):
        return _not_installed(shown)
    if isinstance(error, OSError) or "Timeout" in name or "Connect" in name:
        return _Repeat(_why(error))
    return Unreadable(f"it could not be read over the net ({name})", _AGAIN, id="net")
