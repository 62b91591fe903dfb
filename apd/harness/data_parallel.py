"""One of several processes that share out an evaluation's requests, as `accelerate` starts them."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed

from apd.errors import ApdError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Process:
    """This process among the others.

    Attributes:
        rank: 0 .. world_size - 1 over all machines.
        world_size: number of processes.
        device: where this one computes, or None to choose freely.
        accelerator: accelerate's handle, or None for a single process.
    """

    rank: int = 0
    world_size: int = 1
    device: str | None = None
    accelerator: Any = None

    def all_gather(self, tensor: Any) -> Any:
        """The tensors of all processes, one behind the other."""
        return tensor if self.accelerator is None else self.accelerator.gather(tensor)

    def gather_object(self, item: Any, destination: int = 0) -> list[Any] | None:
        """Every process's object, by rank, in the process `destination`; None elsewhere."""
        if self.accelerator is None:
            return [item]
        items: list[Any] | None = [None] * self.world_size if self.rank == destination else None
        torch.distributed.gather_object(item, items, dst=destination)
        return items

    def barrier(self) -> None:
        """Wait for all processes."""
        if self.accelerator is not None:
            self.accelerator.wait_for_everyone()


def join_processes(device: str | None) -> Process:
    """Join the other processes if a launcher started several, else be a single one.

    Args:
        device: as asked for; several processes on GPUs get one each. lm-eval's command line asks
            for cuda:0 unless told otherwise, so on a machine without a GPU that means the CPU.

    Raises:
        ApdError: several processes without accelerate.
    """
    if device is not None and device.startswith("cuda") and not torch.cuda.is_available():
        logger.warning("no GPU here: %s is taken as cpu", device)
        device = "cpu"
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        return Process(device=device)
    try:
        from accelerate import Accelerator
    except ImportError:
        raise ApdError(
            "sharing an evaluation between processes needs accelerate: run `pip install accelerate`"
        ) from None
    accelerator = Accelerator(cpu=device == "cpu")
    own = accelerator.device
    place = "cpu" if own.type == "cpu" else str(own)  # "cpu:0" is no device to safetensors
    return Process(accelerator.process_index, accelerator.num_processes, place, accelerator)


class SharedEvaluation:
    """Mixed into an lm-eval model: what lm-eval needs to share requests between processes."""

    process: Process

    def all_gather(self, tensor: Any) -> Any:
        """See `Process.all_gather`."""
        return self.process.all_gather(tensor)

    def gather_object(self, obj: Any, dst: int = 0) -> list[Any] | None:
        """See `Process.gather_object`."""
        return self.process.gather_object(obj, dst)

    def barrier(self) -> None:
        """See `Process.barrier`."""
        self.process.barrier()
