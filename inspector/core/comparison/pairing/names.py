"""Names of tensors taken apart: which of their segments count layers, and which role the field's usual names stand for.

The roles are knowledge, not inference: what the same part of a network is called in the code bases people move weights
between (torchvision, timm, transformers, the original BERT, ViT and LLaMA releases, Lightning, fairseq, GPT-2/NeoX).
"""
from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from inspector.core.keypath import segments_of

_SEPARATORS = re.compile(r"[./]")
_INNER_NUMBER = re.compile(r"([A-Za-z_]+?)_?(\d+)")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

# Old names of the two parameters of a normalisation.
LEAVES = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var", "g": "weight",
          "b": "bias"}


# What modules of torch call their own tensors. Any other last segment names a part of the network, as `pos_embed` does.
_LEAVES = frozenset(("weight", "bias", "running_mean", "running_var", "num_batches_tracked", "weight_g", "weight_v", "scale",
                     "zero_point", "inv_freq"))


_LONGEST = 1000         # characters of a path that may say a role; patterns take the square of it


class Template(NamedTuple):
    """A module's path with its layer numbers taken out: `encoder.layer.3.attention.weight` is (`encoder`, `layer`, `#`,
    `attention`) with `numbers` (3,) and `leaf` `weight`. A parameter of its own is the `weight` of a module of its name."""

    path: tuple[str, ...]
    numbers: tuple[int, ...]
    leaf: str


def template_of(name: str, last_is_a_name: bool = False) -> Template:
    """`last_is_a_name`: a number that ends the module's path (`downsample.0`) is a name there, not a count of layers."""
    *path, last = segments_of(name) if "/" not in name else _SEPARATORS.split(name)
    leaf = LEAVES.get(last, last)
    if leaf not in _LEAVES:
        module, _, kind = last.rpartition("_")          # `in_proj_weight`
        path, leaf = ([*path, module], kind) if module and kind in ("weight", "bias") else ([*path, last], "weight")
    segments: list[str] = []
    numbers: list[int] = []
    final = len(path) - 1
    for i, segment in enumerate(path):
        name_part, number = _counted(segment, i == final, last_is_a_name)
        segments += name_part
        if number >= 0:
            numbers.append(number)
    return Template(tuple(segments), tuple(numbers), leaf)


@lru_cache(maxsize=65536)
def _counted(segment: str, is_last: bool, last_is_a_name: bool) -> tuple[tuple[str, ...], int]:
    """(the segment as it stands in a template's path, the number that was in it or -1)."""
    if segment.isdecimal() and segment.isascii() and len(segment) < 10:
        return ((segment,), -1) if is_last and last_is_a_name else (("#",), int(segment))
    # `layer1.0.conv2`: a number within a name counts where modules follow, and names where it ends the path
    inner = None if is_last else _INNER_NUMBER.fullmatch(segment)
    if inner and len(inner[2]) < 10:
        return (inner[1], "#"), int(inner[2])
    return ((f"{segment}#",) if segment.strip("#") == "" != segment else (segment,)), -1       # what is called "#" is no number


@lru_cache(maxsize=65536)
def words_of(path: tuple[str, ...]) -> frozenset[str]:
    """The words of a module's path, lower-case, in the field's most usual spelling; numbers of layers left out."""
    found = [word.lower() for segment in path if segment != "#" for word in _WORDS.findall(segment)]
    return frozenset(_SAME.get(word, word) for word in found)


@lru_cache(maxsize=65536)
def role_of(path: tuple[str, ...]) -> str:
    """What the module at `path` is in its network, as far as its name says so; "" when it does not."""
    text = ".".join(path).lower()
    if len(text) > _LONGEST:
        return ""
    is_layer = "#" in path
    for pattern, role, where in _roles():
        if (where == "any" or (where == "layer") == is_layer) and pattern.search(text):
            return role
    return ""


_SAME = {
    "attn": "attention", "attentions": "attention",
    "layernorm": "norm", "ln": "norm", "bn": "norm", "batchnorm": "norm", "groupnorm": "norm",
    "embed": "embedding", "embeddings": "embedding", "emb": "embedding", "tok": "token", "tokens": "token", "words": "word",
    "pos": "position", "positional": "position", "positions": "position", "proj": "projection", "conv": "convolution",
    "layers": "layer", "blocks": "block", "stages": "stage", "fc": "linear", "lin": "linear", "dense": "linear", "cls": "class",
    "ffn": "mlp", "feed": "mlp", "forward": "mlp", "mlps": "mlp", "ds": "downsample", "shortcut": "downsample", "enc": "encoder",
    "dec": "decoder", "decoders": "decoder", "encoders": "encoder", "query": "q", "key": "k", "value": "v", "wq": "q",
    "wk": "k", "wv": "v", "wo": "o", "classifier": "head", "heads": "head",
}

_CROSS = r"(^|[._])(encoder_attn|cross_?attn|cross_?attention|encdecattention)\.(.*[._])?"
_ATTENTION = r"(self_attn|self_attention|attention|attn|self|multi_head_attention|mha)"


@cache
def _roles() -> list[tuple[re.Pattern[str], str, str]]:
    """(pattern at the end of a path, role, where it counts: in layers, at the top, anywhere), first match wins."""
    rows = [
        (_CROSS + r"(q_proj|wq|to_q|query|q)$", "cross.q", "any"),
        (_CROSS + r"(k_proj|wk|to_k|key|k)$", "cross.k", "any"),
        (_CROSS + r"(v_proj|wv|to_v|value|v)$", "cross.v", "any"),
        (_CROSS + r"(o_proj|out_proj|wo|to_out(\.#|\.0)?|o)$", "cross.o", "any"),
        (r"(^|[._])(q_norm|query_norm|norm_q)$", "attention.q-norm", "any"),
        (r"(^|[._])(k_norm|key_norm|norm_k)$", "attention.k-norm", "any"),
        (r"(^|[._])(q_proj|wq|to_q|query|q_lin|linear_q|q)$", "attention.q", "any"),
        (r"(^|[._])(k_proj|wk|to_k|key|k_lin|linear_k|k)$", "attention.k", "any"),
        (r"(^|[._])(v_proj|wv|to_v|value|v_lin|linear_v|v)$", "attention.v", "any"),
        (r"(^|[._])(qkv|qkv_proj|wqkv|query_key_value|c_attn|in_proj|to_qkv)$", "attention.qkv", "any"),
        (_ATTENTION + r"\.(o_proj|wo|out_proj|to_out(\.#|\.0)?|out_lin|c_proj|proj|dense|output\.dense|linear_out|o)$",
         "attention.o", "any"),
        (r"(^|[._])(o_proj|out_proj|out_lin|to_out(\.#|\.0)?)$", "attention.o", "layer"),
        (r"attention\.output\.(layernorm|layer_norm|norm)$", "norm.after-attention", "layer"),
        (r"(^|\.)(input_layernorm|attention_norm|attn_norm|norm1|layernorm_before|ln_?1|layer_norm1|norm_attn|layernorm_0)$",
         "norm.first", "layer"),
        (r"(^|\.)(post_attention_layernorm|ffn_norm|mlp_norm|norm2|layernorm_after|ln_?2|layer_norm2|norm_mlp|layernorm_2)$",
         "norm.second", "layer"),
        (r"#\.output\.(layernorm|layer_norm|norm)$", "norm.after-mlp", "layer"),
        (r"(^|\.)(self_attn_layer_norm|sa_layer_norm)$", "norm.after-attention", "layer"),
        (r"(^|\.)(final_layer_norm|output_layer_norm)$", "norm.after-mlp", "layer"),
        (r"(^|[._])(gate_proj|w1)$", "mlp.gate", "layer"),
        (r"(^|[._])(up_proj|w3)$", "mlp.up", "layer"),
        (r"(^|[._])(down_proj|w2)$", "mlp.down", "layer"),
        (r"(^|\.)(intermediate\.dense|fc1|c_fc|dense_h_to_4h|lin1|linear1|fc_in|dense1|mlpblock\.#\.dense_0)$", "mlp.in", "layer"),
        (r"(#|output|mlp|ffn|feed_forward)\.(output\.dense|fc2|dense_4h_to_h|lin2|linear2|fc_out|dense2)$|mlpblock\.#\.dense_1$|mlp\.c_proj$|#\.output\.dense$",
         "mlp.out", "layer"),
        (r"(^|\.)(embed_tokens|tok_embeddings|token_embeddings?|word_embeddings?|wte|embed_in|word_embed|tok_emb)$",
         "embedding.word", "top"),
        (r"(^|\.)(position_embeddings?|pos_embed(ding)?|wpe|positional_embedding|embed_positions|pos_emb)$", "embedding.position", "top"),
        (r"(^|\.)(token_type_embeddings?|segment_embeddings?)$", "embedding.type", "top"),
        (r"(^|\.)(patch_embed\.proj|patch_embeddings\.projection|patch_embedding|patch_embed\.projection)$", "embedding.patch", "top"),
        (r"embeddings?\.(layernorm|layer_norm|norm)$", "embedding.norm", "top"),
        (r"(^|\.)(norm|ln_f|final_layer_?norm|final_norm|layernorm|ln_final)$", "norm.final", "top"),
        (r"(^|\.)(lm_head|embed_out)$|^output$", "head.words", "top"),
        (r"^(model\.|net\.)?(classifier|head|fc|head\.fc|heads\.head)$", "head.classes", "top"),
        (r"(^|\.)(pooler\.dense|pooler)$", "pooler", "top"),
    ]
    return [(re.compile(pattern), role, where) for pattern, role, where in rows]

