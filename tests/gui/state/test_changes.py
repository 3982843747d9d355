"""What the comparison that was read says of each tensor, for pictures of either file."""
from __future__ import annotations

import math

import numpy as np

from inspector import core
from inspector.gui.state.changes import Changes, changes_of
from inspector.gui.state.session import Session

A = {"same": np.ones((2, 2), np.float32), "far": np.ones(4, np.float32), "bent": np.ones((2, 3), np.float32),
     "gone": np.ones(7, np.float32), "bad": np.ones(3, np.float32)}
B = {"same": np.ones((2, 2), np.float32), "far": np.full(4, 1.5, np.float32), "bent": np.ones((3, 5), np.float32),
     "new": np.ones(9, np.float32), "bad": np.array([1, np.nan, 1], np.float32)}


def compared() -> core.Comparison:
    a, b = core.edit(A, []), core.edit(B, [])
    comparison = core.pair_up(a, b)
    pairs = list(comparison.pairs)
    for n, found in core.differences(comparison):
        pairs[n] = core.with_difference(pairs[n], found)
    return core.with_pairs(comparison, pairs)


def test_that_a_change_is_the_distance_and_what_has_none_is_said() -> None:
    of_a, of_b = changes_of(compared())
    assert (of_a["same"], of_b["same"]) == (0.0, 0.0)
    assert of_a["far"] == of_b["far"]
    assert math.isclose(of_a["far"], 0.5)
    assert all(math.isnan(of_a[key]) for key in ("bent", "gone", "bad"))
    assert math.isnan(of_b["new"])
    assert "new" not in of_a


def test_that_what_was_not_read_is_not_said() -> None:
    of_a, _ = changes_of(core.pair_up(core.edit(A, []), core.edit(B, [])))
    assert "far" not in of_a
    assert "same" not in of_a


def test_that_changes_are_of_the_files_as_they_were_compared_and_go_with_either(session: Session) -> None:
    comparison = compared()
    one, two = session.add("/x/a.pth"), session.add("/x/b.pth")
    session.loaded(one.id, comparison.a)
    session.loaded(two.id, comparison.b)
    changes = Changes.shared(session)
    assert Changes.shared(session) is changes
    assert changes.of(one) is None
    changes.keep((one.id, two.id), comparison, changes_of(comparison))
    found = changes.of(two)
    assert found is not None
    assert found.other == comparison.a.path
    assert "new" in found.by_key
    session.loaded(two.id, core.edit(A, []))            # another file under that name
    assert changes.of(two) is None
    assert changes.of(one) is not None
    session.remove(two.id)
    assert changes.of(one) is None
