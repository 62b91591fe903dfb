"""The flags of `apd eval`; those of the decoders' settings come from the registry of decoders.

Dashes and underscores are both understood. The spellings of the reference code
(:mod:`apd.cli.reference_spellings`) and of the evaluation harness are aliases.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.cli.checkpoints import add_checkpoints
from apd.cli.flags import add_flag, value_options
from apd.cli.reference_spellings import MODEL_ALIASES

if TYPE_CHECKING:
    from apd.decoding.setting import Setting

DEFAULT_PAIR, DEFAULT_TASK = "mini", "mini_gsm"
DEFAULT_OUTPUT = Path("results")
LENGTHS = (
    "canvas behind the prompt (mini pairs 128; else dLLMs 256, and 512 on hendrycks_math, "
    "autoregressive models 16384; 32 or 64, as there, on the tasks of ParallelBench)"
)
SETTING_ALIASES = {"mixture_weight": ("--apd_mixture_weight",)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of an evaluation."""
    _add_subject(parser.add_argument_group("what to evaluate"))
    _add_settings(parser.add_argument_group("decoder settings; each decoder has only some of them"))
    _add_models(parser.add_argument_group("models and data"))
    _add_output(parser.add_argument_group("output"))


def _add_settings(group: Any) -> None:
    """A flag for every setting that a registered decoder has; not given, it keeps its default."""
    from apd.decoding.registry import stored_settings

    for name, about in stored_settings().items():
        add_flag(
            group,
            f"--{name.replace('_', '-')}",
            aliases=SETTING_ALIASES.get(name, ()),
            help=LENGTHS if name == "max_new_tokens" else _setting_help(about),
            default=argparse.SUPPRESS,
            **value_options(about),
        )


def _setting_help(about: Setting) -> str:
    """What a setting does, its choices, the decoders that have it unless all do, its default."""
    from apd.decoding.registry import decoders

    owners = [row for row in decoders() if about.name in row.stored]
    defaults = {str(row.stored[about.name].default).lower() for row in owners}
    notes = [", ".join(row.name for row in owners)] if len(owners) < len(decoders()) else []
    notes.append(defaults.pop() if len(defaults) == 1 else "the decoder's own")
    choices = f": {', '.join(about.choices)}" if about.choices else ""
    return f"{about.help}{choices} ({'; '.join(notes)})".replace("%", "%%")


def _add_subject(group: Any) -> None:
    from apd.decoding.registry import decoders, usual_decoder

    names = ", ".join(row.name for row in decoders())
    usual, other = (usual_decoder(on_baseline=on).name for on in (False, True))
    add_flag(group, "--pair", metavar="NAME", help=f"see `apd models` ({DEFAULT_PAIR})")
    add_flag(
        group,
        "--task",
        aliases=("--tasks",),
        default=DEFAULT_TASK,
        metavar="NAME",
        help=f"test set ({DEFAULT_TASK})",
    )
    add_flag(
        group,
        "--algorithm",
        aliases=("--alg",),
        metavar="NAME",
        help=f"{names} ({usual}; {other} if --model names a baseline)",
    )
    add_flag(
        group,
        "--model",
        metavar="NAME",
        help="dllm, or an autoregressive baseline of the pair (its first, for autoregressive)",
    )
    add_flag(
        group,
        "--model-alias",
        metavar="NAME",
        help=f"{', '.join(MODEL_ALIASES)}: pair and model as the reference code names them",
    )
    add_flag(group, "--limit", type=int, metavar="N", help="only the first N problems")
    add_flag(group, "--seed", type=int, default=0, metavar="N", help="fixes all noise (0)")
    add_flag(
        group,
        "--batch-size",
        type=int,
        default=1,
        metavar="N",
        help="problems decoded at once (1); above 1 accuracy alone is reported, not speed",
    )


def _add_models(group: Any) -> None:
    checkpoints: dict[str, Any] = {"type": str, "metavar": "PATH"}
    add_checkpoints(group)
    add_flag(
        group,
        "--baseline-path",
        aliases=("--qwen_7b_ckpt",),
        help="directory or hub name of the autoregressive baseline",
        **checkpoints,
    )
    # the verifier or the baseline, whichever the run needs
    add_flag(group, "--qwen_small_ckpt", **checkpoints | {"help": argparse.SUPPRESS})
    add_flag(
        group,
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="directory with the public data sets, for machines without network; a checkout of "
        "ParallelBench for its tasks",
    )
    add_flag(
        group,
        "--no-system",
        action="store_true",
        help="no system message, for a checkpoint that takes none",
    )
    add_flag(group, "--device", metavar="NAME", help="cpu, cuda, cuda:1, ... (best there is)")
    add_flag(group, "--dtype", metavar="NAME", help="precision of the weights (the pair's)")


def _add_output(group: Any) -> None:
    add_flag(
        group,
        "--output",
        aliases=("--output_dir", "--output_path"),
        type=Path,
        default=DEFAULT_OUTPUT,
        metavar="DIR",
        help="the table goes to DIR/<pair>/; run the same command again to resume (results)",
    )
    add_flag(group, "--tag", metavar="TEXT", help="added to the names of the output files")
    add_flag(
        group, "--restart", action="store_true", help="measure again what earlier runs have stored"
    )
    add_flag(
        group,
        "--log-replies",
        aliases=("--log_samples",),
        action="store_true",
        help="also store every prompt and reply, one JSON object a line",
    )
    add_flag(group, "--json", action="store_true", help="print one JSON object, nothing else")
    add_flag(
        group,
        "--allow-code-execution",
        aliases=("--confirm_run_unsafe_code",),
        action="store_true",
        help="needed for tasks judged by running code (humaneval): runs programs that a model "
        "wrote, in a separate process with limits and without network, which can still read this "
        "user's files where the kernel has no Landlock (Linux)",
    )
