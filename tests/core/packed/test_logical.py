"""Packed tensors as the one that they stand for: what they are, their values whole and in part, what is refused, and what is saved."""
from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from inspector import core
from inspector.core.tensors.decoders import codes

from . import packing

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("kind", packing.MAKERS)
def test_that_the_parts_are_one_tensor_with_the_values_they_stand_for(kind: str, tmp_path: Path) -> None:
    made = packing.MAKERS[kind](np.random.default_rng(1))
    ckpt = core.open(made.save(tmp_path / "a"))
    found = core.packed_tensors(ckpt)
    assert list(found) == [made.name]
    assert (found[made.name].scheme, found[made.name].shape, found[made.name].problem) == (made.scheme, made.values.shape, "")
    assert set(found[made.name].parts.values()) == made.parts
    plain = core.unpacked(ckpt)
    assert set(plain.tensors) == {made.name} | (set(made.tensors) - made.parts)
    assert np.allclose(core.read_numpy(plain, made.name), made.values, rtol=2e-6, atol=1e-6)
    assert pickle.loads(pickle.dumps(found)) == found
    assert core.read_numpy(pickle.loads(pickle.dumps(plain)), made.name).tolist() == core.read_numpy(plain, made.name).tolist()


@pytest.mark.parametrize("kind", packing.MAKERS)
def test_that_what_is_packed_is_measured_and_saved_as_what_it_stands_for(kind: str, tmp_path: Path) -> None:
    made = packing.MAKERS[kind](np.random.default_rng(2))
    ckpt = core.open(made.save(tmp_path / "a"))
    plain = core.unpacked(ckpt)
    whole = core.read_numpy(plain, made.name)
    summary = core.summarize_tensor(plain, made.name)
    assert (summary.numel, summary.min, summary.max) == (whole.size, whole.min(), whole.max())
    assert summary.mean == pytest.approx(float(whole.astype(np.float64).mean()), abs=1e-9)
    after = core.edit(ckpt, [core.Dequantize("float32")])
    assert not core.packed_tensors(after)
    core.save(after, tmp_path / "out.safetensors")
    saved = load_file(tmp_path / "out.safetensors")
    assert set(saved) == {made.name} | (set(made.tensors) - made.parts)
    assert saved[made.name].tolist() == whole.tolist()
    core.save(core.edit(ckpt, [core.Dequantize("bfloat16")]), tmp_path / "out.pth")
    rounded = torch.load(tmp_path / "out.pth", weights_only=True)[made.name]
    assert torch.equal(rounded, torch.from_numpy(whole).to(torch.bfloat16))


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(sorted(packing.MAKERS)), data=st.data())
def test_that_a_part_of_it_is_the_part_of_the_whole(kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = packing.MAKERS[kind](np.random.default_rng(3))
    plain = core.unpacked(core.open(made.save(tmp_path_factory.mktemp("a") / "a")))
    whole = core.read_numpy(plain, made.name)
    most = 4 * data.draw(st.integers(1, whole.size))
    assert np.concatenate([*core.iter_chunks(plain, made.name, most)]).tolist() == whole.ravel().tolist()
    plane = core.matrix_plane(whole.shape)
    rows, cols = plane.size
    first, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    part = core.read_slice(plain, made.name, plane, range(first, rows), range(left, cols))
    flat = whole.reshape(rows, cols) if plane.rows == tuple(range(len(plane.rows))) else None
    if flat is not None:
        assert np.asarray(part, np.float32).tolist() == flat[first:, left:].tolist()


@pytest.mark.parametrize("bits", range(1, 9))
def test_that_codes_are_cut_out_of_words_wherever_they_lie(bits: int) -> None:
    for count in (1, 7, 8, 31, 32, 33, 100):
        wanted = RNG.integers(0, 1 << bits, count).tolist()
        words = np.array([packing.words(wanted, bits)], np.uint32)
        assert codes.bit_string(words, bits, count).tolist() == [wanted]
        each = 32 // bits
        wasteful = np.array([[packing.bits_of(wanted[at:at + each], bits) for at in range(0, count, each)]], np.uint32)
        assert codes.word_codes(wasteful, bits, count).tolist() == [wanted]


# -- what is no packed tensor, and what is refused ---------------------------------------------------------------------------------

def saved(tmp_path: Path, tensors: dict[str, Any], **config: Any) -> core.Checkpoint:
    save_file(tensors, tmp_path / "model.safetensors")
    for name, content in config.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return core.open(tmp_path / "model.safetensors")


@pytest.mark.parametrize("kind", packing.MAKERS)
def test_that_half_a_set_is_plain_tensors_or_says_what_is_missing(kind: str, tmp_path: Path) -> None:
    made = packing.MAKERS[kind](np.random.default_rng(4))
    for left_out in sorted(made.parts):
        folder = tmp_path / left_out
        ckpt = core.open(made._replace(tensors={key: array for key, array in made.tensors.items() if key != left_out}).save(folder))
        for tensor in core.packed_tensors(ckpt).values():
            assert tensor.problem, (left_out, tensor)
        assert set(core.unpacked(ckpt).tensors) >= set(ckpt.tensors) - made.parts


@pytest.mark.parametrize("kind", packing.MAKERS)
@pytest.mark.parametrize("how", ["longer", "shorter", "wider"])
def test_that_parts_that_do_not_fit_give_no_numbers(kind: str, how: str, tmp_path: Path) -> None:
    """Refused at once or when it is read; never a wrong shape, never another exception."""
    made = packing.MAKERS[kind](np.random.default_rng(5))
    for part in sorted(made.parts):
        array = made.tensors[part]
        changed = np.concatenate([array, array[:1]]) if how == "longer" else array[:-1] if how == "shorter" else \
            np.concatenate([array, array[..., :1]], -1)
        ckpt = core.open(made._replace(tensors={**made.tensors, part: np.ascontiguousarray(changed)}).save(tmp_path / f"{part}-{how}"))
        plain = core.unpacked(ckpt)
        for name, tensor in core.packed_tensors(ckpt).items():
            try:
                values = core.read_numpy(plain, name)
            except core.BadTensor:
                continue
            assert values.shape == tensor.shape
            assert not tensor.problem


@pytest.mark.parametrize(("config", "problem"), [
    ({"quantize_config": {"bits": 4, "checkpoint_format": "marlin"}}, "marlin"),
    ({"quantize_config": {"bits": 5}}, "5 bits"),
    ({"quantize_config": {"bits": "4"}}, "does not say how many bits its codes have"),
    ({"quantize_config": {"group_size": 128}}, "does not say how many bits its codes have"),
    ({}, "no configuration"),
])
def test_that_gptq_is_refused_where_the_configuration_does_not_tell(config: dict[str, Any], problem: str, tmp_path: Path) -> None:
    ckpt = saved(tmp_path, packing.gptq(np.random.default_rng(6), 16, 32).tensors, **config)
    tensor = core.packed_tensors(ckpt)["m.weight"]
    assert problem in tensor.problem
    with pytest.raises(core.EditError, match="cannot be unpacked"):
        core.edit(ckpt, [core.Dequantize("float32")])
    with pytest.raises(core.BadTensor):
        core.read_numpy(core.unpacked(ckpt), "m.weight")


def test_that_files_that_lie_about_shapes_are_refused(tmp_path: Path) -> None:
    made = packing.bitsandbytes(np.random.default_rng(8), (4, 16))
    for shape in ([1 << 61, 2], [-4, -16], ["4", 16], [4.0, 16], [], [4, 17], None):
        said = {"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": shape}
        state = np.frombuffer(json.dumps(said).encode(), np.uint8)
        ckpt = saved(tmp_path, {**made.tensors, "m.weight.quant_state.bitsandbytes__nf4": state})
        assert all(tensor.problem for tensor in core.packed_tensors(ckpt).values()), shape
    for state in (b"{", b"[]", b"[" * 100_000, b'{"shape": [4, 16], "blocksize": 0}', b"\xff\xfe"):
        ckpt = saved(tmp_path, {**made.tensors, "m.weight.quant_state.bitsandbytes__nf4": np.frombuffer(state, np.uint8)})
        assert not core.packed_tensors(ckpt)


def test_that_a_configuration_that_is_none_is_as_good_as_none(tmp_path: Path) -> None:
    made = packing.awq(np.random.default_rng(9), 16, 16)
    for text in ("", "[1]", "{", "nul", '{"quantization_config": 5}', "[" * 100_000):
        save_file(made.tensors, tmp_path / "model.safetensors")
        (tmp_path / "config.json").write_text(text, "utf-8")
        assert not core.packed_tensors(core.open(tmp_path / "model.safetensors"))


def test_that_plain_tensors_are_their_own_logical_tensors(tmp_path: Path) -> None:
    made = packing.gptq(np.random.default_rng(10), 16, 32)
    found = core.logical(made.save(tmp_path))
    assert {name: tensor.scheme for name, tensor in found.items()} == {"m.weight": "gptq", "m.bias": "plain"}
    assert found["m.bias"].parts == {"data": "m.bias"}
    assert found["m.weight"].bits_per_weight == pytest.approx(4 + (16 + 4) / 8 + 32 / 16)


# -- torch's own, and the edit --------------------------------------------------------------------------------------------------------

@pytest.mark.filterwarnings("ignore::UserWarning")
def test_that_quantized_tensors_of_torch_are_what_dequantize_gives(tmp_path: Path) -> None:
    x = torch.randn(6, 5, 4)
    quantized = {"one": torch.quantize_per_tensor(x, 0.05, 3, torch.qint8), "many": torch.quantize_per_channel(
        x, torch.rand(5) + 0.01, torch.arange(5), 1, torch.quint8),
        "strided": torch.quantize_per_tensor(x, 0.1, 0, torch.quint8).transpose(0, 2)}
    torch.save(quantized, tmp_path / "q.pth")
    ckpt = core.open(tmp_path / "q.pth")
    plain = core.unpacked(ckpt)
    for name, tensor in quantized.items():
        assert torch.equal(torch.from_numpy(core.read_numpy(plain, name).copy()), tensor.dequantize()), name
    core.save(core.edit(ckpt, [core.Dequantize("float32", "{one,many}")]), tmp_path / "out.pth")
    back = torch.load(tmp_path / "out.pth")
    assert torch.equal(back["one"], quantized["one"].dequantize())
    assert torch.equal(back["many"], quantized["many"].dequantize())
    assert back["strided"].is_quantized


def test_that_the_edit_says_what_it_does(tmp_path: Path) -> None:
    ckpt = core.open(packing.gptq(np.random.default_rng(11), 16, 32).save(tmp_path))
    [effect] = core.effects(ckpt, [core.Dequantize("float16", "m.*")])
    assert effect.notes == ("1 tensor was packed as gptq and is float16 now.",)
    [nothing] = core.effects(ckpt, [core.Dequantize("float16", "other")])
    assert nothing.notes == ("Nothing that fits is packed.",)
    for edit in (core.Dequantize("float16"), core.Dequantize("float32", "a.*")):
        assert core.from_recipe(core.to_recipe([edit])) == [edit] or tuple(core.from_recipe(core.to_recipe([edit]))) == (edit,)
    for text in ("int8", "float33", ":x"):
        with pytest.raises(core.EditError):
            core.parse_edit("dequantize", text)


def test_that_what_stays_packed_keeps_what_its_program_needs(tmp_path: Path) -> None:
    def about(dtype: str) -> str:
        return json.dumps({"_type": "Int8Tensor", "_data": {"block_size": [1, 4], "dtype": {"_type": "torch.dtype", "_data": dtype}},
                           "_tensor_data_names": ["qdata", "scale"]})

    tensors = {f"{name}._w_{part}": array for name in "ab" for part, array in (
        ("qdata", np.ones((2, 4), np.int8)), ("scale", np.ones((2, 1), np.float32)))}
    metadata = {"tensor_names": '["a.w", "b.w"]', "a.w": about("float32"), "b.w": about("float32"), "note": "mine"}
    save_file(tensors, tmp_path / "m.safetensors", metadata=metadata)
    ckpt = core.open(tmp_path / "m.safetensors")
    some, every = core.edit(ckpt, [core.Dequantize("float32", "a.w")]), core.edit(ckpt, [core.Dequantize("float32")])
    assert list(core.packed_tensors(some)) == ["b.w"]
    assert some.metadata == {**metadata, "a.w": '{"_type": "Tensor"}'}
    assert every.metadata == {"note": "mine"}
    assert list(core.packed_tensors(core.edit(some, [core.Dequantize("float32", "b.w")]))) == []


def test_that_names_can_be_changed_before_and_after(tmp_path: Path) -> None:
    made = packing.bit_packed(np.random.default_rng(12), 10, 24)
    ckpt = core.open(made.save(tmp_path))
    after = core.edit(ckpt, [core.AddPrefix("model."), core.Dequantize("float32"), core.Rename("weight", "kernel")])
    assert list(after.tensors) == ["model.m.kernel"]
    core.save(after, tmp_path / "out.safetensors")
    assert np.allclose(load_file(tmp_path / "out.safetensors")["model.m.kernel"], made.values, rtol=2e-6)


@pytest.mark.parametrize("low_first", [True, False])
def test_that_many_nibbles_are_what_each_is_by_itself(low_first: bool) -> None:
    table = RNG.normal(size=16).astype(np.float32)
    data = RNG.integers(0, 256, (130, 128), dtype=np.uint8)
    order = (data & 15, data >> 4) if low_first else (data >> 4, data & 15)
    wanted = np.stack([table[part] for part in order], -1).reshape(130, 256)
    assert codes.nibbles(data, table, low_first).tobytes() == wanted.tobytes()
    assert codes.nibbles(data[:, ::2], table, low_first).tobytes() == np.ascontiguousarray(wanted.reshape(130, 64, 2, 2)[:, :, 0]).tobytes()
    assert codes.nibbles(data[:, :127], table, low_first).tobytes() == np.ascontiguousarray(wanted[:, :254]).tobytes()


@pytest.mark.parametrize("kind", packing.MAKERS)
def test_that_a_glance_at_the_names_never_misses_what_is_packed(kind: str, tmp_path: Path) -> None:
    made = packing.MAKERS[kind](np.random.default_rng(1))
    assert core.may_be_packed(core.open(made.save(tmp_path)))
    alone = {key.removeprefix("m."): array for key, array in made.tensors.items()}
    assert core.may_be_packed(core.open(made._replace(tensors=alone).save(tmp_path / "at the root"))) or kind == "lora"


def test_that_a_glance_makes_no_tensor_of_a_plain_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file({f"layers.{n}.{name}": np.ones(2, np.float32) for n in range(300) for name in ("weight", "bias", "my_scales")},
              tmp_path / "a.safetensors")
    ckpt = core.open(tmp_path / "a.safetensors")
    monkeypatch.setattr(type(ckpt.tensors), "rows", lambda *_: pytest.fail("a tensor was made"))
    assert not core.may_be_packed(ckpt)


@pytest.mark.parametrize("form", ["mxfp6-pack-quantized", "marlin-24", "sparse-24-bitmask"])
def test_that_formats_of_compressed_tensors_that_are_not_read_are_named(form: str, tmp_path: Path) -> None:
    groups = {"g": {"targets": ["Linear"], "weights": {"num_bits": 6}}}
    said = {"quant_method": "compressed-tensors", "format": form, "config_groups": groups}
    ckpt = saved(tmp_path, {"m.weight_packed": np.ones((4, 24), np.uint8), "m.weight_scale": np.ones((4, 1), np.uint8)},
                 config={"quantization_config": said})
    [found] = core.packed_tensors(ckpt).values()
    assert form in found.problem
    assert set(core.unpacked(ckpt).tensors) == {"m.weight"}


def test_that_smoothed_floats_of_modelopt_have_their_columns_multiplied(tmp_path: Path) -> None:
    made = packing.MAKERS["modelopt nvfp4"](np.random.default_rng(2))
    before = np.linspace(0.5, 2, made.values.shape[1]).astype(np.float32)
    path = made._replace(tensors={**made.tensors, "m.pre_quant_scale": before}).save(tmp_path / "a")
    found = core.packed_tensors(path)[made.name]
    assert (found.scheme, found.parts["pre_quant_scale"], found.problem) == ("modelopt-nvfp4", "m.pre_quant_scale", "")
    plain = core.read_numpy(core.unpacked(made.save(tmp_path / "b")), made.name)
    assert np.array_equal(core.read_numpy(core.unpacked(path), made.name), plain * before)
    short = made._replace(tensors={**made.tensors, "m.pre_quant_scale": before[:-1]}).save(tmp_path / "c")
    assert "pre_quant_scale" in core.packed_tensors(short)[made.name].problem


@pytest.mark.parametrize(("program", "tensors", "shape", "parts"), [
    ("eetq", {"m.weight": np.ones((16, 24), np.int8), "m.weight_scales": np.ones(24, np.float16)}, (24, 16), 2),
    ("aqlm", {"m.codes": np.ones((24, 4, 2), np.int16), "m.codebooks": np.ones((2, 16, 1, 8), np.float16),
              "m.scales": np.ones((24, 1, 1, 1), np.float16)}, (24, 32), 3)])
def test_that_what_is_only_recognised_has_its_shape_and_says_so(program: str, tensors: dict[str, Any], shape: tuple[int, ...], parts: int,
                                                                tmp_path: Path) -> None:
    config = {"config.json": {"quantization_config": {"quant_method": program}}}
    path = packing.Packed(tensors, config, "m.weight", program, np.zeros(0), set(tensors)).save(tmp_path / "a")
    [found] = core.packed_tensors(path).values()
    assert (found.name, found.shape, found.scheme, len(found.parts), found.decoder) == ("m.weight", shape, program, parts, None)
    assert program.upper() in found.problem
    assert core.counts(core.open(path)).parameters == shape[0] * shape[1]
    with pytest.raises(core.InspectorError):
        core.read_numpy(core.unpacked(path), "m.weight")
    other = packing.Packed(tensors, {}, "m.weight", program, np.zeros(0), set(tensors)).save(tmp_path / "b")
    assert not core.packed_tensors(other)           # names alone do not tell


def test_that_states_of_any_size_among_many_are_read(tmp_path: Path) -> None:
    made = packing.bitsandbytes(np.random.default_rng(8), (4, 16))
    tensors: dict[str, Any] = {}
    for number in range(700):               # more than are read at once, and every seventh too big to be read with others
        for key, array in made.tensors.items():
            key = key.replace(made.name, f"m{number}.weight")
            long = number % 7 == 0 and "quant_state" in key
            tensors[key] = np.frombuffer(array.tobytes().ljust(70_000), np.uint8) if long else array
    path = tmp_path / "a.safetensors"
    save_file(tensors, path)
    ckpt = core.open(path)
    found = core.packed_tensors(ckpt)
    assert set(found) == {f"m{number}.weight" for number in range(700)}
    assert {tensor.shape for tensor in found.values()} == {made.values.shape}
    with path.open("r+b") as file:
        file.write(b"\0")
    assert not core.packed_tensors(ckpt)      # it is another file now


def test_that_only_the_families_are_loaded_whose_sign_stands(tmp_path: Path) -> None:
    packed = packing.MAKERS["bnb"](np.random.default_rng(1)).save(tmp_path / "packed")
    save_file({"fc.weight": np.zeros((2, 2), np.float32)}, tmp_path / "plain.safetensors")
    script = """
import sys
from pathlib import Path
from inspector import core
start, loaded = "inspector.core.packed.families.", []
for path in sys.argv[1:]:
    ckpt = core.open(path)
    core.compare(ckpt, ckpt)
    loaded.append({name.removeprefix(start) for name in sys.modules if name.startswith(start)})
print(sorted(loaded[0]), sorted(loaded[1] - loaded[0]), sep="\\n")
"""
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "plain.safetensors", packed], capture_output=True, text=True,
                          check=True)
    assert done.stdout.splitlines() == ["['lora', 'names', 'patterns']", "['bitsandbytes']"]
