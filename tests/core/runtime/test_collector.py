"""The collector's pauses, alone, nested and in several threads at once."""
from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from inspector.core.runtime.collector import collector_paused


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
