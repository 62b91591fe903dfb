"""Decoding again gives the rows that are committed, on whatever machine this runs."""

import pytest

from apd.errors import ApdError
from apd.paper.drift import check_drift, compare_runs
from apd.paper.figures import ARTEFACTS, experiment_of
from apd.paths import data_dir
from apd.runs.table import as_table

SIZES = {
    "mini_gsm": 500,
    "mini_gpqa": 250,
    "mini_math": 250,
    "mini_lines": 250,
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


def test_a_verdict_that_older_tables_lack_is_no_drift() -> None:
    row = {"task": "t", "configuration": "c", "problem_id": 0, "correct": True}
    notes = {"models": {}, "pair": "mini"}
    before, after, other = (
        (as_table([row | {"faithful": verdict}]), notes) for verdict in (None, True, False)
    )
    assert compare_runs("fig2", before, after) == compare_runs("fig2", after, after) == 1
    with pytest.raises(ApdError, match="faithful was True, is False"):
        compare_runs("fig2", after, other)
