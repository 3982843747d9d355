"""Folders of torch.distributed.checkpoint that several ranks wrote, made by torch's own planners and writers in one process."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from torch.distributed.checkpoint import FileSystemWriter
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner


def written_by_ranks(folder: Path, states: list[dict[str, Any]]) -> Path:
    """`states` are the state dicts of the ranks: the same of all for data parallel, others for the stages of a pipeline."""
    planners = [DefaultSavePlanner() for _ in states]
    writers = [FileSystemWriter(folder) for _ in states]
    plans = []
    for rank, (planner, writer, state) in enumerate(zip(planners, writers, states, strict=True)):
        writer.set_up_storage_writer(rank == 0)
        planner.set_up_planner(state, writer.storage_meta(), rank == 0)
        plans.append(writer.prepare_local_plan(planner.create_local_plan()))
    plans, metadata = planners[0].create_global_plan(plans)
    plans = writers[0].prepare_global_plan(plans)
    results = [writer.write_data(planner.finish_plan(plan), planner).wait()
               for planner, writer, plan in zip(planners, writers, plans, strict=True)]
    writers[0].finish(metadata, results)
    return folder
