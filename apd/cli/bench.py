"""Measure the package's speed on this machine: ratios of times taken side by side."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HELP = "measure speed against the plain baseline and other decoders"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--pair", default="mini", help="models with a verifier (default: mini)")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: within a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--store",
        action="store_true",
        help="write data/results/PAIR/bench.json with its provenance; bench_threads_N.json if "
        "--threads asks for N > 1",
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="with --store: write below DIR instead"
    )
    parser.add_argument("--mixture-weight", type=float, metavar="R", help="(default: 0.7)")
    parser.add_argument("--kv-window", type=int, metavar="W", help="(default: 16)")
    parser.add_argument("--max-lookahead", type=int, metavar="M", help="(default: 64)")
    parser.add_argument("--rounds", type=int, metavar="N", help="paired repetitions")
    parser.add_argument("--problems", type=int, metavar="N", help="prompts in each repetition")
    parser.add_argument("--threads", type=int, metavar="N", help="threads of torch")
    parser.add_argument(
        "--tune",
        action="store_true",
        help="find what is fastest here without changing a token: engine, threads, chunk size; "
        "`apd demo` uses it from then on",
    )
    parser.add_argument(
        "--gpu",
        action="store_true",
        help="measure what needs a CUDA GPU instead: passes and decodes at the shapes of Dream-7B, "
        "tokens across batch sizes, compiled passes; writes data/gpu/CARD.json, or into --output",
    )
    parser.add_argument(
        "--time-limit", type=float, metavar="S", help="with --gpu: seconds for all (default: 600)"
    )
    parser.add_argument(
        "--random-shapes",
        choices=("7b", "tiny"),
        default="7b",
        help="shapes of the models with random weights: 7b needs a CUDA GPU, tiny runs anywhere",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, store; return the exit status."""
    from apd.benchmarks.report import summary_table
    from apd.benchmarks.run import run_benchmarks, set_threads, store
    from apd.benchmarks.settings import BenchSettings, quick_settings
    from apd.errors import ApdError
    from apd.runs.table import results_directory

    if arguments.time_limit is not None and not arguments.gpu:
        raise ApdError("--time-limit is only used with --gpu; add --gpu or leave it out")
    if arguments.output is not None and not (arguments.store or arguments.gpu):
        raise ApdError("--output is only used with --store or --gpu; add one or leave it out")
    if arguments.threads is not None and arguments.threads < 1:
        raise ApdError(f"--threads {arguments.threads}: must be at least 1; leave it out for all")
    names = ("pair", "mixture_weight", "kv_window", "max_lookahead", "rounds", "problems")
    given = {name: getattr(arguments, name) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    settings = quick_settings(**given) if arguments.quick else BenchSettings(**given)
    if arguments.tune:
        return _run_tune(arguments, settings)
    set_threads(arguments.threads)
    if arguments.gpu:
        return _run_gpu(arguments, settings)
    found = run_benchmarks(
        settings, lambda line: print(line, file=sys.stderr, flush=True), arguments.random_shapes
    )
    if arguments.json:
        print(json.dumps(found, allow_nan=False))
    else:
        from rich.console import Console

        Console().print(summary_table(found))
    if arguments.store:
        directory = (
            results_directory(settings.pair)
            if arguments.output is None
            else arguments.output / settings.pair
        )
        print(f"wrote {store(found, directory, arguments.threads)}", file=sys.stderr)
    return 0


def _run_tune(arguments: argparse.Namespace, settings: Any) -> int:
    from rich.console import Console

    from apd.benchmarks.report import tuning_tables
    from apd.benchmarks.tuning import remember, tune
    from apd.errors import ApdError

    unused = {"--store": arguments.store, "--gpu": arguments.gpu, "--json": arguments.json}
    unused["--threads"] = arguments.threads is not None
    for flag, given in unused.items():
        if given:
            raise ApdError(f"{flag} is not used with --tune; leave one of them out")
    found = tune(settings, lambda line: print(line, file=sys.stderr, flush=True))
    for table in tuning_tables(found):
        Console().print(table)
    print(f"remembered in {remember(found.best, settings.pair)}", file=sys.stderr)
    return 0


def _run_gpu(arguments: argparse.Namespace, settings: Any) -> int:
    from apd.benchmarks.gpu.report import gpu_tables
    from apd.benchmarks.gpu.run import measure_gpu
    from apd.paths import data_dir

    found = measure_gpu(
        settings,
        data_dir() / "gpu" if arguments.output is None else arguments.output,
        arguments.random_shapes,
        600.0 if arguments.time_limit is None else arguments.time_limit,
        lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(json.dumps(found, allow_nan=False) if arguments.json else gpu_tables(found))
    return 0
