"""What torch's own modules say of themselves between the brackets of `print(model)`.

Source: `extra_repr` of the classes in torch/nn/modules, version 2.13. Attributes that an older torch did not write have the value that
the newer one gives them when it loads such a module.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Attributes:
    """Of one pickled module: plain `values` by name, sequences as tuples; `tensors` the names of its parameters and buffers."""

    values: Mapping[str, Any]
    tensors: frozenset[str]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any) -> Any:
        return self.values.get(name, default)


def arguments_of(type: str, attributes: Attributes) -> str | None:
    """What a module of the class `type` ("torch.nn.modules.linear.Linear") says; None for a class that is not torch's own, and where an
    attribute it would name is not there."""
    package, _, name = type.rpartition(".")
    if not package.startswith(_PACKAGES):
        return None
    rule = _RULES.get(name)
    try:
        return "" if rule is None else rule(attributes)
    except (KeyError, TypeError):
        return None


_PACKAGES = ("torch.nn.modules", "torch.ao.nn", "torch.nn.quantized", "torch.nn.qat", "torch.nn.quantizable")
Rule = Callable[[Attributes], str]


def _named(*names: str, **defaults: Any) -> Rule:
    """`a=1, b=2` of these attributes."""
    return lambda of: ", ".join(f"{name}={of.get(name, defaults[name]) if name in defaults else of[name]}" for name in names)


def _plain(name: str) -> Rule:
    return lambda of: str(of[name])


def _inplace(*names: str, **defaults: Any) -> Rule:
    named = _named(*names, **defaults)
    return lambda of: ", ".join(part for part in (named(of), "inplace=True" if of.get("inplace", False) else "") if part)


def _norm(*names: str) -> Rule:
    def rule(of: Attributes) -> str:
        first = [str(of[name]) for name in names]
        return ", ".join([*first, f"eps={of['eps']}"])
    return rule


def _batch_norm(of: Attributes) -> str:
    return (f"{of['num_features']}, eps={of['eps']}, momentum={of['momentum']}, affine={of.get('affine', True)}, "
            f"bias={'bias' in of.tensors}, track_running_stats={of.get('track_running_stats', True)}")


def _layer_norm(of: Attributes) -> str:
    return f"{_norm('normalized_shape')(of)}, elementwise_affine={of.get('elementwise_affine', True)}, bias={'bias' in of.tensors}"


def _rms_norm(of: Attributes) -> str:
    return f"{_norm('normalized_shape')(of)}, elementwise_affine={of.get('elementwise_affine', True)}"


def _group_norm(of: Attributes) -> str:
    return f"{_norm('num_groups', 'num_channels')(of)}, affine={of.get('affine', True)}, bias={'bias' in of.tensors}"


def _linear(of: Attributes) -> str:
    return f"in_features={of['in_features']}, out_features={of['out_features']}, bias={'bias' in of.tensors}"


def _bilinear(of: Attributes) -> str:
    return (f"in1_features={of['in1_features']}, in2_features={of['in2_features']}, out_features={of['out_features']}, "
            f"bias={'bias' in of.tensors}")


def _conv(of: Attributes) -> str:
    said = [str(of["in_channels"]), str(of["out_channels"]), f"kernel_size={of['kernel_size']}", f"stride={of['stride']}"]
    for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
        value = of.get(name, ())
        if value != (usual,) * len(value):
            said.append(f"{name}={value}")
    if of.get("groups", 1) != 1:
        said.append(f"groups={of['groups']}")
    if "bias" not in of.tensors:
        said.append("bias=False")
    if of.get("padding_mode", "zeros") != "zeros":
        said.append(f"padding_mode={of['padding_mode']}")
    return ", ".join(said)


def _embedding(of: Attributes) -> str:
    said = [str(of["num_embeddings"]), str(of["embedding_dim"])]
    said += [f"{name}={of[name]}" for name in ("padding_idx", "max_norm") if of.get(name, None) is not None]
    if of.get("norm_type", 2) != 2:
        said.append(f"norm_type={of['norm_type']}")
    if of.get("scale_grad_by_freq", False) is not False:
        said.append(f"scale_grad_by_freq={of['scale_grad_by_freq']}")
    if of.get("sparse", False) is not False:
        said.append("sparse=True")
    return ", ".join(said)


def _embedding_bag(of: Attributes) -> str:
    said = [str(of["num_embeddings"]), str(of["embedding_dim"])]
    if of.get("max_norm", None) is not None:
        said.append(f"max_norm={of['max_norm']!r}")
    if of.get("norm_type", 2) != 2:
        said.append(f"norm_type={of['norm_type']!r}")
    if of.get("scale_grad_by_freq", False) is not False:
        said.append(f"scale_grad_by_freq={of['scale_grad_by_freq']!r}")
    said.append(f"mode={of.get('mode', 'mean')!r}")
    if of.get("padding_idx", None) is not None:
        said.append(f"padding_idx={of['padding_idx']!r}")
    return ", ".join(said)


def _rnn(of: Attributes) -> str:
    usual = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
    return ", ".join([str(of["input_size"]), str(of["hidden_size"]),
                      *(f"{name}={of.get(name, value)}" for name, value in usual.items() if of.get(name, value) != value)])


def _rnn_cell(of: Attributes) -> str:
    said = [str(of["input_size"]), str(of["hidden_size"])]
    if of.get("bias", True) is not True:
        said.append(f"bias={of['bias']}")
    if of.get("nonlinearity", "tanh") != "tanh":
        said.append(f"nonlinearity={of['nonlinearity']}")
    return ", ".join(said)


def _upsample(of: Attributes) -> str:
    scale = of.get("scale_factor", None)
    size = f"scale_factor={scale!r}" if scale is not None else f"size={of['size']!r}"
    return f"{size}, mode={of['mode']!r}"


def _response_norm(of: Attributes) -> str:
    return f"{of['size']}, {_named('alpha', 'beta', 'k')(of)}"


_MAX_POOL = _named("kernel_size", "stride", "padding", "dilation", "ceil_mode", dilation=1, ceil_mode=False)
_POOL = _named("kernel_size", "stride", "padding", padding=0)
_LP_POOL = _named("norm_type", "kernel_size", "stride", "ceil_mode")
_ADAPTIVE = _named("output_size")
_DROPOUT = _named("p", "inplace", inplace=False)

_RULES: dict[str, Rule] = {
    "Linear": _linear, "NonDynamicallyQuantizableLinear": _linear, "LazyLinear": _linear, "Bilinear": _bilinear,
    "Embedding": _embedding, "EmbeddingBag": _embedding_bag,
    "LayerNorm": _layer_norm, "RMSNorm": _rms_norm, "GroupNorm": _group_norm, "SyncBatchNorm": _batch_norm,
    "LocalResponseNorm": _response_norm, "CrossMapLRN2d": _response_norm,
    "RNN": _rnn, "LSTM": _rnn, "GRU": _rnn, "RNNCell": _rnn_cell, "LSTMCell": _rnn_cell, "GRUCell": _rnn_cell,
    "Dropout": _DROPOUT, "AlphaDropout": _DROPOUT, "FeatureAlphaDropout": _DROPOUT,
    "Threshold": _inplace("threshold", "value"), "ReLU": _inplace(), "ReLU6": _inplace(), "SiLU": _inplace(), "Mish": _inplace(),
    "SELU": _inplace(), "RReLU": _inplace("lower", "upper"), "Hardtanh": _inplace("min_val", "max_val"),
    "ELU": _inplace("alpha", alpha=1.0), "CELU": _inplace("alpha", alpha=1.0), "LeakyReLU": _inplace("negative_slope"),
    "GLU": _named("dim"), "GELU": lambda of: f"approximate={of.get('approximate', 'none')!r}",
    "Hardshrink": _plain("lambd"), "Softshrink": _plain("lambd"), "Softplus": _named("beta", "threshold"),
    "PReLU": _named("num_parameters"), "Softmin": _named("dim"), "Softmax": _named("dim"), "LogSoftmax": _named("dim"),
    "ChannelShuffle": _named("groups"), "Flatten": _named("start_dim", "end_dim"), "Unflatten": _named("dim", "unflattened_size"),
    "Fold": _named("output_size", "kernel_size", "dilation", "padding", "stride"),
    "Unfold": _named("kernel_size", "dilation", "padding", "stride"),
    "PixelShuffle": _named("upscale_factor"), "PixelUnshuffle": _named("downscale_factor"),
    "Upsample": _upsample, "UpsamplingNearest2d": _upsample, "UpsamplingBilinear2d": _upsample,
    **{f"{kind}{dims}d": rule for dims in (1, 2, 3) for kind, rule in (
        ("Conv", _conv), ("ConvTranspose", _conv), ("LazyConv", _conv), ("LazyConvTranspose", _conv),
        ("BatchNorm", _batch_norm), ("LazyBatchNorm", _batch_norm), ("InstanceNorm", _batch_norm), ("LazyInstanceNorm", _batch_norm),
        ("Dropout", _DROPOUT), ("MaxPool", _MAX_POOL), ("MaxUnpool", _POOL), ("AvgPool", _POOL), ("LPPool", _LP_POOL),
        ("AdaptiveMaxPool", _ADAPTIVE), ("AdaptiveAvgPool", _ADAPTIVE),
        ("CircularPad", _plain("padding")), ("ReflectionPad", _plain("padding")), ("ReplicationPad", _plain("padding")),
        ("ZeroPad", _plain("padding")), ("ConstantPad", _named("padding", "value")))},
}
