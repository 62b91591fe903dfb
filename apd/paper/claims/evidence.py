"""What the claims are tested on: values by problem, from the stored and checked result tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from apd.decoding.configuration import Configuration
from apd.errors import ApdError
from apd.paper.scale import Scale, family, scale_of
from apd.runs.comparable import require_comparable
from apd.runs.table import read_results
from apd.statistics.summary import per_problem


class MissingEvidence(ApdError):
    """The table that a claim needs has not been made; the message says how to make it."""


class Evidence:
    """The result tables of a pair and of its LLaDA half.

    Attributes:
        dream, llada: their scales.
        models: version of every model behind the tables read so far, by pair and name.
    """

    def __init__(self, pair: str, root: Path) -> None:
        """Tables are below ``root/<pair>/``. Raises ApdError for a pair without experiments."""
        self.dream, self.llada = (scale_of(name) for name in family(pair))
        self.models: dict[str, str] = {}
        self._root = root
        self._origins: dict[str, dict[str, Any]] = {}
        self._tables: dict[tuple[str, str], pd.DataFrame] = {}

    def values(
        self, artefact: str, task: str, configuration: Configuration, metric: str, *,
        llada: bool = False,
    ) -> pd.Series:  # fmt: skip
        """One metric of one configuration on one of the paper's tasks, by problem.

        Args:
            artefact: whose table.
            task: in the paper's words, e.g. "GSM8K".
            configuration: of the pair's scale.
            metric: a column of `apd.statistics.summary.per_problem`.
            llada: from the LLaDA half.

        Raises:
            MissingEvidence: the table, or the configuration in it, is not there.
            ApdError: a row of the table is wrong; the message names it.
        """
        scale = self.llada if llada else self.dream
        table = self._table(artefact, scale)
        chosen = table["task"] == scale.tasks[task]
        chosen &= table["configuration"] == configuration.id
        if not chosen.any():
            raise MissingEvidence(
                f"{artefact} of pair {scale.pair} has no {configuration.id} on {scale.tasks[task]}"
            )
        return table[chosen].set_index("problem_id")[metric]

    def _table(self, artefact: str, scale: Scale) -> pd.DataFrame:
        key = (artefact, scale.pair)
        if key not in self._tables:
            directory = self._root / scale.pair
            if not (directory / f"{artefact}.json").is_file():
                raise MissingEvidence(
                    f"No results: `apd reproduce {artefact} --pair {scale.pair}` makes them."
                )
            table, note = read_results(directory, artefact)
            self._note_models(scale.pair, note["models"])
            self._origins[f"{artefact} of pair {scale.pair}"] = note
            for pair in {self.dream.pair, self.llada.pair}:
                require_comparable({n: o for n, o in self._origins.items() if o["pair"] == pair})
            names = table[["task", "configuration", "problem_id"]]
            self._tables[key] = pd.concat([names, per_problem(table)], axis=1)
        return self._tables[key]

    def _note_models(self, pair: str, models: dict[str, Any]) -> None:
        """Refuse tables that were made with different versions of one model."""
        for name, model in models.items():
            known = self.models.setdefault(f"{pair} {name}", model["version"])
            if known != model["version"]:
                raise ApdError(
                    f"the tables of pair {pair} were made with two versions of {name} ({known} and "
                    f"{model['version']}): run `apd reproduce all --pair {pair}` again"
                )
