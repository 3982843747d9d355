"""Two processes against one, and what is sent to them: python -m tests.bench.bench_executors [MEGABYTES]"""
from __future__ import annotations

import multiprocessing
import pickle
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from inspector import core


class Counting(ProcessPoolExecutor):
    """Adds up the bytes of the jobs that are sent."""

    sent = 0
    jobs = 0

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Any:
        self.sent += len(pickle.dumps((work, arguments)))
        self.jobs += 1
        return super().submit(work, *arguments, **named)


def warm(_: int) -> int:
    import inspector.core.measures.summary  # noqa: F401
    return 0


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    tensors = 100
    with tempfile.TemporaryDirectory() as folder:
        random = np.random.default_rng(0)
        path = Path(folder) / "a.safetensors"
        one = random.standard_normal((megabytes << 20) // tensors // 4).astype(np.float32)
        core.save({f"layer.{n}.weight": one * (n + 1) for n in range(tensors)}, path)
        ckpt = core.open(path)
        took = {}
        for count in (1, 2):
            with Counting(count, multiprocessing.get_context("spawn")) as pool:
                list(pool.map(warm, range(4 * count)))
                for what, run in (("summaries", lambda pool=pool: core.summarize(ckpt, executor=pool)),
                                  ("digests", lambda pool=pool: dict(core.digests(ckpt, executor=pool)))):
                    pool.sent = pool.jobs = 0
                    began = time.perf_counter()
                    run()
                    took[what, count] = time.perf_counter() - began
                    print(f"{what} of {megabytes} MB in {tensors} tensors, {count} processes: {took[what, count]:.2f} s, {pool.jobs} jobs, "
                          f"{pool.sent / tensors:,.0f} bytes sent for each tensor")
        for what in ("summaries", "digests"):
            print(f"{what}: 2 processes are {took[what, 1] / took[what, 2]:.2f} times as fast as 1")


if __name__ == "__main__":
    main()
