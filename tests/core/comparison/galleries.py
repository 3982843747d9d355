# ruff: noqa: E501
"""Pairs of naming styles for the same network, each with the truth: (names and shapes of A, of B, A -> B)."""
from __future__ import annotations

from collections.abc import Callable

Shape = tuple[int, ...]
Gallery = tuple[dict[str, Shape], dict[str, Shape], dict[str, str]]


def _gallery(rows: list[tuple[str, str, Shape]], only_a: dict[str, Shape] | None = None, only_b: dict[str, Shape] | None = None,
             order_b: Callable[[list[tuple[str, Shape]]], list[tuple[str, Shape]]] = lambda rows: rows) -> Gallery:
    a = {x: shape for x, _, shape in rows} | (only_a or {})
    b = dict(order_b([(y, shape) for _, y, shape in rows])) | (only_b or {})
    return a, b, {x: y for x, y, _ in rows}


def _bn(a: str, b: str, n: int) -> list[tuple[str, str, Shape]]:
    return [(f"{a}.{leaf}", f"{b}.{leaf}", shape) for leaf, shape in
            (("weight", (n,)), ("bias", (n,)), ("running_mean", (n,)), ("running_var", (n,)), ("num_batches_tracked", ()))]


def _linear(a: str, b: str, out: int, inp: int) -> list[tuple[str, str, Shape]]:
    return [(f"{a}.weight", f"{b}.weight", (out, inp)), (f"{a}.bias", f"{b}.bias", (out,))]


def _norm(a: str, b: str, n: int, old: bool = False) -> list[tuple[str, str, Shape]]:
    return [(f"{a}.{'gamma' if old else 'weight'}", f"{b}.weight", (n,)), (f"{a}.{'beta' if old else 'bias'}", f"{b}.bias", (n,))]


def resnet(stage: str = "layer{}", first: int = 1, block: str = "{}", stem: str = "conv1", norm: str = "bn", down: tuple[str, str] = ("downsample.0", "downsample.1"),
           head: str = "fc", stem_norm: str = "bn1") -> Gallery:
    """torchvision's ResNet-50 against other spellings of it."""
    rows = [("conv1.weight", f"{stem}.weight", (64, 3, 7, 7)), *_bn("bn1", stem_norm, 64)]
    inside = 64
    for s, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512))):
        for i in range(blocks):
            x, y = f"layer{s + 1}.{i}", f"{stage.format(s + first)}.{block.format(i)}"
            rows += [(f"{x}.conv1.weight", f"{y}.conv1.weight", (width, inside, 1, 1)), *_bn(f"{x}.bn1", f"{y}.{norm}1", width),
                     (f"{x}.conv2.weight", f"{y}.conv2.weight", (width, width, 3, 3)), *_bn(f"{x}.bn2", f"{y}.{norm}2", width),
                     (f"{x}.conv3.weight", f"{y}.conv3.weight", (width * 4, width, 1, 1)), *_bn(f"{x}.bn3", f"{y}.{norm}3", width * 4)]
            if i == 0:
                rows += [(f"{x}.downsample.0.weight", f"{y}.{down[0]}.weight", (width * 4, inside, 1, 1)),
                         *_bn(f"{x}.downsample.1", f"{y}.{down[1]}", width * 4)]
            inside = width * 4
    return _gallery([*rows, *_linear("fc", head, 1000, 2048)])


def bert(old: bool = True, layers: int = 12) -> Gallery:
    """The first PyTorch port (gamma, beta, no wrapper) against transformers' BertForPreTraining."""
    d = 768
    rows = [("embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight", (30522, d)),
            ("embeddings.position_embeddings.weight", "bert.embeddings.position_embeddings.weight", (512, d)),
            ("embeddings.token_type_embeddings.weight", "bert.embeddings.token_type_embeddings.weight", (2, d)),
            *_norm("embeddings.LayerNorm", "bert.embeddings.LayerNorm", d, old)]
    for i in range(layers):
        x, y = f"encoder.layer.{i}", f"bert.encoder.layer.{i}"
        for part in ("query", "key", "value"):
            rows += _linear(f"{x}.attention.self.{part}", f"{y}.attention.self.{part}", d, d)
        rows += [*_linear(f"{x}.attention.output.dense", f"{y}.attention.output.dense", d, d),
                 *_norm(f"{x}.attention.output.LayerNorm", f"{y}.attention.output.LayerNorm", d, old),
                 *_linear(f"{x}.intermediate.dense", f"{y}.intermediate.dense", 4 * d, d),
                 *_linear(f"{x}.output.dense", f"{y}.output.dense", d, 4 * d),
                 *_norm(f"{x}.output.LayerNorm", f"{y}.output.LayerNorm", d, old)]
    return _gallery([*rows, *_linear("pooler.dense", "bert.pooler.dense", d, d)],
                    only_b={"cls.predictions.bias": (30522,), "cls.seq_relationship.weight": (2, d)})


def bert_google() -> Gallery:
    """Names of Google's release (layer_0, kernel written as weight by a converter) against transformers'."""
    d = 768
    rows = [("bert.embeddings.word_embeddings", "embeddings.word_embeddings.weight", (30522, d)),
            ("bert.embeddings.position_embeddings", "embeddings.position_embeddings.weight", (512, d)),
            ("bert.embeddings.token_type_embeddings", "embeddings.token_type_embeddings.weight", (2, d)),
            *_norm("bert.embeddings.LayerNorm", "embeddings.LayerNorm", d, True)]
    for i in range(12):
        x, y = f"bert.encoder.layer_{i}", f"encoder.layer.{i}"
        for part in ("query", "key", "value"):
            rows += _linear(f"{x}.attention.self.{part}", f"{y}.attention.self.{part}", d, d)
        rows += [*_linear(f"{x}.attention.output.dense", f"{y}.attention.output.dense", d, d),
                 *_norm(f"{x}.attention.output.LayerNorm", f"{y}.attention.output.LayerNorm", d, True),
                 *_linear(f"{x}.intermediate.dense", f"{y}.intermediate.dense", 4 * d, d),
                 *_linear(f"{x}.output.dense", f"{y}.output.dense", d, 4 * d), *_norm(f"{x}.output.LayerNorm", f"{y}.output.LayerNorm", d, True)]
    return _gallery([*rows, *_linear("bert.pooler.dense", "pooler.dense", d, d)])


def llama(kv: int = 4096, layers: int = 32) -> Gallery:
    """Meta's names against transformers'."""
    d, ff, words = 4096, 11008, 32000
    rows: list[tuple[str, str, Shape]] = [("tok_embeddings.weight", "model.embed_tokens.weight", (words, d)), ("norm.weight", "model.norm.weight", (d,)),
                                          ("output.weight", "lm_head.weight", (words, d))]
    for i in range(layers):
        x, y = f"layers.{i}", f"model.layers.{i}"
        rows += [(f"{x}.attention.wq.weight", f"{y}.self_attn.q_proj.weight", (d, d)), (f"{x}.attention.wk.weight", f"{y}.self_attn.k_proj.weight", (kv, d)),
                 (f"{x}.attention.wv.weight", f"{y}.self_attn.v_proj.weight", (kv, d)), (f"{x}.attention.wo.weight", f"{y}.self_attn.o_proj.weight", (d, d)),
                 (f"{x}.feed_forward.w1.weight", f"{y}.mlp.gate_proj.weight", (ff, d)), (f"{x}.feed_forward.w2.weight", f"{y}.mlp.down_proj.weight", (d, ff)),
                 (f"{x}.feed_forward.w3.weight", f"{y}.mlp.up_proj.weight", (ff, d)), (f"{x}.attention_norm.weight", f"{y}.input_layernorm.weight", (d,)),
                 (f"{x}.ffn_norm.weight", f"{y}.post_attention_layernorm.weight", (d,))]
    return _gallery(rows, only_a={"rope.freqs": (64,)}, order_b=sorted)


def vit() -> Gallery:
    """timm's ViT (whose attention is one matrix) against transformers'."""
    d = 768
    rows = [("cls_token", "vit.embeddings.cls_token", (1, 1, d)), ("pos_embed", "vit.embeddings.position_embeddings", (1, 197, d)),
            ("patch_embed.proj.weight", "vit.embeddings.patch_embeddings.projection.weight", (d, 3, 16, 16)),
            ("patch_embed.proj.bias", "vit.embeddings.patch_embeddings.projection.bias", (d,))]
    only_a: dict[str, Shape] = {}
    only_b: dict[str, Shape] = {}
    for i in range(12):
        x, y = f"blocks.{i}", f"vit.encoder.layer.{i}"
        rows += [*_norm(f"{x}.norm1", f"{y}.layernorm_before", d), *_linear(f"{x}.attn.proj", f"{y}.attention.output.dense", d, d),
                 *_norm(f"{x}.norm2", f"{y}.layernorm_after", d), *_linear(f"{x}.mlp.fc1", f"{y}.intermediate.dense", 4 * d, d),
                 *_linear(f"{x}.mlp.fc2", f"{y}.output.dense", d, 4 * d)]
        only_a |= {f"{x}.attn.qkv.weight": (3 * d, d), f"{x}.attn.qkv.bias": (3 * d,)}
        for part in ("query", "key", "value"):
            only_b |= {f"{y}.attention.attention.{part}.weight": (d, d), f"{y}.attention.attention.{part}.bias": (d,)}
    rows += [*_norm("norm", "vit.layernorm", d), *_linear("head", "classifier", 1000, d)]
    return _gallery(rows, only_a, only_b)


def vit_google() -> Gallery:
    """Google's ViT names (as JAX checkpoints are converted key by key) against timm's, attention left apart."""
    d = 768
    rows = [("cls", "cls_token", (1, 1, d)), ("Transformer.posembed_input.pos_embedding", "pos_embed", (1, 197, d)),
            *[(f"embedding.{leaf}", f"patch_embed.proj.{leaf}", shape) for leaf, shape in (("weight", (d, 3, 16, 16)), ("bias", (d,)))]]
    for i in range(12):
        x, y = f"Transformer.encoderblock_{i}", f"blocks.{i}"
        rows += [*_norm(f"{x}.LayerNorm_0", f"{y}.norm1", d), *_norm(f"{x}.LayerNorm_2", f"{y}.norm2", d),
                 *_linear(f"{x}.MlpBlock_3.Dense_0", f"{y}.mlp.fc1", 4 * d, d), *_linear(f"{x}.MlpBlock_3.Dense_1", f"{y}.mlp.fc2", d, 4 * d)]
    rows += [*_norm("Transformer.encoder_norm", "norm", d), *_linear("head", "head", 1000, d)]
    return _gallery(rows)


def gpt2() -> Gallery:
    """A bare GPT-2 against the same under `transformer.` with a head tied to the words."""
    d = 768
    rows: list[tuple[str, str, Shape]] = [("wte.weight", "transformer.wte.weight", (50257, d)), ("wpe.weight", "transformer.wpe.weight", (1024, d))]
    for i in range(12):
        x, y = f"h.{i}", f"transformer.h.{i}"
        rows += [*_norm(f"{x}.ln_1", f"{y}.ln_1", d), *_linear(f"{x}.attn.c_attn", f"{y}.attn.c_attn", d, 3 * d), *_linear(f"{x}.attn.c_proj", f"{y}.attn.c_proj", d, d),
                 *_norm(f"{x}.ln_2", f"{y}.ln_2", d), *_linear(f"{x}.mlp.c_fc", f"{y}.mlp.c_fc", d, 4 * d), *_linear(f"{x}.mlp.c_proj", f"{y}.mlp.c_proj", 4 * d, d)]
    return _gallery([*rows, *_norm("ln_f", "transformer.ln_f", d)], only_b={"lm_head.weight": (50257, d)})


def wrapped(a: str, b: str, base: dict[str, Shape]) -> Gallery:
    """`base` under two wrappers. `{}` stands for the name."""
    return _gallery([(a.format(name), b.format(name), shape) for name, shape in base.items()])


def mid_key_compile(base: dict[str, Shape]) -> Gallery:
    """DDP around a model of which each stage was compiled by itself."""
    def compiled(name: str) -> str:
        head, rest = name.split(".", 1)
        return f"module.{head}._orig_mod.{rest}" if head.startswith("layer") else f"module.{name}"
    return _gallery([(compiled(name), name, shape) for name, shape in base.items()])


def lightning(base: dict[str, Shape]) -> Gallery:
    """A LightningModule that keeps its net in `model` and a loss with weights beside it."""
    return _gallery([(f"model.{name}", name, shape) for name, shape in base.items()], only_a={"loss.weight": (10,), "ema.decay": ()})


def with_ema(base: dict[str, Shape]) -> Gallery:
    """Weights beside their moving average, against the bare net."""
    return _gallery([(f"model.{name}", name, shape) for name, shape in base.items()],
                    only_a={f"ema_model.{name}": shape for name, shape in base.items()})


def shifted() -> Gallery:
    """A Sequential that begins one place later."""
    rows = [row for i, (out, inp) in enumerate(((32, 3), (64, 32), (64, 64), (10, 64))) for row in _linear(f"net.{2 * i}", f"net.{2 * i + 1}", out, inp)]
    return _gallery(rows)


def deeper() -> Gallery:
    """A net of 12 layers against one of 6 under another prefix and other words for its layers."""
    def rows(i: int) -> list[tuple[str, str, Shape]]:
        return [*_linear(f"encoder.layers.{i}.self_attn.out_proj", f"backbone.blocks.{i}.attn.proj", 64, 64),
                *_linear(f"encoder.layers.{i}.linear1", f"backbone.blocks.{i}.mlp.fc1", 256, 64),
                *_linear(f"encoder.layers.{i}.linear2", f"backbone.blocks.{i}.mlp.fc2", 64, 256)]
    more = {x: shape for i in range(6, 12) for x, _, shape in rows(i)}
    return _gallery([row for i in range(6) for row in rows(i)], only_a=more)


def unrelated() -> Gallery:
    a, _, _ = resnet()
    b, _, _ = gpt2()
    return a, b, {}


_NET = resnet()[0]
GALLERY: dict[str, Gallery] = {
    "resnet-itself": resnet(),
    "resnet-timm-downsample": resnet(down=("downsample.conv", "downsample.bn"), head="head.fc"),
    "resnet-stages": resnet("stages.{}", 0, "blocks.{}", "stem.conv", "norm", ("downsample.conv", "downsample.norm"), "head.fc", "stem.norm"),
    "resnet-stages-shortcut": resnet("stage{}", 1, "{}", "stem.0", "bn", ("shortcut.0", "shortcut.1"), "classifier", "stem.1"),
    "bert-gamma-beta": bert(),
    "bert-prefixed": bert(old=False),
    "bert-google": bert_google(),
    "llama": llama(),
    "llama-grouped-query": llama(kv=1024),
    "vit-timm-transformers": vit(),
    "vit-google-timm": vit_google(),
    "gpt2": gpt2(),
    "ddp": wrapped("module.{}", "{}", _NET),
    "to-ddp": wrapped("{}", "module.{}", _NET),
    "ddp-compile": wrapped("module._orig_mod.{}", "{}", _NET),
    "compile-ddp": wrapped("_orig_mod.module.{}", "{}", _NET),
    "compile-against-ddp": wrapped("_orig_mod.{}", "module.{}", _NET),
    "mid-key-compile": mid_key_compile(_NET),
    "lightning": lightning(_NET),
    "lightning-to-ddp": wrapped("model.{}", "module.{}", _NET),
    "with-ema": with_ema(_NET),
    "shifted": shifted(),
    "deeper": deeper(),
    "unrelated": unrelated(),
}
