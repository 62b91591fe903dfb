"""How long the large pairs take on the paper's GPU, from the speeds that the paper publishes.

A problem's seconds are its published latency where there is one, else published tokens over
published tokens per second of the same configuration, else the number of passes times the time of
one. What is published for Dream on GSM8K stands in for what is not published for another model or
task. ``tools/write_tables.py`` makes the table of ``book/run_on_a_gpu.md`` of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apd.decoding.configuration import Configuration
from apd.paper.cost import cost_of
from apd.paper.published import (
    DREAM,
    LLADA,
    PAPER_PROBLEMS,
    QWEN_LARGE,
    QWEN_SMALL,
    paper_name,
    published_value,
)
from apd.paper.scale import ESSAY, GPQA, GSM, MATH, PROMPT, Scale
from apd.paper.settings import CAREFUL, FAST
from apd.runs.grid import Cell
from apd.tasks.figure_1 import REPETITIONS

PROBLEMS = {**PAPER_PROBLEMS, ESSAY: 50, PROMPT: REPETITIONS}  # of a task at full size
SETTINGS = {setting[0]: paper_name(setting) for setting in (CAREFUL, FAST)}


def problem_seconds(cell: Cell, scale: Scale) -> float:
    """Expected seconds of one problem of a cell on the paper's A5000."""
    task = next(name for name, ours in scale.tasks.items() if ours == cell.task)
    published = PUBLISHED.get(cell.configuration.algorithm)
    if published is None:
        return cost_of(cell, scale).weight / _one_token_speed(scale, GSM)
    return published(cell.configuration, scale, task)


def _left_to_right(configuration: Configuration, scale: Scale, task: str) -> float:
    tokens, settings = _tokens(task), configuration.parameters
    if settings["tokens_per_step"] > 1 or scale.dllm == "llada":
        model, k = _model(scale), str(settings["tokens_per_step"])
        return tokens / published_value("fig2", "throughput_tok_s", model=model, value=k)[0]
    if settings["kv_window"] is not None:
        w = str(settings["kv_window"])
        return tokens / published_value("fig6", "throughput_tok_s", value=w)[0]
    if settings["max_lookahead"] is not None:
        m = str(settings["max_lookahead"])
        shorter = published_value("fig4", "generated_tokens", value=m)[0]
        return shorter / published_value("fig4", "throughput_tok_s", value=m)[0]
    return tokens / _one_token_speed(scale, task)


def _adaptive(configuration: Configuration, scale: Scale, task: str) -> float:
    settings = configuration.parameters
    weight = settings["mixture_weight"]
    if task == PROMPT:
        return published_value("fig1", "latency_s", model=DREAM)[0]
    if settings["kv_window"] is not None:
        name = SETTINGS[weight]
        return published_value("fig5", "latency_s", algorithm=name, task=_published(task))[0]
    speed = published_value("fig3", "throughput_tok_s", value=str(weight))[0]
    if task != ESSAY:
        return _tokens(task) / speed
    parallel = published_value("fig3", "tokens_per_iteration", value=str(weight))[0]
    first = published_value("appendixD", "tokens_per_iteration", task="persuasive_writing_1")[0]
    # same iterations, shorter steps
    return float(settings["max_new_tokens"] / (first * speed / parallel))


def _autoregressive(configuration: Configuration, scale: Scale, task: str) -> float:
    if task == PROMPT:
        return published_value("fig1", "latency_s", model=QWEN_LARGE)[0]
    model = QWEN_SMALL if configuration.model == scale.baselines[1] else QWEN_LARGE
    return published_value("fig5", "latency_s", model=model, task=_published(task))[0]


# The decoders whose speeds the paper publishes; any other is priced by its passes.
PUBLISHED: Mapping[str, Callable[[Configuration, Scale, str], float]] = {
    "left_to_right": _left_to_right,
    "apd": _adaptive,
    "autoregressive": _autoregressive,
}


def _tokens(task: str) -> float:
    """Tokens that Dream generates for a problem, one at a time."""
    if task in (GPQA, MATH):  # speed times latency of one of APD's settings
        which = {"task": task, "algorithm": paper_name(CAREFUL)}
        speed = published_value("fig5", "throughput_tok_s", **which)[0]
        return speed * published_value("fig5", "latency_s", **which)[0]
    return published_value("fig4", "generated_tokens", value="None")[0]


def _one_token_speed(scale: Scale, task: str) -> float:
    """Tokens per second at K = 1, which are passes per second."""
    if task in (GPQA, MATH):
        which = {"task": task, "algorithm": "left_to_right"}
        return published_value("fig5", "throughput_tok_s", **which)[0]
    return published_value("fig2", "throughput_tok_s", model=_model(scale), value="1")[0]


def _published(task: str) -> str:
    """The task whose published values stand for this one's."""
    return task if task in (GSM, GPQA, MATH) else GSM


def _model(scale: Scale) -> str:
    return LLADA if scale.dllm == "llada" else DREAM


def problems_of(cell: Cell, scale: Scale) -> int:
    """Problems of a cell at full size."""
    return PROBLEMS[next(name for name, ours in scale.tasks.items() if ours == cell.task)]
