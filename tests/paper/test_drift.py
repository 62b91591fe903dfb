"""Decoding again gives the rows that are committed, on whatever machine this runs."""

import pytest

from apd.paper.drift import check_drift
from apd.paper.figures import ARTEFACTS, experiment_of
from apd.paths import data_dir

SIZES = {
    "mini_gsm": 500,
    "mini_gpqa": 250,
    "mini_math": 250,
    "mini_humaneval": 164,
    "mini_essay": 50,
    "figure_1": 40,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fig2", "fig3", "tab2"])
def test_the_committed_results_have_not_drifted(name: str) -> None:
    directory = data_dir() / "results" / "mini"
    report = check_drift(directory, [experiment_of(ARTEFACTS[name], "mini")], limit=1)
    assert report.startswith("no drift")


@pytest.mark.parametrize("name", list(ARTEFACTS))
def test_every_artefact_is_committed_at_full_size(name: str) -> None:
    from apd.runs.table import read_results

    experiment = experiment_of(ARTEFACTS[name], "mini")
    table, provenance = read_results(data_dir() / "results" / "mini", name)
    for task, note in provenance["tasks"].items():
        assert note["problems"] == SIZES[task]
    assert len(table) == sum(provenance["tasks"][c.task]["problems"] for c in experiment.cells)
