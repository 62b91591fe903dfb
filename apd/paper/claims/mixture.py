"""Claims of Figure 3 and Appendix D: what the mixture weight R does, and on which text."""

from __future__ import annotations

from collections.abc import Sequence

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
    paper,
    paper_curve,
)
from apd.paper.grids import APPENDIX_WEIGHT, MIXTURE_WEIGHTS
from apd.paper.published import published
from apd.paper.scale import ESSAY, GSM
from apd.statistics.estimates import difference, mean, ratio, slope, unpaired_ratio

FIVE_TOKENS = 5.0


def _r_slope(e: Evidence, metric: str) -> Finding:
    columns = {weight: mixed(e, weight, metric) for weight in MIXTURE_WEIGHTS}
    label = f"{WORDS[metric]}, slope over R"
    if metric == ACCURACY:
        return Finding(label, slope(columns), below=0)
    return Finding(label, slope(columns), above=0)


def _loss_margin() -> float:
    """What R = 0.5 costs in the paper, and one standard error of each of the two accuracies."""
    before, after = _paper_half()
    return before.mean - after.mean + before.stderr + after.stderr


def _paper_half() -> Sequence[Published]:
    return (
        paper("accuracy, K = 1", "fig2", ACCURACY, model="Dream 7B", value="1"),
        paper("accuracy, R = 0.5", "fig3", ACCURACY, value="0.5"),
    )


def _five_tokens(e: Evidence) -> list[Finding]:
    lost = difference(one_token(e, "fig3", ACCURACY), mixed(e, 0.5, ACCURACY))
    return [
        Finding("tokens per iteration, R = 0.5", mean(mixed(e, 0.5, PARALLELISM)), FIVE_TOKENS),
        Finding("accuracy, K = 1 minus R = 0.5", lost, below=_loss_margin()),
    ]


def _why_not_five(e: Evidence) -> str:
    parallel, _ = _five_tokens(e)
    greedy = settings.adaptive(e.dream, GSM, 0.5, acceptance="greedy")
    rate = e.values("fig3", GSM, greedy, PARALLELISM).mean()
    right = e.values("fig3", GSM, greedy, ACCURACY).mean()
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
        f"iteration at accuracy {right:.3f}."
    )


def _faster_than_one(e: Evidence) -> list[Finding]:
    gain = ratio(mixed(e, 0.5, SPEED), one_token(e, "fig3", SPEED))
    return [Finding("speed, R = 0.5 over K = 1", gain, above=3, digits=2)]


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
    return [Finding("tokens per iteration, persuasive text", essay, 2, 4, 2)]


def _paper_text() -> list[Published]:
    texts = published("appendixD", PARALLELISM)
    points = zip(texts["task"], texts["mean"], texts["stderr"], strict=True)
    found = [Published(task.replace("_", " "), value, error) for task, value, error in points]
    return [*found, paper("GSM8K, R = 0.7", "fig3", PARALLELISM, value="0.7")]


CLAIMS = [
    Claim(
        id="r-raises-speed",
        statement="A larger R accepts more tokens per iteration and gives more tokens per second",
        where="Section 5, Figure 3",
        published=lambda: [
            *paper_curve("fig3", PARALLELISM, "tokens per iteration, R"),
            *paper_curve("fig3", SPEED, "tokens/s, R"),
        ],
        findings=lambda e: [_r_slope(e, PARALLELISM), _r_slope(e, SPEED)],
        explain=lambda e: "Draft and target agree about equally often at every R here.",
    ),
    Claim(
        id="r-lowers-accuracy",
        statement="A larger R costs accuracy",
        where="Section 5, Figure 3 (a)",
        published=lambda: paper_curve("fig3", ACCURACY, "R"),
        findings=lambda e: [_r_slope(e, ACCURACY)],
        explain=lambda e: (
            "The dLLM is so much more accurate than its verifier here that trusting it more does "
            "not hurt, although it trusts tokens that were drawn independently of each other."
        ),
    ),
    Claim(
        id="five-tokens-at-little-cost",
        statement="Over 5 tokens per iteration at R = 0.5, with an accuracy near that of K = 1",
        where="Section 5, Figure 3",
        published=lambda: [
            paper("tokens per iteration, R = 0.5", "fig3", PARALLELISM, value="0.5"),
            *_paper_half(),
        ],
        findings=_five_tokens,
        explain=_why_not_five,
    ),
    Claim(
        id="apd-faster-than-one-token",
        statement="At R = 0.5 APD is more than 3 times as fast as the same dLLM one token at a "
        "time",
        where="Section 5, Figure 2 and Figure 3",
        published=lambda: [
            paper("tokens/s, R = 0.5", "fig3", SPEED, value="0.5"),
            paper("tokens/s, K = 1", "fig2", SPEED, model="Dream 7B", value="1"),
        ],
        findings=_faster_than_one,
        explain=lambda e: (
            "The verifier's pass and the work around it weigh more beside a dLLM this small."
        ),
    ),
    Claim(
        id="open-text-less-parallel",
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
