"""What is written beside checkpoints replaces nothing but the like."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.core.io.side_outputs import OutputKind, check_output, write_output

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
LIKE: dict[OutputKind, list[tuple[str, bytes]]] = {
    "picture": [("a.png", PNG), ("a", PNG)],
    "drawing": [("a.svg", b"<svg xmlns='x'></svg>"), ("a.svg", b'<?xml version="1.0"?>\n<!-- made -->\n<!DOCTYPE svg PUBLIC "x">\n<svg >')],
    "page": [("a.html", b"<!doctype html>\n<html>"), ("a.htm", b"\n<HTML lang=en>")],
    "recipe": [("a.json", core.to_recipe([core.StripPrefix("m.")]).encode()), ("a.json", b'[{"strip-prefix": "m."}]'), ("a.json", b"[]"),
               ("a.json", b"{ }")],
    "table": [("a.csv", b"1,2\n3,4\n"), ("a.tsv", "größe\t1\n".encode()), ("a.txt", b"x\n")],
    "array": [("a.npy", b"\x93NUMPY\x01\x00v\x00" + bytes(80))],
}
OTHERS: list[tuple[str, bytes]] = [
    ("index.json", b'{"metadata": {}, "weight_map": {}}'), ("shapes.json", b'{"w": [1]}'), ("notes.md", b"# notes\n"),
    ("run.py", b"print(1)\n"), ("x.csv", b"\x80\x02}."), ("x.png", b"GIF89a"), ("x.html", b"no page"), ("x.svg", b"<svgx>"),
    ("x.json", b"{"), ("x.npy", b"NUMPY")]


def made(folder: Path, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    return str(folder / name)


def checkpoint(folder: Path) -> Path:
    torch.save({"w": torch.ones(2)}, folder / "m.pth")
    return folder / "m.pth"


@pytest.mark.parametrize("kind", LIKE)
def test_that_a_file_is_replaced_by_its_like_only(kind: OutputKind, tmp_path: Path) -> None:
    for of, examples in LIKE.items():
        for name, data in examples:
            path = made(tmp_path, name, data)
            if of == kind:
                write_output(path, b"new", kind)
                assert Path(path).read_bytes() == b"new"
            else:
                with pytest.raises(core.SaveError) as refused:
                    write_output(path, b"new", kind)
                assert refused.value.id == "would-replace"
                assert Path(path).read_bytes() == data
    for name, data in OTHERS:
        path = made(tmp_path, name, data)
        with pytest.raises(core.SaveError):
            check_output(path, kind)


@pytest.mark.parametrize("kind", LIKE)
def test_that_no_checkpoint_is_replaced_nor_anything_named_like_one(kind: OutputKind, tmp_path: Path) -> None:
    path = checkpoint(tmp_path)
    before = path.read_bytes()
    os.symlink(path, tmp_path / "link")
    os.link(path, tmp_path / "other.csv")
    for name in ("m.pth", "link", "other.csv"):
        with pytest.raises(core.SaveError, match="is not replaced by"):
            write_output(str(tmp_path / name), b"new", kind)
    assert path.read_bytes() == before
    for name in ("new.pth", "new.SAFETENSORS", "new.ckpt"):
        with pytest.raises(core.SaveError, match="named like a checkpoint"):
            check_output(str(tmp_path / name), kind)
    check_output(str(tmp_path / "new.out"), kind)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link", "m.pth", "other.csv"]


def test_that_what_is_read_is_not_replaced_by_its_like(tmp_path: Path) -> None:
    path = made(tmp_path, "a.png", PNG)
    os.symlink(path, tmp_path / "b.png")
    for given in (path, str(tmp_path / "b.png"), os.path.relpath(path)):
        with pytest.raises(core.SaveError, match="is what is read"):
            check_output(path, "picture", [given])
    check_output(path, "picture", [str(tmp_path / "c.png")])


def test_that_an_empty_file_is_of_any_kind_and_devices_are_written_to(tmp_path: Path) -> None:
    for kind in LIKE:
        check_output(made(tmp_path, "empty", b""), kind)
        if os.path.exists("/dev/null"):
            write_output("/dev/null", b"x", kind)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_that_a_pipe_nobody_writes_to_does_not_hold_it_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check_output(str(tmp_path / "pipe"), "page")


@pytest.mark.parametrize("save", [
    lambda path: core.save_recipe([core.StripPrefix("m.")], path),
    lambda path: core.write_output(path, b"x", "page")], ids=["recipe", "page"])
def test_that_the_library_s_own_outputs_are_guarded(save: Callable[[str], None], tmp_path: Path) -> None:
    path = checkpoint(tmp_path)
    before = path.read_bytes()
    with pytest.raises(core.SaveError):
        save(str(path))
    assert path.read_bytes() == before
