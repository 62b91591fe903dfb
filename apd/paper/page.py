"""What a page of the reproduction draws: a figure's stored results, or a slice made on the spot.

Stored results go through the checks of :mod:`apd.runs.table`, so a page fails on a row that is
missing, doubled or of another model, and says which. Only where nothing is stored, or a page asks
for it, does :mod:`apd.paper.quick` decode a few problems; a page then says that this is all it
shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from apd.display.markup import Html, Markdown
from apd.errors import ApdError
from apd.paper.claims.rendering import results_root, verdicts
from apd.paper.figures import EVERY, experiment_of
from apd.paper.scale import GSM, PROMPT, Scale, family, scale_of
from apd.runs.table import read_results
from apd.statistics.report import machine_name, plus_minus
from apd.statistics.summary import summarise

if TYPE_CHECKING:
    from apd.paper.quick import Answers

Half = Literal["dream", "llada"]
LENGTHS = ("kv_window", "max_lookahead", "num_steps")  # settings that scale with the canvas


@dataclass(frozen=True)
class Figure:
    """A figure or table of the paper, with its results on one pair.

    Attributes:
        name: of the artefact.
        scale: of the pair.
        table: one row per task, configuration and problem.
        provenance: where it comes from.
        root: directory with a folder of tables for each pair.
        quick: whether it was made on the spot, for want of stored results.
        checked: stored rows that were decoded again on the spot, and came out the same.
    """

    name: str
    scale: Scale
    table: pd.DataFrame
    provenance: dict[str, Any]
    root: Path
    quick: bool = False
    checked: int = 0

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Settings of every configuration, and mean, stderr and n of every metric."""
        settings = self.table.loc[:, "configuration":"model_version"]
        settings = settings.drop_duplicates("configuration")
        return settings.merge(summarise(self.table), on="configuration")

    def points(self, metric: str, *, task: str = GSM, **columns: Any) -> pd.DataFrame:
        """Mean and standard error of a metric for the configurations with some settings.

        Args:
            metric: one of :mod:`apd.statistics.summary`.
            task: in the paper's words, e.g. "GSM8K".
            columns: settings by the names of their columns, e.g. ``mixture_weight=0.7``; None for
                a setting that is off. W, M and numbers of steps are the paper's, and scaled.

        Returns:
            A row per configuration, with its settings, mean, stderr and n.

        Raises:
            ApdError: no row fits.
        """
        rows = self.summary
        rows = rows[(rows["task"] == self.scale.tasks[task]) & (rows["metric"] == metric)]
        for name, value in columns.items():
            wanted = self.scale.length(value) if name in LENGTHS else value
            same = rows[name].isna() if wanted is None else rows[name].eq(wanted).fillna(False)
            rows = rows[same.astype(bool)]
        if rows.empty:
            said = "".join(f", {name}={value!r}" for name, value in columns.items())
            raise ApdError(
                f"{self.name} of pair {self.scale.pair} has no {metric} on {task}{said}; its "
                f"configurations are {', '.join(self.summary['configuration'].unique())}"
            )
        return rows

    def point(self, metric: str, *, task: str = GSM, **columns: Any) -> pd.Series:
        """The only row that fits, as `points` finds it. Raises ApdError if there are several."""
        rows = self.points(metric, task=task, **columns)
        if len(rows) > 1:
            found = ", ".join(rows["configuration"])
            raise ApdError(f"{self.name}: {found} all have {columns}: name more settings")
        return rows.iloc[0]

    def curve(
        self, metric: str, along: str, values: Sequence[Any], *, task: str = GSM, **columns: Any
    ) -> pd.DataFrame:
        """The points at some values of one setting, in their order; the paper's values for lengths.

        Raises:
            ApdError: at one of the values no row fits, or several do.
        """
        found = [self.point(metric, task=task, **columns, **{along: value}) for value in values]
        return pd.DataFrame(found).reset_index(drop=True)

    def text(self, metric: str, digits: int, *, task: str = GSM, **columns: Any) -> str:
        """A point in words: "0.812 ± 0.017"."""
        point = self.point(metric, task=task, **columns)
        return plus_minus(point["mean"], point["stderr"], digits)

    def answers(self, label: str, count: int = 1, *, task: str = GSM, **columns: Any) -> Answers:
        """Answers to the first problems, decoded now under the noise of the stored ones.

        Args:
            label: what the texts are.
            count: of problems.
            task, columns: as for `points`.

        Raises:
            ApdError: not exactly one configuration fits, or a model is missing.
        """
        from apd.paper.quick import decode_answers

        name = self.point("iterations", task=task, **columns)["configuration"]
        ours = self.scale.tasks[task]
        (cell,) = (
            cell
            for cell in EVERY[self.name].grid(self.scale)
            if (cell.task, cell.configuration.id) == (ours, name)
        )
        return decode_answers(self.scale.pair, cell, count, label)

    def caption(self) -> Markdown:
        """What was measured, with which models, where and when, as a line of markdown."""
        note = self.provenance
        counts = ", ".join(
            f"{_count(task['problems'], 'decode')} of its prompt"
            if name == self.scale.tasks[PROMPT]
            else _count(task["problems"], f"{name} problem")
            for name, task in note["tasks"].items()
        )
        versions = dict.fromkeys((m["name"], m["version"]) for m in note["models"].values())
        models = ", ".join(f"{name} `{version}`" for name, version in versions)
        where = machine_name(note["machine"])
        commit = (note["git_commit"] or "unknown")[:7]
        together = note.get("cells_at_a_time", 1)
        alone = "one decode at a time" if together == 1 else f"{together} decodes at a time"
        line = (
            f"*{EVERY[self.name].title}, pair `{self.scale.pair}`: {counts}, seed "
            f"{note['seed']}; {models}; {where}, {alone}, batch 1; code `{commit}`"
            f"{' with changes' if note['git_dirty'] else ''}, {note['ended'][:10]}.*"
        )
        if self.quick:
            fewest = min(task["problems"] for task in note["tasks"].values())
            line += (
                f" **Only {_count(fewest, 'problem')}, decoded while this page was "
                f"built**, because no results are stored for pair `{self.scale.pair}`. They show "
                "that the pipeline works and nothing more."
            )
        if self.checked:
            line += f" {self.checked} of the stored rows were decoded again here: all the same."
        return Markdown(line)

    def verdicts(self) -> Html:
        """What became of the claims that the paper makes about this figure, as a list."""
        return verdicts(self.scale.pair, EVERY[self.name].title, self.root)

    def source(self) -> Markdown:
        """Where the numbers are and how to make them again, as a line of markdown."""
        artefact = EVERY[self.name]
        rows = _count(len(self.table), "row")
        configurations = _count(self.table["configuration"].nunique(), "configuration")
        kept = f"in `results/{self.scale.pair}/{self.name}.parquet`"
        command = f"apd reproduce {self.name} --pair {self.scale.pair}"
        command += " --allow-code-execution" if artefact.runs_code else ""
        return Markdown(
            f"{rows} of {configurations}, {'not stored' if self.quick else kept}; `{command}` "
            f"makes them, from the grid `{artefact.grid.__module__}.{artefact.grid.__name__}`."
        )


def figure(
    name: str,
    pair: str,
    results: str | Path = "",
    *,
    half: Half = "dream",
    recompute: bool = False,
    limit: int = 2,
) -> Figure:
    """A figure or table of the paper: its stored and checked results, or else a quick slice.

    Args:
        name: of the artefact, such as "fig3" or "tab1".
        pair: name of the pair; of its family, the half named by `half` is shown.
        results: directory with a folder of tables for each pair; empty is the repository's own.
        half: "llada" for the second model of Figure 2 and Table 1.
        recompute: also run a slice live where results are stored, and compare it with them.
        limit: problems of each task in a slice.

    Raises:
        ApdError: the name is unknown, a stored row is wrong or differs from the live one, or
            nothing is stored and a slice would run programs that a model wrote.
    """
    if name not in EVERY:
        raise ApdError(f"unknown figure {name!r}; choose one of {', '.join(EVERY)}")
    chosen = _member(pair, half)
    root, scale = results_root(results), scale_of(chosen)
    experiment = experiment_of(EVERY[name], chosen, limit=limit)
    if not is_stored(name, pair, results, half=half):
        if EVERY[name].runs_code:
            command = f"apd reproduce {name} --pair {chosen} --allow-code-execution"
            raise ApdError(f"no results are stored for {name}; `{command}` makes them")
        from apd.paper.quick import run_now

        return Figure(name, scale, *run_now(experiment), root, quick=True)
    stored = read_results(root / chosen, name)
    checked = 0
    if recompute:
        from apd.paper.quick import check_again

        checked = check_again(experiment, stored, limit)
    return Figure(name, scale, *stored, root, checked=checked)


def stored_figure(
    name: str, pair: str, results: str | Path = "", *, half: Half = "dream"
) -> Figure | None:
    """The figure with its stored results; None if there are none yet. Arguments as for `figure`.

    Raises:
        ApdError: the name is unknown, or a stored row is wrong.
    """
    return (
        figure(name, pair, results, half=half)
        if is_stored(name, pair, results, half=half)
        else None
    )


def not_measured(name: str, pair: str) -> Markdown:
    """What stands where a figure has no stored results yet: which command makes them."""
    artefact = EVERY[name]
    command = f"apd reproduce {name} --pair {pair}"
    command += " --allow-code-execution" if artefact.runs_code else ""
    return Markdown(f"*{artefact.title}: not measured yet on pair `{pair}`; `{command}` does it.*")


def is_stored(name: str, pair: str, results: str | Path = "", *, half: Half = "dream") -> bool:
    """Whether the figure has a table or its provenance; arguments as for `figure`."""
    folder = results_root(results) / _member(pair, half)
    return any((folder / f"{name}{suffix}").exists() for suffix in (".parquet", ".json"))


def _member(pair: str, half: Half) -> str:
    return family(pair)[1 if half == "llada" else 0]


def _count(number: int, noun: str) -> str:
    """ "1 problem", "1,000 problems"."""
    return f"{number:,} {noun}{'s' if number != 1 else ''}"
