"""The precision of a decode is that of its models' weights, whatever surrounds the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

Function = TypeVar("Function", bound=Callable[..., Any])


def as_loaded(function: Function) -> Function:
    """Run a function outside of any `torch.autocast`.

    Autocast would round every product to 16 bits, and so change tokens without a word; the lean
    pass even mixes precisions that its kernels do not take. Who wants 16 bits loads the models so.
    """
    return torch.autocast("cpu", enabled=False)(torch.autocast("cuda", enabled=False)(function))
