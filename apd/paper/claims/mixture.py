"""Claims of Figure 3 and Appendix D: what the mixture weight R does, and on which text."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import partial

from apd.decoding.acceptance import Acceptance
from apd.paper import settings
from apd.paper.claims.claim import Claim, Finding, Published
from apd.paper.claims.evidence import Evidence
from apd.paper.claims.numbers import (
    ACCURACY,
    PARALLELISM,
    SPEED,
    WORDS,
    mixed,
    one_token,
    ours,
    paper,
    paper_curve,
    paper_loss,
    trend,
)
from apd.paper.grids import APPENDIX_WEIGHT, MIXTURE_WEIGHTS
from apd.paper.published import published
from apd.paper.scale import ESSAY, GSM
from apd.statistics.estimates import difference, mean, ratio, unpaired_ratio


def _r_slope(rule: Acceptance, e: Evidence, metric: str) -> Finding:
    columns = {weight: mixed(e, weight, metric, rule) for weight in MIXTURE_WEIGHTS}
    label, curve = f"{WORDS[metric]}, slope over R", paper_curve("fig3", metric, "R")
    return trend(label, columns, curve, rises=metric != ACCURACY)


def _speed_and_parallelism(rule: Acceptance, e: Evidence) -> list[Finding]:
    return [_r_slope(rule, e, metric) for metric in (PARALLELISM, SPEED)]


def _accuracy_slope(rule: Acceptance, e: Evidence) -> list[Finding]:
    return [_r_slope(rule, e, ACCURACY)]


def _why_r_does_not_raise_speed(e: Evidence) -> str:
    speeds = [(f"R = {weight}", mixed(e, weight, SPEED)) for weight in MIXTURE_WEIGHTS]
    return f"Tokens per second here: {ours(speeds, 0)}."


def _paper_half() -> Sequence[Published]:
    return (
        paper("accuracy, K = 1", "fig2", ACCURACY, model="Dream 7B", value="1"),
        paper("accuracy, R = 0.5", "fig3", ACCURACY, value="0.5"),
    )


def _paper_gain() -> float:
    """Speed of APD at R = 0.5 over that of K = 1 in the paper."""
    one = paper("K = 1", "fig2", SPEED, model="Dream 7B", value="1")
    return paper("R = 0.5", "fig3", SPEED, value="0.5").mean / one.mean


def _five_tokens(rule: Acceptance, e: Evidence) -> list[Finding]:
    lost = difference(one_token(e, "fig3", ACCURACY), mixed(e, 0.5, ACCURACY, rule))
    accepted = mean(mixed(e, 0.5, PARALLELISM, rule))
    theirs = paper("R = 0.5", "fig3", PARALLELISM, value="0.5").mean
    return [
        Finding("tokens per iteration, R = 0.5", accepted, above=math.floor(theirs)),
        Finding("accuracy, K = 1 minus R = 0.5", lost, below=paper_loss(_paper_half())),
    ]


def _why_not_five(e: Evidence) -> str:
    parallel, lost = _five_tokens("gumbel", e)
    rate, also_lost = (finding.estimate.value for finding in _five_tokens("greedy", e))
    if parallel.outcome == "contradicts":
        cause = "The verifier lets fewer drafted tokens stand here than in the paper. "
    else:
        careful = mean(mixed(e, 0.1, ACCURACY)).value
        cause = (
            "Enough tokens are accepted, but too many of them are wrong: a drafted digit stays "
            "wherever the verifier makes the same mistake, and this verifier is small for the "
            f"arithmetic of its task (at R = 0.1, where it decides nearly alone, {careful:.3f}). "
        )
    return cause + (
        "The paper's numbers were made with another rule (keep a token only if it is the "
        f"mixture's most likely one); with that rule this pair accepts {rate:.2f} tokens per "
        f"iteration and loses {also_lost:.3f} of accuracy, beside {lost.estimate.value:.3f}."
    )


def _faster_than_one(rule: Acceptance, e: Evidence) -> list[Finding]:
    gain = ratio(mixed(e, 0.5, SPEED, rule), one_token(e, "fig3", SPEED))
    return [Finding("speed, R = 0.5 over K = 1", gain, above=math.floor(_paper_gain()), digits=2)]


def _open_text(e: Evidence) -> list[Finding]:
    essay, maths = (
        e.values("appendix_d", t, settings.adaptive(e.dream, t, APPENDIX_WEIGHT), PARALLELISM)
        for t in (ESSAY, GSM)
    )
    lower = unpaired_ratio(essay, maths)
    return [Finding("tokens per iteration, persuasive text over maths", lower, below=1)]


def _about_three(e: Evidence) -> list[Finding]:
    configuration = settings.adaptive(e.dream, ESSAY, APPENDIX_WEIGHT)
    essay = mean(e.values("appendix_d", ESSAY, configuration, PARALLELISM))
    about = round(statistics.fmean(text.mean for text in _paper_text()[:-1]))  # to half a token
    label = "tokens per iteration, persuasive text"
    return [Finding(label, essay, above=about - 0.5, below=about + 0.5, digits=2)]


def _paper_text() -> list[Published]:
    texts = published("appendixD", PARALLELISM)
    points = zip(texts["task"], texts["mean"], texts["stderr"], strict=True)
    found = [Published(task.replace("_", " "), value, error) for task, value, error in points]
    return [*found, paper("GSM8K, R = 0.7", "fig3", PARALLELISM, value="0.7")]


CLAIMS = [
    Claim(
        id="r-raises-speed",
        short="larger R: more tokens, faster",
        statement="A larger R accepts more tokens per iteration and gives more tokens per second",
        where="Section 5, Figure 3",
        published=lambda: [
            *paper_curve("fig3", PARALLELISM, "tokens per iteration, R"),
            *paper_curve("fig3", SPEED, "tokens/s, R"),
        ],
        findings=partial(_speed_and_parallelism, "gumbel"),
        explain=_why_r_does_not_raise_speed,
        greedy=partial(_speed_and_parallelism, "greedy"),
    ),
    Claim(
        id="r-lowers-accuracy",
        short="larger R: less accurate",
        statement="A larger R costs accuracy",
        where="Section 5, Figure 3 (a)",
        published=lambda: paper_curve("fig3", ACCURACY, "R"),
        findings=partial(_accuracy_slope, "gumbel"),
        greedy=partial(_accuracy_slope, "greedy"),
        explain=lambda e: (
            "The dLLM is so much more accurate than its verifier here that trusting it more does "
            "not hurt, although it trusts tokens that were drawn independently of each other."
        ),
    ),
    Claim(
        id="five-tokens-at-little-cost",
        short="five tokens an iteration at little cost",
        statement="Over 5 tokens per iteration at R = 0.5, with an accuracy near that of K = 1",
        where="Section 5, Figure 3",
        published=lambda: [
            paper("tokens per iteration, R = 0.5", "fig3", PARALLELISM, value="0.5"),
            *_paper_half(),
        ],
        findings=partial(_five_tokens, "gumbel"),
        greedy=partial(_five_tokens, "greedy"),
        explain=_why_not_five,
    ),
    Claim(
        id="apd-faster-than-one-token",
        short="three times as fast as K = 1",
        statement="At R = 0.5 APD is more than 3 times as fast as the same dLLM one token at a "
        "time",
        where="Section 5, Figure 2 and Figure 3",
        published=lambda: [
            paper("tokens/s, R = 0.5", "fig3", SPEED, value="0.5"),
            paper("tokens/s, K = 1", "fig2", SPEED, model="Dream 7B", value="1"),
        ],
        findings=partial(_faster_than_one, "gumbel"),
        greedy=partial(_faster_than_one, "greedy"),
        explain=lambda e: (
            "The verifier's pass and the work around it weigh more beside a dLLM this small."
        ),
    ),
    Claim(
        id="open-text-less-parallel",
        short="open text: fewer tokens an iteration",
        statement="Open-ended text is decoded with fewer tokens per iteration than maths",
        where="Appendix D",
        published=_paper_text,
        findings=_open_text,
        explain=lambda e: (
            "The persuasive texts of the mini suite are sentence frames with freely chosen words; "
            "between the choices the wording is given, and predictable."
        ),
    ),
    Claim(
        id="open-text-about-three",
        short="open text: about three tokens",
        statement="About 3 tokens per iteration on open-ended text at R = 0.7",
        where="Appendix D",
        published=lambda: _paper_text()[:-1],
        findings=_about_three,
        explain=lambda e: (
            "The persuasive texts of the mini suite are sentence frames with freely chosen words; "
            "how many tokens lie between two choices is a property of the suite."
        ),
    ),
]
