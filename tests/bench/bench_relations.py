"""How long it takes to find what tensors of one file are made of the other's, against comparing two files whose tensors have partners.

    python tests/bench/bench_relations.py [--folder DIR] [--runs 3] [--gigabytes 1]

A is LLaMA-like with fused attention and transposed output, B transformers' form of it; C is B with all values changed, so that
`B against C` is the plain comparison of as many bytes. Whole processes in turn. Prints and asserts nothing; the bar stands beside the
figure.
"""
from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from bench_compare import run

MAKE = """
import sys, torch
size, folder = float(sys.argv[1]), sys.argv[2]
torch.manual_seed(0)
wide, heads = 2048, 16
def halves(w):
    return w.view(heads, w.shape[0] // heads // 2, 2, -1).transpose(1, 2).reshape(w.shape).contiguous()
a, b, c = {}, {}, {}
for i in range(max(1, int(size * 1e9 / (4 * wide * wide * 4)))):
    q, k, v, o = (torch.randn(wide, wide) for _ in range(4))
    a[f"layers.{i}.attention.wqkv.weight"] = torch.cat([q, k, v])
    a[f"layers.{i}.attention.wo.kernel"] = o.t().contiguous()
    for name, w in (("q_proj", halves(q)), ("k_proj", halves(k)), ("v_proj", v), ("o_proj", o)):
        b[f"model.layers.{i}.self_attn.{name}.weight"] = w
        c[f"model.layers.{i}.self_attn.{name}.weight"] = w + 0.01 * torch.randn(w.shape)
for name, state in zip("abc", (a, b, c)):
    torch.save(state, f"{folder}/relations_{size:g}_{name}.pth")
"""
OURS = """
import resource, sys
from inspector import core
a, b = map(core.open, sys.argv[1:3])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = core.compare(a, b)
print(len(found.rearranged), found.verdict.id, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "inspector-bench")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    a, b, c = (options.folder / f"relations_{options.gigabytes:g}_{name}.pth" for name in "abc")
    if not all(path.exists() for path in (a, b, c)):
        run(MAKE, options.gigabytes, options.folder)
    run(OURS, b, c)                                 # loops are made once
    plain, related = [], []
    for _ in range(options.runs):
        plain.append(run(OURS, b, c))
        related.append(run(OURS, a, b))
    mine, other = (statistics.median(one.seconds for one in runs) for runs in (related, plain))
    count, verdict, memory = related[-1].said.split()
    print(f"relations of two {options.gigabytes:g} GB files: {mine:.2f} s ({count} found, {verdict}, memory +{float(memory):.0f} MB), "
          f"plain comparison {other:.2f} s ({plain[-1].said.split()[1]}): {mine / other:.2f}x (bar 3x)")


if __name__ == "__main__":
    main()
