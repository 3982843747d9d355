"""The texts that lie in a checkpoint, read piece by piece as text."""
from __future__ import annotations

import contextlib
import re
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from inspector import core
from tests import builders
from tests.core.pickles import opcodes as op

pytestmark = pytest.mark.filterwarnings("ignore")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.l = nn.Linear(2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.l(x)


def scripted(path: Path) -> core.Checkpoint:
    torch.jit.script(Net()).save(path, _extra_files={"note.txt": "héllo\n"})
    return core.open(path)


def archive(path: Path, records: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> core.Checkpoint:
    """A TorchScript archive with these records."""
    path.write_bytes(builders.torch_zip(op.pickled(op.EMPTY_DICT), {"constants.pkl": op.pickled(op.EMPTY_TUPLE), **records},
                                        compression=compression))
    return core.open(path)


def test_that_code_and_extra_files_of_torchscript_are_texts(tmp_path: Path) -> None:
    """The debug files beside the code are pickles and no texts."""
    ckpt = scripted(tmp_path / "net.pt")
    with zipfile.ZipFile(tmp_path / "net.pt") as held:
        names = [name.partition("/")[2] for name in held.namelist()]
        expected = {name: held.read(f"net/{name}") for name in names
                    if (name.startswith("code/") and name.endswith(".py")) or name.startswith("extra/")}
    assert core.texts(ckpt) == {name: len(raw) for name, raw in expected.items()}
    assert any(name.endswith(".debug_pkl") for name in names)
    for name, raw in expected.items():
        assert core.read_text(ckpt, name) == core.Text(name, raw.decode(), 0, len(raw), len(raw))


def test_that_a_module_leads_to_its_class(tmp_path: Path) -> None:
    ckpt = scripted(tmp_path / "net.pt")
    linear = core.source_of(ckpt, "l")
    assert linear is not None
    # torch gives the class another name in a process that has scripted it before
    assert re.fullmatch(r"code/__torch__/torch/nn/modules/linear(/___torch_mangle_\d+)?\.py", linear.name)
    assert linear.line == "class Linear("
    assert core.source_of(ckpt, "l.weight") == linear
    root = core.source_of(ckpt, "")
    assert root is not None
    assert f"\n{root.line}" in "\n" + core.read_text(ckpt, root.name).text
    assert core.source_of(ckpt, "no.such.key") == root
    assert core.source_of(ckpt, "l", known=()) is None


def test_that_other_files_have_no_texts(tmp_path: Path) -> None:
    torch.save({"code/x.py": torch.ones(1)}, tmp_path / "plain.pt")
    ckpt = core.open(tmp_path / "plain.pt")
    assert core.texts(ckpt) == {}
    assert core.source_of(ckpt, "") is None


def test_that_sources_of_classes_are_texts_by_the_name_of_the_class(tmp_path: Path) -> None:
    """Read and shown, never compared, patched or imported."""
    source = "class Net(nn.Module):\n    pass\n"
    cls = op.tuple_of(op.text("module"), op.name("shapes.net", "Net"), op.text("/home/x/net.py"), op.text(source)) + b"Q"
    model = op.build(op.reduce(op.name("copyreg", "_reconstructor"), cls, op.name("builtins", "object"), op.NONE),
                     op.dict_of({"_parameters": op.EMPTY_DICT, "_buffers": op.EMPTY_DICT, "_modules": op.EMPTY_DICT}))
    head = b"".join((op.pickled(op.integer(0x1950a86a20f9469cfc6c)), op.pickled(op.integer(1001)), op.pickled(op.EMPTY_DICT)))
    (tmp_path / "net.pt").write_bytes(head + op.pickled(op.dict_of({"model": model})) + op.pickled(op.EMPTY_LIST))
    ckpt = core.open(tmp_path / "net.pt")
    text = f"# /home/x/net.py\n{source}"
    assert core.texts(ckpt) == {"shapes.net.Net": len(text)}
    assert core.read_text(ckpt, "shapes.net.Net").text == text
    assert core.source_of(ckpt, "model") == core.Declaration("shapes.net.Net", "class Net")
    assert not list(tmp_path.glob("*.patch"))


def test_that_programs_of_torch_export_are_texts(tmp_path: Path) -> None:
    torch.export.save(torch.export.export(Net(), (torch.ones(1, 2),)), tmp_path / "net.pt2", extra_files={"note.bin": "hello"})
    ckpt = core.open(tmp_path / "net.pt2")
    assert {"models/model.json", "extra/note.bin", "data/weights/model_weights_config.json"} <= set(core.texts(ckpt))
    assert not [name for name in core.texts(ckpt) if name.endswith(".pt") or name.startswith("data/weights/weight_")]
    assert core.read_text(ckpt, "models/model.json").text.startswith('{"graph_module"')


def test_that_states_called_json_are_no_texts(tmp_path: Path) -> None:
    """torch 2.1 saved zips under these names."""
    with zipfile.ZipFile(tmp_path / "net.pt2", "w") as held:
        held.writestr("serialized_exported_program.json", "{}")
        held.writestr("serialized_state_dict.json", b"PK")
    assert list(core.texts(core.open(tmp_path / "net.pt2"))) == ["serialized_exported_program.json"]


def test_that_a_text_is_cut_at_the_end_of_a_line(tmp_path: Path) -> None:
    ckpt = archive(tmp_path / "net.pt", {"code/a.py": b"one\ntwo\nthree", "code/long.py": "äöüß".encode()})
    assert core.read_text(ckpt, "code/a.py", 0, 6) == core.Text("code/a.py", "one\n", 0, 4, 13)
    assert core.read_text(ckpt, "code/a.py", 4, 100) == core.Text("code/a.py", "two\nthree", 4, 13, 13)
    assert core.read_text(ckpt, "code/long.py", 0, 3) == core.Text("code/long.py", "ä", 0, 2, 8)
    assert core.read_text(ckpt, "code/a.py", 50) == core.Text("code/a.py", "", 13, 13, 13)


@given(st.one_of(st.binary(max_size=60), st.text("ab\nä\U0001f600", max_size=40).map(str.encode)), st.integers(1, 20))
def test_that_pieces_are_the_whole_text_and_get_on(raw: bytes, nbytes: int) -> None:
    from tempfile import TemporaryDirectory
    with TemporaryDirectory() as folder:
        ckpt = archive(Path(folder) / "net.pt", {"code/a.py": raw}, zipfile.ZIP_DEFLATED)
        pieces = list(core.text_pieces(ckpt, "code/a.py", 0, nbytes))
        assert [piece.start for piece in pieces] == [0, *(piece.end for piece in pieces[:-1])]
        assert pieces[-1].end == len(raw)
        assert all(0 < piece.end - piece.start <= nbytes for piece in pieces) or not raw
        if nbytes >= 4:                 # no character is longer
            with contextlib.suppress(UnicodeDecodeError):
                assert "".join(piece.text for piece in pieces) == raw.decode()
        assert [core.read_text(ckpt, "code/a.py", piece.start, nbytes) for piece in pieces] == pieces


def test_that_what_is_no_utf8_can_be_read(tmp_path: Path) -> None:
    ckpt = archive(tmp_path / "net.pt", {"extra/blob": b"\xff\x00ok"})
    assert core.read_text(ckpt, "extra/blob").text == "\ufffd\0ok"


def test_that_a_damaged_text_says_so(tmp_path: Path) -> None:
    archive(tmp_path / "net.pt", {"code/a.py": b"x = 12345678\n"})
    data = (tmp_path / "net.pt").read_bytes()
    (tmp_path / "net.pt").write_bytes(data.replace(b"12345678", b"12345679", 1))
    ckpt = core.open(tmp_path / "net.pt")
    with pytest.raises(core.BadTensor, match="CRC"):
        core.read_text(ckpt, "code/a.py")


@pytest.mark.parametrize("name", ["", "data.pkl", "../x", "archive/code/a.py", "constants.pkl"])
def test_that_only_texts_are_read(tmp_path: Path, name: str) -> None:
    ckpt = archive(tmp_path / "net.pt", {"code/a.py": b"x"})
    with pytest.raises(core.UsageError):
        core.read_text(ckpt, name)


def test_that_a_text_that_is_no_longer_there_is_told(tmp_path: Path) -> None:
    ckpt = archive(tmp_path / "net.pt", {"code/a.py": b"x"})
    archive(tmp_path / "net.pt", {"code/a.py": b"another"})
    with pytest.raises(core.Changed):
        core.read_text(ckpt, "code/a.py")


def test_that_a_hundred_megabytes_cost_nothing_until_they_are_read(tmp_path: Path) -> None:
    """Opening leaves them alone, and a piece of the first of them is a piece."""
    ckpt = archive(tmp_path / "net.pt", {"code/big.py": b"# line\n" * (15 << 20)}, zipfile.ZIP_DEFLATED)
    assert core.texts(ckpt)["code/big.py"] == 7 * (15 << 20)
    piece = core.read_text(ckpt, "code/big.py", 0, 1000)
    assert (piece.end, piece.nbytes) == (994, 7 * (15 << 20))


def test_that_code_cannot_look_like_other_code() -> None:
    """CVE-2021-42574, and escape sequences of terminals."""
    assert core.visible_lines("a = 1 \u202e# x\r\n\tb\x1b[31m\r") == "a = 1 \\u202e# x\n\tb\\x1b[31m\\r"
