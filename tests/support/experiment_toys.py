"""A pair of toy models, toy tasks and small experiments on them: a run takes milliseconds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor
from toy_models import HashAutoregressive, HashDiffusion, consistent_pair

from apd.decoding import AdaptiveConfig, AnyOrderConfig, AutoregressiveConfig, LeftToRightConfig
from apd.decoding.configuration import DLLM, Configuration
from apd.runs.grid import Cell, Experiment, over_tasks
from apd.runs.journal import Journal
from apd.runs.provenance import ModelFiles
from apd.tasks import Task
from apd.tasks.judging.judge import Judge

SAMPLING: dict[str, Any] = {"max_new_tokens": 12, "temperature": 1.0, "top_p": 1.0}
MODELS = {
    "dllm": ModelFiles("toy-dllm", {"model.safetensors": "d" * 64}),
    "verifier": ModelFiles("toy-small", {"model.safetensors": "e" * 64}),
    "toy-large": ModelFiles("toy-large", {"model.safetensors": "f" * 64}),
}
APD = Configuration("apd-R0.5", "apd", DLLM, AdaptiveConfig(mixture_weight=0.5, **SAMPLING))
FIXED = Configuration(
    "left_to_right-K2", "left_to_right", DLLM, LeftToRightConfig(tokens_per_step=2, **SAMPLING)
)
ENTROPY = Configuration("entropy", "entropy", DLLM, AnyOrderConfig(order="entropy", **SAMPLING))
LARGE = Configuration("toy-large", "autoregressive", "toy-large", AutoregressiveConfig(**SAMPLING))


@dataclass
class ToyPair:
    """What a run needs of a pair."""

    name: str = "toy"
    dllm: HashDiffusion = field(default_factory=lambda: consistent_pair(error=0.5)[0])
    verifier: HashAutoregressive | None = field(
        default_factory=lambda: consistent_pair(error=0.5)[1]
    )
    baselines: Mapping[str, HashAutoregressive] = field(
        default_factory=lambda: {"toy-large": consistent_pair()[1]}
    )

    def encode_chat(self, user: str, system: str | None = None) -> Tensor:
        """(P,) long: one token a character, none of them the end or the mask."""
        return torch.tensor([1 + ord(character) % 6 for character in user])


def toy_task(name: str) -> Task:
    """`odd` is right where a reply has an odd number of tokens, and faithful where it has few.

    `open` is not judged.
    """
    rows = tuple({"prompt": f"{name} {index}"} for index in range(7))
    odd = Judge(lambda row, text: text.split(), lambda row, words: len(words) % 2 == 1)
    few = Judge(lambda row, text: text.split(), lambda row, words: len(words) < 6)
    return Task(
        name=name,
        rows=rows,
        system="system",
        user=lambda row: row["prompt"],
        judges={} if name == "open" else {"accuracy": odd, "faithfulness": few},
    )


def toy_experiment(limit: int | None = None, seed: int = 0) -> Experiment:
    """Every kind of decoder on `odd`, one of them on `open` too."""
    cells = over_tasks(("odd",), (APD, FIXED, ENTROPY, LARGE))
    cells += (Cell("open", APD),)
    return Experiment(artefact="toys", pair="mini-toy", cells=cells, seed=seed, limit=limit)


@contextmanager
def interrupted_after(rows: int) -> Iterator[None]:
    """Interrupts a run once so many problems are finished."""
    original, left = Journal.append, [rows]

    def append(journal: Journal, row: dict[str, Any]) -> None:
        original(journal, row)
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Journal, "append", append)
        yield
