"""`--dask ADDRESS|local`: tensors are read and measured by the workers of a dask cluster."""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inspector import core

if TYPE_CHECKING:
    from concurrent.futures import Executor

_SECONDS = 30       # that a scheduler has to answer
LOCAL = "local"


def add_dask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dask", metavar="ADDRESS", help="let the workers of a dask cluster read the tensors: the address of its "
                        f"scheduler, as in tcp://host:8786, or {LOCAL} for processes of this computer")


@contextmanager
def executor_of(asked: argparse.Namespace) -> Iterator[Executor | None]:
    """The workers asked for, or None. Raises UsageError when there are none to be had."""
    if asked.dask is None:
        yield None
        return
    try:
        import distributed
    except ImportError:
        raise core.UsageError("--dask needs dask.distributed, which is not installed",
                              "Install it: pip install 'checkpoint-inspector[cluster]'.") from None
    with _client(distributed, asked.dask) as client:
        yield client.get_executor()


@contextmanager
def _client(distributed: Any, address: str) -> Iterator[Any]:
    if address == LOCAL:
        with distributed.LocalCluster(processes=True, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster, \
                distributed.Client(cluster) as client:
            yield client
        return
    try:
        client = distributed.Client(core.with_secrets(address), timeout=_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        raise core.UsageError(f"the dask scheduler {core.visible(address, 200)} does not answer ({type(error).__name__})",
                              f"Check its address, or say --dask {LOCAL}.") from None
    with client:
        yield client
