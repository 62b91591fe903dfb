"""How fast this GPU copies and multiplies at best: the ceilings that passes are held against."""

from __future__ import annotations

from typing import Any

import torch

from apd.benchmarks.gpu.clock import time_call
from apd.costmodel import GPUS, Gpu

COPIED = 2**31  # bytes, far more than any cache
SIDE = 8192  # of the matrices multiplied


def data_sheet(name: str) -> Gpu | None:
    """The data sheet of a card by the name that its driver gives, None if it is not among ours."""
    words = set(name.replace("-", " ").split())
    for known, gpu in GPUS.items():
        if set(known.replace(" GB", "GB").split()) <= words:
            return gpu
    return None


def measure_ceilings(device: torch.device) -> dict[str, Any]:
    """Bytes per second of a copy, read and written, and operations per second of a product."""
    on_gpu = device.type == "cuda"
    size, side = (COPIED, SIDE) if on_gpu else (2**20, 64)
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy = time_call(lambda: target.copy_(source), device)
    matrix = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    product = time_call(lambda: matrix @ matrix, device)
    sheet = data_sheet(torch.cuda.get_device_name(device)) if on_gpu else None
    return {
        "copy_bytes_per_s": 2 * size / copy.ms * 1e3,
        "product_flops": 2 * side**3 / product.ms * 1e3,
        "sheet_bytes_per_s": None if sheet is None else sheet.bandwidth,
        "sheet_flops": None if sheet is None else sheet.peak_flops,
    }
