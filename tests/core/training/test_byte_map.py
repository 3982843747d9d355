"""Where the bytes of a file are."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from tests.tables import make

SEGMENTS = st.lists(st.sampled_from(["", "a", "b", "0", "weight"]), min_size=1, max_size=6)


def flat(box: core.ByteBox) -> Iterator[core.ByteBox]:
    yield box
    for inner in box.boxes:
        yield from flat(inner)


def test_that_modules_hold_what_lies_in_them_the_largest_first() -> None:
    found = core.byte_map(make(keys={"a.x.weight": (2,), "a.y.weight": (5, 4), "b": (7,)}))
    assert [(box.name, box.path, box.nbytes, box.tensors) for box in found.boxes] == [("a", "a", 88, 2), ("b", "b", 28, 1)]
    assert [(box.name, box.path, box.kind) for box in found.boxes[0].boxes] == [
        ("y.weight", "a.y.weight", "matrix"), ("x.weight", "a.x.weight", "vector")]
    assert found.boxes[0].boxes[0].info == make(keys={"a.x.weight": (2,), "a.y.weight": (5, 4), "b": (7,)}).tensors["a.y.weight"]


def test_that_groups_of_one_group_are_one() -> None:
    found = core.byte_map(make(keys={"m.net.body.0.w": (4,), "m.net.body.1.w": (4,), "n.only": (1,)}))
    assert [box.name for box in found.boxes] == ["m.net.body", "n.only"]
    assert [box.name for box in found.boxes[0].boxes] == ["0.w", "1.w"]


def test_that_elements_that_several_tensors_share_count_once() -> None:
    found = core.byte_map(make(keys={"embed": (3, 4), "head": (3, 4), "rest": (1,)}, tied=("embed", "head")))
    assert found.nbytes == 52
    assert [(box.path, box.nbytes, box.tied) for box in found.boxes] == [("embed", 48, ("head",)), ("rest", 4, ())]


def test_that_each_box_says_what_most_of_its_bytes_are() -> None:
    ckpt = make(keys={"model.conv": (4, 3, 3, 3), "model.fc": (4, 3), "model.b": (4,), "model.running_mean": (4,), "optimizer.w": (4,)})
    assert {box.path: box.kind for box in core.byte_map(ckpt).boxes[0].boxes} == {
        "model.conv": "kernel", "model.fc": "matrix", "model.b": "vector", "model.running_mean": "buffer"}
    few = core.byte_map(make(keys={f"t{n}": (100 if n else 1, 2) for n in range(9)} | {"v": (900,)}), most=4)
    assert [(box.name, box.left_out, box.kind) for box in few.boxes] == [("v", 0, "vector"), ("t1", 0, "matrix"), ("", 8, "matrix")]
    assert sum(box.nbytes for box in few.boxes) == few.nbytes


def test_that_the_map_of_a_group_is_of_what_is_below_it_and_knows_its_classes() -> None:
    ckpt = make(keys={"net.a.w": (2,), "net.b.w": (3,), "net.c.w": (3, 3), "net.c.b": (3,), "other": (9,)})
    found = core.byte_map(ckpt, "net", [key for key in ckpt.tensors if key != "other"], types={"net.b": "Norm", "net.c": "Linear"})
    assert (found.path, found.nbytes) == ("net", 68)
    assert [(box.name, box.type) for box in found.boxes] == [("c", "Linear"), ("b.w", "Norm"), ("a.w", "")]


@given(st.lists(SEGMENTS.map(".".join), unique=True, min_size=1, max_size=25), st.integers(1, 40))
def test_that_nothing_is_lost_whatever_the_names(keys: list[str], most: int) -> None:
    ckpt = make(keys={key: (n + 1,) for n, key in enumerate(keys)})
    found = core.byte_map(ckpt, most=most)
    boxes = [*flat(found)]
    assert found.nbytes == sum(info.nbytes for info in ckpt.tensors.values())
    assert len(boxes) <= most + 1
    for box in boxes:
        if box.boxes:
            assert (sum(inner.nbytes for inner in box.boxes), sum(inner.tensors for inner in box.boxes)) == (box.nbytes, box.tensors)
    if most > 30:
        assert {box.info.key for box in boxes if box.info is not None} <= set(keys)
    paths = {box.path for box in boxes if box.info is None and not box.left_out}
    assert all(any(key.startswith(core.under(path)) or not path for key in keys) for path in paths)


def test_that_it_can_be_cancelled() -> None:
    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise core.Cancelled

    with pytest.raises(core.Cancelled):
        core.byte_map(make(), monitor=Stop())
