"""The precision of a decode is that of its models' weights, whatever surrounds the call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import torch

Function = TypeVar("Function", bound=Callable[..., Any])


def as_loaded(function: Function) -> Function:
    """Run a function outside of any `torch.autocast`.

    Autocast would round every product to 16 bits, and so change tokens without a word; the lean
    pass even mixes precisions that its kernels do not take. Who wants 16 bits loads the models so.
    """
    loaded = torch.autocast("cpu", enabled=False)(torch.autocast("cuda", enabled=False)(function))

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        # entering the two contexts costs as much as a step of a decode
        autocast = torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled("cuda")
        return (loaded if autocast else function)(*args, **kwargs)

    return cast(Function, run)
