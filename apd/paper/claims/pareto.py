"""Claims of Figures 1 and 5 and of Table 2: APD against autoregressive models, on three tasks."""

from __future__ import annotations

import math
from functools import partial

from apd.paper import settings
from apd.paper.claims.claim import Claim, Finding, Published
from apd.paper.claims.evidence import Evidence
from apd.paper.claims.numbers import (
    ACCURACY,
    LATENCY,
    PARALLELISM,
    SPEED,
    ar,
    gap_error,
    in_pareto,
    one_token,
    paper,
    paper_loss,
)
from apd.paper.published import DREAM, QWEN_LARGE, QWEN_SMALL, paper_name
from apd.paper.scale import GPQA, GSM, MATH, PROMPT
from apd.paper.settings import CAREFUL, FAST
from apd.statistics.estimates import difference, mean, ratio, unpaired_ratio

TASKS = (GSM, GPQA, MATH)
PAPER_CAREFUL, PAPER_FAST = paper_name(CAREFUL), paper_name(FAST)
NAMES = {
    PAPER_CAREFUL: f"APD, R = {CAREFUL[0]}",
    PAPER_FAST: f"APD, R = {FAST[0]}",
    "left_to_right": "K = 1",
}


def _paper(metric: str, task: str, *algorithms: str) -> list[Published]:
    """Published values of Figure 5 for some decoders, named as in the reference table."""
    found = []
    for name in algorithms:
        which = {"model": name} if name.startswith("Qwen") else {"model": DREAM, "algorithm": name}
        found.append(paper(f"{NAMES.get(name, name)}, {task}", "fig5", metric, task=task, **which))
    return found


def _on_all(metric: str, *algorithms: str) -> list[Published]:
    return [number for task in TASKS for number in _paper(metric, task, *algorithms)]


def _faster_than_ar(small: bool, e: Evidence) -> list[Finding]:
    name = "the small" if small else "the large"
    return [
        Finding(
            f"speed on {task}, APD over {name} autoregressive model",
            ratio(in_pareto(e, task, FAST, SPEED), ar(e, task, SPEED, small=small)),
            above=1,
            digits=2,
        )
        for task in TASKS
    ]


def _why_accuracy_is_lost(task: str, e: Evidence) -> str:
    alone = ar(e, task, ACCURACY, small=True).mean()
    return (
        "A draft is only as good as the verifier that lets it stand, and this one, right on "
        f"{alone:.0%} of these problems by itself, makes some of the dLLM's mistakes, too. "
        "Figure 3 has the rule by which the paper's numbers were made beside the algorithm's."
    )


def _why_not_faster(small: bool, e: Evidence) -> str:
    passes = in_pareto(e, GSM, FAST, LATENCY) / in_pareto(e, GSM, FAST, "iterations")
    token = ar(e, GSM, LATENCY, small=small) / ar(e, GSM, "iterations", small=small)
    accepted = in_pareto(e, GSM, FAST, PARALLELISM).mean()
    return (
        f"One iteration of APD takes {passes.mean() / token.mean():.1f} times as long as one token "
        f"of that autoregressive model here, and accepts {accepted:.1f} tokens on maths. On the "
        "paper's GPU a pass waits for its weights or its launches, however few positions it has; "
        "on a CPU a pass over many positions pays for each of them, and a cached pass over one "
        "position is cheap."
    )


def _lower_latency(e: Evidence) -> list[Finding]:
    return [
        Finding(
            f"latency on {task}, APD over the large autoregressive model",
            ratio(in_pareto(e, task, FAST, LATENCY), ar(e, task, LATENCY)),
            below=1,
            digits=2,
        )
        for task in TASKS
    ]


def _better_than_small(e: Evidence) -> list[Finding]:
    return [
        Finding(
            f"accuracy on {task}, APD minus the small autoregressive model",
            difference(in_pareto(e, task, CAREFUL, ACCURACY), ar(e, task, ACCURACY, small=True)),
            above=0,
        )
        for task in TASKS
    ]


def _costs_little(task: str, e: Evidence) -> list[Finding]:
    lost = difference(one_token(e, "fig5", ACCURACY, task), in_pareto(e, task, CAREFUL, ACCURACY))
    margin = paper_loss(_paper(ACCURACY, task, "left_to_right", PAPER_CAREFUL), task)
    return [Finding(f"accuracy on {task}, K = 1 minus APD", lost, below=margin)]


def _no_loss_on_gpqa(e: Evidence) -> list[Finding]:
    gap = difference(in_pareto(e, GPQA, CAREFUL, ACCURACY), one_token(e, "fig5", ACCURACY, GPQA))
    error = gap_error(_paper(ACCURACY, GPQA, "left_to_right", PAPER_CAREFUL), GPQA)
    return [Finding("accuracy on GPQA, APD minus K = 1", gap, above=-error)]


def _task_matters(e: Evidence) -> list[Finding]:
    gsm, gpqa = (
        e.values("tab2", t, settings.adaptive(e.dream, t, *FAST), PARALLELISM) for t in (GSM, GPQA)
    )
    lower = unpaired_ratio(gpqa, gsm)
    return [Finding("tokens per iteration, GPQA over GSM8K", lower, below=1)]


def _over_four(e: Evidence) -> list[Finding]:
    least = math.floor(min(number.mean for number in _all_of_tab2()))
    return [
        Finding(
            f"tokens per iteration on {t}, R = {setting[0]}",
            mean(e.values("tab2", t, settings.adaptive(e.dream, t, *setting), PARALLELISM)),
            above=least,
            digits=2,
        )
        for t in TASKS
        for setting in (FAST, CAREFUL)
    ]


def _paper_tab2(task: str, algorithm: str) -> Published:
    return paper(
        f"{NAMES[algorithm]}, {task}", "table2", PARALLELISM, task=task, algorithm=algorithm
    )


def _all_of_tab2() -> list[Published]:
    return [_paper_tab2(t, a) for t in TASKS for a in (PAPER_FAST, PAPER_CAREFUL)]


def _one_prompt(e: Evidence) -> list[Finding]:
    apd = settings.adaptive(e.dream, PROMPT, *FAST)
    large = settings.baseline(e.dream, PROMPT, e.dream.baselines[0])
    seconds = ratio(
        e.values("fig1", PROMPT, apd, LATENCY), e.values("fig1", PROMPT, large, LATENCY)
    )
    return [Finding("latency, APD over the autoregressive model", seconds, below=1, digits=2)]


CLAIMS = [
    Claim(
        id="one-prompt-faster",
        short="faster on the prompt of Figure 1",
        statement="On the prompt of Figure 1, APD finishes before the autoregressive model",
        where="Figure 1",
        published=lambda: [
            paper(f"latency (s), {model}", "fig1", LATENCY, model=model)
            for model in (QWEN_LARGE, DREAM)
        ],
        findings=_one_prompt,
        explain=partial(_why_not_faster, False),
    ),
    *(
        Claim(
            id=f"apd-faster-than-{short}-ar",
            short=f"faster than the {short} AR model",
            statement=f"APD (R = 0.7) gives more tokens per second than the {short} "
            "autoregressive model, on all three tasks",
            where="Section 5, Figure 5",
            published=partial(_on_all, SPEED, model, PAPER_FAST),
            findings=partial(_faster_than_ar, short == "small"),
            explain=partial(_why_not_faster, short == "small"),
        )
        for short, model in (("large", QWEN_LARGE), ("small", QWEN_SMALL))
    ),
    Claim(
        id="apd-lower-latency",
        short="sooner done than the large AR model",
        statement="APD (R = 0.7) finishes an answer sooner than the large autoregressive model, on "
        "all three tasks",
        where="Section 5, Figure 5",
        published=lambda: _on_all(LATENCY, QWEN_LARGE, PAPER_FAST),
        findings=_lower_latency,
        explain=partial(_why_not_faster, False),
    ),
    Claim(
        id="apd-better-than-its-verifier",
        short="more accurate than its verifier",
        statement="APD (R = 0.6) is more accurate than its verifier alone, on all three tasks",
        where="Section 5, Figure 5",
        published=lambda: _on_all(ACCURACY, QWEN_SMALL, PAPER_CAREFUL),
        findings=_better_than_small,
        explain=lambda e: (
            "Where the dLLM itself is no better than the small autoregressive model, their mixture "
            "has nothing to gain."
        ),
    ),
    *(
        Claim(
            id=f"apd-near-one-token-{task.lower()}",
            short=f"a few points below K = 1 on {task}",
            statement=f"APD (R = 0.6) loses only a few points of accuracy to K = 1 on {task}",
            where="Section 5, Figure 5",
            published=partial(_paper, ACCURACY, task, "left_to_right", PAPER_CAREFUL),
            findings=partial(_costs_little, task),
            explain=partial(_why_accuracy_is_lost, task),
        )
        for task in (GSM, MATH)
    ),
    Claim(
        id="apd-loses-nothing-on-gpqa",
        short="loses nothing on GPQA",
        statement="On GPQA APD (R = 0.6) is no less accurate than K = 1",
        where="Figure 5",
        published=partial(_paper, ACCURACY, GPQA, "left_to_right", PAPER_CAREFUL),
        findings=_no_loss_on_gpqa,
        explain=lambda e: "K = 1 is well above chance here, so there is something to lose.",
    ),
    Claim(
        id="over-four-tokens-everywhere",
        short="over four tokens on all tasks",
        statement="Both settings accept more than 4 tokens per iteration on all three tasks",
        where="Table 2",
        published=_all_of_tab2,
        findings=_over_four,
        explain=lambda e: (
            "Where dLLM and verifier disagree more, or answers end sooner, fewer tokens stand."
        ),
    ),
    Claim(
        id="parallelism-depends-on-task",
        short="fewer tokens on GPQA than on GSM8K",
        statement="Fewer tokens are accepted per iteration on GPQA than on GSM8K",
        where="Table 2",
        published=lambda: [_paper_tab2(t, PAPER_FAST) for t in (GSM, GPQA)],
        findings=_task_matters,
        explain=lambda e: (
            "The multiple-choice questions of the mini suite are answered in set phrases, which "
            "are easier to draft than the steps of a word problem."
        ),
    ),
]
