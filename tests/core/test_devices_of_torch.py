"""Which location tags are devices, held against what torch.load says of each on a computer without them."""
from __future__ import annotations

import io

import pytest
import torch

from inspector.core.naming_conventions import is_device
from tests import builders
from tests.core.test_odd_tensors import storage, tensor

NOBODYS = ("Invalid device string", "don't know how to restore", "must not be negative", "Could not parse device index")


@pytest.mark.parametrize("tag", [
    "cuda:0", "cuda:9", "cuda:10", "cuda:99", "cuda:100", "cuda:127", "cuda:128", "cuda:01", "cuda:00", "cuda:", "cuda:x", "cuda:-1",
    "cuda: 1", "CUDA:0", "xpu:0", "xpu:127", "xpu:01", "cpu", "cpu:0", "meta", "meta:0", "gpu"])
def test_that_a_tag_is_a_device_where_torch_knows_one(tag: str) -> None:
    file = io.BytesIO(builders.torch_zip(b"\x80\x02" + tensor(storage("1", location=tag)) + b".", {"data/1": bytes(16)}))
    said = ""
    try:
        torch.load(file, weights_only=True)
    except RuntimeError as error:
        said = str(error)
    assert is_device(tag) is not any(words in said for words in NOBODYS)
