"""The collector's pauses, alone, nested and in several threads at once."""
from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from inspector.core.runtime.collector import CollectorByHand, collector_paused


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    gc.enable()
    yield
    gc.unfreeze()
    gc.enable()


def test_that_a_pause_ends_with_the_outermost() -> None:
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_that_who_found_it_off_leaves_it_off() -> None:
    gc.disable()
    with collector_paused():
        pass
    assert not gc.isenabled()


def test_that_of_two_threads_the_last_switches_it_on() -> None:
    """The window is made while a worker opens the file: the first to be ready must not end the other's pause."""
    begun, go_on = threading.Event(), threading.Event()
    seen: list[bool] = []

    def work() -> None:
        with collector_paused():
            begun.set()
            go_on.wait(10)
            seen.append(gc.isenabled())

    thread = threading.Thread(target=work)
    with collector_paused():
        thread.start()
        begun.wait(10)
    assert not gc.isenabled()
    go_on.set()
    thread.join()
    assert seen == [False]
    assert gc.isenabled()


@pytest.mark.parametrize("for_good", [False, True])
def test_that_for_good_it_never_looks_again_at_what_there_is(for_good: bool) -> None:
    before = gc.get_freeze_count()
    with collector_paused(for_good):
        kept = [[] for _ in range(1000)]
    assert (gc.get_freeze_count() > before) is for_good
    del kept


class _Cycle:
    def __init__(self, told: list[int]) -> None:
        self.itself, self.told = self, told

    def __del__(self) -> None:
        self.told.append(threading.get_ident())


def _litter(told: list[int]) -> None:
    for _ in range(3000):
        _Cycle(told)


def test_that_by_hand_garbage_goes_in_the_thread_that_looks_wherever_it_was_made() -> None:
    told: list[int] = []
    hand = CollectorByHand()
    thread = threading.Thread(target=_litter, args=(told,))
    thread.start()
    thread.join()
    assert told == []
    hand.look()
    assert len(told) == 3000
    assert set(told) == {threading.get_ident()}
    hand.close()
    assert gc.isenabled()
    hand.look()


def test_that_what_is_old_goes_when_it_is_looked_at_thoroughly() -> None:
    told: list[int] = []
    hand = CollectorByHand()
    cycle = _Cycle(told)
    gc.collect(1)
    del cycle
    for _ in range(12):
        gc.collect(1)
        hand.look()
    assert told == []
    hand.look(thoroughly=True)
    assert told == [threading.get_ident()]
    hand.close()


def test_that_a_pause_inside_ends_without_switching_it_on_and_keeps_what_it_made_out_of_sight() -> None:
    before = gc.get_freeze_count()
    hand, other = CollectorByHand(), CollectorByHand()
    told: list[int] = []
    with collector_paused(for_good=True):
        _litter(told)
        hand.look()
        assert told == []
    assert not gc.isenabled()
    assert gc.get_freeze_count() > before
    hand.close()
    hand.close()
    assert not gc.isenabled()
    other.close()
    assert gc.isenabled()


def test_that_who_has_it_off_anyway_keeps_it_off() -> None:
    gc.disable()
    hand = CollectorByHand()
    told: list[int] = []
    _litter(told)
    hand.look(thoroughly=True)
    hand.close()
    assert not gc.isenabled()
    assert told == []


def test_that_a_flood_of_rows_is_not_walked_in_the_way_and_garbage_among_it_goes_at_a_thorough_look() -> None:
    told: list[int] = []
    walked: list[int] = []

    def note(phase: str, about: dict[str, int]) -> None:
        walked.append(about["generation"])

    hand = CollectorByHand()
    rows = [[n] for n in range(50_000)]
    _litter(told)
    gc.callbacks.append(note)
    try:
        hand.look()
        assert walked == []
        assert told == []
        assert gc.get_count()[0] < 50_000
        hand.look(thoroughly=True)
    finally:
        gc.callbacks.remove(note)
        hand.close()
    assert len(told) == 3000
    assert len(rows) == 50_000


def test_that_what_is_kept_for_good_stays_out_of_sight_when_others_are_put_by() -> None:
    told: list[int] = []
    hand = CollectorByHand()
    with collector_paused(for_good=True):
        kept = [[] for _ in range(1000)]
    count = gc.get_freeze_count()
    with collector_paused():
        _litter(told)
    assert gc.get_freeze_count() >= count
    rows = [[n] for n in range(50_000)]
    _litter(told)
    hand.look()
    assert gc.get_freeze_count() >= count
    assert told == []
    hand.look(thoroughly=True)
    assert len(told) == 6000
    assert gc.get_freeze_count() >= count
    hand.close()
    assert len(kept) + len(rows) == 51_000
