"""Requests of lm-eval, put in order: which decoder settings, which noise, what goes together."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from apd.decoding.configuration import Configuration
from apd.harness.settings import request_settings
from apd.runs.decode import problem_seed

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance


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
    """
    groups: dict[tuple[Any, tuple[str, ...]], list[int]] = {}
    for index, request in enumerate(requests):
        asked, stops = request_settings(request.args[1])
        own: Mapping[str, Any] = {k: v for k, v in asked.items() if k not in fixed}
        decoder: Any = replace(configuration.decoder, **own)
        groups.setdefault((decoder, stops), []).append(index)
    for (decoder, stops), members in groups.items():
        asked_for = replace(configuration, decoder=decoder)
        for start in range(0, len(members), batch_size):
            yield Generation(asked_for, stops, tuple(members[start : start + batch_size]))


def request_seeds(requests: Sequence[Instance], seed: int) -> list[int]:
    """A noise seed for every request: its problem's, and another for each repetition of it.

    A problem has the seed that it has in the project's own experiments. lm-eval sends a process's
    last request again until all processes have as many; such a copy counts as the original.
    """
    seen: Counter[Any] = Counter()
    seeds = []
    for request in requests:
        problem = request.doc_id
        if problem is None:  # not made by a task
            digest = hashlib.sha256(str(request.args[0]).encode()).digest()
            problem = int.from_bytes(digest[:4], "big")
        key = (request.task_name, problem, request.idx)
        repetition = seen[key] % (request.repeats or 1)
        seen[key] += 1
        own = problem_seed(seed, problem)
        seeds.append(problem_seed(own, repetition) if repetition else own)
    return seeds
