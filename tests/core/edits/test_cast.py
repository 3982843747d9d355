from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inspector import core
from tests.core.edits.made import net, opened, training


def dtypes(ckpt: core.Checkpoint) -> dict[str, str]:
    return {key: info.dtype for key, info in ckpt.tensors.items()}


def test_that_floats_are_cast_and_counters_and_optimizers_are_not(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net()))
    new = core.edit(ckpt, [core.Cast("float16")])
    for key, dtype in dtypes(new).items():
        assert dtype == ("int64" if key.endswith("tracked") else "float32" if key.startswith("optimizer") else "float16")
    info = new.tensors["model.fc1.weight"]
    assert info.storage_nbytes == 24
    assert new.storages[info.storage].extent is None
    assert info.stride == (3, 1)
    assert info.read_from is not None
    assert info.read_from.storage in ckpt.storages
    effect, = core.effects(ckpt, [core.Cast("float16")])
    assert "1 of int64" in effect.notes[0]
    assert "optimizer" in effect.notes[1]


@pytest.mark.parametrize(("edit", "key", "dtype"), [
    (core.Cast("int32", "i"), "i", "int32"), (core.Cast("float32", "i"), "i", "float32"), (core.Cast("int8"), "i", "int8"),
    (core.Cast("int8"), "f", "int8"), (core.Cast("float16", "{i,f}"), "i", "int64"), (core.Cast("complex128"), "c", "complex128"),
    (core.Cast("complex128"), "f", "float32"), (core.Cast("bool", "f"), "f", "bool"), (core.Cast("float16", "c*"), "c", "complex64"),
])
def test_which_tensors_a_pattern_means(tmp_path: Path, edit: core.Cast, key: str, dtype: str) -> None:
    ckpt = opened(tmp_path, {"i": torch.ones(2, dtype=torch.int64), "f": torch.ones(2), "c": torch.ones(2, dtype=torch.complex64)})
    assert dtypes(core.edit(ckpt, [edit]))[key] == dtype


def test_that_naming_what_cannot_be_cast_is_an_error(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"c": torch.ones(2, dtype=torch.complex64), "m": torch.ones(2, device="meta")})
    with pytest.raises(core.EditError, match="imaginary"):
        core.edit(ckpt, [core.Cast("float32", "c")])
    with pytest.raises(core.EditError, match="meta"):
        core.edit(ckpt, [core.Cast("float16", "m")])


def test_that_tied_tensors_stay_tied(tmp_path: Path) -> None:
    tied = torch.randn(3, 4)
    new = core.edit(opened(tmp_path, {"a": tied, "b": tied, "c": tied[1:]}), [core.Cast("float16")])
    assert new.tensors["a"].storage == new.tensors["b"].storage != new.tensors["c"].storage
    assert torch.equal(core.read_torch(new, "c"), tied[1:].half())


def test_that_what_is_lost_is_counted_when_asked(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"a": torch.tensor([1e6, 1e-9, 1.0]), "b": torch.tensor([1.0])})
    effect, = core.effects(ckpt, [core.Cast("float16")], read=True)
    assert effect.notes == ("1 element overflows in a.", "1 element underflows to zero in a.")
    assert core.effects(ckpt, [core.Cast("float16")])[0].notes == ()


def test_that_the_state_dict_of_a_cast_file_loads(tmp_path: Path) -> None:
    from inspector.core import torch_bridge
    tied = torch.randn(3)
    new = core.edit(opened(tmp_path, {"a": tied, "b": tied, "n": torch.ones(1, dtype=torch.int64)}), [core.Cast("bfloat16")])
    loaded = torch_bridge.load_tensors(new, "")
    assert torch.equal(loaded["a"], tied.bfloat16())
    assert loaded["a"].data_ptr() == loaded["b"].data_ptr()


@pytest.mark.parametrize(("text", "edit"), [("fp16", core.Cast("float16")), ("torch.bfloat16:a.*", core.Cast("bfloat16", "a.*")),
                                            ("float8_e4m3fn", core.Cast("float8_e4m3fn"))])
def test_that_types_have_their_usual_names(text: str, edit: core.Cast) -> None:
    assert core.parse_edit("cast", text) == edit


@pytest.mark.parametrize("text", ["", "float17", "qint8", "float8_e8m0fnu", "float16:", "uint4"])
def test_that_other_types_are_refused(text: str) -> None:
    with pytest.raises(core.EditError):
        core.parse_edit("cast", text)


@pytest.mark.parametrize("old", [False, True])
def test_that_what_becomes_whole_numbers_requires_no_gradient(tmp_path: Path, old: bool) -> None:
    noted = torch.nn.Parameter(torch.ones(2))
    noted.note = 1          # type: ignore[attr-defined]
    contents = {"p": torch.nn.Parameter(torch.ones(3)), "t": torch.ones(2, requires_grad=True), "noted": noted, "m": torch.nn.Linear(2, 2)}
    torch.save(contents, tmp_path / "a.pth", _use_new_zipfile_serialization=not old)
    edits = [core.Cast("int64", key) for key in ("p", "t", "noted")]
    ckpt = core.open(tmp_path / "a.pth")
    core.save(core.edit(ckpt, edits), tmp_path / "b.pth", keep_code=["*"])
    loaded = torch.load(tmp_path / "b.pth", weights_only=False)
    assert [(loaded[key].dtype, loaded[key].requires_grad) for key in ("p", "t", "noted")] == [(torch.int64, False)] * 3
    assert loaded["m"].weight.requires_grad
    assert not any(core.open(tmp_path / "b.pth").tensors[key].requires_grad for key in ("p", "t", "noted"))
    assert [effect.notes for effect in core.effects(ckpt, edits[:1])] == [
        ("1 tensor requires no gradient any more, which int64 cannot have.",)]
    core.save(core.edit(ckpt, [core.Cast("float16", "p")]), tmp_path / "c.pth", keep_code=["*"])
    assert torch.load(tmp_path / "c.pth", weights_only=False)["p"].requires_grad


def test_that_a_conjugate_is_not_tied_to_what_it_is_the_conjugate_of(tmp_path: Path) -> None:
    value = torch.tensor([1 + 2j, 3 - 4j])
    torch.save({"a": value, "b": value.conj(), "c": value}, tmp_path / "a.pth")
    new = core.edit(core.open(tmp_path / "a.pth"), [core.Cast("complex128", "*")])
    assert new.tensors["a"].storage == new.tensors["c"].storage != new.tensors["b"].storage
    assert torch.equal(core.read_torch(new, "b"), value.conj().resolve_conj().to(torch.complex128))
