"""Whether the weights fit where they are to go: said before anything is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil
import torch

from apd.errors import ApdError
from apd.models.files import stored_tensors

GIB = 2**30
CGROUP = Path("/sys/fs/cgroup")
BITS = {"int8": 8, "int4": 4}


def check_room(
    directories: Sequence[Path],
    device: torch.device,
    dtype: torch.dtype | None,
    quantize: str | None = None,
) -> None:
    """The weights of these checkpoints fit into what is free on the device.

    Args:
        directories: checkpoints, the dLLM first.
        dtype: precision they are loaded in; None as stored.
        quantize: what the linear weights of the first are made of.

    Raises:
        ApdError: they do not, with the numbers and what to do.
    """
    free = free_bytes(device)
    first, *others = dict.fromkeys(directories)
    needed = weight_bytes(first, dtype, quantize) + sum(weight_bytes(d, dtype) for d in others)
    if free is not None and needed > free:
        raise ApdError(
            f"{' and '.join(d.name for d in (first, *others))}: needs {needed / GIB:.1f} GiB, "
            f"{free / GIB:.1f} free on {device}: {remedy(device, dtype, quantize)}"
        )


def weight_bytes(directory: Path, dtype: torch.dtype | None, quantize: str | None = None) -> int:
    """Bytes of a checkpoint's weights once loaded.

    Raises:
        ApdError: a weight file is missing or corrupt.
    """
    total = 0
    for name, tensor in stored_tensors(directory).items():
        whole = tensor.nbytes if dtype is None else tensor.numbers * dtype.itemsize
        linear = len(tensor.shape) == 2 and not any(
            part in name for part in ("embed", "wte", "wpe", "lm_head", "transformer.ff_out")
        )
        total += tensor.numbers * BITS[quantize] // 8 if quantize and linear else whole
    return total


def free_bytes(device: torch.device) -> int | None:
    """Memory free on the device; None where nothing tells."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    if device.type == "cpu":
        return min(int(psutil.virtual_memory().available), container_bytes())
    return None


def container_bytes() -> int:
    """Memory that a container's limit leaves, beside what the kernel can take back."""
    try:
        limit = int((CGROUP / "memory.max").read_text())
        used = int((CGROUP / "memory.current").read_text())
        cached = dict(
            line.split() for line in (CGROUP / "memory.stat").read_text().splitlines()
        ).get("inactive_file", "0")
    except (OSError, ValueError):  # no container, or no limit ("max")
        return 2**63
    return limit - used + int(cached)


def remedy(device: torch.device, dtype: torch.dtype | None, quantize: str | None) -> str:
    """What to do when it does not fit."""
    choices = []
    if dtype == torch.float32:
        choices.append("--dtype bfloat16")
    if quantize != "int4":
        choices.append("--quantize int4" if quantize == "int8" else "--quantize int8")
    choices.append("a smaller pair (`apd models`)")
    return f"use {' or '.join(choices)}"
