"""Requests of lm-eval, put in order: which decoder settings, which noise, what goes together."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from apd.decoding.configuration import Configuration
from apd.errors import ApdError
from apd.harness.settings import request_settings
from apd.harness.task_functions import INDEX_COLUMN
from apd.runs.decode import problem_seed

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance


LM_EVAL_SEED = 1234  # what lm-eval seeds torch with unless --seed says otherwise


def seed_of_lm_eval() -> dict[str, int]:
    """``{"seed": n}`` if lm-eval was given a seed for torch, read from torch; else nothing.

    lm-eval tells models nothing of ``--seed``. Its default is left out, so that noise stays that of
    the project's own experiments; so is the 64-bit number that torch has where nobody seeds it.
    """
    import torch

    seed = torch.initial_seed()
    return {"seed": seed} if seed < 2**32 and seed != LM_EVAL_SEED else {}


@dataclass(frozen=True)
class Generation:
    """Requests that are decoded together.

    Attributes:
        configuration: the decoder with the settings that they ask for.
        stops: strings that end a reply.
        members: their indices among all requests.
    """

    configuration: Configuration
    stops: tuple[str, ...]
    members: tuple[int, ...]


def generations(
    requests: Sequence[Instance],
    configuration: Configuration,
    fixed: frozenset[str],
    batch_size: int,
) -> Iterator[Generation]:
    """Group `generate_until` requests by what they ask for, at most `batch_size` together.

    Args:
        requests: each with a prompt and its generation arguments.
        configuration: the model's own.
        fixed: settings that requests do not change.
        batch_size: at least 1.

    Raises:
        ApdError: a request asks for what its decoder does not allow.
    """
    groups: dict[tuple[Any, tuple[str, ...]], list[int]] = {}
    for index, request in enumerate(requests):
        asked, stops = request_settings(request.args[1])
        own: Mapping[str, Any] = {k: v for k, v in asked.items() if k not in fixed}
        try:
            decoder: Any = replace(configuration.decoder, **own)
        except ValueError as error:
            raise ApdError(
                f"generation arguments {request.args[1]}: {error}; change them with --gen_kwargs, "
                "or set the value in model_args, which holds for every request"
            ) from None
        groups.setdefault((decoder, stops), []).append(index)
    for (decoder, stops), members in groups.items():
        asked_for = replace(configuration, decoder=decoder)
        for start in range(0, len(members), batch_size):
            yield Generation(asked_for, stops, tuple(members[start : start + batch_size]))


def request_seeds(requests: Sequence[Instance], seed: int) -> list[int]:
    """A noise seed for every request: its problem's, and another for each repetition of it.

    A problem has the seed that it has in the project's own experiments: by its index in the task,
    which this package's tasks write into their rows, since lm-eval's own number counts the chosen
    rows only where ``--samples`` chooses. lm-eval sends a process's last request again until all
    processes have as many; such a copy counts as the original.
    """
    seen: Counter[Any] = Counter()
    seeds = []
    for request in requests:
        row: Any = request.doc
        problem = row.get(INDEX_COLUMN) if isinstance(row, Mapping) else None
        problem = request.doc_id if problem is None else problem
        if problem is None:  # not made by a task
            digest = hashlib.sha256(str(request.args[0]).encode()).digest()
            problem = int.from_bytes(digest[:4], "big")
        key = (request.task_name, problem, request.idx)
        repetition = seen[key] % (request.repeats or 1)
        seen[key] += 1
        own = problem_seed(seed, problem)
        seeds.append(problem_seed(own, repetition) if repetition else own)
    return seeds
