"""Commands whose FILE is on a web server."""
from __future__ import annotations

import gc
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector import cli, core
from inspector.core.io import remote
from tests.web import Web, serving

pytest.importorskip("aiohttp", reason="reading over HTTP needs aiohttp: pip install 'checkpoint-inspector[remote]'")
SECRET = "s3cr3tvalue"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    (tmp_path / "served").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    training, tuned = core.make_demo(tmp_path / "served")
    Path(training).rename(tmp_path / "served" / "last.pth")
    Path(tuned).rename(tmp_path / "served" / "tuned.safetensors")
    remote.forget_headers()
    with serving(tmp_path / "served") as found:
        yield found
        remote.close_connections()
        gc.collect()


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    status = cli.main(argv)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert SECRET not in out + err
    return status, out + err


def test_that_every_command_takes_an_address(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    url, other = f"{web.url('last.pth')}?token={SECRET}", web.url("tuned.safetensors")
    local = str(web.folder / "last.pth")
    key = next(key for key in core.open(local).tensors if key.endswith("stem.norm.bias"))
    for argv in (["ls", url], ["ls", "--json", url], ["stats", url, "--match", "*norm*"], ["stats", "--json", url, "--match", "*norm*"],
                 ["show", url, key], ["digest", url, "-o", "m.json"], ["verify", url, "m.json"], ["verify", local, "m.json"],
                 ["contract", url, "-o", "c.json"], ["diff", url, local], ["ls", url, other]):
        status, said = run(capsys, *argv)
        assert status == 0, (argv, said)
        assert said
    assert run(capsys, "diff", url, other)[0] in (0, 1)
    assert run(capsys, "check", url)[0] == run(capsys, "check", local)[0]
    assert run(capsys, "check", local, "--against", url)[0] == run(capsys, "check", local, "--against", local)[0]


def test_that_edits_go_into_a_file_here(web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"{web.url('tuned.safetensors')}?sig={SECRET}"
    assert run(capsys, "edit", url, "--add-prefix", "m.", "-o", "out.safetensors", "--save-recipe", "r.json")[0] == 0
    assert SECRET not in (tmp_path / "here" / "r.json").read_text()
    assert core.digest_of(core.edit(core.open("out.safetensors"), [core.StripPrefix("m.")])).root \
        == core.digest_of(web.folder / "tuned.safetensors").root
    assert run(capsys, "edit", url, "--match", f"{web.url('last.pth')}?sig={SECRET}", "-o", "fit.safetensors", "--dry-run")[0] in (0, 2)
    status, said = run(capsys, "edit", url, "--add-prefix", "m.", "--in-place")
    assert status == 2
    assert "not on this computer" in said


def test_that_the_json_and_the_line_of_an_error_hide_what_lets_one_in(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = run(capsys, "ls", "--json", f"{web.url('nothing.pth')}?token={SECRET}")
    assert status == 2
    error = json.loads(said.splitlines()[0] if said.startswith("{") else said.splitlines()[-1])["error"]
    assert error["where"].endswith("nothing.pth?token=***")
    status, said = run(capsys, "check", str(web.folder / "last.pth"), f"--against={web.url('nothing.pth')}?token={SECRET}")
    assert status == 2
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert run(capsys, "ls", f"ftp://ann:{SECRET}@127.0.0.1:{unused.getsockname()[1]}/a.pth")[0] == 2
