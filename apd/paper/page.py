"""What a page of the reproduction draws: an artefact's stored results, or a slice made on the spot.

Stored results go through the checks of :mod:`apd.runs.table`, so a page fails on a row
that is missing, doubled or of another model, and says which. Where nothing is stored, the first few
problems are run live, and the page says that this is all it shows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from apd.decoding.configuration import Configuration
from apd.paper.drift import compare_runs, slice_of
from apd.paper.figures import ARTEFACTS, experiment_of
from apd.paper.plan import run_quietly
from apd.paper.scale import Scale, family, scale_of
from apd.paths import data_dir
from apd.runs.grid import Experiment
from apd.runs.table import read_results
from apd.statistics.report import machine_name
from apd.statistics.summary import summarise

Half = Literal["dream", "llada"]


@dataclass(frozen=True)
class Reproduction:
    """An artefact's results on one pair.

    Attributes:
        name: of the artefact.
        scale: of the pair.
        table: one row per task, configuration and problem.
        provenance: where it comes from.
        live: whether it was made on the spot, for want of stored results.
        checked: stored rows that were decoded again on the spot, and came out the same.
    """

    name: str
    scale: Scale
    table: pd.DataFrame
    provenance: dict[str, Any]
    live: bool
    checked: int = 0

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Mean and standard error of every metric of every configuration."""
        return summarise(self.table)

    def points(
        self, task: str, configurations: Sequence[Configuration], metric: str
    ) -> pd.DataFrame:
        """Mean and stderr of a metric for some configurations on one of the paper's tasks.

        Returns:
            A row per configuration, in the order given, with columns mean, stderr and n.

        Raises:
            KeyError: a configuration has no such metric.
        """
        summary = self.summary
        chosen = (summary["task"] == self.scale.tasks[task]) & (summary["metric"] == metric)
        summary = summary[chosen].set_index("configuration")
        return summary.loc[[c.id for c in configurations], ["mean", "stderr", "n"]]

    def caption(self) -> str:
        """Where the figure comes from, as a line of markdown."""
        note = self.provenance
        counts = ", ".join(f"{task['problems']} {name}" for name, task in note["tasks"].items())
        versions = dict.fromkeys((m["name"], m["version"]) for m in note["models"].values())
        models = ", ".join(f"{name} `{version}`" for name, version in versions)
        where = machine_name(note["machine"])
        commit = (note["git_commit"] or "unknown")[:7]
        together = note.get("cells_at_a_time", 1)
        alone = "one decode at a time" if together == 1 else f"{together} decodes at a time"
        line = (
            f"*{ARTEFACTS[self.name].title}, pair `{self.scale.pair}`: {counts} problems, seed "
            f"{note['seed']}; {models}; {where}, {alone}, batch 1; code `{commit}`"
            f"{' with changes' if note['git_dirty'] else ''}, {note['ended'][:10]}.*"
        )
        if self.live:
            fewest = min(task["problems"] for task in note["tasks"].values())
            line += (
                f" **Only {fewest} problem{'s' if fewest > 1 else ''}, decoded while this page was "
                f"built**, because no results are stored for pair `{self.scale.pair}`. They show "
                "that the pipeline works and nothing more."
            )
        if self.checked:
            line += f" {self.checked} of the stored rows were decoded again here: all the same."
        return line


def open_artefact(
    name: str,
    pair: str,
    *,
    half: Half = "dream",
    results: str = "",
    recompute: bool = False,
    limit: int = 2,
) -> Reproduction:
    """An artefact's results: stored and checked, or, if there are none, a live slice.

    Args:
        name: of the artefact.
        pair: name of the pair; of its family, the half named by `half` is shown.
        half: "llada" for the second model of Figure 2 and Table 1.
        results: directory with a folder of tables for each pair; empty is the repository's own.
        recompute: also run a slice live where results are stored, and compare it with them.
        limit: problems of each task in a slice.

    Raises:
        ApdError: a stored row is wrong, or differs from the live one.
    """
    chosen = family(pair)[1 if half == "llada" else 0]
    root = Path(results) if results else data_dir() / "results"
    scale = scale_of(chosen)
    experiment = experiment_of(ARTEFACTS[name], chosen, limit=limit)
    if not is_stored(name, pair, half=half, results=results):
        return Reproduction(name, scale, *_run(experiment), live=True)
    stored = read_results(root / chosen, name)
    checked = 0
    if recompute:
        checked = compare_runs(name, stored, _run(slice_of(experiment, stored[1], limit)))
    return Reproduction(name, scale, *stored, live=False, checked=checked)


def is_stored(name: str, pair: str, *, half: Half = "dream", results: str = "") -> bool:
    """Whether the artefact has a table or its provenance; arguments as for `open_artefact`."""
    chosen = family(pair)[1 if half == "llada" else 0]
    root = Path(results) if results else data_dir() / "results"
    return any((root / chosen / f"{name}{suffix}").exists() for suffix in (".parquet", ".json"))


def _run(experiment: Experiment) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Table and provenance of an experiment that is run now."""
    with tempfile.TemporaryDirectory() as folder:
        run_quietly([experiment], Path(folder))
        return read_results(Path(folder), experiment.artefact)
