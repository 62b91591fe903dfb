"""Write the tables of README and book that are computed, between their markers.

    python tools/write_tables.py            # into the files
    python tools/write_tables.py --check    # only say which are not up to date

README.md has the mini models' accuracy on the test sets, from the stored results of the figures;
``book/run_on_a_gpu.md`` how long the large pairs take, from the speeds that the paper publishes,
and what the cards took that have been measured; ``book/reliability.md`` what a run of the tests has
counted; ``book/choose_your_models.md`` sizes, bounds on speed, what quantised weights cost, and
which checks each checkpoint has passed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkpoint_checks import checkpoint_table
from choose_models import pairs_tables, quantised_table, speed_table
from reliability import reliability_tables

from apd.benchmarks.gpu.findings import gpu_findings
from apd.benchmarks.gpu.iteration import iteration_table
from apd.benchmarks.gpu.report import gpu_tables
from apd.errors import ApdError
from apd.models.registry import pair_spec
from apd.paper.figures import ARTEFACTS, experiment_of
from apd.paper.gpu_hours import problem_seconds, problems_of
from apd.paper.scale import scale_of
from apd.paths import data_dir
from apd.runs.cells import shared_cells
from apd.runs.table import read_results, results_directory
from apd.statistics.report import machine_name, plus_minus
from apd.statistics.summary import summarise

COMMAND = "python tools/write_tables.py"
LARGE_PAIRS = ("dream-7b", "llada-8b")
TASKS = ("mini_gsm", "mini_math", "mini_gpqa", "mini_lines", "mini_humaneval")
SOURCES = {
    "mini": ("fig5", "humaneval", "lines", "fig2", "fig3"),
    "mini-llada": ("fig2", "lines"),
}
BOTH = "mini-dream + mini-qwen-small"
# (pair, configuration id) -> model and decoder as the table calls them, in the order of its rows.
LABELS = {
    ("mini", "mini-qwen-large"): ("mini-qwen-large", "autoregressive"),
    ("mini", "mini-qwen-small"): ("mini-qwen-small", "autoregressive"),
    ("mini", "left_to_right-K1"): ("mini-dream", "left to right, K = 1"),
    ("mini", "left_to_right-K4"): ("mini-dream", "left to right, K = 4"),
    ("mini", "apd-R0.1"): (BOTH, "APD, R = 0.1"),
    ("mini", "apd-R0.5"): (BOTH, "APD, R = 0.5"),
    ("mini", "apd-R0.7"): (BOTH, "APD, R = 0.7"),
    ("mini", "apd-R0.6-W16-M100"): (BOTH, "APD, R = 0.6, W = 16, M = 100"),
    ("mini", "apd-R0.7-W8-M50"): (BOTH, "APD, R = 0.7, W = 8, M = 50"),
    ("mini-llada", "left_to_right-K1"): ("mini-llada", "left to right, K = 1"),
}
FAITHFULNESS = (
    "Faithfulness is the share of replies that name no person, place or thing that the question "
    "lacks; a wrong sum about the right cities is faithful:"
)


@dataclass(frozen=True)
class Section:
    """A part of a text file that is generated, between two marker lines.

    Attributes:
        file: below the root of the repository.
        name: of its markers.
        render: makes it, from stored data alone.
    """

    file: str
    name: str
    render: Callable[[], str]

    @property
    def path(self) -> Path:
        """In the repository that holds the data directory."""
        return data_dir().parent / self.file

    def read(self) -> str:
        """What stands between the markers. Raises ApdError if file or markers are missing."""
        return self._split()[1].strip()

    def write(self) -> None:
        """Put it between the markers. Raises ApdError if something is missing."""
        before, _, after = self._split()
        opening, closing = self._markers
        text = f"{before}{opening}\n{self.render()}\n{closing}{after}"
        self.path.write_text(text, encoding="utf-8")

    @property
    def _markers(self) -> tuple[str, str]:
        return f"<!-- {self.name}:start -->", f"<!-- {self.name}:end -->"

    def _split(self) -> tuple[str, str, str]:
        """Text before the start marker, between the markers, behind the end marker."""
        opening, closing = self._markers
        try:
            text = self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise ApdError(f"cannot read {self.path}: {error.strerror}; use a checkout") from None
        before, found, rest = text.partition(opening)
        body, also_found, after = rest.partition(closing)
        if not found or not also_found:
            raise ApdError(f"{self.path} lacks {opening} and {closing}: put them where it belongs")
        return before, body, after


def markdown_table(rows: Iterable[Sequence[object]], numbers_from: int) -> str:
    """A table whose first row is its heading; columns from `numbers_from` on are right-aligned."""
    heading, *others = [[str(cell) for cell in row] for row in rows]
    rule = ["---" if i < numbers_from else "--:" for i in range(len(heading))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, rule, *others))


def models_table() -> str:
    """Accuracy of every mini model and the speed of its decoders, then faithfulness; with errors.

    Raises:
        ApdError: results are missing or do not pass their checks.
    """
    means: dict[tuple[str, str, str, str], tuple[float, float]] = {}
    notes = []
    for pair, artefacts in SOURCES.items():
        for artefact in artefacts:
            table, note = read_results(results_directory(pair), artefact)
            notes.append(note)
            for row in summarise(table).itertuples(index=False):
                key = (pair, str(row.configuration), str(row.task), str(row.metric))
                means[key] = (float(row.mean), float(row.stderr))

    def shown(which: tuple[str, str], task: str, metric: str, digits: int) -> str:
        found = means.get((*which, task, metric))
        return "–" if found is None else plus_minus(*found, digits)

    heading = ["model", "decoder", *(f"`{task}`" for task in TASKS)]
    accuracy, faithfulness = [[*heading, "tokens / iteration", "tok/s"]], [heading]
    for which, labels in LABELS.items():
        parallelism = shown(which, TASKS[0], "tokens_per_iteration", 2)
        speed = shown(which, TASKS[0], "throughput_tok_s", 0)
        right = (shown(which, task, "accuracy", 3) for task in TASKS)
        accuracy.append([*labels, *right, parallelism, speed])
        faithful = (shown(which, task, "faithfulness", 3) for task in TASKS)
        faithfulness.append([*labels, *faithful])
    parts = (markdown_table(accuracy, 2), FAITHFULNESS, markdown_table(faithfulness, 2))
    return "\n\n".join((*parts, _models_caption(notes)))


def _models_caption(notes: Sequence[Mapping[str, Any]]) -> str:
    """What the numbers are, and what they were measured with."""
    sizes = [(n["pair"], name, t["problems"]) for n in notes for name, t in n["tasks"].items()]
    problems = {name: max(size for _, of, size in sizes if of == name) for _, name, _ in sizes}
    fewer = {pair: size for pair, name, size in sizes if size < problems[name]}
    first = "".join(f"; of {pair} the first {size}" for pair, size in fewer.items())
    counts = ", ".join(f"{problems[task]} {task}" for task in TASKS if task in problems)
    machines = {machine_name(note["machine"]) for note in notes}
    return (
        f"Means ± standard errors over the held-out test sets ({counts} problems{first}); tokens "
        "per iteration and tok/s on `mini_gsm`, batch 1. Temperature 0.2, top-p 0.95, at most 128 "
        f"new tokens, seed 0. Measured on {'; '.join(sorted(machines))}. From the results of "
        "Figures 2, 3 and 5, of HumanEval and of the waiting lines in `data/results/`, which "
        f"`apd reproduce` makes; `{COMMAND}` renders them."
    )


def hours_table() -> str:
    """Decodes and hours of every artefact of the large pairs, new cells only."""
    rows: list[Sequence[object]] = [["pair", "artefact", "configurations", "decodes", "hours"]]
    for pair in LARGE_PAIRS:
        scale = scale_of(pair)
        experiments = [experiment_of(a, pair) for a in ARTEFACTS.values() if a.grid(scale)]
        owned = shared_cells(experiments)
        total = 0.0
        for experiment in experiments:
            counts = {c: problems_of(c, scale) for c, owner in owned if owner is experiment}
            seconds = sum(n * problem_seconds(cell, scale) for cell, n in counts.items())
            total += seconds
            numbers = (len(counts), sum(counts.values()), f"{seconds / 3600:.1f}")
            rows.append([f"`{pair}`", experiment.artefact, *numbers])
        judged = [e.artefact for e in experiments if ARTEFACTS[e.artefact].runs_code]
        name = f"**all**{' with '.join(['', *judged])}, in {pair_spec(pair).memory_gb:g} GB"
        rows.append([f"`{pair}`", name, len(owned), "", f"{total / 3600:.0f}"])
    return markdown_table(rows, 2)


def gpu_timings() -> str:
    """The runs of `apd bench --gpu` in data/gpu, a card after another: findings, then tables."""
    paths = sorted((data_dir() / "gpu").glob("*.json"))
    if not paths:
        return "No card has been measured yet."
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    parts = [
        part
        for run in runs
        for part in (f"### {run['card']}", gpu_findings(run), iteration_table(run), gpu_tables(run))
    ]
    return "\n\n".join(part for part in parts if part)


SECTIONS = (
    Section("README.md", "models-table", models_table),
    Section("book/run_on_a_gpu.md", "gpu-hours", hours_table),
    Section("book/run_on_a_gpu.md", "gpu-timings", gpu_timings),
    Section("book/reliability.md", "reliability", reliability_tables),
    Section("book/choose_your_models.md", "pairs", pairs_tables),
    Section("book/choose_your_models.md", "speeds", speed_table),
    Section("book/choose_your_models.md", "quantised", quantised_table),
    Section("book/choose_your_models.md", "checkpoints", checkpoint_table),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the sections, or with --check only compare them."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Write the computed tables.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if one is stale")
    arguments = parser.parse_args(argv)
    try:
        stale = [section for section in SECTIONS if section.read() != section.render()]
        for section in stale:
            if not arguments.check:
                section.write()
            print(f"{section.file}: {'stale' if arguments.check else 'written'}")
    except ApdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
