"""Keys that a dict is given more than once: torch's own unpickler is the oracle of what counts."""
from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from inspector import core
from inspector.core.pickles.objects.contents import Contents
from tests.core.pickles import opcodes as op
from tests.core.pickles.objects.test_contents import seen


def contents_of(value: bytes) -> Contents:
    return seen(op.pickled(value))


def archive(path: Path, value: bytes, storages: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a/data.pkl", op.pickled(value))
        made.writestr("a/version", "3\n")
        for key, data in storages.items():
            made.writestr(f"a/data/{key}", data)
    return path


def three(n: int) -> bytes:
    return op.tensor(op.storage(str(n), numel=3), 0, (3,), (1,))


def data(n: int) -> bytes:
    return torch.full((3,), float(n)).numpy().tobytes()


def in_bytes(text: str) -> bytes:
    """Bytes as protocol 2 has them, which torch.load takes."""
    return op.reduce(op.name("_codecs", "encode"), op.text(text), op.text("latin1"))


TEXTS = st.sampled_from([op.text("a"), op.text("b"), op.text("c.d"), in_bytes("a"), in_bytes("1"), in_bytes("")])
NUMBERS = st.sampled_from([op.integer(1), op.TRUE, op.real(1.0), op.integer(0), op.FALSE, op.real(-0.0), op.text("1"), op.text("True"),
                           op.real(2.5), op.real(2.0 ** 70), b"\x8a\x09" + (2 ** 70).to_bytes(9, "little")])
OTHERS = st.sampled_from([op.NONE, op.name("torch", "float32"), op.name("torch", "float16")])
TUPLES = st.recursive(st.sampled_from([op.integer(1), op.TRUE, op.real(1.0), op.text("1"), in_bytes("1"), op.NONE]),
                      lambda items: st.lists(items, max_size=2).map(lambda some: op.tuple_of(*some)), max_leaves=3)
KEYS = st.one_of(TEXTS, NUMBERS, OTHERS, TUPLES)


def names_of(keys: Iterable[Any]) -> list[str]:
    """What keys of one dict are listed as: those that look like one before them with a number behind them."""
    names: list[str] = []
    for key in keys:
        text, n = str(key), 1
        while (name := text if n == 1 else f"{text}#{n}") in names:
            n += 1
        names.append(name)
    return names


@settings(deadline=None, max_examples=60)
@given(pairs=st.lists(st.tuples(KEYS, st.integers(0, 9)), min_size=1, max_size=8), ordered=st.booleans(), split=st.integers(0, 8))
def test_that_what_counts_is_what_torch_loads(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[bytes, int]], ordered: bool,
                                              split: int) -> None:
    """Keys set once and again, in one SETITEMS or two, on a dict or an OrderedDict that is given its `_metadata` afterwards."""
    items = [(key, three(n)) for key, n in pairs]
    made = op.pairs_into(op.pairs_into(op.ordered_dict() if ordered else op.EMPTY_DICT, items[:split]), items[split:])
    if ordered:
        made = op.build(made, op.dict_of({"_metadata": op.ordered_dict()}))
    path = archive(tmp_path_factory.mktemp("repeated") / "a.pth", made, {str(n): data(n) for _, n in pairs})
    want = torch.load(path, weights_only=True)
    ckpt = core.open(path)
    found = [(key, info) for key, info in ckpt.tensors.items() if info.extra is None or not info.extra.shadowed]
    assert [core.read_torch(ckpt, key).tolist() for key, _ in found] == [tensor.tolist() for tensor in want.values()]
    assert [key for key, _ in found] == names_of(want)
    assert len(ckpt.tensors) == len(pairs)
    texts = {key: tensor for key, tensor in want.items() if isinstance(key, str)}
    if ckpt.state_dicts and len(texts) == len(want):
        loaded = core.load_state_dict(path)
        assert list(loaded) == list(want)
        assert all(torch.equal(loaded[key], tensor) for key, tensor in want.items())


REPEATED = op.dict_of([(op.text("w"), three(1)), (op.text("b"), three(2)), (op.text("w"), three(3))])


def test_that_the_last_one_has_the_plain_key_and_the_other_is_a_loss(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.pth", REPEATED, {str(n): data(n) for n in (1, 2, 3)})
    ckpt = core.open(path)
    assert {key: (core.read_numpy(ckpt, key)[0], info.state_dict) for key, info in ckpt.tensors.items()} == {
        "w": (3, ""), "b": (2, ""), "w#2": (1, None)}
    assert [finding.keys for finding in ckpt.findings if finding.id == "duplicate-keys"] == [("w#2",)]
    assert list(core.load_state_dict(path)) == ["w", "b"]
    assert [(loss.id, loss.where) for loss in core.plan_save(ckpt, tmp_path / "b.safetensors").losses] == [("shadowed", "w#2")]
    core.save(ckpt, tmp_path / "b.safetensors", allow_loss=True)
    assert {key: tensor[0].item() for key, tensor in load_file(tmp_path / "b.safetensors").items()} == {"w": 3, "b": 2}
    core.save(ckpt, tmp_path / "same.pth")
    assert list(core.open(tmp_path / "same.pth").tensors) == ["w", "b", "w#2"]


def test_that_a_dict_that_another_takes_the_place_of_is_no_state_dict() -> None:
    inner = op.dict_of({"w": op.tensor()})
    contents = contents_of(op.dict_of([(op.text("m"), inner), (op.text("m"), op.dict_of({"v": op.tensor()})), (op.text("n"), op.NONE)]))
    assert contents.state_dicts == ("m",)
    assert [(info.key, info.state_dict) for info in contents.tensors] == [("m.v", "m"), ("m#2.w", None)]


@pytest.mark.parametrize("key", [op.text("k"), op.integer(5), op.raw(b"k")], ids=["text", "number", "bytes"])
def test_that_one_memoised_key_set_twice_is_one_key(key: bytes) -> None:
    value = op.pairs_into(op.EMPTY_DICT, [(key + op.put(0), op.integer(1)), (op.get(0), op.integer(2))])
    values = contents_of(value).values
    assert [value for _, value in values] == [2, 1]


def test_that_python_agrees_about_the_order() -> None:
    value = op.dict_of([(op.text("a"), op.integer(1)), (op.text("b"), op.integer(2)), (op.text("a"), op.integer(3))])
    want: Any = pickle.load(io.BytesIO(op.pickled(value)))
    assert [pair for pair in contents_of(value).values if "#" not in pair[0]] == list(want.items())


def test_that_what_is_shadowed_does_not_come_back_when_the_other_goes(tmp_path: Path) -> None:
    ckpt = core.open(archive(tmp_path / "a.pth", REPEATED, {str(n): data(n) for n in (1, 2, 3)}))
    with pytest.raises(core.EditError, match="would take its place"):
        core.save(core.edit(ckpt, [core.Drop("w")]), tmp_path / "b.pth")
    for edit, names in ((core.Rename("^w$", "v"), ["v", "b"]), (core.AddPrefix("m."), ["m.w", "m.b"])):
        path = tmp_path / f"{names[0]}.pth"
        core.save(core.edit(ckpt, [edit]), path)            # it goes along
        assert [(key, tensor[0].item()) for key, tensor in torch.load(path, weights_only=True).items()] == [(names[0], 3), (names[1], 2)]
    core.save(core.edit(ckpt, [core.Drop("w#2"), core.Rename("^w$", "v")]), tmp_path / "b.pth")
    assert {key: tensor[0].item() for key, tensor in torch.load(tmp_path / "b.pth", weights_only=True).items()} == {"v": 3, "b": 2}
    core.save(core.edit(ckpt, [core.Drop("w#2"), core.AddPrefix("m.")]), tmp_path / "c.pth")
    assert list(core.load_state_dict(tmp_path / "c.pth")) == ["m.w", "m.b"]


ONE_KEY = op.dict_of([(op.integer(1), three(1)), (op.text("b"), three(2)), (op.TRUE, three(3)), (op.real(1.0), three(4))])


def test_that_the_first_of_equal_keys_stays_whatever_becomes_of_the_others(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.pth", ONE_KEY, {str(n): data(n) for n in (1, 2, 3, 4)})
    ckpt = core.open(path)
    assert {key: core.read_numpy(ckpt, key)[0] for key in ckpt.tensors} == {"1": 4, "b": 2, "1#2": 1, "1#3": 3}
    for edits in ([], [core.Drop("b")], [core.Drop("1#*")], [core.Drop("1#*"), core.Drop("b")]):
        core.save(core.edit(ckpt, edits), tmp_path / "b.pth")
        want = torch.load(path, weights_only=True)
        if core.Drop("b") in edits:
            del want["b"]
        found = torch.load(tmp_path / "b.pth", weights_only=True)
        assert [(repr(key), tensor[0].item()) for key, tensor in found.items()] == [
            (repr(key), tensor[0].item()) for key, tensor in want.items()]
    with pytest.raises(core.EditError, match="would take its place"):
        core.save(core.edit(ckpt, [core.Drop("1")]), tmp_path / "c.pth")
