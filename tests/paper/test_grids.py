"""The grids: the paper's own at full scale, in proportion on the mini pairs, shared where equal."""

import pytest

from apd.decoding.reference import DEVIATIONS
from apd.decoding.registry import decoders
from apd.errors import ApdError
from apd.models.registry import PAIRS
from apd.paper import gpu_hours
from apd.paper.comparison import LINES
from apd.paper.cost import cost_of, seconds_of
from apd.paper.figures import ARTEFACTS, BEYOND, choose, experiment_of
from apd.paper.grids import (
    LOOKAHEADS,
    MIXTURE_WEIGHTS,
    TOKENS_PER_STEP,
    WINDOWS,
)
from apd.paper.improving import IDEAS, configurations
from apd.paper.published import published, published_value, relative_to
from apd.paper.scale import FAMILIES, SCALES, family, scale_of
from apd.paper.settings import CAREFUL, FAST
from apd.paper.verifiers import WEIGHTS
from apd.runs.cells import shared_cells
from apd.tasks import load_task
from apd.tasks.figure_1 import ANSWER, FIGURE_1, QUESTION, REPETITIONS


def settings_of(artefact: str, pair: str, name: str) -> list[object]:
    cells = ARTEFACTS[artefact].grid(scale_of(pair))
    return [cell.configuration.parameters[name] for cell in cells]


def test_every_artefact_of_the_paper_is_there() -> None:
    paper = {*(f"fig{n}" for n in range(1, 7)), "tab1", "tab2", "appendix_d"}
    assert set(ARTEFACTS) == paper | {"humaneval"}
    assert set(SCALES) == {pair for members in FAMILIES for pair in members}
    assert set(SCALES) <= set(PAIRS)


@pytest.mark.parametrize(
    ("source", "values"),
    [("fig2", TOKENS_PER_STEP), ("fig3", MIXTURE_WEIGHTS), ("fig4", LOOKAHEADS), ("fig6", WINDOWS)],
)
def test_the_axes_are_the_paper_s(source: str, values: tuple[object, ...]) -> None:
    columns = {"model": "Dream 7B"} if source == "fig2" else {}
    assert [str(value) for value in values] == list(
        published(source, "accuracy", **columns)["value"]
    )


def test_the_large_pair_runs_the_paper_s_own_values() -> None:
    assert settings_of("fig2", "dream-7b", "tokens_per_step") == list(TOKENS_PER_STEP)
    assert settings_of("fig4", "dream-7b", "max_lookahead") == list(LOOKAHEADS)
    assert settings_of("fig6", "dream-7b", "kv_window") == list(WINDOWS)
    fast = [c for c in ARTEFACTS["tab2"].grid(scale_of("dream-7b")) if "R0.7" in c.configuration.id]
    assert {(c.configuration.decoder.kv_window, c.configuration.decoder.max_lookahead)
            for c in fast} == {FAST[1:]}  # fmt: skip
    orders = [c.configuration for c in ARTEFACTS["tab1"].grid(scale_of("llada-8b"))]
    assert [c.id for c in orders] == [
        "random-steps256",
        "low_confidence-steps128",
        "low_confidence-steps256",
        "left_to_right-K1",
    ]
    lengths = {c.task: c.configuration.decoder.max_new_tokens
               for c in ARTEFACTS["tab2"].grid(scale_of("dream-7b"))}  # fmt: skip
    assert lengths == {"gsm8k": 256, "gpqa_main_generative_n_shot": 256, "hendrycks_math": 512}


def test_the_mini_pair_runs_them_in_proportion_to_its_canvas() -> None:
    mini = scale_of("mini")
    assert mini.canvas == 128
    assert settings_of("fig4", "mini", "max_lookahead") == [None, 64, 32, 16, 8, 4, 2]
    assert settings_of("fig6", "mini", "kv_window") == [None, 128, 64, 32, 8, 2, 1]
    assert settings_of("tab1", "mini", "num_steps")[:3] == [128, 64, 128]
    assert (mini.length(CAREFUL[1]), mini.length(CAREFUL[2])) == (16, 100)
    assert (mini.length(None), mini.length(1)) == (None, 1)


def test_sampling_is_the_paper_s_everywhere() -> None:
    for pair, scale in SCALES.items():
        for artefact in ARTEFACTS.values():
            for cell in artefact.grid(scale):
                decoder = cell.configuration.decoder
                assert (decoder.temperature, decoder.top_p) == (0.2, 0.95), (pair, cell.key)


def test_every_grid_that_shows_speeds_has_what_they_are_divided_by() -> None:
    for name in ("fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "tab1", "humaneval"):
        cells = ARTEFACTS[name].grid(scale_of("mini"))
        for task in {cell.task for cell in cells}:
            ids = [cell.configuration.id for cell in cells if cell.task == task]
            assert "left_to_right-K1" in ids, (name, task)


def test_artefacts_share_their_common_cells() -> None:
    experiments = [experiment_of(artefact, "mini") for artefact in ARTEFACTS.values()]
    all_cells = [cell for experiment in experiments for cell in experiment.cells]
    unique = {cell for cell, _ in shared_cells(experiments)}
    assert len(unique) == len({cell.key for cell in all_cells})  # one id never means two settings
    tab2 = experiment_of(ARTEFACTS["tab2"], "mini")
    assert set(tab2.cells) <= set(experiment_of(ARTEFACTS["fig5"], "mini").cells)
    assert len(unique) <= len(all_cells) - 10


def test_a_pair_without_verifier_has_the_two_halves_of_the_paper() -> None:
    chosen = choose(["all"], "mini-llada", run_code=True)
    assert {artefact.name for artefact in chosen} == {"fig2", "tab1"}
    assert family("mini-llada") == family("mini") == ("mini", "mini-llada")
    with pytest.raises(ApdError, match=r"pair 'mini-llada' has no fig3, .* it has: fig2, tab1"):
        choose(["fig3"], "mini-llada", run_code=True)


def test_names_are_chosen_in_order_of_value_and_code_only_on_request() -> None:
    assert [a.name for a in choose(["tab1", "fig3"], "mini", run_code=False)] == ["fig3", "tab1"]
    everything = choose(["all"], "mini", run_code=True)
    assert len(everything) == len(choose(["all"], "mini", run_code=False)) + 1 == len(ARTEFACTS)
    with pytest.raises(ApdError, match="--allow-code-execution"):
        choose(["humaneval"], "mini", run_code=False)
    with pytest.raises(ApdError, match="unknown artefact 'fig7'"):
        choose(["fig7"], "mini", run_code=False)
    with pytest.raises(ApdError, match="no experiments for pair 'nano'"):
        choose(["all"], "nano", run_code=False)


def test_what_is_beyond_the_paper_is_asked_for_by_name() -> None:
    assert [a.name for a in choose(["beyond"], "mini", run_code=True)] == list(BEYOND)
    unasked = [a.name for a in choose(["beyond"], "mini", run_code=False)]
    assert unasked == [name for name, artefact in BEYOND.items() if not artefact.runs_code]
    chosen = choose(["schedules", "fig3"], "mini", run_code=False)
    assert [artefact.name for artefact in chosen] == ["fig3", "schedules"]
    with pytest.raises(ApdError, match="pair 'mini-llada' has no schedules"):
        choose(["schedules"], "mini-llada", run_code=False)


def test_the_audit_has_each_deviation_alone_and_all_of_them() -> None:
    cells = BEYOND["reference_audit"].grid(scale_of("mini"))
    settings = [cell.configuration.parameters for cell in cells]
    on = [frozenset(name for name in DEVIATIONS if row[name]) for row in settings]
    alone = {frozenset({name}) for name in set(DEVIATIONS) - {"cut_vocabulary", "stale_verifier"}}
    assert set(on) == {frozenset(), *alone, frozenset(DEVIATIONS)}
    for switched in alone:
        weights = [row["mixture_weight"] for row, found in zip(settings, on, strict=True)
                   if found == switched]  # fmt: skip
        assert weights == list(MIXTURE_WEIGHTS)
    assert set(experiment_of(ARTEFACTS["fig3"], "mini").cells[:6]) <= set(cells)


def test_the_acceptance_rules_meet_every_weight_and_temperature() -> None:
    cells = BEYOND["acceptance_rules"].grid(scale_of("mini"))
    apd = [c.configuration.parameters for c in cells if c.configuration.algorithm == "apd"]
    found = {(row["temperature"], row["acceptance"], row["mixture_weight"]) for row in apd}
    assert len(found) == len(apd) == (1 + 3 * 4) * len(MIXTURE_WEIGHTS)
    assert {row["acceptance"] for row in apd if row["temperature"] == 0} == {"greedy"}
    schedules = BEYOND["schedules"].grid(scale_of("mini"))
    assert [c.configuration.parameters["schedule"] for c in schedules] == [
        None,
        *["even", "dream"] * 3,
    ]
    assert set(experiment_of(ARTEFACTS["tab1"], "mini").cells[:4]) <= set(schedules)


def test_waiting_lines_meet_the_decoders_of_figure_5_and_k_tokens_a_step() -> None:
    cells = BEYOND["lines"].grid(scale_of("mini"))
    assert {cell.task for cell in cells} == {"mini_lines"}
    pareto = {c.configuration for c in experiment_of(ARTEFACTS["fig5"], "mini").cells}
    assert pareto < {cell.configuration for cell in cells}
    steps = [c.configuration.parameters["tokens_per_step"] for c in cells]
    assert [k for k in steps if k is not None] == [1, 2, 4]
    assert len(BEYOND["lines"].grid(scale_of("mini-llada"))) == 3  # no verifier


def test_full_size_is_the_paper_s_number_of_problems() -> None:
    assert experiment_of(ARTEFACTS["fig3"], "dream-7b").limit == 500
    assert experiment_of(ARTEFACTS["fig3"], "dream-7b", limit=9000).limit == 500
    assert experiment_of(ARTEFACTS["fig3"], "mini").limit is None
    assert experiment_of(ARTEFACTS["fig3"], "mini", limit=4).limit == 4


def test_the_prompt_of_figure_1_is_a_task_with_a_right_answer() -> None:
    task = load_task(FIGURE_1.name)
    assert task.user(task.rows[0]) == QUESTION
    assert len(task.rows) == REPETITIONS
    assert task.score is not None
    assert task.score(task.rows[0], f"So 20 + 80 + 160 = {ANSWER}.\n#### {ANSWER}")
    assert not task.score(task.rows[0], "#### 26")


def test_costs_follow_the_decoders() -> None:
    mini = scale_of("mini")
    grids = (ARTEFACTS[name].grid(mini) for name in ("fig2", "fig6", "tab1"))
    cells = {cell.configuration.id: cell for grid in grids for cell in grid}
    one, eight = (cost_of(cells[f"left_to_right-K{k}"], mini).dllm_passes for k in (1, 8))
    assert one == 8 * eight
    assert cost_of(cells["random-steps128"], mini).dllm_passes == 128
    assert cost_of(cells["mini-qwen-large"], mini).dllm_passes == 0
    whole, window = (seconds_of(cells[f"left_to_right-K1{w}"], mini) for w in ("", "-W1"))
    assert window < whole


def test_published_values_are_found_exactly_or_not_at_all() -> None:
    assert published_value("table1", "accuracy", model="Qwen2.5 7B") == (0.854, 0.015)
    with pytest.raises(ApdError, match="publishes no value with source='fig9'"):
        published("fig9", "accuracy")
    with pytest.raises(ApdError, match="3 published values"):
        published_value("table2", "tokens_per_iteration", algorithm="apd_R0.7_W16_M100")
    speeds = published("fig2", "throughput_tok_s", model="Dream 7B")
    relative = relative_to(speeds, speeds["mean"].iloc[0])
    assert relative["mean"].iloc[0] == 1
    assert (
        relative["stderr"] / relative["mean"] - speeds["stderr"] / speeds["mean"]
    ).abs().max() < 1e-12


def test_a_published_latency_is_a_problem_s_time_on_the_gpu() -> None:
    scale = scale_of("dream-7b")
    seconds = {
        (cell.task, cell.configuration.id): gpu_hours.problem_seconds(cell, scale)
        for cell in ARTEFACTS["fig5"].grid(scale)
    }
    assert seconds["gsm8k", "apd-R0.7-W16-M100"] == 1.403
    assert abs(seconds["gsm8k", "left_to_right-K1"] - 11.649) < 0.3  # tokens over tokens/s agree
    assert seconds["hendrycks_math", "left_to_right-K1"] > 30  # beyond the paper's axis


def test_every_idea_is_tried_on_problems_to_tune_on_and_on_the_test_set() -> None:
    mini = scale_of("mini")
    cells = BEYOND["improving"].grid(mini)
    by_task = {task: [c.configuration for c in cells if c.task == task]
               for task in ("mini_gsm_tuning", "mini_gsm")}  # fmt: skip
    assert by_task["mini_gsm_tuning"] == by_task["mini_gsm"]
    assert len(cells) == 2 * len(by_task["mini_gsm"])
    tuning, test = (load_task(task).rows for task in by_task)
    assert len(tuning) == 50
    assert not {row["question"] for row in tuning} & {row["question"] for row in test}
    for idea in IDEAS:
        for configuration in configurations(mini, idea):
            assert configuration in by_task["mini_gsm"]


def test_a_sparse_lookahead_is_measured_beside_the_hard_one_and_none() -> None:
    mini = scale_of("mini")
    cells = BEYOND["sparse_lookahead"].grid(mini)
    settings = {
        task: [
            (
                c.configuration.decoder.max_lookahead,
                getattr(c.configuration.decoder, "sparse_lookahead", 0),
            )
            for c in cells
            if c.task == task and c.configuration.algorithm != "left_to_right"
        ]
        for task in ("mini_essay", "mini_gsm")
    }
    expected = [(None, 0), (8, 0), (8, 4), (8, 8), (16, 0), (16, 4), (16, 8)]
    assert settings == {"mini_essay": expected, "mini_gsm": expected}


def test_the_comparison_has_every_decoder_of_the_book_over_its_knob() -> None:
    lines = LINES in scale_of("mini").tasks  # where the dLLM verifies itself as well
    for name, tasks in (("comparison", 3 + lines), ("comparison_code", 1)):
        cells = BEYOND[name].grid(scale_of("mini"))
        assert len({cell.task for cell in cells}) == tasks
        found = {cell.configuration.algorithm for cell in cells} - {"apd_oracle"}
        left_out = {"reference", "apd_oracle", "apd_large", "apd_variant", "random", "entropy",
                    "confidence", "margin"}  # fmt: skip
        assert found == {row.name for row in decoders()} - left_out
    assert BEYOND["comparison_code"].runs_code and not BEYOND["comparison"].runs_code


def test_the_verifiers_differ_in_the_verifier_alone() -> None:
    cells = BEYOND["verifiers"].grid(scale_of("mini"))
    assert set(BEYOND["one_verifier"].grid(scale_of("mini"))) <= set(cells)
    for algorithm in ("apd", "apd_large", "apd_oracle"):
        of_kind = [c.configuration.decoder for c in cells if c.configuration.algorithm == algorithm]
        fresh = [each for each in of_kind if each.noise == "fresh"]
        assert [each.mixture_weight for each in fresh] == list(WEIGHTS)  # type: ignore[attr-defined]
        assert {each.top_p for each in fresh} == {0.95}
