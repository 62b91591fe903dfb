"""The registered pairs: which checkpoints form each, and what it takes to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apd.errors import ApdError
from apd.models.locations import is_downloaded
from apd.paths import data_dir


@dataclass(frozen=True, kw_only=True)
class PairSpec:
    """A pair's checkpoints (mini models by name, others by hub name) and what it takes to run it.

    Attributes:
        baselines: autoregressive models to compare with, the large one first.
        dtype: precision of the weights when loaded.
        weights_gb: size of the dLLM's and the verifier's weights in that precision, GB; on disk
            and to download.
        memory_gb: memory to decode 256 tokens with both, GB.
        runs_on: the smallest machine, in words.
        mini: whether its models come with the project.
        canvas: tokens behind the prompt, as in the paper for the large pairs.
        math_canvas: the same for MATH.
        autoregressive_tokens: most tokens of an autoregressive baseline, which ends by itself.
    """

    name: str
    dllm: str
    verifier: str | None
    baselines: tuple[str, ...] = ()
    dtype: str
    weights_gb: float
    memory_gb: float
    runs_on: str
    mini: bool = False
    canvas: int = 256
    math_canvas: int = 512
    autoregressive_tokens: int = 16384


PAIRS: Mapping[str, PairSpec] = {
    spec.name: spec
    for spec in (
        PairSpec(
            name="mini",
            dllm="mini-dream",
            verifier="mini-qwen-small",
            baselines=("mini-qwen-large", "mini-qwen-small"),
            dtype="float32",
            weights_gb=0.02,
            memory_gb=1,
            runs_on="any CPU, no network",
            mini=True,
            canvas=128,
            math_canvas=128,
            autoregressive_tokens=128,
        ),
        PairSpec(
            name="mini-llada",
            dllm="mini-llada",
            verifier=None,
            dtype="float32",
            weights_gb=0.02,
            memory_gb=1,
            runs_on="any CPU, no network",
            mini=True,
            canvas=128,
            math_canvas=128,
            autoregressive_tokens=128,
        ),
        PairSpec(
            name="dream-7b",
            dllm="Dream-org/Dream-v0-Instruct-7B",
            verifier="Qwen/Qwen2.5-0.5B",
            baselines=("Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-0.5B"),
            dtype="bfloat16",
            weights_gb=16.2,
            memory_gb=18,
            runs_on="one 24 GB GPU; Qwen2.5-7B-Instruct as a baseline takes 15 GB more",
        ),
        PairSpec(
            name="llada-8b",
            dllm="GSAI-ML/LLaDA-8B-Instruct",
            verifier=None,
            dtype="bfloat16",
            weights_gb=16.0,
            memory_gb=18,
            runs_on="one 24 GB GPU",
        ),
    )
}


def pair_spec(name: str) -> PairSpec:
    """The registered pair of this name.

    Raises:
        ApdError: there is none.
    """
    if name not in PAIRS:
        raise ApdError(f"unknown pair {name!r}; choose one of {', '.join(PAIRS)}")
    return PAIRS[name]


def describe_pairs() -> list[dict[str, str]]:
    """One row a pair: its models, what it needs, and whether its checkpoints are at hand."""
    return [
        {
            "pair": spec.name,
            "dLLM": spec.dllm,
            "verifier": spec.verifier or "none",
            "AR baselines": ", ".join(spec.baselines) or "none",
            "weights": f"{spec.weights_gb:g} GB {spec.dtype}",
            "memory": f"{spec.memory_gb:g} GB",
            "runs on": spec.runs_on,
            "status": availability(spec),
        }
        for spec in PAIRS.values()
    ]


def availability(spec: PairSpec) -> str:
    """``ready``, or what to do to make it so. Never touches the network."""
    named = (spec.dllm, spec.verifier, *spec.baselines)
    needed = dict.fromkeys(name for name in named if name)  # each once, in order
    if not spec.mini:
        missing = [name for name in needed if not is_downloaded(name)]
        return f"downloads {', '.join(missing)} when loaded" if missing else "ready"
    try:
        models = data_dir() / "models"
    except ApdError as error:
        return str(error)
    missing = [name for name in needed if not (models / name / "model.safetensors").is_file()]
    return f"{', '.join(missing)} missing: run `apd train-mini`" if missing else "ready"


def registered_dtype(model: str) -> str | None:
    """The precision in which a registered verifier or baseline is loaded; None for other models."""
    for spec in PAIRS.values():
        if model in (spec.verifier, *spec.baselines):
            return spec.dtype
    return None
