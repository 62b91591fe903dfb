"""A task as an experiment sees it: rows, the messages they become, and how a reply is judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError

if TYPE_CHECKING:
    from torch import Tensor

    from apd.models.pairs import Pair

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """One test set with its prompts and its judge.

    Attributes:
        name: as on the command line.
        rows: the problems; a problem's id is its index here.
        system: system message, the same for every row.
        user: row -> user message.
        score: (row, reply) -> whether it is right; None for a task without right answers.
        runs_code: whether judging runs programs that the model wrote.
        prefix: row -> how the assistant's message begins; what is decoded goes on from there.
        max_new_tokens: the length that the paper gives a reply, or None.
    """

    name: str
    rows: tuple[Row, ...]
    system: str
    user: Callable[[Row], str]
    score: Callable[[Row, str], bool] | None
    runs_code: bool = False
    prefix: Callable[[Row], str] | None = None
    max_new_tokens: int | None = None

    def problem_ids(self, limit: int | None) -> range:
        """Ids of the first `limit` problems, or of all."""
        return range(len(self.rows) if limit is None else min(limit, len(self.rows)))

    def prompt_ids(self, pair: Pair, problem: int) -> Tensor:
        """Token ids (P,) of a problem's conversation, up to where decoding begins."""
        import torch

        row = self.rows[problem]
        if self.prefix is None:
            return pair.encode_chat(self.user(row), system=self.system)
        messages = [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.user(row)},
            {"role": "assistant", "content": self.prefix(row)},
        ]
        text = pair.tokenizer.apply_chat_template(
            messages, tokenize=False, continue_final_message=True
        )
        ids = pair.tokenizer(text, add_special_tokens=False)["input_ids"]
        return torch.tensor(ids, dtype=torch.long, device=pair.dllm.device)

    def fingerprint(self) -> str:
        """sha256 over rows and messages: it changes with anything a model or judge is shown."""
        shown: list[Any] = [self.system, [[dict(row), self.user(row)] for row in self.rows]]
        if self.prefix is not None:
            shown.append([self.prefix(row) for row in self.rows])
        text = json.dumps(shown, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def task_names() -> tuple[str, ...]:
    """The tasks of this package: the mini suite, then the public benchmarks."""
    from apd.mini.tasks import SAMPLERS
    from apd.tasks.public_tasks import PUBLIC_TASKS

    return (*SAMPLERS, *PUBLIC_TASKS)


def load_task(name: str, data_dir: Path | None = None) -> Task:
    """A task by name.

    Args:
        name: one of `task_names()`.
        data_dir: local directory of the public data sets; None for ``APD_DATASETS_DIR``, else the
            hub. The mini suite comes with the project.

    Raises:
        ApdError: the name is unknown, or the test set is missing or damaged.
    """
    from apd.mini import tasks
    from apd.tasks import mini_prompts as prompts
    from apd.tasks import mini_scoring as scoring
    from apd.tasks.public_tasks import PUBLIC_TASKS, public_task

    if name in PUBLIC_TASKS:
        return public_task(name, data_dir)
    if name not in tasks.SAMPLERS:
        raise ApdError(f"unknown task {name!r}; choose one of {', '.join(task_names())}")
    rows = tasks.load_task(name)
    if not rows:
        raise ApdError(f"the test set of {name!r} is empty: write it again")
    scored = name in scoring.SCORED_TASKS
    return Task(
        name=name,
        rows=tuple(rows),
        system=prompts.system_message(name),
        user=lambda row: prompts.user_message(name, dict(row)),
        score=(lambda row, text: scoring.score(name, row, text)) if scored else None,
        runs_code=name in scoring.CODE_TASKS,
    )
