"""What the ranks of DeepSpeed's ZeRO save, and what its zero_to_fp32.py makes of it, both written from its rules with torch alone."""
from __future__ import annotations

import math
from collections import OrderedDict
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import torch

Tensors = dict[str, torch.Tensor]


class ZeroStageEnum(IntEnum):
    """Pickled by its number, as DeepSpeed's own is."""

    optimizer_states = 1
    gradients = 2
    weights = 3


class Model(NamedTuple):
    """`groups` are the parameters that are trained, `shared` second names of them."""

    groups: list[Tensors]
    buffers: Tensors
    frozen: Tensors
    shared: dict[str, str]

    @property
    def parameters(self) -> Tensors:
        return {name: tensor for group in self.groups for name, tensor in group.items()}


def make(shapes: list[dict[str, tuple[int, ...]]], frozen: dict[str, tuple[int, ...]] | None = None,
         shared: dict[str, str] | None = None, seed: int = 0) -> Model:
    made = torch.Generator().manual_seed(seed)

    def tensors(table: dict[str, tuple[int, ...]]) -> Tensors:
        return {name: torch.randn(shape, generator=made) for name, shape in table.items()}

    buffers = {"count": torch.arange(3.0), "seen": torch.tensor(7)}
    return Model([tensors(group) for group in shapes], buffers, tensors(frozen or {}), shared or {})


def write(folder: Path, model: Model, stage: int, world: int, *, align: list[int] | None = None, elastic: bool = False,
          prefix: str = "bf16_", sub_group: int = 10 ** 9) -> Path:
    """The tag folder. `align`: parameters of stages 1 and 2 begin at multiples of it, one for each group; `sub_group`: how many elements a
    flat tensor of stage 3 has at most."""
    folder.mkdir(parents=True, exist_ok=True)
    module = {**model.buffers, **model.frozen, **{name: tensor.bfloat16() for name, tensor in model.parameters.items()}}
    module.update((name, module[other]) for name, other in model.shared.items())
    head: dict[str, Any] = {
        "module": OrderedDict(module), "buffer_names": list(model.buffers), "optimizer": None,
        "param_shapes": [OrderedDict((name, tensor.shape) for name, tensor in group.items()) for group in model.groups],
        "frozen_param_shapes": {name: tensor.shape for name, tensor in model.frozen.items()} or None,
        "frozen_param_fragments": dict(model.frozen) or None, "shared_params": dict(model.shared), "lr_scheduler": None,
        "global_steps": 3, "mp_world_size": 1, "dp_world_size": world, "ds_config": {"zero_optimization": {"stage": stage}},
        "ds_version": "0.19.8"}
    flats, paddings = (_pieces(model, world, sub_group), None) if stage == 3 else _partitions(model, world, align)
    for rank, flat in enumerate(flats):
        if stage == 3:
            ranks_own = {name: _piece(tensor, rank, world) for name, tensor in model.frozen.items()}
            empty = {name: torch.empty(0) if name not in model.buffers else tensor for name, tensor in module.items()}
            torch.save({**head, "module": OrderedDict(empty), "frozen_param_fragments": ranks_own or None},
                       folder / f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt")
        state = {n: {"step": torch.tensor(3.0), "exp_avg": one * 10, "exp_avg_sq": one * one} for n, one in enumerate(flat)}
        groups = [{"lr": 0.01, "betas": (0.9, 0.999), "weight_decay": 0.0, "params": [n]} for n in range(len(flat))]
        base: Any = list(state.values()) if elastic else {"state": state, "param_groups": groups}
        own = {"zero_stage": ZeroStageEnum(stage), "partition_count": world if stage == 3 else [world] * len(model.groups)}
        if stage == 3:
            own |= {"optimizer_state_dict": base, "fp32_flat_groups": flat}
        else:
            own |= {"base_optimizer_state": base, "single_partition_of_fp32_groups": flat}
            if paddings is not None:
                own["param_alignment_paddings"] = paddings
        torch.save({"optimizer_state_dict": own, "ds_config": head["ds_config"], "ds_version": "0.19.8"},
                   folder / f"{prefix}zero_pp_rank_{rank}_mp_rank_00_optim_states.pt")
    if stage < 3:
        torch.save(head, folder / "mp_rank_00_model_states.pt")
    return folder


def _partitions(model: Model, world: int, align: list[int] | None) -> tuple[list[list[torch.Tensor]], list[list[int]] | None]:
    """Of each rank the piece of each group; the last one is saved without what was put behind for the ranks to have alike."""
    flats: list[list[torch.Tensor]] = [[] for _ in range(world)]
    paddings: list[list[int]] = []
    for number, group in enumerate(model.groups):
        parts, behind = [], []
        for tensor in group.values():
            more = -tensor.numel() % align[number] if align else 0
            parts += [tensor.flatten(), torch.full((more,), 9e9)]
            behind.append(more)
        flat = torch.cat(parts) if parts else torch.zeros(0)
        numel = flat.numel()
        flat = torch.cat([flat, torch.full((-numel % (2 * world),), -9e9)])
        each = flat.numel() // world
        for rank in range(world):
            flats[rank].append(flat[rank * each:(rank + 1) * each].clone())
        flats[-1][-1] = flats[-1][-1][:max(0, numel - (world - 1) * each)].clone()
        paddings.append(behind)
    return flats, paddings if align else None


def _piece(tensor: torch.Tensor, rank: int, world: int) -> torch.Tensor:
    each = math.ceil(tensor.numel() / world)
    return torch.cat([tensor.flatten(), torch.full((each * world - tensor.numel(),), 9e9)])[rank * each:(rank + 1) * each].clone()


def _pieces(model: Model, world: int, most: int) -> list[list[torch.Tensor]]:
    """Of each rank its pieces of all parameters in flat tensors of at most so many elements."""
    flats = []
    for rank in range(world):
        flat = torch.cat([_piece(tensor, rank, world) for tensor in model.parameters.values()] or [torch.zeros(0)])
        flats.append([part.clone() for part in flat.split(most)])
    return flats


def zero_to_fp32(folder: Path) -> Tensors:
    """The whole state dict, as the script that DeepSpeed puts beside its checkpoints makes it: everything is loaded, cut and joined."""
    def load(path: Path) -> Any:
        return torch.load(path, weights_only=False)

    def number(path: Path) -> int:
        return int(path.name.split("zero_pp_rank_")[1].split("_")[0])

    models = sorted(folder.glob("*_model_states.pt"), key=lambda path: number(path) if "zero_pp" in path.name else 0)
    heads = [load(path) for path in models]
    ranks = [load(path)["optimizer_state_dict"] for path in sorted(folder.glob("*_optim_states.pt"), key=number)]
    head, world = heads[0], len(ranks)
    found: Tensors = {name: tensor.float() if tensor.is_floating_point() else tensor
                      for name, tensor in head["module"].items() if name in head["buffer_names"]}
    if ranks[0]["zero_stage"] == 3:
        for name, shape in (head["frozen_param_shapes"] or {}).items():
            found[name] = torch.cat([one["frozen_param_fragments"][name] for one in heads]).narrow(0, 0, shape.numel()).view(shape)
        flats = [torch.cat(rank["fp32_flat_groups"]) for rank in ranks]
        at = 0
        for shapes in head["param_shapes"]:
            for name, shape in shapes.items():
                each = math.ceil(shape.numel() / world)
                found[name] = torch.cat([flat.narrow(0, at, each) for flat in flats]).narrow(0, 0, shape.numel()).view(shape)
                at += each
        assert at == flats[0].numel()
    else:
        found.update(head["frozen_param_fragments"] or {})
        for group, shapes in enumerate(head["param_shapes"]):
            flat = torch.cat([rank["single_partition_of_fp32_groups"][group] for rank in ranks])
            behind = ranks[0].get("param_alignment_paddings")
            at = 0
            for n, (name, shape) in enumerate(shapes.items()):
                found[name] = flat.narrow(0, at, shape.numel()).view(shape)
                at += shape.numel() + (behind[group][n] if behind else 0)
    found.update((name, found[other]) for name, other in head["shared_params"].items() if other in found)
    return found
