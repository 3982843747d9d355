"""What `ls` says of optimizers, in text and in JSON."""
from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inspector import cli, core
from inspector.commands import ls, ls_json
from tests import builders
from tests.core.packed import packing
from tests.core.pickles import opcodes as op


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    model = torch.nn.Linear(3, 4)
    optimizer = torch.optim.AdamW(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    torch.save({"epoch": 50, "model_state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "x.pth")
    return core.open(tmp_path / "x.pth")


def test_that_the_sentence_about_the_file_stands_above_the_tables(ckpt: core.Checkpoint) -> None:
    assert core.sentence(core.describe(ckpt)) in "".join(ls.as_text(ckpt)).splitlines()


def test_that_state_tensors_name_their_parameter(ckpt: core.Checkpoint) -> None:
    lines = "".join(ls.as_text(ckpt)).splitlines()
    (line,) = [line for line in lines if line.startswith("optimizer.state.1.exp_avg ")]
    assert line.endswith("state of model_state_dict.bias")
    assert not any(line.endswith("model_state_dict.bias") for line in lines if line.startswith("model_state_dict"))


@pytest.mark.parametrize("digest", [False, True])
def test_that_json_adds_the_parameter_to_state_tensors_only(ckpt: core.Checkpoint, digest: bool) -> None:
    said = json.loads(ls_json.as_json(ckpt, dict(core.digests(ckpt)) if digest else None))["tensors"]
    found = {row["key"]: row.get("parameter") for row in said}
    assert found["optimizer.state.0.exp_avg_sq"] == "model_state_dict.weight"
    assert found["model_state_dict.weight"] is None
    assert all("parameter" not in row for row in said if row["key"].startswith("model"))


def test_that_packed_tensors_are_asked_for_by_scheme_and_bits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = packing.MAKERS["gptq"](np.random.default_rng(1))
    path = str(made.save(tmp_path / "a"))
    for text in ("scheme:gptq", "bits:4"):
        assert cli.main(["ls", "--json", "--match", text, path]) == 0
        assert {row["key"] for row in json.loads(capsys.readouterr().out)["tensors"]} == made.parts
        assert cli.main(["stats", "--json", "--logical", "--match", text, path]) == 0
        assert [row["key"] for row in json.loads(capsys.readouterr().out)["tensors"]] == [made.name]
    for text, said in (("scheme:awq", "no packed tensor is scheme:awq"), ("bits:x", "names no number of bits")):
        assert cli.main(["ls", "--match", text, path]) == 2
        assert said in capsys.readouterr().err


def deflated(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "x.pth"
    path.write_bytes(builders.torch_zip(data, compression=zipfile.ZIP_DEFLATED))
    return str(path)


def test_that_a_list_that_is_there_ever_again_is_not_printed_without_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = b"".join(op.text("\U0001f600" * 60 + str(n)) for n in range(50))
    path = deflated(tmp_path, b"\x80\x02](" + wide + b"e" + op.put(0) + b"0](" + op.get(0) * 100_000 + b"e.")
    whole = len(core.open(path).values)
    for more in ([], ["--textconv"]):
        assert cli.main(["ls", path, *more]) == 0
        said = capsys.readouterr().out
        lines = said.splitlines()
        (end,) = [line for line in lines if line.startswith("… and ")]
        shown = sum(line.startswith(tuple("0123456789")) for line in lines)
        assert end == f"… and {whole - shown:,} more; --json lists them all"
        assert 10_000 < shown < whole
        assert len(said) < 6 << 20


def test_that_one_text_that_is_there_ever_again_is_not_written_as_json_without_end(tmp_path: Path,
                                                                                  capsys: pytest.CaptureFixture[str]) -> None:
    path = deflated(tmp_path, b"\x80\x02" + op.text("\U0001f600" * 50_000) + op.put(0) + b"0](" + op.get(0) * 20_000 + b"K\x07e.")
    assert cli.main(["ls", "--json", path]) == 0
    said = capsys.readouterr().out
    assert len(said) < 32 << 20
    *rows, last = json.loads(said)["values"]
    assert len(rows) == 20_000
    assert last == {"key": "20000", "type": "int", "value": 7}
    full = [row for row in rows if "left_out" not in row]
    assert 1 < len(full) < 100
    assert {row["value"] for row in full} == {"\U0001f600" * 50_000}
    assert rows[len(full):] == [{"key": str(n), "type": "str", "value": None, "left_out": True} for n in range(len(full), 20_000)]
    assert cli.main(["show", path, "19999"]) == 0
    assert capsys.readouterr().out == "\U0001f600" * 50_000 + "\n"


def test_that_all_values_are_printed_where_the_file_holds_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(builders.torch_zip(b"\x80\x02](" + b"".join(b"K" + bytes([n % 200]) for n in range(200_000)) + b"e."))
    assert cli.main(["ls", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-200_001].split() == ["value", "type"]
    assert lines[-1].split() == ["199999", "int", str(199_999 % 200)]


@pytest.mark.parametrize("many", [1000, 1003])
def test_that_what_is_wrong_is_told_of_the_first_tensors_and_the_others_are_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                                                   many: int) -> None:
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": {f"k{n}": "away.safetensors" for n in range(many)}}))
    assert cli.main(["ls", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith("k") and " unknown " in line]
    assert [row.split()[0] for row in rows] == [f"k{n}" for n in range(many)]
    assert sum("! missing_shard: away.safetensors" in row for row in rows) == 1000
    assert all(row.endswith("  !") for row in rows[1000:])
    rest = [line for line in lines if line.startswith("What is wrong with")]
    assert rest == (["What is wrong with 3 more of them, marked !, is told by --json, and by --match for one."] if many > 1000 else [])
    assert cli.main(["ls", str(path), "--match", f"k{many - 1}"]) == 0
    assert "! missing_shard: away.safetensors" in capsys.readouterr().out
    assert cli.main(["ls", str(path), "--json"]) == 0
    assert all(row["problem"].startswith("missing_shard") for row in json.loads(capsys.readouterr().out)["tensors"])


def test_that_a_shape_that_nothing_tells_is_not_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here, there = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    save_file({"a": torch.ones(3, 4), "empty": torch.ones(0)}, tmp_path / here)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": here, "empty": here, "b": there}}))
    assert cli.main(["ls", str(tmp_path)]) == 0
    rows = {line.split()[0]: line.split()[1:5] for line in capsys.readouterr().out.splitlines() if line[:2] in ("a ", "b ", "em")}
    assert rows["b"] == ["?", "unknown", "-", "?"]
    assert rows["empty"] == ["[0]", "float32", "-", "0"]
    assert cli.main(["ls", str(tmp_path), "--json"]) == 0
    tensors = {one["key"]: one for one in json.loads(capsys.readouterr().out)["tensors"]}
    assert [tensors["b"][name] for name in ("shape", "stride", "numel", "nbytes")] == [None] * 4
    assert [tensors["empty"][name] for name in ("shape", "stride", "numel", "nbytes")] == [[0], [1], 0, 0]
    assert cli.main(["diff", str(tmp_path), str(tmp_path)]) == 3
    assert ["?", "b", "?", "?"] in [line.split()[:4] for line in capsys.readouterr().out.splitlines()]
