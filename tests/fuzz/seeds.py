"""Small sound checkpoints of every container, written by torch and safetensors: what the fuzzer damages.

A seed is a file, or a folder of which one file is damaged. Its name begins with its kind, which says which mutations fit it.
"""
from __future__ import annotations

import io
import json
import pickle
import struct
import warnings
import zipfile
from collections import OrderedDict
from math import prod
from pathlib import Path
from typing import Any

from tests import builders
from tests.core.formats import test_other_programs as others
from tests.core.formats.before_1_6 import test_torch_tar as old_tar
from tests.core.formats.sets import test_pieces, zero_folders
from tests.core.formats.shared import test_joblib_arrays as joblib
from tests.core.pickles import opcodes as op

KINDS = ("zip", "pickle", "tar", "safetensors", "json", "proto", "bytes")
_DAMAGED = {"pickle-dcp": ".metadata", "zip-zero": "bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt",
            "zip-zero-head": "mp_rank_00_model_states.pt", "safetensors-pieces": "shard-00002-model-00001-of-00001.safetensors",
            "safetensors-adapter": "adapter_model.safetensors",
            "json-adapter": "adapter_config.json", "json-run": "trainer_state.json"}


def make(folder: Path) -> None:
    """Writes all seeds into `folder`, as KIND-what.ending or, where several files are one checkpoint, KIND-what/…; the file that is
    damaged is then the one that `damaged` names. Takes torch."""
    import torch
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in _values().items():
            torch.save(value, folder / f"zip-{name}.pth")
            if name != "packed":
                torch.save(value, folder / f"pickle-legacy-{name}.pt", _use_new_zipfile_serialization=False)
        (folder / "zip-deflated.pth").write_bytes(_deflated((folder / "zip-training.pth").read_bytes()))
        _torchscript(folder / "zip-script.pt")
        _distributed(folder / "pickle-dcp")
    for protocol in range(6):
        (folder / f"pickle-plain-{protocol}.pkl").write_bytes(pickle.dumps(_plain(), protocol))
    (folder / "pickle-rare.pkl").write_bytes(rare_opcodes())
    (folder / "tar-old.pt").write_bytes(old_tar.archive(old_tar.TWO))
    (folder / "zip-pt2.pt2").write_bytes(_exported())
    (folder / "proto-model.onnx").write_bytes(_protobuf())
    for name, data in _safetensors().items():
        (folder / f"safetensors-{name}.safetensors").write_bytes(data)
    _sharded(folder / "json-sharded")
    _other_programs(folder)
    (folder / "bytes-joblib.pkl").write_bytes(_joblib())
    (folder / "pickle-saves.pt").write_bytes(b"".join((folder / f"pickle-legacy-{name}.pt").read_bytes() for name in ("state", "tensor")))
    (folder / "pickle-saves.pkl").write_bytes(pickle.dumps(_plain(), 2) + pickle.dumps([1, 2], 4))
    (folder / "pickle-source.pkl").write_bytes(_with_its_source())
    for name in ("zip-zero", "zip-zero-head"):
        zero_folders.write(folder / name, zero_folders.make([{"a.weight": (3, 4), "a.bias": (3,)}], {"frozen": (2, 2)}), 2, 2)
    test_pieces.write(folder / "safetensors-pieces", test_pieces.pieces())
    for name in ("safetensors-adapter", "json-adapter"):
        _adapter(folder / name)
    _run(folder / "json-run")


def names(folder: Path) -> list[str]:
    """The seeds that lie in `folder`, in a fixed order."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(KINDS))


def damaged(seed: Path) -> Path:
    """The file of a seed that mutations are about."""
    if not seed.is_dir():
        return seed
    return seed / _DAMAGED.get(seed.name, "model.safetensors.index.json")


def _values() -> dict[str, Any]:
    import torch
    from torch import nn
    base = torch.arange(24.0)
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.randn(5, 4)).sum().backward()
    optimizer.step()
    odd = {"whole": base, "view": base[4:20:2], "tied": base, "t": base.view(4, 6).t(), "expanded": torch.ones(1, 3).expand(5, 3),
           "empty": torch.zeros(0, 3), "scalar": torch.tensor(7), "flag": torch.tensor([True, False]),
           "half": torch.randn(5).half(), "bf": torch.randn(9).bfloat16(), "c": torch.randn(4, dtype=torch.complex64),
           "conj": torch.randn(3, dtype=torch.complex64).conj(), "i": torch.arange(5), "u8": torch.arange(7, dtype=torch.uint8),
           "nan": torch.tensor([1.0, float("nan"), float("inf")])}
    packed = {"q": torch.quantize_per_tensor(torch.randn(2, 3), 0.1, 0, torch.quint8),
              "ch": torch.quantize_per_channel(torch.randn(2, 3), torch.rand(2).double(), torch.arange(2), 0, torch.qint8),
              "coo": torch.eye(3).to_sparse(), "csr": torch.eye(3).to_sparse_csr(), "meta": torch.empty(2, device="meta"),
              "nested": torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(1, 3)]),
              "f8": torch.ones(3).to(torch.float8_e4m3fn), "u4": torch.ones(4, dtype=torch.uint16)}
    training = {"epoch": 3, "lr": [0.1, float("nan")], "model_state_dict": net.state_dict(), "optimizer": optimizer.state_dict(),
                "best": None, "args": {"name": "x", 7: (1, 2)}, "rng": torch.get_rng_state()[:16]}
    state = OrderedDict((f"module.layers.{i}.weight", torch.randn(4, 3)) for i in range(3))
    return {"odd": odd, "packed": packed, "training": training, "state": state, "module": net, "tensor": torch.ones(2, 2)}


def _plain() -> dict[Any, Any]:
    shared = [1, 2.5, "three"]
    return {"a": shared, "b": shared, "big": 1 << 80, "set": {1}, "frozen": frozenset((2,)), "bytes": b"\0\xff", "array": bytearray(b"xy"),
            "nested": {"x": {"y": (None, True)}}, 3: 4, "c": 1 + 2j, "ordered": OrderedDict(k=1), "text": "é\u4e2d"}


def rare_opcodes() -> bytes:
    """A stream with what no pickler writes today: text opcodes, INST, OBJ, EXT, persistent ids as lines, buffers."""
    return (b"(lp0\nI010\naI01\naL5L\naF1.5\naS'x\\n'\naV\\u20ac\na" + op.text("a") + b"aP1\na(imod\nname\n" + b"a"
            + b"(cmod\nname\nK\x01oa\x82\x01a\x96" + struct.pack("<Q", 2) + b"hia(dp1\nI1\nI2\nsag0\na2a.")


def _deflated(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


def _torchscript(path: Path) -> None:
    import torch
    torch.jit.trace(torch.nn.Linear(3, 2), torch.ones(1, 3)).save(path)     # type: ignore[no-untyped-call]


def _distributed(folder: Path) -> None:
    import torch
    import torch.distributed.checkpoint as dcp
    dcp.save({"w": torch.arange(12.0).view(3, 4), "n": 3}, checkpoint_id=folder, no_dist=True)


def _exported() -> bytes:
    model = {"graph_module": {"signature": {"input_specs": [{"parameter": {"arg": {"name": "p"}, "parameter_name": "w"}}]}},
             "schema_version": {"major": 8, "minor": 1}}
    config = {"config": {"w": {"path_name": "weight_0", "is_param": True, "use_pickle": False, "tensor_meta": {
        "dtype": 7, "sizes": [{"as_int": 2}], "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0},
        "device": {"type": "cpu", "index": None}, "layout": 7, "requires_grad": True}}}}
    return builders.zipped({"m/archive_format": b"pt2", "m/archive_version": b"0", "m/models/model.json": json.dumps(model).encode(),
                            "m/data/weights/model_weights_config.json": json.dumps(config).encode(),
                            "m/data/weights/weight_0": struct.pack("<2f", 1, 2), "m/byteorder": b"little"})


def _protobuf() -> bytes:
    """An ONNX model of one initializer: ir_version, producer_name, graph."""
    tensor = b"\x08\x02\x10\x01\x42\x01w\x4a\x08" + struct.pack("<2f", 1, 2)
    graph = b"\x12\x01g\x2a" + bytes([len(tensor)]) + tensor
    return b"\x08\x07\x12\x07pytorch\x3a" + bytes([len(graph)]) + graph + b"\x42\x04\x0a\x00\x10\x11"


def _safetensors() -> dict[str, bytes]:
    def entry(dtype: str, shape: list[int], start: int, stop: int) -> dict[str, Any]:
        return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}

    state = {"__metadata__": {"format": "pt", "note": "é"}, "a.weight": entry("F32", [2, 3], 0, 24), "a.bias": entry("BF16", [2], 24, 28),
             "n": entry("I64", [], 28, 36), "f": entry("BOOL", [4], 36, 40), "none": entry("F16", [0], 40, 40)}
    odd = {"f4": entry("F4", [4], 0, 2), "f6": entry("F6_E2M3", [4], 2, 5), "f8": entry("F8_E8M0", [3], 5, 8),
           "c": entry("C64", [1], 8, 16)}
    return {"state": builders.safetensors(state, bytes(range(40))), "odd": builders.safetensors(odd, bytes(range(1, 17)))}


def _sharded(folder: Path) -> None:
    folder.mkdir()
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for i, name in enumerate(names):
        (folder / name).write_bytes(builders.safetensors({f"l{i}": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)))
    (folder / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {"total_size": 16}, "weight_map": {"l0": names[0], "l1": names[1]}}))


def _other_programs(folder: Path) -> None:
    """What GGUF and NumPy write."""
    import numpy as np
    values = [("general.architecture", struct.pack("<I", 8) + others.text("llama")), ("general.alignment", struct.pack("<2I", 4, 32)),
              ("list", struct.pack("<2IQ3f", 9, 6, 3, 1, 2, 3))]
    tensors = [("blk.0.w", (2, 4), 0, struct.pack("<8f", *range(8))), ("blk.0.q", (1, 32), 8, struct.pack("<e32b", 1, *range(32)))]
    (folder / "bytes-model.gguf").write_bytes(others.gguf(values, tensors))
    np.savez(folder / "zip-arrays.npz", w=np.arange(6.0).reshape(2, 3), n=np.array(3), b=np.array([True, False]))


def _joblib() -> bytes:
    """A dict of arrays, which lie in the stream of the pickle behind what stands for them."""
    import numpy as np
    file = io.BytesIO()
    joblib.Dump(file, 2, False).dump({"w": np.arange(6, dtype=np.float32).reshape(2, 3), "n": 1, "b": np.array([True])})
    return file.getvalue().replace(f"c{joblib.__name__}\n".encode(), b"cjoblib.numpy_pickle\n")


def _with_its_source() -> bytes:
    """An object that carries the source of its class, as StyleGAN's networks do."""
    state = op.dict_of({"training": op.TRUE, "_parameters": op.pairs_into(op.ordered_dict(), []), "_modules": op.ordered_dict()})
    meta = op.dict_of({"type": op.text("class"), "version": op.integer(6), "module_src": op.text("import torch\n\nclass G:\n    pass\n"),
                       "class_name": op.text("G"), "state": state})
    return op.pickled(op.dict_of({"G": op.reduce(op.name("torch_utils.persistence", "_reconstruct_persistent_obj"), meta)}))


def _adapter(folder: Path) -> None:
    folder.mkdir()
    shapes = {"q_proj.lora_A": [2, 4], "q_proj.lora_B": [3, 2]}
    header = {f"base_model.model.{name}.weight": {"dtype": "F32", "shape": shape, "data_offsets": [n * 32, n * 32 + 4 * prod(shape)]}
              for n, (name, shape) in enumerate(shapes.items())}
    (folder / "adapter_model.safetensors").write_bytes(builders.safetensors(header, bytes(56)))
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"],
                                                            "base_model_name_or_path": "base", "rank_pattern": {"q_proj": 2}}))


def _run(folder: Path) -> None:
    """What a trainer leaves beside a checkpoint."""
    folder.mkdir()
    weight = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    (folder / "model.safetensors").write_bytes(builders.safetensors({"w": weight}, bytes(16)))
    (folder / "trainer_state.json").write_text(json.dumps({"epoch": 2.0, "global_step": 20, "best_metric": 0.5, "log_history": [
        {"epoch": n, "step": 10 * n, "loss": 1 / n, "eval_accuracy": 0.1 * n} for n in (1, 2)]}))
