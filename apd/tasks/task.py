"""A task: where its rows come from, the messages they become, and how a reply is judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from apd.tasks.judging.judge import Judge, Row

if TYPE_CHECKING:
    from torch import Tensor

    from apd.mini.tasks import Generator
    from apd.models.pairs import Pair
    from apd.tasks.rows import Source

ACCURACY = "accuracy"  # the judge of right answers
FAITHFULNESS = "faithfulness"  # the judge of replies that keep to the question's entities


@dataclass(frozen=True, kw_only=True)
class Task:
    """One test set with its prompts and its judges.

    Attributes:
        name: as on the command line.
        source: where the rows are; `load_task` reads them.
        rows: the problems; a problem's id is its index here. Empty in the registry.
        system: system message, the same for every row; None for none.
        user: row -> user message.
        judges: by name; "accuracy" is there unless the task has no right answers, "faithfulness"
            where rows store their entities.
        runs_code: whether judging runs programs that the model wrote.
        examples: row -> what is shown before, (user message, assistant message) each.
        prefix: row -> how the assistant's message begins; what is decoded goes on from there.
        stops: strings that end a reply.
        max_new_tokens: the length that the paper gives a reply, or None.
        generator: what makes the examples of a mini task.
        prepare_judges: raises ApdError where this machine lacks what they need; None if nothing.
    """

    name: str
    system: str | None
    user: Callable[[Row], str]
    judges: Mapping[str, Judge] = field(default_factory=dict)
    source: Source | None = None
    rows: tuple[Row, ...] = ()
    runs_code: bool = False
    examples: Callable[[Row], Sequence[Sequence[str]]] | None = None
    prefix: Callable[[Row], str] | None = None
    stops: tuple[str, ...] = ()
    max_new_tokens: int | None = None
    generator: Generator | None = None
    prepare_judges: Callable[[], object] | None = None

    @property
    def score(self) -> Callable[[Row, str], bool] | None:
        """(row, reply) -> whether it is right; None for a task without right answers."""
        if ACCURACY not in self.judges:
            return None
        judge = self.judges[ACCURACY]
        return lambda row, reply: judge(row, cut_at(reply, self.stops))

    def verdicts(self, row: Row, reply: str) -> dict[str, bool]:
        """What each judge says of a reply, read up to its first stop string."""
        text = cut_at(reply, self.stops)
        return {name: judge(row, text) for name, judge in self.judges.items()}

    def problem_ids(self, limit: int | None) -> range:
        """Ids of the first `limit` problems, or of all."""
        return range(len(self.rows) if limit is None else min(limit, len(self.rows)))

    def prompts(self, pair: Pair, limit: int | None = None) -> list[Tensor]:
        """Token ids, (P,) long each, of the first `limit` problems' conversations, or of all."""
        return [self.prompt_ids(pair, problem) for problem in self.problem_ids(limit)]

    def prompt_ids(self, pair: Pair, problem: int) -> Tensor:
        """Token ids (P,) of a problem's conversation, up to where decoding begins."""
        row = self.rows[problem]
        begun: dict[str, Any] = {} if self.prefix is None else {"prefix": self.prefix(row)}
        if self.examples is not None:
            begun["examples"] = self.examples(row)
        return pair.encode_chat(self.user(row), system=self.system, **begun)

    def fingerprint(self) -> str:
        """sha256 over rows and messages: it changes with anything a model or judge is shown."""
        shown: list[Any] = [self.system, [[dict(row), self.user(row)] for row in self.rows]]
        if self.prefix is not None:
            shown.append([self.prefix(row) for row in self.rows])
        text = json.dumps(shown, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def cut_at(text: str, stops: Sequence[str]) -> str:
    """The text before the first of the stop strings that occurs in it; empty strings are none."""
    ends = [text.find(stop) for stop in stops if stop]
    return text[: min((end for end in ends if end >= 0), default=len(text))]
