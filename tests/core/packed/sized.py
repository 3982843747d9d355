"""Packed weights of every family in any size: what `packing` makes by hand, with rows, columns and groups drawn, and the families that it
has not. As slow and plain, and apart from what is tested."""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from . import packing
from .packing import E2M1, Array, Packed, each, int32, nibbles, words

Rng = np.random.Generator
E4M3 = ml_dtypes.float8_e4m3fn


def config_of(**said: Any) -> dict[str, Any]:
    return {"config.json": {"quantization_config": said}}


def bits_and_bytes_rows(rng: Rng, rows: int, cols: int) -> Packed:
    codes, scales = rng.integers(-127, 128, (rows, cols)).astype(np.int8), rng.uniform(0.1, 3, rows).astype(np.float32)
    values = each(rows, cols, lambda r, c: int(codes[r, c]) * float(scales[r]) / 127)
    tensors = {"m.weight": codes, "m.SCB": scales, "m.weight_format": np.array(0, np.uint8)}
    return Packed(tensors, {}, "m.weight", "bnb-int8", values, set(tensors))


def compressed(form: str, weights: dict[str, Any]) -> dict[str, Any]:
    return config_of(quant_method="compressed-tensors", format=form, config_groups={"group_0": {"targets": ["Linear"], "weights": weights}})


def plain_integers(rng: Rng, rows: int, groups: int, size: int, symmetric: bool) -> Packed:
    cols = groups * size
    codes = rng.integers(-128, 128, (rows, cols)).astype(np.int8)
    scales, zeros = rng.uniform(0.1, 1, (rows, groups)).astype(np.float32), rng.integers(-8, 8, (rows, groups)).astype(np.int8)
    taken = np.zeros_like(zeros) if symmetric else zeros
    values = each(rows, cols, lambda r, c: (int(codes[r, c]) - int(taken[r, c // size])) * float(scales[r, c // size]))
    tensors: dict[str, Array] = {"m.weight": codes, "m.weight_scale": scales}
    if not symmetric:
        tensors["m.weight_zero_point"] = zeros
    said = {"num_bits": 8, "type": "int", "symmetric": symmetric, "strategy": "group", "group_size": size}
    return Packed(tensors, compressed("int-quantized", said), "m.weight", "ct-int-quantized", values, set(tensors))


def plain_floats(rng: Rng, rows: int, cols: int, strategy: str, high: int = 1, wide: int = 1) -> Packed:
    data = rng.uniform(-3, 3, (rows, cols)).astype(E4M3)
    high, wide = {"tensor": (rows, cols), "channel": (1, cols)}.get(strategy, (high, wide))
    scales = rng.uniform(0.5, 2, (-(-rows // high), -(-cols // wide))).astype(np.float32)
    values = each(rows, cols, lambda r, c: float(np.float32(data[r, c]) * scales[r // high, c // wide]))
    said = {"num_bits": 8, "type": "float", "strategy": strategy, **({"block_structure": [high, wide]} if strategy == "block" else {})}
    tensors = {"m.weight": data, "m.weight_scale": scales.reshape(-1) if strategy == "tensor" else scales}
    return Packed(tensors, compressed("float-quantized", said), "m.weight", "ct-float-quantized", values, set(tensors))


def in_order_of_activation(rng: Rng, rows: int, cols: int, groups: int) -> Packed:
    codes, scales = rng.integers(0, 16, (rows, cols)), rng.uniform(0.01, 0.1, (rows, groups)).astype(np.float32)
    index = rng.permutation(np.arange(cols) % groups).astype(np.int32)
    values = each(rows, cols, lambda r, c: (int(codes[r, c]) - 8) * float(scales[r, index[c]]))
    tensors = {"m.weight_packed": int32([words(line.tolist(), 4) for line in codes]), "m.weight_scale": scales,
               "m.weight_shape": np.array([rows, cols], np.int64), "m.weight_g_idx": index}
    said = {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "group", "group_size": -(-cols // groups), "actorder": "group"}
    return Packed(tensors, compressed("pack-quantized", said), "m.weight", "ct-pack-quantized", values, set(tensors))


def exponents(rng: Rng, shape: tuple[int, ...]) -> Array:
    return rng.integers(120, 134, shape).astype(np.uint8)


def four_bits_by_32(rng: Rng, rows: int, groups: int, names: str) -> Packed:
    """E2M1 with a power of two for each 32: compressed-tensors', DeepSeek's and torchao's names."""
    cols = 32 * groups
    codes, powers = rng.integers(0, 16, (rows, cols)), exponents(rng, (rows, groups))
    values = each(rows, cols, lambda r, c: E2M1[codes[r, c]] * 2.0 ** (int(powers[r, c // 32]) - 127))
    config: dict[str, Any] = {}
    if names == "ct":
        tensors: dict[str, Array] = {"m.weight_packed": nibbles(codes), "m.weight_scale": powers}
        config = compressed("mxfp4-pack-quantized", {"num_bits": 4, "type": "float", "strategy": "group", "group_size": 32})
    else:
        tensors = {"m.weight": nibbles(codes).view(np.int8), "m.scale": powers.view(ml_dtypes.float8_e8m0fnu)}
    scheme = {"ct": "ct-mxfp4", "deepseek": "deepseek-fp4"}[names]
    return Packed(tensors, config, "m.weight", scheme, values, set(tensors))


def eight_bits_by_32(rng: Rng, rows: int, groups: int) -> Packed:
    cols = 32 * groups
    data, powers = rng.uniform(-3, 3, (rows, cols)).astype(E4M3), exponents(rng, (rows, groups))
    values = each(rows, cols, lambda r, c: float(data[r, c]) * 2.0 ** (int(powers[r, c // 32]) - 127))
    said = {"num_bits": 8, "type": "float", "strategy": "group", "group_size": 32}
    tensors = {"m.weight": data, "m.weight_scale": powers}
    return Packed(tensors, compressed("mxfp8-quantized", said), "m.weight", "ct-mxfp8", values, set(tensors))


def powers_of_blocks(rng: Rng, rows: int, cols: int, high: int, wide: int) -> Packed:
    data, powers = rng.uniform(-3, 3, (rows, cols)).astype(E4M3), exponents(rng, (-(-rows // high), -(-cols // wide)))
    values = each(rows, cols, lambda r, c: float(data[r, c]) * 2.0 ** (int(powers[r // high, c // wide]) - 127))
    tensors = {"m.weight": data, "m.weight_scale_inv": powers.view(ml_dtypes.float8_e8m0fnu)}
    return Packed(tensors, config_of(quant_method="fp8", weight_block_size=[high, wide]), "m.weight", "fp8-block", values, set(tensors))


def modelopt_floats(rng: Rng, rows: int, cols: int, by_row: bool) -> Packed:
    data, scales = rng.uniform(-3, 3, (rows, cols)).astype(E4M3), rng.uniform(0.5, 2, rows if by_row else 1).astype(np.float32)
    values = each(rows, cols, lambda r, c: float(np.float32(data[r, c]) * scales[r if by_row else 0]))
    tensors = {"m.weight": data, "m.weight_scale": scales if by_row else scales.reshape(())}
    return Packed(tensors, config_of(quant_method="modelopt"), "m.weight", "modelopt-fp8", values, set(tensors))


def fbgemm_floats(rng: Rng, rows: int, cols: int) -> Packed:
    data, scales = rng.uniform(-3, 3, (rows, cols)).astype(E4M3), rng.uniform(0.5, 2, (rows, 1)).astype(np.float32)
    values = each(rows, cols, lambda r, c: float(np.float32(data[r, c]) * scales[r, 0]))
    tensors = {"m.weight": data, "m.weight_scale": scales}
    return Packed(tensors, config_of(quant_method="fbgemm_fp8"), "m.weight", "fbgemm-fp8", values, set(tensors))


def modelopt_integers(rng: Rng, rows: int, groups: int, size: int, bits: int, smoothed: bool) -> Packed:
    """4 bits: an even row in the low half of a byte, the row behind it in the high one. `smoothed`: with a pre_quant_scale."""
    cols, rows = groups * size, 2 * rows
    low = 1 << (bits - 1)
    codes = rng.integers(-low, low, (rows, cols)).astype(np.int8)
    scales = rng.uniform(0.1, 1, (rows, groups if bits == 4 else 1)).astype(np.float32)
    before = rng.uniform(0.5, 2, cols).astype(np.float32) if smoothed else np.ones(cols, np.float32)
    values = each(rows, cols, lambda r, c: float(np.float32(codes[r, c]) * scales[r, c // size if bits == 4 else 0] * before[c]))
    data = (codes[::2].view(np.uint8) & 15) | (codes[1::2].view(np.uint8) << 4) if bits == 4 else codes
    tensors: dict[str, Array] = {"m.weight": data, "m.weight_scale": scales if bits == 4 else scales.reshape(-1)}
    if smoothed:
        tensors["m.pre_quant_scale"] = before
    if smoothed and bits == 4:
        tensors["m.weight_scale_2"] = np.float32(0.01).reshape(())
    said: dict[str, Any] = {"quant_algo": "W4A16_AWQ", "group_size": size} if bits == 4 else {"quant_algo": "W8A8_SQ_PER_CHANNEL"}
    return Packed(tensors, config_of(quant_method="modelopt", **said), "m.weight", f"modelopt-int{bits}", values, set(tensors))


def mlx_floats(rng: Rng, rows: int, groups: int, mode: str) -> Packed:
    size = 16 if mode == "nvfp4" else 32
    cols = size * groups
    codes = rng.integers(0, 256 if mode == "mxfp8" else 16, (rows, cols))
    if mode == "mxfp8":                                 # without the two that are no numbers
        codes = np.where(codes & 127 == 127, codes - 1, codes)
    number = codes.astype(np.uint8).view(E4M3).astype(np.float32) if mode == "mxfp8" else np.array(E2M1)[codes]
    scales = rng.uniform(0.5, 4, (rows, groups)).astype(E4M3).view(np.uint8) if mode == "nvfp4" else exponents(rng, (rows, groups))
    factor = scales.view(E4M3).astype(np.float64) if mode == "nvfp4" else 2.0 ** (scales.astype(np.float64) - 127)
    values = each(rows, cols, lambda r, c: float(number[r, c]) * float(factor[r, c // size]))
    bits = 8 if mode == "mxfp8" else 4
    tensors = {"m.weight": np.array([words(line.tolist(), bits) for line in codes], np.uint32), "m.scales": scales}
    config = {"config.json": {"quantization": {"group_size": size, "bits": bits, "mode": mode}}}
    return Packed(tensors, config, "m.weight", f"mlx-{mode}", values, set(tensors))


def torchao(rng: Rng, rows: int, groups: int, kind: str) -> Packed:
    """Taken apart in safetensors, with JSON about it in the metadata."""
    size = {"MXTensor": 32, "MXTensor 4": 32, "NVFP4Tensor": 16}.get(kind, 8)
    cols = size * groups
    said: dict[str, Any] = {"block_size": [1, size], "dtype": {"_type": "torch.dtype", "_data": "bfloat16"}}
    tensors: dict[str, Array]
    if kind in ("Int8Tensor", "IntxUnpackedToInt8Tensor"):
        codes, scales = rng.integers(-8, 8, (rows, cols)).astype(np.int8), rng.uniform(0.1, 1, (rows, groups)).astype(np.float32)
        zeros = rng.integers(-3, 4, (rows, groups)).astype(np.int8)
        said["target_dtype"] = {"_type": "torch.dtype", "_data": "int4"}
        tensors = {"qdata": codes, "scale": scales, "zero_point": zeros}
        values = each(rows, cols, lambda r, c: (int(codes[r, c]) - int(zeros[r, c // size])) * float(scales[r, c // size]))
    elif kind in ("MXTensor 4", "NVFP4Tensor"):
        codes = rng.integers(0, 16, (rows, cols))
        powers = exponents(rng, (rows, groups))
        some = rng.uniform(0.5, 4, (rows, groups)).astype(E4M3)
        whole = np.array(0.75, np.float32)
        factor = some.astype(np.float32) * whole if kind == "NVFP4Tensor" else 2.0 ** (powers.astype(np.float64) - 127)
        tensors = {"qdata": nibbles(codes), "scale": some if kind == "NVFP4Tensor" else powers.view(ml_dtypes.float8_e8m0fnu)}
        if kind == "NVFP4Tensor":
            tensors["per_tensor_scale"] = whole
        said |= {"block_size": size, "is_swizzled_scales": False, "elem_dtype": {"_type": "torch.dtype", "_data": "float4_e2m1fn_x2"}}
        values = each(rows, cols, lambda r, c: E2M1[codes[r, c]] * float(factor[r, c // size]))
    else:
        data = rng.uniform(-3, 3, (rows, cols)).astype(E4M3)
        powers, scales = exponents(rng, (rows, groups)), rng.uniform(0.1, 1, (rows, groups)).astype(np.float32)
        factor = 2.0 ** (powers.astype(np.float64) - 127) if kind == "MXTensor" else scales
        tensors = {"qdata": data, "scale": powers.view(ml_dtypes.float8_e8m0fnu) if kind == "MXTensor" else scales}
        said |= {"block_size": size, "is_swizzled_scales": False} if kind == "MXTensor" else {}
        values = each(rows, cols, lambda r, c: float(data[r, c]) * float(factor[r, c // size]))
    scheme = {"Int8Tensor": "torchao-int8", "IntxUnpackedToInt8Tensor": "torchao-intx", "MXTensor": "torchao-mxfp8",
              "MXTensor 4": "torchao-mxfp4", "NVFP4Tensor": "torchao-nvfp4", "Float8Tensor": "torchao-float8"}[kind]
    names = {f"m._weight_{name}": array for name, array in tensors.items()}
    about = {"_type": kind.partition(" ")[0], "_data": said, "_tensor_data_names": [*tensors]}
    return Packed(names, {}, "m.weight", scheme, values, set(names), {"tensor_names": '["m.weight"]', "m.weight": json.dumps(about)})


def convolution(rng: Rng, rows: int, cols: int, rank: int) -> Packed:
    a, b = rng.normal(size=(rank, cols, 2, 3)).astype(np.float32), rng.normal(size=(rows, rank, 1, 1)).astype(np.float32)
    values = 1.5 * np.einsum("rk,kcij->rcij", b[:, :, 0, 0].astype(np.float64), a.astype(np.float64))
    tensors = {"base_model.model.m.lora_A.weight": a, "base_model.model.m.lora_B.weight": b}
    return Packed(tensors, {"adapter_config.json": {"r": rank, "lora_alpha": rank * 1.5}}, "m.weight", "lora", values, set(tensors))


def embedding(rng: Rng, rows: int, cols: int, rank: int) -> Packed:
    a, b = rng.normal(size=(rank, rows)).astype(np.float32), rng.normal(size=(cols, rank)).astype(np.float32)
    values = 1.5 * (b.astype(np.float64) @ a.astype(np.float64)).T
    tensors = {"base_model.model.m.lora_embedding_A": a, "base_model.model.m.lora_embedding_B": b}
    return Packed(tensors, {"adapter_config.json": {"r": rank, "lora_alpha": rank * 1.5}}, "m.weight", "lora", values, set(tensors))


def kohya(rng: Rng, rows: int, cols: int, rank: int) -> Packed:
    down, up = rng.normal(size=(rank, cols)).astype(np.float32), rng.normal(size=(rows, rank)).astype(np.float32)
    values = (up.astype(np.float64) @ down.astype(np.float64)) * (2.0 / rank)
    tensors = {"lora_unet_m.lora_down.weight": down, "lora_unet_m.lora_up.weight": up, "lora_unet_m.alpha": np.array(2.0, np.float32)}
    return Packed(tensors, {}, "lora_unet_m.weight", "lora-kohya", values, set(tensors))


def within(rng: Rng, rows: int, cols: int, rank: int) -> Packed:
    """An adapter beside the weight that it adds to."""
    a, b = rng.normal(size=(rank, cols)).astype(np.float32), rng.normal(size=(rows, rank)).astype(np.float32)
    values = 1.5 * (b.astype(np.float64) @ a.astype(np.float64))
    parts: dict[str, Array] = {"m.lora_A.mine.weight": a, "m.lora_B.mine.weight": b}
    tensors = {**parts, "m.base_layer.weight": rng.normal(size=(rows, cols)).astype(np.float32)}
    return Packed(tensors, {"adapter_config.json": {"r": rank, "lora_alpha": rank * 1.5}}, "m.lora_mine", "lora", values, set(parts))


SIZED: dict[str, Callable[[Rng, int, int, int], Packed]] = {
    # rows, groups and the length of a group or whatever else there is to choose, each from 1 on
    **{f"gptq {bits} bits": lambda rng, rows, groups, size, bits=bits: packing.gptq(rng, rows, groups * size, bits, size)  # type: ignore[misc]
       for bits in (2, 3, 4, 8)},
    "gptq act order": lambda rng, rows, groups, size: packing.gptq(rng, rows, groups * size, 4, size, ordered=True),
    "gptq v2": lambda rng, rows, groups, size: packing.gptq(rng, rows, groups * size, 4, size, "gptq_v2"),
    "gptq last group short": lambda rng, rows, groups, size: packing.gptq(rng, rows, groups * size + 1, 4, size + 1),
    "awq": lambda rng, rows, groups, size: packing.awq(rng, 8 * rows, groups * size, size),
    "bnb nf4": lambda rng, rows, groups, size: packing.bitsandbytes(rng, (rows, groups, size), 1 << size % 8),
    "bnb odd blocks": lambda rng, rows, groups, size: packing.bitsandbytes(rng, (rows * groups,), size),
    "bnb double": lambda rng, rows, groups, size: packing.bitsandbytes(rng, (rows, groups * size), 1 << size % 6, True),
    "bnb int8": lambda rng, rows, groups, size: bits_and_bytes_rows(rng, rows, groups * size),
    **{f"ct {bits} bits": lambda rng, rows, groups, size, bits=bits: packing.bit_packed(  # type: ignore[misc]
        rng, rows, 32 * groups, bits, 32, size % 2 == 0) for bits in (2, 3, 4, 5, 6, 7, 8)},
    "ct groups": lambda rng, rows, groups, size: packing.bit_packed(rng, rows, groups * size, 4, size, False),
    "ct act order": lambda rng, rows, groups, size: in_order_of_activation(rng, rows, groups * size, groups),
    "ct integers": lambda rng, rows, groups, size: plain_integers(rng, rows, groups, size, size % 2 == 0),
    "ct floats": lambda rng, rows, groups, size: plain_floats(rng, rows, groups * size, ("tensor", "channel")[size % 2]),
    "ct float blocks": lambda rng, rows, groups, size: plain_floats(rng, rows, 7 * groups, "block", size, 1 + size % 5),
    "ct mxfp4": lambda rng, rows, groups, size: four_bits_by_32(rng, rows, groups, "ct"),
    "ct mxfp8": lambda rng, rows, groups, size: eight_bits_by_32(rng, rows, groups),
    "ct nvfp4": lambda rng, rows, groups, size: packing.four_bit_floats(rng, rows, 16 * groups, True),
    "modelopt nvfp4": lambda rng, rows, groups, size: packing.four_bit_floats(rng, rows, 16 * groups, False),
    "modelopt fp8": lambda rng, rows, groups, size: modelopt_floats(rng, rows, groups * size, size % 2 == 0),
    "fbgemm fp8": lambda rng, rows, groups, size: fbgemm_floats(rng, rows, groups * size),
    "modelopt awq": lambda rng, rows, groups, size: modelopt_integers(rng, rows, groups, size, 4, size % 2 == 0),
    "modelopt integers": lambda rng, rows, groups, size: modelopt_integers(rng, rows, groups, size, 8, size % 2 == 0),
    "fp8 blocks": lambda rng, rows, groups, size: packing.float_blocks(rng, rows, 5 * groups, size, 1 + size % 7),
    "fp8 powers": lambda rng, rows, groups, size: powers_of_blocks(rng, rows, 5 * groups, size, 1 + size % 7),
    "mxfp4": lambda rng, rows, groups, size: packing.experts(rng, 1 + size % 3, rows, groups),
    "deepseek fp4": lambda rng, rows, groups, size: four_bits_by_32(rng, rows, groups, "deepseek"),
    **{f"mlx {bits} bits": lambda rng, rows, groups, size, bits=bits: packing.mlx(rng, rows, 32 * groups, bits, 32)  # type: ignore[misc]
       for bits in (2, 3, 4, 5, 6, 8)},
    **{f"mlx {mode}": lambda rng, rows, groups, size, mode=mode: mlx_floats(rng, rows, groups, mode)  # type: ignore[misc]
       for mode in ("mxfp4", "mxfp8", "nvfp4")},
    **{f"torchao {kind}": lambda rng, rows, groups, size, kind=kind: torchao(rng, rows, groups, kind)  # type: ignore[misc]
       for kind in ("Int8Tensor", "IntxUnpackedToInt8Tensor", "Float8Tensor", "MXTensor", "MXTensor 4", "NVFP4Tensor")},
    "lora": lambda rng, rows, groups, size: packing.adapter(rng, rows, groups * size, 1 + size % 4),
    "rslora": lambda rng, rows, groups, size: packing.adapter(rng, rows, groups * size, 1 + size % 4, rooted=True),
    "lora of a convolution": lambda rng, rows, groups, size: convolution(rng, rows, groups, 1 + size % 4),
    "lora of an embedding": lambda rng, rows, groups, size: embedding(rng, 60 * rows, groups, 1 + size % 4),
    "lora in the model": lambda rng, rows, groups, size: within(rng, 30 * rows, groups, 1 + size % 4),
    "kohya": lambda rng, rows, groups, size: kohya(rng, rows, groups * size, 1 + size % 4),
}
