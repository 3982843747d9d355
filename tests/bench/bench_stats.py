"""How fast all tensors are measured, as ratios against a straightforward torch pass and against reading memory, in one run.

    python tests/bench/bench_stats.py [--folder DIR] [--gigabytes 2] [--runs 3] [--tensor-mb 32] [--only float32,bfloat16,pth]

Ours is `core.summarize`: all statistics, quantiles and a histogram of every tensor. The rival reads the same tensors with
safetensors and asks torch, with the same number of threads, for `float()`, `aminmax`, `std_mean`, the counts of NaN, infinities and
zeros, and `histc` (no quantiles). Both take turns; medians. Memory is read by taking the maximum of a warm array on as many threads.
The files are in the page cache; ours includes reading them (in "pth" also their checksums). Asserts nothing: the bars stand beside,
and what the same machine makes in the same run of only reading the file and counting, the least that there is to do.

Every rate is told twice: by the clock, and by processor time times the threads, which still means something while other programs
are busy on the same cores.
"""
from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = """
import resource, sys, time
from inspector import core
ckpt = core.open(sys.argv[1])
def usage():        # KiB; the system's own count for a process begins with its parent's
    try:
        return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = usage()
core.summarize(ckpt, list(ckpt.tensors)[:4])            # loads numpy and makes the loops
nbytes = sum(info.nbytes for info in ckpt.tensors.values())
cpu, start = time.process_time(), time.perf_counter()
summaries = core.summarize(ckpt)
seconds = time.perf_counter() - start
print(nbytes / seconds, nbytes / (time.process_time() - cpu), (usage() - before) / 1024)
"""
RIVAL = """
import sys, time, torch
from safetensors import safe_open
torch.set_num_threads(int(sys.argv[2]))
n = 0
start, cpu = time.perf_counter(), time.process_time()
with safe_open(sys.argv[1], framework="pt") as f:
    for i, key in enumerate(f.keys()):
        if i == int(sys.argv[3]):
            break
        t = f.get_tensor(key)
        n += t.nbytes
        x = t.float()
        nan, inf = torch.isnan(x).sum().item(), torch.isinf(x).sum().item()
        zeros = (x == 0).sum().item()
        low, high = torch.aminmax(x)
        std, mean = torch.std_mean(x, correction=0)
        hist = torch.histc(x, 64, low.item(), high.item())
print(n / (time.perf_counter() - start), n / (time.process_time() - cpu), 0)
"""

BARE = """
import os, sys, threading, time
import numpy as np
from inspector.core.measures import kernels
path, threads, wide, piece, worth = sys.argv[1], int(sys.argv[2]), sys.argv[3] != "bfloat16", 4 << 20, 1 << 40
share = os.path.getsize(path) // threads // piece * piece
file = os.open(path, os.O_RDONLY)
kernels.count16(np.zeros(8, np.uint16), np.zeros((2, 65536), np.uint32), worth)
kernels.scan(kernels.FLOAT32, np.zeros(8, np.float32), np.zeros((2, 65536), np.uint32), worth)
def run(start):
    room, table = np.ones(piece, np.uint8), np.zeros((2, 65536), np.uint32)
    for again in range(2 if wide else 1):
        for at in range(start, start + share, piece):
            os.preadv(file, [room.data], at)
            if not wide:
                kernels.count16(room.view(np.uint16), table, worth)
            elif not again:
                kernels.scan(kernels.FLOAT32, room.view(np.float32), table, worth)
workers = [threading.Thread(target=run, args=(n * share,)) for n in range(threads)]
cpu, start = time.process_time(), time.perf_counter()
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(threads * share / (time.perf_counter() - start), threads * share / (time.process_time() - cpu), 0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "inspector-bench")
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tensor-mb", type=int, default=32)
    parser.add_argument("--only", default="float32,bfloat16,pth")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    print(f"Python {sys.version.split()[0]}, {cores} cores, load {os.getloadavg()[0]:.1f}, {options.runs} runs each, medians")
    for name in options.only.split(","):
        dtype = "bfloat16" if name == "bfloat16" else "float32"
        plain = sample(options, dtype, "safetensors")
        path = sample(options, dtype, "pth") if name == "pth" else plain
        ours, rival, memory, bare = [], [], [], []
        for _ in range(options.runs + 1):
            memory.append(memory_rate(cores))
            ours.append(measured(OURS, path))
            rival.append(measured(RIVAL, plain, cores, 8))
            bare.append(measured(BARE, plain, cores, dtype))
        show(name, ours[1:], rival[1:], memory[1:], bare[1:], cores)


def show(name: str, ours: list[tuple[float, ...]], rival: list[tuple[float, ...]], memory: list[tuple[float, ...]],
         bare: list[tuple[float, ...]], cores: int) -> None:
    bar = 1 / 4 if name == "bfloat16" else 1 / 8
    print(f"\n{name}")
    for which, how, factor in ((0, "by the clock", 1), (1, "by processor time", cores)):
        rates = [statistics.median(run[which] for run in runs) * factor / 1e9 for runs in (ours, rival, memory)]
        faster = statistics.median(a[which] / b[which] for a, b in zip(ours, rival, strict=True))
        share = statistics.median(a[which] / b[which] for a, b in zip(ours, memory, strict=True))
        print(f"  {how:18} ours {rates[0]:6.2f}  torch {rates[1]:6.3f}  memory {rates[2]:6.1f} GB/s; "
              f"{faster:6.1f} x torch (bar 10), {share:.3f} of memory (bar {bar})")
    floor = statistics.median(run[0] for run in bare) / 1e9
    share = statistics.median(a[0] / b[0] for a, b in zip(bare, memory, strict=True))
    print(f"  by the clock       {'reading twice and the first pass' if name != 'bfloat16' else 'reading and counting'} alone, and nothing "
          f"else: {floor:.2f} GB/s, {share:.3f} of memory")
    print(f"  peak memory grew by {max(run[2] for run in ours):.0f} MB, numpy and llvmlite included (bar 150)" +
          ("; checksums of everything included" if name == "pth" else ""))


def measured(code: str, *arguments: object) -> tuple[float, ...]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], env=environment, check=True, capture_output=True, text=True)
    return tuple(map(float, done.stdout.split()))


def memory_rate(threads: int) -> tuple[float, float]:
    """Bytes a second that as many threads read together from arrays too big for the caches: by the clock, and by processor time."""
    import numpy as np
    parts = [np.ones(128 << 20, np.uint8).view(np.uint64) for _ in range(threads)]
    nbytes = sum(part.nbytes for part in parts)
    best = (0.0, 0.0)
    for _ in range(6):
        workers = [threading.Thread(target=part.max) for part in parts]
        start, cpu = time.perf_counter(), time.process_time()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        now = nbytes / (time.perf_counter() - start), nbytes / (time.process_time() - cpu)
        best = max(best[0], now[0]), max(best[1], now[1])
    return best


def sample(options: argparse.Namespace, dtype: str, suffix: str) -> Path:
    path = options.folder / f"stats_{dtype}_{options.gigabytes:g}GB_{options.tensor_mb}MB.{suffix}"
    if not path.exists():
        print(f"writing {path} …", flush=True)
        count = max(1, int(options.gigabytes * 1e9) // (options.tensor_mb << 20))
        code = f"""
import torch
from safetensors.torch import save_file
made = torch.Generator().manual_seed(0)
item = torch.{dtype}.itemsize
tensors = {{f"layers.{{i}}.weight": (torch.randn(1024, ({options.tensor_mb} << 20) // item // 1024, generator=made)
           * 0.02 * (1 + i / 8)).to(torch.{dtype}) for i in range({count})}}
(save_file if {suffix!r} == "safetensors" else torch.save)(tensors, PATH)"""
        partial = path.with_name(path.name + ".partial")
        subprocess.run([sys.executable, "-c", f"PATH = {str(partial)!r}\n{code}"], check=True)
        partial.rename(path)
    with open(path, "rb") as file:          # into the page cache
        while file.read(16 << 20):
            pass
    return path


if __name__ == "__main__":
    main()
