"""The arguments of `apd demo`, with the spellings of the paper's demo as aliases."""

import argparse
from pathlib import Path
from typing import Any

from apd.cli.checkpoints import add_checkpoints
from apd.models.pairs import PAIRS, SYSTEM_PROMPT

# Figure 1 of the paper. The answer is 260.
SHEEP = (
    "Toulouse has twice as many sheep as Charleston. Charleston has 4 times as many sheep as "
    "Seattle. How many sheep do Toulouse, Charleston, and Seattle have together if Seattle has "
    "20 sheep?"
)
ACCEPTANCE = ("gumbel", "greedy", "independent", "maximal")
DTYPES = ("float32", "bfloat16", "float16")
NOISE = ("fresh", "position")
# Settings of the paper's demo.
PAPER = {"mixture_weight": 0.7, "kv_window": 16, "max_lookahead": 100}


def number_or_none(text: str) -> int | None:
    """An integer, or None spelt out."""
    return None if text.lower() == "none" else int(text)


number_or_none.__name__ = "integer or 'none'"  # argparse names the type in its messages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments in groups."""
    _add_prompt(parser.add_argument_group("prompt"))
    _add_apd(parser.add_argument_group("adaptive parallel decoding"))
    _add_sampling(parser.add_argument_group("sampling"))
    _add_models(parser.add_argument_group("models"))
    _add_output(parser.add_argument_group("output"))


def _add(group: Any, *names: str, aliases: tuple[str, ...] = (), **options: Any) -> None:
    """Add an argument; aliases, and its name with underscores, work but stay out of the help."""
    action = group.add_argument(*names, **options)
    underscored = [f"--{name[2:].replace('-', '_')}" for name in names if "-" in name[2:]]
    hidden = [name for name in (*underscored, *aliases) if name not in names]
    if hidden:
        hidden_options = options | {"help": argparse.SUPPRESS, "default": argparse.SUPPRESS}
        group.add_argument(*hidden, dest=action.dest, **hidden_options)


def _add_prompt(group: Any) -> None:
    _add(group, "--prompt", default=SHEEP, metavar="TEXT", help="default: the problem of Figure 1")
    _add(
        group, "--system", default=SYSTEM_PROMPT, metavar="TEXT", help=f"default: {SYSTEM_PROMPT!r}"
    )


def _add_apd(group: Any) -> None:
    _add(
        group,
        *("--mixture-weight", "-R"),
        aliases=("--apd_mixture_weight", "--apd-mixture-weight"),
        type=float,
        default=PAPER["mixture_weight"],
        metavar="R",
        help="trust in the dLLM's marginals, 0 to 1; higher is faster (default: %(default)s)",
    )
    _add(
        group,
        *("--kv-window", "-W"),
        aliases=("--apd_kv_window",),
        type=number_or_none,
        default=PAPER["kv_window"],
        metavar="W",
        help="decoded tokens recomputed behind the frontier, or none for all; lower is faster "
        "(default: %(default)s)",
    )
    _add(
        group,
        *("--max-lookahead", "-M"),
        aliases=("--apd_max_lookahead",),
        type=number_or_none,
        default=PAPER["max_lookahead"],
        metavar="M",
        help="masked tokens shown to the dLLM, or none for all; lower is faster "
        "(default: %(default)s)",
    )
    _add(
        group, "--acceptance", choices=ACCEPTANCE, help="how tokens are accepted (default: gumbel)"
    )
    _add(
        group, "--noise", choices=NOISE, help="drawn per iteration or by position (default: fresh)"
    )


def _add_sampling(group: Any) -> None:
    _add(group, "--temperature", "-T", type=float, metavar="T", help="0 is greedy (default: 0.2)")
    _add(group, "--top-p", type=float, metavar="P", help="nucleus of the draft (default: 0.95)")
    _add(group, "--seed", type=int, metavar="N", help="fixes all noise (default: 0)")
    _add(
        group,
        "--max-new-tokens",
        type=int,
        metavar="N",
        help="length of the canvas behind the prompt (default: 128 for mini pairs, else 256)",
    )


def _add_models(group: Any) -> None:
    _add(group, "--pair", metavar="NAME", help=f"{', '.join(PAIRS)} (default: mini)")
    add_checkpoints(group, _add)
    _add(
        group,
        "--baseline",
        aliases=("--qwen_ckpt", "--qwen-ckpt"),
        metavar="PATH",
        help="autoregressive model to compare with (default: the pair's large one)",
    )
    _add(group, "--no-baseline", action="store_true", help="decode with APD alone")
    _add(group, "--device", metavar="NAME", help="cpu, cuda, cuda:1, ... (default: best there is)")
    _add(group, "--dtype", choices=DTYPES, help="precision of the weights (default: the pair's)")


def _add_output(group: Any) -> None:
    _add(group, "--marks", action="store_true", help="also mark where each iteration begins")
    _add(
        group,
        "--delay",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="pause after each iteration, to watch; not counted in any timing",
    )
    _add(group, "--no-color", action="store_true", help="no colours (also: NO_COLOR=1)")
    _add(group, "--json", action="store_true", help="print one JSON object and nothing else")
    _add(
        group,
        "--save",
        type=Path,
        metavar="FILE",
        help="also write the coloured output to FILE: .svg, .html or .txt",
    )
