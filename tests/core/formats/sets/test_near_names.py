from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from inspector import core


@pytest.mark.parametrize(("path", "there", "said"), [
    ("model.ckpt", ("model.ckpt.index", "model.ckpt.data-00000-of-00001"), "is the prefix of a TensorFlow checkpoint (model.ckpt.index)"),
    ("model", ("model.safetensors", "config.json"), "Did you mean {}/model.safetensors?"),
    ("model", ("model-00001-of-00002.safetensors", "model.safetensors.index.json", "model.pt"),
     "Did you mean {0}/model.safetensors.index.json, {0}/model.pt?"),
    ("last.ckp", ("last.ckpt", "first.ckpt"), "Did you mean {}/last.ckpt?"),
    ("global_step100/", ("global_step1000",), "Did you mean {}/global_step1000?"),
    ("best.pth", ("config.json",), "Check the path"),
    ("gone/best.pth", ("best.pth",), "Check the path"),
])
def test_that_a_path_at_which_nothing_is_tells_what_lies_beside_it(tmp_path: Path, path: str, there: tuple[str, ...], said: str) -> None:
    for name in there:
        (tmp_path / name).touch()
    with pytest.raises(core.FileMissing) as error:
        core.open(f"{tmp_path}/{path}")
    assert said.format(tmp_path) in str(error.value)
    assert isinstance(error.value, FileNotFoundError)
    assert error.value.filename == f"{tmp_path}/{path}"
    for again in (copy.copy(error.value), pickle.loads(pickle.dumps(error.value))):
        assert str(again) == str(error.value)


def test_that_an_id_of_a_repository_is_told_to_be_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(core.FileMissing, match="hf://google-bert/bert-base-uncased/FILE"):
        core.open("google-bert/bert-base-uncased")
