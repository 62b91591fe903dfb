"""The models of a benchmark: the pair, prompts, and the plain baseline over the same weights."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import torch
from torch import Tensor

from apd.benchmarks.baseline import load_baseline
from apd.decoding import AdaptiveConfig, AutoregressiveLM, DiffusionLM
from apd.decoding.warpers import forbidden_tokens
from apd.errors import ApdError
from apd.models import Pair, load_pair
from apd.models.onnx_pass import Engine


@dataclass(frozen=True)
class BenchModels:
    """A dLLM and its verifier as decoders see them; `.model` of each is transformers' module."""

    dllm: Any
    verifier: Any

    @classmethod
    def of(cls, pair: Pair) -> BenchModels:
        """The models of a loaded pair. Raises ApdError if it has no verifier."""
        if pair.verifier is None:
            raise ApdError(f"pair {pair.name!r} has no verifier, so no APD to time; use mini")
        return cls(pair.dllm, pair.verifier)

    def endless(self) -> BenchModels:
        """The same models without end tokens, for decodes that must go on."""
        dllm, verifier = copy.copy(self.dllm), copy.copy(self.verifier)
        dllm.end_token_ids = verifier.end_token_ids = frozenset()
        return BenchModels(dllm, verifier)

    def plainly(
        self, prompt: Tensor, config: AdaptiveConfig, max_iterations: int | None = None
    ) -> Any:
        """Decode with the plain baseline."""
        return load_baseline().baseline_adaptive(
            self.dllm.model,
            self.verifier.model,
            prompt.to(self.dllm.device),
            config,
            forbidden=forbidden_tokens(self.dllm, self.verifier),
            end_token_ids=self.dllm.end_token_ids,
            max_iterations=max_iterations,
        )


def by_engine(pair: Pair) -> tuple[dict[Engine, Pair], dict[Engine, str]]:
    """A pair by every engine that runs here, and of the others why they do not.

    Args:
        pair: in torch, float32, on the CPU.
    """
    found: dict[Engine, Pair] = {"torch": pair}
    missing: dict[Engine, str] = {}
    for engine in get_args(Engine):
        if engine not in found:
            try:
                found[engine] = load_pair(
                    pair.name, device="cpu", dtype="float32", baselines=True, engine=engine
                )
            except ApdError as error:
                missing[engine] = str(error)
    return found, missing


def word_problems(pair: Pair, count: int) -> list[Tensor]:
    """The first `count` prompts of `mini_gsm`, encoded."""
    from apd.tasks import load_task

    task = load_task("mini_gsm")
    return task.prompts(pair, count)


def any_prompt(models: Sequence[DiffusionLM | AutoregressiveLM], length: int, seed: int) -> Tensor:
    """(length,) random tokens that all of the models allow: a text without meaning, for timing."""
    allowed = (~forbidden_tokens(*models)).nonzero().squeeze(-1).cpu()
    generator = torch.Generator().manual_seed(seed)
    return allowed[torch.randint(len(allowed), (length,), generator=generator)]
