"""A whole benchmark run: every comparison, and where it comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from apd.benchmarks.batches import measure_batches
from apd.benchmarks.compiled import compare_compiled
from apd.benchmarks.decodes import compare_decoders
from apd.benchmarks.engines import compare_engines
from apd.benchmarks.forwards import CALLS, compare_forwards
from apd.benchmarks.iterations import compare_wide
from apd.benchmarks.models import BenchModels, by_engine, word_problems
from apd.benchmarks.overlap import compare_overlap
from apd.benchmarks.scaling import measure_scaling
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.seven_b import measure_seven_b
from apd.benchmarks.steps import profile_steps
from apd.benchmarks.wide_vocabulary import LABEL, wide_models
from apd.errors import ApdError
from apd.models import Pair, load_pair
from apd.models.locations import find_checkpoint
from apd.models.registry import pair_spec
from apd.runs.provenance import describe_session, hash_checkpoint, now

ARTEFACT = "bench"
Report = Callable[[str], None]


def run_benchmarks(
    settings: BenchSettings, report: Report = print, random_shapes: str = "7b"
) -> dict[str, Any]:
    """All comparisons of one pair, in float32 on the CPU.

    Args:
        settings: what and how often.
        report: told what is being measured.
        random_shapes: "7b" (needs a CUDA GPU) or "tiny", for the part with random weights.

    Returns:
        One JSON-ready object: ratios, times, scaling, settings and provenance.

    Raises:
        ApdError: the pair has no verifier, or the baseline disagrees with the package.
    """
    session = describe_session("cpu")
    pair = load_pair(settings.pair, device="cpu", dtype="float32", baselines=True)
    report("decoders: APD, plain baseline, K = 1, autoregressive")
    found: dict[str, Any] = compare_decoders(pair, settings)
    accepted = found["tokens_per_iteration"]["median"]
    engines, missing = by_engine(pair)

    def keep(name: str, part: dict[str, Any]) -> None:
        found[name] = part
        if "skipped" in part:
            report(part["skipped"])

    report("engines: ONNX Runtime against torch")
    if "onnxruntime" in engines:
        keep("engines", compare_engines(engines, settings, accepted))
    else:
        keep("engines", {"skipped": missing["onnxruntime"]})
    report("compiled passes")
    keep("compiled", compare_compiled(engines, settings))
    report("two threads across the two models")
    keep("overlap", compare_overlap(engines, settings))
    report("batches")
    found["batches"] = measure_batches(engines, settings)
    report("forward passes against their bare products")
    found["forward_over_products"] = compare_forwards(
        pair, settings, accepted, calls=8 if settings.quick else CALLS
    )
    with wide_models(settings.pair, settings.vocabulary) as wide:
        report(f"one iteration with a vocabulary of {settings.vocabulary:,} ({LABEL})")
        found["iteration_over_baseline_real_vocabulary"] = compare_wide(wide, settings)
        report("steps of an iteration")
        found["steps"] = _steps(pair, wide, settings, accepted)
        report("time per iteration against length, W, M and V")
        found["scaling"] = measure_scaling(pair, wide, settings)
    report("shapes of Dream-7B with random weights")
    keep("seven_b", measure_seven_b(settings, random_shapes))
    return {
        "artefact": ARTEFACT,
        "pair": settings.pair,
        **found,
        "settings": asdict(settings),
        "provenance": session | {"finished": now(), "models": model_files(settings.pair)},
    }


def _steps(pair: Pair, wide: Pair, settings: BenchSettings, accepted: float) -> dict[str, Any]:
    """The profile with the pair's own vocabulary and with a real one."""
    (prompt,) = word_problems(pair, 1)
    few = min(settings.sweep_rounds, 3)  # a step over a real vocabulary takes up to seconds
    return {
        "own_vocabulary": profile_steps(
            BenchModels.of(pair), prompt, settings, accepted, settings.rounds, calls=3
        ),
        "real_vocabulary": profile_steps(
            BenchModels.of(wide), prompt, settings, accepted, few, calls=1
        ),
        "label": LABEL,
    }


def model_files(pair: str) -> list[dict[str, Any]]:
    """Hashes of the checkpoints of a pair."""
    spec = pair_spec(pair)
    names = dict.fromkeys(name for name in (spec.dllm, spec.verifier, *spec.baselines) if name)
    return [hash_checkpoint(name, find_checkpoint(name)).as_dict() for name in names]


def stored_file(directory: Path, threads: int | None = None) -> Path:
    """Where a run is kept: one that was asked for several threads by a name of its own.

    The other one is what the book tells of: with one thread, or with what torch takes by itself.
    """
    several = threads is not None and threads > 1
    return directory / (f"{ARTEFACT}_threads_{threads}.json" if several else f"{ARTEFACT}.json")


def store(found: dict[str, Any], directory: Path, threads: int | None = None) -> Path:
    """Write a run to its `stored_file`; see `store_as`."""
    return store_as(found, stored_file(directory, threads))


def store_as(found: dict[str, Any], path: Path) -> Path:
    """Write a JSON file, whole or not at all. Raises ApdError if it cannot be written."""
    partial = path.with_suffix(".json.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise ApdError(f"cannot write {path}: {error.strerror}; use another output") from None
    return path


def read_stored(directory: Path, threads: int | None = None) -> dict[str, Any]:
    """A stored run. Raises ApdError if there is none or it is damaged."""
    path = stored_file(directory, threads)
    command = "apd bench --store" + ("" if threads is None else f" --threads {threads}")
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ApdError(f"no benchmark at {path}: run `{command}` first") from None
    except ValueError as error:
        raise ApdError(f"{path} is damaged ({error}): run `{command}` again") from None
    return found


def set_threads(threads: int | None) -> None:
    """Threads that torch uses; None leaves them."""
    if threads is not None:
        torch.set_num_threads(threads)
