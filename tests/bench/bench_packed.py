"""How fast packed weights are measured as what they stand for, against the library that packs them, in one run.

    python tests/bench/bench_packed.py [--folder DIR] [--gigabytes 0.25] [--rival-tensors 8] [--python PYTHON]

A checkpoint of bitsandbytes' NF4 is made (blocks of 64, random codes), so many gigabytes of stored codes. Ours is `core.summarize` of
`core.unpacked`: all statistics, quantiles and a histogram of every tensor's values. The rival reads the same tensors with
safetensors, has bitsandbytes dequantize them on the processor, and asks torch, with the same number of threads, for `aminmax`,
`std_mean`, the counts of NaN, infinities and zeros, and `histc` (no quantiles); it is run by PYTHON, which must have torch, safetensors
and bitsandbytes, and measures the first so many tensors only. Where that cannot be had, the same is done with torch alone, by the table
of 16 values, and said so. Rates are of values as float32 by the clock, and by processor time times the threads. The bars, which nothing
asserts: five times as fast, and 200 MB.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ROWS = COLS = 4096
NF4 = (-1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.09105004, 0.0, 0.0795803, 0.1609302, 0.2461123, 0.33791524,
       0.44070983, 0.562617, 0.72295684, 1.0)
OURS = """
import resource, sys, time
from inspector import core
def usage():        # KiB; the system's own count for a process begins with its parent's
    try:
        return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ckpt = core.unpacked(core.open(sys.argv[1]))
before = usage()
core.summarize(ckpt, list(ckpt.tensors)[:1])            # loads numpy and makes the loops
cpu, start = time.process_time(), time.perf_counter()
found = core.summarize(ckpt)
seconds = time.perf_counter() - start
nbytes = sum(info.numel * 4 for info in ckpt.tensors.values())
print(nbytes / seconds, nbytes / (time.process_time() - cpu), (usage() - before) / 1024, found[next(iter(found))].mean)
"""
RIVAL = """
import json, sys, time, torch
from safetensors import safe_open
torch.set_num_threads(int(sys.argv[2]))
if sys.argv[4] == "bitsandbytes":
    from bitsandbytes import functional
def unpacked(f, name):
    codes, scales, table = f.get_tensor(name), f.get_tensor(name + ".absmax"), f.get_tensor(name + ".quant_map")
    state = json.loads(bytes(f.get_tensor(name + ".quant_state.bitsandbytes__nf4").tolist()))
    if sys.argv[4] == "bitsandbytes":
        made = functional.QuantState(scales, shape=torch.Size(state["shape"]), code=table, blocksize=state["blocksize"], quant_type="nf4",
                                     dtype=torch.float32)
        return functional.dequantize_4bit(codes, made)
    both = torch.stack((codes >> 4, codes & 15), -1).flatten().long()
    return (table[both].reshape(-1, state["blocksize"]) * scales[:, None]).reshape(state["shape"])
names, n, first = [], 0, None
with safe_open(sys.argv[1], framework="pt") as f:
    names = sorted(key for key in f.keys() if key.endswith(".weight"))[:int(sys.argv[3])]
    unpacked(f, names[0])
    start, cpu = time.perf_counter(), time.process_time()
    for name in names:
        x = unpacked(f, name)
        n += x.nbytes
        nan, inf = torch.isnan(x).sum().item(), torch.isinf(x).sum().item()
        zeros = (x == 0).sum().item()
        low, high = torch.aminmax(x)
        std, mean = torch.std_mean(x, correction=0)
        hist = torch.histc(x, 64, low.item(), high.item())
        first = mean.item() if first is None else first
print(n / (time.perf_counter() - start), n / (time.process_time() - cpu), 0, first)
"""


def make(path: Path, gigabytes: float) -> int:
    """Writes the checkpoint, one tensor after the other, and gives how many there are."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, ROWS * COLS // 2, dtype=np.uint8).tobytes()
    scales = rng.uniform(0.01, 0.1, ROWS * COLS // 64).astype("<f4").tobytes()
    table = np.array(NF4, "<f4").tobytes()
    state = json.dumps({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [ROWS, COLS]}).encode()
    count = max(1, round(gigabytes * 1e9 / len(codes)))
    header: dict[str, object] = {}
    at = 0
    for n in range(count):
        for ending, dtype, shape, data in (("", "U8", [len(codes), 1], codes), (".absmax", "F32", [len(scales) // 4], scales),
                                           (".quant_map", "F32", [16], table),
                                           (".quant_state.bitsandbytes__nf4", "U8", [len(state)], state)):
            header[f"layers.{n:03}.weight{ending}"] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
            at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _ in range(count):
            file.write(codes + scales + table + state)
    return count


def run(python: str, script: str, *arguments: object) -> tuple[float, float, float, float] | None:
    done = subprocess.run([python, "-c", script, *map(str, arguments)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with {done.returncode}", file=sys.stderr)
        return None
    clock, processor, memory, mean = map(float, done.stdout.split())
    return clock, processor, memory, mean


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--gigabytes", type=float, default=0.25)
    parser.add_argument("--rival-tensors", type=int, default=8)
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has bitsandbytes")
    asked = parser.parse_args()
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "model.safetensors"
        count = make(path, asked.gigabytes)
        print(f"{count} tensors of {ROWS} x {COLS}, {path.stat().st_size / 1e9:.2f} GB of NF4; {threads} threads")
        ours = run(sys.executable, OURS, path)
        rival, name = run(asked.python, RIVAL, path, threads, asked.rival_tensors, "bitsandbytes"), "bitsandbytes and torch"
        if rival is None:
            rival, name = run(asked.python, RIVAL, path, threads, asked.rival_tensors, "torch"), "torch alone, by the table"
    for who, found in (("inspector", ours), (name, rival)):
        if found is not None:
            print(f"{who:28} {found[0] / 1e9:6.2f} GB/s of values by the clock, {found[1] * threads / 1e9:6.2f} by processor time"
                  + (f", +{found[2]:.0f} MB" if who == "inspector" else f" (first {asked.rival_tensors} tensors)"))
    if ours is not None and rival is not None:
        print(f"ratio                        {ours[0] / rival[0]:6.1f} by the clock, {ours[1] / rival[1]:6.1f} by processor time; "
              f"means {ours[3]:.9g} and {rival[3]:.9g}")


if __name__ == "__main__":
    main()
