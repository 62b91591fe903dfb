"""A run on one GPU: its parts in order of value, within a time limit, stored as they are finished.

Lent machines are gone when their time is. So every part has a limit of its own, what it has
measured by then is kept, and the file is written again after every row.
"""

from __future__ import annotations

import gc
import json
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from apd.benchmarks.gpu.ceilings import measure_ceilings
from apd.benchmarks.gpu.compiled import measure_compiled, measure_whole
from apd.benchmarks.gpu.decodes import measure_decodes
from apd.benchmarks.gpu.determinism import measure_determinism
from apd.benchmarks.gpu.kernels import measure_kernels
from apd.benchmarks.gpu.outside import measure_outside
from apd.benchmarks.gpu.passes import measure_passes
from apd.benchmarks.models import BenchModels
from apd.benchmarks.random_models import SEVEN_B, random_autoregressive, random_models, tiny_shapes
from apd.benchmarks.run import model_files, store_as
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.seven_b import LABEL, measure_seven_b
from apd.errors import ApdError
from apd.runs.provenance import describe_session, now

ARTEFACT = "gpu"
SHARPER = 3.0
"""What random output layers are multiplied by: at T = .2 a few tokens then hold nearly all mass."""
NEEDED_BYTES = 38 * 2**30  # two models of 7B in bfloat16, and room to work
ITERATIONS = 8
PROBLEMS = 24


class OutOfTime(BaseException):
    """A part has had its time. No Exception: nothing that is being measured may catch it."""


@dataclass
class Run:
    """Results so far, and the file they go to."""

    path: Path
    found: dict[str, Any]
    ends: float
    report: Callable[[str], None]
    parts: dict[str, Any] = field(default_factory=dict)

    def part(self, name: str, limit: float, measure: Callable[[Callable[[Any], None]], Any]) -> Any:
        """Measure a part in at most `limit` seconds and in what is left; keep what it reports."""
        left = min(limit, self.ends - time.monotonic())
        if left < 1:
            self.parts[name] = {"state": "left out: no time left", "seconds": 0.0}
            return None
        self.report(f"{name}: at most {left:.0f} s")
        started, state = time.monotonic(), "complete"

        def keep(value: Any) -> None:
            text = json.dumps(value)  # a nan would leave no file at all
            self.found[name] = json.loads(text, parse_constant=lambda constant: None)
            self.write()

        try:
            with time_limit(left):
                keep(measure(keep))
        except OutOfTime:
            state = f"stopped after {left:.0f} s"
        except Exception as error:  # the other parts are worth having whatever went wrong in one
            state = f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        self.parts[name] = {"state": state, "seconds": round(time.monotonic() - started, 2)}
        self.report(f"{name}: {state}, {self.parts[name]['seconds']} s")
        self.write()
        return self.found.get(name)

    def write(self) -> None:
        """Everything so far."""
        self.found["parts"] = self.parts
        self.found["provenance"]["finished"] = now()
        store_as(self.found, self.path)


def measure_gpu(
    settings: BenchSettings,
    directory: Path,
    shapes: str = "7b",
    limit: float = 600.0,
    report: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Measure everything that needs a GPU; see the modules of this package for the parts.

    Args:
        settings: pair and settings of the part on determinism.
        directory: where the file named after the card goes.
        shapes: "7b", or "tiny" to try the code path on a CPU.
        limit: seconds for all.
        report: told what is being measured.

    Returns:
        What is stored.

    Raises:
        ApdError: "7b" without a CUDA GPU that holds its models, or the file cannot be written.
    """
    ends = time.monotonic() + limit
    if shapes == "7b":
        check_gpu()
    device = torch.device("cuda" if shapes == "7b" else "cpu")
    session = describe_session(str(device))
    card = session["machine"]["gpu"] or "cpu"
    settings = replace(settings, problems=settings.problems if settings.quick else PROBLEMS)
    found = {
        "artefact": ARTEFACT,
        "card": card,
        "label": LABEL,
        "shapes": shapes,
        "settings": asdict(settings),
        "provenance": session | {"models": model_files(settings.pair)},
    }
    run = Run(directory / f"{file_name(card)}.json", found, ends, report)
    _parts(run, settings, shapes, device)
    return found


def check_gpu() -> None:
    """Raise ApdError unless there is a CUDA GPU with room for both large models at once."""
    remedy = "use --random-shapes tiny to try the code path"
    if not torch.cuda.is_available():
        raise ApdError(f"--gpu: no CUDA GPU here; {remedy}")
    total = torch.cuda.get_device_properties(0).total_memory
    if total < NEEDED_BYTES:
        raise ApdError(
            f"--gpu: needs {NEEDED_BYTES / 2**30:.0f} GiB of GPU memory, {total / 2**30:.0f} here; "
            f"use a larger card, or {remedy}"
        )


def _parts(run: Run, settings: BenchSettings, shapes: str, device: torch.device) -> None:
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    made: dict[str, Any] = {}

    def build(keep: Callable[[Any], None]) -> dict[str, Any]:
        made.update(models_of(shapes, device, dtype))
        return {"dtype": str(dtype).removeprefix("torch."), "bytes": _allocated(device)}

    def pair() -> dict[str, Any]:
        return {name: made[name] for name in ("dllm", "verifier")}

    ceilings = run.part("ceilings", 10, lambda keep: measure_ceilings(device))
    run.part("models", 30, build)
    complete = bool(made and ceilings)
    if complete:
        both = BenchModels(**pair())
        run.part("passes", 20, lambda keep: measure_passes(pair(), ceilings))
        run.part(
            "decodes",
            40,
            lambda keep: measure_decodes(both, made["large"], ITERATIONS, report=keep),
        )
        run.part("outside", 5, lambda keep: measure_outside(both))
        run.part("kernels", 15, lambda keep: measure_kernels(both))
        del both
    run.part(
        "determinism", 30, lambda keep: measure_determinism(str(device), settings, report=keep)
    )
    if complete:
        backend = _backend(device)
        run.part("compiled", 40, lambda keep: measure_compiled(pair(), keep, backend))
        verifier = made["verifier"]
    made.clear()
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    run.part("seven_b", 20, lambda keep: measure_seven_b(settings, shapes))
    if complete:
        run.part("compiled_whole", 90, lambda keep: measure_whole(verifier, "verifier", backend))


def _backend(device: torch.device) -> str:
    """On a CPU the code path is tried without waiting for a C++ compiler."""
    return "inductor" if device.type == "cuda" else "aot_eager"


def models_of(shapes: str, device: torch.device, dtype: torch.dtype) -> Mapping[str, Any]:
    """dLLM, verifier, and an autoregressive model of the dLLM's shape."""
    sizes = SEVEN_B if shapes == "7b" else tiny_shapes()
    pair = random_models(sizes, device, dtype)
    large = random_autoregressive(sizes.dllm, device, dtype)
    for model in (pair.dllm, large):
        with torch.no_grad():
            model.model.lm_head.weight.mul_(SHARPER)
    return {"dllm": pair.dllm, "verifier": pair.verifier, "large": large}


def _allocated(device: torch.device) -> int | None:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else None


def file_name(card: str) -> str:
    """A card's name as the name of a file."""
    return re.sub(r"[^a-z0-9]+", "-", card.lower()).strip("-")


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block after so many seconds, where the system has such alarms."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
