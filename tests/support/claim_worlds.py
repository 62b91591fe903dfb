"""Worlds in which to judge claims: results that are the paper's own numbers, and their reverse."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from apd.decoding.configuration import Configuration
from apd.errors import ApdError
from apd.paper.claims.evidence import Evidence, MissingEvidence
from apd.paper.grids import LOOKAHEADS, WINDOWS
from apd.paper.published import paper_name, published
from apd.paper.scale import PROMPT, Scale
from apd.paper.settings import CAREFUL, FAST

ALIASES = {"tab1": "table1", "tab2": "table2", "appendix_d": "appendixD"}
Change = Callable[[str, float], float]  # metric, the paper's mean -> the world's


class World(Evidence):
    """Evidence whose every mean is the paper's own, changed by `change`, over `problems`.

    Problems are nested: whatever a worse decoder solves, a better one solves too.
    """

    def __init__(
        self, change: Change = lambda metric, mean: mean, problems: int = 500, pair: str = "mini"
    ) -> None:
        super().__init__(pair, Path("nowhere"))
        self.change, self.problems = change, problems

    def values(
        self,
        artefact: str,
        task: str,
        configuration: Configuration,
        metric: str,
        *,
        llada: bool = False,
    ) -> pd.Series:
        scale = self.llada if llada else self.dream
        if metric == "iterations":
            return pd.Series(np.full(self.problems, 50.0))
        mean = self.change(metric, paper_mean(artefact, task, configuration, metric, scale))
        order = np.arange(self.problems)
        if metric == "accuracy":
            return pd.Series((order < mean * self.problems).astype(float))
        spread = 1 + 0.1 * np.sin(order * (1 + len(configuration.id)))
        return pd.Series(mean * spread / spread.mean())


@cache
def paper_mean(
    artefact: str, task: str, configuration: Configuration, metric: str, scale: Scale
) -> float:
    """What the paper publishes for a configuration, looked for wherever it may stand."""
    for source, columns in _places(artefact, task, configuration, scale):
        try:
            table = published(source, metric, **columns)
        except ApdError:
            continue
        return float(table["mean"].mean())
    # Explanations ask where the paper is silent.
    if metric in ("generated_tokens", "latency_s", "throughput_reference_tok_s"):
        return 100.0
    raise MissingEvidence(f"the paper has no {metric} of {configuration.id} on {task}")


def _places(artefact: str, task: str, configuration: Configuration, scale: Scale):
    """Source and columns where a configuration's value may stand, likeliest first."""
    decoder, source = configuration.decoder, ALIASES.get(artefact, artefact)
    dllm = "LLaDA 8B" if scale.dllm == "llada" else "Dream 7B"
    if configuration.algorithm == "autoregressive":
        small = configuration.model == scale.baselines[1]
        yield source, {"model": "Qwen2.5 0.5B" if small else "Qwen2.5 7B", "task": task}
    elif configuration.algorithm == "apd":
        yield from _adaptive_places(source, task, decoder)
    elif configuration.algorithm != "left_to_right":
        steps = str(256 * decoder.num_steps // scale.canvas)
        name = configuration.algorithm.replace("low_", "")
        yield source, {"model": dllm, "algorithm": name, "steps": steps}
    else:
        left = {"model": dllm, "algorithm": "left_to_right", "task": task}
        for name, values, ours in (
            ("fig4", LOOKAHEADS, decoder.max_lookahead),
            ("fig6", WINDOWS, decoder.kv_window),
        ):
            value = next(v for v in values if scale.length(v) == ours)
            if artefact == name or value is not None:
                yield name, {**left, "value": str(value)}
        k = str(decoder.tokens_per_step)
        yield from ((s, {**left, "value": k}) for s in (source, "fig2", "fig5"))
        yield source, left


def _adaptive_places(source: str, task: str, decoder):
    if decoder.kv_window is not None:
        names = {setting[0]: paper_name(setting) for setting in (CAREFUL, FAST)}
        yield source, {"algorithm": names[decoder.mixture_weight], "task": task}
        yield "fig5", {"algorithm": names[decoder.mixture_weight], "task": task}
    if task == PROMPT:
        yield "fig1", {"model": "Dream 7B"}
    if source == "appendixD":
        yield source, {"task": f"{task}_1"}
    yield "fig3", {"value": str(decoder.mixture_weight)}
