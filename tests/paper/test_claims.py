"""The claims ledger: statistics, the rule from intervals to verdicts, and worlds that flip it."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claim_worlds import Change, World

from apd.errors import ApdError
from apd.paper.claims import ledger
from apd.paper.claims.claim import (
    FAILS,
    HOLDS,
    NO_EFFECT,
    UNTESTABLE,
    Claim,
    Finding,
    Published,
    reason_open,
    verdict_of,
)
from apd.paper.claims.evidence import Evidence, MissingEvidence
from apd.paper.claims.interval import bar, half_widths
from apd.paper.claims.ledger import CLAIMS, judge, judge_all, write_ledger
from apd.paper.claims.numbers import gap_error, paper, paper_loss, trend
from apd.paper.claims.rendering import check_stored, claim_folds, conclusion, verdicts
from apd.paper.claims.table import claims_table, decisive
from apd.paper.claims.words import size_of_effect
from apd.paper.scale import GSM
from apd.paper.settings import left_to_right
from apd.statistics.estimates import (
    Estimate,
    difference,
    mean,
    ratio,
    slope,
    unpaired_ratio,
)

RNG = np.random.default_rng(7)
BY_ID = {claim.id: claim for claim in CLAIMS}


def series(values: object) -> pd.Series:
    return pd.Series(np.asarray(values, float))


class TestEstimates:
    def test_a_difference_is_taken_problem_by_problem(self) -> None:
        base = RNG.normal(0, 10, 200)  # far wider than the difference
        found = difference(series(base + 0.5 + RNG.normal(0, 0.1, 200)), series(base))
        assert found.low < 0.5 < found.high
        assert found.high - found.low < 0.05

    def test_its_interval_is_that_of_a_mean(self) -> None:
        first, second = series([1, 0, 1, 1]), series([0, 0, 1, 0])
        found = difference(first, second)
        gaps = np.array([1, 0, 0, 1])
        assert found.value == 0.5
        assert math.isclose(found.stderr, gaps.std(ddof=1) / 2)
        assert math.isclose(found.high, 0.5 + 1.959964 * found.stderr, rel_tol=1e-6)

    def test_only_problems_that_both_have_are_compared(self) -> None:
        found = difference(pd.Series([1.0, 2.0, 9.0]), pd.Series([0.0, 1.0], index=[0, 1]))
        assert found.n == 2 and found.value == 1

    def test_a_ratio_is_the_geometric_mean(self) -> None:
        found = ratio(series([2, 8]), series([1, 1]))
        assert math.isclose(found.value, 4)
        assert 0 < found.low < 4 < found.high
        assert math.isclose(unpaired_ratio(series([2, 8]), series([1, 1, 1])).value, 4)

    def test_a_slope_is_the_mean_of_each_problem_s_own(self) -> None:
        level = RNG.normal(0, 5, 50)
        columns = {float(x): series(level - 0.2 * x) for x in (1, 2, 4, 8)}
        found = slope(columns)
        assert math.isclose(found.value, -0.2) and found.stderr < 1e-12

    @pytest.mark.parametrize(("shift", "expected"), [(0.0, 0.5), (1.96, 0.025), (-1.96, 0.975)])
    def test_p_values_are_one_sided(self, shift: float, expected: float) -> None:
        found = Estimate(100, "test", 1 + shift * 0.1, 0.1)
        assert math.isclose(found.p_value(1, above=True), expected, abs_tol=1e-3)
        assert math.isclose(found.p_value(1, above=False), 1 - expected, abs_tol=1e-3)

    def test_coverage_of_the_interval(self) -> None:
        covered = 0
        for seed in range(300):
            values = np.random.default_rng(seed).exponential(1, 100)
            found = mean(series(values))
            covered += found.low < 1 < found.high
        assert 0.90 < covered / 300 < 0.98


class TestRule:
    @staticmethod
    def finding(center: float, stderr: float, n: int = 100) -> Finding:
        return Finding("x", Estimate(n, "test", center, stderr), above=0)

    @pytest.mark.parametrize(
        ("center", "stderr", "n", "verdict"),
        [
            (1.0, 0.1, 100, HOLDS),
            (-1.0, 0.1, 100, FAILS),
            (0.1, 0.1, 100, UNTESTABLE),
            (-0.1, 0.1, 100, UNTESTABLE),
            (1.0, 0.1, 29, UNTESTABLE),
            (1.0, math.nan, 100, UNTESTABLE),
            (0.0, 0.0, 100, UNTESTABLE),  # no difference at all is not a difference above 0
        ],
    )
    def test_the_verdict_follows_from_the_interval(
        self, center: float, stderr: float, n: int, verdict: str
    ) -> None:
        assert verdict_of([self.finding(center, stderr, n)]) == verdict

    def test_every_part_must_agree_and_one_contradiction_is_enough(self) -> None:
        yes, no, open_ = (self.finding(c, 0.1) for c in (1.0, -1.0, 0.0))
        assert verdict_of([yes, yes]) == HOLDS
        assert verdict_of([yes, open_]) == UNTESTABLE
        assert verdict_of([yes, open_, no]) == FAILS
        assert verdict_of([]) == UNTESTABLE

    def test_a_range_with_two_ends(self) -> None:
        inside, outside = (
            Finding("x", Estimate(100, "test", c, 0.1), above=2, below=4) for c in (3, 5)
        )
        assert (inside.outcome, outside.outcome) == ("agrees", "contradicts")
        assert inside.claimed == "above 2 and below 4"
        assert inside.p_value < 1e-6 < 0.99 < outside.p_value

    @pytest.mark.parametrize(
        ("center", "stderr", "outcome"),
        [
            (0.01, 0.02, "absent"),  # [-0.03, 0.05], all of it nearer to none than 0.1
            (-0.01, 0.02, "absent"),
            (0.05, 0.03, "open"),  # [-0.01, 0.11] reaches beyond
            (0.05, 0.02, "agrees"),  # an effect too small to be of interest is one all the same
            (-0.05, 0.02, "contradicts"),
        ],
    )
    def test_an_interval_near_no_effect_is_a_finding(
        self, center: float, stderr: float, outcome: str
    ) -> None:
        found = Finding("x", Estimate(100, "test", center, stderr), above=0, smallest=0.1)
        assert found.outcome == outcome
        without = Finding("x", Estimate(100, "test", center, stderr), above=0)
        assert without.outcome == ("open" if outcome == "absent" else outcome)

    def test_one_absent_effect_is_no_effect_unless_something_is_open(self) -> None:
        absent = Finding("x", Estimate(100, "test", 0.0, 0.01), above=0, smallest=0.1)
        yes, no, open_ = (self.finding(c, 0.1) for c in (1.0, -1.0, 0.0))
        assert verdict_of([yes, absent]) == NO_EFFECT
        assert verdict_of([absent, open_]) == UNTESTABLE
        assert verdict_of([absent, no]) == FAILS

    def test_bounds_are_named(self) -> None:
        with pytest.raises(TypeError):
            Finding("x", Estimate(100, "test", 1.0, 0.1), 0.5)  # type: ignore[misc]

    def test_reasons_say_what_is_missing(self) -> None:
        assert "Only 12 problems" in reason_open([self.finding(1.0, 0.1, 12)])
        assert "x: 0.100 [-0.096, 0.296], claimed above 0" in reason_open([self.finding(0.1, 0.1)])


class TestMargins:
    """Every end of a range comes from the paper's numbers."""

    def test_an_error_that_the_paper_gives_is_used(self) -> None:
        numbers = [paper("", "fig6", "accuracy", value=v) for v in ("None", "16")]
        error = math.hypot(0.01673, 0.01742)
        assert math.isclose(gap_error(numbers), error)
        assert math.isclose(paper_loss(numbers), 0.832 - 0.814 + error)

    def test_one_that_it_does_not_give_is_binomial(self) -> None:
        which = {"model": "Dream 7B", "task": "GPQA"}
        numbers = [
            paper("", "fig5", "accuracy", algorithm=name, **which)
            for name in ("left_to_right", "apd_R0.6_W32_M200")
        ]
        a, b = (number.mean for number in numbers)
        assert math.isclose(gap_error(numbers, "GPQA"), math.sqrt((a - a**2 + b - b**2) / 448))

    def test_the_smallest_slope_is_a_tenth_of_the_paper_s_on_our_scale(self) -> None:
        curve = [Published("", mean) for mean in (10.0, 8.0, 6.0)]  # a fifth a step
        flat = {float(place): series([50.0, 70.0]) for place in range(3)}
        found = trend("x", flat, curve, rises=False)
        assert math.isclose(found.smallest, 0.1 * 0.2 * 60)
        assert (found.above, found.below) == (-math.inf, 0)

    def test_linear_is_as_far_from_proportional_as_the_paper_s_own_curve(self) -> None:
        entry = judge(BY_ID["speed-linear-in-k-dream"], World())
        last = entry["findings"][-1]
        own = 83.785 / (8 * 10.144) - 1
        assert 8 * (1 + own) < last["below"] < 8 * (1.005 + own)
        assert math.isclose(last["above"] + last["below"], 16, rel_tol=1e-6)


def test_an_interval_is_drawn_over_the_claimed_range() -> None:
    entry = judge(BY_ID["open-text-about-three"], World())
    (finding,) = entry["findings"]
    assert decisive(entry) == finding
    picture = bar(finding)
    assert picture.startswith("<svg") and 'aria-hidden="true"' in picture
    assert half_widths(finding) > 1
    ratio_entry = judge(BY_ID["apd-faster-than-one-token"], World(lambda metric, mean: 10.0))
    assert half_widths(ratio_entry["findings"][0]) < -1


def test_there_are_about_thirty_claims_from_every_part_of_the_paper() -> None:
    assert 20 <= len(CLAIMS) <= 35
    assert len(BY_ID) == len(CLAIMS)
    places = " ".join(claim.where for claim in CLAIMS)
    named = ("Table 1", "Table 2", "Appendix D", *(f"Figure {n}" for n in range(1, 7)))
    assert all(place in places for place in named)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
class TestEveryClaim:
    def test_holds_where_the_results_are_the_paper_s(self, claim: Claim) -> None:
        entry = judge(claim, World())
        assert entry["verdict"] == HOLDS, (entry["findings"], entry["why"])
        assert entry["why"] == ""
        assert all(number["mean"] > 0 for number in entry["published"])

    def test_does_not_hold_where_they_are_the_reverse(self, claim: Claim) -> None:
        worse = exaggerated(claim) if claim.id in MARGINS else reverse
        entry = judge(claim, World(worse))
        assert entry["verdict"] == FAILS, entry["findings"]
        assert len(entry["why"]) > 20 and entry["why"].endswith(".")

    def test_is_not_testable_on_a_few_problems(self, claim: Claim) -> None:
        entry = judge(claim, World(problems=8))
        assert entry["verdict"] == UNTESTABLE
        assert entry["why"].startswith("Only 8 problems")

    def test_is_not_testable_without_results(self, claim: Claim, tmp_path: Path) -> None:
        entry = judge(claim, Evidence("mini", tmp_path))
        assert entry["verdict"] == UNTESTABLE
        assert "`apd reproduce" in entry["why"]


def reverse(metric: str, mean: float) -> float:
    """A world upside down: what was high is low."""
    if metric == "accuracy":
        return 1 - mean
    return {"tokens_per_iteration": 4, "generated_tokens": 500}.get(metric, 1000) / mean


# Claims that something costs little: their reverse is that it costs a lot.
MARGINS = {
    "dllm-near-ar": 8,
    "w-costs-almost-nothing": 8,
    "smallest-w-keeps-most": 4,
    "apd-near-one-token-gsm8k": 4,
    "apd-near-one-token-math": 4,
    "apd-loses-nothing-on-gpqa": -8,
}


def exaggerated(claim: Claim) -> Change:
    """A world in which the accuracies that a claim rests on lie further apart."""
    middle = np.mean([number.mean for number in claim.published()])

    def change(metric: str, mean: float) -> float:
        return middle + MARGINS[claim.id] * (mean - middle) if metric == "accuracy" else mean

    return change


def test_one_number_can_flip_a_verdict() -> None:
    claim = BY_ID["five-tokens-at-little-cost"]

    def fewer_tokens(metric: str, value: float) -> float:
        return 0.8 * value if metric == "tokens_per_iteration" else value

    def less_accurate(metric: str, value: float) -> float:
        return 0.6 if (metric, value) == ("accuracy", 0.78) else value  # R = 0.5 alone

    slow, wrong = judge(claim, World(fewer_tokens)), judge(claim, World(less_accurate))
    assert slow["verdict"] == wrong["verdict"] == FAILS
    assert "fewer drafted tokens stand" in slow["why"]
    assert "too many of them are wrong" in wrong["why"]


def test_the_ledger_counts_verdicts_and_survives_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ledger, "Evidence", lambda pair, root: World())
    found = judge_all("mini", tmp_path)
    none = {FAILS: 0, NO_EFFECT: 0, UNTESTABLE: 0}
    assert found["verdicts"] == {HOLDS: len(CLAIMS)} | none
    path = write_ledger("mini-llada", tmp_path / "mini-llada")
    assert path == tmp_path / "mini" / "claims.json"
    assert json.loads(path.read_text()) == found
    assert "equal to" in check_stored("mini", found, str(tmp_path)).lower()
    found["claims"][3]["verdict"] = FAILS
    with pytest.raises(ApdError, match=f"first: {CLAIMS[3].id}.*apd reproduce claims"):
        check_stored("mini", found, str(tmp_path))


def test_the_page_shows_every_claim_with_numbers_and_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ledger, "Evidence", lambda pair, root: World(reverse))
    found = judge_all("mini", tmp_path)
    failed = found["verdicts"][FAILS]
    folds, table = claim_folds(found), claims_table(found)
    assert folds.count("<strong>✗ does not hold</strong>") == failed > 20
    assert table.count("<td>does not hold") == failed
    assert table.count('<th scope="row">✗ ') == failed
    assert folds.count("<em>paper:</em>") == len(CLAIMS)
    assert f"✗ <strong>{failed}</strong> do not hold" in conclusion(found)
    for page in (folds, table, conclusion(found)):
        assert "None" not in page and "nan" not in page and "p = 0," not in page


def test_every_claim_has_an_anchor_that_its_row_and_its_figure_link_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ledger, "Evidence", lambda pair, root: World())
    found = judge_all("mini", tmp_path)
    folds, table = claim_folds(found), claims_table(found)
    listed = verdicts("mini", "Figure 6", tmp_path)
    for claim in CLAIMS:
        assert folds.count(f'id="claim-{claim.id}"') == 1
        assert f'href="#claim-{claim.id}">{claim.short}<' in table
        assert (f"claims.html#claim-{claim.id}" in listed) == ("Figure 6" in claim.where)


def test_both_rules_of_acceptance_are_judged_where_both_were_run() -> None:
    def worse_greedy(metric: str, mean: float) -> float:
        return 1 - mean if metric == "accuracy" else mean

    class TwoRules(World):
        def values(self, artefact, task, configuration, metric, *, llada=False):  # type: ignore[no-untyped-def]
            greedy = getattr(configuration.decoder, "acceptance", "") == "greedy"
            world = World(worse_greedy) if greedy else World()
            return world.values(artefact, task, configuration, metric, llada=llada)

    entry = judge(BY_ID["r-lowers-accuracy"], TwoRules())
    assert (entry["verdict"], entry["greedy_verdict"]) == (HOLDS, FAILS)
    assert judge(BY_ID["random-worst"], World())["greedy_verdict"] is None


def test_a_figure_s_claims_are_listed_below_it(tmp_path: Path) -> None:
    lines = verdicts("mini", "Figure 6", tmp_path).splitlines()[1:-1]
    assert len(lines) == sum("Figure 6" in claim.where for claim in CLAIMS) > 1
    assert all("<strong>not testable here</strong>" in line for line in lines)


def test_a_missing_configuration_is_no_evidence(tmp_path: Path) -> None:
    evidence = Evidence("mini", tmp_path)
    with pytest.raises(MissingEvidence, match="apd reproduce fig3 --pair mini"):
        evidence.values("fig3", GSM, left_to_right(evidence.dream, GSM), "accuracy")


def test_tables_of_two_model_versions_are_refused(tmp_path: Path) -> None:
    evidence = Evidence("mini", tmp_path)
    evidence._note_models("mini", {"dllm": {"version": "aaa"}})
    evidence._note_models("mini-llada", {"dllm": {"version": "bbb"}})  # another pair's model
    with pytest.raises(ApdError, match=r"two versions of dllm \(aaa and bbb\)"):
        evidence._note_models("mini", {"dllm": {"version": "bbb"}})


@pytest.mark.parametrize(
    ("verdict", "interval", "marked"),
    [
        (HOLDS, (-0.12, -0.07), True),
        (HOLDS, (-1.2, -0.07), False),
        (FAILS, (-0.12, -0.07), False),
        (NO_EFFECT, (-0.12, 0.07), False),
    ],
)
def test_a_claim_that_holds_with_an_effect_of_no_interest_says_so(
    verdict: str, interval: tuple[float, float], marked: bool
) -> None:
    finding = {"smallest": 0.89, "above": None, "below": 0.0, "low": interval[0]}
    finding["high"] = interval[1]
    said = size_of_effect({"verdict": verdict, "findings": [finding]})
    assert (said == ", effect smaller than of interest") is marked
    finding["smallest"] = None
    assert size_of_effect({"verdict": verdict, "findings": [finding]}) == ""
