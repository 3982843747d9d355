from __future__ import annotations

import pytest

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


def test_that_layers_numbered_from_another_start_are_offered_and_no_odd_one_is_paired() -> None:
    a = {f"blocks.{i}.weight": (8, 8) for i in range(4)}
    b = {f"blocks.{i}.weight": (8, 8) for i in range(1, 5)}
    found = match(a, b)
    assert found.pairs == {f"blocks.{i}.weight": f"blocks.{i}.weight" for i in range(1, 4)}
    [offered] = found.offered
    assert dict(offered.pairs) == {f"blocks.{i}.weight": f"blocks.{i + 1}.weight" for i in range(4)}
    taken = match(a, b, accepted=(offered,))
    assert taken.pairs == dict(offered.pairs)


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
