"""Findings that are one for each kind and level."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from hypothesis import given
from hypothesis import strategies as st

from inspector import core

WORDS = st.text("ab.", max_size=4)
IDS = st.sampled_from(["unknown-code", "nan-values", "weights-only", "x"])
NAMES = st.lists(WORDS, max_size=3).map(tuple)
FINDINGS = st.lists(st.builds(core.Finding, IDS, st.sampled_from(core.LEVELS), WORDS, WORDS, WORDS, NAMES, code=NAMES))


@given(FINDINGS)
def test_that_every_finding_is_in_one_group_and_no_place_is_lost(findings: list[core.Finding]) -> None:
    groups = core.grouped_findings(findings)
    assert sorted(one for group in groups for one in group.findings) == sorted(findings)
    levels = [core.LEVELS.index(group.level) for group in groups]
    assert levels == sorted(levels, reverse=True)
    assert len({(group.id, group.level) for group in groups}) == len(groups)
    for group in groups:
        assert len({*group.places}) == len(group.places)
        assert {key for one in group.findings for key in one.keys} <= {*group.places}
    assert core.count_places(groups) == len({place for group in groups for place in group.places})


def of(*findings: core.Finding) -> list[tuple[str, tuple[str, ...]]]:
    return [(group.title, group.names) for group in core.grouped_findings(findings)]


def test_that_one_finding_about_one_thing_keeps_its_own_words() -> None:
    assert of(core.Finding("nan-values", "danger", "w", "3 elements are NaN, in 1 tensor: w (3).", keys=("w",))) \
        == [("3 elements are NaN, in 1 tensor: w (3).", ("w",))]
    assert of(core.Finding("odd", "warning", "data.pkl:3", "It is odd.")) == [("It is odd.", ())]


def test_that_classes_and_functions_are_told_apart() -> None:
    classes = core.Finding("unknown-code", "warning", "data.pkl:3", "Needs …", code=("a.Net", "a.Block"))
    function = core.Finding("unknown-code", "warning", "data.pkl:9", "Names …", code=("b.make",))
    assert of(classes) == [("Needs 2 classes that you may not have.", ("a.Net", "a.Block"))]
    assert of(classes, function) == [("Needs 3 classes and functions that you may not have.", ("a.Net", "a.Block", "b.make"))]


def test_that_what_can_run_commands_is_said_of_several_calls() -> None:
    def calls(*names: str) -> list[core.Finding]:
        return [core.Finding("unknown-code", "danger", "data.pkl:3", f"Calls {name}.", code=(name,)) for name in names]

    assert of(*calls("posix.system", "a.make"))[0][0] == "Calls or names 2 functions, by which it can run commands or code of its own."
    assert of(*calls("a.make", "b.make"))[0][0] == "Calls or names 2 functions not known here: torch.load would run them."


def test_that_what_is_refused_is_named_by_the_outermost_values(tmp_path: Path) -> None:
    class Odd:
        def __init__(self) -> None:
            self.inner: Any = {"path": Path("x")}

    Odd.__module__, Odd.__qualname__ = __name__, "Odd"
    globals()["Odd"] = Odd
    torch.save({"w": torch.ones(2), "odd": Odd(), "where": Path("y")}, tmp_path / "a.pth")
    refused = next(group for group in core.grouped_findings(core.open(tmp_path / "a.pth").findings) if group.id == "weights-only")
    assert refused.title == "torch.load refuses 2 values of it with weights_only=True."
    assert refused.names == ("odd", "where")
    assert len(refused.places) == 3


def test_that_hints_of_a_group_are_said_once() -> None:
    groups = core.grouped_findings([core.Finding("a", "info", "", "One.", "Do."), core.Finding("a", "info", "", "Two.", "Do."),
                                    core.Finding("a", "info", "", "Three.", "Or do not.")])
    assert [group.hint for group in groups] == ["Do. Or do not."]
    assert groups[0].title == "One. There are 2 more like it."
