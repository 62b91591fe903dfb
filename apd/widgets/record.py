"""Record what the explorers play: ``python -m apd.widgets.record``.

Decodes with the mini pair over the grid below, measures how its keys and values age and what the
lookahead does to its answers, and writes `data/explorers/*.json`. Takes a minute or
two on two cores. Record again whenever the models change; ``--only`` names single recordings.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from typing import Any

from apd.decoding import AdaptiveConfig
from apd.display import visible
from apd.models.locations import find_checkpoint
from apd.models.pairs import Pair, load_pair, pair_spec
from apd.paper.grids import MIXTURE_WEIGHTS
from apd.runs.provenance import describe_session, hash_checkpoint, now
from apd.tasks import load_task
from apd.tasks.figure_1 import QUESTION
from apd.tasks.task import ACCURACY, Task
from apd.widgets.decodes import record_decode, token_texts
from apd.widgets.live import TASKS
from apd.widgets.profiles import length_changes, record_lookahead, record_staleness
from apd.widgets.recordings import save_recording

PAIR = "mini"
GRID: dict[str, list[Any]] = {
    "weight": [0.3, 0.5, 0.7, 0.9],
    "window": [None, 16],
    "lookahead": [None, 32, 8],
}
LOOKAHEADS = [1, 2, 4, 8, 16, 32, 64, None]
MAX_NEW_TOKENS = pair_spec(PAIR).canvas
MAX_DISTANCE = 64
STALENESS_PROBLEMS, LOOKAHEAD_PROBLEMS, WORD_PROBLEMS = 4, 5, 2
LOOKAHEAD_TASKS = ("mini_gsm", "mini_math", "mini_humaneval", "mini_essay")
SHORT_LOOKAHEAD = 8  # M by which the task is found whose answers M changes most
TRUST_SEARCH = 40  # word problems looked through for those that R decides


def main(arguments: list[str] | None = None) -> None:
    """Record everything, printing what was written and how long it took."""
    recorders: dict[str, Callable[[Pair], dict[str, Any]]] = {
        "decodes": decodes,
        "staleness": staleness,
        "lookahead": lookahead,
        "weights": weights,
    }
    parser = argparse.ArgumentParser(description="Record what the explorers play.")
    parser.add_argument("--only", nargs="+", choices=list(recorders), default=list(recorders))
    chosen = parser.parse_args(arguments).only
    pair = load_pair(PAIR, device="cpu")
    session = describe_session("cpu") | {"models": model_files(PAIR)}
    for name in chosen:
        start = time.perf_counter()
        recording = recorders[name](pair)
        provenance = session | {"pair": PAIR, "finished": now()}
        path = save_recording(name, recording | {"provenance": provenance})
        seconds = time.perf_counter() - start
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB in {seconds:.1f} s", flush=True)


def model_files(pair: str) -> list[dict[str, Any]]:
    """Name and file hashes of the pair's models."""
    spec = pair_spec(pair)
    names = [name for name in (spec.dllm, spec.verifier) if name is not None]
    return [hash_checkpoint(name, find_checkpoint(name)).as_dict() for name in names]


def decodes(pair: Pair, grid: dict[str, list[Any]] = GRID) -> dict[str, Any]:
    """Decodes of a few prompts over a grid of R, W and M, all with the same noise."""
    prompts = stepper_prompts()
    found: list[dict[str, Any]] = []
    axes = (range(len(values)) for values in grid.values())
    for index, *places in itertools.product(range(len(prompts)), *axes):
        chosen = dict(zip(grid, places, strict=True))
        config = AdaptiveConfig(
            mixture_weight=grid["weight"][chosen["weight"]],
            kv_window=grid["window"][chosen["window"]],
            max_lookahead=grid["lookahead"][chosen["lookahead"]],
            noise="position",
            max_new_tokens=MAX_NEW_TOKENS,
        )
        _, task, problem = prompts[index]
        iterations = record_decode(pair, task.prompt_ids(pair, problem), config)
        reply = "".join(iteration["text"] for iteration in iterations)
        right = task.verdicts(task.rows[problem], reply)[ACCURACY]
        found.append({"prompt": index, **chosen, "right": right, "iterations": iterations})
    shared = ("noise", "temperature", "top_p", "seed", "max_new_tokens", "acceptance")
    return {
        "grid": grid,
        "settings": {name: getattr(config, name) for name in shared},
        "prompts": [
            {"name": name, "text": task.user(task.rows[problem])} for name, task, problem in prompts
        ],
        "vocabulary": token_texts(pair, [decode["iterations"] for decode in found]),
        "decodes": found,
    }


def stepper_prompts() -> list[tuple[str, Task, int]]:
    """Name, task and problem of each prompt: word problems of several lengths, and a program."""
    words = load_task("mini_gsm")
    problems = [(f"word problem {number + 1}", words, number) for number in range(WORD_PROBLEMS)]
    sheep, program = load_task("figure_1"), load_task("mini_humaneval")
    return [("sheep", sheep, 0), *problems, ("program", program, 0)]


def staleness(pair: Pair) -> dict[str, Any]:
    """How keys and values age while word problems are decoded."""
    prompts = word_problems(pair, STALENESS_PROBLEMS)
    size = {"max_new_tokens": MAX_NEW_TOKENS, "max_distance": MAX_DISTANCE}
    return record_staleness(pair, prompts, **size)


def lookahead(pair: Pair) -> dict[str, Any]:
    """End tokens and answers for every M, of the task whose answers a small M changes most.

    How much it changes those of each task is recorded beside it, in changes: the mean and the
    standard error of the logarithm of the ratio of lengths.
    """
    size = {"max_new_tokens": MAX_NEW_TOKENS}
    prompts = {name: load_task(name).prompts(pair, LOOKAHEAD_PROBLEMS) for name in LOOKAHEAD_TASKS}
    changes = {
        name: length_changes(pair, some, SHORT_LOOKAHEAD, **size) for name, some in prompts.items()
    }
    chosen = max(changes, key=lambda name: abs(changes[name][0]))
    task = load_task(chosen)
    return {
        "task": chosen,
        "kind": TASKS[chosen],
        "question": visible(task.user(task.rows[0])),
        "short_lookahead": SHORT_LOOKAHEAD,
        "changes": {name: [round(part, 4) for part in both] for name, both in changes.items()},
        **record_lookahead(pair, prompts[chosen], LOOKAHEADS, **size),
    }


def weights(pair: Pair) -> dict[str, Any]:
    """Decodes of a few prompts at the R of Figure 3, without W and M, all with the same noise.

    The sheep problem, and the first word problems whose answers are right at the smallest R and
    wrong at the largest: there the price of R is seen. If there are none, the first ones.
    """
    words = load_task("mini_gsm")
    decided = [
        number
        for number in range(TRUST_SEARCH)
        if _trusting(pair, words, number, MIXTURE_WEIGHTS[0])["right"]
        and not _trusting(pair, words, number, MIXTURE_WEIGHTS[-1])["right"]
    ]
    chosen = (decided or list(range(WORD_PROBLEMS)))[:WORD_PROBLEMS]
    prompts = [("sheep", load_task("figure_1"), 0)]
    prompts += [(f"word problem {number + 1}", words, number) for number in chosen]
    return {
        "weights": list(MIXTURE_WEIGHTS),
        "decided": len(decided),
        "searched": TRUST_SEARCH,
        "prompts": [
            {"name": name, "text": task.user(task.rows[problem])} for name, task, problem in prompts
        ],
        "decodes": [
            [_trusting(pair, task, problem, weight) for weight in MIXTURE_WEIGHTS]
            for _, task, problem in prompts
        ],
    }


def _trusting(pair: Pair, task: Task, problem: int, weight: float) -> dict[str, Any]:
    """Whether the answer at this R is right, and text and number of tokens of each iteration."""
    config = AdaptiveConfig(mixture_weight=weight, noise="position", max_new_tokens=MAX_NEW_TOKENS)
    records = record_decode(pair, task.prompt_ids(pair, problem), config)
    reply = "".join(record["text"] for record in records)
    return {
        "right": task.verdicts(task.rows[problem], reply)[ACCURACY],
        "iterations": [{name: record[name] for name in ("text", "tokens")} for record in records],
    }


def word_problems(pair: Pair, count: int) -> list[Any]:
    """The sheep problem and held-out ones, encoded."""
    task = load_task("mini_gsm")
    texts = [QUESTION, *map(task.user, task.rows[: count - 1])]
    return [pair.encode_chat(text, task.system) for text in texts]


if __name__ == "__main__":
    main()
