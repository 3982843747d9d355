from __future__ import annotations

import pytest

from inspector.core.comparison.pairing.match import match
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
