"""Small checkpoints under the names and with the arrangements of two code bases each, and what relates them.

A gallery is (tensors of A, tensors of B, truth): each truth is (kind, keys of A, keys of B) of tensors that are arranged otherwise.
What goes by another name only is left to the rules.
"""
from __future__ import annotations

import torch

Tensors = dict[str, torch.Tensor]
Truth = tuple[str, tuple[str, ...], tuple[str, ...]]
Gallery = tuple[Tensors, Tensors, list[Truth]]

D, HEADS, KV, FF, WORDS, LAYERS = 32, 4, 2, 48, 70, 3


def numbers(*shape: int, scale: float = 0.05) -> torch.Tensor:
    return torch.randn(*shape) * scale


def halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """transformers/models/llama/convert_llama_weights_to_hf.py, `permute`."""
    rows = weight.shape[0]
    return weight.view(heads, rows // heads // 2, 2, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape).contiguous()


def llama(fused: bool = False) -> Gallery:
    """Meta's release (rotary elements alternate) against transformers' (rotary halves); `fused`: q, k and v of A in one."""
    a: Tensors = {"tok_embeddings.weight": numbers(WORDS, D), "norm.weight": 1 + numbers(D), "output.weight": numbers(WORDS, D)}
    b: Tensors = {"model.embed_tokens.weight": a["tok_embeddings.weight"], "model.norm.weight": a["norm.weight"],
                  "lm_head.weight": a["output.weight"]}
    truth: list[Truth] = []
    each = D // HEADS
    for i in range(LAYERS):
        x, y = f"layers.{i}", f"model.layers.{i}"
        q, k, v = numbers(D, D), numbers(KV * each, D), numbers(KV * each, D)
        several = (f"{y}.self_attn.q_proj.weight", f"{y}.self_attn.k_proj.weight", f"{y}.self_attn.v_proj.weight")
        b |= dict(zip(several, (halves(q, HEADS), halves(k, KV), v), strict=True))
        if fused:
            a[f"{x}.attention.wqkv.weight"] = torch.cat([q, k, v])
            truth.append(("joined", (f"{x}.attention.wqkv.weight",), several))
        else:
            a |= {f"{x}.attention.wq.weight": q, f"{x}.attention.wk.weight": k, f"{x}.attention.wv.weight": v}
            truth += [("reordered", (f"{x}.attention.w{n}.weight",), (key,)) for n, key in zip("qk", several, strict=False)]
        for n, m, shape in (("attention.wo", "self_attn.o_proj", (D, D)), ("feed_forward.w1", "mlp.gate_proj", (FF, D)),
                            ("feed_forward.w2", "mlp.down_proj", (D, FF)), ("feed_forward.w3", "mlp.up_proj", (FF, D))):
            a[f"{x}.{n}.weight"] = b[f"{y}.{m}.weight"] = numbers(*shape)
        for n, m in (("attention_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm")):
            a[f"{x}.{n}.weight"] = b[f"{y}.{m}.weight"] = 1 + numbers(D)
    return a, b, truth


def neox() -> Gallery:
    """GPT-NeoX: query, key and value of each head one after the other in one matrix, against three matrices."""
    a: Tensors = {}
    b: Tensors = {}
    truth: list[Truth] = []
    each = D // HEADS
    for i in range(LAYERS):
        x, y = f"gpt_neox.layers.{i}.attention", f"transformer.h.{i}.attn"
        for leaf, shape in (("weight", (D, D)), ("bias", (D,))):
            parts = [numbers(*shape) for _ in range(3)]
            heads = torch.stack([part.view(HEADS, each, *shape[1:]) for part in parts], 1)
            a[f"{x}.query_key_value.{leaf}"] = heads.reshape(3 * D, *shape[1:])
            keys = tuple(f"{y}.{n}_proj.{leaf}" for n in "qkv")
            b |= dict(zip(keys, parts, strict=True))
            truth.append(("joined", (f"{x}.query_key_value.{leaf}",), keys))
    return a, b, truth


def gpt2() -> Gallery:
    """transformers' GPT-2, whose Conv1D keeps its matrices transposed and its attention in one, against linear layers."""
    a: Tensors = {"wte.weight": numbers(WORDS, D), "wpe.weight": numbers(40, D)}
    b: Tensors = {"embed.weight": a["wte.weight"], "positions.weight": a["wpe.weight"]}
    truth: list[Truth] = []
    for i in range(LAYERS):
        x, y = f"h.{i}", f"blocks.{i}"
        parts, biases = [numbers(D, D) for _ in range(3)], [numbers(D) for _ in range(3)]
        a[f"{x}.attn.c_attn.weight"] = torch.cat([part.t() for part in parts], 1).contiguous()
        a[f"{x}.attn.c_attn.bias"] = torch.cat(biases)
        for leaf, values in (("weight", parts), ("bias", biases)):
            keys = tuple(f"{y}.attn.{n}.{leaf}" for n in ("query", "key", "value"))
            b |= dict(zip(keys, values, strict=True))
            truth.append(("joined", (f"{x}.attn.c_attn.{leaf}",), keys))
        for n, m, shape in (("attn.c_proj", "attn.out", (D, D)), ("mlp.c_fc", "mlp.fc1", (FF, D)), ("mlp.c_proj", "mlp.fc2", (D, FF))):
            weight = numbers(*shape)
            a[f"{x}.{n}.weight"], b[f"{y}.{m}.weight"] = weight.t().contiguous(), weight
            a[f"{x}.{n}.bias"] = b[f"{y}.{m}.bias"] = numbers(shape[0])
            truth.append(("transposed", (f"{x}.{n}.weight",), (f"{y}.{m}.weight",)))
    return a, b, truth


def bert() -> Gallery:
    """Google's release (kernels are transposed, names by slashes) against transformers'."""
    a: Tensors = {"bert/embeddings/word_embeddings": numbers(WORDS, D), "bert/embeddings/LayerNorm/gamma": 1 + numbers(D)}
    b: Tensors = {"embeddings.word_embeddings.weight": a["bert/embeddings/word_embeddings"],
                  "embeddings.LayerNorm.weight": a["bert/embeddings/LayerNorm/gamma"]}
    truth: list[Truth] = []
    for i in range(LAYERS):
        x, y = f"bert/encoder/layer_{i}", f"encoder.layer.{i}"
        for n, shape in (("attention/self/query", (D, D)), ("attention/self/key", (D, D)), ("attention/self/value", (D, D)),
                         ("attention/output/dense", (D, D)), ("intermediate/dense", (FF, D)), ("output/dense", (D, FF))):
            m, weight = n.replace("/", "."), numbers(*shape)
            a[f"{x}/{n}/kernel"], b[f"{y}.{m}.weight"] = weight.t().contiguous(), weight
            a[f"{x}/{n}/bias"] = b[f"{y}.{m}.bias"] = numbers(shape[0])
            truth.append(("transposed", (f"{x}/{n}/kernel",), (f"{y}.{m}.weight",)))
    return a, b, truth


def vit() -> Gallery:
    """timm's ViT, whose attention is one matrix, against transformers' of three."""
    a: Tensors = {"patch_embed.proj.weight": numbers(D, 3, 4, 4)}
    b: Tensors = {"vit.embeddings.patch_embeddings.projection.weight": a["patch_embed.proj.weight"]}
    truth: list[Truth] = []
    for i in range(LAYERS):
        x, y = f"blocks.{i}", f"vit.encoder.layer.{i}"
        for leaf, shape in (("weight", (D, D)), ("bias", (D,))):
            parts = [numbers(*shape) for _ in range(3)]
            a[f"{x}.attn.qkv.{leaf}"] = torch.cat(parts)
            keys = tuple(f"{y}.attention.attention.{n}.{leaf}" for n in ("query", "key", "value"))
            b |= dict(zip(keys, parts, strict=True))
            truth.append(("joined", (f"{x}.attn.qkv.{leaf}",), keys))
            a[f"{x}.attn.proj.{leaf}"] = b[f"{y}.attention.output.dense.{leaf}"] = numbers(*shape)
        a[f"{x}.norm1.weight"] = b[f"{y}.layernorm_before.weight"] = 1 + numbers(D)
    return a, b, truth


def vit_torchvision() -> Gallery:
    """timm's ViT against torchvision's, whose MultiheadAttention has names of its own and whose class token comes in another shape;
    the patches of B are a linear layer, as some ports have them."""
    a: Tensors = {"cls_token": numbers(1, 1, D), "patch_embed.proj.weight": numbers(D, 3, 4, 4)}
    b: Tensors = {"class_token": a["cls_token"], "conv_proj.weight": a["patch_embed.proj.weight"].reshape(D, 48)}
    truth: list[Truth] = [("reshaped", ("patch_embed.proj.weight",), ("conv_proj.weight",))]
    for i in range(LAYERS):
        x, y = f"blocks.{i}", f"encoder.layers.encoder_layer_{i}"
        for leaf, shape in (("weight", (3 * D, D)), ("bias", (3 * D,))):
            a[f"{x}.attn.qkv.{leaf}"] = b[f"{y}.self_attention.in_proj_{leaf}"] = numbers(*shape)
        for leaf, shape in (("weight", (D, D)), ("bias", (D,))):
            a[f"{x}.attn.proj.{leaf}"] = b[f"{y}.self_attention.out_proj.{leaf}"] = numbers(*shape)
    return a, b, truth


def mixtral(turned: bool = False, alternating: bool = False) -> Gallery:
    """Experts one by one (w1, w2, w3) against all of a layer in one tensor, gate and up joined; `turned`: transposed as well, with
    `alternating` rows of gate and up, as gpt-oss has them."""
    a: Tensors = {"model.embed_tokens.weight": numbers(WORDS, D)}
    b: Tensors = dict(a)
    truth: list[Truth] = []
    for i in range(2):
        x, y = f"model.layers.{i}.block_sparse_moe", f"model.layers.{i}.mlp.experts"
        gates, ups, downs = ([numbers(*shape) for _ in range(5)] for shape in ((FF, D), (FF, D), (D, FF)))
        for e in range(5):
            a |= {f"{x}.experts.{e}.w1.weight": gates[e], f"{x}.experts.{e}.w2.weight": downs[e], f"{x}.experts.{e}.w3.weight": ups[e]}
        both = [torch.stack([gate, up], 1).reshape(2 * FF, D) if alternating else torch.cat([gate, up])
                for gate, up in zip(gates, ups, strict=True)]
        b[f"{y}.gate_up_proj"] = torch.stack([one.t() if turned else one for one in both])
        b[f"{y}.down_proj"] = torch.stack([one.t() if turned else one for one in downs])
        a[f"{x}.gate.weight"] = b[f"model.layers.{i}.mlp.router.weight"] = numbers(5, D)
        truth += [("stacked", tuple(f"{x}.experts.{e}.{n}.weight" for e in range(5) for n in ("w1", "w3")), (f"{y}.gate_up_proj",)),
                  ("stacked", tuple(f"{x}.experts.{e}.w2.weight" for e in range(5)), (f"{y}.down_proj",))]
    return a, b, truth


def tensorflow_convolutions() -> Gallery:
    """Kernels as TensorFlow has them (height, width, in, out) against torch's (out, in, height, width)."""
    a: Tensors = {}
    b: Tensors = {}
    truth: list[Truth] = []
    for i in range(LAYERS):
        weight = numbers(16, 8, 3, 3)
        a[f"block{i}/conv/kernel"], b[f"blocks.{i}.conv.weight"] = weight.permute(2, 3, 1, 0).contiguous(), weight
        truth.append(("permuted", (f"block{i}/conv/kernel",), (f"blocks.{i}.conv.weight",)))
    return a, b, truth
