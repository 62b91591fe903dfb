"""Decode one prompt live, tokens coloured by the iteration that accepted them.

Then a table compares Adaptive Parallel Decoding with the autoregressive large model on the same
prompt, as the paper's Figure 1 does. The options of the paper's own demo work as they are spelt
there.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from apd.cli.checkpoints import chosen_checkpoints
from apd.cli.demo_arguments import (
    adaptive_config,
    add_arguments,
    baseline_name,
    chosen_spec,
    pair_name,
)
from apd.errors import ApdError

if TYPE_CHECKING:
    from rich.console import Console

    from apd.benchmarks.tuning import Tuned
    from apd.cli.demo_output import Report
    from apd.decoding import AdaptiveConfig, DecodeResult, Stream
    from apd.models.onnx_pass import Engine
    from apd.models.pairs import Pair

__all__ = ["HELP", "add_arguments", "run"]

HELP = "decode a prompt live and compare with autoregressive decoding"
WARM_UP_ITERATIONS = 3
ROUNDS = 25  # most decodes of each, to be timed in turn
SECONDS = 4.0  # after which no further round begins
SHARED = ("temperature", "top_p", "seed", "max_new_tokens")  # settings of both decoders


def run(arguments: argparse.Namespace) -> int:
    """Decode, show, save; return the exit status."""
    from rich.console import Console

    from apd.cli.demo_output import check_target, save
    from apd.display import visible

    if not math.isfinite(arguments.delay) or arguments.delay < 0:
        raise ApdError(f"--delay {arguments.delay} is not allowed: give seconds, 0 or more")
    if arguments.save is not None:
        check_target(arguments.save)
    plainly = partial(Console, no_color=arguments.no_color or None, highlight=False, markup=False)
    console, notes = plainly(), plainly(stderr=True)
    report = decode(arguments, console, notes)
    if arguments.json:
        sys.stdout.write(report.to_json() + "\n")
    else:
        console.print(report.table())
    if arguments.save is not None:
        save(report, arguments.save, marks=arguments.marks)
        notes.print(f"Saved {visible(str(arguments.save))}", style="dim", soft_wrap=True)
    return 0


def decode(arguments: argparse.Namespace, console: Console, notes: Console) -> Report:
    """Load the models, warm them up, decode with each, showing the text unless JSON is wanted."""
    import torch
    from rich.text import Text

    from apd.cli.demo_output import Report, show
    from apd.display import visible

    config = adaptive_config(arguments)
    tuned = tuned_for(arguments)
    if tuned is not None:
        torch.set_num_threads(tuned.threads)
        arguments.engine = tuned.engine
        config = replace(config, verify_chunk=tuned.verify_chunk)
        how = f"{tuned.engine}, threads {tuned.threads}"
        notes.print(f"As tuned for this machine: {how}", style="dim")
    notes.print(f"Loading {visible(pair_name(arguments))} ...", style="dim")
    pair = load(arguments)
    runs = decoders(arguments, pair, config)
    notes.print("Warming up: a few untimed iterations of each decoder ...", style="dim")
    for start in runs.values():  # on the full canvas, so that first-call costs are not timed
        list(islice(start(), WARM_UP_ITERATIONS))
    if arguments.json:
        shown = {title: start().finish() for title, start in runs.items()}
    else:
        prompt = Text(f"{visible(arguments.prompt)}\n", style="dim")
        console.print(prompt, soft_wrap=not console.is_terminal)
        look = partial(show, console=console, marks=arguments.marks, delay_s=arguments.delay)
        shown = {title: look(title, start()) for title, start in runs.items()}
    rounds = repeated(shown, runs) if len(runs) > 1 else [shown]
    return Report(arguments.prompt, arguments.system, pair, config, rounds)


def repeated(
    shown: Mapping[str, DecodeResult], runs: Mapping[str, Callable[[], Stream]]
) -> list[Mapping[str, DecodeResult]]:
    """The decodes shown and more of the same, in turn, until a few seconds are over.

    One decode of a small model is over in a tenth of a second, in which a machine that does
    something else as well doubles the ratio or halves it.
    """
    rounds, began = [shown], time.monotonic()
    while len(rounds) < ROUNDS and time.monotonic() - began < SECONDS:
        rounds.append({title: start().finish() for title, start in runs.items()})
    return rounds


def tuned_for(arguments: argparse.Namespace) -> Tuned | None:
    """What `apd bench --tune` has found for this pair here, unless the arguments say otherwise."""
    from apd.benchmarks.tuning import remembered
    from apd.models.placement import choose_device

    own = ("engine", "device", "dtype", "dllm_path", "verifier_path", "quantize")
    if any(getattr(arguments, name) is not None for name in own):
        return None
    return remembered(pair_name(arguments)) if choose_device(None).type == "cpu" else None


def load(arguments: argparse.Namespace) -> Pair:
    """The pair that the arguments name, with the one baseline to compare with, if any.

    Raises:
        ApdError: a model cannot be loaded, the pair has no verifier, or the baseline does not read
            the prompt's tokens as the pair does.
    """
    from apd.models.pairs import load_ar, load_pair
    from apd.models.vocabulary import check_agreement

    pair = load_pair(
        pair_name(arguments) if arguments.dllm_path is None else arguments.pair,
        device=arguments.device,
        dtype=arguments.dtype,
        engine=arguments.engine or "torch",
        **chosen_checkpoints(arguments),
    )
    if pair.verifier is None:
        raise ApdError(
            f"pair {pair.name!r} has no verifier, which adaptive parallel decoding needs; "
            "choose another (--pair mini) or give one (--verifier-path)"
        )
    name = baseline_name(arguments)
    if name is None:
        return pair
    dtype = arguments.dtype or chosen_spec(arguments).dtype
    engine: Engine = arguments.engine or "torch"
    baseline = load_ar(name, device=arguments.device, dtype=dtype, engine=engine)
    check_agreement(pair.tokenizer, baseline.tokenizer, f"pair {pair.name} and {name}")
    return replace(pair, baselines={name: baseline})


def decoders(
    arguments: argparse.Namespace, pair: Pair, config: AdaptiveConfig
) -> dict[str, Callable[[], Stream]]:
    """By the title above its text, what begins each decode: APD, then the baseline's, if any."""
    from apd.models.decode import stream

    begin = partial(stream, pair, arguments.prompt, system=arguments.system)
    runs: dict[str, Callable[[], Stream]] = {f"APD, {pair.name}": partial(begin, **vars(config))}
    sampling = {name: getattr(config, name) for name in SHARED}
    for name in pair.baselines:
        own = partial(begin, algorithm="autoregressive", model=name, **sampling)
        runs[f"Autoregressive, {name}"] = own
    return runs
