"""What makes APD fastest on this machine: engine, threads and chunk size, kept for later runs.

None of these changes a token. W and M do, so they are measured and shown, never chosen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor

from apd.benchmarks.models import BenchModels, word_problems
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import Spread, Task, ratio, spread, take_turns
from apd.decoding import AdaptiveConfig, adaptive
from apd.errors import ApdError
from apd.models import Pair, load_pair
from apd.models.onnx_pass import Engine, check_engine
from apd.paths import user_data_dir
from apd.runs.provenance import describe_session

ENGINES: tuple[Engine, ...] = get_args(Engine)
CHUNKS = (None, 4, 8, 16, 32)  # positions verified at a time; None follows acceptance
WINDOWS = (8, 16, 32)  # W
LOOKAHEADS = (16, 32, 64)  # M


@dataclass(frozen=True)
class Tuned:
    """What was fastest for a pair.

    Attributes:
        engine: of passes.
        threads: of torch and of the engine.
        verify_chunk: positions verified at a time; None follows recent acceptance.
    """

    engine: Engine = "torch"
    threads: int = 1
    verify_chunk: int | None = None


@dataclass(frozen=True)
class Tuning:
    """What was measured.

    Attributes:
        best: the fastest.
        choices: "engine, threads" or chunk -> tokens per second over those of the first.
        settings_that_change_texts: (W, M) -> (tokens per second, tokens per iteration).
    """

    best: Tuned
    choices: dict[str, Spread]
    settings_that_change_texts: dict[tuple[int, int], tuple[float, float]]


def tune(settings: BenchSettings, report: Callable[[str], None]) -> Tuning:
    """Measure in turns, on the CPU, in float32.

    Args:
        settings: pair, R, W, M, prompts and rounds.
        report: told what is being measured.

    Raises:
        ApdError: the pair has no verifier.
    """
    cores = os.cpu_count() or 1
    counts = [n for n in (1, 2, 4, 8, 16, 32) if n <= cores]
    report(f"engines, with {', '.join(map(str, counts))} threads")
    pairs: dict[tuple[Engine, int], Pair] = {}
    for threads in counts:
        torch.set_num_threads(threads)
        for engine in ENGINES:
            try:
                pair = load_pair(settings.pair, device="cpu", dtype="float32", engine=engine)
            except ApdError as error:
                if engine == "torch":
                    raise
                report(str(error))
            else:
                pairs[engine, threads] = pair
    first = next(iter(pairs.values()))
    prompts, config = word_problems(first, settings.problems), settings.adaptive()
    tasks = {
        _label(engine, threads): _task(pair, threads, prompts, config)
        for (engine, threads), pair in pairs.items()
    }
    choices = _over_first(take_turns(tasks, settings.rounds))
    engine, threads = max(pairs, key=lambda pair: choices[_label(*pair)].median)
    fastest = pairs[engine, threads]
    report("chunk sizes")
    chunks = {
        f"chunk {chunk or 'as accepted'}": _task(
            fastest, threads, prompts, replace(config, verify_chunk=chunk)
        )
        for chunk in CHUNKS
    }
    of_chunks = _over_first(take_turns(chunks, settings.rounds))
    chunk = CHUNKS[max(range(len(CHUNKS)), key=lambda i: list(of_chunks.values())[i].median)]
    best = Tuned(engine, threads, chunk)
    report("W and M, which change texts")
    grid = {
        (W, M): replace(config, verify_chunk=chunk, kv_window=W, max_lookahead=M)
        for W in WINDOWS
        for M in LOOKAHEADS
    }
    lengths = {point: _tokens_per_iteration(fastest, prompts, grid[point]) for point in grid}
    speeds = take_turns(
        {f"{W} {M}": _task(fastest, threads, prompts, c) for (W, M), c in grid.items()},
        settings.rounds,
    )
    shown = {p: (spread(speeds[f"{p[0]} {p[1]}"]).median, lengths[p]) for p in grid}
    return Tuning(best, choices | of_chunks, shown)


def remember(tuned: Tuned, pair: str) -> Path:
    """Keep what was fastest, for this machine and pair. Raises ApdError if it cannot be written."""
    path = _path()
    known = _read(path)
    known.setdefault(machine_key(), {})[pair] = asdict(tuned)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ApdError(f"cannot write {path}: {error.strerror}; set XDG_DATA_HOME") from None
    return path


def remembered(pair: str) -> Tuned | None:
    """What was fastest for a pair on this machine.

    None if `apd bench --tune` was not run, or its engine has gone since.
    """
    known = _read(_path())
    found = known.get(machine_key(), {}).get(pair) if known else None
    if found is None:
        return None
    tuned = Tuned(**found)
    try:
        check_engine(tuned.engine)
    except ApdError:
        return None
    return tuned


def machine_key() -> str:
    """This machine, as far as it decides what is fastest."""
    session = describe_session("cpu")
    machine = session["machine"]
    return f"{machine['cpu']}, {os.cpu_count()} cores, torch {session['packages']['torch']}"


def _path() -> Path:
    return user_data_dir() / "tuned.json"


def _read(path: Path) -> dict[str, Any]:
    """What is remembered; nothing where the file is missing or damaged."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _label(engine: str, threads: int) -> str:
    return f"{engine}, {threads} thread{'s' * (threads > 1)}"


def _task(pair: Pair, threads: int, prompts: list[Tensor], config: AdaptiveConfig) -> Task:
    """Tokens per second of decoding all prompts."""
    models = BenchModels.of(pair)

    def run() -> float:
        torch.set_num_threads(threads)
        results = [adaptive(models.dllm, models.verifier, prompt, config) for prompt in prompts]
        return sum(r.generated_tokens for r in results) / sum(r.wall_s for r in results)

    return run


def _tokens_per_iteration(pair: Pair, prompts: list[Tensor], config: AdaptiveConfig) -> float:
    models = BenchModels.of(pair)
    results = [adaptive(models.dllm, models.verifier, prompt, config) for prompt in prompts]
    return sum(r.generated_tokens for r in results) / sum(len(r.iterations) for r in results)


def _over_first(speeds: Mapping[str, list[float]]) -> dict[str, Spread]:
    """Tokens per second over those of the first task, round by round."""
    first = next(iter(speeds.values()))
    return {name: ratio(values, first) for name, values in speeds.items()}
