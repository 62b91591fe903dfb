"""What a page decodes on the spot: a slice of an artefact, a check of stored rows, one answer."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.decoding.configuration import DLLM
from apd.display.html import coloured_html
from apd.paper.drift import compare_runs, slice_of
from apd.paper.plan import run_quietly
from apd.runs.decode import decode, problem_seed
from apd.runs.grid import Cell, Experiment
from apd.runs.models import load_models
from apd.runs.table import read_results
from apd.tasks import load_task

if TYPE_CHECKING:
    import pandas as pd

    from apd.decoding import DecodeResult


@dataclass(frozen=True)
class Answers:
    """Some decodes, which a notebook shows as texts coloured by iteration.

    Attributes:
        prompts: the user's messages.
        results: what was decoded.
        html: a line about each, and its coloured text.
    """

    prompts: tuple[str, ...]
    results: tuple[DecodeResult, ...]
    html: str

    def _repr_html_(self) -> str:
        return self.html


def run_now(experiment: Experiment) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Table and provenance of an experiment that is run now."""
    with tempfile.TemporaryDirectory() as folder:
        run_quietly([experiment], Path(folder))
        return read_results(Path(folder), experiment.artefact)


def check_again(
    experiment: Experiment, stored: tuple[pd.DataFrame, dict[str, Any]], limit: int
) -> int:
    """Decode the first `limit` problems of a stored artefact again; how many rows that were.

    Raises:
        ApdError: a stored row differs from the new one.
    """
    return compare_runs(
        experiment.artefact, stored, run_now(slice_of(experiment, stored[1], limit))
    )


def decode_answers(pair: str, cell: Cell, count: int, label: str) -> Answers:
    """Answers to the first problems under the noise of the stored ones.

    Only the models that are needed are in memory.

    Args:
        pair: name of the pair.
        cell: task and configuration.
        count: of problems.
        label: what the texts are.
    """
    task = load_task(cell.task)
    models = load_models(pair, cell.configuration.models)
    name = cell.configuration.model
    model = models.dllm if name == DLLM else models.baselines[name]
    prompts, results, texts = [], [], []
    for number in range(count):
        ids = task.prompt_ids(models, number)
        result = decode(models, cell.configuration, ids, problem_seed(0, number))
        title = label if count == 1 else f"{label} {number + 1}"
        prompts.append(task.user(task.rows[number]))
        results.append(result)
        texts.append(
            f"<p><strong>{escape(title)}</strong>: {result.generated_tokens} tokens in "
            f"{len(result.iterations)} iterations</p>"
            + coloured_html(result, model.detokenize, title)
        )
    return Answers(tuple(prompts), tuple(results), "\n".join(texts))
