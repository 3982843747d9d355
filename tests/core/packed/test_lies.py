"""Files that lie, of every family: parts missing, of other shapes and types, configurations with nonsense in them, parts in other shards.

What is said of them is right or is not said: the numbers are those of the codes, or there are none and a line why."""
from __future__ import annotations

import copy
import json
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from inspector import core

from .packing import Array, Packed
from .sized import SIZED

NONSENSE: list[Any] = [3, 0, -5, 2 ** 63, 10 ** 400, True, False, None, "4", "", 1.5, float("nan"), [], {}, [0, 0], [-1, 2 ** 63],
                       ["x", None], {"a": {}}, "re:((a", "\x00", 1e308]
# said of a file as a whole or beyond what its parts can contradict: another true file could say it
BELIEVED = frozenset({"checkpoint_format", "desc_act", "sym", "quant_method", "version", "is_swizzled_scales", "dtype", "_type",
                      "use_rslora", "lora_alpha", "alpha_pattern", "nested_offset", "mode", "format", "type", "actorder", "strategy"})
# what is as consistent in another shape, and is the weight of another model then
SHAPING = frozenset({"data", "A", "B", "shape", "g_idx"})
# what a true file may be without; and codes that go over the borders of words or not, which only their number tells
OTHERWISE = frozenset({("kohya", "gone"), ("ct 3 bits", "wider"), ("ct 5 bits", "wider"), ("ct 6 bits", "wider"),
                       ("modelopt awq", "gone"), ("modelopt integers", "gone")})


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a JSON value, and of those that hold it."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from leaves(inner, (*path, key))


def with_changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = with_changed(value[path[0]], path[1:], new)
    return changed


def said(made: Packed) -> dict[str, Any]:
    """All that the file and its configuration say in JSON."""
    found: dict[str, Any] = dict(made.config)
    found |= {key: json.loads(text) for key, text in made.metadata.items()}
    found |= {key: json.loads(array.tobytes()) for key, array in made.tensors.items() if "quant_state" in key}
    return found


def saying(made: Packed, name: str, value: Any) -> Packed:
    text = json.dumps(value)
    if name in made.config:
        return made._replace(config={**made.config, name: value})
    if name in made.metadata:
        return made._replace(metadata={**made.metadata, name: text})
    return made._replace(tensors={**made.tensors, name: np.frombuffer(text.encode(), np.uint8)})


def other_shape(array: Array, how: str) -> Array:
    with np.errstate(all="ignore"):
        return {"longer": lambda: np.concatenate([array, array[:1]]), "shorter": lambda: array[:-1], "empty": lambda: array[:0],
                "wider": lambda: np.concatenate([array, array[..., :1]], -1), "narrower": lambda: array[..., :-1],
                "flat": lambda: array.reshape(-1), "deeper": lambda: array[None], "deeper behind": lambda: array[..., None],
                "turned": lambda: array.T, "twice": lambda: np.concatenate([array, array])}[how]()


def other_type(array: Array, name: str) -> Array:
    plain = array if array.dtype.kind in "fV" or name.startswith("f") else array.view(f"i{array.itemsize}")
    with np.errstate(all="ignore"):
        return plain.astype(name)


def held(made: Packed, path: Path, changed: str = "", believed: bool = False) -> None:
    """Whatever is said to be there is right, or is refused in one line. `changed` is the part that is not what it was, `believed`: another
    file could truly say so."""
    found = tried(lambda: core.packed_tensors(core.open(path))) or {}
    for name, tensor in found.items():
        assert "\n" not in f"{tensor.problem}{tensor.words}"
        assert all(size >= 0 for size in tensor.shape)
        assert tensor.problem == "" or tensor.decoder is None
        got = tried(lambda: core.read_numpy(core.unpacked(core.open(path)), name))  # noqa: B023 - called at once
        if got is None:
            continue
        assert got.shape == tensor.shape
        if name != made.name or believed or tensor.decoder is None:
            continue
        if got.shape == made.values.shape:
            assert np.allclose(got, made.values, rtol=2e-6, atol=2e-6, equal_nan=True)
        else:
            assert changed in {key for role, key in tensor.parts.items() if role in SHAPING}, f"{tensor.shape} of {made.values.shape}"
    tried(lambda: core.edit(path, [core.Dequantize("float32")]))
    tried(lambda: (core.countable(core.open(path)), core.packed_view(core.open(path))))


def tried(work: Callable[[], Any]) -> Any:
    """What it gives; None where it is refused in one line."""
    try:
        return work()
    except core.InspectorError as error:
        said = str(error)
    assert "\n" not in said
    return None


@pytest.mark.parametrize("kind", SIZED)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9), data=st.data())
def test_that_parts_that_are_not_what_they_should_be_give_no_wrong_number(
        kind: str, seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = SIZED[kind](np.random.default_rng(seed), 5, 2, 16)
    part = data.draw(st.sampled_from(sorted(made.parts)))
    how = data.draw(st.sampled_from(["gone", "other shape", "other shape", "other type", "no array"]))
    shape = ""
    array = made.tensors[part]
    tensors = {key: value for key, value in made.tensors.items() if key != part}
    if how == "other shape":
        shape = data.draw(st.sampled_from(["longer", "shorter", "empty", "wider", "narrower", "flat", "deeper", "deeper behind", "turned",
                                           "twice"]))
        if not array.shape and shape not in ("flat", "deeper", "deeper behind"):
            return
        tensors[part] = other_shape(array, shape)
        if shape == "turned" and tensors[part].shape == array.shape:
            return
    elif how == "other type":
        tensors[part] = other_type(array, data.draw(st.sampled_from(["f4", "f8", "f2", "i1", "u1", "i2", "i4", "u4", "i8", "?"])))
    elif how == "no array":
        tensors[part] = np.zeros((), np.float32)
    lying = made._replace(tensors=tensors)
    held(made, lying.save(Path(tmp_path_factory.mktemp("l"))), part, how in ("other type", "no array") or (kind, shape or how) in OTHERWISE)


@pytest.mark.parametrize("kind", SIZED)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9), nonsense=st.sampled_from(NONSENSE), data=st.data())
def test_that_a_configuration_with_nonsense_in_it_gives_no_wrong_number(
        kind: str, seed: int, nonsense: Any, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = SIZED[kind](np.random.default_rng(seed), 5, 2, 16)
    every = [(name, path) for name, value in said(made).items() for path in leaves(value)]
    if not every:
        return
    name, path = data.draw(st.sampled_from(every))
    lying = saying(made, name, with_changed(said(made)[name], path, nonsense))
    believed = not path or bool(BELIEVED & {part for part in path if isinstance(part, str)}) or isinstance(said(made)[name], list) or (
        path[-1], nonsense) in (("num_bits", 3), ("m", True)) or (path[-1] == "m" and isinstance(nonsense, dict))
    held(made, lying.save(Path(tmp_path_factory.mktemp("c"))), believed=believed)


@pytest.mark.parametrize("kind", SIZED)
def test_that_parts_may_lie_in_any_shard_and_a_missing_one_is_told(kind: str, tmp_path: Path) -> None:
    made = SIZED[kind](np.random.default_rng(1), 5, 2, 16)
    if made.metadata:                       # of one file
        return
    names = sorted(made.tensors)
    files = {name: f"model-{n + 1:05}-of-{len(names):05}.safetensors" for n, name in enumerate(names)}
    for name, file in files.items():
        save_file({name: np.ascontiguousarray(made.tensors[name]).reshape(made.tensors[name].shape)}, tmp_path / file)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": files}), "utf-8")
    for config, value in made.config.items():
        (tmp_path / config).write_text(json.dumps(value), "utf-8")
    ckpt = core.open(tmp_path)
    assert np.allclose(core.read_numpy(core.unpacked(ckpt), made.name), made.values, rtol=2e-6, atol=2e-6)
    for name in sorted(made.parts):
        (tmp_path / files[name]).rename(tmp_path / "away")
        held(made, tmp_path)
        (tmp_path / files[name]).write_bytes(b"")
        held(made, tmp_path)
        (tmp_path / "away").replace(tmp_path / files[name])


@pytest.mark.parametrize("kind", SIZED)
def test_that_shapes_that_no_file_can_hold_are_refused(kind: str, tmp_path: Path) -> None:
    made = SIZED[kind](np.random.default_rng(1), 5, 2, 16)
    raw = made.save(tmp_path).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8:8 + length])
    for part in sorted(made.parts):
        for shape in ([2 ** 63, 2], [2 ** 62], [2 ** 31, 2 ** 31], [0, 2 ** 63], [-1, 4], [1.5], ["4"], [True], None, [[4]]):
            changed = json.dumps({**head, part: {**head[part], "shape": shape}}).encode()
            (tmp_path / "model.safetensors").write_bytes(len(changed).to_bytes(8, "little") + changed + raw[8 + length:])
            held(made, tmp_path / "model.safetensors", believed=shape == [0, 2 ** 63])


# -- references in a circle -------------------------------------------------------------------------------------------------------------

class Wrapper:
    """Pickled as torch pickles tensors of subclasses (torch/_tensor.py `_reduce_ex_internal`), of a class that is not here."""

    def __init__(self, kind: type, state: dict[str, Any]) -> None:
        self.kind, self.state = kind, state

    def __reduce_ex__(self, protocol: object) -> Any:
        return (torch._utils._rebuild_wrapper_subclass,
                (self.kind, torch.float32, (4, 8), (8, 1), 0, torch.strided, torch.device("cpu"), False), self.state)


@pytest.mark.parametrize("kind", ["quantization.quantize_.workflows.int8.int8_tensor.Int8Tensor", "prototype.mx_formats.mx_tensor.MXTensor",
                                  "dtypes.affine_quantized_tensor.AffineQuantizedTensor", "quantization.NVFP4Tensor"])
@pytest.mark.parametrize("circle", ["itself", "its part", "a list", "its shape", "two"])
def test_that_wrappers_that_hold_themselves_are_opened_and_give_no_number(kind: str, circle: str, tmp_path: Path,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, name = kind.rpartition(".")
    stands_for = type(name, (), {"__module__": f"torchao.{module}"})
    whole = f"torchao.{module}".split(".")
    for end in range(1, len(whole) + 1):
        monkeypatch.setitem(sys.modules, ".".join(whole[:end]), types.SimpleNamespace(**{name: stands_for}, __path__=[]))  # type: ignore[arg-type]
    one = Wrapper(stands_for, {"qdata": torch.ones(4, 8, dtype=torch.int8), "scale": torch.ones(4, 1), "block_size": [1, 8],
                               "shape": torch.Size([4, 8])})
    other = Wrapper(stands_for, {"qdata": one, "scale": one, "tensor_impl": one})
    around: list[Any] = []
    around.append(around)
    one.state.update({"itself": {"qdata": one, "tensor_impl": one}, "its part": {"scale": one, "zero_point": one},
                         "a list": {"block_size": around, "tensor_impl": around}, "its shape": {"shape": around, "dtype": one},
                         "two": {"tensor_impl": other, "scale": other}}[circle])
    torch.save({"w": one, "v": other}, tmp_path / "a.pt")
    ckpt = core.open(tmp_path / "a.pt")
    for name, tensor in core.packed_tensors(ckpt).items():
        assert "\n" not in tensor.problem
        found = tried(lambda: core.read_numpy(core.unpacked(ckpt), name))  # noqa: B023 - called at once
        assert found is None or found.shape == tensor.shape
    tried(lambda: core.edit(ckpt, [core.Dequantize("float32")]))
    tried(lambda: [*core.summarize_each(ckpt, [*ckpt.tensors])])


@pytest.mark.parametrize("group", [-1, 2, 2 ** 31 - 1])
def test_that_an_order_of_columns_that_names_no_group_gives_no_number(group: int, tmp_path: Path) -> None:
    made = SIZED["gptq act order"](np.random.default_rng(1), 5, 2, 16)
    index = made.tensors["m.g_idx"].copy()
    index[7] = group
    ckpt = core.open(made._replace(tensors={**made.tensors, "m.g_idx": index}).save(tmp_path))
    with pytest.raises(core.BadTensor, match="names groups that there are not"):
        core.read_numpy(core.unpacked(ckpt), made.name)
    with pytest.raises(core.InspectorError):
        core.save(core.edit(ckpt, [core.Dequantize("float32")]), tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()
