from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import example, given, strategies

from inspector.core.comparison.pairing import prefixes, structure
from inspector.core.comparison.pairing.match import match
from inspector.core.comparison.pairing.rules import Shapes
from tests.core.comparison.galleries import GALLERY


@pytest.mark.parametrize("name", GALLERY)
def test_that_names_of_the_same_network_are_paired_and_no_others(name: str) -> None:
    a, b, truth = GALLERY[name]
    found = match(a, b)
    wrong = {x: (y, truth.get(x)) for x, y in found.pairs.items() if truth.get(x) != y}
    assert not wrong
    missing = {x: y for x, y in truth.items() if x not in found.pairs}
    assert len(missing) <= 0.05 * len(truth), missing


@pytest.mark.parametrize("name", GALLERY)
def test_that_the_same_is_found_the_other_way_round(name: str) -> None:
    a, b, truth = GALLERY[name]
    found = match(b, a)
    back = {y: x for x, y in truth.items()}
    assert not {x: y for x, y in found.pairs.items() if back.get(x) != y}
    assert len([y for y in back if y not in found.pairs]) <= 0.05 * len(truth)


def layers(numbers: Iterable[int], place: str = "blocks", width: int = 8) -> dict[str, tuple[int, ...]]:
    """A transformer whose layers are all alike."""
    return {"embed.weight": (100, width), **{f"{place}.{i}.{name}": shape for i in numbers for name, shape in (
        ("attn.qkv.weight", (3 * width, width)), ("mlp.fc1.weight", (4 * width, width)), ("norm1.weight", (width,)))},
        "head.weight": (10, width)}


def tower(numbers: Iterable[int]) -> dict[str, tuple[int, ...]]:
    """A perceptron whose layers are all unlike."""
    return {f"net.{i}.weight": (2 ** (place + 3), 2 ** (place + 2)) for place, i in enumerate(numbers)}


def renumbered(names: Iterable[str], by: int) -> dict[str, str]:
    return {name: re.sub(r"\d+", lambda number: str(int(number[0]) + by), name, count=1) for name in names}


@pytest.mark.parametrize(("a", "b"), [(layers(range(12)), layers(range(1, 13))), (layers(range(2)), layers(range(1, 3))),
                                      (tower(range(5)), tower(range(1, 6))), (tower(range(5)), tower(range(2, 7))),
                                      (tower(range(5)), tower(range(1, 8)))], ids=["alike", "two", "unlike", "further", "longer"])
def test_that_layers_numbered_from_another_start_are_paired_in_their_order_and_that_it_is_said(a: dict[str, tuple[int, ...]],
                                                                                               b: dict[str, tuple[int, ...]]) -> None:
    by = 2 if "net.6.weight" in b and "net.1.weight" not in b else 1
    for one, other, step in ((a, b, by), (b, a, -by)):
        found = match(one, other)
        wanted = {x: y for x, y in renumbered(one, step).items() if y in other}
        assert found.pairs == wanted
        [rule] = found.rules
        assert rule.kind == "shift"
        assert f"numbered from {max(0, -step)} in A and from {max(0, step)} in B: matched by order" in rule.why


def test_that_layers_below_a_prefix_are_paired_in_their_order_too() -> None:
    a = {f"module.{name}": shape for name, shape in layers(range(1, 7)).items()}
    b = layers(range(6))
    assert match(a, b).pairs == dict(zip(a, renumbered(layers(range(1, 7)), -1).values(), strict=True))


def test_that_numbering_is_told_where_shapes_and_a_prefix_say_it_at_once() -> None:
    a = {f"m.blocks.{i}.{n}.weight": (4 + i, 4) for i in range(1, 7) for n in ("attn", "mlp")}
    b = {f"blocks.{i - 1}.{n}.weight": (4 + i, 4) for i in range(1, 7) for n in ("attn", "mlp")}
    for one, other, said in ((a, b, "m.blocks.# are numbered from 1 in A and from 0 in B"),
                             (b, a, "blocks.# are numbered from 0 in A and from 1 in B")):
        found = match(one, other)
        assert found.pairs == dict(zip(one, other, strict=True))
        assert {rule.why for rule in found.rules} == {f"the layers {said}: matched by order"}
        assert len(found.shifts) == 1


def test_that_layers_in_layers_are_told_by_the_number_that_is_another() -> None:
    a = {f"m.stages.{j}.blocks.{i}.attn.weight": (4 + i + 10 * j, 4) for j in range(2) for i in range(1, 4)}
    b = {f"net.{j}.blocks.{i - 1}.attn.weight": (4 + i + 10 * j, 4) for j in range(2) for i in range(1, 4)}
    [rule] = match(a, b).rules
    assert rule.why == "the layers m.stages.*.blocks.# are numbered from 1 in A and from 0 in B: matched by order"


@pytest.mark.parametrize(("a", "b"), [(layers(range(1, 12)), layers(range(12))), (layers(range(6, 12)), layers(range(12))),
                                      (layers(range(2, 8)), layers(range(6)))], ids=["shorter", "upper", "further"])
def test_that_where_nothing_tells_by_what_layers_go_names_do_and_the_other_way_is_offered(a: dict[str, tuple[int, ...]],
                                                                                          b: dict[str, tuple[int, ...]]) -> None:
    found = match(a, b)
    assert found.pairs == {name: name for name in a if name in b}
    [offered] = found.offered
    assert "which is meant cannot be told" in offered.why
    taken = match(a, b, accepted=(offered,))
    assert len(taken.pairs) == len(a)
    assert taken.pairs.items() >= dict(offered.pairs).items()


@pytest.mark.parametrize(("a", "b"), [(layers(range(6)), layers(range(12))), (layers(range(12)), layers((*range(11), 12))),
                                      (layers(range(6)), layers(range(6), width=16))], ids=["deeper", "one", "wider"])
def test_that_layers_that_begin_alike_are_paired_by_their_numbers(a: dict[str, tuple[int, ...]], b: dict[str, tuple[int, ...]]) -> None:
    found = match(a, b)
    assert all(x == y for x, y in found.pairs.items())
    assert not found.rules
    assert not found.offered


def test_that_a_part_that_moved_to_the_next_stage_is_paired_where_shapes_tell_and_its_stages_stay() -> None:
    def stages(downsampled: Iterable[int]) -> dict[str, tuple[int, ...]]:
        return {**{f"layers.{i}.blocks.{j}.attn.qkv.weight": (96 * 2**i * 3, 96 * 2**i) for i in range(4) for j in range(2)},
                **{f"layers.{i}.downsample.reduction.weight": (192 * 2**n, 384 * 2**n) for n, i in enumerate(downsampled)}}
    found = match(stages(range(3)), stages(range(1, 4)))
    assert {x: y for x, y in found.pairs.items() if x != y} == {
        f"layers.{i}.downsample.reduction.weight": f"layers.{i + 1}.downsample.reduction.weight" for i in range(3)}


# -- files made to be slow ------------------------------------------------------------------------------------------------------

def scored(monkeypatch: pytest.MonkeyPatch, a: Shapes, b: Shapes) -> int:
    """How many families were held against each other to match these."""
    times = 0
    score = structure._Chooser.score

    def counting(self: structure._Chooser, x: structure.Family, y: structure.Family) -> float:
        nonlocal times
        times += 1
        return score(self, x, y)

    monkeypatch.setattr(structure._Chooser, "score", counting)
    match(a, b)
    return times


def words(count: int, ending: str) -> list[str]:
    return [f"{chr(97 + n // 26)}{chr(97 + n % 26)}tower.{ending}.weight" for n in range(count)]


def test_that_families_of_one_shape_are_held_against_each_other_once_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (dict.fromkeys(words(40, ending), (64, 64)) for ending in ("left", "right"))
    assert 0 < scored(monkeypatch, a, b) <= 6 * 40 * 40


def test_that_of_very_many_families_without_shapes_not_each_is_held_against_each(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (dict.fromkeys(words(600, ending)) for ending in ("left", "right"))
    assert not scored(monkeypatch, a, b)


def test_that_of_a_name_of_very_many_segments_few_beginnings_are_looked_at() -> None:
    assert len([*prefixes._prefixes("a." * 5000 + "w", to_the_last=True)]) < 100


_NAMES = strategies.lists(strategies.sampled_from(["#", "##", "a", "a#1", "5", "12", "a5", "layers", "weight", "bias", "w"]),
                          min_size=1, max_size=4).map(".".join)
_SHAPES = strategies.dictionaries(_NAMES, strategies.sampled_from([(300, 300), (300,), (300, 200)]), max_size=6)


@given(_SHAPES, _SHAPES)
@example({"a.w": (300, 300)}, {"5.w": (300, 300)})
@example({"#.0.w": (300, 300), "1.0.w": (300, 200)}, {"7.3.w": (300, 300), "8.1.w": (300, 200)})
@example({"#.w": (300, 300)}, {"0.w": (300, 300)})
def test_that_whatever_names_are_called_each_is_paired_once_with_one_of_its_shape(a: Shapes, b: Shapes) -> None:
    pairs = match(a, b).pairs
    assert len(set(pairs.values())) == len(pairs)
    for mine, other in pairs.items():
        assert mine == other or a[mine] == b[other]
