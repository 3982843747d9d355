"""What `inspector.commands.ls_json` writes by columns is what it would write tensor by tensor."""
from __future__ import annotations

import json

import pytest

from inspector import core
from inspector.commands import ls_json


def checkpoint(*infos: core.TensorInfo) -> core.Checkpoint:
    return core.Checkpoint("a \"path\".pth", "torch-zip", "state-dict", (), {info.key: info for info in infos},
                           values={"epoch": 3, "\"tensors\": []": "x"}, state_dicts=("",))


def info(key: str, shape: tuple[int, ...] = (4, 3), storage: str = "0", **more: object) -> core.TensorInfo:
    return core.TensorInfo(key, shape, "float32", None, (3, 1)[-len(shape):], 0, storage, 48)._replace(**more)


@pytest.mark.parametrize("infos", [
    (),
    (info("a"),),
    (info("a", storage="0"), info("b", storage="1"), info("é \"\n", (2,), storage="x/\\1")),
    (info("a", storage=""), info("b", storage="null"), info("c", storage="")),
    (info("a", problem="no \"bytes\""), info("b", requires_grad=True, device="cuda:0"), info("c", layout="sparse_coo"),
     info("d", offset=7, state_dict="model"), info("e", dtype="bfloat16"), info("f", storage_nbytes=96)),
], ids=["none", "one", "odd-names", "no-storage", "all-fields"])
def test_that_the_json_is_that_of_every_tensor_by_itself(infos: tuple[core.TensorInfo, ...]) -> None:
    ckpt = checkpoint(*infos)
    text = ls_json.as_json(ckpt)
    one_by_one = [ls_json._tensor_json(tensor, None) for tensor in infos]
    assert f'"tensors": {json.dumps(one_by_one)}, "values"' in text
    assert json.loads(text)["tensors"] == json.loads(json.dumps(one_by_one))
