"""Two threads across the two models: drafting the next chunk while the last one is verified.

A chunk is drafted from outputs of the dLLM's pass (last layer and output layer of its rows), and
the next chunk is needed only if all of this one is accepted. With a second core its outputs can be
made while the verifier runs, in vain where a draft is rejected. Is that worth a thread?
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from apd.benchmarks.models import BenchModels, word_problems
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import Task, best_of, spread, take_turns
from apd.decoding import adaptive
from apd.decoding.chunks import VerificationPace
from apd.decoding.protocols import JointRequest, MarginalRequest
from apd.models import Pair
from apd.models.onnx_pass import Engine

CALLS = 10  # calls of which the shortest counts


def compare_overlap(pairs: Mapping[Engine, Pair], settings: BenchSettings) -> dict[str, Any]:
    """What overlapping would change, by engine.

    Args:
        pairs: the models by engine, torch among them; one thread each.
        settings: R, W, M, prompts and repetitions.

    Returns:
        For each engine the milliseconds of verifying a chunk and of drafting the next one; with
        both at the same time in a thread each, those until the verdict and those until both are
        done; those of an iteration; how many further chunks an iteration needs; and the share of an
        iteration that would be saved, negative where it costs. Or ``skipped``, why not.
    """
    if torch.get_num_threads() > 1:
        return {"skipped": "threads across models are measured with --threads 1, one for each"}
    if _cores() < 2:
        return {"skipped": "two threads at once need two cores"}
    if len(_chunks(settings)) < 2:
        return {"skipped": f"M = {settings.max_lookahead} is drafted in one chunk"}
    prompts = word_problems(pairs["torch"], settings.problems)
    return {
        engine: _of_engine(BenchModels.of(pair), prompts, settings)
        for engine, pair in pairs.items()
    }


def _chunks(settings: BenchSettings) -> list[range]:
    """The chunks of a whole lookahead, from its first position on."""
    pace = VerificationPace(settings.adaptive().verify_chunk)
    return list(pace.chunks(0, settings.max_lookahead))


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _of_engine(
    models: BenchModels, prompts: list[Tensor], settings: BenchSettings
) -> dict[str, Any]:
    config = settings.adaptive()
    for _ in range(2):  # the first one warms up
        decodes = [adaptive(models.dllm, models.verifier, prompt, config) for prompt in prompts]
    iterations = sum(len(decode.iterations) for decode in decodes)
    iteration = sum(decode.wall_s for decode in decodes) / iterations
    further = sum(decode.verifier_forwards for decode in decodes) / iterations - 1
    with ThreadPoolExecutor(max_workers=1) as other:
        times = take_turns(_tasks(models, prompts[0], settings, other), settings.rounds)
    found = {name: spread(values).median for name, values in times.items()}
    # every chunk is verified; the next one is waited for only if all of this one is accepted
    before = (1 + further) * found["verify"] + further * found["draft"]
    overlapped = found["verdict"] + further * found["together"]
    return {
        **{f"{name}_ms": 1e3 * seconds for name, seconds in found.items()},
        "iteration_ms": 1e3 * iteration,
        "further_chunks": further,
        "saved": (before - overlapped) / iteration,
    }


def _tasks(
    models: BenchModels, prompt: Tensor, settings: BenchSettings, other: ThreadPoolExecutor
) -> dict[str, Task]:
    """Seconds of the verifier's pass, of the next chunk's outputs, and of both at once.

    The verifier runs in this thread, which goes on as soon as it has a verdict.
    """
    dllm, verifier, config = models.dllm, models.verifier, settings.adaptive()
    t, M = len(prompt), settings.max_lookahead
    first, second, *_ = (range(t + c.start, t + c.stop) for c in _chunks(settings))
    canvas = torch.cat([prompt.to(dllm.device), prompt.new_full((M,), dllm.mask_token_id)])
    window, scorer = dllm.window(config.kv_window), verifier.scorer()

    def outputs(rows: range) -> None:
        dllm.marginals([MarginalRequest(dllm, window, canvas, t, t + M, rows)])

    def verify() -> None:
        request = JointRequest(verifier, scorer, canvas, first.start, first.stop)
        verifier.joints([request])

    def together() -> tuple[float, float]:
        """Seconds until the verdict, and until the next chunk's outputs are there, too."""
        before = time.perf_counter()
        drafting = other.submit(outputs, second)
        verify()
        verdict = time.perf_counter() - before
        drafting.result()
        return verdict, time.perf_counter() - before

    outputs(first)  # opens the pass
    verify()  # the prompt's keys and values are made once
    return {
        "verify": best_of(verify, CALLS),
        "draft": best_of(lambda: outputs(second), CALLS),
        "verdict": lambda: min(together()[0] for _ in range(CALLS)),
        "together": lambda: min(together()[1] for _ in range(CALLS)),
    }
