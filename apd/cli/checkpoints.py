"""The arguments that name the dLLM and its verifier, and say what their files do not."""

from __future__ import annotations

import argparse
from typing import Any

from apd.cli.flags import add_flag

PRECISIONS = ("int8", "int4")


def add_checkpoints(group: Any) -> None:
    """Add the arguments to a group."""
    add_flag(
        group,
        "--dllm-path",
        aliases=("--dream_ckpt", "--llada_ckpt"),
        metavar="PATH",
        help="checkpoint directory or hub name of the dLLM, with or without a registered pair",
    )
    add_flag(
        group,
        "--verifier-path",
        aliases=("--verifier_ckpt",),
        metavar="PATH",
        help="the same for the verifier: any causal language model with the dLLM's vocabulary",
    )
    add_flag(
        group,
        "--mask-token",
        metavar="TOKEN",
        help="the dLLM's mask, a token or its id (default: the one its files name)",
    )
    add_flag(
        group,
        "--shifted",
        action=argparse.BooleanOptionalAction,
        help="whether the dLLM's output i predicts position i + 1 (default: as in its family)",
    )
    add_flag(
        group,
        "--quantize",
        choices=PRECISIONS,
        help="weights of the dLLM in eight or four bits, through bitsandbytes",
    )


def chosen_checkpoints(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was given, as keyword arguments of `load_pair`."""
    return {
        "dllm": arguments.dllm_path,
        "verifier": arguments.verifier_path,
        "mask_token": arguments.mask_token,
        "shifted": arguments.shifted,
        "quantize": arguments.quantize,
    }
