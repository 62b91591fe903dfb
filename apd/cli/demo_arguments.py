"""The arguments of `apd demo`, with the spellings of the paper's demo as aliases."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.cli.checkpoints import add_checkpoints
from apd.cli.flags import add_flag, value_options
from apd.models.pairs import PAIRS, SYSTEM_PROMPT, choose_spec, pair_spec
from apd.paper.scale import scaled
from apd.tasks.figure_1 import QUESTION

if TYPE_CHECKING:
    from apd.decoding import AdaptiveConfig
    from apd.models.registry import PairSpec

DEFAULT_PAIR = "mini"
DTYPES = ("float32", "bfloat16", "float16")
ENGINES = ("torch", "onnxruntime")
# Of the paper's demo.
PAPER: dict[str, Any] = {"mixture_weight": 0.7, "kv_window": 16, "max_lookahead": 100}
LENGTHS = ("kv_window", "max_lookahead")  # of these, in proportion to the pair's canvas
# Settings in the order of the help: their one-letter flags and the paper's spellings.
APD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "mixture_weight": (("-R",), ("--apd_mixture_weight",)),
    "kv_window": (("-W",), ("--apd_kv_window",)),
    "max_lookahead": (("-M",), ("--apd_max_lookahead",)),
    "acceptance": ((), ()),
    "noise": ((), ()),
}
SAMPLING: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "temperature": (("-T",), ()),
    "top_p": ((), ()),
    "seed": ((), ()),
    "max_new_tokens": ((), ()),
}


def pair_name(arguments: argparse.Namespace) -> str:
    """The pair asked for; checkpoints without one are called as the dLLM is."""
    return chosen_spec(arguments).name


def chosen_spec(arguments: argparse.Namespace) -> PairSpec:
    """What is registered of the pair asked for, or known of the checkpoints given without one."""
    if arguments.pair is None and arguments.dllm_path is None:
        return pair_spec(DEFAULT_PAIR)
    return choose_spec(arguments.pair, arguments.dllm_path, arguments.verifier_path)


def baseline_name(arguments: argparse.Namespace) -> str | None:
    """The autoregressive model to compare with, if any."""
    if arguments.no_baseline:
        return None
    if arguments.baseline is not None:
        return str(arguments.baseline)
    return next(iter(chosen_spec(arguments).baselines), None)


def adaptive_config(arguments: argparse.Namespace) -> AdaptiveConfig:
    """The settings; a ValueError says which one is out of range."""
    from apd.decoding import AdaptiveConfig

    given = {name: getattr(arguments, name) for name in (*APD, *SAMPLING)}
    if given["max_new_tokens"] is None:
        given["max_new_tokens"] = chosen_spec(arguments).canvas
    for name in LENGTHS:
        if given[name] is ...:
            given[name] = scaled(PAPER[name], chosen_spec(arguments).canvas)
    return AdaptiveConfig(**given)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments in groups."""
    _add_prompt(parser.add_argument_group("prompt"))
    _add_settings(parser.add_argument_group("adaptive parallel decoding"), APD)
    _add_settings(parser.add_argument_group("sampling"), SAMPLING)
    _add_models(parser.add_argument_group("models"))
    _add_output(parser.add_argument_group("output"))


def _add_prompt(group: Any) -> None:
    add_flag(
        group, "--prompt", default=QUESTION, metavar="TEXT", help="default: the problem of Figure 1"
    )
    system = f"default: {SYSTEM_PROMPT!r}"
    add_flag(group, "--system", default=SYSTEM_PROMPT, metavar="TEXT", help=system)
    none = "no system message at all, for a checkpoint that takes none"
    add_flag(group, "--no-system", action="store_const", const=None, dest="system", help=none)


def _add_settings(group: Any, names: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
    """A flag for each of these settings; the paper's demo decides the defaults that it has."""
    from apd.decoding import AdaptiveConfig
    from apd.decoding.setting import settings_of

    for name, (short, aliases) in names.items():
        about = settings_of(AdaptiveConfig)[name]
        default, options = PAPER.get(name, about.default), value_options(about)
        said = default
        if name == "max_new_tokens":
            canvas = pair_spec(DEFAULT_PAIR).canvas
            said, default = f"{canvas} for mini pairs, else {default}", None
        if name in LENGTHS:
            on_mini = scaled(default, pair_spec(DEFAULT_PAIR).canvas)
            said = f"{on_mini} for mini pairs, else {default}"
            default = ...
        if about.choices:
            options = {"choices": about.choices}
        flag = f"--{name.replace('_', '-')}"
        about_it = f"{about.help} (default: {said})"
        add_flag(group, flag, *short, aliases=aliases, default=default, help=about_it, **options)


def _add_models(group: Any) -> None:
    add_flag(group, "--pair", metavar="NAME", help=f"{', '.join(PAIRS)} (default: mini)")
    add_checkpoints(group)
    add_flag(
        group,
        "--baseline",
        aliases=("--qwen_ckpt",),
        metavar="PATH",
        help="autoregressive model to compare with (default: the pair's large one)",
    )
    add_flag(group, "--no-baseline", action="store_true", help="decode with APD alone")
    device = "cpu, cuda, cuda:1, ... (default: best there is)"
    add_flag(group, "--device", metavar="NAME", help=device)
    dtype = "precision of the weights (default: the pair's)"
    add_flag(group, "--dtype", choices=DTYPES, help=dtype)
    engine = (
        "what computes passes: torch, or onnxruntime, for small models on a CPU (default: what "
        "`apd bench --tune` has found, else torch)"
    )
    add_flag(group, "--engine", choices=ENGINES, help=engine)


def _add_output(group: Any) -> None:
    marks = "also mark where each iteration begins"
    add_flag(group, "--marks", action="store_true", help=marks)
    add_flag(
        group,
        "--delay",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="pause after each iteration, to watch; not counted in any timing",
    )
    add_flag(group, "--no-color", action="store_true", help="no colours (also: NO_COLOR=1)")
    add_flag(group, "--json", action="store_true", help="print one JSON object and nothing else")
    add_flag(
        group,
        "--save",
        type=Path,
        metavar="FILE",
        help="also write the coloured output to FILE: .svg, .html or .txt",
    )
