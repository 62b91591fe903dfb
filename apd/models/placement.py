"""Where a model is put and in which precision."""

from __future__ import annotations

import torch

from apd.errors import ApdError


def choose_device(device: str | torch.device | None) -> torch.device:
    """The device asked for, or a GPU if there is one.

    Raises:
        ApdError: this machine does not have it, or it lacks what decoding needs.
    """
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError):
        raise ApdError(f"device {str(device)!r} is not available here; use cpu") from None
    if chosen.type == "mps":
        raise ApdError(
            "device 'mps' has no float64, in which noise and probabilities are worked out; use cpu"
        )
    return chosen


def choose_dtype(dtype: str | torch.dtype | None, device: torch.device) -> torch.dtype | None:
    """The precision asked for; by default float32 on a CPU, as stored (None) elsewhere.

    Raises:
        ValueError: it is no floating point type of torch.
    """
    if dtype is None:
        return torch.float32 if device.type == "cpu" else None
    chosen = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not (isinstance(chosen, torch.dtype) and chosen.is_floating_point):
        raise ValueError(f"dtype={dtype!r} is unknown; use float32, bfloat16 or float16")
    return chosen
