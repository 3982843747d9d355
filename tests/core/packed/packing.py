"""Packed weights made by hand, code by code, and what each element of them is: slow, plain, and apart from what is tested."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

Array = np.ndarray[Any, Any]
E2M1 = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]


class Packed(NamedTuple):
    tensors: dict[str, Array]
    config: dict[str, Any]
    name: str
    scheme: str
    values: Array
    parts: set[str]
    metadata: dict[str, str] = {}  # noqa: RUF012 - never changed

    def save(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({key: np.ascontiguousarray(array).reshape(array.shape) for key, array in self.tensors.items()},
                  folder / "model.safetensors", self.metadata or None)
        for file, content in self.config.items():
            (folder / file).write_text(json.dumps(content), "utf-8")
        return folder / "model.safetensors"


def bits_of(codes: list[int], width: int) -> int:
    """Codes one behind the other, the first in the lowest bits, as one number."""
    return sum(code << (n * width) for n, code in enumerate(codes))


def words(codes: list[int], width: int) -> list[int]:
    number, count = bits_of(codes, width), -(-len(codes) * width // 32)
    return [(number >> (32 * n)) & 0xFFFFFFFF for n in range(count)]


def int32(rows: list[list[int]]) -> Array:
    return np.array(rows, np.uint32).view(np.int32)


def each(rows: int, cols: int, value: Callable[[int, int], float]) -> Array:
    """The matrix of what `value` says of each place."""
    return np.array([[value(r, c) for c in range(cols)] for r in range(rows)])


def gptq(rng: np.random.Generator, rows: int, cols: int, bits: int = 4, group: int = 8, form: str = "gptq",
         ordered: bool = False) -> Packed:
    groups = -(-cols // group)
    index = np.arange(cols) // group
    if ordered:
        index = rng.permutation(index)
    codes = rng.integers(0, 1 << bits, (rows, cols))
    zeros = rng.integers(1, 1 << bits, (groups, rows))
    scales = rng.uniform(0.01, 0.1, (groups, rows)).astype(np.float16)
    values = each(rows, cols, lambda r, c: (int(codes[r, c]) - int(zeros[index[c], r])) * float(scales[index[c], r]))
    stored = zeros - 1 if form == "gptq" else zeros
    tensors = {"m.qweight": int32([words(codes[r].tolist(), bits) for r in range(rows)]).T.copy(),
               "m.qzeros": int32([words(stored[g].tolist(), bits) for g in range(groups)]), "m.scales": scales,
               "m.g_idx": index.astype(np.int32), "m.bias": np.ones(rows, np.float16)}
    config = {"quantize_config.json": {"bits": bits, "group_size": group, "checkpoint_format": form, "sym": False, "desc_act": ordered}}
    return Packed(tensors, config, "m.weight", "gptq" if form == "gptq" else "gptq-v2", values, set(tensors) - {"m.bias"})


def awq(rng: np.random.Generator, rows: int, cols: int, group: int = 8) -> Packed:
    order = (0, 2, 4, 6, 1, 3, 5, 7)

    def packed(codes: Array) -> Array:
        return int32([[bits_of([int(line[8 * w + order[k]]) for k in range(8)], 4) for w in range(len(line) // 8)] for line in codes])

    codes, zeros = rng.integers(0, 16, (cols, rows)), rng.integers(0, 16, (cols // group, rows))
    scales = rng.uniform(0.01, 0.1, (cols // group, rows)).astype(np.float16)
    values = each(rows, cols, lambda r, c: (int(codes[c, r]) - int(zeros[c // group, r])) * float(scales[c // group, r]))
    config = {"config.json": {"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": group, "version": "gemm"}}}
    return Packed({"m.qweight": packed(codes), "m.qzeros": packed(zeros), "m.scales": scales}, config, "m.weight", "awq-gemm", values,
                  {"m.qweight", "m.qzeros", "m.scales"})


def bitsandbytes(rng: np.random.Generator, shape: tuple[int, ...], block: int = 64, nested: bool = False) -> Packed:
    numel = int(np.prod(shape))
    table = np.sort(rng.uniform(-1, 1, 16)).astype(np.float32)
    codes = rng.integers(0, 16, numel)
    blocks = -(-numel // block)
    padded = [*codes.tolist(), *[0] * (numel % 2)]
    data = np.array([(padded[2 * i] << 4) | padded[2 * i + 1] for i in range(len(padded) // 2)], np.uint8).reshape(-1, 1)
    said: dict[str, Any] = {"quant_type": "nf4", "blocksize": block, "dtype": "bfloat16", "shape": list(shape)}
    tensors = {"m.weight": data, "m.weight.quant_map": table}
    if nested:
        inner, steps = rng.integers(0, 256, blocks).astype(np.uint8), np.sort(rng.uniform(-1, 1, 256)).astype(np.float32)
        outer = rng.uniform(0.1, 1, -(-blocks // 4)).astype(np.float32)
        scales = [float(np.float32(np.float32(steps[inner[j]]) * outer[j // 4]) + np.float32(0.25)) for j in range(blocks)]
        said |= {"nested_blocksize": 4, "nested_dtype": "float32", "nested_offset": 0.25}
        tensors |= {"m.weight.absmax": inner, "m.weight.nested_absmax": outer, "m.weight.nested_quant_map": steps}
    else:
        absmax = rng.uniform(0.1, 1, blocks).astype(np.float32)
        scales = [float(x) for x in absmax]
        tensors["m.weight.absmax"] = absmax
    tensors["m.weight.quant_state.bitsandbytes__nf4"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
    values = np.array([float(table[codes[i]]) * scales[i // block] for i in range(numel)]).reshape(shape)
    return Packed(tensors, {}, "m.weight", "bnb-nf4", values, set(tensors))


def bit_packed(rng: np.random.Generator, rows: int, cols: int, bits: int = 4, group: int = 8, symmetric: bool = True) -> Packed:
    groups = -(-cols // group)
    codes, zeros = rng.integers(0, 1 << bits, (rows, cols)), rng.integers(0, 1 << bits, (rows, groups))
    scales = rng.uniform(0.01, 0.1, (rows, groups)).astype(np.float32)
    middle = 1 << (bits - 1)
    values = np.array([[(int(codes[r, c]) - (middle if symmetric else int(zeros[r, c // group]))) * float(scales[r, c // group])
                        for c in range(cols)] for r in range(rows)])
    tensors = {"m.weight_packed": int32([words(line.tolist(), bits) for line in codes]), "m.weight_scale": scales,
               "m.weight_shape": np.array([rows, cols], np.int64)}
    if not symmetric:
        tensors["m.weight_zero_point"] = int32([words(zeros[:, g].tolist(), bits) for g in range(groups)]).T.copy()
    weights = {"num_bits": bits, "type": "int", "symmetric": symmetric, "group_size": group, "strategy": "group"}
    config = {"config.json": {"quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {
        "group_0": {"targets": ["Linear"], "weights": weights}}}}}
    return Packed(tensors, config, "m.weight", "ct-pack-quantized", values, set(tensors))


def bit_packed_with_one_scale(rng: np.random.Generator, rows: int, cols: int, bits: int = 4) -> Packed:
    """The strategy "tensor": one scale and one zero point, which is not packed."""
    made = bit_packed(rng, rows, cols, bits, cols)
    codes, zero, scale = rng.integers(0, 1 << bits, (rows, cols)), int(rng.integers(-(1 << bits - 1), 1 << bits - 1)), np.float32(0.03)
    tensors = {**made.tensors, "m.weight_packed": int32([words(line.tolist(), bits) for line in codes]),
               "m.weight_scale": scale.reshape(1), "m.weight_zero_point": np.array([zero], np.int8)}
    weights = made.config["config.json"]["quantization_config"]["config_groups"]["group_0"]["weights"]
    weights.update(symmetric=False, strategy="tensor", group_size=None)
    values = each(rows, cols, lambda r, c: (int(codes[r, c]) - (1 << bits - 1) - zero) * float(scale))
    return made._replace(tensors=tensors, values=values, parts=set(tensors))


def nibbles(codes: Array) -> Array:
    return (codes[..., 0::2] | (codes[..., 1::2] << 4)).astype(np.uint8)


def four_bit_floats(rng: np.random.Generator, rows: int, cols: int, divided: bool) -> Packed:
    """NVFP4 as compressed-tensors or as ModelOpt names it: the same shapes, and the scale of all divides or multiplies."""
    codes = rng.integers(0, 16, (rows, cols))
    scales = rng.uniform(0.5, 4, (rows, cols // 16)).astype(ml_dtypes.float8_e4m3fn)
    whole = np.array([3.5], np.float32)
    both = scales.astype(np.float32) / whole[0] if divided else scales.astype(np.float32) * whole[0]
    values = each(rows, cols, lambda r, c: E2M1[codes[r, c]] * float(both[r, c // 16]))
    if divided:
        tensors = {"m.weight_packed": nibbles(codes), "m.weight_scale": scales, "m.weight_global_scale": whole}
    else:
        tensors = {"m.weight": nibbles(codes), "m.weight_scale": scales, "m.weight_scale_2": whole}
    return Packed(tensors, {}, "m.weight", "ct-nvfp4" if divided else "modelopt-nvfp4", values, set(tensors))


def float_blocks(rng: np.random.Generator, rows: int, cols: int, high: int, wide: int) -> Packed:
    data = rng.uniform(-3, 3, (rows, cols)).astype(ml_dtypes.float8_e4m3fn)
    scales = rng.uniform(0.5, 2, (-(-rows // high), -(-cols // wide))).astype(np.float32)
    values = np.array([[float(np.float32(data[r, c]) * scales[r // high, c // wide]) for c in range(cols)] for r in range(rows)])
    config = {"config.json": {"quantization_config": {"quant_method": "fp8", "weight_block_size": [high, wide]}}}
    tensors = {"m.weight": data, "m.weight_scale_inv": scales}
    return Packed(tensors, config, "m.weight", "fp8-block", values, set(tensors))


def experts(rng: np.random.Generator, count: int, rows: int, blocks: int) -> Packed:
    codes, powers = rng.integers(0, 16, (count, rows, blocks, 32)), rng.integers(120, 134, (count, rows, blocks)).astype(np.uint8)
    values = np.array([[[E2M1[codes[e, r, c // 32, c % 32]] * 2.0 ** (int(powers[e, r, c // 32]) - 127) for c in range(blocks * 32)]
                        for r in range(rows)] for e in range(count)])
    return Packed({"up_blocks": nibbles(codes), "up_scales": powers}, {}, "up", "mxfp4", values, {"up_blocks", "up_scales"})


def mlx(rng: np.random.Generator, rows: int, cols: int, bits: int, group: int) -> Packed:
    codes = rng.integers(0, 1 << bits, (rows, cols))
    scales, biases = (rng.uniform(-0.1, 0.1, (rows, cols // group)).astype(np.float16) for _ in range(2))
    values = each(rows, cols, lambda r, c: int(codes[r, c]) * float(scales[r, c // group]) + float(biases[r, c // group]))
    tensors = {"m.weight": np.array([words(line.tolist(), bits) for line in codes], np.uint32), "m.scales": scales, "m.biases": biases}
    config = {"config.json": {"quantization": {"group_size": group * 2, "bits": 4, "m": {"group_size": group, "bits": bits}}}}
    return Packed(tensors, config, "m.weight", "mlx-affine", values, set(tensors))


def adapter(rng: np.random.Generator, rows: int, cols: int, rank: int, alpha: float = 12.0, rooted: bool = False) -> Packed:
    a, b = rng.normal(size=(rank, cols)).astype(np.float32), rng.normal(size=(rows, rank)).astype(np.float32)
    factor = alpha / (rank ** 0.5 if rooted else rank)
    values = np.array([[factor * sum(float(b[r, k]) * float(a[k, c]) for k in range(rank)) for c in range(cols)] for r in range(rows)])
    tensors = {"base_model.model.m.lora_A.weight": a, "base_model.model.m.lora_B.weight": b}
    config = {"adapter_config.json": {"r": rank, "lora_alpha": 1, "alpha_pattern": {"m": alpha}, "use_rslora": rooted}}
    return Packed(tensors, config, "m.weight", "lora", values, set(tensors))


MAKERS: dict[str, Callable[[np.random.Generator], Packed]] = {
    "gptq": lambda rng: gptq(rng, 16, 32), "gptq 2 bits": lambda rng: gptq(rng, 32, 32, 2),
    "gptq 3 bits": lambda rng: gptq(rng, 32, 64, 3, 16),
    "gptq 8 bits": lambda rng: gptq(rng, 12, 24, 8), "gptq act order": lambda rng: gptq(rng, 16, 40, ordered=True),
    "gptq v2": lambda rng: gptq(rng, 16, 32, form="gptq_v2"), "awq": lambda rng: awq(rng, 24, 32),
    "bnb": lambda rng: bitsandbytes(rng, (6, 32)), "bnb odd": lambda rng: bitsandbytes(rng, (7, 11, 3), 16),
    "bnb double": lambda rng: bitsandbytes(rng, (9, 33), 8, True), "ct": lambda rng: bit_packed(rng, 10, 24),
    "ct one zero": lambda rng: bit_packed_with_one_scale(rng, 9, 40),
    "ct asymmetric": lambda rng: bit_packed(rng, 11, 24, symmetric=False), "ct 8 bits": lambda rng: bit_packed(rng, 5, 20, 8, 20),
    "ct 3 bits": lambda rng: bit_packed(rng, 7, 96, 3, 32, False), "ct 6 bits": lambda rng: bit_packed(rng, 4, 96, 6, 48),
    "ct nvfp4": lambda rng: four_bit_floats(rng, 6, 48, True), "modelopt nvfp4": lambda rng: four_bit_floats(rng, 6, 48, False),
    "fp8 blocks": lambda rng: float_blocks(rng, 32, 48, 16, 16), "fp8 short blocks": lambda rng: float_blocks(rng, 37, 50, 16, 32),
    "mxfp4": lambda rng: experts(rng, 3, 4, 2), "mlx": lambda rng: mlx(rng, 6, 64, 4, 32), "mlx 3 bits": lambda rng: mlx(rng, 5, 96, 3, 32),
    "mlx 6 bits": lambda rng: mlx(rng, 5, 64, 6, 16), "mlx 8 bits": lambda rng: mlx(rng, 4, 32, 8, 32),
    "lora": lambda rng: adapter(rng, 9, 14, 3), "rslora": lambda rng: adapter(rng, 9, 14, 4, rooted=True),
}
